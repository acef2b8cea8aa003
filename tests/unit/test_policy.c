/* What a compiled policy answers: look-ups, dated params, values as people type and read them. The
 * policy is made by hand: core knows no language. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/limits.h"
#include "core/policy.h"

static struct kad_choice_value steps[] = {
    {.name = {"work", 4}, .label = {"Arbete", 6}},
    {.name = {"studies", 7}, .label = {"Studier", 7}},
    {.name = {"other", 5}, .label = {"Annat", 5}},
};
static struct kad_choice choices[] = {
    {.name = {"reason", 6}, .label = {"Orsak", 5}, .values = steps, .n_values = 3}};
static struct kad_member towns[] = {{.name = {"aneby", 5}, .label = {"Aneby", 5}},
                                    {.name = {"eksjo", 5}, .label = {"Eksjö", 6}}};
static struct kad_kind kinds[] = {
    {.name = {"person", 6}, .shape = KAD_KIND_FREE, .unit_attribute = -1},
    {.name = {"town", 4}, .shape = KAD_KIND_ONE_OF, .members = towns, .n_members = 2},
};
static struct kad_field_def fields[] = {
    {.name = {"why", 3}, .type = KAD_T_CHOICE, .ref = 0},
    {.name = {"unit", 4}, .type = KAD_T_SUBJECT, .ref = 1},
    {.name = {"born", 4}, .type = KAD_T_DATE, .ref = -1},
    {.name = {"share", 5}, .type = KAD_T_PERCENT, .ref = -1},
    {.name = {"sum", 3}, .type = KAD_T_MONEY, .ref = -1},
    {.name = {"score", 5},
     .type = KAD_T_NUMBER,
     .ref = -1,
     .has_range = true,
     .low = 25 * KAD_MICRO,
     .high = 125 * KAD_MICRO},
    {.name = {"glad", 4}, .type = KAD_T_YESNO, .ref = -1},
    {.name = {"coach", 5}, .type = KAD_T_PERSON, .ref = -1},
    {.name = {"note", 4}, .type = KAD_T_TEXT, .ref = -1},
};
static struct kad_event_type events[] = {
    {.name = {"stop", 4}, .fields = fields, .n_fields = LEN(fields)},
    {.name = {"start", 5}},
};

static struct kad_policy policy(void)
{
    return (struct kad_policy){.choices = choices,
                               .n_choices = 1,
                               .kinds = kinds,
                               .n_kinds = 2,
                               .events = events,
                               .n_events = 2};
}

static const struct kad_field_def *field(const char *name)
{
    int i = kad_event_field(&events[0], kad_str(name));
    assert_true(i >= 0);
    return &fields[i];
}

/* --- look-ups --- */

static void names_are_found_or_not(void **state)
{
    (void)state;
    struct kad_policy p = policy();
    assert_int_equal(kad_policy_event(&p, KAD_STR("start")), 1);
    assert_int_equal(kad_policy_event(&p, KAD_STR("star")), -1);
    assert_int_equal(kad_policy_kind(&p, KAD_STR("town")), 1);
    assert_int_equal(kad_policy_task(&p, KAD_STR("t")), -1);
    assert_int_equal(kad_policy_role(&p, KAD_STR("r")), -1);
    assert_int_equal(kad_policy_param(&p, KAD_STR("p")), -1);
    assert_int_equal(kad_kind_member(&kinds[1], KAD_STR("eksjo")), 1);
    assert_int_equal(kad_kind_attribute(&kinds[0], KAD_STR("a")), -1);
    assert_int_equal(kad_event_field(&events[0], KAD_STR("born")), 2);
    assert_int_equal(kad_choice_value(&choices[0], KAD_STR("other")), 2);
    assert_int_equal(kad_choice_value(&choices[0], KAD_STR("")), -1);
}

static void the_index_of_events_agrees_with_the_table(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct kad_policy p = {0};
    kad_arena_init(&p.arena);
    p.events = kad_arena_array(&p.arena, struct kad_event_type, N);
    p.n_events = N;
    for (int i = 0; i < N; i++)
        p.events[i].name = kad_str(kad_arena_printf(&p.arena, "event_%d", i));
    kad_policy_index(&p);
    for (int i = 0; i < N; i++)
        assert_int_equal(kad_policy_event(&p, p.events[i].name), i);
    assert_int_equal(kad_policy_event(&p, KAD_STR("event_3000")), -1);
    assert_int_equal(kad_policy_event(&p, KAD_STR("")), -1);
    kad_arena_done(&p.arena);
}

static void states_have_names(void **state)
{
    (void)state;
    for (int s = 0; s < KAD_S__COUNT; s++) {
        assert_int_equal(kad_state_of(kad_str(kad_state_name((enum kad_state)s))), s);
        assert_true(strlen(kad_state_label((enum kad_state)s)) > 0);
    }
    assert_string_equal(kad_state_name(KAD_S_UNTOLD), "untold");
    assert_int_equal(kad_state_of(KAD_STR("late")), -1);
}

/* --- params --- */

static void a_dated_value_is_that_of_the_day(void **state)
{
    (void)state;
    struct kad_param_value values[] = {
        {.from = KAD_DAY_MIN, .member = 0, .value = kad_value_number(1)},
        {.from = 100, .member = 0, .value = kad_value_number(2)},
        {.from = 200, .member = 0, .value = kad_value_number(3)},
        {.from = 100, .member = 1, .value = kad_value_number(4)},
    };
    struct kad_param p = {.type = KAD_T_NUMBER, .values = values, .n_values = LEN(values)};
    assert_int_equal(kad_param_on(&p, 0, 99).num, 1);
    assert_int_equal(kad_param_on(&p, 0, 100).num, 2);
    assert_int_equal(kad_param_on(&p, 0, 199).num, 2);
    assert_int_equal(kad_param_on(&p, 0, 10000).num, 3);
    assert_int_equal(kad_param_on(&p, 1, 100).num, 4);
    struct kad_value before = kad_param_on(&p, 1, 99);
    assert_false(kad_value_known(before));
    assert_int_equal(before.type, KAD_T_NUMBER);
    assert_false(kad_value_known(kad_param_on(&p, 2, 100)));
}

/* --- what people see --- */

static void choices_and_subjects_are_shown_by_their_labels(void **state)
{
    (void)state;
    struct kad_policy p = policy();
    struct kad_buf b = {0};
    struct kad_value v = {.type = KAD_T_CHOICE, .know = KAD_KNOWN, .str = KAD_STR("studies")};
    kad_policy_put_value(&b, &p, v, KAD_T_CHOICE, 0);
    assert_buf(&b, "Studier");
    v.str = KAD_STR("gone"); /* of a policy that knew it */
    kad_policy_put_value(&b, &p, v, KAD_T_CHOICE, 0);
    assert_buf(&b, "gone");
    v = (struct kad_value){.type = KAD_T_SUBJECT, .know = KAD_KNOWN, .str = KAD_STR("eksjo")};
    kad_policy_put_value(&b, &p, v, KAD_T_SUBJECT, 1);
    assert_buf(&b, "Eksjö");
    kad_policy_put_value(&b, &p, kad_value_unknown(KAD_T_CHOICE), KAD_T_CHOICE, 0);
    assert_buf(&b, "unknown");
    kad_buf_done(&b);
}

static void a_stored_value_is_seen_through_the_policy(void **state)
{
    (void)state;
    struct kad_policy p = policy();
    struct kad_value v = {
        .type = KAD_T_CHOICE, .know = KAD_KNOWN, .num = 77, .str = KAD_STR("other")};
    assert_int_equal(kad_policy_bind(&p, v, KAD_T_CHOICE, 0).num, 2);
    v.str = KAD_STR("gone");
    assert_int_equal(kad_policy_bind(&p, v, KAD_T_CHOICE, 0).num, -1);
    assert_true(kad_value_known(kad_policy_bind(&p, v, KAD_T_CHOICE, 0)));
    struct kad_value other = kad_policy_bind(&p, v, KAD_T_NUMBER, -1);
    assert_false(kad_value_known(other));
    assert_int_equal(other.type, KAD_T_NUMBER);
}

/* --- what people type --- */

static void what_people_type_is_read_for_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *field, *text;
        int64_t num;
        const char *str;
    } cases[] = {
        {"why", "studies", 1, "studies"},
        {"why", "Studier", 1, "studies"},
        {"unit", "eksjo", 1, "eksjo"},
        {"unit", "Eksjo\xcc\x88", 1, "eksjo"}, /* decomposed, by its label */
        {"born", "2021-06-01", 18779, ""},
        {"share", "75 %", 750000, ""},
        {"share", "12,5%", 125000, ""},
        {"share", "0,0001 %", 1, ""},
        {"sum", "465 000 SEK", INT64_C(465000000000), ""},
        {"sum",
         "465\xc2\xa0"
         "000,50 kr",
         INT64_C(465000500000), ""},
        {"sum", "800", 800000000, ""},
        {"score", "37,5", 37500000, ""},
        {"score", "25", 25000000, ""},
        {"glad", "ja", 1, ""},
        {"glad", "no", 0, ""},
        {"coach", "Anna Berg", 0, "Anna Berg"},
        {"note", "", 0, ""},
        {"note", "o\xcc\x88", 0, "ö"},
    };
    struct kad_policy p = policy();
    struct kad_arena a;
    kad_arena_init(&a);
    for (size_t i = 0; i < LEN(cases); i++) {
        struct kad_value v;
        struct kad_error err = {0};
        if (kad_field_read(&p, field(cases[i].field), kad_str(cases[i].text), &a, &v, &err) !=
            KAD_OK)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_true(kad_value_known(v));
        assert_int_equal(v.num, cases[i].num);
        assert_str_equal(v.str, cases[i].str);
    }
    kad_arena_done(&a);
}

static void what_does_not_fit_is_refused_with_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *field, *text, *said;
    } cases[] = {
        {"why", "studis",
         "why cannot be “studis”: did you mean studies? It is one of work, studies, other."},
        {"why", "xyz", "why cannot be “xyz”: it is one of work, studies, other."},
        {"born", "2021-02-29",
         "born cannot be “2021-02-29”: it is a date that exists, written 2026-12-31."},
        {"share", "0.75",
         "share cannot be “0.75”: it is per cent, written with its sign as in 75 %."},
        {"share", "0,00001 %",
         "share cannot be “0,00001 %”: it is per cent, written with its sign as in 75 %."},
        {"sum", "lots", "sum cannot be “lots”: it is an amount, written as in 465 000 SEK."},
        {"score", "1e3", "score cannot be “1e3”: it is a number, written as in 37,5."},
        {"score", "24,9", "score must lie from 25 to 125."},
        {"score", "125,000001", "score must lie from 25 to 125."},
        {"glad", "perhaps", "glad cannot be “perhaps”: it is yes or no."},
        {"coach", "", "coach names a person and cannot be empty."},
        {"note", "\xff", "note is not UTF-8 text."},
    };
    struct kad_policy p = policy();
    struct kad_arena a;
    kad_arena_init(&a);
    for (size_t i = 0; i < LEN(cases); i++) {
        struct kad_value v;
        struct kad_error err = {0};
        assert_int_equal(
            kad_field_read(&p, field(cases[i].field), kad_str(cases[i].text), &a, &v, &err),
            KAD_EINPUT);
        assert_string_equal(err.text, cases[i].said);
    }
    kad_arena_done(&a);
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    struct kad_policy p = policy();
    char text[KAD_LIMIT_NAME + 2];
    memset(text, 'x', sizeof text);
    struct kad_value v = {.type = KAD_T_PERSON, .know = KAD_KNOWN, .str = {text, KAD_LIMIT_NAME}};
    struct kad_error err = {0};
    assert_int_equal(kad_field_check(&p, field("coach"), v, &err), KAD_OK);
    v.str.n++;
    assert_int_equal(kad_field_check(&p, field("coach"), v, &err), KAD_EINPUT);
    assert_string_equal(err.text, "coach is 101 bytes long; at most 100 are kept.");
    assert_int_equal(kad_field_check(&p, field("coach"), kad_value_unknown(KAD_T_PERSON), &err),
                     KAD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_or_not),
        cmocka_unit_test(the_index_of_events_agrees_with_the_table),
        cmocka_unit_test(states_have_names),
        cmocka_unit_test(a_dated_value_is_that_of_the_day),
        cmocka_unit_test(choices_and_subjects_are_shown_by_their_labels),
        cmocka_unit_test(a_stored_value_is_seen_through_the_policy),
        cmocka_unit_test(what_people_type_is_read_for_the_field),
        cmocka_unit_test(what_does_not_fit_is_refused_with_what_was_expected),
        cmocka_unit_test(lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Events: what is accepted, what is refused and in which words, and what guards leave behind. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/toy_store.h"
#include "tests/unit/unit.h"

#define REFERRAL "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes"

static int setup(void **state)
{
    static struct toy_store s;
    toy_open(&s, KAD_LEDGER_PLAIN, "2021-06-01T08:00:00Z");
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    toy_close(*state);
    return 0;
}

static const struct kad_value *value(const struct kad_record *r, const char *name)
{
    const struct kad_field *f = kad_fields_find(r->fields, r->n_fields, name);
    assert_non_null(f);
    return &f->value;
}

static void an_event_is_recorded_with_its_typed_values(void **state)
{
    struct toy_store *s = *state;
    uint64_t policy = toy_adopt(s);
    assert_int_equal(toy_put(s, REFERRAL), 2);
    const struct kad_record *r = s->out.record;
    assert_int_equal(r->seq, 2);
    assert_int_equal(r->kind, KAD_R_EVENT);
    assert_int_equal(r->policy, policy);
    assert_int_equal(r->on, toy_day("2021-05-03"));
    assert_true(r->at == toy_at("2021-06-01T08:00:00Z"));
    assert_int_equal(r->flags & KAD_RF_GIVEN, KAD_RF_GIVEN);
    assert_str_equal(r->by, "anna");
    assert_str_equal(r->via, "os:anna");
    assert_int_equal(r->n_fields, 3);
    assert_int_equal(value(r, "birth_date")->type, KAD_T_DATE);
    assert_true(kad_fields_find(r->fields, 3, "birth_date")->is_private);
    assert_int_equal(value(r, "birth_date")->num, toy_day("1995-05-17"));
    assert_int_equal(value(r, "unit")->type, KAD_T_SUBJECT);
    assert_str_equal(value(r, "unit")->str, "eksjo");
    assert_true(s->out.new_subject);
    assert_str_equal(s->out.kind, "participant");
    assert_false(s->out.already);
    toy_put(s, "step C-1 2021-05-04 score=37,5");
    assert_false(s->out.new_subject);
    assert_int_equal(value(s->out.record, "score")->num, 37500000);
    toy_put(s, "certificate eksjo 2021-05-04");
    assert_false(s->out.new_subject);
    assert_str_equal(s->out.kind, "municipality");
    toy_put(s, "meeting programme 2021-05-04");
    assert_str_equal(s->out.kind, "programme");
}

static void without_on_it_is_today(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "meeting programme -");
    assert_int_equal(s->out.record->on, toy_day("2021-06-01"));
}

static void without_a_policy_nothing_is_recorded(void **state)
{
    struct toy_store *s = *state;
    toy_refuse(s, REFERRAL, KAD_ENO, "No policy has been adopted yet");
    toy_adopt(s);
    toy_refuse(s, "meeting programme 2020-12-31", KAD_ENO,
               "No policy is in force for “programme” on 2020-12-31: the first one is from "
               "2021-01-01.");
    toy_put(s, "meeting programme 2021-01-01");
    toy_put(s, "kadens.ended - 2021-03-01 :name=toy");
    toy_refuse(s, "meeting programme 2021-03-01", KAD_ENO,
               "No policy is in force for “programme” on 2021-03-01.");
    toy_put(s, "meeting programme 2021-02-28");
}

static void types_are_those_of_the_policy_in_force(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_refuse(s, "refferal C-1 2021-05-03", KAD_EINPUT,
               "There is no event “refferal” in toy@2021-01-01. Did you mean referral?");
    toy_refuse(s, "dance C-1 2021-05-03", KAD_EINPUT,
               "There is no event “dance” in toy@2021-01-01.");
    toy_refuse(s, "kadens.dance C-1 2021-05-03", KAD_EINPUT, "no kind of record called");
    toy_refuse(s, "kadens.issued C-1 2021-05-03", KAD_EINPUT, "cannot be given");
    toy_refuse(s, "meeting - 2021-05-03", KAD_EINPUT, "meeting needs a subject");
}

static void an_event_is_of_its_kind_of_subject(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, REFERRAL);
    toy_refuse(s, "certificate C-1 2021-05-03", KAD_EINPUT,
               "certificate is an event of municipality, but “C-1” is a participant.");
    toy_refuse(s, "visit eksjo 2021-05-03", KAD_EINPUT,
               "visit is an event of participant, but “eksjo” is a municipality.");
    toy_refuse(s, "visit programme 2021-05-03", KAD_EINPUT, "“programme” is a programme");
    toy_refuse(s, "meeting eksjo 2021-05-03", KAD_EINPUT, "is an event of programme");
    toy_refuse(s, "meeting C-2 2021-05-03", KAD_EINPUT, "its subject is written “programme”");
    toy_refuse(s, "certificate eksjö 2021-05-03", KAD_EINPUT, "Did you mean eksjo?");
    toy_refuse(s, "certificate stockholm 2021-05-03", KAD_EINPUT, "none is called “stockholm”.");
}

static void keys_are_pseudonyms(void **state)
{
    struct toy_store *s = *state;
    char line[400], key[KAD_LIMIT_KEY + 2];
    toy_adopt(s);
    static const struct {
        const char *key, *words;
    } bad[] = {
        {"19811218-9876", "personal or coordination number"},
        {"811218-9876", "personal or coordination number"},
        {"C-1/2", "cannot hold “/”"},
        {"C-1~", "begins or ends with a blank"},
        {"C\x01"
         "1",
         "control character"},
        {"C\xff", "not UTF-8"},
        {"C\xe2\x80\xae"
         "1",
         "control character"},
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        snprintf(line, sizeof line,
                 "referral %s 2021-05-03 birth_date=1995-05-17 unit=eksjo "
                 "motivated=yes",
                 bad[i].key);
        toy_refuse(s, line, KAD_EINPUT, bad[i].words);
        assert_null(strstr(s->err.text, "811218"));
    }
    memset(key, 'x', sizeof key);
    key[KAD_LIMIT_KEY + 1] = '\0';
    snprintf(line, sizeof line,
             "referral %s 2021-05-03 birth_date=1995-05-17 unit=eksjo "
             "motivated=yes",
             key);
    toy_refuse(s, line, KAD_EINPUT, "121 bytes long; at most 120");
    key[KAD_LIMIT_KEY] = '\0';
    snprintf(line, sizeof line,
             "referral %s 2021-05-03 birth_date=1995-05-17 unit=eksjo "
             "motivated=yes",
             key);
    toy_put(s, line);
    /* Composed or not, it is one key. */
    toy_put(s, "referral A\xcc\x8a-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes");
    toy_put(s, "visit \xc3\x85-1 2021-05-04");
    assert_str_equal(s->out.record->subject, "\xc3\x85-1");
}

static void a_subject_begins_with_its_first_event(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_refuse(
        s, "visit C-104 2021-05-03", KAD_EINPUT,
        "There is no participant “C-104” yet, and its first event would have to be referral.");
    toy_put(s, REFERRAL);
    toy_refuse(s, "visit C-104 2021-05-03", KAD_EINPUT, "Did you mean C-1?");
    toy_refuse(s, "visit C-1 2021-05-02", KAD_EINPUT,
               "“C-1” begins with referral on 2021-05-03: nothing can have happened to it before.");
    toy_put(s, "visit C-1 2021-05-03");
    /* Another referral may come before. */
    toy_put(s, "referral C-1 2021-05-01 birth_date=1995-05-17 unit=eksjo motivated=yes");
    toy_put(s, "visit C-1 2021-05-02");
}

static void fields_are_checked(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_refuse(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo", KAD_EINPUT,
               "referral lacks a field that it must have: motivated.");
    toy_refuse(s, "referral C-1 2021-05-03 unit=eksjo", KAD_EINPUT,
               "referral lacks fields that it must have: birth_date, motivated.");
    toy_refuse(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=null",
               KAD_EINPUT, "motivated");
    toy_refuse(s, "referral C-1 2021-05-03 birthdate=1995-05-17", KAD_EINPUT,
               "referral has no field “birthdate”. Did you mean birth_date?");
    toy_refuse(s, "referral C-1 2021-05-03 weight=3", KAD_EINPUT,
               "Its fields are: birth_date, unit, motivated.");
    toy_refuse(s, "certificate eksjo 2021-05-03 x=3", KAD_EINPUT, "certificate has no fields");
    toy_refuse(s, REFERRAL " unit=nassjo", KAD_EINPUT, "The field unit is given twice.");
    toy_refuse(s, "referral C-1 2021-05-03 birth_date=1995-02-30 unit=eksjo motivated=yes",
               KAD_EINPUT, "birth_date cannot be");
    toy_refuse(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjø motivated=yes",
               KAD_EINPUT, "did you mean eksjo?");
    toy_put(s, REFERRAL);
    toy_refuse(s, "step C-1 2021-05-03 score=24", KAD_EINPUT, "from 25 to 125");
    toy_refuse(s, "discharge C-1 2021-05-03 reason=worl", KAD_EINPUT, "work");
    toy_refuse(s, "visit C-1 2021-05-03 :because=x", KAD_EINPUT, "An event has fields only");
}

static void json_values_must_be_of_the_fields_form(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, REFERRAL);
    static const struct {
        const char *type, *subject;
        struct kad_input in;
        const char *words; /* NULL: fine */
    } cases[] = {
        {"step", "C-1", {KAD_STR("score"), KAD_IN_NUMBER, {0}, 37500000}, NULL},
        {"step", "C-1", {KAD_STR("score"), KAD_IN_STRING, KAD_STR("37"), 0}, "takes a number"},
        {"step", "C-1", {KAD_STR("score"), KAD_IN_BOOL, {0}, 1}, "takes a number"},
        {"step", "C-1", {KAD_STR("score"), KAD_IN_NUMBER, {0}, INT64_MAX}, "too large"},
        {"step", "C-1", {KAD_STR("score"), KAD_IN_LIST, KAD_STR("x"), 0}, "takes a number"},
        {"motivation", "C-1", {KAD_STR("motivated"), KAD_IN_BOOL, {0}, 1}, NULL},
        {"motivation", "C-1", {KAD_STR("motivated"), KAD_IN_STRING, KAD_STR("ja"), 0}, "true or"},
        {"employment", "C-1", {KAD_STR("extent"), KAD_IN_NUMBER, {0}, 750000}, NULL},
        {"employment", "C-1", {KAD_STR("extent"), KAD_IN_NULL, {0}, 0}, NULL},
        {"employment", "C-1", {KAD_STR("extent"), KAD_IN_SEALED, {0}, 0}, "not a private field"},
        {"employment", "C-1", {KAD_STR("employer"), KAD_IN_SEALED, {0}, 0}, NULL},
        {"employment", "C-1", {KAD_STR("employer"), KAD_IN_ERASED, {0}, 0}, NULL},
        {"employment", "C-1", {KAD_STR("employer"), KAD_IN_NUMBER, {0}, 1}, "takes text"},
        {"discharge", "C-1", {KAD_STR("reason"), KAD_IN_STRING, KAD_STR("work"), 0}, NULL},
        {"discharge", "C-1", {KAD_STR("reason"), KAD_IN_STRING, KAD_STR("works"), 0}, "work"},
        {"enrollment", "C-1", {KAD_STR("coach"), KAD_IN_BOOL, {0}, 1}, "takes the name"},
        {"enrollment", "C-1", {KAD_STR("coach"), KAD_IN_STRING, KAD_STR(""), 0}, "coach"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct kad_draft d = {.type = kad_str(cases[i].type),
                              .subject = kad_str(cases[i].subject),
                              .on = toy_day("2021-05-05"),
                              .at = KAD_INSTANT_NONE,
                              .fields = &cases[i].in,
                              .n_fields = 1,
                              .clock = -1};
        enum kad_err err = toy_draft(s, &d);
        if (cases[i].words && (err != KAD_EINPUT || !strstr(s->err.text, cases[i].words)))
            fail_msg("case %zu: %s %s", i, kad_err_name(err), s->err.text);
        if (!cases[i].words && err != KAD_OK)
            fail_msg("case %zu: %s", i, s->err.text);
    }
}

static void a_day_more_than_a_year_ahead_is_a_slip(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "meeting programme 2022-06-01");
    toy_refuse(s, "meeting programme 2022-06-02", KAD_EINPUT,
               "2022-06-02 lies more than a year ahead of the day of recording, 2021-06-01");
    struct kad_draft d = {.type = KAD_STR("meeting"),
                          .subject = KAD_STR("programme"),
                          .on = toy_day("1800-01-01") - 1,
                          .at = KAD_INSTANT_NONE,
                          .clock = -1};
    assert_int_equal(toy_draft(s, &d), KAD_EINPUT);
    assert_non_null(strstr(s->err.text, "in the years 1800 to 2999"));
}

static void who_says_so_must_be_said(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "meeting programme 2021-05-03 !by=bertil");
    assert_str_equal(s->out.record->by, "bertil");
    toy_refuse(s, "meeting programme 2021-05-03 !by=~b", KAD_EINPUT, "“by” begins or ends");
    toy_refuse(s, "meeting programme 2021-05-03 !id=a\nb", KAD_EINPUT, "“id” holds a line break");
}

/* --- guards --- */

static void a_guard_refuses_with_message_source_line_and_values(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=no");
    toy_refuse(s, "enrollment C-1 2021-05-17 coach=anna", KAD_ENO,
               "enrollment of “C-1” is refused: Enrolled once motivated. (5.0 Coaches; line 101 of "
               "toy.) Found: motivated is no.");
    assert_int_equal(s->out.n_findings, 1);
    assert_null(s->out.record);
    /* Nothing was written, and the batch goes on. */
    toy_put(s, "motivation C-1 2021-05-10 motivated=yes");
    assert_int_equal(toy_put(s, "enrollment C-1 2021-05-17 coach=anna"), 4);
    toy_refuse(s, "enrollment C-1 2021-05-18 coach=anna", KAD_ENO,
               "Enrolled only once. (Line 102 of toy.)");
}

static void a_guard_sees_the_story_as_of_the_events_place(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=no");
    toy_put(s, "motivation C-1 2021-05-20 motivated=yes");
    toy_refuse(s, "enrollment C-1 2021-05-17 coach=anna", KAD_ENO, "Enrolled once motivated");
    toy_put(s, "enrollment C-1 2021-05-20 coach=anna");
}

static void an_override_keeps_why_and_what_failed(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=no");
    toy_refuse(s, "enrollment C-1 2021-05-17 coach=anna !override=~", KAD_EINPUT, "say why");
    toy_put(s, "enrollment C-1 2021-05-17 coach=anna !override=The~board~said~so");
    const struct kad_record *r = s->out.record;
    assert_int_equal(r->flags & KAD_RF_OVERRIDE, KAD_RF_OVERRIDE);
    assert_str_equal(kad_record_note(r, "because"), "The board said so");
    assert_str_equal(kad_record_note(r, "failed"), "5.0 Coaches: Enrolled once motivated");
    toy_put(s, "enrollment C-1 2021-05-18 coach=bo !override=Again");
    assert_str_equal(kad_record_note(s->out.record, "failed"),
                     "5.0 Coaches: Enrolled once motivated\nEnrolled only once");
    /* Where nothing fails there is nothing to override. */
    toy_put(s, "visit C-1 2021-05-18 !override=For~sure");
    assert_int_equal(s->out.record->flags & KAD_RF_OVERRIDE, 0);
    assert_int_equal(s->out.record->n_notes, 0);
}

static void what_is_expected_is_noted_and_never_refused(void **state)
{
    struct toy_store *s = *state;
    uint64_t policy = toy_adopt(s);
    toy_put(s, REFERRAL);
    toy_put(s, "step C-1 2021-05-04 score=30");
    const struct kad_record *r = s->out.record;
    assert_int_equal(r->flags & KAD_RF_DEVIATES, KAD_RF_DEVIATES);
    assert_int_equal(r->n_deviations, 1);
    assert_int_equal(r->deviations[0].policy, policy);
    assert_int_equal(r->deviations[0].line, 105);
    assert_str_equal(r->deviations[0].message, "A step without enrollment");
    assert_str_equal(r->deviations[0].source, "6.0 Steps");
    assert_int_equal(s->out.n_findings, 1);
    toy_put(s, "enrollment C-1 2021-05-05 coach=anna");
    toy_put(s, "step C-1 2021-05-06 score=30");
    assert_int_equal(s->out.record->n_deviations, 0);
}

static void a_backdated_event_tells_what_it_makes_of_later_ones(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, REFERRAL);
    toy_put(s, "enrollment C-1 2021-05-17 coach=anna");
    toy_put(s, "motivation C-1 2021-05-10 motivated=no");
    assert_int_equal(s->out.n_later, 1);
    assert_int_equal(s->out.later[0].seq, 3);
    assert_str_equal(s->out.later[0].type, "enrollment");
    assert_int_equal(s->out.later[0].on, toy_day("2021-05-17"));
    assert_str_equal(s->out.later[0].finding.guard->message, "Enrolled once motivated");
    /* What failed already is not told again. */
    toy_put(s, "visit C-1 2021-05-11");
    assert_int_equal(s->out.n_later, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_recorded_with_its_typed_values),
        TEST(without_on_it_is_today),
        TEST(without_a_policy_nothing_is_recorded),
        TEST(types_are_those_of_the_policy_in_force),
        TEST(an_event_is_of_its_kind_of_subject),
        TEST(keys_are_pseudonyms),
        TEST(a_subject_begins_with_its_first_event),
        TEST(fields_are_checked),
        TEST(json_values_must_be_of_the_fields_form),
        TEST(a_day_more_than_a_year_ahead_is_a_slip),
        TEST(who_says_so_must_be_said),
        TEST(a_guard_refuses_with_message_source_line_and_values),
        TEST(a_guard_sees_the_story_as_of_the_events_place),
        TEST(an_override_keeps_why_and_what_failed),
        TEST(what_is_expected_is_noted_and_never_refused),
        TEST(a_backdated_event_tells_what_it_makes_of_later_ones),
    };
    return cmocka_run_group_tests_name("engine: events", tests, NULL, NULL);
}

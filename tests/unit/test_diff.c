/* What a policy would change, on ledgers small enough to know every task of. */
#include <stdio.h>

#include "core/diff.h"
#include "dsl/dsl.h"
#include "tests/unit/toy_store.h"
#include "tests/unit/unit.h"

/* Records 1 to 6: the adoption from 2021, two cases that got work on 1 June, and a visit. */
#define HEAD "policy p\n    language en\n    running cases follow the new rules\n"
#define WORDS                                                                                      \
    "role boss \"Boss\"\n"                                                                         \
    "event start of client coach person, town town\n"                                              \
    "event job of client\n"                                                                        \
    "event visit of client\n"                                                                      \
    "event gone of client\n"                                                                       \
    "event exited of client\n"                                                                     \
    "event certificate of town\n"                                                                  \
    "subject client\n    begins with start\n    coach is start.coach\n    unit is start.town\n"
#define TOWNS "subject town\n    one of eksjo \"Eksjö\"  tranas \"Tranås\"\n"
#define MONTH1 "cadence care\n    from job\n    month 1  visit 2 times\n"
#define CARE MONTH1 "    month 2  visit 2 times\n    for coach\n"
#define EXIT "task exit\n    when gone due 3 months after\n    done by exited\n    for coach\n"
#define OLD HEAD WORDS TOWNS CARE EXIT

static struct toy_store s;
static struct kad_diff d;
static struct kad_policy *candidate;

static void adopt(const char *text, const char *from, const char *only)
{
    struct kad_input notes[] = {
        {.name = KAD_STR("text"), .form = KAD_IN_STRING, .text = kad_str(text)},
        {.name = KAD_STR("only"), .form = KAD_IN_LIST, .text = kad_str(only)}};
    struct kad_draft draft = {.type = KAD_STR("kadens.adopted"),
                              .on = toy_day(from),
                              .at = KAD_INSTANT_NONE,
                              .notes = notes,
                              .n_notes = only ? 2 : 1,
                              .clock = -1};
    if (toy_draft(&s, &draft) != KAD_OK)
        fail_msg("%s", s.err.text);
    toy_commit(&s);
}

static int setup(void **state)
{
    (void)state;
    toy_open(&s, KAD_LEDGER_PLAIN, "2021-01-01T08:00:00Z");
    s.o.compile = kad_dsl_compile_fn;
    toy_reopen(&s);
    adopt(OLD, "2021-01-01", NULL);
    toy_put(&s, "start C-1 2021-05-01 coach=anna town=eksjo !at=2021-05-01T08:00:00Z");
    toy_put(&s, "start C-2 2021-05-01 coach=bo town=tranas !at=2021-05-01T08:00:00Z");
    toy_put(&s, "job C-1 2021-06-01 !at=2021-06-01T08:00:00Z");
    toy_put(&s, "job C-2 2021-06-01 !at=2021-06-01T08:00:00Z");
    toy_put(&s, "visit C-1 2021-06-03 !at=2021-06-03T08:00:00Z");
    toy_commit(&s);
    s.o.now = toy_at("2021-07-05T08:00:00Z");
    toy_reopen(&s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kad_diff_done(&d);
    kad_policy_free(candidate);
    candidate = NULL;
    toy_close(&s);
    return 0;
}

static enum kad_err compare_until(const char *text, const char *from, const char *only,
                                  const char *as_of, const char *until)
{
    s.err = (struct kad_error){0};
    kad_diff_done(&d);
    d = (struct kad_diff){0};
    kad_policy_free(candidate);
    candidate = NULL;
    if (kad_dsl_compile_fn(kad_str(text), "test", &candidate, &s.err) != KAD_OK)
        fail_msg("%s", s.err.text);
    struct kad_diff_ask q = {.policy = candidate,
                             .only = kad_str(only),
                             .from = toy_day(from),
                             .as_of = toy_day(as_of),
                             .until = until ? toy_day(until) : KAD_DAY_NONE};
    return kad_diff_make(s.e, &q, &d, &s.err);
}

static void compare(const char *text, const char *from, const char *only)
{
    if (compare_until(text, from, only, "2021-07-05", NULL) != KAD_OK)
        fail_msg("%s", s.err.text);
}

/* "withdrawn C-1/care.visit/4/m2.2of2 2021-07-16 2021-07-31;" for each row, in their order. */
static const char *rows(void)
{
    static struct kad_buf b;
    kad_buf_reset(&b);
    for (size_t i = 0; i < d.rows.n; i++) {
        const struct kad_diff_row *r = &d.rows.v[i];
        const struct kad_diff_side *side = r->change == KAD_C_WITHDRAWN ? &r->was : &r->is;
        char opens[KAD_DAY_TEXT], due[KAD_DAY_TEXT];
        assert_true(r->id.n > r->subject.n);
        kad_buf_printf(&b, "%s %.*s %s %s %s", kad_change_name((enum kad_change)r->change),
                       KAD_STR_FMT(r->id), kad_day_text(side->opens, opens),
                       kad_day_text(side->due, due), kad_state_name((enum kad_state)side->state));
        for (int m = 0; m < KAD_MV__COUNT; m++)
            if (r->what & 1u << m)
                kad_buf_printf(&b, " %s", kad_moved_name((enum kad_moved)m));
        kad_buf_puts(&b, ";\n");
    }
    return kad_buf_str(&b);
}

static void counts(const struct kad_diff_group *g, const char *expected)
{
    char text[120];
    snprintf(text, sizeof text, "+%d ~%d -%d =%d, %d to %d", (int)g->n[KAD_C_ADDED],
             (int)g->n[KAD_C_MOVED], (int)g->n[KAD_C_WITHDRAWN], (int)g->n[KAD_C_KEPT],
             (int)g->before, (int)g->after);
    assert_string_equal(text, expected);
}

static const struct kad_diff_group *of(const struct kad_diff_groups *groups, const char *name)
{
    for (size_t i = 0; i < groups->v.n; i++) {
        if (i > 0) /* they stand in order */
            assert_true(kad_str_cmp(groups->v.v[groups->by_name.v[i - 1]].name,
                                    groups->v.v[groups->by_name.v[i]].name) < 0);
        if (kad_str_eq(groups->v.v[i].name, kad_str(name)))
            return &groups->v.v[i];
    }
    fail_msg("nobody is called %s", name);
    return NULL;
}

/* --- */

static void a_policy_changes_nothing_against_itself(void **state)
{
    (void)state;
    compare(OLD, "2021-07-05", NULL);
    assert_string_equal(rows(), "");
    counts(&d.total, "+0 ~0 -0 =4, 4 to 4");
    assert_int_equal(d.subjects, 5); /* two clients, two towns and the programme */
    assert_int_equal(d.touched, 0);
    assert_int_equal(d.seq, 6);
    compare(OLD, "2021-06-20", "tranas");
    assert_string_equal(rows(), "");
    compare(OLD, "2030-01-01", NULL);
    assert_string_equal(rows(), "");
}

static void two_visits_become_three_where_they_have_not_opened(void **state)
{
    (void)state;
    compare(HEAD WORDS TOWNS MONTH1 "    month 2  visit 3 times\n    for coach\n" EXIT,
            "2021-07-10", NULL);
    /* The window that opened on 1 July stays; the second of two gives way to two of three. */
    assert_string_equal(rows(),
                        "added C-1/care.visit/4/m2.2of3 2021-07-11 2021-07-20 upcoming;\n"
                        "withdrawn C-1/care.visit/4/m2.2of2 2021-07-16 2021-07-31 upcoming;\n"
                        "added C-1/care.visit/4/m2.3of3 2021-07-21 2021-07-31 upcoming;\n"
                        "added C-2/care.visit/5/m2.2of3 2021-07-11 2021-07-20 upcoming;\n"
                        "withdrawn C-2/care.visit/5/m2.2of2 2021-07-16 2021-07-31 upcoming;\n"
                        "added C-2/care.visit/5/m2.3of3 2021-07-21 2021-07-31 upcoming;\n");
    counts(&d.total, "+4 ~0 -2 =2, 4 to 6");
    counts(of(&d.owners, "anna"), "+2 ~0 -1 =1, 2 to 3");
    counts(of(&d.units, "tranas"), "+2 ~0 -1 =1, 2 to 3");
    assert_int_equal(d.touched, 2);
}

static void only_the_units_named_are_touched(void **state)
{
    (void)state;
    compare(HEAD WORDS TOWNS MONTH1 "    month 2  visit once\n    for coach\n" EXIT, "2021-07-10",
            "tranas");
    assert_string_equal(rows(),
                        "withdrawn C-2/care.visit/5/m2.2of2 2021-07-16 2021-07-31 upcoming;\n");
    counts(of(&d.owners, "bo"), "+0 ~0 -1 =1, 2 to 1");
    counts(of(&d.owners, "anna"), "+0 ~0 -0 =2, 2 to 2");
    assert_int_equal(d.touched, 1);
    assert_int_equal(d.replaces.n, 1);
    assert_int_equal(d.replaces.v[0].n_units, 1);
    assert_str_equal(d.replaces.v[0].units[0], "tranas");
}

static void a_due_day_moves_and_a_task_changes_hands(void **state)
{
    (void)state;
    toy_put(&s, "gone C-1 2021-07-01");
    toy_commit(&s);
    compare(HEAD WORDS TOWNS CARE "task exit\n    when gone due 2 months after\n"
                                  "    done by exited\n    for boss\n",
            "2021-07-01", NULL);
    assert_string_equal(rows(), "moved C-1/exit/7 2021-07-01 2021-09-01 open due for;\n");
    counts(of(&d.owners, "anna"), "+0 ~0 -0 =2, 3 to 2");
    counts(of(&d.owners, "role:boss"), "+0 ~1 -0 =0, 0 to 1");
    counts(&d.total, "+0 ~1 -0 =4, 5 to 5");
    assert_int_equal(d.rows.v[0].was.due, toy_day("2021-10-01"));
}

static void a_new_reminder_is_said_of_what_is_to_be_done(void **state)
{
    static const char told[] = HEAD WORDS TOWNS MONTH1
        "    month 2  visit 2 times\n    for coach\n    closes 9 days after due\n"
        "    remind 3 days before due\n    escalate to boss 7 days after due\n" EXIT;
    (void)state;
    adopt(HEAD WORDS TOWNS MONTH1 "    month 2  visit 2 times\n    for coach\n"
                                  "    closes 9 days after due\n" EXIT,
          "2021-06-01", NULL);
    compare(told, "2021-06-01", "eksjo");
    /* The first was done and the second missed; they are nobody's to remind of. */
    assert_string_equal(rows(), "moved C-1/care.visit/4/m1.2of2 2021-06-16 2021-06-30 overdue "
                                "notices;\n"
                                "moved C-1/care.visit/4/m2.1of2 2021-07-01 2021-07-15 open notices;\n"
                                "moved C-1/care.visit/4/m2.2of2 2021-07-16 2021-07-31 upcoming "
                                "notices;\n");
    const struct kad_diff_side *is = &d.rows.v[2].is;
    assert_int_equal(d.rows.v[2].was.n_notices, 0);
    assert_int_equal(is->n_notices, 2);
    assert_int_equal(is->notices[0].day, toy_day("2021-07-28"));
    assert_int_equal(is->notices[1].day, toy_day("2021-08-07"));
    assert_str_equal(is->policy->roles[is->notices[1].role].name, "boss");
    adopt(told, "2021-06-01", "eksjo");
    compare(told, "2021-06-02", NULL);
    assert_int_equal(of(&d.owners, "anna")->n[KAD_C_MOVED], 0);
}

static void a_rule_that_is_taken_out_withdraws_its_tasks(void **state)
{
    (void)state;
    toy_put(&s, "gone C-1 2021-07-01");
    toy_commit(&s);
    compare(HEAD WORDS TOWNS CARE, "2021-07-01", NULL);
    assert_string_equal(rows(), "withdrawn C-1/exit/7 2021-07-01 2021-10-01 open;\n");
    /* From the day after it opened on, it stays. */
    compare(HEAD WORDS TOWNS CARE, "2021-07-02", NULL);
    assert_string_equal(rows(), "");
}

static void a_new_duty_is_followed_for_a_year_or_as_far_as_was_asked(void **state)
{
    static const char text[] =
        OLD "duty certificate for each town\n    every half-year\n    done by certificate\n"
            "    for boss\n";
    (void)state;
    compare(text, "2021-09-01", "eksjo");
    assert_int_equal(d.until, toy_day("2022-09-01"));
    assert_string_equal(rows(), "added eksjo/certificate/2022-H1 2022-01-01 2022-06-30 upcoming;\n"
                                "added eksjo/certificate/2022-H2 2022-07-01 2022-12-31 upcoming;\n");
    counts(of(&d.owners, "role:boss"), "+2 ~0 -0 =0, 0 to 2");
    assert_int_equal(compare_until(text, "2021-09-01", NULL, "2021-07-05", "2022-03-01"), KAD_OK);
    assert_string_equal(rows(),
                        "added eksjo/certificate/2022-H1 2022-01-01 2022-06-30 upcoming;\n"
                        "added tranas/certificate/2022-H1 2022-01-01 2022-06-30 upcoming;\n");
}

static void a_town_that_only_the_candidate_names_is_new_altogether(void **state)
{
    (void)state;
#define DUTY                                                                                       \
    "duty certificate for each town\n    every half-year\n    done by certificate\n    for boss\n"
    adopt(OLD DUTY, "2021-02-01", NULL);
    compare(HEAD WORDS
            "subject town\n    one of aneby \"Aneby\"  eksjo \"Eksjö\"  tranas \"Tranås\"\n" CARE EXIT
                DUTY,
            "2022-03-01", NULL);
    assert_string_equal(rows(), "added aneby/certificate/2022-H2 2022-07-01 2022-12-31 upcoming;\n"
                                "added aneby/certificate/2023-H1 2023-01-01 2023-06-30 upcoming;\n");
    assert_int_equal(d.subjects, 6);
    assert_int_equal(d.touched, 1);
}

static void a_past_day_changes_what_was_missed_and_leaves_what_nobody_had_to_do(void **state)
{
    (void)state;
    /* C-1's first window is done, its second was missed on 30 June, as both of C-2. */
    compare(HEAD WORDS TOWNS "cadence care\n    from job\n    month 1  visit once\n"
                             "    month 2  visit 2 times\n    for coach\n" EXIT,
            "2021-06-01", NULL);
    assert_string_equal(rows(), "withdrawn C-1/care.visit/4/m1.1of2 2021-06-01 2021-06-15 done;\n"
                                "added C-1/care.visit/4/m1.1of1 2021-06-01 2021-06-30 done;\n"
                                "withdrawn C-1/care.visit/4/m1.2of2 2021-06-16 2021-06-30 missed;\n"
                                "withdrawn C-2/care.visit/5/m1.1of2 2021-06-01 2021-06-15 missed;\n"
                                "added C-2/care.visit/5/m1.1of1 2021-06-01 2021-06-30 missed;\n"
                                "withdrawn C-2/care.visit/5/m1.2of2 2021-06-16 2021-06-30 missed;\n");
    counts(&d.total, "+2 ~0 -4 =4, 4 to 4");
    toy_put(&s, "kadens.waived - 2021-07-05 :task=C-2/care.visit/5/m1.2of2 :because=Away");
    toy_commit(&s);
    compare(HEAD WORDS TOWNS "cadence care\n    from job\n    month 1  visit once\n"
                             "    month 2  visit 2 times\n    for coach\n" EXIT,
            "2021-06-01", "tranas");
    assert_string_equal(rows(), "withdrawn C-2/care.visit/5/m1.1of2 2021-06-01 2021-06-15 missed;\n"
                                "added C-2/care.visit/5/m1.1of1 2021-06-01 2021-06-30 missed;\n");
}

static void a_finite_run_that_becomes_endless_loses_nothing_behind_the_horizon(void **state)
{
    static const char endless[] = HEAD WORDS TOWNS
        "cadence care\n    from job\n    from month 1 onwards  visit once a month\n    for coach\n";
    static const char two_years[] = HEAD WORDS TOWNS
        "cadence care\n    from job\n    months 1 to 24  visit once a month\n    for coach\n";
    (void)state;
    /* A finite run is seen whole, to May 2023, an endless one for a year; but they are the same. */
    adopt(two_years, "2021-01-02", NULL);
    compare(endless, "2021-08-01", "eksjo");
    assert_string_equal(rows(), "");
    counts(of(&d.owners, "anna"), "+0 ~0 -0 =23, 23 to 23");
    adopt(endless, "2021-01-02", NULL);
    compare(two_years, "2021-08-01", "eksjo");
    assert_string_equal(rows(), "");
}

static void it_says_what_gives_way_and_what_comes_after(void **state)
{
    (void)state;
    adopt(OLD, "2021-03-01", "eksjo");
    adopt(OLD, "2023-01-01", NULL);
    compare(OLD, "2022-01-01", NULL);
    assert_int_equal(d.replaces.n, 2);
    assert_int_equal(d.replaces.v[0].adoption->from, toy_day("2021-03-01"));
    assert_str_equal(d.replaces.v[0].units[0], "eksjo");
    assert_int_equal(d.replaces.v[1].adoption->from, toy_day("2021-01-01"));
    assert_int_equal(d.replaces.v[1].n_units, 0);
    assert_int_equal(d.followed_by->from, toy_day("2023-01-01"));
    compare(OLD, "2020-01-01", NULL);
    assert_int_equal(d.replaces.n, 0);
    toy_put(&s, "kadens.ended - 2024-01-01 :name=p");
    toy_commit(&s);
    compare(OLD, "2024-02-01", NULL);
    assert_int_equal(d.replaces.n, 0);
    assert_null(d.followed_by);
}

static void what_cannot_be_adopted_is_not_compared(void **state)
{
    (void)state;
    assert_int_equal(compare_until(OLD, "2021-08-01", "eksj", "2021-07-05", NULL), KAD_EINPUT);
    assert_non_null(strstr(s.err.text, "Did you mean eksjo?"));
    assert_int_equal(compare_until("policy q\n    language en\n"
                                   "    running cases follow the new rules\n" WORDS TOWNS EXIT,
                                   "2021-08-01", NULL, "2021-07-05", NULL),
                     KAD_ENO);
    assert_non_null(strstr(s.err.text, "side by side"));
}

/* The list after adopting is the list before it, with the rows of the diff worked in. */
static void after_adopting_the_lists_are_what_was_said(void **state)
{
    static const char text[] = HEAD WORDS TOWNS
        "cadence care\n    from job\n    month 1  visit 3 times\n    month 2  visit 3 times\n"
        "    for coach\n"
        "task exit\n    when gone due 1 month after\n    done by exited\n    for boss\n";
    (void)state;
    toy_put(&s, "gone C-2 2021-06-20");
    toy_commit(&s);
    compare(text, "2021-06-05", NULL);
    assert_true(d.rows.n > 6);
    adopt(text, "2021-06-05", NULL);
    for (size_t i = 0; i < d.rows.n; i++) {
        const struct kad_diff_row *r = &d.rows.v[i];
        const struct kad_instance *v;
        struct kad_subject subject;
        bool found = false;
        assert_int_equal(kad_engine_subject(s.e, r->subject, &s.words, &subject, &s.err), KAD_OK);
        size_t n = kad_derive_instances(subject.derive, d.as_of, d.until, &v);
        for (size_t k = 0; k < n; k++) {
            if (!kad_str_eq(v[k].id, r->id))
                continue;
            found = true;
            assert_int_equal(v[k].due, r->is.due);
            assert_int_equal(v[k].state, r->is.state);
            assert_true(kad_str_eq(v[k].owner, d.owners.v.v[r->is.owner].name));
        }
        assert_int_equal(found, r->is.opens != KAD_DAY_NONE);
    }
    uint64_t after = d.total.after;
    compare(text, "2021-06-05", NULL);
    assert_string_equal(rows(), "");
    assert_int_equal(d.total.before, after);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_policy_changes_nothing_against_itself),
        TEST(two_visits_become_three_where_they_have_not_opened),
        TEST(only_the_units_named_are_touched),
        TEST(a_due_day_moves_and_a_task_changes_hands),
        TEST(a_new_reminder_is_said_of_what_is_to_be_done),
        TEST(a_rule_that_is_taken_out_withdraws_its_tasks),
        TEST(a_new_duty_is_followed_for_a_year_or_as_far_as_was_asked),
        TEST(a_town_that_only_the_candidate_names_is_new_altogether),
        TEST(a_past_day_changes_what_was_missed_and_leaves_what_nobody_had_to_do),
        TEST(a_finite_run_that_becomes_endless_loses_nothing_behind_the_horizon),
        TEST(it_says_what_gives_way_and_what_comes_after),
        TEST(what_cannot_be_adopted_is_not_compared),
        TEST(after_adopting_the_lists_are_what_was_said),
    };
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}

/* What an explanation consists of: its steps, their days, records and lines. What people read is
 * tested in tests/cli/explain.bats. */
#include "core/explain.h"
#include "tests/unit/fineprint.h"

static const char exit_rules[] =
    "policy p\n    language en\n    calendar sweden\n" FOLLOW WORDS "at job\n"
    "    require enrolled and age from 18 to 64 otherwise \"Adults only\" source \"3.0\"\n"
    "task exit\n"
    "    when discharge where reason in (work, studies)  due 3 months after\n"
    "    moved to next working day\n"
    "    done by exited\n"
    "    for coach\n"
    "    source \"7.0\"\n"
    "duty survey for each client where enrolled and age at least 18\n"
    "    every october\n"
    "    done by note\n" AFTERCARE;

static struct kad_explanation e;

/* The n-th step of a kind; NULL when there are not so many. */
static const struct kad_step *step(enum kad_say say, size_t n)
{
    for (size_t i = 0; i < e.steps.n; i++)
        if (e.steps.v[i].say == say && n-- == 0)
            return &e.steps.v[i];
    return NULL;
}

static size_t count(enum kad_say say)
{
    size_t n = 0;
    while (step(say, n))
        n++;
    return n;
}

#define must(say)                                                                                  \
    ({                                                                                             \
        const struct kad_step *s_ = step(KAD_SAY_##say, 0);                                        \
        assert_non_null(s_);                                                                       \
        s_;                                                                                        \
    })

static void assert_text(struct kad_str s, const char *expected)
{
    if (!kad_str_eq(s, kad_str(expected)))
        fail_msg("“%.*s”, not “%s”", KAD_STR_FMT(s), expected);
}

static bool explain_task(const char *on, const char *task)
{
    return kad_explain_task(tale_derive(&t), day(on), kad_str(task), (struct kad_str){0}, &e);
}

/* --- there --- */

static void a_due_day_is_told_step_by_step(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", exit_rules, NULL);
    tell(&t, "2020-08-31 start coach=anna born=1990-01-01"); /* seq 2 */
    tell(&t, "2020-11-30 discharge reason=work");            /* seq 3 */
    assert_true(kad_explain_instance(tale_derive(&t), day("2021-03-05"), KAD_STR("C-1/exit/3"), &e));
    assert_int_equal(must(EVENT)->seq, 3);
    assert_int_equal(must(EVENT)->day, day("2020-11-30"));
    assert_text(must(HOLDS)->text, "reason in (work, studies)");
    assert_text(must(HOLDS)->value, "reason is work");
    const struct kad_step *due = must(DUE);
    assert_int_equal(due->day, day("2020-11-30"));
    assert_true(due->counted && due->offset.n == 3 && due->offset.unit == KAD_U_MONTH);
    assert_int_equal(due->to, day("2021-02-28"));
    assert_int_equal(due->moved, day("2021-03-01"));
    assert_int_equal(must(CLIPPED)->n, 30);
    must(CLOSES_NEVER);
    assert_text(must(OVERDUE)->text, "exited");
    assert_text(must(OWNER)->value, "anna");
    assert_int_equal(must(OWNER)->seq, 2);
    assert_text(must(RULE)->text, "when discharge where reason in (work, studies) due 3 months after");
    assert_text(must(RULE)->source, "7.0");
    assert_int_equal(must(POLICY)->adoption->seq, 1);
}

static void reminders_and_escalations_are_told_with_their_days(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01",
          "policy p\n    language en\n    calendar sweden\n" FOLLOW WORDS
          "task exit\n    when discharge due 3 months after\n    done by exited\n"
          "    escalate to boss 5 days after due\n    remind 3 working days before due\n"
          "    remind 200 days before due\n",
          NULL);
    tell(&t, "2020-08-31 start coach=anna");
    tell(&t, "2021-01-20 discharge reason=work"); /* seq 3: due 20 April */
    assert_true(kad_explain_instance(tale_derive(&t), day("2021-03-05"), KAD_STR("C-1/exit/3"), &e));
    assert_int_equal(must(REMINDED_OPENS)->day, day("2021-01-20"));
    assert_int_equal(must(REMINDED)->day, day("2021-04-20"));
    assert_int_equal(must(REMINDED)->to, day("2021-04-15"));
    assert_true(must(REMINDED)->offset.n == -3);
    assert_int_equal(must(REMINDED)->offset.unit, KAD_U_WORKING_DAY);
    assert_int_equal(must(ESCALATED)->to, day("2021-04-25"));
    assert_text(must(ESCALATED)->value, "boss");
    assert_true(must(ESCALATED)->line > must(RULE)->line);
}

static void a_window_is_told_with_its_month_and_its_place_in_it(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", exit_rules, NULL);
    tell(&t, "2021-03-01 job"); /* seq 2 */
    assert_true(
        kad_explain_instance(tale_derive(&t), day("2021-04-02"), KAD_STR("C-1/aftercare.visit/2/m2.1of2"), &e));
    assert_int_equal(must(ANCHOR)->seq, 2);
    assert_int_equal(must(PHASE)->day, day("2021-04-01"));
    assert_int_equal(must(PHASE)->to, day("2021-04-30"));
    assert_int_equal(must(WINDOW)->n, 1);
    assert_int_equal(must(WINDOW)->of, 2);
    assert_int_equal(must(WINDOW)->day, day("2021-04-01"));
    assert_int_equal(must(WINDOW)->to, day("2021-04-15"));
    assert_null(step(KAD_SAY_CLIPPED, 0));
    assert_int_equal(must(CLOSES)->day, day("2021-04-30"));
    must(OWNER_NONE);
}

static void every_state_says_which_event_made_it_so(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", exit_rules, NULL);
    tell(&t, "2021-03-01 job");                     /* seq 2 */
    tell(&t, "2021-03-03 visit");                   /* seq 3: week 1 */
    tell(&t, "2021-03-16 visit");                   /* seq 4: week 3 */
    tell(&t, "2021-03-20 visit");                   /* seq 5: late for week 2 */
    tell(&t, "2021-04-02 job_ended");               /* seq 6 */
    tell(&t, "2021-04-02 waive C-1/aftercare.visit/2/m1.w4");
    static const struct {
        const char *id;
        enum kad_say say;
        uint64_t seq;
    } rows[] = {
        {"C-1/aftercare.visit/2/m1.w1", KAD_SAY_DONE, 3},
        {"C-1/aftercare.visit/2/m1.w2", KAD_SAY_DONE_LATE, 5},
        {"C-1/aftercare.visit/2/m1.w4", KAD_SAY_WAIVED, 7},
        {"C-1/aftercare.visit/2/m2.1of2", KAD_SAY_DROPPED, 6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(kad_explain_instance(tale_derive(&t), day("2021-04-05"), kad_str(rows[i].id), &e));
        const struct kad_step *s = step(rows[i].say, 0);
        assert_non_null(s);
        assert_int_equal(s->seq, rows[i].seq);
    }
}

static void a_run_that_lived_through_a_change_says_who_took_it_over(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS TWICE, NULL);
    adopt(&t, "2021-03-15", HEAD FOLLOW WORDS THREE_TIMES, NULL);
    tell(&t, "2021-03-01 job"); /* seq 3 */
    assert_true(kad_explain_instance(tale_derive(&t), day("2021-03-25"),
                                     KAD_STR("C-1/aftercare.visit/3/m1.3of3"), &e));
    assert_int_equal(must(TAKEN)->day, day("2021-03-15"));
    assert_int_equal(must(TAKEN)->adoption->seq, 2);
    assert_int_equal(must(POLICY)->adoption->seq, 2);
}

/* --- not there --- */

static void a_task_that_no_event_opened_names_the_event_and_its_earliest_day(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", exit_rules, NULL);
    tell(&t, "2021-01-04 start");
    assert_true(explain_task("2021-02-13", "exit"));
    must(NO_TASK);
    assert_text(must(NO_EVENT)->text, "discharge");
    assert_text(must(WOULD_OPEN)->value, "reason work");
    assert_int_equal(must(WOULD_OPEN)->day, day("2021-02-13"));
    assert_int_equal(must(WOULD_OPEN)->to, day("2021-05-14")); /* Ascension Day is the 13th */
}

static void an_event_that_did_not_open_it_names_the_condition_and_what_it_rests_on(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", exit_rules, NULL);
    tell(&t, "2021-01-04 start");
    tell(&t, "2021-02-13 discharge reason=health"); /* seq 3 */
    assert_true(explain_task("2021-03-01", "exit"));
    assert_int_equal(must(NOT_OPENED)->seq, 3);
    assert_text(must(FAILS)->value, "reason is health");
    assert_int_equal(must(WOULD_CORRECT)->seq, 3);
    assert_text(must(WOULD_CORRECT)->value, "reason work");
}

static void an_age_that_is_missing_gives_the_day_alone(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", exit_rules, NULL);
    tell(&t, "2020-09-02 start born=2004-05-17"); /* seq 2 */
    assert_true(explain_task("2021-03-05", "survey"));
    assert_int_equal(must(NOT_CONCERNED)->day, day("2020-10-01"));
    assert_int_equal(count(KAD_SAY_HOLDS), 1);
    assert_text(must(FAILS)->text, "age at least 18");
    assert_text(must(FAILS)->value, "age is 16");
    assert_int_equal(must(DAY_ALONE)->day, day("2022-05-17"));
    assert_int_equal(must(OPENS_NEXT)->day, day("2022-10-01"));
    assert_null(step(KAD_SAY_WOULD, 0));
}

static void the_missing_fact_and_the_day_it_is_needed_by(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", exit_rules, NULL);
    tell(&t, "2020-09-02 start born=1990-05-17");
    tell(&t, "2020-09-20 discharge reason=health"); /* seq 3 */
    assert_true(explain_task("2021-03-05", "survey"));
    assert_text(must(FAILS)->text, "enrolled");
    assert_int_equal(step(KAD_SAY_SET_BY, 0)->seq, 3);
    assert_text(must(WOULD)->name, "start");
    assert_int_equal(must(WOULD)->day, day("2021-10-01"));
    assert_int_equal(must(WOULD)->to, day("2021-10-01"));
}

static void several_missing_facts_are_each_named(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", exit_rules, NULL);
    tell(&t, "2020-09-02 start born=2004-05-17");
    tell(&t, "2020-09-20 discharge reason=health");
    assert_true(explain_task("2021-03-05", "survey"));
    assert_int_equal(count(KAD_SAY_FAILS), 2);
    assert_int_equal(must(SEVERAL)->n, 2);
    assert_int_equal(must(WOULD)->to, KAD_DAY_NONE); /* alone it opens nothing */
    must(DAY_ALONE);
}

static void a_run_that_ended_and_a_policy_not_in_force_are_the_reason(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", exit_rules, NULL);
    tell(&t, "2021-03-01 job");       /* seq 2 */
    tell(&t, "2021-03-02 job_ended"); /* seq 3 */
    assert_true(explain_task("2021-03-05", "aftercare.visit"));
    assert_int_equal(must(RUN_ENDED)->seq, 3);
    assert_true(explain_task("2021-03-05", "visit")); /* the cadence's name may be left out */
    must(RUN_ENDED);
    assert_true(explain_task("2020-12-31", "exit"));
    assert_int_equal(must(NO_POLICY)->to, day("2021-01-01"));
    assert_false(explain_task("2021-03-05", "nothing_of_the_kind"));
}

/* --- values, events, refusals --- */

static void a_value_names_the_event_that_set_it_and_those_before(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", exit_rules, NULL);
    tell(&t, "2020-09-02 start coach=anna"); /* seq 2 */
    tell(&t, "2020-10-02 start coach=bo");   /* seq 3 */
    struct kad_derive *d = tale_derive(&t);
    assert_true(kad_explain_attribute(d, day("2020-11-01"), KAD_STR("coach"), &e));
    assert_text(must(VALUE)->value, "bo");
    assert_int_equal(must(SET_BY)->seq, 3);
    assert_int_equal(must(BEFORE)->seq, 2);
    assert_text(must(BEFORE)->value, "anna");
    assert_true(kad_explain_attribute(d, day("2020-11-01"), KAD_STR("extent"), &e));
    must(VALUE_UNKNOWN);
    assert_text(must(WOULD_SET)->name, "job");
    assert_true(kad_explain_attribute(d, day("2020-11-01"), KAD_STR("age"), &e));
    must(COMPUTED);
    assert_text(must(NEVER_SET)->name, "born");
    assert_false(kad_explain_attribute(d, day("2020-11-01"), KAD_STR("nothing"), &e));
}

static void an_event_says_what_it_opened_did_ended_and_set(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", exit_rules, NULL);
    tell(&t, "2020-09-02 start coach=anna born=1990-01-01"); /* seq 2 */
    tell(&t, "2021-03-01 job extent=50%");                   /* seq 3 */
    tell(&t, "2021-03-03 visit");                            /* seq 4 */
    tell(&t, "2021-03-09 job_ended");                        /* seq 5 */
    struct kad_derive *d = tale_derive(&t);
    assert_true(kad_explain_event(d, day("2021-03-10"), 3, &e));
    assert_int_equal(must(BEGAN)->n, 6);
    assert_int_equal(must(BEGAN)->to, day("2021-04-30"));
    assert_int_equal(count(KAD_SAY_HOLDS), 2); /* its guard's two conditions */
    assert_int_equal(count(KAD_SAY_SETS), 2);  /* extent, employed */
    assert_true(kad_explain_event(d, day("2021-03-10"), 4, &e));
    assert_text(must(DID)->name, "C-1/aftercare.visit/3/m1.w1");
    assert_true(kad_explain_event(d, day("2021-03-10"), 5, &e));
    assert_int_equal(must(ENDED)->n, 5);
    assert_false(kad_explain_event(d, day("2021-03-10"), 99, &e));
}

static void a_dry_run_shows_every_condition_as_met_or_not(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", exit_rules, NULL);
    tell(&t, "2020-09-02 start born=2004-05-17");
    uint64_t seq = tell(&t, "2021-03-01 job"); /* as if just recorded */
    struct kad_derive *d = tale_derive(&t);
    bool refused = false;
    kad_explain_refusal(d, kad_derive_end_of(d, day("2021-03-01")) - 1, &refused, &e);
    assert_int_equal(seq, 3);
    assert_true(refused);
    assert_text(must(REFUSED)->text, "Adults only");
    assert_text(must(HOLDS)->text, "enrolled");
    assert_text(must(FAILS)->text, "age from 18 to 64");
    assert_text(must(RULE)->source, "3.0");
    assert_int_equal(must(DAY_ALONE)->day, day("2022-05-17"));
    assert_null(step(KAD_SAY_SEVERAL, 0));
}

/* --- what is private --- */

static void a_private_value_is_in_no_step_and_what_is_computed_from_it_is(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01",
          HEAD FOLLOW "event start of client born date private\nevent look of client\n"
                      "subject client\n    born is start.born\n    age = whole years since born\n"
                      "duty look for each client where born before 1991-01-01\n    every october\n"
                      "    done by look\n",
          NULL);
    tell(&t, "2020-09-02 start born=1992-05-17");
    struct kad_derive *d = tale_derive(&t);
    static const char *const attributes[] = {"born", "age"};
    for (size_t k = 0; k < 3; k++) {
        if (k < 2)
            assert_true(kad_explain_attribute(d, day("2020-11-01"), kad_str(attributes[k]), &e));
        else
            assert_true(explain_task("2020-11-01", "look"));
        for (size_t i = 0; i < e.steps.n; i++) {
            const struct kad_step *s = &e.steps.v[i];
            assert_null(memmem(s->value.p ? s->value.p : "", s->value.n, "1992", 4));
            assert_int_not_equal(s->day, day("1992-05-17"));
            assert_int_not_equal(s->to, day("1992-05-17"));
        }
        assert_text(k == 1 ? must(VALUE)->value : KAD_STR("28"), "28");
    }
    assert_text(must(FAILS)->value, "born is private");
    assert_null(step(KAD_SAY_WOULD, 0)); /* nobody is told what it ought to be */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_due_day_is_told_step_by_step),
        TEST(reminders_and_escalations_are_told_with_their_days),
        TEST(a_window_is_told_with_its_month_and_its_place_in_it),
        TEST(every_state_says_which_event_made_it_so),
        TEST(a_run_that_lived_through_a_change_says_who_took_it_over),
        TEST(a_task_that_no_event_opened_names_the_event_and_its_earliest_day),
        TEST(an_event_that_did_not_open_it_names_the_condition_and_what_it_rests_on),
        TEST(an_age_that_is_missing_gives_the_day_alone),
        TEST(the_missing_fact_and_the_day_it_is_needed_by),
        TEST(several_missing_facts_are_each_named),
        TEST(a_run_that_ended_and_a_policy_not_in_force_are_the_reason),
        TEST(a_value_names_the_event_that_set_it_and_those_before),
        TEST(an_event_says_what_it_opened_did_ended_and_set),
        TEST(a_dry_run_shows_every_condition_as_met_or_not),
        TEST(a_private_value_is_in_no_step_and_what_is_computed_from_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

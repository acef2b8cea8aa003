/* Running the examples of a policy: what holds, and what is said of what does not. */
#include "tests/unit/dsl.h"

static const char head[] = "policy p\n"
                           "    calendar sweden\n"
                           "    running cases follow the new rules\n"
                           "subject town\n"
                           "    one of aneby \"Aneby\" eksjo \"Eksjö\"\n"
                           "event start of person_ birth date private, coach person\n"
                           "event job of person_ extent percent optional\n"
                           "event job_ended of person_\n"
                           "event visit of person_\n"
                           "event paper of town\n"
                           "event meeting of programme\n"
                           "subject person_\n"
                           "    begins with start\n"
                           "    birth is start.birth\n"
                           "    employed is yes after job, no after job_ended, otherwise no\n"
                           "    extent is job.extent\n"
                           "    age = whole years since birth\n"
                           "at job\n"
                           "    require age from 18 to 64 otherwise \"18 to 64 years\"\n"
                           "cadence care\n"
                           "    from job\n"
                           "    month 1 visit every week\n"
                           "    until job_ended\n"
                           "duty papers for each town\n"
                           "    every half-year\n"
                           "    due 1 month after\n"
                           "    done by paper\n"
                           "duty meetings for each programme\n"
                           "    every year\n"
                           "    done by meeting\n"
                           "    remind 7 days before due\n";

/* Runs the one example; its failures, a line each: "line: sentence". */
static struct kad_buf run(const char *example, size_t *ret_checked)
{
    struct kad_buf text = {0}, b = {0};
    kad_buf_printf(&text, "%sexample \"Tried\"\n%s", head, example);
    struct kad_policy *p = compile(kad_buf_str(&text));
    struct kad_example_result r;
    assert_int_equal(kad_dsl_example_count(p), 1);
    assert_str_equal(kad_dsl_example_name(p, 0), "Tried");
    assert_int_equal(kad_dsl_example_line(p, 0), 32);
    bool holds = kad_dsl_example_run(p, 0, NULL, &r);
    assert_int_equal(holds, r.n == 0);
    for (size_t i = 0; i < r.n; i++)
        kad_buf_printf(&b, "%d: %.*s\n", r.v[i].line - 32, KAD_STR_FMT(r.v[i].text));
    *ret_checked = r.checked;
    kad_dsl_example_done(&r);
    kad_policy_free(p);
    kad_buf_done(&text);
    return b;
}

static void assert_run(const char *example, size_t checked, const char *expected)
{
    size_t n;
    struct kad_buf b = run(example, &n);
    assert_string_equal(kad_buf_str(&b), expected);
    assert_int_equal(n, checked);
    kad_buf_done(&b);
}

static void tasks_and_attributes_that_hold(void **state)
{
    (void)state;
    assert_run("    2021-02-01 start birth 1990-05-17, coach anna\n"
               "    2021-06-01 job extent 75 %\n"
               "    2021-06-03 visit\n"
               "    2021-06-16 visit\n"
               "    on 2021-06-10 expect care.visit due 2021-06-07 done\n"
               "                  expect care.visit due 2021-06-14 open\n"
               "                  expect care.visit due 2021-06-21 upcoming\n"
               "                  expect care.visit upcoming\n"
               "                  expect employed is yes\n"
               "                  expect extent is 75 %\n"
               "                  expect age is 31\n"
               "    on 2021-06-20 expect care.visit due 2021-06-21 is done\n"
               "                  expect care.visit due 2021-06-14 overdue\n"
               "    on 2021-05-31 expect extent is unknown\n"
               "                  expect birth is known\n"
               "                  expect employed is no\n"
               "                  expect no care.visit\n",
               13, "");
}

static void what_does_not_hold_is_said_with_what_there_is(void **state)
{
    (void)state;
    assert_run(
        "    2021-02-01 start birth 1990-05-17, coach anna\n"
        "    2021-06-01 job\n"
        "    2021-06-09 visit\n"
        "    on 2021-06-10 expect care.visit due 2021-06-07 done\n"
        "                  expect care.visit due 2021-06-08 open\n"
        "                  expect no care.visit\n"
        "                  expect employed is no\n"
        "                  expect extent is known\n"
        "    on 2021-05-10 expect care.visit open\n",
        6,
        "4: Expected “on 2021-06-10 expect care.visit due 2021-06-07 done”, but what there is of "
        "the task is: 2021-06-07 overdue, 2021-06-14 done, 2021-06-21 upcoming, 2021-06-30 "
        "upcoming.\n"
        "5: Expected “expect care.visit due 2021-06-08 open”, but what there is of the task is: "
        "2021-06-07 overdue, 2021-06-14 done, 2021-06-21 upcoming, 2021-06-30 upcoming.\n"
        "6: Expected “expect no care.visit”, but what there is of the task is: 2021-06-07 "
        "overdue, 2021-06-14 done, 2021-06-21 upcoming, 2021-06-30 upcoming.\n"
        "7: Expected “expect employed is no”, but it is yes.\n"
        "8: Expected “expect extent is known”, but it is unknown.\n"
        "9: Expected “on 2021-05-10 expect care.visit open”, but there is no such task.\n");
}

static void refusals(void **state)
{
    (void)state;
    assert_run("    2021-02-01 start birth 2004-05-17, coach anna\n"
               "    2021-06-01 job refused \"64 years\"\n"
               "    2022-06-01 job\n"
               "    on 2021-06-10 expect employed is no\n"
               "    on 2022-06-10 expect employed is yes\n",
               3, "");
    assert_run(
        "    2021-02-01 start birth 2004-05-17, coach anna\n"
        "    2021-06-01 job\n"
        "    2021-06-02 job refused \"nothing like it\"\n"
        "    2023-06-01 job refused \"64 years\"\n",
        2,
        "2: The event is refused: “18 to 64 years” (line 19; age is 17).\n"
        "3: The event should be refused with “nothing like it”, but it is refused with “18 to 64 "
        "years”.\n"
        "4: The event should be refused with “64 years”, but it is accepted.\n");
}

static void the_first_event_of_a_subject(void **state)
{
    (void)state;
    assert_run("    2021-06-01 visit of C-7\n"
               "    2021-06-01 start of C-8 birth 1990-05-17, coach anna\n"
               "    on 2021-06-10 expect employed of C-8 is no\n",
               1, "1: The first event of a subject of the kind `person_` is `start`.\n");
}

static void subjects_side_by_side(void **state)
{
    (void)state;
    assert_run("    2021-02-01 start birth 1990-05-17, coach anna\n"
               "    2021-02-01 start of C-2 birth 1980-05-17, coach anna\n"
               "    2021-03-01 job of C-2\n"
               "    2021-07-05 paper of eksjo\n"
               "    2021-03-01 meeting of programme\n"
               "    on 2021-07-06 expect employed is no\n"
               "                  expect employed of C-2 is yes\n"
               "                  expect papers of eksjo due 2021-07-31 done\n"
               "                  expect papers of aneby due 2021-07-31 open\n"
               "                  expect no papers of aneby due 2021-08-31\n"
               "                  expect meetings due 2021-12-31 done\n"
               "                  expect meetings of programme due 2021-12-31 done\n",
               7, "");
}

static void recorded_late_is_told_to_nobody(void **state)
{
    (void)state;
    assert_run("    2021-02-01 start birth 1990-05-17, coach anna\n"
               "    2021-06-01 job recorded 2021-07-13\n"
               "    on 2021-07-20 expect care.visit due 2021-06-07 untold\n",
               1, "");
    /* What is written later may have been recorded earlier. */
    assert_run("    2021-06-01 job recorded 2021-07-13\n"
               "    2021-02-01 start birth 1990-05-17, coach anna\n"
               "    on 2021-07-20 expect employed is yes\n",
               1, "");
}

static void corrections_and_withdrawals(void **state)
{
    (void)state;
    assert_run("    2021-02-01 start birth 1990-05-17, coach anna\n"
               "    2021-06-01 job extent 50 %\n"
               "    2021-06-01 job corrected to 2021-06-08 recorded 2021-06-20\n"
               "    2021-06-08 job corrected to extent 75 %\n"
               "    on 2021-06-05 expect employed is no\n"
               "    on 2021-06-20 expect care.visit due 2021-06-14 overdue\n"
               "                  expect extent is 75 %\n"
               "                  expect no care.visit due 2021-06-07\n",
               4, "");
    assert_run("    2021-02-01 start birth 1990-05-17, coach anna\n"
               "    2021-06-01 job extent 50 %\n"
               "    2021-06-01 job corrected to 2021-06-08 extent 25 %\n"
               "    2021-06-08 job withdrawn recorded 2021-07-01\n"
               "    on 2021-07-20 expect employed is no\n"
               "                  expect extent is unknown\n"
               "                  expect no care.visit\n",
               3, "");
}

static void done_late(void **state)
{
    (void)state;
    assert_run(
        "    from 2021-03-01\n"
        "    2021-08-02 paper of aneby\n"
        "    2021-07-02 paper of eksjo\n"
        "    on 2021-08-10 expect papers of aneby due 2021-07-31 done late\n"
        "                  expect papers of aneby due 2021-07-31 done\n"
        "                  expect papers of eksjo due 2021-07-31 done late\n",
        3,
        "6: Expected “expect papers of eksjo due 2021-07-31 done late”, but what there is of "
        "the task is: 2021-07-31 done.\n");
}

/* From 1 January of the year of the first day, or from the day that the example says. */
static void in_force_from_when(void **state)
{
    (void)state;
    assert_run("    2021-07-05 paper of eksjo\n"
               "    on 2021-07-06 expect papers of eksjo due 2021-01-31 overdue\n"
               "                  expect papers of eksjo due 2021-07-31 done\n",
               2, "");
    assert_run("    from 2021-03-01\n"
               "    2021-07-05 paper of eksjo\n"
               "    on 2021-07-06 expect no papers of eksjo due 2021-01-31\n"
               "                  expect papers of eksjo due 2021-07-31 done\n",
               2, "");
}

/* What tells of a task comes after it opened and before it is done, dropped or closed. */
static void reminders_and_escalations_are_expected_by_their_days(void **state)
{
    static const char notices[] = "role boss \"Boss\"\n"
                                  "task call \"Call\"\n"
                                  "    when job due 2 weeks after\n"
                                  "    done by visit\n"
                                  "    until job_ended\n"
                                  "    remind 3 days before due\n"
                                  "    escalate to boss 2 days after due\n"
                                  "task brief\n"
                                  "    when job due 2 days after\n"
                                  "    closes 2 days after due\n"
                                  "    done by visit\n"
                                  "    escalate to boss 2 days after due\n";
    (void)state;
#define START "    2021-06-01 start birth 1990-01-01, coach anna\n"
#define JOB START "    2021-06-01 job\n"
#define EXPECT(day, what) "    on " day " expect call due 2021-06-15 " what "\n"
    static const struct {
        const char *story, *failure; /* NULL: it holds */
    } all[] = {
        {JOB EXPECT("2021-06-11", "not reminded") EXPECT("2021-06-12", "reminded")
             EXPECT("2021-06-16", "not escalated") EXPECT("2021-06-17", "is escalated"),
         NULL},
        /* Done on the day of the reminder: nothing is left to remind of. */
        {JOB "    2021-06-12 visit\n" EXPECT("2021-12-31", "not reminded"), NULL},
        {JOB "    2021-06-13 visit\n" EXPECT("2021-12-31", "reminded")
             EXPECT("2021-12-31", "not escalated"),
         NULL},
        {JOB "    2021-06-17 visit\n" EXPECT("2021-12-31", "not escalated"), NULL},
        {JOB "    2021-06-16 job_ended\n" EXPECT("2021-12-31", "reminded")
             EXPECT("2021-12-31", "not escalated"),
         NULL},
        {JOB "    2021-06-18 job_ended\n" EXPECT("2021-12-31", "escalated"), NULL},
        /* Escalated on the day it closes. */
        {JOB "    on 2021-12-31 expect brief due 2021-06-03 escalated\n"
             "    on 2021-06-05 expect brief due 2021-06-03 escalated\n",
         NULL},
        {JOB "    2021-06-10 job_ended\n" EXPECT("2021-12-31", "not reminded"), NULL},
        /* Known too late for the reminder; and so late that it is escalated at once. */
        {START "    2021-06-01 job recorded 2021-06-13\n" EXPECT("2021-06-14", "not reminded")
             EXPECT("2021-06-17", "escalated"),
         NULL},
        {START "    2021-06-01 job recorded 2021-06-20\n" EXPECT("2021-06-19", "not escalated")
             EXPECT("2021-06-20", "escalated"),
         NULL},
        {JOB EXPECT("2021-06-11", "reminded"),
         "Expected “on 2021-06-11 expect call due 2021-06-15 reminded”, but what there is of the "
         "task is: 2021-06-15 open. Its days for that: 2021-06-12."},
        {JOB EXPECT("2021-06-20", "not escalated"),
         "Expected “on 2021-06-20 expect call due 2021-06-15 not escalated”, but what there is of "
         "the task is: 2021-06-15 overdue. Its days for that: 2021-06-17."},
        {"    on 2021-12-31 expect meetings due 2021-12-31 reminded\n", NULL},
        {"    on 2021-12-31 expect meetings due 2021-12-31 escalated\n",
         "Expected “on 2021-12-31 expect meetings due 2021-12-31 escalated”, but what there is of "
         "the task is: 2021-12-31 open. It has no day for that."},
        {"    on 2021-12-31 expect meetings due 2021-12-30 not reminded\n",
         "Expected “on 2021-12-31 expect meetings due 2021-12-30 not reminded”, but what there is "
         "of the task is: 2021-12-31 open. It has no day for that."},
    };
    for (size_t i = 0; i < LEN(all); i++) {
        struct kad_buf text = {0};
        struct kad_example_result r;
        kad_buf_printf(&text, "%s%sexample \"Tried\"\n%s", head, notices, all[i].story);
        struct kad_policy *p = compile(kad_buf_str(&text));
        bool holds = kad_dsl_example_run(p, 0, NULL, &r);
        if (holds != (all[i].failure == NULL) || r.n > 1 ||
            (r.n == 1 && !kad_str_eq(r.v[0].text, kad_str(all[i].failure))))
            fail_msg("%s\n%.*s", all[i].story, KAD_STR_FMT(r.n ? r.v[0].text : KAD_STR("holds")));
        kad_dsl_example_done(&r);
        kad_policy_free(p);
        kad_buf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_and_attributes_that_hold),
        cmocka_unit_test(what_does_not_hold_is_said_with_what_there_is),
        cmocka_unit_test(refusals),
        cmocka_unit_test(the_first_event_of_a_subject),
        cmocka_unit_test(subjects_side_by_side),
        cmocka_unit_test(recorded_late_is_told_to_nobody),
        cmocka_unit_test(corrections_and_withdrawals),
        cmocka_unit_test(done_late),
        cmocka_unit_test(in_force_from_when),
        cmocka_unit_test(reminders_and_escalations_are_expected_by_their_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

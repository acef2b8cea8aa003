/* The fine print of the rule language (docs/language.md): each sentence is a test named after it, on
 * the real derivation, with rules as an administrator would write them. Here is what is about
 * tasks and runs; the rest stands in test_fineprint_times. What is only about days and windows
 * stands in test_calendar, test_workday and test_window. */
#include "tests/unit/fineprint.h"

#define EXTENDED                                                                                   \
    "cadence aftercare\n"                                                                          \
    "    from job\n"                                                                               \
    "    month 1  visit once\n"                                                                    \
    "    extended by extended.to call once a month\n"                                              \
    "    until job_ended\n"

/* --- tasks --- */

static void clauses_of_a_task_hold_for_every_when_in_it(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          "policy p\n    language en\n    calendar sweden\n" FOLLOW WORDS "task exit\n"
          "    when discharge where reason in (work, studies)  due 3 months after\n"
          "    when discharge otherwise                        due the same day\n"
          "    moved to next working day\n"
          "    done by exited\n"
          "    until call\n"
          "    for coach\n",
          NULL);
    tell(&t, "2021-01-05 start coach=anna");
    tell(&t, "2021-02-13 discharge reason=work");   /* seq 3 */
    tell(&t, "2021-02-14 discharge reason=health"); /* seq 4, a Sunday */
    see(&t, "2021-02-14", "exit/3", "2021-02-13 2021-05-14 - open");
    see(&t, "2021-02-14", "exit/4", "2021-02-14 2021-02-15 - open");
    assert_str_equal(find_instance(&t, "2021-02-14", "exit/3")->owner, "anna");
    assert_str_equal(find_instance(&t, "2021-02-14", "exit/4")->owner, "anna");
    tell(&t, "2021-02-15 call");
    see(&t, "2021-02-15", "exit/3", "2021-02-13 2021-05-14 - dropped");
    see(&t, "2021-02-15", "exit/4", "2021-02-14 2021-02-15 - dropped");
}

static void the_same_task_name_in_two_policy_versions_is_one_task(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "task follow_up \"Follow up\"\n    when job due 30 days after\n"
                            "    done by visit\n",
          NULL);
    adopt(&t, "2021-03-01",
          HEAD FOLLOW WORDS "task follow_up \"Other label\"\n    when job due 10 days after\n"
                            "    done by visit\n",
          NULL);
    tell(&t, "2021-02-20 job"); /* seq 3: due 22 March, by the old rules */
    tell(&t, "2021-03-05 job"); /* seq 4: due 15 March, by the new */
    tell(&t, "2021-03-06 visit");
    see(&t, "2021-03-06", "follow_up/4", "2021-03-05 2021-03-15 - done");
    see(&t, "2021-03-06", "follow_up/3", "2021-02-20 2021-03-22 - open"); /* one visit does one */
}

/* --- how runs end --- */

static void until_and_a_new_anchor_reach_only_instances_whose_anchor_stands_before_them(
    void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    tell(&t, "2021-03-01 job_ended"); /* seq 2 */
    tell(&t, "2021-03-01 job");       /* seq 3, the same day but behind it in the story */
    see(&t, "2021-03-02", "aftercare.visit/3/m1.w1", "2021-03-01 2021-03-07 2021-03-31 open");
    tell(&t, "2021-03-10 job"); /* seq 4 ends the run of 3, not its own */
    see(&t, "2021-03-10", "aftercare.visit/3/m1.w2", "2021-03-08 2021-03-14 2021-03-31 dropped");
    see(&t, "2021-03-10", "aftercare.visit/4/m1.w1", "2021-03-10 2021-03-16 2021-04-09 open");
    tell(&t, "2021-03-05 job_ended"); /* seq 5, told late: it stands before 4 and after 3 */
    see(&t, "2021-03-10", "aftercare.visit/3/m1.w1", "2021-03-01 2021-03-07 2021-03-31 dropped");
    see(&t, "2021-03-10", "aftercare.visit/4/m1.w1", "2021-03-10 2021-03-16 2021-04-09 open");
    assert_int_equal(find_instance(&t, "2021-03-10", "aftercare.visit/3/m2.1of2")->dropped_by, 5);
}

static void which_events_end_a_run_is_said_by_the_policy_the_instance_belongs_to(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    adopt(&t, "2021-04-01",
          HEAD FOLLOW WORDS "cadence aftercare\n    from job\n    month 1  visit every week\n"
                            "    month 2  visit 2 times\n    until discharge\n",
          NULL);
    tell(&t, "2021-03-10 job"); /* seq 3: month 2 begins on 10 April, by the new rules */
    tell(&t, "2021-03-12 job_ended");
    see(&t, "2021-04-30", "aftercare.visit/3/m1.w1", "2021-03-10 2021-03-16 2021-04-09 dropped");
    see(&t, "2021-04-30", "aftercare.visit/3/m2.1of2", "2021-04-10 2021-04-24 2021-05-09 overdue");
    tell(&t, "2021-05-01 discharge reason=work");
    see(&t, "2021-05-01", "aftercare.visit/3/m2.2of2", "2021-04-25 2021-05-09 2021-05-09 dropped");
    see(&t, "2021-05-01", "aftercare.visit/3/m2.1of2", "2021-04-10 2021-04-24 2021-05-09 missed");
}

static void an_event_that_does_the_task_counts_only_if_it_stands_before_the_ending_one(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    tell(&t, "2021-03-01 job seq 10");
    tell(&t, "2021-03-03 job_ended seq 20");
    tell(&t, "2021-03-03 visit seq 21");
    see(&t, "2021-03-03", "aftercare.visit/10/m1.w1", "2021-03-01 2021-03-07 2021-03-31 dropped");
    tell(&t, "2021-03-03 correct 20 on=2021-03-04");
    see(&t, "2021-03-04", "aftercare.visit/10/m1.w1", "2021-03-01 2021-03-07 2021-03-31 done");
}

static void an_open_ended_run_has_no_windows_after_its_end(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "cadence support\n    from job\n"
                            "    from month 1 onwards  visit once a month\n    until job_ended\n",
          NULL);
    tell(&t, "2021-03-01 job"); /* seq 2 */
    t.horizon = 100;
    see_all(&t, "2021-03-10", "support.visit",
            "2021-03-31 open, 2021-04-30 upcoming, 2021-05-31 upcoming, 2021-06-30 upcoming");
    tell(&t, "2021-04-05 job_ended");
    see_all(&t, "2021-04-10", "support.visit", "2021-03-31 missed, 2021-04-30 dropped");
}

static void a_finite_run_shows_the_windows_after_its_end_as_dropped(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    tell(&t, "2021-03-01 job");
    tell(&t, "2021-03-15 job_ended");
    see_all(&t, "2021-03-15", "aftercare.visit",
            "2021-03-07 missed, 2021-03-14 missed, 2021-03-21 dropped, 2021-03-31 dropped, "
            "2021-04-15 dropped, 2021-04-30 dropped");
}

/* --- another policy --- */

static void a_policy_change_inside_a_month_leaves_the_open_window_and_adds_the_new_ones(
    void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS THREE_TIMES, NULL);
    adopt(&t, "2021-03-13", HEAD FOLLOW WORDS TWICE, NULL);
    tell(&t, "2021-03-01 job"); /* 3 times: 1, 11, 21 March; 2 times: 1 and 16 March */
    see(&t, "2021-03-20", "aftercare.visit/3/m1.1of3", "2021-03-01 2021-03-10 2021-03-31 overdue");
    see(&t, "2021-03-20", "aftercare.visit/3/m1.2of3", "2021-03-11 2021-03-20 2021-03-31 open");
    see(&t, "2021-03-20", "aftercare.visit/3/m1.3of3", "none");
    see(&t, "2021-03-20", "aftercare.visit/3/m1.1of2", "none");
    see(&t, "2021-03-20", "aftercare.visit/3/m1.2of2", "2021-03-16 2021-03-31 2021-03-31 open");
}

static void under_keep_a_run_stays_with_the_policy_of_its_anchor(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD KEEP WORDS THREE_TIMES, NULL);
    adopt(&t, "2021-03-13", HEAD KEEP WORDS TWICE, NULL);
    tell(&t, "2021-03-01 job");
    see_all(&t, "2021-03-20", "aftercare.visit",
            "2021-03-10 overdue, 2021-03-20 open, 2021-03-31 upcoming");
}

/* --- extensions --- */

static void extension_windows_run_to_the_latest_date_any_extension_named(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS EXTENDED, NULL);
    tell(&t, "2021-03-01 job");
    see_all(&t, "2021-03-10", "aftercare.call", "none");
    tell(&t, "2021-03-10 extended to=2021-05-15");
    see_all(&t, "2021-03-10", "aftercare.call", "2021-04-30 upcoming, 2021-05-31 upcoming");
    tell(&t, "2021-04-10 extended to=2021-04-15"); /* earlier: takes nothing back */
    see_all(&t, "2021-04-10", "aftercare.call", "2021-04-30 open, 2021-05-31 upcoming");
    tell(&t, "2021-04-20 extended to=2021-06-01"); /* the last window opens on that day */
    see_all(&t, "2021-04-20", "aftercare.call",
            "2021-04-30 open, 2021-05-31 upcoming, 2021-06-30 upcoming");
}

static void only_extensions_between_anchor_and_end_of_the_run_count(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS EXTENDED, NULL);
    tell(&t, "2021-02-20 extended to=2021-12-31");
    tell(&t, "2021-03-01 job");
    tell(&t, "2021-03-20 job_ended");
    tell(&t, "2021-03-21 extended to=2021-12-31");
    see_all(&t, "2021-03-25", "aftercare.call", "none");
    tell(&t, "2021-03-05 extended to=2021-04-30");
    see_all(&t, "2021-03-25", "aftercare.call", "2021-04-30 dropped");
}

static void extension_windows_are_opened_by_the_first_extension_that_reaches_them(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS EXTENDED, NULL);
    tell(&t, "2021-03-01 job"); /* seq 2 */
    tell(&t, "2021-03-20 extended to=2021-04-30");
    tell(&t, "2021-03-25 extended to=2021-05-31 recorded 2021-06-20");
    /* The April window was told in time, that of May only when it had closed. */
    see(&t, "2021-06-20", "aftercare.call/2/m2.1of1", "2021-04-01 2021-04-30 2021-04-30 missed");
    see(&t, "2021-06-20", "aftercare.call/2/m3.1of1", "2021-05-01 2021-05-31 2021-05-31 untold");
}

/* --- who is first --- */

static void equal_due_days_the_earlier_opening_goes_first(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "task look\n    when job where extent at least 50 % due 9 days after\n"
                            "    when job otherwise due 10 days after\n    done by visit\n",
          NULL);
    tell(&t, "2021-03-02 job extent=50%"); /* seq 2: due on the 11th */
    tell(&t, "2021-03-01 job extent=10%"); /* seq 3: due on the 11th, opened before */
    tell(&t, "2021-03-03 visit");
    see(&t, "2021-03-03", "look/3", "2021-03-01 2021-03-11 - done");
    see(&t, "2021-03-03", "look/2", "2021-03-02 2021-03-11 - open");
}

static void equal_due_days_then_the_anchors_place_in_the_story(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "task look\n    when job due 10 days after\n    done by visit\n", NULL);
    tell(&t, "2021-03-01 job seq 9");
    tell(&t, "2021-03-01 job seq 10"); /* "look/10" stands before "look/9" in the alphabet */
    tell(&t, "2021-03-03 visit");
    see(&t, "2021-03-03", "look/9", "2021-03-01 2021-03-11 - done");
    see(&t, "2021-03-03", "look/10", "2021-03-01 2021-03-11 - open");
}

/* Windows of one run share a day only where there are more of them than days, which no phase may
 * have; so the rule is put together by hand. */
static void equal_due_days_then_the_occurrence(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    t.policies[0]->rules[0].phases[1].shape.n = 60; /* in month 2 */
    tell(&t, "2021-03-01 job");                     /* seq 2 */
    tell(&t, "2021-04-01 visit");
    see(&t, "2021-04-01", "aftercare.visit/2/m2.1of60", "2021-04-01 2021-04-01 2021-04-30 done");
    see(&t, "2021-04-01", "aftercare.visit/2/m2.2of60", "2021-04-01 2021-04-01 2021-04-30 open");
    tell(&t, "2021-04-10 visit"); /* the 19th and 20th: by number, not by alphabet */
    see(&t, "2021-04-10", "aftercare.visit/2/m2.19of60", "2021-04-10 2021-04-10 2021-04-30 done");
    tell(&t, "2021-04-05 visit");
    see(&t, "2021-04-10", "aftercare.visit/2/m2.9of60", "2021-04-05 2021-04-05 2021-04-30 done");
    see(&t, "2021-04-10", "aftercare.visit/2/m2.10of60",
        "2021-04-05 2021-04-05 2021-04-30 overdue");
}

static void late_is_true_only_of_what_is_done(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    tell(&t, "2021-03-01 job");
    tell(&t, "2021-03-08 visit"); /* does week 2; week 1 stays undone */
    tell(&t, "2021-03-09 visit"); /* makes good week 1 */
    see(&t, "2021-03-09", "aftercare.visit/2/m1.w2", "2021-03-08 2021-03-14 2021-03-31 done");
    see(&t, "2021-03-09", "aftercare.visit/2/m1.w1", "2021-03-01 2021-03-07 2021-03-31 done late");
    see(&t, "2021-03-22", "aftercare.visit/2/m1.w3", "2021-03-15 2021-03-21 2021-03-31 overdue");
    see(&t, "2021-04-01", "aftercare.visit/2/m1.w3", "2021-03-15 2021-03-21 2021-03-31 missed");
}

/* --- duties --- */

static void duties_belong_to_the_policy_in_force_on_their_opening_day(void **state)
{
    (void)state;
    t.subject = KAD_STR("eksjo");
    t.kind = KAD_STR("town");
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "duty certificate for each town\n    every half-year\n"
                            "    due 2 months after\n    done by certificate\n",
          NULL);
    adopt(&t, "2021-07-01",
          HEAD KEEP WORDS "duty certificate for each town\n    every half-year\n"
                          "    due 1 month after\n    done by certificate\n",
          NULL);
    see(&t, "2021-07-01", "certificate/2020-H2", "2021-01-01 2021-02-28 - overdue");
    /* A period under the old rules, opened under the new. */
    see(&t, "2021-07-01", "certificate/2021-H1", "2021-07-01 2021-07-31 - open");
    assert_int_equal(find_instance(&t, "2021-07-01", "certificate/2021-H1")->adoption->seq, 2);
}

static void an_instance_that_opened_keeps_its_opening(void **state)
{
    (void)state;
    t.subject = KAD_STR("eksjo");
    t.kind = KAD_STR("town");
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "duty certificate for each town\n    every half-year\n"
                            "    done by certificate\n",
          NULL);
    adopt(&t, "2021-04-01",
          HEAD FOLLOW WORDS "duty certificate for each town\n    every half-year\n"
                            "    due 1 month after\n    done by certificate\n",
          NULL);
    /* The new rules would open the first half-year again on 1 July. */
    see(&t, "2021-07-02", "certificate/2021-H1", "2021-01-01 2021-06-30 2021-06-30 missed");
    see_all(&t, "2021-07-02", "certificate", "2021-06-30 missed");
    see(&t, "2022-01-02", "certificate/2021-H2", "2022-01-01 2022-01-31 - open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(clauses_of_a_task_hold_for_every_when_in_it),
        TEST(the_same_task_name_in_two_policy_versions_is_one_task),
        TEST(until_and_a_new_anchor_reach_only_instances_whose_anchor_stands_before_them),
        TEST(which_events_end_a_run_is_said_by_the_policy_the_instance_belongs_to),
        TEST(an_event_that_does_the_task_counts_only_if_it_stands_before_the_ending_one),
        TEST(an_open_ended_run_has_no_windows_after_its_end),
        TEST(a_finite_run_shows_the_windows_after_its_end_as_dropped),
        TEST(a_policy_change_inside_a_month_leaves_the_open_window_and_adds_the_new_ones),
        TEST(under_keep_a_run_stays_with_the_policy_of_its_anchor),
        TEST(extension_windows_run_to_the_latest_date_any_extension_named),
        TEST(only_extensions_between_anchor_and_end_of_the_run_count),
        TEST(extension_windows_are_opened_by_the_first_extension_that_reaches_them),
        TEST(equal_due_days_the_earlier_opening_goes_first),
        TEST(equal_due_days_then_the_anchors_place_in_the_story),
        TEST(equal_due_days_then_the_occurrence),
        TEST(late_is_true_only_of_what_is_done),
        TEST(duties_belong_to_the_policy_in_force_on_their_opening_day),
        TEST(an_instance_that_opened_keeps_its_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

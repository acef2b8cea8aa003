/* Reminders and escalations (docs/language.md, "remind and escalate"): on which days each task is told
 * of, and to whom. */
#include "core/notice.h"
#include "tests/unit/fineprint.h"

#define SWEDEN "policy p\n    language en\n    calendar sweden\n"
#define EXIT                                                                                       \
    "task exit\n    when discharge where reason in (work, studies)  due 3 months after\n"          \
    "    when discharge otherwise                        due the same day\n"                       \
    "    done by exited\n    for coach\n"

/* "2021-05-28 14d, 2021-06-18 5d:boss" */
static void see_notices(const char *day, const char *id, const char *expected)
{
    const struct kad_instance *i = find_instance(&t, day, id);
    const struct kad_notice *v;
    struct kad_buf b = {0};
    assert_non_null(i);
    size_t n = kad_notices_of(&t.arena, i, &v);
    for (size_t k = 0; k < n; k++) {
        char text[KAD_DAY_TEXT];
        struct kad_str key = kad_notice_key(&t.arena, i, &v[k]);
        kad_buf_printf(&b, "%s%s %.*s", k > 0 ? ", " : "", kad_day_text(v[k].day, text),
                       KAD_STR_FMT(key));
    }
    assert_string_equal(kad_buf_str(&b), expected);
    kad_buf_done(&b);
}

static void days_are_counted_from_the_due_day_as_it_was_moved(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          SWEDEN FOLLOW WORDS EXIT "    moved to next working day\n"
                                   "    escalate to boss 20 working days after due\n"
                                   "    remind 14 days before due\n"
                                   "    remind 0 days before due\n"
                                   "    remind 3 working days before due\n"
                                   "    escalate to boss 5 days after due\n",
          NULL);
    tell(&t, "2021-01-05 start coach=anna");
    tell(&t, "2021-02-13 discharge reason=work"); /* due on Ascension: moved to Friday 14 May */
    see(&t, "2021-02-14", "exit/3", "2021-02-13 2021-05-14 - open");
    /* Monday, for Thursday is the holiday: Wednesday, Tuesday, Monday. */
    see_notices("2021-02-14", "exit/3",
                "2021-04-30 14d, 2021-05-10 3wd, 2021-05-14 0d, 2021-05-19 5d:boss, "
                "2021-06-11 20wd:boss");
}

static void without_lines_nothing_is_told(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", SWEDEN FOLLOW WORDS EXIT, NULL);
    tell(&t, "2021-01-05 start coach=anna");
    tell(&t, "2021-02-13 discharge reason=work");
    see_notices("2021-02-14", "exit/3", "");
}

static void what_opens_later_is_reminded_of_when_it_opens_and_once(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          SWEDEN FOLLOW WORDS EXIT "    remind 14 days before due\n    remind 3 days before due\n"
                                   "    remind 1 day before due\n"
                                   "    escalate to boss 1 day after due\n",
          NULL);
    tell(&t, "2021-01-05 start coach=anna");
    tell(&t, "2021-02-15 discharge reason=health"); /* due the same day */
    see_notices("2021-02-15", "exit/3", "2021-02-15 1d, 2021-02-16 1d:boss");
}

static void two_on_one_day_are_one(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          SWEDEN FOLLOW WORDS "role chief\n" EXIT
                              "    remind 3 days before due\n    remind 3 working days before due\n"
                              "    escalate to boss 1 day after due\n"
                              "    escalate to chief 1 day after due\n"
                              "    escalate to boss 1 working day after due\n",
          NULL);
    tell(&t, "2021-01-05 start coach=anna");
    tell(&t, "2021-01-20 discharge reason=work"); /* due Tuesday 20 April */
    tell(&t, "2021-01-22 discharge reason=work"); /* due Thursday 22 April */
    see_notices("2021-02-01", "exit/3",
                "2021-04-15 3wd, 2021-04-17 3d, 2021-04-21 1d:boss, 2021-04-21 1d:chief");
    see_notices("2021-02-01", "exit/4", "2021-04-19 3d, 2021-04-23 1d:boss, 2021-04-23 1d:chief");
}

static void what_has_closed_is_not_escalated(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          SWEDEN FOLLOW WORDS AFTERCARE "    remind 2 days before due\n"
                                        "    escalate to boss 5 days after due\n"
                                        "    escalate to boss 24 days after due\n",
          NULL);
    tell(&t, "2021-01-05 start coach=anna");
    tell(&t, "2021-03-01 job");
    see_notices("2021-03-01", "aftercare.visit/3/m1.w1",
                "2021-03-05 2d, 2021-03-12 5d:boss, 2021-03-31 24d:boss");
    see_notices("2021-03-01", "aftercare.visit/3/m1.w2", "2021-03-12 2d, 2021-03-19 5d:boss");
    see_notices("2021-03-01", "aftercare.visit/3/m1.w4", "2021-03-29 2d");
    see_notices("2021-03-01", "aftercare.visit/3/m2.2of2", "2021-04-28 2d");
}

static void a_task_due_before_it_opened_is_escalated_and_not_reminded_of(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          SWEDEN FOLLOW WORDS "task exit\n    when discharge due 5 days before until_day\n"
                              "    done by exited\n    remind 1 day before due\n"
                              "    escalate to boss 2 days after due\n",
          NULL);
    tell(&t, "2021-01-05 start to=2021-02-01");
    tell(&t, "2021-02-20 discharge reason=work");
    see(&t, "2021-02-20", "exit/3", "2021-02-20 2021-01-27 - overdue");
    see_notices("2021-02-20", "exit/3", "2021-02-20 2d:boss");
}

static void duties_are_told_of_as_well(void **state)
{
    (void)state;
    tale_end(&t);
    tale_begin(&t, kad_dsl_compile_fn, "eksjo", "town");
    adopt(&t, "2021-01-01",
          SWEDEN FOLLOW WORDS "duty paper for each town\n    every half-year\n"
                              "    due 1 month after\n    done by certificate\n"
                              "    remind 7 days before due\n"
                              "    escalate to boss 14 days after due\n",
          NULL);
    see_notices("2021-07-01", "paper/2021-H1", "2021-07-24 7d, 2021-08-14 14d:boss");
}

static void an_instance_is_told_of_as_its_own_text_says(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", SWEDEN FOLLOW WORDS EXIT "    remind 14 days before due\n", NULL);
    adopt(&t, "2021-03-01",
          SWEDEN FOLLOW "role chief\n" WORDS EXIT "    remind 7 days before due\n"
                        "    escalate to boss 1 day after due\n",
          NULL);
    tell(&t, "2021-01-05 start coach=anna");
    tell(&t, "2021-02-10 discharge reason=work");
    tell(&t, "2021-03-10 discharge reason=work");
    see_notices("2021-03-10", "exit/4", "2021-04-26 14d");
    see_notices("2021-03-10", "exit/5", "2021-06-03 7d, 2021-06-11 1d:boss");
}

static void only_what_is_open_is_reminded_of_and_what_is_overdue_escalated(void **state)
{
    (void)state;
    for (int s = 0; s < KAD_S__COUNT; s++) {
        assert_int_equal(kad_notice_wanted(KAD_NOTICE_REMIND, (enum kad_state)s), s == KAD_S_OPEN);
        assert_int_equal(kad_notice_wanted(KAD_NOTICE_ESCALATE, (enum kad_state)s),
                         s == KAD_S_OVERDUE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(days_are_counted_from_the_due_day_as_it_was_moved),
        TEST(without_lines_nothing_is_told),
        TEST(what_opens_later_is_reminded_of_when_it_opens_and_once),
        TEST(two_on_one_day_are_one),
        TEST(what_has_closed_is_not_escalated),
        TEST(a_task_due_before_it_opened_is_escalated_and_not_reminded_of),
        TEST(duties_are_told_of_as_well),
        TEST(an_instance_is_told_of_as_its_own_text_says),
        TEST(only_what_is_open_is_reminded_of_and_what_is_overdue_escalated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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

/* --- what check warns of --- */

static bool said(const struct kad_diags *d, int code)
{
    for (size_t i = 0; i < d->n; i++)
        if ((int)d->v[i].code == code)
            return true;
    return false;
}

/* Of every instance the rule opens in two years: does some reminder come as written, is one escalated,
 * is each that closes last escalated? */
struct found {
    size_t n;
    bool early, never, last; /* what the warnings say, found by trying */
};

static void look(struct found *f, const struct kad_policy *p, kad_day opens, kad_day due,
                 kad_day closes)
{
    struct kad_instance i = {.policy = p, .opens = opens, .due = due, .closes = closes};
    const struct kad_notice *v;
    size_t n = kad_notices_of(&t.arena, &i, &v);
    bool escalated = false;
    for (size_t k = 0; k < n; k++) {
        bool as_written = v[k].day == kad_notice_day(&p->calendar, v[k].def, due);
        f->early =
            f->early && (v[k].kind == KAD_NOTICE_ESCALATE || !as_written || v[k].day == opens);
        escalated = escalated || v[k].kind == KAD_NOTICE_ESCALATE;
    }
    f->never = f->never && !escalated;
    f->last = f->last || (due == closes && !escalated);
    f->n++;
}

static void set_days(const struct kad_policy *p, struct kad_window *w)
{
    w->due = kad_move_day(&p->calendar, w->due, p->rules[0].move);
    if (w->closes != KAD_DAY_NONE && w->closes < w->due)
        w->closes = w->due;
}

static struct found try_rule(const struct kad_policy *p)
{
    const struct kad_rule *r = &p->rules[0];
    struct found f = {.early = true, .never = true};
    for (kad_day day = kad_day_of(2020, 1, 1); day < kad_day_of(2022, 1, 1); day++) {
        struct kad_window w;
        kad_arena_reset(&t.arena);
        for (int32_t k = 0; r->kind == KAD_RULE_CADENCE && k < 30; k++)
            if (kad_phase_window(day, &r->phases[0].shape, k, &w)) {
                set_days(p, &w);
                look(&f, p, w.opens, w.due, w.closes);
            }
        for (int32_t k = 0; r->kind == KAD_RULE_DUTY && k < r->cycle.times; k++)
            if (kad_cycle_window(&r->cycle, kad_cycle_index(&r->cycle, day), k, &w)) {
                if (r->has_due) {
                    kad_day first = day + 1;
                    w = (struct kad_window){.opens = first,
                                            .closes = KAD_DAY_NONE,
                                            .due = kad_add(NULL, first, r->due.n, r->due.unit) - 1};
                }
                set_days(p, &w);
                look(&f, p, w.opens, w.due, w.closes);
            }
        if (r->kind != KAD_RULE_TASK)
            continue;
        w = (struct kad_window){
            .opens = day,
            .closes = KAD_DAY_NONE,
            .due = kad_add(&p->calendar, day, r->whens[0].due.n, r->whens[0].due.unit)};
        set_days(p, &w);
        look(&f, p, w.opens, w.due, w.closes);
    }
    return f;
}

/* Whatever is warned of is so on every day of two years, one of them a leap year. */
static void what_is_warned_of_is_certain(void **state)
{
    static const char *const rules[] = {
        "cadence c\n    from job\n    month 1  visit every week\n",
        "cadence c\n    from job\n    months 2 to 3  visit every 3 weeks\n",
        "cadence c\n    from job\n    month 2  visit 2 times\n",
        "cadence c\n    from job\n    months 1 to 2  visit 5 times\n",
        "cadence c\n    from job\n    months 1 to 3  visit once\n",
        "cadence c\n    from job\n    months 2 to 4  visit 2 times a month\n",
        "cadence c\n    from job\n    weeks 2 to 5  visit 3 times\n",
        "cadence c\n    from job\n    week 1  visit every week\n",
        "cadence c\n    from job\n    months 1 to 2  visit every calendar week\n",
        "cadence c\n    from job\n    from month 1 onwards  visit every 2 weeks\n",
        "cadence c\n    from job\n    from month 1 onwards  visit once a month\n",
        "task c\n    when job  due the same day\n    done by visit\n",
        "task c\n    when job  due 20 days after\n    done by visit\n",
        "task c\n    when job  due 9 working days after\n    done by visit\n",
        "task c\n    when job  due 1 month after\n    done by visit\n",
        "duty c for each client\n    every month\n    done by visit\n",
        "duty c for each client\n    every month 2 times\n    done by visit\n",
        "duty c for each client\n    every 3 weeks from 2019-01-07\n    done by visit\n",
        "duty c for each client\n    every quarter\n    due 2 weeks after\n    done by visit\n",
    };
    static const char *const moves[] = {"", "    moved to next working day\n",
                                        "    moved to previous working day\n"};
    size_t early = 0, never = 0, last = 0;
    (void)state;
    for (size_t i = 0; i < LEN(rules) * LEN(moves); i++)
        for (int n = 1; n < 70; n += n < 40 ? 5 : 13) {
            char text[4000];
            struct kad_diags d;
            const char *unit = n % 2 ? "days" : "working days";
            snprintf(text, sizeof text,
                     SWEDEN FOLLOW WORDS "%s%s    remind %d %s before due\n"
                                         "    escalate to boss %d %s after due\n",
                     rules[i / LEN(moves)], moves[i % LEN(moves)], n, unit, n, unit);
            kad_diags_init(&d);
            struct kad_policy *p = kad_dsl_compile(kad_str(text), "p", &d);
            assert_non_null(p);
            struct found f = try_rule(p);
            assert_true(f.n > 0);
            if ((said(&d, 171) && !f.early) || (said(&d, 172) && !f.never) ||
                (said(&d, 173) && !f.last))
                fail_msg("not certain: %s", strstr(text, rules[i / LEN(moves)]));
            early += said(&d, 171);
            never += said(&d, 172);
            last += said(&d, 173);
            kad_policy_free(p);
            kad_diags_done(&d);
        }
    assert_true(early > 50 && never > 20 && last > 20);
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
        TEST(what_is_warned_of_is_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

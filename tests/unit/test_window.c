/* core/window.c: phases and their windows over every start day, and the periods of the calendar. */
#include <stdlib.h>

#include "tests/unit/days.h"

#define FIRST_START kad_day_of(2000, 3, 1) /* of the 400 years of start days */
#define M KAD_U_MONTH
#define W KAD_U_WEEK
#define WEEKLY(n) KAD_EVERY_WEEKS, n
#define TIMES(n) KAD_TIMES, n
#define A_MONTH(n) KAD_TIMES_MONTH, n
#define CALENDAR KAD_CALENDAR_WEEK, 1

static struct kad_window window(kad_day anchor, struct kad_phase p, int32_t i)
{
    struct kad_window w;
    if (!kad_phase_window(anchor, &p, i, &w))
        fail_msg("no window %d", i);
    return w;
}

static kad_day plain_month(kad_day anchor, int32_t k)
{
    struct kad_ymd d = plain_add_months(kad_ymd_of(anchor), k);
    return kad_day_of(d.year, d.month, d.day);
}

/* --- language.md, in its own words --- */

static void vectors_aftercare_from_2021_03_01(void **state)
{
    (void)state;
    static const struct {
        struct kad_phase p;
        const char *due[4];
        const char *occurrence[4];
    } phases[] = {
        {{M, 1, 1, WEEKLY(1)},
         {"2021-03-07", "2021-03-14", "2021-03-21", "2021-03-31"},
         {"m1.w1", "m1.w2", "m1.w3", "m1.w4"}},
        {{M, 2, 2, TIMES(2)}, {"2021-04-15", "2021-04-30"}, {"m2.1of2", "m2.2of2"}},
        {{M, 3, 3, TIMES(1)}, {"2021-05-31"}, {"m3.1of1"}},
        {{M, 4, 5, A_MONTH(1)}, {"2021-06-30", "2021-07-31"}, {"m4.1of1", "m5.1of1"}},
        {{M, 6, 6, TIMES(1)}, {"2021-08-31"}, {"m6.1of1"}},
    };
    kad_day anchor = day("2021-03-01");
    for (size_t k = 0; k < sizeof phases / sizeof *phases; k++) {
        int32_t n = kad_phase_count(anchor, &phases[k].p);
        for (int32_t i = 0; i < n; i++) {
            struct kad_window w = window(anchor, phases[k].p, i);
            assert_day(w.due, phases[k].due[i]);
            assert_string_equal(w.occurrence, phases[k].occurrence[i]);
        }
        assert_true(n == 4 || phases[k].due[n] == NULL);
    }
}

static void month_k_runs_from_its_day_to_the_day_before_the_next(void **state)
{
    (void)state;
    kad_day a = day("2021-01-31");
    struct kad_phase month = {M, 1, 1, TIMES(1)};
    assert_day(kad_phase_start(a, &month), "2021-01-31");
    assert_day(kad_phase_end(a, &month), "2021-02-27");
    month.first = month.last = 2;
    assert_day(kad_phase_start(a, &month), "2021-02-28");
    assert_day(kad_phase_end(a, &month), "2021-03-30");
    struct kad_phase week = {W, 2, 3, TIMES(1)};
    assert_day(kad_phase_start(a, &week), "2021-02-07");
    assert_day(kad_phase_end(a, &week), "2021-02-20");
    month.last = 0;
    assert_int_equal(kad_phase_end(a, &month), KAD_DAY_NONE);
}

static void months_tile_and_are_never_chained(void **state)
{
    (void)state;
    int chained_differs = 0;
    for (kad_day a = FIRST_START, n = 0; n < CYCLE_DAYS; n++, a++) {
        kad_day chain = a;
        for (int32_t k = 1; k <= 13; k++) {
            kad_day start = kad_phase_step(a, M, k);
            if (start != plain_month(a, k - 1))
                fail_msg("month %d after day %d", k, a);
            struct kad_phase p = {M, k, k, TIMES(1)};
            if (kad_phase_start(a, &p) != start ||
                kad_phase_end(a, &p) != kad_phase_step(a, M, k + 1) - 1)
                fail_msg("month %d after day %d does not end where the next begins", k, a);
            chained_differs += chain != start;
            chain = kad_phase_step(chain, M, 2);
        }
    }
    assert_true(chained_differs > 0);
}

static void a_month_of_any_length_has_four_weekly_windows(void **state)
{
    (void)state;
    struct kad_phase p = {M, 1, 1, WEEKLY(1)};
    for (kad_day a = FIRST_START, n = 0; n < CYCLE_DAYS; n++, a++)
        if (kad_phase_count(a, &p) != 4)
            fail_msg("day %d", a);
}

/* --- every division of every kind of phase --- */

static const struct kad_phase bounded[] = {
    {M, 1, 1, WEEKLY(1)},  {M, 2, 2, WEEKLY(2)}, {M, 3, 3, WEEKLY(3)},  {M, 1, 1, WEEKLY(9)},
    {M, 4, 6, WEEKLY(1)},  {M, 1, 2, WEEKLY(2)}, {M, 1, 1, TIMES(1)},   {M, 2, 2, TIMES(2)},
    {M, 2, 2, TIMES(3)},   {M, 1, 3, TIMES(5)},  {M, 3, 3, TIMES(28)},  {M, 4, 5, A_MONTH(1)},
    {M, 1, 3, A_MONTH(3)}, {W, 2, 2, TIMES(1)},  {W, 1, 4, TIMES(3)},   {W, 1, 8, WEEKLY(1)},
    {W, 3, 7, WEEKLY(2)},  {W, 1, 1, WEEKLY(2)}, {M, 12, 13, TIMES(7)}, {W, 5, 5, TIMES(7)},
};
#define N_BOUNDED (sizeof bounded / sizeof *bounded)

/* Where window i must start, from the words of language.md alone. */
static kad_day plain_start(kad_day a, const struct kad_phase *p, int32_t i)
{
    int32_t first = p->first;
    int32_t last = p->last;
    if (p->division == KAD_TIMES_MONTH) {
        first = last = p->first + i / p->n;
        i %= p->n;
    }
    kad_day start = p->unit == M ? plain_month(a, first - 1) : a + 7 * (first - 1);
    kad_day end = p->unit == M ? plain_month(a, last) : a + 7 * last;
    return p->division == KAD_EVERY_WEEKS ? start + 7 * p->n * i : start + i * (end - start) / p->n;
}

static int32_t plain_count(const struct kad_phase *p, int32_t length)
{
    if (p->division == KAD_EVERY_WEEKS)
        return length / (7 * p->n) > 0 ? length / (7 * p->n) : 1;
    return p->division == KAD_TIMES ? p->n : p->n * (p->last - p->first + 1);
}

static void check_tiling(kad_day a, const struct kad_phase *p)
{
    kad_day expected = kad_phase_start(a, p);
    kad_day end = kad_phase_end(a, p);
    int32_t n = kad_phase_count(a, p);
    struct kad_window w = {0};
    bool right = n == plain_count(p, end - expected + 1);
    for (int32_t i = 0; i < n && right; i++) {
        right = kad_phase_window(a, p, i, &w) && w.opens == expected && w.due >= w.opens &&
                w.opens == plain_start(a, p, i);
        kad_day closes = end;
        if (p->division == KAD_TIMES_MONTH)
            closes = kad_phase_step(a, M, p->first + i / p->n + 1) - 1;
        right = right && w.closes == closes && w.due <= closes;
        expected = w.due + 1;
    }
    right = right && w.due == end;
    if (!right)
        fail_msg("phase %d-%d, division %d, %d; day %d, %s", p->first, p->last, (int)p->division,
                 p->n, a, w.occurrence);
    if (kad_phase_window(a, p, n, &w) || kad_phase_window(a, p, -1, &w))
        fail_msg("a window beyond the count");
}

static void windows_tile_their_phase_over_all_146097_start_days(void **state)
{
    (void)state;
    for (kad_day a = FIRST_START, n = 0; n < CYCLE_DAYS; n++, a++)
        for (size_t k = 0; k < N_BOUNDED; k++)
            check_tiling(a, &bounded[k]);
}

static void calendar_weeks_are_the_mondays_of_the_phase(void **state)
{
    (void)state;
    static const struct kad_phase phases[] = {
        {M, 1, 1, CALENDAR}, {M, 2, 3, CALENDAR}, {W, 2, 2, CALENDAR}};
    int least = 99, most = 0;
    for (kad_day a = FIRST_START, n = 0; n < CYCLE_DAYS; n++, a++)
        for (size_t k = 0; k < 3; k++) {
            const struct kad_phase *p = &phases[k];
            kad_day end = kad_phase_end(a, p);
            int32_t i = 0;
            struct kad_window w;
            for (kad_day d = kad_phase_start(a, p); d <= end; d++) {
                if (kad_weekday(d) != 0)
                    continue;
                kad_day closes = end > d + 6 ? end : d + 6;
                if (!kad_phase_window(a, p, i++, &w) || w.opens != d || w.due != d + 6 ||
                    w.closes != closes)
                    fail_msg("day %d, Monday %d", a, d);
            }
            if (kad_phase_window(a, p, i, &w) || kad_phase_count(a, p) != i)
                fail_msg("day %d: more weeks than Mondays", a);
            if (k == 0) {
                least = i < least ? i : least;
                most = i > most ? i : most;
            }
        }
    assert_int_equal(least, 4);
    assert_int_equal(most, 5);
}

static void calendar_weeks_have_the_number_that_people_use(void **state)
{
    (void)state;
    static const struct {
        const char *anchor, *opens, *name;
    } cases[] = {
        {"2021-03-01", "2021-03-01", "m1.2021-W09"}, {"2021-03-02", "2021-03-08", "m1.2021-W10"},
        {"2020-12-28", "2020-12-28", "m1.2020-W53"}, {"2020-12-29", "2021-01-04", "m1.2021-W01"},
        {"2024-12-30", "2024-12-30", "m1.2025-W01"}, {"2026-12-28", "2026-12-28", "m1.2026-W53"},
        {"2022-01-01", "2022-01-03", "m1.2022-W01"}, {"2023-01-01", "2023-01-02", "m1.2023-W01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kad_window w =
            window(day(cases[i].anchor), (struct kad_phase){M, 1, 1, CALENDAR}, 0);
        assert_day(w.opens, cases[i].opens);
        assert_string_equal(w.occurrence, cases[i].name);
    }
}

/* --- onwards --- */

static void onwards_once_a_month_is_the_same_as_in_a_long_phase(void **state)
{
    (void)state;
    struct kad_phase open_ended = {M, 7, 0, A_MONTH(2)};
    struct kad_phase closed = {M, 7, 400, A_MONTH(2)};
    assert_int_equal(kad_phase_count(0, &open_ended), INT32_MAX);
    for (kad_day a = day("2020-01-01"); a <= day("2021-12-31"); a++)
        for (int32_t i = 0; i < 2 * 394; i++) {
            struct kad_window x = window(a, open_ended, i);
            struct kad_window y = window(a, closed, i);
            if (x.opens != y.opens || x.due != y.due || x.closes != y.closes ||
                strcmp(x.occurrence, y.occurrence) != 0)
                fail_msg("day %d, window %d", a, i);
        }
    struct kad_window w = window(day("2021-01-31"), open_ended, 15);
    assert_string_equal(w.occurrence, "m14.2of2"); /* 2022-02-28..2022-03-30, its second half */
    assert_day(w.opens, "2022-03-15");
    assert_day(w.due, "2022-03-30");
    assert_day(w.closes, "2022-03-30");
}

static void onwards_every_n_weeks_goes_on_and_never_closes(void **state)
{
    (void)state;
    for (int32_t n = 1; n <= 5; n++)
        for (int u = 0; u < 2; u++) {
            struct kad_phase p = {u ? W : M, 2, 0, WEEKLY(n)};
            kad_day a = day("2021-01-31");
            kad_day expected = u ? day("2021-02-07") : day("2021-02-28");
            for (int32_t i = 0; i < 3000; i++) {
                struct kad_window w = window(a, p, i);
                assert_true(w.opens == expected && w.due == expected + 7 * n - 1);
                assert_int_equal(w.closes, KAD_DAY_NONE);
                expected = w.due + 1;
            }
        }
    assert_string_equal(window(0, (struct kad_phase){M, 1, 0, WEEKLY(1)}, 6).occurrence, "m1+.w7");
    assert_string_equal(window(0, (struct kad_phase){W, 3, 0, WEEKLY(4)}, 9).occurrence,
                        "w3+.4w10");
}

static void onwards_every_calendar_week_never_closes(void **state)
{
    (void)state;
    struct kad_phase p = {M, 2, 0, CALENDAR};
    for (int32_t i = 0; i < 600; i++) {
        struct kad_window w = window(day("2021-01-31"), p, i);
        assert_int_equal(w.opens, day("2021-03-01") + 7 * i);
        assert_int_equal(w.due, w.opens + 6);
        assert_int_equal(w.closes, KAD_DAY_NONE);
    }
    assert_string_equal(window(day("2021-01-31"), p, 0).occurrence, "m2+.2021-W09");
}

/* --- names --- */

static void occurrences_say_the_division_and_the_place(void **state)
{
    (void)state;
    static const struct {
        struct kad_phase p;
        int32_t i;
        const char *name;
    } cases[] = {
        {{M, 1, 1, WEEKLY(1)}, 1, "m1.w2"},    {{M, 1, 1, WEEKLY(2)}, 0, "m1.2w1"},
        {{M, 2, 2, TIMES(2)}, 0, "m2.1of2"},   {{M, 4, 5, TIMES(2)}, 0, "m4-5.1of2"},
        {{M, 4, 5, A_MONTH(1)}, 0, "m4.1of1"}, {{M, 4, 9, A_MONTH(1)}, 1, "m5.1of1"},
        {{M, 4, 0, A_MONTH(1)}, 0, "m4.1of1"}, {{M, 1, 0, WEEKLY(1)}, 6, "m1+.w7"},
        {{W, 2, 2, TIMES(1)}, 0, "w2.1of1"},   {{W, 1, 4, WEEKLY(1)}, 2, "w1-4.w3"},
        {{W, 2, 2, WEEKLY(1)}, 0, "w2.w1"},    {{M, 10, 12, TIMES(12)}, 9, "m10-12.10of12"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(window(day("2021-03-01"), cases[i].p, cases[i].i).occurrence,
                            cases[i].name);
}

static int by_name(const void *a, const void *b)
{
    const struct kad_window *x = a;
    const struct kad_window *y = b;
    return strcmp(x->occurrence, y->occurrence);
}

/* All windows of all phases that share a name are the same window. */
static void two_divisions_never_share_a_name_with_different_windows(void **state)
{
    (void)state;
    static const kad_day starts[] = {18687, 18658, 18717, 20513}; /* and month's ends */
    static const enum kad_division divisions[] = {KAD_EVERY_WEEKS, KAD_TIMES, KAD_TIMES_MONTH,
                                                  KAD_CALENDAR_WEEK};
    static struct kad_window all[40000];
    for (size_t s = 0; s < 4; s++) {
        size_t n = 0;
        for (int u = 0; u < 2; u++)
            for (int32_t first = 1; first <= 12; first++)
                for (int32_t last = first - 1; last <= first + 3; last++)
                    for (size_t d = 0; d < 4; d++)
                        for (int32_t k = 1; k <= 6; k++) {
                            struct kad_phase p = {u ? W : M, first, last < first ? 0 : last,
                                                  divisions[d], k};
                            if ((p.last == 0 && p.division == KAD_TIMES) ||
                                (p.unit == W && p.division == KAD_TIMES_MONTH) ||
                                (p.division == KAD_CALENDAR_WEEK && k > 1))
                                continue;
                            for (int32_t i = 0;
                                 i < 12 && kad_phase_window(starts[s], &p, i, &all[n]); i++)
                                assert_true(++n < sizeof all / sizeof *all);
                        }
        qsort(all, n, sizeof *all, by_name);
        for (size_t i = 1; i < n; i++) {
            const struct kad_window *x = &all[i - 1];
            const struct kad_window *y = &all[i];
            if (by_name(x, y) == 0 &&
                (x->opens != y->opens || x->due != y->due || x->closes != y->closes))
                fail_msg("two windows are called %s", x->occurrence);
        }
    }
}

/* The policy changes from one division to another on a day of the month: what opened stays, what
 * would open later is the new division's. No two of what then stands share a name. */
static void check_change(kad_day a, const struct kad_phase *from, const struct kad_phase *to)
{
    for (kad_day change = a; change <= kad_phase_end(a, from) + 1; change++) {
        struct kad_window standing[64];
        size_t n = 0;
        for (int32_t i = 0; kad_phase_window(a, from, i, &standing[n]); i++)
            n += standing[n].opens < change;
        for (int32_t i = 0; kad_phase_window(a, to, i, &standing[n]); i++)
            n += standing[n].opens >= change;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < i; j++)
                if (strcmp(standing[i].occurrence, standing[j].occurrence) == 0)
                    fail_msg("change on day %d: two are %s", change, standing[i].occurrence);
    }
}

static void a_change_on_any_day_of_the_month_keeps_names_unique(void **state)
{
    (void)state;
    for (int32_t first = 1; first <= 6; first++) {
        struct kad_phase p[] = {
            {M, first, first, TIMES(3)},     {M, first, first, TIMES(2)},
            {M, first, first, WEEKLY(1)},    {M, first, first, TIMES(4)},
            {M, first, first, WEEKLY(2)},    {M, first, first, CALENDAR},
            {M, first, first + 1, TIMES(2)}, {M, first, first + 1, A_MONTH(2)},
        };
        for (kad_day a = day("2023-06-01"); a < day("2024-06-01"); a++)
            for (size_t x = 0; x < 8; x++)
                for (size_t y = 0; y < 8; y++)
                    if (a % 13 == 0 || (x < 4 && y < 4))
                        check_change(a, &p[x], &p[y]);
    }
}

/* --- the ends of time --- */

static void phases_beyond_time_are_its_last_day(void **state)
{
    (void)state;
    static const int32_t numbers[] = {1, 2, 7, 300, 119988, 306783379, INT32_MAX - 1, INT32_MAX};
    static const kad_day anchors[] = {KAD_DAY_MIN, 0, KAD_DAY_MAX - 40, KAD_DAY_MAX};
    const size_t n = sizeof numbers / sizeof *numbers;
    for (size_t f = 0; f < n; f++)
        for (size_t l = 0; l <= n; l++)
            for (size_t t = 0; t < n; t++)
                for (int d = KAD_EVERY_WEEKS; d <= KAD_CALENDAR_WEEK; d++)
                    for (int u = 0; u < 2; u++) {
                        struct kad_phase p = {u ? W : M, numbers[f], l < n ? numbers[l] : 0,
                                              (enum kad_division)d, numbers[t]};
                        if ((p.last != 0 && p.last < p.first) || (u && d == KAD_TIMES_MONTH) ||
                            (p.last == 0 && d == KAD_TIMES))
                            continue;
                        for (size_t a = 0; a < 4; a++)
                            for (size_t i = 0; i <= n; i++) {
                                struct kad_window w;
                                int32_t at =
                                    i < n ? numbers[i] - 1 : kad_phase_count(anchors[a], &p) - 1;
                                if (!kad_phase_window(anchors[a], &p, at, &w))
                                    continue;
                                assert_true(anchors[a] <= w.opens && w.opens <= w.due);
                                assert_true(w.due <= KAD_DAY_MAX && w.closes <= KAD_DAY_MAX);
                                assert_true(w.closes == KAD_DAY_NONE || w.closes >= w.due);
                            }
                    }
    struct kad_phase p = {M, 3, 4, TIMES(2)};
    assert_int_equal(kad_phase_start(KAD_DAY_MAX, &p), KAD_DAY_MAX);
    assert_int_equal(kad_phase_end(KAD_DAY_MAX, &p), KAD_DAY_MAX);
    p = (struct kad_phase){M, 1, 0, A_MONTH(1)};
    struct kad_window w;
    assert_true(kad_phase_window(day("2999-12-31"), &p, 12 * 7000, &w));
    assert_day(w.due, "9999-12-31");
    assert_false(kad_phase_window(day("2999-12-31"), &p, 12 * 7000 + 1, &w));
}

static void the_longest_occurrence_fits(void **state)
{
    (void)state;
    struct kad_phase p = {M, INT32_MAX - 1, INT32_MAX, TIMES(INT32_MAX)};
    struct kad_window w = window(0, p, INT32_MAX - 1);
    assert_string_equal(w.occurrence, "m2147483646-2147483647.2147483647of2147483647");
    assert_true(strlen(w.occurrence) < KAD_OCCURRENCE_TEXT);
}

/* --- periods of the calendar --- */

static const struct kad_cycle cycles[] = {
    {KAD_P_MONTH, 0x0fff, 0, KAD_DAY_NONE, 1},
    {KAD_P_QUARTER, 0, 0, KAD_DAY_NONE, 1},
    {KAD_P_HALF_YEAR, 0, 0, KAD_DAY_NONE, 2},
    {KAD_P_YEAR, 0, 0, KAD_DAY_NONE, 4},
    {KAD_P_WEEKS, 0, 2, 11016, 1},
    {KAD_P_WEEKS, 0, 5, 10957, 3},
    {KAD_P_MONTH, 0x0fff, 0, KAD_DAY_NONE, 3},
};

static void cycles_tile_time_and_their_names_are_unique(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cycles / sizeof *cycles; k++) {
        const struct kad_cycle *c = &cycles[k];
        kad_day d = FIRST_START;
        int64_t index = kad_cycle_index(c, d);
        char before[KAD_OCCURRENCE_TEXT] = "";
        for (; d < FIRST_START + CYCLE_DAYS; index++) {
            kad_day first, last;
            char name[KAD_OCCURRENCE_TEXT];
            assert_true(kad_cycle_period(c, index, &first, &last, name));
            assert_true(d == FIRST_START || first == d);
            assert_int_equal(kad_cycle_index(c, first), index);
            assert_int_equal(kad_cycle_index(c, last), index);
            kad_day expected = first;
            for (int32_t i = 0; i < c->times; i++) {
                struct kad_window w;
                assert_true(kad_cycle_window(c, index, i, &w));
                assert_true(w.opens == expected && w.closes == last);
                assert_int_equal(w.opens, first + i * (last - first + 1) / c->times);
                assert_true(strcmp(w.occurrence, before) > 0); /* and so in order: none twice */
                assert_true(strncmp(w.occurrence, name, strlen(name)) == 0);
                strcpy(before, w.occurrence);
                expected = w.due + 1;
            }
            assert_int_equal(expected, last + 1);
            d = last + 1;
        }
    }
}

static void periods_are_named_as_people_name_them(void **state)
{
    (void)state;
    static const struct {
        struct kad_cycle c;
        const char *on, *first, *last, *name;
    } cases[] = {
        {{KAD_P_MONTH, 1 << 9, 0, KAD_DAY_NONE, 1},
         "2021-10-31",
         "2021-10-01",
         "2021-10-31",
         "2021-10"},
        {{KAD_P_QUARTER, 0, 0, KAD_DAY_NONE, 1},
         "2021-07-01",
         "2021-07-01",
         "2021-09-30",
         "2021-Q3"},
        {{KAD_P_HALF_YEAR, 0, 0, KAD_DAY_NONE, 1},
         "2021-06-30",
         "2021-01-01",
         "2021-06-30",
         "2021-H1"},
        {{KAD_P_HALF_YEAR, 0, 0, KAD_DAY_NONE, 1},
         "2021-07-01",
         "2021-07-01",
         "2021-12-31",
         "2021-H2"},
        {{KAD_P_YEAR, 0, 0, KAD_DAY_NONE, 1}, "2024-02-29", "2024-01-01", "2024-12-31", "2024"},
        {{KAD_P_MONTH, 0xfff, 0, KAD_DAY_NONE, 1},
         "2024-02-29",
         "2024-02-01",
         "2024-02-29",
         "2024-02"},
        {{KAD_P_WEEKS, 0, 2, 18690, 1}, "2021-03-20", "2021-03-18", "2021-03-31", "2021-03-18"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kad_day first, last;
        char name[KAD_OCCURRENCE_TEXT];
        int64_t index = kad_cycle_index(&cases[i].c, day(cases[i].on));
        assert_true(kad_cycle_period(&cases[i].c, index, &first, &last, name));
        assert_day(first, cases[i].first);
        assert_day(last, cases[i].last);
        assert_string_equal(name, cases[i].name);
    }
    struct kad_cycle twice = {KAD_P_HALF_YEAR, 0, 0, KAD_DAY_NONE, 2};
    struct kad_window w;
    assert_true(kad_cycle_window(&twice, kad_cycle_index(&twice, day("2021-01-01")), 1, &w));
    assert_string_equal(w.occurrence, "2021-H1.2of2");
    assert_day(w.opens, "2021-04-01"); /* 181 days: the first has 90 */
    assert_day(w.due, "2021-06-30");
    assert_false(kad_cycle_window(&twice, kad_cycle_index(&twice, 0), 2, &w));
    assert_false(kad_cycle_window(&twice, kad_cycle_index(&twice, 0), -1, &w));
}

static void a_month_that_does_not_count_is_no_period(void **state)
{
    (void)state;
    struct kad_cycle but_july = {KAD_P_MONTH, 0x0fff & ~(1 << 6), 0, KAD_DAY_NONE, 1};
    int n = 0;
    for (int month = 1; month <= 12; month++) {
        struct kad_window w;
        bool there = kad_cycle_window(
            &but_july, kad_cycle_index(&but_july, kad_day_of(2021, month, 15)), 0, &w);
        assert_int_equal(there, month != 7);
        n += there;
    }
    assert_int_equal(n, 11);
}

static void periods_before_their_beginning_do_not_exist(void **state)
{
    (void)state;
    kad_day first, last;
    char name[KAD_OCCURRENCE_TEXT];
    struct kad_cycle c = {KAD_P_HALF_YEAR, 0, 0, day("2021-03-01"), 1};
    int64_t index = kad_cycle_index(&c, day("2021-03-01"));
    assert_true(kad_cycle_period(&c, index, &first, &last, name)); /* it holds the day */
    assert_day(first, "2021-01-01");
    assert_false(kad_cycle_period(&c, index - 1, &first, &last, name));

    struct kad_cycle weeks = {KAD_P_WEEKS, 0, 2, day("2021-03-01"), 1};
    assert_int_equal(kad_cycle_index(&weeks, day("2021-03-14")), 0);
    assert_int_equal(kad_cycle_index(&weeks, day("2021-03-15")), 1);
    assert_int_equal(kad_cycle_index(&weeks, day("2021-02-28")), -1);
    assert_int_equal(kad_cycle_index(&weeks, day("2021-02-15")), -1);
    assert_int_equal(kad_cycle_index(&weeks, day("2021-02-14")), -2);
    assert_false(kad_cycle_period(&weeks, -1, &first, &last, name));
}

static void cycles_end_with_time(void **state)
{
    (void)state;
    static const int64_t numbers[] = {INT64_MIN, INT32_MIN, -1, 0, 1, 120000, INT32_MAX, INT64_MAX};
    struct kad_window w;
    for (int period = KAD_P_MONTH; period <= KAD_P_WEEKS; period++) {
        struct kad_cycle c = {(enum kad_period)period, 0x0fff, INT32_MAX, 0, INT32_MAX};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            if (kad_cycle_window(&c, numbers[i], INT32_MAX - 1, &w))
                assert_true(w.opens == w.due && w.due == w.closes && w.closes <= KAD_DAY_MAX);
        c.weeks = c.times = 1;
        assert_true(kad_cycle_window(&c, kad_cycle_index(&c, KAD_DAY_MAX), 0, &w));
        assert_int_equal(w.due, KAD_DAY_MAX);
        assert_false(kad_cycle_window(&c, kad_cycle_index(&c, KAD_DAY_MAX) + 1, 0, &w));
        if (period == KAD_P_WEEKS)
            continue;
        c.from = KAD_DAY_NONE;
        assert_true(kad_cycle_window(&c, kad_cycle_index(&c, KAD_DAY_MIN), 0, &w));
        assert_int_equal(w.opens, KAD_DAY_MIN);
        assert_false(kad_cycle_window(&c, kad_cycle_index(&c, KAD_DAY_MIN) - 1, 0, &w));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_aftercare_from_2021_03_01),
        cmocka_unit_test(month_k_runs_from_its_day_to_the_day_before_the_next),
        cmocka_unit_test(months_tile_and_are_never_chained),
        cmocka_unit_test(a_month_of_any_length_has_four_weekly_windows),
        cmocka_unit_test(windows_tile_their_phase_over_all_146097_start_days),
        cmocka_unit_test(calendar_weeks_are_the_mondays_of_the_phase),
        cmocka_unit_test(calendar_weeks_have_the_number_that_people_use),
        cmocka_unit_test(onwards_once_a_month_is_the_same_as_in_a_long_phase),
        cmocka_unit_test(onwards_every_n_weeks_goes_on_and_never_closes),
        cmocka_unit_test(onwards_every_calendar_week_never_closes),
        cmocka_unit_test(occurrences_say_the_division_and_the_place),
        cmocka_unit_test(two_divisions_never_share_a_name_with_different_windows),
        cmocka_unit_test(a_change_on_any_day_of_the_month_keeps_names_unique),
        cmocka_unit_test(phases_beyond_time_are_its_last_day),
        cmocka_unit_test(the_longest_occurrence_fits),
        cmocka_unit_test(cycles_tile_time_and_their_names_are_unique),
        cmocka_unit_test(periods_are_named_as_people_name_them),
        cmocka_unit_test(a_month_that_does_not_count_is_no_period),
        cmocka_unit_test(periods_before_their_beginning_do_not_exist),
        cmocka_unit_test(cycles_end_with_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

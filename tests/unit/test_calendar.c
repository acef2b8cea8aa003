/* core/calendar.c: days, dates, text, months and years from an anchor. */
#include <time.h>

#include "tests/unit/days.h"

static bool same_date(struct kad_ymd a, struct kad_ymd b)
{
    return a.year == b.year && a.month == b.month && a.day == b.day;
}

static void every_day_from_year_1_to_9999_round_trips(void **state)
{
    (void)state;
    kad_day n = KAD_DAY_MIN;
    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            int length = plain_month_days(year, month);
            assert_int_equal(kad_month_days(year, month), length);
            for (int d = 1; d <= length; d++, n++) {
                if (kad_day_of(year, month, d) != n ||
                    !same_date(kad_ymd_of(n), (struct kad_ymd){year, month, d}))
                    fail_msg("day %d is %04d-%02d-%02d", n, year, month, d);
            }
        }
    assert_int_equal(n - 1, KAD_DAY_MAX);
}

static void days_and_dates_agree_with_libc_from_1600_to_2400(void **state)
{
    (void)state;
    for (kad_day n = kad_day_of(1600, 1, 1); n <= kad_day_of(2400, 12, 31); n++) {
        time_t t = (time_t)n * 86400;
        struct tm tm;
        gmtime_r(&t, &tm);
        struct kad_ymd d = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday};
        if (!same_date(kad_ymd_of(n), d) || kad_weekday(n) != (tm.tm_wday + 6) % 7)
            fail_msg("gmtime_r disagrees on day %d", n);
        struct tm back = {.tm_year = d.year - 1900, .tm_mon = d.month - 1, .tm_mday = d.day};
        if (timegm(&back) != (time_t)kad_day_of(d.year, d.month, d.day) * 86400)
            fail_msg("timegm disagrees on day %d", n);
    }
}

static void weekdays_count_from_monday(void **state)
{
    (void)state;
    assert_int_equal(kad_weekday(day("1970-01-01")), 3);
    assert_int_equal(kad_weekday(day("2021-03-01")), 0);
    assert_int_equal(kad_weekday(day("2026-11-22")), 6);
    assert_int_equal(kad_weekday(KAD_DAY_MIN), 0);
    assert_int_equal(kad_weekday(KAD_DAY_MAX), 4);
}

static void only_dates_that_exist_are_valid(void **state)
{
    (void)state;
    static const struct {
        struct kad_ymd d;
        bool valid;
    } cases[] = {
        {{2024, 2, 29}, true},
        {{2023, 2, 29}, false},
        {{1900, 2, 29}, false},
        {{2000, 2, 29}, true},
        {{2021, 4, 31}, false},
        {{2021, 13, 1}, false},
        {{2021, 0, 1}, false},
        {{2021, 1, 0}, false},
        {{2021, 1, 32}, false},
        {{0, 1, 1}, false},
        {{1, 1, 1}, true},
        {{9999, 12, 31}, true},
        {{10000, 1, 1}, false},
        {{-4, 2, 29}, false},
        {{INT32_MAX, 2, 29}, false},
        {{2021, -1, 1}, false},
        {{2021, INT32_MIN, 1}, false},
        {{INT32_MIN, 1, 1}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(kad_ymd_valid(cases[i].d), cases[i].valid);
}

static void text_reads_back_as_the_same_day(void **state)
{
    (void)state;
    char text[KAD_DAY_TEXT];
    for (kad_day n = kad_day_of(1800, 1, 1); n <= kad_day_of(2999, 12, 31); n++) {
        kad_day back;
        if (strlen(kad_day_text(n, text)) != 10 || !kad_day_parse(text, 10, &back) || back != n)
            fail_msg("day %d writes as %s", n, text);
    }
    assert_day(day("2021-06-01"), "2021-06-01");
    assert_day(KAD_DAY_MIN, "0001-01-01");
    assert_day(KAD_DAY_MAX, "9999-12-31");
    assert_day(KAD_DAY_NONE, "-");
}

static void text_that_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",           "2021-6-1",   "2021-06-1",  "2021-06-01 ", " 2021-06-0", "2021/06/01",
        "2021-02-29", "2021-13-01", "2021-00-10", "2021-10-00",  "1799-12-31", "3000-01-01",
        "0000-01-01", "20210601",   "2021-06-0x", "x021-06-01",  "+021-06-01", "2021-+6-01",
        "2021-06--1", "2021 06 01", "01-06-2021", "2021-06-31",  "2021-06:01", "\xef\xbc\x92-06-01",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        kad_day untouched = 4711;
        if (kad_day_parse(wrong[i], strlen(wrong[i]), &untouched))
            fail_msg("accepted: \"%s\"", wrong[i]);
        assert_int_equal(untouched, 4711);
    }
    kad_day d;
    assert_false(kad_day_parse("2021-06-01", 9, &d));
    assert_true(kad_day_parse("2021-06-01T08:00", 10, &d));
    assert_day(d, "2021-06-01");
}

/* --- months and years --- */

static void vectors_anchored(void **state)
{
    (void)state;
    static const char *const expected[] = {"2026-02-28", "2026-03-31", "2026-04-30",
                                           "2026-05-31", "2026-06-30", "2026-07-31"};
    for (int n = 1; n <= 6; n++)
        assert_day(kad_add_months(day("2026-01-31"), n), expected[n - 1]);
    assert_day(kad_add_months(day("2026-08-31"), 6), "2027-02-28");
}

static void vectors_register_exit_three_months_after(void **state)
{
    (void)state;
    assert_day(kad_add(NULL, day("2021-03-01"), 3, KAD_U_MONTH), "2021-06-01");
}

static void vectors_share_of_start_days_that_clip(void **state)
{
    (void)state;
    static const int per_10000[] = {185, 103, 130, 158, 75, 185};
    for (int k = 1; k <= 6; k++) {
        int clipped = 0;
        for (kad_day a = kad_day_of(2000, 3, 1), i = 0; i < CYCLE_DAYS; i++, a++)
            clipped += kad_ymd_of(kad_add_months(a, k)).day != kad_ymd_of(a).day;
        assert_int_equal((clipped * 10000 + CYCLE_DAYS / 2) / CYCLE_DAYS, per_10000[k - 1]);
    }
}

static void months_from_every_day_agree_with_a_wall_calendar(void **state)
{
    (void)state;
    for (kad_day a = kad_day_of(2000, 3, 1), i = 0; i < CYCLE_DAYS; i++, a++)
        for (int n = -14; n <= 14; n++) {
            struct kad_ymd d = plain_add_months(kad_ymd_of(a), n);
            if (kad_add_months(a, n) != kad_day_of(d.year, d.month, d.day))
                fail_msg("day %d, %d months", a, n);
        }
}

static void months_are_counted_from_the_anchor_never_step_by_step(void **state)
{
    (void)state;
    kad_day a = day("2021-01-31");
    assert_day(kad_add_months(a, 1), "2021-02-28");
    assert_day(kad_add_months(a, 2), "2021-03-31");
    assert_day(kad_add_months(kad_add_months(a, 1), 1), "2021-03-28");
    assert_day(kad_add_months(day("2020-01-31"), 1), "2020-02-29");
    assert_day(kad_add_months(a, -2), "2020-11-30");
    assert_day(kad_add_months(a, 0), "2021-01-31");
}

static void a_year_is_twelve_months(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        kad_day a = KAD_DAY_MIN + (kad_day)(next_random(&random) % (KAD_DAY_MAX - KAD_DAY_MIN));
        int32_t n = (int32_t)(next_random(&random) % 24000) - 12000;
        if (kad_add_years(a, n) != kad_add_months(a, 12 * n))
            fail_msg("day %d, %d years", a, n);
    }
    assert_day(kad_add_years(day("2024-02-29"), 1), "2025-02-28");
    assert_day(kad_add_years(day("2024-02-29"), 4), "2028-02-29");
}

static void fine_print_born_29_february_the_year_is_full_on_28_february(void **state)
{
    (void)state;
    kad_day born = day("2004-02-29");
    assert_int_equal(kad_whole_years(born, day("2022-02-27")), 17);
    assert_int_equal(kad_whole_years(born, day("2022-02-28")), 18);
    assert_int_equal(kad_whole_years(born, day("2024-02-28")), 19);
    assert_int_equal(kad_whole_years(born, day("2024-02-29")), 20);
    assert_int_equal(kad_whole_years(day("1896-02-29"), day("1900-02-28")), 4);
}

static void whole_years_fill_on_the_birthday(void **state)
{
    (void)state;
    kad_day born = day("2004-05-17");
    assert_int_equal(kad_whole_years(born, born), 0);
    assert_int_equal(kad_whole_years(born, day("2022-05-16")), 17);
    assert_int_equal(kad_whole_years(born, day("2022-05-17")), 18);
    assert_int_equal(kad_whole_years(born, day("2004-05-16")), -1);
    assert_int_equal(kad_whole_years(born, day("2003-05-17")), -1);
    assert_int_equal(kad_whole_years(born, day("2003-05-16")), -2);
}

/* Whole years are how many anniversaries, as kad_add_years gives them, have come. */
static void whole_years_and_anniversaries_agree(void **state)
{
    (void)state;
    kad_day first = kad_day_of(1900, 1, 1);
    uint64_t random = 2;
    for (int i = 0; i < 400000; i++) {
        kad_day born = first + (kad_day)(next_random(&random) % CYCLE_DAYS);
        if (i % 4 == 0) /* and often from a leap day */
            born = kad_day_of(1904 + 4 * (i % 40), 2, 29);
        kad_day on = first + (kad_day)(next_random(&random) % CYCLE_DAYS);
        if (i % 3 == 0) /* and often close to the day */
            on = kad_add_years(born, (int32_t)(next_random(&random) % 90)) - 1 + i % 5;
        int32_t years = kad_whole_years(born, on);
        if (kad_add_years(born, years) > on || kad_add_years(born, years + 1) <= on)
            fail_msg("born %d, on %d: %d", born, on, years);
    }
}

static void every_unit_steps_forth_and_back(void **state)
{
    (void)state;
    kad_day a = day("2021-03-01");
    assert_day(kad_add(NULL, a, 10, KAD_U_DAY), "2021-03-11");
    assert_day(kad_add(NULL, a, -1, KAD_U_DAY), "2021-02-28");
    assert_day(kad_add(NULL, a, 2, KAD_U_WEEK), "2021-03-15");
    assert_day(kad_add(NULL, a, -2, KAD_U_WEEK), "2021-02-15");
    assert_day(kad_add(NULL, a, 2, KAD_U_YEAR), "2023-03-01");
    assert_day(kad_add(NULL, a, -1, KAD_U_YEAR), "2020-03-01");
    assert_day(kad_add(NULL, day("2021-05-31"), -3, KAD_U_MONTH), "2021-02-28");
}

static void steps_out_of_time_end_at_its_first_or_last_day(void **state)
{
    (void)state;
    static const enum kad_unit units[] = {KAD_U_DAY, KAD_U_WEEK, KAD_U_MONTH, KAD_U_YEAR};
    static const kad_day from[] = {KAD_DAY_MIN, 0, KAD_DAY_MAX};
    for (size_t u = 0; u < 4; u++)
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(kad_add(NULL, from[i], INT32_MAX, units[u]), KAD_DAY_MAX);
            assert_int_equal(kad_add(NULL, from[i], INT32_MIN, units[u]), KAD_DAY_MIN);
            assert_int_equal(kad_add(NULL, from[i], 0, units[u]), from[i]);
        }
    struct kad_calendar every_day = {.kind = KAD_CAL_NONE};
    assert_int_equal(kad_add(&every_day, 0, INT32_MAX, KAD_U_WORKING_DAY), KAD_DAY_MAX);
    assert_day(kad_add_months(day("2021-12-31"), 12 * 7978), "9999-12-31");
    assert_int_equal(kad_add_months(day("2021-12-31"), 12 * 7978 + 1), KAD_DAY_MAX);
    assert_int_equal(kad_add_years(KAD_DAY_MAX, 1), KAD_DAY_MAX);
    assert_int_equal(kad_add_years(KAD_DAY_MIN, -1), KAD_DAY_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_from_year_1_to_9999_round_trips),
        cmocka_unit_test(days_and_dates_agree_with_libc_from_1600_to_2400),
        cmocka_unit_test(weekdays_count_from_monday),
        cmocka_unit_test(only_dates_that_exist_are_valid),
        cmocka_unit_test(text_reads_back_as_the_same_day),
        cmocka_unit_test(text_that_is_no_date_is_refused),
        cmocka_unit_test(vectors_anchored),
        cmocka_unit_test(vectors_register_exit_three_months_after),
        cmocka_unit_test(vectors_share_of_start_days_that_clip),
        cmocka_unit_test(months_from_every_day_agree_with_a_wall_calendar),
        cmocka_unit_test(months_are_counted_from_the_anchor_never_step_by_step),
        cmocka_unit_test(a_year_is_twelve_months),
        cmocka_unit_test(fine_print_born_29_february_the_year_is_full_on_28_february),
        cmocka_unit_test(whole_years_fill_on_the_birthday),
        cmocka_unit_test(whole_years_and_anniversaries_agree),
        cmocka_unit_test(every_unit_steps_forth_and_back),
        cmocka_unit_test(steps_out_of_time_end_at_its_first_or_last_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

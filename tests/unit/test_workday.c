/* core/workday.c: the Swedish calendar, working days and steps over them. */
#include "tests/unit/days.h"

static const struct kad_calendar sweden = {.kind = KAD_CAL_SWEDEN};

/* The days off that move, as printed in the almanac, 2020-2030. */
static const char *const movable[][6] = {
    /* Good Friday, Easter Sunday, Ascension, Whit Sunday, Midsummer Day, All Saints */
    {"2020-04-10", "2020-04-12", "2020-05-21", "2020-05-31", "2020-06-20", "2020-10-31"},
    {"2021-04-02", "2021-04-04", "2021-05-13", "2021-05-23", "2021-06-26", "2021-11-06"},
    {"2022-04-15", "2022-04-17", "2022-05-26", "2022-06-05", "2022-06-25", "2022-11-05"},
    {"2023-04-07", "2023-04-09", "2023-05-18", "2023-05-28", "2023-06-24", "2023-11-04"},
    {"2024-03-29", "2024-03-31", "2024-05-09", "2024-05-19", "2024-06-22", "2024-11-02"},
    {"2025-04-18", "2025-04-20", "2025-05-29", "2025-06-08", "2025-06-21", "2025-11-01"},
    {"2026-04-03", "2026-04-05", "2026-05-14", "2026-05-24", "2026-06-20", "2026-10-31"},
    {"2027-03-26", "2027-03-28", "2027-05-06", "2027-05-16", "2027-06-26", "2027-11-06"},
    {"2028-04-14", "2028-04-16", "2028-05-25", "2028-06-04", "2028-06-24", "2028-11-04"},
    {"2029-03-30", "2029-04-01", "2029-05-10", "2029-05-20", "2029-06-23", "2029-11-03"},
    {"2030-04-19", "2030-04-21", "2030-05-30", "2030-06-09", "2030-06-22", "2030-11-02"},
};
static const char *const movable_name[6] = {"Långfredagen",           "Påskdagen",
                                            "Kristi himmelsfärdsdag", "Pingstdagen",
                                            "Midsommardagen",         "Alla helgons dag"};

static const struct {
    int month, day;
    const char *name;
} fixed[] = {
    {1, 1, "Nyårsdagen"},           {1, 6, "Trettondedag jul"}, {5, 1, "Första maj"},
    {6, 6, "Sveriges nationaldag"}, {12, 24, "Julafton"},       {12, 25, "Juldagen"},
    {12, 26, "Annandag jul"},       {12, 31, "Nyårsafton"},
};

/* The name that the tables above give the day, or NULL. */
static const char *listed(kad_day d)
{
    struct kad_ymd ymd = kad_ymd_of(d);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (fixed[i].month == ymd.month && fixed[i].day == ymd.day)
            return fixed[i].name;
    const char *const *of_year = movable[ymd.year - 2020];
    for (size_t i = 0; i < 6; i++)
        if (d == day(of_year[i]))
            return movable_name[i];
    if (d == day(of_year[1]) + 1)
        return "Annandag påsk";
    return d == day(of_year[4]) - 1 ? "Midsommarafton" : NULL;
}

static void holidays_2020_to_2030_are_those_of_the_almanac(void **state)
{
    (void)state;
    for (kad_day d = day("2020-01-01"); d <= day("2030-12-31"); d++) {
        const char *expected = listed(d);
        const char *name = NULL;
        char text[KAD_DAY_TEXT];
        kad_day_text(d, text);
        if (kad_swedish_holiday(d, &name) != (expected != NULL))
            fail_msg("%s: %s, expected %s", text, name ? name : "-", expected ? expected : "-");
        if (expected)
            assert_string_equal(name, expected);
        bool works = !expected && kad_weekday(d) < 5;
        if (kad_is_working_day(&sweden, d) != works)
            fail_msg("%s should %swork", text, works ? "" : "not ");
    }
}

static void vectors_working_days_2020_to_2030(void **state)
{
    (void)state;
    static const int expected[] = {252, 253, 253, 251, 251, 249, 251, 253, 251, 250, 250};
    for (int year = 2020; year <= 2030; year++) {
        int n = 0;
        for (kad_day d = kad_day_of(year, 1, 1); d <= kad_day_of(year, 12, 31); d++)
            n += kad_is_working_day(&sweden, d);
        assert_int_equal(n, expected[year - 2020]);
    }
}

static void vectors_three_months_plain_then_next_working_day(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"2020-11-30", "2021-02-28", "2021-03-01"},
        {"2021-02-13", "2021-05-13", "2021-05-14"}, /* Ascension */
        {"2021-03-25", "2021-06-25", "2021-06-28"}, /* Midsummer Eve */
        {"2021-09-24", "2021-12-24", "2021-12-27"},
        {"2022-01-15", "2022-04-15", "2022-04-19"}, /* Good Friday */
        {"2023-03-06", "2023-06-06", "2023-06-07"},
        {"2023-09-30", "2023-12-30", "2024-01-02"},
        {"2023-11-29", "2024-02-29", "2024-02-29"},
        {"2023-11-30", "2024-02-29", "2024-02-29"},
        {"2024-11-30", "2025-02-28", "2025-02-28"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kad_day plain = kad_add(&sweden, day(cases[i][0]), 3, KAD_U_MONTH);
        assert_day(plain, cases[i][1]);
        assert_day(kad_move_day(&sweden, plain, KAD_MOVE_NEXT), cases[i][2]);
        assert_day(kad_move_day(&sweden, plain, KAD_MOVE_NONE), cases[i][1]);
    }
}

static void vectors_three_months_fall_on_a_non_working_day_for_31_percent(void **state)
{
    (void)state;
    int off = 0;
    for (kad_day a = kad_day_of(2005, 1, 1), i = 0; i < CYCLE_DAYS; i++, a++)
        off += !kad_is_working_day(&sweden, kad_add_months(a, 3));
    assert_int_equal((off * 1000 + CYCLE_DAYS / 2) / CYCLE_DAYS, 310);
}

static void fine_print_holidays_are_those_of_the_law_of_their_year(void **state)
{
    (void)state;
    const char *name = NULL;
    assert_true(kad_swedish_holiday(day("2004-05-31"), &name)); /* the last Whit Monday */
    assert_string_equal(name, "Annandag pingst");
    assert_true(kad_swedish_holiday(day("2003-06-09"), NULL));
    assert_true(kad_swedish_holiday(day("1990-06-04"), NULL));
    assert_false(kad_swedish_holiday(day("2005-05-16"), NULL));
    assert_false(kad_swedish_holiday(day("2026-05-25"), NULL));

    assert_false(kad_swedish_holiday(day("2003-06-06"), NULL)); /* a Friday */
    assert_true(kad_is_working_day(&sweden, day("2003-06-06")));
    assert_false(kad_swedish_holiday(day("2004-06-06"), NULL)); /* off as a Sunday */
    assert_false(kad_is_working_day(&sweden, day("2004-06-06")));
    assert_true(kad_swedish_holiday(day("2005-06-06"), &name)); /* the first, a Monday */
    assert_string_equal(name, "Sveriges nationaldag");
}

static void midsummer_and_all_saints_keep_their_weekday_and_week(void **state)
{
    (void)state;
    for (int year = 1990; year <= 2400; year++) {
        int eves = 0, midsummers = 0, saints = 0;
        for (kad_day d = kad_day_of(year, 1, 1); d <= kad_day_of(year, 12, 31); d++) {
            const char *name;
            if (!kad_swedish_holiday(d, &name))
                continue;
            struct kad_ymd ymd = kad_ymd_of(d);
            if (strcmp(name, "Midsommarafton") == 0) {
                eves++;
                assert_true(kad_weekday(d) == 4 && ymd.month == 6 && ymd.day >= 19 &&
                            ymd.day <= 25);
            } else if (strcmp(name, "Midsommardagen") == 0) {
                midsummers++;
                assert_true(kad_weekday(d) == 5 && ymd.month == 6 && ymd.day >= 20 &&
                            ymd.day <= 26);
            } else if (strcmp(name, "Alla helgons dag") == 0) {
                saints++;
                assert_true(kad_weekday(d) == 5 && ((ymd.month == 10 && ymd.day == 31) ||
                                                    (ymd.month == 11 && ymd.day <= 6)));
            }
        }
        assert_true(eves == 1 && midsummers == 1 && saints == 1);
    }
    assert_true(kad_swedish_holiday(day("2009-06-20"), NULL));
    assert_true(kad_swedish_holiday(day("2010-06-26"), NULL));
    assert_true(kad_swedish_holiday(day("2009-10-31"), NULL));
    assert_true(kad_swedish_holiday(day("2010-11-06"), NULL));
}

/* A second way to the same day, by J. Meeus after an anonymous hand of 1876. */
static kad_day easter_of_1876(int y)
{
    int a = y % 19, b = y / 100, c = y % 100, d = b / 4, e = b % 4;
    int f = (b + 8) / 25, g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30;
    int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
    int m = (a + 11 * h + 22 * l) / 451, n = h + l - 7 * m + 114;
    return kad_day_of(y, n / 31, n % 31 + 1);
}

static void easter_agrees_with_a_second_computation(void **state)
{
    (void)state;
    for (int year = 1583; year <= 9999; year++) {
        if (kad_easter(year) != easter_of_1876(year))
            fail_msg("Easter %d", year);
    }
    assert_day(kad_easter(1818), "1818-03-22"); /* as early as it can be */
    assert_day(kad_easter(1943), "1943-04-25"); /* as late */
    assert_day(kad_easter(1954), "1954-04-18"); /* the last places of the moon's row */
    assert_day(kad_easter(1981), "1981-04-19");
    assert_day(kad_easter(2000), "2000-04-23");
    assert_day(kad_easter(2038), "2038-04-25");
    assert_day(kad_easter(2285), "2285-03-22");
}

/* Each year's days off by another road: from the list of the law, day by day. */
static void holidays_of_every_year_agree_with_the_list_of_the_law(void **state)
{
    (void)state;
    for (int year = 1800; year <= 2999; year++) {
        kad_day easter = easter_of_1876(year);
        kad_day off[18] = {
            kad_day_of(year, 1, 1),
            kad_day_of(year, 1, 6),
            kad_day_of(year, 5, 1),
            kad_day_of(year, 12, 24),
            kad_day_of(year, 12, 25),
            kad_day_of(year, 12, 26),
            kad_day_of(year, 12, 31),
            easter - 2,
            easter,
            easter + 1,
            easter + 39,
            easter + 49,
            year < 2005 ? easter + 50 : kad_day_of(year, 6, 6),
        };
        size_t n = 13;
        for (kad_day d = kad_day_of(year, 6, 20); d <= kad_day_of(year, 6, 26); d++)
            if (kad_weekday(d) == 5) {
                off[n++] = d - 1;
                off[n++] = d;
            }
        for (kad_day d = kad_day_of(year, 10, 31); d <= kad_day_of(year, 11, 6); d++)
            if (kad_weekday(d) == 5)
                off[n++] = d;
        assert_int_equal(n, 16);
        for (kad_day d = kad_day_of(year, 1, 1); d <= kad_day_of(year, 12, 31); d++) {
            bool expected = false;
            for (size_t i = 0; i < n; i++)
                expected |= off[i] == d;
            if (kad_swedish_holiday(d, NULL) != expected ||
                kad_is_working_day(&sweden, d) != (!expected && kad_weekday(d) < 5))
                fail_msg("day %d of %d", d, year);
        }
    }
}

static void two_holidays_on_one_day_are_one_with_the_fixed_name(void **state)
{
    (void)state;
    const char *name = NULL;
    assert_true(kad_swedish_holiday(day("2008-05-01"), &name)); /* also Ascension */
    assert_string_equal(name, "Första maj");
    assert_true(kad_swedish_holiday(day("2049-06-06"), &name)); /* also Whit Sunday */
    assert_string_equal(name, "Sveriges nationaldag");
}

static void closed_days_are_off_in_any_calendar(void **state)
{
    (void)state;
    kad_day closed[] = {day("2021-05-14"), day("2021-05-17"), day("2021-12-27")};
    struct kad_calendar with = {KAD_CAL_SWEDEN, closed, 3};
    struct kad_calendar only = {KAD_CAL_NONE, closed, 3};
    struct kad_calendar none = {.kind = KAD_CAL_NONE};
    assert_true(kad_is_working_day(&sweden, day("2021-05-14")));
    for (size_t i = 0; i < 3; i++) {
        assert_false(kad_is_working_day(&with, closed[i]));
        assert_false(kad_is_working_day(&only, closed[i]));
        assert_true(kad_is_working_day(&none, closed[i]));
    }
    assert_true(kad_is_working_day(&with, day("2021-05-18")));
    assert_false(kad_is_working_day(&with, day("2021-05-15")));
    assert_true(kad_is_working_day(&only, day("2021-05-15")));
    assert_day(kad_move_day(&with, day("2021-05-13"), KAD_MOVE_NEXT), "2021-05-18");
    assert_day(kad_move_day(&with, day("2021-05-17"), KAD_MOVE_PREVIOUS), "2021-05-12");
    assert_day(kad_move_day(&only, day("2021-05-14"), KAD_MOVE_NEXT), "2021-05-15");
}

static void moving_leaves_working_days_where_they_are(void **state)
{
    (void)state;
    assert_day(kad_move_day(&sweden, day("2021-06-24"), KAD_MOVE_NEXT), "2021-06-24");
    assert_day(kad_move_day(&sweden, day("2021-06-24"), KAD_MOVE_PREVIOUS), "2021-06-24");
    assert_day(kad_move_day(&sweden, day("2021-06-25"), KAD_MOVE_PREVIOUS), "2021-06-24");
    assert_day(kad_move_day(&sweden, day("2022-04-18"), KAD_MOVE_PREVIOUS), "2022-04-14");
    assert_day(kad_move_day(&sweden, day("2026-12-24"), KAD_MOVE_NEXT), "2026-12-28");
}

static void working_days_count_from_the_day_after(void **state)
{
    (void)state;
    assert_day(kad_add(&sweden, day("2021-03-01"), 1, KAD_U_WORKING_DAY), "2021-03-02");
    assert_day(kad_add(&sweden, day("2021-03-05"), 1, KAD_U_WORKING_DAY), "2021-03-08");
    assert_day(kad_add(&sweden, day("2021-03-06"), 1, KAD_U_WORKING_DAY), "2021-03-08");
    assert_day(kad_add(&sweden, day("2021-12-23"), 3, KAD_U_WORKING_DAY), "2021-12-29");
    assert_day(kad_add_working_days(&sweden, day("2021-12-25"), 0), "2021-12-25");
    assert_day(kad_working_day_before(&sweden, day("2021-12-27")), "2021-12-23");
    assert_day(kad_working_day_before(&sweden, day("2021-12-28")), "2021-12-27");
    assert_day(kad_working_day_before(&sweden, day("2021-04-06")), "2021-04-01");
}

static void steps_over_working_days_agree_with_a_slow_walk(void **state)
{
    (void)state;
    kad_day closed[] = {day("2003-12-22"), day("2003-12-23"), day("2010-05-14")};
    const struct kad_calendar cals[] = {
        sweden, {KAD_CAL_SWEDEN, closed, 3}, {KAD_CAL_NONE, closed, 3}};
    for (size_t c = 0; c < 3; c++)
        for (kad_day from = day("2003-06-01"); from <= day("2011-06-01"); from++) {
            kad_day walked = from;
            for (int n = 1; n <= 25; n++) {
                do
                    walked++;
                while (!kad_is_working_day(&cals[c], walked));
                if (n % 5 <= 1 && kad_add_working_days(&cals[c], from, n) != walked)
                    fail_msg("day %d, %d working days", from, n);
            }
            kad_day before = from - 1;
            while (!kad_is_working_day(&cals[c], before))
                before--;
            assert_int_equal(kad_working_day_before(&cals[c], from), before);
            bool works = kad_is_working_day(&cals[c], from);
            assert_int_equal(kad_move_day(&cals[c], from, KAD_MOVE_PREVIOUS),
                             works ? from : before);
            assert_int_equal(kad_move_day(&cals[c], from, KAD_MOVE_NEXT),
                             works ? from : kad_add_working_days(&cals[c], from, 1));
        }
}

static void steps_end_with_time_even_on_a_day_off(void **state)
{
    (void)state;
    assert_false(kad_is_working_day(&sweden, KAD_DAY_MAX)); /* New Year's Eve */
    assert_int_equal(kad_move_day(&sweden, KAD_DAY_MAX, KAD_MOVE_NEXT), KAD_DAY_MAX);
    assert_int_equal(kad_add_working_days(&sweden, KAD_DAY_MAX - 3, 1000), KAD_DAY_MAX);
    assert_int_equal(kad_add_working_days(&sweden, KAD_DAY_MAX, INT32_MAX), KAD_DAY_MAX);
    assert_int_equal(kad_working_day_before(&sweden, KAD_DAY_MIN), KAD_DAY_MIN);
    assert_int_equal(kad_move_day(&sweden, KAD_DAY_MIN, KAD_MOVE_PREVIOUS), KAD_DAY_MIN);
    assert_true(kad_easter(1) > KAD_DAY_MIN && kad_easter(9999) < KAD_DAY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holidays_2020_to_2030_are_those_of_the_almanac),
        cmocka_unit_test(vectors_working_days_2020_to_2030),
        cmocka_unit_test(vectors_three_months_plain_then_next_working_day),
        cmocka_unit_test(vectors_three_months_fall_on_a_non_working_day_for_31_percent),
        cmocka_unit_test(fine_print_holidays_are_those_of_the_law_of_their_year),
        cmocka_unit_test(midsummer_and_all_saints_keep_their_weekday_and_week),
        cmocka_unit_test(easter_agrees_with_a_second_computation),
        cmocka_unit_test(holidays_of_every_year_agree_with_the_list_of_the_law),
        cmocka_unit_test(two_holidays_on_one_day_are_one_with_the_fixed_name),
        cmocka_unit_test(closed_days_are_off_in_any_calendar),
        cmocka_unit_test(moving_leaves_working_days_where_they_are),
        cmocka_unit_test(working_days_count_from_the_day_after),
        cmocka_unit_test(steps_over_working_days_agree_with_a_slow_walk),
        cmocka_unit_test(steps_end_with_time_even_on_a_day_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

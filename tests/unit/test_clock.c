/* The clock's zone: civil days, also where clocks are changed. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"

static kad_instant at(const char *text)
{
    kad_instant t = 0;
    assert_true(kad_instant_parse(text, strlen(text), &t));
    return t;
}

static void zone(const char *name)
{
    struct kad_error e = {0};
    assert_int_equal(kad_clock_set_zone(name, &e), KAD_OK);
}

static void before_any_zone_days_are_those_of_utc(void **state)
{
    (void)state;
    assert_int_equal(kad_clock_day(at("2021-06-01T23:59:59.999999Z")), kad_day_of(2021, 6, 1));
    assert_int_equal(kad_clock_day(at("2021-06-02T00:00:00Z")), kad_day_of(2021, 6, 2));
    assert_int_equal(kad_clock_day(-1), -1);
    assert_int_equal(kad_clock_day_end(kad_day_of(2021, 6, 1)), at("2021-06-01T23:59:59.999999Z"));
}

static void a_day_in_sweden_begins_at_its_own_midnight(void **state)
{
    (void)state;
    zone("Europe/Stockholm");
    assert_int_equal(kad_clock_day(at("2021-06-01T21:59:59.999999Z")), kad_day_of(2021, 6, 1));
    assert_int_equal(kad_clock_day(at("2021-06-01T22:00:00Z")), kad_day_of(2021, 6, 2));
    assert_int_equal(kad_clock_day(at("2021-01-01T22:59:59.999999Z")), kad_day_of(2021, 1, 1));
    assert_int_equal(kad_clock_day(at("2021-01-01T23:00:00Z")), kad_day_of(2021, 1, 2));
    char out[KAD_INSTANT_TEXT];
    kad_clock_text(at("2021-06-01T22:05:59Z"), out);
    assert_string_equal(out, "00:05");
}

static void a_time_of_a_day_is_found_on_nights_when_clocks_change(void **state)
{
    (void)state;
    zone("Europe/Stockholm");
    assert_int_equal(kad_clock_at(kad_day_of(2021, 1, 15), 360), at("2021-01-15T05:00:00Z"));
    assert_int_equal(kad_clock_at(kad_day_of(2021, 7, 15), 360), at("2021-07-15T04:00:00Z"));
    /* 02:30 is left out: the first instant behind the gap; 06:00 is in summer time already. */
    kad_day spring = kad_day_of(2021, 3, 28), autumn = kad_day_of(2021, 10, 31);
    assert_int_equal(kad_clock_at(spring, 119), at("2021-03-28T00:59:00Z"));
    assert_int_equal(kad_clock_at(spring, 120), at("2021-03-28T01:00:00Z"));
    assert_int_equal(kad_clock_at(spring, 150), at("2021-03-28T01:00:00Z"));
    assert_int_equal(kad_clock_at(spring, 180), at("2021-03-28T01:00:00Z"));
    assert_int_equal(kad_clock_at(spring, 360), at("2021-03-28T04:00:00Z"));
    /* 02:30 comes twice: the first of the two. */
    assert_int_equal(kad_clock_at(autumn, 150), at("2021-10-31T00:30:00Z"));
    assert_int_equal(kad_clock_at(autumn, 180), at("2021-10-31T02:00:00Z"));
    zone("America/Havana"); /* here midnight itself is left out, and comes twice */
    assert_int_equal(kad_clock_at(kad_day_of(2021, 3, 14), 0), at("2021-03-14T05:00:00Z"));
    assert_int_equal(kad_clock_at(kad_day_of(2021, 3, 14), 30), at("2021-03-14T05:00:00Z"));
    assert_int_equal(kad_clock_at(kad_day_of(2021, 11, 7), 0), at("2021-11-07T04:00:00Z"));
    assert_int_equal(kad_clock_at(kad_day_of(2021, 11, 7), 30), at("2021-11-07T04:30:00Z"));
}

static void the_day_of_a_time_never_goes_back(void **state)
{
    (void)state;
    static const char *const zones[] = {"Europe/Stockholm", "America/Havana", "Asia/Kathmandu",
                                        "Pacific/Apia"};
    static const int32_t minutes[] = {0, 30, 119, 150, 360, 1439};
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        zone(zones[z]);
        for (size_t m = 0; m < sizeof minutes / sizeof *minutes; m++) {
            kad_day before = KAD_DAY_MIN;
            for (kad_instant t = at("2011-01-01T00:00:00Z"); t < at("2012-01-03T00:00:00Z");
                 t += INT64_C(600000000)) {
                kad_day day = kad_clock_day_at(t, minutes[m]);
                assert_true(day >= before);
                assert_true(kad_clock_at(day, minutes[m]) <= t);
                assert_true(kad_clock_at(day + 1, minutes[m]) > t);
                before = day;
            }
        }
    }
}

static void a_day_may_have_23_or_25_hours(void **state)
{
    (void)state;
    zone("Europe/Stockholm");
    /* 2021-03-28: 02:00 became 03:00; 2021-10-31: 03:00 became 02:00. */
    assert_int_equal(kad_clock_day_end(kad_day_of(2021, 3, 27)), at("2021-03-27T22:59:59.999999Z"));
    assert_int_equal(kad_clock_day_end(kad_day_of(2021, 3, 28)), at("2021-03-28T21:59:59.999999Z"));
    assert_int_equal(kad_clock_day_end(kad_day_of(2021, 10, 30)),
                     at("2021-10-30T21:59:59.999999Z"));
    assert_int_equal(kad_clock_day_end(kad_day_of(2021, 10, 31)),
                     at("2021-10-31T22:59:59.999999Z"));
    for (int hour = 0; hour < 25; hour++) {
        kad_instant t = at("2021-10-30T22:00:00Z") + hour * INT64_C(3600000000);
        assert_int_equal(kad_clock_day(t), kad_day_of(2021, 10, 31));
    }
    char out[KAD_INSTANT_TEXT];
    kad_clock_text(at("2021-03-28T01:30:00Z"), out);
    assert_string_equal(out, "03:30");
}

/* Zones where clocks are changed at midnight, or whole days are left out. */
static const char *const zones[] = {
    "Europe/Stockholm",    "America/Sao_Paulo", "America/St_Johns", "Asia/Beirut",
    "Australia/Lord_Howe", "Pacific/Apia",      "America/Havana",   "Asia/Kathmandu",
    "Pacific/Kiritimati",  "America/Anchorage",
};

static void a_day_s_end_is_the_last_instant_of_the_day(void **state)
{
    (void)state;
    for (size_t z = 0; z < LEN(zones); z++) {
        zone(zones[z]);
        for (kad_day d = kad_day_of(1995, 1, 1); d < kad_day_of(2025, 1, 1); d++) {
            kad_instant end = kad_clock_day_end(d);
            kad_day is = kad_clock_day(end), next = kad_clock_day(end + 1);
            bool left_out = strcmp(zones[z], "Pacific/Apia") == 0 && d == kad_day_of(2011, 12, 30);
            if (is != d - left_out || next <= d)
                fail_msg("%s: day %d ends in day %d, before %d", zones[z], d, is, next);
        }
    }
}

/* The days that are kept between calls never answer wrongly. */
static void days_agree_with_the_c_library_in_any_order(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252u;
    for (size_t z = 0; z < LEN(zones); z++) {
        zone(zones[z]);
        int64_t near = 1600000000;
        for (int i = 0; i < 20000; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            if (x % 16 == 0)
                near = (int64_t)(x >> 20) % 4000000000 - 2000000000;
            time_t t = near + (int64_t)(x >> 33) % 200000 - 100000;
            struct tm tm;
            localtime_r(&t, &tm);
            assert_int_equal(kad_clock_day(t * INT64_C(1000000) + 999999),
                             kad_day_of(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday));
        }
    }
}

static void the_ends_of_the_calendar_are_days(void **state)
{
    (void)state;
    for (size_t z = 0; z < LEN(zones); z++) {
        zone(zones[z]);
        assert_in_range(kad_clock_day(KAD_INSTANT_MAX), KAD_DAY_MAX - 1, KAD_DAY_MAX);
        assert_true(kad_clock_day(KAD_INSTANT_MIN) - KAD_DAY_MIN <= 1);
    }
}

static void a_zone_that_is_not_there_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"Europe/Stokholm",
                                      "",
                                      "/etc/passwd",
                                      "../../etc/passwd",
                                      "CET-1CEST,M3.5.0,M10.5.0/3",
                                      "Europe",
                                      "zone.tab",
                                      "Europe/Stockholm\n"};
    zone("Europe/Stockholm");
    for (size_t i = 0; i < LEN(bad); i++) {
        struct kad_error e = {0};
        assert_int_equal(kad_clock_set_zone(bad[i], &e), KAD_EINPUT);
        assert_true(e.text[0]);
    }
    assert_int_equal(kad_clock_day(at("2021-06-01T22:00:00Z")), kad_day_of(2021, 6, 2));
}

static void without_tzdata_only_utc_is_known(void **state)
{
    (void)state;
    zone("UTC"); /* what is set already is not looked for again */
    assert_int_equal(setenv("TZDIR", "/nonexistent", 1), 0);
    struct kad_error e = {0};
    assert_int_equal(kad_clock_set_zone("Europe/Stockholm", &e), KAD_EINPUT);
    assert_non_null(strstr(e.text, "tzdata"));
    zone("UTC");
    assert_int_equal(unsetenv("TZDIR"), 0);
    assert_int_equal(kad_clock_day(at("2021-06-01T22:00:00Z")), kad_day_of(2021, 6, 1));
}

static void now_is_after_this_test_was_written(void **state)
{
    (void)state;
    kad_instant a = kad_clock_now(), b = kad_clock_now();
    assert_true(a > at("2021-01-01T00:00:00Z") && a < at("2200-01-01T00:00:00Z"));
    assert_true(b >= a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_any_zone_days_are_those_of_utc),
        cmocka_unit_test(a_day_in_sweden_begins_at_its_own_midnight),
        cmocka_unit_test(a_time_of_a_day_is_found_on_nights_when_clocks_change),
        cmocka_unit_test(the_day_of_a_time_never_goes_back),
        cmocka_unit_test(a_day_may_have_23_or_25_hours),
        cmocka_unit_test(a_day_s_end_is_the_last_instant_of_the_day),
        cmocka_unit_test(days_agree_with_the_c_library_in_any_order),
        cmocka_unit_test(the_ends_of_the_calendar_are_days),
        cmocka_unit_test(a_zone_that_is_not_there_is_refused_and_changes_nothing),
        cmocka_unit_test(without_tzdata_only_utc_is_known),
        cmocka_unit_test(now_is_after_this_test_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Days in tests: written as people write them, and compared as text, so that a failure shows dates.
 * With a plain month arithmetic that shares nothing with core/civil.h. */
#ifndef KAD_TESTS_UNIT_DAYS_H
#define KAD_TESTS_UNIT_DAYS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/calendar.h"

#define CYCLE_DAYS 146097 /* 400 years, after which the calendar repeats, weekdays and all */

static inline kad_day day(const char *text)
{
    kad_day d;
    if (!kad_day_parse(text, strlen(text), &d))
        fail_msg("not a date: %s", text);
    return d;
}

static inline void assert_day_at(kad_day got, const char *expected, const char *file, int line)
{
    char text[KAD_DAY_TEXT];
    kad_day_text(got, text);
    if (strcmp(text, expected) != 0) {
        print_error("%s is not %s\n", text, expected);
        _fail(file, line);
    }
}
#define assert_day(got, expected) assert_day_at((got), (expected), __FILE__, __LINE__)

static inline int plain_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* n months on, one month's name after the other, as one would on a wall calendar. */
static inline struct kad_ymd plain_add_months(struct kad_ymd from, int n)
{
    struct kad_ymd d = from;
    for (; n > 0; n--)
        d = d.month == 12 ? (struct kad_ymd){d.year + 1, 1, from.day}
                          : (struct kad_ymd){d.year, d.month + 1, from.day};
    for (; n < 0; n++)
        d = d.month == 1 ? (struct kad_ymd){d.year - 1, 12, from.day}
                         : (struct kad_ymd){d.year, d.month - 1, from.day};
    int last = plain_month_days(d.year, d.month);
    d.day = d.day < last ? d.day : last;
    return d;
}

/* The next number of a sequence that is the same in every run. */
static inline uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

#endif

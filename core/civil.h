/* Inside of the calendar: the arithmetic that calendar.c, workday.c and window.c share, inline
 * because a window needs it four times. For these three files only; everybody else uses calendar.h.
 *
 * A civil year is counted here from 1 March, so that the leap day is its last day; the lengths of
 * the months from March on are then a straight line, rounded down, and day numbers turn into dates
 * with a few multiplications and no table. All days are counted from 0000-03-01, which lies before
 * KAD_DAY_MIN, so that every division is one of unsigned numbers.
 * Source: C. Neri, L. Schneider, "Euclidean affine functions and their application to calendar
 * algorithms", Software: Practice and Experience 53 (2023). */
#ifndef KAD_CORE_CIVIL_H
#define KAD_CORE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/calendar.h"
#include "core/err.h"

#define KAD_CIVIL_MARCH_1 719468 /* days from 0000-03-01 to 1970-01-01 */
/* The day after the last one: where something ends that runs to the end of time. */
#define KAD_CIVIL_BEYOND (KAD_DAY_MAX + 1)

static inline bool kad_civil_in_range(kad_day day)
{
    return day >= KAD_DAY_MIN && day <= KAD_DAY_MAX;
}

static inline kad_day kad_civil_clamp(int64_t day)
{
    return day < KAD_DAY_MIN ? KAD_DAY_MIN : day > KAD_DAY_MAX ? KAD_DAY_MAX : (kad_day)day;
}

static inline bool kad_civil_leap(int32_t year)
{
    /* A multiple of 100 is one of 400 exactly when it is one of 16. */
    return (year % 100 == 0 ? year % 16 : year % 4) == 0;
}

static inline int32_t kad_civil_month_days(int32_t year, int32_t month)
{
    if (month == 2)
        return kad_civil_leap(year) ? 29 : 28;
    /* Odd months have 31 days up to July, even ones from August. */
    return 30 + ((month ^ (month >> 3)) & 1);
}

static inline int kad_civil_weekday(kad_day day)
{
    return (int)((uint32_t)(day - KAD_DAY_MIN) % 7); /* 0001-01-01 is a Monday */
}

static inline kad_day kad_civil_day(int32_t year, int32_t month, int32_t day)
{
    uint32_t early = month <= 2; /* January and February belong to the March year before */
    uint32_t y = (uint32_t)year - early;
    uint32_t m = (uint32_t)month + 12 * early;
    uint32_t century = y / 100;
    uint32_t before_year = 1461 * y / 4 - century + century / 4;
    uint32_t before_month = (979 * m - 2919) / 32;
    return (kad_day)(before_year + before_month + (uint32_t)day - 1) - KAD_CIVIL_MARCH_1;
}

static inline struct kad_ymd kad_civil_ymd(kad_day day)
{
    uint32_t n = 4 * (uint32_t)(day + KAD_CIVIL_MARCH_1) + 3;
    uint32_t century = n / 146097;
    uint32_t in_century = n % 146097 / 4;
    /* One multiplication gives the year of the century above, the day of the year below. */
    uint64_t line = UINT64_C(2939745) * (4 * in_century + 3);
    uint32_t in_year = (uint32_t)line / 2939745 / 4;
    uint32_t month_line = 2141 * in_year + 197913;
    uint32_t late = in_year >= 306; /* January and February, of the next civil year */
    return (struct kad_ymd){
        .year = (int32_t)(100 * century + (uint32_t)(line >> 32) + late),
        .month = (int32_t)((month_line >> 16) - 12 * late),
        .day = (int32_t)((month_line & 0xffff) / 2141 + 1),
    };
}

/* n months after (n may be negative), the month's last day where it has no such day. What lies
 * after the last day gives KAD_CIVIL_BEYOND, so that the caller may still take the day before. */
static inline kad_day kad_civil_add_months(struct kad_ymd from, int64_t n)
{
    int64_t months = (int64_t)from.year * 12 + from.month - 1 + n;
    if (months < 12)
        return KAD_DAY_MIN;
    if (months >= 10000 * 12)
        return KAD_CIVIL_BEYOND;
    int32_t year = (int32_t)((uint32_t)months / 12);
    int32_t month = (int32_t)((uint32_t)months % 12) + 1;
    int32_t day = from.day;
    if (day > 28) {
        int32_t length = kad_civil_month_days(year, month);
        day = day < length ? day : length;
    }
    return kad_civil_day(year, month, day);
}

/* Exactly `width` digits, with leading zeros and no NUL. */
static inline void kad_civil_put(char *at, int32_t v, int width)
{
    for (uint32_t rest = (uint32_t)v; width > 0; rest /= 10)
        at[--width] = (char)('0' + rest % 10);
}

#endif

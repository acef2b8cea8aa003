/* The calendar: civil days, months counted from an anchor, phases and their windows, working days.
 * Pure: no clock, no zone. A day is a number, so that steps are arithmetic. Days given are between
 * KAD_DAY_MIN and KAD_DAY_MAX; steps that would leave them, however large, end on the first or last.
 * Source: language.md "Days, months, weeks"; lag (1930:173) 1–2 §§; lag (1989:253). */
#ifndef KAD_CORE_CALENDAR_H
#define KAD_CORE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
typedef int32_t kad_day;
#define KAD_DAY_NONE INT32_MIN /* no such day: never due, never closes, not given */
#define KAD_DAY_MIN (-719162)  /* 0001-01-01 */
#define KAD_DAY_MAX 2932896    /* 9999-12-31; steps beyond are clamped to it */

struct kad_ymd {
    int32_t year;
    int32_t month; /* 1..12 */
    int32_t day;   /* 1..31 */
};

bool kad_ymd_valid(struct kad_ymd d);
kad_day kad_day_of(int32_t year, int32_t month, int32_t day); /* of a valid date */
struct kad_ymd kad_ymd_of(kad_day day);
int kad_weekday(kad_day day); /* 0 = Monday .. 6 = Sunday */
int32_t kad_month_days(int32_t year, int32_t month);
/* "2021-06-01", exactly ten characters, a date that exists, years as in limits.h. */
bool kad_day_parse(const char *s, size_t n, kad_day *ret);
/* Writes ten characters and a NUL. KAD_DAY_NONE gives "-". */
#define KAD_DAY_TEXT 12
const char *kad_day_text(kad_day day, char out[KAD_DAY_TEXT]);

/* The same day n months on (n may be negative), or the month's last day where it has none.
 * Always from the anchor, never step by step: 2021-01-31 + 2 = 2021-03-31. */
kad_day kad_add_months(kad_day from, int32_t n);
kad_day kad_add_years(kad_day from, int32_t n);
/* Whole years from `born` to `on`; born 29 February the year is full on 28 February where there is
 * no 29th. Negative when `on` lies before. */
int32_t kad_whole_years(kad_day born, kad_day on);

/* --- working days --- */

enum kad_calendar_kind { KAD_CAL_NONE = 0, KAD_CAL_SWEDEN };
struct kad_calendar {
    enum kad_calendar_kind kind; /* NONE: every day but `closed` works */
    const kad_day *closed;       /* sorted local days off (`closed DATE`) */
    size_t n_closed;
};
kad_day kad_easter(int32_t year); /* Easter Sunday, Gregorian */
/* A public holiday by the law of its year, or one of the three eves that lag (1930:173) 2 § treats
 * alike; Saturdays and Sundays as such are not asked here. 6 June since 2005; Whit Monday until
 * 2004. *ret_name (may be NULL) is its Swedish name. */
bool kad_swedish_holiday(kad_day day, const char **ret_name);
bool kad_is_working_day(const struct kad_calendar *cal, kad_day day);

enum kad_move { KAD_MOVE_NONE = 0, KAD_MOVE_NEXT, KAD_MOVE_PREVIOUS };
kad_day kad_move_day(const struct kad_calendar *cal, kad_day day, enum kad_move move);
/* The n-th working day after `from` (n >= 1: counted from the day after; n = 0 gives `from`).
 * At the ends of time these three give the last or first day there is, even if it does not work. */
kad_day kad_add_working_days(const struct kad_calendar *cal, kad_day from, int32_t n);
/* The last working day before `day`. */
kad_day kad_working_day_before(const struct kad_calendar *cal, kad_day day);

/* --- distances --- */

enum kad_unit { KAD_U_DAY = 0, KAD_U_WORKING_DAY, KAD_U_WEEK, KAD_U_MONTH, KAD_U_YEAR };
/* `n UNIT after from`; n may be negative for days, weeks, months and years (`before`). `cal` is read
 * for working days only and may be NULL for the rest. */
kad_day kad_add(const struct kad_calendar *cal, kad_day from, int32_t n, enum kad_unit unit);

/* --- phases and windows --- */

enum kad_division {
    KAD_EVERY_WEEKS,   /* `every week`, `every N weeks`: (L div 7n) windows, at least one */
    KAD_TIMES,         /* `once`, `N times` over the whole phase */
    KAD_TIMES_MONTH,   /* `N times a month`: N in each month of the phase by itself; months only */
    KAD_CALENDAR_WEEK, /* the Monday-to-Sunday weeks that begin in the phase */
};
struct kad_phase {
    enum kad_unit unit; /* KAD_U_MONTH or KAD_U_WEEK */
    int32_t first;      /* from 1 */
    int32_t last;       /* >= first; 0 = onwards, without end */
    enum kad_division division;
    int32_t n; /* weeks per window, or windows */
};
/* Month (week) k after the anchor begins here; k >= 1. */
kad_day kad_phase_step(kad_day anchor, enum kad_unit unit, int32_t k);
kad_day kad_phase_start(kad_day anchor, const struct kad_phase *p);
/* The last day, or KAD_DAY_NONE when it goes on without end. */
kad_day kad_phase_end(kad_day anchor, const struct kad_phase *p);

#define KAD_OCCURRENCE_TEXT 48 /* the longest that int32 numbers can make, and its NUL */
struct kad_window {
    kad_day opens, due, closes; /* closes KAD_DAY_NONE: never */
    /* How the phase is divided and the place in it, unique among all ways of dividing:
     * m1.w2, m1.2w1, m2.1of2, m4-5.1of2, m4.1of1, m1+.w7, w3.1of1, m1.2021-W10. */
    char occurrence[KAD_OCCURRENCE_TEXT];
};
/* How many windows; INT32_MAX for an open-ended phase (0 is possible for calendar weeks). */
int32_t kad_phase_count(kad_day anchor, const struct kad_phase *p);
/* Window i (from 0) by arithmetic, without walking; false when there is none: i is not below the
 * count, or the window of an open-ended phase would open after KAD_DAY_MAX. With more windows than
 * days (`40 times` in a month) some share a day. */
bool kad_phase_window(kad_day anchor, const struct kad_phase *p, int32_t i, struct kad_window *ret);

/* --- periods of the calendar, for duties --- */

enum kad_period { KAD_P_MONTH, KAD_P_QUARTER, KAD_P_HALF_YEAR, KAD_P_YEAR, KAD_P_WEEKS };
struct kad_cycle {
    enum kad_period period;
    uint16_t months; /* KAD_P_MONTH: bit m-1 set where month m counts (all: 0x0fff) */
    int32_t weeks;   /* KAD_P_WEEKS: length in weeks, counted from `from` */
    kad_day from;    /* KAD_DAY_NONE: since ever (not for weeks) */
    int32_t times;   /* windows in each period, 1 or more */
};
/* The period that holds `day`, as a running number (months since year 0, quarters, ..., weeks from
 * `from`); its first and last day; its name: 2021-10, 2021-Q3, 2021-H1, 2021, or the start date for
 * weeks. Periods that end before `from` do not exist (false; the one that holds it does). A month
 * whose bit is clear does not either. */
int64_t kad_cycle_index(const struct kad_cycle *c, kad_day day);
bool kad_cycle_period(const struct kad_cycle *c, int64_t index, kad_day *ret_first,
                      kad_day *ret_last, char name[KAD_OCCURRENCE_TEXT]);
/* Window i of the period (0 .. times-1): closes with the period; occurrence "2021-H1" when times is
 * one, else "2021-H1.2of2". */
bool kad_cycle_window(const struct kad_cycle *c, int64_t index, int32_t i, struct kad_window *ret);

#endif

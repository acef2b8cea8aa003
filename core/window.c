/* Phases cut into windows, and the periods of the calendar: each window by arithmetic from its
 * place, and its name.
 *
 * Everything ends with the last day there is: a phase or window that would lie behind it is that
 * one day, and of an open-ended phase such windows do not exist. */
#include "core/calendar.h"

#include "core/civil.h"

/* --- names --- */

static char *put_char(char *at, char c)
{
    *at = c;
    return at + 1;
}

static char *put_fixed(char *at, int32_t v, int width)
{
    kad_civil_put(at, v, width);
    return at + width;
}

static char *put_number(char *at, int32_t v)
{
    if (v < 10) /* nearly always */
        return put_char(at, (char)('0' + v));
    int width = 1;
    for (int32_t rest = v; rest >= 10; rest /= 10)
        width++;
    return put_fixed(at, v, width);
}

/* "2of3" */
static char *put_share(char *at, int32_t i, int32_t n)
{
    at = put_number(at, i + 1);
    at = put_char(at, 'o');
    at = put_char(at, 'f');
    return put_number(at, n);
}

/* "m4.", "m4-5.", "m4+.", and with w for weeks */
static char *put_phase(char *at, enum kad_unit unit, int32_t first, int32_t last)
{
    at = put_char(at, unit == KAD_U_MONTH ? 'm' : 'w');
    at = put_number(at, first);
    if (last == 0) {
        at = put_char(at, '+');
    } else if (last != first) {
        at = put_char(at, '-');
        at = put_number(at, last);
    }
    return put_char(at, '.');
}

static void put_end(const struct kad_window *w, char *at)
{
    *at = '\0';
    kad_assert(at < w->occurrence + KAD_OCCURRENCE_TEXT);
}

/* --- stretches of days --- */

struct stretch {
    kad_day first, last; /* both included, first <= last */
};

/* a * b / c, by the short division where the product allows. */
static int32_t mul_div(int32_t a, int32_t b, int32_t c)
{
    uint64_t product = (uint64_t)(uint32_t)a * (uint32_t)b;
    if (product <= UINT32_MAX)
        return (int32_t)((uint32_t)product / (uint32_t)c);
    return (int32_t)(product / (uint32_t)c);
}

/* Window i of the n that share the days as evenly as whole days can. Where there are more windows
 * than days some begin on the same one; each has at least that day. */
static void share_out(struct stretch s, int32_t i, int32_t n, struct kad_window *ret)
{
    int32_t length = s.last - s.first + 1;
    ret->opens = s.first + mul_div(length, i, n);
    kad_day due = i + 1 == n ? s.last : s.first + mul_div(length, i + 1, n) - 1;
    ret->due = due > ret->opens ? due : ret->opens;
    ret->closes = s.last;
}

/* --- phases --- */

/* What months and weeks are counted from, taken apart once. */
struct origin {
    kad_day day;
    enum kad_unit unit;
    struct kad_ymd ymd; /* for months only */
};

static struct origin origin_of(kad_day anchor, enum kad_unit unit)
{
    kad_assert(kad_civil_in_range(anchor));
    kad_assert(unit == KAD_U_MONTH || unit == KAD_U_WEEK);
    struct origin o = {.day = anchor, .unit = unit};
    if (unit == KAD_U_MONTH)
        o.ymd = kad_civil_ymd(anchor);
    return o;
}

/* n months or weeks from there, n >= 0; KAD_CIVIL_BEYOND is its limit. */
static kad_day step(const struct origin *o, int64_t n)
{
    if (o->unit == KAD_U_MONTH)
        return kad_civil_add_months(o->ymd, n);
    int64_t day = o->day + 7 * n;
    return day < KAD_CIVIL_BEYOND ? (kad_day)day : KAD_CIVIL_BEYOND;
}

/* From the beginning of month (week) `first` to the end of month (week) `last`. */
static struct stretch steps(const struct origin *o, int64_t first, int64_t last)
{
    kad_day begin = step(o, first - 1);
    if (begin > KAD_DAY_MAX)
        return (struct stretch){KAD_DAY_MAX, KAD_DAY_MAX};
    return (struct stretch){begin, step(o, last) - 1};
}

static void check_phase(const struct kad_phase *p)
{
    kad_assert(p->first >= 1 && (p->last == 0 || p->last >= p->first));
    kad_assert(p->n >= 1 || p->division == KAD_CALENDAR_WEEK);
    kad_assert(p->last != 0 || p->division != KAD_TIMES);
    kad_assert(p->unit == KAD_U_MONTH || p->division != KAD_TIMES_MONTH);
}

kad_day kad_phase_step(kad_day anchor, enum kad_unit unit, int32_t k)
{
    kad_assert(k >= 1);
    struct origin o = origin_of(anchor, unit);
    return kad_civil_clamp(step(&o, k - 1));
}

kad_day kad_phase_start(kad_day anchor, const struct kad_phase *p)
{
    return kad_phase_step(anchor, p->unit, p->first);
}

kad_day kad_phase_end(kad_day anchor, const struct kad_phase *p)
{
    if (p->last == 0)
        return KAD_DAY_NONE;
    kad_assert(p->first >= 1 && p->last >= p->first);
    struct origin o = origin_of(anchor, p->unit);
    return steps(&o, p->first, p->last).last;
}

static int32_t count_weeks(struct stretch s, int32_t n)
{
    int32_t count = (s.last - s.first + 1) / 7 / n;
    return count > 0 ? count : 1;
}

static kad_day first_monday(kad_day from)
{
    return from + (7 - kad_civil_weekday(from)) % 7;
}

int32_t kad_phase_count(kad_day anchor, const struct kad_phase *p)
{
    check_phase(p);
    if (p->last == 0)
        return INT32_MAX;

    struct origin o = origin_of(anchor, p->unit);
    switch (p->division) {
    case KAD_EVERY_WEEKS:
        return count_weeks(steps(&o, p->first, p->last), p->n);
    case KAD_TIMES:
        return p->n;
    case KAD_TIMES_MONTH: {
        int64_t count = ((int64_t)p->last - p->first + 1) * p->n;
        return count < INT32_MAX ? (int32_t)count : INT32_MAX;
    }
    case KAD_CALENDAR_WEEK: {
        struct stretch s = steps(&o, p->first, p->last);
        kad_day monday = first_monday(s.first);
        return monday > s.last ? 0 : (s.last - monday) / 7 + 1;
    }
    }
    kad_unreachable();
}

/* "w3", "2w3": the third of every week, of every two. */
static char *put_weeks(char *at, int32_t n, int32_t i)
{
    if (n > 1)
        at = put_number(at, n);
    at = put_char(at, 'w');
    return put_number(at, i + 1);
}

static bool weeks_window(const struct origin *o, const struct kad_phase *p, int32_t i,
                         struct kad_window *ret)
{
    struct stretch s = steps(o, p->first, p->last);
    int32_t count = count_weeks(s, p->n);
    if (i >= count)
        return false;
    /* With more than one window 7n is no longer than the phase, so neither product is large. */
    ret->opens = i == 0 ? s.first : s.first + 7 * p->n * i;
    ret->due = i + 1 == count ? s.last : ret->opens + 7 * p->n - 1;
    ret->closes = s.last;
    put_end(ret, put_weeks(put_phase(ret->occurrence, p->unit, p->first, p->last), p->n, i));
    return true;
}

static bool endless_weeks_window(const struct origin *o, const struct kad_phase *p, int32_t i,
                                 struct kad_window *ret)
{
    kad_day begin = step(o, (int64_t)p->first - 1);
    int64_t weeks = (int64_t)p->n * i;
    if (begin > KAD_DAY_MAX || weeks > (KAD_DAY_MAX - begin) / 7)
        return false;
    ret->opens = begin + 7 * (kad_day)weeks;
    ret->due = kad_civil_clamp(ret->opens + 7 * (int64_t)p->n - 1);
    ret->closes = KAD_DAY_NONE;
    put_end(ret, put_weeks(put_phase(ret->occurrence, p->unit, p->first, p->last), p->n, i));
    return true;
}

static bool times_window(const struct origin *o, const struct kad_phase *p, int32_t i,
                         struct kad_window *ret)
{
    if (i >= p->n)
        return false;
    share_out(steps(o, p->first, p->last), i, p->n, ret);
    put_end(ret, put_share(put_phase(ret->occurrence, p->unit, p->first, p->last), i, p->n));
    return true;
}

/* Named by its own month, whatever phase the month stands in. */
static bool month_window(const struct origin *o, const struct kad_phase *p, int32_t i,
                         struct kad_window *ret)
{
    int64_t month = p->first + (int64_t)(i / p->n);
    if (p->last == 0 ? step(o, month - 1) > KAD_DAY_MAX : month > p->last)
        return false;
    int32_t m = (int32_t)month;
    share_out(steps(o, m, m), i % p->n, p->n, ret);
    put_end(ret, put_share(put_phase(ret->occurrence, p->unit, m, m), i % p->n, p->n));
    return true;
}

/* "2021-W10": the week of ISO 8601, which belongs to the year of its Thursday. */
static char *put_iso_week(char *at, kad_day monday)
{
    kad_day thursday = monday + 3;
    int32_t year = kad_civil_ymd(thursday).year;
    at = put_fixed(at, year, 4);
    at = put_char(at, '-');
    at = put_char(at, 'W');
    return put_fixed(at, (thursday - kad_civil_day(year, 1, 1)) / 7 + 1, 2);
}

static bool calendar_week_window(const struct origin *o, const struct kad_phase *p, int32_t i,
                                 struct kad_window *ret)
{
    bool endless = p->last == 0;
    struct stretch s = {kad_civil_clamp(step(o, (int64_t)p->first - 1)), KAD_DAY_MAX};
    if (!endless)
        s = steps(o, p->first, p->last);
    int64_t monday = first_monday(s.first) + 7 * (int64_t)i;
    if (monday > s.last)
        return false;
    ret->opens = (kad_day)monday;
    ret->due = kad_civil_clamp(monday + 6);
    ret->closes = endless ? KAD_DAY_NONE : s.last > ret->due ? s.last : ret->due;
    put_end(ret, put_iso_week(put_phase(ret->occurrence, p->unit, p->first, p->last), ret->opens));
    return true;
}

bool kad_phase_window(kad_day anchor, const struct kad_phase *p, int32_t i, struct kad_window *ret)
{
    check_phase(p);
    if (i < 0)
        return false;
    struct origin o = origin_of(anchor, p->unit);
    switch (p->division) {
    case KAD_EVERY_WEEKS:
        return p->last == 0 ? endless_weeks_window(&o, p, i, ret) : weeks_window(&o, p, i, ret);
    case KAD_TIMES:
        return times_window(&o, p, i, ret);
    case KAD_TIMES_MONTH:
        return month_window(&o, p, i, ret);
    case KAD_CALENDAR_WEEK:
        return calendar_week_window(&o, p, i, ret);
    }
    kad_unreachable();
}

/* --- periods of the calendar --- */

/* Months in one period; 0 for weeks, which have no place in the year. */
static int32_t months_of(enum kad_period period)
{
    switch (period) {
    case KAD_P_MONTH:
        return 1;
    case KAD_P_QUARTER:
        return 3;
    case KAD_P_HALF_YEAR:
        return 6;
    case KAD_P_YEAR:
        return 12;
    case KAD_P_WEEKS:
        return 0;
    }
    kad_unreachable();
}

int64_t kad_cycle_index(const struct kad_cycle *c, kad_day day)
{
    kad_assert(kad_civil_in_range(day));
    int32_t months = months_of(c->period);
    if (months > 0) {
        struct kad_ymd d = kad_civil_ymd(day);
        return (d.year * 12 + d.month - 1) / months;
    }
    kad_assert(c->weeks >= 1 && kad_civil_in_range(c->from));
    int64_t length = 7 * (int64_t)c->weeks;
    int64_t since = (int64_t)day - c->from;
    return since >= 0 ? since / length : -((length - 1 - since) / length);
}

static bool weeks_period(const struct kad_cycle *c, int64_t index, struct stretch *ret,
                         char name[KAD_OCCURRENCE_TEXT])
{
    kad_assert(c->weeks >= 1 && kad_civil_in_range(c->from));
    int64_t length = 7 * (int64_t)c->weeks;
    if (index < 0 || index > (KAD_DAY_MAX - c->from) / length)
        return false;
    int64_t first = c->from + index * length;
    *ret = (struct stretch){(kad_day)first, kad_civil_clamp(first + length - 1)};
    kad_day_text(ret->first, name);
    return true;
}

static bool months_period(const struct kad_cycle *c, int64_t index, struct stretch *ret,
                          char name[KAD_OCCURRENCE_TEXT])
{
    int32_t months = months_of(c->period);
    if (index < 12 / months || index >= 10000 * 12 / months)
        return false;
    int32_t begin = (int32_t)index * months;
    int32_t end = begin + months - 1;
    if (c->period == KAD_P_MONTH && !(c->months >> (begin % 12) & 1))
        return false;
    ret->first = kad_civil_day(begin / 12, begin % 12 + 1, 1);
    ret->last = kad_civil_day(end / 12, end % 12 + 1, kad_civil_month_days(end / 12, end % 12 + 1));
    if (ret->last < c->from)
        return false;

    char *at = put_fixed(name, begin / 12, 4);
    if (months < 12) {
        at = put_char(at, '-');
        if (months == 1)
            at = put_fixed(at, begin % 12 + 1, 2);
        else
            at = put_number(put_char(at, months == 3 ? 'Q' : 'H'), begin % 12 / months + 1);
    }
    *at = '\0';
    return true;
}

bool kad_cycle_period(const struct kad_cycle *c, int64_t index, kad_day *ret_first,
                      kad_day *ret_last, char name[KAD_OCCURRENCE_TEXT])
{
    struct stretch s;
    if (!(c->period == KAD_P_WEEKS ? weeks_period : months_period)(c, index, &s, name))
        return false;
    *ret_first = s.first;
    *ret_last = s.last;
    return true;
}

bool kad_cycle_window(const struct kad_cycle *c, int64_t index, int32_t i, struct kad_window *ret)
{
    kad_assert(c->times >= 1);
    struct stretch s;
    if (i < 0 || i >= c->times || !kad_cycle_period(c, index, &s.first, &s.last, ret->occurrence))
        return false;
    share_out(s, i, c->times, ret);
    if (c->times > 1) {
        char *at = ret->occurrence;
        while (*at)
            at++;
        put_end(ret, put_share(put_char(at, '.'), i, c->times));
    }
    return true;
}

/* Civil days: numbers, dates and text, and the steps between them. */
#include "core/calendar.h"

#include "core/civil.h"
#include "core/limits.h"

bool kad_ymd_valid(struct kad_ymd d)
{
    return d.year >= 1 && d.year <= 9999 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
           d.day <= kad_civil_month_days(d.year, d.month);
}

kad_day kad_day_of(int32_t year, int32_t month, int32_t day)
{
    kad_assert(kad_ymd_valid((struct kad_ymd){year, month, day}));
    return kad_civil_day(year, month, day);
}

struct kad_ymd kad_ymd_of(kad_day day)
{
    kad_assert(kad_civil_in_range(day));
    return kad_civil_ymd(day);
}

int kad_weekday(kad_day day)
{
    kad_assert(kad_civil_in_range(day));
    return kad_civil_weekday(day);
}

int32_t kad_month_days(int32_t year, int32_t month)
{
    kad_assert(month >= 1 && month <= 12);
    return kad_civil_month_days(year, month);
}

/* Reads `n` digits; -1 when one is none. */
static int32_t digits(const char *s, size_t n)
{
    int32_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

bool kad_day_parse(const char *s, size_t n, kad_day *ret)
{
    if (n != 10 || s[4] != '-' || s[7] != '-')
        return false;
    struct kad_ymd d = {digits(s, 4), digits(s + 5, 2), digits(s + 8, 2)};
    if (d.year < KAD_LIMIT_YEAR_MIN || d.year > KAD_LIMIT_YEAR_MAX || !kad_ymd_valid(d))
        return false;
    *ret = kad_civil_day(d.year, d.month, d.day);
    return true;
}

const char *kad_day_text(kad_day day, char out[KAD_DAY_TEXT])
{
    if (day == KAD_DAY_NONE) {
        out[0] = '-';
        out[1] = '\0';
        return out;
    }
    struct kad_ymd d = kad_ymd_of(day);
    kad_civil_put(out, d.year, 4);
    kad_civil_put(out + 5, d.month, 2);
    kad_civil_put(out + 8, d.day, 2);
    out[4] = out[7] = '-';
    out[10] = '\0';
    return out;
}

kad_day kad_add_months(kad_day from, int32_t n)
{
    kad_assert(kad_civil_in_range(from));
    return kad_civil_clamp(kad_civil_add_months(kad_civil_ymd(from), n));
}

kad_day kad_add_years(kad_day from, int32_t n)
{
    kad_assert(kad_civil_in_range(from));
    return kad_civil_clamp(kad_civil_add_months(kad_civil_ymd(from), (int64_t)n * 12));
}

int32_t kad_whole_years(kad_day born, kad_day on)
{
    kad_assert(kad_civil_in_range(born) && kad_civil_in_range(on));
    struct kad_ymd b = kad_civil_ymd(born);
    struct kad_ymd o = kad_civil_ymd(on);
    if (b.day == 29 && b.month == 2 && !kad_civil_leap(o.year))
        b.day = 28;
    bool before = o.month < b.month || (o.month == b.month && o.day < b.day);
    return o.year - b.year - before;
}

kad_day kad_add(const struct kad_calendar *cal, kad_day from, int32_t n, enum kad_unit unit)
{
    kad_assert(kad_civil_in_range(from));
    switch (unit) {
    case KAD_U_DAY:
        return kad_civil_clamp((int64_t)from + n);
    case KAD_U_WORKING_DAY:
        return kad_add_working_days(cal, from, n);
    case KAD_U_WEEK:
        return kad_civil_clamp((int64_t)from + (int64_t)n * 7);
    case KAD_U_MONTH:
        return kad_add_months(from, n);
    case KAD_U_YEAR:
        return kad_add_years(from, n);
    }
    kad_unreachable();
}

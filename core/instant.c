#include <stdio.h>

#include "core/event.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

const char *kad_instant_text(kad_instant t, char out[KAD_INSTANT_TEXT])
{
    if (t < KAD_INSTANT_MIN || t > KAD_INSTANT_MAX) {
        snprintf(out, KAD_INSTANT_TEXT, "-");
        return out;
    }
    int64_t days = t / DAY, rest = t % DAY;
    if (rest < 0) {
        days--;
        rest += DAY;
    }
    struct kad_ymd d = kad_ymd_of((kad_day)days);
    unsigned second = (unsigned)(rest / SECOND), micro = (unsigned)(rest % SECOND);
    snprintf(out, KAD_INSTANT_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
             (unsigned)d.year % 10000u, (unsigned)d.month % 100u, (unsigned)d.day % 100u,
             second / 3600 % 24, second / 60 % 60, second % 60, micro);
    return out;
}

/* Exactly two digits below `limit`, or -1; moves on. */
static int two(const char **s, const char *end, int limit)
{
    const char *p = *s;
    if (end - p < 2 || p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return -1;
    *s += 2;
    int v = (p[0] - '0') * 10 + (p[1] - '0');
    return v < limit ? v : -1;
}

static bool skip(const char **s, const char *end, char c)
{
    if (*s == end || **s != c)
        return false;
    ++*s;
    return true;
}

/* ".5", ".000001": one to six decimals, in microseconds; 0 when there is no point; -1 when wrong. */
static int64_t decimals(const char **s, const char *end)
{
    if (!skip(s, end, '.'))
        return 0;
    int64_t v = 0, unit = SECOND;
    for (; *s < end && **s >= '0' && **s <= '9'; ++*s) {
        unit /= 10;
        if (unit == 0)
            return -1;
        v += (**s - '0') * unit;
    }
    return unit == SECOND ? -1 : v;
}

/* "Z" or "+02:00", in minutes east; false when it is neither. */
static bool offset(const char **s, const char *end, int *ret)
{
    *ret = 0;
    if (skip(s, end, 'Z') || skip(s, end, 'z'))
        return true;
    bool west = skip(s, end, '-');
    if (!west && !skip(s, end, '+'))
        return false;
    int hours = two(s, end, 24);
    int minutes = hours >= 0 && skip(s, end, ':') ? two(s, end, 60) : -1;
    if (minutes < 0)
        return false;
    *ret = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

bool kad_instant_parse(const char *s, size_t n, kad_instant *ret)
{
    kad_day day;
    if (!s || n < 20 || !kad_day_parse(s, 10, &day) || (s[10] != 'T' && s[10] != 't'))
        return false;
    const char *end = s + n;
    s += 11;
    int hour = two(&s, end, 24);
    int minute = hour >= 0 && skip(&s, end, ':') ? two(&s, end, 60) : -1;
    int second = minute >= 0 && skip(&s, end, ':') ? two(&s, end, 60) : -1;
    if (second < 0)
        return false;
    int64_t micro = decimals(&s, end);
    int east;
    if (micro < 0 || !offset(&s, end, &east) || s != end)
        return false;
    *ret = day * DAY + (hour * 3600 + minute * 60 + second - east * 60) * SECOND + micro;
    return true;
}

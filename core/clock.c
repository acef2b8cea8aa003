#include "core/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define DAY_SECONDS INT64_C(86400)
#define NEAR 3600       /* seconds */
#define FAR (26 * 3600) /* seconds: no zone is further from UTC */

/* Read by threads while one of them may take in an adoption that changes the zone. */
static atomic_bool zone_set; /* else UTC, by arithmetic */
static atomic_uint zone_generation;

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool zone_exists(const char *zone)
{
    const char *dir = getenv("TZDIR");
    char path[512];
    char magic[4] = "";
    if (!dir || !*dir)
        dir = "/usr/share/zoneinfo";
    int n = snprintf(path, sizeof path, "%s/%s", dir, zone);
    if (n < 0 || (size_t)n >= sizeof path)
        return false;
    FILE *f = fopen(path, "rbe");
    if (!f)
        return false;
    struct stat st;
    bool good = fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) &&
                fread(magic, 1, sizeof magic, f) == sizeof magic && memcmp(magic, "TZif", 4) == 0;
    fclose(f);
    return good;
}

/* Letters, digits and a few signs; nothing that leads out of the folder of zones, and no rule of
 * its own ("CET-1CEST"), which the same variable would also take. */
static bool zone_name_ok(const char *zone)
{
    size_t n = strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");
    return n > 0 && zone[n] == '\0' && zone[0] != '/' && n < 100;
}

/* When the C library cannot read a zone's file it takes the name for a rule of its own kind and says
 * nothing: "Europe/Stockholm" becomes a zone "Europe" at UTC, and days would be wrong. */
static bool zone_loaded(const char *zone)
{
    size_t n = strcspn(zone, "/");
    return zone[n] == '\0' || strncmp(tzname[0], zone, n) != 0 || tzname[0][n] != '\0';
}

enum kad_err kad_clock_set_zone(const char *zone, struct kad_error *reterr)
{
    kad_assert(zone);
    bool utc = strcmp(zone, "UTC") == 0;
    const char *now = getenv("TZ");
    if (zone_generation > 0 && now && strcmp(now, zone) == 0)
        return KAD_OK; /* as it is: other threads may be asking just now */
    if (!utc && !zone_name_ok(zone))
        return kad_fail(reterr, KAD_EINPUT,
                        _("“%s” is no name of a time zone. Names look like Europe/Stockholm."),
                        zone);
    errno = 0;
    bool there = utc || zone_exists(zone);
    if (!there && kad_errno_of_machine(errno))
        return kad_fail(reterr, KAD_EIO, _("The time zone %s cannot be read: %s."), zone,
                        strerror(errno));
    if (!there)
        return kad_fail(reterr, KAD_EINPUT,
                        _("This machine does not know the time zone %s. Check the spelling, or "
                          "install the package tzdata."),
                        zone);
    if (setenv("TZ", zone, 1) != 0)
        return kad_fail(reterr, KAD_EIO, _("The time zone cannot be set: %s."), strerror(errno));
    tzset();
    if (!utc && !zone_loaded(zone)) {
        unsetenv("TZ"); /* so that the next one tries again */
        tzset();
        return kad_fail(reterr, KAD_EIO, _("The time zone %s cannot be read: %s."), zone,
                        strerror(EIO));
    }
    zone_set = !utc;
    zone_generation++;
    return KAD_OK;
}

kad_instant kad_clock_now(void)
{
    struct timespec ts;
    int rc = clock_gettime(CLOCK_REALTIME, &ts);
    kad_assert(rc == 0);
    return ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

static struct tm local(int64_t second)
{
    struct tm tm;
    time_t t = second;
    struct tm *got = localtime_r(&t, &tm);
    kad_assert(got);
    return tm;
}

/* The calendar ends with the years 1 and 9999: their first and last days need no zone. */
static kad_day day_of_tm(const struct tm *tm, int64_t second)
{
    int year = tm->tm_year + 1900;
    if (year >= 1 && year <= 9999)
        return kad_day_of(year, tm->tm_mon + 1, tm->tm_mday);
    return second < 0 ? KAD_DAY_MIN : KAD_DAY_MAX;
}

/* Days asked for one after the other are mostly the same day: its first and last second are kept,
 * unless clocks are changed in it. */
static kad_day local_day(int64_t second)
{
    static _Thread_local struct {
        int64_t first, last;
        kad_day day;
        unsigned generation;
    } kept = {.first = 1, .last = 0};
    if (second >= kept.first && second <= kept.last && kept.generation == zone_generation)
        return kept.day;
    struct tm tm = local(second);
    kad_day day = day_of_tm(&tm, second);
    int64_t first = second - (tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
    int64_t last = first + DAY_SECONDS - 1;
    struct tm a = local(first), b = local(last);
    if (a.tm_gmtoff == tm.tm_gmtoff && b.tm_gmtoff == tm.tm_gmtoff) {
        kept.first = first;
        kept.last = last;
        kept.day = day;
        kept.generation = zone_generation;
    }
    return day;
}

kad_day kad_clock_day(kad_instant t)
{
    int64_t second = floor_div(t, SECOND);
    return zone_set ? local_day(second) : (kad_day)floor_div(second, DAY_SECONDS);
}

void kad_clock_text(kad_instant t, char out[KAD_INSTANT_TEXT])
{
    int64_t second = floor_div(t, SECOND);
    int minute = (int)((second - floor_div(second, DAY_SECONDS) * DAY_SECONDS) / 60);
    if (zone_set) {
        struct tm tm = local(second);
        minute = tm.tm_hour * 60 + tm.tm_min;
    }
    snprintf(out, KAD_INSTANT_TEXT, "%02d:%02d", minute / 60, minute % 60);
}

/* The last second that is not after `day`, when clocks are changed around midnight: midnight may
 * come twice or not at all, so look for it from behind, in steps no change is shorter than. */
static int64_t last_second_slowly(kad_day day, int64_t utc_midnight)
{
    int64_t after = utc_midnight + FAR;
    while (local_day(after - 900) > day)
        after -= 900;
    int64_t before = after - 900;
    while (after - before > 1) {
        int64_t mid = before + (after - before) / 2;
        if (local_day(mid) > day)
            after = mid;
        else
            before = mid;
    }
    return before;
}

kad_instant kad_clock_day_end(kad_day day)
{
    kad_assert(day >= KAD_DAY_MIN && day <= KAD_DAY_MAX);
    int64_t utc_midnight = (day + INT64_C(1)) * DAY_SECONDS;
    int64_t last = utc_midnight - 1;
    if (zone_set) {
        int64_t east = local(utc_midnight).tm_gmtoff;
        last -= east;
        /* One offset for an hour on both sides: then midnight stands where that offset puts it. */
        if (local(last - NEAR).tm_gmtoff != east || local(last + NEAR).tm_gmtoff != east)
            last = last_second_slowly(day, utc_midnight);
    }
    return last * SECOND + SECOND - 1;
}

/* --- a time of a civil day --- */

/* Local time as if it were UTC: seconds since 1970. */
static int64_t wall(int64_t second)
{
    return second + (zone_set ? local(second).tm_gmtoff : 0);
}

/* The first second whose local time is `want` or later: offsets differ by less than FAR, and between
 * two changes of the clocks local time runs as time does. */
static int64_t first_at(int64_t want)
{
    int64_t first = want - local(want - FAR).tm_gmtoff, other = want - local(want + FAR).tm_gmtoff;
    if (other < first) {
        int64_t swap = first;
        first = other;
        other = swap;
    }
    if (wall(first) == want)
        return first;
    if (wall(other) == want)
        return other;
    /* Left out: the clocks are changed between the two. */
    while (other - first > 1) {
        int64_t mid = first + (other - first) / 2;
        if (wall(mid) >= want)
            other = mid;
        else
            first = mid;
    }
    return wall(first) >= want ? first : other;
}

kad_instant kad_clock_at(kad_day day, int32_t minute)
{
    static _Thread_local struct {
        kad_day day;
        int32_t minute;
        unsigned generation;
        bool set;
        kad_instant at;
    } kept[4];
    kad_assert(minute >= 0 && minute < 24 * 60);
    size_t slot = ((unsigned)day ^ (unsigned)minute) % (sizeof kept / sizeof *kept);
    if (!kept[slot].set || kept[slot].day != day || kept[slot].minute != minute ||
        kept[slot].generation != zone_generation) {
        int64_t want = day * DAY_SECONDS + minute * INT64_C(60);
        kad_instant at = (zone_set ? first_at(want) : want) * SECOND;
        kept[slot].day = day;
        kept[slot].minute = minute;
        kept[slot].generation = zone_generation;
        kept[slot].set = true;
        kept[slot].at = at;
    }
    return kept[slot].at;
}

kad_day kad_clock_day_at(kad_instant t, int32_t minute)
{
    kad_day day = kad_clock_day(t);
    if (t >= kad_clock_at(day + 1, minute)) /* the clocks went back over midnight */
        return day + 1;
    while (t < kad_clock_at(day, minute))
        day--;
    return day;
}

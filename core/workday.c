/* Working days: the Swedish public holidays by rule, for any year, and steps over them.
 * Source: lag (1989:253) om allmänna helgdagar, as it stood in each year since 1990, and as it
 * stood in 1990 for the years before; lag (1930:173) 2 § for the three eves. */
#include "core/calendar.h"

#include "core/civil.h"

enum { MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY };

enum holiday {
    NO_HOLIDAY,
    NEW_YEARS_DAY,
    EPIPHANY,
    GOOD_FRIDAY,
    EASTER_SUNDAY,
    EASTER_MONDAY,
    FIRST_OF_MAY,
    ASCENSION,
    WHIT_SUNDAY,
    WHIT_MONDAY,
    NATIONAL_DAY,
    MIDSUMMER_EVE,
    MIDSUMMER_DAY,
    ALL_SAINTS,
    CHRISTMAS_EVE,
    CHRISTMAS_DAY,
    BOXING_DAY,
    NEW_YEARS_EVE,
};

static const char *const holiday_name[] = {
    [NEW_YEARS_DAY] = "Nyårsdagen",         [EPIPHANY] = "Trettondedag jul",
    [GOOD_FRIDAY] = "Långfredagen",         [EASTER_SUNDAY] = "Påskdagen",
    [EASTER_MONDAY] = "Annandag påsk",      [FIRST_OF_MAY] = "Första maj",
    [ASCENSION] = "Kristi himmelsfärdsdag", [WHIT_SUNDAY] = "Pingstdagen",
    [WHIT_MONDAY] = "Annandag pingst",      [NATIONAL_DAY] = "Sveriges nationaldag",
    [MIDSUMMER_EVE] = "Midsommarafton",     [MIDSUMMER_DAY] = "Midsommardagen",
    [ALL_SAINTS] = "Alla helgons dag",      [CHRISTMAS_EVE] = "Julafton",
    [CHRISTMAS_DAY] = "Juldagen",           [BOXING_DAY] = "Annandag jul",
    [NEW_YEARS_EVE] = "Nyårsafton",
};

#define NATIONAL_DAY_SINCE 2005 /* 6 June came and Whit Monday went */

/* The Sunday after the full moon of spring. The moon's day is 21 March plus what is left of 30 after
 * eleven days' shift a year (19 - 30), the leap days that the centuries leave out, and the moon's own
 * slow drift of 8 days in 25 centuries; the two last places of the row are one day earlier. */
static kad_day easter(int32_t year)
{
    uint32_t y = (uint32_t)year;
    uint32_t century = y / 100;
    uint32_t golden = y % 19;
    uint32_t moon = (19 * golden + century - century / 4 - (8 * century + 13) / 25 + 15) % 30;
    moon -= moon == 29 || (moon == 28 && golden > 10);
    kad_day after = kad_civil_day(year, 3, 22) + (kad_day)moon;
    return after + SUNDAY - kad_civil_weekday(after);
}

kad_day kad_easter(int32_t year)
{
    kad_assert(year >= 1 && year <= 9999);
    return easter(year);
}

#define MONTH_DAY(month, day) ((month)*32 + (day))

static enum holiday fixed_holiday(struct kad_ymd d)
{
    switch (MONTH_DAY(d.month, d.day)) {
    case MONTH_DAY(1, 1):
        return NEW_YEARS_DAY;
    case MONTH_DAY(1, 6):
        return EPIPHANY;
    case MONTH_DAY(5, 1):
        return FIRST_OF_MAY;
    case MONTH_DAY(6, 6):
        return d.year >= NATIONAL_DAY_SINCE ? NATIONAL_DAY : NO_HOLIDAY;
    case MONTH_DAY(12, 24):
        return CHRISTMAS_EVE;
    case MONTH_DAY(12, 25):
        return CHRISTMAS_DAY;
    case MONTH_DAY(12, 26):
        return BOXING_DAY;
    case MONTH_DAY(12, 31):
        return NEW_YEARS_EVE;
    default:
        return NO_HOLIDAY;
    }
}

static enum holiday easter_holiday(kad_day day, int32_t year)
{
    switch (day - easter(year)) {
    case -2:
        return GOOD_FRIDAY;
    case 0:
        return EASTER_SUNDAY;
    case 1:
        return EASTER_MONDAY;
    case 39:
        return ASCENSION;
    case 49:
        return WHIT_SUNDAY;
    case 50:
        return year < NATIONAL_DAY_SINCE ? WHIT_MONDAY : NO_HOLIDAY;
    default:
        return NO_HOLIDAY;
    }
}

/* The days of each month on which one may fall that does not hang on Easter, a bit for each. */
static const uint32_t candidates[13] = {
    [1] = 1u << 1 | 1u << 6,
    [5] = 1u << 1,
    [6] = 1u << 6 | 0xffu << 19, /* midsummer: Friday 19–25, Saturday 20–26 */
    [10] = 1u << 31,             /* All Saints: Saturday 31 October – 6 November */
    [11] = 0x3fu << 1,
    [12] = 7u << 24 | 1u << 31,
};

/* From when to when each weekday may be one that does (Easter is 22 March – 25 April). */
static const struct {
    int from, to;
} easter_range[7] = {
    [MONDAY] = {MONTH_DAY(3, 23), MONTH_DAY(6, 14)},  /* Easter Monday, Whit Monday */
    [THURSDAY] = {MONTH_DAY(4, 30), MONTH_DAY(6, 3)}, /* Ascension */
    [FRIDAY] = {MONTH_DAY(3, 20), MONTH_DAY(4, 23)},  /* Good Friday */
    [SUNDAY] = {MONTH_DAY(3, 22), MONTH_DAY(6, 13)},  /* Easter, Whit Sunday */
};

/* Where two fall on one day (Ascension on 1 May) the fixed one gives the name. The two tables turn
 * nearly all days away before anything is computed. */
static enum holiday holiday_on(kad_day day, int weekday)
{
    struct kad_ymd d = kad_civil_ymd(day);
    int at = MONTH_DAY(d.month, d.day);
    if (candidates[d.month] >> d.day & 1) {
        enum holiday h = fixed_holiday(d);
        if (h != NO_HOLIDAY)
            return h;
        if (weekday == FRIDAY && at >= MONTH_DAY(6, 19) && at <= MONTH_DAY(6, 25))
            return MIDSUMMER_EVE;
        if (weekday == SATURDAY && at >= MONTH_DAY(6, 20) && at <= MONTH_DAY(6, 26))
            return MIDSUMMER_DAY;
        if (weekday == SATURDAY && d.month >= 10)
            return ALL_SAINTS; /* in December only fixed days are candidates */
    }
    if (at >= easter_range[weekday].from && at <= easter_range[weekday].to)
        return easter_holiday(day, d.year);
    return NO_HOLIDAY;
}

bool kad_swedish_holiday(kad_day day, const char **ret_name)
{
    kad_assert(kad_civil_in_range(day));
    enum holiday h = holiday_on(day, kad_civil_weekday(day));
    if (h == NO_HOLIDAY)
        return false;
    if (ret_name)
        *ret_name = holiday_name[h];
    return true;
}

static bool is_closed(const struct kad_calendar *cal, kad_day day)
{
    size_t lo = 0;
    size_t hi = cal->n_closed;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (cal->closed[mid] < day)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < cal->n_closed && cal->closed[lo] == day;
}

bool kad_is_working_day(const struct kad_calendar *cal, kad_day day)
{
    kad_assert(kad_civil_in_range(day));
    if (cal->kind == KAD_CAL_SWEDEN) {
        int weekday = kad_civil_weekday(day);
        if (weekday >= SATURDAY || holiday_on(day, weekday) != NO_HOLIDAY)
            return false;
    }
    return !is_closed(cal, day);
}

/* The first working day at or after (step 1), or at or before (step -1); at the ends of time the
 * last or first day there is, whether it works or not. */
static kad_day seek(const struct kad_calendar *cal, kad_day day, kad_day step)
{
    kad_day edge = step > 0 ? KAD_DAY_MAX : KAD_DAY_MIN;
    while (day != edge && !kad_is_working_day(cal, day))
        day += step;
    return day;
}

kad_day kad_move_day(const struct kad_calendar *cal, kad_day day, enum kad_move move)
{
    kad_assert(kad_civil_in_range(day));
    switch (move) {
    case KAD_MOVE_NONE:
        return day;
    case KAD_MOVE_NEXT:
        return seek(cal, day, 1);
    case KAD_MOVE_PREVIOUS:
        return seek(cal, day, -1);
    }
    kad_unreachable();
}

kad_day kad_add_working_days(const struct kad_calendar *cal, kad_day from, int32_t n)
{
    kad_assert(kad_civil_in_range(from) && n >= 0);
    kad_day day = from;
    for (int32_t i = 0; i < n && day < KAD_DAY_MAX; i++)
        day = seek(cal, day + 1, 1);
    return day;
}

kad_day kad_working_day_before(const struct kad_calendar *cal, kad_day day)
{
    kad_assert(kad_civil_in_range(day));
    return day == KAD_DAY_MIN ? day : seek(cal, day - 1, -1);
}

/* What happens, and when. */
#include <stdlib.h>

#include "cli/demo.h"
#include "core/clock.h"

#define MINUTE ((kad_instant)60 * 1000000)
#define SHOWN 10              /* cases that are written, not drawn: one coach's */
#define CASES_PER_COACHES 600 /* ten coaches carry this many over two years */

/* --- chance --- */

uint64_t kad_demo_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t kad_demo_stream(const struct kad_demo *d, uint32_t who)
{
    uint64_t state = d->seed * UINT64_C(0x2545f4914f6cdd1d) + who;
    return kad_demo_random(&state);
}

/* One story being told: a case, a municipality or the programme. */
struct life {
    struct kad_demo *d;
    uint64_t luck;
    uint32_t who;
    size_t first; /* its events begin here in d->v */
};

static int32_t between(struct life *l, int32_t low, int32_t high)
{
    return low + (int32_t)(kad_demo_random(&l->luck) % (uint64_t)(high - low + 1));
}

static bool chance(struct life *l, int per_cent)
{
    return between(l, 0, 99) < per_cent;
}

/* --- telling --- */

static const struct kad_calendar sweden = {.kind = KAD_CAL_SWEDEN};

static kad_day working(kad_day day)
{
    return kad_move_day(&sweden, day, KAD_MOVE_NEXT);
}

/* It happened on that day, and was recorded then or some days later, during working hours. What
 * lies after today has not happened. */
static bool tell(struct life *l, enum kad_demo_what what, kad_day on)
{
    struct kad_demo *d = l->d;
    uint32_t luck = (uint32_t)kad_demo_random(&l->luck);
    int32_t delay = chance(l, 70) ? 0 : chance(l, 80) ? between(l, 1, 3) : between(l, 4, 12);
    delay = l->who < SHOWN ? 0 : delay;
    int32_t minute = between(l, 8 * 60, 17 * 60);
    if (on > d->today || on < d->from)
        return false;
    kad_day recorded = working(on + delay);
    recorded = recorded < d->today ? recorded : d->today;
    kad_instant at = kad_clock_day_end(recorded) - (24 * 60 - minute) * MINUTE + 1;
    at = at > d->now ? d->now : at;
    if (d->n == d->cap) {
        d->cap = d->cap ? 2 * d->cap : 1024;
        d->v = kad_xrealloc(d->v, d->cap * sizeof *d->v);
    }
    d->v[d->n] = (struct kad_demo_event){.at = at,
                                         .on = on,
                                         .who = l->who,
                                         .luck = luck,
                                         .order = (uint32_t)d->n,
                                         .what = (uint8_t)what};
    d->n++;
    return true;
}

static struct life begin(struct kad_demo *d, uint32_t who)
{
    return (struct life){.d = d, .who = who, .luck = kad_demo_stream(d, who), .first = d->n};
}

static int happened_cmp(const void *pa, const void *pb)
{
    const struct kad_demo_event *a = pa, *b = pb;
    if (a->on != b->on)
        return a->on < b->on ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* What is told of one is recorded in the order it happened. */
static void end(const struct life *l)
{
    struct kad_demo *d = l->d;
    size_t n = d->n - l->first;
    if (n == 0)
        return;
    struct kad_demo_event *v = d->v + l->first;
    qsort(v, n, sizeof *v, happened_cmp);
    for (size_t i = 0; i < n; i++) {
        v[i].order = (uint32_t)(l->first + i);
        if (i && v[i].at < v[i - 1].at)
            v[i].at = v[i - 1].at;
    }
}

/* --- a participant --- */

unsigned kad_demo_unit_of_coach(uint32_t coach)
{
    /* aneby 0, eksjo 1, nassjo 2, savsjo 3, tranas 4, vetlanda 5 */
    static const unsigned char units[10] = {1, 1, 2, 2, 3, 3, 5, 5, 0, 4};
    return units[coach % 10];
}

unsigned kad_demo_share(unsigned unit)
{
    static const unsigned shares[KAD_DEMO_UNITS] = {75, 150, 180, 150, 100, 150};
    return shares[unit];
}

struct kad_demo_person kad_demo_person(const struct kad_demo *d, uint32_t who)
{
    uint64_t luck = kad_demo_stream(d, who) ^ UINT64_C(0x5bf03635);
    struct kad_demo_person p = {0};
    p.coach = who < SHOWN ? 0 : (uint32_t)(kad_demo_random(&luck) % d->coaches);
    p.unit = kad_demo_unit_of_coach(p.coach);
    p.born = kad_add_years(d->today, -(int32_t)(21 + kad_demo_random(&luck) % 38)) -
             (kad_day)(kad_demo_random(&luck) % 360);
    p.woman = kad_demo_random(&luck) % 2 == 0;
    p.first = (unsigned)(kad_demo_random(&luck) % 16);
    p.last = (unsigned)(kad_demo_random(&luck) % 16);
    p.from = (unsigned)(kad_demo_random(&luck) % 5);
    return p;
}

/* As a rule in time, else weeks late; what is recent may still be to do. */
static void sooner_or_later(struct life *l, enum kad_demo_what what, kad_day on, int per_cent)
{
    kad_day late = working(on + between(l, 15, 60));
    if (chance(l, per_cent))
        tell(l, what, on);
    else
        tell(l, what, late);
}

/* The survey of each October that began while the person was enrolled. */
static void surveys(struct life *l, kad_day enrolled, kad_day until)
{
    for (int32_t year = kad_ymd_of(enrolled).year; year <= kad_ymd_of(until).year; year++) {
        kad_day first = kad_day_of(year, 10, 1);
        int32_t after = between(l, 3, 27);
        if (first >= enrolled && first <= until && chance(l, 88))
            tell(l, KAD_D_SURVEY, working(first + after));
    }
}

/* One contact of the aftercare: as a rule within its window, at times late, at times never. */
static void contact(struct life *l, enum kad_demo_what what, kad_day opens, kad_day due,
                    kad_day until)
{
    kad_day on = opens + between(l, 0, due - opens);
    int fate = between(l, 0, 99);
    if (fate >= 92)
        return;
    if (fate >= 84)
        on = due + between(l, 1, 4);
    /* What is going on just now is often still to do. */
    if (on > until || (on > l->d->today - 5 && chance(l, 45)))
        return;
    tell(l, what, on);
}

static void aftercare(struct life *l, kad_day from, kad_day until)
{
    static const struct {
        unsigned char month, parts;
        enum kad_demo_what what;
    } plan[] = {{1, 4, KAD_D_VISIT}, {2, 2, KAD_D_VISIT}, {3, 1, KAD_D_VISIT},
                {4, 1, KAD_D_CALL},  {5, 1, KAD_D_CALL},  {6, 1, KAD_D_CLOSING}};
    for (size_t i = 0; i < sizeof plan / sizeof *plan; i++) {
        kad_day first = kad_add_months(from, plan[i].month - 1);
        int32_t days = kad_add_months(from, plan[i].month) - first;
        for (int32_t part = 0; part < plan[i].parts; part++)
            contact(l, plan[i].what, first + days * part / plan[i].parts + (first == from && !part),
                    first + days * (part + 1) / plan[i].parts - 1, until);
    }
}

/* From the first day of work to the end of the aftercare and out of the register. */
static void work(struct life *l, kad_day enrolled, kad_day from)
{
    kad_day until = from + 400, left = working(from + between(l, 0, 25));
    bool ends = chance(l, 12);
    tell(l, KAD_D_EMPLOYED, from);
    tell(l, KAD_D_SUPPORT, from);
    if (ends)
        until = from + between(l, 40, 170);
    surveys(l, enrolled, left);
    tell(l, KAD_D_TO_WORK, left);
    aftercare(l, from, until);
    if (ends)
        tell(l, KAD_D_EMPLOYED_END, until);
    else if (chance(l, 12))
        tell(l, KAD_D_EXTENDED, working(kad_add_months(from, 5) + between(l, 1, 20)));
    sooner_or_later(l, KAD_D_EXITED, working(kad_add_months(left, 3) - between(l, -3, 6)), 90);
    tell(l, KAD_D_INCOME_WAGE, working(kad_add_months(left, 3)));
}

/* The months between enrolment and what comes of it. Returns the day of the last step. */
static kad_day steps(struct life *l, kad_day enrolled)
{
    kad_day day = working(enrolled + between(l, 14, 45));
    tell(l, KAD_D_PROFILE, day);
    day = working(day + between(l, 20, 60));
    tell(l, KAD_D_FINDING, day);
    if (chance(l, 55)) {
        kad_day placed = working(day + between(l, 5, 30));
        tell(l, KAD_D_PLACED, placed);
        tell(l, KAD_D_PLACED_END, working(placed + between(l, 10, 60)));
    }
    if (chance(l, 6))
        tell(l, KAD_D_COACH_CHANGE, working(day + 3));
    day = working(day + between(l, 25, 80));
    tell(l, KAD_D_ENGAGEMENT, day);
    return day;
}

static void enrolled(struct life *l, kad_day day)
{
    tell(l, KAD_D_ENROLL, day);
    tell(l, KAD_D_INCOME_BEFORE, day);
    sooner_or_later(l, KAD_D_ENTERED, chance(l, 75) ? day : working(day + between(l, 1, 6)), 97);
    kad_day last = steps(l, day);
    int fate = between(l, 0, 99);
    if (fate < 46) {
        work(l, day, working(last + between(l, 10, 90)));
        return;
    }
    if (fate < 58) {
        kad_day studies = working(last + between(l, 10, 90));
        surveys(l, day, studies);
        tell(l, KAD_D_STUDIES, studies);
        tell(l, KAD_D_TO_STUDIES, chance(l, 90) ? studies : working(studies + 5));
        sooner_or_later(l, KAD_D_EXITED, working(kad_add_months(studies, 3)), 92);
        return;
    }
    if (fate < 74) {
        kad_day left = working(last + between(l, 20, 160));
        surveys(l, day, left);
        tell(l, KAD_D_DISCHARGE, left);
        sooner_or_later(l, KAD_D_EXITED, left, 85);
        return;
    }
    surveys(l, day, l->d->today);
}

static void participant(struct life *l)
{
    struct kad_demo *d = l->d;
    kad_day day = working(d->today - between(l, 5, 730));
    bool motivated = chance(l, 86);
    tell(l, motivated ? KAD_D_REFERRAL : KAD_D_UNMOTIVATED, day);
    if (!motivated) {
        if (chance(l, 35)) {
            tell(l, KAD_D_RE_REFERRAL, working(day + between(l, 20, 120)));
            return;
        }
        day = working(day + between(l, 30, 150));
        tell(l, KAD_D_MOTIVATED, day);
    }
    if (chance(l, 5)) {
        tell(l, KAD_D_GK_STARTED, day);
        day = working(day + between(l, 30, 80));
        tell(l, KAD_D_GK_ENDED, day);
    }
    day = working(day + between(l, 8, 38));
    int verdict = between(l, 0, 99);
    if (verdict < 4) {
        tell(l, KAD_D_DECLINE, day);
        tell(l, KAD_D_RE_REFERRAL, day);
        return;
    }
    if (verdict < 10) {
        tell(l, KAD_D_DEFER, day);
        day = working(day + 28);
    } else if (verdict < 14) {
        tell(l, KAD_D_DISAGREE, day);
        day = kad_add_working_days(&sweden, day, between(l, 4, 13));
        tell(l, KAD_D_MANAGERS, day);
    }
    if (verdict < 10 || verdict >= 14)
        tell(l, KAD_D_INCLUDE, day);
    if (chance(l, 3)) {
        tell(l, KAD_D_MOVED, working(day + between(l, 10, 40)));
        return;
    }
    enrolled(l, working(day + between(l, 0, 55)));
}

/* The first ten are one coach's, so that her list always shows what lists show. */
static void shown(struct life *l)
{
    kad_day t = l->d->today, month = kad_add_months(t, -1);
    kad_day in = l->who == 2 ? t - 2 : l->who == 8 ? t : l->who == 1 ? t - 160 : t - 300;
    tell(l, KAD_D_REFERRAL, working(in - 45));
    if (l->who == 9) {
        tell(l, KAD_D_MOVED, t - 3);
        return;
    }
    tell(l, KAD_D_INCLUDE, working(in - 20));
    if (l->who == 5)
        return;
    tell(l, KAD_D_ENROLL, in);
    if (l->who == 2 || l->who == 8)
        return;
    tell(l, KAD_D_ENTERED, in);
    tell(l, KAD_D_PROFILE, working(in + 30));
    tell(l, KAD_D_FINDING, working(in + 70));
    surveys(l, in, l->who == 3 ? kad_add_months(t, -3) : t - 20);
    switch (l->who) {
    case 0: /* the first month closed yesterday, one visit short */
        tell(l, KAD_D_EMPLOYED, month);
        tell(l, KAD_D_SUPPORT, month);
        for (int week = 0; week < 3; week++)
            tell(l, KAD_D_VISIT, working(month + 7 * week + 2));
        break;
    case 1: /* ten days at work, the first visit is late */
        tell(l, KAD_D_EMPLOYED, t - 10);
        tell(l, KAD_D_SUPPORT, t - 10);
        break;
    case 3: /* the register is to be left in two days */
        tell(l, KAD_D_EMPLOYED, kad_add_months(t, -3) + 2);
        tell(l, KAD_D_TO_WORK, kad_add_months(t, -3) + 2);
        aftercare(l, kad_add_months(t, -3) + 2, t - 20);
        break;
    case 4: /* calls in the fifth month */
        tell(l, KAD_D_EMPLOYED, kad_add_months(t, -5) + 14);
        aftercare(l, kad_add_months(t, -5) + 14, t - 15);
        tell(l, KAD_D_EXTENDED, t - 6);
        break;
    case 6:
        tell(l, KAD_D_STUDIES, t - 1);
        break;
    default:
        tell(l, KAD_D_ENGAGEMENT, t - 12);
    }
}

/* --- municipalities and the programme --- */

static void half_year(struct life *l, int32_t year, int half)
{
    kad_day ended = half == 1 ? kad_day_of(year, 7, 1) : kad_day_of(year + 1, 1, 1);
    sooner_or_later(l, KAD_D_REPORT, working(ended + between(l, 2, 12)), 96);
    kad_day on = working(ended + between(l, 5, 27));
    if (tell(l, KAD_D_CERTIFICATE, on))
        tell(l, KAD_D_REQUISITION, working(on + between(l, 1, 15)));
}

static void municipality(struct life *l)
{
    int32_t from = kad_ymd_of(l->d->from).year, to = kad_ymd_of(l->d->today).year;
    for (int32_t year = from; year <= to; year++)
        for (int month = 1; month <= 12; month++) {
            if (month == 1)
                half_year(l, year - 1, 2);
            if (month == 7)
                half_year(l, year, 1);
            kad_day first = kad_day_of(year, month, 1);
            int32_t after = between(l, 6, 20);
            if (month != 7 && chance(l, 96))
                tell(l, KAD_D_MEETING, working(first + after));
            if (month == 10)
                tell(l, KAD_D_FIDELITY, working(first + after + 5));
        }
}

static void programme(struct life *l)
{
    int32_t from = kad_ymd_of(l->d->from).year, to = kad_ymd_of(l->d->today).year;
    for (int32_t year = from; year <= to; year++) {
        static const int meetings[4] = {2, 5, 9, 11};
        for (int i = 0; i < 4; i++) {
            tell(l, KAD_D_NETWORK, working(kad_day_of(year, meetings[i], between(l, 3, 20))));
            if (i == 1)
                tell(l, KAD_D_REFERRERS, working(kad_day_of(year, 5, between(l, 3, 28))));
            if (i != 2)
                continue;
            int32_t answers = between(l, 28, 44);
            for (int32_t n = 0; n < answers; n++)
                tell(l, KAD_D_ANSWER, working(kad_day_of(year, 10, 3) + n * 24 / answers));
        }
        tell(l, KAD_D_SURVEY_REPORT, working(kad_day_of(year, 11, between(l, 21, 28))));
    }
}

/* --- all of it --- */

static int recorded_cmp(const void *pa, const void *pb)
{
    const struct kad_demo_event *a = pa, *b = pb;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

void kad_demo_tell(struct kad_demo *d)
{
    d->coaches = 10 * ((d->cases + CASES_PER_COACHES - 1) / CASES_PER_COACHES);
    d->coaches = d->coaches ? d->coaches : 10;
    for (uint32_t who = 0; who < d->cases; who++) {
        struct life l = begin(d, who);
        if (who < SHOWN)
            shown(&l);
        else
            participant(&l);
        end(&l);
    }
    for (unsigned unit = 0; unit < KAD_DEMO_UNITS; unit++) {
        struct life l = begin(d, KAD_DEMO_UNIT + unit);
        municipality(&l);
        end(&l);
    }
    struct life l = begin(d, KAD_DEMO_PROGRAMME);
    programme(&l);
    end(&l);
    if (d->n)
        qsort(d->v, d->n, sizeof *d->v, recorded_cmp);
}

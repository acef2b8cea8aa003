/* See random_policy.h. */
#include "tests/unit/random_policy.h"

#include <stdio.h>

uint32_t dice_roll(struct dice *d, uint32_t sides)
{
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(d->state >> 33) % sides;
}

bool dice_chance(struct dice *d, uint32_t percent)
{
    return dice_roll(d, 100) < percent;
}

kad_day dice_day(struct dice *d, kad_day from, kad_day to)
{
    return from + (kad_day)dice_roll(d, (uint32_t)(to - from) + 1);
}

/* --- conditions: as text here, as expressions in random_compile.c; a table of both is there --- */

enum { SKETCH_TOWN_ONLY = EV__COUNT, SKETCH_NAMED };
static const struct {
    int event; /* only of this one, whose fields it reads; -1: of any event of a participant */
    const char *text;
} conditions[] = {
    {-1, ""},
    {EV_HIRED, "level is high"},
    {EV_HIRED, "level at least mid"},
    {EV_HIRED, "extent at least 50 %"},
    {EV_VISIT, "score at least 5"},
    {EV_VISIT, "score is known"},
    {EV_STOPPED, "why in (low, mid)"},
    {EV_STOPPED, "why.counts"},
    {-1, "working"},
    {-1, "not active"},
    {-1, "working or last_score at least 5"},
    {-1, "jobs at least limit"},
    {-1, "call has happened"},
    {-1, "coach is unknown"},
    {-1, "age at least 30"},
    {-1, "unit is aneby and active"},
    {EV_CALL, "last_score from 3 to 7"},
    {-1, "good at most 1"},
    {-1, "until_day after 2021-06-15"},
    {-1, "until_day before 2021-05-01"},
    {SKETCH_TOWN_ONLY, "quota at least 2"},
    {SKETCH_NAMED, "is done"}, /* a task of the first cadence */
};
#define N_CONDITIONS (sizeof conditions / sizeof conditions[0])

static int condition_for(struct dice *d, int event)
{
    if (!dice_chance(d, 35))
        return 0;
    for (int tries = 0; tries < 8; tries++) {
        int c = (int)dice_roll(d, N_CONDITIONS);
        if (conditions[c].event == event || conditions[c].event < 0)
            return c;
    }
    return 0;
}

static struct sketch_trigger trigger(struct dice *d, const int *from, uint32_t n)
{
    int event = from[dice_roll(d, n)];
    bool participant = event <= EV_COACHED;
    return (struct sketch_trigger){event, participant ? condition_for(d, event) : 0};
}

static struct sketch_triggers some(struct dice *d, const int *from, uint32_t n)
{
    struct sketch_triggers t = {.n = 1};
    t.v[0] = trigger(d, from, n);
    if (n > 1 && dice_chance(d, 25)) {
        t.v[1] = trigger(d, from, n);
        t.n = t.v[1].event == t.v[0].event ? 1 : 2;
    }
    return t;
}

/* --- rules --- */

static const int opening[] = {EV_HIRED, EV_HIRED, EV_START, EV_VISIT, EV_STOPPED};
static const int doing[] = {EV_VISIT, EV_VISIT, EV_CALL, EV_HIRED};
static const int closing[] = {EV_FIRED, EV_STOPPED, EV_CALL};
static const int town_doing[] = {EV_FILED, EV_AUDIT};
static const int programme_doing[] = {EV_MEETING};

static void random_common(struct dice *d, struct sketch_rule *r)
{
    r->running = dice_chance(d, 20) ? (enum kad_running)(1 + dice_roll(d, 2)) : KAD_RUNNING_UNSAID;
    r->move = dice_chance(d, 40) ? (enum kad_move)(1 + dice_roll(d, 2)) : KAD_MOVE_NONE;
    r->closes = dice_chance(d, 30) ? (enum kad_closes)(1 + dice_roll(d, 2)) : KAD_CLOSES_DEFAULT;
    r->closes_days = (int32_t)dice_roll(d, 20);
    r->owner = (int)dice_roll(d, 3);
    if (dice_chance(d, 50))
        r->until = some(d, closing, 3);
}

static void random_task(struct dice *d, struct sketch_rule *r)
{
    static const enum kad_unit units[] = {KAD_U_DAY, KAD_U_DAY, KAD_U_WORKING_DAY, KAD_U_WEEK,
                                          KAD_U_MONTH};
    r->n_whens = 1 + dice_roll(d, 2);
    for (size_t i = 0; i < r->n_whens; i++) {
        r->whens[i].trigger = trigger(d, opening, 5);
        if (dice_chance(d, 10))
            r->whens[i].trigger.condition = SKETCH_TASK_DONE;
        enum kad_unit unit = units[dice_roll(d, 5)];
        int32_t most = unit == KAD_U_MONTH ? 4 : unit == KAD_U_WEEK ? 6 : 30;
        r->whens[i].due = (struct kad_offset){(int32_t)dice_roll(d, (uint32_t)most), unit, -1};
        if (r->whens[i].due.n == 0)
            r->whens[i].due.unit = KAD_U_DAY;
        if (dice_chance(d, 15))
            r->whens[i].due = (struct kad_offset){-1 - (int32_t)dice_roll(d, 9), KAD_U_DAY, 0};
    }
    r->done_by = some(d, doing, 4);
}

/* How a phase may be divided depends on its unit. */
static void divide(struct dice *d, struct kad_phase *s)
{
    s->division = (enum kad_division)dice_roll(d, 4);
    if (s->unit == KAD_U_WEEK && s->division == KAD_TIMES_MONTH)
        s->division = KAD_EVERY_WEEKS;
    s->n = s->division == KAD_CALENDAR_WEEK ? 1 : 1 + (int32_t)dice_roll(d, 4);
    if (s->division == KAD_TIMES && dice_chance(d, 4))
        s->n = s->unit == KAD_U_WEEK ? 7 : 28; /* as many as the checker allows */
}

static void random_phase(struct dice *d, struct sketch_rule *r, enum kad_unit unit, size_t i,
                         int32_t *next)
{
    struct kad_phase *s = &r->phases[i].shape;
    s->unit = unit;
    s->first = *next + (int32_t)dice_roll(d, 2);
    s->last = s->first + (int32_t)dice_roll(d, 3);
    *next = s->last + 1;
    divide(d, s);
    r->phases[i].event = dice_chance(d, 70) ? EV_VISIT : EV_CALL;
}

static void random_cadence(struct dice *d, struct sketch_rule *r)
{
    r->from = some(d, opening, 3);
    for (size_t i = 0; i < r->from.n && r->from.n > 1; i++)
        r->from.v[i].condition = 0; /* one line, and what is behind `where` is about all */
    r->from_every = dice_chance(d, 30);
    r->n_phases = 1 + dice_roll(d, 3);
    int32_t next = 1;
    enum kad_unit unit = dice_chance(d, 15) ? KAD_U_WEEK : KAD_U_MONTH;
    for (size_t i = 0; i < r->n_phases; i++)
        random_phase(d, r, unit, i, &next);
    struct kad_phase *last = &r->phases[r->n_phases - 1].shape;
    if (dice_chance(d, 25) && last->division != KAD_TIMES) {
        last->last = 0;
    } else if (unit == KAD_U_MONTH && dice_chance(d, 40)) {
        r->extended = true;
        r->extended_times = 1 + (int32_t)dice_roll(d, 2);
    }
}

static void random_duty(struct dice *d, struct sketch_rule *r, kad_day around)
{
    r->subject = (int)dice_roll(d, 3);
    r->running = KAD_RUNNING_UNSAID; /* a duty has no running cases */
    if (r->subject == SKETCH_PARTICIPANT) {
        r->done_by = some(d, doing, 4);
        static const int of[] = {8, 9, 10, 11, 14, 15, 17, 18, SKETCH_TASK_DONE};
        r->condition = dice_chance(d, 60) ? of[dice_roll(d, 9)] : 0;
    } else if (r->subject == SKETCH_TOWN) {
        r->done_by = some(d, town_doing, 2);
        r->condition = dice_chance(d, 40) ? SKETCH_QUOTA : 0;
        if (r->until.n)
            r->until = (struct sketch_triggers){{{EV_AUDIT, 0}}, 1};
    } else {
        r->done_by = some(d, programme_doing, 1);
        r->until.n = 0;
    }
    if (r->subject != SKETCH_PARTICIPANT && r->owner == 1)
        r->owner = 2;
    r->cycle = (struct kad_cycle){.months = 0x0fff, .from = KAD_DAY_NONE, .times = 1};
    r->cycle.period = dice_chance(d, 60) ? KAD_P_MONTH : (enum kad_period)dice_roll(d, 5);
    if (r->cycle.period == KAD_P_MONTH && dice_chance(d, 30))
        r->cycle.months = (uint16_t)(0x0fff & ~(1u << dice_roll(d, 12)));
    if (r->cycle.period == KAD_P_WEEKS) {
        r->cycle.weeks = 1 + (int32_t)dice_roll(d, 5);
        r->cycle.from = dice_day(d, around - 100, around + 100);
    }
    r->date = dice_day(d, around - 200, around + 200);
    if (dice_chance(d, 25)) {
        r->by_date = true;
    } else if (dice_chance(d, 40)) {
        static const enum kad_unit units[] = {KAD_U_DAY, KAD_U_WEEK, KAD_U_MONTH};
        r->has_due = true;
        r->due = (struct kad_offset){1 + (int32_t)dice_roll(d, 3), units[dice_roll(d, 3)], -1};
    } else if (dice_chance(d, 30)) {
        r->cycle.times = 2;
    }
}

static const char *rule_name(const char *prefix, size_t i)
{
    static const char *const names[][SKETCH_RULES] = {{"pa", "pb", "pc", "pd"},
                                                      {"qa", "qb", "qc", "qd"}};
    return names[*prefix == 'q'][i];
}

static void random_rule(struct dice *d, const char *prefix, size_t i, struct sketch_rule *r)
{
    static const enum kad_rule_kind kinds[] = {KAD_RULE_CADENCE, KAD_RULE_TASK, KAD_RULE_CADENCE,
                                               KAD_RULE_DUTY};
    *r = (struct sketch_rule){.kind = kinds[(i + (*prefix == 'q')) % 4],
                              .name = rule_name(prefix, i)};
    random_common(d, r);
    if (r->kind == KAD_RULE_TASK)
        random_task(d, r);
    if (r->kind == KAD_RULE_CADENCE)
        random_cadence(d, r);
    if (r->kind == KAD_RULE_DUTY)
        random_duty(d, r, kad_day_of(2021, 7, 1));
}

void sketch_random(struct dice *d, const char *name, const char *prefix, struct sketch *ret)
{
    *ret = (struct sketch){.name = name};
    ret->running = (enum kad_running)(1 + dice_roll(d, 2));
    ret->sweden = dice_chance(d, 70);
    ret->closed = dice_chance(d, 30) ? dice_day(d, kad_day_of(2021, 1, 1), kad_day_of(2021, 12, 31))
                                     : KAD_DAY_NONE;
    ret->limit[0] = (int32_t)dice_roll(d, 3);
    ret->limit[1] = (int32_t)dice_roll(d, 3);
    ret->guarded = dice_chance(d, 50);
    ret->n_rules = 1 + dice_roll(d, SKETCH_RULES);
    size_t shift = dice_roll(d, SKETCH_RULES);
    for (size_t i = 0; i < ret->n_rules; i++)
        random_rule(d, prefix, (i + shift) % SKETCH_RULES, &ret->rules[i]);
}

void sketch_change(struct dice *d, const char *prefix, const struct sketch *from,
                   struct sketch *ret)
{
    *ret = *from;
    if (dice_chance(d, 50))
        ret->running = (enum kad_running)(1 + dice_roll(d, 2));
    uint32_t changes = 1 + dice_roll(d, 3);
    for (uint32_t k = 0; k < changes; k++) {
        size_t i = dice_roll(d, (uint32_t)ret->n_rules);
        struct sketch_rule *r = &ret->rules[i], other;
        size_t number = (size_t)(r->name[1] - 'a');
        random_rule(d, prefix, number, &other);
        if (dice_chance(d, 10) && ret->n_rules > 1) { /* the new version lacks the rule */
            *r = ret->rules[--ret->n_rules];
        } else if (dice_chance(d, 40)) {
            *r = other;
        } else if (r->kind == KAD_RULE_CADENCE) { /* the same, divided otherwise */
            size_t p = dice_roll(d, (uint32_t)r->n_phases);
            if (r->phases[p].shape.last != 0) {
                divide(d, &r->phases[p].shape);
            }
        } else if (r->kind == KAD_RULE_DUTY && dice_chance(d, 50)) { /* the same periods */
            r->by_date = other.by_date || (r->by_date && dice_chance(d, 50));
            r->date = other.by_date || dice_chance(d, 50) ? other.date : r->date;
            r->has_due = !r->by_date && !r->has_due;
            r->due = (struct kad_offset){2, KAD_U_WEEK, -1};
            r->cycle.times = r->has_due ? 1 : r->cycle.times;
        } else {
            if (r->subject == other.subject)
                r->until = other.until;
            r->move = other.move;
            r->running = other.running;
        }
        if (r->subject == SKETCH_TOWN && r->until.n)
            r->until = (struct sketch_triggers){{{EV_AUDIT, 0}}, 1};
        if (r->subject == SKETCH_PROGRAMME)
            r->until.n = 0;
    }
}

/* --- as text --- */

bool sketch_first_task(const struct sketch *s, const char **ret_rule, int *ret_event)
{
    for (size_t i = 0; i < s->n_rules; i++) {
        if (s->rules[i].kind == KAD_RULE_CADENCE) {
            *ret_rule = s->rules[i].name;
            *ret_event = s->rules[i].phases[0].event;
            return true;
        }
    }
    return false;
}

static const char *const event_names[EV__COUNT] = {
    "start",    "moved",   "hired",   "fired", "visit", "call",
    "extended", "stopped", "coached", "filed", "audit", "meeting",
};

const char *sketch_event_name(int event)
{
    return event_names[event];
}

static void put_where(struct kad_buf *b, const struct sketch *s, int condition)
{
    const char *rule;
    int event;
    if (condition == SKETCH_TASK_DONE) {
        if (sketch_first_task(s, &rule, &event))
            kad_buf_printf(b, " where %s.%s is done", rule, event_names[event]);
    } else if (condition) {
        kad_buf_printf(b, " where %s", conditions[condition].text);
    }
}

/* Each on its own line; without conditions, all on one. */
static void put_triggers(struct kad_buf *b, const struct sketch *s, const char *word,
                         const struct sketch_triggers *t)
{
    bool together = t->n == 2 && !t->v[0].condition && !t->v[1].condition;
    for (size_t i = 0; i < t->n; i++) {
        if (together && i > 0)
            kad_buf_printf(b, ", %s", event_names[t->v[i].event]);
        else
            kad_buf_printf(b, "    %s %s", word, event_names[t->v[i].event]);
        put_where(b, s, t->v[i].condition);
        if (!together || i + 1 == t->n)
            kad_buf_puts(b, "\n");
    }
}

static void put_phase(struct kad_buf *b, const struct kad_phase *s, int event)
{
    const char *unit = s->unit == KAD_U_WEEK ? "week" : "month";
    if (s->last == 0)
        kad_buf_printf(b, "    from %s %d onwards %s", unit, s->first, event_names[event]);
    else if (s->last == s->first)
        kad_buf_printf(b, "    %s %d %s", unit, s->first, event_names[event]);
    else
        kad_buf_printf(b, "    %ss %d to %d %s", unit, s->first, s->last, event_names[event]);
    switch (s->division) {
    case KAD_EVERY_WEEKS:
        if (s->n == 1)
            kad_buf_puts(b, " every week\n");
        else
            kad_buf_printf(b, " every %d weeks\n", s->n);
        break;
    case KAD_TIMES:
        kad_buf_printf(b, " %d times\n", s->n);
        break;
    case KAD_TIMES_MONTH:
        kad_buf_printf(b, " %d times a month\n", s->n);
        break;
    case KAD_CALENDAR_WEEK:
        kad_buf_puts(b, " every calendar week\n");
        break;
    }
}

static void put_offset(struct kad_buf *b, struct kad_offset o)
{
    static const char *const units[] = {"days", "working days", "weeks", "months", "years"};
    if (o.attribute >= 0)
        kad_buf_printf(b, "%d %s before until_day", -o.n, units[o.unit]);
    else if (o.n == 0)
        kad_buf_puts(b, "the same day");
    else
        kad_buf_printf(b, "%d %s after", o.n, units[o.unit]);
}

static void put_cycle(struct kad_buf *b, const struct sketch_rule *r)
{
    static const char *const periods[] = {"month", "quarter", "half-year", "year"};
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
    char day[KAD_DAY_TEXT];
    if (r->by_date) {
        kad_buf_printf(b, "    no later than %s\n", kad_day_text(r->date, day));
        return;
    }
    if (r->cycle.period == KAD_P_WEEKS)
        kad_buf_printf(b, "    every %d weeks from %s", r->cycle.weeks,
                       kad_day_text(r->cycle.from, day));
    else
        kad_buf_printf(b, "    every %s", periods[r->cycle.period]);
    for (int m = 0; m < 12; m++) {
        if (!(r->cycle.months & (1u << m)))
            kad_buf_printf(b, " except %s", months[m]);
    }
    if (r->cycle.times > 1)
        kad_buf_printf(b, " %d times", r->cycle.times);
    kad_buf_puts(b, "\n");
    if (r->has_due) {
        kad_buf_puts(b, "    due ");
        put_offset(b, r->due);
        kad_buf_puts(b, "\n");
    }
}

static void put_task(struct kad_buf *b, const struct sketch *s, const struct sketch_rule *r)
{
    kad_buf_printf(b, "\ntask %s\n", r->name);
    for (size_t i = 0; i < r->n_whens; i++) {
        kad_buf_printf(b, "    when %s", event_names[r->whens[i].trigger.event]);
        put_where(b, s, r->whens[i].trigger.condition);
        kad_buf_puts(b, " due ");
        put_offset(b, r->whens[i].due);
        kad_buf_puts(b, "\n");
    }
}

static void put_cadence(struct kad_buf *b, const struct sketch *s, const struct sketch_rule *r)
{
    kad_buf_printf(b, "\ncadence %s\n", r->name);
    put_triggers(b, s, r->from_every ? "from every" : "from", &r->from);
    for (size_t i = 0; i < r->n_phases; i++)
        put_phase(b, &r->phases[i].shape, r->phases[i].event);
    if (r->extended)
        kad_buf_printf(b, "    extended by extended.to call %d times a month\n", r->extended_times);
}

static void put_rule(struct kad_buf *b, const struct sketch *s, const struct sketch_rule *r)
{
    static const char *const kinds[] = {"participant", "town", "programme"};
    static const char *const owners[] = {NULL, "coach", "boss"};
    if (r->kind == KAD_RULE_TASK)
        put_task(b, s, r);
    if (r->kind == KAD_RULE_CADENCE)
        put_cadence(b, s, r);
    if (r->kind == KAD_RULE_DUTY) {
        kad_buf_printf(b, "\nduty %s for each %s", r->name, kinds[r->subject]);
        put_where(b, s, r->condition);
        kad_buf_puts(b, "\n");
        put_cycle(b, r);
    }
    if (r->move)
        kad_buf_printf(b, "    moved to %s working day\n",
                       r->move == KAD_MOVE_NEXT ? "next" : "previous");
    if (r->closes == KAD_CLOSES_NEVER)
        kad_buf_puts(b, "    closes never\n");
    if (r->closes == KAD_CLOSES_AFTER_DUE)
        kad_buf_printf(b, "    closes %d days after due\n", r->closes_days);
    put_triggers(b, s, "done by", &r->done_by);
    put_triggers(b, s, "until", &r->until);
    if (owners[r->owner])
        kad_buf_printf(b, "    for %s\n", owners[r->owner]);
    if (r->running)
        kad_buf_printf(b, "    running cases %s\n",
                       r->running == KAD_RUNNING_FOLLOW ? "follow the new rules"
                                                        : "keep the old rules");
}

static const char vocabulary[] =
    "choice grade\n    low counts = no\n    mid counts = yes\n    high counts = yes\n\n"
    "subject town\n    one of aneby eksjo tranas\n"
    "param quota of town = aneby 1, eksjo 2\n    from 2021-04-01 = aneby 3\n\n"
    "event start of participant unit town, coach person, born date optional\n"
    "event moved of participant unit town\n"
    "event hired of participant level grade optional, extent percent optional\n"
    "event fired of participant\n"
    "event visit of participant score number optional\n"
    "event call of participant\n"
    "event extended of participant to date\n"
    "event stopped of participant why grade\n"
    "event coached of participant coach person\n"
    "event filed of town ok yes/no\n"
    "event audit of town\n"
    "event meeting of programme\n\n"
    "subject participant\n"
    "    until_day is extended.to\n"
    "    unit is the latest of start.unit, moved.unit\n"
    "    coach is the latest of start.coach, coached.coach\n"
    "    active is yes after start, no after stopped, otherwise no\n"
    "    working is yes after hired where level at least mid, no after hired, "
    "no after fired, otherwise no\n"
    "    last_score is visit.score\n"
    "    birth is start.born\n"
    "    jobs = count of hired - count of fired\n"
    "    age = whole years since birth\n"
    "    good = count of (visit where score at least 5)\n";

void sketch_text(const struct sketch *s, bool whole, struct kad_buf *b)
{
    char day[KAD_DAY_TEXT];
    const char *rule;
    int event;
    kad_buf_printf(b, "policy %s\n    language en\n%s    running cases %s\n", s->name,
                   s->sweden ? "    calendar sweden\n" : "",
                   s->running == KAD_RUNNING_FOLLOW ? "follow the new rules"
                                                    : "keep the old rules");
    if (s->closed != KAD_DAY_NONE)
        kad_buf_printf(b, "    closed %s\n", kad_day_text(s->closed, day));
    kad_buf_printf(b, "\nrole boss\n\nparam limit = %d from 2021-07-01 = %d\n", s->limit[0],
                   s->limit[1]);
    if (whole)
        kad_buf_puts(b, vocabulary);
    if (s->guarded)
        kad_buf_puts(b, "\nat hired\n    require active otherwise \"not active\"\n"
                        "    expect age at least 18 otherwise \"young\"\n"
                        "at stopped\n    require not working otherwise \"works\"\n");
    if (s->guarded && sketch_first_task(s, &rule, &event))
        kad_buf_printf(
            b, "at fired\n    require %s.%s is done or %s.%s is missed otherwise \"visit\"\n", rule,
            event_names[event], rule, event_names[event]);
    for (size_t i = 0; i < s->n_rules; i++)
        put_rule(b, s, &s->rules[i]);
}

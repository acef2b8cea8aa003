/* Warnings about `remind` and `escalate`: a reminder that never comes before the opening, an escalation
 * that always, or at the end of each phase, finds the task closed. Only what is certain is said, so the
 * bounds are of what the days can be at all. */
#include "dsl/lower.h"

/* What a rule opens, in one of its ways: bounds that hold whatever the days are. */
struct span_of_days {
    int32_t open;  /* at most so many days from opening to due; INT32_MAX: not known */
    int32_t late;  /* at most so many from due to closing; INT32_MAX: it need not close */
    bool last_due; /* one of each phase or period closes on its due day */
};
#define UNBOUNDED ((struct span_of_days){INT32_MAX, INT32_MAX, false})

/* Working days lie at most so far apart: Easter, or Christmas and a weekend, and local days off. */
static int64_t gap(const struct kad_policy *p)
{
    return 8 + (int64_t)p->calendar.n_closed;
}

static int32_t within(int64_t days)
{
    return days < INT32_MAX ? (int32_t)days : INT32_MAX;
}

static int64_t longest(const struct kad_policy *p, int64_t n, enum kad_unit unit)
{
    switch (unit) {
    case KAD_U_DAY:
        return n;
    case KAD_U_WORKING_DAY:
        return 2 * n + gap(p);
    case KAD_U_WEEK:
        return 7 * n;
    case KAD_U_MONTH:
        return 31 * n;
    case KAD_U_YEAR:
        return 366 * n;
    }
    kad_unreachable();
}

/* `length` days at most, in n windows of which the last closes when it is due. */
static struct span_of_days shared(int64_t length, int32_t n)
{
    return (struct span_of_days){within((length + n - 1) / n - 1), within(length - length / n),
                                 true};
}

static struct span_of_days of_phase(const struct kad_policy *p, const struct kad_phase *f)
{
    if (f->division == KAD_TIMES_MONTH)
        return shared(31, f->n);
    int64_t week = 7 * (int64_t)(f->division == KAD_EVERY_WEEKS ? f->n : 1);
    if (f->last == 0)
        return (struct span_of_days){within(week - 1), INT32_MAX, false};
    int64_t length = longest(p, (int64_t)f->last - f->first + 1, f->unit);
    if (f->division == KAD_TIMES)
        return shared(length, f->n);
    if (f->division == KAD_CALENDAR_WEEK)
        return (struct span_of_days){6, within(length), false};
    /* The last week takes what is left of the phase, which may be all of it. */
    int64_t most = length < 2 * week ? length : 2 * week - 1;
    return (struct span_of_days){within(most - 1), within(length < 2 * week ? 0 : length - week),
                                 true};
}

static struct span_of_days of_duty(const struct kad_policy *p, const struct kad_rule *r)
{
    if (r->by_date)
        return UNBOUNDED;
    if (r->has_due)
        return (struct span_of_days){within(longest(p, r->due.n, r->due.unit) - 1), INT32_MAX, false};
    static const int64_t days[] = {[KAD_P_MONTH] = 31,
                                   [KAD_P_QUARTER] = 92,
                                   [KAD_P_HALF_YEAR] = 184,
                                   [KAD_P_YEAR] = 366,
                                   [KAD_P_WEEKS] = 7};
    int64_t weeks = r->cycle.period == KAD_P_WEEKS ? r->cycle.weeks : 1;
    return shared(days[r->cycle.period] * weeks, r->cycle.times);
}

static struct span_of_days of_when(const struct kad_policy *p, const struct kad_when *w)
{
    if (w->due.attribute >= 0)
        return UNBOUNDED;
    return (struct span_of_days){within(longest(p, w->due.n, w->due.unit)), INT32_MAX, false};
}

static struct span_of_days wider(struct span_of_days a, struct span_of_days b)
{
    return (struct span_of_days){a.open > b.open ? a.open : b.open,
                                 a.late > b.late ? a.late : b.late, a.last_due || b.last_due};
}

/* All that the rule opens, at its widest. */
static struct span_of_days span_of_rule(const struct kad_policy *p, const struct kad_rule *r)
{
    struct span_of_days s = {0};
    if (r->kind == KAD_RULE_DUTY)
        s = of_duty(p, r);
    for (size_t i = 0; i < r->n_whens; i++)
        s = wider(s, of_when(p, &r->whens[i]));
    for (size_t i = 0; i < r->n_phases; i++)
        s = wider(s, of_phase(p, &r->phases[i].shape));
    if (r->extension.field >= 0 && r->kind == KAD_RULE_CADENCE)
        s = wider(s, shared(31, r->extension.times));
    if (r->move == KAD_MOVE_NEXT && s.open < INT32_MAX)
        s.open = within(s.open + gap(p));
    if (r->move == KAD_MOVE_PREVIOUS && s.late < INT32_MAX)
        s.late = within(s.late + gap(p));
    s.last_due = s.last_due && r->move != KAD_MOVE_PREVIOUS;
    if (r->closes != KAD_CLOSES_DEFAULT) /* what is said so is compared where it is read */
        s.late = INT32_MAX;
    return s;
}

/* A working day is a day at least, so the number of either says how far away it is at the least. */
void kad_warn_notices(struct kad_lower *l, size_t rule)
{
    const struct kad_rule *r = &l->p->rules[rule];
    struct span_of_days s = span_of_rule(l->p, r);
    const struct kad_decl *d = l->rules[rule];
    bool said = false;
    for (size_t i = 0; r->n_notices > 0 && i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind == KAD_C_REMIND && c->due.n > s.open)
            (void)kad_say(l, c->span, KAD_K_REMIND_EARLY);
        if (c->kind != KAD_C_ESCALATE || s.late == INT32_MAX)
            continue;
        if (c->due.n > s.late)
            (void)kad_say(l, c->span, KAD_K_ESCALATE_NEVER);
        else if (s.last_due && !said)
            (void)kad_say(l, c->span, KAD_K_ESCALATE_SOME);
        said = said || c->due.n <= s.late;
    }
}

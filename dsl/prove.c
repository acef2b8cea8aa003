#include "dsl/prove.h"

/* The 400 years begin here, so that examples are days that people will see. */
#define FIRST_YEAR 2021
#define MONTHS (400 * 12)
/* Steps that lead further than this from the start days are not held against working days. */
#define YEARS_BEFORE 10
#define YEARS_AFTER 30

struct prover {
    const struct kad_policy *p;
    struct kad_proof *out;
    struct kad_month {
        kad_day first;
        int32_t days;
    } *months; /* from FIRST_YEAR, and YEARS_AFTER more */
    int32_t n_months;
    kad_day from, to; /* the days of the tables below; from > to: every day works */
    kad_day *next, *previous; /* the working day at or after, at or before */
    int32_t *rank;            /* how many working days there are up to and including it */
    kad_day *working;         /* all of them */
    int32_t n_working;
};

/* --- tables --- */

static void make_months(struct prover *v, struct kad_arena *a)
{
    v->n_months = MONTHS + YEARS_AFTER * 12;
    v->months = kad_arena_array(a, struct kad_month, v->n_months);
    for (int32_t m = 0; m < v->n_months; m++) {
        int32_t year = FIRST_YEAR + m / 12, month = m % 12 + 1;
        v->months[m] =
            (struct kad_month){kad_day_of(year, month, 1), kad_month_days(year, month)};
    }
}

static void make_working(struct prover *v, struct kad_arena *a)
{
    const struct kad_calendar *cal = &v->p->calendar;
    if (cal->kind == KAD_CAL_NONE && cal->n_closed == 0) {
        v->from = 1;
        v->to = 0;
        return;
    }
    v->from = kad_day_of(FIRST_YEAR - YEARS_BEFORE, 1, 1);
    v->to = kad_day_of(FIRST_YEAR + 400 + YEARS_AFTER, 1, 1);
    size_t n = (size_t)(v->to - v->from) + 1;
    v->next = kad_arena_array(a, kad_day, n);
    v->previous = kad_arena_array(a, kad_day, n);
    v->rank = kad_arena_array(a, int32_t, n);
    v->working = kad_arena_array(a, kad_day, n);
    kad_day last = v->from;
    for (size_t i = 0; i < n; i++) {
        kad_day day = v->from + (kad_day)i;
        if (kad_is_working_day(cal, day)) {
            last = day;
            v->working[v->n_working++] = day;
        }
        v->previous[i] = last;
        v->rank[i] = v->n_working;
    }
    last = v->to;
    for (size_t i = n; i > 0; i--) {
        kad_day day = v->from + (kad_day)(i - 1);
        if (v->previous[i - 1] == day)
            last = day;
        v->next[i - 1] = last;
    }
}

/* n months after day d of month m, or that month's last where it lacks the day. */
static inline kad_day step(const struct prover *v, int32_t m, int32_t d, int32_t n)
{
    if (n < -m || n >= v->n_months - m)
        return kad_add_months(v->months[m].first + d - 1, n);
    const struct kad_month *to = &v->months[m + n];
    return to->first + (d <= to->days ? d : to->days) - 1;
}

/* Does some month lack the day, of those `from`, `from + by`, ... up to `to` months after it? */
static void clip(const struct prover *v, struct kad_proof_row *row, int32_t from, int32_t to,
                 int32_t by)
{
    for (int32_t m = 0; m < MONTHS; m++)
        for (int32_t d = 29; d <= v->months[m].days; d++)
            for (int32_t n = from; n <= to; n += by) {
                kad_day there = step(v, m, d, n);
                if (kad_ymd_of(there).day == d)
                    continue;
                if (row->clipped++ == 0) {
                    row->clipped_months = n;
                    row->clipped_on = v->months[m].first + d - 1;
                    row->clipped_to = there;
                }
                break;
            }
}

static void spread(struct kad_spread *s, int32_t value, kad_day on)
{
    if (!s->set || value < s->least || (value == s->least && on < s->least_on)) {
        s->least = value;
        s->least_on = on;
    }
    if (!s->set || value > s->most || (value == s->most && on < s->most_on)) {
        s->most = value;
        s->most_on = on;
    }
    s->set = true;
}

/* --- due days --- */

static void off_day(const struct prover *v, enum kad_move move, kad_day due,
                    struct kad_proof_row *row)
{
    kad_day to = move == KAD_MOVE_NEXT ? v->next[due - v->from] : v->previous[due - v->from];
    int32_t far = to > due ? to - due : due - to;
    row->off_due = row->off++ == 0 ? due : row->off_due;
    if (move == KAD_MOVE_NONE)
        return;
    if (far > row->farthest) {
        row->farthest = far;
        row->farthest_due = due;
        row->farthest_to = to;
    }
    if (kad_ymd_of(due).month == kad_ymd_of(to).month)
        return;
    if (row->other_month++ == 0) {
        row->other_due = due;
        row->other_to = to;
    }
}

static inline void due_day(const struct prover *v, enum kad_move move, kad_day due,
                           struct kad_proof_row *row)
{
    if (due < v->from || due > v->to)
        return;
    row->dues++;
    if (v->next[due - v->from] != due)
        off_day(v, move, due, row);
}

/* --- phases --- */

/* Phases of so many months have one of a few lengths, and what their windows are follows from the
 * length and the weekday they begin on: one start day of each kind stands for all. */
#define LENGTHS 16
struct sort {
    kad_day anchor, start;
    uint32_t n; /* start days of this sort; 0: none */
    int32_t n_dues;
    kad_day due[KAD_PROOF_WINDOWS]; /* counted from the phase's beginning */
};
struct sorts {
    const struct kad_phase *phase;
    int32_t base; /* the length of the first row */
    struct sort v[LENGTHS][7];
};

static int32_t base_of(const struct kad_phase *p)
{
    if (p->last == 0)
        return 0;
    int64_t n = (int64_t)p->last - p->first + 1;
    int64_t days = p->unit == KAD_U_WEEK ? 7 * n : n * KAD_PROOF_DAYS / MONTHS;
    return (int32_t)(days - LENGTHS / 2);
}

struct extent {
    kad_day start;
    int32_t length; /* 0: endless */
};

static inline struct extent extent_of(const struct prover *v, const struct kad_phase *p, int32_t m,
                                      int32_t d)
{
    struct extent e = {.length = 0};
    kad_day anchor = v->months[m].first + d - 1, after = 0;
    if (p->unit == KAD_U_WEEK) {
        e.start = anchor + 7 * (p->first - 1);
        after = anchor + 7 * p->last;
    } else {
        e.start = step(v, m, d, p->first - 1);
        if (p->last != 0)
            after = step(v, m, d, p->last);
    }
    if (p->last != 0)
        e.length = after - e.start;
    return e;
}

static struct sort *sort_of(struct sorts *s, const struct extent *e)
{
    int32_t row = e->length - s->base;
    kad_assert(row >= 0 && row < LENGTHS);
    return &s->v[row][(uint32_t)(e->start - KAD_DAY_MIN) % 7];
}

/* The first pass: which sorts there are. */
static void sort_days(const struct prover *v, struct sorts *s)
{
    for (int32_t m = 0; m < MONTHS; m++)
        for (int32_t d = 1; d <= v->months[m].days; d++) {
            struct extent e = extent_of(v, s->phase, m, d);
            struct sort *k = sort_of(s, &e);
            kad_day anchor = v->months[m].first + d - 1;
            if (k->n++ == 0) {
                k->anchor = anchor;
                k->start = e.start;
            }
        }
}

static void measure(struct sorts *s, struct kad_proof_row *row)
{
    for (size_t i = 0; i < LENGTHS * 7; i++) {
        struct sort *k = &s->v[i / 7][i % 7];
        if (k->n == 0)
            continue;
        int32_t count = kad_phase_count(k->anchor, s->phase);
        int32_t most = s->phase->last == 0 ? KAD_PROOF_WINDOWS : 1000;
        if (s->phase->last != 0)
            spread(&row->windows, count, k->anchor);
        for (int32_t w = 0; w < count; w++) {
            struct kad_window one;
            /* Of very many windows all between are alike. */
            if (w >= most && w < count - 1)
                w = s->phase->last == 0 ? count : count - 1;
            if (w == count || !kad_phase_window(k->anchor, s->phase, w, &one))
                break;
            spread(&row->length, one.due - one.opens + 1, k->anchor);
            if (w < KAD_PROOF_WINDOWS)
                k->due[k->n_dues++] = one.due - k->start;
        }
    }
}

static void hold_against_working_days(const struct prover *v, struct sorts *s, enum kad_move move,
                                      struct kad_proof_row *row)
{
    for (int32_t m = 0; m < MONTHS; m++)
        for (int32_t d = 1; d <= v->months[m].days; d++) {
            struct extent e = extent_of(v, s->phase, m, d);
            const struct sort *k = sort_of(s, &e);
            for (int32_t w = 0; w < k->n_dues; w++)
                due_day(v, move, e.start + k->due[w], row);
        }
}

static void prove_shape(const struct prover *v, const struct kad_phase *p, enum kad_move move,
                        struct kad_proof_row *row)
{
    struct sorts s = {.phase = p, .base = base_of(p)};
    sort_days(v, &s);
    measure(&s, row);
    if (v->from <= v->to)
        hold_against_working_days(v, &s, move, row);
}

/* `N times a month` divides each month by itself: the year from its first tells all there is. */
static void prove_months(const struct prover *v, const struct kad_phase *p, enum kad_move move,
                         struct kad_proof_row *row)
{
    for (int32_t k = p->first; k < p->first + 12 && (p->last == 0 || k <= p->last); k++) {
        struct kad_phase month = {KAD_U_MONTH, k, k, KAD_TIMES, p->n};
        prove_shape(v, &month, move, row);
    }
    row->windows = (struct kad_spread){.set = false};
    if (p->last != 0)
        spread(&row->windows, kad_phase_count(v->months[0].first, p), v->months[0].first);
}

/* --- tasks --- */

static kad_day due_of(const struct prover *v, const struct kad_offset *o, int32_t m, int32_t d)
{
    kad_day anchor = v->months[m].first + d - 1;
    switch (o->unit) {
    case KAD_U_MONTH:
        return step(v, m, d, o->n);
    case KAD_U_YEAR:
        return step(v, m, d, 12 * o->n);
    case KAD_U_WORKING_DAY:
        if (v->from > v->to || o->n < 1)
            return anchor + o->n;
        int32_t at = v->rank[anchor - v->from] + o->n - 1;
        return at < v->n_working ? v->working[at] : KAD_DAY_MAX;
    case KAD_U_DAY:
    case KAD_U_WEEK:
        return kad_add(NULL, anchor, o->n, o->unit);
    }
    kad_unreachable();
}

static void prove_when(const struct prover *v, const struct kad_when *w, enum kad_move move,
                       struct kad_proof_row *row)
{
    int32_t months = w->due.unit == KAD_U_YEAR ? 12 * w->due.n : w->due.n;
    if (w->due.unit == KAD_U_MONTH || w->due.unit == KAD_U_YEAR)
        clip(v, row, months, months, 1);
    for (int32_t m = 0; m < MONTHS; m++)
        for (int32_t d = 1; d <= v->months[m].days; d++) {
            kad_day anchor = v->months[m].first + d - 1;
            kad_day due = due_of(v, &w->due, m, d);
            if (w->due.unit == KAD_U_WORKING_DAY && due < KAD_DAY_MAX)
                spread(&row->length, due - anchor, anchor);
            due_day(v, move, due, row);
        }
}

/* --- duties --- */

static void prove_duty(const struct prover *v, const struct kad_rule *r, struct kad_proof_row *row)
{
    const struct kad_cycle *c = &r->cycle;
    if (r->by_date) {
        due_day(v, r->move, r->date, row);
        return;
    }
    int64_t last = kad_cycle_index(c, v->out->last);
    for (int64_t i = kad_cycle_index(c, v->out->first); i <= last; i++)
        for (int32_t k = 0; k < c->times; k++) {
            struct kad_window w;
            if (!kad_cycle_window(c, i, k, &w))
                break;
            if (!r->has_due)
                spread(&row->length, w.due - w.opens + 1, w.opens);
            due_day(v, r->move, r->has_due ? kad_add(NULL, w.due + 1, r->due.n, r->due.unit) - 1
                                           : w.due,
                    row);
        }
}

/* --- all of it --- */

static struct kad_proof_row *add(struct prover *v, size_t rule, int task, int line)
{
    struct kad_proof_row *row = &v->out->v[v->out->n++];
    row->rule = (int)rule;
    row->task = task;
    row->line = line;
    return row;
}

/* Where the phase begins and ends, and with `N times a month` each month in it. After eight years
 * every day has met a month that lacks it. */
static void clip_phase(const struct prover *v, const struct kad_phase *p, struct kad_proof_row *row)
{
    bool monthly = p->division == KAD_TIMES_MONTH;
    int32_t from = p->first - 1, to = p->last == 0 ? from + (monthly ? 100 : 0) : p->last;
    if (p->unit == KAD_U_MONTH)
        clip(v, row, from, to, monthly || to == from ? 1 : to - from);
}

static void prove_cadence(struct prover *v, size_t rule)
{
    const struct kad_rule *r = &v->p->rules[rule];
    for (size_t i = 0; i < r->n_phases; i++) {
        const struct kad_phase *p = &r->phases[i].shape;
        struct kad_proof_row *row = add(v, rule, r->phases[i].task, r->phases[i].line);
        row->phase = p;
        row->endless = p->last == 0;
        clip_phase(v, p, row);
        if (p->division == KAD_TIMES_MONTH)
            prove_months(v, p, r->move, row);
        else
            prove_shape(v, p, r->move, row);
    }
}

void kad_prove(const struct kad_policy *p, struct kad_proof *ret)
{
    *ret = (struct kad_proof){.first = kad_day_of(FIRST_YEAR, 1, 1)};
    ret->last = ret->first + KAD_PROOF_DAYS - 1;
    kad_arena_init(&ret->arena);
    struct prover v = {.p = p, .out = ret};
    size_t n = 0;
    for (size_t i = 0; i < p->n_rules; i++)
        n += p->rules[i].n_phases + p->rules[i].n_whens + 1;
    ret->v = kad_arena_array(&ret->arena, struct kad_proof_row, n + 1);
    make_months(&v, &ret->arena);
    make_working(&v, &ret->arena);
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct kad_rule *r = &p->rules[i];
        int task = -1;
        for (size_t k = 0; k < p->n_tasks && task < 0; k++)
            task = p->tasks[k].rule == (int)i ? (int)k : -1;
        for (size_t k = 0; k < r->n_whens; k++) {
            struct kad_proof_row *row = add(&v, i, task, r->whens[k].line);
            row->when = &r->whens[k];
            prove_when(&v, row->when, r->move, row);
        }
        if (r->kind == KAD_RULE_CADENCE)
            prove_cadence(&v, i);
        else if (r->kind == KAD_RULE_DUTY)
            prove_duty(&v, r, add(&v, i, task, r->line));
    }
}

void kad_proof_done(struct kad_proof *proof)
{
    kad_arena_done(&proof->arena);
}

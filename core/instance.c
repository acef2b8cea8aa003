/* Instances: which tasks the rules open for a subject, and on which days. What has been done about
 * them is match.c's. */
#include <stdio.h>
#include <stdlib.h>

#include "core/derive_priv.h"
#include "core/clock.h"
#include "core/limits.h"

/* One rule of one adoption, on its way to instances. */
struct making_rule {
    struct kad_making *m;
    const struct kad_adoption *adoption;
    struct kad_bound *b;
    const struct kad_policy *p;
    const struct kad_rule *rule;
    int rule_index;
    size_t name;                 /* of the policy, in d->names */
    const struct kad_segments *s;
};

static const struct kad_story *story_of(const struct making_rule *r)
{
    return r->m->d->story;
}

static bool wanted(const struct making_rule *r, int task)
{
    return r->m->only.n == 0 || kad_str_eq(r->p->tasks[task].name, r->m->only);
}

/* The first event behind `after` that ends what rests on this rule; KAD_NOWHERE when none does. */
static size_t first_ending(const struct making_rule *r, size_t after, bool new_anchor_ends)
{
    struct kad_derive *d = r->m->d;
    for (size_t i = after; i < r->m->limit; i++)
        if (kad_any_fires(d, r->b, &r->rule->until, i) ||
            (new_anchor_ends && kad_any_fires(d, r->b, &r->rule->from, i)))
            return i;
    return KAD_NOWHERE;
}

static struct kad_str id_of(const struct making_rule *r, struct kad_str task, uint64_t anchor,
                            const char *occurrence)
{
    struct kad_arena *a = r->m->d->arena;
    struct kad_str subject = story_of(r)->subject;
    char number[24] = "";
    if (anchor > 0)
        snprintf(number, sizeof number, "/%llu", (unsigned long long)anchor);
    size_t n_number = strlen(number), n_occurrence = strlen(occurrence);
    size_t n = subject.n + 1 + task.n + n_number + (n_occurrence > 0 ? 1 + n_occurrence : 0);
    char *p = kad_arena_alloc(a, n + 1), *at = p;
    at = (char *)memcpy(at, subject.p, subject.n) + subject.n;
    *at++ = '/';
    at = (char *)memcpy(at, task.p, task.n) + task.n;
    at = (char *)memcpy(at, number, n_number) + n_number;
    if (n_occurrence > 0) {
        *at++ = '/';
        memcpy(at, occurrence, n_occurrence);
    }
    return (struct kad_str){p, n};
}

/* The subject's unit as of the day asked, as the policy of the name in force then defines it; where
 * none is, as the instance's own does. */
static struct kad_str unit_of(const struct making_rule *r)
{
    struct kad_making *m = r->m;
    const struct kad_adoption *now = kad_in_force(m->d, r->name, m->day, m->limit);
    struct kad_bound *b = now ? kad_bound_of(m->d, now) : r->b;
    if (b->kind < 0)
        b = r->b;
    int unit = b->policy->kinds[b->kind].unit_attribute;
    if (unit < 0)
        return (struct kad_str){0};
    struct kad_value v = kad_attribute_eval(m->d, b, unit, m->limit, m->day);
    return kad_value_known(v) ? v.str : (struct kad_str){0};
}

/* Whose list and which unit, as of the day asked. */
static void set_owner(const struct making_rule *r, struct kad_instance *i)
{
    struct kad_making *m = r->m;
    const struct kad_rule *rule = r->rule;
    const struct kad_kind *kind = &r->p->kinds[r->b->kind];
    if (rule->owner_attribute >= 0) {
        struct kad_value v = kad_attribute_eval(m->d, r->b, rule->owner_attribute, m->limit, m->day);
        if (kad_value_known(v))
            i->owner = v.str;
    } else if (rule->owner_role >= 0) {
        struct kad_str role = r->p->roles[rule->owner_role].name;
        i->owner = kad_str(kad_arena_printf(m->d->arena, "role:%.*s", KAD_STR_FMT(role)));
    }
    i->unit = kind->shape == KAD_KIND_ONE_OF ? story_of(r)->subject : unit_of(r);
}

/* Moves the due day, and closing with it where it would fall before due. */
static void set_days(const struct making_rule *r, struct kad_instance *i)
{
    const struct kad_rule *rule = r->rule;
    i->due = kad_move_day(&r->p->calendar, i->due, rule->move);
    if (rule->closes == KAD_CLOSES_NEVER)
        i->closes = KAD_DAY_NONE;
    else if (rule->closes == KAD_CLOSES_AFTER_DUE)
        i->closes = i->due + rule->closes_days;
    else if (i->closes != KAD_DAY_NONE && i->closes < i->due)
        i->closes = i->due;
}

struct opening {
    int task, line;
    int32_t part, window;
    size_t anchor_pos, end_pos;
    uint64_t anchor; /* seq */
    kad_day told;
    const char *occurrence;
};

static void make(const struct making_rule *r, const struct kad_window *w, const struct opening *o)
{
    struct kad_making *m = r->m;
    struct kad_made made = {
        .i = {.adoption = r->adoption,
              .policy = r->p,
              .task = r->p->tasks[o->task].name,
              .task_index = o->task,
              .rule_index = r->rule_index,
              .part = o->part,
              .opens = w->opens,
              .due = w->due,
              .closes = w->closes,
              .ended = KAD_DAY_NONE,
              .anchor = o->anchor,
              .line = o->line},
        .bound = r->b,
        .anchor_pos = o->anchor_pos,
        .end_pos = o->end_pos,
        .done_pos = KAD_NOWHERE,
        .rank = m->made.n,
        .told = o->told,
        .plain = w->due,
        .window = o->window,
    };
    made.i.id = id_of(r, made.i.task, o->anchor, o->occurrence);
    set_days(r, &made.i);
    set_owner(r, &made.i);
    kad_vec_push(m->d->arena, &m->made, made);
}

/* --- for who listens --- */

static void miss(const struct making_rule *r, enum kad_unmade why, struct kad_missing x)
{
    x.why = why;
    x.adoption = r->adoption;
    x.bound = r->b;
    x.rule = r->rule;
    r->m->watch->missing(r->m->watch->ctx, &x);
}

/* An event of the trigger's type came, and its condition did not hold. */
static void miss_trigger(const struct making_rule *r, const struct kad_trigger *t, size_t i, int line)
{
    const struct kad_fact *f = &story_of(r)->facts[i];
    if (r->m->watch && r->b->events[i] == t->event && t->where)
        miss(r, KAD_UM_CONDITION,
             (struct kad_missing){.pos = i, .opens = f->on, .where = t->where, .line = line,
                                  .at = {i + 1, f->on, f}});
}

/* --- task --- */

static kad_day due_of(const struct making_rule *r, const struct kad_offset *o, size_t i)
{
    const struct kad_fact *f = &story_of(r)->facts[i];
    kad_day from = f->on;
    if (o->attribute >= 0) {
        struct kad_value v = kad_attribute_eval(r->m->d, r->b, o->attribute, i + 1, f->on);
        if (!kad_value_known(v))
            return f->on; /* nothing to count from: better at once than never */
        from = (kad_day)v.num;
    }
    return kad_add(&r->p->calendar, from, o->n, o->unit);
}

static void miss_task(const struct making_rule *r, size_t i, size_t w, bool in_force)
{
    const struct kad_rule *rule = r->rule;
    if (w < rule->n_whens)
        miss(r, KAD_UM_NOT_IN_FORCE,
             (struct kad_missing){.pos = i, .opens = story_of(r)->facts[i].on,
                                  .line = rule->whens[w].line});
    else if (in_force)
        for (size_t k = 0; k < rule->n_whens; k++)
            miss_trigger(r, &rule->whens[k].trigger, i, rule->whens[k].line);
}

static void make_task(const struct making_rule *r)
{
    struct kad_making *m = r->m;
    const struct kad_rule *rule = r->rule;
    int task = kad_policy_task(r->p, rule->name);
    kad_assert(task >= 0);
    if (!wanted(r, task))
        return;
    for (size_t i = 0; i < m->limit; i++) {
        const struct kad_fact *f = &story_of(r)->facts[i];
        size_t w = 0;
        while (w < rule->n_whens && !kad_fires(m->d, r->b, &rule->whens[w].trigger, i))
            w++;
        bool in_force = (w < rule->n_whens || m->watch) &&
                        kad_in_force(m->d, r->name, f->on, m->limit) == r->adoption;
        if (w == rule->n_whens || !in_force) {
            if (m->watch)
                miss_task(r, i, w, in_force);
            continue;
        }
        struct kad_window window = {.opens = f->on,
                                    .due = due_of(r, &rule->whens[w].due, i),
                                    .closes = KAD_DAY_NONE};
        struct opening o = {.task = task,
                            .line = rule->whens[w].line,
                            .part = (int32_t)w,
                            .anchor_pos = i,
                            .end_pos = first_ending(r, i + 1, false),
                            .anchor = f->seq,
                            .told = kad_clock_day(f->at),
                            .occurrence = ""};
        make(r, &window, &o);
    }
}

/* --- cadence --- */

static const struct kad_rule *rule_named(const struct kad_policy *p, int kind, struct kad_str name)
{
    for (size_t i = 0; i < p->n_rules; i++)
        if (p->rules[i].subject == kind && kad_str_eq(p->rules[i].name, name))
            return &p->rules[i];
    return NULL;
}

/* Does an adoption that comes into force take running cases over, or leave them where they are? */
static bool takes_over(const struct making_rule *r, const struct kad_adoption *incoming)
{
    struct kad_bound *b = kad_bound_of(r->m->d, incoming);
    const struct kad_rule *rule =
        b->kind >= 0 ? rule_named(incoming->policy, b->kind, r->rule->name) : NULL;
    enum kad_running running = rule && rule->running != KAD_RUNNING_UNSAID
                                   ? rule->running
                                   : incoming->policy->running;
    return running == KAD_RUNNING_FOLLOW;
}

static bool own_rule_keeps(const struct making_rule *r, const struct kad_adoption *a)
{
    return a && !takes_over(r, a);
}

/* Does this rule's adoption govern, on the day a window opens, a run that began on `anchor`? Each
 * policy that comes into force between the two either takes the case over or leaves it. An end
 * takes it from a policy that others may follow, and leaves it with one that keeps its cases. */
static bool governs(const struct making_rule *r, kad_day anchor, kad_day opens)
{
    const struct kad_adoption *a = NULL;
    const struct kad_segments *s = r->s;
    for (size_t i = 0; i < s->n && s->v[i].from <= opens; i++) {
        const struct kad_adoption *next = s->v[i].adoption;
        bool before = s->v[i].from <= anchor;
        bool taken = before || (next ? takes_over(r, next) : !own_rule_keeps(r, a));
        if (!before && r->m->watch && r->m->watch->change)
            r->m->watch->change(r->m->watch->ctx,
                                &(struct kad_change){r->adoption, anchor, opens, s->v[i].from, next,
                                                     taken});
        a = taken ? next : a;
    }
    return a == r->adoption;
}

struct run {
    size_t anchor_pos, end_pos;
    kad_day anchor, end; /* end KAD_DAY_MAX: goes on */
    uint64_t seq;
    kad_day told;
    bool endless; /* its last phase goes on: no windows are shown behind its end or the horizon */
};

/* Which window of what: a phase, or (part -1) the extension. */
struct place {
    int task, line;
    int32_t part, window;
};

static void make_window(const struct making_rule *r, const struct run *run,
                        const struct kad_window *w, struct place at, kad_day told)
{
    if (!governs(r, run->anchor, w->opens)) {
        if (r->m->watch)
            miss(r, KAD_UM_OTHER_POLICY,
                 (struct kad_missing){.pos = run->anchor_pos, .opens = w->opens, .line = at.line});
        return;
    }
    struct opening o = {.task = at.task,
                        .line = at.line,
                        .part = at.part,
                        .window = at.window,
                        .anchor_pos = run->anchor_pos,
                        .end_pos = run->end_pos,
                        .anchor = run->seq,
                        .told = told,
                        .occurrence = w->occurrence};
    make(r, w, &o);
}

static void make_phase(const struct making_rule *r, const struct run *run, size_t k)
{
    const struct kad_phase_def *phase = &r->rule->phases[k];
    if (!wanted(r, phase->task))
        return;
    kad_day last = run->end < r->m->horizon ? run->end : r->m->horizon;
    struct kad_window w;
    for (int32_t i = 0; i < KAD_LIMIT_WINDOWS; i++) {
        if (!kad_phase_window(run->anchor, &phase->shape, i, &w))
            return;
        if (run->endless && w.opens > last) {
            if (r->m->watch && w.opens > run->end)
                miss(r, KAD_UM_ENDED,
                     (struct kad_missing){.pos = run->anchor_pos, .opens = w.opens,
                                          .line = phase->line, .end_pos = run->end_pos});
            return;
        }
        make_window(r, run, &w, (struct place){phase->task, phase->line, (int32_t)k, i}, run->told);
    }
}

bool kad_extension_phase(const struct kad_rule *rule, kad_day anchor, struct kad_phase *ret,
                         kad_day *ret_base)
{
    const struct kad_extension *x = &rule->extension;
    if (x->field < 0)
        return false;
    const struct kad_phase *last = &rule->phases[0].shape;
    for (size_t i = 1; i < rule->n_phases; i++) {
        const struct kad_phase *p = &rule->phases[i].shape;
        kad_day end = kad_phase_end(anchor, p);
        if (end == KAD_DAY_NONE || end > kad_phase_end(anchor, last))
            last = p;
    }
    if (last->last == 0)
        return false;
    /* Months are counted from the anchor where the phases are, else from the day behind them. */
    bool months = last->unit == KAD_U_MONTH;
    *ret_base = months ? anchor : kad_phase_end(anchor, last) + 1;
    int32_t first = months ? last->last + 1 : 1;
    *ret = (struct kad_phase){KAD_U_MONTH, first, 0, KAD_TIMES_MONTH, x->times};
    return true;
}

/* Aftercare goes on longer when a party wishes: month by month behind the last phase, while the
 * month opens on or before the latest date named between the anchor and the run's end. */
static void make_extension(const struct making_rule *r, const struct run *run)
{
    const struct kad_extension *x = &r->rule->extension;
    struct kad_derive *d = r->m->d;
    struct kad_phase shape;
    kad_day base;
    if (x->field < 0 || !wanted(r, x->task) ||
        !kad_extension_phase(r->rule, run->anchor, &shape, &base))
        return;
    bool months = base == run->anchor;
    size_t end = run->end_pos == KAD_NOWHERE ? r->m->limit : run->end_pos;
    struct kad_window w;
    int32_t n = 0;
    kad_day reached = KAD_DAY_MIN;
    for (size_t i = run->anchor_pos + 1; i < end; i++) {
        const struct kad_fact *f = &story_of(r)->facts[i];
        if (!kad_fires(d, r->b, &x->trigger, i))
            continue;
        struct kad_value until = kad_fact_field(r->b, f, x->trigger.event, x->field);
        if (!kad_value_known(until) || until.num <= reached)
            continue;
        reached = (kad_day)until.num;
        kad_day told = kad_clock_day(f->at); /* this one reaches them first */
        while (n < KAD_LIMIT_WINDOWS && kad_phase_window(base, &shape, n, &w) && w.opens <= reached) {
            if (!months)
                w.occurrence[0] = 'x';
            make_window(r, run, &w, (struct place){x->task, x->line, -1, n}, told);
            n++;
        }
    }
}

static void make_cadence(const struct making_rule *r)
{
    struct kad_making *m = r->m;
    bool endless = false;
    for (size_t k = 0; k < r->rule->n_phases; k++)
        endless = endless || r->rule->phases[k].shape.last == 0;
    for (size_t i = 0; i < m->limit; i++) {
        if (!kad_any_fires(m->d, r->b, &r->rule->from, i)) {
            for (size_t k = 0; m->watch && k < r->rule->from.n; k++)
                miss_trigger(r, &r->rule->from.v[k], i, r->rule->line);
            continue;
        }
        const struct kad_fact *f = &story_of(r)->facts[i];
        struct run run = {.anchor_pos = i,
                          .end_pos = first_ending(r, i + 1, !r->rule->from_every),
                          .anchor = f->on,
                          .end = KAD_DAY_MAX,
                          .seq = f->seq,
                          .told = kad_clock_day(f->at),
                          .endless = endless};
        if (run.end_pos != KAD_NOWHERE)
            run.end = story_of(r)->facts[run.end_pos].on;
        for (size_t k = 0; k < r->rule->n_phases; k++)
            make_phase(r, &run, k);
        make_extension(r, &run);
    }
}

/* --- duty --- */

/* The first event on or after the opening day that ends the duty. */
static size_t duty_ending(const struct making_rule *r, kad_day opens)
{
    const struct kad_story *s = story_of(r);
    size_t from = opens > KAD_DAY_MIN ? kad_end_of(s, opens - 1) : 0;
    return r->rule->until.n > 0 ? first_ending(r, from, false) : KAD_NOWHERE;
}

static void make_duty_window(const struct making_rule *r, int task, const struct kad_window *w)
{
    struct kad_making *m = r->m;
    const struct kad_story *s = story_of(r);
    bool free = r->p->kinds[r->b->kind].shape == KAD_KIND_FREE;
    if (free && (m->limit == 0 || w->opens < s->facts[0].on)) { /* before the subject was there */
        if (m->watch)
            miss(r, KAD_UM_UNBORN,
                 (struct kad_missing){.pos = KAD_NOWHERE, .opens = w->opens, .line = r->rule->line});
        return;
    }
    size_t pos = kad_end_of(s, w->opens);
    struct kad_place at = {pos < m->limit ? pos : m->limit, w->opens, NULL};
    if (r->rule->where && kad_expr_truth(m->d, r->b, r->rule->where, at) != KAD_YES) {
        if (m->watch)
            miss(r, KAD_UM_CONDITION,
                 (struct kad_missing){.pos = KAD_NOWHERE, .opens = w->opens, .where = r->rule->where,
                                      .at = at, .line = r->rule->line});
        return;
    }
    struct opening o = {.task = task,
                        .line = r->rule->line,
                        .part = -1,
                        .anchor_pos = KAD_NOWHERE,
                        .end_pos = duty_ending(r, w->opens),
                        .told = KAD_DAY_NONE,
                        .occurrence = w->occurrence};
    make(r, w, &o);
}

/* One by a date: opened by the first adoption in force that has it with this date. */
static void make_dated_duty(const struct making_rule *r, int task)
{
    for (size_t i = 0; i < r->s->n; i++) {
        const struct kad_adoption *a = r->s->v[i].adoption;
        if (!a)
            continue;
        struct kad_bound *b = kad_bound_of(r->m->d, a);
        const struct kad_rule *rule =
            b->kind >= 0 ? rule_named(a->policy, b->kind, r->rule->name) : NULL;
        if (!rule || !rule->by_date || rule->date != r->rule->date)
            continue;
        if (a != r->adoption || r->s->v[i].from > r->m->horizon)
            return;
        struct kad_window w = {.opens = r->s->v[i].from, .due = rule->date, .closes = KAD_DAY_NONE};
        kad_day_text(rule->date, w.occurrence);
        make_duty_window(r, task, &w);
        return;
    }
}

/* The last of the days, weeks or months that follow a period; of working days the n-th. */
static kad_day due_after_period(const struct making_rule *r, kad_day last)
{
    const struct kad_offset *o = &r->rule->due;
    if (o->unit == KAD_U_WORKING_DAY)
        return kad_add(&r->p->calendar, last, o->n, o->unit);
    return kad_add(&r->p->calendar, last + 1, o->n, o->unit) - 1;
}

/* Those whose opening day lies in [from, to]. */
static void make_duty_span(const struct making_rule *r, int task, kad_day from, kad_day to)
{
    const struct kad_rule *rule = r->rule;
    const struct kad_cycle *c = &rule->cycle;
    /* `due N after` opens the day after its period, so the periods asked for lie a day earlier. */
    int64_t index = kad_cycle_index(c, rule->has_due ? from - 1 : from);
    int64_t end = kad_cycle_index(c, to);
    for (; index <= end; index++) {
        struct kad_window w;
        if (rule->has_due) {
            kad_day first, last;
            if (!kad_cycle_period(c, index, &first, &last, w.occurrence))
                continue;
            w.opens = last + 1;
            w.due = due_after_period(r, last);
            w.closes = KAD_DAY_NONE;
            if (w.opens >= from && w.opens <= to)
                make_duty_window(r, task, &w);
            continue;
        }
        for (int32_t i = 0; i < c->times; i++)
            if (kad_cycle_window(c, index, i, &w) && w.opens >= from && w.opens <= to)
                make_duty_window(r, task, &w);
    }
}

static void make_duty(const struct making_rule *r)
{
    struct kad_making *m = r->m;
    int task = kad_policy_task(r->p, r->rule->name);
    enum kad_shape shape = r->p->kinds[r->b->kind].shape;
    kad_assert(task >= 0);
    if (!wanted(r, task))
        return;
    if (shape == KAD_KIND_ONE_OF && r->b->member < 0)
        return; /* another version of the policy has this one */
    if (r->rule->by_date) {
        make_dated_duty(r, task);
        return;
    }
    const struct kad_story *s = story_of(r);
    bool free = shape == KAD_KIND_FREE;
    kad_day born = free && m->limit > 0 ? s->facts[0].on : KAD_DAY_MIN;
    if (free && m->limit == 0)
        return;
    for (size_t i = 0; i < r->s->n; i++) {
        if (r->s->v[i].adoption != r->adoption)
            continue;
        kad_day from = r->s->v[i].from > born ? r->s->v[i].from : born;
        kad_day to = i + 1 < r->s->n ? r->s->v[i + 1].from - 1 : m->horizon;
        to = to < m->horizon ? to : m->horizon;
        if (from <= to)
            make_duty_span(r, task, from, to);
    }
}

/* --- all --- */

static int id_cmp(const void *pa, const void *pb)
{
    const struct kad_made *a = pa, *b = pb;
    int c = kad_str_cmp(a->i.id, b->i.id);
    if (c != 0)
        return c;
    return a->i.opens != b->i.opens ? (a->i.opens < b->i.opens ? -1 : 1)
                                    : (a->rank > b->rank) - (a->rank < b->rank);
}

/* Two versions of a policy can open the same thing on different days (a duty that was done in its
 * period and is now due after it). What opened first keeps its opening. */
static void drop_twins(struct kad_making *m)
{
    struct kad_made *v = m->made.v;
    if (m->made.n < 2)
        return;
    qsort(v, m->made.n, sizeof *v, id_cmp);
    size_t n = 1;
    for (size_t i = 1; i < m->made.n; i++)
        if (!kad_str_eq(v[i].i.id, v[n - 1].i.id))
            v[n++] = v[i];
    m->made.n = n;
}

static void make_rules(struct kad_making *m, size_t name, const struct kad_segments *s,
                       const struct kad_adoption *a)
{
    struct kad_bound *b = kad_bound_of(m->d, a);
    if (b->kind < 0)
        return;
    static void (*const makers[])(const struct making_rule *) = {
        [KAD_RULE_TASK] = make_task, [KAD_RULE_CADENCE] = make_cadence, [KAD_RULE_DUTY] = make_duty};
    for (size_t i = 0; i < a->policy->n_rules; i++) {
        const struct kad_rule *rule = &a->policy->rules[i];
        if (rule->subject != b->kind)
            continue;
        struct making_rule r = {m, a, b, a->policy, rule, (int)i, name, s};
        makers[rule->kind](&r);
    }
}

void kad_make_instances(struct kad_making *m)
{
    struct kad_derive *d = m->d;
    bool versions = false;
    for (size_t name = 0; name < d->n_names; name++) {
        struct kad_segments s = kad_segments_of(d, name, m->limit);
        versions = versions || s.n > 1;
        for (size_t i = 0; i < s.n; i++) {
            bool before = s.v[i].adoption == NULL;
            for (size_t k = 0; k < i && !before; k++)
                before = s.v[k].adoption == s.v[i].adoption;
            if (!before)
                make_rules(m, name, &s, s.v[i].adoption);
        }
    }
    if (versions)
        drop_twins(m);
}

/* The phases of a cadence: which task each makes, whether they overlap or leave a gap, and how they
 * go on. */
#include "dsl/lower.h"
#include "dsl/parser.h"

#include <stdlib.h>

/* A phase beside the clause it was made from. */
struct made {
    struct kad_phase_def def;
    const struct kad_clause *clause;
};

static int by_first(const void *x, const void *y)
{
    const struct made *a = x, *b = y;
    if (a->def.shape.first != b->def.shape.first)
        return a->def.shape.first < b->def.shape.first ? -1 : 1;
    return a->def.line < b->def.line ? -1 : a->def.line > b->def.line;
}

/* --- the task of a phase --- */

static bool is_same(const struct kad_triggers *a, const struct kad_triggers *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        bool found = false;
        for (size_t k = 0; k < b->n && !found; k++)
            found = a->v[i].event == b->v[k].event;
        if (!found)
            return false;
    }
    return true;
}

static struct kad_triggers events_of(struct kad_lower *l, const kad_idents *names, int subject)
{
    struct kad_triggers t = {kad_arena_array(l->a, struct kad_trigger, names->n + 1), 0};
    for (size_t i = 0; i < names->n; i++) {
        int event = kad_find_event_of(l, &names->v[i], subject);
        if (event < 0)
            continue;
        l->p->events[event].derived = true;
        t.v[t.n++] = (struct kad_trigger){.event = event};
    }
    return t;
}

static int task_named(struct kad_lower *l, const struct kad_rule *r, const struct kad_ident *event)
{
    struct kad_str name = kad_str(kad_arena_printf(l->u->arena, "%s.%s", r->name.p, event->name.p));
    const struct kad_named *known = kad_name_get(&l->names, KAD_SP_TASK, name);
    return known ? known->index : -1;
}

/* The phases of one task are done by the same events: `line` is where the first says which. */
static void done_by(struct kad_lower *l, int task, struct kad_triggers t, const struct made *all,
                    size_t n, const struct kad_clause *c)
{
    struct kad_task *k = &l->p->tasks[task];
    if (k->done_by.n == 0) {
        k->done_by = t;
        return;
    }
    if (t.n == 0 || is_same(&k->done_by, &t))
        return;
    uint32_t first = c->span.from;
    for (size_t i = n; i > 0; i--)
        if (all[i - 1].def.task == task)
            first = all[i - 1].clause->span.from;
    (void)kad_say(l, c->names.v[0].span, KAD_K_DONE_DIFFERS, c->names.v[0].name.p,
                  kad_line_of(l, first));
}

/* --- one phase --- */

static bool is_shape(struct kad_lower *l, const struct kad_clause *c)
{
    const struct kad_phase *p = &c->phase;
    if (p->last != 0 && p->last < p->first) {
        (void)kad_say(l, c->n_span, KAD_K_PHASE_REVERSED);
        return false;
    }
    if (p->unit == KAD_U_WEEK && p->division == KAD_TIMES_MONTH) {
        (void)kad_say(l, c->day_span, KAD_K_PHASE_MONTHLY);
        return false;
    }
    if (p->last == 0 && p->division == KAD_TIMES) {
        (void)kad_say(l, c->day_span, KAD_K_PHASE_ENDLESS);
        return false;
    }
    /* No window is shorter than a day, in the shortest month. */
    int32_t step = p->unit == KAD_U_WEEK ? 7 : 28;
    int32_t most = p->division == KAD_TIMES ? step * (p->last - p->first + 1) : step;
    if ((p->division == KAD_TIMES || p->division == KAD_TIMES_MONTH) && p->n > most) {
        (void)kad_say(l, c->day_span, KAD_K_TOO_OFTEN, kad_count_text(l, p->n));
        return false;
    }
    return true;
}

/* --- all phases together --- */

static bool overlap(const struct kad_phase *a, const struct kad_phase *b)
{
    bool a_before = a->last != 0 && a->last < b->first;
    bool b_before = b->last != 0 && b->last < a->first;
    return !a_before && !b_before;
}

static void check_pairs(struct kad_lower *l, const struct made *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            const struct kad_clause *c = all[i].clause;
            if (all[i].def.task != all[k].def.task)
                continue;
            if (all[i].def.shape.unit != all[k].def.shape.unit)
                (void)kad_say(l, c->n_span, KAD_K_PHASE_UNITS, c->names.v[0].name.p);
            else if (overlap(&all[i].def.shape, &all[k].def.shape))
                (void)kad_say(l, c->n_span, KAD_K_PHASE_OVERLAP, c->names.v[0].name.p,
                              kad_line_of(l, all[k].clause->span.from));
            else
                continue;
            break;
        }
    }
}

/* A time between two phases in which nothing is asked for; not where weeks and months mix. */
static void check_gaps(struct kad_lower *l, const struct made *all, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (all[i].def.shape.unit != all[0].def.shape.unit)
            return;
    int32_t last = 0;
    size_t which = 0;
    for (size_t i = 0; i < n; i++) {
        const struct kad_phase *p = &all[i].def.shape;
        if (i > 0 && last != 0 && p->first > last + 1)
            (void)kad_say(l, all[i].clause->n_span, KAD_K_PHASE_GAP,
                          kad_line_of(l, all[which].clause->span.from));
        if (i == 0 || (last != 0 && (p->last == 0 || p->last > last))) {
            last = p->last;
            which = i;
        }
    }
}

/* --- `extended by` --- */

static void extension(struct kad_lower *l, struct kad_rule *r, const struct kad_clause *c,
                      const struct made *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (all[i].def.shape.last == 0) {
            (void)kad_say(l, c->span, KAD_K_EXTENDED_ENDLESS, r->name.p);
            return;
        }
        if (all[i].def.shape.unit != KAD_U_MONTH) {
            (void)kad_say(l, c->span, KAD_K_EXTENDED_WEEKS);
            return;
        }
    }
    int event = kad_find_event_of(l, &c->name, r->subject);
    int field = kad_find_field(l, event, &c->field);
    if (event < 0 || field < 0)
        return;
    const struct kad_field_def *f = &l->p->events[event].fields[field];
    if (f->type != KAD_T_DATE && f->type != KAD_T_NONE) {
        (void)kad_say(l, c->field.span, KAD_K_NOT_A_DATE, f->name.p,
                      kad_type_said(l, f->type, f->ref));
        return;
    }
    l->p->events[event].derived = true;
    r->extension.trigger.event = event;
    r->extension.field = field;
    r->extension.times = c->n;
    if (c->n > 28)
        (void)kad_say(l, c->span, KAD_K_TOO_OFTEN, kad_count_text(l, c->n));
    r->extension.line = kad_line_no(l, c->span);
    r->extension.task = task_named(l, r, &c->of);
    kad_idents one = {0};
    kad_vec_push(l->u->arena, &one, c->of);
    struct kad_task *task = &l->p->tasks[r->extension.task];
    struct kad_triggers t = events_of(l, &one, r->subject);
    if (task->done_by.n == 0)
        task->done_by = t;
}

void kad_lower_phases(struct kad_lower *l, struct kad_rule *r, const struct kad_decl *d)
{
    struct made *all = kad_arena_array(l->u->arena, struct made, d->clauses.n + 1);
    size_t n = 0, said = 0;
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind != KAD_C_PHASE)
            continue;
        said++;
        struct kad_triggers t = events_of(l, &c->names, r->subject);
        int task = task_named(l, r, &c->names.v[0]);
        /* The name of a rule that was declared twice, and this is the second. */
        if (task < 0 || !is_shape(l, c))
            continue;
        done_by(l, task, t, all, n, c);
        all[n++] = (struct made){{c->phase, task, kad_line_no(l, c->span)}, c};
    }
    if (n > 1)
        qsort(all, n, sizeof *all, by_first);
    check_pairs(l, all, n);
    /* A phase that could not be read, or has no shape, may be what is missing. */
    if (!d->broken && n == said)
        check_gaps(l, all, n);
    r->phases = kad_arena_array(l->a, struct kad_phase_def, n + 1);
    for (size_t i = 0; i < n; i++)
        r->phases[r->n_phases++] = all[i].def;
    if (said == 0 && !d->broken)
        (void)kad_say(l, d->name.span, KAD_K_NO_PHASE, r->name.p);
    for (size_t i = 0; i < d->clauses.n; i++)
        if (d->clauses.v[i]->kind == KAD_C_EXTENDED) {
            extension(l, r, d->clauses.v[i], all, n);
            break;
        }
}

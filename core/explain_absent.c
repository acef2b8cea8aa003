/* Why a task is not there, and what would open it. */
#include "core/explain_priv.h"

#include <stdlib.h>

/* What was asked about, and what the rules passed over on the way. */
struct absent {
    struct kad_why w;
    struct kad_str task;
    const struct kad_adoption *a; /* in force and has it; else the latest that has it */
    struct kad_bound *b;          /* NULL: it knows no such subject */
    const struct kad_policy *p;
    const struct kad_rule *rule;
    bool in_force;
    struct kad_making m;
    kad_vec(struct kad_missing) missing;
};

static void keep_missing(void *ctx, const struct kad_missing *m)
{
    struct absent *x = ctx;
    if (kad_str_eq(m->rule->name, x->rule->name))
        kad_vec_push(x->w.a, &x->missing, *m);
}

/* --- which task --- */

static bool is_called(struct kad_str task, struct kad_str said)
{
    return kad_str_eq(task, said) || (task.n > said.n && task.p[task.n - said.n - 1] == '.' &&
                                      memcmp(task.p + task.n - said.n, said.p, said.n) == 0);
}

static int task_called(const struct kad_policy *p, struct kad_str said)
{
    int task = kad_policy_task(p, said);
    for (size_t i = 0; task < 0 && i < p->n_tasks; i++)
        if (is_called(p->tasks[i].name, said))
            task = (int)i;
    return task;
}

static bool find_task(struct absent *x, struct kad_str said)
{
    struct kad_derive *d = x->w.d;
    size_t pos = kad_end_of(d->story, x->w.day);
    for (size_t name = 0; name < d->n_names && !x->in_force; name++) {
        const struct kad_adoption *now = kad_in_force(d, name, x->w.day, pos);
        for (size_t i = d->name_first[name]; i < d->name_first[name + 1]; i++) {
            const struct kad_adoption *a = &d->timeline->v[i];
            int task = a->policy ? task_called(a->policy, said) : -1;
            if (task < 0 || (x->in_force && a != now))
                continue;
            x->a = a;
            x->in_force = x->in_force || a == now;
            x->p = a->policy;
            x->task = a->policy->tasks[task].name;
            x->rule = &a->policy->rules[a->policy->tasks[task].rule];
        }
    }
    if (x->a)
        x->b = kad_bound_of(d, x->a);
    return x->a != NULL;
}

static struct kad_str label_of(const struct absent *x)
{
    return x->p->tasks[kad_policy_task(x->p, x->task)].label;
}

/* --- why not: a task, and the start of a run --- */

static bool opened_some(const struct absent *x, size_t pos)
{
    for (size_t i = 0; i < x->m.made.n; i++)
        if (x->m.made.v[i].anchor_pos == pos)
            return true;
    return false;
}

/* The reasons of one event, with each condition that was asked. */
static size_t tell_event(struct absent *x, size_t pos, bool last)
{
    size_t told = 0;
    for (size_t i = 0; i < x->missing.n; i++) {
        const struct kad_missing *m = &x->missing.v[i];
        if (m->pos != pos || m->why != KAD_UM_CONDITION ||
            (m->adoption != x->a && x->in_force && x->rule->kind == KAD_RULE_CADENCE))
            continue;
        struct kad_step *s = kad_why_event(&x->w, KAD_SAY_NOT_OPENED, m->bound, pos);
        s->adoption = m->adoption;
        s->line = m->line;
        told++;
        const struct kad_expr *one = NULL;
        size_t failed =
            kad_why_condition(&x->w, m->adoption, m->bound, m->where, m->at, 1, &one);
        if (!last)
            continue;
        kad_why_would(&x->w, m->adoption, m->bound, m->where, m->at);
        if (failed > 1)
            kad_why_add(&x->w, KAD_SAY_SEVERAL)->n = (int64_t)failed;
    }
    return told;
}

static size_t tell_out_of_force(struct absent *x, size_t pos)
{
    for (size_t i = 0; i < x->missing.n; i++) {
        const struct kad_missing *m = &x->missing.v[i];
        if (m->pos != pos || m->why != KAD_UM_NOT_IN_FORCE)
            continue;
        kad_why_event(&x->w, KAD_SAY_NOT_IN_FORCE, m->bound, pos)->adoption = m->adoption;
        return 1;
    }
    return 0;
}

/* The events that came and opened nothing, newest first. */
static size_t tell_events(struct absent *x)
{
    size_t told = 0;
    for (size_t pos = x->m.limit; pos > 0 && told < KAD_E_MOST; pos--) {
        if (opened_some(x, pos - 1))
            continue;
        size_t n = tell_event(x, pos - 1, told == 0);
        told += n > 0 ? 1 : tell_out_of_force(x, pos - 1);
    }
    return told;
}

static struct kad_triggers openers(struct absent *x)
{
    if (x->rule->kind == KAD_RULE_CADENCE)
        return x->rule->from;
    struct kad_triggers t = {kad_arena_array(x->w.a, struct kad_trigger, x->rule->n_whens + 1), 0};
    for (size_t i = 0; i < x->rule->n_whens; i++)
        t.v[t.n++] = x->rule->whens[i].trigger;
    return t;
}

/* The events themselves, once each, without their conditions. */
static struct kad_str events_called(struct absent *x, const struct kad_triggers *t)
{
    struct kad_triggers bare = {kad_arena_array(x->w.a, struct kad_trigger, t->n + 1), 0};
    for (size_t i = 0; i < t->n; i++) {
        bool again = false;
        for (size_t k = 0; k < bare.n; k++)
            again = again || bare.v[k].event == t->v[i].event;
        if (!again)
            bare.v[bare.n++] = (struct kad_trigger){t->v[i].event, NULL};
    }
    return kad_triggers_called(&x->w, x->p, &bare);
}

static void tell_ahead(struct absent *x, const struct kad_triggers *t)
{
    for (size_t i = x->m.limit; i < x->w.d->story->n_facts; i++)
        if (kad_any_fires(x->w.d, x->b, t, i)) {
            kad_why_event(&x->w, KAD_SAY_AHEAD, x->b, i);
            return;
        }
}

/* Runs that there were: what ended them, or when their last window was. */
static size_t tell_runs(struct absent *x)
{
    const struct kad_made *last = NULL;
    for (size_t i = 0; i < x->m.made.n; i++)
        if (!last || x->m.made.v[i].i.due > last->i.due)
            last = &x->m.made.v[i];
    for (size_t i = x->missing.n; i > 0 && !last; i--) {
        const struct kad_missing *m = &x->missing.v[i - 1];
        if (m->why == KAD_UM_OTHER_POLICY && m->adoption == x->a) {
            struct kad_step *s = kad_why_event(&x->w, KAD_SAY_ELSEWHERE, m->bound, m->pos);
            s->day = m->opens;
            s->adoption = m->adoption;
            return 1;
        }
        if (m->why != KAD_UM_ENDED)
            continue;
        struct kad_step *s = kad_why_event(&x->w, KAD_SAY_RUN_ENDED, m->bound, m->end_pos);
        s->text = s->label;
        s->to = s->day;
        s->day = x->w.d->story->facts[m->pos].on;
        s->label = kad_event_called(m->bound, m->pos);
        return 1;
    }
    if (!last || last->anchor_pos == KAD_NOWHERE)
        return 0;
    bool ended = last->end_pos != KAD_NOWHERE;
    struct kad_step *s = kad_why_event(&x->w, ended ? KAD_SAY_RUN_ENDED : KAD_SAY_RUN_OVER,
                                       last->bound, ended ? last->end_pos : last->anchor_pos);
    s->text = s->label;
    s->to = ended ? s->day : last->i.due;
    s->day = x->w.d->story->facts[last->anchor_pos].on;
    s->label = kad_event_called(last->bound, last->anchor_pos);
    return 1;
}

static void not_by_event(struct absent *x)
{
    struct kad_triggers t = openers(x);
    size_t told = tell_events(x);
    if (x->rule->kind == KAD_RULE_CADENCE)
        told += tell_runs(x);
    if (told == 0) {
        bool none = x->m.made.n == 0;
        struct kad_step *s = kad_why_add(&x->w, none ? KAD_SAY_NO_EVENT : KAD_SAY_ALL_TAKEN);
        s->text = events_called(x, &t);
        s->day = x->w.day;
    }
    tell_ahead(x, &t);
    for (size_t i = 0; x->in_force && i < t.n; i++)
        kad_why_opens(&x->w, x->a, x->b, &t.v[i], i > 0 && t.v[i - 1].event == t.v[i].event, x->task);
}

/* --- why not: a duty --- */

/* The period that opened last by the day, and the first after it, among those passed over. */
static const struct kad_missing *period(const struct absent *x, bool ahead)
{
    const struct kad_missing *best = NULL;
    for (size_t i = 0; i < x->missing.n; i++) {
        const struct kad_missing *m = &x->missing.v[i];
        if (m->why != KAD_UM_CONDITION || (m->opens > x->w.day) != ahead)
            continue;
        if (!best || (ahead ? m->opens < best->opens : m->opens > best->opens))
            best = m;
    }
    return best;
}

static size_t not_holding(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                          struct kad_place at)
{
    size_t n = 0;
    if (x->op != KAD_X_AND)
        return kad_expr_truth(d, b, x, at) != KAD_YES;
    for (size_t i = 0; i < x->n_args; i++)
        n += not_holding(d, b, x->args[i], at);
    return n;
}

static void not_by_calendar(struct absent *x)
{
    const struct kad_missing *was = period(x, false), *next = period(x, true);
    const struct kad_missing *m = was ? was : next;
    const struct kad_story *s = x->w.d->story;
    const struct kad_expr *one = NULL;
    size_t failed = 0;
    if (m) {
        struct kad_step *step = kad_why_add(&x->w, KAD_SAY_NOT_CONCERNED);
        step->day = m->opens;
        step->adoption = m->adoption;
        step->line = m->line;
        failed = kad_why_condition(&x->w, m->adoption, m->bound, m->where, m->at, 1, &one);
    } else if (s->n_facts > 0 && x->m.made.n == 0) {
        struct kad_step *step = kad_why_add(&x->w, KAD_SAY_UNBORN);
        step->to = s->facts[0].on;
        step->seq = s->facts[0].seq;
    }
    m = next ? next : was;
    size_t from = x->w.e->steps.n;
    if (m)
        kad_why_would(&x->w, m->adoption, m->bound, m->where, m->at);
    /* With one condition missing the fact alone opens the next one. */
    bool alone = next && not_holding(x->w.d, m->bound, m->where, m->at) == 1;
    for (size_t i = from; alone && i < x->w.e->steps.n; i++)
        if (x->w.e->steps.v[i].say == KAD_SAY_WOULD)
            x->w.e->steps.v[i].to = m->opens;
    if (failed > 1)
        kad_why_add(&x->w, KAD_SAY_SEVERAL)->n = (int64_t)failed;
}

/* --- when, if nothing more happens --- */

static const int32_t horizons[] = {1, 10, 100}; /* years */

static void tell_next(struct absent *x)
{
    for (size_t i = 0; i < sizeof horizons / sizeof *horizons; i++) {
        struct kad_making m;
        const struct kad_made *next = NULL;
        kad_why_make(&x->w, &m, x->task, kad_add_years(x->w.day, horizons[i]), NULL);
        for (size_t k = 0; k < m.made.n; k++)
            if (m.made.v[k].i.state == KAD_S_UPCOMING && (!next || m.made.v[k].i.opens < next->i.opens))
                next = &m.made.v[k];
        if (!next)
            continue;
        struct kad_step *s = kad_why_add(&x->w, KAD_SAY_OPENS_NEXT);
        s->label = label_of(x);
        s->name = next->i.id;
        s->day = next->i.opens;
        s->to = next->i.due;
        return;
    }
}

/* --- the whole --- */

static bool is_active(const struct kad_made *x)
{
    return x->i.state == KAD_S_OPEN || x->i.state == KAD_S_OVERDUE;
}

/* The one that matters most: late or open and due first, else the next to open; NULL: none. */
static const struct kad_made *foremost(const struct absent *x)
{
    const struct kad_made *active = NULL, *ahead = NULL;
    for (size_t i = 0; i < x->m.made.n; i++) {
        const struct kad_made *one = &x->m.made.v[i];
        if (is_active(one) && (!active || one->i.due < active->i.due))
            active = one;
        if (one->i.state == KAD_S_UPCOMING && (!ahead || one->i.opens < ahead->i.opens))
            ahead = one;
    }
    return active ? active : ahead;
}

/* The others, newest due day first, and how many there are in all. */
static void tell_others(struct absent *x, const struct kad_made *but)
{
    size_t n = x->m.made.n;
    struct kad_step *head = kad_why_add(&x->w, KAD_SAY_TASKS);
    head->n = (int64_t)n;
    head->label = label_of(x);
    for (size_t i = n, told = 0; i > 0 && told < KAD_E_MOST; i--) { /* they stand by due day */
        const struct kad_made *one = &x->m.made.v[i - 1];
        if (one == but)
            continue;
        struct kad_step *s = kad_why_add(&x->w, KAD_SAY_OTHER);
        s->depth = 1;
        s->name = one->i.id;
        s->day = one->i.due;
        s->value = kad_str(kad_state_label(one->i.state));
        told++;
    }
}

static void tell_policy(struct absent *x)
{
    struct kad_step *s;
    if (x->in_force) {
        kad_why_rule(&x->w, x->a, x->rule, x->rule->line);
        s = kad_why_add(&x->w, KAD_SAY_POLICY);
        s->adoption = x->a;
        s->day = x->w.day;
        return;
    }
    s = kad_why_add(&x->w, KAD_SAY_NO_POLICY);
    s->day = x->w.day;
    s->to = x->a->from > x->w.day ? x->a->from : KAD_DAY_NONE;
    s->adoption = x->a;
    struct kad_buf units = {0};
    for (size_t i = 0; i < x->a->n_units; i++)
        kad_buf_printf(&units, "%s%.*s", i > 0 ? ", " : "", KAD_STR_FMT(x->a->units[i]));
    s->value = kad_str_dup(x->w.a, (struct kad_str){kad_buf_str(&units), units.n});
    kad_buf_done(&units);
}

static void tell_absence(struct absent *x)
{
    const struct kad_policy *p = x->p;
    if (!x->b || x->b->kind != x->rule->subject) {
        struct kad_step *s = kad_why_add(&x->w, KAD_SAY_OTHER_KIND);
        s->text = p->kinds[x->rule->subject].label;
        s->value = x->b && x->b->kind >= 0 ? p->kinds[x->b->kind].label : x->w.d->kind;
    } else if (x->rule->kind == KAD_RULE_DUTY) {
        not_by_calendar(x);
    } else {
        not_by_event(x);
    }
    tell_policy(x);
    tell_next(x);
}

bool kad_explain_task(struct kad_derive *d, kad_day day, struct kad_str task, struct kad_str id,
                      struct kad_explanation *ret)
{
    struct absent x = {0};
    kad_why_begin(&x.w, d, day, ret);
    if (!find_task(&x, task))
        return false;
    struct kad_watch watch = {&x, keep_missing, NULL};
    kad_why_make(&x.w, &x.m, x.task, kad_add_years(day, 1), &watch);
    const struct kad_made *one = id.n > 0 ? NULL : foremost(&x);
    if (one) {
        kad_explain_instance(d, day, one->i.id, ret);
        if (x.m.made.n > 1)
            tell_others(&x, one);
        kad_explanation_sort(ret);
        return true;
    }
    struct kad_step *s = kad_why_add(&x.w, id.n > 0 ? KAD_SAY_NO_SUCH : KAD_SAY_NO_TASK);
    s->label = label_of(&x);
    s->name = id.n > 0 ? id : x.task;
    s->day = day;
    if (x.m.made.n > 0)
        tell_others(&x, NULL);
    if (!foremost(&x))
        tell_absence(&x);
    kad_explanation_sort(ret);
    return true;
}

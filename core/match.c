/* Which event did which instance, and the state of each as of the day asked. */
#include <stdlib.h>

#include "core/derive_priv.h"

/* Instances of one task together, each by: due, opening, the anchor's place in the story, making. */
static int match_cmp(const void *pa, const void *pb)
{
    const struct kad_made *a = pa, *b = pb;
    int c = kad_str_cmp(a->i.task, b->i.task);
    if (c != 0)
        return c;
    if (a->i.due != b->i.due)
        return a->i.due < b->i.due ? -1 : 1;
    if (a->i.opens != b->i.opens)
        return a->i.opens < b->i.opens ? -1 : 1;
    if (a->anchor_pos != b->anchor_pos)
        return a->anchor_pos < b->anchor_pos ? -1 : 1;
    return (a->rank > b->rank) - (a->rank < b->rank);
}

/* Does the waiver stand before this fact in the story? */
static bool stands_before(const struct kad_waiver *w, const struct kad_fact *f)
{
    return w->on != f->on ? w->on < f->on : w->seq < f->seq;
}

const struct kad_waiver *kad_waiver_of(const struct kad_making *m, const struct kad_made *x)
{
    const struct kad_story *s = m->d->story;
    const struct kad_waiver *first = NULL; /* in the story: by day, then seq */
    for (size_t i = 0; i < s->n_waivers; i++) {
        const struct kad_waiver *w = &s->waivers[i];
        if (w->on <= m->day && (!first || w->on < first->on) && kad_str_eq(w->task, x->i.id))
            first = w;
    }
    return first;
}

/* Can facts[pos] do this instance at all (its own days aside)? */
static bool may_do(struct kad_making *m, const struct kad_made *x, size_t pos)
{
    if (x->done_pos != KAD_NOWHERE || pos == x->anchor_pos || pos >= x->end_pos)
        return false;
    const struct kad_task *task = &x->i.policy->tasks[x->i.task_index];
    if (!kad_any_fires(m->d, x->bound, &task->done_by, pos))
        return false;
    const struct kad_waiver *w = m->d->story->n_waivers > 0 ? kad_waiver_of(m, x) : NULL;
    return !w || !stands_before(w, &m->d->story->facts[pos]);
}

/* The instance that facts[pos] does: the one whose days opens..due hold it, the earliest due first;
 * else the earliest due of those open late on that day. `v` is in that order. */
static struct kad_made *done_one(struct kad_making *m, struct kad_made *v, size_t n, size_t pos)
{
    kad_day on = m->d->story->facts[pos].on;
    struct kad_made *late = NULL;
    for (size_t i = 0; i < n; i++) {
        struct kad_made *x = &v[i];
        bool open = x->i.opens <= on && (x->i.closes == KAD_DAY_NONE || on <= x->i.closes);
        if (!open || (on > x->i.due && late) || !may_do(m, x, pos))
            continue;
        if (on <= x->i.due)
            return x;
        late = x;
    }
    return late;
}

static bool does_any(const struct kad_made *v, size_t n, size_t pos)
{
    const struct kad_policy *last = NULL;
    for (size_t i = 0; i < n; i++) {
        if (v[i].i.policy == last)
            continue; /* the same triggers as the one before */
        last = v[i].i.policy;
        const struct kad_triggers *t = &last->tasks[v[i].i.task_index].done_by;
        for (size_t k = 0; k < t->n; k++)
            if (v[i].bound->events[pos] == t->v[k].event)
                return true;
    }
    return false;
}

static void match_task(struct kad_making *m, struct kad_made *v, size_t n)
{
    size_t settled = 0; /* done, or closed for good: nothing later can do them */
    for (size_t pos = 0; pos < m->limit; pos++) {
        if (!does_any(v, n, pos))
            continue;
        kad_day on = m->d->story->facts[pos].on;
        while (settled < n &&
               (v[settled].done_pos != KAD_NOWHERE ||
                (v[settled].i.closes != KAD_DAY_NONE && v[settled].i.closes < on)))
            settled++;
        struct kad_made *x = done_one(m, v + settled, n - settled, pos);
        if (x)
            x->done_pos = pos;
    }
}

/* Nobody did it, and it closed on `closed`: missed, or untold when nobody could have been told. */
static void miss(struct kad_made *x, kad_day closed)
{
    x->i.ended = closed;
    x->i.state = x->told != KAD_DAY_NONE && x->told > closed ? KAD_S_UNTOLD : KAD_S_MISSED;
}

/* The run's end reaches it: it falls away, or, when it was overdue, nobody can do it any more. */
static void end(struct kad_made *x, const struct kad_fact *f)
{
    if (x->i.closes != KAD_DAY_NONE && x->i.closes < f->on) {
        miss(x, x->i.closes);
    } else if (x->i.opens > f->on || f->on <= x->i.due) {
        x->i.state = KAD_S_DROPPED;
        x->i.dropped_by = f->seq;
        x->i.ended = f->on;
    } else {
        miss(x, f->on);
    }
}

/* Does the waiver take what the days have made of the instance? What had fallen away or closed untold
 * before it stays so. */
static bool waives(const struct kad_waiver *w, const struct kad_made *x, const struct kad_fact *ends)
{
    bool ended_before = ends && !stands_before(w, ends);
    if (x->i.state == KAD_S_DROPPED)
        return !ended_before;
    if (x->i.state == KAD_S_UNTOLD)
        return !ended_before && w->on <= x->i.ended;
    return true;
}

static void settle(struct kad_making *m, struct kad_made *x)
{
    const struct kad_story *s = m->d->story;
    if (x->done_pos != KAD_NOWHERE) {
        const struct kad_fact *f = &s->facts[x->done_pos];
        x->i.state = KAD_S_DONE;
        x->i.done_by = f->seq;
        x->i.late = f->on > x->i.due;
        x->i.ended = f->on;
        return;
    }
    const struct kad_fact *ends = x->end_pos != KAD_NOWHERE ? &s->facts[x->end_pos] : NULL;
    if (ends)
        end(x, ends);
    else if (m->day < x->i.opens)
        x->i.state = KAD_S_UPCOMING;
    else if (m->day <= x->i.due)
        x->i.state = KAD_S_OPEN;
    else if (x->i.closes == KAD_DAY_NONE || m->day <= x->i.closes)
        x->i.state = KAD_S_OVERDUE;
    else
        miss(x, x->i.closes);
    const struct kad_waiver *w = s->n_waivers > 0 ? kad_waiver_of(m, x) : NULL;
    if (w && waives(w, x, ends)) {
        x->i.state = KAD_S_WAIVED;
        x->i.waived_by = w->seq;
        x->i.dropped_by = 0;
        x->i.ended = w->on;
    }
}

void kad_match_instances(struct kad_making *m)
{
    struct kad_made *v = m->made.v;
    size_t n = m->made.n;
    if (n > 1)
        qsort(v, n, sizeof *v, match_cmp);
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && kad_str_eq(v[j].i.task, v[i].i.task); j++)
            continue;
        match_task(m, v + i, j - i);
    }
    for (size_t i = 0; i < n; i++)
        settle(m, &v[i]);
}

bool kad_task_is(struct kad_derive *d, struct kad_str task, unsigned states, size_t pos, kad_day day)
{
    struct kad_making m = {.d = d, .limit = pos, .day = day, .horizon = day, .only = task};
    d->nesting++;
    kad_make_instances(&m);
    kad_match_instances(&m);
    d->nesting--;
    const struct kad_made *last = NULL;
    for (size_t i = 0; i < m.made.n; i++) {
        const struct kad_made *x = &m.made.v[i];
        if (x->i.opens <= day &&
            (!last || x->i.opens > last->i.opens ||
             (x->i.opens == last->i.opens && match_cmp(x, last) > 0)))
            last = x;
    }
    return last && (states & (1u << last->i.state)) != 0;
}

static int order_cmp(const void *pa, const void *pb)
{
    const struct kad_instance *a = pa, *b = pb;
    return kad_instance_cmp(a, (struct kad_str){0}, b, (struct kad_str){0});
}

int kad_instance_cmp(const struct kad_instance *a, struct kad_str subject_a,
                     const struct kad_instance *b, struct kad_str subject_b)
{
    if (a->due != b->due)
        return a->due < b->due ? -1 : 1;
    int c = kad_str_cmp(subject_a, subject_b);
    if (c == 0)
        c = kad_str_cmp(a->task, b->task);
    return c != 0 ? c : kad_str_cmp(a->id, b->id);
}

size_t kad_derive_instances(struct kad_derive *d, kad_day day, kad_day horizon,
                            const struct kad_instance **ret)
{
    struct kad_making m = {.d = d,
                           .limit = kad_end_of(d->story, day),
                           .day = day,
                           .horizon = horizon > day ? horizon : day};
    kad_make_instances(&m);
    kad_match_instances(&m);
    struct kad_instance *v = kad_arena_array(d->arena, struct kad_instance, m.made.n + 1);
    for (size_t i = 0; i < m.made.n; i++)
        v[i] = m.made.v[i].i;
    if (m.made.n > 1)
        qsort(v, m.made.n, sizeof *v, order_cmp);
    *ret = v;
    return m.made.n;
}

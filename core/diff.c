#include "core/diff.h"

#include <stdlib.h>

#include "core/engine_priv.h"

#define AHEAD_MONTHS 12

const char *kad_change_name(enum kad_change c)
{
    static const char *const names[] = {
#define X(name, word) word,
        KAD_CHANGE_MAP(X)
#undef X
    };
    kad_assert(c < KAD_C__COUNT);
    return names[c];
}

const char *kad_moved_name(enum kad_moved m)
{
    static const char *const names[] = {
#define X(name, word) word,
        KAD_MOVED_MAP(X)
#undef X
    };
    kad_assert(m < KAD_MV__COUNT);
    return names[m];
}

/* --- the timeline with the candidate in it --- */

static struct kad_timeline with(const struct kad_timeline *t, const struct kad_adoption *new,
                                struct kad_arena *a)
{
    struct kad_adoption *v = kad_arena_array(a, struct kad_adoption, t->n + 1);
    size_t at = 0;
    while (at < t->n) {
        int names = kad_str_cmp(t->v[at].name, new->name);
        if (names > 0 || (names == 0 && t->v[at].from > new->from))
            break;
        at++;
    }
    if (at > 0)
        memcpy(v, t->v, at * sizeof *v);
    v[at] = *new;
    if (at < t->n)
        memcpy(v + at + 1, t->v + at, (t->n - at) * sizeof *v);
    return (struct kad_timeline){v, t->n + 1};
}

static bool is_among(struct kad_str s, const struct kad_str *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(s, v[i]))
            return true;
    return false;
}

/* Of the candidate's units (of `v`, if it is for everyone) those that nobody has been found for. */
static size_t unclaimed(struct kad_diff *d, const struct kad_str *v, size_t n,
                        const struct kad_str *claimed, size_t n_claimed, struct kad_str **ret)
{
    const struct kad_adoption *new = &d->adoption;
    size_t found = 0;
    *ret = kad_arena_array(&d->arena, struct kad_str, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!is_among(v[i], claimed, n_claimed) &&
            (new->n_units == 0 || is_among(v[i], new->units, new->n_units)))
            (*ret)[found++] = v[i];
    return found;
}

/* Which adoptions of the name are in force on the candidate's first day: the latest for each unit
 * that has one of its own, and then the latest for everyone. */
static void find_replaced(struct kad_diff *d, const struct kad_timeline *t)
{
    const struct kad_adoption *new = &d->adoption;
    kad_vec(struct kad_str) claimed = {0};
    for (size_t i = t->n; i-- > 0;) {
        const struct kad_adoption *a = &t->v[i];
        bool everyone = a->n_units == 0 || !a->policy;
        if (!kad_str_eq(a->name, new->name))
            continue;
        if (a->from > new->from) {
            d->followed_by = everyone ? a : d->followed_by;
            continue;
        }
        struct kad_diff_replaced r = {.adoption = a};
        struct kad_str *units = NULL;
        r.n_units = unclaimed(d, everyone ? new->units : a->units,
                              everyone ? new->n_units : a->n_units, claimed.v, claimed.n, &units);
        r.units = units;
        if (a->policy && (r.n_units > 0 || (everyone && new->n_units == 0)))
            kad_vec_push(&d->arena, &d->replaces, r);
        if (everyone)
            return;
        for (size_t k = 0; k < r.n_units; k++)
            kad_vec_push(&d->arena, &claimed, units[k]);
    }
}

/* --- groups --- */

static uint32_t group_of(struct kad_diff *d, struct kad_diff_groups *g, struct kad_str name,
                         const struct kad_policy *policy)
{
    if (g->v.n > 0 && kad_str_eq(g->v.v[g->last].name, name))
        return g->last;
    size_t low = 0, high = g->v.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = kad_str_cmp(g->v.v[g->by_name.v[mid]].name, name);
        if (order == 0)
            return g->last = g->by_name.v[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    struct kad_diff_group new = {.name = kad_str_dup(&d->arena, name), .policy = policy};
    g->last = (uint32_t)g->v.n;
    kad_vec_push(&d->arena, &g->v, new);
    kad_vec_push(&d->arena, &g->by_name, g->last);
    uint32_t *v = g->by_name.v;
    memmove(v + low + 1, v + low, (g->by_name.n - 1 - low) * sizeof *v);
    v[low] = g->last;
    return g->last;
}

static bool is_there(const struct kad_instance *i)
{
    return i && i->state != KAD_S_DROPPED && i->state != KAD_S_WAIVED;
}

static bool is_to_do(const struct kad_instance *i)
{
    return i && (i->state == KAD_S_UPCOMING || i->state == KAD_S_OPEN || i->state == KAD_S_OVERDUE);
}

static struct kad_diff_side side_of(struct kad_diff *d, const struct kad_instance *i)
{
    if (!i)
        return (struct kad_diff_side){
            .opens = KAD_DAY_NONE, .due = KAD_DAY_NONE, .closes = KAD_DAY_NONE};
    return (struct kad_diff_side){.opens = i->opens,
                                  .due = i->due,
                                  .closes = i->closes,
                                  .owner = group_of(d, &d->owners, i->owner, i->policy),
                                  .unit = group_of(d, &d->units, i->unit, i->policy),
                                  .state = (uint8_t)i->state,
                                  .late = i->late};
}

/* `whose` list it is on, `was` and `is` in hand before and after. */
static void count_in(struct kad_diff_group *whose, struct kad_diff_group *was,
                     struct kad_diff_group *is, enum kad_change change)
{
    whose->n[change]++;
    if (was)
        was->before++;
    if (is)
        is->after++;
}

static void count(struct kad_diff *d, enum kad_change change, const struct kad_instance *was,
                  const struct kad_instance *is)
{
    struct kad_diff_side old = side_of(d, was), new = side_of(d, is);
    const struct kad_diff_side *whose = is_there(is) ? &new : &old;
    bool before = is_to_do(was), after = is_to_do(is);
    struct kad_diff_group *owners = d->owners.v.v, *units = d->units.v.v;
    count_in(&d->total, before ? &d->total : NULL, after ? &d->total : NULL, change);
    count_in(&owners[whose->owner], before ? &owners[old.owner] : NULL,
             after ? &owners[new.owner] : NULL, change);
    count_in(&units[whose->unit], before ? &units[old.unit] : NULL,
             after ? &units[new.unit] : NULL, change);
}

/* --- one subject --- */

struct comparing {
    struct kad_diff *d;
    const struct kad_timeline *known;
    struct kad_arena was; /* the derivation through the policies in force */
    struct kad_arena one; /* what else one subject needs */
    struct kad_str subject; /* its key, kept, once it has a row */
};

static bool same_notice(const struct kad_policy *p, const struct kad_notice *a,
                        const struct kad_policy *q, const struct kad_notice *b)
{
    return a->kind == b->kind && a->day == b->day &&
           (a->role < 0 || kad_str_eq(p->roles[a->role].name, q->roles[b->role].name));
}

/* Are they reminded of and escalated alike? Asked of what is still to be done. */
static bool same_notices(struct kad_arena *a, const struct kad_instance *was,
                         const struct kad_instance *is)
{
    const struct kad_notice *old, *new;
    if (!is_to_do(was) && !is_to_do(is))
        return true;
    size_t n = kad_notices_of(a, was, &old);
    if (kad_notices_of(a, is, &new) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!same_notice(was->policy, &old[i], is->policy, &new[i]))
            return false;
    return true;
}

static unsigned what_moved(struct kad_arena *a, const struct kad_instance *was,
                           const struct kad_instance *is)
{
    return (unsigned)(was->opens != is->opens) << KAD_MV_OPENS |
           (unsigned)(was->due != is->due) << KAD_MV_DUE |
           (unsigned)(was->closes != is->closes) << KAD_MV_CLOSES |
           (unsigned)!kad_str_eq(was->owner, is->owner) << KAD_MV_FOR |
           (unsigned)(was->state != is->state) << KAD_MV_STATE |
           (unsigned)(was->late != is->late) << KAD_MV_LATE |
           (unsigned)!same_notices(a, was, is) << KAD_MV_NOTICES;
}

/* With its notices, for a row that is kept. */
static struct kad_diff_side told_side_of(struct kad_diff *d, const struct kad_instance *i)
{
    struct kad_diff_side side = side_of(d, i);
    if (!is_there(i))
        return side;
    side.policy = i->policy;
    side.n_notices = kad_notices_of(&d->arena, i, &side.notices);
    return side;
}

/* Either may be NULL, not both. */
static void take_pair(struct comparing *c, struct kad_str subject, const struct kad_instance *was,
                      const struct kad_instance *is)
{
    struct kad_diff *d = c->d;
    bool before = is_there(was), after = is_there(is);
    unsigned what = before && after ? what_moved(&c->one, was, is) : 0;
    if (!before && !after)
        return;
    enum kad_change change = !before ? KAD_C_ADDED
                             : !after ? KAD_C_WITHDRAWN
                             : what   ? KAD_C_MOVED
                                      : KAD_C_KEPT;
    if (change == KAD_C_KEPT && !is_to_do(is))
        return;
    count(d, change, was, is);
    if (change == KAD_C_KEPT)
        return;
    if (c->subject.n == 0)
        c->subject = kad_str_dup(&d->arena, subject);
    const struct kad_instance *whose = is ? is : was;
    struct kad_diff_row row = {.subject = c->subject,
                               .id = kad_str_dup(&d->arena, whose->id),
                               .task = &whose->policy->tasks[whose->task_index],
                               .policy = whose->policy,
                               .was = told_side_of(d, was),
                               .is = told_side_of(d, is),
                               .change = (uint8_t)change,
                               .what = (uint8_t)what};
    kad_vec_push(&d->arena, &d->rows, row);
}

static int id_cmp(const void *pa, const void *pb)
{
    const struct kad_instance *const *a = pa, *const *b = pb;
    return kad_str_cmp((*a)->id, (*b)->id);
}

static const struct kad_instance **by_id(struct kad_arena *a, const struct kad_instance *v, size_t n)
{
    const struct kad_instance **ids = kad_arena_array(a, const struct kad_instance *, n + 1);
    for (size_t i = 0; i < n; i++)
        ids[i] = &v[i];
    if (n > 1)
        qsort(ids, n, sizeof *ids, id_cmp);
    return ids;
}

/* A subject's tasks in one of the two worlds. */
struct world {
    struct kad_derive *derive; /* NULL: the subject is not there */
    const struct kad_instance *v;
    size_t n;
};

static void derive(struct world *w, kad_day day, kad_day horizon)
{
    w->v = NULL;
    w->n = w->derive ? kad_derive_instances(w->derive, day, horizon, &w->v) : 0;
}

static kad_day last_opening(const struct world *w, kad_day day)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i].opens > day)
            day = w->v[i].opens;
    return day;
}

static bool has_id(const struct kad_instance **ids, size_t n, const struct kad_instance *i)
{
    return n > 0 && bsearch(&i, ids, n, sizeof *ids, id_cmp) != NULL;
}

/* Some window of a finite run opens behind the horizon. The same one may belong to an open-ended run
 * in the other world, which shows none so far ahead. So both look as far as it takes, and then only
 * what one of them had before is in view. */
static void look_further(struct comparing *c, struct world *was, struct world *is, kad_day far)
{
    const struct kad_diff *d = c->d;
    struct world *worlds[] = {was, is};
    size_t n[] = {was->n, is->n};
    const struct kad_instance **had[] = {by_id(&c->one, was->v, was->n),
                                         by_id(&c->one, is->v, is->n)};
    for (size_t k = 0; k < 2; k++) {
        derive(worlds[k], d->as_of, far);
        struct kad_instance *kept = kad_arena_array(&c->one, struct kad_instance, worlds[k]->n + 1);
        size_t m = 0;
        for (size_t i = 0; i < worlds[k]->n; i++) {
            const struct kad_instance *x = &worlds[k]->v[i];
            if (x->opens <= d->until || has_id(had[0], n[0], x) || has_id(had[1], n[1], x))
                kept[m++] = *x;
        }
        worlds[k]->v = kept;
        worlds[k]->n = m;
    }
}

static kad_day day_of(const struct kad_diff_row *r)
{
    return r->is.due != KAD_DAY_NONE ? r->is.due : r->was.due;
}

static int row_cmp(const void *pa, const void *pb)
{
    const struct kad_diff_row *a = pa, *b = pb;
    kad_day x = day_of(a), y = day_of(b);
    if (x != y)
        return x < y ? -1 : 1;
    int order = kad_str_cmp(a->task->name, b->task->name);
    return order != 0 ? order : kad_str_cmp(a->id, b->id);
}

static void lay_side_by_side(struct comparing *c, struct kad_str subject, const struct world *was,
                             const struct world *is)
{
    /* Most subjects have nothing that changes: the lists begin alike, and often end so. */
    size_t i = 0, k = 0;
    for (; i < was->n && i < is->n && kad_str_eq(was->v[i].id, is->v[i].id); i++)
        take_pair(c, subject, &was->v[i], &is->v[i]);
    size_t n_was = was->n - i, n_is = is->n - i;
    if (n_was == 0 && n_is == 0)
        return;
    const struct kad_instance **a = by_id(&c->one, was->v + i, n_was);
    const struct kad_instance **b = by_id(&c->one, is->v + i, n_is);
    for (i = 0; i < n_was || k < n_is;) {
        int order = i == n_was ? 1 : k == n_is ? -1 : kad_str_cmp(a[i]->id, b[k]->id);
        take_pair(c, subject, order <= 0 ? a[i] : NULL, order >= 0 ? b[k] : NULL);
        i += order <= 0;
        k += order >= 0;
    }
}

static enum kad_err take_subject(void *ctx, struct kad_subject *s, struct kad_error *reterr)
{
    struct comparing *c = ctx;
    struct kad_diff *d = c->d;
    struct world was = {0}, is = {.derive = s->derive};
    (void)reterr;
    kad_arena_reset(&c->was);
    kad_arena_reset(&c->one);
    c->subject = (struct kad_str){0};
    /* One that only the candidate names is not there without it. */
    if (s->story.n_facts > 0 || s->story.n_waivers > 0 || kad_named_kind(c->known, s->info.key))
        was.derive = kad_derive_new(&c->was, c->known, &s->story, s->info.kind);
    derive(&was, d->as_of, d->until);
    derive(&is, d->as_of, d->until);
    kad_day far = last_opening(&is, last_opening(&was, d->until));
    if (far > d->until)
        look_further(c, &was, &is, far);
    size_t first = d->rows.n;
    lay_side_by_side(c, s->info.key, &was, &is);
    d->subjects++;
    d->touched += d->rows.n > first;
    if (d->rows.n - first > 1)
        qsort(d->rows.v + first, d->rows.n - first, sizeof *d->rows.v, row_cmp);
    return KAD_OK;
}

/* --- all --- */

enum kad_err kad_diff_make(struct kad_engine *e, const struct kad_diff_ask *q, struct kad_diff *ret,
                           struct kad_error *reterr)
{
    kad_assert(e && q && q->policy && ret);
    struct kad_diff d = {.as_of = q->as_of, .until = q->until};
    kad_arena_init(&d.arena);
    struct comparing c = {.d = &d, .known = kad_engine_timeline(e)};
    kad_arena_init(&c.was);
    kad_arena_init(&c.one);
    enum kad_err err =
        kad_engine_may_adopt(e, &d.arena, q->policy, q->only, q->from, &d.adoption, reterr);
    if (!err) {
        if (d.until == KAD_DAY_NONE)
            d.until = kad_add_months(q->from > d.as_of ? q->from : d.as_of, AHEAD_MONTHS);
        if (d.until < d.as_of)
            d.until = d.as_of;
        find_replaced(&d, c.known);
        struct kad_timeline new = with(c.known, &d.adoption, &d.arena);
        struct kad_each each = {.day = d.as_of,
                                .timeline = &new,
                                .ret_seq = &d.seq,
                                .progress = q->progress,
                                .progress_ctx = q->progress_ctx};
        err = kad_engine_each(e, &each, take_subject, &c, reterr);
    }
    kad_arena_done(&c.was);
    kad_arena_done(&c.one);
    if (err)
        kad_arena_done(&d.arena);
    else
        *ret = d;
    return err;
}

void kad_diff_done(struct kad_diff *d)
{
    kad_arena_done(&d->arena);
}

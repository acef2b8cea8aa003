/* The frame of derivation: policies bound to a story, and which of them is in force when. */
#include "core/derive_priv.h"

#include <stdlib.h>

static size_t count_names(const struct kad_timeline *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        if (i == 0 || !kad_str_eq(t->v[i].name, t->v[i - 1].name))
            n++;
    return n;
}

struct kad_derive *kad_derive_new(struct kad_arena *arena, const struct kad_timeline *timeline,
                                  const struct kad_story *story, struct kad_str kind)
{
    struct kad_derive *d = kad_arena_new(arena, struct kad_derive);
    *d = (struct kad_derive){
        .arena = arena, .timeline = timeline, .story = story, .kind = kind};
    d->bound = kad_arena_array(arena, struct kad_bound, timeline->n + 1);
    size_t names = count_names(timeline);
    d->names = kad_arena_array(arena, struct kad_str, names + 1);
    d->name_first = kad_arena_array(arena, size_t, names + 1);
    for (size_t i = 0; i < timeline->n; i++)
        if (i == 0 || !kad_str_eq(timeline->v[i].name, timeline->v[i - 1].name)) {
            d->names[d->n_names] = timeline->v[i].name;
            d->name_first[d->n_names++] = i;
        }
    d->name_first[d->n_names] = timeline->n;
    return d;
}

static void bind(struct kad_derive *d, struct kad_bound *b, const struct kad_policy *p)
{
    const struct kad_story *s = d->story;
    b->policy = p;
    b->kind = kad_policy_kind(p, d->kind);
    b->member = -1;
    b->events = kad_arena_array(d->arena, int16_t, s->n_facts + 1);
    for (size_t i = 0; i < s->n_facts; i++) {
        int event = kad_policy_event(p, s->facts[i].type);
        if (event >= 0 && p->events[event].kind != b->kind)
            event = -1;
        b->events[i] = (int16_t)event;
    }
    if (b->kind >= 0) {
        const struct kad_kind *kind = &p->kinds[b->kind];
        if (kind->shape == KAD_KIND_ONE_OF)
            b->member = kad_kind_member(kind, s->subject);
        b->memo = kad_arena_array(d->arena, struct kad_attr_memo, kind->n_attributes + 1);
    }
}

struct kad_bound *kad_bound_of(struct kad_derive *d, const struct kad_adoption *a)
{
    size_t i = (size_t)(a - d->timeline->v);
    kad_assert(i < d->timeline->n);
    struct kad_bound *b = &d->bound[i];
    if (!b->policy && a->policy)
        bind(d, b, a->policy);
    return b;
}

struct kad_bound *kad_bound_of_policy(struct kad_derive *d, const struct kad_policy *p)
{
    for (size_t i = 0; i < d->timeline->n; i++)
        if (d->timeline->v[i].policy == p)
            return kad_bound_of(d, &d->timeline->v[i]);
    kad_unreachable();
}

size_t kad_end_of(const struct kad_story *s, kad_day day)
{
    size_t low = 0, high = s->n_facts;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->facts[mid].on <= day)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

size_t kad_derive_end_of(const struct kad_derive *d, kad_day day)
{
    return kad_end_of(d->story, day);
}

/* Is an adoption for some units only also for this subject, as its own text defines `unit`? */
static bool is_for(struct kad_derive *d, const struct kad_adoption *a, kad_day day, size_t limit)
{
    if (a->n_units == 0 || !a->policy)
        return true;
    struct kad_bound *b = kad_bound_of(d, a);
    if (b->kind < 0)
        return false;
    const struct kad_kind *kind = &a->policy->kinds[b->kind];
    struct kad_str unit = {0};
    if (kind->shape == KAD_KIND_PROGRAMME)
        return true; /* the programme follows every adoption of the name */
    if (kind->shape == KAD_KIND_ONE_OF) {
        unit = d->story->subject;
    } else if (kind->unit_attribute >= 0) {
        size_t pos = kad_end_of(d->story, day);
        struct kad_value v = kad_attribute_eval(d, b, kind->unit_attribute,
                                                pos < limit ? pos : limit, day);
        if (kad_value_known(v))
            unit = v.str;
    }
    for (size_t i = 0; i < a->n_units; i++)
        if (unit.n > 0 && kad_str_eq(a->units[i], unit))
            return true;
    return false;
}

const struct kad_adoption *kad_in_force(struct kad_derive *d, size_t name, kad_day day,
                                        size_t limit)
{
    kad_assert(name < d->n_names);
    for (size_t i = d->name_first[name + 1]; i > d->name_first[name]; i--) {
        const struct kad_adoption *a = &d->timeline->v[i - 1];
        if (a->from > day || !is_for(d, a, day, limit))
            continue;
        return a->policy ? a : NULL; /* an end: none is in force */
    }
    return NULL;
}

static int day_cmp(const void *a, const void *b)
{
    kad_day x = *(const kad_day *)a, y = *(const kad_day *)b;
    return (x > y) - (x < y);
}

struct kad_segments kad_segments_of(struct kad_derive *d, size_t name, size_t limit)
{
    size_t first = d->name_first[name], end = d->name_first[name + 1];
    bool units = false;
    for (size_t i = first; i < end; i++)
        units = units || d->timeline->v[i].n_units > 0;
    /* Days on which it may change: each adoption's, and where units matter each day something
     * happened, because the unit may have changed. */
    size_t facts = units ? limit : 0, n = 0;
    kad_day *days = kad_arena_array(d->arena, kad_day, end - first + facts + 1);
    for (size_t i = first; i < end; i++)
        days[n++] = d->timeline->v[i].from;
    for (size_t i = 0; i < facts; i++)
        days[n++] = d->story->facts[i].on;
    qsort(days, n, sizeof *days, day_cmp);

    struct kad_segments s = {kad_arena_array(d->arena, struct kad_segment, n + 1), 0};
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && days[i] == days[i - 1])
            continue;
        const struct kad_adoption *a = kad_in_force(d, name, days[i], limit);
        if (s.n == 0 ? a != NULL : a != s.v[s.n - 1].adoption)
            s.v[s.n++] = (struct kad_segment){days[i], a};
    }
    return s;
}

size_t kad_derive_names(const struct kad_derive *d, const struct kad_str **ret)
{
    *ret = d->names;
    return d->n_names;
}

const struct kad_adoption *kad_derive_in_force(struct kad_derive *d, struct kad_str name,
                                               kad_day day)
{
    for (size_t i = 0; i < d->n_names; i++)
        if (kad_str_eq(d->names[i], name))
            return kad_in_force(d, i, day, d->story->n_facts);
    return NULL;
}

struct kad_value kad_derive_attribute(struct kad_derive *d, const struct kad_policy *p, int attribute,
                                      size_t pos, kad_day day)
{
    return kad_attribute_eval(d, kad_bound_of_policy(d, p), attribute, pos, day);
}

struct kad_value kad_derive_expr(struct kad_derive *d, const struct kad_policy *p,
                                 const struct kad_expr *x, size_t pos, kad_day day,
                                 const struct kad_fact *event)
{
    return kad_expr_eval(d, kad_bound_of_policy(d, p), x, (struct kad_place){pos, day, event});
}

#include "dsl/cover.h"

#include <stdlib.h>

const char *kad_cover_name(enum kad_cover_kind k)
{
    static const char *const names[KAD_COVER__COUNT] = {
        [KAD_COVER_RULE] = "rules",
        [KAD_COVER_WHEN] = "whens",
        [KAD_COVER_PHASE] = "phases",
        [KAD_COVER_GUARD] = "guards",
        [KAD_COVER_WHERE] = "wheres",
    };
    return names[k];
}

/* --- what there is --- */

static void add(struct kad_cover *c, enum kad_cover_kind kind, size_t index, int32_t part, int line)
{
    struct kad_cover_point p = {.kind = kind, .index = (int)index, .part = part, .line = line};
    kad_vec_push(&c->arena, c, p);
}

static int by_line(const void *a, const void *b)
{
    const struct kad_cover_point *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

/* The condition that a point is about. */
static const struct kad_expr *condition_of(const struct kad_policy *p,
                                           const struct kad_cover_point *x)
{
    if (x->kind == KAD_COVER_GUARD)
        return p->guards[x->index].condition;
    const struct kad_rule *r = &p->rules[x->index];
    return r->kind == KAD_RULE_TASK      ? r->whens[x->part].trigger.where
           : r->kind == KAD_RULE_CADENCE ? r->from.v[x->part].where
                                         : r->where;
}

static void add_where(struct kad_cover *c, size_t rule, int32_t part, const struct kad_expr *where)
{
    if (where)
        add(c, KAD_COVER_WHERE, rule, part, where->line);
}

static void add_wheres(struct kad_cover *c, size_t rule, const struct kad_rule *r)
{
    for (size_t k = 0; k < r->n_whens; k++)
        add_where(c, rule, (int32_t)k, r->whens[k].trigger.where);
    for (size_t k = 0; k < r->from.n; k++)
        add_where(c, rule, (int32_t)k, r->from.v[k].where);
    add_where(c, rule, -1, r->where);
}

void kad_cover_init(struct kad_cover *c, const struct kad_policy *p)
{
    *c = (struct kad_cover){.policy = p};
    kad_arena_init(&c->arena);
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct kad_rule *r = &p->rules[i];
        add(c, KAD_COVER_RULE, i, -1, r->line);
        for (size_t k = 0; k < r->n_whens; k++)
            add(c, KAD_COVER_WHEN, i, (int32_t)k, r->whens[k].line);
        for (size_t k = 0; k < r->n_phases; k++)
            add(c, KAD_COVER_PHASE, i, (int32_t)k, r->phases[k].line);
        if (r->kind == KAD_RULE_CADENCE && r->extension.field >= 0)
            add(c, KAD_COVER_PHASE, i, -1, r->extension.line);
        add_wheres(c, i, r);
    }
    for (size_t i = 0; i < p->n_guards; i++)
        add(c, KAD_COVER_GUARD, i, -1, p->guards[i].line);
    if (c->n > 0)
        qsort(c->v, c->n, sizeof *c->v, by_line);
}

void kad_cover_done(struct kad_cover *c)
{
    kad_arena_done(&c->arena);
}

/* --- what is exercised --- */

static bool has_condition(const struct kad_cover_point *p)
{
    return p->kind == KAD_COVER_GUARD || p->kind == KAD_COVER_WHERE;
}

static bool opened(const struct kad_cover_point *p, const struct kad_instance *i)
{
    if (has_condition(p) || p->index != i->rule_index)
        return false;
    return p->kind == KAD_COVER_RULE || p->part == i->part;
}

void kad_cover_expected(struct kad_cover *c, const struct kad_instance *const *v, size_t n)
{
    for (size_t i = 0; i < c->n; i++) {
        bool all = n > 0;
        for (size_t k = 0; k < n && all; k++)
            all = v[k]->policy == c->policy && opened(&c->v[i], v[k]);
        c->v[i].seen = c->v[i].seen || all;
    }
}

void kad_cover_judged(struct kad_cover *c, const struct kad_guard *g, bool holds)
{
    for (size_t i = 0; i < c->n; i++) {
        struct kad_cover_point *p = &c->v[i];
        if (p->kind != KAD_COVER_GUARD || g != &c->policy->guards[p->index])
            continue;
        p->seen = p->seen || holds;
        p->refused = p->refused || !holds;
    }
}

/* --- what is said of it --- */

static bool is_exercised(const struct kad_cover_point *p)
{
    return p->seen && (!has_condition(p) || p->refused);
}

size_t kad_cover_of(const struct kad_cover *c, enum kad_cover_kind k, size_t *ret_exercised)
{
    size_t n = 0;
    *ret_exercised = 0;
    for (size_t i = 0; i < c->n; i++) {
        n += c->v[i].kind == k;
        *ret_exercised += c->v[i].kind == k && is_exercised(&c->v[i]);
    }
    return n;
}

/* A line of the file without the blanks around it. */
static struct kad_str line_of(const struct kad_policy *p, int line)
{
    struct kad_str s = p->text;
    for (int at = 1; at < line && s.n > 0; at++) {
        const char *end = memchr(s.p, '\n', s.n);
        size_t n = end ? (size_t)(end - s.p) + 1 : s.n;
        s = (struct kad_str){s.p + n, s.n - n};
    }
    const char *end = s.n > 0 ? memchr(s.p, '\n', s.n) : NULL;
    s.n = end ? (size_t)(end - s.p) : s.n;
    while (s.n > 0 && (*s.p == ' ' || *s.p == '\t'))
        s = (struct kad_str){s.p + 1, s.n - 1};
    while (s.n > 0 && strchr(" \t\r", s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Is the rule exercised, or this `when` of it? */
static bool is_seen(const struct kad_cover *c, enum kad_cover_kind kind, int rule, int32_t part)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].kind == kind && c->v[i].index == rule && c->v[i].part == part)
            return c->v[i].seen;
    kad_unreachable();
}

/* The condition of what opens a task; of a rule or `when` that lacks everything nothing more is said. */
static const char *sentence_of_where(const struct kad_cover *c, const struct kad_cover_point *p)
{
    bool task = c->policy->rules[p->index].kind == KAD_RULE_TASK;
    if (!is_seen(c, KAD_COVER_RULE, p->index, -1) ||
        (task && !is_seen(c, KAD_COVER_WHEN, p->index, p->part)))
        return NULL;
    if (p->untried)
        return _("It would take too long to try out whether an example depends on this: %.*s");
    return p->seen      ? _("No example would notice if this condition were left out: %.*s")
           : p->refused ? _("No example would notice if this condition never held: %.*s")
                        : _("No example depends on this condition: %.*s");
}

static const char *sentence_of(const struct kad_cover *c, const struct kad_cover_point *p)
{
    if (p->kind == KAD_COVER_RULE)
        return _("No example expects a task of this rule: %.*s");
    if (p->kind == KAD_COVER_WHERE)
        return sentence_of_where(c, p);
    if (p->kind != KAD_COVER_GUARD)
        return is_seen(c, KAD_COVER_RULE, p->index, -1)
                   ? _("No example expects the task that this line opens: %.*s")
                   : NULL;
    if (!p->seen && !p->refused)
        return _("No example comes to this condition: %.*s");
    if (!p->seen)
        return _("In no example does this condition hold: %.*s");
    return c->policy->guards[p->index].require
               ? _("In no example is an event refused by this condition: %.*s")
               : _("In no example does this condition fail: %.*s");
}

struct kad_str kad_cover_gap(struct kad_cover *c, size_t i)
{
    kad_assert(i < c->n);
    const struct kad_cover_point *p = &c->v[i];
    const char *sentence = is_exercised(p) ? NULL : sentence_of(c, p);
    if (!sentence)
        return (struct kad_str){0};
    /* A condition may be split over lines: it is shown whole, a rule by the line that begins it. */
    struct kad_str words =
        has_condition(p) ? condition_of(c->policy, p)->text : line_of(c->policy, p->line);
    return kad_str(kad_arena_printf(&c->arena, sentence, KAD_STR_FMT(words)));
}

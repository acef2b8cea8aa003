/* What concerns a policy as a whole: rings of conditions, and what is private. */
#include "dsl/lower.h"
#include "dsl/parser.h"

typedef void (*visit_fn)(void *ctx, const struct kad_expr *x);

static void walk(const struct kad_expr *x, visit_fn visit, void *ctx)
{
    if (!x)
        return;
    visit(ctx, x);
    for (size_t i = 0; i < x->n_args; i++)
        walk(x->args[i], visit, ctx);
}

static void walk_triggers(const struct kad_triggers *t, visit_fn visit, void *ctx)
{
    for (size_t i = 0; i < t->n; i++)
        walk(t->v[i].where, visit, ctx);
}

static void walk_attribute(const struct kad_attribute *a, visit_fn visit, void *ctx)
{
    walk(a->expr, visit, ctx);
    for (size_t i = 0; i < a->n_items; i++)
        walk(a->items[i].after.where, visit, ctx);
}

/* --- tasks whose conditions ask about themselves --- */

/* Which rules a rule's conditions ask about, directly or through attributes. */
typedef kad_vec(int) edges;
struct ring {
    struct kad_lower *l;
    edges *to;            /* for each rule */
    uint32_t *attributes; /* for which rule, + 1, an attribute was last looked into */
    size_t attributes_of; /* the most that any kind has */
    int rule;             /* whose conditions are walked */
};

static void ring_expr(void *ctx, const struct kad_expr *x)
{
    struct ring *g = ctx;
    const struct kad_policy *p = g->l->p;
    int kind = p->rules[g->rule].subject;
    if (x->op == KAD_X_TASK_IS)
        kad_vec_push(g->l->u->arena, &g->to[g->rule], p->tasks[x->index].rule);
    if (x->op != KAD_X_ATTR || kind < 0)
        return;
    uint32_t *seen = &g->attributes[(size_t)kind * g->attributes_of + (size_t)x->index];
    if (*seen == (uint32_t)g->rule + 1)
        return;
    *seen = (uint32_t)g->rule + 1;
    walk_attribute(&p->kinds[kind].attributes[x->index], ring_expr, g);
}

static void ring_edges(struct ring *g)
{
    const struct kad_policy *p = g->l->p;
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct kad_rule *r = &p->rules[i];
        g->rule = (int)i;
        for (size_t k = 0; k < r->n_whens; k++)
            walk(r->whens[k].trigger.where, ring_expr, g);
        walk_triggers(&r->from, ring_expr, g);
        walk_triggers(&r->until, ring_expr, g);
        walk(r->where, ring_expr, g);
    }
    for (size_t i = 0; i < p->n_tasks; i++) {
        g->rule = p->tasks[i].rule;
        walk_triggers(&p->tasks[i].done_by, ring_expr, g);
    }
}

/* Do the rule's conditions lead back to it? `seen` and `queue` have room for every rule. */
static bool leads_back(const struct ring *g, int rule, uint32_t *seen, int *queue)
{
    size_t n = 0;
    queue[n++] = rule;
    for (size_t i = 0; i < n; i++) {
        const edges *e = &g->to[queue[i]];
        for (size_t k = 0; k < e->n; k++) {
            if (e->v[k] == rule)
                return true;
            if (seen[e->v[k]] != (uint32_t)rule + 1) {
                seen[e->v[k]] = (uint32_t)rule + 1;
                queue[n++] = e->v[k];
            }
        }
    }
    return false;
}

static void check_rings(struct kad_lower *l)
{
    struct kad_policy *p = l->p;
    struct kad_arena *t = l->u->arena;
    struct ring g = {.l = l, .attributes_of = 1};
    for (size_t k = 0; k < p->n_kinds; k++)
        if (p->kinds[k].n_attributes > g.attributes_of)
            g.attributes_of = p->kinds[k].n_attributes;
    g.to = kad_arena_array(t, edges, p->n_rules + 1);
    g.attributes = kad_arena_array(t, uint32_t, p->n_kinds * g.attributes_of + 1);
    ring_edges(&g);
    uint32_t *seen = kad_arena_array(t, uint32_t, p->n_rules + 1);
    int *queue = kad_arena_array(t, int, p->n_rules + 2);
    for (size_t i = 0; i < p->n_rules; i++)
        if (leads_back(&g, (int)i, seen, queue))
            (void)kad_say(l, l->rules[i]->name.span, KAD_K_CIRCULAR_TASK, p->rules[i].name.p,
                          p->rules[i].name.p);
}

/* --- private --- */

struct secret {
    const struct kad_policy *p;
    size_t kind;
    bool found;
};

static void secret_expr(void *ctx, const struct kad_expr *x)
{
    struct secret *s = ctx;
    if (x->op == KAD_X_FIELD)
        s->found = s->found || s->p->events[x->event].fields[x->index].is_private;
    else if (x->op == KAD_X_ATTR)
        s->found = s->found || s->p->kinds[s->kind].attributes[x->index].is_private;
}

/* What is made of a private value is private; what it is made of stands before it in the table, but
 * for conditions of items, so it is asked until nothing changes. */
static void spread_privacy(struct kad_policy *p)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t k = 0; k < p->n_kinds; k++)
            for (size_t i = 0; i < p->kinds[k].n_attributes; i++) {
                struct kad_attribute *a = &p->kinds[k].attributes[i];
                struct secret s = {p, k, a->is_private};
                walk_attribute(a, secret_expr, &s);
                changed = changed || s.found != a->is_private;
                a->is_private = s.found;
            }
    }
}

void kad_check_whole(struct kad_lower *l)
{
    if (l->wants_working_days && l->p->calendar.kind == KAD_CAL_NONE && l->policy_decl &&
        !l->policy_decl->broken)
        (void)kad_say(l, l->working_span, KAD_K_NO_WORKING_DAYS);
    if (l->u->diags->n_errors > 0)
        return;
    check_rings(l);
    spread_privacy(l->p);
    if (l->u->diags->n_errors == 0)
        kad_warn_whole(l);
}

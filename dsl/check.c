/* What concerns a policy as a whole: rings of conditions, what is private, what is used nowhere. */
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

struct ring {
    struct kad_lower *l;
    unsigned char *rules, *attributes; /* 0 not seen, 1 on the way, 2 done */
    size_t attributes_of;              /* the most that any kind has */
    int kind;                          /* of the rule or attribute whose conditions are walked */
    int start;
    bool found;
};

static void ring_rule(struct ring *g, int rule);

static void ring_expr(void *ctx, const struct kad_expr *x)
{
    struct ring *g = ctx;
    if (x->op == KAD_X_TASK_IS)
        ring_rule(g, g->l->p->tasks[x->index].rule);
    if (x->op != KAD_X_ATTR || g->kind < 0)
        return;
    unsigned char *seen = &g->attributes[(size_t)g->kind * g->attributes_of + (size_t)x->index];
    if (*seen)
        return;
    *seen = 1;
    walk_attribute(&g->l->p->kinds[g->kind].attributes[x->index], ring_expr, g);
}

static void ring_rule(struct ring *g, int rule)
{
    const struct kad_policy *p = g->l->p;
    const struct kad_rule *r = &p->rules[rule];
    if (g->rules[rule] == 1 && rule == g->start)
        g->found = true;
    if (g->rules[rule])
        return;
    int before = g->kind;
    g->kind = r->subject;
    g->rules[rule] = 1;
    for (size_t i = 0; i < r->n_whens; i++)
        walk(r->whens[i].trigger.where, ring_expr, g);
    walk_triggers(&r->from, ring_expr, g);
    walk_triggers(&r->until, ring_expr, g);
    walk(r->where, ring_expr, g);
    for (size_t i = 0; i < p->n_tasks; i++)
        if (p->tasks[i].rule == rule)
            walk_triggers(&p->tasks[i].done_by, ring_expr, g);
    g->rules[rule] = 2;
    g->kind = before;
}

static void check_rings(struct kad_lower *l)
{
    struct kad_policy *p = l->p;
    struct ring g = {.l = l, .kind = -1, .attributes_of = 1};
    for (size_t k = 0; k < p->n_kinds; k++)
        if (p->kinds[k].n_attributes > g.attributes_of)
            g.attributes_of = p->kinds[k].n_attributes;
    size_t n = p->n_kinds * g.attributes_of;
    g.rules = kad_arena_array(l->u->arena, unsigned char, p->n_rules + 1);
    g.attributes = kad_arena_array(l->u->arena, unsigned char, n + 1);
    for (size_t i = 0; i < p->n_rules; i++) {
        /* Each rule by itself: a ring is reported at the rules that are part of it. */
        memset(g.rules, 0, p->n_rules + 1);
        memset(g.attributes, 0, n + 1);
        g.found = false;
        g.start = (int)i;
        ring_rule(&g, (int)i);
        if (g.found && l->rules[i])
            (void)kad_say(l, l->rules[i]->name.span, KAD_K_CIRCULAR_TASK, p->rules[i].name.p,
                          p->rules[i].name.p);
    }
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

/* --- used nowhere --- */

static void check_unused(struct kad_lower *l)
{
    for (size_t k = 0; k < l->p->n_kinds; k++)
        for (size_t i = 0; i < l->p->kinds[k].n_attributes; i++) {
            const struct kad_attribute *a = &l->p->kinds[k].attributes[i];
            if (a->type == KAD_T_CHOICE)
                l->choice_used[a->ref] = true;
        }
    for (size_t i = 0; i < l->p->n_choices; i++)
        if (!l->choice_used[i])
            (void)kad_say(l, l->choices[i]->name.span, KAD_K_UNUSED_CHOICE,
                          l->p->choices[i].name.p);
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
    check_unused(l);
}

/* Which conditions of `where` the examples depend on: each is left out once and never holds once, and
 * the examples that expect something of the rule's tasks are run again. */
#include "dsl/cover.h"
#include "dsl/dsl.h"
#include "dsl/example.h"

/* What running examples again may cost for one policy, in bytes of memory taken, which is the same
 * everywhere: seconds. An example of the shipped policies costs some tens of thousands. */
#define MOST_COST (UINT64_C(4) << 30)

/* The examples of the policy that hold, and what each costs to run. */
struct tried {
    size_t *about, n; /* those to ask of the condition in question */
    bool *good;
    uint64_t *cost, left;
    bool gave_up;
};

/* The policy with one condition of its own making; everything else is the policy's. */
struct mutant {
    struct kad_policy policy;
    const struct kad_expr **where; /* the one in question */
};

static struct kad_trigger *copy(struct kad_arena *a, const struct kad_triggers *t)
{
    return kad_arena_memdup(a, t->v, t->n * sizeof *t->v);
}

static struct mutant *mutant_of(struct kad_arena *a, const struct kad_policy *p,
                                const struct kad_cover_point *x)
{
    struct mutant *m = kad_arena_new(a, struct mutant);
    m->policy = *p;
    m->policy.rules = kad_arena_memdup(a, p->rules, p->n_rules * sizeof *p->rules);
    struct kad_rule *r = &m->policy.rules[x->index];
    switch (r->kind) {
    case KAD_RULE_TASK:
        r->whens = kad_arena_memdup(a, r->whens, r->n_whens * sizeof *r->whens);
        m->where = &r->whens[x->part].trigger.where;
        break;
    case KAD_RULE_CADENCE:
        r->from.v = copy(a, &r->from);
        m->where = &r->from.v[x->part].where;
        break;
    case KAD_RULE_DUTY:
        m->where = &r->where;
        break;
    }
    return m;
}

static bool is_about(const struct kad_policy *p, const struct kad_example *e, int rule)
{
    for (size_t i = 0; i < e->n_expects; i++)
        if (e->expects[i].task >= 0 && p->tasks[e->expects[i].task].rule == rule)
            return true;
    return false;
}

static bool holds(const struct kad_policy *p, size_t example, uint64_t *ret_cost)
{
    struct kad_example_result r;
    bool ok = kad_dsl_example_run(p, example, NULL, &r);
    *ret_cost = r.arena.used + 1;
    kad_dsl_example_done(&r);
    return ok;
}

/* Does some example fail in which the policy's own condition holds? */
static bool is_noticed(const struct mutant *m, struct tried *t)
{
    bool noticed = false;
    for (size_t i = 0; i < t->n && !noticed; i++) {
        uint64_t cost = t->cost[t->about[i]];
        t->gave_up = t->gave_up || cost > t->left;
        if (cost > t->left)
            break;
        noticed = !holds(&m->policy, t->about[i], &cost);
        t->left -= cost < t->left ? cost : t->left;
    }
    return noticed;
}

static void try_point(const struct kad_policy *p, struct kad_cover_point *x, struct tried *t)
{
    static const struct kad_expr never = {.op = KAD_X_CONST, .type = KAD_T_YESNO, .ref = -1,
                                          .value = {.type = KAD_T_YESNO}};
    const struct kad_examples *all = p->compiled_by;
    struct kad_arena a;
    kad_arena_init(&a);
    t->n = 0;
    t->gave_up = false;
    for (size_t i = 0; i < all->n; i++)
        if (t->good[i] && is_about(p, &all->v[i], x->index))
            t->about[t->n++] = i;
    struct mutant *m = mutant_of(&a, p, x);
    *m->where = &never;
    x->seen = is_noticed(m, t);
    *m->where = NULL;
    x->refused = is_noticed(m, t);
    x->untried = t->gave_up;
    kad_arena_done(&a);
}

void kad_cover_wheres(struct kad_cover *c)
{
    const struct kad_examples *all = c->policy->compiled_by;
    struct kad_arena a;
    kad_arena_init(&a);
    struct tried t = {.about = kad_arena_array(&a, size_t, all->n + 1),
                      .good = kad_arena_array(&a, bool, all->n + 1),
                      .cost = kad_arena_array(&a, uint64_t, all->n + 1),
                      .left = MOST_COST};
    bool any = false;
    for (size_t i = 0; i < c->n; i++)
        any = any || c->v[i].kind == KAD_COVER_WHERE;
    for (size_t i = 0; any && i < all->n; i++)
        t.good[i] = holds(c->policy, i, &t.cost[i]);
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].kind == KAD_COVER_WHERE)
            try_point(c->policy, &c->v[i], &t);
    kad_arena_done(&a);
}

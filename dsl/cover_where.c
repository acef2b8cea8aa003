/* Which conditions of `where` the examples depend on: each is left out once and never holds once, and
 * the examples that expect something of the rule's tasks are run again. */
#include "dsl/cover.h"
#include "dsl/dsl.h"
#include "dsl/example.h"

/* So many examples are run again for one policy at most: a thousand conditions of some tens each. */
#define MOST_RUNS 50000

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

static bool holds(const struct kad_policy *p, size_t example)
{
    struct kad_example_result r;
    bool ok = kad_dsl_example_run(p, example, NULL, &r);
    kad_dsl_example_done(&r);
    return ok;
}

/* Does some example fail in which the policy's own condition holds? `about` are those to ask. */
static bool is_noticed(const struct mutant *m, const size_t *about, size_t n, size_t *left)
{
    size_t most = n < *left ? n : *left;
    bool noticed = false;
    for (size_t i = 0; i < most && !noticed; i++) {
        noticed = !holds(&m->policy, about[i]);
        *left -= 1;
    }
    return noticed;
}

void kad_cover_wheres(struct kad_cover *c)
{
    static const struct kad_expr never = {
        .op = KAD_X_CONST, .type = KAD_T_YESNO, .ref = -1, .value = {.type = KAD_T_YESNO}};
    const struct kad_policy *p = c->policy;
    const struct kad_examples *all = p->compiled_by;
    struct kad_arena a;
    kad_arena_init(&a);
    size_t *about = kad_arena_array(&a, size_t, all->n + 1);
    bool *good = kad_arena_array(&a, bool, all->n + 1);
    for (size_t i = 0; i < all->n; i++)
        good[i] = holds(p, i);
    size_t left = MOST_RUNS;
    for (size_t i = 0; i < c->n; i++) {
        struct kad_cover_point *x = &c->v[i];
        if (x->kind != KAD_COVER_WHERE)
            continue;
        size_t n = 0;
        for (size_t k = 0; k < all->n; k++)
            if (good[k] && is_about(p, &all->v[k], x->index))
                about[n++] = k;
        struct kad_arena one;
        kad_arena_init(&one);
        struct mutant *m = mutant_of(&one, p, x);
        *m->where = &never;
        x->seen = is_noticed(m, about, n, &left);
        *m->where = NULL;
        x->refused = is_noticed(m, about, n, &left);
        kad_arena_done(&one);
    }
    kad_arena_done(&a);
}

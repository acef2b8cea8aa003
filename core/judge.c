/* Guards: may this event be recorded, and if not, why not. */
#include "core/derive_priv.h"

/* The values that a condition rests on, gathered. */
struct told {
    struct kad_derive *d;
    struct kad_bound *b;
    struct kad_place at;
    kad_vec(struct kad_leaf) leaves;
};

static bool is_said(const struct told *t, struct kad_str label)
{
    for (size_t i = 0; i < t->leaves.n; i++)
        if (kad_str_eq(t->leaves.v[i].label, label))
            return true;
    return false;
}

static void tell(struct told *t, const struct kad_expr *x, struct kad_str label, struct kad_str value,
                 const char *text)
{
    struct kad_leaf leaf = {.x = x, .label = label, .value = value, .text = kad_str(text)};
    kad_vec_push(t->d->arena, &t->leaves, leaf);
}

static void tell_value(struct told *t, const struct kad_expr *x, struct kad_str label,
                       enum kad_type type, int ref, bool hide)
{
    if (is_said(t, label))
        return;
    struct kad_arena *a = t->d->arena;
    struct kad_value v = kad_expr_eval(t->d, t->b, x, t->at);
    struct kad_str value = {0};
    const char *text;
    if (!kad_value_known(v)) {
        text = kad_arena_printf(a, _("%.*s is not recorded"), KAD_STR_FMT(label));
    } else if (hide) {
        text = kad_arena_printf(a, _("%.*s is private"), KAD_STR_FMT(label));
    } else {
        struct kad_buf b = {0};
        kad_policy_put_value(&b, t->b->policy, v, type, ref);
        value = kad_str_dup(a, (struct kad_str){kad_buf_str(&b), b.n});
        kad_buf_done(&b);
        text = kad_arena_printf(a, _("%.*s is %s"), KAD_STR_FMT(label), value.p);
    }
    tell(t, x, label, value, text);
    t->leaves.v[t->leaves.n - 1].unknown = !kad_value_known(v);
    t->leaves.v[t->leaves.n - 1].is_private = hide;
}

static void tell_leaves(struct told *t, const struct kad_expr *x);

static void tell_attribute(struct told *t, const struct kad_expr *x)
{
    const struct kad_attribute *a = &t->b->policy->kinds[t->b->kind].attributes[x->index];
    /* What is computed from a private value may be told to the one who records: the age that a rule
     * asks for, not the birth date itself. */
    tell_value(t, x, a->label, a->type, a->ref, a->is_private && !a->expr);
    if (a->expr && !kad_value_known(kad_expr_eval(t->d, t->b, x, t->at)))
        tell_leaves(t, a->expr);
}

static void tell_task(struct told *t, const struct kad_expr *x)
{
    const struct kad_task *task = &t->b->policy->tasks[x->index];
    if (is_said(t, task->label))
        return;
    int found = -1;
    for (int s = 0; s < KAD_S__COUNT && found < 0; s++)
        if (kad_task_is(t->d, task->name, 1u << s, t->at.pos, t->at.day))
            found = s;
    const char *state = found < 0 ? "" : kad_state_label((enum kad_state)found);
    const char *text =
        found < 0 ? kad_arena_printf(t->d->arena, _("there is no %.*s yet"), KAD_STR_FMT(task->label))
                  : kad_arena_printf(t->d->arena, _("%.*s is %s"), KAD_STR_FMT(task->label), state);
    tell(t, x, task->label, kad_str(state), text);
}

/* Every value the condition looks at, in the order written. */
static void tell_leaves(struct told *t, const struct kad_expr *x)
{
    const struct kad_policy *p = t->b->policy;
    switch (x->op) {
    case KAD_X_FIELD: {
        const struct kad_field_def *f = &p->events[x->event].fields[x->index];
        tell_value(t, x, f->label, f->type, f->ref, f->is_private);
        return;
    }
    case KAD_X_ATTR:
        tell_attribute(t, x);
        return;
    case KAD_X_PARAM:
        tell_value(t, x, p->params[x->index].label, x->type, -1, false);
        return;
    case KAD_X_HAPPENED:
        tell_value(t, x, p->events[x->event].label, KAD_T_YESNO, -1, false);
        return;
    case KAD_X_TASK_IS:
        tell_task(t, x);
        return;
    default:
        for (size_t i = 0; i < x->n_args; i++)
            if (x->args[i])
                tell_leaves(t, x->args[i]);
    }
}

size_t kad_leaves_of(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                     struct kad_place at, const struct kad_leaf **ret)
{
    struct told t = {.d = d, .b = b, .at = at};
    tell_leaves(&t, x);
    *ret = t.leaves.v;
    return t.leaves.n;
}

static struct kad_str values_of(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                                struct kad_place at)
{
    const struct kad_leaf *leaves;
    size_t n = kad_leaves_of(d, b, x, at, &leaves);
    struct kad_buf text = {0};
    for (size_t i = 0; i < n; i++)
        kad_buf_printf(&text, "%s%.*s", i > 0 ? ", " : "", KAD_STR_FMT(leaves[i].text));
    struct kad_str s = kad_str_dup(d->arena, (struct kad_str){kad_buf_str(&text), text.n});
    kad_buf_done(&text);
    return s;
}

static size_t judge(struct kad_derive *d, size_t pos, bool all, const struct kad_finding **ret)
{
    kad_assert(pos < d->story->n_facts);
    const struct kad_fact *f = &d->story->facts[pos];
    kad_vec(struct kad_finding) found = {0};
    for (size_t name = 0; name < d->n_names; name++) {
        const struct kad_adoption *a = kad_in_force(d, name, f->on, d->story->n_facts);
        if (!a)
            continue;
        struct kad_bound *b = kad_bound_of(d, a);
        const struct kad_policy *p = a->policy;
        struct kad_place at = {pos, f->on, f};
        for (size_t g = 0; b->events[pos] >= 0 && g < p->n_guards; g++) {
            const struct kad_guard *guard = &p->guards[g];
            if (guard->event != b->events[pos])
                continue;
            enum kad_truth t = kad_expr_truth(d, b, guard->condition, at);
            if (t == KAD_YES && !all)
                continue;
            struct kad_finding finding = {.guard = guard,
                                          .adoption = a,
                                          .holds = t == KAD_YES,
                                          .unknown = t == KAD_MAYBE,
                                          .values = values_of(d, b, guard->condition, at)};
            kad_vec_push(d->arena, &found, finding);
        }
    }
    *ret = found.v;
    return found.n;
}

size_t kad_derive_judge(struct kad_derive *d, size_t pos, const struct kad_finding **ret)
{
    return judge(d, pos, false, ret);
}

size_t kad_judge_all(struct kad_derive *d, size_t pos, const struct kad_finding **ret)
{
    return judge(d, pos, true, ret);
}

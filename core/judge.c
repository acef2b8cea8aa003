/* Guards: may this event be recorded, and if not, why not. */
#include "core/derive_priv.h"

/* A value that a condition rests on, once each, as "age is 17". */
struct told {
    struct kad_buf text;
    struct kad_derive *d;
    struct kad_bound *b;
    struct kad_place at;
    kad_vec(struct kad_str) said;
};

static bool say_once(struct told *t, struct kad_str name)
{
    for (size_t i = 0; i < t->said.n; i++)
        if (kad_str_eq(t->said.v[i], name))
            return false;
    kad_vec_push(t->d->arena, &t->said, name);
    return true;
}

static void tell(struct told *t, struct kad_str name, struct kad_value v, enum kad_type type, int ref,
                 bool hide)
{
    if (!say_once(t, name))
        return;
    struct kad_buf value = {0};
    if (kad_value_known(v) && !hide)
        kad_policy_put_value(&value, t->b->policy, v, type, ref);
    const char *form = !kad_value_known(v) ? _("%.*s is not recorded")
                       : hide              ? _("%.*s is private")
                                           : _("%.*s is %s");
    if (t->text.n > 0)
        kad_buf_puts(&t->text, ", ");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-extra-args"
    kad_buf_printf(&t->text, form, KAD_STR_FMT(name), kad_buf_str(&value));
#pragma GCC diagnostic pop
    kad_buf_done(&value);
}

static void tell_leaves(struct told *t, const struct kad_expr *x);

static void tell_attribute(struct told *t, const struct kad_expr *x)
{
    const struct kad_attribute *a =
        &t->b->policy->kinds[t->b->kind].attributes[x->index];
    struct kad_value v = kad_expr_eval(t->d, t->b, x, t->at);
    /* What is computed from a private value may be told to the one who records: the age that a rule
     * asks for, not the birth date itself. */
    tell(t, a->label, v, a->type, a->ref, a->is_private && !a->expr);
    if (!kad_value_known(v) && a->expr)
        tell_leaves(t, a->expr);
}

static void tell_task(struct told *t, const struct kad_expr *x)
{
    const struct kad_task *task = &t->b->policy->tasks[x->index];
    if (!say_once(t, task->label))
        return;
    int found = -1;
    for (int s = 0; s < KAD_S__COUNT && found < 0; s++)
        if (kad_task_is(t->d, task->name, 1u << s, t->at.pos, t->at.day))
            found = s;
    if (t->text.n > 0)
        kad_buf_puts(&t->text, ", ");
    if (found < 0)
        kad_buf_printf(&t->text, _("there is no %.*s yet"), KAD_STR_FMT(task->label));
    else
        kad_buf_printf(&t->text, _("%.*s is %s"), KAD_STR_FMT(task->label),
                       kad_state_label((enum kad_state)found));
}

/* Every value the condition looks at, in the order written. */
static void tell_leaves(struct told *t, const struct kad_expr *x)
{
    const struct kad_policy *p = t->b->policy;
    switch (x->op) {
    case KAD_X_FIELD: {
        const struct kad_field_def *f = &p->events[x->event].fields[x->index];
        tell(t, f->label, kad_expr_eval(t->d, t->b, x, t->at), f->type, f->ref, f->is_private);
        return;
    }
    case KAD_X_ATTR:
        tell_attribute(t, x);
        return;
    case KAD_X_PARAM:
        tell(t, p->params[x->index].label, kad_expr_eval(t->d, t->b, x, t->at), x->type, -1, false);
        return;
    case KAD_X_HAPPENED:
        tell(t, p->events[x->event].label, kad_expr_eval(t->d, t->b, x, t->at), KAD_T_YESNO, -1,
             false);
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

static struct kad_str values_of(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                                struct kad_place at)
{
    struct told t = {.d = d, .b = b, .at = at};
    tell_leaves(&t, x);
    struct kad_str s = kad_str_dup(d->arena, (struct kad_str){kad_buf_str(&t.text), t.text.n});
    kad_buf_done(&t.text);
    return s;
}

size_t kad_derive_judge(struct kad_derive *d, size_t pos, const struct kad_finding **ret)
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
            if (t == KAD_YES)
                continue;
            struct kad_finding finding = {guard, a, t == KAD_MAYBE,
                                          values_of(d, b, guard->condition, at)};
            kad_vec_push(d->arena, &found, finding);
        }
    }
    *ret = found.v;
    return found.n;
}

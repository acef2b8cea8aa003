/* Conditions and values, evaluated: three truth values, exact numbers, no loops. */
#include "core/derive_priv.h"

static const struct kad_expr *arg(const struct kad_expr *x, size_t i)
{
    kad_assert(i < x->n_args);
    return x->args[i];
}

static struct kad_value yesno_of(enum kad_truth t)
{
    return t == KAD_MAYBE ? kad_value_unknown(KAD_T_YESNO) : kad_value_yesno(t == KAD_YES);
}

static enum kad_truth truth_of(struct kad_value v)
{
    if (!kad_value_known(v))
        return KAD_MAYBE;
    return kad_truth_of(v.num != 0);
}

enum kad_truth kad_expr_truth(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                              struct kad_place at)
{
    return x ? truth_of(kad_expr_eval(d, b, x, at)) : KAD_YES;
}

struct kad_value kad_fact_field(const struct kad_bound *b, const struct kad_fact *f, int event,
                                int field)
{
    const struct kad_field_def *def = &b->policy->events[event].fields[field];
    for (size_t i = 0; i < f->n_fields; i++)
        if (kad_str_eq(f->fields[i].name, def->name))
            return kad_policy_bind(b->policy, f->fields[i].value, def->type, def->ref);
    return kad_value_unknown(def->type);
}

/* A value that can be held against another: choices the policy does not list have no place. */
static bool ordered(struct kad_value v)
{
    return kad_value_known(v) && !(v.type == KAD_T_CHOICE && v.num < 0);
}

/* Is a at least (at most, …) b? `least` and `most` bound the sign of the comparison. */
static enum kad_truth compare(struct kad_value a, struct kad_value b, int least, int most)
{
    if (!ordered(a) || !ordered(b))
        return KAD_MAYBE;
    int c = kad_value_cmp(a, b);
    return kad_truth_of(c >= least && c <= most);
}

static enum kad_truth eval_in(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                              struct kad_place at)
{
    struct kad_value v = kad_expr_eval(d, b, arg(x, 0), at);
    enum kad_truth best = KAD_NO;
    for (size_t i = 1; i < x->n_args; i++) {
        enum kad_truth t = kad_value_eq(v, kad_expr_eval(d, b, arg(x, i), at));
        best = t > best ? t : best;
    }
    return best;
}

static enum kad_truth eval_logic(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                                 struct kad_place at)
{
    bool all = x->op == KAD_X_AND;
    enum kad_truth t = all ? KAD_YES : KAD_NO;
    for (size_t i = 0; i < x->n_args; i++) {
        enum kad_truth u = kad_expr_truth(d, b, arg(x, i), at);
        if (all ? u < t : u > t)
            t = u;
        if (t == (all ? KAD_NO : KAD_YES))
            break; /* settled, whatever the others say */
    }
    return t;
}

static struct kad_value eval_count(struct kad_derive *d, struct kad_bound *b,
                                   const struct kad_expr *x, struct kad_place at)
{
    int64_t n = 0;
    for (size_t i = 0; i < at.pos; i++) {
        if (b->events[i] != x->event)
            continue;
        const struct kad_fact *f = &d->story->facts[i];
        struct kad_place there = {i, f->on, f};
        if (x->n_args == 0 || !x->args[0] ||
            kad_expr_truth(d, b, x->args[0], there) == KAD_YES)
            n++;
    }
    return kad_value_number(n * KAD_MICRO);
}

static bool has_happened(const struct kad_bound *b, int event, size_t pos)
{
    for (size_t i = pos; i > 0; i--)
        if (b->events[i - 1] == event)
            return true;
    return false;
}

static struct kad_value eval_prop(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                                  struct kad_place at)
{
    struct kad_value v = kad_expr_eval(d, b, arg(x, 0), at);
    if (!ordered(v))
        return kad_value_unknown(x->type);
    const struct kad_choice *choice = &b->policy->choices[arg(x, 0)->ref];
    kad_assert((size_t)v.num < choice->n_values);
    return choice->values[v.num].props[x->index];
}

static struct kad_value eval_years(struct kad_derive *d, struct kad_bound *b,
                                   const struct kad_expr *x, struct kad_place at)
{
    struct kad_value v = kad_expr_eval(d, b, arg(x, 0), at);
    if (!kad_value_known(v))
        return kad_value_unknown(KAD_T_NUMBER);
    return kad_value_number((int64_t)kad_whole_years((kad_day)v.num, at.day) * KAD_MICRO);
}

static struct kad_value eval_sum(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                                 struct kad_place at)
{
    struct kad_value v = kad_expr_eval(d, b, arg(x, 0), at);
    struct kad_value w = kad_expr_eval(d, b, arg(x, 1), at);
    int64_t sum;
    bool over = x->op == KAD_X_ADD ? __builtin_add_overflow(v.num, w.num, &sum)
                                   : __builtin_sub_overflow(v.num, w.num, &sum);
    if (!kad_value_known(v) || !kad_value_known(w) || over)
        return kad_value_unknown(x->type);
    v.num = sum;
    v.type = x->type;
    return v;
}

static enum kad_truth eval_comparison(struct kad_derive *d, struct kad_bound *b,
                                      const struct kad_expr *x, struct kad_place at)
{
    struct kad_value v = kad_expr_eval(d, b, arg(x, 0), at);
    struct kad_value w = kad_expr_eval(d, b, arg(x, 1), at);
    switch (x->op) {
    case KAD_X_EQ:
        return kad_value_eq(v, w);
    case KAD_X_AT_LEAST:
        return compare(v, w, 0, 1);
    case KAD_X_AT_MOST:
        return compare(v, w, -1, 0);
    case KAD_X_BEFORE:
        return compare(v, w, -1, -1);
    case KAD_X_AFTER:
        return compare(v, w, 1, 1);
    case KAD_X_BETWEEN: {
        enum kad_truth low = compare(v, w, 0, 1);
        enum kad_truth high = compare(v, kad_expr_eval(d, b, arg(x, 2), at), -1, 0);
        return low < high ? low : high;
    }
    default:
        kad_unreachable();
    }
}

struct kad_value kad_expr_eval(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                               struct kad_place at)
{
    switch (x->op) {
    case KAD_X_CONST:
        return x->value;
    case KAD_X_FIELD:
        if (!at.event)
            return kad_value_unknown(x->type);
        return kad_fact_field(b, at.event, x->event, x->index);
    case KAD_X_ATTR:
        return kad_attribute_eval(d, b, x->index, at.pos, at.day);
    case KAD_X_PARAM:
        return kad_param_on(&b->policy->params[x->index], -1, at.day);
    case KAD_X_HAPPENED:
        return kad_value_yesno(has_happened(b, x->event, at.pos));
    case KAD_X_COUNT:
        return eval_count(d, b, x, at);
    case KAD_X_PROP:
        return eval_prop(d, b, x, at);
    case KAD_X_TASK_IS:
        if (d->nesting >= KAD_DERIVE_NESTING)
            return kad_value_unknown(KAD_T_YESNO);
        return kad_value_yesno(
            kad_task_is(d, b->policy->tasks[x->index].name, x->states, at.pos, at.day));
    case KAD_X_NOT:
        return yesno_of(kad_truth_not(kad_expr_truth(d, b, arg(x, 0), at)));
    case KAD_X_AND:
    case KAD_X_OR:
        return yesno_of(eval_logic(d, b, x, at));
    case KAD_X_IN:
        return yesno_of(eval_in(d, b, x, at));
    case KAD_X_IS_KNOWN:
        return kad_value_yesno(kad_value_known(kad_expr_eval(d, b, arg(x, 0), at)));
    case KAD_X_IS_UNKNOWN:
        return kad_value_yesno(!kad_value_known(kad_expr_eval(d, b, arg(x, 0), at)));
    case KAD_X_YEARS:
        return eval_years(d, b, x, at);
    case KAD_X_ADD:
    case KAD_X_SUB:
        return eval_sum(d, b, x, at);
    case KAD_X_EQ:
    case KAD_X_AT_LEAST:
    case KAD_X_AT_MOST:
    case KAD_X_BEFORE:
    case KAD_X_AFTER:
    case KAD_X_BETWEEN:
        return yesno_of(eval_comparison(d, b, x, at));
    }
    kad_unreachable();
}

bool kad_fires(struct kad_derive *d, struct kad_bound *b, const struct kad_trigger *t, size_t i)
{
    if (b->events[i] != t->event)
        return false;
    const struct kad_fact *f = &d->story->facts[i];
    return !t->where ||
           kad_expr_truth(d, b, t->where, (struct kad_place){i + 1, f->on, f}) == KAD_YES;
}

bool kad_any_fires(struct kad_derive *d, struct kad_bound *b, const struct kad_triggers *t, size_t i)
{
    for (size_t k = 0; k < t->n; k++)
        if (kad_fires(d, b, &t->v[k], i))
            return true;
    return false;
}

/* Conditions in plain words. The words are clauses of a sentence, whole for each operation and for its
 * contrary, so that "not" never has to be fitted in anywhere. */
#include "dsl/doc_page.h"

static const char *clause(struct kad_page *g, int kind, const struct kad_expr *x, bool yes);

/* Is it a number of years, an age? */
static bool in_years(const struct kad_page *g, int kind, const struct kad_expr *x)
{
    if (x->op == KAD_X_ATTR && kind >= 0)
        x = g->p->kinds[kind].attributes[x->index].expr;
    return x && x->op == KAD_X_YEARS;
}

const char *kad_doc_operand(struct kad_page *g, int kind, const struct kad_expr *x)
{
    const struct kad_policy *p = g->p;
    switch (x->op) {
    case KAD_X_CONST:
        return kad_doc_value(g, x->value, x->type, x->ref);
    case KAD_X_FIELD: {
        const struct kad_field_def *f = &p->events[x->event].fields[x->index];
        return kad_doc_name(g, f->label, f->name);
    }
    case KAD_X_ATTR: {
        const struct kad_attribute *a = &p->kinds[kind].attributes[x->index];
        return kad_doc_name(g, a->label, a->name);
    }
    case KAD_X_PARAM:
        return kad_doc_name(g, p->params[x->index].label, p->params[x->index].name);
    case KAD_X_COUNT: {
        const char *event = kad_doc_event(g, x->event);
        if (x->n_args == 0 || !x->args[0])
            return kad_doc_f(g, _("the number of %s so far"), event);
        return kad_doc_f(g, _("the number of %s so far where %s"), event,
                         clause(g, kind, x->args[0], true));
    }
    case KAD_X_PROP:
        return kad_doc_f(
            g, _("%s for %s"),
            kad_doc_name(g, p->choices[x->args[0]->ref].props[x->index].name, (struct kad_str){0}),
            kad_doc_operand(g, kind, x->args[0]));
    case KAD_X_YEARS:
        return kad_doc_f(g, _("whole years since %s"), kad_doc_operand(g, kind, x->args[0]));
    case KAD_X_ADD:
        return kad_doc_f(g, _("%s plus %s"), kad_doc_operand(g, kind, x->args[0]),
                         kad_doc_operand(g, kind, x->args[1]));
    case KAD_X_SUB:
        return kad_doc_f(g, _("%s minus %s"), kad_doc_operand(g, kind, x->args[0]),
                         kad_doc_operand(g, kind, x->args[1]));
    default:
        return kad_doc_f(g, "(%s)", clause(g, kind, x, true));
    }
}

/* "open or overdue" */
static const char *states(struct kad_page *g, unsigned set)
{
    const char *v[KAD_S__COUNT];
    size_t n = 0;
    for (int s = 0; s < KAD_S__COUNT; s++)
        if (set & 1u << s)
            v[n++] = kad_state_label((enum kad_state)s);
    return kad_doc_list(g, v, n, KAD_DOC_OR);
}

/* One `and` within an `or`, or the other way round, says where it begins. */
static const char *joined(struct kad_page *g, int kind, const struct kad_expr *x, bool yes)
{
    /* Not (a and b) is: not a, or not b. */
    bool all = (x->op == KAD_X_AND) == yes;
    const char **v = kad_arena_array(&g->arena, const char *, x->n_args);
    for (size_t i = 0; i < x->n_args; i++) {
        const struct kad_expr *arg = x->args[i];
        bool arg_yes = yes;
        for (; arg->op == KAD_X_NOT; arg = arg->args[0])
            arg_yes = !arg_yes;
        v[i] = clause(g, kind, arg, arg_yes);
        bool nested = arg->op == KAD_X_AND || arg->op == KAD_X_OR;
        if (nested && (((arg->op == KAD_X_AND) == arg_yes) != all))
            v[i] = kad_doc_f(g, all ? _("either %s") : _("both %s"), v[i]);
    }
    return kad_doc_list(g, v, x->n_args, all ? KAD_DOC_AND : KAD_DOC_OR);
}

static const char *among(struct kad_page *g, int kind, const struct kad_expr *x, bool yes)
{
    const char **v = kad_arena_array(&g->arena, const char *, x->n_args);
    for (size_t i = 1; i < x->n_args; i++)
        v[i - 1] = kad_doc_operand(g, kind, x->args[i]);
    const char *list = kad_doc_list(g, v, x->n_args - 1, KAD_DOC_OR);
    const char *what = kad_doc_operand(g, kind, x->args[0]);
    return yes ? kad_doc_f(g, _("%s is %s"), what, list)
               : kad_doc_f(g, _("%s is not %s"), what, list);
}

/* Two operands: the sentence, its contrary, and both where the number is one of years. */
static const struct compared {
    const char *yes, *no, *yes_years, *no_years;
} compared[] = {
    [KAD_X_EQ] = {N_("%s is %s"), N_("%s is not %s"), N_("%s is %s years"),
                  N_("%s is not %s years")},
    [KAD_X_AT_LEAST] = {N_("%s is at least %s"), N_("%s is less than %s"),
                        N_("%s is at least %s years"), N_("%s is less than %s years")},
    [KAD_X_AT_MOST] = {N_("%s is at most %s"), N_("%s is more than %s"),
                       N_("%s is at most %s years"), N_("%s is more than %s years")},
    [KAD_X_BEFORE] = {N_("%s is before %s"), N_("%s is not before %s"), NULL, NULL},
    [KAD_X_AFTER] = {N_("%s is after %s"), N_("%s is not after %s"), NULL, NULL},
};

static const char *two(struct kad_page *g, int kind, const struct kad_expr *x, bool yes)
{
    const struct compared *c = &compared[x->op];
    bool years = c->yes_years && in_years(g, kind, x->args[0]) && x->args[1]->op == KAD_X_CONST;
    const char *fmt = yes ? (years ? c->yes_years : c->yes) : (years ? c->no_years : c->no);
    return kad_doc_f(g, _(fmt), kad_doc_operand(g, kind, x->args[0]),
                     kad_doc_operand(g, kind, x->args[1]));
}

static const char *between(struct kad_page *g, int kind, const struct kad_expr *x, bool yes)
{
    const char *v[3];
    for (size_t i = 0; i < 3; i++)
        v[i] = kad_doc_operand(g, kind, x->args[i]);
    if (in_years(g, kind, x->args[0]))
        return kad_doc_f(g, yes ? _("%s is %s to %s years") : _("%s is not %s to %s years"), v[0],
                         v[1], v[2]);
    return kad_doc_f(g, yes ? _("%s is from %s to %s") : _("%s is not from %s to %s"), v[0], v[1],
                     v[2]);
}

static const char *clause(struct kad_page *g, int kind, const struct kad_expr *x, bool yes)
{
    switch (x->op) {
    case KAD_X_NOT:
        return clause(g, kind, x->args[0], !yes);
    case KAD_X_AND:
    case KAD_X_OR:
        return joined(g, kind, x, yes);
    case KAD_X_HAPPENED:
        return kad_doc_f(g, yes ? _("%s has happened") : _("%s has not happened"),
                         kad_doc_event(g, x->event));
    case KAD_X_TASK_IS:
        return kad_doc_f(g, yes ? _("the task %s is %s") : _("the task %s is not %s"),
                         kad_doc_task(g, x->index), states(g, x->states));
    case KAD_X_EQ:
    case KAD_X_AT_LEAST:
    case KAD_X_AT_MOST:
    case KAD_X_BEFORE:
    case KAD_X_AFTER:
        return two(g, kind, x, yes);
    case KAD_X_BETWEEN:
        return between(g, kind, x, yes);
    case KAD_X_IN:
        return among(g, kind, x, yes);
    case KAD_X_IS_KNOWN:
    case KAD_X_IS_UNKNOWN:
        return kad_doc_f(
            g, (x->op == KAD_X_IS_KNOWN) == yes ? _("%s is recorded") : _("%s is not recorded"),
            kad_doc_operand(g, kind, x->args[0]));
    default: /* something that is yes or no by itself */
        return kad_doc_f(g, yes ? _("%s is yes") : _("%s is no"), kad_doc_operand(g, kind, x));
    }
}

const char *kad_doc_condition(struct kad_page *g, int kind, const struct kad_expr *x)
{
    return clause(g, kind, x, true);
}

const char *kad_doc_trigger(struct kad_page *g, int kind, const struct kad_trigger *t)
{
    const char *event = kad_doc_event(g, t->event);
    if (!t->where)
        return event;
    return kad_doc_f(g, _("%s where %s"), event, clause(g, kind, t->where, true));
}

const char *kad_doc_triggers(struct kad_page *g, int kind, const struct kad_triggers *t)
{
    const char **v = kad_arena_array(&g->arena, const char *, t->n + 1);
    for (size_t i = 0; i < t->n; i++)
        v[i] = kad_doc_trigger(g, kind, &t->v[i]);
    return kad_doc_list(g, v, t->n, KAD_DOC_OR);
}

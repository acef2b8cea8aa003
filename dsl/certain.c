#include "dsl/certain.h"

/* --- sets of numbers: stretches in order, with a gap between any two --- */

#define STRETCHES 32
#define TERMS 16

struct set {
    struct stretch {
        int64_t low, high; /* both included */
    } v[STRETCHES];
    size_t n;
};

/* Of a set with too many stretches more is kept than is in it (OVER), or less (UNDER). */
enum side { OVER, UNDER };
static enum side other(enum side s)
{
    return s == OVER ? UNDER : OVER;
}

static struct set stretch(int64_t low, int64_t high)
{
    return (struct set){.v = {{low, high}}, .n = low <= high};
}

/* Adds a stretch that begins no earlier than those before it. */
static void append(struct set *s, struct stretch x, enum side side)
{
    struct stretch *last = s->n > 0 ? &s->v[s->n - 1] : NULL;
    bool joins = last && (last->high == INT64_MAX || x.low <= last->high + 1);
    if (joins || (s->n == STRETCHES && side == OVER))
        last->high = x.high > last->high ? x.high : last->high;
    else if (s->n < STRETCHES)
        s->v[s->n++] = x;
}

static struct set united(const struct set *a, const struct set *b, enum side side)
{
    struct set s = {.n = 0};
    for (size_t i = 0, k = 0; i < a->n || k < b->n;)
        if (k == b->n || (i < a->n && a->v[i].low <= b->v[k].low))
            append(&s, a->v[i++], side);
        else
            append(&s, b->v[k++], side);
    return s;
}

static struct set common(const struct set *a, const struct set *b, enum side side)
{
    struct set s = {.n = 0};
    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        struct stretch x = {a->v[i].low > b->v[k].low ? a->v[i].low : b->v[k].low,
                            a->v[i].high < b->v[k].high ? a->v[i].high : b->v[k].high};
        if (x.low <= x.high)
            append(&s, x, side);
        if (a->v[i].high < b->v[k].high)
            i++;
        else
            k++;
    }
    return s;
}

/* What `all` has beside `s`. */
static struct set rest(const struct set *all, const struct set *s, enum side side)
{
    struct set gaps = {.n = 0};
    int64_t from = INT64_MIN;
    bool open = true;
    for (size_t i = 0; i < s->n; i++) {
        if (s->v[i].low > from)
            append(&gaps, (struct stretch){from, s->v[i].low - 1}, side);
        open = s->v[i].high < INT64_MAX;
        from = open ? s->v[i].high + 1 : from;
    }
    if (open)
        append(&gaps, (struct stretch){from, INT64_MAX}, side);
    return common(all, &gaps, side);
}

/* --- terms: the values that conditions are about --- */

struct view {
    struct kad_certain *c;
    const struct kad_policy *p;
    int kind;
    const struct kad_expr *term; /* NULL: none, for conditions without any */
    struct set all;              /* the values it can have */
};

static bool is_same(const struct kad_expr *a, const struct kad_expr *b)
{
    if (a->op != b->op || a->index != b->index || a->event != b->event || a->n_args != b->n_args)
        return false;
    if (a->op == KAD_X_CONST)
        return kad_value_eq(a->value, b->value) == KAD_YES;
    if (a->op == KAD_X_COUNT && (a->args[0] || b->args[0]))
        return false; /* two counts with conditions of their own are not looked into */
    for (size_t i = 0; a->op != KAD_X_COUNT && i < a->n_args; i++)
        if (!is_same(a->args[i], b->args[i]))
            return false;
    return a->op != KAD_X_TASK_IS || a->index == b->index;
}

/* A type whose values are numbers underneath. */
static bool is_counted(enum kad_type t)
{
    return t == KAD_T_NUMBER || t == KAD_T_PERCENT || t == KAD_T_MONEY || t == KAD_T_DATE ||
           t == KAD_T_YESNO || t == KAD_T_CHOICE || t == KAD_T_SUBJECT;
}

static bool is_comparison(enum kad_op op)
{
    return op == KAD_X_EQ || op == KAD_X_AT_LEAST || op == KAD_X_AT_MOST || op == KAD_X_BEFORE ||
           op == KAD_X_AFTER || op == KAD_X_BETWEEN || op == KAD_X_IN;
}

static bool is_constant(const struct kad_expr *x)
{
    return x->op == KAD_X_CONST && kad_value_known(x->value) && is_counted(x->type);
}

/* The value that a smallest condition is about; NULL: none that can be looked into. */
static const struct kad_expr *term_of(const struct kad_expr *x)
{
    if (x->op == KAD_X_PROP)
        return x->args[0];
    if (x->op == KAD_X_FIELD || x->op == KAD_X_ATTR || x->op == KAD_X_PARAM ||
        x->op == KAD_X_HAPPENED || x->op == KAD_X_TASK_IS)
        return x;
    if (!is_comparison(x->op) || !is_counted(x->args[0]->type) || x->args[0]->op == KAD_X_CONST)
        return NULL;
    for (size_t i = 1; i < x->n_args; i++)
        if (!is_constant(x->args[i]))
            return NULL;
    return x->args[0];
}

static struct set values_of(const struct kad_policy *p, int kind, const struct kad_expr *x);

/* All that a type holds. */
static struct set type_values(const struct kad_policy *p, enum kad_type type, int ref)
{
    if (type == KAD_T_YESNO)
        return stretch(0, 1);
    if (type == KAD_T_CHOICE)
        return stretch(0, (int64_t)p->choices[ref].n_values - 1);
    if (type == KAD_T_SUBJECT)
        return stretch(0, (int64_t)p->kinds[ref].n_members - 1);
    return stretch(INT64_MIN, INT64_MAX);
}

static struct set field_values(const struct kad_policy *p, const struct kad_field_def *f)
{
    return f->has_range ? stretch(f->low, f->high) : type_values(p, f->type, f->ref);
}

static struct set param_values(const struct kad_param *q)
{
    struct set s = {.n = 0};
    for (size_t i = 0; i < q->n_values; i++) {
        struct set one = stretch(q->values[i].value.num, q->values[i].value.num);
        s = united(&s, &one, OVER);
    }
    return s;
}

static struct set attribute_values(const struct kad_policy *p, int kind,
                                   const struct kad_attribute *a)
{
    if (a->param >= 0)
        return param_values(&p->params[a->param]);
    if (a->expr)
        return values_of(p, kind, a->expr);
    struct set s = {.n = 0};
    if (kad_value_known(a->otherwise))
        s = stretch(a->otherwise.num, a->otherwise.num);
    for (size_t i = 0; i < a->n_items; i++) {
        const struct kad_attr_item *k = &a->items[i];
        struct set one = k->field >= 0
                             ? field_values(p, &p->events[k->after.event].fields[k->field])
                             : stretch(k->value.num, k->value.num);
        s = united(&s, &one, OVER);
    }
    return s;
}

static struct set values_of(const struct kad_policy *p, int kind, const struct kad_expr *x)
{
    if (!is_counted(x->type))
        return stretch(INT64_MIN, INT64_MAX);
    switch (x->op) {
    case KAD_X_CONST:
        return stretch(x->value.num, x->value.num);
    case KAD_X_FIELD:
        return field_values(p, &p->events[x->event].fields[x->index]);
    case KAD_X_ATTR:
        return attribute_values(p, kind, &p->kinds[kind].attributes[x->index]);
    case KAD_X_PARAM:
        return param_values(&p->params[x->index]);
    case KAD_X_COUNT:
        return stretch(0, INT64_MAX);
    case KAD_X_TASK_IS:
        return stretch(0, KAD_S__COUNT); /* its state; the last: there is none of it */
    default:
        return type_values(p, x->type, x->ref);
    }
}

/* --- is it always known? --- */

static bool is_known(struct kad_certain *c, int kind, const struct kad_expr *x);

static bool is_attribute_known(struct kad_certain *c, int kind, const struct kad_attribute *a)
{
    if (a->param >= 0)
        return false;
    if (a->expr)
        return is_known(c, kind, a->expr);
    bool known = kad_value_known(a->otherwise);
    for (size_t i = 0; i < a->n_items && known; i++) {
        const struct kad_attr_item *k = &a->items[i];
        known = k->field < 0 || !c->p->events[k->after.event].fields[k->field].optional;
    }
    return known;
}

static bool is_prop_known(const struct kad_choice *c, int prop)
{
    for (size_t i = 0; i < c->n_values; i++)
        if (!kad_value_known(c->values[i].props[prop]))
            return false;
    return true;
}

static bool is_known(struct kad_certain *c, int kind, const struct kad_expr *x)
{
    const struct kad_policy *p = c->p;
    if (--c->left < 0)
        return false;
    switch (x->op) {
    case KAD_X_FIELD:
        return !p->events[x->event].fields[x->index].optional;
    case KAD_X_ATTR:
        return is_attribute_known(c, kind, &p->kinds[kind].attributes[x->index]);
    case KAD_X_PARAM:
        return p->params[x->index].n_values > 0 &&
               p->params[x->index].values[0].from == KAD_DAY_MIN;
    case KAD_X_CONST:
    case KAD_X_COUNT:
    case KAD_X_HAPPENED:
    case KAD_X_TASK_IS:
    case KAD_X_IS_KNOWN:
    case KAD_X_IS_UNKNOWN:
        return true;
    case KAD_X_ADD:
    case KAD_X_SUB:
        return false; /* a sum may be too large */
    case KAD_X_PROP:
        if (!is_prop_known(&p->choices[x->args[0]->ref], x->index))
            return false;
        break;
    default:
        break;
    }
    for (size_t i = 0; i < x->n_args; i++)
        if (!is_known(c, kind, x->args[i]))
            return false;
    return true;
}

/* --- for which values does a smallest condition hold? --- */

static struct set prop_set(const struct view *w, const struct kad_expr *x)
{
    const struct kad_choice *c = &w->p->choices[x->args[0]->ref];
    struct set s = {.n = 0};
    for (size_t i = 0; i < c->n_values; i++) {
        struct kad_value v = c->values[i].props[x->index];
        if (kad_value_known(v) && v.num != 0)
            append(&s, (struct stretch){(int64_t)i, (int64_t)i}, OVER);
    }
    return s;
}

static struct set state_set(unsigned states)
{
    struct set s = {.n = 0};
    for (int i = 0; i < KAD_S__COUNT; i++)
        if (states & 1u << i)
            append(&s, (struct stretch){i, i}, OVER);
    return s;
}

static struct set in_set(const struct kad_expr *x, enum side side)
{
    struct set s = {.n = 0};
    for (size_t i = 1; i < x->n_args; i++) {
        struct set one = stretch(x->args[i]->value.num, x->args[i]->value.num);
        s = united(&s, &one, side);
    }
    return s;
}

static struct set atom_set(const struct view *w, const struct kad_expr *x, enum side side)
{
    int64_t v = is_comparison(x->op) ? x->args[1]->value.num : 0;
    switch (x->op) {
    case KAD_X_EQ:
        return stretch(v, v);
    case KAD_X_AT_LEAST:
        return stretch(v, INT64_MAX);
    case KAD_X_AT_MOST:
        return stretch(INT64_MIN, v);
    case KAD_X_BEFORE:
        return stretch(INT64_MIN, v - 1);
    case KAD_X_AFTER:
        return stretch(v + 1, INT64_MAX);
    case KAD_X_BETWEEN:
        return stretch(v, x->args[2]->value.num);
    case KAD_X_IN:
        return in_set(x, side);
    case KAD_X_PROP:
        return prop_set(w, x);
    case KAD_X_TASK_IS:
        return state_set(x->states);
    default:
        return stretch(1, 1); /* a yes/no by itself */
    }
}

/* The values for which x may hold (OVER), or must (UNDER). Where the term is known and its value is
 * not among the first, x is no; where it is among the second, x is yes, whatever else holds. */
static struct set holds(const struct view *w, const struct kad_expr *x, enum side side)
{
    struct set none = {.n = 0};
    if (--w->c->left < 0)
        return side == OVER ? w->all : none;
    if (x->op == KAD_X_NOT) {
        struct set s = holds(w, x->args[0], other(side));
        return rest(&w->all, &s, side);
    }
    if (x->op == KAD_X_AND || x->op == KAD_X_OR) {
        struct set s = x->op == KAD_X_AND ? w->all : none;
        for (size_t i = 0; i < x->n_args; i++) {
            struct set one = holds(w, x->args[i], side);
            s = x->op == KAD_X_AND ? common(&s, &one, side) : united(&s, &one, side);
        }
        return s;
    }
    if (x->op == KAD_X_CONST && kad_value_known(x->value))
        return x->value.num ? w->all : none;
    if ((x->op == KAD_X_IS_KNOWN || x->op == KAD_X_IS_UNKNOWN) &&
        is_known(w->c, w->kind, x->args[0]))
        return x->op == KAD_X_IS_KNOWN ? w->all : none;
    const struct kad_expr *t = w->term ? term_of(x) : NULL;
    if (!t || !is_same(t, w->term))
        return side == OVER ? w->all : none;
    struct set s = atom_set(w, x, side);
    return common(&w->all, &s, side);
}

/* --- answers --- */

struct terms {
    const struct kad_expr *v[TERMS];
    size_t n;
};

static void collect(struct kad_certain *c, struct terms *t, const struct kad_expr *x)
{
    if (--c->left < 0)
        return;
    bool inner = x->op == KAD_X_AND || x->op == KAD_X_OR || x->op == KAD_X_NOT;
    for (size_t i = 0; inner && i < x->n_args; i++)
        collect(c, t, x->args[i]);
    const struct kad_expr *one = inner ? NULL : term_of(x);
    for (size_t i = 0; one && i < t->n; i++)
        if (is_same(t->v[i], one))
            return;
    if (one && t->n < TERMS)
        t->v[t->n++] = one;
}

static struct view view_of(struct kad_certain *c, int kind, const struct kad_expr *term)
{
    struct view w = {c, c->p, kind, term, stretch(0, 0)};
    if (term)
        w.all = values_of(c->p, kind, term);
    return w;
}

enum kad_certainty kad_certainty_of(struct kad_certain *c, int kind, const struct kad_expr *x)
{
    struct terms t = {.n = 0};
    if (!x)
        return KAD_ALWAYS;
    if (c->left < 0)
        return KAD_DEPENDS;
    collect(c, &t, x);
    for (size_t i = 0; i <= t.n; i++) {
        const struct kad_expr *term = i < t.n ? t.v[i] : NULL;
        struct view w = view_of(c, kind, term);
        if (w.all.n == 0)
            continue;
        struct set may = holds(&w, x, OVER), must = holds(&w, x, UNDER);
        if (may.n == 0)
            return KAD_NEVER;
        struct set open = rest(&w.all, &must, OVER);
        if (open.n == 0 && (!term || is_known(c, kind, term)))
            return KAD_ALWAYS;
    }
    return KAD_DEPENDS;
}

bool kad_is_taken(struct kad_certain *c, int kind, const struct kad_expr *x,
                  const struct kad_expr *const *before, size_t n)
{
    struct terms t = {.n = 0};
    for (size_t i = 0; i < n; i++) {
        if (kad_certainty_of(c, kind, before[i]) == KAD_ALWAYS)
            return true;
        collect(c, &t, before[i]);
    }
    for (size_t i = 0; i < t.n && c->left >= 0; i++) {
        struct view w = view_of(c, kind, t.v[i]);
        struct set left = w.all;
        if (x)
            left = holds(&w, x, OVER);
        for (size_t k = 0; k < n; k++) {
            struct set taken = holds(&w, before[k], UNDER);
            left = rest(&left, &taken, OVER);
        }
        /* Where the value is not known, none of those before holds, and nor may x: it asks of nothing
         * but this value. */
        bool alone = x && term_of(x) && is_same(term_of(x), t.v[i]);
        if (left.n == 0 && w.all.n > 0 && (alone || is_known(c, kind, t.v[i])))
            return true;
    }
    return false;
}

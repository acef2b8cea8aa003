/* Conditions and computed values: names are resolved, types checked. NULL stands for what had a
 * mistake; nothing more is said about what it is part of. */
#include "dsl/lower.h"
#include "dsl/parser.h"
#include "dsl/syntax.h"

static struct kad_expr *value(struct kad_lower *l, const struct kad_node *x, struct kad_scope s,
                              struct kad_want want);

static struct kad_expr *make(struct kad_lower *l, const struct kad_node *x, enum kad_op op,
                             enum kad_type type, size_t n_args)
{
    struct kad_expr *e = kad_arena_new(l->a, struct kad_expr);
    *e = (struct kad_expr){.op = op, .type = type, .ref = -1, .index = -1, .event = -1};
    e->line = kad_line_no(l, x->span);
    e->column = (int)kad_source_column(kad_source_line_text(&l->u->src, (size_t)e->line - 1),
                                       x->span.from - l->u->src.lines[e->line - 1]);
    e->text = kad_str_dup(l->a, kad_str(kad_text_at(l, x->span)));
    if (n_args > 0)
        e->args = kad_arena_array(l->a, const struct kad_expr *, n_args);
    e->n_args = n_args;
    kad_vec_push(l->u->arena, &l->placed, ((struct kad_placed){e, x->span}));
    return e;
}

static const char *said(struct kad_lower *l, const struct kad_expr *e)
{
    return kad_type_said(l, e->type, e->ref);
}

/* --- names --- */

static struct kad_expr *constant(struct kad_lower *l, const struct kad_node *x,
                                 const struct kad_literal *lit, struct kad_want want)
{
    struct kad_value v;
    if (!kad_value_of(l, lit, want, &v))
        return NULL;
    struct kad_expr *e = make(l, x, KAD_X_CONST, want.type, 0);
    e->ref = want.ref;
    e->value = v;
    return e;
}

static struct kad_expr *field_node(struct kad_lower *l, const struct kad_node *x, int event,
                                   int field)
{
    const struct kad_field_def *f = &l->p->events[event].fields[field];
    if (f->type == KAD_T_NONE)
        return NULL;
    struct kad_expr *e = make(l, x, KAD_X_FIELD, f->type, 0);
    e->ref = f->ref;
    e->index = field;
    e->event = event;
    return e;
}

static struct kad_expr *attr_node(struct kad_lower *l, const struct kad_node *x, int kind, int i)
{
    kad_attr_ready(l, kind, i);
    const struct kad_attribute *a = &l->p->kinds[kind].attributes[i];
    if (a->type == KAD_T_NONE)
        return NULL;
    struct kad_expr *e = make(l, x, KAD_X_ATTR, a->type, 0);
    e->ref = a->ref;
    e->index = i;
    return e;
}

static struct kad_expr *param_node(struct kad_lower *l, const struct kad_node *x, int i)
{
    const struct kad_param *p = &l->p->params[i];
    if (p->type == KAD_T_NONE)
        return NULL;
    struct kad_expr *e = make(l, x, KAD_X_PARAM, p->type, 0);
    l->param_used[i] = true;
    e->index = i;
    return e;
}

static struct kad_expr *event_node(struct kad_lower *l, const struct kad_node *x,
                                   const struct kad_ident *name, struct kad_scope s)
{
    int event = kad_find_event_of(l, name, s.kind);
    if (event < 0)
        return NULL;
    l->p->events[event].derived = true;
    struct kad_expr *e = make(l, x, KAD_X_HAPPENED, KAD_T_YESNO, 0);
    e->event = event;
    return e;
}

static void unknown_name(struct kad_lower *l, const struct kad_ident *name, struct kad_scope s,
                         struct kad_want want)
{
    if (kad_syntax_suspect(l->u, name->name))
        return;
    struct kad_near near = kad_near_to(l, name->name);
    const struct kad_policy *p = l->p;
    for (size_t i = 0; s.event >= 0 && i < p->events[s.event].n_fields; i++)
        kad_near_try(&near, p->events[s.event].fields[i].name);
    for (size_t i = 0; s.kind >= 0 && i < p->kinds[s.kind].n_attributes; i++)
        kad_near_try(&near, p->kinds[s.kind].attributes[i].name);
    if (want.type == KAD_T_CHOICE)
        kad_near_choice(&near, &p->choices[want.ref]);
    if (want.type == KAD_T_SUBJECT)
        kad_near_members(&near, &p->kinds[want.ref]);
    for (size_t i = 0; i < p->n_params; i++)
        if (p->params[i].kind < 0)
            kad_near_try(&near, p->params[i].name);
    for (size_t i = 0; i < p->n_events; i++)
        kad_near_try(&near, p->events[i].name);
    struct kad_diag *r;
    if (want.type == KAD_T_CHOICE)
        r = kad_say(l, name->span, KAD_K_NO_CHOICE_VALUE, p->choices[want.ref].name.p,
                    name->name.p);
    else if (want.type == KAD_T_SUBJECT)
        r = kad_say(l, name->span, KAD_K_NO_MEMBER, p->kinds[want.ref].name.p, name->name.p);
    else
        r = kad_say(l, name->span, KAD_K_NO_NAME, name->name.p);
    kad_near_say(l, r, &near, name->span);
}

/* The name's meaning: the event's field, else attribute, param, event; two of these three clash. */
static bool is_clear(struct kad_lower *l, const struct kad_ident *name, int attr, int param,
                     int event)
{
    if ((attr >= 0) + (param >= 0) + (event >= 0) < 2)
        return true;
    const char *an_attribute = _("an attribute"), *a_param = _("a param"),
               *an_event = _("an event");
    (void)kad_say(l, name->span, KAD_K_AMBIGUOUS, name->name.p, attr >= 0 ? an_attribute : a_param,
                  event >= 0 ? an_event : a_param);
    return false;
}

static struct kad_expr *name_node(struct kad_lower *l, const struct kad_node *x, struct kad_scope s,
                                  struct kad_want want)
{
    const struct kad_ident *name = &x->a;
    struct kad_literal lit = {.str = name->name, .span = name->span};
    if ((want.type == KAD_T_CHOICE &&
         kad_choice_value(&l->p->choices[want.ref], name->name) >= 0) ||
        (want.type == KAD_T_SUBJECT && kad_kind_member(&l->p->kinds[want.ref], name->name) >= 0))
        return constant(l, x, &lit, want);
    int field = s.event >= 0 ? kad_event_field(&l->p->events[s.event], name->name) : -1;
    if (field >= 0)
        return field_node(l, x, s.event, field);
    int attr = s.kind >= 0 ? kad_kind_attribute(&l->p->kinds[s.kind], name->name) : -1;
    int param = kad_policy_param(l->p, name->name);
    if (param >= 0 && l->p->params[param].kind >= 0)
        param = -1;
    int event = kad_policy_event(l->p, name->name);
    if (event >= 0 && s.kind >= 0 && l->p->events[event].kind != s.kind &&
        (attr >= 0 || param >= 0))
        event = -1;
    if (!is_clear(l, name, attr, param, event))
        return NULL;
    if (attr >= 0)
        return attr_node(l, x, s.kind, attr);
    if (param >= 0)
        return param_node(l, x, param);
    if (event >= 0)
        return event_node(l, x, name, s);
    if (want.type == KAD_T_PERSON)
        return constant(l, x, &lit, want);
    if (s.kind >= 0)
        unknown_name(l, name, s, want);
    return NULL;
}

/* a.b: the property b of the choice a. */
static struct kad_expr *dotted_node(struct kad_lower *l, const struct kad_node *x,
                                    struct kad_scope s)
{
    bool known = (s.event >= 0 && kad_event_field(&l->p->events[s.event], x->a.name) >= 0) ||
                 (s.kind >= 0 && kad_kind_attribute(&l->p->kinds[s.kind], x->a.name) >= 0);
    int event = kad_policy_event(l->p, x->a.name);
    if (!known && event >= 0 && kad_event_field(&l->p->events[event], x->b.name) >= 0) {
        (void)kad_say(l, x->span, KAD_K_EVENT_FIELD_HERE, x->a.name.p);
        return NULL;
    }
    struct kad_node left = {.kind = KAD_N_NAME, .span = x->a.span, .a = x->a};
    struct kad_expr *arg = name_node(l, &left, s, (struct kad_want){KAD_T_NONE, -1});
    if (!arg)
        return NULL;
    if (arg->type != KAD_T_CHOICE) {
        (void)kad_say(l, x->a.span, KAD_K_NOT_A_CHOICE, x->a.name.p, said(l, arg));
        return NULL;
    }
    const struct kad_choice *c = &l->p->choices[arg->ref];
    struct kad_near near = kad_near_to(l, x->b.name);
    for (size_t i = 0; i < c->n_props; i++) {
        if (kad_str_eq(c->props[i].name, x->b.name)) {
            struct kad_expr *e = make(l, x, KAD_X_PROP, c->props[i].type, 1);
            e->index = (int)i;
            e->args[0] = arg;
            return e;
        }
        kad_near_try(&near, c->props[i].name);
    }
    if (!kad_syntax_suspect(l->u, x->b.name))
        kad_near_say(l, kad_say(l, x->b.span, KAD_K_NO_PROPERTY, c->name.p, x->b.name.p), &near,
                     x->b.span);
    return NULL;
}

/* --- comparisons --- */

static bool is_ordered(const struct kad_expr *e)
{
    return e->type == KAD_T_NUMBER || e->type == KAD_T_PERCENT || e->type == KAD_T_MONEY ||
           e->type == KAD_T_DATE || e->type == KAD_T_CHOICE;
}

/* The right side of a comparison, held against the left. */
static struct kad_expr *right_of(struct kad_lower *l, const struct kad_expr *left,
                                 const struct kad_node *x, struct kad_scope s)
{
    struct kad_want want = {left ? left->type : KAD_T_NONE, left ? left->ref : -1};
    /* What a bare name means depends on the left, of which enough was said. */
    if (!left && x->kind == KAD_N_NAME)
        return NULL;
    if (left && left->type == KAD_T_PERSON && x->kind == KAD_N_LITERAL &&
        x->literal.type == KAD_T_TEXT)
        return constant(l, x, &x->literal, want);
    struct kad_expr *right = value(l, x, s, want);
    if (!left || !right || (left->type == right->type && left->ref == right->ref))
        return right;
    struct kad_diag *r = kad_say(l, x->span, KAD_K_UNLIKE, left->text.p, said(l, left),
                                 right->text.p, said(l, right));
    /* A name in quotes, or its label. */
    if ((left->type == KAD_T_CHOICE || left->type == KAD_T_SUBJECT) && right->type == KAD_T_TEXT &&
        x->kind == KAD_N_LITERAL) {
        struct kad_near near = kad_near_to(l, x->literal.str);
        if (left->type == KAD_T_CHOICE)
            kad_near_choice(&near, &l->p->choices[left->ref]);
        else
            kad_near_members(&near, &l->p->kinds[left->ref]);
        kad_near_say(l, r, &near, x->span);
    }
    /* 50 is not 50 %, and nothing else was meant. */
    if (left->type == KAD_T_PERCENT && right->type == KAD_T_NUMBER && x->kind == KAD_N_LITERAL) {
        struct kad_span end = {x->span.to, x->span.to};
        kad_mend(l->u->diags, &l->u->src, r, end, KAD_STR(" %"));
    }
    return NULL;
}

/* `certificate is dome`: a task that is held against something else than a state. */
static bool is_task_misnamed(struct kad_lower *l, const struct kad_node *x, struct kad_scope s)
{
    const struct kad_node *t = x->left;
    if (t->kind != KAD_N_NAME || x->right->kind != KAD_N_NAME ||
        kad_policy_task(l->p, t->a.name) < 0 || kad_policy_param(l->p, t->a.name) >= 0 ||
        (s.event >= 0 && kad_event_field(&l->p->events[s.event], t->a.name) >= 0) ||
        (s.kind >= 0 && kad_kind_attribute(&l->p->kinds[s.kind], t->a.name) >= 0))
        return false;
    struct kad_near near = kad_near_to(l, x->right->a.name);
    for (int token = TOK_S_UPCOMING; token <= TOK_S_WITHDRAWN; token++)
        kad_near_try(&near, kad_str(kad_keyword(l, token)));
    kad_near_say(l, kad_say(l, x->right->span, KAD_K_NO_STATE, x->right->a.name.p, t->a.name.p),
                 &near, x->right->span);
    return true;
}

static struct kad_expr *compare(struct kad_lower *l, const struct kad_node *x, struct kad_scope s,
                                enum kad_op op)
{
    if (op == KAD_X_EQ && is_task_misnamed(l, x, s))
        return NULL;
    struct kad_expr *a = value(l, x->left, s, (struct kad_want){KAD_T_NONE, -1});
    bool dates = op == KAD_X_BEFORE || op == KAD_X_AFTER;
    if (a && dates && a->type != KAD_T_DATE) {
        (void)kad_say(l, x->left->span, KAD_K_NOT_A_DATE, a->text.p, said(l, a));
        return NULL;
    }
    struct kad_expr *b = right_of(l, a, x->right, s);
    struct kad_expr *c = x->third ? right_of(l, a, x->third, s) : NULL;
    if (!a || !b || (x->third && !c))
        return NULL;
    if (op != KAD_X_EQ && !is_ordered(a)) {
        (void)kad_say(l, x->left->span, KAD_K_NO_ORDER, a->text.p, said(l, a));
        return NULL;
    }
    if (c && b->op == KAD_X_CONST && c->op == KAD_X_CONST &&
        kad_value_cmp(b->value, c->value) > 0) {
        (void)kad_say(l, (struct kad_span){x->right->span.from, x->third->span.to},
                      KAD_K_RANGE_REVERSED, b->text.p, c->text.p);
        return NULL;
    }
    struct kad_expr *e = make(l, x, op, KAD_T_YESNO, c ? 3 : 2);
    e->args[0] = a;
    e->args[1] = b;
    if (c)
        e->args[2] = c;
    return e;
}

static struct kad_expr *in_list(struct kad_lower *l, const struct kad_node *x, struct kad_scope s)
{
    struct kad_expr *a = value(l, x->left, s, (struct kad_want){KAD_T_NONE, -1});
    struct kad_expr *e = make(l, x, KAD_X_IN, KAD_T_YESNO, x->list.n + 1);
    bool whole = a != NULL;
    e->args[0] = a;
    for (size_t i = 0; i < x->list.n; i++) {
        e->args[i + 1] = right_of(l, a, x->list.v[i], s);
        whole = whole && e->args[i + 1];
    }
    return whole ? e : NULL;
}

/* --- and, or, not --- */

static struct kad_expr *yesno(struct kad_lower *l, const struct kad_node *x, struct kad_scope s)
{
    struct kad_expr *e = value(l, x, s, (struct kad_want){KAD_T_NONE, -1});
    if (!e || e->type == KAD_T_YESNO)
        return e;
    (void)kad_say(l, x->span, KAD_K_NOT_A_CONDITION, e->text.p, said(l, e));
    return NULL;
}

/* `reason is work or studies`: how many of the names behind the comparison at `at` are values of the
 * same choice and nothing else. */
static size_t more_values(struct kad_lower *l, const struct kad_node *x, size_t at,
                          const struct kad_expr *left, struct kad_scope s)
{
    size_t n = 0;
    if (x->kind != KAD_N_OR || !left || left->type != KAD_T_CHOICE)
        return 0;
    while (at + 1 + n < x->list.n) {
        const struct kad_node *k = x->list.v[at + 1 + n];
        if (k->kind != KAD_N_NAME || k->bracketed ||
            kad_choice_value(&l->p->choices[left->ref], k->a.name) < 0 ||
            (s.event >= 0 && kad_event_field(&l->p->events[s.event], k->a.name) >= 0))
            break;
        n++;
    }
    return n;
}

static void say_is_or(struct kad_lower *l, const struct kad_node *x, size_t at, size_t n)
{
    const struct kad_node *is = x->list.v[at];
    struct kad_span all = {is->span.from, x->list.v[at + n]->span.to};
    struct kad_diag *r = kad_say(l, (struct kad_span){is->right->span.from, all.to}, KAD_K_IS_OR,
                                 kad_keyword(l, TOK_IS));
    struct kad_buf b = {0};
    kad_buf_printf(&b, "%s %s (%s", kad_text_at(l, is->left->span), kad_keyword(l, TOK_IN),
                   kad_text_at(l, is->right->span));
    for (size_t i = 1; i <= n; i++)
        kad_buf_printf(&b, ", %s", x->list.v[at + i]->a.name.p);
    kad_buf_putc(&b, ')');
    kad_mend(l->u->diags, &l->u->src, r, all, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
}

static struct kad_expr *junction(struct kad_lower *l, const struct kad_node *x, struct kad_scope s)
{
    struct kad_expr *e =
        make(l, x, x->kind == KAD_N_AND ? KAD_X_AND : KAD_X_OR, KAD_T_YESNO, x->list.n);
    bool whole = true;
    for (size_t i = 0; i < x->list.n; i++) {
        struct kad_expr *arg = yesno(l, x->list.v[i], s);
        e->args[i] = arg;
        whole = whole && arg;
        size_t more =
            x->list.v[i]->kind == KAD_N_IS && arg ? more_values(l, x, i, arg->args[0], s) : 0;
        if (more > 0) {
            say_is_or(l, x, i, more);
            i += more;
            whole = false;
        }
    }
    return whole ? e : NULL;
}

static struct kad_expr *negation(struct kad_lower *l, const struct kad_node *x,
                                 struct kad_expr *arg)
{
    if (!arg)
        return NULL;
    struct kad_expr *e = make(l, x, KAD_X_NOT, KAD_T_YESNO, 1);
    e->args[0] = arg;
    return e;
}

/* --- the rest --- */

static struct kad_expr *task_is(struct kad_lower *l, const struct kad_node *x, struct kad_scope s)
{
    const struct kad_node *t = x->left;
    if (t->kind != KAD_N_NAME && t->kind != KAD_N_DOTTED) {
        (void)kad_say(l, t->span, KAD_K_NO_TASK, kad_text_at(l, t->span));
        return NULL;
    }
    struct kad_ident none = {0};
    int task = kad_find_task(l, &t->a, t->kind == KAD_N_DOTTED ? &t->b : &none, s.kind);
    if (task < 0)
        return NULL;
    struct kad_expr *e = make(l, x, KAD_X_TASK_IS, KAD_T_YESNO, 0);
    e->index = task;
    e->states = x->states;
    return e;
}

static struct kad_expr *one_arg(struct kad_lower *l, const struct kad_node *x, struct kad_scope s,
                                enum kad_op op)
{
    struct kad_expr *a = value(l, x->left, s, (struct kad_want){KAD_T_NONE, -1});
    if (!a)
        return NULL;
    if (op == KAD_X_YEARS && a->type != KAD_T_DATE) {
        (void)kad_say(l, x->left->span, KAD_K_NOT_A_DATE, a->text.p, said(l, a));
        return NULL;
    }
    struct kad_expr *e = make(l, x, op, op == KAD_X_YEARS ? KAD_T_NUMBER : KAD_T_YESNO, 1);
    e->args[0] = a;
    return e;
}

static struct kad_expr *happened(struct kad_lower *l, const struct kad_node *x, struct kad_scope s)
{
    if (x->left->kind == KAD_N_NAME)
        return event_node(l, x, &x->left->a, s);
    (void)kad_say(l, x->left->span, KAD_K_NO_EVENT, kad_text_at(l, x->left->span));
    return NULL;
}

static struct kad_expr *count_node(struct kad_lower *l, const struct kad_node *x,
                                   struct kad_scope s)
{
    int event = kad_find_event_of(l, &x->a, s.kind);
    if (event < 0)
        return NULL;
    l->p->events[event].derived = true;
    struct kad_expr *e = make(l, x, KAD_X_COUNT, KAD_T_NUMBER, 1);
    e->event = event;
    if (x->left) {
        e->args[0] = kad_lower_condition(l, x->left, (struct kad_scope){s.kind, event});
        if (!e->args[0])
            return NULL;
    }
    return e;
}

static bool is_amount(struct kad_lower *l, const struct kad_node *x, const struct kad_expr *e)
{
    if (e->type == KAD_T_NUMBER || e->type == KAD_T_PERCENT || e->type == KAD_T_MONEY)
        return true;
    (void)kad_say(l, x->span, KAD_K_NOT_A_SUM, e->text.p, said(l, e));
    return false;
}

static struct kad_expr *sum(struct kad_lower *l, const struct kad_node *x, struct kad_scope s)
{
    struct kad_want none = {KAD_T_NONE, -1};
    struct kad_expr *a = value(l, x->left, s, none), *b = value(l, x->right, s, none);
    if (!a || !b || !is_amount(l, x->left, a) || !is_amount(l, x->right, b))
        return NULL;
    if (a->type != b->type) {
        (void)kad_say(l, x->span, KAD_K_SUM_UNLIKE, a->text.p, said(l, a), b->text.p, said(l, b));
        return NULL;
    }
    struct kad_expr *e = make(l, x, x->kind == KAD_N_ADD ? KAD_X_ADD : KAD_X_SUB, a->type, 2);
    e->args[0] = a;
    e->args[1] = b;
    return e;
}

static struct kad_expr *value(struct kad_lower *l, const struct kad_node *x, struct kad_scope s,
                              struct kad_want want)
{
    switch (x->kind) {
    case KAD_N_LITERAL:
        return constant(l, x, &x->literal, (struct kad_want){x->literal.type, -1});
    case KAD_N_NAME:
        return name_node(l, x, s, want);
    case KAD_N_DOTTED:
        return dotted_node(l, x, s);
    case KAD_N_NOT:
        return negation(l, x, yesno(l, x->left, s));
    case KAD_N_AND:
    case KAD_N_OR:
        return junction(l, x, s);
    case KAD_N_IS:
        return compare(l, x, s, KAD_X_EQ);
    case KAD_N_IS_NOT:
        return negation(l, x, compare(l, x, s, KAD_X_EQ));
    case KAD_N_IS_STATE:
        return task_is(l, x, s);
    case KAD_N_AT_LEAST:
        return compare(l, x, s, KAD_X_AT_LEAST);
    case KAD_N_AT_MOST:
        return compare(l, x, s, KAD_X_AT_MOST);
    case KAD_N_BEFORE:
        return compare(l, x, s, KAD_X_BEFORE);
    case KAD_N_AFTER:
        return compare(l, x, s, KAD_X_AFTER);
    case KAD_N_FROM_TO:
        return compare(l, x, s, KAD_X_BETWEEN);
    case KAD_N_IN:
        return in_list(l, x, s);
    case KAD_N_KNOWN:
        return one_arg(l, x, s, KAD_X_IS_KNOWN);
    case KAD_N_UNKNOWN:
        return one_arg(l, x, s, KAD_X_IS_UNKNOWN);
    case KAD_N_HAPPENED:
        return happened(l, x, s);
    case KAD_N_YEARS:
        return one_arg(l, x, s, KAD_X_YEARS);
    case KAD_N_COUNT:
        return count_node(l, x, s);
    case KAD_N_ADD:
    case KAD_N_SUB:
        return sum(l, x, s);
    }
    kad_unreachable();
}

const struct kad_expr *kad_lower_condition(struct kad_lower *l, const struct kad_node *x,
                                           struct kad_scope scope)
{
    return x ? yesno(l, x, scope) : NULL;
}

const struct kad_expr *kad_lower_value(struct kad_lower *l, const struct kad_node *x,
                                       struct kad_scope scope)
{
    return x ? value(l, x, scope, (struct kad_want){KAD_T_NONE, -1}) : NULL;
}

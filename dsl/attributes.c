/* Attributes: their order, their types, the events that set them. */
#include "core/limits.h"
#include "dsl/lower.h"
#include "dsl/parser.h"
#include "dsl/syntax.h"

/* --- the table --- */

/* Does the expression name something that could be this attribute? */
static bool names(const struct kad_node *x, struct kad_str name)
{
    if (!x)
        return false;
    if ((x->kind == KAD_N_NAME || x->kind == KAD_N_DOTTED) && kad_str_eq(x->a.name, name))
        return true;
    for (size_t i = 0; i < x->list.n; i++)
        if (names(x->list.v[i], name))
            return true;
    return names(x->left, name) || names(x->right, name) || names(x->third, name);
}

/* The attributes in an order in which computed ones come after what they need. A ring has no such
 * order; it is reported when its types are asked for. */
struct order {
    const struct kad_clause **v, **sorted;
    unsigned char *seen;
    size_t n, done;
};

static void visit(struct order *o, size_t i)
{
    if (o->seen[i])
        return;
    o->seen[i] = 1;
    for (size_t k = 0; o->v[i]->where && k < o->n; k++)
        if (k != i && names(o->v[i]->where, o->v[k]->name.name))
            visit(o, k);
    o->sorted[o->done++] = o->v[i];
}

static size_t clauses_of(struct kad_lower *l, const struct kad_decl *d,
                         const struct kad_clause **out)
{
    size_t n = 0;
    for (size_t i = 0; d && i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind != KAD_C_ATTRIBUTE)
            continue;
        bool twice = false;
        for (size_t k = 0; k < n && !twice; k++)
            if (kad_str_eq(out[k]->name.name, c->name.name)) {
                (void)kad_say(l, c->name.span, KAD_K_DECLARED_TWICE, c->name.name.p,
                              kad_line_of(l, out[k]->name.span.from));
                twice = true;
            }
        if (!twice)
            out[n++] = c;
    }
    return n;
}

static void add_params(struct kad_lower *l, size_t kind)
{
    struct kad_kind *k = &l->p->kinds[kind];
    for (size_t i = 0; i < l->p->n_params; i++) {
        const struct kad_param *p = &l->p->params[i];
        if (p->kind != (int)kind)
            continue;
        int before = kad_kind_attribute(k, p->name);
        if (before >= 0) {
            (void)kad_say(l, l->params[i]->name.span, KAD_K_DECLARED_TWICE, p->name.p,
                          kad_line_of(l, l->attrs[kind][before].clause
                                             ? l->attrs[kind][before].clause->name.span.from
                                             : 0));
            continue;
        }
        l->attrs[kind][k->n_attributes] = (struct kad_attr_info){NULL, KAD_ATTR_READY};
        k->attributes[k->n_attributes++] =
            (struct kad_attribute){.name = p->name,
                                   .label = p->label,
                                   .type = p->type,
                                   .ref = -1,
                                   .param = (int)i,
                                   .otherwise = kad_value_unknown(p->type),
                                   .line = p->line};
    }
}

static void make_table(struct kad_lower *l, size_t kind)
{
    struct kad_kind *k = &l->p->kinds[kind];
    const struct kad_decl *d = l->kinds[kind];
    size_t most = (d ? d->clauses.n : 0) + l->p->n_params + 1;
    struct kad_arena *t = l->u->arena;
    struct order o = {.v = kad_arena_array(t, const struct kad_clause *, most),
                      .sorted = kad_arena_array(t, const struct kad_clause *, most),
                      .seen = kad_arena_array(t, unsigned char, most)};
    o.n = clauses_of(l, d, o.v);
    if (o.n > KAD_LIMIT_FIELDS) {
        (void)kad_say(l, d->name.span, KAD_K_TOO_MANY_ATTRIBUTES, k->name.p,
                      kad_count_text(l, KAD_LIMIT_FIELDS));
        o.n = KAD_LIMIT_FIELDS;
    }
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < o.n; i++)
            if (pass == 1 || !o.v[i]->where)
                visit(&o, i);
    k->attributes = kad_arena_array(l->a, struct kad_attribute, most);
    l->attrs[kind] = kad_arena_array(t, struct kad_attr_info, most);
    for (size_t i = 0; i < o.n; i++) {
        const struct kad_clause *c = o.sorted[i];
        l->attrs[kind][i] = (struct kad_attr_info){c, KAD_ATTR_UNTOUCHED};
        k->attributes[k->n_attributes++] = (struct kad_attribute){
            .name = kad_str_dup(l->a, c->name.name),
            .label = kad_str_dup(l->a, c->text.name.n > 0 ? c->text.name : c->name.name),
            .ref = -1,
            .param = -1,
            .line = kad_line_no(l, c->span)};
    }
    add_params(l, kind);
    k->unit_attribute = kad_kind_attribute(k, KAD_STR("unit"));
}

/* --- types --- */

/* A bare name alone must be a value of just one choice. */
static void type_of_bare(struct kad_lower *l, const struct kad_clause *c, struct kad_attribute *a)
{
    int found = -1;
    for (size_t i = 0; i < l->p->n_choices; i++) {
        bool all = true;
        for (size_t k = 0; k < c->kids.n && all; k++)
            all = kad_choice_value(&l->p->choices[i], c->kids.v[k]->value.str) >= 0;
        if (all && found >= 0)
            found = -2;
        if (all && found == -1)
            found = (int)i;
    }
    if (found >= 0) {
        a->type = KAD_T_CHOICE;
        a->ref = found;
        return;
    }
    bool suspect = false;
    for (size_t k = 0; k < c->kids.n; k++)
        suspect = suspect || kad_syntax_suspect(l->u, c->kids.v[k]->value.str);
    if (!suspect)
        (void)kad_say(l, c->name.span, KAD_K_ITEM_UNCLEAR, c->name.name.p);
}

static const struct kad_field_def *field_of(const struct kad_lower *l, int event, int field)
{
    return event < 0 || field < 0 ? NULL : &l->p->events[event].fields[field];
}

/* The first field or literal says what the attribute is; the others must be the same. */
static bool unify(struct kad_lower *l, const struct kad_clause *c, struct kad_attribute *a,
                  enum kad_type type, int ref, struct kad_span at)
{
    if (type == KAD_T_NONE)
        return false;
    if (a->type == KAD_T_NONE) {
        a->type = type;
        a->ref = ref;
        return true;
    }
    if (a->type == type && a->ref == ref)
        return true;
    (void)kad_say(l, at, KAD_K_ITEM_UNLIKE, c->name.name.p, kad_type_said(l, a->type, a->ref),
                  kad_type_said(l, type, ref));
    return false;
}

static void type_items(struct kad_lower *l, int kind, const struct kad_clause *c,
                       struct kad_attribute *a)
{
    bool mistake = false, typed = false;
    a->items = kad_arena_array(l->a, struct kad_attr_item, c->kids.n + 1);
    for (size_t i = 0; i < c->kids.n; i++) {
        const struct kad_clause *k = c->kids.v[i];
        if (k->kind == KAD_C_ITEM_OTHERWISE) {
            if (i + 1 < c->kids.n)
                (void)kad_say(l, k->span, KAD_K_COMMA_LAST, kad_text_at(l, k->span));
            continue;
        }
        struct kad_attr_item *item = &a->items[a->n_items++];
        *item = (struct kad_attr_item){.field = -1};
        item->after.event = kad_find_event_of(l, &k->name, kind);
        mistake = mistake || item->after.event < 0;
        if (k->kind != KAD_C_ITEM_FIELD)
            continue;
        item->field = kad_find_field(l, item->after.event, &k->field);
        const struct kad_field_def *f = field_of(l, item->after.event, item->field);
        typed = true;
        if (!f || !unify(l, c, a, f->type, f->ref, k->span))
            mistake = true;
    }
    for (size_t i = 0; i < c->kids.n; i++) {
        const struct kad_clause *k = c->kids.v[i];
        if (k->kind == KAD_C_ITEM_FIELD || k->value.type == KAD_T_NONE)
            continue;
        typed = true;
        bool person = k->value.type == KAD_T_TEXT && a->type == KAD_T_PERSON;
        if (!person && !unify(l, c, a, k->value.type, -1, k->value.span))
            mistake = true;
    }
    if (!typed && !mistake)
        type_of_bare(l, c, a);
    else if (a->type == KAD_T_NONE && !mistake)
        (void)kad_say(l, c->name.span, KAD_K_ITEM_UNCLEAR, c->name.name.p);
}

/* `birth → age → birth`: how an attribute comes to be made of itself. */
static void say_circular(struct kad_lower *l, int kind, int attribute)
{
    const struct kad_kind *k = &l->p->kinds[kind];
    struct kad_buf b = {0};
    for (size_t i = 0; i < k->n_attributes; i++)
        if (l->attrs[kind][i].stage == KAD_ATTR_BEGUN)
            kad_buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", k->attributes[i].name.p);
    const struct kad_clause *c = l->attrs[kind][attribute].clause;
    (void)kad_say(l, c->name.span, KAD_K_CIRCULAR, k->attributes[attribute].name.p,
                  kad_buf_str(&b));
    kad_buf_done(&b);
}

void kad_attr_ready(struct kad_lower *l, int kind, int attribute)
{
    struct kad_attr_info *info = &l->attrs[kind][attribute];
    struct kad_attribute *a = &l->p->kinds[kind].attributes[attribute];
    if (info->stage == KAD_ATTR_READY)
        return;
    if (info->stage == KAD_ATTR_BEGUN) {
        say_circular(l, kind, attribute);
        return;
    }
    info->stage = KAD_ATTR_BEGUN;
    const struct kad_clause *c = info->clause;
    if (c->where) {
        a->expr = kad_lower_value(l, c->where, (struct kad_scope){kind, -1});
        if (a->expr) {
            a->type = a->expr->type;
            a->ref = a->expr->ref;
        }
    } else {
        type_items(l, kind, c, a);
    }
    a->otherwise = kad_value_unknown(a->type);
    info->stage = KAD_ATTR_READY;
}

/* --- values and conditions of the items, once every type is known --- */

static void finish_items(struct kad_lower *l, int kind, const struct kad_clause *c,
                         struct kad_attribute *a)
{
    struct kad_want want = {a->type, a->ref};
    size_t n = 0;
    for (size_t i = 0; i < c->kids.n; i++) {
        const struct kad_clause *k = c->kids.v[i];
        if (k->kind == KAD_C_ITEM_OTHERWISE) {
            struct kad_value v;
            if (kad_value_of(l, &k->value, want, &v))
                a->otherwise = v;
            continue;
        }
        struct kad_attr_item *item = &a->items[n++];
        item->value = kad_value_unknown(a->type);
        if (k->kind == KAD_C_ITEM_VALUE)
            (void)kad_value_of(l, &k->value, want, &item->value);
        int event = item->after.event;
        item->after.where =
            kad_lower_condition(l, k->where, (struct kad_scope){event < 0 ? -1 : kind, event});
        if (event >= 0)
            l->p->events[event].derived = true;
        const struct kad_field_def *f = field_of(l, event, item->field);
        a->is_private = a->is_private || (f && f->is_private);
    }
}

static void begins(struct kad_lower *l, int kind, const struct kad_decl *d)
{
    struct kad_kind *k = &l->p->kinds[kind];
    bool said = false;
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind != KAD_C_BEGINS)
            continue;
        if (said)
            (void)kad_say(l, c->span, KAD_K_SAID_TWICE, kad_keyword(l, TOK_BEGINS_WITH));
        said = true;
        if (k->shape != KAD_KIND_FREE)
            (void)kad_say(l, c->span, KAD_K_BEGINS_NOT_FREE, k->name.p);
        k->begins_with = kad_find_event_of(l, &c->name, kind);
    }
}

void kad_lower_attributes(struct kad_lower *l)
{
    l->attrs = kad_arena_array(l->u->arena, struct kad_attr_info *, l->p->n_kinds);
    for (size_t k = 0; k < l->p->n_kinds; k++)
        make_table(l, k);
    for (size_t k = 0; k < l->p->n_kinds; k++)
        for (size_t i = 0; i < l->p->kinds[k].n_attributes; i++)
            kad_attr_ready(l, (int)k, (int)i);
    for (size_t k = 0; k < l->p->n_kinds; k++) {
        for (size_t i = 0; i < l->p->kinds[k].n_attributes; i++) {
            const struct kad_clause *c = l->attrs[k][i].clause;
            if (c && !c->where)
                finish_items(l, (int)k, c, &l->p->kinds[k].attributes[i]);
        }
        if (l->kinds[k])
            begins(l, (int)k, l->kinds[k]);
    }
}

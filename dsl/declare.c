/* Every declared name into its table, so that the order of declarations does not matter. */
#include "core/limits.h"
#include "dsl/lower.h"
#include "dsl/parser.h"

#include <stdio.h>

/* What people see: the label, else the name. */
static struct kad_str label_of(struct kad_lower *l, struct kad_ident text, struct kad_ident name)
{
    return kad_str_dup(l->a, text.name.n > 0 ? text.name : name.name);
}

static void twice(struct kad_lower *l, struct kad_span second, struct kad_str name, uint32_t first)
{
    (void)kad_say(l, second, KAD_K_DECLARED_TWICE, kad_str_dup(l->u->arena, name).p,
                  kad_line_of(l, first));
}

static enum kad_space space_of(enum kad_decl_kind kind)
{
    switch (kind) {
    case KAD_D_ROLE:
        return KAD_SP_ROLE;
    case KAD_D_CHOICE:
        return KAD_SP_CHOICE;
    case KAD_D_PARAM:
        return KAD_SP_PARAM;
    case KAD_D_SUBJECT:
        return KAD_SP_KIND;
    case KAD_D_EVENT:
        return KAD_SP_EVENT;
    default:
        return KAD_SP_RULE;
    }
}

/* Was the name declared in the same name space before? */
static bool is_declared_before(struct kad_lower *l, const struct kad_decl *d)
{
    enum kad_space space = space_of(d->kind);
    const struct kad_named *before = kad_name_get(&l->names, space, d->name.name);
    if (before) {
        twice(l, d->name.span, d->name.name, before->at);
        return true;
    }
    kad_name_put(l, (struct kad_named){space, d->name.name, -1, d->name.span.from});
    return false;
}

static size_t count(const struct kad_lower *l, enum kad_decl_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < l->u->decls.n; i++)
        n += l->u->decls.v[i]->kind == kind;
    return n;
}

/* --- roles and choices --- */

static void declare_role(struct kad_lower *l, const struct kad_decl *d)
{
    l->p->roles[l->p->n_roles++] =
        (struct kad_role){kad_str_dup(l->a, d->name.name), label_of(l, d->text, d->name)};
}

static int prop_of(const struct kad_choice *c, struct kad_str name)
{
    for (size_t i = 0; i < c->n_props; i++)
        if (kad_str_eq(c->props[i].name, name))
            return (int)i;
    return -1;
}

/* The choice's values, then the properties that any of them has. */
static void choice_tables(struct kad_lower *l, struct kad_choice *ch, const struct kad_decl *d)
{
    ch->values = kad_arena_array(l->a, struct kad_choice_value, d->clauses.n + 1);
    ch->props = kad_arena_array(l->a, struct kad_prop, d->clauses.n + 1);
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind == KAD_C_VALUE) {
            for (size_t k = 0; k < i; k++)
                if (d->clauses.v[k]->kind == KAD_C_VALUE &&
                    kad_str_eq(d->clauses.v[k]->name.name, c->name.name)) {
                    twice(l, c->name.span, c->name.name, d->clauses.v[k]->name.span.from);
                    break;
                }
            ch->values[ch->n_values++] = (struct kad_choice_value){
                .name = kad_str_dup(l->a, c->name.name), .label = label_of(l, c->text, c->name)};
        } else if (c->kind == KAD_C_PROP && prop_of(ch, c->name.name) < 0) {
            ch->props[ch->n_props++] =
                (struct kad_prop){kad_str_dup(l->a, c->name.name), c->value.type};
        }
    }
}

static void choice_properties(struct kad_lower *l, struct kad_choice *ch, const struct kad_decl *d)
{
    for (size_t i = 0; i < ch->n_values; i++) {
        ch->values[i].props = kad_arena_array(l->a, struct kad_value, ch->n_props + 1);
        for (size_t k = 0; k < ch->n_props; k++)
            ch->values[i].props[k] = kad_value_unknown(ch->props[k].type);
    }
    size_t value = 0; /* how many values stand before */
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        value += c->kind == KAD_C_VALUE;
        if (c->kind != KAD_C_PROP)
            continue;
        int k = prop_of(ch, c->name.name);
        if (value == 0) {
            (void)kad_say(l, c->name.span, KAD_K_PROPERTY_FIRST, c->name.name.p);
            continue;
        }
        struct kad_value *slot = &ch->values[value - 1].props[k];
        if (c->value.type == KAD_T_DATE || c->value.type != ch->props[k].type)
            (void)kad_say(l, c->value.span, KAD_K_PROPERTY_UNLIKE, c->name.name.p,
                          kad_type_said(l, ch->props[k].type, -1),
                          kad_type_said(l, c->value.type, -1));
        else if (kad_value_known(*slot))
            (void)kad_say(l, c->name.span, KAD_K_SAID_TWICE, c->name.name.p);
        else
            (void)kad_value_of(l, &c->value, (struct kad_want){c->value.type, -1}, slot);
    }
}

static void declare_choice(struct kad_lower *l, const struct kad_decl *d)
{
    struct kad_choice *c = &l->p->choices[l->p->n_choices];
    c->name = kad_str_dup(l->a, d->name.name);
    c->label = label_of(l, d->text, d->name);
    choice_tables(l, c, d);
    choice_properties(l, c, d);
    if (c->n_values == 0 && !d->broken)
        (void)kad_say(l, d->name.span, KAD_K_EMPTY_CHOICE, c->name.p);
    l->choices[l->p->n_choices++] = d;
}

/* --- subjects --- */

static void add_member(struct kad_lower *l, struct kad_kind *k, const struct kad_clause *c)
{
    /* Keys tell the kinds apart, so no two kinds share one. */
    for (size_t i = 0; i < l->p->n_kinds + 1; i++)
        if (kad_kind_member(&l->p->kinds[i], c->name.name) >= 0 ||
            kad_str_eq(c->name.name, KAD_STR(KAD_PROGRAMME))) {
            const struct kad_decl *d = l->kinds[i];
            uint32_t first = d ? d->name.span.from : c->name.span.from;
            for (size_t m = 0; d && m < d->clauses.n; m++)
                for (size_t n = 0; n < d->clauses.v[m]->kids.n; n++)
                    if (kad_str_eq(d->clauses.v[m]->kids.v[n]->name.name, c->name.name))
                        first = d->clauses.v[m]->kids.v[n]->name.span.from;
            twice(l, c->name.span, c->name.name, first);
            return;
        }
    k->members[k->n_members++] =
        (struct kad_member){kad_str_dup(l->a, c->name.name), label_of(l, c->text, c->name)};
}

/* `one of` and the lines that go on with it. A line that does not, is an attribute without `is`. */
static void declare_members(struct kad_lower *l, struct kad_kind *k, const struct kad_decl *d)
{
    size_t most = 1;
    for (size_t i = 0; i < d->clauses.n; i++)
        if (d->clauses.v[i]->kind == KAD_C_ONE_OF || d->clauses.v[i]->kind == KAD_C_MEMBER)
            most += d->clauses.v[i]->kids.n;
    k->members = kad_arena_array(l->a, struct kad_member, most);
    bool open = false;
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        open = c->kind == KAD_C_ONE_OF || (open && c->kind == KAD_C_MEMBER);
        if (c->kind == KAD_C_MEMBER && !open && !d->broken)
            (void)kad_say(l, c->kids.v[0]->name.span, KAD_K_NO_DEFINITION,
                          c->kids.v[0]->name.name.p);
        for (size_t m = 0; open && m < c->kids.n; m++)
            add_member(l, k, c->kids.v[m]);
    }
}

static void declare_kind(struct kad_lower *l, const struct kad_decl *d, struct kad_str name)
{
    struct kad_kind *k = &l->p->kinds[l->p->n_kinds];
    *k =
        (struct kad_kind){.name = kad_str_dup(l->a, name), .begins_with = -1, .unit_attribute = -1};
    k->label = d ? label_of(l, d->text, d->name) : k->name;
    l->kinds[l->p->n_kinds] = d;
    if (d) {
        k->line = kad_line_no(l, d->span);
        declare_members(l, k, d);
    }
    k->shape = kad_str_eq(name, KAD_STR(KAD_PROGRAMME)) ? KAD_KIND_PROGRAMME
               : k->n_members > 0                       ? KAD_KIND_ONE_OF
                                                        : KAD_KIND_FREE;
    if (k->shape == KAD_KIND_PROGRAMME && k->n_members > 0)
        (void)kad_say(l, d->name.span, KAD_K_PROGRAMME_SHAPE, kad_keyword(l, TOK_ONE_OF));
    l->p->n_kinds++;
}

/* --- events --- */

static void declare_event(struct kad_lower *l, const struct kad_decl *d)
{
    struct kad_event_type *e = &l->p->events[l->p->n_events];
    *e = (struct kad_event_type){.name = kad_str_dup(l->a, d->name.name),
                                 .label = label_of(l, d->text, d->name),
                                 .kind = -1,
                                 .line = kad_line_no(l, d->span)};
    e->fields = kad_arena_array(l->a, struct kad_field_def, d->clauses.n + 1);
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind != KAD_C_FIELD)
            continue;
        for (size_t k = 0; k < i; k++)
            if (d->clauses.v[k]->kind == KAD_C_FIELD &&
                kad_str_eq(d->clauses.v[k]->name.name, c->name.name)) {
                twice(l, c->name.span, c->name.name, d->clauses.v[k]->name.span.from);
                break;
            }
        e->fields[e->n_fields++] = (struct kad_field_def){.name = kad_str_dup(l->a, c->name.name),
                                                          .label = label_of(l, c->text, c->name),
                                                          .ref = -1,
                                                          .is_private = c->is_private,
                                                          .optional = c->optional,
                                                          .line = kad_line_no(l, c->span)};
    }
    if (e->n_fields > KAD_LIMIT_FIELDS) {
        char most[16];
        snprintf(most, sizeof most, "%d", KAD_LIMIT_FIELDS);
        (void)kad_say(l, d->name.span, KAD_K_TOO_MANY_FIELDS, e->name.p, most);
    }
    l->events[l->p->n_events++] = d;
}

/* --- tasks --- */

static void add_task(struct kad_lower *l, struct kad_str name, struct kad_str label, int rule)
{
    if (kad_name_get(&l->names, KAD_SP_TASK, name))
        return;
    kad_name_put(l, (struct kad_named){KAD_SP_TASK, name, (int)l->p->n_tasks, 0});
    l->p->tasks[l->p->n_tasks++] =
        (struct kad_task){.name = kad_str_dup(l->a, name), .label = label, .rule = rule};
}

/* CADENCE.EVENT for the first event of every phase, labelled as the event. */
static void add_cadence_task(struct kad_lower *l, const struct kad_decl *d,
                             const struct kad_ident *event, int rule)
{
    struct kad_str name = kad_str(kad_arena_printf(l->a, "%s.%s", d->name.name.p, event->name.p));
    int e = kad_policy_event(l->p, event->name);
    add_task(l, name, e >= 0 ? l->p->events[e].label : kad_str_dup(l->a, event->name), rule);
}

static void declare_rule(struct kad_lower *l, const struct kad_decl *d)
{
    int index = (int)l->p->n_rules;
    struct kad_rule *r = &l->p->rules[index];
    *r = (struct kad_rule){
        .kind = d->kind == KAD_D_TASK      ? KAD_RULE_TASK
                : d->kind == KAD_D_CADENCE ? KAD_RULE_CADENCE
                                           : KAD_RULE_DUTY,
        .name = kad_str_dup(l->a, d->name.name),
        .label = label_of(l, d->text, d->name),
        .line = kad_line_no(l, d->span),
        .subject = -1,
        .owner_attribute = -1,
        .owner_role = -1,
        .extension = {.field = -1, .task = -1},
        .date = KAD_DAY_NONE,
    };
    l->rules[l->p->n_rules++] = d;
    if (d->kind != KAD_D_CADENCE) {
        add_task(l, r->name, r->label, index);
        return;
    }
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind == KAD_C_PHASE)
            add_cadence_task(l, d, &c->names.v[0], index);
        else if (c->kind == KAD_C_EXTENDED)
            add_cadence_task(l, d, &c->of, index);
    }
}

/* --- all of them --- */

static void make_tables(struct kad_lower *l)
{
    struct kad_policy *p = l->p;
    struct kad_arena *a = l->a, *t = l->u->arena;
    size_t rules = count(l, KAD_D_TASK) + count(l, KAD_D_CADENCE) + count(l, KAD_D_DUTY);
    size_t tasks = rules;
    for (size_t i = 0; i < l->u->decls.n; i++)
        if (l->u->decls.v[i]->kind == KAD_D_CADENCE)
            tasks += l->u->decls.v[i]->clauses.n;
    p->roles = kad_arena_array(a, struct kad_role, count(l, KAD_D_ROLE) + 1);
    p->choices = kad_arena_array(a, struct kad_choice, count(l, KAD_D_CHOICE) + 1);
    p->kinds = kad_arena_array(a, struct kad_kind, count(l, KAD_D_SUBJECT) + 2);
    p->events = kad_arena_array(a, struct kad_event_type, count(l, KAD_D_EVENT) + 1);
    p->params = kad_arena_array(a, struct kad_param, count(l, KAD_D_PARAM) + 1);
    p->rules = kad_arena_array(a, struct kad_rule, rules + 1);
    p->tasks = kad_arena_array(a, struct kad_task, tasks + 1);
    l->choices = kad_arena_array(t, const struct kad_decl *, count(l, KAD_D_CHOICE) + 1);
    l->kinds = kad_arena_array(t, const struct kad_decl *, count(l, KAD_D_SUBJECT) + 2);
    l->events = kad_arena_array(t, const struct kad_decl *, count(l, KAD_D_EVENT) + 1);
    l->params = kad_arena_array(t, const struct kad_decl *, count(l, KAD_D_PARAM) + 1);
    l->rules = kad_arena_array(t, const struct kad_decl *, rules + 1);
    l->choice_used = kad_arena_array(t, bool, count(l, KAD_D_CHOICE) + 1);
    l->param_used = kad_arena_array(t, bool, count(l, KAD_D_PARAM) + 1);
}

static void declare_param(struct kad_lower *l, const struct kad_decl *d)
{
    l->p->params[l->p->n_params] = (struct kad_param){.name = kad_str_dup(l->a, d->name.name),
                                                      .label = label_of(l, d->text, d->name),
                                                      .kind = -1,
                                                      .review_by = KAD_DAY_NONE,
                                                      .line = kad_line_no(l, d->span)};
    l->params[l->p->n_params++] = d;
}

static void declare(struct kad_lower *l, struct kad_decl *d)
{
    switch (d->kind) {
    case KAD_D_ROLE:
        declare_role(l, d);
        break;
    case KAD_D_CHOICE:
        declare_choice(l, d);
        break;
    case KAD_D_PARAM:
        declare_param(l, d);
        break;
    case KAD_D_SUBJECT:
        declare_kind(l, d, d->name.name);
        break;
    case KAD_D_EVENT:
        declare_event(l, d);
        break;
    default:
        break;
    }
}

static bool is_rule(const struct kad_decl *d)
{
    return d->kind == KAD_D_TASK || d->kind == KAD_D_CADENCE || d->kind == KAD_D_DUTY;
}

void kad_declare(struct kad_lower *l)
{
    make_tables(l);
    bool *first = kad_arena_array(l->u->arena, bool, l->u->decls.n + 1);
    for (size_t i = 0; i < l->u->decls.n; i++) {
        struct kad_decl *d = l->u->decls.v[i];
        if (d->kind == KAD_D_POLICY && l->policy_decl) {
            twice(l, d->name.span, KAD_STR("policy"), l->policy_decl->span.from);
            continue;
        }
        if (d->kind == KAD_D_POLICY)
            l->policy_decl = d;
        bool named = d->kind != KAD_D_POLICY && d->kind != KAD_D_EXAMPLE && d->kind != KAD_D_AT;
        first[i] = !named || !is_declared_before(l, d);
        if (first[i])
            declare(l, d);
    }
    if (kad_policy_kind(l->p, KAD_STR(KAD_PROGRAMME)) < 0)
        declare_kind(l, NULL, KAD_STR(KAD_PROGRAMME));
    kad_policy_index(l->p);
    /* Last, because their labels are the events'. */
    for (size_t i = 0; i < l->u->decls.n; i++)
        if (first[i] && is_rule(l->u->decls.v[i]))
            declare_rule(l, l->u->decls.v[i]);
}

/* What fields, params and attributes hold. */
#include "core/limits.h"
#include "dsl/lower.h"
#include "dsl/parser.h"
#include "dsl/syntax.h"

#include <stdlib.h>

/* --- fields --- */

/* The choice or subject that a field's type names; false: there is none. */
static bool named_type(struct kad_lower *l, const struct kad_ident *name, struct kad_field_def *f)
{
    for (size_t i = 0; i < l->p->n_choices; i++)
        if (kad_str_eq(l->p->choices[i].name, name->name)) {
            f->type = KAD_T_CHOICE;
            f->ref = (int)i;
            l->choice_used[i] = true;
            return true;
        }
    int kind = kad_policy_kind(l->p, name->name);
    if (kind >= 0 && l->p->kinds[kind].shape == KAD_KIND_ONE_OF) {
        f->type = KAD_T_SUBJECT;
        f->ref = kind;
        return true;
    }
    if (kind >= 0) {
        if (!l->kinds[kind] || !l->kinds[kind]->broken)
            (void)kad_say(l, name->span, KAD_K_TYPE_NOT_ONE_OF, name->name.p);
        return false;
    }
    if (kad_syntax_suspect(l->u, name->name))
        return false;
    static const int words[] = {TOK_T_TEXT,    TOK_T_NUMBER, TOK_T_DATE, TOK_T_MONEY,
                                TOK_T_PERCENT, TOK_T_PERSON, TOK_T_YESNO};
    struct kad_near near = kad_near_to(l, name->name);
    for (size_t i = 0; i < l->p->n_choices; i++)
        kad_near_try(&near, l->p->choices[i].name);
    for (size_t i = 0; i < l->p->n_kinds; i++)
        if (l->p->kinds[i].shape == KAD_KIND_ONE_OF)
            kad_near_try(&near, l->p->kinds[i].name);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        kad_near_try(&near, kad_str(kad_keyword(l, words[i])));
    kad_near_say(l, kad_say(l, name->span, KAD_K_NO_TYPE, name->name.p), &near, name->span);
    return false;
}

static void field_range(struct kad_lower *l, const struct kad_clause *c, struct kad_field_def *f)
{
    struct kad_value low, high;
    if (f->type == KAD_T_NONE)
        return;
    if (f->type != KAD_T_NUMBER && f->type != KAD_T_PERCENT && f->type != KAD_T_MONEY &&
        f->type != KAD_T_DATE) {
        (void)kad_say(l, c->n_span, KAD_K_RANGE_TYPE, f->name.p, kad_type_said(l, f->type, f->ref));
        return;
    }
    struct kad_want want = {f->type, f->ref};
    bool a = kad_value_of(l, &c->low, want, &low), b = kad_value_of(l, &c->high, want, &high);
    if (!a || !b)
        return;
    if (low.num > high.num)
        (void)kad_say(l, c->n_span, KAD_K_RANGE_REVERSED, kad_text_at(l, c->low.span),
                      kad_text_at(l, c->high.span));
    f->has_range = true;
    f->low = low.num;
    f->high = high.num;
}

void kad_type_fields(struct kad_lower *l)
{
    for (size_t e = 0; e < l->p->n_events; e++) {
        const struct kad_decl *d = l->events[e];
        l->p->events[e].kind = kad_find_kind(l, &d->of);
        size_t n = 0;
        for (size_t i = 0; i < d->clauses.n; i++) {
            const struct kad_clause *c = d->clauses.v[i];
            if (c->kind != KAD_C_FIELD)
                continue;
            struct kad_field_def *f = &l->p->events[e].fields[n++];
            f->type = c->type;
            if (c->type == KAD_T_NONE)
                (void)named_type(l, &c->of, f);
            if (c->has_range)
                field_range(l, c, f);
        }
    }
}

/* --- params --- */

static int value_cmp(const void *x, const void *y)
{
    const struct kad_param_value *a = x, *b = y;
    if (a->member != b->member)
        return a->member < b->member ? -1 : 1;
    return (a->from > b->from) - (a->from < b->from);
}

/* One amount: of the param's type, for a member where the param is `of` a subject. */
static bool param_amount(struct kad_lower *l, struct kad_param *p, const struct kad_clause *c,
                         struct kad_span *first, struct kad_param_value *ret)
{
    const struct kad_literal *v = &c->value;
    if (p->type == KAD_T_NONE) {
        p->type = v->type;
        p->per = v->per;
        *first = v->span;
    } else if (p->type != v->type || p->per != v->per) {
        const char *found = kad_text_at(l, v->span);
        struct kad_diag *d =
            kad_say(l, v->span, KAD_K_PARAM_UNLIKE, p->name.p, kad_type_said(l, p->type, -1),
                    kad_line_of(l, first->from), found);
        /* `100` among per cent. */
        if (p->type == KAD_T_PERCENT && v->type == KAD_T_NUMBER) {
            struct kad_near near = {.best =
                                        kad_str(kad_arena_printf(l->u->arena, "%s %%", found))};
            kad_near_say(l, d, &near, v->span);
        }
        return false;
    }
    ret->member = -1;
    bool named = c->name.name.p != NULL;
    if (named != (p->kind >= 0)) {
        if (named)
            (void)kad_say(l, c->name.span, KAD_K_PARAM_NO_MEMBERS, p->name.p, c->name.name.p);
        else
            (void)kad_say(l, v->span, KAD_K_PARAM_PER_MEMBER, p->name.p,
                          l->p->kinds[p->kind].name.p);
        return false;
    }
    struct kad_value member;
    struct kad_literal name = {.str = c->name.name, .span = c->name.span};
    if (named && !kad_value_of(l, &name, (struct kad_want){KAD_T_SUBJECT, p->kind}, &member))
        return false;
    if (named)
        ret->member = (int)member.num;
    return kad_value_of(l, v, (struct kad_want){p->type, -1}, &ret->value);
}

static void lower_param(struct kad_lower *l, struct kad_param *p, const struct kad_decl *d)
{
    bool of = d->of.name.p != NULL;
    if (of) {
        p->kind = kad_find_kind(l, &d->of);
        if (p->kind >= 0 && l->p->kinds[p->kind].shape != KAD_KIND_ONE_OF) {
            if (!l->kinds[p->kind] || !l->kinds[p->kind]->broken)
                (void)kad_say(l, d->of.span, KAD_K_KIND_NOT_ONE_OF, d->of.name.p);
            p->kind = -1;
        }
    }
    kad_vec(struct kad_param_value) values = {0};
    struct kad_span first = d->name.span;
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind == KAD_C_SOURCE && p->source.n == 0)
            p->source = kad_str_dup(l->a, c->text.name);
        if (c->kind == KAD_C_REVIEW_BY && (p->review_by == KAD_DAY_NONE || c->day < p->review_by))
            p->review_by = c->day;
        for (size_t k = 0; c->kind == KAD_C_AMOUNT && k < c->kids.n; k++) {
            struct kad_param_value v = {.from = c->day == KAD_DAY_NONE ? KAD_DAY_MIN : c->day};
            if (of && p->kind < 0)
                continue;
            if (!param_amount(l, p, c->kids.v[k], &first, &v))
                continue;
            for (size_t n = 0; n < values.n; n++)
                if (value_cmp(&values.v[n], &v) == 0)
                    (void)kad_say(l, c->kids.v[k]->span, KAD_K_PARAM_TWICE, p->name.p);
            kad_vec_push(l->u->arena, &values, v);
        }
    }
    if (values.n > 1)
        qsort(values.v, values.n, sizeof *values.v, value_cmp);
    p->values = kad_arena_memdup(l->a, values.v, values.n * sizeof *values.v);
    p->n_values = values.n;
    if (p->type == KAD_T_NONE && !d->broken && !(of && p->kind < 0))
        (void)kad_say(l, d->name.span, KAD_K_PARAM_NO_VALUE, p->name.p);
}

void kad_lower_params(struct kad_lower *l)
{
    for (size_t i = 0; i < l->p->n_params; i++)
        lower_param(l, &l->p->params[i], l->params[i]);
}

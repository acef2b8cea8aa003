/* Names and values as messages and look-ups need them. */
#include "dsl/build.h"
#include "dsl/lower.h"
#include "dsl/parser.h"
#include "dsl/syntax.h"
#include "dsl/words.h"

/* --- for messages --- */

const char *kad_line_of(struct kad_lower *l, uint32_t at)
{
    return kad_arena_printf(l->u->arena, "%zu", kad_source_line(&l->u->src, at) + 1);
}

const char *kad_count_text(struct kad_lower *l, int32_t n)
{
    return kad_arena_printf(l->u->arena, "%d", (int)n);
}

int kad_line_no(const struct kad_lower *l, struct kad_span at)
{
    return (int)kad_source_line(&l->u->src, at.from) + 1;
}

const char *kad_text_at(struct kad_lower *l, struct kad_span span)
{
    struct kad_str s = kad_source_slice(&l->u->src, span);
    struct kad_buf b = {0};
    bool blank = false;
    for (size_t i = 0; i < s.n; i++) {
        bool is_blank = s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r';
        if (is_blank && blank)
            continue;
        blank = is_blank;
        kad_buf_putc(&b, is_blank ? ' ' : s.p[i]);
    }
    const char *text = kad_arena_strndup(l->u->arena, kad_buf_str(&b), b.n);
    kad_buf_done(&b);
    return text;
}

const char *kad_keyword(const struct kad_lower *l, int token)
{
    const char *word = kad_word_of(token, l->u->swedish);
    return word ? word : "";
}

/* --- every name, by its space --- */

static size_t slot_of(const struct kad_names *t, enum kad_space space, struct kad_str name)
{
    uint32_t h = 2166136261u ^ (uint32_t)space;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)name.p[i]) * 16777619u;
    size_t at = (h ^ h >> 15) & (t->cap - 1);
    while (t->v[at].space != 0 && (t->v[at].space != space || !kad_str_eq(t->v[at].name, name)))
        at = (at + 1) & (t->cap - 1);
    return at;
}

const struct kad_named *kad_name_get(const struct kad_names *t, enum kad_space space,
                                     struct kad_str name)
{
    if (t->cap == 0)
        return NULL;
    const struct kad_named *e = &t->v[slot_of(t, space, name)];
    return e->space != 0 ? e : NULL;
}

void kad_name_put(struct kad_lower *l, struct kad_named entry)
{
    struct kad_names *t = &l->names;
    if (2 * t->n >= t->cap) {
        struct kad_names old = *t;
        t->cap = old.cap ? 2 * old.cap : 256;
        t->v = kad_arena_array(l->u->arena, struct kad_named, t->cap);
        for (size_t i = 0; i < old.cap; i++)
            if (old.v[i].space != 0)
                t->v[slot_of(t, old.v[i].space, old.v[i].name)] = old.v[i];
    }
    struct kad_named *e = &t->v[slot_of(t, entry.space, entry.name)];
    t->n += e->space == 0;
    *e = entry;
}

/* --- names that are nearly right --- */

#define SLIPS 2

struct kad_near kad_near_to(const struct kad_lower *l, struct kad_str wanted)
{
    if (kad_diags_full(l->u->diags))
        return (struct kad_near){.wanted = wanted};
    /* In a short name two slips make another name. */
    return (struct kad_near){.wanted = wanted, .distance = wanted.n <= 4 ? 2 : SLIPS + 1};
}

/* One in the plural, or otherwise with another end: most of the shorter one begins both. How long the
 * two ends are together; 0: they are two words. */
static size_t ends_of(struct kad_str a, struct kad_str b)
{
    size_t same = 0, shorter = a.n < b.n ? a.n : b.n;
    while (same < shorter && a.p[same] == b.p[same])
        same++;
    size_t ends = a.n + b.n - 2 * same;
    return same >= 4 && 4 * same >= 3 * shorter && ends <= 5 ? ends : 0;
}

void kad_near_try(struct kad_near *n, struct kad_str name)
{
    if (n->distance == 0 || name.n == 0)
        return;
    size_t ends = ends_of(n->wanted, name);
    if (ends > 0 && (n->best.n == 0 || ends < n->ends)) { /* gives way to any that is nearer */
        n->best = name;
        n->ends = ends;
    }
    unsigned d = kad_text_distance(n->wanted, name, n->distance - 1);
    if (d < n->distance) {
        n->distance = d;
        n->best = name;
        n->ends = 1;
    }
}

void kad_near_say(struct kad_lower *l, struct kad_diag *r, const struct kad_near *n,
                  struct kad_span span)
{
    if (n->best.n == 0)
        return;
    kad_advise(l->u->diags, r, _("Did you mean `%.*s`?"), KAD_STR_FMT(n->best));
    kad_mend(l->u->diags, &l->u->src, r, span, n->best);
}

/* People see labels, and write them. */
static void try_label(struct kad_near *n, struct kad_str label, struct kad_str name)
{
    if (kad_str_eq(n->wanted, label))
        *n = (struct kad_near){.wanted = n->wanted, .best = name, .distance = 0};
}

void kad_near_choice(struct kad_near *n, const struct kad_choice *c)
{
    for (size_t i = 0; i < c->n_values; i++) {
        kad_near_try(n, c->values[i].name);
        try_label(n, c->values[i].label, c->values[i].name);
    }
}

void kad_near_members(struct kad_near *n, const struct kad_kind *k)
{
    for (size_t i = 0; i < k->n_members; i++) {
        kad_near_try(n, k->members[i].name);
        try_label(n, k->members[i].label, k->members[i].name);
    }
}

/* --- look-ups that complain --- */

static bool is_suspect(const struct kad_lower *l, const struct kad_ident *name)
{
    return name->name.n == 0 || kad_syntax_suspect(l->u, name->name);
}

int kad_find_event(struct kad_lower *l, const struct kad_ident *name)
{
    int i = kad_policy_event(l->p, name->name);
    if (i >= 0 || is_suspect(l, name))
        return i;
    struct kad_near near = kad_near_to(l, name->name);
    for (size_t k = 0; k < l->p->n_events; k++)
        kad_near_try(&near, l->p->events[k].name);
    kad_near_say(l, kad_say(l, name->span, KAD_K_NO_EVENT, name->name.p), &near, name->span);
    return -1;
}

int kad_find_event_of(struct kad_lower *l, const struct kad_ident *name, int kind)
{
    int i = kad_find_event(l, name);
    if (i < 0 || kind < 0 || l->p->events[i].kind < 0 || l->p->events[i].kind == kind)
        return i;
    (void)kad_say(l, name->span, KAD_K_EVENT_OF_OTHER, name->name.p,
                  l->p->kinds[l->p->events[i].kind].name.p, l->p->kinds[kind].name.p);
    return -1;
}

/* `employment ended` for `employment_ended`: the one event that the two words name; -1: none. */
static int joined_event(struct kad_lower *l, const struct kad_ident *a, const struct kad_ident *b)
{
    const char *name = kad_arena_printf(l->u->arena, "%s_%s", a->name.p, b->name.p);
    return kad_policy_event(l->p, kad_str(name));
}

kad_idents kad_event_list(struct kad_lower *l, const kad_idents *names)
{
    kad_idents meant = {0};
    for (size_t i = 0; i < names->n; i++) {
        struct kad_ident name = names->v[i];
        int joined = i + 1 < names->n && names->v[i + 1].no_comma
                         ? joined_event(l, &name, &names->v[i + 1])
                         : -1;
        if (joined >= 0) {
            struct kad_near near = {.best = l->p->events[joined].name};
            name.span.to = names->v[++i].span.to;
            name.name = near.best;
            kad_near_say(l, kad_say(l, name.span, KAD_K_NO_EVENT, kad_text_at(l, name.span)), &near,
                         name.span);
        } else if (name.no_comma) {
            kad_missing_comma(l->u, name.span);
        }
        kad_vec_push(l->u->arena, &meant, name);
    }
    return meant;
}

int kad_find_field(struct kad_lower *l, int event, const struct kad_ident *name)
{
    if (event < 0)
        return -1;
    const struct kad_event_type *e = &l->p->events[event];
    int i = kad_event_field(e, name->name);
    if (i >= 0 || is_suspect(l, name))
        return i;
    struct kad_near near = kad_near_to(l, name->name);
    for (size_t k = 0; k < e->n_fields; k++)
        kad_near_try(&near, e->fields[k].name);
    kad_near_say(l, kad_say(l, name->span, KAD_K_NO_FIELD, e->name.p, name->name.p), &near,
                 name->span);
    return -1;
}

int kad_find_kind(struct kad_lower *l, const struct kad_ident *name)
{
    int i = kad_policy_kind(l->p, name->name);
    if (i >= 0 || is_suspect(l, name))
        return i;
    struct kad_near near = kad_near_to(l, name->name);
    for (size_t k = 0; k < l->p->n_kinds; k++)
        kad_near_try(&near, l->p->kinds[k].name);
    kad_near_say(l, kad_say(l, name->span, KAD_K_NO_KIND, name->name.p), &near, name->span);
    return -1;
}

int kad_find_attribute(struct kad_lower *l, int kind, const struct kad_ident *name)
{
    if (kind < 0)
        return -1;
    const struct kad_kind *k = &l->p->kinds[kind];
    int i = kad_kind_attribute(k, name->name);
    if (i >= 0 || is_suspect(l, name))
        return i;
    struct kad_near near = kad_near_to(l, name->name);
    for (size_t n = 0; n < k->n_attributes; n++)
        kad_near_try(&near, k->attributes[n].name);
    kad_near_say(l, kad_say(l, name->span, KAD_K_NO_ATTRIBUTE, k->name.p, name->name.p), &near,
                 name->span);
    return -1;
}

int kad_find_task(struct kad_lower *l, const struct kad_ident *a, const struct kad_ident *b,
                  int kind)
{
    struct kad_str full = a->name;
    struct kad_span span = {a->span.from, a->span.to};
    if (b->name.p) {
        full = kad_str(kad_arena_printf(l->u->arena, "%s.%s", a->name.p, b->name.p));
        span.to = b->span.to;
    }
    const struct kad_named *known = kad_name_get(&l->names, KAD_SP_TASK, full);
    int i = known ? known->index : -1;
    if (i >= 0) {
        int of = l->p->rules[l->p->tasks[i].rule].subject;
        if (kind < 0 || of < 0 || of == kind)
            return i;
        (void)kad_say(l, span, KAD_K_TASK_OF_OTHER, full.p, l->p->kinds[of].name.p,
                      l->p->kinds[kind].name.p);
        return -1;
    }
    if (is_suspect(l, a) || (b->name.p && is_suspect(l, b)))
        return -1;
    struct kad_near near = kad_near_to(l, full);
    for (size_t k = 0; k < l->p->n_tasks; k++) {
        struct kad_str name = l->p->tasks[k].name;
        const char *dot = memchr(name.p, '.', name.n);
        size_t at = dot ? (size_t)(dot - name.p) + 1 : 0;
        kad_near_try(&near, name);
        /* `visit` for `aftercare.visit`. */
        try_label(&near, (struct kad_str){name.p + at, name.n - at}, name);
    }
    kad_near_say(l, kad_say(l, span, KAD_K_NO_TASK, full.p), &near, span);
    return -1;
}

/* --- types and values --- */

const char *kad_type_said(struct kad_lower *l, enum kad_type type, int ref)
{
    switch (type) {
    case KAD_T_TEXT:
        return _("a text");
    case KAD_T_NUMBER:
        return _("a number");
    case KAD_T_PERCENT:
        return _("per cent");
    case KAD_T_MONEY:
        return _("an amount of money");
    case KAD_T_DATE:
        return _("a date");
    case KAD_T_YESNO:
        return _("yes or no");
    case KAD_T_PERSON:
        return _("a person");
    case KAD_T_CHOICE:
        return kad_arena_printf(l->u->arena, _("a choice of `%s`"), l->p->choices[ref].name.p);
    case KAD_T_SUBJECT:
        return kad_arena_printf(l->u->arena, _("one of `%s`"), l->p->kinds[ref].name.p);
    default:
        return _("a name");
    }
}

static bool no_such_value(struct kad_lower *l, const struct kad_literal *lit, struct kad_want want)
{
    struct kad_ident name = {.name = lit->str, .span = lit->span};
    if (is_suspect(l, &name))
        return false;
    struct kad_near near = kad_near_to(l, lit->str);
    if (want.type == KAD_T_CHOICE) {
        const struct kad_choice *c = &l->p->choices[want.ref];
        if (kad_syntax_suspect(l->u, c->name))
            return false;
        kad_near_choice(&near, c);
        kad_near_say(l, kad_say(l, lit->span, KAD_K_NO_CHOICE_VALUE, c->name.p, lit->str.p), &near,
                     lit->span);
        return false;
    }
    const struct kad_kind *k = &l->p->kinds[want.ref];
    kad_near_members(&near, k);
    kad_near_say(l, kad_say(l, lit->span, KAD_K_NO_MEMBER, k->name.p, lit->str.p), &near,
                 lit->span);
    return false;
}

static bool of_name(struct kad_lower *l, const struct kad_literal *lit, struct kad_want want,
                    struct kad_value *ret)
{
    *ret = (struct kad_value){.type = want.type, .know = KAD_KNOWN};
    int i = -1;
    switch (want.type) {
    case KAD_T_CHOICE:
        i = kad_choice_value(&l->p->choices[want.ref], lit->str);
        break;
    case KAD_T_SUBJECT:
        i = kad_kind_member(&l->p->kinds[want.ref], lit->str);
        break;
    case KAD_T_PERSON:
        ret->str = kad_str_dup(l->a, lit->str);
        return true;
    default:
        (void)kad_say(l, lit->span, KAD_K_VALUE_TYPE, lit->str.p, _("a name"),
                      kad_type_said(l, want.type, want.ref));
        return false;
    }
    if (i < 0)
        return no_such_value(l, lit, want);
    ret->num = i;
    ret->str = want.type == KAD_T_CHOICE ? l->p->choices[want.ref].values[i].name
                                         : l->p->kinds[want.ref].members[i].name;
    return true;
}

bool kad_value_of(struct kad_lower *l, const struct kad_literal *lit, struct kad_want want,
                  struct kad_value *ret)
{
    if (want.type == KAD_T_NONE)
        return false;
    if (lit->type == KAD_T_NONE)
        return of_name(l, lit, want, ret);
    bool fits = lit->type == want.type || (lit->type == KAD_T_TEXT && want.type == KAD_T_PERSON);
    if (!fits) {
        (void)kad_say(l, lit->span, KAD_K_VALUE_TYPE, kad_text_at(l, lit->span),
                      kad_type_said(l, lit->type, -1), kad_type_said(l, want.type, want.ref));
        return false;
    }
    *ret = (struct kad_value){.type = want.type, .know = KAD_KNOWN, .num = lit->num};
    if (lit->type == KAD_T_TEXT)
        ret->str = kad_str_dup(l->a, lit->str);
    return true;
}

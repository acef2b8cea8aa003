/* Explanations: the frame, conditions and values. */
#include "core/explain_priv.h"

#include <stdlib.h>

static const struct {
    const char *word;
    enum kad_section section;
} says[KAD_SAY__COUNT] = {
#define X(name, word, section) [KAD_SAY_##name] = {word, KAD_E_##section},
    KAD_STEP_MAP(X)
#undef X
};

const char *kad_say_word(enum kad_say s)
{
    kad_assert(s < KAD_SAY__COUNT);
    return says[s].word;
}

enum kad_section kad_say_section(enum kad_say s)
{
    kad_assert(s < KAD_SAY__COUNT);
    return says[s].section;
}

struct kad_step *kad_step_add(struct kad_explanation *e, struct kad_arena *a, enum kad_say say)
{
    struct kad_step step = {.say = say, .day = KAD_DAY_NONE, .to = KAD_DAY_NONE,
                            .moved = KAD_DAY_NONE};
    kad_vec_push(a, &e->steps, step);
    return &e->steps.v[e->steps.n - 1];
}

void kad_explanation_sort(struct kad_explanation *e)
{
    /* Few, and nearly in order: each is moved back behind the last of its section. */
    for (size_t i = 1; i < e->steps.n; i++) {
        struct kad_step s = e->steps.v[i];
        size_t at = i;
        for (; at > 0 && kad_say_section(e->steps.v[at - 1].say) > kad_say_section(s.say); at--)
            e->steps.v[at] = e->steps.v[at - 1];
        e->steps.v[at] = s;
    }
}

void kad_why_begin(struct kad_why *w, struct kad_derive *d, kad_day day,
                   struct kad_explanation *ret)
{
    *ret = (struct kad_explanation){.subject = d->story->subject, .day = day};
    *w = (struct kad_why){d, d->arena, day, ret};
}

struct kad_step *kad_why_add(struct kad_why *w, enum kad_say say)
{
    return kad_step_add(w->e, w->a, say);
}

/* --- events and rules --- */

struct kad_str kad_event_called(const struct kad_bound *b, size_t pos)
{
    return b->policy->events[b->events[pos]].label;
}

struct kad_step *kad_why_event(struct kad_why *w, enum kad_say say, const struct kad_bound *b,
                               size_t pos)
{
    const struct kad_fact *f = &w->d->story->facts[pos];
    struct kad_step *s = kad_why_add(w, say);
    s->label = b->events[pos] >= 0 ? kad_event_called(b, pos) : f->type;
    s->name = f->type;
    s->day = f->on;
    s->seq = f->seq;
    return s;
}

struct kad_str kad_triggers_called(struct kad_why *w, const struct kad_policy *p,
                                   const struct kad_triggers *t)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < t->n; i++) {
        kad_buf_printf(&b, "%s%.*s", i == 0 ? "" : i + 1 < t->n ? ", " : _(" or "),
                       KAD_STR_FMT(p->events[t->v[i].event].label));
        if (t->v[i].where)
            kad_buf_printf(&b, _(" where %.*s"), KAD_STR_FMT(t->v[i].where->text));
    }
    struct kad_str s = kad_str_dup(w->a, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
    return s;
}

/* A line of the file, without its blanks and its comment's. */
static struct kad_str line_of(struct kad_str text, int line)
{
    size_t at = 0;
    for (int i = 1; i < line && at < text.n; at++)
        i += text.p[at] == '\n';
    size_t end = at;
    while (end < text.n && text.p[end] != '\n')
        end++;
    while (at < end && (text.p[at] == ' ' || text.p[at] == '\t'))
        at++;
    while (end > at && (text.p[end - 1] == ' ' || text.p[end - 1] == '\r'))
        end--;
    return (struct kad_str){text.p ? text.p + at : "", end - at};
}

static struct kad_str folded(struct kad_arena *a, struct kad_str s)
{
    char *p = kad_arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ' ' || (n > 0 && p[n - 1] != ' '))
            p[n++] = s.p[i];
    return (struct kad_str){p, n};
}

void kad_why_line(struct kad_why *w, const struct kad_adoption *a, struct kad_str label,
                  struct kad_str source, int line)
{
    struct kad_step *s = kad_why_add(w, KAD_SAY_RULE);
    s->label = label;
    s->line = line;
    s->adoption = a;
    s->source = source;
    s->text = folded(w->a, line_of(a->policy->text, line));
}

void kad_why_rule(struct kad_why *w, const struct kad_adoption *a, const struct kad_rule *rule,
                  int line)
{
    if (rule->reading.n > 0)
        kad_why_add(w, KAD_SAY_READING)->text = rule->reading;
    kad_why_line(w, a, rule->label, rule->source, line);
}

struct kad_str kad_why_value(struct kad_why *w, const struct kad_bound *b, struct kad_value v,
                             enum kad_type type, int ref)
{
    if (!kad_value_known(v))
        return (struct kad_str){0};
    struct kad_buf text = {0};
    kad_policy_put_value(&text, b->policy, v, type, ref);
    struct kad_str s = kad_str_dup(w->a, (struct kad_str){kad_buf_str(&text), text.n});
    kad_buf_done(&text);
    return s;
}

/* --- what set a value --- */

static void why_param(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b, int i,
                      int member, kad_day day, int depth)
{
    const struct kad_param *p = &b->policy->params[i];
    struct kad_step *s = kad_why_add(w, KAD_SAY_PARAM);
    s->depth = depth;
    s->label = p->label;
    s->name = p->name;
    s->value = kad_why_value(w, b, kad_param_on(p, member, day), p->type, -1);
    s->source = p->source;
    s->adoption = a;
    s->line = p->line;
    for (size_t k = 0; k < p->n_values; k++)
        if (p->values[k].member == member && p->values[k].from <= day &&
            p->values[k].from > KAD_DAY_MIN)
            s->day = p->values[k].from;
}

/* What a computed value rests on, one deeper; each attribute once. */
static void why_parts(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                      const struct kad_expr *x, struct kad_place at, int depth)
{
    if (x->op == KAD_X_ATTR)
        kad_why_attribute(w, a, b, x->index, at.pos, at.day, depth);
    else if (x->op == KAD_X_PARAM)
        why_param(w, a, b, x->index, -1, at.day, depth);
    for (size_t i = 0; i < x->n_args; i++)
        if (x->args[i])
            why_parts(w, a, b, x->args[i], at, depth);
}

static bool is_told(const struct kad_why *w, enum kad_say say, struct kad_str name, uint64_t seq,
                    int depth)
{
    for (size_t i = w->e->steps.n; i > 0; i--) {
        const struct kad_step *s = &w->e->steps.v[i - 1];
        if (s->say == say && kad_str_eq(s->name, name) && s->seq == seq && s->depth == depth)
            return true;
    }
    return false;
}

void kad_why_attribute(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b, int i,
                       size_t pos, kad_day day, int depth)
{
    const struct kad_attribute *attr = &b->policy->kinds[b->kind].attributes[i];
    if (attr->param >= 0) {
        why_param(w, a, b, attr->param, b->member, day, depth);
        return;
    }
    if (attr->expr) {
        struct kad_place at = {pos, day, NULL};
        struct kad_step *s = kad_why_add(w, KAD_SAY_COMPUTED);
        s->depth = depth;
        s->label = attr->label;
        s->name = attr->name;
        s->text = attr->expr->text;
        s->value = kad_why_value(w, b, kad_attribute_eval(w->d, b, i, pos, day), attr->type,
                                 attr->ref);
        s->adoption = a;
        s->line = attr->line;
        why_parts(w, a, b, attr->expr, at, depth + 1);
        return;
    }
    struct kad_attr_source source;
    struct kad_value v = kad_attribute_latest(w->d, b, attr, pos, &source);
    bool set = source.pos != KAD_NOWHERE;
    enum kad_say say = set                    ? KAD_SAY_SET_BY
                       : kad_value_known(v)   ? KAD_SAY_OTHERWISE
                                              : KAD_SAY_NEVER_SET;
    if (is_told(w, say, attr->name, set ? w->d->story->facts[source.pos].seq : 0, depth))
        return;
    struct kad_step *s = set ? kad_why_event(w, say, b, source.pos) : kad_why_add(w, say);
    s->text = set ? s->label : (struct kad_str){0};
    s->depth = depth;
    s->label = attr->label;
    s->name = attr->name;
    if (!attr->is_private)
        s->value = kad_why_value(w, b, v, attr->type, attr->ref);
    s->adoption = a;
    s->line = attr->line;
}

/* --- conditions --- */

/* The events that set what the leaves say. An event's own fields are in the step already. */
static void why_leaves(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                       const struct kad_leaf *leaves, size_t n, struct kad_place at, int depth)
{
    for (size_t i = 0; i < n; i++)
        if (leaves[i].x->op == KAD_X_ATTR || leaves[i].x->op == KAD_X_PARAM)
            why_parts(w, a, b, leaves[i].x, at, depth);
}

static struct kad_str joined(struct kad_arena *a, const struct kad_leaf *leaves, size_t n)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < n; i++)
        kad_buf_printf(&b, "%s%.*s", i > 0 ? ", " : "", KAD_STR_FMT(leaves[i].text));
    struct kad_str s = kad_str_dup(a, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
    return s;
}

static size_t why_part(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                       const struct kad_expr *x, struct kad_place at, int depth)
{
    enum kad_truth t = kad_expr_truth(w->d, b, x, at);
    const struct kad_leaf *leaves;
    size_t n = kad_leaves_of(w->d, b, x, at, &leaves);
    struct kad_step *s = kad_why_add(w, t == KAD_YES  ? KAD_SAY_HOLDS
                                        : t == KAD_NO ? KAD_SAY_FAILS
                                                      : KAD_SAY_UNDECIDED);
    s->depth = depth;
    s->text = x->text;
    s->value = joined(w->a, leaves, n);
    s->adoption = a;
    s->line = x->line;
    why_leaves(w, a, b, leaves, n, at, depth + 1);
    return t != KAD_YES;
}

size_t kad_why_condition(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                         const struct kad_expr *x, struct kad_place at, int depth,
                         const struct kad_expr **ret_one)
{
    if (x->op != KAD_X_AND) {
        size_t failed = why_part(w, a, b, x, at, depth);
        if (failed)
            *ret_one = x;
        return failed;
    }
    size_t failed = 0;
    for (size_t i = 0; i < x->n_args; i++)
        failed += kad_why_condition(w, a, b, x->args[i], at, depth, ret_one);
    return failed;
}

/* --- an attribute asked for --- */

/* The values before the one that stands, newest first. */
static void why_before(struct kad_why *w, struct kad_bound *b, const struct kad_attribute *attr,
                       size_t pos)
{
    struct kad_attr_source source;
    kad_attribute_latest(w->d, b, attr, pos, &source);
    for (int n = 0; n < KAD_E_MOST && source.pos != KAD_NOWHERE; n++) {
        struct kad_value v = kad_attribute_latest(w->d, b, attr, source.pos, &source);
        if (source.pos == KAD_NOWHERE)
            return;
        struct kad_step *s = kad_why_event(w, KAD_SAY_BEFORE, b, source.pos);
        s->text = s->label;
        s->label = attr->label;
        s->name = attr->name;
        if (!attr->is_private)
            s->value = kad_why_value(w, b, v, attr->type, attr->ref);
    }
}

/* Every event that could set it. */
static void why_settable(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                         const struct kad_attribute *attr)
{
    const struct kad_policy *p = b->policy;
    for (size_t i = 0; i < attr->n_items; i++) {
        const struct kad_attr_item *item = &attr->items[i];
        const struct kad_event_type *e = &p->events[item->after.event];
        struct kad_step *s = kad_why_add(w, KAD_SAY_WOULD_SET);
        s->label = e->label;
        s->name = e->name;
        s->adoption = a;
        s->line = attr->line;
        if (item->field >= 0)
            s->text = e->fields[item->field].label;
        else
            s->value = kad_why_value(w, b, item->value, attr->type, attr->ref);
    }
}

bool kad_explain_attribute(struct kad_derive *d, kad_day day, struct kad_str attribute,
                           struct kad_explanation *ret)
{
    struct kad_why w;
    kad_why_begin(&w, d, day, ret);
    size_t pos = kad_end_of(d->story, day);
    for (size_t name = 0; name < d->n_names; name++) {
        const struct kad_adoption *a = kad_in_force(d, name, day, pos);
        struct kad_bound *b = a ? kad_bound_of(d, a) : NULL;
        const struct kad_kind *kind = b && b->kind >= 0 ? &b->policy->kinds[b->kind] : NULL;
        int i = kind ? kad_kind_attribute(kind, attribute) : -1;
        if (i < 0)
            continue;
        const struct kad_attribute *attr = &kind->attributes[i];
        struct kad_value v = kad_attribute_eval(d, b, i, pos, day);
        bool hidden = v.know != KAD_UNKNOWN && attr->is_private && !attr->expr;
        struct kad_step *s = kad_why_add(&w, v.know == KAD_SEALED   ? KAD_SAY_VALUE_SEALED
                                             : v.know == KAD_ERASED ? KAD_SAY_VALUE_ERASED
                                             : hidden               ? KAD_SAY_VALUE_PRIVATE
                                             : kad_value_known(v)   ? KAD_SAY_VALUE
                                                                    : KAD_SAY_VALUE_UNKNOWN);
        s->label = attr->label;
        s->name = attr->name;
        s->day = day;
        s->value = hidden ? (struct kad_str){0} : kad_why_value(&w, b, v, attr->type, attr->ref);
        kad_why_attribute(&w, a, b, i, pos, day, 0);
        if (attr->n_items > 0)
            why_before(&w, b, attr, pos);
        kad_why_line(&w, a, attr->label, (struct kad_str){0}, attr->line);
        struct kad_step *policy = kad_why_add(&w, KAD_SAY_POLICY);
        policy->adoption = a;
        policy->day = day;
        if (v.know == KAD_UNKNOWN)
            why_settable(&w, a, b, attr);
        kad_explanation_sort(ret);
        return true;
    }
    return false;
}

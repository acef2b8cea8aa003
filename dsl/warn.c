/* Warnings: what can be used but can hardly be meant. Only what is certain is said, so that a file
 * without mistakes is silent; docs/language.md says what is looked at and what is not.
 * Source: language.md, "What the tools over it must do". */
#include "dsl/certain.h"
#include "dsl/dsl.h"
#include "dsl/example.h"
#include "dsl/lower.h"
#include "dsl/parser.h"

#include <stdlib.h>

/* --- conditions that never hold, or always --- */

/* What follows from it, by where the condition stands. */
enum where {
    AT_WHEN,
    AT_FROM,
    AT_UNTIL,
    AT_DONE,
    AT_DUTY,
    AT_REQUIRE,
    AT_EXPECT,
    AT_ITEM,
    AT_COUNT,
    AT_ATTRIBUTE
};
static const struct {
    const char *never, *always;
} consequences[] = {
    [AT_WHEN] = {N_("The line opens no task."), NULL},
    [AT_FROM] = {N_("The cadence never begins."), NULL},
    [AT_UNTIL] = {N_("The line ends nothing."), NULL},
    [AT_DONE] = {N_("No such event does the task."), NULL},
    [AT_DUTY] = {N_("Nobody has the duty."), NULL},
    [AT_REQUIRE] = {N_("Every such event is refused."), N_("The line refuses nothing.")},
    [AT_EXPECT] = {N_("Every such event is noted as a deviation."), N_("The line notes nothing.")},
    [AT_ITEM] = {N_("It sets no value."), NULL},
    [AT_COUNT] = {N_("It counts nothing, so the number is always 0."), NULL},
    [AT_ATTRIBUTE] = {N_("The attribute is never yes."), N_("The attribute is always yes.")},
};

struct judge {
    struct kad_lower *l;
    int kind;
    enum where where;
};

static int by_address(const void *x, const void *y)
{
    uintptr_t a = (uintptr_t)((const struct kad_placed *)x)->x;
    uintptr_t b = (uintptr_t)((const struct kad_placed *)y)->x;
    return (a > b) - (a < b);
}

static struct kad_span span_of(const struct kad_lower *l, const struct kad_expr *x)
{
    struct kad_placed key = {.x = x};
    const struct kad_placed *at = bsearch(&key, l->placed.v, l->placed.n, sizeof key, by_address);
    kad_assert(at);
    return at->span;
}

/* The part that alone makes the whole so. */
static const struct kad_expr *culprit(const struct judge *j, const struct kad_expr *x,
                                      enum kad_certainty c)
{
    enum kad_op joint = c == KAD_NEVER ? KAD_X_AND : KAD_X_OR;
    for (size_t i = 0; x->op == joint && i < x->n_args; i++)
        if (kad_certainty_of(&j->l->certain, j->kind, x->args[i]) == c)
            return culprit(j, x->args[i], c);
    return x;
}

static void say_certain(const struct judge *j, const struct kad_expr *x, enum kad_certainty c,
                        bool whole)
{
    bool never = c == KAD_NEVER;
    const struct kad_expr *why = culprit(j, x, c);
    struct kad_diag *r = kad_say(j->l, span_of(j->l, why),
                                 never ? KAD_K_NEVER_TRUE : KAD_K_ALWAYS_TRUE, why->text.p);
    const char *then = never ? consequences[j->where].never : consequences[j->where].always;
    if (whole && then)
        kad_advise(j->l->u->diags, r, "%s", _(then));
}

static void judge_counts(const struct judge *j, const struct kad_expr *x);

static void judge_part(const struct judge *j, const struct kad_expr *x, bool whole)
{
    enum kad_certainty c = kad_certainty_of(&j->l->certain, j->kind, x);
    if (c != KAD_DEPENDS) {
        say_certain(j, x, c, whole);
        return;
    }
    for (size_t i = 0; (x->op == KAD_X_AND || x->op == KAD_X_OR) && i < x->n_args; i++)
        judge_part(j, x->args[i], false);
}

static void judge_condition(struct kad_lower *l, int kind, enum where where,
                            const struct kad_expr *x)
{
    struct judge j = {l, kind, where};
    if (!x)
        return;
    judge_part(&j, x, true);
    judge_counts(&j, x);
}

static void judge_counts(const struct judge *j, const struct kad_expr *x)
{
    for (size_t i = 0; i < x->n_args; i++) {
        if (!x->args[i])
            continue;
        if (x->op == KAD_X_COUNT)
            judge_condition(j->l, j->kind, AT_COUNT, x->args[i]);
        else
            judge_counts(j, x->args[i]);
    }
}

static void judge_triggers(struct kad_lower *l, int kind, enum where where,
                           const struct kad_triggers *t)
{
    for (size_t i = 0; i < t->n; i++)
        judge_condition(l, kind, where, t->v[i].where);
}

static void judge_attribute(struct kad_lower *l, int kind, const struct kad_attribute *a)
{
    for (size_t i = 0; i < a->n_items; i++)
        judge_condition(l, kind, AT_ITEM, a->items[i].after.where);
    if (a->expr && a->type == KAD_T_YESNO)
        judge_condition(l, kind, AT_ATTRIBUTE, a->expr);
    else if (a->expr)
        judge_counts(&(struct judge){l, kind, AT_COUNT}, a->expr);
    if (a->expr && a->expr->op == KAD_X_COUNT && a->type != KAD_T_YESNO && a->expr->args[0])
        judge_condition(l, kind, AT_COUNT, a->expr->args[0]);
}

static void warn_conditions(struct kad_lower *l)
{
    const struct kad_policy *p = l->p;
    for (size_t k = 0; k < p->n_kinds; k++)
        for (size_t i = 0; i < p->kinds[k].n_attributes; i++)
            judge_attribute(l, (int)k, &p->kinds[k].attributes[i]);
    for (size_t i = 0; i < p->n_guards; i++)
        judge_condition(l, p->events[p->guards[i].event].kind,
                        p->guards[i].require ? AT_REQUIRE : AT_EXPECT, p->guards[i].condition);
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct kad_rule *r = &p->rules[i];
        for (size_t k = 0; k < r->n_whens; k++)
            judge_condition(l, r->subject, AT_WHEN, r->whens[k].trigger.where);
        judge_triggers(l, r->subject, AT_FROM, &r->from);
        judge_triggers(l, r->subject, AT_UNTIL, &r->until);
        judge_condition(l, r->subject, AT_DUTY, r->where);
    }
    for (size_t i = 0; i < p->n_tasks; i++)
        judge_triggers(l, p->rules[p->tasks[i].rule].subject, AT_DONE, &p->tasks[i].done_by);
}

/* --- what stands behind something that takes everything --- */

struct behind {
    const struct kad_expr **before; /* conditions of the same event that are tried first */
    size_t n;
};

/* `line` is that of the first; `at` the place to show. */
static void warn_behind(struct kad_lower *l, int kind, const struct behind *b,
                        const struct kad_trigger *t, struct kad_span at, int line)
{
    bool never = t->where && kad_certainty_of(&l->certain, kind, t->where) == KAD_NEVER;
    if (b->n == 0 || never || !kad_is_taken(&l->certain, kind, t->where, b->before, b->n))
        return;
    const char *text = kad_count_text(l, line);
    (void)kad_say(l, at, KAD_K_NEVER_REACHED, text, l->p->events[t->event].name.p);
}

static struct kad_span line_span(const struct kad_source *s, int line)
{
    struct kad_str text = kad_source_line_text(s, (size_t)line - 1);
    uint32_t from = s->lines[line - 1], i = 0;
    while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t'))
        i++;
    uint32_t to = kad_source_line_end(s, (size_t)line - 1);
    return (struct kad_span){from + i, to > from + i ? to : from + i};
}

static void warn_whens(struct kad_lower *l, const struct kad_rule *r)
{
    const struct kad_expr **before =
        kad_arena_array(l->u->arena, const struct kad_expr *, r->n_whens + 1);
    for (size_t k = 1; k < r->n_whens && k < 100; k++) {
        struct behind b = {before, 0};
        int line = 0;
        for (size_t i = 0; i < k; i++)
            if (r->whens[i].trigger.event == r->whens[k].trigger.event) {
                before[b.n++] = r->whens[i].trigger.where;
                line = r->whens[i].line;
            }
        warn_behind(l, r->subject, &b, &r->whens[k].trigger,
                    line_span(&l->u->src, r->whens[k].line), line);
    }
}

/* An item that gives way where its field is not said takes nothing for certain. */
static bool takes(const struct kad_policy *p, const struct kad_attr_item *k)
{
    return k->field < 0 || !p->events[k->after.event].fields[k->field].optional;
}

static void warn_items(struct kad_lower *l, int kind, size_t attribute)
{
    const struct kad_attribute *a = &l->p->kinds[kind].attributes[attribute];
    const struct kad_clause *c = l->attrs[kind][attribute].clause;
    const struct kad_expr **before =
        kad_arena_array(l->u->arena, const struct kad_expr *, a->n_items + 1);
    for (size_t k = 1; k < a->n_items && k < 100; k++) {
        struct behind b = {before, 0};
        int line = 0;
        for (size_t i = 0; i < k; i++)
            if (a->items[i].after.event == a->items[k].after.event && takes(l->p, &a->items[i])) {
                before[b.n++] = a->items[i].after.where;
                line = kad_line_no(l, c->kids.v[i]->span);
            }
        warn_behind(l, kind, &b, &a->items[k].after, c->kids.v[k]->span, line);
    }
}

/* --- tasks that nothing can do --- */

/* The event that ends the task whatever else is the case; -1: only on a condition, or not. */
static bool ends_always(const struct kad_rule *r, int event)
{
    for (size_t i = 0; i < r->until.n; i++)
        if (r->until.v[i].event == event && !r->until.v[i].where)
            return true;
    for (size_t i = 0; i < r->from.n && !r->from_every; i++)
        if (r->from.v[i].event == event && !r->from.v[i].where)
            return true;
    return false;
}

/* All that would do the task ends it first: what comes with the ending event does not count. */
static void warn_never_done(struct kad_lower *l, const struct kad_task *t)
{
    const struct kad_rule *r = &l->p->rules[t->rule];
    for (size_t i = 0; i < t->done_by.n; i++)
        if (!ends_always(r, t->done_by.v[i].event))
            return;
    if (t->done_by.n > 0)
        (void)kad_say(l, l->rules[t->rule]->name.span, KAD_K_NEVER_DONE, t->name.p,
                      l->p->events[t->done_by.v[0].event].name.p);
}

/* --- a yes/no of what there may be several of --- */

/* Does some cadence say that several of the event go on side by side? */
static bool side_by_side(const struct kad_policy *p, int event)
{
    for (size_t i = 0; i < p->n_rules; i++)
        for (size_t k = 0; p->rules[i].from_every && k < p->rules[i].from.n; k++)
            if (p->rules[i].from.v[k].event == event)
                return true;
    return false;
}

/* In the example, does `yes` come twice for one subject, and only then `no`? */
static bool twice_in(const struct kad_example *e, int yes, int no)
{
    for (size_t i = 0; i < e->n_steps; i++) {
        size_t n = 0;
        const struct kad_example_step *s = &e->steps[i];
        if (s->event != yes || s->kind != KAD_STEP_EVENT || s->refused.n > 0)
            continue;
        for (size_t k = i; k < e->n_steps; k++) {
            const struct kad_example_step *t = &e->steps[k];
            if (!kad_str_eq(t->subject, s->subject) || t->refused.n > 0)
                continue;
            if (t->kind != KAD_STEP_EVENT)
                break;
            n += t->event == yes;
            if (t->event == no && n > 1)
                return true;
            if (t->event == no)
                break;
        }
    }
    return false;
}

static bool has_reading(const struct kad_decl *d)
{
    for (size_t i = 0; d && i < d->clauses.n; i++)
        if (d->clauses.v[i]->kind == KAD_C_READING)
            return true;
    return false;
}

static void warn_twice(struct kad_lower *l, int kind, size_t attribute)
{
    const struct kad_policy *p = l->p;
    const struct kad_attribute *a = &p->kinds[kind].attributes[attribute];
    const struct kad_examples *all = p->compiled_by;
    int yes = -1, no = -1;
    for (size_t i = 0; a->type == KAD_T_YESNO && i < a->n_items; i++) {
        const struct kad_attr_item *k = &a->items[i];
        if (k->field < 0 && !k->after.where)
            *(k->value.num ? &yes : &no) = k->after.event;
    }
    if (yes < 0 || no < 0 || yes == no || has_reading(l->kinds[kind]))
        return;
    bool found = side_by_side(p, yes);
    for (size_t i = 0; all && i < all->n && !found; i++)
        found = twice_in(&all->v[i], yes, no);
    if (!found)
        return;
    const char *y = p->events[yes].name.p, *n = p->events[no].name.p;
    struct kad_diag *r =
        kad_say(l, l->attrs[kind][attribute].clause->name.span, KAD_K_SET_TWICE, a->name.p, n, y);
    kad_advise(l->u->diags, r,
               _("Count them instead, as in: %s = %s %s - %s %s %s 1. Or say in a `%s` of the "
                 "subject that it is meant so."),
               a->name.p, kad_keyword(l, TOK_COUNT_OF), y, kad_keyword(l, TOK_COUNT_OF), n,
               kad_keyword(l, TOK_AT_LEAST), kad_keyword(l, TOK_READING));
}

/* --- used nowhere --- */

static void warn_unused(struct kad_lower *l)
{
    for (size_t k = 0; k < l->p->n_kinds; k++)
        for (size_t i = 0; i < l->p->kinds[k].n_attributes; i++) {
            const struct kad_attribute *a = &l->p->kinds[k].attributes[i];
            if (a->type == KAD_T_CHOICE)
                l->choice_used[a->ref] = true;
        }
    for (size_t i = 0; i < l->p->n_choices; i++)
        if (!l->choice_used[i])
            (void)kad_say(l, l->choices[i]->name.span, KAD_K_UNUSED_CHOICE,
                          l->p->choices[i].name.p);
    /* One that names its source is a fact of the document, whether a rule uses it or not; one of a
     * kind of subject is shown with each. */
    for (size_t i = 0; i < l->p->n_params; i++)
        if (!l->param_used[i] && l->p->params[i].kind < 0 && l->p->params[i].source.n == 0)
            (void)kad_say(l, l->params[i]->name.span, KAD_K_UNUSED_PARAM, l->p->params[i].name.p);
}

/* --- what was to be reviewed --- */

void kad_dsl_review(const struct kad_policy *p, kad_day today, struct kad_diags *d)
{
    struct kad_source s;
    kad_source_init(&s, &d->arena, p->text, d->name);
    for (size_t i = 0; i < p->n_reviews; i++) {
        const struct kad_review *r = &p->reviews[i];
        char by[KAD_DAY_TEXT];
        if (r->by < today)
            (void)kad_report(d, &s, line_span(&s, r->line), KAD_K_REVIEW_PASSED, r->what.p,
                             kad_day_text(r->by, by));
    }
    kad_diags_close(d);
}

void kad_warn_whole(struct kad_lower *l)
{
    l->certain = (struct kad_certain){l->p, KAD_CERTAIN_LOOKS};
    if (l->placed.n > 1)
        qsort(l->placed.v, l->placed.n, sizeof *l->placed.v, by_address);
    warn_conditions(l);
    for (size_t i = 0; i < l->p->n_rules; i++) {
        warn_whens(l, &l->p->rules[i]);
        kad_warn_notices(l, i);
    }
    for (size_t i = 0; i < l->p->n_tasks; i++)
        warn_never_done(l, &l->p->tasks[i]);
    for (size_t k = 0; k < l->p->n_kinds; k++)
        for (size_t i = 0; i < l->p->kinds[k].n_attributes; i++)
            if (l->attrs[k][i].clause && !l->attrs[k][i].clause->where) {
                warn_items(l, (int)k, i);
                warn_twice(l, (int)k, i);
            }
    warn_unused(l);
}

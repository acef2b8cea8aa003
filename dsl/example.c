/* Resolving examples: whose events and tasks they speak of, and what the values mean. */
#include "dsl/example.h"

#include <stdio.h>

#include "core/limits.h"
#include "dsl/lower.h"
#include "dsl/parser.h"
#include "dsl/syntax.h"

/* The key of the participant (fine, child, ...) that lines without `of` are about. */
#define DEFAULT_KEY "example"

/* --- whose --- */

/* The subject's key; false: it has to be said, or there is none (said). */
static bool key_of(struct kad_lower *l, const struct kad_ident *of, struct kad_span at, int kind,
                   struct kad_str *ret)
{
    const struct kad_kind *k = &l->p->kinds[kind];
    if (of->name.n > KAD_LIMIT_KEY) {
        char most[16];
        snprintf(most, sizeof most, "%d", KAD_LIMIT_KEY);
        (void)kad_say(l, of->span, KAD_K_KEY_TOO_LONG, most);
        return false;
    }
    if (of->name.n == 0) {
        *ret = k->shape == KAD_KIND_PROGRAMME ? KAD_STR(KAD_PROGRAMME) : KAD_STR(DEFAULT_KEY);
        if (k->shape != KAD_KIND_ONE_OF)
            return true;
        (void)kad_say(l, at, KAD_K_EXAMPLE_NO_SUBJECT, k->name.p,
                      k->n_members > 0 ? k->members[0].name.p : "");
        return false;
    }
    *ret = kad_str_dup(l->a, of->name);
    if (k->shape == KAD_KIND_FREE)
        return true;
    struct kad_literal name = {.str = of->name, .span = of->span};
    struct kad_value v;
    if (k->shape == KAD_KIND_ONE_OF)
        return kad_value_of(l, &name, (struct kad_want){KAD_T_SUBJECT, kind}, &v);
    if (kad_str_eq(of->name, KAD_STR(KAD_PROGRAMME)))
        return true;
    (void)kad_say(l, of->span, KAD_K_NO_MEMBER, k->name.p, of->name.p);
    return false;
}

/* --- the fields of a line --- */

static bool read_field(struct kad_lower *l, const struct kad_event_type *e, int index,
                       const struct kad_clause *c, struct kad_field *ret)
{
    const struct kad_field_def *f = &e->fields[index];
    struct kad_error err = {0};
    *ret = (struct kad_field){.name = f->name, .is_private = f->is_private};
    if (!kad_value_of(l, &c->value, (struct kad_want){f->type, f->ref}, &ret->value))
        return false;
    if (kad_field_check(l->p, f, ret->value, &err) == KAD_OK)
        return true;
    (void)kad_say(l, c->value.span, KAD_K_EXAMPLE_VALUE, err.text);
    return false;
}

static void step_fields(struct kad_lower *l, struct kad_example_step *s, const struct kad_clause *c)
{
    const struct kad_event_type *e = &l->p->events[s->event];
    s->fields = kad_arena_array(l->a, struct kad_field, c->kids.n + 1);
    bool *given = kad_arena_array(l->u->arena, bool, e->n_fields + 1);
    bool whole = true;
    for (size_t i = 0; i < c->kids.n; i++) {
        int f = kad_find_field(l, s->event, &c->kids.v[i]->name);
        whole = whole && f >= 0;
        if (f < 0)
            continue;
        if (given[f])
            (void)kad_say(l, c->kids.v[i]->name.span, KAD_K_SAID_TWICE, e->fields[f].name.p);
        given[f] = true;
        s->n_fields += read_field(l, e, f, c->kids.v[i], &s->fields[s->n_fields]);
    }
    for (size_t i = 0; whole && s->kind == KAD_STEP_EVENT && i < e->n_fields; i++)
        if (!given[i] && !e->fields[i].optional && !l->events[s->event]->broken)
            (void)kad_say(l, c->name.span, KAD_K_EXAMPLE_FIELD_MISSING, e->name.p,
                          e->fields[i].name.p);
}

/* --- corrections --- */

/* The last line above that is this event of this subject, on this day as it now stands. */
static bool find_target(struct kad_lower *l, const struct kad_example *x, const kad_day *now,
                        struct kad_example_step *s, const struct kad_clause *c)
{
    for (size_t i = x->n_steps; i > 0; i--) {
        const struct kad_example_step *t = &x->steps[i - 1];
        if (t->kind == KAD_STEP_EVENT && t->event == s->event && t->refused.n == 0 &&
            now[i - 1] == s->on && kad_str_eq(t->subject, s->subject)) {
            s->target = i - 1;
            return true;
        }
    }
    char day[KAD_DAY_TEXT];
    (void)kad_say(l, c->name.span, KAD_K_CORRECTS_NOTHING, c->name.name.p,
                  kad_day_text(s->on, day));
    return false;
}

static void recorded_on(struct kad_lower *l, const struct kad_example *x,
                        struct kad_example_step *s, const struct kad_clause *c)
{
    kad_day earliest = s->on;
    if (s->kind != KAD_STEP_EVENT) {
        earliest = x->steps[s->target].recorded;
        if (s->moved_to != KAD_DAY_NONE && s->moved_to > earliest)
            earliest = s->moved_to;
    }
    s->recorded = c->recorded != KAD_DAY_NONE ? c->recorded : earliest;
    if (s->recorded < earliest)
        (void)kad_say(l, c->n_span, KAD_K_RECORDED_EARLIER);
}

/* `now`: the day of each step as it stands after the corrections so far. */
static void lower_step(struct kad_lower *l, struct kad_example *x, kad_day *now,
                       const struct kad_clause *c)
{
    struct kad_example_step *s = &x->steps[x->n_steps];
    *s = (struct kad_example_step){.kind = c->step,
                                   .on = c->day,
                                   .event = kad_find_event(l, &c->name),
                                   .moved_to = c->moved_to,
                                   .refused = kad_str_dup(l->a, c->refused.name),
                                   .line = kad_line_no(l, c->span)};
    if (s->event < 0 || l->p->events[s->event].kind < 0 ||
        !key_of(l, &c->of, c->name.span, l->p->events[s->event].kind, &s->subject))
        return;
    step_fields(l, s, c);
    if (s->kind != KAD_STEP_EVENT && s->refused.n > 0)
        (void)kad_say(l, c->refused.span, KAD_K_REFUSED_CORRECTION);
    if (s->kind != KAD_STEP_EVENT && !find_target(l, x, now, s, c))
        return;
    recorded_on(l, x, s, c);
    if (s->kind == KAD_STEP_WITHDRAW)
        now[s->target] = KAD_DAY_NONE;
    else if (s->kind == KAD_STEP_CORRECT && s->moved_to != KAD_DAY_NONE)
        now[s->target] = s->moved_to;
    now[x->n_steps++] = s->on;
}

/* --- expectations --- */

static bool has_attribute(const struct kad_lower *l, int kind, struct kad_str name)
{
    return kad_kind_attribute(&l->p->kinds[kind], name) >= 0;
}

/* Whose attribute: the kind that the key tells, else one that the story is about, else one that has
 * it. */
static int kind_of_attribute(const struct kad_lower *l, const struct kad_example *x,
                             const struct kad_clause *c)
{
    const struct kad_policy *p = l->p;
    struct kad_str key = c->of.name, name = c->name.name;
    for (size_t k = 0; key.n > 0 && k < p->n_kinds; k++)
        if (kad_kind_member(&p->kinds[k], key) >= 0 ||
            (p->kinds[k].shape == KAD_KIND_PROGRAMME && kad_str_eq(key, p->kinds[k].name)))
            return (int)k;
    for (size_t i = 0; i < x->n_steps; i++) {
        int kind = p->events[x->steps[i].event].kind;
        bool same = key.n > 0 ? kad_str_eq(x->steps[i].subject, key)
                              : p->kinds[kind].shape != KAD_KIND_ONE_OF;
        if (same && has_attribute(l, kind, name))
            return kind;
    }
    for (size_t k = 0; k < p->n_kinds; k++)
        if (p->kinds[k].shape != KAD_KIND_ONE_OF && has_attribute(l, (int)k, name))
            return (int)k;
    for (size_t k = 0; k < p->n_kinds; k++)
        if (has_attribute(l, (int)k, name) || p->kinds[k].shape == KAD_KIND_FREE)
            return (int)k;
    return -1;
}

static bool expect_attribute(struct kad_lower *l, struct kad_example *x, const struct kad_clause *c,
                             struct kad_example_expect *e)
{
    e->kind = kind_of_attribute(l, x, c);
    e->attribute = kad_find_attribute(l, e->kind, &c->name);
    if (e->attribute < 0)
        return false;
    const struct kad_attribute *a = &l->p->kinds[e->kind].attributes[e->attribute];
    return e->known != 0 ||
           kad_value_of(l, &c->value, (struct kad_want){a->type, a->ref}, &e->value);
}

static void lower_expect(struct kad_lower *l, struct kad_example *x, const struct kad_clause *c,
                         kad_day on)
{
    struct kad_example_expect *e = &x->expects[x->n_expects];
    *e = (struct kad_example_expect){.on = on,
                                     .kind = -1,
                                     .task = -1,
                                     .attribute = -1,
                                     .none = c->no,
                                     .due = c->moved_to,
                                     .state = c->state,
                                     .late = c->late,
                                     .told = c->told,
                                     .not_told = c->not_told,
                                     .known = c->known,
                                     .text = kad_str_dup(l->a, kad_str(kad_text_at(l, c->span))),
                                     .line = kad_line_no(l, c->span)};
    if (c->no || c->state >= 0 || c->told != KAD_TOLD_UNASKED) {
        e->task = kad_find_task(l, &c->name, &c->field, -1);
        if (e->task < 0)
            return;
        if (e->told != KAD_TOLD_UNASKED && e->due == KAD_DAY_NONE)
            (void)kad_say(l, c->name.span, KAD_K_TOLD_NO_DUE);
        e->kind = l->p->rules[l->p->tasks[e->task].rule].subject;
    } else if (!expect_attribute(l, x, c, e)) {
        return;
    }
    if (e->kind >= 0 && key_of(l, &c->of, c->name.span, e->kind, &e->subject))
        x->n_expects++;
}

/* --- all of them --- */

/* The day from which the policy is in force: the example's first line, else 1 January of the year of
 * the earliest day, so that what the year asks for is open. */
static void in_force(struct kad_example *x, const struct kad_decl *d)
{
    kad_day first = KAD_DAY_MAX;
    x->from = KAD_DAY_NONE;
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind == KAD_C_FROM)
            x->from = c->day;
        if (c->day != KAD_DAY_NONE && c->day < first)
            first = c->day;
        if (c->kind == KAD_C_STEP && c->moved_to != KAD_DAY_NONE && c->moved_to < first)
            first = c->moved_to;
    }
    if (x->from == KAD_DAY_NONE)
        x->from = kad_day_of(first == KAD_DAY_MAX ? 2000 : kad_ymd_of(first).year, 1, 1);
}

static void lower_example(struct kad_lower *l, struct kad_example *x, const struct kad_decl *d)
{
    x->name = kad_str_dup(l->a, d->text.name);
    x->line = kad_line_no(l, d->span);
    in_force(x, d);
    x->steps = kad_arena_array(l->a, struct kad_example_step, d->clauses.n + 1);
    x->expects = kad_arena_array(l->a, struct kad_example_expect, d->clauses.n + 1);
    kad_day *now = kad_arena_array(l->u->arena, kad_day, d->clauses.n + 1);
    for (size_t i = 0; i < d->clauses.n; i++)
        if (d->clauses.v[i]->kind == KAD_C_STEP)
            lower_step(l, x, now, d->clauses.v[i]);
    kad_day on = KAD_DAY_NONE;
    bool expects = false;
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind != KAD_C_EXPECT)
            continue;
        expects = true;
        on = c->day != KAD_DAY_NONE ? c->day : on;
        if (on == KAD_DAY_NONE && !d->broken)
            (void)kad_say(l, c->span, KAD_K_EXPECT_NO_DAY, kad_keyword(l, TOK_EXPECT));
        lower_expect(l, x, c, on);
    }
    for (size_t i = 0; i < d->clauses.n; i++)
        expects =
            expects || d->clauses.v[i]->refused.name.n > 0 || d->clauses.v[i]->kind == KAD_C_LATER;
    if (!expects && !d->broken)
        (void)kad_say(l, d->text.span, KAD_K_EXAMPLE_EMPTY);
}

void kad_lower_examples(struct kad_lower *l)
{
    struct kad_examples *all = kad_arena_new(l->a, struct kad_examples);
    for (size_t i = 0; i < l->u->decls.n; i++)
        all->n += l->u->decls.v[i]->kind == KAD_D_EXAMPLE;
    all->v = kad_arena_array(l->a, struct kad_example, all->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < l->u->decls.n; i++)
        if (l->u->decls.v[i]->kind == KAD_D_EXAMPLE)
            lower_example(l, &all->v[n++], l->u->decls.v[i]);
    l->p->compiled_by = all;
}

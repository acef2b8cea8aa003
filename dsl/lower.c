#include "dsl/lower.h"

#include <stdlib.h>

#include "dsl/example.h"
#include "dsl/parser.h"

/* --- the policy's own lines --- */

static bool is_zone(struct kad_str s)
{
    bool slash = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        slash = slash || c == '/';
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '/' || c == '_' || c == '-' || c == '+'))
            return false;
    }
    return s.n > 0 && s.n < 64 && s.p[0] != '/' && (slash || kad_str_eq(s, KAD_STR("UTC")));
}

static int day_cmp(const void *a, const void *b)
{
    kad_day x = *(const kad_day *)a, y = *(const kad_day *)b;
    return (x > y) - (x < y);
}

struct closed {
    kad_vec(kad_day) days;
};

static void policy_line(struct kad_lower *l, const struct kad_clause *c, struct closed *closed)
{
    struct kad_policy *p = l->p;
    switch (c->kind) {
    case KAD_C_LANGUAGE:
        p->swedish = kad_str_eq(c->name.name, KAD_STR("sv"));
        if (!p->swedish && !kad_str_eq(c->name.name, KAD_STR("en")))
            (void)kad_say(l, c->name.span, KAD_K_BAD_LANGUAGE, c->name.name.p);
        break;
    case KAD_C_CALENDAR:
        if (kad_str_eq(c->name.name, KAD_STR("sweden")) ||
            kad_str_eq(c->name.name, KAD_STR("sverige")))
            p->calendar.kind = KAD_CAL_SWEDEN;
        else if (!kad_str_eq(c->name.name, KAD_STR("none")))
            (void)kad_say(l, c->name.span, KAD_K_BAD_CALENDAR, c->name.name.p);
        break;
    case KAD_C_ZONE:
        p->zone = kad_str_dup(l->a, c->text.name);
        if (!is_zone(c->text.name))
            (void)kad_say(l, c->text.span, KAD_K_BAD_ZONE, c->text.name.p);
        break;
    case KAD_C_ISSUE_AT:
        p->issue_at = c->n;
        break;
    case KAD_C_RUNNING:
        p->running = (enum kad_running)c->n;
        break;
    case KAD_C_CLOSED:
        kad_vec_push(l->u->arena, &closed->days, c->day);
        break;
    default:
        break;
    }
}

/* Lines that may stand once only. */
static void said_once(struct kad_lower *l, const struct kad_decl *d)
{
    static const enum kad_clause_kind once[] = {KAD_C_LANGUAGE, KAD_C_CALENDAR, KAD_C_ZONE,
                                                KAD_C_ISSUE_AT, KAD_C_RUNNING};
    for (size_t k = 0; k < sizeof once / sizeof once[0]; k++) {
        bool seen = false;
        for (size_t i = 0; i < d->clauses.n; i++) {
            const struct kad_clause *c = d->clauses.v[i];
            if (c->kind != once[k])
                continue;
            if (seen)
                (void)kad_say(l, c->span, KAD_K_SAID_TWICE, kad_text_at(l, c->span));
            seen = true;
        }
    }
}

static void lower_policy(struct kad_lower *l)
{
    struct kad_policy *p = l->p;
    const struct kad_decl *d = l->policy_decl;
    p->review_by = KAD_DAY_NONE;
    p->issue_at = 360;
    p->swedish = l->u->swedish;
    struct closed closed = {0};
    if (d) {
        p->name = kad_str_dup(l->a, d->name.name);
        p->label = kad_str_dup(l->a, d->text.name.n > 0 ? d->text.name : d->name.name);
        said_once(l, d);
        for (size_t i = 0; i < d->clauses.n; i++)
            policy_line(l, d->clauses.v[i], &closed);
        if (p->running == KAD_RUNNING_UNSAID && !d->broken) {
            struct kad_diag *r = kad_say(l, d->name.span, KAD_K_RUNNING_UNSAID);
            kad_advise(l->u->diags, r, _("Write `%s` or `%s`."), kad_keyword(l, TOK_RUNNING_NEW),
                       kad_keyword(l, TOK_RUNNING_OLD));
        }
    } else if (l->u->suspects.n == 0) {
        (void)kad_say(l, (struct kad_span){0, 0}, KAD_K_NO_POLICY);
    }
    if (closed.days.n > 1)
        qsort(closed.days.v, closed.days.n, sizeof *closed.days.v, day_cmp);
    p->calendar.n_closed = closed.days.n;
    p->calendar.closed = kad_arena_memdup(l->a, closed.days.v, closed.days.n * sizeof(kad_day));
    if (p->zone.n == 0)
        p->zone = p->calendar.kind == KAD_CAL_SWEDEN ? KAD_STR("Europe/Stockholm") : KAD_STR("UTC");
}

/* --- source, reading, question, review by: of any declaration --- */

struct notes {
    kad_vec(struct kad_note) questions, readings;
    kad_vec(struct kad_review) reviews;
};

static void collect_notes(struct kad_lower *l, const struct kad_decl *d, struct notes *n)
{
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        int line = kad_line_no(l, c->span);
        struct kad_note note = {kad_str_dup(l->a, c->text.name), line};
        if (c->kind == KAD_C_QUESTION)
            kad_vec_push(l->u->arena, &n->questions, note);
        else if (c->kind == KAD_C_READING)
            kad_vec_push(l->u->arena, &n->readings, note);
        if (c->kind != KAD_C_REVIEW_BY)
            continue;
        struct kad_review review = {c->day, kad_str_dup(l->a, d->name.name), line};
        kad_vec_push(l->u->arena, &n->reviews, review);
        if (d->kind == KAD_D_POLICY &&
            (l->p->review_by == KAD_DAY_NONE || c->day < l->p->review_by))
            l->p->review_by = c->day;
    }
}

static void lower_notes(struct kad_lower *l)
{
    struct kad_policy *p = l->p;
    struct notes n = {0};
    for (size_t i = 0; i < l->u->decls.n; i++)
        collect_notes(l, l->u->decls.v[i], &n);
    p->questions = kad_arena_memdup(l->a, n.questions.v, n.questions.n * sizeof *p->questions);
    p->n_questions = n.questions.n;
    p->readings = kad_arena_memdup(l->a, n.readings.v, n.readings.n * sizeof *p->readings);
    p->n_readings = n.readings.n;
    p->reviews = kad_arena_memdup(l->a, n.reviews.v, n.reviews.n * sizeof *p->reviews);
    p->n_reviews = n.reviews.n;
    for (size_t i = 0; l->policy_decl && i < l->policy_decl->clauses.n; i++)
        if (l->policy_decl->clauses.v[i]->kind == KAD_C_SOURCE && p->source.n == 0)
            p->source = kad_str_dup(l->a, l->policy_decl->clauses.v[i]->text.name);
}

struct kad_policy *kad_lower(struct kad_script *u, struct kad_str original)
{
    struct kad_arena arena;
    kad_arena_init(&arena);
    struct kad_policy *p = kad_arena_new(&arena, struct kad_policy);
    p->arena = arena;
    struct kad_lower l = {.u = u, .p = p, .a = &p->arena};
    p->text = kad_str_dup(l.a, original);
    kad_declare(&l);
    lower_policy(&l);
    kad_type_fields(&l);
    kad_lower_params(&l);
    kad_rule_subjects(&l);
    kad_lower_attributes(&l);
    kad_lower_guards(&l);
    kad_lower_rules(&l);
    lower_notes(&l);
    kad_lower_examples(&l);
    kad_check_whole(&l);
    if (u->diags->n_errors > 0) {
        kad_policy_free(p);
        return NULL;
    }
    return p;
}

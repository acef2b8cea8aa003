/* Guards, tasks, cadences and duties. */
#include "core/limits.h"
#include "dsl/lower.h"
#include "dsl/parser.h"
#include "dsl/syntax.h"

/* --- which clause a rule says --- */

#define IN_TASK 1u
#define IN_CADENCE 2u
#define IN_DUTY 4u
#define ONCE 8u

static const struct clause_rule {
    enum kad_clause_kind kind;
    int token; /* how it is called */
    unsigned where;
} clause_rules[] = {
    {KAD_C_WHEN, TOK_WHEN, IN_TASK},
    {KAD_C_FROM, TOK_FROM, IN_CADENCE | ONCE},
    {KAD_C_PHASE, TOK_MONTH, IN_CADENCE},
    {KAD_C_EXTENDED, TOK_EXTENDED_BY, IN_CADENCE | ONCE},
    {KAD_C_FOR_EACH, TOK_FOR_EACH, IN_DUTY | ONCE},
    {KAD_C_EVERY, TOK_EVERY, IN_DUTY | ONCE},
    {KAD_C_BY_DATE, TOK_NO_LATER_THAN, IN_DUTY | ONCE},
    {KAD_C_DUE, TOK_DUE, IN_DUTY | ONCE},
    {KAD_C_DONE_BY, TOK_DONE_BY, IN_TASK | IN_DUTY},
    {KAD_C_UNTIL, TOK_UNTIL, IN_TASK | IN_CADENCE | IN_DUTY},
    {KAD_C_FOR, TOK_FOR, IN_TASK | IN_CADENCE | IN_DUTY | ONCE},
    {KAD_C_MOVED, TOK_MOVED_NEXT, IN_TASK | IN_CADENCE | IN_DUTY | ONCE},
    {KAD_C_CLOSES, TOK_CLOSES, IN_TASK | IN_CADENCE | IN_DUTY | ONCE},
    {KAD_C_REMIND, TOK_REMIND, IN_TASK | IN_CADENCE | IN_DUTY},
    {KAD_C_ESCALATE, TOK_ESCALATE, IN_TASK | IN_CADENCE | IN_DUTY},
    {KAD_C_RUNNING, TOK_RUNNING_NEW, IN_TASK | IN_CADENCE | ONCE},
};

static const struct clause_rule *rule_of(enum kad_clause_kind kind)
{
    for (size_t i = 0; i < sizeof clause_rules / sizeof clause_rules[0]; i++)
        if (clause_rules[i].kind == kind)
            return &clause_rules[i];
    return NULL;
}

static const struct kad_clause *first_of(const struct kad_decl *d, enum kad_clause_kind kind)
{
    for (size_t i = 0; i < d->clauses.n; i++)
        if (d->clauses.v[i]->kind == kind)
            return d->clauses.v[i];
    return NULL;
}

static int decl_token(const struct kad_decl *d)
{
    return d->kind == KAD_D_TASK ? TOK_TASK : d->kind == KAD_D_CADENCE ? TOK_CADENCE : TOK_DUTY;
}

/* `for municipality`, where `for each municipality` was meant; NULL: none. */
static const struct kad_clause *meant_each(const struct kad_lower *l, const struct kad_decl *d)
{
    const struct kad_clause *c = first_of(d, KAD_C_FOR);
    return d->kind == KAD_D_DUTY && c && !first_of(d, KAD_C_FOR_EACH) &&
                   kad_policy_kind(l->p, c->name.name) >= 0
               ? c
               : NULL;
}

/* Clauses that do not belong to this kind of rule, or are said twice. */
static void check_clauses(struct kad_lower *l, const struct kad_decl *d)
{
    unsigned here = d->kind == KAD_D_TASK      ? IN_TASK
                    : d->kind == KAD_D_CADENCE ? IN_CADENCE
                                               : IN_DUTY;
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        const struct clause_rule *r = rule_of(c->kind);
        if (!r)
            continue;
        const char *word = kad_keyword(l, r->token);
        if (c->kind == KAD_C_DONE_BY && here == IN_CADENCE)
            (void)kad_say(l, c->span, KAD_K_DONE_OF_PHASE, word, kad_keyword(l, decl_token(d)));
        else if (!(r->where & here))
            (void)kad_say(l, c->span, KAD_K_NO_CLAUSE_OF, kad_text_at(l, c->span),
                          kad_keyword(l, decl_token(d)));
        else if ((r->where & ONCE) && first_of(d, c->kind) != c &&
                 !(c->kind == KAD_C_FOR && meant_each(l, d)))
            (void)kad_say(l, c->span, KAD_K_SAID_TWICE, word);
    }
}

/* --- whom it is about --- */

static int kind_of_event(const struct kad_lower *l, const struct kad_clause *c)
{
    for (size_t i = 0; c && i < c->names.n; i++) {
        int event = kad_policy_event(l->p, c->names.v[i].name);
        if (event >= 0 && l->p->events[event].kind >= 0)
            return l->p->events[event].kind;
    }
    return -1;
}

void kad_rule_subjects(struct kad_lower *l)
{
    for (size_t i = 0; i < l->p->n_rules; i++) {
        const struct kad_decl *d = l->rules[i];
        struct kad_rule *r = &l->p->rules[i];
        const struct kad_clause *each = first_of(d, KAD_C_FOR_EACH);
        if (d->kind == KAD_D_TASK)
            r->subject = kind_of_event(l, first_of(d, KAD_C_WHEN));
        else if (d->kind == KAD_D_CADENCE)
            r->subject = kind_of_event(l, first_of(d, KAD_C_FROM));
        else if (each)
            r->subject = kad_find_kind(l, &each->name);
    }
}

/* --- guards --- */

static void lower_guard_block(struct kad_lower *l, const struct kad_decl *d)
{
    int event = kad_find_event(l, &d->name);
    struct kad_scope scope = {event >= 0 ? l->p->events[event].kind : -1, event};
    struct kad_str common = {0};
    struct kad_guard *last = NULL;
    if (event >= 0)
        l->p->events[event].derived = true;
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind == KAD_C_SOURCE) {
            struct kad_str source = kad_str_dup(l->a, c->text.name);
            if (!last)
                common = source;
            else
                last->source = source;
        }
        if (c->kind != KAD_C_GUARD)
            continue;
        last = &l->p->guards[l->p->n_guards++];
        *last = (struct kad_guard){.event = event,
                                   .require = c->n != 0,
                                   .condition = kad_lower_condition(l, c->where, scope),
                                   .message = kad_str_dup(l->a, c->text.name),
                                   .source = common,
                                   .line = kad_line_no(l, c->span)};
    }
}

void kad_lower_guards(struct kad_lower *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->u->decls.n; i++)
        if (l->u->decls.v[i]->kind == KAD_D_AT)
            n += l->u->decls.v[i]->clauses.n;
    l->p->guards = kad_arena_array(l->a, struct kad_guard, n + 1);
    for (size_t i = 0; i < l->u->decls.n; i++)
        if (l->u->decls.v[i]->kind == KAD_D_AT)
            lower_guard_block(l, l->u->decls.v[i]);
}

/* --- triggers and offsets --- */

static struct kad_trigger trigger(struct kad_lower *l, const struct kad_ident *name,
                                  const struct kad_node *where, int kind)
{
    struct kad_trigger t = {.event = kad_find_event_of(l, name, kind)};
    if (t.event < 0)
        return t;
    l->p->events[t.event].derived = true;
    t.where = kad_lower_condition(l, where, (struct kad_scope){kind, t.event});
    return t;
}

/* The events of all clauses of one kind, each with its clause's condition. */
static struct kad_triggers triggers(struct kad_lower *l, const struct kad_decl *d,
                                    enum kad_clause_kind kind, int subject)
{
    size_t n = 0;
    for (size_t i = 0; i < d->clauses.n; i++)
        n += d->clauses.v[i]->kind == kind ? d->clauses.v[i]->names.n : 0;
    struct kad_triggers t = {kad_arena_array(l->a, struct kad_trigger, n + 1), 0};
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind != kind)
            continue;
        kad_idents names = kad_event_list(l, &c->names);
        for (size_t k = 0; k < names.n; k++) {
            t.v[t.n] = trigger(l, &names.v[k], c->where, subject);
            t.n += t.v[t.n].event >= 0;
        }
    }
    return t;
}

static void counts_working_days(struct kad_lower *l, struct kad_span at)
{
    if (!l->wants_working_days)
        l->working_span = at;
    l->wants_working_days = true;
}

static struct kad_offset offset(struct kad_lower *l, const struct kad_due *due, int subject)
{
    struct kad_offset o = {.n = due->n, .unit = due->unit, .attribute = -1};
    if (due->unit == KAD_U_WORKING_DAY)
        counts_working_days(l, due->span);
    if (!due->before)
        return o;
    o.n = -due->n;
    if (due->unit == KAD_U_WORKING_DAY)
        (void)kad_say(l, due->span, KAD_K_WORKING_BEFORE);
    o.attribute = kad_find_attribute(l, subject, &due->attribute);
    if (o.attribute < 0)
        return o;
    const struct kad_attribute *a = &l->p->kinds[subject].attributes[o.attribute];
    if (a->type != KAD_T_DATE && a->type != KAD_T_NONE)
        (void)kad_say(l, due->attribute.span, KAD_K_NOT_A_DATE, a->name.p,
                      kad_type_said(l, a->type, a->ref));
    return o;
}

/* --- what every rule may say --- */

static void owner(struct kad_lower *l, struct kad_rule *r, const struct kad_ident *name)
{
    const struct kad_kind *k = r->subject >= 0 ? &l->p->kinds[r->subject] : NULL;
    int attribute = k ? kad_kind_attribute(k, name->name) : -1;
    if (attribute >= 0) {
        const struct kad_attribute *a = &k->attributes[attribute];
        if (a->type != KAD_T_PERSON && a->type != KAD_T_NONE)
            (void)kad_say(l, name->span, KAD_K_OWNER_ATTRIBUTE, a->name.p,
                          kad_type_said(l, a->type, a->ref));
        r->owner_attribute = attribute;
        return;
    }
    r->owner_role = kad_policy_role(l->p, name->name);
    if (r->owner_role >= 0 || !k || kad_syntax_suspect(l->u, name->name))
        return;
    struct kad_near near = kad_near_to(l, name->name);
    for (size_t i = 0; i < k->n_attributes; i++)
        if (k->attributes[i].type == KAD_T_PERSON)
            kad_near_try(&near, k->attributes[i].name);
    for (size_t i = 0; i < l->p->n_roles; i++)
        kad_near_try(&near, l->p->roles[i].name);
    kad_near_say(l, kad_say(l, name->span, KAD_K_NO_OWNER, name->name.p), &near, name->span);
}

/* --- reminders and escalations --- */

static int role_of(struct kad_lower *l, const struct kad_ident *name)
{
    int role = kad_policy_role(l->p, name->name);
    if (role >= 0 || kad_syntax_suspect(l->u, name->name))
        return role;
    struct kad_near near = kad_near_to(l, name->name);
    for (size_t i = 0; i < l->p->n_roles; i++)
        kad_near_try(&near, l->p->roles[i].name);
    kad_near_say(l, kad_say(l, name->span, KAD_K_NO_ROLE, name->name.p), &near, name->span);
    return -1;
}

static struct kad_notice_def notice(struct kad_lower *l, const struct kad_rule *r,
                                    const struct kad_clause *c)
{
    struct kad_notice_def n = {.kind = KAD_NOTICE_REMIND,
                               .n = c->due.n,
                               .unit = c->due.unit,
                               .role = -1,
                               .line = kad_line_no(l, c->span)};
    if (n.unit == KAD_U_WORKING_DAY)
        counts_working_days(l, c->span);
    if (n.n > KAD_LIMIT_NOTICE_DAYS)
        (void)kad_say(l, c->n_span, KAD_K_NOTICE_FAR, kad_count_text(l, KAD_LIMIT_NOTICE_DAYS));
    if (c->kind == KAD_C_REMIND)
        return n;
    n.kind = KAD_NOTICE_ESCALATE;
    n.role = role_of(l, &c->name);
    if (n.n == 0)
        (void)kad_say(l, c->n_span, KAD_K_ESCALATE_EARLY);
    else if (r->closes == KAD_CLOSES_AFTER_DUE && n.n > r->closes_days)
        (void)kad_say(l, c->span, KAD_K_ESCALATE_CLOSED, kad_count_text(l, r->closes_days));
    return n;
}

static bool same_notice(const struct kad_notice_def *a, const struct kad_notice_def *b)
{
    return a->kind == b->kind && a->n == b->n && a->unit == b->unit && a->role == b->role;
}

/* After `closes`, which bounds them. */
static void notices(struct kad_lower *l, struct kad_rule *r, const struct kad_decl *d)
{
    r->notices = kad_arena_array(l->a, struct kad_notice_def, KAD_LIMIT_NOTICES);
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind != KAD_C_REMIND && c->kind != KAD_C_ESCALATE)
            continue;
        if (r->n_notices == KAD_LIMIT_NOTICES) {
            (void)kad_say(l, c->span, KAD_K_TOO_MANY_NOTICES, r->name.p,
                          kad_count_text(l, KAD_LIMIT_NOTICES));
            return;
        }
        struct kad_notice_def n = notice(l, r, c);
        for (size_t k = 0; k < r->n_notices; k++)
            if (c->name.name.n > 0 && n.role < 0) {
                break; /* one that is not known is like no other */
            } else if (same_notice(&r->notices[k], &n)) {
                (void)kad_say(l, c->span, KAD_K_SAID_TWICE, kad_text_at(l, c->span));
                break;
            }
        r->notices[r->n_notices++] = n;
    }
}

static void common_clause(struct kad_lower *l, struct kad_rule *r, const struct kad_clause *c)
{
    switch (c->kind) {
    case KAD_C_FOR:
        owner(l, r, &c->name);
        break;
    case KAD_C_MOVED:
        r->move = (enum kad_move)c->n;
        counts_working_days(l, c->span);
        break;
    case KAD_C_CLOSES:
        r->closes = c->n < 0 ? KAD_CLOSES_NEVER : KAD_CLOSES_AFTER_DUE;
        r->closes_days = c->n < 0 ? 0 : c->n;
        break;
    case KAD_C_RUNNING:
        r->running = (enum kad_running)c->n;
        break;
    case KAD_C_SOURCE:
        if (r->source.n == 0)
            r->source = kad_str_dup(l->a, c->text.name);
        break;
    case KAD_C_READING:
        if (r->reading.n == 0)
            r->reading = kad_str_dup(l->a, c->text.name);
        break;
    default:
        break;
    }
}

/* --- tasks --- */

static void lower_task(struct kad_lower *l, struct kad_rule *r, const struct kad_decl *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->clauses.n; i++)
        n += d->clauses.v[i]->kind == KAD_C_WHEN ? d->clauses.v[i]->names.n : 0;
    r->whens = kad_arena_array(l->a, struct kad_when, n + 1);
    for (size_t i = 0; i < d->clauses.n; i++) {
        const struct kad_clause *c = d->clauses.v[i];
        if (c->kind != KAD_C_WHEN)
            continue;
        kad_idents names = kad_event_list(l, &c->names);
        for (size_t k = 0; k < names.n; k++) {
            struct kad_when *w = &r->whens[r->n_whens];
            *w = (struct kad_when){trigger(l, &names.v[k], c->where, r->subject),
                                   offset(l, &c->due, r->subject), kad_line_no(l, c->span)};
            r->n_whens += w->trigger.event >= 0;
        }
    }
    if (n == 0 && !d->broken)
        (void)kad_say(l, d->name.span, KAD_K_NO_WHEN, r->name.p);
}

/* --- duties --- */

static void duty_due(struct kad_lower *l, struct kad_rule *r, const struct kad_clause *c)
{
    const struct kad_due *due = &c->due;
    bool unit = due->unit == KAD_U_DAY || due->unit == KAD_U_WEEK || due->unit == KAD_U_MONTH;
    if (due->before || due->n < 1 || !unit) {
        (void)kad_say(l, due->span, KAD_K_DUE_BEFORE);
        return;
    }
    r->has_due = true;
    r->due = (struct kad_offset){due->n, due->unit, -1};
}

/* As many windows as the shortest such period has days. */
static int32_t most_times(const struct kad_cycle *c)
{
    switch (c->period) {
    case KAD_P_MONTH:
        return 28;
    case KAD_P_QUARTER:
        return 90;
    case KAD_P_HALF_YEAR:
        return 181;
    case KAD_P_YEAR:
        return 365;
    case KAD_P_WEEKS:
        return 7 * c->weeks;
    }
    kad_unreachable();
}

static void no_for_each(struct kad_lower *l, const struct kad_rule *r, const struct kad_decl *d)
{
    const struct kad_clause *meant = meant_each(l, d);
    struct kad_diag *said =
        kad_say(l, meant ? meant->span : d->name.span, KAD_K_NO_FOR_EACH, r->name.p);
    if (!meant)
        return;
    struct kad_near near = {.best = kad_str(kad_arena_printf(
                                l->u->arena, "%s %s", kad_keyword(l, TOK_FOR_EACH),
                                meant->name.name.p))};
    kad_near_say(l, said, &near, meant->span);
}

static void lower_duty(struct kad_lower *l, struct kad_rule *r, const struct kad_decl *d)
{
    const struct kad_clause *each = first_of(d, KAD_C_FOR_EACH), *every = first_of(d, KAD_C_EVERY);
    const struct kad_clause *date = first_of(d, KAD_C_BY_DATE), *due = first_of(d, KAD_C_DUE);
    if (each)
        r->where = kad_lower_condition(l, each->where, (struct kad_scope){r->subject, -1});
    else if (!d->broken)
        no_for_each(l, r, d);
    if (every) {
        r->cycle = every->cycle;
        if (every->cycle.period == KAD_P_MONTH && every->cycle.months == 0)
            (void)kad_say(l, every->span, KAD_K_NO_MONTHS);
        if (every->cycle.times > most_times(&every->cycle))
            (void)kad_say(l, every->span, KAD_K_TOO_OFTEN, kad_count_text(l, every->cycle.times));
    }
    if (date) {
        r->by_date = true;
        r->date = date->day;
    }
    if (every && date)
        (void)kad_say(l, date->span, KAD_K_PERIOD_AND_DATE, r->name.p);
    else if (!every && !date && !d->broken)
        (void)kad_say(l, d->name.span, KAD_K_NO_PERIOD, r->name.p);
    if (due && date && !every)
        (void)kad_say(l, due->span, KAD_K_PERIOD_AND_DATE, r->name.p);
    else if (due && every && every->cycle.times > 1)
        (void)kad_say(l, due->span, KAD_K_DUE_TIMES);
    else if (due)
        duty_due(l, r, due);
}

/* --- all of them --- */

static void done_by(struct kad_lower *l, struct kad_rule *r, const struct kad_decl *d)
{
    const struct kad_named *task = kad_name_get(&l->names, KAD_SP_TASK, r->name);
    kad_assert(task);
    l->p->tasks[task->index].done_by = triggers(l, d, KAD_C_DONE_BY, r->subject);
    if (!first_of(d, KAD_C_DONE_BY) && !d->broken)
        (void)kad_say(l, d->name.span, KAD_K_NOTHING_DOES, r->name.p);
}

void kad_lower_rules(struct kad_lower *l)
{
    for (size_t i = 0; i < l->p->n_rules; i++) {
        const struct kad_decl *d = l->rules[i];
        struct kad_rule *r = &l->p->rules[i];
        check_clauses(l, d);
        r->until = triggers(l, d, KAD_C_UNTIL, r->subject);
        for (size_t k = 0; k < d->clauses.n; k++)
            common_clause(l, r, d->clauses.v[k]);
        notices(l, r, d);
        switch (r->kind) {
        case KAD_RULE_TASK:
            lower_task(l, r, d);
            break;
        case KAD_RULE_DUTY:
            lower_duty(l, r, d);
            break;
        case KAD_RULE_CADENCE:
            r->from = triggers(l, d, KAD_C_FROM, r->subject);
            if (first_of(d, KAD_C_FROM))
                r->from_every = first_of(d, KAD_C_FROM)->n != 0;
            else if (!d->broken)
                (void)kad_say(l, d->name.span, KAD_K_NO_FROM, r->name.p);
            kad_lower_phases(l, r, d);
            continue;
        }
        done_by(l, r, d);
    }
}

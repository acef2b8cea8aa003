/* Running examples: each line becomes a record, as an import would make it, and the story is derived
 * with the policy alone. */
#include <stdio.h>
#include <stdlib.h>

#include "core/notice.h"
#include "dsl/dsl.h"
#include "dsl/example.h"

#define DAY_MICRO (INT64_C(86400) * 1000000)

static const struct kad_examples *examples_of(const struct kad_policy *p)
{
    kad_assert(p->compiled_by);
    return p->compiled_by;
}

size_t kad_dsl_example_count(const struct kad_policy *p)
{
    return examples_of(p)->n;
}

struct kad_str kad_dsl_example_name(const struct kad_policy *p, size_t i)
{
    kad_assert(i < examples_of(p)->n);
    return examples_of(p)->v[i].name;
}

int kad_dsl_example_line(const struct kad_policy *p, size_t i)
{
    kad_assert(i < examples_of(p)->n);
    return examples_of(p)->v[i].line;
}

/* --- the lines as records --- */

struct run {
    const struct kad_policy *p;
    const struct kad_example *x;
    struct kad_example_result *ret;
    struct kad_cover *cover; /* NULL: nobody asks */
    struct kad_arena *a;
    struct kad_timeline timeline;
    size_t *order; /* steps in the order they were recorded */
    uint64_t *seq; /* of each step; 0: not recorded, because it was refused */
    uint64_t last; /* seq given last */
};

static void fail(struct run *r, int line, const char *fmt, ...) KAD_PRINTF(3, 4);
static void fail(struct run *r, int line, const char *fmt, ...)
{
    struct kad_buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    kad_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    struct kad_example_failure f = {line, {kad_arena_strndup(r->a, kad_buf_str(&b), b.n), b.n}};
    kad_buf_done(&b);
    kad_vec_push(r->a, r->ret, f);
}

/* By the day of recording, else as written: what is recorded later is known later. */
static void make_order(struct run *r)
{
    size_t n = r->x->n_steps;
    r->order = kad_arena_array(r->a, size_t, n + 1);
    r->seq = kad_arena_array(r->a, uint64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        for (; k > 0 && r->x->steps[r->order[k - 1]].recorded > r->x->steps[i].recorded; k--)
            r->order[k] = r->order[k - 1];
        r->order[k] = i;
    }
}

static int kind_of(const struct run *r, const struct kad_example_step *s)
{
    return r->p->events[s->event].kind;
}

static struct kad_record record_of(const struct run *r, size_t i)
{
    const struct kad_example_step *s = &r->x->steps[i];
    struct kad_record rec = {.kind = KAD_R_EVENT,
                             .seq = r->seq[i],
                             .at = (kad_instant)s->recorded * DAY_MICRO + DAY_MICRO / 2,
                             .on = s->on,
                             .subject = s->subject,
                             .type = r->p->events[s->event].name,
                             .fields = s->fields,
                             .n_fields = s->n_fields};
    if (s->kind == KAD_STEP_EVENT)
        return rec;
    rec.kind = s->kind == KAD_STEP_CORRECT ? KAD_R_CORRECTED : KAD_R_RETRACTED;
    rec.type = kad_str(kad_record_type(rec.kind));
    rec.ref = r->seq[s->target];
    if (s->moved_to != KAD_DAY_NONE) {
        struct kad_field *note = kad_arena_new(r->a, struct kad_field);
        *note = (struct kad_field){KAD_STR("on"), kad_value_date(s->moved_to), false};
        rec.notes = note;
        rec.n_notes = 1;
    }
    return rec;
}

/* The subject's story of what was recorded so far. */
static void story_of(struct run *r, int kind, struct kad_str subject, struct kad_story *ret)
{
    size_t n = 0;
    struct kad_record *all = kad_arena_array(r->a, struct kad_record, r->x->n_steps + 1);
    for (size_t i = 0; i < r->x->n_steps; i++) {
        size_t at = r->order[i];
        const struct kad_example_step *s = &r->x->steps[at];
        if (r->seq[at] == 0 || kind_of(r, s) != kind || !kad_str_eq(s->subject, subject))
            continue;
        all[n] = record_of(r, at);
        if (s->kind != KAD_STEP_EVENT && all[n].ref == 0)
            continue;
        n++;
    }
    kad_story_build(r->a, subject, all, n, KAD_KNOWN_ALL, ret);
}

static struct kad_derive *derive(struct run *r, const struct kad_story *story, int kind)
{
    return kad_derive_new(r->a, &r->timeline, story, r->p->kinds[kind].name);
}

/* --- telling the story --- */

static bool contains(struct kad_str text, struct kad_str part)
{
    for (size_t i = 0; i + part.n <= text.n; i++)
        if (memcmp(text.p + i, part.p, part.n) == 0)
            return true;
    return false;
}

static bool may_be_first(const struct run *r, const struct kad_example_step *s,
                         const struct kad_story *story)
{
    const struct kad_kind *k = &r->p->kinds[kind_of(r, s)];
    return k->begins_with < 0 || story->n_facts == 0 ||
           kad_str_eq(story->facts[0].type, r->p->events[k->begins_with].name);
}

/* What the event showed about each guard: of one that is accepted all, of one that is refused only
 * the guard that the example names, because it would not notice the others. */
static void cover_guards(struct run *r, const struct kad_example_step *s, struct kad_derive *d,
                         const struct kad_story *story, size_t pos, bool refused)
{
    const struct kad_fact *f = &story->facts[pos];
    if (!r->cover || !kad_derive_in_force(d, r->p->name, f->on))
        return;
    for (size_t i = 0; i < r->p->n_guards; i++) {
        const struct kad_guard *g = &r->p->guards[i];
        if (g->event != s->event)
            continue;
        struct kad_value v = kad_derive_expr(d, r->p, g->condition, pos, f->on, f);
        bool holds = kad_value_known(v) && v.num != 0;
        if (!refused || (g->require && !holds && s->refused.n > 0 && contains(g->message, s->refused)))
            kad_cover_judged(r->cover, g, holds);
    }
}

/* Is the event refused by a guard? What was expected of it is compared with what happens. */
static void judge(struct run *r, size_t i)
{
    const struct kad_example_step *s = &r->x->steps[i];
    int kind = kind_of(r, s);
    struct kad_story story;
    r->seq[i] = ++r->last;
    story_of(r, kind, s->subject, &story);
    struct kad_derive *d = derive(r, &story, kind);
    size_t pos = 0;
    while (pos < story.n_facts && story.facts[pos].seq != r->seq[i])
        pos++;
    kad_assert(pos < story.n_facts);
    const struct kad_finding *f, *refusal = NULL;
    size_t n = kad_derive_judge(d, pos, &f);
    bool matched = false;
    for (size_t k = 0; k < n; k++) {
        if (!f[k].guard->require)
            continue;
        refusal = refusal ? refusal : &f[k];
        matched = matched || contains(f[k].guard->message, s->refused);
    }
    r->ret->checked += s->refused.n > 0;
    cover_guards(r, s, d, &story, pos, refusal != NULL);
    if (s->refused.n > 0 && !refusal)
        fail(r, s->line, _("The event should be refused with “%.*s”, but it is accepted."),
             KAD_STR_FMT(s->refused));
    else if (s->refused.n > 0 && !matched)
        fail(r, s->line,
             _("The event should be refused with “%.*s”, but it is refused with “%.*s”."),
             KAD_STR_FMT(s->refused), KAD_STR_FMT(refusal->guard->message));
    else if (s->refused.n == 0 && refusal)
        fail(r, s->line, _("The event is refused: “%.*s” (line %d; %.*s)."),
             KAD_STR_FMT(refusal->guard->message), refusal->guard->line,
             KAD_STR_FMT(refusal->values));
    else if (!may_be_first(r, s, &story))
        fail(r, s->line, _("The first event of a subject of the kind `%.*s` is `%.*s`."),
             KAD_STR_FMT(r->p->kinds[kind].name),
             KAD_STR_FMT(r->p->events[r->p->kinds[kind].begins_with].name));
    if (refusal)
        r->seq[i] = 0;
}

static void tell(struct run *r)
{
    for (size_t i = 0; i < r->x->n_steps; i++) {
        size_t at = r->order[i];
        if (r->x->steps[at].kind == KAD_STEP_EVENT)
            judge(r, at);
        else
            r->seq[at] = ++r->last;
    }
}

/* --- what is expected --- */

/* "due 2021-06-07 done, due 2021-06-14 open": the instances of a task that there are, at most some. */
#define SHOWN 8
static const char *instances_said(struct run *r, const struct kad_instance *v, size_t n,
                                  struct kad_str task)
{
    struct kad_buf b = {0};
    size_t shown = 0;
    for (size_t i = 0; i < n; i++) {
        char due[KAD_DAY_TEXT];
        if (!kad_str_eq(v[i].task, task))
            continue;
        if (shown++ == SHOWN) {
            kad_buf_puts(&b, ", …");
            break;
        }
        kad_buf_printf(&b, "%s%s %s%s", shown > 1 ? ", " : "", kad_day_text(v[i].due, due),
                       kad_state_name(v[i].state), v[i].late ? " late" : "");
    }
    const char *text = kad_arena_strdup(r->a, kad_buf_str(&b));
    kad_buf_done(&b);
    return text;
}

static enum kad_notice_kind notice_kind(const struct kad_example_expect *e)
{
    return e->told == KAD_TOLD_REMINDED ? KAD_NOTICE_REMIND : KAD_NOTICE_ESCALATE;
}

/* In which state was the instance on an earlier day, not before it opened? What has ended had not until
 * then; on the day it closes it may still be done. */
static enum kad_state state_on(const struct kad_instance *i, kad_day day)
{
    bool closed = (i->state == KAD_S_MISSED || i->state == KAD_S_UNTOLD) && i->ended == i->closes;
    if (i->ended != KAD_DAY_NONE && (closed ? i->ended < day : i->ended <= day))
        return i->state;
    return day <= i->due ? KAD_S_OPEN : KAD_S_OVERDUE;
}

/* The day on which the event that opened the instance was recorded; a duty has none. */
static kad_day known_since(const struct run *r, const struct kad_instance *i)
{
    for (size_t k = 0; i->anchor > 0 && k < r->x->n_steps; k++)
        if (r->seq[k] == i->anchor)
            return r->x->steps[k].recorded;
    return KAD_DAY_MIN;
}

/* Has the instance been told of by the day asked: has one of its notices come that it wanted? What
 * became known only after its reminder's day is not reminded of, and escalated when it is known. */
static bool is_told(struct run *r, const struct kad_example_expect *e, const struct kad_instance *i)
{
    const struct kad_notice *v;
    size_t n = kad_notices_of(r->a, i, &v);
    kad_day known = known_since(r, i);
    for (size_t k = 0; k < n; k++) {
        kad_day day = v[k].day > known ? v[k].day : known;
        if (v[k].kind == notice_kind(e) && day <= e->on &&
            (v[k].kind != KAD_NOTICE_REMIND || day == v[k].day) &&
            kad_notice_wanted(v[k].kind, state_on(i, day)))
            return true;
    }
    return false;
}

/* "2021-05-28, 2021-06-08": on which days they were to be told of. */
static const char *notices_said(struct run *r, const struct kad_example_expect *e,
                                const struct kad_instance *v, size_t n)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < n && b.n < SHOWN * KAD_DAY_TEXT; i++) {
        const struct kad_notice *x;
        if (v[i].due != e->due || !kad_str_eq(v[i].task, r->p->tasks[e->task].name))
            continue;
        size_t m = kad_notices_of(r->a, &v[i], &x);
        for (size_t k = 0; k < m; k++) {
            char day[KAD_DAY_TEXT];
            if (x[k].kind == notice_kind(e))
                kad_buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", kad_day_text(x[k].day, day));
        }
    }
    const char *text = kad_arena_strdup(r->a, kad_buf_str(&b));
    kad_buf_done(&b);
    return text;
}

/* Is it what is expected? `no T`: none that has opened; what lies ahead is no task yet. */
static bool is_expected(struct run *r, const struct kad_example_expect *e,
                        const struct kad_instance *i)
{
    if (e->none)
        return i->state != KAD_S_UPCOMING;
    if (e->told != KAD_TOLD_UNASKED)
        return is_told(r, e, i) != e->not_told;
    return (int)i->state == e->state && (!e->late || i->late);
}

static void expect_task(struct run *r, const struct kad_example_expect *e, struct kad_derive *d)
{
    const struct kad_instance *v;
    struct kad_str task = r->p->tasks[e->task].name;
    kad_day horizon = e->due != KAD_DAY_NONE && e->due > e->on ? e->due : e->on;
    size_t n = kad_derive_instances(d, e->on, horizon, &v);
    size_t found = 0;
    const struct kad_instance **by = kad_arena_array(r->a, const struct kad_instance *, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (!kad_str_eq(v[i].task, task) || (e->due != KAD_DAY_NONE && v[i].due != e->due))
            continue;
        if (is_expected(r, e, &v[i]))
            by[found++] = &v[i];
    }
    if (r->cover && !e->none)
        kad_cover_expected(r->cover, by, found);
    if ((found > 0) != e->none)
        return;
    const char *there = instances_said(r, v, n, task);
    const char *told = e->told == KAD_TOLD_UNASKED ? "" : notices_said(r, e, v, n);
    if (*there && *told)
        fail(r, e->line,
             _("Expected “%.*s”, but what there is of the task is: %s. Its days for that: %s."),
             KAD_STR_FMT(e->text), there, told);
    else if (*there && e->told != KAD_TOLD_UNASKED)
        fail(r, e->line,
             _("Expected “%.*s”, but what there is of the task is: %s. It has no day for that."),
             KAD_STR_FMT(e->text), there);
    else if (*there)
        fail(r, e->line, _("Expected “%.*s”, but what there is of the task is: %s."),
             KAD_STR_FMT(e->text), there);
    else
        fail(r, e->line, _("Expected “%.*s”, but there is no such task."), KAD_STR_FMT(e->text));
}

static void expect_attribute(struct run *r, const struct kad_example_expect *e,
                             struct kad_derive *d)
{
    struct kad_value v =
        kad_derive_attribute(d, r->p, e->attribute, kad_derive_end_of(d, e->on), e->on);
    bool known = kad_value_known(v);
    if (e->known != 0 ? known == (e->known > 0) : kad_value_eq(v, e->value) == KAD_YES)
        return;
    const struct kad_attribute *a = &r->p->kinds[e->kind].attributes[e->attribute];
    struct kad_buf b = {0};
    kad_policy_put_value(&b, r->p, v, a->type, a->ref);
    fail(r, e->line, _("Expected “%.*s”, but it is %s."), KAD_STR_FMT(e->text), kad_buf_str(&b));
    kad_buf_done(&b);
}

static void check(struct run *r)
{
    for (size_t i = 0; i < r->x->n_expects; i++) {
        const struct kad_example_expect *e = &r->x->expects[i];
        struct kad_story story;
        story_of(r, e->kind, e->subject, &story);
        struct kad_derive *d = derive(r, &story, e->kind);
        r->ret->checked++;
        if (e->task >= 0)
            expect_task(r, e, d);
        else
            expect_attribute(r, e, d);
    }
}

bool kad_dsl_example_run(const struct kad_policy *p, size_t i, struct kad_cover *cover,
                         struct kad_example_result *ret)
{
    *ret = (struct kad_example_result){0};
    kad_arena_init(&ret->arena);
    const struct kad_example *x = &examples_of(p)->v[i];
    struct kad_adoption *adoption = kad_arena_new(&ret->arena, struct kad_adoption);
    *adoption = (struct kad_adoption){.seq = 1, .from = x->from, .name = p->name, .policy = p};
    struct run r = {
        .p = p, .x = x, .ret = ret, .cover = cover, .a = &ret->arena, .timeline = {adoption, 1}, .last = 1};
    make_order(&r);
    tell(&r);
    check(&r);
    return ret->n == 0;
}

void kad_dsl_example_done(struct kad_example_result *r)
{
    kad_arena_done(&r->arena);
}

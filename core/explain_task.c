/* Why an instance is there, on these days, in this state and on this list. */
#include "core/explain_priv.h"

#include "core/limits.h"
#include "core/notice.h"

#include <stdlib.h>

static const struct kad_rule *rule_of(const struct kad_made *x)
{
    return &x->i.policy->rules[x->i.rule_index];
}

static const struct kad_fact *fact_at(const struct kad_why *w, size_t pos)
{
    return &w->d->story->facts[pos];
}

/* --- why it is there --- */

static void why_trigger(struct kad_why *w, const struct kad_made *x, const struct kad_triggers *t)
{
    const struct kad_expr *ignored;
    for (size_t i = 0; i < t->n; i++) {
        if (!kad_fires(w->d, x->bound, &t->v[i], x->anchor_pos))
            continue;
        const struct kad_fact *f = fact_at(w, x->anchor_pos);
        if (t->v[i].where)
            kad_why_condition(w, x->i.adoption, x->bound, t->v[i].where,
                              (struct kad_place){x->anchor_pos + 1, f->on, f}, 1, &ignored);
        return;
    }
}

/* The extension that reached this window: the first that names its opening day or a later one. */
static void why_extended(struct kad_why *w, const struct kad_made *x)
{
    const struct kad_extension *ext = &rule_of(x)->extension;
    for (size_t i = x->anchor_pos + 1; i < w->d->story->n_facts; i++) {
        if (!kad_fires(w->d, x->bound, &ext->trigger, i))
            continue;
        struct kad_value v =
            kad_fact_field(x->bound, fact_at(w, i), ext->trigger.event, ext->field);
        if (!kad_value_known(v) || (kad_day)v.num < x->i.opens)
            continue;
        struct kad_step *s = kad_why_event(w, KAD_SAY_EXTENDED, x->bound, i);
        if (!x->i.policy->events[ext->trigger.event].fields[ext->field].is_private)
            s->to = (kad_day)v.num;
        return;
    }
}

static void why_duty(struct kad_why *w, const struct kad_made *x)
{
    const struct kad_rule *rule = rule_of(x);
    const struct kad_expr *ignored;
    if (rule->by_date) {
        struct kad_step *s = kad_why_add(w, KAD_SAY_BY_DATE);
        s->day = rule->date;
        s->to = x->i.opens;
    } else {
        struct kad_step *s = kad_why_add(w, KAD_SAY_PERIOD);
        char name[KAD_OCCURRENCE_TEXT];
        kad_day in = rule->has_due ? x->i.opens - 1 : x->i.opens;
        if (kad_cycle_period(&rule->cycle, kad_cycle_index(&rule->cycle, in), &s->day, &s->to, name))
            s->value = kad_str(kad_arena_strdup(w->a, name));
    }
    if (rule->where) {
        size_t pos = kad_end_of(w->d->story, x->i.opens), limit = kad_end_of(w->d->story, w->day);
        kad_why_condition(w, x->i.adoption, x->bound, rule->where,
                          (struct kad_place){pos < limit ? pos : limit, x->i.opens, NULL}, 1,
                          &ignored);
    }
}

/* The `when`s of the same event that come first in the rule, and did not decide. */
static void why_not_earlier(struct kad_why *w, const struct kad_made *x)
{
    const struct kad_rule *rule = rule_of(x);
    const struct kad_fact *f = fact_at(w, x->anchor_pos);
    const struct kad_expr *ignored;
    for (int32_t k = 0; k < x->i.part; k++) {
        const struct kad_trigger *t = &rule->whens[k].trigger;
        if (t->event == rule->whens[x->i.part].trigger.event && t->where)
            kad_why_condition(w, x->i.adoption, x->bound, t->where,
                              (struct kad_place){x->anchor_pos + 1, f->on, f}, 1, &ignored);
    }
}

static void why_there(struct kad_why *w, const struct kad_made *x)
{
    const struct kad_rule *rule = rule_of(x);
    if (rule->kind == KAD_RULE_DUTY) {
        why_duty(w, x);
    } else if (rule->kind == KAD_RULE_TASK) {
        kad_why_event(w, KAD_SAY_EVENT, x->bound, x->anchor_pos);
        why_not_earlier(w, x);
        struct kad_triggers t = {&rule->whens[x->i.part].trigger, 1};
        why_trigger(w, x, &t);
        int from = rule->whens[x->i.part].due.attribute;
        if (from >= 0)
            kad_why_attribute(w, x->i.adoption, x->bound, from, x->anchor_pos + 1, x->i.opens, 0);
    } else {
        kad_why_event(w, KAD_SAY_ANCHOR, x->bound, x->anchor_pos);
        why_trigger(w, x, &rule->from);
        if (x->i.part < 0)
            why_extended(w, x);
    }
    kad_why_rule(w, x->i.adoption, rule, x->i.line);
}

/* --- its days --- */

/* Months and years keep the day of the month; where the month reached lacks it, its last counts. */
static void why_clipped(struct kad_why *w, kad_day from, kad_day to, enum kad_unit unit)
{
    if (unit != KAD_U_MONTH && unit != KAD_U_YEAR)
        return;
    struct kad_ymd a = kad_ymd_of(from), b = kad_ymd_of(to);
    if (b.day == a.day || b.day != kad_month_days(b.year, b.month))
        return;
    struct kad_step *s = kad_why_add(w, KAD_SAY_CLIPPED);
    s->to = to;
    s->n = a.day;
}

static struct kad_step *why_due(struct kad_why *w, const struct kad_made *x, kad_day from,
                                const struct kad_offset *offset)
{
    struct kad_step *s = kad_why_add(w, KAD_SAY_DUE);
    s->day = from;
    s->to = x->plain;
    s->moved = x->i.due != x->plain ? x->i.due : KAD_DAY_NONE;
    s->adoption = x->i.adoption;
    if (offset) {
        s->counted = true;
        s->offset = *offset;
    }
    return s;
}

static void days_of_task(struct kad_why *w, const struct kad_made *x)
{
    const struct kad_offset *o = &rule_of(x)->whens[x->i.part].due;
    kad_day from = x->i.opens;
    struct kad_step *s;
    kad_why_add(w, KAD_SAY_OPENS)->day = x->i.opens;
    if (o->attribute >= 0) {
        struct kad_value v = kad_attribute_eval(w->d, x->bound, o->attribute, x->anchor_pos + 1, from);
        const struct kad_attribute *a =
            &x->bound->policy->kinds[x->bound->kind].attributes[o->attribute];
        if (!kad_value_known(v) || a->is_private) { /* due at once; or a day that is not told */
            s = why_due(w, x, KAD_DAY_NONE, NULL);
            if (kad_value_known(v))
                s->label = a->label;
            return;
        }
        from = (kad_day)v.num;
    }
    s = why_due(w, x, from, o);
    if (o->n != 0)
        why_clipped(w, s->day, s->to, o->unit);
}

static void days_of_duty(struct kad_why *w, const struct kad_made *x)
{
    const struct kad_rule *rule = rule_of(x);
    kad_why_add(w, KAD_SAY_OPENS)->day = x->i.opens;
    if (!rule->has_due) {
        why_due(w, x, KAD_DAY_NONE, NULL);
        return;
    }
    /* The last of the days, weeks or months that follow the period; of working days the n-th. */
    bool working = rule->due.unit == KAD_U_WORKING_DAY;
    why_due(w, x, working ? x->i.opens - 1 : x->i.opens, &rule->due)->n = working ? 0 : -1;
}

static void days_of_window(struct kad_why *w, const struct kad_made *x)
{
    const struct kad_rule *rule = rule_of(x);
    kad_day base = fact_at(w, x->anchor_pos)->on;
    struct kad_phase shape;
    int32_t window = x->window;
    if (x->i.part >= 0)
        shape = rule->phases[x->i.part].shape;
    else if (!kad_extension_phase(rule, base, &shape, &base))
        return;
    if (shape.division == KAD_TIMES_MONTH) { /* each month by itself */
        shape.first += window / shape.n;
        shape.last = shape.first;
        window %= shape.n;
    }
    struct kad_step *s = kad_why_add(w, KAD_SAY_PHASE);
    s->phase = shape;
    s->day = kad_phase_start(base, &shape);
    s->to = kad_phase_end(base, &shape);
    s->moved = base;
    if (shape.unit == KAD_U_MONTH && shape.first > 1)
        why_clipped(w, base, kad_add_months(base, shape.first - 1), KAD_U_MONTH);
    s = kad_why_add(w, KAD_SAY_WINDOW);
    s->phase = shape;
    s->n = window + 1;
    s->of = shape.last == 0 ? 0 : kad_phase_count(base, &shape);
    s->day = x->i.opens;
    s->to = x->plain;
    if (x->i.due != x->plain)
        why_due(w, x, KAD_DAY_NONE, NULL);
}

/* When it is reminded of, and to whom it is escalated. */
static void why_notices(struct kad_why *w, const struct kad_made *x)
{
    const struct kad_notice *v;
    size_t n = kad_notices_of(w->a, &x->i, &v);
    for (size_t i = 0; i < n; i++) {
        bool reminder = v[i].kind == KAD_NOTICE_REMIND;
        bool opens = v[i].day != kad_notice_day(&x->i.policy->calendar, v[i].def, x->i.due);
        struct kad_step *s = kad_why_add(w, reminder ? KAD_SAY_REMINDED : KAD_SAY_ESCALATED);
        if (opens)
            s->say = reminder ? KAD_SAY_REMINDED_OPENS : KAD_SAY_ESCALATED_OPENS;
        s->day = opens ? v[i].day : x->i.due;
        s->to = v[i].day;
        s->counted = true;
        s->offset = (struct kad_offset){reminder ? -v[i].n : v[i].n, v[i].unit, -1};
        s->adoption = x->i.adoption;
        s->line = v[i].def->line;
        if (!reminder)
            s->value = x->i.policy->roles[v[i].role].label;
    }
}

static void why_days(struct kad_why *w, const struct kad_made *x)
{
    static void (*const of[])(struct kad_why *, const struct kad_made *) = {
        [KAD_RULE_TASK] = days_of_task,
        [KAD_RULE_CADENCE] = days_of_window,
        [KAD_RULE_DUTY] = days_of_duty};
    of[rule_of(x)->kind](w, x);
    bool never = x->i.closes == KAD_DAY_NONE;
    struct kad_step *s = kad_why_add(w, never ? KAD_SAY_CLOSES_NEVER : KAD_SAY_CLOSES);
    s->day = x->i.closes;
    s->to = x->i.due;
    why_notices(w, x);
}

/* --- where it stands --- */

/* What might have done it and did another one of the same task. */
static void why_did_other(struct kad_why *w, const struct kad_making *m, const struct kad_made *x)
{
    int n = 0;
    for (size_t i = 0; i < m->made.n && n < KAD_E_MOST; i++) {
        const struct kad_made *y = &m->made.v[i];
        if (y == x || y->done_pos == KAD_NOWHERE)
            continue;
        kad_day on = fact_at(w, y->done_pos)->on;
        if (on < x->i.opens || (x->i.closes != KAD_DAY_NONE && on > x->i.closes))
            continue;
        struct kad_step *s = kad_why_event(w, KAD_SAY_DID_OTHER, y->bound, y->done_pos);
        s->depth = 1;
        s->to = y->i.due;
        n++;
    }
}

static void why_waived(struct kad_why *w, const struct kad_making *m, const struct kad_made *x)
{
    const struct kad_waiver *v = kad_waiver_of(m, x);
    struct kad_step *s = kad_why_add(w, KAD_SAY_WAIVED);
    s->day = v->on;
    s->seq = v->seq;
    s->label = v->by;
    s->text = v->because;
}

static void why_missed(struct kad_why *w, const struct kad_made *x)
{
    struct kad_step *s;
    bool ended = x->end_pos != KAD_NOWHERE && x->i.ended == fact_at(w, x->end_pos)->on &&
                 x->i.ended != x->i.closes;
    if (x->i.state == KAD_S_UNTOLD) {
        s = kad_why_event(w, KAD_SAY_UNTOLD, x->bound, x->anchor_pos);
        s->day = x->i.ended;
        s->to = x->told;
    } else if (ended) {
        s = kad_why_event(w, KAD_SAY_MISSED_ENDED, x->bound, x->end_pos);
        s->to = x->i.due;
    } else {
        s = kad_why_add(w, KAD_SAY_MISSED);
        s->day = x->i.ended;
        s->to = x->i.due;
    }
}

static void why_state(struct kad_why *w, const struct kad_making *m, const struct kad_made *x)
{
    const struct kad_rule *rule = rule_of(x);
    struct kad_step *s;
    switch (x->i.state) {
    case KAD_S_UPCOMING:
        kad_why_add(w, KAD_SAY_UPCOMING)->day = x->i.opens;
        return;
    case KAD_S_OPEN:
    case KAD_S_OVERDUE:
        s = kad_why_add(w, x->i.state == KAD_S_OPEN ? KAD_SAY_OPEN : KAD_SAY_OVERDUE);
        s->text = kad_triggers_called(w, x->i.policy, &x->i.policy->tasks[x->i.task_index].done_by);
        s->day = x->i.state == KAD_S_OPEN ? x->i.opens : x->i.due;
        s->to = x->i.state == KAD_S_OPEN ? x->i.due : x->i.closes;
        why_did_other(w, m, x);
        return;
    case KAD_S_DONE:
        s = kad_why_event(w, x->i.late ? KAD_SAY_DONE_LATE : KAD_SAY_DONE, x->bound, x->done_pos);
        s->to = x->i.due;
        return;
    case KAD_S_MISSED:
    case KAD_S_UNTOLD:
        why_missed(w, x);
        why_did_other(w, m, x);
        return;
    case KAD_S_DROPPED: {
        bool until = kad_any_fires(w->d, x->bound, &rule->until, x->end_pos);
        kad_why_event(w, until ? KAD_SAY_DROPPED : KAD_SAY_DROPPED_NEW, x->bound, x->end_pos);
        return;
    }
    case KAD_S_WAIVED:
        why_waived(w, m, x);
        return;
    default:
        return;
    }
}

/* --- whose list --- */

static void why_owner(struct kad_why *w, const struct kad_making *m, const struct kad_made *x)
{
    const struct kad_rule *rule = rule_of(x);
    const struct kad_policy *p = x->i.policy;
    struct kad_step *s;
    if (rule->owner_role >= 0) {
        s = kad_why_add(w, KAD_SAY_OWNER_ROLE);
        s->value = p->roles[rule->owner_role].label;
        s->name = p->roles[rule->owner_role].name;
    } else if (rule->owner_attribute >= 0) {
        const struct kad_attribute *a = &p->kinds[x->bound->kind].attributes[rule->owner_attribute];
        s = kad_why_add(w, x->i.owner.n > 0 ? KAD_SAY_OWNER : KAD_SAY_OWNER_NONE);
        s->label = a->label;
        s->name = a->name;
        if (!a->is_private)
            s->value = x->i.owner;
        size_t from = w->e->steps.n;
        kad_why_attribute(w, x->i.adoption, x->bound, rule->owner_attribute, m->limit, m->day, 1);
        /* A reason for the list, and of its section: its event is told in the same step. */
        if (x->i.owner.n > 0 && w->e->steps.n > from &&
            w->e->steps.v[from].say == KAD_SAY_SET_BY) {
            struct kad_step set = w->e->steps.v[from];
            s = &w->e->steps.v[from - 1];
            s->day = set.day;
            s->seq = set.seq;
            s->text = set.text;
        }
        w->e->steps.n = from;
    } else {
        kad_why_add(w, KAD_SAY_OWNER_UNSAID);
    }
}

/* --- all of one instance --- */

static void why_policy(struct kad_why *w, const struct kad_made *x)
{
    kad_day anchor = x->anchor_pos == KAD_NOWHERE ? x->i.opens : fact_at(w, x->anchor_pos)->on;
    struct kad_step *s = kad_why_add(w, KAD_SAY_POLICY);
    s->adoption = x->i.adoption;
    s->day = x->i.adoption->from > anchor ? x->i.opens : anchor;
}

void kad_why_made(struct kad_why *w, struct kad_making *m, const struct kad_made *x)
{
    why_there(w, x);
    why_days(w, x);
    why_state(w, m, x);
    why_owner(w, m, x);
    why_policy(w, x);
}

/* The changes of policy that the window in question lived through. */
struct changes {
    struct kad_arena *a;
    kad_vec(struct kad_change) v;
};

static void keep_change(void *ctx, const struct kad_change *c)
{
    struct changes *all = ctx;
    kad_vec_push(all->a, &all->v, *c);
}

static void ignore_missing(void *ctx, const struct kad_missing *m)
{
    (void)ctx;
    (void)m;
}

static void why_changes(struct kad_why *w, const struct changes *c, const struct kad_made *x)
{
    kad_day anchor = x->anchor_pos == KAD_NOWHERE ? KAD_DAY_NONE : fact_at(w, x->anchor_pos)->on;
    kad_day last = KAD_DAY_NONE;
    for (size_t i = 0; i < c->v.n; i++) {
        const struct kad_change *one = &c->v.v[i];
        if (one->asking != x->i.adoption || one->anchor != anchor || one->opens != x->i.opens ||
            one->from == last)
            continue;
        last = one->from;
        struct kad_step *s = kad_why_add(w, one->taken ? KAD_SAY_TAKEN : KAD_SAY_LEFT);
        s->adoption = one->incoming;
        s->day = one->from;
    }
}

void kad_why_make(struct kad_why *w, struct kad_making *m, struct kad_str only, kad_day horizon,
                  const struct kad_watch *watch)
{
    *m = (struct kad_making){.d = w->d,
                             .watch = watch,
                             .limit = kad_end_of(w->d->story, w->day),
                             .day = w->day,
                             .horizon = horizon > w->day ? horizon : w->day,
                             .only = only};
    kad_make_instances(m);
    kad_match_instances(m);
}

/* The task's name in an id: SUBJECT/TASK[/ANCHOR][/OCCURRENCE]; empty when no policy has it. */
static struct kad_str task_in(const struct kad_derive *d, struct kad_str id)
{
    for (size_t i = 0; i < d->timeline->n; i++) {
        const struct kad_policy *p = d->timeline->v[i].policy;
        for (size_t t = 0; p && t < p->n_tasks; t++) {
            struct kad_str name = p->tasks[t].name;
            size_t at = d->story->subject.n + 1, end = at + name.n;
            if (id.n >= end && memcmp(id.p + at, name.p, name.n) == 0 &&
                (id.n == end || id.p[end] == '/'))
                return name;
        }
    }
    return (struct kad_str){0};
}

bool kad_explain_instance(struct kad_derive *d, kad_day day, struct kad_str id,
                          struct kad_explanation *ret)
{
    struct kad_why w;
    kad_why_begin(&w, d, day, ret);
    struct kad_str task = task_in(d, id);
    if (task.n == 0)
        return false;
    struct changes changes = {.a = d->arena};
    struct kad_watch watch = {&changes, ignore_missing, keep_change};
    struct kad_making m;
    kad_why_make(&w, &m, task, kad_add_years(day, 1), &watch);
    for (size_t i = 0; i < m.made.n; i++) {
        const struct kad_made *x = &m.made.v[i];
        if (!kad_str_eq(x->i.id, id))
            continue;
        struct kad_step *s = kad_why_add(&w, KAD_SAY_TASK);
        s->label = x->i.policy->tasks[x->i.task_index].label;
        s->name = x->i.id;
        s->value = kad_str(kad_state_label(x->i.state));
        s->day = x->i.due;
        s->to = day;
        kad_why_made(&w, &m, x);
        why_changes(&w, &changes, x);
        kad_explanation_sort(ret);
        return true;
    }
    return false;
}

/* Windows, matching and states, slow and plain; see plain.h. First every instance is written down,
 * then the story is gone through once, event by event, and each event does what it does. */
#include "tests/unit/plain_parts.h"

#include <stdio.h>

#include "core/clock.h"

#define NOWHERE SIZE_MAX

/* One instance on its way, and what is needed to settle it. */
struct entry {
    struct kad_instance i;
    size_t anchor; /* place in the story; NOWHERE: a duty has none */
    size_t opener; /* the event that opened it: told late, it is untold */
    size_t end;    /* the first event that ends its run */
    size_t order;  /* of occurrences of one run or duty */
    bool cut;      /* overdue when its run was ended: missed from that day on */
};

struct table {
    struct plain *w;
    kad_day day, horizon;
    struct kad_str only; /* instances of this task; empty: of all */
    kad_vec(struct entry) all;
};

static const struct kad_fact *fact(const struct table *t, size_t at)
{
    return &t->w->story.facts[at];
}

/* --- from windows to instances ("Days, months, weeks", "Tasks, cadences, duties") --- */

/* The first event after the anchor (for a duty: on or after `opens`) that ends what this rule
 * gave: `until`, and for a cadence a new anchor, unless its runs go side by side. */
static size_t ending(const struct table *t, const struct kad_policy *p, const struct kad_rule *r,
                     size_t anchor, kad_day opens)
{
    for (size_t i = 0; i < t->w->story.n_facts; i++) {
        bool reached = anchor == NOWHERE ? fact(t, i)->on >= opens : i > anchor;
        if (!reached)
            continue;
        if (plain_triggers_any(t->w, p, &r->until, i))
            return i;
        if (r->kind == KAD_RULE_CADENCE && !r->from_every &&
            plain_triggers_any(t->w, p, &r->from, i))
            return i;
    }
    return NOWHERE;
}

/* Fill in the days, moved as the rule says, and file the entry. */
static void file(struct table *t, const struct kad_adoption *a, int rule, int task,
                 struct kad_window win, int line, struct entry e)
{
    const struct kad_policy *p = a->policy;
    const struct kad_rule *r = &p->rules[rule];
    e.i.adoption = a;
    e.i.policy = p;
    e.i.task = p->tasks[task].name;
    e.i.task_index = task;
    e.i.rule_index = rule;
    e.i.line = line;
    e.i.opens = win.opens;
    e.i.due = kad_move_day(&p->calendar, win.due, r->move);
    e.i.closes = win.closes;
    if (r->closes == KAD_CLOSES_NEVER)
        e.i.closes = KAD_DAY_NONE;
    if (r->closes == KAD_CLOSES_AFTER_DUE)
        e.i.closes = e.i.due + r->closes_days;
    if (e.i.closes != KAD_DAY_NONE && e.i.closes < e.i.due)
        e.i.closes = e.i.due;
    e.i.ended = KAD_DAY_NONE;
    e.i.anchor = e.anchor == NOWHERE ? 0 : fact(t, e.anchor)->seq;
    e.end = ending(t, p, r, e.anchor, win.opens);
    kad_vec_push(t->w->a, &t->all, e);
}

static struct kad_str id_of(const struct table *t, struct kad_str task, size_t anchor,
                            const char *occurrence)
{
    char place[32] = "";
    if (anchor != NOWHERE)
        snprintf(place, sizeof place, "%llu", (unsigned long long)fact(t, anchor)->seq);
    bool both = anchor != NOWHERE && *occurrence;
    return kad_str(kad_arena_printf(t->w->a, "%.*s/%.*s/%s%s%s", KAD_STR_FMT(t->w->story.subject),
                                    KAD_STR_FMT(task), place, both ? "/" : "", occurrence));
}

static int task_of_rule(const struct kad_policy *p, int rule)
{
    for (size_t i = 0; i < p->n_tasks; i++) {
        if (p->tasks[i].rule == rule)
            return (int)i;
    }
    return -1;
}

/* `task`: each triggering event opens one, on its day. */
static void open_tasks(struct table *t, const struct kad_adoption *a, int rule)
{
    const struct kad_policy *p = a->policy;
    const struct kad_rule *r = &p->rules[rule];
    for (size_t i = 0; i < t->w->story.n_facts; i++) {
        kad_day on = fact(t, i)->on;
        if (plain_in_force(t->w, a->name, on) != a)
            continue;
        for (size_t j = 0; j < r->n_whens; j++) {
            const struct kad_when *when = &r->whens[j];
            if (!plain_triggers(t->w, p, &when->trigger, i))
                continue;
            kad_day due = on;
            if (when->due.attribute < 0) {
                due = kad_add(&p->calendar, on, when->due.n, when->due.unit);
            } else {
                struct kad_value v = plain_attribute(t->w, p, when->due.attribute, i + 1, on);
                if (kad_value_known(v))
                    due = kad_add(&p->calendar, (kad_day)v.num, when->due.n, when->due.unit);
            }
            int task = task_of_rule(p, rule);
            struct entry e = {.anchor = i, .opener = i};
            e.i.id = id_of(t, p->tasks[task].name, i, "");
            file(t, a, rule, task, (struct kad_window){on, due, KAD_DAY_NONE, ""}, when->line, e);
            break;
        }
    }
}

/* One window of a run: does it belong to this adoption? */
static void open_window(struct table *t, const struct kad_adoption *a, int rule, int task,
                        struct kad_window win, int line, struct entry e)
{
    const struct kad_rule *r = &a->policy->rules[rule];
    kad_day anchored = fact(t, e.anchor)->on;
    if (plain_governing(t->w, a->name, r->name, anchored, win.opens) != a)
        return;
    e.i.id = id_of(t, a->policy->tasks[task].name, e.anchor, win.occurrence);
    file(t, a, rule, task, win, line, e);
}

/* `extended by`: month by month after the last phase, up to the latest date named. */
static void open_extension(struct table *t, const struct kad_adoption *a, int rule, size_t anchor,
                           size_t *order)
{
    const struct kad_policy *p = a->policy;
    const struct kad_rule *r = &p->rules[rule];
    const struct kad_extension *x = &r->extension;
    size_t end = ending(t, p, r, anchor, 0);
    int32_t month = 0;
    for (size_t i = 0; i < r->n_phases; i++) {
        if (r->phases[i].shape.last > month)
            month = r->phases[i].shape.last;
    }
    for (;;) {
        month++;
        struct kad_phase shape = {KAD_U_MONTH, month, month, KAD_TIMES_MONTH, x->times};
        for (int32_t i = 0; i < x->times; i++) {
            struct kad_window win;
            if (!kad_phase_window(fact(t, anchor)->on, &shape, i, &win))
                return;
            size_t opener = NOWHERE;
            for (size_t j = anchor + 1; j < t->w->story.n_facts && j < end; j++) {
                if (opener != NOWHERE || !plain_triggers(t->w, p, &x->trigger, j))
                    continue;
                struct kad_value to = plain_field(p, x->trigger.event, x->field, fact(t, j));
                if (kad_value_known(to) && (kad_day)to.num >= win.opens)
                    opener = j;
            }
            if (opener == NOWHERE)
                return;
            open_window(t, a, rule, x->task, win, x->line,
                        (struct entry){.anchor = anchor, .opener = opener, .order = (*order)++});
        }
    }
}

/* `cadence`: each anchor event starts a run. */
static void open_run(struct table *t, const struct kad_adoption *a, int rule, size_t anchor)
{
    const struct kad_rule *r = &a->policy->rules[rule];
    bool open_ended = false;
    for (size_t i = 0; i < r->n_phases; i++)
        open_ended |= r->phases[i].shape.last == 0;
    size_t end = ending(t, a->policy, r, anchor, 0), order = 0;
    for (size_t i = 0; i < r->n_phases; i++) {
        const struct kad_phase_def *phase = &r->phases[i];
        struct kad_window win;
        for (int32_t k = 0; kad_phase_window(fact(t, anchor)->on, &phase->shape, k, &win); k++) {
            if (open_ended && win.opens > t->horizon)
                break;
            if (open_ended && end != NOWHERE && win.opens > fact(t, end)->on)
                break;
            open_window(t, a, rule, phase->task, win, phase->line,
                        (struct entry){.anchor = anchor, .opener = anchor, .order = order++});
        }
    }
    if (r->extension.field >= 0)
        open_extension(t, a, rule, anchor, &order);
}

/* Is the subject one that duties of this policy concern, on a day they open? */
static bool stands(const struct table *t, const struct kad_policy *p, const struct kad_rule *r,
                   kad_day opens)
{
    const struct kad_kind *k = &p->kinds[r->subject];
    const struct kad_story *s = &t->w->story;
    if (k->shape == KAD_KIND_FREE && (s->n_facts == 0 || opens < s->facts[0].on))
        return false;
    if (k->shape == KAD_KIND_ONE_OF && kad_kind_member(k, s->subject) < 0)
        return false;
    if (!r->where)
        return true;
    struct kad_value v = plain_expr(t->w, p, r->where, plain_by_day(t->w, opens), opens, NULL);
    return plain_truth(v) == KAD_YES;
}

/* An instance that opened keeps its opening: of one id the earliest stays. */
static void file_duty(struct table *t, const struct kad_adoption *a, int rule, int task,
                      struct kad_window win, size_t order)
{
    const struct kad_rule *r = &a->policy->rules[rule];
    struct kad_str id = id_of(t, a->policy->tasks[task].name, NOWHERE, win.occurrence);
    struct entry e = {.anchor = NOWHERE, .opener = NOWHERE, .order = order};
    e.i.id = id;
    for (size_t i = 0; i < t->all.n; i++) {
        struct entry *other = &t->all.v[i];
        if (!kad_str_eq(other->i.id, id))
            continue;
        if (other->i.opens <= win.opens)
            return;
        *other = t->all.v[--t->all.n];
        break;
    }
    file(t, a, rule, task, win, r->line, e);
}

static kad_day first_of(const struct table *t, struct kad_str name)
{
    kad_day first = KAD_DAY_MAX;
    for (size_t i = 0; i < t->w->timeline->n; i++) {
        const struct kad_adoption *a = &t->w->timeline->v[i];
        if (kad_str_eq(a->name, name) && a->from < first)
            first = a->from;
    }
    return first;
}

/* `no later than DATE`: opens with the first policy that has it. */
static void open_by_date(struct table *t, const struct kad_adoption *a, int rule)
{
    const struct kad_rule *r = &a->policy->rules[rule];
    for (kad_day x = first_of(t, a->name); x <= t->horizon; x++) {
        const struct kad_adoption *now = plain_in_force(t->w, a->name, x);
        const struct kad_rule *has = now ? plain_rule_named(now->policy, r->name) : NULL;
        if (!has || has->kind != KAD_RULE_DUTY || !has->by_date || has->date != r->date ||
            !kad_str_eq(now->policy->kinds[has->subject].name, t->w->kind))
            continue;
        struct kad_window win = {x, r->date, KAD_DAY_NONE, ""};
        kad_day_text(r->date, win.occurrence);
        if (now == a && stands(t, a->policy, r, x))
            file_duty(t, a, rule, task_of_rule(a->policy, rule), win, 0);
        return;
    }
}

/* `due N … after`: opens the day after the period, due on the last of the days that follow. */
static struct kad_window after_period(const struct kad_policy *p, const struct kad_rule *r,
                                      struct kad_window win)
{
    kad_day last = win.due;
    win.opens = last + 1;
    win.closes = KAD_DAY_NONE;
    if (r->due.unit == KAD_U_WORKING_DAY)
        win.due = kad_add_working_days(&p->calendar, last, r->due.n);
    else
        win.due = kad_add(NULL, last + 1, r->due.n, r->due.unit) - 1;
    return win;
}

static void open_periods(struct table *t, const struct kad_adoption *a, int rule)
{
    const struct kad_policy *p = a->policy;
    const struct kad_rule *r = &p->rules[rule];
    int64_t from = kad_cycle_index(&r->cycle, a->from) - 1;
    int64_t to = kad_cycle_index(&r->cycle, t->horizon);
    for (int64_t index = from; index <= to; index++) {
        struct kad_window win;
        for (int32_t i = 0; i < r->cycle.times; i++) {
            if (!kad_cycle_window(&r->cycle, index, i, &win))
                continue;
            if (r->has_due)
                win = after_period(p, r, win);
            if (win.opens > t->horizon || plain_in_force(t->w, a->name, win.opens) != a ||
                !stands(t, p, r, win.opens))
                continue;
            file_duty(t, a, rule, task_of_rule(p, rule), win, (size_t)i);
        }
    }
}

/* Other tasks are left alone: a condition about one task may stand in the rule of another. */
static bool wanted(const struct table *t, const struct kad_policy *p, int rule)
{
    for (size_t i = 0; i < p->n_tasks; i++) {
        if (p->tasks[i].rule == rule && (t->only.n == 0 || kad_str_eq(p->tasks[i].name, t->only)))
            return true;
    }
    return false;
}

static void open_all(struct table *t)
{
    for (size_t i = 0; i < t->w->timeline->n; i++) {
        const struct kad_adoption *a = &t->w->timeline->v[i];
        int kind = a->policy ? kad_policy_kind(a->policy, t->w->kind) : -1;
        if (kind < 0)
            continue;
        for (size_t j = 0; j < a->policy->n_rules; j++) {
            const struct kad_rule *r = &a->policy->rules[j];
            if (r->subject != kind || !wanted(t, a->policy, (int)j))
                continue;
            if (r->kind == KAD_RULE_TASK)
                open_tasks(t, a, (int)j);
            if (r->kind == KAD_RULE_DUTY && r->by_date)
                open_by_date(t, a, (int)j);
            if (r->kind == KAD_RULE_DUTY && !r->by_date)
                open_periods(t, a, (int)j);
            for (size_t k = 0; r->kind == KAD_RULE_CADENCE && k < t->w->story.n_facts; k++) {
                if (plain_triggers_any(t->w, a->policy, &r->from, k))
                    open_run(t, a, (int)j, k);
            }
        }
    }
}

/* --- what does what --- */

static bool settled(const struct entry *e)
{
    return e->i.done_by || e->i.dropped_by || e->i.waived_by;
}

/* Equal due days: the earlier opening, then the anchor's place in the story, then the occurrence. */
static bool before(const struct entry *a, const struct entry *b)
{
    if (a->i.due != b->i.due)
        return a->i.due < b->i.due;
    if (a->i.opens != b->i.opens)
        return a->i.opens < b->i.opens;
    if (a->anchor != b->anchor)
        return a->anchor < b->anchor;
    return a->order < b->order;
}

static bool could_do(struct table *t, const struct entry *e, size_t at)
{
    const struct kad_fact *f = fact(t, at);
    if (settled(e) || e->cut || e->opener == at || f->on < e->i.opens)
        return false;
    if (e->i.closes != KAD_DAY_NONE && f->on > e->i.closes)
        return false;
    const struct kad_policy *p = e->i.policy;
    return plain_triggers_any(t->w, p, &p->tasks[e->i.task_index].done_by, at);
}

static void do_one(struct table *t, size_t at, struct kad_str task)
{
    struct entry *best = NULL;
    bool best_in_time = false;
    kad_day on = fact(t, at)->on;
    for (size_t i = 0; i < t->all.n; i++) {
        struct entry *e = &t->all.v[i];
        if (!kad_str_eq(e->i.task, task) || !could_do(t, e, at))
            continue;
        bool in_time = on <= e->i.due;
        if (!best || (in_time && !best_in_time) || (in_time == best_in_time && before(e, best))) {
            best = e;
            best_in_time = in_time;
        }
    }
    if (!best)
        return;
    best->i.done_by = fact(t, at)->seq;
    best->i.ended = on;
    best->i.late = on > best->i.due;
}

/* `until` and a new anchor: what is still to come is dropped, what is overdue can be done no more. */
static void end_runs(struct table *t, size_t at)
{
    kad_day d = fact(t, at)->on;
    for (size_t i = 0; i < t->all.n; i++) {
        struct entry *e = &t->all.v[i];
        if (e->end != at || settled(e))
            continue;
        if (e->i.opens > d || d <= e->i.due) {
            e->i.dropped_by = fact(t, at)->seq;
            e->i.ended = d;
        } else if (e->i.closes == KAD_DAY_NONE || e->i.closes >= d) {
            e->cut = true;
            e->i.ended = d;
        }
    }
}

static bool told(const struct table *t, const struct entry *e, kad_day closed)
{
    return e->opener == NOWHERE || kad_clock_day(fact(t, e->opener)->at) <= closed;
}

/* Takes what is open, overdue, upcoming or missed; not what was untold by then. */
static void waive(struct table *t, const struct kad_waiver *v)
{
    for (size_t i = 0; i < t->all.n; i++) {
        struct entry *e = &t->all.v[i];
        if (!kad_str_eq(e->i.id, v->task) || settled(e))
            continue;
        if (e->cut && !told(t, e, e->i.ended))
            continue;
        if (!e->cut && e->i.closes != KAD_DAY_NONE && v->on > e->i.closes &&
            !told(t, e, e->i.closes))
            continue;
        e->i.waived_by = v->seq;
        e->i.ended = v->on;
    }
}

static bool stands_before(kad_day on, uint64_t seq, kad_day other_on, uint64_t other_seq)
{
    return on != other_on ? on < other_on : seq < other_seq;
}

/* The waivers that stand between the facts [0, at) and the rest, in the story's order. */
static void waive_between(struct table *t, size_t at)
{
    const struct kad_story *s = &t->w->story;
    const struct kad_waiver *last = NULL;
    for (;;) {
        const struct kad_waiver *next = NULL;
        for (size_t k = 0; k < s->n_waivers; k++) {
            const struct kad_waiver *v = &s->waivers[k];
            if (at > 0 && stands_before(v->on, v->seq, fact(t, at - 1)->on, fact(t, at - 1)->seq))
                continue;
            if (at < s->n_facts && stands_before(fact(t, at)->on, fact(t, at)->seq, v->on, v->seq))
                continue;
            if (last && !stands_before(last->on, last->seq, v->on, v->seq))
                continue;
            if (!next || stands_before(v->on, v->seq, next->on, next->seq))
                next = v;
        }
        if (!next)
            return;
        waive(t, next);
        last = next;
    }
}

static void go_through(struct table *t)
{
    for (size_t at = 0; at <= t->w->story.n_facts; at++) {
        waive_between(t, at);
        if (at == t->w->story.n_facts)
            break;
        end_runs(t, at);
        for (size_t i = 0; i < t->all.n; i++) { /* each task name once */
            bool first = true;
            for (size_t j = 0; j < i; j++)
                first &= !kad_str_eq(t->all.v[j].i.task, t->all.v[i].i.task);
            if (first)
                do_one(t, at, t->all.v[i].i.task);
        }
    }
}

/* --- states ("Its state as of a day") --- */

static void settle(struct table *t, struct entry *e)
{
    struct kad_instance *i = &e->i;
    bool closed = e->cut || (i->closes != KAD_DAY_NONE && t->day > i->closes);
    if (i->done_by) {
        i->state = KAD_S_DONE;
    } else if (i->dropped_by) {
        i->state = KAD_S_DROPPED;
    } else if (i->waived_by) {
        i->state = KAD_S_WAIVED;
    } else if (t->day < i->opens) {
        i->state = KAD_S_UPCOMING;
    } else if (closed) {
        if (!e->cut)
            i->ended = i->closes;
        i->state = told(t, e, i->ended) ? KAD_S_MISSED : KAD_S_UNTOLD;
    } else {
        i->state = t->day <= i->due ? KAD_S_OPEN : KAD_S_OVERDUE;
    }
}

static void own(struct table *t, struct kad_instance *i)
{
    const struct kad_rule *r = &i->policy->rules[i->rule_index];
    size_t now = plain_by_day(t->w, t->day);
    i->owner = (struct kad_str){0};
    if (r->owner_attribute >= 0) {
        struct kad_value v = plain_attribute(t->w, i->policy, r->owner_attribute, now, t->day);
        if (kad_value_known(v))
            i->owner = v.str;
    } else if (r->owner_role >= 0) {
        struct kad_str role = i->policy->roles[r->owner_role].name;
        i->owner = kad_str(kad_arena_printf(t->w->a, "role:%.*s", KAD_STR_FMT(role)));
    }
    const struct kad_adoption *today = plain_in_force(t->w, i->adoption->name, t->day);
    i->unit = plain_unit(t->w, today ? today->policy : i->policy, t->day);
}

static int in_order(const struct kad_instance *a, const struct kad_instance *b)
{
    if (a->due != b->due)
        return a->due < b->due ? -1 : 1;
    int c = kad_str_cmp(a->task, b->task);
    return c ? c : kad_str_cmp(a->id, b->id);
}

/* As of the day: what happens later has not happened. */
static void derive(struct plain *w, struct kad_str only, kad_day day, kad_day horizon,
                   struct table *ret)
{
    struct kad_story past = w->story;
    past.n_facts = plain_by_day(w, day);
    past.waivers = kad_arena_array(w->a, struct kad_waiver, w->story.n_waivers + 1);
    past.n_waivers = 0;
    for (size_t i = 0; i < w->story.n_waivers; i++) {
        if (w->story.waivers[i].on <= day)
            past.waivers[past.n_waivers++] = w->story.waivers[i];
    }
    *ret = (struct table){.day = day, .horizon = horizon, .only = only};
    ret->w = plain_new(w->a, w->timeline, &past, w->kind);
    open_all(ret);
    go_through(ret);
    for (size_t i = 0; i < ret->all.n; i++)
        settle(ret, &ret->all.v[i]);
}

bool plain_task_is(struct plain *w, struct kad_str task, unsigned states, kad_day day)
{
    struct table t;
    derive(w, task, day, day, &t);
    const struct entry *last = NULL;
    for (size_t i = 0; i < t.all.n; i++) {
        const struct entry *e = &t.all.v[i];
        if (e->i.opens > day || !kad_str_eq(e->i.task, task))
            continue;
        if (!last || e->i.opens > last->i.opens || (e->i.opens == last->i.opens && before(last, e)))
            last = e;
    }
    return last && (states & (1u << last->i.state));
}

size_t plain_instances(struct plain *w, kad_day day, kad_day horizon, struct kad_instance **ret)
{
    struct table t;
    derive(w, (struct kad_str){0}, day, horizon, &t);
    struct kad_instance *v = kad_arena_array(w->a, struct kad_instance, t.all.n + 1);
    for (size_t i = 0; i < t.all.n; i++) {
        own(&t, &t.all.v[i].i);
        size_t j = i;
        for (; j > 0 && in_order(&t.all.v[i].i, &v[j - 1]) < 0; j--)
            v[j] = v[j - 1];
        v[j] = t.all.v[i].i;
    }
    *ret = v;
    return t.all.n;
}

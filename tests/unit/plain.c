/* See plain.h. Read it beside docs/language.md: each part names the paragraph it follows. Where a
 * quicker way lies at hand it is not taken. */
#include "tests/unit/plain_parts.h"

/* Which adoption of a name was in force, remembered day by day: it is asked over and over. */
struct plain_in_force_days {
    struct kad_str name;
    kad_day first;
    size_t n;
    const struct kad_adoption **on;
    bool *asked;
};

struct plain *plain_new(struct kad_arena *a, const struct kad_timeline *timeline,
                        const struct kad_story *story, struct kad_str kind)
{
    struct plain *w = kad_arena_new(a, struct plain);
    *w = (struct plain){.a = a, .timeline = timeline, .story = *story, .kind = kind};
    return w;
}

/* How many facts have happened by the end of the day. */
size_t plain_by_day(const struct plain *w, kad_day day)
{
    size_t n = 0;
    for (size_t i = 0; i < w->story.n_facts; i++) {
        if (w->story.facts[i].on <= day)
            n++;
    }
    return n;
}

const struct kad_kind *plain_kind_in(const struct plain *w, const struct kad_policy *p)
{
    int k = kad_policy_kind(p, w->kind);
    return k < 0 ? NULL : &p->kinds[k];
}

/* --- the story ("Order, corrections, two times") --- */

static bool known_by(const struct kad_record *r, struct kad_known known)
{
    return r->seq <= known.seq && r->at <= known.at;
}

static bool retracted(const struct kad_record *records, size_t n, struct kad_known known,
                      uint64_t seq)
{
    for (size_t i = 0; i < n; i++) {
        if (records[i].kind == KAD_R_RETRACTED && records[i].ref == seq &&
            known_by(&records[i], known))
            return true;
    }
    return false;
}

/* Sealed and erased values are there, though nobody knows them; null is not. */
static bool is_null(const struct kad_field *f)
{
    return f->value.type == KAD_T_NONE && f->value.know == KAD_UNKNOWN;
}

/* What the correction says differently; the other fields stay, a null one goes. */
static void correct(struct kad_arena *a, struct kad_fact *f, const struct kad_record *c)
{
    kad_vec(struct kad_field) now = {0};
    for (size_t i = 0; i < f->n_fields; i++) {
        bool said = false;
        for (size_t j = 0; j < c->n_fields; j++)
            said |= kad_str_eq(c->fields[j].name, f->fields[i].name);
        if (!said)
            kad_vec_push(a, &now, f->fields[i]);
    }
    for (size_t j = 0; j < c->n_fields; j++) {
        if (!is_null(&c->fields[j]))
            kad_vec_push(a, &now, c->fields[j]);
    }
    f->fields = now.v;
    f->n_fields = now.n;
    f->last = c->seq;
    const struct kad_field *on = kad_fields_find(c->notes, c->n_notes, "on");
    if (on && on->value.type == KAD_T_DATE)
        f->on = (kad_day)on->value.num;
}

void plain_story(struct kad_arena *a, struct kad_str subject, const struct kad_record *records,
                 size_t n, struct kad_known known, struct kad_story *ret)
{
    *ret = (struct kad_story){.subject = subject};
    ret->facts = kad_arena_array(a, struct kad_fact, n + 1);
    ret->waivers = kad_arena_array(a, struct kad_waiver, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct kad_record *r = &records[i];
        if (!known_by(r, known) || retracted(records, n, known, r->seq))
            continue;
        if (r->kind == KAD_R_WAIVED) {
            ret->waivers[ret->n_waivers++] =
                (struct kad_waiver){.seq = r->seq,
                                    .on = r->on,
                                    .task = kad_record_note(r, "task"),
                                    .by = r->by,
                                    .because = kad_record_note(r, "because")};
        }
        if (r->kind != KAD_R_EVENT)
            continue;
        struct kad_fact *f = &ret->facts[ret->n_facts++];
        *f = (struct kad_fact){.seq = r->seq,
                               .last = r->seq,
                               .at = r->at,
                               .on = r->on,
                               .type = r->type,
                               .fields = r->fields,
                               .n_fields = r->n_fields};
        for (size_t j = 0; j < n; j++) {
            const struct kad_record *c = &records[j];
            if (c->kind == KAD_R_CORRECTED && c->ref == r->seq && known_by(c, known) &&
                !retracted(records, n, known, c->seq))
                correct(a, f, c);
        }
    }
    for (size_t i = 0; i < ret->n_facts; i++) { /* by (on, seq), seqs being in order already */
        for (size_t j = i; j > 0 && ret->facts[j].on < ret->facts[j - 1].on; j--) {
            struct kad_fact t = ret->facts[j];
            ret->facts[j] = ret->facts[j - 1];
            ret->facts[j - 1] = t;
        }
    }
}

/* --- which policy ("A rule changes mid-case") --- */

/* The subject's unit as this text defines it, on that day. */
struct kad_str plain_unit(struct plain *w, const struct kad_policy *p, kad_day day)
{
    const struct kad_kind *k = plain_kind_in(w, p);
    if (!k)
        return (struct kad_str){0};
    if (k->shape == KAD_KIND_ONE_OF)
        return w->story.subject;
    if (k->unit_attribute < 0)
        return (struct kad_str){0};
    struct kad_value v = plain_attribute(w, p, k->unit_attribute, plain_by_day(w, day), day);
    return kad_value_known(v) ? v.str : (struct kad_str){0};
}

static bool concerns(struct plain *w, const struct kad_adoption *a, kad_day day)
{
    if (a->n_units == 0 || kad_str_eq(w->kind, KAD_STR(KAD_PROGRAMME)))
        return true;
    if (!a->policy)
        return false;
    struct kad_str unit = plain_unit(w, a->policy, day);
    for (size_t i = 0; i < a->n_units; i++) {
        if (unit.n && kad_str_eq(unit, a->units[i]))
            return true;
    }
    return false;
}

static const struct kad_adoption *look_up(struct plain *w, struct kad_str name, kad_day day)
{
    const struct kad_adoption *best = NULL;
    for (size_t i = 0; i < w->timeline->n; i++) {
        const struct kad_adoption *a = &w->timeline->v[i];
        if (!kad_str_eq(a->name, name) || a->from > day || !concerns(w, a, day))
            continue;
        if (!best || a->from > best->from || (a->from == best->from && a->seq > best->seq))
            best = a;
    }
    return best && best->policy ? best : NULL;
}

#define REMEMBERED_DAYS 8192

const struct kad_adoption *plain_in_force(struct plain *w, struct kad_str name, kad_day day)
{
    struct plain_in_force_days *t = NULL;
    for (size_t i = 0; i < w->n_remembered; i++) {
        if (kad_str_eq(w->remembered[i].name, name))
            t = &w->remembered[i];
    }
    if (!t) {
        struct plain_in_force_days *more =
            kad_arena_array(w->a, struct plain_in_force_days, w->n_remembered + 1);
        for (size_t i = 0; i < w->n_remembered; i++)
            more[i] = w->remembered[i];
        t = &more[w->n_remembered++];
        t->name = name;
        t->first = day - REMEMBERED_DAYS / 2;
        t->n = REMEMBERED_DAYS;
        t->on = kad_arena_array(w->a, const struct kad_adoption *, t->n);
        t->asked = kad_arena_array(w->a, bool, t->n);
        w->remembered = more;
    }
    if (day < t->first || day - t->first >= (kad_day)t->n)
        return look_up(w, name, day);
    size_t at = (size_t)(day - t->first);
    if (!t->asked[at]) {
        const struct kad_adoption *found = look_up(w, name, day);
        t->on[at] = found;
        t->asked[at] = true;
    }
    return t->on[at];
}

const struct kad_rule *plain_rule_named(const struct kad_policy *p, struct kad_str name)
{
    for (size_t i = 0; i < p->n_rules; i++) {
        if (kad_str_eq(p->rules[i].name, name))
            return &p->rules[i];
    }
    return NULL;
}

static bool follows(const struct kad_policy *p, struct kad_str rule)
{
    const struct kad_rule *r = plain_rule_named(p, rule);
    enum kad_running said = r && r->running != KAD_RUNNING_UNSAID ? r->running : p->running;
    return said == KAD_RUNNING_FOLLOW;
}

/* Whose windows open on `day` in a run that was anchored on another: walk there day by day. */
const struct kad_adoption *plain_governing(struct plain *w, struct kad_str name,
                                           struct kad_str rule, kad_day anchored, kad_day day)
{
    const struct kad_adoption *current = plain_in_force(w, name, anchored);
    const struct kad_adoption *governs = current;
    for (kad_day t = anchored + 1; t <= day; t++) {
        const struct kad_adoption *now = plain_in_force(w, name, t);
        if (now == current)
            continue;
        current = now;
        if (now && follows(now->policy, rule))
            governs = now;
        else if (!now && governs && follows(governs->policy, rule))
            governs = NULL;
    }
    return governs;
}

/* --- values and conditions ("Subjects, events, values", "Attributes") --- */

enum kad_truth plain_truth(struct kad_value v)
{
    return !kad_value_known(v) ? KAD_MAYBE : v.num ? KAD_YES : KAD_NO;
}

static struct kad_value as_value(enum kad_truth t)
{
    return t == KAD_MAYBE ? kad_value_unknown(KAD_T_YESNO) : kad_value_yesno(t == KAD_YES);
}

static const struct kad_field *carried(const struct kad_fact *f, struct kad_str name)
{
    for (size_t i = 0; i < f->n_fields; i++) {
        if (kad_str_eq(f->fields[i].name, name) && !is_null(&f->fields[i]))
            return &f->fields[i];
    }
    return NULL;
}

struct kad_value plain_field(const struct kad_policy *p, int event, int field,
                             const struct kad_fact *f)
{
    const struct kad_field_def *def = &p->events[event].fields[field];
    if (!f || !kad_str_eq(f->type, p->events[event].name))
        return kad_value_unknown(def->type);
    const struct kad_field *c = carried(f, def->name);
    return c ? kad_policy_bind(p, c->value, def->type, def->ref) : kad_value_unknown(def->type);
}

/* With the story up to `pos` in sight. */
static bool matches(struct plain *w, const struct kad_policy *p, const struct kad_trigger *t,
                    size_t at, size_t pos)
{
    const struct kad_fact *f = &w->story.facts[at];
    if (t->event < 0 || !kad_str_eq(f->type, p->events[t->event].name))
        return false;
    return !t->where || plain_truth(plain_expr(w, p, t->where, pos, f->on, f)) == KAD_YES;
}

bool plain_triggers(struct plain *w, const struct kad_policy *p, const struct kad_trigger *t,
                    size_t at)
{
    return matches(w, p, t, at, at + 1);
}

bool plain_triggers_any(struct plain *w, const struct kad_policy *p, const struct kad_triggers *t,
                        size_t at)
{
    for (size_t i = 0; i < t->n; i++) {
        if (plain_triggers(w, p, &t->v[i], at))
            return true;
    }
    return false;
}

struct kad_value plain_attribute(struct plain *w, const struct kad_policy *p, int attribute,
                                 size_t pos, kad_day day)
{
    const struct kad_kind *k = plain_kind_in(w, p);
    const struct kad_attribute *at = &k->attributes[attribute];
    if (at->param >= 0)
        return kad_param_on(&p->params[at->param], kad_kind_member(k, w->story.subject), day);
    if (at->expr)
        return plain_expr(w, p, at->expr, pos, day, NULL);
    for (size_t i = pos; i-- > 0;) {
        for (size_t j = 0; j < at->n_items; j++) {
            const struct kad_attr_item *item = &at->items[j];
            if (!matches(w, p, &item->after, i, i))
                continue;
            if (item->field < 0)
                return item->value;
            const struct kad_fact *f = &w->story.facts[i];
            if (carried(f, p->events[item->after.event].fields[item->field].name))
                return plain_field(p, item->after.event, item->field, f);
        }
    }
    return at->otherwise;
}

/* a compared with b: -1, 0, 1; false when either is unknown or has no place in the order. */
static bool compare(struct kad_value a, struct kad_value b, int *ret)
{
    if (!kad_value_known(a) || !kad_value_known(b))
        return false;
    if (a.type == KAD_T_CHOICE && (a.num < 0 || b.num < 0))
        return false;
    *ret = kad_value_cmp(a, b);
    return true;
}

static enum kad_truth ordered(enum kad_op op, const struct kad_value *v)
{
    int c = 0, d = 0;
    if (!compare(v[0], v[1], &c))
        return KAD_MAYBE;
    switch (op) {
    case KAD_X_AT_LEAST:
        return kad_truth_of(c >= 0);
    case KAD_X_AT_MOST:
        return kad_truth_of(c <= 0);
    case KAD_X_BEFORE:
        return kad_truth_of(c < 0);
    case KAD_X_AFTER:
        return kad_truth_of(c > 0);
    default: /* between */
        return compare(v[0], v[2], &d) ? kad_truth_of(c >= 0 && d <= 0) : KAD_MAYBE;
    }
}

static enum kad_truth logical(const struct kad_expr *x, const struct kad_value *v)
{
    enum kad_truth least = KAD_YES, greatest = KAD_NO;
    for (size_t i = 0; i < x->n_args; i++) {
        enum kad_truth t = plain_truth(v[i]);
        least = t < least ? t : least;
        greatest = t > greatest ? t : greatest;
    }
    switch (x->op) {
    case KAD_X_AND:
        return least;
    case KAD_X_OR:
        return greatest;
    default:
        return kad_truth_not(plain_truth(v[0]));
    }
}

static struct kad_value counted(struct plain *w, const struct kad_policy *p,
                                const struct kad_expr *x, size_t pos)
{
    int64_t n = 0;
    for (size_t i = 0; i < pos; i++) {
        struct kad_trigger t = {x->event, x->op == KAD_X_COUNT && x->n_args ? x->args[0] : NULL};
        if (matches(w, p, &t, i, i))
            n++;
    }
    return x->op == KAD_X_COUNT ? kad_value_number(n * KAD_MICRO) : kad_value_yesno(n > 0);
}

static struct kad_value task_is(struct plain *w, const struct kad_policy *p,
                                const struct kad_expr *x, size_t pos, kad_day day)
{
    struct kad_story past = w->story;
    past.n_facts = pos;
    past.waivers = kad_arena_array(w->a, struct kad_waiver, w->story.n_waivers + 1);
    past.n_waivers = 0;
    for (size_t i = 0; i < w->story.n_waivers; i++) {
        const struct kad_waiver *v = &w->story.waivers[i];
        const struct kad_fact *next = pos < w->story.n_facts ? &w->story.facts[pos] : NULL;
        if (!next || v->on < next->on || (v->on == next->on && v->seq < next->seq))
            past.waivers[past.n_waivers++] = *v;
    }
    struct plain *then = plain_new(w->a, w->timeline, &past, w->kind);
    return kad_value_yesno(plain_task_is(then, p->tasks[x->index].name, x->states, day));
}

static struct kad_value property(const struct kad_policy *p, const struct kad_expr *x,
                                 struct kad_value v)
{
    if (!kad_value_known(v) || v.num < 0)
        return kad_value_unknown(x->type);
    return p->choices[x->args[0]->ref].values[v.num].props[x->index];
}

static struct kad_value arithmetic(const struct kad_expr *x, const struct kad_value *v, kad_day day)
{
    for (size_t i = 0; i < x->n_args; i++) {
        if (!kad_value_known(v[i]))
            return kad_value_unknown(x->type);
    }
    if (x->op == KAD_X_YEARS)
        return kad_value_number((int64_t)kad_whole_years((kad_day)v[0].num, day) * KAD_MICRO);
    struct kad_value sum = v[0];
    sum.type = x->type;
    sum.num = x->op == KAD_X_ADD ? v[0].num + v[1].num : v[0].num - v[1].num;
    return sum;
}

static struct kad_value combined(const struct kad_policy *p, const struct kad_expr *x,
                                 const struct kad_value *v, kad_day day)
{
    enum kad_truth any = KAD_NO;
    switch (x->op) {
    case KAD_X_PROP:
        return property(p, x, v[0]);
    case KAD_X_NOT:
    case KAD_X_AND:
    case KAD_X_OR:
        return as_value(logical(x, v));
    case KAD_X_EQ:
        return as_value(kad_value_eq(v[0], v[1]));
    case KAD_X_IN:
        for (size_t i = 1; i < x->n_args; i++) {
            enum kad_truth t = kad_value_eq(v[0], v[i]);
            any = t > any ? t : any;
        }
        return as_value(any);
    case KAD_X_IS_KNOWN:
        return kad_value_yesno(kad_value_known(v[0]));
    case KAD_X_IS_UNKNOWN:
        return kad_value_yesno(!kad_value_known(v[0]));
    case KAD_X_YEARS:
    case KAD_X_ADD:
    case KAD_X_SUB:
        return arithmetic(x, v, day);
    default:
        return as_value(ordered(x->op, v));
    }
}

struct kad_value plain_expr(struct plain *w, const struct kad_policy *p, const struct kad_expr *x,
                            size_t pos, kad_day day, const struct kad_fact *event)
{
    struct kad_value *v;
    switch (x->op) {
    case KAD_X_CONST:
        return x->value;
    case KAD_X_FIELD:
        return plain_field(p, x->event, x->index, event);
    case KAD_X_ATTR:
        return plain_attribute(w, p, x->index, pos, day);
    case KAD_X_PARAM:
        return kad_param_on(&p->params[x->index], -1, day);
    case KAD_X_HAPPENED:
    case KAD_X_COUNT:
        return counted(w, p, x, pos);
    case KAD_X_TASK_IS:
        return task_is(w, p, x, pos, day);
    default:
        v = kad_arena_array(w->a, struct kad_value, x->n_args + 1);
        for (size_t i = 0; i < x->n_args; i++)
            v[i] = plain_expr(w, p, x->args[i], pos, day, event);
        return combined(p, x, v, day);
    }
}

/* --- guards ("Guards") --- */

size_t plain_judge(struct plain *w, size_t pos, struct plain_finding **ret)
{
    const struct kad_fact *f = &w->story.facts[pos];
    kad_vec(struct plain_finding) found = {0};
    for (size_t i = 0; i < w->timeline->n; i++) {
        const struct kad_adoption *a = &w->timeline->v[i];
        if (!a->policy || plain_in_force(w, a->name, f->on) != a || !plain_kind_in(w, a->policy))
            continue;
        for (size_t g = 0; g < a->policy->n_guards; g++) {
            const struct kad_guard *guard = &a->policy->guards[g];
            if (!kad_str_eq(a->policy->events[guard->event].name, f->type))
                continue;
            enum kad_truth t =
                plain_truth(plain_expr(w, a->policy, guard->condition, pos, f->on, f));
            if (t != KAD_YES)
                kad_vec_push(w->a, &found, ((struct plain_finding){guard, a, t == KAD_MAYBE}));
        }
    }
    *ret = found.v;
    return found.n;
}

/* What an event did, and whether one would be refused. */
#include "core/explain_priv.h"

#include <stdlib.h>

/* --- guards --- */

/* Each guard of facts[pos] with its conditions. `would`: also what would change those that fail.
 * Returns how many refuse it. */
static size_t why_guards(struct kad_why *w, size_t pos, bool would)
{
    const struct kad_finding *found;
    const struct kad_fact *f = &w->d->story->facts[pos];
    size_t n = kad_judge_all(w->d, pos, &found), refused = 0, failed = 0;
    for (size_t i = 0; i < n; i++) {
        const struct kad_guard *g = found[i].guard;
        struct kad_bound *b = kad_bound_of(w->d, found[i].adoption);
        const struct kad_expr *one = NULL;
        struct kad_place at = {pos, f->on, f};
        size_t first = w->e->steps.n;
        failed += kad_why_condition(w, found[i].adoption, b, g->condition, at, 0, &one);
        for (size_t k = first; k < w->e->steps.n; k++)
            if (w->e->steps.v[k].depth == 0) {
                struct kad_step *s = &w->e->steps.v[k];
                s->line = g->line;
                s->source = g->source;
            }
        kad_why_line(w, found[i].adoption, g->message, g->source, g->line);
        refused += !found[i].holds && g->require;
        if (would && !found[i].holds)
            kad_why_would(w, found[i].adoption, b, g->condition, at);
    }
    if (would && failed > 1)
        kad_why_add(w, KAD_SAY_SEVERAL)->n = (int64_t)failed;
    return refused;
}

/* The policy that has the event, in force on its day. */
static const struct kad_adoption *policy_of(struct kad_why *w, size_t pos)
{
    kad_day on = w->d->story->facts[pos].on;
    for (size_t name = 0; name < w->d->n_names; name++) {
        const struct kad_adoption *a = kad_in_force(w->d, name, on, w->d->story->n_facts);
        if (a && kad_bound_of(w->d, a)->events[pos] >= 0)
            return a;
    }
    return NULL;
}

static void tell_policy(struct kad_why *w, const struct kad_adoption *a, kad_day day)
{
    struct kad_step *s = kad_why_add(w, KAD_SAY_POLICY);
    s->adoption = a;
    s->day = day;
}

/* --- would it be refused --- */

static void tell_lacking(struct kad_why *w, const struct kad_bound *b, size_t pos)
{
    const struct kad_event_type *e = &b->policy->events[b->events[pos]];
    const struct kad_fact *f = &w->d->story->facts[pos];
    struct kad_buf names = {0};
    for (size_t i = 0; i < e->n_fields; i++) {
        bool given = e->fields[i].optional;
        for (size_t k = 0; k < f->n_fields; k++)
            given = given || kad_str_eq(f->fields[k].name, e->fields[i].name);
        if (!given)
            kad_buf_printf(&names, "%s%.*s", names.n > 0 ? ", " : "",
                           KAD_STR_FMT(e->fields[i].name));
    }
    if (names.n > 0)
        kad_why_add(w, KAD_SAY_LACKS)->text =
            kad_str_dup(w->a, (struct kad_str){kad_buf_str(&names), names.n});
    kad_buf_done(&names);
}

static bool tell_beginning(struct kad_why *w, const struct kad_bound *b, size_t pos)
{
    int first = b->policy->kinds[b->kind].begins_with;
    if (pos > 0 || first < 0 || first == b->events[pos])
        return false;
    kad_why_add(w, KAD_SAY_MUST_BEGIN)->text = b->policy->events[first].label;
    return true;
}

/* What the rules say to it, those that would only note it as well. */
static struct kad_str messages(struct kad_why *w, size_t pos)
{
    const struct kad_finding *found;
    size_t n = kad_derive_judge(w->d, pos, &found);
    struct kad_buf b = {0};
    for (size_t i = 0; i < n; i++)
        kad_buf_printf(&b, "%s%.*s", i > 0 ? "; " : "", KAD_STR_FMT(found[i].guard->message));
    struct kad_str s = kad_str_dup(w->a, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
    return s;
}

void kad_explain_refusal(struct kad_derive *d, size_t pos, bool *ret_refused,
                         struct kad_explanation *ret)
{
    struct kad_why w;
    const struct kad_fact *f = &d->story->facts[pos];
    kad_why_begin(&w, d, f->on, ret);
    const struct kad_adoption *a = policy_of(&w, pos);
    kad_assert(a);
    struct kad_bound *b = kad_bound_of(d, a);
    bool begins = tell_beginning(&w, b, pos);
    tell_lacking(&w, b, pos);
    size_t refused = why_guards(&w, pos, true);
    *ret_refused = refused > 0 || begins;
    struct kad_step *s = kad_why_event(&w, *ret_refused ? KAD_SAY_REFUSED : KAD_SAY_ALLOWED, b, pos);
    s->seq = 0;
    s->text = messages(&w, pos);
    tell_policy(&w, a, f->on);
    kad_explanation_sort(ret);
}

/* --- what it did --- */

static struct kad_step *tell_made(struct kad_why *w, enum kad_say say, const struct kad_made *x)
{
    struct kad_step *s = kad_why_add(w, say);
    s->label = x->i.policy->tasks[x->i.task_index].label;
    s->name = x->i.id;
    s->day = x->i.due;
    s->value = kad_str(kad_state_label(x->i.state));
    s->adoption = x->i.adoption;
    s->line = x->i.line;
    return s;
}

/* What the run or the task from here opened: one by one while few, else their number. */
static size_t did_open(struct kad_why *w, const struct kad_making *m, size_t pos)
{
    size_t n = 0;
    const struct kad_made *first = NULL, *last = NULL;
    for (size_t i = 0; i < m->made.n; i++) {
        const struct kad_made *x = &m->made.v[i];
        if (x->anchor_pos != pos)
            continue;
        n++;
        first = !first || x->i.due < first->i.due ? x : first;
        last = !last || x->i.due > last->i.due ? x : last;
    }
    if (n > KAD_E_MOST) {
        struct kad_step *s = tell_made(w, KAD_SAY_BEGAN, first);
        const struct kad_rule *rule = &first->i.policy->rules[first->i.rule_index];
        s->label = rule->label;
        s->name = rule->name;
        s->line = rule->line;
        s->to = last->i.due;
        s->n = (int64_t)n;
        return n;
    }
    for (size_t i = 0; i < m->made.n; i++)
        if (m->made.v[i].anchor_pos == pos)
            tell_made(w, KAD_SAY_OPENED, &m->made.v[i]);
    return n;
}

static size_t did_rest(struct kad_why *w, const struct kad_making *m, size_t pos)
{
    size_t told = 0, ended = 0;
    for (size_t i = 0; i < m->made.n; i++) {
        const struct kad_made *x = &m->made.v[i];
        if (x->done_pos == pos) {
            tell_made(w, x->i.late ? KAD_SAY_DID_LATE : KAD_SAY_DID, x);
            told++;
        }
        ended += x->end_pos == pos && x->i.state == KAD_S_DROPPED;
    }
    if (ended > 0)
        kad_why_add(w, KAD_SAY_ENDED)->n = (int64_t)ended;
    return told + ended;
}

/* The attributes whose value rests on the event at its own place, and what changed them later. */
static size_t did_set(struct kad_why *w, const struct kad_adoption *a, size_t pos, size_t limit)
{
    struct kad_bound *b = kad_bound_of(w->d, a);
    const struct kad_kind *kind = &b->policy->kinds[b->kind];
    size_t told = 0;
    for (size_t i = 0; i < kind->n_attributes; i++) {
        const struct kad_attribute *attr = &kind->attributes[i];
        struct kad_attr_source here, next = {KAD_NOWHERE, NULL};
        if (attr->expr || attr->param >= 0)
            continue;
        struct kad_value v = kad_attribute_latest(w->d, b, attr, pos + 1, &here);
        if (here.pos != pos)
            continue;
        for (size_t k = pos + 2; k <= limit && next.pos == KAD_NOWHERE; k++) {
            kad_attribute_latest(w->d, b, attr, k, &next);
            next.pos = next.pos == pos ? KAD_NOWHERE : next.pos;
        }
        struct kad_step *s = kad_why_add(w, KAD_SAY_SETS);
        s->label = attr->label;
        s->name = attr->name;
        s->adoption = a;
        s->line = attr->line;
        if (!attr->is_private)
            s->value = kad_why_value(w, b, v, attr->type, attr->ref);
        if (next.pos != KAD_NOWHERE) {
            s->to = w->d->story->facts[next.pos].on;
            s->seq = w->d->story->facts[next.pos].seq;
        }
        told++;
    }
    return told;
}

bool kad_explain_event(struct kad_derive *d, kad_day day, uint64_t seq, struct kad_explanation *ret)
{
    struct kad_why w;
    kad_why_begin(&w, d, day, ret);
    size_t pos = 0;
    while (pos < d->story->n_facts && d->story->facts[pos].seq != seq)
        pos++;
    if (pos == d->story->n_facts)
        return false;
    kad_day on = d->story->facts[pos].on;
    if (on > w.day) /* it lies ahead: told as of its own day */
        w.day = ret->day = on;
    const struct kad_adoption *a = policy_of(&w, pos);
    why_guards(&w, pos, false);
    struct kad_making m;
    kad_why_make(&w, &m, (struct kad_str){0}, w.day, NULL);
    size_t told = did_open(&w, &m, pos);
    told += did_rest(&w, &m, pos);
    told += a ? did_set(&w, a, pos, m.limit) : 0;
    if (told == 0)
        kad_why_add(&w, KAD_SAY_NOTHING);
    if (a)
        tell_policy(&w, a, on);
    kad_explanation_sort(ret);
    return true;
}

/* What one fact would change: it is put into a copy of the story, and all is derived anew. */
#include "core/explain_priv.h"

#include <string.h>

#define YEARS_AHEAD 100  /* a day that changes something alone is looked for so far */
#define DAYS_OF_TASKS 400 /* ... and so far where tasks have to be made for each day */
#define VALUES_MOST 64
#define FIELDS_MOST 2 /* of one event that are varied together */

static struct kad_story *insert(struct kad_arena *a, const struct kad_story *s,
                                const struct kad_fact *f, size_t at)
{
    struct kad_story *with = kad_arena_new(a, struct kad_story);
    *with = *s;
    with->facts = kad_arena_array(a, struct kad_fact, s->n_facts + 1);
    if (at > 0)
        memcpy(with->facts, s->facts, at * sizeof *s->facts);
    with->facts[at] = *f;
    if (at < s->n_facts)
        memcpy(with->facts + at + 1, s->facts + at, (s->n_facts - at) * sizeof *s->facts);
    with->n_facts++;
    return with;
}

struct kad_story *kad_story_with(struct kad_arena *a, const struct kad_story *s,
                                 const struct kad_fact *f, size_t *ret_pos)
{
    *ret_pos = kad_end_of(s, f->on);
    return insert(a, s, f, *ret_pos);
}

/* --- one trial --- */

struct trial {
    struct kad_why *w;
    const struct kad_adoption *a;
    struct kad_bound *b;
    const struct kad_expr *x; /* what is to hold */
    struct kad_place at;
    size_t index;             /* where a fact would stand */
    int found;
    /* Instead of a condition: what is to fire, and the task that comes of it. */
    const struct kad_trigger *fires;
    struct kad_str task;
    struct kad_instance opened;
    bool opens;
    /* The event tried. */
    int event;
    int fields[FIELDS_MOST];
    struct kad_value values[FIELDS_MOST];
    size_t n_fields;
};

static struct kad_fact fact_of(struct trial *t)
{
    const struct kad_event_type *e = &t->b->policy->events[t->event];
    struct kad_field *f = kad_arena_array(t->w->a, struct kad_field, FIELDS_MOST);
    for (size_t i = 0; i < t->n_fields; i++)
        f[i] = (struct kad_field){e->fields[t->fields[i]].name, t->values[i], false};
    return (struct kad_fact){.seq = UINT64_MAX,
                             .last = UINT64_MAX,
                             .at = t->at.day * INT64_C(86400000000),
                             .on = t->at.day,
                             .type = e->name,
                             .fields = f,
                             .n_fields = t->n_fields};
}

static bool holds_with(struct trial *t)
{
    struct kad_fact f = fact_of(t);
    struct kad_derive *was = t->w->d;
    struct kad_story *story = insert(was->arena, was->story, &f, t->index);
    struct kad_derive *d = kad_derive_new(was->arena, was->timeline, story, was->kind);
    struct kad_bound *b = kad_bound_of(d, t->a);
    if (t->fires) {
        if (!kad_fires(d, b, t->fires, t->index))
            return false;
        const struct kad_instance *all;
        size_t n = kad_derive_instances(d, t->w->day, kad_add_years(t->w->day, 1), &all);
        for (size_t i = 0; i < n && !t->opens; i++)
            if (all[i].anchor == UINT64_MAX && kad_str_eq(all[i].task, t->task)) {
                t->opened = all[i];
                t->opens = true;
            }
        return true;
    }
    struct kad_place at = {t->at.pos + 1, t->at.day,
                           t->at.event ? &story->facts[t->index + 1] : NULL};
    return kad_expr_truth(d, b, t->x, at) == KAD_YES;
}

/* --- which values to try --- */

static void add_value(struct kad_value *v, size_t *n, struct kad_value one)
{
    if (*n < VALUES_MOST)
        v[(*n)++] = one;
}

/* Those that the condition names, and their neighbours. */
static void named_values(struct trial *t, const struct kad_expr *x, enum kad_type type,
                         struct kad_value *v, size_t *n)
{
    if (!x)
        return;
    if ((x->op == KAD_X_CONST || x->op == KAD_X_PARAM) && x->type == type) {
        struct kad_value one = kad_expr_eval(t->w->d, t->b, x, t->at);
        int64_t step = type == KAD_T_DATE ? 1 : KAD_MICRO;
        for (int64_t k = -1; kad_value_known(one) && k <= 1; k++) {
            struct kad_value near = one;
            near.num += k == 0 ? 0 : k * step;
            add_value(v, n, near);
        }
    }
    for (size_t i = 0; i < x->n_args; i++)
        named_values(t, x->args[i], type, v, n);
}

static size_t values_for(struct trial *t, const struct kad_field_def *f, struct kad_value *v)
{
    const struct kad_policy *p = t->b->policy;
    size_t n = 0;
    if (f->is_private)
        return 0; /* nobody is told what a private value ought to be */
    if (f->type == KAD_T_YESNO) {
        add_value(v, &n, kad_value_yesno(true));
        add_value(v, &n, kad_value_yesno(false));
    } else if (f->type == KAD_T_CHOICE) {
        for (size_t i = 0; i < p->choices[f->ref].n_values; i++)
            add_value(v, &n, (struct kad_value){f->type, KAD_KNOWN, (int64_t)i,
                                                p->choices[f->ref].values[i].name});
    } else if (f->type == KAD_T_SUBJECT) {
        for (size_t i = 0; i < p->kinds[f->ref].n_members; i++)
            add_value(v, &n, (struct kad_value){f->type, KAD_KNOWN, (int64_t)i,
                                                p->kinds[f->ref].members[i].name});
    } else if (f->type == KAD_T_PERSON || f->type == KAD_T_TEXT) {
        add_value(v, &n, (struct kad_value){f->type, KAD_KNOWN, 0, KAD_STR("…")});
    } else {
        named_values(t, t->fires ? t->fires->where : t->x, f->type, v, &n);
        if (f->type == KAD_T_DATE)
            add_value(v, &n, kad_value_date(t->at.day));
    }
    return n;
}

/* --- what is told --- */

/* "Motivated ja"; a person or a text only by what the field is called. */
static struct kad_str fields_called(struct trial *t)
{
    const struct kad_event_type *e = &t->b->policy->events[t->event];
    struct kad_buf b = {0};
    for (size_t i = 0; i < t->n_fields; i++) {
        const struct kad_field_def *f = &e->fields[t->fields[i]];
        kad_buf_printf(&b, "%s%.*s", i > 0 ? ", " : "", KAD_STR_FMT(f->label));
        if (f->type == KAD_T_PERSON || f->type == KAD_T_TEXT)
            continue;
        kad_buf_putc(&b, ' ');
        kad_policy_put_value(&b, t->b->policy, t->values[i], f->type, f->ref);
    }
    struct kad_str s = kad_str_dup(t->w->a, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
    return s;
}

static void tell(struct trial *t, enum kad_say say)
{
    const struct kad_event_type *e = &t->b->policy->events[t->event];
    struct kad_step *s = kad_why_add(t->w, say);
    s->label = e->label;
    s->name = e->name;
    s->value = fields_called(t);
    s->adoption = t->a;
    if (t->fires) {
        s->day = t->opens ? t->opened.opens : KAD_DAY_NONE;
        s->to = t->opens ? t->opened.due : KAD_DAY_NONE;
        if (t->n_fields == 0 && t->fires->where)
            s->text = t->fires->where->text;
    } else {
        s->text = t->x->text;
        s->line = t->x->line;
        s->day = t->at.day;
    }
    t->found++;
}

/* --- which events to try --- */

/* Every way to fill in the fields from `k` on; true at the first that does it. */
static bool fill(struct trial *t, size_t k)
{
    if (k == t->n_fields)
        return holds_with(t);
    struct kad_value v[VALUES_MOST];
    size_t n = values_for(t, &t->b->policy->events[t->event].fields[t->fields[k]], v);
    for (size_t i = 0; i < n; i++) {
        t->values[k] = v[i];
        if (fill(t, k + 1))
            return true;
    }
    return false;
}

/* The event's own fields that a condition looks at. */
static void vary(struct trial *t, const struct kad_expr *x)
{
    if (!x)
        return;
    if (x->op == KAD_X_FIELD && x->event == t->event && t->n_fields < FIELDS_MOST) {
        for (size_t i = 0; i < t->n_fields; i++)
            if (t->fields[i] == x->index)
                return;
        t->fields[t->n_fields++] = x->index;
    }
    for (size_t i = 0; i < x->n_args; i++)
        vary(t, x->args[i]);
}

static bool try_event(struct trial *t, int event, int field, const struct kad_expr *where,
                      enum kad_say say)
{
    t->event = event;
    t->n_fields = 0;
    if (field >= 0)
        t->fields[t->n_fields++] = field;
    vary(t, where);
    bool does = fill(t, 0);
    if (does)
        tell(t, say);
    return does;
}

/* The event in sight itself, had it said something else. */
static void try_correction(struct trial *t, const struct kad_expr *x)
{
    const struct kad_event_type *e = &t->b->policy->events[x->event];
    const struct kad_field_def *def = &e->fields[x->index];
    struct kad_value v[VALUES_MOST];
    size_t n = values_for(t, def, v);
    for (size_t i = 0; i < n; i++) {
        struct kad_fact f = *t->at.event;
        struct kad_field *fields = kad_arena_array(t->w->a, struct kad_field, f.n_fields + 1);
        size_t k = 0;
        if (f.n_fields > 0)
            memcpy(fields, f.fields, f.n_fields * sizeof *fields);
        while (k < f.n_fields && !kad_str_eq(fields[k].name, def->name))
            k++;
        f.n_fields += k == f.n_fields;
        fields[k] = (struct kad_field){def->name, v[i], false};
        f.fields = fields;
        struct kad_place at = {t->at.pos, t->at.day, &f};
        if (kad_expr_truth(t->w->d, t->b, t->x, at) != KAD_YES)
            continue;
        t->event = x->event;
        t->n_fields = 1;
        t->fields[0] = x->index;
        t->values[0] = v[i];
        tell(t, KAD_SAY_WOULD_CORRECT);
        t->w->e->steps.v[t->w->e->steps.n - 1].seq = f.seq == UINT64_MAX ? 0 : f.seq;
        return;
    }
}

static void try_leaves(struct trial *t, const struct kad_expr *x);

static void try_attribute(struct trial *t, const struct kad_expr *x)
{
    const struct kad_attribute *a = &t->b->policy->kinds[t->b->kind].attributes[x->index];
    if (a->expr) {
        try_leaves(t, a->expr);
        return;
    }
    for (size_t i = 0; i < a->n_items && t->found < KAD_E_MOST; i++)
        try_event(t, a->items[i].after.event, a->items[i].field, a->items[i].after.where,
                  KAD_SAY_WOULD);
}

static void try_leaves(struct trial *t, const struct kad_expr *x)
{
    if (t->found >= KAD_E_MOST)
        return;
    switch (x->op) {
    case KAD_X_ATTR:
        try_attribute(t, x);
        return;
    case KAD_X_FIELD:
        if (t->at.event)
            try_correction(t, x);
        return;
    case KAD_X_HAPPENED:
        try_event(t, x->event, -1, NULL, KAD_SAY_WOULD);
        return;
    case KAD_X_COUNT:
        try_event(t, x->event, -1, x->n_args > 0 ? x->args[0] : NULL, KAD_SAY_WOULD);
        return;
    case KAD_X_TASK_IS: {
        const struct kad_triggers *by = &t->b->policy->tasks[x->index].done_by;
        for (size_t i = 0; i < by->n; i++)
            try_event(t, by->v[i].event, -1, by->v[i].where, KAD_SAY_WOULD);
        return;
    }
    default:
        for (size_t i = 0; i < x->n_args; i++)
            if (x->args[i])
                try_leaves(t, x->args[i]);
    }
}

/* --- the day alone --- */

enum reach { NEVER = 0, TASKS, DAYS };

/* Does the day change what is true, with nothing more recorded? */
static enum reach day_matters(const struct kad_bound *b, const struct kad_expr *x)
{
    if (x->op == KAD_X_TASK_IS)
        return TASKS;
    if (x->op == KAD_X_YEARS || x->op == KAD_X_PARAM)
        return DAYS;
    if (x->op == KAD_X_ATTR) {
        const struct kad_attribute *a = &b->policy->kinds[b->kind].attributes[x->index];
        return a->expr ? day_matters(b, a->expr) : a->param >= 0 ? DAYS : NEVER;
    }
    enum reach most = NEVER;
    for (size_t i = 0; i < x->n_args; i++) {
        enum reach r = x->args[i] ? day_matters(b, x->args[i]) : NEVER;
        if (r == TASKS)
            return TASKS;
        most = r > most ? r : most;
    }
    return most;
}

static void try_days(struct trial *t)
{
    const struct kad_story *s = t->w->d->story;
    enum reach reach = day_matters(t->b, t->x);
    bool ahead = !t->at.event && t->at.pos < s->n_facts;
    if (reach == NEVER && !ahead)
        return;
    kad_day end = reach == TASKS ? t->at.day + DAYS_OF_TASKS : kad_add_years(t->at.day, YEARS_AHEAD);
    for (kad_day day = t->at.day + 1; day <= end && day <= KAD_DAY_MAX; day++) {
        size_t pos = t->at.event ? t->at.pos : kad_end_of(s, day);
        if (kad_expr_truth(t->w->d, t->b, t->x, (struct kad_place){pos, day, t->at.event}) != KAD_YES)
            continue;
        struct kad_step *step = kad_why_add(t->w, KAD_SAY_DAY_ALONE);
        step->day = day;
        step->text = t->x->text;
        step->line = t->x->line;
        step->adoption = t->a;
        return;
    }
}

void kad_why_would(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                   const struct kad_expr *x, struct kad_place at)
{
    if (x->op == KAD_X_AND) {
        for (size_t i = 0; i < x->n_args; i++)
            kad_why_would(w, a, b, x->args[i], at);
        return;
    }
    if (kad_expr_truth(w->d, b, x, at) == KAD_YES)
        return;
    struct trial t = {.w = w, .a = a, .b = b, .x = x, .at = at};
    t.index = at.event ? (size_t)(at.event - w->d->story->facts) : at.pos;
    try_leaves(&t, x);
    try_days(&t);
}

void kad_why_opens(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                   const struct kad_trigger *trigger, bool otherwise, struct kad_str task)
{
    struct trial t = {.w = w, .a = a, .b = b, .fires = trigger, .task = task};
    t.at = (struct kad_place){0, w->day, NULL};
    t.index = kad_end_of(w->d->story, w->day);
    enum kad_say say = otherwise ? KAD_SAY_WOULD_ELSE : KAD_SAY_WOULD_OPEN;
    if (try_event(&t, trigger->event, -1, trigger->where, say))
        return;
    t.n_fields = 0; /* more is needed than the event: it is named with its condition */
    tell(&t, say);
}

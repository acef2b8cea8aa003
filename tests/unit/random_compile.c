/* A sketch as a compiled policy, put together by hand: what the language is to make of its text. */
#include "tests/unit/random_policy.h"

#define NUMBER(n) ((int64_t)(n)*KAD_MICRO)

struct make {
    struct kad_arena *a;
    const struct sketch *s;
    struct kad_policy *p;
};

/* --- the vocabulary --- */

enum {
    AT_UNTIL_DAY,
    AT_UNIT,
    AT_COACH,
    AT_ACTIVE,
    AT_WORKING,
    AT_SCORE,
    AT_BIRTH,
    AT_JOBS,
    AT_AGE,
    AT_GOOD
};

static struct kad_field_def field(const char *name, enum kad_type type, int ref, bool optional)
{
    return (struct kad_field_def){.name = kad_str(name),
                                  .label = kad_str(name),
                                  .type = type,
                                  .ref = ref,
                                  .optional = optional};
}

static void event(struct make *m, int which, int kind, const struct kad_field_def *fields, size_t n)
{
    struct kad_event_type *e = &m->p->events[which];
    e->name = e->label = kad_str(sketch_event_name(which));
    e->kind = kind;
    e->derived = true;
    e->n_fields = n;
    e->fields = n ? kad_arena_memdup(m->a, fields, n * sizeof *fields) : NULL;
}

static void events(struct make *m)
{
    m->p->n_events = EV__COUNT;
    m->p->events = kad_arena_array(m->a, struct kad_event_type, EV__COUNT);
    struct kad_field_def f[3];
    f[0] = field("unit", KAD_T_SUBJECT, SKETCH_TOWN, false);
    f[1] = field("coach", KAD_T_PERSON, -1, false);
    f[2] = field("born", KAD_T_DATE, -1, true);
    event(m, EV_START, SKETCH_PARTICIPANT, f, 3);
    event(m, EV_MOVED, SKETCH_PARTICIPANT, f, 1);
    event(m, EV_COACHED, SKETCH_PARTICIPANT, f + 1, 1);
    f[0] = field("level", KAD_T_CHOICE, 0, true);
    f[1] = field("extent", KAD_T_PERCENT, -1, true);
    event(m, EV_HIRED, SKETCH_PARTICIPANT, f, 2);
    event(m, EV_FIRED, SKETCH_PARTICIPANT, NULL, 0);
    f[0] = field("score", KAD_T_NUMBER, -1, true);
    event(m, EV_VISIT, SKETCH_PARTICIPANT, f, 1);
    event(m, EV_CALL, SKETCH_PARTICIPANT, NULL, 0);
    f[0] = field("to", KAD_T_DATE, -1, false);
    event(m, EV_EXTENDED, SKETCH_PARTICIPANT, f, 1);
    f[0] = field("why", KAD_T_CHOICE, 0, false);
    event(m, EV_STOPPED, SKETCH_PARTICIPANT, f, 1);
    f[0] = field("ok", KAD_T_YESNO, -1, false);
    event(m, EV_FILED, SKETCH_TOWN, f, 1);
    event(m, EV_AUDIT, SKETCH_TOWN, NULL, 0);
    event(m, EV_MEETING, SKETCH_PROGRAMME, NULL, 0);
}

static struct kad_value grade(int i)
{
    static const char *const names[] = {"low", "mid", "high"};
    return (struct kad_value){KAD_T_CHOICE, KAD_KNOWN, i, kad_str(names[i])};
}

static void choices(struct make *m)
{
    struct kad_policy *p = m->p;
    p->n_choices = 1;
    struct kad_choice *c = p->choices = kad_arena_new(m->a, struct kad_choice);
    c->name = c->label = KAD_STR("grade");
    c->n_props = 1;
    c->props = kad_arena_new(m->a, struct kad_prop);
    c->props->name = KAD_STR("counts");
    c->props->type = KAD_T_YESNO;
    c->n_values = 3;
    c->values = kad_arena_array(m->a, struct kad_choice_value, 3);
    for (int i = 0; i < 3; i++) {
        c->values[i].name = c->values[i].label = grade(i).str;
        c->values[i].props = kad_arena_new(m->a, struct kad_value);
        *c->values[i].props = kad_value_yesno(i > 0);
    }
}

/* --- expressions --- */

static struct kad_expr *expr(struct make *m, enum kad_op op, enum kad_type type)
{
    struct kad_expr *x = kad_arena_new(m->a, struct kad_expr);
    *x = (struct kad_expr){.op = op, .type = type, .ref = -1, .index = -1, .event = -1};
    return x;
}

static struct kad_expr *constant(struct make *m, struct kad_value v)
{
    struct kad_expr *x = expr(m, KAD_X_CONST, v.type);
    x->value = v;
    x->ref = v.type == KAD_T_CHOICE ? 0 : v.type == KAD_T_SUBJECT ? SKETCH_TOWN : -1;
    return x;
}

static struct kad_expr *of_field(struct make *m, int which, int index)
{
    const struct kad_field_def *f = &m->p->events[which].fields[index];
    struct kad_expr *x = expr(m, KAD_X_FIELD, f->type);
    x->event = which;
    x->index = index;
    x->ref = f->ref;
    return x;
}

static struct kad_expr *attr(struct make *m, int index)
{
    const struct kad_attribute *at = &m->p->kinds[SKETCH_PARTICIPANT].attributes[index];
    struct kad_expr *x = expr(m, KAD_X_ATTR, at->type);
    x->index = index;
    x->ref = at->ref;
    return x;
}

static struct kad_expr *with(struct make *m, enum kad_op op, enum kad_type type,
                             const struct kad_expr *a, const struct kad_expr *b,
                             const struct kad_expr *c)
{
    struct kad_expr *x = expr(m, op, type);
    x->args = kad_arena_array(m->a, const struct kad_expr *, 3);
    const struct kad_expr *all[] = {a, b, c};
    for (size_t i = 0; i < 3 && all[i]; i++)
        x->args[x->n_args++] = all[i];
    return x;
}

static struct kad_expr *test(struct make *m, enum kad_op op, const struct kad_expr *a,
                             const struct kad_expr *b)
{
    return with(m, op, KAD_T_YESNO, a, b, NULL);
}

static struct kad_expr *number(struct make *m, int64_t n)
{
    return constant(m, kad_value_number(NUMBER(n)));
}

static struct kad_expr *happened(struct make *m, enum kad_op op, int which)
{
    struct kad_expr *x = expr(m, op, op == KAD_X_COUNT ? KAD_T_NUMBER : KAD_T_YESNO);
    x->event = which;
    return x;
}

/* NULL when there is no such task. Tasks of cadences are made before any condition is. */
static const struct kad_expr *first_task_is(struct make *m, enum kad_state state)
{
    const char *rule;
    int which;
    if (!sketch_first_task(m->s, &rule, &which))
        return NULL;
    struct kad_expr *x = expr(m, KAD_X_TASK_IS, KAD_T_YESNO);
    char *name = kad_arena_printf(m->a, "%s.%s", rule, sketch_event_name(which));
    x->index = kad_policy_task(m->p, kad_str(name));
    x->states = 1u << state;
    return x;
}

/* In the order of the texts in random_policy.c. */
static const struct kad_expr *condition(struct make *m, int which)
{
    struct kad_expr *half = constant(m, (struct kad_value){KAD_T_PERCENT, KAD_KNOWN, 500000, {0}});
    struct kad_expr *town =
        constant(m, (struct kad_value){KAD_T_SUBJECT, KAD_KNOWN, 0, KAD_STR("aneby")});
    struct kad_expr *limit = expr(m, KAD_X_PARAM, KAD_T_NUMBER), *x;
    limit->index = 0;
    switch (which) {
    case 1:
        return test(m, KAD_X_EQ, of_field(m, EV_HIRED, 0), constant(m, grade(2)));
    case 2:
        return test(m, KAD_X_AT_LEAST, of_field(m, EV_HIRED, 0), constant(m, grade(1)));
    case 3:
        return test(m, KAD_X_AT_LEAST, of_field(m, EV_HIRED, 1), half);
    case 4:
        return test(m, KAD_X_AT_LEAST, of_field(m, EV_VISIT, 0), number(m, 5));
    case 5:
        return test(m, KAD_X_IS_KNOWN, of_field(m, EV_VISIT, 0), NULL);
    case 6:
        return with(m, KAD_X_IN, KAD_T_YESNO, of_field(m, EV_STOPPED, 0), constant(m, grade(0)),
                    constant(m, grade(1)));
    case 7:
        x = test(m, KAD_X_PROP, of_field(m, EV_STOPPED, 0), NULL);
        x->index = 0;
        return x;
    case 8:
        return attr(m, AT_WORKING);
    case 9:
        return test(m, KAD_X_NOT, attr(m, AT_ACTIVE), NULL);
    case 10:
        return test(m, KAD_X_OR, attr(m, AT_WORKING),
                    test(m, KAD_X_AT_LEAST, attr(m, AT_SCORE), number(m, 5)));
    case 11:
        return test(m, KAD_X_AT_LEAST, attr(m, AT_JOBS), limit);
    case 12:
        return happened(m, KAD_X_HAPPENED, EV_CALL);
    case 13:
        return test(m, KAD_X_IS_UNKNOWN, attr(m, AT_COACH), NULL);
    case 14:
        return test(m, KAD_X_AT_LEAST, attr(m, AT_AGE), number(m, 30));
    case 15:
        return test(m, KAD_X_AND, test(m, KAD_X_EQ, attr(m, AT_UNIT), town), attr(m, AT_ACTIVE));
    case 16:
        return with(m, KAD_X_BETWEEN, KAD_T_YESNO, attr(m, AT_SCORE), number(m, 3), number(m, 7));
    case 17:
        return test(m, KAD_X_AT_MOST, attr(m, AT_GOOD), number(m, 1));
    case 18:
        return test(m, KAD_X_AFTER, attr(m, AT_UNTIL_DAY),
                    constant(m, kad_value_date(kad_day_of(2021, 6, 15))));
    case 19:
        return test(m, KAD_X_BEFORE, attr(m, AT_UNTIL_DAY),
                    constant(m, kad_value_date(kad_day_of(2021, 5, 1))));
    case SKETCH_QUOTA:
        x = expr(m, KAD_X_ATTR, KAD_T_NUMBER);
        x->index = 0;
        return test(m, KAD_X_AT_LEAST, x, number(m, 2));
    case SKETCH_TASK_DONE:
        return first_task_is(m, KAD_S_DONE);
    default:
        return NULL;
    }
}

/* --- kinds and attributes --- */

static struct kad_attr_item item(int which, int index)
{
    return (struct kad_attr_item){.after = {which, NULL}, .field = index};
}

static struct kad_attr_item sets(int which, const struct kad_expr *where, bool yes)
{
    return (struct kad_attr_item){
        .after = {which, where}, .field = -1, .value = kad_value_yesno(yes)};
}

static void attribute(struct make *m, int which, const char *name, enum kad_type type, int ref,
                      const struct kad_attr_item *items, size_t n)
{
    struct kad_attribute *at = &m->p->kinds[SKETCH_PARTICIPANT].attributes[which];
    *at = (struct kad_attribute){.name = kad_str(name),
                                 .label = kad_str(name),
                                 .type = type,
                                 .ref = ref,
                                 .param = -1,
                                 .n_items = n};
    at->items = n ? kad_arena_memdup(m->a, items, n * sizeof *items) : NULL;
    at->otherwise = type == KAD_T_YESNO ? kad_value_yesno(false) : kad_value_unknown(type);
}

static void attributes(struct make *m)
{
    struct kad_kind *k = &m->p->kinds[SKETCH_PARTICIPANT];
    k->n_attributes = AT_GOOD + 1;
    k->attributes = kad_arena_array(m->a, struct kad_attribute, k->n_attributes);
    k->unit_attribute = AT_UNIT;
    struct kad_attr_item v[3];
    v[0] = item(EV_EXTENDED, 0);
    attribute(m, AT_UNTIL_DAY, "until_day", KAD_T_DATE, -1, v, 1);
    v[0] = item(EV_START, 0), v[1] = item(EV_MOVED, 0);
    attribute(m, AT_UNIT, "unit", KAD_T_SUBJECT, SKETCH_TOWN, v, 2);
    v[0] = item(EV_START, 1), v[1] = item(EV_COACHED, 0);
    attribute(m, AT_COACH, "coach", KAD_T_PERSON, -1, v, 2);
    v[0] = sets(EV_START, NULL, true), v[1] = sets(EV_STOPPED, NULL, false);
    attribute(m, AT_ACTIVE, "active", KAD_T_YESNO, -1, v, 2);
    v[0] = sets(EV_HIRED, condition(m, 2), true), v[1] = sets(EV_HIRED, NULL, false);
    v[2] = sets(EV_FIRED, NULL, false);
    attribute(m, AT_WORKING, "working", KAD_T_YESNO, -1, v, 3);
    v[0] = item(EV_VISIT, 0);
    attribute(m, AT_SCORE, "last_score", KAD_T_NUMBER, -1, v, 1);
    v[0] = item(EV_START, 2);
    attribute(m, AT_BIRTH, "birth", KAD_T_DATE, -1, v, 1);
    attribute(m, AT_JOBS, "jobs", KAD_T_NUMBER, -1, NULL, 0);
    k->attributes[AT_JOBS].expr =
        with(m, KAD_X_SUB, KAD_T_NUMBER, happened(m, KAD_X_COUNT, EV_HIRED),
             happened(m, KAD_X_COUNT, EV_FIRED), NULL);
    attribute(m, AT_AGE, "age", KAD_T_NUMBER, -1, NULL, 0);
    attribute(m, AT_GOOD, "good", KAD_T_NUMBER, -1, NULL, 0);
    struct kad_expr *good = happened(m, KAD_X_COUNT, EV_VISIT);
    good->args = kad_arena_array(m->a, const struct kad_expr *, 1);
    good->args[0] = condition(m, 4);
    good->n_args = 1;
    k->attributes[AT_GOOD].expr = good;
    k->attributes[AT_AGE].expr = with(m, KAD_X_YEARS, KAD_T_NUMBER, attr(m, AT_BIRTH), NULL, NULL);
}

static void kinds(struct make *m)
{
    static const char *const names[] = {"participant", "town", KAD_PROGRAMME};
    static const enum kad_shape shapes[] = {KAD_KIND_FREE, KAD_KIND_ONE_OF, KAD_KIND_PROGRAMME};
    static const char *const towns[] = {"aneby", "eksjo", "tranas"};
    m->p->n_kinds = 3;
    m->p->kinds = kad_arena_array(m->a, struct kad_kind, 3);
    for (int i = 0; i < 3; i++) {
        struct kad_kind *k = &m->p->kinds[i];
        k->name = k->label = kad_str(names[i]);
        k->shape = shapes[i];
        k->begins_with = k->unit_attribute = -1;
    }
    struct kad_kind *town = &m->p->kinds[SKETCH_TOWN];
    town->n_members = 3;
    town->members = kad_arena_array(m->a, struct kad_member, 3);
    for (int i = 0; i < 3; i++)
        town->members[i].name = town->members[i].label = kad_str(towns[i]);
    town->n_attributes = 1;
    town->attributes = kad_arena_new(m->a, struct kad_attribute);
    *town->attributes = (struct kad_attribute){.name = KAD_STR("quota"),
                                               .label = KAD_STR("quota"),
                                               .type = KAD_T_NUMBER,
                                               .ref = -1,
                                               .param = 1};
}

static void params(struct make *m, const struct sketch *s)
{
    static const int64_t quotas[] = {1, 3, 2};
    static const int members[] = {0, 0, 1};
    struct kad_param *p = m->p->params = kad_arena_array(m->a, struct kad_param, 2);
    m->p->n_params = 2;
    p[0] = (struct kad_param){.name = KAD_STR("limit"),
                              .type = KAD_T_NUMBER,
                              .kind = -1,
                              .review_by = KAD_DAY_NONE,
                              .n_values = 2};
    p[1] = (struct kad_param){.name = KAD_STR("quota"),
                              .type = KAD_T_NUMBER,
                              .kind = SKETCH_TOWN,
                              .review_by = KAD_DAY_NONE,
                              .n_values = 3};
    p[0].values = kad_arena_array(m->a, struct kad_param_value, 2);
    for (int i = 0; i < 2; i++)
        p[0].values[i] = (struct kad_param_value){i ? kad_day_of(2021, 7, 1) : KAD_DAY_MIN, -1,
                                                  kad_value_number(NUMBER(s->limit[i]))};
    p[1].values = kad_arena_array(m->a, struct kad_param_value, 3);
    for (int i = 0; i < 3; i++)
        p[1].values[i] = (struct kad_param_value){i == 1 ? kad_day_of(2021, 4, 1) : KAD_DAY_MIN,
                                                  members[i], kad_value_number(NUMBER(quotas[i]))};
}

static void guards(struct make *m)
{
    struct kad_policy *p = m->p;
    p->guards = kad_arena_array(m->a, struct kad_guard, 4);
    p->n_guards = 3;
    p->guards[0] =
        (struct kad_guard){EV_HIRED, true, attr(m, AT_ACTIVE), KAD_STR("not active"), {0}, 91};
    p->guards[1] = (struct kad_guard){
        EV_HIRED,         false, test(m, KAD_X_AT_LEAST, attr(m, AT_AGE), number(m, 18)),
        KAD_STR("young"), {0},   92};
    p->guards[2] = (struct kad_guard){
        EV_STOPPED, true, test(m, KAD_X_NOT, attr(m, AT_WORKING), NULL), KAD_STR("works"), {0}, 93};
    const struct kad_expr *done = first_task_is(m, KAD_S_DONE);
    if (done)
        p->guards[p->n_guards++] = (struct kad_guard){
            EV_FIRED,         true, test(m, KAD_X_OR, done, first_task_is(m, KAD_S_MISSED)),
            KAD_STR("visit"), {0},  94};
}

/* --- rules --- */

static struct kad_triggers triggers(struct make *m, const struct sketch_triggers *t)
{
    struct kad_triggers r = {kad_arena_array(m->a, struct kad_trigger, 2), t->n};
    for (size_t i = 0; i < t->n; i++)
        r.v[i] = (struct kad_trigger){t->v[i].event, condition(m, t->v[i].condition)};
    return r;
}

static int task(struct make *m, int rule, const char *name, struct kad_triggers done_by)
{
    for (size_t i = 0; i < m->p->n_tasks; i++) {
        if (kad_str_eq(m->p->tasks[i].name, kad_str(name)))
            return (int)i;
    }
    m->p->tasks[m->p->n_tasks] = (struct kad_task){kad_str(name), kad_str(name), rule, done_by};
    return (int)m->p->n_tasks++;
}

static int cadence_task(struct make *m, int rule, const struct sketch_rule *s, int which)
{
    struct sketch_triggers by = {{{which, 0}}, 1};
    char *name = kad_arena_printf(m->a, "%s.%s", s->name, sketch_event_name(which));
    return task(m, rule, name, triggers(m, &by));
}

static void add_rule(struct make *m, int index, const struct sketch_rule *s)
{
    struct kad_rule *r = &m->p->rules[index];
    *r = (struct kad_rule){.kind = s->kind,
                           .name = kad_str(s->name),
                           .label = kad_str(s->name),
                           .line = 100 * (index + 1),
                           .subject = s->subject,
                           .running = s->running,
                           .move = s->move,
                           .closes = s->closes,
                           .closes_days = s->closes_days,
                           .from_every = s->from_every,
                           .by_date = s->by_date,
                           .date = s->date,
                           .cycle = s->cycle,
                           .has_due = s->has_due,
                           .due = s->due};
    r->owner_attribute = s->owner == 1 ? AT_COACH : -1;
    r->owner_role = s->owner == 2 ? 0 : -1;
    r->until = triggers(m, &s->until);
    r->from = triggers(m, &s->from);
    r->where = condition(m, s->condition);
    r->extension.field = -1;
    r->n_whens = s->n_whens;
    r->whens = kad_arena_array(m->a, struct kad_when, 2);
    for (size_t i = 0; i < s->n_whens; i++)
        r->whens[i] = (struct kad_when){
            {s->whens[i].trigger.event, condition(m, s->whens[i].trigger.condition)},
            s->whens[i].due,
            r->line + 1 + (int)i};
    if (s->kind != KAD_RULE_CADENCE)
        task(m, index, s->name, triggers(m, &s->done_by));
    r->n_phases = s->n_phases;
    r->phases = kad_arena_array(m->a, struct kad_phase_def, 3);
    for (size_t i = 0; i < s->n_phases; i++)
        r->phases[i] = (struct kad_phase_def){s->phases[i].shape,
                                              cadence_task(m, index, s, s->phases[i].event),
                                              r->line + 11 + (int)i};
    if (s->extended) {
        int call = cadence_task(m, index, s, EV_CALL);
        r->extension =
            (struct kad_extension){{EV_EXTENDED, NULL}, 0, s->extended_times, call, r->line + 21};
    }
}

struct kad_policy *sketch_compile(const struct sketch *s, struct kad_arena *a)
{
    struct make m = {a, s, kad_arena_new(a, struct kad_policy)};
    struct kad_policy *p = m.p;
    p->name = p->label = kad_str(s->name);
    p->zone = KAD_STR("UTC");
    p->running = s->running;
    p->review_by = KAD_DAY_NONE;
    p->calendar.kind = s->sweden ? KAD_CAL_SWEDEN : KAD_CAL_NONE;
    if (s->closed != KAD_DAY_NONE) {
        p->calendar.closed = kad_arena_memdup(a, &s->closed, sizeof s->closed);
        p->calendar.n_closed = 1;
    }
    p->n_roles = 1;
    p->roles = kad_arena_new(a, struct kad_role);
    p->roles->name = p->roles->label = KAD_STR("boss");
    choices(&m);
    kinds(&m);
    events(&m);
    params(&m, s);
    attributes(&m);
    p->tasks = kad_arena_array(a, struct kad_task, 4 * SKETCH_RULES);
    p->rules = kad_arena_array(a, struct kad_rule, SKETCH_RULES);
    p->n_rules = s->n_rules;
    for (size_t i = 0; i < s->n_rules; i++) {
        for (size_t k = 0; k < s->rules[i].n_phases; k++)
            cadence_task(&m, (int)i, &s->rules[i], s->rules[i].phases[k].event);
    }
    for (size_t i = 0; i < s->n_rules; i++)
        add_rule(&m, (int)i, &s->rules[i]);
    if (s->guarded)
        guards(&m);
    return p;
}

/* --- values for its events --- */

void sketch_fields(struct dice *d, int which, kad_day on, struct kad_arena *a,
                   struct kad_field **ret, size_t *ret_n)
{
    static const char *const towns[] = {"aneby", "eksjo", "tranas"};
    static const char *const coaches[] = {"anna", "bo"};
    struct kad_field *f = *ret = kad_arena_array(a, struct kad_field, 3);
    size_t n = 0;
    struct kad_value town = {KAD_T_SUBJECT, KAD_KNOWN, -1, kad_str(towns[dice_roll(d, 3)])};
    struct kad_value coach = {KAD_T_PERSON, KAD_KNOWN, 0, kad_str(coaches[dice_roll(d, 2)])};
    int score = (int)dice_roll(d, 10);
    kad_day born = dice_day(d, kad_day_of(1985, 1, 1), kad_day_of(2005, 1, 1));
    if (which == EV_START || which == EV_MOVED)
        f[n++] = (struct kad_field){KAD_STR("unit"), town, false};
    if (which == EV_START || which == EV_COACHED)
        f[n++] = (struct kad_field){KAD_STR("coach"), coach, false};
    if (which == EV_START && dice_chance(d, 60))
        f[n++] = (struct kad_field){KAD_STR("born"), kad_value_date(born), false};
    if (which == EV_HIRED && dice_chance(d, 70))
        f[n++] = (struct kad_field){KAD_STR("level"), grade(score % 3), false};
    if (which == EV_HIRED && dice_chance(d, 50))
        f[n++] = (struct kad_field){
            KAD_STR("extent"), {KAD_T_PERCENT, KAD_KNOWN, score * 100000, {0}}, false};
    if (which == EV_VISIT && dice_chance(d, 50))
        f[n++] = (struct kad_field){KAD_STR("score"), kad_value_number(NUMBER(score)), false};
    if (which == EV_EXTENDED)
        f[n++] = (struct kad_field){KAD_STR("to"), kad_value_date(on + score * 25), false};
    if (which == EV_STOPPED)
        f[n++] = (struct kad_field){KAD_STR("why"), grade(score % 3), false};
    if (which == EV_FILED)
        f[n++] = (struct kad_field){KAD_STR("ok"), kad_value_yesno(score > 3), false};
    *ret_n = n;
}

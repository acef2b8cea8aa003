#include "tests/unit/toy_policy.h"

#include <stdlib.h>

enum { PROGRAMME, PARTICIPANT, MUNICIPALITY, KINDS };
enum {
    REFERRAL,
    MOTIVATION,
    ENROLLMENT,
    STEP,
    EMPLOYMENT,
    DISCHARGE,
    VISIT,
    CERTIFICATE,
    REQUISITION,
    MEETING,
    EVENTS
};
enum { BIRTH_DATE, UNIT, MOTIVATED, COACH, ENROLLED, ATTRIBUTES };

struct toy {
    struct kad_policy *p;
    struct kad_arena *a;
    struct kad_str text;
};

/* The value of a word "key=value" of the text, the nth of that key; empty: not there. */
static struct kad_str option(const struct toy *t, const char *key, size_t nth)
{
    size_t n = strlen(key);
    for (size_t i = 0; i < t->text.n;) {
        const char *p = t->text.p + i;
        const char *end = memchr(p, ' ', t->text.n - i);
        size_t len = end ? (size_t)(end - p) : t->text.n - i;
        if (len > n && memcmp(p, key, n) == 0 && p[n] == '=' && nth-- == 0)
            return kad_str_dup(t->a, (struct kad_str){p + n + 1, len - n - 1});
        i += len + 1;
    }
    return (struct kad_str){0};
}

static bool has(const struct toy *t, const char *key, const char *value)
{
    return kad_str_eq(option(t, key, 0), kad_str(value));
}

static struct kad_field_def field(const char *name, enum kad_type type, int ref, bool is_private,
                                  bool optional)
{
    return (struct kad_field_def){.name = kad_str(name),
                                  .label = kad_str(name),
                                  .type = type,
                                  .ref = ref,
                                  .is_private = is_private,
                                  .optional = optional};
}

static void event(struct toy *t, int which, const char *name, int kind,
                  const struct kad_field_def *fields, size_t n)
{
    struct kad_event_type *e = &t->p->events[which];
    *e = (struct kad_event_type){
        .name = kad_str(name), .label = kad_str(name), .kind = kind, .derived = true};
    e->n_fields = n;
    e->fields = n ? kad_arena_memdup(t->a, fields, n * sizeof *fields) : NULL;
}

static void events(struct toy *t)
{
    enum kad_type extent = has(t, "extent", "number") ? KAD_T_NUMBER : KAD_T_PERCENT;
    struct kad_field_def referral[] = {field("birth_date", KAD_T_DATE, -1, true, false),
                                       field("unit", KAD_T_SUBJECT, MUNICIPALITY, false, false),
                                       field("motivated", KAD_T_YESNO, -1, false, false)};
    struct kad_field_def coach = field("coach", KAD_T_PERSON, -1, false, false);
    struct kad_field_def score = field("score", KAD_T_NUMBER, -1, false, false);
    struct kad_field_def employment[] = {field("employer", KAD_T_TEXT, -1, true, true),
                                         field("extent", extent, -1, false, true)};
    struct kad_field_def reason = field("reason", KAD_T_CHOICE, 0, false, false);
    struct kad_field_def amount = field("amount", KAD_T_MONEY, -1, false, false);
    struct kad_field_def note = field("note", KAD_T_TEXT, -1, false, true);
    score.has_range = true;
    score.low = 25 * KAD_MICRO;
    score.high = 125 * KAD_MICRO;
    t->p->n_events = EVENTS;
    t->p->events = kad_arena_array(t->a, struct kad_event_type, EVENTS);
    event(t, REFERRAL, "referral", PARTICIPANT, referral, 3);
    event(t, MOTIVATION, "motivation", PARTICIPANT, &referral[2], 1);
    event(t, ENROLLMENT, "enrollment", PARTICIPANT, &coach, 1);
    event(t, STEP, "step", PARTICIPANT, &score, 1);
    event(t, EMPLOYMENT, "employment", PARTICIPANT, employment, 2);
    event(t, DISCHARGE, "discharge", PARTICIPANT, &reason, 1);
    event(t, VISIT, "visit", has(t, "free", "visit") ? MUNICIPALITY : PARTICIPANT, NULL, 0);
    event(t, CERTIFICATE, "certificate", MUNICIPALITY, NULL, 0);
    event(t, REQUISITION, "requisition", MUNICIPALITY, &amount, 1);
    event(t, MEETING, "meeting", PROGRAMME, &note, 1);
}

static void choices(struct toy *t)
{
    static const char *const names[] = {"work", "studies", "health"};
    t->p->n_choices = 1;
    t->p->choices = kad_arena_new(t->a, struct kad_choice);
    struct kad_choice *c = t->p->choices;
    c->name = c->label = KAD_STR("discharge_reason");
    c->n_values = 3;
    c->values = kad_arena_array(t->a, struct kad_choice_value, 3);
    for (size_t i = 0; i < 3; i++)
        c->values[i].name = c->values[i].label = kad_str(names[i]);
}

static void attribute(struct toy *t, int which, const char *name, enum kad_type type, int ref,
                      const struct kad_attr_item *items, size_t n)
{
    struct kad_attribute *a = &t->p->kinds[PARTICIPANT].attributes[which];
    *a = (struct kad_attribute){.name = kad_str(name),
                                .label = kad_str(name),
                                .type = type,
                                .ref = ref,
                                .otherwise = kad_value_unknown(type),
                                .param = -1,
                                .n_items = n};
    a->items = kad_arena_memdup(t->a, items, n * sizeof *items);
}

static void kinds(struct toy *t)
{
    static const char *const names[] = {KAD_PROGRAMME, "participant", "municipality"};
    t->p->n_kinds = KINDS;
    t->p->kinds = kad_arena_array(t->a, struct kad_kind, KINDS);
    for (int i = 0; i < KINDS; i++)
        t->p->kinds[i] = (struct kad_kind){.name = kad_str(names[i]),
                                           .label = kad_str(names[i]),
                                           .shape = KAD_KIND_FREE,
                                           .begins_with = -1,
                                           .unit_attribute = -1};
    t->p->kinds[PROGRAMME].shape = KAD_KIND_PROGRAMME;
    struct kad_kind *m = &t->p->kinds[MUNICIPALITY], *k = &t->p->kinds[PARTICIPANT];
    m->shape = KAD_KIND_ONE_OF;
    m->members = kad_arena_array(t->a, struct kad_member, 3);
    m->members[0].name = m->members[0].label = KAD_STR("eksjo");
    m->members[1].name = m->members[1].label = KAD_STR("nassjo");
    m->members[2].name = m->members[2].label = option(t, "member", 0);
    m->n_members = m->members[2].name.n > 0 ? 3 : 2;

    k->begins_with = REFERRAL;
    k->unit_attribute = UNIT;
    k->n_attributes = ATTRIBUTES;
    k->attributes = kad_arena_array(t->a, struct kad_attribute, ATTRIBUTES);
    struct kad_attr_item of[] = {
        {.after = {REFERRAL, NULL}, .field = 0},   {.after = {REFERRAL, NULL}, .field = 1},
        {.after = {REFERRAL, NULL}, .field = 2},   {.after = {MOTIVATION, NULL}, .field = 0},
        {.after = {ENROLLMENT, NULL}, .field = 0}, {.after = {ENROLLMENT, NULL}, .field = -1}};
    of[5].value = kad_value_yesno(true);
    attribute(t, BIRTH_DATE, "birth_date", KAD_T_DATE, -1, of, 1);
    attribute(t, UNIT, "unit", KAD_T_SUBJECT, MUNICIPALITY, of + 1, 1);
    attribute(t, MOTIVATED, "motivated", KAD_T_YESNO, -1, of + 2, 2);
    attribute(t, COACH, "coach", KAD_T_PERSON, -1, of + 4, 1);
    attribute(t, ENROLLED, "enrolled", KAD_T_YESNO, -1, of + 5, 1);
    k->attributes[BIRTH_DATE].is_private = true;
    k->attributes[ENROLLED].otherwise = kad_value_yesno(false);
}

static const struct kad_expr *is_attribute(struct toy *t, int attr, const char *text)
{
    struct kad_expr *x = kad_arena_new(t->a, struct kad_expr);
    *x = (struct kad_expr){.op = KAD_X_ATTR,
                           .type = KAD_T_YESNO,
                           .ref = -1,
                           .index = attr,
                           .event = -1,
                           .text = kad_str(text)};
    return x;
}

static const struct kad_expr *is_not(struct toy *t, const struct kad_expr *arg, const char *text)
{
    struct kad_expr *x = kad_arena_new(t->a, struct kad_expr);
    *x = (struct kad_expr){.op = KAD_X_NOT,
                           .type = KAD_T_YESNO,
                           .ref = -1,
                           .index = -1,
                           .event = -1,
                           .n_args = 1,
                           .text = kad_str(text)};
    x->args = kad_arena_memdup(t->a, &arg, sizeof arg);
    return x;
}

static void guards(struct toy *t)
{
    const struct kad_expr *enrolled = is_attribute(t, ENROLLED, "enrolled");
    struct kad_guard g[] = {
        {ENROLLMENT, true, is_attribute(t, MOTIVATED, "motivated"),
         KAD_STR("Enrolled once motivated"), KAD_STR("5.0 Coaches"), 101},
        {ENROLLMENT,
         true,
         is_not(t, enrolled, "not enrolled"),
         KAD_STR("Enrolled only once"),
         {0},
         102},
        {STEP, false, enrolled, KAD_STR("A step without enrollment"), KAD_STR("6.0 Steps"), 105},
    };
    t->p->n_guards = 3;
    t->p->guards = kad_arena_memdup(t->a, g, sizeof g);
}

static struct kad_triggers trigger(struct toy *t, int which)
{
    struct kad_triggers g = {kad_arena_new(t->a, struct kad_trigger), 1};
    g.v->event = which;
    return g;
}

static void rule(struct toy *t, int which, const char *name, int when, int32_t days, int done_by)
{
    struct kad_rule *r = &t->p->rules[which];
    struct kad_task *k = &t->p->tasks[which];
    *r = (struct kad_rule){.kind = KAD_RULE_TASK,
                           .name = kad_str(name),
                           .label = kad_str(name),
                           .line = 110 + which,
                           .subject = t->p->events[when].kind,
                           .owner_attribute = -1,
                           .owner_role = -1,
                           .date = KAD_DAY_NONE};
    r->extension.field = -1;
    r->cycle.from = KAD_DAY_NONE;
    r->n_whens = 1;
    r->whens = kad_arena_new(t->a, struct kad_when);
    r->whens[0].trigger.event = when;
    r->whens[0].due = (struct kad_offset){days, KAD_U_DAY, -1};
    *k = (struct kad_task){.name = kad_str(name), .label = kad_str(name), .rule = which};
    k->done_by = trigger(t, done_by);
}

/* follow_up opens with enrollment, due 14 days after, done by visit, on the coach's list; welcome
 * opens with referral and closes on its own day; a certificate from each municipality for each half
 * year. */
static void rules(struct toy *t)
{
    t->p->n_rules = t->p->n_tasks = 3;
    t->p->rules = kad_arena_array(t->a, struct kad_rule, 3);
    t->p->tasks = kad_arena_array(t->a, struct kad_task, 3);
    rule(t, 0, "follow_up", ENROLLMENT, 14, VISIT);
    t->p->rules[0].owner_attribute = COACH;
    t->p->rules[0].until = trigger(t, DISCHARGE);
    rule(t, 1, "welcome", REFERRAL, 0, VISIT);
    t->p->rules[1].closes = KAD_CLOSES_AFTER_DUE;
    rule(t, 2, "certificate", CERTIFICATE, 0, CERTIFICATE);
    struct kad_rule *duty = &t->p->rules[2];
    duty->kind = KAD_RULE_DUTY;
    duty->n_whens = 0;
    duty->owner_role = 0;
    duty->cycle = (struct kad_cycle){
        .period = KAD_P_HALF_YEAR, .months = 0xfff, .from = KAD_DAY_NONE, .times = 1};
}

/* Nothing but the programme: to stand beside another policy. */
static void only_meeting(struct toy *t)
{
    struct kad_policy *p = t->p;
    struct kad_event_type meeting = p->events[MEETING];
    struct kad_str task = option(t, "task", 0);
    p->events[0] = meeting;
    p->n_events = 1;
    p->n_kinds = 1;
    p->n_guards = p->n_choices = 0;
    p->n_rules = p->n_tasks = 0;
    if (task.n > 0) {
        rule(t, 0, task.p, 0, 7, 0);
        p->n_rules = p->n_tasks = 1;
    }
}

static void questions(struct toy *t)
{
    t->p->questions = kad_arena_array(t->a, struct kad_note, 2);
    for (size_t i = 0; i < 2; i++) {
        struct kad_str q = option(t, "question", i);
        if (q.n > 0)
            t->p->questions[t->p->n_questions++] = (struct kad_note){q, (int)(200 + i)};
    }
}

enum kad_err toy_compile(struct kad_str text, const char *name, struct kad_policy **ret,
                         struct kad_error *reterr)
{
    struct kad_arena arena;
    kad_arena_init(&arena);
    struct kad_policy *p = kad_arena_new(&arena, struct kad_policy);
    p->arena = arena;
    struct toy t = {p, &p->arena, text};
    if (text.n >= 6 && memcmp(text.p, "broken", 6) == 0) {
        kad_policy_free(p);
        return kad_fail(reterr, KAD_ENO, "%s:1:1: this is broken", name);
    }
    const char *end = memchr(text.p, ' ', text.n);
    p->text = kad_str_dup(t.a, text);
    p->name = kad_str_dup(t.a, (struct kad_str){text.p, end ? (size_t)(end - text.p) : text.n});
    p->label = p->name;
    struct kad_str zone = option(&t, "zone", 0);
    p->zone = zone.n > 0 ? zone : KAD_STR("Europe/Stockholm");
    p->running = KAD_RUNNING_FOLLOW;
    p->review_by = KAD_DAY_NONE;
    p->issue_at = 360;
    p->n_roles = 1;
    p->roles = kad_arena_new(t.a, struct kad_role);
    p->roles[0].name = p->roles[0].label = KAD_STR("manager");
    choices(&t);
    kinds(&t);
    events(&t);
    guards(&t);
    rules(&t);
    questions(&t);
    if (has(&t, "no", "guards"))
        p->n_guards = 0;
    if (has(&t, "only", "meeting"))
        only_meeting(&t);
    *ret = p;
    return KAD_OK;
}

/* See story_text.h. */
#include "tests/unit/story_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "tests/unit/days.h"
#include "tests/unit/unit.h"

#define A_DAY INT64_C(86400000000)

void tale_begin(struct tale *t, kad_compile_fn compile, const char *subject, const char *kind)
{
    *t = (struct tale){.compile = compile,
                       .subject = kad_str(subject),
                       .kind = kad_str(kind),
                       .known = KAD_KNOWN_ALL};
    kad_arena_init(&t->arena);
}

void tale_end(struct tale *t)
{
    for (size_t i = 0; i < t->n_policies; i++)
        kad_policy_free(t->policies[i]);
    kad_arena_done(&t->arena);
}

/* --- policies --- */

static struct kad_adoption *add_adoption(struct tale *t, const char *from, const char *recorded)
{
    assert_true(t->n_adoptions < TALE_ADOPTIONS);
    kad_day on = day(from);
    size_t at = t->n_adoptions++;
    for (; at > 0 && t->adoptions[at - 1].from > on; at--)
        t->adoptions[at] = t->adoptions[at - 1];
    t->adoptions[at] =
        (struct kad_adoption){.seq = ++t->last_seq, .at = day(recorded) * A_DAY, .from = on};
    return &t->adoptions[at];
}

static uint64_t add_text(struct tale *t, const char *from, const char *recorded, const char *text,
                         const char *only)
{
    struct kad_adoption *a = add_adoption(t, from, recorded);
    struct kad_error err = {0};
    struct kad_policy *p = NULL;
    if (t->compile(kad_str(text), "test.rules", &p, &err) != KAD_OK)
        fail_msg("the policy does not compile: %s", err.text);
    t->policies[t->n_policies++] = p;
    a->policy = p;
    a->name = p->name;
    if (only) {
        a->units = kad_arena_new(&t->arena, struct kad_str);
        *a->units = kad_str(only);
        a->n_units = 1;
    }
    return a->seq;
}

uint64_t adopt(struct tale *t, const char *from, const char *text, const char *only)
{
    return add_text(t, from, from, text, only);
}

uint64_t adopt_late(struct tale *t, const char *from, const char *recorded, const char *text)
{
    return add_text(t, from, recorded, text, NULL);
}

void rules_end(struct tale *t, const char *name, const char *from)
{
    add_adoption(t, from, from)->name = kad_str(name);
}

/* --- records --- */

static const struct kad_field_def *field_def(const struct tale *t, struct kad_str type,
                                             struct kad_str name)
{
    const struct kad_policy *p = t->policies[0];
    int e = kad_policy_event(p, type);
    int f = e < 0 ? -1 : kad_event_field(&p->events[e], name);
    if (f < 0)
        fail_msg("%.*s has no field %.*s", KAD_STR_FMT(type), KAD_STR_FMT(name));
    return &p->events[e].fields[f];
}

static struct kad_value read_value(struct tale *t, struct kad_str type, struct kad_str name,
                                   const char *text)
{
    struct kad_value v = {0};
    struct kad_error err = {0};
    if (strcmp(text, "null") == 0)
        return v;
    if (strcmp(text, "erased") == 0)
        return (struct kad_value){.know = KAD_ERASED};
    if (kad_field_read(t->policies[0], field_def(t, type, name), kad_str(text), &t->arena, &v,
                       &err) != KAD_OK)
        fail_msg("%s", err.text);
    return v;
}

static struct kad_record *record_of(struct tale *t, uint64_t seq)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->records[i].seq == seq)
            return &t->records[i];
    }
    fail_msg("there is no record %d", (int)seq);
    return NULL;
}

/* `correct 4`, `retract 4`, `waive ID`: the word behind them. */
static void read_target(struct kad_record *r, const char *word)
{
    if (r->kind == KAD_R_WAIVED) {
        struct kad_value id = {KAD_T_TEXT, KAD_KNOWN, 0, kad_str(word)};
        r->notes[r->n_notes++] = (struct kad_field){KAD_STR("task"), id, false};
    } else {
        r->ref = strtoull(word, NULL, 10);
    }
}

static void read_pair(struct tale *t, struct kad_record *r, char *word)
{
    char *eq = strchr(word, '=');
    if (!eq)
        fail_msg("“%s” is no FIELD=VALUE", word);
    struct kad_str name = {word, (size_t)(eq - word)};
    if (r->kind == KAD_R_CORRECTED && kad_str_eq(name, KAD_STR("on"))) {
        r->on = day(eq + 1);
        r->notes[r->n_notes++] = (struct kad_field){KAD_STR("on"), kad_value_date(r->on), false};
        return;
    }
    struct kad_str type = r->kind == KAD_R_CORRECTED ? record_of(t, r->ref)->type : r->type;
    r->fields[r->n_fields++] = (struct kad_field){name, read_value(t, type, name, eq + 1), false};
}

uint64_t tell(struct tale *t, const char *line)
{
    static const struct {
        const char *word;
        enum kad_record_kind kind;
    } own[] = {{"correct", KAD_R_CORRECTED}, {"retract", KAD_R_RETRACTED}, {"waive", KAD_R_WAIVED}};
    assert_true(t->n < TALE_RECORDS);
    struct kad_record *r = &t->records[t->n];
    char *words = kad_arena_strdup(&t->arena, line), *save = NULL;
    char *word = strtok_r(words, " ", &save);
    *r = (struct kad_record){.seq = t->last_seq + 1, .on = day(word), .subject = t->subject};
    r->at = r->on * A_DAY + A_DAY / 2;
    r->fields = kad_arena_array(&t->arena, struct kad_field, 10);
    r->notes = kad_arena_array(&t->arena, struct kad_field, 2);
    word = strtok_r(NULL, " ", &save);
    for (size_t i = 0; i < LEN(own); i++) {
        if (strcmp(word, own[i].word) == 0)
            r->kind = own[i].kind;
    }
    if (r->kind == KAD_R_EVENT)
        r->type = kad_str(word);
    else
        read_target(r, strtok_r(NULL, " ", &save));
    while ((word = strtok_r(NULL, " ", &save))) {
        if (strcmp(word, "recorded") == 0)
            r->at = day(strtok_r(NULL, " ", &save)) * A_DAY + A_DAY / 2;
        else if (strcmp(word, "seq") == 0)
            r->seq = strtoull(strtok_r(NULL, " ", &save), NULL, 10);
        else
            read_pair(t, r, word);
    }
    t->n++;
    t->last_seq = r->seq;
    return r->seq;
}

/* --- what comes of it --- */

struct seen {
    struct kad_timeline timeline;
    struct kad_story story;
    struct kad_derive *derive;
};

static struct seen *derive(struct tale *t)
{
    struct seen *s = kad_arena_new(&t->arena, struct seen);
    struct kad_adoption *v = kad_arena_array(&t->arena, struct kad_adoption, TALE_ADOPTIONS);
    for (size_t i = 0; i < t->n_adoptions; i++) {
        if (t->adoptions[i].seq <= t->known.seq && t->adoptions[i].at <= t->known.at)
            v[s->timeline.n++] = t->adoptions[i];
    }
    s->timeline.v = v;
    kad_story_build(&t->arena, t->subject, t->records, t->n, t->known, &s->story);
    s->derive = kad_derive_new(&t->arena, &s->timeline, &s->story, t->kind);
    return s;
}

struct kad_derive *tale_derive(struct tale *t)
{
    return derive(t)->derive;
}

static size_t instances(struct tale *t, const char *on, const struct kad_instance **ret)
{
    return kad_derive_instances(derive(t)->derive, day(on), day(on) + t->horizon, ret);
}

const struct kad_instance *find_instance(struct tale *t, const char *on, const char *id)
{
    const struct kad_instance *v;
    size_t n = instances(t, on, &v);
    for (size_t i = 0; i < n; i++) {
        struct kad_str rest = {v[i].id.p + t->subject.n + 1, v[i].id.n - t->subject.n - 1};
        if (kad_str_eq(rest, kad_str(id)))
            return &v[i];
    }
    return NULL;
}

static void compare(const char *got, const char *expected, const char *what, const char *file,
                    int line)
{
    if (strcmp(got, expected) == 0)
        return;
    print_error("%s: %s, not %s\n", what, got, expected);
    _fail(file, line);
}

void see_at(struct tale *t, const char *on, const char *id, const char *expected, const char *file,
            int line)
{
    const struct kad_instance *i = find_instance(t, on, id);
    char d[3][KAD_DAY_TEXT], got[100] = "none";
    if (i)
        snprintf(got, sizeof got, "%s %s %s %s%s", kad_day_text(i->opens, d[0]),
                 kad_day_text(i->due, d[1]), kad_day_text(i->closes, d[2]),
                 kad_state_name(i->state), i->late ? " late" : "");
    compare(got, expected, id, file, line);
}

void see_all_at(struct tale *t, const char *on, const char *task, const char *expected,
                const char *file, int line)
{
    const struct kad_instance *v;
    size_t n = instances(t, on, &v);
    struct kad_buf b = {0};
    for (size_t i = 0; i < n; i++) {
        char due[KAD_DAY_TEXT];
        if (!kad_str_eq(v[i].task, kad_str(task)))
            continue;
        kad_buf_printf(&b, "%s%s %s%s", b.n ? ", " : "", kad_day_text(v[i].due, due),
                       kad_state_name(v[i].state), v[i].late ? " late" : "");
    }
    compare(b.n ? kad_buf_str(&b) : "none", expected, task, file, line);
    kad_buf_done(&b);
}

void see_value_at(struct tale *t, const char *on, const char *name, const char *expected,
                  const char *file, int line)
{
    struct seen *s = derive(t);
    const struct kad_adoption *a = kad_derive_in_force(s->derive, t->policies[0]->name, day(on));
    assert_non_null(a);
    const struct kad_kind *k = &a->policy->kinds[kad_policy_kind(a->policy, t->kind)];
    int at = kad_kind_attribute(k, kad_str(name));
    assert_true(at >= 0);
    struct kad_value v = kad_derive_attribute(s->derive, a->policy, at,
                                              kad_derive_end_of(s->derive, day(on)), day(on));
    struct kad_buf b = {0};
    if (kad_value_known(v))
        kad_value_put(&b, v);
    compare(kad_value_known(v) ? kad_buf_str(&b) : "unknown", expected, name, file, line);
    kad_buf_done(&b);
}

void see_findings_at(struct tale *t, const char *expected, const char *file, int line)
{
    struct seen *s = derive(t);
    struct kad_buf b = {0};
    for (size_t pos = 0; pos < s->story.n_facts; pos++) {
        const struct kad_finding *v;
        size_t n = kad_derive_judge(s->derive, pos, &v);
        for (size_t i = 0; i < n && s->story.facts[pos].seq == t->last_seq; i++)
            kad_buf_printf(&b, "%s%.*s", b.n ? ", " : "", KAD_STR_FMT(v[i].guard->message));
    }
    compare(kad_buf_str(&b), expected, "the last event", file, line);
    kad_buf_done(&b);
}

/* The change of 2021-01-01 over made-up lives: the two policies se_hoglandet that come with the
 * program, one after the other. The engine derives what the plain derivation does, and the change
 * leaves alone what had opened before it. KADENS_SEEDS=N tries N lives of each kind. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/dsl.h"
#include "tests/unit/plain.h"
#include "tests/unit/random_policy.h"

#define LIVES 400
#define MOST 60 /* records of a life */
#define DAY INT64_C(86400000000)
#define CHANGE kad_day_of(2021, 1, 1)

static struct kad_policy *of_2014, *of_2021;

static struct kad_policy *compile(const char *name)
{
    char path[4096];
    struct kad_buf text = {0};
    struct kad_error err = {0};
    struct kad_policy *p = NULL;
    const char *src = getenv("KAD_SRC");
    snprintf(path, sizeof path, "%s/rules/%s.rules", src ? src : ".", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be read", path);
    for (int c; (c = getc(f)) != EOF;)
        kad_buf_putc(&text, (char)c);
    fclose(f);
    struct kad_str all = {kad_buf_str(&text), text.n};
    if (kad_dsl_compile_fn(all, name, &p, &err) != KAD_OK)
        fail_msg("%s", err.text);
    kad_buf_done(&text);
    return p;
}

static int read_policies(void **state)
{
    (void)state;
    of_2014 = compile("se-hoglandet-2014");
    of_2021 = compile("se-hoglandet-2021");
    return 0;
}

static int drop_policies(void **state)
{
    (void)state;
    kad_policy_free(of_2014);
    kad_policy_free(of_2021);
    return 0;
}

/* --- a life --- */

struct life {
    struct kad_arena arena;
    struct kad_str subject, kind;
    struct kad_record records[MOST];
    size_t n;
};

static struct kad_str any_text(struct dice *d, const struct kad_policy *p,
                               const struct kad_field_def *f, kad_day on, struct kad_arena *a)
{
    static const char *const people[] = {"anna", "lars", "maria"};
    char day[KAD_DAY_TEXT];
    switch (f->type) {
    case KAD_T_CHOICE:
        return p->choices[f->ref].values[dice_roll(d, (uint32_t)p->choices[f->ref].n_values)].name;
    case KAD_T_SUBJECT:
        return p->kinds[f->ref].members[dice_roll(d, (uint32_t)p->kinds[f->ref].n_members)].name;
    case KAD_T_DATE:
        return kad_str_dup(a, kad_str(kad_day_text(on + (kad_day)dice_roll(d, 200), day)));
    case KAD_T_PERSON:
        return kad_str(people[dice_roll(d, 3)]);
    case KAD_T_YESNO:
        return kad_str(dice_chance(d, 80) ? "yes" : "no");
    case KAD_T_PERCENT:
        return KAD_STR("75 %");
    case KAD_T_MONEY:
        return KAD_STR("1000 SEK");
    case KAD_T_NUMBER:
        return KAD_STR("100");
    default:
        return KAD_STR("words");
    }
}

static void fill(struct dice *d, struct life *l, const struct kad_policy *p,
                 const struct kad_event_type *e, struct kad_record *r)
{
    r->fields = kad_arena_array(&l->arena, struct kad_field, e->n_fields + 1);
    for (size_t i = 0; i < e->n_fields; i++) {
        const struct kad_field_def *f = &e->fields[i];
        struct kad_field *g = &r->fields[r->n_fields];
        struct kad_error err = {0};
        if (f->optional && dice_chance(d, 50))
            continue;
        *g = (struct kad_field){.name = f->name};
        struct kad_str text = any_text(d, p, f, r->on, &l->arena);
        if (kad_field_read(p, f, text, &l->arena, &g->value, &err) != KAD_OK)
            fail_msg("%s", err.text);
        r->n_fields++;
    }
}

/* Those that open, do and end much come more often. */
static const struct kad_event_type *any_event(struct dice *d, const struct life *l,
                                              const struct kad_policy *p)
{
    static const char *const often[] = {"employment",      "aftercare_visit", "aftercare_call",
                                        "aftercare_visit", "aftercare_call",  "aftercare_extended",
                                        "enrollment",      "certificate",     "discharge"};
    for (;;) {
        int k = dice_chance(d, 60) ? kad_policy_event(p, kad_str(often[dice_roll(d, 9)]))
                                   : (int)dice_roll(d, (uint32_t)p->n_events);
        if (k >= 0 && kad_str_eq(p->kinds[p->events[k].kind].name, l->kind))
            return &p->events[k];
        k = (int)dice_roll(d, (uint32_t)p->n_events);
        if (kad_str_eq(p->kinds[p->events[k].kind].name, l->kind))
            return &p->events[k];
    }
}

static struct kad_record *put(struct life *l, enum kad_record_kind kind, kad_day today)
{
    struct kad_record *r = &l->records[l->n++];
    *r = (struct kad_record){.kind = kind,
                             .seq = 10 + l->n,
                             .at = today * DAY + DAY / 2,
                             .on = today,
                             .subject = l->subject};
    return r;
}

static void put_event(struct dice *d, struct life *l, kad_day today, const char *name)
{
    struct kad_record *r = put(l, KAD_R_EVENT, today);
    if (!name && dice_chance(d, 20))
        r->on = today - (kad_day)dice_roll(d, 70);
    const struct kad_policy *p = r->on < CHANGE ? of_2014 : of_2021;
    const struct kad_event_type *e =
        name ? &p->events[kad_policy_event(p, kad_str(name))] : any_event(d, l, p);
    r->type = e->name;
    fill(d, l, p, e, r);
}

static void put_correction(struct dice *d, struct life *l, kad_day today)
{
    const struct kad_record *of = &l->records[dice_roll(d, (uint32_t)l->n)];
    if (of->kind != KAD_R_EVENT)
        return;
    kad_day on = of->on + (kad_day)dice_roll(d, 40) - 20;
    struct kad_record *r = put(l, KAD_R_CORRECTED, today);
    r->ref = of->seq;
    r->on = on;
    r->notes = kad_arena_new(&l->arena, struct kad_field);
    r->n_notes = 1;
    *r->notes = (struct kad_field){KAD_STR("on"), kad_value_date(on), false};
}

static void live(struct life *l, uint64_t seed, const char *kind, const char *subject)
{
    struct dice d = {seed * 2654435761u + 99};
    *l = (struct life){.subject = kad_str(subject), .kind = kad_str(kind)};
    kad_arena_init(&l->arena);
    for (int i = 0; i < 8; i++)
        (void)dice_roll(&d, 2);
    kad_day today = dice_day(&d, CHANGE - 700, CHANGE - 10);
    size_t n = 5 + dice_roll(&d, MOST - 6);
    if (strcmp(kind, "participant") == 0)
        put_event(&d, l, today, "referral");
    while (l->n < n) {
        today += (kad_day)dice_roll(&d, 45);
        if (l->n && dice_chance(&d, 10))
            put_correction(&d, l, today);
        else
            put_event(&d, l, today, NULL);
    }
}

/* --- how it is seen --- */

struct seen {
    struct kad_arena arena;
    struct kad_adoption v[4];
    struct kad_timeline timeline;
    struct kad_story story;
    struct kad_derive *derive;
    struct plain *plain;
};

static void adopt(struct seen *s, const struct kad_policy *p, kad_day from, struct kad_str *units,
                  size_t n)
{
    s->v[s->timeline.n] = (struct kad_adoption){.seq = s->timeline.n + 1,
                                                .from = from,
                                                .name = p->name,
                                                .policy = p,
                                                .units = units,
                                                .n_units = n};
    s->timeline.n++;
}

static void look(struct seen *s, struct life *l)
{
    s->timeline.v = s->v;
    kad_arena_init(&s->arena);
    kad_story_build(&s->arena, l->subject, l->records, l->n, KAD_KNOWN_ALL, &s->story);
    s->derive = kad_derive_new(&s->arena, &s->timeline, &s->story, l->kind);
    s->plain = plain_new(&s->arena, &s->timeline, &s->story, l->kind);
}

static void check_plain(struct seen *s, kad_day day, kad_day horizon, uint64_t seed)
{
    const struct kad_instance *e;
    struct kad_instance *p;
    char text[KAD_DAY_TEXT];
    size_t n = kad_derive_instances(s->derive, day, horizon, &e);
    size_t m = plain_instances(s->plain, day, horizon, &p);
    for (size_t i = 0; i < n && i < m; i++) {
        bool same = kad_str_eq(e[i].id, p[i].id) && e[i].adoption->seq == p[i].adoption->seq &&
                    e[i].opens == p[i].opens && e[i].due == p[i].due &&
                    e[i].closes == p[i].closes && e[i].state == p[i].state &&
                    e[i].late == p[i].late && e[i].done_by == p[i].done_by &&
                    e[i].dropped_by == p[i].dropped_by && kad_str_eq(e[i].owner, p[i].owner);
        if (!same)
            fail_msg("life %lu on %s: engine %.*s %s, plain %.*s %s", (unsigned long)seed,
                     kad_day_text(day, text), KAD_STR_FMT(e[i].id), kad_state_name(e[i].state),
                     KAD_STR_FMT(p[i].id), kad_state_name(p[i].state));
    }
    assert_int_equal(n, m);
}

static void check_guards(struct seen *s)
{
    for (size_t pos = 0; pos < s->story.n_facts; pos++) {
        struct plain_finding *p;
        const struct kad_finding *e;
        size_t m = plain_judge(s->plain, pos, &p);
        assert_int_equal(kad_derive_judge(s->derive, pos, &e), m);
        for (size_t i = 0; i < m; i++)
            assert_ptr_equal(e[i].guard, p[i].guard);
    }
}

static const struct kad_instance *find(const struct kad_instance *v, size_t n, struct kad_str id)
{
    const struct kad_instance *found = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!kad_str_eq(v[i].id, id))
            continue;
        if (found)
            fail_msg("%.*s stands twice", KAD_STR_FMT(id));
        found = &v[i];
    }
    return found;
}

static size_t opened(const struct kad_instance *v, size_t n, kad_day day)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += v[i].opens <= day;
    return count;
}

/* With the change and without it, on one day. */
static void check_change(struct seen *without, struct seen *with, kad_day day)
{
    const struct kad_instance *a, *b;
    size_t n = kad_derive_instances(without->derive, day, day, &a);
    size_t m = kad_derive_instances(with->derive, day, day, &b);
    for (size_t i = 0; i < m; i++) {
        assert_ptr_equal(find(b, m, b[i].id), &b[i]);
        assert_ptr_equal(b[i].policy, b[i].opens < CHANGE ? of_2014 : of_2021);
    }
    for (size_t i = 0; i < n; i++) {
        if (a[i].opens >= CHANGE)
            continue;
        const struct kad_instance *same = find(b, m, a[i].id);
        assert_non_null(same);
        assert_int_equal(same->opens, a[i].opens);
        assert_int_equal(same->due, a[i].due);
        assert_int_equal(same->closes, a[i].closes);
        if (day < CHANGE)
            assert_int_equal(same->state, a[i].state);
    }
    /* A run that has ended shows what would have opened later, as dropped. */
    if (day < CHANGE)
        assert_int_equal(opened(a, n, day), opened(b, m, day));
}

/* --- the tests --- */

static void each_life(void (*check)(struct life *l, struct dice *d, uint64_t seed))
{
    static const char *const who[][2] = {
        {"participant", "C-1"}, {"municipality", "eksjo"}, {KAD_PROGRAMME, KAD_PROGRAMME}};
    const char *more = getenv("KADENS_SEEDS");
    uint64_t lives = more ? strtoull(more, NULL, 10) : LIVES;
    for (uint64_t seed = 1; seed <= lives; seed++) {
        struct life l;
        struct dice d = {seed};
        const char *const *w = who[seed % 8 < 6 ? 0 : seed % 8 - 5];
        live(&l, seed, w[0], w[1]);
        check(&l, &d, seed);
        kad_arena_done(&l.arena);
    }
}

static void change_and_compare(struct life *l, struct dice *d, uint64_t seed)
{
    struct seen without = {0}, with = {0};
    adopt(&without, of_2014, kad_day_of(2014, 7, 1), NULL, 0);
    adopt(&with, of_2014, kad_day_of(2014, 7, 1), NULL, 0);
    adopt(&with, of_2021, CHANGE, NULL, 0);
    look(&without, l);
    look(&with, l);
    check_guards(&with);
    for (int i = 0; i < 4; i++) {
        kad_day day = dice_day(d, CHANGE - 200, CHANGE + 500);
        check_plain(&with, day, day + 200, seed);
        check_change(&without, &with, day);
    }
    check_change(&without, &with, CHANGE - 1);
    check_change(&without, &with, CHANGE);
    kad_arena_done(&without.arena);
    kad_arena_done(&with.arena);
}

static void what_had_opened_is_left_alone_and_the_rest_is_of_2021(void **state)
{
    (void)state;
    each_life(change_and_compare);
}

/* Some units from their own day, and the change for some of them only. */
static void units_and_compare(struct life *l, struct dice *d, uint64_t seed)
{
    static struct kad_str units[] = {{"aneby", 5}, {"eksjo", 5}, {"nassjo", 6}, {"tranas", 6}};
    struct seen s = {0};
    adopt(&s, of_2014, kad_day_of(2014, 7, 1), units, 2);
    adopt(&s, of_2014, CHANGE - (kad_day)dice_roll(d, 600), units + 2, 2);
    adopt(&s, of_2014, CHANGE - 100, NULL, 0);
    if (s.v[1].from > s.v[2].from) { /* the timeline is by day */
        struct kad_adoption a = s.v[1];
        s.v[1] = s.v[2];
        s.v[2] = a;
    }
    adopt(&s, of_2021, CHANGE, units + dice_roll(d, 2), 1 + dice_roll(d, 2));
    look(&s, l);
    check_guards(&s);
    for (int i = 0; i < 4; i++) {
        kad_day day = dice_day(d, CHANGE - 200, CHANGE + 500);
        check_plain(&s, day, day + 200, seed);
    }
    kad_arena_done(&s.arena);
}

static void units_change_on_their_own_days(void **state)
{
    (void)state;
    each_life(units_and_compare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_had_opened_is_left_alone_and_the_rest_is_of_2021),
        cmocka_unit_test(units_change_on_their_own_days),
    };
    return cmocka_run_group_tests(tests, read_policies, drop_policies);
}

/* Ids: what has one keeps it, whatever is told later, put right or adopted. The histories are
 * random, the rules calm ones: no conditions, finite runs, nothing named after calendar weeks, so
 * that what must stay can be said in one sentence. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/days.h"
#include "tests/unit/random_history.h"

#define SEEDS 300

static void calm_triggers(struct sketch_triggers *t)
{
    for (size_t i = 0; i < t->n; i++)
        t->v[i].condition = 0;
}

static void calm(struct dice *d, struct sketch *s)
{
    for (size_t i = 0; i < s->n_rules; i++) {
        struct sketch_rule *r = &s->rules[i];
        calm_triggers(&r->until);
        calm_triggers(&r->done_by);
        calm_triggers(&r->from);
        r->condition = 0;
        r->extended = false;
        for (size_t k = 0; k < r->n_whens; k++)
            r->whens[k].trigger.condition = 0;
        for (size_t k = 0; k < r->n_phases; k++) {
            struct kad_phase *p = &r->phases[k].shape;
            p->last = p->last ? p->last : p->first;
            if (p->division == KAD_CALENDAR_WEEK)
                p->division = dice_chance(d, 50) ? KAD_TIMES : KAD_EVERY_WEEKS;
        }
    }
}

struct world {
    struct kad_arena arena;
    struct dice dice;
    struct sketch sketch;
    struct kad_adoption adoptions[2];
    size_t n_adoptions;
    struct kad_record records[30];
    size_t n;
    uint64_t last_seq;
};

static const int events[] = {EV_VISIT, EV_CALL, EV_HIRED, EV_FIRED};

static struct kad_record *tell(struct world *w, int which, kad_day on)
{
    struct kad_record *r = &w->records[w->n++];
    *r = (struct kad_record){.kind = KAD_R_EVENT,
                             .seq = ++w->last_seq,
                             .on = on,
                             .at = (kad_instant)w->last_seq,
                             .subject = KAD_STR("C-1"),
                             .type = kad_str(sketch_event_name(which))};
    sketch_fields(&w->dice, which, on, &w->arena, &r->fields, &r->n_fields);
    return r;
}

static void world_init(struct world *w, uint64_t seed)
{
    *w = (struct world){.dice = {seed}};
    kad_arena_init(&w->arena);
    sketch_random(&w->dice, "p", "p", &w->sketch);
    calm(&w->dice, &w->sketch);
    w->adoptions[w->n_adoptions++] =
        (struct kad_adoption){.seq = ++w->last_seq,
                              .from = day("2020-01-01"),
                              .name = KAD_STR("p"),
                              .policy = sketch_compile(&w->sketch, &w->arena)};
    tell(w, EV_START, day("2021-01-01"));
    for (uint32_t i = 0; i < 15; i++)
        tell(w, events[dice_roll(&w->dice, 4)],
             dice_day(&w->dice, day("2021-01-01"), day("2021-10-01")));
}

static void world_done(struct world *w)
{
    kad_arena_done(&w->arena);
}

/* As of the end of the year, with what is known now. */
static size_t derive(struct world *w, const struct kad_instance **ret)
{
    struct kad_timeline *t = kad_arena_new(&w->arena, struct kad_timeline);
    struct kad_story *s = kad_arena_new(&w->arena, struct kad_story);
    *t = (struct kad_timeline){w->adoptions, w->n_adoptions};
    kad_story_build(&w->arena, KAD_STR("C-1"), w->records, w->n, KAD_KNOWN_ALL, s);
    struct kad_derive *d = kad_derive_new(&w->arena, t, s, KAD_STR("participant"));
    return kad_derive_instances(d, day("2021-12-31"), day("2022-06-30"), ret);
}

static const struct kad_instance *find(const struct kad_instance *v, size_t n, struct kad_str id)
{
    const struct kad_instance *found = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!kad_str_eq(v[i].id, id))
            continue;
        assert_null(found); /* unique */
        found = &v[i];
    }
    return found;
}

static enum kad_rule_kind rule_kind(const struct kad_instance *i)
{
    return i->policy->rules[i->rule_index].kind;
}

static void ids_stay_when_something_is_told_late(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_init(&w, seed);
        const struct kad_instance *before, *after;
        size_t n = derive(&w, &before);
        tell(&w, events[dice_roll(&w.dice, 4)],
             dice_day(&w.dice, day("2021-01-01"), day("2021-10-01")));
        size_t m = derive(&w, &after);
        for (size_t i = 0; i < n; i++) {
            const struct kad_instance *same = find(after, m, before[i].id);
            assert_non_null(same);
            assert_int_equal(same->opens, before[i].opens);
            assert_int_equal(same->due, before[i].due);
        }
        world_done(&w);
    }
}

static void ids_stay_when_a_day_is_put_right(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_init(&w, seed);
        const struct kad_instance *before, *after;
        size_t n = derive(&w, &before);
        const struct kad_record *of = &w.records[1 + dice_roll(&w.dice, 15)];
        kad_day on = dice_day(&w.dice, of->on - 20, of->on + 20);
        struct kad_field note = {KAD_STR("on"), kad_value_date(on), false};
        w.records[w.n++] = (struct kad_record){.kind = KAD_R_CORRECTED,
                                               .seq = ++w.last_seq,
                                               .at = (kad_instant)w.last_seq,
                                               .on = on,
                                               .ref = of->seq,
                                               .subject = KAD_STR("C-1"),
                                               .notes = &note,
                                               .n_notes = 1};
        size_t m = derive(&w, &after);
        for (size_t i = 0; i < n; i++) {
            if (rule_kind(&before[i]) == KAD_RULE_DUTY)
                continue; /* its periods are the calendar's, not an event's */
            const struct kad_instance *same = find(after, m, before[i].id);
            assert_non_null(same);
            assert_int_equal(same->anchor, before[i].anchor);
        }
        world_done(&w);
    }
}

static void ids_stay_when_a_policy_is_adopted(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_init(&w, seed);
        const struct kad_instance *before, *after;
        size_t n = derive(&w, &before);
        struct sketch changed;
        sketch_change(&w.dice, "p", &w.sketch, &changed);
        calm(&w.dice, &changed);
        for (size_t i = 0; i < changed.n_rules; i++)
            changed.rules[i].running = KAD_RUNNING_UNSAID;
        kad_day from = dice_day(&w.dice, day("2021-01-01"), day("2021-12-01"));
        w.adoptions[w.n_adoptions++] =
            (struct kad_adoption){.seq = ++w.last_seq,
                                  .from = from,
                                  .name = KAD_STR("p"),
                                  .policy = sketch_compile(&changed, &w.arena)};
        size_t m = derive(&w, &after);
        for (size_t i = 0; i < n; i++) {
            const struct kad_instance *same = find(after, m, before[i].id);
            kad_day anchored = KAD_DAY_MAX;
            for (size_t k = 0; k < w.n; k++) {
                if (w.records[k].seq == before[i].anchor)
                    anchored = w.records[k].on;
            }
            bool kept = changed.running == KAD_RUNNING_KEEP && anchored < from &&
                        rule_kind(&before[i]) == KAD_RULE_CADENCE;
            if (before[i].opens >= from && !kept)
                continue; /* the new policy's, if it is there at all */
            assert_non_null(same);
            assert_int_equal(same->opens, before[i].opens);
            assert_int_equal(same->due, before[i].due);
            assert_ptr_equal(same->policy, before[i].policy);
        }
        world_done(&w);
    }
}

/* --- three times become two and every week four times, on every day of a month --- */

static struct sketch monthly(enum kad_division division, int32_t n, enum kad_division second,
                             int32_t m)
{
    struct sketch s = {
        .name = "p", .running = KAD_RUNNING_FOLLOW, .closed = KAD_DAY_NONE, .n_rules = 1};
    struct sketch_rule *r = &s.rules[0];
    *r = (struct sketch_rule){.kind = KAD_RULE_CADENCE, .name = "pa", .n_phases = 2};
    r->from = (struct sketch_triggers){{{EV_HIRED, 0}}, 1};
    r->phases[0].shape = (struct kad_phase){KAD_U_MONTH, 1, 1, division, n};
    r->phases[0].event = EV_VISIT;
    r->phases[1].shape = (struct kad_phase){KAD_U_MONTH, 2, 2, second, m};
    r->phases[1].event = EV_VISIT;
    return s;
}

static void every_way_to_divide_a_month_has_its_own_ids(void **state)
{
    (void)state;
    struct sketch old = monthly(KAD_TIMES, 3, KAD_EVERY_WEEKS, 1);
    struct sketch new = monthly(KAD_TIMES, 2, KAD_TIMES, 4);
    for (kad_day on = day("2021-01-01"); on <= day("2021-01-31"); on++) {
        for (kad_day from = on; from <= on + 62; from++) {
            struct world w = {.dice = {1}};
            kad_arena_init(&w.arena);
            struct sketch *of[] = {&old, &new};
            for (int i = 0; i < 2; i++)
                w.adoptions[w.n_adoptions++] =
                    (struct kad_adoption){.seq = ++w.last_seq,
                                          .from = i ? from : day("2020-01-01"),
                                          .name = KAD_STR("p"),
                                          .policy = sketch_compile(of[i], &w.arena)};
            tell(&w, EV_HIRED, on);
            const struct kad_instance *v;
            size_t n = derive(&w, &v);
            for (size_t i = 0; i < n; i++) {
                assert_non_null(find(v, n, v[i].id));
                assert_ptr_equal(v[i].policy, w.adoptions[v[i].opens >= from].policy);
            }
            world_done(&w);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_stay_when_something_is_told_late),
        cmocka_unit_test(ids_stay_when_a_day_is_put_right),
        cmocka_unit_test(ids_stay_when_a_policy_is_adopted),
        cmocka_unit_test(every_way_to_divide_a_month_has_its_own_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

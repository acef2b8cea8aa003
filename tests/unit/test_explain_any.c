/* Explanations of random histories: whatever happened, the steps add up to what the derivation
 * says, and everything can be explained. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/explain.h"
#include "tests/unit/random_history.h"

#define SEEDS 300

struct one {
    struct kad_arena arena;
    struct kad_timeline timeline;
    struct kad_story story;
    struct kad_derive *derive;
    kad_day day;
};

static void one_init(struct one *x, const struct history *h, struct dice *d)
{
    kad_arena_init(&x->arena);
    x->timeline = history_timeline(h, KAD_KNOWN_ALL, &x->arena);
    kad_story_build(&x->arena, h->subject, h->records, h->n_records, KAD_KNOWN_ALL, &x->story);
    x->derive = kad_derive_new(&x->arena, &x->timeline, &x->story, h->kind);
    x->day = dice_day(d, HISTORY_BEGINS, h->last_day + 60);
}

static const struct kad_step *step(const struct kad_explanation *e, enum kad_say say)
{
    for (size_t i = 0; i < e->steps.n; i++)
        if (e->steps.v[i].say == say)
            return &e->steps.v[i];
    return NULL;
}

/* One step says the state, and it is the right one. */
static void check_state(const struct kad_explanation *e, const struct kad_instance *i)
{
    static const unsigned right[KAD_S__COUNT] = {
        [KAD_S_UPCOMING] = 1u << (KAD_SAY_UPCOMING - KAD_SAY_UPCOMING),
        [KAD_S_OPEN] = 1u << (KAD_SAY_OPEN - KAD_SAY_UPCOMING),
        [KAD_S_OVERDUE] = 1u << (KAD_SAY_OVERDUE - KAD_SAY_UPCOMING),
        [KAD_S_DONE] = 1u << (KAD_SAY_DONE - KAD_SAY_UPCOMING) |
                       1u << (KAD_SAY_DONE_LATE - KAD_SAY_UPCOMING),
        [KAD_S_MISSED] = 1u << (KAD_SAY_MISSED - KAD_SAY_UPCOMING) |
                         1u << (KAD_SAY_MISSED_ENDED - KAD_SAY_UPCOMING),
        [KAD_S_UNTOLD] = 1u << (KAD_SAY_UNTOLD - KAD_SAY_UPCOMING),
        [KAD_S_DROPPED] = 1u << (KAD_SAY_DROPPED - KAD_SAY_UPCOMING) |
                          1u << (KAD_SAY_DROPPED_NEW - KAD_SAY_UPCOMING),
        [KAD_S_WAIVED] = 1u << (KAD_SAY_WAIVED - KAD_SAY_UPCOMING),
    };
    unsigned said = 0;
    for (size_t k = 0; k < e->steps.n; k++) {
        const struct kad_step *s = &e->steps.v[k];
        if (kad_say_section(s->say) == KAD_E_STATE && s->say != KAD_SAY_DID_OTHER)
            said |= 1u << (s->say - KAD_SAY_UPCOMING);
    }
    assert_true(said != 0 && (said & (said - 1)) == 0 && (said & right[i->state]) != 0);
}

/* The arithmetic shown comes to the days that the instance has. */
static void check_days(const struct kad_explanation *e, const struct kad_instance *i)
{
    const struct kad_step *due = step(e, KAD_SAY_DUE), *window = step(e, KAD_SAY_WINDOW);
    const struct kad_calendar *calendar = &i->policy->calendar;
    if (window) {
        assert_int_equal(window->day, i->opens);
        assert_true(due || window->to == i->due);
        assert_true(window->of == 0 || window->n <= window->of);
        const struct kad_step *phase = step(e, KAD_SAY_PHASE);
        assert_true(phase->day <= window->day);
        assert_true(phase->to == KAD_DAY_NONE || window->to <= phase->to ||
                    window->phase.division == KAD_CALENDAR_WEEK);
    }
    if (due) {
        assert_int_equal(due->moved == KAD_DAY_NONE ? due->to : due->moved, i->due);
        if (due->counted)
            assert_int_equal(kad_add(calendar, due->day, due->offset.n, due->offset.unit) + due->n,
                             due->to);
        if (due->moved != KAD_DAY_NONE)
            assert_false(kad_is_working_day(calendar, due->to));
    }
    const struct kad_step *closes = step(e, KAD_SAY_CLOSES);
    assert_int_equal(closes ? closes->day : KAD_DAY_NONE, i->closes);
}

static void check_instance(struct one *x, const struct kad_instance *i)
{
    struct kad_explanation e;
    assert_true(kad_explain_instance(x->derive, x->day, i->id, &e));
    check_state(&e, i);
    check_days(&e, i);
    const struct kad_step *anchor = step(&e, KAD_SAY_EVENT);
    anchor = anchor ? anchor : step(&e, KAD_SAY_ANCHOR);
    assert_int_equal(anchor ? anchor->seq : 0, i->anchor);
    const struct kad_step *owner = step(&e, KAD_SAY_OWNER);
    if (owner)
        assert_true(kad_str_eq(owner->value, i->owner));
    else if (!step(&e, KAD_SAY_OWNER_ROLE))
        assert_int_equal(i->owner.n, 0);
    assert_int_equal(step(&e, KAD_SAY_RULE)->line, i->line);
    assert_ptr_equal(step(&e, KAD_SAY_POLICY)->adoption, i->adoption);
    for (size_t k = 1; k < e.steps.n; k++)
        assert_true(kad_say_section(e.steps.v[k - 1].say) <= kad_say_section(e.steps.v[k].say));
}

/* Every task that any policy knows: there, or not there with a reason. */
static void check_tasks(struct one *x)
{
    for (size_t i = 0; i < x->timeline.n; i++) {
        const struct kad_policy *p = x->timeline.v[i].policy;
        for (size_t k = 0; p && k < p->n_tasks; k++) {
            struct kad_explanation e;
            assert_true(kad_explain_task(x->derive, x->day, p->tasks[k].name, (struct kad_str){0}, &e));
            assert_true(step(&e, KAD_SAY_TASK) || step(&e, KAD_SAY_NO_TASK));
            size_t reasons = 0;
            for (size_t s = 0; s < e.steps.n; s++)
                reasons += kad_say_section(e.steps.v[s].say) == KAD_E_WHY;
            assert_true(reasons > 0);
        }
    }
}

static void check_rest(struct one *x)
{
    struct kad_explanation e;
    for (size_t i = 0; i < x->timeline.n; i++) {
        const struct kad_policy *p = x->timeline.v[i].policy;
        int kind = p ? kad_policy_kind(p, x->story.n_facts ? KAD_STR("participant") : KAD_STR("")) : -1;
        for (size_t k = 0; kind >= 0 && k < p->kinds[kind].n_attributes; k++)
            kad_explain_attribute(x->derive, x->day, p->kinds[kind].attributes[k].name, &e);
    }
    for (size_t i = 0; i < x->story.n_facts; i++) {
        assert_true(kad_explain_event(x->derive, x->day, x->story.facts[i].seq, &e));
        assert_true(e.steps.n > 0);
    }
}

static void everything_can_be_explained_and_the_steps_add_up(void **state)
{
    (void)state;
    const char *more = getenv("KADENS_SEEDS");
    uint64_t seeds = more ? strtoull(more, NULL, 10) : SEEDS;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct history h;
        struct one x;
        struct dice d = {seed};
        history_random(seed, (int)(seed % 5 < 3 ? 0 : seed % 5 - 2), &h);
        one_init(&x, &h, &d);
        const struct kad_instance *v;
        size_t n = kad_derive_instances(x.derive, x.day, kad_add_years(x.day, 1), &v);
        for (size_t i = 0; i < n; i += 1 + n / 12)
            check_instance(&x, &v[i]);
        check_tasks(&x);
        check_rest(&x);
        kad_arena_done(&x.arena);
        history_done(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_can_be_explained_and_the_steps_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

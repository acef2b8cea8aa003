/* Random policies as rule text: what the language makes of them derives what the same policies
 * put together by hand do. (That the engine derives the right thing from those is test_property's.) */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsl/dsl.h"
#include "tests/unit/random_history.h"

#define SEEDS 1500

static struct kad_policy *from_text(const struct sketch *s)
{
    struct kad_buf text = {0};
    struct kad_error err = {0};
    struct kad_policy *p = NULL;
    sketch_text(s, true, &text);
    struct kad_str all = {kad_buf_str(&text), text.n};
    if (kad_dsl_compile_fn(all, "sketch.rules", &p, &err) != KAD_OK)
        fail_msg("%s", err.text);
    kad_buf_done(&text);
    return p;
}

static void check_instances(const struct kad_instance *a, const struct kad_instance *b)
{
    if (!kad_str_eq(a->id, b->id))
        fail_msg("%.*s is %.*s by text", KAD_STR_FMT(a->id), KAD_STR_FMT(b->id));
    assert_true(kad_str_eq(a->task, b->task));
    assert_int_equal(a->adoption->seq, b->adoption->seq);
    assert_int_equal(a->opens, b->opens);
    assert_int_equal(a->due, b->due);
    assert_int_equal(a->closes, b->closes);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->late, b->late);
    assert_int_equal(a->anchor, b->anchor);
    assert_int_equal(a->done_by, b->done_by);
    assert_int_equal(a->dropped_by, b->dropped_by);
    assert_int_equal(a->waived_by, b->waived_by);
    assert_int_equal(a->ended, b->ended);
    assert_true(kad_str_eq(a->owner, b->owner));
    assert_true(kad_str_eq(a->unit, b->unit));
}

struct one {
    struct kad_timeline timeline;
    struct kad_story story;
    struct kad_derive *derive;
};

static void one_init(struct one *x, const struct history *h, struct kad_arena *a)
{
    x->timeline = history_timeline(h, KAD_KNOWN_ALL, a);
    kad_story_build(a, h->subject, h->records, h->n_records, KAD_KNOWN_ALL, &x->story);
    x->derive = kad_derive_new(a, &x->timeline, &x->story, h->kind);
}

static void compare(const struct history *h, const struct history *by_text, struct dice *d)
{
    struct kad_arena a;
    struct one x, y;
    kad_arena_init(&a);
    one_init(&x, h, &a);
    one_init(&y, by_text, &a);
    const struct kad_instance *v, *w;
    kad_day day = dice_day(d, HISTORY_BEGINS, h->last_day + 60);
    size_t n = kad_derive_instances(x.derive, day, day + 90, &v);
    assert_int_equal(kad_derive_instances(y.derive, day, day + 90, &w), n);
    for (size_t i = 0; i < n; i++)
        check_instances(&v[i], &w[i]);
    for (size_t pos = 0; pos < x.story.n_facts; pos++) {
        const struct kad_finding *f, *g;
        size_t m = kad_derive_judge(x.derive, pos, &f);
        assert_int_equal(kad_derive_judge(y.derive, pos, &g), m);
        for (size_t i = 0; i < m; i++) {
            assert_true(kad_str_eq(f[i].guard->message, g[i].guard->message));
            assert_int_equal(f[i].unknown, g[i].unknown);
        }
    }
    kad_arena_done(&a);
}

static void rule_text_means_what_was_meant(void **state)
{
    (void)state;
    const char *more = getenv("KADENS_SEEDS");
    uint64_t seeds = more ? strtoull(more, NULL, 10) : SEEDS;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct history h;
        struct kad_policy *policies[HISTORY_MOST + 2] = {0};
        history_random(seed, (int)(seed % 5 < 3 ? 0 : seed % 5 - 2), &h);
        struct dice d = {seed};
        struct history by_text = h;
        by_text.adoptions =
            kad_arena_memdup(&h.arena, h.adoptions, h.n_adoptions * sizeof *h.adoptions);
        for (size_t i = 0; i < h.n_adoptions; i++) {
            if (h.adoptions[i].policy)
                by_text.adoptions[i].policy = policies[i] = from_text(&h.sketches[i]);
        }
        compare(&h, &by_text, &d);
        for (size_t i = 0; i < h.n_adoptions; i++)
            kad_policy_free(policies[i]);
        history_done(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_text_means_what_was_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

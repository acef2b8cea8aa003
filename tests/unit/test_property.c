/* Random policies over random histories: what the engine derives is what the plain derivation
 * (plain.h) does, and stays what it was where it must. Seeds are fixed, so every run sees the same;
 * KADENS_SEEDS=N tries N histories of each kind instead, KADENS_SEED=N only that one. A difference
 * is cut down to the fewest records and adoptions that still show it, and printed. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/plain.h"
#include "tests/unit/random_history.h"

static uint64_t first_seed = 1, n_seeds = 6000;

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *s = getenv(name);
    return s ? strtoull(s, NULL, 10) : otherwise;
}

/* --- what is compared --- */

struct view {
    struct kad_known known;
    kad_day day, horizon;
};

static const char *differs(const struct kad_instance *a, const struct kad_instance *b)
{
#define SAME(what, eq)                                                                             \
    if (!(eq))                                                                                     \
        return what;
    SAME("id", kad_str_eq(a->id, b->id))
    SAME("task", kad_str_eq(a->task, b->task))
    SAME("adoption", a->adoption->seq == b->adoption->seq && a->policy == b->policy)
    SAME("rule", a->task_index == b->task_index && a->rule_index == b->rule_index)
    SAME("opens", a->opens == b->opens)
    SAME("due", a->due == b->due)
    SAME("closes", a->closes == b->closes)
    SAME("state", a->state == b->state)
    SAME("late", a->late == b->late)
    SAME("anchor", a->anchor == b->anchor)
    SAME("done_by", a->done_by == b->done_by)
    SAME("dropped_by", a->dropped_by == b->dropped_by)
    SAME("waived_by", a->waived_by == b->waived_by)
    SAME("ended", a->ended == b->ended)
    SAME("line", a->line == b->line)
    SAME("owner", kad_str_eq(a->owner, b->owner))
    SAME("unit", kad_str_eq(a->unit, b->unit))
#undef SAME
    return NULL;
}

static void put_instance(struct kad_buf *b, const char *who, const struct kad_instance *i)
{
    char d[4][KAD_DAY_TEXT];
    if (!i) {
        kad_buf_printf(b, "%s: none\n", who);
        return;
    }
    kad_buf_printf(b, "%s: %.*s adoption %d line %d opens %s due %s closes %s ended %s %s%s", who,
                   KAD_STR_FMT(i->id), (int)i->adoption->seq, i->line, kad_day_text(i->opens, d[0]),
                   kad_day_text(i->due, d[1]), kad_day_text(i->closes, d[2]),
                   kad_day_text(i->ended, d[3]), kad_state_name(i->state), i->late ? " late" : "");
    kad_buf_printf(b, " done_by %d dropped_by %d waived_by %d for %.*s unit %.*s\n",
                   (int)i->done_by, (int)i->dropped_by, (int)i->waived_by, KAD_STR_FMT(i->owner),
                   KAD_STR_FMT(i->unit));
}

/* One subject seen both ways; everything in one arena. */
struct both {
    struct kad_arena arena;
    struct kad_timeline timeline;
    struct kad_story story;
    struct kad_derive *derive;
    struct plain *plain;
};

static void both_init(struct both *x, const struct history *h, struct kad_known known)
{
    kad_arena_init(&x->arena);
    x->timeline = history_timeline(h, known, &x->arena);
    kad_story_build(&x->arena, h->subject, h->records, h->n_records, known, &x->story);
    x->derive = kad_derive_new(&x->arena, &x->timeline, &x->story, h->kind);
    x->plain = plain_new(&x->arena, &x->timeline, &x->story, h->kind);
}

static void both_done(struct both *x)
{
    kad_arena_done(&x->arena);
}

/* Every field of f that says something stands in g as well. */
static bool has_fields_of(const struct kad_fact *f, const struct kad_fact *g)
{
    for (size_t i = 0; i < f->n_fields; i++) {
        bool found = f->fields[i].value.type == KAD_T_NONE; /* null, sealed or erased */
        for (size_t j = 0; j < g->n_fields; j++) {
            found |= kad_str_eq(f->fields[i].name, g->fields[j].name) &&
                     f->fields[i].value.type == g->fields[j].value.type &&
                     kad_value_eq(f->fields[i].value, g->fields[j].value) == KAD_YES;
        }
        if (!found)
            return false;
    }
    return true;
}

static bool stories_differ(const struct history *h, struct kad_known known, struct kad_buf *why)
{
    struct both x;
    both_init(&x, h, known);
    struct kad_story s;
    plain_story(&x.arena, h->subject, h->records, h->n_records, known, &s);
    bool bad = s.n_facts != x.story.n_facts || s.n_waivers != x.story.n_waivers;
    for (size_t i = 0; !bad && i < s.n_facts; i++) {
        const struct kad_fact *f = &s.facts[i], *g = &x.story.facts[i];
        bad = f->seq != g->seq || f->last != g->last || f->at != g->at || f->on != g->on ||
              !kad_str_eq(f->type, g->type) || !has_fields_of(f, g) || !has_fields_of(g, f);
        if (bad)
            kad_buf_printf(why,
                           "fact %d of the story: plain seq %d last %d on %d, engine seq %d "
                           "last %d on %d\n",
                           (int)i, (int)f->seq, (int)f->last, f->on, (int)g->seq, (int)g->last,
                           g->on);
    }
    for (size_t i = 0; !bad && i < s.n_waivers; i++)
        bad = s.waivers[i].seq != x.story.waivers[i].seq ||
              s.waivers[i].on != x.story.waivers[i].on ||
              !kad_str_eq(s.waivers[i].task, x.story.waivers[i].task);
    if (bad && why->n == 0)
        kad_buf_puts(why, "the stories differ in what stands in them\n");
    both_done(&x);
    return bad;
}

static bool instances_differ(struct both *x, const struct view *v, struct kad_buf *why)
{
    const struct kad_instance *e;
    struct kad_instance *p;
    size_t n = kad_derive_instances(x->derive, v->day, v->horizon, &e);
    size_t m = plain_instances(x->plain, v->day, v->horizon, &p);
    for (size_t i = 0; i < n || i < m; i++) {
        const struct kad_instance *a = i < m ? &p[i] : NULL, *b = i < n ? &e[i] : NULL;
        const char *what = a && b ? differs(a, b) : "one more";
        if (!what)
            continue;
        kad_buf_printf(why, "instance %d of %d plain, %d engine: %s\n", (int)i, (int)m, (int)n,
                       what);
        put_instance(why, "plain ", a);
        put_instance(why, "engine", b);
        return true;
    }
    return false;
}

static bool values_differ(struct both *x, const struct history *h, kad_day day, struct kad_buf *why)
{
    for (size_t i = 0; i < x->timeline.n; i++) {
        const struct kad_policy *p = x->timeline.v[i].policy;
        const struct kad_kind *k = p ? &p->kinds[kad_policy_kind(p, h->kind)] : NULL;
        size_t pos = kad_derive_end_of(x->derive, day);
        for (size_t j = 0; k && j < k->n_attributes; j++) {
            struct kad_value a = plain_attribute(x->plain, p, (int)j, pos, day);
            struct kad_value b = kad_derive_attribute(x->derive, p, (int)j, pos, day);
            bool known = kad_value_known(a);
            if (known == kad_value_known(b) && (!known || kad_value_eq(a, b) == KAD_YES))
                continue;
            kad_buf_printf(why, "attribute %.*s: plain %s ", KAD_STR_FMT(k->attributes[j].name),
                           known ? "" : "unknown");
            if (known)
                kad_value_put(why, a);
            kad_buf_puts(why, " engine ");
            if (kad_value_known(b))
                kad_value_put(why, b);
            kad_buf_puts(why, "\n");
            return true;
        }
        if (plain_in_force(x->plain, x->timeline.v[i].name, day) !=
            kad_derive_in_force(x->derive, x->timeline.v[i].name, day)) {
            kad_buf_puts(why, "another policy in force\n");
            return true;
        }
    }
    return false;
}

static bool findings_differ(struct both *x, struct kad_buf *why)
{
    for (size_t pos = 0; pos < x->story.n_facts; pos++) {
        struct plain_finding *p;
        const struct kad_finding *e;
        size_t n = plain_judge(x->plain, pos, &p), m = kad_derive_judge(x->derive, pos, &e);
        bool bad = n != m;
        for (size_t i = 0; !bad && i < n; i++)
            bad = p[i].guard != e[i].guard || p[i].adoption != e[i].adoption ||
                  p[i].unknown != e[i].unknown;
        if (bad) {
            kad_buf_printf(why, "guards at seq %d: plain %d, engine %d findings\n",
                           (int)x->story.facts[pos].seq, (int)n, (int)m);
            return true;
        }
    }
    return false;
}

static bool anything_differs(const struct history *h, const struct view *v, struct kad_buf *why)
{
    if (stories_differ(h, v->known, why))
        return true;
    struct both x;
    both_init(&x, h, v->known);
    bool bad = values_differ(&x, h, v->day, why) || findings_differ(&x, why) ||
               instances_differ(&x, v, why);
    both_done(&x);
    return bad;
}

/* --- a difference, cut down --- */

static bool still(const struct history *h, const struct view *v)
{
    struct kad_buf why = {0};
    bool bad = anything_differs(h, v, &why);
    kad_buf_done(&why);
    return bad;
}

/* Leave out what is not needed; the history itself stays as it was. */
static void cut_down(struct history *h, const struct view *v)
{
    for (size_t i = h->n_records; i-- > 0;) {
        struct history less = *h;
        less.records = kad_arena_memdup(&h->arena, h->records, h->n_records * sizeof *h->records);
        memmove(&less.records[i], &less.records[i + 1],
                (h->n_records - i - 1) * sizeof *less.records);
        less.n_records--;
        if (still(&less, v)) {
            h->records = less.records;
            h->n_records--;
        }
    }
    for (size_t i = h->n_adoptions; i-- > 0;) {
        struct history less = *h;
        less.adoptions =
            kad_arena_memdup(&h->arena, h->adoptions, h->n_adoptions * sizeof *h->adoptions);
        less.sketches =
            kad_arena_memdup(&h->arena, h->sketches, h->n_adoptions * sizeof *h->sketches);
        memmove(&less.adoptions[i], &less.adoptions[i + 1],
                (h->n_adoptions - i - 1) * sizeof *less.adoptions);
        memmove(&less.sketches[i], &less.sketches[i + 1],
                (h->n_adoptions - i - 1) * sizeof *less.sketches);
        less.n_adoptions--;
        if (still(&less, v)) {
            h->adoptions = less.adoptions;
            h->sketches = less.sketches;
            h->n_adoptions--;
        }
    }
}

/* Rules that the difference does not need. */
static void cut_rules(struct history *h, const struct view *v)
{
    for (size_t i = 0; i < h->n_adoptions; i++) {
        for (size_t r = h->adoptions[i].policy ? h->sketches[i].n_rules : 0; r-- > 0;) {
            struct sketch whole = h->sketches[i];
            const struct kad_policy *was = h->adoptions[i].policy;
            struct sketch *s = &h->sketches[i];
            s->rules[r] = s->rules[--s->n_rules];
            h->adoptions[i].policy = sketch_compile(s, &h->arena);
            if (still(h, v))
                continue;
            *s = whole;
            h->adoptions[i].policy = was;
        }
    }
}

static void check_same(struct history *h, const struct view *v, uint64_t seed)
{
    struct kad_buf why = {0};
    if (!anything_differs(h, v, &why))
        return;
    cut_down(h, v);
    cut_rules(h, v);
    kad_buf_reset(&why);
    char d[2][KAD_DAY_TEXT];
    kad_buf_printf(&why, "seed %llu, as of %s, horizon %s, known at %lld\n",
                   (unsigned long long)seed, kad_day_text(v->day, d[0]),
                   kad_day_text(v->horizon, d[1]), (long long)v->known.seq);
    history_text(h, &why);
    (void)anything_differs(h, v, &why);
    fprintf(stderr, "%s\n", kad_buf_str(&why));
    kad_buf_done(&why);
    fail();
}

/* --- the tests --- */

static struct view random_view(struct dice *d, const struct history *h)
{
    struct view v = {.known = KAD_KNOWN_ALL};
    if (dice_chance(d, 30))
        v.known.seq = 1 + dice_roll(d, (uint32_t)h->last_seq);
    if (h->n_records && dice_chance(d, 20))
        v.known.at = h->records[dice_roll(d, (uint32_t)h->n_records)].at;
    v.day = dice_day(d, HISTORY_BEGINS - 20, h->last_day + 120);
    v.horizon = v.day + (dice_chance(d, 50) ? 0 : (kad_day)dice_roll(d, 200));
    return v;
}

static void engine_agrees_with_the_plain_derivation(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + n_seeds; seed++) {
        for (int kind = SKETCH_PARTICIPANT; kind <= SKETCH_PROGRAMME; kind++) {
            if (kind != SKETCH_PARTICIPANT && seed % 4 != 0)
                continue;
            struct history h;
            history_random(seed, kind, &h);
            struct dice d = {seed};
            for (int i = 0; i < 3; i++) {
                struct view v = random_view(&d, &h);
                check_same(&h, &v, seed);
            }
            history_done(&h);
        }
    }
}

/* Asked in any order and as often as one likes, one derivation gives the same answers. */
static void deriving_twice_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + n_seeds / 4 + 1; seed++) {
        struct history h;
        history_random(seed, SKETCH_PARTICIPANT, &h);
        struct dice d = {seed};
        struct both one, other;
        both_init(&one, &h, KAD_KNOWN_ALL);
        both_init(&other, &h, KAD_KNOWN_ALL);
        struct view views[4];
        for (int i = 0; i < 4; i++)
            views[i] = random_view(&d, &h);
        for (int i = 0; i < 12; i++) {
            const struct view *v = &views[dice_roll(&d, 4)];
            const struct kad_instance *a, *b;
            size_t n = kad_derive_instances(one.derive, v->day, v->horizon, &a);
            struct kad_derive *fresh =
                kad_derive_new(&other.arena, &other.timeline, &other.story, h.kind);
            assert_int_equal(kad_derive_instances(fresh, v->day, v->horizon, &b), n);
            for (size_t k = 0; k < n; k++) {
                assert_null(differs(&a[k], &b[k]));
            }
        }
        both_done(&one);
        both_done(&other);
        history_done(&h);
    }
}

static void ids_are_unique_whatever_was_adopted_and_corrected(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + n_seeds; seed++) {
        struct history h;
        history_random(seed, (int)(seed % 3), &h);
        struct both x;
        both_init(&x, &h, KAD_KNOWN_ALL);
        const struct kad_instance *v;
        size_t n = kad_derive_instances(x.derive, h.last_day, h.last_day + 200, &v);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < i; j++)
                assert_false(kad_str_eq(v[i].id, v[j].id));
        }
        both_done(&x);
        history_done(&h);
    }
}

int main(void)
{
    first_seed = number_from("KADENS_SEED", 1);
    n_seeds = getenv("KADENS_SEED") ? 1 : number_from("KADENS_SEEDS", n_seeds);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_agrees_with_the_plain_derivation),
        cmocka_unit_test(deriving_twice_changes_nothing),
        cmocka_unit_test(ids_are_unique_whatever_was_adopted_and_corrected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Random histories in a real ledger: what is stored is what the records say, from the first one on;
 * the order in which subjects' events of one day come in does not matter; what is put right about
 * one subject touches no other. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/random_history.h"
#include "tests/unit/toy_store.h"

#define SEEDS 8
#define LINES 80

/* --- policies: the "text" is a seed, and the seed of a changed version behind it --- */

static enum kad_err compile(struct kad_str text, const char *name, struct kad_policy **ret,
                            struct kad_error *reterr)
{
    (void)name, (void)reterr;
    unsigned seed = 0, change = 0;
    sscanf(text.p, "p %u %u", &seed, &change);
    struct dice d = {seed};
    struct sketch s, changed;
    sketch_random(&d, "p", "p", &s);
    if (change) {
        d.state = change;
        sketch_change(&d, "p", &s, &changed);
        s = changed;
    }
    s.guarded = false;
    struct kad_arena a;
    kad_arena_init(&a);
    *ret = sketch_compile(&s, &a);
    (*ret)->text = kad_str_dup(&a, text);
    (*ret)->arena = a;
    return KAD_OK;
}

static void store_open(struct toy_store *s, unsigned seed)
{
    char line[120];
    toy_open(s, KAD_LEDGER_PLAIN, "2022-02-01T12:00:00Z");
    s->o.compile = compile;
    toy_reopen(s);
    snprintf(line, sizeof line, "kadens.adopted - 2020-01-01 :text=p~%u~0", seed);
    toy_put(s, line);
    snprintf(line, sizeof line, "kadens.adopted - 2021-05-10 :text=p~%u~%u", seed, seed + 7);
    toy_put(s, line);
    snprintf(line, sizeof line, "kadens.adopted - 2021-08-01 :text=p~%u~%u :only=eksjo", seed,
             seed + 8);
    toy_put(s, line);
    toy_commit(s);
}

/* --- what happened, as lines --- */

static const struct {
    const char *key;
    int kind;
} subjects[] = {
    {"C-1", SKETCH_PARTICIPANT}, {"C-2", SKETCH_PARTICIPANT}, {"C-10", SKETCH_PARTICIPANT},
    {"aneby", SKETCH_TOWN},      {"eksjo", SKETCH_TOWN},      {KAD_PROGRAMME, SKETCH_PROGRAMME},
};

struct line {
    size_t subject;
    kad_day on;
    char text[160];
};

static void write_line(struct dice *d, struct line *l, int which)
{
    struct kad_arena a;
    struct kad_buf b = {0};
    struct kad_field *f;
    size_t n;
    char on[KAD_DAY_TEXT];
    kad_arena_init(&a);
    sketch_fields(d, which, l->on, &a, &f, &n);
    kad_buf_printf(&b, "%s %s %s", sketch_event_name(which), subjects[l->subject].key,
                   kad_day_text(l->on, on));
    for (size_t i = 0; i < n; i++) {
        kad_buf_printf(&b, " %.*s=", KAD_STR_FMT(f[i].name));
        if (f[i].value.type == KAD_T_PERCENT)
            kad_buf_printf(&b, "%d%%", (int)(f[i].value.num / 10000));
        else if (f[i].value.type == KAD_T_YESNO)
            kad_buf_puts(&b, f[i].value.num ? "yes" : "no");
        else
            kad_value_put(&b, f[i].value);
    }
    assert_true(b.n < sizeof l->text);
    memcpy(l->text, kad_buf_str(&b), b.n + 1);
    kad_buf_done(&b);
    kad_arena_done(&a);
}

static void write_lines(struct dice *d, struct line *lines)
{
    static const int of_participant[] = {EV_VISIT,   EV_VISIT, EV_VISIT,  EV_CALL,
                                         EV_HIRED,   EV_FIRED, EV_MOVED,  EV_EXTENDED,
                                         EV_STOPPED, EV_START, EV_COACHED};
    kad_day on = kad_day_of(2021, 1, 1);
    bool begun[LEN(subjects)] = {0};
    for (size_t i = 0; i < LINES; i++) {
        on += dice_chance(d, 70) ? 0 : (kad_day)dice_roll(d, 25);
        struct line *l = &lines[i];
        *l = (struct line){.subject = dice_roll(d, LEN(subjects)), .on = on};
        int kind = subjects[l->subject].kind;
        int which = kind == SKETCH_PROGRAMME ? EV_MEETING
                    : kind == SKETCH_TOWN    ? EV_FILED + (int)dice_roll(d, 2)
                    : begun[l->subject]      ? of_participant[dice_roll(d, 11)]
                                             : EV_START;
        begun[l->subject] = true;
        write_line(d, l, which);
    }
}

/* Events of one day, the subjects' turned round, each subject's own in their order. */
static int other_way_round(const void *x, const void *y)
{
    const struct line *a = x, *b = y;
    if (a->on != b->on)
        return a->on < b->on ? -1 : 1;
    if (a->subject != b->subject)
        return a->subject > b->subject ? -1 : 1;
    return 0;
}

/* glibc's qsort keeps equal ones in order only while it has memory to merge in; this always does. */
static void turn_round(struct line *lines, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct line l = lines[i];
        size_t j = i;
        for (; j > 0 && other_way_round(&l, &lines[j - 1]) < 0; j--)
            lines[j] = lines[j - 1];
        lines[j] = l;
    }
}

/* --- rows --- */

struct rows {
    char **v;
    size_t n;
    struct kad_arena arena;
    struct kad_str but; /* not of this subject */
    bool seqs;
};

static enum kad_err add_rows(void *ctx, struct kad_subject *s, struct kad_error *reterr)
{
    (void)reterr;
    struct rows *r = ctx;
    const struct kad_instance *v;
    kad_day day = kad_day_of(2021, 10, 15);
    size_t n = kad_derive_instances(s->derive, day, day + 90, &v);
    char **more = kad_arena_array(&r->arena, char *, r->n + n + 1);
    if (r->n)
        memcpy(more, r->v, r->n * sizeof *more);
    r->v = more;
    for (size_t i = 0; i < n && !kad_str_eq(s->story.subject, r->but); i++) {
        char d[4][KAD_DAY_TEXT];
        const struct kad_instance *x = &v[i];
        r->v[r->n++] = kad_arena_printf(
            &r->arena, "%.*s %.*s %s %s %s %s %s%s line %d for %.*s unit %.*s by %d %d %d id %.*s",
            KAD_STR_FMT(s->story.subject), KAD_STR_FMT(x->task), kad_day_text(x->opens, d[0]),
            kad_day_text(x->due, d[1]), kad_day_text(x->closes, d[2]), kad_day_text(x->ended, d[3]),
            kad_state_name(x->state), x->late ? " late" : "", x->line, KAD_STR_FMT(x->owner),
            KAD_STR_FMT(x->unit), r->seqs ? (int)x->done_by : x->done_by != 0,
            r->seqs ? (int)x->dropped_by : x->dropped_by != 0,
            r->seqs ? (int)x->anchor : x->anchor != 0, r->seqs ? (int)x->id.n : 0, x->id.p);
    }
    return KAD_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void rows_of(struct toy_store *s, bool seqs, const char *but, struct rows *ret)
{
    struct kad_each q = {.day = kad_day_of(2021, 10, 15)};
    *ret = (struct rows){.seqs = seqs, .but = kad_str(but)};
    kad_arena_init(&ret->arena);
    assert_int_equal(kad_engine_each(s->e, &q, add_rows, ret, &s->err), KAD_OK);
    if (ret->n)
        qsort(ret->v, ret->n, sizeof *ret->v, by_text);
}

/* They are the same; gives both back. */
static void assert_same_rows(struct rows *a, struct rows *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        assert_string_equal(a->v[i], b->v[i]);
    assert_int_equal(a->n, b->n);
    kad_arena_done(&a->arena);
    kad_arena_done(&b->arena);
}

static void put_lines(struct toy_store *s, const struct line *lines)
{
    for (size_t i = 0; i < LINES; i++)
        toy_put(s, lines[i].text);
    toy_commit(s);
}

/* --- the tests --- */

static void order_of_import_on_one_day_does_not_matter(void **state)
{
    (void)state;
    size_t total = 0;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct line lines[LINES];
        struct dice d = {seed};
        write_lines(&d, lines);
        struct toy_store one, other;
        store_open(&one, seed);
        put_lines(&one, lines);
        struct rows a, b;
        rows_of(&one, false, NULL, &a);
        toy_close(&one);
        turn_round(lines, LINES);
        store_open(&other, seed);
        put_lines(&other, lines);
        rows_of(&other, false, NULL, &b);
        toy_close(&other);
        total += a.n;
        assert_same_rows(&a, &b);
    }
    assert_true(total > 20 * SEEDS);
}

static void a_correction_touches_no_other_subject(void **state)
{
    (void)state;
    int done = 0;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct line lines[LINES];
        struct dice d = {seed + 100};
        write_lines(&d, lines);
        struct toy_store s;
        store_open(&s, seed);
        put_lines(&s, lines);
        for (int i = 0; i < 4; i++) {
            size_t at = dice_roll(&d, LINES);
            const char *key = subjects[lines[at].subject].key;
            struct rows before, after;
            rows_of(&s, true, key, &before);
            char text[160], on[KAD_DAY_TEXT];
            kad_day_text(lines[at].on + (kad_day)dice_roll(&d, 30), on);
            /* Records 1 to 3 are the adoptions. */
            snprintf(text, sizeof text, "kadens.corrected - - :corrects=%zu :because=slip :on=%s",
                     at + 4, on);
            if (i == 3)
                snprintf(text, sizeof text, "kadens.retracted - - :retracts=%zu :because=slip",
                         at + 4);
            done += toy_try(&s, text) == KAD_OK; /* refused if its day is not one any more */
            toy_commit(&s);
            rows_of(&s, true, key, &after);
            assert_same_rows(&before, &after);
        }
        toy_close(&s);
    }
    assert_true(done > 3 * SEEDS);
}

/* Corrections, retractions, waivers and another policy over what stands there. */
static int amend(struct toy_store *s, struct dice *d)
{
    int done = 0;
    for (int i = 0; i < 15; i++) {
        char text[200], on[KAD_DAY_TEXT];
        unsigned seq = 4 + dice_roll(d, LINES);
        kad_day_text(dice_day(d, kad_day_of(2021, 2, 1), kad_day_of(2021, 9, 1)), on);
        switch (dice_roll(d, 4)) {
        case 0:
            snprintf(text, sizeof text, "kadens.retracted - - :retracts=%u :because=x", seq);
            break;
        case 1:
            snprintf(text, sizeof text, "kadens.waived - - :task=eksjo/pd/2021-%02u :because=x",
                     1 + dice_roll(d, 12));
            break;
        case 2:
            snprintf(text, sizeof text, "kadens.ended - %s :name=p", on);
            break;
        default:
            snprintf(text, sizeof text, "kadens.corrected - - :corrects=%u :because=x :on=%s", seq,
                     on);
        }
        done += toy_try(s, text) == KAD_OK; /* what is refused leaves no trace */
    }
    toy_commit(s);
    return done;
}

static void replay_from_the_first_record_gives_the_stored_views(void **state)
{
    (void)state;
    int done = 0;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct line lines[LINES];
        struct dice d = {seed + 200};
        write_lines(&d, lines);
        struct toy_store s;
        store_open(&s, seed);
        put_lines(&s, lines);
        done += amend(&s, &d);
        uint64_t differ = 1;
        struct rows before, after;
        rows_of(&s, true, NULL, &before);
        assert_int_equal(kad_view_check(kad_engine_ledger(s.e), NULL, NULL, NULL, &differ, &s.err),
                         KAD_OK);
        assert_int_equal(differ, 0);
        assert_int_equal(kad_view_rebuild(kad_engine_ledger(s.e), NULL, NULL, &s.err), KAD_OK);
        toy_reopen(&s);
        rows_of(&s, true, NULL, &after);
        assert_same_rows(&before, &after);
        toy_close(&s);
    }
    assert_true(done > 5 * SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_import_on_one_day_does_not_matter),
        cmocka_unit_test(a_correction_touches_no_other_subject),
        cmocka_unit_test(replay_from_the_first_record_gives_the_stored_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

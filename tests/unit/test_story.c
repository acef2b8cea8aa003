/* Stories: order, corrections, retractions, and what was known when. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/story.h"
#include "tests/unit/records.h"

#define HOUR INT64_C(3600000000)

/* The records of one subject, as they are recorded one after the other: seq 10, 20, 30, … and one
 * hour between them. */
struct books {
    struct kad_arena arena;
    struct kad_record records[64];
    size_t n;
    struct kad_story story;
};

static int setup(void **state)
{
    struct books *b = calloc(1, sizeof *b);
    kad_arena_init(&b->arena);
    *state = b;
    return b ? 0 : -1;
}

static int teardown(void **state)
{
    struct books *b = *state;
    kad_arena_done(&b->arena);
    free(b);
    return 0;
}

static struct kad_record *add(struct books *b, enum kad_record_kind kind, kad_day on, uint64_t ref)
{
    struct kad_record *r = &b->records[b->n++];
    *r = event_of("C-1", kind == KAD_R_EVENT ? "visit" : kad_record_type(kind), on);
    r->kind = kind;
    r->seq = 10 * b->n;
    r->at = (int64_t)b->n * HOUR;
    r->ref = ref;
    return r;
}

static struct kad_field *copy(struct books *b, const struct kad_field *f, size_t n)
{
    return n ? kad_arena_memdup(&b->arena, f, n * sizeof *f) : NULL;
}
#define FIELDS(b, r, ...)                                                                          \
    do {                                                                                           \
        const struct kad_field f_[] = {__VA_ARGS__};                                               \
        (r)->fields = copy((b), f_, LEN(f_));                                                      \
        (r)->n_fields = LEN(f_);                                                                   \
    } while (0)
#define NOTES(b, r, ...)                                                                           \
    do {                                                                                           \
        const struct kad_field f_[] = {__VA_ARGS__};                                               \
        (r)->notes = copy((b), f_, LEN(f_));                                                       \
        (r)->n_notes = LEN(f_);                                                                    \
    } while (0)

static const struct kad_story *told(struct books *b, uint64_t seq, kad_instant at)
{
    kad_story_build(&b->arena, KAD_STR("C-1"), b->records, b->n, (struct kad_known){seq, at},
                    &b->story);
    return &b->story;
}
static const struct kad_story *told_all(struct books *b)
{
    return told(b, UINT64_MAX, INT64_MAX);
}

/* "10@1 30@2": seq and day of each fact. */
static void assert_facts(const struct kad_story *s, const char *want)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < s->n_facts; i++)
        kad_buf_printf(&b, "%s%llu@%d", i ? " " : "", (unsigned long long)s->facts[i].seq,
                       s->facts[i].on);
    assert_buf(&b, want);
    kad_buf_done(&b);
}

/* "a=1 b=x": names and values. */
static void assert_fields(const struct kad_fact *f, const char *want)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < f->n_fields; i++) {
        kad_buf_printf(&b, "%s%.*s=", i ? " " : "", KAD_STR_FMT(f->fields[i].name));
        if (kad_value_known(f->fields[i].value))
            kad_value_put(&b, f->fields[i].value);
        else
            kad_buf_puts(&b, "?");
    }
    assert_buf(&b, want);
    kad_buf_done(&b);
}

static void a_story_without_records_is_empty(void **state)
{
    struct books *b = *state;
    const struct kad_story *s = told_all(b);
    assert_int_equal(s->n_facts, 0);
    assert_int_equal(s->n_waivers, 0);
    assert_str_equal(s->subject, "C-1");
}

static void the_order_is_day_then_recording(void **state)
{
    struct books *b = *state;
    add(b, KAD_R_EVENT, 5, 0);
    add(b, KAD_R_EVENT, 3, 0);
    add(b, KAD_R_EVENT, 5, 0);
    add(b, KAD_R_EVENT, 3, 0);
    add(b, KAD_R_EVENT, 1, 0);
    assert_facts(told_all(b), "50@1 20@3 40@3 10@5 30@5");
}

static void a_fact_shares_its_record_s_fields(void **state)
{
    struct books *b = *state;
    struct kad_record *r = add(b, KAD_R_EVENT, 5, 0);
    FIELDS(b, r, number_field("a", 1 * KAD_MICRO));
    const struct kad_story *s = told_all(b);
    assert_ptr_equal(s->facts[0].fields, r->fields);
    assert_int_equal(s->facts[0].last, 10);
    assert_int_equal(s->facts[0].at, HOUR);
    assert_str_equal(s->facts[0].type, "visit");
}

static void a_correction_keeps_the_first_seq_and_what_it_does_not_say(void **state)
{
    struct books *b = *state;
    struct kad_record *r = add(b, KAD_R_EVENT, 5, 0);
    FIELDS(b, r, number_field("a", 1 * KAD_MICRO), text_field("b", "x"));
    struct kad_record *c = add(b, KAD_R_CORRECTED, 5, 10);
    FIELDS(b, c, text_field("b", "y"), text_field("c", "z"));
    NOTES(b, c, text_field("because", "fel"), null_field("on"));
    const struct kad_story *s = told_all(b);
    assert_facts(s, "10@5");
    assert_int_equal(s->facts[0].last, 20);
    assert_int_equal(s->facts[0].at, HOUR);
    assert_fields(&s->facts[0], "a=1 b=y c=z");
    assert_fields(&(struct kad_fact){.fields = r->fields, .n_fields = r->n_fields}, "a=1 b=x");
}

static void a_correction_moves_the_day_and_keeps_the_place_in_it(void **state)
{
    struct books *b = *state;
    add(b, KAD_R_EVENT, 5, 0);
    add(b, KAD_R_EVENT, 3, 0);
    struct kad_record *c = add(b, KAD_R_CORRECTED, 3, 10);
    NOTES(b, c, text_field("because", "fel dag"), date_field("on", 3));
    assert_facts(told_all(b), "10@3 20@3");
}

static void a_null_field_of_a_correction_takes_the_field_away(void **state)
{
    struct books *b = *state;
    struct kad_record *r = add(b, KAD_R_EVENT, 5, 0);
    FIELDS(b, r, number_field("a", 1 * KAD_MICRO), text_field("b", "x"), text_field("c", "z"));
    struct kad_record *c = add(b, KAD_R_CORRECTED, 5, 10);
    FIELDS(b, c, null_field("a"), null_field("d"));
    assert_fields(&told_all(b)->facts[0], "b=x c=z");
    struct kad_field sealed = null_field("b");
    sealed.value.know = KAD_SEALED;
    struct kad_record *again = add(b, KAD_R_CORRECTED, 5, 10);
    FIELDS(b, again, sealed);
    assert_fields(&told_all(b)->facts[0], "b=? c=z");
}

static void corrections_apply_in_turn(void **state)
{
    struct books *b = *state;
    struct kad_record *r = add(b, KAD_R_EVENT, 5, 0);
    FIELDS(b, r, number_field("a", 1 * KAD_MICRO), number_field("b", 1 * KAD_MICRO));
    for (int i = 2; i <= 4; i++) {
        struct kad_record *c = add(b, KAD_R_CORRECTED, i, 10);
        FIELDS(b, c, number_field(i % 2 ? "a" : "b", i * KAD_MICRO));
        NOTES(b, c, date_field("on", i));
    }
    const struct kad_story *s = told_all(b);
    assert_facts(s, "10@4");
    assert_fields(&s->facts[0], "a=3 b=4");
    assert_int_equal(s->facts[0].last, 40);
}

static void a_retracted_event_and_its_corrections_are_gone(void **state)
{
    struct books *b = *state;
    add(b, KAD_R_EVENT, 5, 0);
    add(b, KAD_R_EVENT, 6, 0);
    struct kad_record *c = add(b, KAD_R_CORRECTED, 7, 10);
    NOTES(b, c, date_field("on", 7));
    add(b, KAD_R_RETRACTED, 5, 10);
    assert_facts(told_all(b), "20@6");
}

static void a_retracted_correction_was_never_made(void **state)
{
    struct books *b = *state;
    struct kad_record *r = add(b, KAD_R_EVENT, 5, 0);
    FIELDS(b, r, number_field("a", 1 * KAD_MICRO));
    struct kad_record *first = add(b, KAD_R_CORRECTED, 7, 10);
    FIELDS(b, first, number_field("a", 2 * KAD_MICRO));
    NOTES(b, first, date_field("on", 7));
    struct kad_record *second = add(b, KAD_R_CORRECTED, 7, 10);
    FIELDS(b, second, number_field("b", 3 * KAD_MICRO));
    assert_facts(told_all(b), "10@7");
    add(b, KAD_R_RETRACTED, 7, 20);
    const struct kad_story *s = told_all(b);
    assert_facts(s, "10@5");
    assert_fields(&s->facts[0], "a=1 b=3");
    assert_int_equal(s->facts[0].last, 30);
    add(b, KAD_R_RETRACTED, 5, 30);
    s = told_all(b);
    assert_fields(&s->facts[0], "a=1");
    assert_int_equal(s->facts[0].last, 10);
}

static void waivers_are_told_until_taken_back(void **state)
{
    struct books *b = *state;
    add(b, KAD_R_EVENT, 5, 0);
    for (int i = 0; i < 2; i++) {
        struct kad_record *w = add(b, KAD_R_WAIVED, 9 - i, 0);
        NOTES(b, w, text_field("task", i ? "C-1/t/10/b" : "C-1/t/10/a"),
              text_field("because", "flyttat"));
    }
    const struct kad_story *s = told_all(b);
    assert_int_equal(s->n_waivers, 2);
    assert_int_equal(s->waivers[0].seq, 20);
    assert_int_equal(s->waivers[0].on, 9);
    assert_str_equal(s->waivers[0].task, "C-1/t/10/a");
    assert_str_equal(s->waivers[0].because, "flyttat");
    assert_str_equal(s->waivers[0].by, "anna");
    add(b, KAD_R_RETRACTED, 9, 20);
    s = told_all(b);
    assert_int_equal(s->n_waivers, 1);
    assert_str_equal(s->waivers[0].task, "C-1/t/10/b");
    assert_facts(s, "10@5");
}

static void what_is_known_ends_with_the_seq_named(void **state)
{
    struct books *b = *state;
    add(b, KAD_R_EVENT, 5, 0);
    struct kad_record *c = add(b, KAD_R_CORRECTED, 6, 10);
    NOTES(b, c, date_field("on", 6));
    add(b, KAD_R_EVENT, 4, 0);
    add(b, KAD_R_RETRACTED, 5, 10);
    assert_facts(told(b, 9, INT64_MAX), "");
    assert_facts(told(b, 10, INT64_MAX), "10@5");
    assert_facts(told(b, 20, INT64_MAX), "10@6");
    assert_facts(told(b, 39, INT64_MAX), "30@4 10@6");
    assert_facts(told(b, 40, INT64_MAX), "30@4");
}

static void what_is_known_ends_with_the_instant_named(void **state)
{
    struct books *b = *state;
    add(b, KAD_R_EVENT, 5, 0);
    add(b, KAD_R_RETRACTED, 5, 10);
    assert_facts(told(b, UINT64_MAX, HOUR - 1), "");
    assert_facts(told(b, UINT64_MAX, HOUR), "10@5");
    assert_facts(told(b, UINT64_MAX, 2 * HOUR), "");
    assert_facts(told(b, 10, 2 * HOUR), "10@5"); /* both hold */
}

static void records_of_the_engine_are_no_facts(void **state)
{
    struct books *b = *state;
    add(b, KAD_R_EVENT, 5, 0);
    add(b, KAD_R_ISSUED, 6, 10);
    add(b, KAD_R_OVERDUE, 7, 10);
    add(b, KAD_R_WITHDRAWN, 7, 10);
    add(b, KAD_R_REMINDED, 7, 10);
    add(b, KAD_R_ESCALATED, 7, 10);
    add(b, KAD_R_ERASED, 7, 0);
    assert_facts(told_all(b), "10@5");
}

static void references_to_nothing_do_nothing(void **state)
{
    struct books *b = *state;
    add(b, KAD_R_EVENT, 5, 0);
    add(b, KAD_R_CORRECTED, 5, 11);
    add(b, KAD_R_RETRACTED, 5, 9999);
    add(b, KAD_R_CORRECTED, 5, 20);
    assert_facts(told_all(b), "10@5");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_story_without_records_is_empty),
        T(the_order_is_day_then_recording),
        T(a_fact_shares_its_record_s_fields),
        T(a_correction_keeps_the_first_seq_and_what_it_does_not_say),
        T(a_correction_moves_the_day_and_keeps_the_place_in_it),
        T(a_null_field_of_a_correction_takes_the_field_away),
        T(corrections_apply_in_turn),
        T(a_retracted_event_and_its_corrections_are_gone),
        T(a_retracted_correction_was_never_made),
        T(waivers_are_told_until_taken_back),
        T(what_is_known_ends_with_the_seq_named),
        T(what_is_known_ends_with_the_instant_named),
        T(records_of_the_engine_are_no_facts),
        T(references_to_nothing_do_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Opening and asking: one subject, or every one that a question concerns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/toy_store.h"
#include "tests/unit/unit.h"

/* 1 adoption; 2 referral of C-1, 3 enrollment with anna on 05-17; 4 referral of C-2, 5 enrollment with
 * bo on 05-20; 6 referral of C-3; 7 a certificate from nassjo. */
static int setup(void **state)
{
    static struct toy_store s;
    toy_open(&s, KAD_LEDGER_PLAIN, "2021-06-01T08:00:00Z");
    toy_adopt(&s);
    toy_put(&s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes");
    toy_put(&s, "enrollment C-1 2021-05-17 coach=anna");
    toy_put(&s, "referral C-2 2021-05-04 birth_date=1990-01-01 unit=nassjo motivated=yes");
    toy_put(&s, "enrollment C-2 2021-05-20 coach=bo");
    toy_put(&s, "referral C-3 2021-05-05 birth_date=1990-01-01 unit=nassjo motivated=no");
    toy_put(&s, "certificate nassjo 2021-05-06");
    toy_commit(&s);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    toy_close(*state);
    return 0;
}

static enum kad_err ask(struct toy_store *s, const char *key, struct kad_subject *ret)
{
    s->err = (struct kad_error){0};
    return kad_engine_subject(s->e, kad_str(key), &s->words, ret, &s->err);
}

static void an_engine_knows_the_day_and_its_policies(void **state)
{
    struct toy_store *s = *state;
    assert_true(kad_engine_now(s->e) == toy_at("2021-06-01T08:00:00Z"));
    assert_int_equal(kad_engine_today(s->e), toy_day("2021-06-01"));
    s->o.now = toy_at("2021-06-01T22:30:00Z"); /* half past midnight in Stockholm */
    toy_reopen(s);
    assert_int_equal(kad_engine_today(s->e), toy_day("2021-06-02"));
    assert_non_null(kad_engine_ledger(s->e));
    assert_int_equal(kad_engine_timeline(s->e)->n, 1);
}

static void a_folder_without_a_ledger_is_not_opened(void **state)
{
    struct toy_store *s = *state;
    struct kad_engine *e = NULL;
    s->err = (struct kad_error){0};
    struct kad_engine_options o = s->o;
    o.dir = "/tmp/kadens-unit-there-is-none";
    assert_int_equal(kad_engine_open(&o, &e, &s->err), KAD_ESTORE);
    assert_null(e);
}

static void without_a_compiler_policies_are_known_by_name(void **state)
{
    struct toy_store *s = *state;
    s->o.compile = NULL;
    s->o.write = false;
    toy_reopen(s);
    struct kad_buf b = {0};
    kad_engine_put_policy(s->e, 1, &b);
    assert_buf(&b, "toy@2021-01-01");
    kad_buf_done(&b);
}

static void a_policy_that_this_version_cannot_read_is_told(void **state)
{
    struct toy_store *s = *state;
    struct kad_txn *t = NULL;
    struct kad_ledger *l = kad_engine_ledger(s->e);
    struct kad_field notes[] = {
        {KAD_STR("name"), {KAD_T_TEXT, KAD_KNOWN, 0, KAD_STR("old")}, false},
        {KAD_STR("text"), {KAD_T_TEXT, KAD_KNOWN, 0, KAD_STR("broken")}, false},
        {KAD_STR("digest"), {KAD_T_TEXT, KAD_KNOWN, 0, KAD_STR("0")}, false}};
    struct kad_record r = {.kind = KAD_R_ADOPTED,
                           .at = s->o.now,
                           .on = toy_day("2021-05-01"),
                           .by = KAD_STR("anna"),
                           .via = KAD_STR("os:anna"),
                           .notes = notes,
                           .n_notes = 3};
    assert_int_equal(kad_txn_begin(l, &t, &s->err), KAD_OK);
    assert_int_equal(kad_txn_append(t, &r, (struct kad_str){0}, &s->err), KAD_OK);
    assert_int_equal(kad_txn_commit(t, &s->err), KAD_OK);
    kad_engine_close(s->e);
    s->e = NULL;
    assert_int_equal(kad_engine_open(&s->o, &s->e, &s->err), KAD_ESTORE);
    assert_non_null(strstr(s->err.text,
                           "The policy old, adopted as record 8, cannot be read by this "
                           "version of the program. policy:1:1: this is broken"));
    /* It can still be carried to another store, and as it was before it was adopted. */
    s->o.compile = NULL;
    s->o.write = false;
    toy_reopen(s);
}

static void a_subject_is_loaded_with_its_story(void **state)
{
    struct toy_store *s = *state;
    struct kad_subject c;
    assert_int_equal(ask(s, "C-1", &c), KAD_OK);
    assert_str_equal(c.info.kind, "participant");
    assert_int_equal(c.info.records, 2);
    assert_int_equal(c.story.n_facts, 2);
    const struct kad_policy *p = kad_engine_timeline(s->e)->v[0].policy;
    int coach = kad_kind_attribute(&p->kinds[kad_policy_kind(p, c.info.kind)], KAD_STR("coach"));
    assert_str_equal(kad_derive_attribute(c.derive, p, coach, 2, toy_day("2021-06-01")).str,
                     "anna");
    /* Those that a policy names are there without records. */
    assert_int_equal(ask(s, "eksjo", &c), KAD_OK);
    assert_str_equal(c.info.kind, "municipality");
    assert_int_equal(c.info.records, 0);
    assert_int_equal(ask(s, "programme", &c), KAD_OK);
    assert_str_equal(c.info.kind, "programme");
    static const char *const strangers[] = {"C-4", "", "\xff", "c-1"};
    for (size_t i = 0; i < LEN(strangers); i++)
        assert_int_equal(ask(s, strangers[i], &c), KAD_ENOTFOUND);
    assert_non_null(strstr(s->err.text, "There is no subject “c-1”."));
}

static void known_at_leaves_out_what_came_later(void **state)
{
    struct toy_store *s = *state;
    struct kad_subject c;
    s->o.known.seq = 2;
    toy_reopen(s);
    assert_int_equal(ask(s, "C-1", &c), KAD_OK);
    assert_int_equal(c.story.n_facts, 1);
    assert_int_equal(ask(s, "C-2", &c), KAD_ENOTFOUND);
    s->o.known = (struct kad_known){UINT64_MAX, toy_at("2021-05-31T00:00:00Z")};
    toy_reopen(s);
    assert_int_equal(ask(s, "C-1", &c), KAD_ENOTFOUND);
    assert_int_equal(ask(s, "eksjo", &c), KAD_ENOTFOUND);
}

static void a_mistyped_key_has_a_nearest_one(void **state)
{
    struct toy_store *s = *state;
    static const struct {
        const char *key, *nearest;
    } cases[] = {{"C-11", "C-1"}, {"eksjö", "eksjo"},  {"programm", "programme"},
                 {"zzzz", ""},    {"nasjo", "nassjo"}, {"\xff", ""}};
    for (size_t i = 0; i < LEN(cases); i++)
        assert_str_equal(kad_engine_nearest(s->e, kad_str(cases[i].key), &s->words),
                         cases[i].nearest);
}

/* --- each --- */

struct seen {
    char keys[4096];
    size_t n, stop_after;
    struct toy_store *write_in_between;
};

static enum kad_err note_key(void *ctx, struct kad_subject *s, struct kad_error *err)
{
    struct seen *seen = ctx;
    assert_non_null(s->derive);
    if (s->info.key.n + strlen(seen->keys) + 2 < sizeof seen->keys) {
        strncat(seen->keys, s->info.key.p, s->info.key.n);
        strcat(seen->keys, " ");
    }
    seen->n++;
    return seen->stop_after == seen->n ? kad_fail(err, KAD_ENO, "enough") : KAD_OK;
}

static void assert_each(struct toy_store *s, const char *person, bool unowned, const char *day,
                        const char *expected)
{
    struct kad_each q = {.person = kad_str(person), .unowned = unowned, .day = toy_day(day)};
    struct seen seen = {.keys = ""};
    s->err = (struct kad_error){0};
    assert_int_equal(kad_engine_each(s->e, &q, note_key, &seen, &s->err), KAD_OK);
    assert_string_equal(seen.keys, expected);
}

static void every_subject_is_met_once_in_the_order_of_keys(void **state)
{
    struct toy_store *s = *state;
    assert_each(s, "", false, "2021-06-01", "C-1 C-2 C-3 eksjo nassjo programme ");
    assert_each(s, "", true, "2021-06-01", "C-1 C-2 C-3 eksjo nassjo programme ");
    s->o.known.seq = 5;
    toy_reopen(s);
    assert_each(s, "", false, "2021-06-01", "C-1 C-2 eksjo nassjo programme ");
    s->o.known.seq = 0;
    toy_reopen(s);
    assert_each(s, "", false, "2021-06-01", "");
}

static void of_a_person_those_that_ever_named_it(void **state)
{
    struct toy_store *s = *state;
    assert_each(s, "anna", false, "2021-06-01", "C-1 ");
    assert_each(s, "cilla", false, "2021-06-01", "");
    assert_each(s, "\xff", false, "2021-06-01", "");
    /* And with them those that may have nobody: C-3 always, C-2 before its enrollment. */
    assert_each(s, "anna", true, "2021-06-01", "C-1 C-3 eksjo nassjo programme ");
    assert_each(s, "anna", true, "2021-05-19", "C-1 C-2 C-3 eksjo nassjo programme ");
    assert_each(s, "-", true, "2021-06-01", "C-3 eksjo nassjo programme ");
    toy_put(s, "kadens.retracted - - :retracts=5 :because=x");
    toy_commit(s);
    assert_each(s, "-", true, "2021-06-01", "C-2 C-3 eksjo nassjo programme ");
}

static void the_caller_may_stop(void **state)
{
    struct toy_store *s = *state;
    struct kad_each q = {.day = toy_day("2021-06-01")};
    struct seen seen = {.stop_after = 2};
    s->err = (struct kad_error){0};
    assert_int_equal(kad_engine_each(s->e, &q, note_key, &seen, &s->err), KAD_ENO);
    assert_string_equal(seen.keys, "C-1 C-2 ");
}

static enum kad_err write_more(void *ctx, struct kad_subject *subject, struct kad_error *err)
{
    struct seen *seen = ctx;
    char line[200];
    (void)err;
    /* While the walk goes on somebody records: a new subject, and an event of one still to come. */
    if (seen->n++ == 0) {
        snprintf(line, sizeof line,
                 "referral D-1 2021-05-03 birth_date=1995-05-17 unit=eksjo "
                 "motivated=yes");
        toy_put(seen->write_in_between, line);
        toy_put(seen->write_in_between, "visit C-2 2021-05-21");
        toy_commit(seen->write_in_between);
    }
    assert_false(kad_str_eq(subject->info.key, KAD_STR("D-1")));
    if (kad_str_eq(subject->info.key, KAD_STR("C-2")))
        assert_int_equal(subject->story.n_facts, 2);
    return KAD_OK;
}

static void what_is_recorded_meanwhile_is_passed_over(void **state)
{
    struct toy_store *s = *state;
    struct kad_each q = {.day = toy_day("2021-06-01")};
    struct seen seen = {.write_in_between = s};
    s->err = (struct kad_error){0};
    assert_int_equal(kad_engine_each(s->e, &q, write_more, &seen, &s->err), KAD_OK);
    assert_int_equal(seen.n, 6);
    assert_each(s, "", false, "2021-06-01", "C-1 C-2 C-3 D-1 eksjo nassjo programme ");
}

static void note_progress(void *ctx, uint64_t done, uint64_t of)
{
    uint64_t *last = ctx;
    assert_true(done <= of && done >= *last);
    *last = done;
}

static void many_subjects_are_met_in_pages(void **state)
{
    struct toy_store *s = *state;
    for (int i = 0; i < 1000; i++) {
        char line[200];
        snprintf(line, sizeof line,
                 "referral P-%04d 2021-05-03 birth_date=1995-05-17 unit=eksjo "
                 "motivated=yes",
                 i);
        toy_put(s, line);
    }
    toy_commit(s);
    uint64_t last = 0;
    struct kad_each q = {
        .day = toy_day("2021-06-01"), .progress = note_progress, .progress_ctx = &last};
    struct seen seen = {.keys = ""};
    s->err = (struct kad_error){0};
    assert_int_equal(kad_engine_each(s->e, &q, note_key, &seen, &s->err), KAD_OK);
    assert_int_equal(seen.n, 1006);
    assert_int_equal(last, 1004); /* subjects with records */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_engine_knows_the_day_and_its_policies),
        TEST(a_folder_without_a_ledger_is_not_opened),
        TEST(without_a_compiler_policies_are_known_by_name),
        TEST(a_policy_that_this_version_cannot_read_is_told),
        TEST(a_subject_is_loaded_with_its_story),
        TEST(known_at_leaves_out_what_came_later),
        TEST(a_mistyped_key_has_a_nearest_one),
        TEST(every_subject_is_met_once_in_the_order_of_keys),
        TEST(of_a_person_those_that_ever_named_it),
        TEST(the_caller_may_stop),
        TEST(what_is_recorded_meanwhile_is_passed_over),
        TEST(many_subjects_are_met_in_pages),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}

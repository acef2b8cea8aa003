/* When, by what name and in what order: instants, writers' ids, numbers of exported lines, and an
 * export carried into an empty store. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "tests/unit/toy_store.h"
#include "tests/unit/unit.h"

#define NOW "2021-06-01T08:00:00Z"
#define REFERRAL "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes"
#define HOUR ((kad_instant)3600 * 1000000)

static int setup(void **state)
{
    static struct toy_store s;
    toy_open(&s, KAD_LEDGER_PLAIN, NOW);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    toy_close(*state);
    return 0;
}

static void again(struct toy_store *s, enum kad_ledger_mode mode, const char *now)
{
    toy_close(s);
    toy_open(s, mode, now);
}

/* --- the same again --- */

static void the_same_id_and_content_is_answered_and_writes_nothing(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, REFERRAL " !id=a-1");
    assert_int_equal(toy_put(s, REFERRAL " !id=a-1"), 2);
    assert_true(s->out.already);
    assert_str_equal(s->out.kind, "participant");
    assert_str_equal(s->out.record->id, "a-1");
    toy_commit(s);
    toy_reopen(s);
    assert_int_equal(toy_put(s, REFERRAL " !id=a-1"), 2);
    assert_true(s->out.already);
    /* Not said on which day: it is the day first given. */
    toy_put(s, "visit C-1 - !id=a-2");
    toy_commit(s);
    s->o.now = toy_at("2021-06-02T08:00:00Z");
    toy_reopen(s);
    assert_int_equal(toy_put(s, "visit C-1 - !id=a-2"), 3);
    assert_int_equal(toy_put(s, "visit C-1 - !id=a-3"), 4);
}

static void the_same_id_with_other_content_is_refused(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, REFERRAL " !id=a-1");
    toy_put(s, "employment C-1 2021-05-05 extent=50~% !id=a-2");
    static const char *const others[] = {
        "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=no !id=a-1",
        "referral C-1 2021-05-04 birth_date=1995-05-17 unit=eksjo motivated=yes !id=a-1",
        "referral C-2 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes !id=a-1",
        REFERRAL " !id=a-1 !by=bertil",
        "visit C-1 2021-05-03 !id=a-1",
        "referral C-1 2021-05-03 !id=a-1",
        "employment C-1 2021-05-05 !id=a-2",
        "employment C-1 2021-05-05 extent=50~% employer=Ica !id=a-2",
        "kadens.retracted - - :retracts=2 :because=x !id=a-1",
    };
    for (size_t i = 0; i < LEN(others); i++)
        toy_refuse(s, others[i], KAD_ENO, "was given before, to record ");
    assert_non_null(strstr(s->err.text, "The id “a-1” was given before, to record 2, with other "
                                        "content: referral of “C-1” on 2021-05-03."));
    assert_int_equal(toy_put(s, "employment C-1 2021-05-05 extent=50~% employer=null !id=a-2"), 3);
}

static void as_first_given_counts_whatever_was_corrected_since(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, REFERRAL " !id=a-1");
    toy_put(s, "kadens.corrected - - :corrects=2 :because=x unit=nassjo !id=a-2");
    assert_int_equal(toy_put(s, REFERRAL " !id=a-1"), 2);
    assert_true(s->out.already);
    toy_put(s, "kadens.retracted - - :retracts=2 :because=x");
    assert_int_equal(toy_put(s, REFERRAL " !id=a-1"), 2);
}

static void the_engines_own_records_have_ids_too(void **state)
{
    struct toy_store *s = *state;
    static const struct {
        uint64_t seq;
        const char *line, *other;
    } cases[] = {
        {1, "kadens.adopted - 2021-01-01 :text=toy :only=unit=eksjo :decision=KS !id=p",
         "kadens.adopted - 2021-01-01 :text=toy :decision=KS !id=p"},
        {2, REFERRAL " !id=e", REFERRAL " !id=p"},
        {3, "visit C-1 2021-05-04 !id=v", "visit C-1 2021-05-05 !id=v"},
        {4, "kadens.corrected - - :corrects=3 :because=x :on=2021-05-05 !id=c",
         "kadens.corrected - - :corrects=3 :because=x :on=2021-05-06 !id=c"},
        {5, "kadens.corrected - - :corrects=4 :because=x :on=2021-05-06 !id=c2",
         "kadens.corrected - - :corrects=2 :because=x :on=2021-05-06 !id=c2"},
        {6, "kadens.corrected - - :corrects=2 :because=x motivated=no !id=c3",
         "kadens.corrected - - :corrects=2 :because=x motivated=yes !id=c3"},
        {7, "kadens.retracted - - :retracts=3 :because=x !id=r",
         "kadens.retracted - - :retracts=6 :because=x !id=r"},
        {8, "kadens.waived - - :task=eksjo/certificate/2021-H1 :because=x !id=w",
         "kadens.waived - - :task=eksjo/certificate/2021-H1 :because=y !id=w"},
        {9, "kadens.ended - 2021-12-31 :name=toy !id=x",
         "kadens.ended - 2021-12-30 :name=toy !id=x"},
    };
    for (size_t i = 0; i < LEN(cases); i++)
        assert_int_equal(toy_put(s, cases[i].line), cases[i].seq);
    for (size_t i = 0; i < LEN(cases); i++) {
        assert_int_equal(toy_put(s, cases[i].line), cases[i].seq);
        assert_true(s->out.already);
        toy_refuse(s, cases[i].other, KAD_ENO, "was given before");
    }
}

/* --- accept --- */

static enum kad_err accept_from_anna(void *ctx, const struct kad_record *r, struct kad_error *err)
{
    ++*(int *)ctx;
    return kad_str_eq(r->via, KAD_STR("os:anna"))
               ? KAD_OK
               : kad_fail(err, KAD_EINPUT, "the line says another via");
}

static void the_caller_may_look_at_the_record_first(void **state)
{
    struct toy_store *s = *state;
    int calls = 0;
    toy_adopt(s);
    struct kad_draft d = {.type = KAD_STR("meeting"),
                          .subject = KAD_STR("programme"),
                          .id = KAD_STR("m"),
                          .on = KAD_DAY_NONE,
                          .at = KAD_INSTANT_NONE,
                          .clock = -1,
                          .accept = accept_from_anna,
                          .accept_ctx = &calls};
    assert_int_equal(toy_draft(s, &d), KAD_OK);
    assert_int_equal(toy_draft(s, &d), KAD_OK);
    assert_true(s->out.already);
    assert_int_equal(calls, 2);
    toy_commit(s);
    s->o.via = KAD_STR("os:bo");
    toy_reopen(s);
    d.id = (struct kad_str){0};
    assert_int_equal(toy_draft(s, &d), KAD_EINPUT);
    toy_put(s, "meeting programme -");
    assert_int_equal(s->out.seq, 3);
}

/* --- when --- */

static void time_given_never_runs_backwards(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "meeting programme - !at=2021-06-01T08:00:00Z");
    toy_put(s, "meeting programme - !at=2021-06-03T08:00:00+02:00");
    assert_int_equal(s->out.record->on, toy_day("2021-06-03"));
    toy_refuse(
        s, "meeting programme - !at=2021-06-03T05:59:59Z", KAD_EINPUT,
        "“at” runs backwards: 2021-06-03T05:59:59.000000Z is before the last record, which is "
        "from 2021-06-03T06:00:00.000000Z.");
    /* --now is now the later of the two. */
    toy_put(s, "meeting programme -");
    assert_true(s->out.record->at == toy_at("2021-06-03T06:00:00Z"));
    toy_commit(s);
    struct kad_engine *e = NULL;
    s->err = (struct kad_error){0};
    kad_engine_close(s->e);
    s->e = NULL;
    assert_int_equal(kad_engine_open(&s->o, &e, &s->err), KAD_EINPUT);
    assert_non_null(strstr(s->err.text,
                           "Now cannot be 2021-06-01T08:00:00.000000Z: the ledger's last "
                           "record is from 2021-06-03T06:00:00.000000Z"));
}

static void the_clock_is_never_before_the_last_record(void **state)
{
    struct toy_store *s = *state;
    kad_instant start = kad_clock_now();
    again(s, KAD_LEDGER_PLAIN, NULL);
    toy_put(s, "kadens.adopted - 2021-01-01 :text=toy");
    assert_int_equal(s->out.record->flags & KAD_RF_GIVEN, 0);
    assert_in_range(s->out.record->at - start, 0, 60 * 1000000);
    /* Within a day ahead the ledger's own time goes on; further the clock is not believed. */
    struct kad_draft d = {.type = KAD_STR("meeting"),
                          .subject = KAD_STR("programme"),
                          .on = KAD_DAY_NONE,
                          .at = kad_clock_now() + 23 * HOUR,
                          .clock = -1};
    assert_int_equal(toy_draft(s, &d), KAD_OK);
    assert_int_equal(s->out.record->flags & KAD_RF_GIVEN, KAD_RF_GIVEN);
    toy_put(s, "meeting programme -");
    assert_int_equal(s->out.record->flags & KAD_RF_GIVEN, 0);
    assert_true(s->out.record->at == d.at);
    assert_int_equal(kad_engine_today(s->e), kad_clock_day(d.at));
    d.at += 2 * HOUR;
    assert_int_equal(toy_draft(s, &d), KAD_OK);
    toy_refuse(s, "meeting programme -", KAD_EINPUT,
               "more than a day ahead of this machine's clock");
    toy_commit(s);
    s->o.now = d.at;
    toy_reopen(s);
    toy_put(s, "meeting programme -");
}

static void a_live_ledger_refuses_given_clocks(void **state)
{
    struct toy_store *s = *state;
    again(s, KAD_LEDGER_LIVE, NULL);
    toy_adopt(s);
    toy_put(s, "meeting programme -");
    toy_refuse(s, "meeting programme - !at=2100-01-01T00:00:00Z", KAD_EINPUT,
               "This ledger is live: it takes the time from the clock");
    toy_commit(s);
    s->o.now = kad_clock_now() + HOUR;
    toy_reopen(s);
    toy_refuse(s, "meeting programme -", KAD_EINPUT, "This ledger is live");
    toy_abort(s);
    s->o.now = KAD_INSTANT_NONE;
    s->batch_options.recorded_then = true;
    toy_reopen(s);
    toy_refuse(s, "meeting programme 2100-01-01", KAD_EINPUT, "This ledger is live");
    s->batch_options.recorded_then = false;
}

static void time_in_a_simulated_ledger_stands_where_it_was_set(void **state)
{
    struct toy_store *s = *state;
    again(s, KAD_LEDGER_SIMULATED, NULL);
    toy_refuse(s, "kadens.adopted - 2021-01-01 :text=toy", KAD_EINPUT,
               "Time in this ledger is simulated and has not begun: say when it is with --now.");
    toy_put(s, "kadens.adopted - 2021-01-01 :text=toy !at=2021-01-01T08:00:00Z");
    toy_put(s, "meeting programme -");
    assert_int_equal(s->out.record->flags & KAD_RF_GIVEN, KAD_RF_GIVEN);
    assert_int_equal(s->out.record->on, toy_day("2021-01-01"));
    assert_int_equal(kad_engine_today(s->e), toy_day("2021-01-01"));
}

static void recorded_then_is_the_end_of_the_own_day(void **state)
{
    struct toy_store *s = *state;
    s->batch_options.recorded_then = true;
    s->o.now = KAD_INSTANT_NONE;
    toy_reopen(s);
    toy_put(s, "kadens.adopted - 2021-01-01 :text=toy");
    toy_put(s, REFERRAL);
    assert_true(s->out.record->at == toy_at("2021-05-03T21:59:59.999999Z"));
    assert_int_equal(s->out.record->flags & KAD_RF_GIVEN, KAD_RF_GIVEN);
    toy_put(s, "visit C-1 2021-05-03");
    toy_refuse(s, "visit C-1 2021-05-02", KAD_EINPUT, "“at” runs backwards");
    /* A correction has its event's day, and was made when the ledger had come so far. */
    toy_put(s, "visit C-1 2021-05-10");
    toy_put(s, "kadens.corrected C-1 2021-05-04 :corrects=3 :because=x");
    assert_true(s->out.record->at == toy_at("2021-05-10T21:59:59.999999Z"));
    toy_put(s, "visit C-1 2021-05-11 !at=2021-05-12T08:00:00Z");
    assert_true(s->out.record->at == toy_at("2021-05-12T08:00:00Z"));
    s->batch_options.recorded_then = false;
}

/* --- numbers, and carrying an export --- */

static void numbers_come_in_their_order(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "meeting programme 2021-05-03 !seq=2");
    assert_false(kad_batch_restores(s->batch));
    toy_refuse(s, "meeting programme 2021-05-03 !seq=4", KAD_EINPUT,
               "Record 4 cannot come here: the ledger's last record is 2, so the next one is 3.");
    assert_int_equal(toy_put(s, "meeting programme 2021-05-03 !seq=2"), 2);
    assert_true(s->out.already);
    assert_int_equal(toy_put(s, "kadens.adopted - 2021-01-01 :text=toy !seq=1"), 1);
    toy_refuse(s, "meeting programme 2021-05-04 !seq=2", KAD_ENO,
               "Record 2 is here already, with other content: meeting of “programme” on "
               "2021-05-03.");
    toy_refuse(s, "meeting programme 2021-05-03 !seq=2 !id=m", KAD_ENO, "with other content");
    toy_put(s, "meeting programme 2021-05-03 !id=m");
    toy_refuse(s, "meeting programme 2021-05-03 !seq=4 !id=m", KAD_ENO,
               "The id “m” of record 4 was given before, to record 3.");
}

static void an_export_is_carried_into_an_empty_store(void **state)
{
    struct toy_store *s = *state;
    s->o.now = KAD_INSTANT_NONE;
    toy_reopen(s);
    toy_put(s, "kadens.adopted - 2021-01-01 :text=toy !seq=1 !at=2021-01-02T08:00:00Z !clock=own "
               "!via=os:bo !by=bo");
    assert_true(kad_batch_restores(s->batch));
    assert_int_equal(s->out.record->flags & KAD_RF_GIVEN, 0);
    assert_str_equal(s->out.record->via, "os:bo");
    toy_put(s, REFERRAL " !seq=2 !at=2021-05-04T08:00:00Z !clock=given !via=os:anna");
    assert_int_equal(s->out.record->flags & KAD_RF_GIVEN, KAD_RF_GIVEN);
    toy_put(s, "kadens.corrected C-1 2021-05-02 :corrects=2 :because=x :on=2021-05-02 unit=nassjo "
               "!seq=3 !at=2021-05-04T08:00:00Z !clock=own !via=os:anna");
    assert_int_equal(s->out.record->n_notes, 2);
    toy_refuse(s, "visit C-1 2021-05-05 !at=2021-05-04T08:00:00Z", KAD_EINPUT, "has no number");
    toy_refuse(s, "visit C-1 2021-05-05 !seq=5 !at=2021-05-04T08:00:00Z", KAD_EINPUT,
               "the next one is 4.");
    toy_commit(s);
    assert_true(s->o.now == KAD_INSTANT_NONE);
    /* It is a ledger like any other now. */
    toy_put(s, "visit C-1 2021-05-05");
    assert_false(kad_batch_restores(s->batch));
    assert_str_equal(s->out.record->via, "os:anna");
}

static void an_export_is_not_carried_into_a_store_with_records(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_refuse(s, REFERRAL " !seq=1 !at=2021-05-04T08:00:00Z", KAD_ENO,
               "Record 1 is here already, with other content: kadens.adopted of “–” on ");
    assert_false(kad_batch_restores(s->batch));
    toy_put(s, REFERRAL " !seq=2 !at=2021-06-04T08:00:00Z !clock=own !via=os:bo");
    assert_str_equal(s->out.record->via, "os:anna");
    assert_int_equal(s->out.record->flags & KAD_RF_GIVEN, KAD_RF_GIVEN);
}

static void what_is_aborted_never_was(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.adopted - 2021-01-01 :text=toy");
    toy_put(s, REFERRAL " !id=a");
    toy_abort(s);
    assert_int_equal(kad_engine_timeline(s->e)->n, 0);
    toy_refuse(s, REFERRAL " !id=a", KAD_ENO, "No policy has been adopted yet");
    toy_adopt(s);
    assert_int_equal(toy_put(s, REFERRAL " !id=a"), 2);
    assert_false(s->out.already);
}

static void one_who_only_reads_does_not_write(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    s->o.write = false;
    toy_reopen(s);
    s->err = (struct kad_error){0};
    assert_int_equal(kad_batch_begin(s->e, NULL, &s->batch, &s->err), KAD_ESTORE);
    assert_null(s->batch);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_same_id_and_content_is_answered_and_writes_nothing),
        TEST(the_same_id_with_other_content_is_refused),
        TEST(as_first_given_counts_whatever_was_corrected_since),
        TEST(the_engines_own_records_have_ids_too),
        TEST(the_caller_may_look_at_the_record_first),
        TEST(time_given_never_runs_backwards),
        TEST(the_clock_is_never_before_the_last_record),
        TEST(a_live_ledger_refuses_given_clocks),
        TEST(time_in_a_simulated_ledger_stands_where_it_was_set),
        TEST(recorded_then_is_the_end_of_the_own_day),
        TEST(numbers_come_in_their_order),
        TEST(an_export_is_carried_into_an_empty_store),
        TEST(an_export_is_not_carried_into_a_store_with_records),
        TEST(what_is_aborted_never_was),
        TEST(one_who_only_reads_does_not_write),
    };
    return cmocka_run_group_tests_name("engine: batches", tests, NULL, NULL);
}

/* The scheduler: what it records, on which day and in which order, as a reader of the log sees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/keys.h"
#include "core/reissue.h"
#include "core/scheduler.h"
#include "dsl/dsl.h"
#include "tests/unit/toy_store.h"
#include "tests/unit/unit.h"

static const char rules[] =
    "policy p \"P\"\n"
    "    language en\n"
    "    calendar sweden\n"
    "    running cases follow the new rules\n"
    "role boss \"Boss\"\n"
    "event start \"Start\" of case\n"
    "event stop \"Stop\" of case\n"
    "event visit \"Visit\" of case\n"
    "event figures \"Figures\" of town\n"
    "subject case \"Case\"\n"
    "subject town \"Town\"\n"
    "    one of aneby \"Aneby\"\n"
    "task call \"Call\"\n"
    "    when start due 7 days after\n"
    "    done by visit\n"
    "    until stop\n";
static const char notices[] = "    remind 2 days before due\n"
                              "    escalate to boss 3 days after due\n";
static const char duty[] = "duty figures \"Figures\" for each town\n"
                           "    every month\n"
                           "    done by figures\n";

struct world {
    struct toy_store s;
    struct kad_scheduler *scheduler;
    kad_instant now;
    int64_t elapsed;
    struct kad_step step; /* the last */
    uint64_t seen;        /* the log has been told of up to this */
};

static kad_instant world_now(void *ctx)
{
    return ((struct world *)ctx)->now;
}

static int64_t world_elapsed(void *ctx)
{
    return ((struct world *)ctx)->elapsed;
}

static void schedule(struct world *w)
{
    struct kad_scheduler_clock c = {world_now, world_elapsed, w, true};
    kad_scheduler_free(w->scheduler);
    w->scheduler = kad_scheduler_new(w->s.e, &c);
}

static int setup(void **state)
{
    static struct world w;
    w = (struct world){0};
    toy_open(&w.s, KAD_LEDGER_PLAIN, NULL);
    w.s.o.compile = kad_dsl_compile_fn;
    w.s.o.shared = true;
    toy_reopen(&w.s);
    schedule(&w);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    kad_scheduler_free(w->scheduler);
    toy_close(&w->s);
    return 0;
}

static void step_once(struct world *w)
{
    if (kad_scheduler_step(w->scheduler, KAD_DUE_NEVER, KAD_BUDGET_DEFAULT, &w->step, &w->s.err))
        fail_msg("%s", w->s.err.text);
}

static void steps(struct world *w)
{
    do
        step_once(w);
    while (w->step.more);
}

/* It is now this: everything that has come is done. */
static void at(struct world *w, const char *now)
{
    kad_instant then = toy_at(now);
    if (w->now)
        w->elapsed += then - w->now;
    w->now = then;
    steps(w);
}

/* Somebody records it at this moment; the scheduler learns of it by its next step. */
static uint64_t put(struct world *w, const char *now, const char *line)
{
    char full[400];
    snprintf(full, sizeof full, "%s !at=%s", line, now);
    uint64_t seq = toy_put(&w->s, full);
    toy_commit(&w->s);
    w->seen = seq;
    return seq;
}

static uint64_t adopt(struct world *w, const char *now, const char *from, const char *text)
{
    struct kad_input note = {.name = KAD_STR("text"), .form = KAD_IN_STRING, .text = kad_str(text)};
    struct kad_draft d = {.type = KAD_STR("kadens.adopted"),
                          .on = toy_day(from),
                          .at = toy_at(now),
                          .notes = &note,
                          .n_notes = 1,
                          .clock = -1};
    if (toy_draft(&w->s, &d) != KAD_OK)
        fail_msg("%s", w->s.err.text);
    toy_commit(&w->s);
    return w->seen = w->s.out.seq;
}

static const char *text_of(struct world *w, bool with_notices, bool with_duty)
{
    return kad_arena_printf(&w->s.words, "%s%s%s", rules, with_notices ? notices : "",
                            with_duty ? duty : "");
}

static uint64_t number(const struct kad_record *r, const char *name)
{
    const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, name);
    return f ? (uint64_t)(f->value.num / KAD_MICRO) : 0;
}

/* What was recorded since it was last asked, one line each: "issued C-1/call/3 1 2021-06-01". */
static const char *told(struct world *w)
{
    struct kad_snapshot *s = NULL;
    struct kad_ledger_state state;
    char *text = kad_arena_strdup(&w->s.words, "");
    assert_int_equal(kad_snapshot_take(kad_engine_ledger(w->s.e), &s, &w->s.err), KAD_OK);
    assert_int_equal(kad_snapshot_state(s, &state, &w->s.err), KAD_OK);
    while (w->seen < state.last_seq) {
        struct kad_str bytes;
        struct kad_record r;
        char on[KAD_DAY_TEXT];
        assert_int_equal(kad_snapshot_record(s, ++w->seen, &bytes, &w->s.err), KAD_OK);
        assert_int_equal(kad_record_decode(bytes, &w->s.words, true, &r, &w->s.err), KAD_OK);
        struct kad_str to = kad_record_note(&r, "to");
        text = kad_arena_printf(&w->s.words, "%s%s %.*s %d %s%s%.*s", text,
                                kad_record_type(r.kind) + 7,
                                KAD_STR_FMT(kad_record_note(&r, "task")), (int)number(&r, "issue"),
                                kad_day_text(r.on, on), to.n ? " to " : "", KAD_STR_FMT(to));
        if (number(&r, "because"))
            text = kad_arena_printf(&w->s.words, "%s because %d", text, (int)number(&r, "because"));
        text = kad_arena_printf(&w->s.words, "%s\n", text);
    }
    kad_snapshot_release(s);
    return text;
}

/* Every record of the scheduler can be derived again, and the views are whole. */
static void whole(struct world *w)
{
    static const char *const keys[] = {"C-1", "C-2", "C-3", "aneby"};
    uint64_t differ = 1;
    assert_int_equal(kad_view_check(kad_engine_ledger(w->s.e), NULL, NULL, NULL, &differ, &w->s.err),
                     KAD_OK);
    assert_int_equal(differ, 0);
    assert_int_equal(kad_engine_refresh(w->s.e, &w->s.err), KAD_OK);
    for (size_t k = 0; k < LEN(keys); k++) {
        struct kad_snapshot *s = NULL;
        struct kad_record *r;
        size_t n = 0;
        assert_int_equal(kad_snapshot_take(kad_engine_ledger(w->s.e), &s, &w->s.err), KAD_OK);
        assert_int_equal(
            kad_snapshot_story(s, kad_str(keys[k]), &w->s.words, &r, &n, &w->s.err), KAD_OK);
        for (size_t i = 0; i < n; i++) {
            struct kad_str what;
            if (r[i].kind >= KAD_R_ISSUED && r[i].kind <= KAD_R_ESCALATED &&
                kad_reissue_check(w->s.e, KAD_STR("case"), r, n, i, &w->s.words, &what) !=
                    KAD_REISSUE_SAME)
                fail_msg("record %d differs: %.*s", (int)r[i].seq, KAD_STR_FMT(what));
        }
        kad_snapshot_release(s);
    }
}

/* --- the tests --- */

static void a_task_is_issued_on_its_day_and_overdue_the_day_after_due(void **state)
{
    struct world *w = *state;
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, true, false));
    at(w, "2021-05-31T12:00:00Z");
    put(w, "2021-06-01T03:00:00Z", "start C-1 2021-06-01");
    at(w, "2021-06-01T03:59:59Z"); /* 05:59 in Sweden */
    assert_string_equal(told(w), "");
    assert_int_equal(w->step.next, toy_at("2021-06-01T04:00:00Z"));
    at(w, "2021-06-01T04:00:00Z");
    assert_string_equal(told(w), "issued C-1/call/2 1 2021-06-01\n");
    at(w, "2021-06-01T04:00:01Z");
    assert_string_equal(told(w), "");
    at(w, "2021-06-06T04:00:00Z");
    assert_string_equal(told(w), "reminded C-1/call/2 1 2021-06-06\n");
    at(w, "2021-06-09T03:00:00Z");
    assert_string_equal(told(w), "");
    at(w, "2021-06-09T05:00:00Z");
    assert_string_equal(told(w), "overdue C-1/call/2 1 2021-06-09\n");
    at(w, "2021-07-09T05:00:00Z");
    assert_string_equal(told(w), "escalated C-1/call/2 1 2021-06-11 to boss\n");
    put(w, "2021-07-10T10:00:00Z", "visit C-1 2021-07-10");
    at(w, "2021-12-09T05:00:00Z");
    assert_string_equal(told(w), "");
    whole(w);
}

static void days_that_were_slept_through_come_in_order(void **state)
{
    struct world *w = *state;
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, false, true));
    at(w, "2021-05-31T12:00:00Z");
    assert_string_equal(told(w), "issued aneby/figures/2021-05 1 2021-05-31\n");
    put(w, "2021-06-02T10:00:00Z", "start C-2 2021-06-02");
    put(w, "2021-06-03T10:00:00Z", "start C-1 2021-06-03");
    put(w, "2021-06-03T10:00:00Z", "start C-3 2021-06-01");
    put(w, "2021-06-04T10:00:00Z", "visit C-2 2021-06-04");
    schedule(w); /* the process was killed, and is started again */
    at(w, "2021-06-12T12:00:00Z");
    assert_string_equal(told(w), "issued C-3/call/5 1 2021-06-01\n"
                                 "issued aneby/figures/2021-06 1 2021-06-01\n"
                                 "issued C-2/call/3 1 2021-06-02\n"
                                 "issued C-1/call/4 1 2021-06-03\n"
                                 "overdue C-3/call/5 1 2021-06-09\n"
                                 "overdue C-1/call/4 1 2021-06-11\n");
    whole(w);
}

static void what_became_groundless_is_withdrawn_and_may_come_back(void **state)
{
    struct world *w = *state;
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, false, false));
    uint64_t seq = put(w, "2021-06-01T10:00:00Z", "start C-1 2021-06-01");
    at(w, "2021-06-01T10:00:01Z");
    assert_string_equal(told(w), "issued C-1/call/2 1 2021-06-01\n");
    put(w, "2021-06-02T10:00:00Z", "kadens.corrected - - :corrects=2 :because=slip :on=2021-06-20");
    at(w, "2021-06-02T10:00:01Z");
    assert_string_equal(told(w), "withdrawn C-1/call/2 1 2021-06-02 because 4\n");
    at(w, "2021-06-20T10:00:00Z");
    assert_string_equal(told(w), "issued C-1/call/2 2 2021-06-20\n");
    put(w, "2021-06-21T10:00:00Z", "kadens.retracted - - :retracts=2 :because=never");
    at(w, "2021-06-21T10:00:01Z");
    assert_string_equal(told(w), "withdrawn C-1/call/2 2 2021-06-21 because 7\n");
    at(w, "2022-06-21T10:00:01Z");
    assert_string_equal(told(w), "");
    assert_int_equal(seq, 2);
    whole(w);
}

static void what_was_done_before_is_not_issued_and_what_is_dropped_stays(void **state)
{
    struct world *w = *state;
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, false, false));
    at(w, "2021-05-31T12:00:00Z");
    put(w, "2021-06-03T10:00:00Z", "start C-1 2021-06-01");
    put(w, "2021-06-03T10:00:00Z", "visit C-1 2021-06-03");
    put(w, "2021-06-03T10:00:00Z", "start C-2 2021-06-03");
    at(w, "2021-06-03T12:00:00Z");
    assert_string_equal(told(w), "issued C-1/call/2 1 2021-06-01\n"
                                 "issued C-2/call/4 1 2021-06-03\n");
    put(w, "2021-06-05T10:00:00Z", "start C-3 2021-06-04");
    put(w, "2021-06-05T10:00:00Z", "visit C-3 2021-06-04");
    put(w, "2021-06-05T10:00:00Z", "stop C-2 2021-06-05");
    at(w, "2021-07-05T12:00:00Z");
    assert_string_equal(told(w), "");
    /* The visit never was: the task is open again, and is issued. */
    put(w, "2021-07-06T10:00:00Z", "kadens.retracted - - :retracts=8 :because=never");
    at(w, "2021-07-06T12:00:00Z");
    assert_string_equal(told(w), "issued C-3/call/7 1 2021-07-06\n"
                                 "overdue C-3/call/7 1 2021-07-06\n");
    whole(w);
}

static void a_ledger_with_years_behind_it_is_not_flooded(void **state)
{
    struct world *w = *state;
    adopt(w, "2011-05-01T08:00:00Z", "2011-05-01", text_of(w, false, true));
    put(w, "2012-06-03T10:00:00Z", "start C-1 2012-06-01");
    put(w, "2012-06-03T10:00:00Z", "visit C-1 2012-06-03");
    put(w, "2021-06-01T10:00:00Z", "start C-2 2021-06-01");
    put(w, "2021-06-01T10:00:00Z", "start C-3 2015-06-01");
    at(w, "2021-06-03T12:00:00Z");
    assert_string_equal(told(w), "issued aneby/figures/2021-06 1 2021-06-03\n"
                                 "issued C-2/call/4 1 2021-06-03\n"
                                 "issued C-3/call/5 1 2021-06-03\n"
                                 "overdue C-3/call/5 1 2021-06-03\n");
    whole(w);
}

static void an_adoption_has_everybody_looked_at(void **state)
{
    struct world *w = *state;
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, false, false));
    put(w, "2021-06-01T10:00:00Z", "start C-1 2021-06-01");
    at(w, "2021-06-01T12:00:00Z");
    assert_string_equal(told(w), "issued C-1/call/2 1 2021-06-01\n");
    adopt(w, "2021-06-02T10:00:00Z", "2021-07-10", text_of(w, false, true));
    at(w, "2021-06-05T12:00:00Z");
    assert_string_equal(told(w), "");
    at(w, "2021-08-01T12:00:00Z");
    assert_string_equal(told(w), "overdue C-1/call/2 1 2021-06-09\n"
                                 "issued aneby/figures/2021-08 1 2021-08-01\n");
    put(w, "2021-08-02T10:00:00Z", "kadens.ended - 2021-08-02 :name=p");
    at(w, "2021-08-02T12:00:00Z");
    assert_string_equal(told(w), "");
    uint64_t ended = w->seen;
    put(w, "2021-08-03T10:00:00Z", "kadens.retracted - - :retracts=4 :because=slip");
    at(w, "2021-08-03T12:00:00Z");
    assert_string_equal(told(w), kad_arena_printf(&w->s.words,
                                                  "withdrawn aneby/figures/2021-08 1 2021-08-03 "
                                                  "because %d\n",
                                                  (int)ended + 1));
    whole(w);
}

static void a_second_scheduler_doubles_nothing(void **state)
{
    struct world *w = *state;
    struct kad_scheduler_clock c = {world_now, NULL, w, true};
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, true, true));
    put(w, "2021-06-01T10:00:00Z", "start C-1 2021-06-01");
    at(w, "2021-06-01T12:00:00Z");
    assert_string_equal(told(w), "issued aneby/figures/2021-06 1 2021-06-01\n"
                                 "issued C-1/call/2 1 2021-06-01\n");
    struct kad_scheduler *other = kad_scheduler_new(w->s.e, &c);
    w->now = toy_at("2021-06-12T12:00:00Z");
    w->elapsed += w->now - toy_at("2021-06-01T12:00:00Z");
    for (int i = 0; i < 20; i++) {
        struct kad_step step;
        struct kad_budget one = {1, 1};
        assert_int_equal(kad_scheduler_step(i % 2 ? other : w->scheduler, KAD_DUE_NEVER, one, &step,
                                            &w->s.err),
                         KAD_OK);
    }
    assert_string_equal(told(w), "reminded C-1/call/2 1 2021-06-06\n"
                                 "overdue C-1/call/2 1 2021-06-09\n"
                                 "escalated C-1/call/2 1 2021-06-11 to boss\n");
    kad_scheduler_free(other);
    whole(w);
}

static void what_is_written_in_the_middle_of_a_moment_loses_nobody(void **state)
{
    struct world *w = *state;
    struct kad_budget one = {1, 1};
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, false, false));
    at(w, "2021-05-31T12:00:00Z");
    put(w, "2021-06-01T02:00:00Z", "start C-1 2021-06-01");
    put(w, "2021-06-01T02:00:00Z", "start C-2 2021-06-01");
    at(w, "2021-06-01T03:00:00Z");
    w->now = toy_at("2021-06-01T04:00:00Z");
    assert_int_equal(
        kad_scheduler_step(w->scheduler, KAD_DUE_NEVER, one, &w->step, &w->s.err), KAD_OK);
    assert_true(w->step.more);
    assert_string_equal(told(w), "issued C-1/call/2 1 2021-06-01\n");
    put(w, "2021-06-03T10:00:00Z", "visit C-2 2021-06-03");
    at(w, "2021-06-03T12:00:00Z");
    assert_string_equal(told(w), "issued C-2/call/3 1 2021-06-01\n");
    whole(w);
}

static void a_clock_that_looks_wrong_is_waited_for(void **state)
{
    struct world *w = *state;
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, false, false));
    put(w, "2021-06-01T10:00:00Z", "start C-1 2021-06-01");
    at(w, "2021-05-20T12:00:00Z");
    assert_int_equal(w->step.waits, KAD_WAIT_BEHIND);
    assert_string_equal(told(w), "");
    at(w, "2021-06-01T12:00:00Z");
    assert_int_equal(w->step.waits, KAD_WAIT_NO);
    assert_string_equal(told(w), "issued C-1/call/2 1 2021-06-01\n");
    w->now = toy_at("2031-06-01T12:00:00Z"); /* the clock was set; no time passed */
    steps(w);
    assert_int_equal(w->step.waits, KAD_WAIT_AHEAD);
    assert_string_equal(told(w), "");
    w->now = toy_at("2021-06-01T12:01:00Z"); /* and was set right */
    steps(w);
    assert_int_equal(w->step.waits, KAD_WAIT_NO);
    w->now = toy_at("2021-06-10T12:00:00Z");
    steps(w);
    assert_int_equal(w->step.waits, KAD_WAIT_AHEAD);
    kad_scheduler_trust(w->scheduler); /* somebody says that it is right */
    steps(w);
    assert_int_equal(w->step.waits, KAD_WAIT_NO);
    assert_string_equal(told(w), "overdue C-1/call/2 1 2021-06-09\n");
}

static void without_the_keys_nothing_is_done(void **state)
{
    struct world *w = *state;
    const char *text = "policy p \"P\"\n"
                       "    calendar sweden\n"
                       "    running cases follow the new rules\n"
                       "event start \"Start\" of case  born date private\n"
                       "subject case \"Case\"\n"
                       "    born is start.born\n"
                       "    age = whole years since born\n"
                       "duty talk \"Talk\" for each case where age at least 18\n"
                       "    every month\n"
                       "    done by start\n";
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text);
    put(w, "2021-06-01T02:00:00Z", "start C-1 2021-05-01 born=1990-05-05");
    at(w, "2021-06-01T12:00:00Z");
    assert_string_equal(told(w), "issued C-1/talk/2021-06 1 2021-06-01\n");
    kad_scheduler_free(w->scheduler);
    w->scheduler = NULL;
    struct kad_buf was = {0};
    assert_int_equal(kad_keys_folder(&was, &w->s.err), KAD_OK);
    kad_keys_set_folder("/nonexistent");
    toy_reopen(&w->s);
    schedule(w);
    put(w, "2021-06-02T10:00:00Z", "kadens.retracted - - :retracts=2 :because=x");
    w->now = toy_at("2021-06-02T12:00:00Z");
    assert_int_equal(
        kad_scheduler_step(w->scheduler, KAD_DUE_NEVER, KAD_BUDGET_DEFAULT, &w->step, &w->s.err),
        KAD_ESTORE);
    assert_string_equal(told(w), "");
    kad_keys_set_folder(kad_buf_str(&was));
    kad_buf_done(&was);
    kad_scheduler_free(w->scheduler);
    w->scheduler = NULL;
    toy_reopen(&w->s);
    schedule(w);
    steps(w);
    assert_string_equal(told(w), "withdrawn C-1/talk/2021-06 1 2021-06-02 because 4\n");
    whole(w);
}

static void it_says_where_it_stands(void **state)
{
    struct world *w = *state;
    struct kad_scheduler_state st;
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, false, false));
    put(w, "2021-06-01T10:00:00Z", "start C-1 2021-06-01");
    kad_instant now = toy_at("2021-06-01T12:00:00Z");
    assert_int_equal(kad_scheduler_state(w->s.e, now, &st, &w->s.err), KAD_OK);
    assert_false(st.begun);
    assert_int_equal(st.waiting, 1);
    at(w, "2021-06-01T12:00:00Z");
    assert_int_equal(kad_scheduler_state(w->s.e, now, &st, &w->s.err), KAD_OK);
    assert_true(st.begun);
    assert_int_equal(st.reached, now);
    assert_int_equal(st.waiting, 0);
    assert_int_equal(st.subjects, 1);
    assert_int_equal(st.next, toy_at("2021-06-09T04:00:00Z"));
    assert_int_equal(st.lag, 0);
    now = toy_at("2021-06-09T05:00:00Z");
    assert_int_equal(kad_scheduler_state(w->s.e, now, &st, &w->s.err), KAD_OK);
    assert_int_equal(st.lag, INT64_C(3600000000));
}

static void nobody_else_may_record_what_the_scheduler_does(void **state)
{
    struct world *w = *state;
    adopt(w, "2021-05-01T08:00:00Z", "2021-05-01", text_of(w, false, false));
    put(w, "2021-06-01T10:00:00Z", "start C-1 2021-06-01");
    toy_refuse(&w->s, "kadens.issued C-1 2021-06-01 :task=C-1/call/2 !at=2021-06-01T11:00:00Z",
               KAD_EINPUT, "recorded by the program itself");
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_task_is_issued_on_its_day_and_overdue_the_day_after_due),
        WORLD_TEST(days_that_were_slept_through_come_in_order),
        WORLD_TEST(what_became_groundless_is_withdrawn_and_may_come_back),
        WORLD_TEST(what_was_done_before_is_not_issued_and_what_is_dropped_stays),
        WORLD_TEST(a_ledger_with_years_behind_it_is_not_flooded),
        WORLD_TEST(an_adoption_has_everybody_looked_at),
        WORLD_TEST(a_second_scheduler_doubles_nothing),
        WORLD_TEST(what_is_written_in_the_middle_of_a_moment_loses_nobody),
        WORLD_TEST(a_clock_that_looks_wrong_is_waited_for),
        WORLD_TEST(without_the_keys_nothing_is_done),
        WORLD_TEST(it_says_where_it_stands),
        WORLD_TEST(nobody_else_may_record_what_the_scheduler_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

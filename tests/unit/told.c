#include "tests/unit/told.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/files.h"
#include "core/keys.h"
#include "dsl/dsl.h"
#include "tests/unit/unit.h"

/* As far as the language lets a label be: quotes of HTML, a formula, headers, a way out of a
 * calendar's line, an encoded word, Swedish. The language refuses controls itself. */
const char told_hostile[] =
    "=HYPERLINK(1) <script>alert('1')</script> & åäö; a,b\\nSUMMARY:x =?utf-8?q?x?= Bcc: x@y";

static const char rules[] =
    "policy told \"Told\"\n"
    "    language en\n"
    "    calendar sweden\n"
    "    source \"A document\"\n"
    "    running cases follow the new rules\n"
    "subject municipality \"Municipality\"\n"
    "    one of eksjo \"Eksjö\"\n"
    "event referral   \"Referral\"   of participant   birth_date date private, unit municipality\n"
    "event enrollment \"Enrolment\"  of participant   coach person\n"
    "event employment \"Employment\" of participant\n"
    "event visit      \"%s\"         of participant   note text private optional\n"
    "event ended      \"Job ended\"  of participant\n"
    "subject participant \"Participant\"\n"
    "    begins with referral\n"
    "    birth_date is referral.birth_date\n"
    "    unit       is referral.unit\n"
    "    coach      is enrollment.coach\n"
    "cadence aftercare \"Aftercare\"\n"
    "    from employment\n"
    "    month 1  visit every week\n"
    "    until ended\n"
    "    for coach\n"
    "    source \"8.2 Aftercare\"\n";

static void must(struct told *t, enum kad_err err)
{
    if (err != KAD_OK)
        fail_msg("%s: %s", kad_err_name(err), t->error.text);
}

static kad_instant at(const char *rfc3339)
{
    kad_instant i;
    assert_true(kad_instant_parse(rfc3339, strlen(rfc3339), &i));
    return i;
}

static void draft(struct told *t, const struct kad_draft *d)
{
    struct kad_batch *b;
    const struct kad_batch_options o = {0};
    struct kad_outcome out;
    must(t, kad_batch_begin(t->e, &o, &b, &t->error));
    must(t, kad_batch_put(b, d, &out, &t->error));
    must(t, kad_batch_commit(b, &t->error));
    if (t->sinks)
        kad_sinks_poke(t->sinks);
}

void told_event(struct told *t, const char *type, const char *subject, const char *day,
                const char *field, const char *value)
{
    kad_day on;
    assert_true(kad_day_parse(day, strlen(day), &on));
    struct kad_input in[2] = {
        {.name = kad_str(field), .form = KAD_IN_WORDS, .text = kad_str(value)},
        {.name = KAD_STR("birth_date"), .form = KAD_IN_WORDS, .text = KAD_STR("1995-05-17")}};
    draft(t, &(struct kad_draft){.type = kad_str(type),
                                 .subject = kad_str(subject),
                                 .on = on,
                                 .at = t->now,
                                 .clock = -1,
                                 .fields = in,
                                 .n_fields = !field                          ? 0
                                             : strcmp(type, "referral") == 0 ? 2
                                                                             : 1});
}

void told_retract(struct told *t, uint64_t seq)
{
    struct kad_input notes[] = {
        {.name = KAD_STR("retracts"), .form = KAD_IN_NUMBER, .num = (int64_t)seq * 1000000},
        {.name = KAD_STR("because"), .form = KAD_IN_STRING, .text = KAD_STR("a slip")}};
    draft(t, &(struct kad_draft){.type = KAD_STR("kadens.retracted"),
                                 .on = kad_clock_day(t->now),
                                 .at = t->now,
                                 .clock = -1,
                                 .notes = notes,
                                 .n_notes = LEN(notes)});
}

static void adopt(struct told *t, const char *label)
{
    struct kad_buf text = {0};
    kad_buf_printf(&text, rules, label);
    struct kad_input note = {
        .name = KAD_STR("text"), .form = KAD_IN_STRING, .text = {text.p, text.n}};
    kad_day on;
    assert_true(kad_day_parse("2021-01-01", 10, &on));
    draft(t, &(struct kad_draft){.type = KAD_STR("kadens.adopted"),
                                 .on = on,
                                 .at = t->now,
                                 .clock = -1,
                                 .notes = &note,
                                 .n_notes = 1});
    kad_buf_done(&text);
}

/* --- the host --- */

static kad_instant host_now(void *ctx)
{
    return ((struct told *)ctx)->now;
}

static struct kad_engine *host_engine(void *ctx)
{
    struct told *t = ctx;
    must(t, kad_engine_refresh(t->e, &t->error));
    return t->e;
}

static void host_save(void *ctx, const struct kad_str *names, const struct kad_str *rows, size_t n)
{
    struct told *t = ctx;
    struct kad_txn *txn;
    must(t, kad_txn_begin(kad_engine_ledger(t->e), &txn, &t->error));
    for (size_t i = 0; i < n; i++)
        must(t, kad_txn_set_cursor(txn, names[i], rows[i], &t->error));
    must(t, kad_txn_commit(txn, &t->error));
    t->saves++;
}

static void host_log(void *ctx, struct kad_str sink, const char *text)
{
    kad_buf_printf(&((struct told *)ctx)->log, "%.*s: %s\n", KAD_STR_FMT(sink), text);
}

/* --- opening and closing --- */

static void open_engine(struct told *t)
{
    const struct kad_engine_options o = {.dir = t->dir,
                                         .write = true,
                                         .compile = kad_dsl_compile_fn,
                                         .now = t->now,
                                         .known = KAD_KNOWN_ALL,
                                         .by = KAD_STR("anna"),
                                         .via = KAD_STR("os:anna")};
    must(t, kad_engine_open(&o, &t->e, &t->error));
    const struct kad_scheduler_clock clock = {.now = host_now, .ctx = t, .given = true};
    t->scheduler = kad_scheduler_new(t->e, &clock);
}

void told_open(struct told *t, const char *label)
{
    *t = (struct told){.root = "/tmp/kadens-unit-XXXXXX"};
    assert_non_null(mkdtemp(t->root));
    snprintf(t->dir, sizeof t->dir, "%s/store", t->root);
    snprintf(t->out, sizeof t->out, "%s/out", t->root);
    snprintf(t->keys, sizeof t->keys, "%s/keys", t->root);
    kad_keys_set_folder(t->keys);
    struct kad_ledger_info info = {.mode = KAD_LEDGER_SIMULATED, .programme = "SE-Höglandet"};
    must(t, kad_ledger_create(t->dir, &info, &t->error));
    t->now = at("2021-01-01T08:00:00Z");
    open_engine(t);
    adopt(t, label ? label : told_hostile);
    t->now = at("2021-06-01T12:00:00Z");
    told_event(t, "referral", "C-1", "2021-05-03", "unit", "eksjo");
    told_event(t, "enrollment", "C-1", "2021-05-17", "coach", "anna");
    told_event(t, "employment", "C-1", "2021-06-01", NULL, NULL);
    must(t, kad_loop_new(&t->loop, &t->error));
    t->host = (struct kad_sink_host){.ctx = t,
                                     .loop = t->loop,
                                     .engine = host_engine,
                                     .now = host_now,
                                     .caught_up = host_now,
                                     .save = host_save,
                                     .log = host_log,
                                     .retry_first_ms = 10};
    t->sinks = kad_sinks_new(&t->host);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void told_close(struct told *t)
{
    kad_sinks_close(t->sinks);
    kad_loop_free(t->loop);
    kad_scheduler_free(t->scheduler);
    kad_engine_close(t->e);
    kad_buf_done(&t->log);
    nftw(t->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void told_restart(struct told *t)
{
    kad_sinks_close(t->sinks);
    t->sinks = kad_sinks_new(&t->host);
}

/* --- time goes on --- */

size_t told_until(struct told *t, const char *rfc3339)
{
    size_t n = 0;
    struct kad_step step = {.more = true};
    t->now = at(rfc3339);
    while (step.more) {
        must(t,
             kad_scheduler_step(t->scheduler, KAD_DUE_NEVER, KAD_BUDGET_DEFAULT, &step, &t->error));
        n += step.records;
    }
    kad_sinks_poke(t->sinks);
    return n;
}

static void time_out(void *ctx)
{
    struct told *t = ctx;
    t->timed_out = true;
    kad_loop_stop(t->loop);
}

struct waiting {
    struct told *t;
    struct kad_timer *turn;
    size_t sink;
    uint64_t delivered; /* UINT64_MAX: until nobody has anything to do */
    bool failure;       /* instead: until it has failed more often than */
    uint64_t failures;
};
static void turn(void *ctx)
{
    struct waiting *w = ctx;
    bool there = false;
    if (w->failure)
        there = told_cursor(w->t, w->sink).failures > w->failures;
    else if (w->delivered == UINT64_MAX)
        there = kad_sinks_idle(w->t->sinks);
    else
        there = told_cursor(w->t, w->sink).delivered >= w->delivered;
    if (there)
        kad_loop_stop(w->t->loop);
    else
        kad_timer_start(w->turn, 2);
}

static bool run(struct waiting w, unsigned ms)
{
    struct kad_timer *end = kad_timer_new(w.t->loop, time_out, w.t);
    w.turn = kad_timer_new(w.t->loop, turn, &w);
    w.t->timed_out = false;
    kad_timer_start(end, ms);
    kad_timer_start(w.turn, 2);
    kad_loop_run(w.t->loop);
    kad_timer_free(end);
    kad_timer_free(w.turn);
    return !w.t->timed_out;
}

bool told_run(struct told *t, unsigned ms)
{
    return run((struct waiting){.t = t, .delivered = UINT64_MAX}, ms);
}

bool told_wait(struct told *t, size_t sink, uint64_t delivered, unsigned ms)
{
    return run((struct waiting){.t = t, .sink = sink, .delivered = delivered}, ms);
}

bool told_wait_failure(struct told *t, size_t sink, unsigned ms)
{
    return run(
        (struct waiting){
            .t = t, .sink = sink, .failure = true, .failures = told_cursor(t, sink).failures},
        ms);
}

/* --- looking --- */

struct kad_sink_cursor told_cursor(struct told *t, size_t sink)
{
    struct kad_sink_cursor v[8];
    assert_true(kad_sinks_cursors(t->sinks, LEN(v), v) > sink);
    return v[sink];
}

size_t told_messages(struct told *t)
{
    struct kad_snapshot *s;
    struct kad_ledger_state state;
    struct kad_arena a;
    size_t n = 0;
    kad_arena_init(&a);
    must(t, kad_snapshot_take(kad_engine_ledger(t->e), &s, &t->error));
    must(t, kad_snapshot_state(s, &state, &t->error));
    for (uint64_t seq = 1; seq <= state.last_seq; seq++) {
        struct kad_str bytes;
        struct kad_record r;
        must(t, kad_snapshot_record(s, seq, &bytes, &t->error));
        must(t, kad_record_decode(bytes, &a, false, &r, &t->error));
        n += kad_message_is(r.kind);
    }
    kad_snapshot_release(s);
    kad_arena_done(&a);
    return n;
}

struct kad_buf told_file(struct told *t, const char *name)
{
    struct kad_buf b = {0};
    char *path = kad_path_join(t->out, name);
    (void)kad_file_get(path, 1 << 20, &b);
    free(path);
    return b;
}

void told_is_tame(const char *text, size_t n, bool crlf)
{
    size_t bad;
    if (!kad_utf8_valid((struct kad_str){text, n}, &bad))
        fail_msg("not UTF-8 at %zu", bad);
    if (kad_utf8_bidi((struct kad_str){text, n}) != n)
        fail_msg("a bidirectional control");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool end = c == '\n' && (!crlf || (i > 0 && text[i - 1] == '\r'));
        bool before = crlf && c == '\r' && i + 1 < n && text[i + 1] == '\n';
        if ((c < 0x20 && !end && !before) || c == 0x7f)
            fail_msg("a control character at %zu of: %.*s", i, (int)n, text);
    }
}

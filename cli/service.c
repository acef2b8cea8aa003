#include "cli/service.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/presence.h"
#include "cli/sd_notify.h"
#include "cli/serve_conf.h"
#include "core/clock.h"
#include "core/files.h"
#include "core/scheduler.h"
#include "dsl/dsl.h"

#define LOOK_MS 30000           /* whatever the file watch says or does not say */
#define AGAIN_MS 1000           /* after somebody else held the lock */
#define WAITING_MS 60000        /* for a clock that is wrong, a disk that is full */
#define HANDOUT_AGAIN (15 * 60 * INT64_C(1000000))
#define STUCK_MS (5 * 60 * 1000) /* a job that takes longer is no sign of life */
#define ONCE_MS 60000            /* what a single run waits for sinks that are slow, */
#define ONCE_FAILED_MS 2000      /* and when one has failed */
#define SINKS_MOST 200           /* asked how they stand */
#define HANDOUT_CURSOR "checkpoint"

/* What a thread does at one time: the rows to write, then a step, then a checkpoint. The loop fills it
 * in, lets it run, and reads what came of it. */
struct job {
    struct kad_arena arena;
    kad_vec(struct kad_cursor) rows;
    bool step, handout;
    kad_day handout_day;
    kad_instant now;
    /* what came of it */
    struct kad_step did;
    uint64_t handout_size;
    int64_t took_ms;
    struct kad_error error, handout_error;
};

struct service {
    const struct kad_service_options *o;
    struct kad_loop *loop;
    struct kad_engine *writer, *reader;
    struct kad_scheduler *scheduler;
    struct kad_serve_conf conf;
    struct kad_sinks *sinks;
    struct kad_wall *wall;
    struct kad_timer *later, *look, *beat, *leave;
    struct kad_file_watch *watch;
    struct kad_signal *term, *intr, *hup;
    int presence;
    int64_t zero; /* of kad_service_clock: microseconds since boot */
    kad_instant since, caught_up, next;
    enum kad_scheduler_wait waits;
    struct job job;
    uint64_t job_began, issued_since; /* milliseconds of the loop; issued_since: in a single run */
    bool working, want, leaving, reload;
    bool busy_told; /* that somebody holds the lock */
    struct kad_sink_cursor handout; /* where the day's checkpoint stands; `name` is a constant */
    char handout_text[201];
    kad_vec(struct kad_cursor) rows; /* that the next job writes; each name once */
    struct kad_arena rows_arena;
    enum kad_err ended; /* why it leaves, when it does so of itself */
    struct kad_error *err;
};

/* --- the time --- */

static int64_t since_boot(void *ctx)
{
    struct timespec t;
    (void)ctx;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static kad_instant now_of(void *ctx)
{
    const struct service *s = ctx;
    const struct kad_service_clock *c = &s->o->clock;
    int64_t gone, far;
    if (!c->given)
        return kad_clock_now();
    gone = since_boot(NULL) - s->zero;
    if (__builtin_mul_overflow(gone, c->speed, &far) || far > KAD_INSTANT_MAX - c->start)
        return KAD_INSTANT_MAX;
    return c->start + far;
}

/* --- what it asks of its job --- */

static void begin_job(struct service *s);

static void want_step(void *ctx)
{
    struct service *s = ctx;
    s->want = true;
    begin_job(s);
}

static void put_row(struct service *s, struct kad_str name, struct kad_str bytes)
{
    struct kad_cursor row = {kad_str_dup(&s->rows_arena, name),
                             kad_str_dup(&s->rows_arena, bytes)};
    for (size_t i = 0; i < s->rows.n; i++)
        if (kad_str_eq(s->rows.v[i].name, name)) {
            s->rows.v[i] = row;
            return;
        }
    kad_vec_push(&s->rows_arena, &s->rows, row);
}

static void put_handout_row(struct service *s)
{
    struct kad_buf b = {0};
    kad_sink_cursor_put(&b, &s->handout);
    put_row(s, s->handout.name, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

/* The [checkpoint] of the configuration, if there is one. */
static bool handout_of(const struct service *s, struct kad_handout *ret)
{
    const struct kad_section *x = kad_serve_conf_find(&s->conf, KAD_SECTION_CHECKPOINT);
    if (!x)
        return false;
    *ret = (struct kad_handout){x->folder, (int32_t)x->at, (uint64_t)x->keep};
    return true;
}

/* When the next is to be made; at once when a day's has been missed. */
static kad_instant handout_next(const struct service *s)
{
    struct kad_handout h;
    if (!handout_of(s, &h))
        return KAD_DUE_NEVER;
    if (s->handout.retry_at != KAD_INSTANT_NONE)
        return s->handout.retry_at;
    return s->handout.day == KAD_DAY_NONE ? KAD_DUE_NOW : kad_clock_at(s->handout.day + 1, h.at);
}

/* --- the job, on its thread --- */

static enum kad_err write_rows(struct service *s, struct kad_error *reterr)
{
    struct kad_txn *t;
    enum kad_err err = kad_txn_begin(kad_engine_ledger(s->writer), &t, reterr);
    if (err != KAD_OK)
        return err;
    for (size_t i = 0; i < s->job.rows.n && err == KAD_OK; i++)
        err = kad_txn_set_cursor(t, s->job.rows.v[i].name, s->job.rows.v[i].bytes, reterr);
    if (err == KAD_OK)
        return kad_txn_commit(t, reterr);
    kad_txn_abort(t);
    return err;
}

static void work(void *ctx)
{
    struct service *s = ctx;
    struct job *j = &s->job;
    struct kad_handout h;
    int64_t began = since_boot(NULL);
    enum kad_err err = KAD_OK;
    if (j->rows.n)
        err = write_rows(s, &j->error);
    if (err == KAD_OK)
        j->rows.n = 0;
    if (err == KAD_OK && j->step)
        err = kad_scheduler_step(s->scheduler, KAD_DUE_NEVER, KAD_BUDGET_DEFAULT, &j->did,
                                 &j->error);
    /* What was due goes before a checkpoint over it. */
    if (err == KAD_OK && j->handout && !j->did.more && handout_of(s, &h))
        (void)!kad_handout_make(kad_engine_ledger(s->writer), &h, j->handout_day,
                                &j->handout_size, &j->handout_error);
    else
        j->handout = false;
    j->took_ms = (since_boot(NULL) - began) / 1000;
}

/* --- what came of it, on the loop --- */

static void end(struct service *s)
{
    s->leaving = true;
    if (!s->working)
        kad_loop_stop(s->loop);
}

static void fail(struct service *s, const struct kad_error *why)
{
    s->ended = kad_fail(s->err, why->code, "%s", why->text);
    end(s);
}

static void wake_at(struct service *s, kad_instant at)
{
    if (!s->o->clock.given) {
        kad_wall_set(s->wall, at == KAD_DUE_NEVER ? KAD_INSTANT_NONE : at);
        return;
    }
    kad_instant now = now_of(s);
    int64_t ms = at <= now ? 0 : (at - now) / s->o->clock.speed / 1000 + 1;
    kad_timer_start(s->later, ms < WAITING_MS ? (uint64_t)ms : WAITING_MS);
}

/* The writer's lock was held, or the disk is full: nothing is lost, it comes later. Anything else ends
 * the service: after an error on commit nobody knows what is there, but who opens the store anew. */
static void trouble(struct service *s)
{
    struct job *j = &s->job;
    if (j->error.code == KAD_EBUSY || j->error.code == KAD_EFULL) {
        bool full = j->error.code == KAD_EFULL;
        if (!s->busy_told)
            kad_service_log(KAD_LOG_WARN, "waits for=%s", full ? "disk" : "lock");
        s->busy_told = true;
        for (size_t i = 0; i < j->rows.n; i++) /* unless there are newer ones by now */
            put_row(s, j->rows.v[i].name, j->rows.v[i].bytes);
        kad_timer_start(s->later, full ? WAITING_MS : AGAIN_MS);
        return;
    }
    fail(s, &j->error);
}

static void handout_done(struct service *s)
{
    struct job *j = &s->job;
    struct kad_sink_cursor *c = &s->handout;
    if (!j->handout)
        return;
    if (j->handout_error.code == KAD_OK) {
        c->seq = j->handout_size;
        c->delivered++;
        c->failures = 0;
        c->day = j->handout_day;
        c->at = now_of(s);
        c->retry_at = KAD_INSTANT_NONE;
        c->error = (struct kad_str){0};
        kad_service_log(KAD_LOG_INFO, "checkpoint records=%llu", (unsigned long long)c->seq);
    } else {
        c->failures++;
        c->failed_at = now_of(s);
        c->retry_at = c->failed_at + HANDOUT_AGAIN;
        struct kad_str text = kad_str(j->handout_error.text);
        text.n = text.n < sizeof s->handout_text - 1 ? text.n : sizeof s->handout_text - 1;
        while (text.n > 0 && ((unsigned char)text.p[text.n] & 0xc0) == 0x80)
            text.n--;
        memcpy(s->handout_text, text.p, text.n);
        c->error = (struct kad_str){s->handout_text, text.n};
        kad_service_log(KAD_LOG_ERR, "checkpoint failed: %s", j->handout_error.text);
    }
    put_handout_row(s);
}

static void told_waits(struct service *s)
{
    static const char *const words[] = {"no", "clock_behind", "clock_ahead"};
    if (s->waits == s->job.did.waits)
        return;
    s->waits = s->job.did.waits;
    kad_service_log(s->waits ? KAD_LOG_WARN : KAD_LOG_INFO, "waits for=%s", words[s->waits]);
}

/* The next thing to do, and when. */
static void go_on(struct service *s)
{
    kad_instant handout = handout_next(s), next = s->next;
    if (s->waits) {
        kad_timer_start(s->later, WAITING_MS);
        return;
    }
    if (handout < next)
        next = handout;
    wake_at(s, next);
}

static void put_status(const struct service *s)
{
    char text[KAD_INSTANT_TEXT];
    struct kad_buf b = {0};
    kad_buf_puts(&b, "STATUS=");
    if (s->waits)
        kad_buf_puts(&b, "Waits: the clock looks wrong");
    else if (s->next == KAD_DUE_NEVER)
        kad_buf_puts(&b, "Nothing is due");
    else
        kad_buf_printf(&b, "Next moment %s", kad_instant_text(s->next, text));
    kad_sd_notify(b.p);
    kad_buf_done(&b);
}

static void reload(struct service *s);

static void done(void *ctx)
{
    struct service *s = ctx;
    struct job *j = &s->job;
    s->working = false;
    if (j->error.code != KAD_OK) {
        trouble(s);
    } else {
        s->busy_told = false;
        if (j->step) {
            told_waits(s);
            s->next = j->did.next;
            if (!j->did.more && !j->did.waits)
                s->caught_up = j->now;
            s->want = s->want || j->did.more;
        }
        if (j->did.records)
            kad_service_log(KAD_LOG_INFO, "issued records=%zu subjects=%zu last=%llu ms=%lld",
                            j->did.records, j->did.subjects, (unsigned long long)j->did.last,
                            (long long)j->took_ms);
        handout_done(s);
        put_status(s);
    }
    kad_arena_reset(&j->arena);
    if (s->leaving) {
        kad_loop_stop(s->loop);
        return;
    }
    if (j->error.code == KAD_OK)
        go_on(s);
    if (s->reload)
        reload(s);
    else
        kad_sinks_poke(s->sinks);
    begin_job(s);
}

static void begin_job(struct service *s)
{
    struct job *j = &s->job;
    struct kad_handout h;
    if (s->working || s->leaving || s->reload)
        return;
    kad_instant now = now_of(s);
    bool handout = handout_of(s, &h) && handout_next(s) <= now;
    if (!s->want && !handout && s->rows.n == 0)
        return;
    /* A row's bytes go to the job's arena: the next may be put while it runs. */
    *j = (struct job){.arena = j->arena, .step = s->want || handout, .handout = handout, .now = now};
    for (size_t i = 0; i < s->rows.n; i++) {
        struct kad_cursor row = {kad_str_dup(&j->arena, s->rows.v[i].name),
                                 kad_str_dup(&j->arena, s->rows.v[i].bytes)};
        kad_vec_push(&j->arena, &j->rows, row);
    }
    s->rows.v = NULL;
    s->rows.n = s->rows.cap = 0;
    kad_arena_reset(&s->rows_arena);
    if (handout)
        j->handout_day = kad_clock_day_at(now, h.at);
    s->want = false;
    s->working = true;
    s->job_began = kad_loop_ms(s->loop);
    kad_loop_work(s->loop, work, done, s);
}

/* --- what wakes it --- */

static void on_wall(void *ctx, kad_instant now, int64_t jumped)
{
    (void)now;
    if (jumped)
        kad_service_log(KAD_LOG_WARN, "clock_set by_s=%lld", (long long)(jumped / 1000000));
    want_step(ctx);
}

static void on_change(void *ctx)
{
    struct service *s = ctx;
    kad_sinks_poke(s->sinks);
    want_step(s);
}

static void on_look(void *ctx)
{
    struct service *s = ctx;
    kad_timer_start(s->look, LOOK_MS);
    on_change(s);
}

static void on_beat(void *ctx)
{
    struct service *s = ctx;
    static const char *const words[] = {NULL, "behind", "ahead"};
    uint64_t ms = kad_sd_watchdog_ms();
    if (!s->working || kad_loop_ms(s->loop) - s->job_began < STUCK_MS) {
        kad_presence_sign(s->presence, s->since, kad_clock_now(), words[s->waits]);
        kad_sd_notify("WATCHDOG=1");
    }
    kad_timer_start(s->beat, ms && ms < 10000 ? ms : 10000);
}

static void on_leave(void *ctx)
{
    kad_service_log(KAD_LOG_INFO, "leaves");
    kad_sd_notify("STOPPING=1");
    end(ctx);
}

static void on_hup(void *ctx)
{
    struct service *s = ctx;
    s->reload = true;
    s->want = true;
    if (!s->working)
        reload(s);
    begin_job(s);
}

/* How many sinks failed when they were last tried. */
static size_t failing(const struct service *s)
{
    struct kad_sink_cursor c[SINKS_MOST];
    size_t n = kad_sinks_cursors(s->sinks, SINKS_MOST, c), failed = 0;
    for (size_t i = 0; i < n && i < SINKS_MOST; i++)
        failed += c[i].failures > 0;
    return failed;
}

/* A single run: nothing is due, and whoever was to be told has been, or cannot be reached. */
static void on_once(void *ctx)
{
    struct service *s = ctx;
    uint64_t now = kad_loop_ms(s->loop);
    bool issued = !s->working && !s->want && s->next > now_of(s);
    if (!issued || s->issued_since == 0)
        s->issued_since = now;
    uint64_t wait = failing(s) ? ONCE_FAILED_MS : ONCE_MS;
    if (s->waits || (issued && (kad_sinks_idle(s->sinks) || now - s->issued_since >= wait)))
        end(s);
    else
        kad_timer_start(s->leave, 20);
}

/* --- for the sinks --- */

static struct kad_engine *host_engine(void *ctx)
{
    struct service *s = ctx;
    struct kad_error ignored = {0};
    /* What cannot be read now is told by the next job, which reads the same. */
    if (kad_engine_refresh(s->reader, &ignored) != KAD_OK)
        s->want = true;
    return s->reader;
}

static kad_instant host_caught_up(void *ctx)
{
    return ((struct service *)ctx)->caught_up;
}

static void host_save(void *ctx, const struct kad_str *names, const struct kad_str *rows, size_t n)
{
    struct service *s = ctx;
    for (size_t i = 0; i < n; i++)
        put_row(s, names[i], rows[i]);
    begin_job(s);
}

static void host_log(void *ctx, struct kad_str sink, const char *text)
{
    (void)ctx;
    kad_service_log(KAD_LOG_WARN, "sink name=\"%.*s\": %s", KAD_STR_FMT(sink), text);
}

/* --- beginning, beginning anew, ending --- */

static enum kad_err open_sinks(struct service *s, struct kad_error *reterr)
{
    struct kad_sink_host host = {.ctx = s,
                                 .loop = s->loop,
                                 .engine = host_engine,
                                 .now = now_of,
                                 .caught_up = host_caught_up,
                                 .save = host_save,
                                 .log = host_log};
    if (s->o->config)
        return kad_sinks_open(&host, &s->conf, &s->sinks, reterr);
    s->sinks = kad_sinks_new(&host);
    return kad_sink_add_stream(s->sinks, "jsonl", STDOUT_FILENO, false, reterr);
}

/* From the loop itself, never out of a sink, with no job under way: those read the configuration.
 * One that is wrong leaves the old one in force. */
static void reload(struct service *s)
{
    struct kad_serve_conf conf = {0};
    struct kad_error error = {0};
    kad_scheduler_trust(s->scheduler);
    kad_sd_notify("RELOADING=1");
    if (s->o->config) {
        if (kad_serve_conf_read(s->o->config, s->o->tell, NULL, &conf, &error) != KAD_OK) {
            kad_service_log(KAD_LOG_ERR, "configuration wrong, the old one stays %s", error.text);
            kad_serve_conf_done(&conf);
        } else {
            kad_sinks_close(s->sinks);
            s->sinks = NULL;
            kad_serve_conf_done(&s->conf);
            s->conf = conf;
            if (open_sinks(s, &error) != KAD_OK) {
                fail(s, &error);
                return;
            }
            kad_service_log(KAD_LOG_INFO, "configuration read again");
        }
    }
    s->reload = false; /* until here no job began */
    kad_sd_notify("READY=1");
}

static enum kad_err open_engines(struct service *s, struct kad_error *reterr)
{
    struct kad_engine_options w = {.dir = s->o->dir,
                                   .write = true,
                                   .shared = true,
                                   .wait_ms = s->o->wait_ms,
                                   .compile = kad_dsl_compile_fn,
                                   .now = KAD_INSTANT_NONE,
                                   .known = KAD_KNOWN_ALL,
                                   .by = s->o->by,
                                   .via = s->o->via};
    enum kad_err err = kad_engine_open(&w, &s->writer, reterr);
    if (err != KAD_OK)
        return err;
    struct kad_engine_options r = w;
    r.ledger = kad_engine_ledger(s->writer);
    r.dir = NULL;
    r.write = r.shared = false;
    return kad_engine_open(&r, &s->reader, reterr);
}

/* Simulated time on simulated ledgers only, and never before what is recorded. */
static enum kad_err check_clock(struct service *s, struct kad_error *reterr)
{
    bool simulated =
        kad_ledger_info(kad_engine_ledger(s->writer))->mode == KAD_LEDGER_SIMULATED;
    struct kad_snapshot *v = NULL;
    struct kad_ledger_state state = {0};
    char last[KAD_INSTANT_TEXT];
    if (simulated != s->o->clock.given)
        return kad_fail(reterr, KAD_EINPUT,
                        simulated ? _("Time in this ledger is simulated: say when it begins and "
                                      "how fast it runs, with --clock.")
                                  : _("Only a simulated ledger (kadens init --simulated) has a "
                                      "clock of its own."));
    if (!simulated)
        return KAD_OK;
    enum kad_err err = kad_snapshot_take(kad_engine_ledger(s->writer), &v, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_state(v, &state, reterr);
    kad_snapshot_release(v);
    if (err == KAD_OK && state.last_seq > 0 && s->o->clock.start < state.last_at)
        err = kad_fail(reterr, KAD_EINPUT,
                       _("The clock cannot begin before the ledger's last record, which is from "
                         "%s."),
                       kad_instant_text(state.last_at, last));
    return err;
}

static enum kad_err load_handout(struct service *s, struct kad_error *reterr)
{
    struct kad_snapshot *v = NULL;
    struct kad_arena a;
    struct kad_str row = {0};
    struct kad_sink_cursor *c = &s->handout;
    kad_arena_init(&a);
    enum kad_err err = kad_snapshot_take(kad_engine_ledger(s->reader), &v, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_cursor(v, KAD_STR(HANDOUT_CURSOR), &a, &row, reterr);
    kad_snapshot_release(v);
    if (err != KAD_OK || !kad_sink_cursor_read(KAD_STR(HANDOUT_CURSOR), row, c))
        *c = (struct kad_sink_cursor){.day = KAD_DAY_NONE,
                                      .at = KAD_INSTANT_NONE,
                                      .failed_at = KAD_INSTANT_NONE};
    c->name = KAD_STR(HANDOUT_CURSOR);
    c->error = (struct kad_str){0};
    c->retry_at = KAD_INSTANT_NONE;
    kad_arena_done(&a);
    return err;
}

static enum kad_err open_loop(struct service *s, struct kad_error *reterr)
{
    char *path = kad_path_join(s->o->dir, "data.mdb");
    enum kad_err err = kad_wall_new(s->loop, on_wall, s, &s->wall, reterr);
    if (err == KAD_OK)
        err = kad_file_watch_new(s->loop, path, on_change, s, &s->watch, reterr);
    if (err == KAD_OK)
        err = kad_signal_new(s->loop, SIGTERM, on_leave, s, &s->term, reterr);
    if (err == KAD_OK)
        err = kad_signal_new(s->loop, SIGINT, on_leave, s, &s->intr, reterr);
    if (err == KAD_OK)
        err = kad_signal_new(s->loop, SIGHUP, on_hup, s, &s->hup, reterr);
    free(path);
    s->later = kad_timer_new(s->loop, want_step, s);
    s->look = kad_timer_new(s->loop, on_look, s);
    s->beat = kad_timer_new(s->loop, on_beat, s);
    s->leave = kad_timer_new(s->loop, on_once, s);
    return err;
}

static enum kad_err open_all(struct service *s, struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    if (s->o->config)
        err = kad_serve_conf_read(s->o->config, s->o->tell, NULL, &s->conf, reterr);
    if (err == KAD_OK)
        err = open_engines(s, reterr);
    if (err == KAD_OK)
        err = check_clock(s, reterr);
    if (err == KAD_OK)
        err = kad_presence_take(s->o->dir, &s->presence, reterr);
    if (err == KAD_OK)
        err = load_handout(s, reterr);
    if (err == KAD_OK)
        err = kad_loop_new(&s->loop, reterr);
    if (err == KAD_OK)
        err = open_loop(s, reterr);
    s->since = kad_clock_now();
    s->zero = since_boot(NULL);
    s->caught_up = KAD_INSTANT_NONE;
    if (err == KAD_OK)
        err = open_sinks(s, reterr);
    return err;
}

static void close_all(struct service *s)
{
    struct job *j = &s->job;
    s->leaving = true;
    kad_sinks_close(s->sinks);
    if (s->rows.n && s->ended == KAD_OK) { /* how far the sinks came; no thread runs any more */
        *j = (struct job){.arena = j->arena};
        j->rows.v = s->rows.v;
        j->rows.n = s->rows.n;
        work(s);
    }
    kad_loop_free(s->loop);
    kad_scheduler_free(s->scheduler);
    kad_engine_close(s->reader);
    kad_engine_close(s->writer);
    if (s->presence >= 0)
        close(s->presence);
    kad_serve_conf_done(&s->conf);
    kad_arena_done(&s->rows_arena);
    kad_arena_done(&j->arena);
}

/* In a single run it matters whether everybody was reached. */
static enum kad_err once_told(const struct service *s, struct kad_error *reterr)
{
    if (s->waits)
        return kad_fail(reterr, KAD_ENO,
                        _("Nothing was issued: this machine's clock looks wrong. “kadens status” "
                          "says how."));
    if (failing(s) == 0 && kad_sinks_idle(s->sinks))
        return KAD_OK;
    return kad_fail(reterr, KAD_ENO,
                    _("Everything due has been issued, but not everybody could be told; “kadens "
                      "status” says whom. The next run tries again."));
}

enum kad_err kad_service_run(const struct kad_service_options *o, struct kad_error *reterr)
{
    struct service s = {.o = o, .presence = -1, .next = KAD_DUE_NEVER, .err = reterr};
    kad_arena_init(&s.rows_arena);
    kad_arena_init(&s.job.arena);
    enum kad_err err = open_all(&s, reterr);
    if (err == KAD_OK) {
        struct kad_scheduler_clock clock = {
            .now = now_of, .elapsed = o->clock.given ? NULL : since_boot, .ctx = &s,
            .given = o->clock.given};
        s.scheduler = kad_scheduler_new(s.writer, &clock);
        kad_service_log(KAD_LOG_INFO, "begins pid=%ld", (long)getpid());
        kad_sd_notify("READY=1");
        on_beat(&s);
        on_look(&s);
        if (o->once)
            kad_timer_start(s.leave, 20);
        kad_loop_run(s.loop);
        err = s.ended;
        if (err == KAD_OK && o->once)
            err = once_told(&s, reterr);
    } else {
        s.ended = err;
    }
    close_all(&s);
    return err;
}

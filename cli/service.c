#include "cli/service.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/presence.h"
#include "cli/sd_notify.h"
#include "cli/service_priv.h"
#include "core/clock.h"
#include "core/files.h"
#include "dsl/dsl.h"

#define LOOK_MS 30000            /* whatever the file watch says or does not say */
#define STUCK_MS (5 * 60 * 1000) /* a job that takes longer is no sign of life */
#define ONCE_MS 60000            /* what a single run waits for sinks that are slow, */
#define ONCE_FAILED_MS 2000      /* and when one has failed */
#define SINKS_MOST 200           /* asked how they stand */
/* --- what wakes it --- */

static void on_wall(void *ctx, kad_instant now, int64_t jumped)
{
    (void)now;
    if (jumped)
        kad_service_log(KAD_LOG_WARN, "clock_set by_s=%lld", (long long)(jumped / 1000000));
    kad_service_want(ctx);
}

static void on_change(void *ctx)
{
    struct service *s = ctx;
    kad_sinks_poke(s->sinks);
    kad_service_want(s);
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
    kad_service_end(ctx, NULL);
}

static void on_hup(void *ctx)
{
    struct service *s = ctx;
    s->reload = true;
    s->want = true;
    if (!s->working)
        kad_service_reload(s);
    kad_service_go(s);
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
    bool issued =
        !s->working && !s->want && !s->busy_told && s->next > kad_service_now(s);
    if (!issued || s->issued_since == 0)
        s->issued_since = now;
    uint64_t wait = failing(s) ? ONCE_FAILED_MS : ONCE_MS;
    if (s->waits || (issued && (kad_sinks_idle(s->sinks) || now - s->issued_since >= wait)))
        kad_service_end(s, NULL);
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
        kad_service_put_row(s, names[i], rows[i]);
    kad_service_go(s);
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
                                 .now = kad_service_now,
                                 .caught_up = host_caught_up,
                                 .save = host_save,
                                 .log = host_log};
    if (s->o->config)
        return kad_sinks_open(&host, &s->conf, &s->sinks, reterr);
    s->sinks = kad_sinks_new(&host);
    return kad_sink_add_stream(s->sinks, "jsonl", STDOUT_FILENO, false, reterr);
}

/* Whoever is not told any more is no trouble either: their places stay, for when they come back. */
static void forgive_removed(struct service *s)
{
    struct kad_sink_cursor here[SINKS_MOST], c;
    struct kad_cursor *rows = NULL;
    struct kad_snapshot *v = NULL;
    struct kad_error ignored = {0};
    struct kad_arena a;
    size_t n_here = kad_sinks_cursors(s->sinks, SINKS_MOST, here), n = 0;
    kad_arena_init(&a);
    if (kad_snapshot_take(kad_engine_ledger(s->reader), &v, &ignored) == KAD_OK &&
        kad_snapshot_cursors(v, &a, &rows, &n, &ignored) != KAD_OK)
        n = 0;
    kad_snapshot_release(v);
    for (size_t i = 0; i < n; i++) {
        bool told = kad_str_eq(rows[i].name, s->handout.name) &&
                    kad_serve_conf_find(&s->conf, KAD_SECTION_CHECKPOINT);
        for (size_t k = 0; k < n_here && k < SINKS_MOST; k++)
            told = told || kad_str_eq(here[k].name, rows[i].name);
        if (told || !kad_sink_cursor_read(rows[i].name, rows[i].bytes, &c) || c.failures == 0)
            continue;
        struct kad_buf b = {0};
        c.failures = 0;
        c.retry_at = KAD_INSTANT_NONE;
        kad_sink_cursor_put(&b, &c);
        kad_service_put_row(s, c.name, (struct kad_str){b.p, b.n});
        kad_buf_done(&b);
    }
    kad_arena_done(&a);
}

/* From the loop itself, never out of a sink, with no job under way: those read the configuration.
 * One that is wrong leaves the old one in force. */
void kad_service_reload(struct service *s)
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
                kad_service_end(s, &error);
                return;
            }
            forgive_removed(s);
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
    bool simulated = kad_ledger_info(kad_engine_ledger(s->writer))->mode == KAD_LEDGER_SIMULATED;
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
    s->later = kad_timer_new(s->loop, kad_service_want, s);
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
        err = kad_service_load_handout(s, reterr);
    if (err == KAD_OK)
        err = kad_loop_new(&s->loop, reterr);
    if (err == KAD_OK)
        err = open_loop(s, reterr);
    s->since = kad_clock_now();
    s->zero = kad_service_elapsed(NULL);
    s->caught_up = KAD_INSTANT_NONE;
    if (err == KAD_OK)
        err = open_sinks(s, reterr);
    if (err == KAD_OK)
        forgive_removed(s);
    return err;
}

static void close_all(struct service *s)
{
    s->leaving = true;
    kad_sinks_close(s->sinks);
    if (s->ended == KAD_OK)
        kad_service_write_rest(s);
    kad_loop_free(s->loop);
    kad_scheduler_free(s->scheduler);
    kad_engine_close(s->reader);
    kad_engine_close(s->writer);
    if (s->presence >= 0 && s->o->once && s->ended == KAD_OK)
        kad_presence_once(s->presence);
    if (s->presence >= 0)
        close(s->presence);
    kad_serve_conf_done(&s->conf);
    kad_arena_done(&s->rows_arena);
    kad_arena_done(&s->job.arena);
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
        struct kad_scheduler_clock clock = {.now = kad_service_now,
                                            .elapsed = o->clock.given ? NULL : kad_service_elapsed,
                                            .ctx = &s,
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

/* A job of the service: what is written on a thread, and what comes of it on the loop. */
#include <string.h>
#include <time.h>

#include "cli/sd_notify.h"
#include "cli/service_priv.h"
#include "core/clock.h"

#define AGAIN_MS 1000    /* after somebody else held the lock */
#define WAITING_MS 60000 /* for a clock that is wrong, a disk that is full */
#define HANDOUT_AGAIN (15 * 60 * INT64_C(1000000))
#define HANDOUT_CURSOR "checkpoint"
/* --- the time --- */

int64_t kad_service_elapsed(void *ctx)
{
    struct timespec t;
    (void)ctx;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

kad_instant kad_service_now(void *ctx)
{
    const struct service *s = ctx;
    const struct kad_service_clock *c = &s->o->clock;
    int64_t gone, far;
    if (!c->given)
        return kad_clock_now();
    gone = kad_service_elapsed(NULL) - s->zero;
    if (__builtin_mul_overflow(gone, c->speed, &far) || far > KAD_INSTANT_MAX - c->start)
        return KAD_INSTANT_MAX;
    return c->start + far;
}

/* --- what it asks of its job --- */

void kad_service_want(void *ctx)
{
    struct service *s = ctx;
    s->want = true;
    kad_service_go(s);
}

void kad_service_put_row(struct service *s, struct kad_str name, struct kad_str bytes)
{
    struct kad_cursor row = {kad_str_dup(&s->rows_arena, name), kad_str_dup(&s->rows_arena, bytes)};
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
    kad_service_put_row(s, s->handout.name, (struct kad_str){b.p, b.n});
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
    int64_t began = kad_service_elapsed(NULL);
    enum kad_err err = KAD_OK;
    if (j->rows.n)
        err = write_rows(s, &j->error);
    if (err == KAD_OK)
        j->rows.n = 0;
    if (err == KAD_OK && j->step)
        err =
            kad_scheduler_step(s->scheduler, KAD_DUE_NEVER, KAD_BUDGET_DEFAULT, &j->did, &j->error);
    /* What was due goes before a checkpoint over it. */
    if (err == KAD_OK && j->handout && !j->did.more && handout_of(s, &h))
        (void)!kad_handout_make(kad_engine_ledger(s->writer), &h, j->handout_day, &j->handout_size,
                                &j->handout_error);
    else
        j->handout = false;
    j->took_ms = (kad_service_elapsed(NULL) - began) / 1000;
}

/* --- what came of it, on the loop --- */

void kad_service_end(struct service *s, const struct kad_error *why)
{
    if (why)
        s->ended = kad_fail(s->err, why->code, "%s", why->text);
    s->leaving = true;
    if (!s->working)
        kad_loop_stop(s->loop);
}

static void wake_at(struct service *s, kad_instant at)
{
    if (!s->o->clock.given) {
        kad_wall_set(s->wall, at == KAD_DUE_NEVER ? KAD_INSTANT_NONE : at);
        return;
    }
    kad_instant now = kad_service_now(s);
    int64_t ms = at <= now ? 0 : (at - now) / s->o->clock.speed / 1000 + 1;
    kad_timer_start(s->later, ms < WAITING_MS ? (uint64_t)ms : WAITING_MS);
}

/* Rows that could not be written wait again, unless there are newer ones by now. */
static void put_rows_back(struct service *s)
{
    for (size_t i = 0; i < s->job.rows.n; i++) {
        const struct kad_cursor *old = &s->job.rows.v[i];
        bool newer = false;
        for (size_t k = 0; k < s->rows.n; k++)
            newer = newer || kad_str_eq(s->rows.v[k].name, old->name);
        if (!newer)
            kad_service_put_row(s, old->name, old->bytes);
    }
}

/* The writer's lock was held, or the disk is full: nothing is lost, it comes later (but a single run
 * does not wait for room). Anything else ends the service: after an error on commit nobody knows what is
 * there, but who opens the store anew. */
static void trouble(struct service *s)
{
    struct job *j = &s->job;
    if (j->error.code == KAD_EBUSY || (j->error.code == KAD_EFULL && !s->o->once)) {
        bool full = j->error.code == KAD_EFULL;
        if (!s->busy_told)
            kad_service_log(KAD_LOG_WARN, "waits for=%s", full ? "disk" : "lock");
        s->busy_told = true;
        put_rows_back(s);
        kad_timer_start(s->later, full ? WAITING_MS : AGAIN_MS);
        return;
    }
    kad_service_end(s, &j->error);
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
        c->at = kad_service_now(s);
        c->retry_at = KAD_INSTANT_NONE;
        c->error = (struct kad_str){0};
        kad_service_log(KAD_LOG_INFO, "checkpoint records=%llu", (unsigned long long)c->seq);
    } else {
        c->failures++;
        c->failed_at = kad_service_now(s);
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
        kad_service_reload(s);
    else
        kad_sinks_poke(s->sinks);
    kad_service_go(s);
}

void kad_service_go(struct service *s)
{
    struct job *j = &s->job;
    struct kad_handout h;
    if (s->working || s->leaving || s->reload)
        return;
    kad_instant now = kad_service_now(s);
    bool handout = handout_of(s, &h) && handout_next(s) <= now;
    if (!s->want && !handout && s->rows.n == 0)
        return;
    /* A row's bytes go to the job's arena: the next may be put while it runs. */
    *j =
        (struct job){.arena = j->arena, .step = s->want || handout, .handout = handout, .now = now};
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

enum kad_err kad_service_load_handout(struct service *s, struct kad_error *reterr)
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
        *c = (struct kad_sink_cursor){
            .day = KAD_DAY_NONE, .at = KAD_INSTANT_NONE, .failed_at = KAD_INSTANT_NONE};
    c->name = KAD_STR(HANDOUT_CURSOR);
    c->error = (struct kad_str){0};
    c->retry_at = KAD_INSTANT_NONE;
    kad_arena_done(&a);
    return err;
}

void kad_service_write_rest(struct service *s)
{
    struct job *j = &s->job;
    if (s->rows.n == 0)
        return;
    *j = (struct job){.arena = j->arena};
    j->rows.v = s->rows.v;
    j->rows.n = s->rows.n;
    work(s);
}

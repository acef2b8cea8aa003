#include "cli/sink.h"

#include <sodium.h>
#include <stdlib.h>

#include "cli/transfer.h"
#include "core/clock.h"

#define RECORDS_A_TURN 500 /* read of the log before others have their turn */
#define LOOK_MS 20000
#define SAVE_MS 1000     /* cursors that moved are written together, not each at once */
#define SAVE_EVERY 10000 /* records passed over without a message, before that is written down */
#define RETRY_FIRST_MS 1000
#define RETRY_LONGEST_MS (15u * 60 * 1000)
#define ROW_VERSION 1
#define ERROR_MOST 200

struct kad_sink {
    struct kad_sinks *all;
    const struct kad_sink_ops *ops;
    void *state;
    struct kad_sink_cursor c; /* its strings are below */
    char name[KAD_LIMIT_NAME + 1];
    char error[ERROR_MOST + 1];
    uint64_t taken;     /* the last record of the batch that is being made or under way */
    uint64_t n_taken;   /* messages in it */
    uint64_t saved_seq; /* as last written */
    bool busy, waiting, dirty;
    bool said; /* the trouble that it is in, since we began */
    struct kad_timer *retry;
};

struct kad_sinks {
    struct kad_sink_host host;
    struct kad_sink **v;
    size_t n;
    struct kad_timer *pump, *look, *save;
    struct kad_transfers *transfers;
    struct kad_arena arena; /* one turn's */
    char ledger[33];
};

/* --- the row --- */

void kad_sink_cursor_put(struct kad_buf *b, const struct kad_sink_cursor *c)
{
    kad_buf_putc(b, ROW_VERSION);
    kad_buf_be64(b, c->seq);
    kad_buf_be64(b, c->delivered);
    kad_buf_be64(b, c->refused);
    kad_buf_be64(b, c->failures);
    kad_buf_be32(b, (uint32_t)c->day);
    kad_buf_be64(b, (uint64_t)c->at);
    kad_buf_be64(b, (uint64_t)c->failed_at);
    kad_buf_be64(b, (uint64_t)c->retry_at);
    kad_buf_be16(b, (uint16_t)c->error.n);
    kad_buf_put(b, c->error.p, c->error.n);
}

bool kad_sink_cursor_read(struct kad_str name, struct kad_str bytes, struct kad_sink_cursor *ret)
{
    struct kad_rd rd = {(const uint8_t *)bytes.p, bytes.n, 0};
    if (kad_rd_u8(&rd) != ROW_VERSION)
        return false;
    *ret = (struct kad_sink_cursor){.name = name};
    ret->seq = kad_rd_be64(&rd);
    ret->delivered = kad_rd_be64(&rd);
    ret->refused = kad_rd_be64(&rd);
    ret->failures = kad_rd_be64(&rd);
    ret->day = (kad_day)kad_rd_be32(&rd);
    ret->at = (kad_instant)kad_rd_be64(&rd);
    ret->failed_at = (kad_instant)kad_rd_be64(&rd);
    ret->retry_at = (kad_instant)kad_rd_be64(&rd);
    ret->error.n = kad_rd_be16(&rd);
    ret->error.p = (const char *)kad_rd_bytes(&rd, ret->error.n);
    return !rd.bad && rd.n == 0 && kad_utf8_valid(ret->error, NULL);
}

static void save_now(void *ctx)
{
    struct kad_sinks *all = ctx;
    struct kad_arena *a = &all->arena;
    struct kad_str *names = kad_arena_array(a, struct kad_str, all->n);
    struct kad_str *rows = kad_arena_array(a, struct kad_str, all->n);
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        struct kad_sink *s = all->v[i];
        struct kad_buf b = {0};
        if (!s->dirty)
            continue;
        kad_sink_cursor_put(&b, &s->c);
        names[n] = s->c.name;
        rows[n++] = kad_str_dup(a, (struct kad_str){b.p, b.n});
        kad_buf_done(&b);
        s->dirty = false;
        s->saved_seq = s->c.seq;
    }
    if (n)
        all->host.save(all->host.ctx, names, rows, n);
    kad_arena_reset(a);
}

static void save_soon(struct kad_sink *s)
{
    s->dirty = true;
    if (!kad_timer_runs(s->all->save))
        kad_timer_start(s->all->save, SAVE_MS);
}

/* --- feeding --- */

static void pump_soon(struct kad_sinks *all)
{
    if (!kad_timer_runs(all->pump))
        kad_timer_start(all->pump, 0);
}

/* What is taken is behind us without anybody having been told. */
static void pass(struct kad_sink *s)
{
    s->c.seq = s->taken;
    if (s->c.seq - s->saved_seq >= SAVE_EVERY)
        save_soon(s);
}

/* Hand records over until the batch is full or the log ends; false: the turn is over before that. */
static enum kad_err feed(struct kad_sink *s, struct kad_snapshot *snap, uint64_t last,
                         bool *ret_whole, struct kad_error *reterr)
{
    struct kad_sinks *all = s->all;
    struct kad_engine *e = all->host.engine(all->host.ctx);
    for (size_t read = 0; s->taken < last && s->n_taken < s->ops->batch; read++) {
        struct kad_str bytes;
        struct kad_record r;
        struct kad_message m;
        *ret_whole = false;
        if (read == RECORDS_A_TURN)
            return KAD_OK;
        if (kad_snapshot_record(snap, s->taken + 1, &bytes, reterr) != KAD_OK ||
            kad_record_decode(bytes, &all->arena, false, &r, reterr) != KAD_OK)
            return reterr->code;
        /* Decoded as it lies there: what is sealed stays so, and no key is asked for. */
        s->taken++;
        bool tell = kad_message_is(r.kind);
        if (tell) {
            kad_message_make(e, &r, &all->arena, &m);
            s->n_taken++;
        }
        if (tell || s->ops->records)
            s->ops->take(s, &r, tell ? &m : NULL);
        kad_arena_reset(&all->arena);
    }
    *ret_whole = true;
    return KAD_OK;
}

/* True: there is more to do for it in another turn. */
static bool pump_one(struct kad_sink *s, struct kad_snapshot *snap, uint64_t last)
{
    struct kad_error error = {0};
    bool whole = true;
    if (s->busy || s->waiting || (s->ops->ready && !s->ops->ready(s)))
        return false;
    if (feed(s, snap, last, &whole, &error) != KAD_OK) {
        /* The ledger cannot be read: not this sink's fault, and told by whoever runs us. */
        s->all->host.log(s->all->host.ctx, s->c.name, error.text);
        return false;
    }
    if (!whole)
        return true;
    if (s->n_taken > 0 || (s->ops->pending && s->ops->pending(s)) ||
        (s->ops->records && s->taken > s->c.seq)) {
        s->busy = true;
        s->ops->flush(s);
    } else {
        pass(s);
    }
    return false;
}

static void pump(void *ctx)
{
    struct kad_sinks *all = ctx;
    struct kad_error error = {0};
    struct kad_snapshot *snap = NULL;
    struct kad_ledger_state state;
    bool more = false;
    struct kad_ledger *l = kad_engine_ledger(all->host.engine(all->host.ctx));
    if (kad_snapshot_take(l, &snap, &error) == KAD_OK &&
        kad_snapshot_state(snap, &state, &error) == KAD_OK)
        for (size_t i = 0; i < all->n; i++)
            more = pump_one(all->v[i], snap, state.last_seq) || more;
    kad_snapshot_release(snap);
    if (more)
        pump_soon(all);
}

static void look(void *ctx)
{
    struct kad_sinks *all = ctx;
    pump_soon(all);
    kad_timer_start(all->look, LOOK_MS);
}

void kad_sinks_poke(struct kad_sinks *all)
{
    pump_soon(all);
}

/* --- answers --- */

/* Half of the wait for certain, half of it by chance: many who failed together come back apart. */
static uint64_t wait_ms(const struct kad_sink *s, uint64_t at_least)
{
    uint64_t ms = s->all->host.retry_first_ms ? s->all->host.retry_first_ms : RETRY_FIRST_MS;
    for (uint64_t i = 1; i < s->c.failures && ms < RETRY_LONGEST_MS; i++)
        ms *= 2;
    ms = ms < RETRY_LONGEST_MS ? ms : RETRY_LONGEST_MS;
    ms = ms / 2 + randombytes_uniform((uint32_t)(ms / 2 + 1));
    return ms > at_least ? ms : at_least;
}

static void set_error(struct kad_sink *s, const char *text)
{
    struct kad_buf safe = {0};
    kad_text_put_safe(&safe, kad_str(text));
    size_t n = safe.n < ERROR_MOST ? safe.n : ERROR_MOST;
    while (n > 0 && n < safe.n && ((unsigned char)safe.p[n] & 0xc0) == 0x80)
        n--;
    memcpy(s->error, kad_buf_str(&safe), n);
    s->error[n] = '\0';
    s->c.error = (struct kad_str){s->error, n};
    kad_buf_done(&safe);
}

static void try_again(void *ctx)
{
    struct kad_sink *s = ctx;
    s->waiting = false;
    pump_soon(s->all);
}

static void failed(struct kad_sink *s, uint64_t retry_ms, const char *text)
{
    const struct kad_sink_host *h = &s->all->host;
    char before[sizeof s->error];
    memcpy(before, s->error, sizeof before);
    set_error(s, text);
    bool news = !s->said || strcmp(before, s->error) != 0;
    s->said = true;
    s->c.failures++;
    uint64_t ms = wait_ms(s, retry_ms);
    s->c.failed_at = h->now(h->ctx);
    s->c.retry_at = s->c.failed_at + (kad_instant)ms * 1000;
    s->taken = s->c.seq;
    s->waiting = true;
    kad_timer_start(s->retry, ms);
    if (news)
        h->log(h->ctx, s->c.name, s->error);
}

void kad_sink_answer(struct kad_sink *s, enum kad_sink_result result, uint64_t retry_ms,
                     const char *text)
{
    const struct kad_sink_host *h = &s->all->host;
    kad_assert(s->busy);
    s->busy = false;
    if (result == KAD_SINK_FAILED) {
        failed(s, retry_ms, text);
    } else {
        bool again = s->c.failures > 0;
        s->said = false;
        uint64_t n = s->n_taken;
        s->c.seq = s->taken;
        s->c.failures = 0;
        s->c.retry_at = KAD_INSTANT_NONE;
        if (s->ops->digest) {
            s->c.day = kad_clock_day(h->now(h->ctx));
            n = text ? 1 : 0;
        }
        if (result == KAD_SINK_REFUSED) {
            s->c.refused += n;
            s->c.failed_at = h->now(h->ctx);
            set_error(s, text);
            h->log(h->ctx, s->c.name, s->error);
        } else if (n) {
            s->c.delivered += n;
            s->c.at = h->now(h->ctx);
            s->c.error = (struct kad_str){0};
        }
        if (again && result == KAD_SINK_DELIVERED)
            h->log(h->ctx, s->c.name, _("works again"));
    }
    s->n_taken = 0;
    save_soon(s);
    pump_soon(s->all);
}

void *kad_sink_state(struct kad_sink *s)
{
    return s->state;
}
const struct kad_sink_host *kad_sink_host_of(struct kad_sink *s)
{
    return &s->all->host;
}
const struct kad_sink_cursor *kad_sink_cursor_of(struct kad_sink *s)
{
    return &s->c;
}
const char *kad_sink_ledger(struct kad_sink *s)
{
    return s->all->ledger;
}

void kad_sinks_own(struct kad_sinks *all, struct kad_transfers *t)
{
    all->transfers = t;
}

const struct kad_sink_host *kad_sinks_host(struct kad_sinks *all)
{
    return &all->host;
}

struct kad_loop *kad_sinks_loop(struct kad_sinks *all)
{
    return all->host.loop;
}

/* --- all of them --- */

/* The ledger's last record, and the sink's row; in the turn's arena. */
static enum kad_err load(const struct kad_sink *s, uint64_t *ret_last, struct kad_str *ret_row,
                         struct kad_error *reterr)
{
    struct kad_sinks *all = s->all;
    struct kad_snapshot *snap;
    struct kad_ledger_state state = {0};
    struct kad_ledger *l = kad_engine_ledger(all->host.engine(all->host.ctx));
    enum kad_err err = kad_snapshot_take(l, &snap, reterr);
    if (err != KAD_OK)
        return err;
    err = kad_snapshot_state(snap, &state, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_cursor(snap, s->c.name, &all->arena, ret_row, reterr);
    kad_snapshot_release(snap);
    *ret_last = state.last_seq;
    return err;
}

static enum kad_err place(struct kad_sink *s, bool from_start, struct kad_error *reterr)
{
    struct kad_str row = {0};
    uint64_t last = 0;
    struct kad_sink_cursor c;
    if (load(s, &last, &row, reterr) != KAD_OK)
        return reterr->code;
    if (row.n && kad_sink_cursor_read(s->c.name, row, &c) && c.seq <= last) {
        s->c = c;
        set_error(s, kad_arena_strndup(&s->all->arena, c.error.p, c.error.n));
    } else {
        /* None yet; or of a ledger that was longer, before a backup was restored. */
        s->c.seq = from_start ? 0 : last;
        save_soon(s);
    }
    s->taken = s->saved_seq = s->c.seq;
    kad_arena_reset(&s->all->arena);
    return KAD_OK;
}

enum kad_err kad_sink_add(struct kad_sinks *all, const struct kad_sink_ops *ops, const char *name,
                          bool from_start, void *state, struct kad_error *reterr)
{
    struct kad_sink *s = kad_xalloc(sizeof *s);
    kad_assert(ops->batch > 0 && strlen(name) < sizeof s->name);
    s->all = all;
    s->ops = ops;
    s->state = state;
    strcpy(s->name, name);
    s->c = (struct kad_sink_cursor){.name = kad_str(s->name),
                                    .day = KAD_DAY_NONE,
                                    .at = KAD_INSTANT_NONE,
                                    .failed_at = KAD_INSTANT_NONE,
                                    .retry_at = KAD_INSTANT_NONE};
    s->retry = kad_timer_new(all->host.loop, try_again, s);
    all->v = kad_xrealloc(all->v, (all->n + 1) * sizeof(struct kad_sink *));
    all->v[all->n++] = s;
    pump_soon(all);
    return place(s, from_start, reterr);
}

struct kad_sinks *kad_sinks_new(const struct kad_sink_host *host)
{
    struct kad_sinks *all = kad_xalloc(sizeof *all);
    all->host = *host;
    kad_arena_init(&all->arena);
    memcpy(all->ledger, kad_ledger_info(kad_engine_ledger(host->engine(host->ctx)))->id,
           sizeof all->ledger);
    all->pump = kad_timer_new(host->loop, pump, all);
    all->look = kad_timer_new(host->loop, look, all);
    all->save = kad_timer_new(host->loop, save_now, all);
    look(all);
    return all;
}

bool kad_sinks_idle(const struct kad_sinks *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->v[i]->busy || all->v[i]->waiting)
            return false;
    return !kad_timer_runs(all->pump);
}

size_t kad_sinks_cursors(const struct kad_sinks *all, size_t max, struct kad_sink_cursor *ret)
{
    for (size_t i = 0; i < all->n && i < max; i++)
        ret[i] = all->v[i]->c;
    return all->n;
}

void kad_sinks_close(struct kad_sinks *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->n; i++) {
        struct kad_sink *s = all->v[i];
        if (s->c.seq > s->saved_seq)
            s->dirty = true;
        s->ops->close(s);
        kad_timer_free(s->retry);
    }
    save_now(all);
    kad_transfers_free(all->transfers);
    kad_timer_free(all->pump);
    kad_timer_free(all->look);
    kad_timer_free(all->save);
    for (size_t i = 0; i < all->n; i++)
        free(all->v[i]);
    free(all->v);
    kad_arena_done(&all->arena);
    free(all);
}

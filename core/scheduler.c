/* Stepping: what has come, in order of moment, one transaction at a time. */
#include "core/scheduler.h"

#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/scheduler_priv.h"

#define PAGE 128            /* subjects taken from an index at a time */
#define WAITING_MAX 10000   /* counted so far for who asks */

/* A subject that a policy names and that no record is about yet: it has no row, so its moment is kept
 * here. Its first record, which may well be ours, gives it one. */
struct named {
    struct kad_str key;
    kad_instant next;
};

struct kad_scheduler {
    struct kad_engine *e;
    struct kad_scheduler_clock clock;
    bool seen; /* the clock has been believed before, at: */
    kad_instant seen_now;
    int64_t seen_elapsed;
    struct kad_arena arena; /* of `named` */
    kad_vec(struct named) named;
    bool named_loaded;
    uint64_t named_change; /* the adoption they were read for */
};

struct kad_scheduler *kad_scheduler_new(struct kad_engine *e,
                                        const struct kad_scheduler_clock *clock)
{
    kad_assert(e && clock && clock->now);
    struct kad_scheduler *s = kad_xalloc(sizeof *s);
    s->e = e;
    s->clock = *clock;
    kad_arena_init(&s->arena);
    return s;
}

void kad_scheduler_free(struct kad_scheduler *s)
{
    if (!s)
        return;
    kad_arena_done(&s->arena);
    free(s);
}

static int64_t ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t); /* a stopwatch, not the time of day */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- the clock --- */

static bool is_behind(kad_instant now, kad_instant last_at, kad_instant reached)
{
    kad_instant latest = last_at > reached ? last_at : reached;
    return latest != KAD_INSTANT_NONE && now < latest - KAD_CLOCK_BEHIND;
}

static enum kad_scheduler_wait judge_clock(struct kad_scheduler *s, kad_instant now,
                                           kad_instant last_at, kad_instant reached)
{
    int64_t elapsed = s->clock.elapsed ? s->clock.elapsed(s->clock.ctx) : 0;
    if (is_behind(now, last_at, reached))
        return KAD_WAIT_BEHIND;
    if (s->seen && s->clock.elapsed &&
        now - s->seen_now > elapsed - s->seen_elapsed + KAD_CLOCK_AHEAD)
        return KAD_WAIT_AHEAD;
    s->seen = true;
    s->seen_now = now;
    s->seen_elapsed = elapsed;
    return KAD_WAIT_NO;
}

void kad_scheduler_trust(struct kad_scheduler *s)
{
    s->seen = false;
}

/* --- subjects without records --- */

static enum kad_err has_row(struct kad_snapshot *v, struct kad_str key, bool *ret,
                            struct kad_error *reterr)
{
    struct kad_subject_info info;
    struct kad_error why = {0};
    enum kad_err err = kad_snapshot_subject(v, key, &info, &why);
    *ret = err == KAD_OK;
    return err == KAD_OK || err == KAD_ENOTFOUND ? KAD_OK : kad_fail(reterr, err, "%s", why.text);
}

/* All that the policies name now, to be looked at at once. */
static enum kad_err load_named(struct kad_scheduler *s, struct kad_snapshot *v,
                               struct kad_error *reterr)
{
    struct kad_str *keys = NULL;
    enum kad_err err = KAD_OK;
    kad_arena_reset(&s->arena);
    s->named.v = NULL;
    s->named.n = s->named.cap = 0;
    size_t n = kad_named_keys(&s->e->all, &s->arena, &keys);
    for (size_t i = 0; !err && i < n; i++) {
        bool stored = false;
        err = has_row(v, keys[i], &stored, reterr);
        struct named one = {kad_str_dup(&s->arena, keys[i]), KAD_DUE_NOW};
        if (!err && !stored)
            kad_vec_push(&s->arena, &s->named, one);
    }
    s->named_loaded = err == KAD_OK;
    s->named_change = s->e->last_change;
    return err;
}

static bool named_stale(const struct kad_scheduler *s)
{
    return !s->named_loaded || s->named_change != s->e->last_change;
}

static kad_instant named_next(const struct kad_scheduler *s)
{
    kad_instant next = KAD_DUE_NEVER;
    for (size_t i = 0; i < s->named.n; i++)
        if (s->named.v[i].next < next)
            next = s->named.v[i].next;
    return next;
}

/* --- is there anything to do? --- */

static kad_instant first_moment(const struct kad_due *v, size_t n)
{
    return n > 0 ? v[0].moment : KAD_DUE_NEVER;
}

/* Has a day's `issue at` come for any policy since? Then the place is written down even when nobody
 * had anything on that day: what is recorded from now on must not be issued for the days before. */
static bool day_turned(const struct kad_engine *e, kad_instant reached, kad_instant until)
{
    bool turned = false;
    for (size_t i = 0; i < e->all.n; i++) {
        const struct kad_policy *p = e->all.v[i].policy;
        if (p)
            turned = turned || kad_clock_day_at(until, p->issue_at) >
                                   kad_clock_day_at(reached, p->issue_at);
    }
    return turned;
}

struct peek {
    struct kad_progress_mark mark;
    struct kad_ledger_state state;
    uint64_t adopted; /* the last record that changes policies */
    kad_instant first;
};

static enum kad_err peek(struct kad_engine *e, struct kad_arena *a, struct peek *ret,
                         struct kad_error *reterr)
{
    struct kad_snapshot *v = NULL;
    struct kad_due due;
    uint64_t *seqs = NULL;
    size_t n = 0, n_seqs = 0;
    enum kad_err err = kad_snapshot_take(e->ledger, &v, reterr);
    if (!err)
        err = kad_snapshot_mark(v, a, &ret->mark, reterr);
    if (!err)
        err = kad_snapshot_state(v, &ret->state, reterr);
    if (!err)
        err = kad_snapshot_adopted(v, a, &seqs, &n_seqs, reterr);
    if (!err)
        err = kad_snapshot_due(v, KAD_DUE_NEVER, 1, a, &due, &n, reterr);
    kad_snapshot_release(v);
    ret->first = first_moment(&due, n);
    ret->adopted = n_seqs > 0 ? seqs[n_seqs - 1] : 0;
    return err;
}

static bool has_work(const struct kad_scheduler *s, const struct peek *p, kad_instant until)
{
    return p->mark.reached == KAD_INSTANT_NONE || p->adopted != p->mark.swept ||
           p->first <= until || named_stale(s) || named_next(s) <= until ||
           day_turned(s->e, p->mark.reached, until);
}

/* --- one transaction --- */

struct work {
    struct kad_scheduler *s;
    struct kad_batch *b;
    kad_instant until, now;
    struct kad_budget budget;
    int64_t began;
    struct kad_progress_mark mark;
    struct kad_arena keep, page, one;
    struct kad_step *step;
    struct kad_error *err;
};

static bool spent(const struct work *w)
{
    return w->step->records >= w->budget.records ||
           (w->step->subjects > 0 && ticks() - w->began >= w->budget.ns);
}

/* At a moment; KAD_DUE_NOW: it was written to since the last one that was done. */
static enum kad_err look(struct work *w, struct kad_str subject, bool stored, kad_instant moment,
                         kad_instant *ret_next)
{
    kad_arena_reset(&w->one);
    struct kad_look l = {.e = w->s->e,
                         .b = w->b,
                         .a = &w->one,
                         .subject = subject,
                         .stored = stored,
                         .at = moment == KAD_DUE_NOW ? w->mark.reached : moment,
                         .fresh = moment == KAD_DUE_NOW,
                         .until = w->until,
                         .now = w->s->clock.given ? w->now : KAD_INSTANT_NONE};
    if (l.now != KAD_INSTANT_NONE && w->b->state.last_at > l.now)
        l.now = w->b->state.last_at;
    enum kad_err err = kad_look(&l, w->err);
    w->step->subjects++;
    w->step->records += l.records;
    if (l.records > 0)
        w->step->last = l.last;
    *ret_next = l.next;
    if (!err && (stored || l.records > 0))
        err = kad_txn_set_due(w->b->txn, subject, l.next, w->err);
    return err;
}

/* Those without records whose moment has come by `until`; *ret_done is false when the budget ended
 * before. */
static enum kad_err look_named(struct work *w, kad_instant until, bool *ret_done)
{
    struct kad_scheduler *s = w->s;
    enum kad_err err = KAD_OK;
    *ret_done = true;
    for (size_t i = 0; !err && i < s->named.n; i++) {
        struct named *x = &s->named.v[i];
        if (x->next > until)
            continue;
        if (spent(w)) {
            *ret_done = false;
            return KAD_OK;
        }
        bool stored = false;
        err = has_row(w->b->view, x->key, &stored, w->err);
        if (!err && !stored)
            err = look(w, x->key, false, x->next, &x->next);
        if (!err)
            err = has_row(w->b->view, x->key, &stored, w->err);
        if (!err && stored) { /* its row has its moment now */
            s->named.v[i] = s->named.v[--s->named.n];
            i--;
        }
    }
    return err;
}

/* Everybody, since an adoption: as of the last moment that was done. */
static enum kad_err sweep(struct work *w, uint64_t adopted, bool *ret_done)
{
    struct kad_subject_info infos[PAGE];
    size_t n = PAGE;
    enum kad_err err = KAD_OK;
    *ret_done = false;
    if (w->mark.sweeping != adopted) {
        w->mark.sweeping = adopted;
        w->mark.at = (struct kad_str){0};
    }
    while (!err && n == PAGE) {
        kad_arena_reset(&w->page);
        err = kad_snapshot_subjects(w->b->view, w->mark.at, PAGE, &w->page, infos, &n, w->err);
        struct kad_str at = w->mark.at;
        for (size_t i = 0; !err && i < n; i++) {
            kad_instant next;
            if (spent(w)) {
                w->mark.at = kad_str_dup(&w->keep, at);
                return KAD_OK;
            }
            err = look(w, infos[i].key, true, KAD_DUE_NOW, &next);
            at = infos[i].key;
        }
        w->mark.at = kad_str_dup(&w->keep, at);
    }
    if (err)
        return err;
    w->mark.swept = adopted;
    w->mark.sweeping = 0;
    w->mark.at = (struct kad_str){0};
    *ret_done = true;
    return KAD_OK;
}

/* The entries of the first moment that has come; *ret_more says whether there were any. */
static enum kad_err look_first(struct work *w, bool *ret_more)
{
    struct kad_due v[PAGE];
    size_t n = 0;
    bool done = true;
    *ret_more = false;
    kad_arena_reset(&w->page);
    enum kad_err err = kad_txn_flush_due(w->b->txn, w->err);
    if (!err)
        err = kad_snapshot_due(w->b->view, w->until, PAGE, &w->page, v, &n, w->err);
    kad_instant moment = first_moment(v, n), named = named_next(w->s);
    moment = named < moment ? named : moment;
    if (err || moment > w->until)
        return err;
    *ret_more = true;
    /* All before it is done, and it is not until its last entry is: what is written to meanwhile loses
     * its entry, and is looked at from here. */
    if (moment != KAD_DUE_NOW && moment - 1 > w->mark.reached)
        w->mark.reached = moment - 1;
    err = look_named(w, moment, &done);
    for (size_t i = 0; !err && done && i < n && v[i].moment == moment && !spent(w); i++) {
        kad_instant next;
        err = look(w, v[i].subject, true, moment, &next);
    }
    return err;
}

static enum kad_err do_work(struct work *w)
{
    struct kad_scheduler *s = w->s;
    bool more = true, done = true;
    enum kad_err err = kad_snapshot_mark(w->b->view, &w->keep, &w->mark, w->err);
    if (!err && w->mark.reached == KAD_INSTANT_NONE) {
        /* The first time: everybody is marked by what was written, and is looked at as of now. */
        w->mark.reached = w->until;
        w->mark.swept = s->e->last_change;
    }
    if (!err && named_stale(s))
        err = load_named(s, w->b->view, w->err);
    if (!err && w->mark.swept != s->e->last_change)
        err = sweep(w, s->e->last_change, &done);
    while (!err && done && more && !spent(w))
        err = look_first(w, &more);
    w->step->more = !done || more;
    if (!err && !w->step->more && w->until > w->mark.reached)
        w->mark.reached = w->until;
    return err;
}

static bool marks_equal(const struct kad_progress_mark *a, const struct kad_progress_mark *b)
{
    return a->reached == b->reached && a->swept == b->swept && a->sweeping == b->sweeping &&
           kad_str_eq(a->at, b->at);
}

/* When to come again, as far as this transaction knows. */
static enum kad_err find_next(struct work *w)
{
    struct kad_due due;
    size_t n = 0;
    enum kad_err err = kad_txn_flush_due(w->b->txn, w->err);
    if (!err)
        err = kad_snapshot_due(w->b->view, KAD_DUE_NEVER, 1, &w->page, &due, &n, w->err);
    kad_instant next = first_moment(&due, n), named = named_next(w->s);
    w->step->next = named < next ? named : next;
    return err;
}

static enum kad_err transact(struct work *w, const struct peek *before)
{
    struct kad_batch_options o = {.scheduler = true};
    enum kad_err err = kad_batch_begin(w->s->e, &o, &w->b, w->err);
    if (err)
        return err;
    err = do_work(w);
    if (!err)
        err = find_next(w);
    if (!err && !marks_equal(&w->mark, &before->mark))
        err = kad_txn_set_mark(w->b->txn, &w->mark, w->err);
    if (err)
        kad_batch_abort(w->b);
    else
        err = kad_batch_commit(w->b, w->err);
    if (err)
        w->s->named_loaded = false; /* what was worked out for them may not stand */
    return err;
}

enum kad_err kad_scheduler_step(struct kad_scheduler *s, kad_instant until, struct kad_budget budget,
                                struct kad_step *ret, struct kad_error *reterr)
{
    kad_assert(s && ret && budget.records > 0);
    struct work w = {.s = s, .budget = budget, .step = ret, .err = reterr, .began = ticks()};
    struct peek p = {0};
    *ret = (struct kad_step){.next = KAD_DUE_NEVER};
    w.now = s->clock.now(s->clock.ctx);
    w.until = until < w.now ? until : w.now;
    kad_arena_init(&w.keep);
    kad_arena_init(&w.page);
    kad_arena_init(&w.one);
    enum kad_err err = peek(s->e, &w.keep, &p, reterr);
    if (!err)
        ret->waits = judge_clock(s, w.now, p.state.last_at, p.mark.reached);
    if (!err && ret->waits == KAD_WAIT_NO && p.state.last_seq > 0) {
        kad_instant named = named_next(s);
        ret->next = named < p.first ? named : p.first;
        if (has_work(s, &p, w.until))
            err = transact(&w, &p);
    }
    kad_arena_done(&w.keep);
    kad_arena_done(&w.page);
    kad_arena_done(&w.one);
    return err;
}

/* --- for who asks --- */

enum kad_err kad_scheduler_state(struct kad_engine *e, kad_instant now,
                                 struct kad_scheduler_state *ret, struct kad_error *reterr)
{
    kad_assert(e && ret);
    struct peek p = {0};
    struct kad_arena a;
    struct kad_snapshot *v = NULL;
    *ret = (struct kad_scheduler_state){.next = KAD_DUE_NEVER};
    kad_arena_init(&a);
    enum kad_err err = peek(e, &a, &p, reterr);
    if (!err)
        err = kad_snapshot_take(e->ledger, &v, reterr);
    if (!err)
        err = kad_snapshot_due_count(v, WAITING_MAX, &ret->subjects, &ret->waiting, reterr);
    kad_snapshot_release(v);
    ret->begun = p.mark.reached != KAD_INSTANT_NONE;
    ret->reached = p.mark.reached;
    ret->next = p.first;
    ret->sweeping = ret->begun && p.mark.swept != p.adopted;
    if (is_behind(now, p.state.last_at, p.mark.reached))
        ret->waits = KAD_WAIT_BEHIND;
    if (ret->next != KAD_DUE_NOW && ret->next < now)
        ret->lag = now - ret->next;
    kad_arena_done(&a);
    return err;
}

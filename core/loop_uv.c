#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "core/loop.h"
#include "core/text.h"

#define WALL_LONGEST_US INT64_C(60000000) /* never asleep longer */
#define WALL_JUMP_US INT64_C(1000000)     /* less is a clock being steered, not set */

struct kad_loop {
    uv_loop_t uv;
    bool ending; /* being freed: nothing is told any more but work that is done */
    size_t working;
};

/* What every thing on the loop begins with: its handle, whose `data` is the thing itself. */
union handle {
    uv_handle_t any;
    uv_timer_t timer;
    uv_poll_t poll;
    uv_signal_t signal;
    uv_fs_event_t fs;
};
struct thing {
    union handle h;
    struct kad_loop *loop;
    void *ctx;
    char *path; /* of a file watch */
    int fd;     /* closed with the thing; -1: none */
};
struct kad_timer {
    struct thing t;
    kad_loop_fn fn;
};
struct kad_wall {
    struct thing t;
    kad_wall_fn fn;
    kad_instant at;
    int64_t offset; /* wall minus time since boot, as at the last look */
};
struct kad_watch {
    struct thing t;
    kad_watch_fn fn;
    unsigned what; /* is asked for */
};
struct kad_signal {
    struct thing t;
    kad_loop_fn fn;
};
struct kad_file_watch {
    struct thing t;
    kad_loop_fn fn;
};

static void *thing_new(struct kad_loop *l, size_t size, void *ctx)
{
    kad_assert(l && !l->ending);
    struct thing *t = kad_xalloc(size);
    t->loop = l;
    t->ctx = ctx;
    t->fd = -1;
    return t;
}

static void on_closed(uv_handle_t *h)
{
    struct thing *t = h->data;
    if (t->fd >= 0)
        close(t->fd);
    free(t->path);
    free(t);
}

static void thing_free(struct thing *t)
{
    if (t && !uv_is_closing(&t->h.any))
        uv_close(&t->h.any, on_closed);
}

/* A handle that libuv refused was never on the loop. */
static enum kad_err refuse(struct thing *t, int code, enum kad_err err, struct kad_error *reterr)
{
    if (t->fd >= 0)
        close(t->fd);
    free(t->path);
    free(t);
    return kad_fail(reterr, err, _("The event loop cannot do that: %s."), uv_strerror(code));
}

/* --- the loop --- */

enum kad_err kad_loop_new(struct kad_loop **ret, struct kad_error *reterr)
{
    struct kad_loop *l = kad_xalloc(sizeof *l);
    int code = uv_loop_init(&l->uv);
    if (code != 0) {
        free(l);
        return kad_fail(reterr, KAD_EIO, _("The event loop cannot be made: %s."),
                        uv_strerror(code));
    }
    *ret = l;
    return KAD_OK;
}

static void close_one(uv_handle_t *h, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(h))
        uv_close(h, on_closed);
}

void kad_loop_free(struct kad_loop *l)
{
    if (!l)
        return;
    l->ending = true;
    while (l->working)
        uv_run(&l->uv, UV_RUN_ONCE);
    uv_walk(&l->uv, close_one, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    int code = uv_loop_close(&l->uv);
    kad_assert(code == 0);
    free(l);
}

void kad_loop_run(struct kad_loop *l)
{
    kad_assert(!l->ending);
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

void kad_loop_stop(struct kad_loop *l)
{
    uv_stop(&l->uv);
}

uint64_t kad_loop_ms(struct kad_loop *l)
{
    uv_update_time(&l->uv);
    return uv_now(&l->uv);
}

/* --- timers --- */

static void on_timer(uv_timer_t *h)
{
    struct kad_timer *t = h->data;
    if (!t->t.loop->ending)
        t->fn(t->t.ctx);
}

struct kad_timer *kad_timer_new(struct kad_loop *l, kad_loop_fn fn, void *ctx)
{
    struct kad_timer *t = thing_new(l, sizeof *t, ctx);
    t->fn = fn;
    int code = uv_timer_init(&l->uv, &t->t.h.timer);
    kad_assert(code == 0);
    t->t.h.any.data = t;
    return t;
}

void kad_timer_start(struct kad_timer *t, uint64_t ms)
{
    /* The loop's idea of now is as old as this turn; a timer counts from the call. */
    uv_update_time(&t->t.loop->uv);
    int code = uv_timer_start(&t->t.h.timer, on_timer, ms, 0);
    kad_assert(code == 0);
}

void kad_timer_stop(struct kad_timer *t)
{
    uv_timer_stop(&t->t.h.timer);
}

bool kad_timer_runs(const struct kad_timer *t)
{
    return uv_is_active(&t->t.h.any);
}

void kad_timer_free(struct kad_timer *t)
{
    thing_free(t ? &t->t : NULL);
}

/* --- the clock on the wall --- */

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    int got = clock_gettime(clock, &now);
    kad_assert(got == 0);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Of what the wall shows against the time since boot (which counts the machine's sleep): that
 * difference changes only when somebody sets the clock. */
static int64_t wall_offset(void)
{
    return clock_us(CLOCK_REALTIME) - clock_us(CLOCK_BOOTTIME);
}

static void wall_arm(struct kad_wall *w)
{
    int64_t now = clock_us(CLOCK_REALTIME), at = now + WALL_LONGEST_US;
    if (w->at != KAD_INSTANT_NONE && w->at < at)
        at = w->at > now ? w->at : now;
    /* A time of 0 would disarm it: a clock at 1970 still goes on. */
    if (at <= 0)
        at = 1;
    struct itimerspec when = {
        .it_value = {.tv_sec = at / 1000000, .tv_nsec = (at % 1000000) * 1000}};
    const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    int got = timerfd_settime(w->t.fd, flags, &when, NULL);
    /* The clock was set since the last look: that look is due now. */
    if (got != 0 && errno == ECANCELED) {
        when.it_value = (struct timespec){.tv_nsec = 1};
        got = timerfd_settime(w->t.fd, flags, &when, NULL);
    }
    kad_assert(got == 0 || errno == ECANCELED);
}

static void on_wall(uv_poll_t *h, int status, int events)
{
    struct kad_wall *w = h->data;
    uint64_t times;
    (void)status;
    (void)events;
    if (w->t.loop->ending)
        return;
    /* Whatever it says (a number, ECANCELED, nothing yet): look at the clocks themselves. */
    ssize_t got = read(w->t.fd, &times, sizeof times);
    (void)got;
    int64_t offset = wall_offset(), jumped = offset - w->offset;
    kad_instant now = clock_us(CLOCK_REALTIME);
    w->offset = offset;
    if (llabs(jumped) < WALL_JUMP_US)
        jumped = 0;
    bool reached = w->at != KAD_INSTANT_NONE && w->at <= now;
    if (reached)
        w->at = KAD_INSTANT_NONE;
    /* Armed before the call, which may set another instant or free the whole thing. */
    wall_arm(w);
    if (reached || jumped)
        w->fn(w->t.ctx, now, jumped);
}

enum kad_err kad_wall_new(struct kad_loop *l, kad_wall_fn fn, void *ctx, struct kad_wall **ret,
                          struct kad_error *reterr)
{
    struct kad_wall *w = thing_new(l, sizeof *w, ctx);
    w->fn = fn;
    w->at = KAD_INSTANT_NONE;
    w->offset = wall_offset();
    w->t.fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (w->t.fd < 0)
        return refuse(&w->t, -errno, KAD_EIO, reterr);
    int code = uv_poll_init(&l->uv, &w->t.h.poll, w->t.fd);
    if (code != 0)
        return refuse(&w->t, code, KAD_EIO, reterr);
    w->t.h.any.data = w;
    wall_arm(w);
    uv_poll_start(&w->t.h.poll, UV_READABLE, on_wall);
    *ret = w;
    return KAD_OK;
}

void kad_wall_set(struct kad_wall *w, kad_instant at)
{
    w->at = at;
    wall_arm(w);
}

void kad_wall_free(struct kad_wall *w)
{
    thing_free(w ? &w->t : NULL);
}

/* --- descriptors --- */

static void on_poll(uv_poll_t *h, int status, int events);

enum kad_err kad_watch_new(struct kad_loop *l, int fd, kad_watch_fn fn, void *ctx,
                           struct kad_watch **ret, struct kad_error *reterr)
{
    struct kad_watch *w = thing_new(l, sizeof *w, ctx);
    w->fn = fn;
    int code = uv_poll_init(&l->uv, &w->t.h.poll, fd);
    if (code != 0)
        return refuse(&w->t, code, code == UV_EMFILE ? KAD_EIO : KAD_EINPUT, reterr);
    w->t.h.any.data = w;
    *ret = w;
    return KAD_OK;
}

void kad_watch_for(struct kad_watch *w, unsigned what)
{
    w->what = what;
    int events =
        (what & KAD_WATCH_READ ? UV_READABLE : 0) | (what & KAD_WATCH_WRITE ? UV_WRITABLE : 0);
    int code = events ? uv_poll_start(&w->t.h.poll, events, on_poll) : uv_poll_stop(&w->t.h.poll);
    kad_assert(code == 0);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct kad_watch *w = h->data;
    unsigned what = (events & UV_READABLE ? KAD_WATCH_READ : 0u) |
                    (events & UV_WRITABLE ? KAD_WATCH_WRITE : 0u);
    if (w->t.loop->ending)
        return;
    /* libuv lets a descriptor in trouble rest; but there may be bytes left to read in it. */
    if (status < 0) {
        what = w->what;
        kad_watch_for(w, what);
    }
    w->fn(w->t.ctx, what);
}

void kad_watch_free(struct kad_watch *w)
{
    thing_free(w ? &w->t : NULL);
}

/* --- signals, changed files --- */

static void on_signal(uv_signal_t *h, int signum)
{
    struct kad_signal *s = h->data;
    (void)signum;
    if (!s->t.loop->ending)
        s->fn(s->t.ctx);
}

enum kad_err kad_signal_new(struct kad_loop *l, int signum, kad_loop_fn fn, void *ctx,
                            struct kad_signal **ret, struct kad_error *reterr)
{
    struct kad_signal *s = thing_new(l, sizeof *s, ctx);
    s->fn = fn;
    int code = uv_signal_init(&l->uv, &s->t.h.signal);
    if (code != 0)
        return refuse(&s->t, code, KAD_EIO, reterr);
    s->t.h.any.data = s;
    code = uv_signal_start(&s->t.h.signal, on_signal, signum);
    if (code != 0) {
        thing_free(&s->t);
        return kad_fail(reterr, KAD_EINPUT, _("The event loop cannot do that: %s."),
                        uv_strerror(code));
    }
    *ret = s;
    return KAD_OK;
}

void kad_signal_free(struct kad_signal *s)
{
    thing_free(s ? &s->t : NULL);
}

static void on_file(uv_fs_event_t *h, const char *name, int events, int status)
{
    struct kad_file_watch *f = h->data;
    (void)name;
    if (f->t.loop->ending)
        return;
    /* Renamed or removed: from now on whatever has the name. If nothing has it yet, the caller's
     * own look every 30 s finds out. */
    if (status < 0 || events & UV_RENAME) {
        uv_fs_event_stop(&f->t.h.fs);
        int again = uv_fs_event_start(&f->t.h.fs, on_file, f->t.path, 0);
        (void)again;
    }
    f->fn(f->t.ctx);
}

enum kad_err kad_file_watch_new(struct kad_loop *l, const char *path, kad_loop_fn fn, void *ctx,
                                struct kad_file_watch **ret, struct kad_error *reterr)
{
    struct kad_file_watch *f = thing_new(l, sizeof *f, ctx);
    f->fn = fn;
    f->t.path = kad_xstrdup(path);
    int code = uv_fs_event_init(&l->uv, &f->t.h.fs);
    if (code != 0)
        return refuse(&f->t, code, KAD_EIO, reterr);
    f->t.h.any.data = f;
    code = uv_fs_event_start(&f->t.h.fs, on_file, path, 0);
    if (code != 0) {
        thing_free(&f->t);
        return kad_fail(reterr, code == UV_ENOENT ? KAD_ENOTFOUND : KAD_EIO,
                        _("%s cannot be watched for changes: %s."), path, uv_strerror(code));
    }
    *ret = f;
    return KAD_OK;
}

void kad_file_watch_free(struct kad_file_watch *f)
{
    thing_free(f ? &f->t : NULL);
}

/* --- work on a thread --- */

struct work {
    uv_work_t req;
    struct kad_loop *loop;
    kad_loop_fn work, done;
    void *ctx;
};

static void on_work(uv_work_t *req)
{
    struct work *w = req->data;
    w->work(w->ctx);
}

static void on_done(uv_work_t *req, int status)
{
    struct work *w = req->data;
    kad_assert(status == 0); /* nobody cancels it */
    w->loop->working--;
    w->done(w->ctx);
    free(w);
}

void kad_loop_work(struct kad_loop *l, kad_loop_fn work, kad_loop_fn done, void *ctx)
{
    struct work *w = kad_xalloc(sizeof *w);
    *w = (struct work){.loop = l, .work = work, .done = done, .ctx = ctx};
    w->req.data = w;
    l->working++;
    int code = uv_queue_work(&l->uv, &w->req, on_work, on_done);
    kad_assert(code == 0);
}

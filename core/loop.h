/* The event loop: what happens is told one call at a time, on one thread. Over libuv; only
 * core/loop_uv.c includes uv.h.
 *
 * Everything made here belongs to its loop and is freed with it, if not before. A callback may free
 * the very thing that called it, or stop the loop. Nothing here is safe to call from another thread.
 */
#ifndef KAD_CORE_LOOP_H
#define KAD_CORE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct kad_loop;
typedef void (*kad_loop_fn)(void *ctx);

/* EIO when the machine gives no descriptors for it. */
enum kad_err kad_loop_new(struct kad_loop **ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* Waits for work under way on threads (its `done` is called; nothing else is), then frees all that
 * hangs on the loop. NULL is fine. Not from a callback. */
void kad_loop_free(struct kad_loop *l);
/* Until kad_loop_stop, or until nothing is left that could happen. */
void kad_loop_run(struct kad_loop *l);
void kad_loop_stop(struct kad_loop *l);
/* Milliseconds on a clock that only runs forward and stands still while the machine sleeps. */
uint64_t kad_loop_ms(struct kad_loop *l);

/* --- timers: so many milliseconds from now, once --- */

struct kad_timer;
struct kad_timer *kad_timer_new(struct kad_loop *l, kad_loop_fn fn, void *ctx);
void kad_timer_start(struct kad_timer *t, uint64_t ms); /* again: the new time counts; 0: at once */
void kad_timer_stop(struct kad_timer *t);
bool kad_timer_runs(const struct kad_timer *t);
void kad_timer_free(struct kad_timer *t); /* NULL is fine, as for all that follow */

/* --- the clock on the wall --- */

/* Calls fn when the machine's clock reaches an instant, however it gets there: in its own time, by
 * being set, or because the machine slept past it. `jumped` (microseconds, else 0) says that the
 * clock was set by that much since the last look; then fn is called at once, whether or not the
 * instant has come, and the instant stays set if it has not. It looks at least every minute. */
struct kad_wall;
typedef void (*kad_wall_fn)(void *ctx, kad_instant now, int64_t jumped);
enum kad_err kad_wall_new(struct kad_loop *l, kad_wall_fn fn, void *ctx, struct kad_wall **ret,
                          struct kad_error *reterr) KAD_MUST_CHECK;
/* KAD_INSTANT_NONE: none, but jumps are told all the same. One that has passed comes at once. */
void kad_wall_set(struct kad_wall *w, kad_instant at);
void kad_wall_free(struct kad_wall *w);

/* --- descriptors --- */

enum { KAD_WATCH_READ = 1u << 0, KAD_WATCH_WRITE = 1u << 1 };
struct kad_watch;
/* `what` is what may be done now without waiting. A descriptor in trouble says all that was asked
 * for, again and again, so that doing it tells why. */
typedef void (*kad_watch_fn)(void *ctx, unsigned what);
/* Sockets, pipes and the like; EINPUT for what cannot be waited for (a plain file). The descriptor
 * stays the caller's, and must stay open until the watch is freed. */
enum kad_err kad_watch_new(struct kad_loop *l, int fd, kad_watch_fn fn, void *ctx,
                           struct kad_watch **ret, struct kad_error *reterr) KAD_MUST_CHECK;
void kad_watch_for(struct kad_watch *w, unsigned what); /* 0: rest */
void kad_watch_free(struct kad_watch *w);

/* --- signals, changed files --- */

struct kad_signal;
enum kad_err kad_signal_new(struct kad_loop *l, int signum, kad_loop_fn fn, void *ctx,
                            struct kad_signal **ret, struct kad_error *reterr) KAD_MUST_CHECK;
void kad_signal_free(struct kad_signal *s);

/* Something was written to the file, or another now has its name: look. Several writes may be told
 * as one. Not to be relied on alone (architecture.md: look every 30 s regardless). */
struct kad_file_watch;
enum kad_err kad_file_watch_new(struct kad_loop *l, const char *path, kad_loop_fn fn, void *ctx,
                                struct kad_file_watch **ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
void kad_file_watch_free(struct kad_file_watch *f);

/* --- work on a thread --- */

/* Runs `work` on a thread of the pool, then `done` on the loop. Each is called exactly once. */
void kad_loop_work(struct kad_loop *l, kad_loop_fn work, kad_loop_fn done, void *ctx);

#endif

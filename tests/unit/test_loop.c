/* The loop: what it tells, when, and that whatever hangs on it may go at any time. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/loop.h"
#include "tests/unit/unit.h"

/* The machine's clocks, as the loop sees them: moved by the tests (see local.mk, --wrap). */
static int64_t wall_moved_us, boot_moved_us;
static int reads_cancelled;
int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __wrap_read(int fd, void *p, size_t n);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old);
static int wall_fd;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
    int got = __real_clock_gettime(clock, ret);
    int64_t moved = clock == CLOCK_REALTIME   ? wall_moved_us
                    : clock == CLOCK_BOOTTIME ? boot_moved_us
                                              : 0;
    ret->tv_sec += moved / 1000000;
    return got;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old)
{
    struct itimerspec moved = *at;
    wall_fd = fd;
    moved.it_value.tv_sec -= wall_moved_us / 1000000;
    int got = __real_timerfd_settime(fd, flags, &moved, old);
    if (got == 0 && reads_cancelled > 0) {
        reads_cancelled--;
        errno = ECANCELED;
        return -1;
    }
    return got;
}

/* What the kernel does to a timer when its clock is set: it may be read, and the answer is that it
 * was cancelled. */
static void set_wall(int64_t by_us)
{
    const struct itimerspec at_once = {.it_value = {.tv_nsec = 1}};
    wall_moved_us += by_us;
    reads_cancelled = 1;
    assert_int_equal(__real_timerfd_settime(wall_fd, TFD_TIMER_ABSTIME, &at_once, NULL), 0);
}

/* As the kernel answers for a timer whose clock has been set. */
ssize_t __wrap_read(int fd, void *p, size_t n)
{
    ssize_t got = __real_read(fd, p, n);
    if (reads_cancelled > 0 && n == sizeof(uint64_t)) {
        reads_cancelled--;
        errno = ECANCELED;
        return -1;
    }
    return got;
}

static struct kad_loop *new_loop(void)
{
    struct kad_loop *l;
    struct kad_error error = {0};
    wall_moved_us = boot_moved_us = 0;
    assert_int_equal(kad_loop_new(&l, &error), KAD_OK);
    return l;
}

/* --- what happened, as letters in order --- */

struct seen {
    struct kad_loop *loop;
    struct kad_buf b;
    size_t stop_at; /* letters */
    struct kad_timer *timer, *other;
    struct kad_wall *wall;
    struct kad_watch *watch;
    int64_t jumped;
    int fd;
};
static void saw(struct seen *s, char c)
{
    kad_buf_putc(&s->b, c);
    if (s->stop_at && s->b.n >= s->stop_at)
        kad_loop_stop(s->loop);
}
static void saw_a(void *ctx)
{
    saw(ctx, 'a');
}
static void saw_b(void *ctx)
{
    saw(ctx, 'b');
}
static void guard_fn(void *ctx)
{
    saw(ctx, '!');
    kad_loop_stop(((struct seen *)ctx)->loop);
}
/* No test waits for ever. */
static void guard(struct seen *s)
{
    kad_timer_start(kad_timer_new(s->loop, guard_fn, s), 5000);
}

/* --- timers --- */

static void timers_come_in_the_order_of_their_times_once(void **state)
{
    struct seen s = {.loop = new_loop(), .stop_at = 3};
    (void)state;
    guard(&s);
    struct kad_timer *a = kad_timer_new(s.loop, saw_a, &s), *b = kad_timer_new(s.loop, saw_b, &s);
    struct kad_timer *stopped = kad_timer_new(s.loop, guard_fn, &s);
    uint64_t from = kad_loop_ms(s.loop);
    kad_timer_start(b, 20);
    kad_timer_start(a, 1000);
    kad_timer_start(a, 5); /* the new time counts */
    kad_timer_start(stopped, 1);
    kad_timer_stop(stopped);
    assert_true(kad_timer_runs(a));
    assert_false(kad_timer_runs(stopped));
    struct kad_timer *last = kad_timer_new(s.loop, saw_a, &s);
    kad_timer_start(last, 40);
    kad_loop_run(s.loop);
    assert_buf(&s.b, "aba");
    assert_true(kad_loop_ms(s.loop) - from >= 40);
    assert_false(kad_timer_runs(a));
    kad_loop_free(s.loop);
    kad_buf_done(&s.b);
}

static void free_both(void *ctx)
{
    struct seen *s = ctx;
    saw(s, 'f');
    kad_timer_free(s->other);
    kad_timer_free(s->timer);
}

static void a_callback_may_free_itself_and_what_is_due_with_it(void **state)
{
    struct seen s = {.loop = new_loop()};
    (void)state;
    s.timer = kad_timer_new(s.loop, free_both, &s);
    s.other = kad_timer_new(s.loop, saw_b, &s);
    kad_timer_start(s.timer, 0);
    kad_timer_start(s.other, 0);
    kad_loop_run(s.loop); /* ends by itself: nothing is left */
    assert_buf(&s.b, "f");
    kad_timer_free(NULL);
    kad_loop_free(s.loop);
    kad_loop_free(NULL);
    kad_buf_done(&s.b);
}

/* --- the wall clock --- */

static void on_wall(void *ctx, kad_instant now, int64_t jumped)
{
    struct seen *s = ctx;
    assert_true(now > 0);
    s->jumped = jumped;
    saw(s, jumped ? 'j' : 'w');
}

static kad_instant wall_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void new_wall(struct seen *s)
{
    struct kad_error error = {0};
    assert_int_equal(kad_wall_new(s->loop, on_wall, s, &s->wall, &error), KAD_OK);
    guard(s);
}

static void an_instant_is_told_when_it_comes_and_one_that_has_passed_at_once(void **state)
{
    struct seen s = {.loop = new_loop(), .stop_at = 1};
    (void)state;
    new_wall(&s);
    kad_instant at = wall_now() + 30000;
    kad_wall_set(s.wall, at);
    kad_loop_run(s.loop);
    assert_buf(&s.b, "w");
    assert_true(wall_now() >= at);
    kad_wall_set(s.wall, wall_now() - INT64_C(86400000000));
    kad_loop_run(s.loop);
    assert_buf(&s.b, "w");
    kad_wall_set(s.wall, 0); /* 1970: in the past as well */
    kad_loop_run(s.loop);
    assert_buf(&s.b, "w");
    kad_loop_free(s.loop);
    kad_buf_done(&s.b);
}

static void set_clock(void *ctx)
{
    (void)ctx;
    set_wall(INT64_C(600000000));
}

static void a_clock_that_is_set_is_told_with_how_far(void **state)
{
    struct seen s = {.loop = new_loop(), .stop_at = 1};
    (void)state;
    new_wall(&s);
    kad_wall_set(s.wall, wall_now() + INT64_C(900000000));
    kad_timer_start(kad_timer_new(s.loop, set_clock, &s), 5);
    kad_loop_run(s.loop);
    assert_buf(&s.b, "j");
    assert_true(llabs(s.jumped - INT64_C(600000000)) < 1000000);
    /* The instant has not come; it stays set, and the same again brings it. */
    kad_timer_start(kad_timer_new(s.loop, set_clock, &s), 5);
    kad_loop_run(s.loop);
    assert_buf(&s.b, "j");
    kad_timer_start(kad_timer_new(s.loop, saw_a, &s), 30);
    kad_loop_run(s.loop);
    assert_buf(&s.b, "a"); /* it was told with the second jump */
    kad_loop_free(s.loop);
    kad_buf_done(&s.b);
}

/* Just before another instant is asked for: the jump must not be lost over it. */
static void set_back(void *ctx)
{
    struct seen *s = ctx;
    set_wall(-INT64_C(7200000000));
    kad_wall_set(s->wall, wall_now() + 60000);
}

static void a_clock_that_is_set_back_is_told_and_the_instant_stays(void **state)
{
    struct seen s = {.loop = new_loop()};
    (void)state;
    new_wall(&s);
    kad_timer_start(kad_timer_new(s.loop, set_back, &s), 0);
    s.stop_at = 2; /* told at once, and again when the instant comes */
    kad_loop_run(s.loop);
    assert_buf(&s.b, "jw");
    kad_loop_free(s.loop);
    kad_buf_done(&s.b);
}

static void sleep_machine(void *ctx)
{
    struct seen *s = ctx;
    wall_moved_us += INT64_C(28800000000);
    boot_moved_us += INT64_C(28800000000);
    kad_wall_set(s->wall, wall_now() - INT64_C(60000000));
}

static void a_machine_that_slept_is_no_jump(void **state)
{
    struct seen s = {.loop = new_loop(), .stop_at = 1};
    (void)state;
    new_wall(&s);
    kad_timer_start(kad_timer_new(s.loop, sleep_machine, &s), 5);
    kad_loop_run(s.loop);
    assert_buf(&s.b, "w");
    kad_wall_free(s.wall);
    kad_loop_free(s.loop);
    kad_buf_done(&s.b);
}

/* --- descriptors --- */

static void on_watch(void *ctx, unsigned what)
{
    struct seen *s = ctx;
    char c;
    if (what & KAD_WATCH_WRITE) {
        assert_int_equal(write(s->fd, "x", 1), 1);
        saw(s, 'W');
        kad_watch_for(s->watch, KAD_WATCH_READ);
        return;
    }
    ssize_t n = read(s->fd, &c, 1);
    saw(s, n == 1 ? c : '0');
    if (n != 1) {
        kad_watch_free(s->watch);
        kad_loop_stop(s->loop);
    }
}

static void answer(void *ctx)
{
    int other = *(int *)ctx;
    assert_int_equal(write(other, "yz", 2), 2);
    close(other);
}

static void a_descriptor_is_read_and_written_when_it_can_be(void **state)
{
    struct seen s = {.loop = new_loop()};
    struct kad_error error = {0};
    int pair[2];
    (void)state;
    guard(&s);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    s.fd = pair[0];
    assert_int_equal(kad_watch_new(s.loop, pair[0], on_watch, &s, &s.watch, &error), KAD_OK);
    kad_watch_for(s.watch, KAD_WATCH_WRITE);
    kad_timer_start(kad_timer_new(s.loop, answer, &pair[1]), 10);
    kad_loop_run(s.loop);
    assert_buf(&s.b,
               "Wyz0"); /* the other end went away with our x unread: trouble, told as readable */
    close(pair[0]);
    int plain = open("/proc/self/exe", O_RDONLY);
    struct kad_watch *none;
    assert_int_equal(kad_watch_new(s.loop, plain, on_watch, &s, &none, &error), KAD_EINPUT);
    close(plain);
    kad_loop_free(s.loop);
    kad_buf_done(&s.b);
}

/* --- signals, files, threads --- */

static void raise_one(void *ctx)
{
    (void)ctx;
    raise(SIGUSR1);
}

static void signals_arrive_on_the_loop(void **state)
{
    struct seen s = {.loop = new_loop(), .stop_at = 1};
    struct kad_error error = {0};
    struct kad_signal *signal;
    (void)state;
    guard(&s);
    assert_int_equal(kad_signal_new(s.loop, SIGUSR1, saw_a, &s, &signal, &error), KAD_OK);
    kad_timer_start(kad_timer_new(s.loop, raise_one, NULL), 1);
    kad_loop_run(s.loop);
    assert_buf(&s.b, "a");
    kad_signal_free(signal);
    assert_int_equal(kad_signal_new(s.loop, SIGKILL, saw_a, &s, &signal, &error), KAD_EINPUT);
    kad_loop_free(s.loop);
    kad_buf_done(&s.b);
}

static char watched[64];
static void put_file(void *ctx)
{
    int fd = open(ctx, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}
static void replace_file(void *ctx)
{
    (void)ctx;
    char other[80];
    snprintf(other, sizeof other, "%s.new", watched);
    put_file(other);
    assert_int_equal(rename(other, watched), 0);
}

static void a_file_that_changes_is_told_also_when_another_takes_its_name(void **state)
{
    struct seen s = {.loop = new_loop(), .stop_at = 1};
    struct kad_error error = {0};
    struct kad_file_watch *f;
    (void)state;
    guard(&s);
    snprintf(watched, sizeof watched, "test_loop.%ld.tmp", (long)getpid());
    assert_int_equal(kad_file_watch_new(s.loop, watched, saw_a, &s, &f, &error), KAD_ENOTFOUND);
    put_file(watched);
    error = (struct kad_error){0};
    assert_int_equal(kad_file_watch_new(s.loop, watched, saw_a, &s, &f, &error), KAD_OK);
    kad_timer_start(kad_timer_new(s.loop, put_file, watched), 1);
    kad_loop_run(s.loop);
    assert_buf(&s.b, "a");
    kad_timer_start(kad_timer_new(s.loop, replace_file, NULL), 30);
    s.stop_at = 0;
    kad_timer_start(kad_timer_new(s.loop, put_file, watched), 60);
    kad_timer_start(kad_timer_new(s.loop, guard_fn, &s), 120);
    kad_loop_run(s.loop);
    /* At least the replacement and the write to the new file. */
    assert_true(s.b.n >= 3 && s.b.p[s.b.n - 1] == '!');
    kad_loop_free(s.loop);
    unlink(watched);
    kad_buf_done(&s.b);
}

struct job {
    struct seen *seen;
    atomic_bool go_on; /* the work lasts until then */
    int worked, done;
    pthread_t on;
};
static void do_job(void *ctx)
{
    struct job *j = ctx;
    const struct timespec ms = {.tv_nsec = 1000000};
    while (!j->go_on)
        nanosleep(&ms, NULL);
    j->on = pthread_self();
    j->worked++;
}
static void job_done(void *ctx)
{
    struct job *j = ctx;
    j->done++;
    saw(j->seen, 'd');
}

static void let_it_go_on(void *ctx)
{
    struct job *j = ctx;
    saw(j->seen, 'a');
    j->go_on = true;
}

static void work_is_done_on_a_thread_while_the_loop_goes_on(void **state)
{
    struct seen s = {.loop = new_loop()};
    struct job j = {.seen = &s};
    (void)state;
    kad_loop_work(s.loop, do_job, job_done, &j);
    kad_timer_start(kad_timer_new(s.loop, let_it_go_on, &j), 1);
    kad_loop_run(s.loop);
    assert_buf(&s.b, "ad");
    assert_int_equal(j.worked, 1);
    assert_false(pthread_equal(j.on, pthread_self()));
    /* The loop goes away under it: it is waited for, and told; nothing else is. */
    kad_timer_start(kad_timer_new(s.loop, saw_a, &s), 1);
    kad_loop_work(s.loop, do_job, job_done, &j);
    kad_loop_free(s.loop);
    assert_buf(&s.b, "d");
    assert_int_equal(j.done, 2);
    kad_buf_done(&s.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_in_the_order_of_their_times_once),
        cmocka_unit_test(a_callback_may_free_itself_and_what_is_due_with_it),
        cmocka_unit_test(an_instant_is_told_when_it_comes_and_one_that_has_passed_at_once),
        cmocka_unit_test(a_clock_that_is_set_is_told_with_how_far),
        cmocka_unit_test(a_clock_that_is_set_back_is_told_and_the_instant_stays),
        cmocka_unit_test(a_machine_that_slept_is_no_jump),
        cmocka_unit_test(a_descriptor_is_read_and_written_when_it_can_be),
        cmocka_unit_test(signals_arrive_on_the_loop),
        cmocka_unit_test(a_file_that_changes_is_told_also_when_another_takes_its_name),
        cmocka_unit_test(work_is_done_on_a_thread_while_the_loop_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

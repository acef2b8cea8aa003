/* Copies of a ledger while another process writes: each is whole, and a beginning of what there is. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/child.h"
#include "core/copy.h"
#include "core/files.h"
#include "core/verify.h"
#include "tests/unit/store.h"

static void append_some(struct place *p, struct kad_ledger *l, int round)
{
    struct kad_txn *t = place_begin(p, l);
    for (int i = 0; i < 20; i++) {
        char key[24];
        snprintf(key, sizeof key, "C-%d", (round * 7 + i) % 300);
        place_append(p, t, key, round, "");
    }
    ok(p, kad_txn_commit(t, &p->error));
}

static const char *new_folder(struct place *p, const char *name)
{
    const char *dir = kad_arena_printf(&p->arena, "%s/%s", p->root, name);
    assert_int_equal(kad_folder_new(dir, 0700), 0);
    return dir;
}

static void take(struct place *p, struct kad_ledger *l, const char *dir)
{
    int fd;
    const char *path = kad_arena_printf(&p->arena, "%s/data.mdb", dir);
    assert_int_equal(kad_file_new(path, 0600, &fd), 0);
    ok(p, kad_copy_ledger(l, fd, path, NULL, NULL, &p->error));
    close(fd);
}

/* Everything in it agrees. */
static enum kad_err whole(struct place *p, const char *dir)
{
    struct kad_verify *v = NULL;
    p->error = (struct kad_error){0};
    enum kad_err err =
        kad_verify_run(&(struct kad_verify_options){.dir = dir, .still = true}, &v, &p->error);
    if (err == KAD_ENO)
        kad_fail(&p->error, err, "%s", v->troubles[0].text);
    kad_verify_free(v);
    return err;
}

/* All records of the copy are those of the ledger. */
static void is_a_beginning(struct place *p, const char *dir, struct kad_ledger *l, uint64_t last)
{
    struct kad_ledger *copy = NULL;
    struct kad_snapshot *a, *b;
    ok(p, kad_ledger_open_still(dir, &copy, &p->error));
    ok(p, kad_snapshot_take(copy, &a, &p->error));
    ok(p, kad_snapshot_take(l, &b, &p->error));
    for (uint64_t seq = 1; seq <= last; seq++) {
        struct kad_str x, y;
        ok(p, kad_snapshot_record(a, seq, &x, &p->error));
        ok(p, kad_snapshot_record(b, seq, &y, &p->error));
        assert_true(kad_str_eq(x, y));
    }
    kad_snapshot_release(a);
    kad_snapshot_release(b);
    kad_ledger_close(copy);
}

static size_t names_in(const char *dir)
{
    size_t n = 0;
    struct kad_buf b = {0};
    kad_buf_printf(&b, "ls -A '%s' | wc -l", dir);
    FILE *f = popen(b.p, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%zu", &n), 1);
    pclose(f);
    kad_buf_done(&b);
    return n;
}

static _Noreturn void write_for_ever(struct place *p, int ready)
{
    struct kad_ledger *l = place_open(p, true);
    for (int round = 0;; round++) {
        append_some(p, l, round);
        if (round == 5 && write(ready, "x", 1) != 1)
            _exit(1);
    }
}

static void copies_taken_while_another_writes_are_whole_and_a_beginning(void **state)
{
    struct place *p = *state;
    int ready[2];
    char c;
    uint64_t last[12];
    const char *dirs[LEN(last)];
    place_create(p);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        write_for_ever(p, ready[1]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    struct kad_ledger *l = place_open(p, false);
    for (size_t i = 0; i < LEN(dirs); i++) {
        dirs[i] = new_folder(p, kad_arena_printf(&p->arena, "copy-%zu", i));
        take(p, l, dirs[i]);
        struct kad_copy_info info;
        ok(p, kad_copy_peek(dirs[i], &info, &p->error));
        ok(p, whole(p, dirs[i]));
        assert_string_equal(info.info.id, kad_ledger_info(l)->id);
        last[i] = info.state.last_seq;
        assert_true(last[i] >= 100 && last[i] % 20 == 0);
        assert_true(i == 0 || last[i] >= last[i - 1]);
        assert_int_equal(names_in(dirs[i]), 1); /* looking at it leaves nothing there */
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_true(last[LEN(last) - 1] > last[0]);
    for (size_t i = 0; i < LEN(dirs); i++)
        is_a_beginning(p, dirs[i], l, last[i]);
    kad_ledger_close(l);
    close(ready[0]);
    close(ready[1]);
}

static void what_was_freed_is_not_in_a_copy(void **state)
{
    struct place *p = *state;
    struct stat whole, compact;
    struct kad_ledger *l = place_new(p);
    for (int round = 0; round < 60; round++)
        append_some(p, l, round);
    const char *dir = new_folder(p, "copy");
    take(p, l, dir);
    assert_int_equal(stat(place_path(p, "data.mdb"), &whole), 0);
    assert_int_equal(stat(kad_arena_printf(&p->arena, "%s/data.mdb", dir), &compact), 0);
    assert_true(compact.st_size < whole.st_size);
    kad_ledger_close(l);
}

static void a_full_disk_is_said(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    append_some(p, l, 0);
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    fails(p, kad_copy_ledger(l, fd, "the copy", NULL, NULL, &p->error), KAD_EFULL,
          "no room for the copy");
    close(fd);
    kad_ledger_close(l);
}

/* Damage of every kind is said, and does not end the one who asks. */
static void a_damaged_copy_is_found(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    for (int round = 0; round < 20; round++)
        append_some(p, l, round);
    const char *dir = new_folder(p, "copy"), *bad = new_folder(p, "bad");
    take(p, l, dir);
    kad_ledger_close(l);
    struct kad_buf data = {0};
    struct kad_copy_info info;
    assert_int_equal(kad_file_get(kad_arena_printf(&p->arena, "%s/data.mdb", dir), 1 << 30, &data),
                     0);
    const char *path = kad_arena_printf(&p->arena, "%s/data.mdb", bad);
    for (size_t page = 2; page < data.n / 4096; page++) {
        char was[16];
        memcpy(was, data.p + page * 4096 + 8, sizeof was);
        memset(data.p + page * 4096 + 8, 0xff, sizeof was);
        assert_int_equal(kad_file_put(path, (struct kad_str){data.p, data.n}, 0600), 0);
        assert_int_not_equal(whole(p, bad), KAD_OK);
        assert_true(p->error.text[0]);
        p->error = (struct kad_error){0};
        (void)!kad_copy_peek(bad, &info, &p->error); /* it returns, whatever it says */
        memcpy(data.p + page * 4096 + 8, was, sizeof was);
    }
    assert_int_equal(kad_file_put(path, (struct kad_str){data.p, data.n - 4096}, 0600), 0);
    fails(p, kad_copy_peek(bad, &info, &p->error), KAD_ESTORE, "missing");
    assert_int_equal(kad_file_put(path, (struct kad_str){data.p, data.n}, 0600), 0);
    ok(p, kad_copy_peek(bad, &info, &p->error));
    ok(p, whole(p, bad));
    kad_buf_done(&data);
}

/* As `kadens serve` has it, which runs for years. */
static void whoever_has_the_store_open_learns_that_another_took_its_place(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t;
    append_some(p, l, 0);
    kad_ledger_share(l, 0);
    append_some(p, l, 1);
    assert_int_equal(rename(p->dir, kad_arena_printf(&p->arena, "%s/aside", p->root)), 0);
    place_create(p);
    fails(p, kad_txn_begin(l, &t, &p->error), KAD_ESTORE, "has been replaced");
    kad_ledger_close(l);
    l = place_open(p, true); /* nobody holds its lock */
    append_some(p, l, 0);
    kad_ledger_close(l);
}

static void say_and_fault(void *ctx, int fd)
{
    (void)ctx;
    if (write(fd, "said", 4) == 4)
        raise(SIGSEGV);
}

static void be_killed(void *ctx, int fd)
{
    (void)fd;
    raise(*(const int *)ctx);
}

static void a_child_that_is_ended_from_outside_proves_nothing(void **state)
{
    static int signals[] = {SIGKILL, SIGABRT, SIGTERM};
    struct place *p = *state;
    struct kad_buf b = {0};
    struct kad_child_end end;
    for (size_t i = 0; i < LEN(signals); i++)
        fails(p, kad_child_run(be_killed, &signals[i], 100, &b, &end, &p->error), KAD_EIO,
              "says nothing about");
    kad_buf_done(&b);
}

static void say_too_much(void *ctx, int fd)
{
    (void)ctx;
    while (write(fd, "0123456789", 10) == 10)
        ;
}

static void a_child_that_faults_has_said_what_it_said(void **state)
{
    struct place *p = *state;
    struct kad_buf b = {0};
    struct kad_child_end end;
    ok(p, kad_child_run(say_and_fault, NULL, 100, &b, &end, &p->error));
    assert_false(end.done);
    assert_int_equal(end.signal, SIGSEGV);
    assert_buf(&b, "said");
    ok(p, kad_child_run(say_too_much, NULL, 100, &b, &end, &p->error));
    assert_false(end.done);
    assert_true(b.n <= 100);
    kad_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(copies_taken_while_another_writes_are_whole_and_a_beginning),
        PLACE_TEST(what_was_freed_is_not_in_a_copy),
        PLACE_TEST(a_full_disk_is_said),
        PLACE_TEST(a_damaged_copy_is_found),
        PLACE_TEST(whoever_has_the_store_open_learns_that_another_took_its_place),
        PLACE_TEST(a_child_that_is_ended_from_outside_proves_nothing),
        PLACE_TEST(a_child_that_faults_has_said_what_it_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Disks that are full, and disks that fail. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include "tests/unit/store.h"

/* This one stands before the C library's: the disk is as full as a test says. */
static uint64_t free_bytes = UINT64_MAX;
int statvfs(const char *path, struct statvfs *ret)
{
    struct statfs fs;
    if (syscall(SYS_statfs, path, &fs) != 0)
        return -1;
    *ret = (struct statvfs){.f_frsize = 4096, .f_bsize = 4096, .f_bavail = free_bytes / 4096};
    return 0;
}

/* So do these, for LMDB: after so many calls they fail with a code, once. */
static struct {
    int after, code;
} fault_write, fault_sync;

static bool faulty(int *after)
{
    return *after > 0 && --*after == 0;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    if (faulty(&fault_write.after)) {
        errno = fault_write.code;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    if (faulty(&fault_write.after)) {
        errno = fault_write.code;
        return -1;
    }
    return syscall(SYS_writev, fd, v, n);
}

int fdatasync(int fd)
{
    if (faulty(&fault_sync.after)) {
        errno = fault_sync.code;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static void on_a_full_disk_only_what_takes_back_is_written(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    place_append(p, t, "C-1", 1, "");
    ok(p, kad_txn_commit(t, &p->error));
    free_bytes = (uint64_t)64 << 20;
    t = place_begin(p, l);
    struct kad_record r = event_of("C-1", "visit", 1);
    fails(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error), KAD_EFULL, "nearly full");
    kad_txn_abort(t);
    t = place_begin(p, l);
    struct kad_record back = event_of("C-1", "", 1);
    back.kind = KAD_R_RETRACTED;
    back.ref = 1;
    ok(p, kad_txn_append(t, &back, KAD_STR("participant"), &p->error));
    ok(p, kad_txn_commit(t, &p->error));
    free_bytes = ((uint64_t)64 << 20) + 8192;
    t = place_begin(p, l);
    place_append(p, t, "C-1", 1, "");
    ok(p, kad_txn_commit(t, &p->error));
    t = place_begin(p, l); /* room when it began, none at its end */
    place_append(p, t, "C-1", 1, "");
    free_bytes = 0;
    fails(p, kad_txn_commit(t, &p->error), KAD_EFULL, "Nothing was written");
    free_bytes = UINT64_MAX;
    struct kad_snapshot *s;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    assert_string_equal(place_seqs(p, s, "C-1"), "1 2 3");
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

/* One transaction of 200 records, with a fault somewhere in it. */
static enum kad_err write_much(struct place *p, struct kad_ledger *l)
{
    struct kad_txn *t = place_begin(p, l);
    for (int i = 0; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof key, "C-%d", i);
        place_append(p, t, key, i, "");
    }
    p->error = (struct kad_error){0};
    return kad_txn_commit(t, &p->error);
}

static uint64_t last_seq(struct place *p, struct kad_ledger *l)
{
    struct kad_snapshot *s;
    struct kad_ledger_state st;
    uint64_t differences;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_state(s, &st, &p->error));
    kad_snapshot_release(s);
    ok(p, kad_view_check(l, NULL, NULL, NULL, &differences, &p->error));
    assert_int_equal(differences, 0);
    return st.last_seq;
}

static void a_disk_that_fills_up_meanwhile_leaves_the_store_as_it_was(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    assert_int_equal(write_much(p, l), KAD_OK);
    fault_write.code = ENOSPC;
    fault_write.after = 1;
    assert_int_equal(write_much(p, l), KAD_EFULL);
    assert_non_null(strstr(p->error.text, "nothing was written"));
    assert_int_equal(last_seq(p, l), 200);
    assert_int_equal(write_much(p, l), KAD_OK); /* there is room again */
    assert_int_equal(last_seq(p, l), 400);
    kad_ledger_close(l);
}

static void after_a_failed_sync_nothing_more_is_written(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    assert_int_equal(write_much(p, l), KAD_OK);
    fault_sync.code = EIO;
    fault_sync.after = 1;
    assert_int_equal(write_much(p, l), KAD_EIO);
    assert_non_null(strstr(p->error.text, "not known whether"));
    struct kad_txn *t;
    fails(p, kad_txn_begin(l, &t, &p->error), KAD_EIO, "start it again");
    kad_ledger_close(l);
    l = place_open(p, true);
    assert_int_equal(last_seq(p, l) % 200, 0); /* all or nothing, whichever it was */
    kad_ledger_close(l);
}

static void a_failed_write_anywhere_leaves_all_or_nothing(void **state)
{
    struct place *p = *state;
    place_create(p);
    uint64_t before = 0;
    for (int after = 1; after <= 6; after++) {
        struct kad_ledger *l = place_open(p, true);
        fault_write.code = EIO;
        fault_write.after = after;
        enum kad_err err = write_much(p, l);
        bool met = fault_write.after == 0;
        fault_write.after = 0;
        kad_ledger_close(l);
        l = place_open(p, true);
        uint64_t last = last_seq(p, l);
        kad_ledger_close(l);
        assert_true(last == before || last == before + 200);
        assert_true(met ? err == KAD_EIO || (err == KAD_OK && last == before + 200)
                        : err == KAD_OK && last == before + 200);
        before = last;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(on_a_full_disk_only_what_takes_back_is_written),
        PLACE_TEST(a_disk_that_fills_up_meanwhile_leaves_the_store_as_it_was),
        PLACE_TEST(after_a_failed_sync_nothing_more_is_written),
        PLACE_TEST(a_failed_write_anywhere_leaves_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

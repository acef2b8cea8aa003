/* Signing: only what has been hashed again, only what still fits, and on a full disk, too. */
#include "tests/unit/unit.h"

#include <lmdb.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "core/checkpoint.h"
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

static void grow(struct place *p, struct kad_ledger *l, int n)
{
    struct kad_txn *t = place_begin(p, l);
    for (int i = 0; i < n; i++)
        place_append(p, t, i % 2 ? "C-1" : "C-2", 18000 + i, "");
    ok(p, kad_txn_commit(t, &p->error));
}

static enum kad_err take(struct place *p, struct kad_ledger *l, uint64_t size, bool fresh)
{
    struct kad_buf note = {0};
    struct kad_signed_note n;
    struct kad_checkpoint c;
    bool new;
    p->error = (struct kad_error){0};
    enum kad_err err = kad_checkpoint_take(l, NULL, NULL, &note, &new, &p->error);
    if (err == KAD_OK) {
        assert_true(kad_note_parse((struct kad_str){note.p, note.n}, &n));
        assert_true(kad_checkpoint_parse(n.text, &c));
        assert_int_equal(c.size, size);
        assert_int_equal(new, fresh);
    }
    kad_buf_done(&note);
    return err;
}
#define take_fails(p, l, part)                                                                     \
    do {                                                                                           \
        assert_int_equal(take((p), (l), 0, true), KAD_ESTORE);                                     \
        if (!strstr((p)->error.text, (part)))                                                      \
            fail_msg("“%s” lacks “%s”", (p)->error.text, (part));                                  \
    } while (0)

/* Change one byte of a value, or take the entry out (at SIZE_MAX), behind the program's back. */
static void spoil(struct place *p, const char *table, const void *key, size_t n, size_t at)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    char name[16];
    static char value[70000];
    memcpy(name, key, n);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, p->dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    MDB_val k = {n, name}, v;
    assert_int_equal(mdb_get(txn, dbi, &k, &v), 0);
    if (at == SIZE_MAX) {
        assert_int_equal(mdb_del(txn, dbi, &k, NULL), 0);
    } else {
        memcpy(value, v.mv_data, v.mv_size);
        value[at < v.mv_size ? at : v.mv_size - 1] ^= 1;
        v.mv_data = value;
        assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    }
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void a_checkpoint_is_of_all_there_is_and_the_same_until_more_is_there(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    assert_int_equal(take(p, l, 0, true), KAD_OK); /* an empty ledger can be vouched for */
    assert_int_equal(take(p, l, 0, false), KAD_OK);
    static const int pieces[] = {1, 2, 30, 1, 700, 1};
    uint64_t size = 0;
    for (size_t i = 0; i < LEN(pieces); i++) {
        grow(p, l, pieces[i]);
        size += (uint64_t)pieces[i];
        assert_int_equal(take(p, l, size, true), KAD_OK);
        assert_int_equal(take(p, l, size, false), KAD_OK);
    }
    kad_ledger_close(l);
}

static void on_a_full_disk_a_checkpoint_is_signed(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    grow(p, l, 5);
    free_bytes = 1 << 20;
    struct kad_record r = event_of("C-1", "visit", 18000);
    struct kad_txn *t = place_begin(p, l);
    fails(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error), KAD_EFULL, "nearly full");
    kad_txn_abort(t);
    enum kad_err err = take(p, l, 5, true);
    free_bytes = UINT64_MAX;
    assert_int_equal(err, KAD_OK);
    kad_ledger_close(l);
}

static void what_was_changed_since_the_last_checkpoint_is_not_signed(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *table, *key;
        size_t n, at;
        const char *says;
    } changes[] = {
        {"log", "\0\0\0\0\0\0\0\5", 8, 20, "does not fit its record 5"}, /* a header */
        {"log", "\0\0\0\0\0\0\0\5", 8, 70000, "Record 5 in the store"},  /* a payload */
        {"log", "\0\0\0\0\0\0\0\5", 8, SIZE_MAX, "damaged"},             /* gone */
        {"tree", "\0\0\0\0\0\0\0\0\0", 9, 4 * 32, "does not fit its record 5"},
        {"tree", "\0\0\0\0\0\0\0\0\0", 9, 0, "does not fit"},      /* under the last one */
        {"checkpoint", "\0\0\0\0\0\0\0\3", 8, 45, "does not fit"}, /* the last one */
        {"checkpoint", "\0\0\0\0\0\0\0\3", 8, 200, "does not fit"},
    };
    for (size_t i = 0; i < LEN(changes); i++) {
        snprintf(p->dir, sizeof p->dir, "%s/store%zu", p->root, i);
        struct kad_ledger *l = place_new(p);
        grow(p, l, 3);
        assert_int_equal(take(p, l, 3, true), KAD_OK);
        grow(p, l, 40);
        kad_ledger_close(l);
        spoil(p, changes[i].table, changes[i].key, changes[i].n, changes[i].at);
        l = place_open(p, true);
        take_fails(p, l, changes[i].says);
        kad_ledger_close(l);
    }
}

static void a_checkpoint_is_of_this_ledger_and_by_its_key(void **state)
{
    struct place *p = *state;
    struct kad_log_keys keys;
    struct kad_checkpoint c;
    struct kad_snapshot *s;
    struct kad_str note;
    uint64_t size;
    struct kad_ledger *l = place_new(p);
    grow(p, l, 3);
    assert_int_equal(take(p, l, 3, true), KAD_OK);
    grow(p, l, 3);
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_log_keys(l, s, &p->arena, &keys, &p->error));
    assert_int_equal(keys.n, 1);
    ok(p, kad_snapshot_note(s, 2, &p->arena, &note, &size, &p->error));
    assert_int_equal(note.n, 0);
    ok(p, kad_snapshot_note(s, 3, &p->arena, &note, &size, &p->error));
    assert_int_equal(size, 3);
    ok(p, kad_checkpoint_read(&keys, note, &c, &p->error));
    ok(p, kad_checkpoint_fits(s, &c, &p->error));
    c.size = 9;
    fails(p, kad_checkpoint_fits(s, &c, &p->error), KAD_ENO, "the last ones are missing");
    c.size = 4;
    fails(p, kad_checkpoint_fits(s, &c, &p->error), KAD_ENO, "are not those");
    kad_snapshot_release(s);
    kad_ledger_close(l);

    snprintf(p->dir, sizeof p->dir, "%s/other", p->root);
    l = place_new(p);
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_log_keys(l, s, &p->arena, &keys, &p->error));
    fails(p, kad_checkpoint_read(&keys, note, &c, &p->error), KAD_ENO, "another ledger");
    fails(p, kad_checkpoint_read(&keys, KAD_STR("x\n"), &c, &p->error), KAD_ENO, "no checkpoint");
    /* signed by somebody, over our name */
    struct kad_buf text = {0}, forged = {0};
    static const uint8_t seed[KAD_PUBLIC_KEY] = {7};
    c = (struct kad_checkpoint){.origin = keys.origin, .size = 0};
    kad_checkpoint_put(&text, &c);
    kad_note_sign(&forged, (struct kad_str){text.p, text.n}, keys.origin, seed);
    fails(p, kad_checkpoint_read(&keys, (struct kad_str){forged.p, forged.n}, &c, &p->error),
          KAD_ENO, "not by this ledger's key");
    kad_buf_done(&text);
    kad_buf_done(&forged);
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_checkpoint_is_of_all_there_is_and_the_same_until_more_is_there),
        PLACE_TEST(on_a_full_disk_a_checkpoint_is_signed),
        PLACE_TEST(what_was_changed_since_the_last_checkpoint_is_not_signed),
        PLACE_TEST(a_checkpoint_is_of_this_ledger_and_by_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

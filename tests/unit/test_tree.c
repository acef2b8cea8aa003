/* The tree in the ledger: it grows with the log, whatever the transactions, and tells when either
 * was changed. */
#include "tests/unit/unit.h"

#include <lmdb.h>

#include "core/tiles.h"
#include "tests/unit/store.h"

#define RECORDS 1100 /* three levels of tiles */

static struct kad_frontier edge_of(struct place *p, struct kad_snapshot *s, uint64_t size)
{
    struct kad_frontier edge = {0};
    for (uint64_t seq = 1; seq <= size; seq++) {
        struct kad_str bytes, header;
        uint8_t leaf[KAD_HASH];
        ok(p, kad_snapshot_record(s, seq, &bytes, &p->error));
        header = kad_record_header(bytes);
        kad_merkle_leaf(header.p, header.n, leaf);
        kad_frontier_add(&edge, leaf, NULL, NULL);
    }
    return edge;
}

static void assert_tree(struct place *p, struct kad_snapshot *s, uint64_t size)
{
    struct kad_frontier edge = edge_of(p, s, size);
    uint8_t want[KAD_HASH], got[KAD_HASH];
    kad_frontier_root(&edge, want);
    ok(p, kad_snapshot_root(s, size, got, &p->error));
    assert_memory_equal(got, want, sizeof want);
}

static void append(struct place *p, struct kad_txn *t, int n)
{
    for (int i = 0; i < n; i++)
        place_append(p, t, i % 3 ? "C-1" : "C-2", 18000 + i, "");
}

static void the_tree_grows_with_the_log_whatever_the_transactions(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    static const int pieces[] = {1, 1, 30, 1, 31, 900, 5, 131};
    int size = 0;
    for (size_t i = 0; i < LEN(pieces); i++) {
        struct kad_txn *t = place_begin(p, l);
        append(p, t, pieces[i] / 2);
        assert_tree(p, kad_txn_view(t), (uint64_t)(size + pieces[i] / 2)); /* puts what waits */
        append(p, t, pieces[i] - pieces[i] / 2);
        ok(p, kad_txn_commit(t, &p->error));
        size += pieces[i];
        struct kad_snapshot *s;
        ok(p, kad_snapshot_take(l, &s, &p->error));
        assert_tree(p, s, (uint64_t)size);
        kad_snapshot_release(s);
    }
    assert_int_equal(size, RECORDS);
    struct kad_snapshot *s;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    for (uint64_t n = 0; n <= RECORDS; n += n < 70 ? 1 : 97)
        assert_tree(p, s, n);
    uint8_t root[KAD_HASH];
    fails(p, kad_snapshot_root(s, RECORDS + 1, root, &p->error), KAD_ESTORE, "tree");
    kad_snapshot_release(s);
    struct kad_txn *t = place_begin(p, l); /* what is given up leaves nothing */
    append(p, t, 3);
    kad_txn_abort(t);
    uint64_t n;
    ok(p, kad_view_check(l, NULL, NULL, NULL, &n, &p->error));
    assert_int_equal(n, 0);
    ok(p, kad_view_rebuild(l, NULL, NULL, &p->error)); /* leaves the tree alone */
    ok(p, kad_view_check(l, NULL, NULL, NULL, &n, &p->error));
    assert_int_equal(n, 0);
    kad_ledger_close(l);
}

/* --- changed behind its back --- */

static void with_tree(struct place *p, const void *key, const void *value, size_t n)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    char name[9];
    union {
        const void *in;
        void *out;
    } v = {.in = value};
    memcpy(name, key, sizeof name);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
    assert_int_equal(mdb_env_open(env, p->dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "tree", 0, &dbi), 0);
    MDB_val k = {sizeof name, name}, val = {n, v.out};
    if (value)
        assert_int_equal(mdb_put(txn, dbi, &k, &val, 0), 0);
    else
        assert_int_equal(mdb_del(txn, dbi, &k, NULL), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void note_difference(void *ctx, const char *what)
{
    snprintf(ctx, 200, "%s", what);
}

static void a_changed_tile_is_found_and_named(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    append(p, t, 70);
    ok(p, kad_txn_commit(t, &p->error));
    kad_ledger_close(l);
    uint8_t hashes[KAD_TILE_WIDTH * KAD_HASH] = {1};
    static const struct {
        const char *key;
        size_t n; /* hashes; 0: taken out */
        const char *what;
    } changes[] = {
        {"\0\0\0\0\0\0\0\0\1", 32, "0/1"}, {"\0\0\0\0\0\0\0\0\2", 6, "0/2"},
        {"\1\0\0\0\0\0\0\0\0", 2, "1/0"},  {"\0\0\0\0\0\0\0\0\2", 3, "0/2"},
        {"\1\0\0\0\0\0\0\0\0", 0, "1/0"},  {"\0\0\0\0\0\0\0\0\3", 1, "*"},
    };
    for (size_t i = 0; i < LEN(changes); i++) {
        char copy[300], command[600], told[200] = "";
        snprintf(copy, sizeof copy, "%s/copy%zu", p->root, i);
        snprintf(command, sizeof command, "cp -a %s %s", p->dir, copy);
        assert_int_equal(system(command), 0);
        struct place other = *p;
        snprintf(other.dir, sizeof other.dir, "%.200s", copy);
        with_tree(&other, changes[i].key, changes[i].n ? hashes : NULL, changes[i].n * KAD_HASH);
        uint64_t n;
        l = place_open(&other, true);
        ok(p, kad_view_check(l, NULL, note_difference, told, &n, &p->error));
        assert_true(n > 0);
        if (!strstr(told, "tree") || !strstr(told, changes[i].what))
            fail_msg("“%s” lacks “%s”", told, changes[i].what);
        kad_ledger_close(l);
    }
    /* a tile of a length that none has is damage; a short one keeps the writer from going on */
    with_tree(p, "\0\0\0\0\0\0\0\0\2", hashes, 33);
    l = place_open(p, true);
    t = place_begin(p, l);
    append(p, t, 1);
    fails(p, kad_txn_commit(t, &p->error), KAD_ESTORE, "tree");
    kad_ledger_close(l);
    with_tree(p, "\0\0\0\0\0\0\0\0\2", hashes, 5 * KAD_HASH);
    l = place_open(p, true);
    t = place_begin(p, l);
    append(p, t, 1);
    fails(p, kad_txn_commit(t, &p->error), KAD_ESTORE, "tree");
    kad_ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(the_tree_grows_with_the_log_whatever_the_transactions),
        PLACE_TEST(a_changed_tile_is_found_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

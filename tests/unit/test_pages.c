/* The walk over the pages of data.mdb: whatever LMDB writes is whole, and what is changed afterwards
 * is found, without a fault of the walk itself. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <lmdb.h>

#include "core/pages.h"
#include "tests/unit/store.h"

static uint32_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

struct told {
    uint64_t n;
    char first[300];
    uint64_t page;
};

static void take(void *ctx, const struct kad_page_fault *f)
{
    struct told *t = ctx;
    if (t->n++ > 0)
        return;
    t->page = f->page;
    snprintf(t->first, sizeof t->first, "page %llu, %llu-%llu, %.*s: %s",
             (unsigned long long)f->page, (unsigned long long)f->from, (unsigned long long)f->to,
             KAD_STR_FMT(f->tree), f->what);
}

static struct kad_pages_seen walk(struct place *p, const char *file, struct told *told)
{
    struct kad_pages_seen seen;
    memset(told, 0, sizeof *told);
    int fd = open(place_path(p, file), O_RDONLY);
    assert_true(fd >= 0);
    ok(p, kad_pages_walk(fd, UINT64_MAX, NULL, take, told, &seen, &p->error));
    close(fd);
    assert_int_equal(seen.faults, told->n);
    return seen;
}

static void whole(struct place *p, const char *file)
{
    struct told told;
    struct kad_pages_seen seen = walk(p, file, &told);
    if (told.n > 0)
        fail_msg("transaction %llu: %llu faults, first %s", (unsigned long long)seen.txn,
                 (unsigned long long)told.n, told.first);
    assert_int_equal(seen.reached + seen.free, seen.pages);
    assert_false(seen.broken);
}

#define LONGEST 40000

static MDB_env *env_open(struct place *p, const char *dir)
{
    MDB_env *env;
    (void)p;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 256u << 20), 0);
    assert_int_equal(mdb_env_open(env, dir, MDB_NOTLS, 0600), 0);
    return env;
}

static void change_at_random(MDB_txn *txn, MDB_dbi dbi, uint32_t changes, uint32_t longest)
{
    static char data[LONGEST];
    char text[40];
    MDB_val k, v;
    for (uint32_t i = 0, n = random_below(changes); i < n; i++) {
        snprintf(text, sizeof text, "%*u", 4 + (int)random_below(20), random_below(2000));
        k = (MDB_val){strlen(text), text};
        v = (MDB_val){random_below(random_below(8) ? 200 : longest), data};
        int rc = random_below(3) ? mdb_put(txn, dbi, &k, &v, 0) : mdb_del(txn, dbi, &k, NULL);
        assert_true(rc == 0 || rc == MDB_NOTFOUND);
    }
}

/* Copies, plain and compacted, are whole as well. */
static void copies_are_whole(struct place *p, MDB_env *env)
{
    for (unsigned flags = 0; flags <= MDB_CP_COMPACT; flags += MDB_CP_COMPACT) {
        unlink(place_path(p, "copy/data.mdb"));
        rmdir(place_path(p, "copy"));
        assert_int_equal(mkdir(place_path(p, "copy"), 0700), 0);
        assert_int_equal(mdb_env_copy2(env, place_path(p, "copy"), flags), 0);
        whole(p, "copy/data.mdb");
    }
}

static void whatever_lmdb_writes_is_whole(void **state)
{
    struct place *p = *state;
    seed = 7;
    assert_int_equal(mkdir(p->dir, 0700), 0);
    MDB_env *env = env_open(p, p->dir);
    MDB_txn *reader = NULL;
    whole(p, "data.mdb"); /* nothing was ever committed */
    copies_are_whole(p, env);
    for (int round = 0; round < 250; round++) {
        static const char *const names[] = {"a", "bb", "log", "story"};
        MDB_txn *txn;
        MDB_dbi dbi;
        assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
        assert_int_equal(mdb_dbi_open(txn, names[random_below(4)], MDB_CREATE, &dbi), 0);
        change_at_random(txn, dbi, 300, LONGEST);
        if (random_below(12) == 0)
            assert_int_equal(mdb_drop(txn, dbi, 0), 0);
        if (random_below(5) == 0)
            mdb_txn_abort(txn);
        else
            assert_int_equal(mdb_txn_commit(txn), 0);
        if (round % 20 == 3) { /* a reader keeps old pages from being used again */
            if (reader)
                mdb_txn_abort(reader);
            assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &reader), 0);
        }
        whole(p, "data.mdb");
        if (round % 50 == 10)
            copies_are_whole(p, env);
        if (random_below(15) == 0) { /* what another process would see */
            mdb_txn_abort(reader);
            reader = NULL;
            mdb_env_close(env);
            env = env_open(p, p->dir);
        }
    }
    mdb_txn_abort(reader);
    mdb_env_close(env);
}

/* A file with every kind of page: branches, leaves, long values, a list of free pages, two tables. */
static void make_small(struct place *p)
{
    seed = 11;
    assert_int_equal(mkdir(p->dir, 0700), 0);
    MDB_env *env = env_open(p, p->dir);
    for (int round = 0; round < 4; round++) {
        MDB_txn *txn;
        MDB_dbi dbi;
        assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
        assert_int_equal(mdb_dbi_open(txn, round % 2 ? "log" : "id", MDB_CREATE, &dbi), 0);
        change_at_random(txn, dbi, 100, 9000);
        assert_int_equal(mdb_txn_commit(txn), 0);
    }
    mdb_env_close(env);
}

static int file_open(struct place *p, off_t *ret_size)
{
    struct stat st;
    int fd = open(place_path(p, "data.mdb"), O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    *ret_size = st.st_size;
    return fd;
}

static void put_at(int fd, const void *bytes, size_t n, off_t at)
{
    assert_int_equal(pwrite(fd, bytes, n, at), n);
}

/* The first 256 bytes of each page (header, offsets) and its last 256 (nodes), and some between. */
static void no_changed_byte_makes_it_stumble(void **state)
{
    struct place *p = *state;
    struct told told;
    off_t size;
    uint64_t found = 0, tried = 0;
    make_small(p);
    whole(p, "data.mdb");
    int fd = file_open(p, &size);
    for (off_t at = 0; at < size; at++) {
        static const unsigned char flips[] = {0x01, 0x80, 0xff};
        off_t in = at % 4096;
        if (in >= 200 && in < 4096 - 200 && at % 61 != 0)
            continue;
        for (size_t i = 0; i < LEN(flips); i++) {
            unsigned char was, is;
            assert_int_equal(pread(fd, &was, 1, at), 1);
            is = was ^ flips[i];
            put_at(fd, &is, 1, at);
            walk(p, "data.mdb", &told);
            found += told.n > 0;
            tried++;
            put_at(fd, &was, 1, at);
        }
    }
    close(fd);
    whole(p, "data.mdb");
    assert_true(found > 1000 && found < tried);
}

static void lost_ends_swapped_and_empty_pages_are_found(void **state)
{
    struct place *p = *state;
    struct told told;
    off_t size;
    char one[4096], other[4096];
    static const char zero[4096];
    make_small(p);
    struct kad_pages_seen seen = walk(p, "data.mdb", &told);
    int fd = file_open(p, &size);
    uint64_t reached = 2;
    for (off_t at = 4096 * 2; at < (off_t)seen.pages * 4096; at += 4096) {
        assert_int_equal(pread(fd, one, 4096, at), 4096);
        put_at(fd, zero, 4096, at);
        walk(p, "data.mdb", &told);
        reached += told.n > 0;
        put_at(fd, one, 4096, at);
    }
    /* all but free ones and the inner pages of long values, which are not looked at here */
    assert_true(reached > 20 && reached <= seen.reached);
    assert_int_equal(pread(fd, one, 4096, 4096 * 2), 4096);
    assert_int_equal(pread(fd, other, 4096, 4096 * 3), 4096);
    put_at(fd, other, 4096, 4096 * 2);
    put_at(fd, one, 4096, 4096 * 3);
    walk(p, "data.mdb", &told);
    assert_true(told.n > 0);
    put_at(fd, one, 4096, 4096 * 2);
    put_at(fd, other, 4096, 4096 * 3);
    whole(p, "data.mdb");
    for (uint64_t pages = seen.pages - 1; pages > 0; pages--) {
        assert_int_equal(ftruncate(fd, (off_t)pages * 4096), 0);
        assert_true(walk(p, "data.mdb", &told).broken);
        assert_non_null(strstr(told.first, "the end of the file is missing"));
    }
    close(fd);
}

static void meta_pages_must_be_neighbours_in_time(void **state)
{
    struct place *p = *state;
    struct told told;
    off_t size;
    uint64_t txn, other;
    enum { TXN_AT = 16 + 128 };
    make_small(p);
    int fd = file_open(p, &size);
    assert_int_equal(pread(fd, &txn, 8, TXN_AT), 8);
    assert_int_equal(pread(fd, &other, 8, 4096 + TXN_AT), 8);
    assert_int_equal(txn > other ? txn - other : other - txn, 1);
    const struct {
        uint64_t first, second;
    } all[] = {{0, 0},           {txn, txn},       {txn + 1, other + 1}, {txn + 2, other},
               {txn, other + 2}, {txn - 2, other}, {other, txn}};
    for (size_t i = 0; i < LEN(all); i++) {
        uint64_t first = all[i].first, second = all[i].second;
        put_at(fd, &first, 8, TXN_AT);
        put_at(fd, &second, 8, 4096 + TXN_AT);
        walk(p, "data.mdb", &told);
        if (told.n == 0)
            fail_msg("%llu and %llu were believed", (unsigned long long)first,
                     (unsigned long long)second);
    }
    close(fd);
}

static void a_fault_is_named_by_page_table_and_keys(void **state)
{
    struct place *p = *state;
    struct told told;
    off_t size;
    make_small(p);
    int fd = file_open(p, &size);
    bool log = false, id = false;
    for (off_t at = 4096 * 2; at < size; at += 4096) {
        unsigned char was, is = 0x55;
        assert_int_equal(pread(fd, &was, 1, at + 12), 1);
        put_at(fd, &is, 1, at + 12);
        walk(p, "data.mdb", &told);
        log |= strstr(told.first, ", log: its first bytes are not") != NULL;
        id |= strstr(told.first, ", id: its first bytes are not") != NULL;
        if (strstr(told.first, "its first bytes are not"))
            assert_int_equal(told.page, at / 4096);
        put_at(fd, &was, 1, at + 12);
    }
    close(fd);
    assert_true(log && id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(whatever_lmdb_writes_is_whole),
        PLACE_TEST(no_changed_byte_makes_it_stumble),
        PLACE_TEST(lost_ends_swapped_and_empty_pages_are_found),
        PLACE_TEST(meta_pages_must_be_neighbours_in_time),
        PLACE_TEST(a_fault_is_named_by_page_table_and_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

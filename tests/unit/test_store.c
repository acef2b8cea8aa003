/* The store as a folder: making it, opening it, and everything that is no store of ours. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <lmdb.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>

#include "core/note.h"
#include "tests/unit/store.h"

#define NOBODY 65534

/* This one stands before the C library's: a disk is of the kind a test says. */
static long disk_type;
int statfs(const char *path, struct statfs *ret)
{
    if (syscall(SYS_statfs, path, ret) != 0)
        return -1;
    if (disk_type)
        ret->f_type = disk_type;
    return 0;
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

/* --- making one --- */

static void a_store_is_its_owner_s_alone_whatever_the_umask(void **state)
{
    struct place *p = *state;
    static const mode_t masks[] = {0, 022, 077, 0777};
    mode_t old = umask(0);
    for (size_t i = 0; i < LEN(masks); i++) {
        struct kad_ledger_info info = {.mode = KAD_LEDGER_LIVE};
        snprintf(p->dir, sizeof p->dir, "%s/store%zu", p->root, i);
        umask(masks[i]);
        enum kad_err err = kad_ledger_create(p->dir, &info, &p->error);
        struct kad_ledger *l = NULL;
        if (err == KAD_OK)
            err = kad_ledger_open(p->dir, true, 0, &l, &p->error);
        umask(old);
        assert_int_equal(err, KAD_OK);
        assert_int_equal(kad_ledger_info(l)->mode, KAD_LEDGER_LIVE);
        assert_string_equal(kad_ledger_info(l)->id, info.id);
        kad_ledger_close(l);
        assert_int_equal(mode_of(p->dir), 0700);
        assert_int_equal(mode_of(place_path(p, "data.mdb")), 0600);
        assert_int_equal(mode_of(place_path(p, "lock.mdb")), 0600);
        assert_int_equal(mode_of(place_path(p, "writer")), 0600);
    }
}

static size_t names_in(const char *dir)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

/* What the log does not hold is bound by the id. */
static void name_mode_key_and_id_cannot_be_changed_behind_one_s_back(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *key;
        size_t at;
    } changes[] = {{"id", 0}, {"mode", 0}, {"programme", 3}, {"seed", 31}, {"key", 0}};
    place_create(p);
    for (size_t i = 0; i < LEN(changes); i++) {
        for (int back = 0; back < 2; back++) {
            MDB_env *env;
            MDB_txn *txn;
            MDB_dbi dbi;
            char value[200];
            assert_int_equal(mdb_env_create(&env), 0);
            assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
            assert_int_equal(mdb_env_open(env, p->dir, 0, 0600), 0);
            assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
            assert_int_equal(mdb_dbi_open(txn, "meta", 0, &dbi), 0);
            char name[20];
            snprintf(name, sizeof name, "%s", changes[i].key);
            MDB_val k = {strlen(name), name}, v;
            assert_int_equal(mdb_get(txn, dbi, &k, &v), 0);
            memcpy(value, v.mv_data, v.mv_size);
            value[changes[i].at] ^= 1;
            v.mv_data = value;
            assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
            assert_int_equal(mdb_txn_commit(txn), 0);
            mdb_env_close(env);
            struct kad_ledger *l = NULL;
            if (back)
                ok(p, kad_ledger_open(p->dir, false, 0, &l, &p->error));
            else
                fails(p, kad_ledger_open(p->dir, false, 0, &l, &p->error), KAD_ESTORE,
                      "changed since it was made");
            kad_ledger_close(l);
        }
    }
}

static void a_ledger_is_made_with_its_key_or_not_at_all(void **state)
{
    struct place *p = *state;
    struct kad_ledger_info info = {0};
    uint8_t seed[32], public[32];
    ok(p, kad_ledger_create(p->dir, &info, &p->error));
    ok(p, kad_key_read(info.id, KAD_KEY_SIGN, seed, sizeof seed, &p->error));
    kad_public_key(seed, public);
    assert_memory_equal(public, info.key, sizeof public);
    struct kad_ledger *l = place_open(p, false);
    assert_memory_equal(kad_ledger_info(l)->key, info.key, sizeof public);
    kad_ledger_close(l);
    size_t before = names_in(p->keys);
    fails(p, kad_ledger_create(p->dir, &info, &p->error), KAD_ENO, "holds a store already");
    assert_int_equal(names_in(p->keys), before);
    assert_int_equal(chmod(p->keys, 0755), 0);
    snprintf(p->dir, sizeof p->dir, "%s/other", p->root);
    fails(p, kad_ledger_create(p->dir, &info, &p->error), KAD_ESTORE, "chmod 700");
    assert_int_equal(access(p->dir, F_OK), -1);
}

static void a_store_is_made_in_an_empty_folder_too(void **state)
{
    struct place *p = *state;
    assert_int_equal(mkdir(p->dir, 0755), 0);
    place_create(p);
    assert_int_equal(mode_of(p->dir), 0700);
    char link[256], slashes[256];
    snprintf(link, sizeof link, "%s/link", p->root);
    snprintf(slashes, sizeof slashes, "%s/new///", p->root);
    struct kad_ledger_info info = {0};
    ok(p, kad_ledger_create(slashes, &info, &p->error));
    assert_int_equal(strlen(info.id), 32);
    assert_int_equal(symlink("store", link), 0);
    fails(p, kad_ledger_create(link, &info, &p->error), KAD_ENO, "holds a store already");
}

static void a_folder_that_holds_something_is_left_alone(void **state)
{
    struct place *p = *state;
    struct kad_ledger_info info = {0};
    place_create(p);
    fails(p, kad_ledger_create(p->dir, &info, &p->error), KAD_ENO, "holds a store already");
    char other[256], file[300];
    snprintf(other, sizeof other, "%s/other", p->root);
    snprintf(file, sizeof file, "%s/letter.txt", other);
    assert_int_equal(mkdir(other, 0755), 0);
    write_file(file, "hej", 3);
    fails(p, kad_ledger_create(other, &info, &p->error), KAD_EINPUT, "letter.txt");
    fails(p, kad_ledger_create(file, &info, &p->error), KAD_EINPUT, "is a file already");
    fails(p, kad_ledger_create("", &info, &p->error), KAD_EINPUT, "empty");
    snprintf(file, sizeof file, "%s/no/such", p->root);
    fails(p, kad_ledger_create(file, &info, &p->error), KAD_EINPUT, "does not exist");
    /* nothing is left beside */
    assert_int_equal(access(other, F_OK), 0);
    snprintf(file, sizeof file, "%s.new-%ld", other, (long)getpid());
    assert_int_equal(access(file, F_OK), -1);
}

static void what_a_killed_process_left_beside_is_no_hindrance(void **state)
{
    struct place *p = *state;
    char beside[300], file[330];
    snprintf(beside, sizeof beside, "%s.new-%ld", p->dir, (long)getpid());
    snprintf(file, sizeof file, "%s/data.mdb", beside);
    assert_int_equal(mkdir(beside, 0700), 0);
    write_file(file, "half", 4);
    place_create(p);
    assert_int_equal(access(beside, F_OK), -1);
}

static void a_network_disk_is_refused(void **state)
{
    struct place *p = *state;
    struct kad_ledger_info info = {0};
    struct kad_ledger *l;
    static const long types[] = {0x6969,     0x517b,          0xfe534d42,
                                 0xff534d42, (int)0xff534d42, 0x00c36400};
    place_create(p);
    char other[256];
    snprintf(other, sizeof other, "%s/other", p->root);
    for (size_t i = 0; i < LEN(types); i++) {
        disk_type = types[i];
        fails(p, kad_ledger_open(p->dir, false, 0, &l, &p->error), KAD_ESTORE, "network disk");
        fails(p, kad_ledger_create(other, &info, &p->error), KAD_ESTORE, "network disk");
    }
    disk_type = 0;
}

/* --- what is no store --- */

static void what_is_no_store_is_named(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l;
    for (int write = 0; write < 2; write++) {
        fails(p, kad_ledger_open(p->dir, write, 0, &l, &p->error), KAD_ESTORE, "There is no store");
        fails(p, kad_ledger_open(p->root, write, 0, &l, &p->error), KAD_ESTORE, "holds no store");
    }
    write_file(p->dir, "hej", 3);
    fails(p, kad_ledger_open(p->dir, false, 0, &l, &p->error), KAD_ESTORE, "is a file");
    assert_int_equal(remove(p->dir), 0);
    assert_int_equal(mkdir(p->dir, 0755), 0);
    static char text[20000];
    memset(text, 'x', sizeof text);
    write_file(place_path(p, "data.mdb"), text, sizeof text);
    for (int write = 0; write < 2; write++)
        fails(p, kad_ledger_open(p->dir, write, 0, &l, &p->error), KAD_ESTORE,
              "of another program");
    write_file(place_path(p, "data.mdb"), "hej", 3);
    fails(p, kad_ledger_open(p->dir, false, 0, &l, &p->error), KAD_ESTORE, "of another program");
    assert_int_equal(remove(place_path(p, "data.mdb")), 0);
    assert_int_equal(mkdir(place_path(p, "data.mdb"), 0755), 0);
    fails(p, kad_ledger_open(p->dir, false, 0, &l, &p->error), KAD_ESTORE, "of another program");
}

/* An LMDB environment of somebody else's, or ours with a key of `meta` changed. */
static void put_raw(const char *dir, const char *table, const char *key, const void *value,
                    size_t n)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    union {
        const void *in;
        void *out;
    } k = {.in = key}, v = {.in = value};
    MDB_val mk = {strlen(key), k.out}, mv = {n, v.out};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &mk, &mv, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void another_program_s_database_is_recognised(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l;
    assert_int_equal(mkdir(p->dir, 0755), 0);
    put_raw(p->dir, "things", "a", "b", 1);
    fails(p, kad_ledger_open(p->dir, false, 0, &l, &p->error), KAD_ESTORE, "of another program");
    put_raw(p->dir, "meta", "a", "b", 1);
    fails(p, kad_ledger_open(p->dir, true, 0, &l, &p->error), KAD_ESTORE, "of another program");
}

static void another_version_is_refused_with_how_to_carry_it_over(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l;
    place_create(p);
    for (int write = 0; write < 2; write++) {
        put_raw(p->dir, "meta", "kadens", write ? "\0\0\0\3" : "\0\0\0\1", 4);
        fails(p, kad_ledger_open(p->dir, write, 0, &l, &p->error), KAD_ESTORE, "command “export”");
        assert_non_null(strstr(p->error.text, "kadens import"));
    }
    put_raw(p->dir, "meta", "kadens", "\0\0\0\2", 4);
    put_raw(p->dir, "meta", "mode", "\7", 1);
    fails(p, kad_ledger_open(p->dir, false, 0, &l, &p->error), KAD_ESTORE, "“meta”");
}

static void fill(struct place *p, int n)
{
    struct kad_ledger *l = place_new(p);
    for (int i = 0; i < n; i++) {
        struct kad_txn *t = place_begin(p, l);
        char key[16], id[16];
        for (int k = 0; k < 20; k++) {
            snprintf(key, sizeof key, "C-%d", (i * 7 + k) % 50);
            snprintf(id, sizeof id, "i%d-%d", i, k);
            place_append(p, t, key, i, id);
        }
        ok(p, kad_txn_commit(t, &p->error));
    }
    kad_ledger_close(l);
}

static void drop_raw(const char *dir, uint8_t seq)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    uint8_t key[8] = {[7] = seq};
    MDB_val mk = {sizeof key, key};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "log", 0, &dbi), 0);
    assert_int_equal(mdb_del(txn, dbi, &mk, NULL), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void a_record_missing_before_the_last_is_damage(void **state)
{
    struct place *p = *state;
    struct kad_snapshot *s;
    struct kad_str bytes;
    fill(p, 1);
    drop_raw(p->dir, 6);
    struct kad_ledger *l = place_open(p, false);
    ok(p, kad_snapshot_take(l, &s, &p->error));
    fails(p, kad_snapshot_record(s, 6, &bytes, &p->error), KAD_ESTORE, "damaged");
    fails(p, kad_snapshot_record(s, 21, &bytes, &p->error), KAD_ENOTFOUND, "no record 21");
    fails(p, kad_snapshot_record(s, 0, &bytes, &p->error), KAD_ENOTFOUND, "no record 0");
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

static void a_file_that_was_cut_is_refused_wherever_it_was(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l;
    struct stat st;
    fill(p, 20);
    const char *path = place_path(p, "data.mdb");
    assert_int_equal(stat(path, &st), 0);
    int length = 0;
    for (off_t n = st.st_size - 1; n >= 0; n = n > 20000 ? n - 4099 : n > 4200 ? n - 211 : n - 97) {
        assert_int_equal(truncate(path, n), 0);
        fails(p, kad_ledger_open(p->dir, length % 2, 0, &l, &p->error), KAD_ESTORE,
              "the end of its file data.mdb is missing");
        length++;
    }
    assert_true(length > 50);
    assert_int_equal(truncate(path, 0), 0);
    fails(p, kad_ledger_open(p->dir, false, 0, &l, &p->error), KAD_ESTORE, "missing");
}

/* --- rights --- */

/* Runs f in a child, there as an ordinary user when this is root. Gives its exit status, or 1000 and
 * the signal. */
static int in_child(int (*f)(struct place *), struct place *p, bool ordinary)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (ordinary && geteuid() == 0 &&
            (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
             setresuid(NOBODY, NOBODY, NOBODY) != 0))
            _exit(99);
        _exit(f(p));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* 0: opened; else the code, without its sign. 50: the sentence does not say it. */
static int open_for(struct place *p, bool write, const char *part)
{
    struct kad_error e = {0};
    struct kad_ledger *l;
    enum kad_err err = kad_ledger_open(p->dir, write, 0, &l, &e);
    if (err == KAD_OK)
        kad_ledger_close(l);
    else if (!strstr(e.text, part))
        return 50;
    return -(int)err;
}
static int open_read(struct place *p)
{
    return open_for(p, false, "may not be read");
}
static int open_write(struct place *p)
{
    return open_for(p, true, "may not be written");
}
static int open_unreachable(struct place *p)
{
    return open_for(p, false, "cannot be reached");
}
static int make_there(struct place *p)
{
    struct kad_error e = {0};
    struct kad_ledger_info info = {0};
    return -(int)kad_ledger_create(p->dir, &info, &e);
}

static void own_by_ordinary(struct place *p)
{
    if (geteuid() != 0)
        return;
    static const char *const files[] = {"data.mdb", "lock.mdb", "writer", "."};
    for (size_t i = 0; i < LEN(files); i++)
        assert_int_equal(chown(place_path(p, files[i]), NOBODY, NOBODY), 0);
}

static void rights_decide_who_opens(void **state)
{
    struct place *p = *state;
    place_create(p);
    if (geteuid() == 0) /* root's store, which another user may not even look into */
        assert_int_equal(in_child(open_read, p, true), -KAD_ESTORE);
    own_by_ordinary(p);
    assert_int_equal(in_child(open_read, p, true), 0);
    assert_int_equal(in_child(open_write, p, true), 0);
    assert_int_equal(chmod(place_path(p, "data.mdb"), 0400), 0);
    assert_int_equal(in_child(open_read, p, true), 0);
    assert_int_equal(in_child(open_write, p, true), -KAD_ESTORE);
    assert_int_equal(chmod(place_path(p, "lock.mdb"), 0400), 0);
    assert_int_equal(in_child(open_read, p, true), -KAD_ESTORE);
    assert_int_equal(chmod(place_path(p, "lock.mdb"), 0600), 0);
    assert_int_equal(chmod(place_path(p, "data.mdb"), 0), 0);
    assert_int_equal(in_child(open_read, p, true), -KAD_ESTORE);
    assert_int_equal(chmod(place_path(p, "data.mdb"), 0600), 0);
    assert_int_equal(chmod(place_path(p, "writer"), 0), 0);
    assert_int_equal(in_child(open_write, p, true), -KAD_ESTORE);
    assert_int_equal(in_child(open_read, p, true), 0);
    assert_int_equal(chmod(p->root, 0), 0);
    assert_int_equal(in_child(open_unreachable, p, true), -KAD_ESTORE);
    assert_int_equal(chmod(p->root, 0755), 0);
    if (geteuid() == 0) /* whom nothing stops */
        assert_int_equal(in_child(open_write, p, false), 0);
}

static void no_store_is_made_where_one_may_not_write(void **state)
{
    struct place *p = *state;
    assert_int_equal(chmod(p->root, 0555), 0);
    assert_int_equal(in_child(make_there, p, true), -KAD_ESTORE);
    assert_int_equal(access(p->dir, F_OK), -1);
    assert_int_equal(chmod(p->root, 0755), 0);
}

/* --- one writer --- */

static void the_holder_is_named_after_waiting(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l;
    int ready[2], done[2];
    char c;
    place_create(p);
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        kad_ledger_set_command("kadens import");
        if (kad_ledger_open(p->dir, true, 0, &l, NULL) != KAD_OK || write(ready[1], "x", 1) != 1 ||
            read(done[0], &c, 1) != 1)
            _exit(1);
        _exit(0); /* without closing: the lock ends with the process */
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    fails(p, kad_ledger_open(p->dir, true, 60, &l, &p->error), KAD_EBUSY, "“kadens import”");
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_true((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 >= 59);
    char who[32];
    snprintf(who, sizeof who, "process %ld", (long)pid);
    assert_non_null(strstr(p->error.text, who));
    kad_ledger_close(place_open(p, false)); /* readers wait for nobody */
    assert_int_equal(write(done[1], "x", 1), 1);
    ok(p, kad_ledger_open(p->dir, true, 5000, &l, &p->error)); /* as soon as the other is gone */
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    struct stat st;
    assert_int_equal(stat(place_path(p, "writer"), &st), 0);
    assert_true(st.st_size > 0);
    kad_ledger_close(l);
    assert_int_equal(stat(place_path(p, "writer"), &st), 0);
    assert_int_equal(st.st_size, 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(close(ready[i]) | close(done[i]), 0);
}

/* A map that is too small for what another process has written is opened anew. */
static int append_much(struct place *p)
{
    setenv("KADENS_MAP", "1G", 1);
    struct kad_ledger *l;
    struct kad_txn *t;
    static char text[60000];
    memset(text, 'x', sizeof text - 1);
    if (kad_ledger_open(p->dir, true, 0, &l, NULL) != KAD_OK ||
        kad_txn_begin(l, &t, NULL) != KAD_OK)
        return 1;
    for (int i = 0; i < 100; i++) {
        struct kad_field f = text_field("note", text);
        struct kad_record r = event_of("C-1", "visit", i);
        r.fields = &f;
        r.n_fields = 1;
        if (kad_txn_append(t, &r, KAD_STR("participant"), NULL) != KAD_OK)
            return 2;
    }
    if (kad_txn_commit(t, NULL) != KAD_OK)
        return 3;
    kad_ledger_close(l);
    return 0;
}

static void a_reader_follows_a_store_that_outgrew_its_map(void **state)
{
    struct place *p = *state;
    char *kept = getenv("KADENS_MAP") ? strdup(getenv("KADENS_MAP")) : NULL;
    place_create(p);
    assert_int_equal(setenv("KADENS_MAP", "1M", 1), 0);
    struct kad_ledger *l = place_open(p, false);
    assert_int_equal(in_child(append_much, p, false), 0);
    struct kad_snapshot *s;
    struct kad_ledger_state st;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_state(s, &st, &p->error));
    assert_int_equal(st.last_seq, 100);
    kad_snapshot_release(s);
    kad_ledger_close(l);
    if (kept)
        setenv("KADENS_MAP", kept, 1);
    else
        unsetenv("KADENS_MAP");
    free(kept);
}

/* --- damage --- */

/* The file is cut behind the back of a process that has it open; what is said goes to a file. */
static int read_what_is_cut(struct place *p)
{
    struct kad_ledger *l;
    struct kad_snapshot *s;
    struct kad_str bytes;
    char said[256];
    snprintf(said, sizeof said, "%s/said", p->root);
    int fd = open(said, O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        return 98;
    kad_ledger_catch_faults();
    if (kad_ledger_open(p->dir, false, 0, &l, NULL) != KAD_OK ||
        truncate(place_path(p, "data.mdb"), 8192) != 0 || kad_snapshot_take(l, &s, NULL) != KAD_OK)
        return 97;
    return kad_snapshot_record(s, 1, &bytes, NULL) == KAD_OK ? 96 : 95;
}

static void a_fault_in_the_store_ends_with_one_sentence(void **state)
{
    struct place *p = *state;
    fill(p, 3);
    assert_int_equal(in_child(read_what_is_cut, p, false), 3);
    char said[256], text[1024];
    snprintf(said, sizeof said, "%s/said", p->root);
    FILE *f = fopen(said, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    assert_ptr_equal(strstr(text, "kadens: The store "), text);
    assert_non_null(strstr(text, p->dir));
    assert_non_null(strstr(text, "backup"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static int fault_elsewhere(struct place *p)
{
    (void)p;
    kad_ledger_catch_faults();
    raise(SIGSEGV);
    return 0;
}

static void a_fault_elsewhere_ends_as_it_always_did(void **state)
{
    assert_int_equal(in_child(fault_elsewhere, *state, false), 1000 + SIGSEGV);
}

static int read_everything(struct place *p)
{
    struct kad_error e = {0};
    struct kad_ledger *l;
    int said;
    alarm(20); /* a walk without end would be a fault too */
    kad_ledger_catch_faults();
    said = open("/dev/null", O_WRONLY);
    if (said < 0 || dup2(said, STDERR_FILENO) < 0)
        return 98;
    if (kad_ledger_open(p->dir, true, 0, &l, &e) != KAD_OK)
        return kad_err_status(e.code);
    uint64_t n;
    enum kad_err err = kad_view_check(l, NULL, NULL, NULL, &n, &e);
    struct kad_txn *t;
    if (err == KAD_OK)
        err = kad_txn_begin(l, &t, &e);
    if (err == KAD_OK) {
        struct kad_record r = event_of("C-7", "visit", 1);
        r.at += INT64_C(1000000);
        err = kad_txn_append(t, &r, KAD_STR("participant"), &e);
        if (err == KAD_OK)
            err = kad_txn_commit(t, &e);
        else
            kad_txn_abort(t);
    }
    kad_ledger_close(l);
    return kad_err_status(err);
}

static void damaged_pages_end_in_a_message_never_in_a_crash(void **state)
{
    struct place *p = *state;
    if (getenv("KADENS_MAP"))
        return; /* under valgrind, say, which would count each of LMDB's faults as an error */
    fill(p, 20);
    const char *path = place_path(p, "data.mdb");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    size_t n = (size_t)st.st_size;
    char *good = malloc(n), *bad = malloc(n);
    FILE *f = fopen(path, "rb");
    assert_true(good && bad && f);
    assert_int_equal(fread(good, 1, n, f), n);
    fclose(f);
    uint64_t x = 88172645463325252u;
    int statuses[4] = {0};
    for (int round = 0; round < 150; round++) {
        memcpy(bad, good, n);
        for (int k = 0; k < 1 + round % 30; k++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            bad[x % n] = (char)(x >> 40);
        }
        if (round % 10 == 0)
            memset(bad + 8192 + (x >> 20) % (n - 8192) / 4096 * 4096, 0xff, 4096);
        write_file(path, bad, n);
        int status = in_child(read_everything, p, false);
        if (status != 0 && status != 3)
            fail_msg("round %d ended with %d", round, status);
        statuses[status]++;
    }
    assert_true(statuses[3] > 20);
    free(good);
    free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_store_is_its_owner_s_alone_whatever_the_umask),
        PLACE_TEST(a_ledger_is_made_with_its_key_or_not_at_all),
        PLACE_TEST(name_mode_key_and_id_cannot_be_changed_behind_one_s_back),
        PLACE_TEST(a_store_is_made_in_an_empty_folder_too),
        PLACE_TEST(a_folder_that_holds_something_is_left_alone),
        PLACE_TEST(what_a_killed_process_left_beside_is_no_hindrance),
        PLACE_TEST(a_network_disk_is_refused),
        PLACE_TEST(what_is_no_store_is_named),
        PLACE_TEST(another_program_s_database_is_recognised),
        PLACE_TEST(another_version_is_refused_with_how_to_carry_it_over),
        PLACE_TEST(a_record_missing_before_the_last_is_damage),
        PLACE_TEST(a_file_that_was_cut_is_refused_wherever_it_was),
        PLACE_TEST(rights_decide_who_opens),
        PLACE_TEST(no_store_is_made_where_one_may_not_write),
        PLACE_TEST(the_holder_is_named_after_waiting),
        PLACE_TEST(a_reader_follows_a_store_that_outgrew_its_map),
        PLACE_TEST(a_fault_in_the_store_ends_with_one_sentence),
        PLACE_TEST(a_fault_elsewhere_ends_as_it_always_did),
        PLACE_TEST(damaged_pages_end_in_a_message_never_in_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The vault: whatever happens to its bytes or its keys is found and said, and an erasure that is broken off
 * anywhere is finished. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <sys/wait.h>

#include "core/vault.h"
#include "core/vault_priv.h"
#include "tests/unit/store.h"

#define LEDGER "0123456789abcdef0123456789abcdef"

static const char *const subjects[] = {"C-1", "C-2", "Ärende 3", "C-4", "C-5"};
#define N LEN(subjects)

static char *path(struct place *p, const char *name)
{
    return kad_arena_printf(&p->arena, "%s/%s", p->dir, name);
}

static char *key_path(struct place *p, const char *name)
{
    struct kad_buf b = {0};
    ok(p, kad_key_path(LEDGER, name, &b, &p->error));
    char *copy = kad_arena_strdup(&p->arena, kad_buf_str(&b));
    kad_buf_done(&b);
    return copy;
}

static struct kad_str read_all(struct place *p, const char *from)
{
    struct kad_buf b = {0};
    assert_int_equal(kad_file_get(from, 1 << 20, &b), 0);
    struct kad_str s = kad_str_dup(&p->arena, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
    return s;
}

static void write_all(const char *to, struct kad_str bytes)
{
    assert_int_equal(kad_file_put(to, bytes, 0600), 0);
}

/* A vault with one key for each of the subjects; the keys are given back. */
static void make(struct place *p, uint8_t keys[N][KAD_VAULT_KEY])
{
    if (mkdir(p->dir, 0700) != 0)
        assert_int_equal(errno, EEXIST);
    ok(p, kad_vault_create(p->dir, LEDGER, KAD_MASTER_FILE, &p->error));
    struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
    for (size_t i = 0; i < N; i++) {
        uint64_t number;
        ok(p, kad_vault_reserve(v, kad_str(subjects[i]), i, &number, &p->error));
        assert_int_equal(number, i + 1);
        assert_int_equal(kad_vault_key(v, number, kad_str(subjects[i]), keys[i]), KAD_ENTRY_KEY);
    }
    ok(p, kad_vault_flush(v, &p->error));
    kad_vault_free(v);
}

/* How many keys of the vault are read, and are the right ones; those that are destroyed are counted. */
struct seen {
    size_t good, erased, damaged;
};
static struct seen look(struct place *p, uint8_t keys[N][KAD_VAULT_KEY])
{
    struct seen s = {0};
    struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
    for (size_t i = 0; i < N; i++) {
        uint8_t key[KAD_VAULT_KEY];
        enum kad_vault_entry got = kad_vault_key(v, i + 1, kad_str(subjects[i]), key);
        s.erased += got == KAD_ENTRY_ERASED;
        s.damaged += got == KAD_ENTRY_DAMAGED;
        if (got == KAD_ENTRY_KEY) {
            assert_memory_equal(key, keys[i], sizeof key); /* another key would be the worst */
            s.good++;
        }
    }
    kad_vault_free(v);
    return s;
}

static unsigned told;
static void tell(void *ctx, const char *sentence)
{
    (void)ctx;
    assert_true(strlen(sentence) > 20);
    told++;
}

static void keys_are_there_again_and_bound_to_their_subject(void **state)
{
    struct place *p = *state;
    uint8_t keys[N][KAD_VAULT_KEY], key[KAD_VAULT_KEY];
    make(p, keys);
    assert_int_equal(look(p, keys).good, N);
    struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
    assert_int_equal(kad_vault_key(v, 1, KAD_STR("C-2"), key), KAD_ENTRY_DAMAGED);
    assert_int_equal(kad_vault_key(v, 2, KAD_STR("C-1"), key), KAD_ENTRY_DAMAGED);
    assert_int_equal(kad_vault_key(v, N + 1, KAD_STR("C-1"), key), KAD_ENTRY_DAMAGED);
    assert_int_equal(kad_vault_key(v, 0, KAD_STR("C-1"), key), KAD_ENTRY_DAMAGED);
    assert_int_equal(kad_vault_key(v, UINT64_MAX, KAD_STR("C-1"), key), KAD_ENTRY_DAMAGED);
    kad_vault_free(v);
    struct kad_vault_peek peek;
    ok(p, kad_vault_peek(path(p, KAD_VAULT_FILE), &peek, &p->error));
    assert_int_equal(peek.entries, N);
    assert_int_equal(strcmp(peek.header.ledger, LEDGER), 0);
    /* no key stands in the file, nor does the master key */
    struct kad_str bytes = read_all(p, path(p, KAD_VAULT_FILE));
    uint8_t master[KAD_VAULT_KEY];
    ok(p, kad_key_read(LEDGER, KAD_KEY_MASTER, master, sizeof master, &p->error));
    assert_null(memmem(bytes.p, bytes.n, master, sizeof master));
    for (size_t i = 0; i < N; i++)
        assert_null(memmem(bytes.p, bytes.n, keys[i], KAD_VAULT_KEY));
}

/* Every byte of the file, with every bit: of the header nothing opens, of an entry not that one. */
static void every_changed_byte_of_the_vault_is_found(void **state)
{
    struct place *p = *state;
    uint8_t keys[N][KAD_VAULT_KEY];
    make(p, keys);
    struct kad_vault_access access = {.tell = tell};
    kad_vault_set_access(&access);
    char *file = path(p, KAD_VAULT_FILE);
    struct kad_str good = read_all(p, file);
    assert_int_equal(good.n, KAD_VAULT_HEADER + N * KAD_VAULT_ENTRY);
    char *bad = kad_arena_memdup(&p->arena, good.p, good.n);
    size_t changes = 0;
    for (size_t i = 0; i < good.n; i++) {
        for (int bit = 0; bit < 8; bit += i < KAD_VAULT_HEADER ? 1 : 7) {
            bad[i] = (char)(good.p[i] ^ (1 << bit));
            int fd = open(file, O_WRONLY | O_TRUNC);
            assert_int_equal(kad_write_all(fd, bad, good.n), 0);
            close(fd);
            told = 0;
            struct seen s = look(p, keys);
            assert_int_equal(s.good, i < KAD_VAULT_HEADER ? 0 : N - 1);
            assert_int_equal(s.damaged, i < KAD_VAULT_HEADER ? N : 1);
            assert_int_equal(told, 1);
            changes++;
        }
        bad[i] = good.p[i];
    }
    kad_vault_set_access(NULL);
    printf("# %zu changes of a vault of %zu bytes: all found\n", changes, good.n);
    write_all(file, good);
    assert_int_equal(look(p, keys).good, N);
}

static void every_changed_byte_of_the_key_file_is_found(void **state)
{
    struct place *p = *state;
    uint8_t keys[N][KAD_VAULT_KEY];
    make(p, keys);
    char *file = key_path(p, KAD_KEY_MASTER);
    struct kad_str good = read_all(p, file);
    char *bad = kad_arena_memdup(&p->arena, good.p, good.n);
    size_t comment = (size_t)((char *)memchr(good.p, '#', good.n) - good.p), opens = 0;
    size_t end = comment + (size_t)((char *)memchr(good.p + comment, '\n', good.n - comment) -
                                    (good.p + comment));
    for (size_t i = 0; i < good.n; i++) {
        bad[i] = (char)(good.p[i] ^ 1);
        write_all(file, (struct kad_str){bad, good.n});
        struct seen s = look(p, keys);
        assert_true(s.good == 0 || (s.good == N && i > comment && i < end));
        opens += s.good == N;
        bad[i] = good.p[i];
    }
    assert_true(opens <= end - comment); /* the line for people is no part of the key */
    for (size_t n = 0; n < good.n; n++) {
        write_all(file, (struct kad_str){good.p, n});
        assert_int_equal(look(p, keys).good, 0);
    }
    unlink(file);
    assert_int_equal(look(p, keys).good, 0);
    struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
    uint64_t number;
    fails(p, kad_vault_reserve(v, KAD_STR("C-9"), 0, &number, &p->error), KAD_ESTORE, "--keys");
    kad_vault_free(v);
    write_all(file, good);
    assert_int_equal(look(p, keys).good, N);
}

/* A file that ends anywhere: what is whole is read, a rest is cut off by the next writer. */
static void every_truncation_is_found_or_mended(void **state)
{
    struct place *p = *state;
    uint8_t keys[N][KAD_VAULT_KEY];
    make(p, keys);
    char *file = path(p, KAD_VAULT_FILE);
    struct kad_str good = read_all(p, file);
    for (size_t n = 0; n < good.n; n++) {
        write_all(file, (struct kad_str){good.p, n});
        size_t whole = n < KAD_VAULT_HEADER ? 0 : (n - KAD_VAULT_HEADER) / KAD_VAULT_ENTRY;
        assert_int_equal(look(p, keys).good, whole);
        struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
        uint64_t number = 0;
        /* the ledger knows of all N: numbers are not given twice */
        fails(p, kad_vault_reserve(v, KAD_STR("C-9"), N, &number, &p->error), KAD_ESTORE, "vault");
        if (n >= KAD_VAULT_HEADER) {
            ok(p, kad_vault_reserve(v, KAD_STR("C-9"), whole, &number, &p->error));
            ok(p, kad_vault_flush(v, &p->error));
            assert_int_equal(number, whole + 1);
            struct stat st;
            assert_int_equal(stat(file, &st), 0);
            assert_int_equal(st.st_size, KAD_VAULT_HEADER + (whole + 1) * KAD_VAULT_ENTRY);
        }
        kad_vault_free(v);
    }
}

static void what_is_no_vault_of_this_ledger_is_told_apart(void **state)
{
    struct place *p = *state;
    uint8_t keys[N][KAD_VAULT_KEY];
    make(p, keys);
    char *file = path(p, KAD_VAULT_FILE);
    struct kad_str good = read_all(p, file);
    static const struct {
        const char *bytes, *told;
        size_t at;
    } all[] = {
        {"#!/bin/sh\n", "another program's file", 0},
        {"\x02", "later version", 8},
        {"f", "another ledger's", 16},
        {"X", "damaged", 16},
        {"\x05", "damaged", 9},
        {"\x01", "damaged", 103},
        {"\x01", "another master key", 48},
    };
    for (size_t i = 0; i < LEN(all); i++) {
        char *bad = kad_arena_memdup(&p->arena, good.p, good.n);
        memcpy(bad + all[i].at, all[i].bytes, strlen(all[i].bytes));
        write_all(file, (struct kad_str){bad, good.n});
        struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
        fails(p, kad_vault_unlock(v, &p->error), KAD_ESTORE, all[i].told);
        kad_vault_free(v);
    }
    unlink(file);
    assert_int_equal(mkdir(file, 0700), 0);
    struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
    fails(p, kad_vault_unlock(v, &p->error), KAD_ESTORE, "vault");
    kad_vault_free(v);
    assert_int_equal(rmdir(file), 0);
    assert_int_equal(symlink("/etc/passwd", file), 0);
    v = kad_vault_new(p->dir, LEDGER);
    fails(p, kad_vault_unlock(v, &p->error), KAD_ESTORE, "vault");
    kad_vault_free(v);
}

static struct kad_str keep_but_second(void *ctx, uint64_t number)
{
    (void)ctx;
    return number == 2 || number > N ? (struct kad_str){0} : kad_str(subjects[number - 1]);
}

static void an_erased_key_is_gone_and_the_old_master_key_opens_nothing(void **state)
{
    struct place *p = *state;
    uint8_t keys[N][KAD_VAULT_KEY], old_master[KAD_VAULT_KEY], master[KAD_VAULT_KEY];
    make(p, keys);
    ok(p, kad_key_read(LEDGER, KAD_KEY_MASTER, old_master, sizeof old_master, &p->error));
    struct kad_str old = read_all(p, path(p, KAD_VAULT_FILE));
    struct kad_vault *reader = kad_vault_new(p->dir, LEDGER), *v = kad_vault_new(p->dir, LEDGER);
    uint8_t key[KAD_VAULT_KEY];
    assert_int_equal(kad_vault_key(reader, 1, kad_str(subjects[0]), key), KAD_ENTRY_KEY);
    ok(p, kad_vault_rewrap(v, 17, keep_but_second, NULL, &p->error));
    kad_vault_free(v);
    struct seen s = look(p, keys);
    assert_int_equal(s.good, N - 1);
    assert_int_equal(s.erased, 1);
    bool erased;
    ok(p, kad_vault_entry_erased(path(p, KAD_VAULT_FILE), 2, &erased, &p->error));
    assert_true(erased);
    ok(p, kad_vault_entry_erased(path(p, KAD_VAULT_FILE), 3, &erased, &p->error));
    assert_false(erased);
    ok(p, kad_key_read(LEDGER, KAD_KEY_MASTER, master, sizeof master, &p->error));
    assert_memory_not_equal(master, old_master, sizeof master);
    assert_false(kad_key_exists(LEDGER, KAD_MASTER_NEXT));
    /* a process that had it open finds its way to the new one */
    assert_int_equal(kad_vault_key(reader, 4, kad_str(subjects[3]), key), KAD_ENTRY_KEY);
    assert_int_equal(kad_vault_key(reader, 2, kad_str(subjects[1]), key), KAD_ENTRY_ERASED);
    kad_vault_free(reader);
    /* the old file does not open with the new key */
    write_all(path(p, KAD_VAULT_FILE), old);
    assert_int_equal(look(p, keys).good, 0);
}

/* Between two master keys, the one that the vault opens with is kept, whatever becomes of the other. */
static void the_master_key_that_opens_the_vault_is_never_destroyed(void **state)
{
    struct place *p = *state;
    uint8_t keys[N][KAD_VAULT_KEY];
    make(p, keys);
    struct kad_str right = read_all(p, key_path(p, KAD_KEY_MASTER));
    static const char other[] = "nothing that is a key\n";
    for (int at_next = 0; at_next < 2; at_next++) {
        write_all(key_path(p, KAD_KEY_MASTER), at_next ? KAD_STR(other) : right);
        write_all(key_path(p, KAD_MASTER_NEXT), at_next ? right : KAD_STR(other));
        struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
        assert_true(kad_vault_is_between(v));
        ok(p, kad_vault_settle(v, &p->error));
        assert_false(kad_vault_is_between(v));
        kad_vault_free(v);
        assert_int_equal(look(p, keys).good, N);
        assert_false(kad_key_exists(LEDGER, KAD_MASTER_NEXT));
    }
    /* neither opens it: both stay */
    write_all(key_path(p, KAD_KEY_MASTER), KAD_STR(other));
    write_all(key_path(p, KAD_MASTER_NEXT), KAD_STR(other));
    struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
    assert_int_equal(kad_vault_settle(v, &p->error), KAD_ESTORE);
    kad_vault_free(v);
    assert_true(kad_key_exists(LEDGER, KAD_KEY_MASTER) && kad_key_exists(LEDGER, KAD_MASTER_NEXT));
}

/* --- broken off --- */

/* Runs the rewrapping in a child that is killed in front of its n-th call of the kernel that changes
 * anything; true when it came to its end. */
static bool rewrap_until(struct place *p, int n)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char text[16];
        snprintf(text, sizeof text, "%d", n);
        setenv("KADENS_TEST_STOP", text, 1);
        struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
        struct kad_error e = {0};
        enum kad_err err = kad_vault_rewrap(v, 17, keep_but_second, NULL, &e);
        _exit(err == KAD_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return !WIFSIGNALED(status);
}

/* What the program itself calls: cut here, between any two of them. */
static int stop_after = -1;
static void step(void)
{
    const char *text = getenv("KADENS_TEST_STOP");
    if (text && stop_after < 0)
        stop_after = atoi(text);
    if (text && stop_after-- == 0)
        raise(SIGKILL);
}
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    step();
    return __real_rename(from, to);
}
int __real_unlink(const char *name);
int __wrap_unlink(const char *name);
int __wrap_unlink(const char *name)
{
    step();
    return __real_unlink(name);
}
ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    step();
    return __real_write(fd, p, n);
}
ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at)
{
    step();
    return __real_pwrite(fd, p, n, at);
}
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    step();
    return __real_fsync(fd);
}

/* As the ledger does it at its next opening for writing. */
static void finish(struct place *p)
{
    struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
    uint64_t done;
    ok(p, kad_vault_fence(v, &done, &p->error));
    if (done != 17)
        ok(p, kad_vault_rewrap(v, 17, keep_but_second, NULL, &p->error));
    else if (kad_vault_is_between(v))
        ok(p, kad_vault_settle(v, &p->error));
    kad_vault_free(v);
}

static void a_rewrapping_that_is_killed_anywhere_is_finished(void **state)
{
    struct place *p = *state;
    uint8_t keys[N][KAD_VAULT_KEY];
    int stops = 0;
    for (bool ended = false; !ended; stops++) {
        make(p, keys);
        ended = rewrap_until(p, stops);
        /* whoever only reads loses nothing in between */
        struct seen s = look(p, keys);
        assert_int_equal(s.good + s.erased, N);
        assert_true(s.erased <= 1);
        finish(p);
        s = look(p, keys);
        assert_int_equal(s.good, N - 1);
        assert_int_equal(s.erased, 1);
        assert_false(kad_key_exists(LEDGER, KAD_MASTER_NEXT));
        assert_int_not_equal(access(path(p, KAD_VAULT_NEW), F_OK), 0);
        assert_int_equal(access(path(p, KAD_VAULT_FILE), F_OK), 0);
    }
    assert_true(stops > 12);
    printf("# killed at each of %d steps\n", stops - 1);
}

/* --- a passphrase --- */

static const char *words;
static enum kad_err say(void *ctx, enum kad_passphrase_ask ask, struct kad_buf *ret,
                        struct kad_error *reterr)
{
    (void)ctx;
    (void)reterr;
    kad_buf_puts(ret, ask == KAD_ASK_NEW && strcmp(words, "one") == 0 ? "two" : words);
    return KAD_OK;
}

static void a_passphrase_opens_what_it_locked_and_its_cost_is_bounded(void **state)
{
    struct place *p = *state;
    struct kad_vault_access access = {.passphrase = say};
    uint8_t key[KAD_VAULT_KEY], again[KAD_VAULT_KEY];
    uint64_t number;
    setenv("KADENS_PASSPHRASE_COST", "test", 1);
    kad_vault_set_access(&access);
    assert_int_equal(mkdir(p->dir, 0700), 0);
    words = "zero";
    ok(p, kad_vault_create(p->dir, LEDGER, KAD_MASTER_PASSPHRASE, &p->error));
    assert_false(kad_key_exists(LEDGER, KAD_KEY_MASTER));
    struct kad_vault *v = kad_vault_new(p->dir, LEDGER);
    ok(p, kad_vault_reserve(v, KAD_STR("C-1"), 0, &number, &p->error));
    assert_int_equal(kad_vault_key(v, 1, KAD_STR("C-1"), key), KAD_ENTRY_KEY);
    ok(p, kad_vault_flush(v, &p->error));
    kad_vault_free(v);
    words = "another";
    v = kad_vault_new(p->dir, LEDGER);
    fails(p, kad_vault_unlock(v, &p->error), KAD_ESTORE, "not the passphrase");
    kad_vault_free(v);
    words = "zero";
    v = kad_vault_new(p->dir, LEDGER);
    assert_int_equal(kad_vault_key(v, 1, KAD_STR("C-1"), again), KAD_ENTRY_KEY);
    assert_memory_equal(key, again, sizeof key);
    fails(p, kad_vault_prepare(v, &p->error), KAD_ENO, "choose another");
    kad_vault_free(v);
    /* what a changed file may ask of the machine */
    struct kad_str good = read_all(p, path(p, KAD_VAULT_FILE));
    for (size_t at = 80; at < 96; at++) {
        char *bad = kad_arena_memdup(&p->arena, good.p, good.n);
        bad[at] = (char)0xff;
        write_all(path(p, KAD_VAULT_FILE), (struct kad_str){bad, good.n});
        v = kad_vault_new(p->dir, LEDGER);
        fails(p, kad_vault_unlock(v, &p->error), KAD_ESTORE, ".");
        kad_vault_free(v);
    }
    kad_vault_set_access(NULL);
    unsetenv("KADENS_PASSPHRASE_COST");
}

static void a_copy_holds_whole_entries_only(void **state)
{
    struct place *p = *state;
    uint8_t keys[N][KAD_VAULT_KEY];
    make(p, keys);
    char *file = path(p, KAD_VAULT_FILE), *copy = path(p, "copy");
    struct kad_str good = read_all(p, file);
    write_all(file, (struct kad_str){good.p, good.n - 5});
    ok(p, kad_vault_copy(p->dir, copy, &p->error));
    struct kad_str got = read_all(p, copy);
    assert_int_equal(got.n, good.n - KAD_VAULT_ENTRY);
    assert_memory_equal(got.p, good.p, got.n);
    fails(p, kad_vault_copy(p->dir, copy, &p->error), KAD_ESTORE, "written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(keys_are_there_again_and_bound_to_their_subject),
        PLACE_TEST(every_changed_byte_of_the_vault_is_found),
        PLACE_TEST(every_changed_byte_of_the_key_file_is_found),
        PLACE_TEST(every_truncation_is_found_or_mended),
        PLACE_TEST(what_is_no_vault_of_this_ledger_is_told_apart),
        PLACE_TEST(an_erased_key_is_gone_and_the_old_master_key_opens_nothing),
        PLACE_TEST(the_master_key_that_opens_the_vault_is_never_destroyed),
        PLACE_TEST(a_rewrapping_that_is_killed_anywhere_is_finished),
        PLACE_TEST(a_passphrase_opens_what_it_locked_and_its_cost_is_bounded),
        PLACE_TEST(a_copy_holds_whole_entries_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

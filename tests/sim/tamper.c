/* Every byte of a small ledger changed, one after the other: `verify` finds it, or nothing that any
 * command can read has changed. What is neither is silent, and there must be none.
 *
 *   tamper bytes ROOT [--every K] [--seconds S]   ROOT/store, ROOT/keys: tests/sim/small_ledger.sh
 *   tamper pages ROOT                             ends cut off, pages swapped, pages of zeroes
 *   tamper insider ROOT                           consistent changes by somebody who may write it
 *   tamper issue STORE INSTANT                    run the scheduler up to then, and set a cursor
 *
 * With --every K each K-th byte is tried, and all bytes of the first two pages. Two processes share
 * the work, each with a copy of its own. Ends with 0 when nothing was silent. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/child.h"
#include "core/digest.h"
#include "core/files.h"
#include "core/keys.h"
#include "core/ledger_priv.h"
#include "core/pages.h"
#include "core/scheduler.h"
#include "core/verify.h"
#include "dsl/dsl.h"
#include "tests/sim/tamper.h"

#define WORKERS 2
#define PAGE 4096
#define ROUNDS 16
#define SILENT_TOLD 40

static const char *const files[] = {"data.mdb", "vault"};
#define N_FILES (sizeof files / sizeof *files)

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "tamper: %s: %s\n", what, why);
    exit(2);
}

static struct kad_buf load(const char *dir, const char *name)
{
    struct kad_buf b = {0};
    char *path = kad_path_join(dir, name);
    int failed = kad_file_get(path, 64u << 20, &b);
    if (failed != 0 && failed != ENOENT)
        die(path, strerror(failed));
    free(path);
    return b;
}

/* Each worker's store: plain files in a folder that is never brought to disk. */
static void put(const char *dir, const char *name, const struct kad_buf *b)
{
    char *path = kad_path_join(dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || kad_write_all(fd, b->p, b->n) != 0)
        die(path, strerror(errno));
    close(fd);
    free(path);
}

static void copy_store(const char *root, char to[256], const char *name)
{
    char from[256];
    snprintf(from, sizeof from, "%s/store", root);
    snprintf(to, 256, "%s/%s", root, name);
    kad_folder_remove(to);
    if (mkdir(to, 0700) != 0)
        die(to, strerror(errno));
    for (size_t i = 0; i < N_FILES; i++) {
        struct kad_buf b = load(from, files[i]);
        if (b.n > 0)
            put(to, files[i], &b);
        kad_buf_done(&b);
    }
    struct kad_buf none = {0};
    put(to, "writer", &none);
}

/* --- the two questions --- */

static bool is_whole(const char *dir)
{
    struct kad_verify_options o = {.dir = dir, .compile = kad_dsl_compile_fn, .full = true};
    struct kad_verify *v = NULL;
    struct kad_error error = {0};
    enum kad_err err = kad_verify_run(&o, &v, &error);
    bool whole = err == KAD_OK && v->n_troubles == 0;
    kad_verify_free(v);
    return whole;
}

static void dump_child(void *ctx, int fd)
{
    struct kad_buf b = {0};
    kad_ledger_faults_silent();
    tamper_dump(ctx, &b);
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)kad_buf_str(&b), b.n);
    if (kad_write_all(fd, hash, sizeof hash) != 0)
        _exit(1);
    kad_buf_done(&b);
}

/* The hash of all that any command can read. false: it could not be read through. */
static bool dump(const char *dir, unsigned char ret[crypto_hash_sha256_BYTES])
{
    struct kad_buf said = {0};
    struct kad_child_end end;
    struct kad_error error = {0};
    union {
        const char *in;
        void *out;
    } arg = {.in = dir};
    bool good = kad_child_run(dump_child, arg.out, crypto_hash_sha256_BYTES, &said, &end, &error) ==
                    KAD_OK &&
                end.done && said.n == crypto_hash_sha256_BYTES;
    if (good)
        memcpy(ret, said.p, said.n);
    kad_buf_done(&said);
    return good;
}

/* --- every byte --- */

struct job {
    const char *root;
    uint64_t every;
    time_t until;
    unsigned char whole[crypto_hash_sha256_BYTES]; /* of the untouched ledger */
    struct counts {
        atomic_uint_fast64_t tried, found, harmless, silent, together, left;
    } * c; /* shared */
};

/* What verify does first, without its child: most of what is found is found here. */
static bool pages_differ(int fd)
{
    struct kad_pages_seen seen;
    struct kad_error error = {0};
    return kad_pages_walk(fd, UINT64_MAX, NULL, NULL, NULL, &seen, &error) != KAD_OK ||
           seen.faults > 0;
}

static void flip_byte(int fd, uint64_t at, unsigned flip)
{
    unsigned char c;
    if (pread(fd, &c, 1, (off_t)at) != 1)
        die("read", strerror(errno));
    c = (unsigned char)(c ^ flip);
    if (pwrite(fd, &c, 1, (off_t)at) != 1)
        die("write", strerror(errno));
}

/* The store as it is now: found, or read as if nothing had happened, or neither. */
enum answer { FOUND_IT, HARMLESS, SILENT };

static enum answer look(const struct job *j, const char *dir, size_t file, int fd)
{
    unsigned char now[crypto_hash_sha256_BYTES];
    if ((file == 0 && pages_differ(fd)) || !is_whole(dir))
        return FOUND_IT;
    return dump(dir, now) && memcmp(now, j->whole, sizeof now) == 0 ? HARMLESS : SILENT;
}

static enum answer try_byte(const struct job *j, const char *dir, size_t file, int fd, uint64_t at,
                            unsigned flip)
{
    flip_byte(fd, at, flip);
    enum answer a = look(j, dir, file, fd);
    flip_byte(fd, at, flip);
    atomic_fetch_add(&j->c->tried, 1);
    atomic_fetch_add(a == FOUND_IT   ? &j->c->found
                     : a == HARMLESS ? &j->c->harmless
                                     : &j->c->silent,
                     1);
    if (a == SILENT && j->c->silent <= SILENT_TOLD)
        printf("silent: %s, byte %llu (page %llu + %llu), bits %02x\n", files[file],
               (unsigned long long)at, (unsigned long long)at / PAGE, (unsigned long long)at % PAGE,
               flip);
    fflush(stdout);
    return a;
}

/* Bytes that were harmless one by one with one bit changed: their other bits all at once. Only when
 * that is not harmless one by one again. */
static void try_together(const struct job *j, const char *dir, size_t file, int fd,
                         const uint64_t *at, size_t n, unsigned flip)
{
    for (size_t i = 0; i < n; i++)
        flip_byte(fd, at[i], flip);
    enum answer a = n > 0 ? look(j, dir, file, fd) : HARMLESS;
    for (size_t i = 0; i < n; i++)
        flip_byte(fd, at[i], flip);
    if (a == HARMLESS) {
        atomic_fetch_add(&j->c->together, n);
        return;
    }
    if (n > 1) { /* which of them? */
        try_together(j, dir, file, fd, at, n / 2, flip);
        try_together(j, dir, file, fd, at + n / 2, n - n / 2, flip);
    } else {
        try_byte(j, dir, file, fd, at[0], flip);
    }
}

static const unsigned more[] = {0x80, 0xff};
#define MORE (sizeof more / sizeof *more)

/* One byte of ROUNDS, so that what is left out of time is spread evenly. */
static void work_round(const struct job *j, unsigned worker, const char *dir, size_t file, int fd,
                       uint64_t size, uint64_t round)
{
    uint64_t *harmless = kad_xalloc((size / ROUNDS + 2) * sizeof *harmless);
    size_t n = 0;
    for (uint64_t at = round; at < size; at += ROUNDS) {
        bool meta = file == 0 && at < 2 * PAGE && at % PAGE < 160;
        if (at / ROUNDS % WORKERS != worker || (file == 0 && !meta && at % j->every != 0))
            continue;
        if (time(NULL) > j->until) {
            atomic_fetch_add(&j->c->left, 1);
            continue;
        }
        if (try_byte(j, dir, file, fd, at, 0x01) == HARMLESS && !meta)
            harmless[n++] = at;
        else if (meta && j->every == 1)
            for (unsigned flip = 2; flip < 256; flip++)
                try_byte(j, dir, file, fd, at, flip);
        else
            for (size_t k = 0; k < MORE; k++)
                try_byte(j, dir, file, fd, at, more[k]);
    }
    for (size_t k = 0; k < MORE; k++)
        try_together(j, dir, file, fd, harmless, n, more[k]);
    free(harmless);
}

static void work(const struct job *j, unsigned worker)
{
    char dir[256], name[32];
    snprintf(name, sizeof name, "copy-%u", worker);
    copy_store(j->root, dir, name);
    for (size_t f = N_FILES; f-- > 0;) {
        struct stat st;
        char *path = kad_path_join(dir, files[f]);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        free(path);
        if (fd < 0 || fstat(fd, &st) != 0)
            continue;
        for (uint64_t round = 0; round < ROUNDS; round++)
            work_round(j, worker, dir, f, fd, (uint64_t)st.st_size, round);
        close(fd);
    }
    kad_folder_remove(dir);
}

static int bytes(const char *root, uint64_t every, long seconds)
{
    struct job j = {.root = root, .every = every, .until = time(NULL) + seconds};
    char dir[256];
    copy_store(root, dir, "copy");
    if (!is_whole(dir))
        die(dir, "not whole to begin with");
    if (!dump(dir, j.whole))
        die(dir, "cannot be read");
    kad_folder_remove(dir);
    j.c = mmap(NULL, sizeof *j.c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (j.c == MAP_FAILED)
        die("memory", strerror(errno));
    pid_t children[WORKERS];
    for (unsigned w = 0; w < WORKERS; w++) {
        children[w] = fork();
        if (children[w] == 0) {
            work(&j, w);
            _exit(0);
        }
    }
    bool failed = false;
    for (unsigned w = 0; w < WORKERS; w++) {
        int status;
        failed |= waitpid(children[w], &status, 0) < 0 || status != 0;
    }
    printf("tried %llu\nfound %llu\nharmless %llu\nharmless together %llu\nsilent %llu\n"
           "out of time %llu\n",
           (unsigned long long)j.c->tried, (unsigned long long)j.c->found,
           (unsigned long long)j.c->harmless, (unsigned long long)j.c->together,
           (unsigned long long)j.c->silent, (unsigned long long)j.c->left);
    return failed || j.c->silent > 0 || j.c->tried == 0;
}

/* --- whole pages --- */

static int pages(const char *root)
{
    char dir[256];
    unsigned char whole[crypto_hash_sha256_BYTES], now[crypto_hash_sha256_BYTES];
    copy_store(root, dir, "copy");
    if (!is_whole(dir) || !dump(dir, whole))
        die(dir, "not whole to begin with");
    struct kad_buf b = load(dir, files[0]);
    struct kad_buf c = {.p = kad_xalloc(b.n), .n = b.n, .cap = b.n};
    uint64_t tried = 0, found = 0, harmless = 0, silent = 0, n = b.n / PAGE;
    /* 0: the end is cut off before page i; 1: page i is zeroes; 2 and on: it trades places */
    for (uint64_t way = 0; way < 4; way++)
        for (uint64_t i = 0; i < n; i++) {
            static const uint64_t far[] = {0, 0, 1, 7};
            uint64_t other = (i + far[way]) % n;
            memcpy(c.p, b.p, b.n);
            c.n = way == 0 ? i * PAGE : b.n;
            if (way == 1)
                memset(c.p + i * PAGE, 0, PAGE);
            if (way > 1) {
                memcpy(c.p + i * PAGE, b.p + other * PAGE, PAGE);
                memcpy(c.p + other * PAGE, b.p + i * PAGE, PAGE);
            }
            put(dir, files[0], &c);
            tried++;
            if (!is_whole(dir))
                found++;
            else if (dump(dir, now) && memcmp(now, whole, sizeof now) == 0)
                harmless++;
            else
                silent++;
        }
    kad_buf_done(&b);
    kad_buf_done(&c);
    kad_folder_remove(dir);
    printf("tried %llu\nfound %llu\nharmless %llu\nsilent %llu\n", (unsigned long long)tried,
           (unsigned long long)found, (unsigned long long)harmless, (unsigned long long)silent);
    return silent > 0 || found == 0;
}

/* --- the scheduler, for making the ledger --- */

static kad_instant given_now(void *ctx)
{
    return *(kad_instant *)ctx;
}

static int issue(const char *store, const char *text)
{
    kad_instant now;
    struct kad_error error = {0};
    struct kad_engine *e = NULL;
    struct kad_engine_options o = {.dir = store,
                                   .write = true,
                                   .wait_ms = 10000,
                                   .compile = kad_dsl_compile_fn,
                                   .now = KAD_INSTANT_NONE,
                                   .known = KAD_KNOWN_ALL,
                                   .by = KAD_STR("kadens"),
                                   .via = KAD_STR("scheduler")};
    if (!kad_instant_parse(text, strlen(text), &now))
        die(text, "no instant");
    o.now = now;
    struct kad_scheduler_clock clock = {.now = given_now, .ctx = &now, .given = true};
    if (kad_engine_open(&o, &e, &error) != KAD_OK)
        die(store, error.text);
    struct kad_scheduler *s = kad_scheduler_new(e, &clock);
    struct kad_step step = {.more = true};
    while (step.more)
        if (kad_scheduler_step(s, KAD_DUE_NEVER, KAD_BUDGET_DEFAULT, &step, &error) != KAD_OK)
            die(store, error.text);
    kad_scheduler_free(s);
    struct kad_txn *t = NULL;
    if (kad_txn_begin(kad_engine_ledger(e), &t, &error) != KAD_OK ||
        kad_txn_set_cursor(t, KAD_STR("mail"), KAD_STR("position 17 of the log"), &error) !=
            KAD_OK ||
        kad_txn_commit(t, &error) != KAD_OK)
        die(store, error.text);
    kad_engine_close(e);
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t every = 1;
    long seconds = 24 * 3600;
    if (argc < 3)
        die("usage", "tamper bytes|pages|insider ROOT, tamper issue STORE INSTANT");
    setenv("KADENS_MAP", "64M", 1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 3; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--every") == 0)
            every = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0)
            seconds = strtol(argv[i + 1], NULL, 10);
    }
    if (strcmp(argv[1], "issue") == 0)
        return argc > 3 ? issue(argv[2], argv[3]) : 2;
    char keys[256];
    snprintf(keys, sizeof keys, "%s/keys", argv[2]);
    kad_keys_set_folder(keys);
    if (strcmp(argv[1], "bytes") == 0 && every > 0)
        return bytes(argv[2], every, seconds);
    if (strcmp(argv[1], "pages") == 0)
        return pages(argv[2]);
    if (strcmp(argv[1], "insider") == 0)
        return tamper_insider(argv[2]);
    die(argv[1], "no such thing to do");
}

/* The floor for an import: read JSON Lines with the least parsing that finds the five things an
 * event has, pack each into a small record, append all of them to LMDB in one durable transaction.
 * No checks, no rules, no digests, no stories: what nobody would want, but nothing can be faster
 * than. `make bench` holds the real import against it.
 *
 * usage: plain_import FILE.jsonl DIR   (DIR is made) */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb.h>

static void check(int rc, const char *what)
{
    if (rc != 0) {
        fprintf(stderr, "plain_import: %s: %s\n", what, mdb_strerror(rc));
        exit(3);
    }
}

/* The text value of "name": in the line, or an empty slice. */
static MDB_val find(const char *line, size_t n, const char *name)
{
    size_t n_name = strlen(name);
    const char *end = line + n;
    for (const char *p = line; p + n_name + 4 < end; p++) {
        p = memchr(p, '"', (size_t)(end - p));
        if (!p)
            break;
        if ((size_t)(end - p) > n_name + 4 && memcmp(p + 1, name, n_name) == 0 &&
            p[n_name + 1] == '"' && p[n_name + 2] == ':') {
            const char *v = p + n_name + 3;
            bool quoted = *v == '"';
            v += quoted;
            const char *stop = quoted ? memchr(v, '"', (size_t)(end - v)) : end - 1;
            if (stop)
                return (MDB_val){(size_t)(stop - v), (void *)(uintptr_t)v};
        }
    }
    return (MDB_val){0, NULL};
}

static size_t pack(char *out, size_t cap, const char *line, size_t n)
{
    static const char *const names[] = {"id", "type", "subject", "on", "data"};
    size_t at = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        MDB_val v = find(line, n, names[i]);
        if (at + 2 + v.mv_size > cap)
            break;
        out[at++] = (char)(v.mv_size >> 8);
        out[at++] = (char)v.mv_size;
        if (v.mv_size > 0)
            memcpy(out + at, v.mv_data, v.mv_size);
        at += v.mv_size;
    }
    return at;
}

static uint64_t append_all(MDB_txn *txn, MDB_dbi dbi, const char *text, size_t n)
{
    uint64_t seq = 0;
    char packed[4096];
    for (const char *p = text, *end = text + n; p < end; ) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop)
            stop = end;
        uint64_t be = __builtin_bswap64(++seq);
        MDB_val key = {sizeof be, &be};
        MDB_val value = {pack(packed, sizeof packed, p, (size_t)(stop - p)), packed};
        check(mdb_put(txn, dbi, &key, &value, MDB_APPEND), "put");
        p = stop + 1;
    }
    return seq;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: plain_import FILE.jsonl DIR\n");
        return 2;
    }
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || mkdir(argv[2], 0700) != 0) {
        fprintf(stderr, "plain_import: %s\n", strerror(errno));
        return 2;
    }
    const char *text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED)
        return 2;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    check(mdb_env_create(&env), "create");
    check(mdb_env_set_mapsize(env, (size_t)1 << 34), "map size");
    check(mdb_env_open(env, argv[2], 0, 0600), "open");
    check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
    check(mdb_dbi_open(txn, NULL, 0, &dbi), "table");
    uint64_t n = append_all(txn, dbi, text, (size_t)st.st_size);
    check(mdb_txn_commit(txn), "commit");
    mdb_env_close(env);
    printf("%llu\n", (unsigned long long)n);
    return 0;
}

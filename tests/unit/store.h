/* A store in a folder of its own, for tests. Each test begins with an empty folder and leaves
 * nothing behind. */
#ifndef KAD_TESTS_STORE_H
#define KAD_TESTS_STORE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/keys.h"
#include "core/ledger.h"
#include "tests/unit/records.h"
#include "tests/unit/unit.h"

struct place {
    char root[200]; /* the folder of the test */
    char dir[220];  /* root/store: not made yet */
    char keys[220]; /* root/keys: the key folder, which is made when it is needed */
    struct kad_arena arena;
    struct kad_error error;
};

static inline int place_setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    const char *tmp = getenv("TMPDIR");
    if (!p)
        return -1;
    snprintf(p->root, sizeof p->root, "%s/kadens-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(p->root) || chmod(p->root, 0755) != 0)
        return -1;
    snprintf(p->dir, sizeof p->dir, "%s/store", p->root);
    snprintf(p->keys, sizeof p->keys, "%s/keys", p->root);
    kad_keys_set_folder(p->keys);
    kad_arena_init(&p->arena);
    *state = p;
    return 0;
}

static inline int place_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int place_teardown(void **state)
{
    struct place *p = *state;
    nftw(p->root, place_remove, 8, FTW_DEPTH | FTW_PHYS);
    kad_arena_done(&p->arena);
    free(p);
    return 0;
}
#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

#define ok(p, call)                                                                                \
    do {                                                                                           \
        (p)->error = (struct kad_error){0};                                                        \
        if ((call) != KAD_OK)                                                                      \
            fail_msg("%s: %s", #call, (p)->error.text);                                            \
    } while (0)
/* The call fails with this code, and its sentence has this part. */
#define fails(p, call, expected, part)                                                             \
    do {                                                                                           \
        (p)->error = (struct kad_error){0};                                                        \
        assert_int_equal((call), (expected));                                                      \
        if (!strstr((p)->error.text, (part)))                                                      \
            fail_msg("%s: “%s” lacks “%s”", #call, (p)->error.text, (part));                       \
    } while (0)

static inline void place_create(struct place *p)
{
    struct kad_ledger_info info = {.programme = "SE-Höglandet"};
    ok(p, kad_ledger_create(p->dir, &info, &p->error));
}

static inline struct kad_ledger *place_open(struct place *p, bool write)
{
    struct kad_ledger *l = NULL;
    ok(p, kad_ledger_open(p->dir, write, 0, &l, &p->error));
    return l;
}

static inline struct kad_ledger *place_new(struct place *p)
{
    place_create(p);
    return place_open(p, true);
}

static inline struct kad_txn *place_begin(struct place *p, struct kad_ledger *l)
{
    struct kad_txn *t = NULL;
    ok(p, kad_txn_begin(l, &t, &p->error));
    return t;
}

/* One event, in a transaction that is open. */
static inline uint64_t place_append(struct place *p, struct kad_txn *t, const char *subject,
                                    kad_day on, const char *id)
{
    struct kad_record r = event_of(subject, "visit", on);
    r.id = kad_str(id);
    ok(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error));
    return r.seq;
}

/* The seqs of a story: "1 4 9". */
static inline const char *place_seqs(struct place *p, struct kad_snapshot *s, const char *subject)
{
    struct kad_record *r;
    size_t n;
    char *text = kad_arena_strdup(&p->arena, "");
    ok(p, kad_snapshot_story(s, kad_str(subject), &p->arena, &r, &n, &p->error));
    for (size_t i = 0; i < n; i++)
        text = kad_arena_printf(&p->arena, "%s%s%llu", text, i ? " " : "",
                                (unsigned long long)r[i].seq);
    return text;
}

static inline const char *place_path(struct place *p, const char *name)
{
    return kad_arena_printf(&p->arena, "%s/%s", p->dir, name);
}

#endif

/* The hash tree against the records: every stored tile, and the roots of all sizes asked for. */
#include <stdlib.h>
#include <string.h>

#include "core/ledger_priv.h"
#include "core/verify_priv.h"

/* --- roots of trees that end within a stretch --- */

void kad_verify_size(struct kad_verifying *y, const struct kad_frontier *f, uint64_t size)
{
    size_t low = 0, high = y->sizes.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (y->sizes.v[mid].size < size)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < y->sizes.n && y->sizes.v[low].size == size)
        kad_frontier_root(f, y->sizes.v[low].root); /* so far of the stretch alone */
}

/* --- tiles --- */

/* The first of n hashes that a tile does not have; n when all are right. */
static enum kad_err compare_tile(struct kad_snapshot *s, unsigned k, uint64_t index,
                                 const uint8_t (*want)[KAD_HASH], size_t n, size_t *ret,
                                 struct kad_error *reterr)
{
    const uint8_t *stored = NULL;
    size_t have = 0, i = 0;
    enum kad_err err = kad_tile_read(s, k, index, &stored, &have, reterr);
    while (err == KAD_OK && i < n && i < have &&
           memcmp(stored + i * KAD_HASH, want[i], KAD_HASH) == 0)
        i++;
    *ret = i;
    return err;
}

/* Hash `at` of the tile covers the records from `first` to `last`. */
static void tile_differs(struct kad_verifying *y, unsigned k, uint64_t first, uint64_t last)
{
    if (k == 0)
        kad_trouble_add(y, KAD_PART_TREE, first,
                        _("Record %llu: its header is not the one that the hash tree was made of."),
                        (unsigned long long)first);
    else
        kad_trouble_add(y, KAD_PART_TREE, 0,
                        _("The stored hash over records %llu to %llu is not theirs."),
                        (unsigned long long)first, (unsigned long long)last);
}

enum kad_err kad_verify_tiles(struct kad_verifying *y, struct kad_snapshot *s, uint64_t i,
                              const uint8_t (*leaves)[KAD_HASH], uint64_t n,
                              struct kad_error *reterr)
{
    enum { TILES = KAD_STRETCH / KAD_TILE_WIDTH };
    uint8_t above[TILES][KAD_HASH];
    enum kad_err err = KAD_OK;
    size_t at, complete = 0;
    for (size_t t = 0; t < TILES && t * KAD_TILE_WIDTH < n && err == KAD_OK; t++) {
        uint64_t from = t * KAD_TILE_WIDTH;
        size_t here = n - from < KAD_TILE_WIDTH ? (size_t)(n - from) : KAD_TILE_WIDTH;
        err = compare_tile(s, 0, i * TILES + t, leaves + from, here, &at, reterr);
        if (err == KAD_OK && at < here)
            tile_differs(y, 0, i * KAD_STRETCH + from + at + 1, 0);
        if (here == KAD_TILE_WIDTH)
            kad_tile_fold(leaves[from], KAD_TILE_BITS, above[complete++]);
    }
    if (err == KAD_OK)
        err = compare_tile(s, 1, i, above, complete, &at, reterr);
    if (err == KAD_OK && at < complete) {
        uint64_t first = i * KAD_STRETCH + at * KAD_TILE_WIDTH + 1;
        tile_differs(y, 1, first, first + KAD_TILE_WIDTH - 1);
    }
    return err;
}

/* --- the tree above the stretches --- */

struct pyramid {
    uint8_t (
        *level[KAD_MERKLE_LEVELS])[KAD_HASH]; /* from KAD_STRETCH_LEVEL up: the complete ones */
    uint64_t n[KAD_MERKLE_LEVELS];
};

static void pyramid_make(struct pyramid *p, const uint8_t (*hashes)[KAD_HASH], uint64_t n)
{
    unsigned k = KAD_STRETCH_LEVEL;
    p->level[k] = kad_xalloc((n + 1) * KAD_HASH);
    p->n[k] = n;
    if (n > 0)
        memcpy(p->level[k], hashes, n * KAD_HASH);
    for (; (n /= 2) > 0; k++) {
        p->level[k + 1] = kad_xalloc(n * KAD_HASH);
        p->n[k + 1] = n;
        for (uint64_t i = 0; i < n; i++)
            kad_merkle_node(p->level[k][2 * i], p->level[k][2 * i + 1], p->level[k + 1][i]);
    }
}

static void pyramid_free(struct pyramid *p)
{
    for (size_t i = 0; i < KAD_MERKLE_LEVELS; i++)
        free(p->level[i]);
}

/* Of a tree of `size`, whose last, incomplete stretch has the root `part`. */
static void pyramid_root(const struct pyramid *p, uint64_t size, const uint8_t part[KAD_HASH],
                         uint8_t ret[KAD_HASH])
{
    bool any = size == 0 || size % KAD_STRETCH != 0;
    uint8_t root[KAD_HASH];
    memcpy(root, part, KAD_HASH);
    for (unsigned k = KAD_STRETCH_LEVEL; k < KAD_MERKLE_LEVELS && size >> k > 0; k++) {
        if (!(size >> k & 1))
            continue;
        const uint8_t *left = p->level[k][(size >> k) - 1];
        if (any)
            kad_merkle_node(left, root, root);
        else
            memcpy(root, left, KAD_HASH);
        any = true;
    }
    memcpy(ret, root, KAD_HASH);
}

/* Tiles of the levels above those that lie within a stretch. */
static enum kad_err check_high(struct kad_verifying *y, struct kad_snapshot *s,
                               const struct pyramid *p, struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    for (unsigned k = KAD_STRETCH_LEVEL / KAD_TILE_BITS; k < KAD_TILE_LEVELS; k++) {
        unsigned level = k * KAD_TILE_BITS;
        uint64_t n = level < KAD_MERKLE_LEVELS ? p->n[level] : 0;
        for (uint64_t from = 0; from < n && err == KAD_OK; from += KAD_TILE_WIDTH) {
            size_t at, here = n - from < KAD_TILE_WIDTH ? (size_t)(n - from) : KAD_TILE_WIDTH;
            err = compare_tile(s, k, from / KAD_TILE_WIDTH, p->level[level] + from, here, &at,
                               reterr);
            if (err == KAD_OK && at < here)
                tile_differs(y, k, ((from + at) << level) + 1, (from + at + 1) << level);
        }
    }
    return err;
}

/* No tile is there that should not be, and none is longer than its tree. */
static enum kad_err check_number(struct kad_verifying *y, struct kad_snapshot *s,
                                 struct kad_error *reterr)
{
    struct kad_ledger_state state;
    MDB_stat stat;
    uint64_t want = 0;
    bool fits = true;
    enum kad_err err = kad_snapshot_state(s, &state, reterr);
    if (err != KAD_OK)
        return err;
    for (unsigned k = 0; k < KAD_TILE_LEVELS && err == KAD_OK; k++) {
        uint64_t hashes = kad_tile_count(state.last_seq, k);
        const uint8_t *stored;
        size_t n = 0;
        want += (hashes + KAD_TILE_WIDTH - 1) / KAD_TILE_WIDTH;
        if (hashes % KAD_TILE_WIDTH != 0)
            err = kad_tile_read(s, k, hashes / KAD_TILE_WIDTH, &stored, &n, reterr);
        fits = fits && n == hashes % KAD_TILE_WIDTH;
    }
    int rc = KAD_LMDB(mdb_stat(s->mdb, y->ledger->dbi[KAD_TAB_TREE], &stat));
    if (rc != 0)
        return kad_lmdb_fail(y->ledger, rc, reterr);
    if (err == KAD_OK && (!fits || stat.ms_entries != want))
        kad_trouble_add(y, KAD_PART_TREE, 0,
                        _("The stored hash tree has parts that no record gives, or lacks some."));
    return err;
}

enum kad_err kad_verify_tree(struct kad_verifying *y, const uint8_t (*hashes)[KAD_HASH],
                             uint64_t last, struct kad_error *reterr)
{
    struct pyramid p = {0};
    struct kad_frontier none = {0};
    struct kad_snapshot *s = NULL;
    uint8_t empty[KAD_HASH];
    kad_frontier_root(&none, empty);
    pyramid_make(&p, hashes, last / KAD_STRETCH);
    pyramid_root(&p, last, last % KAD_STRETCH ? hashes[last / KAD_STRETCH] : empty, y->v->root);
    for (size_t i = 0; i < y->sizes.n; i++) {
        struct kad_size_asked *a = &y->sizes.v[i];
        if (a->size <= last)
            pyramid_root(&p, a->size, a->size > 0 ? a->root : empty, a->root);
    }
    enum kad_err err = kad_snapshot_take(y->ledger, &s, reterr);
    if (err == KAD_OK)
        err = check_high(y, s, &p, reterr);
    if (err == KAD_OK)
        err = check_number(y, s, reterr);
    kad_snapshot_release(s);
    pyramid_free(&p);
    if (err == KAD_OK)
        kad_part_set(y, KAD_PART_TREE, KAD_CHECK_DONE);
    return err;
}

#include <stdlib.h>
#include <string.h>

#include "core/ledger_priv.h"

/* --- keys: u8 k, u64 index --- */

void kad_tile_key(char out[KAD_TILE_KEY], unsigned k, uint64_t index)
{
    out[0] = (char)k;
    kad_seq_put(out + 1, index);
}

/* The stored hashes of a tile; n is 0 when it is not there. Valid until the next change. */
enum kad_err kad_tile_read(struct kad_snapshot *s, unsigned k, uint64_t index, const uint8_t **ret,
                           size_t *ret_n, struct kad_error *reterr)
{
    char name[KAD_TILE_KEY];
    kad_tile_key(name, k, index);
    MDB_val key = {.mv_data = name, .mv_size = sizeof name}, v = {0};
    int rc = KAD_LMDB(mdb_get(s->mdb, s->ledger->dbi[KAD_TAB_TREE], &key, &v));
    if (rc != 0 && rc != MDB_NOTFOUND)
        return kad_lmdb_fail(s->ledger, rc, reterr);
    if (rc == 0 &&
        (v.mv_size == 0 || v.mv_size % KAD_HASH != 0 || v.mv_size > KAD_TILE_WIDTH * KAD_HASH))
        return kad_ledger_damaged(s->ledger, KAD_TAB_TREE, reterr);
    *ret = v.mv_data;
    *ret_n = rc == 0 ? v.mv_size / KAD_HASH : 0;
    return KAD_OK;
}

/* --- writing --- */

/* The right edge, once for each transaction. */
static enum kad_err load(struct kad_txn *t, struct kad_error *reterr)
{
    struct kad_tiles *tiles = kad_xalloc(sizeof *tiles);
    enum kad_err err = KAD_OK;
    tiles->size = t->first_pending - 1;
    for (unsigned k = 0; k < KAD_TILE_LEVELS && err == KAD_OK; k++) {
        uint64_t hashes = kad_tile_count(tiles->size, k);
        size_t want = hashes % KAD_TILE_WIDTH, n = 0;
        const uint8_t *stored;
        if (want > 0)
            err = kad_tile_read(&t->view, k, hashes / KAD_TILE_WIDTH, &stored, &n, reterr);
        if (err == KAD_OK && n != want)
            err = kad_ledger_damaged(t->view.ledger, KAD_TAB_TREE, reterr);
        if (err == KAD_OK && n > 0)
            memcpy(tiles->h[k], stored, n * KAD_HASH);
    }
    if (err == KAD_OK)
        t->tiles = tiles;
    else
        free(tiles);
    return err;
}

static int put_tile(void *ctx, unsigned k, uint64_t index, const uint8_t *hashes, size_t n)
{
    struct kad_txn *t = ctx;
    char name[KAD_TILE_KEY];
    kad_tile_key(name, k, index);
    MDB_val key = {.mv_data = name, .mv_size = sizeof name};
    MDB_val v = kad_val((struct kad_str){(const char *)hashes, n * KAD_HASH});
    return KAD_LMDB(mdb_put(t->view.mdb, t->view.ledger->dbi[KAD_TAB_TREE], &key, &v, 0));
}

enum kad_err kad_tree_put(struct kad_txn *t, struct kad_error *reterr)
{
    if (t->records.n == 0)
        return KAD_OK;
    enum kad_err err = t->tiles ? KAD_OK : load(t, reterr);
    if (err != KAD_OK)
        return err;
    kad_assert(t->tiles->size == t->first_pending - 1);
    int rc = 0;
    for (size_t i = 0; i < t->records.n && rc == 0; i++) {
        uint8_t leaf[KAD_HASH];
        struct kad_str header = kad_record_header(t->records.v[i]);
        kad_merkle_leaf(header.p, header.n, leaf);
        rc = kad_tiles_add(t->tiles, leaf, put_tile, t);
    }
    if (rc == 0)
        rc = kad_tiles_rest(t->tiles, put_tile, t);
    return rc == 0 ? KAD_OK : kad_lmdb_fail(t->view.ledger, rc, reterr);
}

/* --- reading --- */

static enum kad_err node_at(struct kad_snapshot *s, unsigned level, uint64_t index,
                            uint8_t ret[KAD_HASH], struct kad_error *reterr)
{
    unsigned k = level / KAD_TILE_BITS, bits = level % KAD_TILE_BITS;
    uint64_t first = index << bits;
    size_t at = first % KAD_TILE_WIDTH, n;
    const uint8_t *hashes;
    enum kad_err err = kad_tile_read(s, k, first / KAD_TILE_WIDTH, &hashes, &n, reterr);
    if (err == KAD_OK && at + ((size_t)1 << bits) > n)
        err = kad_ledger_damaged(s->ledger, KAD_TAB_TREE, reterr);
    if (err == KAD_OK)
        kad_tile_fold(hashes + at * KAD_HASH, bits, ret);
    return err;
}

enum kad_err kad_snapshot_node(struct kad_snapshot *s, unsigned level, uint64_t index,
                               uint8_t ret[KAD_HASH], struct kad_error *reterr)
{
    kad_assert(s && ret && level < KAD_MERKLE_LEVELS && index < UINT64_MAX >> level);
    enum kad_err err = s->own ? kad_txn_flush(s->own, reterr) : KAD_OK;
    return err == KAD_OK ? node_at(s, level, index, ret, reterr) : err;
}

enum kad_err kad_snapshot_merkle(void *snapshot, unsigned level, uint64_t index,
                                 uint8_t ret[KAD_HASH], struct kad_error *reterr)
{
    return kad_snapshot_node(snapshot, level, index, ret, reterr);
}

enum kad_err kad_snapshot_root(struct kad_snapshot *s, uint64_t size, uint8_t ret[KAD_HASH],
                               struct kad_error *reterr)
{
    return kad_merkle_root(size, kad_snapshot_merkle, s, ret, reterr);
}

/* --- checkpoints: texts, whatever they say --- */

enum kad_err kad_snapshot_note(struct kad_snapshot *s, uint64_t most, struct kad_arena *a,
                               struct kad_str *ret, uint64_t *ret_size, struct kad_error *reterr)
{
    kad_assert(s && a && ret && ret_size);
    MDB_cursor *c;
    char key[KAD_SEQ_KEY];
    kad_seq_put(key, most);
    MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v = {0};
    *ret = (struct kad_str){0};
    *ret_size = 0;
    int rc = KAD_LMDB(mdb_cursor_open(s->mdb, s->ledger->dbi[KAD_TAB_CHECKPOINT], &c));
    if (rc != 0)
        return kad_lmdb_fail(s->ledger, rc, reterr);
    rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, MDB_SET_RANGE));
    if (rc == MDB_NOTFOUND)
        rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, MDB_LAST));
    else if (rc == 0 && (k.mv_size != sizeof key || memcmp(k.mv_data, key, sizeof key) != 0))
        rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, MDB_PREV));
    mdb_cursor_close(c);
    if (rc == MDB_NOTFOUND)
        return KAD_OK;
    if (rc != 0)
        return kad_lmdb_fail(s->ledger, rc, reterr);
    if (k.mv_size != KAD_SEQ_KEY || v.mv_size == 0)
        return kad_ledger_damaged(s->ledger, KAD_TAB_CHECKPOINT, reterr);
    *ret = kad_str_dup(a, kad_of_val(v));
    *ret_size = kad_seq_get(k.mv_data);
    return KAD_OK;
}

enum kad_err kad_txn_put_note(struct kad_txn *t, uint64_t size, struct kad_str note,
                              struct kad_error *reterr)
{
    kad_assert(t && !t->failed && note.n > 0 && size <= t->state.last_seq);
    char key[KAD_SEQ_KEY];
    kad_seq_put(key, size);
    MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v = kad_val(note);
    int rc = KAD_LMDB(
        mdb_put(t->view.mdb, t->view.ledger->dbi[KAD_TAB_CHECKPOINT], &k, &v, MDB_NOOVERWRITE));
    t->changed = true;
    t->failed = rc != 0;
    return rc == 0 ? KAD_OK : kad_lmdb_fail(t->view.ledger, rc, reterr);
}

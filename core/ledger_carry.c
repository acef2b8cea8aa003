/* Records that come from another copy of the same ledger, byte for byte; and the note of where a ledger ended
 * that came back from a backup. */
#include <string.h>

#include "core/ledger_priv.h"

static enum kad_err append_bytes(struct kad_txn *t, struct kad_str bytes, struct kad_error *reterr)
{
    struct kad_record r;
    struct kad_arena a;
    if (bytes.n > KAD_LIMIT_RECORD)
        return kad_ledger_damaged(t->view.ledger, KAD_TAB_LOG, reterr);
    struct kad_str copy = {kad_arena_memdup(&t->arena, bytes.p, bytes.n), bytes.n};
    kad_arena_init(&a);
    enum kad_err err = kad_record_decode(copy, &a, true, &r, reterr);
    if (err == KAD_OK &&
        (r.seq != t->state.last_seq + 1 || (t->state.last_seq > 0 && r.at < t->state.last_at)))
        err = kad_ledger_damaged(t->view.ledger, KAD_TAB_LOG, reterr);
    if (err == KAD_OK) {
        t->exempt = false;
        t->bytes_total += bytes.n;
        kad_vec_push(&t->arena, &t->records, copy);
        err = kad_txn_index(t, &r, copy, reterr);
    }
    kad_arena_done(&a);
    return err;
}

enum kad_err kad_txn_append_bytes(struct kad_txn *t, struct kad_str bytes, struct kad_error *reterr)
{
    kad_assert(t && !t->failed);
    enum kad_err err = append_bytes(t, bytes, reterr);
    t->failed = err != KAD_OK;
    return err;
}

enum kad_err kad_txn_note_restored(struct kad_txn *t, struct kad_error *reterr)
{
    char seq[KAD_SEQ_KEY];
    struct kad_ledger *l = t->view.ledger;
    kad_seq_put(seq, t->state.last_seq);
    struct kad_buf summed = {0};
    kad_summed_put(&summed, KAD_STR(KAD_META_RESTORED), (struct kad_str){seq, sizeof seq});
    MDB_val k = kad_val(KAD_STR(KAD_META_RESTORED));
    MDB_val v = kad_val((struct kad_str){summed.p, summed.n});
    int rc = KAD_LMDB(mdb_put(t->view.mdb, l->dbi[KAD_TAB_META], &k, &v, 0));
    kad_buf_done(&summed);
    t->changed = true;
    return rc == 0 ? KAD_OK : kad_lmdb_fail(l, rc, reterr);
}

enum kad_err kad_snapshot_restored(struct kad_snapshot *s, bool *ret_is, uint64_t *ret,
                                   struct kad_error *reterr)
{
    const struct kad_ledger *l = s->ledger;
    MDB_val k = kad_val(KAD_STR(KAD_META_RESTORED)), v;
    int rc = KAD_LMDB(mdb_get(s->mdb, l->dbi[KAD_TAB_META], &k, &v));
    *ret_is = rc == 0;
    if (rc == MDB_NOTFOUND)
        return KAD_OK;
    if (rc != 0)
        return kad_lmdb_fail(l, rc, reterr);
    struct kad_str seq;
    if (!kad_summed_get(KAD_STR(KAD_META_RESTORED), kad_of_val(v), &seq) || seq.n != KAD_SEQ_KEY)
        return kad_ledger_damaged(l, KAD_TAB_META, reterr);
    *ret = kad_seq_get(seq.p);
    return KAD_OK;
}

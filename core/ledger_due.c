/* What comes next for each subject, how far the scheduler has come, and where each reader of the log
 * stands. */
#include <string.h>

#include "core/ledger_priv.h"

static enum kad_err cursor_open(struct kad_snapshot *s, enum kad_table table, MDB_cursor **ret,
                                struct kad_error *reterr)
{
    int rc = KAD_LMDB(mdb_cursor_open(s->mdb, s->ledger->dbi[table], ret));
    return rc == 0 ? KAD_OK : kad_lmdb_fail(s->ledger, rc, reterr);
}

/* --- what is due --- */

enum kad_err kad_snapshot_due(struct kad_snapshot *s, kad_instant until, size_t max,
                              struct kad_arena *a, struct kad_due *ret, size_t *ret_n,
                              struct kad_error *reterr)
{
    kad_assert(s && a && ret_n);
    MDB_cursor *c;
    MDB_val k, v;
    *ret_n = 0;
    enum kad_err err = cursor_open(s, KAD_TAB_DUE, &c, reterr);
    if (err != KAD_OK)
        return err;
    int rc = 0;
    while (*ret_n < max) {
        struct kad_due due;
        rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, *ret_n == 0 ? MDB_FIRST : MDB_NEXT));
        if (rc != 0)
            break;
        if (!kad_due_key_get(kad_of_val(k), &due.moment, &due.subject)) {
            err = kad_ledger_damaged(s->ledger, KAD_TAB_DUE, reterr);
            break;
        }
        if (due.moment > until)
            break;
        due.subject = kad_str_dup(a, due.subject);
        ret[(*ret_n)++] = due;
    }
    mdb_cursor_close(c);
    if (err == KAD_OK && rc != 0 && rc != MDB_NOTFOUND)
        err = kad_lmdb_fail(s->ledger, rc, reterr);
    return err;
}

enum kad_err kad_snapshot_due_count(struct kad_snapshot *s, uint64_t max, uint64_t *ret_all,
                                    uint64_t *ret_now, struct kad_error *reterr)
{
    MDB_cursor *c;
    MDB_stat stat;
    MDB_val k, v;
    int rc = KAD_LMDB(mdb_stat(s->mdb, s->ledger->dbi[KAD_TAB_DUE], &stat));
    if (rc != 0)
        return kad_lmdb_fail(s->ledger, rc, reterr);
    *ret_all = stat.ms_entries;
    *ret_now = 0;
    enum kad_err err = cursor_open(s, KAD_TAB_DUE, &c, reterr);
    if (err != KAD_OK)
        return err;
    rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, MDB_FIRST));
    while (rc == 0 && *ret_now < max) {
        struct kad_due due;
        if (!kad_due_key_get(kad_of_val(k), &due.moment, &due.subject) ||
            due.moment != KAD_DUE_NOW)
            break;
        (*ret_now)++;
        rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, MDB_NEXT));
    }
    mdb_cursor_close(c);
    return rc == 0 || rc == MDB_NOTFOUND ? KAD_OK : kad_lmdb_fail(s->ledger, rc, reterr);
}

/* --- how far the scheduler has come --- */

#define MARK_FIXED (8 + 8 + 8)

enum kad_err kad_snapshot_mark(struct kad_snapshot *s, struct kad_arena *a,
                               struct kad_progress_mark *ret, struct kad_error *reterr)
{
    kad_assert(s && a && ret);
    MDB_val k = kad_val(KAD_STR(KAD_META_SCHEDULER)), v;
    *ret = (struct kad_progress_mark){.reached = KAD_INSTANT_NONE};
    int rc = KAD_LMDB(mdb_get(s->mdb, s->ledger->dbi[KAD_TAB_META], &k, &v));
    if (rc == MDB_NOTFOUND)
        return KAD_OK;
    if (rc != 0)
        return kad_lmdb_fail(s->ledger, rc, reterr);
    struct kad_str bytes;
    if (!kad_summed_get(KAD_STR(KAD_META_SCHEDULER), kad_of_val(v), &bytes))
        return kad_ledger_damaged(s->ledger, KAD_TAB_META, reterr);
    struct kad_rd in = {.p = (const uint8_t *)bytes.p, .n = bytes.n};
    ret->reached = (kad_instant)kad_rd_be64(&in);
    ret->swept = kad_rd_be64(&in);
    ret->sweeping = kad_rd_be64(&in);
    if (in.bad || in.n > KAD_LIMIT_KEY)
        return kad_ledger_damaged(s->ledger, KAD_TAB_META, reterr);
    ret->at = kad_str_dup(a, (struct kad_str){(const char *)in.p, in.n});
    return KAD_OK;
}

enum kad_err kad_txn_set_mark(struct kad_txn *t, const struct kad_progress_mark *m,
                              struct kad_error *reterr)
{
    kad_assert(t && m && m->at.n <= KAD_LIMIT_KEY && !t->failed);
    struct kad_buf b = {0};
    kad_buf_be64(&b, (uint64_t)m->reached);
    kad_buf_be64(&b, m->swept);
    kad_buf_be64(&b, m->sweeping);
    kad_assert(b.n == MARK_FIXED);
    kad_buf_put(&b, m->at.p, m->at.n);
    struct kad_buf summed = {0};
    kad_summed_put(&summed, KAD_STR(KAD_META_SCHEDULER), (struct kad_str){b.p, b.n});
    MDB_val k = kad_val(KAD_STR(KAD_META_SCHEDULER));
    MDB_val v = kad_val((struct kad_str){summed.p, summed.n});
    int rc = KAD_LMDB(mdb_put(t->view.mdb, t->view.ledger->dbi[KAD_TAB_META], &k, &v, 0));
    kad_buf_done(&b);
    kad_buf_done(&summed);
    t->changed = true;
    t->flushed = true;
    if (rc == 0)
        return KAD_OK;
    t->failed = true;
    return kad_lmdb_fail(t->view.ledger, rc, reterr);
}

/* --- where the readers of the log stand --- */

enum kad_err kad_snapshot_cursor(struct kad_snapshot *s, struct kad_str name, struct kad_arena *a,
                                 struct kad_str *ret, struct kad_error *reterr)
{
    kad_assert(s && a && ret && name.n > 0 && name.n <= KAD_LIMIT_NAME);
    MDB_val k = kad_val(name), v;
    *ret = (struct kad_str){0};
    int rc = KAD_LMDB(mdb_get(s->mdb, s->ledger->dbi[KAD_TAB_CURSOR], &k, &v));
    if (rc != 0 && rc != MDB_NOTFOUND)
        return kad_lmdb_fail(s->ledger, rc, reterr);
    struct kad_str bytes;
    if (rc == 0 && !kad_summed_get(name, kad_of_val(v), &bytes))
        return kad_ledger_damaged(s->ledger, KAD_TAB_CURSOR, reterr);
    if (rc == 0)
        *ret = kad_str_dup(a, bytes);
    return KAD_OK;
}

enum kad_err kad_snapshot_cursors(struct kad_snapshot *s, struct kad_arena *a,
                                  struct kad_cursor **ret, size_t *ret_n, struct kad_error *reterr)
{
    MDB_cursor *c;
    MDB_val k, v;
    kad_vec(struct kad_cursor) all = {0};
    enum kad_err err = cursor_open(s, KAD_TAB_CURSOR, &c, reterr);
    if (err != KAD_OK)
        return err;
    int rc;
    while ((rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, MDB_NEXT))) == 0) {
        struct kad_str bytes;
        if (!kad_summed_get(kad_of_val(k), kad_of_val(v), &bytes))
            break;
        struct kad_cursor one = {kad_str_dup(a, kad_of_val(k)), kad_str_dup(a, bytes)};
        kad_vec_push(a, &all, one);
    }
    mdb_cursor_close(c);
    if (rc == 0)
        return kad_ledger_damaged(s->ledger, KAD_TAB_CURSOR, reterr);
    *ret = all.v;
    *ret_n = all.n;
    return rc == MDB_NOTFOUND ? KAD_OK : kad_lmdb_fail(s->ledger, rc, reterr);
}

enum kad_err kad_txn_set_cursor(struct kad_txn *t, struct kad_str name, struct kad_str bytes,
                                struct kad_error *reterr)
{
    kad_assert(t && !t->failed && name.n > 0 && name.n <= KAD_LIMIT_NAME);
    kad_assert(bytes.n <= KAD_CURSOR_MAX);
    struct kad_buf summed = {0};
    kad_summed_put(&summed, name, bytes);
    MDB_val k = kad_val(name), v = kad_val((struct kad_str){summed.p, summed.n});
    MDB_dbi dbi = t->view.ledger->dbi[KAD_TAB_CURSOR];
    int rc = bytes.n > 0 ? KAD_LMDB(mdb_put(t->view.mdb, dbi, &k, &v, 0))
                         : KAD_LMDB(mdb_del(t->view.mdb, dbi, &k, NULL));
    kad_buf_done(&summed);
    t->changed = true;
    t->flushed = true;
    if (rc == 0 || (rc == MDB_NOTFOUND && bytes.n == 0))
        return KAD_OK;
    t->failed = true;
    return kad_lmdb_fail(t->view.ledger, rc, reterr);
}

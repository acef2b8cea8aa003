#include <stdlib.h>
#include <string.h>

#include "core/ledger_priv.h"

enum kad_err kad_snapshot_take(struct kad_ledger *l, struct kad_snapshot **ret,
                               struct kad_error *reterr)
{
    kad_assert(l && ret);
    MDB_txn *mdb;
    enum kad_err err = kad_lmdb_begin(l, false, &mdb, reterr);
    if (err != KAD_OK)
        return err;
    struct kad_snapshot *s = kad_xalloc(sizeof *s);
    s->ledger = l;
    s->mdb = mdb;
    *ret = s;
    return KAD_OK;
}

void kad_snapshot_release(struct kad_snapshot *s)
{
    if (!s)
        return;
    kad_assert(!s->own);
    if (s->story)
        mdb_cursor_close(s->story);
    mdb_txn_abort(s->mdb);
    kad_lmdb_end(s->ledger);
    free(s);
}

/* One value; rc 0 or MDB_NOTFOUND, anything else is an error. */
static enum kad_err get(struct kad_snapshot *s, enum kad_table table, struct kad_str key,
                        struct kad_str *ret, bool *ret_found, struct kad_error *reterr)
{
    MDB_val k = kad_val(key), v;
    int rc = KAD_LMDB(mdb_get(s->mdb, s->ledger->dbi[table], &k, &v));
    if (rc != 0 && rc != MDB_NOTFOUND)
        return kad_lmdb_fail(s->ledger, rc, reterr);
    *ret_found = rc == 0;
    *ret = rc == 0 ? kad_of_val(v) : (struct kad_str){0};
    return KAD_OK;
}

static enum kad_err cursor_open(struct kad_snapshot *s, enum kad_table table, MDB_cursor **ret,
                                struct kad_error *reterr)
{
    int rc = KAD_LMDB(mdb_cursor_open(s->mdb, s->ledger->dbi[table], ret));
    return rc == 0 ? KAD_OK : kad_lmdb_fail(s->ledger, rc, reterr);
}

/* One step; *ret_found is false at the end. */
static enum kad_err step(struct kad_snapshot *s, MDB_cursor *c, MDB_val *k, MDB_val *v,
                         MDB_cursor_op op, bool *ret_found, struct kad_error *reterr)
{
    int rc = KAD_LMDB(mdb_cursor_get(c, k, v, op));
    if (rc != 0 && rc != MDB_NOTFOUND)
        return kad_lmdb_fail(s->ledger, rc, reterr);
    *ret_found = rc == 0;
    return KAD_OK;
}

/* --- the whole --- */

static enum kad_err last_record(struct kad_snapshot *s, struct kad_ledger_state *ret,
                                struct kad_error *reterr)
{
    MDB_cursor *c;
    enum kad_err err = cursor_open(s, KAD_TAB_LOG, &c, reterr);
    if (err != KAD_OK)
        return err;
    MDB_val k = {0}, v = {0};
    bool found = false;
    err = step(s, c, &k, &v, MDB_LAST, &found, reterr);
    mdb_cursor_close(c);
    if (err != KAD_OK || !found)
        return err;
    struct kad_arena a;
    struct kad_record r;
    kad_arena_init(&a);
    err = kad_record_decode(kad_of_val(v), &a, false, &r, reterr);
    kad_arena_done(&a);
    if (err != KAD_OK)
        return err;
    if (k.mv_size != KAD_SEQ_KEY || kad_seq_get(k.mv_data) != r.seq)
        return kad_ledger_damaged(s->ledger, KAD_TAB_LOG, reterr);
    ret->last_seq = r.seq;
    ret->last_at = r.at;
    return KAD_OK;
}

enum kad_err kad_snapshot_state(struct kad_snapshot *s, struct kad_ledger_state *ret,
                                struct kad_error *reterr)
{
    kad_assert(s && ret);
    if (s->own) {
        *ret = s->own->state;
        return KAD_OK;
    }
    struct kad_ledger_state st = {.last_at = KAD_INSTANT_NONE, .last_on = KAD_DAY_NONE};
    enum kad_err err = last_record(s, &st, reterr);
    if (err != KAD_OK)
        return err;
    MDB_stat stat;
    int rc = KAD_LMDB(mdb_stat(s->mdb, s->ledger->dbi[KAD_TAB_SUBJECT], &stat));
    if (rc != 0)
        return kad_lmdb_fail(s->ledger, rc, reterr);
    st.subjects = stat.ms_entries;
    struct kad_str v;
    bool found;
    err = get(s, KAD_TAB_META, KAD_STR(KAD_META_VIEWS), &v, &found, reterr);
    if (err != KAD_OK)
        return err;
    if (found && v.n != KAD_VIEWS_SIZE)
        return kad_ledger_damaged(s->ledger, KAD_TAB_META, reterr);
    if (found) {
        struct kad_rd in = {.p = (const uint8_t *)v.p + KAD_SEQ_KEY, .n = v.n - KAD_SEQ_KEY};
        st.last_on = (kad_day)kad_rd_be32(&in);
        st.last_key = kad_rd_be64(&in);
        st.last_fence = kad_rd_be64(&in);
    }
    *ret = st;
    return KAD_OK;
}

enum kad_err kad_snapshot_record(struct kad_snapshot *s, uint64_t seq, struct kad_str *ret,
                                 struct kad_error *reterr)
{
    kad_assert(s && ret);
    struct kad_txn *t = s->own;
    if (t && t->records.n > 0 && seq >= t->first_pending && seq - t->first_pending < t->records.n) {
        *ret = t->records.v[seq - t->first_pending];
        return KAD_OK;
    }
    char key[KAD_SEQ_KEY];
    bool found;
    kad_seq_put(key, seq);
    enum kad_err err = get(s, KAD_TAB_LOG, (struct kad_str){key, sizeof key}, ret, &found, reterr);
    if (err != KAD_OK || found)
        return err;
    /* Records are numbered without gaps: one that is missing before the last was destroyed. */
    struct kad_ledger_state st;
    err = kad_snapshot_state(s, &st, reterr);
    if (err != KAD_OK)
        return err;
    if (seq > 0 && seq <= st.last_seq)
        return kad_ledger_damaged(s->ledger, KAD_TAB_LOG, reterr);
    return kad_fail(reterr, KAD_ENOTFOUND, _("There is no record %llu in the store."),
                    (unsigned long long)seq);
}

enum kad_err kad_snapshot_id(struct kad_snapshot *s, struct kad_str id, uint64_t *ret,
                             struct kad_error *reterr)
{
    kad_assert(s && ret);
    *ret = 0;
    if (id.n == 0 || id.n > KAD_LIMIT_ID || (s->own && kad_pending_id(s->own, id, ret)))
        return KAD_OK;
    struct kad_str v;
    bool found;
    enum kad_err err = get(s, KAD_TAB_ID, id, &v, &found, reterr);
    if (err != KAD_OK || !found)
        return err;
    if (v.n != KAD_SEQ_KEY)
        return kad_ledger_damaged(s->ledger, KAD_TAB_ID, reterr);
    *ret = kad_seq_get(v.p);
    return KAD_OK;
}

/* --- stories --- */

enum kad_err kad_chunk_next(const struct kad_ledger *l, struct kad_str chunk, size_t *at,
                            struct kad_str *ret, struct kad_error *reterr)
{
    struct kad_rd in = {.p = (const uint8_t *)chunk.p + *at, .n = chunk.n - *at};
    uint32_t n = kad_rd_be32(&in);
    if (in.bad || n == 0 || n > in.n)
        return kad_ledger_damaged(l, KAD_TAB_STORY, reterr);
    *ret = (struct kad_str){(const char *)in.p, n};
    *at += 4 + (size_t)n;
    return KAD_OK;
}

struct reading {
    struct kad_snapshot *s;
    struct kad_arena *a;
    struct kad_str subject;
    kad_vec(struct kad_record) records;
};

/* Room for n more records, so that they are decoded where they stay. */
static void make_room(struct reading *in, size_t n)
{
    if (in->records.cap - in->records.n >= n)
        return;
    size_t cap = in->records.cap * 2;
    if (cap < in->records.n + n)
        cap = in->records.n + n;
    struct kad_record *v = kad_arena_array(in->a, struct kad_record, cap);
    if (in->records.n > 0)
        memcpy(v, in->records.v, in->records.n * sizeof *v);
    in->records.v = v;
    in->records.cap = cap;
}

static enum kad_err read_one(struct reading *in, struct kad_str bytes, struct kad_error *reterr)
{
    struct kad_record *r = &in->records.v[in->records.n];
    enum kad_err err = kad_record_decode(bytes, in->a, false, r, reterr);
    if (err != KAD_OK)
        return err;
    if (!kad_str_eq(r->subject, in->subject) || (in->records.n > 0 && r[-1].seq >= r->seq))
        return kad_ledger_damaged(in->s->ledger, KAD_TAB_STORY, reterr);
    in->records.n++;
    return KAD_OK;
}

static enum kad_err read_chunk(struct reading *in, struct kad_str chunk, struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    if (chunk.n > KAD_LIMIT_RECORD + 4)
        return kad_ledger_damaged(in->s->ledger, KAD_TAB_STORY, reterr);
    if (in->s->own && in->s->own->flushed) /* its page may move when more is put */
        chunk.p = kad_arena_memdup(in->a, chunk.p, chunk.n);
    struct kad_str bytes;
    for (size_t at = 0; at < chunk.n && err == KAD_OK;) {
        err = kad_chunk_next(in->s->ledger, chunk, &at, &bytes, reterr);
        /* Records of a story are much of a size: room for those that probably follow. */
        if (err == KAD_OK && in->records.n == in->records.cap)
            make_room(in, 2 + (chunk.n - at) / (bytes.n + 4));
        if (err == KAD_OK)
            err = read_one(in, bytes, reterr);
    }
    return err;
}

static enum kad_err read_stored(struct reading *in, struct kad_error *reterr)
{
    struct kad_snapshot *s = in->s;
    enum kad_err err = KAD_OK;
    if (!s->story)
        err = cursor_open(s, KAD_TAB_STORY, &s->story, reterr);
    if (err != KAD_OK)
        return err;
    char key[KAD_STORY_KEY];
    size_t n = kad_story_key(key, in->subject, 0);
    MDB_val k = {.mv_data = key, .mv_size = n}, v;
    bool found = false;
    err = step(s, s->story, &k, &v, MDB_SET_RANGE, &found, reterr);
    while (err == KAD_OK && found && k.mv_size == n &&
           memcmp(k.mv_data, key, n - KAD_SEQ_KEY) == 0) {
        err = read_chunk(in, kad_of_val(v), reterr);
        if (err == KAD_OK)
            err = step(s, s->story, &k, &v, MDB_NEXT, &found, reterr);
    }
    return err;
}

enum kad_err kad_story_stored(struct kad_snapshot *s, struct kad_str subject, struct kad_arena *a,
                              struct kad_record **ret, size_t *ret_n, struct kad_error *reterr)
{
    kad_assert(s && a && ret && ret_n);
    struct reading in = {.s = s, .a = a, .subject = subject};
    *ret = NULL;
    *ret_n = 0;
    if (subject.n == 0 || subject.n > KAD_LIMIT_KEY)
        return KAD_OK;
    const struct kad_pending *p = s->own ? kad_pending_find(s->own, subject) : NULL;
    enum kad_err err = KAD_OK;
    if (!p || p->stored)
        err = read_stored(&in, reterr);
    for (const struct kad_pending_record *r = p ? p->first : NULL; r && err == KAD_OK;
         r = r->next) {
        make_room(&in, 1);
        err = read_one(&in, r->bytes, reterr);
    }
    if (err != KAD_OK)
        return err;
    *ret = in.records.v;
    *ret_n = in.records.n;
    return KAD_OK;
}

enum kad_err kad_snapshot_story(struct kad_snapshot *s, struct kad_str subject, struct kad_arena *a,
                                struct kad_record **ret, size_t *ret_n, struct kad_error *reterr)
{
    enum kad_err err = kad_story_stored(s, subject, a, ret, ret_n, reterr);
    bool is_private = false, erased = false;
    for (size_t i = 0; err == KAD_OK && i < *ret_n; i++) {
        is_private |= (*ret)[i].stored.n > 0;
        erased |= (*ret)[i].kind == KAD_R_ERASED;
    }
    for (size_t i = 0; err == KAD_OK && is_private && i < *ret_n; i++)
        if ((*ret)[i].stored.n > 0)
            kad_unseal(s->ledger, &(*ret)[i], erased, a);
    return err;
}

enum kad_err kad_snapshot_decode(struct kad_snapshot *s, struct kad_str bytes, struct kad_arena *a,
                                 bool check_digest, struct kad_record *ret,
                                 struct kad_error *reterr)
{
    struct kad_subject_info info = {0};
    enum kad_err err = kad_record_decode(bytes, a, check_digest, ret, reterr);
    if (err != KAD_OK || ret->stored.n == 0)
        return err;
    err = kad_snapshot_subject(s, ret->subject, &info, reterr);
    if (err == KAD_OK)
        kad_unseal(s->ledger, ret, info.erased, a);
    return err == KAD_ENOTFOUND ? kad_ledger_damaged(s->ledger, KAD_TAB_SUBJECT, NULL) : err;
}

/* --- subjects, mentions, adoptions --- */

static struct kad_subject_info info_of(struct kad_str key, const struct kad_subject_row *row)
{
    return (struct kad_subject_info){
        .key = key,
        .kind = row->kind,
        .first_on = row->first_on,
        .first_seq = row->first_seq,
        .records = row->records,
        .amended = row->amended,
        .erased = row->erased,
        .key_number = row->key_number,
        .first_person = row->first_person,
        .next = row->next,
    };
}

enum kad_err kad_snapshot_subject(struct kad_snapshot *s, struct kad_str key,
                                  struct kad_subject_info *ret, struct kad_error *reterr)
{
    kad_assert(s && ret);
    const struct kad_pending *pending = s->own ? kad_pending_find(s->own, key) : NULL;
    if (pending) {
        *ret = info_of(pending->key, &pending->row);
        return KAD_OK;
    }
    struct kad_str v = {0};
    bool found = false;
    enum kad_err err = KAD_OK;
    if (key.n > 0 && key.n <= KAD_LIMIT_KEY)
        err = get(s, KAD_TAB_SUBJECT, key, &v, &found, reterr);
    if (err != KAD_OK)
        return err;
    if (!found)
        return kad_fail(reterr, KAD_ENOTFOUND, _("No record is about “%.*s”."), KAD_STR_FMT(key));
    struct kad_subject_row row;
    if (!kad_row_get(v, &row))
        return kad_ledger_damaged(s->ledger, KAD_TAB_SUBJECT, reterr);
    *ret = info_of(key, &row);
    return KAD_OK;
}

/* Walks look at what LMDB holds, so a transaction puts there first what waits. */
static enum kad_err walk_open(struct kad_snapshot *s, enum kad_table table, MDB_cursor **ret,
                              struct kad_error *reterr)
{
    enum kad_err err = s->own ? kad_txn_flush(s->own, reterr) : KAD_OK;
    return err != KAD_OK ? err : cursor_open(s, table, ret, reterr);
}

enum kad_err kad_snapshot_subjects(struct kad_snapshot *s, struct kad_str after, size_t max,
                                   struct kad_arena *a, struct kad_subject_info *ret, size_t *ret_n,
                                   struct kad_error *reterr)
{
    kad_assert(s && a && ret_n && (ret || max == 0));
    *ret_n = 0;
    MDB_cursor *c;
    enum kad_err err = walk_open(s, KAD_TAB_SUBJECT, &c, reterr);
    if (err != KAD_OK)
        return err;
    MDB_val k = kad_val(after), v;
    bool found = false;
    size_t n = 0;
    struct kad_str kind = {0}; /* mostly the same for many: copied once */
    err = step(s, c, &k, &v, after.n > 0 ? MDB_SET_RANGE : MDB_FIRST, &found, reterr);
    if (err == KAD_OK && found && after.n > 0 && kad_str_eq(kad_of_val(k), after))
        err = step(s, c, &k, &v, MDB_NEXT, &found, reterr);
    while (err == KAD_OK && found && n < max) {
        struct kad_subject_row row;
        if (!kad_row_get(kad_of_val(v), &row) || !kad_utf8_valid(kad_of_val(k), NULL)) {
            err = kad_ledger_damaged(s->ledger, KAD_TAB_SUBJECT, reterr);
            break;
        }
        if (!kad_str_eq(kind, row.kind))
            kind = kad_str_dup(a, row.kind);
        row.kind = kind;
        ret[n++] = info_of(kad_str_dup(a, kad_of_val(k)), &row);
        if (n < max)
            err = step(s, c, &k, &v, MDB_NEXT, &found, reterr);
    }
    mdb_cursor_close(c);
    if (err == KAD_OK)
        *ret_n = n;
    return err;
}

enum kad_err kad_snapshot_mentions(struct kad_snapshot *s, struct kad_str person,
                                   struct kad_arena *a, struct kad_str **ret, size_t *ret_n,
                                   struct kad_error *reterr)
{
    kad_assert(s && a && ret && ret_n);
    *ret = NULL;
    *ret_n = 0;
    if (person.n == 0 || person.n > KAD_LIMIT_NAME)
        return KAD_OK;
    MDB_cursor *c;
    enum kad_err err = walk_open(s, KAD_TAB_MENTION, &c, reterr);
    if (err != KAD_OK)
        return err;
    char key[KAD_PAIR_KEY];
    size_t head = kad_pair_key(key, person, (struct kad_str){0});
    MDB_val k = {.mv_data = key, .mv_size = head}, v;
    kad_vec(struct kad_str) found_subjects = {0};
    bool found = false;
    err = step(s, c, &k, &v, MDB_SET_RANGE, &found, reterr);
    while (err == KAD_OK && found && k.mv_size > head && memcmp(k.mv_data, key, head) == 0) {
        struct kad_str subject = {(const char *)k.mv_data + head, k.mv_size - head};
        kad_vec_push(a, &found_subjects, kad_str_dup(a, subject));
        err = step(s, c, &k, &v, MDB_NEXT, &found, reterr);
    }
    mdb_cursor_close(c);
    if (err == KAD_OK) {
        *ret = found_subjects.v;
        *ret_n = found_subjects.n;
    }
    return err;
}

enum kad_err kad_snapshot_persons(struct kad_snapshot *s, struct kad_arena *a, struct kad_str **ret,
                                  size_t *ret_n, struct kad_error *reterr)
{
    kad_assert(s && a && ret && ret_n);
    MDB_cursor *c;
    enum kad_err err = walk_open(s, KAD_TAB_MENTION, &c, reterr);
    if (err != KAD_OK)
        return err;
    MDB_val k = {0}, v;
    kad_vec(struct kad_str) persons = {0};
    bool found = false;
    err = step(s, c, &k, &v, MDB_FIRST, &found, reterr);
    while (err == KAD_OK && found) {
        const char *end = memchr(k.mv_data, '\0', k.mv_size);
        size_t n = end ? (size_t)(end - (const char *)k.mv_data) : k.mv_size;
        if (n == 0 || n > KAD_LIMIT_NAME)
            break;
        struct kad_str person = kad_str_dup(a, (struct kad_str){k.mv_data, n});
        kad_vec_push(a, &persons, person);
        /* Behind all of this one's: the name with the smallest byte that no key of theirs has. */
        char next[KAD_PAIR_KEY];
        memcpy(next, person.p, n);
        next[n] = '\1';
        k = (MDB_val){.mv_data = next, .mv_size = n + 1};
        err = step(s, c, &k, &v, MDB_SET_RANGE, &found, reterr);
    }
    mdb_cursor_close(c);
    *ret = persons.v;
    *ret_n = persons.n;
    return err;
}

enum kad_err kad_snapshot_adopted(struct kad_snapshot *s, struct kad_arena *a, uint64_t **ret,
                                  size_t *ret_n, struct kad_error *reterr)
{
    kad_assert(s && a && ret && ret_n);
    MDB_cursor *c;
    enum kad_err err = walk_open(s, KAD_TAB_ADOPTED, &c, reterr);
    if (err != KAD_OK)
        return err;
    MDB_val k = {0}, v;
    kad_vec(uint64_t) seqs = {0};
    bool found = false;
    err = step(s, c, &k, &v, MDB_FIRST, &found, reterr);
    while (err == KAD_OK && found) {
        if (k.mv_size != KAD_SEQ_KEY) {
            err = kad_ledger_damaged(s->ledger, KAD_TAB_ADOPTED, reterr);
            break;
        }
        kad_vec_push(a, &seqs, kad_seq_get(k.mv_data));
        err = step(s, c, &k, &v, MDB_NEXT, &found, reterr);
    }
    mdb_cursor_close(c);
    if (err == KAD_OK) {
        *ret = seqs.v;
        *ret_n = seqs.n;
    }
    return err;
}

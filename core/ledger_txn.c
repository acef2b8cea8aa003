#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/ledger_priv.h"

#define PENDING_MAX ((size_t)64 << 20)          /* bytes that wait in memory before they are put */
#define CHUNK_ROOM (KAD_LIMIT_STORY_CHUNK - 16) /* with LMDB's page header, whole pages */
#define FREE_MIN ((uint64_t)64 << 20)
#define FREE_STEP ((size_t)1 << 20) /* look at the free space again after so many bytes */

/* --- keys to what waits --- */

static struct kad_hash_slot *slot_of(const struct kad_hash *h, struct kad_str key, uint64_t hash)
{
    size_t i = (size_t)hash & (h->size - 1);
    while (h->slots[i].value && !(h->slots[i].hash == hash && kad_str_eq(h->slots[i].key, key)))
        i = (i + 1) & (h->size - 1);
    return &h->slots[i];
}

static uint64_t hash_of(const struct kad_txn *t, struct kad_str key)
{
    uint64_t hash;
    unsigned char out[crypto_shorthash_BYTES];
    _Static_assert(sizeof out == sizeof hash, "one word");
    _Static_assert(sizeof t->hash_key == crypto_shorthash_KEYBYTES, "SipHash's key");
    crypto_shorthash(out, (const unsigned char *)key.p, key.n, t->hash_key);
    memcpy(&hash, out, sizeof hash);
    return hash;
}

static void *hash_find(const struct kad_txn *t, const struct kad_hash *h, struct kad_str key)
{
    return h->n > 0 ? slot_of(h, key, hash_of(t, key))->value : NULL;
}

static void hash_grow(struct kad_hash *h)
{
    struct kad_hash old = *h;
    h->size = old.size ? old.size * 2 : 64;
    h->slots = kad_xalloc(h->size * sizeof *h->slots);
    for (size_t i = 0; i < old.size; i++)
        if (old.slots[i].value)
            *slot_of(h, old.slots[i].key, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

static void hash_add(const struct kad_txn *t, struct kad_hash *h, struct kad_str key, void *value)
{
    if (h->n + h->n / 2 >= h->size)
        hash_grow(h);
    uint64_t hash = hash_of(t, key);
    struct kad_hash_slot *slot = slot_of(h, key, hash);
    kad_assert(!slot->value);
    *slot = (struct kad_hash_slot){.hash = hash, .key = key, .value = value};
    h->n++;
}

static void hash_clear(struct kad_hash *h)
{
    if (h->n > 0)
        memset(h->slots, 0, h->size * sizeof *h->slots);
    h->n = 0;
}

static int cmp_slot(const void *pa, const void *pb)
{
    const struct kad_hash_slot *a = pa, *b = pb;
    if (!a->value || !b->value)
        return !a->value - !b->value;
    return kad_str_cmp(a->key, b->key);
}

/* The filled slots in the order of their keys. The table is of no other use then but to be
 * cleared. */
static void hash_sort(struct kad_hash *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->size; i++)
        if (h->slots[i].value)
            h->slots[n++] = h->slots[i];
    if (n > 1)
        qsort(h->slots, n, sizeof *h->slots, cmp_slot);
}

const struct kad_pending *kad_pending_find(struct kad_txn *t, struct kad_str subject)
{
    return hash_find(t, &t->subjects, subject);
}

bool kad_pending_id(struct kad_txn *t, struct kad_str id, uint64_t *ret)
{
    const uint64_t *seq = hash_find(t, &t->ids, id);
    if (seq)
        *ret = *seq;
    return seq;
}

/* --- begin --- */

static void txn_free(struct kad_txn *t)
{
    kad_lmdb_end(t->view.ledger);
    free(t->subjects.slots);
    free(t->ids.slots);
    free(t->mentions.slots);
    free(t->tiles);
    kad_buf_done(&t->scratch);
    kad_arena_done(&t->arena);
    free(t);
}

static void close_cursor(struct kad_txn *t)
{
    if (t->view.story)
        mdb_cursor_close(t->view.story);
    t->view.story = NULL;
}

static void drop(struct kad_txn *t)
{
    close_cursor(t);
    kad_vault_drop(t->view.ledger->vault);
    KAD_LMDB((mdb_txn_abort(t->view.mdb), 0));
    txn_free(t);
}

static enum kad_err begin(struct kad_ledger *l, struct kad_txn **ret, struct kad_error *reterr)
{
    if (l->broken)
        return kad_fail(reterr, KAD_EIO,
                        _("The store %s failed while it was written. Close the program and start "
                          "it again."),
                        l->dir);
    MDB_txn *mdb;
    enum kad_err err = kad_lmdb_begin(l, true, &mdb, reterr);
    if (err != KAD_OK)
        return err;
    struct kad_txn *t = kad_xalloc(sizeof *t);
    t->view = (struct kad_snapshot){.ledger = l, .mdb = mdb};
    kad_arena_init(&t->arena);
    randombytes_buf(t->hash_key, sizeof t->hash_key);
    err = kad_snapshot_state(&t->view, &t->state, reterr);
    t->view.own = t;
    t->exempt = true;
    t->first_pending = t->state.last_seq + 1;
    if (err != KAD_OK) {
        drop(t);
        return err;
    }
    *ret = t;
    return KAD_OK;
}

enum kad_err kad_txn_begin(struct kad_ledger *l, struct kad_txn **ret, struct kad_error *reterr)
{
    kad_assert(l && ret && l->write);
    enum kad_err err = l->shared ? kad_ledger_lock(l, reterr) : KAD_OK;
    if (err == KAD_OK) {
        err = begin(l, ret, reterr);
        if (err != KAD_OK && l->shared)
            kad_ledger_unlock(l);
    }
    return err;
}

struct kad_snapshot *kad_txn_view(struct kad_txn *t)
{
    kad_assert(t);
    return &t->view;
}

void kad_txn_abort(struct kad_txn *t)
{
    if (!t)
        return;
    struct kad_ledger *l = t->view.ledger;
    drop(t);
    if (l->shared)
        kad_ledger_unlock(l);
}

/* --- append --- */

/* Below 64 MiB and twice the batch only what helps against a full disk is written. */
static enum kad_err check_room(struct kad_txn *t, struct kad_error *reterr)
{
    const struct kad_ledger *l = t->view.ledger;
    struct statvfs fs;
    t->checked = t->bytes_total;
    if (t->exempt)
        return KAD_OK;
    if (statvfs(l->dir, &fs) != 0)
        return kad_lmdb_fail(l, errno, reterr);
    uint64_t have = (uint64_t)fs.f_bavail * fs.f_frsize;
    uint64_t need = FREE_MIN + 2 * (uint64_t)t->bytes_total;
    if (have >= need)
        return KAD_OK;
    return kad_fail(
        reterr, KAD_EFULL,
        _("The disk that holds the store %s is nearly full: %llu MiB are free, and %llu "
          "MiB are needed to write safely. Nothing was written. Make room and try "
          "again."),
        l->dir, (unsigned long long)(have >> 20),
        (unsigned long long)((need + (1u << 20) - 1) >> 20));
}

static enum kad_err check_limits(const struct kad_record *r, struct kad_error *reterr)
{
    if (r->subject.n > KAD_LIMIT_KEY)
        return kad_fail(reterr, KAD_EINPUT, _("The name of a subject may have at most %d bytes."),
                        KAD_LIMIT_KEY);
    if (r->id.n > KAD_LIMIT_ID)
        return kad_fail(reterr, KAD_EINPUT, _("An id may have at most %d bytes."), KAD_LIMIT_ID);
    if (r->by.n > KAD_LIMIT_NAME || r->via.n > KAD_LIMIT_NAME)
        return kad_fail(reterr, KAD_EINPUT, _("The name of who says so may have at most %d bytes."),
                        KAD_LIMIT_NAME);
    for (size_t i = 0; i < r->n_fields; i++) {
        struct kad_value v = r->fields[i].value;
        if (v.type == KAD_T_PERSON && v.str.n > KAD_LIMIT_NAME)
            return kad_fail(reterr, KAD_EINPUT,
                            _("The name of a person may have at most %d bytes (field %.*s)."),
                            KAD_LIMIT_NAME, KAD_STR_FMT(r->fields[i].name));
    }
    return KAD_OK;
}

/* Read from LMDB when it is first met. */
enum kad_err kad_pending_subject(struct kad_txn *t, struct kad_str key, struct kad_pending **ret,
                                 struct kad_error *reterr)
{
    struct kad_pending *p = hash_find(t, &t->subjects, key);
    *ret = p;
    if (p)
        return KAD_OK;
    p = kad_arena_new(&t->arena, struct kad_pending);
    p->key = kad_str_dup(&t->arena, key);
    p->row = KAD_ROW_NEW;
    p->was_next = KAD_DUE_NEVER;
    MDB_val k = kad_val(key), v;
    const struct kad_ledger *l = t->view.ledger;
    int rc = KAD_LMDB(mdb_get(t->view.mdb, l->dbi[KAD_TAB_SUBJECT], &k, &v));
    if (rc != 0 && rc != MDB_NOTFOUND)
        return kad_lmdb_fail(l, rc, reterr);
    if (rc == 0) {
        p->stored = true;
        if (!kad_row_get(kad_of_val(v), &p->row))
            return kad_ledger_damaged(l, KAD_TAB_SUBJECT, reterr);
        p->row.kind = kad_str_dup(&t->arena, p->row.kind);
        p->was_next = p->row.next;
    } else {
        t->state.subjects++;
    }
    hash_add(t, &t->subjects, p->key, p);
    *ret = p;
    return KAD_OK;
}

static void add_mentions(struct kad_txn *t, const struct kad_record *r)
{
    for (size_t i = 0; i < r->n_fields && kad_record_happens(r); i++) {
        if (!kad_field_mentions(&r->fields[i]))
            continue;
        char key[KAD_PAIR_KEY];
        size_t n = kad_pair_key(key, r->fields[i].value.str, r->subject);
        struct kad_str s = {key, n};
        if (hash_find(t, &t->mentions, s))
            continue;
        s.p = kad_arena_memdup(&t->arena, key, n);
        hash_add(t, &t->mentions, s, t);
        t->bytes += n;
    }
}

static void add_id(struct kad_txn *t, const struct kad_record *r)
{
    if (r->id.n == 0 || hash_find(t, &t->ids, r->id))
        return; /* an id keeps the first that had it */
    uint64_t *seq = kad_arena_new(&t->arena, uint64_t);
    *seq = r->seq;
    hash_add(t, &t->ids, kad_str_dup(&t->arena, r->id), seq);
    t->bytes += r->id.n;
}

enum kad_err kad_txn_index(struct kad_txn *t, const struct kad_record *r, struct kad_str bytes,
                           struct kad_error *reterr)
{
    if (r->subject.n > 0) {
        struct kad_pending *p;
        enum kad_err err = kad_pending_subject(t, r->subject, &p, reterr);
        if (err != KAD_OK)
            return err;
        struct kad_pending_record *waiting = kad_arena_new(&t->arena, struct kad_pending_record);
        waiting->seq = r->seq;
        waiting->bytes = bytes;
        if (p->last)
            p->last->next = waiting;
        else
            p->first = waiting;
        p->last = waiting;
        kad_row_add(&p->row, r);
        if (p->row.records == 1)
            p->row.kind = kad_str_dup(&t->arena, p->row.kind);
        add_mentions(t, r);
    }
    add_id(t, r);
    if (kad_record_adopts(r))
        kad_vec_push(&t->arena, &t->adopted, r->seq);
    kad_state_add(&t->state, r);
    t->changed = true;
    t->bytes += bytes.n;
    return t->bytes >= PENDING_MAX ? kad_txn_flush(t, reterr) : KAD_OK;
}

static enum kad_err append(struct kad_txn *t, struct kad_record *r, struct kad_str kind,
                           struct kad_error *reterr)
{
    enum kad_err err = check_limits(r, reterr);
    if (err != KAD_OK)
        return err;
    if (t->state.last_seq > 0 && r->at < t->state.last_at)
        return kad_fail(reterr, KAD_EINPUT,
                        _("A record may not be older than the one before it in the store."));
    r->seq = t->state.last_seq + 1;
    r->kind_name = (struct kad_str){0};
    if (r->subject.n > 0) {
        struct kad_pending *p;
        err = kad_pending_subject(t, r->subject, &p, reterr);
        if (err != KAD_OK)
            return err;
        if (p->row.records == 0)
            r->kind_name = kind;
    }
    uint8_t key[KAD_SEAL_KEY];
    struct kad_seal seal = {.key = key};
    bool is_private = kad_record_has_private(r);
    if (is_private)
        err = kad_seal_of(t, r, key, &seal.number, reterr);
    if (err != KAD_OK)
        return err;
    r->key_number = seal.number;
    r->stored = (struct kad_str){0};
    kad_buf_reset(&t->scratch);
    kad_record_encode(&t->scratch, r, is_private ? &seal : NULL);
    sodium_memzero(key, sizeof key);
    size_t n = t->scratch.n;
    if (n > KAD_LIMIT_RECORD)
        return kad_fail(reterr, KAD_EINPUT,
                        _("A record may have at most %u MiB; this one would have %zu bytes."),
                        KAD_LIMIT_RECORD >> 20, n);
    t->exempt = t->exempt && (r->kind == KAD_R_RETRACTED || r->kind == KAD_R_ERASED);
    t->bytes_total += n;
    if (t->checked == 0 || t->bytes_total - t->checked >= FREE_STEP)
        err = check_room(t, reterr);
    if (err != KAD_OK)
        return err;
    struct kad_str bytes = {kad_arena_memdup(&t->arena, t->scratch.p, n), n};
    kad_vec_push(&t->arena, &t->records, bytes);
    return kad_txn_index(t, r, bytes, reterr);
}

enum kad_err kad_txn_append(struct kad_txn *t, struct kad_record *r, struct kad_str kind,
                            struct kad_error *reterr)
{
    kad_assert(t && r && !t->failed);
    enum kad_err err = append(t, r, kind, reterr);
    t->failed = err != KAD_OK;
    return err;
}

/* --- from memory into LMDB, in the order of keys --- */

static int put(struct kad_txn *t, enum kad_table table, struct kad_str key, struct kad_str value,
               unsigned flags)
{
    MDB_val k = kad_val(key), v = kad_val(value);
    return KAD_LMDB(mdb_put(t->view.mdb, t->view.ledger->dbi[table], &k, &v, flags));
}

static int put_log(struct kad_txn *t)
{
    MDB_cursor *c;
    if (t->records.n == 0)
        return 0;
    int rc = KAD_LMDB(mdb_cursor_open(t->view.mdb, t->view.ledger->dbi[KAD_TAB_LOG], &c));
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < t->records.n && rc == 0; i++) {
        char key[KAD_SEQ_KEY];
        kad_seq_put(key, t->first_pending + i);
        MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v = kad_val(t->records.v[i]);
        rc = KAD_LMDB(mdb_cursor_put(c, &k, &v, MDB_APPEND));
    }
    mdb_cursor_close(c);
    return rc;
}

/* The last chunk of a story, when it has room for more, goes into `chunk` and its key into `key`. */
static int load_last_chunk(MDB_cursor *c, const struct kad_pending *p, char key[KAD_STORY_KEY],
                           struct kad_buf *chunk)
{
    size_t n = kad_story_key(key, p->key, UINT64_MAX);
    MDB_val k = {.mv_data = key, .mv_size = n}, v;
    int rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, MDB_SET_RANGE));
    if (rc == 0 || rc == MDB_NOTFOUND)
        rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, rc == 0 ? MDB_PREV : MDB_LAST));
    if (rc != 0)
        return rc;
    if (k.mv_size != n || memcmp(k.mv_data, key, n - KAD_SEQ_KEY) != 0)
        return MDB_CORRUPTED; /* a row without a story */
    if (v.mv_size + 4 + p->first->bytes.n > CHUNK_ROOM)
        return 0;
    memcpy(key, k.mv_data, n);
    kad_buf_put(chunk, v.mv_data, v.mv_size);
    return 0;
}

static int put_story(MDB_cursor *c, const struct kad_pending *p, struct kad_buf *chunk)
{
    char key[KAD_STORY_KEY];
    size_t n = p->key.n + 1 + KAD_SEQ_KEY;
    int rc = 0;
    kad_buf_reset(chunk);
    if (p->stored)
        rc = load_last_chunk(c, p, key, chunk);
    for (const struct kad_pending_record *r = p->first; r && rc == 0; r = r->next) {
        if (chunk->n == 0)
            kad_story_key(key, p->key, r->seq);
        kad_buf_be32(chunk, (uint32_t)r->bytes.n);
        kad_buf_put(chunk, r->bytes.p, r->bytes.n);
        if (r->next && chunk->n + 4 + r->next->bytes.n <= CHUNK_ROOM)
            continue;
        MDB_val k = {.mv_data = key, .mv_size = n};
        MDB_val v = {.mv_data = chunk->p, .mv_size = chunk->n};
        rc = KAD_LMDB(mdb_cursor_put(c, &k, &v, 0));
        kad_buf_reset(chunk);
    }
    return rc;
}

static int put_subjects(struct kad_txn *t)
{
    MDB_cursor *c;
    int rc = KAD_LMDB(mdb_cursor_open(t->view.mdb, t->view.ledger->dbi[KAD_TAB_STORY], &c));
    if (rc != 0)
        return rc;
    struct kad_buf b = {0};
    hash_sort(&t->subjects);
    for (size_t i = 0; i < t->subjects.n && rc == 0; i++) {
        const struct kad_pending *p = t->subjects.slots[i].value;
        if (!p->first && p->row.next == p->was_next)
            continue; /* met, but then the append failed */
        if (p->first)
            rc = put_story(c, p, &b);
        kad_buf_reset(&b);
        kad_row_put(&b, &p->row);
        if (rc == 0)
            rc = put(t, KAD_TAB_SUBJECT, p->key, (struct kad_str){b.p, b.n}, 0);
    }
    kad_buf_done(&b);
    mdb_cursor_close(c);
    return rc;
}

/* The old entries go first and the new ones come after, each in the order of keys as far as the
 * moments are the same: nearly always they are. */
static int put_due(struct kad_txn *t)
{
    char key[KAD_DUE_KEY];
    int rc = 0;
    for (size_t i = 0; i < t->subjects.n && rc == 0; i++) {
        const struct kad_pending *p = t->subjects.slots[i].value;
        if (p->was_next == p->row.next || p->was_next == KAD_DUE_NEVER)
            continue;
        struct kad_str old = {key, kad_due_key(key, p->was_next, p->key)};
        MDB_val k = kad_val(old);
        rc = KAD_LMDB(mdb_del(t->view.mdb, t->view.ledger->dbi[KAD_TAB_DUE], &k, NULL));
        rc = rc == MDB_NOTFOUND ? 0 : rc;
    }
    for (size_t i = 0; i < t->subjects.n && rc == 0; i++) {
        const struct kad_pending *p = t->subjects.slots[i].value;
        if (p->was_next == p->row.next || p->row.next == KAD_DUE_NEVER ||
            (!p->first && !p->stored))
            continue;
        struct kad_str new = {key, kad_due_key(key, p->row.next, p->key)};
        rc = put(t, KAD_TAB_DUE, new, KAD_STR(""), 0);
    }
    return rc;
}

static int put_ids(struct kad_txn *t)
{
    int rc = 0;
    hash_sort(&t->ids);
    for (size_t i = 0; i < t->ids.n && (rc == 0 || rc == MDB_KEYEXIST); i++) {
        const uint64_t *seq = t->ids.slots[i].value;
        char value[KAD_SEQ_KEY];
        kad_seq_put(value, *seq);
        rc = put(t, KAD_TAB_ID, t->ids.slots[i].key, (struct kad_str){value, sizeof value},
                 MDB_NOOVERWRITE);
    }
    return rc == MDB_KEYEXIST ? 0 : rc;
}

static int put_mentions(struct kad_txn *t)
{
    int rc = 0;
    hash_sort(&t->mentions);
    for (size_t i = 0; i < t->mentions.n && (rc == 0 || rc == MDB_KEYEXIST); i++)
        rc = put(t, KAD_TAB_MENTION, t->mentions.slots[i].key, KAD_STR(""), MDB_NOOVERWRITE);
    return rc == MDB_KEYEXIST ? 0 : rc;
}

static int put_adopted(struct kad_txn *t)
{
    int rc = 0;
    for (size_t i = 0; i < t->adopted.n && rc == 0; i++) {
        char key[KAD_SEQ_KEY];
        kad_seq_put(key, t->adopted.v[i]);
        rc = put(t, KAD_TAB_ADOPTED, (struct kad_str){key, sizeof key}, KAD_STR(""), 0);
    }
    return rc;
}

static int put_views(struct kad_txn *t)
{
    struct kad_buf b = {0};
    kad_buf_be64(&b, t->state.last_seq);
    kad_buf_be32(&b, (uint32_t)t->state.last_on);
    kad_buf_be64(&b, t->state.last_key);
    kad_buf_be64(&b, t->state.last_fence);
    kad_assert(b.n == KAD_VIEWS_SIZE);
    int rc = put(t, KAD_TAB_META, KAD_STR(KAD_META_VIEWS), (struct kad_str){b.p, b.n}, 0);
    kad_buf_done(&b);
    return rc;
}

enum kad_err kad_txn_flush(struct kad_txn *t, struct kad_error *reterr)
{
    static int (*const steps[])(struct kad_txn *) = {
        put_log, put_subjects, put_due, put_ids, put_mentions, put_adopted, put_views,
    };
    if (!t->changed || t->bytes == 0)
        return KAD_OK;
    t->flushed = true;
    enum kad_err err = kad_tree_put(t, reterr);
    if (err != KAD_OK) {
        t->failed = true;
        return err;
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int rc = steps[i](t);
        if (rc != 0) {
            t->failed = true;
            return kad_lmdb_fail(t->view.ledger, rc, reterr);
        }
    }
    hash_clear(&t->subjects);
    hash_clear(&t->ids);
    hash_clear(&t->mentions);
    t->records.v = NULL, t->records.n = t->records.cap = 0;
    t->adopted.v = NULL, t->adopted.n = t->adopted.cap = 0;
    t->first_pending = t->state.last_seq + 1;
    /* Only when much has gathered: what a view gave out lives until the next append. */
    if (t->bytes >= PENDING_MAX)
        kad_arena_reset(&t->arena);
    t->bytes = 0;
    return KAD_OK;
}

/* --- what comes next --- */

enum kad_err kad_txn_set_due(struct kad_txn *t, struct kad_str subject, kad_instant moment,
                             struct kad_error *reterr)
{
    struct kad_pending *p;
    kad_assert(t && !t->failed);
    enum kad_err err = kad_pending_subject(t, subject, &p, reterr);
    if (err != KAD_OK)
        return err;
    kad_assert(p->row.records > 0);
    if (p->row.next == moment)
        return KAD_OK;
    p->row.next = moment;
    t->changed = true;
    t->bytes += KAD_DUE_KEY;
    return KAD_OK;
}

enum kad_err kad_txn_flush_due(struct kad_txn *t, struct kad_error *reterr)
{
    return kad_txn_flush(t, reterr);
}

/* --- commit --- */

/* LMDB leaves pages at the end of the file unwritten when nothing is in them: then the file would
 * look cut off. */
static void fill_file(const struct kad_ledger *l)
{
    MDB_envinfo info;
    MDB_stat stat;
    int fd;
    struct stat st;
    if (mdb_env_info(l->env, &info) != 0 || mdb_env_stat(l->env, &stat) != 0 ||
        mdb_env_get_fd(l->env, &fd) != 0 || fstat(fd, &st) != 0)
        return;
    off_t need = (off_t)((info.me_last_pgno + 1) * stat.ms_psize);
    if (st.st_size < need && ftruncate(fd, need) != 0)
        return; /* the next commit tries again */
}

static enum kad_err commit(struct kad_txn *t, struct kad_error *reterr)
{
    struct kad_ledger *l = t->view.ledger;
    kad_assert(!t->failed);
    enum kad_err err = t->changed ? check_room(t, reterr) : KAD_OK;
    if (err == KAD_OK)
        err = kad_txn_flush(t, reterr);
    if (err == KAD_OK) /* no record without the key that opens it */
        err = kad_vault_flush(l->vault, reterr);
    close_cursor(t);
    if (err != KAD_OK || !t->changed) {
        kad_vault_drop(l->vault);
        mdb_txn_abort(t->view.mdb);
        return err;
    }
    int rc = KAD_LMDB(mdb_txn_commit(t->view.mdb));
    if (rc == 0) {
        fill_file(l);
        return KAD_OK;
    }
    if (rc == ENOSPC || rc == EDQUOT || rc == MDB_MAP_FULL)
        return kad_lmdb_fail(l, rc, reterr);
    l->broken = true;
    return kad_fail(reterr, KAD_EIO,
                    _("Writing to the store %s failed, and it is not known whether what you wrote "
                      "is there. Look before you write it again; with an id (--id) writing it "
                      "again is harmless. (%s, %d)"),
                    l->dir, mdb_strerror(rc), rc);
}

enum kad_err kad_txn_commit(struct kad_txn *t, struct kad_error *reterr)
{
    kad_assert(t);
    struct kad_ledger *l = t->view.ledger;
    enum kad_err err = commit(t, reterr);
    txn_free(t);
    if (l->shared)
        kad_ledger_unlock(l);
    return err;
}

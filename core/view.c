/* The views against the records they follow from. Checking walks in slices, each a snapshot of its
 * own, so that a long check pins no pages; a record never changes, so what one slice saw holds in
 * the next. Every entry is justified by the log, and every record must have its entries: then
 * nothing is missing and nothing is too much. Rebuilding is one transaction: whoever looks sees the
 * old views or the new. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/ledger_priv.h"

#define SLICE_NS INT64_C(50000000)
#define SLICE_STEPS 256 /* entries between looks at the clock */
#define TOLD_MAX 20

struct check {
    struct kad_ledger *l;
    kad_progress_fn progress;
    void (*differs)(void *ctx, const char *what);
    void *ctx;
    uint64_t n, done, of;
    uint64_t last;           /* the log's last seq when the check began */
    unsigned char *in_story; /* a bit for each seq that was met in its story */
    struct kad_snapshot *s;
    bool hashed;             /* somebody else hashes the log: nothing here does */
    struct kad_tiles *tiles; /* the tree as the log gives it, so far */
    struct kad_arena arena;  /* emptied for each entry */
    int64_t slice_began;
    struct kad_error *reterr;
};

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* An entry that differs: the table, the key made visible, what is wrong with it. */
static void tell(struct check *c, enum kad_table table, struct kad_str key, const char *format)
{
    if (c->n++ >= TOLD_MAX || !c->differs)
        return;
    struct kad_buf safe = {0}, b = {0};
    if (table == KAD_TAB_TREE && key.n == KAD_TILE_KEY) {
        kad_buf_printf(&safe, "%u/%llu", (unsigned)(uint8_t)key.p[0],
                       (unsigned long long)kad_seq_get(key.p + 1));
    } else if (table == KAD_TAB_LOG || table == KAD_TAB_ADOPTED) {
        kad_buf_printf(&safe, "%llu",
                       key.n == KAD_SEQ_KEY ? (unsigned long long)kad_seq_get(key.p) : 0);
    } else {
        struct kad_str head = kad_key_head(key);
        if (head.n == 0 || table != KAD_TAB_STORY)
            head = key;
        for (size_t from = 0; from < head.n;) { /* not always text, when it differs */
            const char *nul = memchr(head.p + from, '\0', head.n - from);
            size_t to = nul ? (size_t)(nul - head.p) : head.n;
            kad_text_put_safe(&safe, (struct kad_str){head.p + from, to - from});
            if (nul)
                kad_buf_putc(&safe, '|');
            from = to + (nul != NULL);
        }
    }
    kad_buf_printf(&b, format, kad_table_names[table], kad_buf_str(&safe));
    c->differs(c->ctx, kad_buf_str(&b));
    kad_buf_done(&safe);
    kad_buf_done(&b);
}

static const char *missing(void)
{
    return _("table %s: what follows from the records is missing for %s");
}
static const char *different(void)
{
    return _("table %s: what is stored for %s does not follow from the records");
}
static const char *too_much(void)
{
    return _("table %s: there is an entry for %s that no record gives");
}

/* --- walking a table in slices --- */

struct walk {
    struct check *c;
    enum kad_table table;
    MDB_cursor *cursor;
    struct kad_buf key; /* the last one, to go on from in the next slice */
    unsigned steps;
};

static void slice_end(struct check *c)
{
    kad_snapshot_release(c->s);
    c->s = NULL;
}

static enum kad_err slice_begin(struct check *c)
{
    c->slice_began = now_ns();
    return kad_snapshot_take(c->l, &c->s, c->reterr);
}

static void walk_close(struct walk *w)
{
    if (w->cursor)
        mdb_cursor_close(w->cursor);
    w->cursor = NULL;
}

static void walk_done(struct walk *w)
{
    walk_close(w);
    kad_buf_done(&w->key);
}

/* A fresh snapshot when the old one has been held long enough. */
static enum kad_err walk_renew(struct walk *w)
{
    struct check *c = w->c;
    if (c->s && w->steps++ % SLICE_STEPS == 0 && now_ns() - c->slice_began > SLICE_NS) {
        walk_close(w);
        slice_end(c);
        if (c->progress)
            c->progress(c->ctx, c->done < c->of ? c->done : c->of, c->of);
    }
    return c->s ? KAD_OK : slice_begin(c);
}

/* The next entry; *ret_found is false at the end. Values live until the next call. */
static enum kad_err walk_next(struct walk *w, struct kad_str *key, struct kad_str *value,
                              bool *ret_found)
{
    struct check *c = w->c;
    enum kad_err err = walk_renew(w);
    if (err != KAD_OK)
        return err;
    MDB_val k = {.mv_data = w->key.p, .mv_size = w->key.n}, v;
    MDB_cursor_op op = MDB_NEXT;
    int rc = 0;
    if (!w->cursor) {
        rc = KAD_LMDB(mdb_cursor_open(c->s->mdb, c->l->dbi[w->table], &w->cursor));
        op = w->key.n > 0 ? MDB_SET_RANGE : MDB_FIRST;
    }
    if (rc == 0)
        rc = KAD_LMDB(mdb_cursor_get(w->cursor, &k, &v, op));
    if (rc == 0 && op == MDB_SET_RANGE && k.mv_size == w->key.n &&
        memcmp(k.mv_data, w->key.p, k.mv_size) == 0)
        rc = KAD_LMDB(mdb_cursor_get(w->cursor, &k, &v, MDB_NEXT));
    if (rc != 0 && rc != MDB_NOTFOUND)
        return kad_lmdb_fail(c->l, rc, c->reterr);
    *ret_found = rc == 0;
    if (rc != 0)
        return KAD_OK;
    *key = kad_of_val(k);
    *value = kad_of_val(v);
    kad_buf_reset(&w->key);
    kad_buf_put(&w->key, k.mv_data, k.mv_size);
    kad_arena_reset(&c->arena);
    c->done++;
    return KAD_OK;
}

/* --- one look at the log or a view --- */

/* The value of a key in the slice's snapshot, or nothing. */
static enum kad_err look_up(struct check *c, enum kad_table table, struct kad_str key,
                            struct kad_str *ret, bool *ret_found)
{
    MDB_val k = kad_val(key), v;
    int rc = KAD_LMDB(mdb_get(c->s->mdb, c->l->dbi[table], &k, &v));
    if (rc != 0 && rc != MDB_NOTFOUND && rc != MDB_BAD_VALSIZE)
        return kad_lmdb_fail(c->l, rc, c->reterr);
    *ret_found = rc == 0;
    *ret = rc == 0 ? kad_of_val(v) : (struct kad_str){0};
    return KAD_OK;
}

static enum kad_err log_record(struct check *c, uint64_t seq, struct kad_str *ret, bool *ret_found)
{
    char key[KAD_SEQ_KEY];
    kad_seq_put(key, seq);
    return look_up(c, KAD_TAB_LOG, (struct kad_str){key, sizeof key}, ret, ret_found);
}

/* The log is what everything is held against: damage there is an error, not a difference. */
static enum kad_err decode_log(struct check *c, struct kad_str bytes, bool digest,
                               struct kad_record *ret)
{
    return kad_record_decode(bytes, &c->arena, digest, ret, c->reterr);
}

static void mark(struct check *c, uint64_t seq)
{
    if (seq <= c->last)
        c->in_story[seq / 8] |= (unsigned char)(1u << seq % 8);
}

static bool marked(const struct check *c, uint64_t seq)
{
    return c->in_story[seq / 8] >> seq % 8 & 1;
}

/* --- stories and subjects --- */

/* Each record of the chunk is the log's of that seq, about this subject, later than the one before.
 * false: it differs, which is told. */
static enum kad_err check_chunk(struct check *c, struct kad_str key, struct kad_str subject,
                                struct kad_str chunk, uint64_t *last, bool *ret_same)
{
    struct kad_error ignored = {0};
    *ret_same = true;
    uint64_t first = kad_seq_get(key.p + subject.n + 1);
    for (size_t at = 0; at < chunk.n;) {
        struct kad_str bytes, log;
        struct kad_record r;
        bool found = false;
        if (kad_chunk_next(c->l, chunk, &at, &bytes, &ignored) != KAD_OK ||
            kad_record_decode(bytes, &c->arena, false, &r, &ignored) != KAD_OK) {
            *ret_same = false;
            return KAD_OK;
        }
        enum kad_err err = log_record(c, r.seq, &log, &found);
        if (err != KAD_OK)
            return err;
        if (!found || !kad_str_eq(log, bytes) || !kad_str_eq(r.subject, subject) ||
            r.seq <= *last || (first != 0 && first != r.seq)) {
            *ret_same = false;
            return KAD_OK;
        }
        first = 0; /* the key names the first one of the chunk */
        *last = r.seq;
        mark(c, r.seq);
    }
    return KAD_OK;
}

static enum kad_err check_stories(struct check *c)
{
    struct walk w = {.c = c, .table = KAD_TAB_STORY};
    struct kad_buf subject = {0};
    struct kad_str key, chunk;
    uint64_t last = 0;
    bool found;
    enum kad_err err;
    while ((err = walk_next(&w, &key, &chunk, &found)) == KAD_OK && found) {
        struct kad_str head = kad_key_head(key);
        bool same = head.n > 0 && key.n == head.n + 1 + KAD_SEQ_KEY && chunk.n > 0;
        if (same && !kad_str_eq(head, (struct kad_str){subject.p, subject.n})) {
            last = 0;
            kad_buf_reset(&subject);
            kad_buf_put(&subject, head.p, head.n);
        }
        if (same)
            err = check_chunk(c, key, head, chunk, &last, &same);
        if (err != KAD_OK)
            break;
        if (!same)
            tell(c, KAD_TAB_STORY, key, different());
    }
    kad_buf_done(&subject);
    walk_done(&w);
    return err;
}

static bool rows_equal(const struct kad_subject_row *a, const struct kad_subject_row *b)
{
    return kad_str_eq(a->kind, b->kind) && a->first_on == b->first_on && a->last_on == b->last_on &&
           a->first_person == b->first_person && a->first_seq == b->first_seq &&
           a->records == b->records && a->amended == b->amended && a->erased == b->erased &&
           a->key_number == b->key_number;
}

/* What is due: each row its entry, each entry its row. */
static enum kad_err due_of_row(struct check *c, struct kad_str subject, kad_instant next)
{
    char bytes[KAD_DUE_KEY];
    struct kad_str value;
    bool found = true;
    enum kad_err err = KAD_OK;
    if (next == KAD_DUE_NEVER || subject.n > KAD_LIMIT_KEY)
        return KAD_OK;
    struct kad_str key = {bytes, kad_due_key(bytes, next, subject)};
    err = look_up(c, KAD_TAB_DUE, key, &value, &found);
    if (err == KAD_OK && !found)
        tell(c, KAD_TAB_DUE, subject, missing());
    return err;
}

/* A row is what its story adds up to, in the same snapshot. */
static enum kad_err check_rows(struct check *c)
{
    struct walk w = {.c = c, .table = KAD_TAB_SUBJECT};
    struct kad_str key, value;
    bool found;
    enum kad_err err;
    while ((err = walk_next(&w, &key, &value, &found)) == KAD_OK && found) {
        struct kad_error ignored = {0};
        struct kad_record *records;
        struct kad_subject_row stored, row = KAD_ROW_NEW;
        size_t n = 0;
        if (kad_story_stored(c->s, key, &c->arena, &records, &n, &ignored) != KAD_OK)
            continue; /* its story has been told of */
        for (size_t i = 0; i < n; i++)
            kad_row_add(&row, &records[i]);
        if (n == 0)
            tell(c, KAD_TAB_SUBJECT, key, too_much());
        else if (!kad_row_get(value, &stored) || !rows_equal(&stored, &row))
            tell(c, KAD_TAB_SUBJECT, key, different());
        else
            err = due_of_row(c, key, stored.next);
        if (err != KAD_OK)
            break;
    }
    walk_done(&w);
    return err;
}

static enum kad_err check_due(struct check *c)
{
    struct walk w = {.c = c, .table = KAD_TAB_DUE};
    struct kad_str key, value;
    bool found;
    enum kad_err err;
    while ((err = walk_next(&w, &key, &value, &found)) == KAD_OK && found) {
        struct kad_subject_row row;
        struct kad_str subject = key, bytes;
        kad_instant moment;
        bool there = kad_due_key_get(key, &moment, &subject);
        if (there)
            err = look_up(c, KAD_TAB_SUBJECT, subject, &bytes, &there);
        if (err != KAD_OK)
            break;
        if (!there || !kad_row_get(bytes, &row) || row.next != moment)
            tell(c, KAD_TAB_DUE, subject, too_much());
    }
    walk_done(&w);
    return err;
}

/* --- ids, mentions, adoptions: each entry has its record --- */

/* The record whose number these bytes are; *ret_there is false when they are none, or no record's. */
static enum kad_err named_record(struct check *c, struct kad_str seq, struct kad_record *ret,
                                 bool *ret_there)
{
    struct kad_str log;
    enum kad_err err = KAD_OK;
    *ret = (struct kad_record){0};
    *ret_there = false;
    if (seq.n == KAD_SEQ_KEY)
        err = log_record(c, kad_seq_get(seq.p), &log, ret_there);
    return err == KAD_OK && *ret_there ? decode_log(c, log, false, ret) : err;
}

static enum kad_err check_ids(struct check *c)
{
    struct walk w = {.c = c, .table = KAD_TAB_ID};
    struct kad_str key, value;
    bool found;
    enum kad_err err;
    while ((err = walk_next(&w, &key, &value, &found)) == KAD_OK && found) {
        struct kad_record r;
        bool there;
        err = named_record(c, value, &r, &there);
        if (err != KAD_OK)
            break;
        if (!there || !kad_str_eq(r.id, key))
            tell(c, KAD_TAB_ID, key, too_much());
    }
    walk_done(&w);
    return err;
}

static bool names(const struct kad_record *r, struct kad_str person)
{
    for (size_t i = 0; i < r->n_fields && kad_record_happens(r); i++)
        if (kad_field_mentions(&r->fields[i]) && kad_str_eq(r->fields[i].value.str, person))
            return true;
    return false;
}

static enum kad_err check_mentions(struct check *c)
{
    struct walk w = {.c = c, .table = KAD_TAB_MENTION};
    struct kad_str key, value;
    bool found;
    enum kad_err err;
    while ((err = walk_next(&w, &key, &value, &found)) == KAD_OK && found) {
        struct kad_error ignored = {0};
        struct kad_str person = kad_key_head(key), subject = {0};
        struct kad_record *records = NULL;
        size_t n = 0;
        bool named = false;
        if (person.n > 0)
            subject = (struct kad_str){key.p + person.n + 1, key.n - person.n - 1};
        if (kad_story_stored(c->s, subject, &c->arena, &records, &n, &ignored) != KAD_OK)
            continue; /* told of already */
        for (size_t i = 0; i < n && !named; i++)
            named = names(&records[i], person);
        if (!named)
            tell(c, KAD_TAB_MENTION, key, too_much());
    }
    walk_done(&w);
    return err;
}

static enum kad_err check_adopted(struct check *c)
{
    struct walk w = {.c = c, .table = KAD_TAB_ADOPTED};
    struct kad_str key, value;
    bool found;
    enum kad_err err;
    while ((err = walk_next(&w, &key, &value, &found)) == KAD_OK && found) {
        struct kad_record r;
        bool there;
        err = named_record(c, key, &r, &there);
        if (err != KAD_OK)
            break;
        if (!there || !kad_record_adopts(&r))
            tell(c, KAD_TAB_ADOPTED, key, too_much());
    }
    walk_done(&w);
    return err;
}

/* --- and each record its entries --- */

static enum kad_err record_mentions(struct check *c, const struct kad_record *r)
{
    enum kad_err err = KAD_OK;
    for (size_t i = 0; i < r->n_fields && kad_record_happens(r) && err == KAD_OK; i++) {
        if (!kad_field_mentions(&r->fields[i]))
            continue;
        char key[KAD_PAIR_KEY];
        size_t n = kad_pair_key(key, r->fields[i].value.str, r->subject);
        struct kad_str value;
        bool found;
        err = look_up(c, KAD_TAB_MENTION, (struct kad_str){key, n}, &value, &found);
        if (err == KAD_OK && !found)
            tell(c, KAD_TAB_MENTION, (struct kad_str){key, n}, missing());
    }
    return err;
}

static enum kad_err record_entries(struct check *c, const struct kad_record *r, struct kad_str key)
{
    struct kad_str value;
    bool found = true;
    enum kad_err err = KAD_OK;
    if (r->subject.n > 0) {
        if (!marked(c, r->seq))
            tell(c, KAD_TAB_STORY, r->subject, missing());
        err = look_up(c, KAD_TAB_SUBJECT, r->subject, &value, &found);
        if (err == KAD_OK && !found && r->kind_name.n > 0)
            tell(c, KAD_TAB_SUBJECT, r->subject, missing());
        if (err == KAD_OK)
            err = record_mentions(c, r);
    }
    if (err == KAD_OK && r->id.n > 0) {
        err = look_up(c, KAD_TAB_ID, r->id, &value, &found);
        if (err == KAD_OK && (!found || value.n != KAD_SEQ_KEY))
            tell(c, KAD_TAB_ID, r->id, missing());
        else if (err == KAD_OK && kad_seq_get(value.p) > r->seq)
            tell(c, KAD_TAB_ID, r->id, different());
    }
    if (err == KAD_OK && kad_record_adopts(r)) {
        err = look_up(c, KAD_TAB_ADOPTED, key, &value, &found);
        if (err == KAD_OK && !found)
            tell(c, KAD_TAB_ADOPTED, key, missing());
    }
    return err;
}

/* A tile as the log gives it. The stored one may hold more, of records that came meanwhile. */
static int check_tile(void *ctx, unsigned k, uint64_t index, const uint8_t *hashes, size_t n)
{
    struct check *c = ctx;
    char key[KAD_TILE_KEY];
    const uint8_t *stored;
    size_t have;
    kad_tile_key(key, k, index);
    enum kad_err err = kad_tile_read(c->s, k, index, &stored, &have, c->reterr);
    if (err != KAD_OK)
        return err;
    if (have == 0)
        tell(c, KAD_TAB_TREE, (struct kad_str){key, sizeof key}, missing());
    else if (have < n || memcmp(stored, hashes, n * KAD_HASH) != 0)
        tell(c, KAD_TAB_TREE, (struct kad_str){key, sizeof key}, different());
    return 0;
}

/* At the log's end: the tiles that are not full, and none beside them. */
static enum kad_err check_tree(struct check *c)
{
    struct kad_ledger_state state;
    MDB_stat stat;
    enum kad_err err = (enum kad_err)kad_tiles_rest(c->tiles, check_tile, c);
    if (err == KAD_OK)
        err = kad_snapshot_state(c->s, &state, c->reterr);
    if (err != KAD_OK)
        return err;
    int rc = KAD_LMDB(mdb_stat(c->s->mdb, c->l->dbi[KAD_TAB_TREE], &stat));
    if (rc != 0)
        return kad_lmdb_fail(c->l, rc, c->reterr);
    if (stat.ms_entries > kad_tiles_of(state.last_seq))
        tell(c, KAD_TAB_TREE, KAD_STR("*"), too_much());
    return err;
}

static enum kad_err check_views_meta(struct check *c, const struct kad_ledger_state *is)
{
    struct kad_str value;
    bool found;
    enum kad_err err = look_up(c, KAD_TAB_META, KAD_STR(KAD_META_VIEWS), &value, &found);
    if (err != KAD_OK)
        return err;
    struct kad_rd in = {.p = (const uint8_t *)value.p, .n = value.n};
    if (kad_rd_be64(&in) != is->last_seq || (kad_day)kad_rd_be32(&in) != is->last_on ||
        kad_rd_be64(&in) != is->last_key || kad_rd_be64(&in) != is->last_fence || in.bad ||
        in.n > 0)
        tell(c, KAD_TAB_META, KAD_STR(KAD_META_VIEWS), different());
    return KAD_OK;
}

static enum kad_err check_log(struct check *c)
{
    struct walk w = {.c = c, .table = KAD_TAB_LOG};
    struct kad_str key, bytes;
    uint64_t seq = 0;
    struct kad_ledger_state is = {.last_at = KAD_INSTANT_NONE, .last_on = KAD_DAY_NONE};
    bool found;
    enum kad_err err;
    while ((err = walk_next(&w, &key, &bytes, &found)) == KAD_OK && found && seq < c->last) {
        struct kad_record r;
        err = decode_log(c, bytes, !c->hashed, &r);
        if (err == KAD_OK && (key.n != KAD_SEQ_KEY || kad_seq_get(key.p) != ++seq || r.seq != seq))
            err = kad_ledger_damaged(c->l, KAD_TAB_LOG, c->reterr);
        if (err == KAD_OK && !c->hashed) {
            struct kad_str header = kad_record_header(bytes);
            uint8_t leaf[KAD_HASH];
            kad_merkle_leaf(header.p, header.n, leaf);
            err = (enum kad_err)kad_tiles_add(c->tiles, leaf, check_tile, c);
        }
        if (err == KAD_OK)
            err = record_entries(c, &r, key);
        if (err != KAD_OK)
            break;
        kad_state_add(&is, &r);
    }
    /* At the log's end the views must have come as far; not when something came meanwhile. */
    if (err == KAD_OK && !found)
        err = check_views_meta(c, &is);
    if (err == KAD_OK && !c->hashed)
        err = check_tree(c);
    walk_done(&w);
    return err;
}

static enum kad_err count_entries(struct check *c)
{
    struct kad_ledger_state state;
    enum kad_err err = kad_snapshot_state(c->s, &state, c->reterr);
    if (err != KAD_OK)
        return err;
    c->last = state.last_seq;
    for (int i = KAD_TAB_LOG; i < KAD_TAB__COUNT; i++) {
        if (i == KAD_TAB_TREE || i == KAD_TAB_CHECKPOINT)
            continue; /* not walked by themselves */
        MDB_stat stat;
        int rc = KAD_LMDB(mdb_stat(c->s->mdb, c->l->dbi[i], &stat));
        if (rc != 0)
            return kad_lmdb_fail(c->l, rc, c->reterr);
        c->of += stat.ms_entries;
    }
    return KAD_OK;
}

static enum kad_err view_check(struct kad_ledger *l, bool hashed, kad_progress_fn progress,
                               void (*differs)(void *ctx, const char *what), void *ctx,
                               uint64_t *ret_n, struct kad_error *reterr)
{
    static enum kad_err (*const steps[])(struct check *) = {
        check_stories, check_rows, check_due, check_ids, check_mentions, check_adopted, check_log,
    };
    kad_assert(l && ret_n);
    struct check c = {.l = l,
                      .hashed = hashed,
                      .progress = progress,
                      .differs = differs,
                      .ctx = ctx,
                      .reterr = reterr};
    kad_arena_init(&c.arena);
    enum kad_err err = slice_begin(&c);
    if (err == KAD_OK)
        err = count_entries(&c);
    if (err == KAD_OK)
        c.in_story = kad_xalloc(c.last / 8 + 1);
    c.tiles = kad_xalloc(sizeof *c.tiles);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && err == KAD_OK; i++)
        err = steps[i](&c);
    if (progress && err == KAD_OK)
        progress(ctx, c.of, c.of);
    slice_end(&c);
    free(c.in_story);
    free(c.tiles);
    kad_arena_done(&c.arena);
    *ret_n = c.n;
    return err;
}

enum kad_err kad_view_check(struct kad_ledger *l, kad_progress_fn progress,
                            void (*differs)(void *ctx, const char *what), void *ctx,
                            uint64_t *ret_n, struct kad_error *reterr)
{
    return view_check(l, false, progress, differs, ctx, ret_n, reterr);
}

enum kad_err kad_view_check_hashed(struct kad_ledger *l,
                                   void (*differs)(void *ctx, const char *what), void *ctx,
                                   uint64_t *ret_n, struct kad_error *reterr)
{
    return view_check(l, true, NULL, differs, ctx, ret_n, reterr);
}

/* --- rebuilding --- */

static enum kad_err drop_views(struct kad_txn *t, struct kad_error *reterr)
{
    struct kad_ledger *l = t->view.ledger;
    for (int i = KAD_TAB_STORY; i < KAD_TAB__COUNT; i++) {
        int rc = KAD_LMDB(mdb_drop(t->view.mdb, l->dbi[i], 0));
        if (rc != 0)
            return kad_lmdb_fail(l, rc, reterr);
    }
    t->flushed = true;
    t->changed = true;
    t->exempt = false;
    t->state = (struct kad_ledger_state){.last_at = KAD_INSTANT_NONE, .last_on = KAD_DAY_NONE};
    return KAD_OK;
}

static enum kad_err index_all(struct kad_txn *t, MDB_cursor *c, uint64_t of,
                              kad_progress_fn progress, void *ctx, struct kad_error *reterr)
{
    struct kad_ledger *l = t->view.ledger;
    struct kad_arena a;
    MDB_val k, v;
    uint64_t seq = 0;
    enum kad_err err = KAD_OK;
    kad_arena_init(&a);
    int rc;
    while (err == KAD_OK && (rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, MDB_NEXT))) == 0) {
        struct kad_record r;
        kad_arena_reset(&a);
        err = kad_record_decode(kad_of_val(v), &a, true, &r, reterr);
        if (err == KAD_OK &&
            (k.mv_size != KAD_SEQ_KEY || kad_seq_get(k.mv_data) != ++seq || r.seq != seq))
            err = kad_ledger_damaged(l, KAD_TAB_LOG, reterr);
        t->bytes_total += v.mv_size;
        if (err == KAD_OK)
            err = kad_txn_index(t, &r, kad_of_val(v), reterr);
        if (progress && seq % 4096 == 0)
            progress(ctx, seq, of);
    }
    if (err == KAD_OK && rc != MDB_NOTFOUND)
        err = kad_lmdb_fail(l, rc, reterr);
    kad_arena_done(&a);
    return err;
}

enum kad_err kad_view_rebuild(struct kad_ledger *l, kad_progress_fn progress, void *ctx,
                              struct kad_error *reterr)
{
    struct kad_txn *t;
    enum kad_err err = kad_txn_begin(l, &t, reterr);
    if (err != KAD_OK)
        return err;
    uint64_t of = t->state.last_seq;
    MDB_cursor *c = NULL;
    err = drop_views(t, reterr);
    if (err == KAD_OK) {
        int rc = KAD_LMDB(mdb_cursor_open(t->view.mdb, l->dbi[KAD_TAB_LOG], &c));
        if (rc != 0)
            err = kad_lmdb_fail(l, rc, reterr);
    }
    if (err == KAD_OK)
        err = index_all(t, c, of, progress, ctx, reterr);
    if (c)
        mdb_cursor_close(c);
    if (err != KAD_OK) {
        kad_txn_abort(t);
        return err;
    }
    if (progress)
        progress(ctx, of, of);
    return kad_txn_commit(t, reterr);
}

#include "core/checkpoint.h"

#include <sodium.h>
#include <string.h>

#include "core/keys.h"
#include "core/tiles.h"

#define SIGN_NEW KAD_KEY_SIGN ".new"

/* --- keys --- */

enum kad_err kad_log_keys(struct kad_ledger *l, struct kad_snapshot *s, struct kad_arena *a,
                          struct kad_log_keys *ret, struct kad_error *reterr)
{
    kad_assert(l && s && a && ret);
    const struct kad_ledger_info *info = kad_ledger_info(l);
    char *origin = kad_arena_alloc(a, KAD_ORIGIN + 1);
    kad_vec(struct kad_log_key) keys = {0};
    struct kad_log_key key = {.from = 0};
    uint64_t *seqs;
    size_t n;
    kad_origin(info->id, origin);
    ret->origin = kad_str(origin);
    kad_verifier_init(&key.v, ret->origin, info->key);
    kad_vec_push(a, &keys, key);
    enum kad_err err = kad_snapshot_adopted(s, a, &seqs, &n, reterr);
    for (size_t i = 0; i < n && err == KAD_OK; i++) {
        struct kad_str bytes;
        struct kad_record r;
        err = kad_snapshot_record(s, seqs[i], &bytes, reterr);
        if (err == KAD_OK)
            err = kad_record_decode(bytes, a, true, &r, reterr);
        if (err == KAD_OK && kad_rekey_follows(&r, &keys.v[keys.n - 1].v, &key.v)) {
            key.from = r.seq;
            kad_vec_push(a, &keys, key);
        }
    }
    ret->v = keys.v;
    ret->n = keys.n;
    return err;
}

const struct kad_verifier *kad_log_key_at(const struct kad_log_keys *keys, uint64_t size)
{
    size_t i = keys->n - 1;
    while (i > 0 && keys->v[i].from > size)
        i--;
    return &keys->v[i].v;
}

static bool is_of(const uint8_t seed[KAD_PUBLIC_KEY], const struct kad_verifier *v)
{
    uint8_t public[KAD_PUBLIC_KEY];
    kad_public_key(seed, public);
    return memcmp(public, v->key, sizeof public) == 0;
}

enum kad_err kad_signing_key(const char *id, const struct kad_verifier *want,
                             uint8_t ret[KAD_PUBLIC_KEY], struct kad_error *reterr)
{
    struct kad_error why = {0};
    enum kad_err err = kad_key_read(id, KAD_KEY_SIGN, ret, KAD_PUBLIC_KEY, &why);
    if (err == KAD_OK && is_of(ret, want))
        return KAD_OK;
    /* Changing it was interrupted behind the record: finish that. */
    if (kad_key_exists(id, SIGN_NEW)) {
        enum kad_err other = kad_key_read(id, SIGN_NEW, ret, KAD_PUBLIC_KEY, reterr);
        if (other != KAD_OK)
            return other;
        if (is_of(ret, want))
            return kad_key_rename(id, SIGN_NEW, KAD_KEY_SIGN, reterr);
    }
    sodium_memzero(ret, KAD_PUBLIC_KEY);
    if (err != KAD_OK)
        return kad_fail(reterr, err, "%s", why.text);
    struct kad_buf path = {0};
    err = kad_key_path(id, KAD_KEY_SIGN, &path, reterr);
    if (err == KAD_OK)
        err = kad_fail(reterr, KAD_ESTORE,
                       _("The key %s is not the one that this ledger is signed with now. Put back "
                         "the right one from your copy of the key folder."),
                       path.p);
    kad_buf_done(&path);
    return err;
}

/* --- reading --- */

enum kad_err kad_checkpoint_read(const struct kad_log_keys *keys, struct kad_str note,
                                 struct kad_checkpoint *ret, struct kad_error *reterr)
{
    struct kad_signed_note n;
    if (!kad_note_parse(note, &n) || !kad_checkpoint_parse(n.text, ret))
        return kad_fail(reterr, KAD_ENO, _("This is no checkpoint."));
    if (!kad_str_eq(ret->origin, keys->origin))
        return kad_fail(reterr, KAD_ENO,
                        _("This is a checkpoint of another ledger (%.*s), not of this one (%.*s)."),
                        KAD_STR_FMT(ret->origin), KAD_STR_FMT(keys->origin));
    if (kad_note_signed(&n, kad_log_key_at(keys, ret->size)) != KAD_SIGNED_BY)
        return kad_fail(reterr, KAD_ENO,
                        _("The signature of the checkpoint over %llu records is not by this "
                          "ledger's key."),
                        (unsigned long long)ret->size);
    return KAD_OK;
}

enum kad_err kad_checkpoint_fits(struct kad_snapshot *s, const struct kad_checkpoint *c,
                                 struct kad_error *reterr)
{
    struct kad_ledger_state state;
    uint8_t root[KAD_HASH];
    enum kad_err err = kad_snapshot_state(s, &state, reterr);
    if (err != KAD_OK)
        return err;
    if (c->size > state.last_seq)
        return kad_fail(reterr, KAD_ENO,
                        _("The checkpoint is of %llu records, but the ledger has only %llu: the "
                          "last ones are missing."),
                        (unsigned long long)c->size, (unsigned long long)state.last_seq);
    err = kad_snapshot_root(s, c->size, root, reterr);
    if (err == KAD_OK && memcmp(root, c->root, sizeof root) != 0)
        err = kad_fail(reterr, KAD_ENO,
                       _("The first %llu records of the ledger are not those that the checkpoint "
                         "was signed over."),
                       (unsigned long long)c->size);
    return err;
}

/* --- signing --- */

struct rehash {
    struct kad_snapshot *s;
    struct kad_error *reterr;
    enum kad_err err;
    uint64_t seq;
};

static enum kad_err fail_tree(uint64_t seq, struct kad_error *reterr)
{
    return kad_fail(reterr, KAD_ESTORE,
                    _("The tree of this store does not fit its record %llu: one of the two was "
                      "changed. Nothing was signed. “kadens verify” says where."),
                    (unsigned long long)seq);
}

/* A subtree that the records complete: what is stored of it is the same. */
static void compare(void *ctx, unsigned level, uint64_t index, const uint8_t hash[KAD_HASH])
{
    struct rehash *r = ctx;
    uint8_t stored[KAD_HASH];
    if (r->err != KAD_OK || level % KAD_TILE_BITS != 0)
        return;
    r->err = kad_snapshot_node(r->s, level, index, stored, r->reterr);
    if (r->err == KAD_OK && memcmp(stored, hash, sizeof stored) != 0)
        r->err = fail_tree(r->seq, r->reterr);
}

/* The right edge of the first `size` records. */
static enum kad_err edge_at(struct kad_snapshot *s, uint64_t size, struct kad_frontier *ret,
                            struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    *ret = (struct kad_frontier){.size = size};
    for (unsigned level = 0; level < KAD_MERKLE_LEVELS && err == KAD_OK; level++)
        if (size >> level & 1)
            err = kad_snapshot_node(s, level, (size >> level) - 1, ret->h[level], reterr);
    return err;
}

/* Hash again what stands behind `edge`, from the stored bytes, up to record `to`. */
static enum kad_err rehash(struct kad_snapshot *s, struct kad_frontier *edge, uint64_t to,
                           kad_progress_fn progress, void *ctx, struct kad_error *reterr)
{
    struct rehash r = {.s = s, .reterr = reterr};
    struct kad_arena a;
    uint64_t from = edge->size;
    kad_arena_init(&a);
    while (edge->size < to && r.err == KAD_OK) {
        struct kad_str bytes, header;
        struct kad_record record;
        uint8_t leaf[KAD_HASH];
        r.seq = edge->size + 1;
        kad_arena_reset(&a);
        r.err = kad_snapshot_record(s, r.seq, &bytes, reterr);
        if (r.err == KAD_OK)
            r.err = kad_record_decode(bytes, &a, true, &record, reterr);
        if (r.err == KAD_OK && record.seq != r.seq)
            r.err = fail_tree(r.seq, reterr);
        if (r.err != KAD_OK)
            break;
        header = kad_record_header(bytes);
        kad_merkle_leaf(header.p, header.n, leaf);
        kad_frontier_add(edge, leaf, compare, &r);
        if (progress && r.seq % 1024 == 0)
            progress(ctx, r.seq - from, to - from);
    }
    kad_arena_done(&a);
    return r.err;
}

/* The last checkpoint still fits, and so does all that came since: its size and root in *ret. */
static enum kad_err check_all(struct kad_snapshot *s, const struct kad_log_keys *keys,
                              struct kad_str last, kad_progress_fn progress, void *ctx,
                              struct kad_checkpoint *ret, struct kad_error *reterr)
{
    struct kad_checkpoint old = {0};
    struct kad_frontier edge;
    struct kad_ledger_state state;
    struct kad_error why = {0};
    uint8_t root[KAD_HASH];
    enum kad_err err = kad_snapshot_state(s, &state, reterr);
    if (err == KAD_OK && last.n > 0 &&
        (kad_checkpoint_read(keys, last, &old, &why) != KAD_OK ||
         kad_checkpoint_fits(s, &old, &why) != KAD_OK))
        err = kad_fail(reterr, KAD_ESTORE,
                       _("The last checkpoint does not fit this ledger, so nothing was signed: %s "
                         "“kadens verify” says more."),
                       why.text);
    if (err == KAD_OK)
        err = edge_at(s, old.size, &edge, reterr);
    if (err == KAD_OK && last.n > 0) {
        kad_frontier_root(&edge, root);
        if (memcmp(root, old.root, sizeof root) != 0)
            err = fail_tree(old.size, reterr);
    }
    if (err == KAD_OK)
        err = rehash(s, &edge, state.last_seq, progress, ctx, reterr);
    if (err == KAD_OK) {
        ret->origin = keys->origin;
        ret->size = state.last_seq;
        kad_frontier_root(&edge, ret->root);
        err = kad_checkpoint_fits(s, ret, reterr);
    }
    return err;
}

static enum kad_err sign(struct kad_ledger *l, const struct kad_log_keys *keys,
                         const struct kad_checkpoint *c, struct kad_buf *ret,
                         struct kad_error *reterr)
{
    const struct kad_verifier *v = kad_log_key_at(keys, c->size);
    uint8_t seed[KAD_PUBLIC_KEY];
    enum kad_err err = kad_signing_key(kad_ledger_info(l)->id, v, seed, reterr);
    if (err != KAD_OK)
        return err;
    struct kad_buf text = {0};
    kad_checkpoint_put(&text, c);
    kad_note_sign(ret, (struct kad_str){text.p, text.n}, v->name, seed);
    sodium_memzero(seed, sizeof seed);
    kad_buf_done(&text);
    return KAD_OK;
}

enum kad_err kad_checkpoint_take(struct kad_ledger *l, kad_progress_fn progress, void *ctx,
                                 struct kad_buf *ret, bool *ret_new, struct kad_error *reterr)
{
    kad_assert(l && ret && ret_new);
    struct kad_arena a;
    struct kad_txn *t = NULL;
    struct kad_log_keys keys;
    struct kad_checkpoint c;
    struct kad_ledger_state state;
    struct kad_str last = {0};
    uint64_t size = 0;
    kad_arena_init(&a);
    *ret_new = false;
    enum kad_err err = kad_txn_begin(l, &t, reterr);
    struct kad_snapshot *s = err == KAD_OK ? kad_txn_view(t) : NULL;
    if (err == KAD_OK)
        err = kad_snapshot_state(s, &state, reterr);
    if (err == KAD_OK)
        err = kad_log_keys(l, s, &a, &keys, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_note(s, UINT64_MAX, &a, &last, &size, reterr);
    if (err == KAD_OK && last.n > 0 && size == state.last_seq) {
        err = check_all(s, &keys, last, NULL, NULL, &c, reterr);
        if (err == KAD_OK)
            kad_buf_put(ret, last.p, last.n);
    } else if (err == KAD_OK) {
        err = check_all(s, &keys, last, progress, ctx, &c, reterr);
        if (err == KAD_OK)
            err = sign(l, &keys, &c, ret, reterr);
        if (err == KAD_OK)
            err = kad_txn_put_note(t, c.size, (struct kad_str){ret->p, ret->n}, reterr);
        *ret_new = err == KAD_OK;
    }
    if (err == KAD_OK && *ret_new)
        err = kad_txn_commit(t, reterr);
    else
        kad_txn_abort(t);
    kad_arena_done(&a);
    return err;
}

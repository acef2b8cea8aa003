/* The signing key is replaced, and the old one says so. */
#include <sodium.h>

#include "core/checkpoint.h"
#include "core/engine_priv.h"
#include "core/keys.h"

/* By an import into an empty store such a record comes along as history, whatever it says: its keys
 * are another ledger's. Anywhere else the key in force must have signed it. */
enum kad_err kad_draft_rekeyed(struct kad_put *p)
{
    struct kad_log_keys keys;
    struct kad_verifier new;
    if (p->r.subject.n > 0 || p->d->n_fields > 0)
        return kad_fail(p->err, KAD_EINPUT, _("%s has no subject and no fields."),
                        kad_record_type(p->r.kind));
    enum kad_err err = kad_read_notes(p, &p->r.notes, &p->r.n_notes);
    if (err != KAD_OK || p->b->restores)
        return err;
    err = kad_log_keys(p->e->ledger, p->b->view, p->a, &keys, p->err);
    if (err == KAD_OK && !kad_rekey_follows(&p->r, &keys.v[keys.n - 1].v, &new))
        err = kad_fail(p->err, KAD_EINPUT,
                       _("%s is not signed by the key of this ledger: keys are changed with "
                         "“kadens checkpoint --new-key”."),
                       kad_record_type(p->r.kind));
    return err;
}

static struct kad_str verifier_text(struct kad_arena *a, const struct kad_verifier *v)
{
    struct kad_buf b = {0};
    kad_verifier_put(&b, v);
    struct kad_str s = kad_str_dup(a, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
    return s;
}

static enum kad_err record_it(struct kad_batch *b, struct kad_arena *a,
                              const struct kad_log_keys *keys, const uint8_t seed[KAD_PUBLIC_KEY],
                              const struct kad_verifier *new, struct kad_str id, uint64_t *ret_seq,
                              struct kad_error *reterr)
{
    const struct kad_verifier *old = &keys->v[keys->n - 1].v;
    struct kad_buf signature = {0};
    struct kad_outcome out;
    kad_rekey_sign(&signature, b->state.last_seq + 1, old, new, seed);
    const struct kad_input notes[] = {
        {KAD_STR("old_key"), KAD_IN_STRING, verifier_text(a, old), 0},
        {KAD_STR("new_key"), KAD_IN_STRING, verifier_text(a, new), 0},
        {KAD_STR("signature"), KAD_IN_STRING, {signature.p, signature.n}, 0},
    };
    const struct kad_draft d = {.type = KAD_STR("kadens.rekeyed"),
                                .id = id,
                                .on = KAD_DAY_NONE,
                                .at = KAD_INSTANT_NONE,
                                .clock = -1,
                                .notes = notes,
                                .n_notes = sizeof notes / sizeof *notes};
    enum kad_err err = kad_batch_put(b, &d, &out, reterr);
    *ret_seq = out.seq;
    kad_buf_done(&signature);
    return err;
}

/* Was it asked for before, with this id? Then the key of then is the answer; *ret_seq is 0 if not. */
static enum kad_err asked_before(struct kad_batch *b, struct kad_arena *a, struct kad_str id,
                                 const struct kad_log_keys *keys, struct kad_verifier *ret,
                                 uint64_t *ret_seq, struct kad_error *reterr)
{
    enum kad_err err = kad_snapshot_id(b->view, id, ret_seq, reterr);
    if (err != KAD_OK || *ret_seq == 0)
        return err;
    for (size_t i = 1; i < keys->n; i++) {
        if (keys->v[i].from == *ret_seq) {
            *ret = keys->v[i].v;
            return KAD_OK;
        }
    }
    return kad_fail(reterr, KAD_ENO, _("The id “%.*s” was given before, to record %llu."),
                    KAD_STR_FMT(kad_str_dup(a, id)), (unsigned long long)*ret_seq);
}

enum kad_err kad_engine_rekey(struct kad_engine *e, struct kad_str id, struct kad_arena *a,
                              struct kad_verifier *ret, uint64_t *ret_seq, bool *ret_already,
                              struct kad_error *reterr)
{
    kad_assert(e && a && ret && ret_seq && reterr);
    const char *ledger = kad_ledger_info(e->ledger)->id;
    struct kad_log_keys keys;
    struct kad_batch *b;
    uint8_t old[KAD_PUBLIC_KEY] = {0}, new[KAD_PUBLIC_KEY], public[KAD_PUBLIC_KEY];
    enum kad_err err = kad_batch_begin(e, NULL, &b, reterr);
    if (err != KAD_OK)
        return err;
    randombytes_buf(new, sizeof new);
    kad_public_key(new, public);
    err = kad_log_keys(e->ledger, b->view, a, &keys, reterr);
    if (err == KAD_OK)
        err = asked_before(b, a, id, &keys, ret, ret_seq, reterr);
    *ret_already = err == KAD_OK && *ret_seq > 0;
    if (err == KAD_OK && !*ret_already)
        kad_verifier_init(ret, keys.origin, public);
    if (err == KAD_OK) { /* also what an interrupted change left to be done */
        err = kad_signing_key(ledger, &keys.v[keys.n - 1].v, old, reterr);
    }
    if (err == KAD_OK && !*ret_already)
        err = kad_key_write(ledger, KAD_KEY_SIGN ".new", new, sizeof new, reterr);
    if (err == KAD_OK && !*ret_already)
        err = record_it(b, a, &keys, old, ret, id, ret_seq, reterr);
    sodium_memzero(old, sizeof old);
    sodium_memzero(new, sizeof new);
    if (err != KAD_OK || *ret_already) {
        kad_batch_abort(b);
        return err;
    }
    err = kad_batch_commit(b, reterr);
    return err == KAD_OK ? kad_key_rename(ledger, KAD_KEY_SIGN ".new", KAD_KEY_SIGN, reterr) : err;
}

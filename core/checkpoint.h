/* Checkpoints: what a ledger held, signed. A checkpoint is a signed note (core/note.h) over the
 * number of records and the root of their tree (core/merkle.h); whoever keeps one can show later that
 * something was changed, lost or put in before it.
 *
 * Signing happens only after everything that was added since the last checkpoint has been hashed
 * again from the stored bytes, and the last one still fits. The private key lies in the key folder
 * (core/keys.h); reading needs none.
 * Source: architecture.md, "The ledger"; issue 3.
 */
#ifndef KAD_CORE_CHECKPOINT_H
#define KAD_CORE_CHECKPOINT_H

#include "core/engine.h"
#include "core/note.h"
#include "core/rekey.h"

/* The keys of a ledger, in the order they were in force. */
struct kad_log_keys {
    struct kad_str origin; /* also the keys' name */
    struct kad_log_key {
        uint64_t from; /* checkpoints of so many records and more: 0, then seqs of kadens.rekeyed */
        struct kad_verifier v;
    } * v;
    size_t n; /* at least 1 */
};
enum kad_err kad_log_keys(struct kad_ledger *l, struct kad_snapshot *s, struct kad_arena *a,
                          struct kad_log_keys *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* The one that signs checkpoints of this size. */
const struct kad_verifier *kad_log_key_at(const struct kad_log_keys *keys, uint64_t size);
/* Is this text a checkpoint of the ledger, signed by the right key? ENO with what is wrong. Whether it
 * fits the log is another question: kad_snapshot_root. The origin points into the text. */
enum kad_err kad_checkpoint_read(const struct kad_log_keys *keys, struct kad_str note,
                                 struct kad_checkpoint *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* ... and whether it fits: the log begins with these records, unchanged. ENO when it does not, or has
 * fewer. */
enum kad_err kad_checkpoint_fits(struct kad_snapshot *s, const struct kad_checkpoint *c,
                                 struct kad_error *reterr) KAD_MUST_CHECK;

/* The newest checkpoint stored, or a new one when records have been added since: *ret_new. The ledger
 * is open for writing. ESTORE when what was added, or the last checkpoint, does not fit the tree, and
 * when the signing key is missing. */
enum kad_err kad_checkpoint_take(struct kad_ledger *l, kad_progress_fn progress, void *ctx,
                                 struct kad_buf *ret, bool *ret_new, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* Replace the signing key: a record kadens.rekeyed, signed by the old one. The new private key is on
 * disk before the record, and takes the old one's place behind it; whatever is interrupted between
 * is finished the next time something is signed. Asked again with the same id (empty: none), it answers
 * with the change that was made: *ret_already. The verifier's name is the arena's. */
enum kad_err kad_engine_rekey(struct kad_engine *e, struct kad_str id, struct kad_arena *a,
                              struct kad_verifier *ret, uint64_t *ret_seq, bool *ret_already,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* The seed of this public key, from the key folder. The caller wipes it. */
enum kad_err kad_signing_key(const char *id, const struct kad_verifier *want,
                             uint8_t ret[KAD_PUBLIC_KEY], struct kad_error *reterr) KAD_MUST_CHECK;

#endif

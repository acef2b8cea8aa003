/* Proofs as texts. That a record is in a checkpoint's tree, after C2SP (c2sp.org/tlog-proof), with the
 * record itself, header and stored payload, as its extra data:
 *
 *   c2sp.org/tlog-proof@v1 | extra BASE64 | index N | a hash in base64 for each line | empty | checkpoint
 *
 * That one tree is the beginning of another, of which a checkpoint is given (C2SP has no form for a
 * file of that; the lines are alike):
 *
 *   kadens consistency proof 1 | from SIZE | to SIZE | hashes | empty | checkpoint
 *
 * Pure, strict and bounded; what is parsed would be written byte for byte the same.
 */
#ifndef KAD_CORE_PROOF_H
#define KAD_CORE_PROOF_H

#include "core/limits.h"
#include "core/merkle.h"
#include "core/note.h"

/* The record in base64, the hashes and the checkpoint. */
#define KAD_PROOF_TEXT_MAX (KAD_LIMIT_RECORD / 3 * 4 + 2 * KAD_NOTE_MAX)

struct kad_proof {
    bool consistency;
    uint64_t index;    /* of the leaf */
    uint64_t from, to; /* of a consistency proof */
    struct kad_hashes hashes;
    struct kad_str extra;      /* as bytes */
    struct kad_str checkpoint; /* the signed note */
};
void kad_proof_write(struct kad_buf *b, const struct kad_proof *p);
/* Strings point into the text, but `extra` into the arena. */
bool kad_proof_parse(struct kad_str text, struct kad_arena *a, struct kad_proof *ret);
/* Does an inclusion proof hold: is `extra` a stored record with this index as its place, whose payload
 * has the digest in its header, and whose header is in the checkpoint's tree? The signature is another
 * question. */
bool kad_proof_holds(const struct kad_proof *p, const struct kad_checkpoint *c);

#endif

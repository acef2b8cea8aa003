/* kadens.rekeyed: the key that signs a ledger's checkpoints is replaced, and the old one says so. Its
 * notes are `old_key` and `new_key`, both as verifier keys (core/note.h), and `signature`, the old
 * key's Ed25519 signature in base64 over
 *
 *   kadens rekey 1\n  SEQ\n  OLD\n  NEW\n          (SEQ: the record's own number, in decimal)
 *
 * The keys carry the ledger's id in their name. So a record of another ledger, which came here by an
 * import, follows nothing and changes nothing: it is history. Checkpoints of SEQ records and more are
 * signed with the new key, those before with the old. Pure.
 */
#ifndef KAD_CORE_REKEY_H
#define KAD_CORE_REKEY_H

#include "core/event.h"
#include "core/note.h"

/* Appends the signature, as it stands in the note. */
void kad_rekey_sign(struct kad_buf *b, uint64_t seq, const struct kad_verifier *old,
                    const struct kad_verifier *new, const uint8_t seed[KAD_PUBLIC_KEY]);
/* Does the record put a new key in this one's place? The new one's name is the old one's string. */
bool kad_rekey_follows(const struct kad_record *r, const struct kad_verifier *old,
                       struct kad_verifier *ret);

#endif

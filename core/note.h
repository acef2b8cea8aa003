/* Signed notes, checkpoints and verifier keys as texts, after C2SP (c2sp.org/signed-note,
 * c2sp.org/tlog-checkpoint): what an auditor keeps, and other programs check. Pure: no disk, no LMDB.
 *
 *   note            text, which ends with a line feed; an empty line; lines "— NAME BASE64": four
 *                   bytes of the key's hash and an Ed25519 signature over the text
 *   checkpoint      the text of a note: origin, tree size in decimal, root in base64, each a line
 *   verifier key    NAME+HASH+BASE64: HASH is the first four bytes of SHA-256(NAME, "\n", 1, key) in
 *                   hex, BASE64 is the byte 1 (Ed25519) and the key
 *
 * The parsers are strict and bounded, and what they take they would write byte for byte the same.
 * Strings in what they return point into what was parsed. false: it is no such thing.
 */
#ifndef KAD_CORE_NOTE_H
#define KAD_CORE_NOTE_H

#include "core/merkle.h"
#include "core/text.h"

#define KAD_PUBLIC_KEY 32 /* bytes of an Ed25519 public key, and of the seed of a private one */
#define KAD_NOTE_MAX (64u << 10)
#define KAD_NOTE_SIGNATURES 100 /* lines; more are refused, as in the Go library */
#define KAD_NOTE_NAME 200       /* bytes of a key's name */

struct kad_verifier {
    struct kad_str name;
    uint32_t hash;
    uint8_t key[KAD_PUBLIC_KEY];
};
/* Of a name without blanks and '+'. */
void kad_verifier_init(struct kad_verifier *v, struct kad_str name,
                       const uint8_t key[KAD_PUBLIC_KEY]);
void kad_verifier_put(struct kad_buf *b, const struct kad_verifier *v);
bool kad_verifier_parse(struct kad_str text, struct kad_verifier *ret);
/* The public key of a private one's seed. */
void kad_public_key(const uint8_t seed[KAD_PUBLIC_KEY], uint8_t ret[KAD_PUBLIC_KEY]);

struct kad_signed_note {
    struct kad_str text;       /* with its last line feed */
    struct kad_str signatures; /* their lines */
    size_t n;
};
bool kad_note_parse(struct kad_str note, struct kad_signed_note *ret);
/* Appends the whole note. The text ends with a line feed. */
void kad_note_sign(struct kad_buf *b, struct kad_str text, struct kad_str name,
                   const uint8_t seed[KAD_PUBLIC_KEY]);
enum kad_signed { KAD_SIGNED_BY, KAD_SIGNED_BY_OTHERS, KAD_SIGNED_WRONGLY };
/* Wrongly: a line claims to be this key's, and is not. */
enum kad_signed kad_note_signed(const struct kad_signed_note *note, const struct kad_verifier *v);

struct kad_checkpoint {
    struct kad_str origin;
    uint64_t size; /* records, and so the seq of the last one */
    uint8_t root[KAD_HASH];
};
void kad_checkpoint_put(struct kad_buf *b, const struct kad_checkpoint *c);
/* The text of a note. Extension lines are refused: Kadens writes none. */
bool kad_checkpoint_parse(struct kad_str text, struct kad_checkpoint *ret);
/* "kadens/" and the ledger's id: the origin, and the name of its keys. */
#define KAD_ORIGIN 39
void kad_origin(const char *id, char ret[KAD_ORIGIN + 1]);

/* The parts that such texts are made of. */

/* Up to the line feed, which is passed over; false when there is none left. */
bool kad_line_next(struct kad_str *rest, struct kad_str *ret);
/* Without leading zeroes, signs or blanks. */
bool kad_decimal_parse(struct kad_str s, uint64_t *ret);
/* Base64 with padding (RFC 4648, section 4), in its one form: exactly n bytes. */
bool kad_base64_parse(struct kad_str s, uint8_t *ret, size_t n);
void kad_base64_put(struct kad_buf *b, const void *p, size_t n);

#endif

/* Records: what the ledger holds, one canonical form of bytes for each.
 *
 * A record is a header and a payload. The header never holds a private value and will be the leaf
 * of the ledger's Merkle tree; the payload's private values lie in a block of their own, sealed with
 * the subject's key, which the vault has (vault.h). The header carries the SHA-256 of the payload's
 * stored bytes, so that header and payload prove each other without the header telling anything (a
 * digest of an unsealed birth date could be guessed; of a sealed one it cannot).
 *
 * Layout, big-endian, version 2 (fixed for good; docs/format.md draws it):
 *   0  u8   magic 'K'             1  u8   version 2
 *   2  u8   kind (enum kad_kind_of_record)
 *   3  u8   flags (KAD_RF_*)
 *   4  u32  header length in bytes, strings included
 *   8  u64  seq, from 1, without gaps
 *  16  i64  at: recorded, microseconds since 1970-01-01 UTC, never running backwards
 *  24  i32  on: the civil day it happened     28  u32  payload length
 *  32  u64  policy: seq of the adoption in force, 0 none
 *  40  u64  ref: seq of the record it corrects, retracts or follows from, 0 none
 *  48  32 B SHA-256 of the payload
 *  80  strings, each u16 length and bytes: subject, type, id, by, via
 * and behind the header the payload:
 *   u32 length of the open block, the open block, then the private block to the end.
 *   open block: fields, notes, deviations, and u8 length and bytes of the kind of the subject (only
 *   in the first record about it: so the subjects can be made again from the log alone);
 *   private block: u16 count, each u8 length and name; u64 number of the subject's key; 24 bytes
 *   nonce; XChaCha20-Poly1305 ciphertext with its tag, of: for each name tag and value as below, padded
 *   (sodium_pad) to 32 bytes. Authenticated with it: the header, its digest zeroed.
 *   fields and notes: u16 count, each u8 length and name, u8 tag (value.h; 0 = null, 1 = sealed,
 *   2 = erased), then for N % M i64, for D i32, for B u8, for the others u32 length and bytes.
 *   deviations: u16 count, each u64 policy, u32 line, u16+bytes message, u16+bytes source.
 */
#ifndef KAD_CORE_EVENT_H
#define KAD_CORE_EVENT_H

#include "core/policy.h"

/* X(NAME, type as written in JSON, stored number). ORDER event.h: interface.md, "JSON forms". */
#define KAD_RECORD_MAP(X)                                                                          \
    X(EVENT, "", 0)                                                                                \
    X(ADOPTED, "kadens.adopted", 1)                                                                \
    X(ENDED, "kadens.ended", 2)                                                                    \
    X(CORRECTED, "kadens.corrected", 3)                                                            \
    X(RETRACTED, "kadens.retracted", 4)                                                            \
    X(WAIVED, "kadens.waived", 5)                                                                  \
    X(ISSUED, "kadens.issued", 6)                                                                  \
    X(OVERDUE, "kadens.overdue", 7)                                                                \
    X(WITHDRAWN, "kadens.withdrawn", 8)                                                            \
    X(REMINDED, "kadens.reminded", 9)                                                              \
    X(ESCALATED, "kadens.escalated", 10)                                                           \
    X(ERASED, "kadens.erased", 11)                                                                 \
    X(REKEYED, "kadens.rekeyed", 12)

enum kad_record_kind {
#define X(name, type, number) KAD_R_##name = (number),
    KAD_RECORD_MAP(X)
#undef X
        KAD_R__COUNT
};

enum {
    KAD_RF_GIVEN = 1u << 0,    /* `at` was given, not read from this machine's clock */
    KAD_RF_OVERRIDE = 1u << 1, /* recorded although a guard failed: notes hold why and what */
    KAD_RF_DEVIATES = 1u << 2, /* an `expect` did not hold: see deviations */
    KAD_RF_PRIVATE = 1u << 3,  /* there is a private block */
};

typedef int64_t kad_instant; /* microseconds since 1970-01-01 UTC */
#define KAD_INSTANT_NONE INT64_MIN
#define KAD_INSTANT_MIN (KAD_DAY_MIN * INT64_C(86400000000))           /* 0001-01-01 00:00 */
#define KAD_INSTANT_MAX ((KAD_DAY_MAX + 1) * INT64_C(86400000000) - 1) /* the end of 9999-12-31 */
#define KAD_RECORD_VERSION 2

struct kad_field {
    struct kad_str name;
    struct kad_value value; /* type KAD_T_NONE: null */
    bool is_private;
};
struct kad_deviation {
    uint64_t policy; /* seq of the adoption whose rule it is */
    uint32_t line;
    struct kad_str message, source;
};

/* A record, decoded or about to be encoded. Strings are the caller's. */
struct kad_record {
    enum kad_record_kind kind;
    unsigned flags;
    uint64_t seq;
    kad_instant at;
    kad_day on;
    uint64_t policy, ref;
    struct kad_str subject; /* empty: null */
    struct kad_str type;    /* of an event; "kadens.…" of the engine's own */
    struct kad_str id;      /* empty: null */
    struct kad_str by, via;
    /* `data` of an event, or of the event that a correction leaves. In the order of declaration. */
    struct kad_field *fields;
    size_t n_fields;
    /* What the engine's own records say: because, name, text, task, …; and of an overridden event
     * `because` (text) and `failed` (list: the messages of the guards that failed). */
    struct kad_field *notes;
    size_t n_notes;
    struct kad_deviation *deviations;
    size_t n_deviations;
    struct kad_str kind_name; /* of the subject, in the first record about it: the ledger's */
    /* Of a record that was decoded and has a private block: the bytes it was decoded from, and the
     * number of the key in the vault that opens it. */
    struct kad_str stored;
    uint64_t key_number;
};

/* The key that seals the private fields of one subject. */
#define KAD_SEAL_KEY 32
#define KAD_SEAL_NONCE 24
struct kad_seal {
    uint64_t number;    /* of the key in the vault, from 1 */
    const uint8_t *key; /* KAD_SEAL_KEY bytes */
    const uint8_t *nonce; /* KAD_SEAL_NONCE bytes; NULL: random, as it must be but in tests */
};

/* Appends the record's bytes to b: header and payload. Deterministic but for the nonce: equal records,
 * equal bytes. Private fields are sealed with `seal`; without one the record must have none, or come
 * from kad_record_decode: then its private block goes as it was stored. */
void kad_record_encode(struct kad_buf *b, const struct kad_record *r, const struct kad_seal *seal);
bool kad_record_has_private(const struct kad_record *r);
/* Checks everything (disk contents are never trusted): lengths, tags, UTF-8 of names, digest when
 * `check_digest`. Strings in *ret point into `bytes`; arrays are made in the arena. Private fields
 * are there by name, and sealed (KAD_SEALED) until kad_record_open. */
enum kad_err kad_record_decode(struct kad_str bytes, struct kad_arena *a, bool check_digest,
                               struct kad_record *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* Opens the private block of a decoded record: its fields get their values, whose strings are made in
 * the arena. False, and nothing changed, when it does not open with this key (another key, or changed
 * bytes), or when what is in it is no such fields. */
bool kad_record_open(struct kad_record *r, const uint8_t key[KAD_SEAL_KEY], struct kad_arena *a);
/* Makes the private fields of a decoded record say that they are sealed, or erased. */
void kad_record_veil(struct kad_record *r, enum kad_know know);
/* The header's own bytes of an encoded record (the future leaf). */
struct kad_str kad_record_header(struct kad_str bytes);

const char *kad_record_type(enum kad_record_kind kind); /* "kadens.adopted"; "" for events */
int kad_record_kind_of(struct kad_str type);            /* -1: not one of the engine's own */
/* A note or field by name; NULL when it is not there. */
const struct kad_field *kad_fields_find(const struct kad_field *f, size_t n, const char *name);
struct kad_str kad_record_note(const struct kad_record *r, const char *name); /* empty: none */

/* RFC 3339 in UTC with microseconds: 2021-06-02T08:12:33.000000Z (27 bytes and a NUL). */
#define KAD_INSTANT_TEXT 32
const char *kad_instant_text(kad_instant t, char out[KAD_INSTANT_TEXT]);
/* Reads RFC 3339 with any offset and 0–6 decimals of a second. */
bool kad_instant_parse(const char *s, size_t n, kad_instant *ret);

#endif

/* The vault: the keys of private fields, in a file of its own beside the ledger's (STORE/vault), so
 * that what LMDB holds, and a copy of it, can be read by nobody who has not the master key. One key
 * for each subject that has private fields; destroyed, those fields are gone for good, in every copy.
 *
 * The master key is a file in the key folder (keys.h, "master"), or follows from a passphrase. It is
 * asked for when the first private value is met, not at opening. Bytes: docs/format.md, "The vault".
 *
 * A new key is on disk before the record that it seals. Erasing writes the whole file anew, under a new
 * master key: an old copy of the file is of no use without the old master key.
 *
 * Nothing in the file is believed: what is foreign, cut, changed, of another ledger or locked with
 * another master key is said to be that. Keys lie in memory that is locked (if the machine allows it)
 * and wiped. All calls on one vault may come from any thread; writing is for the ledger's one writer. */
#ifndef KAD_CORE_VAULT_H
#define KAD_CORE_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/text.h"

#define KAD_VAULT_FILE "vault"
#define KAD_VAULT_KEY 32    /* bytes of a key: the master's and a subject's */
#define KAD_VAULT_HEADER 136 /* bytes in front of the entries */
#define KAD_VAULT_ENTRY 72  /* bytes of one */
#define KAD_VAULT_ID 16     /* of a master key's fingerprint, and of a salt */
#define KAD_LEDGER_ID 32    /* hexadecimal digits */
#define KAD_LIMIT_PASSPHRASE 1024

/* --- bytes: pure, for fuzzing --- */

enum kad_master_kind { KAD_MASTER_FILE = 0, KAD_MASTER_PASSPHRASE = 1 };
struct kad_vault_header {
    char ledger[KAD_LEDGER_ID + 1];
    enum kad_master_kind kind;
    uint8_t key_id[KAD_VAULT_ID]; /* tells a wrong master key from a changed file */
    uint8_t salt[KAD_VAULT_ID];   /* PASSPHRASE: Argon2id's salt, passes and bytes of memory */
    uint64_t passes, memory;
    uint64_t fence; /* seq of the last erasure that this file has carried out; 0: none */
};
/* What is to be said of the bytes of a vault. */
enum kad_vault_look {
    KAD_VAULT_GOOD = 0,
    KAD_VAULT_FOREIGN,      /* another program's file */
    KAD_VAULT_VERSION,      /* of a later version */
    KAD_VAULT_CUT,          /* shorter than its header */
    KAD_VAULT_DAMAGED,      /* changed since it was written */
    KAD_VAULT_OTHER_LEDGER,
    KAD_VAULT_OTHER_KEY,    /* locked with another master key, or the key was changed */
};
/* A master key and what follows from it. */
struct kad_vault_keys {
    uint8_t master[KAD_VAULT_KEY], mac[KAD_VAULT_KEY], wrap[KAD_VAULT_KEY];
    uint8_t id[KAD_VAULT_ID];
};
void kad_vault_keys_of(struct kad_vault_keys *ret, const uint8_t master[KAD_VAULT_KEY]);
/* key_id comes from the keys, not from *h. */
void kad_vault_header_put(uint8_t out[KAD_VAULT_HEADER], const struct kad_vault_header *h,
                          const struct kad_vault_keys *keys);
/* What can be read without the master key: not yet authenticated. n: of the whole file. Of another
 * ledger when `ledger` is not NULL and the file names another. */
enum kad_vault_look kad_vault_header_get(const uint8_t *p, size_t n, const char *ledger,
                                         struct kad_vault_header *ret);
/* After _get was good: GOOD, OTHER_KEY or DAMAGED. */
enum kad_vault_look kad_vault_header_check(const uint8_t p[KAD_VAULT_HEADER],
                                           const struct kad_vault_keys *keys);
enum kad_vault_entry { KAD_ENTRY_KEY, KAD_ENTRY_ERASED, KAD_ENTRY_DAMAGED };
void kad_vault_entry_put(uint8_t out[KAD_VAULT_ENTRY], const struct kad_vault_keys *keys,
                         const char *ledger, uint64_t number, struct kad_str subject,
                         const uint8_t key[KAD_VAULT_KEY]);
enum kad_vault_entry kad_vault_entry_get(const uint8_t p[KAD_VAULT_ENTRY],
                                         const struct kad_vault_keys *keys, const char *ledger,
                                         uint64_t number, struct kad_str subject,
                                         uint8_t ret[KAD_VAULT_KEY]);
/* Whole entries in a file of n bytes; what is behind them was broken off and means nothing. */
uint64_t kad_vault_entries(uint64_t n);

/* --- who is asked --- */

enum kad_passphrase_ask {
    KAD_ASK_PASSPHRASE, /* the one that the vault is locked with */
    KAD_ASK_AGAIN,      /* ... the last answer was wrong */
    KAD_ASK_NEW,        /* a new one */
};
struct kad_vault_access {
    /* Puts the passphrase (at most KAD_LIMIT_PASSPHRASE bytes; the caller wipes it); ESTORE and why
     * there is none. NULL: there never is. */
    enum kad_err (*passphrase)(void *ctx, enum kad_passphrase_ask ask, struct kad_buf *ret,
                               struct kad_error *reterr);
    /* One sentence for people, said once: why private fields are shown sealed. NULL: not said. */
    void (*tell)(void *ctx, const char *sentence);
    void *ctx;
};
/* For every vault of this process; once, before threads. NULL: nobody is asked. */
void kad_vault_set_access(const struct kad_vault_access *access);
void kad_vault_tell(const char *sentence); /* as access says */
void kad_vault_say_nothing(void);          /* from now on; asking goes on */

/* --- the vault of a ledger --- */

struct kad_vault;

/* Make the master key and an empty vault in `dir`; on disk when it returns. KADENS_PASSPHRASE_COST=test
 * makes the passphrase cheap to try (8 MiB, one pass): for tests; the file records which it is. */
enum kad_err kad_vault_create(const char *dir, const char *ledger, enum kad_master_kind kind,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* Nothing is read yet. */
struct kad_vault *kad_vault_new(const char *dir, const char *ledger);
void kad_vault_free(struct kad_vault *v); /* NULL is fine */
/* Unlocked, now or before; else ESTORE with what to do. */
enum kad_err kad_vault_unlock(struct kad_vault *v, struct kad_error *reterr) KAD_MUST_CHECK;
/* The key of an entry, unlocking the vault if need be. DAMAGED also when there is no such entry or no
 * way to read it; that is told, once. Wipe *ret. */
enum kad_vault_entry kad_vault_key(struct kad_vault *v, uint64_t number, struct kad_str subject,
                                   uint8_t ret[KAD_VAULT_KEY]);
/* A new key for a subject, in memory until it is flushed; `used` is the highest number that the log
 * has. ESTORE when the vault is older than the log, so that its numbers would be given twice. */
enum kad_err kad_vault_reserve(struct kad_vault *v, struct kad_str subject, uint64_t used,
                               uint64_t *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* All new keys are on disk when it returns. */
enum kad_err kad_vault_flush(struct kad_vault *v, struct kad_error *reterr) KAD_MUST_CHECK;
void kad_vault_drop(struct kad_vault *v); /* forget those that are not */

/* --- erasing --- */

/* The last erasure that the file says it has carried out, read without the master key. */
enum kad_err kad_vault_fence(struct kad_vault *v, uint64_t *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* Whether the next master key stands half-way to its place. */
bool kad_vault_is_between(const struct kad_vault *v);
/* Everything that rewrapping needs to ask for: unlocked, and a new passphrase where there is one. */
enum kad_err kad_vault_prepare(struct kad_vault *v, struct kad_error *reterr) KAD_MUST_CHECK;
/* Write the vault anew under a new master key. `keep` gives the subject of each number that stays; an
 * empty one destroys that key. Broken off anywhere, calling it again finishes it. */
enum kad_err kad_vault_rewrap(struct kad_vault *v, uint64_t fence,
                              struct kad_str (*keep)(void *ctx, uint64_t number), void *ctx,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* Put the master key in its place, and remove what a broken-off rewrapping left. */
enum kad_err kad_vault_settle(struct kad_vault *v, struct kad_error *reterr) KAD_MUST_CHECK;

/* --- copies: need no master key --- */

struct kad_vault_peek {
    struct kad_vault_header header;
    uint64_t entries;
};
/* The header of any vault file and how many entries it has. ESTORE in plain words. */
enum kad_err kad_vault_peek(const char *path, struct kad_vault_peek *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* Is entry `number` of this file destroyed (all zero)? ESTORE when there is no such entry. */
enum kad_err kad_vault_entry_erased(const char *path, uint64_t number, bool *ret,
                                    struct kad_error *reterr) KAD_MUST_CHECK;
/* The store's vault into a new file (0600, refused when there is one), whole entries only, on disk
 * when it returns. */
enum kad_err kad_vault_copy(const char *dir, const char *path, struct kad_error *reterr)
    KAD_MUST_CHECK;

#endif

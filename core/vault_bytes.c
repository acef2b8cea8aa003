/* The vault's bytes: what stands where, and what is wrong with them. Nothing here opens a file. */
#include <sodium.h>
#include <string.h>

#include "core/vault.h"

/* Where in the header; docs/format.md draws it. */
#define VERSION_AT 8
#define KIND_AT 9
#define LEDGER_AT 16
#define KEY_ID_AT 48
#define SALT_AT 64
#define PASSES_AT 80
#define MEMORY_AT 88
#define FENCE_AT 96
#define MAC_AT 104
#define VAULT_VERSION 1

/* A changed file must not make anybody wait for hours or fill the memory: Argon2id as libsodium's
 * "sensitive" is the most that is taken. */
#define PASSES_MAX crypto_pwhash_OPSLIMIT_SENSITIVE
#define MEMORY_MAX crypto_pwhash_MEMLIMIT_SENSITIVE

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
_Static_assert(NONCE + KAD_VAULT_KEY + TAG == KAD_VAULT_ENTRY, "an entry");
_Static_assert(MAC_AT + crypto_generichash_BYTES == KAD_VAULT_HEADER, "the header");
_Static_assert(KAD_VAULT_ID == crypto_pwhash_SALTBYTES, "Argon2id's salt");
_Static_assert(KAD_VAULT_KEY == crypto_kdf_KEYBYTES, "a master key");

static const char magic[8] = {'k', 'a', 'd', 'v', 'a', 'u', 'l', 't'};

void kad_vault_keys_of(struct kad_vault_keys *ret, const uint8_t master[KAD_VAULT_KEY])
{
    static const char context[crypto_kdf_CONTEXTBYTES + 1] = "kadvault";
    memmove(ret->master, master, KAD_VAULT_KEY);
    crypto_kdf_derive_from_key(ret->mac, sizeof ret->mac, 1, context, ret->master);
    crypto_kdf_derive_from_key(ret->wrap, sizeof ret->wrap, 2, context, ret->master);
    crypto_kdf_derive_from_key(ret->id, sizeof ret->id, 3, context, ret->master);
}

/* --- the header --- */

static void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        p[i] = (uint8_t)v;
}

static uint64_t get_u64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

void kad_vault_header_put(uint8_t out[KAD_VAULT_HEADER], const struct kad_vault_header *h,
                          const struct kad_vault_keys *keys)
{
    memset(out, 0, KAD_VAULT_HEADER);
    memcpy(out, magic, sizeof magic);
    out[VERSION_AT] = VAULT_VERSION;
    out[KIND_AT] = (uint8_t)h->kind;
    memcpy(out + LEDGER_AT, h->ledger, KAD_LEDGER_ID);
    memcpy(out + KEY_ID_AT, keys->id, KAD_VAULT_ID);
    if (h->kind == KAD_MASTER_PASSPHRASE) {
        memcpy(out + SALT_AT, h->salt, KAD_VAULT_ID);
        put_u64(out + PASSES_AT, h->passes);
        put_u64(out + MEMORY_AT, h->memory);
    }
    put_u64(out + FENCE_AT, h->fence);
    crypto_generichash(out + MAC_AT, KAD_VAULT_HEADER - MAC_AT, out, MAC_AT, keys->mac,
                       sizeof keys->mac);
}

static bool is_id(const uint8_t *p)
{
    for (size_t i = 0; i < KAD_LEDGER_ID; i++)
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
            return false;
    return true;
}

/* What Argon2id is asked for must be possible; a key file asks for nothing. */
static bool is_cost(const struct kad_vault_header *h)
{
    if (h->kind == KAD_MASTER_FILE)
        return h->passes == 0 && h->memory == 0 && sodium_is_zero(h->salt, sizeof h->salt);
    return h->passes >= crypto_pwhash_OPSLIMIT_MIN && h->passes <= PASSES_MAX &&
           h->memory >= crypto_pwhash_MEMLIMIT_MIN && h->memory <= MEMORY_MAX;
}

enum kad_vault_look kad_vault_header_get(const uint8_t *p, size_t n, const char *ledger,
                                         struct kad_vault_header *ret)
{
    memset(ret, 0, sizeof *ret);
    size_t first = n < sizeof magic ? n : sizeof magic;
    if (memcmp(p, magic, first) != 0)
        return KAD_VAULT_FOREIGN;
    if (n <= VERSION_AT)
        return KAD_VAULT_CUT;
    if (p[VERSION_AT] != VAULT_VERSION)
        return KAD_VAULT_VERSION;
    if (n < KAD_VAULT_HEADER)
        return KAD_VAULT_CUT;
    if (p[KIND_AT] > KAD_MASTER_PASSPHRASE ||
        !sodium_is_zero(p + KIND_AT + 1, LEDGER_AT - KIND_AT - 1) || !is_id(p + LEDGER_AT))
        return KAD_VAULT_DAMAGED;
    ret->kind = (enum kad_master_kind)p[KIND_AT];
    memcpy(ret->ledger, p + LEDGER_AT, KAD_LEDGER_ID);
    memcpy(ret->key_id, p + KEY_ID_AT, KAD_VAULT_ID);
    memcpy(ret->salt, p + SALT_AT, KAD_VAULT_ID);
    ret->passes = get_u64(p + PASSES_AT);
    ret->memory = get_u64(p + MEMORY_AT);
    ret->fence = get_u64(p + FENCE_AT);
    if (!is_cost(ret))
        return KAD_VAULT_DAMAGED;
    return ledger && memcmp(ledger, ret->ledger, KAD_LEDGER_ID) != 0 ? KAD_VAULT_OTHER_LEDGER
                                                                     : KAD_VAULT_GOOD;
}

enum kad_vault_look kad_vault_header_check(const uint8_t p[KAD_VAULT_HEADER],
                                           const struct kad_vault_keys *keys)
{
    uint8_t mac[crypto_generichash_BYTES];
    crypto_generichash(mac, sizeof mac, p, MAC_AT, keys->mac, sizeof keys->mac);
    if (sodium_memcmp(mac, p + MAC_AT, sizeof mac) == 0)
        return KAD_VAULT_GOOD;
    return sodium_memcmp(keys->id, p + KEY_ID_AT, KAD_VAULT_ID) == 0 ? KAD_VAULT_DAMAGED
                                                                     : KAD_VAULT_OTHER_KEY;
}

/* --- entries --- */

#define BOUND_MAX (KAD_LEDGER_ID + 8 + KAD_LIMIT_KEY)

/* What an entry is bound to: ledger, number, subject. Returns its length. */
static size_t bound(uint8_t out[BOUND_MAX], const char *ledger, uint64_t number,
                    struct kad_str subject)
{
    kad_assert(subject.n > 0 && subject.n <= KAD_LIMIT_KEY);
    memcpy(out, ledger, KAD_LEDGER_ID);
    put_u64(out + KAD_LEDGER_ID, number);
    memcpy(out + KAD_LEDGER_ID + 8, subject.p, subject.n);
    return KAD_LEDGER_ID + 8 + subject.n;
}

void kad_vault_entry_put(uint8_t out[KAD_VAULT_ENTRY], const struct kad_vault_keys *keys,
                         const char *ledger, uint64_t number, struct kad_str subject,
                         const uint8_t key[KAD_VAULT_KEY])
{
    uint8_t to[BOUND_MAX];
    size_t n = bound(to, ledger, number, subject);
    randombytes_buf(out, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, key, KAD_VAULT_KEY, to, n, NULL,
                                               out, keys->wrap);
}

enum kad_vault_entry kad_vault_entry_get(const uint8_t p[KAD_VAULT_ENTRY],
                                         const struct kad_vault_keys *keys, const char *ledger,
                                         uint64_t number, struct kad_str subject,
                                         uint8_t ret[KAD_VAULT_KEY])
{
    uint8_t to[BOUND_MAX];
    if (sodium_is_zero(p, KAD_VAULT_ENTRY))
        return KAD_ENTRY_ERASED;
    size_t n = bound(to, ledger, number, subject);
    bool opens = crypto_aead_xchacha20poly1305_ietf_decrypt(ret, NULL, NULL, p + NONCE,
                                                            KAD_VAULT_KEY + TAG, to, n, p,
                                                            keys->wrap) == 0;
    return opens ? KAD_ENTRY_KEY : KAD_ENTRY_DAMAGED;
}

uint64_t kad_vault_entries(uint64_t n)
{
    return n < KAD_VAULT_HEADER ? 0 : (n - KAD_VAULT_HEADER) / KAD_VAULT_ENTRY;
}

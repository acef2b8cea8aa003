/* A vault made of any bytes, before anything in it is authenticated: the header is refused or means what
 * it says, and no entry and no private block opens by chance. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/event.h"
#include "core/vault.h"

const char kad_fuzz_name[] = "vault";

static const uint8_t master[KAD_VAULT_KEY] = "a master key of 32 bytes, fixed";

static void header(const uint8_t *data, size_t size, const struct kad_vault_keys *keys)
{
    struct kad_vault_header h, again;
    uint8_t out[KAD_VAULT_HEADER];
    if (kad_vault_header_get(data, size, NULL, &h) != KAD_VAULT_GOOD)
        return;
    kad_assert(size >= KAD_VAULT_HEADER && strlen(h.ledger) == KAD_LEDGER_ID);
    enum kad_vault_look look = kad_vault_header_check(data, keys);
    kad_vault_header_put(out, &h, keys);
    /* There is one form of bytes for each header. */
    kad_assert(look != KAD_VAULT_GOOD || memcmp(out, data, sizeof out) == 0);
    kad_assert(kad_vault_header_get(out, sizeof out, h.ledger, &again) == KAD_VAULT_GOOD);
    kad_assert(kad_vault_header_check(out, keys) == KAD_VAULT_GOOD);
    kad_assert(again.kind == h.kind && again.passes == h.passes && again.memory == h.memory &&
               again.fence == h.fence && memcmp(again.salt, h.salt, sizeof h.salt) == 0);
}

static void entries(const uint8_t *data, size_t size, const struct kad_vault_keys *keys)
{
    static const char ledger[] = "0123456789abcdef0123456789abcdef";
    uint8_t key[KAD_VAULT_KEY], out[KAD_VAULT_ENTRY];
    struct kad_str subject = {(const char *)data, size < KAD_LIMIT_KEY ? size : KAD_LIMIT_KEY};
    if (subject.n == 0)
        return;
    for (uint64_t n = 0; n < kad_vault_entries(size); n++) {
        const uint8_t *at = data + KAD_VAULT_HEADER + n * KAD_VAULT_ENTRY;
        kad_assert(kad_vault_entry_get(at, keys, ledger, n + 1, subject, key) != KAD_ENTRY_KEY);
        kad_vault_entry_put(out, keys, ledger, n + 1, subject, at);
        kad_assert(kad_vault_entry_get(out, keys, ledger, n + 1, subject, key) == KAD_ENTRY_KEY &&
                   memcmp(key, at, sizeof key) == 0);
        kad_assert(kad_vault_entry_get(out, keys, ledger, n + 2, subject, key) != KAD_ENTRY_KEY);
    }
}

static void block(struct kad_str bytes)
{
    struct kad_arena a;
    struct kad_record r;
    kad_arena_init(&a);
    if (kad_record_decode(bytes, &a, false, &r, NULL) == KAD_OK && r.stored.n > 0)
        kad_assert(!kad_record_open(&r, master, &a));
    kad_arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kad_vault_keys keys;
    kad_vault_keys_of(&keys, master);
    header(data, size, &keys);
    entries(data, size, &keys);
    block((struct kad_str){(const char *)data, size});
    return 0;
}

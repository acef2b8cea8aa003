#include "core/rekey.h"

#include <sodium.h>
#include <string.h>

static void put_text(struct kad_buf *b, uint64_t seq, const struct kad_verifier *old,
                     const struct kad_verifier *new)
{
    kad_buf_printf(b, "kadens rekey 1\n%llu\n", (unsigned long long)seq);
    kad_verifier_put(b, old);
    kad_buf_putc(b, '\n');
    kad_verifier_put(b, new);
    kad_buf_putc(b, '\n');
}

void kad_rekey_sign(struct kad_buf *b, uint64_t seq, const struct kad_verifier *old,
                    const struct kad_verifier *new, const uint8_t seed[KAD_PUBLIC_KEY])
{
    struct kad_buf text = {0};
    uint8_t secret[crypto_sign_SECRETKEYBYTES], public[KAD_PUBLIC_KEY];
    uint8_t signature[crypto_sign_BYTES];
    put_text(&text, seq, old, new);
    crypto_sign_seed_keypair(public, secret, seed);
    crypto_sign_detached(signature, NULL, (const uint8_t *)text.p, text.n, secret);
    sodium_memzero(secret, sizeof secret);
    kad_base64_put(b, signature, sizeof signature);
    kad_buf_done(&text);
}

bool kad_rekey_follows(const struct kad_record *r, const struct kad_verifier *old,
                       struct kad_verifier *ret)
{
    struct kad_verifier was, new;
    uint8_t signature[crypto_sign_BYTES];
    if (r->kind != KAD_R_REKEYED || !kad_verifier_parse(kad_record_note(r, "old_key"), &was) ||
        !kad_verifier_parse(kad_record_note(r, "new_key"), &new) ||
        !kad_str_eq(was.name, old->name) || !kad_str_eq(new.name, old->name) ||
        memcmp(was.key, old->key, sizeof was.key) != 0 ||
        !kad_base64_parse(kad_record_note(r, "signature"), signature, sizeof signature))
        return false;
    struct kad_buf text = {0};
    put_text(&text, r->seq, old, &new);
    bool good =
        crypto_sign_verify_detached(signature, (const uint8_t *)text.p, text.n, old->key) == 0;
    kad_buf_done(&text);
    if (good) {
        *ret = new;
        ret->name = old->name;
    }
    return good;
}

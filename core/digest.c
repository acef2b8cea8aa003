#include "core/digest.h"

void kad_digest_init(struct kad_digest *d)
{
    crypto_hash_sha256_init(&d->state);
}

void kad_digest_put(struct kad_digest *d, struct kad_str s)
{
    crypto_hash_sha256_update(&d->state, (const unsigned char *)(s.n ? s.p : ""), s.n);
}

struct kad_str kad_digest_end(struct kad_digest *d, struct kad_arena *a)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&d->state, hash);
    char *hex = kad_arena_alloc(a, 2 * sizeof hash + 1);
    sodium_bin2hex(hex, 2 * sizeof hash + 1, hash, sizeof hash);
    return (struct kad_str){hex, 2 * sizeof hash};
}

/* SHA-256 of bytes that come in pieces, as hexadecimal text. */
#ifndef KAD_CORE_DIGEST_H
#define KAD_CORE_DIGEST_H

#include <sodium.h>

#include "core/text.h"

struct kad_digest {
    crypto_hash_sha256_state state;
};
void kad_digest_init(struct kad_digest *d);
void kad_digest_put(struct kad_digest *d, struct kad_str s);
/* 64 characters, in the arena. Only init may follow. */
struct kad_str kad_digest_end(struct kad_digest *d, struct kad_arena *a);

#endif

#include "core/tiles.h"

#include <string.h>

uint64_t kad_tiles_of(uint64_t size)
{
    uint64_t n = 0;
    for (unsigned k = 0; k < KAD_TILE_LEVELS; k++) {
        uint64_t hashes = kad_tile_count(size, k);
        n += hashes / KAD_TILE_WIDTH + (hashes % KAD_TILE_WIDTH != 0);
    }
    return n;
}

void kad_tile_fold(const uint8_t *hashes, unsigned bits, uint8_t ret[KAD_HASH])
{
    uint8_t h[KAD_TILE_WIDTH][KAD_HASH];
    kad_assert(bits <= KAD_TILE_BITS);
    memcpy(h, hashes, ((size_t)1 << bits) * KAD_HASH);
    for (size_t n = (size_t)1 << bits; n > 1; n /= 2)
        for (size_t i = 0; i < n / 2; i++)
            kad_merkle_node(h[2 * i], h[2 * i + 1], h[i]);
    memcpy(ret, h[0], KAD_HASH);
}

int kad_tiles_add(struct kad_tiles *t, const uint8_t leaf[KAD_HASH], kad_tile_fn put, void *ctx)
{
    uint8_t up[KAD_HASH];
    memcpy(up, leaf, sizeof up);
    for (unsigned k = 0; k < KAD_TILE_LEVELS; k++) {
        uint64_t index = kad_tile_count(t->size, k);
        size_t at = index % KAD_TILE_WIDTH;
        memcpy(t->h[k][at], up, sizeof up);
        if (at + 1 < KAD_TILE_WIDTH)
            break;
        int rc = put(ctx, k, index / KAD_TILE_WIDTH, t->h[k][0], KAD_TILE_WIDTH);
        if (rc != 0)
            return rc;
        kad_tile_fold(t->h[k][0], KAD_TILE_BITS, up);
    }
    t->size++;
    return 0;
}

int kad_tiles_rest(const struct kad_tiles *t, kad_tile_fn put, void *ctx)
{
    int rc = 0;
    for (unsigned k = 0; k < KAD_TILE_LEVELS && rc == 0; k++) {
        uint64_t hashes = kad_tile_count(t->size, k);
        size_t n = hashes % KAD_TILE_WIDTH;
        if (n > 0)
            rc = put(ctx, k, hashes / KAD_TILE_WIDTH, t->h[k][0], n);
    }
    return rc;
}

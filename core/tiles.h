/* A Merkle tree kept as tiles of height 5: the form it is stored in. Tile (k, i) holds up to 32 hashes,
 * those of the complete subtrees of height 5k with the indices 32i and on; the last tile of each k
 * holds fewer. A tree of n leaves has floor(n / 32^k) hashes at k, for every k where that is not 0.
 * Pure: a tile goes out through a callback when it is full, and all that are not when one asks.
 * Source: architecture.md, "The ledger"; core/merkle.h.
 */
#ifndef KAD_CORE_TILES_H
#define KAD_CORE_TILES_H

#include "core/merkle.h"

#define KAD_TILE_BITS 5
#define KAD_TILE_WIDTH (1u << KAD_TILE_BITS)
#define KAD_TILE_LEVELS 13 /* 64 / 5, rounded up */

/* The tiles at the right edge. */
struct kad_tiles {
    uint64_t size; /* leaves so far */
    uint8_t h[KAD_TILE_LEVELS][KAD_TILE_WIDTH][KAD_HASH];
};
/* Returns 0, or anything else to stop, which is handed on. */
typedef int (*kad_tile_fn)(void *ctx, unsigned k, uint64_t index, const uint8_t *hashes, size_t n);

/* How many hashes there are at k. */
static inline uint64_t kad_tile_count(uint64_t size, unsigned k)
{
    return KAD_TILE_BITS * k < 64 ? size >> (KAD_TILE_BITS * k) : 0;
}
/* How many tiles a tree of this size has. */
uint64_t kad_tiles_of(uint64_t size);
/* One more leaf. `put` is given the tiles that it has filled. */
int kad_tiles_add(struct kad_tiles *t, const uint8_t leaf[KAD_HASH], kad_tile_fn put, void *ctx);
/* The tiles that are not full. */
int kad_tiles_rest(const struct kad_tiles *t, kad_tile_fn put, void *ctx);
/* The complete subtree of height `bits` (0 to 5) over 2^bits hashes. */
void kad_tile_fold(const uint8_t *hashes, unsigned bits, uint8_t ret[KAD_HASH]);

#endif

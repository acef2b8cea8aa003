/* Merkle trees as in RFC 6962, section 2.1 (RFC 9162 has the same): a hash over a growing list of
 * leaves of which any part can be proved with a few hashes. Pure: nodes come through a callback, and
 * checking needs none.
 *
 *   leaf   SHA-256(0x00, bytes)          node   SHA-256(0x01, left, right)
 *   MTH of n leaves splits at the largest power of two below n; of none it is SHA-256("")
 *
 * A *complete* subtree has 2^level leaves and is named (level, index): leaves index * 2^level and on.
 * Only such nodes are ever stored; all others follow from them.
 */
#ifndef KAD_CORE_MERKLE_H
#define KAD_CORE_MERKLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

#define KAD_HASH 32
#define KAD_MERKLE_LEVELS 64 /* no tree is higher, and no proof longer (RFC 9162, 2.1.3: log2 n) */
#define KAD_PROOF_MAX (2 * KAD_MERKLE_LEVELS)

struct kad_hashes {
    uint8_t h[KAD_PROOF_MAX][KAD_HASH];
    size_t n;
};

void kad_merkle_leaf(const void *bytes, size_t n, uint8_t ret[KAD_HASH]);
void kad_merkle_node(const uint8_t left[KAD_HASH], const uint8_t right[KAD_HASH],
                     uint8_t ret[KAD_HASH]);

/* The hash of a complete subtree of the tree. Errors are handed on. */
typedef enum kad_err (*kad_merkle_fn)(void *ctx, unsigned level, uint64_t index,
                                      uint8_t ret[KAD_HASH], struct kad_error *reterr);

/* The root of the first `size` leaves. */
enum kad_err kad_merkle_root(uint64_t size, kad_merkle_fn node, void *ctx, uint8_t ret[KAD_HASH],
                             struct kad_error *reterr) KAD_MUST_CHECK;
/* PATH(index, D[size]): from the leaf's neighbour upward. index < size. */
enum kad_err kad_merkle_inclusion(uint64_t index, uint64_t size, kad_merkle_fn node, void *ctx,
                                  struct kad_hashes *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* PROOF(from, D[to]). from <= to; none is needed from 0, or between equals. */
enum kad_err kad_merkle_consistency(uint64_t from, uint64_t to, kad_merkle_fn node, void *ctx,
                                    struct kad_hashes *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* Does the proof show that the leaf stands at index in the tree of that size and root? */
bool kad_merkle_includes(const uint8_t leaf[KAD_HASH], uint64_t index, uint64_t size,
                         const struct kad_hashes *proof, const uint8_t root[KAD_HASH]);
/* Does it show that the first tree is the beginning of the second? */
bool kad_merkle_consistent(uint64_t from, const uint8_t root_from[KAD_HASH], uint64_t to,
                           const uint8_t root_to[KAD_HASH], const struct kad_hashes *proof);

/* The right edge of a tree that grows leaf by leaf: all that is needed for its root. */
struct kad_frontier {
    uint64_t size;
    uint8_t h[KAD_MERKLE_LEVELS][KAD_HASH]; /* level k: there when size has bit k */
};
/* Zero-initialise. `complete` (may be NULL) is told each complete subtree as it is closed, the leaf
 * itself first. */
typedef void (*kad_merkle_told_fn)(void *ctx, unsigned level, uint64_t index,
                                   const uint8_t hash[KAD_HASH]);
void kad_frontier_add(struct kad_frontier *f, const uint8_t leaf[KAD_HASH],
                      kad_merkle_told_fn complete, void *ctx);
void kad_frontier_root(const struct kad_frontier *f, uint8_t ret[KAD_HASH]);

#endif

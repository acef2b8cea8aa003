#include "core/merkle.h"

#include <sodium.h>
#include <string.h>

void kad_merkle_leaf(const void *bytes, size_t n, uint8_t ret[KAD_HASH])
{
    static const uint8_t mark = 0;
    crypto_hash_sha256_state st;
    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, &mark, 1);
    crypto_hash_sha256_update(&st, bytes, n);
    crypto_hash_sha256_final(&st, ret);
}

void kad_merkle_node(const uint8_t left[KAD_HASH], const uint8_t right[KAD_HASH],
                     uint8_t ret[KAD_HASH])
{
    uint8_t both[1 + 2 * KAD_HASH] = {1};
    memcpy(both + 1, left, KAD_HASH);
    memcpy(both + 1 + KAD_HASH, right, KAD_HASH);
    crypto_hash_sha256(ret, both, sizeof both);
}

/* --- ranges: D[from:to], where from is a multiple of the smallest power of two not below to-from --- */

/* The largest power of two below n, n > 1: where a tree of n leaves splits. */
static uint64_t split_of(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static enum kad_err range(uint64_t from, uint64_t to, kad_merkle_fn node, void *ctx,
                          uint8_t ret[KAD_HASH], struct kad_error *reterr)
{
    uint64_t n = to - from;
    kad_assert(n > 0);
    if ((n & (n - 1)) == 0) { /* complete */
        unsigned level = (unsigned)__builtin_ctzll(n);
        return node(ctx, level, from >> level, ret, reterr);
    }
    uint8_t left[KAD_HASH], right[KAD_HASH];
    uint64_t k = split_of(n);
    enum kad_err err = range(from, from + k, node, ctx, left, reterr);
    if (err == KAD_OK)
        err = range(from + k, to, node, ctx, right, reterr);
    if (err == KAD_OK)
        kad_merkle_node(left, right, ret);
    return err;
}

enum kad_err kad_merkle_root(uint64_t size, kad_merkle_fn node, void *ctx, uint8_t ret[KAD_HASH],
                             struct kad_error *reterr)
{
    if (size > 0)
        return range(0, size, node, ctx, ret, reterr);
    crypto_hash_sha256(ret, (const uint8_t *)"", 0);
    return KAD_OK;
}

/* Ranges that a proof asks for, from the root down; their hashes stand from the bottom up. */
struct ranges {
    struct {
        uint64_t from, to;
    } v[KAD_PROOF_MAX];
    size_t n;
};

static void want(struct ranges *r, uint64_t from, uint64_t to)
{
    kad_assert(r->n < KAD_PROOF_MAX);
    r->v[r->n].from = from;
    r->v[r->n++].to = to;
}

static enum kad_err hash_ranges(const struct ranges *r, kad_merkle_fn node, void *ctx,
                                struct kad_hashes *ret, struct kad_error *reterr)
{
    ret->n = 0;
    for (size_t i = r->n; i-- > 0;) {
        enum kad_err err = range(r->v[i].from, r->v[i].to, node, ctx, ret->h[ret->n], reterr);
        if (err != KAD_OK)
            return err;
        ret->n++;
    }
    return KAD_OK;
}

enum kad_err kad_merkle_inclusion(uint64_t index, uint64_t size, kad_merkle_fn node, void *ctx,
                                  struct kad_hashes *ret, struct kad_error *reterr)
{
    kad_assert(index < size && ret);
    struct ranges r = {.n = 0};
    for (uint64_t from = 0, to = size; to - from > 1;) {
        uint64_t middle = from + split_of(to - from);
        if (index < middle) {
            want(&r, middle, to);
            to = middle;
        } else {
            want(&r, from, middle);
            from = middle;
        }
    }
    return hash_ranges(&r, node, ctx, ret, reterr);
}

enum kad_err kad_merkle_consistency(uint64_t first, uint64_t second, kad_merkle_fn node, void *ctx,
                                    struct kad_hashes *ret, struct kad_error *reterr)
{
    kad_assert(first <= second && ret);
    struct ranges r = {.n = 0};
    if (first > 0 && first < second) {
        /* SUBPROOF: down to where the old tree ends; its own part, unless it is all of it. */
        uint64_t from = 0, to = second;
        while (to != first) {
            uint64_t middle = from + split_of(to - from);
            if (first <= middle) {
                want(&r, middle, to);
                to = middle;
            } else {
                want(&r, from, middle);
                from = middle;
            }
        }
        if (from > 0)
            want(&r, from, to);
    }
    return hash_ranges(&r, node, ctx, ret, reterr);
}

/* --- checking: RFC 9162, sections 2.1.3.2 and 2.1.4.2 --- */

bool kad_merkle_includes(const uint8_t leaf[KAD_HASH], uint64_t index, uint64_t size,
                         const struct kad_hashes *proof, const uint8_t root[KAD_HASH])
{
    if (index >= size || proof->n > KAD_PROOF_MAX)
        return false;
    uint64_t fn = index, sn = size - 1;
    uint8_t r[KAD_HASH];
    memcpy(r, leaf, sizeof r);
    for (size_t i = 0; i < proof->n; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            kad_merkle_node(proof->h[i], r, r);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            kad_merkle_node(r, proof->h[i], r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(r, root, sizeof r) == 0;
}

bool kad_merkle_consistent(uint64_t from, const uint8_t root_from[KAD_HASH], uint64_t to,
                           const uint8_t root_to[KAD_HASH], const struct kad_hashes *proof)
{
    if (from > to || proof->n > KAD_PROOF_MAX)
        return false;
    if (from == to)
        return proof->n == 0 && memcmp(root_from, root_to, KAD_HASH) == 0;
    if (from == 0) { /* everything begins with nothing; but nothing has one root */
        uint8_t empty[KAD_HASH];
        crypto_hash_sha256(empty, (const uint8_t *)"", 0);
        return proof->n == 0 && memcmp(root_from, empty, KAD_HASH) == 0;
    }
    bool whole = (from & (from - 1)) == 0; /* then the old root itself is the first node */
    size_t at = 0;
    uint8_t fr[KAD_HASH], sr[KAD_HASH];
    if (proof->n == 0)
        return false;
    memcpy(fr, whole ? root_from : proof->h[at++], KAD_HASH);
    memcpy(sr, fr, KAD_HASH);
    uint64_t fn = from - 1, sn = to - 1;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    for (; at < proof->n; at++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            kad_merkle_node(proof->h[at], fr, fr);
            kad_merkle_node(proof->h[at], sr, sr);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            kad_merkle_node(sr, proof->h[at], sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && memcmp(fr, root_from, KAD_HASH) == 0 && memcmp(sr, root_to, KAD_HASH) == 0;
}

/* --- the growing edge --- */

void kad_frontier_add(struct kad_frontier *f, const uint8_t leaf[KAD_HASH],
                      kad_merkle_told_fn complete, void *ctx)
{
    uint8_t h[KAD_HASH];
    unsigned level = 0;
    memcpy(h, leaf, sizeof h);
    if (complete)
        complete(ctx, 0, f->size, h);
    for (; f->size >> level & 1; level++) {
        kad_merkle_node(f->h[level], h, h);
        if (complete)
            complete(ctx, level + 1, f->size >> (level + 1), h);
    }
    memcpy(f->h[level], h, sizeof h);
    f->size++;
}

void kad_frontier_root(const struct kad_frontier *f, uint8_t ret[KAD_HASH])
{
    if (f->size == 0) {
        crypto_hash_sha256(ret, (const uint8_t *)"", 0);
        return;
    }
    unsigned level = (unsigned)__builtin_ctzll(f->size);
    memcpy(ret, f->h[level], KAD_HASH);
    for (level++; level < KAD_MERKLE_LEVELS; level++)
        if (f->size >> level & 1)
            kad_merkle_node(f->h[level], ret, ret);
}

/* Trees and proofs: the public vectors of RFC 6962 (the test data of the Certificate Transparency
 * reference, which all implementations share), and every small tree against the definition itself. */
#include "tests/unit/unit.h"

#include <sodium.h>

#include "core/merkle.h"

#define MOST 260

struct hash {
    uint8_t h[KAD_HASH];
};

static const char *const inputs[] = {
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};
static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static struct hash from_hex(const char *hex)
{
    struct hash h = {{0}};
    size_t n = 0;
    assert_int_equal(sodium_hex2bin(h.h, sizeof h.h, hex, strlen(hex), NULL, &n, NULL), 0);
    assert_int_equal(n, KAD_HASH);
    return h;
}

/* --- the definition, word for word: slow, and of another build than ours --- */

static void definition_mth(const struct hash *leaves, size_t n, uint8_t ret[KAD_HASH])
{
    if (n == 0) {
        crypto_hash_sha256(ret, (const uint8_t *)"", 0);
    } else if (n == 1) {
        memcpy(ret, leaves[0].h, KAD_HASH);
    } else {
        size_t k = 1;
        while (k * 2 < n)
            k *= 2;
        uint8_t both[1 + 2 * KAD_HASH] = {1};
        definition_mth(leaves, k, both + 1);
        definition_mth(leaves + k, n - k, both + 1 + KAD_HASH);
        crypto_hash_sha256(ret, both, sizeof both);
    }
}

static void put(struct kad_hashes *proof, const struct hash *leaves, size_t n)
{
    definition_mth(leaves, n, proof->h[proof->n++]);
}

static void definition_path(size_t m, const struct hash *leaves, size_t n, struct kad_hashes *proof)
{
    if (n == 1)
        return;
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    if (m < k) {
        definition_path(m, leaves, k, proof);
        put(proof, leaves + k, n - k);
    } else {
        definition_path(m - k, leaves + k, n - k, proof);
        put(proof, leaves, k);
    }
}

static void definition_subproof(size_t m, const struct hash *leaves, size_t n, bool b,
                                struct kad_hashes *proof)
{
    if (m == n) {
        if (!b)
            put(proof, leaves, n);
        return;
    }
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    if (m <= k) {
        definition_subproof(m, leaves, k, b, proof);
        put(proof, leaves + k, n - k);
    } else {
        definition_subproof(m - k, leaves + k, n - k, false, proof);
        put(proof, leaves, k);
    }
}

/* --- a tree of ours --- */

struct tree {
    struct hash leaf[MOST];
    struct hash node[10][MOST]; /* complete subtrees, as they were told */
    bool there[10][MOST];
    struct kad_frontier edge;
};

static void told(void *ctx, unsigned level, uint64_t index, const uint8_t hash[KAD_HASH])
{
    struct tree *t = ctx;
    assert_true(level < 10 && index < MOST && !t->there[level][index]);
    memcpy(t->node[level][index].h, hash, KAD_HASH);
    t->there[level][index] = true;
}

static enum kad_err node_of(void *ctx, unsigned level, uint64_t index, uint8_t ret[KAD_HASH],
                            struct kad_error *reterr)
{
    struct tree *t = ctx;
    (void)reterr;
    assert_true(level < 10 && index < MOST && t->there[level][index]);
    memcpy(ret, t->node[level][index].h, KAD_HASH);
    return KAD_OK;
}

static void grow(struct tree *t, const void *bytes, size_t n)
{
    struct hash *leaf = &t->leaf[t->edge.size];
    kad_merkle_leaf(bytes, n, leaf->h);
    kad_frontier_add(&t->edge, leaf->h, told, t);
}

static struct hash root_of(struct tree *t, uint64_t size)
{
    struct hash h;
    assert_int_equal(kad_merkle_root(size, node_of, t, h.h, NULL), KAD_OK);
    return h;
}

static struct tree *known_tree(void)
{
    struct tree *t = kad_xalloc(sizeof *t);
    for (size_t i = 0; i < LEN(inputs); i++) {
        uint8_t bytes[16];
        size_t n = 0;
        assert_int_equal(
            sodium_hex2bin(bytes, sizeof bytes, inputs[i], strlen(inputs[i]), NULL, &n, NULL), 0);
        grow(t, bytes, n);
    }
    return t;
}

static struct tree *large_tree(void)
{
    struct tree *t = kad_xalloc(sizeof *t);
    for (uint32_t i = 0; i < MOST; i++)
        grow(t, &i, sizeof i);
    return t;
}

/* --- the public vectors --- */

static void the_public_roots_come_out(void **state)
{
    (void)state;
    struct tree *t = known_tree();
    struct kad_frontier edge = {0};
    for (size_t n = 0; n < LEN(roots); n++) {
        struct hash want = from_hex(roots[n]), got = root_of(t, n);
        assert_memory_equal(got.h, want.h, KAD_HASH);
        kad_frontier_root(&edge, got.h);
        assert_memory_equal(got.h, want.h, KAD_HASH);
        if (n < LEN(inputs))
            kad_frontier_add(&edge, t->leaf[n].h, NULL, NULL);
    }
    free(t);
}

static void the_public_proofs_come_out(void **state)
{
    (void)state;
    static const struct {
        bool inclusion;
        uint64_t a, b;
        const char *proof[4];
    } vectors[] = {
        {true, 0, 1, {NULL}},
        {true,
         0,
         8,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {true,
         5,
         8,
         {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {true, 2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
        {false, 1, 1, {NULL}},
        {false,
         1,
         8,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {false,
         6,
         8,
         {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {false,
         2,
         5,
         {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
        {false,
         6,
         7,
         {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
          "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    };
    struct tree *t = known_tree();
    for (size_t i = 0; i < LEN(vectors); i++) {
        uint64_t a = vectors[i].a, b = vectors[i].b;
        struct kad_hashes p;
        size_t n = 0;
        assert_int_equal(vectors[i].inclusion ? kad_merkle_inclusion(a, b, node_of, t, &p, NULL)
                                              : kad_merkle_consistency(a, b, node_of, t, &p, NULL),
                         KAD_OK);
        for (; vectors[i].proof[n]; n++)
            assert_memory_equal(p.h[n], from_hex(vectors[i].proof[n]).h, KAD_HASH);
        assert_int_equal(p.n, n);
        struct hash to = from_hex(roots[b]), from = from_hex(roots[a]);
        if (vectors[i].inclusion)
            assert_true(kad_merkle_includes(t->leaf[a].h, a, b, &p, to.h));
        else
            assert_true(kad_merkle_consistent(a, from.h, b, to.h, &p));
    }
    free(t);
}

/* --- every tree up to 260 leaves --- */

static void every_root_is_the_definition_s(void **state)
{
    (void)state;
    struct tree *t = large_tree();
    struct kad_frontier edge = {0};
    for (size_t n = 0; n <= MOST; n++) {
        struct hash want, got = root_of(t, n);
        definition_mth(t->leaf, n, want.h);
        assert_memory_equal(got.h, want.h, KAD_HASH);
        kad_frontier_root(&edge, got.h);
        assert_memory_equal(got.h, want.h, KAD_HASH);
        if (n < MOST)
            kad_frontier_add(&edge, t->leaf[n].h, NULL, NULL);
    }
    free(t);
}

static void assert_same(const struct kad_hashes *a, const struct kad_hashes *b)
{
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->h, b->h, a->n * KAD_HASH);
}

/* All sizes to 70, then those about powers of two: what is different happens there. */
static bool worth(size_t n)
{
    return n <= 70 || (n >= 126 && n <= 130) || n >= 254;
}

static void every_inclusion_proof_is_the_definition_s_and_no_altered_one_passes(void **state)
{
    (void)state;
    struct tree *t = large_tree();
    unsigned long tried = 0;
    for (size_t n = 1; n <= MOST; n++) {
        struct hash root = root_of(t, n);
        for (size_t i = 0; i < n && worth(n); i++) {
            struct kad_hashes p, want = {.n = 0};
            assert_int_equal(kad_merkle_inclusion(i, n, node_of, t, &p, NULL), KAD_OK);
            definition_path(i, t->leaf, n, &want);
            assert_same(&p, &want);
            const uint8_t *leaf = t->leaf[i].h;
            assert_true(kad_merkle_includes(leaf, i, n, &p, root.h));
            /* another leaf, another place, another size where that changes what is proved */
            assert_false(kad_merkle_includes(t->leaf[(i + 1) % MOST].h, i, n, &p, root.h));
            assert_false(kad_merkle_includes(leaf, n, n, &p, root.h));
            for (size_t j = 0; j < n; j++)
                assert_true(j == i || !kad_merkle_includes(leaf, j, n, &p, root.h));
            for (size_t k = 0; k < p.n; k++, tried++) {
                p.h[k][tried % KAD_HASH] ^= (uint8_t)(1u << tried % 8);
                assert_false(kad_merkle_includes(leaf, i, n, &p, root.h));
                p.h[k][tried % KAD_HASH] ^= (uint8_t)(1u << tried % 8);
            }
            root.h[tried % KAD_HASH] ^= 1;
            assert_false(kad_merkle_includes(leaf, i, n, &p, root.h));
            root.h[tried % KAD_HASH] ^= 1;
            p.n++; /* one more, one less */
            memcpy(p.h[p.n - 1], root.h, KAD_HASH);
            assert_false(kad_merkle_includes(leaf, i, n, &p, root.h));
            p.n -= 2;
            assert_true(p.n > KAD_PROOF_MAX || !kad_merkle_includes(leaf, i, n, &p, root.h));
        }
    }
    assert_true(tried > 10000);
    free(t);
}

static void every_consistency_proof_is_the_definition_s_and_no_altered_one_passes(void **state)
{
    (void)state;
    struct tree *t = large_tree();
    unsigned long tried = 0;
    for (size_t n = 0; n <= MOST; n++) {
        struct hash to = root_of(t, n);
        for (size_t m = 0; m <= n && worth(n); m++) {
            struct hash from = root_of(t, m);
            struct kad_hashes p, want = {.n = 0};
            assert_int_equal(kad_merkle_consistency(m, n, node_of, t, &p, NULL), KAD_OK);
            if (m > 0)
                definition_subproof(m, t->leaf, n, true, &want);
            assert_same(&p, &want);
            assert_true(kad_merkle_consistent(m, from.h, n, to.h, &p));
            assert_true(m == n || !kad_merkle_consistent(n, to.h, m, from.h, &p));
            for (size_t k = 0; k < p.n; k++, tried++) {
                p.h[k][tried % KAD_HASH] ^= (uint8_t)(1u << tried % 8);
                assert_false(kad_merkle_consistent(m, from.h, n, to.h, &p));
                p.h[k][tried % KAD_HASH] ^= (uint8_t)(1u << tried % 8);
            }
            from.h[tried % KAD_HASH] ^= 1;
            assert_false(kad_merkle_consistent(m, from.h, n, to.h, &p));
            from.h[tried % KAD_HASH] ^= 1;
            to.h[tried % KAD_HASH] ^= 1; /* all trees begin with nothing */
            assert_true(m == 0 ? n == 0 || kad_merkle_consistent(m, from.h, n, to.h, &p)
                               : !kad_merkle_consistent(m, from.h, n, to.h, &p));
            to.h[tried % KAD_HASH] ^= 1;
            p.n++;
            memcpy(p.h[p.n - 1], to.h, KAD_HASH);
            assert_false(kad_merkle_consistent(m, from.h, n, to.h, &p));
            p.n -= 2;
            assert_true(p.n > KAD_PROOF_MAX || !kad_merkle_consistent(m, from.h, n, to.h, &p));
        }
    }
    assert_true(tried > 10000);
    free(t);
}

static void a_proof_of_a_huge_tree_stays_within_its_bounds(void **state)
{
    (void)state;
    struct kad_hashes p = {.n = KAD_PROOF_MAX};
    uint8_t h[KAD_HASH] = {0};
    assert_false(kad_merkle_includes(h, UINT64_MAX - 1, UINT64_MAX, &p, h));
    assert_false(kad_merkle_consistent(UINT64_MAX - 1, h, UINT64_MAX, h, &p));
    p.n = KAD_PROOF_MAX + 1;
    assert_false(kad_merkle_includes(h, 0, 1, &p, h));
    assert_false(kad_merkle_consistent(1, h, 2, h, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_roots_come_out),
        cmocka_unit_test(the_public_proofs_come_out),
        cmocka_unit_test(every_root_is_the_definition_s),
        cmocka_unit_test(every_inclusion_proof_is_the_definition_s_and_no_altered_one_passes),
        cmocka_unit_test(every_consistency_proof_is_the_definition_s_and_no_altered_one_passes),
        cmocka_unit_test(a_proof_of_a_huge_tree_stays_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

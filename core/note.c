#include "core/note.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ED25519 1 /* the algorithm's number in verifier keys */
#define DASH "\xe2\x80\x94 "
#define HASH_BYTES 4
#define SIGNATURE (HASH_BYTES + crypto_sign_BYTES)
_Static_assert(KAD_PUBLIC_KEY == crypto_sign_PUBLICKEYBYTES &&
                   KAD_PUBLIC_KEY == crypto_sign_SEEDBYTES,
               "Ed25519");

/* --- parts --- */

bool kad_line_next(struct kad_str *rest, struct kad_str *ret)
{
    const char *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
    if (!end)
        return false;
    size_t n = (size_t)(end - rest->p);
    *ret = (struct kad_str){rest->p, n};
    *rest = (struct kad_str){rest->p + n + 1, rest->n - n - 1};
    return true;
}

bool kad_decimal_parse(struct kad_str s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 20 || (s.n > 1 && s.p[0] == '0'))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || v > (UINT64_MAX - (uint64_t)(s.p[i] - '0')) / 10)
            return false;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
    }
    *ret = v;
    return true;
}

void kad_base64_put(struct kad_buf *b, const void *p, size_t n)
{
    size_t room = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
    char *text = kad_xalloc(room);
    sodium_bin2base64(text, room, p, n, sodium_base64_VARIANT_ORIGINAL);
    kad_buf_puts(b, text);
    free(text);
}

bool kad_base64_parse(struct kad_str s, uint8_t *ret, size_t n)
{
    size_t got = 0;
    const char *end = NULL;
    if (s.n != (n + 2) / 3 * 4 || s.n == 0)
        return false;
    /* libsodium takes some bytes beyond ASCII for letters of its alphabet. */
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] > 0x7f)
            return false;
    /* It refuses bits that are left over and padding that is missing: there is one form. */
    return sodium_base642bin(ret, n, s.p, s.n, NULL, &got, &end, sodium_base64_VARIANT_ORIGINAL) ==
               0 &&
           got == n && end == s.p + s.n;
}

/* --- keys --- */

static bool good_name(struct kad_str name)
{
    if (name.n == 0 || name.n > KAD_NOTE_NAME || !kad_utf8_valid(name, NULL))
        return false;
    for (size_t i = 0, len; i < name.n; i += len) {
        uint32_t c = kad_utf8_get((struct kad_str){name.p + i, name.n - i}, &len);
        /* Blanks of Unicode (White_Space) and control characters. */
        if (c <= 0x20 || c == '+' || (c >= 0x7f && c <= 0xa0) || c == 0x1680 ||
            (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
            c == 0x205f || c == 0x3000)
            return false;
    }
    return true;
}

void kad_verifier_init(struct kad_verifier *v, struct kad_str name,
                       const uint8_t key[KAD_PUBLIC_KEY])
{
    kad_assert(good_name(name));
    static const uint8_t between[] = {'\n', ED25519};
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state st;
    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, (const uint8_t *)name.p, name.n);
    crypto_hash_sha256_update(&st, between, sizeof between);
    crypto_hash_sha256_update(&st, key, KAD_PUBLIC_KEY);
    crypto_hash_sha256_final(&st, digest);
    struct kad_rd in = {.p = digest, .n = sizeof digest};
    v->name = name;
    v->hash = kad_rd_be32(&in);
    memcpy(v->key, key, KAD_PUBLIC_KEY);
}

void kad_verifier_put(struct kad_buf *b, const struct kad_verifier *v)
{
    uint8_t bytes[1 + KAD_PUBLIC_KEY] = {ED25519};
    memcpy(bytes + 1, v->key, KAD_PUBLIC_KEY);
    kad_buf_printf(b, "%.*s+%08x+", KAD_STR_FMT(v->name), v->hash);
    kad_base64_put(b, bytes, sizeof bytes);
}

bool kad_verifier_parse(struct kad_str text, struct kad_verifier *ret)
{
    uint8_t bytes[1 + KAD_PUBLIC_KEY];
    const char *plus = text.n > 0 && text.n < KAD_NOTE_MAX ? memchr(text.p, '+', text.n) : NULL;
    if (!plus)
        return false;
    struct kad_str name = {text.p, (size_t)(plus - text.p)};
    struct kad_str rest = {plus + 1, text.n - name.n - 1};
    if (!good_name(name) || rest.n < 10 || rest.p[8] != '+' ||
        !kad_base64_parse((struct kad_str){rest.p + 9, rest.n - 9}, bytes, sizeof bytes) ||
        bytes[0] != ED25519)
        return false;
    kad_verifier_init(ret, name, bytes + 1);
    char hash[HASH_BYTES * 2 + 1];
    snprintf(hash, sizeof hash, "%08x", ret->hash);
    return memcmp(hash, rest.p, 8) == 0;
}

void kad_public_key(const uint8_t seed[KAD_PUBLIC_KEY], uint8_t ret[KAD_PUBLIC_KEY])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(ret, secret, seed);
    sodium_memzero(secret, sizeof secret);
}

void kad_origin(const char *id, char ret[KAD_ORIGIN + 1])
{
    kad_assert(strlen(id) == KAD_ORIGIN - 7);
    memcpy(ret, "kadens/", 7);
    memcpy(ret + 7, id, KAD_ORIGIN - 7 + 1);
}

/* --- notes --- */

/* "— NAME BASE64": at least one byte behind the hash, as other algorithms have other lengths. */
static bool read_signature(struct kad_str line, struct kad_str *ret_name, struct kad_str *ret_text)
{
    size_t dash = strlen(DASH);
    if (line.n <= dash || memcmp(line.p, DASH, dash) != 0)
        return false;
    line = (struct kad_str){line.p + dash, line.n - dash};
    const char *blank = memchr(line.p, ' ', line.n);
    if (!blank)
        return false;
    *ret_name = (struct kad_str){line.p, (size_t)(blank - line.p)};
    *ret_text = (struct kad_str){blank + 1, line.n - ret_name->n - 1};
    if (!good_name(*ret_name) || ret_text->n < 8 || ret_text->n % 4 != 0)
        return false;
    size_t pad = ret_text->p[ret_text->n - 1] != '='   ? 0
                 : ret_text->p[ret_text->n - 2] == '=' ? 2
                                                       : 1;
    size_t n = ret_text->n / 4 * 3 - pad;
    uint8_t *bytes = kad_xalloc(n);
    bool good = n > HASH_BYTES && kad_base64_parse(*ret_text, bytes, n);
    free(bytes);
    return good;
}

bool kad_note_parse(struct kad_str note, struct kad_signed_note *ret)
{
    if (note.n < 4 || note.n > KAD_NOTE_MAX || note.p[note.n - 1] != '\n' ||
        !kad_utf8_valid(note, NULL))
        return false;
    size_t split = 0; /* the last empty line */
    for (size_t i = 0; i + 1 < note.n; i++) {
        if ((unsigned char)note.p[i] < 0x20 && note.p[i] != '\n')
            return false;
        if (note.p[i] == '\n' && note.p[i + 1] == '\n')
            split = i + 1;
    }
    if (split == 0 || split + 1 >= note.n)
        return false;
    struct kad_str rest = {note.p + split + 1, note.n - split - 1}, line, name, text;
    *ret = (struct kad_signed_note){.text = {note.p, split}, .signatures = rest};
    while (kad_line_next(&rest, &line))
        if (++ret->n > KAD_NOTE_SIGNATURES || !read_signature(line, &name, &text))
            return false;
    return true;
}

void kad_note_sign(struct kad_buf *b, struct kad_str text, struct kad_str name,
                   const uint8_t seed[KAD_PUBLIC_KEY])
{
    kad_assert(text.n > 0 && text.p[text.n - 1] == '\n');
    struct kad_verifier v;
    uint8_t secret[crypto_sign_SECRETKEYBYTES], public[KAD_PUBLIC_KEY];
    uint8_t signature[SIGNATURE];
    crypto_sign_seed_keypair(public, secret, seed);
    kad_verifier_init(&v, name, public);
    for (int i = 0; i < HASH_BYTES; i++)
        signature[i] = (uint8_t)(v.hash >> (8 * (HASH_BYTES - 1 - i)));
    crypto_sign_detached(signature + HASH_BYTES, NULL, (const uint8_t *)text.p, text.n, secret);
    sodium_memzero(secret, sizeof secret);
    kad_buf_put(b, text.p, text.n);
    kad_buf_printf(b, "\n" DASH "%.*s ", KAD_STR_FMT(name));
    kad_base64_put(b, signature, sizeof signature);
    kad_buf_putc(b, '\n');
}

enum kad_signed kad_note_signed(const struct kad_signed_note *note, const struct kad_verifier *v)
{
    struct kad_str rest = note->signatures, line, name, text;
    enum kad_signed got = KAD_SIGNED_BY_OTHERS;
    while (got != KAD_SIGNED_WRONGLY && kad_line_next(&rest, &line)) {
        uint8_t bytes[SIGNATURE];
        if (!read_signature(line, &name, &text) || !kad_str_eq(name, v->name))
            continue;
        if (!kad_base64_parse((struct kad_str){text.p, 8}, bytes, 6))
            continue; /* a signature this short has another key's hash or none */
        struct kad_rd in = {.p = bytes, .n = HASH_BYTES};
        if (kad_rd_be32(&in) != v->hash)
            continue;
        bool good = kad_base64_parse(text, bytes, sizeof bytes) &&
                    crypto_sign_verify_detached(bytes + HASH_BYTES, (const uint8_t *)note->text.p,
                                                note->text.n, v->key) == 0;
        got = good ? KAD_SIGNED_BY : KAD_SIGNED_WRONGLY;
    }
    return got;
}

/* --- checkpoints --- */

void kad_checkpoint_put(struct kad_buf *b, const struct kad_checkpoint *c)
{
    kad_buf_printf(b, "%.*s\n%llu\n", KAD_STR_FMT(c->origin), (unsigned long long)c->size);
    kad_base64_put(b, c->root, sizeof c->root);
    kad_buf_putc(b, '\n');
}

bool kad_checkpoint_parse(struct kad_str text, struct kad_checkpoint *ret)
{
    struct kad_str size, root;
    return kad_line_next(&text, &ret->origin) && ret->origin.n > 0 && kad_line_next(&text, &size) &&
           kad_decimal_parse(size, &ret->size) && kad_line_next(&text, &root) &&
           kad_base64_parse(root, ret->root, sizeof ret->root) && text.n == 0;
}

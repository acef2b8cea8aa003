#include "core/event.h"

#include <endian.h>
#include <sodium.h>
#include <string.h>

#include "core/limits.h"

#define FIXED 80 /* bytes of the header in front of its strings */
#define DIGEST_AT 48
#define DIGEST crypto_hash_sha256_BYTES
#define STRINGS 5
#define PAD 32 /* what is sealed is filled up to a multiple of it, so that its length tells little */
#define SEAL_TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define FLAGS_KNOWN (KAD_RF_GIVEN | KAD_RF_OVERRIDE | KAD_RF_DEVIATES | KAD_RF_PRIVATE)
enum { TAG_NULL = 0, TAG_SEALED = 1, TAG_ERASED = 2 };

static const char *const kind_types[KAD_R__COUNT] = {
#define X(name, type, number) [number] = (type),
    KAD_RECORD_MAP(X)
#undef X
};

const char *kad_record_type(enum kad_record_kind kind)
{
    kad_assert((unsigned)kind < KAD_R__COUNT);
    return kind_types[kind];
}

int kad_record_kind_of(struct kad_str type)
{
    if (type.n < 7 || memcmp(type.p, "kadens.", 7) != 0) /* nearly all */
        return -1;
    for (int i = 1; i < KAD_R__COUNT; i++)
        if (kad_str_eq(type, kad_str(kind_types[i])))
            return i;
    return -1;
}

const struct kad_field *kad_fields_find(const struct kad_field *f, size_t n, const char *name)
{
    struct kad_str wanted = kad_str(name);
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(f[i].name, wanted))
            return &f[i];
    return NULL;
}

struct kad_str kad_record_note(const struct kad_record *r, const char *name)
{
    const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, name);
    return f && kad_value_known(f->value) ? f->value.str : (struct kad_str){0};
}

/* --- writing --- */

static void be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void be32(uint8_t *p, uint32_t v)
{
    be16(p, (uint16_t)(v >> 16));
    be16(p + 2, (uint16_t)v);
}

static void be64(uint8_t *p, uint64_t v)
{
    be32(p, (uint32_t)(v >> 32));
    be32(p + 4, (uint32_t)v);
}

static void put_str8(struct kad_buf *b, struct kad_str s)
{
    kad_assert(s.n <= UINT8_MAX);
    kad_buf_putc(b, (char)(uint8_t)s.n);
    kad_buf_put(b, s.p, s.n);
}

static void put_str16(struct kad_buf *b, struct kad_str s)
{
    kad_assert(s.n <= UINT16_MAX);
    kad_buf_be16(b, (uint16_t)s.n);
    kad_buf_put(b, s.p, s.n);
}

static void put_value(struct kad_buf *b, struct kad_value v)
{
    if (v.know == KAD_SEALED || v.know == KAD_ERASED) {
        kad_buf_putc(b, v.know == KAD_SEALED ? TAG_SEALED : TAG_ERASED);
        return;
    }
    if (v.type == KAD_T_NONE || v.know == KAD_UNKNOWN) {
        kad_buf_putc(b, TAG_NULL);
        return;
    }
    kad_buf_putc(b, kad_type_tag(v.type));
    switch (v.type) {
    case KAD_T_NUMBER:
    case KAD_T_PERCENT:
    case KAD_T_MONEY:
        kad_assert(v.num != INT64_MIN);
        kad_buf_be64(b, (uint64_t)v.num);
        break;
    case KAD_T_DATE:
        kad_assert(v.num >= KAD_DAY_MIN && v.num <= KAD_DAY_MAX);
        kad_buf_be32(b, (uint32_t)(int32_t)v.num);
        break;
    case KAD_T_YESNO:
        kad_buf_putc(b, v.num != 0);
        break;
    case KAD_T_TEXT:
    case KAD_T_PERSON:
    case KAD_T_CHOICE:
    case KAD_T_SUBJECT:
    case KAD_T_LIST:
        kad_assert(v.str.n <= UINT32_MAX);
        kad_buf_be32(b, (uint32_t)v.str.n);
        kad_buf_put(b, v.str.p, v.str.n);
        break;
    default:
        kad_unreachable();
    }
}

/* What of those fields that are private, or of those that are not, in their order. */
enum put { PUT_NAMES = 1, PUT_VALUES = 2, PUT_BOTH = 3 };

static void put_each(struct kad_buf *b, const struct kad_field *f, size_t n, bool is_private,
                     enum put what)
{
    for (size_t i = 0; i < n; i++) {
        if (f[i].is_private != is_private)
            continue;
        kad_assert(f[i].name.n > 0);
        if (what & PUT_NAMES)
            put_str8(b, f[i].name);
        if (what & PUT_VALUES)
            put_value(b, f[i].value);
    }
}

static void put_count(struct kad_buf *b, const struct kad_field *f, size_t n, bool is_private)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += f[i].is_private == is_private;
    kad_assert(count <= UINT16_MAX);
    kad_buf_be16(b, (uint16_t)count);
}

static void put_fields(struct kad_buf *b, const struct kad_field *f, size_t n)
{
    put_count(b, f, n, false);
    put_each(b, f, n, false, PUT_BOTH);
}

bool kad_record_has_private(const struct kad_record *r)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (r->fields[i].is_private)
            return true;
    return false;
}

static void put_open(struct kad_buf *b, const struct kad_record *r)
{
    size_t start = b->n;
    kad_buf_be32(b, 0);
    put_fields(b, r->fields, r->n_fields);
    put_fields(b, r->notes, r->n_notes);
    kad_assert(r->n_deviations <= UINT16_MAX);
    kad_buf_be16(b, (uint16_t)r->n_deviations);
    for (size_t i = 0; i < r->n_deviations; i++) {
        const struct kad_deviation *d = &r->deviations[i];
        kad_buf_be64(b, d->policy);
        kad_buf_be32(b, d->line);
        put_str16(b, d->message);
        put_str16(b, d->source);
    }
    put_str8(b, r->kind_name);
    be32((uint8_t *)b->p + start, (uint32_t)(b->n - start - 4));
}

/* The private block as it was stored: behind the header and the open block. */
static struct kad_str stored_block(struct kad_str bytes)
{
    size_t at = kad_record_header(bytes).n;
    struct kad_rd in = {.p = (const uint8_t *)bytes.p + at, .n = bytes.n - at};
    kad_rd_bytes(&in, kad_rd_be32(&in));
    kad_assert(!in.bad);
    return (struct kad_str){(const char *)in.p, in.n};
}

/* The private block but for its ciphertext, room for which is left at *ret_at; *plain gets what is to
 * be sealed. */
static void put_private(struct kad_buf *b, const struct kad_record *r, const struct kad_seal *seal,
                        struct kad_buf *plain)
{
    uint8_t nonce[KAD_SEAL_NONCE];
    put_count(b, r->fields, r->n_fields, true);
    put_each(b, r->fields, r->n_fields, true, PUT_NAMES);
    kad_buf_be64(b, seal->number);
    if (seal->nonce)
        memcpy(nonce, seal->nonce, sizeof nonce);
    else
        randombytes_buf(nonce, sizeof nonce);
    kad_buf_put(b, (const char *)nonce, sizeof nonce);
    put_each(plain, r->fields, r->n_fields, true, PUT_VALUES);
    kad_buf_putc(plain, (char)0x80); /* as sodium_pad does it */
    while (plain->n % PAD != 0)
        kad_buf_putc(plain, 0);
}

/* The ciphertext, bound to the header, whose digest is not known yet and is zero. */
static void put_sealed(struct kad_buf *b, size_t start, size_t header, const struct kad_seal *seal,
                       struct kad_buf *plain)
{
    unsigned long long n;
    const uint8_t *nonce = (const uint8_t *)b->p + b->n - plain->n - SEAL_TAG - KAD_SEAL_NONCE;
    uint8_t *at = (uint8_t *)b->p + b->n - plain->n - SEAL_TAG;
    crypto_aead_xchacha20poly1305_ietf_encrypt(at, &n, (const uint8_t *)plain->p, plain->n,
                                               (const uint8_t *)b->p + start, header, NULL, nonce,
                                               seal->key);
    kad_assert(n == plain->n + SEAL_TAG);
}

/* The type as it is stored: the engine's own records need not say theirs. */
static struct kad_str stored_type(const struct kad_record *r)
{
    if (r->kind == KAD_R_EVENT) {
        kad_assert(r->type.n > 0 && kad_record_kind_of(r->type) < 0);
        return r->type;
    }
    struct kad_str type = kad_str(kad_record_type(r->kind));
    kad_assert(r->type.n == 0 || kad_str_eq(r->type, type));
    return type;
}

static void put_header(uint8_t *p, const struct kad_record *r, size_t header, size_t payload)
{
    /* Two flags say what can be seen, so they are never left to the caller. */
    unsigned flags = r->flags & ~(unsigned)(KAD_RF_PRIVATE | KAD_RF_DEVIATES);
    flags |= kad_record_has_private(r) ? KAD_RF_PRIVATE : 0;
    flags |= r->n_deviations > 0 ? KAD_RF_DEVIATES : 0;
    p[0] = 'K';
    p[1] = KAD_RECORD_VERSION;
    p[2] = (uint8_t)r->kind;
    p[3] = (uint8_t)flags;
    be32(p + 4, (uint32_t)header);
    be64(p + 8, r->seq);
    be64(p + 16, (uint64_t)r->at);
    be32(p + 24, (uint32_t)r->on);
    be32(p + 28, (uint32_t)payload);
    be64(p + 32, r->policy);
    be64(p + 40, r->ref);
}

void kad_record_encode(struct kad_buf *b, const struct kad_record *r, const struct kad_seal *seal)
{
    static const uint8_t zeroes[FIXED];
    kad_assert((unsigned)r->kind < KAD_R__COUNT);
    kad_assert((r->flags & ~(unsigned)FLAGS_KNOWN) == 0);
    kad_assert(r->on >= KAD_DAY_MIN && r->on <= KAD_DAY_MAX);
    size_t start = b->n;
    kad_buf_put(b, zeroes, FIXED);
    const struct kad_str strings[STRINGS] = {r->subject, stored_type(r), r->id, r->by, r->via};
    for (size_t i = 0; i < STRINGS; i++)
        put_str16(b, strings[i]);
    size_t header = b->n - start;
    put_open(b, r);
    struct kad_buf plain = {0};
    bool has = kad_record_has_private(r);
    if (has && seal) {
        put_private(b, r, seal, &plain);
        for (size_t i = 0; i < plain.n + SEAL_TAG; i++)
            kad_buf_putc(b, 0);
    } else if (has) {
        kad_assert(r->stored.n > 0);
        struct kad_str block = stored_block(r->stored);
        kad_buf_put(b, block.p, block.n);
    }
    size_t payload = b->n - start - header;
    kad_assert(payload <= UINT32_MAX);
    uint8_t *p = (uint8_t *)b->p + start;
    put_header(p, r, header, payload);
    if (plain.n > 0) {
        put_sealed(b, start, header, seal, &plain);
        sodium_memzero(plain.p, plain.n);
    }
    kad_buf_done(&plain);
    crypto_hash_sha256(p + DIGEST_AT, p + header, payload);
}

/* --- reading: nothing is believed --- */

/* Eight bytes of plain ASCII without NUL? */
static bool ascii8(uint64_t w)
{
    const uint64_t high = 0x8080808080808080u, ones = 0x0101010101010101u;
    return (w & high) == 0 && ((w - ones) & ~w & high) == 0;
}

static uint64_t load8(const char *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

static uint64_t load4(const char *p)
{
    uint32_t w;
    memcpy(&w, p, 4);
    return w;
}

/* Plain ASCII, nearly all there is, is checked eight bytes at a time; the last ones may be looked at
 * twice. Stories are read through this. */
static bool text_ok(struct kad_str s)
{
    bool plain = true;
    if (s.n >= 8) {
        for (size_t i = 0; plain && i + 8 <= s.n; i += 8)
            plain = ascii8(load8(s.p + i));
        plain = plain && ascii8(load8(s.p + s.n - 8));
    } else if (s.n >= 4) {
        plain = ascii8(load4(s.p) | load4(s.p + s.n - 4) << 32);
    } else if (s.n > 0) {
        plain = (signed char)s.p[0] > 0 && (signed char)s.p[s.n / 2] > 0 &&
                (signed char)s.p[s.n - 1] > 0;
    }
    return plain || kad_utf8_valid(s, NULL);
}

static struct kad_str read_text(struct kad_rd *in, size_t n)
{
    const uint8_t *p = kad_rd_bytes(in, n);
    if (!p)
        return (struct kad_str){0};
    struct kad_str s = {(const char *)p, n};
    if (!text_ok(s))
        in->bad = 1;
    return s;
}

static struct kad_value read_value(struct kad_rd *in)
{
    uint8_t tag = kad_rd_u8(in);
    struct kad_value v = {.know = KAD_KNOWN};
    switch (tag) {
    case TAG_NULL:
    case TAG_SEALED:
    case TAG_ERASED:
        v.know = tag == TAG_SEALED ? KAD_SEALED : tag == TAG_ERASED ? KAD_ERASED : KAD_UNKNOWN;
        return v;
    default:
        v.type = kad_type_of_tag((char)tag);
    }
    switch (v.type) {
    case KAD_T_NUMBER:
    case KAD_T_PERCENT:
    case KAD_T_MONEY:
        v.num = (int64_t)kad_rd_be64(in);
        in->bad |= v.num == INT64_MIN;
        break;
    case KAD_T_DATE:
        v.num = (int32_t)kad_rd_be32(in);
        in->bad |= v.num < KAD_DAY_MIN || v.num > KAD_DAY_MAX;
        break;
    case KAD_T_YESNO:
        v.num = kad_rd_u8(in);
        in->bad |= v.num > 1;
        break;
    case KAD_T_CHOICE:
    case KAD_T_SUBJECT:
        v.num = -1; /* until a policy binds it */
        v.str = read_text(in, kad_rd_be32(in));
        break;
    case KAD_T_PERSON:
        v.str = read_text(in, kad_rd_be32(in));
        in->bad |= v.str.n > KAD_LIMIT_NAME;
        break;
    case KAD_T_TEXT:
    case KAD_T_LIST:
        v.str = read_text(in, kad_rd_be32(in));
        break;
    default:
        in->bad = 1;
    }
    return v;
}

/* How many fields come, if their number is possible at all: none is shorter than three bytes. */
static size_t read_count(struct kad_rd *in)
{
    size_t n = kad_rd_be16(in);
    if (n <= in->n / 3)
        return n;
    in->bad = 1;
    return 0;
}

static void read_fields(struct kad_rd *in, struct kad_field *f, size_t n)
{
    for (size_t i = 0; i < n && !in->bad; i++) {
        f[i].name = read_text(in, kad_rd_u8(in));
        in->bad |= f[i].name.n == 0;
        f[i].value = read_value(in);
    }
}

static void read_deviations(struct kad_rd *in, struct kad_arena *a, struct kad_record *r)
{
    size_t n = kad_rd_be16(in);
    if (n > in->n / 16) /* the shortest has 16 bytes */
        in->bad = 1;
    if (n == 0 || in->bad)
        return;
    r->deviations = kad_arena_array(a, struct kad_deviation, n);
    r->n_deviations = n;
    for (size_t i = 0; i < n && !in->bad; i++) {
        struct kad_deviation *d = &r->deviations[i];
        d->policy = kad_rd_be64(in);
        d->line = kad_rd_be32(in);
        d->message = read_text(in, kad_rd_be16(in));
        d->source = read_text(in, kad_rd_be16(in));
    }
}

/* The names of a private block, each sealed; what is behind them is only measured. */
static void read_sealed(struct kad_rd *in, struct kad_field *f, size_t n, struct kad_record *r)
{
    for (size_t i = 0; i < n && !in->bad; i++) {
        f[i].name = read_text(in, kad_rd_u8(in));
        in->bad |= f[i].name.n == 0;
        f[i].value.know = KAD_SEALED;
        f[i].is_private = true;
    }
    r->key_number = kad_rd_be64(in);
    kad_rd_bytes(in, KAD_SEAL_NONCE);
    in->bad |= r->key_number == 0 || in->n < PAD + SEAL_TAG || (in->n - SEAL_TAG) % PAD != 0;
}

static void read_payload(struct kad_rd *in, struct kad_arena *a, struct kad_record *r)
{
    uint32_t length = kad_rd_be32(in);
    const uint8_t *p = kad_rd_bytes(in, length);
    if (!p)
        return;
    struct kad_rd open = {.p = p, .n = length}, closed = *in;
    bool has = (r->flags & KAD_RF_PRIVATE) != 0;
    size_t n_open = read_count(&open);
    size_t n_private = has ? read_count(&closed) : 0;
    if (open.bad || closed.bad || (has && n_private == 0)) {
        in->bad = 1;
        return;
    }
    r->n_fields = n_open + n_private;
    if (r->n_fields > 0)
        r->fields = kad_arena_array(a, struct kad_field, r->n_fields);
    read_fields(&open, r->fields, n_open);
    r->n_notes = read_count(&open);
    if (r->n_notes > 0)
        r->notes = kad_arena_array(a, struct kad_field, r->n_notes);
    read_fields(&open, r->notes, r->n_notes);
    read_deviations(&open, a, r);
    r->kind_name = read_text(&open, kad_rd_u8(&open));
    if (has)
        read_sealed(&closed, r->fields + n_open, n_private, r);
    in->bad = open.bad || closed.bad || open.n > 0 || (!has && closed.n > 0) ||
              ((r->flags & KAD_RF_DEVIATES) != 0) != (r->n_deviations > 0);
}

static uint64_t get_be64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return be64toh(v);
}

static uint32_t get_be32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return be32toh(v);
}

/* The fixed part; false when a number in it cannot be. */
static bool read_fixed(struct kad_str bytes, struct kad_record *r, size_t *ret_header)
{
    const uint8_t *p = (const uint8_t *)bytes.p;
    if (bytes.n < FIXED || p[0] != 'K' || p[1] != KAD_RECORD_VERSION)
        return false;
    uint32_t header = get_be32(p + 4), payload = get_be32(p + 28);
    if (header < FIXED || header > bytes.n || bytes.n - header != payload)
        return false;
    if (p[2] >= KAD_R__COUNT || (p[3] & ~(unsigned)FLAGS_KNOWN) != 0)
        return false;
    r->kind = (enum kad_record_kind)p[2];
    r->flags = p[3];
    r->seq = get_be64(p + 8);
    r->at = (kad_instant)get_be64(p + 16);
    r->on = (kad_day)get_be32(p + 24);
    r->policy = get_be64(p + 32);
    r->ref = get_be64(p + 40);
    *ret_header = header;
    return r->at >= KAD_INSTANT_MIN && r->at <= KAD_INSTANT_MAX && r->on >= KAD_DAY_MIN &&
           r->on <= KAD_DAY_MAX;
}

/* The strings of the header; false unless they fill it and fit together. */
static bool read_strings(struct kad_str bytes, size_t header, struct kad_record *r)
{
    struct kad_rd in = {.p = (const uint8_t *)bytes.p + FIXED, .n = header - FIXED};
    struct kad_str *const strings[STRINGS] = {&r->subject, &r->type, &r->id, &r->by, &r->via};
    for (size_t i = 0; i < STRINGS; i++)
        *strings[i] = read_text(&in, kad_rd_be16(&in));
    if (in.bad || in.n > 0 || r->subject.n > KAD_LIMIT_KEY || r->id.n > KAD_LIMIT_ID)
        return false;
    if (r->kind == KAD_R_EVENT)
        return r->type.n > 0 && (r->type.p[0] != 'k' || kad_record_kind_of(r->type) < 0);
    return kad_str_eq(r->type, kad_str(kad_record_type(r->kind)));
}

enum kad_err kad_record_decode(struct kad_str bytes, struct kad_arena *a, bool check_digest,
                               struct kad_record *ret, struct kad_error *reterr)
{
    kad_assert(a && ret);
    size_t header = 0;
    memset(ret, 0, sizeof *ret);
    bool good = read_fixed(bytes, ret, &header) && read_strings(bytes, header, ret);
    if (good) {
        const uint8_t *p = (const uint8_t *)bytes.p + header;
        struct kad_rd in = {.p = p, .n = bytes.n - header};
        read_payload(&in, a, ret);
        good = !in.bad;
        if (good && (ret->flags & KAD_RF_PRIVATE))
            ret->stored = bytes;
        uint8_t digest[DIGEST];
        if (good && check_digest) {
            crypto_hash_sha256(digest, p, bytes.n - header);
            if (memcmp(digest, bytes.p + DIGEST_AT, DIGEST) != 0)
                return kad_fail(reterr, KAD_ESTORE,
                                _("Record %llu in the store has been changed since it was written: "
                                  "its contents do not match its digest. Restore the store from a "
                                  "backup."),
                                (unsigned long long)ret->seq);
        }
    }
    if (!good)
        return kad_fail(reterr, KAD_ESTORE,
                        _("Record %llu in the store is damaged: its bytes are no record of "
                          "version %d. Restore the store from a backup."),
                        (unsigned long long)ret->seq, KAD_RECORD_VERSION);
    return KAD_OK;
}

/* --- private blocks --- */

void kad_record_veil(struct kad_record *r, enum kad_know know)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (r->fields[i].is_private)
            r->fields[i].value = (struct kad_value){.know = know};
}

/* The values in what was opened: exactly one for each private field. */
static bool take_values(struct kad_record *r, const uint8_t *p, size_t padded)
{
    size_t n;
    if (sodium_unpad(&n, p, padded, PAD) != 0)
        return false;
    struct kad_rd in = {.p = p, .n = n};
    for (size_t i = 0; i < r->n_fields && !in.bad; i++)
        if (r->fields[i].is_private)
            r->fields[i].value = read_value(&in);
    if (!in.bad && in.n == 0)
        return true;
    kad_record_veil(r, KAD_SEALED);
    return false;
}

bool kad_record_open(struct kad_record *r, const uint8_t key[KAD_SEAL_KEY], struct kad_arena *a)
{
    kad_assert(r->stored.n > FIXED && r->key_number > 0);
    uint8_t few[512];
    struct kad_str header = kad_record_header(r->stored), block = stored_block(r->stored);
    uint8_t *bound = header.n <= sizeof few ? few : kad_arena_alloc(a, header.n);
    memcpy(bound, header.p, header.n);
    memset(bound + DIGEST_AT, 0, DIGEST);
    struct kad_rd in = {.p = (const uint8_t *)block.p, .n = block.n};
    for (size_t n = kad_rd_be16(&in); n > 0; n--)
        kad_rd_bytes(&in, kad_rd_u8(&in));
    kad_rd_be64(&in);
    const uint8_t *nonce = kad_rd_bytes(&in, KAD_SEAL_NONCE);
    if (!nonce || in.n <= SEAL_TAG)
        return false;
    uint8_t *plain = kad_arena_alloc(a, in.n - SEAL_TAG);
    unsigned long long n;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &n, NULL, in.p, in.n, bound, header.n,
                                                      nonce, key) == 0 &&
           take_values(r, plain, (size_t)n);
}

struct kad_str kad_record_header(struct kad_str bytes)
{
    if (bytes.n < FIXED)
        return (struct kad_str){0};
    uint32_t header = get_be32((const uint8_t *)bytes.p + 4);
    return (struct kad_str){bytes.p, header <= bytes.n ? header : 0};
}

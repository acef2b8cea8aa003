/* Records as bytes, and instants as text. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "tests/unit/records.h"

#define DIGEST_AT 48
#define DIGEST_END 80

/* --- the layout, typed out --- */

static const char golden[] =
    /* magic, version, kind, flags; header length; seq */
    "4b 02 00 0f 00 00 00 74 00 00 00 00 00 00 00 0c"
    /* at; on; payload length */
    "00 05 c3 c4 05 45 7e 40 00 00 49 5b 00 00 00 a5"
    /* policy; ref */
    "00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 00"
    /* digest, made by another program */
    "4f ab 35 0a 43 03 3c 13 c7 05 e7 7c 31 af 2c 10"
    "97 c5 c6 91 9c af f5 e0 47 1e 21 77 e0 ed ec 4f"
    /* subject, type, id, by, via */
    "00 03 43 2d 31 00 0a 65 6d 70 6c 6f 79 6d 65 6e"
    "74 00 02 78 39 00 04 61 6e 6e 61 00 07 6f 73 3a"
    "61 6e 6e 61"
    /* open block: field extent 75 %, note because, deviation, kind */
    "00 00 00 46 00 01 06 65 78 74 65 6e 74 25 00 00"
    "00 00 00 0b 71 b0 00 01 07 62 65 63 61 75 73 65"
    "54 00 00 00 02 6f 6b 00 01 00 00 00 00 00 00 00"
    "03 00 00 00 3d 00 02 6e 6f 00 03 35 2e 30 0b 70"
    "61 72 74 69 63 69 70 61 6e 74"
    /* private block: field employer, key 7, nonce, what is sealed, made by another program */
    "00 01 08 65 6d 70 6c 6f 79 65 72 00 00 00 00 00"
    "00 00 07 75 73 65 64 20 6f 6e 63 65 2c 20 69 6e"
    "20 74 65 73 74 73 20 6f 6e 6c 79 d3 15 b3 3b ad"
    "70 1c 45 90 4d 75 19 02 f1 23 72 86 31 77 0a fa"
    "cb 03 07 8c b5 4c a2 70 41 06 02 53 e4 28 d9 89"
    "dc 90 e1 3f ae b9 0b 04 63 88 c1";

static size_t unhex(const char *hex, char *out)
{
    size_t n = 0;
    for (const char *p = hex; *p;) {
        if (*p == ' ') {
            p++;
            continue;
        }
        unsigned byte;
        assert_int_equal(sscanf(p, "%2x", &byte), 1);
        out[n++] = (char)byte;
        p += 2;
    }
    return n;
}

static const uint8_t test_key[KAD_SEAL_KEY] = "0123456789abcdef0123456789abcdef";
static const uint8_t test_nonce[KAD_SEAL_NONCE] = "used once, in tests only";
static const struct kad_seal test_seal = {7, test_key, test_nonce};

static struct kad_record golden_record(void)
{
    static struct kad_field fields[2], notes[1];
    static struct kad_deviation deviation;
    fields[0] = (struct kad_field){
        .name = KAD_STR("extent"),
        .value = {.type = KAD_T_PERCENT, .know = KAD_KNOWN, .num = 750000},
    };
    fields[1] = (struct kad_field){
        .name = KAD_STR("employer"),
        .value = {.type = KAD_T_TEXT, .know = KAD_KNOWN, .str = KAD_STR("Nord AB")},
        .is_private = true,
    };
    notes[0] = text_field("because", "ok");
    deviation = (struct kad_deviation){3, 61, KAD_STR("no"), KAD_STR("5.0")};
    struct kad_record r = event_of("C-1", "employment", kad_day_of(2021, 6, 1));
    r.flags = KAD_RF_GIVEN | KAD_RF_OVERRIDE;
    r.seq = 12;
    r.policy = 3;
    r.id = KAD_STR("x9");
    r.fields = fields;
    r.n_fields = 2;
    r.notes = notes;
    r.n_notes = 1;
    r.deviations = &deviation;
    r.n_deviations = 1;
    r.kind_name = KAD_STR("participant");
    return r;
}

static void a_record_has_the_bytes_of_the_format(void **state)
{
    (void)state;
    char want[512];
    size_t n = unhex(golden, want);
    struct kad_record r = golden_record();
    struct kad_buf b = {0};
    kad_record_encode(&b, &r, &test_seal);
    assert_int_equal(b.n, n);
    assert_memory_equal(b.p, want, n);
    struct kad_str header = kad_record_header((struct kad_str){b.p, b.n});
    assert_ptr_equal(header.p, b.p);
    assert_int_equal(header.n, 0x74);
    kad_buf_done(&b);
}

static void the_format_s_bytes_are_read(void **state)
{
    (void)state;
    char bytes[512];
    size_t n = unhex(golden, bytes);
    struct kad_arena a;
    struct kad_record r;
    struct kad_error e = {0};
    kad_arena_init(&a);
    assert_int_equal(kad_record_decode((struct kad_str){bytes, n}, &a, true, &r, &e), KAD_OK);
    assert_int_equal(r.kind, KAD_R_EVENT);
    assert_int_equal(r.flags, KAD_RF_GIVEN | KAD_RF_OVERRIDE | KAD_RF_DEVIATES | KAD_RF_PRIVATE);
    assert_int_equal(r.seq, 12);
    assert_int_equal(r.on, kad_day_of(2021, 6, 1));
    assert_str_equal(r.subject, "C-1");
    assert_str_equal(r.id, "x9");
    assert_int_equal(r.n_fields, 2);
    assert_int_equal(r.fields[0].value.num, 750000);
    assert_false(r.fields[0].is_private);
    assert_str_equal(r.fields[1].name, "employer");
    assert_int_equal(r.fields[1].value.know, KAD_SEALED);
    assert_true(r.fields[1].is_private);
    assert_int_equal(r.key_number, 7);
    assert_true(kad_record_open(&r, test_key, &a));
    assert_str_equal(r.fields[1].value.str, "Nord AB");
    assert_str_equal(kad_record_note(&r, "because"), "ok");
    assert_int_equal(kad_record_note(&r, "absent").n, 0);
    assert_int_equal(r.deviations[0].line, 61);
    assert_str_equal(r.kind_name, "participant");
    kad_arena_done(&a);
}

/* --- there and back --- */

static void assert_same_field(const struct kad_field *a, const struct kad_field *b)
{
    assert_true(kad_str_eq(a->name, b->name));
    assert_int_equal(a->is_private, b->is_private);
    assert_int_equal(a->value.know, b->value.know);
    if (kad_value_known(a->value)) {
        assert_int_equal(a->value.type, b->value.type);
        assert_int_equal(a->value.num, b->value.num);
        assert_true(kad_str_eq(a->value.str, b->value.str));
    } else {
        assert_int_equal(b->value.type, KAD_T_NONE);
    }
}

static void assert_same_record(const struct kad_record *a, const struct kad_record *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->at, b->at);
    assert_int_equal(a->on, b->on);
    assert_int_equal(a->policy, b->policy);
    assert_int_equal(a->ref, b->ref);
    assert_true(kad_str_eq(a->subject, b->subject));
    assert_true(kad_str_eq(a->id, b->id));
    assert_true(kad_str_eq(a->by, b->by));
    assert_true(kad_str_eq(a->via, b->via));
    assert_int_equal(a->n_fields, b->n_fields);
    for (size_t i = 0; i < a->n_fields; i++)
        assert_same_field(&a->fields[i], &b->fields[i]);
    assert_int_equal(a->n_notes, b->n_notes);
    for (size_t i = 0; i < a->n_notes; i++)
        assert_same_field(&a->notes[i], &b->notes[i]);
    assert_int_equal(a->n_deviations, b->n_deviations);
}

static void there_and_back(const struct kad_record *r)
{
    struct kad_buf b = {0}, again = {0};
    struct kad_arena a;
    struct kad_record got;
    struct kad_error e = {0};
    kad_arena_init(&a);
    kad_record_encode(&b, r, &test_seal);
    assert_int_equal(kad_record_decode((struct kad_str){b.p, b.n}, &a, true, &got, &e), KAD_OK);
    kad_record_encode(&again, &got, NULL); /* sealed: its block goes as it came */
    assert_int_equal(b.n, again.n);
    assert_memory_equal(b.p, again.p, b.n);
    if (got.stored.n > 0)
        assert_true(kad_record_open(&got, test_key, &a));
    assert_same_record(r, &got);
    kad_buf_reset(&again);
    kad_record_encode(&again, &got, &test_seal); /* opened: sealed anew, with the same nonce */
    assert_int_equal(b.n, again.n);
    assert_memory_equal(b.p, again.p, b.n);
    kad_arena_done(&a);
    kad_buf_done(&b);
    kad_buf_done(&again);
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    for (int kind = 0; kind < KAD_R__COUNT; kind++) {
        struct kad_record r = event_of(kind == KAD_R_ADOPTED ? "" : "C-1", "visit", 18000);
        r.kind = (enum kad_record_kind)kind;
        if (kind != KAD_R_EVENT)
            r.type = (struct kad_str){0};
        r.seq = 1 + (uint64_t)kind;
        r.ref = kind == KAD_R_CORRECTED ? 7 : 0;
        there_and_back(&r);
        assert_int_equal(kad_record_kind_of(kad_str(kad_record_type(r.kind))),
                         kind == KAD_R_EVENT ? -1 : kind);
    }
}

static void every_type_of_value_comes_back(void **state)
{
    (void)state;
    static const enum kad_know knows[] = {KAD_KNOWN, KAD_UNKNOWN, KAD_SEALED, KAD_ERASED};
    struct kad_field f[(KAD_T__COUNT - 1) * LEN(knows) * 2];
    size_t n = 0;
    for (int private = 0; private < 2; private ++) {
        for (int type = KAD_T_TEXT; type < KAD_T__COUNT; type++) {
            for (size_t k = 0; k < LEN(knows); k++) {
                struct kad_value v = {.type = (enum kad_type)type, .know = knows[k]};
                if (type == KAD_T_YESNO)
                    v.num = 1;
                else if (type == KAD_T_DATE)
                    v.num = KAD_DAY_MIN;
                else if (type == KAD_T_NUMBER || type == KAD_T_PERCENT || type == KAD_T_MONEY)
                    v.num = INT64_MAX - type;
                else
                    v.str = KAD_STR("värde\nzwei");
                if (type == KAD_T_CHOICE || type == KAD_T_SUBJECT)
                    v.num = -1;
                if (v.know != KAD_KNOWN)
                    v = (struct kad_value){.type = v.type, .know = v.know};
                f[n++] = (struct kad_field){KAD_STR("fält"), v, private != 0};
            }
        }
    }
    struct kad_record r = event_of("C-1", "visit", 18000);
    r.fields = f;
    r.n_fields = n;
    there_and_back(&r);
}

static void private_fields_lie_in_their_own_block(void **state)
{
    (void)state;
    struct kad_field f[] = {
        text_field("secret", "hemligt"),
        text_field("open", "öppet"),
    };
    f[0].is_private = true;
    struct kad_record r = event_of("C-1", "visit", 18000), got;
    r.fields = f;
    r.n_fields = LEN(f);
    struct kad_buf b = {0};
    struct kad_arena a;
    kad_arena_init(&a);
    kad_record_encode(&b, &r, &test_seal);
    assert_true(b.p[3] & KAD_RF_PRIVATE);
    assert_null(memmem(b.p, b.n, "hemligt", 7));
    assert_non_null(memmem(b.p, b.n, "öppet", 6));
    assert_int_equal(kad_record_decode((struct kad_str){b.p, b.n}, &a, true, &got, NULL), KAD_OK);
    assert_str_equal(got.fields[0].name, "open");
    assert_str_equal(got.fields[1].name, "secret");
    assert_int_equal(got.fields[1].value.know, KAD_SEALED);
    assert_true(kad_record_open(&got, test_key, &a));
    assert_str_equal(got.fields[1].value.str, "hemligt");
    kad_record_veil(&got, KAD_ERASED);
    assert_int_equal(got.fields[1].value.know, KAD_ERASED);
    assert_str_equal(got.fields[0].value.str, "öppet");
    kad_arena_done(&a);
    kad_buf_done(&b);
}

/* The key does not fit, or anything that the seal covers was changed: it stays sealed. */
static void a_changed_block_or_header_does_not_open(void **state)
{
    (void)state;
    struct kad_record r = golden_record(), got;
    struct kad_buf b = {0};
    struct kad_arena a;
    uint8_t other[KAD_SEAL_KEY] = {1};
    size_t opened = 0, read = 0;
    kad_arena_init(&a);
    kad_record_encode(&b, &r, &test_seal);
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] ^= 1;
        kad_arena_reset(&a);
        if (kad_record_decode((struct kad_str){b.p, b.n}, &a, false, &got, NULL) == KAD_OK &&
            got.stored.n > 0) {
            bool opens = kad_record_open(&got, test_key, &a);
            assert_true(opens || got.fields[got.n_fields - 1].value.know == KAD_SEALED);
            read++;
            opened += opens;
        }
        b.p[i] ^= 1;
    }
    assert_true(read > 200);
    /* The digest, and the open block: those are the header's to prove. Key number and names too. */
    assert_true(opened < read - 116 + DIGEST_END - DIGEST_AT);
    assert_int_equal(kad_record_decode((struct kad_str){b.p, b.n}, &a, true, &got, NULL), KAD_OK);
    assert_false(kad_record_open(&got, other, &a));
    assert_int_equal(got.fields[1].value.know, KAD_SEALED);
    kad_arena_done(&a);
    kad_buf_done(&b);
}

/* The length of what is sealed tells only how many times 32 bytes it is. */
static void the_length_tells_little(void **state)
{
    (void)state;
    size_t n[3];
    static const char *const texts[] = {"", "a", "abcdefghijklmnopqrstuvwxy"};
    for (int i = 0; i < 3; i++) {
        struct kad_field f = text_field("secret", texts[i]);
        f.is_private = true;
        struct kad_record r = event_of("C-1", "visit", 18000);
        r.fields = &f;
        r.n_fields = 1;
        struct kad_buf b = {0};
        kad_record_encode(&b, &r, &test_seal);
        n[i] = b.n;
        kad_buf_done(&b);
    }
    assert_int_equal(n[0], n[1]);
    assert_int_equal(n[0], n[2]);
}

/* --- what is no record --- */

static bool decodes(struct kad_str s, bool digest, struct kad_buf *again)
{
    /* A copy of exactly that size, so that a read beyond it is seen. */
    char *copy = malloc(s.n ? s.n : 1);
    struct kad_arena a;
    struct kad_record r;
    struct kad_error e = {0};
    assert_non_null(copy);
    memcpy(copy, s.p, s.n);
    kad_arena_init(&a);
    enum kad_err err = kad_record_decode((struct kad_str){copy, s.n}, &a, digest, &r, &e);
    assert_true(err == KAD_OK || (err == KAD_ESTORE && e.text[0]));
    if (err == KAD_OK && again) {
        kad_buf_reset(again);
        kad_record_encode(again, &r, NULL);
    }
    kad_arena_done(&a);
    free(copy);
    return err == KAD_OK;
}

static void what_is_cut_is_refused(void **state)
{
    (void)state;
    struct kad_record r = golden_record();
    struct kad_buf b = {0};
    kad_record_encode(&b, &r, &test_seal);
    for (size_t n = 0; n < b.n; n++)
        assert_false(decodes((struct kad_str){b.p, n}, false, NULL));
    kad_buf_putc(&b, 'x');
    assert_false(decodes((struct kad_str){b.p, b.n}, false, NULL));
    kad_buf_done(&b);
}

/* There is one form of bytes for each record: whatever reads is written just so again. */
static void every_changed_byte_is_refused_or_is_another_record(void **state)
{
    (void)state;
    struct kad_record r = golden_record();
    struct kad_buf b = {0}, again = {0};
    kad_record_encode(&b, &r, &test_seal);
    size_t read = 0;
    for (size_t i = 0; i < b.n; i++) {
        char was = b.p[i];
        for (int bits = 1; bits < 256; bits++) {
            b.p[i] = (char)(was ^ bits);
            if (!decodes((struct kad_str){b.p, b.n}, false, &again))
                continue;
            read++;
            assert_int_equal(again.n, b.n);
            assert_memory_equal(again.p, b.p, DIGEST_AT);
            assert_memory_equal(again.p + DIGEST_END, b.p + DIGEST_END, b.n - DIGEST_END);
        }
        b.p[i] = was;
    }
    assert_true(read > 1000);
    kad_buf_done(&b);
    kad_buf_done(&again);
}

static void a_changed_payload_does_not_match_its_digest(void **state)
{
    (void)state;
    struct kad_record r = golden_record();
    struct kad_buf b = {0};
    kad_record_encode(&b, &r, &test_seal);
    for (size_t i = DIGEST_AT; i < b.n; i++) {
        if (i == DIGEST_END)
            i = 0x74; /* the strings of the header are the header's own */
        b.p[i] ^= 1;
        assert_false(decodes((struct kad_str){b.p, b.n}, true, NULL));
        b.p[i] ^= 1;
    }
    assert_true(decodes((struct kad_str){b.p, b.n}, true, NULL));
    kad_buf_done(&b);
}

static void random_bytes_behind_a_good_header_do_no_harm(void **state)
{
    (void)state;
    struct kad_record r = golden_record();
    struct kad_buf b = {0};
    uint64_t x = 88172645463325252u;
    kad_record_encode(&b, &r, &test_seal);
    for (int round = 0; round < 20000; round++) {
        struct kad_buf c = {0};
        kad_buf_put(&c, b.p, b.n);
        for (int k = 0; k < 4; k++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            c.p[DIGEST_END + x % (c.n - DIGEST_END)] = (char)(x >> 32);
        }
        decodes((struct kad_str){c.p, c.n}, false, NULL);
        kad_buf_done(&c);
    }
    kad_buf_done(&b);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xff", "abcdefgh\xc3", "\xed\xa0\x80",
                                      "12345678\xf8xxxxxxx"};
    for (size_t i = 0; i < LEN(bad); i++) {
        struct kad_field f = text_field("note", bad[i]);
        struct kad_record r = event_of("C-1", "visit", 18000);
        r.fields = &f;
        r.n_fields = 1;
        struct kad_buf b = {0};
        kad_record_encode(&b, &r, &test_seal);
        assert_false(decodes((struct kad_str){b.p, b.n}, true, NULL));
        kad_buf_done(&b);
    }
}

/* --- instants --- */

static void instants_are_written_in_utc_with_microseconds(void **state)
{
    (void)state;
    static const struct {
        kad_instant t;
        const char *text;
    } all[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {1622621553000000, "2021-06-02T08:12:33.000000Z"},
        {KAD_INSTANT_MIN, "0001-01-01T00:00:00.000000Z"},
        {KAD_INSTANT_MAX, "9999-12-31T23:59:59.999999Z"},
        {KAD_INSTANT_NONE, "-"},
    };
    for (size_t i = 0; i < LEN(all); i++) {
        char out[KAD_INSTANT_TEXT];
        assert_string_equal(kad_instant_text(all[i].t, out), all[i].text);
    }
}

static void instants_are_read_with_any_offset(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        kad_instant t;
    } all[] = {
        {"2021-06-02T08:12:33Z", 1622621553000000},
        {"2021-06-02t08:12:33z", 1622621553000000},
        {"2021-06-02T10:12:33+02:00", 1622621553000000},
        {"2021-06-02T10:12:33.5+02:00", 1622621553500000},
        {"2021-06-01T22:42:33.000001-09:30", 1622621553000001},
        {"2021-06-03T08:11:33+23:59", 1622621553000000},
        {"1969-12-31T23:59:59.999999Z", -1},
    };
    for (size_t i = 0; i < LEN(all); i++) {
        kad_instant t = 42;
        assert_true(kad_instant_parse(all[i].text, strlen(all[i].text), &t));
        assert_int_equal(t, all[i].t);
    }
}

static void what_is_no_instant_is_refused(void **state)
{
    (void)state;
    static const char *const all[] = {
        "",
        "2021-06-02",
        "2021-06-02T08:12:33",
        "2021-06-02 08:12:33Z",
        "2021-02-30T08:12:33Z",
        "2021-06-02T24:00:00Z",
        "2021-06-02T08:60:33Z",
        "2021-06-02T08:12:60Z",
        "2021-06-02T08:12:33.Z",
        "2021-06-02T08:12:33.1234567Z",
        "2021-06-02T08:12:33+2:00",
        "2021-06-02T08:12:33+02:60",
        "2021-06-02T08:12:33+24:00",
        "2021-06-02T08:12:33+0200",
        "2021-06-02T08:12:33Zx",
        "2021-06-02T8:12:33.00Z",
        "2021-06-02T08:12Z00000000",
        "0021-06-02T08:12:33Z",
        "2021-06-02T-8:12:33Z",
    };
    for (size_t i = 0; i < LEN(all); i++) {
        kad_instant t;
        if (kad_instant_parse(all[i], strlen(all[i]), &t))
            fail_msg("read: %s", all[i]);
    }
}

static void every_instant_comes_back_from_its_text(void **state)
{
    (void)state;
    uint64_t x = 2463534242u;
    int64_t from = kad_day_of(KAD_LIMIT_YEAR_MIN, 1, 1) * INT64_C(86400000000);
    int64_t to = kad_day_of(KAD_LIMIT_YEAR_MAX, 12, 31) * INT64_C(86400000000);
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        kad_instant t = from + (int64_t)(x % (uint64_t)(to - from)), got = 0;
        char out[KAD_INSTANT_TEXT];
        kad_instant_text(t, out);
        assert_true(kad_instant_parse(out, strlen(out), &got));
        assert_true(got == t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_has_the_bytes_of_the_format),
        cmocka_unit_test(the_format_s_bytes_are_read),
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(every_type_of_value_comes_back),
        cmocka_unit_test(private_fields_lie_in_their_own_block),
        cmocka_unit_test(a_changed_block_or_header_does_not_open),
        cmocka_unit_test(the_length_tells_little),
        cmocka_unit_test(what_is_cut_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_or_is_another_record),
        cmocka_unit_test(a_changed_payload_does_not_match_its_digest),
        cmocka_unit_test(random_bytes_behind_a_good_header_do_no_harm),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(instants_are_written_in_utc_with_microseconds),
        cmocka_unit_test(instants_are_read_with_any_offset),
        cmocka_unit_test(what_is_no_instant_is_refused),
        cmocka_unit_test(every_instant_comes_back_from_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

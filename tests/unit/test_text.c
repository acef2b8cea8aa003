/* Text: UTF-8, widths, normal form, what is safe to show, likeness, personal numbers. */
#include "tests/unit/unit.h"

#include <string.h>

#include "core/text.h"

static void strings_compare_by_bytes_and_prefixes_come_first(void **state)
{
    (void)state;
    struct kad_str none = {NULL, 0};
    assert_true(kad_str_eq(none, KAD_STR("")));
    assert_true(kad_str_eq(kad_str("ab"), KAD_STR("ab")));
    assert_false(kad_str_eq(kad_str("ab"), KAD_STR("abc")));
    assert_false(kad_str_eq(kad_str("ab"), KAD_STR("ac")));
    assert_int_equal(kad_str_cmp(none, none), 0);
    assert_int_equal(kad_str_cmp(none, KAD_STR("a")), -1);
    assert_int_equal(kad_str_cmp(KAD_STR("ab"), KAD_STR("a")), 1);
    assert_int_equal(kad_str_cmp(KAD_STR("a"), KAD_STR("b")), -1);
    assert_int_equal(kad_str_cmp(KAD_STR("ö"), KAD_STR("z")), 1);
    assert_int_equal(kad_str_cmp(KAD_STR("ab"), KAD_STR("ab")), 0);
}

static void copies_have_a_nul_behind_them(void **state)
{
    (void)state;
    struct kad_arena a;
    kad_arena_init(&a);
    struct kad_str s = kad_str_dup(&a, (struct kad_str){"vetlanda", 3});
    assert_string_equal(s.p, "vet");
    assert_int_equal(s.n, 3);
    s = kad_str_dup(&a, (struct kad_str){NULL, 0});
    assert_string_equal(s.p, "");
    kad_arena_done(&a);
}

static void untranslated_sentences_stay_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(_("a sentence no catalog has"), "a sentence no catalog has");
    assert_string_equal(_(""), ""); /* never the catalog's header */
    assert_string_equal(ngettext_("%lu row", "%lu rows", 1), "%lu row");
    assert_string_equal(ngettext_("%lu row", "%lu rows", 0), "%lu rows");
}

static void the_running_language_is_swedish_or_english(void **state)
{
    (void)state;
    assert_string_equal(kad_text_lang(), "en");
    kad_text_set_lang("sv");
    assert_string_equal(kad_text_lang(), "sv");
    kad_text_set_lang("fi");
    assert_string_equal(kad_text_lang(), "en");
}

/* --- UTF-8 --- */

static void valid_utf8_is_accepted(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "plain",
        "åäö ÅÄÖ",
        "\x7f",
        "\xc2\x80",         /* the least of two bytes */
        "\xdf\xbf",         /* the greatest */
        "\xe0\xa0\x80",     /* the least of three */
        "\xed\x9f\xbf",     /* just below the surrogates */
        "\xee\x80\x80",     /* just above */
        "\xef\xbf\xbf",     /* U+FFFF */
        "\xf0\x90\x80\x80", /* the least of four */
        "\xf4\x8f\xbf\xbf", /* U+10FFFF */
    };
    for (size_t i = 0; i < LEN(good); i++)
        assert_true(kad_utf8_valid(kad_str(good[i]), NULL));
}

static void invalid_utf8_is_found_where_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n, at;
    } bad[] = {
        {"ab\0c", 4, 2},                 /* NUL */
        {"\0", 1, 0},
        {"a\x80", 2, 1},                 /* a continuation alone */
        {"a\xc3", 2, 1},                 /* cut short */
        {"å\xc3\x28", 4, 2},             /* no continuation */
        {"\xc0\xaf", 2, 0},              /* overlong / */
        {"\xc1\xbf", 2, 0},
        {"\xe0\x9f\xbf", 3, 0},          /* overlong */
        {"\xf0\x8f\xbf\xbf", 4, 0},      /* overlong */
        {"\xed\xa0\x80", 3, 0},          /* a surrogate */
        {"\xed\xbf\xbf", 3, 0},
        {"\xf4\x90\x80\x80", 4, 0},      /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 4, 0},
        {"\xff", 1, 0},
        {"xy\xe2\x82", 4, 2},            /* three bytes, two there */
        {"xy\xf0\x9f\x98", 5, 2},
        {"a\0\xff", 3, 1},               /* the first of two faults */
        {"a\xff\0", 3, 1},
        {"R\xe4ksm\xf6rg\xe5s", 9, 1},   /* Latin-1 */
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        size_t at = 99;
        assert_false(kad_utf8_valid((struct kad_str){bad[i].bytes, bad[i].n}, &at));
        assert_int_equal(at, bad[i].at);
    }
}

static void bidirectional_controls_are_found(void **state)
{
    (void)state;
    static const char *const controls[] = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
                                           "\u2066", "\u2067", "\u2068", "\u2069", "\u200e",
                                           "\u200f", "\u061c"};
    static const char *const others[] = {"\u2029", "\u202f", "\u2065", "\u206a", "\u200d",
                                         "\u2010", "\u061b", "\u061d", "שלום", "–”"};
    struct kad_buf b = {0};
    for (size_t i = 0; i < LEN(controls); i++) {
        kad_buf_printf(&b, "aåb%sc", controls[i]);
        assert_int_equal(kad_utf8_bidi(kad_str(kad_buf_str(&b))), 4);
        kad_buf_reset(&b);
    }
    for (size_t i = 0; i < LEN(others); i++)
        assert_int_equal(kad_utf8_bidi(kad_str(others[i])), strlen(others[i]));
    assert_int_equal(kad_utf8_bidi(kad_str("")), 0);
    kad_buf_done(&b);
}

static void width_counts_columns(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t width;
    } cases[] = {
        {"", 0},          {"Anna", 4},        {"Åsa", 3},        {"A\u030asa", 3},
        {"漢字", 4},      {"a\u200db", 2},    {"｢ﾊﾝｶｸ｣", 6},     {"Ｆｕｌｌ", 8},
        {"465\u202f000", 7}, {"75\u00a0%", 4}, {"…", 1},          {"😀", 2},
    };
    for (size_t i = 0; i < LEN(cases); i++)
        assert_int_equal(kad_utf8_width(kad_str(cases[i].s)), cases[i].width);
}

static void characters_are_read_one_by_one(void **state)
{
    (void)state;
    static const uint32_t want[] = {'a', 0xe5, 0x20ac, 0x1f600, 'z'};
    struct kad_str s = kad_str("aå€😀z");
    for (size_t i = 0; i < LEN(want); i++) {
        size_t len = 0;
        assert_int_equal(kad_utf8_get(s, &len), want[i]);
        s.p += len;
        s.n -= len;
    }
    assert_int_equal(s.n, 0);
}

static void normal_form_composes(void **state)
{
    (void)state;
    struct kad_arena a;
    kad_arena_init(&a);
    assert_str_equal(kad_text_nfc(&a, kad_str("A\u030asa O\u0308rn")), "Åsa Örn");
    assert_str_equal(kad_text_nfc(&a, kad_str("\u212b")), "\u00c5"); /* the Ångström sign */
    /* Marks are put in their order: dot below before circumflex. */
    assert_str_equal(kad_text_nfc(&a, kad_str("e\u0302\u0323")), "\u1ec7");
    /* Composition alone, no compatibility: ligatures stay. */
    assert_str_equal(kad_text_nfc(&a, kad_str("ﬁ")), "ﬁ");
    kad_arena_done(&a);
}

static void what_is_in_normal_form_is_not_copied(void **state)
{
    (void)state;
    static const char *const same[] = {"", "plain", "åäö", "漢字 😀", "\u02ff"};
    struct kad_arena a;
    kad_arena_init(&a);
    for (size_t i = 0; i < LEN(same); i++)
        assert_ptr_equal(kad_text_nfc(&a, kad_str(same[i])).p, same[i]);
    assert_int_equal(a.used, 0);
    kad_arena_done(&a);
}

/* --- for people --- */

static void what_moves_the_cursor_becomes_visible(void **state)
{
    (void)state;
    static const struct {
        const char *s, *want;
    } cases[] = {
        {"", ""},
        {"Åsa – ”x” \\ 75\u00a0%", "Åsa – ”x” \\ 75\u00a0%"},
        {"a\nb", "a\\nb"},
        {"a\r\tb", "a\\u{d}\\u{9}b"},
        {"\x1b[31mred", "\\u{1b}[31mred"},
        {"\x7f", "\\u{7f}"},
        {"\xc2\x85\xc2\x9b", "\\u{85}\\u{9b}"}, /* next line, and the one-byte CSI */
        {"\u2028\u2029", "\\u{2028}\\u{2029}"},
        {"ab\u202e" "cd", "ab\\u{202e}cd"},
        {"\u061c", "\\u{61c}"},
        {"a\xff\xc3", "a\\x{ff}\\x{c3}"},
    };
    struct kad_buf b = {0};
    for (size_t i = 0; i < LEN(cases); i++) {
        kad_text_put_safe(&b, kad_str(cases[i].s));
        assert_buf(&b, cases[i].want);
    }
    kad_text_put_safe(&b, (struct kad_str){"a\0b", 3});
    assert_buf(&b, "a\\u{0}b");
    kad_buf_done(&b);
}

static void padding_counts_columns_not_bytes(void **state)
{
    (void)state;
    struct kad_buf b = {0};
    kad_text_put_padded(&b, kad_str("Åsa"), 5, false);
    assert_buf(&b, "Åsa  ");
    kad_text_put_padded(&b, kad_str("Åsa"), 5, true);
    assert_buf(&b, "  Åsa");
    kad_text_put_padded(&b, kad_str("漢字"), 5, false);
    assert_buf(&b, "漢字 ");
    kad_text_put_padded(&b, kad_str("longer than that"), 5, true);
    assert_buf(&b, "longer than that");
    kad_text_put_padded(&b, kad_str(""), 2, false);
    assert_buf(&b, "  ");
    kad_text_put_padded(&b, kad_str(""), 0, false);
    assert_buf(&b, "");
    kad_buf_done(&b);
}

/* --- likeness --- */

static void distance_counts_slips_of_the_hand(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned d;
    } cases[] = {
        {"", "", 0},           {"", "ab", 2},          {"same", "same", 0},
        {"nasjo", "nassjo", 1}, {"eskjo", "eksjo", 1}, /* two letters swapped */
        {"cat", "cut", 1},     {"kitten", "sitting", 3}, {"ab", "ba", 1},
        {"åä", "äå", 1},       {"Sävsjö", "Savsjo", 2},  {"ca", "abc", 3},
        {"enrolment", "enrollment", 1},                  {"a", "b", 1},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct kad_str a = kad_str(cases[i].a), b = kad_str(cases[i].b);
        assert_int_equal(kad_text_distance(a, b, 10), cases[i].d);
        assert_int_equal(kad_text_distance(b, a, 10), cases[i].d);
        for (unsigned max = 0; max < 5; max++) {
            unsigned want = cases[i].d <= max ? cases[i].d : max + 1;
            assert_int_equal(kad_text_distance(a, b, max), want);
        }
    }
}

static void distance_stops_at_the_bound(void **state)
{
    (void)state;
    char a[4000], b[4000];
    memset(a, 'a', sizeof a);
    memset(b, 'b', sizeof b);
    struct kad_str sa = {a, sizeof a}, sb = {b, sizeof b};
    assert_int_equal(kad_text_distance(sa, sb, 2), 3);
    assert_int_equal(kad_text_distance(sa, (struct kad_str){a, 10}, 2), 3);
}

/* --- personal numbers --- */

static void personal_numbers_are_recognised(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "640823-3234",   "6408233234",   "640823+3234",   "196408233234",  "19640823-3234",
        "19090527+1474", "760523-9917",  "000716-9915",   "030865-9978", /* coordination number */
        "840682-9906",   "701063-2391",  "7010632391",    "19701063-2391",
        "640823-3235", /* a slip in the last digit: still somebody's */
        "19850101-1234", "090417-9998",  "220131-9983",
        "19850101 1234", "850101 1234",  "640823 3234", "850101\u00a01234", "19850101\u20131234",
    };
    for (size_t i = 0; i < LEN(numbers); i++)
        assert_true(kad_text_is_personal_number(kad_str(numbers[i])));
}

static void other_keys_are_no_personal_numbers(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "C-1042",
        "6408233235",     /* check digit, and nothing else that says what it is */
        "0904179998",
        "198501011234",
        "150916-0006",    /* serial 000 is never given */
        "20210615-0001",  /* so that a day and a running number stay free to use */
        "641323-3237",    /* month 13 */
        "640023-3232",
        "640800-3231",    /* day 0 */
        "640832-3233",    /* day 32 */
        "640860-3238",    /* day 60: between the two kinds */
        "640892-3230",
        "64082-33234",    /* the sign elsewhere */
        "6408233-234",
        "6408-23-3234",
        "640823--3234",
        "-6408233234",
        "640823-3234 ",
        "640823-323T",
        "64082332345",    /* eleven digits */
        "1964082332345",  /* thirteen */
        "299964082332",
        "216408233234",   /* a century nobody lived in */
        "640823-",
        "６４０８２３３２３４", /* digits, but not these */
    };
    for (size_t i = 0; i < LEN(others); i++)
        assert_false(kad_text_is_personal_number(kad_str(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_compare_by_bytes_and_prefixes_come_first),
        cmocka_unit_test(copies_have_a_nul_behind_them),
        cmocka_unit_test(untranslated_sentences_stay_as_they_are),
        cmocka_unit_test(the_running_language_is_swedish_or_english),
        cmocka_unit_test(valid_utf8_is_accepted),
        cmocka_unit_test(invalid_utf8_is_found_where_it_is),
        cmocka_unit_test(bidirectional_controls_are_found),
        cmocka_unit_test(width_counts_columns),
        cmocka_unit_test(characters_are_read_one_by_one),
        cmocka_unit_test(normal_form_composes),
        cmocka_unit_test(what_is_in_normal_form_is_not_copied),
        cmocka_unit_test(what_moves_the_cursor_becomes_visible),
        cmocka_unit_test(padding_counts_columns_not_bytes),
        cmocka_unit_test(distance_counts_slips_of_the_hand),
        cmocka_unit_test(distance_stops_at_the_bound),
        cmocka_unit_test(personal_numbers_are_recognised),
        cmocka_unit_test(other_keys_are_no_personal_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

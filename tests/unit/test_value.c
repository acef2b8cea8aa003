/* Values: unknown, truth, comparing, and numbers as text. */
#include "tests/unit/unit.h"

#include "core/value.h"

static struct kad_value of(enum kad_type type, int64_t num)
{
    return (struct kad_value){.type = type, .know = KAD_KNOWN, .num = num};
}

static struct kad_value of_str(enum kad_type type, const char *s)
{
    return (struct kad_value){.type = type, .know = KAD_KNOWN, .str = kad_str(s)};
}

static void types_have_words_and_tags(void **state)
{
    (void)state;
    for (int t = KAD_T_NONE + 1; t < KAD_T__COUNT; t++)
        assert_int_equal(kad_type_of_tag(kad_type_tag((enum kad_type)t)), t);
    assert_int_equal(kad_type_of_tag('?'), KAD_T_NONE);
    assert_int_equal(kad_type_of_tag('\0'), KAD_T_NONE);
    assert_string_equal(kad_type_word(KAD_T_YESNO), "yes/no");
    assert_string_equal(kad_type_word(KAD_T_NONE), "");
}

static void stored_tags_are_for_good(void **state)
{
    (void)state;
    static const char tags[] = "TN%MDBPCSL";
    for (size_t i = 0; i < sizeof tags - 1; i++)
        assert_int_equal(kad_type_tag((enum kad_type)(i + 1)), tags[i]);
    assert_int_equal(KAD_T__COUNT, sizeof tags);
}

/* Kleene's tables, indexed [a][b] by NO, MAYBE, YES: `and` is the least, `or` the greatest. */
static void truth_follows_kleene(void **state)
{
    (void)state;
    static const enum kad_truth and[3][3] = {{KAD_NO, KAD_NO, KAD_NO},
                                             {KAD_NO, KAD_MAYBE, KAD_MAYBE},
                                             {KAD_NO, KAD_MAYBE, KAD_YES}};
    static const enum kad_truth or[3][3] = {{KAD_NO, KAD_MAYBE, KAD_YES},
                                            {KAD_MAYBE, KAD_MAYBE, KAD_YES},
                                            {KAD_YES, KAD_YES, KAD_YES}};
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            assert_int_equal(a < b ? a : b, and[a][b]);
            assert_int_equal(a > b ? a : b, or[a][b]);
        }
    assert_int_equal(kad_truth_not(KAD_NO), KAD_YES);
    assert_int_equal(kad_truth_not(KAD_MAYBE), KAD_MAYBE);
    assert_int_equal(kad_truth_not(KAD_YES), KAD_NO);
    assert_int_equal(kad_truth_of(true), KAD_YES);
    assert_int_equal(kad_truth_of(false), KAD_NO);
}

static void comparing_with_unknown_is_unknown(void **state)
{
    (void)state;
    struct kad_value one = kad_value_number(KAD_MICRO);
    struct kad_value sealed = one, erased = one;
    sealed.know = KAD_SEALED;
    erased.know = KAD_ERASED;
    struct kad_value unknown = kad_value_unknown(KAD_T_NUMBER);
    assert_int_equal(kad_value_eq(one, unknown), KAD_MAYBE);
    assert_int_equal(kad_value_eq(unknown, one), KAD_MAYBE);
    assert_int_equal(kad_value_eq(unknown, unknown), KAD_MAYBE);
    assert_int_equal(kad_value_eq(one, sealed), KAD_MAYBE);
    assert_int_equal(kad_value_eq(erased, one), KAD_MAYBE);
    assert_false(kad_value_known(unknown));
    assert_false(kad_value_known(sealed));
    assert_false(kad_value_known(erased));
    assert_true(kad_value_known(one));
}

static void values_are_equal_by_what_they_are(void **state)
{
    (void)state;
    assert_int_equal(kad_value_eq(kad_value_yesno(true), kad_value_yesno(true)), KAD_YES);
    assert_int_equal(kad_value_eq(kad_value_yesno(true), kad_value_yesno(false)), KAD_NO);
    assert_int_equal(kad_value_eq(kad_value_date(1), kad_value_date(1)), KAD_YES);
    assert_int_equal(kad_value_eq(kad_value_date(1), kad_value_date(2)), KAD_NO);
    assert_int_equal(kad_value_eq(of(KAD_T_PERCENT, 5), of(KAD_T_NUMBER, 5)), KAD_YES);
    assert_int_equal(kad_value_eq(of(KAD_T_MONEY, 5), of(KAD_T_NUMBER, 6)), KAD_NO);
    static const enum kad_type by_str[] = {KAD_T_TEXT, KAD_T_PERSON, KAD_T_CHOICE, KAD_T_SUBJECT,
                                           KAD_T_LIST};
    for (size_t i = 0; i < LEN(by_str); i++) {
        struct kad_value a = of_str(by_str[i], "work"), b = of_str(by_str[i], "work");
        a.num = -1; /* an index that another policy does not know makes no difference */
        b.num = 3;
        assert_int_equal(kad_value_eq(a, b), KAD_YES);
        assert_int_equal(kad_value_eq(a, of_str(by_str[i], "works")), KAD_NO);
    }
}

static void ordered_values_compare(void **state)
{
    (void)state;
    static const enum kad_type ordered[] = {KAD_T_NUMBER, KAD_T_PERCENT, KAD_T_MONEY, KAD_T_DATE,
                                            KAD_T_CHOICE};
    for (size_t i = 0; i < LEN(ordered); i++) {
        assert_int_equal(kad_value_cmp(of(ordered[i], -2), of(ordered[i], 7)), -1);
        assert_int_equal(kad_value_cmp(of(ordered[i], 7), of(ordered[i], -2)), 1);
        assert_int_equal(kad_value_cmp(of(ordered[i], 7), of(ordered[i], 7)), 0);
    }
    assert_int_equal(kad_value_cmp(of(KAD_T_NUMBER, INT64_MIN), of(KAD_T_NUMBER, INT64_MAX)), -1);
}

/* --- numbers --- */

static void numbers_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        int64_t micro;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"1", 1000000},
        {"37.5", 37500000},
        {"37,5", 37500000},
        {"-3", -3000000},
        {"-0.000001", -1},
        {"0.000001", 1},
        {"0.1", 100000},
        {"000012.50", 12500000},
        {"0000000000000000000007", 7000000},
        {"465000", 465000000000},
        {"999999999999", 999999999999000000},
        {"999999999999.999", 999999999999999000},
        {"-999999999.999999", -999999999999999},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        int64_t micro = 42;
        assert_true(kad_number_parse(kad_str(cases[i].s), &micro));
        assert_true(micro == cases[i].micro);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      "-",      ".",      ",",        "5.",       ".5",       "-.5",   "+5",
        "--5",   "5-",     "1.2.3",  "1,2.3",    "1 000",    " 1",       "1 ",    "1e3",
        "0x10",  "inf",    "nan",    "٣",        "1\u00a0000", "1.0000000", "0.1234567",
        "1000000000000",     /* thirteen before the point */
        "999999999999.9999", /* sixteen in all */
        "1234567890.123456",
        "99999999999999999999999999",
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        int64_t micro = 42;
        assert_false(kad_number_parse(kad_str(bad[i]), &micro));
        assert_true(micro == 42);
    }
    int64_t micro;
    assert_false(kad_number_parse((struct kad_str){"1\0", 2}, &micro));
    assert_false(kad_number_parse((struct kad_str){NULL, 0}, &micro));
}

static void numbers_are_written_without_trailing_zeroes(void **state)
{
    (void)state;
    static const struct {
        int64_t micro;
        const char *s;
    } cases[] = {
        {0, "0"},
        {1, "0.000001"},
        {-1, "-0.000001"},
        {100000, "0.1"},
        {-500000, "-0.5"},
        {1000000, "1"},
        {37500000, "37.5"},
        {10000000, "10"},
        {465000000000, "465000"},
        {INT64_MAX, "9223372036854.775807"},
        {INT64_MIN, "-9223372036854.775808"},
    };
    struct kad_buf b = {0};
    for (size_t i = 0; i < LEN(cases); i++) {
        kad_number_put(&b, cases[i].micro);
        assert_buf(&b, cases[i].s);
    }
    kad_buf_done(&b);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct kad_buf b = {0};
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        /* Any size: fifteen digits at most, fewer by the shift. */
        int64_t micro = (int64_t)(random % 1000000000000000u) >> (random >> 58);
        if (random & 1)
            micro = -micro;
        int64_t back = 42;
        kad_buf_reset(&b);
        kad_number_put(&b, micro);
        assert_true(kad_number_parse((struct kad_str){b.p, b.n}, &back));
        assert_true(back == micro);
    }
    kad_buf_done(&b);
}

/* --- values as text --- */

static void canonical_text_of_values(void **state)
{
    (void)state;
    struct kad_buf b = {0};
    kad_value_put(&b, of(KAD_T_NUMBER, 37500000));
    assert_buf(&b, "37.5");
    kad_value_put(&b, of(KAD_T_PERCENT, 750000));
    assert_buf(&b, "0.75");
    kad_value_put(&b, of(KAD_T_MONEY, 465000000000));
    assert_buf(&b, "465000");
    kad_value_put(&b, kad_value_date(kad_day_of(2021, 6, 1)));
    assert_buf(&b, "2021-06-01");
    kad_value_put(&b, kad_value_yesno(true));
    assert_buf(&b, "true");
    kad_value_put(&b, kad_value_yesno(false));
    assert_buf(&b, "false");
    kad_value_put(&b, of_str(KAD_T_TEXT, "Å, \"b\""));
    assert_buf(&b, "Å, \"b\"");
    kad_value_put(&b, of_str(KAD_T_TEXT, ""));
    assert_buf(&b, "");
    kad_value_put(&b, of_str(KAD_T_CHOICE, "work"));
    assert_buf(&b, "work");
    kad_text_set_lang("sv"); /* the canonical form knows no language */
    kad_value_put(&b, of(KAD_T_NUMBER, 37500000));
    assert_buf(&b, "37.5");
    kad_text_set_lang("en");
    kad_buf_done(&b);
}

static void values_for_people_follow_the_language(void **state)
{
    (void)state;
    static const struct {
        enum kad_type type;
        int64_t num;
        const char *sv, *en;
    } cases[] = {
        {KAD_T_NUMBER, 37500000, "37,5", "37.5"},
        {KAD_T_NUMBER, -250000, "-0,25", "-0.25"},
        {KAD_T_NUMBER, 1234000000, "1234", "1234"},
        {KAD_T_NUMBER, 12345500000, "12\u202f345,5", "12\u202f345.5"},
        {KAD_T_NUMBER, -1234567000000, "-1\u202f234\u202f567", "-1\u202f234\u202f567"},
        {KAD_T_PERCENT, 750000, "75\u00a0%", "75\u00a0%"},
        {KAD_T_PERCENT, 375000, "37,5\u00a0%", "37.5\u00a0%"},
        {KAD_T_PERCENT, 1, "0,0001\u00a0%", "0.0001\u00a0%"},
        {KAD_T_PERCENT, 0, "0\u00a0%", "0\u00a0%"},
        {KAD_T_PERCENT, 1500000, "150\u00a0%", "150\u00a0%"},
        {KAD_T_MONEY, 465000000000, "465\u202f000\u00a0kr", "465\u202f000\u00a0kr"},
        {KAD_T_MONEY, 99500000, "99,5\u00a0kr", "99.5\u00a0kr"},
    };
    struct kad_buf b = {0};
    for (size_t i = 0; i < LEN(cases); i++) {
        kad_text_set_lang("sv");
        kad_value_put_pretty(&b, of(cases[i].type, cases[i].num));
        assert_buf(&b, cases[i].sv);
        kad_text_set_lang("en");
        kad_value_put_pretty(&b, of(cases[i].type, cases[i].num));
        assert_buf(&b, cases[i].en);
    }
    kad_buf_done(&b);
}

static void unknown_is_never_shown_as_no_or_zero(void **state)
{
    (void)state;
    struct kad_buf b = {0};
    for (int t = KAD_T_NONE; t < KAD_T__COUNT; t++) {
        struct kad_value v = kad_value_unknown((enum kad_type)t);
        kad_value_put_pretty(&b, v);
        assert_buf(&b, "unknown");
        v.know = KAD_SEALED;
        kad_value_put_pretty(&b, v);
        assert_buf(&b, "sealed");
        v.know = KAD_ERASED;
        kad_value_put_pretty(&b, v);
        assert_buf(&b, "erased");
    }
    kad_buf_done(&b);
}

static void other_values_for_people(void **state)
{
    (void)state;
    struct kad_buf b = {0};
    kad_value_put_pretty(&b, kad_value_yesno(true));
    assert_buf(&b, "yes");
    kad_value_put_pretty(&b, kad_value_yesno(false));
    assert_buf(&b, "no");
    kad_value_put_pretty(&b, kad_value_date(kad_day_of(2021, 6, 1)));
    assert_buf(&b, "2021-06-01");
    kad_value_put_pretty(&b, of_str(KAD_T_LIST, "a\nb\nc"));
    assert_buf(&b, "a, b, c");
    kad_value_put_pretty(&b, of_str(KAD_T_PERSON, "Åsa"));
    assert_buf(&b, "Åsa");
    kad_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_words_and_tags),
        cmocka_unit_test(stored_tags_are_for_good),
        cmocka_unit_test(truth_follows_kleene),
        cmocka_unit_test(comparing_with_unknown_is_unknown),
        cmocka_unit_test(values_are_equal_by_what_they_are),
        cmocka_unit_test(ordered_values_compare),
        cmocka_unit_test(numbers_are_read_exactly),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(numbers_are_written_without_trailing_zeroes),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(canonical_text_of_values),
        cmocka_unit_test(values_for_people_follow_the_language),
        cmocka_unit_test(unknown_is_never_shown_as_no_or_zero),
        cmocka_unit_test(other_values_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

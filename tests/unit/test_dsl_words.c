/* The two columns of keywords: one to one, reserved in every file, and one grammar over both. */
#include "tests/unit/dsl.h"

static const struct {
    const char *token, *english, *swedish;
} words[] = {
#define W(token, english, swedish) {#token, (english), (swedish)},
#define A(token, is_swedish, form)
#include "dsl/words.def"
#undef W
#undef A
};

static void each_word_has_one_counterpart(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(words); i++)
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(words[i].token, words[k].token);
            assert_string_not_equal(words[i].swedish, words[k].swedish);
            /* `no` is a value and, in an example, `none`: Swedish has two words. */
            if (strcmp(words[i].english, "no") != 0)
                assert_string_not_equal(words[i].english, words[k].english);
            /* No word of one language is another word of the other. */
            assert_string_not_equal(words[i].english, words[k].swedish);
            assert_string_not_equal(words[i].swedish, words[k].english);
        }
}

/* How many errors, and whether the first is of this code. */
static size_t errors(const char *text, enum kad_diag_code code)
{
    struct kad_diags d;
    kad_diags_init(&d);
    struct kad_policy *p = kad_dsl_compile(kad_str(text), "policy.rules", &d);
    size_t n = d.n_errors;
    assert_true(n == 0 || d.v[0].code == code);
    kad_policy_free(p);
    kad_diags_done(&d);
    return n;
}

static bool is_soft(const char *english)
{
    static const char *const soft[] = {"from", "to", "by", "until", "after", "before"};
    for (size_t i = 0; i < LEN(soft); i++)
        if (strcmp(english, soft[i]) == 0)
            return true;
    return false;
}

static void the_words_of_both_are_reserved_in_every_file(void **state)
{
    (void)state;
    for (int swedish_file = 0; swedish_file < 2; swedish_file++)
        for (size_t i = 0; i < 2 * LEN(words); i++) {
            const char *word = i % 2 ? words[i / 2].swedish : words[i / 2].english;
            char text[300];
            snprintf(text, sizeof text, "policy p\n %s\n %s\n%s %s\n",
                     swedish_file ? "språk sv" : "language en",
                     swedish_file ? "pågående ärenden följer nya regler"
                                  : "running cases follow the new rules",
                     swedish_file ? "roll" : "role", word);
            if (errors(text, KAD_K_RESERVED) != 1)
                fail_msg("`%s` is not reserved", word);
        }
}

static void a_field_and_a_value_may_have_some_of_them(void **state)
{
    (void)state;
    static const char *const both[][2] = {
        {"policy p\n language en\n running cases follow the new rules\nsubject k\n"
         "choice c\n %s \"A\"\nevent e of k\n %s c, other text\nsubject l\n x is f.%s, %s after f\n"
         "event f of l %s c\nat e\n require %s is %s otherwise \"No\"\n",
         "policy p\n language en\n running cases follow the new rules\nsubject k\n"
         "event e of k source text, b number\nat e\n require source is \"x\" otherwise \"No\"\n"},
        {"policy p\n språk sv\n pågående ärenden följer nya regler\nsubjekt k\n"
         "val c\n %s \"A\"\nhändelse e av k\n %s c, other text\nsubjekt l\n x är f.%s, %s efter f\n"
         "händelse f av l %s c\nvid e\n kräv %s är %s annars \"No\"\n",
         "policy p\n språk sv\n pågående ärenden följer nya regler\nsubjekt k\n"
         "händelse e av k source text, b tal\nvid e\n kräv source är \"x\" annars \"No\"\n"}};
    for (size_t i = 0; i < LEN(words); i++) {
        if (!is_soft(words[i].english))
            continue;
        for (int sv = 0; sv < 2; sv++) {
            const char *w = words[i].english;
            char text[1000];
            snprintf(text, sizeof text, both[sv][0], w, w, w, w, w, w, w);
            kad_policy_free(compile(text));
        }
    }
    for (int sv = 0; sv < 2; sv++)
        kad_policy_free(compile(both[sv][1]));
}

/* The same tables, but for the places in the file. */
static void assert_same(const struct kad_policy *a, const struct kad_policy *b)
{
    assert_int_equal(a->n_roles, b->n_roles);
    assert_int_equal(a->n_choices, b->n_choices);
    assert_int_equal(a->n_params, b->n_params);
    assert_int_equal(a->n_kinds, b->n_kinds);
    assert_int_equal(a->n_events, b->n_events);
    assert_int_equal(a->n_guards, b->n_guards);
    assert_int_equal(a->n_rules, b->n_rules);
    assert_int_equal(a->n_tasks, b->n_tasks);
    for (size_t i = 0; i < a->n_rules; i++) {
        const struct kad_rule *x = &a->rules[i], *y = &b->rules[i];
        assert_int_equal(x->line, y->line);
        assert_int_equal(x->n_whens, y->n_whens);
        assert_int_equal(x->n_phases, y->n_phases);
        assert_int_equal(x->until.n, y->until.n);
        assert_int_equal(x->owner_attribute, y->owner_attribute);
        assert_int_equal(x->move, y->move);
        for (size_t k = 0; k < x->n_phases; k++)
            assert_memory_equal(&x->phases[k].shape, &y->phases[k].shape,
                                sizeof x->phases[k].shape);
        for (size_t k = 0; k < x->n_whens; k++)
            assert_memory_equal(&x->whens[k].due, &y->whens[k].due, sizeof x->whens[k].due);
    }
    for (size_t i = 0; i < a->n_events; i++)
        assert_int_equal(a->events[i].n_fields, b->events[i].n_fields);
}

static void one_grammar_over_both(void **state)
{
    (void)state;
    struct kad_buf en = read_data("dsl/sample.rules"), sv = read_data("dsl/sample-sv.rules");
    struct kad_policy *a = compile(kad_buf_str(&en)), *b = compile(kad_buf_str(&sv));
    assert_false(a->swedish);
    assert_true(b->swedish);
    assert_same(a, b);
    assert_int_equal(kad_dsl_example_count(b), 2);
    for (size_t i = 0; i < 2; i++) {
        struct kad_example_result r;
        assert_true(kad_dsl_example_run(b, i, NULL, &r));
        kad_dsl_example_done(&r);
    }
    kad_policy_free(a);
    kad_policy_free(b);
    kad_buf_done(&en);
    kad_buf_done(&sv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_word_has_one_counterpart),
        cmocka_unit_test(the_words_of_both_are_reserved_in_every_file),
        cmocka_unit_test(a_field_and_a_value_may_have_some_of_them),
        cmocka_unit_test(one_grammar_over_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

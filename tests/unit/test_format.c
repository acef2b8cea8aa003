/* The formatter changes nothing but how a text looks: what was read and what was compiled stay the
 * same, comments stay, doing it twice does nothing, and a translation there and back neither. */
#include "tests/unit/dsl.h"

#include "dsl/format_doc.h"
#include "tests/unit/dump.h"
#include "tests/unit/random_text.h"

#define TEXTS 800
#define SKETCHES 200

/* Laid out, or the test fails. The caller frees. */
static struct kad_buf formatted(const struct kad_buf *text, enum kad_format_words words)
{
    struct kad_diags d;
    struct kad_buf b = {0};
    struct kad_error err = {0};
    kad_diags_init(&d);
    enum kad_err got =
        kad_format((struct kad_str){kad_buf_str(text), text->n}, "x.rules", words, &d, &b, &err);
    if (got != KAD_OK) {
        kad_diags_put_all(&b, &d);
        fail_msg("%s%s in\n%s", kad_buf_str(&b), err.text, kad_buf_str(text));
    }
    kad_diags_done(&d);
    return b;
}

static struct kad_buf formatted_text(const char *text, enum kad_format_words words)
{
    struct kad_buf b = {0};
    kad_buf_puts(&b, text);
    struct kad_buf ret = formatted(&b, words);
    kad_buf_done(&b);
    return ret;
}

static void same_text(const struct kad_buf *a, const struct kad_buf *b, const char *what)
{
    if (a->n != b->n || memcmp(kad_buf_str(a), kad_buf_str(b), a->n) != 0)
        fail_msg("%s:\n%s\n--- and\n%s", what, kad_buf_str(a), kad_buf_str(b));
}

/* Is it well formed? Then its tree and its comments, as text. */
static bool read_tree(const struct kad_buf *text, struct kad_buf *ret)
{
    struct kad_diags d;
    struct kad_arena tree;
    struct kad_script u = {.keep = true};
    struct kad_fmt_doc doc;
    kad_diags_init(&d);
    kad_arena_init(&tree);
    bool good = kad_script_read(&u, &tree, (struct kad_str){kad_buf_str(text), text->n}, "x", &d) &&
                d.n_errors == 0;
    if (good) {
        dump_tree(ret, &u);
        kad_fmt_doc_init(&doc, &u, KAD_FORMAT_AS_IS);
        for (size_t i = 0; i <= doc.n; i++)
            for (size_t k = 0; k < doc.v[i].n_comments; k++)
                kad_buf_printf(ret, "%.*s\n", KAD_STR_FMT(doc.v[i].comments[k].text));
    }
    kad_arena_done(&tree);
    kad_diags_done(&d);
    return good;
}

static void check_round(const struct kad_buf *text, const struct kad_buf *tree)
{
    struct kad_buf once = formatted(text, KAD_FORMAT_AS_IS), again = {0}, sv = {0};
    struct kad_buf twice = formatted(&once, KAD_FORMAT_AS_IS);
    same_text(&once, &twice, "laid out twice");
    assert_true(read_tree(&once, &again));
    same_text(tree, &again, "another tree");
    kad_buf_reset(&again);
    struct kad_buf swedish = formatted(text, KAD_FORMAT_SWEDISH);
    assert_true(read_tree(&swedish, &again));
    same_text(tree, &again, "another tree in Swedish");
    sv = formatted(&swedish, KAD_FORMAT_AS_IS);
    same_text(&swedish, &sv, "laid out twice in Swedish");
    struct kad_buf back = formatted(&swedish, KAD_FORMAT_ENGLISH);
    same_text(&once, &back, "there and back");
    kad_buf_done(&once);
    kad_buf_done(&twice);
    kad_buf_done(&again);
    kad_buf_done(&swedish);
    kad_buf_done(&sv);
    kad_buf_done(&back);
}

static void any_text_of_the_grammar_is_read_the_same(void **state)
{
    (void)state;
    const char *more = getenv("KADENS_SEEDS");
    uint64_t seeds = more ? strtoull(more, NULL, 10) : TEXTS, good = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct dice d = {seed};
        struct kad_buf text = {0}, tree = {0};
        random_text(&d, &text);
        if (read_tree(&text, &tree)) {
            good++;
            check_round(&text, &tree);
        }
        kad_buf_done(&text);
        kad_buf_done(&tree);
    }
    /* A name that grows together with what stands beside it would spoil its text. */
    assert_true(good * 100 >= seeds * 95);
}

/* Warnings are not asked about. */
static struct kad_policy *compiled(const struct kad_buf *text)
{
    struct kad_policy *p = NULL;
    struct kad_error err = {0};
    if (kad_dsl_compile_fn((struct kad_str){kad_buf_str(text), text->n}, "x", &p, &err) != KAD_OK)
        fail_msg("%s in\n%s", err.text, kad_buf_str(text));
    return p;
}

/* Compiled and taken apart, the same; and its examples hold as before. */
static void check_meaning(const struct kad_buf *text, enum kad_format_words words)
{
    struct kad_buf laid = formatted(text, words), a = {0}, b = {0};
    struct kad_policy *p = compiled(text), *q = compiled(&laid);
    dump_policy(&a, p);
    dump_policy(&b, q);
    same_text(&a, &b, "another policy");
    assert_int_equal(kad_dsl_example_count(p), kad_dsl_example_count(q));
    for (size_t i = 0; i < kad_dsl_example_count(q); i++) {
        struct kad_example_result before, after;
        assert_true(kad_dsl_example_run(p, i, NULL, &before));
        assert_true(kad_dsl_example_run(q, i, NULL, &after));
        assert_int_equal(before.checked, after.checked);
        kad_dsl_example_done(&before);
        kad_dsl_example_done(&after);
    }
    kad_policy_free(p);
    kad_policy_free(q);
    kad_buf_done(&laid);
    kad_buf_done(&a);
    kad_buf_done(&b);
}

static void a_policy_means_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {
        "../rules/road-fines.rules",
        "dsl/sample.rules",
        "dsl/sample-sv.rules",
        "../../rules/se-hoglandet-2014.rules",
        "../../rules/se-hoglandet-2021.rules",
        "../../rules/efterstod-jonkoping-2018.rules",
    };
    for (size_t i = 0; i < LEN(names); i++) {
        struct kad_buf text = read_data(names[i]);
        for (int words = KAD_FORMAT_AS_IS; words <= KAD_FORMAT_SWEDISH; words++)
            check_meaning(&text, (enum kad_format_words)words);
        kad_buf_done(&text);
    }
}

static void random_policies_mean_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SKETCHES; seed++) {
        struct dice d = {seed};
        struct sketch s;
        struct kad_buf text = {0};
        sketch_random(&d, "made", seed % 2 ? "p" : "q", &s);
        sketch_text(&s, true, &text);
        check_meaning(&text, KAD_FORMAT_SWEDISH);
        kad_buf_done(&text);
    }
}

/* --- how it looks --- */

static void check_layout(const char *text, const char *want)
{
    struct kad_buf b = formatted_text(text, KAD_FORMAT_AS_IS);
    assert_string_equal(kad_buf_str(&b), want);
    kad_buf_done(&b);
}

static void what_a_word_processor_leaves_is_tidied(void **state)
{
    (void)state;
    check_layout("\xef\xbb\xbf"
                 "policy p ”Namn”\r\n\tsource «Sidan»\r\n",
                 "policy p \"Namn\"\n    source \"Sidan\"\n");
    check_layout("policy p “Sade \"ja\"”", "policy p ”Sade \"ja\"”\n");
    check_layout("param x = 465\xc2\xa0"
                 "000\xe2\x80\xaf"
                 "SEK\n",
                 "param x = 465 000 SEK\n");
    check_layout("param x = 75%\nparam yy = \xe2\x88\x92 3\n", "param x  = 75 %\nparam yy = -3\n");
    /* o and a mark above it are one letter */
    check_layout("role a \"Ko\xcc\x88ping\"\n", "role a \"K\xc3\xb6ping\"\n");
}

static void comments_stay_where_they_stand(void **state)
{
    (void)state;
    const char *text = "# first\n"
                       "\n"
                       "policy p  # who\n"
                       "    # of the policy\n"
                       "    calendar sweden  # one\n"
                       "    issue at 06:00   # two\n"
                       "    # the last of the policy\n"
                       "\n"
                       "\n"
                       "# --- roles ---\n"
                       "role a  # three\n"
                       "# between\n"
                       "role bb\n"
                       "\n"
                       "event e of k\n"
                       "    a number,  # four\n"
                       "    b text\n"
                       "\n"
                       "task t\n"
                       "    done by a,  # five\n"
                       "        # six\n"
                       "        bb\n"
                       "    # at the end\n"
                       "# of all\n";
    check_layout(text, text);
}

static void blank_lines_part_what_is_unlike(void **state)
{
    (void)state;
    check_layout("role a\nrole b\n\n\n\nrole c\nevent e of k\nevent f of k\ntask t\n\n  for a\n\n\n"
                 "  for b\ntask u\n  for c\n\n\n",
                 "role a\nrole b\n\nrole c\n\nevent e of k\nevent f of k\n\ntask t\n    for a\n\n"
                 "    for b\n\ntask u\n    for c\n");
}

static void a_long_line_is_broken_where_it_may_be(void **state)
{
    (void)state;
    check_layout("param rate_of_the_year of municipality = eksjo_och_nassjo 100 %, savsjo 150 %, "
                 "aneby 75 %, tranas 100 %\n",
                 "param rate_of_the_year of municipality = eksjo_och_nassjo 100 %, savsjo 150 %, "
                 "aneby 75 %,\n"
                 "                                         tranas 100 %\n");
    check_layout("subject k\n  decided is yes after decision where outcome is include, no after "
                 "decision where outcome is decline, otherwise no\n",
                 "subject k\n"
                 "    decided is yes after decision where outcome is include,\n"
                 "               no after decision where outcome is decline, otherwise no\n");
    check_layout(
        "at e\n  require a otherwise \"Den som inte är inskriven kan inte skrivas ut\" source "
        "\"5.0 Samverkansgruppen\"\n  require bb otherwise \"B\" source \"6\"\n",
        "at e\n"
        "    require a   otherwise \"Den som inte är inskriven kan inte skrivas ut\"\n"
        "        source \"5.0 Samverkansgruppen\"\n"
        "    require bb  otherwise \"B\"\n"
        "        source \"6\"\n");
}

static void words_that_would_grow_together_stand_apart(void **state)
{
    (void)state;
    check_layout("event share\n  of k\n", "event share\n    of k\n");
}

static void a_policy_without_its_language_is_told(void **state)
{
    (void)state;
    struct kad_buf b = formatted_text("policy p  # c\n    calendar sweden\n", KAD_FORMAT_SWEDISH);
    assert_string_equal(kad_buf_str(&b), "policy p  # c\n    språk    sv\n    kalender sweden\n");
    kad_buf_done(&b);
    b = formatted_text("policy p\nrole a\n", KAD_FORMAT_ENGLISH);
    assert_string_equal(kad_buf_str(&b), "policy p\n    language en\n\nrole a\n");
    kad_buf_done(&b);
}

static void nothing_is_laid_out_as_nothing(void **state)
{
    (void)state;
    check_layout("", "");
    check_layout("\n\n  \n", "");
    check_layout("\n  # only this\n\n\n", "# only this\n");
}

static void a_text_with_mistakes_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "policy p 3\n", "event e of k a number b text\n", "role \"a\n", "policy p\n    språk en\n",
        "\xff\n",
    };
    for (size_t i = 0; i < LEN(texts); i++) {
        struct kad_diags d;
        struct kad_buf b = {0};
        struct kad_error err = {0};
        kad_diags_init(&d);
        assert_int_equal(kad_format(kad_str(texts[i]), "x", KAD_FORMAT_AS_IS, &d, &b, &err),
                         KAD_ENO);
        assert_true(d.n_errors > 0);
        assert_int_equal(b.n, 0);
        assert_string_equal(err.text, "");
        kad_diags_done(&d);
        kad_buf_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_text_of_the_grammar_is_read_the_same),
        cmocka_unit_test(a_policy_means_the_same),
        cmocka_unit_test(random_policies_mean_the_same),
        cmocka_unit_test(what_a_word_processor_leaves_is_tidied),
        cmocka_unit_test(comments_stay_where_they_stand),
        cmocka_unit_test(blank_lines_part_what_is_unlike),
        cmocka_unit_test(a_long_line_is_broken_where_it_may_be),
        cmocka_unit_test(words_that_would_grow_together_stand_apart),
        cmocka_unit_test(a_policy_without_its_language_is_told),
        cmocka_unit_test(nothing_is_laid_out_as_nothing),
        cmocka_unit_test(a_text_with_mistakes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Every message of the compiler: its exact text, place, advice and corrected line. The cases lie in
 * tests/data/diag; what a text file cannot hold is here. A code without a case fails. */
#include "tests/unit/dsl.h"

#include <ctype.h>

#include "core/limits.h"
#include "dsl/help.h"

static bool seen[1000]; /* codes that some case has shown */

/* What is said of a text, all of it. */
static struct kad_buf said(struct kad_str text)
{
    struct kad_diags d;
    struct kad_buf b = {0};
    kad_diags_init(&d);
    struct kad_policy *p = kad_dsl_compile(text, "policy.rules", &d);
    kad_diags_put_all(&b, &d);
    assert_true(p == NULL || d.n_errors == 0);
    for (size_t i = 0; i < d.n; i++)
        seen[d.v[i].code] = true;
    kad_policy_free(p);
    kad_diags_done(&d);
    return b;
}

static void assert_said(struct kad_str text, const char *expected)
{
    struct kad_buf b = said(text);
    assert_string_equal(kad_buf_str(&b), expected);
    kad_buf_done(&b);
}

/* --- the files of cases --- */

/* One line without its break; false at the end. */
static bool next_line(struct kad_str *rest, struct kad_str *ret)
{
    if (rest->n == 0)
        return false;
    const char *end = memchr(rest->p, '\n', rest->n);
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    *ret = (struct kad_str){rest->p, n};
    n += end != NULL;
    *rest = (struct kad_str){rest->p + n, rest->n - n};
    return true;
}

static bool begins(struct kad_str s, const char *with)
{
    return s.n >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

struct one_case {
    char code[8], title[200];
    struct kad_buf text, expected;
};

/* `=== Kxxx title`, text, `---`, expected; up to the next. False: no more. */
static bool next_case(struct kad_str *rest, const struct kad_buf *base, struct one_case *c)
{
    struct kad_str line;
    bool inside = false, expecting = false;
    for (struct kad_str before = *rest; next_line(rest, &line); before = *rest) {
        if (begins(line, "=== ")) {
            if (inside) {
                *rest = before;
                break;
            }
            inside = true;
            snprintf(c->code, sizeof c->code, "%.4s", line.p + 4);
            snprintf(c->title, sizeof c->title, "%.*s", (int)line.n, line.p);
        } else if (inside && !expecting && kad_str_eq(line, KAD_STR("---"))) {
            expecting = true;
        } else if (inside && !expecting && kad_str_eq(line, KAD_STR("@base"))) {
            kad_buf_put(&c->text, base->p, base->n);
        } else if (inside && line.n > 0) {
            struct kad_buf *to = expecting ? &c->expected : &c->text;
            kad_buf_put(to, line.p, line.n);
            kad_buf_putc(to, '\n');
        }
    }
    return inside;
}

static void cases_of(const char *name)
{
    struct kad_buf base = read_data("diag/base.rules"), all = read_data(name);
    struct kad_str rest = {all.p, all.n};
    size_t n = 0;
    for (struct one_case c = {0}; next_case(&rest, &base, &c); c = (struct one_case){0}) {
        struct kad_buf b = said((struct kad_str){kad_buf_str(&c.text), c.text.n});
        char shown[16];
        snprintf(shown, sizeof shown, " %s: ", c.code);
        if (strcmp(kad_buf_str(&b), kad_buf_str(&c.expected)) != 0)
            fail_msg("%s\nis said: %s\nexpected: %s", c.title, kad_buf_str(&b),
                     kad_buf_str(&c.expected));
        if (!strstr(kad_buf_str(&b), shown))
            fail_msg("%s\ndoes not show its code", c.title);
        kad_buf_done(&b);
        kad_buf_done(&c.text);
        kad_buf_done(&c.expected);
        n++;
    }
    assert_true(n > 5);
    kad_buf_done(&base);
    kad_buf_done(&all);
}

static void messages_about_the_file(void **state)
{
    (void)state;
    cases_of("diag/file.cases");
}

static void messages_about_signs_and_words(void **state)
{
    (void)state;
    cases_of("diag/signs.cases");
}

static void messages_about_words_out_of_place(void **state)
{
    (void)state;
    cases_of("diag/syntax.cases");
}

static void messages_about_names(void **state)
{
    (void)state;
    cases_of("diag/names.cases");
}

static void messages_about_types(void **state)
{
    (void)state;
    cases_of("diag/types.cases");
}

static void messages_about_rules(void **state)
{
    (void)state;
    cases_of("diag/rules.cases");
}

static void messages_about_examples(void **state)
{
    (void)state;
    cases_of("diag/examples.cases");
}

static void warnings(void **state)
{
    (void)state;
    cases_of("diag/warn.cases");
}

/* A day that has passed depends on the day it is asked. */
static void a_day_of_review_passes(void **state)
{
    (void)state;
    static const char text[] = "policy p\n running cases keep the old rules\n"
                               " review by 2026-12-31 # the board\n"
                               "param fee = 800 SEK source \"p. 3\" review by 2027-06-30\n";
    for (int day = 0; day < 2; day++) {
        struct kad_diags d;
        struct kad_buf b = {0};
        kad_diags_init(&d);
        struct kad_policy *p = kad_dsl_compile(kad_str(text), "policy.rules", &d);
        assert_non_null(p);
        kad_dsl_review(p, kad_day_of(2026 + day, 12 - 11 * day, 31 - 30 * day), &d);
        kad_diags_put_all(&b, &d);
        assert_string_equal(
            kad_buf_str(&b),
            day == 0 ? ""
                     : "policy.rules:3:2: warning K170: `p` was to be reviewed by 2026-12-31.\n"
                       "    3 |  review by 2026-12-31 # the board\n"
                       "      |  ^~~~~~~~~~~~~~~~~~~~\n      = Review it, and write the next "
                       "day on which it is to be reviewed.\n");
        for (size_t i = 0; i < d.n; i++)
            seen[d.v[i].code] = true;
        kad_buf_done(&b);
        kad_policy_free(p);
        kad_diags_done(&d);
    }
}

/* --- what a text file cannot hold --- */

static void a_file_that_is_too_large_is_not_read(void **state)
{
    (void)state;
    size_t n = KAD_LIMIT_RULE_BYTES + 1;
    char *text = kad_xalloc(n);
    memset(text, '\n', n);
    assert_said((struct kad_str){text, n},
                "policy.rules:1:1: error K001: The file is larger than 4 MiB, which is the most "
                "that is read.\n");
    free(text);
}

static void what_is_no_text_is_not_read(void **state)
{
    (void)state;
    assert_said(KAD_STR("policy x\n  \xff\n"),
                "policy.rules:2:3: error K002: The file is not UTF-8 text: what stands here is no "
                "character.\n      = Save the file again with the encoding UTF-8.\n");
    assert_said(KAD_STR("policy x\0y\n"),
                "policy.rules:1:9: error K003: A control character (U+0000) stands here; a rule "
                "file holds text only.\n");
    assert_said(KAD_STR("policy x\n# \x1b[31m\n"),
                "policy.rules:2:3: error K003: A control character (U+001B) stands here; a rule "
                "file holds text only.\n    2 | # \\u{1b}[31m\n      |   ^\n");
    assert_said(KAD_STR("policy x \"a\xe2\x80\xae\"\n"),
                "policy.rules:1:12: error K004: An invisible character (U+202E) stands here that "
                "turns the direction of writing.\n"
                "    1 | policy x \"a\\u{202e}\"\n      |            ^\n"
                "      = It can make a rule look like another one. Remove it.\n");
}

static void too_many_declarations_are_not_read(void **state)
{
    (void)state;
    struct kad_buf text = {0};
    for (int i = 0; i <= KAD_LIMIT_RULE_DECLS; i++)
        kad_buf_printf(&text, "role r%d\n", i);
    assert_said((struct kad_str){text.p, text.n},
                "policy.rules:10001:1: error K005: The file has more than 10000 declarations.\n"
                "10001 | role r10000\n      | ^~~~\n");
    kad_buf_done(&text);
}

static void an_event_has_a_limit_of_fields(void **state)
{
    (void)state;
    struct kad_buf text = {0};
    kad_buf_puts(&text, "policy p\n running cases keep the old rules\nsubject k\nevent odd of k\n");
    for (int i = 0; i <= KAD_LIMIT_FIELDS; i++)
        kad_buf_printf(&text, "    %sf%d number\n", i > 0 ? ", " : "", i);
    assert_said((struct kad_str){text.p, text.n},
                "policy.rules:4:7: error K098: The event `odd` has more than 200 fields.\n"
                "    4 | event odd of k\n      |       ^~~\n");
    kad_buf_done(&text);
}

static void a_declaration_has_a_limit_of_parts(void **state)
{
    (void)state;
    struct kad_buf text = {0};
    kad_buf_puts(&text, "choice c\n");
    for (int i = 0; i <= KAD_LIMIT_RULE_DECLS; i++)
        kad_buf_printf(&text, " v%d\n", i);
    assert_said((struct kad_str){text.p, text.n},
                "policy.rules:10002:2: error K008: This declaration has more than 10000 parts.\n"
                "10002 |  v10000\n      |  ^~~~~~\n");
    kad_buf_reset(&text);
    kad_buf_puts(&text, "example \"long\"\n");
    for (int i = 0; i <= 1000; i++)
        kad_buf_puts(&text, " 2021-01-01 e\n");
    assert_said((struct kad_str){text.p, text.n},
                "policy.rules:1002:2: error K008: This declaration has more than 1000 parts.\n"
                " 1002 |  2021-01-01 e\n      |  ^~~~~~~~~~~~\n");
    kad_buf_done(&text);
}

static void a_subject_has_a_limit_of_attributes(void **state)
{
    (void)state;
    struct kad_buf text = {0};
    kad_buf_puts(&text, "policy p\n running cases keep the old rules\nevent e of k\nsubject k\n");
    for (int i = 0; i <= KAD_LIMIT_FIELDS; i++)
        kad_buf_printf(&text, " a%d = a%d + 1\n", i, i + 1);
    kad_buf_printf(&text, " a%d is count of e\n", KAD_LIMIT_FIELDS + 1);
    struct kad_buf b = said((struct kad_str){text.p, text.n});
    assert_non_null(strstr(kad_buf_str(&b),
                           "policy.rules:4:9: error K079: The subject `k` has more "
                           "than 200 attributes.\n"));
    kad_buf_done(&b);
    kad_buf_done(&text);
}

static void not_more_messages_are_shown_than_people_read(void **state)
{
    (void)state;
    struct kad_buf text = {0};
    kad_buf_puts(&text, "policy p\n running cases keep the old rules\n");
    for (int i = 0; i < 2000; i++)
        kad_buf_printf(&text, "event e%d of nobody\n", i);
    struct kad_buf b = said((struct kad_str){text.p, text.n});
    const char *last = strrchr(kad_buf_str(&b), 'y');
    assert_non_null(last);
    assert_non_null(strstr(kad_buf_str(&b), "policy.rules: 1950 more messages are not shown.\n"));
    size_t shown = 0;
    for (const char *s = kad_buf_str(&b); (s = strstr(s, "error K062")); s++)
        shown++;
    assert_int_equal(shown, KAD_LIMIT_DIAGS);
    kad_buf_done(&b);
    kad_buf_done(&text);
}

/* --- places --- */

#define SUBJECTS "      = Subjects are declared by a line such as: subject participant\n"
static void columns_are_what_an_eye_counts(void **state)
{
    (void)state;
    static const char head[] = "policy p\n running cases keep the old rules\nsubject k\n";
    struct kad_buf text = {0};
    /* A tab goes on to column 9, å is one column, 漢 two, and a decomposed å one. */
    kad_buf_printf(&text, "%sevent e\tof\tnobody\n", head);
    assert_said((struct kad_str){text.p, text.n},
                "policy.rules:4:17: error K062: There is no subject called `nobody`.\n"
                "    4 | event e of      nobody\n      |                 ^~~~~~\n" SUBJECTS);
    kad_buf_reset(&text);
    kad_buf_printf(&text, "%sevent e \"漢å\" of nobody\n", head);
    assert_said((struct kad_str){text.p, text.n},
                "policy.rules:4:18: error K062: There is no subject called `nobody`.\n"
                "    4 | event e \"漢å\" of nobody\n      |                  ^~~~~~\n" SUBJECTS);
    kad_buf_reset(&text);
    kad_buf_printf(&text, "%sevent e \"a\xcc\x8a\" of nobody\r\n", head);
    assert_said((struct kad_str){text.p, text.n},
                "policy.rules:4:16: error K062: There is no subject called `nobody`.\n"
                "    4 | event e \"å\" of nobody\n      |                ^~~~~~\n" SUBJECTS);
    kad_buf_done(&text);
}

static void a_very_long_line_is_shown_in_part(void **state)
{
    (void)state;
    struct kad_buf text = {0};
    kad_buf_puts(&text, "policy p\n running cases keep the old rules\nsubject k\nevent e ");
    for (int i = 0; i < 5000; i++)
        kad_buf_putc(&text, ' ');
    kad_buf_puts(&text, "of nobody\n");
    struct kad_buf b = said((struct kad_str){text.p, text.n});
    assert_true(b.n < 600);
    assert_non_null(strstr(kad_buf_str(&b), "policy.rules:4:5012: error K062"));
    kad_buf_done(&b);
    kad_buf_done(&text);
}

static void the_name_of_a_file_is_shown_safely(void **state)
{
    (void)state;
    struct kad_diags d;
    struct kad_buf b = {0};
    kad_diags_init(&d);
    assert_null(kad_dsl_compile(KAD_STR(""), "a\x1b[31m\nb.rules", &d));
    kad_diags_put(&b, &d, 0);
    assert_null(strchr(kad_buf_str(&b), 0x1b));
    assert_memory_equal(kad_buf_str(&b), "a\\u{1b}[31m\\nb.rules:1:1: error", 31);
    kad_buf_done(&b);
    kad_diags_done(&d);
}

static void core_is_told_the_first_error(void **state)
{
    (void)state;
    struct kad_policy *p = NULL;
    struct kad_error err = {0};
    assert_int_equal(kad_dsl_compile_fn(KAD_STR("policy p\n calendar moon\n"), "p.rules", &p, &err),
                     KAD_EINPUT);
    assert_null(p);
    assert_string_equal(err.text, "p.rules:1:8: The policy must say what happens to running cases "
                                  "when it comes into force.");
    err = (struct kad_error){0};
    assert_int_equal(kad_dsl_compile_fn(KAD_STR("policy p\n running cases keep the old rules\n"),
                                        "p.rules", &p, &err),
                     KAD_OK);
    assert_non_null(p);
    kad_policy_free(p);
}

/* --- none is forgotten --- */

static void the_page_about_errors_is_made_from_the_tables(void **state)
{
    (void)state;
    char path[4096];
    struct kad_buf page = {0}, there = {0};
    const char *src = getenv("KAD_SRC");
    snprintf(path, sizeof path, "%s/docs/errors.md", src ? src : ".");
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be opened", path);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        kad_buf_put(&there, part, n);
    fclose(f);
    kad_code_put_page(&page);
    if (strcmp(kad_buf_str(&page), kad_buf_str(&there)) != 0)
        fail_msg("docs/errors.md is not as the tables of messages give it: make errors");
    kad_buf_done(&page);
    kad_buf_done(&there);
}

static void every_code_is_explained_and_most_have_an_example(void **state)
{
    (void)state;
    struct kad_code c;
    size_t examples = 0;
    for (size_t i = 0; i < kad_code_count(); i++) {
        c = kad_code_at(i);
        assert_true(i == 0 || c.code > kad_code_at(i - 1).code);
        assert_true(strlen(c.meaning) > 20);
        assert_non_null(c.mend);
        examples += c.example != NULL;
        if (c.example)
            assert_non_null(strstr(c.example->said, "policy.rules:"));
    }
    assert_true(examples + 9 >= kad_code_count());
    assert_true(kad_code_find("K060", &c) && c.code == 60);
    assert_true(kad_code_find("k60", &c) && c.code == 60);
    assert_true(kad_code_find("60", &c) && c.code == 60);
    assert_false(kad_code_find("K999", &c));
    assert_false(kad_code_find("K", &c));
    assert_false(kad_code_find("K60x", &c));
    assert_false(kad_code_find("", &c));
}

static void every_code_has_a_case(void **state)
{
    (void)state;
    enum kad_severity severity;
    const char *text;
    size_t n = 0;
    for (int code = 0; code < (int)LEN(seen); code++) {
        if (kad_diag_known(code, &severity, &text, NULL) && !seen[code])
            fail_msg("K%03d has no case: %s", code, text);
        n += kad_diag_known(code, &severity, &text, NULL);
    }
    assert_true(n > 100);
}

static void messages_are_sentences(void **state)
{
    (void)state;
    enum kad_severity severity;
    const char *text;
    for (int code = 0; code < (int)LEN(seen); code++) {
        if (!kad_diag_known(code, &severity, &text, NULL) || strcmp(text, "%s") == 0)
            continue;
        assert_true(isupper((unsigned char)text[0]) || text[0] == '`' || text[0] == '%');
        assert_int_equal(text[strlen(text) - 1], '.');
        assert_null(strstr(text, "TOK_"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_about_the_file),
        cmocka_unit_test(messages_about_signs_and_words),
        cmocka_unit_test(messages_about_words_out_of_place),
        cmocka_unit_test(messages_about_names),
        cmocka_unit_test(messages_about_types),
        cmocka_unit_test(messages_about_rules),
        cmocka_unit_test(messages_about_examples),
        cmocka_unit_test(warnings),
        cmocka_unit_test(a_day_of_review_passes),
        cmocka_unit_test(a_file_that_is_too_large_is_not_read),
        cmocka_unit_test(what_is_no_text_is_not_read),
        cmocka_unit_test(too_many_declarations_are_not_read),
        cmocka_unit_test(an_event_has_a_limit_of_fields),
        cmocka_unit_test(a_declaration_has_a_limit_of_parts),
        cmocka_unit_test(a_subject_has_a_limit_of_attributes),
        cmocka_unit_test(not_more_messages_are_shown_than_people_read),
        cmocka_unit_test(columns_are_what_an_eye_counts),
        cmocka_unit_test(a_very_long_line_is_shown_in_part),
        cmocka_unit_test(the_name_of_a_file_is_shown_safely),
        cmocka_unit_test(core_is_told_the_first_error),
        cmocka_unit_test(every_code_has_a_case),
        cmocka_unit_test(messages_are_sentences),
        cmocka_unit_test(the_page_about_errors_is_made_from_the_tables),
        cmocka_unit_test(every_code_is_explained_and_most_have_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

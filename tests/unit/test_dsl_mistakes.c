/* What an administrator gets wrong: one slip in a policy that is right gives exactly one message, at
 * the slip, that says what to do; in both languages. The slips lie in tests/data/mistakes: below
 * `=== title` the lines that were (`< `) and what they became (`> `), then `---` and what is said, and
 * where it stands there `--- sv` and what is said in Swedish. */
#include "tests/unit/dsl.h"

#include <libintl.h>
#include <limits.h>
#include <locale.h>

static struct kad_buf base;
static size_t n_cases, n_swedish;

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
    char title[200];
    struct kad_buf were, become, english, swedish;
};

static bool next_case(struct kad_str *rest, struct one_case *c)
{
    struct kad_str line;
    struct kad_buf *said = NULL;
    *c = (struct one_case){0};
    for (struct kad_str before = *rest; next_line(rest, &line); before = *rest) {
        if (begins(line, "=== ") && c->title[0]) {
            *rest = before;
            break;
        }
        struct kad_buf *to = said;
        size_t skip = 0;
        if (begins(line, "=== ")) {
            snprintf(c->title, sizeof c->title, "%.*s", (int)line.n - 4, line.p + 4);
            continue;
        } else if (kad_str_eq(line, KAD_STR("---"))) {
            said = &c->english;
            continue;
        } else if (kad_str_eq(line, KAD_STR("--- sv"))) {
            said = &c->swedish;
            continue;
        } else if (!said) {
            to = begins(line, "<") ? &c->were : &c->become;
            skip = line.n > 1 ? 2 : 1;
        }
        if (!to || line.n == 0)
            continue;
        kad_buf_put(to, line.p + skip, line.n - skip);
        kad_buf_putc(to, '\n');
    }
    return c->title[0] != '\0';
}

/* The policy with the slip in it. */
static struct kad_buf slipped(struct one_case *c)
{
    struct kad_buf b = {0};
    const char *text = kad_buf_str(&base), *at = text + base.n;
    if (c->were.n > 0) {
        struct kad_buf sought = {0};
        kad_buf_printf(&sought, "\n%s", kad_buf_str(&c->were));
        at = strstr(text, kad_buf_str(&sought));
        if (!at || strstr(at + 1, kad_buf_str(&sought)))
            fail_msg("%s: the lines stand in the policy once, or the slip is nowhere", c->title);
        at++;
        kad_buf_done(&sought);
    }
    kad_buf_put(&b, text, (size_t)(at - text));
    kad_buf_put(&b, c->become.p, c->become.n);
    at += c->were.n;
    kad_buf_put(&b, at, (size_t)(text + base.n - at));
    return b;
}

static void assert_one(const struct one_case *c, const struct kad_buf *text,
                       const struct kad_buf *expected)
{
    struct kad_diags d;
    struct kad_buf b = {0};
    kad_diags_init(&d);
    kad_policy_free(kad_dsl_compile((struct kad_str){text->p, text->n}, "policy.rules", &d));
    kad_diags_put_all(&b, &d);
    if (d.n != 1)
        fail_msg("%s\ngives %zu messages: %s", c->title, d.n, kad_buf_str(&b));
    if (!d.v[0].advice && !d.v[0].mend)
        fail_msg("%s\ndoes not say what to do: %s", c->title, kad_buf_str(&b));
    if (expected && (b.n != expected->n || memcmp(b.p, expected->p, b.n) != 0))
        fail_msg("%s\nis said: %s\nexpected: %.*s", c->title, kad_buf_str(&b), (int)expected->n,
                 expected->p);
    kad_buf_done(&b);
    kad_diags_done(&d);
}

static void cases_of(const char *name, bool swedish)
{
    struct kad_buf all = read_data(name);
    struct kad_str rest = {all.p, all.n};
    for (struct one_case c; next_case(&rest, &c);) {
        struct kad_buf text = slipped(&c);
        if (!swedish)
            assert_one(&c, &text, &c.english);
        else
            assert_one(&c, &text, c.swedish.n > 0 ? &c.swedish : NULL);
        n_cases += !swedish;
        n_swedish += swedish && c.swedish.n > 0;
        kad_buf_done(&text);
        kad_buf_done(&c.were);
        kad_buf_done(&c.become);
        kad_buf_done(&c.english);
        kad_buf_done(&c.swedish);
    }
    kad_buf_done(&all);
}

static void without_a_slip_nothing_is_said(void **state)
{
    (void)state;
    kad_policy_free(compile_n(base.p, base.n));
}

static void slips_in_names(void **state)
{
    (void)state;
    cases_of("mistakes/names.cases", false);
}

static void slips_in_words(void **state)
{
    (void)state;
    cases_of("mistakes/words.cases", false);
}

static void slips_in_times_and_numbers(void **state)
{
    (void)state;
    cases_of("mistakes/times.cases", false);
}

static void slips_in_examples(void **state)
{
    (void)state;
    cases_of("mistakes/examples.cases", false);
}

/* Last, for what was translated once stays so. */
static void all_of_them_in_swedish(void **state)
{
    (void)state;
    char folder[PATH_MAX];
    assert_non_null(realpath("locale", folder));
    setenv("LANGUAGE", "sv", 1);
    setlocale(LC_ALL, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    bindtextdomain("kadens", folder);
    bind_textdomain_codeset("kadens", "UTF-8");
    kad_text_set_lang("sv");
    cases_of("mistakes/names.cases", true);
    cases_of("mistakes/words.cases", true);
    cases_of("mistakes/times.cases", true);
    cases_of("mistakes/examples.cases", true);
}

static void there_are_many_of_them(void **state)
{
    (void)state;
    assert_true(n_cases >= 100);
    assert_true(n_swedish >= 25);
}

static int setup(void **state)
{
    (void)state;
    base = read_data("mistakes/policy.rules");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kad_buf_done(&base);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_slip_nothing_is_said),
        cmocka_unit_test(slips_in_names),
        cmocka_unit_test(slips_in_words),
        cmocka_unit_test(slips_in_times_and_numbers),
        cmocka_unit_test(slips_in_examples),
        cmocka_unit_test(all_of_them_in_swedish),
        cmocka_unit_test(there_are_many_of_them),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

#include "dsl/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every code is explained: a line of diag.def without one in help.def does not compile, nor the other
 * way round. */
enum {
#define H(name, meaning, mend) EXPLAINED_##name,
#include "dsl/help.def"
#undef H
};
#define K(number, name, severity, text, advice)                                                    \
    _Static_assert((int)EXPLAINED_##name >= 0, "explained in help.def");
#include "dsl/diag.def"
#undef K

static const struct {
    int code;
    const char *meaning, *mend;
} table[] = {
#define H(name, meaning, mend) {KAD_K_##name, (meaning), (mend)},
#include "dsl/help.def"
#undef H
};
#define COUNT (sizeof table / sizeof table[0])

size_t kad_code_count(void)
{
    return COUNT;
}

static const struct kad_case *case_of(int code)
{
    for (size_t i = 0; kad_cases[i].text; i++)
        if (kad_cases[i].code == code)
            return &kad_cases[i];
    return NULL;
}

static struct kad_code help_of(size_t row)
{
    struct kad_code h = {.code = table[row].code,
                         .meaning = table[row].meaning,
                         .mend = table[row].mend,
                         .example = case_of(table[row].code)};
    const char *advice = NULL;
    bool known = kad_diag_known(h.code, &h.severity, &h.message, &advice);
    kad_assert(known);
    if (!h.mend)
        h.mend = advice;
    return h;
}

struct kad_code kad_code_at(size_t i)
{
    kad_assert(i < COUNT);
    for (size_t row = 0; row < COUNT; row++) {
        size_t before = 0;
        for (size_t k = 0; k < COUNT; k++)
            before += table[k].code < table[row].code;
        if (before == i)
            return help_of(row);
    }
    kad_unreachable();
}

bool kad_code_find(const char *code, struct kad_code *ret)
{
    char *end;
    if (*code == 'K' || *code == 'k')
        code++;
    if (*code < '0' || *code > '9')
        return false;
    long n = strtol(code, &end, 10);
    if (*end != '\0')
        return false;
    for (size_t row = 0; row < COUNT; row++)
        if (table[row].code == n) {
            *ret = help_of(row);
            return true;
        }
    return false;
}

/* --- showing --- */

static void put_pattern(struct kad_buf *b, const char *message)
{
    for (const char *s = message; *s; s++)
        if (s[0] == '%' && s[1] == 's') {
            kad_buf_puts(b, "…");
            s++;
        } else {
            kad_buf_putc(b, *s);
        }
}

void kad_code_put_message(struct kad_buf *b, const struct kad_code *h)
{
    put_pattern(b, _(h->message));
}

/* Each line after so many blanks; what an eye does not see is made visible. */
static void put_lines(struct kad_buf *b, const char *text, const char *indent)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        kad_buf_puts(b, indent);
        kad_source_put_line(b, (struct kad_str){text, n});
        kad_buf_putc(b, '\n');
        text += n + (text[n] == '\n');
    }
}

void kad_code_put(struct kad_buf *b, const struct kad_code *h)
{
    char code[16];
    snprintf(code, sizeof code, "K%03d", h->code);
    struct kad_buf message = {0};
    kad_code_put_message(&message, h);
    kad_buf_printf(b, h->severity == KAD_ERROR ? _("%s, an error: %s") : _("%s, a warning: %s"),
                   code, kad_buf_str(&message));
    kad_buf_done(&message);
    kad_buf_printf(b, "\n\n%s\n", _(h->meaning));
    if (h->example) {
        kad_buf_printf(b, "\n%s\n\n", _("For example:"));
        put_lines(b, h->example->text, "    ");
        kad_buf_puts(b, "\n");
        put_lines(b, h->example->said, "    ");
    }
    if (h->mend)
        kad_buf_printf(b, "\n%s\n", _(h->mend));
}

static const char page_head[] =
    "# What check says\n"
    "\n"
    "Every message of `kadens rules check` has a code that stays the same. `kadens rules check\n"
    "--explain K060` says what stands here about one of them. Errors keep a file from being used;\n"
    "warnings do not: they name what can be used, but can hardly be meant. This page is made from the\n"
    "program's own tables by `make errors`.\n"
    "\n"
    "Most examples stand behind this small policy, so their lines are counted on from it:\n"
    "\n";

void kad_code_put_page(struct kad_buf *b)
{
    kad_buf_puts(b, page_head);
    kad_buf_puts(b, "```\n");
    put_lines(b, kad_cases_base, "");
    kad_buf_puts(b, "```\n");
    for (size_t i = 0; i < COUNT; i++) {
        struct kad_code h = kad_code_at(i);
        kad_buf_printf(b, "\n## K%03d\n\n%s: ", h.code,
                       h.severity == KAD_ERROR ? "Error" : "Warning");
        put_pattern(b, h.message);
        kad_buf_printf(b, "\n\n%s\n", h.meaning);
        if (h.example) {
            kad_buf_puts(b, "\n```\n");
            put_lines(b, h.example->text, "");
            kad_buf_puts(b, "```\n```\n");
            put_lines(b, h.example->said, "");
            kad_buf_puts(b, "```\n");
        }
        if (h.mend)
            kad_buf_printf(b, "\n**What to do:** %s\n", h.mend);
    }
}

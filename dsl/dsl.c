#include "dsl/dsl.h"

#include <stdio.h>

#include "core/limits.h"
#include "dsl/lower.h"
#include "dsl/syntax.h"

/* --- what is refused before it is read --- */

static void say_code(struct kad_diags *d, const struct kad_source *s, size_t at,
                     enum kad_diag_code code, unsigned c)
{
    char text[16];
    snprintf(text, sizeof text, "U+%04X", c);
    (void)kad_report(d, s, (struct kad_span){(uint32_t)at, (uint32_t)at}, code, text);
}

/* A byte that no text has: all control characters but tab and line breaks. */
static size_t control_at(struct kad_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return i;
    }
    return s.n;
}

static bool is_text(struct kad_str text, const char *name, struct kad_diags *d)
{
    struct kad_source s;
    size_t at;
    if (text.n > KAD_LIMIT_RULE_BYTES) {
        char most[16];
        snprintf(most, sizeof most, "%u", KAD_LIMIT_RULE_BYTES >> 20);
        kad_source_init(&s, &d->arena, (struct kad_str){"", 0}, name);
        (void)kad_report(d, &s, (struct kad_span){0, 0}, KAD_K_TOO_LARGE, most);
        return false;
    }
    kad_source_init(&s, &d->arena, text, name);
    at = control_at(text);
    if (at < text.n) {
        say_code(d, &s, at, KAD_K_CONTROL, (unsigned char)text.p[at]);
        return false;
    }
    if (!kad_utf8_valid(text, &at)) {
        (void)kad_report(d, &s, (struct kad_span){(uint32_t)at, (uint32_t)at}, KAD_K_NOT_UTF8);
        return false;
    }
    at = kad_utf8_bidi(text);
    if (at < text.n) {
        size_t len;
        say_code(d, &s, at, KAD_K_BIDI,
                 (unsigned)kad_utf8_get((struct kad_str){text.p + at, text.n - at}, &len));
        return false;
    }
    return true;
}

/* --- compiling --- */

/* In NFC and with a line break at the end, which the scanner looks behind numbers for. */
static struct kad_str readable(struct kad_arena *a, struct kad_str text)
{
    struct kad_str nfc = kad_text_nfc(a, text);
    if (nfc.n > 0 && nfc.p[nfc.n - 1] == '\n')
        return nfc;
    char *copy = kad_arena_alloc(a, nfc.n + 2);
    if (nfc.n > 0)
        memcpy(copy, nfc.p, nfc.n);
    copy[nfc.n] = '\n';
    return (struct kad_str){copy, nfc.n + 1};
}

bool kad_script_read(struct kad_script *u, struct kad_arena *tree, struct kad_str text,
                     const char *name, struct kad_diags *d)
{
    *u = (struct kad_script){.diags = d, .arena = tree, .keep = u->keep};
    d->name = kad_arena_strdup(&d->arena, name ? name : "");
    if (!is_text(text, name, d))
        return false;
    kad_source_init(&u->src, tree, readable(tree, text), name);
    kad_lex_begin(u);
    kad_parse(u);
    kad_lex_end(u);
    if (d->n_errors > 0 && !u->knows_decl) {
        /* A letter, a page of another language: one message instead of one for each line. */
        kad_diags_reset(d);
        (void)kad_report(d, &u->src, (struct kad_span){0, 0}, KAD_K_NOT_RULES);
        return false;
    }
    kad_lex_report_foreign(u);
    kad_syntax_close(u);
    return !u->stopped;
}

struct kad_policy *kad_dsl_compile(struct kad_str text, const char *name, struct kad_diags *d)
{
    struct kad_arena tree;
    struct kad_script u = {.keep = false};
    kad_arena_init(&tree);
    struct kad_policy *p = kad_script_read(&u, &tree, text, name, d) ? kad_lower(&u, text) : NULL;
    kad_diags_close(d);
    kad_arena_done(&tree);
    return p;
}

enum kad_err kad_dsl_compile_fn(struct kad_str text, const char *name, struct kad_policy **ret,
                                struct kad_error *reterr)
{
    struct kad_diags d;
    kad_diags_init(&d);
    struct kad_policy *p = kad_dsl_compile(text, name, &d);
    enum kad_err err = KAD_OK;
    for (size_t i = 0; !p && i < d.n && err == KAD_OK; i++)
        if (d.v[i].severity == KAD_ERROR)
            err = kad_fail(reterr, KAD_EINPUT, "%s:%zu:%zu: %s", d.name, d.v[i].line, d.v[i].column,
                           d.v[i].message);
    kad_diags_done(&d);
    if (p)
        *ret = p;
    return err;
}

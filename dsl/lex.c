/* Between scanner and parser: what a word's place on its line means (declarations at the left margin,
 * names that begin a line), words of the other language, parts of the language that are not there
 * yet, and what is passed over after a mistake. */
#include <stdio.h>

#include "core/limits.h"
#include "dsl/parser.h"
#include "dsl/scan.h"
#include "dsl/syntax.h"
#include "dsl/words.h"

/* More foreign words than this, and the file is written in the other language. */
#define FOREIGN_FEW 5

/* --- which language --- */

static bool next_word(struct kad_str line, size_t *at, struct kad_str *ret)
{
    while (*at < line.n && (line.p[*at] == ' ' || line.p[*at] == '\t'))
        (*at)++;
    size_t from = *at;
    while (*at < line.n && line.p[*at] != ' ' && line.p[*at] != '\t' && line.p[*at] != '#')
        (*at)++;
    *ret = (struct kad_str){line.p + from, *at - from};
    return ret->n > 0;
}

/* The words are looked up before the grammar is known, so `language sv` is looked for by itself. */
static bool is_swedish(const struct kad_source *s)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        struct kad_str line = kad_source_line_text(s, i), word, which;
        size_t at = 0;
        if (!next_word(line, &at, &word) || !next_word(line, &at, &which))
            continue;
        if (kad_str_eq(word, KAD_STR("language")) || kad_str_eq(word, KAD_STR("språk")))
            return kad_str_eq(which, KAD_STR("sv"));
    }
    return false;
}

void kad_lex_begin(struct kad_script *u)
{
    u->swedish = is_swedish(&u->src);
    u->error_at = UINT32_MAX;
    kad_words_begin(u);
    struct kad_str text = u->src.text;
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
        u->bom = 3;
    u->offset = u->bom;
    kad_scan_begin(u, (struct kad_str){text.p + u->bom, text.n - u->bom});
}

void kad_lex_end(struct kad_script *u)
{
    if (u->starts.n > 0)
        u->starts.v[u->starts.n - 1].to = (uint32_t)u->src.text.n;
    kad_scan_end(u);
}

/* --- words of the other language --- */

void kad_lex_excuse(struct kad_script *u, struct kad_span span)
{
    for (size_t i = u->foreign.n; i > 0; i--)
        if (u->foreign.v[i - 1].span.from == span.from) {
            u->foreign.v[i - 1].excused = true;
            return;
        }
}

/* Where something worse is said, what the line was to be is doubtful. */
static bool is_broken_line(const struct kad_script *u, uint32_t at)
{
    size_t line = kad_source_line(&u->src, at) + 1;
    for (size_t i = 0; i < u->diags->n; i++)
        if (u->diags->v[i].line == line)
            return true;
    return false;
}

/* The first of its word, and counted. */
static bool is_new(const struct kad_script *u, size_t i)
{
    const struct kad_foreign *f = &u->foreign.v[i];
    for (size_t k = 0; k < i; k++)
        if (!u->foreign.v[k].excused && u->foreign.v[k].own == f->own)
            return false;
    return !f->excused;
}

void kad_lex_report_foreign(struct kad_script *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->foreign.n; i++)
        if (is_broken_line(u, u->foreign.v[i].span.from))
            u->foreign.v[i].excused = true;
    for (size_t i = 0; i < u->foreign.n && n <= FOREIGN_FEW; i++)
        n += is_new(u, i);
    for (size_t i = 0; i < u->foreign.n; i++) {
        struct kad_foreign *f = &u->foreign.v[i];
        if (!is_new(u, i))
            continue;
        const char *own = kad_word_of(f->own->token, u->swedish);
        const char *found = kad_str_dup(u->arena, f->own->text).p;
        if (n > FOREIGN_FEW) {
            (void)kad_report(u->diags, &u->src, f->span,
                             u->swedish ? KAD_K_FILE_IN_ENGLISH : KAD_K_FILE_IN_SWEDISH, found);
            return;
        }
        struct kad_diag *r =
            kad_report(u->diags, &u->src, f->span,
                       u->swedish ? KAD_K_ENGLISH_WORD : KAD_K_SWEDISH_WORD, found, own ? own : "");
        if (own)
            kad_mend(u->diags, &u->src, r, f->span, kad_str(own));
    }
}

/* --- one token --- */

static bool is_blank_before(const struct kad_script *u, uint32_t at, uint32_t *ret_from)
{
    uint32_t i = at;
    while (i > u->bom && u->src.text.p[i - 1] != '\n') {
        char c = u->src.text.p[i - 1];
        /* Bytes of blanks that do not break a line lie above 0x7f; no other byte is passed. */
        if (c != ' ' && c != '\t' && c != '\r' && (unsigned char)c < 0x80)
            return false;
        if ((unsigned char)c >= 0x80) {
            struct kad_str before = {u->src.text.p, i};
            if (before.n >= 2 && memcmp(before.p + before.n - 2, "\xc2\xa0", 2) == 0)
                i -= 2;
            else if (before.n >= 3 && (memcmp(before.p + before.n - 3, "\xe2\x80\xaf", 3) == 0 ||
                                       memcmp(before.p + before.n - 3, "\xe2\x80\x89", 3) == 0))
                i -= 3;
            else
                return false;
            continue;
        }
        i--;
    }
    *ret_from = i;
    return true;
}

static struct kad_token scan(struct kad_script *u, KAD_YYSTYPE *value)
{
    struct kad_token t = {0};
    uint32_t inside = u->phrase_end;
    do
        t.token = kad_scan(value, &t.span, u->scanner);
    while (t.token == TOK_SKIP || (t.token != 0 && t.span.from < inside));
    if (t.token == 0)
        t.span = (struct kad_span){(uint32_t)u->src.text.n, (uint32_t)u->src.text.n};
    else if (u->phrase_end > t.span.to)
        t.span.to = u->phrase_end;
    uint32_t line_from = 0;
    t.first = is_blank_before(u, t.span.from, &line_from);
    t.margin = t.first && line_from == t.span.from;
    return t;
}

static uint32_t end_of_line(const struct kad_script *u, uint32_t at)
{
    const char *p = memchr(u->src.text.p + at, '\n', u->src.text.n - at);
    return p ? (uint32_t)(p - u->src.text.p) : (uint32_t)u->src.text.n;
}

/* --- declarations --- */

static void begin_decl(struct kad_script *u, struct kad_token *t)
{
    if (u->starts.n > 0)
        u->starts.v[u->starts.n - 1].to = t->span.from;
    struct kad_span s = {t->span.from, (uint32_t)u->src.text.n};
    kad_vec_push(u->arena, &u->starts, s);
    u->decl = t->token;
    u->said_indent = false;
    if (u->starts.n == KAD_LIMIT_RULE_DECLS + 1) {
        char most[16];
        snprintf(most, sizeof most, "%d", KAD_LIMIT_RULE_DECLS);
        (void)kad_report(u->diags, &u->src, t->span, KAD_K_TOO_MANY_DECLS, most);
        u->stopped = true;
    }
}

static bool may_begin(const void *ctx, int token)
{
    (void)ctx;
    return kad_is_decl(token);
}

/* A name at the left margin: a misspelt declaration is taken for what it was meant as. 0: unknown. */
static int stray_decl(struct kad_script *u, struct kad_token *t, const struct kad_ident *name)
{
    struct kad_span there;
    int token = kad_diags_full(u->diags) ? 0 : kad_words_near(u, t->span, may_begin, NULL, &there);
    if (token == 0 && u->prose)
        return 0;
    struct kad_diag *r = kad_report(u->diags, &u->src, t->span, KAD_K_UNKNOWN_DECL, name->name.p);
    u->prose = token == 0;
    if (token == 0) {
        kad_vec_push(u->arena, &u->broken, t->span.from);
        return 0;
    }
    const char *word = kad_word_of(token, u->swedish);
    kad_advise(u->diags, r, _("Did you mean `%s`?"), word);
    kad_mend(u->diags, &u->src, r, t->span, kad_str(word));
    return token;
}

/* Lists, measures and reports are read up to the next declaration and answered with one message. */
static void not_yet(struct kad_script *u, struct kad_token *t)
{
    struct kad_str name,
        line = {u->src.text.p + t->span.to, end_of_line(u, t->span.to) - t->span.to};
    size_t at = 0;
    (void)next_word(line, &at, &name);
    (void)kad_report(u->diags, &u->src, t->span, KAD_K_NOT_YET, kad_word_of(t->token, u->swedish),
                     kad_str_dup(u->arena, name).p);
    u->skip = KAD_SKIP_DECL;
}

/* At the left margin, or a word that belongs there. False: the token is done with. */
static bool place_decl(struct kad_script *u, struct kad_token *t, const KAD_YYSTYPE *value)
{
    if (t->token == TOK_NAME && t->margin) {
        int token = stray_decl(u, t, &value->TOK_NAME);
        begin_decl(u, t);
        if (token == 0) {
            u->skip = KAD_SKIP_DECL;
            return false;
        }
        t->token = u->decl = token;
        u->prose = false;
        u->knows_decl = true;
    } else if (kad_is_decl(t->token)) {
        if (!t->margin) {
            uint32_t line = u->src.lines[kad_source_line(&u->src, t->span.from)];
            struct kad_diag *r = kad_report(u->diags, &u->src, t->span, KAD_K_DECL_INDENTED,
                                            kad_word_of(t->token, u->swedish));
            kad_mend(u->diags, &u->src, r, (struct kad_span){line, t->span.from}, KAD_STR(""));
        }
        u->knows_decl = u->knows_decl || t->margin;
        begin_decl(u, t);
        u->prose = false;
    } else {
        /* A clause that lost its indentation: once for a declaration is enough. */
        struct kad_diag *r = NULL;
        if (!u->said_indent && u->decl != 0)
            r = kad_report(u->diags, &u->src, t->span, KAD_K_INDENT,
                           kad_str_dup(u->arena, kad_source_slice(&u->src, t->span)).p);
        kad_mend(u->diags, &u->src, r, (struct kad_span){t->span.from, t->span.from},
                 KAD_STR("    "));
        u->said_indent = true;
        return true;
    }
    if (u->decl == TOK_LIST || u->decl == TOK_MEASURE || u->decl == TOK_REPORT) {
        not_yet(u, t);
        return false;
    }
    return true;
}

/* --- what the token is, by its place --- */

/* Does a name that begins a line begin something? In a subject it is an attribute (behind a comma the
 * grammar takes it either way); in a rule, behind a name, it is no event whose comma was forgotten. */
static bool begins_a_clause(const struct kad_script *u)
{
    if (u->decl == TOK_TASK || u->decl == TOK_CADENCE || u->decl == TOK_DUTY)
        return u->last.token == TOK_NAME;
    return u->decl == TOK_SUBJECT;
}

static void place_inside(struct kad_script *u, struct kad_token *t, KAD_YYSTYPE *value)
{
    switch (t->token) {
    case TOK_NAME:
        if (t->first && begins_a_clause(u))
            t->token = TOK_LINE_NAME;
        break;
    case TOK_FROM:
        t->token = t->first ? TOK_LINE_FROM : TOK_FROM;
        break;
    case TOK_UNTIL:
        t->token = t->first ? TOK_LINE_UNTIL : TOK_UNTIL;
        break;
    case TOK_SOURCE:
        t->token = t->first ? TOK_LINE_SOURCE : TOK_SOURCE;
        break;
    case TOK_NO:
    case TOK_NONE_OF:
        /* English has one word for two of the Swedish. */
        if (kad_str_eq(kad_source_slice(&u->src, t->span), KAD_STR("no")))
            t->token = u->last.token == TOK_EXPECT && u->decl == TOK_EXAMPLE ? TOK_NONE_OF : TOK_NO;
        break;
    case TOK_MEASURE:
        if (u->last.token != TOK_EXPECT)
            break;
        value->TOK_LATER =
            (struct kad_ident){.name = kad_str(kad_word_of(t->token, u->swedish)), .span = t->span};
        t->token = TOK_LATER;
        u->skip = KAD_SKIP_LINE;
        u->skip_end = end_of_line(u, t->span.from);
        break;
    case TOK_OF:
        if (u->decl == TOK_EXAMPLE)
            kad_scan_key(u);
        break;
    default:
        break;
    }
}

static void count_depth(struct kad_script *u, struct kad_token *t)
{
    if (t->token == '(')
        u->depth++;
    else if (t->token == ')' && u->depth > 0)
        u->depth--;
    else if (t->margin)
        u->depth = 0;
    if (u->depth > KAD_LIMIT_NESTING) {
        kad_syntax_too_deep(u, t->span);
        u->stopped = true;
    }
}

static bool skipped(struct kad_script *u, const struct kad_token *t)
{
    if (t->token == 0)
        return false;
    if (u->skip == KAD_SKIP_LINE && t->span.from < u->skip_end)
        return true;
    /* Only a word that begins a declaration ends the search for one. */
    if (u->skip == KAD_SKIP_DECL && !(t->first && kad_is_decl(t->token)) &&
        !(t->margin && t->token == TOK_NAME))
        return true;
    u->skip = KAD_SKIP_NONE;
    return false;
}

int kad_yylex(KAD_YYSTYPE *value, struct kad_span *span, struct kad_script *u)
{
    struct kad_token t;
    for (;;) {
        t = scan(u, value);
        if (u->stopped)
            t = (struct kad_token){.span = t.span};
        if (skipped(u, &t))
            continue;
        /* `measure` may also stand behind `expect`. */
        bool misplaced = kad_is_decl(t.token) && t.first;
        if (t.token == 0 || !(t.margin || misplaced) || place_decl(u, &t, value))
            break;
    }
    if (!kad_is_decl(t.token) || !t.first)
        place_inside(u, &t, value);
    count_depth(u, &t);
    if (u->stopped)
        t.token = 0;
    u->before = u->last;
    u->last = t;
    if (u->keep)
        kad_vec_push(u->arena, &u->tokens, t);
    *span = t.span;
    return t.token;
}

/* From what the scanner and the parser saw to words with comments between them; and how each word is
 * written. */
#include "dsl/format_doc.h"

#include <stdlib.h>

#include "dsl/parser.h"
#include "dsl/words.h"

/* --- what kind of word --- */

static int folded(int token)
{
    switch (token) {
    case TOK_LINE_NAME:
        return TOK_NAME;
    case TOK_LINE_FROM:
        return TOK_FROM;
    case TOK_LINE_UNTIL:
        return TOK_UNTIL;
    case TOK_LINE_SOURCE:
        return TOK_SOURCE;
    default:
        return token;
    }
}

static bool is_number(int token)
{
    return token == TOK_NUMBER || token == TOK_PERCENT || token == TOK_MONEY;
}

/* Can an operand end with it? Then a minus behind it takes away. */
static bool ends_operand(int token)
{
    return is_number(token) || token == TOK_NAME || token == TOK_TEXT || token == TOK_DATE ||
           token == TOK_YES || token == TOK_NO || token == ')';
}

/* --- how it is written --- */

/* Bytes of the blank at s, also of one that does not break a line; 0: none. */
static size_t blank_at(struct kad_str s)
{
    static const char *const blanks[] = {" ", "\t", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89"};
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        size_t n = strlen(blanks[i]);
        if (s.n >= n && memcmp(s.p, blanks[i], n) == 0)
            return n;
    }
    return 0;
}

/* One blank between the groups of digits and before a unit: `465 000 SEK`, `75 %`. */
static struct kad_str tidy_number(struct kad_arena *a, struct kad_str s)
{
    struct kad_buf b = {0};
    for (size_t i = 0, n; i < s.n; i += n) {
        n = blank_at((struct kad_str){s.p + i, s.n - i});
        bool digit = n == 0 && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.' || s.p[i] == ',');
        bool letter_before = b.n > 0 && b.p[b.n - 1] >= 'A';
        if (n == 0 && !digit && !letter_before && b.n > 0 && b.p[b.n - 1] != ' ')
            kad_buf_putc(&b, ' ');
        if (n == 0)
            kad_buf_putc(&b, s.p[i]);
        else if (b.n > 0 && b.p[b.n - 1] != ' ')
            kad_buf_putc(&b, ' ');
        n = n ? n : 1;
    }
    struct kad_str ret = kad_str_dup(a, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
    return ret;
}

/* Plain quotes, unless there are some in the text itself. */
static struct kad_str tidy_text(struct kad_arena *a, struct kad_str s)
{
    size_t open = 0, close = 0;
    (void)kad_utf8_get(s, &open);
    while (s.n - close > open && ((unsigned char)s.p[s.n - close - 1] & 0xc0) == 0x80)
        close++;
    close++;
    struct kad_str inner = {s.p + open, s.n - open - close};
    const char *quote[2] = {"\"", "\""};
    if (inner.n > 0 && memchr(inner.p, '"', inner.n))
        quote[0] = quote[1] = "”";
    return kad_str(kad_arena_printf(a, "%s%.*s%s", quote[0], KAD_STR_FMT(inner), quote[1]));
}

static struct kad_str tidy_time(struct kad_arena *a, struct kad_str s)
{
    return s.n == 4 ? kad_str(kad_arena_printf(a, "0%.*s", KAD_STR_FMT(s))) : s;
}

/* `3 months after`, `1 month after`: in a phrase of time, one is told from several. */
static void tidy_unit(struct kad_fmt_doc *doc, size_t i)
{
    struct kad_fmt_word *w = &doc->v[i];
    if (i == 0 || doc->v[i - 1].token != TOK_NUMBER || i + 1 >= doc->n ||
        (doc->v[i + 1].token != TOK_AFTER && doc->v[i + 1].token != TOK_BEFORE))
        return;
    bool one = kad_str_eq(doc->v[i - 1].text, KAD_STR("1"));
    if (w->token == TOK_WEEK || w->token == TOK_WEEKS)
        w->token = one ? TOK_WEEK : TOK_WEEKS;
    if (w->token == TOK_MONTH || w->token == TOK_MONTHS)
        w->token = one ? TOK_MONTH : TOK_MONTHS;
}

static const char *spell(const struct kad_fmt_doc *doc, size_t i)
{
    int token = doc->v[i].token;
    bool counted = i > 0 && doc->v[i - 1].token == TOK_NUMBER;
    bool one = counted && kad_str_eq(doc->v[i - 1].text, KAD_STR("1"));
    bool second = false;
    switch (token) {
    case TOK_DAYS:
    case TOK_WORKING_DAYS:
    case TOK_DAYS_AFTER_DUE:
    case TOK_DAYS_BEFORE_DUE:
    case TOK_WORKING_DAYS_AFTER_DUE:
    case TOK_WORKING_DAYS_BEFORE_DUE:
        second = one;
        break;
    case TOK_YEARS:
        second = one || !counted;
        break;
    case TOK_WEEKS:
    case TOK_MONTHS:
        second = counted;
        break;
    default:
        break;
    }
    return second ? kad_word_second(token, doc->swedish) : kad_word_of(token, doc->swedish);
}

static void write_word(struct kad_fmt_doc *doc, size_t i)
{
    struct kad_fmt_word *w = &doc->v[i];
    const char *word = w->token < 256 ? NULL : spell(doc, i);
    if (word)
        w->text = kad_str(word);
    else if (is_number(w->token))
        w->text = tidy_number(doc->arena, w->text);
    else if (w->token == TOK_TIME)
        w->text = tidy_time(doc->arena, w->text);
    else if (w->token == TOK_TEXT)
        w->text = tidy_text(doc->arena, w->text);
    else if (w->token == '-')
        w->text = KAD_STR("-");
    w->width = (int)kad_utf8_width(w->text);
}

/* --- what stands between --- */

static void add_comment(struct kad_fmt_doc *doc, struct kad_fmt_word *w, size_t *cap,
                        struct kad_fmt_comment c)
{
    while (c.text.n > 0) {
        char last = c.text.p[c.text.n - 1];
        if (last == ' ' || last == '\t' || last == '\r')
            c.text.n--;
        else if (c.text.n >= 2 && memcmp(c.text.p + c.text.n - 2, "\xc2\xa0", 2) == 0)
            c.text.n -= 2;
        else
            break;
    }
    c.text = kad_str_dup(doc->arena, c.text);
    kad_vec(struct kad_fmt_comment) v = {w->comments, w->n_comments, *cap};
    kad_vec_push(doc->arena, &v, c);
    w->comments = v.v;
    w->n_comments = v.n;
    *cap = v.cap;
}

/* The bytes [from, to) before the word are blanks, line breaks and comments. */
static void read_between(struct kad_fmt_doc *doc, struct kad_fmt_word *w, struct kad_str s,
                         size_t from, size_t to)
{
    bool own = from == 0;
    size_t cap = 0, line = from;
    int breaks = own ? 1 : 0;
    for (size_t i = from; i < to;) {
        if (s.p[i] == '\n') {
            breaks++;
            own = true;
            line = ++i;
            continue;
        }
        if (s.p[i] != '#') {
            i++;
            continue;
        }
        const char *end = memchr(s.p + i, '\n', to - i);
        size_t n = (end ? (size_t)(end - s.p) : to) - i;
        struct kad_fmt_comment c = {.text = {s.p + i, n}, .own = own, .margin = own && line == i};
        c.blanks = own && breaks > 1 ? breaks - 1 : 0;
        add_comment(doc, w, &cap, c);
        breaks = 0;
        i += n;
    }
    w->blanks = breaks > 1 ? breaks - 1 : 0;
}

/* --- gaps and breaks --- */

static int gap_before(const struct kad_fmt_doc *doc, size_t i, int decl)
{
    int token = doc->v[i].token, before = doc->v[i - 1].token;
    if (token == ',' || token == ')' || token == '.' || before == '(' || before == '.')
        return 0;
    if (before == '-') {
        bool counts = decl == KAD_D_PARAM || decl == KAD_D_EXAMPLE || decl == KAD_D_CHOICE;
        return i >= 2 && !counts && ends_operand(doc->v[i - 2].token) ? 1 : 0;
    }
    return 1;
}

/* A line may be broken behind a comma and before a word that joins. Where a word means something else
 * when it begins a line it is left where it is: names in a subject's parentheses, soft ones in any. */
static enum kad_fmt_break may_break(const struct kad_fmt_doc *doc, size_t i, int decl, int depth)
{
    bool listed =
        doc->v[i - 1].token == ',' && (depth == 0 || (decl != KAD_D_SUBJECT && !doc->v[i].soft));
    switch (doc->v[i].token) {
    case TOK_AND:
    case TOK_OR:
    case TOK_WHERE:
        return KAD_FMT_WITHIN;
    default:
        return !listed ? KAD_FMT_NEVER : depth == 0 ? KAD_FMT_BETWEEN : KAD_FMT_WITHIN;
    }
}

static void lay_words(struct kad_fmt_doc *doc)
{
    int decl = -1, depth = 0;
    for (size_t i = 0; i < doc->n; i++) {
        struct kad_fmt_word *w = &doc->v[i];
        if (w->decl >= 0) {
            decl = w->decl;
            depth = 0;
        }
        if (i > 0) {
            w->gap = gap_before(doc, i, decl);
            w->may_break = may_break(doc, i, decl, depth);
        }
        depth += (w->token == '(') - (w->token == ')');
    }
}

/* --- marks from the tree --- */

struct marks {
    struct kad_fmt_doc *doc;
    const struct kad_script *u;
};

/* The word that begins at the byte. */
static size_t word_at(const struct marks *m, uint32_t at)
{
    size_t low = 0, high = m->doc->n;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (m->u->tokens.v[mid].span.from <= at)
            low = mid;
        else
            high = mid;
    }
    return low;
}

static void mark_clause(struct marks *m, const struct kad_decl *d, const struct kad_clause *c,
                        bool goes_on)
{
    size_t i = word_at(m, c->span.from);
    /* Two clauses whose place in the tree is not where their first word stands. */
    if (c->kind == KAD_C_FROM && d->kind == KAD_D_EXAMPLE)
        i += 2;
    else if (c->kind == KAD_C_FROM && m->doc->v[i].token == TOK_NAME && i > 0)
        i--;
    if (!goes_on && m->doc->v[i].decl < 0)
        m->doc->v[i].clause = (int)c->kind;
    if (c->kind == KAD_C_LANGUAGE)
        m->doc->has_language = true;
}

static void mark(struct marks *m)
{
    for (size_t i = 0; i < m->u->softs.n; i++) {
        struct kad_fmt_word *w = &m->doc->v[word_at(m, m->u->softs.v[i].from)];
        w->token = TOK_NAME;
        w->soft = true;
    }
    for (size_t i = 0; i < m->u->decls.n; i++) {
        const struct kad_decl *d = m->u->decls.v[i];
        m->doc->v[word_at(m, d->span.from)].decl = (int)d->kind;
        bool list = false;
        for (size_t k = 0; k < d->clauses.n; k++) {
            const struct kad_clause *c = d->clauses.v[k];
            /* Members on lines of their own go on with the list. */
            list = c->kind == KAD_C_ONE_OF || (list && c->kind == KAD_C_MEMBER);
            mark_clause(m, d, c, list && c->kind == KAD_C_MEMBER);
        }
    }
}

/* --- the document --- */

/* `language` and its word, as the first line of the policy. */
static void add_language(struct kad_fmt_doc *doc)
{
    size_t at = 0;
    while (at < doc->n && doc->v[at].decl != KAD_D_POLICY)
        at++;
    if (at == doc->n)
        return;
    do
        at++;
    while (at < doc->n && doc->v[at].decl < 0 && doc->v[at].clause < 0);
    struct kad_fmt_word *v = kad_arena_array(doc->arena, struct kad_fmt_word, doc->n + 3);
    memcpy(v, doc->v, at * sizeof *v);
    memcpy(v + at + 2, doc->v + at, (doc->n + 1 - at) * sizeof *v);
    v[at] = (struct kad_fmt_word){.token = TOK_LANGUAGE, .decl = -1, .clause = KAD_C_LANGUAGE};
    v[at + 1] = (struct kad_fmt_word){.token = TOK_NAME, .decl = -1, .clause = -1};
    /* A comment behind the policy's name stays there. */
    struct kad_fmt_word *next = &v[at + 2];
    if (next->n_comments > 0 && !next->comments[0].own) {
        v[at].comments = next->comments++;
        v[at].n_comments = 1;
        next->n_comments--;
    }
    doc->v = v;
    doc->n += 2;
}

static void translate(struct kad_fmt_doc *doc)
{
    if (!doc->has_language)
        add_language(doc);
    for (size_t i = 0; i + 1 < doc->n; i++)
        if (doc->v[i].clause == KAD_C_LANGUAGE)
            doc->v[i + 1].text = doc->swedish ? KAD_STR("sv") : KAD_STR("en");
}

void kad_fmt_doc_init(struct kad_fmt_doc *doc, const struct kad_script *u,
                      enum kad_format_words words)
{
    *doc = (struct kad_fmt_doc){.arena = u->arena, .swedish = u->swedish};
    if (words != KAD_FORMAT_AS_IS)
        doc->swedish = words == KAD_FORMAT_SWEDISH;
    while (doc->n < u->tokens.n && u->tokens.v[doc->n].token != 0)
        doc->n++;
    doc->v = kad_arena_array(u->arena, struct kad_fmt_word, doc->n + 1);
    size_t from = u->bom, end = u->src.text.n;
    for (size_t i = 0; i <= doc->n; i++) {
        struct kad_fmt_word *w = &doc->v[i];
        struct kad_token t = {.span = {(uint32_t)end, (uint32_t)end}};
        if (i < doc->n)
            t = u->tokens.v[i];
        *w = (struct kad_fmt_word){.token = folded(t.token), .decl = -1, .clause = -1};
        w->text = kad_source_slice(&u->src, t.span);
        struct kad_str text = {u->src.text.p + u->bom, end - u->bom};
        read_between(doc, w, text, from - u->bom, t.span.from - u->bom);
        from = t.span.to;
    }
    struct marks m = {doc, u};
    if (doc->n > 0)
        mark(&m);
    if (words != KAD_FORMAT_AS_IS)
        translate(doc);
    for (size_t i = 0; i < doc->n; i++) {
        tidy_unit(doc, i);
        write_word(doc, i);
    }
    lay_words(doc);
}

bool kad_fmt_doc_same(const struct kad_fmt_doc *a, const struct kad_fmt_doc *b, size_t *ret_at)
{
    for (*ret_at = 0; *ret_at < a->n && *ret_at < b->n; ++*ret_at) {
        const struct kad_fmt_word *x = &a->v[*ret_at], *y = &b->v[*ret_at];
        if (x->token != y->token || !kad_str_eq(x->text, y->text))
            return false;
    }
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = a->v[i].decl == b->v[i].decl && a->v[i].clause == b->v[i].clause;
    return same;
}

int kad_fmt_width(const struct kad_fmt_doc *doc, size_t from, size_t to)
{
    int n = 0;
    for (size_t i = from; i < to; i++)
        n += doc->v[i].width + (i > from ? doc->v[i].gap : 0);
    return n;
}

bool kad_fmt_is_broken(const struct kad_fmt_doc *doc, size_t from, size_t to)
{
    for (size_t i = from + 1; i < to; i++)
        if (doc->v[i].n_comments > 0 || doc->v[i].must_break)
            return true;
    return false;
}

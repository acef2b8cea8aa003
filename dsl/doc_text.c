/* The page as text in 80 columns: what a rule says to the left, what it rests on to the right. */
#include "dsl/doc_page.h"

#include <stdio.h>

#define WIDTH 80
#define SAYS 51 /* columns of a rule, of the blank between, and of its source */
#define APART 3
#define RESTS (WIDTH - SAYS - APART)
#define MOST_COLUMNS 4

struct lines {
    kad_vec(const char *) v;
};

static size_t width_of(const char *s)
{
    return kad_utf8_width(kad_str(s));
}

/* Names in quotes. */
static const char *plain(struct kad_arena *a, const char *s)
{
    bool swedish = strcmp(kad_text_lang(), "sv") == 0;
    struct kad_buf b = {0};
    for (; *s; s++)
        if (*s == KAD_DOC_NAME_SIGN)
            kad_buf_puts(&b, swedish ? "”" : "“");
        else if (*s == KAD_DOC_NAME_END_SIGN)
            kad_buf_puts(&b, "”");
        else
            kad_buf_putc(&b, *s);
    s = kad_arena_strdup(a, kad_buf_str(&b));
    kad_buf_done(&b);
    return s;
}

static void add_line(struct lines *l, struct kad_arena *a, struct kad_buf *b)
{
    const char *s = kad_arena_strdup(a, kad_buf_str(b));
    kad_vec_push(a, &l->v, s);
    kad_buf_reset(b);
}

/* Words in lines of at most `width` columns; the first line begins with `first`, the others with as
 * many blanks. A line may also end behind a slash. A word that is longer stands by itself. */
static void wrap(struct lines *l, struct kad_arena *a, size_t width, const char *first,
                 const char *s)
{
    size_t indent = width_of(first), at = indent;
    bool blank = false;
    struct kad_buf b = {0};
    kad_buf_puts(&b, first);
    for (s = plain(a, s); *s;) {
        size_t n = strcspn(s, " \n/");
        n += s[n] == '/';
        size_t columns = kad_utf8_width((struct kad_str){s, n});
        bool full = at > indent && at + blank + columns > width;
        if (full || (*s == '\n' && n == 0)) {
            add_line(l, a, &b);
            kad_text_put_padded(&b, (struct kad_str){0}, indent, false);
            at = indent;
            blank = false;
        }
        if (blank && n > 0) {
            kad_buf_putc(&b, ' ');
            at++;
            blank = false;
        }
        kad_buf_put(&b, s, n);
        at += columns;
        s += n;
        blank = blank || (*s == ' ' && at > indent);
        s += *s == ' ' || (*s == '\n' && n == 0);
    }
    add_line(l, a, &b);
    kad_buf_done(&b);
}

/* Several columns of lines beside each other, without blanks at the end of a line. */
static void zip(struct lines *l, struct kad_arena *a, const struct lines *columns,
                const size_t *widths, size_t n, size_t apart)
{
    size_t rows = 0;
    for (size_t c = 0; c < n; c++)
        rows = columns[c].v.n > rows ? columns[c].v.n : rows;
    struct kad_buf b = {0};
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < n; c++) {
            const char *s = r < columns[c].v.n ? columns[c].v.v[r] : "";
            kad_text_put_padded(&b, kad_str(s), widths[c] + (c + 1 < n ? apart : 0), false);
        }
        while (b.n > 0 && b.p[b.n - 1] == ' ')
            b.p[--b.n] = '\0';
        add_line(l, a, &b);
    }
    kad_buf_done(&b);
}

/* --- tables --- */

/* The widest line and the widest word of a text. */
static void measure(struct kad_arena *a, const char *s, size_t *ret_line, size_t *ret_word)
{
    for (s = plain(a, s); *s; s += *s != '\0') {
        size_t line = strcspn(s, "\n"), end = 0;
        size_t columns = kad_utf8_width((struct kad_str){s, line});
        *ret_line = columns > *ret_line ? columns : *ret_line;
        for (size_t i = 0; i < line; i = end + 1) {
            end = i + strcspn(s + i, " \n/");
            columns = kad_utf8_width((struct kad_str){s + i, end - i});
            *ret_word = columns > *ret_word ? columns : *ret_word;
        }
        s += line;
    }
}

/* As wide as they need to be, then the widest narrower until they fit. */
static void fit(struct kad_arena *a, const struct kad_block *t, size_t width, size_t *widths)
{
    size_t least[MOST_COLUMNS] = {0}, sum = 2 * (t->columns - 1);
    for (size_t i = 0; i < t->cells.n; i++)
        measure(a, t->cells.v[i], &widths[i % t->columns], &least[i % t->columns]);
    for (size_t c = 0; c < t->columns; c++)
        sum += widths[c];
    while (sum > width) {
        size_t best = t->columns;
        for (size_t c = 0; c < t->columns; c++)
            if (widths[c] > least[c] && (best == t->columns || widths[c] > widths[best]))
                best = c;
        if (best == t->columns)
            return;
        widths[best]--;
        sum--;
    }
}

static void put_table(struct lines *l, struct kad_arena *a, const struct kad_block *t, size_t width)
{
    kad_assert(t->columns <= MOST_COLUMNS);
    size_t widths[MOST_COLUMNS] = {0};
    fit(a, t, width, widths);
    bool before_tall = false;
    for (size_t i = 0; i < t->cells.n; i += t->columns) {
        struct lines cells[MOST_COLUMNS] = {0};
        bool tall = false;
        for (size_t c = 0; c < t->columns; c++) {
            wrap(&cells[c], a, widths[c], "", t->cells.v[i + c]);
            tall = tall || cells[c].v.n > 1;
        }
        if (i > t->columns && (tall || before_tall))
            wrap(l, a, width, "", "");
        zip(l, a, cells, widths, t->columns, 2);
        before_tall = tall;
        if (i > 0)
            continue;
        struct kad_buf b = {0};
        for (size_t c = 0; c < t->columns; c++)
            for (size_t k = 0; k < widths[c] + (c + 1 < t->columns ? 2 : 0); k++)
                kad_buf_putc(&b, k < widths[c] ? '-' : ' ');
        add_line(l, a, &b);
        kad_buf_done(&b);
    }
}

/* --- blocks --- */

static void put_underlined(struct lines *l, struct kad_arena *a, const char *text, char with)
{
    size_t from = l->v.n, widest = 0;
    wrap(l, a, WIDTH, "", text);
    for (size_t i = from; i < l->v.n; i++)
        widest = width_of(l->v.v[i]) > widest ? width_of(l->v.v[i]) : widest;
    struct kad_buf b = {0};
    for (size_t i = 0; i < widest; i++)
        kad_buf_putc(&b, with);
    add_line(l, a, &b);
    kad_buf_done(&b);
}

static void put_block(struct lines *l, struct kad_arena *a, const struct kad_block *k, size_t width)
{
    char number[16];
    switch (k->kind) {
    case KAD_B_HEAD:
        put_underlined(l, a, k->text, k->level == 2 ? '=' : '-');
        break;
    case KAD_B_ITEM:
        wrap(l, a, width, "- ",
             *k->lead && *k->text ? kad_arena_printf(a, "%s – %s", k->lead, k->text)
             : *k->lead           ? k->lead
                                  : k->text);
        break;
    case KAD_B_NUMBER:
        snprintf(number, sizeof number, "%3d. ", k->number);
        wrap(l, a, width, number, kad_arena_printf(a, "%s (%s)", k->text, k->lead));
        break;
    case KAD_B_TERM:
        wrap(l, a, width, "", kad_arena_printf(a, "%s:", k->lead));
        wrap(l, a, width, "    ", k->text);
        break;
    case KAD_B_SEE:
        wrap(l, a, width, "",
             k->last == k->number
                 ? kad_arena_printf(a, _("Reading %d"), k->number)
                 : kad_arena_printf(a, _("Readings %d to %d"), k->number, k->last));
        break;
    case KAD_B_TABLE:
        put_table(l, a, k, width);
        break;
    case KAD_B_PARA:
    case KAD_B_NOTE:
        wrap(l, a, width, "", k->text);
        break;
    default: /* columns are the caller's */
        break;
    }
}

/* Does a blank line stand between these two? Lists and terms hang together. */
static bool blank_between(const struct kad_block *before, const struct kad_block *k)
{
    bool together = before->kind == k->kind && (k->kind == KAD_B_ITEM || k->kind == KAD_B_TERM ||
                                                k->kind == KAD_B_PARA || k->kind == KAD_B_NUMBER);
    return !together && k->kind != KAD_B_NOTE && before->kind != KAD_B_NOTE &&
           before->kind != KAD_B_RULE && before->kind != KAD_B_SOURCE &&
           (before->kind != KAD_B_HEAD || before->level == 2);
}

/* The blocks from v up to one of the kind `until` (or n), in lines. Returns how many it took. */
static size_t put_blocks(struct lines *l, struct kad_arena *a, const struct kad_block *v, size_t n,
                         enum kad_block_kind until, size_t width)
{
    size_t i = 0;
    for (; i < n && v[i].kind != until; i++) {
        if (i > 0 && blank_between(&v[i - 1], &v[i]))
            wrap(l, a, width, "", "");
        put_block(l, a, &v[i], width);
    }
    return i;
}

/* Two columns; v[0] is what begins them. Returns how many blocks it took. */
static size_t put_rule(struct lines *l, struct kad_arena *a, const struct kad_block *v, size_t n)
{
    struct lines columns[2] = {0};
    size_t at = 1 + put_blocks(&columns[0], a, v + 1, n - 1, KAD_B_SOURCE, SAYS);
    wrap(&columns[1], a, RESTS, "", kad_arena_printf(a, _("Source: %s"), v[at].text));
    at++;
    at += put_blocks(&columns[1], a, v + at, n - at, KAD_B_END, RESTS);
    zip(l, a, columns, (const size_t[]){SAYS, RESTS}, 2, APART);
    return at;
}

void kad_page_put_text(struct kad_buf *b, const struct kad_page *g, const char *title)
{
    struct kad_arena a;
    kad_arena_init(&a);
    struct lines l = {0};
    put_underlined(&l, &a, title, '=');
    wrap(&l, &a, WIDTH, "", "");
    wrap(
        &l, &a, WIDTH, "",
        _("This page is made from the rules that the program works by. It says what they ask for in "
          "plain words, and beside each rule where in the document it comes from."));
    const struct kad_block *v = g->blocks.v;
    for (size_t i = 0; i < g->blocks.n; i++) {
        bool chapter = v[i].kind == KAD_B_HEAD && v[i].level == 2;
        if (i == 0 || blank_between(&v[i - 1], &v[i]))
            wrap(&l, &a, WIDTH, "", "");
        if (chapter)
            wrap(&l, &a, WIDTH, "", "");
        if (v[i].kind == KAD_B_RULE)
            i += put_rule(&l, &a, v + i, g->blocks.n - i);
        else
            put_block(&l, &a, &v[i], WIDTH);
    }
    for (size_t i = 0; i < l.v.n; i++) {
        kad_buf_puts(b, l.v.v[i]);
        kad_buf_putc(b, '\n');
    }
    kad_arena_done(&a);
}

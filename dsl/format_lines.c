/* From rows to lines: columns, long lines, comments and blank lines. */
#include <stdlib.h>

#include "dsl/format_doc.h"

/* A cell that is wider than the next by this much stands out of its column, if few do and it goes
 * further than this. */
#define OUTLIER 6
#define OUTLIER_FROM 24
/* Nobody's column begins behind this. */
#define FAR_RIGHT (KAD_FMT_WIDTH - 10)
/* Lines that would begin behind this are indented instead. */
#define HANG_MOST 64
/* Comments behind lines stand under each other if the lines differ by no more. */
#define COMMENTS_APART 30

struct line {
    size_t from, to; /* bytes of `text` */
    struct kad_str comment;
};

struct putter {
    const struct kad_fmt_doc *doc;
    kad_fmt_rows *rows;
    struct kad_buf text;
    kad_vec(struct line) lines;
    int col;
};

/* --- columns --- */

static bool is_empty(const struct kad_fmt_row *r, size_t c)
{
    return r->cell[c] == r->cell[c + 1];
}

static int cell_width(const struct kad_fmt_doc *doc, const struct kad_fmt_row *r, size_t c)
{
    return kad_fmt_width(doc, r->cell[c], r->cell[c + 1]);
}

/* Where the row ends when its cells up to c are set. */
static int end_before(const struct kad_fmt_doc *doc, const struct kad_fmt_row *r, size_t c)
{
    while (c > 1 && is_empty(r, c - 1))
        c--;
    return (c > 1 ? r->start[c - 1] : r->indent) + cell_width(doc, r, c - 1);
}

static int by_size(const void *a, const void *b)
{
    const int *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The greatest, but for a few that are much greater than all others. */
static int common_most(int *v, size_t n, bool strict)
{
    qsort(v, n, sizeof *v, by_size);
    size_t most = n;
    for (size_t i = n - n / 4; !strict && i < n && most == n; i++)
        if (i > 0 && v[i] - v[i - 1] >= OUTLIER && v[i] > OUTLIER_FROM)
            most = i;
    return v[most - 1];
}

/* Column c of the group that begins with the row. */
static void set_column(struct putter *p, int first, size_t c, struct kad_arena *a)
{
    kad_vec(int) ends = {0};
    bool used = false, strict = false;
    int sep = 0;
    for (int i = first; i >= 0; i = p->rows->v[i].next) {
        const struct kad_fmt_row *r = &p->rows->v[i];
        if (c >= r->n_cells || r->cell[c] == r->to || kad_fmt_is_broken(p->doc, r->from, r->to))
            continue;
        int end = end_before(p->doc, r, c);
        used = used || !is_empty(r, c);
        strict = strict || r->strict;
        sep = r->sep[c];
        if (end <= FAR_RIGHT)
            kad_vec_push(a, &ends, end);
    }
    int start = used && ends.n ? common_most(ends.v, ends.n, strict) + sep : 0;
    for (int i = first; i >= 0; i = p->rows->v[i].next) {
        struct kad_fmt_row *r = &p->rows->v[i];
        if (c >= r->n_cells)
            continue;
        int own = end_before(p->doc, r, c) + r->sep[c];
        r->start[c] = own > start ? own : start;
    }
}

/* Cells that do not fit go to lines of their own, the last first. True: the last one did. */
static bool drop_cells(const struct kad_fmt_doc *doc, struct kad_fmt_row *r)
{
    bool dropped = false;
    for (size_t c = r->n_cells; r->drop && c-- > r->drop;) {
        if (is_empty(r, c))
            continue;
        if (end_before(doc, r, c + 1) <= KAD_FMT_WIDTH)
            break;
        dropped = dropped || c == r->n_cells - 1;
        r->start[c] = -1;
    }
    return dropped;
}

static void set_group(struct putter *p, int first, struct kad_arena *a)
{
    bool all = false;
    for (size_t c = 1; c < KAD_FMT_CELLS; c++)
        set_column(p, first, c, a);
    for (int i = first; i >= 0; i = p->rows->v[i].next) {
        struct kad_fmt_row *r = &p->rows->v[i];
        if (!kad_fmt_is_broken(p->doc, r->from, r->to))
            all |= drop_cells(p->doc, r) && r->together;
    }
    for (int i = first; all && i >= 0; i = p->rows->v[i].next)
        p->rows->v[i].start[p->rows->v[i].n_cells - 1] = -1;
}

/* --- lines --- */

static void begin_line(struct putter *p, int indent)
{
    struct line l = {.from = p->text.n, .to = p->text.n};
    kad_vec_push(p->doc->arena, &p->lines, l);
    for (p->col = 0; p->col < indent; p->col++)
        kad_buf_putc(&p->text, ' ');
}

static void put(struct putter *p, struct kad_str s, int width)
{
    kad_buf_put(&p->text, s.p, s.n);
    p->col += width;
    p->lines.v[p->lines.n - 1].to = p->text.n;
}

static void pad_to(struct putter *p, int col)
{
    while (p->col < col)
        put(p, KAD_STR(" "), 1);
}

static void blank_lines(struct putter *p, int n)
{
    while (n-- > 0)
        begin_line(p, 0);
}

static void own_comment(struct putter *p, const struct kad_fmt_comment *c, int indent)
{
    begin_line(p, indent);
    put(p, c->text, 0);
}

/* What stands between two words of one row: the next goes to a line of its own. */
static void put_between(struct putter *p, const struct kad_fmt_word *w, int hang)
{
    for (size_t i = 0; i < w->n_comments; i++)
        if (!w->comments[i].own)
            p->lines.v[p->lines.n - 1].comment = w->comments[i].text;
        else
            own_comment(p, &w->comments[i], hang);
    begin_line(p, hang);
}

/* Columns from word i to the next place where the line may as well be broken. */
static int chunk(const struct kad_fmt_doc *doc, size_t i, size_t to)
{
    size_t end = i + 1;
    while (end < to && doc->v[end].may_break < doc->v[i].may_break && !doc->v[end].must_break &&
           doc->v[end].n_comments == 0)
        end++;
    return kad_fmt_width(doc, i, end);
}

static void put_words(struct putter *p, size_t from, size_t to, bool row_begins, int hang)
{
    for (size_t i = from; i < to; i++) {
        const struct kad_fmt_word *w = &p->doc->v[i];
        bool begins = i == from && row_begins;
        if (!begins && (w->n_comments > 0 || w->must_break))
            put_between(p, w, hang);
        else if (i > from && w->may_break && p->col > hang &&
                 p->col + w->gap + chunk(p->doc, i, to) > KAD_FMT_WIDTH)
            begin_line(p, hang);
        else if (i > from)
            pad_to(p, p->col + w->gap);
        put(p, w->text, w->width);
    }
}

static void put_row(struct putter *p, const struct kad_fmt_row *r)
{
    bool broken = kad_fmt_is_broken(p->doc, r->from, r->to);
    int deeper = r->flat ? 0 : KAD_FMT_INDENT, hang = r->indent + deeper;
    /* Only declarations begin at the margin. */
    if (hang == 0)
        hang = KAD_FMT_INDENT;
    begin_line(p, r->indent);
    for (size_t c = 0; c < r->n_cells; c++) {
        if (is_empty(r, c))
            continue;
        const struct kad_fmt_word *w = &p->doc->v[r->cell[c]];
        bool forced = c > 0 && (w->n_comments > 0 || w->must_break);
        if (c > 0 && !broken && r->start[c] < 0) {
            hang = r->drop_indent + deeper;
            begin_line(p, r->drop_indent);
        } else if (c > 0 && !forced) {
            pad_to(p, broken ? p->col + r->sep[c] : r->start[c]);
        }
        int here = hang;
        if (c == r->hang_cell && r->hang >= 0) {
            size_t words = r->cell[c] + (size_t)r->hang;
            here = p->col + kad_fmt_width(p->doc, r->cell[c], words) + (r->hang > 0);
            if (here > HANG_MOST || forced)
                here = hang;
        }
        put_words(p, r->cell[c], r->cell[c + 1], c == 0, here);
    }
}

/* Comments and blank lines before the row's first word. */
static void put_before(struct putter *p, const struct kad_fmt_word *w)
{
    for (size_t i = 0; i < w->n_comments; i++) {
        const struct kad_fmt_comment *c = &w->comments[i];
        if (!c->own) {
            p->lines.v[p->lines.n - 1].comment = c->text;
            continue;
        }
        blank_lines(p, c->blanks);
        own_comment(p, c, c->margin ? 0 : KAD_FMT_INDENT);
    }
    blank_lines(p, w->blanks);
}

/* --- the text --- */

static size_t line_width(const struct putter *p, const struct line *l)
{
    return kad_utf8_width((struct kad_str){p->text.p + l->from, l->to - l->from});
}

/* Comments behind lines that follow each other stand in one column. */
static void put_lines(struct putter *p, struct kad_buf *b)
{
    size_t column = 0;
    for (size_t i = 0; i < p->lines.n; i++) {
        const struct line *l = &p->lines.v[i];
        bool follows = i > 0 && l[-1].comment.n > 0;
        if (l->comment.n > 0 && !follows) {
            size_t least = SIZE_MAX, most = 0;
            for (size_t k = i; k < p->lines.n && p->lines.v[k].comment.n > 0; k++) {
                size_t w = line_width(p, &p->lines.v[k]);
                least = w < least ? w : least;
                most = w > most ? w : most;
            }
            column = most - least <= COMMENTS_APART ? most + 2 : 0;
        }
        if (l->to > l->from)
            kad_buf_put(b, p->text.p + l->from, l->to - l->from);
        if (l->comment.n > 0) {
            size_t at = line_width(p, l);
            for (size_t blanks = at + 2 < column ? column - at : 2; blanks > 0; blanks--)
                kad_buf_putc(b, ' ');
            kad_buf_put(b, l->comment.p, l->comment.n);
        }
        kad_buf_putc(b, '\n');
    }
}

void kad_fmt_put(struct kad_buf *b, const struct kad_fmt_doc *doc, kad_fmt_rows *rows)
{
    struct putter p = {.doc = doc, .rows = rows};
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].first)
            set_group(&p, (int)i, doc->arena);
    for (size_t i = 0; i < rows->n; i++) {
        put_before(&p, &doc->v[rows->v[i].from]);
        put_row(&p, &rows->v[i]);
    }
    put_before(&p, &doc->v[doc->n]);
    put_lines(&p, b);
    kad_buf_done(&p.text);
}

#include "cli/out.h"
#include "cli/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FLUSH_AT (256u << 10)

void kad_out_init(struct kad_out *o)
{
    *o = (struct kad_out){0};
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    o->terminal = isatty(STDOUT_FILENO) == 1;
    o->colour = o->terminal && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
    struct winsize w;
    if (o->terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40)
        o->width = w.ws_col;
    else if (o->terminal)
        o->width = 80;
}

void kad_out_puts(struct kad_out *o, const char *s)
{
    kad_buf_puts(&o->b, s);
}

void kad_out_printf(struct kad_out *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    kad_buf_vprintf(&o->b, fmt, ap);
    va_end(ap);
}

void kad_out_hint(struct kad_out *o, const char *fmt, ...)
{
    struct kad_buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    kad_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    kad_program_put(&o->b, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

void kad_out_safe(struct kad_out *o, struct kad_str s)
{
    kad_text_put_safe(&o->b, s);
}

void kad_out_style(struct kad_out *o, enum kad_style style)
{
    static const char *const codes[] = {
        [KAD_PLAIN] = "\033[0m", [KAD_BOLD] = "\033[1m",  [KAD_DIM] = "\033[2m",
        [KAD_LATE] = "\033[31m", [KAD_SOON] = "\033[33m", [KAD_GOOD] = "\033[32m",
    };
    if (o->colour && style != o->style)
        kad_buf_puts(&o->b, codes[style]);
    o->style = style;
}

void kad_out_line(struct kad_out *o, enum kad_style style, const char *fmt, ...)
{
    if (style != KAD_PLAIN)
        kad_out_style(o, style);
    va_list ap;
    va_start(ap, fmt);
    kad_buf_vprintf(&o->b, fmt, ap);
    va_end(ap);
    if (style != KAD_PLAIN)
        kad_out_style(o, KAD_PLAIN);
    kad_buf_putc(&o->b, '\n');
}

void kad_out_hang(struct kad_out *o, size_t indent, size_t width, struct kad_str s)
{
    if (width == 0)
        width = o->width ? o->width : 80;
    size_t at = indent; /* columns of this line that are taken */
    bool first = true;  /* on its line */
    for (size_t i = 0; i < s.n;) {
        size_t end = i;
        while (end < s.n && s.p[end] != ' ')
            end++;
        struct kad_str word = {s.p + i, end - i};
        size_t columns = kad_utf8_width(word);
        if (!first && at + 1 + columns > width) {
            kad_buf_putc(&o->b, '\n');
            kad_text_put_padded(&o->b, KAD_STR(""), indent, false);
            at = indent;
            first = true;
        }
        if (!first)
            kad_buf_putc(&o->b, ' ');
        at += !first + columns;
        first = false;
        kad_out_safe(o, word);
        i = end + 1;
    }
    kad_buf_putc(&o->b, '\n');
}

void kad_out_wrap(struct kad_out *o, size_t indent, size_t width, struct kad_str s)
{
    kad_text_put_padded(&o->b, KAD_STR(""), indent, false);
    kad_out_hang(o, indent, width, s);
}

static void write_out(struct kad_out *o)
{
    o->flushed = o->flushed || o->b.n > 0;
    if (o->b.n && fwrite(o->b.p, 1, o->b.n, stdout) != o->b.n)
        o->failed = true;
    kad_buf_reset(&o->b);
}

void kad_out_more(struct kad_out *o)
{
    if (o->b.n >= FLUSH_AT)
        write_out(o);
}

enum kad_err kad_out_flush(struct kad_out *o, struct kad_error *reterr)
{
    write_out(o);
    if (fflush(stdout) != 0 || o->failed) {
        o->failed = true;
        return kad_fail(reterr, KAD_EIO,
                        _("The answer could not be written: is the disk full, or the other end "
                          "closed?"));
    }
    return KAD_OK;
}

/* --- tables --- */

void kad_table_init(struct kad_table *t, struct kad_arena *a, struct kad_column *columns, size_t n)
{
    *t = (struct kad_table){.arena = a, .columns = columns, .n_columns = n};
    for (size_t i = 0; i < n; i++)
        columns[i].width = 0;
}

void kad_table_row(struct kad_table *t, enum kad_style style)
{
    struct kad_table_row row = {.cells = kad_arena_array(t->arena, struct kad_str, t->n_columns),
                                .style = style};
    kad_vec_push(t->arena, &t->rows, row);
    t->at = 0;
}

static struct kad_str safe_copy(struct kad_arena *a, struct kad_str text)
{
    struct kad_buf b = {0};
    kad_text_put_safe(&b, text);
    struct kad_str ret = kad_str_dup(a, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
    return ret;
}

void kad_table_heading(struct kad_table *t, enum kad_style style, struct kad_str text)
{
    struct kad_table_row row = {.heading = safe_copy(t->arena, text), .style = style};
    kad_vec_push(t->arena, &t->rows, row);
}

void kad_table_cell(struct kad_table *t, struct kad_str text)
{
    kad_assert(t->rows.n > 0);
    kad_assert(t->at < t->n_columns);
    struct kad_str cell = safe_copy(t->arena, text);
    size_t width = kad_utf8_width(cell);
    if (width > t->columns[t->at].width)
        t->columns[t->at].width = width;
    t->rows.v[t->rows.n - 1].cells[t->at++] = cell;
}

/* How narrow a column may become. */
static size_t least_width(const struct kad_column *c)
{
    size_t least = c->wraps ? 20 : 8;
    return c->gives && c->width > least ? least : c->width;
}

/* Leave out what may be left out, the last first, until the line could fit. */
static void drop_columns(struct kad_table *t, size_t indent, size_t width)
{
    for (;;) {
        size_t total = indent, last = t->n_columns;
        for (size_t i = 0; i < t->n_columns; i++) {
            const struct kad_column *c = &t->columns[i];
            total += c->width ? least_width(c) + 2 : 0;
            if (c->drops && c->width)
                last = i;
        }
        if (total <= width + 2 || last == t->n_columns)
            return;
        t->columns[last].width = 0;
    }
}

/* Make the columns that give narrower, the widest first, until the line fits. */
static void fit(struct kad_table *t, size_t indent, size_t width)
{
    drop_columns(t, indent, width);
    for (;;) {
        size_t total = indent, widest = t->n_columns;
        for (size_t i = 0; i < t->n_columns; i++) {
            const struct kad_column *c = &t->columns[i];
            total += c->width ? c->width + 2 : 0;
            if (c->width > least_width(c) &&
                (widest == t->n_columns || c->width > t->columns[widest].width))
                widest = i;
        }
        if (total <= width + 2 || widest == t->n_columns)
            return;
        t->columns[widest].width--;
    }
}

/* The cell in its column's width, cut with an ellipsis when it is longer. */
static void put_cell(struct kad_buf *b, struct kad_str cell, const struct kad_column *c, bool last)
{
    if (kad_utf8_width(cell) <= c->width) {
        if (last && !c->right)
            kad_buf_put(b, cell.p, cell.n);
        else
            kad_text_put_padded(b, cell, c->width, c->right);
        return;
    }
    size_t n = 0;
    for (size_t len, columns = 0; n < cell.n; n += len) {
        kad_utf8_get((struct kad_str){cell.p + n, cell.n - n}, &len);
        columns += kad_utf8_width((struct kad_str){cell.p + n, len});
        if (columns + 1 > c->width)
            break;
    }
    struct kad_buf cut = {0};
    kad_buf_put(&cut, cell.p, n);
    kad_buf_puts(&cut, "…");
    kad_text_put_padded(b, (struct kad_str){cut.p, cut.n}, last ? 0 : c->width, false);
    kad_buf_done(&cut);
}

/* What fits the column, up to a blank if there is one; *rest is what goes on below. */
static struct kad_str take_line(struct kad_str cell, size_t width, struct kad_str *rest)
{
    size_t blank = 0, n = 0;
    *rest = (struct kad_str){0};
    if (kad_utf8_width(cell) <= width)
        return cell;
    for (size_t len, columns = 0; n < cell.n; n += len) {
        kad_utf8_get((struct kad_str){cell.p + n, cell.n - n}, &len);
        columns += kad_utf8_width((struct kad_str){cell.p + n, len});
        if (columns > width)
            break;
        if (cell.p[n] == ' ')
            blank = n;
    }
    if (n < cell.n && cell.p[n] == ' ')
        blank = n;
    size_t cut = blank ? blank : n;
    *rest = (struct kad_str){cell.p + cut + (blank != 0), cell.n - cut - (blank != 0)};
    return (struct kad_str){cell.p, cut};
}

/* One line of a row; cells that wrap keep in `cells` what is left of them. */
static void print_line(struct kad_table *t, struct kad_out *o, size_t indent, enum kad_style style,
                       struct kad_str *cells)
{
    size_t last = t->n_columns;
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i].width && cells[i].n)
            last = i;
    kad_text_put_padded(&o->b, KAD_STR(""), indent, false);
    for (size_t i = 0; i <= last && i < t->n_columns; i++) {
        const struct kad_column *c = &t->columns[i];
        struct kad_str cell = cells[i];
        cells[i] = (struct kad_str){0};
        if (c->width == 0)
            continue;
        if (c->wraps)
            cell = take_line(cell, c->width, &cells[i]);
        enum kad_style own = style ? style : c->style;
        if (own != KAD_PLAIN)
            kad_out_style(o, own);
        put_cell(&o->b, cell, c, i == last);
        if (own != KAD_PLAIN)
            kad_out_style(o, KAD_PLAIN);
        if (i != last)
            kad_buf_puts(&o->b, "  ");
    }
    kad_buf_putc(&o->b, '\n');
}

static void print_row(struct kad_table *t, struct kad_out *o, size_t indent,
                      const struct kad_table_row *row)
{
    struct kad_str *cells = kad_xalloc(t->n_columns * sizeof *cells);
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i].width)
            cells[i] = row->cells[i];
    for (bool more = true; more;) {
        print_line(t, o, indent, row->style, cells);
        more = false;
        for (size_t i = 0; i < t->n_columns; i++)
            more = more || cells[i].n > 0;
    }
    free(cells);
}

void kad_table_print(struct kad_table *t, struct kad_out *o, size_t indent)
{
    bool titled = false;
    for (size_t i = 0; i < t->n_columns; i++) {
        struct kad_column *c = &t->columns[i];
        if (c->width == 0 || !c->title)
            continue;
        titled = true;
        size_t width = kad_utf8_width(kad_str(c->title));
        c->width = c->width > width ? c->width : width;
    }
    if (o->width)
        fit(t, indent, o->width);
    if (titled) {
        struct kad_table_row head = {
            .cells = kad_arena_array(t->arena, struct kad_str, t->n_columns), .style = KAD_DIM};
        for (size_t i = 0; i < t->n_columns; i++)
            head.cells[i] = kad_str(t->columns[i].title);
        print_row(t, o, indent, &head);
    }
    for (size_t i = 0; i < t->rows.n; i++) {
        const struct kad_table_row *row = &t->rows.v[i];
        if (row->cells)
            print_row(t, o, indent, row);
        else
            kad_out_line(o, row->style, "%s%.*s", i ? "\n" : "", KAD_STR_FMT(row->heading));
        kad_out_more(o);
    }
}

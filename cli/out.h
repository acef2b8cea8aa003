/* Where answers go: text for people on stdout, with styles on a terminal only (and never when
 * NO_COLOR is set), tables aligned by display width, and dates as people read them. What comes from
 * outside passes kad_text_put_safe on its way.
 */
#ifndef KAD_CLI_OUT_H
#define KAD_CLI_OUT_H

#include "core/calendar.h"
#include "core/text.h"

enum kad_style { KAD_PLAIN = 0, KAD_BOLD, KAD_DIM, KAD_LATE, KAD_SOON, KAD_GOOD };

struct kad_out {
    struct kad_buf b;
    bool terminal, colour;
    size_t width; /* columns of the terminal; 0: no limit */
    enum kad_style style;
    bool flushed; /* something has been written */
    bool failed;  /* stdout could not be written */
};
void kad_out_init(struct kad_out *o);
/* Our own words. */
void kad_out_printf(struct kad_out *o, const char *fmt, ...) KAD_PRINTF(2, 3);
void kad_out_puts(struct kad_out *o, const char *s);
/* Our own words with a command to type in them: "kadens" becomes what the program was called by. */
void kad_out_hint(struct kad_out *o, const char *fmt, ...) KAD_PRINTF(2, 3);
/* Somebody else's. */
void kad_out_safe(struct kad_out *o, struct kad_str s);
/* Everything until the next call in this style. */
void kad_out_style(struct kad_out *o, enum kad_style style);
/* A line in this style. */
void kad_out_line(struct kad_out *o, enum kad_style style, const char *fmt, ...) KAD_PRINTF(3, 4);
/* Words in lines of at most `width` columns (0: the terminal's, or 80), each after `indent` blanks. */
void kad_out_wrap(struct kad_out *o, size_t indent, size_t width, struct kad_str s);
/* The same, but the first line has been begun and its `indent` columns are taken. A width of
 * SIZE_MAX keeps everything on one line. */
void kad_out_hang(struct kad_out *o, size_t indent, size_t width, struct kad_str s);
/* Writes what has gathered once it is a lot. */
void kad_out_more(struct kad_out *o);
/* Writes everything. KAD_EIO when stdout could not take it. */
enum kad_err kad_out_flush(struct kad_out *o, struct kad_error *reterr) KAD_MUST_CHECK;

/* --- tables --- */

struct kad_column {
    const char *title; /* translated; NULL: none */
    bool right;        /* numbers */
    bool gives;        /* becomes narrower when the line is too long for the terminal ... */
    bool wraps;        /* ... and goes on below; else it is cut */
    bool drops;        /* is left out altogether when that is not enough */
    enum kad_style style;
    size_t width; /* of the widest cell; the table's own business */
};
struct kad_table_row {
    struct kad_str *cells; /* NULL: a heading over the rows that follow */
    struct kad_str heading;
    enum kad_style style;
};
struct kad_table {
    struct kad_arena *arena;
    struct kad_column *columns;
    size_t n_columns, at;
    kad_vec(struct kad_table_row) rows;
};
void kad_table_init(struct kad_table *t, struct kad_arena *a, struct kad_column *columns, size_t n);
/* Begin a row; then one kad_table_cell for each column. */
void kad_table_row(struct kad_table *t, enum kad_style style);
void kad_table_heading(struct kad_table *t, enum kad_style style, struct kad_str text);
void kad_table_cell(struct kad_table *t, struct kad_str text); /* made safe here */
/* With two blanks between columns, each line after `indent` blanks. An empty column is left out. */
void kad_table_print(struct kad_table *t, struct kad_out *o, size_t indent);

/* --- dates for people --- */

const char *kad_weekday_short(kad_day day);                           /* "mån" */
void kad_put_day(struct kad_buf *b, kad_day day);                     /* "mån 2021-06-07" */
void kad_put_day_long(struct kad_buf *b, kad_day day);                /* "måndag 7 juni 2021" */
void kad_put_day_words(struct kad_buf *b, kad_day day);               /* "7 juni 2021" */
void kad_put_weekday(struct kad_buf *b, kad_day day);                 /* "söndag" */
void kad_put_month(struct kad_buf *b, kad_day day);                   /* "februari 2021" */
void kad_put_relative(struct kad_buf *b, kad_day day, kad_day today); /* "i dag", "om 3 dagar" */
void kad_put_late(struct kad_buf *b, int32_t days);                   /* "3 dagar sen" */
/* "12 345", with the thousands apart as the running language writes them. */
void kad_put_count(struct kad_buf *b, uint64_t n);

#endif

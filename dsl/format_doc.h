/* Inside the formatter: a text as words with what stands between them (format_doc.c), the rows they
 * are laid out in (format_rows.c), and how rows become lines (format_lines.c). */
#ifndef KAD_DSL_FORMAT_DOC_H
#define KAD_DSL_FORMAT_DOC_H

#include "dsl/format.h"
#include "dsl/script.h"

#define KAD_FMT_WIDTH 100 /* columns of a line, where its texts allow it */
#define KAD_FMT_INDENT 4

struct kad_fmt_comment {
    struct kad_str text;
    bool own;    /* stands on a line of its own, else behind a word */
    bool margin; /* begins at the left margin */
    int blanks;  /* blank lines before it */
};

/* Where a long line may be broken: between two parts of a list before in the middle of one. */
enum kad_fmt_break { KAD_FMT_NEVER = 0, KAD_FMT_WITHIN, KAD_FMT_BETWEEN };

/* A word, and what stands before it. */
struct kad_fmt_word {
    int token; /* of the grammar; a word that begins a line is as any other, a soft name is a NAME */
    struct kad_str text; /* as it is written in the result */
    int width;           /* columns of it */
    int gap;             /* blanks before it, on one line */
    int decl;            /* enum kad_decl_kind of the declaration that begins here, else -1 */
    int clause;          /* enum kad_clause_kind of the clause that begins here, else -1 */
    bool soft;           /* a NAME that is a word of the language */
    enum kad_fmt_break may_break; /* may a long line be broken before it? */
    bool must_break; /* on one line with the word before it, it would be read otherwise */
    int blanks;      /* blank lines between it and what stands before it */
    struct kad_fmt_comment *comments;
    size_t n_comments;
};

struct kad_fmt_doc {
    struct kad_arena *arena;
    bool swedish;      /* the words of the result */
    bool has_language; /* the policy says which */
    struct kad_fmt_word *v;
    size_t n; /* v[n] is the end of the text, with what stands before it */
};

/* What was read (u->keep) as a document in these words. */
void kad_fmt_doc_init(struct kad_fmt_doc *doc, const struct kad_script *u,
                      enum kad_format_words words);
/* Are they word for word the same, and is each where it was in the tree? *ret_at is the first word
 * that differs. */
bool kad_fmt_doc_same(const struct kad_fmt_doc *a, const struct kad_fmt_doc *b, size_t *ret_at);
/* Columns of the words [from, to) on one line. */
int kad_fmt_width(const struct kad_fmt_doc *doc, size_t from, size_t to);
/* Does a comment or a break that must be stand between two of the words [from, to)? */
bool kad_fmt_is_broken(const struct kad_fmt_doc *doc, size_t from, size_t to);

/* --- rows --- */

/* A row is a line, or several when it does not fit one. Rows of one group have their cells in
 * columns; a cell may be empty. */
#define KAD_FMT_CELLS 8
struct kad_fmt_row {
    size_t from, to;                /* words */
    size_t cell[KAD_FMT_CELLS + 1]; /* where each cell begins; cell[n_cells] == to */
    size_t n_cells;
    int sep[KAD_FMT_CELLS]; /* least blanks before each cell */
    int indent;
    bool flat;        /* lines after the first begin where it does, else further in */
    size_t hang_cell; /* ... or, while this cell is being set, behind its first `hang` words */
    int hang;         /* -1: not so */
    size_t drop;      /* cells from this one on may go to lines of their own; 0: none */
    int drop_indent;
    bool together;            /* if one row of the group must drop its last cell, all do */
    bool strict;              /* in columns, however unlike in width */
    int next;                 /* the next row of the group; -1: none */
    bool first;               /* of its group */
    int start[KAD_FMT_CELLS]; /* columns, when set (format_lines.c); -1: a line of its own */
};
typedef kad_vec(struct kad_fmt_row) kad_fmt_rows;

void kad_fmt_rows_make(struct kad_fmt_doc *doc, kad_fmt_rows *ret);

/* --- lines --- */

void kad_fmt_put(struct kad_buf *b, const struct kad_fmt_doc *doc, kad_fmt_rows *rows);

#endif

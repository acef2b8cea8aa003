/* The text being read: where its lines are, and how a place in it is shown. Places are byte offsets;
 * line and column are computed when something is printed. A column is a display column counted from
 * 1: a tab goes on to the next multiple of eight, wide characters count two, combining marks none. */
#ifndef KAD_DSL_SOURCE_H
#define KAD_DSL_SOURCE_H

#include "core/text.h"

/* Half-open: the bytes [from, to). */
struct kad_span {
    uint32_t from, to;
};

struct kad_source {
    struct kad_str text;
    const char *name; /* what messages call the file */
    uint32_t *lines;  /* where each line begins */
    size_t n_lines;
};

/* text and name must outlive the source. Below 4 GiB; the face checks. */
void kad_source_init(struct kad_source *s, struct kad_arena *a, struct kad_str text,
                     const char *name);
/* Index from 0 of the line that holds the byte. */
size_t kad_source_line(const struct kad_source *s, uint32_t at);
/* The line without its line break. */
struct kad_str kad_source_line_text(const struct kad_source *s, size_t line);
/* Where the line's text ends: behind its last character that is no blank, before any comment. */
uint32_t kad_source_line_end(const struct kad_source *s, size_t line);
struct kad_str kad_source_slice(const struct kad_source *s, struct kad_span span);
/* The display column, from 1, of the byte `at` in the line text. */
size_t kad_source_column(struct kad_str line, size_t at);
/* The line as it is shown: tabs as blanks, control characters visible. */
void kad_source_put_line(struct kad_buf *b, struct kad_str line);

#endif

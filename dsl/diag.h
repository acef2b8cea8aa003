/* What the compiler has to say about a policy text: errors and warnings in an administrator's words,
 * one per cause, each with a stable code (diag.def, explained in docs/errors.md), its place, and
 * where possible what is accepted and the corrected line. */
#ifndef KAD_DSL_DIAG_H
#define KAD_DSL_DIAG_H

#include <stdarg.h>

#include "core/text.h"
#include "dsl/source.h"

enum kad_severity { KAD_ERROR = 0, KAD_WARNING };

enum kad_diag_code {
#define K(number, name, severity, text, advice) KAD_K_##name = (number),
#include "dsl/diag.def"
#undef K
};

/* One message. Strings are the arena's of the kad_diags and have a NUL behind them. */
struct kad_diag {
    enum kad_diag_code code;
    enum kad_severity severity;
    struct kad_span span;
    size_t line, column; /* from 1; display columns */
    const char *message;
    const char *advice;    /* what was understood or is accepted; NULL: none */
    const char *mend;      /* the line as it should probably be; NULL: no guess */
    struct kad_str shown;  /* the line, or the part of a long one around the place; empty: none */
    size_t mark, mark_end; /* display columns in `shown`, from 0, half-open */
    size_t order;          /* of arrival, among those of one place */
};

struct kad_diags {
    struct kad_arena arena;
    const char *name;   /* of the file */
    struct kad_diag *v; /* sorted by place once compiling is done */
    size_t n, cap;
    size_t n_errors, n_warnings; /* of all, also those beyond KAD_LIMIT_DIAGS */
};

void kad_diags_init(struct kad_diags *d);
void kad_diags_done(struct kad_diags *d);
/* Was the text refused before it was read: too large, not UTF-8, with characters that no text has? */
bool kad_diags_unreadable(const struct kad_diags *d);
/* How many are shown: at most KAD_LIMIT_DIAGS. */
size_t kad_diags_shown(const struct kad_diags *d);
/* One message as people read it: `file:line:column: error K060: …`, then the line with its place
 * marked, the advice and the corrected line. */
void kad_diags_put(struct kad_buf *b, const struct kad_diags *d, size_t i);
/* All that are shown, and a last line that counts the rest. */
void kad_diags_put_all(struct kad_buf *b, const struct kad_diags *d);
/* The code's severity, its untranslated text and its advice (NULL: none; the pointer may be NULL), for
 * documentation and tests; false: no such code. */
bool kad_diag_known(int code, enum kad_severity *ret_severity, const char **ret_text,
                    const char **ret_advice);

/* --- for the compiler --- */

/* Add a message; the format is the code's, its arguments are all strings. NULL when the same was said
 * of the same place before. */
struct kad_diag *kad_report(struct kad_diags *d, const struct kad_source *s, struct kad_span span,
                            enum kad_diag_code code, ...);
/* Replace the code's own advice; `r` may be NULL. `text` is copied. */
void kad_advise(struct kad_diags *d, struct kad_diag *r, const char *fmt, ...) KAD_PRINTF(3, 4);
/* The corrected line: that of `span` with the span replaced. `r` may be NULL. */
void kad_mend(struct kad_diags *d, const struct kad_source *s, struct kad_diag *r,
              struct kad_span span, struct kad_str replacement);
/* Enough is kept: what else there is is only counted. */
bool kad_diags_full(const struct kad_diags *d);
/* Forget all that was said. */
void kad_diags_reset(struct kad_diags *d);
/* Sort by place, and drop what only follows from an unclosed quote on the same line. */
void kad_diags_close(struct kad_diags *d);

#endif

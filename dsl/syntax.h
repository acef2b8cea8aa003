/* What is said when a word stands where the grammar has no use for it, and how reading goes on. */
#ifndef KAD_DSL_SYNTAX_H
#define KAD_DSL_SYNTAX_H

#include "dsl/script.h"

/* The parser met `token` at `span` and could have gone on with any of `expected`. One message for
 * each line, none for a token that was complained of before. */
void kad_syntax_error(struct kad_script *u, int token, struct kad_span span, const int *expected,
                      size_t n);
/* Is the token complained of to be dropped? Asked once, when the parser goes on. */
bool kad_syntax_drop(struct kad_script *u);
/* Nothing of the declaration can be used: go on at the next one. */
void kad_syntax_skip_decl(struct kad_script *u);
void kad_syntax_too_deep(struct kad_script *u, struct kad_span span);
/* Find out which declarations were not read whole, and the names in them. After parsing. */
void kad_syntax_close(struct kad_script *u);
/* Does the name stand in a declaration that was not read whole? Then it is not complained of. */
bool kad_syntax_suspect(const struct kad_script *u, struct kad_str name);

#endif

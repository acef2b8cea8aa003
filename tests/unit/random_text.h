/* Rule texts made at random from the grammar alone: whole of form, without sense, and written as
 * carelessly as the language allows. English keywords. */
#ifndef KAD_TESTS_RANDOM_TEXT_H
#define KAD_TESTS_RANDOM_TEXT_H

#include "core/buf.h"
#include "tests/unit/random_policy.h"

void random_text(struct dice *d, struct kad_buf *b);

#endif

/* What was read and what was compiled, as text to compare: all of it but where it stands, how it was
 * spelt and which language's words it was written in. */
#ifndef KAD_TESTS_DUMP_H
#define KAD_TESTS_DUMP_H

#include "core/policy.h"
#include "dsl/script.h"

void dump_tree(struct kad_buf *b, const struct kad_script *u);
void dump_policy(struct kad_buf *b, const struct kad_policy *p);

#endif

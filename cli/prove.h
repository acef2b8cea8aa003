/* The calendar proof of a policy as people and programs read it. */
#ifndef KAD_CLI_PROVE_H
#define KAD_CLI_PROVE_H

#include "cli/out.h"
#include "dsl/prove.h"

/* Sentences under each line of the rules that has something to say. */
void kad_proof_put(struct kad_out *o, const struct kad_policy *p, const struct kad_proof *proof);
/* `"calendar":{…}`, every line with its numbers. */
void kad_proof_json(struct kad_buf *b, const struct kad_policy *p, const struct kad_proof *proof);

#endif

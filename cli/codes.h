/* rules check --explain: what the codes of messages mean. */
#ifndef KAD_CLI_CODES_H
#define KAD_CLI_CODES_H

#include "cli/cli.h"

/* The codes given as words, each with its example; without any, all of them in a line each. */
enum kad_err kad_codes_explain(struct kad_cli *c, struct kad_error *reterr) KAD_MUST_CHECK;

#endif

/* Explanations in words: one sentence for each kind of step, in the running language, and the same
 * steps as JSON. */
#ifndef KAD_CLI_EXPLAIN_H
#define KAD_CLI_EXPLAIN_H

#include "cli/cli.h"
#include "core/explain.h"

/* The sentence of one step. */
void kad_put_step(struct kad_buf *b, struct kad_cli *c, const struct kad_explanation *e,
                  const struct kad_step *s);
/* All of it on a page. */
void kad_explanation_print(struct kad_cli *c, const struct kad_explanation *e);
/* {"subject":…,"as_of":…,"steps":[{"kind":…,"depth":…,"text":…,…},…]} */
void kad_explanation_json(struct kad_cli *c, const struct kad_explanation *e);

#endif

/* Writing one record and saying what came of it: what was recorded, what a rule said, and what it did
 * to the subject's list; or why it was refused. */
#ifndef KAD_CLI_WRITE_H
#define KAD_CLI_WRITE_H

#include "cli/cli.h"

/* Write the draft (its id, instant and clock are filled in from the options) and print the outcome.
 * `subject` is whose list is compared before and after; empty: nobody's. A refusal by the rules is
 * told here and returned as KAD_ENO with an empty sentence. */
enum kad_err kad_write_draft(struct kad_cli *c, struct kad_draft *d, struct kad_str subject,
                             struct kad_error *reterr) KAD_MUST_CHECK;
/* One of the engine's notes. */
struct kad_input kad_note(const char *name, enum kad_input_form form, struct kad_str text);

#endif

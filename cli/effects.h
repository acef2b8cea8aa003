/* What a record did to the list of its subject: the tasks before it against those after. */
#ifndef KAD_CLI_EFFECTS_H
#define KAD_CLI_EFFECTS_H

#include "cli/rows.h"

struct kad_effects {
    kad_day today;
    struct kad_rows before, after;
};
/* The subject's tasks as they are now; none for a stranger. Call before and after writing. */
enum kad_err kad_effects_take(struct kad_cli *c, struct kad_str subject, struct kad_rows *ret,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* "Done: …", "New: …", …, and what comes next; or that nothing changed. */
void kad_effects_print(struct kad_out *o, const struct kad_effects *e);
/* {"done":[…],"new":[…],…} of task instances. */
void kad_effects_json(struct kad_buf *b, const struct kad_effects *e, struct kad_str subject);

#endif

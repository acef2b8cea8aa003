/* What a backup lacks: the records that a store has beyond it, counted and written out. */
#ifndef KAD_CLI_MISSING_H
#define KAD_CLI_MISSING_H

#include "cli/cli.h"

struct kad_missing {
    const char *store; /* where they are; it may be damaged */
    uint64_t from;     /* the first of them */
    const char *file;  /* --missing; NULL: only counted */
};
/* Read in a child process. Writes the file, beside and then in place, and puts what there is into `ret`:
 * for people, or as a JSON object. */
enum kad_err kad_missing_tell(struct kad_cli *c, const struct kad_missing *m, struct kad_buf *ret,
                              struct kad_error *reterr) KAD_MUST_CHECK;

#endif

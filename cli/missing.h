/* What a backup lacks: the records that a store has beyond it, counted and written out. */
#ifndef KAD_CLI_MISSING_H
#define KAD_CLI_MISSING_H

#include "cli/cli.h"

struct kad_missing {
    const char *store; /* where they are; it may be damaged */
    uint64_t from;     /* the first of them */
    const char *file;  /* --missing; NULL: only counted */
};
/* What was found. Everything in it is the arena's. */
struct kad_missing_told {
    struct kad_str text;    /* for people, or a JSON object */
    struct kad_str *erased; /* subjects that one of the records erases */
    size_t n_erased;
};
/* Read in a child process. Writes the file, beside and then in place. */
enum kad_err kad_missing_tell(struct kad_cli *c, const struct kad_missing *m,
                              struct kad_missing_told *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;

#endif

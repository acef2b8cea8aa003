/* A ledger that is being restored: what restore knows of it, and how that is told. */
#ifndef KAD_CLI_RESTORE_H
#define KAD_CLI_RESTORE_H

#include "cli/missing.h"
#include "core/restore.h"

struct kad_restoring {
    struct kad_cli *c;
    const char *backup; /* its folder */
    struct kad_restore *r;
    struct kad_copy_info info;       /* of the backup */
    struct kad_restore_seen seen;    /* of the store that is there */
    struct kad_missing_told missing; /* of the records that the backup lacks */
    struct kad_restore_vault vault;
    uint64_t erased; /* subjects whose erasure was recorded again */
    uint64_t carried;
    const char *aside;
    bool held; /* a checkpoint was given */
    enum kad_against against;
    uint64_t signed_size;
};

/* Does the store that was there go further than the backup? */
static inline bool kad_restoring_newer(const struct kad_restoring *t)
{
    return t->seen.opened && t->seen.last_seq > t->info.state.last_seq;
}

/* Of the records that the backup lacks: where from. Where the two went different ways, all from there. */
static inline uint64_t kad_restoring_from(const struct kad_restoring *t)
{
    return t->seen.differs ? t->seen.differs : t->info.state.last_seq + 1;
}

/* It is done: say so, and what follows from it. */
void kad_restoring_tell(struct kad_restoring *t);

#endif

/* Copies of a ledger's data: what backup and restore stand on.
 *
 * Source: architecture.md, "The ledger"; LMDB, mdb_env_copyfd2.
 */
#ifndef KAD_CORE_COPY_H
#define KAD_CORE_COPY_H

#include "core/ledger.h"

/* Write the whole ledger, as it is at this moment, into an open, empty file: consistent while others go
 * on writing, and compacted, so that nothing of what LMDB has freed is in it. On disk when it returns.
 * `name` is what the file is called in messages; progress (may be NULL) counts KiB and is called from
 * another thread. While it runs, pages that others free are kept: the source grows.
 * Errors: EFULL, EIO for the file; ESTORE when the source is damaged. */
enum kad_err kad_copy_ledger(struct kad_ledger *l, int fd, const char *name,
                             kad_progress_fn progress, void *ctx, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* An ordinary file into an open, empty one, or into a new one of these rights; on disk when it returns. */
enum kad_err kad_copy_into(const char *from, int fd, const char *name, kad_progress_fn progress,
                           void *ctx, struct kad_error *reterr) KAD_MUST_CHECK;
enum kad_err kad_copy_file(const char *from, const char *to, unsigned mode,
                           kad_progress_fn progress, void *ctx, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* What a copy turned out to hold. */
struct kad_copy_info {
    struct kad_ledger_info info;
    struct kad_ledger_state state;
};
/* Whose ledger the data.mdb of a folder that nobody writes is, and where it ends. Whether it is whole is
 * another question (core/verify.h). Nothing is written into the folder, and damage cannot end the caller.
 * ESTORE with what is wrong. */
enum kad_err kad_copy_peek(const char *dir, struct kad_copy_info *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;

#endif

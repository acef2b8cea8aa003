/* The list of backups that were made of a ledger: the file `backups` in its store, one line for each.
 * It is a help for people (which backups still show what was erased since, and where they lie), and no
 * part of the ledger: a line that is damaged is passed over.
 *
 * A line: 16 hexadecimal digits, blank, instant, blank, last seq, blank, last fence, blank, path. The
 * digits are the beginning of the SHA-256 of what follows their blank. In the path what is not printable
 * ASCII stands as \xHH, and a backslash too. Only the newest KAD_BACKUPS_MOST lines are kept.
 * Source: interface.md, `backup` and `erase`.
 */
#ifndef KAD_CORE_BACKUPS_H
#define KAD_CORE_BACKUPS_H

#include "core/event.h"

#define KAD_BACKUPS_FILE "backups"
#define KAD_BACKUPS_MOST 500

struct kad_backup {
    kad_instant at;      /* when it was made */
    uint64_t last_seq;   /* the last record in it; 0: none */
    uint64_t last_fence; /* seq of the last erasure in it; 0: none */
    struct kad_str
        path; /* the backup's own folder, as an absolute path; what lies there now is another
                          * matter: it may have been moved or thrown away */
};
/* What the list of the store in this folder holds, oldest first, in the arena. No list: none.
 * Those with last_fence below a fence's seq are superseded by that fence. ESTORE when it cannot be read. */
enum kad_err kad_backups_read(const char *store, struct kad_arena *a, struct kad_backup **ret,
                              size_t *ret_n, struct kad_error *reterr) KAD_MUST_CHECK;
/* Put one more at its end, for good when it returns. The caller need not be the store's writer; of two
 * at the same time one may be lost. */
enum kad_err kad_backups_add(const char *store, const struct kad_backup *b,
                             struct kad_error *reterr) KAD_MUST_CHECK;

#endif

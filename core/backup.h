/* Making a backup: a folder of its own in a folder of backups.
 *
 *   DIR/2026-11-22T113000Z-1a2b3c4d/   the instant, and the first digits of the ledger's id
 *       data.mdb                       the ledger, compacted
 *       checkpoint                     the newest signed note, where there is one
 *       README.txt                     what this is, for whoever finds it
 *   DIR/ID.vault                       the newest vault, one for all backups of the ledger in DIR: so
 *                                      that what has been erased since is gone from the older ones too
 * Folders 0700, files 0600. Never in it: the keys.
 *
 * It is made beside, as DIR/.unfinished-ID8-PID, which is locked while somebody works in it; what was
 * left by one who was killed is removed by the next. The backup has its name only when it is whole, has
 * been checked and is on disk. The vault is replaced before that: it may be newer than the ledger beside
 * it, never older.
 */
#ifndef KAD_CORE_BACKUP_H
#define KAD_CORE_BACKUP_H

#include "core/copy.h"

struct kad_backup_work;

/* Where a backup into `dir` goes; makes the folder when it is not there (its parent must be). EINPUT for a
 * place where it cannot be: a file, a store or a folder in one, a backup. */
enum kad_err kad_backup_begin(struct kad_ledger *l, const char *store, const char *dir,
                              kad_instant at, struct kad_backup_work **ret,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* Copy the ledger, and the vault beside it. */
enum kad_err kad_backup_copy(struct kad_backup_work *w, struct kad_ledger *l,
                             kad_progress_fn progress, void *ctx, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* The ledger's id. */
const char *kad_backup_ledger(const struct kad_backup_work *w);
/* Where its vault lies, once it is finished; NULL: the store has none. */
const char *kad_backup_vault(const struct kad_backup_work *w);
/* The folder as it stands now, for checking it. */
const char *kad_backup_folder(const struct kad_backup_work *w);
/* One more file in it. */
enum kad_err kad_backup_put(struct kad_backup_work *w, const char *name, struct kad_str bytes,
                            struct kad_error *reterr) KAD_MUST_CHECK;
/* Give it its name, for good; the absolute path lives as long as w. */
enum kad_err kad_backup_finish(struct kad_backup_work *w, const char **ret_path,
                               struct kad_error *reterr) KAD_MUST_CHECK;
/* What is not finished is removed. NULL is fine. */
void kad_backup_free(struct kad_backup_work *w);

#endif

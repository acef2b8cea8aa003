/* A ledger that comes back from a backup.
 *
 * The backup's data are copied into a new folder beside the store, STORE.restoring-PID, checked and made
 * ready there; then that folder and the store change places in one step, and what was the store is
 * STORE.before-INSTANT, whole and never deleted. Killed at any moment, STORE is the old ledger or the new
 * one; what was begun beside it is removed by the next restore. (On a file system that cannot exchange
 * two folders there is a moment with no STORE at all; the old one then has its new name already.)
 *
 * Who writes to the store is kept out until the end. Source: architecture.md, "The ledger".
 */
#ifndef KAD_CORE_RESTORE_H
#define KAD_CORE_RESTORE_H

#include "core/copy.h"

struct kad_restore;

/* Begin to restore a backup's folder into `store`: absent, an empty folder, or a store, which need not be
 * whole. Errors: EINPUT when the one is no backup or the other holds something else; EBUSY. */
enum kad_err kad_restore_begin(const char *backup, const char *store, unsigned wait_ms,
                               struct kad_restore **ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* Copy the backup's data. */
enum kad_err kad_restore_copy(struct kad_restore *r, kad_progress_fn progress, void *ctx,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* The new store's folder, for checking it and making it ready. */
const char *kad_restore_folder(const struct kad_restore *r);
/* The backup's folder. */
const char *kad_restore_backup(const struct kad_restore *r);
/* The store that is there, as the kernel knows it; NULL: none. */
const char *kad_restore_present(const struct kad_restore *r);

/* What the store that is there turned out to be, beside the one that comes back. Read in a child process:
 * it may be damaged in any way. */
struct kad_restore_seen {
    bool opened; /* it could be; the rest is nothing otherwise */
    char id[33];
    uint64_t last_seq;
    kad_instant last_at;
    bool newer;       /* every record of it behind the backup's last can be read */
    bool compared;    /* the records that both have were compared to the end ... */
    uint64_t differs; /* ... or to this one, the first that is not the same in both; 0: none */
};
enum kad_err kad_restore_see(const struct kad_restore *r, uint64_t backup_last,
                             struct kad_restore_seen *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* A checkpoint that somebody kept. */
enum kad_against {
    KAD_AGAINST_FITS,  /* the backup begins with what was signed */
    KAD_AGAINST_OTHER, /* it does not: other records were signed */
    KAD_AGAINST_NEWER, /* more was signed than the backup has; whether it goes on from it is open */
    KAD_AGAINST_STORE, /* more was signed, and the store that is there is what was signed */
    KAD_AGAINST_STORE_OTHER, /* more was signed, and the store that is there is something else */
};
/* Hold it against the backup, and against the store that is there where that goes further. *ret_size: how many
 * records it is over. ENO when it is no checkpoint of this ledger. */
enum kad_err kad_restore_against(const struct kad_restore *r, struct kad_str note,
                                 enum kad_against *ret, uint64_t *ret_size,
                                 struct kad_error *reterr) KAD_MUST_CHECK;
/* Append the records of the store that is there from `from` on, byte for byte. It was seen to be whole
 * there and the same before. */
enum kad_err kad_restore_carry(struct kad_restore *r, uint64_t from, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* Which vault comes with the ledger, of those that can be found: the one given; else that of the store that is
 * there, or the one beside the backup, or one in its folder: one that the master key at hand opens goes before
 * one of which that cannot be said, then one that has every key that the ledger needs, then in this order. It is
 * copied into the new store. The backup's data were checked. */
struct kad_restore_vault {
    const char *from; /* the file taken; NULL: there is none */
    uint64_t fence;   /* the last erasure that it has carried out */
    uint64_t lost;    /* subjects whose key is not in it, although it should be */
    struct kad_str
        *again; /* subjects whose key is destroyed in one of them, and whose erasure is not in the
                            * ledger: sorted */
    size_t n_again;
};
/* Everything in *ret is the arena's. ESTORE when the one given is not of this ledger or none at all. */
enum kad_err kad_restore_vault(const struct kad_restore *r, const char *given, struct kad_arena *a,
                               struct kad_restore_vault *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* Record again that the private fields of these subjects are erased; those that the ledger does not have, or
 * has as erased, are passed over: *ret_n were recorded. The keys are destroyed when the new store is in its
 * place and opened for writing (kad_ledger_erase): not before, because the master key changes with it. */
struct kad_restore_erase {
    const struct kad_str *subjects;
    size_t n;
    kad_instant at; /* the later of this and the last record's counts */
    bool given;     /* it was not read from the clock */
    struct kad_str by, via, because;
};
enum kad_err kad_restore_erase(const struct kad_restore *r, const struct kad_restore_erase *e,
                               uint64_t *ret_n, struct kad_error *reterr) KAD_MUST_CHECK;
/* Note in the new store where it ends, so that an import may go on from there (batch.c), and take over the
 * list of backups. */
enum kad_err kad_restore_settle(struct kad_restore *r, struct kad_error *reterr) KAD_MUST_CHECK;
/* The new store takes its place. *ret_aside: where the old one is, as long as r lives; NULL: there was
 * none. */
enum kad_err kad_restore_finish(struct kad_restore *r, kad_instant at, const char **ret_aside,
                                struct kad_error *reterr) KAD_MUST_CHECK;
/* Why the new store could not be written, in words that are true of one that is not in its place: nothing
 * was changed. For the files of restore. */
enum kad_err kad_restore_unwritten(const struct kad_restore *r, const struct kad_error *why,
                                   struct kad_error *reterr);
/* What is not finished is removed, the store as it was. NULL is fine. */
void kad_restore_free(struct kad_restore *r);

#endif

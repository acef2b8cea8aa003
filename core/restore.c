#include "core/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/backups.h"
#include "core/ledger_priv.h"

#define SAME_SECOND 100

struct kad_restore {
    char *backup; /* its folder */
    char *target; /* the store's path */
    char *parent;
    char *work;   /* the new store; NULL: none, or in its place */
    char *aside;  /* where the old one is */
    bool present; /* there is a store */
    int writer;   /* its lock; -1: none */
    int fd;       /* the new data.mdb, locked while we work; -1: none */
};

static enum kad_err work_fail(const struct kad_restore *r, int failed, struct kad_error *reterr)
{
    if (failed == ENOSPC || failed == EDQUOT)
        return kad_fail(reterr, KAD_EFULL,
                        _("There is no room on the disk of the store %s. Nothing was changed."),
                        r->target);
    if (failed == EBUSY || failed == EXDEV)
        return kad_fail(reterr, KAD_EINPUT,
                        _("%s is the root of a disk and cannot be replaced. Restore into a folder "
                          "inside it."),
                        r->target);
    return kad_fail(reterr, KAD_ESTORE,
                    _("The ledger cannot be put in %s: %s. Nothing was changed."), r->target,
                    strerror(failed));
}

enum kad_err kad_restore_unwritten(const struct kad_restore *r, const struct kad_error *why,
                                   struct kad_error *reterr)
{
    if (why->code == KAD_EFULL)
        return work_fail(r, ENOSPC, reterr);
    if (why->code == KAD_EIO) /* what LMDB says of a store in use does not hold for this one */
        return kad_fail(reterr, KAD_EIO,
                        _("The disk failed while the ledger was made ready beside %s. Nothing was "
                          "changed: look at the disk, and try again."),
                        r->target);
    return kad_fail(reterr, why->code, "%s", why->text);
}

/* --- what is there --- */

static bool holds(const char *dir, const char *name)
{
    struct stat st;
    char *path = kad_path_join(dir, name);
    bool is = lstat(path, &st) == 0;
    free(path);
    return is;
}

static enum kad_err check_backup(const char *backup, struct kad_error *reterr)
{
    struct stat st;
    if (stat(backup, &st) != 0)
        return kad_fail(reterr, KAD_EINPUT, _("There is no backup %s: %s."), backup,
                        strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return kad_fail(reterr, KAD_EINPUT, _("%s is a file; a backup is a folder."), backup);
    if (!holds(backup, KAD_DATA_FILE))
        return kad_fail(reterr, KAD_EINPUT, _("The folder %s is no backup: it has no file %s."),
                        backup, KAD_DATA_FILE);
    return KAD_OK;
}

static bool is_empty(const char *dir)
{
    bool any = false;
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && !any && (e = readdir(d));)
        any = strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (d)
        closedir(d);
    return d && !any;
}

/* A store that lost files is one still: its lock or its data is there. */
static enum kad_err check_target(struct kad_restore *r, unsigned wait_ms, struct kad_error *reterr)
{
    struct stat st;
    struct stat from;
    if (stat(r->target, &st) != 0)
        return errno == ENOENT ? KAD_OK : work_fail(r, errno, reterr);
    if (stat(r->backup, &from) == 0 && from.st_dev == st.st_dev && from.st_ino == st.st_ino)
        return kad_fail(reterr, KAD_EINPUT, _("%s is the store itself, and no backup of it."),
                        r->backup);
    if (!S_ISDIR(st.st_mode))
        return kad_fail(reterr, KAD_EINPUT, _("%s is a file; a store is a folder."), r->target);
    if (is_empty(r->target))
        return KAD_OK;
    if (!holds(r->target, KAD_WRITER_FILE))
        return kad_fail(reterr, KAD_EINPUT,
                        _("The folder %s holds something else than a store. Restore into a new or "
                          "empty folder."),
                        r->target);
    r->present = true;
    return kad_writer_lock(r->target, wait_ms, &r->writer, reterr);
}

/* --- the new store --- */

static int lock_whole(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

/* What was begun by one who is gone. It was never the store. */
static void remove_left(const struct kad_restore *r)
{
    struct kad_buf prefix = {0};
    const char *slash = strrchr(r->target, '/');
    kad_buf_printf(&prefix, "%s.restoring-", slash ? slash + 1 : r->target);
    DIR *d = opendir(r->parent);
    for (const struct dirent *e; d && (e = readdir(d));) {
        if (strncmp(e->d_name, prefix.p, prefix.n) != 0)
            continue;
        char *work = kad_path_join(r->parent, e->d_name);
        char *path = kad_path_join(work, KAD_DATA_FILE);
        int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 ? errno == ENOENT : lock_whole(fd) == 0)
            kad_folder_remove(work);
        if (fd >= 0)
            close(fd);
        free(path);
        free(work);
    }
    if (d)
        closedir(d);
    kad_buf_done(&prefix);
}

static int make_file(const char *dir, const char *name, int *ret_fd)
{
    int fd;
    char *path = kad_path_join(dir, name);
    int failed = kad_file_new(path, 0600, &fd);
    free(path);
    if (failed == 0 && ret_fd)
        *ret_fd = fd;
    else if (failed == 0)
        close(fd);
    return failed;
}

static int make_work(struct kad_restore *r)
{
    struct kad_buf b = {0};
    kad_buf_printf(&b, "%s.restoring-%ld", r->target, (long)getpid());
    int failed = kad_folder_new(b.p, 0700);
    if (failed != 0) {
        kad_buf_done(&b);
        return failed;
    }
    r->work = b.p;
    failed = make_file(r->work, KAD_DATA_FILE, &r->fd);
    if (failed == 0)
        failed = lock_whole(r->fd);
    if (failed == 0)
        failed = make_file(r->work, KAD_LOCK_FILE, NULL);
    return failed != 0 ? failed : make_file(r->work, KAD_WRITER_FILE, NULL);
}

static char *target_of(const char *dir)
{
    char *real = realpath(dir, NULL);
    if (real)
        return real;
    char *copy = kad_xstrdup(dir);
    for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    return copy;
}

enum kad_err kad_restore_begin(const char *backup, const char *store, unsigned wait_ms,
                               struct kad_restore **ret, struct kad_error *reterr)
{
    kad_assert(backup && store && ret);
    if (!*store)
        return kad_fail(reterr, KAD_EINPUT, _("The name of the store is empty."));
    struct kad_restore *r = kad_xalloc(sizeof *r);
    *r = (struct kad_restore){.writer = -1, .fd = -1};
    r->backup = kad_xstrdup(backup);
    r->target = target_of(store);
    r->parent = kad_path_parent(r->target);
    enum kad_err err = check_backup(backup, reterr);
    if (err == KAD_OK && access(r->parent, F_OK) != 0)
        err = work_fail(r, errno, reterr);
    if (err == KAD_OK)
        err = kad_place_check(r->parent, reterr);
    if (err == KAD_OK)
        err = check_target(r, wait_ms, reterr);
    if (err == KAD_OK) {
        remove_left(r);
        int failed = make_work(r);
        if (failed != 0)
            err = work_fail(r, failed, reterr);
    }
    if (err != KAD_OK) {
        kad_restore_free(r);
        return err;
    }
    *ret = r;
    return KAD_OK;
}

enum kad_err kad_restore_copy(struct kad_restore *r, kad_progress_fn progress, void *ctx,
                              struct kad_error *reterr)
{
    kad_assert(r && r->work);
    char *from = kad_path_join(r->backup, KAD_DATA_FILE);
    enum kad_err err = kad_copy_into(from, r->fd, r->target, progress, ctx, reterr);
    free(from);
    return err;
}

const char *kad_restore_folder(const struct kad_restore *r)
{
    kad_assert(r->work);
    return r->work;
}

const char *kad_restore_backup(const struct kad_restore *r)
{
    return r->backup;
}

const char *kad_restore_present(const struct kad_restore *r)
{
    return r->present ? r->target : NULL;
}

/* --- making it ready --- */

/* The checkpoints that were signed over what is carried. */
static enum kad_err carry_notes(struct kad_snapshot *s, struct kad_txn *t, uint64_t above,
                                struct kad_error *reterr)
{
    struct kad_arena a;
    struct kad_str note;
    uint64_t size = 0;
    enum kad_err err;
    kad_arena_init(&a);
    for (uint64_t most = UINT64_MAX;; most = size - 1) {
        kad_arena_reset(&a);
        err = kad_snapshot_note(s, most, &a, &note, &size, reterr);
        if (err != KAD_OK || note.n == 0 || size <= above)
            break;
        err = kad_txn_put_note(t, size, note, reterr);
        if (err != KAD_OK)
            break;
    }
    kad_arena_done(&a);
    return err;
}

static enum kad_err carry(struct kad_ledger *old, struct kad_ledger *new, uint64_t from,
                          struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_txn *t = NULL;
    struct kad_ledger_state state;
    enum kad_err err = kad_snapshot_take(old, &s, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_state(s, &state, reterr);
    if (err == KAD_OK)
        err = kad_txn_begin(new, &t, reterr);
    for (uint64_t seq = from; err == KAD_OK && seq <= state.last_seq; seq++) {
        struct kad_str bytes;
        err = kad_snapshot_record(s, seq, &bytes, reterr);
        if (err == KAD_OK)
            err = kad_txn_append_bytes(t, bytes, reterr);
    }
    if (err == KAD_OK)
        err = carry_notes(s, t, from - 1, reterr);
    kad_snapshot_release(s);
    if (err != KAD_OK) {
        kad_txn_abort(t);
        return err;
    }
    return kad_txn_commit(t, reterr);
}

enum kad_err kad_restore_carry(struct kad_restore *r, uint64_t from, struct kad_error *reterr)
{
    struct kad_ledger *old = NULL, *new = NULL;
    struct kad_error why = {0};
    kad_assert(r && r->present && r->work);
    enum kad_err err = kad_ledger_open_still(r->target, &old, &why);
    if (err == KAD_OK)
        err = kad_ledger_open(r->work, true, 0, &new, &why);
    if (err == KAD_OK)
        err = carry(old, new, from, &why);
    kad_ledger_close(new);
    kad_ledger_close(old);
    return err == KAD_OK ? KAD_OK : kad_restore_unwritten(r, &why, reterr);
}

static enum kad_err note_end(struct kad_restore *r, struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    struct kad_txn *t = NULL;
    struct kad_error why = {0};
    enum kad_err err = kad_ledger_open(r->work, true, 0, &l, &why);
    if (err == KAD_OK)
        err = kad_txn_begin(l, &t, &why);
    if (err == KAD_OK)
        err = kad_txn_note_restored(t, &why);
    if (err == KAD_OK)
        err = kad_txn_commit(t, &why);
    else
        kad_txn_abort(t);
    kad_ledger_close(l);
    return err == KAD_OK ? KAD_OK : kad_restore_unwritten(r, &why, reterr);
}

/* A list that cannot be read is a help that is gone, no reason to have no ledger. */
static void take_list(const struct kad_restore *r)
{
    struct kad_error ignored = {0};
    char *from = kad_path_join(r->target, KAD_BACKUPS_FILE);
    char *to = kad_path_join(r->work, KAD_BACKUPS_FILE);
    if (r->present && access(from, R_OK) == 0 &&
        kad_copy_file(from, to, 0600, NULL, NULL, &ignored) != KAD_OK)
        unlink(to);
    free(from);
    free(to);
}

enum kad_err kad_restore_settle(struct kad_restore *r, struct kad_error *reterr)
{
    kad_assert(r && r->work);
    take_list(r);
    return note_end(r, reterr);
}

/* --- in its place --- */

static int sync_work(const struct kad_restore *r)
{
    static const char *const files[] = {KAD_DATA_FILE, KAD_LOCK_FILE, KAD_WRITER_FILE};
    int failed = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files && failed == 0; i++) {
        char *path = kad_path_join(r->work, files[i]);
        failed = kad_sync_path(path);
        free(path);
    }
    return failed != 0 ? failed : kad_sync_path(r->work); /* vault and list were brought there */
}

/* A free name for what is moved aside. */
static char *aside_of(const struct kad_restore *r, kad_instant at)
{
    char text[KAD_INSTANT_TEXT];
    struct stat st;
    struct kad_buf b = {0};
    kad_instant_text(at, text);
    for (int n = 1; n < SAME_SECOND; n++) {
        kad_buf_reset(&b);
        kad_buf_printf(&b, "%s.before-%.13s%.2s%.2sZ", r->target, text, text + 14, text + 17);
        if (n > 1)
            kad_buf_printf(&b, "-%d", n);
        if (lstat(b.p, &st) != 0)
            break;
    }
    return b.p;
}

/* The new store gets the name that the old one is to have, then they change places: what is left behind
 * at any moment is two whole ledgers. */
static int exchange(struct kad_restore *r)
{
    if (rename(r->work, r->aside) != 0)
        return errno;
    if (renameat2(AT_FDCWD, r->aside, AT_FDCWD, r->target, RENAME_EXCHANGE) == 0)
        return 0;
    int failed = errno;
    if (rename(r->aside, r->work) != 0)
        return errno;
    if (failed != EINVAL && failed != ENOSYS)
        return failed;
    /* This file system cannot. */
    if (rename(r->target, r->aside) != 0)
        return errno;
    if (rename(r->work, r->target) == 0)
        return 0;
    failed = errno;
    rename(r->aside, r->target);
    return failed;
}

enum kad_err kad_restore_finish(struct kad_restore *r, kad_instant at, const char **ret_aside,
                                struct kad_error *reterr)
{
    kad_assert(r && r->work && ret_aside);
    int failed = sync_work(r);
    r->aside = aside_of(r, at);
    if (failed == 0)
        failed = r->present ? exchange(r) : rename(r->work, r->target) == 0 ? 0 : errno;
    if (failed != 0)
        return work_fail(r, failed, reterr);
    free(r->work);
    r->work = NULL;
    *ret_aside = r->present ? r->aside : NULL;
    failed = kad_sync_path(r->parent);
    return failed == 0 ? KAD_OK
                       : kad_fail(reterr, KAD_EIO,
                                  _("The ledger is in its place, but the disk failed when that was "
                                    "to be made lasting: %s."),
                                  strerror(failed));
}

void kad_restore_free(struct kad_restore *r)
{
    if (!r)
        return;
    if (r->work)
        kad_folder_remove(r->work);
    if (r->fd >= 0)
        close(r->fd);
    if (r->writer >= 0)
        kad_writer_unlock(r->writer);
    free(r->backup);
    free(r->target);
    free(r->parent);
    free(r->work);
    free(r->aside);
    free(r);
}

#include "core/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/ledger_priv.h"
#include "core/vault.h"

#define ID_SHORT 8 /* digits of the ledger's id in names */
#define SAME_SECOND 100

struct kad_backup_work {
    char id[33];
    kad_instant at;
    char *store, *dir; /* as the kernel knows them */
    char *work;        /* the unfinished folder; NULL: finished or not begun */
    char *path;        /* the finished one */
    char *vault;       /* DIR/ID.vault; NULL: the store has none */
    int fd;            /* its data.mdb, locked; -1: none */
};

static enum kad_err place_fail(const char *dir, int failed, struct kad_error *reterr)
{
    if (failed == ENOSPC || failed == EDQUOT)
        return kad_fail(reterr, KAD_EFULL, _("There is no room for a backup in %s."), dir);
    if (failed == ENOENT || failed == ENOTDIR)
        return kad_fail(reterr, KAD_EINPUT,
                        _("The folder %s cannot be made: the folder it should lie in does not "
                          "exist."),
                        dir);
    return kad_fail(reterr, KAD_ESTORE, _("No backup can be written in %s: %s."), dir,
                    strerror(failed));
}

/* --- where --- */

static bool holds(const char *dir, const char *name)
{
    struct stat st;
    char *path = kad_path_join(dir, name);
    bool is = lstat(path, &st) == 0;
    free(path);
    return is;
}

/* Is the path this folder, or in it? Both as the kernel knows them. */
static bool is_in(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0' || n == 1);
}

static enum kad_err check_place(const char *dir, const char *real, const char *store,
                                struct kad_error *reterr)
{
    if (is_in(real, store))
        return kad_fail(reterr, KAD_EINPUT,
                        _("The folder %s lies in the store itself. Choose a folder elsewhere, best "
                          "on another disk."),
                        dir);
    if (!holds(real, KAD_DATA_FILE))
        return KAD_OK;
    if (holds(real, KAD_WRITER_FILE))
        return kad_fail(reterr, KAD_EINPUT,
                        _("The folder %s holds a store. Choose a folder for backups."), dir);
    return kad_fail(reterr, KAD_EINPUT,
                    _("%s is a backup already. Name the folder that it lies in: each backup gets a "
                      "folder of its own there."),
                    dir);
}

/* The folder of backups, made when it is not there. */
static enum kad_err find_place(const char *dir, const char *store, char **ret,
                               struct kad_error *reterr)
{
    struct stat st;
    if (!*dir)
        return kad_fail(reterr, KAD_EINPUT, _("The name of the folder for backups is empty."));
    if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
        return kad_fail(reterr, KAD_EINPUT, _("%s is a file; backups are put in a folder."), dir);
    char *parent = kad_path_parent(dir), *real = realpath(dir, NULL);
    int why = real ? 0 : errno;
    char *real_parent = realpath(parent, NULL);
    enum kad_err err = KAD_OK;
    if (why == ENOENT && !real_parent)
        why = errno;
    else if (why == ENOENT)
        why = 0; /* it can be made */
    if (why != 0)
        err = place_fail(dir, why, reterr);
    if (err == KAD_OK)
        err = check_place(dir, real ? real : real_parent, store, reterr);
    if (err == KAD_OK && !real) {
        int failed = kad_folder_new(dir, 0700);
        if (failed == 0)
            failed = kad_sync_path(real_parent);
        if (failed == 0 && !(real = realpath(dir, NULL)))
            failed = errno;
        if (failed != 0)
            err = place_fail(dir, failed, reterr);
    }
    free(parent);
    free(real_parent);
    if (err != KAD_OK) {
        free(real);
        return err;
    }
    *ret = real;
    return KAD_OK;
}

/* --- what others left --- */

static int lock_whole(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

static bool is_left(const char *work)
{
    char *path = kad_path_join(work, KAD_DATA_FILE);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    bool left = fd < 0 ? errno == ENOENT : lock_whole(fd) == 0;
    free(path);
    if (fd >= 0)
        close(fd);
    return left;
}

/* ".unfinished-1a2b3c4d-", and behind it a process. */
static char *unfinished(const char *id)
{
    struct kad_buf b = {0};
    kad_buf_printf(&b, ".unfinished-%.*s-", ID_SHORT, id);
    return b.p;
}

static void remove_left(const char *dir, const char *id)
{
    char *prefix = unfinished(id);
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && (e = readdir(d));) {
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0)
            continue;
        char *path = kad_path_join(dir, e->d_name);
        if (is_left(path))
            kad_folder_remove(path);
        free(path);
    }
    if (d)
        closedir(d);
    free(prefix);
}

/* --- the work --- */

static int make_work(struct kad_backup_work *w)
{
    struct kad_buf b = {0};
    char *prefix = unfinished(w->id);
    kad_buf_printf(&b, "%s/%s%ld", w->dir, prefix, (long)getpid());
    free(prefix);
    int failed = kad_folder_new(b.p, 0700);
    if (failed != 0) {
        kad_buf_done(&b);
        return failed;
    }
    w->work = b.p;
    char *path = kad_path_join(w->work, KAD_DATA_FILE);
    failed = kad_file_new(path, 0600, &w->fd);
    free(path);
    /* Where there are no locks nobody looks for them either. */
    if (failed == 0)
        lock_whole(w->fd);
    return failed;
}

enum kad_err kad_backup_begin(struct kad_ledger *l, const char *store, const char *dir,
                              kad_instant at, struct kad_backup_work **ret,
                              struct kad_error *reterr)
{
    kad_assert(l && store && dir && ret);
    struct kad_backup_work *w = kad_xalloc(sizeof *w);
    w->fd = -1;
    w->at = at;
    memcpy(w->id, kad_ledger_info(l)->id, sizeof w->id);
    enum kad_err err = KAD_OK;
    w->store = realpath(store, NULL);
    if (!w->store)
        err = kad_fail(reterr, KAD_ESTORE, _("The store %s cannot be reached: %s."), store,
                       strerror(errno));
    if (err == KAD_OK)
        err = find_place(dir, w->store, &w->dir, reterr);
    if (err == KAD_OK) {
        remove_left(w->dir, w->id);
        int failed = make_work(w);
        if (failed != 0)
            err = place_fail(dir, failed, reterr);
    }
    if (err != KAD_OK) {
        kad_backup_free(w);
        return err;
    }
    *ret = w;
    return KAD_OK;
}

/* The vault as it is now; it gets its place when all is well. */
static enum kad_err copy_vault(struct kad_backup_work *w, struct kad_error *reterr)
{
    if (!holds(w->store, KAD_VAULT_FILE))
        return KAD_OK;
    char *path = kad_path_join(w->work, KAD_VAULT_FILE);
    enum kad_err err = kad_vault_copy(w->store, path, reterr);
    free(path);
    if (err == KAD_OK) {
        struct kad_buf b = {0};
        kad_buf_printf(&b, "%s/%s.vault", w->dir, w->id);
        w->vault = b.p;
    }
    return err;
}

enum kad_err kad_backup_copy(struct kad_backup_work *w, struct kad_ledger *l,
                             kad_progress_fn progress, void *ctx, struct kad_error *reterr)
{
    kad_assert(w && w->work);
    enum kad_err err = kad_copy_ledger(l, w->fd, _("the backup"), progress, ctx, reterr);
    /* Behind the ledger: it has every key that the ledger needs. */
    return err == KAD_OK ? copy_vault(w, reterr) : err;
}

const char *kad_backup_ledger(const struct kad_backup_work *w)
{
    return w->id;
}

const char *kad_backup_folder(const struct kad_backup_work *w)
{
    kad_assert(w->work);
    return w->work;
}

enum kad_err kad_backup_put(struct kad_backup_work *w, const char *name, struct kad_str bytes,
                            struct kad_error *reterr)
{
    kad_assert(w && w->work);
    char *path = kad_path_join(w->work, name);
    int failed = kad_file_put(path, bytes, 0600);
    free(path);
    return failed == 0 ? KAD_OK : place_fail(w->dir, failed, reterr);
}

/* 2026-11-22T113000Z-1a2b3c4d, and a number behind it for the second in a second. */
static char *path_of(const struct kad_backup_work *w, int n)
{
    char at[KAD_INSTANT_TEXT];
    struct kad_buf b = {0};
    kad_instant_text(w->at, at);
    kad_buf_printf(&b, "%s/%.13s%.2s%.2sZ-%.*s", w->dir, at, at + 14, at + 17, ID_SHORT, w->id);
    if (n > 1)
        kad_buf_printf(&b, "-%d", n);
    return b.p;
}

static int name_it(struct kad_backup_work *w)
{
    struct stat st;
    int failed = EEXIST;
    for (int n = 1; n < SAME_SECOND && failed == EEXIST; n++) {
        free(w->path);
        w->path = path_of(w, n);
        if (lstat(w->path, &st) == 0)
            continue;
        failed = rename(w->work, w->path) == 0 ? 0 : errno;
        if (failed == ENOTEMPTY)
            failed = EEXIST; /* somebody was faster */
    }
    return failed;
}

/* In the place of the one that lies beside the backups. */
static int put_vault(const struct kad_backup_work *w)
{
    if (!w->vault)
        return 0;
    char *path = kad_path_join(w->work, KAD_VAULT_FILE);
    int failed = rename(path, w->vault) == 0 ? 0 : errno;
    free(path);
    return failed != 0 ? failed : kad_sync_path(w->dir);
}

const char *kad_backup_vault(const struct kad_backup_work *w)
{
    return w->vault;
}

enum kad_err kad_backup_finish(struct kad_backup_work *w, const char **ret_path,
                               struct kad_error *reterr)
{
    kad_assert(w && w->work && ret_path);
    int failed = put_vault(w);
    if (failed == 0)
        failed = kad_sync_path(w->work);
    if (failed == 0)
        failed = name_it(w);
    if (failed != 0)
        return place_fail(w->dir, failed, reterr);
    free(w->work);
    w->work = NULL;
    failed = kad_sync_path(w->dir);
    *ret_path = w->path;
    return failed == 0 ? KAD_OK : place_fail(w->dir, failed, reterr);
}

void kad_backup_free(struct kad_backup_work *w)
{
    if (!w)
        return;
    if (w->fd >= 0)
        close(w->fd);
    if (w->work)
        kad_folder_remove(w->work);
    free(w->store);
    free(w->dir);
    free(w->work);
    free(w->path);
    free(w->vault);
    free(w);
}

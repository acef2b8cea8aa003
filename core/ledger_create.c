#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/keys.h"
#include "core/ledger_priv.h"
#include "core/note.h"

static const char *const files[] = {KAD_DATA_FILE, KAD_LOCK_FILE, KAD_WRITER_FILE, KAD_VAULT_FILE};
#define N_FILES (sizeof files / sizeof *files)

static enum kad_err create_fail(const char *dir, int err, struct kad_error *reterr)
{
    switch (err) {
    case ENOSPC:
    case EDQUOT:
        return kad_fail(reterr, KAD_EFULL, _("There is no room on the disk for the store %s."),
                        dir);
    case ENOENT:
    case ENOTDIR:
        return kad_fail(reterr, KAD_EINPUT,
                        _("The store %s cannot be made: the folder it should lie in does not "
                          "exist."),
                        dir);
    case EBUSY:
    case EINVAL:
        return kad_fail(reterr, KAD_EINPUT,
                        _("The store cannot be made in %s, which is the root of a disk. Choose a "
                          "folder inside it."),
                        dir);
    case ENAMETOOLONG:
        return kad_fail(reterr, KAD_EINPUT, _("The name of the store is too long."));
    default:
        return kad_fail(reterr, KAD_ESTORE, _("The store %s cannot be made: %s."), dir,
                        strerror(err));
    }
}

/* The folder as the kernel knows it when it exists; else without trailing slashes. */
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

/* A name in the folder that is not ours, or one that is; false when it is empty. */
static bool first_entry(DIR *d, bool *ret_ours, char name[256])
{
    bool any = false, data = false, writer = false;
    for (const struct dirent *e; (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (!any)
            snprintf(name, 256, "%s", e->d_name);
        any = true;
        data |= strcmp(e->d_name, KAD_DATA_FILE) == 0;
        writer |= strcmp(e->d_name, KAD_WRITER_FILE) == 0;
    }
    *ret_ours = data && writer;
    return any;
}

static enum kad_err check_free(const char *target, struct kad_error *reterr)
{
    struct stat st;
    if (lstat(target, &st) != 0)
        return errno == ENOENT ? KAD_OK : create_fail(target, errno, reterr);
    if (!S_ISDIR(st.st_mode))
        return kad_fail(reterr, KAD_EINPUT, _("%s is a file already; a store is a folder."),
                        target);
    DIR *d = opendir(target);
    if (!d)
        return create_fail(target, errno, reterr);
    bool ours;
    char name[256];
    bool any = first_entry(d, &ours, name);
    closedir(d);
    if (!any)
        return KAD_OK;
    if (ours)
        return kad_fail(reterr, KAD_ENO, _("The folder %s holds a store already."), target);
    struct kad_buf safe = {0};
    kad_text_put_safe(&safe, kad_str(name));
    enum kad_err err = kad_fail(reterr, KAD_EINPUT,
                                _("The folder %s holds something else (%s). A store is made in a "
                                  "new or empty folder."),
                                target, kad_buf_str(&safe));
    kad_buf_done(&safe);
    return err;
}

/* What was begun and not finished. */
static void remove_built(const char *dir)
{
    for (size_t i = 0; i < N_FILES; i++) {
        char *path = kad_path_join(dir, files[i]);
        unlink(path);
        free(path);
    }
    rmdir(dir);
}

/* The folder 0700 and its files 0600, whatever the umask takes away. */
static int make_files(const char *dir)
{
    if (mkdir(dir, 0700) != 0) {
        if (errno != EEXIST)
            return errno;
        remove_built(dir); /* of a process of the same number that was killed */
        if (mkdir(dir, 0700) != 0)
            return errno;
    }
    if (chmod(dir, 0700) != 0)
        return errno;
    int failed = 0;
    for (size_t i = 0; i < N_FILES && failed == 0; i++) {
        char *path = kad_path_join(dir, files[i]);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || fchmod(fd, 0600) != 0)
            failed = errno;
        if (fd >= 0)
            close(fd);
        free(path);
    }
    return failed;
}

void kad_ledger_id(const struct kad_ledger_info *info, const uint8_t seed[KAD_SEED], char ret[33])
{
    struct kad_buf b = {0};
    uint8_t digest[crypto_hash_sha256_BYTES];
    kad_buf_puts(&b, "kadens ledger 2\n");
    kad_buf_put(&b, seed, KAD_SEED);
    kad_buf_putc(&b, (char)info->mode);
    kad_buf_be16(&b, (uint16_t)strlen(info->programme));
    kad_buf_puts(&b, info->programme);
    kad_buf_put(&b, info->key, sizeof info->key);
    crypto_hash_sha256(digest, (const uint8_t *)b.p, b.n);
    sodium_bin2hex(ret, 33, digest, 16);
    kad_buf_done(&b);
}

static int put_meta(struct kad_ledger *l, const uint8_t seed[KAD_SEED], MDB_txn *txn)
{
    struct kad_buf format = {0}, views = {0};
    kad_buf_be32(&format, KAD_LEDGER_FORMAT);
    kad_buf_be64(&views, 0);
    kad_buf_be32(&views, (uint32_t)KAD_DAY_NONE);
    kad_buf_be64(&views, 0);
    kad_buf_be64(&views, 0);
    const char mode = (char)l->info.mode;
    const struct {
        const char *key;
        struct kad_str value;
    } all[] = {
        {KAD_META_FORMAT, {format.p, format.n}},
        {KAD_META_ID, kad_str(l->info.id)},
        {KAD_META_MODE, {&mode, 1}},
        {KAD_META_PROGRAMME, kad_str(l->info.programme)},
        {KAD_META_SEED, {(const char *)seed, KAD_SEED}},
        {KAD_META_KEY, {(const char *)l->info.key, sizeof l->info.key}},
        {KAD_META_VIEWS, {views.p, views.n}},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all && rc == 0; i++) {
        MDB_val k = kad_val(kad_str(all[i].key)), v = kad_val(all[i].value);
        rc = mdb_put(txn, l->dbi[KAD_TAB_META], &k, &v, 0);
    }
    kad_buf_done(&format);
    kad_buf_done(&views);
    return rc;
}

static int build(const char *dir, const struct kad_ledger_info *info, const uint8_t seed[KAD_SEED])
{
    struct kad_ledger l = {.info = *info};
    MDB_txn *txn;
    int rc = kad_env_open(&l, dir, 0);
    if (rc == 0)
        rc = mdb_txn_begin(l.env, NULL, 0, &txn);
    if (rc == 0) {
        rc = kad_tables_open(&l, txn, MDB_CREATE);
        if (rc == 0)
            rc = put_meta(&l, seed, txn);
        if (rc == 0)
            rc = mdb_txn_commit(txn);
        else
            mdb_txn_abort(txn);
    }
    if (l.env)
        mdb_env_close(l.env);
    return rc;
}

static int sync_built(const char *dir)
{
    int failed = 0;
    for (size_t i = 0; i < N_FILES && failed == 0; i++) {
        char *path = kad_path_join(dir, files[i]);
        failed = kad_sync_path(path);
        free(path);
    }
    return failed ? failed : kad_sync_path(dir);
}

/* In its place, but perhaps not for good: away with it again, as its key goes, too. */
static enum kad_err take_back(const char *target, const char *beside, int failed, bool *ret_there,
                              struct kad_error *reterr)
{
    *ret_there = rename(target, beside) != 0;
    if (*ret_there)
        return kad_fail(reterr, KAD_EIO,
                        _("The store %s has been made, but it is not known whether it is on the "
                          "disk for good: %s."),
                        target, strerror(failed));
    return create_fail(target, failed, reterr);
}

static enum kad_err create_beside(const char *target, const char *beside, const char *parent,
                                  const struct kad_ledger_info *info, const uint8_t seed[KAD_SEED],
                                  bool *ret_there, struct kad_error *reterr)
{
    struct kad_ledger named = {.dir = kad_xstrdup(target)}; /* for messages */
    int failed = make_files(beside);
    enum kad_err err = KAD_OK;
    if (failed != 0) {
        err = create_fail(target, failed, reterr);
    } else {
        int rc = build(beside, info, seed);
        if (rc != 0)
            err = kad_lmdb_fail(&named, rc, reterr);
        else if ((err = kad_vault_create(beside, info->id,
                                         info->passphrase ? KAD_MASTER_PASSPHRASE : KAD_MASTER_FILE,
                                         reterr)) != KAD_OK)
            ; /* told */
        else if ((failed = sync_built(beside)) != 0)
            err = create_fail(target, failed, reterr);
        /* Onto an absent or empty folder; somebody may have been faster. */
        else if (rename(beside, target) != 0)
            err = errno == ENOTEMPTY || errno == EEXIST ? check_free(target, reterr)
                                                        : create_fail(target, errno, reterr);
        else if ((failed = kad_sync_path(parent)) != 0)
            err = take_back(target, beside, failed, ret_there, reterr);
        if (err != KAD_OK)
            remove_built(beside);
    }
    free(named.dir);
    return err;
}

/* The keys come first: a ledger is never there without them. */
static enum kad_err make_keys(struct kad_ledger_info *info, uint8_t seed[KAD_SEED],
                              struct kad_error *reterr)
{
    uint8_t private[KAD_PUBLIC_KEY];
    randombytes_buf(seed, KAD_SEED);
    randombytes_buf(private, sizeof private);
    kad_public_key(private, info->key);
    kad_ledger_id(info, seed, info->id);
    enum kad_err err = kad_key_write(info->id, KAD_KEY_SIGN, private, sizeof private, reterr);
    sodium_memzero(private, sizeof private);
    return err;
}

enum kad_err kad_ledger_create(const char *dir, struct kad_ledger_info *info,
                               struct kad_error *reterr)
{
    kad_assert(dir && info);
    if (!*dir)
        return kad_fail(reterr, KAD_EINPUT, _("The name of the store is empty."));
    char *target = target_of(dir), *parent = kad_path_parent(target);
    struct kad_buf beside = {0};
    bool there = false; /* although it failed */
    uint8_t seed[KAD_SEED];
    kad_buf_printf(&beside, "%s.new-%ld", target, (long)getpid());
    enum kad_err err = check_free(target, reterr);
    if (err == KAD_OK && access(parent, F_OK) != 0)
        err = create_fail(target, errno, reterr);
    if (err == KAD_OK)
        err = kad_place_check(parent, reterr);
    if (err == KAD_OK)
        err = make_keys(info, seed, reterr);
    if (err == KAD_OK) {
        err = create_beside(target, beside.p, parent, info, seed, &there, reterr);
        if (err != KAD_OK && !there &&
            (kad_key_destroy(info->id, KAD_KEY_SIGN, NULL) != KAD_OK ||
             kad_key_destroy(info->id, KAD_KEY_MASTER, NULL) != KAD_OK))
            errno = 0; /* a key without a ledger harms nobody */
    }
    kad_buf_done(&beside);
    free(target);
    free(parent);
    return err;
}

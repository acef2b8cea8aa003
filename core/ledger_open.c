#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/ledger_priv.h"
#include "core/pages.h"

#define MAP_SIZE ((size_t)1 << 40) /* addresses, not memory: never grown */
#define MAX_READERS 510
#define POLL_MS 20

static char command[64];

void kad_ledger_set_command(const char *text)
{
    snprintf(command, sizeof command, "%s", text);
}

/* --- places --- */

/* LMDB's shared map and locks do not work there. */
static bool is_network(long type)
{
    static const unsigned long types[] = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,         0xff534d42 /* CIFS */, 0xfe534d42 /* SMB 2 */,
        NCP_SUPER_MAGIC,  CODA_SUPER_MAGIC,        AFS_SUPER_MAGIC,       AFS_FS_MAGIC,
        CEPH_SUPER_MAGIC, 0x0bd00bd0 /* Lustre */,
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((unsigned long)type == types[i] || (unsigned long)(unsigned)type == types[i])
            return true;
    return false;
}

enum kad_err kad_place_check(const char *dir, struct kad_error *reterr)
{
    struct statfs fs;
    if (statfs(dir, &fs) != 0)
        return kad_fail(reterr, KAD_ESTORE, _("The folder %s cannot be reached: %s."), dir,
                        strerror(errno));
    if (is_network((long)fs.f_type))
        return kad_fail(reterr, KAD_ESTORE,
                        _("The folder %s is on a network disk, where a store would be damaged. "
                          "Choose a folder on a disk of this machine."),
                        dir);
    return KAD_OK;
}

/* --- is the file whole? LMDB would believe it --- */

static enum kad_err look_fail(const char *dir, enum kad_look look, struct kad_error *reterr)
{
    switch (look) {
    case KAD_LOOK_FOREIGN:
        return kad_fail(reterr, KAD_ESTORE,
                        _("The folder %s holds no store: its file %s is of another program."), dir,
                        KAD_DATA_FILE);
    case KAD_LOOK_CUT:
        return kad_fail(reterr, KAD_ESTORE,
                        _("The store %s is damaged: the end of its file %s is missing. Restore the "
                          "store from a backup."),
                        dir, KAD_DATA_FILE);
    case KAD_LOOK_OTHER_LMDB:
        return kad_fail(
            reterr, KAD_ESTORE,
            _("The store %s was written by another version of LMDB. Export it with the "
              "program that wrote it (its command “export”), and import that here into a new "
              "store."),
            dir);
    default:
        return kad_fail(reterr, KAD_ESTORE,
                        _("The store %s is damaged: the first pages of its file %s make no sense. "
                          "Restore the store from a backup."),
                        dir, KAD_DATA_FILE);
    }
}

static enum kad_err open_fail(const char *dir, bool write, int err, struct kad_error *reterr)
{
    if (err == EACCES || err == EPERM || err == EROFS)
        return kad_fail(reterr, KAD_ESTORE,
                        write ? _("The store %s may not be written by you, or is on a read-only "
                                  "disk: %s.")
                              : _("The store %s may not be read by you: %s."),
                        dir, strerror(err));
    return kad_fail(reterr, err == ENOSPC ? KAD_EFULL : KAD_ESTORE,
                    _("The store %s cannot be opened: %s."), dir, strerror(err));
}

static enum kad_err check_file(const char *dir, bool write, struct kad_error *reterr)
{
    char *path = kad_path_join(dir, KAD_DATA_FILE);
    int fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int failed = errno;
    struct stat st;
    free(path);
    if (fd < 0)
        return failed == ENOENT
                   ? kad_fail(reterr, KAD_ESTORE,
                              _("The folder %s holds no store. “kadens init” makes one in a new or "
                                "empty folder; --store names another."),
                              dir)
                   : open_fail(dir, write, failed, reterr);
    struct kad_pages_head head;
    enum kad_look look = KAD_LOOK_FOREIGN;
    /* Another process may be writing just now: look again before saying that it is damaged. */
    for (int again = 0; again < 4; again++) {
        errno = 0;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            look = kad_pages_look(fd, (uint64_t)st.st_size, &head);
        failed = errno;
        if (look == KAD_LOOK_GOOD || look == KAD_LOOK_FOREIGN)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    close(fd);
    if (look != KAD_LOOK_GOOD &&
        kad_errno_of_machine(failed)) /* the disk's fault, not the file's */
        return open_fail(dir, write, failed, reterr);
    return look == KAD_LOOK_GOOD ? KAD_OK : look_fail(dir, look, reterr);
}

static enum kad_err check_dir(const char *dir, struct kad_error *reterr)
{
    struct stat st;
    if (stat(dir, &st) != 0) {
        if (errno == ENOENT)
            return kad_fail(reterr, KAD_ESTORE,
                            _("There is no store %s. “kadens init” makes one; --store names "
                              "another."),
                            dir);
        return kad_fail(reterr, KAD_ESTORE, _("The store %s cannot be reached: %s."), dir,
                        strerror(errno));
    }
    if (!S_ISDIR(st.st_mode))
        return kad_fail(reterr, KAD_ESTORE, _("%s is a file; a store is a folder."), dir);
    return KAD_OK;
}

/* --- the writer's lock --- */

/* Who holds it, as it said of itself: "PID\ncommand\nsince\n". */
static enum kad_err held(const char *dir, int fd, unsigned wait_ms, struct kad_error *reterr)
{
    char text[256] = "";
    struct kad_buf part[3] = {{0}};
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    char *rest = text;
    for (size_t i = 0; i < 3 && rest; i++) /* anybody may have written there */
        kad_text_put_safe(&part[i], kad_str(strsep(&rest, "\n")));
    enum kad_err err =
        rest && part[0].n > 0
            ? kad_fail(reterr, KAD_EBUSY,
                       _("“%s” (process %s) has been writing to the store %s since %s. Waited %u "
                         "s for it; try again later."),
                       kad_buf_str(&part[1]), kad_buf_str(&part[0]), dir, kad_buf_str(&part[2]),
                       wait_ms / 1000)
            : kad_fail(reterr, KAD_EBUSY,
                       _("Another program is writing to the store %s. Waited %u s for it; "
                         "try again later."),
                       dir, wait_ms / 1000);
    for (size_t i = 0; i < 3; i++)
        kad_buf_done(&part[i]);
    return err;
}

static void sign(int fd)
{
    char since[KAD_INSTANT_TEXT];
    struct kad_buf b = {0};
    kad_instant_text(kad_clock_now(), since);
    since[19] = '\0'; /* whole seconds, of UTC */
    kad_buf_printf(&b, "%ld\n%s\n%sZ\n", (long)getpid(),
                   *command ? command : program_invocation_short_name, since);
    /* Only a hint for people: a disk that is full must not keep anybody from retracting. */
    if (ftruncate(fd, 0) == 0 && pwrite(fd, b.p, b.n, 0) < 0)
        errno = 0;
    kad_buf_done(&b);
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/* Is the file still the one of this path? Another store may have been put in the place of the one that
 * we waited for. */
static bool is_at(int fd, const char *path)
{
    struct stat here, there;
    return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino &&
           here.st_dev == there.st_dev;
}

/* A lock of the open file description: it ends with the process, however that ends. */
static enum kad_err lock_file(const char *dir, const char *path, unsigned wait_ms, int *ret,
                              struct kad_error *reterr)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return open_fail(dir, true, errno, reterr);
    int64_t until = now_ms() + wait_ms;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    enum kad_err err = KAD_OK;
    while (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            err = open_fail(dir, true, errno, reterr);
        else if (now_ms() >= until)
            err = held(dir, fd, wait_ms, reterr);
        if (err != KAD_OK) {
            close(fd);
            return err;
        }
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
    *ret = fd;
    return KAD_OK;
}

enum kad_err kad_writer_lock(const char *dir, unsigned wait_ms, int *ret, struct kad_error *reterr)
{
    char *path = kad_path_join(dir, KAD_WRITER_FILE);
    enum kad_err err;
    int fd = -1;
    do {
        if (fd >= 0)
            close(fd);
        err = lock_file(dir, path, wait_ms, &fd, reterr);
    } while (err == KAD_OK && !is_at(fd, path));
    free(path);
    if (err != KAD_OK)
        return err;
    sign(fd);
    *ret = fd;
    return KAD_OK;
}

void kad_writer_unlock(int fd)
{
    if (ftruncate(fd, 0) != 0)
        errno = 0; /* it would only have been tidier */
    close(fd);
}

enum kad_err kad_ledger_lock(struct kad_ledger *l, struct kad_error *reterr)
{
    int fd;
    kad_assert(l->shared && l->writer < 0);
    enum kad_err err = kad_writer_lock(l->dir, l->wait_ms, &l->writer, reterr);
    if (err != KAD_OK)
        return err;
    char *path = kad_path_join(l->dir, KAD_DATA_FILE);
    if (mdb_env_get_fd(l->env, &fd) != 0 || !is_at(fd, path)) {
        kad_ledger_unlock(l);
        err = kad_fail(reterr, KAD_ESTORE,
                       _("The store %s has been replaced while this program ran. Start it again."),
                       l->dir);
    }
    free(path);
    return err;
}

void kad_ledger_unlock(struct kad_ledger *l)
{
    kad_writer_unlock(l->writer);
    l->writer = -1;
}

void kad_ledger_share(struct kad_ledger *l, unsigned wait_ms)
{
    kad_assert(l->write && !l->shared && atomic_load(&l->users) == 0);
    kad_ledger_unlock(l);
    l->shared = true;
    l->wait_ms = wait_ms;
}

/* --- the environment --- */

/* KADENS_MAP=16G: for valgrind and the like, which cannot give 1 TiB of addresses. */
static size_t map_size(void)
{
    const char *text = getenv("KADENS_MAP");
    char *end;
    if (!text || !*text)
        return MAP_SIZE;
    unsigned long long n = strtoull(text, &end, 10);
    int shift = *end == 'M' ? 20 : *end == 'G' ? 30 : *end == 'T' ? 40 : -1;
    if (shift < 0 || end[1] != '\0' || n < 1 || n > MAP_SIZE >> shift)
        return MAP_SIZE;
    return (size_t)n << shift;
}

int kad_env_open(struct kad_ledger *l, const char *dir, unsigned flags)
{
    int rc = KAD_LMDB(mdb_env_create(&l->env));
    if (rc == 0)
        rc = KAD_LMDB(mdb_env_set_mapsize(l->env, map_size()));
    if (rc == 0)
        rc = KAD_LMDB(mdb_env_set_maxdbs(l->env, KAD_TAB__COUNT + 8));
    if (rc == 0)
        rc = KAD_LMDB(mdb_env_set_maxreaders(l->env, MAX_READERS));
    if (rc == 0)
        rc = KAD_LMDB(mdb_env_set_assert(l->env, kad_fault_assert));
    if (rc == 0)
        rc = KAD_LMDB(mdb_env_open(l->env, dir, flags | MDB_NOTLS, 0600));
    return rc;
}

int kad_tables_open(struct kad_ledger *l, MDB_txn *txn, unsigned flags)
{
    int rc = 0;
    for (int i = 0; i < KAD_TAB__COUNT && rc == 0; i++)
        rc = KAD_LMDB(mdb_dbi_open(txn, kad_table_names[i], flags, &l->dbi[i]));
    return rc;
}

static int meta_get(struct kad_ledger *l, MDB_txn *txn, const char *key, struct kad_str *ret)
{
    MDB_val k = kad_val(kad_str(key)), v = {0};
    int rc = KAD_LMDB(mdb_get(txn, l->dbi[KAD_TAB_META], &k, &v));
    *ret = rc == 0 ? kad_of_val(v) : (struct kad_str){0};
    return rc;
}

static enum kad_err check_format(struct kad_ledger *l, MDB_txn *txn, struct kad_error *reterr)
{
    struct kad_str v;
    int rc = KAD_LMDB(mdb_dbi_open(txn, kad_table_names[KAD_TAB_META], 0, &l->dbi[KAD_TAB_META]));
    if (rc == 0)
        rc = meta_get(l, txn, KAD_META_FORMAT, &v);
    if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE || (rc == 0 && v.n != 4))
        return look_fail(l->dir, KAD_LOOK_FOREIGN, reterr);
    if (rc != 0)
        return kad_lmdb_fail(l, rc, reterr);
    struct kad_rd in = {.p = (const uint8_t *)v.p, .n = v.n};
    uint32_t format = kad_rd_be32(&in);
    if (format == KAD_LEDGER_FORMAT)
        return KAD_OK;
    return kad_fail(
        reterr, KAD_ESTORE,
        _("The store %s has format %u; this program reads format %u. Carry it over: "
          "write it out with the program that made it (its command “export”), make a new "
          "store with this one (kadens init) and read it in (kadens import)."),
        l->dir, format, KAD_LEDGER_FORMAT);
}

static enum kad_err read_info(struct kad_ledger *l, MDB_txn *txn, struct kad_error *reterr)
{
    struct kad_str id, mode, programme, seed, key;
    const struct {
        const char *name;
        struct kad_str *ret;
    } all[] = {{KAD_META_ID, &id},
               {KAD_META_MODE, &mode},
               {KAD_META_PROGRAMME, &programme},
               {KAD_META_SEED, &seed},
               {KAD_META_KEY, &key}};
    char made[sizeof l->info.id];
    int rc = kad_tables_open(l, txn, 0);
    for (size_t i = 0; i < sizeof all / sizeof *all && rc == 0; i++)
        rc = meta_get(l, txn, all[i].name, all[i].ret);
    if (rc != 0)
        return kad_lmdb_fail(l, rc, reterr);
    if (id.n != sizeof l->info.id - 1 || mode.n != 1 || (uint8_t)mode.p[0] > KAD_LEDGER_SIMULATED ||
        programme.n >= sizeof l->info.programme || !kad_utf8_valid(programme, NULL) ||
        seed.n != KAD_SEED || key.n != sizeof l->info.key)
        return kad_ledger_damaged(l, KAD_TAB_META, reterr);
    memcpy(l->info.id, id.p, id.n);
    l->info.mode = (enum kad_ledger_mode)mode.p[0];
    memcpy(l->info.programme, programme.p, programme.n);
    memcpy(l->info.key, key.p, key.n);
    kad_ledger_id(&l->info, (const uint8_t *)seed.p, made);
    if (strcmp(made, l->info.id) == 0)
        return KAD_OK;
    return kad_fail(reterr, KAD_ESTORE,
                    _("The store %s has been changed since it was made: its name, its mode, its "
                      "key or its id is another. Restore the store from a backup."),
                    l->dir);
}

static enum kad_err open_env(struct kad_ledger *l, struct kad_error *reterr)
{
    MDB_txn *txn;
    unsigned flags = l->write ? 0 : l->still ? MDB_RDONLY | MDB_NOLOCK : MDB_RDONLY;
    int rc = kad_env_open(l, l->dir, flags);
    if (rc != 0)
        return kad_lmdb_fail(l, rc, reterr);
    if (l->write) {
        int dead; /* readers that were killed would pin old pages for ever */
        KAD_LMDB(mdb_reader_check(l->env, &dead));
    }
    enum kad_err err = kad_lmdb_begin(l, false, &txn, reterr);
    if (err != KAD_OK)
        return err;
    err = check_format(l, txn, reterr);
    if (err == KAD_OK)
        err = read_info(l, txn, reterr);
    /* Commit, not abort: so the table handles stay. */
    rc = KAD_LMDB(mdb_txn_commit(txn));
    kad_lmdb_end(l);
    if (err == KAD_OK && rc == 0)
        l->vault = kad_vault_new(l->dir, l->info.id);
    return err == KAD_OK && rc != 0 ? kad_lmdb_fail(l, rc, reterr) : err;
}

/* Hold the newest transaction and walk it. ENOTFOUND: others wrote so fast that its meta page went. */
static enum kad_err walk_held(struct kad_ledger *l, int fd, kad_progress_fn progress,
                              void (*fault)(void *ctx, const struct kad_page_fault *f), void *ctx,
                              struct kad_pages_seen *ret, struct kad_error *reterr)
{
    MDB_txn *txn;
    struct kad_error late = {0};
    enum kad_err err = kad_lmdb_begin(l, false, &txn, reterr);
    if (err != KAD_OK)
        return err;
    err = kad_pages_walk(fd, mdb_txn_id(txn), progress, fault, ctx, ret, &late);
    mdb_txn_abort(txn);
    kad_lmdb_end(l);
    return err == KAD_OK || err == KAD_ENOTFOUND ? err : kad_fail(reterr, err, "%s", late.text);
}

enum kad_err kad_ledger_walk(const char *dir, bool still, kad_progress_fn progress,
                             void (*fault)(void *ctx, const struct kad_page_fault *f), void *ctx,
                             struct kad_pages_seen *ret, struct kad_error *reterr)
{
    struct kad_error why = {0};
    enum kad_err err = check_dir(dir, reterr);
    if (err != KAD_OK)
        return err;
    char *path = kad_path_join(dir, KAD_DATA_FILE);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    free(path);
    if (fd < 0 || check_file(dir, false, &why) != KAD_OK) {
        /* Cut or damaged in its first pages: LMDB is left out of it. */
        err = fd < 0 ? check_file(dir, false, reterr)
                     : kad_pages_walk(fd, UINT64_MAX, progress, fault, ctx, ret, reterr);
        if (fd >= 0)
            close(fd);
        return err;
    }
    struct kad_ledger l = {.dir = kad_xstrdup(dir), .writer = -1, .still = still};
    int rc = kad_env_open(&l, dir, still ? MDB_RDONLY | MDB_NOLOCK : MDB_RDONLY);
    if (rc != 0)
        err = kad_lmdb_fail(&l, rc, reterr);
    for (int again = 0; rc == 0 && again < 10; again++)
        if ((err = walk_held(&l, fd, progress, fault, ctx, ret, reterr)) != KAD_ENOTFOUND)
            break;
    if (err == KAD_ENOTFOUND)
        err = kad_fail(reterr, KAD_EBUSY, _("The store is being written to. Try again."));
    if (l.env)
        mdb_env_close(l.env);
    free(l.dir);
    close(fd);
    return err;
}

bool kad_ledger_is_backup(const char *dir)
{
    struct stat st;
    char *path = kad_path_join(dir, KAD_WRITER_FILE);
    bool lacks = lstat(path, &st) != 0 && errno == ENOENT;
    free(path);
    return lacks;
}

enum kad_err kad_ledger_open_still(const char *dir, struct kad_ledger **ret,
                                   struct kad_error *reterr)
{
    kad_assert(dir && ret);
    enum kad_err err = check_dir(dir, reterr);
    if (err == KAD_OK)
        err = check_file(dir, false, reterr);
    if (err != KAD_OK)
        return err;
    struct kad_ledger *l = kad_xalloc(sizeof *l);
    l->dir = kad_xstrdup(dir);
    l->still = true;
    l->writer = -1;
    kad_fault_prepare(dir);
    err = open_env(l, reterr);
    if (err != KAD_OK) {
        kad_ledger_close(l);
        return err;
    }
    *ret = l;
    return KAD_OK;
}

static enum kad_err open_backup(const char *dir, bool write, struct kad_ledger **ret,
                                struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    enum kad_err err = kad_ledger_open_still(dir, &l, reterr);
    if (err != KAD_OK || !write) {
        *ret = l;
        return err;
    }
    kad_ledger_close(l);
    return kad_fail(
        reterr, KAD_ESTORE,
        _("The folder %s holds a backup, which nothing is written to. To go on with it: "
          "kadens restore, into a store."),
        dir);
}

enum kad_err kad_ledger_open(const char *dir, bool write, unsigned wait_ms, struct kad_ledger **ret,
                             struct kad_error *reterr)
{
    kad_assert(dir && ret);
    enum kad_err err = check_dir(dir, reterr);
    if (err == KAD_OK && kad_ledger_is_backup(dir))
        return open_backup(dir, write, ret, reterr);
    if (err == KAD_OK)
        err = kad_place_check(dir, reterr);
    if (err == KAD_OK)
        err = check_file(dir, write, reterr);
    if (err != KAD_OK)
        return err;
    struct kad_ledger *l = kad_xalloc(sizeof *l);
    l->dir = kad_xstrdup(dir);
    l->write = write;
    l->writer = -1;
    kad_fault_prepare(dir);
    if (write) {
        err = kad_writer_lock(dir, wait_ms, &l->writer, reterr);
        if (err == KAD_OK) /* once more: the one we waited for may have changed it */
            err = check_file(dir, write, reterr);
    }
    if (err == KAD_OK)
        err = open_env(l, reterr);
    if (err != KAD_OK) {
        kad_ledger_close(l);
        return err;
    }
    *ret = l;
    return KAD_OK;
}

void kad_ledger_close(struct kad_ledger *l)
{
    if (!l)
        return;
    kad_assert(atomic_load(&l->users) == 0);
    if (l->env)
        mdb_env_close(l->env);
    kad_vault_free(l->vault);
    if (l->writer >= 0)
        kad_ledger_unlock(l);
    free(l->dir);
    free(l);
}

const struct kad_ledger_info *kad_ledger_info(const struct kad_ledger *l)
{
    return &l->info;
}

#include "core/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/files.h"
#include "core/text.h"

#define FILE_MAX 1024 /* two lines and the digits of the longest key */

static char *folder;

void kad_keys_set_folder(const char *dir)
{
    free(folder);
    folder = dir && *dir ? kad_xstrdup(dir) : NULL;
}

static const char *home(void)
{
    const char *env = getenv("HOME");
    if (env && *env == '/')
        return env;
    const struct passwd *user = getpwuid(getuid());
    return user && user->pw_dir && *user->pw_dir == '/' ? user->pw_dir : NULL;
}

enum kad_err kad_keys_folder(struct kad_buf *ret, struct kad_error *reterr)
{
    const char *env = getenv("KADENS_KEYS"), *config = getenv("XDG_CONFIG_HOME");
    if (folder || (env && *env)) {
        kad_buf_puts(ret, folder ? folder : env);
    } else if (config && *config == '/') { /* the specification ignores a relative one */
        kad_buf_printf(ret, "%s/kadens", config);
    } else if (home()) {
        kad_buf_printf(ret, "%s/.config/kadens", home());
    } else {
        return kad_fail(reterr, KAD_ESTORE,
                        _("There is no home folder to keep the keys in. --keys names a folder for "
                          "them."));
    }
    return KAD_OK;
}

enum kad_err kad_key_path(const char *id, const char *name, struct kad_buf *ret,
                          struct kad_error *reterr)
{
    kad_assert(id && name && *name && !strchr(id, '/') && !strchr(name, '/'));
    enum kad_err err = kad_keys_folder(ret, reterr);
    if (err == KAD_OK)
        kad_buf_printf(ret, "/%s.%s", id, name);
    return err;
}

static enum kad_err file_fail(const char *path, int err, bool write, struct kad_error *reterr)
{
    if (err == ENOSPC || err == EDQUOT)
        return kad_fail(reterr, KAD_EFULL, _("There is no room on the disk for the key %s."), path);
    if (err == ENOENT && !write)
        return kad_fail(reterr, KAD_ESTORE,
                        _("The key %s is not there. It was made with the ledger and lies outside "
                          "its store: put it back from your copy of the key folder, or name the "
                          "folder that holds it (--keys)."),
                        path);
    return kad_fail(reterr, KAD_ESTORE,
                    write ? _("The key %s cannot be written: %s.")
                          : _("The key %s cannot be read: %s."),
                    path, strerror(err));
}

/* --- the folder --- */

/* A new folder's name is only there after a crash when the folder it lies in was brought to disk. */
static int sync_parent(const char *path)
{
    char *parent = kad_path_parent(path);
    int failed = kad_sync_path(parent);
    free(parent);
    return failed;
}

/* All parts of the path that are missing. */
static int make_folders(const char *path)
{
    char *copy = kad_xstrdup(path);
    int failed = 0;
    for (char *p = copy + 1; failed == 0 && p[-1] != '\0'; p++) {
        char was = *p;
        if (was != '/' && was != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, 0700) == 0)
            failed = chmod(copy, 0700) != 0 ? errno : sync_parent(copy);
        else if (errno != EEXIST)
            failed = errno;
        *p = was;
        if (was == '\0')
            break;
    }
    free(copy);
    return failed;
}

/* Open it, and see that only its owner may look into it. `make`: it may be missing. */
static enum kad_err folder_open(bool make, int *ret, struct kad_error *reterr)
{
    struct kad_buf path = {0};
    enum kad_err err = kad_keys_folder(&path, reterr);
    if (err != KAD_OK)
        return err;
    int fd = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed = errno;
    if (fd < 0 && failed == ENOENT && make) {
        failed = make_folders(path.p);
        if (failed == 0) {
            fd = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            failed = errno;
        }
    }
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) != 0)
        failed = errno;
    else if (fd >= 0 && (st.st_mode & 077) != 0)
        err = kad_fail(reterr, KAD_ESTORE,
                       _("Others may look into the key folder %s. Take that away (chmod 700 %s) "
                         "and ask again."),
                       path.p, path.p);
    else if (fd >= 0)
        failed = 0;
    if (err == KAD_OK && failed != 0)
        err = failed == ENOSPC || failed == EDQUOT
                  ? file_fail(path.p, failed, true, reterr)
                  : kad_fail(reterr, KAD_ESTORE, _("The key folder %s cannot be used: %s."), path.p,
                             strerror(failed));
    if (err == KAD_OK)
        *ret = fd;
    else if (fd >= 0)
        close(fd);
    kad_buf_done(&path);
    return err;
}

/* --- reading --- */

bool kad_key_exists(const char *id, const char *name)
{
    struct kad_buf path = {0};
    struct kad_error ignored = {0};
    struct stat st;
    bool there = kad_key_path(id, name, &path, &ignored) == KAD_OK && lstat(path.p, &st) == 0;
    kad_buf_done(&path);
    return there;
}

static size_t put_head(char out[FILE_MAX], const char *id, const char *name)
{
    struct kad_buf b = {0};
    /* "master.new" says "master": it is to take that one's place as it is. */
    kad_buf_printf(&b, "kadens key 1 %.*s %s\n", (int)strcspn(name, "."), name, id);
    kad_assert(b.n < FILE_MAX / 2);
    memcpy(out, b.p, b.n);
    size_t n = b.n;
    kad_buf_done(&b);
    return n;
}

/* The digits behind the head and one line of comment, and nothing else. */
static bool parse(const char *text, size_t n, const char *id, const char *name, uint8_t *ret,
                  size_t bytes)
{
    char head[FILE_MAX];
    size_t at = put_head(head, id, name), got = 0;
    const char *end = NULL;
    if (n < at || memcmp(text, head, at) != 0 || at == n || text[at] != '#')
        return false;
    const char *line = memchr(text + at, '\n', n - at);
    if (!line)
        return false;
    size_t left = n - (size_t)(line + 1 - text);
    if (left != 2 * bytes + 1 || line[left] != '\n')
        return false;
    for (size_t i = 1; i < left; i++) /* libsodium might take other bytes too */
        if (!((line[i] >= '0' && line[i] <= '9') || (line[i] >= 'a' && line[i] <= 'f')))
            return false;
    return sodium_hex2bin(ret, bytes, line + 1, left - 1, NULL, &got, &end) == 0 && got == bytes &&
           end == line + left;
}

static enum kad_err read_file(const char *path, const char *id, const char *name, uint8_t *ret,
                              size_t n, struct kad_error *reterr)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return file_fail(path, errno, false, reterr);
    enum kad_err err = KAD_OK;
    struct stat st;
    char text[FILE_MAX + 1];
    size_t have = 0;
    ssize_t got = -1;
    if (fstat(fd, &st) != 0)
        err = file_fail(path, errno, false, reterr);
    else if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
        err = kad_fail(reterr, KAD_ESTORE,
                       _("Others may read the key %s. Take that away (chmod 600 %s) and ask "
                         "again; if somebody may have read it, make a new one."),
                       path, path);
    else if (S_ISREG(st.st_mode))
        while (have < sizeof text && (got = read(fd, text + have, sizeof text - have)) > 0)
            have += (size_t)got;
    if (err == KAD_OK && S_ISREG(st.st_mode) && got < 0)
        err = file_fail(path, errno, false, reterr);
    else if (err == KAD_OK && (have > FILE_MAX || !parse(text, have, id, name, ret, n)))
        err = kad_fail(reterr, KAD_ESTORE,
                       _("The file %s is not the key it should be: it was changed, or belongs to "
                         "another ledger. Put back the right one from your copy."),
                       path);
    sodium_memzero(text, sizeof text);
    close(fd);
    return err;
}

enum kad_err kad_key_read(const char *id, const char *name, uint8_t *ret, size_t n,
                          struct kad_error *reterr)
{
    kad_assert(ret && n > 0 && n <= KAD_KEY_BYTES_MAX);
    struct kad_buf path = {0};
    int dir = -1;
    sodium_memzero(ret, n);
    enum kad_err err = kad_key_path(id, name, &path, reterr);
    if (err == KAD_OK && access(path.p, F_OK) != 0 && errno == ENOENT)
        err = file_fail(path.p, ENOENT, false, reterr);
    if (err == KAD_OK)
        err = folder_open(false, &dir, reterr);
    if (err == KAD_OK)
        err = read_file(path.p, id, name, ret, n, reterr);
    if (err != KAD_OK)
        sodium_memzero(ret, n);
    if (dir >= 0)
        close(dir);
    kad_buf_done(&path);
    return err;
}

/* --- writing --- */

/* For the person who finds the file: it is read by no program, so it needs no translation. */
static const char *comment_of(const char *name)
{
    return strncmp(name, KAD_KEY_SIGN, strlen(KAD_KEY_SIGN)) == 0
               ? "# Secret: signs this ledger's checkpoints. Hemlig: undertecknar liggarens "
                 "kontrollpunkter.\n"
               : "# Secret: opens this ledger's private fields. Hemlig: öppnar liggarens skyddade "
                 "fält.\n";
}

/* Write all of it and bring it to disk; errno, or 0. */
static int write_out(int fd, const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t put = write(fd, text + at, n - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : EIO;
        at += (size_t)put;
    }
    return fsync(fd) != 0 ? errno : 0;
}

/* Overwritten first: an unlinked file's bytes stay on the disk. No more than that can be done here,
 * and some disks write elsewhere all the same. */
static int wipe(const char *path)
{
    static const char zero[FILE_MAX];
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return 0;
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        size_t n = st.st_size < FILE_MAX ? (size_t)st.st_size : FILE_MAX;
        int failed = write_out(fd, zero, n);
        if (failed != 0)
            errno = 0; /* removing it is what counts */
    }
    if (fd >= 0)
        close(fd);
    return unlink(path) != 0 && errno != ENOENT ? errno : 0;
}

static size_t put_text(char out[FILE_MAX], const char *id, const char *name, const uint8_t *key,
                       size_t n)
{
    size_t at = put_head(out, id, name);
    const char *comment = comment_of(name);
    size_t more = strlen(comment);
    memcpy(out + at, comment, more);
    at += more;
    kad_assert(at + 2 * n + 2 <= FILE_MAX);
    sodium_bin2hex(out + at, 2 * n + 1, key, n);
    at += 2 * n;
    out[at++] = '\n';
    return at;
}

static int write_part(const char *part, const char *text, size_t n)
{
    int failed = wipe(part); /* of a process that was killed */
    if (failed != 0)
        return failed;
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    failed = fchmod(fd, 0600) != 0 ? errno : write_out(fd, text, n);
    if (close(fd) != 0 && failed == 0)
        failed = errno;
    return failed;
}

enum kad_err kad_key_write(const char *id, const char *name, const uint8_t *key, size_t n,
                           struct kad_error *reterr)
{
    kad_assert(key && n > 0 && n <= KAD_KEY_BYTES_MAX);
    struct kad_buf path = {0}, part = {0};
    int dir;
    enum kad_err err = folder_open(true, &dir, reterr);
    if (err != KAD_OK)
        return err;
    err = kad_key_path(id, name, &path, reterr);
    if (err == KAD_OK) {
        kad_buf_printf(&part, "%s.part", path.p);
        char text[FILE_MAX];
        int failed = write_part(part.p, text, put_text(text, id, name, key, n));
        sodium_memzero(text, sizeof text);
        if (failed == 0 && rename(part.p, path.p) != 0)
            failed = errno;
        if (failed == 0 && fsync(dir) != 0)
            failed = errno;
        if (failed != 0) {
            err = file_fail(path.p, failed, true, reterr);
            wipe(part.p);
        }
    }
    close(dir);
    kad_buf_done(&path);
    kad_buf_done(&part);
    return err;
}

enum kad_err kad_key_rename(const char *id, const char *from, const char *to,
                            struct kad_error *reterr)
{
    struct kad_buf old = {0}, new = {0};
    int dir;
    enum kad_err err = folder_open(false, &dir, reterr);
    if (err != KAD_OK)
        return err;
    err = kad_key_path(id, from, &old, reterr);
    if (err == KAD_OK)
        err = kad_key_path(id, to, &new, reterr);
    if (err == KAD_OK && (rename(old.p, new.p) != 0 || fsync(dir) != 0))
        err = file_fail(new.p, errno, true, reterr);
    close(dir);
    kad_buf_done(&old);
    kad_buf_done(&new);
    return err;
}

enum kad_err kad_key_destroy(const char *id, const char *name, struct kad_error *reterr)
{
    struct kad_buf path = {0};
    int dir;
    enum kad_err err = kad_key_path(id, name, &path, reterr);
    if (err != KAD_OK)
        return err;
    int failed = wipe(path.p);
    kad_buf_puts(&path, ".part");
    if (failed == 0)
        failed = wipe(path.p);
    if (failed != 0 && failed != ENOENT && failed != ENOTDIR) {
        err = file_fail(path.p, failed, true, reterr);
    } else if (folder_open(false, &dir, NULL) == KAD_OK) {
        if (fsync(dir) != 0)
            err = file_fail(path.p, errno, true, reterr);
        close(dir);
    }
    kad_buf_done(&path);
    return err;
}

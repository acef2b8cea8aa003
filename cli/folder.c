#include "cli/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unictype.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/files.h"

/* "NAME.new-PID": kad_file_put's, of a process that did not come to rename it. */
static bool is_left(const char *name)
{
    const char *at = strstr(name, ".new-");
    return at && at[5] != '\0' && strspn(at + 5, "0123456789") == strlen(at + 5);
}

enum kad_err kad_folder_ready(const char *path, struct kad_error *reterr)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return kad_fail(reterr, KAD_EINPUT, _("The folder %s cannot be made: %s."), path,
                        kad_why(errno));
    DIR *d = opendir(path);
    if (!d || faccessat(dirfd(d), ".", W_OK | X_OK, 0) != 0) {
        int why = errno;
        if (d)
            closedir(d);
        return kad_fail(reterr, KAD_EINPUT, _("Nothing can be written into the folder %s: %s."),
                        path, kad_why(why));
    }
    for (const struct dirent *e; (e = readdir(d));)
        if (is_left(e->d_name))
            unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
    return KAD_OK;
}

static bool is_same(const char *path, struct kad_str bytes)
{
    struct kad_buf b = {0};
    bool same = kad_file_get(path, bytes.n, &b) == 0 && b.n == bytes.n &&
                (bytes.n == 0 || memcmp(b.p, bytes.p, bytes.n) == 0);
    kad_buf_done(&b);
    return same;
}

static enum kad_err fail(struct kad_error *reterr, int why, const char *path)
{
    return kad_fail(reterr, why == ENOSPC || why == EDQUOT ? KAD_EFULL : KAD_EIO,
                    _("%s cannot be written: %s."), path, kad_why(why));
}

static mode_t mode_in(const struct stat *folder)
{
    return folder->st_mode & S_ISGID ? 0640 : 0600;
}

enum kad_err kad_folder_put(const char *folder, const char *name, struct kad_str bytes,
                            struct kad_error *reterr)
{
    struct stat st;
    char *path = kad_path_join(folder, name);
    int why = stat(folder, &st) == 0 ? 0 : errno;
    if (!why && !is_same(path, bytes))
        why = kad_file_put(path, bytes, mode_in(&st));
    enum kad_err err = why ? fail(reterr, why, path) : KAD_OK;
    free(path);
    return err;
}

/* "DIR/NAME.new-PID", as kad_file_put has it, so that it is known for what it is after a crash. */
static const char *beside(struct kad_buf *b, const char *folder, const char *name)
{
    kad_buf_reset(b);
    kad_buf_printf(b, "%s/%s.new-%ld", folder, name, (long)getpid());
    return b->p;
}

static int put_beside(const char *path, mode_t mode, const struct kad_buf *bytes)
{
    int fd, why = kad_file_new(path, mode, &fd);
    if (why)
        return why;
    why = kad_write_all(fd, bytes->p, bytes->n);
    if (close(fd) != 0 && !why)
        why = errno;
    return why;
}

enum kad_err kad_folder_put_all(const char *folder, const struct kad_folder_file *v, size_t n,
                                struct kad_error *reterr)
{
    struct stat st;
    struct kad_buf from = {0}, to = {0};
    size_t put = 0, named = 0;
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int why = dir >= 0 && fstat(dir, &st) == 0 ? 0 : errno;
    for (; !why && put < n; put += !why) {
        unlink(beside(&from, folder, v[put].name)); /* of a try before this one */
        why = put_beside(from.p, mode_in(&st), &v[put].bytes);
    }
    if (!why && syncfs(dir) != 0)
        why = errno;
    for (; !why && named < n; named += !why) {
        kad_buf_reset(&to);
        kad_buf_printf(&to, "%s/%s", folder, v[named].name);
        why = rename(beside(&from, folder, v[named].name), to.p) == 0 ? 0 : errno;
    }
    if (!why && fsync(dir) != 0)
        why = errno;
    for (size_t i = named; why && i <= put && i < n; i++)
        unlink(beside(&from, folder, v[i].name));
    if (dir >= 0)
        close(dir);
    kad_buf_done(&from);
    kad_buf_done(&to);
    return why ? fail(reterr, why, folder) : KAD_OK;
}

bool kad_folder_has(const char *folder, const char *name)
{
    char *path = kad_path_join(folder, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

uint64_t kad_folder_count(const char *folder, const char *end, uint64_t most)
{
    DIR *d = opendir(folder);
    uint64_t found = 0;
    size_t m = strlen(end);
    if (!d)
        return 0;
    for (const struct dirent *e; found < most && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        found += n > m && strcmp(e->d_name + n - m, end) == 0;
    }
    closedir(d);
    return found;
}

#define NAME_WHOLE 160 /* bytes of a file's name before its end; a longer one is cut and marked */

static bool is_plain(uint32_t c, bool first)
{
    if (c >= 0x80)
        return uc_is_property_alphabetic(c);
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '@' || (c == '.' && !first);
}

void kad_file_name(struct kad_buf *b, struct kad_str name, const char *end)
{
    size_t from = b->n;
    for (size_t i = 0; i < name.n;) {
        size_t len;
        uint32_t c = kad_utf8_get((struct kad_str){name.p + i, name.n - i}, &len);
        bool plain = is_plain(c, i == 0);
        for (size_t k = 0; !plain && k < len; k++)
            kad_buf_printf(b, "%%%02X", (unsigned)(unsigned char)name.p[i + k]);
        if (plain)
            kad_buf_put(b, name.p + i, len);
        i += len;
    }
    if (b->n - from > NAME_WHOLE) {
        uint8_t digest[crypto_hash_sha256_BYTES];
        char text[17];
        crypto_hash_sha256(digest, (const uint8_t *)name.p, name.n);
        sodium_bin2hex(text, sizeof text, digest, 8);
        size_t cut = from + NAME_WHOLE - 20;
        while (((unsigned char)b->p[cut] & 0xc0) == 0x80)
            cut--;
        b->n = cut;
        kad_buf_printf(b, "~%s", text);
    }
    kad_buf_puts(b, end);
}

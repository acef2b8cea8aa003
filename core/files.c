#include "core/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/buf.h"

char *kad_path_join(const char *dir, const char *name)
{
    struct kad_buf b = {0};
    kad_buf_printf(&b, "%s/%s", dir, name);
    return b.p;
}

char *kad_path_parent(const char *path)
{
    char *copy = kad_xstrdup(path);
    size_t n = strlen(copy);
    while (n > 1 && copy[n - 1] == '/')
        copy[--n] = '\0';
    char *slash = strrchr(copy, '/');
    if (!slash) {
        free(copy);
        return kad_xstrdup(".");
    }
    slash[slash == copy] = '\0';
    return copy;
}

int kad_sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return failed;
}

int kad_write_all(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n > 0) {
        ssize_t wrote = write(fd, at, n);
        if (wrote < 0 && errno != EINTR)
            return errno;
        if (wrote > 0) {
            at += wrote;
            n -= (size_t)wrote;
        }
    }
    return 0;
}

int kad_file_new(const char *path, mode_t mode, int *ret_fd)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return errno;
    if (fchmod(fd, mode) != 0) {
        int failed = errno;
        close(fd);
        unlink(path);
        return failed;
    }
    *ret_fd = fd;
    return 0;
}

int kad_folder_new(const char *path, mode_t mode)
{
    if (mkdir(path, mode) != 0)
        return errno;
    if (chmod(path, mode) != 0) {
        int failed = errno;
        rmdir(path);
        return failed;
    }
    return 0;
}

static int put_beside(const char *beside, const char *path, struct kad_str bytes, mode_t mode)
{
    int fd;
    unlink(beside); /* of a process of this number that was killed */
    int failed = kad_file_new(beside, mode, &fd);
    if (failed)
        return failed;
    failed = kad_write_all(fd, bytes.p, bytes.n);
    if (!failed && fsync(fd) != 0)
        failed = errno;
    if (close(fd) != 0 && !failed)
        failed = errno;
    if (!failed && rename(beside, path) != 0)
        failed = errno;
    if (failed)
        unlink(beside);
    return failed;
}

int kad_file_put(const char *path, struct kad_str bytes, mode_t mode)
{
    struct kad_buf beside = {0};
    kad_buf_printf(&beside, "%s.new-%ld", path, (long)getpid());
    int failed = put_beside(beside.p, path, bytes, mode);
    kad_buf_done(&beside);
    if (failed)
        return failed;
    char *parent = kad_path_parent(path);
    failed = kad_sync_path(parent);
    free(parent);
    return failed;
}

int kad_file_get(const char *path, size_t most, struct kad_buf *ret)
{
    struct stat st;
    char piece[16384];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int failed = fd < 0 || fstat(fd, &st) != 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
    size_t from = ret->n;
    while (!failed) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            failed = n < 0 ? errno : 0;
            break;
        }
        kad_buf_put(ret, piece, (size_t)n);
        if (ret->n - from > most)
            failed = EFBIG;
    }
    if (fd >= 0)
        close(fd);
    return failed;
}

void kad_folder_remove(const char *path)
{
    DIR *d = opendir(path);
    if (!d)
        return;
    for (const struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
    rmdir(path);
}

/* Loaded before the program (LD_PRELOAD): its n-th call of a class fails.
 *
 *   KADENS_FAIL=CLASS:N:ERRNO[:MODE]   MODE "on": all later ones fail, too (a disk stays full);
 *                                      "short": it does a part, and the next one fails
 *   KADENS_FAIL_MARK=FILE              made when the n-th call came
 *   KADENS_FAIL_OPEN=SUFFIX:ERRNO      files whose names end so cannot be opened
 *   KADENS_FAIL_FREE=BYTES             so much is free on every disk
 *   KADENS_FAIL_DISK=NUMBER            of this kind is every disk (statfs's f_type)
 *
 * Classes: memory, write, sync, open, name (rename, mkdir, unlink, …), size, map, read, lock. Calls
 * that libc makes inside itself are out of reach, but for its memory. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

enum class { MEMORY, WRITE, SYNC, OPEN, NAME, SIZE, MAP, READ, LOCK, N_CLASSES };
static const char *const names[N_CLASSES] = {
    [MEMORY] = "memory", [WRITE] = "write", [SYNC] = "sync", [OPEN] = "open", [NAME] = "name",
    [SIZE] = "size",     [MAP] = "map",     [READ] = "read", [LOCK] = "lock",
};

static int chosen = -1, code;
static long left;
static bool go_on, partly;
static const char *mark;
static _Thread_local int inside; /* of what is to be left alone */

__attribute__((constructor)) static void begin(void)
{
    char text[64], *rest = text;
    const char *env = getenv("KADENS_FAIL");
    mark = getenv("KADENS_FAIL_MARK");
    if (!env || !mark || strlen(env) >= sizeof text)
        return;
    memcpy(text, env, strlen(env) + 1);
    const char *class = strsep(&rest, ":"), *n = strsep(&rest, ":"), *e = strsep(&rest, ":");
    left = n ? strtol(n, NULL, 10) : 0;
    code = e ? (int)strtol(e, NULL, 10) : 0;
    go_on = rest && strcmp(rest, "on") == 0;
    partly = rest && strcmp(rest, "short") == 0;
    for (int i = 0; i < N_CLASSES; i++)
        if (strcmp(class, names[i]) == 0)
            chosen = i;
}

/* Is it this call's turn? *ret_part, when asked for: it may do a part of its work. */
static bool fails(enum class class, bool *ret_part)
{
    if ((int)class != chosen || left < 0 || inside)
        return false;
    if (--left > 0)
        return false;
    if (left == 0) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (fd >= 0)
            syscall(SYS_close, fd);
    }
    if (partly && ret_part && left == 0) {
        *ret_part = true;
        left = 1; /* for the next */
        partly = false;
        return true;
    }
    left = go_on ? 1 : -1;
    errno = code;
    return true;
}

/* libc's own, found by name. */
#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    void *found = real ? NULL : dlsym(RTLD_NEXT, #name);                                           \
    if (!real)                                                                                     \
    memcpy(&real, &found, sizeof real)

/* --- disks --- */

int statvfs(const char *path, struct statvfs *ret)
{
    const char *free_bytes = getenv("KADENS_FAIL_FREE");
    REAL(statvfs);
    int rc = real(path, ret);
    if (rc == 0 && free_bytes)
        ret->f_bavail = ret->f_bfree = strtoull(free_bytes, NULL, 0) / ret->f_frsize;
    return rc;
}
int statfs(const char *path, struct statfs *ret)
{
    const char *kind = getenv("KADENS_FAIL_DISK");
    int rc = (int)syscall(SYS_statfs, path, ret);
    if (rc == 0 && kind)
        ret->f_type = strtol(kind, NULL, 0);
    return rc;
}

/* --- memory --- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *malloc(size_t n)
{
    return fails(MEMORY, NULL) ? NULL : __libc_malloc(n);
}
void *calloc(size_t n, size_t size)
{
    return fails(MEMORY, NULL) ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t n)
{
    return fails(MEMORY, NULL) ? NULL : __libc_realloc(p, n);
}
void *mmap(void *at, size_t n, int rights, int flags, int fd, off_t from)
{
    if (fails(MAP, NULL))
        return MAP_FAILED;
    long p = syscall(SYS_mmap, at, n, rights, flags, fd, from);
    void *ret;
    memcpy(&ret, &p, sizeof ret);
    return ret;
}

/* libc's own way to the users does not survive the want of memory (nss_database.c asserts): so it is
 * this call that fails, and nothing inside it. */
struct passwd *getpwuid(uid_t uid)
{
    REAL(getpwuid);
    if (fails(MEMORY, NULL))
        return NULL;
    inside++;
    struct passwd *p = real(uid);
    inside--;
    return p;
}

/* --- bytes --- */

/* A pipe between processes of ours has no disk that could fail. */
static bool on_disk(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* A whole call, or its first half. */
#define WRITING(all, half)                                                                         \
    bool part = false;                                                                             \
    if (!on_disk(fd) || !fails(WRITE, &part))                                                      \
        return all;                                                                                \
    return part ? half : -1

ssize_t write(int fd, const void *p, size_t n)
{
    WRITING(syscall(SYS_write, fd, p, n), syscall(SYS_write, fd, p, n / 2));
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    WRITING(syscall(SYS_pwrite64, fd, p, n, at), syscall(SYS_pwrite64, fd, p, n / 2, at));
}
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    return pwrite(fd, p, n, at);
}
ssize_t writev(int fd, const struct iovec *v, int n)
{
    WRITING(syscall(SYS_writev, fd, v, n),
            syscall(SYS_write, fd, v[0].iov_base, (v[0].iov_len + 1) / 2));
}
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    WRITING(syscall(SYS_pwritev, fd, v, n, at, 0),
            syscall(SYS_pwrite64, fd, v[0].iov_base, (v[0].iov_len + 1) / 2, at));
}
ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at)
{
    return pwritev(fd, v, n, at);
}
ssize_t read(int fd, void *p, size_t n)
{
    return on_disk(fd) && fails(READ, NULL) ? -1 : syscall(SYS_read, fd, p, n);
}
ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return on_disk(fd) && fails(READ, NULL) ? -1 : syscall(SYS_pread64, fd, p, n, at);
}
ssize_t pread64(int fd, void *p, size_t n, off_t at)
{
    return pread(fd, p, n, at);
}
int fsync(int fd)
{
    return fails(SYNC, NULL) ? -1 : (int)syscall(SYS_fsync, fd);
}
int fdatasync(int fd)
{
    return fails(SYNC, NULL) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
int ftruncate(int fd, off_t size)
{
    return fails(SIZE, NULL) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}
int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}

/* --- names --- */

static bool barred(const char *path)
{
    const char *rule = getenv("KADENS_FAIL_OPEN"), *colon = rule ? strchr(rule, ':') : NULL;
    size_t n = colon ? (size_t)(colon - rule) : 0, have = strlen(path);
    if (n == 0 || have < n || memcmp(path + have - n, rule, n) != 0)
        return false;
    errno = (int)strtol(colon + 1, NULL, 10);
    return true;
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    return fails(OPEN, NULL) || barred(path) ? -1
                                             : (int)syscall(SYS_openat, dir, path, flags, mode);
}
#define OPEN_MODE(flags)                                                                           \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                       \
        va_list ap;                                                                                \
        va_start(ap, flags);                                                                       \
        mode = va_arg(ap, mode_t);                                                                 \
        va_end(ap);                                                                                \
    }
int open(const char *path, int flags, ...)
{
    OPEN_MODE(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...)
{
    OPEN_MODE(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}
int openat(int dir, const char *path, int flags, ...)
{
    OPEN_MODE(flags)
    return open_at(dir, path, flags, mode);
}
FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen);
    return fails(OPEN, NULL) || barred(path) ? NULL : real(path, mode);
}
DIR *opendir(const char *path)
{
    REAL(opendir);
    return fails(OPEN, NULL) ? NULL : real(path);
}

int rename(const char *from, const char *to)
{
    return fails(NAME, NULL) ? -1 : (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
int renameat2(int dir, const char *from, int dir2, const char *to, unsigned flags)
{
    return fails(NAME, NULL) ? -1 : (int)syscall(SYS_renameat2, dir, from, dir2, to, flags);
}
int renameat(int dir, const char *from, int dir2, const char *to)
{
    return renameat2(dir, from, dir2, to, 0);
}
int mkdir(const char *path, mode_t mode)
{
    return fails(NAME, NULL) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
int unlink(const char *path)
{
    return fails(NAME, NULL) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
int unlinkat(int dir, const char *path, int flags)
{
    return fails(NAME, NULL) ? -1 : (int)syscall(SYS_unlinkat, dir, path, flags);
}
int rmdir(const char *path)
{
    return fails(NAME, NULL) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}
int chmod(const char *path, mode_t mode)
{
    return fails(NAME, NULL) ? -1 : (int)syscall(SYS_fchmodat, AT_FDCWD, path, mode);
}
int fchmod(int fd, mode_t mode)
{
    return fails(NAME, NULL) ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

static int control(int fd, int command, void *arg)
{
    bool lock = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK ||
                command == F_OFD_SETLKW;
    return lock && fails(LOCK, NULL) ? -1 : (int)syscall(SYS_fcntl, fd, command, arg);
}
int fcntl(int fd, int command, ...)
{
    va_list ap;
    va_start(ap, command);
    void *arg = va_arg(ap, void *);
    va_end(ap);
    return control(fd, command, arg);
}
int fcntl64(int fd, int command, ...)
{
    va_list ap;
    va_start(ap, command);
    void *arg = va_arg(ap, void *);
    va_end(ap);
    return control(fd, command, arg);
}

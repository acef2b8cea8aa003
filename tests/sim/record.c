/* The recorder: loaded before the program (LD_PRELOAD), it writes down every call that changes
 * what lies below one folder (trace.h). It sees what a program and its libraries call through
 * the dynamic linker; what libc calls inside itself (fopen and the like) it does not see, which
 * disk.c finds out, as the folder then differs from the trace played to its end. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/sim/trace.h"

/* A call and its entry are one step, also where threads write. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_n;
static int trace = -1;

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "recorder: %s: %s\n", what, strerror(errno));
    _exit(99);
}

__attribute__((constructor)) static void begin(void)
{
    const char *dir = getenv(TRACE_ENV_ROOT), *file = getenv(TRACE_ENV_FILE);
    if (!dir || !file)
        return;
    if (!realpath(dir, root))
        give_up(dir);
    root_n = strlen(root);
    /* A high number: programs may close or count upon the low ones. */
    int fd =
        (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    trace = fcntl(fd, F_DUPFD_CLOEXEC, 200);
    if (trace < 0)
        give_up(file);
    close(fd);
}

/* The path below the folder; NULL when it lies elsewhere. */
static const char *below(const char *path)
{
    if (trace < 0 || strncmp(path, root, root_n) != 0)
        return NULL;
    return path[root_n] == '/' ? path + root_n + 1 : path[root_n] == '\0' ? "" : NULL;
}

static const char *below_fd(int fd, char out[PATH_MAX])
{
    char link[64];
    if (trace < 0 || fd == trace)
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    if (n < 0)
        return NULL;
    out[n] = '\0';
    return below(out);
}

/* Where a path leads, whose last part need not exist. */
static const char *below_at(int dir, const char *path, char out[PATH_MAX])
{
    char whole[PATH_MAX + 1], base[PATH_MAX];
    if (trace < 0)
        return NULL;
    if (*path == '/') {
        snprintf(whole, sizeof whole, "%.*s", PATH_MAX - 1, path);
    } else {
        if (dir == AT_FDCWD ? !getcwd(base, sizeof base) : !(below_fd(dir, base), *base == '/'))
            return NULL;
        if (snprintf(whole, sizeof whole, "%s/%s", base, path) >= PATH_MAX)
            return NULL;
    }
    char *slash = strrchr(whole, '/');
    while (slash > whole && slash[1] == '\0') {
        *slash = '\0';
        slash = strrchr(whole, '/');
    }
    char *name = slash + 1;
    *slash = '\0';
    if (!realpath(*whole ? whole : "/", out))
        return NULL;
    size_t n = strlen(out);
    if (snprintf(out + n, PATH_MAX - n, "/%s", name) >= (int)(PATH_MAX - n))
        return NULL;
    return below(out);
}

static uint64_t ino_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static void put(struct trace_head h, const char *path, const char *path2, const struct iovec *data,
                int n_data)
{
    struct iovec v[20] = {{.iov_base = &h, .iov_len = sizeof h}};
    union { /* writev takes no const */
        const char *in;
        void *out;
    } p = {.in = path ? path : ""}, q = {.in = path2 ? path2 : ""};
    h.magic = TRACE_MAGIC;
    h.n_path = (uint32_t)strlen(p.in);
    h.n_path2 = (uint32_t)strlen(q.in);
    v[1] = (struct iovec){.iov_base = p.out, .iov_len = h.n_path};
    v[2] = (struct iovec){.iov_base = q.out, .iov_len = h.n_path2};
    size_t left = h.n_data, whole = sizeof h + h.n_path + h.n_path2 + h.n_data;
    /* More pieces than v has room for go in several calls; the lock keeps them together. */
    int n = 3;
    size_t done = 0;
    for (int i = 0; i < n_data && left > 0; i++) {
        size_t take = data[i].iov_len < left ? data[i].iov_len : left;
        v[n++] = (struct iovec){.iov_base = data[i].iov_base, .iov_len = take};
        left -= take;
        if (n == 20) {
            done += (size_t)syscall(SYS_writev, trace, v, n);
            n = 0;
        }
    }
    if (n > 0)
        done += (size_t)syscall(SYS_writev, trace, v, n);
    if (done != whole)
        give_up("the trace cannot be written");
}

/* Runs the call and, when it succeeded, its note, as one step; the call's errno is kept. */
#define STEP(ret, call, note)                                                                      \
    do {                                                                                           \
        pthread_mutex_lock(&lock);                                                                 \
        (ret) = (call);                                                                            \
        int kept = errno;                                                                          \
        if ((ret) >= 0) {                                                                          \
            note;                                                                                  \
        }                                                                                          \
        errno = kept;                                                                              \
        pthread_mutex_unlock(&lock);                                                               \
    } while (0)

/* --- opening --- */

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    char out[PATH_MAX];
    struct stat st;
    const char *rel = NULL;
    if (flags & (O_CREAT | O_TRUNC))
        rel = below_at(dir, path, out);
    bool was = rel && fstatat(dir, path, &st, 0) == 0;
    int fd;
    STEP(fd, (int)syscall(SYS_openat, dir, path, flags, mode), {
        if (rel && !was)
            put((struct trace_head){.op = TRACE_CREATE, .ino = ino_of(fd)}, rel, NULL, NULL, 0);
        else if (rel && (flags & O_TRUNC) && st.st_size > 0)
            put((struct trace_head){.op = TRACE_SIZE, .ino = ino_of(fd)}, NULL, NULL, NULL, 0);
    });
    return fd;
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
int openat64(int dir, const char *path, int flags, ...)
{
    OPEN_MODE(flags)
    return open_at(dir, path, flags, mode);
}
int creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

/* --- writing --- */

static void wrote(int fd, int64_t at, ssize_t n, const struct iovec *data, int n_data)
{
    char out[PATH_MAX];
    struct stat st;
    if (n == 0 || !below_fd(fd, out) || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    int flags = fcntl(fd, F_GETFL);
    struct trace_head h = {.op = TRACE_WRITE, .ino = st.st_ino, .n_data = (uint64_t)n};
    h.at = at >= 0 ? (uint64_t)at : (uint64_t)lseek(fd, 0, SEEK_CUR) - (uint64_t)n;
    h.flags = flags & O_DSYNC ? TRACE_DSYNC : 0; /* O_SYNC holds that bit too */
    put(h, NULL, NULL, data, n_data);
}

static struct iovec piece(const void *p, size_t n)
{
    union {
        const void *in;
        void *out;
    } u = {.in = p};
    return (struct iovec){.iov_base = u.out, .iov_len = n};
}

ssize_t write(int fd, const void *p, size_t n)
{
    ssize_t done;
    struct iovec v = piece(p, n);
    STEP(done, syscall(SYS_write, fd, p, n), wrote(fd, -1, done, &v, 1));
    return done;
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    ssize_t done;
    struct iovec v = piece(p, n);
    STEP(done, syscall(SYS_pwrite64, fd, p, n, at), wrote(fd, at, done, &v, 1));
    return done;
}
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    return pwrite(fd, p, n, at);
}
ssize_t writev(int fd, const struct iovec *v, int n)
{
    ssize_t done;
    STEP(done, syscall(SYS_writev, fd, v, n), wrote(fd, -1, done, v, n));
    return done;
}
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    ssize_t done;
    STEP(done, syscall(SYS_pwritev, fd, v, n, at, 0), wrote(fd, at, done, v, n));
    return done;
}
ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at)
{
    return pwritev(fd, v, n, at);
}

/* What the kernel copies is read back. */
static void copied(int fd, int64_t at, ssize_t n)
{
    char out[PATH_MAX], link[64];
    if (n <= 0 || !below_fd(fd, out))
        return;
    if (at < 0)
        at = lseek(fd, 0, SEEK_CUR) - n;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int in = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
    void *p = malloc((size_t)n);
    if (in < 0 || !p || pread(in, p, (size_t)n, at) != n)
        give_up("what was copied cannot be read back");
    struct iovec v = piece(p, (size_t)n);
    wrote(fd, at, n, &v, 1);
    free(p);
    close(in);
}
ssize_t sendfile(int out, int in, off_t *at, size_t n)
{
    ssize_t done;
    STEP(done, syscall(SYS_sendfile, out, in, at, n), copied(out, -1, done));
    return done;
}
ssize_t copy_file_range(int in, off_t *at_in, int out, off_t *at_out, size_t n, unsigned flags)
{
    ssize_t done;
    STEP(done, syscall(SYS_copy_file_range, in, at_in, out, at_out, n, flags),
         copied(out, at_out ? *at_out - done : -1, done));
    return done;
}

static void sized(int fd, enum trace_op op, off_t size)
{
    char out[PATH_MAX];
    if (below_fd(fd, out))
        put((struct trace_head){.op = (uint16_t)op, .ino = ino_of(fd), .at = (uint64_t)size}, NULL,
            NULL, NULL, 0);
}
int ftruncate(int fd, off_t size)
{
    int rc;
    STEP(rc, (int)syscall(SYS_ftruncate, fd, size), sized(fd, TRACE_SIZE, size));
    return rc;
}
int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}
int truncate(const char *path, off_t size)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int rc = ftruncate(fd, size);
    close(fd);
    return rc;
}
int fallocate(int fd, int mode, off_t at, off_t n)
{
    int rc;
    if (mode != 0 && trace >= 0)
        give_up("fallocate with a mode is not recorded");
    STEP(rc, (int)syscall(SYS_fallocate, fd, mode, at, n), sized(fd, TRACE_ALLOCATE, at + n));
    return rc;
}
int posix_fallocate(int fd, off_t at, off_t n)
{
    return fallocate(fd, 0, at, n) == 0 ? 0 : errno;
}

/* --- syncing --- */

static void synced(int fd)
{
    char out[PATH_MAX];
    if (below_fd(fd, out))
        put((struct trace_head){.op = TRACE_SYNC, .ino = ino_of(fd)}, NULL, NULL, NULL, 0);
}
int fsync(int fd)
{
    int rc;
    STEP(rc, (int)syscall(SYS_fsync, fd), synced(fd));
    return rc;
}
int fdatasync(int fd)
{
    int rc;
    STEP(rc, (int)syscall(SYS_fdatasync, fd), synced(fd));
    return rc;
}
void sync(void)
{
    syscall(SYS_sync);
    if (trace >= 0)
        put((struct trace_head){.op = TRACE_SYNC_ALL}, NULL, NULL, NULL, 0);
}
int syncfs(int fd)
{
    int rc;
    STEP(rc, (int)syscall(SYS_syncfs, fd),
         if (trace >= 0) put((struct trace_head){.op = TRACE_SYNC_ALL}, NULL, NULL, NULL, 0));
    return rc;
}

/* --- names --- */

static uint64_t ino_at(int dir, const char *path)
{
    struct stat st;
    return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}
int mkdirat(int dir, const char *path, mode_t mode)
{
    char out[PATH_MAX];
    const char *rel = below_at(dir, path, out);
    int rc;
    STEP(rc, (int)syscall(SYS_mkdirat, dir, path, mode),
         if (rel) put((struct trace_head){.op = TRACE_MKDIR, .ino = ino_at(dir, path)}, rel, NULL,
                      NULL, 0));
    return rc;
}
int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

static void named(enum trace_op op, const char *from, const char *to)
{
    if (!from != !to)
        give_up("a name was moved into or out of the folder");
    if (from)
        put((struct trace_head){.op = (uint16_t)op}, from, to, NULL, 0);
}
int renameat2(int dir, const char *from, int dir2, const char *to, unsigned flags)
{
    char out[PATH_MAX], out2[PATH_MAX];
    const char *a = below_at(dir, from, out), *b = below_at(dir2, to, out2);
    int rc;
    STEP(rc, (int)syscall(SYS_renameat2, dir, from, dir2, to, flags),
         named(flags & RENAME_EXCHANGE ? TRACE_EXCHANGE : TRACE_RENAME, a, b));
    return rc;
}
int renameat(int dir, const char *from, int dir2, const char *to)
{
    return renameat2(dir, from, dir2, to, 0);
}
int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int linkat(int dir, const char *from, int dir2, const char *to, int flags)
{
    char out[PATH_MAX], out2[PATH_MAX];
    const char *a = below_at(dir, from, out), *b = below_at(dir2, to, out2);
    int rc;
    STEP(rc, (int)syscall(SYS_linkat, dir, from, dir2, to, flags), named(TRACE_LINK, a, b));
    return rc;
}
int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int unlinkat(int dir, const char *path, int flags)
{
    char out[PATH_MAX];
    const char *rel = below_at(dir, path, out);
    int rc;
    STEP(rc, (int)syscall(SYS_unlinkat, dir, path, flags),
         if (rel) put((struct trace_head){.op = TRACE_REMOVE}, rel, NULL, NULL, 0));
    return rc;
}
int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}
int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
int remove(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return -1;
    return S_ISDIR(st.st_mode) ? rmdir(path) : unlink(path);
}

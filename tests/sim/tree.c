#include "tests/sim/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdbool.h>

#include "core/buf.h"

void tree_give_up(const char *what, const char *more)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, more);
    exit(2);
}

/* What is done with each name in a folder. */
static void each(const char *dir, void (*fn)(const char *path, bool folder, const char *to),
                 const char *to)
{
    DIR *d = opendir(dir);
    if (!d)
        tree_give_up(dir, strerror(errno));
    for (const struct dirent *e; (e = readdir(d));) {
        struct kad_buf path = {0}, target = {0};
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        kad_buf_printf(&path, "%s/%s", dir, e->d_name);
        if (to)
            kad_buf_printf(&target, "%s/%s", to, e->d_name);
        if (lstat(path.p, &st) != 0)
            tree_give_up(path.p, strerror(errno));
        fn(path.p, S_ISDIR(st.st_mode), target.p);
        kad_buf_done(&path);
        kad_buf_done(&target);
    }
    closedir(d);
}

static void remove_one(const char *path, bool folder, const char *to)
{
    (void)to;
    if (folder)
        each(path, remove_one, NULL);
    if (remove(path) != 0)
        tree_give_up(path, strerror(errno));
}

void tree_empty(const char *dir)
{
    if (mkdir(dir, 0700) == 0)
        return;
    if (errno != EEXIST)
        tree_give_up(dir, strerror(errno));
    each(dir, remove_one, NULL);
}

void tree_remove(const char *dir)
{
    remove_one(dir, true, NULL);
}

static void copy_one(const char *path, bool folder, const char *to)
{
    struct stat st;
    if (folder) {
        if (mkdir(to, 0700) != 0)
            tree_give_up(to, strerror(errno));
        each(path, copy_one, to);
        return;
    }
    int in = open(path, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (in < 0 || out < 0 || fstat(in, &st) != 0)
        tree_give_up(path, strerror(errno));
    for (off_t left = st.st_size; left > 0;) {
        ssize_t n = sendfile(out, in, NULL, (size_t)left);
        if (n <= 0)
            tree_give_up(path, strerror(errno));
        left -= n;
    }
    close(in);
    close(out);
}

void tree_copy(const char *from, const char *to)
{
    tree_empty(to);
    each(from, copy_one, to);
}

char *tree_new(const char *name)
{
    const char *tmp = getenv("TMPDIR");
    struct kad_buf b = {0};
    bool memory = access("/dev/shm", W_OK) == 0;
    kad_buf_printf(&b, "%s/kadens-%s-XXXXXX",
                   tmp && *tmp ? tmp
                   : memory    ? "/dev/shm"
                               : "/tmp",
                   name);
    if (b.n > 150 || !mkdtemp(b.p))
        tree_give_up(b.p, "a folder cannot be made");
    return b.p;
}

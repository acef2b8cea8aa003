#include "cli/presence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/files.h"

static const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

static bool line_instant(const char *line, kad_instant *ret)
{
    return line && kad_instant_parse(line, strlen(line), ret);
}

static void read_signs(int fd, struct kad_presence *ret)
{
    char text[256] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    char *rest = text;
    const char *pid = strsep(&rest, "\n"), *since = strsep(&rest, "\n");
    const char *seen = strsep(&rest, "\n"), *waits = strsep(&rest, "\n");
    ret->pid = pid ? strtol(pid, NULL, 10) : 0;
    if (!line_instant(since, &ret->since))
        ret->since = KAD_INSTANT_NONE;
    if (!line_instant(seen, &ret->seen))
        ret->seen = KAD_INSTANT_NONE;
    if (waits && (strcmp(waits, "behind") == 0 || strcmp(waits, "ahead") == 0))
        snprintf(ret->waits, sizeof ret->waits, "%s", waits);
}

void kad_presence_look(const char *dir, struct kad_presence *ret)
{
    struct flock lock = whole;
    *ret = (struct kad_presence){.since = KAD_INSTANT_NONE, .seen = KAD_INSTANT_NONE};
    char *path = kad_path_join(dir, KAD_SERVICE_FILE);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    free(path);
    if (fd < 0)
        return;
    if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
        ret->running = true;
        read_signs(fd, ret);
    } else {
        struct stat st;
        ret->once = fstat(fd, &st) == 0 && st.st_size == 0;
    }
    close(fd);
}

enum kad_err kad_presence_take(const char *dir, int *ret_fd, struct kad_error *reterr)
{
    struct flock lock = whole;
    char *path = kad_path_join(dir, KAD_SERVICE_FILE);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum kad_err err = KAD_OK;
    if (fd < 0) {
        err = kad_fail(reterr, KAD_ESTORE, _("The file %s cannot be written: %s."), path,
                       strerror(errno));
    } else if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        struct kad_presence other = {.pid = 0};
        read_signs(fd, &other);
        close(fd);
        err = kad_fail(reterr, KAD_EBUSY,
                       _("A service runs on the store %s already (process %ld). Stop that one "
                         "first."),
                       dir, other.pid);
    } else {
        *ret_fd = fd;
    }
    free(path);
    return err;
}

void kad_presence_sign(int fd, kad_instant since, kad_instant now, const char *waits)
{
    char a[KAD_INSTANT_TEXT], b[KAD_INSTANT_TEXT];
    struct kad_buf text = {0};
    kad_buf_printf(&text, "%ld\n%s\n%s\n%s\n", (long)getpid(), kad_instant_text(since, a),
                   kad_instant_text(now, b), waits ? waits : "-");
    /* Only a hint: a full disk must not stop the service. The length hardly ever changes. */
    (void)!pwrite(fd, text.p, text.n, 0);
    (void)!ftruncate(fd, (off_t)text.n);
    kad_buf_done(&text);
}

void kad_presence_once(int fd)
{
    (void)!ftruncate(fd, 0);
}

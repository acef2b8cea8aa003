/* Files that people name: read whole, and what to say when that fails. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/cli.h"

const char *kad_why(int error)
{
    switch (error) {
    case ENOENT:
        return _("it is not there");
    case EACCES:
    case EPERM:
        return _("you have no right to");
    case ENOSPC:
        return _("the disk is full");
    case EROFS:
        return _("the disk is read-only");
    case EISDIR:
        return _("it is a folder");
    case ENOTDIR:
        return _("a part of its path is no folder");
    default:
        return strerror(error);
    }
}

enum kad_err kad_file_read(const char *path, size_t most, struct kad_buf *ret,
                           struct kad_error *reterr)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rbe");
    struct stat st;
    if (!f)
        return kad_fail(reterr, KAD_EINPUT, _("%s cannot be read: %s."), path, kad_why(errno));
    if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
        if (!standard)
            fclose(f);
        return kad_fail(reterr, KAD_EINPUT, _("%s is a folder, not a file."), path);
    }
    char piece[16384];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, f)) > 0 && ret->n <= most)
        kad_buf_put(ret, piece, n);
    bool bad = ferror(f) != 0;
    int why = errno;
    if (!standard)
        fclose(f);
    if (bad)
        return kad_fail(reterr, KAD_EINPUT, _("%s cannot be read: %s."), path, kad_why(why));
    if (ret->n > most)
        return kad_fail(reterr, KAD_EINPUT, _("%s is too large: at most %zu MiB."), path,
                        most >> 20);
    return KAD_OK;
}

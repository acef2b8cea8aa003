/* Whole files: written beside their place, brought to disk and renamed, so that after a crash there is
 * the old file or the new one and never a part. And what folders of ours need: rights that no umask
 * changes, names that survive a crash, the removal of what was begun.
 *
 * Everything answers an errno (0: done), because only the caller knows what to say about it.
 */
#ifndef KAD_CORE_FILES_H
#define KAD_CORE_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/text.h"

/* Replace (or make) `path` with these bytes and rights. */
int kad_file_put(const char *path, struct kad_str bytes, mode_t mode);
/* The whole of an ordinary file, at most `most` bytes: appended to ret. EFBIG when there is more,
 * EINVAL for what is no ordinary file. Links are followed. */
int kad_file_get(const char *path, size_t most, struct kad_buf *ret);
/* All the bytes, whatever interrupts. */
int kad_write_all(int fd, const void *p, size_t n);
/* A new file with exactly these rights: EEXIST when the name is taken. */
int kad_file_new(const char *path, mode_t mode, int *ret_fd);
/* A new folder with exactly these rights. */
int kad_folder_new(const char *path, mode_t mode);
/* Bring a file, or the names in a folder, to disk. */
int kad_sync_path(const char *path);
/* The folder that the path lies in: "." for a bare name. The caller frees. */
char *kad_path_parent(const char *path);
/* "dir/name"; the caller frees. */
char *kad_path_join(const char *dir, const char *name);
/* Remove a folder with the files in it (no folders): what was begun and not finished. */
void kad_folder_remove(const char *path);

#endif

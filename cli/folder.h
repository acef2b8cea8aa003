/* Folders into which files are put for others to read: each file is there whole or as it was before
 * (core/files.h). */
#ifndef KAD_CLI_FOLDER_H
#define KAD_CLI_FOLDER_H

#include "core/text.h"

/* A folder of ours to write into: made (0700, its last part) when it is not there; what an interrupted
 * writing left in it is removed. EINPUT says what is wrong with it. */
enum kad_err kad_folder_ready(const char *path, struct kad_error *reterr) KAD_MUST_CHECK;
/* Put a file there, unless it is there with the same bytes already. Rights 0600; 0640 in a folder
 * whose files are its group's (set-group-ID). EFULL when the disk is full. Fine on a thread. */
enum kad_err kad_folder_put(const char *folder, const char *name, struct kad_str bytes,
                            struct kad_error *reterr) KAD_MUST_CHECK;
/* The same for many at once, brought to disk together: first all of them beside their places, then
 * all names in order. */
struct kad_folder_file {
    char name[40];
    struct kad_buf bytes;
};
enum kad_err kad_folder_put_all(const char *folder, const struct kad_folder_file *v, size_t n,
                                struct kad_error *reterr) KAD_MUST_CHECK;
bool kad_folder_has(const char *folder, const char *name);
/* How many of its files end so? Counts up to `most`. */
uint64_t kad_folder_count(const char *folder, const char *end, uint64_t most);
/* A name for a file that is named after something: letters of any language, digits, and ".-_@" stay;
 * everything else becomes %XX; a dot never comes first; different names give different files. */
void kad_file_name(struct kad_buf *b, struct kad_str name, const char *end);

#endif

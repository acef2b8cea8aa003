/* A disk as it may stand after the power went: what a trace (trace.h) has brought to it for good,
 * and what was only on its way.
 *
 * The model is as harsh as POSIX allows. A file's writes and sizes are safe after a sync of that
 * file (or when they were made on a descriptor with O_DSYNC); names are safe after a sync of their
 * folder. Of all else any part may be there, in any order; a write tears at multiples of 512 bytes.
 * A rename within a file system is one step. */
#ifndef KAD_TESTS_DISK_H
#define KAD_TESTS_DISK_H

#include "core/buf.h"
#include "core/text.h"
#include "tests/sim/trace.h"

struct trace_entry {
    struct trace_head head;
    struct kad_str path, path2, data; /* in the trace */
};
struct trace {
    struct trace_entry *v;
    size_t n;
};
/* Ends the program with a sentence when the trace makes no sense. The caller keeps it for good. */
struct trace trace_load(const char *path);

/* Numbers that follow from a seed alone (splitmix64). */
uint64_t dice(uint64_t *seed);

struct disk;
/* `no_sync`: a disk that lies: nothing is ever safe. To see that the tests notice. */
struct disk *disk_new(bool no_sync);
void disk_free(struct disk *d);
void disk_play(struct disk *d, const struct trace_entry *e);
/* Is anything on its way, so that a crash here has more than one outcome? */
bool disk_unsettled(const struct disk *d);
/* What may be found after a crash now, chosen by the seed. */
struct image;
struct image *image_new(const struct disk *d, uint64_t seed);
uint64_t image_hash(const struct image *i); /* of all names and bytes but the lock file's */
/* Into the folder, which is emptied first; ends the program when that fails. */
void image_write(const struct image *i, const char *dir);
void image_free(struct image *i);
/* Everything arrived: the first difference from the folder as it is, or empty. */
void disk_compare(const struct disk *d, const char *dir, struct kad_buf *ret);

#endif

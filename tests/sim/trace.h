/* A trace: every change that a program made below one folder, in order, with all data; written by
 * record.c from inside the program, read by disk.c. Native byte order: it never leaves the machine.
 *
 * One entry is a head, then the bytes of path, path2 and data. Paths are relative to the folder. */
#ifndef KAD_TESTS_TRACE_H
#define KAD_TESTS_TRACE_H

#include <stdint.h>

#define TRACE_MAGIC 0x6b745243u
/* What tells the recorder where: the folder, and the file of the trace (outside the folder). */
#define TRACE_ENV_ROOT "KADENS_RECORD_ROOT"
#define TRACE_ENV_FILE "KADENS_RECORD_TRACE"

enum trace_op {
    TRACE_CREATE = 1, /* path, ino: a file that was not there */
    TRACE_WRITE,      /* ino, at, data; flag DSYNC: these bytes are on the disk when it returns */
    TRACE_SIZE,       /* ino, at: the file has this size now */
    TRACE_ALLOCATE,   /* ino, at: the file has at least this size */
    TRACE_SYNC,       /* ino: of a file or a folder */
    TRACE_SYNC_ALL,
    TRACE_MKDIR,    /* path, ino */
    TRACE_RENAME,   /* path, path2 */
    TRACE_EXCHANGE, /* path, path2: each has the other's place */
    TRACE_LINK,     /* path, path2 */
    TRACE_REMOVE,   /* path: a file or a folder */
    TRACE_MARK,     /* at: the command that begins here; -1 - i: the one that ended */
};

enum { TRACE_DSYNC = 1 };

struct trace_head {
    uint32_t magic;
    uint16_t op, flags;
    uint64_t ino, at, n_data;
    uint32_t n_path, n_path2;
};

#endif

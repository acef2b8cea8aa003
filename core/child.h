/* A function in a child process of its own: for what may fault. LMDB trusts its pages, so that a damaged
 * or foreign file can end the process that reads it; here that ends the child only. The child dumps no
 * core and says nothing on stderr when it faults; what it has to tell it writes to a descriptor.
 *
 * No environment of LMDB may be open in the caller and used in the child. To be called while the process
 * has one thread.
 */
#ifndef KAD_CORE_CHILD_H
#define KAD_CORE_CHILD_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"

struct kad_child_end {
    bool done;  /* the function returned */
    int signal; /* that ended it; 0: none */
};
/* Run fn(ctx, fd) in a child and gather what it writes to fd, at most `most` bytes (more ends the
 * child). What it wrote before a fault counts. EIO when no child can be made, or something else than a
 * fault ended it: a signal from outside, want of memory. */
enum kad_err kad_child_run(void (*fn)(void *ctx, int fd), void *ctx, size_t most,
                           struct kad_buf *ret, struct kad_child_end *ret_end,
                           struct kad_error *reterr) KAD_MUST_CHECK;

#endif

/* The service's presence: the file `service` in a store, held by a lock while `kadens serve` runs, so
 * that there is one of them and others can see how it is. What stands in it is for people and may be
 * stale; the lock is not: it ends with the process, however that ends.
 *
 *   PID, when it started, when it last gave a sign, and a word for why it waits ("-", "behind",
 *   "ahead"), each on a line. Empty: the last was a single run.
 */
#ifndef KAD_CLI_PRESENCE_H
#define KAD_CLI_PRESENCE_H

#include "core/event.h"

#define KAD_SERVICE_FILE "service"

struct kad_presence {
    bool running;
    bool once; /* it does not run, and the last one was a single run that ended as it should */
    long pid; /* as it said; 0: unknown */
    kad_instant since, seen;
    char waits[16]; /* empty: it does not */
};
/* Is a service running on the store in this folder? Not being able to look counts as no. */
void kad_presence_look(const char *dir, struct kad_presence *ret);

/* Be the one. EBUSY names the one that is. *ret_fd is closed to end it. */
enum kad_err kad_presence_take(const char *dir, int *ret_fd, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* A sign of life; `waits` may be NULL. */
void kad_presence_sign(int fd, kad_instant since, kad_instant now, const char *waits);
/* A single run ends: nobody is to miss it. */
void kad_presence_once(int fd);

#endif

/* The service: one loop over one ledger. It steps the scheduler when something is due or was written,
 * tells the sinks what the log has got, signs the day's checkpoint, and says how it is.
 *
 * Whatever writes to the ledger runs as a job on a thread, one job at a time: a disk that is slow and a
 * lock that somebody holds then keep nobody else waiting. Everything else is the loop's thread, which
 * reads through an engine of its own over the same open ledger.
 * Source: interface.md, "The scheduler"; docs/operations.md, "The service".
 */
#ifndef KAD_CLI_SERVICE_H
#define KAD_CLI_SERVICE_H

#include "core/engine.h"

/* What time it is for a service: the machine's clock, or on a simulated ledger one that begins where
 * it is told and runs so many times as fast. */
struct kad_service_clock {
    bool given;
    kad_instant start;
    int64_t speed; /* at least 1 */
};

struct kad_service_options {
    const char *dir;
    const char *config; /* NULL: messages go to stdout as JSON Lines */
    unsigned wait_ms;
    struct kad_str by, via;
    struct kad_service_clock clock;
    bool once; /* leave when nothing is due any more and all has been told */
    void (*tell)(void *ctx, const char *mistake); /* of the configuration */
};

/* Runs until it is told to leave (SIGTERM, SIGINT). SIGHUP: the configuration is read again, and the
 * clock is believed. Errors: what keeps it from beginning (EINPUT, ESTORE, EBUSY), and ESTORE, EFULL or
 * EIO when the ledger cannot be written any more; whoever started it starts it again. ENO with `once`
 * when something could not be told. */
enum kad_err kad_service_run(const struct kad_service_options *o, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* --- the log: a line each on stderr, "TIME LEVEL what key=value …", for the journal without the time.
 * Never a subject's key, a label or a private value: who reads logs is not who reads cases. --- */

enum kad_log_level { KAD_LOG_ERR = 3, KAD_LOG_WARN = 4, KAD_LOG_INFO = 6 };
void kad_service_log(enum kad_log_level level, const char *fmt, ...) KAD_PRINTF(2, 3);

/* --- the day's checkpoint, handed to somebody else --- */

struct kad_handout {
    const char *folder;
    int32_t at;    /* minutes after midnight */
    uint64_t keep; /* the newest so many files stay; 0: all */
};
/* Sign (when there is anything new) and put the newest checkpoint into the folder as
 * ID-DATE.checkpoint; *ret_size is what it covers. For a thread: touches nothing but the ledger and
 * the folder. */
enum kad_err kad_handout_make(struct kad_ledger *l, const struct kad_handout *h, kad_day day,
                              uint64_t *ret_size, struct kad_error *reterr) KAD_MUST_CHECK;

#endif

/* Inside the service: what service.c (beginning, waking, ending) and service_job.c (what is written, and
 * what comes of it) share. */
#ifndef KAD_CLI_SERVICE_PRIV_H
#define KAD_CLI_SERVICE_PRIV_H

#include "cli/serve_conf.h"
#include "cli/service.h"
#include "core/scheduler.h"

/* What a thread does at one time: the rows to write, then a step, then a checkpoint. The loop fills it
 * in, lets it run, and reads what came of it. */
struct job {
    struct kad_arena arena;
    kad_vec(struct kad_cursor) rows;
    bool step, handout;
    kad_day handout_day;
    kad_instant now;
    /* what came of it */
    struct kad_step did;
    uint64_t handout_size;
    int64_t took_ms;
    struct kad_error error, handout_error;
};

struct service {
    const struct kad_service_options *o;
    struct kad_loop *loop;
    struct kad_engine *writer, *reader;
    struct kad_scheduler *scheduler;
    struct kad_serve_conf conf;
    struct kad_sinks *sinks;
    struct kad_wall *wall;
    struct kad_timer *later, *look, *beat, *leave;
    struct kad_file_watch *watch;
    struct kad_signal *term, *intr, *hup;
    int presence;
    int64_t zero; /* of kad_service_clock: microseconds since boot */
    kad_instant since, caught_up, next;
    enum kad_scheduler_wait waits;
    struct job job;
    uint64_t job_began, issued_since; /* milliseconds of the loop; issued_since: in a single run */
    bool working, want, leaving, reload;
    bool busy_told;                 /* that somebody holds the lock */
    struct kad_sink_cursor handout; /* where the day's checkpoint stands; `name` is a constant */
    char handout_text[201];
    kad_vec(struct kad_cursor) rows; /* that the next job writes; each name once */
    struct kad_arena rows_arena;
    enum kad_err ended; /* why it leaves, when it does so of itself */
    struct kad_error *err;
};

/* Microseconds since the machine was started, sleep included; a kad_scheduler_clock's `elapsed`. */
int64_t kad_service_elapsed(void *ctx);
/* What time it is for the service that is its ctx. */
kad_instant kad_service_now(void *service);

/* Begin the next job if there is something to do, and none is under way. */
void kad_service_go(struct service *s);
/* The same, and the scheduler has to look: a kad_loop_fn. */
void kad_service_want(void *service);
/* A row of the table of cursors, to be written by the next job. */
void kad_service_put_row(struct service *s, struct kad_str name, struct kad_str bytes);
/* What is still to be written, at once and on this thread: nothing else runs any more. */
void kad_service_write_rest(struct service *s);
/* Where the day's checkpoint stands, from the ledger. */
enum kad_err kad_service_load_handout(struct service *s, struct kad_error *reterr) KAD_MUST_CHECK;
/* Leave, after the job that is under way; `why` may be NULL. */
void kad_service_end(struct service *s, const struct kad_error *why);
/* service.c: read the configuration again. From the loop itself, never out of a sink, with no job under
 * way: those read the configuration. One that is wrong leaves the old one in force. */
void kad_service_reload(struct service *s);

#endif

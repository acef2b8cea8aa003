/* A ledger in which something is issued, and sinks that tell of it, on a loop that the test runs: the
 * real scheduler on a clock that the test sets. C-1's visits are anna's until bo takes over. */
#ifndef KAD_TESTS_TOLD_H
#define KAD_TESTS_TOLD_H

#include "cli/sinks.h"
#include "core/scheduler.h"

struct told {
    char root[64]; /* the test's folder */
    char dir[80];  /* the store */
    char out[80];  /* a folder for what the sinks write; not made */
    char keys[80];
    struct kad_engine *e;
    struct kad_scheduler *scheduler;
    struct kad_loop *loop;
    struct kad_sinks *sinks;
    struct kad_sink_host host;
    kad_instant now;
    struct kad_buf log; /* what the sinks said: "SINK: words\n" */
    size_t saves;
    struct kad_error error;
    struct kad_timer *turn;
    bool timed_out;
};

/* The label of the visits; NULL: one that is made to do harm wherever it comes to. */
#define TOLD_LABEL "Visit at work"
extern const char told_hostile[];

/* Adopted 2021-01-01; C-1 with coach anna, at work from 2021-06-01; the clock at 2021-06-01T12:00Z, the
 * sinks empty. */
void told_open(struct told *t, const char *label);
void told_close(struct told *t); /* removes everything */
void told_event(struct told *t, const char *type, const char *subject, const char *day,
                const char *field, const char *value);
/* Adoption 1, C-1's referral 2, enrolment 3, employment 4. */
void told_retract(struct told *t, uint64_t seq);
/* Set the clock, and let the scheduler do what has come. How many records that made. */
size_t told_until(struct told *t, const char *rfc3339);
/* Run the loop until the sinks have nothing to do, at most so many milliseconds; false: they still do. */
bool told_run(struct told *t, unsigned ms);
/* Run the loop until a sink of this number has told of this many (or `ms` are over: false). */
bool told_wait(struct told *t, size_t sink, uint64_t delivered, unsigned ms);
/* ... or has failed once more. */
bool told_wait_failure(struct told *t, size_t sink, unsigned ms);
/* As after a restart: sinks are closed, the list is empty; cursors stay. */
void told_restart(struct told *t);
struct kad_sink_cursor told_cursor(struct told *t, size_t sink);
/* Messages in the ledger. */
size_t told_messages(struct told *t);
/* The whole of a file in t->out; empty when it is not there. Owned by the caller. */
struct kad_buf told_file(struct told *t, const char *name);
/* No control characters, no bidirectional ones, nothing but UTF-8; `crlf`: lines end with CR LF. */
void told_is_tame(const char *text, size_t n, bool crlf);

#endif

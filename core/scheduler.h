/* The scheduler: what is due is issued on its day, exactly once, whatever happens. Pure stepping over
 * an engine and a clock that the caller gives: no loop, no timer, no thread, no sleep.
 *
 * A day's work comes at the `issue at` of each policy (KAD_ISSUE_AT unless said), in the ledger's
 * zone. At each such moment the scheduler derives the subjects that are due then as of that day, with
 * everything that is recorded, lays the answer beside what their stories say was issued, and appends
 * what is new: kadens.issued, overdue, withdrawn, reminded, escalated. What was issued is read from
 * the story in the same write transaction that appends, and the subject's next moment and the
 * scheduler's own place are written in it too: so killing it at any instruction, or running two of
 * them, loses nothing and doubles nothing.
 *
 * What was written since (the subject's moment is KAD_DUE_NOW) is looked at as of the instant it was
 * recorded, after the moments that came before it; days that were slept through come in order of
 * moment over all subjects. An adoption makes it look at everybody.
 * Source: interface.md "The scheduler"; language.md "Tasks, cadences, duties"; docs/architecture.md.
 */
#ifndef KAD_CORE_SCHEDULER_H
#define KAD_CORE_SCHEDULER_H

#include "core/engine.h"

/* What time it is. On a ledger with the machine's clock, `now` is kad_clock_now and `given` false;
 * for simulated time `given` is true, and records say so. */
struct kad_scheduler_clock {
    kad_instant (*now)(void *ctx);
    /* Microseconds that have really passed, sleep included, whatever the clock is set to
     * (CLOCK_BOOTTIME); NULL: nobody knows, and a jump ahead is believed. */
    int64_t (*elapsed)(void *ctx);
    void *ctx;
    bool given;
};

/* A clock further behind the ledger's last record than this is not believed, nor one that has run
 * ahead of the time that really passed by more than that. */
#define KAD_CLOCK_BEHIND ((kad_instant)10 * 60 * 1000000)
#define KAD_CLOCK_AHEAD ((kad_instant)24 * 3600 * 1000000)

enum kad_scheduler_wait {
    KAD_WAIT_NO = 0,
    KAD_WAIT_BEHIND, /* the clock is behind the ledger: ends when it is right again */
    KAD_WAIT_AHEAD,  /* the clock jumped: ends when it is right again, or by kad_scheduler_trust */
};

/* How much one step may do: it ends after so many records, or so many nanoseconds of work. */
struct kad_budget {
    size_t records;
    int64_t ns;
};
#define KAD_BUDGET_DEFAULT ((struct kad_budget){512, 10 * 1000000})

struct kad_step {
    bool more;        /* there is more to do at once: let others have their turn, then step again */
    kad_instant next; /* when to step again, if nothing is written before: KAD_DUE_NEVER for never */
    size_t subjects, records; /* looked at, appended */
    uint64_t last;            /* seq of the last record appended; 0: none */
    enum kad_scheduler_wait waits; /* nothing was done because of the clock; look again in a minute */
};

struct kad_scheduler;

/* The engine is open for writing, best with `shared` set (the lock is then held for each step only),
 * and outlives the scheduler. Nothing is read or written yet. Owns: kad_scheduler_free. */
struct kad_scheduler *kad_scheduler_new(struct kad_engine *e,
                                        const struct kad_scheduler_clock *clock);
void kad_scheduler_free(struct kad_scheduler *s); /* NULL is fine */

/* Do what has come by `until` (KAD_DUE_NEVER: by the clock's now, which also bounds it), at most one
 * transaction's worth. Cheap when there is nothing to do: one read.
 * Errors: EBUSY another process is writing (ask again), EFULL, EIO (outcome unknown: close and open
 * the engine again), ESTORE. After an error nothing of this step is written. */
enum kad_err kad_scheduler_step(struct kad_scheduler *s, kad_instant until, struct kad_budget budget,
                                struct kad_step *ret, struct kad_error *reterr) KAD_MUST_CHECK;

/* Somebody has looked at the clock: believe it from now on. */
void kad_scheduler_trust(struct kad_scheduler *s);

/* Where it stands, for whoever asks: also in another process, and with an engine that only reads. */
struct kad_scheduler_state {
    bool begun;          /* some scheduler has run on this ledger */
    kad_instant reached; /* all moments up to this are done */
    kad_instant next;    /* the first that is not: KAD_DUE_NOW something was written; KAD_DUE_NEVER */
    kad_instant lag;     /* microseconds that `next` lies behind `now`; 0 */
    uint64_t waiting;    /* subjects that were written to and not looked at yet (counted to 10 000) */
    uint64_t subjects;   /* that have a moment */
    bool sweeping;       /* an adoption has everybody looked at */
    enum kad_scheduler_wait waits; /* what `now` alone tells: NO or BEHIND */
};
enum kad_err kad_scheduler_state(struct kad_engine *e, kad_instant now,
                                 struct kad_scheduler_state *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;

#endif

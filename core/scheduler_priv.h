/* Inside the scheduler: what scheduler.c, scheduler_look.c and reissue.c share. */
#ifndef KAD_CORE_SCHEDULER_PRIV_H
#define KAD_CORE_SCHEDULER_PRIV_H

#include "core/engine_priv.h"
#include "core/scheduler.h"

#define KAD_ISSUE_AT 360 /* minutes: when no policy says */

/* What a story says of one task id: its last issue. */
struct kad_issued {
    struct kad_str task;
    uint64_t number;                /* of the issue, from 1 */
    const struct kad_record *first; /* its kadens.issued */
    const struct kad_record *withdrawn; /* its kadens.withdrawn; NULL: it stands */
    bool overdue;
    struct kad_str *notices; /* keys of those that were given */
    size_t n_notices;
};
/* What such a record says in one of its notes; 0 and KAD_DAY_NONE for none. */
uint64_t kad_issued_number(const struct kad_record *r, const char *note);
kad_day kad_issued_day(const struct kad_record *r, const char *note);
/* From a subject's records in recording order: one for each task id, sorted by it. In the arena. */
size_t kad_issued_of(struct kad_arena *a, const struct kad_record *records, size_t n,
                     struct kad_issued **ret);
const struct kad_issued *kad_issued_find(const struct kad_issued *v, size_t n, struct kad_str task);

/* One look at one subject, as of an instant. */
struct kad_look {
    struct kad_engine *e;
    struct kad_batch *b; /* of the scheduler's kind */
    struct kad_arena *a;
    struct kad_str subject;
    bool stored;    /* it has records */
    kad_instant at; /* everything that has come by this instant is looked at */
    /* It was written to, and `at` is the last moment that was done: what was recorded since is looked
     * at as of its own instant, if that has come by `until`. */
    bool fresh;
    kad_instant until;
    kad_instant now; /* what records say: KAD_INSTANT_NONE for the machine's clock */
    /* What came of it: */
    kad_instant next; /* > at; KAD_DUE_NEVER */
    size_t records;   /* appended */
    uint64_t last;    /* the last of them */
};
enum kad_err kad_look(struct kad_look *l, struct kad_error *reterr) KAD_MUST_CHECK;

#endif

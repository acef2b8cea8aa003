/* The simulator: the real scheduler and engine on a clock of its own, under random policies and
 * histories, with crashes, sleep, wrong clocks and other writers; and a plain check of what came of
 * it (sim_check.c), which derives every day anew by tests/unit/plain.c. */
#ifndef KAD_TESTS_SIM_H
#define KAD_TESTS_SIM_H

#include "core/scheduler.h"
#include "tests/unit/random_policy.h"
#include "tests/unit/toy_store.h"

#define SIM_SUBJECTS 8
#define SIM_MINUTES 4 /* what `issue at` may be */
extern const int32_t sim_minutes[SIM_MINUTES];

/* A fault that is planted, to see that the check finds it. X(NAME, as an argument) */
#define SIM_FAULT_MAP(X)                                                                           \
    X(NONE, "none")                                                                                \
    X(LOST, "lost")     /* subjects' moments are forgotten */                                      \
    X(LATE, "late")     /* they are put off by a day */                                            \
    X(DOUBLE, "double") /* a record is written once more */                                        \
    X(WRONG, "wrong")   /* a record is written that the rules do not give */
enum sim_fault {
#define X(NAME, word) SIM_FAULT_##NAME,
    SIM_FAULT_MAP(X)
#undef X
        SIM_FAULT__COUNT
};

/* What the scheduler should have on record of one task, kept by the check while it reads the log. */
struct sim_task {
    struct kad_str id;
    uint64_t issue;
    kad_day first_on; /* of its first issue; 0: none */
    kad_day on;       /* of its last, */
    int32_t minute;   /* and the `issue at` that this went by */
    bool stands, overdue;
    kad_vec(struct kad_str) notices;
};

struct sim {
    uint64_t seed;
    struct dice dice;
    struct toy_store store;
    char keys[80];
    struct kad_scheduler *scheduler;
    kad_instant now;
    int64_t elapsed;
    bool begun;         /* the scheduler has run to its end once; */
    kad_instant quiet;  /* when it last did, */
    uint64_t quiet_seq; /* and the last record then */
    uint64_t checked;   /* the log has been read up to this */
    enum sim_fault fault;
    struct kad_arena arena; /* of the run */
    kad_vec(struct sim_task) tasks;
    kad_day last_on[SIM_MINUTES];  /* of the last record of a policy with that `issue at` */
    kad_vec(struct kad_str) story; /* what was done, for who looks for a fault */
    struct kad_buf why;            /* the first thing found wrong; empty: nothing */
    /* counted over the run */
    uint64_t issued, commits, crashes, slept_days;
};

extern const struct sim_subject {
    const char *key, *kind_name;
    int kind;
} sim_subjects[SIM_SUBJECTS];

/* sim_world.c: one run from its beginning to its end; false when something was found (s->why). */
bool sim_run(uint64_t seed, enum sim_fault fault, struct sim *ret);
void sim_done(struct sim *s);
void sim_tell(struct sim *s, const char *format, ...) KAD_PRINTF(2, 3); /* one line of the story */

/* sim_check.c: both say in s->why what is wrong first. */
void sim_check_log(struct sim *s); /* what was appended since the last time */
void sim_check_now(struct sim *s); /* everything has been done: is it all there? */
void sim_check_views(struct sim *s);

#endif

/* The calendar of a policy, proved: for every day of the 400 years after which the calendar begins
 * again (146 097 of them) on which a cadence or a task may start, how many windows there are, how
 * long they are, where a month lacks the day, and which due days are no working days. Everything is
 * gone through, nothing is estimated; holidays are those of today's law.
 * Source: language.md, "What the tools over it must do"; core/calendar.h.
 */
#ifndef KAD_DSL_PROVE_H
#define KAD_DSL_PROVE_H

#include "core/policy.h"

#define KAD_PROOF_DAYS 146097

/* The least and the most of something, and a start day with each: the first there is. */
struct kad_spread {
    int32_t least, most;
    kad_day least_on, most_on;
    bool set;
};

/* One line of a rule that the calendar has a say in: a phase, a `when`, a duty. */
struct kad_proof_row {
    int rule, task, line;
    const struct kad_phase *phase; /* NULL: it is no phase */
    const struct kad_when *when;   /* NULL: it is no `when` */
    bool endless;                  /* the phase has no end: no number of windows */
    struct kad_spread windows;     /* phases: how many */
    struct kad_spread length;      /* days of one window; of a `when` in working days: to the due day */
    /* Start days from which some month that the line counts to lacks the day, so that its last is
     * taken; the first of them, and what it gives: so many months after it is that day. */
    uint32_t clipped;
    int32_t clipped_months;
    kad_day clipped_on, clipped_to;
    /* Due days looked at (all start days; of a phase its first KAD_PROOF_WINDOWS windows), those that
     * are no working days, and of these the one moved farthest and one that leaves its month. */
    uint64_t dues, off;
    kad_day off_due; /* the first */
    int32_t farthest;
    kad_day farthest_due, farthest_to;
    uint64_t other_month;
    kad_day other_due, other_to;
};
#define KAD_PROOF_WINDOWS 60

struct kad_proof {
    struct kad_arena arena;
    kad_day first, last; /* start days, both included */
    struct kad_proof_row *v;
    size_t n;
};

/* Rows in the order of the rules and of their lines. They point into the policy.
 * Owns: kad_proof_done after use. */
void kad_prove(const struct kad_policy *p, struct kad_proof *ret);
void kad_proof_done(struct kad_proof *proof);

#endif

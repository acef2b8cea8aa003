/* What happened, at random: a subject's records over a year, with slips put right, things told
 * late and tasks waived, and the policies adopted meanwhile. */
#ifndef KAD_TESTS_RANDOM_HISTORY_H
#define KAD_TESTS_RANDOM_HISTORY_H

#include "tests/unit/random_policy.h"

struct history {
    struct kad_arena arena;
    struct kad_str subject, kind;
    struct sketch *sketches;        /* of adoption i, where it has a policy */
    struct kad_adoption *adoptions; /* by (name, from, seq) */
    size_t n_adoptions;
    struct kad_record *records; /* the subject's, by seq */
    size_t n_records;
    uint64_t last_seq;
    kad_day last_day; /* of any recording */
};

#define HISTORY_BEGINS kad_day_of(2021, 1, 1)
#define HISTORY_MOST 40 /* records */

/* The same for the same seed. kind: SKETCH_PARTICIPANT, … */
void history_random(uint64_t seed, int kind, struct history *ret);
void history_done(struct history *h);

/* The policies as known at. In the arena. */
struct kad_timeline history_timeline(const struct history *h, struct kad_known known,
                                     struct kad_arena *a);
void history_text(const struct history *h, struct kad_buf *b);

#endif

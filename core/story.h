/* A story: what is known of one subject at some moment, in the order it happened.
 *
 * It is made from the subject's records as first recorded (events, corrections, retractions,
 * waivers), leaving out what was recorded after the known-at, and applying corrections and
 * retractions. A corrected event keeps its first seq and with it its id, its place among its day's
 * events and its anchor. The order is (on, seq).
 */
#ifndef KAD_CORE_STORY_H
#define KAD_CORE_STORY_H

#include "core/event.h"

/* What was recorded up to and including this: by number and by instant, both hold. */
struct kad_known {
    uint64_t seq;   /* UINT64_MAX: everything */
    kad_instant at; /* INT64_MAX: everything */
};
#define KAD_KNOWN_ALL ((struct kad_known){UINT64_MAX, INT64_MAX})

/* One event as it stands. */
struct kad_fact {
    uint64_t seq;      /* of its first recording: its identity */
    uint64_t last;     /* seq of the record that says what it is now (itself, or a correction) */
    kad_instant at;    /* of its first recording */
    kad_day on;
    struct kad_str type;
    const struct kad_field *fields;
    size_t n_fields;
};
/* Somebody said that nobody will do this instance. Takes effect from its own day on, at its own
 * place in the story. */
struct kad_waiver {
    uint64_t seq;
    kad_day on;
    struct kad_str task; /* the instance's id */
    struct kad_str by, because;
};

struct kad_story {
    struct kad_str subject;
    struct kad_fact *facts; /* by (on, seq) */
    size_t n_facts;
    struct kad_waiver *waivers; /* by seq */
    size_t n_waivers;
};

/* Build the story from the subject's decoded records in recording order. Everything is made in the
 * arena; strings point where the records' did. */
void kad_story_build(struct kad_arena *a, struct kad_str subject, const struct kad_record *records,
                     size_t n, struct kad_known known, struct kad_story *ret);

#endif

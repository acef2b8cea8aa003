/* Inside derivation: what derive.c, expr.c, attribute.c, judge.c, instance.c and match.c share. */
#ifndef KAD_CORE_DERIVE_PRIV_H
#define KAD_CORE_DERIVE_PRIV_H

#include "core/derive.h"

/* `T is STATE` inside the conditions of T's own making is refused by the checker for one policy, but
 * two versions of a policy can still refer to each other in a ring; then it is unknown. */
#define KAD_DERIVE_NESTING 6

/* One policy seen from this subject: its kind there, and the event type of each fact. */
struct kad_bound {
    const struct kad_policy *policy;
    int kind;      /* -1: the policy does not know this kind of subject */
    int member;    /* of a `one of` kind: which one; else -1 */
    int16_t *events; /* one for each fact of the story; -1: not declared */
    struct kad_attr_memo { /* the last answer for each attribute: the same is asked many times over */
        size_t pos;
        kad_day day;
        bool set;
        struct kad_value value;
    } *memo;
};

/* Which adoption of one name is in force when: each from its day to the day before the next. */
struct kad_segment {
    kad_day from;
    const struct kad_adoption *adoption; /* NULL: none */
};
struct kad_segments {
    struct kad_segment *v;
    size_t n;
};

struct kad_derive {
    struct kad_arena *arena;
    const struct kad_timeline *timeline;
    const struct kad_story *story;
    struct kad_str kind;
    struct kad_bound *bound; /* one for each adoption of the timeline; those that end stay empty */
    struct kad_str *names;
    size_t *name_first; /* where each name's adoptions begin in the timeline; one more at the end */
    size_t n_names;
    int nesting;
};

/* A place to evaluate at: the facts [0, pos) have happened, as of a day; the event in sight. */
struct kad_place {
    size_t pos;
    kad_day day;
    const struct kad_fact *event; /* NULL: none in sight */
};

struct kad_bound *kad_bound_of(struct kad_derive *d, const struct kad_adoption *a);
struct kad_bound *kad_bound_of_policy(struct kad_derive *d, const struct kad_policy *p);
/* The segments of a name, as far as the facts [0, limit) tell. */
struct kad_segments kad_segments_of(struct kad_derive *d, size_t name, size_t limit);
const struct kad_adoption *kad_in_force(struct kad_derive *d, size_t name, kad_day day,
                                        size_t limit);
size_t kad_end_of(const struct kad_story *s, kad_day day);

struct kad_value kad_expr_eval(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                               struct kad_place at);
enum kad_truth kad_expr_truth(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                              struct kad_place at);
struct kad_value kad_attribute_eval(struct kad_derive *d, struct kad_bound *b, int attribute,
                                    size_t pos, kad_day day);
/* The field of a fact as the policy sees it; unknown when the event does not carry it. */
struct kad_value kad_fact_field(const struct kad_bound *b, const struct kad_fact *f, int event,
                                int field);
/* Does facts[i] fire one of the triggers? The condition sees the story up to and including it. */
bool kad_fires(struct kad_derive *d, struct kad_bound *b, const struct kad_trigger *t, size_t i);
bool kad_any_fires(struct kad_derive *d, struct kad_bound *b, const struct kad_triggers *t, size_t i);

/* An instance being made. */
#define KAD_NOWHERE SIZE_MAX
struct kad_made {
    struct kad_instance i;
    struct kad_bound *bound;
    size_t anchor_pos; /* KAD_NOWHERE: a duty has none */
    size_t end_pos;    /* the event that ends its run; KAD_NOWHERE: none */
    size_t done_pos;
    size_t rank;       /* the order of making: the occurrence, for equal days and anchors */
    kad_day told;      /* the day its opening event was first recorded; KAD_DAY_NONE: never untold */
};
struct kad_making {
    struct kad_derive *d;
    size_t limit;      /* the facts [0, limit) have happened */
    kad_day day, horizon;
    struct kad_str only; /* one task; empty: all */
    kad_vec(struct kad_made) made;
};
/* All instances with their days, nothing done yet (instance.c), then their states (match.c). */
void kad_make_instances(struct kad_making *m);
void kad_match_instances(struct kad_making *m);
/* `T is STATE`: is the subject's instance of T that opened last in one of these states? */
bool kad_task_is(struct kad_derive *d, struct kad_str task, unsigned states, size_t pos, kad_day day);

#endif

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
/* Which event of the story decides an attribute, and by which of its items. */
#define KAD_NOWHERE SIZE_MAX
struct kad_attr_source {
    size_t pos; /* KAD_NOWHERE: none does */
    const struct kad_attr_item *item;
};
/* An attribute with items (neither computed nor a param), and where its value comes from. */
struct kad_value kad_attribute_latest(struct kad_derive *d, struct kad_bound *b,
                                      const struct kad_attribute *a, size_t pos,
                                      struct kad_attr_source *ret);
/* The field of a fact as the policy sees it; unknown when the event does not carry it. */
struct kad_value kad_fact_field(const struct kad_bound *b, const struct kad_fact *f, int event,
                                int field);
/* Does facts[i] fire one of the triggers? The condition sees the story up to and including it. */
bool kad_fires(struct kad_derive *d, struct kad_bound *b, const struct kad_trigger *t, size_t i);
bool kad_any_fires(struct kad_derive *d, struct kad_bound *b, const struct kad_triggers *t, size_t i);

/* One value that a condition rests on; each once, in the order written. */
struct kad_leaf {
    const struct kad_expr *x;
    struct kad_str label; /* what people call it */
    struct kad_str value; /* for people; empty when unknown or private */
    struct kad_str text;  /* "age is 17", "motivated is not recorded", "birth_date is private" */
    bool unknown, is_private;
};
/* What is computed is one leaf, and where it is unknown what it is computed from follows. */
size_t kad_leaves_of(struct kad_derive *d, struct kad_bound *b, const struct kad_expr *x,
                     struct kad_place at, const struct kad_leaf **ret);
/* As kad_derive_judge, but of every guard that the event meets: those that hold as well. */
size_t kad_judge_all(struct kad_derive *d, size_t pos, const struct kad_finding **ret);

/* For who explains: what the rules looked at and did not open, told where it is decided. */
enum kad_unmade {
    KAD_UM_CONDITION,    /* the event came, or the period, and the condition did not hold */
    KAD_UM_NOT_IN_FORCE, /* another policy, or none, was in force on the day */
    KAD_UM_OTHER_POLICY, /* another policy governs the run on the window's opening day */
    KAD_UM_UNBORN,       /* the period opened before the subject was there */
    KAD_UM_ENDED,        /* the run had ended before the window opened */
};
struct kad_missing {
    enum kad_unmade why;
    const struct kad_adoption *adoption;
    struct kad_bound *bound;
    const struct kad_rule *rule;
    size_t pos;                   /* the event; KAD_NOWHERE: the calendar */
    kad_day opens;                /* the day it would have opened */
    const struct kad_expr *where; /* CONDITION: what did not hold, and where it was asked */
    struct kad_place at;
    int line;
    size_t end_pos;               /* ENDED: by which event */
};
/* A policy that came into force while a run was going on. */
struct kad_change {
    const struct kad_adoption *asking; /* whose window is in question */
    kad_day anchor, opens, from;
    const struct kad_adoption *incoming; /* NULL: an end */
    bool taken;
};
struct kad_watch {
    void *ctx;
    void (*missing)(void *ctx, const struct kad_missing *m);
    void (*change)(void *ctx, const struct kad_change *c);
};

/* An instance being made. */
struct kad_made {
    struct kad_instance i;
    struct kad_bound *bound;
    size_t anchor_pos; /* KAD_NOWHERE: a duty has none */
    size_t end_pos;    /* the event that ends its run; KAD_NOWHERE: none */
    size_t done_pos;
    size_t rank;       /* the order of making: the occurrence, for equal days and anchors */
    kad_day told;      /* the day its opening event was first recorded; KAD_DAY_NONE: never untold */
    kad_day plain;     /* the due day before it was moved */
    int32_t window;    /* which window of that phase, from 0 */
};
struct kad_making {
    struct kad_derive *d;
    const struct kad_watch *watch; /* NULL: nobody listens */
    size_t limit;      /* the facts [0, limit) have happened */
    kad_day day, horizon;
    struct kad_str only; /* one task; empty: all */
    kad_vec(struct kad_made) made;
};
/* All instances with their days, nothing done yet (instance.c), then their states (match.c). */
void kad_make_instances(struct kad_making *m);
void kad_match_instances(struct kad_making *m);
/* The months behind a run's last phase that an extension reaches, and the day they are counted from.
 * False when the rule has no extension, or no end to extend. */
bool kad_extension_phase(const struct kad_rule *rule, kad_day anchor, struct kad_phase *ret,
                         kad_day *ret_base);
/* The waiver that stands for an instance as of the making's day; NULL: none. */
const struct kad_waiver *kad_waiver_of(const struct kad_making *m, const struct kad_made *x);
/* `T is STATE`: is the subject's instance of T that opened last in one of these states? */
bool kad_task_is(struct kad_derive *d, struct kad_str task, unsigned states, size_t pos, kad_day day);

#endif

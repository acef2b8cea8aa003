/* Derivation: policies in force × one story × one day → attributes, guards, instances and their
 * states. Pure: no clock, no files; the same input gives the same answer anywhere.
 *
 * A `struct kad_timeline` says which policy was in force when (what is known of it, at the same
 * known-at as the story). A `struct kad_derive` is one subject's story seen through it; it lives in
 * an arena and is made anew when the story changes.
 * Source: language.md, "What it means, exactly" and "Fine print"; docs/language.md where that is silent.
 */
#ifndef KAD_CORE_DERIVE_H
#define KAD_CORE_DERIVE_H

#include "core/story.h"

/* --- policies in force over time --- */

struct kad_adoption {
    uint64_t seq;
    kad_instant at;
    kad_day from;
    struct kad_str name;             /* of the policy */
    const struct kad_policy *policy; /* NULL: `rules end` */
    struct kad_str *units;           /* `--only unit=…`; none: for everyone */
    size_t n_units;
};
struct kad_timeline {
    const struct kad_adoption *v; /* by (name, from, seq); retracted ones left out */
    size_t n;
};

/* --- one subject --- */

struct kad_derive;

/* The story's subject is of the kind with this name (in every policy that has it). `arena` keeps
 * everything that derivation makes. story and timeline must outlive it. */
struct kad_derive *kad_derive_new(struct kad_arena *arena, const struct kad_timeline *timeline,
                                  const struct kad_story *story, struct kad_str kind);

/* A place in the story: the facts [0, pos) have happened. */
size_t kad_derive_end_of(const struct kad_derive *d, kad_day day); /* all with on <= day */

/* The adoption of `name` in force for this subject on the day, or NULL. */
const struct kad_adoption *kad_derive_in_force(struct kad_derive *d, struct kad_str name,
                                               kad_day day);
/* The names of the timeline, one each. */
size_t kad_derive_names(const struct kad_derive *d, const struct kad_str **ret);

/* An attribute of the subject's kind at a place and a day. */
struct kad_value kad_derive_attribute(struct kad_derive *d, const struct kad_policy *p, int attribute,
                                      size_t pos, kad_day day);
/* A condition or value. `event` (may be NULL) is the event in sight. */
struct kad_value kad_derive_expr(struct kad_derive *d, const struct kad_policy *p,
                                 const struct kad_expr *x, size_t pos, kad_day day,
                                 const struct kad_fact *event);

/* The guards of one event, which stands at facts[pos] (its own fields in sight, the story before it
 * as context). For each that does not hold, one finding. */
struct kad_finding {
    const struct kad_guard *guard;
    const struct kad_adoption *adoption;
    bool holds;            /* never in what kad_derive_judge returns */
    bool unknown;          /* it failed because something is not recorded */
    struct kad_str values; /* "age is 17", "motivated is unknown", for people; no private field */
};
size_t kad_derive_judge(struct kad_derive *d, size_t pos, const struct kad_finding **ret);

/* --- instances --- */

struct kad_instance {
    struct kad_str id;
    struct kad_str task;             /* its full name */
    const struct kad_adoption *adoption;
    const struct kad_policy *policy;
    int task_index, rule_index;      /* in that policy */
    int32_t part; /* which `when` or phase of the rule; -1: a duty, or the extension */
    kad_day opens, due, closes;      /* closes KAD_DAY_NONE: never */
    enum kad_state state;            /* as of the day asked */
    bool late;                       /* done after due */
    uint64_t anchor, done_by, dropped_by, waived_by; /* seqs, 0 none */
    uint64_t withdrawn_by; /* of what took its ground away; 0: none, or no single record did */
    kad_day ended;                   /* done, dropped, closed, waived or withdrawn; else NONE */
    int line;
    /* Whose list: the person, or "role:NAME"; empty when nobody has it (KAD_UNOWNED then says why). */
    struct kad_str owner;
    struct kad_str unit;             /* the subject's unit as of the day asked; empty: none */
};

/* Every instance of the subject as of the day: those that opened, those of finite runs still to
 * open, and of open-ended runs and duties those that open up to `horizon` (>= day). Ordered by due,
 * then task, then id. The array is the arena's. */
size_t kad_derive_instances(struct kad_derive *d, kad_day day, kad_day horizon,
                            const struct kad_instance **ret);

/* The order of lists: due, then subject, then task, then id. */
int kad_instance_cmp(const struct kad_instance *a, struct kad_str subject_a,
                     const struct kad_instance *b, struct kad_str subject_b);

#endif

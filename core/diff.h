/* What adopting a policy would change, over the whole ledger and without adopting it.
 *
 * Every subject is derived twice as of one day: through the policies in force, and through the same
 * with the candidate adopted last. The two lists of tasks are laid beside each other by task id:
 *
 *   added      a task that there was not
 *   moved      the same task, but with other days, another state or owner, or while it is to be done
 *              with other reminders or escalations (`what` says which)
 *   withdrawn  a task that there is no more
 *   kept       still to be done, as before; these are counted only
 *
 * One that is dropped or waived is to be done by nobody, and counts as not being there. What is
 * compared: all that opened by the day; of finite runs all that is still to open; of duties and
 * open-ended runs what opens up to a horizon. So done and missed tasks are among the changes when a
 * past day gives them another state, and only then.
 *
 * Memory: one row for each change, some hundred bytes; nothing for what is kept.
 * Source: language.md, "What the tools over it must do"; docs/administrator.md.
 */
#ifndef KAD_CORE_DIFF_H
#define KAD_CORE_DIFF_H

#include "core/engine.h"
#include "core/notice.h"

/* X(NAME, word of JSON). ORDER: rows of one due day and task are shown so. */
#define KAD_CHANGE_MAP(X)                                                                          \
    X(ADDED, "added") X(MOVED, "moved") X(WITHDRAWN, "withdrawn") X(KEPT, "kept")
enum kad_change {
#define X(name, word) KAD_C_##name,
    KAD_CHANGE_MAP(X)
#undef X
        KAD_C__COUNT
};
const char *kad_change_name(enum kad_change c);

/* What differs in a task that is moved; a bit each. */
#define KAD_MOVED_MAP(X)                                                                           \
    X(OPENS, "opens") X(DUE, "due") X(CLOSES, "closes") X(FOR, "for") X(STATE, "state")            \
    X(LATE, "late") X(NOTICES, "notices")
enum kad_moved {
#define X(name, word) KAD_MV_##name,
    KAD_MOVED_MAP(X)
#undef X
        KAD_MV__COUNT
};
const char *kad_moved_name(enum kad_moved m);

/* A task before or after. */
struct kad_diff_side {
    kad_day opens, due, closes; /* opens KAD_DAY_NONE: there is none on this side */
    uint32_t owner, unit;       /* index into the groups by owner and by unit */
    uint8_t state;              /* enum kad_state, as of the day asked */
    bool late;
    const struct kad_policy *policy; /* whose roles the notices name */
    const struct kad_notice *notices;
    size_t n_notices;
};
struct kad_diff_row {
    struct kad_str subject, id;
    const struct kad_task *task;     /* its name and label; of the policy that has it, new before old */
    const struct kad_policy *policy; /* the same one */
    struct kad_diff_side was, is;
    uint8_t change; /* enum kad_change, never KEPT */
    uint8_t what;   /* bits of enum kad_moved, when moved */
};

/* What the change is to one owner or one unit. A task that changes hands counts as moved with the
 * one who gets it; the one who had it sees it in `before`. */
struct kad_diff_group {
    struct kad_str name; /* empty: nobody's; of no unit */
    const struct kad_policy *policy; /* one that knows its label */
    uint64_t n[KAD_C__COUNT];
    uint64_t before, after; /* tasks to do (upcoming, open or overdue) */
};
struct kad_diff_groups {
    kad_vec(struct kad_diff_group) v; /* in the order they were met */
    kad_vec(uint32_t) by_name;        /* indices into v, in the order of the names' bytes */
    uint32_t last;
};

/* An adoption that gives way on the candidate's first day, and for which units. */
struct kad_diff_replaced {
    const struct kad_adoption *adoption;
    const struct kad_str *units; /* none: for everyone, or everyone whom no other names */
    size_t n_units;
};

struct kad_diff_ask {
    const struct kad_policy *policy;
    struct kad_str only; /* units, with '\n' between them; empty: for everyone */
    kad_day from, as_of;
    kad_day until;       /* how far ahead; KAD_DAY_NONE: a year after the later of the two */
    kad_progress_fn progress; /* may be NULL */
    void *progress_ctx;
};
struct kad_diff {
    struct kad_arena arena;
    struct kad_adoption adoption; /* the candidate, as if it were recorded last */
    kad_day as_of, until;
    uint64_t seq;                 /* the last record that was known */
    kad_vec(struct kad_diff_replaced) replaces; /* none: nothing of the name is in force that day */
    const struct kad_adoption *followed_by;     /* the next of the name for everyone, or an end; NULL */
    uint64_t subjects, touched;
    struct kad_diff_group total;
    struct kad_diff_groups owners, units;
    kad_vec(struct kad_diff_row) rows; /* by subject, then due day (after, else before), task, id */
};

/* Compare. Fails as adopting would (kad_engine_may_adopt), with nothing to free.
 * Owns: kad_diff_done after use. Policies and the engine must outlive it. */
enum kad_err kad_diff_make(struct kad_engine *e, const struct kad_diff_ask *q, struct kad_diff *ret,
                           struct kad_error *reterr) KAD_MUST_CHECK;
void kad_diff_done(struct kad_diff *d);

#endif

/* What the examples of a policy exercise, and what they leave alone. Only what an example would notice
 * counts: a rule, `when` or phase is exercised when an expectation came true by a task that it opened,
 * and by no other; a guard when an event was accepted because its condition held, and another was
 * refused (of `expect`: noted) because it did not; the condition of what opens a task when an example
 * would fail without it, and another if it never held. Nothing is estimated or rounded.
 * Source: language.md, "Examples are the tests".
 */
#ifndef KAD_DSL_COVER_H
#define KAD_DSL_COVER_H

#include "core/derive.h"

enum kad_cover_kind {
    KAD_COVER_RULE,  /* a task, cadence or duty */
    KAD_COVER_WHEN,  /* a `when` of a task */
    KAD_COVER_PHASE, /* a phase of a cadence, or its extension */
    KAD_COVER_GUARD, /* the condition of a `require` or `expect` */
    KAD_COVER_WHERE, /* the condition of a `when`, of `from`, of `for each` */
    KAD_COVER__COUNT
};
const char *kad_cover_name(enum kad_cover_kind k); /* "rules", "whens": the word of JSON */

/* One thing to exercise. */
struct kad_cover_point {
    enum kad_cover_kind kind;
    int index;    /* of the rule or guard in the policy */
    int32_t part; /* WHEN, PHASE, WHERE: which; -1: the extension, a duty's */
    int line;
    bool seen;    /* GUARD, WHERE: seen to hold */
    bool refused; /* GUARD, WHERE: seen not to hold */
    bool untried; /* WHERE: to try it out with every example would take too long */
};
struct kad_cover {
    struct kad_arena arena;
    const struct kad_policy *policy;
    struct kad_cover_point *v; /* by line */
    size_t n, cap;
};

/* Everything that there is to exercise, none of it exercised yet. The policy must outlive it.
 * Owns: kad_cover_done. */
void kad_cover_init(struct kad_cover *c, const struct kad_policy *p);
void kad_cover_done(struct kad_cover *c);

/* For who runs examples. `v` are the tasks by which one expectation comes true: exercised is what
 * opened them, if it is the same for all. */
void kad_cover_expected(struct kad_cover *c, const struct kad_instance *const *v, size_t n);
void kad_cover_judged(struct kad_cover *c, const struct kad_guard *g, bool holds);
/* Run the examples of the policy again, without each condition of `where`, to see which of them notice.
 * Asked once, by who shows the coverage: it takes two runs for each such condition and example at most.
 * Of a policy for which that would take long, the rest counts as not exercised. */
void kad_cover_wheres(struct kad_cover *c);

/* How many of a kind there are, and how many of them are exercised wholly. */
size_t kad_cover_of(const struct kad_cover *c, enum kad_cover_kind k, size_t *ret_exercised);
/* What point i lacks, in one sentence that ends with the words of the file; empty: nothing, or it is
 * part of a rule that lacks everything. The text is the arena's of `c`. */
struct kad_str kad_cover_gap(struct kad_cover *c, size_t i);

#endif

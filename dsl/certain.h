/* What can be said of a condition without any case: that it can never hold, or that it always does.
 *
 * Only what is certain is said. A condition is looked at through one value at a time, such as an
 * attribute: for which of the values that it can have at all may the condition hold, and for which
 * must it? If it may for none, it never holds; if it must for all, and the value is always known, it
 * always holds. What compares two values that both vary is open to this, and so may be either.
 */
#ifndef KAD_DSL_CERTAIN_H
#define KAD_DSL_CERTAIN_H

#include "core/policy.h"

enum kad_certainty { KAD_DEPENDS = 0, KAD_NEVER, KAD_ALWAYS };

/* What is looked at, and how much of it still may be: each part of a condition looked at costs one,
 * and when all is spent everything depends. A file made to hold the compiler up so ends in time. */
struct kad_certain {
    const struct kad_policy *p;
    int64_t left;
};
#define KAD_CERTAIN_LOOKS 2000000

/* `kind` is the index of the subject's kind that the condition's attributes are of. NULL, a condition
 * that is not written, always holds. */
enum kad_certainty kad_certainty_of(struct kad_certain *c, int kind, const struct kad_expr *x);

/* Is there nothing left for `x` where none of the n conditions before it holds? NULL as above. */
bool kad_is_taken(struct kad_certain *c, int kind, const struct kad_expr *x,
                  const struct kad_expr *const *before, size_t n);

#endif

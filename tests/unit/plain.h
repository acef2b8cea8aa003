/* The meaning of the rules once more, slow and plain, for tests only: what core/derive.h answers,
 * worked out by walking the whole story, all windows and all days one by one, straight from
 * docs/language.md. Nothing is shared with the engine but its input, its calendar and its values,
 * so that a slip in one of the two shows as a difference.
 */
#ifndef KAD_TESTS_PLAIN_H
#define KAD_TESTS_PLAIN_H

#include "core/derive.h"

/* One subject and the policies of its days. Make it anew when either changes. */
struct plain;

/* Everything lives in the arena; timeline and story must outlive it. */
struct plain *plain_new(struct kad_arena *a, const struct kad_timeline *timeline,
                        const struct kad_story *story, struct kad_str kind);

/* The story as it stands, from the subject's records in recording order. */
void plain_story(struct kad_arena *a, struct kad_str subject, const struct kad_record *records,
                 size_t n, struct kad_known known, struct kad_story *ret);

/* The adoption of that name in force for the subject on the day; NULL: none, or ended. */
const struct kad_adoption *plain_in_force(struct plain *w, struct kad_str name, kad_day day);
struct kad_value plain_attribute(struct plain *w, const struct kad_policy *p, int attribute,
                                 size_t pos, kad_day day);
struct kad_value plain_expr(struct plain *w, const struct kad_policy *p, const struct kad_expr *x,
                            size_t pos, kad_day day, const struct kad_fact *event);

struct plain_finding {
    const struct kad_guard *guard;
    const struct kad_adoption *adoption;
    bool unknown;
};
size_t plain_judge(struct plain *w, size_t pos, struct plain_finding **ret);

/* As kad_derive_instances, in the same order. */
size_t plain_instances(struct plain *w, kad_day day, kad_day horizon, struct kad_instance **ret);

#endif

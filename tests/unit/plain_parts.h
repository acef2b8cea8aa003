/* What the two halves of the plain derivation share: plain.c (stories, policies, values, guards)
 * and plain_instances.c (windows, matching, states). */
#ifndef KAD_TESTS_PLAIN_PARTS_H
#define KAD_TESTS_PLAIN_PARTS_H

#include "tests/unit/plain.h"

struct plain_in_force_days;

struct plain {
    struct kad_arena *a;
    const struct kad_timeline *timeline;
    struct kad_story story;
    struct kad_str kind;
    struct plain_in_force_days *remembered;
    size_t n_remembered;
};

size_t plain_by_day(const struct plain *w, kad_day day); /* facts that happened by its end */
const struct kad_kind *plain_kind_in(const struct plain *w, const struct kad_policy *p);
enum kad_truth plain_truth(struct kad_value v);
struct kad_value plain_field(const struct kad_policy *p, int event, int field,
                             const struct kad_fact *f);
/* Is this fact one of those the trigger names, seen on its own day with itself in the story? */
bool plain_triggers(struct plain *w, const struct kad_policy *p, const struct kad_trigger *t,
                    size_t at);
bool plain_triggers_any(struct plain *w, const struct kad_policy *p, const struct kad_triggers *t,
                        size_t at);
struct kad_str plain_unit(struct plain *w, const struct kad_policy *p, kad_day day);
const struct kad_rule *plain_rule_named(const struct kad_policy *p, struct kad_str name);
/* Whose windows open on `day` in a run that was anchored on another. */
const struct kad_adoption *plain_governing(struct plain *w, struct kad_str name,
                                           struct kad_str rule, kad_day anchored, kad_day day);
/* Is the instance of this task that opened last on or before the day in one of these states? */
bool plain_task_is(struct plain *w, struct kad_str task, unsigned states, kad_day day);

#endif

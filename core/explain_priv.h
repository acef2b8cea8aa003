/* Inside of explaining: what the core/explain*.c share. */
#ifndef KAD_CORE_EXPLAIN_PRIV_H
#define KAD_CORE_EXPLAIN_PRIV_H

#include "core/derive_priv.h"
#include "core/explain.h"

#define KAD_E_MOST 4 /* things of a kind that are named one by one */

/* One explanation in the making. */
struct kad_why {
    struct kad_derive *d;
    struct kad_arena *a;
    kad_day day;
    struct kad_explanation *e;
};
void kad_why_begin(struct kad_why *w, struct kad_derive *d, kad_day day,
                   struct kad_explanation *ret);
struct kad_step *kad_why_add(struct kad_why *w, enum kad_say say);
/* A step about an event: label, name, day and seq. */
struct kad_step *kad_why_event(struct kad_why *w, enum kad_say say, const struct kad_bound *b,
                               size_t pos);
struct kad_str kad_event_called(const struct kad_bound *b, size_t pos);
/* "visit or call": the events of some triggers, with their conditions. */
struct kad_str kad_triggers_called(struct kad_why *w, const struct kad_policy *p,
                                   const struct kad_triggers *t);
/* The rule's line as the file has it, and its reading. */
void kad_why_rule(struct kad_why *w, const struct kad_adoption *a, const struct kad_rule *rule,
                  int line);
/* The same of anything that stands in a line of the file. */
void kad_why_line(struct kad_why *w, const struct kad_adoption *a, struct kad_str label,
                  struct kad_str source, int line);
/* A condition, part by part (those that `and` joins), at this depth: whether each holds, the values
 * it rests on, and which events set them. Returns how many do not hold; *ret_one is one of those. */
size_t kad_why_condition(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                         const struct kad_expr *x, struct kad_place at, int depth,
                         const struct kad_expr **ret_one);
/* Which event set the attribute, at this depth; what it is computed from in turn. */
void kad_why_attribute(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b, int i,
                       size_t pos, kad_day day, int depth);
/* The one fact, or the day alone, that makes each part of a condition hold which does not: tried out
 * in a copy of the story. An event in sight keeps its place behind that fact. */
void kad_why_would(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                   const struct kad_expr *x, struct kad_place at);
/* The event that would fire a trigger, as the rules now are; tried out. `otherwise`: another trigger
 * of the same event comes before it. */
void kad_why_opens(struct kad_why *w, const struct kad_adoption *a, struct kad_bound *b,
                   const struct kad_trigger *t, bool otherwise, struct kad_str task);
/* The value for people; empty when unknown or private. */
struct kad_str kad_why_value(struct kad_why *w, const struct kad_bound *b, struct kad_value v,
                             enum kad_type type, int ref);
/* One instance with all its reasons. */
void kad_why_made(struct kad_why *w, struct kad_making *m, const struct kad_made *x);
/* All instances of a task, those that open by the horizon. */
void kad_why_make(struct kad_why *w, struct kad_making *m, struct kad_str only, kad_day horizon,
                  const struct kad_watch *watch);

#endif

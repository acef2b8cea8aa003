/* Examples: small stories inside a policy, with what is expected of them as of days. They are parsed
 * and resolved with the policy and kept beside it (policy->compiled_by); running them derives the
 * story with the policy alone, in force from the example's own `from DATE`, else from 1 January of the
 * year of the earliest day it names.
 * Source: language.md, "Examples are the tests".
 */
#ifndef KAD_DSL_EXAMPLE_H
#define KAD_DSL_EXAMPLE_H

#include "core/event.h"
#include "dsl/ast.h"

struct kad_lower;

/* One line of the story. */
struct kad_example_step {
    enum kad_step_kind kind;
    kad_day on;       /* the day it happened; of a correction or withdrawal: as it stood */
    kad_day recorded; /* the day it was recorded */
    int event;
    struct kad_str subject;
    struct kad_field *fields; /* those given */
    size_t n_fields;
    size_t target;          /* CORRECT, WITHDRAW: the step it is about */
    kad_day moved_to;       /* CORRECT: the new day; KAD_DAY_NONE: as it was */
    struct kad_str refused; /* part of the message; empty: it is accepted */
    int line;
};

/* One expectation. */
struct kad_example_expect {
    kad_day on;
    int kind; /* of the subject */
    struct kad_str subject;
    int task; /* index, or -1: */
    int attribute;
    bool none;   /* no instance of the task */
    kad_day due; /* KAD_DAY_NONE: any */
    int state;
    bool late;
    enum kad_told told; /* instead of a state: told of by then, or (not_told) not */
    bool not_told;
    int known; /* attribute: 0 has `value`, 1 is known, -1 is unknown */
    struct kad_value value;
    struct kad_str text; /* as written */
    int line;
};

struct kad_example {
    struct kad_str name;
    int line;
    kad_day from;                   /* the policy is in force from then */
    struct kad_example_step *steps; /* in file order */
    size_t n_steps;
    struct kad_example_expect *expects;
    size_t n_expects;
};

/* What policy->compiled_by points to. */
struct kad_examples {
    struct kad_example *v;
    size_t n;
};

/* Resolve the examples of the tree. */
void kad_lower_examples(struct kad_lower *l);

#endif

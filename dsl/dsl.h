/* The rule language: one face for everything above it. A policy text goes in, a compiled policy or
 * messages come out; the examples in it can be run.
 * Source: language.md; what was added to it is in docs/language.md.
 */
#ifndef KAD_DSL_DSL_H
#define KAD_DSL_DSL_H

#include "core/policy.h"
#include "dsl/cover.h"
#include "dsl/diag.h"

/* Compile a policy's text. `name` is what messages call the file. *d must be fresh
 * (kad_diags_init) and gets every error and warning, sorted by place; it is the caller's to show and
 * to free. NULL when there is an error; else the policy is the caller's (kad_policy_free). */
struct kad_policy *kad_dsl_compile(struct kad_str text, const char *name, struct kad_diags *d);

/* The same for core, which knows nothing of messages: the error holds the first of them. */
enum kad_err kad_dsl_compile_fn(struct kad_str text, const char *name, struct kad_policy **ret,
                                struct kad_error *reterr);

/* Add a warning for each `review by` that lies before the day, to the messages that compiling gave
 * (or fresh ones: kad_diags_init). The text alone has no today, so compiling says nothing of it. */
void kad_dsl_review(const struct kad_policy *p, kad_day today, struct kad_diags *d);

/* --- examples of a compiled policy --- */

size_t kad_dsl_example_count(const struct kad_policy *p);
struct kad_str kad_dsl_example_name(const struct kad_policy *p, size_t i);
int kad_dsl_example_line(const struct kad_policy *p, size_t i);

/* What did not hold, in the order of the example's lines. */
struct kad_example_result {
    struct kad_arena arena;
    struct kad_example_failure {
        int line;            /* of the file */
        struct kad_str text; /* one sentence */
    } * v;
    size_t n, cap;
    size_t checked; /* expectations and refusals looked at */
};
/* Run one example. True when everything in it held. Free the result either way. `cover` (may be NULL)
 * is of the same policy, and told what the example exercises. */
bool kad_dsl_example_run(const struct kad_policy *p, size_t i, struct kad_cover *cover,
                         struct kad_example_result *ret);
void kad_dsl_example_done(struct kad_example_result *r);

#endif

/* One rule file on its way into the ledger or past it: read, compiled and tried. Shared by the
 * commands about rule files. */
#ifndef KAD_CLI_RULE_FILE_H
#define KAD_CLI_RULE_FILE_H

#include "cli/cli.h"
#include "dsl/dsl.h"

struct kad_rule_file {
    const char *path;
    struct kad_buf text;
    struct kad_diags diags;
    struct kad_policy *policy; /* NULL: it has errors */
    size_t examples, failed, checked;
    struct kad_example_result *results; /* one for each example; NULL before they are run */
    struct kad_cover cover;             /* what they exercise; when they have been run */
};

/* Read and compile. A file that cannot be read is KAD_EINPUT; one with errors is KAD_OK without a
 * policy, and the messages say why.
 * Owns: kad_rule_file_done after use, also after a failure. */
enum kad_err kad_rule_file_load(const char *path, struct kad_rule_file *f, struct kad_error *reterr)
    KAD_MUST_CHECK;
void kad_rule_file_try(struct kad_rule_file *f); /* run its examples, if it has a policy */
void kad_rule_file_done(struct kad_rule_file *f);

/* What is wrong with it, to stderr: messages, then the examples that fail. */
void kad_rule_file_tell_diags(const struct kad_rule_file *f);
void kad_rule_file_tell_failures(const struct kad_rule_file *f);
/* "small.rules: no errors, all 2 examples hold". */
void kad_rule_file_put_counts(struct kad_out *o, const struct kad_rule_file *f);
/* How much the examples exercise, then each rule and condition that none does; lines begin so. */
void kad_rule_file_put_cover(struct kad_out *o, const char *begin, struct kad_rule_file *f);
/* Errors and failing examples are told here, with the counts: then KAD_ENO. */
enum kad_err kad_rule_file_holds(const struct kad_rule_file *f) KAD_MUST_CHECK;
/* The option --only: "unit=eksjo,aneby" becomes "eksjo\naneby"; empty when it was not given. */
enum kad_err kad_opt_only(const struct kad_cli *c, struct kad_str *ret, struct kad_arena *a,
                          struct kad_error *reterr) KAD_MUST_CHECK;

#endif

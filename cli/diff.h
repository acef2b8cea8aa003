/* What adopting a policy would change, told: counts first, then case by case. */
#ifndef KAD_CLI_DIFF_H
#define KAD_CLI_DIFF_H

#include "cli/cli.h"
#include "core/diff.h"

/* Compare, with progress on a terminal. `only` as kad_opt_only gives it. */
enum kad_err kad_diff_of(struct kad_cli *c, const struct kad_policy *policy, struct kad_str only,
                         kad_day from, kad_day until, struct kad_diff *ret,
                         struct kad_error *reterr) KAD_MUST_CHECK;
bool kad_diff_any(const struct kad_diff *d); /* does anything change? */

/* For people: what is compared with what, and the counts; then each case. */
void kad_diff_print_counts(struct kad_out *o, struct kad_arena *a, const struct kad_diff *d);
void kad_diff_print_cases(struct kad_out *o, const struct kad_diff *d);

/* One JSON object on lines of its own, the last one closed: the same diff gives the same bytes in
 * every language. `more` is called now and then with what has gathered, and may empty it. */
typedef void (*kad_more_fn)(void *ctx, struct kad_buf *b);
void kad_diff_json(struct kad_buf *b, const struct kad_diff *d, kad_more_fn more, void *ctx);
void kad_diff_csv(struct kad_out *o, const struct kad_diff *d);
/* SHA-256, in hex, of exactly what kad_diff_json writes: what an adoption keeps as `diff`. */
struct kad_str kad_diff_digest(const struct kad_diff *d, struct kad_arena *a);

#endif

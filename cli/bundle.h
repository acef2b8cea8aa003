/* The audit bundle: all of a ledger that another program needs to check it, without Kadens and without
 * LMDB, in the layout of C2SP tlog-tiles where that has one, and a readme that tells how, step by step.
 * docs/format.md, "The audit bundle", draws it. Private fields are in it as they are stored: sealed.
 */
#ifndef KAD_CLI_BUNDLE_H
#define KAD_CLI_BUNDLE_H

#include "cli/cli.h"
#include "core/checkpoint.h"

/* Write it into a new or empty folder, built beside and renamed. It goes as far as the newest
 * checkpoint; ENO when there is none. */
enum kad_err kad_bundle_export(struct kad_cli *c, const char *dir, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* bundle_readme.c: in Swedish and English, whoever writes it. */
struct kad_bundle_facts {
    const struct kad_ledger_info *info;
    const struct kad_checkpoint *last;
    const char *first_key; /* as a verifier key */
    uint64_t keys, checkpoints, policies;
};
void kad_bundle_readme(struct kad_buf *b, const struct kad_bundle_facts *f);

#endif

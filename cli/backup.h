/* A backup as part of another command. */
#ifndef KAD_CLI_BACKUP_H
#define KAD_CLI_BACKUP_H

#include "cli/cli.h"

/* What `kadens backup DIR` does, without a word about it: made, checked, and on the store's list. No ledger
 * may be open in the process (c->engine is closed). *ret_path: its folder, in the command's arena. */
enum kad_err kad_cli_backup(struct kad_cli *c, const char *dir, const char **ret_path,
                            struct kad_error *reterr) KAD_MUST_CHECK;

#endif

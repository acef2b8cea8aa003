/* What the vault asks people for: the passphrase, from a file or typed at the terminal without being
 * shown. Asked for only when a private field is met that needs it. */
#ifndef KAD_CLI_PASSPHRASE_H
#define KAD_CLI_PASSPHRASE_H

#include "cli/cli.h"

/* From now on the vaults of this process ask as the command's options say. */
void kad_passphrase_use(struct kad_cli *c);

#endif

/* Help, the manual's lists and the completion script: all from cmd.def and opt.def. */
#ifndef KAD_CLI_HELP_H
#define KAD_CLI_HELP_H

#include "cli/cli.h"

/* What one command does and takes; with NULL, all commands and the global options. */
void kad_help_put(struct kad_out *o, const struct kad_cmd *cmd);
/* The COMMANDS and OPTIONS sections of kadens(1), in man(7). */
void kad_help_put_man(struct kad_out *o);
/* A completion script for bash. */
void kad_help_put_completion(struct kad_out *o);

#endif

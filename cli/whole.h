/* Is a copy of a ledger whole? What backup and restore ask before they say that it is done. */
#ifndef KAD_CLI_WHOLE_H
#define KAD_CLI_WHOLE_H

#include "core/err.h"

/* Everything that `kadens verify` looks at, in a folder that nobody writes; how far it is is shown on a
 * terminal. ESTORE with what was found first, and how much more. */
enum kad_err kad_copy_whole(const char *dir, struct kad_error *reterr) KAD_MUST_CHECK;

#endif

/* What the program was called by, for hints that can be copied as they stand. */
#ifndef KAD_CLI_PROGRAM_H
#define KAD_CLI_PROGRAM_H

#include "core/text.h"

/* Say it once: argv[0]. Only a path counts ("build/kadens"); a bare name is always "kadens". */
void kad_program_set(const char *argv0);
/* Appends the text with each "kadens " that begins a command as the program was called. */
void kad_program_put(struct kad_buf *b, struct kad_str s);

#endif

/* The parts of the tamper test. */
#ifndef KAD_TESTS_TAMPER_H
#define KAD_TESTS_TAMPER_H

#include "core/buf.h"

/* Everything that any command can read of the store in this folder, as bytes; errors too. */
void tamper_dump(void *dir, struct kad_buf *ret);
/* What somebody can do who may write the file and knows its formats. Returns 0 when all was found. */
int tamper_insider(const char *root);

#endif

/* Inside kadens-witness. */
#ifndef KAD_CLI_WITNESS_H
#define KAD_CLI_WITNESS_H

#include "core/event.h"

/* A record for people: what its header says, and its open fields. Long texts are cut unless `all`. */
void kad_witness_put_record(struct kad_buf *b, const struct kad_record *r, bool all);

#endif

/* A ledger in a folder of its own, an engine over it, and drafts written as one line:
 *
 *   TYPE SUBJECT|- ON|- FIELD=VALUE … :NOTE=VALUE … !WHAT=VALUE …
 *
 * Blanks within a value are written "~". !WHAT: id, by, at, override, seq, via, clock. A note
 * `only` or `accepted` is a list divided by "|". */
#ifndef KAD_TESTS_TOY_STORE_H
#define KAD_TESTS_TOY_STORE_H

#include "core/engine.h"

struct toy_store {
    char dir[64];
    struct kad_engine_options o;
    struct kad_engine *e;
    struct kad_batch *batch;
    struct kad_batch_options batch_options;
    struct kad_outcome out; /* of the last put */
    struct kad_error err;
    struct kad_arena words;
};

kad_instant toy_at(const char *rfc3339);
kad_day toy_day(const char *text);

/* Makes a ledger and opens it for writing, with `now` (NULL: the clock). */
void toy_open(struct toy_store *s, enum kad_ledger_mode mode, const char *now);
void toy_reopen(struct toy_store *s); /* with s->o as it is */
void toy_close(struct toy_store *s);  /* and remove the folder */

enum kad_err toy_try(struct toy_store *s, const char *line); /* within a batch, begun if none is */
void toy_commit(struct toy_store *s);
void toy_abort(struct toy_store *s);
/* It is recorded (or was already): returns its seq. */
uint64_t toy_put(struct toy_store *s, const char *line);
/* It is refused with this code, and the message holds these words. */
void toy_refuse(struct toy_store *s, const char *line, enum kad_err code, const char *words);
/* A draft made by the test itself. */
enum kad_err toy_draft(struct toy_store *s, const struct kad_draft *d);
/* Adopts "toy" from 2021-01-01 and commits: its seq. */
uint64_t toy_adopt(struct toy_store *s);

#endif

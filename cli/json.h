/* JSON as interface.md gives it. Written by hand: numbers are exact decimals, keys come in a fixed
 * order and the same record gives the same bytes each time, for which a tree of values in between
 * would only be in the way. Read with jansson.
 */
#ifndef KAD_CLI_JSON_H
#define KAD_CLI_JSON_H

#include <jansson.h>

#include "core/engine.h"

/* --- writing --- */

/* A string with its quotes. Control characters of every kind, bidirectional ones too, become \u…, so
 * that a label does nothing to a terminal. */
void kad_json_str(struct kad_buf *b, struct kad_str s);
void kad_json_str_or_null(struct kad_buf *b, struct kad_str s); /* empty: null */
void kad_json_day(struct kad_buf *b, kad_day day);              /* KAD_DAY_NONE: null */
void kad_json_seq(struct kad_buf *b, uint64_t seq);             /* 0: null */
void kad_json_value(struct kad_buf *b, struct kad_value v);
/* A whole record, without a line break. */
void kad_json_record(struct kad_buf *b, const struct kad_engine *e, const struct kad_record *r);
/* One key of it ("data", "deviations", …), as it stands in the record's line. */
void kad_json_record_part(struct kad_buf *b, const struct kad_engine *e, const struct kad_record *r,
                          const char *key);
/* A task instance. */
void kad_json_instance(struct kad_buf *b, struct kad_str subject, const struct kad_instance *i);
/* "se_hoglandet@2021-01-01". */
void kad_put_adoption(struct kad_buf *b, const struct kad_adoption *a);

/* --- reading --- */

/* One line of an import, read. The draft's strings live in `root` and the arena. */
struct kad_json_line {
    json_t *root;
    struct kad_draft draft;
    size_t column; /* of the mistake, when there is one; from 1 */
};
/* How long this line may be, by its beginning: one that adopts a policy holds the policy's text. */
size_t kad_json_limit(struct kad_str line);
/* Checks everything that does not need the ledger: length, depth, one object, no key twice, no
 * stranger among the keys, no NUL, numbers that are exact decimals, dates that exist.
 * Owns: json_decref(ret->root) after use, also after a failure (may be NULL). */
enum kad_err kad_json_read(struct kad_str line, struct kad_arena *a, struct kad_json_line *ret,
                           struct kad_error *reterr) KAD_MUST_CHECK;
/* What the line says about itself (seq, policy, deviations, via, clock, override) against
 * the record that the ledger made of it. */
enum kad_err kad_json_agrees(const json_t *root, const struct kad_engine *e,
                             const struct kad_record *r, struct kad_error *reterr) KAD_MUST_CHECK;
/* Does the line say that its record failed this guard: among its deviations, or overridden? */
bool kad_json_says(const json_t *root, const struct kad_finding *f);
/* Does the line state any of that? */
bool kad_json_states(const json_t *root);

#endif

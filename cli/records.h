/* Records in words: what they are called and what they say, by the policy that they were made under.
 */
#ifndef KAD_CLI_RECORDS_H
#define KAD_CLI_RECORDS_H

#include "cli/cli.h"

/* The policy that the record was made under, or one that is known to have its type; NULL: none. */
const struct kad_policy *kad_record_policy(const struct kad_engine *e, const struct kad_record *r);
const struct kad_policy *kad_policy_with(const struct kad_engine *e, uint64_t seq,
                                         struct kad_str type);
/* "Anställning", "Rättelse"; the type's own name when nothing labels it. */
struct kad_str kad_record_label(const struct kad_engine *e, const struct kad_record *r);
struct kad_str kad_type_label(const struct kad_policy *p, struct kad_str type);
/* "Steg: Yrkesprofil, extent: 75 %": private values only where `open`, else as "(private)". */
void kad_put_fields(struct kad_buf *b, const struct kad_policy *p, struct kad_str type,
                    const struct kad_field *f, size_t n, bool open);
/* One field's label, and its value alone. */
struct kad_str kad_field_called(const struct kad_policy *p, struct kad_str type,
                                struct kad_str name);
void kad_record_put_field(struct kad_buf *b, const struct kad_policy *p, struct kad_str type,
                          const struct kad_field *f, bool open);
/* What one of the engine's own records says: what it corrects and why, what it adopts. The arena is
 * for what has to be looked up. */
void kad_put_own(struct kad_buf *b, const struct kad_cli *c, struct kad_arena *a,
                 const struct kad_record *r, bool open);
/* The record of this number, decoded in the arena. */
enum kad_err kad_record_at(const struct kad_cli *c, uint64_t seq, struct kad_arena *a,
                           struct kad_record *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* Days between what happened and its recording, in the ledger's zone; 0 when recorded before. */
int32_t kad_record_delay(const struct kad_record *r);
/* All records about a subject, as known at, in recording order. */
enum kad_err kad_records_of(struct kad_cli *c, struct kad_str subject, struct kad_record **ret,
                            size_t *ret_n, struct kad_error *reterr) KAD_MUST_CHECK;
/* Every record from this seq on, as known at, in order, in slices. The record lives for the call;
 * anything but KAD_OK stops the walk and is returned. */
typedef enum kad_err (*kad_record_fn)(void *ctx, const struct kad_record *r,
                                      struct kad_error *reterr);
enum kad_err kad_records_each(struct kad_cli *c, uint64_t from, kad_record_fn fn, void *ctx,
                              struct kad_error *reterr) KAD_MUST_CHECK;

#endif

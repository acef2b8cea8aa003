/* Was what the scheduler recorded right? Each of its records (kadens.issued, overdue, withdrawn,
 * reminded, escalated) is derived once more, as of its day and with exactly what was recorded before
 * it, and laid beside what it says. Pure but for the engine's policies.
 * Source: architecture.md "The ledger"; docs/format.md, "What the scheduler records".
 */
#ifndef KAD_CORE_REISSUE_H
#define KAD_CORE_REISSUE_H

#include "core/engine.h"

enum kad_reissue {
    KAD_REISSUE_SAME,
    KAD_REISSUE_DIFFERENT,
    KAD_REISSUE_ERASED, /* it differs, and rests on values that were erased or cannot be read */
};

/* records[which] is one of kinds 6–10 among all n records of its subject, in recording order; `kind`
 * names the subject's kind. *ret_what (may be NULL) says what differs, in a word of the record's JSON
 * form ("due", "issue", …; "task": the rules do not give it so), and is empty when it is the same.
 * The engine's policies must be known without a known-at. What is made stays in the arena: reset it
 * between records. */
enum kad_reissue kad_reissue_check(struct kad_engine *e, struct kad_str kind,
                                   const struct kad_record *records, size_t n, size_t which,
                                   struct kad_arena *a, struct kad_str *ret_what);

#endif

/* Messages: what the scheduler has put into the ledger, in the form in which people and programs are
 * told. Made from the record once, here only, so that every outlet says the same; the label and the
 * source come from the policy. Ids, labels, subject keys and dates: never a field of an event.
 */
#ifndef KAD_CLI_MESSAGE_H
#define KAD_CLI_MESSAGE_H

#include "core/engine.h"

struct kad_message {
    uint64_t seq; /* the record's: the message's key wherever it goes */
    enum kad_record_kind kind;
    kad_instant at;
    kad_day on;
    struct kad_str task;        /* the instance's id */
    uint64_t issue;             /* which time it is issued, from 1 */
    struct kad_str name, label; /* of the task; the name again where no policy knows it */
    struct kad_str subject;
    kad_day opens, due, closes; /* KAD_DAY_NONE: never */
    struct kad_str owner;       /* whose it is (`for`): a person, "role:NAME" */
    struct kad_str to;          /* of one escalated: "role:NAME" */
    struct kad_str notice;      /* of one reminded or escalated: which of the rule's ("14d") */
    struct kad_str unit;
    uint64_t because;      /* of one withdrawn: the record it follows from; 0: none */
    struct kad_str policy; /* "se_hoglandet@2021-01-01" */
    struct kad_str source;
};

/* Is the record one that people are told of (issued, overdue, withdrawn, reminded, escalated)? */
bool kad_message_is(enum kad_record_kind kind);
/* Strings are the record's, the arena's and the engine's. */
void kad_message_make(const struct kad_engine *e, const struct kad_record *r, struct kad_arena *a,
                      struct kad_message *ret);
/* One object, without a line break:
 * {"seq":…,"ledger":"…","type":"kadens.issued","at":"…","on":"…","task":"…","issue":1,"name":"…",
 *  "label":"…","subject":"…","opens":"…","due":"…","closes":null,"for":"…","to":null,
 *  "notice":null,"unit":"…","because":null,"policy":"…","source":"…"} */
void kad_message_put_json(struct kad_buf *b, const char *ledger, const struct kad_message *m);

#endif

/* Calendar files (iCalendar, RFC 5545): each task is a whole-day entry on the day it is due, with its
 * window in the description, so that a calendar shows what must be done by when.
 *
 * A file is made from the ledger alone: the same ledger, day and question give the same bytes,
 * whether `kadens tasks --format ics` prints it or the service writes it. An entry keeps its UID (from
 * the ledger's id and the task's) for good; its SEQUENCE and DTSTAMP are the number and the instant of
 * the last record about its subject, so that both rise with every change. What is done is marked;
 * what fell away, was dropped or waived, or went over to somebody else stays for a while as cancelled,
 * so that programs which copied the entry take it out.
 */
#ifndef KAD_CLI_ICS_H
#define KAD_CLI_ICS_H

#include "core/engine.h"

#define KAD_ICS_AHEAD 31 /* days */
#define KAD_ICS_KEEP 30

struct kad_ics_ask {
    struct kad_str who;     /* a person, "role:NAME", "-" what nobody has; empty: everybody's */
    struct kad_str unit;    /* empty: everywhere */
    struct kad_str subject; /* empty: all */
    kad_day day;            /* as of */
    int32_t ahead;          /* tasks that open within so many days are there already */
    int32_t keep;           /* what is over stays so many days */
    unsigned states;        /* bits of enum kad_state; 0: all that the above lets through */
};
/* The whole file, into the buffer. */
enum kad_err kad_ics_put(struct kad_engine *e, const struct kad_ics_ask *q, struct kad_buf *ret,
                         struct kad_error *reterr) KAD_MUST_CHECK;

#endif

/* Notices: when an instance is reminded of and when it is escalated, by its policy's `remind` and
 * `escalate`. Pure: the days follow from the instance's own days alone; whether it still wants one
 * on such a day follows from its state on it.
 * Source: language.md "Tasks, cadences, duties"; docs/language.md, "remind and escalate".
 */
#ifndef KAD_CORE_NOTICE_H
#define KAD_CORE_NOTICE_H

#include "core/derive.h"

struct kad_notice {
    enum kad_notice_kind kind;
    kad_day day; /* given at the policy's `issue at` of this day */
    int role;    /* ESCALATE: index in the instance's policy; else -1 */
    int32_t n;   /* as written: days (of `unit`) before or after due */
    enum kad_unit unit;
    const struct kad_notice_def *def;
};

/* All notices of an instance, whatever its state, by day, then reminders before escalations, then as
 * written. None lies before the day it opens: what would comes on that day. None comes twice: of two
 * reminders on one day the one nearest to the due day stands, of two escalations to one role on one
 * day the first written. A reminder never comes after the due day, an escalation never after the
 * closing day: then there is none. The array is the arena's. */
size_t kad_notices_of(struct kad_arena *arena, const struct kad_instance *i,
                      const struct kad_notice **ret);

/* Is a notice of this kind given for an instance that is in this state on the notice's day? A
 * reminder while it is open, an escalation while it is overdue. */
bool kad_notice_wanted(enum kad_notice_kind kind, enum kad_state state);

const char *kad_notice_kind_name(enum kad_notice_kind k); /* "remind", "escalate": the word of JSON */

/* Which one of its instance's notices it is, for good: "14d" or "3wd" (days, working days), for an
 * escalation "5d:manager". The same in every version of a policy that has the line. */
struct kad_str kad_notice_key(struct kad_arena *arena, const struct kad_instance *i,
                              const struct kad_notice *n);

/* The day itself: n days or working days before (REMIND) or after (ESCALATE) due, without regard to
 * opening and closing. */
kad_day kad_notice_day(const struct kad_calendar *cal, const struct kad_notice_def *def,
                       kad_day due);

#endif

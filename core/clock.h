/* The only place that knows what time it is, and the only one that knows a time zone. A ledger has
 * one zone, set once before threads are started (glibc has one per process). */
#ifndef KAD_CORE_CLOCK_H
#define KAD_CORE_CLOCK_H

#include "core/event.h"

/* Use this tz database name from now on. Fails when the machine has no such zone (tzdata missing):
 * a wrong zone would move days silently. */
enum kad_err kad_clock_set_zone(const char *zone, struct kad_error *reterr) KAD_MUST_CHECK;
kad_instant kad_clock_now(void);
/* The civil day of an instant in the zone that was set (UTC before). */
kad_day kad_clock_day(kad_instant t);
/* "HH:MM" in the zone, for people. */
void kad_clock_text(kad_instant t, char out[KAD_INSTANT_TEXT]);
/* The last instant of a civil day in the zone: one microsecond before the next day begins. */
kad_instant kad_clock_day_end(kad_day day);
/* When it is so many minutes after midnight on the civil day: a time that the clocks leave out is the
 * first instant behind the gap, one that comes twice the first of the two. */
kad_instant kad_clock_at(kad_day day, int32_t minute);
/* The last day whose kad_clock_at(day, minute) has come by then. */
kad_day kad_clock_day_at(kad_instant t, int32_t minute);

#endif

/* What a service tells the manager that started it: a datagram of lines to the socket that
 * $NOTIFY_SOCKET names. Without that variable nothing is said, and nothing goes wrong.
 * Source: sd_notify(3), whose protocol is this and promised to stay. */
#ifndef KAD_CLI_SD_NOTIFY_H
#define KAD_CLI_SD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

/* "READY=1", "STATUS=…", several lines with a line feed between. Never waits. */
void kad_sd_notify(const char *state);
/* How often the manager wants to hear "WATCHDOG=1": half of what it waits, in milliseconds. 0: it
 * does not. */
uint64_t kad_sd_watchdog_ms(void);
/* Does stderr go to the journal, which keeps the time and levels ("<4>…") itself? */
bool kad_sd_journal(void);

#endif

#include <stdio.h>

#include "cli/sd_notify.h"
#include "cli/service.h"
#include "core/clock.h"

void kad_service_log(enum kad_log_level level, const char *fmt, ...)
{
    struct kad_buf said = {0}, line = {0};
    char now[KAD_INSTANT_TEXT];
    va_list ap;
    va_start(ap, fmt);
    kad_buf_vprintf(&said, fmt, ap);
    va_end(ap);
    if (kad_sd_journal())
        kad_buf_printf(&line, "<%d>", (int)level);
    else
        kad_buf_printf(&line, "%s %s ", kad_instant_text(kad_clock_now(), now),
                       level == KAD_LOG_ERR    ? "error"
                       : level == KAD_LOG_WARN ? "warning"
                                               : "info");
    kad_text_put_safe(&line, (struct kad_str){said.p, said.n});
    kad_buf_putc(&line, '\n');
    /* One write for a line, so that those of several processes do not mix. */
    (void)!fwrite(line.p, 1, line.n, stderr);
    fflush(stderr);
    kad_buf_done(&said);
    kad_buf_done(&line);
}

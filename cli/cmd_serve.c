/* serve: the service in the foreground, for a manager of services or a terminal; status is another
 * command. What it does is in service.c. */
#include <string.h>

#include "cli/cli.h"
#include "cli/service.h"
#include "core/clock.h"

#define SPEED_MOST 1000000000

/* START[xSPEED]: an instant, or a day, which means its beginning. */
static enum kad_err read_clock(const char *given, struct kad_service_clock *ret,
                               struct kad_error *reterr)
{
    const char *x = strrchr(given, 'x');
    size_t n = x ? (size_t)(x - given) : strlen(given);
    uint64_t speed = 1;
    kad_day day;
    *ret = (struct kad_service_clock){.given = true};
    bool good = !x || (kad_read_u64(x + 1, &speed) && speed >= 1 && speed <= SPEED_MOST);
    if (good && !kad_instant_parse(given, n, &ret->start)) {
        good = kad_day_parse(given, n, &day);
        if (good)
            ret->start = (kad_instant)day * 86400 * 1000000;
    }
    ret->speed = (int64_t)speed;
    if (good)
        return KAD_OK;
    return kad_fail(
        reterr, KAD_EINPUT,
        _("“%s” is no clock. It begins at a day or an instant and runs so many times as "
          "fast: 2026-01-01x86400 lives a day in each second."),
        given);
}

static void tell(void *ctx, const char *mistake)
{
    (void)ctx;
    kad_tell("%s", mistake);
}

enum kad_err kad_cmd_serve(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_service_options o = {.dir = kad_cli_store(c),
                                    .config = c->opt[KAD_O_CONFIG],
                                    .once = c->opt[KAD_O_ONCE] != NULL,
                                    .tell = tell};
    uint64_t wait_s = 10;
    enum kad_err err = kad_opt_number(c, KAD_O_WAIT, 0, 86400, &wait_s, reterr);
    if (err == KAD_OK && c->now != KAD_INSTANT_NONE)
        err = kad_fail(reterr, KAD_EINPUT,
                       _("The service takes its time from the clock, or from --clock."));
    if (err == KAD_OK && c->opt[KAD_O_CLOCK])
        err = read_clock(c->opt[KAD_O_CLOCK], &o.clock, reterr);
    if (err == KAD_OK)
        err = kad_cli_who(c, &o.by, &o.via, reterr);
    if (err != KAD_OK)
        return err;
    o.wait_ms = (unsigned)wait_s * 1000;
    kad_ledger_set_command("kadens serve");
    return kad_service_run(&o, reterr);
}

/* init: a new, empty ledger. */
#include "cli/cli.h"

enum kad_err kad_cmd_init(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_ledger_info info = {.mode = KAD_LEDGER_PLAIN};
    const char *name = c->opt[KAD_O_PROGRAMME];
    if (c->opt[KAD_O_LIVE] && c->opt[KAD_O_SIMULATED])
        return kad_fail(reterr, KAD_EINPUT,
                        _("A ledger is either --live or --simulated, not both."));
    if (c->opt[KAD_O_LIVE])
        info.mode = KAD_LEDGER_LIVE;
    if (c->opt[KAD_O_SIMULATED])
        info.mode = KAD_LEDGER_SIMULATED;
    info.passphrase = c->opt[KAD_O_PASSPHRASE] != NULL;
    if (name) {
        struct kad_str s = kad_str(name);
        size_t at;
        if (s.n > KAD_LIMIT_NAME || !kad_utf8_valid(s, &at))
            return kad_fail(reterr, KAD_EINPUT,
                            _("--programme: the name is at most %d bytes of UTF-8."),
                            KAD_LIMIT_NAME);
        memcpy(info.programme, s.p, s.n + 1);
    }
    if (kad_ledger_create(kad_cli_store(c), &info, reterr) != KAD_OK)
        return reterr->code;
    kad_out_hint(&c->out,
                 _("A new, empty ledger is in %s. Next: kadens rules adopt FILE --from "
                   "DATE.\n"),
                 kad_cli_store(c));
    kad_cli_put_keys(c, &info);
    return KAD_OK;
}

/* kadens: the program. Chooses the language, reads the command line, opens the store, runs one
 * command of the table and turns what came of it into the exit status. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/lang.h"
#include "cli/passphrase.h"
#include "cli/program.h"
#include "core/keys.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

static enum kad_err run(struct kad_cli *c, struct kad_error *reterr)
{
    if (c->opt[KAD_O_VERSION]) {
        kad_out_printf(&c->out, "kadens %s\n", PACKAGE_VERSION);
        return KAD_OK;
    }
    if (!c->cmd || c->opt[KAD_O_HELP]) {
        kad_help_put(&c->out, c->cmd);
        return KAD_OK;
    }
    kad_keys_set_folder(c->opt[KAD_O_KEYS]);
    kad_passphrase_use(c);
    if (c->cmd->needs & (KAD_NEEDS_READ | KAD_NEEDS_WRITE))
        if (kad_cli_open(c, c->cmd->needs & KAD_NEEDS_WRITE, reterr) != KAD_OK)
            return reterr->code;
    return c->cmd->run(c, reterr);
}

/* Keys and private data are in our memory: a core file would show them. */
static void dump_no_core(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return;
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &limit);
}

int main(int argc, char **argv)
{
    dump_no_core();
    kad_lang_set(argc, argv);
    kad_ledger_catch_faults();
    json_set_alloc_funcs(kad_xalloc, free); /* else no memory would be “This is not JSON” */
    kad_program_set(argv[0]);
    struct kad_cli c = {.now = KAD_INSTANT_NONE,
                        .known = KAD_KNOWN_ALL,
                        .as_of = KAD_DAY_NONE,
                        .known_day = KAD_DAY_NONE};
    struct kad_error error = {0};
    kad_arena_init(&c.arena);
    kad_out_init(&c.out);
    enum kad_err got = kad_args_read(&c, argc, argv, &error);
    bool nothing = got == KAD_OK && !c.cmd && !c.opt[KAD_O_VERSION] && !c.opt[KAD_O_HELP];
    if (nothing) {
        kad_tell(_("No command was given. Begin with “kadens help”, or look at “kadens demo”."));
        got = KAD_EINPUT;
    } else if (got == KAD_OK) {
        got = run(&c, &error);
    }
    /* What is for programs is whole or not there. */
    if (error.text[0] && c.format != KAD_F_TEXT && !c.out.flushed)
        kad_buf_reset(&c.out.b);
    struct kad_error late = {0};
    enum kad_err flushed = kad_out_flush(&c.out, &late);
    if (error.text[0])
        kad_tell("%s", error.text);
    if (flushed != KAD_OK)
        kad_tell("%s", late.text);
    if (flushed != KAD_OK && c.wrote)
        kad_tell(_("It has been recorded all the same, up to and including no. %llu."),
                 (unsigned long long)c.wrote);
    if (got == KAD_OK)
        got = flushed;
    kad_engine_close(c.engine);
    kad_buf_done(&c.out.b);
    kad_arena_done(&c.arena);
    return kad_err_status(got);
}

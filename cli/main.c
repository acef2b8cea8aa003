/* kadens: the program. Chooses the language, reads the command line, opens the store, runs one
 * command of the table and turns what came of it into the exit status. */
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/program.h"
#include "core/keys.h"

#ifndef LOCALEDIR
#define LOCALEDIR "/usr/local/share/locale"
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

/* "sv" or "en": --lang, else the environment's; what is neither is sv. */
static const char *choose_language(int argc, char **argv)
{
    const char *lang = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0)
            lang = argv[i] + 7;
        else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            lang = argv[i + 1];
    }
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; !lang && i < sizeof names / sizeof *names; i++) {
        const char *env = getenv(names[i]);
        if (env && *env)
            lang = env;
    }
    return lang && strncmp(lang, "en", 2) == 0 && !(lang[2] >= 'a' && lang[2] <= 'z') ? "en" : "sv";
}

/* The translations lie in locale/ beside the program as built, else where they were installed. */
static void bind_messages(void)
{
    static char beside[4200];
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    const char *dir = LOCALEDIR;
    if (n > 0) {
        self[n] = '\0';
        char *slash = strrchr(self, '/');
        if (slash) {
            *slash = '\0';
            char catalog[4300];
            struct stat st;
            snprintf(beside, sizeof beside, "%s/locale", self);
            snprintf(catalog, sizeof catalog, "%s/sv/LC_MESSAGES/kadens.mo", beside);
            if (stat(catalog, &st) == 0)
                dir = beside;
        }
    }
    bindtextdomain("kadens", dir);
    bind_textdomain_codeset("kadens", "UTF-8");
    textdomain("kadens");
}

static void set_language(int argc, char **argv)
{
    /* A bare machine has no Swedish locale: C.UTF-8 gives the characters, LANGUAGE the words. */
    const char *lang = choose_language(argc, argv);
    setenv("LANGUAGE", lang, 1);
    if (!setlocale(LC_ALL, "C.UTF-8"))
        setlocale(LC_ALL, "C.utf8");
    setlocale(LC_NUMERIC, "C");
    bind_messages();
    kad_text_set_lang(lang);
}

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
    if (c->cmd->needs & (KAD_NEEDS_READ | KAD_NEEDS_WRITE))
        if (kad_cli_open(c, c->cmd->needs & KAD_NEEDS_WRITE, reterr) != KAD_OK)
            return reterr->code;
    return c->cmd->run(c, reterr);
}

int main(int argc, char **argv)
{
    set_language(argc, argv);
    kad_ledger_catch_faults();
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

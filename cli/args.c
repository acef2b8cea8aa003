#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "rules/shipped.h"

const struct kad_opt kad_opts[KAD_O__COUNT] = {
#define GLOBAL(id, name, arg, summary) {name, arg, summary, true},
#define OPT(id, name, arg, summary) {name, arg, summary, false},
#include "cli/opt.def"
#undef OPT
#undef GLOBAL
};

const struct kad_cmd kad_cmds[] = {
#define GROUP(id, title)
#define CMD(name, group, args, summary, run, least, most, needs, formats)                          \
    {name, KAD_G_##group, args, summary, run, least, most, needs, formats},
#define RESERVED(name) {name, KAD_G__COUNT, "", "", NULL, 0, -1, 0, 0},
#include "cli/cmd.def"
#undef RESERVED
#undef CMD
#undef GROUP
    {NULL, KAD_G__COUNT, NULL, NULL, NULL, 0, 0, 0, 0},
};

const char *const kad_group_titles[KAD_G__COUNT] = {
#define GROUP(id, title) title,
#define CMD(name, group, args, summary, run, least, most, needs, formats)
#define RESERVED(name)
#include "cli/cmd.def"
#undef RESERVED
#undef CMD
#undef GROUP
};

static const char *const formats[KAD_F__COUNT] = {
#define X(name, word) word,
    KAD_FORMAT_MAP(X)
#undef X
};

/* --- the tables in words --- */

static const char *placeholder(const char *word)
{
    static const char *const known[] = {
        N_("COMMAND"), N_("DATE"),  N_("DIR"),     N_("FIELD"),   N_("FILE"),
        N_("FORMAT"),  N_("ID"),    N_("INSTANT"), N_("NAME"),    N_("SECONDS"),
        N_("SEQ"),     N_("SIZE"),  N_("SPEED"),   N_("STATE"),   N_("SUBJECT"),
        N_("TASK-ID"), N_("TEXT"),  N_("TYPE"),    N_("VALUE"),   N_("WHO"),
        N_("WHY"),
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], word) == 0)
            return _(known[i]);
    return word;
}

void kad_put_placeholders(struct kad_buf *b, const char *s)
{
    while (*s) {
        size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
        if (n >= 2 && s[0] != '-') {
            char word[32];
            snprintf(word, sizeof word, "%.*s", (int)n, s);
            kad_buf_puts(b, placeholder(word));
            s += n;
        } else {
            /* A word in small letters or a mark goes as it stands, to the next blank or bracket. */
            size_t rest = n ? n : strcspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
            rest = rest ? rest : 1;
            kad_buf_put(b, s, rest);
            s += rest;
        }
    }
}

void kad_cmd_put_usage(struct kad_buf *b, const struct kad_cmd *cmd)
{
    kad_buf_puts(b, cmd->name);
    if (*cmd->args) {
        kad_buf_putc(b, ' ');
        kad_put_placeholders(b, cmd->args);
    }
}

bool kad_cmd_takes(const struct kad_cmd *cmd, enum kad_opt_id o)
{
    size_t n = strlen(kad_opts[o].name);
    for (const char *s = cmd->args; (s = strstr(s, "--")) != NULL;) {
        s += 2;
        size_t word = strspn(s, "abcdefghijklmnopqrstuvwxyz-");
        if (word == n && memcmp(s, kad_opts[o].name, n) == 0)
            return true;
        s += word;
    }
    return false;
}

const struct kad_cmd *kad_cmd_find(const char *first, const char *second)
{
    for (const struct kad_cmd *cmd = kad_cmds; cmd->name; cmd++) {
        size_t n = strlen(first);
        if (strncmp(cmd->name, first, n) != 0)
            continue;
        if (cmd->name[n] == '\0')
            return cmd;
        if (cmd->name[n] == ' ' && second && strcmp(cmd->name + n + 1, second) == 0)
            return cmd;
    }
    return NULL;
}

/* --- guesses --- */

unsigned kad_slips(const char *typed)
{
    return strlen(typed) <= 5 ? 1 : 2;
}

/* The nearest of two words to what was typed: keep the better. */
static void nearer(const char *typed, const char *candidate, const char **best, unsigned *distance)
{
    unsigned d = kad_text_distance(kad_str(typed), kad_str(candidate), 2);
    if (d < *distance) {
        *distance = d;
        *best = candidate;
    }
}

static enum kad_err no_such_option(const char *typed, const struct kad_cmd *cmd,
                                   struct kad_error *reterr)
{
    const char *best = NULL;
    unsigned distance = kad_slips(typed) + 1;
    for (int i = 0; i < KAD_O__COUNT; i++)
        if (kad_opts[i].global || !cmd || kad_cmd_takes(cmd, (enum kad_opt_id)i))
            nearer(typed, kad_opts[i].name, &best, &distance);
    if (best)
        return kad_fail(reterr, KAD_EINPUT, _("There is no option --%s. Did you mean --%s?"), typed,
                        best);
    return kad_fail(reterr, KAD_EINPUT, _("There is no option --%s. “kadens help” lists them."),
                    typed);
}

enum kad_err kad_args_no_command(const char *first, const char *second, struct kad_error *reterr)
{
    const struct kad_cmd *later = kad_cmd_find(first, second);
    if (later && !later->run)
        return kad_fail(reterr, KAD_EINPUT,
                        _("This release does not have “kadens %s” yet. “kadens help” lists what it "
                          "has."),
                        later->name);
    const char *best = NULL;
    unsigned distance = kad_slips(first) + 1;
    char typed[128];
    snprintf(typed, sizeof typed, "%s%s%s", first, second ? " " : "", second ? second : "");
    for (const struct kad_cmd *cmd = kad_cmds; cmd->name; cmd++)
        if (cmd->run) {
            nearer(first, cmd->name, &best, &distance);
            nearer(typed, cmd->name, &best, &distance);
        }
    if (best)
        return kad_fail(reterr, KAD_EINPUT, _("There is no command “%s”. Did you mean “%s”?"),
                        strchr(best, ' ') ? typed : first, best);
    return kad_fail(reterr, KAD_EINPUT, _("There is no command “%s”. “kadens help” lists them."),
                    first);
}

/* A word that begins commands of two words ("rules") with a second that none has. */
static bool begins_some(const char *first)
{
    size_t n = strlen(first);
    for (const struct kad_cmd *cmd = kad_cmds; cmd->name; cmd++)
        if (strncmp(cmd->name, first, n) == 0 && cmd->name[n] == ' ')
            return true;
    return false;
}

/* --- reading --- */

static int find_option(const char *name, size_t n)
{
    for (int i = 0; i < KAD_O__COUNT; i++)
        if (strlen(kad_opts[i].name) == n && memcmp(kad_opts[i].name, name, n) == 0)
            return i;
    return -1;
}

static enum kad_err needs_value(const struct kad_opt *o, struct kad_error *reterr)
{
    struct kad_buf b = {0};
    if (o == &kad_opts[KAD_O_SHIPPED])
        for (const struct kad_shipped *p = kad_shipped; p->name; p++)
            kad_buf_printf(&b, "%s%s", b.n ? "|" : "", p->name);
    else
        kad_put_placeholders(&b, o->arg);
    kad_fail(reterr, KAD_EINPUT, _("--%s needs a value: --%s %s."), o->name, o->name,
             kad_buf_str(&b));
    kad_buf_done(&b);
    return KAD_EINPUT;
}

/* Split argv into options and words; both may stand anywhere. `--` ends the options. */
static enum kad_err split(struct kad_cli *c, int argc, char **argv, const char **ret_unknown,
                          struct kad_error *reterr)
{
    static char help[] = "--help";
    c->args = kad_arena_array(&c->arena, char *, argc + 1);
    for (int i = 1; i < argc; i++) {
        char *s = argv[i];
        if (strcmp(s, "-h") == 0)
            s = help;
        if (strcmp(s, "--") == 0) {
            while (++i < argc)
                c->args[c->n_args++] = argv[i];
            break;
        }
        if (s[0] != '-' || s[1] == '\0') {
            c->args[c->n_args++] = s;
            continue;
        }
        if (s[1] != '-')
            return kad_fail(reterr, KAD_EINPUT,
                            _("“%s” is no option: they are written with two dashes, such as "
                              "--as-of."),
                            s);
        char *equals = strchr(s, '=');
        size_t n = equals ? (size_t)(equals - s) - 2 : strlen(s) - 2;
        int o = find_option(s + 2, n);
        if (o < 0) {
            /* Said when the command is known, so that the guess is one of its own. */
            if (!*ret_unknown)
                *ret_unknown = kad_arena_strndup(&c->arena, s + 2, n);
            continue;
        }
        if (!kad_opts[o].arg && equals)
            return kad_fail(reterr, KAD_EINPUT, _("--%s takes no value."), kad_opts[o].name);
        if (!kad_opts[o].arg)
            c->opt[o] = "";
        else if (equals)
            c->opt[o] = equals + 1;
        else if (i + 1 < argc)
            c->opt[o] = argv[++i];
        else
            return needs_value(&kad_opts[o], reterr);
    }
    return KAD_OK;
}

/* The command, taken from the words; they then hold only what stands behind it. */
static enum kad_err take_command(struct kad_cli *c, struct kad_error *reterr)
{
    if (c->n_args == 0)
        return KAD_OK;
    const char *second = c->n_args > 1 ? c->args[1] : NULL;
    const struct kad_cmd *cmd = kad_cmd_find(c->args[0], second);
    if (!cmd && begins_some(c->args[0]) && (!second || c->opt[KAD_O_HELP])) {
        struct kad_buf b = {0};
        for (const struct kad_cmd *k = kad_cmds; k->name; k++)
            if (k->run && strncmp(k->name, c->args[0], strlen(c->args[0])) == 0)
                kad_buf_printf(&b, "%s%s", b.n ? ", " : "", k->name);
        kad_fail(reterr, KAD_EINPUT, _("“%s” is the first word of several commands: %s."),
                 c->args[0], kad_buf_str(&b));
        kad_buf_done(&b);
        return KAD_EINPUT;
    }
    if (!cmd || !cmd->run)
        return kad_args_no_command(c->args[0], cmd || begins_some(c->args[0]) ? second : NULL,
                                   reterr);
    int words = strchr(cmd->name, ' ') ? 2 : 1;
    c->args += words;
    c->n_args -= words;
    c->cmd = cmd;
    return KAD_OK;
}

static enum kad_err usage(const struct kad_cmd *cmd, const char *what, struct kad_error *reterr)
{
    struct kad_buf b = {0};
    kad_cmd_put_usage(&b, cmd);
    kad_fail(reterr, KAD_EINPUT, _("%s Write it so: kadens %s"), what, kad_buf_str(&b));
    kad_buf_done(&b);
    return KAD_EINPUT;
}

enum kad_err kad_args_too_few(const struct kad_cli *c, struct kad_error *reterr)
{
    return usage(c->cmd, _("Something is missing."), reterr);
}

/* Names of files are the machine's own; everything else is text. */
static bool is_path(int option)
{
    return option == KAD_O_STORE || option == KAD_O_POLICY || option == KAD_O_REJECTS;
}

static enum kad_err check_options(const struct kad_cli *c, struct kad_error *reterr)
{
    const struct kad_cmd *cmd = c->cmd;
    for (int i = 0; i < KAD_O__COUNT; i++) {
        if (!c->opt[i])
            continue;
        if (!is_path(i) && !kad_utf8_valid(kad_str(c->opt[i]), NULL))
            return kad_fail(reterr, KAD_EINPUT, _("--%s is not UTF-8 text."), kad_opts[i].name);
        if (!kad_opts[i].global && !kad_cmd_takes(cmd, (enum kad_opt_id)i)) {
            struct kad_buf b = {0};
            kad_buf_printf(&b, _("“kadens %s” has no option --%s."), cmd->name, kad_opts[i].name);
            usage(cmd, kad_buf_str(&b), reterr);
            kad_buf_done(&b);
            return KAD_EINPUT;
        }
    }
    /* What would be ignored in silence and is easily meant otherwise. */
    if ((cmd->needs & KAD_NEEDS_WRITE) && c->opt[KAD_O_AS_OF])
        return kad_fail(reterr, KAD_EINPUT,
                        _("--as-of asks about a day and cannot be used when something is written. "
                          "The day it happened is --on, or the line's own."));
    if ((cmd->needs & KAD_NEEDS_WRITE) && c->opt[KAD_O_KNOWN_AT])
        return kad_fail(reterr, KAD_EINPUT,
                        _("--known-at asks about a moment and cannot be used when something is "
                          "written."));
    if (c->n_args < cmd->least)
        return kad_args_too_few(c, reterr);
    if (cmd->most >= 0 && c->n_args > cmd->most) {
        struct kad_buf b = {0};
        kad_buf_printf(&b, _("“%s” is one word too many."), c->args[cmd->most]);
        usage(cmd, kad_buf_str(&b), reterr);
        kad_buf_done(&b);
        return KAD_EINPUT;
    }
    return KAD_OK;
}

bool kad_read_u64(const char *s, uint64_t *ret)
{
    size_t n = strlen(s);
    if (n == 0 || n > 19 || strspn(s, "0123456789") != n)
        return false;
    *ret = strtoull(s, NULL, 10);
    return true;
}

static enum kad_err read_format(struct kad_cli *c, struct kad_error *reterr)
{
    c->format = KAD_F_TEXT;
    const char *word = c->opt[KAD_O_FORMAT];
    if (!word)
        return KAD_OK;
    int found = -1;
    struct kad_buf b = {0};
    for (int i = 0; i < KAD_F__COUNT; i++) {
        if (strcmp(formats[i], word) == 0)
            found = i;
        if (c->cmd->formats & (1u << i))
            kad_buf_printf(&b, "%s%s", b.n ? ", " : "", formats[i]);
    }
    if (found < 0)
        kad_fail(reterr, KAD_EINPUT, _("There is no format “%s”. “kadens %s” has: %s."), word,
                 c->cmd->name, kad_buf_str(&b));
    else if (!(c->cmd->formats & (1u << found)))
        kad_fail(reterr, KAD_EINPUT, _("“kadens %s” has no format %s. It has: %s."), c->cmd->name,
                 word, kad_buf_str(&b));
    else
        c->format = (enum kad_format)found;
    kad_buf_done(&b);
    return reterr->code;
}

/* The global options that have a form of their own. */
static enum kad_err read_globals(struct kad_cli *c, struct kad_error *reterr)
{
    c->now = KAD_INSTANT_NONE;
    c->known = KAD_KNOWN_ALL;
    const char *s = c->opt[KAD_O_NOW];
    if (s && !kad_instant_parse(s, strlen(s), &c->now))
        return kad_fail(reterr, KAD_EINPUT,
                        _("--now: “%s” is no instant. Write it as 2021-06-02T08:12:33Z, with Z or "
                          "an offset such as +02:00."),
                        s);
    s = c->opt[KAD_O_KNOWN_AT];
    if (s && !kad_read_u64(s, &c->known.seq) && !kad_instant_parse(s, strlen(s), &c->known.at) &&
        !kad_day_parse(s, strlen(s), &c->known_day))
        return kad_fail(reterr, KAD_EINPUT,
                        _("--known-at: “%s” is neither a record's number, nor a date, nor an "
                          "instant such as 2021-06-02T08:12:33Z."),
                        s);
    if (kad_opt_day(c, KAD_O_AS_OF, &c->as_of, reterr) != KAD_OK)
        return reterr->code;
    s = c->opt[KAD_O_LANG];
    if (s && strcmp(s, "sv") != 0 && strcmp(s, "en") != 0)
        return kad_fail(reterr, KAD_EINPUT, _("--lang: “%s” is neither sv nor en."), s);
    return read_format(c, reterr);
}

enum kad_err kad_args_read(struct kad_cli *c, int argc, char **argv, struct kad_error *reterr)
{
    const char *unknown = NULL;
    if (split(c, argc, argv, &unknown, reterr) != KAD_OK)
        return reterr->code;
    if (c->opt[KAD_O_VERSION])
        return KAD_OK;
    if (take_command(c, reterr) != KAD_OK)
        return reterr->code;
    if (unknown)
        return no_such_option(unknown, c->cmd, reterr);
    if (!c->cmd || c->opt[KAD_O_HELP])
        return KAD_OK;
    if (check_options(c, reterr) != KAD_OK)
        return reterr->code;
    return read_globals(c, reterr);
}

/* --- single options --- */

enum kad_err kad_opt_day(const struct kad_cli *c, enum kad_opt_id o, kad_day *ret,
                         struct kad_error *reterr)
{
    const char *s = c->opt[o];
    *ret = KAD_DAY_NONE;
    if (s && !kad_day_parse(s, strlen(s), ret))
        return kad_fail(
            reterr, KAD_EINPUT,
            _("--%s: “%s” is no date between the years %d and %d. Write it as 2021-06-01."),
            kad_opts[o].name, s, KAD_LIMIT_YEAR_MIN, KAD_LIMIT_YEAR_MAX);
    return KAD_OK;
}

enum kad_err kad_opt_number(const struct kad_cli *c, enum kad_opt_id o, uint64_t least,
                            uint64_t most, uint64_t *ret, struct kad_error *reterr)
{
    const char *s = c->opt[o];
    uint64_t n;
    if (!s)
        return KAD_OK;
    if (!kad_read_u64(s, &n) || n < least || n > most)
        return kad_fail(reterr, KAD_EINPUT, _("--%s: “%s” is no whole number from %llu to %llu."),
                        kad_opts[o].name, s, (unsigned long long)least, (unsigned long long)most);
    *ret = n;
    return KAD_OK;
}

enum kad_err kad_opt_required(const struct kad_cli *c, enum kad_opt_id o, const char **ret,
                              struct kad_error *reterr)
{
    const char *s = c->opt[o];
    if (s && *s) {
        *ret = s;
        return KAD_OK;
    }
    struct kad_buf b = {0};
    kad_buf_printf(&b, _("--%s is missing (%s)."), kad_opts[o].name, _(kad_opts[o].summary));
    usage(c->cmd, kad_buf_str(&b), reterr);
    kad_buf_done(&b);
    return KAD_EINPUT;
}

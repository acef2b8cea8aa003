#include <stdio.h>

#include "cli/help.h"
#include "rules/shipped.h"

static void put_padded(struct kad_out *o, const char *s, size_t width)
{
    kad_text_put_padded(&o->b, kad_str(s), width, false);
}

/* To the bracket that closes it: START[xSPEED] has a pair of its own. */
static size_t own_length(const char *s)
{
    size_t n = 0;
    for (int open = 0; s[n] && (s[n] != ']' || open > 0); n++)
        open += s[n] == '[' ? 1 : s[n] == ']' ? -1 : 0;
    return n;
}

/* What stands behind the option: in this command's own words where it has them (--from SEQ). */
static void put_option(struct kad_buf *b, const struct kad_cmd *cmd, enum kad_opt_id o)
{
    const struct kad_opt *opt = &kad_opts[o];
    kad_buf_printf(b, "--%s", opt->name);
    if (!opt->arg)
        return;
    char needle[40], word[40];
    int n = snprintf(needle, sizeof needle, "[--%s ", opt->name);
    const char *own = cmd ? strstr(cmd->args, needle) : NULL;
    if (own) {
        snprintf(word, sizeof word, "%.*s", (int)own_length(own + n), own + n);
    } else {
        snprintf(word, sizeof word, "%s", opt->arg);
    }
    kad_buf_putc(b, ' ');
    kad_put_placeholders(b, word);
}

/* What it is then for. */
static const struct {
    int opt;
    const char *as, *summary;
} own_summaries[] = {
    {KAD_O_FROM, "--from SEQ", N_("from and including that record")},
    {KAD_O_FROM, "--from SIZE", N_("from the checkpoint over so many records")},
    {KAD_O_CHECK, "[--check]", N_("end with status 1 when something needs somebody")},
    {KAD_O_TO, "--to FILE", N_("write it there instead, whole or not at all")},
};

/* Lines that are read, not only seen, are not as wide as a wide terminal. */
static size_t width_of(const struct kad_out *o)
{
    return o->width == 0 ? 80 : o->width > 100 ? 100 : o->width;
}

static void put_options(struct kad_out *o, const struct kad_cmd *cmd, bool global)
{
    for (int i = 0; i < KAD_O__COUNT; i++) {
        if (global ? !kad_opts[i].global : !cmd || !kad_cmd_takes(cmd, (enum kad_opt_id)i))
            continue;
        struct kad_buf b = {0};
        put_option(&b, cmd, (enum kad_opt_id)i);
        const char *summary = _(kad_opts[i].summary);
        for (size_t k = 0; cmd && k < sizeof own_summaries / sizeof *own_summaries; k++)
            if (i == own_summaries[k].opt && strstr(cmd->args, own_summaries[k].as))
                summary = _(own_summaries[k].summary);
        size_t column = 26;
        kad_out_puts(o, "  ");
        if (kad_utf8_width(kad_str(kad_buf_str(&b))) <= column - 4) {
            put_padded(o, kad_buf_str(&b), column - 2);
            kad_out_hang(o, column, width_of(o), kad_str(summary));
        } else {
            kad_out_printf(o, "%s\n", kad_buf_str(&b));
            kad_out_wrap(o, column, width_of(o), kad_str(summary));
        }
        kad_buf_done(&b);
    }
}

static void put_commands(struct kad_out *o)
{
    size_t width = 0;
    for (const struct kad_cmd *cmd = kad_cmds; cmd->name; cmd++)
        if (cmd->run && strlen(cmd->name) > width)
            width = strlen(cmd->name);
    for (int g = 0; g < KAD_G__COUNT; g++) {
        kad_out_puts(o, "\n");
        kad_out_line(o, KAD_BOLD, "%s", _(kad_group_titles[g]));
        for (const struct kad_cmd *cmd = kad_cmds; cmd->name; cmd++) {
            if (!cmd->run || cmd->group != (enum kad_group)g)
                continue;
            kad_out_puts(o, "  ");
            put_padded(o, cmd->name, width + 2);
            kad_out_printf(o, "%s\n", _(cmd->summary));
        }
    }
}

static void put_overview(struct kad_out *o)
{
    kad_out_wrap(
        o, 0, width_of(o),
        kad_str(_("Kadens keeps what happens in a programme, and says from the board's own "
                  "rules what is to be done, by whom and by when.")));
    kad_out_puts(o, "\n");
    kad_out_printf(o, _("Usage: %s"), "kadens ");
    kad_out_printf(o, _("COMMAND [OPTIONS]"));
    kad_out_puts(o, "\n");
    put_commands(o);
    kad_out_puts(o, "\n");
    kad_out_line(o, KAD_BOLD, "%s", _("Options for all commands"));
    put_options(o, NULL, true);
    kad_out_puts(o, "\n");
    kad_out_puts(o, _("More on one command: kadens help COMMAND. To try things out: kadens demo."));
    kad_out_puts(o, "\n");
}

/* What one would type; the first word of each is the command's name. */
static const char *const examples[] = {
    "tasks --for anna",
    "tasks --unit eksjo --until 2026-12-31",
    "tasks --for anna --as-of 2026-09-01 --known-at 2026-09-01",
    "show C-1042",
    "record aftercare_visit C-1042",
    "record \"Personligt besök\" C-1042 with=both --on 2026-11-20",
    "record enrollment C-1042 coach=anna --override \"beslut av chefen\"",
    "correct 4711 --because \"fel dag\" --on 2026-11-19",
    "correct last --because \"halvtid\" \"extent=50 %\"",
    "retract last --because \"fel person\"",
    "waive C-1042/m1.w2 --because \"semester\"",
    "log --subject C-1042",
    "log --marked --from 2026-01-01",
    "rules check my.rules",
    "rules adopt my.rules --from 2027-01-01 --decision \"Styrelsen 2026-12-09 § 14\"",
    "import books.jsonl --recorded-then",
    "export > books.jsonl",
    "replay --as-of 2026-06-30",
    NULL,
};

static void put_examples(struct kad_out *o, const struct kad_cmd *cmd)
{
    size_t n = strlen(cmd->name);
    bool any = false;
    for (size_t i = 0; examples[i]; i++) {
        if (strncmp(examples[i], cmd->name, n) != 0 || examples[i][n] != ' ')
            continue;
        if (!any)
            kad_out_printf(o, "\n%s\n", _("For example:"));
        kad_out_hint(o, "  kadens %s\n", examples[i]);
        any = true;
    }
}

static void put_command(struct kad_out *o, const struct kad_cmd *cmd)
{
    struct kad_buf usage = {0};
    size_t before = o->b.n;
    kad_out_printf(o, _("Usage: %s"), "kadens ");
    size_t indent = kad_utf8_width((struct kad_str){o->b.p + before, o->b.n - before});
    kad_cmd_put_usage(&usage, cmd);
    kad_out_hang(o, indent, width_of(o), (struct kad_str){usage.p, usage.n});
    kad_buf_done(&usage);
    kad_out_printf(o, "\n%s: %s.\n", cmd->name, _(cmd->summary));
    bool any = false;
    for (int i = 0; i < KAD_O__COUNT; i++)
        any = any || (!kad_opts[i].global && kad_cmd_takes(cmd, (enum kad_opt_id)i));
    if (any) {
        kad_out_puts(o, "\n");
        put_options(o, cmd, false);
    }
    if (strcmp(cmd->name, "record") == 0) {
        kad_out_puts(o, "\n");
        kad_out_wrap(o, 0, width_of(o),
                     kad_str(_("kadens record alone lists what can be recorded, kadens record TYPE "
                               "what belongs to it. Names and labels are both understood.")));
    }
    put_examples(o, cmd);
}

static void put_closing(struct kad_out *o)
{
    kad_out_puts(o, "\n");
    kad_out_puts(o, _("The options for all commands are listed by: kadens help"));
    kad_out_puts(o, "\n");
}

void kad_help_put(struct kad_out *o, const struct kad_cmd *cmd)
{
    if (!cmd) {
        put_overview(o);
        return;
    }
    put_command(o, cmd);
    put_closing(o);
}

/* --- the manual --- */

/* Text of man(7): a dash is a minus sign, a full stop in front would be a request. */
static void put_roff(struct kad_out *o, const char *s)
{
    for (; *s; s++) {
        if (*s == '-')
            kad_out_puts(o, "\\-");
        else if (*s == '\\')
            kad_out_puts(o, "\\e");
        else
            kad_buf_putc(&o->b, *s);
    }
}

void kad_help_put_man(struct kad_out *o)
{
    kad_out_puts(o, ".SH COMMANDS\n");
    for (int g = 0; g < KAD_G__COUNT; g++) {
        kad_out_printf(o, ".SS %s\n", kad_group_titles[g]);
        for (const struct kad_cmd *cmd = kad_cmds; cmd->name; cmd++) {
            if (!cmd->run || cmd->group != (enum kad_group)g)
                continue;
            kad_out_puts(o, ".TP\n\\fB");
            put_roff(o, cmd->name);
            kad_out_puts(o, "\\fR ");
            put_roff(o, cmd->args);
            kad_out_puts(o, "\n");
            put_roff(o, cmd->summary);
            kad_out_puts(o, ".\n");
        }
    }
    kad_out_puts(o, ".SH OPTIONS\n");
    for (int global = 1; global >= 0; global--) {
        kad_out_puts(o, global ? ".SS For all commands\n" : ".SS Of single commands\n");
        for (int i = 0; i < KAD_O__COUNT; i++) {
            const struct kad_opt *opt = &kad_opts[i];
            if (opt->global != (global == 1))
                continue;
            kad_out_puts(o, ".TP\n\\fB\\-\\-");
            put_roff(o, opt->name);
            kad_out_puts(o, "\\fR ");
            put_roff(o, opt->arg ? opt->arg : "");
            kad_out_puts(o, "\n");
            put_roff(o, opt->summary);
            kad_out_puts(o, ".\n");
        }
    }
}

/* --- completion --- */

/* The words of a list, as a case of the script. */
static void put_words(struct kad_out *o, const char *pattern, const char *words)
{
    kad_out_printf(o, "    %s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n", pattern,
                   words);
}

static void put_values(struct kad_out *o)
{
    struct kad_buf b = {0};
    kad_out_puts(o, "    case $prev in\n"
                    "    --store) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
                    "    --policy|--rejects) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n");
    put_words(o, "--lang", "sv en");
    put_words(o, "--format", "text json jsonl csv tap");
    for (int s = 0; s < KAD_S__COUNT; s++)
        kad_buf_printf(&b, "%s%s", s ? " " : "", kad_state_name((enum kad_state)s));
    put_words(o, "--state", kad_buf_str(&b));
    kad_buf_reset(&b);
    for (const struct kad_shipped *p = kad_shipped; p->name; p++)
        kad_buf_printf(&b, "%s%s", b.n ? " " : "", p->name);
    put_words(o, "--shipped", kad_buf_str(&b));
    kad_out_puts(o, "    esac\n");
    kad_buf_done(&b);
}

/* Which command it is: its words among those typed, past the values of options. */
static void put_find_command(struct kad_out *o)
{
    kad_out_puts(o, "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                    "        if [ -n \"$skip\" ]; then skip=; continue; fi\n"
                    "        case $word in\n        ");
    bool first = true;
    for (int i = 0; i < KAD_O__COUNT; i++)
        if (kad_opts[i].arg) {
            kad_out_printf(o, "%s--%s", first ? "" : "|", kad_opts[i].name);
            first = false;
        }
    kad_out_puts(o, ") skip=1 ;;\n        -*) ;;\n"
                    "        *) n=$((n + 1))\n"
                    "           if [ -z \"$cmd\" ]; then cmd=$word\n"
                    "           elif [ \"$cmd\" = rules ]; then cmd=\"rules $word\" n=1\n"
                    "           elif [ $n = 2 ]; then type=$word; fi ;;\n"
                    "        esac\n    done\n");
}

static void put_commands_of(struct kad_out *o, const char *prefix)
{
    size_t n = strlen(prefix);
    bool first = true;
    for (const struct kad_cmd *cmd = kad_cmds; cmd->name; cmd++) {
        if (!cmd->run || strncmp(cmd->name, prefix, n) != 0 || strchr(cmd->name + n, ' '))
            continue;
        kad_out_printf(o, "%s%s", first ? "" : " ", cmd->name + n);
        first = false;
    }
}

/* The options of each command, and at last what is offered. */
static void put_options_of(struct kad_out *o)
{
    kad_out_puts(o, "    case $cmd in\n");
    for (const struct kad_cmd *cmd = kad_cmds; cmd->name; cmd++) {
        if (!cmd->run)
            continue;
        kad_out_printf(o, "    '%s') opts+='", cmd->name);
        for (int i = 0; i < KAD_O__COUNT; i++)
            if (!kad_opts[i].global && kad_cmd_takes(cmd, (enum kad_opt_id)i))
                kad_out_printf(o, " --%s", kad_opts[i].name);
        kad_out_puts(o, "' ;;\n");
    }
    kad_out_puts(o, "    esac\n"
                    "    if [[ $cur = -* ]]; then\n"
                    "        COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\"))\n"
                    "    elif [ -n \"$words\" ]; then\n"
                    "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                    "    elif [[ $cmd = rules\\ * || $cmd = import ]]; then\n"
                    "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                    "    fi\n}\n"
                    "complete -o filenames -F _kadens kadens\n");
}

void kad_help_put_completion(struct kad_out *o)
{
    kad_out_puts(o, "# Completion of kadens for bash. Made by: kadens help --completion\n"
                    "_kadens()\n{\n"
                    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                    "    local cmd= type= word skip= n=0 words= opts='");
    bool first = true;
    for (int i = 0; i < KAD_O__COUNT; i++)
        if (kad_opts[i].global) {
            kad_out_printf(o, "%s--%s", first ? "" : " ", kad_opts[i].name);
            first = false;
        }
    kad_out_puts(o, "'\n");
    put_values(o);
    put_find_command(o);
    kad_out_puts(o, "    case $cmd in\n    ''|help) words='");
    put_commands_of(o, "");
    kad_out_puts(o, " rules' ;;\n    rules) words='");
    put_commands_of(o, "rules ");
    /* What the policy in force has is asked of the program: the first word of each line. */
    kad_out_puts(o, "' ;;\n    record) words=$(\"${COMP_WORDS[0]}\" record $type 2>&1 |\n"
                    "        sed -n 's/^  \\([a-z_][a-z0-9_]*\\)  .*/\\1/p')\n"
                    "        [ -z \"$type\" ] || words=$(printf '%s=\\n' $words) ;;\n"
                    "    esac\n");
    put_options_of(o);
}

enum kad_err kad_cmd_help(struct kad_cli *c, struct kad_error *reterr)
{
    if (c->opt[KAD_O_MAN]) {
        kad_help_put_man(&c->out);
        return KAD_OK;
    }
    if (c->opt[KAD_O_COMPLETION]) {
        kad_help_put_completion(&c->out);
        return KAD_OK;
    }
    if (c->n_args == 0) {
        kad_help_put(&c->out, NULL);
        return KAD_OK;
    }
    const struct kad_cmd *cmd = kad_cmd_find(c->args[0], c->n_args > 1 ? c->args[1] : NULL);
    if (cmd && cmd->run) {
        kad_help_put(&c->out, cmd);
        return KAD_OK;
    }
    /* "help rules": those that begin so. */
    size_t n = strlen(c->args[0]);
    bool any = false;
    for (cmd = kad_cmds; c->n_args == 1 && cmd->name; cmd++)
        if (cmd->run && strncmp(cmd->name, c->args[0], n) == 0 && cmd->name[n] == ' ') {
            kad_out_puts(&c->out, any ? "\n" : "");
            put_command(&c->out, cmd);
            any = true;
        }
    if (any) {
        put_closing(&c->out);
        return KAD_OK;
    }
    return kad_args_no_command(c->args[0], c->n_args > 1 ? c->args[1] : NULL, reterr);
}

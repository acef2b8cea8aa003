/* The frame that every command runs in: what was asked on the command line, the store standing open,
 * and where answers go. One table of commands (cmd.def) and one of options (opt.def).
 *
 * A command gets a struct kad_cli and returns KAD_OK or the code of what went wrong, with the
 * sentence in *reterr; main prints it and turns the code into the exit status. A command that has
 * told people itself what is wrong returns a code with an empty sentence.
 */
#ifndef KAD_CLI_CLI_H
#define KAD_CLI_CLI_H

#include "cli/out.h"
#include "core/engine.h"

struct kad_cli;

enum kad_opt_id {
#define OPT(id, name, arg, summary) KAD_O_##id,
#define GLOBAL OPT
#include "cli/opt.def"
#undef GLOBAL
#undef OPT
    KAD_O__COUNT
};
struct kad_opt {
    const char *name;    /* without the dashes */
    const char *arg;     /* what stands behind it, an English word in capitals; NULL: a switch */
    const char *summary; /* a msgid */
    bool global;
};
extern const struct kad_opt kad_opts[KAD_O__COUNT];

/* The forms of answers. A bit each, so that a command can say which it has. */
#define KAD_FORMAT_MAP(X)                                                                          \
    X(TEXT, "text") X(JSON, "json") X(JSONL, "jsonl") X(CSV, "csv") X(ICS, "ics") X(TAP, "tap")\
    X(HTML, "html")
enum kad_format {
#define X(name, word) KAD_F_##name,
    KAD_FORMAT_MAP(X)
#undef X
        KAD_F__COUNT
};
enum {
#define X(name, word) KAD_FM_##name = 1u << KAD_F_##name,
    KAD_FORMAT_MAP(X)
#undef X
};

enum {
    KAD_NEEDS_READ = 1u << 0,  /* the store stands open for reading */
    KAD_NEEDS_WRITE = 1u << 1, /* ... and for writing */
    KAD_NEEDS_ASK = 1u << 2,   /* it takes --as-of and --known-at */
};
enum kad_group {
#define GROUP(id, title) KAD_G_##id,
#define CMD(name, group, args, summary, run, least, most, needs, formats)
#define RESERVED(name)
#include "cli/cmd.def"
#undef RESERVED
#undef CMD
#undef GROUP
    KAD_G__COUNT
};
struct kad_cmd {
    const char *name; /* "rules check": of two words where a command has commands of its own */
    enum kad_group group;
    const char *args;
    const char *summary;                                              /* a msgid */
    enum kad_err (*run)(struct kad_cli *c, struct kad_error *reterr); /* NULL: reserved */
    int least, most;
    unsigned needs, formats;
};
extern const struct kad_cmd kad_cmds[]; /* the last has no name */
extern const char *const kad_group_titles[KAD_G__COUNT];

struct kad_cli {
    const struct kad_cmd *cmd;     /* NULL only for a bare `kadens --help` */
    const char *opt[KAD_O__COUNT]; /* as given; "" for a switch; NULL: not given */
    char **args;                   /* the words behind the command */
    int n_args;
    enum kad_format format;
    struct kad_known known;
    kad_day known_day;         /* --known-at as a date; KAD_DAY_NONE: it was none */
    kad_instant now;           /* --now, or KAD_INSTANT_NONE */
    kad_day as_of;             /* --as-of; KAD_DAY_NONE until the store is open: then today */
    struct kad_engine *engine; /* when the command needs it */
    uint64_t wrote;            /* the last record that this command has written for good; 0: none */
    struct kad_arena arena;    /* the whole command's */
    struct kad_out out;        /* stdout */
};

/* --- args.c --- */

/* Read the command line. Everything wrong is KAD_EINPUT with what was meant, where it can be
 * guessed. *ret->cmd stays NULL when none was named. */
enum kad_err kad_args_read(struct kad_cli *c, int argc, char **argv, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* The command of these words (one or two); NULL for a stranger. */
const struct kad_cmd *kad_cmd_find(const char *first, const char *second);
/* How many slips of the pen a guess at this word may take back. */
unsigned kad_slips(const char *typed);
/* There is no such command: says so, with the one that was probably meant; or that this release does
 * not have it yet. Returns KAD_EINPUT. */
enum kad_err kad_args_no_command(const char *first, const char *second, struct kad_error *reterr);
/* Too few words stand behind the command: says so, and how it is called. Returns KAD_EINPUT. */
enum kad_err kad_args_too_few(const struct kad_cli *c, struct kad_error *reterr);
/* Does the command's line in the table name this option? */
bool kad_cmd_takes(const struct kad_cmd *cmd, enum kad_opt_id o);
/* "record TYPE SUBJECT ...", its capitals in the running language. */
void kad_cmd_put_usage(struct kad_buf *b, const struct kad_cmd *cmd);
/* Text of cmd.def or opt.def with its words in capitals in the running language. */
void kad_put_placeholders(struct kad_buf *b, const char *s);

/* An option's value as a day; KAD_DAY_NONE when it was not given. */
enum kad_err kad_opt_day(const struct kad_cli *c, enum kad_opt_id o, kad_day *ret,
                         struct kad_error *reterr) KAD_MUST_CHECK;
/* A whole number, at least `least`. */
enum kad_err kad_opt_number(const struct kad_cli *c, enum kad_opt_id o, uint64_t least,
                            uint64_t most, uint64_t *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* The option, or KAD_EINPUT with what it is for. */
enum kad_err kad_opt_required(const struct kad_cli *c, enum kad_opt_id o, const char **ret,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* Reads all of it as a number; false when it is none. */
bool kad_read_u64(const char *s, uint64_t *ret);

/* --- open.c --- */

/* Open the store for c->engine as the options say, and fix the day asked about. */
enum kad_err kad_cli_open(struct kad_cli *c, bool write, struct kad_error *reterr) KAD_MUST_CHECK;
/* --store, $KADENS_STORE or ./kadens-store. */
const char *kad_cli_store(const struct kad_cli *c);
/* A new ledger's public key, for those who will check it, and where its private keys lie. */
void kad_cli_put_keys(struct kad_cli *c, const struct kad_ledger_info *info);
/* What the system knows of the writer ("os:anna"), and who says so unless --by. In the arena. */
enum kad_err kad_cli_who(struct kad_cli *c, struct kad_str *ret_by, struct kad_str *ret_via,
                         struct kad_error *reterr) KAD_MUST_CHECK;
/* The subject of this key, loaded in the command's arena; a stranger is answered with the nearest
 * known key. */
enum kad_err kad_subject_of(struct kad_cli *c, struct kad_str key, struct kad_subject *ret,
                            struct kad_error *reterr) KAD_MUST_CHECK;
/* Show on a terminal's stderr how far we are; nothing elsewhere. `what` is a translated word. */
struct kad_progress {
    const char *what;
    bool on, shown;
    uint64_t next;
};
void kad_progress_init(struct kad_progress *p, const char *what);
void kad_progress_step(void *p, uint64_t done, uint64_t of); /* a kad_progress_fn; of 0: unknown */
void kad_progress_done(struct kad_progress *p);

/* Print one sentence of ours to stderr: "kadens: …", safe for a terminal. */
void kad_tell(const char *fmt, ...) KAD_PRINTF(1, 2);

/* --- file.c --- */

/* What errno says, in the running language where we have words for it. */
const char *kad_why(int error);
/* The whole of a text file; "-" is stdin. Too large, missing or a folder is KAD_EINPUT. */
enum kad_err kad_file_read(const char *path, size_t most, struct kad_buf *ret,
                           struct kad_error *reterr) KAD_MUST_CHECK;

/* --- the commands, one for each line of cmd.def --- */

#define GROUP(id, title)
#define CMD(name, group, args, summary, run, least, most, needs, formats)                          \
    enum kad_err run(struct kad_cli *c, struct kad_error *reterr);
#define RESERVED(name)
#include "cli/cmd.def"
#undef RESERVED
#undef CMD
#undef GROUP

#endif

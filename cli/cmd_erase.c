/* erase: the private fields of a subject, gone for good; and what still shows them. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "core/backups.h"

struct erased {
    struct kad_str key;
    uint64_t seq;                 /* of the record that says so */
    bool already;                 /* the same id again: nothing was done */
    size_t records, with_private; /* of the subject */
    struct kad_backup *backups;   /* those that were made before, and lie where they were put */
    size_t n_backups;
    const char *backup; /* the one that was made afterwards; NULL: none */
};

/* --- are you sure? --- */

/* A line of the terminal, without its end; false when there is none. */
static bool read_answer(char *ret, size_t size)
{
    if (!fgets(ret, (int)size, stdin))
        return false;
    ret[strcspn(ret, "\r\n")] = '\0';
    return true;
}

static enum kad_err confirm(struct kad_cli *c, struct kad_str key, struct kad_error *reterr)
{
    char answer[KAD_LIMIT_KEY * 2];
    if (c->opt[KAD_O_YES])
        return KAD_OK;
    if (isatty(STDIN_FILENO) != 1)
        return kad_fail(reterr, KAD_EINPUT,
                        _("What is erased cannot be brought back, and there is nobody here to ask: "
                          "say --yes if it is meant."));
    kad_tell(_("This erases the private fields of “%.*s” for good. Nobody can bring them back: not "
               "from this ledger, and not with any key. Everything else that is recorded of it stays, "
               "the reason you gave too."),
             KAD_STR_FMT(key));
    fprintf(stderr, "%s", _("Type the key of the subject to go on: "));
    fflush(stderr);
    if (read_answer(answer, sizeof answer) && kad_str_eq(kad_str(answer), key))
        return KAD_OK;
    return kad_fail(reterr, KAD_ENO, _("Nothing was erased."));
}

/* --- doing it --- */

/* Is there such a subject? Said before anybody is asked anything. */
static enum kad_err find(struct kad_cli *c, struct erased *x, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_subject_info info;
    struct kad_subject nobody;
    struct kad_error why = {0};
    size_t at;
    if (!kad_utf8_valid(x->key, &at))
        return kad_fail(reterr, KAD_EINPUT, _("The key is not UTF-8 text."));
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_subject(s, x->key, &info, &why);
    kad_snapshot_release(s);
    if (got == KAD_ENOTFOUND && kad_subject_of(c, x->key, &nobody, reterr) != KAD_OK)
        return reterr->code; /* it knows the nearest key */
    return got == KAD_OK || reterr->code ? got : kad_fail(reterr, got, "%s", why.text);
}

/* What the subject has now that it is erased: no key is needed any more to see that. */
static enum kad_err count(struct kad_cli *c, struct erased *x, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_record *r = NULL;
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_story(s, x->key, &c->arena, &r, &x->records, reterr);
    for (size_t i = 0; got == KAD_OK && i < x->records; i++)
        x->with_private += kad_record_has_private(&r[i]);
    kad_snapshot_release(s);
    return got;
}

/* Backups from before that are still where they were put. A list that cannot be read is told. */
static void find_backups(struct kad_cli *c, struct erased *x)
{
    struct kad_error why = {0};
    size_t n = 0;
    if (kad_backups_read(kad_cli_store(c), &c->arena, &x->backups, &n, &why) != KAD_OK)
        kad_tell("%s", why.text);
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        const char *path = kad_arena_printf(&c->arena, "%.*s/data.mdb",
                                            KAD_STR_FMT(x->backups[i].path));
        if (x->backups[i].last_fence < x->seq && stat(path, &st) == 0)
            x->backups[x->n_backups++] = x->backups[i];
    }
}

static enum kad_err erase(struct kad_cli *c, const char *because, struct erased *x,
                          struct kad_error *reterr)
{
    kad_engine_close(c->engine);
    c->engine = NULL;
    if (kad_cli_open(c, true, reterr) != KAD_OK)
        return reterr->code;
    enum kad_err got = kad_engine_erase(c->engine, &x->key, 1, kad_str(because),
                                        kad_str(c->opt[KAD_O_ID]), &x->seq, &x->already, reterr);
    c->wrote = got == KAD_OK && !x->already ? x->seq : 0;
    if (got == KAD_OK)
        got = count(c, x, reterr);
    if (got == KAD_OK)
        find_backups(c, x);
    return got;
}

/* --- telling it --- */

static void put_json(struct kad_cli *c, const struct erased *x)
{
    struct kad_buf *b = &c->out.b;
    char at[KAD_INSTANT_TEXT];
    kad_buf_puts(b, "{\"erased\":");
    kad_json_str(b, x->key);
    kad_buf_printf(b, ",\"seq\":%llu,\"records\":%zu,\"private\":%zu,\"superseded\":[",
                   (unsigned long long)x->seq, x->records, x->with_private);
    for (size_t i = 0; i < x->n_backups; i++) {
        kad_buf_printf(b, "%s{\"at\":\"%s\",\"backup\":", i ? "," : "",
                       kad_instant_text(x->backups[i].at, at));
        kad_json_str(b, x->backups[i].path);
        kad_buf_putc(b, '}');
    }
    kad_buf_puts(b, "],\"backup\":");
    kad_json_str_or_null(b, kad_str(x->backup));
    kad_buf_puts(b, "}\n");
}

static void put_backups(struct kad_out *o, const struct erased *x)
{
    char at[KAD_INSTANT_TEXT];
    if (x->n_backups == 0) {
        kad_out_puts(o, _("No backup from before is where this ledger's list says. One that was "
                          "moved, and any other copy,"));
    } else {
        kad_out_puts(o, ngettext_("This backup was made before:\n",
                                  "These backups were made before:\n", x->n_backups));
        for (size_t i = 0; i < x->n_backups; i++)
            kad_out_printf(o, "  %.10s  %.*s\n", kad_instant_text(x->backups[i].at, at),
                           KAD_STR_FMT(x->backups[i].path));
        kad_out_puts(o, ngettext_("It, and any other copy,", "They, and any other copy,",
                                  x->n_backups));
    }
    kad_out_puts(o, _(" together with a copy of the vault and of the key folder from before, can still "
                      "show what was erased. Destroy the old copies of the key folder first, then "
                      "those of the vault; a new backup replaces the vault beside the old ones.\n"));
}

static void put_text(struct kad_cli *c, const struct erased *x)
{
    struct kad_out *o = &c->out;
    if (x->already) {
        kad_out_printf(o, _("Recorded already, as no. %llu: the private fields of %.*s are erased.\n"),
                       (unsigned long long)x->seq, KAD_STR_FMT(x->key));
        return;
    }
    kad_out_printf(o,
                   _("Recorded as no. %llu: the private fields of %.*s are erased. Their key is "
                     "destroyed, and the vault is locked with a new master key.\n"),
                   (unsigned long long)x->seq, KAD_STR_FMT(x->key));
    kad_out_printf(o,
                   ngettext_("%zu record had private fields.", "%zu records had private fields.",
                             x->with_private),
                   x->with_private);
    kad_out_printf(o,
                   ngettext_(" What else is in its %zu record stays: days, types, open fields, and the "
                             "tasks that follow from them.\n",
                             " What else is in its %zu records stays: days, types, open fields, and "
                             "the tasks that follow from them.\n",
                             x->records),
                   x->records);
    put_backups(o, x);
    if (x->backup)
        kad_out_printf(o, _("The backup is made and checked: %s\n"), x->backup);
    else
        kad_out_hint(o, _("Make a new backup now (kadens backup DIR), and a new copy of the key "
                          "folder.\n"));
}

enum kad_err kad_cmd_erase(struct kad_cli *c, struct kad_error *reterr)
{
    const char *because;
    struct erased x = {.key = kad_text_nfc(&c->arena, kad_str(c->args[0]))};
    if (kad_opt_required(c, KAD_O_BECAUSE, &because, reterr) != KAD_OK)
        return reterr->code;
    enum kad_err got = find(c, &x, reterr);
    if (got == KAD_OK)
        got = confirm(c, x.key, reterr);
    if (got == KAD_OK)
        got = erase(c, because, &x, reterr);
    if (got != KAD_OK)
        return got;
    if (c->opt[KAD_O_BACKUP]) {
        kad_engine_close(c->engine); /* one at a time in a process */
        c->engine = NULL;
        got = kad_cli_backup(c, c->opt[KAD_O_BACKUP], &x.backup, reterr);
    }
    /* Also when the backup failed: what was erased is. */
    if (c->format == KAD_F_JSON)
        put_json(c, &x);
    else
        put_text(c, &x);
    return got;
}

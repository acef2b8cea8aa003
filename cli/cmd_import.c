/* import: events from JSON Lines, all or nothing, or with the refused lines set aside. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json.h"

/* Lines of a file of any size, one at a time and never more than the limit in memory. */
struct lines {
    FILE *f;
    const char *name;
    struct kad_buf line; /* without its line break */
    uint64_t number;     /* from 1 */
    bool too_long;       /* only its beginning is in `line` */
    bool first;
};

struct import {
    struct kad_cli *c;
    struct lines in;
    struct kad_batch *batch;
    FILE *rejects;
    struct kad_arena arena; /* of the line */
    const json_t *root;     /* of the line being put */
    uint64_t recorded, already, refused, first, last;
    struct kad_progress progress;
};

/* --- lines --- */

static enum kad_err open_lines(struct lines *l, const char *path, struct kad_error *reterr)
{
    bool standard = !path || strcmp(path, "-") == 0;
    struct stat st;
    *l = (struct lines){.f = standard ? stdin : fopen(path, "rbe"),
                        .name = standard ? _("(standard input)") : path,
                        .first = true};
    if (!l->f)
        return kad_fail(reterr, KAD_EINPUT, _("%s cannot be read: %s."), path, kad_why(errno));
    if (fstat(fileno(l->f), &st) == 0 && S_ISDIR(st.st_mode))
        return kad_fail(reterr, KAD_EINPUT, _("%s is a folder, not a file."), l->name);
    return KAD_OK;
}

/* The next line; false at the end. What is beyond the limit is read past. */
static bool next_line(struct lines *l)
{
    char piece[8192];
    kad_buf_reset(&l->line);
    l->too_long = false;
    bool any = false;
    for (int c; (c = getc_unlocked(l->f)) != EOF;) {
        /* Gathered here so that a long line costs one copy for many characters. */
        size_t n = 0;
        any = true;
        while (c != EOF && c != '\n' && n < sizeof piece) {
            piece[n++] = (char)c;
            if (n < sizeof piece)
                c = getc_unlocked(l->f);
        }
        if (l->line.n <= kad_json_limit((struct kad_str){l->line.p, l->line.n}))
            kad_buf_put(&l->line, piece, n);
        else
            l->too_long = true;
        if (n < sizeof piece)
            break;
    }
    if (!any)
        return false;
    l->number++;
    if (l->line.n && l->line.p[l->line.n - 1] == '\r')
        l->line.p[--l->line.n] = '\0';
    return true;
}

static bool is_blank(struct kad_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ' ' && s.p[i] != '\t')
            return false;
    return true;
}

/* --- one line --- */

static enum kad_err agrees(void *ctx, const struct kad_record *r, struct kad_error *reterr)
{
    struct import *im = ctx;
    /* A line that is an export's own, byte for byte, needs no closer look. */
    struct kad_buf b = {0};
    kad_json_record(&b, im->c->engine, r);
    bool same = b.n == im->in.line.n && memcmp(b.p, im->in.line.p, b.n) == 0;
    kad_buf_done(&b);
    return same ? KAD_OK : kad_json_agrees(im->root, im->c->engine, r, reterr);
}

static bool says(void *ctx, const struct kad_finding *f)
{
    const struct import *im = ctx;
    return kad_json_says(im->root, f);
}

static enum kad_err put_line(struct import *im, struct kad_json_line *j, struct kad_error *reterr)
{
    struct kad_str line = {im->in.line.p, im->in.line.n};
    struct kad_outcome out = {0};
    if (im->in.too_long)
        line.n = kad_json_limit(line) + 1;
    if (line.n >= 2 && memcmp(line.p, "\x1f\x8b", 2) == 0 && im->in.number == 1)
        return kad_fail(
            reterr, KAD_EINPUT,
            _("The file is compressed. Unpack it on the way: zcat FILE | kadens import"));
    if (kad_json_read(line, &im->arena, j, reterr) != KAD_OK)
        return reterr->code;
    if (kad_json_states(j->root)) {
        im->root = j->root;
        j->draft.accept = agrees;
        j->draft.said = says;
        j->draft.accept_ctx = im;
    }
    enum kad_err got = kad_batch_put(im->batch, &j->draft, &out, reterr);
    if (got != KAD_OK) {
        j->column = 1;
        if (got == KAD_ENO && out.n_findings > 0) {
            const struct kad_finding *f = &out.findings[0];
            *reterr = (struct kad_error){0};
            kad_fail(reterr, got, _("Refused: %.*s (line %d of the rules; found: %.*s)"),
                     KAD_STR_FMT(f->guard->message), f->guard->line, KAD_STR_FMT(f->values));
        }
        return got;
    }
    im->already += out.already;
    im->recorded += !out.already;
    if (!out.already) {
        im->first = im->first ? im->first : out.seq;
        im->last = out.seq;
    }
    return KAD_OK;
}

/* A line that is refused: told, and set aside when there is a place for it. */
static enum kad_err set_aside(struct import *im, size_t column, const struct kad_error *why,
                              struct kad_error *reterr)
{
    kad_progress_done(&im->progress);
    im->refused++;
    if (!im->rejects)
        return kad_fail(reterr, why->code, "%s:%llu:%zu: %s", im->in.name,
                        (unsigned long long)im->in.number, column, why->text);
    kad_tell("%s:%llu:%zu: %s", im->in.name, (unsigned long long)im->in.number, column, why->text);
    if (fwrite(im->in.line.p, 1, im->in.line.n, im->rejects) != im->in.line.n ||
        putc('\n', im->rejects) == EOF)
        return kad_fail(reterr, KAD_EIO, _("%s cannot be written: %s."), im->c->opt[KAD_O_REJECTS],
                        kad_why(errno));
    return KAD_OK;
}

static enum kad_err take_lines(struct import *im, struct kad_error *reterr)
{
    while (next_line(&im->in)) {
        struct kad_buf *b = &im->in.line;
        if (im->in.number == 1 && b->n >= 3 && memcmp(b->p, "\xef\xbb\xbf", 3) == 0) {
            memmove(b->p, b->p + 3, b->n - 3 + 1);
            b->n -= 3;
        }
        if (is_blank((struct kad_str){b->p, b->n}))
            continue;
        struct kad_json_line j = {0};
        struct kad_error why = {0};
        kad_arena_reset(&im->arena);
        enum kad_err got = put_line(im, &j, &why);
        json_decref(j.root);
        if (got == KAD_OK) {
            kad_progress_step(&im->progress, im->in.number, 0);
            continue;
        }
        /* What is wrong with the store is not the line's fault. */
        if (kad_err_status(got) == 3)
            return kad_fail(reterr, got, "%s", why.text);
        if (set_aside(im, j.column ? j.column : 1, &why, reterr) != KAD_OK)
            return reterr->code;
    }
    if (ferror(im->in.f))
        return kad_fail(reterr, KAD_EINPUT, _("%s cannot be read: %s."), im->in.name,
                        kad_why(errno));
    return KAD_OK;
}

static void put_summary(const struct import *im)
{
    struct kad_out *o = &im->c->out;
    if (im->c->format == KAD_F_JSON) {
        kad_out_printf(o,
                       "{\"lines\":%llu,\"recorded\":%llu,\"already\":%llu,\"refused\":%llu,"
                       "\"first\":",
                       (unsigned long long)im->in.number, (unsigned long long)im->recorded,
                       (unsigned long long)im->already, (unsigned long long)im->refused);
        kad_json_seq(&o->b, im->first);
        kad_out_puts(o, ",\"last\":");
        kad_json_seq(&o->b, im->last);
        kad_out_puts(o, "}\n");
        return;
    }
    struct kad_buf n = {0};
    kad_put_count(&n, im->recorded);
    kad_out_printf(
        o, ngettext_("%s event recorded", "%s events recorded", (unsigned long)im->recorded),
        kad_buf_str(&n));
    if (im->recorded)
        kad_out_printf(o, _(" (no. %llu to %llu)"), (unsigned long long)im->first,
                       (unsigned long long)im->last);
    kad_out_puts(o, ".\n");
    kad_buf_reset(&n);
    kad_put_count(&n, im->already);
    if (im->already)
        kad_out_printf(o,
                       ngettext_("%s was there already.\n", "%s were there already.\n",
                                 (unsigned long)im->already),
                       kad_buf_str(&n));
    kad_buf_reset(&n);
    kad_put_count(&n, im->refused);
    if (im->refused)
        kad_out_printf(o,
                       ngettext_("%s line refused: it is in %s.\n",
                                 "%s lines refused: they are in %s.\n", (unsigned long)im->refused),
                       kad_buf_str(&n), im->c->opt[KAD_O_REJECTS]);
    kad_buf_done(&n);
}

/* --- the file of refused lines --- */

/* Made beside its place and renamed when the import is done, so that neither a failure nor a name
 * given twice costs anybody a file. What is no ordinary file (a pipe, /dev/stderr) is written as it
 * stands. */
static enum kad_err open_rejects(struct import *im, char **ret_beside, struct kad_error *reterr)
{
    const char *path = im->c->opt[KAD_O_REJECTS];
    struct stat in, there;
    *ret_beside = NULL;
    if (!path)
        return KAD_OK;
    bool exists = stat(path, &there) == 0;
    if (exists && fstat(fileno(im->in.f), &in) == 0 && in.st_dev == there.st_dev &&
        in.st_ino == there.st_ino && S_ISREG(in.st_mode))
        return kad_fail(reterr, KAD_EINPUT,
                        _("--rejects names the file that is read: refused lines go into another."));
    if (!exists || S_ISREG(there.st_mode))
        *ret_beside = kad_arena_printf(&im->c->arena, "%s.new-%ld", path, (long)getpid());
    im->rejects = fopen(*ret_beside ? *ret_beside : path, "wbe");
    if (!im->rejects)
        return kad_fail(reterr, KAD_EINPUT, _("%s cannot be written: %s."), path, kad_why(errno));
    return KAD_OK;
}

/* In place when the import went well, else gone. */
static enum kad_err close_rejects(struct import *im, const char *beside, enum kad_err got,
                                  struct kad_error *reterr)
{
    const char *path = im->c->opt[KAD_O_REJECTS];
    bool good = !im->rejects || fclose(im->rejects) == 0;
    if (got == KAD_OK && good && beside)
        good = rename(beside, path) == 0;
    if (beside && (got != KAD_OK || !good))
        unlink(beside);
    if (got == KAD_OK && !good)
        return kad_fail(reterr, KAD_EIO, _("%s cannot be written: %s."), path, kad_why(errno));
    return got;
}

enum kad_err kad_cmd_import(struct kad_cli *c, struct kad_error *reterr)
{
    struct import im = {.c = c};
    char *beside;
    struct kad_batch_options o = {.recorded_then = c->opt[KAD_O_RECORDED_THEN] != NULL};
    if (open_lines(&im.in, c->n_args ? c->args[0] : NULL, reterr) != KAD_OK)
        return reterr->code;
    if (open_rejects(&im, &beside, reterr) != KAD_OK)
        return reterr->code;
    kad_arena_init(&im.arena);
    kad_progress_init(&im.progress, _("Lines read:"));
    enum kad_err got = kad_batch_begin(c->engine, &o, &im.batch, reterr);
    if (got == KAD_OK) {
        got = take_lines(&im, reterr);
        if (got == KAD_OK)
            got = kad_batch_commit(im.batch, reterr);
        else
            kad_batch_abort(im.batch);
    }
    c->wrote = got == KAD_OK ? im.last : 0;
    kad_progress_done(&im.progress);
    got = close_rejects(&im, beside, got, reterr);
    if (got == KAD_OK)
        put_summary(&im);
    if (im.in.f != stdin)
        fclose(im.in.f);
    kad_buf_done(&im.in.line);
    kad_arena_done(&im.arena);
    return got == KAD_OK && im.refused ? KAD_ENO : got;
}

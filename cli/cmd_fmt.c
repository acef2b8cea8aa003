/* rules fmt: rule files laid out in the one way, or in the words of the other language. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "dsl/format.h"

struct fmt {
    struct kad_cli *c;
    enum kad_format_words words;
    bool write, check;
    bool changes, broken; /* a file would change; one could not be laid out */
};

static enum kad_err read_options(struct fmt *f, struct kad_error *reterr)
{
    const char *language = f->c->opt[KAD_O_LANGUAGE];
    f->write = f->c->opt[KAD_O_WRITE] != NULL;
    f->check = f->c->opt[KAD_O_CHECK] != NULL;
    if (f->write && f->check)
        return kad_fail(
            reterr, KAD_EINPUT,
            _("--write changes files and --check only names them: give one of the two."));
    if (!language)
        f->words = KAD_FORMAT_AS_IS;
    else if (strcmp(language, "en") == 0)
        f->words = KAD_FORMAT_ENGLISH;
    else if (strcmp(language, "sv") == 0)
        f->words = KAD_FORMAT_SWEDISH;
    else
        return kad_fail(reterr, KAD_EINPUT,
                        _("There is no language “%s” for rule files: they are in sv or en."),
                        language);
    return KAD_OK;
}

/* --- writing --- */

static bool write_all(int fd, const struct kad_buf *b)
{
    for (size_t done = 0; done < b->n;) {
        ssize_t n = write(fd, b->p + done, b->n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* So that the new name survives a power cut as well. */
static void sync_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *(slash > path ? slash : slash + 1) = '\0';
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* Written beside and renamed when it is whole: whoever reads the file, or pulls the plug, has either
 * the old one or the new one. A link stays a link. */
static enum kad_err replace(struct kad_cli *c, const char *path, const struct kad_buf *text,
                            struct kad_error *reterr)
{
    struct stat st;
    char *real = realpath(path, NULL);
    char *beside = kad_arena_printf(&c->arena, "%s.new-%ld", real ? real : path, (long)getpid());
    int fd = real && stat(real, &st) == 0 && access(real, W_OK) == 0
                 ? open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                 : -1;
    bool good =
        fd >= 0 && fchmod(fd, st.st_mode & 07777) == 0 && write_all(fd, text) && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && rename(beside, real) != 0) {
        good = false;
        why = errno;
    }
    if (good)
        sync_folder(real);
    else if (fd >= 0)
        unlink(beside);
    free(real);
    if (!good)
        return kad_fail(reterr, KAD_EINPUT, _("%s cannot be written: %s."), path, kad_why(why));
    return KAD_OK;
}

/* --- one file --- */

static void tell_why(struct fmt *f, const struct kad_diags *d, const struct kad_error *err)
{
    struct kad_buf b = {0};
    f->broken = true;
    kad_diags_put_all(&b, d);
    fputs(kad_buf_str(&b), stderr);
    kad_buf_done(&b);
    if (err->text[0])
        kad_tell("%s", err->text);
}

static enum kad_err answer(struct fmt *f, const char *path, const struct kad_buf *old,
                           const struct kad_buf *new, struct kad_error *reterr)
{
    struct kad_out *o = &f->c->out;
    bool same = old->n == new->n &&memcmp(kad_buf_str(old), kad_buf_str(new), old->n) == 0;
    if (!f->write && !f->check) {
        kad_buf_put(&o->b, kad_buf_str(new), new->n);
        return KAD_OK;
    }
    if (same)
        return KAD_OK;
    f->changes = true;
    if (f->write && replace(f->c, path, new, reterr) != KAD_OK)
        return reterr->code;
    kad_out_safe(o, kad_str(path));
    kad_out_puts(o, "\n");
    return KAD_OK;
}

static enum kad_err each(struct fmt *f, const char *path, struct kad_error *reterr)
{
    struct kad_buf old = {0}, new = {0};
    struct kad_diags d;
    struct kad_error err = {0};
    if (f->write && strcmp(path, "-") == 0)
        return kad_fail(reterr, KAD_EINPUT,
                        _("What comes from standard input cannot be written back."));
    kad_diags_init(&d);
    enum kad_err got = kad_file_read(path, KAD_LIMIT_RULE_BYTES + 1, &old, reterr);
    if (got == KAD_OK) {
        struct kad_str text = {kad_buf_str(&old), old.n};
        if (kad_format(text, path, f->words, &d, &new, &err) == KAD_OK)
            got = answer(f, path, &old, &new, reterr);
        else
            tell_why(f, &d, &err);
    }
    kad_diags_done(&d);
    kad_buf_done(&old);
    kad_buf_done(&new);
    return got;
}

enum kad_err kad_cmd_rules_fmt(struct kad_cli *c, struct kad_error *reterr)
{
    struct fmt f = {.c = c};
    if (read_options(&f, reterr) != KAD_OK)
        return reterr->code;
    for (int i = 0; i < c->n_args; i++)
        if (each(&f, c->args[i], reterr) != KAD_OK)
            return reterr->code;
    return f.broken || (f.check && f.changes) ? KAD_ENO : KAD_OK;
}

/* What commands stand on: the store, the writer's name, files, and a word on stderr. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/program.h"
#include "core/clock.h"
#include "core/keys.h"
#include "core/note.h"
#include "dsl/dsl.h"

#define DEFAULT_WAIT_S 10
#define MOST_WAIT_S 86400

const char *kad_cli_store(const struct kad_cli *c)
{
    if (c->opt[KAD_O_STORE])
        return c->opt[KAD_O_STORE];
    const char *env = getenv("KADENS_STORE");
    return env && *env ? env : "./kadens-store";
}

void kad_cli_put_keys(struct kad_cli *c, const struct kad_ledger_info *info)
{
    struct kad_verifier v;
    struct kad_buf key = {0}, folder = {0};
    struct kad_error ignored = {0};
    char origin[KAD_ORIGIN + 1];
    kad_origin(info->id, origin);
    kad_verifier_init(&v, kad_str(origin), info->key);
    kad_verifier_put(&key, &v);
    kad_out_puts(&c->out, _("Its checkpoints are checked with this key; give it to whoever is to "
                            "check them:\n"));
    kad_out_printf(&c->out, "  %s\n", kad_buf_str(&key));
    if (kad_keys_folder(&folder, &ignored) == KAD_OK)
        kad_out_printf(&c->out,
                       _("Its private keys are in %s, outside the store. Keep a copy of that "
                         "folder in a safe place.\n"),
                       folder.p);
    kad_buf_done(&key);
    kad_buf_done(&folder);
}

enum kad_err kad_cli_who(struct kad_cli *c, struct kad_str *ret_by, struct kad_str *ret_via,
                         struct kad_error *reterr)
{
    errno = 0;
    const struct passwd *user = getpwuid(getuid());
    /* A user without a name is known by the number; one who could not be looked up would be so once
     * and then under the name again. */
    if (!user && kad_errno_of_machine(errno))
        return kad_fail(reterr, KAD_EIO, _("Who you are cannot be looked up: %s."),
                        strerror(errno));
    struct kad_str name = kad_str(user ? user->pw_name : NULL);
    if (name.n == 0 || name.n > KAD_LIMIT_NAME || !kad_utf8_valid(name, NULL))
        name = kad_str(kad_arena_printf(&c->arena, "uid%lu", (unsigned long)getuid()));
    else
        name = kad_str_dup(&c->arena, name);
    *ret_by = c->opt[KAD_O_BY] ? kad_str(c->opt[KAD_O_BY]) : name;
    *ret_via = kad_str(kad_arena_printf(&c->arena, "os:%.*s", KAD_STR_FMT(name)));
    return KAD_OK;
}

enum kad_err kad_cli_open(struct kad_cli *c, bool write, struct kad_error *reterr)
{
    uint64_t wait_s = DEFAULT_WAIT_S;
    if (kad_opt_number(c, KAD_O_WAIT, 0, MOST_WAIT_S, &wait_s, reterr) != KAD_OK)
        return reterr->code;
    struct kad_engine_options o = {
        .dir = kad_cli_store(c),
        .write = write,
        .wait_ms = (unsigned)wait_s * 1000,
        .compile = kad_dsl_compile_fn,
        .now = c->now,
        .known = c->known,
    };
    if (kad_cli_who(c, &o.by, &o.via, reterr) != KAD_OK)
        return reterr->code;
    kad_ledger_set_command(kad_arena_printf(&c->arena, "kadens %s", c->cmd->name));
    if (kad_engine_open(&o, &c->engine, reterr) != KAD_OK)
        return reterr->code;
    if (c->known_day != KAD_DAY_NONE && c->known.at == INT64_MAX) {
        /* The end of that day is known once the ledger's zone is: open it again with that. */
        c->known.at = kad_clock_day_end(c->known_day);
        kad_engine_close(c->engine);
        c->engine = NULL;
        return kad_cli_open(c, write, reterr);
    }
    if (c->as_of == KAD_DAY_NONE)
        c->as_of = kad_engine_today(c->engine);
    return KAD_OK;
}

enum kad_err kad_subject_of(struct kad_cli *c, struct kad_str key, struct kad_subject *ret,
                            struct kad_error *reterr)
{
    struct kad_error why = {0};
    size_t at;
    if (!kad_utf8_valid(key, &at))
        return kad_fail(reterr, KAD_EINPUT, _("The key is not UTF-8 text."));
    enum kad_err got = kad_engine_subject(c->engine, key, &c->arena, ret, &why);
    if (got == KAD_OK)
        return KAD_OK;
    if (got != KAD_ENOTFOUND)
        return kad_fail(reterr, got, "%s", why.text);
    struct kad_str near = kad_engine_nearest(c->engine, key, &c->arena);
    if (near.n)
        return kad_fail(reterr, got, _("There is nothing about “%.*s”. Did you mean %.*s?"),
                        KAD_STR_FMT(key), KAD_STR_FMT(near));
    return kad_fail(reterr, got,
                    _("There is nothing about “%.*s”. What happens first to a subject "
                      "makes it known: kadens record."),
                    KAD_STR_FMT(key));
}

/* Messages come as sentences: what begins small and ends without a full stop gets both. */
static void put_sentence(struct kad_buf *b, struct kad_str s)
{
    size_t word = 0;
    while (word < s.n && s.p[word] >= 'a' && s.p[word] <= 'z')
        word++;
    if (word && word < s.n && s.p[word] == ' ' && !strchr(".?!:", s.p[s.n - 1])) {
        kad_buf_putc(b, (char)(s.p[0] - 'a' + 'A'));
        s = (struct kad_str){s.p + 1, s.n - 1};
    }
    bool small = b->n > 0;
    kad_text_put_safe(b, s);
    if (small && !strchr(".?!:", b->p[b->n - 1]))
        kad_buf_putc(b, '.');
}

void kad_tell(const char *fmt, ...)
{
    struct kad_buf said = {0}, safe = {0};
    va_list ap;
    va_start(ap, fmt);
    kad_buf_vprintf(&said, fmt, ap);
    va_end(ap);
    put_sentence(&safe, (struct kad_str){said.p, said.n});
    kad_buf_reset(&said);
    kad_program_put(&said, (struct kad_str){safe.p, safe.n});
    fprintf(stderr, "kadens: %s\n", kad_buf_str(&said));
    kad_buf_done(&said);
    kad_buf_done(&safe);
}

/* --- progress --- */

void kad_progress_init(struct kad_progress *p, const char *what)
{
    *p = (struct kad_progress){.what = what, .on = isatty(STDERR_FILENO) == 1};
}

void kad_progress_step(void *ctx, uint64_t done, uint64_t of)
{
    struct kad_progress *p = ctx;
    if (!p->on || done < p->next)
        return;
    /* A first word after a moment's work only, so that short commands stay quiet. */
    p->next = done + 5000;
    if (done < 5000)
        return;
    struct kad_buf b = {0};
    kad_put_count(&b, done);
    if (of)
        fprintf(stderr, "\r%s %d %% ", p->what, (int)((done < of ? done : of) * 100 / of));
    else
        fprintf(stderr, "\r%s %s ", p->what, kad_buf_str(&b));
    fflush(stderr);
    kad_buf_done(&b);
    p->shown = true;
}

void kad_progress_done(struct kad_progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}

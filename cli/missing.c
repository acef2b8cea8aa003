#include "cli/missing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/records.h"
#include "core/child.h"
#include "core/files.h"

#define SHOWN 8 /* subjects that are named */
#define ANSWER_MOST ((size_t)256 << 20)
#define FLUSH ((size_t)1 << 20)

struct named {
    struct kad_str name;
    uint64_t n;
};
struct gather {
    struct kad_cli *c;
    const struct kad_missing *m;
    int file; /* -1: none */
    struct kad_buf lines;
    struct kad_arena names;
    struct {
        struct kad_str *v;
        size_t n, cap;
    } types, subjects, erased;
    uint64_t n, last;
};

static enum kad_err flush(struct gather *g, size_t from, struct kad_error *reterr)
{
    if (g->lines.n < from || g->file < 0)
        return KAD_OK;
    int failed = kad_write_all(g->file, g->lines.p, g->lines.n);
    kad_buf_reset(&g->lines);
    return failed == 0 ? KAD_OK
                       : kad_fail(reterr, KAD_EIO, _("%s cannot be written: %s."), g->m->file,
                                  kad_why(failed));
}

static enum kad_err take(void *ctx, const struct kad_record *r, struct kad_error *reterr)
{
    struct gather *g = ctx;
    struct kad_str type = r->kind == KAD_R_EVENT ? r->type : kad_str(kad_record_type(r->kind));
    kad_vec_push(&g->names, &g->types, kad_str_dup(&g->names, type));
    if (r->subject.n > 0)
        kad_vec_push(&g->names, &g->subjects, kad_str_dup(&g->names, r->subject));
    if (r->kind == KAD_R_ERASED)
        kad_vec_push(&g->names, &g->erased, kad_str_dup(&g->names, r->subject));
    g->n++;
    g->last = r->seq;
    if (g->file < 0)
        return KAD_OK;
    kad_json_record(&g->lines, g->c->engine, r);
    kad_buf_putc(&g->lines, '\n');
    return flush(g, FLUSH, reterr);
}

/* --- counting --- */

static int by_name(const void *pa, const void *pb)
{
    const struct kad_str *a = pa, *b = pb;
    return kad_str_cmp(*a, *b);
}

static int by_count(const void *pa, const void *pb)
{
    const struct named *a = pa, *b = pb;
    return a->n != b->n ? (a->n < b->n ? 1 : -1) : kad_str_cmp(a->name, b->name);
}

/* Each name once with how often it is there, most often first. */
static struct named *count(struct kad_arena *a, struct kad_str *v, size_t n, size_t *ret_n)
{
    struct named *out = kad_arena_array(a, struct named, n + 1);
    size_t last = 0;
    if (n > 0)
        qsort(v, n, sizeof *v, by_name);
    for (size_t i = 0; i < n; i++) {
        if (last == 0 || !kad_str_eq(out[last - 1].name, v[i]))
            out[last++] = (struct named){v[i], 0};
        out[last - 1].n++;
    }
    if (last > 0)
        qsort(out, last, sizeof *out, by_count);
    *ret_n = last;
    return out;
}

static void put_names(struct kad_buf *b, const struct named *v, size_t n, size_t most)
{
    for (size_t i = 0; i < n && i < most; i++) {
        struct kad_buf number = {0};
        kad_put_count(&number, v[i].n);
        kad_buf_puts(b, i ? ", " : "");
        kad_text_put_safe(b, v[i].name);
        kad_buf_printf(b, " (%s)", kad_buf_str(&number));
        kad_buf_done(&number);
    }
    if (n > most)
        kad_buf_printf(b, ngettext_(" and %zu more", " and %zu more", (unsigned long)(n - most)),
                       n - most);
}

static void put_text(struct gather *g, struct kad_buf *b)
{
    size_t n_types, n_subjects;
    struct named *types = count(&g->names, g->types.v, g->types.n, &n_types);
    struct named *subjects = count(&g->names, g->subjects.v, g->subjects.n, &n_subjects);
    struct kad_buf number = {0};
    kad_put_count(&number, g->n);
    kad_buf_printf(b,
                   ngettext_("%s record is missing: no. %llu.\n",
                             "%s records are missing: no. %llu to %llu.\n", (unsigned long)g->n),
                   kad_buf_str(&number), (unsigned long long)g->m->from,
                   (unsigned long long)g->last);
    kad_buf_printf(b, "  %s ", _("Of type:"));
    put_names(b, types, n_types, SIZE_MAX);
    kad_buf_printf(b, "\n  %s ", _("About:"));
    put_names(b, subjects, n_subjects, SHOWN);
    kad_buf_putc(b, '\n');
    kad_buf_done(&number);
}

static void put_json_names(struct kad_buf *b, const struct named *v, size_t n)
{
    kad_buf_putc(b, '{');
    for (size_t i = 0; i < n; i++) {
        kad_buf_puts(b, i ? "," : "");
        kad_json_str(b, v[i].name);
        kad_buf_printf(b, ":%llu", (unsigned long long)v[i].n);
    }
    kad_buf_putc(b, '}');
}

static void put_json(struct gather *g, struct kad_buf *b)
{
    size_t n_types, n_subjects;
    struct named *types = count(&g->names, g->types.v, g->types.n, &n_types);
    struct named *subjects = count(&g->names, g->subjects.v, g->subjects.n, &n_subjects);
    kad_buf_printf(
        b, "{\"from\":%llu,\"to\":%llu,\"count\":%llu,\"types\":", (unsigned long long)g->m->from,
        (unsigned long long)g->last, (unsigned long long)g->n);
    put_json_names(b, types, n_types);
    kad_buf_puts(b, ",\"subjects\":");
    put_json_names(b, subjects, n_subjects);
    kad_buf_putc(b, '}');
}

/* --- in the child --- */

static enum kad_err gather(struct gather *g, struct kad_error *reterr)
{
    struct kad_cli *c = g->c;
    struct kad_engine_options o = {
        .dir = g->m->store, .now = KAD_INSTANT_NONE, .known = KAD_KNOWN_ALL};
    if (kad_cli_who(c, &o.by, &o.via, reterr) != KAD_OK)
        return reterr->code;
    c->known = KAD_KNOWN_ALL;
    enum kad_err got = kad_engine_open(&o, &c->engine, reterr);
    if (got == KAD_OK)
        got = kad_records_each(c, g->m->from, take, g, reterr);
    if (got == KAD_OK)
        got = flush(g, 0, reterr);
    if (got == KAD_OK && g->file >= 0 && fsync(g->file) != 0)
        got = kad_fail(reterr, KAD_EIO, _("%s cannot be written: %s."), g->m->file, kad_why(errno));
    return got;
}

/* A byte of what became of it; the subjects erased, each behind its length, and one of no length; the text. */
static void gather_there(void *ctx, int fd)
{
    struct gather *g = ctx;
    struct kad_error e = {0};
    struct kad_buf b = {0};
    kad_ledger_faults_silent();
    kad_arena_init(&g->names);
    enum kad_err got = gather(g, &e);
    kad_buf_putc(&b, (char)got);
    for (size_t i = 0; i < g->erased.n; i++) {
        kad_buf_be16(&b, (uint16_t)g->erased.v[i].n);
        kad_buf_put(&b, g->erased.v[i].p, g->erased.v[i].n);
    }
    kad_buf_be16(&b, 0);
    if (got != KAD_OK)
        kad_buf_puts(&b, e.text);
    else if (g->c->format == KAD_F_JSON)
        put_json(g, &b);
    else
        put_text(g, &b);
    if (kad_write_all(fd, b.p, b.n) != 0)
        _exit(1);
}

/* --- and outside --- */

static void take_answer(struct gather *g, struct kad_rd *in, struct kad_missing_told *ret)
{
    struct {
        struct kad_str *v;
        size_t n, cap;
    } erased = {0};
    struct kad_arena *a = &g->c->arena;
    for (size_t n; (n = kad_rd_be16(in)) > 0;) {
        const uint8_t *p = kad_rd_bytes(in, n);
        if (p)
            kad_vec_push(a, &erased, kad_str_dup(a, (struct kad_str){(const char *)p, n}));
    }
    ret->erased = erased.v;
    ret->n_erased = erased.n;
    ret->text = kad_str_dup(a, (struct kad_str){(const char *)in->p, in->n});
}

static enum kad_err run(struct gather *g, struct kad_missing_told *ret, struct kad_error *reterr)
{
    struct kad_buf got = {0};
    struct kad_child_end end;
    enum kad_err err = kad_child_run(gather_there, g, ANSWER_MOST, &got, &end, reterr);
    struct kad_rd in = {.p = (const uint8_t *)got.p, .n = got.n};
    enum kad_err said = (enum kad_err)(int8_t)kad_rd_u8(&in);
    if (err == KAD_OK && (!end.done || got.n < 1))
        err = kad_fail(reterr, KAD_ESTORE,
                       _("The records of %s that the backup lacks cannot be read."), g->m->store);
    if (err == KAD_OK)
        take_answer(g, &in, ret);
    if (err == KAD_OK && said != KAD_OK)
        err = kad_fail(reterr, said, "%.*s", KAD_STR_FMT(ret->text));
    kad_buf_done(&got);
    return err;
}

enum kad_err kad_missing_tell(struct kad_cli *c, const struct kad_missing *m,
                              struct kad_missing_told *ret, struct kad_error *reterr)
{
    struct gather g = {.c = c, .m = m, .file = -1};
    if (!m->file)
        return run(&g, ret, reterr);
    struct stat st;
    if (stat(m->file, &st) == 0)
        return kad_fail(reterr, KAD_EINPUT, _("%s is there already: name a new file."), m->file);
    const char *beside = kad_arena_printf(&c->arena, "%s.new-%ld", m->file, (long)getpid());
    unlink(beside);
    int failed = kad_file_new(beside, 0600, &g.file);
    if (failed != 0)
        return kad_fail(reterr, KAD_EINPUT, _("%s cannot be written: %s."), m->file,
                        kad_why(failed));
    enum kad_err err = run(&g, ret, reterr);
    close(g.file);
    if (err == KAD_OK && rename(beside, m->file) != 0)
        err = kad_fail(reterr, KAD_EIO, _("%s cannot be written: %s."), m->file, kad_why(errno));
    if (err != KAD_OK)
        unlink(beside);
    return err;
}

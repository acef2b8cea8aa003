/* Verifying: the frame. What is dangerous runs in a child and leaves what it finds in memory that both
 * see, so that nothing is lost when it ends early. */
#include "core/verify_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/child.h"
#include "core/pages.h"
#include "core/vault.h"

const char *const kad_part_words[KAD_PART__COUNT] = {
#define X(NAME, word) [KAD_PART_##NAME] = (word),
    KAD_PART_MAP(X)
#undef X
};

const char *kad_part_title(enum kad_part part)
{
    static const char *const titles[KAD_PART__COUNT] = {
        [KAD_PART_PAGES] = N_("Pages of the file"),
        [KAD_PART_IDENTITY] = N_("The ledger's own number"),
        [KAD_PART_RECORDS] = N_("Records"),
        [KAD_PART_TREE] = N_("Hash tree"),
        [KAD_PART_CHECKPOINTS] = N_("Checkpoints"),
        [KAD_PART_AGAINST] = N_("The checkpoint that you kept"),
        [KAD_PART_VIEWS] = N_("Stored views"),
        [KAD_PART_VAULT] = N_("Vault and private fields"),
        [KAD_PART_ISSUED] = N_("Tasks that were issued"),
    };
    return _(titles[part]);
}

/* What the child leaves behind. */
struct shared {
    struct kad_verify v;
    enum kad_err err; /* why the store could not be read, with its sentence */
    struct kad_error error;
};

/* --- troubles and parts --- */

static struct kad_trouble *trouble_new(struct kad_verify *v, enum kad_part part)
{
    static struct kad_trouble more;
    struct kad_trouble *t = v->n_troubles < KAD_TROUBLES_TOLD ? &v->troubles[v->n_troubles] : &more;
    v->n_troubles++;
    v->troubles_in[part]++;
    *t = (struct kad_trouble){.part = part};
    return t;
}

static void trouble_text(struct kad_trouble *t, const char *text)
{
    size_t n = strlen(text);
    if (n >= sizeof t->text) /* not in the middle of a character */
        for (n = sizeof t->text - 1; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
            n--;
    memcpy(t->text, text, n);
    t->text[n] = '\0';
}

void kad_trouble_add(struct kad_verifying *y, enum kad_part part, uint64_t seq, const char *fmt,
                     ...)
{
    struct kad_buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    kad_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&y->lock);
    struct kad_trouble *t = trouble_new(y->v, part);
    t->seq = seq;
    trouble_text(t, kad_buf_str(&b));
    pthread_mutex_unlock(&y->lock);
    kad_buf_done(&b);
}

void kad_part_set(struct kad_verifying *y, enum kad_part part, enum kad_checked state)
{
    pthread_mutex_lock(&y->lock);
    y->v->parts[part] = state;
    if (state == KAD_CHECK_BEGUN)
        y->v->in = part;
    pthread_mutex_unlock(&y->lock);
}

void kad_verify_step(struct kad_verifying *y, enum kad_part part, uint64_t done, uint64_t of)
{
    if (y->o->progress)
        y->o->progress(y->o->ctx, part, done, of);
}

/* --- the pages --- */

static void put_range(struct kad_buf *b, const struct kad_page_fault *f)
{
    if (!kad_str_eq(f->tree, KAD_STR("log")) || f->low.n != 8 || f->high.n != 8)
        return;
    struct kad_rd low = {.p = (const uint8_t *)f->low.p, .n = 8};
    struct kad_rd high = {.p = (const uint8_t *)f->high.p, .n = 8};
    kad_buf_puts(b, " ");
    kad_buf_printf(b, _("It holds records %llu to %llu."), (unsigned long long)kad_rd_be64(&low),
                   (unsigned long long)kad_rd_be64(&high) - 1);
}

static void page_fault(void *ctx, const struct kad_page_fault *f)
{
    struct kad_verifying *y = ctx;
    struct kad_buf b = {0}, name = {0};
    unsigned long long page = f->page;
    kad_text_put_safe(&name, f->tree);
    if (f->tree.n > 0)
        kad_buf_printf(&b, _("Page %llu, of table %s: %s."), page, kad_buf_str(&name), f->what);
    else
        kad_buf_printf(&b, _("Page %llu: %s."), page, f->what);
    put_range(&b, f);
    struct kad_trouble *t = trouble_new(y->v, KAD_PART_PAGES);
    t->page = f->page;
    t->from = f->from;
    t->to = f->to;
    trouble_text(t, kad_buf_str(&b));
    kad_buf_done(&b);
    kad_buf_done(&name);
}

static void page_step(void *ctx, uint64_t done, uint64_t of)
{
    kad_verify_step(ctx, KAD_PART_PAGES, done, of);
}

/* false: LMDB must not be let near it. */
static bool check_pages(struct kad_verifying *y, struct kad_error *reterr)
{
    struct kad_pages_seen seen = {0};
    kad_part_set(y, KAD_PART_PAGES, KAD_CHECK_BEGUN);
    enum kad_err err =
        kad_ledger_walk(y->o->dir, y->o->still, page_step, page_fault, y, &seen, reterr);
    y->v->pages = seen.pages;
    y->v->pages_free = seen.free;
    y->v->page_size = seen.page_size;
    if (err == KAD_OK)
        kad_part_set(y, KAD_PART_PAGES, KAD_CHECK_DONE);
    return err == KAD_OK && !seen.broken;
}

/* --- all of it, in the child --- */

/* The engine, since tasks are derived again; the ledger alone when it cannot be had. */
static enum kad_err open_all(struct kad_verifying *y, struct kad_error *reterr)
{
    const struct kad_verify_options *o = y->o;
    struct kad_error why = {0};
    struct kad_engine_options e = {.dir = o->dir,
                                   .still = o->still,
                                   .compile = o->compile,
                                   .now = KAD_INSTANT_NONE,
                                   .known = KAD_KNOWN_ALL};
    if (o->compile && kad_engine_open(&e, &y->engine, &why) == KAD_OK) {
        y->ledger = kad_engine_ledger(y->engine);
        return KAD_OK;
    }
    enum kad_err err = o->still ? kad_ledger_open_still(o->dir, &y->ledger, reterr)
                                : kad_ledger_open(o->dir, false, 0, &y->ledger, reterr);
    if (err == KAD_OK && o->compile)
        kad_trouble_add(y, KAD_PART_ISSUED, 0, "%s", why.text);
    return err;
}

static void close_all(struct kad_verifying *y)
{
    if (y->engine)
        kad_engine_close(y->engine);
    else
        kad_ledger_close(y->ledger);
    y->engine = NULL;
    y->ledger = NULL;
}

static enum kad_err check_contents(struct kad_verifying *y, struct kad_error *reterr)
{
    static enum kad_err (*const steps[])(struct kad_verifying *, struct kad_error *) = {
        kad_verify_ask,   kad_verify_log,   kad_verify_beside,
        kad_verify_seals, kad_verify_vault, kad_verify_stories};
    struct kad_verify *v = y->v;
    enum kad_err err = open_all(y, reterr);
    if (err != KAD_OK)
        return err;
    const struct kad_ledger_info *info = kad_ledger_info(y->ledger);
    v->opened = true;
    v->mode = info->mode;
    memcpy(v->id, info->id, sizeof v->id);
    memcpy(v->programme, info->programme, sizeof v->programme);
    kad_part_set(y, KAD_PART_IDENTITY, KAD_CHECK_DONE); /* opening has computed it */
    for (size_t i = 0; i < sizeof steps / sizeof *steps && err == KAD_OK; i++)
        err = steps[i](y, reterr);
    close_all(y);
    return err;
}

static void in_child(void *ctx, int fd)
{
    struct kad_verifying *y = ctx;
    struct shared *s = (struct shared *)y->v; /* its first member */
    (void)fd;
    kad_ledger_faults_silent();
    kad_vault_say_nothing(); /* what cannot be opened is told as a part of the answer */
    kad_arena_init(&y->arena);
    pthread_mutex_init(&y->lock, NULL);
    bool sound = check_pages(y, &s->error);
    /* What is broken is only opened to hear what opening says of it: the meta pages are looked at
     * before LMDB sees the file. */
    if (s->error.code == KAD_OK && (sound || y->v->page_size == 0))
        s->err = check_contents(y, &s->error);
    else
        s->err = s->error.code;
    kad_arena_done(&y->arena);
}

static enum kad_err result(struct shared *s, const struct kad_child_end *end,
                           struct kad_error *reterr)
{
    struct kad_verify *v = &s->v;
    if (s->err != KAD_OK && !v->opened && v->n_troubles == 0)
        return kad_fail(reterr, s->err, "%s", s->error.text);
    if (!end->done) {
        v->signal = end->signal;
        struct kad_trouble *t = trouble_new(v, v->in);
        struct kad_buf b = {0};
        kad_buf_printf(&b,
                       _("Reading was broken off here: what the file says makes no sense, or the "
                         "disk does not give it back (signal %d)."),
                       end->signal);
        trouble_text(t, kad_buf_str(&b));
        kad_buf_done(&b);
    } else if (s->err != KAD_OK && v->opened) {
        trouble_text(trouble_new(v, v->in), s->error.text);
    }
    if (!v->opened && s->err != KAD_OK)
        return kad_fail(reterr, s->err, "%s", s->error.text);
    return v->n_troubles > 0 ? KAD_ENO : KAD_OK;
}

enum kad_err kad_verify_run(const struct kad_verify_options *o, struct kad_verify **ret,
                            struct kad_error *reterr)
{
    kad_assert(o && o->dir && ret);
    struct shared *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kad_verify_options own = *o;
    struct kad_verifying y = {.o = &own};
    struct kad_buf said = {0};
    struct kad_child_end end;
    *ret = NULL;
    if (s == MAP_FAILED)
        return kad_fail(reterr, KAD_EIO, _("There is not enough memory."));
    own.still = o->still || kad_ledger_is_backup(o->dir);
    s->v.first_at = s->v.last_at = KAD_INSTANT_NONE;
    y.v = *ret = &s->v;
    enum kad_err err = kad_child_run(in_child, &y, 0, &said, &end, reterr);
    kad_buf_done(&said);
    return err == KAD_OK ? result(s, &end, reterr) : err;
}

bool kad_verify_complete(const struct kad_verify *v)
{
    for (int i = 0; i < KAD_PART__COUNT; i++)
        if (v->parts[i] == KAD_CHECK_NOT || v->parts[i] == KAD_CHECK_BEGUN)
            return false;
    return v->opened;
}

void kad_verify_free(struct kad_verify *v)
{
    if (v)
        munmap(v, sizeof(struct shared));
}

#include "tests/unit/toy_store.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/keys.h"
#include "tests/unit/toy_policy.h"
#include "tests/unit/unit.h"

#define MOST 12 /* fields or notes in a line */

kad_instant toy_at(const char *rfc3339)
{
    kad_instant t;
    assert_true(kad_instant_parse(rfc3339, strlen(rfc3339), &t));
    return t;
}

kad_day toy_day(const char *text)
{
    kad_day d;
    assert_true(kad_day_parse(text, strlen(text), &d));
    return d;
}

static void must(struct toy_store *s, enum kad_err err)
{
    if (err != KAD_OK)
        fail_msg("%s: %s", kad_err_name(err), s->err.text);
}

void toy_reopen(struct toy_store *s)
{
    kad_engine_close(s->e);
    s->e = NULL;
    must(s, kad_engine_open(&s->o, &s->e, &s->err));
}

/* One key folder for all stores of the program, gone when it ends. */
static char keys[] = "/tmp/kadens-unit-keys-XXXXXX";

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_keys(void)
{
    nftw(keys, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_keys(void)
{
    static bool made;
    if (made)
        return;
    made = true;
    assert_non_null(mkdtemp(keys));
    kad_keys_set_folder(keys);
    atexit(remove_keys);
}

void toy_open(struct toy_store *s, enum kad_ledger_mode mode, const char *now)
{
    *s = (struct toy_store){.dir = "/tmp/kadens-unit-XXXXXX"};
    make_keys();
    assert_non_null(mkdtemp(s->dir));
    struct kad_ledger_info info = {.mode = mode};
    must(s, kad_ledger_create(s->dir, &info, &s->err));
    s->o = (struct kad_engine_options){.dir = s->dir,
                                       .write = true,
                                       .compile = toy_compile,
                                       .now = now ? toy_at(now) : KAD_INSTANT_NONE,
                                       .known = KAD_KNOWN_ALL,
                                       .by = KAD_STR("anna"),
                                       .via = KAD_STR("os:anna")};
    kad_arena_init(&s->words);
    toy_reopen(s);
}

void toy_close(struct toy_store *s)
{
    kad_batch_abort(s->batch);
    kad_engine_close(s->e);
    kad_arena_done(&s->words);
    assert_int_equal(nftw(s->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* --- lines --- */

struct line {
    struct kad_draft d;
    struct kad_input fields[MOST], notes[MOST];
};

static struct kad_str value_of(struct toy_store *s, struct kad_str word, char divider, char into)
{
    char *copy = kad_arena_strndup(&s->words, word.p, word.n);
    for (size_t i = 0; i < word.n; i++) {
        if (copy[i] == '~')
            copy[i] = ' ';
        if (divider && copy[i] == divider)
            copy[i] = into;
    }
    return (struct kad_str){copy, word.n};
}

static void draft_word(struct kad_draft *d, struct kad_str what, struct kad_str value)
{
    if (kad_str_eq(what, KAD_STR("id")))
        d->id = value;
    else if (kad_str_eq(what, KAD_STR("by")))
        d->by = value;
    else if (kad_str_eq(what, KAD_STR("via")))
        d->via = value;
    else if (kad_str_eq(what, KAD_STR("override")))
        d->override = value;
    else if (kad_str_eq(what, KAD_STR("at")))
        d->at = toy_at(value.p);
    else if (kad_str_eq(what, KAD_STR("seq")))
        d->seq = strtoull(value.p, NULL, 10);
    else if (kad_str_eq(what, KAD_STR("clock")))
        d->clock = kad_str_eq(value, KAD_STR("given"));
    else
        fail_msg("the line has a word of no meaning");
}

static void key_word(struct toy_store *s, struct line *l, struct kad_str word)
{
    bool note = word.p[0] == ':', what = word.p[0] == '!';
    if (note || what)
        word = (struct kad_str){word.p + 1, word.n - 1};
    const char *eq = memchr(word.p, '=', word.n);
    assert_non_null(eq);
    struct kad_str name = {word.p, (size_t)(eq - word.p)};
    struct kad_str rest = {eq + 1, word.n - name.n - 1};
    bool list =
        note && (kad_str_eq(name, KAD_STR("only")) || kad_str_eq(name, KAD_STR("accepted")));
    struct kad_str value = value_of(s, rest, list ? '|' : 0, '\n');
    if (what) {
        draft_word(&l->d, name, value);
        return;
    }
    struct kad_input in = {.name = name, .form = list ? KAD_IN_LIST : KAD_IN_WORDS, .text = value};
    if (value.n == 4 && memcmp(value.p, "null", 4) == 0)
        in.form = KAD_IN_NULL;
    size_t *n = note ? &l->d.n_notes : &l->d.n_fields;
    assert_true(*n < MOST);
    (note ? l->notes : l->fields)[(*n)++] = in;
}

static void read_line(struct toy_store *s, const char *text, struct line *l)
{
    *l = (struct line){.d = {.on = KAD_DAY_NONE, .at = KAD_INSTANT_NONE, .clock = -1}};
    l->d.fields = l->fields;
    l->d.notes = l->notes;
    for (size_t word = 0; *text; word++) {
        size_t n = strcspn(text, " ");
        struct kad_str w = {text, n};
        bool dash = n == 1 && *text == '-';
        if (word == 0)
            l->d.type = w;
        else if (word == 1)
            l->d.subject = dash ? (struct kad_str){0} : value_of(s, w, 0, 0);
        else if (word == 2)
            l->d.on = dash ? KAD_DAY_NONE : toy_day(kad_arena_strndup(&s->words, w.p, w.n));
        else
            key_word(s, l, w);
        text += n;
        text += strspn(text, " ");
    }
}

/* --- putting --- */

enum kad_err toy_draft(struct toy_store *s, const struct kad_draft *d)
{
    s->err = (struct kad_error){0};
    if (!s->batch)
        must(s, kad_batch_begin(s->e, &s->batch_options, &s->batch, &s->err));
    return kad_batch_put(s->batch, d, &s->out, &s->err);
}

enum kad_err toy_try(struct toy_store *s, const char *line)
{
    struct line *l = kad_arena_new(&s->words, struct line);
    read_line(s, line, l);
    return toy_draft(s, &l->d);
}

void toy_commit(struct toy_store *s)
{
    struct kad_batch *b = s->batch;
    s->batch = NULL;
    if (b)
        must(s, kad_batch_commit(b, &s->err));
}

void toy_abort(struct toy_store *s)
{
    kad_batch_abort(s->batch);
    s->batch = NULL;
}

uint64_t toy_put(struct toy_store *s, const char *line)
{
    must(s, toy_try(s, line));
    return s->out.seq;
}

void toy_refuse(struct toy_store *s, const char *line, enum kad_err code, const char *words)
{
    enum kad_err err = toy_try(s, line);
    if (err != code)
        fail_msg("“%s” gave %s (%s)", line, kad_err_name(err), s->err.text);
    if (!strstr(s->err.text, words))
        fail_msg("“%s” does not say “%s”: %s", line, words, s->err.text);
}

uint64_t toy_adopt(struct toy_store *s)
{
    uint64_t seq = toy_put(s, "kadens.adopted - 2021-01-01 :text=toy");
    toy_commit(s);
    return seq;
}

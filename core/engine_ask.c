/* Asking: one subject, or every subject that a question concerns. */
#include "core/engine_priv.h"

#include <stdlib.h>
#include <time.h>

#define PAGE 256                  /* subjects read at a time */
#define SLICE_NS (50 * 1000000LL) /* how long one snapshot may pin its pages */
#define NEAREST_KEYS 200000       /* a search for a mistyped key ends here */
#define NEAREST_PAGE 1024

/* --- names that policies give --- */

const struct kad_kind *kad_named_kind(const struct kad_timeline *t, struct kad_str key)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct kad_policy *p = t->v[i].policy;
        for (size_t k = 0; p && k < p->n_kinds; k++) {
            const struct kad_kind *kind = &p->kinds[k];
            if (kind->shape == KAD_KIND_PROGRAMME
                    ? kad_str_eq(key, KAD_STR(KAD_PROGRAMME))
                    : kind->shape == KAD_KIND_ONE_OF && kad_kind_member(kind, key) >= 0)
                return kind;
        }
    }
    return NULL;
}

/* Keys from outside are compared in their composed form; what is no text matches nothing. */
static struct kad_str key_of(struct kad_arena *a, struct kad_str s)
{
    size_t at;
    return kad_utf8_valid(s, &at) ? kad_text_nfc(a, s) : (struct kad_str){0};
}

static int str_cmp(const void *a, const void *b)
{
    return kad_str_cmp(*(const struct kad_str *)a, *(const struct kad_str *)b);
}

size_t kad_named_keys(const struct kad_timeline *t, struct kad_arena *a, struct kad_str **ret)
{
    kad_vec(struct kad_str) keys = {0};
    for (size_t i = 0; i < t->n; i++) {
        const struct kad_policy *p = t->v[i].policy;
        for (size_t k = 0; p && k < p->n_kinds; k++) {
            const struct kad_kind *kind = &p->kinds[k];
            if (kind->shape == KAD_KIND_PROGRAMME)
                kad_vec_push(a, &keys, KAD_STR(KAD_PROGRAMME));
            for (size_t m = 0; kind->shape == KAD_KIND_ONE_OF && m < kind->n_members; m++)
                kad_vec_push(a, &keys, kind->members[m].name);
        }
    }
    if (keys.n > 0)
        qsort(keys.v, keys.n, sizeof *keys.v, str_cmp);
    size_t n = 0;
    for (size_t i = 0; i < keys.n; i++)
        if (n == 0 || !kad_str_eq(keys.v[i], keys.v[n - 1]))
            keys.v[n++] = keys.v[i];
    *ret = keys.v;
    return n;
}

/* --- one subject --- */

static bool any_known(const struct kad_record *r, size_t n, struct kad_known known)
{
    for (size_t i = 0; i < n; i++)
        if (r[i].seq <= known.seq && r[i].at <= known.at)
            return true;
    return false;
}

static void keep(struct kad_arena *a, struct kad_str *s)
{
    *s = kad_str_dup(a, *s);
}

static void keep_fields(struct kad_arena *a, struct kad_field *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        keep(a, &f[i].name);
        keep(a, &f[i].value.str);
    }
}

/* Copy what points into a snapshot that will be released. */
static void keep_records(struct kad_arena *a, struct kad_record *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct kad_record *r = &records[i];
        struct kad_str *strings[] = {&r->subject, &r->type, &r->id, &r->by, &r->via};
        for (size_t k = 0; k < sizeof strings / sizeof *strings; k++)
            keep(a, strings[k]);
        keep_fields(a, r->fields, r->n_fields);
        keep_fields(a, r->notes, r->n_notes);
        for (size_t k = 0; k < r->n_deviations; k++) {
            keep(a, &r->deviations[k].message);
            keep(a, &r->deviations[k].source);
        }
    }
}

/* Load what is known of it. *ret_there: is there such a subject, as known? `kept`: it outlives the
 * snapshot. */
static enum kad_err load_subject(struct kad_snapshot *s, const struct kad_timeline *timeline,
                                 struct kad_known known, const struct kad_subject_info *info,
                                 bool kept, struct kad_arena *a, struct kad_subject *ret,
                                 bool *ret_there, struct kad_error *reterr)
{
    struct kad_record *records = NULL;
    size_t n = 0;
    *ret = (struct kad_subject){.info = *info};
    if (info->records > 0) {
        enum kad_err err = kad_snapshot_story(s, info->key, a, &records, &n, reterr);
        if (err)
            return err;
        if (kept)
            keep_records(a, records, n);
    }
    const struct kad_kind *named = kad_named_kind(timeline, info->key);
    *ret_there = named || any_known(records, n, known);
    if (!*ret_there)
        return KAD_OK;
    ret->info.kind = kad_str_dup(a, named ? named->name : info->kind);
    /* The derivation keeps its own, so that the subject may be copied and moved. */
    struct kad_story *story = kad_arena_new(a, struct kad_story);
    kad_story_build(a, ret->info.key, records, n, known, story);
    ret->story = *story;
    ret->derive = kad_derive_new(a, timeline, story, ret->info.kind);
    ret->records = records;
    ret->n_records = n;
    ret->known = known;
    return KAD_OK;
}

/* What the ledger says of a key; made up for one without records. */
static enum kad_err subject_info(struct kad_snapshot *s, struct kad_str key, struct kad_arena *a,
                                 struct kad_subject_info *ret, struct kad_error *reterr)
{
    struct kad_error none = {0};
    enum kad_err err = kad_snapshot_subject(s, key, ret, &none);
    if (err == KAD_ENOTFOUND) {
        *ret = (struct kad_subject_info){.first_on = KAD_DAY_NONE, .first_person = KAD_DAY_NONE};
        err = KAD_OK;
    } else if (err) {
        return kad_fail(reterr, err, "%s", none.text);
    }
    ret->key = kad_str_dup(a, key);
    ret->kind = kad_str_dup(a, ret->kind);
    return KAD_OK;
}

enum kad_err kad_engine_subject(struct kad_engine *e, struct kad_str key, struct kad_arena *a,
                                struct kad_subject *ret, struct kad_error *reterr)
{
    kad_assert(e && a && ret);
    bool there = false;
    struct kad_snapshot *s = NULL;
    struct kad_subject_info info;
    struct kad_str asked = key;
    key = key_of(a, key);
    enum kad_err err = kad_snapshot_take(e->ledger, &s, reterr);
    if (!err && key.n > 0 && key.n <= KAD_LIMIT_KEY)
        err = subject_info(s, key, a, &info, reterr);
    else
        info = (struct kad_subject_info){.key = key};
    if (!err)
        err = load_subject(s, &e->known, e->o.known, &info, true, a, ret, &there, reterr);
    kad_snapshot_release(s);
    if (!err && !there)
        return kad_fail(reterr, KAD_ENOTFOUND, _("There is no subject “%.*s”."),
                        KAD_STR_FMT(asked));
    return err;
}

/* --- what was meant --- */

struct kad_guess kad_guess_for(struct kad_str want)
{
    return (struct kad_guess){.want = want, .distance = 3};
}

void kad_guess_try(struct kad_guess *g, struct kad_str name)
{
    size_t apart = name.n > g->want.n ? name.n - g->want.n : g->want.n - name.n;
    /* A character is up to four bytes; a longer difference is more than two slips. */
    if (apart > 8 || kad_str_eq(name, g->want))
        return;
    unsigned distance = kad_text_distance(g->want, name, 2);
    if (distance < g->distance) {
        g->distance = distance;
        g->best = name;
    }
}

enum kad_err kad_nearest_key(struct kad_snapshot *s, const struct kad_timeline *t,
                             struct kad_str key, struct kad_arena *a, struct kad_str *ret,
                             struct kad_error *reterr)
{
    struct kad_guess g = kad_guess_for(key);
    struct kad_str *named = NULL;
    size_t n_named = kad_named_keys(t, a, &named);
    for (size_t i = 0; i < n_named; i++)
        kad_guess_try(&g, named[i]);
    g.best = kad_str_dup(a, g.best);

    struct kad_arena page;
    kad_arena_init(&page);
    struct kad_subject_info *infos = kad_xalloc(NEAREST_PAGE * sizeof *infos);
    struct kad_str after = {0};
    enum kad_err err = KAD_OK;
    size_t n = NEAREST_PAGE;
    for (size_t seen = 0; !err && n == NEAREST_PAGE && seen < NEAREST_KEYS && g.distance > 1;
         seen += n) {
        kad_arena_reset(&page);
        err = kad_snapshot_subjects(s, after, NEAREST_PAGE, &page, infos, &n, reterr);
        struct kad_str before = g.best;
        for (size_t i = 0; !err && i < n; i++)
            kad_guess_try(&g, infos[i].key);
        if (before.p != g.best.p)
            g.best = kad_str_dup(a, g.best);
        if (n > 0)
            after = kad_str_dup(a, infos[n - 1].key);
    }
    free(infos);
    kad_arena_done(&page);
    *ret = g.best;
    return err;
}

struct kad_str kad_engine_nearest(struct kad_engine *e, struct kad_str key, struct kad_arena *a)
{
    struct kad_snapshot *s = NULL;
    struct kad_str best = {0};
    struct kad_error ignored = {0};
    if (kad_snapshot_take(e->ledger, &s, &ignored) == KAD_OK &&
        kad_nearest_key(s, &e->known, key_of(a, key), a, &best, &ignored) != KAD_OK)
        best = (struct kad_str){0};
    kad_snapshot_release(s);
    return best;
}

/* --- every subject --- */

/* A walk over up to three sorted sources of keys: the table of subjects, or those that named the
 * person; and beside them the keys that policies name. */
struct walk {
    struct kad_engine *e;
    const struct kad_each *q;
    const struct kad_timeline *timeline;
    struct kad_known known;
    struct kad_snapshot *s;
    int64_t slice_end; /* nanoseconds of the monotonic clock */
    bool table;        /* through the table; else through `mine` only */
    bool filter;       /* of the table only those that may be unowned, and `mine` */
    struct kad_str *mine, *named;
    size_t n_mine, n_named, next_mine, next_named;
    struct kad_str after; /* the table has been read up to this key */
    struct kad_arena keep, keys[2], page, one;
    unsigned turn;
    uint64_t done, of;
};

static int64_t ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t); /* a stopwatch, not the time of day */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static enum kad_err fresh_slice(struct walk *w, struct kad_error *reterr)
{
    kad_snapshot_release(w->s);
    w->s = NULL;
    w->slice_end = ticks() + SLICE_NS;
    if (w->q->progress && w->of > 0)
        w->q->progress(w->q->progress_ctx, w->done < w->of ? w->done : w->of, w->of);
    return kad_snapshot_take(w->e->ledger, &w->s, reterr);
}

/* May the subject have had nobody on the day? Only its story can tell for sure. */
static bool may_be_unowned(const struct walk *w, const struct kad_subject_info *info)
{
    return info->amended || info->first_person == KAD_DAY_NONE || info->first_person > w->q->day;
}

static bool is_mine(struct walk *w, struct kad_str key)
{
    while (w->next_mine < w->n_mine && kad_str_cmp(w->mine[w->next_mine], key) < 0)
        w->next_mine++;
    return w->next_mine < w->n_mine && kad_str_eq(w->mine[w->next_mine], key);
}

static enum kad_err visit(struct walk *w, const struct kad_subject_info *info, kad_each_fn fn,
                          void *ctx, struct kad_error *reterr)
{
    enum kad_err err = ticks() < w->slice_end ? KAD_OK : fresh_slice(w, reterr);
    struct kad_subject subject;
    bool there = false;
    kad_arena_reset(&w->one);
    if (!err)
        err = load_subject(w->s, w->timeline, w->known, info, false, &w->one, &subject, &there,
                           reterr);
    return err || !there ? err : fn(ctx, &subject, reterr);
}

/* Those that policies name and that stand before `key` (empty: all that are left). One with records
 * comes from the table when the whole table is walked; its records are looked up otherwise. */
static enum kad_err visit_named(struct walk *w, struct kad_str key, kad_each_fn fn, void *ctx,
                                struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    while (!err && w->next_named < w->n_named) {
        struct kad_str name = w->named[w->next_named];
        int order = key.n == 0 ? -1 : kad_str_cmp(name, key);
        if (order > 0)
            break;
        w->next_named++;
        if (order == 0)
            break; /* it is the one that comes now anyway */
        struct kad_subject_info info;
        err = subject_info(w->s, name, &w->page, &info, reterr);
        if (!err)
            err = visit(w, &info, fn, ctx, reterr);
    }
    return err;
}

static bool is_named(const struct walk *w, struct kad_str key)
{
    return w->n_named > 0 && bsearch(&key, w->named, w->n_named, sizeof key, str_cmp) != NULL;
}

static enum kad_err walk_table(struct walk *w, kad_each_fn fn, void *ctx, struct kad_error *reterr)
{
    struct kad_subject_info *infos = kad_arena_array(&w->keep, struct kad_subject_info, PAGE);
    enum kad_err err = KAD_OK;
    size_t n = PAGE;
    while (!err && n == PAGE) {
        kad_arena_reset(&w->page);
        err = kad_snapshot_subjects(w->s, w->after, PAGE, &w->page, infos, &n, reterr);
        for (size_t i = 0; !err && i < n; i++) {
            w->done++;
            if (w->filter && !may_be_unowned(w, &infos[i]) && !is_mine(w, infos[i].key) &&
                !is_named(w, infos[i].key))
                continue;
            err = visit_named(w, infos[i].key, fn, ctx, reterr);
            if (!err)
                err = visit(w, &infos[i], fn, ctx, reterr);
        }
        if (!err && n > 0) {
            /* The key must outlive its page, but not all pages. */
            struct kad_arena *keys = &w->keys[w->turn++ % 2];
            kad_arena_reset(keys);
            w->after = kad_str_dup(keys, infos[n - 1].key);
        }
    }
    return err ? err : visit_named(w, (struct kad_str){0}, fn, ctx, reterr);
}

static enum kad_err walk_mine(struct walk *w, kad_each_fn fn, void *ctx, struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    for (size_t i = 0; !err && i < w->n_mine; i++) {
        struct kad_subject_info info;
        kad_arena_reset(&w->page);
        w->done++;
        err = subject_info(w->s, w->mine[i], &w->page, &info, reterr);
        if (!err)
            err = visit(w, &info, fn, ctx, reterr);
    }
    return err;
}

/* The last record that is known: instants never run backwards, so it can be searched by halves. */
static enum kad_err last_known(struct walk *w, uint64_t *ret, struct kad_error *reterr)
{
    uint64_t low = 0, high = w->known.seq;
    enum kad_err err = KAD_OK;
    while (!err && w->known.at != INT64_MAX && low < high) {
        uint64_t mid = high - (high - low) / 2;
        struct kad_str bytes;
        struct kad_record r;
        err = kad_snapshot_record(w->s, mid, &bytes, reterr);
        if (!err)
            err = kad_record_decode(bytes, &w->page, false, &r, reterr);
        if (!err && r.at <= w->known.at)
            low = mid;
        else
            high = mid - 1;
    }
    *ret = high;
    return err;
}

static enum kad_err walk_begin(struct walk *w, struct kad_error *reterr)
{
    struct kad_ledger_state state;
    enum kad_err err = fresh_slice(w, reterr);
    if (!err)
        err = kad_snapshot_state(w->s, &state, reterr);
    if (err)
        return err;
    /* What is recorded while the walk goes on is passed over. */
    w->known = w->e->o.known;
    if (w->known.seq > state.last_seq)
        w->known.seq = state.last_seq;
    if (w->q->ret_seq)
        err = last_known(w, w->q->ret_seq, reterr);
    if (err)
        return err;
    if (w->q->person.n > 0) {
        struct kad_str person = key_of(&w->keep, w->q->person);
        if (person.n <= KAD_LIMIT_NAME)
            err = kad_snapshot_mentions(w->s, person, &w->keep, &w->mine, &w->n_mine, reterr);
        for (size_t i = 0; !err && i < w->n_mine; i++)
            w->mine[i] = kad_str_dup(&w->keep, w->mine[i]);
    }
    w->filter = w->q->person.n > 0;
    w->table = w->q->person.n == 0 || w->q->unowned;
    w->of = w->table ? state.subjects : w->n_mine;
    if (w->table)
        w->n_named = kad_named_keys(w->timeline, &w->keep, &w->named);
    return err;
}

enum kad_err kad_engine_each(struct kad_engine *e, const struct kad_each *q, kad_each_fn fn,
                             void *ctx, struct kad_error *reterr)
{
    kad_assert(e && q && fn);
    struct walk w = {.e = e, .q = q, .timeline = q->timeline ? q->timeline : &e->known};
    struct kad_arena *arenas[] = {&w.keep, &w.keys[0], &w.keys[1], &w.page, &w.one};
    for (size_t i = 0; i < sizeof arenas / sizeof *arenas; i++)
        kad_arena_init(arenas[i]);
    enum kad_err err = walk_begin(&w, reterr);
    if (!err)
        err = w.table ? walk_table(&w, fn, ctx, reterr) : walk_mine(&w, fn, ctx, reterr);
    if (!err && q->progress && w.of > 0)
        q->progress(q->progress_ctx, w.of, w.of);
    kad_snapshot_release(w.s);
    for (size_t i = 0; i < sizeof arenas / sizeof *arenas; i++)
        kad_arena_done(arenas[i]);
    return err;
}

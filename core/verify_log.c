/* Every record of the log read and hashed again, in stretches that threads take one after the other;
 * from their hashes the tree. One of the threads checks the views first. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/calendar.h"
#include "core/ledger_priv.h"
#include "core/verify_priv.h"

#define SLICE_NS INT64_C(50000000) /* how long a snapshot pins its pages */
#define THREADS_MAX 16
#define DAY_USEC INT64_C(86400000000)

struct stretch {
    kad_instant first_at, last_at;
};

struct pass {
    struct kad_verifying *y;
    uint64_t last; /* records */
    struct stretch *stretches;
    uint8_t (*hashes)[KAD_HASH]; /* of the same */
    uint64_t n;
    atomic_uint_fast64_t next, done;
    atomic_bool failed;
    struct kad_error error; /* the first one's, under the lock */
};

/* One thread of it. */
struct worker {
    struct pass *p;
    bool tells, views; /* it tells of progress; it checks the views first */
    struct kad_snapshot *s;
    MDB_cursor *cursor;
    int64_t began;
    struct kad_arena arena;
    uint8_t leaves[KAD_STRETCH][KAD_HASH]; /* of the stretch in hand */
    struct kad_year_count years[KAD_VERIFY_YEARS];
    size_t n_years;
    uint64_t bytes, private, issued; /* private: with a private block */
    struct kad_error error;
};

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* --- counting by year --- */

static struct kad_year_count *year_of(struct kad_year_count *v, size_t *n, int year)
{
    size_t i = 0;
    while (i < *n && v[i].year != year)
        i++;
    if (i == KAD_VERIFY_YEARS)
        return &v[i - 1]; /* a ledger of more years than that: the last takes the rest */
    if (i == *n)
        v[(*n)++] = (struct kad_year_count){.year = year};
    return &v[i];
}

static void count(struct worker *w, const struct kad_record *r, size_t bytes)
{
    int64_t day = r->at / DAY_USEC - (r->at % DAY_USEC < 0);
    struct kad_year_count *y = year_of(w->years, &w->n_years, kad_ymd_of((kad_day)day).year);
    y->records++;
    y->given += (r->flags & KAD_RF_GIVEN) != 0;
    y->overridden += (r->flags & KAD_RF_OVERRIDE) != 0;
    y->deviating += (r->flags & KAD_RF_DEVIATES) != 0;
    y->corrected += r->kind == KAD_R_CORRECTED;
    y->retracted += r->kind == KAD_R_RETRACTED;
    y->waived += r->kind == KAD_R_WAIVED;
    y->erased += r->kind == KAD_R_ERASED;
    w->private += (r->flags & KAD_RF_PRIVATE) != 0;
    w->issued += r->kind >= KAD_R_ISSUED && r->kind <= KAD_R_ESCALATED;
    w->bytes += bytes;
}

static int year_cmp(const void *a, const void *b)
{
    const struct kad_year_count *x = a, *y = b;
    return (x->year > y->year) - (x->year < y->year);
}

static void add_counts(struct worker *w)
{
    struct kad_verify *v = w->p->y->v;
    v->bytes += w->bytes;
    w->p->y->n_private += w->private;
    w->p->y->n_issued += w->issued;
    for (size_t i = 0; i < w->n_years; i++) {
        const struct kad_year_count *from = &w->years[i];
        struct kad_year_count *to = year_of(v->years, &v->n_years, from->year);
        to->records += from->records;
        to->given += from->given;
        to->overridden += from->overridden;
        to->deviating += from->deviating;
        to->corrected += from->corrected;
        to->retracted += from->retracted;
        to->waived += from->waived;
        to->erased += from->erased;
    }
}

/* --- one stretch --- */

static void slice_end(struct worker *w)
{
    if (w->cursor)
        mdb_cursor_close(w->cursor);
    w->cursor = NULL;
    kad_snapshot_release(w->s);
    w->s = NULL;
}

static enum kad_err slice_renew(struct worker *w)
{
    struct kad_ledger *l = w->p->y->ledger;
    if (w->s && now_ns() - w->began < SLICE_NS)
        return KAD_OK;
    slice_end(w);
    w->began = now_ns();
    enum kad_err err = kad_snapshot_take(l, &w->s, &w->error);
    if (err != KAD_OK)
        return err;
    int rc = KAD_LMDB(mdb_cursor_open(w->s->mdb, l->dbi[KAD_TAB_LOG], &w->cursor));
    return rc == 0 ? KAD_OK : kad_lmdb_fail(l, rc, &w->error);
}

/* Check one record; its leaf is the hash of its header, whatever is wrong with it. */
static void take_record(struct worker *w, struct stretch *st, uint64_t seq, struct kad_str bytes,
                        uint8_t leaf[KAD_HASH])
{
    struct kad_verifying *y = w->p->y;
    struct kad_error why = {0};
    struct kad_record r;
    struct kad_rd in = {.p = (const uint8_t *)bytes.p + 4, .n = bytes.n < 8 ? 0 : 4};
    uint32_t header = kad_rd_be32(&in);
    kad_merkle_leaf(bytes.p, !in.bad && header <= bytes.n ? header : bytes.n, leaf);
    kad_arena_reset(&w->arena);
    if (kad_record_decode(bytes, &w->arena, true, &r, &why) != KAD_OK) {
        kad_trouble_add(y, KAD_PART_RECORDS, seq, _("Record %llu: %s"), (unsigned long long)seq,
                        why.text);
        return;
    }
    if (r.seq != seq)
        kad_trouble_add(y, KAD_PART_RECORDS, seq, _("Record %llu says that it is number %llu."),
                        (unsigned long long)seq, (unsigned long long)r.seq);
    if (st->last_at != KAD_INSTANT_NONE && r.at < st->last_at)
        kad_trouble_add(y, KAD_PART_RECORDS, seq,
                        _("Record %llu was made before the one in front of it: time runs "
                          "backwards there."),
                        (unsigned long long)seq);
    if (st->first_at == KAD_INSTANT_NONE)
        st->first_at = r.at;
    st->last_at = r.at;
    count(w, &r, bytes.n);
}

/* The next record of the cursor; false: it is missing, which is told. */
static enum kad_err next_record(struct worker *w, uint64_t seq, bool first, struct kad_str *ret)
{
    struct kad_ledger *l = w->p->y->ledger;
    char key[KAD_SEQ_KEY];
    kad_seq_put(key, seq);
    MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v;
    int rc = KAD_LMDB(mdb_cursor_get(w->cursor, &k, &v, first ? MDB_SET : MDB_NEXT));
    if (rc != 0 && rc != MDB_NOTFOUND)
        return kad_lmdb_fail(l, rc, &w->error);
    if (rc == 0 && k.mv_size == KAD_SEQ_KEY && kad_seq_get(k.mv_data) == seq) {
        *ret = kad_of_val(v);
        return KAD_OK;
    }
    return kad_fail(&w->error, KAD_ENOTFOUND, _("Record %llu is missing."),
                    (unsigned long long)seq);
}

static enum kad_err take_stretch(struct worker *w, uint64_t i)
{
    struct pass *p = w->p;
    struct stretch *st = &p->stretches[i];
    struct kad_frontier f = {0};
    uint64_t from = i * KAD_STRETCH,
             n = p->last - from < KAD_STRETCH ? p->last - from : KAD_STRETCH;
    *st = (struct stretch){.first_at = KAD_INSTANT_NONE, .last_at = KAD_INSTANT_NONE};
    enum kad_err err = slice_renew(w);
    for (uint64_t k = 0; k < n && err == KAD_OK; k++) {
        struct kad_str bytes = {0};
        err = next_record(w, from + k + 1, k == 0, &bytes);
        if (err != KAD_OK)
            break;
        take_record(w, st, from + k + 1, bytes, w->leaves[k]);
        kad_frontier_add(&f, w->leaves[k], NULL, NULL);
        kad_verify_size(p->y, &f, from + k + 1);
    }
    if (err == KAD_OK)
        err = kad_verify_tiles(p->y, w->s, i, w->leaves, n, &w->error);
    kad_frontier_root(&f, p->hashes[i]);
    return err;
}

static enum kad_err take_stretches(struct worker *w)
{
    struct pass *p = w->p;
    enum kad_err err = KAD_OK;
    for (uint64_t i;
         err == KAD_OK && !atomic_load(&p->failed) && (i = atomic_fetch_add(&p->next, 1)) < p->n;) {
        err = take_stretch(w, i);
        uint64_t done = atomic_fetch_add(&p->done, 1) + 1;
        if (w->tells)
            kad_verify_step(p->y, KAD_PART_RECORDS,
                            done * KAD_STRETCH < p->last ? done * KAD_STRETCH : p->last, p->last);
    }
    return err;
}

/* --- the views --- */

static void view_differs(void *ctx, const char *what)
{
    kad_trouble_add(ctx, KAD_PART_VIEWS, 0, "%s", what);
}

/* What cannot be read is told of with the records; then the views are not held against it. */
static void check_views(struct kad_verifying *y)
{
    struct kad_error why = {0};
    uint64_t n = 0, told = y->v->troubles_in[KAD_PART_VIEWS];
    kad_part_set(y, KAD_PART_VIEWS, KAD_CHECK_BEGUN);
    if (kad_view_check_hashed(y->ledger, view_differs, y, &n, &why) == KAD_OK)
        kad_part_set(y, KAD_PART_VIEWS, KAD_CHECK_DONE);
    else
        kad_trouble_add(y, KAD_PART_VIEWS, 0, "%s", why.text);
    pthread_mutex_lock(&y->lock);
    told = y->v->troubles_in[KAD_PART_VIEWS] - told;
    if (n > told) { /* more than are told one by one */
        y->v->troubles_in[KAD_PART_VIEWS] += n - told;
        y->v->n_troubles += n - told;
    }
    pthread_mutex_unlock(&y->lock);
}

static void *work(void *ctx)
{
    struct worker *w = ctx;
    struct pass *p = w->p;
    kad_arena_init(&w->arena);
    if (w->views)
        check_views(p->y);
    enum kad_err err = take_stretches(w);
    slice_end(w);
    kad_arena_done(&w->arena);
    pthread_mutex_lock(&p->y->lock);
    add_counts(w);
    if (err != KAD_OK && !atomic_exchange(&p->failed, true))
        p->error = w->error;
    pthread_mutex_unlock(&p->y->lock);
    return NULL;
}

static void run_threads(struct pass *p)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cpus < 1 ? 1 : cpus > THREADS_MAX ? THREADS_MAX : (size_t)cpus;
    if (p->last < KAD_STRETCH * 4)
        n = 1;
    struct worker *w = kad_xalloc(n * sizeof *w);
    pthread_t *threads = kad_xalloc(n * sizeof *threads);
    size_t begun = 0;
    for (size_t i = 0; i < n; i++) {
        w[i].p = p;
        w[i].tells = i == 0;
        w[i].views = i + 1 == n;
    }
    /* The last one checks the views; this one does its share and tells of it. */
    for (size_t i = n - 1; i > 0; i--)
        if (pthread_create(&threads[begun], NULL, work, &w[i]) == 0)
            begun++;
        else if (w[i].views)
            w[i - 1].views = true;
    work(&w[0]);
    for (size_t i = 0; i < begun; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    free(w);
}

/* --- what the stretches make together --- */

static void finish_times(struct pass *p)
{
    struct kad_verifying *y = p->y;
    kad_instant before = KAD_INSTANT_NONE;
    for (uint64_t i = 0; i < p->n; i++) {
        const struct stretch *st = &p->stretches[i];
        if (st->first_at == KAD_INSTANT_NONE)
            continue;
        if (before != KAD_INSTANT_NONE && st->first_at < before)
            kad_trouble_add(y, KAD_PART_RECORDS, i * KAD_STRETCH + 1,
                            _("Record %llu was made before the one in front of it: time runs "
                              "backwards there."),
                            (unsigned long long)(i * KAD_STRETCH + 1));
        if (before == KAD_INSTANT_NONE)
            y->v->first_at = st->first_at;
        y->v->last_at = before = st->last_at;
    }
    qsort(y->v->years, y->v->n_years, sizeof *y->v->years, year_cmp);
}

enum kad_err kad_verify_log(struct kad_verifying *y, struct kad_error *reterr)
{
    struct pass p = {.y = y};
    struct kad_snapshot *s = NULL;
    struct kad_ledger_state state;
    MDB_stat stat;
    kad_part_set(y, KAD_PART_RECORDS, KAD_CHECK_BEGUN);
    enum kad_err err = kad_snapshot_take(y->ledger, &s, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_state(s, &state, reterr);
    if (err == KAD_OK) {
        int rc = KAD_LMDB(mdb_stat(s->mdb, y->ledger->dbi[KAD_TAB_LOG], &stat));
        if (rc != 0)
            err = kad_lmdb_fail(y->ledger, rc, reterr);
    }
    kad_snapshot_release(s);
    if (err != KAD_OK)
        return err;
    y->v->last_seq = p.last = state.last_seq;
    if (stat.ms_entries != p.last)
        kad_trouble_add(y, KAD_PART_RECORDS, 0,
                        _("There are %llu records, but the last one is number %llu."),
                        (unsigned long long)stat.ms_entries, (unsigned long long)p.last);
    p.n = (p.last + KAD_STRETCH - 1) / KAD_STRETCH;
    p.stretches = kad_xalloc((p.n + 1) * sizeof *p.stretches);
    p.hashes = kad_xalloc((p.n + 1) * sizeof *p.hashes);
    kad_part_set(y, KAD_PART_TREE, KAD_CHECK_BEGUN);
    run_threads(&p);
    if (!atomic_load(&p.failed)) {
        finish_times(&p);
        kad_part_set(y, KAD_PART_RECORDS, KAD_CHECK_DONE);
        err = kad_verify_tree(y, p.hashes, p.last, reterr);
    }
    free(p.stretches);
    free(p.hashes);
    if (err != KAD_OK)
        return err;
    return atomic_load(&p.failed) ? kad_fail(reterr, p.error.code, "%s", p.error.text) : KAD_OK;
}

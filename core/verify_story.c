/* Story by story: private fields opened with their subject's key, and every task that was ever issued
 * derived once more. All processors, a few subjects at a time. */
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/engine_priv.h"
#include "core/ledger_priv.h"
#include "core/reissue.h"
#include "core/verify_priv.h"

#define SHARE 64 /* subjects that a thread takes at a time */
#define THREADS_MAX 16

struct issuing {
    struct kad_verifying *y;
    pthread_mutex_t lock;
    struct kad_buf after; /* the last subject that was given out */
    bool end;
    uint64_t subjects, done;
    atomic_uint_fast64_t same, apart, opened, erased, left;
    struct kad_error error; /* the first one's, under the lock */
};

struct issuer {
    struct issuing *p;
    bool tells;
};

/* The next subjects; none at the end. Keys are the arena's. */
static enum kad_err next_share(struct issuing *p, struct kad_snapshot *s, struct kad_arena *a,
                               struct kad_subject_info *ret, size_t *ret_n,
                               struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    *ret_n = 0;
    pthread_mutex_lock(&p->lock);
    if (!p->end)
        err = kad_snapshot_subjects(s, (struct kad_str){p->after.p, p->after.n}, SHARE, a, ret,
                                    ret_n, reterr);
    p->end = err != KAD_OK || *ret_n < SHARE;
    p->done += *ret_n;
    if (*ret_n > 0) {
        struct kad_str last = ret[*ret_n - 1].key;
        kad_buf_reset(&p->after);
        kad_buf_put(&p->after, last.p, last.n);
    }
    pthread_mutex_unlock(&p->lock);
    return err;
}

/* --- what was issued --- */

static void check_record(struct issuing *p, const struct kad_subject_info *info,
                         const struct kad_record *records, size_t n, size_t which,
                         struct kad_arena *a)
{
    const struct kad_record *r = &records[which];
    struct kad_str what = {0}, kind = kad_str(kad_record_type(r->kind));
    switch (kad_reissue_check(p->y->engine, info->kind, records, n, which, a, &what)) {
    case KAD_REISSUE_SAME:
        atomic_fetch_add(&p->same, 1);
        break;
    case KAD_REISSUE_ERASED:
        atomic_fetch_add(&p->apart, 1);
        break;
    default:
        kad_trouble_add(
            p->y, KAD_PART_ISSUED, r->seq,
            _("Record %llu (%.*s, %.*s): its “%.*s” does not follow from what was known "
              "then."),
            (unsigned long long)r->seq, KAD_STR_FMT(kind), KAD_STR_FMT(info->key),
            KAD_STR_FMT(what));
    }
}

/* --- private fields --- */

/* A record with a private block, opened in place if that is possible. `entry`: what the vault says of
 * the subject's key. */
static void open_record(struct issuing *p, const struct kad_subject_info *info,
                        struct kad_record *r, enum kad_vault_entry entry,
                        const uint8_t key[KAD_VAULT_KEY], struct kad_arena *a)
{
    struct kad_verifying *y = p->y;
    if (r->key_number != info->key_number) {
        kad_trouble_add(
            y, KAD_PART_VAULT, r->seq,
            _("Record %llu: its private fields are sealed with key %llu, not with that of "
              "its subject, %llu."),
            (unsigned long long)r->seq, (unsigned long long)r->key_number,
            (unsigned long long)info->key_number);
    } else if (info->erased) {
        kad_record_veil(r, KAD_ERASED);
        atomic_fetch_add(&p->erased, 1);
    } else if (!y->unlocked) {
        atomic_fetch_add(&p->left, 1);
    } else if (entry == KAD_ENTRY_KEY && kad_record_open(r, key, a)) {
        atomic_fetch_add(&p->opened, 1);
    } else if (entry == KAD_ENTRY_KEY) {
        kad_trouble_add(y, KAD_PART_VAULT, r->seq,
                        _("Record %llu: its private fields do not open with the key of “%.*s”."),
                        (unsigned long long)r->seq, KAD_STR_FMT(info->key));
    } else {
        atomic_fetch_add(&p->left, 1); /* the key itself is told of */
    }
}

static void check_private(struct issuing *p, const struct kad_subject_info *info,
                          struct kad_record *records, size_t n, struct kad_arena *a)
{
    struct kad_verifying *y = p->y;
    uint8_t key[KAD_VAULT_KEY] = {0};
    enum kad_vault_entry entry = KAD_ENTRY_DAMAGED;
    if (info->key_number > 0 && !info->erased && y->unlocked) {
        entry = kad_vault_key(y->ledger->vault, info->key_number, info->key, key);
        if (entry == KAD_ENTRY_DAMAGED)
            kad_trouble_add(y, KAD_PART_VAULT, 0,
                            _("Key %llu of the vault is not the one that was made for “%.*s”."),
                            (unsigned long long)info->key_number, KAD_STR_FMT(info->key));
    }
    for (size_t i = 0; i < n; i++)
        if ((records[i].flags & KAD_RF_PRIVATE) && records[i].seq <= y->v->last_seq)
            open_record(p, info, &records[i], entry, key, a);
    sodium_memzero(key, sizeof key);
}

static enum kad_err check_subject(struct issuing *p, struct kad_snapshot *s,
                                  const struct kad_subject_info *info, struct kad_arena *story,
                                  struct kad_arena *one, struct kad_error *reterr)
{
    struct kad_record *records;
    size_t n;
    kad_arena_reset(story);
    enum kad_err err = kad_story_stored(s, info->key, story, &records, &n, reterr);
    if (err != KAD_OK)
        return err;
    check_private(p, info, records, n, story);
    for (size_t i = 0; i < n && p->y->engine; i++) {
        if (!kad_record_issues(records[i].kind) || records[i].seq > p->y->v->last_seq)
            continue;
        kad_arena_reset(one);
        check_record(p, info, records, n, i, one);
    }
    return KAD_OK;
}

/* --- all of them --- */

static void *issue(void *ctx)
{
    struct issuer *w = ctx;
    struct issuing *p = w->p;
    struct kad_arena share, story, one;
    struct kad_subject_info *infos = kad_xalloc(SHARE * sizeof *infos);
    struct kad_error error = {0};
    enum kad_err err = KAD_OK;
    size_t n = 1;
    kad_arena_init(&share);
    kad_arena_init(&story);
    kad_arena_init(&one);
    while (err == KAD_OK && n > 0) {
        struct kad_snapshot *s = NULL; /* a fresh one for each share: it pins no pages for long */
        kad_arena_reset(&share);
        err = kad_snapshot_take(p->y->ledger, &s, &error);
        if (err == KAD_OK)
            err = next_share(p, s, &share, infos, &n, &error);
        for (size_t i = 0; i < n && err == KAD_OK; i++)
            err = check_subject(p, s, &infos[i], &story, &one, &error);
        kad_snapshot_release(s);
        if (w->tells)
            kad_verify_step(p->y, KAD_PART_ISSUED, p->done < p->subjects ? p->done : p->subjects,
                            p->subjects);
    }
    if (err != KAD_OK) {
        pthread_mutex_lock(&p->lock);
        kad_fail(&p->error, err, "%s", error.text);
        p->end = true;
        pthread_mutex_unlock(&p->lock);
    }
    kad_arena_done(&share);
    kad_arena_done(&story);
    kad_arena_done(&one);
    free(infos);
    return NULL;
}

static void run_threads(struct issuing *p)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cpus < 1 ? 1 : cpus > THREADS_MAX ? THREADS_MAX : (size_t)cpus, begun = 0;
    struct issuer w[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    for (size_t i = 0; i < n; i++)
        w[i] = (struct issuer){.p = p, .tells = i == 0};
    for (size_t i = 1; i < n; i++)
        if (pthread_create(&threads[begun], NULL, issue, &w[i]) == 0)
            begun++;
    issue(&w[0]);
    for (size_t i = 0; i < begun; i++)
        pthread_join(threads[i], NULL);
}

enum kad_err kad_verify_stories(struct kad_verifying *y, struct kad_error *reterr)
{
    struct issuing p = {.y = y};
    struct kad_snapshot *s = NULL;
    struct kad_ledger_state state = {0};
    bool issued = y->n_issued > 0 && y->engine, keys = y->v->keys > 0 || y->n_private > 0;
    if (y->n_issued == 0)
        kad_part_set(y, KAD_PART_ISSUED, KAD_CHECK_NOTHING);
    if (!keys && y->v->parts[KAD_PART_VAULT] == KAD_CHECK_BEGUN)
        kad_part_set(y, KAD_PART_VAULT, KAD_CHECK_NOTHING);
    if (!issued && !keys)
        return KAD_OK;
    if (issued)
        kad_part_set(y, KAD_PART_ISSUED, KAD_CHECK_BEGUN);
    enum kad_err err = kad_snapshot_take(y->ledger, &s, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_state(s, &state, reterr);
    kad_snapshot_release(s);
    if (err != KAD_OK)
        return err;
    p.subjects = state.subjects;
    pthread_mutex_init(&p.lock, NULL);
    run_threads(&p);
    kad_buf_done(&p.after);
    y->v->issued = p.same;
    y->v->issued_apart = p.apart;
    y->v->private_opened = p.opened;
    y->v->private_erased = p.erased;
    y->v->private_left = p.left;
    if (p.error.code != KAD_OK)
        return kad_fail(reterr, p.error.code, "%s", p.error.text);
    if (issued)
        kad_part_set(y, KAD_PART_ISSUED, KAD_CHECK_DONE);
    if (y->v->parts[KAD_PART_VAULT] == KAD_CHECK_BEGUN)
        kad_part_set(y, KAD_PART_VAULT,
                     y->n_private == 0 ? KAD_CHECK_NOTHING
                     : y->unlocked     ? KAD_CHECK_DONE
                                       : KAD_CHECK_LOCKED);
    return KAD_OK;
}

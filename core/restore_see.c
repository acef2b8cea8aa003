/* What can be known of the store that is there, and of a checkpoint, before anything is replaced. All in
 * child processes, because a store that is restored is seldom whole. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/checkpoint.h"
#include "core/child.h"
#include "core/files.h"
#include "core/restore.h"

#define SLICE 2000 /* records read from one snapshot */

/* --- the two beside each other --- */

struct pair {
    struct kad_ledger *old, *new;
    const struct kad_restore *r;
    uint64_t last; /* of the new one */
    struct kad_restore_seen *seen;
    int fd;
};

static void tell(const struct pair *p)
{
    if (kad_write_all(p->fd, p->seen, sizeof *p->seen) != 0)
        _exit(1);
}

/* Records from..to of the old one; each decoded, and held against the new one's where it has one. False when
 * something cannot be read. */
static bool read_records(struct pair *p, uint64_t from, uint64_t to)
{
    struct kad_arena a;
    struct kad_error e = {0};
    bool good = true;
    kad_arena_init(&a);
    while (good && from <= to) {
        struct kad_snapshot *old = NULL, *new = NULL;
        good = kad_snapshot_take(p->old, &old, &e) == KAD_OK &&
               kad_snapshot_take(p->new, &new, &e) == KAD_OK;
        for (size_t i = 0; good && i < SLICE && from <= to && !p->seen->differs; i++, from++) {
            struct kad_str x, y;
            struct kad_record rec;
            kad_arena_reset(&a);
            good = kad_snapshot_record(old, from, &x, &e) == KAD_OK &&
                   kad_record_decode(x, &a, true, &rec, &e) == KAD_OK && rec.seq == from;
            if (good && from <= p->last) {
                good = kad_snapshot_record(new, from, &y, &e) == KAD_OK;
                if (good && !kad_str_eq(x, y))
                    p->seen->differs = from;
            }
        }
        kad_snapshot_release(old);
        kad_snapshot_release(new);
        if (p->seen->differs)
            break;
    }
    kad_arena_done(&a);
    return good;
}

static void see_here(void *ctx, int fd)
{
    struct pair *p = ctx;
    struct kad_error e = {0};
    struct kad_snapshot *s;
    struct kad_ledger_state state;
    p->fd = fd;
    kad_ledger_faults_silent();
    if (kad_ledger_open_still(kad_restore_present(p->r), &p->old, &e) != KAD_OK ||
        kad_ledger_open_still(kad_restore_folder(p->r), &p->new, &e) != KAD_OK ||
        kad_snapshot_take(p->old, &s, &e) != KAD_OK)
        return;
    memcpy(p->seen->id, kad_ledger_info(p->old)->id, sizeof p->seen->id);
    p->seen->opened = kad_snapshot_state(s, &state, &e) == KAD_OK;
    kad_snapshot_release(s);
    if (!p->seen->opened)
        return;
    p->seen->last_seq = state.last_seq;
    p->seen->last_at = state.last_at;
    tell(p);
    if (strcmp(p->seen->id, kad_ledger_info(p->new)->id) != 0)
        return;
    p->seen->newer = read_records(p, p->last + 1, state.last_seq);
    tell(p);
    p->seen->compared = read_records(p, 1, p->last < state.last_seq ? p->last : state.last_seq);
    tell(p);
}

enum kad_err kad_restore_see(const struct kad_restore *r, uint64_t backup_last,
                             struct kad_restore_seen *ret, struct kad_error *reterr)
{
    struct kad_buf got = {0};
    struct kad_child_end end;
    struct kad_restore_seen seen = {0};
    struct pair p = {.r = r, .last = backup_last, .seen = &seen};
    kad_assert(r && kad_restore_present(r) && ret);
    enum kad_err err = kad_child_run(see_here, &p, 8 * sizeof seen, &got, &end, reterr);
    *ret = (struct kad_restore_seen){0};
    /* Told as it went; the last that is whole counts, whatever ended the child. */
    if (got.n >= sizeof *ret)
        memcpy(ret, got.p + (got.n / sizeof *ret - 1) * sizeof *ret, sizeof *ret);
    kad_buf_done(&got);
    return err;
}

/* --- a checkpoint that somebody kept --- */

struct question {
    const struct kad_restore *r;
    struct kad_str note;
};
struct answer { /* behind it the sentence, if there is one */
    enum kad_err err;
    enum kad_against verdict;
    uint64_t size;
};

/* Of this ledger, and signed by its key? A later key than the backup knows is in the records that it
 * lacks. */
static enum kad_err read_note(struct kad_ledger *l, struct kad_snapshot *s, struct kad_str note,
                              struct kad_arena *a, struct kad_checkpoint *ret,
                              struct kad_error *reterr)
{
    struct kad_log_keys keys;
    enum kad_err err = kad_log_keys(l, s, a, &keys, reterr);
    return err == KAD_OK ? kad_checkpoint_read(&keys, note, ret, reterr) : err;
}

/* The checkpoint against one ledger; ENO: it is not what was signed, or too short. */
static enum kad_err hold(const char *dir, struct kad_str note, struct kad_checkpoint *ret,
                         bool *ret_read, uint64_t *ret_last, struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    struct kad_snapshot *s = NULL;
    struct kad_ledger_state state = {0};
    struct kad_arena a;
    kad_arena_init(&a);
    *ret_read = false;
    enum kad_err err = kad_ledger_open_still(dir, &l, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_take(l, &s, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_state(s, &state, reterr);
    if (err == KAD_OK)
        err = read_note(l, s, note, &a, ret, reterr);
    *ret_read = err == KAD_OK;
    *ret_last = state.last_seq;
    if (err == KAD_OK)
        err = kad_checkpoint_fits(s, ret, reterr);
    kad_snapshot_release(s);
    kad_ledger_close(l);
    kad_arena_done(&a);
    return err;
}

static void ask(const struct question *q, struct answer *a, struct kad_error *reterr)
{
    struct kad_checkpoint c = {0}, newer = {0};
    struct kad_error ignored = {0};
    const char *present = kad_restore_present(q->r);
    bool read = false, read_there = false;
    uint64_t last = 0, last_there = 0;
    enum kad_err err = hold(kad_restore_folder(q->r), q->note, &c, &read, &last, reterr),
                 there = KAD_ENO;
    a->size = c.size;
    if (read && c.size <= last) {
        a->verdict = err == KAD_OK ? KAD_AGAINST_FITS : KAD_AGAINST_OTHER;
        return;
    }
    if (present && (read || c.size > last))
        there = hold(present, q->note, &newer, &read_there, &last_there, &ignored);
    if (!read && !read_there) {
        a->err = err; /* no checkpoint of this ledger at all */
        return;
    }
    a->size = read ? c.size : newer.size;
    a->verdict = !read_there || a->size > last_there ? KAD_AGAINST_NEWER
                 : there == KAD_OK                   ? KAD_AGAINST_STORE
                                                     : KAD_AGAINST_STORE_OTHER;
}

static void ask_there(void *ctx, int fd)
{
    struct answer a = {0};
    struct kad_error e = {0};
    kad_ledger_faults_silent();
    ask(ctx, &a, &e);
    if (kad_write_all(fd, &a, sizeof a) != 0 || kad_write_all(fd, e.text, strlen(e.text)) != 0)
        _exit(1);
}

enum kad_err kad_restore_against(const struct kad_restore *r, struct kad_str note,
                                 enum kad_against *ret, uint64_t *ret_size,
                                 struct kad_error *reterr)
{
    struct question q = {r, note};
    struct answer a = {0};
    struct kad_buf got = {0};
    struct kad_child_end end;
    kad_assert(r && ret && ret_size);
    enum kad_err err =
        kad_child_run(ask_there, &q, sizeof a + sizeof reterr->text, &got, &end, reterr);
    if (err == KAD_OK && (!end.done || got.n < sizeof a))
        err = kad_fail(reterr, KAD_ESTORE, _("The checkpoint cannot be held against the store."));
    if (err == KAD_OK) {
        memcpy(&a, got.p, sizeof a);
        *ret = a.verdict;
        *ret_size = a.size;
        err = a.err != KAD_OK ? kad_fail(reterr, a.err, "%s", got.p + sizeof a) : KAD_OK;
    }
    kad_buf_done(&got);
    return err;
}

/* The checkpoints: those that the ledger has, and those that somebody kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checkpoint.h"
#include "core/verify_priv.h"

/* The size that a note speaks of, whatever else is wrong with it; UINT64_MAX: it speaks of none. */
static uint64_t size_of(struct kad_str note)
{
    struct kad_signed_note n;
    struct kad_checkpoint c;
    return kad_note_parse(note, &n) && kad_checkpoint_parse(n.text, &c) ? c.size : UINT64_MAX;
}

static void ask(struct kad_verifying *y, uint64_t size)
{
    struct kad_size_asked new = {.size = size};
    if (size != UINT64_MAX)
        kad_vec_push(&y->arena, &y->sizes, new);
}

static int size_cmp(const void *a, const void *b)
{
    const struct kad_size_asked *x = a, *y = b;
    return (x->size > y->size) - (x->size < y->size);
}

static const uint8_t *root_of(const struct kad_verifying *y, uint64_t size)
{
    struct kad_size_asked key = {.size = size};
    const struct kad_size_asked *found =
        y->sizes.n > 0 ? bsearch(&key, y->sizes.v, y->sizes.n, sizeof key, size_cmp) : NULL;
    return found ? found->root : NULL;
}

/* A note ends with its signatures; several may stand one behind the other in a file. */
static void take_kept(struct kad_verifying *y, struct kad_str text)
{
    static const char mark[] = "\xe2\x80\x94 ";
    struct kad_str rest = text, line;
    const char *begin = NULL;
    bool signatures = false;
    while (kad_line_next(&rest, &line) || (line = rest, rest.n = 0, line.n > 0)) {
        bool is = line.n >= sizeof mark - 1 && memcmp(line.p, mark, sizeof mark - 1) == 0;
        if (signatures && !is) {
            struct kad_sealed one = {{begin, (size_t)(line.p - begin)}, 0};
            kad_vec_push(&y->arena, &y->kept, one);
            begin = NULL;
        }
        signatures = is;
        if (!begin && line.n > 0)
            begin = line.p;
    }
    if (begin) {
        struct kad_sealed one = {{begin, (size_t)(text.p + text.n - begin)}, 0};
        kad_vec_push(&y->arena, &y->kept, one);
    }
    for (size_t i = 0; i < y->kept.n; i++)
        ask(y, size_of(y->kept.v[i].note));
}

enum kad_err kad_verify_ask(struct kad_verifying *y, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_sealed one;
    uint64_t most = UINT64_MAX;
    enum kad_err err = kad_snapshot_take(y->ledger, &s, reterr);
    while (err == KAD_OK) {
        err = kad_snapshot_note(s, most, &y->arena, &one.note, &one.size, reterr);
        if (err != KAD_OK || one.note.n == 0)
            break;
        kad_vec_push(&y->arena, &y->notes, one);
        ask(y, size_of(one.note));
        if (one.size == 0)
            break;
        most = one.size - 1;
    }
    kad_snapshot_release(s);
    take_kept(y, y->o->against);
    if (y->sizes.n > 0)
        qsort(y->sizes.v, y->sizes.n, sizeof *y->sizes.v, size_cmp);
    size_t n = 0;
    for (size_t i = 0; i < y->sizes.n; i++)
        if (n == 0 || y->sizes.v[i].size != y->sizes.v[n - 1].size)
            y->sizes.v[n++] = y->sizes.v[i];
    y->sizes.n = n;
    return err;
}

/* "record 6", "records 6 to 9". */
static const char *records(char out[128], uint64_t from, uint64_t to)
{
    if (from == to)
        snprintf(out, 128, _("record %llu"), (unsigned long long)from);
    else
        snprintf(out, 128, _("records %llu to %llu"), (unsigned long long)from,
                 (unsigned long long)to);
    return out;
}

static void check_stored(struct kad_verifying *y, const struct kad_log_keys *keys)
{
    struct kad_verify *v = y->v;
    for (size_t i = 0; i < y->notes.n; i++) {
        const struct kad_sealed *n = &y->notes.v[i];
        struct kad_checkpoint c;
        struct kad_error why = {0};
        unsigned long long size = n->size;
        char some[128];
        const uint8_t *root;
        if (kad_checkpoint_read(keys, n->note, &c, &why) != KAD_OK)
            kad_trouble_add(y, KAD_PART_CHECKPOINTS, 0, _("Checkpoint of %llu records: %s"), size,
                            why.text);
        else if (c.size != n->size)
            kad_trouble_add(y, KAD_PART_CHECKPOINTS, 0,
                            _("Checkpoint of %llu records: it says that it is of %llu."), size,
                            (unsigned long long)c.size);
        else if (c.size > v->last_seq)
            kad_trouble_add(y, KAD_PART_CHECKPOINTS, v->last_seq + 1,
                            _("Checkpoint of %llu records: of these are missing: %s."), size,
                            records(some, v->last_seq + 1, size));
        else if (!(root = root_of(y, c.size)) || memcmp(root, c.root, KAD_HASH) != 0)
            kad_trouble_add(
                y, KAD_PART_CHECKPOINTS, 0,
                _("Checkpoint of %llu records: the first %llu records are not those that "
                  "were signed."),
                size, size);
    }
    v->checkpoints = y->notes.n;
    v->checkpoint_size = y->notes.n > 0 ? y->notes.v[0].size : 0;
    v->keys_signing = keys->n;
    kad_part_set(y, KAD_PART_CHECKPOINTS, y->notes.n > 0 ? KAD_CHECK_DONE : KAD_CHECK_NOTHING);
}

/* The kept ones say where the ledger parts from what they were of: behind the last that fits, up to
 * the first that does not. */
static void check_kept(struct kad_verifying *y, const struct kad_log_keys *keys)
{
    struct kad_verify *v = y->v;
    uint64_t fits = 0, parts = UINT64_MAX, most = 0;
    char some[128];
    for (size_t i = 0; i < y->kept.n; i++) {
        struct kad_checkpoint c;
        struct kad_error why = {0};
        if (kad_checkpoint_read(keys, y->kept.v[i].note, &c, &why) != KAD_OK) {
            kad_trouble_add(y, KAD_PART_AGAINST, 0, "%s", why.text);
            continue;
        }
        const uint8_t *root = root_of(y, c.size);
        if (c.size > most)
            most = c.size;
        if (c.size > v->last_seq)
            continue;
        if (root && memcmp(root, c.root, KAD_HASH) == 0)
            fits = c.size > fits ? c.size : fits;
        else if (c.size < parts)
            parts = c.size;
    }
    if (parts != UINT64_MAX)
        kad_trouble_add(y, KAD_PART_AGAINST, fits + 1, _("Something in %s is not what it was."),
                        records(some, fits + 1, parts));
    if (most > v->last_seq)
        kad_trouble_add(
            y, KAD_PART_AGAINST, v->last_seq + 1,
            _("The ledger ends with record %llu. Of what it had then these are missing: "
              "%s."),
            (unsigned long long)v->last_seq, records(some, v->last_seq + 1, most));
    v->kept = y->kept.n;
    v->kept_size = fits;
    kad_part_set(y, KAD_PART_AGAINST, y->kept.n > 0 ? KAD_CHECK_DONE : KAD_CHECK_NOTHING);
}

enum kad_err kad_verify_seals(struct kad_verifying *y, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_log_keys keys;
    kad_part_set(y, KAD_PART_CHECKPOINTS, KAD_CHECK_BEGUN);
    enum kad_err err = kad_snapshot_take(y->ledger, &s, reterr);
    if (err == KAD_OK)
        err = kad_log_keys(y->ledger, s, &y->arena, &keys, reterr);
    if (err == KAD_OK) {
        check_stored(y, &keys);
        check_kept(y, &keys);
    }
    kad_snapshot_release(s);
    return err;
}

/* The vault of a ledger that comes back, and the erasures that it does not know of. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/files.h"
#include "core/keys.h"
#include "core/restore.h"
#include "core/vault.h"

#define PAGE 1024 /* subjects read from one snapshot */
#define CANDIDATES 4

struct candidate {
    const char *path;
    struct kad_vault_peek peek;
    int opens; /* 1 the master key at hand opens it, 0 that cannot be said, -1 it does not */
};
struct search {
    const struct kad_restore *r;
    struct kad_arena *arena;
    struct candidate v[CANDIDATES];
    size_t n;
    char id[33];
    uint64_t last_key; /* that the ledger needs */
};

/* --- which one --- */

static int opens(const struct kad_vault_header *h)
{
    uint8_t master[KAD_VAULT_KEY];
    struct kad_vault_keys keys;
    struct kad_error ignored = {0};
    if (h->kind != KAD_MASTER_FILE ||
        kad_key_read(h->ledger, KAD_KEY_MASTER, master, sizeof master, &ignored) != KAD_OK)
        return 0;
    kad_vault_keys_of(&keys, master);
    int is = memcmp(keys.id, h->key_id, sizeof keys.id) == 0 ? 1 : -1;
    sodium_memzero(master, sizeof master);
    sodium_memzero(&keys, sizeof keys);
    return is;
}

/* One that is not there, or is no vault of the ledger, is passed over. */
static enum kad_err look(struct search *s, const char *path, struct kad_error *reterr)
{
    struct candidate c = {.path = path};
    enum kad_err err = kad_vault_peek(path, &c.peek, reterr);
    if (err == KAD_OK && strcmp(c.peek.header.ledger, s->id) != 0)
        err = kad_fail(reterr, KAD_ESTORE, _("The vault %s is of another ledger."), path);
    if (err != KAD_OK)
        return err;
    c.opens = opens(&c.peek.header);
    kad_assert(s->n < CANDIDATES);
    s->v[s->n++] = c;
    return KAD_OK;
}

/* Fences do not say which is newer: one that came back with an older ledger has a lower one. Whichever is
 * taken, what was erased in any of them stays erased. */
static bool is_better(const struct search *s, const struct candidate *a, const struct candidate *b)
{
    bool a_whole = a->peek.entries >= s->last_key, b_whole = b->peek.entries >= s->last_key;
    if (a->opens != b->opens)
        return a->opens > b->opens;
    if (a_whole != b_whole)
        return a_whole;
    return !a_whole &&
           a->peek.entries > b->peek.entries; /* else the first in the order of the search */
}

static enum kad_err find_all(struct search *s, const char *given, struct kad_error *reterr)
{
    struct kad_error ignored = {0};
    const char *present = kad_restore_present(s->r), *backup = kad_restore_backup(s->r);
    enum kad_err err = given ? look(s, given, reterr) : KAD_OK;
    if (present)
        (void)!look(s, kad_arena_printf(s->arena, "%s/%s", present, KAD_VAULT_FILE), &ignored);
    char *real = realpath(backup, NULL), *parent = real ? kad_path_parent(real) : NULL;
    ignored = (struct kad_error){0};
    if (parent)
        (void)!look(s, kad_arena_printf(s->arena, "%s/%s.vault", parent, s->id), &ignored);
    ignored = (struct kad_error){0};
    (void)!look(s, kad_arena_printf(s->arena, "%s/%s", backup, KAD_VAULT_FILE), &ignored);
    free(parent);
    free(real);
    return err;
}

/* --- whose key is destroyed --- */

static enum kad_err judge(struct search *s, const struct candidate *best,
                          const struct kad_subject_info *i, struct kad_restore_vault *ret,
                          size_t *cap, struct kad_error *reterr)
{
    bool erased = false;
    if (i->key_number == 0 || i->erased)
        return KAD_OK;
    for (size_t k = 0; k < s->n && !erased; k++)
        if (i->key_number <= s->v[k].peek.entries) {
            enum kad_err err = kad_vault_entry_erased(s->v[k].path, i->key_number, &erased, reterr);
            if (err != KAD_OK)
                return err;
        }
    if (erased) {
        if (ret->n_again == *cap)
            ret->again = kad_vec_grow(s->arena, ret->again, ret->n_again, cap, sizeof *ret->again);
        ret->again[ret->n_again++] = kad_str_dup(s->arena, i->key);
    } else if (!best || i->key_number > best->peek.entries) {
        ret->lost++;
    }
    return KAD_OK;
}

static enum kad_err judge_all(struct search *s, const struct candidate *best,
                              struct kad_restore_vault *ret, struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    struct kad_snapshot *snapshot = NULL;
    struct kad_arena a;
    struct kad_str after = {0};
    size_t cap = 0;
    kad_arena_init(&a);
    struct kad_subject_info *page = kad_arena_array(s->arena, struct kad_subject_info, PAGE);
    enum kad_err err = kad_ledger_open_still(kad_restore_folder(s->r), &l, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_take(l, &snapshot, reterr);
    for (size_t n = PAGE; err == KAD_OK && n == PAGE;) {
        err = kad_snapshot_subjects(snapshot, after, PAGE, &a, page, &n, reterr);
        for (size_t i = 0; err == KAD_OK && i < n; i++)
            err = judge(s, best, &page[i], ret, &cap, reterr);
        if (err == KAD_OK && n == PAGE)
            after = page[n - 1].key;
    }
    kad_snapshot_release(snapshot);
    kad_ledger_close(l);
    kad_arena_done(&a);
    return err;
}

enum kad_err kad_restore_vault(const struct kad_restore *r, const char *given, struct kad_arena *a,
                               struct kad_restore_vault *ret, struct kad_error *reterr)
{
    struct search s = {.r = r, .arena = a};
    struct kad_copy_info info;
    const struct candidate *best = NULL;
    kad_assert(r && a && ret);
    *ret = (struct kad_restore_vault){0};
    enum kad_err err = kad_copy_peek(kad_restore_folder(r), &info, reterr);
    if (err != KAD_OK)
        return err;
    memcpy(s.id, info.info.id, sizeof s.id);
    s.last_key = info.state.last_key;
    err = find_all(&s, given, reterr);
    for (size_t i = 0; i < s.n && !(given && best); i++)
        if (!best || is_better(&s, &s.v[i], best))
            best = &s.v[i];
    if (err == KAD_OK && best) {
        char *to = kad_path_join(kad_restore_folder(r), KAD_VAULT_FILE);
        err = kad_copy_file(best->path, to, 0600, NULL, NULL, reterr);
        free(to);
        ret->from = best->path;
        ret->fence = best->peek.header.fence;
    }
    return err == KAD_OK ? judge_all(&s, best, ret, reterr) : err;
}

/* --- erasing again --- */

static enum kad_err erase_one(struct kad_txn *t, const struct kad_restore_erase *e,
                              struct kad_str subject, uint64_t *n, struct kad_error *reterr)
{
    struct kad_subject_info info;
    struct kad_error why = {0};
    struct kad_arena a;
    kad_arena_init(&a);
    enum kad_err err = kad_snapshot_subject(kad_txn_view(t), subject, &info, &why);
    bool known = err == KAD_OK && !info.erased;
    if (err == KAD_ENOTFOUND)
        err = KAD_OK;
    else if (err != KAD_OK)
        kad_fail(reterr, err, "%s", why.text);
    if (known) {
        struct kad_ledger_state st;
        struct kad_field because = {
            .name = KAD_STR("because"),
            .value = {.type = KAD_T_TEXT, .know = KAD_KNOWN, .str = e->because}};
        err = kad_snapshot_state(kad_txn_view(t), &st, reterr);
        struct kad_record rec = {.kind = KAD_R_ERASED,
                                 .flags = e->given ? KAD_RF_GIVEN : 0,
                                 .at = e->at,
                                 .subject = subject,
                                 .type = kad_str(kad_record_type(KAD_R_ERASED)),
                                 .by = e->by,
                                 .via = e->via,
                                 .notes = &because,
                                 .n_notes = 1};
        if (st.last_at != KAD_INSTANT_NONE && st.last_at > rec.at)
            rec.at = st.last_at;
        rec.on = kad_clock_day(rec.at);
        if (err == KAD_OK)
            err = kad_txn_append(t, &rec, KAD_STR(""), reterr);
        *n += err == KAD_OK;
    }
    kad_arena_done(&a);
    return err;
}

enum kad_err kad_restore_erase(const struct kad_restore *r, const struct kad_restore_erase *e,
                               uint64_t *ret_n, struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    struct kad_txn *t = NULL;
    struct kad_error why = {0};
    kad_assert(r && e && ret_n);
    *ret_n = 0;
    enum kad_err err = kad_ledger_open(kad_restore_folder(r), true, 0, &l, &why);
    if (err == KAD_OK)
        err = kad_txn_begin(l, &t, &why);
    for (size_t i = 0; err == KAD_OK && i < e->n; i++)
        err = erase_one(t, e, e->subjects[i], ret_n, &why);
    if (err == KAD_OK)
        err = kad_txn_commit(t, &why);
    else
        kad_txn_abort(t);
    kad_ledger_close(l);
    return err == KAD_OK ? KAD_OK : kad_restore_unwritten(r, &why, reterr);
}

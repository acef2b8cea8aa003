/* Private fields: sealed when a record is appended, opened when it is read, destroyed by an erasure. The
 * rest of the program sees values, or that they are sealed or erased. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger_priv.h"

#define PAGE 1024 /* subjects read from one snapshot */

void kad_unseal(const struct kad_ledger *l, struct kad_record *r, bool erased, struct kad_arena *a)
{
    uint8_t key[KAD_VAULT_KEY];
    /* The fence counts, whatever the vault still holds. */
    enum kad_vault_entry got =
        erased ? KAD_ENTRY_ERASED : kad_vault_key(l->vault, r->key_number, r->subject, key);
    if (got == KAD_ENTRY_ERASED)
        kad_record_veil(r, KAD_ERASED);
    else if (got == KAD_ENTRY_KEY)
        (void)!kad_record_open(r, key, a); /* changed bytes stay sealed: `verify` names them */
    sodium_memzero(key, sizeof key);
}

enum kad_err kad_snapshot_may_read(struct kad_snapshot *s, const struct kad_subject_info *info,
                                   struct kad_error *reterr)
{
    uint8_t key[KAD_VAULT_KEY];
    if (info->key_number == 0 || info->erased)
        return KAD_OK;
    enum kad_err err = kad_vault_unlock(s->ledger->vault, reterr);
    if (err != KAD_OK)
        return err;
    enum kad_vault_entry got =
        kad_vault_key(s->ledger->vault, info->key_number, info->key, key);
    sodium_memzero(key, sizeof key);
    if (got == KAD_ENTRY_KEY)
        return KAD_OK;
    return kad_fail(reterr, KAD_ESTORE,
                    _("The key of “%.*s” is not in the vault of %s, so its private fields cannot be "
                      "read. Put back the newest copy of the vault."),
                    KAD_STR_FMT(info->key), s->ledger->dir);
}

/* --- writing --- */

enum kad_err kad_seal_of(struct kad_txn *t, const struct kad_record *r, uint8_t ret[KAD_SEAL_KEY],
                         uint64_t *ret_number, struct kad_error *reterr)
{
    struct kad_vault *vault = t->view.ledger->vault;
    struct kad_pending *p;
    kad_assert(r->subject.n > 0);
    enum kad_err err = kad_pending_subject(t, r->subject, &p, reterr);
    if (err != KAD_OK)
        return err;
    if (p->row.erased)
        return kad_fail(reterr, KAD_ENO,
                        _("The private fields of “%.*s” were erased, and nothing private is recorded "
                          "of it any more. Record it without its private fields."),
                        KAD_STR_FMT(r->subject));
    struct kad_error why = {0};
    err = kad_vault_unlock(vault, &why);
    if (err == KAD_OK && p->row.key_number == 0)
        err = kad_vault_reserve(vault, r->subject, t->state.last_key, &p->row.key_number, &why);
    if (err != KAD_OK)
        return kad_fail(reterr, err, _("Private fields cannot be written. %s"), why.text);
    *ret_number = p->row.key_number;
    if (kad_vault_key(vault, p->row.key_number, r->subject, ret) == KAD_ENTRY_KEY)
        return KAD_OK;
    return kad_fail(reterr, KAD_ESTORE,
                    _("Private fields cannot be written: the key of “%.*s” is not in the vault of %s. "
                      "Put back the newest copy of the vault."),
                    KAD_STR_FMT(r->subject), t->view.ledger->dir);
}

enum kad_err kad_txn_may_seal(struct kad_txn *t, const struct kad_record *r,
                              struct kad_error *reterr)
{
    uint8_t key[KAD_SEAL_KEY];
    uint64_t number;
    if (!kad_record_has_private(r))
        return KAD_OK;
    enum kad_err err = kad_seal_of(t, r, key, &number, reterr);
    sodium_memzero(key, sizeof key);
    return err;
}

/* --- erasing --- */

/* Whose key each number is, of those that stay. */
struct keys {
    struct kad_arena arena;
    struct kad_str *subjects; /* by number */
    uint64_t n;
};

static struct kad_str keep(void *ctx, uint64_t number)
{
    const struct keys *k = ctx;
    return number <= k->n ? k->subjects[number] : (struct kad_str){0};
}

static enum kad_err read_page(struct kad_ledger *l, struct kad_snapshot *s, struct keys *k,
                              struct kad_str *after, size_t *ret_n, struct kad_error *reterr)
{
    struct kad_subject_info *page = kad_arena_array(&k->arena, struct kad_subject_info, PAGE);
    enum kad_err err = kad_snapshot_subjects(s, *after, PAGE, &k->arena, page, ret_n, reterr);
    for (size_t i = 0; err == KAD_OK && i < *ret_n; i++) {
        uint64_t number = page[i].key_number;
        *after = page[i].key;
        if (number > k->n)
            return kad_ledger_damaged(l, KAD_TAB_SUBJECT, reterr);
        if (number > 0 && !page[i].erased)
            k->subjects[number] = page[i].key;
    }
    return err;
}

/* The last fence, and the keys that stay by what the log says. */
static enum kad_err read_keys(struct kad_ledger *l, struct keys *k, uint64_t *ret_fence,
                              struct kad_error *reterr)
{
    struct kad_snapshot *s;
    struct kad_ledger_state st;
    enum kad_err err = kad_snapshot_take(l, &s, reterr);
    if (err != KAD_OK)
        return err;
    err = kad_snapshot_state(s, &st, reterr);
    if (err == KAD_OK && st.last_key > st.last_seq)
        err = kad_ledger_damaged(l, KAD_TAB_META, reterr); /* each was made for a record */
    if (err == KAD_OK) {
        k->n = st.last_key;
        k->subjects = kad_arena_array(&k->arena, struct kad_str, k->n + 1);
        *ret_fence = st.last_fence;
    }
    struct kad_str after = {0};
    for (size_t n = PAGE; err == KAD_OK && n == PAGE;)
        err = read_page(l, s, k, &after, &n, reterr);
    kad_snapshot_release(s);
    return err;
}

static enum kad_err last_fence(struct kad_ledger *l, uint64_t *ret, struct kad_error *reterr)
{
    struct kad_snapshot *s;
    struct kad_ledger_state st = {0};
    enum kad_err err = kad_snapshot_take(l, &s, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_state(s, &st, reterr);
    else
        return err;
    *ret = st.last_fence;
    kad_snapshot_release(s);
    return err;
}

/* Is there an erasure that the vault has not carried out? Where there never was one, a vault that cannot
 * be read is nobody's business here. */
static enum kad_err look(struct kad_ledger *l, bool *ret_erasing, struct kad_error *reterr)
{
    uint64_t log, done;
    struct kad_error why = {0};
    *ret_erasing = false;
    enum kad_err err = last_fence(l, &log, reterr);
    if (err != KAD_OK)
        return err;
    err = kad_vault_fence(l->vault, &done, &why);
    if (err != KAD_OK)
        return log > 0 ? kad_fail(reterr, err, "%s", why.text) : KAD_OK;
    *ret_erasing = log != done;
    return KAD_OK;
}

bool kad_ledger_erasing(struct kad_ledger *l)
{
    struct kad_error ignored = {0};
    bool erasing;
    return look(l, &erasing, &ignored) == KAD_OK && erasing;
}

enum kad_err kad_ledger_may_erase(struct kad_ledger *l, struct kad_error *reterr)
{
    return kad_vault_prepare(l->vault, reterr);
}

static enum kad_err erase(struct kad_ledger *l, struct kad_error *reterr)
{
    bool erasing;
    enum kad_err err = look(l, &erasing, reterr);
    if (err == KAD_OK && erasing) {
        struct keys k = {0};
        uint64_t fence = 0;
        kad_arena_init(&k.arena);
        err = read_keys(l, &k, &fence, reterr);
        if (err == KAD_OK)
            err = kad_vault_rewrap(l->vault, fence, keep, &k, reterr);
        kad_arena_done(&k.arena);
    } else if (err == KAD_OK && kad_vault_is_between(l->vault)) {
        err = kad_vault_settle(l->vault, reterr);
    }
    return err;
}

enum kad_err kad_ledger_erase(struct kad_ledger *l, struct kad_error *reterr)
{
    bool erasing;
    kad_assert(l->write);
    enum kad_err err = look(l, &erasing, reterr);
    if (err != KAD_OK || (!erasing && !kad_vault_is_between(l->vault))) /* nearly always */
        return err;
    if (l->shared)
        err = kad_ledger_lock(l, reterr);
    if (err != KAD_OK)
        return err;
    err = erase(l, reterr);
    if (l->shared)
        kad_ledger_unlock(l);
    return err;
}

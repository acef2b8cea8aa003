/* The vault as a file, against the subjects' keys and the erasures; and what is kept beside the log
 * without following from it. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/files.h"
#include "core/keys.h"
#include "core/ledger_priv.h"
#include "core/verify_priv.h"

/* --- the places that the scheduler and the sinks have come to, and the names in `meta` --- */

static const char *const meta_names[] = {
    KAD_META_FORMAT, KAD_META_ID,    KAD_META_MODE,      KAD_META_PROGRAMME, KAD_META_SEED,
    KAD_META_KEY,    KAD_META_VIEWS, KAD_META_SCHEDULER, KAD_META_RESTORED,
};

static bool meta_known(struct kad_str name)
{
    for (size_t i = 0; i < sizeof meta_names / sizeof *meta_names; i++)
        if (kad_str_eq(name, kad_str(meta_names[i])))
            return true;
    return false;
}

static enum kad_err check_meta(struct kad_verifying *y, struct kad_snapshot *s,
                               struct kad_error *reterr)
{
    MDB_cursor *c;
    MDB_val k, v;
    int rc = KAD_LMDB(mdb_cursor_open(s->mdb, y->ledger->dbi[KAD_TAB_META], &c));
    if (rc != 0)
        return kad_lmdb_fail(y->ledger, rc, reterr);
    while ((rc = KAD_LMDB(mdb_cursor_get(c, &k, &v, MDB_NEXT))) == 0) {
        struct kad_buf name = {0};
        if (meta_known(kad_of_val(k)))
            continue;
        kad_text_put_safe(&name, kad_of_val(k));
        kad_trouble_add(y, KAD_PART_IDENTITY, 0,
                        _("There is something in table meta that no program of this version wrote: "
                          "%s."),
                        kad_buf_str(&name));
        kad_buf_done(&name);
    }
    mdb_cursor_close(c);
    return rc == MDB_NOTFOUND ? KAD_OK : kad_lmdb_fail(y->ledger, rc, reterr);
}

enum kad_err kad_verify_beside(struct kad_verifying *y, struct kad_error *reterr)
{
    struct kad_snapshot *s;
    struct kad_progress_mark mark;
    struct kad_cursor *cursors;
    struct kad_error why = {0};
    size_t n;
    bool restored;
    uint64_t seq;
    enum kad_err err = kad_snapshot_take(y->ledger, &s, reterr);
    if (err != KAD_OK)
        return err;
    err = check_meta(y, s, reterr);
    if (err == KAD_OK && (kad_snapshot_mark(s, &y->arena, &mark, &why) != KAD_OK ||
                          kad_snapshot_cursors(s, &y->arena, &cursors, &n, &why) != KAD_OK ||
                          kad_snapshot_restored(s, &restored, &seq, &why) != KAD_OK))
        kad_trouble_add(y, KAD_PART_VIEWS, 0, "%s", why.text);
    kad_snapshot_release(s);
    return err;
}

/* --- the vault --- */

/* Its file against each subject: a key for whom it should have one, none for whom it was erased. */
static enum kad_err check_keys(struct kad_verifying *y, struct kad_snapshot *s, const char *path,
                               uint64_t entries, struct kad_error *reterr)
{
    enum { PAGE = 512 };
    struct kad_arena pages[2];
    struct kad_subject_info *infos = kad_xalloc(PAGE * sizeof *infos);
    unsigned char *owned = kad_xalloc(entries / 8 + 1);
    struct kad_str after = {0};
    size_t n = PAGE;
    enum kad_err err = KAD_OK;
    kad_arena_init(&pages[0]);
    kad_arena_init(&pages[1]);
    for (unsigned turn = 0; n == PAGE && err == KAD_OK; turn++) {
        struct kad_arena *a = &pages[turn % 2]; /* the last key lives on until the next page */
        kad_arena_reset(a);
        err = kad_snapshot_subjects(s, after, PAGE, a, infos, &n, reterr);
        for (size_t i = 0; i < n && err == KAD_OK; i++) {
            const struct kad_subject_info *info = &infos[i];
            uint64_t number = info->key_number;
            struct kad_error ignored = {0};
            bool gone = false;
            after = info->key;
            if (number == 0)
                continue;
            if (number > entries || kad_vault_entry_erased(path, number, &gone, &ignored) != KAD_OK)
                kad_trouble_add(
                    y, KAD_PART_VAULT, 0,
                    _("The key of “%.*s” (number %llu) is not in the vault: the vault is "
                      "older than the ledger."),
                    KAD_STR_FMT(info->key), (unsigned long long)number);
            else if (owned[number / 8] >> number % 8 & 1)
                kad_trouble_add(y, KAD_PART_VAULT, 0,
                                _("Key %llu of the vault is used by two: “%.*s”."),
                                (unsigned long long)number, KAD_STR_FMT(info->key));
            else if (gone && !info->erased)
                kad_trouble_add(y, KAD_PART_VAULT, 0,
                                _("The key of “%.*s” (number %llu) was destroyed, but no record "
                                  "erases it."),
                                KAD_STR_FMT(info->key), (unsigned long long)number);
            else if (!gone && info->erased)
                kad_trouble_add(y, KAD_PART_VAULT, 0,
                                _("“%.*s” was erased, but the key (number %llu) is still in the "
                                  "vault."),
                                KAD_STR_FMT(info->key), (unsigned long long)number);
            if (number <= entries)
                owned[number / 8] |= (unsigned char)(1u << number % 8);
            y->v->keys_erased += gone;
        }
    }
    kad_arena_done(&pages[0]);
    kad_arena_done(&pages[1]);
    free(owned);
    free(infos);
    return err;
}

/* With a key file it is always tried; a passphrase is asked for with --full only. */
static void unlock(struct kad_verifying *y, const struct kad_vault_header *h)
{
    struct kad_error why = {0};
    bool file = h->kind == KAD_MASTER_FILE, there = kad_key_exists(y->v->id, KAD_KEY_MASTER);
    if (!file && there)
        kad_trouble_add(y, KAD_PART_VAULT, 0,
                        _("The vault says that it is locked with a passphrase, but there is a key "
                          "file for it."));
    if (!y->o->full && (!file || !there))
        return;
    if (kad_vault_unlock(y->ledger->vault, &why) == KAD_OK)
        y->unlocked = true;
    else
        kad_trouble_add(y, KAD_PART_VAULT, 0, "%s", why.text);
}

/* The vault's file and the ledger's last erasure, which is carried out a moment after it is recorded:
 * somebody may be erasing just now. */
static enum kad_err look_again(struct kad_verifying *y, const char *path, struct kad_snapshot **s,
                               struct kad_ledger_state *state, struct kad_vault_peek *peek,
                               struct kad_error *why, struct kad_error *reterr)
{
    enum kad_err err = KAD_OK, peeked = KAD_OK;
    for (int again = 0; err == KAD_OK && again < 10; again++) {
        kad_snapshot_release(*s);
        *s = NULL;
        *why = (struct kad_error){0};
        err = kad_snapshot_take(y->ledger, s, reterr);
        if (err == KAD_OK)
            err = kad_snapshot_state(*s, state, reterr);
        if (err == KAD_OK)
            peeked = kad_vault_peek(path, peek, why);
        if (peeked != KAD_OK || peek->header.fence == state->last_fence)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    return err;
}

/* Entries are of one size: what a writer that was broken off leaves behind the last whole one is cut
 * off by the next. */
enum kad_err kad_verify_vault(struct kad_verifying *y, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_ledger_state state = {0};
    struct kad_vault_peek peek = {0};
    struct kad_error why = {0};
    struct stat st;
    char *path = kad_path_join(y->o->dir, KAD_VAULT_FILE);
    kad_part_set(y, KAD_PART_VAULT, KAD_CHECK_BEGUN);
    enum kad_err err = look_again(y, path, &s, &state, &peek, &why, reterr);
    if (err == KAD_OK && stat(path, &st) != 0 && (y->o->still || state.last_key == 0)) {
        y->v->keys = 0; /* a backup lies apart from its vault */
    } else if (err == KAD_OK && why.code != KAD_OK) {
        kad_trouble_add(y, KAD_PART_VAULT, 0, "%s", why.text);
    } else if (err == KAD_OK) {
        y->v->keys = peek.entries;
        if (strcmp(peek.header.ledger, y->v->id) != 0)
            kad_trouble_add(y, KAD_PART_VAULT, 0, _("The vault is another ledger's."));
        if (peek.header.fence != state.last_fence)
            kad_trouble_add(y, KAD_PART_VAULT, state.last_fence,
                            _("The last erasure is record %llu, but the vault has carried out the "
                              "erasures up to record %llu."),
                            (unsigned long long)state.last_fence,
                            (unsigned long long)peek.header.fence);
        unlock(y, &peek.header);
        err = check_keys(y, s, path, peek.entries, reterr);
    }
    kad_snapshot_release(s);
    free(path);
    return err;
}

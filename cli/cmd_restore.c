/* restore: a ledger that comes back from its backup. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/presence.h"
#include "cli/restore.h"
#include "cli/whole.h"
#include "core/checkpoint.h"
#include "core/clock.h"
#include "core/files.h"
#include "dsl/dsl.h"

#define DEFAULT_WAIT_S 10
#define MOST_WAIT_S 86400
#define ID_AT 19 /* of the ledger's digits in a backup's name: 2026-11-22T113000Z-1a2b3c4d */
#define ID_SHORT 8

/* --- which backup --- */

static bool is_backup(const char *dir)
{
    struct stat st;
    char *path = kad_path_join(dir, "data.mdb");
    bool is = stat(path, &st) == 0;
    free(path);
    return is;
}

/* The newest in a folder of backups, when they are all of one ledger: names sort by time. */
static enum kad_err newest_in(struct kad_cli *c, const char *dir, const char **ret,
                              struct kad_error *reterr)
{
    char best[256] = "";
    bool mixed = false;
    DIR *d = opendir(dir);
    if (!d)
        return kad_fail(reterr, KAD_EINPUT, _("%s cannot be read: %s."), dir, kad_why(errno));
    for (const struct dirent *e; (e = readdir(d));) {
        char *path = kad_path_join(dir, e->d_name);
        bool fits = e->d_name[0] >= '0' && e->d_name[0] <= '9' &&
                    strlen(e->d_name) >= ID_AT + ID_SHORT && e->d_name[ID_AT - 1] == '-' &&
                    is_backup(path);
        free(path);
        if (!fits)
            continue;
        mixed |= *best && strncmp(best + ID_AT, e->d_name + ID_AT, ID_SHORT) != 0;
        if (strcmp(e->d_name, best) > 0)
            snprintf(best, sizeof best, "%s", e->d_name);
    }
    closedir(d);
    if (!*best)
        return kad_fail(reterr, KAD_EINPUT, _("There is no backup in the folder %s."), dir);
    if (mixed)
        return kad_fail(reterr, KAD_EINPUT,
                        _("There are backups of several ledgers in %s. Name the one to restore."),
                        dir);
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    *ret = kad_arena_printf(&c->arena, "%.*s/%s", (int)n, dir, best);
    return KAD_OK;
}

static enum kad_err choose(struct kad_cli *c, const char **ret, struct kad_error *reterr)
{
    struct stat st;
    const char *said = c->args[0];
    *ret = said;
    if (stat(said, &st) != 0)
        return kad_fail(reterr, KAD_EINPUT, _("There is no backup %s: %s."), said, kad_why(errno));
    if (!S_ISDIR(st.st_mode) || is_backup(said))
        return KAD_OK;
    return newest_in(c, said, ret, reterr);
}

/* --- the new store, beside --- */

static enum kad_err copy_and_check(struct kad_restoring *t, struct kad_error *reterr)
{
    struct kad_progress p;
    struct kad_error why = {0};
    kad_progress_init(&p, _("Copied:"));
    enum kad_err got = kad_restore_copy(t->r, kad_progress_step, &p, reterr);
    kad_progress_done(&p);
    if (got != KAD_OK)
        return got;
    got = kad_copy_whole(kad_restore_folder(t->r), &why);
    if (got == KAD_OK)
        got = kad_copy_peek(kad_restore_folder(t->r), &t->info, &why);
    if (got == KAD_OK)
        return KAD_OK;
    /* The sentence names the folder that it was copied to; people know the other one. */
    return kad_fail(reterr, got, _("The backup %s cannot be restored; nothing was changed. %s"),
                    t->backup, why.text);
}

/* Days are those of the ledger's own zone, which its policy says. */
static void set_zone(const struct kad_restoring *t)
{
    struct kad_engine *e = NULL;
    struct kad_error ignored = {0};
    struct kad_engine_options o = {.dir = kad_restore_folder(t->r),
                                   .still = true,
                                   .compile = kad_dsl_compile_fn,
                                   .now = KAD_INSTANT_NONE,
                                   .known = KAD_KNOWN_ALL};
    if (kad_engine_open(&o, &e, &ignored) == KAD_OK)
        kad_engine_close(e);
}

/* The same ledger, if that can be known. */
static enum kad_err look_at_present(struct kad_restoring *t, struct kad_error *reterr)
{
    const char *store = kad_restore_present(t->r);
    if (!store)
        return KAD_OK;
    enum kad_err got = kad_restore_see(t->r, t->info.state.last_seq, &t->seen, reterr);
    if (got != KAD_OK)
        return got;
    if (t->seen.opened && strcmp(t->seen.id, t->info.info.id) != 0)
        return kad_fail(reterr, KAD_ENO,
                        _("The store %s is another ledger (%.8s) than the backup (%.8s). Nothing "
                          "was changed: restore into another folder."),
                        store, t->seen.id, t->info.info.id);
    return KAD_OK;
}

/* The checkpoint of somebody who kept one. */
static enum kad_err hold_against(struct kad_restoring *t, struct kad_error *reterr)
{
    const char *path = t->c->opt[KAD_O_AGAINST];
    struct kad_buf note = {0};
    struct kad_error why = {0};
    if (!path)
        return KAD_OK;
    enum kad_err got = kad_file_read(path, KAD_NOTE_MAX, &note, reterr);
    if (got == KAD_OK) {
        got = kad_restore_against(t->r, (struct kad_str){note.p, note.n}, &t->against,
                                  &t->signed_size, &why);
        if (got != KAD_OK)
            kad_fail(reterr, got, _("%s: %s Nothing was changed."), path, why.text);
    }
    kad_buf_done(&note);
    t->held = got == KAD_OK;
    if (got == KAD_OK && t->against == KAD_AGAINST_OTHER)
        return kad_fail(
            reterr, KAD_ENO,
            _("CAREFUL: the backup is not what the checkpoint %s was signed over. Its "
              "first %llu records are others than those signed: one of them was altered, "
              "or the ledger went another way. Nothing was changed."),
            path, (unsigned long long)t->signed_size);
    return got;
}

static enum kad_err tell_missing(struct kad_restoring *t, struct kad_error *reterr)
{
    struct kad_missing m = {.store = kad_restore_present(t->r),
                            .from = kad_restoring_from(t),
                            .file = t->c->opt[KAD_O_MISSING]};
    if (!kad_restoring_newer(t) && !t->seen.differs) {
        if (m.file && (!m.store || t->seen.opened))
            kad_tell(_("Nothing is known to be missing: %s was not written."), m.file);
        return KAD_OK;
    }
    struct kad_error why = {0};
    enum kad_err got = t->seen.newer ? kad_missing_tell(t->c, &m, &t->missing, &why) : KAD_ESTORE;
    if (got == KAD_OK || !m.file)
        return KAD_OK; /* what could be said is said below */
    return kad_fail(reterr, got,
                    _("The records that the backup lacks cannot all be read from the "
                      "store, so %s was not written. Nothing was changed; without "
                      "--missing the ledger is restored. %s"),
                    m.file, why.text);
}

static enum kad_err keep_newer(struct kad_restoring *t, struct kad_error *reterr)
{
    if (!t->c->opt[KAD_O_KEEP_NEWER] || !kad_restore_present(t->r))
        return KAD_OK;
    if (!t->seen.opened || !t->seen.newer)
        return kad_fail(
            reterr, KAD_ESTORE,
            _("The records that the store has beyond the backup cannot all be read, so "
              "they cannot be taken over. Nothing was changed; without --keep-newer the "
              "ledger is restored as the backup has it."));
    if (t->seen.differs || !t->seen.compared)
        return kad_fail(
            reterr, KAD_ENO,
            _("The store is not known to go on from the backup, so its records cannot be "
              "taken over. Nothing was changed; without --keep-newer the ledger is "
              "restored as the backup has it."));
    if (!kad_restoring_newer(t))
        return KAD_OK;
    uint64_t from = t->info.state.last_seq + 1;
    t->carried = t->seen.last_seq - from + 1;
    return kad_restore_carry(t->r, from, reterr);
}

/* --- private fields --- */

/* Erasures that are later than the backup. Repeating them changes the master key, and what is private in the
 * store as it was can then be read by nobody: it must not be the only place where that is. */
static enum kad_err check_newer_private(struct kad_restoring *t, struct kad_error *reterr)
{
    const struct kad_cli *c = t->c;
    bool repeats = t->missing.n_erased > 0 || t->vault.n_again > 0 ||
                   t->vault.fence > t->info.state.last_fence;
    if (!repeats || !kad_restoring_newer(t) || !t->seen.newer || c->opt[KAD_O_KEEP_NEWER] ||
        c->opt[KAD_O_MISSING])
        return KAD_OK;
    return kad_fail(
        reterr, KAD_ENO,
        _("Private fields were erased after the backup was made. That is repeated in the "
          "restored ledger, and then nobody can read what is private in the store as it "
          "was. Say what is to become of its %llu newer records: --keep-newer takes them "
          "over, --missing FILE writes them to a file first. Nothing was changed."),
        (unsigned long long)(t->seen.last_seq - t->info.state.last_seq));
}

static enum kad_err erase_again(struct kad_restoring *t, kad_instant at, struct kad_error *reterr)
{
    struct kad_cli *c = t->c;
    struct kad_restore_erase e = {.at = at,
                                  .given = c->now != KAD_INSTANT_NONE,
                                  .because =
                                      kad_str(_("repeated: the ledger was restored from a backup "
                                                "that is older than the erasure"))};
    uint64_t n = 0;
    if (t->info.info.mode == KAD_LEDGER_LIVE) {
        e.at = kad_clock_now();
        e.given = false;
    }
    enum kad_err got = kad_cli_who(c, &e.by, &e.via, reterr);
    e.subjects = t->missing.erased;
    e.n = t->missing.n_erased;
    if (got == KAD_OK && e.n)
        got = kad_restore_erase(t->r, &e, &n, reterr);
    t->erased = n;
    e.subjects = t->vault.again;
    e.n = t->vault.n_again;
    if (got == KAD_OK && e.n)
        got = kad_restore_erase(t->r, &e, &n, reterr);
    t->erased += n;
    return got;
}

static enum kad_err bring_vault(struct kad_restoring *t, kad_instant at, struct kad_error *reterr)
{
    enum kad_err got =
        kad_restore_vault(t->r, t->c->opt[KAD_O_VAULT], &t->c->arena, &t->vault, reterr);
    if (got == KAD_OK)
        got = check_newer_private(t, reterr);
    return got == KAD_OK ? erase_again(t, at, reterr) : got;
}

/* The new store is in its place: now keys may be destroyed. */
static void destroy_keys(const struct kad_restoring *t)
{
    struct kad_ledger *l = NULL;
    struct kad_error why = {0};
    enum kad_err got = kad_ledger_open(kad_cli_store(t->c), true, 0, &l, &why);
    if (got == KAD_OK && kad_ledger_erasing(l)) {
        got = kad_ledger_may_erase(l, &why);
        if (got == KAD_OK)
            got = kad_ledger_erase(l, &why);
    }
    kad_ledger_close(l);
    if (got != KAD_OK)
        kad_tell(_("What was erased is shown to nobody, but its keys are not destroyed yet: %s The "
                   "next command that writes goes on with it."),
                 why.text);
}

/* --- all of it --- */

/* The service would go on with the ledger that is moved aside. */
static enum kad_err no_service(const struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_presence p;
    kad_presence_look(kad_cli_store(c), &p);
    if (!p.running)
        return KAD_OK;
    return kad_fail(
        reterr, KAD_EBUSY,
        _("The service of the store %s is running (process %ld). Stop it first, and start "
          "it again when the ledger is restored."),
        kad_cli_store(c), p.pid);
}

static enum kad_err restore(struct kad_restoring *t, uint64_t wait_s, struct kad_error *reterr)
{
    struct kad_cli *c = t->c;
    kad_instant at = c->now != KAD_INSTANT_NONE ? c->now : kad_clock_now();
    enum kad_err got = no_service(c, reterr);
    if (got == KAD_OK)
        got =
            kad_restore_begin(t->backup, kad_cli_store(c), (unsigned)wait_s * 1000, &t->r, reterr);
    if (got == KAD_OK)
        got = copy_and_check(t, reterr);
    if (got == KAD_OK)
        set_zone(t);
    if (got == KAD_OK)
        got = look_at_present(t, reterr);
    if (got == KAD_OK)
        got = hold_against(t, reterr);
    if (got == KAD_OK)
        got = tell_missing(t, reterr);
    if (got == KAD_OK)
        got = keep_newer(t, reterr);
    if (got == KAD_OK)
        got = bring_vault(t, at, reterr);
    if (got == KAD_OK)
        got = kad_restore_settle(t->r, reterr);
    if (got == KAD_OK)
        got = kad_restore_finish(t->r, at, &t->aside, reterr);
    if (got != KAD_OK)
        return got;
    destroy_keys(t);
    kad_restoring_tell(t);
    return KAD_OK;
}

enum kad_err kad_cmd_restore(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_restoring t = {.c = c};
    uint64_t wait_s = DEFAULT_WAIT_S;
    kad_ledger_set_command("kadens restore");
    enum kad_err got = kad_opt_number(c, KAD_O_WAIT, 0, MOST_WAIT_S, &wait_s, reterr);
    if (got == KAD_OK && c->opt[KAD_O_MISSING] && c->opt[KAD_O_KEEP_NEWER])
        got = kad_fail(reterr, KAD_EINPUT,
                       _("--keep-newer takes the missing records over; --missing writes them to a "
                         "file instead. Choose one."));
    if (got == KAD_OK)
        got = choose(c, &t.backup, reterr);
    if (got == KAD_OK)
        got = restore(&t, wait_s, reterr);
    kad_restore_free(t.r);
    return got;
}

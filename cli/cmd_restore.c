/* restore: a ledger that comes back from its backup. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/missing.h"
#include "cli/whole.h"
#include "core/checkpoint.h"
#include "core/clock.h"
#include "core/files.h"
#include "core/keys.h"
#include "core/restore.h"
#include "core/vault.h"
#include "dsl/dsl.h"

#define DEFAULT_WAIT_S 10
#define MOST_WAIT_S 86400
#define ID_AT 19 /* of the ledger's digits in a backup's name: 2026-11-22T113000Z-1a2b3c4d */
#define ID_SHORT 8

struct restoring {
    struct kad_cli *c;
    const char *backup; /* its folder */
    struct kad_restore *r;
    struct kad_copy_info info;       /* of the backup */
    struct kad_restore_seen seen;    /* of the store that is there */
    struct kad_missing_told missing; /* of the records that the backup lacks */
    struct kad_restore_vault vault;
    uint64_t erased; /* subjects whose erasure was recorded again */
    uint64_t carried;
    const char *aside;
    bool held; /* a checkpoint was given */
    enum kad_against against;
    uint64_t signed_size;
};

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

static enum kad_err copy_and_check(struct restoring *t, struct kad_error *reterr)
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
static void set_zone(const struct restoring *t)
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
static enum kad_err look_at_present(struct restoring *t, struct kad_error *reterr)
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
static enum kad_err hold_against(struct restoring *t, struct kad_error *reterr)
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

static bool is_newer(const struct restoring *t)
{
    return t->seen.opened && t->seen.last_seq > t->info.state.last_seq;
}

/* Of the records that the backup lacks: where from. Where the two went different ways, all from there. */
static uint64_t missing_from(const struct restoring *t)
{
    return t->seen.differs ? t->seen.differs : t->info.state.last_seq + 1;
}

static enum kad_err tell_missing(struct restoring *t, struct kad_error *reterr)
{
    struct kad_missing m = {.store = kad_restore_present(t->r),
                            .from = missing_from(t),
                            .file = t->c->opt[KAD_O_MISSING]};
    if (!is_newer(t) && !t->seen.differs) {
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

static enum kad_err keep_newer(struct restoring *t, struct kad_error *reterr)
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
    if (!is_newer(t))
        return KAD_OK;
    uint64_t from = t->info.state.last_seq + 1;
    t->carried = t->seen.last_seq - from + 1;
    return kad_restore_carry(t->r, from, reterr);
}

/* --- private fields --- */

/* Erasures that are later than the backup. Repeating them changes the master key, and what is private in the
 * store as it was can then be read by nobody: it must not be the only place where that is. */
static enum kad_err check_newer_private(struct restoring *t, struct kad_error *reterr)
{
    const struct kad_cli *c = t->c;
    bool repeats = t->missing.n_erased > 0 || t->vault.n_again > 0 ||
                   t->vault.fence > t->info.state.last_fence;
    if (!repeats || !is_newer(t) || !t->seen.newer || c->opt[KAD_O_KEEP_NEWER] ||
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

static enum kad_err erase_again(struct restoring *t, kad_instant at, struct kad_error *reterr)
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

static enum kad_err bring_vault(struct restoring *t, kad_instant at, struct kad_error *reterr)
{
    enum kad_err got =
        kad_restore_vault(t->r, t->c->opt[KAD_O_VAULT], &t->c->arena, &t->vault, reterr);
    if (got == KAD_OK)
        got = check_newer_private(t, reterr);
    return got == KAD_OK ? erase_again(t, at, reterr) : got;
}

/* The new store is in its place: now keys may be destroyed. */
static void destroy_keys(const struct restoring *t)
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

/* --- what became of it --- */

static void put_json(struct restoring *t)
{
    static const char *const against[] = {
        [KAD_AGAINST_FITS] = "\"fits\"",
        [KAD_AGAINST_NEWER] = "\"newer\"",
        [KAD_AGAINST_STORE] = "\"fits the store as it was\"",
        [KAD_AGAINST_STORE_OTHER] = "\"not the store as it was\"",
    };
    struct kad_buf *b = &t->c->out.b;
    kad_buf_puts(b, "{\"store\":");
    kad_json_str(b, kad_str(kad_cli_store(t->c)));
    kad_buf_printf(b, ",\"ledger\":\"%s\",\"backup\":", t->info.info.id);
    kad_json_str(b, kad_str(t->backup));
    kad_buf_printf(b, ",\"records\":%llu,\"taken_over\":%llu,\"aside\":",
                   (unsigned long long)(t->info.state.last_seq + t->carried + t->erased),
                   (unsigned long long)t->carried);
    kad_json_str_or_null(b, kad_str(t->aside));
    kad_buf_puts(b, ",\"vault\":");
    kad_json_str_or_null(b, kad_str(t->vault.from));
    kad_buf_printf(b, ",\"erased_again\":%llu,\"keys_lost\":%llu", (unsigned long long)t->erased,
                   (unsigned long long)t->vault.lost);
    kad_buf_puts(b, ",\"differs\":");
    kad_json_seq(b, t->seen.differs);
    kad_buf_printf(b, ",\"against\":%s", t->held ? against[t->against] : "null");
    kad_buf_printf(b, ",\"signed\":");
    kad_json_seq(b, t->signed_size);
    kad_buf_printf(b, ",\"missing\":%s}\n", t->missing.text.n ? t->missing.text.p : "null");
}

static void put_last(struct restoring *t)
{
    struct kad_out *o = &t->c->out;
    struct kad_buf day = {0};
    if (t->info.state.last_seq == 0) {
        kad_out_printf(o, _("The backup holds no records.\n"));
        return;
    }
    kad_put_day_words(&day, kad_clock_day(t->info.state.last_at));
    kad_out_printf(o, _("The backup ends at record %llu of %s.\n"),
                   (unsigned long long)t->info.state.last_seq, kad_buf_str(&day));
    kad_buf_done(&day);
}

/* What is known of the records that the backup does not have. */
static void put_missing(struct restoring *t)
{
    struct kad_out *o = &t->c->out;
    if (t->carried) {
        kad_out_printf(o,
                       ngettext_("%llu newer record was taken over from the store as it was.\n",
                                 "%llu newer records were taken over from the store as it was.\n",
                                 (unsigned long)t->carried),
                       (unsigned long long)t->carried);
        return;
    }
    kad_out_puts(o, t->missing.text.n ? t->missing.text.p : "");
    if (t->missing.text.n && t->c->opt[KAD_O_MISSING] && t->erased)
        kad_out_printf(o,
                       _("They are in %s, to be read: their numbers are taken by the erasures that "
                         "were repeated.\n"),
                       t->c->opt[KAD_O_MISSING]);
    else if (t->missing.text.n && t->c->opt[KAD_O_MISSING])
        kad_out_hint(o, _("They are in %s. To record them again: kadens import %s\n"),
                     t->c->opt[KAD_O_MISSING], t->c->opt[KAD_O_MISSING]);
    else if (t->missing.text.n)
        kad_out_hint(o, _("To have them as a file: kadens --store %s export --from %llu > FILE\n"),
                     t->aside, (unsigned long long)missing_from(t));
    if (t->aside && !t->seen.opened)
        kad_out_puts(o, _("What was recorded after the backup is not known: the store as it was "
                          "cannot be read.\n"));
    else if (is_newer(t) && !t->missing.text.n)
        kad_out_printf(o,
                       _("What was recorded after the backup cannot be read in full: the store as "
                         "it was goes to record %llu.\n"),
                       (unsigned long long)t->seen.last_seq);
}

static void put_against(struct restoring *t)
{
    struct kad_out *o = &t->c->out;
    unsigned long long size = (unsigned long long)t->signed_size;
    unsigned long long last = (unsigned long long)t->info.state.last_seq;
    if (!t->held)
        return;
    if (t->against == KAD_AGAINST_FITS)
        kad_out_printf(o, _("The checkpoint of %llu records fits.\n"), size);
    else if (t->against == KAD_AGAINST_STORE)
        kad_out_printf(o, _("The checkpoint of %llu records fits the store as it was.\n"), size);
    if (t->against != KAD_AGAINST_FITS && !t->carried)
        kad_out_printf(o, _("By the checkpoint %llu records are missing: no. %llu to %llu.\n"),
                       size - last, last + 1, size);
    if (t->against == KAD_AGAINST_NEWER)
        kad_out_puts(o, _("Whether they went on from this backup cannot be shown without them.\n"));
}

/* A restored ledger is shorter than somebody remembers. */
static void put_witnesses(struct restoring *t)
{
    bool shorter = (t->aside && !t->carried && (!t->seen.opened || is_newer(t))) ||
                   (t->held && t->signed_size > t->info.state.last_seq + t->carried);
    if (!shorter)
        return;
    kad_out_printf(&t->c->out,
                   _("Whoever has kept a checkpoint of more than %llu records will find that the "
                     "ledger has become shorter. Tell them, and when.\n"),
                   (unsigned long long)t->info.state.last_seq);
}

static void put_vault(struct restoring *t)
{
    struct kad_out *o = &t->c->out;
    if (t->vault.from)
        kad_out_printf(o, _("Its vault is %s.\n"), t->vault.from);
    else if (t->info.state.last_key > 0)
        kad_out_puts(
            o, _("No vault was found: the private fields cannot be read. With the newest copy "
                 "of it, restore again: --vault FILE.\n"));
    if (t->vault.from && t->vault.lost > 0)
        kad_out_printf(
            o,
            ngettext_("The vault is older than the backup: the private fields of %llu "
                      "subject cannot be read. With a newer one, restore again: --vault "
                      "FILE.\n",
                      "The vault is older than the backup: the private fields of %llu "
                      "subjects cannot be read. With a newer one, restore again: --vault "
                      "FILE.\n",
                      (unsigned long)t->vault.lost),
            (unsigned long long)t->vault.lost);
    if (t->erased > 0)
        kad_out_printf(
            o,
            ngettext_("Private fields erased after the backup were erased again: those of "
                      "%llu subject.\n",
                      "Private fields erased after the backup were erased again: those of "
                      "%llu subjects.\n",
                      (unsigned long)t->erased),
            (unsigned long long)t->erased);
}

/* A passphrase is in nobody's key folder. */
static bool has_master_file(struct restoring *t)
{
    struct kad_vault_peek peek;
    struct kad_error ignored = {0};
    char *path = kad_path_join(kad_cli_store(t->c), KAD_VAULT_FILE);
    bool passphrase = kad_vault_peek(path, &peek, &ignored) == KAD_OK &&
                      peek.header.kind == KAD_MASTER_PASSPHRASE;
    free(path);
    return !passphrase;
}

static void put_keys(struct restoring *t)
{
    static const char *const names[] = {KAD_KEY_SIGN, KAD_KEY_MASTER};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct kad_buf path = {0};
        struct kad_error ignored = {0};
        if (strcmp(names[i], KAD_KEY_MASTER) == 0 && !has_master_file(t))
            continue;
        if (!kad_key_exists(t->info.info.id, names[i]) &&
            kad_key_path(t->info.info.id, names[i], &path, &ignored) == KAD_OK)
            kad_out_printf(
                &t->c->out,
                strcmp(names[i], KAD_KEY_SIGN) == 0
                    ? _("The signing key is not here: bring back %s before a checkpoint "
                        "is to be signed.\n")
                    : _("The master key is not here: bring back %s before private fields "
                        "are to be read or written.\n"),
                path.p);
        kad_buf_done(&path);
    }
}

static void put_text(struct restoring *t)
{
    struct kad_out *o = &t->c->out;
    kad_out_printf(o, _("The ledger is restored in %s from %s.\n"), kad_cli_store(t->c), t->backup);
    put_last(t);
    put_missing(t);
    put_against(t);
    put_vault(t);
    put_witnesses(t);
    if (t->aside)
        kad_out_printf(o,
                       _("The store as it was is in %s. Remove it when it is no longer needed.\n"),
                       t->aside);
    put_keys(t);
}

/* Two ledgers of one name: nobody may overlook that. */
static void tell_fork(const struct restoring *t)
{
    if (t->seen.differs)
        kad_tell(
            _("CAREFUL: the store as it was and the backup are not the same ledger up to where "
              "both go. They differ from record %llu on: one of them was altered, or it went on "
              "from an older backup. Keep both, and find out which is right."),
            (unsigned long long)t->seen.differs);
    if (t->held && t->against == KAD_AGAINST_STORE_OTHER)
        kad_tell(
            _("CAREFUL: the store as it was is not what the checkpoint was signed over, although "
              "it has as many records. It was altered, or it went another way. Keep it, and find "
              "out."));
}

static enum kad_err restore(struct restoring *t, uint64_t wait_s, struct kad_error *reterr)
{
    struct kad_cli *c = t->c;
    kad_instant at = c->now != KAD_INSTANT_NONE ? c->now : kad_clock_now();
    enum kad_err got =
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
    tell_fork(t);
    if (c->format == KAD_F_JSON)
        put_json(t);
    else
        put_text(t);
    return KAD_OK;
}

enum kad_err kad_cmd_restore(struct kad_cli *c, struct kad_error *reterr)
{
    struct restoring t = {.c = c};
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

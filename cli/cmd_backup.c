/* backup: a consistent copy of the ledger while others write, and the list of those that were made. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/whole.h"
#include "core/backup.h"
#include "core/backups.h"
#include "core/checkpoint.h"
#include "core/clock.h"
#include "core/keys.h"
#include "core/vault.h"

#define README "README.txt"
#define CHECKPOINT "checkpoint"
#define SIGN_WAIT_MS 2000 /* for the writer's lock; an older checkpoint does as well */

/* --- what lies in it for whoever finds it --- */

/* In both languages, whoever made it. */
static void put_readme(struct kad_buf *b, const struct kad_copy_info *i, kad_instant at)
{
    static const char *const texts[] = {
        "SÄKERHETSKOPIA AV EN LIGGARE I KADENS\n\n"
        "  Liggare        %s%s%s\n"
        "  Tagen          %.19sZ\n"
        "  Sista post     %llu\n"
        "  Valv           ../%s.vault\n\n"
        "Filen data.mdb är hela liggaren som den var då. Filen checkpoint, om den finns, är den\n"
        "senaste undertecknade kontrollpunkten. Valvet ligger i mappen ovanför: nycklarna till de\n"
        "skyddade fälten, låsta med huvudnyckeln. Behåll det tillsammans med den här mappen.\n"
        "Huvudnyckeln (ID.master) och signeringsnyckeln (ID.sign) finns aldrig i en säkerhetskopia:\n"
        "en kopia av dem ska förvaras någon annanstans.\n\n"
        "Så får du tillbaka liggaren: installera Kadens och skriv\n\n"
        "    kadens --store MAPP restore DEN-HÄR-MAPPEN\n\n"
        "Kopian kontrolleras innan något ersätts, och en liggare som redan finns i MAPP flyttas\n"
        "undan hel. Ändra ingenting i den här mappen.\n\n\n",
        "BACKUP OF A KADENS LEDGER\n\n"
        "  Ledger         %s%s%s\n"
        "  Made           %.19sZ\n"
        "  Last record    %llu\n"
        "  Vault          ../%s.vault\n\n"
        "The file data.mdb is the whole ledger as it was then. The file checkpoint, if there is one,\n"
        "is the newest signed checkpoint. The vault lies in the folder above: the keys to the private\n"
        "fields, locked with the master key. Keep it together with this folder. The master key\n"
        "(ID.master) and the signing key (ID.sign) are never in a backup: a copy of them must be kept\n"
        "elsewhere.\n\n"
        "To get the ledger back, install Kadens and type\n\n"
        "    kadens --store FOLDER restore THIS-FOLDER\n\n"
        "The backup is checked before anything is replaced, and a ledger that is in FOLDER already\n"
        "is moved aside whole. Change nothing in this folder.\n",
    };
    char made[KAD_INSTANT_TEXT];
    struct kad_buf name = {0};
    kad_instant_text(at, made);
    kad_text_put_safe(&name, kad_str(i->info.programme));
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        kad_buf_printf(b, texts[t], i->info.id, name.n ? ", " : "", kad_buf_str(&name), made,
                       (unsigned long long)i->state.last_seq, i->info.id);
    kad_buf_done(&name);
}

/* --- making one --- */

struct made {
    const char *path;
    struct kad_copy_info info;
    kad_instant at;
    uint64_t signed_size; /* of its checkpoint; 0: none */
    const char *vault;    /* where it lies; NULL: there is none */
};

/* A fresh checkpoint, where there is a key and nobody writes just now; never a reason to have no backup:
 * whether the ledger is whole is asked of the copy. */
static void sign(const char *store, const char *id)
{
    struct kad_ledger *l = NULL;
    struct kad_buf note = {0};
    struct kad_progress p;
    struct kad_error ignored = {0};
    bool fresh;
    if (!kad_key_exists(id, KAD_KEY_SIGN) ||
        kad_ledger_open(store, true, SIGN_WAIT_MS, &l, &ignored) != KAD_OK)
        return;
    kad_progress_init(&p, _("Hashed again:"));
    if (kad_checkpoint_take(l, kad_progress_step, &p, &note, &fresh, &ignored) != KAD_OK)
        kad_tell(_("The backup gets no new checkpoint. %s"), ignored.text);
    kad_progress_done(&p);
    kad_ledger_close(l);
    kad_buf_done(&note);
}

/* The newest checkpoint of the copy, as a file of its own. */
static enum kad_err put_checkpoint(struct kad_cli *c, struct kad_backup_work *w, struct made *m,
                                   struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    struct kad_snapshot *s = NULL;
    struct kad_str note = {0};
    enum kad_err got = kad_ledger_open_still(kad_backup_folder(w), &l, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_take(l, &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_note(s, UINT64_MAX, &c->arena, &note, &m->signed_size, reterr);
    kad_snapshot_release(s);
    kad_ledger_close(l);
    if (got != KAD_OK || note.n == 0)
        return got;
    return kad_backup_put(w, CHECKPOINT, note, reterr);
}

static enum kad_err copy(const char *store, struct kad_backup_work *w, struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    struct kad_progress p;
    kad_progress_init(&p, _("Copied:"));
    enum kad_err got = kad_ledger_open(store, false, 0, &l, reterr);
    if (got == KAD_OK)
        got = kad_backup_copy(w, l, p.on ? kad_progress_step : NULL, &p, reterr);
    kad_progress_done(&p);
    kad_ledger_close(l);
    return got;
}

static enum kad_err check(struct kad_backup_work *w, struct made *ret, struct kad_error *reterr)
{
    struct kad_error why = {0};
    enum kad_err got = kad_copy_whole(kad_backup_folder(w), &why);
    if (got == KAD_OK)
        got = kad_copy_peek(kad_backup_folder(w), &ret->info, &why);
    if (got == KAD_OK)
        return KAD_OK;
    return kad_fail(reterr, got,
                    _("No backup was made: what was copied is not whole. %s To learn more of the "
                      "ledger: kadens verify"),
                    why.text);
}

static enum kad_err make(struct kad_cli *c, const char *store, struct kad_backup_work *w,
                         struct made *ret, struct kad_error *reterr)
{
    enum kad_err got = copy(store, w, reterr);
    if (got == KAD_OK)
        got = check(w, ret, reterr);
    if (got == KAD_OK) {
        struct kad_buf readme = {0};
        put_readme(&readme, &ret->info, ret->at);
        got = kad_backup_put(w, README, (struct kad_str){readme.p, readme.n}, reterr);
        kad_buf_done(&readme);
    }
    if (got == KAD_OK)
        got = put_checkpoint(c, w, ret, reterr);
    if (got == KAD_OK)
        got = kad_backup_finish(w, &ret->path, reterr);
    if (got == KAD_OK)
        ret->path = kad_arena_strdup(&c->arena, ret->path);
    if (got == KAD_OK && kad_backup_vault(w))
        ret->vault = kad_arena_strdup(&c->arena, kad_backup_vault(w));
    if (got == KAD_OK && !ret->vault && ret->info.state.last_key > 0)
        kad_tell(
            _("CAREFUL: the store has no vault, so the private fields can be read neither there "
              "nor from this backup. Put the newest copy of the vault back."));
    return got;
}

static void put_json(struct kad_cli *c, const struct made *m)
{
    struct kad_buf *b = &c->out.b;
    char at[KAD_INSTANT_TEXT];
    kad_buf_puts(b, "{\"backup\":");
    kad_json_str(b, kad_str(m->path));
    kad_buf_printf(b,
                   ",\"ledger\":\"%s\",\"at\":\"%s\",\"records\":%llu,\"signed\":", m->info.info.id,
                   kad_instant_text(m->at, at), (unsigned long long)m->info.state.last_seq);
    kad_json_seq(b, m->signed_size);
    kad_buf_puts(b, ",\"vault\":");
    kad_json_str_or_null(b, kad_str(m->vault));
    kad_buf_puts(b, "}\n");
}

static void put_text(struct kad_cli *c, const struct made *m)
{
    struct kad_out *o = &c->out;
    struct kad_buf n = {0}, keys = {0};
    struct kad_error ignored = {0};
    kad_put_count(&n, m->info.state.last_seq);
    kad_out_printf(o, _("The backup is made and checked: %s\n"), m->path);
    kad_out_printf(o,
                   ngettext_("It holds the whole ledger, %s record.\n",
                             "It holds the whole ledger, %s records.\n",
                             (unsigned long)m->info.state.last_seq),
                   kad_buf_str(&n));
    if (m->signed_size)
        kad_out_printf(o,
                       _("A checkpoint of %llu records is in it, signed with the ledger's key.\n"),
                       (unsigned long long)m->signed_size);
    if (m->vault)
        kad_out_printf(o,
                       _("The vault, with the keys of private fields, lies beside all backups of "
                         "the ledger: %s\n"),
                       m->vault);
    const char *id = m->info.info.id;
    struct kad_vault_peek vault;
    /* A passphrase is in nobody's key folder. */
    bool master = kad_key_exists(id, KAD_KEY_MASTER) || !m->vault ||
                  (kad_vault_peek(m->vault, &vault, &ignored) == KAD_OK &&
                   vault.header.kind == KAD_MASTER_PASSPHRASE);
    bool here = master && kad_key_exists(id, KAD_KEY_SIGN);
    if (kad_keys_folder(&keys, &ignored) == KAD_OK)
        kad_out_printf(o,
                       here ? _("The keys are not in it. They are in %s: keep a copy of that folder "
                                "in another place than the backups.\n")
                            : _("The keys are not in it, and not all of them are in %s: find out "
                                "where they are, and keep a copy in another place than the "
                                "backups.\n"),
                       kad_buf_str(&keys));
    kad_buf_done(&n);
    kad_buf_done(&keys);
}

static enum kad_err make_one(struct kad_cli *c, const char *dir, struct made *ret,
                             struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    struct kad_backup_work *w = NULL;
    const char *store = kad_cli_store(c);
    *ret = (struct made){.at = c->now != KAD_INSTANT_NONE ? c->now : kad_clock_now()};
    kad_ledger_set_command("kadens backup");
    enum kad_err got = kad_ledger_open(store, false, 0, &l, reterr);
    if (got == KAD_OK)
        got = kad_backup_begin(l, store, dir, ret->at, &w, reterr);
    kad_ledger_close(l); /* one at a time in a process */
    if (got == KAD_OK) {
        sign(store, kad_backup_ledger(w));
        got = make(c, store, w, ret, reterr);
    }
    kad_backup_free(w);
    if (got != KAD_OK)
        return got;
    struct kad_backup b = {.at = ret->at,
                           .last_seq = ret->info.state.last_seq,
                           .last_fence = ret->info.state.last_fence,
                           .path = kad_str(ret->path)};
    struct kad_error why = {0};
    if (kad_backups_add(store, &b, &why) != KAD_OK)
        kad_tell(
            _("The backup is made, and whole; but “kadens backup --list” will not show it. %s"),
            why.text);
    return KAD_OK;
}

enum kad_err kad_cli_backup(struct kad_cli *c, const char *dir, const char **ret_path,
                            struct kad_error *reterr)
{
    struct made m;
    enum kad_err got = make_one(c, dir, &m, reterr);
    if (got == KAD_OK)
        *ret_path = m.path;
    return got;
}

static enum kad_err backup(struct kad_cli *c, struct kad_error *reterr)
{
    struct made m;
    enum kad_err got = make_one(c, c->args[0], &m, reterr);
    if (got == KAD_OK && c->format == KAD_F_JSON)
        put_json(c, &m);
    else if (got == KAD_OK)
        put_text(c, &m);
    return got;
}

/* --- the list --- */

static bool is_there(const struct kad_backup *b)
{
    struct stat st;
    struct kad_buf path = {0};
    kad_buf_printf(&path, "%.*s/data.mdb", KAD_STR_FMT(b->path));
    bool is = stat(path.p, &st) == 0;
    kad_buf_done(&path);
    return is;
}

static void list_json(struct kad_cli *c, const struct kad_backup *v, size_t n)
{
    struct kad_buf *b = &c->out.b;
    char at[KAD_INSTANT_TEXT];
    kad_buf_putc(b, '[');
    for (size_t i = 0; i < n; i++) {
        kad_buf_printf(b, "%s\n{\"at\":\"%s\",\"records\":%llu,\"there\":%s,\"erasure\":",
                       i ? "," : "", kad_instant_text(v[i].at, at),
                       (unsigned long long)v[i].last_seq, is_there(&v[i]) ? "true" : "false");
        kad_json_seq(b, v[i].last_fence);
        kad_buf_puts(b, ",\"backup\":");
        kad_json_str(b, v[i].path);
        kad_buf_putc(b, '}');
    }
    kad_buf_puts(b, n ? "\n]\n" : "]\n");
}

static void list_text(struct kad_cli *c, const struct kad_backup *v, size_t n, uint64_t fence)
{
    struct kad_column columns[] = {{.title = _("Made")},
                                   {.title = _("Records"), .right = true},
                                   {.title = _("Where")},
                                   {.title = NULL, .style = KAD_DIM}};
    struct kad_table t;
    kad_table_init(&t, &c->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        char at[KAD_INSTANT_TEXT];
        struct kad_buf count = {0};
        kad_table_row(&t, KAD_PLAIN);
        kad_instant_text(v[i].at, at);
        kad_table_cell(&t, kad_str(kad_arena_printf(&c->arena, "%.10s %.5s UTC", at, at + 11)));
        kad_put_count(&count, v[i].last_seq);
        kad_table_cell(&t, (struct kad_str){count.p, count.n});
        kad_table_cell(&t, v[i].path);
        kad_table_cell(&t, kad_str(!is_there(&v[i])          ? _("not there now")
                                   : v[i].last_fence < fence ? _("older than an erasure")
                                                             : ""));
        kad_buf_done(&count);
    }
    if (n)
        kad_table_print(&t, &c->out, 0);
    else
        kad_out_hint(&c->out, _("No backup has been made from this store: kadens backup DIR\n"));
}

/* The last erasure in the ledger. */
static enum kad_err last_fence(const char *store, uint64_t *ret, struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    struct kad_snapshot *s = NULL;
    struct kad_ledger_state state = {0};
    enum kad_err got = kad_ledger_open(store, false, 0, &l, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_take(l, &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_state(s, &state, reterr);
    kad_snapshot_release(s);
    kad_ledger_close(l);
    *ret = state.last_fence;
    return got;
}

static enum kad_err list(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_backup *v;
    size_t n;
    uint64_t fence;
    enum kad_err got = last_fence(kad_cli_store(c), &fence, reterr);
    if (got == KAD_OK)
        got = kad_backups_read(kad_cli_store(c), &c->arena, &v, &n, reterr);
    if (got != KAD_OK)
        return got;
    if (c->format == KAD_F_JSON)
        list_json(c, v, n);
    else
        list_text(c, v, n, fence);
    return KAD_OK;
}

enum kad_err kad_cmd_backup(struct kad_cli *c, struct kad_error *reterr)
{
    bool lists = c->opt[KAD_O_LIST] != NULL;
    if (lists && c->n_args)
        return kad_fail(reterr, KAD_EINPUT, _("--list shows the backups made, of all folders."));
    if (!lists && c->n_args == 0)
        return kad_args_too_few(c, reterr);
    return lists ? list(c, reterr) : backup(c, reterr);
}

/* What became of a restore: for people, and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/restore.h"
#include "core/clock.h"
#include "core/files.h"
#include "core/keys.h"
#include "core/vault.h"

static void put_json(struct kad_restoring *t)
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

static void put_last(struct kad_restoring *t)
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
static void put_missing(struct kad_restoring *t)
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
                     t->aside, (unsigned long long)kad_restoring_from(t));
    if (t->aside && !t->seen.opened)
        kad_out_puts(o, _("What was recorded after the backup is not known: the store as it was "
                          "cannot be read.\n"));
    else if (kad_restoring_newer(t) && !t->missing.text.n)
        kad_out_printf(o,
                       _("What was recorded after the backup cannot be read in full: the store as "
                         "it was goes to record %llu.\n"),
                       (unsigned long long)t->seen.last_seq);
}

static void put_against(struct kad_restoring *t)
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
static void put_witnesses(struct kad_restoring *t)
{
    bool shorter = (t->aside && !t->carried && (!t->seen.opened || kad_restoring_newer(t))) ||
                   (t->held && t->signed_size > t->info.state.last_seq + t->carried);
    if (!shorter)
        return;
    kad_out_printf(&t->c->out,
                   _("Whoever has kept a checkpoint of more than %llu records will find that the "
                     "ledger has become shorter. Tell them, and when.\n"),
                   (unsigned long long)t->info.state.last_seq);
}

static void put_vault(struct kad_restoring *t)
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
static bool has_master_file(struct kad_restoring *t)
{
    struct kad_vault_peek peek;
    struct kad_error ignored = {0};
    char *path = kad_path_join(kad_cli_store(t->c), KAD_VAULT_FILE);
    bool passphrase = kad_vault_peek(path, &peek, &ignored) == KAD_OK &&
                      peek.header.kind == KAD_MASTER_PASSPHRASE;
    free(path);
    return !passphrase;
}

static void put_keys(struct kad_restoring *t)
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

static void put_text(struct kad_restoring *t)
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
static void tell_fork(const struct kad_restoring *t)
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

void kad_restoring_tell(struct kad_restoring *t)
{
    tell_fork(t);
    if (t->c->format == KAD_F_JSON)
        put_json(t);
    else
        put_text(t);
}

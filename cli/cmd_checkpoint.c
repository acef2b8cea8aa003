/* checkpoint and prove: what an auditor keeps, and what can be shown with it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "core/checkpoint.h"
#include "core/files.h"
#include "core/proof.h"

/* To the file of --to, whole or not at all; else to stdout as it is. */
static enum kad_err put_out(struct kad_cli *c, struct kad_str text, struct kad_error *reterr)
{
    const char *to = c->opt[KAD_O_TO];
    if (!to) {
        kad_buf_put(&c->out.b, text.p, text.n);
        return KAD_OK;
    }
    int failed = kad_file_put(to, text, 0644);
    if (failed != 0)
        return kad_fail(reterr, failed == ENOSPC || failed == EDQUOT ? KAD_EFULL : KAD_EINPUT,
                        _("%s cannot be written: %s."), to, kad_why(failed));
    return KAD_OK;
}

static const char *count_of(struct kad_cli *c, uint64_t n)
{
    struct kad_buf b = {0};
    kad_put_count(&b, n);
    const char *s = kad_arena_strdup(&c->arena, kad_buf_str(&b));
    kad_buf_done(&b);
    return s;
}

static const char *verifier_of(struct kad_cli *c, const struct kad_verifier *v)
{
    struct kad_buf b = {0};
    kad_verifier_put(&b, v);
    const char *s = kad_arena_strdup(&c->arena, kad_buf_str(&b));
    kad_buf_done(&b);
    return s;
}

/* --- what stands in the ledger --- */

struct seen {
    struct kad_log_keys keys;
    struct kad_ledger_state state;
    struct kad_checkpoint last;
    struct kad_str note; /* empty: never signed */
};

static enum kad_err look(struct kad_cli *c, struct kad_snapshot *s, struct seen *ret,
                         struct kad_error *reterr)
{
    uint64_t size;
    *ret = (struct seen){.note = {0}};
    enum kad_err err = kad_log_keys(kad_engine_ledger(c->engine), s, &c->arena, &ret->keys, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_state(s, &ret->state, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_note(s, UINT64_MAX, &c->arena, &ret->note, &size, reterr);
    if (err != KAD_OK || ret->note.n == 0)
        return err;
    err = kad_checkpoint_read(&ret->keys, ret->note, &ret->last, reterr);
    return err == KAD_OK ? kad_checkpoint_fits(s, &ret->last, reterr) : err;
}

/* --- checkpoint --- */

static void put_json(struct kad_cli *c, const struct kad_checkpoint *cp,
                     const struct kad_verifier *v, struct kad_str note, bool fresh)
{
    struct kad_buf *b = &c->out.b;
    kad_buf_puts(b, "{\"origin\":");
    kad_json_str(b, cp->origin);
    kad_buf_printf(b, ",\"size\":%llu,\"root\":\"", (unsigned long long)cp->size);
    kad_base64_put(b, cp->root, sizeof cp->root);
    kad_buf_puts(b, "\",\"key\":");
    kad_json_str(b, kad_str(verifier_of(c, v)));
    kad_buf_printf(b, ",\"new\":%s,\"checkpoint\":", fresh ? "true" : "false");
    kad_json_str(b, note);
    kad_buf_puts(b, "}\n");
}

/* In plain words, beside the text: who gets one should not have to guess what it is. */
static void tell(struct kad_cli *c, const struct kad_checkpoint *cp, const struct kad_verifier *v,
                 bool fresh)
{
    if (!fresh)
        kad_tell(_("Nothing has been recorded since the last checkpoint: this is that one."));
    kad_tell(ngettext_("This is a checkpoint over %s record, signed with the ledger's key. Whoever "
                       "keeps it can show later whether the record has been changed or is missing.",
                       "This is a checkpoint over %s records, signed with the ledger's key. "
                       "Whoever keeps it can show later whether any of them has been changed, "
                       "is missing or was put in between.",
                       (unsigned long)cp->size),
             count_of(c, cp->size));
    kad_tell(_("Give it to somebody outside, and keep it there. It is checked with: "
               "kadens-witness check CHECKPOINT --key %s"),
             verifier_of(c, v));
}

static enum kad_err take(struct kad_cli *c, struct kad_buf *note, bool *ret_fresh,
                         struct kad_error *reterr)
{
    struct kad_progress p;
    kad_progress_init(&p, _("Hashed again:"));
    enum kad_err err = kad_checkpoint_take(kad_engine_ledger(c->engine), kad_progress_step, &p,
                                           note, ret_fresh, reterr);
    kad_progress_done(&p);
    return err;
}

/* What stands before the new key is signed with the old one, which also says that the new one follows. */
static enum kad_err change_key(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_buf note = {0};
    struct kad_verifier v;
    uint64_t seq;
    bool fresh, already;
    enum kad_err err = take(c, &note, &fresh, reterr);
    kad_buf_done(&note);
    if (err == KAD_OK)
        err = kad_engine_rekey(c->engine, kad_str(c->opt[KAD_O_ID]), &c->arena, &v, &seq, &already,
                               reterr);
    if (err != KAD_OK)
        return err;
    if (already) {
        kad_tell(_("Already recorded as no. %llu; nothing was written."), (unsigned long long)seq);
        return KAD_OK;
    }
    c->wrote = seq;
    kad_tell(_("The ledger has a new signing key; record %llu says so, signed with the old one. "
               "Whoever checks with the old key follows with: kadens prove %llu"),
             (unsigned long long)seq, (unsigned long long)seq);
    kad_tell(_("The new private key is in the key folder: take a new copy of that folder."));
    return KAD_OK;
}

enum kad_err kad_cmd_checkpoint(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_buf note = {0};
    struct kad_snapshot *s = NULL;
    struct seen seen;
    bool fresh = false;
    enum kad_err err = c->opt[KAD_O_NEW_KEY] ? change_key(c, reterr) : KAD_OK;
    if (err == KAD_OK)
        err = take(c, &note, &fresh, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (err == KAD_OK)
        err = look(c, s, &seen, reterr);
    kad_snapshot_release(s);
    if (err == KAD_OK) {
        const struct kad_verifier *v = kad_log_key_at(&seen.keys, seen.last.size);
        if (c->opt[KAD_O_TO])
            err = put_out(c, (struct kad_str){note.p, note.n}, reterr);
        if (err == KAD_OK && c->format == KAD_F_JSON)
            put_json(c, &seen.last, v, (struct kad_str){note.p, note.n}, fresh);
        else if (err == KAD_OK && !c->opt[KAD_O_TO])
            kad_buf_put(&c->out.b, note.p, note.n);
        if (err == KAD_OK && c->format != KAD_F_JSON)
            tell(c, &seen.last, v, fresh);
    }
    kad_buf_done(&note);
    return err;
}

/* --- prove --- */

static enum kad_err not_signed(const struct seen *seen, uint64_t seq, struct kad_error *reterr)
{
    if (seq > seen->state.last_seq)
        return kad_fail(reterr, KAD_ENOTFOUND, _("There is no record no. %llu."),
                        (unsigned long long)seq);
    return kad_fail(reterr, KAD_ENO,
                    _("No checkpoint covers record %llu yet. “kadens checkpoint” signs one."),
                    (unsigned long long)seq);
}

static enum kad_err prove_record(struct kad_cli *c, struct kad_snapshot *s, const struct seen *seen,
                                 uint64_t seq, struct kad_proof *ret, struct kad_error *reterr)
{
    if (seq == 0 || seq > seen->last.size || seen->note.n == 0)
        return not_signed(seen, seq, reterr);
    *ret = (struct kad_proof){.index = seq - 1, .checkpoint = seen->note};
    struct kad_str bytes;
    enum kad_err err = kad_snapshot_record(s, seq, &bytes, reterr);
    if (err == KAD_OK) {
        ret->extra = kad_str_dup(&c->arena, bytes);
        err = kad_merkle_inclusion(seq - 1, seen->last.size, kad_snapshot_merkle, s, &ret->hashes,
                                   reterr);
    }
    /* A proof that would not hold is not handed out. */
    if (err == KAD_OK && !kad_proof_holds(ret, &seen->last))
        err = kad_fail(reterr, KAD_ESTORE,
                       _("Record %llu cannot be proved: it has been changed since it was recorded. "
                         "“kadens verify” says more."),
                       (unsigned long long)seq);
    return err;
}

static enum kad_err prove_from(struct kad_snapshot *s, const struct seen *seen, uint64_t from,
                               struct kad_proof *ret, struct kad_error *reterr)
{
    if (from > seen->last.size || seen->note.n == 0)
        return not_signed(seen, from, reterr);
    *ret = (struct kad_proof){
        .consistency = true, .from = from, .to = seen->last.size, .checkpoint = seen->note};
    return kad_merkle_consistency(from, seen->last.size, kad_snapshot_merkle, s, &ret->hashes,
                                  reterr);
}

static void tell_proof(struct kad_cli *c, const struct kad_proof *p,
                       const struct kad_checkpoint *cp)
{
    if (p->consistency)
        kad_tell(_("This proves that the checkpoint over %s records begins with the same %s "
                   "records as an older one. It is checked with: kadens-witness check CHECKPOINT "
                   "--remember FILE --proof FILE"),
                 count_of(c, cp->size), count_of(c, p->from));
    else
        kad_tell(_("This proves that record %llu is one of the %s records of the checkpoint in it. "
                   "It holds the record itself, whose open fields anybody can read. It is checked "
                   "with: kadens-witness proof FILE --key KEY"),
                 (unsigned long long)p->index + 1, count_of(c, cp->size));
}

enum kad_err kad_cmd_prove(struct kad_cli *c, struct kad_error *reterr)
{
    const char *from = c->opt[KAD_O_FROM], *word = c->n_args ? c->args[0] : from;
    struct kad_snapshot *s = NULL;
    struct kad_proof *p = kad_arena_new(&c->arena, struct kad_proof);
    struct seen seen;
    uint64_t n = 0;
    if ((from == NULL) == (c->n_args == 0))
        return kad_fail(reterr, KAD_EINPUT,
                        _("Name a record (kadens prove 17) or the size of an older checkpoint "
                          "(kadens prove --from 12), one of the two."));
    bool number = kad_decimal_parse(kad_str(word), &n);
    if (from && !number)
        return kad_fail(reterr, KAD_EINPUT,
                        _("“%s” is not how many records a checkpoint is over."), word);
    if (!number || (!from && n == 0))
        return kad_fail(reterr, KAD_EINPUT, _("“%s” is no record's number."), word);
    enum kad_err err = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (err == KAD_OK)
        err = look(c, s, &seen, reterr);
    if (err == KAD_OK)
        err = from ? prove_from(s, &seen, n, p, reterr) : prove_record(c, s, &seen, n, p, reterr);
    kad_snapshot_release(s);
    if (err != KAD_OK)
        return err;
    struct kad_buf text = {0};
    kad_proof_write(&text, p);
    err = put_out(c, (struct kad_str){text.p, text.n}, reterr);
    kad_buf_done(&text);
    if (err == KAD_OK)
        tell_proof(c, p, &seen.last);
    return err;
}

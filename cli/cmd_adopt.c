/* rules adopt, rules end: a policy from its file into the ledger, and out of force. */
#include <stdio.h>

#include "cli/diff.h"
#include "cli/rule_file.h"
#include "cli/write.h"

static struct kad_str questions_of(const struct kad_policy *p, struct kad_arena *a)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < p->n_questions; i++)
        kad_buf_printf(&b, "%s%.*s", i ? "\n" : "", KAD_STR_FMT(p->questions[i].text));
    struct kad_str ret = kad_str_dup(a, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
    return ret;
}

/* Errors, failing examples and open questions are told here; then KAD_ENO and nothing to add. */
static enum kad_err may_adopt(const struct kad_cli *c, const struct kad_rule_file *f)
{
    if (kad_rule_file_holds(f) != KAD_OK) {
        kad_tell(_("The policy was not adopted."));
        return KAD_ENO;
    }
    if (f->policy->n_questions == 0 || c->opt[KAD_O_ACCEPT])
        return KAD_OK;
    kad_tell(ngettext_("The policy leaves %zu question open:",
                       "The policy leaves %zu questions open:", f->policy->n_questions),
             f->policy->n_questions);
    for (size_t i = 0; i < f->policy->n_questions; i++) {
        struct kad_buf b = {0};
        kad_text_put_safe(&b, f->policy->questions[i].text);
        fprintf(stderr, "  %s:%d: %s\n", f->path, f->policy->questions[i].line, kad_buf_str(&b));
        kad_buf_done(&b);
    }
    kad_tell(
        _("It was not adopted. Decide them in the file, or adopt with --accept-questions, which "
          "records that they are open."));
    return KAD_ENO;
}

/* The record that adopts this very text, for everyone, from this day, as the last to do so; 0. */
static uint64_t same_adoption(const struct kad_cli *c, const struct kad_rule_file *f, kad_day from)
{
    const struct kad_timeline *t = kad_engine_timeline(c->engine);
    uint64_t seq = 0;
    for (size_t i = 0; i < t->n; i++) {
        const struct kad_adoption *a = &t->v[i];
        if (!kad_str_eq(a->name, f->policy->name) || a->from != from)
            continue;
        bool same = a->policy && a->n_units == 0 &&
                    kad_str_eq(a->policy->text, (struct kad_str){f->text.p, f->text.n});
        seq = same ? a->seq : 0;
    }
    return seq;
}

/* --- the diff beside the decision --- */

/* The same id again is answered with what was recorded then, its diff included, or that it has none. */
static enum kad_err recorded_then(struct kad_cli *c, bool *ret_known, struct kad_str *ret_diff,
                                  struct kad_error *reterr)
{
    struct kad_str id = kad_str(c->opt[KAD_O_ID]), bytes;
    struct kad_snapshot *s = NULL;
    struct kad_record r;
    uint64_t seq = 0;
    *ret_known = false;
    if (id.n == 0)
        return KAD_OK;
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_id(s, id, &seq, reterr);
    if (got == KAD_OK && seq)
        got = kad_snapshot_record(s, seq, &bytes, reterr);
    if (got == KAD_OK && seq)
        got = kad_snapshot_decode(s, kad_str_dup(&c->arena, bytes), &c->arena, false, &r, reterr);
    if (got == KAD_OK && seq) {
        *ret_known = true;
        *ret_diff = kad_record_note(&r, "diff");
    }
    kad_snapshot_release(s);
    return got;
}

/* Say what changes, and give the digest of it. The ledger stands open for writing, so nobody records
 * anything between this and the adoption. */
static enum kad_err compare(struct kad_cli *c, const struct kad_policy *policy, struct kad_str only,
                            kad_day from, struct kad_str *ret_digest, struct kad_error *reterr)
{
    struct kad_diff d;
    bool known;
    if (recorded_then(c, &known, ret_digest, reterr) != KAD_OK)
        return reterr->code;
    if (known)
        return KAD_OK;
    if (kad_diff_of(c, policy, only, from, KAD_DAY_NONE, &d, reterr) != KAD_OK)
        return reterr->code;
    *ret_digest = kad_diff_digest(&d, &c->arena);
    if (c->format == KAD_F_TEXT) {
        kad_diff_print_counts(&c->out, &c->arena, &d);
        kad_out_puts(&c->out, "\n");
    }
    kad_diff_done(&d);
    return KAD_OK;
}

/* --- adopting --- */

static enum kad_err write_it(struct kad_cli *c, const struct kad_rule_file *f, struct kad_str only,
                             kad_day from, struct kad_error *reterr)
{
    struct kad_input notes[5];
    struct kad_str digest = {0};
    struct kad_draft d = {.type = KAD_STR("kadens.adopted"), .on = from, .notes = notes};
    if (compare(c, f->policy, only, from, &digest, reterr) != KAD_OK)
        return reterr->code;
    notes[d.n_notes++] = kad_note("text", KAD_IN_STRING, (struct kad_str){f->text.p, f->text.n});
    if (only.n)
        notes[d.n_notes++] = kad_note("only", KAD_IN_LIST, only);
    if (c->opt[KAD_O_DECISION])
        notes[d.n_notes++] = kad_note("decision", KAD_IN_STRING, kad_str(c->opt[KAD_O_DECISION]));
    if (f->policy->n_questions)
        notes[d.n_notes++] = kad_note("accepted", KAD_IN_LIST, questions_of(f->policy, &c->arena));
    if (digest.n)
        notes[d.n_notes++] = kad_note("diff", KAD_IN_STRING, digest);
    return kad_write_draft(c, &d, (struct kad_str){0}, reterr);
}

static enum kad_err adopt(struct kad_cli *c, const struct kad_rule_file *f, kad_day from,
                          struct kad_error *reterr)
{
    struct kad_str only;
    size_t said = c->out.b.n;
    if (kad_opt_only(c, &only, &c->arena, reterr) != KAD_OK)
        return reterr->code;
    uint64_t there = same_adoption(c, f, from);
    if (there && only.n == 0 && !c->opt[KAD_O_ID] && c->format == KAD_F_TEXT) {
        kad_out_printf(&c->out,
                       _("The same text is adopted from that day already (no. %llu); nothing was "
                         "written.\n"),
                       (unsigned long long)there);
        return KAD_OK;
    }
    enum kad_err got = write_it(c, f, only, from, reterr);
    if (got != KAD_OK)
        c->out.b.n = said; /* what it would change is no answer to a refusal */
    if (got != KAD_OK || c->format != KAD_F_TEXT)
        return got;
    struct kad_buf day = {0};
    kad_put_day_long(&day, from);
    kad_out_safe(&c->out, f->policy->name);
    kad_out_printf(&c->out,
                   from > kad_engine_today(c->engine) ? _(" will be in force from %s.\n")
                                                      : _(" is in force from %s.\n"),
                   kad_buf_str(&day));
    kad_buf_done(&day);
    if (from < kad_engine_today(c->engine))
        kad_out_printf(&c->out, "%s\n",
                       _("That day has passed: everything since then is now "
                         "derived by these rules."));
    return KAD_OK;
}

enum kad_err kad_cmd_rules_adopt(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_rule_file f;
    const char *given;
    kad_day from;
    if (kad_opt_required(c, KAD_O_FROM, &given, reterr) != KAD_OK ||
        kad_opt_day(c, KAD_O_FROM, &from, reterr) != KAD_OK)
        return reterr->code;
    enum kad_err got = kad_rule_file_load(c->args[0], &f, reterr);
    if (got == KAD_OK) {
        kad_rule_file_try(&f);
        got = may_adopt(c, &f);
    }
    if (got == KAD_OK)
        got = adopt(c, &f, from, reterr);
    kad_rule_file_done(&f);
    return got;
}

enum kad_err kad_cmd_rules_end(struct kad_cli *c, struct kad_error *reterr)
{
    const char *given;
    kad_day from;
    if (kad_opt_required(c, KAD_O_FROM, &given, reterr) != KAD_OK ||
        kad_opt_day(c, KAD_O_FROM, &from, reterr) != KAD_OK)
        return reterr->code;
    const struct kad_input notes[] = {kad_note("name", KAD_IN_STRING, kad_str(c->args[0]))};
    struct kad_draft d = {
        .type = KAD_STR("kadens.ended"), .on = from, .notes = notes, .n_notes = 1};
    enum kad_err got = kad_write_draft(c, &d, (struct kad_str){0}, reterr);
    if (got == KAD_OK && c->format == KAD_F_TEXT) {
        struct kad_buf day = {0};
        kad_put_day_long(&day, from);
        kad_out_safe(&c->out, kad_str(c->args[0]));
        kad_out_printf(&c->out,
                       _(" is no longer in force from %s: nothing new opens; what has opened "
                         "stays.\n"),
                       kad_buf_str(&day));
        kad_buf_done(&day);
    }
    return got;
}

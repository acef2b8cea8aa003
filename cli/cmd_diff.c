/* rules diff: what adopting a rule file would change, without adopting it. */
#include "cli/diff.h"
#include "cli/rule_file.h"

bool kad_diff_any(const struct kad_diff *d)
{
    return d->rows.n > 0;
}

enum kad_err kad_diff_of(struct kad_cli *c, const struct kad_policy *policy, struct kad_str only,
                         kad_day from, kad_day until, struct kad_diff *ret,
                         struct kad_error *reterr)
{
    struct kad_progress progress;
    kad_progress_init(&progress, _("Subjects read:"));
    struct kad_diff_ask q = {.policy = policy,
                             .only = only,
                             .from = from,
                             .as_of = c->as_of,
                             .until = until,
                             .progress = kad_progress_step,
                             .progress_ctx = &progress};
    enum kad_err got = kad_diff_make(c->engine, &q, ret, reterr);
    kad_progress_done(&progress);
    return got;
}

static void out_more(void *ctx, struct kad_buf *b)
{
    (void)b; /* it is the output's own */
    kad_out_more(ctx);
}

static void put(struct kad_cli *c, const struct kad_diff *d)
{
    if (c->format == KAD_F_JSON) {
        kad_diff_json(&c->out.b, d, out_more, &c->out);
    } else if (c->format == KAD_F_CSV) {
        kad_diff_csv(&c->out, d);
    } else {
        kad_diff_print_counts(&c->out, &c->arena, d);
        kad_diff_print_cases(&c->out, d);
    }
}

static enum kad_err diff(struct kad_cli *c, const struct kad_rule_file *f, kad_day from,
                         struct kad_error *reterr)
{
    struct kad_str only;
    struct kad_diff d;
    kad_day until;
    if (kad_opt_only(c, &only, &c->arena, reterr) != KAD_OK ||
        kad_opt_day(c, KAD_O_UNTIL, &until, reterr) != KAD_OK ||
        kad_diff_of(c, f->policy, only, from, until, &d, reterr) != KAD_OK)
        return reterr->code;
    put(c, &d);
    bool any = kad_diff_any(&d);
    kad_diff_done(&d);
    return any ? KAD_ENO : KAD_OK;
}

/* A new rule makes the examples of the old one fail. What it would do is worth seeing before they are
 * mended, so that is only said behind it. */
static enum kad_err tell_examples(struct kad_rule_file *f, enum kad_err got)
{
    if (got != KAD_OK && got != KAD_ENO)
        return got;
    kad_rule_file_try(f);
    if (f->failed == 0)
        return got;
    kad_tell(ngettext_("%zu of its %zu examples fails, so it cannot be adopted yet: `rules test` says "
                       "which.",
                       "%zu of its %zu examples fail, so it cannot be adopted yet: `rules test` says "
                       "which.",
                       f->failed),
             f->failed, f->examples);
    return KAD_ENO;
}

enum kad_err kad_cmd_rules_diff(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_rule_file f;
    const char *given;
    kad_day from;
    if (kad_opt_required(c, KAD_O_FROM, &given, reterr) != KAD_OK ||
        kad_opt_day(c, KAD_O_FROM, &from, reterr) != KAD_OK)
        return reterr->code;
    enum kad_err got = kad_rule_file_load(c->args[0], &f, reterr);
    if (got == KAD_OK && !f.policy) {
        got = kad_rule_file_holds(&f);
        kad_tell(_("It could not be adopted as it is, so nothing was compared."));
    } else if (got == KAD_OK) {
        kad_rule_file_tell_diags(&f);
        got = diff(c, &f, from, reterr);
        got = tell_examples(&f, got);
    }
    kad_rule_file_done(&f);
    return got;
}

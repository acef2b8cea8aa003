/* rules check, rules test: what is wrong with rule files, and do their examples hold. */
#include "cli/codes.h"
#include "cli/json.h"
#include "cli/prove.h"
#include "cli/rule_file.h"
#include "core/clock.h"

static void put_json_text(struct kad_buf *b, const char *key, const char *text)
{
    kad_buf_printf(b, ",\"%s\":", key);
    kad_json_str_or_null(b, kad_str(text));
}

/* What the examples exercise: of each kind how many of how many, and what is left alone. */
static void put_json_cover(struct kad_buf *b, struct kad_cover *c)
{
    kad_buf_puts(b, ",\"coverage\":{");
    for (int k = 0; k < KAD_COVER__COUNT; k++) {
        size_t exercised, n = kad_cover_of(c, (enum kad_cover_kind)k, &exercised);
        kad_buf_printf(b, "\"%s\":{\"of\":%zu,\"exercised\":%zu},",
                       kad_cover_name((enum kad_cover_kind)k), n, exercised);
    }
    kad_buf_puts(b, "\"missing\":[");
    bool first = true;
    for (size_t i = 0; i < c->n; i++) {
        struct kad_str gap = kad_cover_gap(c, i);
        if (gap.n == 0)
            continue;
        kad_buf_printf(b, "%s{\"kind\":\"%s\",\"line\":%d,\"message\":", first ? "" : ",",
                       kad_cover_name(c->v[i].kind), c->v[i].line);
        kad_json_str(b, gap);
        kad_buf_putc(b, '}');
        first = false;
    }
    kad_buf_puts(b, "]}");
}

static void put_json(struct kad_buf *b, struct kad_rule_file *f, const struct kad_proof *proof,
                     bool cover)
{
    kad_buf_puts(b, "{\"file\":");
    kad_json_str(b, kad_str(f->path));
    kad_buf_puts(b, ",\"policy\":");
    kad_json_str_or_null(b, f->policy ? f->policy->name : (struct kad_str){0});
    kad_buf_printf(b, ",\"errors\":%zu,\"warnings\":%zu,\"messages\":[", f->diags.n_errors,
                   f->diags.n_warnings);
    for (size_t i = 0; i < kad_diags_shown(&f->diags); i++) {
        const struct kad_diag *d = &f->diags.v[i];
        kad_buf_printf(b, "%s{\"code\":\"K%03d\",\"severity\":\"%s\",\"line\":%zu,\"column\":%zu",
                       i ? "," : "", (int)d->code, d->severity == KAD_ERROR ? "error" : "warning",
                       d->line, d->column);
        put_json_text(b, "message", d->message);
        put_json_text(b, "advice", d->advice);
        put_json_text(b, "mend", d->mend);
        kad_buf_putc(b, '}');
    }
    kad_buf_printf(b, "],\"examples\":%zu,\"failed\":%zu,\"failures\":[", f->examples, f->failed);
    bool first = true;
    for (size_t i = 0; f->results && i < f->examples; i++)
        for (size_t k = 0; k < f->results[i].n; k++) {
            kad_buf_puts(b, first ? "{\"example\":" : ",{\"example\":");
            kad_json_str(b, kad_dsl_example_name(f->policy, i));
            kad_buf_printf(b, ",\"line\":%d,\"message\":", f->results[i].v[k].line);
            kad_json_str(b, f->results[i].v[k].text);
            kad_buf_putc(b, '}');
            first = false;
        }
    kad_buf_putc(b, ']');
    if (cover && f->policy)
        put_json_cover(b, &f->cover);
    if (proof) {
        kad_buf_putc(b, ',');
        kad_proof_json(b, f->policy, proof);
    }
    kad_buf_putc(b, '}');
}

/* --- rules check, rules test --- */

/* A TAP line's description: one line, without the sign that begins a directive. */
static void put_tap_name(struct kad_out *o, struct kad_str s)
{
    struct kad_buf b = {0};
    kad_text_put_safe(&b, s);
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] == '#')
            kad_out_puts(o, "\\#");
        else
            kad_buf_putc(&o->b, b.p[i]);
    kad_buf_done(&b);
}

static void put_tap(struct kad_out *o, struct kad_rule_file *f, size_t *number, bool cover)
{
    if (!f->policy) {
        kad_out_printf(o, "not ok %zu - ", ++*number);
        put_tap_name(o, kad_str(f->path));
        kad_out_puts(o, "\n");
        return;
    }
    for (size_t i = 0; i < f->examples; i++) {
        const struct kad_example_result *r = &f->results[i];
        kad_out_printf(o, "%s %zu - ", r->n ? "not ok" : "ok", ++*number);
        put_tap_name(o, kad_dsl_example_name(f->policy, i));
        kad_out_puts(o, "\n");
        for (size_t k = 0; k < r->n; k++) {
            kad_out_printf(o, "# %d: ", r->v[k].line);
            kad_out_safe(o, r->v[k].text);
            kad_out_puts(o, "\n");
        }
    }
    if (cover)
        kad_rule_file_put_cover(o, "# ", f);
}

/* Each example by its name: what holds to stdout, beside what does not. */
static void put_names(struct kad_out *o, const struct kad_rule_file *f)
{
    for (size_t i = 0; i < f->examples; i++) {
        bool holds = f->results[i].n == 0;
        kad_out_puts(o, "  ");
        kad_out_style(o, holds ? KAD_GOOD : KAD_LATE);
        kad_out_puts(o, holds ? _("holds") : _("FAILS"));
        kad_out_style(o, KAD_PLAIN);
        kad_out_puts(o, "  ");
        kad_out_safe(o, kad_dsl_example_name(f->policy, i));
        kad_out_puts(o, "\n");
    }
}

/* There is no store to ask: today in the policy's own zone; in UTC where the machine lacks it. */
static kad_day today(const struct kad_cli *c, const struct kad_policy *p)
{
    bool zoned = kad_clock_set_zone(p->zone.p, NULL) == KAD_OK;
    (void)zoned;
    return kad_clock_day(c->now == KAD_INSTANT_NONE ? kad_clock_now() : c->now);
}

static void put_file(struct kad_cli *c, struct kad_rule_file *f,
                     const struct kad_proof *proof, bool names, size_t *number)
{
    if (c->format == KAD_F_JSON) {
        put_json(&c->out.b, f, proof, names);
        return;
    }
    kad_rule_file_tell_diags(f);
    if (c->format == KAD_F_TAP) {
        put_tap(&c->out, f, number, names);
        return;
    }
    kad_rule_file_tell_failures(f);
    if (names)
        put_names(&c->out, f);
    kad_rule_file_put_counts(&c->out, f);
    if (names)
        kad_rule_file_put_cover(&c->out, "  ", f);
    if (proof)
        kad_proof_put(&c->out, f->policy, proof);
}

static enum kad_err each_file(struct kad_cli *c, bool names, struct kad_error *reterr)
{
    bool bad = false;
    size_t number = 0;
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, "[");
    for (int i = 0; i < c->n_args; i++) {
        struct kad_rule_file f;
        struct kad_proof proof;
        if (kad_rule_file_load(c->args[i], &f, reterr) != KAD_OK) {
            kad_rule_file_done(&f);
            return reterr->code;
        }
        bool prove = f.policy && c->opt[KAD_O_CALENDAR];
        if (f.policy)
            kad_dsl_review(f.policy, today(c, f.policy), &f.diags);
        if (prove)
            kad_prove(f.policy, &proof);
        kad_rule_file_try(&f);
        if (f.policy && names)
            kad_cover_wheres(&f.cover);
        bad = bad || !f.policy || f.failed;
        if (c->format == KAD_F_JSON)
            kad_out_puts(&c->out, i ? ",\n" : "\n");
        put_file(c, &f, prove ? &proof : NULL, names, &number);
        if (prove)
            kad_proof_done(&proof);
        kad_rule_file_done(&f);
    }
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, "\n]\n");
    if (c->format == KAD_F_TAP)
        kad_out_printf(&c->out, "1..%zu\n", number);
    return bad ? KAD_ENO : KAD_OK;
}

enum kad_err kad_cmd_rules_check(struct kad_cli *c, struct kad_error *reterr)
{
    if (c->opt[KAD_O_EXPLAIN])
        return kad_codes_explain(c, reterr);
    if (c->n_args == 0)
        return kad_args_too_few(c, reterr);
    return each_file(c, false, reterr);
}

enum kad_err kad_cmd_rules_test(struct kad_cli *c, struct kad_error *reterr)
{
    return each_file(c, true, reterr);
}

/* rules check, test, adopt, end: a policy from its file into the ledger. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/json.h"
#include "cli/write.h"
#include "dsl/dsl.h"

/* One rule file, read, compiled and tried. */
struct rule_file {
    const char *path;
    struct kad_buf text;
    struct kad_diags diags;
    struct kad_policy *policy; /* NULL: it has errors */
    size_t examples, failed, checked;
    struct kad_example_result *results; /* one for each example; NULL before they are run */
};

static enum kad_err load(const char *path, struct rule_file *f, struct kad_error *reterr)
{
    *f = (struct rule_file){.path = path};
    kad_diags_init(&f->diags);
    /* One byte more than is accepted: the compiler says what the limit is. */
    if (kad_file_read(path, KAD_LIMIT_RULE_BYTES + 1, &f->text, reterr) != KAD_OK)
        return reterr->code;
    f->policy =
        kad_dsl_compile((struct kad_str){kad_buf_str(&f->text), f->text.n}, path, &f->diags);
    return KAD_OK;
}

static void try_examples(struct rule_file *f)
{
    if (!f->policy)
        return;
    f->examples = kad_dsl_example_count(f->policy);
    f->results = kad_xalloc((f->examples + 1) * sizeof *f->results);
    for (size_t i = 0; i < f->examples; i++) {
        f->failed += !kad_dsl_example_run(f->policy, i, &f->results[i]);
        f->checked += f->results[i].checked;
    }
}

static void unload(struct rule_file *f)
{
    for (size_t i = 0; f->results && i < f->examples; i++)
        kad_dsl_example_done(&f->results[i]);
    free(f->results);
    kad_policy_free(f->policy);
    kad_diags_done(&f->diags);
    kad_buf_done(&f->text);
}

/* --- what is said --- */

/* Messages go to stderr: they are made for a terminal by the compiler. */
static void tell_diags(const struct rule_file *f)
{
    struct kad_buf b = {0};
    kad_diags_put_all(&b, &f->diags);
    fputs(kad_buf_str(&b), stderr);
    kad_buf_done(&b);
}

static void tell_failures(const struct rule_file *f)
{
    struct kad_buf b = {0};
    for (size_t i = 0; f->results && i < f->examples; i++)
        for (size_t k = 0; k < f->results[i].n; k++) {
            const struct kad_example_failure *fail = &f->results[i].v[k];
            struct kad_str name = kad_dsl_example_name(f->policy, i);
            struct kad_buf said = {0};
            kad_buf_printf(&said, _("%s:%d: the example “%.*s” fails: %.*s"), f->path, fail->line,
                           KAD_STR_FMT(name), KAD_STR_FMT(fail->text));
            kad_text_put_safe(&b, (struct kad_str){said.p, said.n});
            kad_buf_putc(&b, '\n');
            kad_buf_done(&said);
        }
    fputs(kad_buf_str(&b), stderr);
    kad_buf_done(&b);
}

static void put_counts(struct kad_out *o, const struct rule_file *f)
{
    kad_out_safe(o, kad_str(f->path));
    kad_out_puts(o, ": ");
    if (f->diags.n_errors)
        kad_out_printf(o, ngettext_("%zu error", "%zu errors", f->diags.n_errors),
                       f->diags.n_errors);
    else
        kad_out_puts(o, _("no errors"));
    if (f->diags.n_warnings) {
        kad_out_puts(o, ", ");
        kad_out_printf(o, ngettext_("%zu warning", "%zu warnings", f->diags.n_warnings),
                       f->diags.n_warnings);
    }
    if (f->policy) {
        kad_out_puts(o, ", ");
        if (f->examples == 0)
            kad_out_puts(o, _("no examples"));
        else if (f->failed)
            kad_out_printf(
                o, ngettext_("%zu of %zu examples fails", "%zu of %zu examples fail", f->failed),
                f->failed, f->examples);
        else
            kad_out_printf(o,
                           ngettext_("its %zu example holds", "all %zu examples hold", f->examples),
                           f->examples);
    }
    kad_out_puts(o, "\n");
}

static void put_json_text(struct kad_buf *b, const char *key, const char *text)
{
    kad_buf_printf(b, ",\"%s\":", key);
    kad_json_str_or_null(b, kad_str(text));
}

static void put_json(struct kad_buf *b, const struct rule_file *f)
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
    kad_buf_puts(b, "]}");
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

static void put_tap(struct kad_out *o, const struct rule_file *f, size_t *number)
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
}

/* Each example by its name: what holds to stdout, beside what does not. */
static void put_names(struct kad_out *o, const struct rule_file *f)
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

static enum kad_err each_file(struct kad_cli *c, bool names, struct kad_error *reterr)
{
    bool bad = false;
    size_t number = 0;
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, "[");
    for (int i = 0; i < c->n_args; i++) {
        struct rule_file f;
        if (load(c->args[i], &f, reterr) != KAD_OK) {
            unload(&f);
            return reterr->code;
        }
        try_examples(&f);
        bad = bad || !f.policy || f.failed;
        if (c->format == KAD_F_JSON) {
            kad_out_puts(&c->out, i ? ",\n" : "\n");
            put_json(&c->out.b, &f);
        } else {
            tell_diags(&f);
            if (c->format == KAD_F_TAP) {
                put_tap(&c->out, &f, &number);
            } else {
                tell_failures(&f);
                if (names)
                    put_names(&c->out, &f);
                put_counts(&c->out, &f);
            }
        }
        unload(&f);
    }
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, "\n]\n");
    if (c->format == KAD_F_TAP)
        kad_out_printf(&c->out, "1..%zu\n", number);
    return bad ? KAD_ENO : KAD_OK;
}

enum kad_err kad_cmd_rules_check(struct kad_cli *c, struct kad_error *reterr)
{
    return each_file(c, false, reterr);
}

enum kad_err kad_cmd_rules_test(struct kad_cli *c, struct kad_error *reterr)
{
    return each_file(c, true, reterr);
}

/* --- rules adopt, rules end --- */

/* "unit=eksjo,aneby" → "eksjo\naneby". */
static enum kad_err read_only_units(const struct kad_cli *c, struct kad_str *ret,
                                    struct kad_arena *a, struct kad_error *reterr)
{
    const char *s = c->opt[KAD_O_ONLY];
    *ret = (struct kad_str){0};
    if (!s)
        return KAD_OK;
    if (strncmp(s, "unit=", 5) != 0 || s[5] == '\0')
        return kad_fail(reterr, KAD_EINPUT,
                        _("--only says the units so: --only unit=eksjo,nassjo"));
    char *copy = kad_arena_strdup(a, s + 5);
    for (char *p = copy; *p; p++)
        if (*p == ',')
            *p = '\n';
    *ret = kad_str(copy);
    return KAD_OK;
}

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
static enum kad_err may_adopt(const struct kad_cli *c, const struct rule_file *f)
{
    tell_diags(f);
    tell_failures(f);
    if (!f->policy || f->failed) {
        struct kad_out o = {0};
        put_counts(&o, f);
        fputs(kad_buf_str(&o.b), stderr);
        kad_buf_done(&o.b);
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

static enum kad_err adopt(struct kad_cli *c, const struct rule_file *f, kad_day from,
                          struct kad_error *reterr)
{
    struct kad_str only;
    struct kad_input notes[4];
    struct kad_draft d = {.type = KAD_STR("kadens.adopted"), .on = from, .notes = notes};
    if (read_only_units(c, &only, &c->arena, reterr) != KAD_OK)
        return reterr->code;
    notes[d.n_notes++] = kad_note("text", KAD_IN_STRING, (struct kad_str){f->text.p, f->text.n});
    if (only.n)
        notes[d.n_notes++] = kad_note("only", KAD_IN_LIST, only);
    if (c->opt[KAD_O_DECISION])
        notes[d.n_notes++] = kad_note("decision", KAD_IN_STRING, kad_str(c->opt[KAD_O_DECISION]));
    if (f->policy->n_questions)
        notes[d.n_notes++] = kad_note("accepted", KAD_IN_LIST, questions_of(f->policy, &c->arena));
    enum kad_err got = kad_write_draft(c, &d, (struct kad_str){0}, reterr);
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
    struct rule_file f;
    const char *given;
    kad_day from;
    if (kad_opt_required(c, KAD_O_FROM, &given, reterr) != KAD_OK ||
        kad_opt_day(c, KAD_O_FROM, &from, reterr) != KAD_OK)
        return reterr->code;
    enum kad_err got = load(c->args[0], &f, reterr);
    if (got == KAD_OK) {
        try_examples(&f);
        got = may_adopt(c, &f);
    }
    if (got == KAD_OK)
        got = adopt(c, &f, from, reterr);
    unload(&f);
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
    return kad_write_draft(c, &d, (struct kad_str){0}, reterr);
}

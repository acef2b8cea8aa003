#include "cli/rule_file.h"

#include <stdio.h>
#include <stdlib.h>

enum kad_err kad_rule_file_load(const char *path, struct kad_rule_file *f, struct kad_error *reterr)
{
    *f = (struct kad_rule_file){.path = path};
    kad_diags_init(&f->diags);
    /* One byte more than is accepted: the compiler says what the limit is. */
    if (kad_file_read(path, KAD_LIMIT_RULE_BYTES + 1, &f->text, reterr) != KAD_OK)
        return reterr->code;
    f->policy =
        kad_dsl_compile((struct kad_str){kad_buf_str(&f->text), f->text.n}, path, &f->diags);
    /* Not a text at all is another matter than a text with mistakes. */
    if (kad_diags_unreadable(&f->diags))
        return kad_fail(reterr, KAD_EINPUT, "%s:%zu:%zu: %s", path, f->diags.v[0].line,
                        f->diags.v[0].column, f->diags.v[0].message);
    return KAD_OK;
}

void kad_rule_file_try(struct kad_rule_file *f)
{
    if (!f->policy)
        return;
    f->examples = kad_dsl_example_count(f->policy);
    f->results = kad_xalloc((f->examples + 1) * sizeof *f->results);
    kad_cover_init(&f->cover, f->policy);
    for (size_t i = 0; i < f->examples; i++) {
        f->failed += !kad_dsl_example_run(f->policy, i, &f->cover, &f->results[i]);
        f->checked += f->results[i].checked;
    }
}

void kad_rule_file_done(struct kad_rule_file *f)
{
    for (size_t i = 0; f->results && i < f->examples; i++)
        kad_dsl_example_done(&f->results[i]);
    if (f->results)
        kad_cover_done(&f->cover);
    free(f->results);
    kad_policy_free(f->policy);
    kad_diags_done(&f->diags);
    kad_buf_done(&f->text);
}

/* --- what is said --- */

/* Messages go to stderr: they are made for a terminal by the compiler. */
void kad_rule_file_tell_diags(const struct kad_rule_file *f)
{
    struct kad_buf b = {0};
    kad_diags_put_all(&b, &f->diags);
    fputs(kad_buf_str(&b), stderr);
    kad_buf_done(&b);
}

void kad_rule_file_tell_failures(const struct kad_rule_file *f)
{
    struct kad_buf b = {0};
    for (size_t i = 0; f->results && i < f->examples; i++)
        for (size_t k = 0; k < f->results[i].n; k++) {
            const struct kad_example_failure *fail = &f->results[i].v[k];
            struct kad_str name = kad_dsl_example_name(f->policy, i);
            struct kad_out o = {0};
            struct kad_buf said = {0};
            kad_buf_printf(&said, _("%s:%d: the example “%.*s” fails:"), f->path, fail->line,
                           KAD_STR_FMT(name));
            kad_out_safe(&o, (struct kad_str){said.p, said.n});
            kad_out_puts(&o, "\n");
            kad_out_wrap(&o, 4, 100, fail->text);
            kad_buf_put(&b, o.b.p, o.b.n);
            kad_buf_done(&said);
            kad_buf_done(&o.b);
        }
    fputs(kad_buf_str(&b), stderr);
    kad_buf_done(&b);
}

void kad_rule_file_put_counts(struct kad_out *o, const struct kad_rule_file *f)
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

/* What there is none of is left out: "rules 3 of 3, conditions 1 of 2". */
static void put_share(struct kad_buf *b, const struct kad_cover *c)
{
    static const char *const texts[KAD_COVER__COUNT] = {
        [KAD_COVER_RULE] = N_("rules %zu of %zu"),
        [KAD_COVER_WHEN] = N_("`when` %zu of %zu"),
        [KAD_COVER_PHASE] = N_("phases %zu of %zu"),
        [KAD_COVER_GUARD] = N_("conditions %zu of %zu"),
        [KAD_COVER_WHERE] = N_("`where` %zu of %zu"),
    };
    for (int k = 0; k < KAD_COVER__COUNT; k++) {
        size_t exercised, n = kad_cover_of(c, (enum kad_cover_kind)k, &exercised);
        if (n == 0)
            continue;
        kad_buf_puts(b, b->n > 0 ? ", " : "");
        kad_buf_printf(b, _(texts[k]), exercised, n);
    }
}

void kad_rule_file_put_cover(struct kad_out *o, const char *begin, struct kad_rule_file *f)
{
    struct kad_buf b = {0};
    if (!f->policy || f->cover.n == 0)
        return;
    put_share(&b, &f->cover);
    kad_out_puts(o, begin);
    kad_out_printf(o, _("the examples exercise: %s"), kad_buf_str(&b));
    kad_out_puts(o, "\n");
    kad_buf_done(&b);
    for (size_t i = 0; i < f->cover.n; i++) {
        struct kad_str gap = kad_cover_gap(&f->cover, i);
        if (gap.n == 0)
            continue;
        kad_out_puts(o, begin);
        kad_out_safe(o, kad_str(f->path));
        kad_out_printf(o, ":%d: ", f->cover.v[i].line);
        kad_out_safe(o, gap);
        kad_out_puts(o, "\n");
    }
}

enum kad_err kad_rule_file_holds(const struct kad_rule_file *f)
{
    kad_rule_file_tell_diags(f);
    kad_rule_file_tell_failures(f);
    if (f->policy && f->failed == 0)
        return KAD_OK;
    struct kad_out o = {0};
    kad_rule_file_put_counts(&o, f);
    fputs(kad_buf_str(&o.b), stderr);
    kad_buf_done(&o.b);
    return KAD_ENO;
}

enum kad_err kad_opt_only(const struct kad_cli *c, struct kad_str *ret, struct kad_arena *a,
                          struct kad_error *reterr)
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

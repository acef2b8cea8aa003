/* rules list, rules show, rules end: the policies of a ledger. */
#include <stdio.h>

#include "cli/csv.h"
#include "cli/json.h"
#include "cli/records.h"
#include "core/clock.h"
#include "rules/shipped.h"

/* --- rules list --- */

struct policy_line {
    const struct kad_adoption *a;
    struct kad_record r; /* of the adoption; its strings are the command's */
    bool in_force;
};

static enum kad_err read_line(struct kad_cli *c, struct kad_snapshot *s,
                              const struct kad_timeline *t, size_t i, struct policy_line *ret,
                              struct kad_error *reterr)
{
    struct kad_str bytes;
    const struct kad_adoption *a = &t->v[i];
    *ret = (struct policy_line){.a = a};
    enum kad_err got = kad_snapshot_record(s, a->seq, &bytes, reterr);
    if (got != KAD_OK)
        return got;
    bytes = kad_str_dup(&c->arena, bytes);
    /* In force: begun, and no later one for everybody or an end of the same name has come. */
    ret->in_force = a->policy && a->from <= c->as_of;
    for (size_t k = i + 1; k < t->n && kad_str_eq(t->v[k].name, a->name); k++)
        if (t->v[k].from <= c->as_of && (!t->v[k].policy || t->v[k].n_units == 0))
            ret->in_force = false;
    return kad_snapshot_decode(s, bytes, &c->arena, true, &ret->r, reterr);
}

static void put_units(struct kad_buf *b, const struct kad_adoption *a)
{
    for (size_t i = 0; i < a->n_units; i++) {
        struct kad_str label = kad_str_eq(a->units[i], KAD_STR("")) ? KAD_STR("–") : a->units[i];
        kad_buf_printf(b, "%s%.*s", i ? ", " : "", KAD_STR_FMT(label));
    }
}

static void put_json_line(struct kad_buf *b, const struct policy_line *l)
{
    char at[KAD_INSTANT_TEXT];
    kad_buf_puts(b, "{\"seq\":");
    kad_json_seq(b, l->a->seq);
    kad_buf_puts(b, ",\"name\":");
    kad_json_str(b, l->a->name);
    kad_buf_puts(b, ",\"from\":");
    kad_json_day(b, l->a->from);
    kad_buf_printf(b, ",\"ends\":%s,\"in_force\":%s,\"only\":[", l->a->policy ? "false" : "true",
                   l->in_force ? "true" : "false");
    for (size_t i = 0; i < l->a->n_units; i++) {
        kad_buf_puts(b, i ? "," : "");
        kad_json_str(b, l->a->units[i]);
    }
    kad_buf_puts(b, "],\"label\":");
    kad_json_str_or_null(b, l->a->policy ? l->a->policy->label : (struct kad_str){0});
    kad_buf_puts(b, ",\"digest\":");
    kad_json_str_or_null(b, kad_record_note(&l->r, "digest"));
    kad_buf_puts(b, ",\"decision\":");
    kad_json_str_or_null(b, kad_record_note(&l->r, "decision"));
    kad_buf_printf(b, ",\"at\":\"%s\",\"by\":", kad_instant_text(l->a->at, at));
    kad_json_str_or_null(b, l->r.by);
    kad_buf_putc(b, '}');
}

static void put_csv_line(struct kad_buf *b, const struct policy_line *l)
{
    struct kad_buf units = {0};
    char seq[24], day[KAD_DAY_TEXT], at[KAD_INSTANT_TEXT];
    put_units(&units, l->a);
    snprintf(seq, sizeof seq, "%llu", (unsigned long long)l->a->seq);
    kad_csv_plain(b, seq, true);
    kad_csv_cell(b, l->a->name, false);
    kad_csv_plain(b, kad_day_text(l->a->from, day), false);
    kad_csv_plain(b, l->a->policy ? "false" : "true", false);
    kad_csv_plain(b, l->in_force ? "true" : "false", false);
    kad_csv_cell(b, (struct kad_str){units.p, units.n}, false);
    kad_csv_cell(b, kad_record_note(&l->r, "decision"), false);
    kad_csv_plain(b, kad_instant_text(l->a->at, at), false);
    kad_csv_cell(b, l->r.by, false);
    kad_csv_end(b);
    kad_buf_done(&units);
}

static void put_row(struct kad_table *t, const struct policy_line *l)
{
    struct kad_buf b = {0};
    kad_table_row(t, l->in_force ? KAD_PLAIN : KAD_DIM);
    kad_put_adoption(&b, l->a);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_table_cell(t, kad_str(!l->a->policy ? _("ends") : l->in_force ? _("in force") : ""));
    kad_buf_reset(&b);
    put_units(&b, l->a);
    kad_table_cell(t, l->a->n_units ? (struct kad_str){b.p, b.n} : kad_str(_("everyone")));
    kad_buf_reset(&b);
    kad_put_day(&b, kad_clock_day(l->a->at));
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_buf_reset(&b);
    kad_buf_printf(&b, "%llu", (unsigned long long)l->a->seq);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_table_cell(t, kad_record_note(&l->r, "decision"));
    kad_buf_done(&b);
}

enum kad_err kad_cmd_rules_list(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_column columns[] = {{.title = _("Policy")},
                                   {.title = ""},
                                   {.title = _("For whom"), .gives = true},
                                   {.title = _("Recorded")},
                                   {.title = _("No."), .right = true},
                                   {.title = _("Decision"), .gives = true, .wraps = true}};
    const struct kad_timeline *t = kad_engine_timeline(c->engine);
    struct kad_snapshot *s = NULL;
    struct kad_table table;
    kad_table_init(&table, &c->arena, columns, sizeof columns / sizeof *columns);
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, "[");
    if (c->format == KAD_F_CSV)
        kad_out_puts(&c->out, "seq,name,from,ends,in_force,only,decision,at,by\r\n");
    for (size_t i = 0; got == KAD_OK && i < t->n; i++) {
        struct policy_line line;
        got = read_line(c, s, t, i, &line, reterr);
        if (got != KAD_OK)
            break;
        if (c->format == KAD_F_JSON) {
            kad_out_puts(&c->out, i ? ",\n" : "\n");
            put_json_line(&c->out.b, &line);
        } else if (c->format == KAD_F_CSV) {
            put_csv_line(&c->out.b, &line);
        } else {
            put_row(&table, &line);
        }
    }
    kad_snapshot_release(s);
    if (got != KAD_OK)
        return got;
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, t->n ? "\n]\n" : "]\n");
    if (c->format == KAD_F_TEXT && t->n)
        kad_table_print(&table, &c->out, 0);
    if (c->format == KAD_F_TEXT && !t->n)
        kad_out_hint(&c->out, "%s\n",
                     _("No policy has been adopted: kadens rules adopt FILE "
                       "--from DATE."));
    return KAD_OK;
}

/* --- rules show --- */

/* As it is for a file; line by line made safe for a terminal. */
static void put_text(struct kad_out *o, struct kad_str s)
{
    if (!o->terminal) {
        kad_buf_put(&o->b, s.p, s.n);
        return;
    }
    for (size_t i = 0; i < s.n;) {
        const char *end = memchr(s.p + i, '\n', s.n - i);
        size_t n = end ? (size_t)(end - (s.p + i)) : s.n - i;
        for (size_t k = i; k < i + n;) {
            size_t plain = k;
            while (plain < i + n && s.p[plain] != '\t')
                plain++;
            kad_out_safe(o, (struct kad_str){s.p + k, plain - k});
            if (plain < i + n)
                kad_out_puts(o, "    ");
            k = plain + 1;
        }
        kad_out_puts(o, "\n");
        i += n + 1;
    }
}

static enum kad_err show_shipped(struct kad_cli *c, struct kad_error *reterr)
{
    const char *name = c->opt[KAD_O_SHIPPED];
    struct kad_buf all = {0};
    for (const struct kad_shipped *p = kad_shipped; p->name; p++) {
        if (strcmp(p->name, name) == 0) {
            put_text(&c->out, (struct kad_str){p->text, p->size});
            kad_buf_done(&all);
            return KAD_OK;
        }
        kad_buf_printf(&all, "%s%s", all.n ? ", " : "", p->name);
    }
    kad_fail(reterr, KAD_EINPUT, _("No policy “%s” comes with the program. There are: %s."), name,
             kad_buf_str(&all));
    kad_buf_done(&all);
    return KAD_EINPUT;
}

/* The one in force on the day: of those for everyone if there is one, else for some units. */
static const struct kad_adoption *in_force(const struct kad_timeline *t, struct kad_str name,
                                           kad_day day)
{
    const struct kad_adoption *found = NULL;
    for (size_t i = 0; i < t->n; i++) {
        const struct kad_adoption *a = &t->v[i];
        if (!kad_str_eq(a->name, name) || a->from > day)
            continue;
        if (a->n_units == 0 || !found || found->n_units > 0)
            found = a;
    }
    return found;
}

static enum kad_err show_named(struct kad_cli *c, struct kad_str name, kad_day day,
                               struct kad_error *reterr)
{
    const struct kad_timeline *t = kad_engine_timeline(c->engine);
    const struct kad_adoption *a = in_force(t, name, day);
    char text[KAD_DAY_TEXT];
    if (a && a->policy) {
        put_text(&c->out, a->policy->text);
        return KAD_OK;
    }
    for (size_t i = 0; i < t->n; i++)
        if (kad_str_eq(t->v[i].name, name))
            return kad_fail(reterr, KAD_EINPUT, _("%.*s is not in force on %s."), KAD_STR_FMT(name),
                            kad_day_text(day, text));
    return kad_fail(reterr, KAD_EINPUT,
                    _("No policy “%.*s” has been adopted. kadens rules list "
                      "shows those that have."),
                    KAD_STR_FMT(name));
}

enum kad_err kad_cmd_rules_show(struct kad_cli *c, struct kad_error *reterr)
{
    if (c->opt[KAD_O_SHIPPED] && c->n_args)
        return kad_fail(reterr, KAD_EINPUT,
                        _("Either an adopted policy or a --shipped one can be shown, not both."));
    if (c->opt[KAD_O_SHIPPED])
        return show_shipped(c, reterr);
    if (kad_cli_open(c, false, reterr) != KAD_OK)
        return reterr->code;
    const struct kad_timeline *t = kad_engine_timeline(c->engine);
    struct kad_str name = t->n ? t->v[0].name : (struct kad_str){0};
    kad_day day = c->as_of;
    if (c->n_args) {
        const char *at = strchr(c->args[0], '@');
        name = kad_str(c->args[0]);
        if (at)
            name.n = (size_t)(at - c->args[0]);
        if (at && !kad_day_parse(at + 1, strlen(at + 1), &day))
            return kad_fail(
                reterr, KAD_EINPUT,
                _("“%s” is no date between the years %d and %d. Write it as 2021-06-01."), at + 1,
                KAD_LIMIT_YEAR_MIN, KAD_LIMIT_YEAR_MAX);
        return show_named(c, name, day, reterr);
    }
    for (size_t i = 1; i < t->n; i++)
        if (!kad_str_eq(t->v[i].name, name))
            return kad_fail(reterr, KAD_EINPUT,
                            _("Several policies have been adopted: name one. kadens rules list "
                              "shows them."));
    if (t->n == 0)
        return kad_fail(reterr, KAD_EINPUT,
                        _("No policy has been adopted: kadens rules adopt FILE "
                          "--from DATE."));
    return show_named(c, name, day, reterr);
}

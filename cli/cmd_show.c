/* show: one subject on one page. */
#include <stdlib.h>

#include "cli/json.h"
#include "cli/records.h"
#include "cli/rows.h"

#define BACKDATED_DAYS 7
#define LATEST 10 /* of what is over, unless --all */
#define STORY_LATEST 15

struct page {
    struct kad_cli *c;
    struct kad_subject s;
    struct kad_record *records;
    size_t n_records;
    struct kad_rows rows;
};

static const struct kad_record *record_of(const struct page *p, uint64_t seq)
{
    size_t low = 0, high = p->n_records;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (p->records[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < p->n_records && p->records[low].seq == seq ? &p->records[low] : NULL;
}

/* --- where things stand --- */

/* Each attribute of the policies in force on the day, once. */
static void each_attribute(struct page *p,
                           void (*fn)(void *ctx, const struct kad_policy *policy,
                                      const struct kad_attribute *a, struct kad_value v),
                           void *ctx)
{
    kad_day day = p->c->as_of;
    size_t pos = kad_derive_end_of(p->s.derive, day);
    const struct kad_str *names;
    size_t n = kad_derive_names(p->s.derive, &names);
    kad_vec(struct kad_str) told = {0};
    for (size_t i = 0; i < n; i++) {
        const struct kad_adoption *a = kad_derive_in_force(p->s.derive, names[i], day);
        int kind = a && a->policy ? kad_policy_kind(a->policy, p->s.info.kind) : -1;
        if (kind < 0)
            continue;
        const struct kad_kind *k = &a->policy->kinds[kind];
        for (size_t j = 0; j < k->n_attributes; j++) {
            bool again = false;
            for (size_t t = 0; t < told.n; t++)
                again = again || kad_str_eq(told.v[t], k->attributes[j].name);
            if (again)
                continue;
            kad_vec_push(&p->c->arena, &told, k->attributes[j].name);
            fn(ctx, a->policy, &k->attributes[j],
               kad_derive_attribute(p->s.derive, a->policy, (int)j, pos, day));
        }
    }
}

/* The table, and the labels of what is not known: they share its last row. */
struct standing {
    struct kad_table table;
    struct kad_buf unknown;
};

static void put_attribute(void *ctx, const struct kad_policy *policy, const struct kad_attribute *a,
                          struct kad_value v)
{
    struct standing *s = ctx;
    struct kad_buf b = {0};
    if (v.know == KAD_UNKNOWN) {
        kad_buf_printf(&s->unknown, "%s%.*s", s->unknown.n ? ", " : "", KAD_STR_FMT(a->label));
        return;
    }
    if (v.know == KAD_SEALED || v.know == KAD_ERASED)
        kad_buf_puts(&b, v.know == KAD_SEALED ? _("(sealed)") : _("(erased)"));
    else
        kad_policy_put_value(&b, policy, v, a->type, a->ref);
    kad_table_row(&s->table, KAD_PLAIN);
    kad_table_cell(&s->table, a->label);
    kad_table_cell(&s->table, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

static void put_standing(struct page *p)
{
    struct kad_column columns[] = {{.title = NULL}, {.title = NULL, .gives = true, .wraps = true}};
    struct standing s = {0};
    kad_table_init(&s.table, &p->c->arena, columns, 2);
    each_attribute(p, put_attribute, &s);
    if (s.unknown.n) {
        kad_table_row(&s.table, KAD_DIM);
        kad_table_cell(&s.table, kad_str(_("Not recorded")));
        kad_table_cell(&s.table, (struct kad_str){s.unknown.p, s.unknown.n});
    }
    if (s.table.rows.n) {
        kad_out_puts(&p->c->out, "\n");
        kad_out_line(&p->c->out, KAD_BOLD, "%s", _("Where things stand"));
        kad_table_print(&s.table, &p->c->out, 2);
    }
    kad_buf_done(&s.unknown);
}

struct json_attributes {
    struct kad_buf *b;
    bool any;
};

static void json_attribute(void *ctx, const struct kad_policy *policy,
                           const struct kad_attribute *a, struct kad_value v)
{
    struct json_attributes *j = ctx;
    (void)policy;
    if (j->any)
        kad_buf_putc(j->b, ',');
    j->any = true;
    kad_json_str(j->b, a->name);
    kad_buf_putc(j->b, ':');
    kad_json_value(j->b, v);
}

/* --- the story --- */

static void put_remarks(struct kad_buf *b, const struct page *p, const struct kad_fact *f)
{
    const struct kad_record *r = record_of(p, f->seq);
    if (f->last != f->seq)
        kad_buf_printf(b, _(" [corrected in no. %llu]"), (unsigned long long)f->last);
    if (!r)
        return;
    if (kad_record_delay(r) > BACKDATED_DAYS) {
        unsigned long days = (unsigned long)kad_record_delay(r);
        kad_buf_printf(
            b, ngettext_(" [recorded %lu day later]", " [recorded %lu days later]", days), days);
    }
    if (r->flags & KAD_RF_OVERRIDE) {
        struct kad_str why = kad_record_note(r, "because");
        kad_buf_printf(b, _(" [recorded although a rule said no: %.*s]"), KAD_STR_FMT(why));
    }
    for (size_t i = 0; i < r->n_deviations; i++)
        kad_buf_printf(b, _(" [deviation: %.*s]"), KAD_STR_FMT(r->deviations[i].message));
}

static void put_fact(struct kad_table *t, const struct page *p, const struct kad_fact *f)
{
    const struct kad_record *r = record_of(p, f->seq);
    const struct kad_policy *policy = kad_policy_with(p->c->engine, r ? r->policy : 0, f->type);
    struct kad_buf b = {0};
    kad_table_row(t, KAD_PLAIN);
    kad_put_day(&b, f->on);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_table_cell(t, kad_type_label(policy, f->type));
    kad_buf_reset(&b);
    kad_put_fields(&b, policy, f->type, f->fields, f->n_fields, true);
    put_remarks(&b, p, f);
    size_t skip = b.n && b.p[0] == ' ';
    kad_table_cell(t, (struct kad_str){b.p + skip, b.n - skip});
    kad_table_cell(t, r ? r->by : (struct kad_str){0});
    kad_buf_reset(&b);
    kad_buf_printf(&b, "%llu", (unsigned long long)f->seq);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

static void put_waiver(struct kad_table *t, const struct page *p, const struct kad_waiver *w)
{
    struct kad_buf b = {0};
    const struct kad_row *row = NULL;
    for (size_t i = 0; i < p->rows.v.n && !row; i++)
        if (kad_str_eq(p->rows.v.v[i].i.id, w->task))
            row = &p->rows.v.v[i];
    kad_table_row(t, KAD_PLAIN);
    kad_put_day(&b, w->on);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_table_cell(t, kad_str(_("Task waived")));
    kad_buf_reset(&b);
    if (row)
        kad_buf_printf(&b, "%.*s, %.*s: ", KAD_STR_FMT(kad_task_label(&row->i)),
                       KAD_STR_FMT(row->ref));
    else
        kad_buf_printf(&b, "%.*s: ", KAD_STR_FMT(w->task));
    kad_buf_put(&b, w->because.p, w->because.n);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_table_cell(t, w->by);
    kad_buf_reset(&b);
    kad_buf_printf(&b, "%llu", (unsigned long long)w->seq);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

static int waiver_cmp(const void *pa, const void *pb)
{
    const struct kad_waiver *a = *(const struct kad_waiver *const *)pa;
    const struct kad_waiver *b = *(const struct kad_waiver *const *)pb;
    if (a->on != b->on)
        return a->on < b->on ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

/* Behind everything else: it is about all that was said before. */
static void put_erased(struct kad_table *t, const struct page *p, const struct kad_record *r)
{
    struct kad_buf b = {0};
    kad_table_row(t, KAD_PLAIN);
    kad_put_day(&b, r->on);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_table_cell(t, kad_record_label(p->c->engine, r));
    kad_table_cell(t, kad_record_note(r, "because"));
    kad_table_cell(t, r->by);
    kad_buf_reset(&b);
    kad_buf_printf(&b, "%llu", (unsigned long long)r->seq);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

/* Does the waiver stand before the fact in the story? */
static bool comes_first(const struct kad_waiver *w, const struct kad_fact *f)
{
    return w->on < f->on || (w->on == f->on && w->seq < f->seq);
}

static void put_story(struct page *p)
{
    struct kad_out *o = &p->c->out;
    const struct kad_story *story = &p->s.story;
    struct kad_column columns[] = {{.title = NULL},
                                   {.title = NULL},
                                   {.title = NULL, .gives = true, .wraps = true},
                                   {.title = NULL, .style = KAD_DIM},
                                   {.title = NULL, .right = true, .style = KAD_DIM}};
    struct kad_table t;
    kad_table_init(&t, &p->c->arena, columns, sizeof columns / sizeof *columns);
    size_t shown = kad_derive_end_of(p->s.derive, p->c->as_of);
    size_t skip = shown > STORY_LATEST && !p->c->opt[KAD_O_ALL] ? shown - STORY_LATEST : 0;
    kad_vec(const struct kad_waiver *) waivers = {0};
    for (size_t i = 0; i < story->n_waivers; i++)
        if (story->waivers[i].on <= p->c->as_of)
            kad_vec_push(&p->c->arena, &waivers, &story->waivers[i]);
    if (waivers.n)
        qsort(waivers.v, waivers.n, sizeof *waivers.v, waiver_cmp);
    size_t next = 0;
    for (size_t i = 0; i < shown; i++) {
        for (; next < waivers.n && comes_first(waivers.v[next], &story->facts[i]); next++)
            if (i >= skip)
                put_waiver(&t, p, waivers.v[next]);
        if (i >= skip)
            put_fact(&t, p, &story->facts[i]);
    }
    while (next < waivers.n)
        put_waiver(&t, p, waivers.v[next++]);
    for (size_t i = 0; i < p->n_records; i++)
        if (p->records[i].kind == KAD_R_ERASED && p->records[i].on <= p->c->as_of)
            put_erased(&t, p, &p->records[i]);
    kad_out_puts(o, "\n");
    kad_out_style(o, KAD_BOLD);
    kad_out_puts(o, _("Story"));
    if (skip)
        kad_out_printf(o, _(" (%zu, the latest %d; --all shows all)"), shown, STORY_LATEST);
    kad_out_style(o, KAD_PLAIN);
    kad_out_puts(o, "\n");
    if (t.rows.n)
        kad_table_print(&t, o, 2);
    else
        kad_out_printf(o, "  %s\n", _("Nothing has happened yet."));
    size_t later = story->n_facts - shown;
    if (later) {
        kad_out_puts(o, "  ");
        kad_out_printf(
            o,
            ngettext_("%zu more happens after this day.", "%zu more happen after this day.", later),
            later);
        kad_out_puts(o, "\n");
    }
}

/* --- what was issued --- */

static void put_issued_row(struct kad_table *t, const struct page *p, const struct kad_record *r)
{
    struct kad_buf b = {0};
    kad_table_row(t, KAD_PLAIN);
    kad_put_day(&b, r->on);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_table_cell(t, kad_record_label(p->c->engine, r));
    kad_buf_reset(&b);
    kad_put_own(&b, p->c, &p->c->arena, r, false);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_buf_reset(&b);
    kad_buf_printf(&b, "%llu", (unsigned long long)r->seq);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

static bool is_issued(const struct page *p, const struct kad_record *r)
{
    return r->kind >= KAD_R_ISSUED && r->kind <= KAD_R_ESCALATED && r->on <= p->c->as_of;
}

/* What the scheduler gave out, if there is one. */
static void put_issued(struct page *p)
{
    struct kad_out *o = &p->c->out;
    struct kad_column columns[] = {{.title = NULL},
                                   {.title = NULL},
                                   {.title = NULL, .gives = true, .wraps = true},
                                   {.title = NULL, .right = true, .style = KAD_DIM}};
    struct kad_table t;
    size_t n = 0, skip;
    for (size_t i = 0; i < p->n_records; i++)
        n += is_issued(p, &p->records[i]);
    if (n == 0)
        return;
    skip = n > STORY_LATEST && !p->c->opt[KAD_O_ALL] ? n - STORY_LATEST : 0;
    kad_table_init(&t, &p->c->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0, k = 0; i < p->n_records; i++)
        if (is_issued(p, &p->records[i]) && k++ >= skip)
            put_issued_row(&t, p, &p->records[i]);
    kad_out_puts(o, "\n");
    kad_out_style(o, KAD_BOLD);
    kad_out_puts(o, _("Given out"));
    if (skip)
        kad_out_printf(o, _(" (%zu, the latest %d; --all shows all)"), n, STORY_LATEST);
    kad_out_style(o, KAD_PLAIN);
    kad_out_puts(o, "\n");
    kad_table_print(&t, o, 2);
}

/* --- the page --- */

static void put_title(struct page *p)
{
    struct kad_out *o = &p->c->out;
    const struct kad_timeline *t = kad_engine_timeline(p->c->engine);
    struct kad_str kind = p->s.info.kind, label = p->s.info.key;
    for (size_t i = 0; i < t->n; i++) {
        int k = t->v[i].policy ? kad_policy_kind(t->v[i].policy, p->s.info.kind) : -1;
        if (k < 0)
            continue;
        kind = t->v[i].policy->kinds[k].label;
        label = kad_unit_label(t->v[i].policy, p->s.info.key);
    }
    struct kad_buf b = {0};
    kad_put_day_long(&b, p->c->as_of);
    kad_out_style(o, KAD_BOLD);
    kad_out_safe(o, label);
    kad_out_style(o, KAD_PLAIN);
    kad_out_puts(o, "  ");
    kad_out_safe(o, kind);
    kad_out_printf(o, ", %s\n", kad_buf_str(&b));
    kad_buf_done(&b);
}

static void put_page(struct page *p)
{
    struct kad_out *o = &p->c->out;
    bool all = p->c->opt[KAD_O_ALL] != NULL;
    put_title(p);
    put_standing(p);
    kad_out_puts(o, "\n");
    struct kad_rows_view view = {
        .today = p->c->as_of, .no_subject = true, .most = all ? 0 : LATEST};
    if (p->rows.v.n)
        kad_rows_print(o, &p->c->arena, &p->rows, &view);
    else
        kad_out_printf(o, "%s\n", _("No tasks."));
    put_story(p);
    put_issued(p);
}

static void put_json(struct page *p)
{
    struct kad_buf *b = &p->c->out.b;
    struct json_attributes j = {.b = b};
    kad_buf_puts(b, "{\"subject\":");
    kad_json_str(b, p->s.info.key);
    kad_buf_puts(b, ",\"kind\":");
    kad_json_str_or_null(b, p->s.info.kind);
    kad_buf_puts(b, ",\"as_of\":");
    kad_json_day(b, p->c->as_of);
    kad_buf_puts(b, ",\"attributes\":{");
    each_attribute(p, json_attribute, &j);
    kad_buf_puts(b, "},\"tasks\":[");
    for (size_t i = 0; i < p->rows.v.n; i++) {
        kad_buf_puts(b, i ? "," : "");
        kad_json_instance(b, p->s.info.key, &p->rows.v.v[i].i);
    }
    kad_buf_puts(b, "],\"story\":[");
    for (size_t i = 0; i < p->n_records; i++) {
        kad_buf_puts(b, i ? "," : "");
        kad_json_record(b, p->c->engine, &p->records[i]);
    }
    kad_buf_puts(b, "]}\n");
}

enum kad_err kad_cmd_show(struct kad_cli *c, struct kad_error *reterr)
{
    struct page p = {.c = c, .rows.arena = &c->arena};
    if (kad_subject_of(c, kad_str(c->args[0]), &p.s, reterr) != KAD_OK ||
        kad_records_of(c, p.s.info.key, &p.records, &p.n_records, reterr) != KAD_OK)
        return reterr->code;
    const struct kad_instance *all;
    size_t n = kad_engine_instances(c->engine, &p.s, c->as_of, c->as_of, &all);
    for (size_t i = 0; i < n; i++)
        kad_rows_add(&p.rows, p.s.info.key, &all[i], all, n);
    if (c->format == KAD_F_TEXT)
        put_page(&p);
    else
        put_json(&p);
    return KAD_OK;
}

/* A diff for programs. */
#include <stdio.h>

#include "cli/csv.h"
#include "cli/diff.h"
#include "cli/json.h"
#include "core/digest.h"

/* --- JSON --- */

static void put_units(struct kad_buf *b, const struct kad_str *units, size_t n)
{
    if (n == 0)
        kad_buf_puts(b, "null");
    for (size_t i = 0; i < n; i++) {
        kad_buf_putc(b, i ? ',' : '[');
        kad_json_str(b, units[i]);
    }
    if (n > 0)
        kad_buf_putc(b, ']');
}

static void put_policy(struct kad_buf *b, const struct kad_adoption *a)
{
    struct kad_buf name = {0};
    if (a)
        kad_put_adoption(&name, a);
    kad_json_str_or_null(b, (struct kad_str){name.p, name.n});
    kad_buf_done(&name);
}

static void put_counts(struct kad_buf *b, const struct kad_diff_group *g)
{
    for (int i = 0; i < KAD_C__COUNT; i++)
        kad_buf_printf(b, "%c\"%s\":%llu", i ? ',' : '{', kad_change_name((enum kad_change)i),
                       (unsigned long long)g->n[i]);
    kad_buf_printf(b, ",\"to_do_before\":%llu,\"to_do_after\":%llu}",
                   (unsigned long long)g->before, (unsigned long long)g->after);
}

static void put_groups(struct kad_buf *b, const char *key, const struct kad_diff_groups *g)
{
    kad_buf_printf(b, "\"%s\":{", key);
    for (size_t i = 0; i < g->by_name.n; i++) {
        const struct kad_diff_group *one = &g->v.v[g->by_name.v[i]];
        kad_buf_puts(b, i ? "," : "");
        kad_json_str(b, one->name.n ? one->name : KAD_STR("-"));
        kad_buf_putc(b, ':');
        put_counts(b, one);
    }
    kad_buf_putc(b, '}');
}

static void put_head(struct kad_buf *b, const struct kad_diff *d, struct kad_arena *a)
{
    const struct kad_adoption *new = &d->adoption;
    struct kad_digest digest;
    kad_digest_init(&digest);
    kad_digest_put(&digest, new->policy->text);
    kad_buf_puts(b, "{\"policy\":");
    put_policy(b, new);
    kad_buf_puts(b, ",\"digest\":");
    kad_json_str(b, kad_digest_end(&digest, a));
    kad_buf_puts(b, ",\"from\":");
    kad_json_day(b, new->from);
    kad_buf_puts(b, ",\"only\":");
    put_units(b, new->units, new->n_units);
    kad_buf_puts(b, ",\"as_of\":");
    kad_json_day(b, d->as_of);
    kad_buf_puts(b, ",\"until\":");
    kad_json_day(b, d->until);
    kad_buf_printf(b, ",\"known_at\":%llu,\"replaces\":[", (unsigned long long)d->seq);
    for (size_t i = 0; i < d->replaces.n; i++) {
        kad_buf_puts(b, i ? ",{\"policy\":" : "{\"policy\":");
        put_policy(b, d->replaces.v[i].adoption);
        kad_buf_puts(b, ",\"only\":");
        put_units(b, d->replaces.v[i].units, d->replaces.v[i].n_units);
        kad_buf_putc(b, '}');
    }
    kad_buf_puts(b, "],\"followed_by\":");
    put_policy(b, d->followed_by);
    kad_buf_printf(b, ",\"subjects\":%llu,\"touched\":%llu,\"totals\":",
                   (unsigned long long)d->subjects, (unsigned long long)d->touched);
    put_counts(b, &d->total);
    kad_buf_puts(b, ",\"by\":{");
    put_groups(b, "for", &d->owners);
    kad_buf_putc(b, ',');
    put_groups(b, "unit", &d->units);
    kad_buf_puts(b, "},\"cases\":[");
}

/* {"kind":"escalate","day":"2021-06-18","to":"manager"} */
static void put_notice(struct kad_buf *b, const struct kad_diff_side *s, const struct kad_notice *n)
{
    kad_buf_printf(b, "{\"kind\":\"%s\",\"day\":", kad_notice_kind_name(n->kind));
    kad_json_day(b, n->day);
    kad_buf_puts(b, ",\"to\":");
    kad_json_str_or_null(b, n->role >= 0 ? s->policy->roles[n->role].name : (struct kad_str){0});
    kad_buf_putc(b, '}');
}

static void put_side(struct kad_buf *b, const struct kad_diff *d, const struct kad_diff_side *s)
{
    if (s->opens == KAD_DAY_NONE) {
        kad_buf_puts(b, "null");
        return;
    }
    kad_buf_puts(b, "{\"opens\":");
    kad_json_day(b, s->opens);
    kad_buf_puts(b, ",\"due\":");
    kad_json_day(b, s->due);
    kad_buf_puts(b, ",\"closes\":");
    kad_json_day(b, s->closes);
    kad_buf_puts(b, ",\"for\":");
    kad_json_str_or_null(b, d->owners.v.v[s->owner].name);
    kad_buf_puts(b, ",\"unit\":");
    kad_json_str_or_null(b, d->units.v.v[s->unit].name);
    kad_buf_puts(b, ",\"state\":\"");
    kad_buf_puts(b, kad_state_name((enum kad_state)s->state));
    kad_buf_puts(b, s->late ? "\",\"late\":true" : "\",\"late\":false");
    kad_buf_puts(b, ",\"notices\":[");
    for (size_t i = 0; i < s->n_notices; i++) {
        kad_buf_puts(b, i ? "," : "");
        put_notice(b, s, &s->notices[i]);
    }
    kad_buf_puts(b, "]}");
}

static void put_case(struct kad_buf *b, const struct kad_diff *d, const struct kad_diff_row *r)
{
    bool first = true;
    kad_buf_puts(b, "{\"subject\":");
    kad_json_str(b, r->subject);
    kad_buf_puts(b, ",\"task\":");
    kad_json_str(b, r->task->name);
    kad_buf_puts(b, ",\"label\":");
    kad_json_str(b, r->task->label);
    kad_buf_puts(b, ",\"id\":");
    kad_json_str(b, r->id);
    kad_buf_puts(b, ",\"change\":\"");
    kad_buf_puts(b, kad_change_name((enum kad_change)r->change));
    kad_buf_puts(b, "\",\"what\":[");
    for (int i = 0; i < KAD_MV__COUNT; i++)
        if (r->what & 1u << i) {
            kad_buf_puts(b, first ? "\"" : ",\"");
            kad_buf_puts(b, kad_moved_name((enum kad_moved)i));
            kad_buf_putc(b, '"');
            first = false;
        }
    kad_buf_puts(b, "],\"old\":");
    put_side(b, d, &r->was);
    kad_buf_puts(b, ",\"new\":");
    put_side(b, d, &r->is);
    kad_buf_putc(b, '}');
}

void kad_diff_json(struct kad_buf *b, const struct kad_diff *d, kad_more_fn more, void *ctx)
{
    struct kad_arena a;
    kad_arena_init(&a);
    put_head(b, d, &a);
    kad_arena_done(&a);
    for (size_t i = 0; i < d->rows.n; i++) {
        kad_buf_puts(b, i ? ",\n" : "\n");
        put_case(b, d, &d->rows.v[i]);
        more(ctx, b);
    }
    kad_buf_puts(b, d->rows.n ? "\n]}\n" : "]}\n");
    more(ctx, b);
}

static void digest_more(void *ctx, struct kad_buf *b)
{
    kad_digest_put(ctx, (struct kad_str){b->p, b->n});
    kad_buf_reset(b);
}

struct kad_str kad_diff_digest(const struct kad_diff *d, struct kad_arena *a)
{
    struct kad_digest digest;
    struct kad_buf b = {0};
    kad_digest_init(&digest);
    kad_diff_json(&b, d, digest_more, &digest);
    kad_buf_done(&b);
    return kad_digest_end(&digest, a);
}

/* --- CSV --- */

static void put_csv_day(struct kad_buf *b, kad_day day)
{
    char text[KAD_DAY_TEXT];
    kad_csv_plain(b, day == KAD_DAY_NONE ? "" : kad_day_text(day, text), false);
}

/* "2021-05-28 2021-06-18:manager" */
static void put_csv_notices(struct kad_buf *b, const struct kad_diff_side *s)
{
    struct kad_buf all = {0};
    for (size_t i = 0; i < s->n_notices; i++) {
        const struct kad_notice *n = &s->notices[i];
        char day[KAD_DAY_TEXT];
        kad_buf_printf(&all, "%s%s", i ? " " : "", kad_day_text(n->day, day));
        if (n->role >= 0)
            kad_buf_printf(&all, ":%.*s", KAD_STR_FMT(s->policy->roles[n->role].name));
    }
    kad_csv_cell(b, (struct kad_str){kad_buf_str(&all), all.n}, false);
    kad_buf_done(&all);
}

static void put_csv_side(struct kad_buf *b, const struct kad_diff *d, const struct kad_diff_side *s)
{
    bool there = s->opens != KAD_DAY_NONE;
    put_csv_day(b, s->opens);
    put_csv_day(b, s->due);
    put_csv_day(b, s->closes);
    kad_csv_cell(b, there ? d->owners.v.v[s->owner].name : (struct kad_str){0}, false);
    kad_csv_cell(b, there ? d->units.v.v[s->unit].name : (struct kad_str){0}, false);
    kad_csv_plain(b, there ? kad_state_name((enum kad_state)s->state) : "", false);
    kad_csv_plain(b, !there ? "" : s->late ? "true" : "false", false);
    put_csv_notices(b, s);
}

void kad_diff_csv(struct kad_out *o, const struct kad_diff *d)
{
    struct kad_buf what = {0};
    kad_out_puts(o, "subject,task,label,id,change,what,"
                    "old_opens,old_due,old_closes,old_for,old_unit,old_state,old_late,old_notices,"
                    "new_opens,new_due,new_closes,new_for,new_unit,new_state,new_late,new_notices\r\n");
    for (size_t i = 0; i < d->rows.n; i++) {
        const struct kad_diff_row *r = &d->rows.v[i];
        kad_buf_reset(&what);
        for (int k = 0; k < KAD_MV__COUNT; k++)
            if (r->what & 1u << k)
                kad_buf_printf(&what, "%s%s", what.n ? " " : "",
                               kad_moved_name((enum kad_moved)k));
        kad_csv_cell(&o->b, r->subject, true);
        kad_csv_cell(&o->b, r->task->name, false);
        kad_csv_cell(&o->b, r->task->label, false);
        kad_csv_cell(&o->b, r->id, false);
        kad_csv_plain(&o->b, kad_change_name((enum kad_change)r->change), false);
        kad_csv_plain(&o->b, kad_buf_str(&what), false);
        put_csv_side(&o->b, d, &r->was);
        put_csv_side(&o->b, d, &r->is);
        kad_csv_end(&o->b);
        kad_out_more(o);
    }
    kad_buf_done(&what);
}

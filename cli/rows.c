#include "cli/rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/csv.h"
#include "cli/json.h"

/* --- gathering --- */

bool kad_id_ends(struct kad_str id, struct kad_str end)
{
    return id.n > end.n && id.p[id.n - end.n - 1] == '/' &&
           memcmp(id.p + id.n - end.n, end.p, end.n) == 0;
}

static struct kad_str short_end(struct kad_str id, const struct kad_instance *all, size_t n)
{
    for (size_t at = id.n; at-- > 0;) {
        if (id.p[at] != '/')
            continue;
        struct kad_str end = {id.p + at + 1, id.n - at - 1};
        size_t found = 0;
        for (size_t i = 0; i < n && found < 2; i++)
            found += kad_id_ends(all[i].id, end);
        if (found < 2)
            return end;
    }
    return id;
}

void kad_rows_add(struct kad_rows *rows, struct kad_str subject, const struct kad_instance *i,
                  const struct kad_instance *all, size_t n_all)
{
    struct kad_arena *a = rows->arena;
    struct kad_row row = {.i = *i};
    /* Rows of one subject come one after the other and share its key. */
    const struct kad_row *before = rows->v.n ? &rows->v.v[rows->v.n - 1] : NULL;
    row.subject =
        before && kad_str_eq(before->subject, subject) ? before->subject : kad_str_dup(a, subject);
    row.i.id = kad_str_dup(a, i->id);
    row.i.owner = kad_str_dup(a, i->owner);
    row.i.unit = kad_str_dup(a, i->unit);
    row.i.task = i->policy->tasks[i->task_index].name;
    if (all)
        row.ref = short_end(row.i.id, all, n_all);
    kad_vec_push(a, &rows->v, row);
}

static int row_cmp(const void *pa, const void *pb)
{
    const struct kad_row *a = pa, *b = pb;
    return kad_instance_cmp(&a->i, a->subject, &b->i, b->subject);
}

void kad_rows_sort(struct kad_rows *rows)
{
    if (rows->v.n)
        qsort(rows->v.v, rows->v.n, sizeof *rows->v.v, row_cmp);
}

/* --- for programs --- */

static void put_csv_day(struct kad_buf *b, kad_day day)
{
    char text[KAD_DAY_TEXT];
    kad_csv_plain(b, day == KAD_DAY_NONE ? "" : kad_day_text(day, text), false);
}

static void put_csv_seq(struct kad_buf *b, uint64_t seq)
{
    char text[24] = "";
    if (seq)
        snprintf(text, sizeof text, "%llu", (unsigned long long)seq);
    kad_csv_plain(b, text, false);
}

static void put_csv_row(struct kad_buf *b, const struct kad_row *row)
{
    const struct kad_instance *i = &row->i;
    struct kad_buf policy = {0};
    kad_put_adoption(&policy, i->adoption);
    kad_csv_cell(b, i->id, true);
    kad_csv_cell(b, row->subject, false);
    kad_csv_cell(b, i->task, false);
    kad_csv_cell(b, kad_task_label(i), false);
    put_csv_day(b, i->opens);
    put_csv_day(b, i->due);
    put_csv_day(b, i->closes);
    kad_csv_plain(b, kad_state_name(i->state), false);
    kad_csv_plain(b, i->late ? "true" : "false", false);
    kad_csv_cell(b, i->owner, false);
    kad_csv_cell(b, i->unit, false);
    put_csv_seq(b, i->anchor);
    put_csv_seq(b, i->done_by);
    put_csv_seq(b, i->dropped_by);
    kad_csv_cell(b, (struct kad_str){policy.p, policy.n}, false);
    put_csv_seq(b, (uint64_t)i->line);
    kad_csv_cell(b, i->policy->rules[i->rule_index].source, false);
    kad_csv_end(b);
    kad_buf_done(&policy);
}

void kad_rows_put(struct kad_out *o, const struct kad_rows *rows, enum kad_format format)
{
    if (format == KAD_F_CSV)
        kad_out_puts(o, "id,subject,task,label,opens,due,closes,state,late,for,unit,anchor,done_by,"
                        "dropped_by,policy,line,source\r\n");
    if (format == KAD_F_JSON)
        kad_out_puts(o, "[");
    for (size_t i = 0; i < rows->v.n; i++) {
        const struct kad_row *row = &rows->v.v[i];
        if (format == KAD_F_CSV) {
            put_csv_row(&o->b, row);
        } else {
            if (format == KAD_F_JSON)
                kad_out_puts(o, i ? ",\n" : "\n");
            kad_json_instance(&o->b, row->subject, &row->i);
            if (format == KAD_F_JSONL)
                kad_out_puts(o, "\n");
        }
        kad_out_more(o);
    }
    if (format == KAD_F_JSON)
        kad_out_puts(o, rows->v.n ? "\n]\n" : "]\n");
}

/* --- for people --- */

struct kad_str kad_task_label(const struct kad_instance *i)
{
    return i->policy->tasks[i->task_index].label;
}

struct kad_str kad_unit_label(const struct kad_policy *p, struct kad_str unit)
{
    for (size_t k = 0; p && unit.n && k < p->n_kinds; k++) {
        const struct kad_kind *kind = &p->kinds[k];
        int m = kind->shape == KAD_KIND_ONE_OF ? kad_kind_member(kind, unit) : -1;
        if (m >= 0)
            return kind->members[m].label;
    }
    return unit;
}

struct kad_str kad_row_owner(const struct kad_row *row)
{
    struct kad_str owner = row->i.owner;
    if (owner.n == 0)
        return kad_str(_("(nobody)"));
    if (owner.n > 5 && memcmp(owner.p, "role:", 5) == 0) {
        struct kad_str name = {owner.p + 5, owner.n - 5};
        int role = kad_policy_role(row->i.policy, name);
        return role >= 0 ? row->i.policy->roles[role].label : name;
    }
    return owner;
}

/* Groups, in the order they are shown. */
enum part {
    LATE,
    TODAY,
    THIS_WEEK,
    NEXT_WEEK,
    LATER,
    UPCOMING,
    DONE,
    MISSED,
    UNTOLD,
    DROPPED,
    WAIVED,
    GONE
};
static const struct {
    const char *title;
    enum kad_style style;
} parts[] = {
    [LATE] = {N_("Late"), KAD_LATE},
    [TODAY] = {N_("Today"), KAD_SOON},
    [THIS_WEEK] = {N_("This week"), KAD_BOLD},
    [NEXT_WEEK] = {N_("Next week"), KAD_BOLD},
    [LATER] = {N_("Later"), KAD_BOLD},
    [UPCOMING] = {N_("Not yet open"), KAD_BOLD},
    [DONE] = {N_("Done"), KAD_GOOD},
    [MISSED] = {N_("Not done in time"), KAD_LATE},
    [UNTOLD] = {N_("Known too late"), KAD_BOLD},
    [DROPPED] = {N_("No longer needed"), KAD_BOLD},
    [WAIVED] = {N_("Waived"), KAD_BOLD},
    [GONE] = {N_("Withdrawn"), KAD_BOLD},
};

static enum part part_of(const struct kad_instance *i, kad_day today)
{
    kad_day sunday = today + 6 - kad_weekday(today);
    switch (i->state) {
    case KAD_S_UPCOMING:
        return UPCOMING;
    case KAD_S_OPEN:
        return i->due <= today        ? TODAY
               : i->due <= sunday     ? THIS_WEEK
               : i->due <= sunday + 7 ? NEXT_WEEK
                                      : LATER;
    case KAD_S_OVERDUE:
        return LATE;
    case KAD_S_DONE:
        return DONE;
    case KAD_S_MISSED:
        return MISSED;
    case KAD_S_UNTOLD:
        return UNTOLD;
    case KAD_S_DROPPED:
        return DROPPED;
    case KAD_S_WAIVED:
        return WAIVED;
    default:
        return GONE;
    }
}

/* What there is to say beside the due day. */
static void put_remark(struct kad_buf *b, const struct kad_instance *i, kad_day today)
{
    switch (i->state) {
    case KAD_S_OVERDUE:
        kad_put_late(b, today - i->due);
        break;
    case KAD_S_OPEN:
        kad_put_relative(b, i->due, today);
        break;
    case KAD_S_UPCOMING: {
        char day[KAD_DAY_TEXT];
        kad_buf_printf(b, _("opens %s"), kad_day_text(i->opens, day));
        break;
    }
    default:
        if (i->state == KAD_S_DONE && i->late)
            kad_put_late(b, i->ended - i->due);
        else if (i->ended != KAD_DAY_NONE && i->state != KAD_S_MISSED && i->state != KAD_S_UNTOLD) {
            char day[KAD_DAY_TEXT];
            kad_buf_printf(b, i->state == KAD_S_DONE ? _("done %s") : _("since %s"),
                           kad_day_text(i->ended, day));
            if (i->withdrawn_by)
                kad_buf_printf(b, _(", because of no. %llu"), (unsigned long long)i->withdrawn_by);
        }
    }
}

static void cell_of(struct kad_table *t, struct kad_buf *b)
{
    kad_table_cell(t, (struct kad_str){b->p, b->n});
    kad_buf_reset(b);
}

static void print_row(struct kad_table *t, const struct kad_row *row,
                      const struct kad_rows_view *view, bool one_unit)
{
    struct kad_buf b = {0};
    kad_table_row(t, KAD_PLAIN);
    kad_put_day(&b, row->i.due);
    cell_of(t, &b);
    put_remark(&b, &row->i, view->today);
    cell_of(t, &b);
    kad_table_cell(t, view->no_subject ? (struct kad_str){0} : row->subject);
    kad_table_cell(t, kad_task_label(&row->i));
    kad_table_cell(t, view->no_owner ? (struct kad_str){0} : kad_row_owner(row));
    kad_table_cell(t, one_unit ? (struct kad_str){0} : kad_unit_label(row->i.policy, row->i.unit));
    kad_table_cell(t, row->ref);
    kad_buf_done(&b);
}

static void put_part(struct kad_table *t, enum part part, size_t n, size_t shown)
{
    struct kad_buf title = {0};
    kad_buf_printf(&title, "%s (%zu", _(parts[part].title), n);
    if (shown < n)
        kad_buf_printf(&title, _(", the latest %zu"), shown);
    kad_buf_putc(&title, ')');
    kad_table_heading(t, parts[part].style, (struct kad_str){title.p, title.n});
    kad_buf_done(&title);
}

void kad_rows_print(struct kad_out *o, struct kad_arena *a, const struct kad_rows *rows,
                    const struct kad_rows_view *view)
{
    size_t n[GONE + 1] = {0};
    bool one_unit = true;
    for (size_t i = 0; i < rows->v.n; i++) {
        n[part_of(&rows->v.v[i].i, view->today)]++;
        one_unit = one_unit && kad_str_eq(rows->v.v[i].i.unit, rows->v.v[0].i.unit);
    }
    struct kad_column columns[] = {
        {.title = _("Due")},
        {.title = "", .drops = true},
        {.title = _("About")},
        {.title = _("Task"), .gives = true, .wraps = true},
        {.title = _("For"), .gives = true},
        {.title = _("Unit"), .gives = true, .drops = true},
        {.title = _("Ref"), .style = KAD_DIM},
    };
    struct kad_table t;
    kad_table_init(&t, a, columns, sizeof columns / sizeof *columns);
    for (int part = 0; part <= GONE; part++) {
        if (n[part] == 0)
            continue;
        /* What is over may be much: the latest of it, unless everything was asked for. */
        size_t skip = view->most && part >= DONE && n[part] > view->most ? n[part] - view->most : 0;
        put_part(&t, (enum part)part, n[part], n[part] - skip);
        for (size_t i = 0; i < rows->v.n; i++) {
            if (part_of(&rows->v.v[i].i, view->today) != (enum part)part)
                continue;
            if (skip)
                skip--;
            else
                print_row(&t, &rows->v.v[i], view, one_unit);
        }
    }
    kad_table_print(&t, o, 2);
}

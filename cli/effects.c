#include "cli/effects.h"

#include <stdlib.h>

#include "cli/json.h"

#define NAMED_MOST 5 /* tasks named in one line */

enum change {
    NOTHING = -1,
    DONE,
    NEW,
    LATER,
    REOPENED,
    MOVED,
    DROPPED,
    WAIVED,
    CLOSED,
    TOO_LATE,
    GONE,
    OWNER,
    CHANGES
};

static const struct {
    const char *key, *title;
} changes[CHANGES] = {
    [DONE] = {"done", N_("Done:")},
    [NEW] = {"new", N_("New:")},
    [LATER] = {"later", N_("New, opens later:")},
    [REOPENED] = {"reopened", N_("Open again:")},
    [MOVED] = {"moved", N_("New due day:")},
    [DROPPED] = {"dropped", N_("No longer needed:")},
    [WAIVED] = {"waived", N_("Waived:")},
    [CLOSED] = {"closed", N_("Closed undone:")},
    [TOO_LATE] = {"untold", N_("Known too late:")},
    [GONE] = {"gone", N_("Gone from the list:")},
    [OWNER] = {"owner", N_("On another list:")},
};

enum kad_err kad_effects_take(struct kad_cli *c, struct kad_str subject, struct kad_rows *ret,
                              struct kad_error *reterr)
{
    struct kad_subject s;
    struct kad_error why = {0};
    const struct kad_instance *all;
    *ret = (struct kad_rows){.arena = &c->arena};
    if (subject.n == 0 || !kad_utf8_valid(subject, NULL))
        return KAD_OK;
    enum kad_err got = kad_engine_subject(c->engine, subject, &c->arena, &s, &why);
    if (got == KAD_ENOTFOUND)
        return KAD_OK;
    if (got != KAD_OK)
        return kad_fail(reterr, got, "%s", why.text);
    kad_day today = kad_engine_today(c->engine);
    size_t n = kad_derive_instances(s.derive, today, today, &all);
    for (size_t i = 0; i < n; i++)
        kad_rows_add(ret, s.info.key, &all[i], all, n);
    return KAD_OK;
}

static const struct kad_row *row_of(const struct kad_rows *rows, struct kad_str id)
{
    for (size_t i = 0; i < rows->v.n; i++)
        if (kad_str_eq(rows->v.v[i].i.id, id))
            return &rows->v.v[i];
    return NULL;
}

static bool waits(enum kad_state s)
{
    return s == KAD_S_OPEN || s == KAD_S_OVERDUE || s == KAD_S_UPCOMING;
}

static enum change change_of(const struct kad_row *was, const struct kad_row *is)
{
    enum kad_state now = is->i.state;
    if (was && waits(now) && was->i.state == now)
        return was->i.due != is->i.due                 ? MOVED
               : kad_str_eq(was->i.owner, is->i.owner) ? NOTHING
                                                       : OWNER;
    if (was && was->i.state == now)
        return NOTHING;
    switch (now) {
    case KAD_S_UPCOMING:
        return !was ? LATER : waits(was->i.state) ? NOTHING : REOPENED;
    case KAD_S_OPEN:
    case KAD_S_OVERDUE:
        return !was                  ? NEW
               : waits(was->i.state) ? (was->i.due != is->i.due ? MOVED : NOTHING)
                                     : REOPENED;
    case KAD_S_DONE:
        return DONE;
    case KAD_S_DROPPED:
        return DROPPED;
    case KAD_S_WAIVED:
        return WAIVED;
    case KAD_S_MISSED:
        return CLOSED;
    case KAD_S_UNTOLD:
        return TOO_LATE;
    default:
        return GONE;
    }
}

/* The rows of one change, in order of due days. */
static size_t rows_of(const struct kad_effects *e, enum change which, const struct kad_row **ret,
                      size_t most)
{
    size_t n = 0;
    const struct kad_rows *from = which == GONE ? &e->before : &e->after;
    for (size_t i = 0; i < from->v.n; i++) {
        const struct kad_row *row = &from->v.v[i];
        bool is = which == GONE ? !row_of(&e->after, row->i.id) && row->i.state != KAD_S_DROPPED
                                : change_of(row_of(&e->before, row->i.id), row) == which;
        if (!is)
            continue;
        if (n < most)
            ret[n] = row;
        n++;
    }
    return n;
}

static void put_task(struct kad_out *o, const struct kad_row *row, const struct kad_row *was)
{
    struct kad_buf b = {0};
    kad_out_safe(o, kad_task_label(&row->i));
    if (was && was->i.due != row->i.due) {
        char day[KAD_DAY_TEXT];
        kad_buf_printf(&b, "%s → ", kad_day_text(was->i.due, day));
    }
    kad_put_day(&b, row->i.due);
    kad_out_printf(o, ", ");
    kad_out_printf(o, _("due %s"), kad_buf_str(&b));
    kad_buf_reset(&b);
    if (row->i.state == KAD_S_DONE && row->i.late) {
        kad_put_late(&b, row->i.ended - row->i.due);
        kad_out_printf(o, " (%s)", kad_buf_str(&b));
    }
    if (was && was->i.due == row->i.due) {
        kad_out_puts(o, " (");
        kad_out_safe(o, kad_row_owner(was));
        kad_out_puts(o, " → ");
        kad_out_safe(o, kad_row_owner(row));
        kad_out_puts(o, ")");
    }
    kad_buf_done(&b);
}

static void put_next(struct kad_out *o, const struct kad_effects *e)
{
    const struct kad_row *next = NULL;
    for (size_t i = 0; i < e->after.v.n; i++) {
        const struct kad_row *row = &e->after.v.v[i];
        if (waits(row->i.state) && (!next || row->i.due < next->i.due))
            next = row;
    }
    if (!next) {
        kad_out_printf(o, "%s\n", _("Nothing more is waiting here."));
        return;
    }
    kad_out_printf(o, "%s ", _("Next:"));
    put_task(o, next, NULL);
    struct kad_buf b = {0};
    if (next->i.state == KAD_S_OVERDUE)
        kad_put_late(&b, e->today - next->i.due);
    else
        kad_put_relative(&b, next->i.due, e->today);
    kad_out_printf(o, " (%s)\n", kad_buf_str(&b));
    kad_buf_done(&b);
}

void kad_effects_print(struct kad_out *o, const struct kad_effects *e)
{
    static const enum kad_style styles[CHANGES] = {[DONE] = KAD_GOOD, [CLOSED] = KAD_LATE};
    const struct kad_row *rows[NAMED_MOST];
    bool any = false;
    for (int which = 0; which < CHANGES; which++) {
        size_t n = rows_of(e, (enum change)which, rows, NAMED_MOST);
        for (size_t i = 0; i < n && i < NAMED_MOST; i++) {
            kad_out_style(o, styles[which]);
            kad_out_puts(o, _(changes[which].title));
            kad_out_style(o, KAD_PLAIN);
            kad_out_puts(o, " ");
            bool compare = which == MOVED || which == OWNER;
            put_task(o, rows[i], compare ? row_of(&e->before, rows[i]->i.id) : NULL);
            kad_out_puts(o, "\n");
            if (which == LATER)
                break;
        }
        size_t more = n - (which == LATER ? 1 : NAMED_MOST);
        if (n > (which == LATER ? 1 : (size_t)NAMED_MOST)) {
            kad_out_puts(o, "  ");
            kad_out_printf(o, ngettext_("… and %zu more", "… and %zu more", more), more);
            kad_out_puts(o, "\n");
        }
        any = any || n > 0;
    }
    if (!any)
        kad_out_printf(o, "%s\n", _("The list is as it was."));
    put_next(o, e);
}

void kad_effects_json(struct kad_buf *b, const struct kad_effects *e, struct kad_str subject)
{
    const struct kad_row **rows = kad_xalloc((e->before.v.n + e->after.v.n + 1) * sizeof *rows);
    size_t most = e->before.v.n + e->after.v.n;
    kad_buf_putc(b, '{');
    for (int which = 0; which < CHANGES; which++) {
        size_t n = rows_of(e, (enum change)which, rows, most);
        kad_buf_printf(b, "%s\"%s\":[", which ? "," : "", changes[which].key);
        for (size_t i = 0; i < n; i++) {
            kad_buf_puts(b, i ? "," : "");
            kad_json_instance(b, subject, &rows[i]->i);
        }
        kad_buf_putc(b, ']');
    }
    kad_buf_putc(b, '}');
    free(rows);
}

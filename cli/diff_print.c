/* A diff for people. */
#include "cli/diff.h"
#include "cli/json.h"
#include "cli/rows.h"

#define CASES_AT_ONCE 400 /* rows of one table: what is aligned together, and held in memory */

/* --- names --- */

static struct kad_str owner_label(const struct kad_policy *policy, struct kad_str owner)
{
    const struct kad_row row = {.i = {.owner = owner, .policy = policy}};
    return kad_row_owner(&row);
}

static struct kad_str unit_label(const struct kad_policy *policy, struct kad_str unit)
{
    return unit.n ? kad_unit_label(policy, unit) : kad_str(_("(no unit)"));
}

static void cell(struct kad_table *t, struct kad_buf *b)
{
    kad_table_cell(t, (struct kad_str){b->p, b->n});
    kad_buf_reset(b);
}

/* --- the head --- */

static void put_units(struct kad_buf *b, const struct kad_policy *p, const struct kad_str *units,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct kad_str label = kad_unit_label(p, units[i]);
        kad_buf_puts(b, i ? ", " : "");
        kad_text_put_safe(b, label);
    }
}

/* Which adoptions give way, for whom, and for how long. */
static void print_replaced(struct kad_out *o, const struct kad_diff *d)
{
    struct kad_buf name = {0}, units = {0};
    for (size_t i = 0; i < d->replaces.n; i++) {
        const struct kad_diff_replaced *r = &d->replaces.v[i];
        kad_buf_reset(&name);
        kad_buf_reset(&units);
        kad_put_adoption(&name, r->adoption);
        put_units(&units, d->adoption.policy, r->units, r->n_units);
        if (r->n_units)
            kad_out_printf(o, _("It replaces %s for %s.\n"), kad_buf_str(&name),
                           kad_buf_str(&units));
        else
            kad_out_printf(o,
                           i ? _("It replaces %s for all others.\n")
                             : _("It replaces %s for everyone.\n"),
                           kad_buf_str(&name));
    }
    kad_buf_reset(&units);
    put_units(&units, d->adoption.policy, d->adoption.units, d->adoption.n_units);
    if (d->replaces.n == 0 && units.n)
        kad_out_printf(o, _("It is for %s, where nothing of that name is in force before.\n"),
                       kad_buf_str(&units));
    else if (d->replaces.n == 0)
        kad_out_printf(o, "%s\n", _("Nothing of that name is in force on that day."));
    if (d->followed_by) {
        kad_buf_reset(&name);
        kad_put_adoption(&name, d->followed_by);
        kad_out_printf(o,
                       d->followed_by->policy
                           ? _("It holds until %s takes over, which is adopted already.\n")
                           : _("It holds until the policy's end, which is recorded already: %s.\n"),
                       kad_buf_str(&name));
    }
    kad_buf_done(&units);
    kad_buf_done(&name);
}

static void print_head(struct kad_out *o, const struct kad_diff *d)
{
    struct kad_buf name = {0}, day = {0}, until = {0};
    kad_text_put_safe(&name, d->adoption.name);
    kad_put_day_long(&day, d->adoption.from);
    kad_out_line(o, KAD_BOLD, _("What %s from %s would change"), kad_buf_str(&name),
                 kad_buf_str(&day));
    print_replaced(o, d);
    kad_buf_reset(&day);
    kad_put_day_long(&day, d->as_of);
    kad_put_day_words(&until, d->until);
    kad_out_printf(o, _("Seen from %s; what recurs is followed to %s.\n"), kad_buf_str(&day),
                   kad_buf_str(&until));
    kad_buf_reset(&day);
    kad_buf_reset(&until);
    kad_put_count(&day, d->touched);
    kad_put_count(&until, d->subjects);
    if (kad_diff_any(d))
        kad_out_printf(o, _("Cases touched: %s of %s.\n"), kad_buf_str(&day), kad_buf_str(&until));
    else
        kad_out_printf(o, _("Nothing would change, in any of %s cases.\n"), kad_buf_str(&until));
    kad_buf_done(&name);
    kad_buf_done(&day);
    kad_buf_done(&until);
}

/* --- counts --- */

static void put_group(struct kad_table *t, struct kad_str label, const struct kad_diff_group *g,
                      enum kad_style style)
{
    struct kad_buf b = {0};
    kad_table_row(t, style);
    kad_table_cell(t, label);
    for (int i = 0; i < KAD_C__COUNT; i++) {
        kad_put_count(&b, g->n[i]);
        cell(t, &b);
    }
    kad_put_count(&b, g->before);
    cell(t, &b);
    kad_put_count(&b, g->after);
    cell(t, &b);
    kad_buf_done(&b);
}

static bool is_touched(const struct kad_diff_group *g)
{
    return g->n[KAD_C_ADDED] || g->n[KAD_C_MOVED] || g->n[KAD_C_WITHDRAWN] || g->before != g->after;
}

typedef struct kad_str (*label_fn)(const struct kad_policy *policy, struct kad_str name);

static void print_groups(struct kad_out *o, struct kad_arena *a, const char *title, label_fn label,
                         const struct kad_diff *d, const struct kad_diff_groups *groups)
{
    struct kad_column columns[] = {
        {.title = title, .gives = true},
        {.title = _("New"), .right = true},
        {.title = _("Moved"), .right = true},
        {.title = _("Gone"), .right = true},
        {.title = _("As before"), .right = true},
        {.title = _("To do before"), .right = true},
        {.title = _("and after"), .right = true},
    };
    struct kad_table t;
    size_t others = 0;
    kad_table_init(&t, a, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < groups->by_name.n; i++) {
        const struct kad_diff_group *g = &groups->v.v[groups->by_name.v[i]];
        if (is_touched(g))
            put_group(&t, label(g->policy, g->name), g, KAD_PLAIN);
        else
            others++;
    }
    put_group(&t, kad_str(_("All")), &d->total, KAD_BOLD);
    kad_out_puts(o, "\n");
    kad_table_print(&t, o, 2);
    if (others) {
        kad_out_puts(o, "  ");
        kad_out_printf(
            o, ngettext_("%zu other is not touched.\n", "%zu others are not touched.\n", others),
            others);
    }
}

void kad_diff_print_counts(struct kad_out *o, struct kad_arena *a, const struct kad_diff *d)
{
    print_head(o, d);
    if (!kad_diff_any(d))
        return;
    print_groups(o, a, _("For"), owner_label, d, &d->owners);
    print_groups(o, a, _("Unit"), unit_label, d, &d->units);
}

/* --- case by case --- */

static const char *change_word(const struct kad_diff_row *r)
{
    const unsigned days = 1u << KAD_MV_OPENS | 1u << KAD_MV_DUE | 1u << KAD_MV_CLOSES;
    switch (r->change) {
    case KAD_C_ADDED:
        return _("new");
    case KAD_C_WITHDRAWN:
        return _("gone");
    default:
        return r->what & days ? _("moved") : _("changed");
    }
}

/* "due 2027-03-10 instead of 2027-03-15". */
static void put_days(struct kad_buf *b, const char *fmt, kad_day is, kad_day was)
{
    char new[KAD_DAY_TEXT], old[KAD_DAY_TEXT];
    kad_buf_puts(b, b->n ? "; " : "");
    kad_buf_printf(b, fmt, kad_day_text(is, new), kad_day_text(was, old));
}

/* "2021-05-28, 2021-06-18 Enhetschef", or "none". */
static void put_notices(struct kad_buf *b, const struct kad_diff_side *s)
{
    for (size_t i = 0; i < s->n_notices; i++) {
        const struct kad_notice *n = &s->notices[i];
        char day[KAD_DAY_TEXT];
        kad_buf_printf(b, "%s%s", i ? ", " : "", kad_day_text(n->day, day));
        if (n->role >= 0)
            kad_buf_printf(b, " %.*s", KAD_STR_FMT(s->policy->roles[n->role].label));
    }
    if (s->n_notices == 0)
        kad_buf_puts(b, _("none"));
}

static void put_remark(struct kad_buf *b, const struct kad_diff *d, const struct kad_diff_row *r)
{
    const struct kad_diff_side *is = &r->is, *was = &r->was;
    const struct kad_diff_side *only = r->change == KAD_C_WITHDRAWN ? was : is;
    char day[KAD_DAY_TEXT];
    if (r->change != KAD_C_MOVED) {
        if (only->state == KAD_S_UPCOMING)
            kad_buf_printf(b, _("opens %s"), kad_day_text(only->opens, day));
        else
            kad_buf_puts(b, kad_state_label((enum kad_state)only->state));
        return;
    }
    if (r->what & 1u << KAD_MV_OPENS)
        put_days(b, _("opens %s instead of %s"), is->opens, was->opens);
    if (r->what & 1u << KAD_MV_DUE)
        put_days(b, _("due %s instead of %s"), is->due, was->due);
    if (r->what & 1u << KAD_MV_CLOSES)
        put_days(b, _("closes %s instead of %s"), is->closes, was->closes);
    if (r->what & 1u << KAD_MV_FOR) {
        struct kad_str old = owner_label(r->policy, d->owners.v.v[was->owner].name);
        kad_buf_puts(b, b->n ? "; " : "");
        kad_buf_printf(b, _("instead of %.*s"), KAD_STR_FMT(old));
    }
    if (r->what & 1u << KAD_MV_STATE) {
        kad_buf_puts(b, b->n ? "; " : "");
        kad_buf_printf(b, _("%s instead of %s"), kad_state_label((enum kad_state)is->state),
                       kad_state_label((enum kad_state)was->state));
    }
    if (r->what & 1u << KAD_MV_LATE) {
        kad_buf_puts(b, b->n ? "; " : "");
        kad_buf_puts(b, is->late ? _("now late") : _("no longer late"));
    }
    if (r->what & 1u << KAD_MV_NOTICES) {
        struct kad_buf new = {0}, old = {0};
        put_notices(&new, is);
        put_notices(&old, was);
        kad_buf_puts(b, b->n ? "; " : "");
        kad_buf_printf(b, _("reminders and escalations: %s instead of %s"), kad_buf_str(&new),
                       kad_buf_str(&old));
        kad_buf_done(&old);
        kad_buf_done(&new);
    }
}

static void put_row(struct kad_table *t, const struct kad_diff *d, const struct kad_diff_row *r)
{
    const struct kad_diff_side *side = r->change == KAD_C_WITHDRAWN ? &r->was : &r->is;
    struct kad_buf b = {0};
    kad_table_row(t, KAD_PLAIN);
    kad_table_cell(t, kad_str(change_word(r)));
    kad_put_day(&b, side->due);
    cell(t, &b);
    kad_table_cell(t, r->task->label);
    kad_table_cell(t, owner_label(r->policy, d->owners.v.v[side->owner].name));
    put_remark(&b, d, r);
    cell(t, &b);
    kad_buf_done(&b);
}

/* One table of whole cases, from row i on; returns where the next begins. */
static size_t print_some(struct kad_out *o, struct kad_arena *a, const struct kad_diff *d, size_t i)
{
    struct kad_column columns[] = {{.title = NULL},
                                   {.title = NULL},
                                   {.title = NULL, .gives = true, .wraps = true},
                                   {.title = NULL, .gives = true},
                                   {.title = NULL, .gives = true, .wraps = true}};
    const struct kad_diff_row *v = d->rows.v;
    struct kad_table t;
    size_t first = i;
    kad_table_init(&t, a, columns, sizeof columns / sizeof *columns);
    for (; i < d->rows.n; i++) {
        if (i == first || !kad_str_eq(v[i].subject, v[i - 1].subject)) {
            if (i - first >= CASES_AT_ONCE)
                break;
            kad_table_heading(&t, KAD_BOLD, v[i].subject);
        }
        put_row(&t, d, &v[i]);
    }
    kad_table_print(&t, o, 2);
    return i;
}

void kad_diff_print_cases(struct kad_out *o, const struct kad_diff *d)
{
    struct kad_arena a;
    kad_arena_init(&a);
    if (d->rows.n > 0)
        kad_out_puts(o, "\n");
    for (size_t i = 0; i < d->rows.n;) {
        kad_arena_reset(&a);
        i = print_some(o, &a, d, i);
        kad_out_more(o);
    }
    kad_arena_done(&a);
}

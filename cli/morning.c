#include "cli/morning.h"

#include "cli/out.h"

/* --- gathering --- */

void kad_morning_init(struct kad_morning *d, struct kad_str who)
{
    *d = (struct kad_morning){.who = who, .day = KAD_DAY_NONE};
    kad_arena_init(&d->arena);
    d->rows.arena = &d->arena;
}

void kad_morning_reset(struct kad_morning *d)
{
    struct kad_str who = d->who;
    kad_arena_done(&d->arena);
    kad_morning_init(d, who);
}

void kad_morning_done(struct kad_morning *d)
{
    kad_arena_done(&d->arena);
}

void kad_morning_take(struct kad_morning *d, const struct kad_message *m)
{
    bool theirs = kad_str_eq(m->owner, d->who), to_them = kad_str_eq(m->to, d->who);
    if (m->kind == KAD_R_OVERDUE || (!theirs && !to_them))
        return; /* what is late stands in the list */
    if (d->news.n >= KAD_MORNING_MOST) {
        d->n_more++;
        return;
    }
    struct kad_arena *a = &d->arena;
    struct kad_morning_news x = {.kind = m->kind,
                                 .task = kad_str_dup(a, m->task),
                                 .label = kad_str_dup(a, m->label),
                                 .subject = kad_str_dup(a, m->subject),
                                 .owner = kad_str_dup(a, m->owner),
                                 .due = m->due,
                                 .on = m->on,
                                 .to_them = to_them};
    kad_vec_push(a, &d->news, x);
}

static enum kad_err gather_one(void *ctx, struct kad_subject *s, struct kad_error *reterr)
{
    struct kad_morning *d = ctx;
    const struct kad_instance *all;
    (void)reterr;
    size_t n = kad_derive_instances(s->derive, d->day, d->day, &all);
    for (size_t i = 0; i < n; i++)
        if ((all[i].state == KAD_S_OPEN || all[i].state == KAD_S_OVERDUE) &&
            kad_str_eq(all[i].owner, d->who))
            kad_rows_add(&d->rows, s->info.key, &all[i], NULL, 0);
    return KAD_OK;
}

enum kad_err kad_morning_gather(struct kad_morning *d, struct kad_engine *e, kad_day day,
                                struct kad_error *reterr)
{
    bool role = d->who.n > 5 && memcmp(d->who.p, "role:", 5) == 0;
    struct kad_each each = {.day = day};
    if (!role)
        each.person = d->who;
    d->day = day;
    d->programme =
        kad_str_dup(&d->arena, kad_str(kad_ledger_info(kad_engine_ledger(e))->programme));
    if (kad_engine_each(e, &each, gather_one, d, reterr) != KAD_OK)
        return reterr->code;
    kad_rows_sort(&d->rows);
    return KAD_OK;
}

/* --- parts --- */

enum part { LATE, ESCALATED, TODAY, WEEK, NEW, GONE, PARTS };
static const struct {
    const char *title;
    const char *colour;
} parts[PARTS] = {
    [LATE] = {N_("Late"), "#a4262c"},
    [TODAY] = {N_("Today"), "#0b5a7a"},
    [WEEK] = {N_("This week"), "#333333"},
    [NEW] = {N_("New, for later"), "#333333"},
    [ESCALATED] = {N_("Escalated to you"), "#a4262c"},
    [GONE] = {N_("No longer needed"), "#666666"},
};

/* One line of a part, from the list or from the news. */
struct line {
    kad_day due;
    struct kad_str label, subject;
    const char *mark; /* translated; NULL: none */
    struct kad_str owner;
};

static const struct kad_morning_news *news_of(const struct kad_morning *d, struct kad_str task,
                                              enum kad_record_kind kind)
{
    for (size_t i = 0; i < d->news.n; i++)
        if (d->news.v[i].kind == kind && !d->news.v[i].to_them &&
            kad_str_eq(d->news.v[i].task, task))
            return &d->news.v[i];
    return NULL;
}

static bool in_rows(const struct kad_morning *d, struct kad_str task)
{
    for (size_t i = 0; i < d->rows.v.n; i++)
        if (kad_str_eq(d->rows.v.v[i].i.id, task))
            return true;
    return false;
}

static enum part part_of_row(const struct kad_morning *d, const struct kad_instance *i)
{
    kad_day sunday = d->day + 6 - kad_weekday(d->day);
    if (i->state == KAD_S_OVERDUE)
        return LATE;
    if (i->due <= d->day)
        return TODAY;
    if (i->due <= sunday)
        return WEEK;
    return news_of(d, i->id, KAD_R_ISSUED) ? NEW : PARTS;
}

static enum part part_of_news(const struct kad_morning *d, const struct kad_morning_news *x)
{
    if (x->on != KAD_DAY_NONE && x->on < d->day - KAD_MORNING_DAYS)
        return PARTS;
    if (x->to_them && x->kind == KAD_R_ESCALATED)
        return ESCALATED;
    return x->kind == KAD_R_WITHDRAWN && !in_rows(d, x->task) ? GONE : PARTS;
}

/* Calls fn for each line of a part (NULL: only counts); how many there are. */
static size_t each_line(const struct kad_morning *d, enum part part,
                        void (*fn)(struct kad_buf *b, const struct kad_morning *d,
                                   const struct line *l),
                        struct kad_buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < d->rows.v.n; i++) {
        const struct kad_row *row = &d->rows.v.v[i];
        if (part_of_row(d, &row->i) != part)
            continue;
        bool fresh = news_of(d, row->i.id, KAD_R_ISSUED) && part != NEW;
        bool reminded = news_of(d, row->i.id, KAD_R_REMINDED);
        struct line l = {.due = row->i.due,
                         .label = kad_task_label(&row->i),
                         .subject = row->subject,
                         .mark = reminded ? _("reminder")
                                 : fresh  ? _("new")
                                          : NULL};
        if (n++ < KAD_MORNING_MOST && fn)
            fn(b, d, &l);
    }
    for (size_t i = 0; i < d->news.n; i++) {
        const struct kad_morning_news *x = &d->news.v[i];
        if (part_of_news(d, x) != part)
            continue;
        struct line l = {.due = x->due, .label = x->label, .subject = x->subject};
        if (x->to_them)
            l.owner = x->owner;
        if (n++ < KAD_MORNING_MOST && fn)
            fn(b, d, &l);
    }
    return n;
}

bool kad_morning_empty(const struct kad_morning *d)
{
    for (int part = 0; part < PARTS; part++)
        if (each_line(d, (enum part)part, NULL, NULL))
            return false;
    return true;
}

/* --- words --- */

static void put_counts(struct kad_buf *b, const struct kad_morning *d)
{
    size_t n[PARTS];
    for (int part = 0; part < PARTS; part++)
        n[part] = each_line(d, (enum part)part, NULL, NULL);
    size_t from = b->n;
    if (n[LATE])
        kad_buf_printf(b, ngettext_("%zu late", "%zu late", n[LATE]), n[LATE]);
    if (n[ESCALATED])
        kad_buf_printf(b, "%s%zu %s", b->n > from ? ", " : "", n[ESCALATED], _("escalated"));
    if (n[TODAY])
        kad_buf_printf(b, "%s%zu %s", b->n > from ? ", " : "", n[TODAY], _("today"));
    if (n[WEEK])
        kad_buf_printf(b, "%s%zu %s", b->n > from ? ", " : "", n[WEEK], _("this week"));
    if (b->n == from)
        kad_buf_puts(b, _("news"));
}

void kad_morning_put_subject(struct kad_buf *b, const struct kad_morning *d)
{
    kad_buf_puts(b, _("Tasks "));
    kad_put_day(b, d->day);
    kad_buf_puts(b, ": ");
    put_counts(b, d);
}

/* "Monday 7 June 2021: 1 late": it begins a line. */
static void put_headline(struct kad_buf *b, const struct kad_morning *d)
{
    size_t from = b->n;
    kad_put_day_long(b, d->day);
    if (b->p[from] >= 'a' && b->p[from] <= 'z')
        b->p[from] = (char)(b->p[from] - 'a' + 'A');
    kad_buf_puts(b, ": ");
    put_counts(b, d);
}

/* "late by 3 days", "today", "in 2 days". */
static void put_when(struct kad_buf *b, const struct kad_morning *d, kad_day due)
{
    if (due < d->day)
        kad_put_late(b, d->day - due);
    else
        kad_put_relative(b, due, d->day);
}

static void put_greeting(struct kad_buf *b, const struct kad_morning *d)
{
    struct kad_buf safe = {0};
    kad_text_put_safe(&safe, d->who);
    bool role = d->who.n > 5 && memcmp(d->who.p, "role:", 5) == 0;
    if (role)
        kad_buf_puts(b, _("Good morning,"));
    else
        kad_buf_printf(b, _("Good morning %s,"), kad_buf_str(&safe));
    kad_buf_done(&safe);
}

/* What is open besides; empty when nothing is. */
static void put_later(struct kad_buf *b, const struct kad_morning *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->rows.v.n; i++)
        n += part_of_row(d, &d->rows.v.v[i].i) == PARTS;
    if (n)
        kad_buf_printf(b,
                       ngettext_("%zu more task is open and due later.",
                                 "%zu more tasks are open and due later.", n),
                       n);
    if (d->n_more)
        kad_buf_printf(b,
                       ngettext_("%s%zu more piece of news is in the list itself.",
                                 "%s%zu more pieces of news are in the list itself.", d->n_more),
                       n ? " " : "", d->n_more);
}

static void put_sender(struct kad_buf *b, const struct kad_morning *d)
{
    kad_buf_puts(b, _("This letter comes in the morning when there is something to tell."));
    kad_buf_puts(b, " Kadens");
    if (d->programme.n) {
        kad_buf_puts(b, ", ");
        kad_text_put_safe(b, d->programme);
    }
}

/* --- plain text --- */

static void text_line(struct kad_buf *b, const struct kad_morning *d, const struct line *l)
{
    kad_buf_puts(b, "* ");
    if (l->due != KAD_DAY_NONE) {
        kad_put_day(b, l->due);
        kad_buf_puts(b, " (");
        put_when(b, d, l->due);
        kad_buf_puts(b, ")  ");
    }
    kad_text_put_safe(b, l->label);
    kad_buf_puts(b, "  –  ");
    kad_text_put_safe(b, l->subject);
    if (l->mark)
        kad_buf_printf(b, "  [%s]", l->mark);
    if (l->owner.n) {
        kad_buf_puts(b, "  (");
        kad_text_put_safe(b, l->owner);
        kad_buf_puts(b, ")");
    }
    kad_buf_putc(b, '\n');
}

void kad_morning_put_text(struct kad_buf *b, const struct kad_morning *d)
{
    put_greeting(b, d);
    kad_buf_puts(b, "\n\n");
    put_headline(b, d);
    kad_buf_puts(b, ".\n");
    for (int part = 0; part < PARTS; part++) {
        size_t n = each_line(d, (enum part)part, NULL, NULL);
        if (n == 0)
            continue;
        struct kad_buf title = {0};
        kad_buf_printf(&title, "%s (%zu)", _(parts[part].title), n);
        kad_buf_printf(b, "\n%s\n", kad_buf_str(&title));
        for (size_t k = kad_utf8_width((struct kad_str){title.p, title.n}); k > 0; k--)
            kad_buf_putc(b, '-');
        kad_buf_putc(b, '\n');
        each_line(d, (enum part)part, text_line, b);
        kad_buf_done(&title);
    }
    kad_buf_putc(b, '\n');
    size_t from = b->n;
    put_later(b, d);
    kad_buf_puts(b, b->n > from ? "\n\n-- \n" : "-- \n");
    put_sender(b, d);
    kad_buf_putc(b, '\n');
}

/* --- HTML: tables and styles on the elements themselves, as mail programs want it --- */

#define FONT "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
#define CELL "padding:8px 0;border-top:1px solid #e3e6e8;vertical-align:top;"

static void put_html(struct kad_buf *b, struct kad_str s)
{
    struct kad_buf safe = {0};
    kad_text_put_safe(&safe, s);
    kad_text_put_html(b, (struct kad_str){safe.p, safe.n});
    kad_buf_done(&safe);
}

static void html_line(struct kad_buf *b, const struct kad_morning *d, const struct line *l)
{
    kad_buf_puts(b, "<tr><td style=\"" CELL "width:150px;white-space:nowrap;padding-right:16px;"
                    "color:#555555;font-size:14px\">");
    if (l->due != KAD_DAY_NONE) {
        kad_put_day(b, l->due);
        kad_buf_puts(b, "<br><span style=\"font-size:13px;color:#777777\">");
        put_when(b, d, l->due);
        kad_buf_puts(b, "</span>");
    }
    kad_buf_puts(b, "</td><td style=\"" CELL "font-size:15px;color:#1b1b1b\">");
    put_html(b, l->label);
    if (l->mark)
        kad_buf_printf(b,
                       " <span style=\"background:#e8f1f5;color:#0b5a7a;border-radius:3px;"
                       "padding:1px 6px;font-size:12px\">%s</span>",
                       l->mark);
    kad_buf_puts(b, "<br><span style=\"font-size:14px;color:#555555\">");
    put_html(b, l->subject);
    if (l->owner.n) {
        kad_buf_puts(b, " · ");
        put_html(b, l->owner);
    }
    kad_buf_puts(b, "</span></td></tr>\n");
}

static void put_html_str(struct kad_buf *b, const struct kad_buf *s)
{
    kad_text_put_html(b, (struct kad_str){s->p, s->n});
}

static void put_html_head(struct kad_buf *b, const struct kad_morning *d)
{
    struct kad_buf t = {0};
    kad_buf_printf(b,
                   "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width\"><title>",
                   kad_text_lang());
    kad_morning_put_subject(&t, d);
    put_html_str(b, &t);
    kad_buf_reset(&t);
    kad_buf_puts(b, "</title></head>\n<body style=\"margin:0;padding:0;background:#ffffff;" FONT
                    "\">\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" "
                    "cellspacing=\"0\"><tr><td style=\"padding:24px 20px\">\n"
                    "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" "
                    "style=\"width:100%;max-width:620px;" FONT "\"><tr><td colspan=\"2\">"
                    "<p style=\"margin:0 0 4px;font-size:16px;color:#1b1b1b\">");
    put_greeting(&t, d);
    put_html_str(b, &t);
    kad_buf_puts(b, "</p><p style=\"margin:0;font-size:20px;line-height:1.35;font-weight:600;"
                    "color:#1b1b1b\">");
    put_headline(b, d);
    kad_buf_puts(b, "</p></td></tr>\n");
    kad_buf_done(&t);
}

void kad_morning_put_html(struct kad_buf *b, const struct kad_morning *d)
{
    struct kad_buf t = {0};
    put_html_head(b, d);
    for (int part = 0; part < PARTS; part++) {
        size_t n = each_line(d, (enum part)part, NULL, NULL);
        if (n == 0)
            continue;
        kad_buf_printf(b,
                       "<tr><td colspan=\"2\" style=\"padding:24px 0 6px\"><h2 style=\"margin:0;"
                       "font-size:15px;font-weight:600;color:%s\">%s (%zu)</h2></td></tr>\n",
                       parts[part].colour, _(parts[part].title), n);
        each_line(d, (enum part)part, html_line, b);
    }
    put_later(&t, d);
    kad_buf_puts(b, "<tr><td colspan=\"2\" style=\"padding:24px 0 0;border-top:1px solid #e3e6e8;"
                    "font-size:13px;line-height:1.5;color:#666666\">");
    put_html_str(b, &t);
    kad_buf_puts(b, t.n ? "<br>" : "");
    kad_buf_reset(&t);
    put_sender(&t, d);
    put_html_str(b, &t);
    kad_buf_puts(b, "</td></tr></table>\n</td></tr></table></body></html>\n");
    kad_buf_done(&t);
}

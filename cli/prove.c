#include "cli/prove.h"

#include "cli/json.h"

/* --- sentences --- */

struct words {
    struct kad_out *o;
    const struct kad_policy *p;
    const struct kad_proof_row *row;
    struct kad_buf b; /* what is said of the row */
    int rule;         /* whose name stands above; -1: none yet */
};

/* "1,9 %": to a tenth, but what is not all is never 100 and what is not nothing never 0. */
static void put_share(struct kad_buf *b, uint64_t n, uint64_t of)
{
    struct kad_value v = {.type = KAD_T_PERCENT, .know = KAD_KNOWN};
    v.num = (int64_t)((n * 1000 + of / 2) / of) * (KAD_MICRO / 1000);
    if (v.num == 0)
        v.num = KAD_MICRO / 1000;
    if (v.num == KAD_MICRO && n < of)
        v.num -= KAD_MICRO / 1000;
    kad_value_put_pretty(b, v);
}

/* Dates and shares as words, for sentences. Each lives until the next row. */
#define PARTS 4
struct parts {
    struct kad_buf v[PARTS];
    size_t n;
};
static const char *a_day(struct parts *q, kad_day day)
{
    struct kad_buf *b = &q->v[q->n++];
    kad_put_day(b, day);
    return kad_buf_str(b);
}
static const char *a_share(struct parts *q, uint64_t n, uint64_t of)
{
    struct kad_buf *b = &q->v[q->n++];
    put_share(b, n, of);
    return kad_buf_str(b);
}
static void parts_done(struct parts *q)
{
    for (size_t i = 0; i < q->n; i++)
        kad_buf_done(&q->v[i]);
    *q = (struct parts){.n = 0};
}

static void sentence(struct words *w, const char *fmt, ...) KAD_PRINTF(2, 3);
static void sentence(struct words *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (w->b.n > 0)
        kad_buf_putc(&w->b, ' ');
    kad_buf_vprintf(&w->b, fmt, ap);
    va_end(ap);
}

static void say_windows(struct words *w)
{
    const struct kad_spread *s = &w->row->windows;
    struct parts q = {.n = 0};
    if (w->row->endless)
        sentence(w, "%s", _("It goes on without an end."));
    else if (s->set && s->least == s->most)
        sentence(w,
                 ngettext_("It always has %d window.", "It always has %d windows.",
                           (unsigned long)s->least),
                 s->least);
    else if (s->set)
        sentence(w, _("The number of windows is from %d, as when counted from %s, to %d, as from %s."),
                 s->least, a_day(&q, s->least_on), s->most, a_day(&q, s->most_on));
    parts_done(&q);
}

static void say_length(struct words *w)
{
    const struct kad_spread *s = &w->row->length;
    struct parts q = {.n = 0};
    if (!s->set)
        return;
    const char *least = a_day(&q, s->least_on), *most = a_day(&q, s->most_on);
    if (w->row->when)
        sentence(w, _("The due day comes after %d to %d days, as from %s and from %s."), s->least,
                 s->most, least, most);
    else if (s->least == s->most)
        sentence(w,
                 ngettext_("Each window is %d day long.", "Each window is %d days long.",
                           (unsigned long)s->least),
                 s->least);
    else
        sentence(w, _("Windows are %d to %d days long, as from %s and from %s."), s->least, s->most,
                 least, most);
    parts_done(&q);
}

static void say_clipped(struct words *w)
{
    const struct kad_proof_row *r = w->row;
    struct parts q = {.n = 0};
    if (r->clipped == 0)
        return;
    const char *share = a_share(&q, r->clipped, KAD_PROOF_DAYS), *on = a_day(&q, r->clipped_on);
    sentence(w,
             ngettext_("From %s of the start days a month lacks the day, and its last is taken: %d "
                       "month after %s is %s.",
                       "From %s of the start days a month lacks the day, and its last is taken: %d "
                       "months after %s is %s.",
                       (unsigned long)r->clipped_months),
             share, r->clipped_months, on, a_day(&q, r->clipped_to));
    parts_done(&q);
}

/* What falls on a day off because it happened on one is nothing that the calendar does. */
static bool is_same_day(const struct kad_proof_row *r)
{
    return r->when && r->when->due.n == 0;
}

static void say_due(struct words *w)
{
    const struct kad_proof_row *r = w->row;
    enum kad_move move = w->p->rules[r->rule].move;
    struct parts q = {.n = 0};
    if (r->dues == 0 || (move == KAD_MOVE_NONE && is_same_day(r)))
        return;
    if (r->off == 0) {
        sentence(w, "%s", _("The due day is always a working day."));
        return;
    }
    const char *share = a_share(&q, r->off, r->dues);
    if (move == KAD_MOVE_NONE) {
        sentence(w, _("The due day is no working day in %s of the cases, as %s; it is not moved."),
                 share, a_day(&q, r->off_due));
    } else {
        const char *due = a_day(&q, r->farthest_due);
        sentence(w,
                 ngettext_("The due day is moved in %s of the cases, by %d day at most, as from %s "
                           "to %s.",
                           "The due day is moved in %s of the cases, by %d days at most, as from %s "
                           "to %s.",
                           (unsigned long)r->farthest),
                 share, r->farthest, due, a_day(&q, r->farthest_to));
    }
    parts_done(&q);
    if (r->other_month == 0)
        return;
    share = a_share(&q, r->other_month, r->dues);
    const char *due = a_day(&q, r->other_due);
    sentence(w, _("In %s of the cases that leads into another month, as from %s to %s."), share, due,
             a_day(&q, r->other_to));
    parts_done(&q);
}

/* The line as the file has it, its blanks folded. */
static void put_line(struct kad_buf *b, struct kad_str text, int line)
{
    size_t i = 0;
    for (int n = 1; n < line && i < text.n; i++)
        n += text.p[i] == '\n';
    bool blank = false, any = false;
    for (; i < text.n && text.p[i] != '\n' && text.p[i] != '#'; i++) {
        bool is_blank = text.p[i] == ' ' || text.p[i] == '\t' || text.p[i] == '\r';
        if (blank && any && !is_blank)
            kad_buf_putc(b, ' ');
        if (!is_blank)
            kad_buf_putc(b, text.p[i]);
        any = any || !is_blank;
        blank = is_blank;
    }
}

static void put_row(struct words *w)
{
    say_windows(w);
    say_length(w);
    say_clipped(w);
    say_due(w);
    if (w->b.n == 0)
        return;
    if (w->row->rule != w->rule) {
        w->rule = w->row->rule;
        kad_out_puts(w->o, "\n");
        kad_out_safe(w->o, w->p->rules[w->rule].label);
        kad_out_puts(w->o, " (");
        kad_out_safe(w->o, w->p->rules[w->rule].name);
        kad_out_puts(w->o, ")\n");
    }
    struct kad_buf head = {0};
    put_line(&head, w->p->text, w->row->line);
    kad_out_printf(w->o, _("  line %d: "), w->row->line);
    kad_out_safe(w->o, (struct kad_str){kad_buf_str(&head), head.n});
    kad_out_puts(w->o, "\n");
    kad_out_wrap(w->o, 6, w->o->terminal ? 0 : 100, (struct kad_str){w->b.p, w->b.n});
    kad_buf_done(&head);
    kad_buf_reset(&w->b);
}

void kad_proof_put(struct kad_out *o, const struct kad_policy *p, const struct kad_proof *proof)
{
    struct kad_buf from = {0}, to = {0}, n = {0};
    kad_put_day_words(&from, proof->first);
    kad_put_day_words(&to, proof->last);
    kad_put_count(&n, KAD_PROOF_DAYS);
    kad_out_printf(o, _("The calendar, for each of the %s days from %s to %s as start day:"),
                   kad_buf_str(&n), kad_buf_str(&from), kad_buf_str(&to));
    kad_out_puts(o, "\n");
    kad_buf_done(&from);
    kad_buf_done(&to);
    kad_buf_done(&n);
    struct words w = {.o = o, .p = p, .rule = -1};
    for (size_t i = 0; i < proof->n; i++) {
        w.row = &proof->v[i];
        put_row(&w);
    }
    if (w.rule < 0) {
        kad_out_puts(o, "  ");
        kad_out_puts(o, _("Nothing in it depends on the calendar."));
        kad_out_puts(o, "\n");
    }
    kad_buf_done(&w.b);
}

/* --- JSON --- */

static void json_spread(struct kad_buf *b, const char *key, const struct kad_spread *s)
{
    kad_buf_printf(b, ",\"%s\":", key);
    if (!s->set) {
        kad_buf_puts(b, "null");
        return;
    }
    kad_buf_printf(b, "{\"least\":%d,\"most\":%d,\"least_from\":", s->least, s->most);
    kad_json_day(b, s->least_on);
    kad_buf_puts(b, ",\"most_from\":");
    kad_json_day(b, s->most_on);
    kad_buf_putc(b, '}');
}

static void json_pair(struct kad_buf *b, kad_day from, kad_day to)
{
    kad_buf_puts(b, ",\"from\":");
    kad_json_day(b, from);
    kad_buf_puts(b, ",\"to\":");
    kad_json_day(b, to);
    kad_buf_putc(b, '}');
}

static void json_row(struct kad_buf *b, const struct kad_policy *p, const struct kad_proof_row *r)
{
    kad_buf_puts(b, "{\"rule\":");
    kad_json_str(b, p->rules[r->rule].name);
    kad_buf_puts(b, ",\"task\":");
    kad_json_str(b, p->tasks[r->task].name);
    kad_buf_printf(b, ",\"line\":%d,\"endless\":%s", r->line, r->endless ? "true" : "false");
    json_spread(b, "windows", &r->windows);
    json_spread(b, r->when ? "days_to_due" : "window_days", &r->length);
    kad_buf_puts(b, ",\"clipped\":");
    if (r->clipped > 0) {
        kad_buf_printf(b, "{\"start_days\":%u,\"months\":%d", r->clipped, r->clipped_months);
        json_pair(b, r->clipped_on, r->clipped_to);
    } else {
        kad_buf_puts(b, "null");
    }
    kad_buf_printf(b, ",\"due_days\":%llu,\"not_working\":%llu,\"moved\":",
                   (unsigned long long)r->dues, (unsigned long long)r->off);
    if (r->off > 0 && p->rules[r->rule].move != KAD_MOVE_NONE) {
        kad_buf_printf(b, "{\"days\":%d", r->farthest);
        json_pair(b, r->farthest_due, r->farthest_to);
    } else {
        kad_buf_puts(b, "null");
    }
    kad_buf_puts(b, ",\"other_month\":");
    if (r->other_month > 0) {
        kad_buf_printf(b, "{\"due_days\":%llu", (unsigned long long)r->other_month);
        json_pair(b, r->other_due, r->other_to);
    } else {
        kad_buf_puts(b, "null");
    }
    kad_buf_putc(b, '}');
}

void kad_proof_json(struct kad_buf *b, const struct kad_policy *p, const struct kad_proof *proof)
{
    kad_buf_puts(b, "\"calendar\":{\"from\":");
    kad_json_day(b, proof->first);
    kad_buf_puts(b, ",\"to\":");
    kad_json_day(b, proof->last);
    kad_buf_printf(b, ",\"start_days\":%d,\"lines\":[", KAD_PROOF_DAYS);
    for (size_t i = 0; i < proof->n; i++) {
        if (i > 0)
            kad_buf_putc(b, ',');
        json_row(b, p, &proof->v[i]);
    }
    kad_buf_puts(b, "]}");
}

#include "cli/witness.h"

#include <stdio.h>

#define TEXT_LINES 12 /* of a long text, unless all of it is wanted */

/* Somebody's words, each line made safe and behind `indent`. */
static void put_lines(struct kad_buf *b, struct kad_str s, const char *indent, bool all)
{
    size_t lines = 0;
    while (s.n > 0) {
        const char *end = memchr(s.p, '\n', s.n);
        struct kad_str line = {s.p, end ? (size_t)(end - s.p) : s.n};
        size_t step = line.n + (end != NULL);
        if (all || lines < TEXT_LINES) {
            kad_buf_puts(b, indent);
            kad_text_put_safe(b, line);
            kad_buf_putc(b, '\n');
        }
        lines++;
        s = (struct kad_str){s.p + step, s.n - step};
    }
    if (!all && lines > TEXT_LINES) {
        kad_buf_puts(b, indent);
        kad_buf_printf(b, _("… and %zu lines more; --all shows them\n"), lines - TEXT_LINES);
    }
}

static void put_row(struct kad_buf *b, const char *label, struct kad_str value)
{
    if (value.n == 0)
        return;
    kad_buf_puts(b, "  ");
    kad_text_put_padded(b, kad_str(label), 18, false);
    kad_buf_putc(b, ' ');
    kad_text_put_safe(b, value);
    kad_buf_putc(b, '\n');
}

static void put_number(struct kad_buf *b, const char *label, uint64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    if (n > 0)
        put_row(b, label, kad_str(text));
}

static void put_fields(struct kad_buf *b, const struct kad_field *f, size_t n, bool all)
{
    for (size_t i = 0; i < n; i++) {
        struct kad_value v = f[i].value;
        struct kad_buf text = {0}, label = {0};
        if (v.know == KAD_SEALED || v.know == KAD_ERASED)
            kad_buf_puts(&text, v.know == KAD_SEALED ? _("(sealed)") : _("(erased)"));
        else if (v.type == KAD_T_NONE || v.know != KAD_KNOWN)
            kad_buf_puts(&text, _("(removed)"));
        else if (v.type == KAD_T_TEXT || v.type == KAD_T_LIST)
            kad_buf_put(&text, v.str.p, v.str.n);
        else
            kad_value_put_pretty(&text, v);
        kad_text_put_safe(&label, f[i].name);
        if (text.p && memchr(text.p, '\n', text.n)) {
            kad_buf_printf(b, "  %s\n", kad_buf_str(&label));
            put_lines(b, (struct kad_str){text.p, text.n}, "    ", all);
        } else {
            put_row(b, kad_buf_str(&label), (struct kad_str){text.p, text.n});
        }
        kad_buf_done(&text);
        kad_buf_done(&label);
    }
}

void kad_witness_put_record(struct kad_buf *b, const struct kad_record *r, bool all)
{
    char at[KAD_INSTANT_TEXT], on[KAD_DAY_TEXT];
    put_row(b, _("type"), r->type);
    put_row(b, _("subject"), r->subject);
    put_row(b, _("happened"), kad_str(kad_day_text(r->on, on)));
    put_row(b, _("recorded"), kad_str(kad_instant_text(r->at, at)));
    if (r->flags & KAD_RF_GIVEN)
        put_row(b, _("clock"), kad_str(_("given, not read from the machine's clock")));
    put_row(b, _("said by"), r->by);
    put_row(b, _("through"), r->via);
    put_row(b, _("own id"), r->id);
    put_number(b, _("policy"), r->policy);
    put_number(b, _("about record"), r->ref);
    if (r->flags & KAD_RF_OVERRIDE)
        put_row(b, _("although"), kad_str(_("a rule said no: it was recorded all the same")));
    put_fields(b, r->fields, r->n_fields, all);
    put_fields(b, r->notes, r->n_notes, all);
    for (size_t i = 0; i < r->n_deviations; i++)
        put_row(b, _("deviation"), r->deviations[i].message);
}

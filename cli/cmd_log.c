/* log: the records in the order they were made; export: the same as JSON Lines, whole. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/bundle.h"
#include "cli/csv.h"
#include "cli/json.h"
#include "cli/records.h"
#include "cli/words.h"
#include "core/clock.h"

#define BACKDATED_DAYS 7
#define FOLD_FROM 50 /* records of given time before they are counted rather than listed */

/* --- log --- */

/* A record that another corrects or takes back. */
struct amended {
    uint64_t seq;
    bool retracted;
};
struct listing {
    struct kad_cli *c;
    kad_day from, to;
    struct kad_str by, type, subject;
    bool marked;
    kad_vec(struct amended) amended; /* sorted */
    struct kad_arena lookup;         /* of the line */
    kad_day day;                     /* the day of recording that the last line stood under */
    size_t n, all, given, folded;
    bool columns; /* there is room for them */
};

static bool is_amended(const struct listing *l, uint64_t seq, bool retracted)
{
    size_t low = 0, high = l->amended.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (l->amended.v[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < l->amended.n && l->amended.v[low].seq == seq; low++)
        if (l->amended.v[low].retracted == retracted)
            return true;
    return false;
}

/* What an auditor looks for, in words; nothing for an ordinary record. */
static void put_marks(struct kad_buf *b, const struct listing *l, const struct kad_record *r)
{
    const char *marks[8];
    size_t n = 0;
    struct kad_buf late = {0};
    if (r->kind == KAD_R_EVENT && kad_record_delay(r) > BACKDATED_DAYS) {
        unsigned long days = (unsigned long)kad_record_delay(r);
        kad_buf_printf(&late, ngettext_("%lu day later", "%lu days later", days), days);
        marks[n++] = kad_buf_str(&late);
    }
    if (r->flags & KAD_RF_OVERRIDE)
        marks[n++] = _("overridden");
    if (r->flags & KAD_RF_DEVIATES)
        marks[n++] = _("deviates");
    if (is_amended(l, r->seq, false))
        marks[n++] = _("corrected");
    if (is_amended(l, r->seq, true))
        marks[n++] = _("taken back");
    if (r->kind == KAD_R_CORRECTED || r->kind == KAD_R_RETRACTED)
        marks[n++] = _("correction");
    if (r->kind == KAD_R_ADOPTED || r->kind == KAD_R_ENDED)
        marks[n++] = _("rules");
    if (r->kind == KAD_R_REKEYED)
        marks[n++] = _("new key");
    /* Nothing to point out of a demo's or an import's every line, unless it is asked for. */
    if ((r->flags & KAD_RF_GIVEN) && (l->marked || l->c->format != KAD_F_TEXT))
        marks[n++] = _("given clock");
    for (size_t i = 0; i < n; i++)
        kad_buf_printf(b, "%s%s", i ? ", " : "", marks[i]);
    kad_buf_done(&late);
}

static bool wanted(const struct listing *l, const struct kad_record *r, struct kad_str marks)
{
    struct kad_str type = r->kind == KAD_R_EVENT ? r->type : kad_str(kad_record_type(r->kind));
    return (l->from == KAD_DAY_NONE || r->on >= l->from) &&
           (l->to == KAD_DAY_NONE || r->on <= l->to) &&
           (l->by.n == 0 || kad_str_eq(r->by, l->by)) &&
           (l->type.n == 0 || kad_str_eq(type, l->type)) &&
           (l->subject.n == 0 || kad_str_eq(r->subject, l->subject)) && (!l->marked || marks.n);
}

static void put_data(struct kad_buf *b, struct listing *l, const struct kad_record *r)
{
    if (r->kind == KAD_R_EVENT)
        kad_put_fields(b, kad_record_policy(l->c->engine, r), r->type, r->fields, r->n_fields,
                       false);
    else
        kad_put_own(b, l->c, &l->lookup, r, false);
}

/* In its column, or as much more as it takes; the columns that are taken then. */
static size_t put_column(struct kad_out *o, struct kad_str s, size_t width)
{
    struct kad_buf b = {0};
    kad_text_put_safe(&b, s);
    struct kad_str safe = {b.p, b.n};
    size_t taken = kad_utf8_width(safe);
    kad_text_put_padded(&o->b, safe, width, false);
    kad_out_puts(o, "  ");
    kad_buf_done(&b);
    return (taken > width ? taken : width) + 2;
}

enum { ABOUT = 10, WHAT = 24, BY = 10 };

static void put_day_heading(struct listing *l, kad_day day)
{
    struct kad_out *o = &l->c->out;
    struct kad_buf b = {0};
    if (l->n == 0) {
        kad_out_style(o, KAD_DIM);
        kad_text_put_padded(&o->b, kad_str(_("No.")), 6, true);
        kad_out_puts(o, "  ");
        put_column(o, kad_str(_("Time")), 5);
        put_column(o, kad_str(_("Happened")), 10);
        put_column(o, kad_str(_("About")), ABOUT);
        if (l->columns)
            put_column(o, kad_str(_("What")), WHAT);
        kad_out_puts(o, l->columns ? _("By") : _("What"));
        kad_out_style(o, KAD_PLAIN);
    }
    kad_put_day_long(&b, day);
    kad_out_puts(o, "\n");
    kad_out_style(o, KAD_BOLD);
    kad_out_printf(o, _("Recorded %s"), kad_buf_str(&b));
    kad_out_style(o, KAD_PLAIN);
    kad_out_puts(o, "\n");
    kad_buf_done(&b);
    l->day = day;
}

static void put_line(struct listing *l, const struct kad_record *r, struct kad_str marks)
{
    struct kad_out *o = &l->c->out;
    char at[KAD_INSTANT_TEXT], on[KAD_DAY_TEXT];
    kad_day day = kad_clock_day(r->at);
    if (l->n == 0 || day != l->day)
        put_day_heading(l, day);
    kad_clock_text(r->at, at);
    kad_out_printf(o, "%6llu  %s  ", (unsigned long long)r->seq, at);
    put_column(o, kad_str(r->on == day ? "" : kad_day_text(r->on, on)), 10);
    size_t columns = 27 + put_column(o, r->subject.n ? r->subject : KAD_STR("–"), ABOUT);
    struct kad_str label = kad_record_label(l->c->engine, r);
    struct kad_buf b = {0}, data = {0};
    put_data(&data, l, r);
    if (l->columns) {
        columns += put_column(o, label, WHAT);
        columns += put_column(o, r->by, BY);
        kad_buf_put(&b, data.p, data.n);
    } else {
        kad_buf_printf(&b, "%.*s%s%s (%.*s)", KAD_STR_FMT(label), data.n ? " – " : "",
                       kad_buf_str(&data), KAD_STR_FMT(r->by));
    }
    if (marks.n)
        kad_buf_printf(&b, "%s[%.*s]", b.n ? " " : "", KAD_STR_FMT(marks));
    kad_out_hang(o, columns, o->width ? o->width : SIZE_MAX, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
    kad_buf_done(&data);
}

static void put_csv(struct listing *l, const struct kad_record *r, struct kad_str marks)
{
    struct kad_buf *b = &l->c->out.b, data = {0};
    char seq[24], at[KAD_INSTANT_TEXT], on[KAD_DAY_TEXT];
    snprintf(seq, sizeof seq, "%llu", (unsigned long long)r->seq);
    kad_csv_plain(b, seq, true);
    kad_csv_cell(b, r->id, false);
    kad_csv_cell(b, r->kind == KAD_R_EVENT ? r->type : kad_str(kad_record_type(r->kind)), false);
    kad_csv_cell(b, r->subject, false);
    kad_csv_plain(b, kad_day_text(r->on, on), false);
    kad_csv_plain(b, kad_instant_text(r->at, at), false);
    kad_csv_cell(b, r->by, false);
    kad_csv_cell(b, r->via, false);
    put_data(&data, l, r);
    kad_csv_cell(b, (struct kad_str){data.p, data.n}, false);
    kad_csv_cell(b, marks, false);
    kad_csv_end(b);
    kad_buf_done(&data);
}

static enum kad_err list_one(void *ctx, const struct kad_record *r, struct kad_error *reterr)
{
    struct listing *l = ctx;
    struct kad_out *o = &l->c->out;
    struct kad_buf b = {0};
    (void)reterr;
    kad_arena_reset(&l->lookup);
    put_marks(&b, l, r);
    struct kad_str marks = {b.p, b.n};
    /* Where nearly all has a given time, that alone is counted in the foot. */
    bool fold = l->marked && l->c->format == KAD_F_TEXT && l->given > FOLD_FROM &&
                l->given * 2 > l->all && strcmp(kad_buf_str(&b), _("given clock")) == 0;
    if (fold && wanted(l, r, marks)) {
        l->folded++;
    } else if (wanted(l, r, marks)) {
        switch (l->c->format) {
        case KAD_F_JSON:
            kad_out_puts(o, l->n ? ",\n" : "\n");
            kad_json_record(&o->b, l->c->engine, r);
            break;
        case KAD_F_JSONL:
            kad_json_record(&o->b, l->c->engine, r);
            kad_out_puts(o, "\n");
            break;
        case KAD_F_CSV:
            put_csv(l, r, marks);
            break;
        default:
            put_line(l, r, marks);
        }
        l->n++;
        kad_out_more(o);
    }
    kad_buf_done(&b);
    return KAD_OK;
}

static enum kad_err note_amended(void *ctx, const struct kad_record *r, struct kad_error *reterr)
{
    struct listing *l = ctx;
    (void)reterr;
    l->all++;
    l->given += (r->flags & KAD_RF_GIVEN) != 0;
    struct amended a = {r->ref, r->kind == KAD_R_RETRACTED};
    if (r->kind == KAD_R_CORRECTED || r->kind == KAD_R_RETRACTED)
        kad_vec_push(&l->c->arena, &l->amended, a);
    return KAD_OK;
}

static int seq_cmp(const void *pa, const void *pb)
{
    const struct amended *a = pa, *b = pb;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

/* One subject's records come from its story; all others from the log, read twice for the marks. */
static enum kad_err walk(struct listing *l, kad_record_fn fn, struct kad_error *reterr)
{
    if (l->subject.n == 0)
        return kad_records_each(l->c, 1, fn, l, reterr);
    struct kad_record *records;
    size_t n;
    enum kad_err got = kad_records_of(l->c, l->subject, &records, &n, reterr);
    for (size_t i = 0; got == KAD_OK && i < n; i++)
        got = fn(l, &records[i], reterr);
    return got;
}

static enum kad_err read_filters(struct kad_cli *c, struct listing *l, struct kad_error *reterr)
{
    if (kad_opt_day(c, KAD_O_FROM, &l->from, reterr) != KAD_OK ||
        kad_opt_day(c, KAD_O_TO, &l->to, reterr) != KAD_OK)
        return reterr->code;
    if (c->opt[KAD_O_AS_OF] && (l->to == KAD_DAY_NONE || l->to > c->as_of))
        l->to = c->as_of;
    if (c->opt[KAD_O_TYPE] && kad_word_type(c, l->type, &l->type, reterr) != KAD_OK)
        return reterr->code;
    if (c->opt[KAD_O_SUBJECT]) {
        struct kad_subject s;
        if (kad_subject_of(c, kad_str(c->opt[KAD_O_SUBJECT]), &s, reterr) != KAD_OK)
            return reterr->code;
        l->subject = s.info.key;
    }
    return KAD_OK;
}

/* Nothing was found: was there ever such a type? */
static enum kad_err check_type(const struct listing *l, struct kad_error *reterr)
{
    const struct kad_policy *p = kad_policy_with(l->c->engine, 0, l->type);
    if (l->type.n == 0 || kad_record_kind_of(l->type) > KAD_R_EVENT || p)
        return KAD_OK;
    return kad_word_no_type(l->c, l->type, reterr);
}

static enum kad_err put_log(struct listing *l, struct kad_error *reterr)
{
    struct kad_cli *c = l->c;
    if (c->format == KAD_F_TEXT || c->format == KAD_F_CSV || l->marked)
        if (walk(l, note_amended, reterr) != KAD_OK)
            return reterr->code;
    if (l->amended.n)
        qsort(l->amended.v, l->amended.n, sizeof *l->amended.v, seq_cmp);
    if (c->format == KAD_F_CSV)
        kad_out_puts(&c->out, "seq,id,type,subject,on,at,by,via,data,marks\r\n");
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, "[");
    if (walk(l, list_one, reterr) != KAD_OK)
        return reterr->code;
    if (l->n == 0 && check_type(l, reterr) != KAD_OK)
        return reterr->code;
    if (c->format == KAD_F_JSON)
        kad_out_puts(&c->out, l->n ? "\n]\n" : "]\n");
    if (c->format == KAD_F_TEXT && l->n == 0 && l->folded == 0)
        kad_out_printf(&c->out, "%s\n", _("No records."));
    if (l->folded) {
        struct kad_buf b = {0};
        kad_put_count(&b, l->folded);
        kad_out_printf(&c->out,
                       _("%sAnd %s records whose time was given, with nothing else to mark; "
                         "--format csv lists them too.\n"),
                       l->n ? "\n" : "", kad_buf_str(&b));
        kad_buf_done(&b);
    }
    return KAD_OK;
}

enum kad_err kad_cmd_log(struct kad_cli *c, struct kad_error *reterr)
{
    struct listing l = {.c = c,
                        .by = kad_str(c->opt[KAD_O_BY]),
                        .type = kad_str(c->opt[KAD_O_TYPE]),
                        .marked = c->opt[KAD_O_MARKED] != NULL,
                        .columns = c->out.width == 0 || c->out.width >= 110};
    kad_arena_init(&l.lookup);
    enum kad_err got = read_filters(c, &l, reterr);
    if (got == KAD_OK)
        got = put_log(&l, reterr);
    kad_arena_done(&l.lookup);
    return got;
}

/* --- export --- */

static enum kad_err export_one(void *ctx, const struct kad_record *r, struct kad_error *reterr)
{
    struct kad_cli *c = ctx;
    kad_json_record(&c->out.b, c->engine, r);
    kad_buf_putc(&c->out.b, '\n');
    kad_out_more(&c->out);
    if (c->out.failed)
        return kad_out_flush(&c->out, reterr);
    return KAD_OK;
}

enum kad_err kad_cmd_export(struct kad_cli *c, struct kad_error *reterr)
{
    uint64_t from = 1;
    const char *s = c->opt[KAD_O_FROM], *bundle = c->opt[KAD_O_BUNDLE];
    if (bundle && (s || !*bundle || c->opt[KAD_O_KNOWN_AT] || c->opt[KAD_O_AS_OF]))
        return kad_fail(
            reterr, KAD_EINPUT,
            _("--bundle DIR writes the whole ledger, up to its last checkpoint: neither --from "
              "nor --known-at goes with it."));
    if (bundle)
        return kad_bundle_export(c, bundle, reterr);
    if (s && (!kad_read_u64(s, &from) || from == 0))
        return kad_fail(reterr, KAD_EINPUT, _("--from: “%s” is no record's number."), s);
    return kad_records_each(c, from, export_one, c, reterr);
}

#include "cli/json.h"

static const char hex[] = "0123456789abcdef";

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
           c == 0x200f || c == 0x061c;
}

void kad_json_str(struct kad_buf *b, struct kad_str s)
{
    kad_buf_putc(b, '"');
    for (size_t i = 0; i < s.n;) {
        size_t run = i;
        while (run < s.n && is_plain((unsigned char)s.p[run]))
            run++;
        kad_buf_put(b, s.p + i, run - i);
        if ((i = run) == s.n)
            break;
        size_t len;
        uint32_t c = kad_utf8_get((struct kad_str){s.p + i, s.n - i}, &len);
        if (c == '"' || c == '\\') {
            kad_buf_putc(b, '\\');
            kad_buf_putc(b, (char)c);
        } else if (c == '\n') {
            kad_buf_puts(b, "\\n");
        } else if (c == '\t') {
            kad_buf_puts(b, "\\t");
        } else if (is_hidden(c)) {
            kad_buf_puts(b, "\\u");
            for (int shift = 12; shift >= 0; shift -= 4)
                kad_buf_putc(b, hex[(c >> shift) & 15]);
        } else {
            kad_buf_put(b, s.p + i, len);
        }
        i += len;
    }
    kad_buf_putc(b, '"');
}

void kad_json_str_or_null(struct kad_buf *b, struct kad_str s)
{
    if (s.n)
        kad_json_str(b, s);
    else
        kad_buf_puts(b, "null");
}

void kad_json_day(struct kad_buf *b, kad_day day)
{
    char text[KAD_DAY_TEXT];
    if (day == KAD_DAY_NONE) {
        kad_buf_puts(b, "null");
        return;
    }
    kad_buf_putc(b, '"');
    kad_buf_puts(b, kad_day_text(day, text));
    kad_buf_putc(b, '"');
}

static void put_u64(struct kad_buf *b, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    kad_buf_put(b, digits + at, sizeof digits - at);
}

void kad_json_seq(struct kad_buf *b, uint64_t seq)
{
    if (seq)
        put_u64(b, seq);
    else
        kad_buf_puts(b, "null");
}

/* Strings that lie together, separated by line breaks. */
static void put_list(struct kad_buf *b, struct kad_str s)
{
    kad_buf_putc(b, '[');
    for (size_t i = 0; i < s.n;) {
        const char *end = memchr(s.p + i, '\n', s.n - i);
        size_t n = end ? (size_t)(end - (s.p + i)) : s.n - i;
        if (i)
            kad_buf_putc(b, ',');
        kad_json_str(b, (struct kad_str){s.p + i, n});
        i += n + 1;
    }
    kad_buf_putc(b, ']');
}

void kad_json_value(struct kad_buf *b, struct kad_value v)
{
    if (v.know == KAD_SEALED || v.know == KAD_ERASED) {
        kad_buf_puts(b, v.know == KAD_SEALED ? "{\"sealed\":true}" : "{\"erased\":true}");
        return;
    }
    if (v.type == KAD_T_NONE || v.know != KAD_KNOWN) {
        kad_buf_puts(b, "null");
        return;
    }
    switch (v.type) {
    case KAD_T_NUMBER:
    case KAD_T_PERCENT:
    case KAD_T_MONEY:
        kad_number_put(b, v.num);
        return;
    case KAD_T_DATE:
        kad_json_day(b, (kad_day)v.num);
        return;
    case KAD_T_YESNO:
        kad_buf_puts(b, v.num ? "true" : "false");
        return;
    case KAD_T_LIST:
        put_list(b, v.str);
        return;
    default:
        kad_json_str(b, v.str);
    }
}

static void put_fields(struct kad_buf *b, const struct kad_field *f, size_t n, bool first)
{
    for (size_t i = 0; i < n; i++) {
        if (!first || i)
            kad_buf_putc(b, ',');
        kad_json_str(b, f[i].name);
        kad_buf_putc(b, ':');
        kad_json_value(b, f[i].value);
    }
}

/* What the engine's own records say, in this order, null where it was not said. */
#define ISSUED_KEYS "task", "issue", "name", "anchor", "opens", "due", "closes", "for", "unit"
static const char *const own_keys[KAD_R__COUNT][12] = {
    [KAD_R_ADOPTED] = {"name", "text", "digest", "only", "decision", "accepted", "diff"},
    [KAD_R_ENDED] = {"name"},
    [KAD_R_CORRECTED] = {"corrects", "because", "on"},
    [KAD_R_RETRACTED] = {"retracts", "because"},
    [KAD_R_WAIVED] = {"task", "because"},
    [KAD_R_ISSUED] = {ISSUED_KEYS},
    [KAD_R_OVERDUE] = {ISSUED_KEYS},
    [KAD_R_WITHDRAWN] = {ISSUED_KEYS, "because"},
    [KAD_R_REMINDED] = {ISSUED_KEYS, "notice"},
    [KAD_R_ESCALATED] = {ISSUED_KEYS, "notice", "to"},
    [KAD_R_ERASED] = {"because"},
    [KAD_R_REKEYED] = {"old_key", "new_key", "signature"},
};

static void put_own(struct kad_buf *b, const struct kad_record *r)
{
    const char *const *keys = own_keys[r->kind];
    if (!keys[0])
        put_fields(b, r->notes, r->n_notes, true);
    for (size_t i = 0; keys[i]; i++) {
        const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, keys[i]);
        kad_buf_puts(b, i ? ",\"" : "\"");
        kad_buf_puts(b, keys[i]);
        kad_buf_puts(b, "\":");
        if (strcmp(keys[i], "corrects") == 0 || strcmp(keys[i], "retracts") == 0 ||
            strcmp(keys[i], "anchor") == 0)
            kad_json_seq(b, r->ref); /* the header has it */
        else if (f)
            kad_json_value(b, f->value);
        else
            kad_buf_puts(b, "null");
    }
    if (r->kind == KAD_R_CORRECTED) {
        kad_buf_puts(b, ",\"data\":{");
        put_fields(b, r->fields, r->n_fields, true);
        kad_buf_putc(b, '}');
    }
}

static void put_data(struct kad_buf *b, const struct kad_record *r)
{
    kad_buf_putc(b, '{');
    if (r->kind == KAD_R_EVENT)
        put_fields(b, r->fields, r->n_fields, true);
    else
        put_own(b, r);
    kad_buf_putc(b, '}');
}

static void put_override(struct kad_buf *b, const struct kad_record *r)
{
    if (!(r->flags & KAD_RF_OVERRIDE)) {
        kad_buf_puts(b, "null");
        return;
    }
    kad_buf_putc(b, '{');
    put_fields(b, r->notes, r->n_notes, true);
    kad_buf_putc(b, '}');
}

static void put_policy(struct kad_buf *b, const struct kad_engine *e, uint64_t seq)
{
    if (!seq) {
        kad_buf_puts(b, "null");
        return;
    }
    struct kad_buf name = {0};
    kad_engine_put_policy(e, seq, &name);
    kad_json_str_or_null(b, (struct kad_str){name.p, name.n});
    kad_buf_done(&name);
}

static void put_deviations(struct kad_buf *b, const struct kad_engine *e,
                           const struct kad_record *r)
{
    kad_buf_putc(b, '[');
    for (size_t i = 0; i < r->n_deviations; i++) {
        const struct kad_deviation *d = &r->deviations[i];
        kad_buf_puts(b, i ? ",{\"policy\":" : "{\"policy\":");
        put_policy(b, e, d->policy);
        kad_buf_puts(b, ",\"line\":");
        put_u64(b, d->line);
        kad_buf_puts(b, ",\"message\":");
        kad_json_str(b, d->message);
        kad_buf_puts(b, ",\"source\":");
        kad_json_str_or_null(b, d->source);
        kad_buf_putc(b, '}');
    }
    kad_buf_putc(b, ']');
}

void kad_json_record_part(struct kad_buf *b, const struct kad_engine *e, const struct kad_record *r,
                          const char *key)
{
    if (strcmp(key, "seq") == 0)
        put_u64(b, r->seq);
    else if (strcmp(key, "policy") == 0)
        put_policy(b, e, r->policy);
    else if (strcmp(key, "deviations") == 0)
        put_deviations(b, e, r);
    else if (strcmp(key, "override") == 0)
        put_override(b, r);
    else if (strcmp(key, "via") == 0)
        kad_json_str(b, r->via);
    else if (strcmp(key, "clock") == 0)
        kad_buf_puts(b, r->flags & KAD_RF_GIVEN ? "\"given\"" : "\"own\"");
    else if (strcmp(key, "data") == 0)
        put_data(b, r);
    else
        kad_unreachable();
}

void kad_json_record(struct kad_buf *b, const struct kad_engine *e, const struct kad_record *r)
{
    char at[KAD_INSTANT_TEXT];
    kad_buf_puts(b, "{\"seq\":");
    put_u64(b, r->seq);
    kad_buf_puts(b, ",\"id\":");
    kad_json_str_or_null(b, r->id);
    kad_buf_puts(b, ",\"type\":");
    kad_json_str(b, r->kind == KAD_R_EVENT ? r->type : kad_str(kad_record_type(r->kind)));
    kad_buf_puts(b, ",\"subject\":");
    kad_json_str_or_null(b, r->subject);
    kad_buf_puts(b, ",\"on\":");
    kad_json_day(b, r->on);
    kad_buf_puts(b, ",\"at\":\"");
    kad_buf_puts(b, kad_instant_text(r->at, at));
    kad_buf_puts(b, "\",\"clock\":");
    kad_json_record_part(b, e, r, "clock");
    kad_buf_puts(b, ",\"by\":");
    kad_json_str_or_null(b, r->by);
    kad_buf_puts(b, ",\"via\":");
    kad_json_str(b, r->via);
    kad_buf_puts(b, ",\"data\":");
    put_data(b, r);
    kad_buf_puts(b, ",\"policy\":");
    put_policy(b, e, r->policy);
    kad_buf_puts(b, ",\"override\":");
    put_override(b, r);
    kad_buf_puts(b, ",\"deviations\":");
    put_deviations(b, e, r);
    kad_buf_putc(b, '}');
}

void kad_put_adoption(struct kad_buf *b, const struct kad_adoption *a)
{
    char day[KAD_DAY_TEXT];
    kad_buf_put(b, a->name.p, a->name.n);
    kad_buf_putc(b, '@');
    kad_buf_puts(b, kad_day_text(a->from, day));
}

void kad_json_instance(struct kad_buf *b, struct kad_str subject, const struct kad_instance *i)
{
    const struct kad_policy *p = i->policy;
    struct kad_buf policy = {0};
    kad_put_adoption(&policy, i->adoption);
    kad_buf_puts(b, "{\"id\":");
    kad_json_str(b, i->id);
    kad_buf_puts(b, ",\"subject\":");
    kad_json_str(b, subject);
    kad_buf_puts(b, ",\"task\":");
    kad_json_str(b, i->task);
    kad_buf_puts(b, ",\"label\":");
    kad_json_str(b, p->tasks[i->task_index].label);
    kad_buf_puts(b, ",\"opens\":");
    kad_json_day(b, i->opens);
    kad_buf_puts(b, ",\"due\":");
    kad_json_day(b, i->due);
    kad_buf_puts(b, ",\"closes\":");
    kad_json_day(b, i->closes);
    kad_buf_printf(b, ",\"state\":\"%s\",\"late\":%s,\"for\":", kad_state_name(i->state),
                   i->late ? "true" : "false");
    kad_json_str_or_null(b, i->owner);
    kad_buf_puts(b, ",\"unit\":");
    kad_json_str_or_null(b, i->unit);
    kad_buf_puts(b, ",\"anchor\":");
    kad_json_seq(b, i->anchor);
    kad_buf_puts(b, ",\"done_by\":");
    kad_json_seq(b, i->done_by);
    kad_buf_puts(b, ",\"dropped_by\":");
    kad_json_seq(b, i->dropped_by);
    kad_buf_puts(b, ",\"policy\":");
    kad_json_str(b, (struct kad_str){policy.p, policy.n});
    kad_buf_printf(b, ",\"line\":%d,\"source\":", i->line);
    kad_json_str_or_null(b, p->rules[i->rule_index].source);
    kad_buf_putc(b, '}');
    kad_buf_done(&policy);
}

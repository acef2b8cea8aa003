#include "dsl/diag.h"

#include <stdio.h>

#include <stdlib.h>

#include "core/limits.h"

/* A file of nothing but mistakes: what is kept is enough to show the first KAD_LIMIT_DIAGS. */
#define KEPT (KAD_LIMIT_DIAGS * 20)
/* Longer lines are shown in part. */
#define SHOWN_BYTES 400
#define SHOWN_AROUND 120

static const struct {
    int code;
    enum kad_severity severity;
    const char *text, *advice;
} table[] = {
#define K(number, name, severity, text, advice) {(number), KAD_##severity, (text), (advice)},
#include "dsl/diag.def"
#undef K
};

static size_t row(int code)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].code == code)
            return i;
    return SIZE_MAX;
}

bool kad_diag_known(int code, enum kad_severity *ret_severity, const char **ret_text,
                    const char **ret_advice)
{
    size_t i = row((int)code);
    if (i == SIZE_MAX)
        return false;
    *ret_severity = table[i].severity;
    *ret_text = table[i].text;
    if (ret_advice)
        *ret_advice = table[i].advice;
    return true;
}

void kad_diags_init(struct kad_diags *d)
{
    *d = (struct kad_diags){0};
    kad_arena_init(&d->arena);
}

void kad_diags_done(struct kad_diags *d)
{
    kad_arena_done(&d->arena);
}

/* --- adding --- */

static const char *vformat(struct kad_diags *d, const char *fmt, va_list ap)
{
    struct kad_buf b = {0};
    kad_buf_vprintf(&b, fmt, ap);
    const char *s = kad_arena_strndup(&d->arena, kad_buf_str(&b), b.n);
    kad_buf_done(&b);
    return s;
}

static bool is_inside_char(struct kad_str s, size_t i)
{
    return i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80;
}

/* Where the message points: line, column, and the line to show. */
static void place(struct kad_diags *d, const struct kad_source *s, struct kad_diag *r)
{
    size_t line = kad_source_line(s, r->span.from);
    struct kad_str text = kad_source_line_text(s, line);
    size_t at = r->span.from - s->lines[line], end = r->span.to - s->lines[line];
    at = at > text.n ? text.n : at;
    end = end > text.n ? text.n : end;
    r->line = line + 1;
    /* A text that is not UTF-8 has no columns to count. */
    if (!kad_utf8_valid(text, NULL)) {
        r->column = at + 1;
        return;
    }
    r->column = kad_source_column(text, at);
    if (text.n > SHOWN_BYTES) {
        size_t first = at > SHOWN_AROUND ? at - SHOWN_AROUND : 0;
        size_t last = at + SHOWN_AROUND < text.n ? at + SHOWN_AROUND : text.n;
        while (is_inside_char(text, first))
            first++;
        while (is_inside_char(text, last))
            last++;
        text = (struct kad_str){text.p + first, last - first};
        at -= first;
        end = end < first ? at : end - first;
        end = end > text.n ? text.n : end;
    }
    r->shown = kad_str_dup(&d->arena, text);
    r->mark = kad_source_column(text, at) - 1;
    r->mark_end = kad_source_column(text, end) - 1;
}

struct kad_diag *kad_report(struct kad_diags *d, const struct kad_source *s, struct kad_span span,
                            enum kad_diag_code code, ...)
{
    size_t i = row((int)code);
    kad_assert(i != SIZE_MAX);
    for (size_t k = 0; k < d->n; k++)
        if (d->v[k].code == code && d->v[k].span.from == span.from && d->v[k].span.to == span.to)
            return NULL;
    if (table[i].severity == KAD_ERROR)
        d->n_errors++;
    else
        d->n_warnings++;
    if (kad_diags_full(d))
        return NULL;
    struct kad_diag r = {.code = code, .severity = table[i].severity, .span = span, .order = d->n};
    va_list ap;
    va_start(ap, code);
    r.message = vformat(d, _(table[i].text), ap);
    va_end(ap);
    if (table[i].advice)
        r.advice = _(table[i].advice);
    place(d, s, &r);
    kad_vec_push(&d->arena, d, r);
    return &d->v[d->n - 1];
}

void kad_advise(struct kad_diags *d, struct kad_diag *r, const char *fmt, ...)
{
    if (!r)
        return;
    va_list ap;
    va_start(ap, fmt);
    r->advice = vformat(d, fmt, ap);
    va_end(ap);
}

void kad_mend(struct kad_diags *d, const struct kad_source *s, struct kad_diag *r,
              struct kad_span span, struct kad_str replacement)
{
    size_t line = kad_source_line(s, span.from);
    struct kad_str text = kad_source_line_text(s, line);
    size_t from = span.from - s->lines[line], to = span.to - s->lines[line];
    if (!r || to > text.n || text.n > SHOWN_BYTES)
        return;
    struct kad_buf b = {0};
    kad_buf_put(&b, text.p, from);
    kad_buf_put(&b, replacement.p, replacement.n);
    kad_buf_put(&b, text.p + to, text.n - to);
    r->mend = kad_arena_strndup(&d->arena, kad_buf_str(&b), b.n);
    kad_buf_done(&b);
}

/* --- closing --- */

static int by_place(const void *x, const void *y)
{
    const struct kad_diag *a = x, *b = y;
    if (a->span.from != b->span.from)
        return a->span.from < b->span.from ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* An unclosed quote swallows the rest of its line, so what else is said of the line is doubtful. */
static bool follows_open_text(const struct kad_diags *d, const struct kad_diag *r)
{
    if (r->code == KAD_K_OPEN_TEXT)
        return false;
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].code == KAD_K_OPEN_TEXT && d->v[i].line == r->line)
            return true;
    return false;
}

void kad_diags_close(struct kad_diags *d)
{
    size_t n = 0;
    if (d->n > 1)
        qsort(d->v, d->n, sizeof *d->v, by_place);
    for (size_t i = 0; i < d->n; i++) {
        struct kad_diag r = d->v[i];
        if (follows_open_text(d, &r)) {
            *(r.severity == KAD_ERROR ? &d->n_errors : &d->n_warnings) -= 1;
            continue;
        }
        d->v[n++] = r;
    }
    d->n = n;
}

bool kad_diags_full(const struct kad_diags *d)
{
    return d->n >= KEPT;
}

void kad_diags_reset(struct kad_diags *d)
{
    d->n = d->n_errors = d->n_warnings = 0;
}

bool kad_diags_unreadable(const struct kad_diags *d)
{
    for (size_t i = 0; i < d->n; i++)
        switch (d->v[i].code) {
        case KAD_K_TOO_LARGE:
        case KAD_K_NOT_UTF8:
        case KAD_K_CONTROL:
        case KAD_K_BIDI:
            return true;
        default:
            break;
        }
    return false;
}

size_t kad_diags_shown(const struct kad_diags *d)
{
    return d->n < KAD_LIMIT_DIAGS ? d->n : KAD_LIMIT_DIAGS;
}

/* --- showing --- */

static void put_marked(struct kad_buf *b, const struct kad_diag *r)
{
    kad_buf_printf(b, "%5zu | ", r->line);
    kad_source_put_line(b, r->shown);
    kad_buf_puts(b, "\n      | ");
    for (size_t i = 0; i < r->mark; i++)
        kad_buf_putc(b, ' ');
    kad_buf_putc(b, '^');
    for (size_t i = r->mark + 1; i < r->mark_end; i++)
        kad_buf_putc(b, '~');
    kad_buf_putc(b, '\n');
}

void kad_diags_put(struct kad_buf *b, const struct kad_diags *d, size_t i)
{
    kad_assert(i < d->n);
    const struct kad_diag *r = &d->v[i];
    char code[16];
    snprintf(code, sizeof code, "K%03d", (int)r->code);
    struct kad_buf head = {0};
    kad_buf_printf(&head,
                   r->severity == KAD_ERROR ? _("%s:%zu:%zu: error %s: %s")
                                            : _("%s:%zu:%zu: warning %s: %s"),
                   d->name ? d->name : "", r->line, r->column, code, r->message);
    kad_text_put_safe(b, (struct kad_str){kad_buf_str(&head), head.n});
    kad_buf_done(&head);
    kad_buf_putc(b, '\n');
    if (r->shown.n > 0)
        put_marked(b, r);
    if (r->advice) {
        kad_buf_puts(b, "      = ");
        kad_text_put_safe(b, kad_str(r->advice));
        kad_buf_putc(b, '\n');
    }
    if (r->mend) {
        kad_buf_puts(b, "      > ");
        kad_source_put_line(b, kad_str(r->mend));
        kad_buf_putc(b, '\n');
    }
}

void kad_diags_put_all(struct kad_buf *b, const struct kad_diags *d)
{
    size_t n = kad_diags_shown(d), all = d->n_errors + d->n_warnings;
    for (size_t i = 0; i < n; i++)
        kad_diags_put(b, d, i);
    if (all > n)
        kad_buf_printf(b,
                       ngettext_("%s: one more message is not shown.\n",
                                 "%s: %zu more messages are not shown.\n", all - n),
                       d->name ? d->name : "", all - n);
}

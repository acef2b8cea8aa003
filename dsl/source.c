#include "dsl/source.h"

#define TAB 8

void kad_source_init(struct kad_source *s, struct kad_arena *a, struct kad_str text,
                     const char *name)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    *s = (struct kad_source){.text = text, .name = name};
    s->lines = kad_arena_array(a, uint32_t, n);
    s->lines[s->n_lines++] = 0;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\n')
            s->lines[s->n_lines++] = (uint32_t)i + 1;
}

size_t kad_source_line(const struct kad_source *s, uint32_t at)
{
    size_t low = 0, high = s->n_lines;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (s->lines[mid] <= at)
            low = mid;
        else
            high = mid;
    }
    return low;
}

struct kad_str kad_source_line_text(const struct kad_source *s, size_t line)
{
    uint32_t from = s->lines[line];
    size_t to = line + 1 < s->n_lines ? s->lines[line + 1] : s->text.n;
    while (to > from && (s->text.p[to - 1] == '\n' || s->text.p[to - 1] == '\r'))
        to--;
    return (struct kad_str){s->text.p + from, to - from};
}

uint32_t kad_source_line_end(const struct kad_source *s, size_t line)
{
    struct kad_str t = kad_source_line_text(s, line);
    size_t end = 0;
    bool quoted = false;
    for (size_t i = 0; i < t.n && (quoted || t.p[i] != '#'); i++) {
        quoted = quoted != (t.p[i] == '"');
        if (t.p[i] != ' ' && t.p[i] != '\t')
            end = i + 1;
    }
    return s->lines[line] + (uint32_t)end;
}

struct kad_str kad_source_slice(const struct kad_source *s, struct kad_span span)
{
    kad_assert(span.from <= span.to && span.to <= s->text.n);
    return (struct kad_str){s->text.p + span.from, span.to - span.from};
}

/* Walks the line; puts what is shown when b is given. The column behind the first `upto` bytes. */
static size_t walk(struct kad_buf *b, struct kad_str line, size_t upto)
{
    size_t column = 0, len;
    struct kad_buf safe = {0};
    for (size_t i = 0; i < upto && i < line.n; i += len) {
        if (line.p[i] == '\t') {
            size_t next = column / TAB * TAB + TAB;
            for (; column < next; column++)
                if (b)
                    kad_buf_putc(b, ' ');
            len = 1;
            continue;
        }
        (void)kad_utf8_get((struct kad_str){line.p + i, line.n - i}, &len);
        kad_buf_reset(&safe);
        kad_text_put_safe(&safe, (struct kad_str){line.p + i, len});
        column += kad_utf8_width((struct kad_str){kad_buf_str(&safe), safe.n});
        if (b)
            kad_buf_put(b, kad_buf_str(&safe), safe.n);
    }
    kad_buf_done(&safe);
    return column;
}

size_t kad_source_column(struct kad_str line, size_t at)
{
    /* Nearly all lines hold one column in each byte. */
    size_t plain = 0;
    while (plain < at && plain < line.n && line.p[plain] >= ' ' && line.p[plain] <= '~')
        plain++;
    if (plain == at)
        return at + 1;
    return walk(NULL, line, at) + 1;
}

void kad_source_put_line(struct kad_buf *b, struct kad_str line)
{
    (void)walk(b, line, line.n);
}

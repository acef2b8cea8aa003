#include "cli/csv.h"

void kad_csv_plain(struct kad_buf *b, const char *s, bool first)
{
    if (!first)
        kad_buf_putc(b, ',');
    kad_buf_puts(b, s);
}

/* Blanks in front do not keep a spreadsheet from running what follows. */
static bool would_run(struct kad_str s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] == ' ')
        i++;
    return i < s.n && memchr("=+-@\t\r\n", s.p[i], 7) != NULL;
}

void kad_csv_cell(struct kad_buf *b, struct kad_str s, bool first)
{
    struct kad_buf cell = {0};
    if (would_run(s))
        kad_buf_putc(&cell, '\'');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n' || c == '\r' || c == '\t')
            kad_buf_putc(&cell, ' ');
        else
            kad_buf_putc(&cell, (char)c);
    }
    if (!first)
        kad_buf_putc(b, ',');
    struct kad_buf safe = {0};
    kad_text_put_safe(&safe, (struct kad_str){cell.p, cell.n});
    bool quote = false;
    for (size_t i = 0; i < safe.n; i++)
        quote = quote || safe.p[i] == ',' || safe.p[i] == '"' || safe.p[i] == ';';
    if (quote || (safe.n && (safe.p[0] == ' ' || safe.p[safe.n - 1] == ' '))) {
        kad_buf_putc(b, '"');
        for (size_t i = 0; i < safe.n; i++) {
            if (safe.p[i] == '"')
                kad_buf_putc(b, '"');
            kad_buf_putc(b, safe.p[i]);
        }
        kad_buf_putc(b, '"');
    } else {
        kad_buf_put(b, safe.p, safe.n);
    }
    kad_buf_done(&safe);
    kad_buf_done(&cell);
}

void kad_csv_end(struct kad_buf *b)
{
    kad_buf_puts(b, "\r\n");
}

#include "cli/mime.h"

#include <sodium.h>
#include <string.h>

#define LINE_MOST 76
#define WORD_BYTES 39 /* of text in one encoded word: one fits beside the name of a header */

static bool is_atom(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

bool kad_mail_address(struct kad_str s)
{
    const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
    size_t local = at ? (size_t)(at - s.p) : 0, dots = 0;
    if (!at || local == 0 || local > 64 || s.n > 254 || s.n - local < 4)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool edge = i == 0 || i == local - 1 || i == local + 1 || i == s.n - 1;
        if (c == '.' && (edge || s.p[i + 1] == '.'))
            return false;
        bool host = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    (c == '-' && !edge);
        dots += i > local && c == '.';
        if (i != local && c != '.' && !(i < local ? is_atom(c) : host))
            return false;
    }
    return dots > 0;
}

/* --- headers --- */

static bool is_simple(struct kad_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e || (s.p[i] == '=' && i + 1 < s.n && s.p[i + 1] == '?'))
            return false;
    return true;
}

void kad_mime_put_words(struct kad_buf *b, struct kad_str s, size_t at)
{
    struct kad_buf safe = {0};
    kad_text_put_safe(&safe, s);
    s = (struct kad_str){kad_buf_str(&safe), safe.n};
    if (is_simple(s) && at + s.n <= LINE_MOST) {
        kad_buf_put(b, s.p, s.n);
        kad_buf_done(&safe);
        return;
    }
    for (size_t i = 0; i < s.n;) {
        char text[sodium_base64_ENCODED_LEN(WORD_BYTES, sodium_base64_VARIANT_ORIGINAL)];
        size_t n = s.n - i < WORD_BYTES ? s.n - i : WORD_BYTES;
        while (n > 1 && i + n < s.n && ((unsigned char)s.p[i + n] & 0xc0) == 0x80)
            n--;
        sodium_bin2base64(text, sizeof text, (const uint8_t *)s.p + i, n,
                          sodium_base64_VARIANT_ORIGINAL);
        /* The first word may not fit beside the header's name. */
        kad_buf_printf(
            b, "%s=?UTF-8?B?%s?=", i || at + strlen(text) + 12 > LINE_MOST ? "\r\n " : "", text);
        i += n;
    }
    kad_buf_done(&safe);
}

static void put_header(struct kad_buf *b, const char *name, const char *value)
{
    kad_buf_printf(b, "%s: %s\r\n", name, value);
}

/* English whatever the language: it is for programs. */
static void put_date(struct kad_buf *b, kad_instant at)
{
    static const char days[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int64_t day_us = INT64_C(86400000000);
    int64_t day = at / day_us - (at % day_us < 0), s = (at - day * day_us) / 1000000;
    struct kad_ymd d = kad_ymd_of((kad_day)day);
    kad_buf_printf(b, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n",
                   days[kad_weekday((kad_day)day)], (int)d.day, months[d.month - 1], (int)d.year,
                   (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

static void put_headers(struct kad_buf *b, const struct kad_letter *l)
{
    put_date(b, l->date);
    kad_buf_puts(b, l->sender.n ? "From: " : "From:");
    /* Always encoded: no quoting to get wrong. The address has a line of its own. */
    if (l->sender.n) {
        kad_mime_put_words(b, l->sender, strlen("From: "));
        kad_buf_puts(b, "\r\n");
    }
    kad_buf_printf(b, " <%s>\r\n", l->from);
    kad_buf_printf(b, "To: <%s>\r\n", l->to);
    if (l->reply_to)
        kad_buf_printf(b, "Reply-To: <%s>\r\n", l->reply_to);
    kad_buf_puts(b, "Subject: ");
    kad_mime_put_words(b, l->subject, strlen("Subject: "));
    kad_buf_printf(b, "\r\nMessage-ID: <%.*s>\r\n", KAD_STR_FMT(l->id));
    /* Nobody's holiday answer is wanted. RFC 3834. */
    put_header(b, "Auto-Submitted", "auto-generated");
    put_header(b, "MIME-Version", "1.0");
}

/* --- bodies --- */

void kad_mime_put_quoted(struct kad_buf *b, struct kad_str s)
{
    size_t column = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n') {
            kad_buf_puts(b, "\r\n");
            column = 0;
            continue;
        }
        bool last = i + 1 == s.n || s.p[i + 1] == '\n';
        bool plain = c >= 0x20 && c < 0x7f && c != '=' && !(c == ' ' && last);
        size_t n = plain ? 1 : 3;
        if (column + n > (size_t)LINE_MOST - (last ? 0 : 1)) {
            kad_buf_puts(b, "=\r\n");
            column = 0;
        }
        if (plain)
            kad_buf_putc(b, (char)c);
        else
            kad_buf_printf(b, "=%02X", c);
        column += n;
    }
}

static void put_part(struct kad_buf *b, const char *boundary, const char *type, struct kad_str s)
{
    kad_buf_printf(b, "--%s\r\n", boundary);
    kad_buf_printf(b, "Content-Type: %s; charset=UTF-8\r\n", type);
    put_header(b, "Content-Transfer-Encoding", "quoted-printable");
    kad_buf_puts(b, "\r\n");
    kad_mime_put_quoted(b, s);
    kad_buf_puts(b, "\r\n");
}

void kad_letter_put(struct kad_buf *b, const struct kad_letter *l)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    char boundary[40] = "=_"; /* never occurs in quoted-printable */
    crypto_hash_sha256(digest, (const uint8_t *)l->id.p, l->id.n);
    sodium_bin2hex(boundary + 2, sizeof boundary - 2, digest, 16);
    put_headers(b, l);
    kad_buf_printf(b, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n", boundary);
    put_part(b, boundary, "text/plain", l->text);
    put_part(b, boundary, "text/html", l->html);
    kad_buf_printf(b, "--%s--\r\n", boundary);
}

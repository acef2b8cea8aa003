#include "core/text.h"

#include <libintl.h>
#include <stdlib.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwidth.h>

int kad_str_cmp(struct kad_str a, struct kad_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c != 0)
        return c < 0 ? -1 : 1;
    return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

struct kad_str kad_str_dup(struct kad_arena *a, struct kad_str s)
{
    return (struct kad_str){kad_arena_strndup(a, s.p, s.n), s.n};
}

/* --- languages --- */

static const char domain[] = "kadens";
static const char *running = "en";

const char *kad_tr(const char *msgid)
{
    /* The empty msgid is the catalog's own header. */
    return msgid && *msgid ? dgettext(domain, msgid) : msgid;
}

const char *kad_trn(const char *one, const char *many, unsigned long n)
{
    return dngettext(domain, one, many, n);
}

void kad_text_set_lang(const char *lang)
{
    kad_assert(lang);
    running = strcmp(lang, "sv") == 0 ? "sv" : "en";
}

const char *kad_text_lang(void)
{
    return running;
}

/* --- UTF-8 --- */

static const uint8_t *bytes(struct kad_str s)
{
    return (const uint8_t *)s.p;
}

bool kad_utf8_valid(struct kad_str s, size_t *ret_at)
{
    if (s.n == 0)
        return true;
    const uint8_t *bad = u8_check(bytes(s), s.n);
    size_t n = bad ? (size_t)(bad - bytes(s)) : s.n;
    const char *nul = memchr(s.p, 0, n);
    if (nul)
        n = (size_t)(nul - s.p);
    if (n == s.n)
        return true;
    if (ret_at)
        *ret_at = n;
    return false;
}

static bool is_bidi(uint32_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
           c == 0x200f || c == 0x061c;
}

size_t kad_utf8_bidi(struct kad_str s)
{
    for (size_t i = 0, len; i < s.n; i += len) {
        if ((unsigned char)s.p[i] < 0x80) {
            len = 1;
            continue;
        }
        if (is_bidi(kad_utf8_get((struct kad_str){s.p + i, s.n - i}, &len)))
            return i;
    }
    return s.n;
}

size_t kad_utf8_width(struct kad_str s)
{
    if (s.n == 0)
        return 0;
    int w = u8_width(bytes(s), s.n, "UTF-8");
    return w > 0 ? (size_t)w : 0;
}

uint32_t kad_utf8_get(struct kad_str s, size_t *ret_len)
{
    kad_assert(s.n > 0);
    ucs4_t c = 0;
    int len = u8_mbtouc(&c, bytes(s), s.n);
    kad_assert(len > 0);
    *ret_len = (size_t)len;
    return c;
}

struct kad_str kad_text_nfc(struct kad_arena *a, struct kad_str s)
{
    /* Every character below U+0300 is its own NFC and combines with nothing before it, so a text
     * without a lead byte of 0xcc or above is done: all of Swedish and most of the rest. */
    size_t i = 0;
    while (i < s.n && bytes(s)[i] < 0xcc)
        i++;
    if (i == s.n)
        return s;
    size_t n = 0;
    uint8_t *norm = u8_normalize(UNINORM_NFC, bytes(s), s.n, NULL, &n);
    if (!norm)
        return s; /* not UTF-8: refused at the door, so here only for safety */
    struct kad_str ret = s;
    if (n != s.n || memcmp(norm, s.p, n) != 0)
        ret = kad_str_dup(a, (struct kad_str){(const char *)norm, n});
    free(norm);
    return ret;
}

/* --- for people --- */

void kad_text_put_safe(struct kad_buf *b, struct kad_str s)
{
    for (size_t i = 0; i < s.n;) {
        ucs4_t c = 0;
        int len = u8_mbtoucr(&c, bytes(s) + i, s.n - i);
        if (len <= 0) {
            /* Also messages about what is not UTF-8 quote it. */
            kad_buf_printf(b, "\\x{%02x}", (unsigned)bytes(s)[i]);
            i++;
            continue;
        }
        bool control = c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
        if (c == '\n')
            kad_buf_puts(b, "\\n");
        else if (control || is_bidi(c))
            kad_buf_printf(b, "\\u{%x}", (unsigned)c);
        else
            kad_buf_put(b, s.p + i, (size_t)len);
        i += (size_t)len;
    }
}

void kad_text_put_html(struct kad_buf *b, struct kad_str s)
{
    for (size_t i = 0; i < s.n; i++)
        switch (s.p[i]) {
        case '&':
            kad_buf_puts(b, "&amp;");
            break;
        case '<':
            kad_buf_puts(b, "&lt;");
            break;
        case '>':
            kad_buf_puts(b, "&gt;");
            break;
        case '"':
            kad_buf_puts(b, "&quot;");
            break;
        case '\'':
            kad_buf_puts(b, "&#39;");
            break;
        default:
            kad_buf_putc(b, s.p[i]);
        }
}

void kad_text_put_padded(struct kad_buf *b, struct kad_str s, size_t width, bool right)
{
    size_t w = kad_utf8_width(s);
    size_t blanks = w < width ? width - w : 0;
    if (!right)
        kad_buf_put(b, s.p, s.n);
    for (size_t i = 0; i < blanks; i++)
        kad_buf_putc(b, ' ');
    if (right)
        kad_buf_put(b, s.p, s.n);
}

/* --- likeness --- */

/* The characters of s; caller frees. */
static uint32_t *chars_of(struct kad_str s, size_t *ret_n)
{
    uint32_t *c = kad_xalloc((s.n + 1) * sizeof *c);
    size_t n = 0;
    for (size_t i = 0, len; i < s.n; i += len)
        c[n++] = kad_utf8_get((struct kad_str){s.p + i, s.n - i}, &len);
    *ret_n = n;
    return c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows of the usual table, as a swap looks two rows back. */
static unsigned distance(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, unsigned max)
{
    unsigned *rows = kad_xalloc(3 * (nb + 1) * sizeof *rows);
    unsigned *before = rows, *prev = rows + nb + 1, *cur = rows + 2 * (nb + 1);
    for (size_t j = 0; j <= nb; j++)
        prev[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        cur[0] = (unsigned)i;
        unsigned best = cur[0];
        for (size_t j = 1; j <= nb; j++) {
            unsigned d = prev[j - 1] + (a[i - 1] != b[j - 1]);
            d = least(d, least(prev[j], cur[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d = least(d, before[j - 2] + 1);
            cur[j] = d;
            best = least(best, d);
        }
        unsigned *spare = before;
        before = prev;
        prev = cur;
        cur = spare;
        /* A swap looks past one row, so two rows in a row must be too far. */
        if (best > max + 1)
            break;
    }
    unsigned d = prev[nb];
    free(rows);
    return least(d, max + 1);
}

unsigned kad_text_distance(struct kad_str a, struct kad_str b, unsigned max)
{
    kad_assert(max < 1000);
    size_t na, nb;
    uint32_t *ca = chars_of(a, &na);
    uint32_t *cb = chars_of(b, &nb);
    size_t gap = na > nb ? na - nb : nb - na;
    unsigned d = gap > max ? max + 1 : distance(ca, na, cb, nb, max);
    free(ca);
    free(cb);
    return d;
}

/* --- personal numbers --- */

/* The check digit by modulus 10: weights 2 and 1 in turn, the digits of each product added. */
static bool check_digit_holds(const char d[10])
{
    int sum = 0;
    for (int i = 0; i < 10; i++) {
        int v = (d[i] - '0') * (i % 2 == 0 ? 2 : 1);
        sum += v / 10 + v % 10;
    }
    return sum % 10 == 0;
}

/* What people write before the last four: the two signs of the law, and what fingers and word
 * processors make of them. Its length in bytes, or 0. */
static size_t number_sign(struct kad_str rest)
{
    static const char *const signs[] = {"-", "+", " ", "\u00a0", "\u2010", "\u2011", "\u2013", "\u2212"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i]);
        if (rest.n == n + 4 && memcmp(rest.p, signs[i], n) == 0)
            return n;
    }
    return 0;
}

bool kad_text_is_personal_number(struct kad_str s)
{
    char digits[12];
    size_t n = 0;
    bool sign = false;
    for (size_t i = 0; i < s.n; i++) {
        size_t skip = n == 6 || n == 8 ? number_sign((struct kad_str){s.p + i, s.n - i}) : 0;
        if (skip > 0) {
            sign = true;
            i += skip;
        }
        char c = s.p[i];
        if (c < '0' || c > '9' || n == sizeof digits)
            return false;
        digits[n++] = c;
    }
    if (n != 10 && n != 12)
        return false;
    const char *d = digits + (n - 10);
    int century = n == 12 ? (digits[0] - '0') * 10 + digits[1] - '0' : 19;
    int month = (d[2] - '0') * 10 + d[3] - '0';
    int day = (d[4] - '0') * 10 + d[5] - '0';
    bool born = (day >= 1 && day <= 31) || (day >= 61 && day <= 91);
    bool serial = memcmp(d + 6, "000", 3) != 0;
    return century >= 18 && century <= 20 && month >= 1 && month <= 12 && born && serial &&
           (sign || check_digit_holds(d));
}

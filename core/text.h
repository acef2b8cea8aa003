/* Text: UTF-8 that is checked once at the door, then trusted. Widths are display columns
 * (libunistring). All user-visible sentences pass _() (gettext, domain "kadens"); msgids are English. */
#ifndef KAD_CORE_TEXT_H
#define KAD_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"

/* A string slice: not NUL-terminated unless said. p may be NULL only when n is 0. */
struct kad_str {
    const char *p;
    size_t n;
};
#define KAD_STR(lit) ((struct kad_str){(lit), sizeof(lit) - 1})
#define KAD_STR_FMT(s) (int)(s).n, (s).p ? (s).p : "" /* for "%.*s" */

static inline struct kad_str kad_str(const char *s)
{
    return (struct kad_str){s, s ? strlen(s) : 0};
}
static inline bool kad_str_eq(struct kad_str a, struct kad_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* Byte order; a prefix comes first. */
int kad_str_cmp(struct kad_str a, struct kad_str b);
struct kad_str kad_str_dup(struct kad_arena *a, struct kad_str s); /* the copy has a NUL behind it */

/* gettext for this library, whatever the program's default domain is. */
const char *kad_tr(const char *msgid) __attribute__((format_arg(1)));
const char *kad_trn(const char *one, const char *many, unsigned long n)
    __attribute__((format_arg(1), format_arg(2)));
#ifndef _
#define _(s) kad_tr(s)
#endif
#define N_(s) s
#define ngettext_(one, many, n) kad_trn(one, many, n)
/* The running language, "sv" or "en", for what is no sentence: decimal signs, keywords. The program
 * sets it once, before threads, from --lang or the locale (any other word counts as "en"); a
 * library that nobody told speaks English. */
void kad_text_set_lang(const char *lang);
const char *kad_text_lang(void);

/* Is this valid UTF-8 without NUL? On false *ret_at is the offset of the first bad byte. */
bool kad_utf8_valid(struct kad_str s, size_t *ret_at);
/* Offset of the first bidirectional control (U+202A–202E, U+2066–2069, U+200E/F, U+061C) or n. */
size_t kad_utf8_bidi(struct kad_str s);
/* Display columns of valid UTF-8 (wide characters count two, combining marks none). */
size_t kad_utf8_width(struct kad_str s);
/* One character at s (valid UTF-8, n > 0): its code point; *ret_len its bytes. */
uint32_t kad_utf8_get(struct kad_str s, size_t *ret_len);
/* NFC in the arena; the same slice when it already is. */
struct kad_str kad_text_nfc(struct kad_arena *a, struct kad_str s);
/* For a terminal: control characters, line breaks and bidirectional controls become visible
 * (\n → "\\n", others → "\\u{1b}"; a byte that is not UTF-8 → "\\x{ff}"), everything else stays. */
void kad_text_put_safe(struct kad_buf *b, struct kad_str s);
/* For HTML, also within quotes: markup becomes text. */
void kad_text_put_html(struct kad_buf *b, struct kad_str s);
/* Appends s, then blanks until `width` columns. `right` puts the blanks first. */
void kad_text_put_padded(struct kad_buf *b, struct kad_str s, size_t width, bool right);
/* Damerau–Levenshtein distance in characters, at most `max` + 1 (for "did you mean"). */
unsigned kad_text_distance(struct kad_str a, struct kad_str b, unsigned max);
/* Does the key read as a Swedish personal or coordination number: a day of birth (month 01–12, day
 * 01–31 or 61–91) and four digits, the first three not 000? Behind a sign (- or +, a blank or another
 * dash) that is enough, because a number with a slip in it still tells who somebody is; ten or twelve
 * digits in a row must have the right check digit (modulus 10) as well, because other numbers look
 * like that. Source: Skatteverket, folkbokföringslagen (1991:481) 18 §. */
bool kad_text_is_personal_number(struct kad_str s);

#endif

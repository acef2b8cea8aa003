/* A letter as bytes (RFC 5322, 2045–2047): plain text and HTML beside each other, everything in ASCII
 * lines that any server carries. Nothing that stands in a text can become a header or a part. The same
 * letter gives the same bytes. */
#ifndef KAD_CLI_MIME_H
#define KAD_CLI_MIME_H

#include "core/event.h"

struct kad_letter {
    const char *from, *to, *reply_to; /* addresses (kad_mail_address); reply_to may be NULL */
    struct kad_str sender;            /* a name to show for `from`; empty: none */
    struct kad_str subject;
    struct kad_str id; /* of the letter, ASCII without blanks, "…@…" */
    kad_instant date;
    struct kad_str text, html;
};
void kad_letter_put(struct kad_buf *b, const struct kad_letter *l);
/* Is it an address that we write to: local@host.domain, ASCII, no quotes, blanks, commas, brackets? */
bool kad_mail_address(struct kad_str s);
/* For a header: as it is, or as encoded words (RFC 2047) on as many lines as it needs. What is no
 * printable character becomes visible first. `at`: columns already taken. */
void kad_mime_put_words(struct kad_buf *b, struct kad_str s, size_t at);
/* Quoted-printable: lines of at most 76, line feeds become CR LF. */
void kad_mime_put_quoted(struct kad_buf *b, struct kad_str s);

#endif

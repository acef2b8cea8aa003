/* A growing string of bytes, always closed by a NUL that is not counted in `n`. Zero-initialise
 * before use; kad_buf_done frees. Running out of memory aborts. */
#ifndef KAD_CORE_BUF_H
#define KAD_CORE_BUF_H

#include <endian.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/err.h"

struct kad_buf {
    char *p; /* NULL only while nothing was ever put; use kad_buf_str for a C string */
    size_t n, cap;
};

void kad_buf_put(struct kad_buf *b, const void *p, size_t n);
void kad_buf_puts(struct kad_buf *b, const char *s);
void kad_buf_putc(struct kad_buf *b, char c);
void kad_buf_printf(struct kad_buf *b, const char *fmt, ...) KAD_PRINTF(2, 3);
void kad_buf_vprintf(struct kad_buf *b, const char *fmt, va_list ap) KAD_PRINTF(2, 0);
/* Big-endian integers, as all our stored forms and keys use. */
void kad_buf_be16(struct kad_buf *b, uint16_t v);
void kad_buf_be32(struct kad_buf *b, uint32_t v);
void kad_buf_be64(struct kad_buf *b, uint64_t v);
const char *kad_buf_str(const struct kad_buf *b); /* never NULL */
void kad_buf_reset(struct kad_buf *b);            /* n = 0, memory kept */
void kad_buf_done(struct kad_buf *b);

/* A bounded reader with a sticky error: reads past the end give zeroes and set `bad`, so a decoder
 * reads everything and looks once. */
struct kad_rd {
    const uint8_t *p;
    size_t n; /* bytes left */
    int bad;
};
/* The next n bytes; NULL when there are not so many. Inline, as stories are read through these. */
static inline const uint8_t *kad_rd_bytes(struct kad_rd *r, size_t n)
{
    if (r->bad || n > r->n) {
        r->bad = 1;
        return NULL;
    }
    /* An empty reader may have no memory at all; nothing read from it is still an answer. */
    const uint8_t *p = r->p ? r->p : (const uint8_t *)"";
    if (n > 0)
        r->p += n;
    r->n -= n;
    return p;
}
static inline uint8_t kad_rd_u8(struct kad_rd *r)
{
    const uint8_t *p = kad_rd_bytes(r, 1);
    return p ? *p : 0;
}
static inline uint16_t kad_rd_be16(struct kad_rd *r)
{
    uint16_t v = 0;
    const uint8_t *p = kad_rd_bytes(r, sizeof v);
    if (p)
        memcpy(&v, p, sizeof v);
    return be16toh(v);
}
static inline uint32_t kad_rd_be32(struct kad_rd *r)
{
    uint32_t v = 0;
    const uint8_t *p = kad_rd_bytes(r, sizeof v);
    if (p)
        memcpy(&v, p, sizeof v);
    return be32toh(v);
}
static inline uint64_t kad_rd_be64(struct kad_rd *r)
{
    uint64_t v = 0;
    const uint8_t *p = kad_rd_bytes(r, sizeof v);
    if (p)
        memcpy(&v, p, sizeof v);
    return be64toh(v);
}

#endif

#include "core/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

/* Room for n more bytes and the closing NUL. */
static void make_room(struct kad_buf *b, size_t n)
{
    kad_assert(n < SIZE_MAX / 4 && b->n < SIZE_MAX / 4);
    size_t need = b->n + n + 1;
    if (need <= b->cap)
        return;
    size_t cap = b->cap ? b->cap * 2 : 64;
    if (cap < need)
        cap = need;
    b->p = kad_xrealloc(b->p, cap);
    b->cap = cap;
}

void kad_buf_put(struct kad_buf *b, const void *p, size_t n)
{
    kad_assert(b);
    kad_assert(p || n == 0);
    make_room(b, n);
    if (n > 0)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void kad_buf_puts(struct kad_buf *b, const char *s)
{
    kad_assert(s);
    kad_buf_put(b, s, strlen(s));
}

void kad_buf_putc(struct kad_buf *b, char c)
{
    kad_buf_put(b, &c, 1);
}

void kad_buf_printf(struct kad_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    kad_buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void kad_buf_vprintf(struct kad_buf *b, const char *fmt, va_list ap)
{
    kad_assert(b);
    va_list again;
    va_copy(again, ap);
    make_room(b, 0);
    int n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
    kad_assert(n >= 0);
    if ((size_t)n >= b->cap - b->n) {
        make_room(b, (size_t)n);
        vsnprintf(b->p + b->n, b->cap - b->n, fmt, again);
    }
    b->n += (size_t)n;
    va_end(again);
}

static void put_be(struct kad_buf *b, uint64_t v, size_t bytes)
{
    uint8_t out[8];
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    kad_buf_put(b, out, bytes);
}

void kad_buf_be16(struct kad_buf *b, uint16_t v)
{
    put_be(b, v, 2);
}

void kad_buf_be32(struct kad_buf *b, uint32_t v)
{
    put_be(b, v, 4);
}

void kad_buf_be64(struct kad_buf *b, uint64_t v)
{
    put_be(b, v, 8);
}

const char *kad_buf_str(const struct kad_buf *b)
{
    kad_assert(b);
    return b->p ? b->p : "";
}

void kad_buf_reset(struct kad_buf *b)
{
    kad_assert(b);
    b->n = 0;
    if (b->p)
        b->p[0] = '\0';
}

void kad_buf_done(struct kad_buf *b)
{
    kad_assert(b);
    free(b->p);
    *b = (struct kad_buf){0};
}

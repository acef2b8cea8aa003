#include "core/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define KAD_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KAD_ASAN 1
#endif
#endif
#ifdef KAD_ASAN
#include <sanitizer/asan_interface.h>
#define poison(p, n) __asan_poison_memory_region((p), (n))
#define unpoison(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define poison(p, n) ((void)(p), (void)(n))
#define unpoison(p, n) ((void)(p), (void)(n))
#endif

#define BLOCK_MIN ((size_t)8192)    /* the first block: most arenas need no second one */
#define BLOCK_MAX ((size_t)1 << 20) /* blocks double up to here */
#define ALIGN _Alignof(max_align_t)

struct kad_arena_block {
    struct kad_arena_block *next;
    size_t size, used; /* of `data` */
    _Alignas(max_align_t) unsigned char data[];
};

void kad_no_memory(void)
{
    fputs("kadens: out of memory\n", stderr);
    abort();
}

void *kad_xalloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        kad_no_memory();
    return p;
}

void *kad_xrealloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    if (!p)
        kad_no_memory();
    return p;
}

char *kad_xstrdup(const char *s)
{
    kad_assert(s);
    size_t n = strlen(s) + 1;
    return memcpy(kad_xalloc(n), s, n);
}

static struct kad_arena_block *block_new(size_t size)
{
    /* malloc, not kad_xalloc: what is handed out is zeroed then. */
    struct kad_arena_block *b = malloc(sizeof *b + size);
    if (!b)
        kad_no_memory();
    *b = (struct kad_arena_block){.size = size};
    poison(b->data, size);
    return b;
}

static void block_free(struct kad_arena_block *b)
{
    unpoison(b->data, b->size);
    free(b);
}

void kad_arena_init(struct kad_arena *a)
{
    *a = (struct kad_arena){0};
}

/* The block that has room for `size` bytes. A request too large for an ordinary block gets one of
 * its own behind the head, so that what the head has left is not lost. */
static struct kad_arena_block *block_for(struct kad_arena *a, size_t size)
{
    struct kad_arena_block *head = a->head;
    if (head && head->size - head->used >= size)
        return head;
    size_t want = head ? head->size * 2 : BLOCK_MIN;
    if (want > BLOCK_MAX)
        want = BLOCK_MAX;
    if (size > want / 2) {
        struct kad_arena_block *own = block_new(size);
        if (head) {
            own->next = head->next;
            head->next = own;
        } else {
            a->head = own;
        }
        return own;
    }
    struct kad_arena_block *b = block_new(want);
    b->next = head;
    a->head = b;
    return b;
}

void *kad_arena_alloc(struct kad_arena *a, size_t size)
{
    kad_assert(a);
    kad_assert(size < SIZE_MAX / 4);
    size = (size ? size + ALIGN - 1 : ALIGN) / ALIGN * ALIGN;
    struct kad_arena_block *b = block_for(a, size);
    unsigned char *p = b->data + b->used;
    b->used += size;
    a->used += size;
    unpoison(p, size);
    return memset(p, 0, size);
}

void *kad_arena_memdup(struct kad_arena *a, const void *p, size_t size)
{
    kad_assert(p || size == 0);
    void *copy = kad_arena_alloc(a, size);
    if (size > 0)
        memcpy(copy, p, size);
    return copy;
}

char *kad_arena_strndup(struct kad_arena *a, const char *s, size_t n)
{
    kad_assert(s || n == 0);
    char *copy = kad_arena_alloc(a, n + 1);
    if (n > 0)
        memcpy(copy, s, n);
    return copy;
}

char *kad_arena_strdup(struct kad_arena *a, const char *s)
{
    kad_assert(s);
    return kad_arena_strndup(a, s, strlen(s));
}

char *kad_arena_printf(struct kad_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    kad_assert(n >= 0);
    char *s = kad_arena_alloc(a, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

void kad_arena_reset(struct kad_arena *a)
{
    kad_assert(a);
    struct kad_arena_block *keep = a->head;
    if (keep) {
        for (struct kad_arena_block *b = keep->next, *next; b; b = next) {
            next = b->next;
            block_free(b);
        }
        keep->next = NULL;
        keep->used = 0;
        poison(keep->data, keep->size);
    }
    a->used = 0;
}

void kad_arena_done(struct kad_arena *a)
{
    kad_assert(a);
    for (struct kad_arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        block_free(b);
    }
    *a = (struct kad_arena){0};
}

void *kad_vec_grow(struct kad_arena *a, const void *old, size_t n, size_t *cap, size_t item)
{
    kad_assert(cap && item > 0);
    kad_assert(n <= *cap);
    size_t more = *cap ? *cap * 2 : 8;
    kad_assert(more < SIZE_MAX / 4 / item);
    void *v = kad_arena_alloc(a, more * item);
    if (n > 0)
        memcpy(v, old, n * item);
    *cap = more;
    return v;
}

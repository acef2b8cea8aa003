/* Arena: memory that is freed all at once. Running out of memory aborts (kad_xalloc), because
 * every input is bounded (limits.h) and commits are atomic. Returned memory is zeroed and aligned
 * for any type; it lives until the arena is reset or done. Not thread-safe: one arena, one thread. */
#ifndef KAD_CORE_ARENA_H
#define KAD_CORE_ARENA_H

#include <stddef.h>

#include "core/err.h"

struct kad_arena_block;

struct kad_arena {
    struct kad_arena_block *head; /* newest block first */
    size_t used;                  /* bytes handed out, for limits and tests */
};

_Noreturn void kad_no_memory(void); /* says so and aborts: for memory of another kind */
void *kad_xalloc(size_t size);                         /* zeroed; aborts when there is none */
void *kad_xrealloc(void *p, size_t size);              /* aborts when there is none */
char *kad_xstrdup(const char *s);

void kad_arena_init(struct kad_arena *a);
void *kad_arena_alloc(struct kad_arena *a, size_t size);
void *kad_arena_memdup(struct kad_arena *a, const void *p, size_t size);
/* Copy of n bytes with a closing NUL. */
char *kad_arena_strndup(struct kad_arena *a, const char *s, size_t n);
char *kad_arena_strdup(struct kad_arena *a, const char *s);
char *kad_arena_printf(struct kad_arena *a, const char *fmt, ...) KAD_PRINTF(2, 3);
/* Give everything back but the first block, for use in a loop. */
void kad_arena_reset(struct kad_arena *a);
void kad_arena_done(struct kad_arena *a);

#define kad_arena_new(a, type) ((type *)kad_arena_alloc((a), sizeof(type)))
#define kad_arena_array(a, type, n) ((type *)kad_arena_alloc((a), sizeof(type) * (size_t)(n)))

/* Growing vectors that live in an arena: `struct { T *v; size_t n, cap; }`. The old copy stays in
 * the arena until it is reset, which doubling keeps below the size of the vector itself. */
#define kad_vec(type) struct { type *v; size_t n, cap; }
#define kad_vec_push(a, vec, item)                                                                 \
    do {                                                                                           \
        if ((vec)->n == (vec)->cap)                                                                \
            (vec)->v = kad_vec_grow((a), (vec)->v, (vec)->n, &(vec)->cap, sizeof *(vec)->v);       \
        (vec)->v[(vec)->n++] = (item);                                                             \
    } while (0)
void *kad_vec_grow(struct kad_arena *a, const void *old, size_t n, size_t *cap, size_t item);

#endif

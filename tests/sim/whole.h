/* Is a store whole after a crash or a fault, and is all in it that was said to be there? */
#ifndef KAD_TESTS_WHOLE_H
#define KAD_TESTS_WHOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

/* The records of a store in which everything arrived. */
struct whole_log {
    struct kad_str *v; /* v[0] is seq 1 */
    size_t n;
    uint64_t adopted; /* from this seq on there is a policy */
};
/* Ends the program when the store cannot be read. */
struct whole_log whole_read(const char *store);

struct whole_want {
    const char *keys; /* the key folder; NULL: not looked at */
    const struct whole_log *log;
    uint64_t unlike;           /* from this seq on (0: none) they may be others than in the log */
    const char *const *erased; /* subjects whose private fields are gone, to a NULL; NULL: none */
    uint64_t least, most; /* said to be there; what a command that was under way would have made */
    bool pieces;          /* anything between is right, too */
    bool append;          /* write one more, and look again */
};
enum whole_fault { WHOLE_FINE = 0, WHOLE_LOST, WHOLE_CORRUPT, WHOLE_DOUBLED };
struct whole_found {
    enum whole_fault fault;
    uint64_t last;   /* the newest seq, before anything was appended */
    uint64_t events; /* that had to be there, and were compared */
    char why[600];
};
/* In the process's own hands: a damaged store may end it. */
void whole_check(const char *store, const struct whole_want *w, struct whole_found *ret);
/* In a child of its own, which is given 30 seconds: however it ends, *ret says why. */
void whole_check_apart(const char *store, const struct whole_want *w, struct whole_found *ret);
const char *whole_fault_name(enum whole_fault f);

#endif

/* The file data.mdb page by page, without LMDB: LMDB believes what its pages say, so they are looked
 * at by somebody who does not. Layout: LMDB 0.9, data format 1, 64 bits, little-endian machine
 * (lmdb's mdb.c, "MDB_page", "MDB_node", "MDB_meta"); docs/format.md, "Pages".
 *
 * Two pages of meta data (0 and 1) each hold the roots of the list of free pages and of the main
 * tree; the one of the higher transaction counts. Transaction n is written to page n mod 2, so that
 * the other one is always n - 1: nothing else is ever on disk but in a file that was just made (0
 * and 0) and behind its first transaction, or in a compacted copy (0 and 1), which are alike.
 *
 * Every number read from the file is checked before it is used; nothing here can fault or loop.
 */
#ifndef KAD_CORE_PAGES_H
#define KAD_CORE_PAGES_H

#include "core/text.h"

/* A tree's record: in the meta pages, and as the value of its name in the main tree. */
struct kad_tree_record {
    uint32_t pad; /* the page size, in the record of the free list of a meta page; else 0 */
    uint16_t flags, depth;
    uint64_t branches, leaves, overflows, entries, root; /* root: UINT64_MAX when it is empty */
};
_Static_assert(sizeof(struct kad_tree_record) == 48, "MDB_db, 64 bits");
struct kad_meta_page {
    uint32_t magic, version;
    uint64_t address, map_size;
    struct kad_tree_record tree[2]; /* the free list, the main tree */
    uint64_t last_page, txn;
};
_Static_assert(sizeof(struct kad_meta_page) == 136, "MDB_meta, 64 bits");

/* --- the cheap part: the meta pages --- */

enum kad_look {
    KAD_LOOK_GOOD,
    KAD_LOOK_FOREIGN,    /* not LMDB's */
    KAD_LOOK_CUT,        /* shorter than its newer meta page says */
    KAD_LOOK_OTHER_LMDB, /* of another version of LMDB or another kind of machine */
    KAD_LOOK_DAMAGED,
};
struct kad_pages_head {
    uint32_t page_size;
    struct kad_meta_page meta[2];
    int newest; /* 0 or 1 */
    int bad;    /* what KAD_LOOK_DAMAGED found: this meta page, or -1 for the two together */
};
/* Look at the meta pages of an open file of this size. When another process writes just now, what is
 * seen may be between two states: look again before saying that it is damaged. */
enum kad_look kad_pages_look(int fd, uint64_t size, struct kad_pages_head *ret);

/* --- the whole --- */

struct kad_page_fault {
    uint64_t page;      /* the first page concerned */
    uint64_t from, to;  /* bytes of the file, from inclusive to exclusive */
    struct kad_str tree; /* name of the table; empty: the file as a whole, or the free list */
    struct kad_str low, high; /* keys of this part of the table: from low, below high; may be empty */
    const char *what;   /* a sentence for people, translated */
};
struct kad_pages_seen {
    uint32_t page_size;
    uint64_t txn;   /* the transaction that was looked at */
    uint64_t pages; /* in use by it: meta pages and free ones included */
    uint64_t reached, free;
    uint64_t faults;
    bool broken; /* a tree cannot be trusted: LMDB must not be let near it */
};
/* Walk every page reachable from the meta page of transaction `txn` (UINT64_MAX: the newest): each
 * page in use is reached exactly once or is listed as free exactly once; headers, offsets, order of
 * keys, overflow chains, depths and counts are right. Each fault is told to `fault` (strings live
 * for the call); counted are all. The caller sees to it that the transaction's pages stay (an open
 * snapshot), or that nobody writes.
 * Errors: ENOTFOUND (without a sentence) the transaction is on neither meta page: take a fresh
 * snapshot. EIO. */
enum kad_err kad_pages_walk(int fd, uint64_t txn,
                            void (*progress)(void *ctx, uint64_t done, uint64_t of),
                            void (*fault)(void *ctx, const struct kad_page_fault *f), void *ctx,
                            struct kad_pages_seen *ret, struct kad_error *reterr) KAD_MUST_CHECK;

#endif

/* Is everything whole? The whole ledger looked at as an auditor would: its pages, its records hashed
 * again, the tree and every checkpoint computed anew, the views made again beside the stored ones,
 * every task that was ever issued derived again, and the vault held against the entries and fences.
 *
 * The pages are walked first, by code that believes nothing (pages.h). What LMDB reads is read in a
 * child process, so that a fault in it is a finding like all others. Nothing is written, but for
 * LMDB's table of readers; nothing at all with `still`. The log only grows, so that others may write
 * meanwhile: what they add behind the last record that was there is left out.
 * Source: interface.md, `verify`; docs/operations.md, "Is everything whole?".
 */
#ifndef KAD_CORE_VERIFY_H
#define KAD_CORE_VERIFY_H

#include "core/engine.h"
#include "core/merkle.h"

/* What is checked, in order. X(NAME, word in JSON). */
#define KAD_PART_MAP(X)                                                                            \
    X(PAGES, "pages")                                                                              \
    X(IDENTITY, "identity")                                                                        \
    X(RECORDS, "records")                                                                          \
    X(TREE, "tree")                                                                                \
    X(CHECKPOINTS, "checkpoints")                                                                  \
    X(AGAINST, "against")                                                                          \
    X(VIEWS, "views")                                                                              \
    X(VAULT, "vault")                                                                              \
    X(ISSUED, "issued")

enum kad_part {
#define X(name, word) KAD_PART_##name,
    KAD_PART_MAP(X)
#undef X
        KAD_PART__COUNT
};
extern const char *const kad_part_words[KAD_PART__COUNT];
const char *kad_part_title(enum kad_part part); /* translated */

enum kad_checked {
    KAD_CHECK_NOT = 0, /* not come to */
    KAD_CHECK_BEGUN,   /* broken off in it: it proves nothing */
    KAD_CHECK_DONE,
    KAD_CHECK_NOTHING, /* there is nothing of the kind */
    KAD_CHECK_LOCKED,  /* the vault could not be unlocked */
};
/* Something that is not as it should be, and where. */
struct kad_trouble {
    enum kad_part part;
    uint64_t seq;  /* of the record; 0: none in particular */
    uint64_t page; /* page and bytes of data.mdb, from inclusive to exclusive; to 0: none */
    uint64_t from, to;
    char text[512]; /* a sentence for people */
};
#define KAD_TROUBLES_TOLD 100 /* the others are counted */
#define KAD_VERIFY_YEARS 120
/* What an auditor may want to look at, of one year (UTC) of recording. No fault. */
struct kad_year_count {
    int year;
    uint64_t records, given, overridden, deviating, corrected, retracted, waived, erased;
};
struct kad_verify {
    enum kad_checked parts[KAD_PART__COUNT];
    uint64_t troubles_in[KAD_PART__COUNT];
    struct kad_trouble troubles[KAD_TROUBLES_TOLD];
    uint64_t n_troubles; /* all of them */
    bool opened;         /* the store could be opened */
    int signal;          /* that ended the reading; 0: none */
    enum kad_part in;    /* what was being done */

    uint64_t pages, pages_free;
    uint32_t page_size;
    char id[33], programme[KAD_LIMIT_NAME + 1];
    enum kad_ledger_mode mode;
    uint64_t last_seq;
    kad_instant first_at, last_at;         /* KAD_INSTANT_NONE: empty */
    uint64_t bytes;                        /* of all records */
    uint8_t root[KAD_HASH];                /* of the tree over all records */
    uint64_t checkpoints, checkpoint_size; /* how many; records that the last one covers */
    uint64_t keys_signing;                 /* how many keys have signed, one after the other */
    uint64_t kept, kept_size; /* checkpoints in the file given; records that the last one covers */
    uint64_t keys, keys_erased, private_opened, private_erased, private_left; /* left: not opened */
    uint64_t issued, issued_apart; /* derived again; depend on what cannot be read any more */
    struct kad_year_count years[KAD_VERIFY_YEARS];
    size_t n_years;
};

struct kad_verify_options {
    const char *dir;
    kad_compile_fn compile; /* reads adopted policies; NULL: issued tasks are left out */
    bool still;             /* nobody writes it, and nothing may be written into its folder */
    bool full;              /* the vault is unlocked, whatever that asks for */
    struct kad_str against; /* checkpoints that somebody kept, one or more; empty: none */
    /* Called in the child; what it prints on a terminal is all it may do. NULL: none. */
    void (*progress)(void *ctx, enum kad_part part, uint64_t done, uint64_t of);
    void *ctx;
};
/* Do it all. KAD_OK: whole. KAD_ENO: *ret says what was found. ESTORE (and the like): it could not be
 * opened; *ret says what was found before that. To be called while the process has one thread and no
 * ledger open. Owns: *ret is the caller's to free with kad_verify_free, whatever is returned. */
enum kad_err kad_verify_run(const struct kad_verify_options *o, struct kad_verify **ret,
                            struct kad_error *reterr) KAD_MUST_CHECK;
/* Was every part come to? Only then does the absence of troubles say that all is whole. */
bool kad_verify_complete(const struct kad_verify *v);
void kad_verify_free(struct kad_verify *v); /* NULL is fine */

#endif

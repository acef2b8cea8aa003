/* Inside verify: what verify.c and the verify_*.c files share. */
#ifndef KAD_CORE_VERIFY_PRIV_H
#define KAD_CORE_VERIFY_PRIV_H

#include <pthread.h>

#include "core/verify.h"

/* A tree's size that somebody asks the root of: a checkpoint's. */
struct kad_size_asked {
    uint64_t size;
    uint8_t root[KAD_HASH]; /* filled in by kad_verify_log */
};

/* A checkpoint as text, and the size that it stands under in the table; 0: it was kept outside. */
struct kad_sealed {
    struct kad_str note;
    uint64_t size;
};

struct kad_verifying {
    const struct kad_verify_options *o;
    struct kad_verify *v;      /* shared with the parent */
    struct kad_engine *engine; /* NULL: without one, as no policies are read */
    struct kad_ledger *ledger; /* the engine's, if there is one */
    struct kad_arena arena;
    bool unlocked;                          /* the vault */
    uint64_t n_private, n_issued;           /* records of the kind, found by kad_verify_log */
    pthread_mutex_t lock;                   /* over *v, while there are threads */
    kad_vec(struct kad_sealed) notes, kept; /* of the ledger, the newest first; of somebody */
    kad_vec(struct kad_size_asked) sizes;   /* sorted by size, once each */
};

void kad_trouble_add(struct kad_verifying *y, enum kad_part part, uint64_t seq, const char *fmt,
                     ...) KAD_PRINTF(4, 5);
/* A part is begun (told to the progress as well), or what became of it. */
void kad_part_set(struct kad_verifying *y, enum kad_part part, enum kad_checked state);
void kad_verify_step(struct kad_verifying *y, enum kad_part part, uint64_t done, uint64_t of);

/* verify_seal.c: read the checkpoints, so that the roots of their sizes are computed on the way;
 * afterwards hold them against those. */
enum kad_err kad_verify_ask(struct kad_verifying *y, struct kad_error *reterr) KAD_MUST_CHECK;
enum kad_err kad_verify_seals(struct kad_verifying *y, struct kad_error *reterr) KAD_MUST_CHECK;

/* verify_vault.c: what stands beside the log without following from it; the vault's file, which is
 * unlocked if it can be. */
enum kad_err kad_verify_beside(struct kad_verifying *y, struct kad_error *reterr) KAD_MUST_CHECK;
enum kad_err kad_verify_vault(struct kad_verifying *y, struct kad_error *reterr) KAD_MUST_CHECK;

/* verify_story.c: open private fields, and derive again what was issued. */
enum kad_err kad_verify_stories(struct kad_verifying *y, struct kad_error *reterr) KAD_MUST_CHECK;

/* verify_tree.c: the log is hashed in stretches, each of which is a complete subtree and holds what one
 * tile of the second level is made of. */
#define KAD_STRETCH_LEVEL 10
#define KAD_STRETCH (1u << KAD_STRETCH_LEVEL) /* records */
/* After the leaf of record `size`: the frontier of its stretch, if somebody asks for that size. */
void kad_verify_size(struct kad_verifying *y, const struct kad_frontier *f, uint64_t size);
/* The stored tiles of stretch i against its n leaves. */
enum kad_err kad_verify_tiles(struct kad_verifying *y, struct kad_snapshot *s, uint64_t i,
                              const uint8_t (*leaves)[KAD_HASH], uint64_t n,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* The tree over all `last` records from the hashes of its stretches: the higher tiles, the root, and
 * the roots that were asked for. */
enum kad_err kad_verify_tree(struct kad_verifying *y, const uint8_t (*hashes)[KAD_HASH],
                             uint64_t last, struct kad_error *reterr) KAD_MUST_CHECK;

/* verify_log.c: every record read and hashed, with all processors; the tree; beside it the views. */
enum kad_err kad_verify_log(struct kad_verifying *y, struct kad_error *reterr) KAD_MUST_CHECK;

#endif

/* What the files of the ledger share, and the only header that brings lmdb.h in: included by
 * the ledger_*.c files, view.c and the verify_*.c files, and by nothing else. */
#ifndef KAD_CORE_LEDGER_PRIV_H
#define KAD_CORE_LEDGER_PRIV_H

#include <lmdb.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/files.h"
#include "core/ledger.h"
#include "core/tiles.h"
#include "core/vault.h"

#define KAD_LEDGER_FORMAT 2 /* of the whole store: docs/format.md */
#define KAD_DATA_FILE "data.mdb"
#define KAD_LOCK_FILE "lock.mdb"
#define KAD_WRITER_FILE "writer"

/* X(NAME, name in the environment). Kept open from opening to closing. From STORY on they are views:
 * dropped and made again by kad_view_rebuild. */
#define KAD_TABLE_MAP(X)                                                                           \
    X(META, "meta")                                                                                \
    X(LOG, "log")                                                                                  \
    X(TREE, "tree")                                                                                \
    X(CHECKPOINT, "checkpoint")                                                                    \
    X(CURSOR, "cursor")                                                                            \
    X(STORY, "story")                                                                              \
    X(ID, "id")                                                                                    \
    X(SUBJECT, "subject")                                                                          \
    X(MENTION, "mention")                                                                          \
    X(ADOPTED, "adopted")                                                                          \
    X(DUE, "due")

enum kad_table {
#define X(NAME, name) KAD_TAB_##NAME,
    KAD_TABLE_MAP(X)
#undef X
        KAD_TAB__COUNT
};
extern const char *const kad_table_names[KAD_TAB__COUNT];

/* Keys in `meta`. */
#define KAD_META_FORMAT "kadens"       /* u32 format version */
#define KAD_META_ID "id"               /* 32 hexadecimal digits */
#define KAD_META_MODE "mode"           /* u8 */
#define KAD_META_PROGRAMME "programme" /* text */
#define KAD_META_SEED "seed"           /* 32 random bytes, made at creation */
#define KAD_META_KEY "key"             /* the first public key that signs its checkpoints */
#define KAD_META_RESTORED "restored"   /* u64 seq that it ended with when it came back; summed */
#define KAD_META_VIEWS "views"         /* u64 seq up to which the views go, i32 latest `on`,
                                        * u64 highest key number, u64 seq of the last erasure */
#define KAD_VIEWS_SIZE 28
#define KAD_META_SCHEDULER "scheduler" /* i64 reached, u64 swept, u64 sweeping, subject; summed */

struct kad_ledger {
    struct kad_ledger_info info;
    char *dir;
    bool write;
    bool still; /* opened without locks: nobody writes it */
    bool
        broken; /* a commit failed in a way that leaves the outcome open: nothing more is written */
    struct kad_vault *vault;
    int writer; /* descriptor of the writer's lock; -1 when only reading, or between transactions */
    bool shared;      /* the lock is taken for each transaction and let go behind it */
    unsigned wait_ms; /* how long such a transaction waits for it */
    MDB_env *env;
    MDB_dbi dbi[KAD_TAB__COUNT];
    atomic_int users; /* snapshots and transactions that are open */
};

struct kad_snapshot {
    struct kad_ledger *ledger;
    MDB_txn *mdb;
    MDB_cursor *story;   /* opened by the first question */
    struct kad_txn *own; /* NULL, or the transaction whose view this is */
};

/* What the subject table holds of one, beside its key. */
struct kad_subject_row {
    struct kad_str kind;
    kad_day first_on, last_on; /* of events, as recorded or corrected; NONE: it has none */
    kad_day first_person;
    uint64_t first_seq, records;
    uint64_t key_number; /* of its key in the vault; 0: it has none */
    bool amended, erased;
    kad_instant next; /* the subject's entry in `due`: KAD_DUE_NOW, a moment, or KAD_DUE_NEVER */
};

/* --- ledger_lmdb.c: calls into LMDB, and what their failures mean --- */

/* Set while LMDB runs: a fault there means damaged pages, elsewhere a fault of the program. */
extern _Thread_local volatile sig_atomic_t kad_in_lmdb;
static inline int kad_lmdb_back(int rc)
{
    kad_in_lmdb = 0;
    return rc;
}
#define KAD_LMDB(call) (kad_in_lmdb = 1, kad_lmdb_back(call))

/* What people are told of a code of LMDB or errno, as one of ours. */
enum kad_err kad_lmdb_fail(const struct kad_ledger *l, int rc, struct kad_error *reterr);
/* A value or key that no program of this version wrote. */
enum kad_err kad_ledger_damaged(const struct kad_ledger *l, enum kad_table table,
                                struct kad_error *reterr);
/* The text that the fault handler will say. */
void kad_fault_prepare(const char *dir);
void kad_fault_assert(MDB_env *env, const char *what); /* an MDB_assert_func */
/* Begin, again once when another process has made the file larger than our map. */
enum kad_err kad_lmdb_begin(struct kad_ledger *l, bool write, MDB_txn **ret,
                            struct kad_error *reterr);
void kad_lmdb_end(struct kad_ledger *l); /* after the MDB_txn has ended */

static inline MDB_val kad_val(struct kad_str s)
{
    union { /* LMDB takes no const */
        const char *in;
        void *out;
    } p = {.in = s.p};
    return (MDB_val){.mv_size = s.n, .mv_data = p.out};
}
static inline struct kad_str kad_of_val(MDB_val v)
{
    return (struct kad_str){v.mv_data, v.mv_size};
}

/* What follows from no record (where readers stand) carries the first bytes of SHA-256(name, 0x00,
 * bytes) behind it, so that a changed byte is noticed. false: it was changed. */
#define KAD_SUM 8
void kad_summed_put(struct kad_buf *b, struct kad_str name, struct kad_str bytes);
bool kad_summed_get(struct kad_str name, struct kad_str stored, struct kad_str *ret);

/* Keys. */
#define KAD_SEQ_KEY 8
void kad_seq_put(char out[KAD_SEQ_KEY], uint64_t seq);
uint64_t kad_seq_get(const char *in);
/* subject 0x00 seq; the pair of two names: person 0x00 subject. Return the length. */
#define KAD_STORY_KEY (KAD_LIMIT_KEY + 1 + KAD_SEQ_KEY)
#define KAD_PAIR_KEY (KAD_LIMIT_NAME + 1 + KAD_LIMIT_KEY)
size_t kad_story_key(char out[KAD_STORY_KEY], struct kad_str subject, uint64_t seq);
size_t kad_pair_key(char out[KAD_PAIR_KEY], struct kad_str person, struct kad_str subject);
/* The part of a key in front of its 0x00; empty when it has none. */
struct kad_str kad_key_head(struct kad_str key);

/* Rows of the subject table. */
void kad_row_put(struct kad_buf *b, const struct kad_subject_row *row);
bool kad_row_get(struct kad_str bytes, struct kad_subject_row *ret);
/* What a record makes of its subject's row (zeroed rows: KAD_ROW_NEW). */
#define KAD_ROW_NEW                                                                                \
    ((struct kad_subject_row){.first_on = KAD_DAY_NONE,                                            \
                              .last_on = KAD_DAY_NONE,                                             \
                              .first_person = KAD_DAY_NONE,                                        \
                              .next = KAD_DUE_NOW})
void kad_row_add(struct kad_subject_row *row, const struct kad_record *r);
/* What a record makes of the whole ledger's state, but for the number of subjects. */
void kad_state_add(struct kad_ledger_state *st, const struct kad_record *r);
/* Is the record one of those that change which policy or key is in force? */
bool kad_record_adopts(const struct kad_record *r);
/* Is this an `on` that counts as an event's? */
bool kad_record_happens(const struct kad_record *r);
/* A field whose person the mention table holds. */
bool kad_field_mentions(const struct kad_field *f);

/* moment subject, in the order of moments; the bytes of KAD_DUE_NOW are zero. Returns the length. */
#define KAD_DUE_KEY (8 + KAD_LIMIT_KEY)
size_t kad_due_key(char out[KAD_DUE_KEY], kad_instant moment, struct kad_str subject);
/* False when these bytes are no such key. */
bool kad_due_key_get(struct kad_str key, kad_instant *ret_moment, struct kad_str *ret_subject);

/* --- ledger_open.c --- */

/* The writer's lock of a shared ledger, for one transaction. */
enum kad_err kad_ledger_lock(struct kad_ledger *l, struct kad_error *reterr) KAD_MUST_CHECK;
void kad_ledger_unlock(struct kad_ledger *l);

enum kad_err kad_place_check(const char *dir, struct kad_error *reterr); /* not on a network disk */
/* The writer's lock of the store in this folder, waiting up to wait_ms for whoever holds it (EBUSY names
 * them). The store itself need not be whole. */
enum kad_err kad_writer_lock(const char *dir, unsigned wait_ms, int *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
void kad_writer_unlock(int fd);
int kad_env_open(struct kad_ledger *l, const char *dir, unsigned flags); /* LMDB's codes */
int kad_tables_open(struct kad_ledger *l, MDB_txn *txn, unsigned flags);

/* --- ledger_tree.c --- */

#define KAD_TILE_KEY 9
void kad_tile_key(char out[KAD_TILE_KEY], unsigned k, uint64_t index);
enum kad_err kad_tile_read(struct kad_snapshot *s, unsigned k, uint64_t index, const uint8_t **ret,
                           size_t *ret_n, struct kad_error *reterr);
/* The leaves of the records that wait. */
enum kad_err kad_tree_put(struct kad_txn *t, struct kad_error *reterr);

/* --- ledger_create.c --- */

#define KAD_SEED 32
/* The id that mode, programme and first key of `info` give with this seed: so that what the log does
 * not hold cannot be changed without its showing. docs/format.md, "meta". */
void kad_ledger_id(const struct kad_ledger_info *info, const uint8_t seed[KAD_SEED], char ret[33]);

/* --- view.c --- */

/* As kad_view_check, for whoever hashes the log and the tree at the same time. */
enum kad_err kad_view_check_hashed(struct kad_ledger *l,
                                   void (*differs)(void *ctx, const char *what), void *ctx,
                                   uint64_t *ret_n, struct kad_error *reterr) KAD_MUST_CHECK;

/* --- ledger_read.c --- */

/* The next record of a story's chunk, from *at on; false at its end. ESTORE when it is cut. */
enum kad_err kad_chunk_next(const struct kad_ledger *l, struct kad_str chunk, size_t *at,
                            struct kad_str *ret, struct kad_error *reterr);

/* As kad_snapshot_story, but private fields stay sealed: the vault is not needed. */
enum kad_err kad_story_stored(struct kad_snapshot *s, struct kad_str subject, struct kad_arena *a,
                              struct kad_record **ret, size_t *ret_n, struct kad_error *reterr);

/* --- ledger_seal.c: private fields and the vault --- */

/* The private fields of a record of an erased subject, or of one that is not, get what can be said of
 * them: their values, or that they are sealed or erased. */
void kad_unseal(const struct kad_ledger *l, struct kad_record *r, bool erased, struct kad_arena *a);
/* The key that seals the record's private fields, made if its subject has none. Wipe it. */
enum kad_err kad_seal_of(struct kad_txn *t, const struct kad_record *r, uint8_t ret[KAD_SEAL_KEY],
                         uint64_t *ret_number, struct kad_error *reterr);

/* --- ledger_txn.c --- */

/* One subject that the transaction has changed. */
struct kad_pending {
    struct kad_str key;
    struct kad_subject_row row; /* as it will be */
    bool stored;                /* LMDB holds a part of its story */
    kad_instant was_next;       /* what LMDB holds in `due`; KAD_DUE_NEVER: nothing */
    struct kad_pending_record {
        uint64_t seq;
        struct kad_str bytes;
        struct kad_pending_record *next;
    } * first, *last; /* its records that wait */
};
/* Keys to what belongs to them: open addressing under a secret key, so that no import can be made
 * to fill one corner of it. */
struct kad_hash {
    struct kad_hash_slot {
        uint64_t hash;
        struct kad_str key;
        void *value; /* NULL: free */
    } * slots;
    size_t n, size; /* size: 0 or a power of two */
};
struct kad_txn {
    struct kad_snapshot view;
    struct kad_ledger_state state; /* as it will be */
    bool failed;                   /* can only be aborted */
    bool exempt;                   /* only what is written even on a full disk */
    bool changed;
    bool flushed; /* LMDB holds pages of this transaction, which may move */
    /* What waits, in memory, until it is put in key order. */
    struct kad_arena arena;
    struct kad_buf scratch;
    uint64_t first_pending; /* seq of records[0] */
    kad_vec(struct kad_str) records;
    struct kad_hash subjects, ids, mentions; /* values: struct kad_pending, seq, nothing */
    kad_vec(uint64_t) adopted;
    size_t bytes;                /* that wait */
    size_t bytes_total, checked; /* of the whole transaction; when free space was last looked at */
    unsigned char hash_key[16];
    struct kad_tiles *tiles; /* the tree's right edge, from the first flush on */
};
/* What is known of the subject so far; its row as the transaction leaves it. */
enum kad_err kad_pending_subject(struct kad_txn *t, struct kad_str key, struct kad_pending **ret,
                                 struct kad_error *reterr);
/* What waits of a subject, or NULL. */
const struct kad_pending *kad_pending_find(struct kad_txn *t, struct kad_str subject);
bool kad_pending_id(struct kad_txn *t, struct kad_str id, uint64_t *ret);
/* Put all that waits into LMDB's own transaction. */
enum kad_err kad_txn_flush(struct kad_txn *t, struct kad_error *reterr);
/* Take a record that is in the log into the views (which were emptied). The bytes must stay. */
enum kad_err kad_txn_index(struct kad_txn *t, const struct kad_record *r, struct kad_str bytes,
                           struct kad_error *reterr);

#endif

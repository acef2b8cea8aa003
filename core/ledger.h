/* The ledger: an append-only log of records in one LMDB environment, and the views that follow from
 * it (stories, ids, subjects, mentions, adoptions), all written in the same transaction, so that
 * nothing is ever half true. Views can be checked against the records and rebuilt from them.
 *
 * Caveats first. One environment per process. Never on a network file system. A snapshot pins the
 * pages it sees: keep it short (a slice of some 50 ms), and take a fresh one for the next slice.
 * Pointers into a snapshot are valid until it is released. Everything read is checked: damage is an
 * error (KAD_ESTORE), never a crash. Only core/ledger_priv.h includes lmdb.h.
 * What a transaction's own view gives out is valid until the next append or walk (subjects,
 * mentions, adopted); a story's strings also through walks.
 * Source: architecture.md, "The ledger" and "Practice".
 *
 *   table     key                              value
 *   meta      name                             format version, ledger id, mode, zone, programme, …
 *   log       seq                              record bytes
 *   tree      level, index                     up to 32 hashes (core/tiles.h)
 *   checkpoint size of the tree                a signed note
 *   story     subject 0x00 seq of its first    [u32 length, record]…, up to KAD_LIMIT_STORY_CHUNK
 *   id        writer's own id                  seq
 *   subject   subject                          kind name, first on, last on, number of records, flags,
 *                                              day of the first mention of a person, next moment
 *   mention   person 0x00 subject              -        (every person any event of it ever named)
 *   adopted   seq                              -        (records that change which policy is in force)
 *   due       moment, subject                  -        (when the scheduler looks at it next)
 *   cursor    name of a sink                   where it stands: its own bytes (no view: not rebuilt)
 * Integers in keys are big-endian; no DUPSORT.
 */
#ifndef KAD_CORE_LEDGER_H
#define KAD_CORE_LEDGER_H

#include "core/event.h"
#include "core/limits.h"
#include "core/merkle.h"

struct kad_ledger;
struct kad_snapshot; /* one consistent view; also what a write transaction sees of itself */
struct kad_txn;      /* the one writer */

enum kad_ledger_mode { KAD_LEDGER_PLAIN = 0, KAD_LEDGER_LIVE, KAD_LEDGER_SIMULATED };
struct kad_ledger_info {
    char id[33];                  /* in hex; made at creation, and bound to what stands below */
    enum kad_ledger_mode mode;
    char programme[KAD_LIMIT_NAME + 1]; /* what people call it; may be empty */
    uint8_t key[32];              /* the public key that its first checkpoints are signed with */
    bool passphrase;              /* making one: its vault is locked with a passphrase (vault.h) */
};

/* Make a new, empty ledger in `dir` (absent or an empty folder): built beside it and renamed, so
 * that it is there whole or not at all. Rights 0700/0600 whatever the umask. First of all its keys
 * are made, in the key folder (core/keys.h). `info->id` and `info->key` are filled.
 * Errors: ENO when the folder holds a ledger, EINPUT when it holds something else. */
enum kad_err kad_ledger_create(const char *dir, struct kad_ledger_info *info,
                               struct kad_error *reterr) KAD_MUST_CHECK;

/* Open. A writer waits up to wait_ms for the lock on DIR/writer, then EBUSY names the holder.
 * Errors (ESTORE): missing, foreign, another version (with how to carry it over: export, import),
 * truncated, on a network file system, not readable or writable. */
enum kad_err kad_ledger_open(const char *dir, bool write, unsigned wait_ms, struct kad_ledger **ret,
                             struct kad_error *reterr) KAD_MUST_CHECK;
/* Is the folder a backup (or nothing of ours) rather than a store? A store has its writer's lock, the file
 * `writer`, from the beginning; a backup has none, and is only looked at. */
bool kad_ledger_is_backup(const char *dir);
/* Open for reading what nobody writes while it is open: a copy, a backup (which kad_ledger_open
 * opens so for reading, and refuses for writing). Takes no lock and writes nothing
 * into the folder, which may be read-only or on a network disk. Errors as above. */
enum kad_err kad_ledger_open_still(const char *dir, struct kad_ledger **ret,
                                   struct kad_error *reterr) KAD_MUST_CHECK;
void kad_ledger_close(struct kad_ledger *l); /* NULL is fine */
/* What another process that waits for our lock is told of us ("kadens import"). Say it before
 * opening; the program's name until then. Never anything that a person typed. */
void kad_ledger_set_command(const char *command);
/* From now on a fault inside LMDB (which trusts its pages) ends the process with one sentence on
 * stderr and exit status 3. For programs; what faults elsewhere ends as it always did. */
void kad_ledger_catch_faults(void);
/* In a child process whose end is told by its parent (child.h): faults end it without a word. */
void kad_ledger_faults_silent(void);
const struct kad_ledger_info *kad_ledger_info(const struct kad_ledger *l);
/* For who writes now and then for years: from now on the writer's lock is taken for each transaction
 * (kad_txn_begin waits up to wait_ms for it, then EBUSY) and let go at its end. */
void kad_ledger_share(struct kad_ledger *l, unsigned wait_ms);

/* --- reading --- */

enum kad_err kad_snapshot_take(struct kad_ledger *l, struct kad_snapshot **ret,
                               struct kad_error *reterr) KAD_MUST_CHECK;
void kad_snapshot_release(struct kad_snapshot *s); /* NULL is fine; not for a txn's own */

struct kad_ledger_state {
    uint64_t last_seq;    /* 0: empty */
    kad_instant last_at;  /* KAD_INSTANT_NONE: empty */
    uint64_t subjects;
    kad_day last_on;      /* the latest `on` of any event */
    uint64_t last_key;    /* the highest number of a key in the vault that a record needs; 0: none */
    uint64_t last_fence;  /* the last kadens.erased; 0: none */
};
enum kad_err kad_snapshot_state(struct kad_snapshot *s, struct kad_ledger_state *ret,
                                struct kad_error *reterr) KAD_MUST_CHECK;
/* The stored bytes of a record. ENOTFOUND beyond the last. */
enum kad_err kad_snapshot_record(struct kad_snapshot *s, uint64_t seq, struct kad_str *ret,
                                 struct kad_error *reterr) KAD_MUST_CHECK;
/* A record whose bytes the snapshot gave (or a copy of them), decoded with the ledger's vault: each
 * private field has its value, or says that it is sealed (it cannot be read here) or erased. */
enum kad_err kad_snapshot_decode(struct kad_snapshot *s, struct kad_str bytes, struct kad_arena *a,
                                 bool check_digest, struct kad_record *ret,
                                 struct kad_error *reterr) KAD_MUST_CHECK;
/* The seq that a writer's id was first given; 0 when it is new. */
enum kad_err kad_snapshot_id(struct kad_snapshot *s, struct kad_str id, uint64_t *ret,
                             struct kad_error *reterr) KAD_MUST_CHECK;
/* A subject's records in recording order, decoded in the arena; *ret_n is 0 for a stranger.
 * A transaction sees what it has appended. */
enum kad_err kad_snapshot_story(struct kad_snapshot *s, struct kad_str subject, struct kad_arena *a,
                                struct kad_record **ret, size_t *ret_n, struct kad_error *reterr)
    KAD_MUST_CHECK;

struct kad_subject_info {
    struct kad_str key, kind;   /* kind: name of the kind whose event it first had */
    kad_day first_on;
    uint64_t first_seq, records;
    bool amended;               /* it has a correction, retraction or waiver */
    bool erased;                /* its private fields are gone for good */
    uint64_t key_number;        /* of its key in the vault; 0: it has none */
    kad_day first_person;       /* the first day an event of it named a person; KAD_DAY_NONE: never */
    kad_instant next;           /* when the scheduler looks at it; KAD_DUE_NOW, KAD_DUE_NEVER */
};
/* ENOTFOUND for a stranger. */
enum kad_err kad_snapshot_subject(struct kad_snapshot *s, struct kad_str key,
                                  struct kad_subject_info *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* Can the subject's private fields be read here, if it has any that were not erased? ESTORE with what
 * to do: for who would rather do nothing than take a sealed value for an unknown one. */
enum kad_err kad_snapshot_may_read(struct kad_snapshot *s, const struct kad_subject_info *info,
                                   struct kad_error *reterr) KAD_MUST_CHECK;
/* Walk the subjects with key > after (empty: from the first), in byte order: fills up to max, and
 * says how many; fewer than max means the end. Keys are copied to the arena. */
enum kad_err kad_snapshot_subjects(struct kad_snapshot *s, struct kad_str after, size_t max,
                                   struct kad_arena *a, struct kad_subject_info *ret, size_t *ret_n,
                                   struct kad_error *reterr) KAD_MUST_CHECK;
/* All subjects any of whose events ever named this person (a superset of those who have it now). */
enum kad_err kad_snapshot_mentions(struct kad_snapshot *s, struct kad_str person, struct kad_arena *a,
                                   struct kad_str **ret, size_t *ret_n, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* Everybody whom any event ever named, in byte order. */
enum kad_err kad_snapshot_persons(struct kad_snapshot *s, struct kad_arena *a, struct kad_str **ret,
                                  size_t *ret_n, struct kad_error *reterr) KAD_MUST_CHECK;
/* Seqs of the records that adopt, end, or retract one that did, and of those that change the key. */
enum kad_err kad_snapshot_adopted(struct kad_snapshot *s, struct kad_arena *a, uint64_t **ret,
                                  size_t *ret_n, struct kad_error *reterr) KAD_MUST_CHECK;

/* --- what comes next: for the scheduler --- */

#define KAD_DUE_NOW KAD_INSTANT_NONE /* it was written to: look at it at once */
#define KAD_DUE_NEVER INT64_MAX      /* nothing comes by itself */
struct kad_due {
    kad_instant moment; /* KAD_DUE_NOW comes before all others */
    struct kad_str subject;
};
/* The first entries in the order of (moment, subject) that have come by `until`, up to max of them;
 * fewer mean that there are no more. Keys are copied to the arena. Of a transaction's own view what
 * it has set itself is only seen after kad_txn_flush_due. */
enum kad_err kad_snapshot_due(struct kad_snapshot *s, kad_instant until, size_t max,
                              struct kad_arena *a, struct kad_due *ret, size_t *ret_n,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* How many entries there are, and how many of them are to be looked at at once (counted up to max). */
enum kad_err kad_snapshot_due_count(struct kad_snapshot *s, uint64_t max, uint64_t *ret_all,
                                    uint64_t *ret_now, struct kad_error *reterr) KAD_MUST_CHECK;

/* How far the scheduler has come: no view, so a rebuild leaves it. */
struct kad_progress_mark {
    kad_instant reached;     /* all moments up to this are done; KAD_INSTANT_NONE: never begun */
    uint64_t swept;          /* everybody has been looked at since this adoption, */
    uint64_t sweeping;       /* and since this one those up to the subject `at`; 0: no sweep */
    struct kad_str at;
};
enum kad_err kad_snapshot_mark(struct kad_snapshot *s, struct kad_arena *a,
                               struct kad_progress_mark *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* Where each reader of the log (a sink) stands: bytes of its own under a name of at most
 * KAD_LIMIT_NAME bytes. No view: a rebuild leaves them. */
#define KAD_CURSOR_MAX 1000 /* bytes */
/* Empty for a name that has none. Copied to the arena. */
enum kad_err kad_snapshot_cursor(struct kad_snapshot *s, struct kad_str name, struct kad_arena *a,
                                 struct kad_str *ret, struct kad_error *reterr) KAD_MUST_CHECK;
struct kad_cursor {
    struct kad_str name, bytes;
};
/* All there are, by name. */
enum kad_err kad_snapshot_cursors(struct kad_snapshot *s, struct kad_arena *a,
                                  struct kad_cursor **ret, size_t *ret_n,
                                  struct kad_error *reterr) KAD_MUST_CHECK;

/* --- the tree: the header of record i + 1 is leaf i (core/merkle.h) --- */

/* The hash of a complete subtree. ESTORE when the store does not have it: it is as old as the log. */
enum kad_err kad_snapshot_node(struct kad_snapshot *s, unsigned level, uint64_t index,
                               uint8_t ret[KAD_HASH], struct kad_error *reterr) KAD_MUST_CHECK;
/* The same as a kad_merkle_fn, for kad_merkle_inclusion and its like. */
enum kad_err kad_snapshot_merkle(void *snapshot, unsigned level, uint64_t index,
                                 uint8_t ret[KAD_HASH], struct kad_error *reterr);
/* The root over the first `size` records. */
enum kad_err kad_snapshot_root(struct kad_snapshot *s, uint64_t size, uint8_t ret[KAD_HASH],
                               struct kad_error *reterr) KAD_MUST_CHECK;

/* The newest stored checkpoint of at most so many records, whatever it says (core/checkpoint.h): empty
 * when there is none. Copied to the arena. */
enum kad_err kad_snapshot_note(struct kad_snapshot *s, uint64_t most, struct kad_arena *a,
                               struct kad_str *ret, uint64_t *ret_size, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* --- writing --- */

enum kad_err kad_txn_begin(struct kad_ledger *l, struct kad_txn **ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
struct kad_snapshot *kad_txn_view(struct kad_txn *t);
/* Append: gives the record the next seq (written to r->seq) and puts it, its place in its subject's
 * story and all indices. `kind` is the name of the subject's kind (for a new subject). After a
 * failure the transaction can only be aborted. EFULL below 64 MiB + twice the batch of free disk. */
enum kad_err kad_txn_append(struct kad_txn *t, struct kad_record *r, struct kad_str kind,
                            struct kad_error *reterr) KAD_MUST_CHECK;
/* The subject's next moment. Every append about a subject sets it to KAD_DUE_NOW, but for what the
 * scheduler itself records. The subject must have records. */
enum kad_err kad_txn_set_due(struct kad_txn *t, struct kad_str subject, kad_instant moment,
                             struct kad_error *reterr) KAD_MUST_CHECK;
/* Put what waits, so that the transaction's view of what is due holds it. */
enum kad_err kad_txn_flush_due(struct kad_txn *t, struct kad_error *reterr) KAD_MUST_CHECK;
enum kad_err kad_txn_set_mark(struct kad_txn *t, const struct kad_progress_mark *m,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* Empty bytes take the cursor out. */
enum kad_err kad_txn_set_cursor(struct kad_txn *t, struct kad_str name, struct kad_str bytes,
                                struct kad_error *reterr) KAD_MUST_CHECK;
/* Append a finished record of another copy of this ledger, byte for byte, the next one: its seq and all
 * else is checked. The same rules as for appending. */
enum kad_err kad_txn_append_bytes(struct kad_txn *t, struct kad_str bytes,
                                  struct kad_error *reterr) KAD_MUST_CHECK;
/* Note that the ledger, as it stands now, came back from a backup: while nothing else has been appended,
 * an import may go on with the records that it had (kad_batch_restores). */
enum kad_err kad_txn_note_restored(struct kad_txn *t, struct kad_error *reterr) KAD_MUST_CHECK;
enum kad_err kad_snapshot_restored(struct kad_snapshot *s, bool *ret_is, uint64_t *ret,
                                   struct kad_error *reterr) KAD_MUST_CHECK;
/* May the record's private fields be written? Makes the subject's key if it has none yet. ENO: the
 * subject's were erased. ESTORE: the vault cannot be unlocked, with what to do. */
enum kad_err kad_txn_may_seal(struct kad_txn *t, const struct kad_record *r,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* Keep a checkpoint of the first `size` records. Written on a full disk, too. */
enum kad_err kad_txn_put_note(struct kad_txn *t, uint64_t size, struct kad_str note,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* Durable when it returns KAD_OK. After KAD_EIO the outcome is unknown: say so and exit. */
enum kad_err kad_txn_commit(struct kad_txn *t, struct kad_error *reterr) KAD_MUST_CHECK;
void kad_txn_abort(struct kad_txn *t); /* NULL is fine */

/* --- erasing --- */

/* All that destroying keys will need is there: the vault is unlocked, and a new passphrase given where
 * it has one. To be called before a kadens.erased is committed, so that it is not left half done. */
enum kad_err kad_ledger_may_erase(struct kad_ledger *l, struct kad_error *reterr) KAD_MUST_CHECK;
/* Hold the vault against the erasures in the log, and carry out what is not carried out: after a
 * kadens.erased was committed, and at every opening for writing (one may have been broken off).
 * Nothing is to be done for most: then no master key is needed. */
enum kad_err kad_ledger_erase(struct kad_ledger *l, struct kad_error *reterr) KAD_MUST_CHECK;
/* Is there an erasure in the log that the vault has not carried out? Needs no master key; false also
 * when the vault cannot be read. */
bool kad_ledger_erasing(struct kad_ledger *l);

/* --- views against records --- */

typedef void (*kad_progress_fn)(void *ctx, uint64_t done, uint64_t of);
/* Recompute every view from the first record and compare with what is stored. Each difference is
 * told to `differs` (table and key, for people) up to 20; *ret_n counts all. */
enum kad_err kad_view_check(struct kad_ledger *l, kad_progress_fn progress,
                            void (*differs)(void *ctx, const char *what), void *ctx,
                            uint64_t *ret_n, struct kad_error *reterr) KAD_MUST_CHECK;
/* Drop the views and make them again from the records. */
enum kad_err kad_view_rebuild(struct kad_ledger *l, kad_progress_fn progress, void *ctx,
                              struct kad_error *reterr) KAD_MUST_CHECK;

/* Walk the pages of a store (pages.h) while others may write: those of the newest transaction are
 * held meanwhile, without reading any of them through LMDB. `still`: nobody writes. Errors: the store
 * is missing or not to be read; a damaged one is told page by page. */
struct kad_page_fault;
struct kad_pages_seen;
enum kad_err kad_ledger_walk(const char *dir, bool still, kad_progress_fn progress,
                             void (*fault)(void *ctx, const struct kad_page_fault *f), void *ctx,
                             struct kad_pages_seen *ret, struct kad_error *reterr) KAD_MUST_CHECK;

#endif

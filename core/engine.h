/* The engine: the one face of core. It opens a ledger, knows which policies are in force, answers
 * questions about subjects as of any day and as known at any moment, and writes.
 *
 * Writing is one path: every command and every line of an import is a draft that kad_batch_put turns
 * into a record, after all checks, in one transaction that is written whole or not at all.
 */
#ifndef KAD_CORE_ENGINE_H
#define KAD_CORE_ENGINE_H

#include "core/derive.h"
#include "core/ledger.h"

struct kad_engine;

struct kad_engine_options {
    const char *dir;
    bool write;
    unsigned wait_ms;       /* for the writer's lock */
    bool still;             /* nobody writes it, and nothing may be written into its folder */
    bool shared;            /* take the lock for each batch only: for who runs for years */
    kad_compile_fn compile; /* reads the texts of adopted policies; NULL for who only copies records:
                             * then policies are known by name, and nothing can be written */
    kad_instant now;        /* --now; KAD_INSTANT_NONE: the clock */
    struct kad_known known; /* --known-at */
    struct kad_str by, via; /* who says so; what the system knows of the writer ("os:anna") */
    /* Ask a ledger that stands open already instead of opening `dir` (there is one environment in a
     * process). It stays its owner's, who may use it on another thread, and outlives this engine,
     * which only reads. */
    struct kad_ledger *ledger;
};

enum kad_err kad_engine_open(const struct kad_engine_options *o, struct kad_engine **ret,
                             struct kad_error *reterr) KAD_MUST_CHECK;
void kad_engine_close(struct kad_engine *e); /* NULL is fine */
/* Take in what others have written since: the ledger's last record and the policies. Batches do it by
 * themselves. Invalidates timelines that were given out. */
enum kad_err kad_engine_refresh(struct kad_engine *e, struct kad_error *reterr) KAD_MUST_CHECK;
struct kad_ledger *kad_engine_ledger(struct kad_engine *e);
kad_instant kad_engine_now(const struct kad_engine *e); /* what a writing command would record */
kad_day kad_engine_today(const struct kad_engine *e);   /* its day in the ledger's zone */
/* Policies in force over time, as known at. Compiled once, kept until close. */
const struct kad_timeline *kad_engine_timeline(const struct kad_engine *e);
/* The same as it was known at another moment; in the arena. */
struct kad_timeline kad_engine_timeline_at(const struct kad_engine *e, struct kad_known known,
                                           struct kad_arena *a);
/* The adoption with this seq, whatever the known-at; NULL when there is none. */
const struct kad_adoption *kad_engine_adoption(const struct kad_engine *e, uint64_t seq);
/* What adopting a policy from this day would put into the timeline, for the units of a list (names
 * with '\n' between them; empty: for everyone), last of its day. Fails as adopting it would: ENO when
 * it cannot stand beside what is adopted, EINPUT for a unit that it does not have. Nothing is written.
 * Owns: the adoption is the arena's and points at the policy. */
enum kad_err kad_engine_may_adopt(struct kad_engine *e, struct kad_arena *a,
                                  const struct kad_policy *policy, struct kad_str only, kad_day from,
                                  struct kad_adoption *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* "se_hoglandet@2021-01-01" into b; nothing for 0. */
void kad_engine_put_policy(const struct kad_engine *e, uint64_t seq, struct kad_buf *b);

/* --- asking --- */

/* One subject, loaded: its story and its derivation, in the caller's arena. */
struct kad_subject {
    struct kad_subject_info info; /* of a `one of` subject or the programme without events: made up */
    struct kad_story story;
    struct kad_derive *derive;
    const struct kad_record *records; /* in recording order, those that are not known included */
    size_t n_records;
    struct kad_known known;
};
/* ENOTFOUND when no record is about it, as known at, and no policy in force names it. */
enum kad_err kad_engine_subject(struct kad_engine *e, struct kad_str key, struct kad_arena *a,
                                struct kad_subject *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* Its instances as kad_derive_instances gives them, in the same order, and among them as withdrawn those
 * that the rules no longer give and that the scheduler had issued and taken back by the day, as known: made
 * from what was recorded of the last issue (`line` is its rule's, `ended` the day it was withdrawn). The
 * array lives as long as the subject. */
size_t kad_engine_instances(const struct kad_engine *e, const struct kad_subject *s, kad_day day,
                            kad_day horizon, const struct kad_instance **ret);
/* The known key nearest to this one (at most two slips away); empty when there is none. */
struct kad_str kad_engine_nearest(struct kad_engine *e, struct kad_str key, struct kad_arena *a);

/* Every subject that a question concerns, one after the other, in key order: those with records, and
 * those that a policy names (`one of`, the programme). The subject lives for the call. Return
 * anything but KAD_OK to stop.
 * `person` (empty: all): only subjects that ever named the person, a superset of those who are the
 * person's; `unowned` adds those that on `day` may have nobody (those alone: the person "-").
 * `timeline` (NULL: the policies in force, as known) is what subjects are derived through, and whose
 * policies name those without records. *ret_seq, if wanted, is set before the first call: the last
 * record that counts; what is appended behind it while the walk goes on is passed over. */
struct kad_each {
    struct kad_str person;
    bool unowned;
    kad_day day;
    const struct kad_timeline *timeline;
    uint64_t *ret_seq;
    kad_progress_fn progress; /* may be NULL */
    void *progress_ctx;
};
typedef enum kad_err (*kad_each_fn)(void *ctx, struct kad_subject *s, struct kad_error *reterr);
enum kad_err kad_engine_each(struct kad_engine *e, const struct kad_each *q, kad_each_fn fn,
                             void *ctx, struct kad_error *reterr) KAD_MUST_CHECK;

/* --- writing --- */

enum kad_input_form {
    KAD_IN_WORDS, /* as a person types it: read for the field's type */
    KAD_IN_STRING, KAD_IN_NUMBER, KAD_IN_BOOL, KAD_IN_NULL, /* as JSON has it */
    KAD_IN_LIST,  /* strings separated by '\n' (notes only) */
    KAD_IN_SEALED, KAD_IN_ERASED,
};
struct kad_input {
    struct kad_str name;
    enum kad_input_form form;
    struct kad_str text; /* WORDS, STRING, LIST */
    int64_t num;         /* NUMBER: millionths; BOOL: 0 or 1 */
};

/* What somebody wants recorded. `type` decides: an event of a policy in force, or one of
 *   kadens.adopted   on; notes name? text only decision accepted
 *   kadens.ended     on; notes name
 *   kadens.corrected notes corrects because on?; fields: those that change (subject is found)
 *   kadens.retracted notes retracts because
 *   kadens.waived    notes task because
 *   kadens.erased    subject; notes because
 * The last is refused but in a batch that `erases` and in an export that is carried over; those of the
 * scheduler (kadens.issued, overdue, withdrawn, reminded, escalated) but from itself and there. */
struct kad_draft {
    struct kad_str type, subject, id, by;
    kad_day on;       /* KAD_DAY_NONE: today */
    kad_instant at;   /* KAD_INSTANT_NONE: now */
    struct kad_str override; /* why it is recorded although refused; empty: not */
    const struct kad_input *fields;
    size_t n_fields;
    const struct kad_input *notes;
    size_t n_notes;
    /* Of an exported line, when it is carried into an empty store (kad_batch_restores): */
    uint64_t seq;     /* 0: not said */
    struct kad_str policy; /* "se_hoglandet@2021-01-01"; empty: not said */
    struct kad_str via;
    int clock;        /* -1 not said, 0 own, 1 given */
    uint64_t adoption; /* of the scheduler's: whose rule it is */
    /* Of such a line, when private values that its guards asked can no longer be read: did its record
     * say that this guard failed? NULL: the guards are asked in any case. */
    bool (*said)(void *ctx, const struct kad_finding *f);
    /* Called with the finished record before it is appended, or with the one that is here already;
     * anything but KAD_OK refuses it. */
    enum kad_err (*accept)(void *ctx, const struct kad_record *r, struct kad_error *reterr);
    void *accept_ctx;
};

/* What became of a draft. Lives in the batch's arena, until the next put or the batch's end. */
struct kad_outcome {
    uint64_t seq;
    bool already;                       /* same id and content as this seq: nothing written */
    const struct kad_record *record;
    bool new_subject;
    struct kad_str kind;                /* of the subject */
    const struct kad_finding *findings; /* refusals (overridden or refused) and deviations */
    size_t n_findings;
    struct kad_later {                  /* deviations this caused in later events of the story */
        uint64_t seq;
        struct kad_str type;
        kad_day on;
        struct kad_finding finding;
    } *later;
    size_t n_later;
};

struct kad_batch;
struct kad_batch_options {
    bool recorded_then; /* drafts without `at` are recorded at the end of their own day */
    bool strict_order;  /* a given `at` below the ledger's last is an error (always for now) */
    bool scheduler;     /* may record what the scheduler does, and nothing else */
    bool erases;        /* kadens.erased may be given (it is when an export is carried over) */
};
/* Take the writer's transaction. */
enum kad_err kad_batch_begin(struct kad_engine *e, const struct kad_batch_options *o,
                             struct kad_batch **ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* Is an export being carried into an empty store (the ledger was empty and the first draft had seq 1), or
 * on into one that came back from a backup (nothing was written since, and a draft had the next seq)? */
bool kad_batch_restores(const struct kad_batch *b);
/* Check and append one draft. Errors: ENO refused by a guard (findings say why), an id used with
 * other content, a policy that may not be adopted; EINPUT wrong type, subject, field, date, `at`
 * backwards. A refused draft leaves the batch as it was; ESTORE and worse end it. */
enum kad_err kad_batch_put(struct kad_batch *b, const struct kad_draft *d, struct kad_outcome *ret,
                           struct kad_error *reterr) KAD_MUST_CHECK;
/* Durable when it returns KAD_OK, keys of erased subjects destroyed included. When those could not be
 * destroyed it fails with a sentence that says so: the records are there, and the next opening for
 * writing goes on with it. */
enum kad_err kad_batch_commit(struct kad_batch *b, struct kad_error *reterr) KAD_MUST_CHECK;
void kad_batch_abort(struct kad_batch *b); /* NULL is fine */

/* Erase the private fields of these subjects for good: a kadens.erased for each that is not erased yet, in
 * one transaction, and their keys destroyed. `because` is recorded; `id` (empty: none) is for a single
 * one. *ret_seq: the last such record; *ret_already: it was there under this id. Errors as kad_batch_put
 * and kad_batch_commit; ENO when the only one is erased already; ESTORE when the vault cannot be
 * unlocked, and then nothing is recorded. */
enum kad_err kad_engine_erase(struct kad_engine *e, const struct kad_str *subjects, size_t n,
                              struct kad_str because, struct kad_str id, uint64_t *ret_seq,
                              bool *ret_already, struct kad_error *reterr) KAD_MUST_CHECK;

#endif

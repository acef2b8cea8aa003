/* Inside the engine: what engine.c, engine_ask.c, batch.c and the draft_*.c files share. */
#ifndef KAD_CORE_ENGINE_PRIV_H
#define KAD_CORE_ENGINE_PRIV_H

#include "core/engine.h"

#define KAD_ZONE_DEFAULT "Europe/Stockholm"
#define KAD_HOUR ((kad_instant)3600 * 1000000)

/* A compiled text, kept by its fingerprint until the engine is closed. */
struct kad_compiled {
    struct kad_compiled *next;
    struct kad_str digest;
    struct kad_policy *policy;
};

/* A record that adopts or ends a policy, standing or retracted. */
struct kad_adopted {
    struct kad_adoption a;
    bool ends;
    struct kad_str text, digest;
    struct kad_str failed; /* why its text could not be compiled; empty: it could */
    uint64_t retracted;    /* seq of the retraction; 0 */
    kad_instant retracted_at;
};

struct kad_engine {
    struct kad_engine_options o; /* strings are the engine's own */
    struct kad_arena arena;
    struct kad_ledger *ledger;
    uint64_t last_seq;                   /* of the ledger as it was last read or written here, */
    kad_instant last_at;                 /* and its instant */
    kad_vec(struct kad_adopted) adopted; /* by seq */
    size_t n_changes;                    /* records that change policies, as far as loaded, */
    uint64_t last_change;                /* and the last of them */
    struct kad_timeline known;           /* as known at */
    struct kad_timeline all; /* everything recorded, the open batch included: what drafts meet */
    struct kad_compiled *compiled;
    bool batch;
};

/* Read the adoptions from the snapshot, compile what is new, make both timelines, set the zone. */
enum kad_err kad_engine_reload(struct kad_engine *e, struct kad_snapshot *s,
                               struct kad_error *reterr) KAD_MUST_CHECK;
/* Take one record into account that was just appended. Does nothing for those that change no policy. */
enum kad_err kad_engine_apply(struct kad_engine *e, const struct kad_record *r,
                              struct kad_error *reterr) KAD_MUST_CHECK;
/* The compiled policy of a text, from the cache or by compiling. ENO with its first message. */
enum kad_err kad_engine_compile(struct kad_engine *e, struct kad_str text, struct kad_str digest,
                                const struct kad_policy **ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
/* SHA-256 in hex, in the arena. */
struct kad_str kad_digest_hex(struct kad_arena *a, struct kad_str text);
/* Does an instant of the adoption's being retracted lie within what is known? */
bool kad_adopted_stands(const struct kad_adopted *a, struct kad_known known);

/* The kind of the subject that some policy of the timeline names with this key (a member of a
 * `one of` kind, or the programme); NULL for a free key. */
const struct kad_kind *kad_named_kind(const struct kad_timeline *t, struct kad_str key);
/* All such keys of the timeline, sorted, once each. */
size_t kad_named_keys(const struct kad_timeline *t, struct kad_arena *a, struct kad_str **ret);

/* Looking for what was meant: offer names, ask at the end. */
struct kad_guess {
    struct kad_str want, best;
    unsigned distance; /* 3: nothing near enough yet */
};
struct kad_guess kad_guess_for(struct kad_str want);
void kad_guess_try(struct kad_guess *g, struct kad_str name);
/* The nearest known key in a snapshot (and among those that the timeline names). */
enum kad_err kad_nearest_key(struct kad_snapshot *s, const struct kad_timeline *t,
                             struct kad_str key, struct kad_arena *a, struct kad_str *ret,
                             struct kad_error *reterr) KAD_MUST_CHECK;

/* --- drafts --- */

struct kad_batch {
    struct kad_engine *e;
    struct kad_batch_options o;
    struct kad_txn *txn;
    struct kad_snapshot *view;
    struct kad_arena arena; /* of the put that is under way or was the last */
    struct kad_ledger_state state;
    uint64_t first_seq; /* the ledger's last when it began */
    bool was_empty, restores;
    uint64_t continues; /* seq with which it may go on after it came back from a backup; 0: not */
    bool begun;  /* the first draft has been seen */
    bool broken; /* the transaction can only be aborted */
    bool erases; /* it holds a kadens.erased: keys are destroyed when it is committed */
    int guesses; /* searches for what a mistyped key was meant to be, still allowed */
};

/* One draft on its way to a record. */
struct kad_put {
    struct kad_batch *b;
    struct kad_engine *e;
    struct kad_arena *a; /* the batch's */
    const struct kad_draft *d;
    struct kad_outcome *out;
    struct kad_record r;
    struct kad_str kind; /* name of the subject's kind; empty: none */
    struct kad_error *err;
};

/* The subject of a draft before it and with it. */
struct kad_seen {
    struct kad_subject_info info;
    bool known;                 /* there are records about it */
    struct kad_record *records; /* of the subject, and room for the one being made */
    size_t n;
    struct kad_story before, after;
    struct kad_derive *was, *is; /* seen through all policies; `is` once placed */
    bool empty; /* nothing depends on the story, so it was not read: both are empty */
};

/* A field as the draft gives it. */
struct kad_given {
    bool given, null;
    struct kad_value value;
};

/* draft_read.c: what was typed or read becomes values. */
enum kad_err kad_read_fields(struct kad_put *p, const struct kad_policy *policy,
                             const struct kad_event_type *type, struct kad_given **ret,
                             struct kad_error *reterr) KAD_MUST_CHECK;
/* The draft's notes, checked against what its kind of record knows; null ones are left out. */
enum kad_err kad_read_notes(struct kad_put *p, struct kad_field **ret, size_t *ret_n)
    KAD_MUST_CHECK;
enum kad_err kad_check_key(struct kad_error *err, struct kad_str key) KAD_MUST_CHECK;
enum kad_err kad_check_name(struct kad_error *err, struct kad_str s, size_t max, const char *what)
    KAD_MUST_CHECK;
bool kad_is_blank_text(struct kad_str s);
bool kad_same_value(struct kad_value a, struct kad_value b);
struct kad_value kad_value_text(struct kad_str s);  /* a known text */
/* What people call it in a message: "Remiss (referral)", or the name alone where no label says more. */
struct kad_str kad_called(struct kad_arena *a, struct kad_str label, struct kad_str name);
struct kad_str kad_type_called(const struct kad_timeline *t, struct kad_arena *a,
                               struct kad_str type);
/* A kind's label as a word within a sentence: "deltagare". */
struct kad_str kad_kind_called(const struct kad_timeline *t, struct kad_arena *a,
                               struct kad_str kind);
struct kad_str kad_list_item(struct kad_str *rest); /* cut the first item off a list */
struct kad_str kad_unit_name(struct kad_str s);     /* "unit=eksjo" and "eksjo" give eksjo */

/* draft_same.c: is the draft what the record with this seq first said? Answers `already` or fails. */
enum kad_err kad_put_same(struct kad_put *p, uint64_t seq) KAD_MUST_CHECK;
/* A record of the ledger, copied and decoded in the put's arena. */
enum kad_err kad_put_record(struct kad_put *p, uint64_t seq, struct kad_record *ret) KAD_MUST_CHECK;

/* draft_story.c: the subject's story with and without the draft. */
enum kad_err kad_seen_info(struct kad_put *p, struct kad_str subject, struct kad_seen *ret)
    KAD_MUST_CHECK;
enum kad_err kad_seen_load(struct kad_put *p, struct kad_seen *s) KAD_MUST_CHECK; /* after info */
void kad_seen_place(struct kad_put *p, struct kad_seen *s);
/* Is a line of an export being carried over whose subject has private values that cannot be read? Then
 * what was decided by them is taken from the line. */
bool kad_seen_blind(const struct kad_put *p, const struct kad_seen *s);
size_t kad_seen_find(const struct kad_story *s, uint64_t seq); /* SIZE_MAX: not there */
/* Guards of later events that fail only now go to the outcome; facts from `from` on are asked. */
void kad_seen_rejudge(struct kad_put *p, struct kad_seen *s, size_t from);
/* Days accepted from outside, and no slips of a year and more ahead of the recording. */
enum kad_err kad_check_on(struct kad_put *p, kad_day on) KAD_MUST_CHECK;
/* Would the record leave a story that begins with something else than its kind begins with? */
enum kad_err kad_seen_begins(struct kad_put *p, const struct kad_seen *s) KAD_MUST_CHECK;
/* Find the policy in force that declares the event, read the fields with it and place the record.
 * `fill` makes r.fields from what the policy declares. */
struct kad_settle {
    struct kad_str type;
    enum kad_err (*fill)(struct kad_put *p, void *ctx, const struct kad_policy *policy,
                         const struct kad_event_type *type, struct kad_error *reterr);
    void *ctx;
};
enum kad_err kad_seen_settle(struct kad_put *p, struct kad_seen *s, const struct kad_settle *how)
    KAD_MUST_CHECK;

/* draft_event.c, draft_amend.c, draft_policy.c, draft_rekeyed.c: everything of p->r but seq, at, by and via. */
enum kad_err kad_draft_event(struct kad_put *p) KAD_MUST_CHECK;
enum kad_err kad_draft_corrected(struct kad_put *p) KAD_MUST_CHECK;
enum kad_err kad_draft_retracted(struct kad_put *p) KAD_MUST_CHECK;
enum kad_err kad_draft_waived(struct kad_put *p) KAD_MUST_CHECK;
/* The adoption that the draft's `policy` names, into p->r.policy. EINPUT: there is none. */
enum kad_err kad_put_said_policy(struct kad_put *p, struct kad_seen *s) KAD_MUST_CHECK;
enum kad_err kad_draft_erased(struct kad_put *p) KAD_MUST_CHECK;
enum kad_err kad_draft_adopted(struct kad_put *p) KAD_MUST_CHECK;
enum kad_err kad_draft_ended(struct kad_put *p) KAD_MUST_CHECK;
/* draft_issued.c: what the scheduler records. */
enum kad_err kad_draft_issued(struct kad_put *p) KAD_MUST_CHECK;
bool kad_issued_same(struct kad_put *p, const struct kad_record *was);
/* Of kinds 6–10: the scheduler's records. */
static inline bool kad_record_issues(enum kad_record_kind kind)
{
    return kind >= KAD_R_ISSUED && kind <= KAD_R_ESCALATED;
}
enum kad_err kad_draft_rekeyed(struct kad_put *p) KAD_MUST_CHECK;

/* policy_clash.c: may the two be adopted? KAD_OK, or ENO with the first thing in the way.
 * Of one name (or of two): no event changes its kind, no field its type. */
enum kad_err kad_policy_same_types(const struct kad_policy *old, const struct kad_policy *new,
                                   struct kad_error *reterr) KAD_MUST_CHECK;
/* Of different names, in force at the same time. */
enum kad_err kad_policy_side_by_side(const struct kad_policy *a, const struct kad_policy *b,
                                     struct kad_error *reterr) KAD_MUST_CHECK;

#endif

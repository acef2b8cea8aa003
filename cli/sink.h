/* Sinks: how what the scheduler issued reaches people and programs.
 *
 * Each sink reads the log from its own cursor, in the order of seq, and works on the loop; none can
 * hold up the ledger or another sink. What is delivered is delivered at least once, with the record's
 * seq as its key: the cursor moves only after the sink has said so, and a sink that fails is given
 * the same again, later each time. Nothing is queued here: what waits, waits in the ledger.
 *
 * For who runs them (kadens serve): fill a kad_sink_host, kad_sinks_open, then kad_sinks_poke when
 * there may be something new. For who writes one: kad_sink_ops, and one answer for each flush.
 */
#ifndef KAD_CLI_SINK_H
#define KAD_CLI_SINK_H

#include "cli/message.h"
#include "core/loop.h"

/* --- where a sink stands: a row in the ledger's table of cursors, and what status shows --- */

struct kad_sink_cursor {
    struct kad_str name;         /* "webhook", "webhook hr", "mail/anna" */
    uint64_t seq;                /* everything up to here has been told */
    uint64_t delivered, refused; /* messages; digests */
    uint64_t failures;           /* in a row; 0: all is well */
    kad_day day;                 /* digests: of the last one; else KAD_DAY_NONE */
    kad_instant at;              /* of the last delivery, or KAD_INSTANT_NONE */
    kad_instant failed_at, retry_at;
    struct kad_str error; /* of the last failure or refusal: words of ours, an answer's number */
};
/* The row's bytes (docs/format.md). Reading: false when they are none; strings point into them. */
void kad_sink_cursor_put(struct kad_buf *b, const struct kad_sink_cursor *c);
bool kad_sink_cursor_read(struct kad_str name, struct kad_str bytes, struct kad_sink_cursor *ret);

/* --- who runs them --- */

struct kad_sink_host {
    void *ctx;
    struct kad_loop *loop;
    /* For reading, on the loop's thread; knows every policy that the log has by now. */
    struct kad_engine *(*engine)(void *ctx);
    kad_instant (*now)(void *ctx);
    /* What was due by this instant is in the ledger (a digest waits for it). */
    kad_instant (*caught_up)(void *ctx);
    /* Write these rows of the table of cursors (kad_txn_set_cursor), in one transaction; may return before it is done, and take the values
     * of a later call instead. The rows live for the call. */
    void (*save)(void *ctx, const struct kad_str *names, const struct kad_str *rows, size_t n);
    /* A line for the log: which sink, and what (a failure, a refusal, that it works again). No label,
     * no key of a subject. */
    void (*log)(void *ctx, struct kad_str sink, const char *text);
    unsigned retry_first_ms; /* the first wait after a failure, doubled each time; 0: a second */
};

struct kad_sinks;
struct kad_sinks *kad_sinks_new(const struct kad_sink_host *host); /* none yet: kad_sink_add */
struct kad_serve_conf;
/* All sinks that the configuration names, each at its cursor; one without a cursor begins behind the
 * ledger's last record (or at the first, if the configuration says so). The configuration outlives
 * them. */
enum kad_err kad_sinks_open(const struct kad_sink_host *host, const struct kad_serve_conf *conf,
                            struct kad_sinks **ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* There may be something new. It is looked after every 20 s in any case. */
void kad_sinks_poke(struct kad_sinks *all);
/* Nobody has anything to do, and nobody waits to try again. */
bool kad_sinks_idle(const struct kad_sinks *all);
/* How they stand now, in the order of the configuration; valid until the next call on the loop. */
size_t kad_sinks_cursors(const struct kad_sinks *all, size_t max, struct kad_sink_cursor *ret);
/* What is under way is given up (and delivered again next time); cursors are saved. NULL is fine. */
void kad_sinks_close(struct kad_sinks *all);

/* --- who writes one --- */

struct kad_sink;
struct kad_sink_ops {
    size_t batch; /* at most so many messages between two answers */
    bool records; /* takes every record, not messages only */
    bool digest;  /* one delivery is one digest, of a day, however much it tells */
    /* May a batch begin now? NULL: always. */
    bool (*ready)(struct kad_sink *s);
    /* Has it something to deliver although nothing new was taken? NULL: never. */
    bool (*pending)(struct kad_sink *s);
    /* The next record; m is NULL where it is no message. Both live for the call. */
    void (*take)(struct kad_sink *s, const struct kad_record *r, const struct kad_message *m);
    /* That was all for now: deliver what was taken. Exactly one kad_sink_answer follows. */
    void (*flush)(struct kad_sink *s);
    /* Give up what is under way and free the state; no answer any more. Also called for a batch
     * that was taken but never flushed. */
    void (*close)(struct kad_sink *s);
};
enum kad_sink_result {
    KAD_SINK_DELIVERED, /* all that was taken */
    KAD_SINK_FAILED,    /* the same again later, not before retry_ms (0: as the waits go) */
    KAD_SINK_REFUSED,   /* it will never be taken: passed over, counted, logged */
};
/* A new sink, at the end of the list; its name at most KAD_LIMIT_NAME bytes. `from_start`: without a
 * cursor it begins at the ledger's first record. The state is freed by ops->close, also when this
 * fails. */
enum kad_err kad_sink_add(struct kad_sinks *all, const struct kad_sink_ops *ops, const char *name,
                          bool from_start, void *state, struct kad_error *reterr) KAD_MUST_CHECK;
/* A digest's `text` NULL: there was nothing to tell, and nothing was sent. */
void kad_sink_answer(struct kad_sink *s, enum kad_sink_result result, uint64_t retry_ms,
                     const char *text);
void *kad_sink_state(struct kad_sink *s);
const struct kad_sink_host *kad_sink_host_of(struct kad_sink *s);
const struct kad_sink_cursor *kad_sink_cursor_of(struct kad_sink *s);
const char *kad_sink_ledger(struct kad_sink *s); /* its id */
struct kad_loop *kad_sinks_loop(struct kad_sinks *all);
const struct kad_sink_host *kad_sinks_host(struct kad_sinks *all);
/* Transfers that are freed with the sinks, after them. */
struct kad_transfers;
void kad_sinks_own(struct kad_sinks *all, struct kad_transfers *t);

#endif

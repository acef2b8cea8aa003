/* A batch: the writer's transaction, and the one path by which a draft becomes a record. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/engine_priv.h"

#define AHEAD (24 * KAD_HOUR) /* a clock this far behind the ledger is not believed */
#define GUESSES 3             /* searches through all keys in one batch */

/* --- begin and end --- */

static enum kad_err take_over(struct kad_batch *b, struct kad_error *reterr)
{
    struct kad_engine *e = b->e;
    uint64_t ended = 0;
    bool came_back = false;
    enum kad_err err = kad_snapshot_state(b->view, &b->state, reterr);
    if (!err)
        err = kad_snapshot_restored(b->view, &came_back, &ended, reterr);
    if (came_back && ended == b->state.last_seq)
        b->continues = ended + 1;
    b->was_empty = b->state.last_seq == 0;
    b->first_seq = b->state.last_seq;
    if (err || e->last_seq == b->state.last_seq)
        return err;
    /* Somebody else has written since this engine was opened. */
    return kad_engine_reload(e, b->view, reterr);
}

enum kad_err kad_batch_begin(struct kad_engine *e, const struct kad_batch_options *o,
                             struct kad_batch **ret, struct kad_error *reterr)
{
    kad_assert(e && ret && !e->batch && e->o.compile);
    if (!e->o.write)
        return kad_fail(reterr, KAD_ESTORE, _("The ledger is open for reading only."));
    struct kad_batch *b = kad_xalloc(sizeof *b);
    b->e = e;
    b->o = o ? *o : (struct kad_batch_options){0};
    b->guesses = GUESSES;
    kad_arena_init(&b->arena);
    enum kad_err err = kad_txn_begin(e->ledger, &b->txn, reterr);
    if (!err) {
        e->batch = true;
        b->view = kad_txn_view(b->txn);
        err = take_over(b, reterr);
    }
    if (err) {
        kad_batch_abort(b);
        return err;
    }
    *ret = b;
    return KAD_OK;
}

static void end(struct kad_batch *b)
{
    b->e->batch = false;
    kad_arena_done(&b->arena);
    free(b);
}

enum kad_err kad_batch_commit(struct kad_batch *b, struct kad_error *reterr)
{
    kad_assert(b && b->txn);
    if (b->broken) {
        kad_batch_abort(b);
        return kad_fail(reterr, KAD_ESTORE,
                        _("Nothing was written: a record before could not be stored."));
    }
    struct kad_ledger *l = b->e->ledger;
    bool erases = b->erases;
    enum kad_err err = erases ? kad_ledger_may_erase(l, reterr) : KAD_OK;
    if (err) {
        kad_batch_abort(b);
        return err;
    }
    err = kad_txn_commit(b->txn, reterr);
    end(b);
    struct kad_error why = {0};
    if (!err && erases && kad_ledger_erase(l, &why) != KAD_OK)
        return kad_fail(reterr, why.code,
                        _("The erasure is recorded, and nobody is shown what was erased; but the key "
                          "is not destroyed yet: %s The next command that writes goes on with it."),
                        why.text);
    return err;
}

/* Back to what the ledger holds; there is nobody left to tell if that fails too. */
static void forget(struct kad_engine *e)
{
    struct kad_snapshot *s = NULL;
    struct kad_error ignored = {0};
    if (kad_snapshot_take(e->ledger, &s, &ignored) != KAD_OK ||
        kad_engine_reload(e, s, &ignored) != KAD_OK)
        e->last_seq = UINT64_MAX; /* the next batch tries again */
    kad_snapshot_release(s);
}

void kad_batch_abort(struct kad_batch *b)
{
    if (!b)
        return;
    kad_txn_abort(b->txn);
    struct kad_engine *e = b->e;
    bool appended = e->last_seq != b->first_seq;
    end(b);
    if (appended)
        forget(e);
}

bool kad_batch_restores(const struct kad_batch *b)
{
    return b->restores;
}

/* --- when --- */

/* The clock of this machine, never before the last record. */
static enum kad_err own_clock(struct kad_put *p)
{
    kad_instant clock = kad_clock_now(), last = p->b->state.last_at;
    if (kad_ledger_info(p->e->ledger)->mode == KAD_LEDGER_SIMULATED) {
        if (last == KAD_INSTANT_NONE)
            return kad_fail(p->err, KAD_EINPUT,
                            _("Time in this ledger is simulated and has not begun: say when it is "
                              "with --now."));
        p->r.at = last;
        p->r.flags |= KAD_RF_GIVEN;
        return KAD_OK;
    }
    p->r.at = last != KAD_INSTANT_NONE && last > clock ? last : clock;
    if (p->r.at <= clock + AHEAD)
        return KAD_OK;
    char ahead[KAD_INSTANT_TEXT], now[KAD_INSTANT_TEXT];
    return kad_fail(
        p->err, KAD_EINPUT,
        _("The ledger's last record is from %s, more than a day ahead of this machine's "
          "clock, %s. Set the clock right, or say when it is with --now."),
        kad_instant_text(last, ahead), kad_instant_text(clock, now));
}

static enum kad_err check_given(struct kad_put *p)
{
    kad_instant last = p->b->state.last_at;
    char at[KAD_INSTANT_TEXT], before[KAD_INSTANT_TEXT];
    if ((p->r.flags & KAD_RF_GIVEN) && kad_ledger_info(p->e->ledger)->mode == KAD_LEDGER_LIVE)
        return kad_fail(p->err, KAD_EINPUT,
                        _("This ledger is live: it takes the time from the clock and never from "
                          "somebody's word."));
    if (p->r.at < KAD_INSTANT_MIN || p->r.at > KAD_INSTANT_MAX)
        return kad_fail(p->err, KAD_EINPUT, _("“at” lies outside the calendar."));
    if (last != KAD_INSTANT_NONE && p->r.at < last)
        return kad_fail(p->err, KAD_EINPUT,
                        _("“at” runs backwards: %s is before the last record, which is from %s."),
                        kad_instant_text(p->r.at, at), kad_instant_text(last, before));
    return KAD_OK;
}

static enum kad_err put_time(struct kad_put *p)
{
    const struct kad_draft *d = p->d;
    kad_instant last = p->b->state.last_at, now = p->e->o.now;
    p->r.flags |= KAD_RF_GIVEN;
    if (d->at != KAD_INSTANT_NONE) {
        p->r.at = d->at;
        if (p->b->restores && d->clock == 0)
            p->r.flags &= ~(unsigned)KAD_RF_GIVEN;
    } else if (p->b->o.recorded_then && p->r.kind == KAD_R_CORRECTED) {
        /* Its day is the event's, which was recorded before. */
        p->r.at = last != KAD_INSTANT_NONE ? last : kad_engine_now(p->e);
    } else if (p->b->o.recorded_then && d->on != KAD_DAY_NONE) {
        if (d->on < KAD_DAY_MIN || d->on > KAD_DAY_MAX)
            return kad_fail(p->err, KAD_EINPUT, _("“on” lies outside the calendar."));
        p->r.at = kad_clock_day_end(d->on);
    } else if (now != KAD_INSTANT_NONE) {
        p->r.at = last != KAD_INSTANT_NONE && last > now ? last : now;
    } else {
        p->r.flags &= ~(unsigned)KAD_RF_GIVEN;
        enum kad_err err = own_clock(p);
        if (err)
            return err;
    }
    enum kad_err err = check_given(p);
    p->r.on = d->on != KAD_DAY_NONE ? d->on : err ? KAD_DAY_NONE : kad_clock_day(p->r.at);
    return err;
}

/* --- who, and by what name --- */

static enum kad_err put_names(struct kad_put *p)
{
    const struct kad_draft *d = p->d;
    size_t at;
    if (!kad_utf8_valid(d->type, &at) || !kad_utf8_valid(d->subject, &at) ||
        !kad_utf8_valid(d->by, &at))
        return kad_fail(p->err, KAD_EINPUT,
                        _("The type, the subject or who says so is not UTF-8 text."));
    p->r.type = kad_text_nfc(p->a, d->type);
    p->r.subject = kad_text_nfc(p->a, d->subject);
    p->r.by = kad_text_nfc(p->a, d->by.n > 0 ? d->by : p->e->o.by);
    p->r.via = p->b->restores && d->via.n > 0 ? d->via : p->e->o.via;
    p->r.id = d->id;
    enum kad_err err = kad_check_name(p->err, p->r.by, KAD_LIMIT_NAME, "by");
    if (!err)
        err = kad_check_name(p->err, p->r.via, KAD_LIMIT_ID, "via");
    if (!err && d->id.n > 0)
        err = kad_check_name(p->err, d->id, KAD_LIMIT_ID, "id");
    return err;
}

/* Who makes the record of a draft; NULL: no draft can ask for it. */
static enum kad_err (*const makers[KAD_R__COUNT])(struct kad_put *) = {
    [KAD_R_EVENT] = kad_draft_event,         [KAD_R_ADOPTED] = kad_draft_adopted,
    [KAD_R_ENDED] = kad_draft_ended,         [KAD_R_CORRECTED] = kad_draft_corrected,
    [KAD_R_RETRACTED] = kad_draft_retracted, [KAD_R_WAIVED] = kad_draft_waived,
    [KAD_R_ISSUED] = kad_draft_issued,       [KAD_R_OVERDUE] = kad_draft_issued,
    [KAD_R_WITHDRAWN] = kad_draft_issued,    [KAD_R_REMINDED] = kad_draft_issued,
    [KAD_R_ESCALATED] = kad_draft_issued,    [KAD_R_ERASED] = kad_draft_erased,
    [KAD_R_REKEYED] = kad_draft_rekeyed,
};

static enum kad_err put_kind(struct kad_put *p)
{
    static const char prefix[] = "kadens.";
    struct kad_str type = p->d->type;
    int kind = kad_record_kind_of(type);
    p->r.kind = kind < 0 ? KAD_R_EVENT : (enum kad_record_kind)kind;
    if (kind < 0 && type.n >= sizeof prefix - 1 && memcmp(type.p, prefix, sizeof prefix - 1) == 0)
        return kad_fail(p->err, KAD_EINPUT, _("There is no kind of record called “%.*s”."),
                        KAD_STR_FMT(type));
    /* The scheduler's records come from it, from an export that is carried over, or again. */
    bool again = p->d->seq > 0 && p->d->seq <= p->b->state.last_seq;
    bool issues = kind > 0 && kad_record_issues(p->r.kind) &&
                  (p->b->o.scheduler || p->b->restores || again);
    bool erases = kind == KAD_R_ERASED && (p->b->o.erases || p->b->restores || again);
    kad_assert(!p->b->o.scheduler || issues);
    if (kind > 0 &&
        (!makers[kind] || (kad_record_issues(p->r.kind) && !issues) ||
         (kind == KAD_R_ERASED && !erases)))
        return kad_fail(p->err, KAD_EINPUT,
                        _("%s is recorded by the program itself and cannot be given."),
                        kad_record_type(p->r.kind));
    if (kind > 0 && p->d->override.n > 0)
        return kad_fail(p->err, KAD_EINPUT,
                        _("%s is not guarded, so there is nothing to override."),
                        kad_record_type(p->r.kind));
    return KAD_OK;
}

/* Is it here already, by its own number or by its writer's id? *ret is that record, or 0. */
static enum kad_err find_same(struct kad_put *p, uint64_t *ret)
{
    uint64_t seq = p->d->seq, last = p->b->state.last_seq;
    *ret = 0;
    if (seq > last + 1)
        return kad_fail(p->err, KAD_EINPUT,
                        _("Record %llu cannot come here: the ledger's last record is %llu, so the "
                          "next one is %llu."),
                        (unsigned long long)seq, (unsigned long long)last,
                        (unsigned long long)last + 1);
    if (seq > 0 && seq <= last) {
        *ret = seq;
        return KAD_OK;
    }
    if (p->d->id.n == 0)
        return KAD_OK;
    enum kad_err err = kad_snapshot_id(p->b->view, p->d->id, ret, p->err);
    if (!err && *ret > 0 && seq > 0)
        return kad_fail(p->err, KAD_ENO,
                        _("The id “%.*s” of record %llu was given before, to record %llu."),
                        KAD_STR_FMT(p->d->id), (unsigned long long)seq, (unsigned long long)*ret);
    return err;
}

/* --- the record --- */

static enum kad_err make(struct kad_put *p)
{
    return makers[p->r.kind](p);
}

static bool changes_policies(const struct kad_record *r)
{
    return r->kind == KAD_R_ADOPTED || r->kind == KAD_R_ENDED ||
           (r->kind == KAD_R_RETRACTED && r->subject.n == 0);
}

static enum kad_err append(struct kad_put *p)
{
    struct kad_batch *b = p->b;
    enum kad_err err = KAD_OK;
    if (p->d->accept)
        err = p->d->accept(p->d->accept_ctx, &p->r, p->err);
    if (!err)
        err = kad_txn_may_seal(b->txn, &p->r, p->err);
    if (err)
        return err;
    err = kad_txn_append(b->txn, &p->r, p->kind, p->err);
    if (err) {
        b->broken = true;
        return err;
    }
    b->erases |= p->r.kind == KAD_R_ERASED;
    b->state.last_seq = p->r.seq;
    b->state.last_at = p->r.at;
    p->e->last_at = p->r.at;
    p->e->last_seq = p->r.seq;
    if (changes_policies(&p->r)) {
        err = kad_engine_apply(p->e, &p->r, p->err);
        b->broken = err != KAD_OK;
    }
    struct kad_record *kept = kad_arena_new(p->a, struct kad_record);
    *kept = p->r;
    p->out->record = kept;
    p->out->seq = p->r.seq;
    p->out->kind = p->kind;
    return err;
}

static enum kad_err put(struct kad_put *p)
{
    uint64_t same = 0;
    enum kad_err err = put_kind(p);
    if (!err)
        err = put_names(p);
    if (!err)
        err = find_same(p, &same);
    if (err || same > 0)
        return err ? err : kad_put_same(p, same);
    p->r.seq = p->b->state.last_seq + 1;
    if (p->b->restores && p->d->seq == 0)
        return kad_fail(p->err, KAD_EINPUT,
                        _("This line has no number, but those before it are the records of an "
                          "exported ledger."));
    err = put_time(p);
    if (!err)
        err = make(p);
    return err ? err : append(p);
}

enum kad_err kad_batch_put(struct kad_batch *b, const struct kad_draft *d, struct kad_outcome *ret,
                           struct kad_error *reterr)
{
    kad_assert(b && d && ret && reterr);
    *ret = (struct kad_outcome){0};
    reterr->code = KAD_OK; /* of a draft before, perhaps */
    reterr->text[0] = '\0';
    if (b->broken)
        return kad_fail(reterr, KAD_ESTORE,
                        _("Nothing more can be written: a record before could not be stored."));
    kad_arena_reset(&b->arena);
    if (!b->begun)
        b->restores = b->was_empty && d->seq == 1;
    /* Lines that are here already may stand in front. */
    if (b->continues > 0 && d->seq == b->continues && b->state.last_seq + 1 == d->seq)
        b->restores = true;
    b->begun = true;
    struct kad_put p = {.b = b, .e = b->e, .a = &b->arena, .d = d, .out = ret, .err = reterr};
    enum kad_err err = put(&p);
    if (err && err != KAD_ENO && err != KAD_EINPUT && err != KAD_ENOTFOUND)
        b->broken = true;
    return err;
}

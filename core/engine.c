/* The engine's frame: the ledger, the instant it is, and the policies in force over time. */
#include "core/engine_priv.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/vault.h"

/* --- compiled policies --- */

struct kad_str kad_digest_hex(struct kad_arena *a, struct kad_str text)
{
    struct kad_digest d;
    kad_digest_init(&d);
    kad_digest_put(&d, text);
    return kad_digest_end(&d, a);
}

enum kad_err kad_engine_compile(struct kad_engine *e, struct kad_str text, struct kad_str digest,
                                const struct kad_policy **ret, struct kad_error *reterr)
{
    for (struct kad_compiled *c = e->compiled; c; c = c->next)
        if (kad_str_eq(c->digest, digest)) {
            *ret = c->policy;
            return KAD_OK;
        }
    struct kad_policy *policy = NULL;
    struct kad_error why = {0};
    kad_assert(e->o.compile);
    if (e->o.compile(text, "policy", &policy, &why) != KAD_OK)
        return kad_fail(reterr, KAD_ENO, "%s", why.text);
    struct kad_compiled *c = kad_arena_new(&e->arena, struct kad_compiled);
    *c = (struct kad_compiled){e->compiled, kad_str_dup(&e->arena, digest), policy};
    e->compiled = c;
    *ret = policy;
    return KAD_OK;
}

/* --- timelines --- */

static bool within(uint64_t seq, kad_instant at, struct kad_known known)
{
    return seq <= known.seq && at <= known.at;
}

bool kad_adopted_stands(const struct kad_adopted *a, struct kad_known known)
{
    return within(a->a.seq, a->a.at, known) &&
           !(a->retracted && within(a->retracted, a->retracted_at, known));
}

static int adoption_cmp(const void *pa, const void *pb)
{
    const struct kad_adoption *a = pa, *b = pb;
    int names = kad_str_cmp(a->name, b->name);
    if (names != 0)
        return names;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

struct kad_timeline kad_engine_timeline_at(const struct kad_engine *e, struct kad_known known,
                                           struct kad_arena *a)
{
    struct kad_adoption *v = kad_arena_array(a, struct kad_adoption, e->adopted.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < e->adopted.n; i++)
        if (kad_adopted_stands(&e->adopted.v[i], known))
            v[n++] = e->adopted.v[i].a;
    qsort(v, n, sizeof *v, adoption_cmp);
    return (struct kad_timeline){v, n};
}

/* The zone of the latest adoption known; of any when none is known; else the default. */
static const char *zone_of(const struct kad_engine *e)
{
    const struct kad_timeline *t = e->known.n > 0 ? &e->known : &e->all;
    const struct kad_adoption *last = NULL;
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].policy && (!last || t->v[i].seq > last->seq))
            last = &t->v[i];
    return last && last->policy->zone.n > 0 ? last->policy->zone.p : KAD_ZONE_DEFAULT;
}

/* A text that was adopted by an older version may be beyond this one; that only matters while it
 * stands. */
static enum kad_err check_compiled(const struct kad_engine *e, struct kad_error *reterr)
{
    for (size_t i = 0; i < e->adopted.n; i++) {
        const struct kad_adopted *a = &e->adopted.v[i];
        if (a->failed.n > 0 &&
            (kad_adopted_stands(a, KAD_KNOWN_ALL) || kad_adopted_stands(a, e->o.known)))
            return kad_fail(reterr, KAD_ESTORE,
                            _("The policy %.*s, adopted as record %llu, cannot be read by this "
                              "version of the program. %.*s"),
                            KAD_STR_FMT(a->a.name), (unsigned long long)a->a.seq,
                            KAD_STR_FMT(a->failed));
    }
    return KAD_OK;
}

static enum kad_err refresh(struct kad_engine *e, struct kad_error *reterr)
{
    enum kad_err err = check_compiled(e, reterr);
    if (err)
        return err;
    e->all = kad_engine_timeline_at(e, KAD_KNOWN_ALL, &e->arena);
    bool everything = e->o.known.seq == UINT64_MAX && e->o.known.at == INT64_MAX;
    e->known = everything ? e->all : kad_engine_timeline_at(e, e->o.known, &e->arena);
    return kad_clock_set_zone(zone_of(e), reterr);
}

/* --- the records that change which policy is in force --- */

static void take_units(struct kad_engine *e, struct kad_adoption *a, struct kad_str list)
{
    size_t max = 1;
    for (size_t i = 0; i < list.n; i++)
        max += list.p[i] == '\n';
    a->units = kad_arena_array(&e->arena, struct kad_str, max);
    while (list.n > 0)
        a->units[a->n_units++] = kad_list_item(&list);
}

static void take_adopted(struct kad_engine *e, const struct kad_record *r)
{
    struct kad_arena *arena = &e->arena;
    struct kad_adopted new = {.ends = r->kind == KAD_R_ENDED};
    new.a = (struct kad_adoption){.seq = r->seq, .at = r->at, .from = r->on};
    new.a.name = kad_str_dup(arena, kad_record_note(r, "name"));
    if (!new.ends) {
        new.text = kad_str_dup(arena, kad_record_note(r, "text"));
        new.digest = kad_str_dup(arena, kad_record_note(r, "digest"));
        take_units(e, &new.a, kad_str_dup(arena, kad_record_note(r, "only")));
    }
    struct kad_error why = {0};
    if (!new.ends &&
        e->o.compile &&kad_engine_compile(e, new.text, new.digest, &new.a.policy, &why) != KAD_OK)
        new.failed = kad_str(kad_arena_strdup(arena, why.text));
    kad_vec_push(arena, &e->adopted, new);
}

static void take(struct kad_engine *e, const struct kad_record *r)
{
    if (r->kind == KAD_R_ADOPTED || r->kind == KAD_R_ENDED)
        take_adopted(e, r);
    if (r->kind == KAD_R_RETRACTED)
        for (size_t i = 0; i < e->adopted.n; i++)
            if (e->adopted.v[i].a.seq == r->ref) {
                e->adopted.v[i].retracted = r->seq;
                e->adopted.v[i].retracted_at = r->at;
            }
}

enum kad_err kad_engine_apply(struct kad_engine *e, const struct kad_record *r,
                              struct kad_error *reterr)
{
    take(e, r);
    e->n_changes++;
    e->last_change = r->seq;
    return refresh(e, reterr);
}

static enum kad_err take_all(struct kad_engine *e, struct kad_snapshot *s, const uint64_t *seqs,
                             size_t n, struct kad_arena *scratch, struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    e->adopted.n = 0;
    e->n_changes = 0;
    for (size_t i = 0; !err && i < n; i++) {
        struct kad_str bytes;
        struct kad_record r;
        err = kad_snapshot_record(s, seqs[i], &bytes, reterr);
        if (!err)
            err = kad_record_decode(bytes, scratch, true, &r, reterr);
        if (!err)
            take(e, &r);
    }
    if (err)
        return err;
    e->n_changes = n;
    e->last_change = n > 0 ? seqs[n - 1] : 0;
    return refresh(e, reterr);
}

enum kad_err kad_engine_reload(struct kad_engine *e, struct kad_snapshot *s,
                               struct kad_error *reterr)
{
    struct kad_arena scratch;
    kad_arena_init(&scratch);
    uint64_t *seqs = NULL;
    size_t n = 0;
    struct kad_ledger_state state = {0};
    enum kad_err err = kad_snapshot_state(s, &state, reterr);
    if (!err)
        err = kad_snapshot_adopted(s, &scratch, &seqs, &n, reterr);
    if (!err) {
        e->last_seq = state.last_seq;
        e->last_at = state.last_at;
        /* Records never change, so these are the same as before if the last of so many is. */
        uint64_t last = n > 0 ? seqs[n - 1] : 0;
        if (n == 0 || n != e->n_changes || last != e->last_change)
            err = take_all(e, s, seqs, n, &scratch, reterr);
    }
    kad_arena_done(&scratch);
    return err;
}

/* --- opening and closing --- */

static enum kad_err check_now(const struct kad_engine *e, struct kad_error *reterr)
{
    if (e->o.now == KAD_INSTANT_NONE || e->last_at == KAD_INSTANT_NONE || e->o.now >= e->last_at)
        return KAD_OK;
    char now[KAD_INSTANT_TEXT], last[KAD_INSTANT_TEXT];
    return kad_fail(
        reterr, KAD_EINPUT,
        _("Now cannot be %s: the ledger's last record is from %s, and time does not run "
          "backwards. To ask about an earlier day, use --as-of."),
        kad_instant_text(e->o.now, now), kad_instant_text(e->last_at, last));
}

enum kad_err kad_engine_refresh(struct kad_engine *e, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    kad_assert(e && !e->batch);
    enum kad_err err = kad_snapshot_take(e->ledger, &s, reterr);
    if (!err)
        err = kad_engine_reload(e, s, reterr);
    kad_snapshot_release(s);
    return err;
}

static enum kad_err load(struct kad_engine *e, struct kad_error *reterr)
{
    enum kad_err err = kad_engine_refresh(e, reterr);
    return err ? err : check_now(e, reterr);
}

/* The vault against the erasures in the log. What is not destroyed yet is shown to nobody in any case,
 * so that it cannot be now keeps nobody from working: it is said, each time. */
static void hold_vault(struct kad_engine *e)
{
    struct kad_error why = {0};
    struct kad_buf b = {0};
    if (e->o.write && kad_ledger_erase(e->ledger, &why) != KAD_OK)
        kad_buf_printf(&b, _("The vault could not be held against the erasures in the ledger. %s"), why.text);
    else if (!e->o.write && kad_ledger_erasing(e->ledger))
        kad_buf_puts(&b, _("An erasure was broken off: the next command that writes finishes it."));
    if (b.n > 0)
        kad_vault_tell(kad_buf_str(&b));
    kad_buf_done(&b);
}

enum kad_err kad_engine_open(const struct kad_engine_options *o, struct kad_engine **ret,
                             struct kad_error *reterr)
{
    kad_assert(o && (o->dir || o->ledger) && ret && !(o->ledger && o->write));
    struct kad_engine *e = kad_xalloc(sizeof *e);
    kad_arena_init(&e->arena);
    e->o = *o;
    e->o.dir = o->dir ? kad_arena_strdup(&e->arena, o->dir) : NULL;
    e->o.by = kad_str_dup(&e->arena, o->by);
    e->o.via = kad_str_dup(&e->arena, o->via);
    e->last_at = KAD_INSTANT_NONE;
    e->ledger = o->ledger;
    enum kad_err err = KAD_OK;
    if (!o->ledger)
        err = o->still ? kad_ledger_open_still(o->dir, &e->ledger, reterr)
                       : kad_ledger_open(o->dir, o->write, o->wait_ms, &e->ledger, reterr);
    if (!err && o->write && o->shared)
        kad_ledger_share(e->ledger, o->wait_ms);
    if (!err)
        err = load(e, reterr);
    if (!err)
        hold_vault(e);
    if (err) {
        kad_engine_close(e);
        return err;
    }
    *ret = e;
    return KAD_OK;
}

void kad_engine_close(struct kad_engine *e)
{
    if (!e)
        return;
    kad_assert(!e->batch);
    for (struct kad_compiled *c = e->compiled; c; c = c->next)
        kad_policy_free(c->policy);
    if (!e->o.ledger)
        kad_ledger_close(e->ledger);
    kad_arena_done(&e->arena);
    free(e);
}

/* --- what it knows --- */

struct kad_ledger *kad_engine_ledger(struct kad_engine *e)
{
    return e->ledger;
}

kad_instant kad_engine_now(const struct kad_engine *e)
{
    kad_instant last = e->last_at;
    if (e->o.now != KAD_INSTANT_NONE)
        return last != KAD_INSTANT_NONE && last > e->o.now ? last : e->o.now;
    /* Time in a simulated ledger stands where it was last set. */
    if (last != KAD_INSTANT_NONE && kad_ledger_info(e->ledger)->mode == KAD_LEDGER_SIMULATED)
        return last;
    kad_instant clock = kad_clock_now();
    return last != KAD_INSTANT_NONE && last > clock ? last : clock;
}

kad_day kad_engine_today(const struct kad_engine *e)
{
    return kad_clock_day(kad_engine_now(e));
}

const struct kad_timeline *kad_engine_timeline(const struct kad_engine *e)
{
    return &e->known;
}

const struct kad_adoption *kad_engine_adoption(const struct kad_engine *e, uint64_t seq)
{
    size_t low = 0, high = e->adopted.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (e->adopted.v[mid].a.seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < e->adopted.n && e->adopted.v[low].a.seq == seq ? &e->adopted.v[low].a : NULL;
}

void kad_engine_put_policy(const struct kad_engine *e, uint64_t seq, struct kad_buf *b)
{
    const struct kad_adoption *a = seq ? kad_engine_adoption(e, seq) : NULL;
    char day[KAD_DAY_TEXT];
    if (a)
        kad_buf_printf(b, "%.*s@%s", KAD_STR_FMT(a->name), kad_day_text(a->from, day));
}

#include "cli/ics.h"

#include <libical/ical.h>
#include <sodium.h>
#include <stdlib.h>

#include "cli/message.h"
#include "cli/rows.h"
#include "core/clock.h"

/* An entry: a task as it stands, or one of which only records tell any more. */
struct entry {
    struct kad_str id, subject, label, source, unit;
    kad_day opens, due, closes, ended;
    enum kad_state state;
    bool late, gone; /* gone: cancelled, whatever its state */
    uint64_t seq;    /* of the last record about the subject */
    kad_instant at;
};
struct gather {
    struct kad_engine *e;
    const struct kad_ics_ask *q;
    uint64_t last_seq;      /* the last record that counts */
    struct kad_arena arena; /* the entries' */
    struct kad_arena one;   /* one subject's */
    kad_vec(struct entry) v;
};

/* --- gathering --- */

static bool is_theirs(const struct kad_ics_ask *q, struct kad_str owner)
{
    if (kad_str_eq(q->who, KAD_STR("-")))
        return owner.n == 0;
    return q->who.n == 0 || kad_str_eq(owner, q->who);
}

static bool is_cancelled(enum kad_state s)
{
    return s == KAD_S_DROPPED || s == KAD_S_WAIVED || s == KAD_S_WITHDRAWN || s == KAD_S_UNTOLD;
}

static bool is_shown(const struct kad_ics_ask *q, const struct kad_instance *i)
{
    if (q->unit.n && !kad_str_eq(i->unit, q->unit))
        return false;
    if (q->states)
        return q->states & 1u << i->state;
    if (i->state == KAD_S_OPEN || i->state == KAD_S_OVERDUE)
        return true;
    if (i->state == KAD_S_UPCOMING)
        return i->opens <= q->day + q->ahead;
    kad_day over = i->ended != KAD_DAY_NONE ? i->ended : i->due;
    return over >= q->day - q->keep;
}

static void add_instance(struct gather *g, const struct entry *base, const struct kad_instance *i,
                         bool gone)
{
    struct entry x = *base;
    x.id = kad_str_dup(&g->arena, i->id);
    x.label = kad_str_dup(&g->arena, kad_task_label(i));
    x.source = kad_str_dup(&g->arena, i->policy->rules[i->rule_index].source);
    x.unit = kad_str_dup(&g->arena, kad_unit_label(i->policy, i->unit));
    x.opens = i->opens;
    x.due = i->due;
    x.closes = i->closes;
    x.ended = i->ended;
    x.state = i->state;
    x.late = i->late;
    x.gone = gone || is_cancelled(i->state);
    /* A duty may be of somebody of whom nothing is recorded: then the adoption is its record. */
    if (i->adoption->seq > x.seq) {
        x.seq = i->adoption->seq;
        x.at = i->adoption->at;
    }
    kad_vec_push(&g->arena, &g->v, x);
}

static bool has_entry(const struct gather *g, size_t from, struct kad_str id)
{
    for (size_t i = from; i < g->v.n; i++)
        if (kad_str_eq(g->v.v[i].id, id))
            return true;
    return false;
}

/* A task that was theirs once, by the records that issued it, and is no longer. */
static void add_former(struct gather *g, const struct entry *base, size_t from,
                       const struct kad_record *r, const struct kad_instance *all, size_t n)
{
    struct kad_message m;
    kad_message_make(g->e, r, &g->one, &m);
    if (m.owner.n == 0 || !is_theirs(g->q, m.owner) || has_entry(g, from, m.task) ||
        m.due == KAD_DAY_NONE || kad_clock_day(base->at) < g->q->day - g->q->keep)
        return;
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(all[i].id, m.task)) {
            /* It is somebody else's now, or over for long. */
            if (!is_theirs(g->q, all[i].owner))
                add_instance(g, base, &all[i], true);
            return;
        }
    struct entry x = *base;
    x.id = kad_str_dup(&g->arena, m.task);
    x.label = kad_str_dup(&g->arena, m.label);
    x.source = kad_str_dup(&g->arena, m.source);
    x.unit = kad_str_dup(&g->arena, m.unit);
    x.opens = m.opens;
    x.due = m.due;
    x.closes = m.closes;
    x.ended = KAD_DAY_NONE;
    x.state = KAD_S_WITHDRAWN;
    x.gone = true;
    kad_vec_push(&g->arena, &g->v, x);
}

static enum kad_err gather_one(void *ctx, struct kad_subject *s, struct kad_error *reterr)
{
    struct gather *g = ctx;
    const struct kad_ics_ask *q = g->q;
    const struct kad_instance *all;
    struct kad_record *records = NULL;
    struct kad_snapshot *snap;
    size_t n_records = 0, from = g->v.n;
    size_t n = q->states & 1u << KAD_S_WITHDRAWN
                   ? kad_engine_instances(g->e, s, q->day, q->day + q->ahead, &all)
                   : kad_derive_instances(s->derive, q->day, q->day + q->ahead, &all);
    kad_arena_reset(&g->one);
    if (kad_snapshot_take(kad_engine_ledger(g->e), &snap, reterr) != KAD_OK)
        return reterr->code;
    enum kad_err err = kad_snapshot_story(snap, s->info.key, &g->one, &records, &n_records, reterr);
    while (n_records > 0 && records[n_records - 1].seq > g->last_seq)
        n_records--;
    struct entry base = {.subject = kad_str_dup(&g->arena, s->info.key)};
    if (n_records > 0) {
        base.seq = records[n_records - 1].seq;
        base.at = records[n_records - 1].at;
    }
    for (size_t i = 0; err == KAD_OK && i < n; i++)
        if (is_theirs(q, all[i].owner) && is_shown(q, &all[i]))
            add_instance(g, &base, &all[i], false);
    bool former = err == KAD_OK && !q->states && !q->unit.n && !kad_str_eq(q->who, KAD_STR("-"));
    for (size_t i = n_records; former && i-- > 0;)
        if (kad_message_is(records[i].kind))
            add_former(g, &base, from, &records[i], all, n);
    kad_snapshot_release(snap);
    return err;
}

static enum kad_err gather(struct gather *g, struct kad_error *reterr)
{
    const struct kad_ics_ask *q = g->q;
    struct kad_each each = {.day = q->day, .ret_seq = &g->last_seq};
    bool role = q->who.n > 5 && memcmp(q->who.p, "role:", 5) == 0;
    bool nobody = kad_str_eq(q->who, KAD_STR("-"));
    /* Whom nobody had when a task was issued that was withdrawn since, somebody may have by now. */
    bool any = role || (nobody && q->states & 1u << KAD_S_WITHDRAWN);
    each.unowned = nobody && !any;
    if (!any)
        each.person = q->who;
    if (q->subject.n == 0)
        return kad_engine_each(g->e, &each, gather_one, g, reterr);
    struct kad_subject s;
    struct kad_arena a;
    kad_arena_init(&a);
    g->last_seq = UINT64_MAX;
    enum kad_err err = kad_engine_subject(g->e, q->subject, &a, &s, reterr);
    if (err == KAD_OK)
        err = gather_one(g, &s, reterr);
    kad_arena_done(&a);
    return err;
}

static int entry_cmp(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    if (a->due != b->due)
        return a->due < b->due ? -1 : 1;
    int by_subject = kad_str_cmp(a->subject, b->subject);
    return by_subject ? by_subject : kad_str_cmp(a->id, b->id);
}

/* --- writing: libical knows escaping and folding; what has no business in a text goes first --- */

static struct icaltimetype day_time(kad_day day)
{
    struct kad_ymd d = kad_ymd_of(day);
    struct icaltimetype t = icaltime_null_date();
    t.year = (int)d.year;
    t.month = (int)d.month;
    t.day = (int)d.day;
    t.is_date = 1;
    return t;
}

static struct icaltimetype instant_time(kad_instant at)
{
    kad_instant second = at / 1000000 - (at % 1000000 < 0);
    return icaltime_from_timet_with_zone((time_t)second, 0, icaltimezone_get_utc_timezone());
}

static void put_line(struct kad_buf *b, const char *word, struct kad_str text)
{
    if (text.n == 0)
        return;
    kad_buf_printf(b, "%s%s: ", b->n ? "\n" : "", word);
    kad_text_put_safe(b, text);
}

static void put_day_line(struct kad_buf *b, const char *word, kad_day day)
{
    if (day == KAD_DAY_NONE)
        return;
    kad_buf_printf(b, "%s%s: ", b->n ? "\n" : "", word);
    kad_put_day(b, day);
}

static void put_summary(struct kad_buf *b, const struct entry *x)
{
    if (x->gone)
        kad_buf_printf(b, "%s: ", _("Cancelled"));
    else if (x->state == KAD_S_DONE)
        kad_buf_puts(b, "✓ ");
    else if (x->state == KAD_S_OVERDUE)
        kad_buf_printf(b, "%s: ", _("Late"));
    else if (x->state == KAD_S_MISSED)
        kad_buf_printf(b, "%s: ", _("Not done in time"));
    kad_text_put_safe(b, x->label);
    kad_buf_puts(b, " – ");
    kad_text_put_safe(b, x->subject);
}

static void put_description(struct kad_buf *b, const struct entry *x)
{
    put_line(b, _("About"), x->subject);
    put_line(b, _("Unit"), x->unit);
    put_day_line(b, _("Opens"), x->opens);
    put_day_line(b, _("Due"), x->due);
    put_day_line(b, _("Closes"), x->closes);
    put_line(
        b, _("State"),
        kad_str(kad_state_label(x->gone && !is_cancelled(x->state) ? KAD_S_WITHDRAWN : x->state)));
    if (x->state == KAD_S_DONE)
        put_day_line(b, _("Done"), x->ended);
    put_line(b, _("Source"), x->source);
    put_line(b, _("Task"), x->id);
}

static void put_uid(struct kad_buf *b, const char *ledger, struct kad_str id)
{
    crypto_hash_sha256_state state;
    uint8_t digest[crypto_hash_sha256_BYTES];
    char text[33];
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)ledger, strlen(ledger) + 1);
    crypto_hash_sha256_update(&state, (const uint8_t *)id.p, id.n);
    crypto_hash_sha256_final(&state, digest);
    sodium_bin2hex(text, sizeof text, digest, 16);
    kad_buf_printf(b, "%s@kadens", text);
}

static icalcomponent *event_of(const struct entry *x, const char *ledger)
{
    struct kad_buf uid = {0}, summary = {0}, description = {0};
    put_uid(&uid, ledger, x->id);
    put_summary(&summary, x);
    put_description(&description, x);
    icalcomponent *c = icalcomponent_vanew(
        ICAL_VEVENT_COMPONENT, icalproperty_new_uid(kad_buf_str(&uid)),
        icalproperty_new_dtstamp(instant_time(x->at)),
        icalproperty_new_lastmodified(instant_time(x->at)),
        icalproperty_new_sequence((int)(x->seq & INT32_MAX)),
        icalproperty_new_dtstart(day_time(x->due)), icalproperty_new_dtend(day_time(x->due + 1)),
        icalproperty_new_summary(kad_buf_str(&summary)),
        icalproperty_new_description(kad_buf_str(&description)),
        icalproperty_new_status(x->gone ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED),
        icalproperty_new_transp(ICAL_TRANSP_TRANSPARENT),
        icalproperty_new_class(ICAL_CLASS_PRIVATE), (void *)0);
    kad_buf_done(&uid);
    kad_buf_done(&summary);
    kad_buf_done(&description);
    return c;
}

static void add_x(icalcomponent *c, const char *name, const char *value)
{
    icalproperty *p = icalproperty_new_x(value);
    icalproperty_set_x_name(p, name);
    icalcomponent_add_property(c, p);
}

static icalcomponent *calendar_of(const struct gather *g)
{
    struct kad_str who = g->q->who;
    struct kad_buf title = {0};
    if (kad_str_eq(who, KAD_STR("-"))) {
        kad_buf_puts(&title, _("Tasks that nobody has"));
    } else if (who.n) {
        struct kad_buf safe = {0};
        kad_text_put_safe(&safe, who);
        kad_buf_printf(&title, _("Tasks for %s"), kad_buf_str(&safe));
        kad_buf_done(&safe);
    } else {
        kad_buf_puts(&title, _("Tasks"));
    }
    icalcomponent *c = icalcomponent_vanew(
        ICAL_VCALENDAR_COMPONENT, icalproperty_new_version("2.0"),
        icalproperty_new_prodid("-//Kadens//Kadens//SV"), icalproperty_new_calscale("GREGORIAN"),
        icalproperty_new_method(ICAL_METHOD_PUBLISH), (void *)0);
    add_x(c, "X-WR-CALNAME", kad_buf_str(&title));
    add_x(c, "X-PUBLISHED-TTL", "PT1H");
    kad_buf_done(&title);
    return c;
}

enum kad_err kad_ics_put(struct kad_engine *e, const struct kad_ics_ask *q, struct kad_buf *ret,
                         struct kad_error *reterr)
{
    struct gather g = {.e = e, .q = q};
    kad_arena_init(&g.arena);
    kad_arena_init(&g.one);
    enum kad_err err = gather(&g, reterr);
    if (err == KAD_OK) {
        const char *ledger = kad_ledger_info(kad_engine_ledger(e))->id;
        if (g.v.n)
            qsort(g.v.v, g.v.n, sizeof *g.v.v, entry_cmp);
        icalcomponent *c = calendar_of(&g);
        for (size_t i = 0; i < g.v.n; i++)
            icalcomponent_add_component(c, event_of(&g.v.v[i], ledger));
        char *text = icalcomponent_as_ical_string_r(c);
        kad_buf_puts(ret, text);
        icalmemory_free_buffer(text);
        icalcomponent_free(c);
    }
    kad_arena_done(&g.arena);
    kad_arena_done(&g.one);
    return err;
}

/* tasks: the list a coach begins the day with. */
#include "cli/ics.h"
#include "cli/rows.h"
#include "cli/words.h"
#include "core/clock.h"

#define NAMED_MOST 3 /* tasks named in a line of the foot */

struct ask {
    const struct kad_engine *engine;
    const struct kad_timeline *timeline;
    struct kad_str who, unit; /* empty: everybody's, everywhere */
    bool nobody;              /* --for - */
    unsigned states;          /* bits of enum kad_state */
    kad_day day, until, horizon;
    kad_day working_day_before;
    bool by_until;   /* upcoming ones only if they open by `until` */
    bool foot;       /* text: what closed undone, and what nobody has */
    bool count_only; /* the second walk: what nobody has */
    struct kad_rows rows, missed;
    size_t unowned;
};

static enum kad_err read_states(const struct kad_cli *c, struct ask *q, struct kad_error *reterr)
{
    struct kad_str s = kad_str(c->opt[KAD_O_STATE]);
    if (c->opt[KAD_O_ALL] && s.n)
        return kad_fail(reterr, KAD_EINPUT,
                        _("--all asks for every state and --state for some: give one of them."));
    q->states = 1u << KAD_S_OPEN | 1u << KAD_S_OVERDUE;
    if (c->opt[KAD_O_ALL])
        q->states = (1u << KAD_S__COUNT) - 1;
    else if (c->opt[KAD_O_UNTIL])
        q->states |= 1u << KAD_S_UPCOMING;
    if (!c->opt[KAD_O_STATE])
        return KAD_OK;
    q->states = 0;
    for (size_t i = 0; i <= s.n;) {
        const char *comma = memchr(s.p + i, ',', s.n - i);
        struct kad_str word = {s.p + i, comma ? (size_t)(comma - s.p) - i : s.n - i};
        int state = kad_state_of(word);
        if (state < 0)
            return kad_fail(reterr, KAD_EINPUT,
                            _("--state: there is no state “%.*s”. There are: upcoming, open, "
                              "overdue, done, missed, untold, dropped, waived, withdrawn."),
                            KAD_STR_FMT(word));
        q->states |= 1u << state;
        i += word.n + 1;
    }
    return KAD_OK;
}

static bool is_role(struct kad_str who)
{
    return who.n >= 5 && memcmp(who.p, "role:", 5) == 0;
}

/* A misspelt role would have an empty list. */
static enum kad_err check_role(const struct ask *q, struct kad_error *reterr)
{
    struct kad_buf b = {0};
    bool there = !is_role(q->who) || q->timeline->n == 0;
    struct kad_str name = there ? q->who : (struct kad_str){q->who.p + 5, q->who.n - 5};
    for (size_t i = q->timeline->n; i > 0 && !there; i--) {
        const struct kad_policy *p = q->timeline->v[i - 1].policy;
        for (size_t r = 0; p && r < p->n_roles && !there; r++) {
            there = kad_str_eq(p->roles[r].name, name);
            if (i == q->timeline->n)
                kad_buf_printf(&b, "%srole:%.*s", b.n ? ", " : "", KAD_STR_FMT(p->roles[r].name));
        }
    }
    if (!there)
        kad_fail(reterr, KAD_EINPUT, _("There is no role “%.*s”. There are: %s."),
                 KAD_STR_FMT(name), kad_buf_str(&b));
    kad_buf_done(&b);
    return reterr->code;
}

static enum kad_err read_ask(const struct kad_cli *c, struct ask *q, struct kad_error *reterr)
{
    q->engine = c->engine;
    q->timeline = kad_engine_timeline(c->engine);
    q->day = c->as_of;
    q->foot = c->format == KAD_F_TEXT;
    q->unit = kad_str(c->opt[KAD_O_UNIT]);
    q->who = kad_str(c->opt[KAD_O_FOR]);
    q->nobody = kad_str_eq(q->who, KAD_STR("-"));
    if (q->unit.n && kad_word_unit(c, q->unit, &q->unit, reterr) != KAD_OK)
        return reterr->code;
    if (check_role(q, reterr) != KAD_OK)
        return reterr->code;
    if (q->nobody)
        q->who = (struct kad_str){0};
    if (kad_opt_day(c, KAD_O_UNTIL, &q->until, reterr) != KAD_OK ||
        read_states(c, q, reterr) != KAD_OK)
        return reterr->code;
    q->by_until = q->until != KAD_DAY_NONE;
    q->horizon = q->by_until && q->until > q->day ? q->until : q->day;
    const struct kad_calendar none = {0}, *calendar = &none;
    for (size_t i = 0; i < q->timeline->n; i++)
        if (q->timeline->v[i].policy && q->timeline->v[i].from <= q->day)
            calendar = &q->timeline->v[i].policy->calendar;
    q->working_day_before = kad_working_day_before(calendar, q->day);
    return KAD_OK;
}

/* --- one subject --- */

/* What was withdrawn is told by records, whatever the rules and the story say by now. */
static bool asks_withdrawn(const struct ask *q)
{
    return q->states & 1u << KAD_S_WITHDRAWN;
}

/* Has any rule for subjects of this kind the role as its owner? Else its story need not be read. */
static bool may_have(const struct ask *q, struct kad_str kind)
{
    if (!is_role(q->who) || asks_withdrawn(q))
        return true;
    struct kad_str name = {q->who.p + 5, q->who.n - 5};
    for (size_t i = 0; i < q->timeline->n; i++) {
        const struct kad_policy *p = q->timeline->v[i].policy;
        for (size_t r = 0; p && r < p->n_rules; r++)
            if (p->rules[r].owner_role >= 0 &&
                kad_str_eq(p->roles[p->rules[r].owner_role].name, name) &&
                kad_str_eq(p->kinds[p->rules[r].subject].name, kind))
                return true;
    }
    return false;
}

static bool is_asked(const struct ask *q, const struct kad_instance *i)
{
    if (!(q->states & 1u << i->state))
        return false;
    if (i->state == KAD_S_UPCOMING && q->by_until && i->opens > q->until)
        return false;
    if (q->nobody)
        return i->owner.n == 0;
    return q->who.n == 0 || kad_str_eq(i->owner, q->who);
}

static bool closed_lately(const struct ask *q, const struct kad_instance *i)
{
    bool mine = q->nobody ? i->owner.n == 0 : q->who.n == 0 || kad_str_eq(i->owner, q->who);
    return mine && i->state == KAD_S_MISSED && i->ended != KAD_DAY_NONE &&
           i->ended >= q->working_day_before && i->ended < q->day;
}

static enum kad_err take(void *ctx, struct kad_subject *s, struct kad_error *reterr)
{
    struct ask *q = ctx;
    const struct kad_instance *all;
    (void)reterr;
    if (!q->count_only && !may_have(q, s->info.kind))
        return KAD_OK;
    size_t n = asks_withdrawn(q) && !q->count_only
                   ? kad_engine_instances(q->engine, s, q->day, q->horizon, &all)
                   : kad_derive_instances(s->derive, q->day, q->horizon, &all);
    for (size_t i = 0; i < n; i++) {
        if (q->unit.n && !kad_str_eq(all[i].unit, q->unit))
            continue;
        bool waits = all[i].state == KAD_S_OPEN || all[i].state == KAD_S_OVERDUE;
        if (q->count_only || (q->who.n == 0 && !q->nobody))
            q->unowned += waits && all[i].owner.n == 0;
        if (q->count_only)
            continue;
        if (is_asked(q, &all[i]))
            kad_rows_add(&q->rows, s->info.key, &all[i], q->foot ? all : NULL, n);
        if (q->foot && closed_lately(q, &all[i]))
            kad_rows_add(&q->missed, s->info.key, &all[i], all, n);
    }
    return KAD_OK;
}

static enum kad_err gather(struct kad_cli *c, struct ask *q, struct kad_error *reterr)
{
    if (c->opt[KAD_O_SUBJECT]) {
        struct kad_subject s;
        struct kad_str key = kad_str(c->opt[KAD_O_SUBJECT]);
        if (kad_subject_of(c, key, &s, reterr) != KAD_OK)
            return reterr->code;
        return take(q, &s, reterr);
    }
    struct kad_progress progress;
    bool nobody = q->nobody && !asks_withdrawn(q); /* whom nobody had then, somebody may have */
    kad_progress_init(&progress, _("Subjects read:"));
    struct kad_each each = {.day = q->day,
                            .progress = kad_progress_step,
                            .progress_ctx = &progress,
                            .unowned = nobody};
    const struct kad_each unowned = {.day = q->day, .person = KAD_STR("-"), .unowned = true};
    /* A role has no index of its own; a person has. */
    if (nobody)
        each.person = KAD_STR("-");
    else if (q->who.n && !is_role(q->who))
        each.person = q->who;
    enum kad_err got = kad_engine_each(c->engine, &each, take, q, reterr);
    if (got == KAD_OK && q->foot && q->who.n) {
        q->count_only = true;
        got = kad_engine_each(c->engine, &unowned, take, q, reterr);
    }
    kad_progress_done(&progress);
    return got;
}

/* --- somebody whom nobody has named --- */

/* An empty list because of a misspelt name would be believed: say so, on stderr. */
static enum kad_err check_person(struct kad_cli *c, const struct ask *q, struct kad_error *reterr)
{
    struct kad_str near;
    bool known;
    if (q->rows.v.n || q->who.n == 0 || is_role(q->who))
        return KAD_OK;
    if (kad_word_person(c, q->who, &known, &near, reterr) != KAD_OK)
        return reterr->code;
    if (!known && near.n)
        kad_tell(_("Nobody called “%.*s” is on any list. Did you mean %.*s?"), KAD_STR_FMT(q->who),
                 KAD_STR_FMT(near));
    else if (!known)
        kad_tell(_("Nobody called “%.*s” is on any list."), KAD_STR_FMT(q->who));
    return KAD_OK;
}

/* --- for people --- */

static void put_known(struct kad_cli *c)
{
    struct kad_out *o = &c->out;
    struct kad_buf b = {0};
    char clock[KAD_INSTANT_TEXT];
    if (!c->opt[KAD_O_KNOWN_AT])
        return;
    if (c->known.seq != UINT64_MAX) {
        kad_out_printf(o, _(", as known with record no. %llu"), (unsigned long long)c->known.seq);
        return;
    }
    kad_put_day_long(&b, kad_clock_day(c->known.at));
    if (c->known_day != KAD_DAY_NONE) {
        kad_out_printf(o, _(", as known on %s"), kad_buf_str(&b));
    } else {
        kad_clock_text(c->known.at, clock);
        kad_out_printf(o, _(", as known on %s at %s"), kad_buf_str(&b), clock);
    }
    kad_buf_done(&b);
}

static void put_title(struct kad_cli *c, const struct ask *q)
{
    struct kad_out *o = &c->out;
    struct kad_buf day = {0}, who = {0};
    kad_put_day_long(&day, q->day);
    kad_text_put_safe(&who, q->who);
    kad_out_style(o, KAD_BOLD);
    if (q->nobody)
        kad_out_puts(o, _("Tasks that nobody has"));
    else if (q->who.n)
        kad_out_printf(o, _("Tasks for %s"), kad_buf_str(&who));
    else
        kad_out_puts(o, _("Tasks"));
    kad_out_puts(o, ", ");
    if (q->unit.n) {
        const struct kad_timeline *t = q->timeline;
        kad_out_safe(o, t->n ? kad_unit_label(t->v[t->n - 1].policy, q->unit) : q->unit);
        kad_out_puts(o, ", ");
    }
    kad_out_puts(o, kad_buf_str(&day));
    put_known(c);
    kad_out_style(o, KAD_PLAIN);
    kad_out_puts(o, "\n\n");
    kad_buf_done(&day);
    kad_buf_done(&who);
}

static void put_missed(struct kad_out *o, struct ask *q)
{
    size_t n = q->missed.v.n;
    if (n == 0)
        return;
    struct kad_buf since = {0};
    kad_put_day_long(&since, q->working_day_before);
    kad_rows_sort(&q->missed);
    kad_out_style(o, KAD_LATE);
    kad_out_printf(
        o, ngettext_("%zu task closed undone since %s:", "%zu tasks closed undone since %s:", n), n,
        kad_buf_str(&since));
    kad_out_style(o, KAD_PLAIN);
    kad_out_puts(o, "\n");
    for (size_t i = 0; i < n && i < NAMED_MOST; i++) {
        const struct kad_row *row = &q->missed.v.v[i];
        kad_out_puts(o, "  ");
        kad_out_safe(o, row->subject);
        kad_out_puts(o, "  ");
        kad_out_safe(o, kad_task_label(&row->i));
        kad_out_puts(o, "  ");
        kad_out_safe(o, row->ref);
        kad_out_puts(o, "\n");
    }
    if (n > NAMED_MOST)
        kad_out_hint(o, "  %s\n", _("… all of them: kadens tasks --state missed"));
    kad_buf_done(&since);
}

/* What to type for the first of today's list; "reason=…" for what the event must have. */
static void put_hints(struct kad_cli *c, const struct ask *q)
{
    struct kad_out *o = &c->out;
    const struct kad_row *row = NULL;
    for (size_t i = 0; i < q->rows.v.n && !row; i++)
        if (q->rows.v.v[i].i.state == KAD_S_OPEN || q->rows.v.v[i].i.state == KAD_S_OVERDUE)
            row = &q->rows.v.v[i];
    if (!row || c->opt[KAD_O_KNOWN_AT] || q->day != kad_engine_today(c->engine))
        return;
    const struct kad_policy *p = row->i.policy;
    const struct kad_triggers *done = &p->tasks[row->i.task_index].done_by;
    kad_out_puts(o, "\n");
    kad_out_style(o, KAD_DIM);
    if (done->n) {
        const struct kad_event_type *e = &p->events[done->v[0].event];
        struct kad_buf fields = {0};
        for (size_t f = 0; f < e->n_fields; f++)
            if (!e->fields[f].optional)
                kad_buf_printf(&fields, " %.*s=…", KAD_STR_FMT(e->fields[f].name));
        kad_out_hint(o, _("Done? kadens record %.*s %.*s%s"), KAD_STR_FMT(e->name),
                     KAD_STR_FMT(row->subject), kad_buf_str(&fields));
        kad_out_puts(o, "\n");
        kad_buf_done(&fields);
    }
    kad_out_hint(o, _("Not to be done by anybody? kadens waive %.*s/%.*s --because …"),
                 KAD_STR_FMT(row->subject), KAD_STR_FMT(row->ref));
    kad_out_style(o, KAD_PLAIN);
    kad_out_puts(o, "\n");
}

static void put_foot(struct kad_cli *c, struct ask *q)
{
    struct kad_out *o = &c->out;
    if (q->rows.v.n == 0 && q->timeline->n == 0)
        kad_out_puts(o, _("No policy has been adopted yet, so there are no tasks.\n"));
    else if (q->rows.v.n == 0)
        kad_out_puts(o, _("Nothing to do. Look further ahead with --until DATE.\n"));
    if (q->missed.v.n || q->unowned)
        kad_out_puts(o, "\n");
    put_missed(o, q);
    if (q->unowned && !q->nobody) {
        kad_out_style(o, KAD_SOON);
        kad_out_hint(o,
                     ngettext_("%zu task waits without anyone to do it: kadens tasks --for -",
                               "%zu tasks wait without anyone to do them: kadens tasks --for -",
                               q->unowned),
                     q->unowned);
        kad_out_style(o, KAD_PLAIN);
        kad_out_puts(o, "\n");
    }
    if (o->terminal)
        put_hints(c, q);
}

/* The calendar file, as the service writes it; --until says how far it looks ahead, --state and --all
 * which tasks are in it. */
static enum kad_err put_calendar(struct kad_cli *c, const struct ask *q, struct kad_error *reterr)
{
    struct kad_ics_ask ask = {.who = kad_str(c->opt[KAD_O_FOR]),
                              .unit = q->unit,
                              .subject = kad_str(c->opt[KAD_O_SUBJECT]),
                              .day = q->day,
                              .ahead = q->by_until ? q->horizon - q->day : KAD_ICS_AHEAD,
                              .keep = KAD_ICS_KEEP,
                              .states = c->opt[KAD_O_STATE] || c->opt[KAD_O_ALL] ? q->states : 0};
    return kad_ics_put(c->engine, &ask, &c->out.b, reterr);
}

enum kad_err kad_cmd_tasks(struct kad_cli *c, struct kad_error *reterr)
{
    struct ask q = {.rows.arena = &c->arena, .missed.arena = &c->arena};
    if (read_ask(c, &q, reterr) != KAD_OK)
        return reterr->code;
    if (c->format == KAD_F_ICS)
        return put_calendar(c, &q, reterr);
    if (gather(c, &q, reterr) != KAD_OK)
        return reterr->code;
    if (check_person(c, &q, reterr) != KAD_OK)
        return reterr->code;
    kad_rows_sort(&q.rows);
    if (c->format != KAD_F_TEXT) {
        kad_rows_put(&c->out, &q.rows, c->format);
        return KAD_OK;
    }
    put_title(c, &q);
    struct kad_rows_view view = {.today = q.day,
                                 .no_subject = c->opt[KAD_O_SUBJECT] != NULL,
                                 .no_owner = c->opt[KAD_O_FOR] != NULL};
    kad_rows_print(&c->out, &c->arena, &q.rows, &view);
    put_foot(c, &q);
    return KAD_OK;
}

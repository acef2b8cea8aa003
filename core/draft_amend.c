/* What takes back or changes what was recorded: corrections, retractions, waivers. None is guarded;
 * what they make of later events is told. */
#include "core/clock.h"
#include "core/engine_priv.h"

/* --- which record is meant --- */

static uint64_t seq_note(const struct kad_field *notes, size_t n, const char *name)
{
    const struct kad_field *f = kad_fields_find(notes, n, name);
    kad_assert(f && f->value.type == KAD_T_NUMBER);
    return (uint64_t)(f->value.num / KAD_MICRO);
}

static enum kad_err find_record(struct kad_put *p, uint64_t seq, struct kad_record *ret)
{
    uint64_t last = p->b->state.last_seq;
    if (seq > last)
        return kad_fail(p->err, KAD_EINPUT, _("There is no record %llu: the last one is %llu."),
                        (unsigned long long)seq, (unsigned long long)last);
    return kad_put_record(p, seq, ret);
}

static enum kad_err check_subject(struct kad_put *p, const struct kad_record *target)
{
    if (p->r.subject.n > 0 && target->subject.n == 0)
        return kad_fail(p->err, KAD_EINPUT,
                        _("Record %llu is about the rules, not about “%.*s”: leave the subject out."),
                        (unsigned long long)target->seq, KAD_STR_FMT(p->r.subject));
    if (p->r.subject.n > 0 && !kad_str_eq(p->r.subject, target->subject))
        return kad_fail(p->err, KAD_EINPUT, _("Record %llu is about “%.*s”, not about “%.*s”."),
                        (unsigned long long)target->seq, KAD_STR_FMT(target->subject),
                        KAD_STR_FMT(p->r.subject));
    p->r.subject = target->subject;
    return KAD_OK;
}

/* The retraction of this record; 0: it stands. */
static uint64_t retracted_by(const struct kad_seen *s, uint64_t seq)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->records[i].kind == KAD_R_RETRACTED && s->records[i].ref == seq)
            return s->records[i].seq;
    return 0;
}

static enum kad_err fail_retracted(struct kad_put *p, uint64_t seq, uint64_t by)
{
    return kad_fail(p->err, KAD_EINPUT, _("Record %llu was retracted already, by record %llu."),
                    (unsigned long long)seq, (unsigned long long)by);
}

static void keep_notes(struct kad_put *p, struct kad_field *notes, size_t n,
                       const char *const *names, size_t n_names)
{
    p->r.notes = kad_arena_array(p->a, struct kad_field, n_names);
    for (size_t i = 0; i < n_names; i++) {
        const struct kad_field *f = kad_fields_find(notes, n, names[i]);
        if (f)
            p->r.notes[p->r.n_notes++] = *f;
    }
}

static enum kad_err no_fields(struct kad_put *p)
{
    if (p->d->n_fields == 0)
        return KAD_OK;
    return kad_fail(p->err, KAD_EINPUT, _("%s has no field “%.*s”."), kad_record_type(p->r.kind),
                    KAD_STR_FMT(p->d->fields[0].name));
}

/* --- corrections --- */

struct correction {
    const struct kad_fact *fact; /* as it stands */
};

static enum kad_err fill_correction(struct kad_put *p, void *ctx, const struct kad_policy *policy,
                                    const struct kad_event_type *type, struct kad_error *err)
{
    const struct kad_fact *fact = ((struct correction *)ctx)->fact;
    struct kad_given *given = NULL;
    enum kad_err e = kad_read_fields(p, policy, type, &given, err);
    if (e)
        return e;
    struct kad_field *fields = kad_arena_array(p->a, struct kad_field, type->n_fields + 1);
    size_t n = 0;
    bool changes = p->r.on != fact->on;
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct kad_field_def *def = &type->fields[i];
        if (!given[i].given)
            continue;
        if (given[i].null && !def->optional)
            return kad_fail(err, KAD_EINPUT, _("%.*s must have %.*s: it cannot be taken away."),
                            KAD_STR_FMT(type->name), KAD_STR_FMT(def->name));
        const struct kad_field *old = kad_fields_find(fact->fields, fact->n_fields, def->name.p);
        bool was_null = !old || old->value.know == KAD_UNKNOWN;
        changes = changes || given[i].null != was_null ||
                  (!given[i].null && !kad_same_value(given[i].value, old->value));
        fields[n++] = (struct kad_field){
            def->name, given[i].null ? (struct kad_value){0} : given[i].value, def->is_private};
    }
    if (!changes)
        return kad_fail(err, KAD_EINPUT,
                        _("The correction changes nothing: record %llu says all that already."),
                        (unsigned long long)fact->last);
    p->r.fields = fields;
    p->r.n_fields = n;
    return KAD_OK;
}

/* The event that the correction is about, by its own number or by that of a correction of it. */
static enum kad_err corrected_event(struct kad_put *p, uint64_t seq, struct kad_record *ret)
{
    enum kad_err err = find_record(p, seq, ret);
    if (!err && ret->kind == KAD_R_CORRECTED)
        err = find_record(p, ret->ref, ret);
    if (!err && ret->kind != KAD_R_EVENT)
        return kad_fail(p->err, KAD_EINPUT,
                        _("Record %llu is %.*s: only events can be corrected. Retract it instead."),
                        (unsigned long long)seq, KAD_STR_FMT(ret->type));
    return err;
}

/* The day the event is left at: the note `on`, else the header's, else the day it has. */
static enum kad_err corrected_day(struct kad_put *p, const struct kad_field *notes, size_t n,
                                  kad_day was)
{
    const struct kad_field *on = kad_fields_find(notes, n, "on");
    kad_day said = on ? (kad_day)on->value.num : p->d->on;
    char a[KAD_DAY_TEXT], b[KAD_DAY_TEXT];
    if (on && p->d->on != KAD_DAY_NONE && p->d->on != said)
        return kad_fail(p->err, KAD_EINPUT, _("The correction names two days, %s and %s."),
                        kad_day_text(said, a), kad_day_text(p->d->on, b));
    p->r.on = said == KAD_DAY_NONE ? was : said;
    return p->r.on == was ? KAD_OK : kad_check_on(p, p->r.on);
}

static void correction_notes(struct kad_put *p, struct kad_field *notes, size_t n, kad_day was)
{
    static const char *const kept[] = {"because"};
    keep_notes(p, notes, n, kept, 1);
    if (p->r.on == was)
        return;
    struct kad_field *with_day = kad_arena_array(p->a, struct kad_field, 2);
    with_day[0] = p->r.notes[0];
    with_day[1] = (struct kad_field){KAD_STR("on"), kad_value_date(p->r.on), false};
    p->r.notes = with_day;
    p->r.n_notes = 2;
}

/* Later events are asked from the earlier of the two places on, the corrected one included. */
static void rejudge_moved(struct kad_put *p, struct kad_seen *s, uint64_t seq)
{
    size_t was = kad_seen_find(&s->before, seq), is = kad_seen_find(&s->after, seq);
    kad_seen_rejudge(p, s, was < is ? was : is);
}

enum kad_err kad_draft_corrected(struct kad_put *p)
{
    struct kad_field *notes = NULL;
    size_t n = 0;
    struct kad_record event;
    struct kad_seen s;
    enum kad_err err = kad_read_notes(p, &notes, &n);
    uint64_t seq = err ? 0 : seq_note(notes, n, "corrects");
    if (!err)
        err = corrected_event(p, seq, &event);
    if (!err)
        err = check_subject(p, &event);
    if (!err)
        err = kad_seen_info(p, p->r.subject, &s);
    s.empty = false;
    if (!err)
        err = kad_seen_load(p, &s);
    if (err)
        return err;
    size_t at = kad_seen_find(&s.before, event.seq);
    if (at == SIZE_MAX)
        return fail_retracted(p, event.seq, retracted_by(&s, event.seq));
    struct correction ctx = {&s.before.facts[at]};
    p->r.ref = event.seq;
    err = corrected_day(p, notes, n, ctx.fact->on);
    if (err)
        return err;
    correction_notes(p, notes, n, ctx.fact->on);
    struct kad_settle how = {event.type, fill_correction, &ctx};
    err = kad_seen_settle(p, &s, &how);
    if (!err)
        err = kad_seen_begins(p, &s);
    if (!err)
        rejudge_moved(p, &s, event.seq);
    return err;
}

/* --- retractions --- */

static enum kad_err check_retractable(struct kad_put *p, const struct kad_record *target)
{
    switch (target->kind) {
    case KAD_R_EVENT:
    case KAD_R_CORRECTED:
    case KAD_R_WAIVED:
    case KAD_R_ADOPTED:
    case KAD_R_ENDED:
        return KAD_OK;
    case KAD_R_RETRACTED:
        return kad_fail(p->err, KAD_EINPUT,
                        _("Record %llu is a retraction, and those stand: record what it took back "
                          "anew."),
                        (unsigned long long)target->seq);
    case KAD_R_ERASED:
        return kad_fail(p->err, KAD_EINPUT,
                        _("Record %llu is an erasure. The keys are destroyed, so there is nothing "
                          "that taking it back could bring back."),
                        (unsigned long long)target->seq);
    default:
        return kad_fail(p->err, KAD_EINPUT, _("Record %llu is %.*s, which cannot be retracted."),
                        (unsigned long long)target->seq, KAD_STR_FMT(target->type));
    }
}

static enum kad_err retract_policy(struct kad_put *p, const struct kad_record *target)
{
    for (size_t i = 0; i < p->e->adopted.n; i++)
        if (p->e->adopted.v[i].a.seq == target->seq && p->e->adopted.v[i].retracted)
            return fail_retracted(p, target->seq, p->e->adopted.v[i].retracted);
    return KAD_OK;
}

static enum kad_err retract_of_subject(struct kad_put *p, const struct kad_record *target)
{
    struct kad_seen s;
    enum kad_err err = kad_seen_info(p, p->r.subject, &s);
    s.empty = false;
    if (!err)
        err = kad_seen_load(p, &s);
    if (err)
        return err;
    uint64_t by = retracted_by(&s, target->seq);
    if (by)
        return fail_retracted(p, target->seq, by);
    by = target->kind == KAD_R_CORRECTED ? retracted_by(&s, target->ref) : 0;
    if (by)
        return fail_retracted(p, target->ref, by);
    kad_seen_place(p, &s);
    err = kad_seen_begins(p, &s);
    if (err)
        return err;
    if (target->kind == KAD_R_CORRECTED)
        rejudge_moved(p, &s, target->ref);
    else if (target->kind == KAD_R_EVENT)
        kad_seen_rejudge(p, &s, kad_seen_find(&s.before, target->seq));
    else
        kad_seen_rejudge(p, &s, kad_derive_end_of(s.is, target->on - 1));
    return KAD_OK;
}

enum kad_err kad_draft_retracted(struct kad_put *p)
{
    static const char *const kept[] = {"because"};
    struct kad_field *notes = NULL;
    size_t n = 0;
    struct kad_record target;
    enum kad_err err = kad_read_notes(p, &notes, &n);
    if (!err)
        err = no_fields(p);
    if (!err)
        err = find_record(p, seq_note(notes, n, "retracts"), &target);
    if (!err)
        err = check_retractable(p, &target);
    if (!err)
        err = check_subject(p, &target);
    if (!err)
        err = kad_check_on(p, p->r.on);
    if (err)
        return err;
    p->r.ref = target.seq;
    keep_notes(p, notes, n, kept, 1);
    return target.subject.n > 0 ? retract_of_subject(p, &target) : retract_policy(p, &target);
}

/* --- waivers --- */

static enum kad_err fail_state(struct kad_put *p, const struct kad_instance *i)
{
    uint64_t by = i->state == KAD_S_DONE      ? i->done_by
                  : i->state == KAD_S_DROPPED ? i->dropped_by
                  : i->state == KAD_S_WAIVED  ? i->waived_by
                                              : 0;
    if (by)
        return kad_fail(p->err, KAD_ENO,
                        _("The task %.*s cannot be waived: it is %s, by record %llu."),
                        KAD_STR_FMT(i->id), kad_state_label(i->state), (unsigned long long)by);
    return kad_fail(p->err, KAD_ENO, _("The task %.*s cannot be waived: it is %s."),
                    KAD_STR_FMT(i->id), kad_state_label(i->state));
}

static const struct kad_instance *find_instance(struct kad_derive *d, kad_day day, kad_day horizon,
                                                struct kad_str id)
{
    const struct kad_instance *v;
    size_t n = kad_derive_instances(d, day, horizon, &v);
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(v[i].id, id))
            return &v[i];
    return NULL;
}

static enum kad_err waive_instance(struct kad_put *p, struct kad_seen *s, struct kad_str id)
{
    /* Tasks without end are made as far as they are asked for; few waive what lies years ahead. */
    static const int32_t years[] = {1, 5, 30};
    const struct kad_instance *found = NULL;
    for (size_t i = 0; !found && i < sizeof years / sizeof *years; i++)
        found = find_instance(s->was, p->r.on, kad_add_years(p->r.on, years[i]), id);
    if (p->d->policy.n > 0 && kad_seen_blind(p, s))
        return kad_put_said_policy(p, s);
    if (!found)
        return kad_fail(p->err, KAD_ENO, _("“%.*s” has no task %.*s."), KAD_STR_FMT(p->r.subject),
                        KAD_STR_FMT(id));
    switch (found->state) {
    case KAD_S_UPCOMING:
    case KAD_S_OPEN:
    case KAD_S_OVERDUE:
    case KAD_S_MISSED:
        p->r.policy = found->adoption->seq;
        return KAD_OK;
    default:
        return fail_state(p, found);
    }
}

/* A task's id begins with its subject. */
static enum kad_err subject_of_task(struct kad_put *p, struct kad_str id)
{
    const char *slash = id.n > 0 ? memchr(id.p, '/', id.n) : NULL;
    struct kad_str subject = {id.p, slash ? (size_t)(slash - id.p) : 0};
    if (subject.n == 0 || subject.n > KAD_LIMIT_KEY)
        return kad_fail(p->err, KAD_EINPUT,
                        _("“%.*s” is no task's id. Ids look like C-1/aftercare.closing_talk/17/"
                          "m6.1of1: the task list shows them."),
                        KAD_STR_FMT(id));
    if (p->r.subject.n > 0 && !kad_str_eq(p->r.subject, subject))
        return kad_fail(p->err, KAD_EINPUT, _("The task %.*s is not one of “%.*s”."),
                        KAD_STR_FMT(id), KAD_STR_FMT(p->r.subject));
    p->r.subject = subject;
    return KAD_OK;
}

enum kad_err kad_draft_waived(struct kad_put *p)
{
    static const char *const kept[] = {"task", "because"};
    struct kad_field *notes = NULL;
    size_t n = 0;
    struct kad_seen s;
    struct kad_str id = {0};
    enum kad_err err = kad_read_notes(p, &notes, &n);
    if (!err)
        err = no_fields(p);
    if (!err) {
        keep_notes(p, notes, n, kept, 2);
        id = kad_text_nfc(p->a, kad_record_note(&p->r, "task"));
        p->r.notes[0].value.str = id;
        err = subject_of_task(p, id);
    }
    if (!err)
        err = kad_check_on(p, p->r.on);
    if (!err)
        err = kad_seen_info(p, p->r.subject, &s);
    if (err)
        return err;
    if (p->kind.n == 0)
        return kad_fail(p->err, KAD_ENO, _("There is no task %.*s: there is no subject “%.*s”."),
                        KAD_STR_FMT(id), KAD_STR_FMT(p->r.subject));
    err = kad_seen_load(p, &s);
    if (!err)
        err = waive_instance(p, &s, id);
    if (err)
        return err;
    kad_seen_place(p, &s);
    kad_seen_rejudge(p, &s, kad_derive_end_of(s.is, p->r.on - 1));
    return KAD_OK;
}

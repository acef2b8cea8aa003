/* What the scheduler records: that an instance was issued, is overdue, was withdrawn, was reminded of
 * or escalated. The scheduler has derived it in this very transaction; of an export that is carried
 * over the line says which policy it was, and only where two of one name came into force on one day
 * the story has to tell which of them is meant. */
#include "core/engine_priv.h"

static enum kad_err check_task(struct kad_put *p, struct kad_str id)
{
    struct kad_str subject = p->r.subject;
    if (subject.n > 0 && id.n > subject.n + 1 && id.p[subject.n] == '/' &&
        memcmp(id.p, subject.p, subject.n) == 0)
        return KAD_OK;
    return kad_fail(p->err, KAD_EINPUT, _("The task %.*s is not one of “%.*s”."), KAD_STR_FMT(id),
                    KAD_STR_FMT(subject));
}

/* The notes as they are stored: the anchor stands in the header. */
static enum kad_err read_notes(struct kad_put *p, uint64_t *ret_anchor)
{
    struct kad_field *notes = NULL;
    size_t n = 0, kept = 0;
    enum kad_err err = kad_read_notes(p, &notes, &n);
    if (err)
        return err;
    *ret_anchor = 0;
    for (size_t i = 0; i < n; i++) {
        if (kad_str_eq(notes[i].name, KAD_STR("anchor")))
            *ret_anchor = (uint64_t)(notes[i].value.num / KAD_MICRO);
        else
            notes[kept++] = notes[i];
    }
    p->r.notes = notes;
    p->r.n_notes = kept;
    return KAD_OK;
}

/* --- whose rule it was --- */

static bool is_called(const struct kad_put *p, const struct kad_adoption *a)
{
    struct kad_buf b = {0};
    kad_engine_put_policy(p->e, a->seq, &b);
    bool same = a->policy && kad_str_eq((struct kad_str){kad_buf_str(&b), b.n}, p->d->policy);
    kad_buf_done(&b);
    return same;
}

static uint64_t derived_policy(struct kad_put *p, struct kad_seen *s)
{
    const struct kad_instance *v;
    struct kad_str id = kad_record_note(&p->r, "task");
    size_t n = kad_derive_instances(s->was, p->r.on, p->r.on, &v);
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(v[i].id, id) && is_called(p, v[i].adoption))
            return v[i].adoption->seq;
    return 0;
}

enum kad_err kad_put_said_policy(struct kad_put *p, struct kad_seen *s)
{
    size_t n = 0;
    for (size_t i = 0; i < p->e->adopted.n; i++)
        if (is_called(p, &p->e->adopted.v[i].a)) {
            p->r.policy = p->e->adopted.v[i].a.seq; /* the last of them, should nothing tell */
            n++;
        }
    if (n == 0)
        return kad_fail(p->err, KAD_EINPUT,
                        _("%s names the policy “%.*s”, which has not been adopted before it."),
                        kad_record_type(p->r.kind), KAD_STR_FMT(p->d->policy));
    if (n == 1)
        return KAD_OK;
    enum kad_err err = kad_seen_load(p, s);
    uint64_t derived = err ? 0 : derived_policy(p, s);
    if (derived > 0)
        p->r.policy = derived;
    return err;
}

/* --- the whole --- */

enum kad_err kad_draft_issued(struct kad_put *p)
{
    struct kad_seen s;
    enum kad_err err = read_notes(p, &p->r.ref);
    if (!err && p->d->n_fields > 0)
        return kad_fail(p->err, KAD_EINPUT, _("%s has no field “%.*s”."),
                        kad_record_type(p->r.kind), KAD_STR_FMT(p->d->fields[0].name));
    if (!err)
        err = check_task(p, kad_record_note(&p->r, "task"));
    if (!err)
        err = kad_check_on(p, p->r.on);
    if (!err)
        err = kad_seen_info(p, p->r.subject, &s);
    if (err)
        return err;
    if (p->kind.n == 0)
        return kad_fail(p->err, KAD_EINPUT,
                        _("There is no task %.*s: there is no subject “%.*s”."),
                        KAD_STR_FMT(kad_record_note(&p->r, "task")), KAD_STR_FMT(p->r.subject));
    s.empty = false;
    p->r.policy = p->d->adoption;
    return p->b->o.scheduler ? KAD_OK : kad_put_said_policy(p, &s);
}

bool kad_issued_same(struct kad_put *p, const struct kad_record *was)
{
    uint64_t anchor = 0;
    struct kad_error ignored = {0}, *err = p->err;
    p->err = &ignored;
    bool same = read_notes(p, &anchor) == KAD_OK;
    p->err = err;
    same = same && anchor == was->ref && p->r.n_notes == was->n_notes;
    for (size_t i = 0; same && i < was->n_notes; i++)
        same = kad_str_eq(p->r.notes[i].name, was->notes[i].name) &&
               kad_same_value(p->r.notes[i].value, was->notes[i].value);
    return same;
}

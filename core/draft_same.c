/* The same thing said again: a writer's id, or the number of an exported line, that is here already
 * is answered with what was recorded then, if the content is the same. */
#include "core/engine_priv.h"

enum kad_err kad_put_record(struct kad_put *p, uint64_t seq, struct kad_record *ret)
{
    struct kad_str bytes;
    enum kad_err err = kad_snapshot_record(p->b->view, seq, &bytes, p->err);
    if (err)
        return err;
    /* The copy outlives what the transaction writes. */
    return kad_snapshot_decode(p->b->view, kad_str_dup(p->a, bytes), p->a, true, ret, p->err);
}

/* The event type of the policy that the record was made with; NULL when it cannot be had. */
static const struct kad_event_type *type_then(struct kad_put *p, const struct kad_record *was,
                                              struct kad_str type, const struct kad_policy **ret)
{
    const struct kad_adoption *a = kad_engine_adoption(p->e, was->policy);
    *ret = a ? a->policy : NULL;
    int event = *ret ? kad_policy_event(*ret, type) : -1;
    return event >= 0 ? &(*ret)->events[event] : NULL;
}

/* What cannot be read, on either side, is not compared. */
static bool same_value(const struct kad_given *given, const struct kad_value *old)
{
    return old->know > KAD_KNOWN || given->value.know == KAD_SEALED ||
           kad_same_value(given->value, *old);
}

/* In an event a field that is null is one that is not there; in a correction it is taken away. */
static bool same_fields(struct kad_put *p, const struct kad_record *was, struct kad_str type)
{
    const struct kad_policy *policy;
    const struct kad_event_type *t = type_then(p, was, type, &policy);
    struct kad_given *given = NULL;
    struct kad_error ignored = {0};
    if (!t || kad_read_fields(p, policy, t, &given, &ignored) != KAD_OK)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < t->n_fields; i++) {
        bool there = given[i].given && (!given[i].null || was->kind == KAD_R_CORRECTED);
        const struct kad_field *old =
            kad_fields_find(was->fields, was->n_fields, t->fields[i].name.p);
        if (there != (old != NULL) || (there && !same_value(&given[i], &old->value)))
            return false;
        n += there;
    }
    return n == was->n_fields;
}

/* A record that corrects or retracts says what in its header. A correction may have been asked for by
 * the number of an earlier correction. */
static bool same_target(struct kad_put *p, const struct kad_record *was, struct kad_value seq)
{
    uint64_t target = (uint64_t)(seq.num / KAD_MICRO);
    if (target == was->ref)
        return true;
    struct kad_record r;
    struct kad_error ignored = {0}, *err = p->err;
    p->err = &ignored;
    bool got = was->kind == KAD_R_CORRECTED && kad_put_record(p, target, &r) == KAD_OK;
    p->err = err;
    return got && r.kind == KAD_R_CORRECTED && r.ref == was->ref;
}

static bool same_units(struct kad_str given, struct kad_str was)
{
    while (given.n > 0 && was.n > 0) {
        struct kad_str a = kad_unit_name(kad_list_item(&given)), b = kad_list_item(&was);
        if (!kad_str_eq(a, b))
            return false;
    }
    return given.n == 0 && was.n == 0;
}

static bool same_notes(struct kad_put *p, const struct kad_record *was)
{
    struct kad_field *notes = NULL;
    size_t n = 0;
    struct kad_error ignored = {0}, *err = p->err;
    p->err = &ignored;
    bool same = kad_read_notes(p, &notes, &n) == KAD_OK;
    p->err = err;
    for (size_t i = 0; same && i < n; i++) {
        const struct kad_field *old = kad_fields_find(was->notes, was->n_notes, notes[i].name.p);
        if (notes[i].value.type == KAD_T_NUMBER)
            same = same_target(p, was, notes[i].value);
        else if (notes[i].value.type == KAD_T_DATE)
            same = notes[i].value.num == was->on;
        else if (kad_str_eq(notes[i].name, KAD_STR("only")))
            same = old ? same_units(notes[i].value.str, old->value.str) : notes[i].value.str.n == 0;
        else if (kad_str_eq(notes[i].name, KAD_STR("accepted")))
            continue; /* the record holds the policy's own questions */
        else
            same = old && kad_same_value(notes[i].value, old->value);
    }
    /* What was said then and is not said now. */
    static const char *const said[] = {"only", "decision", "diff"};
    for (size_t i = 0; same && i < sizeof said / sizeof *said; i++)
        same = !kad_fields_find(was->notes, was->n_notes, said[i]) ||
               kad_fields_find(notes, n, said[i]);
    return same;
}

static bool same_content(struct kad_put *p, const struct kad_record *was)
{
    if (p->r.kind != was->kind || !kad_str_eq(p->r.by, was->by) || !kad_str_eq(p->r.id, was->id))
        return false;
    if (p->d->on != KAD_DAY_NONE && p->d->on != was->on)
        return false;
    bool event = was->kind == KAD_R_EVENT;
    if ((event || p->r.subject.n > 0) && !kad_str_eq(p->r.subject, was->subject))
        return false;
    if (event)
        return kad_str_eq(p->r.type, was->type) && p->d->n_notes == 0 &&
               same_fields(p, was, was->type);
    if (kad_record_issues(was->kind))
        return p->d->n_fields == 0 && kad_issued_same(p, was);
    if (!same_notes(p, was))
        return false;
    if (was->kind != KAD_R_CORRECTED)
        return p->d->n_fields == 0;
    struct kad_record first;
    return kad_put_record(p, was->ref, &first) == KAD_OK && same_fields(p, was, first.type);
}

enum kad_err kad_put_same(struct kad_put *p, uint64_t seq)
{
    struct kad_record *was = kad_arena_new(p->a, struct kad_record);
    char on[KAD_DAY_TEXT];
    enum kad_err err = kad_put_record(p, seq, was);
    if (err)
        return err;
    if (!same_content(p, was)) {
        /* As `log` shows what is about no subject. */
        struct kad_str about = was->subject.n > 0 ? was->subject : KAD_STR("–");
        if (p->d->seq == seq)
            return kad_fail(p->err, KAD_ENO,
                            _("Record %llu is here already, with other content: %.*s of “%.*s” on "
                              "%s."),
                            (unsigned long long)seq, KAD_STR_FMT(was->type),
                            KAD_STR_FMT(about), kad_day_text(was->on, on));
        return kad_fail(
            p->err, KAD_ENO,
            _("The id “%.*s” was given before, to record %llu, with other content: %.*s "
              "of “%.*s” on %s."),
            KAD_STR_FMT(p->r.id), (unsigned long long)seq, KAD_STR_FMT(was->type),
            KAD_STR_FMT(about), kad_day_text(was->on, on));
    }
    if (p->d->accept)
        err = p->d->accept(p->d->accept_ctx, was, p->err);
    if (err)
        return err;
    struct kad_seen s;
    if (was->subject.n > 0)
        err = kad_seen_info(p, was->subject, &s);
    p->out->already = true;
    p->out->seq = seq;
    p->out->record = was;
    p->out->kind = p->kind;
    return err;
}

#include "cli/records.h"

#include "core/clock.h"

#define SLICE 2000 /* records read from one snapshot */

static const char *const own_labels[KAD_R__COUNT] = {
    [KAD_R_ADOPTED] = N_("Policy adopted"),     [KAD_R_ENDED] = N_("Policy ended"),
    [KAD_R_CORRECTED] = N_("Correction"),       [KAD_R_RETRACTED] = N_("Taken back"),
    [KAD_R_WAIVED] = N_("Task waived"),         [KAD_R_ISSUED] = N_("Task issued"),
    [KAD_R_OVERDUE] = N_("Task overdue"),       [KAD_R_WITHDRAWN] = N_("Task withdrawn"),
    [KAD_R_REMINDED] = N_("Reminder"),          [KAD_R_ESCALATED] = N_("Escalation"),
    [KAD_R_ERASED] = N_("Private data erased"), [KAD_R_REKEYED] = N_("Signing key replaced"),
};

const struct kad_policy *kad_policy_with(const struct kad_engine *e, uint64_t seq,
                                         struct kad_str type)
{
    const struct kad_adoption *a = seq ? kad_engine_adoption(e, seq) : NULL;
    if (a && a->policy)
        return a->policy;
    const struct kad_timeline *t = kad_engine_timeline(e);
    for (size_t i = t->n; i-- > 0;)
        if (t->v[i].policy && kad_policy_event(t->v[i].policy, type) >= 0)
            return t->v[i].policy;
    return NULL;
}

const struct kad_policy *kad_record_policy(const struct kad_engine *e, const struct kad_record *r)
{
    return kad_policy_with(e, r->policy, r->type);
}

struct kad_str kad_type_label(const struct kad_policy *p, struct kad_str type)
{
    int event = p ? kad_policy_event(p, type) : -1;
    return event >= 0 ? p->events[event].label : type;
}

struct kad_str kad_record_label(const struct kad_engine *e, const struct kad_record *r)
{
    if (r->kind != KAD_R_EVENT)
        return kad_str(_(own_labels[r->kind]));
    return kad_type_label(kad_record_policy(e, r), r->type);
}

/* What people call a field: its own label, else that of the choice or kind it names, else that of
 * the attribute that is read from it. */
static struct kad_str field_label(const struct kad_policy *p, int event, int field)
{
    const struct kad_event_type *e = &p->events[event];
    const struct kad_field_def *f = &e->fields[field];
    if (!kad_str_eq(f->label, f->name))
        return f->label;
    if (f->type == KAD_T_CHOICE && f->ref >= 0)
        return p->choices[f->ref].label;
    if (f->type == KAD_T_SUBJECT && f->ref >= 0)
        return p->kinds[f->ref].label;
    const struct kad_kind *k = &p->kinds[e->kind];
    for (size_t i = 0; i < k->n_attributes; i++)
        for (size_t j = 0; j < k->attributes[i].n_items; j++)
            if (k->attributes[i].items[j].after.event == event &&
                k->attributes[i].items[j].field == field)
                return k->attributes[i].label;
    return f->label;
}

static const struct kad_field_def *field_def(const struct kad_policy *p, struct kad_str type,
                                             struct kad_str name, int *ret_event, int *ret_field)
{
    *ret_event = p ? kad_policy_event(p, type) : -1;
    *ret_field = *ret_event >= 0 ? kad_event_field(&p->events[*ret_event], name) : -1;
    return *ret_field >= 0 ? &p->events[*ret_event].fields[*ret_field] : NULL;
}

struct kad_str kad_field_called(const struct kad_policy *p, struct kad_str type,
                                struct kad_str name)
{
    int event, field;
    return field_def(p, type, name, &event, &field) ? field_label(p, event, field) : name;
}

void kad_record_put_field(struct kad_buf *b, const struct kad_policy *p, struct kad_str type,
                          const struct kad_field *f, bool open)
{
    int event, field;
    const struct kad_field_def *def = field_def(p, type, f->name, &event, &field);
    struct kad_value v = f->value;
    if (v.know == KAD_SEALED || v.know == KAD_ERASED)
        kad_buf_puts(b, v.know == KAD_SEALED ? _("(sealed)") : _("(erased)"));
    else if (f->is_private && !open)
        kad_buf_puts(b, _("(private)"));
    else if (v.type == KAD_T_NONE || v.know != KAD_KNOWN)
        kad_buf_puts(b, _("(removed)"));
    else if (def)
        kad_policy_put_value(b, p, kad_policy_bind(p, v, def->type, def->ref), def->type, def->ref);
    else
        kad_value_put_pretty(b, v);
}

void kad_put_fields(struct kad_buf *b, const struct kad_policy *p, struct kad_str type,
                    const struct kad_field *f, size_t n, bool open)
{
    for (size_t i = 0; i < n; i++) {
        struct kad_str label = kad_field_called(p, type, f[i].name);
        kad_buf_printf(b, "%s%.*s: ", b->n ? ", " : "", KAD_STR_FMT(label));
        kad_record_put_field(b, p, type, &f[i], open);
    }
}

static void put_note(struct kad_buf *b, const struct kad_record *r, const char *name)
{
    struct kad_str s = kad_record_note(r, name);
    if (s.n)
        kad_buf_printf(b, "%s%.*s", b->n ? "; " : "", KAD_STR_FMT(s));
}

static uint64_t seq_note(const struct kad_record *r, const char *name)
{
    const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, name);
    return f && kad_value_known(f->value) ? (uint64_t)(f->value.num / KAD_MICRO) : 0;
}

/* What the scheduler recorded of a task: "Personligt besök, due 2021-06-07; C-1/…/17/m1.w1". */
static void put_issued(struct kad_buf *b, const struct kad_engine *e, const struct kad_record *r)
{
    const struct kad_adoption *a = r->policy ? kad_engine_adoption(e, r->policy) : NULL;
    struct kad_str label = kad_record_note(r, "name"), to = kad_record_note(r, "to");
    int task = a && a->policy ? kad_policy_task(a->policy, label) : -1;
    int role = a && a->policy && to.n > 0 ? kad_policy_role(a->policy, to) : -1;
    const struct kad_field *due = kad_fields_find(r->notes, r->n_notes, "due");
    char day[KAD_DAY_TEXT] = "";
    if (task >= 0)
        label = a->policy->tasks[task].label;
    if (due && kad_value_known(due->value))
        kad_day_text((kad_day)due->value.num, day);
    kad_buf_printf(b, _("%.*s, due %s"), KAD_STR_FMT(label), day);
    if (role >= 0)
        to = a->policy->roles[role].label;
    if (to.n > 0)
        kad_buf_printf(b, _(", to %.*s"), KAD_STR_FMT(to));
    if (seq_note(r, "issue") > 1)
        kad_buf_printf(b, _("; issue %llu"),
                       (unsigned long long)seq_note(r, "issue"));
    if (seq_note(r, "because") > 0)
        kad_buf_printf(b, _("; because of no. %llu"), (unsigned long long)seq_note(r, "because"));
    put_note(b, r, "task");
}

enum kad_err kad_record_at(const struct kad_cli *c, uint64_t seq, struct kad_arena *a,
                           struct kad_record *ret, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_str bytes;
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_record(s, seq, &bytes, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_decode(s, kad_str_dup(a, bytes), a, true, ret, reterr);
    kad_snapshot_release(s);
    return got;
}

void kad_put_own(struct kad_buf *b, const struct kad_cli *c, struct kad_arena *a,
                 const struct kad_record *r, bool open)
{
    struct kad_record target = {0};
    struct kad_error ignored = {0};
    struct kad_buf fields = {0};
    const struct kad_field *day = kad_fields_find(r->notes, r->n_notes, "on");
    switch (r->kind) {
    case KAD_R_CORRECTED:
        kad_buf_printf(b, _("no. %llu"), (unsigned long long)r->ref);
        if (day && kad_value_known(day->value)) {
            char text[KAD_DAY_TEXT];
            kad_buf_puts(b, ": ");
            kad_buf_printf(b, _("happened %s"), kad_day_text((kad_day)day->value.num, text));
        }
        /* The names of its fields are those of the event that it corrects. */
        if (r->n_fields && kad_record_at(c, r->ref, a, &target, &ignored) == KAD_OK)
            kad_put_fields(&fields, kad_record_policy(c->engine, &target), target.type, r->fields,
                           r->n_fields, open);
        if (fields.n)
            kad_buf_printf(b, ": %s", kad_buf_str(&fields));
        put_note(b, r, "because");
        break;
    case KAD_R_RETRACTED:
        kad_buf_printf(b, _("no. %llu"), (unsigned long long)r->ref);
        put_note(b, r, "because");
        break;
    case KAD_R_ADOPTED:
    case KAD_R_ENDED:
        put_note(b, r, "name");
        put_note(b, r, "decision");
        break;
    case KAD_R_ISSUED:
    case KAD_R_OVERDUE:
    case KAD_R_WITHDRAWN:
    case KAD_R_REMINDED:
    case KAD_R_ESCALATED:
        put_issued(b, c->engine, r);
        break;
    case KAD_R_REKEYED:
        put_note(b, r, "new_key");
        break;
    default:
        put_note(b, r, "task");
        put_note(b, r, "because");
    }
    kad_buf_done(&fields);
}

int32_t kad_record_delay(const struct kad_record *r)
{
    kad_day recorded = kad_clock_day(r->at);
    return recorded > r->on ? recorded - r->on : 0;
}

enum kad_err kad_records_of(struct kad_cli *c, struct kad_str subject, struct kad_record **ret,
                            size_t *ret_n, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_story(s, subject, &c->arena, ret, ret_n, reterr);
    kad_snapshot_release(s);
    if (got != KAD_OK)
        return got;
    size_t n = 0;
    for (size_t i = 0; i < *ret_n; i++)
        if ((*ret)[i].seq <= c->known.seq && (*ret)[i].at <= c->known.at)
            (*ret)[n++] = (*ret)[i];
    *ret_n = n;
    return KAD_OK;
}

static enum kad_err read_slice(struct kad_cli *c, uint64_t *from, struct kad_arena *a,
                               kad_record_fn fn, void *ctx, bool *ret_end, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_ledger_state state;
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_state(s, &state, reterr);
    uint64_t last = got == KAD_OK ? state.last_seq : 0;
    last = last < c->known.seq ? last : c->known.seq;
    for (size_t n = 0; got == KAD_OK && n < SLICE && !*ret_end; n++) {
        struct kad_str bytes;
        struct kad_record r;
        if (*from > last) {
            *ret_end = true;
            break;
        }
        kad_arena_reset(a);
        got = kad_snapshot_record(s, *from, &bytes, reterr);
        if (got == KAD_OK)
            got = kad_snapshot_decode(s, bytes, a, true, &r, reterr);
        *ret_end = got == KAD_OK && r.at > c->known.at;
        if (got == KAD_OK && !*ret_end)
            got = fn(ctx, &r, reterr);
        (*from)++;
    }
    kad_snapshot_release(s);
    return got;
}

enum kad_err kad_records_each(struct kad_cli *c, uint64_t from, kad_record_fn fn, void *ctx,
                              struct kad_error *reterr)
{
    struct kad_arena a;
    kad_arena_init(&a);
    bool end = false;
    enum kad_err got = KAD_OK;
    while (got == KAD_OK && !end)
        got = read_slice(c, &from, &a, fn, ctx, &end, reterr);
    kad_arena_done(&a);
    return got;
}

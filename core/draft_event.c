/* An event that somebody wants recorded: of whom, by which policy, and what its guards say. */
#include "core/derive_priv.h"
#include "core/engine_priv.h"

/* --- of whom --- */

/* The event as any policy declares it; no two may differ in whose event it is. */
static const struct kad_kind *kind_of_event(const struct kad_timeline *t, struct kad_str type)
{
    for (size_t i = t->n; i > 0; i--) {
        const struct kad_policy *p = t->v[i - 1].policy;
        int event = p ? kad_policy_event(p, type) : -1;
        if (event >= 0)
            return &p->kinds[p->events[event].kind];
    }
    return NULL;
}

/* The event and a kind as people call them. */
static struct kad_str type_called(const struct kad_put *p)
{
    return kad_type_called(&p->e->all, p->a, p->r.type);
}

static struct kad_str kind_called(const struct kad_put *p, struct kad_str kind)
{
    return kad_kind_called(&p->e->all, p->a, kind);
}

static enum kad_err fail_member(struct kad_put *p, const struct kad_kind *kind)
{
    struct kad_str type = type_called(p), word = kind_called(p, kind->name);
    struct kad_guess g = kad_guess_for(p->r.subject);
    for (size_t i = 0; i < kind->n_members; i++)
        kad_guess_try(&g, kind->members[i].name);
    if (g.best.n > 0)
        return kad_fail(
            p->err, KAD_EINPUT,
            _("%.*s is an event of %.*s, and none is called “%.*s”. Did you mean %.*s?"),
            KAD_STR_FMT(type), KAD_STR_FMT(word), KAD_STR_FMT(p->r.subject), KAD_STR_FMT(g.best));
    return kad_fail(p->err, KAD_EINPUT, _("%.*s is an event of %.*s, and none is called “%.*s”."),
                    KAD_STR_FMT(type), KAD_STR_FMT(word), KAD_STR_FMT(p->r.subject));
}

/* Is the event one of this subject's kind? p->kind is what is known of the subject (empty: a new
 * key) and becomes the kind's name. An unknown event is left to the policies in force. */
static enum kad_err check_kind(struct kad_put *p, const struct kad_kind *kind)
{
    if (!kind || kad_str_eq(p->kind, kind->name))
        return KAD_OK;
    if (p->kind.n > 0) {
        struct kad_str type = type_called(p), of = kind_called(p, kind->name),
                       is = kind_called(p, p->kind);
        return kad_fail(p->err, KAD_EINPUT, _("%.*s is an event of %.*s, but “%.*s” is a %.*s."),
                        KAD_STR_FMT(type), KAD_STR_FMT(of), KAD_STR_FMT(p->r.subject),
                        KAD_STR_FMT(is));
    }
    if (kind->shape == KAD_KIND_PROGRAMME) {
        struct kad_str type = type_called(p);
        return kad_fail(p->err, KAD_EINPUT,
                        _("%.*s is an event of the programme: its subject is written “%s”."),
                        KAD_STR_FMT(type), KAD_PROGRAMME);
    }
    if (kind->shape == KAD_KIND_ONE_OF)
        return fail_member(p, kind);
    if (kad_str_eq(p->r.subject, KAD_STR(KAD_PROGRAMME)))
        return kad_fail(p->err, KAD_EINPUT, _("“%s” is the programme's own key: choose another."),
                        KAD_PROGRAMME);
    p->kind = kind->name;
    return KAD_OK;
}

/* Members come and go with versions of a policy: it must be one in the version that decides. */
static enum kad_err check_member(struct kad_put *p)
{
    const struct kad_policy *policy = kad_engine_adoption(p->e, p->r.policy)->policy;
    int k = kad_policy_kind(policy, p->kind);
    if (k >= 0 && policy->kinds[k].shape == KAD_KIND_ONE_OF &&
        kad_kind_member(&policy->kinds[k], p->r.subject) < 0)
        return fail_member(p, &policy->kinds[k]);
    return KAD_OK;
}

/* --- what it says --- */

static enum kad_err fail_lacking(struct kad_put *p, struct kad_error *err,
                                 const struct kad_event_type *type, const struct kad_given *given)
{
    struct kad_buf lacking = {0};
    size_t n = 0;
    for (size_t i = 0; i < type->n_fields; i++) {
        if (type->fields[i].optional || (given[i].given && !given[i].null))
            continue;
        struct kad_str field = kad_called(p->a, type->fields[i].label, type->fields[i].name);
        kad_buf_printf(&lacking, "%s%.*s", n++ ? ", " : "", KAD_STR_FMT(field));
    }
    if (n > 0)
        kad_fail(err, KAD_EINPUT,
                 ngettext_("%.*s lacks a field that it must have: %s.",
                           "%.*s lacks fields that it must have: %s.", n),
                 KAD_STR_FMT(kad_called(p->a, type->label, type->name)), kad_buf_str(&lacking));
    kad_buf_done(&lacking);
    return n > 0 ? KAD_EINPUT : KAD_OK;
}

static enum kad_err fill(struct kad_put *p, void *ctx, const struct kad_policy *policy,
                         const struct kad_event_type *type, struct kad_error *err)
{
    (void)ctx;
    struct kad_given *given = NULL;
    enum kad_err e = kad_read_fields(p, policy, type, &given, err);
    if (!e)
        e = fail_lacking(p, err, type, given);
    if (e)
        return e;
    struct kad_field *fields = kad_arena_array(p->a, struct kad_field, type->n_fields + 1);
    size_t n = 0;
    for (size_t i = 0; i < type->n_fields; i++)
        if (given[i].given && !given[i].null)
            fields[n++] = (struct kad_field){type->fields[i].name, given[i].value,
                                             type->fields[i].is_private};
    p->r.fields = fields;
    p->r.n_fields = n;
    return KAD_OK;
}

/* --- what its guards say --- */

/* One refusal as sentences: the message, where it comes from, what was found. */
static void put_refusal(struct kad_buf *b, const struct kad_finding *f)
{
    struct kad_str message = f->guard->message;
    if (message.n > 0 && message.p[message.n - 1] == '.')
        message.n--;
    kad_buf_puts(b, b->n > 0 ? " " : "");
    if (f->guard->source.n > 0)
        kad_buf_printf(b, _("%.*s. (%.*s; line %d of %.*s.)"), KAD_STR_FMT(message),
                       KAD_STR_FMT(f->guard->source), f->guard->line,
                       KAD_STR_FMT(f->adoption->name));
    else
        kad_buf_printf(b, _("%.*s. (Line %d of %.*s.)"), KAD_STR_FMT(message), f->guard->line,
                       KAD_STR_FMT(f->adoption->name));
    if (f->values.n > 0) {
        kad_buf_putc(b, ' ');
        kad_buf_printf(b, _("Found: %.*s."), KAD_STR_FMT(f->values));
    }
}

static enum kad_err fail_refused(struct kad_put *p, const struct kad_finding *f, size_t n)
{
    struct kad_buf all = {0};
    for (size_t i = 0; i < n; i++)
        if (f[i].guard->require)
            put_refusal(&all, &f[i]);
    enum kad_err err =
        kad_fail(p->err, KAD_ENO, _("%.*s of “%.*s” is refused: %s"), KAD_STR_FMT(p->r.type),
                 KAD_STR_FMT(p->r.subject), kad_buf_str(&all));
    kad_buf_done(&all);
    return err;
}

static struct kad_str failed_list(struct kad_put *p, const struct kad_finding *f, size_t n)
{
    struct kad_buf list = {0};
    for (size_t i = 0; i < n; i++) {
        if (!f[i].guard->require)
            continue;
        kad_buf_puts(&list, list.n > 0 ? "\n" : "");
        if (f[i].guard->source.n > 0)
            kad_buf_printf(&list, "%.*s: ", KAD_STR_FMT(f[i].guard->source));
        kad_buf_put(&list, f[i].guard->message.p, f[i].guard->message.n);
    }
    struct kad_str s = kad_str_dup(p->a, (struct kad_str){kad_buf_str(&list), list.n});
    kad_buf_done(&list);
    return s;
}

static enum kad_err override(struct kad_put *p, const struct kad_finding *f, size_t n)
{
    struct kad_field *notes = kad_arena_array(p->a, struct kad_field, 2);
    struct kad_value failed = {KAD_T_LIST, KAD_KNOWN, 0, failed_list(p, f, n)};
    notes[0] = (struct kad_field){KAD_STR("because"), kad_value_text(p->d->override), false};
    notes[1] = (struct kad_field){KAD_STR("failed"), failed, false};
    p->r.notes = notes;
    p->r.n_notes = 2;
    p->r.flags |= KAD_RF_OVERRIDE;
    return KAD_OK;
}

static void deviate(struct kad_put *p, const struct kad_finding *f, size_t n)
{
    p->r.deviations = kad_arena_array(p->a, struct kad_deviation, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!f[i].guard->require)
            p->r.deviations[p->r.n_deviations++] =
                (struct kad_deviation){f[i].adoption->seq, (uint32_t)f[i].guard->line,
                                       f[i].guard->message, f[i].guard->source};
    if (p->r.n_deviations > 0)
        p->r.flags |= KAD_RF_DEVIATES;
}

/* What the record said of its guards, where they can no longer be asked. */
static size_t said(struct kad_put *p, struct kad_seen *s, size_t pos, const struct kad_finding **ret)
{
    const struct kad_finding *all;
    size_t n_all = kad_judge_all(s->is, pos, &all), n = 0;
    struct kad_finding *f = kad_arena_array(p->a, struct kad_finding, n_all + 1);
    for (size_t i = 0; i < n_all; i++)
        if (p->d->said(p->d->accept_ctx, &all[i]))
            f[n++] = all[i];
    *ret = f;
    return n;
}

static enum kad_err judge(struct kad_put *p, struct kad_seen *s)
{
    if (s->empty)
        return KAD_OK;
    size_t pos = kad_seen_find(&s->after, p->r.seq), failing = 0;
    kad_assert(pos != SIZE_MAX);
    const struct kad_finding *f = NULL;
    size_t n = p->d->said && kad_seen_blind(p, s) ? said(p, s, pos, &f)
                                                  : kad_derive_judge(s->is, pos, &f);
    p->out->findings = f;
    p->out->n_findings = n;
    for (size_t i = 0; i < n; i++)
        failing += f[i].guard->require;
    if (failing > 0 && p->d->override.n == 0)
        return fail_refused(p, f, n);
    if (failing > 0)
        override(p, f, n);
    deviate(p, f, n);
    kad_seen_rejudge(p, s, pos + 1);
    return KAD_OK;
}

/* --- the whole --- */

/* Does nothing depend on the story: no guard of its kind's events, no question what it begins with,
 * and no units that it would have to tell? Then a long story need not be read for each event. */
static bool is_free_of_story(const struct kad_put *p, const struct kad_seen *s)
{
    const struct kad_timeline *t = &p->e->all;
    for (size_t i = 0; i < t->n; i++) {
        const struct kad_policy *policy = t->v[i].policy;
        int k = policy ? kad_policy_kind(policy, p->kind) : -1;
        if (k < 0)
            continue;
        const struct kad_kind *kind = &policy->kinds[k];
        if (kind->shape == KAD_KIND_FREE && t->v[i].n_units > 0)
            return false;
        if (kind->begins_with >= 0 && (!s->known || s->info.amended || p->r.on < s->info.first_on))
            return false;
        for (size_t g = 0; g < policy->n_guards; g++)
            if (policy->events[policy->guards[g].event].kind == k)
                return false;
    }
    return true;
}

static enum kad_err check_draft(struct kad_put *p)
{
    const struct kad_draft *d = p->d;
    enum kad_err err = kad_check_name(p->err, p->r.type, KAD_LIMIT_NAME, "type");
    if (!err && p->r.subject.n == 0)
        return kad_fail(p->err, KAD_EINPUT, _("%.*s needs a subject: whom is it about?"),
                        KAD_STR_FMT(p->r.type));
    if (!err && d->n_notes > 0)
        return kad_fail(p->err, KAD_EINPUT,
                        _("An event has fields only, so it cannot have “%.*s”."),
                        KAD_STR_FMT(d->notes[0].name));
    if (!err && d->override.n > 0 && kad_is_blank_text(d->override))
        return kad_fail(p->err, KAD_EINPUT, _("To override a rule, say why."));
    if (!err && d->override.n > KAD_LIMIT_TEXT)
        return kad_fail(p->err, KAD_EINPUT, _("The reason is longer than %d bytes."),
                        KAD_LIMIT_TEXT);
    return err;
}

enum kad_err kad_draft_event(struct kad_put *p)
{
    struct kad_seen s;
    struct kad_settle how = {.type = p->r.type, .fill = fill};
    enum kad_err err = check_draft(p);
    if (!err)
        err = kad_check_on(p, p->r.on);
    if (!err)
        err = kad_seen_info(p, p->r.subject, &s);
    bool is_free_key = !err && p->kind.n == 0;
    if (!err)
        err = check_kind(p, kind_of_event(&p->e->all, p->r.type));
    if (!err && is_free_key)
        err = kad_check_key(p->err, p->r.subject);
    if (err)
        return err;
    s.empty = is_free_of_story(p, &s);
    err = kad_seen_load(p, &s);
    if (!err)
        err = kad_seen_settle(p, &s, &how);
    if (!err)
        err = check_member(p);
    if (!err)
        err = kad_seen_begins(p, &s);
    if (!err)
        err = judge(p, &s);
    p->out->new_subject = is_free_key;
    return err;
}

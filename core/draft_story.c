/* A subject's story with and without the record that is being made: which policy is in force for
 * it, what it may begin with, and what later events come to deviate by it. */
#include "core/clock.h"
#include "core/engine_priv.h"

/* --- loading and placing --- */

enum kad_err kad_seen_info(struct kad_put *p, struct kad_str subject, struct kad_seen *ret)
{
    struct kad_error why = {0};
    *ret = (struct kad_seen){0};
    enum kad_err err = kad_snapshot_subject(p->b->view, subject, &ret->info, &why);
    if (err && err != KAD_ENOTFOUND)
        return kad_fail(p->err, err, "%s", why.text);
    ret->known = err == KAD_OK;
    if (!ret->known)
        ret->info = (struct kad_subject_info){.first_on = KAD_DAY_NONE};
    ret->info.key = subject;
    ret->info.kind = kad_str_dup(p->a, ret->info.kind);
    const struct kad_kind *named = kad_named_kind(&p->e->all, subject);
    p->kind = named ? named->name : ret->info.kind;
    return KAD_OK;
}

enum kad_err kad_seen_load(struct kad_put *p, struct kad_seen *s)
{
    struct kad_record *records = NULL;
    if (s->known && !s->empty) {
        enum kad_err err =
            kad_snapshot_story(p->b->view, s->info.key, p->a, &records, &s->n, p->err);
        if (err)
            return err;
    }
    s->records = kad_arena_array(p->a, struct kad_record, s->n + 1);
    if (s->n > 0)
        memcpy(s->records, records, s->n * sizeof *records);
    kad_story_build(p->a, s->info.key, s->records, s->n, KAD_KNOWN_ALL, &s->before);
    s->was = kad_derive_new(p->a, &p->e->all, &s->before, p->kind);
    s->after = s->before;
    s->is = s->was;
    return KAD_OK;
}

void kad_seen_place(struct kad_put *p, struct kad_seen *s)
{
    if (s->empty)
        return;
    s->records[s->n] = p->r;
    kad_story_build(p->a, s->info.key, s->records, s->n + 1, KAD_KNOWN_ALL, &s->after);
    s->is = kad_derive_new(p->a, &p->e->all, &s->after, p->kind);
}

static bool is_unreadable(const struct kad_record *r)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (r->fields[i].value.know > KAD_KNOWN)
            return true;
    return false;
}

bool kad_seen_blind(const struct kad_put *p, const struct kad_seen *s)
{
    bool blind = is_unreadable(&p->r);
    for (size_t i = 0; p->b->restores && !blind && i < s->n; i++)
        blind = is_unreadable(&s->records[i]);
    return p->b->restores && blind;
}

size_t kad_seen_find(const struct kad_story *s, uint64_t seq)
{
    for (size_t i = s->n_facts; i > 0; i--)
        if (s->facts[i - 1].seq == seq)
            return i - 1;
    return SIZE_MAX;
}

/* The fact where it stands if nothing moved it; else wherever it is. */
static size_t find_again(const struct kad_story *s, const struct kad_fact *f)
{
    size_t low = 0, high = s->n_facts;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct kad_fact *m = &s->facts[mid];
        if (m->on < f->on || (m->on == f->on && m->seq < f->seq))
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->n_facts && s->facts[low].seq == f->seq ? low : kad_seen_find(s, f->seq);
}

/* --- days --- */

enum kad_err kad_check_on(struct kad_put *p, kad_day on)
{
    char day[KAD_DAY_TEXT], recorded[KAD_DAY_TEXT];
    kad_day today = kad_clock_day(p->r.at);
    if (on < kad_day_of(KAD_LIMIT_YEAR_MIN, 1, 1) || on > kad_day_of(KAD_LIMIT_YEAR_MAX, 12, 31))
        return kad_fail(p->err, KAD_EINPUT, _("The day must lie in the years %d to %d."),
                        KAD_LIMIT_YEAR_MIN, KAD_LIMIT_YEAR_MAX);
    if (on > kad_add_years(today, 1))
        return kad_fail(p->err, KAD_EINPUT,
                        _("%s lies more than a year ahead of the day of recording, %s: this is "
                          "likely a slip."),
                        kad_day_text(on, day), kad_day_text(today, recorded));
    return KAD_OK;
}

/* --- the policy of an event --- */

static const struct kad_adoption *in_force(struct kad_derive *d, size_t i, kad_day day)
{
    const struct kad_str *names;
    size_t n = kad_derive_names(d, &names);
    if (i >= n)
        return NULL;
    const struct kad_adoption *a = kad_derive_in_force(d, names[i], day);
    return a && a->policy ? a : NULL;
}

static size_t count_names(const struct kad_derive *d)
{
    const struct kad_str *names;
    return kad_derive_names(d, &names);
}

/* The first policy in force, in the order of names, that declares the event. */
static const struct kad_adoption *declaring(struct kad_derive *d, struct kad_str type, kad_day day)
{
    for (size_t i = 0; i < count_names(d); i++) {
        const struct kad_adoption *a = in_force(d, i, day);
        if (a && kad_policy_event(a->policy, type) >= 0)
            return a;
    }
    return NULL;
}

static enum kad_err fail_none_in_force(struct kad_put *p)
{
    const struct kad_timeline *t = &p->e->all;
    char on[KAD_DAY_TEXT], from[KAD_DAY_TEXT];
    kad_day first = KAD_DAY_MAX;
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].policy && t->v[i].from < first)
            first = t->v[i].from;
    kad_day_text(p->r.on, on);
    if (t->n == 0)
        return kad_fail(p->err, KAD_ENO,
                        _("No policy has been adopted yet, so nothing can be recorded."));
    if (p->r.on < first)
        return kad_fail(p->err, KAD_ENO,
                        _("No policy is in force for “%.*s” on %s: the first one is from %s."),
                        KAD_STR_FMT(p->r.subject), on, kad_day_text(first, from));
    return kad_fail(p->err, KAD_ENO, _("No policy is in force for “%.*s” on %s."),
                    KAD_STR_FMT(p->r.subject), on);
}

/* Nothing in force declares the event: because there is no such event, or because nothing is in
 * force. */
static enum kad_err fail_type(struct kad_put *p, struct kad_derive *d, struct kad_str type)
{
    struct kad_guess g = kad_guess_for(type);
    struct kad_buf names = {0};
    for (size_t i = 0; i < count_names(d); i++) {
        const struct kad_adoption *a = in_force(d, i, p->r.on);
        if (!a)
            continue;
        kad_buf_puts(&names, names.n > 0 ? ", " : "");
        kad_engine_put_policy(p->e, a->seq, &names);
        for (size_t k = 0; k < a->policy->n_events; k++)
            kad_guess_try(&g, a->policy->events[k].name);
    }
    enum kad_err err = KAD_EINPUT;
    if (names.n == 0)
        err = fail_none_in_force(p);
    else if (g.best.n > 0)
        kad_fail(p->err, err, _("There is no event “%.*s” in %s. Did you mean %.*s?"),
                 KAD_STR_FMT(type), kad_buf_str(&names), KAD_STR_FMT(g.best));
    else
        kad_fail(p->err, err, _("There is no event “%.*s” in %s."), KAD_STR_FMT(type),
                 kad_buf_str(&names));
    kad_buf_done(&names);
    return err;
}

static enum kad_err fill_and_place(struct kad_put *p, struct kad_seen *s,
                                   const struct kad_settle *how, const struct kad_adoption *a,
                                   struct kad_error *err)
{
    int event = kad_policy_event(a->policy, how->type);
    enum kad_err e = how->fill(p, how->ctx, a->policy, &a->policy->events[event], err);
    if (e)
        return e;
    p->r.policy = a->seq;
    kad_seen_place(p, s);
    return KAD_OK;
}

static bool any_units(const struct kad_timeline *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].n_units > 0)
            return true;
    return false;
}

/* A first event may itself say which unit its subject is of, and so which policy is in force for
 * it: try those that are for some units only, and see which one holds with the event in place. */
static enum kad_err settle_by_unit(struct kad_put *p, struct kad_seen *s,
                                   const struct kad_settle *how)
{
    struct kad_error first = {0};
    const struct kad_timeline *t = &p->e->all;
    for (size_t i = t->n; i > 0; i--) {
        const struct kad_adoption *a = &t->v[i - 1];
        if (a->n_units == 0 || a->from > p->r.on || !a->policy ||
            kad_policy_event(a->policy, how->type) < 0)
            continue;
        struct kad_error why = {0};
        if (fill_and_place(p, s, how, a, &why) != KAD_OK) {
            if (!first.code)
                first = why;
            continue;
        }
        if (declaring(s->is, how->type, p->r.on) == a)
            return KAD_OK;
    }
    if (first.code)
        return kad_fail(p->err, first.code, "%s", first.text);
    return fail_type(p, s->is, how->type);
}

enum kad_err kad_seen_settle(struct kad_put *p, struct kad_seen *s, const struct kad_settle *how)
{
    bool units = any_units(&p->e->all);
    const struct kad_adoption *a = declaring(s->was, how->type, p->r.on);
    if (!a)
        return units ? settle_by_unit(p, s, how) : fail_type(p, s->was, how->type);
    enum kad_err err = fill_and_place(p, s, how, a, p->err);
    if (err || !units)
        return err;
    const struct kad_adoption *with = declaring(s->is, how->type, p->r.on);
    if (with == a)
        return KAD_OK;
    return with ? fill_and_place(p, s, how, with, p->err) : settle_by_unit(p, s, how);
}

/* --- what a story begins with --- */

/* What the kind begins with by the policies in force on the day; empty: by anything. */
static struct kad_str beginning(const struct kad_put *p, struct kad_derive *d, kad_day day)
{
    for (size_t i = 0; i < count_names(d); i++) {
        const struct kad_adoption *a = in_force(d, i, day);
        int kind = a ? kad_policy_kind(a->policy, p->kind) : -1;
        int event = kind >= 0 ? a->policy->kinds[kind].begins_with : -1;
        if (event >= 0)
            return a->policy->events[event].name;
    }
    return (struct kad_str){0};
}

/* A key that nobody has yet: a mistyped one must not make a ghost. */
static enum kad_err fail_stranger(struct kad_put *p, struct kad_str begin)
{
    struct kad_str near = {0}, kind = kad_kind_called(&p->e->all, p->a, p->kind);
    begin = kad_type_called(&p->e->all, p->a, begin);
    struct kad_error ignored = {0};
    if (p->b->guesses > 0) {
        p->b->guesses--;
        if (kad_nearest_key(p->b->view, &p->e->all, p->r.subject, p->a, &near, &ignored))
            near = (struct kad_str){0};
    }
    if (near.n > 0)
        return kad_fail(p->err, KAD_EINPUT,
                        _("There is no %.*s “%.*s” yet, and its first event would have to be %.*s. "
                          "Did you mean %.*s?"),
                        KAD_STR_FMT(kind), KAD_STR_FMT(p->r.subject), KAD_STR_FMT(begin),
                        KAD_STR_FMT(near));
    return kad_fail(p->err, KAD_EINPUT,
                    _("There is no %.*s “%.*s” yet, and its first event would have to be %.*s."),
                    KAD_STR_FMT(kind), KAD_STR_FMT(p->r.subject), KAD_STR_FMT(begin));
}

enum kad_err kad_seen_begins(struct kad_put *p, const struct kad_seen *s)
{
    if (s->empty || s->after.n_facts == 0)
        return KAD_OK;
    const struct kad_fact *first = &s->after.facts[0];
    struct kad_str begin = beginning(p, s->is, first->on);
    if (begin.n == 0 || kad_str_eq(first->type, begin))
        return KAD_OK;
    if (s->before.n_facts == 0 && p->r.kind == KAD_R_EVENT)
        return fail_stranger(p, begin);
    char on[KAD_DAY_TEXT];
    struct kad_str must = kad_type_called(&p->e->all, p->a, begin);
    if (s->before.n_facts > 0 && s->before.facts[0].seq == first->seq &&
        kad_str_eq(beginning(p, s->was, s->before.facts[0].on), begin))
        return KAD_OK; /* as before: an older policy took it */
    if (p->r.kind == KAD_R_EVENT)
        return kad_fail(p->err, KAD_EINPUT,
                        _("“%.*s” begins with %.*s on %s: nothing can have happened to it before."),
                        KAD_STR_FMT(p->r.subject), KAD_STR_FMT(must),
                        kad_day_text(s->before.facts[0].on, on));
    return kad_fail(p->err, KAD_EINPUT,
                    _("“%.*s” would then begin with %.*s, but it must begin with %.*s. Retract or "
                      "correct what comes later first."),
                    KAD_STR_FMT(p->r.subject),
                    KAD_STR_FMT(kad_type_called(&p->e->all, p->a, first->type)), KAD_STR_FMT(must));
}

/* --- what later events come to deviate --- */

static bool is_among(const struct kad_finding *f, const struct kad_finding *old, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (old[i].guard == f->guard && old[i].adoption == f->adoption)
            return true;
    return false;
}

void kad_seen_rejudge(struct kad_put *p, struct kad_seen *s, size_t from)
{
    kad_vec(struct kad_later) later = {0};
    for (size_t i = from; !s->empty && i < s->after.n_facts; i++) {
        const struct kad_fact *f = &s->after.facts[i];
        const struct kad_finding *now, *old = NULL;
        size_t n = kad_derive_judge(s->is, i, &now), n_old = 0;
        if (n == 0)
            continue;
        size_t at = find_again(&s->before, f);
        if (at != SIZE_MAX)
            n_old = kad_derive_judge(s->was, at, &old);
        for (size_t k = 0; k < n; k++) {
            /* The type is copied: the story may lie in pages that are written next. */
            struct kad_later one = {f->seq, kad_str_dup(p->a, f->type), f->on, now[k]};
            if (!is_among(&now[k], old, n_old))
                kad_vec_push(p->a, &later, one);
        }
    }
    p->out->later = later.v;
    p->out->n_later = later.n;
}

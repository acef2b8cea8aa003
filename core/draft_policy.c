/* Adopting a policy and ending one: what its text must be to stand beside what stands already. */
#include "core/engine_priv.h"

struct adopting {
    const struct kad_policy *policy;
    struct kad_str text, digest;
    struct kad_str *units;
    size_t n_units;
    struct kad_field *notes;
    size_t n_notes;
};

static struct kad_str note(const struct adopting *ad, const char *name)
{
    const struct kad_field *f = kad_fields_find(ad->notes, ad->n_notes, name);
    return f ? f->value.str : (struct kad_str){0};
}

static enum kad_err no_subject(struct kad_put *p)
{
    if (p->r.subject.n > 0)
        return kad_fail(p->err, KAD_EINPUT, _("%s has no subject."), kad_record_type(p->r.kind));
    if (p->d->n_fields > 0)
        return kad_fail(p->err, KAD_EINPUT, _("%s has no field “%.*s”."),
                        kad_record_type(p->r.kind), KAD_STR_FMT(p->d->fields[0].name));
    return KAD_OK;
}

/* --- the text by itself --- */

static enum kad_err read_policy(struct kad_put *p, struct adopting *ad)
{
    struct kad_str name = note(ad, "name"), digest = note(ad, "digest");
    struct kad_error why = {0};
    ad->text = note(ad, "text");
    ad->digest = kad_digest_hex(p->a, ad->text);
    if (digest.n > 0 && !kad_str_eq(digest, ad->digest))
        return kad_fail(p->err, KAD_EINPUT,
                        _("The policy's text does not have the fingerprint it is said to have, so "
                          "one of the two was altered."));
    kad_assert(p->e->o.compile);
    if (kad_engine_compile(p->e, ad->text, ad->digest, &ad->policy, &why) != KAD_OK)
        return kad_fail(p->err, KAD_ENO, _("The policy's text has errors. %s"), why.text);
    if (name.n > 0 && !kad_str_eq(name, ad->policy->name))
        return kad_fail(p->err, KAD_EINPUT,
                        _("The policy is called %.*s in its text, and %.*s where it is adopted."),
                        KAD_STR_FMT(ad->policy->name), KAD_STR_FMT(name));
    return KAD_OK;
}

static bool is_in_list(struct kad_str list, struct kad_str wanted)
{
    while (list.n > 0)
        if (kad_str_eq(kad_list_item(&list), wanted))
            return true;
    return false;
}

static enum kad_err check_questions(struct kad_put *p, const struct adopting *ad)
{
    struct kad_str accepted = note(ad, "accepted");
    size_t open = 0, first = 0;
    for (size_t i = 0; i < ad->policy->n_questions; i++)
        if (!is_in_list(accepted, ad->policy->questions[i].text) && open++ == 0)
            first = i;
    if (open == 0)
        return KAD_OK;
    return kad_fail(
        p->err, KAD_ENO,
        ngettext_("%.*s leaves %zu question open that was not accepted: “%.*s” (line %d).",
                  "%.*s leaves %zu questions open that were not accepted, the first: "
                  "“%.*s” (line %d).",
                  open),
        KAD_STR_FMT(ad->policy->name), open, KAD_STR_FMT(ad->policy->questions[first].text),
        ad->policy->questions[first].line);
}

/* --- its units --- */

/* Can a subject of some kind have this unit, as the text itself defines `unit`? */
static bool is_unit(const struct kad_policy *p, struct kad_str unit, struct kad_guess *g)
{
    for (size_t k = 0; k < p->n_kinds; k++) {
        const struct kad_kind *kind = &p->kinds[k];
        if (kind->unit_attribute >= 0) {
            const struct kad_attribute *a = &kind->attributes[kind->unit_attribute];
            if (a->type == KAD_T_TEXT)
                return true;
            if (a->type == KAD_T_CHOICE && kad_choice_value(&p->choices[a->ref], unit) >= 0)
                return true;
            for (size_t i = 0; a->type == KAD_T_CHOICE && i < p->choices[a->ref].n_values; i++)
                kad_guess_try(g, p->choices[a->ref].values[i].name);
        }
        /* A subject of a kind with `one of` has itself as unit. */
        if (kind->shape == KAD_KIND_ONE_OF && kad_kind_member(kind, unit) >= 0)
            return true;
        for (size_t i = 0; kind->shape == KAD_KIND_ONE_OF && i < kind->n_members; i++)
            kad_guess_try(g, kind->members[i].name);
    }
    return false;
}

static enum kad_err read_units(struct kad_put *p, struct adopting *ad)
{
    struct kad_str list = note(ad, "only");
    size_t room = 1;
    for (size_t i = 0; i < list.n; i++)
        room += list.p[i] == '\n';
    ad->units = kad_arena_array(p->a, struct kad_str, room);
    while (list.n > 0) {
        struct kad_str unit = kad_text_nfc(p->a, kad_unit_name(kad_list_item(&list)));
        struct kad_guess g = kad_guess_for(unit);
        if (is_unit(ad->policy, unit, &g)) {
            ad->units[ad->n_units++] = unit;
            continue;
        }
        if (g.best.n > 0)
            return kad_fail(p->err, KAD_EINPUT, _("%.*s has no unit “%.*s”. Did you mean %.*s?"),
                            KAD_STR_FMT(ad->policy->name), KAD_STR_FMT(unit), KAD_STR_FMT(g.best));
        return kad_fail(p->err, KAD_EINPUT, _("%.*s has no unit “%.*s”."),
                        KAD_STR_FMT(ad->policy->name), KAD_STR_FMT(unit));
    }
    return KAD_OK;
}

/* --- beside what stands --- */

/* The day before which timeline entry i is in force: the next of its name that is for everyone, or
 * an end. */
static kad_day until(const struct kad_timeline *t, size_t i)
{
    for (size_t k = i + 1; k < t->n && kad_str_eq(t->v[k].name, t->v[i].name); k++)
        if (!t->v[k].policy || t->v[k].n_units == 0)
            return t->v[k].from;
    return KAD_DAY_MAX;
}

/* The same for what is being adopted: it comes last of its day. */
static kad_day until_new(const struct kad_timeline *t, struct kad_str name, kad_day from)
{
    for (size_t i = 0; i < t->n; i++)
        if (kad_str_eq(t->v[i].name, name) && t->v[i].from > from &&
            (!t->v[i].policy || t->v[i].n_units == 0))
            return t->v[i].from;
    return KAD_DAY_MAX;
}

static bool units_meet(const struct adopting *ad, const struct kad_adoption *a)
{
    for (size_t i = 0; i < ad->n_units; i++)
        for (size_t k = 0; k < a->n_units; k++)
            if (kad_str_eq(ad->units[i], a->units[k]))
                return true;
    return ad->n_units == 0 || a->n_units == 0;
}

static enum kad_err check_beside(struct kad_put *p, const struct adopting *ad)
{
    const struct kad_timeline *t = &p->e->all;
    const struct kad_policy *new = ad->policy;
    kad_day from = p->r.on, to = until_new(t, new->name, from);
    for (size_t i = 0; i < t->n; i++) {
        const struct kad_adoption *a = &t->v[i];
        if (!a->policy)
            continue;
        if (!kad_str_eq(a->policy->zone, new->zone))
            return kad_fail(
                p->err, KAD_ENO,
                _("%.*s has the time zone %.*s, but %.*s, adopted before, has %.*s. One "
                  "ledger has one time zone."),
                KAD_STR_FMT(new->name), KAD_STR_FMT(new->zone), KAD_STR_FMT(a->name),
                KAD_STR_FMT(a->policy->zone));
        enum kad_err err = kad_policy_same_types(a->policy, new, p->err);
        bool meets = !kad_str_eq(a->name, new->name) && a->from < to && until(t, i) > from &&
                     units_meet(ad, a);
        if (!err && meets)
            err = kad_policy_side_by_side(a->policy, new, p->err);
        if (err)
            return err;
    }
    return KAD_OK;
}

/* A member's name may already be the key of a subject of another kind. */
static enum kad_err check_members(struct kad_put *p, const struct adopting *ad)
{
    const struct kad_policy *new = ad->policy;
    for (size_t k = 0; k < new->n_kinds; k++) {
        const struct kad_kind *kind = &new->kinds[k];
        for (size_t i = 0; kind->shape == KAD_KIND_ONE_OF && i < kind->n_members; i++) {
            struct kad_seen s;
            enum kad_err err = kad_seen_info(p, kind->members[i].name, &s);
            if (err)
                return err;
            if (p->kind.n > 0 && !kad_str_eq(p->kind, kind->name))
                return kad_fail(p->err, KAD_ENO,
                                _("%.*s names “%.*s” as a %.*s, but that is the key of a %.*s."),
                                KAD_STR_FMT(new->name), KAD_STR_FMT(kind->members[i].name),
                                KAD_STR_FMT(kind->name), KAD_STR_FMT(p->kind));
        }
    }
    p->kind = (struct kad_str){0};
    return KAD_OK;
}

/* --- the record --- */

static struct kad_value list_value(struct kad_str s)
{
    return (struct kad_value){KAD_T_LIST, KAD_KNOWN, 0, s};
}

static struct kad_str join(struct kad_arena *a, const struct kad_str *v, size_t n)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < n; i++)
        kad_buf_printf(&b, "%s%.*s", i ? "\n" : "", KAD_STR_FMT(v[i]));
    struct kad_str s = kad_str_dup(a, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
    return s;
}

static void add_note(struct kad_put *p, const char *name, struct kad_value v)
{
    if (v.str.n > 0)
        p->r.notes[p->r.n_notes++] = (struct kad_field){kad_str(name), v, false};
}

static void make_notes(struct kad_put *p, const struct adopting *ad)
{
    const struct kad_policy *policy = ad->policy;
    struct kad_str *questions = kad_arena_array(p->a, struct kad_str, policy->n_questions + 1);
    for (size_t i = 0; i < policy->n_questions; i++)
        questions[i] = policy->questions[i].text;
    p->r.notes = kad_arena_array(p->a, struct kad_field, 7);
    add_note(p, "name", kad_value_text(policy->name));
    add_note(p, "text", kad_value_text(ad->text));
    add_note(p, "digest", kad_value_text(ad->digest));
    add_note(p, "only", list_value(join(p->a, ad->units, ad->n_units)));
    add_note(p, "decision", kad_value_text(note(ad, "decision")));
    add_note(p, "accepted", list_value(join(p->a, questions, policy->n_questions)));
    add_note(p, "diff", kad_value_text(note(ad, "diff")));
}

static enum kad_err check_first_day(struct kad_put *p)
{
    /* A policy may take effect on any day, past or to come. */
    if (p->r.on >= kad_day_of(KAD_LIMIT_YEAR_MIN, 1, 1) &&
        p->r.on <= kad_day_of(KAD_LIMIT_YEAR_MAX, 12, 31))
        return KAD_OK;
    return kad_fail(p->err, KAD_EINPUT, _("The day must lie in the years %d to %d."),
                    KAD_LIMIT_YEAR_MIN, KAD_LIMIT_YEAR_MAX);
}

/* What stands in the way of a policy that was compiled, from its day and for its units. */
static enum kad_err check_policy(struct kad_put *p, struct adopting *ad)
{
    enum kad_err err = check_first_day(p);
    if (!err)
        err = read_units(p, ad);
    if (!err)
        err = check_beside(p, ad);
    return err ? err : check_members(p, ad);
}

enum kad_err kad_engine_may_adopt(struct kad_engine *e, struct kad_arena *a,
                                  const struct kad_policy *policy, struct kad_str only, kad_day from,
                                  struct kad_adoption *ret, struct kad_error *reterr)
{
    kad_assert(e && a && policy && ret);
    struct kad_field units = {.name = KAD_STR("only"), .value = list_value(only)};
    struct adopting ad = {.policy = policy, .notes = &units, .n_notes = only.n > 0};
    /* A draft that is never written: its checks see the ledger through a snapshot. */
    struct kad_batch batch = {.e = e};
    struct kad_put p = {.b = &batch, .e = e, .a = a, .r.on = from, .err = reterr};
    enum kad_err err = kad_snapshot_take(e->ledger, &batch.view, reterr);
    if (!err)
        err = check_policy(&p, &ad);
    kad_snapshot_release(batch.view);
    if (err)
        return err;
    *ret = (struct kad_adoption){.seq = UINT64_MAX,
                                 .at = kad_engine_now(e),
                                 .from = from,
                                 .name = policy->name,
                                 .policy = policy,
                                 .units = ad.units,
                                 .n_units = ad.n_units};
    return KAD_OK;
}

enum kad_err kad_draft_adopted(struct kad_put *p)
{
    struct adopting *ad = kad_arena_new(p->a, struct adopting);
    enum kad_err err = kad_read_notes(p, &ad->notes, &ad->n_notes);
    if (!err)
        err = no_subject(p);
    if (!err)
        err = read_policy(p, ad);
    if (!err)
        err = check_questions(p, ad);
    if (!err)
        err = check_policy(p, ad);
    if (!err)
        make_notes(p, ad);
    return err;
}

enum kad_err kad_draft_ended(struct kad_put *p)
{
    struct kad_field *notes = NULL;
    size_t n = 0;
    enum kad_err err = kad_read_notes(p, &notes, &n);
    if (!err)
        err = no_subject(p);
    if (!err)
        err = check_first_day(p);
    if (err)
        return err;
    struct kad_str name = kad_text_nfc(p->a, kad_fields_find(notes, n, "name")->value.str);
    struct kad_guess g = kad_guess_for(name);
    const struct kad_timeline *t = &p->e->all;
    const struct kad_adoption *first = NULL;
    for (size_t i = 0; i < t->n && !first; i++) {
        kad_guess_try(&g, t->v[i].name);
        if (t->v[i].policy && kad_str_eq(t->v[i].name, name))
            first = &t->v[i];
    }
    char from[KAD_DAY_TEXT], on[KAD_DAY_TEXT];
    if (!first && g.best.n > 0)
        return kad_fail(p->err, KAD_EINPUT, _("No policy “%.*s” is adopted. Did you mean %.*s?"),
                        KAD_STR_FMT(name), KAD_STR_FMT(g.best));
    if (!first)
        return kad_fail(p->err, KAD_EINPUT, _("No policy “%.*s” is adopted."), KAD_STR_FMT(name));
    if (first->from > p->r.on)
        return kad_fail(
            p->err, KAD_EINPUT, _("%.*s is in force from %s, so it cannot end on %s already."),
            KAD_STR_FMT(name), kad_day_text(first->from, from), kad_day_text(p->r.on, on));
    p->r.notes = notes;
    p->r.n_notes = n;
    p->r.notes[0].value.str = name;
    return KAD_OK;
}

#include "cli/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

#define POLICIES_MOST 16

bool kad_same_word(struct kad_str a, struct kad_str b)
{
    int differs = 1;
    if (kad_str_eq(a, b))
        return true;
    if (!kad_utf8_valid(a, NULL) || !kad_utf8_valid(b, NULL))
        return false;
    if (u8_casecmp((const uint8_t *)a.p, a.n, (const uint8_t *)b.p, b.n, NULL, UNINORM_NFC,
                   &differs) != 0)
        return false;
    return differs == 0;
}

size_t kad_policies_now(const struct kad_cli *c, const struct kad_policy **ret, size_t most)
{
    const struct kad_timeline *t = kad_engine_timeline(c->engine);
    size_t n = 0;
    /* Of one name they stand together, by day: the last that has begun, else the first. */
    for (size_t i = 0; i < t->n && n < most;) {
        const struct kad_policy *now = t->v[i].policy;
        size_t k = i;
        for (; k < t->n && kad_str_eq(t->v[k].name, t->v[i].name); k++)
            if (t->v[k].policy && t->v[k].from <= c->as_of)
                now = t->v[k].policy;
        if (now)
            ret[n++] = now;
        i = k;
    }
    return n;
}

enum kad_err kad_word_type(const struct kad_cli *c, struct kad_str said, struct kad_str *ret,
                           struct kad_error *reterr)
{
    const struct kad_policy *policies[POLICIES_MOST];
    size_t n = kad_policies_now(c, policies, POLICIES_MOST);
    struct kad_str found = {0};
    *ret = said;
    for (size_t i = 0; i < n; i++)
        if (kad_policy_event(policies[i], said) >= 0)
            return KAD_OK;
    for (size_t i = 0; i < n; i++)
        for (size_t e = 0; e < policies[i]->n_events; e++) {
            const struct kad_event_type *type = &policies[i]->events[e];
            if (!kad_same_word(type->label, said) && !kad_same_word(type->name, said))
                continue;
            if (found.n && !kad_str_eq(found, type->name))
                return kad_fail(reterr, KAD_EINPUT,
                                _("“%.*s” is what both %.*s and %.*s are called: use the name."),
                                KAD_STR_FMT(said), KAD_STR_FMT(found), KAD_STR_FMT(type->name));
            found = type->name;
        }
    if (found.n)
        *ret = found;
    return KAD_OK;
}

enum kad_err kad_word_no_type(const struct kad_cli *c, struct kad_str said,
                              struct kad_error *reterr)
{
    const struct kad_policy *policies[POLICIES_MOST];
    size_t n = kad_policies_now(c, policies, POLICIES_MOST);
    struct kad_str best = {0};
    unsigned distance = 3;
    for (size_t i = 0; i < n; i++)
        for (size_t e = 0; e < policies[i]->n_events; e++) {
            unsigned d = kad_text_distance(said, policies[i]->events[e].name, 2);
            if (d < distance) {
                distance = d;
                best = policies[i]->events[e].name;
            }
        }
    if (best.n)
        return kad_fail(reterr, KAD_EINPUT, _("There is no event “%.*s”. Did you mean %.*s?"),
                        KAD_STR_FMT(said), KAD_STR_FMT(best));
    return kad_fail(reterr, KAD_EINPUT,
                    _("There is no event “%.*s”. “kadens record” lists those there are."),
                    KAD_STR_FMT(said));
}

static const struct kad_event_type *event_type(const struct kad_cli *c, struct kad_str type,
                                               const struct kad_policy **ret_policy)
{
    const struct kad_policy *policies[POLICIES_MOST];
    size_t n = kad_policies_now(c, policies, POLICIES_MOST);
    for (size_t i = 0; i < n; i++) {
        int event = kad_policy_event(policies[i], type);
        if (event < 0)
            continue;
        *ret_policy = policies[i];
        return &policies[i]->events[event];
    }
    return NULL;
}

struct kad_str kad_word_field(const struct kad_cli *c, struct kad_str type, struct kad_str said)
{
    const struct kad_policy *policy;
    const struct kad_event_type *e = event_type(c, type, &policy);
    if (!e || kad_event_field(e, said) >= 0)
        return said;
    for (size_t i = 0; i < e->n_fields; i++)
        if (kad_same_word(e->fields[i].label, said) || kad_same_word(e->fields[i].name, said))
            return e->fields[i].name;
    return said;
}

struct kad_str kad_word_value(const struct kad_cli *c, struct kad_str type, struct kad_str field,
                              struct kad_str said)
{
    const struct kad_policy *p;
    const struct kad_event_type *e = event_type(c, type, &p);
    int at = e ? kad_event_field(e, field) : -1;
    if (at < 0 || e->fields[at].ref < 0)
        return said;
    if (e->fields[at].type == KAD_T_CHOICE) {
        const struct kad_choice *k = &p->choices[e->fields[at].ref];
        for (size_t v = 0; v < k->n_values; v++)
            if (kad_same_word(k->values[v].label, said) || kad_same_word(k->values[v].name, said))
                return k->values[v].name;
    }
    if (e->fields[at].type == KAD_T_SUBJECT) {
        const struct kad_kind *k = &p->kinds[e->fields[at].ref];
        for (size_t m = 0; m < k->n_members; m++)
            if (kad_same_word(k->members[m].label, said) || kad_same_word(k->members[m].name, said))
                return k->members[m].name;
    }
    return said;
}

/* --- persons --- */

struct nearest {
    const struct kad_cli *c;
    struct kad_arena *arena;
    struct kad_str who, best;
    unsigned distance;
};

static enum kad_err try_owners(void *ctx, struct kad_subject *s, struct kad_error *reterr)
{
    struct nearest *near = ctx;
    const struct kad_instance *all;
    (void)reterr;
    size_t n = kad_derive_instances(s->derive, near->c->as_of, near->c->as_of, &all);
    for (size_t i = 0; i < n && near->distance; i++) {
        struct kad_str owner = all[i].owner;
        if (owner.n == 0 || (owner.n >= 5 && memcmp(owner.p, "role:", 5) == 0))
            continue;
        unsigned d =
            kad_same_word(owner, near->who) ? 0 : 1 + kad_text_distance(owner, near->who, 2);
        if (d < near->distance) {
            near->distance = d;
            near->best = kad_str_dup(near->arena, owner);
        }
    }
    return KAD_OK;
}

enum kad_err kad_word_person(struct kad_cli *c, struct kad_str who, bool *ret_known,
                             struct kad_str *ret_near, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_str *subjects;
    size_t n = 0;
    *ret_near = (struct kad_str){0};
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_mentions(s, who, &c->arena, &subjects, &n, reterr);
    kad_snapshot_release(s);
    *ret_known = n > 0;
    if (got != KAD_OK || n)
        return got;
    struct nearest near = {.c = c, .arena = &c->arena, .who = who};
    near.distance = who.n <= 4 ? 3 : 4;
    const struct kad_each each = {.day = c->as_of};
    got = kad_engine_each(c->engine, &each, try_owners, &near, reterr);
    *ret_near = near.best;
    return got;
}

/* --- units --- */

/* The values that a unit may have: those of the kind or choice that `unit` of some kind is. */
static bool each_unit(const struct kad_policy *p, const struct kad_attribute *a,
                      bool (*fn)(void *ctx, struct kad_str name, struct kad_str label), void *ctx)
{
    if (a->type == KAD_T_SUBJECT && a->ref >= 0) {
        const struct kad_kind *k = &p->kinds[a->ref];
        for (size_t m = 0; m < k->n_members; m++)
            if (fn(ctx, k->members[m].name, k->members[m].label))
                return true;
    }
    if (a->type == KAD_T_CHOICE && a->ref >= 0) {
        const struct kad_choice *k = &p->choices[a->ref];
        for (size_t v = 0; v < k->n_values; v++)
            if (fn(ctx, k->values[v].name, k->values[v].label))
                return true;
    }
    return false;
}

struct unit_search {
    struct kad_str said, found;
    struct kad_buf all;
    size_t n;
    bool any; /* some policy's units may be any text */
};

static bool try_unit(void *ctx, struct kad_str name, struct kad_str label)
{
    struct unit_search *s = ctx;
    if (kad_same_word(name, s->said) || kad_same_word(label, s->said)) {
        s->found = name;
        return true;
    }
    kad_buf_printf(&s->all, "%s%.*s", s->n++ ? ", " : "", KAD_STR_FMT(name));
    return false;
}

/* Each `one of` subject is its own unit, whatever else there is. */
static bool try_kind(struct unit_search *s, const struct kad_policy *p, const struct kad_kind *k)
{
    if (k->shape == KAD_KIND_ONE_OF)
        for (size_t m = 0; m < k->n_members; m++)
            if (try_unit(s, k->members[m].name, k->members[m].label))
                return true;
    if (k->unit_attribute < 0)
        return false;
    const struct kad_attribute *a = &k->attributes[k->unit_attribute];
    s->any = s->any || (a->type != KAD_T_SUBJECT && a->type != KAD_T_CHOICE);
    return a->type == KAD_T_CHOICE && each_unit(p, a, try_unit, s);
}

enum kad_err kad_word_unit(const struct kad_cli *c, struct kad_str said, struct kad_str *ret,
                           struct kad_error *reterr)
{
    const struct kad_timeline *t = kad_engine_timeline(c->engine);
    struct unit_search s = {.said = said};
    *ret = said;
    for (size_t i = t->n; i > 0 && !s.found.n; i--) {
        const struct kad_policy *p = t->v[i - 1].policy;
        for (size_t k = 0; p && k < p->n_kinds && !s.found.n; k++)
            (void)try_kind(&s, p, &p->kinds[k]);
    }
    if (s.found.n)
        *ret = s.found;
    else if (!s.any && t->n > 0)
        kad_fail(reterr, KAD_EINPUT, _("There is no unit “%.*s”. There are: %s."),
                 KAD_STR_FMT(said), kad_buf_str(&s.all));
    kad_buf_done(&s.all);
    return reterr->code;
}

/* --- what there is --- */

static void tell(struct kad_out *o)
{
    fputs(kad_buf_str(&o->b), stderr);
    kad_buf_done(&o->b);
}

void kad_tell_events(const struct kad_cli *c)
{
    const struct kad_policy *policies[POLICIES_MOST];
    size_t n = kad_policies_now(c, policies, POLICIES_MOST);
    struct kad_out o = {0};
    struct kad_arena a;
    struct kad_column columns[] = {{.title = NULL}, {.title = NULL}};
    struct kad_table t;
    kad_arena_init(&a);
    kad_table_init(&t, &a, columns, 2);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < policies[i]->n_kinds; k++) {
            const struct kad_policy *p = policies[i];
            bool headed = false;
            for (size_t e = 0; e < p->n_events; e++) {
                if (p->events[e].kind != (int)k)
                    continue;
                bool whole = p->kinds[k].shape == KAD_KIND_PROGRAMME;
                if (!headed)
                    kad_table_heading(&t, KAD_PLAIN,
                                      whole ? kad_str(_("The whole programme (its key: programme)"))
                                            : p->kinds[k].label);
                headed = true;
                kad_table_row(&t, KAD_PLAIN);
                kad_table_cell(&t, p->events[e].name);
                kad_table_cell(&t, p->events[e].label);
            }
        }
    if (t.rows.n)
        kad_table_print(&t, &o, 2);
    tell(&o);
    kad_arena_done(&a);
}

/* What a field takes: "a date", or the values of its choice. */
static void put_type(struct kad_buf *b, const struct kad_policy *p, const struct kad_field_def *f)
{
    static const char *const types[KAD_T__COUNT] = {
        [KAD_T_TEXT] = N_("a text"),      [KAD_T_NUMBER] = N_("a number"),
        [KAD_T_PERCENT] = N_("per cent"), [KAD_T_MONEY] = N_("an amount of money"),
        [KAD_T_DATE] = N_("a date"),      [KAD_T_YESNO] = N_("yes or no"),
        [KAD_T_PERSON] = N_("a person"),
    };
    if (f->type == KAD_T_CHOICE && f->ref >= 0) {
        const struct kad_choice *k = &p->choices[f->ref];
        for (size_t v = 0; v < k->n_values; v++)
            kad_buf_printf(b, "%s%.*s (%.*s)", v ? ", " : "", KAD_STR_FMT(k->values[v].name),
                           KAD_STR_FMT(k->values[v].label));
    } else if (f->type == KAD_T_SUBJECT && f->ref >= 0) {
        const struct kad_kind *k = &p->kinds[f->ref];
        for (size_t m = 0; m < k->n_members; m++)
            kad_buf_printf(b, "%s%.*s", m ? ", " : "", KAD_STR_FMT(k->members[m].name));
    } else if (types[f->type]) {
        kad_buf_puts(b, _(types[f->type]));
    }
}

void kad_tell_fields(const struct kad_cli *c, struct kad_str type)
{
    const struct kad_policy *p;
    const struct kad_event_type *e = event_type(c, type, &p);
    struct kad_out o = {.width = 100};
    struct kad_arena a;
    struct kad_column columns[] = {{.title = NULL},
                                   {.title = NULL},
                                   {.title = NULL, .gives = true, .wraps = true},
                                   {.title = NULL}};
    struct kad_table t;
    if (!e)
        return;
    kad_arena_init(&a);
    kad_table_init(&t, &a, columns, 4);
    for (size_t i = 0; i < e->n_fields; i++) {
        const struct kad_field_def *f = &e->fields[i];
        struct kad_buf b = {0};
        put_type(&b, p, f);
        kad_table_row(&t, KAD_PLAIN);
        kad_table_cell(&t, f->name);
        kad_table_cell(&t, f->label);
        kad_table_cell(&t, (struct kad_str){b.p, b.n});
        kad_table_cell(&t, kad_str(f->optional ? _("optional") : ""));
        kad_buf_done(&b);
    }
    kad_out_safe(&o, e->name);
    kad_out_puts(&o, "  ");
    kad_out_safe(&o, e->label);
    kad_out_puts(&o, "\n");
    if (t.rows.n)
        kad_table_print(&t, &o, 2);
    else
        kad_out_printf(&o, "  %s\n", _("no fields"));
    tell(&o);
    kad_arena_done(&a);
}

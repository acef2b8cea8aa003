/* What stands in the way of two policies: one after the other (types may not change) or side by
 * side (what both declare is the same, and they share no task). Labels may differ: they change
 * nothing that is derived. */
#include "core/engine_priv.h"

/* --- the same, by meaning --- */

static struct kad_str ref_name(const struct kad_policy *p, enum kad_type type, int ref)
{
    if (type == KAD_T_CHOICE && ref >= 0)
        return p->choices[ref].name;
    if (type == KAD_T_SUBJECT && ref >= 0)
        return p->kinds[ref].name;
    return (struct kad_str){0};
}

static bool same_type(const struct kad_policy *a, enum kad_type ta, int ra,
                      const struct kad_policy *b, enum kad_type tb, int rb)
{
    return ta == tb && kad_str_eq(ref_name(a, ta, ra), ref_name(b, tb, rb));
}

static bool same_expr(const struct kad_expr *a, const struct kad_expr *b)
{
    return a == b || (a && b && kad_str_eq(a->text, b->text));
}

static bool same_trigger(const struct kad_policy *pa, const struct kad_trigger *a,
                         const struct kad_policy *pb, const struct kad_trigger *b)
{
    if (a->event < 0 || b->event < 0)
        return a->event == b->event;
    return kad_str_eq(pa->events[a->event].name, pb->events[b->event].name) &&
           same_expr(a->where, b->where);
}

static bool same_attribute(const struct kad_policy *pa, const struct kad_attribute *a,
                           const struct kad_policy *pb, const struct kad_attribute *b)
{
    if (!same_type(pa, a->type, a->ref, pb, b->type, b->ref) || a->n_items != b->n_items ||
        !kad_same_value(a->otherwise, b->otherwise) || !same_expr(a->expr, b->expr) ||
        (a->param < 0) != (b->param < 0))
        return false;
    for (size_t i = 0; i < a->n_items; i++) {
        const struct kad_attr_item *x = &a->items[i], *y = &b->items[i];
        if (!same_trigger(pa, &x->after, pb, &y->after) || (x->field < 0) != (y->field < 0))
            return false;
        if (x->field < 0 ? !kad_same_value(x->value, y->value)
                         : !kad_str_eq(pa->events[x->after.event].fields[x->field].name,
                                       pb->events[y->after.event].fields[y->field].name))
            return false;
    }
    return true;
}

static bool same_members(const struct kad_kind *a, const struct kad_kind *b)
{
    if (a->shape != b->shape || a->n_members != b->n_members)
        return false;
    for (size_t i = 0; i < a->n_members; i++)
        if (!kad_str_eq(a->members[i].name, b->members[i].name))
            return false;
    return true;
}

static bool same_kind(const struct kad_policy *pa, const struct kad_kind *a,
                      const struct kad_policy *pb, const struct kad_kind *b)
{
    struct kad_str none = {0};
    return same_members(a, b) &&
           kad_str_eq(a->begins_with < 0 ? none : pa->events[a->begins_with].name,
                      b->begins_with < 0 ? none : pb->events[b->begins_with].name);
}

static bool same_choice(const struct kad_choice *a, const struct kad_choice *b)
{
    if (a->n_values != b->n_values || a->n_props != b->n_props)
        return false;
    for (size_t i = 0; i < a->n_props; i++)
        if (!kad_str_eq(a->props[i].name, b->props[i].name) || a->props[i].type != b->props[i].type)
            return false;
    for (size_t i = 0; i < a->n_values; i++) {
        if (!kad_str_eq(a->values[i].name, b->values[i].name))
            return false;
        for (size_t k = 0; k < a->n_props; k++)
            if (!kad_same_value(a->values[i].props[k], b->values[i].props[k]))
                return false;
    }
    return true;
}

static bool same_field(const struct kad_policy *pa, const struct kad_field_def *a,
                       const struct kad_policy *pb, const struct kad_field_def *b)
{
    return kad_str_eq(a->name, b->name) && same_type(pa, a->type, a->ref, pb, b->type, b->ref) &&
           a->is_private == b->is_private && a->optional == b->optional &&
           a->has_range == b->has_range &&
           (!a->has_range || (a->low == b->low && a->high == b->high));
}

static bool same_event(const struct kad_policy *pa, const struct kad_event_type *a,
                       const struct kad_policy *pb, const struct kad_event_type *b)
{
    if (!kad_str_eq(pa->kinds[a->kind].name, pb->kinds[b->kind].name) || a->n_fields != b->n_fields)
        return false;
    for (size_t i = 0; i < a->n_fields; i++)
        if (!same_field(pa, &a->fields[i], pb, &b->fields[i]))
            return false;
    return true;
}

static bool same_param(const struct kad_policy *pa, const struct kad_param *a,
                       const struct kad_policy *pb, const struct kad_param *b)
{
    if (a->type != b->type || a->per != b->per || a->n_values != b->n_values ||
        (a->kind < 0) != (b->kind < 0))
        return false;
    if (a->kind >= 0 && !kad_str_eq(pa->kinds[a->kind].name, pb->kinds[b->kind].name))
        return false;
    for (size_t i = 0; i < a->n_values; i++)
        if (a->values[i].from != b->values[i].from || a->values[i].member != b->values[i].member ||
            !kad_same_value(a->values[i].value, b->values[i].value))
            return false;
    return true;
}

/* --- one after the other --- */

static enum kad_err check_fields(const struct kad_policy *old, const struct kad_event_type *was,
                                 const struct kad_policy *new, const struct kad_event_type *is,
                                 struct kad_error *reterr)
{
    for (size_t i = 0; i < is->n_fields; i++) {
        const struct kad_field_def *f = &is->fields[i];
        int k = kad_event_field(was, f->name);
        if (k < 0)
            continue;
        const struct kad_field_def *g = &was->fields[k];
        if (same_type(old, g->type, g->ref, new, f->type, f->ref))
            continue;
        struct kad_str a = ref_name(old, g->type, g->ref), b = ref_name(new, f->type, f->ref);
        return kad_fail(
            reterr, KAD_ENO,
            _("The field %.*s of %.*s is %s in the policy %.*s, adopted before, and %s "
              "here (line %d). What has been recorded keeps its type: give the new field "
              "another name."),
            KAD_STR_FMT(f->name), KAD_STR_FMT(is->name), a.n > 0 ? a.p : kad_type_word(g->type),
            KAD_STR_FMT(old->name), b.n > 0 ? b.p : kad_type_word(f->type), f->line);
    }
    return KAD_OK;
}

enum kad_err kad_policy_same_types(const struct kad_policy *old, const struct kad_policy *new,
                                   struct kad_error *reterr)
{
    for (size_t i = 0; i < new->n_events; i++) {
        const struct kad_event_type *is = &new->events[i];
        int k = kad_policy_event(old, is->name);
        if (k < 0)
            continue;
        const struct kad_event_type *was = &old->events[k];
        const struct kad_kind *a = &old->kinds[was->kind], *b = &new->kinds[is->kind];
        if (!kad_str_eq(a->name, b->name) || a->shape != b->shape)
            return kad_fail(reterr, KAD_ENO,
                            _("%.*s is an event of %.*s in the policy %.*s, adopted before, and of "
                              "another kind of subject here (line %d). Give the new event another "
                              "name."),
                            KAD_STR_FMT(is->name), KAD_STR_FMT(a->name), KAD_STR_FMT(old->name),
                            is->line);
        enum kad_err err = check_fields(old, was, new, is, reterr);
        if (err)
            return err;
    }
    return KAD_OK;
}

/* --- side by side --- */

static enum kad_err fail_differ(const struct kad_policy *a, const struct kad_policy *b,
                                struct kad_str name, struct kad_error *reterr)
{
    return kad_fail(
        reterr, KAD_ENO,
        _("%.*s and %.*s cannot be in force side by side: both declare %.*s, and not in "
          "the same way."),
        KAD_STR_FMT(a->name), KAD_STR_FMT(b->name), KAD_STR_FMT(name));
}

/* Walk what `a` declares in a table and compare it with what `b` declares by the same name. */
#define EACH_SHARED(table, find, same)                                                             \
    for (size_t i = 0; i < a->n_##table; i++) {                                                    \
        int k = find(b, a->table[i].name);                                                         \
        if (k >= 0 && !same(a, &a->table[i], b, &b->table[k]))                                     \
            return fail_differ(a, b, a->table[i].name, reterr);                                    \
    }

static int find_choice(const struct kad_policy *p, struct kad_str name)
{
    for (size_t i = 0; i < p->n_choices; i++)
        if (kad_str_eq(p->choices[i].name, name))
            return (int)i;
    return -1;
}

static bool same_choice_of(const struct kad_policy *pa, const struct kad_choice *a,
                           const struct kad_policy *pb, const struct kad_choice *b)
{
    (void)pa;
    (void)pb;
    return same_choice(a, b);
}

static enum kad_err check_attributes(const struct kad_policy *a, const struct kad_kind *ka,
                                     const struct kad_policy *b, const struct kad_kind *kb,
                                     struct kad_error *reterr)
{
    for (size_t i = 0; i < ka->n_attributes; i++) {
        int k = kad_kind_attribute(kb, ka->attributes[i].name);
        if (k >= 0 && !same_attribute(a, &ka->attributes[i], b, &kb->attributes[k]))
            return fail_differ(a, b, ka->attributes[i].name, reterr);
    }
    return KAD_OK;
}

enum kad_err kad_policy_side_by_side(const struct kad_policy *a, const struct kad_policy *b,
                                     struct kad_error *reterr)
{
    EACH_SHARED(choices, find_choice, same_choice_of)
    EACH_SHARED(kinds, kad_policy_kind, same_kind)
    EACH_SHARED(events, kad_policy_event, same_event)
    EACH_SHARED(params, kad_policy_param, same_param)
    for (size_t i = 0; i < a->n_kinds; i++) {
        int k = kad_policy_kind(b, a->kinds[i].name);
        enum kad_err err =
            k < 0 ? KAD_OK : check_attributes(a, &a->kinds[i], b, &b->kinds[k], reterr);
        if (err)
            return err;
    }
    for (size_t i = 0; i < a->n_tasks; i++)
        if (kad_policy_task(b, a->tasks[i].name) >= 0)
            return kad_fail(reterr, KAD_ENO,
                            _("%.*s and %.*s cannot be in force side by side: both have a task "
                              "%.*s."),
                            KAD_STR_FMT(a->name), KAD_STR_FMT(b->name),
                            KAD_STR_FMT(a->tasks[i].name));
    return KAD_OK;
}

/* Attributes: the latest of what the events of the story said. */
#include "core/derive_priv.h"

/* The value that facts[i] gives by this item; false when the item does not match the event, or the
 * event does not carry the field. */
static bool item_value(struct kad_derive *d, struct kad_bound *b, const struct kad_attr_item *item,
                       size_t i, struct kad_value *ret)
{
    if (b->events[i] != item->after.event)
        return false;
    const struct kad_fact *f = &d->story->facts[i];
    /* Its condition sees the story just before the event, so that no attribute rests on itself. */
    struct kad_place before = {i, f->on, f};
    if (item->after.where && kad_expr_truth(d, b, item->after.where, before) != KAD_YES)
        return false;
    if (item->field < 0) {
        *ret = item->value;
        return true;
    }
    struct kad_value v = kad_fact_field(b, f, item->after.event, item->field);
    if (v.know == KAD_UNKNOWN)
        return false;
    *ret = v; /* a sealed or erased value was said, but cannot be read: unknown from here on */
    return true;
}

struct kad_value kad_attribute_latest(struct kad_derive *d, struct kad_bound *b,
                                      const struct kad_attribute *a, size_t pos,
                                      struct kad_attr_source *ret)
{
    struct kad_value v;
    for (size_t i = pos; i > 0; i--)
        if (b->events[i - 1] >= 0)
            for (size_t k = 0; k < a->n_items; k++)
                if (item_value(d, b, &a->items[k], i - 1, &v)) {
                    *ret = (struct kad_attr_source){i - 1, &a->items[k]};
                    return v;
                }
    *ret = (struct kad_attr_source){KAD_NOWHERE, NULL};
    return a->otherwise;
}

static struct kad_value evaluate(struct kad_derive *d, struct kad_bound *b,
                                 const struct kad_attribute *a, size_t pos, kad_day day)
{
    if (a->param >= 0)
        return kad_param_on(&b->policy->params[a->param], b->member, day);
    if (a->expr)
        return kad_expr_eval(d, b, a->expr, (struct kad_place){pos, day, NULL});
    struct kad_attr_source source;
    return kad_attribute_latest(d, b, a, pos, &source);
}

struct kad_value kad_attribute_eval(struct kad_derive *d, struct kad_bound *b, int attribute,
                                    size_t pos, kad_day day)
{
    kad_assert(b->kind >= 0);
    const struct kad_kind *kind = &b->policy->kinds[b->kind];
    kad_assert(attribute >= 0 && (size_t)attribute < kind->n_attributes);
    kad_assert(pos <= d->story->n_facts);
    struct kad_attr_memo *memo = &b->memo[attribute];
    if (memo->set && memo->pos == pos && memo->day == day)
        return memo->value;
    struct kad_value v = evaluate(d, b, &kind->attributes[attribute], pos, day);
    *memo = (struct kad_attr_memo){pos, day, true, v};
    return v;
}

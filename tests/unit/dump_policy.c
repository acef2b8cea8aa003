#include "tests/unit/dump.h"

static void text(struct kad_buf *b, const char *what, struct kad_str s)
{
    kad_buf_printf(b, " %s=[%.*s]", what, KAD_STR_FMT(s));
}

static void value(struct kad_buf *b, struct kad_value v)
{
    kad_buf_printf(b, " (%d %d %lld [%.*s])", (int)v.type, (int)v.know, (long long)v.num,
                   KAD_STR_FMT(v.str));
}

static void expr(struct kad_buf *b, const struct kad_expr *x)
{
    if (!x)
        return;
    kad_buf_printf(b, " {%d %d %d %d %d %u", (int)x->op, (int)x->type, x->ref, x->index, x->event,
                   x->states);
    value(b, x->value);
    for (size_t i = 0; i < x->n_args; i++)
        expr(b, x->args[i]);
    kad_buf_putc(b, '}');
}

static void triggers(struct kad_buf *b, const char *what, const struct kad_triggers *t)
{
    for (size_t i = 0; i < t->n; i++) {
        kad_buf_printf(b, " %s %d", what, t->v[i].event);
        expr(b, t->v[i].where);
    }
}

static void choices(struct kad_buf *b, const struct kad_policy *p)
{
    for (size_t i = 0; i < p->n_choices; i++) {
        const struct kad_choice *c = &p->choices[i];
        text(b, "\nchoice", c->name);
        text(b, "label", c->label);
        for (size_t k = 0; k < c->n_props; k++)
            text(b, "prop", c->props[k].name);
        for (size_t k = 0; k < c->n_values; k++) {
            text(b, "\n  value", c->values[k].name);
            text(b, "label", c->values[k].label);
            for (size_t j = 0; j < c->n_props; j++)
                value(b, c->values[k].props[j]);
        }
    }
}

static void params(struct kad_buf *b, const struct kad_policy *p)
{
    for (size_t i = 0; i < p->n_params; i++) {
        const struct kad_param *x = &p->params[i];
        text(b, "\nparam", x->name);
        text(b, "label", x->label);
        text(b, "source", x->source);
        kad_buf_printf(b, " %d %d %d %d", (int)x->type, (int)x->per, x->kind, x->review_by);
        for (size_t k = 0; k < x->n_values; k++) {
            kad_buf_printf(b, " %d/%d", x->values[k].from, x->values[k].member);
            value(b, x->values[k].value);
        }
    }
}

static void attribute(struct kad_buf *b, const struct kad_attribute *a)
{
    text(b, "\n  attribute", a->name);
    text(b, "label", a->label);
    kad_buf_printf(b, " %d %d %d %d", (int)a->type, a->ref, a->param, a->is_private);
    for (size_t i = 0; i < a->n_items; i++) {
        kad_buf_printf(b, " after %d field %d", a->items[i].after.event, a->items[i].field);
        expr(b, a->items[i].after.where);
        value(b, a->items[i].value);
    }
    value(b, a->otherwise);
    expr(b, a->expr);
}

static void kinds(struct kad_buf *b, const struct kad_policy *p)
{
    for (size_t i = 0; i < p->n_kinds; i++) {
        const struct kad_kind *k = &p->kinds[i];
        text(b, "\nkind", k->name);
        text(b, "label", k->label);
        kad_buf_printf(b, " %d %d %d", (int)k->shape, k->begins_with, k->unit_attribute);
        for (size_t m = 0; m < k->n_members; m++) {
            text(b, "member", k->members[m].name);
            text(b, "label", k->members[m].label);
        }
        for (size_t a = 0; a < k->n_attributes; a++)
            attribute(b, &k->attributes[a]);
    }
}

static void events(struct kad_buf *b, const struct kad_policy *p)
{
    for (size_t i = 0; i < p->n_events; i++) {
        const struct kad_event_type *e = &p->events[i];
        text(b, "\nevent", e->name);
        text(b, "label", e->label);
        kad_buf_printf(b, " %d %d", e->kind, e->derived);
        for (size_t k = 0; k < e->n_fields; k++) {
            const struct kad_field_def *f = &e->fields[k];
            text(b, "\n  field", f->name);
            text(b, "label", f->label);
            kad_buf_printf(b, " %d %d %d%d%d %lld %lld", (int)f->type, f->ref, f->is_private,
                           f->optional, f->has_range, (long long)f->low, (long long)f->high);
        }
    }
    for (size_t i = 0; i < p->n_guards; i++) {
        const struct kad_guard *g = &p->guards[i];
        kad_buf_printf(b, "\nguard %d %d", g->event, g->require);
        expr(b, g->condition);
        text(b, "message", g->message);
        text(b, "source", g->source);
    }
}

static void offset(struct kad_buf *b, struct kad_offset o)
{
    kad_buf_printf(b, " due %d/%d/%d", o.n, (int)o.unit, o.attribute);
}

static void rule(struct kad_buf *b, const struct kad_rule *r)
{
    text(b, "\nrule", r->name);
    text(b, "label", r->label);
    text(b, "source", r->source);
    text(b, "reading", r->reading);
    kad_buf_printf(b, " %d %d %d %d/%d %d %d/%d", (int)r->kind, r->subject, (int)r->running,
                   r->owner_attribute, r->owner_role, (int)r->move, (int)r->closes, r->closes_days);
    for (size_t i = 0; i < r->n_notices; i++)
        kad_buf_printf(b, " notice %d %d/%d/%d", (int)r->notices[i].kind, r->notices[i].n,
                       (int)r->notices[i].unit, r->notices[i].role);
    triggers(b, "until", &r->until);
    triggers(b, "from", &r->from);
    for (size_t i = 0; i < r->n_whens; i++) {
        kad_buf_printf(b, " when %d", r->whens[i].trigger.event);
        expr(b, r->whens[i].trigger.where);
        offset(b, r->whens[i].due);
    }
    for (size_t i = 0; i < r->n_phases; i++) {
        const struct kad_phase *s = &r->phases[i].shape;
        kad_buf_printf(b, " phase %d %d-%d %d/%d task %d", (int)s->unit, s->first, s->last,
                       (int)s->division, s->n, r->phases[i].task);
    }
    kad_buf_printf(b, " every %d ext %d %d %d", r->from_every, r->extension.field,
                   r->extension.times, r->extension.task);
    if (r->extension.field >= 0)
        expr(b, r->extension.trigger.where);
    expr(b, r->where);
    kad_buf_printf(b, " by %d/%d cycle %d/%x/%d/%d/%d", r->by_date, r->date, (int)r->cycle.period,
                   r->cycle.months, r->cycle.weeks, r->cycle.from, r->cycle.times);
    kad_buf_printf(b, " has %d", r->has_due);
    offset(b, r->due);
}

static void notes(struct kad_buf *b, const char *what, const struct kad_note *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        text(b, what, v[i].text);
}

void dump_policy(struct kad_buf *b, const struct kad_policy *p)
{
    text(b, "policy", p->name);
    text(b, "label", p->label);
    text(b, "source", p->source);
    text(b, "zone", p->zone);
    kad_buf_printf(b, " %d %d %d %d", (int)p->calendar.kind, (int)p->running, p->review_by,
                   p->issue_at);
    for (size_t i = 0; i < p->calendar.n_closed; i++)
        kad_buf_printf(b, " closed %d", p->calendar.closed[i]);
    for (size_t i = 0; i < p->n_roles; i++) {
        text(b, "\nrole", p->roles[i].name);
        text(b, "label", p->roles[i].label);
    }
    choices(b, p);
    params(b, p);
    kinds(b, p);
    events(b, p);
    for (size_t i = 0; i < p->n_rules; i++)
        rule(b, &p->rules[i]);
    for (size_t i = 0; i < p->n_tasks; i++) {
        text(b, "\ntask", p->tasks[i].name);
        text(b, "label", p->tasks[i].label);
        kad_buf_printf(b, " %d", p->tasks[i].rule);
        triggers(b, "done by", &p->tasks[i].done_by);
    }
    notes(b, "\nquestion", p->questions, p->n_questions);
    notes(b, "\nreading", p->readings, p->n_readings);
    for (size_t i = 0; i < p->n_reviews; i++) {
        kad_buf_printf(b, "\nreview %d", p->reviews[i].by);
        text(b, "of", p->reviews[i].what);
    }
}

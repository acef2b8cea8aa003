/* What is recorded and known: attributes, events and their fields, choices, and dated values. */
#include "dsl/doc_page.h"

static const char *date(struct kad_page *g, kad_day day)
{
    char text[KAD_DAY_TEXT];
    return kad_doc_f(g, "%s", kad_day_text(day, text));
}

static const char *label_of(struct kad_page *g, struct kad_str label, struct kad_str name)
{
    return kad_doc_safe(g, label.n > 0 ? label : name);
}

/* --- what is known --- */

static const char *item_words(struct kad_page *g, int kind, const struct kad_attribute *a, size_t i)
{
    const struct kad_attr_item *item = &a->items[i];
    const char *event = kad_doc_trigger(g, kind, &item->after);
    if (item->field >= 0) {
        const struct kad_field_def *f = &g->p->events[item->after.event].fields[item->field];
        if (kad_str_eq(f->label, a->label))
            return event;
        return kad_doc_f(g, _("%s in %s"), kad_doc_name(g, f->label, f->name), event);
    }
    bool again = false;
    for (size_t k = 0; k < i; k++)
        again = again || a->items[k].after.event == item->after.event;
    const char *value = kad_doc_value(g, item->value, a->type, a->ref);
    return again ? kad_doc_f(g, _("%s after any other %s"), value, event)
                 : kad_doc_f(g, _("%s after %s"), value, event);
}

static const char *attribute_words(struct kad_page *g, int kind, const struct kad_attribute *a)
{
    if (a->expr)
        return a->type == KAD_T_YESNO
                   ? kad_doc_f(g, _("worked out: %s"), kad_doc_condition(g, kind, a->expr))
                   : kad_doc_f(g, _("worked out: %s"), kad_doc_operand(g, kind, a->expr));
    if (a->param >= 0)
        return kad_doc_f(
            g, _("the figure %s"),
            kad_doc_name(g, g->p->params[a->param].label, g->p->params[a->param].name));
    const char **v = kad_arena_array(&g->arena, const char *, a->n_items + 1);
    for (size_t i = 0; i < a->n_items; i++)
        v[i] = item_words(g, kind, a, i);
    const char *s = kad_doc_list(g, v, a->n_items, KAD_DOC_AND);
    if (a->n_items > 1 && a->items[0].field >= 0)
        s = kad_doc_f(g, _("the latest of %s"), s);
    if (kad_value_known(a->otherwise))
        s = kad_doc_f(g, _("%s; before that %s"), s,
                      kad_doc_value(g, a->otherwise, a->type, a->ref));
    return s;
}

void kad_doc_attributes(struct kad_page *g)
{
    bool headed = false;
    for (size_t k = 0; k < g->p->n_kinds; k++) {
        const struct kad_kind *kind = &g->p->kinds[k];
        if (kind->n_attributes == 0)
            continue;
        if (!headed) {
            kad_page_head(g, 2, "known", _("What is known"));
            kad_page_add(g, KAD_B_PARA,
                         _("Nothing is entered here by hand: each of these follows from what has "
                           "been recorded. What nobody has recorded is unknown, never no and never "
                           "zero."));
        }
        headed = true;
        kad_page_head(g, 3, kad_doc_f(g, "kind-%zu", k + 1), label_of(g, kind->label, kind->name));
        if (kind->begins_with >= 0)
            kad_page_add(g, KAD_B_PARA,
                         kad_doc_f(g, _("The first thing that is recorded is always %s."),
                                   kad_doc_event(g, kind->begins_with)));
        struct kad_block *t = kad_page_table(g, 2);
        kad_page_cell(g, t, _("What"));
        kad_page_cell(g, t, _("Where it comes from"));
        for (size_t i = 0; i < kind->n_attributes; i++) {
            const struct kad_attribute *a = &kind->attributes[i];
            const char *label = label_of(g, a->label, a->name);
            kad_page_cell(g, t, a->is_private ? kad_doc_f(g, _("%s (protected)"), label) : label);
            kad_page_cell(g, t, attribute_words(g, (int)k, a));
        }
    }
}

/* --- what is recorded --- */

/* "Aneby, Eksjö or Tranås" */
static const char *member_words(struct kad_page *g, int kind)
{
    const struct kad_kind *k = &g->p->kinds[kind];
    const char **v = kad_arena_array(&g->arena, const char *, k->n_members + 1);
    for (size_t i = 0; i < k->n_members; i++)
        v[i] = label_of(g, k->members[i].label, k->members[i].name);
    return kad_doc_list(g, v, k->n_members, KAD_DOC_OR);
}

static const char *type_words(struct kad_page *g, const struct kad_field_def *f)
{
    switch (f->type) {
    case KAD_T_CHOICE:
        return kad_doc_f(g, _("one of the answers under %s"),
                         kad_doc_name(g, g->p->choices[f->ref].label, g->p->choices[f->ref].name));
    case KAD_T_SUBJECT:
        return member_words(g, f->ref);
    case KAD_T_DATE:
        return _("a date");
    case KAD_T_NUMBER:
        return _("a number");
    case KAD_T_MONEY:
        return _("an amount");
    case KAD_T_PERCENT:
        return _("per cent");
    case KAD_T_YESNO:
        return _("yes or no");
    case KAD_T_PERSON:
        return _("a person on the staff");
    default:
        return _("free text");
    }
}

static const char *range_words(struct kad_page *g, const struct kad_field_def *f)
{
    struct kad_value low = {.type = f->type, .know = KAD_KNOWN, .num = f->low};
    struct kad_value high = {.type = f->type, .know = KAD_KNOWN, .num = f->high};
    return kad_doc_f(g, _("from %s to %s"), kad_doc_value(g, low, f->type, -1),
                     kad_doc_value(g, high, f->type, -1));
}

static const char *field_words(struct kad_page *g, const struct kad_field_def *f)
{
    const char *s = kad_doc_f(g, "%s: %s", label_of(g, f->label, f->name), type_words(g, f));
    if (f->has_range)
        s = kad_doc_f(g, "%s %s", s, range_words(g, f));
    if (f->optional)
        s = kad_doc_f(g, _("%s; may be left out"), s);
    if (f->is_private)
        s = kad_doc_f(g, _("%s; protected"), s);
    return s;
}

void kad_doc_events(struct kad_page *g)
{
    const struct kad_policy *p = g->p;
    if (p->n_events == 0)
        return;
    kad_page_head(g, 2, "events", _("What is recorded"));
    kad_page_add(g, KAD_B_PARA,
                 _("What is protected is kept locked, is shown only to those who may see it, and "
                   "can be erased for good."));
    for (size_t k = 0; k < p->n_kinds; k++) {
        struct kad_block *t = NULL;
        for (size_t i = 0; i < p->n_events; i++) {
            const struct kad_event_type *e = &p->events[i];
            if (e->kind != (int)k)
                continue;
            if (!t) {
                kad_page_head(g, 3, kad_doc_f(g, "events-%zu", k + 1),
                              p->kinds[k].shape == KAD_KIND_PROGRAMME
                                  ? _("About the programme as a whole")
                                  : kad_doc_f(g, _("About each %s"), kad_doc_kind(g, (int)k)));
                t = kad_page_table(g, 2);
                kad_page_cell(g, t, _("Event"));
                kad_page_cell(g, t, _("What is stated, besides the day"));
            }
            const char **v = kad_arena_array(&g->arena, const char *, e->n_fields + 1);
            for (size_t f = 0; f < e->n_fields; f++)
                v[f] = field_words(g, &e->fields[f]);
            const char *fields = e->n_fields ? kad_doc_join(g, v, e->n_fields, "\n") : "–";
            kad_page_cell(g, t, label_of(g, e->label, e->name));
            kad_page_cell(g, t, fields);
        }
    }
}

/* --- choices --- */

static const char *choice_words(struct kad_page *g, const struct kad_choice *c, size_t i)
{
    const struct kad_choice_value *v = &c->values[i];
    const char *s = label_of(g, v->label, v->name);
    for (size_t k = 0; k < c->n_props; k++)
        if (kad_value_known(v->props[k]))
            s = kad_doc_f(g, _("%s (%s: %s)"), s, kad_doc_safe(g, c->props[k].name),
                          kad_doc_value(g, v->props[k], c->props[k].type, -1));
    return s;
}

void kad_doc_choices(struct kad_page *g)
{
    const struct kad_policy *p = g->p;
    if (p->n_choices == 0)
        return;
    kad_page_head(g, 2, "choices", _("Answers to choose from"));
    struct kad_block *t = kad_page_table(g, 2);
    kad_page_cell(g, t, _("Choice"));
    kad_page_cell(g, t, _("Answers"));
    for (size_t c = 0; c < p->n_choices; c++) {
        const struct kad_choice *choice = &p->choices[c];
        const char **v = kad_arena_array(&g->arena, const char *, choice->n_values + 1);
        for (size_t i = 0; i < choice->n_values; i++)
            v[i] = choice_words(g, choice, i);
        kad_page_cell(g, t, label_of(g, choice->label, choice->name));
        kad_page_cell(g, t, choice->n_values ? kad_doc_join(g, v, choice->n_values, "; ") : "–");
    }
}

/* --- dated values --- */

static const char *param_value(struct kad_page *g, const struct kad_param *q, struct kad_value v)
{
    const char *s = kad_doc_value(g, v, q->type, -1);
    if (q->per == KAD_PER_YEAR)
        return kad_doc_f(g, _("%s a year"), s);
    if (q->per == KAD_PER_MONTH)
        return kad_doc_f(g, _("%s a month"), s);
    return s;
}

void kad_doc_params(struct kad_page *g)
{
    const struct kad_policy *p = g->p;
    if (p->n_params == 0)
        return;
    kad_page_head(g, 2, "figures", _("Figures and their dates"));
    struct kad_block *t = kad_page_table(g, 4);
    kad_page_cell(g, t, _("Figure"));
    kad_page_cell(g, t, _("From"));
    kad_page_cell(g, t, _("Value"));
    kad_page_cell(g, t, _("Source"));
    for (size_t i = 0; i < p->n_params; i++) {
        const struct kad_param *q = &p->params[i];
        const char *label = label_of(g, q->label, q->name);
        for (size_t k = 0; k < q->n_values; k++) {
            const struct kad_param_value *v = &q->values[k];
            const char *what = label;
            if (v->member >= 0) {
                const struct kad_member *m = &p->kinds[q->kind].members[v->member];
                what = kad_doc_f(g, _("%s, %s"), label, label_of(g, m->label, m->name));
            }
            kad_page_cell(g, t, what);
            kad_page_cell(g, t, v->from == KAD_DAY_MIN ? _("the beginning") : date(g, v->from));
            kad_page_cell(g, t, param_value(g, q, v->value));
            const char *source = q->source.n > 0 ? kad_doc_safe(g, q->source) : "–";
            if (q->review_by != KAD_DAY_NONE)
                source = kad_doc_f(g, "%s\n%s", source,
                                   kad_doc_f(g, _("To be reviewed by %s"), date(g, q->review_by)));
            kad_page_cell(g, t, k == 0 ? source : "");
        }
    }
}

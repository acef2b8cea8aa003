/* Counts, days, distances, phases and periods in words. */
#include "dsl/doc_page.h"

/* Up to twelve in letters, as running text has it. */
static const char *number(struct kad_page *g, int32_t n)
{
    static const char *const words[] = {N_("one"),  N_("two"), N_("three"),  N_("four"),
                                        N_("five"), N_("six"), N_("seven"),  N_("eight"),
                                        N_("nine"), N_("ten"), N_("eleven"), N_("twelve")};
    if (n >= 1 && n <= 12)
        return _(words[n - 1]);
    return kad_doc_f(g, "%d", (int)n);
}

const char *kad_doc_count(struct kad_page *g, int32_t n, enum kad_unit unit)
{
    unsigned long u = (unsigned long)(n < 0 ? -(int64_t)n : n);
    const char *word = number(g, (int32_t)u);
    switch (unit) {
    case KAD_U_DAY:
        return kad_doc_f(g, ngettext_("%s day", "%s days", u), word);
    case KAD_U_WORKING_DAY:
        return kad_doc_f(g, ngettext_("%s working day", "%s working days", u), word);
    case KAD_U_WEEK:
        return kad_doc_f(g, ngettext_("%s week", "%s weeks", u), word);
    case KAD_U_MONTH:
        return kad_doc_f(g, ngettext_("%s month", "%s months", u), word);
    case KAD_U_YEAR:
        break;
    }
    /* In figures: in Swedish this one has another gender. */
    return kad_doc_f(g, ngettext_("%lu year", "%lu years", u), u);
}

const char *kad_doc_times(struct kad_page *g, int32_t n)
{
    if (n == 1)
        return _("once");
    if (n == 2)
        return _("twice");
    return kad_doc_f(g, ngettext_("%s time", "%s times", (unsigned long)n), number(g, n));
}

const char *kad_doc_offset(struct kad_page *g, int kind, const struct kad_offset *o)
{
    const char *count = kad_doc_count(g, o->n, o->unit);
    if (o->attribute >= 0) {
        const struct kad_attribute *a = &g->p->kinds[kind].attributes[o->attribute];
        const char *name = kad_doc_name(g, a->label, a->name);
        if (o->n == 0)
            return kad_doc_f(g, _("on the day of %s"), name);
        return kad_doc_f(g, o->n < 0 ? _("%s before %s") : _("%s after %s"), count, name);
    }
    if (o->n == 0)
        return _("the same day");
    return kad_doc_f(g, o->n < 0 ? _("%s before") : _("%s after"), count);
}

const char *kad_doc_day(struct kad_page *g, kad_day day)
{
    struct kad_ymd d = kad_ymd_of(day);
    return kad_doc_f(g, "%d\u00a0%s %d", (int)d.day, kad_month_name(d.month), (int)d.year);
}

const char *kad_doc_value(struct kad_page *g, struct kad_value v, enum kad_type type, int ref)
{
    if (kad_value_known(v) && type == KAD_T_DATE)
        return kad_doc_day(g, (kad_day)v.num);
    struct kad_buf b = {0};
    kad_policy_put_value(&b, g->p, v, type, ref);
    const char *s = kad_doc_safe(g, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
    bool called = type == KAD_T_CHOICE || type == KAD_T_SUBJECT || type == KAD_T_TEXT;
    return called && kad_value_known(v) ? kad_doc_f(g, KAD_DOC_NAME "%s" KAD_DOC_NAME_END, s) : s;
}

const char *kad_doc_phase_when(struct kad_page *g, const struct kad_phase *p)
{
    bool week = p->unit == KAD_U_WEEK;
    int first = p->first, last = p->last;
    if (last == 0)
        return kad_doc_f(g, week ? _("From week %d on") : _("From month %d on"), first);
    if (last == first)
        return kad_doc_f(g, week ? _("Week %d") : _("Month %d"), first);
    if (last == first + 1)
        return kad_doc_f(g, week ? _("Weeks %d and %d") : _("Months %d and %d"), first, last);
    return kad_doc_f(g, week ? _("Weeks %d to %d") : _("Months %d to %d"), first, last);
}

const char *kad_doc_phase_often(struct kad_page *g, const struct kad_phase *p)
{
    const char *times = kad_doc_times(g, p->n);
    switch (p->division) {
    case KAD_EVERY_WEEKS:
        if (p->n == 1)
            return _("every week");
        if (p->n == 2)
            return _("every other week");
        return kad_doc_f(g, _("once in %s"), kad_doc_count(g, p->n, KAD_U_WEEK));
    case KAD_TIMES:
        return p->last == p->first ? times : kad_doc_f(g, _("%s in all"), times);
    case KAD_TIMES_MONTH:
        return kad_doc_f(g, _("%s a month"), times);
    case KAD_CALENDAR_WEEK:
        break;
    }
    return _("every calendar week that begins in the period");
}

/* "October", "October and March", "month except July": which months of the year. */
static const char *cycle_months(struct kad_page *g, const struct kad_cycle *c)
{
    const char *in[12], *out[12];
    size_t n_in = 0, n_out = 0;
    for (int32_t m = 1; m <= 12; m++)
        if (c->months & 1u << (m - 1))
            in[n_in++] = kad_month_name(m);
        else
            out[n_out++] = kad_month_name(m);
    if (n_out == 0)
        return _("every month");
    if (n_in <= 6)
        return kad_doc_f(g, _("every year in %s"), kad_doc_list(g, in, n_in, KAD_DOC_AND));
    return kad_doc_f(g, _("every month except %s"), kad_doc_list(g, out, n_out, KAD_DOC_AND));
}

static const char *cycle_period(struct kad_page *g, const struct kad_cycle *c)
{
    switch (c->period) {
    case KAD_P_MONTH:
        return cycle_months(g, c);
    case KAD_P_QUARTER:
        return _("every quarter");
    case KAD_P_HALF_YEAR:
        return _("every half-year");
    case KAD_P_YEAR:
        return _("every year");
    case KAD_P_WEEKS:
        break;
    }
    if (c->weeks == 1)
        return _("every week");
    if (c->weeks == 2)
        return _("every other week");
    return kad_doc_f(g, _("once in %s"), kad_doc_count(g, c->weeks, KAD_U_WEEK));
}

const char *kad_doc_cycle(struct kad_page *g, const struct kad_cycle *c)
{
    const char *s = cycle_period(g, c);
    if (c->times > 1)
        s = kad_doc_f(g, "%s %s", kad_doc_times(g, c->times), s);
    if (c->from != KAD_DAY_NONE)
        s = kad_doc_f(g, _("%s, counted from %s"), s, kad_doc_day(g, c->from));
    return s;
}

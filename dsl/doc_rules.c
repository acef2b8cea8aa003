/* What the policy asks for: requirements, tasks, cadences and duties, a rule at a time. */
#include "core/limits.h"
#include "dsl/doc_page.h"

/* A rule goes to the line of the next declaration that the page names. */
static int next_line(const struct kad_page *g, int line)
{
    int next = INT32_MAX;
#define SEE(vec, n)                                                                                \
    for (size_t i = 0; i < (n); i++)                                                               \
        if ((vec)[i].line > line && (vec)[i].line < next)                                          \
            next = (vec)[i].line;
    SEE(g->p->rules, g->p->n_rules)
    SEE(g->p->guards, g->p->n_guards)
    SEE(g->p->events, g->p->n_events)
    SEE(g->p->kinds, g->p->n_kinds)
    SEE(g->p->params, g->p->n_params)
#undef SEE
    return next;
}

static const char *rule_id(struct kad_page *g, const struct kad_rule *r)
{
    return kad_doc_f(g, "rule-%zu", (size_t)(r - g->p->rules) + 1);
}

/* --- what is required --- */

static void put_guard(struct kad_page *g, const struct kad_guard *guard)
{
    int kind = g->p->events[guard->event].kind;
    const char *condition = kad_doc_condition(g, kind, guard->condition);
    kad_page_add(g, KAD_B_RULE, "");
    kad_page_add(g, KAD_B_PARA,
                 kad_doc_f(g, guard->require ? _("Required: %s.") : _("Expected: %s."), condition));
    if (guard->message.n > 0)
        kad_page_add(g, KAD_B_PARA,
                     kad_doc_f(g,
                               guard->require ? _("Otherwise the answer is: %s.")
                                              : _("Otherwise it is recorded, with the remark: %s."),
                               kad_doc_f(g, _("“%s”"), kad_doc_safe(g, guard->message))));
    else if (!guard->require)
        kad_page_add(g, KAD_B_PARA, _("Otherwise it is recorded, with a remark."));
    kad_page_source(g, guard->source, guard->line);
    kad_page_add(g, KAD_B_END, "");
}

void kad_doc_guards(struct kad_page *g)
{
    const struct kad_policy *p = g->p;
    if (p->n_guards == 0)
        return;
    kad_page_head(g, 2, "required", _("What is required"));
    kad_page_add(
        g, KAD_B_PARA,
        _("What is required has to be so for the event to be recorded. What is expected is "
          "only remarked on. Whoever may do so can record an event in spite of a "
          "requirement; then the reason is recorded too."));
    for (size_t e = 0; e < p->n_events; e++) {
        bool headed = false;
        for (size_t i = 0; i < p->n_guards; i++) {
            if (p->guards[i].event != (int)e)
                continue;
            if (!headed)
                kad_page_head(g, 3, kad_doc_f(g, "at-%zu", e + 1),
                              kad_doc_safe(g, p->events[e].label));
            headed = true;
            put_guard(g, &p->guards[i]);
        }
        for (size_t i = 0; i < p->n_guards; i++)
            if (p->guards[i].event == (int)e)
                kad_page_see(g, p->guards[i].line, next_line(g, p->guards[i].line));
    }
}

/* --- what all rules share --- */

static void put_done_by(struct kad_page *g, const struct kad_rule *r)
{
    for (size_t i = 0; i < g->p->n_tasks; i++)
        if (g->p->tasks[i].rule == (int)(r - g->p->rules) && r->kind != KAD_RULE_CADENCE)
            kad_page_add(g, KAD_B_PARA,
                         kad_doc_f(g, _("Done when %s has been recorded."),
                                   kad_doc_triggers(g, r->subject, &g->p->tasks[i].done_by)));
}

static void put_owner(struct kad_page *g, const struct kad_rule *r)
{
    if (r->owner_attribute >= 0) {
        const struct kad_attribute *a = &g->p->kinds[r->subject].attributes[r->owner_attribute];
        kad_page_add(g, KAD_B_PARA,
                     kad_doc_f(g, _("Whose task: the one who is %s for the one it concerns."),
                               kad_doc_name(g, a->label, a->name)));
    } else if (r->owner_role >= 0) {
        const struct kad_role *role = &g->p->roles[r->owner_role];
        kad_page_add(g, KAD_B_PARA,
                     kad_doc_f(g, _("Whose task: %s."), kad_doc_name(g, role->label, role->name)));
    } else {
        kad_page_add(g, KAD_B_PARA, _("Whose task: the rule does not say."));
    }
}

/* Weeks that go on without end have no period to close with. */
static bool stays_open(const struct kad_rule *r)
{
    if (r->closes != KAD_CLOSES_DEFAULT)
        return r->closes == KAD_CLOSES_NEVER;
    if (r->kind == KAD_RULE_DUTY)
        return r->has_due || r->by_date;
    const struct kad_phase *only = r->n_phases == 1 ? &r->phases[0].shape : NULL;
    return r->kind == KAD_RULE_TASK ||
           (only && only->last == 0 &&
            (only->division == KAD_EVERY_WEEKS || only->division == KAD_CALENDAR_WEEK));
}

static void put_closes(struct kad_page *g, const struct kad_rule *r)
{
    if (stays_open(r))
        kad_page_add(g, KAD_B_PARA, _("If it is late, it stays on the list until it is done."));
    else if (r->closes == KAD_CLOSES_AFTER_DUE && r->closes_days > 0)
        kad_page_add(g, KAD_B_PARA,
                     kad_doc_f(g,
                               _("If it is not done %s after its last day, it counts as missed."),
                               kad_doc_count(g, r->closes_days, KAD_U_DAY)));
    else if (r->closes == KAD_CLOSES_AFTER_DUE)
        kad_page_add(g, KAD_B_PARA, _("If it is not done on its last day, it counts as missed."));
    else
        kad_page_add(g, KAD_B_PARA,
                     _("What is late can be done until the period is over. After that it counts as "
                       "missed."));
}

/* "ten days and three working days before the last day, and on the last day itself" */
static const char *remind_when(struct kad_page *g, const struct kad_rule *r)
{
    const char *before[KAD_LIMIT_NOTICES];
    size_t n = 0;
    bool on = false;
    for (size_t i = 0; i < r->n_notices; i++) {
        const struct kad_notice_def *d = &r->notices[i];
        if (d->kind != KAD_NOTICE_REMIND)
            continue;
        if (d->n == 0)
            on = true;
        else
            before[n++] = kad_doc_count(g, d->n, d->unit);
    }
    if (n == 0)
        return on ? _("on the last day") : NULL;
    return kad_doc_f(g, on ? _("%s before the last day, and on the last day itself")
                           : _("%s before the last day"),
                     kad_doc_list(g, before, n, KAD_DOC_AND));
}

static void put_notices(struct kad_page *g, const struct kad_rule *r)
{
    const char *when = remind_when(g, r);
    if (when)
        kad_page_add(g, KAD_B_PARA,
                     kad_doc_f(g, _("A reminder of what is not done comes %s."), when));
    for (size_t i = 0; i < r->n_notices; i++) {
        const struct kad_notice_def *e = &r->notices[i];
        if (e->kind != KAD_NOTICE_ESCALATE)
            continue;
        const struct kad_role *role = &g->p->roles[e->role];
        kad_page_add(g, KAD_B_PARA,
                     kad_doc_f(g, _("If it is still not done %s after the last day, it is taken to %s."),
                               kad_doc_count(g, e->n, e->unit),
                               kad_doc_name(g, role->label, role->name)));
    }
}

/* Holidays, how it ends, whose it is, and what the rule rests on. */
static void put_rest(struct kad_page *g, const struct kad_rule *r)
{
    if (r->move == KAD_MOVE_NEXT)
        kad_page_add(
            g, KAD_B_PARA,
            _("If the last day is not a working day, it is the next working day instead."));
    else if (r->move == KAD_MOVE_PREVIOUS)
        kad_page_add(
            g, KAD_B_PARA,
            _("If the last day is not a working day, it is the working day before instead."));
    put_owner(g, r);
    put_done_by(g, r);
    if (r->until.n > 0)
        kad_page_add(
            g, KAD_B_PARA,
            kad_doc_f(
                g,
                _("Ends with: %s. What remains falls away; what is late by then counts as missed."),
                kad_doc_triggers(g, r->subject, &r->until)));
    put_closes(g, r);
    put_notices(g, r);
    if (r->running == KAD_RUNNING_FOLLOW)
        kad_page_add(g, KAD_B_PARA,
                     _("What is running when the rules change follows the new rules."));
    else if (r->running == KAD_RUNNING_KEEP)
        kad_page_add(g, KAD_B_PARA,
                     _("What is running when the rules change keeps the old rules."));
    kad_page_source(g, r->source, r->line);
    kad_page_see(g, r->line, next_line(g, r->line));
    kad_page_add(g, KAD_B_END, "");
}

/* --- tasks --- */

static void put_whens(struct kad_page *g, const struct kad_rule *r)
{
    for (size_t i = 0; i < r->n_whens; i++) {
        const struct kad_when *w = &r->whens[i];
        const char *event = kad_doc_event(g, w->trigger.event);
        const char *due = kad_doc_offset(g, r->subject, &w->due);
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || r->whens[k].trigger.event == w->trigger.event;
        const char *s;
        if (w->trigger.where) {
            const char *where = kad_doc_condition(g, r->subject, w->trigger.where);
            s = again ? kad_doc_f(g, _("At %s otherwise, if %s: at the latest %s."), event, where,
                                  due)
                      : kad_doc_f(g, _("At %s, if %s: at the latest %s."), event, where, due);
        } else {
            s = again ? kad_doc_f(g, _("At %s otherwise: at the latest %s."), event, due)
                      : kad_doc_f(g, _("At %s: at the latest %s."), event, due);
        }
        kad_page_item(g, "", "", s);
    }
}

/* Each rule of a kind under one heading. */
static void put_rules(struct kad_page *g, enum kad_rule_kind kind, const char *id,
                      const char *title, const char *intro,
                      void (*says)(struct kad_page *, const struct kad_rule *))
{
    bool headed = false;
    for (size_t i = 0; i < g->p->n_rules; i++) {
        const struct kad_rule *r = &g->p->rules[i];
        if (r->kind != kind)
            continue;
        if (!headed) {
            kad_page_head(g, 2, id, title);
            kad_page_add(g, KAD_B_PARA, intro);
        }
        headed = true;
        kad_page_head(g, 3, rule_id(g, r), kad_doc_safe(g, r->label.n > 0 ? r->label : r->name));
        kad_page_add(g, KAD_B_RULE, "");
        says(g, r);
        put_rest(g, r);
    }
}

void kad_doc_tasks(struct kad_page *g)
{
    put_rules(g, KAD_RULE_TASK, "tasks", _("What follows on what"),
              _("Tasks that open when something happens, on the day it happens."), put_whens);
}

/* --- cadences --- */

static void put_phases(struct kad_page *g, const struct kad_rule *r)
{
    const char *from = kad_doc_triggers(g, r->subject, &r->from);
    kad_page_add(g, KAD_B_PARA,
                 kad_doc_f(g, _("Counted from the day of: %s. That day is the first."), from));
    kad_page_add(g, KAD_B_PARA,
                 r->from_every ? _("If that happens again, both run side by side.")
                               : _("If that happens again, it begins anew from the first day."));
    struct kad_block *t = kad_page_table(g, 3);
    kad_page_cell(g, t, _("When"));
    kad_page_cell(g, t, _("What"));
    kad_page_cell(g, t, _("How often"));
    for (size_t i = 0; i < r->n_phases; i++) {
        kad_page_cell(g, t, kad_doc_phase_when(g, &r->phases[i].shape));
        kad_page_cell(g, t,
                      kad_doc_triggers(g, r->subject, &g->p->tasks[r->phases[i].task].done_by));
        kad_page_cell(g, t, kad_doc_phase_often(g, &r->phases[i].shape));
    }
    if (r->extension.field < 0)
        return;
    const struct kad_event_type *e = &g->p->events[r->extension.trigger.event];
    const struct kad_field_def *f = &e->fields[r->extension.field];
    kad_page_add(g, KAD_B_PARA,
                 kad_doc_f(g,
                           _("May be prolonged by %s: then %s %s a month up to and including %s."),
                           kad_doc_trigger(g, r->subject, &r->extension.trigger),
                           kad_doc_task(g, r->extension.task), kad_doc_times(g, r->extension.times),
                           kad_doc_name(g, f->label, f->name)));
}

void kad_doc_cadences(struct kad_page *g)
{
    put_rules(g, KAD_RULE_CADENCE, "cadences", _("What comes back at intervals"),
              _("Tasks that come one after another from the day something happened."), put_phases);
}

/* --- duties --- */

static void put_cycle(struct kad_page *g, const struct kad_rule *r)
{
    const struct kad_kind *k = &g->p->kinds[r->subject];
    if (k->shape == KAD_KIND_PROGRAMME)
        kad_page_add(g, KAD_B_PARA, _("Concerns: the programme as a whole."));
    else if (r->where)
        kad_page_add(
            g, KAD_B_PARA,
            kad_doc_f(g, _("Concerns: each %s where %s, as things stand on the day it opens."),
                      kad_doc_kind(g, r->subject), kad_doc_condition(g, r->subject, r->where)));
    else
        kad_page_add(g, KAD_B_PARA,
                     kad_doc_f(g, _("Concerns: each %s."), kad_doc_kind(g, r->subject)));
    if (r->by_date) {
        kad_page_add(g, KAD_B_PARA,
                     kad_doc_f(g, _("When: no later than %s."), kad_doc_day(g, r->date)));
        return;
    }
    const char *cycle = kad_doc_cycle(g, &r->cycle);
    if (r->has_due)
        kad_page_add(
            g, KAD_B_PARA,
            kad_doc_f(g, _("When: %s. It opens the day after the period and is done within %s."),
                      cycle, kad_doc_count(g, r->due.n, r->due.unit)));
    else
        kad_page_add(g, KAD_B_PARA, kad_doc_f(g, _("When: %s, within the period."), cycle));
}

void kad_doc_duties(struct kad_page *g)
{
    put_rules(g, KAD_RULE_DUTY, "duties", _("What the calendar asks for"),
              _("Tasks that open when a month, a half-year or another period begins or ends."),
              put_cycle);
}

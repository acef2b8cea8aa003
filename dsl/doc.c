/* The page as a whole: what it says in short, who does what, and the order of its parts. */
#include "dsl/doc.h"

#include "dsl/doc_page.h"

/* --- in short --- */

static void put_counts(struct kad_page *g)
{
    size_t guards = g->p->n_guards, tasks = 0, cadences = 0, duties = 0, n = 0;
    for (size_t i = 0; i < g->p->n_rules; i++) {
        tasks += g->p->rules[i].kind == KAD_RULE_TASK;
        cadences += g->p->rules[i].kind == KAD_RULE_CADENCE;
        duties += g->p->rules[i].kind == KAD_RULE_DUTY;
    }
    const char *v[4];
    if (guards > 0)
        v[n++] = kad_doc_f(g,
                           ngettext_("%zu requirement or expectation",
                                     "%zu requirements and expectations", guards),
                           guards);
    if (tasks > 0)
        v[n++] = kad_doc_f(g,
                           ngettext_("%zu task that follows on an event",
                                     "%zu tasks that follow on events", tasks),
                           tasks);
    if (cadences > 0)
        v[n++] = kad_doc_f(g,
                           ngettext_("%zu series of tasks that come back",
                                     "%zu series of tasks that come back", cadences),
                           cadences);
    if (duties > 0)
        v[n++] = kad_doc_f(
            g, ngettext_("%zu task of the calendar", "%zu tasks of the calendar", duties), duties);
    if (n > 0)
        kad_page_term(g, _("Rules"), kad_doc_list(g, v, n, KAD_DOC_AND));
}

static void put_working_days(struct kad_page *g)
{
    const struct kad_calendar *c = &g->p->calendar;
    const char *s = c->kind == KAD_CAL_SWEDEN
                        ? _("Monday to Friday, except Swedish public holidays, Midsummer Eve, "
                            "Christmas Eve and New Year's Eve")
                        : _("every day of the week");
    const char **closed = kad_arena_array(&g->arena, const char *, c->n_closed + 1);
    for (size_t i = 0; i < c->n_closed; i++)
        closed[i] = kad_doc_day(g, c->closed[i]);
    if (c->n_closed > 0)
        s = kad_doc_f(g, _("%s; closed on %s"), s,
                      kad_doc_list(g, closed, c->n_closed, KAD_DOC_AND));
    kad_page_term(g, _("Working days"), s);
}

static void put_in_short(struct kad_page *g)
{
    const struct kad_policy *p = g->p;
    kad_page_head(g, 2, "short", _("In short"));
    kad_page_term(g, _("Name in the program"), kad_doc_safe(g, p->name));
    if (p->source.n > 0)
        kad_page_term(g, _("Rests on"), kad_doc_safe(g, p->source));
    put_counts(g);
    kad_page_term(g, _("When rules change"),
                  p->running == KAD_RUNNING_KEEP
                      ? _("Running cases keep the old rules to their end.")
                      : _("What has opened stands. What opens later follows the new rules, counted "
                          "from the same day as before."));
    put_working_days(g);
    kad_page_term(g, _("Told of"),
                  kad_doc_f(g,
                            _("what opens on a day, is late, is reminded of or escalated: at "
                              "%02d:%02d"),
                            (int)p->issue_at / 60, (int)p->issue_at % 60));
    if (p->review_by != KAD_DAY_NONE)
        kad_page_term(g, _("To be reviewed by"), kad_doc_day(g, p->review_by));
    kad_page_term(
        g, _("Open questions"),
        p->n_questions == 0
            ? _("none")
            : kad_doc_f(g,
                        ngettext_("%zu question that the document leaves open",
                                  "%zu questions that the document leaves open", p->n_questions),
                        p->n_questions));
}

/* --- who does what --- */

/* When a rule asks for something, in few words. */
static const char *when_in_short(struct kad_page *g, const struct kad_rule *r)
{
    const char *events[8];
    size_t n = 0;
    switch (r->kind) {
    case KAD_RULE_CADENCE:
        return kad_doc_f(g, _("at intervals from %s"), kad_doc_triggers(g, r->subject, &r->from));
    case KAD_RULE_DUTY:
        return r->by_date ? kad_doc_f(g, _("no later than %s"), kad_doc_day(g, r->date))
                          : kad_doc_cycle(g, &r->cycle);
    case KAD_RULE_TASK:
        break;
    }
    for (size_t i = 0; i < r->n_whens && n < sizeof events / sizeof *events; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || r->whens[k].trigger.event == r->whens[i].trigger.event;
        if (!again)
            events[n++] = kad_doc_event(g, r->whens[i].trigger.event);
    }
    return kad_doc_f(g, _("at %s"), kad_doc_list(g, events, n, KAD_DOC_OR));
}

/* The name behind `for`; empty: none. */
static struct kad_str owner_name(const struct kad_policy *p, const struct kad_rule *r)
{
    if (r->owner_attribute >= 0)
        return p->kinds[r->subject].attributes[r->owner_attribute].name;
    return r->owner_role >= 0 ? p->roles[r->owner_role].name : (struct kad_str){0};
}

/* One line under an owner; the first of them brings the heading. */
static void put_item(struct kad_page *g, size_t rule, const char *title, const char *text, bool *any)
{
    const struct kad_rule *r = &g->p->rules[rule];
    if (!*any)
        kad_page_head(g, 3, "", title);
    *any = true;
    kad_page_item(g, kad_doc_safe(g, r->label.n > 0 ? r->label : r->name),
                  kad_doc_f(g, "rule-%zu", rule + 1), text);
}

/* The tasks of one owner, and what is taken to the role (-1: it is none). Is there any? */
static bool put_owned(struct kad_page *g, struct kad_str owner, int role, const char *title)
{
    bool any = false;
    for (size_t i = 0; i < g->p->n_rules; i++)
        if (kad_str_eq(owner_name(g->p, &g->p->rules[i]), owner))
            put_item(g, i, title, when_in_short(g, &g->p->rules[i]), &any);
    for (size_t i = 0; role >= 0 && i < g->p->n_rules; i++)
        for (size_t k = 0; k < g->p->rules[i].n_notices; k++) {
            const struct kad_notice_def *n = &g->p->rules[i].notices[k];
            if (n->role == role)
                put_item(g, i, title,
                         kad_doc_f(g, _("gets to know when it is not done %s after its last day"),
                                   kad_doc_count(g, n->n, n->unit)),
                         &any);
        }
    return any;
}

static void put_who(struct kad_page *g)
{
    const struct kad_policy *p = g->p;
    if (p->n_rules == 0)
        return;
    kad_page_head(g, 2, "who", _("Who does what"));
    const char **idle = kad_arena_array(&g->arena, const char *, p->n_roles + 1);
    size_t n_idle = 0;
    for (size_t i = 0; i < p->n_roles; i++) {
        const struct kad_role *role = &p->roles[i];
        const char *title = kad_doc_safe(g, role->label.n > 0 ? role->label : role->name);
        if (!put_owned(g, role->name, (int)i, title))
            idle[n_idle++] = title;
    }
    /* Owners by an attribute that no role is called by: each at its first rule. */
    for (size_t i = 0; i < p->n_rules; i++) {
        struct kad_str owner = owner_name(p, &p->rules[i]);
        bool seen = owner.n == 0 || kad_policy_role(p, owner) >= 0;
        for (size_t k = 0; k < i; k++)
            seen = seen || kad_str_eq(owner_name(p, &p->rules[k]), owner);
        if (!seen) {
            const struct kad_rule *r = &p->rules[i];
            const struct kad_attribute *a = &p->kinds[r->subject].attributes[r->owner_attribute];
            put_owned(g, owner, -1, kad_doc_safe(g, a->label.n > 0 ? a->label : a->name));
        }
    }
    put_owned(g, (struct kad_str){0}, -1, _("Nobody in particular"));
    if (n_idle > 0)
        kad_page_add(g, KAD_B_PARA,
                     kad_doc_f(g, _("These have no tasks by the rules: %s."),
                               kad_doc_list(g, idle, n_idle, KAD_DOC_AND)));
}

/* --- readings and questions --- */

/* The declaration that a line stands in: the last that begins on it or before. */
static void place_of(struct kad_page *g, int line, const char **ret_about, const char **ret_link)
{
    const struct kad_policy *p = g->p;
    int best = 0;
    size_t at = 0;
    enum { POLICY, EVENT, KIND, PARAM, GUARD, RULE } what = POLICY;
#define SEE(vec, n, this)                                                                          \
    for (size_t i = 0; i < (n); i++)                                                               \
        if ((vec)[i].line <= line && (vec)[i].line > best) {                                       \
            best = (vec)[i].line;                                                                  \
            at = i;                                                                                \
            what = this;                                                                           \
        }
    SEE(p->events, p->n_events, EVENT)
    SEE(p->kinds, p->n_kinds, KIND)
    SEE(p->params, p->n_params, PARAM)
    SEE(p->guards, p->n_guards, GUARD)
    SEE(p->rules, p->n_rules, RULE)
#undef SEE
    struct kad_str about = {0};
    *ret_link = "short";
    switch (what) {
    case POLICY:
        break;
    case EVENT:
        about = p->events[at].label;
        *ret_link = "events";
        break;
    case KIND:
        about = p->kinds[at].label;
        *ret_link = "known";
        break;
    case PARAM:
        about = p->params[at].label;
        *ret_link = "figures";
        break;
    case GUARD:
        about = p->events[p->guards[at].event].label;
        *ret_link = kad_doc_f(g, "at-%d", p->guards[at].event + 1);
        break;
    case RULE:
        about = p->rules[at].label;
        *ret_link = kad_doc_f(g, "rule-%zu", at + 1);
        break;
    }
    *ret_about = what == POLICY ? _("The policy as a whole") : kad_doc_safe(g, about);
}

static void find_readings(struct kad_page *g)
{
    g->n_readings = g->p->n_readings;
    g->readings = kad_arena_array(&g->arena, struct kad_doc_reading, g->n_readings + 1);
    for (size_t i = 0; i < g->n_readings; i++) {
        g->readings[i].text = g->p->readings[i].text;
        g->readings[i].line = g->p->readings[i].line;
        place_of(g, g->readings[i].line, &g->readings[i].about, &g->readings[i].link);
    }
}

static void put_numbered(struct kad_page *g, size_t number, const char *id, struct kad_str text,
                         const char *about, const char *link)
{
    struct kad_block *b = kad_page_add(g, KAD_B_NUMBER, kad_doc_safe(g, text));
    b->number = (int)number;
    b->id = id;
    b->lead = about;
    b->link = link;
}

static void put_readings(struct kad_page *g)
{
    if (g->n_readings > 0) {
        kad_page_head(g, 2, "readings", _("How the document has been read"));
        kad_page_add(
            g, KAD_B_PARA,
            _("Where the document is silent or can be understood in more than one way, the "
              "rules follow these readings. The board can decide otherwise."));
    }
    for (size_t i = 0; i < g->n_readings; i++)
        put_numbered(g, i + 1, kad_doc_f(g, "reading-%zu", i + 1), g->readings[i].text,
                     g->readings[i].about, g->readings[i].link);
}

static void put_questions(struct kad_page *g)
{
    const struct kad_policy *p = g->p;
    if (p->n_questions == 0)
        return;
    kad_page_head(g, 2, "questions", _("Open questions"));
    kad_page_add(g, KAD_B_PARA,
                 _("The board has to answer these before the rules can be relied on."));
    for (size_t i = 0; i < p->n_questions; i++) {
        const char *about, *link;
        place_of(g, p->questions[i].line, &about, &link);
        put_numbered(g, i + 1, kad_doc_f(g, "question-%zu", i + 1), p->questions[i].text, about,
                     link);
    }
}

void kad_doc_put(struct kad_buf *ret, const struct kad_policy *p, enum kad_doc_format format)
{
    struct kad_page g = {.p = p};
    kad_arena_init(&g.arena);
    find_readings(&g);
    put_in_short(&g);
    put_questions(&g);
    put_who(&g);
    kad_doc_guards(&g);
    kad_doc_tasks(&g);
    kad_doc_cadences(&g);
    kad_doc_duties(&g);
    kad_doc_params(&g);
    put_readings(&g);
    kad_doc_attributes(&g);
    kad_doc_events(&g);
    kad_doc_choices(&g);
    const char *title = kad_doc_safe(&g, p->label.n > 0 ? p->label : p->name);
    if (format == KAD_DOC_HTML)
        kad_page_put_html(ret, &g, title);
    else
        kad_page_put_text(ret, &g, title);
    kad_arena_done(&g.arena);
}

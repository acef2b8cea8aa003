#include "cli/explain.h"

#include <stdio.h>

#include "cli/json.h"

/* The sentence of each kind of step. {word} is filled in from the step; what stands in [ ] is left
 * out unless all of its words have something. ORDER explain.h. */
static const char *const sentences[KAD_SAY__COUNT] = {
    [KAD_SAY_TASK] = N_("{label} on {to}: {value}; due {day}. ({name})"),
    [KAD_SAY_TASKS] = N_("{subject} has {n} of {label} in all, with those to come within a year:"),
    [KAD_SAY_OTHER] = N_("due {day}: {value} ({name})"),
    [KAD_SAY_NO_TASK] = N_("There is no {label} to do for {subject} on {day}."),
    [KAD_SAY_NO_SUCH] = N_("There is no {label} with the id {name}."),
    [KAD_SAY_VALUE] = N_("{label} is {value}, as of {day}."),
    [KAD_SAY_VALUE_PRIVATE] = N_("{label} is recorded, but it is private and not shown here."),
    [KAD_SAY_VALUE_SEALED] = N_("{label} is recorded, but it is private and cannot be read here."),
    [KAD_SAY_VALUE_ERASED] = N_("{label} was recorded, but it was private and has been erased."),
    [KAD_SAY_VALUE_UNKNOWN] = N_("{label} is not recorded, as of {day}."),
    [KAD_SAY_RECORD] = N_("No. {seq}: {label}[ of {subject}], {day}[. {value}]. Recorded on {to} by {text}."),
    [KAD_SAY_ALLOWED] = N_("{label} on {day} would be recorded.[ It would be noted that: {text}.]"),
    [KAD_SAY_REFUSED] = N_("{label} on {day} would be refused[: {text}]."),
    [KAD_SAY_EVENT] = N_("It was opened by {label} on {day} (no. {seq})."),
    [KAD_SAY_ANCHOR] = N_("It is counted from {label} on {day} (no. {seq})."),
    [KAD_SAY_PERIOD] = N_("The calendar asks for it: the period is {day} to {to}."),
    [KAD_SAY_BY_DATE] = N_("The rule asks for it no later than {day}, and has done so since {to}."),
    [KAD_SAY_EXTENDED] = N_("It goes on[ until {to}]: so says {label} on {day} (no. {seq})."),
    [KAD_SAY_HOLDS] = N_("The condition “{text}” is met[: {value}]."),
    [KAD_SAY_FAILS] = N_("The condition “{text}” is not met[: {value}]."),
    [KAD_SAY_UNDECIDED] =
        N_("The condition “{text}” is not met, as something is missing[: {value}]."),
    [KAD_SAY_SET_BY] = N_("{label}[: {value}], since {day}, by {text} (no. {seq})."),
    [KAD_SAY_BEFORE] = N_("Before that[: {value}], since {day}, by {text} (no. {seq})."),
    [KAD_SAY_OTHERWISE] = N_("{label}: nothing has been recorded; the rule then says {value}."),
    [KAD_SAY_NEVER_SET] = N_("{label}: nothing has been recorded."),
    [KAD_SAY_COMPUTED] = N_("{label}[: {value}], computed as {text}."),
    [KAD_SAY_PARAM] = N_("{label}[: {value}], a figure of the rules[ since {day}].[ Source: {source}.]"),
    [KAD_SAY_MUST_BEGIN] = N_("{text} must come first: nothing is recorded about {subject} before it."),
    [KAD_SAY_LACKS] = N_("Not given here, but needed when it is recorded: {text}."),
    [KAD_SAY_NO_EVENT] = N_("It takes {text}, and none is recorded up to {day}."),
    [KAD_SAY_ALL_TAKEN] =
        N_("It takes {text} once more: each that is recorded up to {day} has had its task."),
    [KAD_SAY_AHEAD] = N_("{label} is recorded for {day} (no. {seq}); that day lies ahead."),
    [KAD_SAY_NOT_OPENED] = N_("{label} on {day} (no. {seq}) did not open it[ (line {line} of {policy})]."),
    [KAD_SAY_NOT_IN_FORCE] =
        N_("{label} on {day} (no. {seq}) did not open it: {policy} was not in force on that day."),
    [KAD_SAY_NOT_CONCERNED] = N_("The period that opens on {day} does not concern {subject}."),
    [KAD_SAY_UNBORN] =
        N_("{subject} is known only since {to} (no. {seq}); what opened before that day is not asked "
           "for."),
    [KAD_SAY_RUN_ENDED] =
        N_("What began with {label} on {day} was ended by {text} on {to} (no. {seq})."),
    [KAD_SAY_RUN_OVER] =
        N_("What began with {label} on {day} (no. {seq}) is over: the last was due {to}."),
    [KAD_SAY_ELSEWHERE] =
        N_("From {day} on, another version of the rules decides for what began with {label} (no. "
           "{seq})."),
    [KAD_SAY_NO_POLICY] =
        N_("No rules with this task are in force for {subject} on {day}[; {policy} has it, from {to}][; "
           "{policy} has it, for {value} only]."),
    [KAD_SAY_OTHER_KIND] = N_("The task is for others ({text}) than {subject} ({value})."),
    [KAD_SAY_READING] = N_("How the document is read: {text}."),
    [KAD_SAY_RULE] = N_("Rule: {label}, line {line} of {policy}[: “{text}”].[ Source: {source}.]"),
    [KAD_SAY_OPENS] = N_("It opens on {day}."),
    [KAD_SAY_PHASE] = N_("{phase}, counted from {moved}: {day} to {to}."),
    [KAD_SAY_WINDOW] = N_("{window}: {day} to {to}."),
    [KAD_SAY_DUE] = N_("Due: {chain}."),
    [KAD_SAY_CLIPPED] = N_("There is no day {n} in {month}: the month's last day counts instead."),
    [KAD_SAY_CLOSES] = N_("It can be done until {day}; after that it closes."),
    [KAD_SAY_CLOSES_NEVER] = N_("It never closes: it can be done late, however late."),
    [KAD_SAY_REMINDED] = N_("Reminded of, if it is not done then: {chain}."),
    [KAD_SAY_REMINDED_OPENS] = N_("Reminded of when it opens: {day}."),
    [KAD_SAY_ESCALATED] = N_("Escalated to {value}, if it is late then: {chain}."),
    [KAD_SAY_ESCALATED_OPENS] = N_("Escalated to {value} when it opens: {day}."),
    [KAD_SAY_UPCOMING] = N_("It has not opened yet: it opens on {day}."),
    [KAD_SAY_OPEN] = N_("It is open: {text} from {day} to {to} does it in time."),
    [KAD_SAY_OVERDUE] = N_("It is late: nothing recorded has done it by {day}. {text} still does it[, "
                           "until {to}]."),
    [KAD_SAY_DONE] = N_("Done in time by {label} on {day} (no. {seq})."),
    [KAD_SAY_DONE_LATE] = N_("Done late, by {label} on {day} (no. {seq}); it was due {to}."),
    [KAD_SAY_MISSED] = N_("Missed: it was due {to}, and nothing had done it when it closed on {day}."),
    [KAD_SAY_MISSED_ENDED] =
        N_("Missed: it was due {to} and still undone when {label} on {day} (no. {seq}) ended it all."),
    [KAD_SAY_UNTOLD] =
        N_("Nobody could know of it: {label} (no. {seq}) was recorded on {to}, after it had closed on "
           "{day}."),
    [KAD_SAY_DROPPED] =
        N_("It is no longer needed: {label} on {day} (no. {seq}) ended it before it was late."),
    [KAD_SAY_DROPPED_NEW] =
        N_("It is no longer needed: {label} on {day} (no. {seq}) began it all anew."),
    [KAD_SAY_WAIVED] = N_("Waived on {day} by {label} (no. {seq}): {text}."),
    [KAD_SAY_DID_OTHER] = N_("{label} on {day} (no. {seq}) did the one that was due {to}."),
    [KAD_SAY_GIVEN] = N_("{label} on {day} (no. {seq})[, because of no. {value}]."),
    [KAD_SAY_OWNER] = N_("It is on {value}'s list: {label}[ since {day}][, by {text}][ (no. {seq})]."),
    [KAD_SAY_OWNER_ROLE] = N_("It is on the list of the role {value}."),
    [KAD_SAY_OWNER_NONE] = N_("It is on nobody's list: {label} is not recorded."),
    [KAD_SAY_OWNER_UNSAID] = N_("It is on nobody's list: the rule does not say whose it is."),
    [KAD_SAY_BEGAN] = N_("It began {label}: {n} tasks, the first due {day}, the last {to}."),
    [KAD_SAY_OPENED] = N_("It opened {label}, due {day}: {value} now. ({name})"),
    [KAD_SAY_DID] = N_("It did {label}, due {day}. ({name})"),
    [KAD_SAY_DID_LATE] = N_("It did {label} late; that was due {day}. ({name})"),
    [KAD_SAY_ENDED] = N_("Tasks no longer needed because of it: {n}."),
    [KAD_SAY_SETS] =
        N_("It sets {label}[ to {value}][, until {to}][ (no. {seq})]."),
    [KAD_SAY_NOTHING] = N_("It opened no task, did none, ended none and set no value."),
    [KAD_SAY_OVERRIDDEN] = N_("Recorded although a rule said no, with the reason: {text}."),
    [KAD_SAY_DEVIATED] =
        N_("Noted as a deviation: {text} (line {line} of {policy}).[ Source: {source}.]"),
    [KAD_SAY_CORRECTED] = N_("Corrected on {day} in no. {seq}[: {text}]."),
    [KAD_SAY_RETRACTED] = N_("Taken back on {day} in no. {seq}, so it counts for nothing[: {text}]."),
    [KAD_SAY_ABOUT] = N_("It is about no. {seq}[, {label}].[ Reason: {text}.]"),
    [KAD_SAY_SAYS] = N_("It says: {text}."),
    [KAD_SAY_POLICY] =
        N_("{policy} was in force on {day} (adopted in no. {adopted}).[ Decision: {decision}.]"),
    [KAD_SAY_TAKEN] = N_("On {day} [{policy} came into force and ]took running cases over."),
    [KAD_SAY_LEFT] =
        N_("On {day} [{policy} came into force and ]left running cases to the rules they began under."),
    [KAD_SAY_DAY_ALONE] = N_("Nothing need happen: from {day} on, “{text}” is met by itself."),
    [KAD_SAY_OPENS_NEXT] = N_("The next one opens by itself on {day} and is due {to}. ({name})"),
    [KAD_SAY_WOULD] =
        N_("{label}[ with {value}] on {day} at the latest would meet “{text}”.[ It then opens on "
           "{to}.]"),
    [KAD_SAY_WOULD_CORRECT] = N_("Had {label}[ (no. {seq})] said {value}, “{text}” would be met."),
    [KAD_SAY_WOULD_OPEN] =
        N_("{label}[ with {value}][ where {text}] would open it[: earliest on {day}, due {to}]."),
    [KAD_SAY_WOULD_ELSE] =
        N_("{label}[ where {text}] in any other case would open it[: earliest on {day}, due {to}]."),
    [KAD_SAY_WOULD_SET] = N_("{label} sets it[: it carries {text}][: it then is {value}]."),
    [KAD_SAY_SEVERAL] = N_("{n} conditions are not met; one of these alone is not enough."),
};

static const char *const headings[KAD_E__SECTIONS] = {
    [KAD_E_WHY] = N_("Why"),
    [KAD_E_DAYS] = N_("The days"),
    [KAD_E_STATE] = N_("Where it stands"),
    [KAD_E_LIST] = N_("Whose list"),
    [KAD_E_DID] = N_("What it did"),
    [KAD_E_RULES] = N_("By which rules"),
    [KAD_E_CHANGE] = N_("What would change it"),
};

/* --- words --- */

static void put_offset(struct kad_buf *b, const struct kad_offset *o)
{
    unsigned long n = (unsigned long)(o->n < 0 ? -(int64_t)o->n : o->n);
    kad_buf_puts(b, o->n < 0 ? "− " : "+ ");
    switch (o->unit) {
    case KAD_U_DAY:
        kad_buf_printf(b, ngettext_("%lu day", "%lu days", n), n);
        return;
    case KAD_U_WORKING_DAY:
        kad_buf_printf(b, ngettext_("%lu working day", "%lu working days", n), n);
        return;
    case KAD_U_WEEK:
        kad_buf_printf(b, ngettext_("%lu week", "%lu weeks", n), n);
        return;
    case KAD_U_MONTH:
        kad_buf_printf(b, ngettext_("%lu month", "%lu months", n), n);
        return;
    case KAD_U_YEAR:
        kad_buf_printf(b, ngettext_("%lu year", "%lu years", n), n);
        return;
    }
}

/* Why the day does not work: its holiday, its name, or that it was closed. */
static void put_day_off(struct kad_buf *b, const struct kad_policy *p, kad_day day)
{
    const char *name = NULL;
    if (p->calendar.kind == KAD_CAL_SWEDEN && kad_swedish_holiday(day, &name) && name)
        kad_buf_puts(b, name);
    else if (kad_weekday(day) >= 5 && p->calendar.kind == KAD_CAL_SWEDEN)
        kad_put_weekday(b, day);
    else
        kad_buf_puts(b, _("closed"));
}

/* "2020-11-30 + 3 months = 2021-02-28; Sunday; next working day 2021-03-01" */
static void put_chain(struct kad_buf *b, const struct kad_step *s)
{
    char day[KAD_DAY_TEXT];
    if (s->counted && s->offset.n != 0 && s->day != KAD_DAY_NONE) {
        kad_buf_printf(b, "%s ", kad_day_text(s->day, day));
        put_offset(b, &s->offset);
        if (s->n) {
            kad_buf_putc(b, ' ');
            put_offset(b, &(struct kad_offset){(int32_t)s->n, KAD_U_DAY, -1});
        }
        kad_buf_puts(b, " = ");
    }
    kad_buf_puts(b, kad_day_text(s->to, day));
    if (s->counted && s->offset.n == 0)
        kad_buf_printf(b, ", %s", _("the same day"));
    if (s->day == KAD_DAY_NONE && s->label.n)
        kad_buf_printf(b, _(", counted from %.*s"), KAD_STR_FMT(s->label));
    if (s->moved == KAD_DAY_NONE)
        return;
    kad_buf_puts(b, "; ");
    put_day_off(b, s->adoption->policy, s->to);
    kad_buf_printf(b, s->moved > s->to ? _("; next working day %s") : _("; previous working day %s"),
                   kad_day_text(s->moved, day));
}

/* "Month 2", "Months 4 to 6", "Week 3", "From month 4" */
static void put_phase(struct kad_buf *b, const struct kad_phase *p)
{
    bool month = p->unit == KAD_U_MONTH;
    if (p->last == 0)
        kad_buf_printf(b, month ? _("From month %d on") : _("From week %d on"),
                       (int)p->first);
    else if (p->last == p->first)
        kad_buf_printf(b, month ? _("Month %d") : _("Week %d"), (int)p->first);
    else
        kad_buf_printf(b, month ? _("Months %d to %d") : _("Weeks %d to %d"), (int)p->first,
                       (int)p->last);
}

/* "The first of 2 parts" */
static void put_window(struct kad_buf *b, const struct kad_step *s)
{
    long long n = s->n, of = s->of;
    if (s->phase.division == KAD_CALENDAR_WEEK)
        kad_buf_printf(b, _("It is done once each calendar week, this is no. %lld"), n);
    else if (s->phase.division == KAD_EVERY_WEEKS && s->phase.n == 1)
        kad_buf_printf(b, _("It is done once each week, this is week %lld"), n);
    else if (s->phase.division == KAD_EVERY_WEEKS)
        kad_buf_printf(b, _("It is done once every %d weeks, this is no. %lld"), (int)s->phase.n, n);
    else if (of == 1)
        kad_buf_puts(b, _("It is done once in that time"));
    else
        kad_buf_printf(b, _("That time is shared in %lld parts, this is part %lld"), of, n);
}

/* --- filling in --- */

static bool put_decision(struct kad_buf *b, struct kad_cli *c, const struct kad_adoption *a)
{
    struct kad_snapshot *s = NULL;
    struct kad_str bytes;
    struct kad_record r;
    struct kad_error ignored = {0};
    struct kad_str decision = {0};
    if (a->seq && kad_snapshot_take(kad_engine_ledger(c->engine), &s, &ignored) == KAD_OK &&
        kad_snapshot_record(s, a->seq, &bytes, &ignored) == KAD_OK &&
        kad_snapshot_decode(s, bytes, &c->arena, true, &r, &ignored) == KAD_OK)
        decision = kad_str_dup(&c->arena, kad_record_note(&r, "decision"));
    kad_snapshot_release(s);
    kad_buf_put(b, decision.p, decision.n);
    return decision.n > 0;
}

static bool put_text(struct kad_buf *b, struct kad_str s)
{
    /* The sentence ends it itself. */
    while (s.n > 0 && s.p[s.n - 1] == '.')
        s.n--;
    kad_buf_put(b, s.p, s.n);
    return s.n > 0;
}

static bool put_day(struct kad_buf *b, kad_day day)
{
    if (day == KAD_DAY_NONE)
        return false;
    kad_put_day_words(b, day);
    return true;
}

static bool put_number(struct kad_buf *b, int64_t n)
{
    kad_buf_printf(b, "%lld", (long long)n);
    return n != 0;
}

/* What {word} stands for in this step; false when there is nothing. */
static bool put_word(struct kad_buf *b, struct kad_cli *c, const struct kad_explanation *e,
                     const struct kad_step *s, struct kad_str word)
{
    const struct {
        const char *name;
        struct kad_str text;
    } texts[] = {{"label", s->label}, {"name", s->name}, {"value", s->value},
                 {"text", s->text}, {"source", s->source}, {"subject", e->subject}};
    const struct {
        const char *name;
        kad_day day;
    } days[] = {{"day", s->day}, {"to", s->to}, {"moved", s->moved}};
    const struct {
        const char *name;
        int64_t n;
    } numbers[] = {{"n", s->n}, {"line", s->line}, {"seq", (int64_t)s->seq},
                   {"adopted", s->adoption ? (int64_t)s->adoption->seq : 0}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (kad_str_eq(word, kad_str(texts[i].name)))
            return put_text(b, texts[i].text);
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (kad_str_eq(word, kad_str(days[i].name)))
            return put_day(b, days[i].day);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (kad_str_eq(word, kad_str(numbers[i].name)))
            return put_number(b, numbers[i].n);
    if (kad_str_eq(word, KAD_STR("chain")))
        put_chain(b, s);
    else if (kad_str_eq(word, KAD_STR("phase")))
        put_phase(b, &s->phase);
    else if (kad_str_eq(word, KAD_STR("window")))
        put_window(b, s);
    else if (kad_str_eq(word, KAD_STR("month")))
        kad_put_month(b, s->to);
    else if (kad_str_eq(word, KAD_STR("policy")))
        return s->adoption ? (kad_put_adoption(b, s->adoption), true) : false;
    else if (kad_str_eq(word, KAD_STR("decision")))
        return s->adoption && put_decision(b, c, s->adoption);
    else
        kad_unreachable();
    return true;
}

void kad_put_step(struct kad_buf *b, struct kad_cli *c, const struct kad_explanation *e,
                  const struct kad_step *s)
{
    const char *p = _(sentences[s->say]);
    size_t group = 0; /* where the one in [ ] began */
    bool whole = true;
    for (; *p; p++) {
        if (*p == '[') {
            group = b->n;
            whole = true;
        } else if (*p == ']') {
            if (!whole && b->p) {
                b->n = group;
                b->p[b->n] = '\0';
            }
        } else if (*p == '{') {
            const char *end = strchr(p, '}');
            kad_assert(end);
            whole &= put_word(b, c, e, s, (struct kad_str){p + 1, (size_t)(end - p - 1)});
            p = end;
        } else {
            kad_buf_putc(b, *p);
        }
    }
}

/* --- on a page --- */

void kad_explanation_print(struct kad_cli *c, const struct kad_explanation *e)
{
    struct kad_out *o = &c->out;
    enum kad_section section = KAD_E_ANSWER;
    struct kad_buf b = {0};
    for (size_t i = 0; i < e->steps.n; i++) {
        const struct kad_step *s = &e->steps.v[i];
        if (kad_say_section(s->say) != section) {
            section = kad_say_section(s->say);
            kad_out_puts(o, "\n");
            kad_out_line(o, KAD_BOLD, "%s", _(headings[section]));
        }
        kad_buf_reset(&b);
        kad_put_step(&b, c, e, s);
        size_t indent = (section == KAD_E_ANSWER ? 0 : 2) + 2 * (size_t)s->depth;
        kad_out_wrap(o, indent, 0, (struct kad_str){b.p, b.n});
    }
    kad_buf_done(&b);
}

/* --- for programs --- */

static void json_text(struct kad_buf *b, const char *key, struct kad_str s)
{
    kad_buf_printf(b, ",\"%s\":", key);
    kad_json_str_or_null(b, s);
}

static void json_day(struct kad_buf *b, const char *key, kad_day day)
{
    kad_buf_printf(b, ",\"%s\":", key);
    kad_json_day(b, day);
}

static void json_offset(struct kad_buf *b, const struct kad_step *s)
{
    static const char *const units[] = {[KAD_U_DAY] = "day", [KAD_U_WORKING_DAY] = "working day",
                                        [KAD_U_WEEK] = "week", [KAD_U_MONTH] = "month",
                                        [KAD_U_YEAR] = "year"};
    if (s->counted)
        kad_buf_printf(b, ",\"offset\":{\"n\":%d,\"unit\":\"%s\"}", (int)s->offset.n,
                       units[s->offset.unit]);
    else
        kad_buf_puts(b, ",\"offset\":null");
}

static void json_step(struct kad_buf *b, struct kad_cli *c, const struct kad_explanation *e,
                      const struct kad_step *s)
{
    struct kad_buf words = {0}, policy = {0}, decision = {0};
    kad_put_step(&words, c, e, s);
    if (s->adoption) {
        kad_put_adoption(&policy, s->adoption);
        put_decision(&decision, c, s->adoption);
    }
    kad_buf_printf(b, "{\"kind\":\"%s\",\"depth\":%d,\"sentence\":", kad_say_word(s->say), s->depth);
    kad_json_str(b, (struct kad_str){words.p, words.n});
    json_text(b, "name", s->name);
    json_text(b, "label", s->label);
    json_text(b, "value", s->value);
    json_text(b, "text", s->text);
    json_day(b, "day", s->day);
    json_day(b, "to", s->to);
    json_day(b, "moved", s->moved);
    json_offset(b, s);
    kad_buf_printf(b, ",\"n\":%lld,\"of\":%lld", (long long)s->n, (long long)s->of);
    kad_buf_puts(b, ",\"seq\":");
    kad_json_seq(b, s->seq);
    json_text(b, "policy", (struct kad_str){policy.p, policy.n});
    json_text(b, "decision", (struct kad_str){decision.p, decision.n});
    kad_buf_puts(b, ",\"line\":");
    kad_json_seq(b, (uint64_t)s->line);
    json_text(b, "source", s->source);
    kad_buf_putc(b, '}');
    kad_buf_done(&decision);
    kad_buf_done(&policy);
    kad_buf_done(&words);
}

void kad_explanation_json(struct kad_cli *c, const struct kad_explanation *e)
{
    struct kad_buf *b = &c->out.b;
    kad_buf_puts(b, "{\"subject\":");
    kad_json_str_or_null(b, e->subject);
    kad_buf_puts(b, ",\"as_of\":");
    kad_json_day(b, e->day);
    kad_buf_puts(b, ",\"steps\":[");
    for (size_t i = 0; i < e->steps.n; i++) {
        kad_buf_puts(b, i ? ",\n" : "\n");
        json_step(b, c, e, &e->steps.v[i]);
    }
    kad_buf_puts(b, "\n]}\n");
}

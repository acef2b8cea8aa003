/* From text to tables: every kind of declaration, what is taken from a word processor, and that the
 * order of declarations does not matter. */
#include "tests/unit/dsl.h"

static struct kad_policy *sample(void)
{
    struct kad_buf text = read_data("dsl/sample.rules");
    struct kad_policy *p = compile_n(kad_buf_str(&text), text.n);
    kad_buf_done(&text);
    return p;
}

static const struct kad_rule *rule(const struct kad_policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_rules; i++)
        if (kad_str_eq(p->rules[i].name, kad_str(name)))
            return &p->rules[i];
    fail_msg("no rule %s", name);
    return NULL;
}

static kad_day day(const char *s)
{
    kad_day d = 0;
    assert_true(kad_day_parse(s, strlen(s), &d));
    return d;
}

static void the_policy_itself(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    assert_str_equal(p->name, "se_hoglandet");
    assert_str_equal(p->label, "Supported Employment på Höglandet (LIV)");
    assert_str_equal(p->source, "Verksamhetsbeskrivning SE-Höglandet (LIV)");
    assert_str_equal(p->zone, "Europe/Stockholm");
    assert_int_equal(p->calendar.kind, KAD_CAL_SWEDEN);
    assert_int_equal(p->calendar.n_closed, 1);
    assert_int_equal(p->calendar.closed[0], day("2021-05-14"));
    assert_int_equal(p->running, KAD_RUNNING_FOLLOW);
    assert_int_equal(p->review_by, day("2026-12-31"));
    assert_int_equal(p->issue_at, 360);
    assert_int_equal(p->n_reviews, 2); /* a param has one too */
    assert_int_equal(p->n_readings, 1);
    assert_true(kad_policy_kind(p, KAD_STR(KAD_PROGRAMME)) >= 0);
    kad_policy_free(p);
    p = compile("policy p\n running cases keep the old rules\n issue at 7:30\n"
                " zone \"Asia/Tokyo\"\n closed 2021-02-02\n closed 2021-01-01 \"Day\"\n"
                " question \"What then?\"\n");
    assert_str_equal(p->label, "p");
    assert_str_equal(p->zone, "Asia/Tokyo");
    assert_int_equal(p->issue_at, 450);
    assert_int_equal(p->calendar.kind, KAD_CAL_NONE);
    assert_int_equal(p->calendar.closed[0], day("2021-01-01"));
    assert_int_equal(p->running, KAD_RUNNING_KEEP);
    assert_int_equal(p->n_questions, 1);
    assert_int_equal(p->questions[0].line, 7);
    kad_policy_free(p);
}

static void issue_at_is_a_time_of_the_day(void **state)
{
    static const struct {
        const char *line;
        int32_t minute;
    } all[] = {
        {"", 360}, {" issue at 00:00\n", 0}, {" issue at 0:07\n", 7}, {" issue at 23:59\n", 1439}};
    (void)state;
    for (size_t i = 0; i < LEN(all); i++) {
        char text[200];
        snprintf(text, sizeof text, "policy p\n running cases keep the old rules\n%s", all[i].line);
        struct kad_policy *p = compile(text);
        assert_int_equal(p->issue_at, all[i].minute);
        kad_policy_free(p);
    }
    struct kad_policy *p = compile("policy p\n språk sv\n pågående ärenden behåller gamla regler\n"
                                   " utfärdas 07:30\n");
    assert_int_equal(p->issue_at, 450);
    kad_policy_free(p);
}

static void choices_and_their_properties(void **state)
{
    (void)state;
    struct kad_policy *p = compile("policy p\n running cases keep the old rules\n"
                                   "choice c \"C\"\n a \"A\" counts = yes share = 2,5 %\n"
                                   " b counts = no before after \"After\"\nsubject k\n"
                                   "event e of k c c\n");
    const struct kad_choice *c = &p->choices[0];
    assert_int_equal(c->n_values, 4);
    assert_int_equal(c->n_props, 2);
    assert_str_equal(c->values[1].label, "b");
    assert_str_equal(c->values[3].label, "After");
    assert_int_equal(c->props[1].type, KAD_T_PERCENT);
    assert_int_equal(c->values[0].props[1].num, 25000);
    assert_int_equal(c->values[1].props[0].num, 0);
    assert_false(kad_value_known(c->values[1].props[1]));
    kad_policy_free(p);
}

static void dated_params(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    const struct kad_param *rate = &p->params[kad_policy_param(p, KAD_STR("rate_per_fte"))];
    assert_int_equal(rate->type, KAD_T_MONEY);
    assert_int_equal(rate->per, KAD_PER_YEAR);
    assert_int_equal(rate->review_by, day("2027-06-30"));
    assert_int_equal(kad_param_on(rate, -1, day("2026-12-31")).num, INT64_C(465000) * KAD_MICRO);
    assert_int_equal(kad_param_on(rate, -1, day("2027-01-01")).num, INT64_C(480000) * KAD_MICRO);
    const struct kad_param *fte = &p->params[kad_policy_param(p, KAD_STR("fte"))];
    int kind = kad_policy_kind(p, KAD_STR("municipality"));
    int nassjo = kad_kind_member(&p->kinds[kind], KAD_STR("nassjo"));
    assert_int_equal(fte->kind, kind);
    assert_int_equal(kad_param_on(fte, nassjo, day("2022-03-31")).num, 1800000);
    assert_int_equal(kad_param_on(fte, nassjo, day("2022-04-01")).num, 1500000);
    int attribute = kad_kind_attribute(&p->kinds[kind], KAD_STR("fte"));
    assert_true(attribute >= 0);
    assert_ptr_equal(&p->params[p->kinds[kind].attributes[attribute].param], fte);
    kad_policy_free(p);
}

static void events_and_their_fields(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    const struct kad_event_type *e = &p->events[kad_policy_event(p, KAD_STR("referral"))];
    assert_int_equal(e->n_fields, 3);
    assert_true(e->fields[0].is_private);
    assert_int_equal(e->fields[1].type, KAD_T_SUBJECT);
    assert_int_equal(e->fields[2].type, KAD_T_YESNO);
    assert_true(e->derived);
    assert_true(p->events[kad_policy_event(p, KAD_STR("survey_given"))].derived);
    assert_false(p->events[kad_policy_event(p, KAD_STR("survey_answer"))].derived);
    kad_policy_free(p);
    p = compile("policy p\n running cases keep the old rules\nsubject k\n"
                "event e of k\n    score \"Score\" number from 25 to 125 optional,\n"
                "    from date from 2020-01-01 to 2021-12-31 private, source text, until yes/no\n"
                "    source \"§ 1\"  reading \"as it says\"\n");
    e = &p->events[0];
    assert_int_equal(e->n_fields, 4);
    assert_str_equal(e->fields[0].label, "Score");
    assert_true(e->fields[0].optional && e->fields[0].has_range && e->fields[1].is_private);
    assert_int_equal(e->fields[0].high, 125 * KAD_MICRO);
    assert_int_equal(e->fields[1].low, day("2020-01-01"));
    assert_str_equal(e->fields[2].name, "source");
    assert_str_equal(p->readings[0].text, "as it says");
    kad_policy_free(p);
}

static void attributes_come_after_what_they_need(void **state)
{
    (void)state;
    struct kad_policy *p = compile("policy p\n running cases keep the old rules\nsubject k\n"
                                   "    c = b + 1\n    b = a + 1\n    a is e.n\n"
                                   "    old \"Old\" = whole years since birth at least 65\n"
                                   "    birth is e.birth\n    seen is count of e - count of f\n"
                                   "event e of k n number, birth date private\nevent f of k\n");
    const struct kad_kind *k = &p->kinds[0];
    int a = kad_kind_attribute(k, KAD_STR("a")), b = kad_kind_attribute(k, KAD_STR("b"));
    int c = kad_kind_attribute(k, KAD_STR("c")), old = kad_kind_attribute(k, KAD_STR("old"));
    assert_true(a < b && b < c && kad_kind_attribute(k, KAD_STR("birth")) < old);
    assert_str_equal(k->attributes[old].label, "Old");
    assert_int_equal(k->attributes[old].type, KAD_T_YESNO);
    /* What is made of a private field is private. */
    assert_true(k->attributes[old].is_private && !k->attributes[c].is_private);
    assert_int_equal(k->attributes[kad_kind_attribute(k, KAD_STR("seen"))].type, KAD_T_NUMBER);
    kad_policy_free(p);
}

static void items_of_an_attribute(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    const struct kad_kind *k = &p->kinds[kad_policy_kind(p, KAD_STR("participant"))];
    assert_int_equal(k->begins_with, kad_policy_event(p, KAD_STR("referral")));
    assert_int_equal(k->unit_attribute, kad_kind_attribute(k, KAD_STR("unit")));
    const struct kad_attribute *step = &k->attributes[kad_kind_attribute(k, KAD_STR("step"))];
    assert_int_equal(step->type, KAD_T_CHOICE);
    assert_int_equal(step->n_items, 2);
    assert_int_equal(step->items[0].field, 0);
    assert_int_equal(step->items[1].field, -1);
    assert_str_equal(step->items[1].value.str, "agreement");
    const struct kad_attribute *decided = &k->attributes[kad_kind_attribute(k, KAD_STR("decided"))];
    assert_int_equal(decided->n_items, 2);
    assert_non_null(decided->items[0].after.where);
    assert_null(decided->items[1].after.where);
    assert_int_equal(decided->otherwise.num, 1);
    const struct kad_attribute *coach = &k->attributes[kad_kind_attribute(k, KAD_STR("coach"))];
    assert_false(kad_value_known(coach->otherwise));
    kad_policy_free(p);
}

static void guards(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    assert_int_equal(p->n_guards, 6);
    assert_true(p->guards[0].require && !p->guards[4].require);
    assert_str_equal(p->guards[0].source, "3.0 Målgrupp");
    assert_int_equal(p->guards[4].source.n, 0);
    assert_str_equal(p->guards[1].message, "Skrivs in när motivation finns");
    kad_policy_free(p);
}

static void tasks(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    const struct kad_rule *r = rule(p, "register_exit");
    assert_int_equal(r->n_whens, 2);
    assert_non_null(r->whens[0].trigger.where);
    assert_null(r->whens[1].trigger.where);
    assert_int_equal(r->whens[0].due.n, 3);
    assert_int_equal(r->whens[0].due.unit, KAD_U_MONTH);
    assert_int_equal(r->whens[1].due.n, 0);
    assert_int_equal(r->move, KAD_MOVE_NEXT);
    assert_true(r->owner_attribute >= 0 && r->owner_role < 0);
    assert_str_equal(r->source, "7.0 Uppföljning");
    kad_policy_free(p);
    p = compile("policy p\n running cases keep the old rules\nrole boss \"Boss\"\nsubject k\n"
                "    ends is e.ends\nevent e of k ends date, n number\nevent f of k n number\n"
                "event g of k\n"
                "task t\n    when e, f where n at least 2 due 5 days before ends\n"
                "    when g otherwise due 2 weeks after\n"
                "    done by f where n at least 3\n    done by g\n    until e, f where n is 1\n"
                "    closes 3 days after due\n    for boss\n"
                "    running cases follow the new rules\n");
    r = rule(p, "t");
    assert_int_equal(r->n_whens, 3);
    assert_int_equal(r->whens[0].due.n, -5);
    assert_int_equal(r->whens[0].due.attribute, 0);
    assert_int_equal(r->whens[1].trigger.where->args[0]->event, 1); /* compiled for each event */
    assert_int_equal(p->tasks[0].done_by.n, 2);
    assert_non_null(p->tasks[0].done_by.v[0].where);
    assert_null(p->tasks[0].done_by.v[1].where);
    assert_int_equal(r->until.n, 2);
    assert_int_equal(r->closes, KAD_CLOSES_AFTER_DUE);
    assert_int_equal(r->closes_days, 3);
    assert_int_equal(r->owner_role, 0);
    assert_int_equal(r->running, KAD_RUNNING_FOLLOW);
    kad_policy_free(p);
}

static void cadences(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    const struct kad_rule *r = rule(p, "aftercare");
    assert_int_equal(r->n_phases, 5);
    assert_int_equal(r->phases[0].shape.division, KAD_EVERY_WEEKS);
    assert_int_equal(r->phases[1].shape.n, 2);
    assert_int_equal(r->phases[3].shape.division, KAD_TIMES_MONTH);
    assert_int_equal(r->phases[3].shape.last, 5);
    assert_int_equal(r->phases[0].task, r->phases[1].task);
    assert_int_equal(r->extension.task, r->phases[3].task);
    assert_int_equal(r->extension.times, 1);
    assert_str_equal(p->tasks[r->phases[0].task].name, "aftercare.aftercare_visit");
    assert_str_equal(p->tasks[r->phases[0].task].label, "Personligt besök");
    assert_false(r->from_every);
    kad_policy_free(p);
    p = compile("policy p\n running cases keep the old rules\nsubject k\nevent e of k\n"
                "event f of k\nevent g of k\n"
                "cadence c from every e\n"
                "    months 4 to 6 f or g twice a month\n    month 1 f or g every 2 weeks\n"
                "    months 2 to 3 f or g every calendar week\n"
                "    from month 7 onwards f or g 3 times a month\n"
                "cadence w\n    weeks 1 to 2 f once\n    week 3 g 7 times\n    from e\n"
                "    from week 4 onwards f every week\n    closes never\n");
    r = rule(p, "c");
    assert_true(r->from_every);
    assert_int_equal(r->phases[0].shape.first, 1);
    assert_int_equal(r->phases[0].shape.n, 2);
    assert_int_equal(r->phases[1].shape.division, KAD_CALENDAR_WEEK);
    assert_int_equal(r->phases[2].shape.n, 2);
    assert_int_equal(r->phases[3].shape.last, 0);
    assert_int_equal(p->n_tasks, 3);
    assert_int_equal(p->tasks[0].done_by.n, 2);
    r = rule(p, "w");
    assert_int_equal(r->phases[2].shape.unit, KAD_U_WEEK);
    assert_int_equal(r->closes, KAD_CLOSES_NEVER);
    assert_false(r->from_every);
    kad_policy_free(p);
}

static void duties(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    const struct kad_rule *r = rule(p, "certificate");
    assert_int_equal(r->cycle.period, KAD_P_HALF_YEAR);
    assert_int_equal(r->cycle.from, KAD_DAY_NONE);
    assert_true(r->has_due && r->due.n == 1 && r->due.unit == KAD_U_MONTH);
    r = rule(p, "survey");
    assert_int_equal(r->cycle.period, KAD_P_MONTH);
    assert_int_equal(r->cycle.months, 1 << 9);
    assert_non_null(r->where);
    assert_int_equal(r->until.n, 1);
    kad_policy_free(p);
    p = compile(
        "policy p\n running cases keep the old rules\nevent e of programme\n"
        "duty a for each programme\n    every month except july and august\n    done by e\n"
        "duty b\n    done by e\n    every half-year 2 times\n    for each programme\n"
        "duty c for each programme\n    every 2 weeks from 2021-01-04\n    done by e\n"
        "duty d for each programme\n    no later than 2021-12-31\n    done by e\n"
        "duty f for each programme\n    every april, october\n    done by e\n"
        "duty g for each programme\n    every year\n    due 15 days after\n    done by e\n");
    assert_int_equal(rule(p, "a")->cycle.months, 0x0fff & ~(1 << 6) & ~(1 << 7));
    assert_int_equal(rule(p, "b")->cycle.times, 2);
    assert_int_equal(rule(p, "c")->cycle.weeks, 2);
    assert_int_equal(rule(p, "c")->cycle.from, day("2021-01-04"));
    assert_true(rule(p, "d")->by_date);
    assert_int_equal(rule(p, "d")->date, day("2021-12-31"));
    assert_int_equal(rule(p, "f")->cycle.months, 1 << 3 | 1 << 9);
    assert_int_equal(rule(p, "g")->due.unit, KAD_U_DAY);
    kad_policy_free(p);
}

static void reminders_and_escalations(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "policy p\n running cases keep the old rules\n calendar sweden\nrole a\nrole boss\n"
        "subject k\nevent e of k\nevent f of k\n"
        "task t\n when e due 30 days after\n done by f\n remind 14 days before due\n"
        " escalate to boss 1 day after due\n remind 1 working day before due\n"
        " escalate to a\n 366 working days after due\n",
        "policy p\n språk sv\n pågående ärenden behåller gamla regler\n kalender sweden\nroll a\n"
        "roll boss\nsubjekt k\nhändelse e av k\nhändelse f av k\n"
        "uppgift t\n när e förfaller 30 dagar efter\n klar genom f\n"
        " påminn 14 dagar före förfallodagen\n lyft till boss 1 dag efter förfallodagen\n"
        " påminn 1 arbetsdag före förfallodagen\n lyft till a 366 arbetsdagar efter förfallodagen\n"};
    static const struct kad_notice_def expected[] = {
        {KAD_NOTICE_REMIND, 14, KAD_U_DAY, -1, 0},
        {KAD_NOTICE_ESCALATE, 1, KAD_U_DAY, 1, 0},
        {KAD_NOTICE_REMIND, 1, KAD_U_WORKING_DAY, -1, 0},
        {KAD_NOTICE_ESCALATE, 366, KAD_U_WORKING_DAY, 0, 0},
    };
    for (size_t i = 0; i < LEN(texts); i++) {
        struct kad_policy *p = compile(texts[i]);
        const struct kad_rule *r = rule(p, "t");
        assert_int_equal(r->n_notices, 4);
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(r->notices[k].kind, expected[k].kind);
            assert_int_equal(r->notices[k].n, expected[k].n);
            assert_int_equal(r->notices[k].unit, expected[k].unit);
            assert_int_equal(r->notices[k].role, expected[k].role);
            assert_true(r->notices[k].line > 0);
        }
        kad_policy_free(p);
    }
}

static void what_a_word_processor_makes_of_it_is_understood(void **state)
{
    (void)state;
    /* BOM, CRLF, typographic quotes, blanks that do not break, a decomposed å, tabs. */
    static const char text[] =
        "\xef\xbb\xbfpolicy p ”P”\r\n\trunning\xc2\xa0"
        "cases follow the new rules\r\n"
        "role bra\xcc\x8a “Bra”\r\nrole chef »Chef»\r\n"
        "param fee = 465\xc2\xa0"
        "000\xe2\x80\xaf"
        "000 SEK\r\n"
        "param share = 37.5\xc2\xa0%\r\nsubject k\r\nevent e of k\r\n"
        "at e\r\n  require count of e − 1 at most 3 otherwise \"”No”, she said\"\r\n";
    struct kad_policy *p = compile(text);
    assert_str_equal(p->label, "P");
    assert_str_equal(p->roles[0].name, "brå");
    assert_str_equal(p->roles[0].label, "Bra");
    assert_str_equal(p->roles[1].label, "Chef");
    assert_int_equal(p->params[0].values[0].value.num, INT64_C(465000000) * KAD_MICRO);
    assert_int_equal(p->params[1].values[0].value.num, 375000);
    assert_str_equal(p->guards[0].message, "”No”, she said");
    /* The text itself is kept byte for byte. */
    assert_int_equal(p->text.n, sizeof text - 1);
    assert_memory_equal(p->text.p, text, sizeof text - 1);
    kad_policy_free(p);
}

static void layout_carries_no_meaning(void **state)
{
    (void)state;
    struct kad_policy *p = compile("policy p running cases keep the old rules # said here\n"
                                   "# a comment\n\n"
                                   "task t when e\n  due\n  3\n  days after done by\n  e,\n\n  f\n"
                                   "subject k\n x is e.n,\n\n # between\n  f.n\n"
                                   "event e of k\n n\n number\nevent f of k n number");
    assert_int_equal(p->n_tasks, 1);
    assert_int_equal(p->tasks[0].done_by.n, 2);
    assert_int_equal(p->kinds[0].attributes[0].n_items, 2);
    kad_policy_free(p);
}

static void name_spaces_are_separate(void **state)
{
    (void)state;
    kad_policy_free(compile("policy a\n running cases keep the old rules\nrole a \"A\"\n"
                            "choice a\n a \"A\"\nparam a = 1\nsubject a\n b is a.a\n"
                            "event a of a a a\ntask a\n when a due the same day\n done by a\n"
                            " for a\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_itself),
        cmocka_unit_test(issue_at_is_a_time_of_the_day),
        cmocka_unit_test(choices_and_their_properties),
        cmocka_unit_test(dated_params),
        cmocka_unit_test(events_and_their_fields),
        cmocka_unit_test(attributes_come_after_what_they_need),
        cmocka_unit_test(items_of_an_attribute),
        cmocka_unit_test(guards),
        cmocka_unit_test(tasks),
        cmocka_unit_test(cadences),
        cmocka_unit_test(duties),
        cmocka_unit_test(reminders_and_escalations),
        cmocka_unit_test(what_a_word_processor_makes_of_it_is_understood),
        cmocka_unit_test(layout_carries_no_meaning),
        cmocka_unit_test(name_spaces_are_separate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the examples of a policy exercise: only what an example would notice counts. */
#include "tests/unit/dsl.h"

static const char head[] = "policy p\n"
                           "    running cases follow the new rules\n"
                           "choice reason\n"
                           "    work other\n"
                           "event start of person_ age number optional, ready yes/no optional\n"
                           "event stop of person_ why reason\n"
                           "event visit of person_\n"
                           "event longer of person_ till date\n"
                           "event paper of programme\n"
                           "subject person_\n"
                           "    begins with start\n"
                           "    active is yes after start, no after stop, otherwise no\n"
                           "at start\n"
                           "    require age at least 18 otherwise \"Too young\"\n"
                           "    require ready otherwise \"Not ready\"\n"
                           "at stop\n"
                           "    expect active\n"
                           "        otherwise \"Was not active\"\n"
                           "task follow_up\n"
                           "    when stop where why is work due 3 months after\n"
                           "    when stop otherwise due the same day\n"
                           "    done by visit\n"
                           "cadence care\n"
                           "    from start\n"
                           "    month 1 visit every week\n"
                           "    month 2 visit once # a remark\n"
                           "    extended by longer.till visit once a month\n"
                           "    until stop\n"
                           "duty papers for each programme\n"
                           "    every year\n"
                           "    done by paper\n";

/* Counts, then the gaps, a line each: "line: sentence". */
static void assert_cover(const char *examples, const char *expected)
{
    struct kad_buf text = {0}, b = {0};
    kad_buf_printf(&text, "%s%s", head, examples);
    struct kad_policy *p = compile(kad_buf_str(&text));
    struct kad_cover c;
    kad_cover_init(&c, p);
    for (size_t i = 0; i < kad_dsl_example_count(p); i++) {
        struct kad_example_result r;
        kad_dsl_example_run(p, i, &c, &r);
        for (size_t k = 0; k < r.n; k++)
            kad_buf_printf(&b, "FAILS %d: %.*s\n", r.v[k].line, KAD_STR_FMT(r.v[k].text));
        kad_dsl_example_done(&r);
    }
    kad_cover_wheres(&c);
    for (int k = 0; k < KAD_COVER__COUNT; k++) {
        size_t exercised, n = kad_cover_of(&c, (enum kad_cover_kind)k, &exercised);
        kad_buf_printf(&b, "%s%zu/%zu", k ? " " : "", exercised, n);
    }
    kad_buf_putc(&b, '\n');
    for (size_t i = 0; i < c.n; i++) {
        struct kad_str gap = kad_cover_gap(&c, i);
        if (gap.n > 0)
            kad_buf_printf(&b, "%d: %.*s\n", c.v[i].line, KAD_STR_FMT(gap));
    }
    assert_string_equal(kad_buf_str(&b), expected);
    kad_cover_done(&c);
    kad_policy_free(p);
    kad_buf_done(&b);
    kad_buf_done(&text);
}

static void without_examples_each_rule_and_condition_is_named(void **state)
{
    (void)state;
    assert_cover("", "0/3 0/2 0/3 0/3 0/1\n"
                     "14: No example comes to this condition: age at least 18\n"
                     "15: No example comes to this condition: ready\n"
                     "17: No example comes to this condition: active\n"
                     "19: No example expects a task of this rule: task follow_up\n"
                     "23: No example expects a task of this rule: cadence care\n"
                     "29: No example expects a task of this rule: duty papers for each programme\n");
}

static void a_rule_in_use_is_named_by_the_lines_left_alone(void **state)
{
    (void)state;
    assert_cover("example \"One\"\n"
                 "    2021-01-01 start age 20, ready yes\n"
                 "    2021-01-05 visit\n"
                 "    2021-01-20 stop why work\n"
                 "    on 2021-01-07 expect care.visit due 2021-01-07 done\n"
                 "    on 2021-01-20 expect follow_up due 2021-04-20 open\n",
                 "2/3 1/2 1/3 0/3 0/1\n"
                 "14: In no example is an event refused by this condition: age at least 18\n"
                 "15: In no example is an event refused by this condition: ready\n"
                 "17: In no example does this condition fail: active\n"
                 "20: No example would notice if this condition were left out: why is work\n"
                 "21: No example expects the task that this line opens: when stop otherwise due the "
                 "same day\n"
                 "26: No example expects the task that this line opens: month 2 visit once # a "
                 "remark\n"
                 "27: No example expects the task that this line opens: extended by longer.till "
                 "visit once a month\n"
                 "29: No example expects a task of this rule: duty papers for each programme\n");
}

static void what_opens_without_being_expected_is_not_exercised(void **state)
{
    (void)state;
    assert_cover("example \"Opens everything\"\n"
                 "    2021-01-01 start age 20, ready yes\n"
                 "    2021-02-20 stop why other\n"
                 "    on 2021-02-20 expect active is no\n"
                 "                  expect no care.visit due 2021-03-31\n",
                 "0/3 0/2 0/3 0/3 0/1\n"
                 "14: In no example is an event refused by this condition: age at least 18\n"
                 "15: In no example is an event refused by this condition: ready\n"
                 "17: In no example does this condition fail: active\n"
                 "19: No example expects a task of this rule: task follow_up\n"
                 "23: No example expects a task of this rule: cadence care\n"
                 "29: No example expects a task of this rule: duty papers for each programme\n");
}

static void an_expectation_that_two_phases_meet_shows_neither(void **state)
{
    (void)state;
    assert_cover("example \"Missed\"\n"
                 "    2021-01-01 start age 20, ready yes\n"
                 "    on 2021-06-01 expect care.visit missed\n",
                 "1/3 0/2 0/3 0/3 0/1\n"
                 "14: In no example is an event refused by this condition: age at least 18\n"
                 "15: In no example is an event refused by this condition: ready\n"
                 "17: No example comes to this condition: active\n"
                 "19: No example expects a task of this rule: task follow_up\n"
                 "25: No example expects the task that this line opens: month 1 visit every week\n"
                 "26: No example expects the task that this line opens: month 2 visit once # a "
                 "remark\n"
                 "27: No example expects the task that this line opens: extended by longer.till "
                 "visit once a month\n"
                 "29: No example expects a task of this rule: duty papers for each programme\n");
}

static void a_refusal_shows_only_the_condition_that_it_names(void **state)
{
    (void)state;
    assert_cover("example \"Refused for two things\"\n"
                 "    2021-01-01 start age 17, ready no  refused \"Too young\"\n"
                 "    on 2021-01-02 expect active is no\n",
                 "0/3 0/2 0/3 0/3 0/1\n"
                 "14: In no example does this condition hold: age at least 18\n"
                 "15: No example comes to this condition: ready\n"
                 "17: No example comes to this condition: active\n"
                 "19: No example expects a task of this rule: task follow_up\n"
                 "23: No example expects a task of this rule: cadence care\n"
                 "29: No example expects a task of this rule: duty papers for each programme\n");
}

static void all_of_it_is_exercised(void **state)
{
    (void)state;
    assert_cover("example \"Too young\"\n"
                 "    2021-01-01 start age 17, ready yes  refused \"Too young\"\n"
                 "    2021-01-02 start age 18, ready no   refused \"Not ready\"\n"
                 "    2021-01-03 start age 18, ready yes\n"
                 "    2021-04-01 longer till 2021-04-20\n"
                 "    2021-05-10 stop why work\n"
                 "    2021-05-11 stop why other\n"
                 "    on 2021-01-05 expect care.visit due 2021-01-09 open\n"
                 "    on 2021-02-05 expect care.visit due 2021-03-02 open\n"
                 "    on 2021-04-05 expect care.visit due 2021-05-02 open\n"
                 "    on 2021-05-11 expect follow_up due 2021-08-10 open\n"
                 "                  expect follow_up due 2021-05-11 open\n"
                 "                  expect papers of programme due 2021-12-31 open\n",
                 "3/3 2/2 3/3 3/3 1/1\n");
}

/* Of what opens a task: an example would fail without the condition, and if it never held. */
static void conditions_of_where_are_tried_out(void **state)
{
    static const char rules[] =
        "cadence calls\n    from start where age at least 18\n    month 1 paper_call once\n"
        "event paper_call of person_\n"
        "duty survey for each person_ where active\n    every month\n    done by visit\n"
        "example \"%s\"\n    2021-01-01 start age %s, ready yes\n%s";
    static const struct {
        const char *age, *story, *said; /* said of the two conditions */
    } all[] = {
        {"20",
         "    on 2021-03-05 expect survey due 2021-03-31 open\n"
         "    on 2021-01-05 expect calls.paper_call due 2021-01-31 open\n",
         "33: No example would notice if this condition were left out: age at least 18\n"
         "36: No example would notice if this condition were left out: active\n"},
        {"20",
         "    2021-02-20 stop why other\n"
         "    on 2021-02-05 expect survey due 2021-02-28 open\n"
         "    on 2021-03-05 expect no survey due 2021-03-31\n"
         "                  expect calls.paper_call is missed\n",
         "33: No example would notice if this condition were left out: age at least 18\n"},
        {"20",
         "    2021-02-20 stop why other\n"
         "    on 2021-03-05 expect no survey due 2021-03-31\n"
         "                  expect survey missed\n",
         ""}, /* of calls everything is missing, and said of the rule */
    };
    (void)state;
    for (size_t i = 0; i < LEN(all); i++) {
        struct kad_buf text = {0}, b = {0};
        kad_buf_puts(&text, head);
        kad_buf_printf(&text, rules, "Where", all[i].age, all[i].story);
        struct kad_policy *p = compile(kad_buf_str(&text));
        struct kad_cover c;
        kad_cover_init(&c, p);
        struct kad_example_result r;
        assert_true(kad_dsl_example_run(p, 0, &c, &r));
        kad_dsl_example_done(&r);
        kad_cover_wheres(&c);
        for (size_t k = 0; k < c.n; k++) {
            struct kad_str gap = kad_cover_gap(&c, k);
            if (gap.n > 0 && c.v[k].kind == KAD_COVER_WHERE)
                kad_buf_printf(&b, "%d: %.*s\n", c.v[k].line, KAD_STR_FMT(gap));
        }
        assert_string_equal(kad_buf_str(&b), all[i].said);
        kad_cover_done(&c);
        kad_policy_free(p);
        kad_buf_done(&b);
        kad_buf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_examples_each_rule_and_condition_is_named),
        cmocka_unit_test(a_rule_in_use_is_named_by_the_lines_left_alone),
        cmocka_unit_test(what_opens_without_being_expected_is_not_exercised),
        cmocka_unit_test(an_expectation_that_two_phases_meet_shows_neither),
        cmocka_unit_test(a_refusal_shows_only_the_condition_that_it_names),
        cmocka_unit_test(conditions_of_where_are_tried_out),
        cmocka_unit_test(all_of_it_is_exercised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Conditions and computed values: how they are read (what binds tighter), what a bare name means, and
 * what of the event and the subject they see. Each is written back as a bracketed form. */
#include "tests/unit/dsl.h"

static const char head[] =
    "policy p\n"
    "    running cases follow the new rules\n"
    "choice reason\n"
    "    work \"Work\" counts = yes weight = 2\n"
    "    studies \"Studies\" counts = yes\n"
    "    other \"Other\" counts = no\n"
    "param limit = 3\n"
    "param fee = 800 SEK\n"
    "subject town\n"
    "    one of aneby \"Aneby\" eksjo \"Eksjö\"\n"
    "param fte of town = aneby 75 %\n"
    "event start of person_ birth date, unit town, coach person, extent percent\n"
    "event stop of person_ why reason, until date, paid money\n"
    "event visit of person_ length number\n"
    "subject person_\n"
    "    birth is start.birth\n"
    "    unit is start.unit\n"
    "    coach is start.coach\n"
    "    why is stop.why\n"
    "    active is yes after start, no after stop, otherwise no\n"
    "    age = whole years since birth\n"
    "task follow_up\n"
    "    when stop due the same day\n"
    "    done by visit\n"
    "cadence care\n"
    "    from start\n"
    "    month 1 visit once\n";

static const char *const ops[] = {
    [KAD_X_NOT] = "not",         [KAD_X_AND] = "and",
    [KAD_X_OR] = "or",           [KAD_X_EQ] = "is",
    [KAD_X_AT_LEAST] = ">=",     [KAD_X_AT_MOST] = "<=",
    [KAD_X_BEFORE] = "<",        [KAD_X_AFTER] = ">",
    [KAD_X_BETWEEN] = "between", [KAD_X_IN] = "in",
    [KAD_X_IS_KNOWN] = "known",  [KAD_X_IS_UNKNOWN] = "unknown",
    [KAD_X_YEARS] = "years",     [KAD_X_ADD] = "+",
    [KAD_X_SUB] = "-",           [KAD_X_HAPPENED] = "happened",
    [KAD_X_COUNT] = "count",     [KAD_X_PROP] = "prop",
    [KAD_X_TASK_IS] = "task",
};

static void put(struct kad_buf *b, const struct kad_policy *p, const struct kad_expr *x, int kind)
{
    switch (x->op) {
    case KAD_X_CONST:
        kad_value_put(b, x->value);
        return;
    case KAD_X_FIELD:
        kad_buf_printf(b, "field:%s", p->events[x->event].fields[x->index].name.p);
        return;
    case KAD_X_ATTR:
        kad_buf_printf(b, "attr:%s", p->kinds[kind].attributes[x->index].name.p);
        return;
    case KAD_X_PARAM:
        kad_buf_printf(b, "param:%s", p->params[x->index].name.p);
        return;
    default:
        break;
    }
    kad_buf_printf(b, "(%s", ops[x->op]);
    if (x->op == KAD_X_HAPPENED || x->op == KAD_X_COUNT)
        kad_buf_printf(b, " %s", p->events[x->event].name.p);
    if (x->op == KAD_X_TASK_IS)
        kad_buf_printf(b, " %s %u", p->tasks[x->index].name.p, x->states);
    if (x->op == KAD_X_PROP)
        kad_buf_printf(b, " %s", p->choices[x->args[0]->ref].props[x->index].name.p);
    for (size_t i = 0; i < x->n_args; i++)
        if (x->args[i]) {
            kad_buf_putc(b, ' ');
            put(b, p, x->args[i], kind);
        }
    kad_buf_putc(b, ')');
}

static void assert_read(const char *condition, const char *expected)
{
    struct kad_buf text = {0}, b = {0};
    kad_buf_printf(&text, "%sat stop\n    require %s otherwise \"No\"\n", head, condition);
    struct kad_policy *p = compile(kad_buf_str(&text));
    assert_int_equal(p->n_guards, 1);
    put(&b, p, p->guards[0].condition, kad_policy_kind(p, KAD_STR("person_")));
    assert_string_equal(kad_buf_str(&b), expected);
    kad_policy_free(p);
    kad_buf_done(&b);
    kad_buf_done(&text);
}

static void not_binds_tighter_than_and_tighter_than_or(void **state)
{
    (void)state;
    assert_read("active and not active or active",
                "(or (and attr:active (not attr:active)) attr:active)");
    assert_read("active or active and active", "(or attr:active (and attr:active attr:active))");
    assert_read("not (active or active)", "(not (or attr:active attr:active))");
    assert_read("not age at least 18 and active", "(and (not (>= attr:age 18)) attr:active)");
    assert_read("(active or active) and active", "(and (or attr:active attr:active) attr:active)");
    assert_read("active and\n        active\n        and active",
                "(and attr:active attr:active attr:active)");
}

static void comparisons(void **state)
{
    (void)state;
    assert_read("age from 18 to 64", "(between attr:age 18 64)");
    assert_read("age at most limit", "(<= attr:age param:limit)");
    assert_read("until before 2021-06-01", "(< field:until 2021-06-01)");
    assert_read("birth after until", "(> attr:birth field:until)");
    assert_read("paid at least fee", "(>= field:paid param:fee)");
    assert_read("paid at least 465 000 SEK", "(>= field:paid 465000)");
    assert_read("paid at least 1 200,50 kr", "(>= field:paid 1200.5)");
    assert_read("why at least studies", "(>= field:why studies)");
    assert_read("active is no", "(is attr:active false)");
    assert_read("why is not work", "(not (is field:why work))");
    assert_read("age - limit at least -3", "(>= (- attr:age param:limit) -3)");
    assert_read("age + limit - 1 at least 2,5", "(>= (- (+ attr:age param:limit) 1) 2.5)");
    assert_read("birth is known and coach is unknown",
                "(and (known attr:birth) (unknown attr:coach))");
}

static void after_is_stands_one_value_of_the_left_sides_type(void **state)
{
    (void)state;
    assert_read("why is work", "(is field:why work)");
    assert_read("why in (work, studies)", "(in field:why work studies)");
    assert_read("unit is eksjo", "(is attr:unit eksjo)");
    assert_read("coach is anna", "(is attr:coach anna)");
    assert_read("coach is \"Anna Berg\"", "(is attr:coach Anna Berg)");
    assert_read("why.counts", "(prop counts field:why)");
    assert_read("why.weight at least 2", "(>= (prop weight field:why) 2)");
}

static void a_bare_name_is_field_then_attribute_then_param_then_event(void **state)
{
    (void)state;
    assert_read("why is known", "(known field:why)"); /* an attribute has the name too */
    assert_read("coach is known", "(known attr:coach)");
    assert_read("limit at least 1", "(>= param:limit 1)");
    assert_read("visit", "(happened visit)");
    assert_read("visit has happened", "(happened visit)");
    assert_read("count of visit at least 2", "(>= (count visit) 2)");
    assert_read("count of (visit where length at least 30) at least 2",
                "(>= (count visit (>= field:length 30)) 2)");
}

static void a_task_is_asked_for_its_state(void **state)
{
    (void)state;
    assert_read("follow_up is done or follow_up is overdue",
                "(or (task follow_up 8) (task follow_up 4))");
    assert_read("care.visit is open", "(task care.visit 2)");
}

static void what_is_read_is_kept_for_messages(void **state)
{
    (void)state;
    struct kad_buf text = {0};
    kad_buf_printf(&text,
                   "%sat stop\n    require active   and\n\n  age\tat least 18 otherwise \"No\"\n",
                   head);
    struct kad_policy *p = compile(kad_buf_str(&text));
    const struct kad_expr *x = p->guards[0].condition;
    assert_str_equal(x->text, "active and age at least 18");
    assert_str_equal(x->args[1]->text, "age at least 18");
    assert_int_equal(x->args[1]->line, x->line + 2);
    assert_int_equal(x->args[1]->column, 3);
    kad_policy_free(p);
    kad_buf_done(&text);
}

static void a_long_condition_is_not_a_deep_one(void **state)
{
    (void)state;
    struct kad_buf text = {0};
    kad_buf_printf(&text, "%sat stop\n    require active", head);
    for (int i = 0; i < 3000; i++)
        kad_buf_puts(&text, "\n        and active");
    kad_buf_puts(&text, " otherwise \"No\"\n");
    struct kad_policy *p = compile(kad_buf_str(&text));
    assert_int_equal(p->guards[0].condition->n_args, 3001);
    kad_policy_free(p);
    kad_buf_done(&text);
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    static const struct {
        const char *open, *close;
        int n, errors;
    } cases[] = {{"(", ")", 64, 0},
                 {"(", ")", 65, 1},
                 {"not ", "", 100, 0},
                 {"not ", "", 50000, 1},
                 {"(", "", 50000, 1}};
    for (size_t i = 0; i < LEN(cases); i++) {
        struct kad_buf text = {0};
        kad_buf_printf(&text, "%sat stop\n    require ", head);
        for (int k = 0; k < cases[i].n; k++)
            kad_buf_puts(&text, cases[i].open);
        kad_buf_puts(&text, "active");
        for (int k = 0; k < cases[i].n; k++)
            kad_buf_puts(&text, cases[i].close);
        kad_buf_puts(&text, " otherwise \"No\"\n");
        struct kad_diags d;
        kad_diags_init(&d);
        struct kad_policy *p = kad_dsl_compile((struct kad_str){text.p, text.n}, "p", &d);
        assert_int_equal(d.n_errors, cases[i].errors);
        if (cases[i].errors)
            assert_int_equal(d.v[0].code, KAD_K_TOO_DEEP);
        kad_policy_free(p);
        kad_diags_done(&d);
        kad_buf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_binds_tighter_than_and_tighter_than_or),
        cmocka_unit_test(comparisons),
        cmocka_unit_test(after_is_stands_one_value_of_the_left_sides_type),
        cmocka_unit_test(a_bare_name_is_field_then_attribute_then_param_then_event),
        cmocka_unit_test(a_task_is_asked_for_its_state),
        cmocka_unit_test(what_is_read_is_kept_for_messages),
        cmocka_unit_test(a_long_condition_is_not_a_deep_one),
        cmocka_unit_test(nesting_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Making the tree of tasks, cadences, duties and examples. */
#include "dsl/build.h"

static struct kad_clause *make(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at)
{
    return kad_number_clause(u, kind, at, 0);
}

/* --- triggers --- */

struct kad_clause *kad_names(struct kad_script *u, struct kad_span at, struct kad_ident first)
{
    struct kad_clause *c = make(u, KAD_C_BROKEN, at);
    kad_vec_push(u->arena, &c->names, first);
    return c;
}

struct kad_clause *kad_names_add(struct kad_script *u, struct kad_clause *c, struct kad_ident name,
                                 bool comma)
{
    (void)u;
    name.no_comma = !comma;
    kad_vec_push(u->arena, &c->names, name);
    return c;
}

struct kad_clause *kad_condition(struct kad_clause *c, struct kad_node *where)
{
    c->where = where;
    return c;
}

struct kad_clause *kad_triggers(struct kad_span at, enum kad_clause_kind kind, struct kad_clause *c)
{
    c->kind = kind;
    c->span = at;
    return c;
}

struct kad_clause *kad_from_every(struct kad_span at, struct kad_clause *c)
{
    c->n = 1;
    return kad_triggers(at, KAD_C_FROM, c);
}

/* --- tasks and duties --- */

struct kad_clause *kad_due(struct kad_script *u, struct kad_span at, const struct kad_literal *n,
                           int32_t unit, bool before, struct kad_ident attribute)
{
    struct kad_clause *c = make(u, KAD_C_DUE, at);
    c->due =
        (struct kad_due){n ? kad_whole(u, *n, 0) : 0, (enum kad_unit)unit, before, attribute, at};
    return c;
}

struct kad_clause *kad_when(struct kad_span at, struct kad_clause *triggers, struct kad_clause *due)
{
    triggers->due = due->due;
    return kad_triggers(at, KAD_C_WHEN, triggers);
}

struct kad_clause *kad_notice(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at,
                              struct kad_ident role, struct kad_literal n, int32_t unit)
{
    struct kad_clause *c = kad_name_clause(u, kind, at, role);
    c->due = (struct kad_due){.n = kad_whole(u, n, 0), .unit = (enum kad_unit)unit, .span = at};
    c->n_span = n.span;
    return c;
}

struct kad_clause *kad_for_each(struct kad_script *u, struct kad_span at, struct kad_ident kind,
                                struct kad_node *where)
{
    return kad_condition(kad_name_clause(u, KAD_C_FOR_EACH, at, kind), where);
}

#define ALL_MONTHS 0x0fffu

struct kad_clause *kad_cycle(struct kad_script *u, struct kad_span at, enum kad_period period,
                             const struct kad_clause *months, bool except)
{
    struct kad_clause *c = make(u, KAD_C_EVERY, at);
    c->cycle = (struct kad_cycle){
        .period = period, .months = ALL_MONTHS, .from = KAD_DAY_NONE, .times = 1};
    if (months)
        c->cycle.months =
            (uint16_t)(except ? ALL_MONTHS & ~(unsigned)months->n : (unsigned)months->n);
    return c;
}

struct kad_clause *kad_cycle_weeks(struct kad_script *u, struct kad_span at, struct kad_literal n,
                                   struct kad_literal from)
{
    struct kad_clause *c = make(u, KAD_C_EVERY, at);
    c->cycle = (struct kad_cycle){
        .period = KAD_P_WEEKS, .weeks = kad_whole(u, n, 1), .from = (kad_day)from.num, .times = 1};
    return c;
}

struct kad_clause *kad_months(struct kad_script *u, struct kad_span at, int32_t month)
{
    return kad_number_clause(u, KAD_C_BROKEN, at, 1 << (month - 1));
}

struct kad_clause *kad_months_add(struct kad_clause *c, int32_t month)
{
    c->n |= 1 << (month - 1);
    return c;
}

struct kad_clause *kad_every(struct kad_span at, struct kad_clause *cycle, int32_t times)
{
    cycle->span = at;
    cycle->cycle.times = times;
    return cycle;
}

/* --- cadences --- */

struct kad_clause *kad_steps(struct kad_script *u, struct kad_span at, enum kad_unit unit,
                             struct kad_literal first, const struct kad_literal *last)
{
    struct kad_clause *c = make(u, KAD_C_PHASE, at);
    int32_t from = kad_whole(u, first, 1);
    int32_t to = !last ? 0 : last->span.from == first.span.from ? from : kad_whole(u, *last, 1);
    c->phase = (struct kad_phase){.unit = unit, .first = from, .last = to};
    c->n_span = at;
    return c;
}

struct kad_clause *kad_division(struct kad_script *u, struct kad_span at,
                                enum kad_division division, int32_t n)
{
    struct kad_clause *c = make(u, KAD_C_PHASE, at);
    c->phase.division = division;
    c->phase.n = n;
    return c;
}

struct kad_clause *kad_phase(struct kad_span at, struct kad_clause *range,
                             struct kad_clause *events, struct kad_clause *division)
{
    range->span = at;
    range->names = events->names;
    range->phase.division = division->phase.division;
    range->phase.n = division->phase.n;
    range->day_span = division->span;
    return range;
}

struct kad_clause *kad_extended(struct kad_script *u, struct kad_span at, struct kad_ident event,
                                struct kad_ident field, struct kad_ident done, int32_t times)
{
    struct kad_clause *c = kad_name_clause(u, KAD_C_EXTENDED, at, event);
    c->field = field;
    c->of = done;
    c->n = times;
    return c;
}

/* --- examples --- */

struct kad_clause *kad_tail(struct kad_script *u, struct kad_span at)
{
    return make(u, KAD_C_STEP, at);
}

struct kad_clause *kad_tail_recorded(struct kad_clause *tail, struct kad_literal day)
{
    tail->recorded = (kad_day)day.num;
    tail->n_span = day.span;
    return tail;
}

struct kad_clause *kad_tail_refused(struct kad_clause *tail, struct kad_ident text)
{
    tail->refused = text;
    return tail;
}

struct kad_clause *kad_step(struct kad_span at, enum kad_step_kind kind, struct kad_literal day,
                            struct kad_ident event, struct kad_ident of, struct kad_clause *assigns,
                            struct kad_clause *tail)
{
    tail->span = at;
    tail->step = kind;
    tail->day = (kad_day)day.num;
    tail->day_span = day.span;
    tail->name = event;
    tail->of = of;
    if (assigns) {
        tail->kids.v = assigns->kids.v;
        tail->kids.n = assigns->kids.n;
        tail->kids.cap = assigns->kids.cap;
    }
    return tail;
}

struct kad_clause *kad_moved(struct kad_clause *step, struct kad_literal to)
{
    step->moved_to = (kad_day)to.num;
    return step;
}

static struct kad_clause *expect(struct kad_script *u, struct kad_span at, struct kad_ident a,
                                 struct kad_ident b, struct kad_ident of, kad_day due)
{
    struct kad_clause *c = kad_name_clause(u, KAD_C_EXPECT, at, a);
    c->field = b;
    c->of = of;
    c->moved_to = due;
    return c;
}

struct kad_clause *kad_expect_none(struct kad_script *u, struct kad_span at, struct kad_ident a,
                                   struct kad_ident b, struct kad_ident of, kad_day due)
{
    struct kad_clause *c = expect(u, at, a, b, of, due);
    c->no = true;
    return c;
}

struct kad_clause *kad_expect_task(struct kad_script *u, struct kad_span at, struct kad_ident a,
                                   struct kad_ident b, struct kad_ident of, kad_day due,
                                   int32_t outcome)
{
    struct kad_clause *c = expect(u, at, a, b, of, due);
    if (outcome & (KAD_OUTCOME_REMINDED | KAD_OUTCOME_ESCALATED)) {
        c->told = outcome & KAD_OUTCOME_REMINDED ? KAD_TOLD_REMINDED : KAD_TOLD_ESCALATED;
        c->not_told = (outcome & KAD_OUTCOME_NOT) != 0;
    } else {
        c->state = outcome & (KAD_OUTCOME_LATE - 1);
        c->late = (outcome & KAD_OUTCOME_LATE) != 0;
    }
    return c;
}

struct kad_clause *kad_expect_value(struct kad_script *u, struct kad_span at, struct kad_ident name,
                                    struct kad_ident of, const struct kad_literal *value, int known)
{
    struct kad_clause *c = expect(u, at, name, kad_no_ident(name.span), of, KAD_DAY_NONE);
    c->known = known;
    if (value)
        c->value = *value;
    return c;
}

struct kad_clause *kad_expect_on(struct kad_span at, struct kad_clause *c,
                                 const struct kad_literal *day)
{
    c->span = at;
    if (day) {
        c->day = (kad_day)day->num;
        c->day_span = day->span;
    }
    return c;
}

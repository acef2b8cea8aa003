/* Notices: the days of `remind` and `escalate`. */
#include "core/notice.h"

#include "core/err.h"

kad_day kad_notice_day(const struct kad_calendar *cal, const struct kad_notice_def *def,
                       kad_day due)
{
    if (def->kind == KAD_NOTICE_ESCALATE)
        return kad_add(cal, due, def->n, def->unit);
    if (def->unit == KAD_U_DAY)
        return kad_add(cal, due, -def->n, KAD_U_DAY);
    kad_day day = due;
    for (int32_t i = 0; i < def->n; i++)
        day = kad_working_day_before(cal, day);
    return day;
}

static bool comes_before(const struct kad_notice *a, const struct kad_notice *b)
{
    if (a->day != b->day)
        return a->day < b->day;
    if (a->kind != b->kind)
        return a->kind < b->kind;
    return a->def < b->def;
}

/* Two that would tell the same on the same day. */
static bool is_same(const struct kad_notice *a, const struct kad_notice *b)
{
    return a->day == b->day && a->kind == b->kind && a->role == b->role;
}

/* Which of two reminders that come on one day is the nearer; of two as near the first written. */
static bool is_nearer(const struct kad_calendar *cal, kad_day due, const struct kad_notice *a,
                      const struct kad_notice *b)
{
    return a->kind == KAD_NOTICE_REMIND &&
           kad_notice_day(cal, a->def, due) > kad_notice_day(cal, b->def, due);
}

static void insert(struct kad_notice *v, size_t *n, const struct kad_instance *i,
                   struct kad_notice x)
{
    const struct kad_calendar *cal = &i->policy->calendar;
    for (size_t k = 0; k < *n; k++)
        if (is_same(&v[k], &x)) {
            if (is_nearer(cal, i->due, &x, &v[k]))
                v[k] = x;
            return;
        }
    size_t at = (*n)++;
    for (; at > 0 && comes_before(&x, &v[at - 1]); at--)
        v[at] = v[at - 1];
    v[at] = x;
}

size_t kad_notices_of(struct kad_arena *arena, const struct kad_instance *i,
                      const struct kad_notice **ret)
{
    const struct kad_rule *rule = &i->policy->rules[i->rule_index];
    *ret = NULL;
    if (rule->n_notices == 0)
        return 0;
    struct kad_notice *v = kad_arena_array(arena, struct kad_notice, rule->n_notices + 1);
    size_t n = 0;
    for (size_t k = 0; k < rule->n_notices; k++) {
        const struct kad_notice_def *def = &rule->notices[k];
        kad_day day = kad_notice_day(&i->policy->calendar, def, i->due);
        if (day < i->opens)
            day = i->opens;
        kad_day last = def->kind == KAD_NOTICE_REMIND ? i->due : i->closes;
        if (last != KAD_DAY_NONE && day > last)
            continue;
        insert(v, &n, i,
               (struct kad_notice){.kind = def->kind,
                                   .day = day,
                                   .role = def->role,
                                   .n = def->n,
                                   .unit = def->unit,
                                   .def = def});
    }
    *ret = v;
    return n;
}

const char *kad_notice_kind_name(enum kad_notice_kind k)
{
    return k == KAD_NOTICE_REMIND ? "remind" : "escalate";
}

bool kad_notice_wanted(enum kad_notice_kind kind, enum kad_state state)
{
    return state == (kind == KAD_NOTICE_REMIND ? KAD_S_OPEN : KAD_S_OVERDUE);
}

struct kad_str kad_notice_key(struct kad_arena *arena, const struct kad_instance *i,
                              const struct kad_notice *n)
{
    const char *unit = n->unit == KAD_U_WORKING_DAY ? "wd" : "d";
    if (n->kind == KAD_NOTICE_REMIND)
        return kad_str(kad_arena_printf(arena, "%d%s", n->n, unit));
    return kad_str(kad_arena_printf(arena, "%d%s:%.*s", n->n, unit,
                                    KAD_STR_FMT(i->policy->roles[n->role].name)));
}

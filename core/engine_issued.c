/* What was issued and taken back: the rules no longer give it, so only its records tell of it. */
#include "core/derive_priv.h"
#include "core/scheduler_priv.h"

#include <stdlib.h>
#include <string.h>

static bool counts(const struct kad_subject *s, const struct kad_record *r, kad_day day)
{
    return kad_record_issues(r->kind) && r->on <= day && r->seq <= s->known.seq &&
           r->at <= s->known.at;
}

/* False when its policy cannot be read (any more): then nothing of that policy is listed. */
static bool make(const struct kad_engine *e, const struct kad_issued *x, struct kad_instance *ret)
{
    const struct kad_record *r = x->first;
    const struct kad_adoption *a = kad_engine_adoption(e, r->policy);
    struct kad_str name = kad_record_note(r, "name");
    int task = a && a->policy ? kad_policy_task(a->policy, name) : -1;
    if (task < 0)
        return false;
    int rule = a->policy->tasks[task].rule;
    *ret = (struct kad_instance){
        .id = x->task,
        .task = name,
        .adoption = a,
        .policy = a->policy,
        .task_index = task,
        .rule_index = rule,
        .part = -1,
        .opens = kad_issued_day(r, "opens"),
        .due = kad_issued_day(r, "due"),
        .closes = kad_issued_day(r, "closes"),
        .state = KAD_S_WITHDRAWN,
        .anchor = r->ref,
        .withdrawn_by = kad_issued_number(x->withdrawn, "because"),
        .ended = x->withdrawn->on,
        .line = a->policy->rules[rule].line,
        .owner = kad_record_note(r, "for"),
        .unit = kad_record_note(r, "unit"),
    };
    return true;
}

/* The last issue of each task; none when nothing was withdrawn, which is nearly always. */
static size_t issued_by(const struct kad_subject *s, kad_day day, struct kad_issued **ret)
{
    size_t m = 0, withdrawn = 0;
    for (size_t i = 0; i < s->n_records; i++) {
        bool is = counts(s, &s->records[i], day);
        m += is;
        withdrawn += is && s->records[i].kind == KAD_R_WITHDRAWN;
    }
    if (withdrawn == 0)
        return 0;
    struct kad_record *v = kad_arena_array(s->derive->arena, struct kad_record, m);
    m = 0;
    for (size_t i = 0; i < s->n_records; i++)
        if (counts(s, &s->records[i], day))
            v[m++] = s->records[i];
    return kad_issued_of(s->derive->arena, v, m, ret);
}

static bool is_given(const struct kad_instance *v, size_t n, struct kad_str id)
{
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(v[i].id, id))
            return true;
    return false;
}

static int list_cmp(const void *a, const void *b)
{
    return kad_instance_cmp(a, (struct kad_str){0}, b, (struct kad_str){0});
}

size_t kad_engine_instances(const struct kad_engine *e, const struct kad_subject *s, kad_day day,
                            kad_day horizon, const struct kad_instance **ret)
{
    kad_assert(e && s && ret);
    const struct kad_instance *given;
    struct kad_issued *issued = NULL;
    size_t n = kad_derive_instances(s->derive, day, horizon, &given), n_given = n;
    size_t n_issued = issued_by(s, day, &issued);
    *ret = given;
    if (n_issued == 0)
        return n;
    struct kad_instance *v = kad_arena_array(s->derive->arena, struct kad_instance, n + n_issued);
    if (n > 0)
        memcpy(v, given, n * sizeof *v);
    for (size_t i = 0; i < n_issued; i++) {
        const struct kad_issued *x = &issued[i];
        if (x->first && x->withdrawn && !is_given(given, n_given, x->task) && make(e, x, &v[n]))
            n++;
    }
    if (n > n_given)
        qsort(v, n, sizeof *v, list_cmp);
    *ret = v;
    return n;
}

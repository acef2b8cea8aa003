/* What must be true of a ledger that a scheduler has written to, told from its records alone and from
 * the plain derivation. Nothing here knows how the scheduler works. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/notice.h"
#include "tests/sim/sim.h"
#include "tests/unit/plain.h"
#include "tests/unit/unit.h"

static void wrong(struct sim *s, const char *format, ...) KAD_PRINTF(2, 3);
static void wrong(struct sim *s, const char *format, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (s->why.n == 0)
        kad_buf_puts(&s->why, text);
}

static bool is_own(const struct kad_record *r)
{
    return r->kind >= KAD_R_ISSUED && r->kind <= KAD_R_ESCALATED;
}

/* --- what is on record of each task --- */

static struct sim_task *task_of(struct sim *s, struct kad_str id, bool make)
{
    for (size_t i = 0; i < s->tasks.n; i++)
        if (kad_str_eq(s->tasks.v[i].id, id))
            return &s->tasks.v[i];
    if (!make)
        return NULL;
    struct sim_task t = {.id = kad_str_dup(&s->arena, id)};
    kad_vec_push(&s->arena, &s->tasks, t);
    return &s->tasks.v[s->tasks.n - 1];
}

static uint64_t number(const struct kad_record *r, const char *name)
{
    const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, name);
    return f ? (uint64_t)(f->value.num / KAD_MICRO) : 0;
}

static kad_day day_of(const struct kad_record *r, const char *name)
{
    const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, name);
    return f ? (kad_day)f->value.num : KAD_DAY_NONE;
}

static bool was_noticed(const struct sim_task *t, struct kad_str key)
{
    for (size_t i = 0; i < t->notices.n; i++)
        if (kad_str_eq(t->notices.v[i], key))
            return true;
    return false;
}

static int32_t minute_of(struct sim *s, const struct kad_record *r)
{
    const struct kad_adoption *a = kad_engine_adoption(s->store.e, r->policy);
    return a && a->policy ? a->policy->issue_at : 360;
}

/* Each (task, issue, kind) once, and in an order that makes sense. */
static void check_once(struct sim *s, const struct kad_record *r)
{
    struct kad_str notice = kad_record_note(r, "notice");
    struct sim_task *t = task_of(s, kad_record_note(r, "task"), true);
    uint64_t issue = number(r, "issue");
    if (r->kind == KAD_R_ISSUED) {
        if (t->stands || issue != t->issue + 1)
            wrong(s, "record %d: issued twice, or under a wrong number", (int)r->seq);
        t->issue = issue;
        t->on = r->on;
        t->minute = minute_of(s, r);
        t->first_on = t->first_on && t->first_on < r->on ? t->first_on : r->on;
        t->stands = true;
        t->overdue = false;
        t->notices.n = 0;
        s->issued++;
        return;
    }
    if (!t->stands || issue != t->issue)
        wrong(s, "record %d: %s of an issue that does not stand", (int)r->seq,
              kad_record_type(r->kind));
    if (r->kind == KAD_R_WITHDRAWN) {
        t->stands = false;
    } else if (r->kind == KAD_R_OVERDUE) {
        if (t->overdue)
            wrong(s, "record %d: overdue twice", (int)r->seq);
        t->overdue = true;
    } else {
        if (was_noticed(t, notice))
            wrong(s, "record %d: the notice %.*s twice", (int)r->seq, KAD_STR_FMT(notice));
        notice = kad_str_dup(&s->arena, notice);
        kad_vec_push(&s->arena, &t->notices, notice);
    }
}

/* --- one subject, plainly --- */

struct seen {
    struct kad_arena *a;
    struct kad_timeline timeline;
    struct kad_story story;
    struct plain *plain;
};

static void see(struct sim *s, const struct sim_subject *who, struct kad_known known,
                struct kad_arena *a, struct seen *ret)
{
    struct kad_snapshot *v = NULL;
    struct kad_record *r = NULL;
    size_t n = 0;
    assert_int_equal(kad_snapshot_take(kad_engine_ledger(s->store.e), &v, &s->store.err), KAD_OK);
    assert_int_equal(kad_snapshot_story(v, kad_str(who->key), a, &r, &n, &s->store.err), KAD_OK);
    ret->a = a;
    ret->timeline = kad_engine_timeline_at(s->store.e, known, a);
    plain_story(a, kad_str(who->key), r, n, known, &ret->story);
    /* The story's strings lie in the snapshot. */
    for (size_t i = 0; i < ret->story.n_facts; i++) {
        struct kad_fact *f = &ret->story.facts[i];
        f->type = kad_str_dup(a, f->type);
        struct kad_field *fields = kad_arena_array(a, struct kad_field, f->n_fields + 1);
        for (size_t k = 0; k < f->n_fields; k++) {
            fields[k] = f->fields[k];
            fields[k].name = kad_str_dup(a, fields[k].name);
            fields[k].value.str = kad_str_dup(a, fields[k].value.str);
        }
        f->fields = fields;
    }
    for (size_t i = 0; i < ret->story.n_waivers; i++)
        ret->story.waivers[i].task = kad_str_dup(a, ret->story.waivers[i].task);
    kad_snapshot_release(v);
    ret->plain = plain_new(a, &ret->timeline, &ret->story, kad_str(who->kind_name));
}

static const struct kad_instance *instance_of(struct seen *x, kad_day day, struct kad_str id)
{
    struct kad_instance *v;
    size_t n = plain_instances(x->plain, day, day, &v);
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(v[i].id, id) && v[i].opens <= day)
            return &v[i];
    return NULL;
}

static const struct sim_subject *subject_of(struct kad_str key)
{
    for (size_t i = 0; i < SIM_SUBJECTS; i++)
        if (kad_str_eq(kad_str(sim_subjects[i].key), key))
            return &sim_subjects[i];
    return NULL;
}

/* --- the log --- */

/* Derived as of its day with what was recorded before it, it is what it says. */
static void check_true(struct sim *s, const struct kad_record *r)
{
    struct kad_arena a;
    struct seen x;
    kad_arena_init(&a);
    see(s, subject_of(r->subject), (struct kad_known){r->seq - 1, INT64_MAX}, &a, &x);
    const struct kad_instance *i = instance_of(&x, r->on, kad_record_note(r, "task"));
    bool good;
    if (r->kind == KAD_R_WITHDRAWN) {
        good = i == NULL;
    } else {
        good = i && i->due == day_of(r, "due") && i->opens == day_of(r, "opens") &&
               i->closes == day_of(r, "closes") && i->anchor == r->ref &&
               i->adoption->seq == r->policy && kad_str_eq(i->owner, kad_record_note(r, "for")) &&
               kad_str_eq(i->unit, kad_record_note(r, "unit"));
        if (r->kind == KAD_R_ISSUED)
            good = good && (i->state == KAD_S_OPEN || i->state == KAD_S_OVERDUE);
        else if (r->kind == KAD_R_REMINDED)
            good = good && i->state == KAD_S_OPEN;
        else
            good = good && i->state == KAD_S_OVERDUE;
    }
    if (!good)
        wrong(s, "record %d: the rules do not say so (%s of %.*s)", (int)r->seq,
              kad_record_type(r->kind), KAD_STR_FMT(kad_record_note(r, "task")));
    kad_arena_done(&a);
}

/* Never before its moment, and the days in their order. */
static void check_order(struct sim *s, const struct kad_record *r)
{
    int32_t minute = minute_of(s, r);
    size_t m = 0;
    while (sim_minutes[m] != minute)
        m++;
    if (r->at < kad_clock_at(r->on, minute))
        wrong(s, "record %d: before the moment of its day", (int)r->seq);
    if (r->on < s->last_on[m])
        wrong(s, "record %d: its day lies before that of a record before it", (int)r->seq);
    s->last_on[m] = r->on;
}

void sim_check_log(struct sim *s)
{
    struct kad_snapshot *v = NULL;
    struct kad_ledger_state st;
    struct kad_arena a;
    kad_arena_init(&a);
    assert_int_equal(kad_engine_refresh(s->store.e, &s->store.err), KAD_OK);
    assert_int_equal(kad_snapshot_take(kad_engine_ledger(s->store.e), &v, &s->store.err), KAD_OK);
    assert_int_equal(kad_snapshot_state(v, &st, &s->store.err), KAD_OK);
    while (s->checked < st.last_seq && s->why.n == 0) {
        struct kad_str bytes;
        struct kad_record r;
        kad_arena_reset(&a);
        assert_int_equal(kad_snapshot_record(v, ++s->checked, &bytes, &s->store.err), KAD_OK);
        assert_int_equal(kad_snapshot_decode(v, bytes, &a, true, &r, &s->store.err), KAD_OK);
        if (!is_own(&r))
            continue;
        char on[KAD_DAY_TEXT];
        sim_tell(s, "  %d: %s %.*s, issue %d, on %s", (int)r.seq, kad_record_type(r.kind),
                 KAD_STR_FMT(kad_record_note(&r, "task")), (int)number(&r, "issue"),
                 kad_day_text(r.on, on));
        check_order(s, &r);
        check_once(s, &r);
        check_true(s, &r);
    }
    kad_snapshot_release(v);
    kad_arena_done(&a);
}

/* --- is all there? --- */

static void check_notices(struct sim *s, struct seen *x, const struct kad_instance *i, kad_day day,
                          const struct sim_task *t)
{
    const struct kad_notice *v;
    size_t n = kad_notices_of(x->a, i, &v);
    for (size_t k = 0; k < n; k++) {
        bool late = v[k].kind == KAD_NOTICE_REMIND && v[k].day < t->on;
        if (v[k].day > day || late || !kad_notice_wanted(v[k].kind, i->state))
            continue;
        struct kad_str key = kad_notice_key(x->a, i, &v[k]);
        if (!was_noticed(t, key))
            wrong(s, "%.*s: the notice %.*s is missing", KAD_STR_FMT(i->id), KAD_STR_FMT(key));
    }
}

static void check_instance(struct sim *s, struct seen *x, const struct kad_instance *i, kad_day day)
{
    char text[KAD_DAY_TEXT];
    const struct sim_task *t = task_of(s, i->id, false);
    if (i->opens > day || (i->state != KAD_S_OPEN && i->state != KAD_S_OVERDUE))
        return;
    if (!t || !t->stands) {
        wrong(s, "%.*s is %s on %s and was not issued", KAD_STR_FMT(i->id),
              kad_state_name(i->state), kad_day_text(day, text));
        return;
    }
    if (i->state == KAD_S_OVERDUE && !t->overdue)
        wrong(s, "%.*s is overdue on %s and nothing said so", KAD_STR_FMT(i->id),
              kad_day_text(day, text));
    check_notices(s, x, i, day, t);
}

/* What stands issued must be given; which of the days counts is its policy's. */
static void check_standing(struct sim *s, struct kad_str subject, const struct kad_instance *v,
                           size_t n, int32_t minute, kad_day day)
{
    for (size_t i = 0; i < s->tasks.n; i++) {
        const struct sim_task *t = &s->tasks.v[i];
        bool ours = t->id.n > subject.n && t->id.p[subject.n] == '/' &&
                    memcmp(t->id.p, subject.p, subject.n) == 0;
        bool given = false;
        for (size_t k = 0; k < n && ours && t->stands; k++)
            given = given || (kad_str_eq(v[k].id, t->id) && v[k].opens <= day);
        if (ours && t->stands && t->minute == minute && !given)
            wrong(s, "%.*s stands issued and the rules do not give it", KAD_STR_FMT(t->id));
    }
}

static void check_subject(struct sim *s, const struct sim_subject *who, struct kad_arena *a)
{
    struct seen x;
    see(s, who, KAD_KNOWN_ALL, a, &x);
    for (size_t m = 0; m < SIM_MINUTES; m++) {
        kad_day day = kad_clock_day_at(s->now, sim_minutes[m]);
        struct kad_instance *v;
        size_t n = plain_instances(x.plain, day, day, &v);
        for (size_t i = 0; i < n; i++)
            if (v[i].policy->issue_at == sim_minutes[m])
                check_instance(s, &x, &v[i], day);
        check_standing(s, kad_str(who->key), v, n, sim_minutes[m], day);
    }
}

/* Days that were slept through: what was known to be due on such a day before it, and still is, was
 * issued for that day or an earlier one. */
static void check_slept(struct sim *s, const struct sim_subject *who, int32_t minute, kad_day day,
                        struct kad_arena *a)
{
    struct seen then, now;
    struct kad_instance *v;
    see(s, who, (struct kad_known){s->quiet_seq, INT64_MAX}, a, &then);
    see(s, who, KAD_KNOWN_ALL, a, &now);
    size_t n = plain_instances(now.plain, day, day, &v);
    for (size_t i = 0; i < n; i++) {
        const struct kad_instance *was;
        char text[KAD_DAY_TEXT];
        if (v[i].opens > day || (v[i].state != KAD_S_OPEN && v[i].state != KAD_S_OVERDUE) ||
            v[i].policy->issue_at != minute)
            continue;
        was = instance_of(&then, day, v[i].id);
        const struct sim_task *t = task_of(s, v[i].id, false);
        if (was && (was->state == KAD_S_OPEN || was->state == KAD_S_OVERDUE) &&
            was->policy->issue_at == minute && (!t || t->first_on > day))
            wrong(s, "%.*s was due on %s, which was slept through, and was not issued for it",
                  KAD_STR_FMT(v[i].id), kad_day_text(day, text));
    }
}

void sim_check_now(struct sim *s)
{
    struct kad_arena a;
    kad_arena_init(&a);
    for (size_t i = 0; i < SIM_SUBJECTS && s->why.n == 0; i++) {
        kad_arena_reset(&a);
        check_subject(s, &sim_subjects[i], &a);
        for (size_t m = 0; m < SIM_MINUTES && s->begun; m++) {
            kad_day from = kad_clock_day_at(s->quiet, sim_minutes[m]) + 1;
            kad_day to = kad_clock_day_at(s->now, sim_minutes[m]);
            if (to - from > 1) /* one of them, and the first */
                check_slept(s, &sim_subjects[i], sim_minutes[m], from, &a);
            if (to - from > 2)
                check_slept(s, &sim_subjects[i], sim_minutes[m],
                            from + (kad_day)(s->now % (to - from)), &a);
        }
    }
    kad_arena_done(&a);
}

void sim_check_views(struct sim *s)
{
    uint64_t n = 0;
    assert_int_equal(
        kad_view_check(kad_engine_ledger(s->store.e), NULL, NULL, NULL, &n, &s->store.err), KAD_OK);
    if (n > 0)
        wrong(s, "%d entries of the views do not follow from the records", (int)n);
}

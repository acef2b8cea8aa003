/* One subject at one moment: what the rules give as of the day, beside what its story says was issued;
 * what is new is recorded, and the next moment is worked out. */
#include "core/scheduler_priv.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/notice.h"

#define SOON 35       /* days that are looked ahead first, */
#define FAR_AHEAD 400 /* and when nothing comes in them; then it is looked at again */
#define CAUSES 24     /* records that are tried as the cause of a withdrawal */

/* --- what was issued --- */

static int by_task(const void *pa, const void *pb)
{
    const struct kad_record *a = *(const struct kad_record *const *)pa;
    const struct kad_record *b = *(const struct kad_record *const *)pb;
    int c = kad_str_cmp(kad_record_note(a, "task"), kad_record_note(b, "task"));
    return c != 0 ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

uint64_t kad_issued_number(const struct kad_record *r, const char *note)
{
    const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, note);
    return f && f->value.type == KAD_T_NUMBER ? (uint64_t)(f->value.num / KAD_MICRO) : 0;
}

kad_day kad_issued_day(const struct kad_record *r, const char *note)
{
    const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, note);
    return f && f->value.type == KAD_T_DATE ? (kad_day)f->value.num : KAD_DAY_NONE;
}

static void take_issued(struct kad_issued *x, const struct kad_record *r)
{
    switch (r->kind) {
    case KAD_R_ISSUED:
        x->number = kad_issued_number(r, "issue");
        x->first = r;
        x->withdrawn = NULL;
        x->overdue = false;
        x->n_notices = 0;
        break;
    case KAD_R_WITHDRAWN:
        x->withdrawn = r;
        break;
    case KAD_R_OVERDUE:
        x->overdue = true;
        break;
    default:
        x->notices[x->n_notices++] = kad_record_note(r, "notice");
    }
}

size_t kad_issued_of(struct kad_arena *a, const struct kad_record *records, size_t n,
                     struct kad_issued **ret)
{
    size_t m = 0, n_issued = 0;
    for (size_t i = 0; i < n; i++)
        m += kad_record_issues(records[i].kind);
    const struct kad_record **v = kad_arena_array(a, const struct kad_record *, m + 1);
    m = 0;
    for (size_t i = 0; i < n; i++)
        if (kad_record_issues(records[i].kind))
            v[m++] = &records[i];
    if (m > 1)
        qsort(v, m, sizeof *v, by_task);
    struct kad_issued *all = kad_arena_array(a, struct kad_issued, m + 1);
    for (size_t i = 0; i < m; i++) {
        struct kad_str task = kad_record_note(v[i], "task");
        if (n_issued == 0 || !kad_str_eq(all[n_issued - 1].task, task)) {
            size_t same = i;
            while (same < m && kad_str_eq(kad_record_note(v[same], "task"), task))
                same++;
            all[n_issued++] = (struct kad_issued){
                .task = task, .notices = kad_arena_array(a, struct kad_str, same - i)};
        }
        take_issued(&all[n_issued - 1], v[i]);
    }
    *ret = all;
    return n_issued;
}

const struct kad_issued *kad_issued_find(const struct kad_issued *v, size_t n, struct kad_str task)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (kad_str_cmp(v[mid].task, task) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && kad_str_eq(v[low].task, task) ? &v[low] : NULL;
}

static bool was_given(const struct kad_issued *x, struct kad_str key)
{
    for (size_t i = 0; x && i < x->n_notices; i++)
        if (kad_str_eq(x->notices[i], key))
            return true;
    return false;
}

/* --- one look --- */

/* A record to be made. Everything in it is the arena's: appending may move what the story lies in. */
struct finding {
    enum kad_record_kind kind;
    kad_day on;
    uint64_t number, adoption, anchor, cause;
    struct kad_str task, name, owner, unit, notice, to;
    kad_day opens, due, closes;
};

struct looking {
    struct kad_look *l;
    struct kad_record *records;
    size_t n_records;
    struct kad_str kind;
    struct kad_story story;
    struct kad_derive *derive;
    struct kad_issued *issued;
    size_t n_issued;
    bool erased; /* what was issued stands, whatever the rules make of what is left */
    bool *given; /* one for each issued: the rules give it */
    kad_vec(int32_t) minutes; /* every `issue at` that concerns it */
    kad_vec(struct finding) findings;
    kad_instant next;
    bool silent; /* only when to come again is asked */
};

static struct kad_str copy(const struct looking *w, struct kad_str s)
{
    return s.n > 0 ? kad_str_dup(w->l->a, s) : (struct kad_str){0};
}

static void add_minute(struct looking *w, const struct kad_policy *p)
{
    int32_t minute = p ? p->issue_at : KAD_ISSUE_AT;
    for (size_t i = 0; i < w->minutes.n; i++)
        if (w->minutes.v[i] == minute)
            return;
    kad_vec_push(w->l->a, &w->minutes, minute);
}

static int32_t minute_of_issued(const struct looking *w, const struct kad_issued *x)
{
    const struct kad_adoption *a = x->first ? kad_engine_adoption(w->l->e, x->first->policy) : NULL;
    return a && a->policy ? a->policy->issue_at : KAD_ISSUE_AT;
}

static enum kad_err load(struct looking *w, struct kad_error *reterr)
{
    struct kad_look *l = w->l;
    const struct kad_timeline *t = &l->e->all;
    struct kad_subject_info info = {0};
    enum kad_err err = KAD_OK;
    if (l->stored)
        err = kad_snapshot_subject(l->b->view, l->subject, &info, reterr);
    /* Taking a sealed value for an unknown one would withdraw what is right. */
    if (!err && l->stored)
        err = kad_snapshot_may_read(l->b->view, &info, reterr);
    if (!err && l->stored)
        err = kad_snapshot_story(l->b->view, l->subject, l->a, &w->records, &w->n_records, reterr);
    if (err)
        return err;
    const struct kad_kind *named = kad_named_kind(t, l->subject);
    w->kind = named ? named->name : copy(w, info.kind);
    kad_story_build(l->a, l->subject, w->records, w->n_records, KAD_KNOWN_ALL, &w->story);
    w->derive = kad_derive_new(l->a, t, &w->story, w->kind);
    w->n_issued = kad_issued_of(l->a, w->records, w->n_records, &w->issued);
    w->given = kad_arena_array(l->a, bool, w->n_issued + 1);
    for (size_t i = 0; i < w->n_records; i++)
        w->erased = w->erased || w->records[i].kind == KAD_R_ERASED;
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].policy)
            add_minute(w, t->v[i].policy);
    for (size_t i = 0; i < w->n_issued; i++)
        if (!w->issued[i].withdrawn && w->issued[i].first) {
            const struct kad_adoption *a = kad_engine_adoption(l->e, w->issued[i].first->policy);
            add_minute(w, a ? a->policy : NULL);
        }
    return KAD_OK;
}

/* --- what is new --- */

static struct finding finding_of(const struct looking *w, enum kad_record_kind kind, kad_day on,
                                 const struct kad_instance *i, uint64_t number)
{
    return (struct finding){
        .kind = kind,
        .on = on,
        .number = number,
        .adoption = i->adoption->seq,
        .anchor = i->anchor,
        .task = copy(w, i->id),
        .name = copy(w, i->task),
        .owner = copy(w, i->owner),
        .unit = copy(w, i->unit),
        .opens = i->opens,
        .due = i->due,
        .closes = i->closes,
    };
}

/* A reminder of what was issued later than its day says nothing that the issue did not. */
static bool wants_notice(const struct kad_notice *n, enum kad_state state, kad_day day,
                         kad_day issued_on)
{
    return n->day <= day && kad_notice_wanted(n->kind, state) &&
           (n->kind != KAD_NOTICE_REMIND || n->day >= issued_on);
}

static void find_notices(struct looking *w, const struct kad_instance *i, kad_day day,
                         const struct kad_issued *x, kad_day issued_on, uint64_t number)
{
    const struct kad_notice *v;
    size_t n = kad_notices_of(w->l->a, i, &v);
    for (size_t k = 0; k < n; k++) {
        if (!wants_notice(&v[k], i->state, day, issued_on))
            continue;
        struct kad_str key = kad_notice_key(w->l->a, i, &v[k]);
        if (was_given(x, key))
            continue;
        bool reminds = v[k].kind == KAD_NOTICE_REMIND;
        struct finding f =
            finding_of(w, reminds ? KAD_R_REMINDED : KAD_R_ESCALATED, day, i, number);
        f.notice = key;
        if (v[k].role >= 0)
            f.to = copy(w, i->policy->roles[v[k].role].name);
        kad_vec_push(w->l->a, &w->findings, f);
    }
}

static void find_of_instance(struct looking *w, const struct kad_instance *i, kad_day day)
{
    const struct kad_issued *x = kad_issued_find(w->issued, w->n_issued, i->id);
    bool stands = x && x->first && !x->withdrawn;
    uint64_t number = x ? x->number : 0;
    if (i->state != KAD_S_OPEN && i->state != KAD_S_OVERDUE)
        return;
    if (!stands)
        kad_vec_push(w->l->a, &w->findings, finding_of(w, KAD_R_ISSUED, day, i, ++number));
    if (i->state == KAD_S_OVERDUE && !(stands && x->overdue))
        kad_vec_push(w->l->a, &w->findings, finding_of(w, KAD_R_OVERDUE, day, i, number));
    if (i->policy->rules[i->rule_index].n_notices > 0)
        find_notices(w, i, day, stands ? x : NULL, stands ? x->first->on : day, number);
}

/* --- what fell away --- */

/* Is the instance given as of the day with what was recorded up to and including `seq`? */
static bool given_at(struct looking *w, struct kad_str id, kad_day day, uint64_t seq,
                     struct kad_arena *a)
{
    struct kad_known known = {seq, INT64_MAX};
    struct kad_timeline t = kad_engine_timeline_at(w->l->e, known, a);
    struct kad_story story;
    const struct kad_instance *v;
    kad_story_build(a, w->l->subject, w->records, w->n_records, known, &story);
    size_t n = kad_derive_instances(kad_derive_new(a, &t, &story, w->kind), day, day, &v);
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(v[i].id, id))
            return v[i].opens <= day;
    return false;
}

static int latest_first(const void *pa, const void *pb)
{
    uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
    return (a < b) - (a > b);
}

/* The record that made it groundless: the last one without which the rules would give it. 0: none
 * does it alone (a policy came into force on its day, say). */
static uint64_t cause_of(struct looking *w, const struct kad_issued *x, kad_day day)
{
    kad_vec(uint64_t) seqs = {0};
    uint64_t after = x->first->seq, cause = 0;
    for (size_t i = 0; i < w->n_records; i++)
        if (!kad_record_issues(w->records[i].kind) && w->records[i].seq > after)
            kad_vec_push(w->l->a, &seqs, w->records[i].seq);
    for (size_t i = 0; i < w->l->e->adopted.n; i++) {
        const struct kad_adopted *a = &w->l->e->adopted.v[i];
        if (a->a.seq > after)
            kad_vec_push(w->l->a, &seqs, a->a.seq);
        if (a->retracted > after)
            kad_vec_push(w->l->a, &seqs, a->retracted);
    }
    if (seqs.n > 1)
        qsort(seqs.v, seqs.n, sizeof *seqs.v, latest_first);
    struct kad_arena a;
    kad_arena_init(&a);
    for (size_t i = 0; i < seqs.n && i < CAUSES && cause == 0; i++) {
        kad_arena_reset(&a);
        if (given_at(w, x->task, day, seqs.v[i] - 1, &a))
            cause = seqs.v[i];
    }
    kad_arena_done(&a);
    return cause;
}

static void find_withdrawn(struct looking *w, int32_t minute, kad_day day)
{
    for (size_t i = 0; i < w->n_issued && !w->erased; i++) {
        const struct kad_issued *x = &w->issued[i];
        if (!x->first || x->withdrawn || w->given[i] || minute_of_issued(w, x) != minute)
            continue;
        const struct kad_record *r = x->first;
        struct finding f = {
            .kind = KAD_R_WITHDRAWN,
            .on = day,
            .number = x->number,
            .adoption = r->policy,
            .anchor = r->ref,
            .cause = cause_of(w, x, day),
            .task = copy(w, x->task),
            .name = copy(w, kad_record_note(r, "name")),
            .owner = copy(w, kad_record_note(r, "for")),
            .unit = copy(w, kad_record_note(r, "unit")),
            .opens = kad_issued_day(r, "opens"),
            .due = kad_issued_day(r, "due"),
            .closes = kad_issued_day(r, "closes"),
        };
        kad_vec_push(w->l->a, &w->findings, f);
    }
}

/* --- the next moment --- */

static void consider(struct looking *w, kad_day on, kad_day day, int32_t minute)
{
    if (on <= day || on > KAD_DAY_MAX - 2)
        return;
    kad_instant t = kad_clock_at(on, minute);
    if (t < w->next)
        w->next = t;
}

static void consider_instance(struct looking *w, const struct kad_instance *i, kad_day day,
                              int32_t minute)
{
    if (i->opens > day) {
        consider(w, i->opens, day, minute);
        return;
    }
    if (i->state == KAD_S_OPEN)
        consider(w, i->due + 1, day, minute);
    if ((i->state != KAD_S_OPEN && i->state != KAD_S_OVERDUE) ||
        i->policy->rules[i->rule_index].n_notices == 0)
        return;
    const struct kad_notice *v;
    size_t n = kad_notices_of(w->l->a, i, &v);
    for (size_t k = 0; k < n; k++)
        consider(w, v[k].day, day, minute);
}

/* Days on which something changes that no instance tells of: events that lie ahead, and policies that
 * come into force. */
static void consider_changes(struct looking *w, kad_day day, int32_t minute)
{
    size_t pos = kad_derive_end_of(w->derive, day);
    const struct kad_timeline *t = &w->l->e->all;
    if (pos < w->story.n_facts)
        consider(w, w->story.facts[pos].on, day, minute);
    for (size_t i = 0; i < t->n; i++)
        consider(w, t->v[i].from, day, minute);
}

/* The first instant after `at` at which anything was recorded that concerns the subject. */
static kad_instant recorded_after(const struct looking *w, kad_instant at)
{
    kad_instant first = KAD_DUE_NEVER;
    const struct kad_engine *e = w->l->e;
    for (size_t i = 0; i < w->n_records; i++)
        if (w->records[i].at > at && w->records[i].at < first &&
            !kad_record_issues(w->records[i].kind))
            first = w->records[i].at;
    for (size_t i = 0; i < e->adopted.n; i++) {
        const struct kad_adopted *a = &e->adopted.v[i];
        if (a->a.at > at && a->a.at < first)
            first = a->a.at;
        if (a->retracted && a->retracted_at > at && a->retracted_at < first)
            first = a->retracted_at;
    }
    return first;
}

/* Where a look at what was written to begins: at the instant of the first record that is new, unless
 * a day's moment lies before it; then that comes first, and this look only finds out when. */
static void begin_fresh(struct looking *w)
{
    kad_instant first = recorded_after(w, w->l->at);
    if (first == KAD_DUE_NEVER)
        return;
    bool turned = first > w->l->until;
    for (size_t i = 0; i < w->minutes.n; i++)
        turned = turned || kad_clock_day_at(first, w->minutes.v[i]) >
                               kad_clock_day_at(w->l->at, w->minutes.v[i]);
    w->silent = turned;
    if (!turned)
        w->l->at = first;
}

/* --- the whole --- */

static void look_ahead(struct looking *w, int32_t minute, kad_day day, int32_t days, bool finds)
{
    const struct kad_instance *v;
    kad_day horizon = day < KAD_DAY_MAX - days ? day + days : KAD_DAY_MAX;
    size_t n = kad_derive_instances(w->derive, day, horizon, &v);
    for (size_t i = 0; i < n; i++) {
        if (finds && v[i].opens <= day) {
            const struct kad_issued *x = kad_issued_find(w->issued, w->n_issued, v[i].id);
            if (x && minute_of_issued(w, x) == minute)
                w->given[x - w->issued] = true;
        }
        if (v[i].policy->issue_at != minute)
            continue;
        if (finds && v[i].opens <= day)
            find_of_instance(w, &v[i], day);
        consider_instance(w, &v[i], day, minute);
    }
}

static void look_at(struct looking *w, int32_t minute)
{
    kad_day day = kad_clock_day_at(w->l->at, minute);
    size_t before = w->findings.n;
    look_ahead(w, minute, day, SOON, !w->silent);
    /* What fell away is told first. */
    size_t found = w->findings.n - before;
    if (!w->silent)
        find_withdrawn(w, minute, day);
    size_t gone = w->findings.n - before - found;
    if (found > 0 && gone > 0) {
        struct finding *v = w->findings.v + before;
        struct finding *turned = kad_arena_array(w->l->a, struct finding, found + gone);
        memcpy(turned, v + found, gone * sizeof *v);
        memcpy(turned + gone, v, found * sizeof *v);
        memcpy(v, turned, (found + gone) * sizeof *v);
    }
    consider_changes(w, day, minute);
    if (w->next > kad_clock_at(day + SOON, minute)) {
        look_ahead(w, minute, day, FAR_AHEAD, false);
        consider(w, day + FAR_AHEAD, day, minute);
    }
}

static struct kad_input text_input(const char *name, struct kad_str s)
{
    return (struct kad_input){
        .name = kad_str(name), .form = s.n > 0 ? KAD_IN_STRING : KAD_IN_NULL, .text = s};
}

static struct kad_input number_input(const char *name, uint64_t n)
{
    return (struct kad_input){.name = kad_str(name),
                              .form = n > 0 ? KAD_IN_NUMBER : KAD_IN_NULL,
                              .num = (int64_t)n * KAD_MICRO};
}

static struct kad_input day_input(const char *name, kad_day day, char text[KAD_DAY_TEXT])
{
    return text_input(name, day == KAD_DAY_NONE ? (struct kad_str){0}
                                                : kad_str(kad_day_text(day, text)));
}

static enum kad_err record(struct kad_look *l, const struct finding *f, struct kad_error *reterr)
{
    char opens[KAD_DAY_TEXT], due[KAD_DAY_TEXT], closes[KAD_DAY_TEXT];
    struct kad_input notes[16] = {
        text_input("task", f->task),        number_input("issue", f->number),
        text_input("name", f->name),        number_input("anchor", f->anchor),
        day_input("opens", f->opens, opens), day_input("due", f->due, due),
        day_input("closes", f->closes, closes), text_input("for", f->owner),
        text_input("unit", f->unit),
    };
    size_t n = 9;
    if (f->kind == KAD_R_WITHDRAWN)
        notes[n++] = number_input("because", f->cause);
    if (f->notice.n > 0)
        notes[n++] = text_input("notice", f->notice);
    if (f->to.n > 0)
        notes[n++] = text_input("to", f->to);
    struct kad_draft d = {
        .type = kad_str(kad_record_type(f->kind)),
        .subject = l->subject,
        .by = KAD_STR("kadens"),
        .on = f->on,
        .at = l->now,
        .notes = notes,
        .n_notes = n,
        .clock = -1,
        .adoption = f->adoption,
    };
    struct kad_outcome out;
    enum kad_err err = kad_batch_put(l->b, &d, &out, reterr);
    if (!err) {
        l->records++;
        l->last = out.seq;
    }
    return err;
}

enum kad_err kad_look(struct kad_look *l, struct kad_error *reterr)
{
    struct looking w = {.l = l, .next = KAD_DUE_NEVER};
    l->records = 0;
    l->next = KAD_DUE_NEVER;
    enum kad_err err = load(&w, reterr);
    if (!err && l->fresh)
        begin_fresh(&w);
    if (!err)
        w.next = recorded_after(&w, l->at);
    for (size_t i = 0; !err && i < w.minutes.n; i++)
        look_at(&w, w.minutes.v[i]);
    for (size_t i = 0; !err && i < w.findings.n; i++)
        err = record(l, &w.findings.v[i], reterr);
    l->next = w.next;
    return err;
}

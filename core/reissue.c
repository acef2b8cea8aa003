#include "core/reissue.h"

#include "core/notice.h"
#include "core/scheduler_priv.h"

struct again {
    const struct kad_record *r;
    struct kad_arena *a;
    const struct kad_instance *i; /* as derived; NULL: the rules do not give it on its day */
    const struct kad_issued *was; /* what had been recorded of the task before; NULL: nothing */
};

static bool same_text(const struct again *x, const char *name, struct kad_str s)
{
    return kad_str_eq(kad_record_note(x->r, name), s);
}

static bool same_day(const struct again *x, const char *name, kad_day day)
{
    return kad_issued_day(x->r, name) == day;
}

/* The days, the owner and the rest of the instance. */
static const char *instance_differs(const struct again *x)
{
    const struct kad_instance *i = x->i;
    if (!same_text(x, "name", i->task))
        return "name";
    if (x->r->ref != i->anchor)
        return "anchor";
    if (!same_day(x, "opens", i->opens))
        return "opens";
    if (!same_day(x, "due", i->due))
        return "due";
    if (!same_day(x, "closes", i->closes))
        return "closes";
    if (!same_text(x, "for", i->owner))
        return "for";
    if (!same_text(x, "unit", i->unit))
        return "unit";
    return x->r->policy != i->adoption->seq ? "policy" : NULL;
}

static const char *issued_differs(const struct again *x)
{
    bool stood = x->was && x->was->first && !x->was->withdrawn;
    uint64_t number = x->was ? x->was->number : 0;
    if (stood || kad_issued_number(x->r, "issue") != number + 1)
        return "issue";
    if (!x->i || (x->i->state != KAD_S_OPEN && x->i->state != KAD_S_OVERDUE))
        return "task";
    return instance_differs(x);
}

/* What comes after an issue: it must stand, and be the one that is named. */
static const char *issue_differs(const struct again *x)
{
    bool stands = x->was && x->was->first && !x->was->withdrawn;
    return !stands || kad_issued_number(x->r, "issue") != x->was->number ? "issue" : NULL;
}

static const char *notice_differs(const struct again *x)
{
    const struct kad_notice *v;
    struct kad_str said = kad_record_note(x->r, "notice");
    enum kad_notice_kind kind =
        x->r->kind == KAD_R_REMINDED ? KAD_NOTICE_REMIND : KAD_NOTICE_ESCALATE;
    for (size_t k = 0; k < x->was->n_notices; k++)
        if (kad_str_eq(x->was->notices[k], said))
            return "notice"; /* twice */
    size_t n = kad_notices_of(x->a, x->i, &v);
    for (size_t k = 0; k < n; k++) {
        if (v[k].kind != kind || v[k].day > x->r->on ||
            !kad_str_eq(kad_notice_key(x->a, x->i, &v[k]), said))
            continue;
        struct kad_str to = v[k].role >= 0 ? x->i->policy->roles[v[k].role].name
                                           : (struct kad_str){0};
        return same_text(x, "to", to) ? NULL : "to";
    }
    return "notice";
}

static const char *differs(const struct again *x)
{
    if (x->r->kind == KAD_R_ISSUED)
        return issued_differs(x);
    const char *what = issue_differs(x);
    if (what)
        return what;
    if (x->r->kind == KAD_R_WITHDRAWN)
        return x->i ? "task" : NULL;
    if (!x->i)
        return "task";
    what = instance_differs(x);
    if (what)
        return what;
    if (x->r->kind == KAD_R_OVERDUE)
        return x->was->overdue ? "issue" : x->i->state != KAD_S_OVERDUE ? "task" : NULL;
    enum kad_notice_kind kind =
        x->r->kind == KAD_R_REMINDED ? KAD_NOTICE_REMIND : KAD_NOTICE_ESCALATE;
    return kad_notice_wanted(kind, x->i->state) ? notice_differs(x) : "task";
}

/* Was anything of the subject erased, or can it not be read? Then another answer proves nothing. */
static bool rests_on_erased(const struct kad_record *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (records[i].kind == KAD_R_ERASED)
            return true;
        for (size_t k = 0; k < records[i].n_fields; k++)
            if (records[i].fields[k].value.know == KAD_SEALED ||
                records[i].fields[k].value.know == KAD_ERASED)
                return true;
    }
    return false;
}

enum kad_reissue kad_reissue_check(struct kad_engine *e, struct kad_str kind,
                                   const struct kad_record *records, size_t n, size_t which,
                                   struct kad_arena *a, struct kad_str *ret_what)
{
    kad_assert(e && records && which < n && a && kad_record_issues(records[which].kind));
    const struct kad_record *r = &records[which];
    struct kad_known known = {r->seq - 1, INT64_MAX};
    struct kad_timeline t = kad_engine_timeline_at(e, known, a);
    struct kad_story story;
    struct kad_issued *issued;
    const struct kad_instance *v;
    struct again x = {.r = r, .a = a};
    const struct kad_kind *named = kad_named_kind(&t, r->subject);
    kad_story_build(a, r->subject, records, n, known, &story);
    struct kad_derive *d = kad_derive_new(a, &t, &story, named ? named->name : kind);
    size_t n_instances = kad_derive_instances(d, r->on, r->on, &v);
    struct kad_str id = kad_record_note(r, "task");
    for (size_t i = 0; i < n_instances; i++)
        if (kad_str_eq(v[i].id, id) && v[i].opens <= r->on)
            x.i = &v[i];
    size_t n_issued = kad_issued_of(a, records, which, &issued);
    x.was = kad_issued_find(issued, n_issued, id);
    const char *what = differs(&x);
    if (ret_what)
        *ret_what = kad_str(what ? what : "");
    if (!what)
        return KAD_REISSUE_SAME;
    return rests_on_erased(records, n) ? KAD_REISSUE_ERASED : KAD_REISSUE_DIFFERENT;
}

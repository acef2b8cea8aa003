/* explain: why, and why not. */
#include "cli/explain.h"
#include "cli/json.h"
#include "cli/records.h"
#include "cli/rows.h"
#include "cli/words.h"
#include "core/clock.h"

static struct kad_step *add(struct kad_cli *c, struct kad_explanation *e, enum kad_say say)
{
    return kad_step_add(e, &c->arena, say);
}

/* Of two explanations of one subject, the second behind the first. */
static void append(struct kad_cli *c, struct kad_explanation *e, const struct kad_explanation *more)
{
    for (size_t i = 0; i < more->steps.n; i++)
        kad_vec_push(&c->arena, &e->steps, more->steps.v[i]);
}

/* --- a task --- */

/* The name among all policies' tasks that was probably meant: by its label, or nearly so. */
static struct kad_str nearest_task(const struct kad_cli *c, struct kad_str said, bool *ret_same)
{
    const struct kad_timeline *t = kad_engine_timeline(c->engine);
    struct kad_str best = {0};
    unsigned distance = 3;
    *ret_same = false;
    for (size_t i = 0; i < t->n; i++) {
        const struct kad_policy *p = t->v[i].policy;
        for (size_t k = 0; p && k < p->n_tasks && !*ret_same; k++) {
            *ret_same = kad_same_word(p->tasks[k].label, said);
            unsigned d = *ret_same ? 0 : kad_text_distance(p->tasks[k].name, said, 2);
            if (d < distance) {
                distance = d;
                best = p->tasks[k].name;
            }
        }
    }
    return best;
}

/* What the scheduler gave out of the task that is explained, which its first step names. */
static enum kad_err tell_given(struct kad_cli *c, struct kad_explanation *e,
                               struct kad_error *reterr)
{
    struct kad_record *all;
    size_t n;
    struct kad_str id = e->steps.n > 0 ? e->steps.v[0].name : (struct kad_str){0};
    if (kad_records_of(c, e->subject, &all, &n, reterr) != KAD_OK)
        return reterr->code;
    for (size_t i = 0; i < n && id.n > 0; i++) {
        if (all[i].kind < KAD_R_ISSUED || all[i].kind > KAD_R_ESCALATED ||
            all[i].on > c->as_of || !kad_str_eq(kad_record_note(&all[i], "task"), id))
            continue;
        struct kad_step *s = add(c, e, KAD_SAY_GIVEN);
        const struct kad_field *because = kad_fields_find(all[i].notes, all[i].n_notes, "because");
        s->label = kad_record_label(c->engine, &all[i]);
        s->day = all[i].on;
        s->seq = all[i].seq;
        if (because && kad_value_known(because->value))
            s->value = kad_str(
                kad_arena_printf(&c->arena, "%lld", (long long)(because->value.num / KAD_MICRO)));
    }
    kad_explanation_sort(e);
    return KAD_OK;
}

static enum kad_err find_task(struct kad_cli *c, struct kad_str said, struct kad_explanation *e,
                              struct kad_error *reterr)
{
    const char *slash = memchr(said.p, '/', said.n);
    struct kad_str subject = {said.p, (size_t)(slash - said.p)};
    struct kad_str end = {slash + 1, said.n - subject.n - 1};
    struct kad_subject s;
    bool same;
    if (kad_subject_of(c, subject, &s, reterr) != KAD_OK)
        return reterr->code;
    if (kad_explain_instance(s.derive, c->as_of, said, e) ||
        kad_explain_task(s.derive, c->as_of, end, (struct kad_str){0}, e))
        return KAD_OK;
    const struct kad_instance *all, *found = NULL;
    size_t n = kad_engine_instances(c->engine, &s, c->as_of, kad_add_years(c->as_of, 1), &all);
    size_t of = 0;
    for (size_t i = 0; i < n; i++)
        if (end.n && kad_id_ends(all[i].id, end)) {
            found = &all[i];
            of++;
        }
    if (of > 1)
        return kad_fail(reterr, KAD_EINPUT,
                        _("“%.*s” may be one of %zu tasks: write more of its id, which kadens tasks "
                          "--format json shows."),
                        KAD_STR_FMT(said), of);
    if (found && kad_explain_instance(s.derive, c->as_of, found->id, e))
        return KAD_OK;
    if (found) { /* withdrawn */
        said = found->id;
        end = (struct kad_str){said.p + subject.n + 1, said.n - subject.n - 1};
    }
    const char *next = memchr(end.p, '/', end.n);
    struct kad_str task = {end.p, next ? (size_t)(next - end.p) : end.n};
    if (next && kad_explain_task(s.derive, c->as_of, task, said, e))
        return KAD_OK;
    struct kad_str near = nearest_task(c, task, &same);
    if (same && kad_explain_task(s.derive, c->as_of, near, next ? said : (struct kad_str){0}, e))
        return KAD_OK;
    if (near.n)
        return kad_fail(reterr, KAD_EINPUT, _("There is no task “%.*s”. Did you mean %.*s/%.*s?"),
                        KAD_STR_FMT(end), KAD_STR_FMT(subject), KAD_STR_FMT(near));
    return kad_fail(reterr, KAD_EINPUT,
                    _("There is no task “%.*s”. kadens tasks --all shows those there are."),
                    KAD_STR_FMT(end));
}

/* --- a value --- */

static enum kad_err explain_value(struct kad_cli *c, struct kad_str said, struct kad_explanation *e,
                                  struct kad_error *reterr)
{
    const char *dot = memrchr(said.p, '.', said.n);
    struct kad_str subject = {said.p, (size_t)(dot - said.p)};
    struct kad_str name = {dot + 1, said.n - subject.n - 1};
    struct kad_subject s;
    if (kad_subject_of(c, subject, &s, reterr) != KAD_OK)
        return reterr->code;
    if (kad_explain_attribute(s.derive, c->as_of, name, e))
        return KAD_OK;
    const struct kad_timeline *t = kad_engine_timeline(c->engine);
    struct kad_str best = {0};
    unsigned distance = 3;
    for (size_t i = 0; i < t->n; i++) {
        const struct kad_policy *p = t->v[i].policy;
        int kind = p ? kad_policy_kind(p, s.info.kind) : -1;
        for (size_t k = 0; kind >= 0 && k < p->kinds[kind].n_attributes; k++) {
            const struct kad_attribute *a = &p->kinds[kind].attributes[k];
            unsigned d = kad_text_distance(a->name, name, 2);
            if (kad_same_word(a->label, name) &&
                kad_explain_attribute(s.derive, c->as_of, a->name, e))
                return KAD_OK;
            if (d < distance) {
                distance = d;
                best = a->name;
            }
        }
    }
    if (best.n)
        return kad_fail(reterr, KAD_EINPUT, _("There is no “%.*s” of %.*s. Did you mean %.*s.%.*s?"),
                        KAD_STR_FMT(name), KAD_STR_FMT(subject), KAD_STR_FMT(subject),
                        KAD_STR_FMT(best));
    return kad_fail(reterr, KAD_EINPUT,
                    _("There is no “%.*s” of %.*s. kadens show %.*s says what there is."),
                    KAD_STR_FMT(name), KAD_STR_FMT(subject), KAD_STR_FMT(subject));
}

/* --- a record --- */

static void tell_record(struct kad_cli *c, const struct kad_record *r, struct kad_explanation *e)
{
    struct kad_step *s = add(c, e, KAD_SAY_RECORD);
    struct kad_buf b = {0};
    s->seq = r->seq;
    s->label = kad_record_label(c->engine, r);
    s->name = r->type;
    s->day = r->on;
    s->to = kad_clock_day(r->at);
    s->text = r->by;
    if (r->kind == KAD_R_EVENT)
        kad_put_fields(&b, kad_record_policy(c->engine, r), r->type, r->fields, r->n_fields, false);
    s->value = kad_str_dup(&c->arena, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
    if (r->flags & KAD_RF_OVERRIDE)
        add(c, e, KAD_SAY_OVERRIDDEN)->text = kad_record_note(r, "because");
    for (size_t i = 0; i < r->n_deviations; i++) {
        s = add(c, e, KAD_SAY_DEVIATED);
        s->text = r->deviations[i].message;
        s->source = r->deviations[i].source;
        s->line = (int)r->deviations[i].line;
        s->adoption = kad_engine_adoption(c->engine, r->deviations[i].policy);
    }
}

/* What corrected it or took it back, among the records of its subject. */
static enum kad_err tell_later(struct kad_cli *c, const struct kad_record *r,
                               struct kad_explanation *e, struct kad_error *reterr)
{
    struct kad_record *all;
    size_t n;
    if (kad_records_of(c, r->subject, &all, &n, reterr) != KAD_OK)
        return reterr->code;
    for (size_t i = 0; i < n; i++) {
        if (all[i].ref != r->seq ||
            (all[i].kind != KAD_R_CORRECTED && all[i].kind != KAD_R_RETRACTED))
            continue;
        struct kad_step *s = add(
            c, e, all[i].kind == KAD_R_CORRECTED ? KAD_SAY_CORRECTED : KAD_SAY_RETRACTED);
        s->seq = all[i].seq;
        s->day = kad_clock_day(all[i].at);
        s->text = kad_str_dup(&c->arena, kad_record_note(&all[i], "because"));
    }
    return KAD_OK;
}

/* One of the engine's own: what it says, what it is about, and the task it names. */
static enum kad_err tell_own(struct kad_cli *c, const struct kad_record *r,
                             struct kad_explanation *e, struct kad_error *reterr)
{
    struct kad_buf b = {0};
    struct kad_record of;
    struct kad_error ignored = {0};
    struct kad_step *s;
    if (r->ref) {
        s = add(c, e, KAD_SAY_ABOUT);
        s->seq = r->ref;
        s->text = kad_record_note(r, "because");
        if (kad_record_at(c, r->ref, &c->arena, &of, &ignored) == KAD_OK)
            s->label = kad_record_label(c->engine, &of);
    }
    if (r->kind != KAD_R_RETRACTED) {
        kad_put_own(&b, c, &c->arena, r, false);
        if (b.n > 0)
            add(c, e, KAD_SAY_SAYS)->text =
                kad_str_dup(&c->arena, (struct kad_str){kad_buf_str(&b), b.n});
    }
    kad_buf_done(&b);
    const struct kad_adoption *a = kad_engine_adoption(c->engine, r->seq);
    if (a && a->policy) {
        s = add(c, e, KAD_SAY_POLICY);
        s->adoption = a;
        s->day = r->on;
    }
    struct kad_str task = kad_record_note(r, "task");
    if (task.n == 0 || r->subject.n == 0)
        return KAD_OK;
    struct kad_subject subject;
    struct kad_explanation more;
    if (kad_subject_of(c, r->subject, &subject, reterr) != KAD_OK)
        return reterr->code;
    if (kad_explain_instance(subject.derive, c->as_of, task, &more))
        append(c, e, &more);
    return KAD_OK;
}

static enum kad_err explain_record(struct kad_cli *c, uint64_t seq, struct kad_explanation *e,
                                   struct kad_error *reterr)
{
    struct kad_record r;
    struct kad_error why = {0};
    enum kad_err got = kad_record_at(c, seq, &c->arena, &r, &why);
    if (got == KAD_ENOTFOUND || (got == KAD_OK && (r.seq > c->known.seq || r.at > c->known.at)))
        return kad_fail(reterr, KAD_EINPUT, _("There is no record no. %llu."),
                        (unsigned long long)seq);
    if (got != KAD_OK)
        return kad_fail(reterr, got, "%s", why.text);
    *e = (struct kad_explanation){.subject = r.subject, .day = c->as_of};
    tell_record(c, &r, e);
    if (r.kind == KAD_R_EVENT) {
        struct kad_subject s;
        struct kad_explanation more;
        if (kad_subject_of(c, r.subject, &s, reterr) != KAD_OK)
            return reterr->code;
        if (kad_explain_event(s.derive, c->as_of, seq, &more))
            append(c, e, &more);
    } else if (tell_own(c, &r, e, reterr) != KAD_OK) {
        return reterr->code;
    }
    if (r.subject.n && tell_later(c, &r, e, reterr) != KAD_OK)
        return reterr->code;
    kad_explanation_sort(e);
    return KAD_OK;
}

/* --- would it be refused --- */

/* The event as a policy in force on the day has it, for this kind of subject. */
static const struct kad_event_type *type_in_force(struct kad_derive *d, struct kad_str kind,
                                                  struct kad_str type, kad_day on,
                                                  const struct kad_policy **ret)
{
    const struct kad_str *names;
    size_t n = kad_derive_names(d, &names);
    for (size_t i = 0; i < n; i++) {
        const struct kad_adoption *a = kad_derive_in_force(d, names[i], on);
        int event = a ? kad_policy_event(a->policy, type) : -1;
        if (event < 0 ||
            !kad_str_eq(a->policy->kinds[a->policy->events[event].kind].name, kind))
            continue;
        *ret = a->policy;
        return &a->policy->events[event];
    }
    return NULL;
}

/* The subject; or one that nothing is recorded about yet, of the event's kind. */
static enum kad_err find_subject(struct kad_cli *c, struct kad_str type, struct kad_subject *ret,
                                 struct kad_error *reterr)
{
    struct kad_str key = kad_str(c->args[0]), kind = {0};
    struct kad_error ignored = {0};
    if (kad_utf8_valid(key, NULL) &&
        kad_engine_subject(c->engine, key, &c->arena, ret, &ignored) == KAD_OK)
        return KAD_OK;
    const struct kad_timeline *t = kad_engine_timeline(c->engine);
    for (size_t i = 0; i < t->n; i++) {
        const struct kad_policy *p = t->v[i].policy;
        int event = p ? kad_policy_event(p, type) : -1;
        if (event >= 0 && p->kinds[p->events[event].kind].shape == KAD_KIND_FREE)
            kind = p->kinds[p->events[event].kind].name;
    }
    if (kind.n == 0)
        return kad_subject_of(c, key, ret, reterr);
    *ret = (struct kad_subject){.info = {.key = key, .kind = kind}, .story = {.subject = key}};
    struct kad_story *none = kad_arena_new(&c->arena, struct kad_story);
    none->subject = key;
    ret->derive = kad_derive_new(&c->arena, t, none, kind);
    return KAD_OK;
}

static enum kad_err read_fields(struct kad_cli *c, const struct kad_policy *p,
                                const struct kad_event_type *type, struct kad_fact *ret,
                                struct kad_error *reterr)
{
    struct kad_field *fields = kad_arena_array(&c->arena, struct kad_field, c->n_args + 1);
    for (int i = 2; i < c->n_args; i++) {
        char *equals = strchr(c->args[i], '=');
        if (!equals || equals == c->args[i])
            return kad_fail(reterr, KAD_EINPUT,
                            _("“%s” is no field: write it as FIELD=VALUE, with quotes around a "
                              "value that has blanks."),
                            c->args[i]);
        struct kad_str name = kad_word_field(
            c, type->name, (struct kad_str){c->args[i], (size_t)(equals - c->args[i])});
        int at = kad_event_field(type, name);
        if (at < 0)
            return kad_fail(reterr, KAD_EINPUT, _("%.*s has no field “%.*s”."),
                            KAD_STR_FMT(type->label), KAD_STR_FMT(name));
        const struct kad_field_def *def = &type->fields[at];
        struct kad_field *f = &fields[ret->n_fields++];
        *f = (struct kad_field){.name = def->name, .is_private = def->is_private};
        if (kad_field_read(p, def, kad_word_value(c, type->name, name, kad_str(equals + 1)),
                           &c->arena, &f->value, reterr) != KAD_OK)
            return reterr->code;
    }
    ret->fields = fields;
    return KAD_OK;
}

static enum kad_err explain_refusal(struct kad_cli *c, struct kad_explanation *e,
                                    struct kad_error *reterr)
{
    kad_day on;
    struct kad_str type;
    struct kad_subject s;
    const struct kad_policy *p = NULL;
    if (kad_opt_day(c, KAD_O_ON, &on, reterr) != KAD_OK ||
        kad_word_type(c, kad_str(c->args[1]), &type, reterr) != KAD_OK)
        return reterr->code;
    on = on == KAD_DAY_NONE ? c->as_of : on;
    if (find_subject(c, type, &s, reterr) != KAD_OK)
        return reterr->code;
    const struct kad_event_type *event = type_in_force(s.derive, s.info.kind, type, on, &p);
    char day[KAD_DAY_TEXT];
    if (!event)
        return kad_fail(reterr, KAD_EINPUT,
                        _("No rules in force on %s know an event “%.*s” of %.*s."),
                        kad_day_text(on, day), KAD_STR_FMT(type), KAD_STR_FMT(s.info.key));
    struct kad_fact f = {.seq = UINT64_MAX, .last = UINT64_MAX, .on = on, .type = event->name,
                         .at = kad_engine_now(c->engine)};
    if (read_fields(c, p, event, &f, reterr) != KAD_OK)
        return reterr->code;
    size_t pos;
    bool refused;
    struct kad_story *story = kad_story_with(&c->arena, &s.story, &f, &pos);
    struct kad_derive *d =
        kad_derive_new(&c->arena, kad_engine_timeline(c->engine), story, s.info.kind);
    kad_explain_refusal(d, pos, &refused, e);
    return KAD_OK;
}

/* --- the command --- */

static enum kad_err explain(struct kad_cli *c, struct kad_explanation *e, struct kad_error *reterr)
{
    struct kad_str said = kad_str(c->args[0]);
    uint64_t seq;
    if (c->n_args > 1)
        return explain_refusal(c, e, reterr);
    if (c->opt[KAD_O_ON])
        return kad_fail(reterr, KAD_EINPUT,
                        _("--on is the day of an event: kadens explain SUBJECT TYPE --on DATE. The "
                          "day asked about is --as-of."));
    if (kad_read_u64(c->args[0], &seq) && seq > 0)
        return explain_record(c, seq, e, reterr);
    if (memchr(said.p, '/', said.n))
        return find_task(c, said, e, reterr) ? reterr->code : tell_given(c, e, reterr);
    if (memchr(said.p, '.', said.n))
        return explain_value(c, said, e, reterr);
    return kad_fail(reterr, KAD_EINPUT,
                    _("What about “%s”? A task: %s/TASK. A value: %s.ATTRIBUTE. Whether an event would "
                      "be refused: %s TYPE."),
                    c->args[0], c->args[0], c->args[0], c->args[0]);
}

enum kad_err kad_cmd_explain(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_explanation e = {0};
    enum kad_err got = explain(c, &e, reterr);
    if (got == KAD_OK && c->format == KAD_F_JSON)
        kad_explanation_json(c, &e);
    else if (got == KAD_OK)
        kad_explanation_print(c, &e);
    return got;
}

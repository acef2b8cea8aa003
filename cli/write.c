#include "cli/write.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/effects.h"
#include "cli/json.h"
#include "cli/program.h"
#include "cli/records.h"
#include "cli/words.h"

/* --- what is said about the outcome --- */

static void put_rule(struct kad_buf *b, const struct kad_finding *f)
{
    struct kad_buf policy = {0};
    kad_put_adoption(&policy, f->adoption);
    kad_buf_printf(b, _("rule: %s, line %d"), kad_buf_str(&policy), f->guard->line);
    if (f->guard->source.n)
        kad_buf_printf(b, _(", source: %.*s"), KAD_STR_FMT(f->guard->source));
    kad_buf_done(&policy);
}

/* A line of ours with somebody's words in it, to stderr. */
static void say(const struct kad_buf *b, const char *indent)
{
    struct kad_buf safe = {0};
    kad_text_put_safe(&safe, (struct kad_str){b->p, b->n});
    fprintf(stderr, "%s%s\n", indent, kad_buf_str(&safe));
    kad_buf_done(&safe);
}

static enum kad_err tell_refused(const struct kad_cli *c, const struct kad_outcome *out)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < out->n_findings; i++) {
        const struct kad_finding *f = &out->findings[i];
        if (!f->guard->require)
            continue;
        kad_tell(_("Refused: %.*s"), KAD_STR_FMT(f->guard->message));
        kad_buf_reset(&b);
        put_rule(&b, f);
        say(&b, "  ");
        kad_buf_reset(&b);
        if (f->values.n) {
            kad_buf_printf(&b, _("found: %.*s"), KAD_STR_FMT(f->values));
            say(&b, "  ");
        }
    }
    kad_buf_reset(&b);
    kad_buf_puts(&b, _("Nothing was written. If it happened all the same, record it with your "
                       "reason: --override WHY."));
    say(&b, "");
    kad_buf_done(&b);
    (void)c;
    return KAD_ENO;
}

static void put_findings(const struct kad_cli *c, struct kad_buf *b, const struct kad_outcome *out)
{
    struct kad_buf rule = {0};
    for (size_t i = 0; i < out->n_findings; i++) {
        const struct kad_finding *f = &out->findings[i];
        kad_buf_reset(&rule);
        put_rule(&rule, f);
        kad_buf_printf(b,
                       f->guard->require ? _("Recorded although a rule says no: %.*s (%s)\n")
                                         : _("Noted as a deviation: %.*s (%s)\n"),
                       KAD_STR_FMT(f->guard->message), kad_buf_str(&rule));
    }
    for (size_t i = 0; i < out->n_later; i++) {
        const struct kad_later *l = &out->later[i];
        struct kad_buf day = {0};
        struct kad_str label = kad_type_label(kad_policy_with(c->engine, 0, l->type), l->type);
        kad_put_day(&day, l->on);
        kad_buf_printf(b, _("A later event now deviates: no. %llu, %.*s, %s: %.*s\n"),
                       (unsigned long long)l->seq, KAD_STR_FMT(label), kad_buf_str(&day),
                       KAD_STR_FMT(l->finding.guard->message));
        kad_buf_done(&day);
    }
    kad_buf_done(&rule);
}

/* The event with this number as it stood before the record; NULL when it is none of the subject's. */
static const struct kad_fact *fact_before(struct kad_cli *c, const struct kad_record *r,
                                          struct kad_subject *s)
{
    struct kad_error ignored = {0};
    if (r->subject.n == 0 ||
        kad_engine_subject(c->engine, r->subject, &c->arena, s, &ignored) != KAD_OK)
        return NULL;
    for (size_t i = 0; i < s->story.n_facts; i++)
        if (s->story.facts[i].seq == r->ref)
            return &s->story.facts[i];
    return NULL;
}

static const struct kad_field *find_field(const struct kad_fact *f, struct kad_str name)
{
    for (size_t i = 0; i < f->n_fields; i++)
        if (kad_str_eq(f->fields[i].name, name))
            return &f->fields[i];
    return NULL;
}

/* "Corrected: no. 17, Anställning: ons 2021-06-02 → tor 2021-06-03, Omfattning: 75 % → 50 %" */
static void put_corrected(struct kad_cli *c, struct kad_buf *b, const struct kad_record *r)
{
    struct kad_subject s;
    const struct kad_fact *f = fact_before(c, r, &s);
    if (!f)
        return;
    const struct kad_policy *p = kad_policy_with(c->engine, r->policy, f->type);
    struct kad_str label = kad_type_label(p, f->type);
    kad_buf_printf(b, _("Corrected: no. %llu, %.*s"), (unsigned long long)r->ref,
                   KAD_STR_FMT(label));
    const char *between = ": ";
    if (f->on != r->on) {
        kad_buf_puts(b, between);
        kad_put_day(b, f->on);
        kad_buf_puts(b, " → ");
        kad_put_day(b, r->on);
        between = ", ";
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        const struct kad_field *old = find_field(f, r->fields[i].name);
        struct kad_str field = kad_field_called(p, f->type, r->fields[i].name);
        kad_buf_printf(b, "%s%.*s: ", between, KAD_STR_FMT(field));
        if (old)
            kad_record_put_field(b, p, f->type, old, true);
        else
            kad_buf_puts(b, _("nothing"));
        kad_buf_puts(b, " → ");
        kad_record_put_field(b, p, f->type, &r->fields[i], true);
        between = ", ";
    }
    kad_buf_putc(b, '\n');
}

/* "Taken back: no. 17, Anställning, ons 2021-06-02 (Omfattning: 75 %)" */
static void put_retracted(struct kad_cli *c, struct kad_buf *b, const struct kad_record *r)
{
    struct kad_subject s;
    struct kad_record target;
    struct kad_error ignored = {0};
    struct kad_buf data = {0};
    const struct kad_fact *f = fact_before(c, r, &s);
    if (kad_record_at(c, r->ref, &c->arena, &target, &ignored) != KAD_OK)
        return;
    struct kad_str label = kad_record_label(c->engine, &target);
    kad_buf_printf(b, _("Taken back: no. %llu, %.*s"), (unsigned long long)r->ref,
                   KAD_STR_FMT(label));
    kad_buf_puts(b, ", ");
    kad_put_day(b, f ? f->on : target.on);
    if (f)
        kad_put_fields(&data, kad_policy_with(c->engine, target.policy, f->type), f->type,
                       f->fields, f->n_fields, true);
    else
        kad_put_own(&data, c, &c->arena, &target, true);
    if (data.n)
        kad_buf_printf(b, " (%s)", kad_buf_str(&data));
    kad_buf_putc(b, '\n');
    kad_buf_done(&data);
}

/* "Recorded as no. 212: C-1042, Personligt besök, sön 2026-11-22." */
static void put_head(struct kad_cli *c, struct kad_buf *b, const struct kad_outcome *out)
{
    const struct kad_record *r = out->record;
    struct kad_str label = kad_record_label(c->engine, r);
    struct kad_buf day = {0};
    kad_put_day(&day, r->on);
    kad_buf_printf(b, _("Recorded as no. %llu: "), (unsigned long long)out->seq);
    if (r->subject.n)
        kad_buf_printf(b, "%.*s, ", KAD_STR_FMT(r->subject));
    kad_buf_printf(b, "%.*s, %s.\n", KAD_STR_FMT(label), kad_buf_str(&day));
    kad_buf_done(&day);
    if (r->kind == KAD_R_CORRECTED)
        put_corrected(c, b, r);
    if (r->kind == KAD_R_RETRACTED)
        put_retracted(c, b, r);
    if (r->kind == KAD_R_EVENT && r->on > kad_engine_today(c->engine))
        kad_buf_printf(b, "%s\n", _("That day lies ahead: it counts from then."));
}

/* One slip of the pen apart: but counted keys (C-1041, C-1042) lie as near without being one. */
static bool is_slip(struct kad_str near, struct kad_str key)
{
    if (kad_text_distance(near, key, 1) > 1)
        return false;
    if (near.n != key.n)
        return true;
    size_t i = 0;
    while (i < key.n && near.p[i] == key.p[i])
        i++;
    bool digits =
        i < key.n && near.p[i] >= '0' && near.p[i] <= '9' && key.p[i] >= '0' && key.p[i] <= '9';
    /* Two digits that changed places are a slip, one digit for another is the next case. */
    return !digits || (i + 1 < key.n && near.p[i] == key.p[i + 1] && near.p[i + 1] == key.p[i]);
}

static void put_new_subject(struct kad_cli *c, struct kad_buf *b, const struct kad_outcome *out)
{
    const struct kad_record *r = out->record;
    struct kad_str near = kad_engine_nearest(c->engine, r->subject, &c->arena);
    const struct kad_policy *p = kad_record_policy(c->engine, r);
    int kind = p ? kad_policy_kind(p, out->kind) : -1;
    struct kad_str label = kind >= 0 ? p->kinds[kind].label : out->kind;
    kad_buf_printf(b, _("%.*s is new here (%.*s).\n"), KAD_STR_FMT(r->subject), KAD_STR_FMT(label));
    if (near.n && is_slip(near, r->subject))
        kad_buf_printf(b,
                       _("Did you mean %.*s? Then take it back: kadens retract %llu --because …\n"),
                       KAD_STR_FMT(near), (unsigned long long)out->seq);
}

/* A person who was never named before: perhaps a slip, and then nobody's list has the task. */
static enum kad_err put_new_persons(struct kad_cli *c, struct kad_buf *b,
                                    const struct kad_outcome *out, struct kad_error *reterr)
{
    const struct kad_record *r = out->record;
    for (size_t i = 0; i < r->n_fields; i++) {
        struct kad_value v = r->fields[i].value;
        struct kad_str near;
        bool known;
        if (v.type != KAD_T_PERSON || v.know != KAD_KNOWN)
            continue;
        if (kad_word_person(c, v.str, &known, &near, reterr) != KAD_OK)
            return reterr->code;
        if (!known && near.n)
            kad_buf_printf(b, _("%.*s is named here for the first time. Did you mean %.*s?\n"),
                           KAD_STR_FMT(v.str), KAD_STR_FMT(near));
    }
    return KAD_OK;
}

/* Each line made safe by itself. */
static void print_lines(struct kad_out *o, struct kad_str s)
{
    for (size_t i = 0; i < s.n;) {
        const char *end = memchr(s.p + i, '\n', s.n - i);
        size_t n = end ? (size_t)(end - (s.p + i)) : s.n - i;
        struct kad_buf line = {0};
        kad_text_put_safe(&line, (struct kad_str){s.p + i, n});
        kad_program_put(&o->b, (struct kad_str){line.p, line.n});
        kad_out_puts(o, "\n");
        kad_buf_done(&line);
        i += n + 1;
    }
}

struct kad_input kad_note(const char *name, enum kad_input_form form, struct kad_str text)
{
    return (struct kad_input){.name = kad_str(name), .form = form, .text = text};
}

/* --- writing one --- */

static enum kad_err write_one(struct kad_cli *c, const struct kad_draft *d, struct kad_buf *said,
                              bool *ret_already, struct kad_error *reterr)
{
    struct kad_batch_options o = {0};
    struct kad_batch *batch;
    struct kad_outcome out = {0};
    if (kad_batch_begin(c->engine, &o, &batch, reterr) != KAD_OK)
        return reterr->code;
    enum kad_err got = kad_batch_put(batch, d, &out, reterr);
    if (got != KAD_OK) {
        bool guarded = got == KAD_ENO && out.n_findings > 0;
        if (guarded)
            tell_refused(c, &out);
        kad_batch_abort(batch);
        if (guarded)
            *reterr = (struct kad_error){0};
        return got;
    }
    *ret_already = out.already;
    if (c->format == KAD_F_JSON) {
        kad_json_record(said, c->engine, out.record);
        said->n--; /* its closing brace: the rest follows */
        kad_buf_printf(said, ",\"already\":%s,\"new_subject\":%s", out.already ? "true" : "false",
                       out.new_subject ? "true" : "false");
    } else if (out.already) {
        kad_buf_printf(said, _("Already recorded as no. %llu; nothing was written.\n"),
                       (unsigned long long)out.seq);
    } else {
        put_head(c, said, &out);
        put_findings(c, said, &out);
        if (out.new_subject)
            put_new_subject(c, said, &out);
        if (put_new_persons(c, said, &out, reterr) != KAD_OK) {
            kad_batch_abort(batch);
            return reterr->code;
        }
    }
    uint64_t seq = out.already ? 0 : out.seq;
    got = kad_batch_commit(batch, reterr);
    c->wrote = got == KAD_OK ? seq : 0;
    return got;
}

enum kad_err kad_write_draft(struct kad_cli *c, struct kad_draft *d, struct kad_str subject,
                             struct kad_error *reterr)
{
    struct kad_effects e = {.today = kad_engine_today(c->engine)};
    struct kad_buf said = {0};
    bool already = false;
    d->id = kad_str(c->opt[KAD_O_ID]);
    d->at = KAD_INSTANT_NONE;
    d->clock = -1;
    if (kad_effects_take(c, subject, &e.before, reterr) != KAD_OK)
        return reterr->code;
    enum kad_err got = write_one(c, d, &said, &already, reterr);
    if (got == KAD_OK)
        got = kad_effects_take(c, subject, &e.after, reterr);
    if (got == KAD_OK && c->format == KAD_F_JSON) {
        kad_buf_puts(&said, ",\"effects\":");
        kad_effects_json(&said, &e, subject);
        kad_buf_puts(&said, "}\n");
        kad_buf_put(&c->out.b, said.p, said.n);
    } else if (got == KAD_OK) {
        print_lines(&c->out, (struct kad_str){said.p, said.n});
        if (!already && subject.n)
            kad_effects_print(&c->out, &e);
    }
    kad_buf_done(&said);
    return got;
}

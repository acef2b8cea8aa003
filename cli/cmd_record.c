/* record, correct, retract, waive: one record each. */
#include <stdio.h>
#include <unistd.h>

#include "cli/records.h"
#include "cli/rows.h"
#include "cli/words.h"
#include "cli/write.h"

/* --- what was typed --- */

static enum kad_err read_fields(struct kad_cli *c, int from, struct kad_str type,
                                struct kad_draft *d, struct kad_error *reterr)
{
    struct kad_input *in = kad_arena_array(&c->arena, struct kad_input, c->n_args + 1);
    for (int i = from; i < c->n_args; i++) {
        char *equals = strchr(c->args[i], '=');
        if (!equals || equals == c->args[i])
            return kad_fail(reterr, KAD_EINPUT,
                            _("“%s” is no field: write it as FIELD=VALUE, with quotes around a "
                              "value that has blanks."),
                            c->args[i]);
        struct kad_input *one = &in[d->n_fields++];
        one->name =
            kad_word_field(c, type, (struct kad_str){c->args[i], (size_t)(equals - c->args[i])});
        one->text = kad_word_value(c, type, one->name, kad_str(equals + 1));
        one->form = one->text.n ? KAD_IN_WORDS : KAD_IN_NULL;
    }
    d->fields = in;
    return KAD_OK;
}

/* The record of this number, for its subject; nothing when there is none (the engine says so). */
static enum kad_err subject_of_seq(struct kad_cli *c, uint64_t seq, struct kad_str *ret,
                                   struct kad_str *ret_type, struct kad_error *reterr)
{
    struct kad_record r;
    struct kad_error why = {0};
    *ret = *ret_type = (struct kad_str){0};
    enum kad_err got = kad_record_at(c, seq, &c->arena, &r, &why);
    if (got == KAD_OK) {
        *ret = r.subject;
        *ret_type = r.type;
        return KAD_OK;
    }
    if (got == KAD_ENOTFOUND)
        return kad_fail(reterr, KAD_EINPUT, _("There is no record no. %llu."),
                        (unsigned long long)seq);
    return kad_fail(reterr, got, "%s", why.text);
}

/* What `last` is: the last record; but for an id that was given before, what it was about then. */
static enum kad_err last_seq(struct kad_cli *c, uint64_t *ret, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    struct kad_ledger_state state;
    struct kad_str id = kad_str(c->opt[KAD_O_ID]), bytes;
    struct kad_record r;
    uint64_t again = 0;
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    if (got == KAD_OK)
        got = kad_snapshot_state(s, &state, reterr);
    if (got == KAD_OK && id.n && id.n <= KAD_LIMIT_ID)
        got = kad_snapshot_id(s, id, &again, reterr);
    if (got == KAD_OK)
        *ret = state.last_seq;
    if (got == KAD_OK && again) {
        got = kad_snapshot_record(s, again, &bytes, reterr);
        if (got == KAD_OK)
            got = kad_snapshot_decode(s, bytes, &c->arena, true, &r, reterr);
        if (got == KAD_OK && (r.kind == KAD_R_RETRACTED || r.kind == KAD_R_CORRECTED))
            *ret = r.ref;
    }
    kad_snapshot_release(s);
    if (got == KAD_OK && *ret == 0)
        return kad_fail(reterr, KAD_EINPUT, _("The ledger is empty."));
    return got;
}

static enum kad_err read_seq(struct kad_cli *c, uint64_t *ret, struct kad_error *reterr)
{
    const char *s = c->args[0];
    if (strcmp(s, "last") == 0)
        return last_seq(c, ret, reterr);
    if (!kad_read_u64(s, ret) || *ret == 0)
        return kad_fail(reterr, KAD_EINPUT,
                        _("“%s” is no record's number. Find it with kadens log, or kadens show."),
                        s);
    return KAD_OK;
}

/* --- the commands --- */

/* Without a type, what can be recorded; without a subject, what belongs to it. */
static enum kad_err tell_what(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_str type;
    if (c->n_args == 0) {
        kad_tell(_("What happened, and to whom? kadens record TYPE SUBJECT [FIELD=VALUE...]"));
        kad_tell_events(c);
        return KAD_EINPUT;
    }
    if (kad_word_type(c, kad_str(c->args[0]), &type, reterr) != KAD_OK)
        return reterr->code;
    if (!kad_policy_with(c->engine, 0, type))
        return kad_word_no_type(c, type, reterr);
    kad_tell(_("To whom? kadens record %.*s SUBJECT [FIELD=VALUE...]"), KAD_STR_FMT(type));
    kad_tell_fields(c, type);
    return KAD_EINPUT;
}

/* Somebody at a terminal is shown what there is; a program gets its one message. */
static enum kad_err with_help(struct kad_cli *c, const struct kad_draft *d, enum kad_err got,
                              struct kad_error *reterr)
{
    if (got != KAD_EINPUT || isatty(STDERR_FILENO) != 1 || !reterr->text[0])
        return got;
    kad_tell("%s", reterr->text);
    if (kad_policy_with(c->engine, 0, d->type))
        kad_tell_fields(c, d->type);
    else
        kad_tell_events(c);
    *reterr = (struct kad_error){0};
    return got;
}

enum kad_err kad_cmd_record(struct kad_cli *c, struct kad_error *reterr)
{
    if (c->n_args < 2)
        return tell_what(c, reterr);
    struct kad_draft d = {.type = kad_str(c->args[0]),
                          .subject = kad_str(c->args[1]),
                          .override = kad_str(c->opt[KAD_O_OVERRIDE])};
    if (kad_record_kind_of(d.type) > KAD_R_EVENT)
        return kad_fail(reterr, KAD_EINPUT,
                        _("“%s” is the ledger's own. Use kadens correct, retract, waive or rules "
                          "adopt."),
                        c->args[0]);
    if (c->opt[KAD_O_OVERRIDE] && d.override.n == 0)
        return kad_fail(reterr, KAD_EINPUT, _("--override needs a reason: it is recorded."));
    if (kad_opt_day(c, KAD_O_ON, &d.on, reterr) != KAD_OK ||
        kad_word_type(c, d.type, &d.type, reterr) != KAD_OK ||
        read_fields(c, 2, d.type, &d, reterr) != KAD_OK)
        return reterr->code;
    return with_help(c, &d, kad_write_draft(c, &d, d.subject, reterr), reterr);
}

enum kad_err kad_cmd_correct(struct kad_cli *c, struct kad_error *reterr)
{
    uint64_t seq;
    const char *why;
    struct kad_str subject, type;
    struct kad_draft d = {.type = KAD_STR("kadens.corrected"), .on = KAD_DAY_NONE};
    kad_day on;
    if (read_seq(c, &seq, reterr) != KAD_OK ||
        kad_opt_required(c, KAD_O_BECAUSE, &why, reterr) != KAD_OK ||
        kad_opt_day(c, KAD_O_ON, &on, reterr) != KAD_OK ||
        subject_of_seq(c, seq, &subject, &type, reterr) != KAD_OK ||
        read_fields(c, 1, type, &d, reterr) != KAD_OK)
        return reterr->code;
    if (on == KAD_DAY_NONE && d.n_fields == 0)
        return kad_fail(
            reterr, KAD_EINPUT,
            _("What was wrong? Give the fields as they should be, the day with --on, or "
              "take the record back with kadens retract."));
    const char *number = kad_arena_printf(&c->arena, "%llu", (unsigned long long)seq);
    struct kad_input notes[3] = {kad_note("corrects", KAD_IN_WORDS, kad_str(number)),
                                 kad_note("because", KAD_IN_STRING, kad_str(why))};
    d.notes = notes;
    d.n_notes = 2;
    if (on != KAD_DAY_NONE)
        notes[d.n_notes++] = kad_note("on", KAD_IN_WORDS, kad_str(c->opt[KAD_O_ON]));
    return kad_write_draft(c, &d, subject, reterr);
}

enum kad_err kad_cmd_retract(struct kad_cli *c, struct kad_error *reterr)
{
    uint64_t seq;
    const char *why;
    struct kad_str subject, type;
    struct kad_draft d = {.type = KAD_STR("kadens.retracted"), .on = KAD_DAY_NONE};
    if (read_seq(c, &seq, reterr) != KAD_OK ||
        kad_opt_required(c, KAD_O_BECAUSE, &why, reterr) != KAD_OK ||
        subject_of_seq(c, seq, &subject, &type, reterr) != KAD_OK)
        return reterr->code;
    const char *number = kad_arena_printf(&c->arena, "%llu", (unsigned long long)seq);
    const struct kad_input notes[] = {kad_note("retracts", KAD_IN_WORDS, kad_str(number)),
                                      kad_note("because", KAD_IN_STRING, kad_str(why))};
    d.notes = notes;
    d.n_notes = 2;
    return kad_write_draft(c, &d, subject, reterr);
}

/* --- which task is meant --- */

static bool may_waive(const struct kad_instance *i)
{
    return i->state == KAD_S_OPEN || i->state == KAD_S_OVERDUE || i->state == KAD_S_UPCOMING ||
           i->state == KAD_S_MISSED;
}

/* Of several that end so: those that can be waived; when that leaves more than one, they are told
 * with what to write. */
static enum kad_err pick_task(struct kad_cli *c, struct kad_str said, struct kad_str end,
                              const struct kad_instance *all, size_t n, struct kad_str *ret_id,
                              struct kad_error *reterr)
{
    const struct kad_instance *found = NULL;
    size_t n_waivable = 0, n_found = 0;
    for (size_t i = 0; i < n; i++) {
        if (kad_str_eq(all[i].id, said))
            return KAD_OK;
        if (!end.n || !kad_id_ends(all[i].id, end))
            continue;
        n_found++;
        n_waivable += may_waive(&all[i]);
        if (!found || may_waive(&all[i]))
            found = &all[i];
    }
    if (found)
        *ret_id = found->id;
    if (n_found <= 1 || n_waivable == 1)
        return KAD_OK; /* the engine says so if there is no such task */
    kad_tell(_("“%.*s” may be one of these. Write the id of the one you mean:"), KAD_STR_FMT(said));
    for (size_t i = 0; i < n; i++) {
        if (!kad_id_ends(all[i].id, end))
            continue;
        struct kad_buf b = {0};
        kad_text_put_safe(&b, all[i].id);
        kad_buf_puts(&b, "  ");
        kad_text_put_safe(&b, kad_task_label(&all[i]));
        kad_buf_puts(&b, ", ");
        kad_put_day(&b, all[i].due);
        fprintf(stderr, "  %s, %s\n", kad_buf_str(&b), kad_state_label(all[i].state));
        kad_buf_done(&b);
    }
    (void)c;
    (void)reterr;
    return KAD_EINPUT;
}

/* A task's whole id, or SUBJECT/END with the end that the list shows as its ref. */
static enum kad_err find_task(struct kad_cli *c, struct kad_str said, struct kad_str *ret_subject,
                              struct kad_str *ret_id, struct kad_error *reterr)
{
    const char *slash = memchr(said.p, '/', said.n);
    if (!slash)
        return kad_fail(reterr, KAD_EINPUT,
                        _("“%.*s” is no task: write SUBJECT/REF, as kadens tasks shows them."),
                        KAD_STR_FMT(said));
    struct kad_str subject = {said.p, (size_t)(slash - said.p)};
    struct kad_str end = {slash + 1, said.n - subject.n - 1};
    struct kad_subject s;
    if (kad_subject_of(c, subject, &s, reterr) != KAD_OK)
        return reterr->code;
    *ret_subject = s.info.key;
    *ret_id = said;
    const struct kad_instance *all;
    kad_day today = kad_engine_today(c->engine);
    size_t n = kad_derive_instances(s.derive, today, kad_add_years(today, 1), &all);
    return pick_task(c, said, end, all, n, ret_id, reterr);
}

enum kad_err kad_cmd_waive(struct kad_cli *c, struct kad_error *reterr)
{
    const char *why;
    struct kad_str subject, id;
    struct kad_draft d = {.type = KAD_STR("kadens.waived"), .on = KAD_DAY_NONE};
    if (kad_opt_required(c, KAD_O_BECAUSE, &why, reterr) != KAD_OK ||
        find_task(c, kad_str(c->args[0]), &subject, &id, reterr) != KAD_OK)
        return reterr->code;
    const struct kad_input notes[] = {kad_note("task", KAD_IN_STRING, id),
                                      kad_note("because", KAD_IN_STRING, kad_str(why))};
    d.subject = subject;
    d.notes = notes;
    d.n_notes = 2;
    return kad_write_draft(c, &d, subject, reterr);
}

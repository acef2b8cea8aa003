#include "cli/message.h"

#include "cli/json.h"

bool kad_message_is(enum kad_record_kind kind)
{
    return kind == KAD_R_ISSUED || kind == KAD_R_OVERDUE || kind == KAD_R_WITHDRAWN ||
           kind == KAD_R_REMINDED || kind == KAD_R_ESCALATED;
}

static kad_day note_day(const struct kad_record *r, const char *name)
{
    const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, name);
    if (!f || f->value.know != KAD_KNOWN || f->value.type != KAD_T_DATE)
        return KAD_DAY_NONE;
    return (kad_day)f->value.num;
}

static uint64_t note_count(const struct kad_record *r, const char *name)
{
    const struct kad_field *f = kad_fields_find(r->notes, r->n_notes, name);
    if (!f || f->value.know != KAD_KNOWN || f->value.type != KAD_T_NUMBER || f->value.num < 0)
        return 0;
    return (uint64_t)(f->value.num / 1000000);
}

void kad_message_make(const struct kad_engine *e, const struct kad_record *r, struct kad_arena *a,
                      struct kad_message *ret)
{
    kad_assert(kad_message_is(r->kind));
    *ret = (struct kad_message){
        .seq = r->seq,
        .kind = r->kind,
        .at = r->at,
        .on = r->on,
        .task = kad_record_note(r, "task"),
        .issue = note_count(r, "issue"),
        .name = kad_record_note(r, "name"),
        .subject = r->subject,
        .opens = note_day(r, "opens"),
        .due = note_day(r, "due"),
        .closes = note_day(r, "closes"),
        .owner = kad_record_note(r, "for"),
        .notice = kad_record_note(r, "notice"),
        .unit = kad_record_note(r, "unit"),
        .because = note_count(r, "because"),
    };
    ret->label = ret->name;
    struct kad_str role = kad_record_note(r, "to");
    if (role.n)
        ret->to = kad_str(kad_arena_printf(a, "role:%.*s", KAD_STR_FMT(role)));
    struct kad_buf policy = {0};
    kad_engine_put_policy(e, r->policy, &policy);
    ret->policy = kad_str_dup(a, (struct kad_str){policy.p, policy.n});
    kad_buf_done(&policy);
    const struct kad_adoption *adoption = r->policy ? kad_engine_adoption(e, r->policy) : NULL;
    const struct kad_policy *p = adoption ? adoption->policy : NULL;
    int task = p ? kad_policy_task(p, ret->name) : -1;
    if (task >= 0) {
        ret->label = p->tasks[task].label;
        ret->source = p->rules[p->tasks[task].rule].source;
    }
}

static void put_key(struct kad_buf *b, const char *key)
{
    kad_buf_printf(b, "%s\"%s\":", b->n && b->p[b->n - 1] != '{' ? "," : "", key);
}

void kad_message_put_json(struct kad_buf *b, const char *ledger, const struct kad_message *m)
{
    char at[KAD_INSTANT_TEXT];
    kad_buf_puts(b, "{\"seq\":");
    kad_json_seq(b, m->seq);
    put_key(b, "ledger");
    kad_json_str(b, kad_str(ledger));
    put_key(b, "type");
    kad_json_str(b, kad_str(kad_record_type(m->kind)));
    put_key(b, "at");
    kad_json_str(b, kad_str(kad_instant_text(m->at, at)));
    put_key(b, "on");
    kad_json_day(b, m->on);
    put_key(b, "task");
    kad_json_str(b, m->task);
    put_key(b, "issue");
    kad_json_seq(b, m->issue);
    const struct {
        const char *key;
        struct kad_str s;
    } before[] = {{"name", m->name}, {"label", m->label}, {"subject", m->subject}},
      whose[] = {{"for", m->owner}, {"to", m->to}, {"notice", m->notice}, {"unit", m->unit}},
      after[] = {{"policy", m->policy}, {"source", m->source}};
    const struct {
        const char *key;
        kad_day day;
    } days[] = {{"opens", m->opens}, {"due", m->due}, {"closes", m->closes}};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        put_key(b, before[i].key);
        kad_json_str_or_null(b, before[i].s);
    }
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        put_key(b, days[i].key);
        kad_json_day(b, days[i].day);
    }
    for (size_t i = 0; i < sizeof whose / sizeof *whose; i++) {
        put_key(b, whose[i].key);
        kad_json_str_or_null(b, whose[i].s);
    }
    put_key(b, "because");
    kad_json_seq(b, m->because);
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        put_key(b, after[i].key);
        kad_json_str_or_null(b, after[i].s);
    }
    kad_buf_putc(b, '}');
}

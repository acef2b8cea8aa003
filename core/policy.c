/* What the tables of a compiled policy answer: look-ups by name, dated params, and values as people
 * type and read them. */
#include "core/policy.h"

#include "core/limits.h"

void kad_policy_free(struct kad_policy *p)
{
    if (!p)
        return;
    /* The policy lies in its own arena, so the arena is taken out before it goes. */
    struct kad_arena arena = p->arena;
    kad_arena_done(&arena);
}

/* ORDER policy.h: enum kad_state. */
static const char *const state_names[KAD_S__COUNT] = {
    "upcoming", "open", "overdue", "done", "missed", "untold", "dropped", "waived", "withdrawn",
};

const char *kad_state_name(enum kad_state s)
{
    kad_assert(s < KAD_S__COUNT);
    return state_names[s];
}

const char *kad_state_label(enum kad_state s)
{
    static const char *const labels[KAD_S__COUNT] = {
        N_("upcoming"), N_("open"),    N_("overdue"), N_("done"),      N_("missed"),
        N_("untold"),   N_("dropped"), N_("waived"),  N_("withdrawn"),
    };
    kad_assert(s < KAD_S__COUNT);
    return _(labels[s]);
}

int kad_state_of(struct kad_str name)
{
    for (int i = 0; i < KAD_S__COUNT; i++)
        if (kad_str_eq(name, kad_str(state_names[i])))
            return i;
    return -1;
}

/* --- look-ups --- */

/* The tables are short: a walk that compares lengths first beats an index of its own. */
#define FIND(table, count, wanted)                                                                 \
    do {                                                                                           \
        for (size_t i = 0; i < (count); i++)                                                       \
            if (kad_str_eq((table)[i].name, (wanted)))                                             \
                return (int)i;                                                                     \
        return -1;                                                                                 \
    } while (0)

static size_t name_slot(struct kad_str name, size_t slots)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)name.p[i]) * 16777619u;
    return (h ^ h >> 15) & (slots - 1);
}

/* Open addressing, at most half full; a slot holds the event's index + 1. */
void kad_policy_index(struct kad_policy *p)
{
    kad_assert(p->n_events < UINT16_MAX);
    size_t slots = 16;
    while (slots < 2 * p->n_events)
        slots *= 2;
    p->event_index = kad_arena_array(&p->arena, uint16_t, slots);
    p->n_event_index = slots;
    for (size_t i = 0; i < p->n_events; i++) {
        size_t at = name_slot(p->events[i].name, slots);
        while (p->event_index[at] != 0)
            at = (at + 1) & (slots - 1);
        p->event_index[at] = (uint16_t)(i + 1);
    }
}

int kad_policy_event(const struct kad_policy *p, struct kad_str name)
{
    if (!p->event_index)
        FIND(p->events, p->n_events, name);
    size_t at = name_slot(name, p->n_event_index);
    for (; p->event_index[at] != 0; at = (at + 1) & (p->n_event_index - 1)) {
        int i = p->event_index[at] - 1;
        if (kad_str_eq(p->events[i].name, name))
            return i;
    }
    return -1;
}

int kad_policy_kind(const struct kad_policy *p, struct kad_str name)
{
    FIND(p->kinds, p->n_kinds, name);
}

int kad_policy_task(const struct kad_policy *p, struct kad_str name)
{
    FIND(p->tasks, p->n_tasks, name);
}

int kad_policy_role(const struct kad_policy *p, struct kad_str name)
{
    FIND(p->roles, p->n_roles, name);
}

int kad_policy_param(const struct kad_policy *p, struct kad_str name)
{
    FIND(p->params, p->n_params, name);
}

int kad_kind_attribute(const struct kad_kind *k, struct kad_str name)
{
    FIND(k->attributes, k->n_attributes, name);
}

int kad_kind_member(const struct kad_kind *k, struct kad_str name)
{
    FIND(k->members, k->n_members, name);
}

int kad_event_field(const struct kad_event_type *e, struct kad_str name)
{
    FIND(e->fields, e->n_fields, name);
}

int kad_choice_value(const struct kad_choice *c, struct kad_str name)
{
    FIND(c->values, c->n_values, name);
}

struct kad_value kad_param_on(const struct kad_param *p, int member, kad_day day)
{
    struct kad_value found = kad_value_unknown(p->type);
    for (size_t i = 0; i < p->n_values; i++)
        if (p->values[i].member == member && p->values[i].from <= day)
            found = p->values[i].value;
    return found;
}

/* --- values of choices and subjects --- */

/* The name and label at an index of the choice or kind that a type refers to; false: none there. */
static bool entry(const struct kad_policy *p, enum kad_type type, int ref, size_t i,
                  struct kad_str *ret_name, struct kad_str *ret_label)
{
    if (type == KAD_T_CHOICE && ref >= 0 && i < p->choices[ref].n_values) {
        *ret_name = p->choices[ref].values[i].name;
        *ret_label = p->choices[ref].values[i].label;
        return true;
    }
    if (type == KAD_T_SUBJECT && ref >= 0 && i < p->kinds[ref].n_members) {
        *ret_name = p->kinds[ref].members[i].name;
        *ret_label = p->kinds[ref].members[i].label;
        return true;
    }
    return false;
}

static int entry_of(const struct kad_policy *p, enum kad_type type, int ref, struct kad_str name)
{
    struct kad_str n, label;
    for (size_t i = 0; entry(p, type, ref, i, &n, &label); i++)
        if (kad_str_eq(n, name))
            return (int)i;
    return -1;
}

void kad_policy_put_value(struct kad_buf *b, const struct kad_policy *p, struct kad_value v,
                          enum kad_type type, int ref)
{
    struct kad_str name, label;
    bool named = type == KAD_T_CHOICE || type == KAD_T_SUBJECT;
    if (named && kad_value_known(v)) {
        int i = entry_of(p, type, ref, v.str);
        if (i >= 0 && entry(p, type, ref, (size_t)i, &name, &label)) {
            kad_buf_put(b, label.n > 0 ? label.p : name.p, label.n > 0 ? label.n : name.n);
            return;
        }
    }
    kad_value_put_pretty(b, v);
}

struct kad_value kad_policy_bind(const struct kad_policy *p, struct kad_value stored,
                                 enum kad_type type, int ref)
{
    if (stored.type != type) {
        struct kad_value v = kad_value_unknown(type);
        /* Carried, but not to be read: unlike a field that is not there, it is the latest said. */
        if (stored.know == KAD_SEALED || stored.know == KAD_ERASED)
            v.know = stored.know;
        return v;
    }
    if (kad_value_known(stored) && (type == KAD_T_CHOICE || type == KAD_T_SUBJECT))
        stored.num = entry_of(p, type, ref, stored.str);
    return stored;
}

/* --- values as people type them --- */

/* "a, b, c, d, e, …": what a choice or a kind accepts, at most this many. */
#define SHOWN 12
static void put_entries(struct kad_buf *b, const struct kad_policy *p, enum kad_type type, int ref)
{
    struct kad_str name, label;
    for (size_t i = 0; entry(p, type, ref, i, &name, &label); i++) {
        kad_buf_puts(b, i == 0 ? "" : ", ");
        if (i == SHOWN) {
            kad_buf_puts(b, "…");
            return;
        }
        kad_buf_put(b, name.p, name.n);
    }
}

static enum kad_err fail_entry(const struct kad_policy *p, const struct kad_field_def *f,
                               struct kad_str text, struct kad_error *reterr)
{
    struct kad_buf all = {0};
    put_entries(&all, p, f->type, f->ref);
    struct kad_str name, label, near = {0};
    unsigned best = 3;
    for (size_t i = 0; entry(p, f->type, f->ref, i, &name, &label); i++) {
        unsigned d = kad_text_distance(text, name, best);
        if (d < best) {
            best = d;
            near = name;
        }
    }
    enum kad_err err;
    if (near.n > 0)
        err = kad_fail(
            reterr, KAD_EINPUT, _("%.*s cannot be “%.*s”: did you mean %.*s? It is one of %s."),
            KAD_STR_FMT(f->name), KAD_STR_FMT(text), KAD_STR_FMT(near), kad_buf_str(&all));
    else
        err = kad_fail(reterr, KAD_EINPUT, _("%.*s cannot be “%.*s”: it is one of %s."),
                       KAD_STR_FMT(f->name), KAD_STR_FMT(text), kad_buf_str(&all));
    kad_buf_done(&all);
    return err;
}

/* By identifier, else by the label that people see. */
static enum kad_err read_entry(const struct kad_policy *p, const struct kad_field_def *f,
                               struct kad_str text, struct kad_value *ret, struct kad_error *reterr)
{
    struct kad_str name, label;
    int found = entry_of(p, f->type, f->ref, text);
    for (size_t i = 0; found < 0 && entry(p, f->type, f->ref, i, &name, &label); i++)
        if (kad_str_eq(label, text))
            found = (int)i;
    if (found < 0)
        return fail_entry(p, f, text, reterr);
    (void)entry(p, f->type, f->ref, (size_t)found, &name, &label);
    *ret = (struct kad_value){.type = f->type, .know = KAD_KNOWN, .num = found, .str = name};
    return KAD_OK;
}

static bool is_blank_at(struct kad_str s, size_t *ret_len)
{
    uint32_t c = kad_utf8_get(s, ret_len);
    return c == ' ' || c == '\t' || c == 0xa0 || c == 0x2009 || c == 0x202f;
}

/* The text without blanks of any kind; false when it is too long for a number. */
static bool squeeze(struct kad_str s, char *out, size_t cap, struct kad_str *ret)
{
    size_t n = 0, len;
    for (size_t i = 0; i < s.n; i += len) {
        if (is_blank_at((struct kad_str){s.p + i, s.n - i}, &len))
            continue;
        if (n + len > cap)
            return false;
        memcpy(out + n, s.p + i, len);
        n += len;
    }
    *ret = (struct kad_str){out, n};
    return true;
}

static bool drop_suffix(struct kad_str *s, const char *suffix)
{
    size_t n = strlen(suffix);
    if (s->n < n || memcmp(s->p + s->n - n, suffix, n) != 0)
        return false;
    s->n -= n;
    return true;
}

static bool read_number(struct kad_str text, enum kad_type type, int64_t *ret)
{
    char room[48];
    struct kad_str s;
    if (!squeeze(text, room, sizeof room, &s))
        return false;
    if (type == KAD_T_PERCENT && !drop_suffix(&s, "%"))
        return false;
    if (type == KAD_T_MONEY && !drop_suffix(&s, "SEK"))
        (void)drop_suffix(&s, "kr");
    if (!kad_number_parse(s, ret))
        return false;
    if (type == KAD_T_PERCENT) {
        /* Per cent are hundredths, so two of the six decimals are used up. */
        if (*ret % 100 != 0)
            return false;
        *ret /= 100;
    }
    return true;
}

static bool read_yesno(struct kad_str s, int64_t *ret)
{
    static const struct {
        const char *word;
        int64_t value;
    } words[] = {{"yes", 1}, {"ja", 1}, {"true", 1}, {"no", 0}, {"nej", 0}, {"false", 0}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (kad_str_eq(s, kad_str(words[i].word))) {
            *ret = words[i].value;
            return true;
        }
    return false;
}

static enum kad_err fail_form(const struct kad_field_def *f, struct kad_str text,
                              struct kad_error *reterr)
{
    switch (f->type) {
    case KAD_T_DATE:
        return kad_fail(reterr, KAD_EINPUT,
                        _("%.*s cannot be “%.*s”: it is a date that exists, written 2026-12-31."),
                        KAD_STR_FMT(f->name), KAD_STR_FMT(text));
    case KAD_T_PERCENT:
        return kad_fail(
            reterr, KAD_EINPUT,
            _("%.*s cannot be “%.*s”: it is per cent, written with its sign as in 75 %%."),
            KAD_STR_FMT(f->name), KAD_STR_FMT(text));
    case KAD_T_MONEY:
        return kad_fail(reterr, KAD_EINPUT,
                        _("%.*s cannot be “%.*s”: it is an amount, written as in 465 000 SEK."),
                        KAD_STR_FMT(f->name), KAD_STR_FMT(text));
    case KAD_T_YESNO:
        return kad_fail(reterr, KAD_EINPUT, _("%.*s cannot be “%.*s”: it is yes or no."),
                        KAD_STR_FMT(f->name), KAD_STR_FMT(text));
    default:
        return kad_fail(reterr, KAD_EINPUT,
                        _("%.*s cannot be “%.*s”: it is a number, written as in 37,5."),
                        KAD_STR_FMT(f->name), KAD_STR_FMT(text));
    }
}

static bool read_form(const struct kad_field_def *f, struct kad_str text, struct kad_value *ret)
{
    kad_day day;
    *ret = (struct kad_value){.type = f->type, .know = KAD_KNOWN};
    switch (f->type) {
    case KAD_T_DATE:
        if (!kad_day_parse(text.p, text.n, &day))
            return false;
        ret->num = day;
        return true;
    case KAD_T_YESNO:
        return read_yesno(text, &ret->num);
    default:
        return read_number(text, f->type, &ret->num);
    }
}

enum kad_err kad_field_read(const struct kad_policy *p, const struct kad_field_def *f,
                            struct kad_str text, struct kad_arena *a, struct kad_value *ret,
                            struct kad_error *reterr)
{
    size_t at;
    if (!kad_utf8_valid(text, &at))
        return kad_fail(reterr, KAD_EINPUT, _("%.*s is not UTF-8 text."), KAD_STR_FMT(f->name));
    struct kad_value v = {.type = f->type, .know = KAD_KNOWN};
    enum kad_err err = KAD_OK;
    switch (f->type) {
    case KAD_T_CHOICE:
    case KAD_T_SUBJECT:
        err = read_entry(p, f, kad_text_nfc(a, text), &v, reterr);
        break;
    case KAD_T_TEXT:
    case KAD_T_PERSON:
        v.str = kad_str_dup(a, kad_text_nfc(a, text));
        break;
    default:
        if (!read_form(f, text, &v))
            err = fail_form(f, text, reterr);
    }
    if (err == KAD_OK)
        err = kad_field_check(p, f, v, reterr);
    if (err == KAD_OK)
        *ret = v;
    return err;
}

/* --- does it fit --- */

static enum kad_err check_length(const struct kad_field_def *f, struct kad_value v,
                                 struct kad_error *reterr)
{
    size_t most = f->type == KAD_T_PERSON ? KAD_LIMIT_NAME : KAD_LIMIT_TEXT;
    if (v.str.n > most)
        return kad_fail(reterr, KAD_EINPUT, _("%.*s is %zu bytes long; at most %zu are kept."),
                        KAD_STR_FMT(f->name), v.str.n, most);
    if (f->type == KAD_T_PERSON && v.str.n == 0)
        return kad_fail(reterr, KAD_EINPUT, _("%.*s names a person and cannot be empty."),
                        KAD_STR_FMT(f->name));
    return KAD_OK;
}

static enum kad_err fail_range(const struct kad_field_def *f, struct kad_error *reterr)
{
    struct kad_buf low = {0}, high = {0};
    kad_value_put_pretty(&low, (struct kad_value){f->type, KAD_KNOWN, f->low, {0}});
    kad_value_put_pretty(&high, (struct kad_value){f->type, KAD_KNOWN, f->high, {0}});
    enum kad_err err = kad_fail(reterr, KAD_EINPUT, _("%.*s must lie from %s to %s."),
                                KAD_STR_FMT(f->name), kad_buf_str(&low), kad_buf_str(&high));
    kad_buf_done(&low);
    kad_buf_done(&high);
    return err;
}

enum kad_err kad_field_check(const struct kad_policy *p, const struct kad_field_def *f,
                             struct kad_value v, struct kad_error *reterr)
{
    if (!kad_value_known(v))
        return KAD_OK;
    kad_assert(v.type == f->type);
    switch (f->type) {
    case KAD_T_TEXT:
    case KAD_T_PERSON:
        return check_length(f, v, reterr);
    case KAD_T_CHOICE:
    case KAD_T_SUBJECT:
        if (entry_of(p, f->type, f->ref, v.str) < 0)
            return fail_entry(p, f, v.str, reterr);
        return KAD_OK;
    default:
        if (f->has_range && (v.num < f->low || v.num > f->high))
            return fail_range(f, reterr);
        return KAD_OK;
    }
}

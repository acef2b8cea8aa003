/* What a draft gives, as typed or as JSON has it, becomes checked values. */
#include "core/engine_priv.h"

#define SHOWN 12 /* names listed in a message */

/* --- words that identify --- */

static bool has_control(struct kad_str s)
{
    size_t len;
    for (size_t i = 0; i < s.n; i += len) {
        uint32_t c = kad_utf8_get((struct kad_str){s.p + i, s.n - i}, &len);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff)
            return true;
    }
    return kad_utf8_bidi(s) < s.n;
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200b) || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static bool has_blank_end(struct kad_str s)
{
    size_t len, last = s.n - 1;
    while (last > 0 && ((unsigned char)s.p[last] & 0xc0) == 0x80)
        last--;
    return is_blank(kad_utf8_get(s, &len)) ||
           is_blank(kad_utf8_get((struct kad_str){s.p + last, s.n - last}, &len));
}

enum kad_err kad_check_name(struct kad_error *err, struct kad_str s, size_t max, const char *what)
{
    size_t at;
    if (s.n == 0)
        return kad_fail(err, KAD_EINPUT, _("“%s” is empty."), what);
    if (s.n > max)
        return kad_fail(err, KAD_EINPUT, _("“%s” is %zu bytes long; at most %zu are allowed."),
                        what, s.n, max);
    if (!kad_utf8_valid(s, &at))
        return kad_fail(err, KAD_EINPUT, _("“%s” is not UTF-8 text."), what);
    if (has_control(s))
        return kad_fail(err, KAD_EINPUT, _("“%s” holds a line break or another control character."),
                        what);
    if (has_blank_end(s))
        return kad_fail(err, KAD_EINPUT, _("“%s” begins or ends with a blank."), what);
    return KAD_OK;
}

enum kad_err kad_check_key(struct kad_error *err, struct kad_str key)
{
    enum kad_err e = kad_check_name(err, key, KAD_LIMIT_KEY, "subject");
    if (e)
        return e;
    if (memchr(key.p, '/', key.n))
        return kad_fail(
            err, KAD_EINPUT,
            _("The key of a subject cannot hold “/”: the ids of tasks are divided by it."));
    /* Not repeated: the message may end in a log. */
    if (kad_text_is_personal_number(key))
        return kad_fail(err, KAD_EINPUT,
                        _("The key of this subject reads as a Swedish personal or coordination "
                          "number. Keys are pseudonyms: use a case number."));
    return KAD_OK;
}

struct kad_str kad_called(struct kad_arena *a, struct kad_str label, struct kad_str name)
{
    if (label.n == 0 || kad_str_eq(label, name))
        return name;
    return kad_str(
        kad_arena_printf(a, "%.*s (%.*s)", KAD_STR_FMT(label), KAD_STR_FMT(name)));
}

struct kad_str kad_type_called(const struct kad_timeline *t, struct kad_arena *a,
                               struct kad_str type)
{
    for (size_t i = t->n; i > 0; i--) {
        const struct kad_policy *p = t->v[i - 1].policy;
        int event = p ? kad_policy_event(p, type) : -1;
        if (event >= 0)
            return kad_called(a, p->events[event].label, type);
    }
    return type;
}

struct kad_str kad_kind_called(const struct kad_timeline *t, struct kad_arena *a,
                               struct kad_str kind)
{
    for (size_t i = t->n; i > 0; i--) {
        const struct kad_policy *p = t->v[i - 1].policy;
        int k = p ? kad_policy_kind(p, kind) : -1;
        if (k < 0)
            continue;
        /* Labels begin large, as titles do; within a sentence the word does not, unless it is an
         * abbreviation. */
        struct kad_str label = kad_str_dup(a, p->kinds[k].label);
        char *word = kad_arena_strndup(a, label.p, label.n);
        unsigned char *c = (unsigned char *)word;
        if (label.n > 1 && c[0] >= 'A' && c[0] <= 'Z' && !(c[1] >= 'A' && c[1] <= 'Z'))
            c[0] = (unsigned char)(c[0] + 'a' - 'A');
        return (struct kad_str){word, label.n};
    }
    return kind;
}

struct kad_value kad_value_text(struct kad_str s)
{
    return (struct kad_value){.type = KAD_T_TEXT, .know = KAD_KNOWN, .str = s};
}

struct kad_str kad_list_item(struct kad_str *rest)
{
    const char *end = memchr(rest->p, '\n', rest->n);
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    struct kad_str item = {rest->p, n};
    n += end != NULL;
    *rest = (struct kad_str){rest->p + n, rest->n - n};
    return item;
}

struct kad_str kad_unit_name(struct kad_str s)
{
    static const char prefix[] = "unit=";
    size_t n = sizeof prefix - 1;
    if (s.n >= n && memcmp(s.p, prefix, n) == 0)
        s = (struct kad_str){s.p + n, s.n - n};
    return s;
}

bool kad_same_value(struct kad_value a, struct kad_value b)
{
    if (a.know != b.know)
        return false;
    if (a.know != KAD_KNOWN)
        return true;
    if (a.type != b.type)
        return false;
    bool by_name = a.type == KAD_T_CHOICE || a.type == KAD_T_SUBJECT;
    return (by_name || a.num == b.num) && kad_str_eq(a.str, b.str);
}

/* --- fields --- */

static enum kad_err fail_field(struct kad_error *err, const struct kad_event_type *type,
                               struct kad_str name)
{
    struct kad_guess g = kad_guess_for(name);
    struct kad_buf all = {0};
    for (size_t i = 0; i < type->n_fields; i++) {
        kad_guess_try(&g, type->fields[i].name);
        if (i < SHOWN)
            kad_buf_printf(&all, "%s%.*s", i ? ", " : "", KAD_STR_FMT(type->fields[i].name));
        else if (i == SHOWN)
            kad_buf_puts(&all, ", …");
    }
    if (g.best.n > 0)
        kad_fail(err, KAD_EINPUT, _("%.*s has no field “%.*s”. Did you mean %.*s?"),
                 KAD_STR_FMT(type->name), KAD_STR_FMT(name), KAD_STR_FMT(g.best));
    else if (type->n_fields == 0)
        kad_fail(err, KAD_EINPUT, _("%.*s has no fields, so it cannot have “%.*s”."),
                 KAD_STR_FMT(type->name), KAD_STR_FMT(name));
    else
        kad_fail(err, KAD_EINPUT, _("%.*s has no field “%.*s”. Its fields are: %s."),
                 KAD_STR_FMT(type->name), KAD_STR_FMT(name), kad_buf_str(&all));
    kad_buf_done(&all);
    return KAD_EINPUT;
}

/* What a field takes, where JSON gave another kind of thing. */
static const char *const takes[KAD_T__COUNT] = {
    [KAD_T_TEXT] = N_("%.*s takes text, in quotes."),
    [KAD_T_NUMBER] = N_("%.*s takes a number, without quotes."),
    [KAD_T_PERCENT] = N_("%.*s takes a share as a number without quotes: 75 per cent is 0.75."),
    [KAD_T_MONEY] = N_("%.*s takes an amount as a number, without quotes."),
    [KAD_T_DATE] = N_("%.*s takes a date in quotes, as in \"2026-12-31\"."),
    [KAD_T_YESNO] = N_("%.*s takes true or false, without quotes."),
    [KAD_T_PERSON] = N_("%.*s takes the name of a person, in quotes."),
    [KAD_T_CHOICE] = N_("%.*s takes the name of one of its values, in quotes."),
    [KAD_T_SUBJECT] = N_("%.*s takes the name of a subject, in quotes."),
    [KAD_T_LIST] = N_("%.*s takes a list of texts."),
};

static enum kad_err fail_takes(struct kad_error *err, enum kad_type type, struct kad_str name)
{
    return kad_fail(err, KAD_EINPUT, _(takes[type]), KAD_STR_FMT(name));
}

/* Identifiers only, where JSON names a value: a label there would be another one tomorrow. */
static enum kad_err read_named(struct kad_put *p, const struct kad_policy *policy,
                               const struct kad_field_def *f, struct kad_str text,
                               struct kad_value *ret, struct kad_error *err)
{
    size_t at;
    if (!kad_utf8_valid(text, &at))
        return kad_fail(err, KAD_EINPUT, _("%.*s is not UTF-8 text."), KAD_STR_FMT(f->name));
    struct kad_value v = {.type = f->type, .know = KAD_KNOWN, .str = kad_text_nfc(p->a, text)};
    *ret = kad_policy_bind(policy, v, f->type, f->ref);
    return kad_field_check(policy, f, *ret, err);
}

static enum kad_err read_string(struct kad_put *p, const struct kad_policy *policy,
                                const struct kad_field_def *f, struct kad_str text,
                                struct kad_value *ret, struct kad_error *err)
{
    switch (f->type) {
    case KAD_T_TEXT:
    case KAD_T_PERSON:
    case KAD_T_DATE:
        return kad_field_read(policy, f, text, p->a, ret, err);
    case KAD_T_CHOICE:
    case KAD_T_SUBJECT:
        return read_named(p, policy, f, text, ret, err);
    default:
        return fail_takes(err, f->type, f->name);
    }
}

static enum kad_err read_scalar(const struct kad_policy *policy, const struct kad_field_def *f,
                                const struct kad_input *in, struct kad_value *ret,
                                struct kad_error *err)
{
    bool number = f->type == KAD_T_NUMBER || f->type == KAD_T_PERCENT || f->type == KAD_T_MONEY;
    if (in->form == KAD_IN_NUMBER ? !number : f->type != KAD_T_YESNO)
        return fail_takes(err, f->type, f->name);
    /* As for numbers that are typed: twelve digits before the point. */
    const int64_t most = (int64_t)KAD_MICRO * 1000000000000;
    if (in->num <= -most || in->num >= most)
        return kad_fail(err, KAD_EINPUT, _("%.*s is too large a number: 12 digits are kept."),
                        KAD_STR_FMT(f->name));
    *ret = (struct kad_value){.type = f->type, .know = KAD_KNOWN, .num = in->num};
    return kad_field_check(policy, f, *ret, err);
}

static enum kad_err read_input(struct kad_put *p, const struct kad_policy *policy,
                               const struct kad_field_def *f, const struct kad_input *in,
                               struct kad_given *ret, struct kad_error *err)
{
    switch (in->form) {
    case KAD_IN_WORDS:
        return kad_field_read(policy, f, in->text, p->a, &ret->value, err);
    case KAD_IN_STRING:
        return read_string(p, policy, f, in->text, &ret->value, err);
    case KAD_IN_NUMBER:
    case KAD_IN_BOOL:
        return read_scalar(policy, f, in, &ret->value, err);
    case KAD_IN_NULL:
        ret->null = true;
        return KAD_OK;
    case KAD_IN_SEALED:
    case KAD_IN_ERASED:
        if (!f->is_private)
            return kad_fail(err, KAD_EINPUT,
                            _("%.*s is not a private field, so it cannot be sealed or erased."),
                            KAD_STR_FMT(f->name));
        ret->value = kad_value_unknown(f->type);
        ret->value.know = in->form == KAD_IN_SEALED ? KAD_SEALED : KAD_ERASED;
        return KAD_OK;
    default:
        return fail_takes(err, f->type, f->name);
    }
}

enum kad_err kad_read_fields(struct kad_put *p, const struct kad_policy *policy,
                             const struct kad_event_type *type, struct kad_given **ret,
                             struct kad_error *reterr)
{
    struct kad_given *given = kad_arena_array(p->a, struct kad_given, type->n_fields + 1);
    for (size_t i = 0; i < p->d->n_fields; i++) {
        const struct kad_input *in = &p->d->fields[i];
        int f = kad_event_field(type, in->name);
        if (f < 0)
            return fail_field(reterr, type, in->name);
        if (given[f].given)
            return kad_fail(reterr, KAD_EINPUT, _("The field %.*s is given twice."),
                            KAD_STR_FMT(in->name));
        given[f].given = true;
        enum kad_err err = read_input(p, policy, &type->fields[f], in, &given[f], reterr);
        if (err)
            return err;
    }
    *ret = given;
    return KAD_OK;
}

/* --- notes of the engine's own records --- */

/* The instance that one of the scheduler's records is about; `anchor` goes to the header's ref. */
#define ISSUED_NOTES(KIND)                                                                         \
    {KIND, "task", KAD_T_TEXT, true, KAD_LIMIT_TEXT}, {KIND, "issue", KAD_T_NUMBER, true, 0},      \
        {KIND, "name", KAD_T_TEXT, true, KAD_LIMIT_TEXT},                                          \
        {KIND, "anchor", KAD_T_NUMBER, false, 0}, {KIND, "opens", KAD_T_DATE, true, 0},            \
        {KIND, "due", KAD_T_DATE, true, 0}, {KIND, "closes", KAD_T_DATE, false, 0},                \
        {KIND, "for", KAD_T_TEXT, false, KAD_LIMIT_TEXT},                                          \
    {                                                                                              \
        KIND, "unit", KAD_T_TEXT, false, KAD_LIMIT_TEXT                                            \
    }

static const struct note_def {
    enum kad_record_kind kind;
    const char *name;
    enum kad_type type; /* NUMBER is a seq */
    bool required;
    size_t max;
} note_defs[] = {
    /* In the order of interface.md, which is the order they are stored in. */
    {KAD_R_ADOPTED, "name", KAD_T_TEXT, false, KAD_LIMIT_NAME},
    {KAD_R_ADOPTED, "text", KAD_T_TEXT, true, KAD_LIMIT_RULE_BYTES},
    {KAD_R_ADOPTED, "digest", KAD_T_TEXT, false, 64},
    {KAD_R_ADOPTED, "only", KAD_T_LIST, false, KAD_LIMIT_TEXT},
    {KAD_R_ADOPTED, "decision", KAD_T_TEXT, false, KAD_LIMIT_TEXT},
    {KAD_R_ADOPTED, "accepted", KAD_T_LIST, false, KAD_LIMIT_RULE_BYTES},
    {KAD_R_ADOPTED, "diff", KAD_T_TEXT, false, KAD_LIMIT_RULE_BYTES},
    {KAD_R_ENDED, "name", KAD_T_TEXT, true, KAD_LIMIT_NAME},
    {KAD_R_CORRECTED, "corrects", KAD_T_NUMBER, true, 0},
    {KAD_R_CORRECTED, "because", KAD_T_TEXT, true, KAD_LIMIT_TEXT},
    {KAD_R_CORRECTED, "on", KAD_T_DATE, false, 0},
    {KAD_R_RETRACTED, "retracts", KAD_T_NUMBER, true, 0},
    {KAD_R_RETRACTED, "because", KAD_T_TEXT, true, KAD_LIMIT_TEXT},
    {KAD_R_WAIVED, "task", KAD_T_TEXT, true, KAD_LIMIT_TEXT},
    {KAD_R_WAIVED, "because", KAD_T_TEXT, true, KAD_LIMIT_TEXT},
    ISSUED_NOTES(KAD_R_ISSUED),
    ISSUED_NOTES(KAD_R_OVERDUE),
    ISSUED_NOTES(KAD_R_WITHDRAWN),
    {KAD_R_WITHDRAWN, "because", KAD_T_NUMBER, false, 0},
    ISSUED_NOTES(KAD_R_REMINDED),
    {KAD_R_REMINDED, "notice", KAD_T_TEXT, true, KAD_LIMIT_NAME},
    ISSUED_NOTES(KAD_R_ESCALATED),
    {KAD_R_ESCALATED, "notice", KAD_T_TEXT, true, KAD_LIMIT_NAME},
    {KAD_R_ESCALATED, "to", KAD_T_TEXT, true, KAD_LIMIT_NAME},
    {KAD_R_REKEYED, "old_key", KAD_T_TEXT, true, 400},
    {KAD_R_REKEYED, "new_key", KAD_T_TEXT, true, 400},
    {KAD_R_REKEYED, "signature", KAD_T_TEXT, true, 100},
    {KAD_R_ERASED, "because", KAD_T_TEXT, true, KAD_LIMIT_TEXT},
};
#define N_NOTE_DEFS (sizeof note_defs / sizeof *note_defs)

static const struct note_def *note_def(enum kad_record_kind kind, struct kad_str name)
{
    for (size_t i = 0; i < N_NOTE_DEFS; i++)
        if (note_defs[i].kind == kind && kad_str_eq(kad_str(note_defs[i].name), name))
            return &note_defs[i];
    return NULL;
}

static enum kad_err read_seq(const struct kad_input *in, struct kad_value *ret,
                             struct kad_error *err)
{
    int64_t micro = in->num;
    bool number = in->form == KAD_IN_NUMBER ||
                  (in->form == KAD_IN_WORDS && kad_number_parse(in->text, &micro));
    if (!number || micro <= 0 || micro % KAD_MICRO != 0)
        return kad_fail(err, KAD_EINPUT, _("%.*s takes the number of a record, as in 17."),
                        KAD_STR_FMT(in->name));
    *ret = kad_value_number(micro);
    return KAD_OK;
}

static enum kad_err read_text_note(struct kad_put *p, const struct note_def *def,
                                   const struct kad_input *in, struct kad_value *ret)
{
    size_t at;
    bool is_list = in->form == KAD_IN_LIST;
    bool is_text = in->form == KAD_IN_STRING || in->form == KAD_IN_WORDS;
    if (def->type == KAD_T_LIST ? !is_list : !is_text)
        return fail_takes(p->err, def->type, in->name);
    if (in->text.n > def->max)
        return kad_fail(p->err, KAD_EINPUT, _("%.*s is %zu bytes long; at most %zu are kept."),
                        KAD_STR_FMT(in->name), in->text.n, def->max);
    if (!kad_utf8_valid(in->text, &at))
        return kad_fail(p->err, KAD_EINPUT, _("%.*s is not UTF-8 text."), KAD_STR_FMT(in->name));
    *ret = (struct kad_value){.type = def->type, .know = KAD_KNOWN, .str = in->text};
    return KAD_OK;
}

static enum kad_err read_note(struct kad_put *p, const struct note_def *def,
                              const struct kad_input *in, struct kad_value *ret)
{
    kad_day day;
    switch (def->type) {
    case KAD_T_NUMBER:
        return read_seq(in, ret, p->err);
    case KAD_T_DATE:
        if ((in->form != KAD_IN_WORDS && in->form != KAD_IN_STRING) ||
            !kad_day_parse(in->text.p, in->text.n, &day))
            return fail_takes(p->err, KAD_T_DATE, in->name);
        *ret = kad_value_date(day);
        return KAD_OK;
    default:
        return read_text_note(p, def, in, ret);
    }
}

bool kad_is_blank_text(struct kad_str s)
{
    size_t len;
    for (size_t i = 0; i < s.n; i += len) {
        uint32_t c = kad_utf8_get((struct kad_str){s.p + i, s.n - i}, &len);
        if (!is_blank(c) && c != '\n' && c != '\t' && c != '\r')
            return false;
    }
    return true;
}

static enum kad_err fail_missing(struct kad_put *p, const char *name)
{
    if (strcmp(name, "because") == 0)
        return kad_fail(p->err, KAD_EINPUT, _("The reason is missing: say “because” what."));
    return kad_fail(p->err, KAD_EINPUT, _("“%s” is missing."), name);
}

enum kad_err kad_read_notes(struct kad_put *p, struct kad_field **ret, size_t *ret_n)
{
    struct kad_field *notes = kad_arena_array(p->a, struct kad_field, N_NOTE_DEFS);
    bool given[N_NOTE_DEFS] = {false};
    struct kad_value values[N_NOTE_DEFS];
    for (size_t i = 0; i < p->d->n_notes; i++) {
        const struct kad_input *in = &p->d->notes[i];
        const struct note_def *def = note_def(p->r.kind, in->name);
        if (!def)
            return kad_fail(p->err, KAD_EINPUT, _("%s does not know “%.*s”."),
                            kad_record_type(p->r.kind), KAD_STR_FMT(in->name));
        size_t at = (size_t)(def - note_defs);
        if (given[at])
            return kad_fail(p->err, KAD_EINPUT, _("“%s” is given twice."), def->name);
        if (in->form == KAD_IN_NULL)
            continue;
        given[at] = true;
        enum kad_err err = read_note(p, def, in, &values[at]);
        if (err)
            return err;
    }
    size_t n = 0;
    for (size_t i = 0; i < N_NOTE_DEFS; i++) {
        const struct note_def *def = &note_defs[i];
        if (def->kind != p->r.kind)
            continue;
        if (def->required &&
            (!given[i] || (def->type == KAD_T_TEXT && kad_is_blank_text(values[i].str))))
            return fail_missing(p, def->name);
        if (given[i])
            notes[n++] = (struct kad_field){kad_str(def->name), values[i], false};
    }
    *ret = notes;
    *ret_n = n;
    return KAD_OK;
}

/* One line of JSON → a draft. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "core/limits.h"

#define DIGITS_MOST 15

/* Where a reader stands: the line, for columns. */
struct reader {
    struct kad_str line;
    struct kad_arena *arena;
    struct kad_json_line *ret;
    struct kad_error *err;
};

/* Columns count characters, as editors do. */
static size_t column_at(struct kad_str line, size_t offset)
{
    size_t column = 1;
    for (size_t i = 0; i < offset && i < line.n; i++)
        column += ((unsigned char)line.p[i] & 0xc0) != 0x80;
    return column;
}

/* The place of "key": in the line; its beginning when it cannot be found as written. */
static size_t column_of(struct kad_str line, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i + n + 2 <= line.n; i++)
        if (line.p[i] == '"' && line.p[i + n + 1] == '"' && memcmp(line.p + i + 1, key, n) == 0) {
            size_t after = i + n + 2;
            while (after < line.n && (line.p[after] == ' ' || line.p[after] == '\t'))
                after++;
            if (after < line.n && line.p[after] == ':')
                return column_at(line, i);
        }
    return 1;
}

static enum kad_err bad_key(struct reader *r, const char *key)
{
    r->ret->column = column_of(r->line, key);
    return KAD_EINPUT;
}

/* --- what jansson does not look at --- */

/* Numbers are exact decimals: more digits than a double keeps would be changed in silence. Depth
 * is counted here too, so that the message says the limit. */
static enum kad_err scan(struct reader *r)
{
    struct kad_str s = r->line;
    size_t depth = 0;
    bool text = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (text) {
            i += c == '\\';
            text = c != '"';
            continue;
        }
        text = c == '"';
        depth += c == '{' || c == '[';
        depth -= (c == '}' || c == ']') && depth > 0;
        r->ret->column = 1;
        if (depth > KAD_LIMIT_JSON_DEPTH) {
            r->ret->column = column_at(s, i);
            return kad_fail(r->err, KAD_EINPUT, _("This is nested more than %d deep."),
                            KAD_LIMIT_JSON_DEPTH);
        }
        if (c < '0' || c > '9')
            continue;
        size_t digits = 0, start = i;
        for (bool leading = true; i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.');
             i++) {
            leading = leading && (s.p[i] == '0' || s.p[i] == '.');
            digits += !leading && s.p[i] != '.';
        }
        if (digits > DIGITS_MOST) {
            r->ret->column = column_at(s, start);
            return kad_fail(r->err, KAD_EINPUT,
                            _("This number has more than %d digits; it would not be kept exactly."),
                            DIGITS_MOST);
        }
        i--;
    }
    return KAD_OK;
}

static enum kad_err parse(struct reader *r)
{
    json_error_t e;
    r->ret->root = json_loadb(r->line.p, r->line.n, JSON_REJECT_DUPLICATES, &e);
    if (r->ret->root && json_is_object(r->ret->root))
        return KAD_OK;
    r->ret->column = r->ret->root || e.column < 1 ? 1 : (size_t)e.column;
    if (r->ret->root)
        return kad_fail(r->err, KAD_EINPUT, _("This is no event: a line is one object, {…}."));
    switch (json_error_code(&e)) {
    case json_error_invalid_utf8:
        return kad_fail(r->err, KAD_EINPUT, _("This is not UTF-8."));
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return kad_fail(r->err, KAD_EINPUT, _("There is a NUL character in this line."));
    case json_error_duplicate_key:
        return kad_fail(r->err, KAD_EINPUT, _("The same key stands here twice."));
    case json_error_premature_end_of_input:
        return kad_fail(r->err, KAD_EINPUT,
                        _("The line ends too early: a }, a ] or a \" is missing."));
    case json_error_end_of_input_expected:
        return kad_fail(r->err, KAD_EINPUT,
                        _("Something stands behind the event: each line holds one."));
    case json_error_numeric_overflow:
        return kad_fail(r->err, KAD_EINPUT, _("This number is too large."));
    default:
        return kad_fail(r->err, KAD_EINPUT, _("This is not JSON."));
    }
}

/* --- keys --- */

static const char *const keys[] = {"seq",    "id",       "type",      "subject", "on",
                                   "at",     "clock",    "by",        "via",     "data",
                                   "policy", "override", "deviations"};

static bool is_key(const char *key)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static const char *nearest_key(const char *key)
{
    const char *best = NULL;
    unsigned distance = kad_slips(key) + 1;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        unsigned d = kad_text_distance(kad_str(key), kad_str(keys[i]), 2);
        if (d < distance) {
            distance = d;
            best = keys[i];
        }
    }
    return best;
}

static enum kad_err check_keys(struct reader *r)
{
    const char *key;
    json_t *v;
    json_object_foreach(r->ret->root, key, v)
    {
        if (is_key(key))
            continue;
        const char *best = nearest_key(key);
        bad_key(r, key);
        if (best)
            return kad_fail(r->err, KAD_EINPUT, _("An event has no key “%s”. Did you mean “%s”?"),
                            key, best);
        return kad_fail(r->err, KAD_EINPUT,
                        _("An event has no key “%s”. What belongs to the event itself stands in "
                          "“data”."),
                        key);
    }
    return KAD_OK;
}

/* A text, or null; empty when it is not there. */
static enum kad_err text_of(struct reader *r, const char *key, struct kad_str *ret)
{
    const json_t *v = json_object_get(r->ret->root, key);
    *ret = (struct kad_str){0};
    if (!v || json_is_null(v))
        return KAD_OK;
    if (!json_is_string(v)) {
        bad_key(r, key);
        return kad_fail(r->err, KAD_EINPUT, _("“%s” is a text in quotes."), key);
    }
    *ret = (struct kad_str){json_string_value(v), json_string_length(v)};
    return KAD_OK;
}

static enum kad_err day_of(struct reader *r, const char *key, kad_day *ret)
{
    struct kad_str s;
    *ret = KAD_DAY_NONE;
    if (text_of(r, key, &s) != KAD_OK)
        return r->err->code;
    if (s.n && !kad_day_parse(s.p, s.n, ret)) {
        bad_key(r, key);
        return kad_fail(
            r->err, KAD_EINPUT,
            _("“%s”: “%.*s” is no date between the years %d and %d. Write it as 2021-06-01."), key,
            KAD_STR_FMT(s), KAD_LIMIT_YEAR_MIN, KAD_LIMIT_YEAR_MAX);
    }
    return KAD_OK;
}

/* --- values --- */

static bool exact(double v, int64_t *ret)
{
    char text[64];
    double size = fabs(v);
    if (!(size < 1e12))
        return false;
    int whole = size < 1 ? 0 : (int)floor(log10(size)) + 1;
    int decimals = DIGITS_MOST - whole < 6 ? DIGITS_MOST - whole : 6;
    snprintf(text, sizeof text, "%.*f", decimals, v);
    return strtod(text, NULL) == v && kad_number_parse(kad_str(text), ret);
}

static enum kad_err number_of(struct reader *r, const char *key, const json_t *v, int64_t *ret)
{
    char text[32];
    bool good;
    if (json_is_integer(v)) {
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        good = kad_number_parse(kad_str(text), ret);
    } else {
        good = exact(json_real_value(v), ret);
    }
    if (good)
        return KAD_OK;
    bad_key(r, key);
    return kad_fail(r->err, KAD_EINPUT,
                    _("“%s”: numbers have at most 12 digits before the point and 6 behind it."),
                    key);
}

static enum kad_err list_of(struct reader *r, const char *key, const json_t *v, struct kad_str *ret)
{
    struct kad_buf b = {0};
    size_t i;
    const json_t *item;
    json_array_foreach(v, i, item)
    {
        if (!json_is_string(item) || strchr(json_string_value(item), '\n')) {
            kad_buf_done(&b);
            bad_key(r, key);
            return kad_fail(r->err, KAD_EINPUT, _("“%s” is a list of texts of one line each."),
                            key);
        }
        kad_buf_printf(&b, "%s%s", i ? "\n" : "", json_string_value(item));
    }
    *ret = kad_str_dup(r->arena, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
    return KAD_OK;
}

static enum kad_err value_of(struct reader *r, const char *key, const json_t *v,
                             struct kad_input *ret)
{
    *ret = (struct kad_input){.name = kad_str(key)};
    switch (json_typeof(v)) {
    case JSON_STRING:
        ret->form = KAD_IN_STRING;
        ret->text = (struct kad_str){json_string_value(v), json_string_length(v)};
        return KAD_OK;
    case JSON_INTEGER:
    case JSON_REAL:
        ret->form = KAD_IN_NUMBER;
        return number_of(r, key, v, &ret->num);
    case JSON_TRUE:
    case JSON_FALSE:
        ret->form = KAD_IN_BOOL;
        ret->num = json_is_true(v);
        return KAD_OK;
    case JSON_NULL:
        ret->form = KAD_IN_NULL;
        return KAD_OK;
    case JSON_ARRAY:
        ret->form = KAD_IN_LIST;
        return list_of(r, key, v, &ret->text);
    case JSON_OBJECT:
        break;
    }
    if (json_object_size(v) == 1 && json_is_true(json_object_get(v, "sealed")))
        ret->form = KAD_IN_SEALED;
    else if (json_object_size(v) == 1 && json_is_true(json_object_get(v, "erased")))
        ret->form = KAD_IN_ERASED;
    else {
        bad_key(r, key);
        return kad_fail(r->err, KAD_EINPUT,
                        _("“%s” cannot be an object: a value is a text, a number, true or false."),
                        key);
    }
    return KAD_OK;
}

/* The members of an object as inputs, but for the one called `but`. */
static enum kad_err inputs_of(struct reader *r, const char *key, const json_t *v, const char *but,
                              const struct kad_input **ret, size_t *ret_n)
{
    *ret = NULL;
    *ret_n = 0;
    if (!v || json_is_null(v))
        return KAD_OK;
    if (!json_is_object(v)) {
        bad_key(r, key);
        return kad_fail(r->err, KAD_EINPUT, _("“%s” is an object, {…}."), key);
    }
    struct kad_input *in = kad_arena_array(r->arena, struct kad_input, json_object_size(v) + 1);
    const char *name;
    const json_t *item;
    size_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)v, name, item)
    {
        if (but && strcmp(name, but) == 0)
            continue;
        if (value_of(r, name, item, &in[n++]) != KAD_OK)
            return r->err->code;
    }
    *ret = in;
    *ret_n = n;
    return KAD_OK;
}

static enum kad_err read_data(struct reader *r)
{
    struct kad_draft *d = &r->ret->draft;
    const json_t *data = json_object_get(r->ret->root, "data");
    int kind = kad_record_kind_of(d->type);
    if (kind <= KAD_R_EVENT)
        return inputs_of(r, "data", data, NULL, &d->fields, &d->n_fields);
    const char *event = kind == KAD_R_CORRECTED ? "data" : NULL;
    if (inputs_of(r, "data", data, event, &d->notes, &d->n_notes) != KAD_OK)
        return r->err->code;
    return event ? inputs_of(r, event, json_object_get(data, event), NULL, &d->fields, &d->n_fields)
                 : KAD_OK;
}

/* --- the rest of the line --- */

static enum kad_err read_override(struct reader *r)
{
    const json_t *v = json_object_get(r->ret->root, "override");
    if (json_is_object(v))
        v = json_object_get(v, "because");
    else
        return text_of(r, "override", &r->ret->draft.override);
    if (!json_is_string(v)) {
        bad_key(r, "override");
        return kad_fail(r->err, KAD_EINPUT,
                        _("“override” says why: a text, or an object with “because”."));
    }
    r->ret->draft.override = (struct kad_str){json_string_value(v), json_string_length(v)};
    return KAD_OK;
}

static enum kad_err read_times(struct reader *r)
{
    struct kad_draft *d = &r->ret->draft;
    struct kad_str s;
    if (day_of(r, "on", &d->on) != KAD_OK || text_of(r, "at", &s) != KAD_OK)
        return r->err->code;
    d->at = KAD_INSTANT_NONE;
    if (s.n && !kad_instant_parse(s.p, s.n, &d->at)) {
        bad_key(r, "at");
        return kad_fail(r->err, KAD_EINPUT,
                        _("“at”: “%.*s” is no instant. Write it as 2021-06-02T08:12:33Z."),
                        KAD_STR_FMT(s));
    }
    if (text_of(r, "clock", &s) != KAD_OK)
        return r->err->code;
    d->clock = s.n == 0 ? -1 : kad_str_eq(s, KAD_STR("given")) ? 1 : 0;
    if (d->clock == 0 && !kad_str_eq(s, KAD_STR("own"))) {
        bad_key(r, "clock");
        return kad_fail(r->err, KAD_EINPUT, _("“clock” is “own” or “given”."));
    }
    const json_t *policy = json_object_get(r->ret->root, "policy");
    if (json_is_string(policy))
        d->policy = (struct kad_str){json_string_value(policy), json_string_length(policy)};
    const json_t *seq = json_object_get(r->ret->root, "seq");
    if (seq && (!json_is_integer(seq) || json_integer_value(seq) < 1)) {
        bad_key(r, "seq");
        return kad_fail(r->err, KAD_EINPUT, _("“seq” is a record's number, from 1."));
    }
    d->seq = seq ? (uint64_t)json_integer_value(seq) : 0;
    return KAD_OK;
}

static enum kad_err required(struct reader *r)
{
    const struct kad_draft *d = &r->ret->draft;
    /* Of the engine's own records the engine says what they need. */
    bool own = d->type.n > 7 && memcmp(d->type.p, "kadens.", 7) == 0;
    const char *missing = d->type.n == 0                  ? "type"
                          : d->subject.n == 0 && !own     ? "subject"
                          : d->on == KAD_DAY_NONE && !own ? "on"
                                                          : NULL;
    r->ret->column = 1;
    if (missing && json_is_string(json_object_get(r->ret->root, missing))) {
        bad_key(r, missing);
        return kad_fail(r->err, KAD_EINPUT, _("“%s” is empty."), missing);
    }
    if (missing)
        return kad_fail(r->err, KAD_EINPUT,
                        _("“%s” is missing: an event has at least type, subject and on."), missing);
    return KAD_OK;
}

size_t kad_json_limit(struct kad_str line)
{
    /* As `export` writes it, the type stands near the front; a text is at the end. */
    static const char adopts[] = "\"type\":\"kadens.adopted\"";
    size_t n = line.n < 512 ? line.n : 512;
    return n > 0 && memmem(line.p, n, adopts, sizeof adopts - 1) ? KAD_LIMIT_JSON_POLICY
                                                                 : KAD_LIMIT_JSON_LINE;
}

enum kad_err kad_json_read(struct kad_str line, struct kad_arena *a, struct kad_json_line *ret,
                           struct kad_error *reterr)
{
    struct reader r = {.line = line, .arena = a, .ret = ret, .err = reterr};
    struct kad_draft *d = &ret->draft;
    size_t at;
    *ret = (struct kad_json_line){.column = 1};
    if (line.n > kad_json_limit(line))
        return kad_fail(reterr, KAD_EINPUT, _("The line is longer than %d KiB."),
                        (int)(kad_json_limit(line) >> 10));
    if (memchr(line.p, 0, line.n))
        return kad_fail(reterr, KAD_EINPUT, _("There is a NUL character in this line."));
    if (!kad_utf8_valid(line, &at)) {
        ret->column = column_at(line, at);
        return kad_fail(reterr, KAD_EINPUT, _("This is not UTF-8."));
    }
    if (scan(&r) != KAD_OK || parse(&r) != KAD_OK || check_keys(&r) != KAD_OK ||
        text_of(&r, "type", &d->type) != KAD_OK || text_of(&r, "subject", &d->subject) != KAD_OK ||
        text_of(&r, "id", &d->id) != KAD_OK || text_of(&r, "by", &d->by) != KAD_OK ||
        text_of(&r, "via", &d->via) != KAD_OK || read_times(&r) != KAD_OK ||
        required(&r) != KAD_OK || read_override(&r) != KAD_OK)
        return reterr->code;
    return read_data(&r);
}

/* --- afterwards --- */

static const char *const stated[] = {"seq", "policy", "deviations", "via", "clock", "override"};

bool kad_json_states(const json_t *root)
{
    for (size_t i = 0; i < sizeof stated / sizeof *stated; i++)
        if (json_object_get(root, stated[i]))
            return true;
    return false;
}

static bool same(const json_t *said, const char *given, size_t n)
{
    json_t *is = json_loadb(given, n, JSON_DECODE_ANY, NULL);
    bool equal = is && json_equal(said, is);
    json_decref(is);
    return equal;
}

enum kad_err kad_json_agrees(const json_t *root, const struct kad_engine *e,
                             const struct kad_record *r, struct kad_error *reterr)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < sizeof stated / sizeof *stated; i++) {
        const json_t *said = json_object_get(root, stated[i]);
        /* An override in words is a wish; what became of it is not stated. */
        if (!said || (strcmp(stated[i], "override") == 0 && !json_is_object(said)))
            continue;
        kad_buf_reset(&b);
        kad_json_record_part(&b, e, r, stated[i]);
        if (same(said, b.p, b.n))
            continue;
        char *was = json_dumps(said, JSON_ENCODE_ANY | JSON_COMPACT);
        kad_fail(reterr, KAD_EINPUT,
                 _("The line says “%s” is %s, but here it is %s. Leave it out, or import the whole "
                   "export into an empty store."),
                 stated[i], was ? was : "?", kad_buf_str(&b));
        free(was);
        break;
    }
    kad_buf_done(&b);
    return reterr->code;
}

static bool is_text(const json_t *v, struct kad_str s)
{
    return json_is_string(v) && kad_str_eq((struct kad_str){json_string_value(v), json_string_length(v)}, s);
}

/* As an export writes them: deviations by policy, line and message; what was overridden by its source and
 * message. */
bool kad_json_says(const json_t *root, const struct kad_finding *f)
{
    const json_t *all = json_object_get(root, "deviations"), *item;
    struct kad_buf name = {0};
    size_t i;
    bool says = false;
    kad_put_adoption(&name, f->adoption);
    json_array_foreach((json_t *)(uintptr_t)all, i, item)
        says |= !f->guard->require &&
                is_text(json_object_get(item, "policy"), (struct kad_str){name.p, name.n}) &&
                json_integer_value(json_object_get(item, "line")) == f->guard->line &&
                is_text(json_object_get(item, "message"), f->guard->message);
    kad_buf_reset(&name);
    if (f->guard->source.n > 0)
        kad_buf_printf(&name, "%.*s: ", KAD_STR_FMT(f->guard->source));
    kad_buf_put(&name, f->guard->message.p, f->guard->message.n);
    all = json_object_get(json_object_get(root, "override"), "failed");
    json_array_foreach((json_t *)(uintptr_t)all, i, item)
        says |= f->guard->require && is_text(item, (struct kad_str){name.p, name.n});
    kad_buf_done(&name);
    return says;
}

#include "core/value.h"

#include <stdio.h>

static const struct {
    const char *word;
    char tag;
} types[KAD_T__COUNT] = {[KAD_T_NONE] = {"", 0},
#define X(name, word, tag) [KAD_T_##name] = {(word), (tag)},
                         KAD_TYPE_MAP(X)
#undef X
};

char kad_type_tag(enum kad_type t)
{
    kad_assert(t > KAD_T_NONE && t < KAD_T__COUNT);
    return types[t].tag;
}

enum kad_type kad_type_of_tag(char tag)
{
    /* A look-up, as every value of a story comes here. */
    static const uint8_t of_tag[UINT8_MAX + 1] = {
#define X(NAME, word, tag) [tag] = KAD_T_##NAME,
        KAD_TYPE_MAP(X)
#undef X
    };
    return (enum kad_type)of_tag[(uint8_t)tag];
}

const char *kad_type_word(enum kad_type t)
{
    kad_assert(t >= KAD_T_NONE && t < KAD_T__COUNT);
    return types[t].word;
}

struct kad_value kad_value_unknown(enum kad_type type)
{
    return (struct kad_value){.type = type, .know = KAD_UNKNOWN};
}

struct kad_value kad_value_yesno(bool yes)
{
    return (struct kad_value){.type = KAD_T_YESNO, .know = KAD_KNOWN, .num = yes};
}

struct kad_value kad_value_date(kad_day day)
{
    return (struct kad_value){.type = KAD_T_DATE, .know = KAD_KNOWN, .num = day};
}

struct kad_value kad_value_number(int64_t micro)
{
    return (struct kad_value){.type = KAD_T_NUMBER, .know = KAD_KNOWN, .num = micro};
}

/* --- comparing --- */

static bool is_numeric(enum kad_type t)
{
    return t == KAD_T_NUMBER || t == KAD_T_PERCENT || t == KAD_T_MONEY;
}

/* Is the value in `num`, rather than in `str`? */
static bool in_num(enum kad_type t)
{
    return is_numeric(t) || t == KAD_T_DATE || t == KAD_T_YESNO;
}

enum kad_truth kad_value_eq(struct kad_value a, struct kad_value b)
{
    if (!kad_value_known(a) || !kad_value_known(b))
        return KAD_MAYBE;
    kad_assert(a.type == b.type || (is_numeric(a.type) && is_numeric(b.type)));
    return kad_truth_of(in_num(a.type) ? a.num == b.num : kad_str_eq(a.str, b.str));
}

int kad_value_cmp(struct kad_value a, struct kad_value b)
{
    kad_assert(kad_value_known(a) && kad_value_known(b));
    kad_assert(a.type == b.type || (is_numeric(a.type) && is_numeric(b.type)));
    kad_assert(in_num(a.type) || a.type == KAD_T_CHOICE);
    return a.num == b.num ? 0 : a.num < b.num ? -1 : 1;
}

/* --- numbers as text --- */

#define INT_DIGITS 12 /* before the point: their millionths stay below 2^63 / 9, so a few add up */
#define ALL_DIGITS 15
#define DECIMALS 6

bool kad_number_parse(struct kad_str s, int64_t *ret_micro)
{
    size_t i = 0;
    bool minus = s.n > 0 && s.p[0] == '-';
    if (minus)
        i++;
    int64_t micro = 0;
    int whole = 0, decimals = 0; /* digits that count: zeroes in front do not */
    size_t from = i;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
        if (whole > 0 || s.p[i] != '0')
            whole++;
        if (whole > INT_DIGITS)
            return false;
        micro = micro * 10 + (s.p[i] - '0');
    }
    if (i == from)
        return false;
    if (i < s.n && (s.p[i] == '.' || s.p[i] == ',')) {
        from = ++i;
        for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && decimals < DECIMALS; i++, decimals++)
            micro = micro * 10 + (s.p[i] - '0');
        if (i == from)
            return false;
    }
    if (i != s.n || whole + decimals > ALL_DIGITS)
        return false;
    for (; decimals < DECIMALS; decimals++)
        micro *= 10;
    *ret_micro = minus ? -micro : micro;
    return true;
}

/* How a number is written: what stands between groups of three digits, and before decimals. */
struct number_style {
    const char *group; /* NULL: no groups */
    const char *point;
};

static void put_number(struct kad_buf *b, int64_t v, int decimals, struct number_style style)
{
    uint64_t scale = 1;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    if (v < 0)
        kad_buf_putc(b, '-');
    char whole[24];
    int n = snprintf(whole, sizeof whole, "%llu", (unsigned long long)(size / scale));
    for (int i = 0; i < n; i++) {
        /* Four digits stand together, as Swedish typography has it. */
        if (style.group && i > 0 && n > 4 && (n - i) % 3 == 0)
            kad_buf_puts(b, style.group);
        kad_buf_putc(b, whole[i]);
    }
    uint64_t rest = size % scale;
    if (rest == 0)
        return;
    char part[24];
    n = snprintf(part, sizeof part, "%0*llu", decimals, (unsigned long long)rest);
    while (n > 0 && part[n - 1] == '0')
        n--;
    kad_buf_puts(b, style.point);
    kad_buf_put(b, part, (size_t)n);
}

void kad_number_put(struct kad_buf *b, int64_t micro)
{
    put_number(b, micro, DECIMALS, (struct number_style){NULL, "."});
}

/* --- values as text --- */

void kad_value_put(struct kad_buf *b, struct kad_value v)
{
    char day[KAD_DAY_TEXT];
    kad_assert(kad_value_known(v));
    switch (v.type) {
    case KAD_T_NUMBER:
    case KAD_T_PERCENT:
    case KAD_T_MONEY:
        kad_number_put(b, v.num);
        return;
    case KAD_T_DATE:
        kad_buf_puts(b, kad_day_text((kad_day)v.num, day));
        return;
    case KAD_T_YESNO:
        kad_buf_puts(b, v.num ? "true" : "false");
        return;
    case KAD_T_TEXT:
    case KAD_T_PERSON:
    case KAD_T_CHOICE:
    case KAD_T_SUBJECT:
    case KAD_T_LIST:
        kad_buf_put(b, v.str.p, v.str.n);
        return;
    case KAD_T_NONE:
    case KAD_T__COUNT:
        break;
    }
    kad_unreachable();
}

/* A number in the running language. Groups are parted by a narrow no-break space in both
 * languages: a comma there would be read as the decimal sign by half of the readers. */
static void put_pretty_number(struct kad_buf *b, int64_t v, int decimals)
{
    bool swedish = strcmp(kad_text_lang(), "sv") == 0;
    put_number(b, v, decimals, (struct number_style){"\u202f", swedish ? "," : "."});
}

const char *kad_month_name(int32_t month)
{
    static const char *const names[] = {N_("January"), N_("February"), N_("March"),
                                        N_("April"),   N_("May"),      N_("June"),
                                        N_("July"),    N_("August"),   N_("September"),
                                        N_("October"), N_("November"), N_("December")};
    kad_assert(month >= 1 && month <= 12);
    return _(names[month - 1]);
}

static void put_pretty_list(struct kad_buf *b, struct kad_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n')
            kad_buf_puts(b, ", ");
        else
            kad_buf_putc(b, s.p[i]);
    }
}

void kad_value_put_pretty(struct kad_buf *b, struct kad_value v)
{
    switch (v.know) {
    case KAD_KNOWN:
        break;
    case KAD_SEALED:
        kad_buf_puts(b, _("sealed"));
        return;
    case KAD_ERASED:
        kad_buf_puts(b, _("erased"));
        return;
    case KAD_UNKNOWN:
        kad_buf_puts(b, _("unknown"));
        return;
    }
    switch (v.type) {
    case KAD_T_NUMBER:
        put_pretty_number(b, v.num, DECIMALS);
        return;
    case KAD_T_PERCENT:
        put_pretty_number(b, v.num, DECIMALS - 2);
        kad_buf_puts(b, "\u00a0%");
        return;
    case KAD_T_MONEY:
        put_pretty_number(b, v.num, DECIMALS);
        kad_buf_puts(b, "\u00a0kr");
        return;
    case KAD_T_YESNO:
        kad_buf_puts(b, v.num ? _("yes") : _("no"));
        return;
    case KAD_T_LIST:
        put_pretty_list(b, v.str);
        return;
    default:
        kad_value_put(b, v);
        return;
    }
}

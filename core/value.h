/* Values: what fields, attributes, params and conditions hold. Unknown is a value of its own and is
 * never printed as 0 or no. Numbers are exact decimals with six places (language.md, "Subjects,
 * events, values"); three-valued logic follows Kleene. */
#ifndef KAD_CORE_VALUE_H
#define KAD_CORE_VALUE_H

#include "core/calendar.h"
#include "core/text.h"

/* X(NAME, English keyword, tag byte in stored records). Stored, so never renumber a tag. */
#define KAD_TYPE_MAP(X)                                                                            \
    X(TEXT, "text", 'T')                                                                           \
    X(NUMBER, "number", 'N')                                                                       \
    X(PERCENT, "percent", '%')                                                                     \
    X(MONEY, "money", 'M')                                                                         \
    X(DATE, "date", 'D')                                                                           \
    X(YESNO, "yes/no", 'B')                                                                        \
    X(PERSON, "person", 'P')                                                                       \
    X(CHOICE, "choice", 'C')                                                                       \
    X(SUBJECT, "subject", 'S') /* a subject of a `one of` kind */                                  \
    X(LIST, "list", 'L')       /* engine records only: strings separated by '\n' */

enum kad_type {
    KAD_T_NONE = 0, /* the type of what has no value yet */
#define X(name, word, tag) KAD_T_##name,
    KAD_TYPE_MAP(X)
#undef X
    KAD_T__COUNT
};

enum kad_know {
    KAD_UNKNOWN = 0, /* nothing has set it */
    KAD_KNOWN,
    KAD_SEALED, /* private and not readable here: unknown to every rule */
    KAD_ERASED, /* private and gone for good: unknown to every rule */
};

#define KAD_MICRO 1000000

/* A value. Plain copyable; `str` points into memory of whoever made it.
 *   num: NUMBER, PERCENT (a fraction: 75 % is 750000), MONEY (kronor): millionths;
 *        DATE: kad_day; YESNO: 0 or 1; CHOICE and SUBJECT: index in the policy's table, or -1 when
 *        the policy in force does not know the identifier.
 *   str: TEXT, PERSON, LIST: the text; CHOICE, SUBJECT: the identifier. Else empty. */
struct kad_value {
    enum kad_type type;
    enum kad_know know;
    int64_t num;
    struct kad_str str;
};

static inline bool kad_value_known(struct kad_value v)
{
    return v.know == KAD_KNOWN;
}
struct kad_value kad_value_unknown(enum kad_type type);
struct kad_value kad_value_yesno(bool yes);
struct kad_value kad_value_date(kad_day day);
struct kad_value kad_value_number(int64_t micro);

/* Three truth values. The order makes `and` the least and `or` the greatest (Kleene). */
enum kad_truth { KAD_NO = 0, KAD_MAYBE = 1, KAD_YES = 2 };
static inline enum kad_truth kad_truth_not(enum kad_truth t)
{
    return (enum kad_truth)(2 - (int)t);
}
static inline enum kad_truth kad_truth_of(bool b)
{
    return b ? KAD_YES : KAD_NO;
}

/* Equal, unequal, or MAYBE when either is unknown. Same type; NUMBER, PERCENT and MONEY by num;
 * CHOICE, SUBJECT, TEXT, PERSON by their string. */
enum kad_truth kad_value_eq(struct kad_value a, struct kad_value b);
/* -1, 0, 1 for two known values of one ordered type (numbers, dates, choices by index). */
int kad_value_cmp(struct kad_value a, struct kad_value b);

/* The canonical text: dates 2021-06-01, numbers 37.5 without trailing zeroes, percent as a
 * fraction (0.75), yes/no as true/false, the rest as its string. For a known value only. */
void kad_value_put(struct kad_buf *b, struct kad_value v);
/* For people in the running language: "75 %", "465 000 kr", "ja", "2021-06-01"; unknown is
 * "okänt". A choice is shown by its identifier here: labels are the policy's. */
void kad_value_put_pretty(struct kad_buf *b, struct kad_value v);
/* Exact decimal "37.5", "37,5", "-3": at most six decimals and 15 digits in all, 12 of them
 * before the point (zeroes in front do not count). */
bool kad_number_parse(struct kad_str s, int64_t *ret_micro);
void kad_number_put(struct kad_buf *b, int64_t micro);

const char *kad_month_name(int32_t month); /* of 1..12, in the running language: "June" */

char kad_type_tag(enum kad_type t);
enum kad_type kad_type_of_tag(char tag); /* KAD_T_NONE for a stranger */
const char *kad_type_word(enum kad_type t);

#endif

/* Records for tests, made on the spot. */
#ifndef KAD_TESTS_RECORDS_H
#define KAD_TESTS_RECORDS_H

#include "core/event.h"
#include "core/limits.h"

static inline struct kad_field text_field(const char *name, const char *text)
{
    return (struct kad_field){
        .name = kad_str(name),
        .value = {.type = KAD_T_TEXT, .know = KAD_KNOWN, .str = kad_str(text)},
    };
}
static inline struct kad_field person_field(const char *name, const char *who)
{
    struct kad_field f = text_field(name, who);
    f.value.type = KAD_T_PERSON;
    return f;
}
static inline struct kad_field number_field(const char *name, int64_t micro)
{
    return (struct kad_field){.name = kad_str(name), .value = kad_value_number(micro)};
}
static inline struct kad_field date_field(const char *name, kad_day day)
{
    return (struct kad_field){.name = kad_str(name), .value = kad_value_date(day)};
}
static inline struct kad_field null_field(const char *name)
{
    return (struct kad_field){.name = kad_str(name)};
}

/* An event with the parts that every record has. */
static inline struct kad_record event_of(const char *subject, const char *type, kad_day on)
{
    return (struct kad_record){
        .kind = KAD_R_EVENT,
        .at = INT64_C(1622621553000000),
        .on = on,
        .subject = kad_str(subject),
        .type = kad_str(type),
        .by = KAD_STR("anna"),
        .via = KAD_STR("os:anna"),
    };
}

#endif

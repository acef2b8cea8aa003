/* Dates and counts as people read them. */
#include <stdio.h>

#include "cli/out.h"
#include "core/value.h"

static const char *const weekdays_short[] = {N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"),
                                             N_("Fri"), N_("Sat"), N_("Sun")};
static const char *const weekdays[] = {N_("Monday"),   N_("Tuesday"), N_("Wednesday"),
                                       N_("Thursday"), N_("Friday"),  N_("Saturday"),
                                       N_("Sunday")};

const char *kad_weekday_short(kad_day day)
{
    return _(weekdays_short[kad_weekday(day)]);
}

void kad_put_day(struct kad_buf *b, kad_day day)
{
    char text[KAD_DAY_TEXT];
    if (day == KAD_DAY_NONE)
        kad_buf_puts(b, "–");
    else
        kad_buf_printf(b, "%s %s", kad_weekday_short(day), kad_day_text(day, text));
}

void kad_put_weekday(struct kad_buf *b, kad_day day)
{
    kad_buf_puts(b, _(weekdays[kad_weekday(day)]));
}

void kad_put_month(struct kad_buf *b, kad_day day)
{
    struct kad_ymd d = kad_ymd_of(day);
    kad_buf_printf(b, "%s %d", kad_month_name(d.month), (int)d.year);
}

void kad_put_day_words(struct kad_buf *b, kad_day day)
{
    struct kad_ymd d = kad_ymd_of(day);
    kad_buf_printf(b, "%d %s %d", (int)d.day, kad_month_name(d.month), (int)d.year);
}

void kad_put_day_long(struct kad_buf *b, kad_day day)
{
    kad_buf_printf(b, "%s ", _(weekdays[kad_weekday(day)]));
    kad_put_day_words(b, day);
}

void kad_put_relative(struct kad_buf *b, kad_day day, kad_day today)
{
    int32_t n = day - today;
    unsigned long away = (unsigned long)(n < 0 ? -(int64_t)n : n);
    if (n == 0)
        kad_buf_puts(b, _("today"));
    else if (n == 1)
        kad_buf_puts(b, _("tomorrow"));
    else if (n == -1)
        kad_buf_puts(b, _("yesterday"));
    else if (n > 0)
        kad_buf_printf(b, ngettext_("in %lu day", "in %lu days", away), away);
    else
        kad_buf_printf(b, ngettext_("%lu day ago", "%lu days ago", away), away);
}

void kad_put_late(struct kad_buf *b, int32_t days)
{
    unsigned long n = (unsigned long)days;
    kad_buf_printf(b, ngettext_("%lu day late", "%lu days late", n), n);
}

void kad_put_count(struct kad_buf *b, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    const char *apart = strcmp(kad_text_lang(), "sv") == 0 ? "\u00a0" : ",";
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            kad_buf_puts(b, apart);
        kad_buf_putc(b, digits[i]);
    }
}

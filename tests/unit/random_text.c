#include "tests/unit/random_text.h"

/* One production each; those of one name are alternatives, and the first of them ends soonest.
 * <x> is a production; a blank is any blank, ^ a plain one; ~ may be a line break as well; | is one. */
static const struct production {
    const char *name, *text;
} grammar[] = {
    {"policy", "policy <name><label>|language en|<said>running cases follow the new rules|<said>"},
    {"said", ""},
    {"said", "<saying>|<said>"},
    {"saying", "<note>"},
    {"saying", "calendar sweden"},
    {"saying", "zone~<text>"},
    {"saying", "issue at <time>"},
    {"saying", "closed <date><label>"},
    {"note", "source~<text>"},
    {"note", "reading~<text>"},
    {"note", "question <text>"},
    {"note", "review by~<date>"},
    {"notes", ""},
    {"notes", "|<note><notes>"},
    {"label", ""},
    {"label", " <text>"},
    {"label", "~<text>"},

    {"declaration", "role <name><label>"},
    {"declaration", "choice <name><label>|<values><notes>"},
    {"declaration", "param <name><label> =~<amounts><later>"},
    {"declaration", "param <name><label> of <name> = <amounts><later>"},
    {"declaration", "subject <name><label>|<lines>"},
    {"declaration", "event <name><label> of <name><notes>"},
    {"declaration", "event <name><label> of <name>~<fields><notes>"},
    {"declaration", "at <name>|<guards>"},
    {"declaration", "task <name><label>|<clauses>"},
    {"declaration", "cadence <name><label>~from <trigger>|<clauses>"},
    {"declaration", "duty <name><label>~for each <name><where>|<clauses>"},
    {"declaration", "example <text>|<story>"},
    {"declaration", "example <text>~from <date>|<story>"},

    {"values", "<value>"},
    {"values", "<value>~<values>"},
    {"values", "<value>|<values>"},
    {"value", "<softname><label>"},
    {"value", "<name><label>~<name> = <literal>"},
    {"value", "<name><label> <name> = <literal>~<name> = <literal>"},
    {"amounts", "<amount>"},
    {"amounts", "<amount>,~<amounts>"},
    {"amount", "<literal><per>"},
    {"amount", "<name> <literal><per>"},
    {"per", ""},
    {"per", " a year"},
    {"per", " a month"},
    {"later", ""},
    {"later", "~from <date> =~<amounts><later>"},
    {"later", "~<note><later>"},

    {"lines", "<line>"},
    {"lines", "<line>|<lines>"},
    {"line", "begins with <name>"},
    {"line", "one of <members>"},
    {"line", "one of <members>|<name> <text> <members>"},
    {"line", "<name><label> is <items>"},
    {"line", "<name><label>~is the latest of <items>"},
    {"line", "<name><label> is count of <name> - count of <name>"},
    {"line", "<name><label>~= <condition>"},
    {"line", "<note>"},
    {"members", "<name><label>"},
    {"members", "<name><label> <members>"},
    {"items", "<item>"},
    {"items", "<item>,~<items>"},
    {"item", "<name>.<fieldname><where>"},
    {"item", "<literal> after <name><where>"},
    {"item", "<softname> after <name><where>"},
    {"item", "otherwise <literal>"},
    {"where", ""},
    {"where", "~where <condition>"},

    {"fields", "<field>"},
    {"fields", "<field>,~<fields>"},
    {"field", "<fieldname> <type><modifiers>"},
    {"field", "<fieldname><label>~<type><modifiers>"},
    {"type", "text"},
    {"type", "number"},
    {"type", "date"},
    {"type", "money"},
    {"type", "percent"},
    {"type", "person"},
    {"type", "yes/no"},
    {"type", "<name>"},
    {"modifiers", ""},
    {"modifiers", " private"},
    {"modifiers", "~optional"},
    {"modifiers", " from <literal> to <literal>"},

    {"guards", "<guard>"},
    {"guards", "<guard><notes>|<guards>"},
    {"guard", "require <condition>~otherwise~<text>"},
    {"guard", "expect <condition> otherwise <text>~<note>"},

    {"clauses", "<clause>"},
    {"clauses", "<clause>|<clauses>"},
    {"clause", "for <name>"},
    {"clause", "when <trigger>~due <due>"},
    {"clause", "when <trigger>~otherwise due <due>"},
    {"clause", "due <due>"},
    {"clause", "done by~<trigger>"},
    {"clause", "until~<trigger>"},
    {"clause", "from <trigger>"},
    {"clause", "from every <trigger>"},
    {"clause", "moved to next working day"},
    {"clause", "moved to previous working day"},
    {"clause", "closes <whole> days after due"},
    {"clause", "closes never"},
    {"clause", "remind <whole> days before due"},
    {"clause", "remind <whole>~working day before due"},
    {"clause", "escalate to <name> <whole> day after due"},
    {"clause", "escalate to~<name>~<whole> working days after due"},
    {"clause", "running cases keep the old rules"},
    {"clause", "<range> <name>~<division>"},
    {"clause", "<range> <name> or <name> <division>"},
    {"clause", "extended by <name>.<fieldname> <name>~<often> a month"},
    {"clause", "every <cycle>"},
    {"clause", "every <cycle>~<often>"},
    {"clause", "no later than <date>"},
    {"clause", "<note>"},
    {"trigger", "<names><where>"},
    {"names", "<name>"},
    {"names", "<name>,~<names>"},
    {"due", "the same day"},
    {"due", "<whole> <unit> after"},
    {"due", "<whole> <unit> before <name>"},
    {"unit", "days"},
    {"unit", "day"},
    {"unit", "working days"},
    {"unit", "week"},
    {"unit", "weeks"},
    {"unit", "month"},
    {"unit", "months"},
    {"unit", "years"},
    {"range", "month <whole>"},
    {"range", "months <whole> to <whole>"},
    {"range", "from month <whole> onwards"},
    {"range", "week <whole>"},
    {"range", "weeks <whole> to <whole>"},
    {"range", "from week <whole> onwards"},
    {"division", "every week"},
    {"division", "every <whole> weeks"},
    {"division", "every calendar week"},
    {"division", "<often>"},
    {"division", "<often> a month"},
    {"often", "once"},
    {"often", "twice"},
    {"often", "<whole> times"},
    {"cycle", "month"},
    {"cycle", "month~except <months>"},
    {"cycle", "<months>"},
    {"cycle", "quarter"},
    {"cycle", "half-year"},
    {"cycle", "year"},
    {"cycle", "<whole> weeks from <date>"},
    {"months", "<month>"},
    {"months", "<month>,~<months>"},
    {"months", "<month>~and <month>"},
    {"month", "january"},
    {"month", "may"},
    {"month", "october"},

    {"condition", "<comparison>"},
    {"condition", "not <condition>"},
    {"condition", "<condition>~and <condition>"},
    {"condition", "<condition>~or <condition>"},
    {"comparison", "<primary>"},
    {"comparison", "<sum> is <sum>"},
    {"comparison", "<sum> is not <sum>"},
    {"comparison", "<sum> is <state>"},
    {"comparison", "<sum> at least <sum>"},
    {"comparison", "<sum>~at most <sum>"},
    {"comparison", "<sum> before <sum>"},
    {"comparison", "<sum> from <sum> to <sum>"},
    {"comparison", "<sum> in (<sum>, <sum>)"},
    {"comparison", "<sum> is known"},
    {"comparison", "<name> has happened"},
    {"sum", "<primary>"},
    {"sum", "<sum> + <primary>"},
    {"sum", "<sum> - <primary>"},
    {"primary", "<name>"},
    {"primary", "<literal>"},
    {"primary", "<name>.<fieldname>"},
    {"primary", "whole years since <name>"},
    {"primary", "count of <name>"},
    {"primary", "count of (<name> where <condition>)"},
    {"primary", "(<condition>)"},
    {"state", "upcoming"},
    {"state", "open"},
    {"state", "done"},
    {"state", "missed"},
    {"state", "withdrawn"},

    {"story", "<step>"},
    {"story", "<step>|<story>"},
    {"step", "<date> <name><key><tail>"},
    {"step", "<date> <name><key>~<givens><tail>"},
    {"step", "<date> <name><key> corrected to <givens><tail>"},
    {"step", "<date> <name> corrected to <date> <givens>"},
    {"step", "<date> <name><key> withdrawn<tail>"},
    {"step", "on <date>~expect <expected>"},
    {"step", "expect <expected>"},
    {"key", ""},
    {"key", " of C-2"},
    {"key", " of \"A key\""},
    {"givens", "<given>"},
    {"givens", "<given>,~<givens>"},
    {"given", "<fieldname> <literal>"},
    {"given", "<fieldname> <name>"},
    {"tail", ""},
    {"tail", "~recorded <date>"},
    {"tail", "~refused~<text>"},
    {"expected", "no <name>"},
    {"expected", "no <name>.<name><key>~due <date>"},
    {"expected", "<name>.<name> due <date> <state> late"},
    {"expected", "<name><key> due <date> <state>"},
    {"expected", "<name> is <state>"},
    {"expected", "<name><key> due <date>~reminded"},
    {"expected", "<name>.<name><key> due <date> not~escalated"},
    {"expected", "<name> due <date> is escalated"},
    {"expected", "<name><key> is <literal>"},
    {"expected", "<name> is unknown"},

    {"name", "a"},
    {"name", "aftercare_visit"},
    {"name", "besök"},
    {"name", "x_1"},
    {"name", "municipality_of_the_applicant"},
    {"name", "det"},
    {"name", "dagen"},
    {"softname", "<name>"},
    {"softname", "from"},
    {"softname", "till"},
    {"softname", "after"},
    {"fieldname", "<name>"},
    {"fieldname", "until"},
    {"fieldname", "source"},
    {"literal", "<whole>"},
    {"literal", "-3"},
    {"literal", "37,5"},
    {"literal", "1^500"},
    {"literal", "75%"},
    {"literal", "12,5 %"},
    {"literal", "465^000 SEK"},
    {"literal", "20 kr"},
    {"literal", "<date>"},
    {"literal", "yes"},
    {"literal", "no"},
    {"literal", "<text>"},
    {"whole", "1"},
    {"whole", "2"},
    {"whole", "12"},
    {"date", "2021-05-17"},
    {"date", "2020-02-29"},
    {"time", "6:00"},
    {"time", "16:30"},
    {"text", "\"Anmälan\""},
    {"text", "\"\""},
    {"text", "”Hon sade \"nej\"”"},
    {"text", "“Steg”"},
    {"text", "\"när # inte är en kommentar, och en ganska lång text är det, med många ord\""},
};
#define N_PRODUCTIONS (sizeof grammar / sizeof grammar[0])
#define DEEP 9

static void put_blank(struct dice *d, struct kad_buf *b)
{
    static const char *const blanks[] = {" ", " ", " ", "  ", "\t", "\xc2\xa0", "\xe2\x80\xaf "};
    kad_buf_puts(b, blanks[dice_roll(d, 7)]);
}

/* The end of a line, and some lines that say nothing. */
static void put_break(struct dice *d, struct kad_buf *b, bool indented)
{
    static const char *const ends[] = {"\n", "\n", "\n", "  \n", "\r\n", " # one\n", "\t#two  \n"};
    static const char *const lines[] = {"\n",         "\n\n\n", "  # three\n",
                                        "# four\r\n", " \t \n", "        # fem \"å\"\n"};
    static const char *const indents[] = {" ", "    ", "\t", "            "};
    kad_buf_puts(b, ends[dice_roll(d, 7)]);
    while (dice_chance(d, 15))
        kad_buf_puts(b, lines[dice_roll(d, 6)]);
    if (indented)
        kad_buf_puts(b, indents[dice_roll(d, 4)]);
}

static const char *choose(struct dice *d, const char *name, size_t n, int depth)
{
    size_t first = 0, count = 0;
    for (size_t i = 0; i < N_PRODUCTIONS; i++)
        if (strlen(grammar[i].name) == n && memcmp(grammar[i].name, name, n) == 0 && count++ == 0)
            first = i;
    kad_assert(count > 0);
    return grammar[first + (depth > DEEP ? 0 : dice_roll(d, (uint32_t)count))].text;
}

static void produce(struct dice *d, struct kad_buf *b, const char *text, int depth)
{
    for (const char *p = text; *p; p++) {
        if (*p == '<') {
            const char *end = strchr(p, '>');
            produce(d, b, choose(d, p + 1, (size_t)(end - p - 1), depth), depth + 1);
            p = end;
        } else if (*p == ' ') {
            put_blank(d, b);
        } else if (*p == '^') {
            kad_buf_putc(b, ' ');
        } else if (*p == '|' || (*p == '~' && dice_chance(d, 30))) {
            put_break(d, b, true);
        } else if (*p == '~') {
            put_blank(d, b);
        } else {
            kad_buf_putc(b, *p);
        }
    }
}

void random_text(struct dice *d, struct kad_buf *b)
{
    if (dice_chance(d, 30))
        kad_buf_puts(b, "\xef\xbb\xbf");
    while (dice_chance(d, 30))
        put_break(d, b, false);
    produce(d, b, "<policy>", 0);
    put_break(d, b, false);
    for (uint32_t n = dice_roll(d, 12); n > 0; n--) {
        produce(d, b, "<declaration>", 0);
        put_break(d, b, false);
    }
}

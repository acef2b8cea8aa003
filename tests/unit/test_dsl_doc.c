/* The page for the board: what it says of each form of rule, that nothing in a policy can break it, and
 * that both forms are well made. */
#include "tests/unit/dsl.h"

#include "dsl/doc.h"

static char page[1 << 18];

/* The page with every stretch of blanks and line breaks as one blank. */
static const char *page_of(const struct kad_policy *p, enum kad_doc_format format)
{
    struct kad_buf b = {0};
    kad_doc_put(&b, p, format);
    assert_true(b.n < sizeof page);
    size_t n = 0;
    for (size_t i = 0; i < b.n; i++) {
        char c = b.p[i] == '\n' ? ' ' : b.p[i];
        if (c != ' ' || n == 0 || page[n - 1] != ' ')
            page[n++] = c;
    }
    page[n] = '\0';
    kad_buf_done(&b);
    return page;
}

static const char head[] =
    "policy p \"Page\"\n calendar sweden\n running cases follow the new rules\n"
    "event begun \"Begun\" of case\n by \"Birth\" date, score \"Score\" number, kind \"Kind\" sort\n"
    "event ended \"Ended\" of case\n why \"Why\" sort\n"
    "event met \"Met\" of case\n"
    "choice sort \"Sort\"\n big \"Big\" small \"Small\"\n"
    "subject case \"Case\"\n begins with begun\n"
    " born \"Born\" is begun.by\n score \"Score\" is begun.score\n kind \"Kind\" is begun.kind\n"
    " live \"Live\" is yes after begun, no after ended, otherwise no\n"
    " age \"Age\" = whole years since born\n";

static struct kad_policy *with(const char *rules)
{
    char text[4000];
    snprintf(text, sizeof text, "%s%s", head, rules);
    return compile(text);
}

static void holds(const char *rules, const char *words)
{
    struct kad_policy *p = with(rules);
    if (!strstr(page_of(p, KAD_DOC_HTML), words))
        fail_msg("not on the page: %s\n%s", words, page);
    kad_policy_free(p);
}

static void conditions_are_said_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *condition, *words;
    } all[] = {
        {"live", "<em>Live</em> is yes"},
        {"not live", "<em>Live</em> is no"},
        {"not not live", "<em>Live</em> is yes"},
        {"age from 18 to 64", "<em>Age</em> is 18 to 64 years"},
        {"age at least 18", "<em>Age</em> is at least 18 years"},
        {"not age at least 18", "<em>Age</em> is less than 18 years"},
        {"score at most 3", "<em>Score</em> is at most 3"},
        {"not score at most 3", "<em>Score</em> is more than 3"},
        {"not score from 1 to 3", "<em>Score</em> is not from 1 to 3"},
        {"kind is big", "<em>Kind</em> is <em>Big</em>"},
        {"kind is not big", "<em>Kind</em> is not <em>Big</em>"},
        {"kind in (big, small)", "<em>Kind</em> is <em>Big</em> or <em>Small</em>"},
        {"born before 2001-03-09", "<em>Born</em> is before 9\u00a0March 2001"},
        {"born is known", "<em>Born</em> is recorded"},
        {"not born is known", "<em>Born</em> is not recorded"},
        {"met has happened", "<em>Met</em> has happened"},
        {"not met has happened", "<em>Met</em> has not happened"},
        {"call is done", "the task <em>Call</em> is done"},
        {"live and (score at least 1 or kind is big)",
         "<em>Live</em> is yes and either <em>Score</em> is at least 1 or <em>Kind</em> is"},
        {"not (live or kind is big)", "<em>Live</em> is no and <em>Kind</em> is not <em>Big</em>"},
        {"not (live and kind is big)", "<em>Live</em> is no or <em>Kind</em> is not <em>Big</em>"},
        {"live or score at least 1 and kind is big",
         "<em>Live</em> is yes or both <em>Score</em> is at least 1 and <em>Kind</em> is"},
    };
    for (size_t i = 0; i < LEN(all); i++) {
        char rules[500], words[300];
        snprintf(rules, sizeof rules,
                 "task call \"Call\"\n when begun due the same day\n done by met\n"
                 "at ended\n require %s otherwise \"No\"\n",
                 all[i].condition);
        snprintf(words, sizeof words, "<p>Required: %s", all[i].words);
        holds(rules, words);
    }
}

static void tasks_say_when_whose_and_until(void **state)
{
    (void)state;
#define TASK(when, rest)                                                                           \
    "role boss \"The boss\"\ntask call \"Call\"\n " when "\n done by met\n" rest
    holds(TASK("when begun due 3 months after", ""),
          "<li>At <em>Begun</em>: at the latest three months after.</li>");
    holds(TASK("when begun due 1 week after", ""), "at the latest one week after.");
    holds(TASK("when begun due 10 working days after", ""),
          "at the latest ten working days after.");
    holds(TASK("when begun due 15 days after", ""), "at the latest 15 days after.");
    holds(TASK("when begun due 2 years after", ""), "at the latest 2 years after.");
    holds(TASK("when begun due the same day", ""), "at the latest the same day.");
    holds(TASK("when begun due 5 days before born", ""),
          "at the latest five days before <em>Born</em>.");
    holds(
        TASK("when ended where why is big due 1 day after\n when ended otherwise due the same day",
             ""),
        "if <em>Why</em> is <em>Big</em>: at the latest one day after.</li> <li>At <em>Ended</em> "
        "otherwise: at the latest the same day.");
    holds(TASK("when begun due 1 day after", " for boss\n"), "Whose task: <em>The boss</em>.");
    holds(TASK("when begun due 1 day after", ""), "the rule does not say");
    holds(TASK("when begun due 1 day after", " moved to previous working day\n"),
          "it is the working day before instead");
    holds(TASK("when begun due 1 day after", " until ended\n"), "Ends with: <em>Ended</em>.");
    holds(TASK("when begun due 1 day after", ""), "it stays on the list until it is done");
    holds(TASK("when begun due 1 day after", " closes 7 days after due\n"),
          "not done seven days after its last day");
    holds(TASK("when begun due 1 month after",
               " remind 10 days before due\n escalate to boss 5 days after due\n"
               " remind 3 working days before due\n"),
          "<p>A reminder of what is not done comes ten days and three working days before the last "
          "day.</p> <p>If it is still not done five days after the last day, it is taken to <em>The "
          "boss</em>.</p>");
    holds(TASK("when begun due 1 month after", " escalate to boss 5 days after due\n"),
          "gets to know when it is not done five days after its last day");
    holds("", "is reminded of or escalated: at 06:00");
    holds(TASK("when begun due 1 month after", " remind 0 days before due\n"),
          "comes on the last day.</p>");
    holds(TASK("when begun due 1 month after",
               " remind 1 day before due\n remind 0 days before due\n"),
          "comes one day before the last day, and on the last day itself.</p>");
    holds(TASK("when begun due 1 day after", " source \"3.0 Calls\"\n"), "<p>3.0 Calls</p>");
    holds(TASK("when begun due 1 day after", ""), "<p>the rule names none</p>");
}

static void cadences_and_duties_say_how_often(void **state)
{
    (void)state;
#define CADENCE(phase) "cadence c \"C\"\n from begun\n " phase "\n"
    holds(CADENCE("month 1 met every week"),
          "<tr><th scope=\"row\">Month 1</th><td><em>Met</em></td><td>every week</td></tr>");
    holds(CADENCE("month 2 met 2 times"), "Month 2</th><td><em>Met</em></td><td>twice<");
    holds(CADENCE("months 4 to 5 met once a month"),
          "Months 4 and 5</th><td><em>Met</em></td><td>once a month<");
    holds(CADENCE("months 1 to 6 met 3 times"),
          "Months 1 to 6</th><td><em>Met</em></td><td>three times in all<");
    holds(CADENCE("from month 3 onwards met once a month"), "From month 3 on<");
    holds(CADENCE("weeks 1 to 8 met every 2 weeks"),
          "Weeks 1 to 8</th><td><em>Met</em></td><td>every other week<");
#define DUTY(when)                                                                                 \
    "event told \"Told\" of programme\nduty d \"D\" for each programme\n " when "\n done by told\n"
    holds(DUTY("every month except july"), "When: every month except July, within the period.");
    holds(DUTY("every october"), "When: every year in October, within");
    holds(DUTY("every half-year 2 times"), "When: twice every half-year, within");
    holds(DUTY("every quarter\n due 1 month after"),
          "When: every quarter. It opens the day after the period and is done within one month.");
    holds(DUTY("no later than 2018-08-31"), "When: no later than 31\u00a0August 2018.");
    holds(DUTY("every 2 weeks from 2021-01-04"),
          "When: every other week, counted from 4\u00a0January 2021, within");
    holds("duty d \"D\" for each case where live\n every year\n done by met\n",
          "each <em>Case</em> where <em>Live</em> is yes, as things stand on the day it opens");
}

static void readings_and_questions_have_their_own_parts(void **state)
{
    (void)state;
    char text[4000];
    const char *clauses = "follow the new rules\n";
    const char *rest = strstr(head, clauses) + strlen(clauses);
    snprintf(text, sizeof text, "%.*s question \"Who pays?\"\n%s%s", (int)(rest - head), head, rest,
             "task call \"Call\"\n when begun due 1 day after\n done by met\n"
             " reading \"A day is a day\"\n");
    struct kad_policy *p = compile(text);
    page_of(p, KAD_DOC_HTML);
    const char *open = strstr(page, "<h2 id=\"questions\">Open questions</h2>");
    assert_non_null(open);
    assert_non_null(strstr(open, "Who pays?"));
    assert_non_null(strstr(page, "Reading: <a href=\"#reading-1\">1</a>"));
    assert_non_null(strstr(page, "<li id=\"reading-1\" value=\"1\">A day is a day "
                                 "<span class=\"about\"><a href=\"#rule-1\">Call</a></span>"));
    kad_policy_free(p);
}

static void labels_are_no_markup_and_steer_nothing(void **state)
{
    (void)state;
    struct kad_policy *p = with("task call \"<script>x</script> & 'y'\"\n when begun due the "
                                "same day\n done by met\n source \"<a href=x>\"\n");
    p->label = KAD_STR("T\x01\x02\x1b[31m \"><img>\u202e");
    p->tasks[0].label = KAD_STR("\x01");
    page_of(p, KAD_DOC_HTML);
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "<img"));
    assert_null(strstr(page, "<a href=x"));
    assert_null(strpbrk(page, "\x01\x02\x1b"));
    assert_non_null(strstr(page, "&lt;script&gt;x&lt;/<wbr>script&gt; &amp; &#39;y&#39;"));
    assert_non_null(strstr(page, "<title>T\\u{1}\\u{2}\\u{1b}[31m &quot;&gt;&lt;img&gt;\\u{202e}"));
    page_of(p, KAD_DOC_TEXT);
    assert_null(strpbrk(page, "\x01\x02\x1b"));
    kad_policy_free(p);
}

/* --- the sample policy, whole --- */

static struct kad_policy *sample(void)
{
    struct kad_buf b = read_data("dsl/sample.rules");
    struct kad_policy *p = compile_n(b.p, b.n);
    kad_buf_done(&b);
    return p;
}

/* Every element that is opened is closed, innermost first. */
static void the_html_is_well_formed(void **state)
{
    (void)state;
    static const char *const empty[] = {"!DOCTYPE", "meta", "br", "wbr"};
    struct kad_policy *p = sample();
    page_of(p, KAD_DOC_HTML);
    char open[64][16];
    size_t n = 0;
    for (const char *s = page; (s = strchr(s, '<')) != NULL; s++) {
        bool closes = s[1] == '/';
        char name[16];
        size_t len = strcspn(s + 1 + closes, " >");
        assert_true(len < sizeof name);
        snprintf(name, sizeof name, "%.*s", (int)len, s + 1 + closes);
        bool alone = false;
        for (size_t i = 0; i < LEN(empty); i++)
            alone = alone || strcmp(name, empty[i]) == 0;
        if (closes) {
            assert_true(n > 0);
            assert_string_equal(open[--n], name);
        } else if (!alone) {
            assert_true(n < LEN(open));
            memcpy(open[n++], name, sizeof name);
        }
    }
    assert_int_equal(n, 0);
    kad_policy_free(p);
}

static void every_link_leads_somewhere_and_nothing_is_fetched(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    page_of(p, KAD_DOC_HTML);
    size_t links = 0;
    for (const char *s = page; (s = strstr(s, "href=\"")) != NULL; s += 6, links++) {
        char id[64];
        assert_int_equal(s[6], '#');
        snprintf(id, sizeof id, "id=\"%.*s\"", (int)strcspn(s + 7, "\""), s + 7);
        if (!strstr(page, id))
            fail_msg("nothing has the %s", id);
    }
    assert_true(links > 10);
    static const char *const outside[] = {"src=",    "url(",     "@import",
                                          "http://", "https://", "<script"};
    for (size_t i = 0; i < LEN(outside); i++)
        assert_null(strstr(page, outside[i]));
    kad_policy_free(p);
}

static void the_text_keeps_to_80_columns(void **state)
{
    (void)state;
    struct kad_policy *p = sample();
    struct kad_buf b = {0};
    kad_doc_put(&b, p, KAD_DOC_TEXT);
    for (const char *s = kad_buf_str(&b); *s;) {
        size_t n = strcspn(s, "\n");
        if (kad_utf8_width((struct kad_str){s, n}) > 80)
            fail_msg("too wide: %.*s", (int)n, s);
        assert_true(n == 0 || s[n - 1] != ' ');
        s += n + 1;
    }
    kad_buf_done(&b);
    kad_policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_said_in_words),
        cmocka_unit_test(tasks_say_when_whose_and_until),
        cmocka_unit_test(cadences_and_duties_say_how_often),
        cmocka_unit_test(readings_and_questions_have_their_own_parts),
        cmocka_unit_test(labels_are_no_markup_and_steer_nothing),
        cmocka_unit_test(the_html_is_well_formed),
        cmocka_unit_test(every_link_leads_somewhere_and_nothing_is_fetched),
        cmocka_unit_test(the_text_keeps_to_80_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

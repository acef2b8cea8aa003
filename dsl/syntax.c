#include "dsl/syntax.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "dsl/parser.h"
#include "dsl/words.h"

/* --- what could have stood here --- */

struct wanted {
    const int *v;
    size_t n;
};

static int plain(int token)
{
    switch (token) {
    case TOK_LINE_FROM:
        return TOK_FROM;
    case TOK_LINE_UNTIL:
        return TOK_UNTIL;
    case TOK_LINE_SOURCE:
        return TOK_SOURCE;
    case TOK_LINE_NAME:
        return TOK_NAME;
    default:
        return token;
    }
}

static bool wants(const struct wanted *w, int token)
{
    for (size_t i = 0; i < w->n; i++)
        if (plain(w->v[i]) == token)
            return true;
    return false;
}

static bool may_stand(const void *ctx, int token)
{
    return wants(ctx, token);
}

/* Tokens that mean one thing together. The first two must both be wanted; then all of them give way to
 * the one phrase (none: they are not worth naming). */
static const struct group {
    int tokens[24];
    const char *phrase;
} groups[] = {
    /* an expression may begin, or a value */
    {{TOK_NAME,  TOK_NOT,    TOK_NUMBER, TOK_PERCENT,     TOK_MONEY,    TOK_DATE, '-',
      TOK_YES,   TOK_NO,     TOK_TEXT,   TOK_FROM,        TOK_TO,       TOK_BY,   TOK_UNTIL,
      TOK_AFTER, TOK_BEFORE, TOK_SOURCE, TOK_YEARS_SINCE, TOK_COUNT_OF, '('},
     N_("a condition")},
    {{TOK_NUMBER, TOK_YES, TOK_PERCENT, TOK_MONEY, TOK_DATE, '-', TOK_NO, TOK_TEXT, TOK_NAME,
      TOK_FROM, TOK_TO, TOK_BY, TOK_UNTIL, TOK_AFTER, TOK_BEFORE, TOK_SOURCE, TOK_YEARS_SINCE,
      TOK_COUNT_OF, '('},
     N_("a value")},
    {{TOK_NUMBER, TOK_PERCENT, TOK_MONEY, '-'}, N_("a number")},
    /* an expression may go on */
    {{TOK_AND, TOK_OR, TOK_IS, TOK_IN, TOK_FROM, TOK_AT_LEAST, TOK_AT_MOST, TOK_BEFORE, TOK_AFTER,
      TOK_IS_KNOWN, TOK_IS_UNKNOWN, TOK_HAS_HAPPENED, '+', '-', '.'},
     NULL},
    {{TOK_IS, TOK_AT_LEAST, TOK_IN, TOK_FROM, TOK_AT_MOST, TOK_BEFORE, TOK_AFTER, TOK_IS_KNOWN,
      TOK_IS_UNKNOWN, TOK_HAS_HAPPENED, '+', '-', '.'},
     NULL},
    {{TOK_NAME, TOK_BY, TOK_FROM, TOK_TO, TOK_UNTIL, TOK_AFTER, TOK_BEFORE, TOK_SOURCE},
     N_("a name")},
    {{TOK_T_TEXT, TOK_T_DATE, TOK_T_NUMBER, TOK_T_PERCENT, TOK_T_MONEY, TOK_T_PERSON, TOK_T_YESNO,
      TOK_NAME},
     N_("a type (text, number, date, yes/no, the name of a choice, …)")},
    {{TOK_S_OPEN, TOK_S_DONE, TOK_S_UPCOMING, TOK_S_OVERDUE, TOK_S_MISSED, TOK_S_UNTOLD,
      TOK_S_DROPPED, TOK_S_WAIVED, TOK_S_WITHDRAWN, TOK_REMINDED, TOK_ESCALATED, TOK_NOT},
     N_("a state such as open or done")},
    {{TOK_DAYS, TOK_WEEKS, TOK_WORKING_DAYS, TOK_WEEK, TOK_MONTH, TOK_MONTHS, TOK_YEARS},
     N_("days, weeks, months or years")},
    {{TOK_JANUARY, TOK_JULY, TOK_FEBRUARY, TOK_MARCH, TOK_APRIL, TOK_MAY, TOK_JUNE, TOK_AUGUST,
      TOK_SEPTEMBER, TOK_OCTOBER, TOK_NOVEMBER, TOK_DECEMBER},
     N_("the name of a month")},
};

/* Single tokens that are no word of the language. */
static const struct {
    int token;
    const char *phrase;
} singles[] = {
    {TOK_NAME, N_("a name")},
    {TOK_TEXT, N_("a text in quotes")},
    {TOK_NUMBER, N_("a number")},
    {TOK_DATE, N_("a date such as 2026-12-31")},
    {TOK_TIME, N_("a time such as 06:00")},
    {TOK_KEY, N_("whose event it is")},
};

#define MOST 5
struct said {
    const char *v[MOST + 1];
    size_t n; /* MOST + 1: too many to say */
};

static void say(struct said *s, const char *text)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i], text) == 0)
            return;
    if (s->n <= MOST)
        s->v[s->n++] = text;
}

static void say_token(struct kad_script *u, struct said *s, int token)
{
    if (token == TOK_PERCENT || token == TOK_MONEY || token == TOK_LATER || token == '+' ||
        token == '-' || token == '.')
        return;
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++)
        if (singles[i].token == token) {
            say(s, _(singles[i].phrase));
            return;
        }
    const char *word = kad_word_of(token, u->swedish);
    if (word)
        say(s, kad_arena_printf(u->arena, "`%s`", word));
    else if (token > 0 && token < 128)
        say(s, kad_arena_printf(u->arena, "`%c`", token));
}

static bool in_group(const struct group *g, int token)
{
    for (size_t i = 0; i < sizeof g->tokens / sizeof g->tokens[0] && g->tokens[i]; i++)
        if (g->tokens[i] == token)
            return true;
    return false;
}

/* What is accepted, in at most MOST phrases. */
static struct said accepted(struct kad_script *u, const struct wanted *w)
{
    struct said s = {0};
    bool used[sizeof groups / sizeof groups[0]];
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
        used[g] = wants(w, groups[g].tokens[0]) && wants(w, groups[g].tokens[1]);
    for (size_t i = 0; i < w->n; i++) {
        int token = plain(w->v[i]);
        bool grouped = kad_is_decl(token);
        for (size_t g = 0; g < sizeof groups / sizeof groups[0] && !grouped; g++)
            if (used[g] && in_group(&groups[g], token)) {
                grouped = true;
                if (groups[g].phrase)
                    say(&s, _(groups[g].phrase));
            }
        if (!grouped)
            say_token(u, &s, token);
    }
    return s;
}

static void advise_accepted(struct kad_script *u, struct kad_diag *r, const struct said *s)
{
    static const char *const formats[MOST] = {
        N_("Expected here: %s."),
        N_("Expected here: %s or %s."),
        N_("Expected here: %s, %s or %s."),
        N_("Expected here: %s, %s, %s or %s."),
        N_("Expected here: %s, %s, %s, %s or %s."),
    };
    if (s->n >= 1 && s->n <= MOST)
        kad_advise(u->diags, r, _(formats[s->n - 1]), s->v[0], s->v[1], s->v[2], s->v[3], s->v[4]);
}

/* The words with which lines of a declaration most often begin. */
static const struct {
    int decl;
    int words[MOST];
} lines_of[] = {
    {TOK_POLICY, {TOK_LANGUAGE, TOK_CALENDAR, TOK_SOURCE, TOK_CLOSED, TOK_REVIEW_BY}},
    {TOK_TASK, {TOK_WHEN, TOK_DONE_BY, TOK_UNTIL, TOK_FOR, TOK_SOURCE}},
    {TOK_CADENCE, {TOK_FROM, TOK_MONTH, TOK_UNTIL, TOK_FOR, TOK_SOURCE}},
    {TOK_DUTY, {TOK_FOR_EACH, TOK_EVERY, TOK_DONE_BY, TOK_FOR, TOK_SOURCE}},
};

static void advise_lines(struct kad_script *u, struct kad_diag *r)
{
    for (size_t i = 0; i < sizeof lines_of / sizeof lines_of[0]; i++) {
        if (lines_of[i].decl != u->decl)
            continue;
        const char *w[MOST];
        for (size_t k = 0; k < MOST; k++)
            w[k] = kad_word_of(lines_of[i].words[k], u->swedish);
        kad_advise(u->diags, r,
                   _("Lines here begin with words such as `%s`, `%s`, `%s`, `%s` or `%s`."), w[0],
                   w[1], w[2], w[3], w[4]);
    }
}

/* --- the messages --- */

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static const char *shown_token(struct kad_script *u, struct kad_span span)
{
    struct kad_str s = kad_source_slice(&u->src, span);
    return kad_str_dup(u->arena, s.n > 40 ? (struct kad_str){s.p, 0} : s).p;
}

/* Something is missing where the last line with words on it ends. */
static void line_ends(struct kad_script *u, const struct wanted *w)
{
    uint32_t end = u->before.span.to;
    struct kad_diag *r =
        kad_report(u->diags, &u->src, (struct kad_span){end, end}, KAD_K_LINE_ENDS);
    struct said s = accepted(u, w);
    if (u->before.token == ',')
        kad_advise(u->diags, r, _("Take the comma out, or write what is to follow it."));
    else
        advise_accepted(u, r, &s);
    kad_vec_push(u->arena, &u->broken, u->before.span.from);
}

/* A label without its quotes. */
static void say_quotes(struct kad_script *u, struct kad_diag *r, struct kad_span span)
{
    kad_advise(u->diags, r, _("Texts that people see stand in quotes."));
    const char *quoted = kad_arena_printf(u->arena, "\"%s\"", shown_token(u, span));
    kad_mend(u->diags, &u->src, r, span, kad_str(quoted));
}

/* `size move.size`: an attribute's line without its `is`, of which the two names were read as members
 * of `one of`. */
static void no_definition(struct kad_script *u)
{
    size_t line = kad_source_line(&u->src, u->last.span.from);
    uint32_t from = u->src.lines[line], to;
    while (u->src.text.p[from] == ' ' || u->src.text.p[from] == '\t')
        from++;
    for (to = from; is_word_byte(u->src.text.p[to]);)
        to++;
    struct kad_span name = {from, to};
    (void)kad_report(u->diags, &u->src, name, KAD_K_NO_DEFINITION, shown_token(u, name));
}

/* What people write who do not know the word; looked for where the token may stand. `ends`: only where
 * the line ends with it. */
static const struct {
    const char *found;
    int token;
    bool ends;
} hints[] = {
    {"per year", TOK_A_YEAR, false},
    {"per år", TOK_A_YEAR, false},
    {"per month", TOK_A_MONTH, false},
    {"per månad", TOK_A_MONTH, false},
    {"between", TOK_FROM, false},
    {"mellan", TOK_FROM, false},
    {"equals", TOK_IS, false},
    {"if", TOK_WHERE, false},
    {"om", TOK_WHERE, false},
    {"else", TOK_OTHERWISE, false},
    {"done", TOK_DONE_BY, false},
    {"klar", TOK_DONE_BY, false},
    {"moved to next workday", TOK_MOVED_NEXT, false},
    {"issue", TOK_ISSUE_AT, false},
    {"escalate", TOK_ESCALATE, false},
    {"eskalera till", TOK_ESCALATE, false},
    {"eskalera", TOK_ESCALATE, false},
    {"lyft", TOK_ESCALATE, false},
    {"days after due", TOK_DAYS_BEFORE_DUE, false},
    {"days before due", TOK_DAYS_AFTER_DUE, false},
    {"dagar efter förfallodagen", TOK_DAYS_BEFORE_DUE, false},
    {"dagar före förfallodagen", TOK_DAYS_AFTER_DUE, false},
    {"dagar innan förfallodagen", TOK_DAYS_BEFORE_DUE, false},
    {"workdays before due", TOK_WORKING_DAYS_BEFORE_DUE, false},
    {"workdays after due", TOK_WORKING_DAYS_AFTER_DUE, false},
    {"days before the due day", TOK_DAYS_BEFORE_DUE, true},
    {"days after the due day", TOK_DAYS_AFTER_DUE, true},
    {"days before", TOK_DAYS_BEFORE_DUE, true},
    {"days after", TOK_DAYS_AFTER_DUE, true},
    {"days", TOK_DAYS_BEFORE_DUE, true},
    {"days", TOK_DAYS_AFTER_DUE, true},
    {"dagar före", TOK_DAYS_BEFORE_DUE, true},
    {"dagar innan", TOK_DAYS_BEFORE_DUE, true},
    {"dagar efter", TOK_DAYS_AFTER_DUE, true},
    {"dagar", TOK_DAYS_BEFORE_DUE, true},
    {"dagar", TOK_DAYS_AFTER_DUE, true},
};

/* Nothing but blanks and a comment up to the end of the line? */
static bool is_last(struct kad_str rest)
{
    size_t i = 0;
    while (i < rest.n && (rest.p[i] == ' ' || rest.p[i] == '\t' || rest.p[i] == '\r'))
        i++;
    return i == rest.n || rest.p[i] == '\n' || rest.p[i] == '#';
}

static int hinted(const struct kad_script *u, struct kad_span span, const struct wanted *w,
                  struct kad_span *ret)
{
    struct kad_str rest = {u->src.text.p + span.from, u->src.text.n - span.from};
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        size_t n = strlen(hints[i].found);
        if (wants(w, hints[i].token) && rest.n > n && memcmp(rest.p, hints[i].found, n) == 0 &&
            !is_word_byte(rest.p[n]) &&
            (!hints[i].ends || is_last((struct kad_str){rest.p + n, rest.n - n}))) {
            *ret = (struct kad_span){span.from, span.from + (uint32_t)n};
            return hints[i].token;
        }
    }
    return 0;
}

/* `between 18 and 64`: the rest of the line is mended too, from its `and` on. */
static void say_hint(struct kad_script *u, int token, struct kad_span there)
{
    const char *word = kad_word_of(token, u->swedish);
    struct kad_diag *r =
        kad_report(u->diags, &u->src, there, KAD_K_UNEXPECTED, shown_token(u, there));
    if (token != TOK_FROM) {
        kad_advise(u->diags, r, _("Did you mean `%s`?"), word);
        kad_mend(u->diags, &u->src, r, there, kad_str(word));
        return;
    }
    kad_advise(u->diags, r, _("Did you mean `%s 18 %s 64`?"), word,
               kad_word_of(TOK_TO, u->swedish));
}

/* One value held against another: after the first, how. */
static void say_comparisons(struct kad_script *u, struct kad_diag *r)
{
    kad_advise(u->diags, r,
               _("Values are compared by words such as `%s`, `%s`, `%s`, `%s` or `%s`."),
               kad_word_of(TOK_IS, u->swedish), kad_word_of(TOK_AT_LEAST, u->swedish),
               kad_word_of(TOK_AT_MOST, u->swedish), kad_word_of(TOK_FROM, u->swedish),
               kad_word_of(TOK_IN, u->swedish));
}

/* A word that is nearly one that may stand here, or that people write instead. */
static bool say_near(struct kad_script *u, int token, struct kad_span span, const struct wanted *w)
{
    struct kad_span there;
    if (kad_diags_full(u->diags))
        return false;
    int near = hinted(u, span, w, &there);
    if (near != 0) {
        say_hint(u, near, there);
        return true;
    }
    if (token != TOK_NAME && token != TOK_LINE_NAME)
        return false;
    near = kad_words_near(u, span, may_stand, w, &there);
    if (near == 0)
        return false;
    const char *word = kad_word_of(near, u->swedish);
    struct kad_diag *r =
        kad_report(u->diags, &u->src, there, KAD_K_UNEXPECTED, shown_token(u, there));
    kad_advise(u->diags, r, _("Did you mean `%s`?"), word);
    kad_mend(u->diags, &u->src, r, there, kad_str(word));
    return true;
}

/* Is it a word that an event may go on with behind its fields? */
static bool is_note(int token)
{
    return token == TOK_SOURCE || token == TOK_LINE_SOURCE || token == TOK_READING ||
           token == TOK_QUESTION || token == TOK_REVIEW_BY;
}

/* A word that people forget, in front of what is to follow it; 0: none. */
static int forgotten(int token, const struct wanted *w)
{
    bool value = token == TOK_NUMBER || token == TOK_PERCENT || token == TOK_MONEY ||
                 token == TOK_DATE || token == TOK_YEARS_SINCE || token == TOK_COUNT_OF;
    if (token == TOK_TEXT && wants(w, TOK_OTHERWISE))
        return TOK_OTHERWISE;
    if ((token == TOK_NUMBER || token == TOK_SAME_DAY) && wants(w, TOK_DUE))
        return TOK_DUE;
    return value && wants(w, '=') ? '=' : 0;
}

static bool say_forgotten(struct kad_script *u, int token, struct kad_span span,
                          const struct wanted *w)
{
    int word = forgotten(token, w);
    if (word == 0)
        return false;
    const char *found = shown_token(u, span);
    const char *said = word == '=' ? "=" : kad_word_of(word, u->swedish);
    struct kad_diag *r = kad_report(u->diags, &u->src, span,
                                    *found ? KAD_K_UNEXPECTED : KAD_K_UNEXPECTED_TEXT, found);
    kad_advise(u->diags, r, _("Is `%s` missing in front of it?"), said);
    kad_mend(u->diags, &u->src, r, (struct kad_span){span.from, span.from},
             kad_str(kad_arena_printf(u->arena, "%s ", said)));
    return true;
}

/* A name with hyphens or blanks in it; false: it is none. */
static bool say_one_name(struct kad_script *u, int token, struct kad_span span,
                         const struct wanted *w)
{
    struct kad_str text = u->src.text;
    struct kad_span name = {u->before.span.from, span.to};
    uint32_t next = span.to;
    if (u->before.token != TOK_NAME)
        return false;
    for (uint32_t i = u->before.span.to; i < span.from; i++)
        if (token == '-' || text.p[i] != ' ') /* not over lines */
            return false;
    if (token == '-') {
        if (next >= text.n || !is_word_byte(text.p[next]))
            return false;
        while (name.to < text.n && (is_word_byte(text.p[name.to]) || text.p[name.to] == '-'))
            name.to++;
    } else {
        while (next < text.n && text.p[next] == ' ')
            next++;
        if (token != TOK_NAME || !wants(w, TOK_TEXT) || next >= text.n || text.p[next] != '"')
            return false;
    }
    char *one = kad_arena_strndup(u->arena, text.p + name.from, name.to - name.from);
    for (char *c = one; *c; c++)
        if (*c == '-' || *c == ' ')
            *c = '_';
    struct kad_diag *r =
        kad_report(u->diags, &u->src, span, KAD_K_UNEXPECTED, shown_token(u, span));
    kad_advise(u->diags, r, _("A name is one word, without blanks and hyphens: `%s`."), one);
    kad_mend(u->diags, &u->src, r, name, kad_str(one));
    return true;
}

/* What is clear from the place; false: nothing is. */
static bool say_habit(struct kad_script *u, int token, struct kad_span span, const struct wanted *w)
{
    const char *month = kad_word_of(TOK_MONTH, u->swedish), *to = kad_word_of(TOK_TO, u->swedish);
    const char *months = kad_word_of(TOK_MONTHS, u->swedish);
    const char *found = shown_token(u, span), *advice = NULL;
    if (u->decl == TOK_CADENCE && token == TOK_DAYS && u->last.first)
        advice = kad_arena_printf(u->arena, _("Phases are counted in months or weeks, as in: %s 3"),
                                  month);
    else if (u->decl == TOK_CADENCE && token == TOK_TO && u->before.token == TOK_NUMBER)
        advice = kad_arena_printf(u->arena, _("Several months are written as in: %s 4 %s 5"), months,
                                  to);
    else if (u->decl == TOK_EXAMPLE && token == TOK_EXPECT && u->before.token == TOK_DATE)
        advice = kad_arena_printf(u->arena, _("The day of an expectation is written as in: %s "
                                              "2021-06-10 %s …"),
                                  kad_word_of(TOK_ON, u->swedish), found);
    else if ((token == ',' || token == TOK_AND) && wants(w, TOK_DAYS_BEFORE_DUE))
        advice = kad_arena_printf(u->arena, _("Each reminder stands on a line of its own, as in: %s "
                                              "14 %s"),
                                  kad_word_of(TOK_REMIND, u->swedish),
                                  kad_word_of(TOK_DAYS_BEFORE_DUE, u->swedish));
    if (!advice)
        return false;
    kad_advise(u->diags, kad_report(u->diags, &u->src, span, KAD_K_UNEXPECTED, found), "%s", advice);
    return true;
}

/* `is whole years since …`: what is computed has `=`. */
static bool say_computed(struct kad_script *u, int token, struct kad_span span)
{
    if (u->decl != TOK_SUBJECT || u->before.token != TOK_IS ||
        (token != TOK_YEARS_SINCE && token != TOK_COUNT_OF))
        return false;
    struct kad_diag *r =
        kad_report(u->diags, &u->src, span, KAD_K_UNEXPECTED, shown_token(u, span));
    kad_advise(u->diags, r, _("What is computed stands behind `=`."));
    kad_mend(u->diags, &u->src, r, u->before.span, KAD_STR("="));
    return true;
}

/* A word that may not stand here. `could_end`: the line is complete without it. */
static void misplaced(struct kad_script *u, int token, struct kad_span span, const struct wanted *w,
                      bool could_end)
{
    if (say_near(u, token, span, w) || say_forgotten(u, token, span, w) ||
        say_one_name(u, token, span, w) || say_habit(u, token, span, w) ||
        say_computed(u, token, span))
        return;
    if (token == '.' && u->decl == TOK_SUBJECT && could_end) {
        no_definition(u);
        return;
    }
    const char *found = shown_token(u, span);
    bool word = kad_word_of(token, u->swedish) != NULL;
    /* Where a line or a field begins with a name. */
    bool begins = could_end && ((u->decl == TOK_SUBJECT && u->last.first) ||
                                (u->decl == TOK_EVENT && !is_note(token)));
    struct said s = accepted(u, w);
    if (word && wants(w, TOK_NAME) && (s.n == 1 || begins)) {
        (void)kad_report(u->diags, &u->src, span, KAD_K_RESERVED, found);
        return;
    }
    struct kad_diag *r = kad_report(u->diags, &u->src, span,
                                    *found ? KAD_K_UNEXPECTED : KAD_K_UNEXPECTED_TEXT, found);
    if (wants(w, TOK_IS) && wants(w, TOK_AT_LEAST))
        say_comparisons(u, r);
    else if (!could_end)
        advise_accepted(u, r, &s);
    else if (u->last.first)
        advise_lines(u, r);
    else if (token == TOK_NAME && wants(w, TOK_TEXT))
        say_quotes(u, r, span);
    else
        kad_advise(u->diags, r, _("The line is complete without it."));
}

static uint32_t end_of_line(const struct kad_script *u, uint32_t at)
{
    size_t line = kad_source_line(&u->src, at);
    return line + 1 < u->src.n_lines ? u->src.lines[line + 1] : (uint32_t)u->src.text.n;
}

static void skip_line(struct kad_script *u, uint32_t at)
{
    u->drop = true;
    if (u->skip != KAD_SKIP_DECL) {
        u->skip = KAD_SKIP_LINE;
        u->skip_end = end_of_line(u, at);
    }
}

/* Something was said of this very place before: by the scanner, or of the same token. */
static bool is_said(const struct kad_script *u, uint32_t at)
{
    for (size_t i = 0; i < u->diags->n; i++)
        if (u->diags->v[i].span.from == at)
            return true;
    return false;
}

void kad_syntax_error(struct kad_script *u, int token, struct kad_span span, const int *expected,
                      size_t n)
{
    struct wanted w = {expected, n};
    bool again = span.from == u->error_at || is_said(u, span.from);
    u->error_at = span.from;
    u->drop = false;
    kad_lex_excuse(u, span);
    if (u->stopped)
        return;
    bool could_end = wants(&w, TOK_TASK);
    if (token == 0 || (u->last.first && !could_end && u->before.token != 0)) {
        if (!again)
            line_ends(u, &w);
        else if (token != 0)
            skip_line(u, span.from);
        return;
    }
    if (!again)
        misplaced(u, token, span, &w, could_end);
    kad_vec_push(u->arena, &u->broken, span.from);
    if (u->last.first && kad_is_decl(token))
        return;
    skip_line(u, span.from);
}

bool kad_syntax_drop(struct kad_script *u)
{
    bool drop = u->drop;
    u->drop = false;
    u->recovered = true;
    u->depth = 0;
    return drop;
}

void kad_syntax_skip_decl(struct kad_script *u)
{
    u->open = NULL;
    if (u->last.token == 0 || (u->last.first && kad_is_decl(u->last.token)))
        return;
    u->drop = true;
    u->skip = KAD_SKIP_DECL;
}

void kad_syntax_too_deep(struct kad_script *u, struct kad_span span)
{
    char most[16];
    snprintf(most, sizeof most, "%d", KAD_LIMIT_NESTING);
    (void)kad_report(u->diags, &u->src, span, KAD_K_TOO_DEEP, most);
    kad_vec_push(u->arena, &u->broken, span.from);
}

/* --- what stands in a broken declaration counts as known --- */

static size_t start_of(const struct kad_script *u, uint32_t at)
{
    size_t low = 0, high = u->starts.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (u->starts.v[mid].from <= at)
            low = mid + 1;
        else
            high = mid;
    }
    return low; /* index + 1; 0: before all */
}

static int by_text(const void *a, const void *b)
{
    return kad_str_cmp(*(const struct kad_str *)a, *(const struct kad_str *)b);
}

static void collect(struct kad_script *u, struct kad_str text)
{
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        while (i < text.n && is_word_byte(text.p[i]))
            i++;
        struct kad_str word = {text.p + from, i - from};
        if (word.n > 0)
            kad_vec_push(u->arena, &u->suspects, word);
        else
            i++;
    }
}

void kad_syntax_close(struct kad_script *u)
{
    bool *broken = kad_arena_array(u->arena, bool, u->starts.n + 1);
    for (size_t i = 0; i < u->broken.n; i++)
        broken[start_of(u, u->broken.v[i])] = true;
    for (size_t i = 0; i < u->starts.n; i++)
        if (broken[i + 1])
            collect(u, kad_source_slice(&u->src, u->starts.v[i]));
    if (u->suspects.n > 1)
        qsort(u->suspects.v, u->suspects.n, sizeof *u->suspects.v, by_text);
    for (size_t i = 0; i < u->decls.n; i++)
        u->decls.v[i]->broken = broken[start_of(u, u->decls.v[i]->span.from)];
}

bool kad_syntax_suspect(const struct kad_script *u, struct kad_str name)
{
    return u->suspects.n > 0 &&
           bsearch(&name, u->suspects.v, u->suspects.n, sizeof *u->suspects.v, by_text) != NULL;
}

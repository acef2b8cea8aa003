#include "dsl/scan.h"

#include <stdio.h>
#include <unictype.h>

#include "core/limits.h"
#include "dsl/parser.h"
#include "dsl/words.h"

static struct kad_str piece(const struct kad_script *u, struct kad_span span)
{
    return kad_source_slice(&u->src, span);
}

static const char *text_of(struct kad_script *u, struct kad_span span)
{
    return kad_str_dup(u->arena, piece(u, span)).p;
}

/* --- names and words --- */

static bool is_name_char(uint32_t c, bool first)
{
    if (c < 0x80)
        return c == '_' || (c | 32) - 'a' < 26 || (!first && c - '0' < 10);
    return uc_is_general_category_withtable(c, first ? UC_CATEGORY_MASK_L
                                                     : UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
                                                           UC_CATEGORY_MASK_Nd);
}

/* How many bytes at the beginning of s are a name. */
static size_t name_length(struct kad_str s)
{
    size_t i = 0, len;
    for (; i < s.n; i += len) {
        uint32_t c = kad_utf8_get((struct kad_str){s.p + i, s.n - i}, &len);
        if (!is_name_char(c, i == 0))
            break;
    }
    return i;
}

static void note_foreign(struct kad_script *u, struct kad_span span, const struct kad_phrase *p)
{
    if (u->swedish ? p->swedish : p->english)
        return;
    struct kad_foreign f = {.span = span, .own = p};
    kad_vec_push(u->arena, &u->foreign, f);
}

int kad_scan_word(struct kad_script *u, struct kad_span *span, struct kad_ident *ret,
                  size_t *ret_keep)
{
    size_t n = name_length(piece(u, *span));
    /* A later word of the phrase before. */
    if (span->from < u->phrase_end) {
        *ret_keep = n > 0 ? n : *ret_keep;
        return TOK_SKIP;
    }
    if (n == 0) {
        size_t len;
        (void)kad_utf8_get(piece(u, *span), &len);
        struct kad_span bad = {span->from, span->from + (uint32_t)len};
        kad_scan_stray(u, bad);
        *ret_keep = len;
        return TOK_SKIP;
    }
    *ret_keep = n;
    span->to = span->from + (uint32_t)n;
    uint32_t end;
    const struct kad_phrase *p = kad_words_find(u, span->from, n, &end);
    if (p) {
        /* The words behind the first are scanned once more and passed over (lex.c). */
        struct kad_span whole = {span->from, end};
        u->phrase_end = end;
        note_foreign(u, whole, p);
        return p->token;
    }
    if (n > KAD_LIMIT_NAME) {
        char most[16];
        snprintf(most, sizeof most, "%d", KAD_LIMIT_NAME);
        (void)kad_report(u->diags, &u->src, *span, KAD_K_LONG_NAME, most);
        n = 1;
    }
    *ret = (struct kad_ident){
        .name = kad_str_dup(u->arena, (struct kad_str){u->src.text.p + span->from, n}),
        .span = *span};
    return TOK_NAME;
}

int kad_scan_glued(struct kad_script *u, struct kad_span span, struct kad_ident *ret)
{
    struct kad_diag *r = kad_report(u->diags, &u->src, span, KAD_K_GLUED, text_of(u, span));
    struct kad_str s = piece(u, span);
    size_t digits = 0;
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    struct kad_span gap = {span.from + (uint32_t)digits, span.from + (uint32_t)digits};
    kad_mend(u->diags, &u->src, r, gap, KAD_STR(" "));
    *ret = (struct kad_ident){.name = kad_str_dup(u->arena, s), .span = span};
    return TOK_NAME;
}

int kad_scan_key_text(struct kad_script *u, struct kad_span span, struct kad_ident *ret)
{
    *ret = (struct kad_ident){.name = kad_str_dup(u->arena, piece(u, span)), .span = span};
    return TOK_KEY;
}

/* --- numbers and dates --- */

/* Digits, point and comma only: without blanks, sign and unit. */
static struct kad_str digits_of(struct kad_str s, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < cap; i++)
        if ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.' || s.p[i] == ',')
            out[n++] = s.p[i];
    return (struct kad_str){out, n};
}

int kad_scan_number(struct kad_script *u, struct kad_span span, enum kad_type type,
                    struct kad_literal *ret)
{
    char room[64];
    *ret = (struct kad_literal){.type = type, .span = span};
    bool good = kad_number_parse(digits_of(piece(u, span), room, sizeof room), &ret->num);
    /* Per cent are hundredths: two of the six decimals are used up. */
    if (good && type == KAD_T_PERCENT) {
        good = ret->num % 100 == 0;
        ret->num /= 100;
    }
    if (!good) {
        (void)kad_report(u->diags, &u->src, span, KAD_K_BAD_NUMBER, text_of(u, span));
        ret->num = KAD_MICRO;
    }
    return type == KAD_T_PERCENT ? TOK_PERCENT : type == KAD_T_MONEY ? TOK_MONEY : TOK_NUMBER;
}

int kad_scan_date(struct kad_script *u, struct kad_span span, struct kad_literal *ret)
{
    struct kad_str s = piece(u, span);
    kad_day day = 0;
    if (!kad_day_parse(s.p, s.n, &day))
        (void)kad_report(u->diags, &u->src, span, KAD_K_BAD_DATE, text_of(u, span));
    *ret = (struct kad_literal){.type = KAD_T_DATE, .num = day, .span = span};
    return TOK_DATE;
}

int kad_scan_time(struct kad_script *u, struct kad_span span, int32_t *ret)
{
    struct kad_str s = piece(u, span);
    int32_t n = 0, hour = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ':') {
            hour = n;
            n = 0;
        } else {
            n = n * 10 + (s.p[i] - '0');
        }
    }
    if (hour > 23 || n > 59) {
        (void)kad_report(u->diags, &u->src, span, KAD_K_BAD_TIME, text_of(u, span));
        hour = n = 0;
    }
    *ret = hour * 60 + n;
    return TOK_TIME;
}

/* --- texts in quotes --- */

/* Bytes of the quote that stands at i: " or one that a word processor sets; 0: none. */
static size_t quote_at(struct kad_str s, size_t i)
{
    static const char *const quotes[] = {"”", "“", "„", "‟", "»", "«"};
    if (s.p[i] == '"')
        return 1;
    for (size_t k = 0; k < sizeof quotes / sizeof quotes[0]; k++) {
        size_t n = strlen(quotes[k]);
        if (i + n <= s.n && memcmp(s.p + i, quotes[k], n) == 0)
            return n;
    }
    return 0;
}

/* A quote without its mate swallows the rest of the line, or with another text on the line turns it
 * inside out: what was to be outside then stands within, with blanks before its keyword. The opening
 * quote whose mate is missing, and where that probably was to stand; false: not to be told. */
static bool find_open(struct kad_str line, size_t *ret_open, size_t *ret_end)
{
    for (size_t i = 0; i < line.n; i++) {
        size_t n = quote_at(line, i);
        if (n == 0)
            continue;
        size_t end = i + n;
        while (end < line.n && quote_at(line, end) == 0)
            end++;
        for (size_t k = i + n; k + 1 < end; k++)
            if (line.p[k] == ' ' && line.p[k + 1] == ' ') {
                *ret_open = i;
                *ret_end = k;
                return true;
            }
        i = end;
    }
    return false;
}

static void say_open(struct kad_script *u, uint32_t at)
{
    size_t no = kad_source_line(&u->src, at), open, end;
    uint32_t from = u->src.lines[no];
    struct kad_str line = kad_source_line_text(&u->src, no);
    bool found = find_open(line, &open, &end);
    struct kad_span place = {at, at + 1};
    if (found)
        place = (struct kad_span){from + (uint32_t)open, from + (uint32_t)open + 1};
    struct kad_diag *r = kad_report(u->diags, &u->src, place, KAD_K_OPEN_TEXT);
    kad_vec_push(u->arena, &u->broken, at);
    size_t quotes = 0;
    for (size_t i = 0; i < line.n; i++)
        quotes += quote_at(line, i) > 0;
    if (!found && quotes > 1)
        return;
    size_t rest = at - from + 1;
    while (rest < line.n && (line.p[rest] == ' ' || line.p[rest] == '\t' || line.p[rest] == '\r'))
        rest++;
    if (!found && rest >= line.n) {
        kad_advise(u->diags, r, _("If a text is to end here, it lacks the quote that begins it."));
        return;
    }
    if (!found)
        for (end = line.n; end > 0 && (line.p[end - 1] == ' ' || line.p[end - 1] == '\t');)
            end--;
    struct kad_span gap = {from + (uint32_t)end, from + (uint32_t)end};
    kad_mend(u->diags, &u->src, r, gap, KAD_STR("\""));
}

/* Where the text ends that begins at `from`: at the next quote of the same make, else at any. SIZE_MAX:
 * nowhere on this line. */
static size_t text_end(struct kad_str s, size_t from, bool straight, size_t *ret_quote)
{
    size_t any = SIZE_MAX;
    for (size_t i = from; i < s.n; i++) {
        size_t n = quote_at(s, i);
        if (n == 0)
            continue;
        if ((n == 1) == straight) {
            *ret_quote = n;
            return i;
        }
        if (any == SIZE_MAX) {
            any = i;
            *ret_quote = n;
        }
    }
    return any;
}

int kad_scan_text(struct kad_script *u, struct kad_span *span, struct kad_ident *ret,
                  size_t *ret_keep)
{
    struct kad_str s = piece(u, *span);
    while (s.n > 0 && s.p[s.n - 1] == '\r')
        s.n--;
    size_t open = quote_at(s, 0), quote = 0;
    /* ‘single’ quotes open nothing. */
    if (open == 0) {
        size_t len;
        (void)kad_utf8_get(s, &len);
        kad_scan_stray(u, (struct kad_span){span->from, span->from + (uint32_t)len});
        *ret_keep = len;
        return TOK_SKIP;
    }
    size_t end = text_end(s, open, open == 1, &quote);
    if (end == SIZE_MAX) {
        say_open(u, span->from);
        end = s.n;
        while (end > open && (s.p[end - 1] == ' ' || s.p[end - 1] == '\t'))
            end--;
    }
    struct kad_str inner = {s.p + open, end - open};
    if (inner.n > KAD_LIMIT_TEXT)
        inner.n = 0;
    *ret_keep = end + quote;
    span->to = span->from + (uint32_t)*ret_keep;
    *ret = (struct kad_ident){.name = kad_str_dup(u->arena, inner), .span = *span};
    return TOK_TEXT;
}

/* --- signs that are not of this language --- */

int kad_scan_compare(struct kad_script *u, struct kad_span span)
{
    static const struct {
        const char *sign;
        int token;
    } signs[] = {
        {">=", TOK_AT_LEAST}, {"≥", TOK_AT_LEAST}, {">", TOK_AT_LEAST}, {"<=", TOK_AT_MOST},
        {"≤", TOK_AT_MOST},   {"<", TOK_AT_MOST},  {"==", TOK_IS},      {"!=", TOK_IS},
        {"<>", TOK_IS},       {"≠", TOK_IS},
    };
    struct kad_str s = piece(u, span);
    int token = TOK_IS;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (kad_str_eq(s, kad_str(signs[i].sign)))
            token = signs[i].token;
    const char *word = kad_word_of(token, u->swedish);
    struct kad_diag *r =
        kad_report(u->diags, &u->src, span, KAD_K_COMPARE_SIGN, text_of(u, span), word);
    /* Only where the words say just the same. */
    if ((s.n > 1 && token != TOK_IS) || kad_str_eq(s, KAD_STR("==")))
        kad_mend(u->diags, &u->src, r, span, kad_str(word));
    return token;
}

/* Between two values a dash means `to`, otherwise minus. */
int kad_scan_dash(struct kad_script *u, struct kad_span span)
{
    bool range = u->last.token == TOK_NUMBER || u->last.token == TOK_DATE ||
                 u->last.token == TOK_PERCENT || u->last.token == TOK_MONEY;
    const char *word = range ? kad_word_of(TOK_TO, u->swedish) : "-";
    struct kad_diag *r = kad_report(u->diags, &u->src, span, KAD_K_DASH, text_of(u, span),
                                    kad_word_of(TOK_TO, u->swedish));
    struct kad_buf b = {0};
    bool left = span.from > 0 && u->src.text.p[span.from - 1] != ' ';
    bool right = span.to < u->src.text.n && u->src.text.p[span.to] != ' ';
    kad_buf_printf(&b, "%s%s%s", range && left ? " " : "", word, range && right ? " " : "");
    kad_mend(u->diags, &u->src, r, span, (struct kad_str){kad_buf_str(&b), b.n});
    kad_buf_done(&b);
    return range ? TOK_TO : '-';
}

void kad_scan_remark(struct kad_script *u, struct kad_span span)
{
    struct kad_span sign = {span.from, span.from + 2};
    struct kad_diag *r =
        kad_report(u->diags, &u->src, sign, KAD_K_STRAY_SIGN, text_of(u, sign));
    kad_advise(u->diags, r, _("Remarks begin with `#`."));
    kad_mend(u->diags, &u->src, r, sign, KAD_STR("#"));
}

void kad_scan_stray(struct kad_script *u, struct kad_span span)
{
    /* `/` in `yes/no`. */
    if (span.from < u->phrase_end)
        return;
    size_t len;
    uint32_t c = kad_utf8_get(piece(u, span), &len);
    const uint32_t unseen = UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z;
    if (!uc_is_general_category_withtable(c, unseen)) {
        (void)kad_report(u->diags, &u->src, span, KAD_K_STRAY_SIGN, text_of(u, span));
        return;
    }
    char code[16];
    snprintf(code, sizeof code, "U+%04X", (unsigned)c);
    (void)kad_report(u->diags, &u->src, span, KAD_K_INVISIBLE, code);
}

#include "dsl/words.h"

#include "dsl/parser.h"

/* A word that is misspelt by more than this is another word. */
#define SLIPS 2

struct word {
    int token;
    const char *english, *swedish;
};
static const struct word words[] = {
#define W(token, english, swedish) {TOK_##token, (english), (swedish)},
#define A(token, is_swedish, form)                                                                 \
    {TOK_##token, (is_swedish) ? NULL : (form), (is_swedish) ? (form) : NULL},
#include "dsl/words.def"
#undef W
#undef A
};
#define N_WORDS (sizeof words / sizeof words[0])

bool kad_is_decl(int token)
{
    switch (token) {
    case TOK_POLICY:
    case TOK_ROLE:
    case TOK_CHOICE:
    case TOK_PARAM:
    case TOK_SUBJECT:
    case TOK_EVENT:
    case TOK_AT:
    case TOK_TASK:
    case TOK_CADENCE:
    case TOK_DUTY:
    case TOK_EXAMPLE:
    case TOK_LIST:
    case TOK_MEASURE:
    case TOK_REPORT:
        return true;
    default:
        return false;
    }
}

bool kad_is_soft(int token)
{
    switch (token) {
    case TOK_FROM:
    case TOK_TO:
    case TOK_BY:
    case TOK_UNTIL:
    case TOK_AFTER:
    case TOK_BEFORE:
    case TOK_SOURCE:
    case TOK_LINE_FROM:
    case TOK_LINE_UNTIL:
    case TOK_LINE_SOURCE:
        return true;
    default:
        return false;
    }
}

/* --- finding --- */

static size_t first_word(struct kad_str text)
{
    const char *blank = memchr(text.p, ' ', text.n);
    return blank ? (size_t)(blank - text.p) : text.n;
}

static size_t hash(const struct kad_script *u, struct kad_str s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 16777619u;
    return (h ^ h >> 15) & (u->n_phrases - 1);
}

/* The first word in the scanner's sense: `half-year` begins with the word `half`. */
static struct kad_str head_of(struct kad_str text)
{
    size_t n = first_word(text);
    for (size_t i = 0; i < n; i++)
        if (text.p[i] == '-' || text.p[i] == '/')
            n = i;
    return (struct kad_str){text.p, n};
}

static void add(struct kad_script *u, int token, bool english, bool swedish, const char *text)
{
    struct kad_phrase *p = kad_arena_new(u->arena, struct kad_phrase);
    *p = (struct kad_phrase){token, english, swedish, kad_str(text), NULL};
    size_t i = hash(u, head_of(p->text));
    p->next = u->phrases[i];
    u->phrases[i] = p;
}

void kad_words_begin(struct kad_script *u)
{
    u->n_phrases = 512;
    u->phrases = kad_arena_array(u->arena, const struct kad_phrase *, u->n_phrases);
    for (size_t i = 0; i < N_WORDS; i++) {
        const struct word *w = &words[i];
        if (w->english && w->swedish && strcmp(w->english, w->swedish) == 0) {
            add(u, w->token, true, true, w->english);
            continue;
        }
        if (w->english)
            add(u, w->token, true, false, w->english);
        if (w->swedish)
            add(u, w->token, false, true, w->swedish);
    }
}

static bool is_name_byte(char c)
{
    unsigned char b = (unsigned char)c;
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '_' ||
           b >= 0x80;
}

/* How many bytes of blanks stand at i: blanks, tabs, and those that do not break a line. */
static size_t blanks_at(struct kad_str s, size_t i)
{
    size_t from = i;
    for (;;) {
        if (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
            i++;
        else if (i + 1 < s.n && memcmp(s.p + i, "\xc2\xa0", 2) == 0)
            i += 2;
        else if (i + 2 < s.n && (memcmp(s.p + i, "\xe2\x80\xaf", 3) == 0 ||
                                 memcmp(s.p + i, "\xe2\x80\x89", 3) == 0))
            i += 3;
        else
            return i - from;
    }
}

/* Does the text at `at` read as the phrase? Its end, or 0. */
static size_t match(struct kad_str text, size_t at, struct kad_str phrase)
{
    size_t i = at;
    for (size_t k = 0; k < phrase.n; k++) {
        if (phrase.p[k] == ' ') {
            size_t n = blanks_at(text, i);
            if (n == 0)
                return 0;
            i += n;
        } else if (i >= text.n || text.p[i++] != phrase.p[k]) {
            return 0;
        }
    }
    /* A byte above 0x7f may also begin a typographic quote or a blank: those end the word. */
    if (i < text.n && is_name_byte(text.p[i]) && blanks_at(text, i) == 0 &&
        (unsigned char)text.p[i] != 0xe2)
        return 0;
    return i;
}

const struct kad_phrase *kad_words_find(const struct kad_script *u, uint32_t at, size_t n,
                                        uint32_t *ret_end)
{
    const struct kad_phrase *best = NULL;
    size_t best_end = 0;
    struct kad_str word = {u->src.text.p + at, n};
    for (const struct kad_phrase *p = u->phrases[hash(u, word)]; p; p = p->next) {
        size_t end = match(u->src.text, at, p->text);
        bool own = u->swedish ? p->swedish : p->english;
        if (end > best_end || (end > 0 && end == best_end && own)) {
            best = p;
            best_end = end;
        }
    }
    *ret_end = (uint32_t)best_end;
    return best;
}

const struct kad_phrase *kad_words_exact(const struct kad_script *u, struct kad_str text)
{
    for (const struct kad_phrase *p = u->phrases[hash(u, head_of(text))]; p; p = p->next)
        if (kad_str_eq(p->text, text) && (u->swedish ? p->swedish : p->english))
            return p;
    return NULL;
}

const char *kad_word_of(int token, bool swedish)
{
    for (size_t i = 0; i < N_WORDS; i++)
        if (words[i].token == token && words[i].english && words[i].swedish)
            return swedish ? words[i].swedish : words[i].english;
    return NULL;
}

const char *kad_word_second(int token, bool swedish)
{
    for (size_t i = 0; i < N_WORDS; i++)
        if (words[i].token == token && !(words[i].english && words[i].swedish) &&
            (words[i].swedish != NULL) == swedish)
            return swedish ? words[i].swedish : words[i].english;
    return kad_word_of(token, swedish);
}

/* --- nearest --- */

/* The text of as many words as the phrase has, from `at` on, on one line. */
static struct kad_span as_many(const struct kad_script *u, uint32_t at, struct kad_str phrase)
{
    struct kad_str text = u->src.text;
    size_t words_left = 1, i = at;
    for (size_t k = 0; k < phrase.n; k++)
        words_left += phrase.p[k] == ' ';
    while (words_left-- > 0) {
        size_t from = i + (i == at ? 0 : blanks_at(text, i));
        size_t to = from;
        if (from < text.n && text.p[from] >= '0' && text.p[from] <= '9')
            break; /* no word of the language has a figure */
        while (to < text.n &&
               (is_name_byte(text.p[to]) || text.p[to] == '-' || text.p[to] == '/') &&
               blanks_at(text, to) == 0)
            to++;
        if (to == from)
            break;
        i = to;
    }
    return (struct kad_span){at, (uint32_t)i};
}

int kad_words_near(const struct kad_script *u, struct kad_span span,
                   bool (*may)(const void *ctx, int token), const void *ctx,
                   struct kad_span *ret_span)
{
    int token = 0;
    unsigned best = SLIPS + 1;
    for (size_t i = 0; i < N_WORDS; i++) {
        const char *form = u->swedish ? words[i].swedish : words[i].english;
        if (!form || !may(ctx, words[i].token))
            continue;
        struct kad_str phrase = kad_str(form);
        struct kad_span there = as_many(u, span.from, phrase);
        struct kad_str found = kad_source_slice(&u->src, there);
        /* Short words are near to anything. */
        unsigned most = found.n < 2 ? 0 : phrase.n <= 3 ? 1 : SLIPS;
        unsigned d = kad_text_distance(found, phrase, most);
        /* Of two that are equally near, the longer explains more of the line. */
        if (d <= most && (d < best || (d == best && there.to > ret_span->to))) {
            best = d;
            token = words[i].token;
            *ret_span = there;
        }
    }
    return token;
}

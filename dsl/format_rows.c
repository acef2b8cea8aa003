/* How each kind of declaration is laid out: which words make a row, and which cells it has. */
#include "dsl/format_doc.h"
#include "dsl/parser.h"
#include "dsl/words.h"

#define DEEP (2 * KAD_FMT_INDENT)

/* Rows that stand in columns with the rows above them, when these are of the same sort. */
enum sort {
    SORT_NONE,
    SORT_ROLE,
    SORT_PARAM,
    SORT_EVENT,
    SORT_VALUE,
    SORT_MEMBER,
    SORT_FIELD,
    SORT_ATTRIBUTE,
    SORT_GUARD,
    SORT_WHEN,
    SORT_PHASE,
    SORT_STEP,
};

struct maker {
    struct kad_fmt_doc *doc;
    kad_fmt_rows *rows;
    enum sort sort; /* of the group that is open */
    size_t last;    /* its last row */
    int last_note;  /* of this declaration's notes, which are one group; -1: none */
};

static struct kad_fmt_word *word(const struct maker *m, size_t i)
{
    return &m->doc->v[i];
}

static bool is(const struct maker *m, size_t i, int token)
{
    return i < m->doc->n && m->doc->v[i].token == token;
}

static bool is_clause(const struct maker *m, size_t i, enum kad_clause_kind kind)
{
    return i < m->doc->n && m->doc->v[i].clause == (int)kind;
}

/* Where the clause or head that begins at i ends. */
static size_t end_of(const struct maker *m, size_t i)
{
    do
        i++;
    while (i < m->doc->n && word(m, i)->clause < 0 && word(m, i)->decl < 0);
    return i;
}

/* Directly behind the word before it, as far as comments and blank lines go? */
static bool is_close(const struct maker *m, size_t i)
{
    return word(m, i)->n_comments == 0 && word(m, i)->blanks == 0;
}

static bool fits(const struct maker *m, size_t from, size_t to, int indent)
{
    return !kad_fmt_is_broken(m->doc, from, to) &&
           indent + kad_fmt_width(m->doc, from, to) <= KAD_FMT_WIDTH;
}

/* --- rows --- */

static struct kad_fmt_row *row(struct maker *m, size_t from, size_t to, int indent)
{
    struct kad_fmt_row r = {.from = from, .to = to, .indent = indent, .hang = -1, .next = -1};
    r.first = true;
    r.n_cells = 1;
    r.cell[0] = from;
    r.cell[1] = to;
    kad_vec_push(m->doc->arena, m->rows, r);
    return &m->rows->v[m->rows->n - 1];
}

/* The row's next cell begins at the word; the same word twice is an empty cell. */
static void cell(struct kad_fmt_row *r, size_t at, int sep)
{
    kad_assert(r->n_cells < KAD_FMT_CELLS && at >= r->cell[r->n_cells - 1] && at <= r->to);
    r->cell[r->n_cells] = at;
    r->sep[r->n_cells] = sep;
    r->cell[++r->n_cells] = r->to;
}

static bool has_blank(const struct maker *m, size_t i)
{
    const struct kad_fmt_word *w = word(m, i);
    bool blank = w->blanks > 0;
    for (size_t k = 0; k < w->n_comments; k++)
        blank = blank || w->comments[k].blanks > 0;
    return blank;
}

/* Whether a list stands on one line depends on the language's words, blank lines in it must not. */
static void close_up(struct maker *m, size_t from, size_t to)
{
    for (size_t i = from + 1; i < to; i++) {
        word(m, i)->blanks = 0;
        for (size_t k = 0; k < word(m, i)->n_comments; k++)
            word(m, i)->comments[k].blanks = 0;
    }
}

static void link_to(struct maker *m, size_t before)
{
    size_t this = m->rows->n - 1;
    m->rows->v[before].next = (int)this;
    m->rows->v[this].first = false;
}

/* The row just made goes with those of its sort, unless a blank line stands between. */
static void join(struct maker *m, enum sort sort)
{
    size_t this = m->rows->n - 1;
    if (m->sort == sort && !has_blank(m, m->rows->v[this].from))
        link_to(m, m->last);
    m->sort = sort;
    m->last = this;
}

/* --- clauses of many declarations --- */

/* `source "…"`: the texts of a declaration stand under each other. */
static void keyword_row(struct maker *m, size_t i, size_t end)
{
    struct kad_fmt_row *r = row(m, i, end, KAD_FMT_INDENT);
    cell(r, i + 1, 1);
    r->strict = true;
    if (m->last_note >= 0)
        link_to(m, (size_t)m->last_note);
    m->last_note = (int)m->rows->n - 1;
}

static size_t plain_clause(struct maker *m, size_t i)
{
    size_t end = end_of(m, i);
    switch (word(m, i)->clause) {
    case KAD_C_LANGUAGE:
    case KAD_C_CALENDAR:
    case KAD_C_ZONE:
    case KAD_C_SOURCE:
    case KAD_C_READING:
    case KAD_C_QUESTION:
        keyword_row(m, i, end);
        break;
    default:
        (void)row(m, i, end, KAD_FMT_INDENT);
        break;
    }
    return end;
}

/* The short notes that stand right behind the clause that ends at i: they share its line. */
static size_t short_notes(struct maker *m, size_t i, bool review)
{
    size_t from = i;
    while (i < m->doc->n && is_close(m, i) &&
           (is_clause(m, i, KAD_C_SOURCE) || (review && is_clause(m, i, KAD_C_REVIEW_BY)))) {
        if (i > from)
            word(m, i)->gap = 2;
        i = end_of(m, i);
        if (!review)
            break;
    }
    return i;
}

/* --- choice, subject --- */

/* Names with or without labels, each beginning at `starts`: on one line if they fit; else those with
 * labels stand under each other, those without fill lines. */
struct names {
    size_t from, to; /* words, from the first name on */
    size_t head;     /* words of the row before the first name */
    bool labels;
    bool alone; /* each on a line of its own in any case */
};

static bool begins_name(const struct maker *m, const struct names *n, size_t i)
{
    return i < n->to && is(m, i, TOK_NAME) && (i + 1 >= n->to || !is(m, i + 1, '='));
}

static size_t next_name(const struct maker *m, const struct names *n, size_t i)
{
    do
        i++;
    while (i < n->to && !begins_name(m, n, i));
    return i;
}

static void names_rows(struct maker *m, struct names *n, enum sort sort)
{
    size_t first = n->from - n->head;
    int indent = KAD_FMT_INDENT;
    if (!n->alone)
        close_up(m, first, n->to);
    for (size_t i = n->from; i < n->to; i = next_name(m, n, i))
        n->labels = n->labels || is(m, i + 1, TOK_TEXT);
    for (size_t i = next_name(m, n, n->from); i < n->to; i = next_name(m, n, i)) {
        word(m, i)->gap = n->labels ? 2 : 1;
        word(m, i)->may_break = KAD_FMT_BETWEEN;
    }
    if (!n->alone && fits(m, first, n->to, indent)) {
        (void)row(m, first, n->to, indent);
        return;
    }
    if (!n->alone && !n->labels && !kad_fmt_is_broken(m->doc, first, n->to)) {
        struct kad_fmt_row *r = row(m, first, n->to, indent);
        r->flat = n->head == 0;
        r->hang = n->head ? (int)n->head : -1;
        return;
    }
    int deep = n->head ? indent + kad_fmt_width(m->doc, first, n->from) + 1 : indent;
    for (size_t i = n->from, end; i < n->to; i = end) {
        end = next_name(m, n, i);
        bool head = i == n->from && n->head > 0;
        struct kad_fmt_row *r = row(m, head ? first : i, end, head ? indent : deep);
        size_t label = i + 1 + (i + 1 < end && is(m, i + 1, TOK_TEXT));
        cell(r, i + 1, 1);
        cell(r, label, 2);
        for (size_t k = label + 3; k < end && r->n_cells < KAD_FMT_CELLS; k += 3)
            if (is(m, k + 1, '='))
                cell(r, k, 2);
        join(m, sort);
    }
}

static size_t choice_value(struct maker *m, size_t i, size_t end)
{
    struct names n = {.from = i, .to = i};
    while (n.to < end && (is_clause(m, n.to, KAD_C_VALUE) || is_clause(m, n.to, KAD_C_PROP))) {
        n.alone = n.alone || is_clause(m, n.to, KAD_C_PROP);
        n.to = end_of(m, n.to);
    }
    names_rows(m, &n, SORT_VALUE);
    return n.to;
}

static size_t subject_clause(struct maker *m, size_t i)
{
    size_t end = end_of(m, i);
    if (is_clause(m, i, KAD_C_ONE_OF)) {
        struct names n = {.from = i + 1, .to = end, .head = 1};
        names_rows(m, &n, SORT_MEMBER);
    } else if (is_clause(m, i, KAD_C_ATTRIBUTE)) {
        struct kad_fmt_row *r = row(m, i, end, KAD_FMT_INDENT);
        size_t is_at = i + 1 + is(m, i + 1, TOK_TEXT);
        cell(r, i + 1, 1);
        cell(r, is_at, 1);
        r->hang_cell = 2;
        r->hang = 1 + is(m, is_at + 1, TOK_LATEST);
        join(m, SORT_ATTRIBUTE);
    } else {
        return plain_clause(m, i);
    }
    return end;
}

/* --- param --- */

static size_t param_clause(struct maker *m, size_t i)
{
    if (!is_clause(m, i, KAD_C_AMOUNT))
        return plain_clause(m, i);
    size_t end = end_of(m, i), notes = short_notes(m, end, true);
    struct kad_fmt_row *r = row(m, i, notes, KAD_FMT_INDENT);
    if (notes > end) {
        cell(r, end, 2);
        r->drop = 1;
        r->drop_indent = KAD_FMT_INDENT;
    }
    return notes;
}

/* `param NAME "Label" of KIND = AMOUNTS`, and what shares its line. */
static size_t param_head(struct maker *m, size_t i, size_t head)
{
    bool amounts =
        is_clause(m, head, KAD_C_AMOUNT) && is(m, head, '=') && word(m, head)->n_comments == 0;
    size_t end = amounts ? end_of(m, head) : head;
    size_t notes = amounts ? short_notes(m, end, true) : head;
    struct kad_fmt_row *r = row(m, i, notes, 0);
    cell(r, i + 2 < head ? i + 2 : head, 1);
    cell(r, head, 1);
    cell(r, end, 2);
    r->hang_cell = 2;
    r->hang = 1;
    r->drop = 3;
    r->drop_indent = KAD_FMT_INDENT;
    join(m, SORT_PARAM);
    return notes;
}

/* --- event --- */

static void field_rows(struct maker *m, size_t from, size_t to, bool labels)
{
    bool broken = kad_fmt_is_broken(m->doc, from, to);
    close_up(m, from, to);
    if (!broken && (!labels || fits(m, from, to, KAD_FMT_INDENT))) {
        row(m, from, to, KAD_FMT_INDENT)->flat = true;
        return;
    }
    for (size_t i = from, end; i < to; i = end) {
        end = end_of(m, i);
        struct kad_fmt_row *r = row(m, i, end, KAD_FMT_INDENT);
        cell(r, i + 1, 1);
        cell(r, i + 1 + is(m, i + 1, TOK_TEXT), 1);
        join(m, SORT_FIELD);
    }
}

static size_t event_head(struct maker *m, size_t i, size_t head)
{
    size_t to = head;
    bool labels = false;
    while (is_clause(m, to, KAD_C_FIELD)) {
        labels = labels || is(m, to + 1, TOK_TEXT);
        to = end_of(m, to);
    }
    bool one_line = !labels && fits(m, i, to, 1);
    struct kad_fmt_row *r = row(m, i, one_line ? to : head, 0);
    size_t of = i + 2 + is(m, i + 2, TOK_TEXT);
    cell(r, i + 2, 1);
    cell(r, of < r->to ? of : r->to, 1);
    cell(r, head, 2);
    r->drop = 3;
    r->drop_indent = KAD_FMT_INDENT;
    r->flat = true;
    if (labels)
        m->sort = SORT_NONE;
    else
        join(m, SORT_EVENT);
    if (!one_line && to > head)
        field_rows(m, head, to, labels);
    if (labels)
        m->sort = SORT_NONE;
    return to;
}

/* --- at, task, cadence, duty --- */

static size_t guard(struct maker *m, size_t i)
{
    if (!is_clause(m, i, KAD_C_GUARD))
        return plain_clause(m, i);
    size_t end = end_of(m, i), notes = short_notes(m, end, false), otherwise = i;
    while (!is(m, otherwise, TOK_OTHERWISE))
        otherwise++;
    struct kad_fmt_row *r = row(m, i, notes, KAD_FMT_INDENT);
    cell(r, otherwise, 2);
    cell(r, end, 2);
    r->drop = 1;
    r->drop_indent = DEEP;
    r->together = r->strict = true;
    join(m, SORT_GUARD);
    return notes;
}

static void when_row(struct maker *m, size_t i, size_t end)
{
    size_t due = i;
    while (!is(m, due, TOK_DUE))
        due++;
    struct kad_fmt_row *r = row(m, i, end, KAD_FMT_INDENT);
    cell(r, due, 2);
    r->drop = 1;
    r->drop_indent = DEEP;
    join(m, SORT_WHEN);
}

static void phase_row(struct maker *m, size_t i, size_t end)
{
    size_t events = i, division;
    while (!is(m, events, TOK_NAME))
        events++;
    for (division = events; is(m, division, TOK_NAME) || is(m, division, TOK_OR);)
        division++;
    struct kad_fmt_row *r = row(m, i, end, KAD_FMT_INDENT);
    cell(r, events, 2);
    cell(r, division, 1);
    join(m, SORT_PHASE);
}

static size_t rule_clause(struct maker *m, size_t i)
{
    size_t end = end_of(m, i);
    if (is_clause(m, i, KAD_C_WHEN))
        when_row(m, i, end);
    else if (is_clause(m, i, KAD_C_PHASE))
        phase_row(m, i, end);
    else
        return plain_clause(m, i);
    return end;
}

/* `duty NAME "Label" for each KIND where …` on one line if it fits. */
static size_t rule_head(struct maker *m, size_t i, size_t head)
{
    bool each = is_clause(m, head, KAD_C_FOR_EACH) && word(m, head)->n_comments == 0;
    size_t end = each ? end_of(m, head) : head;
    struct kad_fmt_row *r = row(m, i, end, 0);
    if (each) {
        cell(r, head, 1);
        r->drop = 1;
        r->drop_indent = KAD_FMT_INDENT;
    }
    return end;
}

/* --- example --- */

static void step_row(struct maker *m, size_t i, size_t end)
{
    struct kad_fmt_row *r = row(m, i, end, KAD_FMT_INDENT);
    size_t rest = i + 2 + (is(m, i + 2, TOK_OF) && i + 2 < end ? 2 : 0);
    cell(r, rest, 2);
    for (size_t k = rest; k < end && r->n_cells < KAD_FMT_CELLS; k++)
        if (is(m, k, TOK_RECORDED) || is(m, k, TOK_REFUSED))
            cell(r, k, 2);
    r->hang_cell = 1;
    r->hang = 0;
    r->drop = 2;
    r->drop_indent = DEEP;
    join(m, SORT_STEP);
}

static size_t example_clause(struct maker *m, size_t i)
{
    size_t end = end_of(m, i);
    if (is_clause(m, i, KAD_C_STEP)) {
        step_row(m, i, end);
    } else if (is_clause(m, i, KAD_C_EXPECT) && is(m, i, TOK_ON)) {
        word(m, i + 2)->gap = 2;
        (void)row(m, i, end, KAD_FMT_INDENT);
    } else if (is_clause(m, i, KAD_C_EXPECT)) {
        /* Under the one whose day it shares. */
        int on = (int)kad_utf8_width(kad_str(kad_word_of(TOK_ON, m->doc->swedish)));
        (void)row(m, i, end, KAD_FMT_INDENT + on + 1 + (int)strlen("2021-01-31") + 2);
    } else {
        return plain_clause(m, i);
    }
    return end;
}

/* --- declarations --- */

static size_t make_head(struct maker *m, size_t i, size_t head, int decl)
{
    switch (decl) {
    case KAD_D_ROLE:
        cell(row(m, i, head, 0), i + 2 < head ? i + 2 : head, 1);
        join(m, SORT_ROLE);
        return head;
    case KAD_D_PARAM:
        return param_head(m, i, head);
    case KAD_D_EVENT:
        return event_head(m, i, head);
    case KAD_D_TASK:
    case KAD_D_CADENCE:
    case KAD_D_DUTY:
        return rule_head(m, i, head);
    default:
        (void)row(m, i, head, 0);
        return head;
    }
}

static size_t make_clause(struct maker *m, size_t i, size_t end, int decl)
{
    switch (decl) {
    case KAD_D_CHOICE:
        if (is_clause(m, i, KAD_C_VALUE) || is_clause(m, i, KAD_C_PROP))
            return choice_value(m, i, end);
        return plain_clause(m, i);
    case KAD_D_PARAM:
        return param_clause(m, i);
    case KAD_D_SUBJECT:
        return subject_clause(m, i);
    case KAD_D_AT:
        return guard(m, i);
    case KAD_D_TASK:
    case KAD_D_CADENCE:
    case KAD_D_DUTY:
        return rule_clause(m, i);
    case KAD_D_EXAMPLE:
        return example_clause(m, i);
    default:
        return plain_clause(m, i);
    }
}

void kad_fmt_rows_make(struct kad_fmt_doc *doc, kad_fmt_rows *ret)
{
    struct maker m = {.doc = doc, .rows = ret};
    for (size_t i = 0; i < doc->n;) {
        size_t end = i + 1;
        int decl = doc->v[i].decl;
        while (end < doc->n && doc->v[end].decl < 0)
            end++;
        /* Those that fit a line stand in columns with their like. */
        if (decl != KAD_D_ROLE && decl != KAD_D_PARAM && decl != KAD_D_EVENT)
            m.sort = SORT_NONE;
        m.last_note = -1;
        i = make_head(&m, i, end_of(&m, i), decl);
        while (i < end)
            i = make_clause(&m, i, end, decl);
    }
}

/* Inside of doc: the page as blocks, which the two writers lay out; the words that all parts share;
 * and the parts. Strings live in the page's arena and have a NUL behind them.
 *
 * What a policy calls something stands between KAD_DOC_NAME and KAD_DOC_NAME_END: italics in HTML,
 * quotes in text. The policy's own texts cannot hold these signs, since they come in by kad_doc_safe. */
#ifndef KAD_DSL_DOC_PAGE_H
#define KAD_DSL_DOC_PAGE_H

#include "core/policy.h"

#define KAD_DOC_NAME "\x01"
#define KAD_DOC_NAME_END "\x02"
#define KAD_DOC_NAME_SIGN '\x01'
#define KAD_DOC_NAME_END_SIGN '\x02'

enum kad_block_kind {
    KAD_B_HEAD,   /* text; level 2 or 3; id */
    KAD_B_PARA,   /* text */
    KAD_B_NOTE,   /* small print: text */
    KAD_B_ITEM,   /* of a list: lead (with link, either may be empty), text */
    KAD_B_NUMBER, /* of a numbered list: number, id, text, and lead with link behind it */
    KAD_B_TERM,   /* lead: text */
    KAD_B_SEE,    /* readings `number` to `last` are about this */
    KAD_B_TABLE,  /* cells */
    KAD_B_RULE,   /* two columns begin: what the rule says ... */
    KAD_B_SOURCE, /* ... what it rests on ... */
    KAD_B_END,    /* ... and end */
};
struct kad_block {
    enum kad_block_kind kind;
    int level, number, last;
    const char *id, *link, *lead, *text;
    size_t columns;
    kad_vec(const char *) cells; /* row by row; the first row is the head; '\n' breaks a line */
};
struct kad_page {
    struct kad_arena arena;
    const struct kad_policy *p;
    kad_vec(struct kad_block) blocks;
    struct kad_doc_reading { /* a reading and the declaration it stands in */
        struct kad_str text;
        int line;
        const char *about, *link;
    } * readings;
    size_t n_readings;
};

/* --- blocks: doc_page.c --- */

struct kad_block *kad_page_add(struct kad_page *g, enum kad_block_kind kind, const char *text);
void kad_page_head(struct kad_page *g, int level, const char *id, const char *text);
void kad_page_item(struct kad_page *g, const char *lead, const char *link, const char *text);
void kad_page_term(struct kad_page *g, const char *lead, const char *text);
struct kad_block *kad_page_table(struct kad_page *g, size_t columns);
void kad_page_cell(struct kad_page *g, struct kad_block *table, const char *text);
/* Where the readings in these lines of the file are found, if there are any. */
void kad_page_see(struct kad_page *g, int from, int to);
/* The source column: the document's place and the rule's line. The rule's end is the caller's. */
void kad_page_source(struct kad_page *g, struct kad_str source, int line);

/* --- words: doc_page.c, doc_words.c --- */

/* printf into the arena: the format is a translated sentence, its arguments made by these functions. */
const char *kad_doc_f(struct kad_page *g, const char *fmt, ...) KAD_PRINTF(2, 3);
const char *kad_doc_safe(struct kad_page *g, struct kad_str s);
const char *kad_doc_name(struct kad_page *g, struct kad_str label, struct kad_str name);
const char *kad_doc_event(struct kad_page *g, int event);
const char *kad_doc_task(struct kad_page *g, int task);
/* "a, b and c", "a, b or c". */
enum kad_doc_and { KAD_DOC_AND, KAD_DOC_OR };
const char *kad_doc_list(struct kad_page *g, const char *const *v, size_t n, enum kad_doc_and how);
const char *kad_doc_join(struct kad_page *g, const char *const *v, size_t n, const char *between);
const char *kad_doc_day(struct kad_page *g, kad_day day); /* "13 December 2013" */
const char *kad_doc_value(struct kad_page *g, struct kad_value v, enum kad_type type, int ref);
const char *kad_doc_count(struct kad_page *g, int32_t n, enum kad_unit unit); /* "three months" */
const char *kad_doc_times(struct kad_page *g, int32_t n); /* "once", "two times" */
/* "three months after", "the same day", "two weeks before NAME"; `kind` has the attribute. */
const char *kad_doc_offset(struct kad_page *g, int kind, const struct kad_offset *o);
const char *kad_doc_phase_when(struct kad_page *g,
                               const struct kad_phase *p); /* "Months 4 and 5" */
const char *kad_doc_phase_often(struct kad_page *g, const struct kad_phase *p); /* "every week" */
const char *kad_doc_cycle(struct kad_page *g, const struct kad_cycle *c); /* "every half-year" */
/* What kinds are called in "for each ...". */
const char *kad_doc_kind(struct kad_page *g, int kind);

/* --- conditions: doc_condition.c --- */

/* A condition that sees `kind`'s attributes and `event`'s fields (-1: none), as part of a sentence. */
const char *kad_doc_condition(struct kad_page *g, int kind, const struct kad_expr *x);
const char *kad_doc_operand(struct kad_page *g, int kind, const struct kad_expr *x);
/* "Discharge, if Reason is Work": one trigger, or several joined by "or". */
const char *kad_doc_trigger(struct kad_page *g, int kind, const struct kad_trigger *t);
const char *kad_doc_triggers(struct kad_page *g, int kind, const struct kad_triggers *t);

/* --- the parts of the page --- */

void kad_doc_guards(struct kad_page *g); /* doc_rules.c */
void kad_doc_tasks(struct kad_page *g);
void kad_doc_cadences(struct kad_page *g);
void kad_doc_duties(struct kad_page *g);
void kad_doc_attributes(struct kad_page *g); /* doc_facts.c */
void kad_doc_events(struct kad_page *g);
void kad_doc_choices(struct kad_page *g);
void kad_doc_params(struct kad_page *g);

/* --- the writers --- */

/* `title` is the policy's. */
void kad_page_put_html(struct kad_buf *b, const struct kad_page *g, const char *title);
void kad_page_put_text(struct kad_buf *b, const struct kad_page *g, const char *title);

#endif

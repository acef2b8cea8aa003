/* The page as blocks, and what every part of it needs. */
#include "dsl/doc_page.h"

struct kad_block *kad_page_add(struct kad_page *g, enum kad_block_kind kind, const char *text)
{
    struct kad_block block = {.kind = kind, .id = "", .link = "", .lead = "", .text = text};
    kad_vec_push(&g->arena, &g->blocks, block);
    return &g->blocks.v[g->blocks.n - 1];
}

void kad_page_head(struct kad_page *g, int level, const char *id, const char *text)
{
    struct kad_block *b = kad_page_add(g, KAD_B_HEAD, text);
    b->level = level;
    b->id = id;
}

void kad_page_item(struct kad_page *g, const char *lead, const char *link, const char *text)
{
    struct kad_block *b = kad_page_add(g, KAD_B_ITEM, text);
    b->lead = lead;
    b->link = link;
}

void kad_page_term(struct kad_page *g, const char *lead, const char *text)
{
    kad_page_add(g, KAD_B_TERM, text)->lead = lead;
}

struct kad_block *kad_page_table(struct kad_page *g, size_t columns)
{
    struct kad_block *b = kad_page_add(g, KAD_B_TABLE, "");
    b->columns = columns;
    return b;
}

void kad_page_cell(struct kad_page *g, struct kad_block *table, const char *text)
{
    kad_vec_push(&g->arena, &table->cells, text);
}

void kad_page_see(struct kad_page *g, int from, int to)
{
    struct kad_block *see = NULL;
    for (size_t i = 0; i < g->n_readings; i++) {
        if (g->readings[i].line < from || g->readings[i].line >= to)
            continue;
        if (!see) {
            see = kad_page_add(g, KAD_B_SEE, "");
            see->number = (int)i + 1;
        }
        see->last = (int)i + 1; /* they stand in the order of their lines */
    }
}

void kad_page_source(struct kad_page *g, struct kad_str source, int line)
{
    kad_page_add(g, KAD_B_SOURCE,
                 source.n > 0 ? kad_doc_safe(g, source) : _("the rule names none"));
    kad_page_add(g, KAD_B_NOTE, kad_doc_f(g, _("Line %d of the rule file"), line));
}

/* --- words --- */

const char *kad_doc_f(struct kad_page *g, const char *fmt, ...)
{
    struct kad_buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    kad_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    const char *s = kad_arena_strdup(&g->arena, kad_buf_str(&b));
    kad_buf_done(&b);
    return s;
}

const char *kad_doc_safe(struct kad_page *g, struct kad_str s)
{
    struct kad_buf b = {0};
    kad_text_put_safe(&b, s);
    const char *safe = kad_arena_strdup(&g->arena, kad_buf_str(&b));
    kad_buf_done(&b);
    return safe;
}

const char *kad_doc_name(struct kad_page *g, struct kad_str label, struct kad_str name)
{
    return kad_doc_f(g, KAD_DOC_NAME "%s" KAD_DOC_NAME_END,
                     kad_doc_safe(g, label.n > 0 ? label : name));
}

const char *kad_doc_event(struct kad_page *g, int event)
{
    const struct kad_event_type *e = &g->p->events[event];
    return kad_doc_name(g, e->label, e->name);
}

const char *kad_doc_task(struct kad_page *g, int task)
{
    const struct kad_task *t = &g->p->tasks[task];
    return kad_doc_name(g, t->label, t->name);
}

const char *kad_doc_kind(struct kad_page *g, int kind)
{
    const struct kad_kind *k = &g->p->kinds[kind];
    return kad_doc_name(g, k->label, k->name);
}

const char *kad_doc_join(struct kad_page *g, const char *const *v, size_t n, const char *between)
{
    struct kad_buf b = {0};
    for (size_t i = 0; i < n; i++) {
        kad_buf_puts(&b, i ? between : "");
        kad_buf_puts(&b, v[i]);
    }
    const char *s = kad_arena_strdup(&g->arena, kad_buf_str(&b));
    kad_buf_done(&b);
    return s;
}

const char *kad_doc_list(struct kad_page *g, const char *const *v, size_t n, enum kad_doc_and how)
{
    if (n <= 1)
        return n ? v[0] : "";
    const char *s = kad_doc_join(g, v, n - 1, ", ");
    return kad_doc_f(g, how == KAD_DOC_AND ? _("%s and %s") : _("%s or %s"), s, v[n - 1]);
}

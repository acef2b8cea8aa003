#include "tests/unit/dump.h"

static void put_ident(struct kad_buf *b, const char *what, struct kad_ident x)
{
    if (x.name.p)
        kad_buf_printf(b, " %s=[%.*s]", what, KAD_STR_FMT(x.name));
}

static void put_literal(struct kad_buf *b, const char *what, struct kad_literal l)
{
    if (l.type != KAD_T_NONE || l.num || l.str.p)
        kad_buf_printf(b, " %s=(%d %lld [%.*s] %d)", what, (int)l.type, (long long)l.num,
                       KAD_STR_FMT(l.str), (int)l.per);
}

static void put_node(struct kad_buf *b, const struct kad_node *x)
{
    if (!x)
        return;
    kad_buf_printf(b, " {%d", (int)x->kind);
    put_ident(b, "a", x->a);
    put_ident(b, "b", x->b);
    put_literal(b, "is", x->literal);
    kad_buf_printf(b, " %u%s", x->states, x->bracketed ? " ()" : "");
    /* `a and b` is a list as well. */
    if (x->list.n == 0 || x->kind == KAD_N_IN)
        put_node(b, x->left);
    put_node(b, x->list.n == 0 ? x->right : NULL);
    put_node(b, x->third);
    for (size_t i = 0; i < x->list.n; i++)
        put_node(b, x->list.v[i]);
    kad_buf_putc(b, '}');
}

static void put_clause(struct kad_buf *b, const struct kad_clause *c, int depth);

/* Members may stand in one list or on lines of their own. */
static void put_members(struct kad_buf *b, const struct kad_clause *c)
{
    for (size_t i = 0; i < c->kids.n; i++) {
        kad_buf_puts(b, "  member");
        put_ident(b, "name", c->kids.v[i]->name);
        put_ident(b, "text", c->kids.v[i]->text);
        kad_buf_putc(b, '\n');
    }
}

static void put_numbers(struct kad_buf *b, const struct kad_clause *c)
{
    kad_buf_printf(b, " n=%d day=%d due=%d/%d/%d", c->n, c->day, c->due.n, (int)c->due.unit,
                   c->due.before);
    put_ident(b, "due", c->due.attribute);
    kad_buf_printf(b, " phase=%d/%d-%d/%d/%d", (int)c->phase.unit, c->phase.first, c->phase.last,
                   (int)c->phase.division, c->phase.n);
    kad_buf_printf(b, " cycle=%d/%x/%d/%d/%d", (int)c->cycle.period, c->cycle.months,
                   c->cycle.weeks, c->cycle.from, c->cycle.times);
    kad_buf_printf(b, " told=%d/%d", (int)c->told, c->not_told);
    kad_buf_printf(b, " flags=%d%d%d%d%d step=%d to=%d recorded=%d state=%d known=%d", c->has_range,
                   c->is_private, c->optional, c->no, c->late, (int)c->step, c->moved_to,
                   c->recorded, c->state, c->known);
}

static void put_clause(struct kad_buf *b, const struct kad_clause *c, int depth)
{
    if (c->kind == KAD_C_LANGUAGE)
        return;
    if (c->kind == KAD_C_ONE_OF || c->kind == KAD_C_MEMBER) {
        put_members(b, c);
        return;
    }
    kad_buf_printf(b, "%*s%d type=%d", 2 * depth, "", (int)c->kind, (int)c->type);
    put_ident(b, "name", c->name);
    put_ident(b, "field", c->field);
    put_ident(b, "text", c->text);
    if (c->kind != KAD_C_FIELD || c->type == KAD_T_NONE)
        put_ident(b, "of", c->of);
    put_ident(b, "refused", c->refused);
    for (size_t i = 0; i < c->names.n; i++)
        put_ident(b, "names", c->names.v[i]);
    put_literal(b, "value", c->value);
    put_literal(b, "low", c->low);
    put_literal(b, "high", c->high);
    put_numbers(b, c);
    put_node(b, c->where);
    kad_buf_putc(b, '\n');
    for (size_t i = 0; i < c->kids.n; i++)
        put_clause(b, c->kids.v[i], depth + 1);
}

void dump_tree(struct kad_buf *b, const struct kad_script *u)
{
    for (size_t i = 0; i < u->decls.n; i++) {
        const struct kad_decl *d = u->decls.v[i];
        kad_buf_printf(b, "decl %d", (int)d->kind);
        put_ident(b, "name", d->name);
        put_ident(b, "text", d->text);
        put_ident(b, "of", d->of);
        kad_buf_putc(b, '\n');
        for (size_t k = 0; k < d->clauses.n; k++)
            put_clause(b, d->clauses.v[k], 1);
    }
}

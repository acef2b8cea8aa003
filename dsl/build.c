#include "dsl/build.h"

#include "core/limits.h"
#include "dsl/syntax.h"

/* An example is derived anew for each of its lines. */
#define EXAMPLE_LINES 1000

/* What is written by hand is never that long; what a program makes must not hold the compiler up. */
static void count_parts(struct kad_script *u, size_t n, struct kad_span at)
{
    size_t most = u->open && u->open->kind == KAD_D_EXAMPLE ? EXAMPLE_LINES : KAD_LIMIT_RULE_DECLS;
    if (n <= most || u->stopped)
        return;
    (void)kad_report(u->diags, &u->src, at, KAD_K_TOO_MANY_LINES,
                     kad_arena_printf(u->arena, "%zu", most));
    u->stopped = true;
}

static struct kad_clause *make(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at)
{
    struct kad_clause *c = kad_arena_new(u->arena, struct kad_clause);
    c->kind = kind;
    c->span = at;
    c->day = c->moved_to = c->recorded = KAD_DAY_NONE;
    c->state = -1;
    return c;
}

void kad_missing_comma(struct kad_script *u, struct kad_span before)
{
    struct kad_str word = kad_source_slice(&u->src, before);
    struct kad_diag *r =
        kad_report(u->diags, &u->src, before, KAD_K_COMMA_MISSING, kad_str_dup(u->arena, word).p);
    uint32_t at = before.from;
    while (at > 0 && (u->src.text.p[at - 1] == ' ' || u->src.text.p[at - 1] == '\t'))
        at--;
    if (at > 0 && u->src.text.p[at - 1] != '\n')
        kad_mend(u->diags, &u->src, r, (struct kad_span){at, at}, KAD_STR(","));
}

/* --- declarations --- */

void kad_open_of(struct kad_script *u, enum kad_decl_kind kind, struct kad_span at,
                 struct kad_ident name, struct kad_ident text, struct kad_ident of)
{
    struct kad_decl *d = kad_arena_new(u->arena, struct kad_decl);
    *d = (struct kad_decl){
        .kind = kind, .span = at, .name = name, .text = text, .of = of, .index = -1};
    kad_vec_push(u->arena, &u->decls, d);
    u->open = d;
    u->recovered = false;
}

void kad_open(struct kad_script *u, enum kad_decl_kind kind, struct kad_span at,
              struct kad_ident name, struct kad_ident text)
{
    kad_open_of(u, kind, at, name, text, kad_no_ident(at));
}

void kad_put(struct kad_script *u, struct kad_clause *c)
{
    u->recovered = false;
    if (!c || !u->open)
        return;
    kad_vec_push(u->arena, &u->open->clauses, c);
    count_parts(u, u->open->clauses.n, c->span);
}

void kad_put_field(struct kad_script *u, struct kad_clause *c, bool comma)
{
    if (!comma && !u->recovered)
        kad_missing_comma(u, c->name.span);
    kad_put(u, c);
}

/* --- names and values --- */

struct kad_ident kad_no_ident(struct kad_span at)
{
    return (struct kad_ident){.span = {at.to, at.to}};
}

struct kad_ident kad_soft(struct kad_script *u, struct kad_span at)
{
    kad_lex_excuse(u, at);
    if (u->keep)
        kad_vec_push(u->arena, &u->softs, at);
    return (struct kad_ident){.name = kad_str_dup(u->arena, kad_source_slice(&u->src, at)),
                              .span = at};
}

struct kad_literal kad_negative(struct kad_span at, struct kad_literal l)
{
    l.num = -l.num;
    l.span = at;
    return l;
}

struct kad_literal kad_literal_yesno(struct kad_span at, bool yes)
{
    return (struct kad_literal){.type = KAD_T_YESNO, .num = yes, .span = at};
}

struct kad_literal kad_literal_text(struct kad_span at, struct kad_ident text)
{
    return (struct kad_literal){.type = KAD_T_TEXT, .str = text.name, .span = at};
}

struct kad_literal kad_literal_name(struct kad_ident name)
{
    return (struct kad_literal){.type = KAD_T_NONE, .str = name.name, .span = name.span};
}

kad_day kad_day_of_literal(struct kad_literal l)
{
    return (kad_day)l.num;
}

int32_t kad_whole(struct kad_script *u, struct kad_literal l, int32_t least)
{
    int64_t n = l.num / KAD_MICRO;
    if (l.num % KAD_MICRO == 0 && n >= least && n <= 9999)
        return (int32_t)n;
    (void)kad_report(u->diags, &u->src, l.span, KAD_K_NOT_WHOLE, least == 0 ? "0" : "1");
    return least;
}

/* --- clauses --- */

struct kad_clause *kad_text_clause(struct kad_script *u, enum kad_clause_kind kind,
                                   struct kad_span at, struct kad_ident text)
{
    struct kad_clause *c = make(u, kind, at);
    c->text = text;
    return c;
}

struct kad_clause *kad_day_clause(struct kad_script *u, enum kad_clause_kind kind,
                                  struct kad_span at, struct kad_literal day)
{
    struct kad_clause *c = make(u, kind, at);
    c->day = (kad_day)day.num;
    c->day_span = day.span;
    return c;
}

struct kad_clause *kad_name_clause(struct kad_script *u, enum kad_clause_kind kind,
                                   struct kad_span at, struct kad_ident name)
{
    struct kad_clause *c = make(u, kind, at);
    c->name = name;
    return c;
}

struct kad_clause *kad_number_clause(struct kad_script *u, enum kad_clause_kind kind,
                                     struct kad_span at, int32_t n)
{
    struct kad_clause *c = make(u, kind, at);
    c->n = n;
    return c;
}

struct kad_clause *kad_labelled(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at,
                                struct kad_ident name, struct kad_ident text)
{
    struct kad_clause *c = kad_name_clause(u, kind, at, name);
    c->text = text;
    return c;
}

struct kad_clause *kad_assign(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at,
                              struct kad_ident name, struct kad_literal value)
{
    struct kad_clause *c = kad_name_clause(u, kind, at, name);
    c->value = value;
    return c;
}

struct kad_clause *kad_list_of(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at,
                               struct kad_clause *first)
{
    struct kad_clause *c = make(u, kind, at);
    kad_vec_push(u->arena, &c->kids, first);
    return c;
}

struct kad_clause *kad_list_add(struct kad_script *u, struct kad_clause *list,
                                struct kad_clause *item, bool comma)
{
    if (!comma) {
        struct kad_span first = item->span;
        if (item->name.name.p && item->name.span.from == first.from)
            first = item->name.span;
        kad_missing_comma(u, first);
    }
    list->span.to = item->span.to;
    kad_vec_push(u->arena, &list->kids, item);
    count_parts(u, list->kids.n, item->span);
    return list;
}

struct kad_clause *kad_amount(struct kad_script *u, struct kad_span at, struct kad_ident member,
                              struct kad_literal value, int32_t per)
{
    value.per = (enum kad_per)per;
    return kad_assign(u, KAD_C_AMOUNT, at, member, value);
}

struct kad_clause *kad_dated(struct kad_span at, struct kad_clause *amounts,
                             const struct kad_literal *from)
{
    amounts->span = at;
    if (from) {
        amounts->day = (kad_day)from->num;
        amounts->day_span = from->span;
    }
    return amounts;
}

struct kad_clause *kad_attribute(struct kad_span at, struct kad_ident name, struct kad_ident label,
                                 struct kad_clause *def)
{
    def->kind = KAD_C_ATTRIBUTE;
    def->span = at;
    def->name = name;
    def->text = label;
    return def;
}

struct kad_clause *kad_computed(struct kad_script *u, struct kad_span at, struct kad_node *expr)
{
    struct kad_clause *c = make(u, KAD_C_ATTRIBUTE, at);
    c->where = expr;
    return c;
}

struct kad_clause *kad_item_field(struct kad_script *u, struct kad_span at, struct kad_ident event,
                                  struct kad_ident field, struct kad_node *where)
{
    struct kad_clause *c = kad_name_clause(u, KAD_C_ITEM_FIELD, at, event);
    c->field = field;
    c->where = where;
    return c;
}

struct kad_clause *kad_item_value(struct kad_script *u, struct kad_span at,
                                  struct kad_literal value, struct kad_ident event,
                                  struct kad_node *where)
{
    struct kad_clause *c = kad_name_clause(u, KAD_C_ITEM_VALUE, at, event);
    c->value = value;
    c->where = where;
    return c;
}

struct kad_clause *kad_item_otherwise(struct kad_script *u, struct kad_span at,
                                      struct kad_literal value)
{
    struct kad_clause *c = make(u, KAD_C_ITEM_OTHERWISE, at);
    c->value = value;
    return c;
}

struct kad_clause *kad_modifiers(struct kad_script *u, struct kad_span at)
{
    return make(u, KAD_C_FIELD, at);
}

static void said_twice(struct kad_script *u, struct kad_span at)
{
    struct kad_str word = kad_source_slice(&u->src, at);
    (void)kad_report(u->diags, &u->src, at, KAD_K_SAID_TWICE, kad_str_dup(u->arena, word).p);
}

struct kad_clause *kad_modify(struct kad_script *u, struct kad_clause *m, struct kad_span at,
                              bool is_private)
{
    bool *flag = is_private ? &m->is_private : &m->optional;
    if (*flag)
        said_twice(u, at);
    *flag = true;
    return m;
}

struct kad_clause *kad_range(struct kad_script *u, struct kad_clause *m, struct kad_span from,
                             struct kad_span to, struct kad_literal low, struct kad_literal high)
{
    if (m->has_range)
        said_twice(u, from);
    m->has_range = true;
    m->low = low;
    m->high = high;
    m->n_span = (struct kad_span){from.from, to.to};
    return m;
}

struct kad_clause *kad_field(struct kad_script *u, struct kad_span at, struct kad_ident name,
                             struct kad_ident label, int32_t type, struct kad_span type_at,
                             struct kad_clause *modifiers)
{
    modifiers->span = at;
    modifiers->name = name;
    modifiers->text = label;
    modifiers->type = (enum kad_type)type;
    modifiers->of = (struct kad_ident){
        .name = kad_str_dup(u->arena, kad_source_slice(&u->src, type_at)), .span = type_at};
    return modifiers;
}

struct kad_clause *kad_guard(struct kad_script *u, struct kad_span at, bool require,
                             struct kad_node *condition, struct kad_ident message)
{
    struct kad_clause *c = kad_text_clause(u, KAD_C_GUARD, at, message);
    c->n = require;
    c->where = condition;
    return c;
}

struct kad_clause *kad_not_yet(struct kad_script *u, struct kad_span at, struct kad_ident word)
{
    (void)kad_report(u->diags, &u->src, at, KAD_K_CLAUSE_NOT_YET, word.name.p);
    return kad_name_clause(u, KAD_C_LATER, at, word);
}

/* --- conditions --- */

static int depth_of(const struct kad_node *x)
{
    return x ? x->depth : 0;
}

struct kad_node *kad_node(struct kad_script *u, struct kad_span at, enum kad_node_kind kind,
                          struct kad_node *left, struct kad_node *right)
{
    /* `a and b and c` is one list, so that a long one is not deep. */
    if ((kind == KAD_N_AND || kind == KAD_N_OR) && left->kind == kind && !left->bracketed) {
        kad_vec_push(u->arena, &left->list, right);
        left->span = at;
        if (depth_of(right) >= left->depth)
            left->depth = depth_of(right) + 1;
        return left;
    }
    struct kad_node *x = kad_arena_new(u->arena, struct kad_node);
    *x = (struct kad_node){.kind = kind, .span = at, .left = left, .right = right};
    if (kind == KAD_N_AND || kind == KAD_N_OR) {
        kad_vec_push(u->arena, &x->list, left);
        kad_vec_push(u->arena, &x->list, right);
    }
    int l = depth_of(left), r = depth_of(right);
    x->depth = 1 + (l > r ? l : r);
    if (x->depth > 4 * KAD_LIMIT_NESTING && !u->stopped) {
        kad_syntax_too_deep(u, at);
        u->stopped = true;
    }
    return x;
}

struct kad_node *kad_literal_node(struct kad_script *u, struct kad_span at, struct kad_literal l)
{
    struct kad_node *x = kad_node(u, at, KAD_N_LITERAL, NULL, NULL);
    x->literal = l;
    return x;
}

struct kad_node *kad_name_node(struct kad_script *u, struct kad_span at, struct kad_ident name)
{
    struct kad_node *x = kad_node(u, at, KAD_N_NAME, NULL, NULL);
    x->a = name;
    return x;
}

struct kad_node *kad_dotted(struct kad_script *u, struct kad_span at, struct kad_ident a,
                            struct kad_ident b)
{
    struct kad_node *x = kad_node(u, at, KAD_N_DOTTED, NULL, NULL);
    x->a = a;
    x->b = b;
    return x;
}

struct kad_node *kad_is_state(struct kad_script *u, struct kad_span at, struct kad_node *left,
                              int32_t state)
{
    struct kad_node *x = kad_node(u, at, KAD_N_IS_STATE, left, NULL);
    x->states = 1u << state;
    return x;
}

struct kad_node *kad_from_to(struct kad_script *u, struct kad_span at, struct kad_node *value,
                             struct kad_node *low, struct kad_node *high)
{
    struct kad_node *x = kad_node(u, at, KAD_N_FROM_TO, value, low);
    x->third = high;
    return x;
}

struct kad_node *kad_node_list(struct kad_script *u, struct kad_span at, struct kad_node *first)
{
    struct kad_node *x = kad_node(u, at, KAD_N_IN, first, NULL);
    x->left = NULL;
    kad_vec_push(u->arena, &x->list, first);
    return x;
}

struct kad_node *kad_node_list_add(struct kad_script *u, struct kad_node *list, struct kad_node *x,
                                   bool comma)
{
    if (!comma)
        kad_missing_comma(u, x->span);
    kad_vec_push(u->arena, &list->list, x);
    return list;
}

struct kad_node *kad_in(struct kad_span at, struct kad_node *x, struct kad_node *list)
{
    list->left = x;
    list->span = at;
    return list;
}

struct kad_node *kad_count(struct kad_script *u, struct kad_span at, struct kad_ident event,
                           struct kad_node *where)
{
    struct kad_node *x = kad_node(u, at, KAD_N_COUNT, where, NULL);
    x->a = event;
    return x;
}

struct kad_node *kad_bracketed(struct kad_span at, struct kad_node *x)
{
    x->bracketed = true;
    x->span = at;
    return x;
}

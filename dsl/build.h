/* Making the tree: what the grammar's actions call, one call each. Names follow the grammar's. A
 * clause that comes to nothing is NULL, and putting NULL is fine. */
#ifndef KAD_DSL_BUILD_H
#define KAD_DSL_BUILD_H

#include "dsl/script.h"

/* --- declarations --- */
void kad_open(struct kad_script *u, enum kad_decl_kind kind, struct kad_span at,
              struct kad_ident name, struct kad_ident text);
void kad_open_of(struct kad_script *u, enum kad_decl_kind kind, struct kad_span at,
                 struct kad_ident name, struct kad_ident text, struct kad_ident of);
/* Into the declaration that is open. */
void kad_put(struct kad_script *u, struct kad_clause *c);
void kad_put_field(struct kad_script *u, struct kad_clause *c, bool comma);

/* A comma is missing before what stands there. */
void kad_missing_comma(struct kad_script *u, struct kad_span before);

/* --- names and values --- */
struct kad_ident kad_no_ident(struct kad_span at);
struct kad_ident kad_soft(struct kad_script *u, struct kad_span at);
struct kad_literal kad_negative(struct kad_span at, struct kad_literal l);
struct kad_literal kad_literal_yesno(struct kad_span at, bool yes);
struct kad_literal kad_literal_text(struct kad_span at, struct kad_ident text);
struct kad_literal kad_literal_name(struct kad_ident name);
kad_day kad_day_of_literal(struct kad_literal l);
/* A whole number of at least `least` and at most 9999; else a message, and `least`. */
int32_t kad_whole(struct kad_script *u, struct kad_literal l, int32_t least);

/* --- clauses --- */
struct kad_clause *kad_text_clause(struct kad_script *u, enum kad_clause_kind kind,
                                   struct kad_span at, struct kad_ident text);
struct kad_clause *kad_day_clause(struct kad_script *u, enum kad_clause_kind kind,
                                  struct kad_span at, struct kad_literal day);
struct kad_clause *kad_name_clause(struct kad_script *u, enum kad_clause_kind kind,
                                   struct kad_span at, struct kad_ident name);
struct kad_clause *kad_number_clause(struct kad_script *u, enum kad_clause_kind kind,
                                     struct kad_span at, int32_t n);
struct kad_clause *kad_labelled(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at,
                                struct kad_ident name, struct kad_ident text);
struct kad_clause *kad_assign(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at,
                              struct kad_ident name, struct kad_literal value);
struct kad_clause *kad_list_of(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at,
                               struct kad_clause *first);
/* `comma`: one stands before the item, or none is needed. */
struct kad_clause *kad_list_add(struct kad_script *u, struct kad_clause *list,
                                struct kad_clause *item, bool comma);
struct kad_clause *kad_amount(struct kad_script *u, struct kad_span at, struct kad_ident member,
                              struct kad_literal value, int32_t per);
struct kad_clause *kad_dated(struct kad_span at, struct kad_clause *amounts,
                             const struct kad_literal *from);
struct kad_clause *kad_attribute(struct kad_span at, struct kad_ident name, struct kad_ident label,
                                 struct kad_clause *def);
struct kad_clause *kad_computed(struct kad_script *u, struct kad_span at, struct kad_node *expr);
struct kad_clause *kad_item_field(struct kad_script *u, struct kad_span at, struct kad_ident event,
                                  struct kad_ident field, struct kad_node *where);
struct kad_clause *kad_item_value(struct kad_script *u, struct kad_span at,
                                  struct kad_literal value, struct kad_ident event,
                                  struct kad_node *where);
struct kad_clause *kad_item_otherwise(struct kad_script *u, struct kad_span at,
                                      struct kad_literal value);
struct kad_clause *kad_modifiers(struct kad_script *u, struct kad_span at);
struct kad_clause *kad_modify(struct kad_script *u, struct kad_clause *m, struct kad_span at,
                              bool is_private);
struct kad_clause *kad_range(struct kad_script *u, struct kad_clause *m, struct kad_span from,
                             struct kad_span to, struct kad_literal low, struct kad_literal high);
/* type NONE: the name that stands at type_at. */
struct kad_clause *kad_field(struct kad_script *u, struct kad_span at, struct kad_ident name,
                             struct kad_ident label, int32_t type, struct kad_span type_at,
                             struct kad_clause *modifiers);
struct kad_clause *kad_guard(struct kad_script *u, struct kad_span at, bool require,
                             struct kad_node *condition, struct kad_ident message);
struct kad_clause *kad_not_yet(struct kad_script *u, struct kad_span at, struct kad_ident word);

/* --- rules --- */
struct kad_clause *kad_names(struct kad_script *u, struct kad_span at, struct kad_ident first);
struct kad_clause *kad_names_add(struct kad_script *u, struct kad_clause *c, struct kad_ident name,
                                 bool comma);
struct kad_clause *kad_condition(struct kad_clause *c, struct kad_node *where);
struct kad_clause *kad_triggers(struct kad_span at, enum kad_clause_kind kind,
                                struct kad_clause *c);
struct kad_clause *kad_from_every(struct kad_span at, struct kad_clause *c);
struct kad_clause *kad_due(struct kad_script *u, struct kad_span at, const struct kad_literal *n,
                           int32_t unit, bool before, struct kad_ident attribute);
struct kad_clause *kad_when(struct kad_span at, struct kad_clause *triggers,
                            struct kad_clause *due);
/* Of a reminder or an escalation: n days of `unit` from the due day. */
struct kad_clause *kad_notice(struct kad_script *u, enum kad_clause_kind kind, struct kad_span at,
                              struct kad_ident role, struct kad_literal n, int32_t unit);
struct kad_clause *kad_steps(struct kad_script *u, struct kad_span at, enum kad_unit unit,
                             struct kad_literal first, const struct kad_literal *last);
struct kad_clause *kad_division(struct kad_script *u, struct kad_span at,
                                enum kad_division division, int32_t n);
struct kad_clause *kad_phase(struct kad_span at, struct kad_clause *range,
                             struct kad_clause *events, struct kad_clause *division);
struct kad_clause *kad_extended(struct kad_script *u, struct kad_span at, struct kad_ident event,
                                struct kad_ident field, struct kad_ident done, int32_t times);
struct kad_clause *kad_for_each(struct kad_script *u, struct kad_span at, struct kad_ident kind,
                                struct kad_node *where);
struct kad_clause *kad_cycle(struct kad_script *u, struct kad_span at, enum kad_period period,
                             const struct kad_clause *months, bool except);
struct kad_clause *kad_cycle_weeks(struct kad_script *u, struct kad_span at, struct kad_literal n,
                                   struct kad_literal from);
struct kad_clause *kad_months(struct kad_script *u, struct kad_span at, int32_t month);
struct kad_clause *kad_months_add(struct kad_clause *c, int32_t month);
struct kad_clause *kad_every(struct kad_span at, struct kad_clause *cycle, int32_t times);

/* --- conditions --- */
struct kad_node *kad_node(struct kad_script *u, struct kad_span at, enum kad_node_kind kind,
                          struct kad_node *left, struct kad_node *right);
struct kad_node *kad_literal_node(struct kad_script *u, struct kad_span at, struct kad_literal l);
struct kad_node *kad_name_node(struct kad_script *u, struct kad_span at, struct kad_ident name);
struct kad_node *kad_dotted(struct kad_script *u, struct kad_span at, struct kad_ident a,
                            struct kad_ident b);
struct kad_node *kad_is_state(struct kad_script *u, struct kad_span at, struct kad_node *left,
                              int32_t state);
struct kad_node *kad_from_to(struct kad_script *u, struct kad_span at, struct kad_node *x,
                             struct kad_node *low, struct kad_node *high);
struct kad_node *kad_node_list(struct kad_script *u, struct kad_span at, struct kad_node *first);
struct kad_node *kad_node_list_add(struct kad_script *u, struct kad_node *list, struct kad_node *x,
                                   bool comma);
struct kad_node *kad_in(struct kad_span at, struct kad_node *x, struct kad_node *list);
struct kad_node *kad_count(struct kad_script *u, struct kad_span at, struct kad_ident event,
                           struct kad_node *where);
struct kad_node *kad_bracketed(struct kad_span at, struct kad_node *x);

/* --- examples --- */
struct kad_clause *kad_step(struct kad_span at, enum kad_step_kind kind, struct kad_literal day,
                            struct kad_ident event, struct kad_ident of, struct kad_clause *assigns,
                            struct kad_clause *tail);
struct kad_clause *kad_moved(struct kad_clause *step, struct kad_literal to);
struct kad_clause *kad_tail(struct kad_script *u, struct kad_span at);
struct kad_clause *kad_tail_recorded(struct kad_clause *tail, struct kad_literal day);
struct kad_clause *kad_tail_refused(struct kad_clause *tail, struct kad_ident text);
struct kad_clause *kad_expect_none(struct kad_script *u, struct kad_span at, struct kad_ident a,
                                   struct kad_ident b, struct kad_ident of, kad_day due);
/* What is expected of a task: its enum kad_state with the first bit or without, or one of the others. */
#define KAD_OUTCOME_LATE 0x100
#define KAD_OUTCOME_REMINDED 0x200
#define KAD_OUTCOME_ESCALATED 0x400
#define KAD_OUTCOME_NOT 0x800 /* of the two before */
struct kad_clause *kad_expect_task(struct kad_script *u, struct kad_span at, struct kad_ident a,
                                   struct kad_ident b, struct kad_ident of, kad_day due,
                                   int32_t outcome);
/* known: 0 the value, 1 is known, -1 is unknown. */
struct kad_clause *kad_expect_value(struct kad_script *u, struct kad_span at, struct kad_ident name,
                                    struct kad_ident of, const struct kad_literal *value,
                                    int known);
struct kad_clause *kad_expect_on(struct kad_span at, struct kad_clause *c,
                                 const struct kad_literal *day);

#endif

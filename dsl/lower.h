/* From the tree to the policy: names are resolved, types checked, tables made. What cannot be resolved
 * is reported once and then counts as "nothing known of it" (type KAD_T_NONE, index -1, a NULL
 * expression), about which nothing more is said. */
#ifndef KAD_DSL_LOWER_H
#define KAD_DSL_LOWER_H

#include "dsl/certain.h"
#include "dsl/script.h"

/* Name spaces of their own. */
enum kad_space {
    KAD_SP_ROLE = 1,
    KAD_SP_CHOICE,
    KAD_SP_PARAM,
    KAD_SP_KIND,
    KAD_SP_EVENT,
    KAD_SP_RULE,
    KAD_SP_TASK,
};
/* Which name stands for what, for all name spaces. */
struct kad_names {
    struct kad_named {
        enum kad_space space; /* 0: free */
        struct kad_str name;
        int index;
        uint32_t at; /* where it was declared */
    } *v;
    size_t n, cap; /* a power of two */
};

/* What the compiler knows of an attribute beside its table entry. */
struct kad_attr_info {
    const struct kad_clause *clause; /* NULL: a param read as an attribute */
    enum { KAD_ATTR_UNTOUCHED = 0, KAD_ATTR_BEGUN, KAD_ATTR_READY } stage;
};

struct kad_lower {
    struct kad_script *u;
    struct kad_policy *p;
    struct kad_arena *a;           /* the policy's */
    const struct kad_decl **kinds; /* by index in the policy's tables; NULL: not declared */
    const struct kad_decl **choices, **events, **rules, **params;
    struct kad_attr_info **attrs; /* [kind][attribute] */
    struct kad_names names;
    bool *choice_used, *param_used;
    kad_vec(struct kad_placed { /* where each condition and part of one stands in the text */
        const struct kad_expr *x;
        struct kad_span span;
    }) placed;
    struct kad_certain certain;
    const struct kad_decl *policy_decl;
    bool wants_working_days; /* some rule counts or moves to working days */
    struct kad_span working_span;
};

/* Whom a condition is about and what it sees. */
struct kad_scope {
    int kind;  /* of subject; -1: not known */
    int event; /* in sight; -1: none */
};

/* The type that a bare name is held against. */
struct kad_want {
    enum kad_type type;
    int ref;
};

/* --- lower.c --- */
/* The tree as a policy; NULL when there are errors. */
struct kad_policy *kad_lower(struct kad_script *u, struct kad_str original);

/* --- names.c --- */
#define kad_say(l, ...) kad_report((l)->u->diags, &(l)->u->src, __VA_ARGS__)
/* "line 12" of messages that point at a second place: the number. */
const char *kad_line_of(struct kad_lower *l, uint32_t at);
const char *kad_count_text(struct kad_lower *l, int32_t n);
const char *kad_text_at(struct kad_lower *l, struct kad_span span);
int kad_line_no(const struct kad_lower *l, struct kad_span at);
const char *kad_keyword(const struct kad_lower *l, int token);

/* The name nearest to one that is not known. */
struct kad_near {
    struct kad_str wanted, best;
    unsigned distance; /* only what is nearer is better */
    size_t ends;       /* of one with the same stem: how long the two ends are */
};
struct kad_near kad_near_to(const struct kad_lower *l, struct kad_str wanted);
void kad_near_try(struct kad_near *n, struct kad_str name);
void kad_near_choice(struct kad_near *n, const struct kad_choice *c); /* its values, by label too */
void kad_near_members(struct kad_near *n, const struct kad_kind *k);
/* Puts "did you mean" and the corrected line to the message, if something is near. */
void kad_near_say(struct kad_lower *l, struct kad_diag *r, const struct kad_near *n,
                  struct kad_span span);

const struct kad_named *kad_name_get(const struct kad_names *t, enum kad_space space,
                                     struct kad_str name);
void kad_name_put(struct kad_lower *l, struct kad_named entry);

/* Look-ups that complain; -1 when there is none (or it stands in a declaration with a mistake). */
int kad_find_event(struct kad_lower *l, const struct kad_ident *name);
/* ... and the event is of this kind of subject (-1: of any). */
int kad_find_event_of(struct kad_lower *l, const struct kad_ident *name, int kind);
/* Reports the commas that are missing in a list of events, or two words that are one event's name;
 * the list as it was meant. */
kad_idents kad_event_list(struct kad_lower *l, const kad_idents *names);
int kad_find_field(struct kad_lower *l, int event, const struct kad_ident *name);
int kad_find_kind(struct kad_lower *l, const struct kad_ident *name);
int kad_find_attribute(struct kad_lower *l, int kind, const struct kad_ident *name);
/* a or a.b; the task is about this kind (-1: any). */
int kad_find_task(struct kad_lower *l, const struct kad_ident *a, const struct kad_ident *b,
                  int kind);

/* "a number", "a date": for messages. */
const char *kad_type_said(struct kad_lower *l, enum kad_type type, int ref);
/* What a literal or bare name is, held against a type; false: it does not fit (said). */
bool kad_value_of(struct kad_lower *l, const struct kad_literal *lit, struct kad_want want,
                  struct kad_value *ret);

/* --- declare.c: every name in its table --- */
void kad_declare(struct kad_lower *l);
/* --- typing.c: fields, params, attributes --- */
void kad_type_fields(struct kad_lower *l);
void kad_lower_params(struct kad_lower *l);
void kad_lower_attributes(struct kad_lower *l);
/* The attribute's type is known afterwards (KAD_T_NONE if it cannot be). */
void kad_attr_ready(struct kad_lower *l, int kind, int attribute);
/* --- condition.c --- */
/* A condition; NULL when it has a mistake or there is none. */
const struct kad_expr *kad_lower_condition(struct kad_lower *l, const struct kad_node *x,
                                           struct kad_scope scope);
/* A value of any type. */
const struct kad_expr *kad_lower_value(struct kad_lower *l, const struct kad_node *x,
                                       struct kad_scope scope);
/* --- rules.c --- */
/* Whom each rule is about; before conditions can ask for tasks. */
void kad_rule_subjects(struct kad_lower *l);
void kad_lower_guards(struct kad_lower *l);
void kad_lower_rules(struct kad_lower *l);
/* --- phases.c --- */
void kad_lower_phases(struct kad_lower *l, struct kad_rule *r, const struct kad_decl *d);
/* --- check.c: what concerns the policy as a whole --- */
void kad_check_whole(struct kad_lower *l);
/* --- warn.c: what can be used, but can hardly be meant; of a policy without errors --- */
void kad_warn_whole(struct kad_lower *l);
/* --- warn_notice.c: the reminders and escalations of a rule (its index) --- */
void kad_warn_notices(struct kad_lower *l, size_t rule);

#endif

/* A policy text as it was read: declarations made of clauses, in file order. One shape of clause
 * serves them all; what each kind fills in is said beside its name. Everything lies in the unit's
 * arena, and names have a NUL behind them.
 */
#ifndef KAD_DSL_AST_H
#define KAD_DSL_AST_H

#include "core/policy.h"
#include "dsl/source.h"

/* A name, or a text in quotes, and where it stands. p is NULL where none is given. */
struct kad_ident {
    struct kad_str name;
    struct kad_span span;
    bool no_comma; /* one of a list, and no comma stands before it */
};
typedef kad_vec(struct kad_ident) kad_idents;

/* A value as written. NONE: a bare name, whose meaning depends on what it is held against. */
struct kad_literal {
    enum kad_type type;
    int64_t num;        /* as in struct kad_value */
    struct kad_str str; /* TEXT, or the name */
    enum kad_per per;
    struct kad_span span;
};

enum kad_node_kind {
    KAD_N_LITERAL, /* literal; a bare name is KAD_N_NAME */
    KAD_N_NAME,    /* a */
    KAD_N_DOTTED,  /* a.b */
    KAD_N_NOT,     /* left */
    KAD_N_AND,
    KAD_N_OR,
    KAD_N_IS, /* left is right */
    KAD_N_IS_NOT,
    KAD_N_IS_STATE, /* left is a state: `states` */
    KAD_N_AT_LEAST,
    KAD_N_AT_MOST,
    KAD_N_BEFORE,
    KAD_N_AFTER,
    KAD_N_FROM_TO, /* left from right to third */
    KAD_N_IN,      /* left in (list) */
    KAD_N_KNOWN,   /* left */
    KAD_N_UNKNOWN,
    KAD_N_HAPPENED,
    KAD_N_YEARS,
    KAD_N_COUNT, /* count of a [where left] */
    KAD_N_ADD,
    KAD_N_SUB,
};

struct kad_node {
    enum kad_node_kind kind;
    struct kad_span span;
    struct kad_ident a, b;
    struct kad_literal literal;
    unsigned states;
    struct kad_node *left, *right, *third;
    kad_vec(struct kad_node *) list;
    bool bracketed; /* stands in parentheses of its own */
    int depth;
};

enum kad_clause_kind {
    KAD_C_LANGUAGE,       /* name */
    KAD_C_CALENDAR,       /* name */
    KAD_C_ZONE,           /* text */
    KAD_C_ISSUE_AT,       /* n: minutes after midnight */
    KAD_C_SOURCE,         /* text */
    KAD_C_READING,        /* text */
    KAD_C_QUESTION,       /* text */
    KAD_C_REVIEW_BY,      /* day */
    KAD_C_RUNNING,        /* n: enum kad_running */
    KAD_C_CLOSED,         /* day */
    KAD_C_VALUE,          /* of a choice: name, text (label); kids: C_PROP */
    KAD_C_PROP,           /* name = value */
    KAD_C_AMOUNT,         /* of a param: [name (member)] value; day: from */
    KAD_C_ONE_OF,         /* name, text: the first member */
    KAD_C_MEMBER,         /* name, text: the next ones, and a line that lacks its `is` */
    KAD_C_BEGINS,         /* name */
    KAD_C_ATTRIBUTE,      /* name, text (label); kids: C_ITEM…, or where: the expression */
    KAD_C_ITEM_FIELD,     /* name.field [where] */
    KAD_C_ITEM_VALUE,     /* value after name [where] */
    KAD_C_ITEM_OTHERWISE, /* value */
    KAD_C_FIELD,          /* name, text (label), type or of; low, high; flags */
    KAD_C_GUARD,          /* where; text (message); require in n; kids: notes */
    KAD_C_WHEN,           /* names [where]; due */
    KAD_C_DUE,            /* due */
    KAD_C_DONE_BY,        /* names [where] */
    KAD_C_UNTIL,          /* names [where] */
    KAD_C_FROM,           /* names [where]; n: from every */
    KAD_C_FOR,            /* name */
    KAD_C_MOVED,          /* n: enum kad_move */
    KAD_C_CLOSES,         /* n days; -1: never */
    KAD_C_REMIND,         /* due: n days or working days before */
    KAD_C_ESCALATE,       /* name: a role; due: n days or working days after */
    KAD_C_PHASE,          /* names; phase; n_span */
    KAD_C_EXTENDED,       /* name.field; of: the event done; n times a month */
    KAD_C_FOR_EACH,       /* name [where] */
    KAD_C_EVERY,          /* cycle */
    KAD_C_BY_DATE,        /* day */
    KAD_C_STEP,           /* of an example: see below */
    KAD_C_ASSIGN,         /* name value */
    KAD_C_EXPECT,         /* of an example: see below */
    KAD_C_LATER,          /* name: a clause that is not there yet */
    KAD_C_BROKEN,
};

/* `N UNIT after`, `N UNIT before ATTRIBUTE`, `the same day` (n 0, days). */
struct kad_due {
    int32_t n;
    enum kad_unit unit;
    bool before;
    struct kad_ident attribute;
    struct kad_span span;
};

/* Of an expectation: has somebody been told of the task, by a reminder or an escalation? */
enum kad_told { KAD_TOLD_UNASKED = 0, KAD_TOLD_REMINDED, KAD_TOLD_ESCALATED };

enum kad_step_kind { KAD_STEP_EVENT = 0, KAD_STEP_CORRECT, KAD_STEP_WITHDRAW };

struct kad_clause {
    enum kad_clause_kind kind;
    struct kad_span span;
    struct kad_ident name, field, text;
    struct kad_ident of; /* a type's name; the subject of an example's line */
    enum kad_type type;  /* of a field; NONE: the name in `of` */
    kad_idents names;
    struct kad_node *where;
    struct kad_literal value, low, high;
    bool has_range, is_private, optional;
    bool comma; /* a comma stands before it */
    int32_t n;
    struct kad_span n_span;
    kad_day day;
    struct kad_span day_span;
    struct kad_due due;
    struct kad_phase phase;
    struct kad_cycle cycle;
    kad_vec(struct kad_clause *) kids;
    /* STEP: `day name [of] kids…`, then: */
    enum kad_step_kind step;
    kad_day moved_to, recorded; /* KAD_DAY_NONE: not said */
    struct kad_ident refused;
    /* EXPECT: `on day expect name[.field] [of] …`: a task with its `due` day (moved_to) and state, or
     * none of it (`no`), or whether it was told of, or an attribute's value; `known`: 1 is known, -1 is unknown. */
    bool no, late, not_told;
    enum kad_told told;
    int state; /* enum kad_state, -1: none */
    int known;
};
typedef kad_vec(struct kad_clause *) kad_clauses;

enum kad_decl_kind {
    KAD_D_POLICY,  /* name, text */
    KAD_D_ROLE,    /* name, text */
    KAD_D_CHOICE,  /* name, text */
    KAD_D_PARAM,   /* name, text, of; clauses AMOUNT */
    KAD_D_SUBJECT, /* name, text */
    KAD_D_EVENT,   /* name, text, of; clauses FIELD */
    KAD_D_AT,      /* name; clauses GUARD */
    KAD_D_TASK,    /* name, text */
    KAD_D_CADENCE, /* name, text */
    KAD_D_DUTY,    /* name, text */
    KAD_D_EXAMPLE, /* text */
};

struct kad_decl {
    enum kad_decl_kind kind;
    struct kad_span span; /* of its first line's words */
    struct kad_ident name, text, of;
    kad_clauses clauses;
    bool broken; /* a mistake stands in it: what it lacks is not complained of */
    int index;   /* in the policy's table once resolved; -1: not */
};
typedef kad_vec(struct kad_decl *) kad_decls;

#endif

/* A compiled policy: immutable tables that derivation walks. The language (dsl/) makes one from
 * text; core never sees text but through the kad_compile_fn it is given. Everything lives in the
 * policy's own arena and ends with kad_policy_free. Indices stay valid for the policy's life; -1 is
 * "none". Strings have a NUL behind them.
 * Source: language.md, "What it means, exactly".
 */
#ifndef KAD_CORE_POLICY_H
#define KAD_CORE_POLICY_H

#include "core/value.h"

/* --- conditions and values: a small tree, typed by the checker --- */

enum kad_op {
    KAD_X_CONST,     /* value */
    KAD_X_FIELD,     /* index: field of the event in sight, of type `event` */
    KAD_X_ATTR,      /* index: attribute of the subject's kind */
    KAD_X_PARAM,     /* index: param without `of KIND` (those of a kind are attributes) */
    KAD_X_HAPPENED,  /* event: has one happened in the story so far */
    KAD_X_COUNT,     /* event, args[0] (may be NULL): how many have happened, fields in sight */
    KAD_X_PROP,      /* args[0] is a choice; index: the choice's property */
    KAD_X_TASK_IS,   /* index: task; states: bit set of enum kad_state */
    KAD_X_NOT,       /* args[0] */
    KAD_X_AND,       /* args[0..n) */
    KAD_X_OR,        /* args[0..n) */
    KAD_X_EQ,        /* args[0], args[1] of one type */
    KAD_X_AT_LEAST,  /* args[0] >= args[1] */
    KAD_X_AT_MOST,   /* args[0] <= args[1] */
    KAD_X_BEFORE,    /* dates: args[0] < args[1] */
    KAD_X_AFTER,     /* dates: args[0] > args[1] */
    KAD_X_BETWEEN,   /* args[1] <= args[0] <= args[2] */
    KAD_X_IN,        /* args[0] equals one of args[1..n) */
    KAD_X_IS_KNOWN,  /* args[0] */
    KAD_X_IS_UNKNOWN,/* args[0] */
    KAD_X_YEARS,     /* whole years since args[0] (a date), a number */
    KAD_X_ADD,       /* args[0] + args[1], numbers of one type */
    KAD_X_SUB,       /* args[0] - args[1] */
};

struct kad_expr {
    enum kad_op op;
    enum kad_type type; /* of the result; conditions are KAD_T_YESNO */
    int ref;            /* CHOICE: choice index, SUBJECT: kind index, else -1 */
    int index, event;
    unsigned states;
    struct kad_value value;
    const struct kad_expr **args;
    size_t n_args;
    int line, column;
    struct kad_str text; /* as the file writes it, blanks folded: for messages */
};

/* An event that does something: `employment`, `discharge where reason in (work, studies)`. The
 * condition sees the event's own fields. NULL: always. */
struct kad_trigger {
    int event;
    const struct kad_expr *where;
};
struct kad_triggers {
    struct kad_trigger *v;
    size_t n;
};

/* --- what is declared --- */

struct kad_role {
    struct kad_str name, label;
};

struct kad_choice_value {
    struct kad_str name, label;
    struct kad_value *props; /* one for each property of the choice; unknown where not given */
};
struct kad_choice {
    struct kad_str name, label;
    struct kad_choice_value *values; /* in the order written: `at least` compares by it */
    size_t n_values;
    struct kad_prop {
        struct kad_str name;
        enum kad_type type; /* NUMBER, PERCENT, MONEY, YESNO or TEXT */
    } *props;
    size_t n_props;
};

enum kad_per { KAD_PER_NONE = 0, KAD_PER_YEAR, KAD_PER_MONTH };
struct kad_param {
    struct kad_str name, label, source;
    enum kad_type type;
    enum kad_per per; /* money `a year`, `a month` */
    int kind;         /* `of KIND`: index of the kind, else -1 */
    struct kad_param_value {
        kad_day from;   /* KAD_DAY_MIN: from the beginning */
        int member;     /* of the kind; -1 without `of` */
        struct kad_value value;
    } *values; /* sorted by (member, from) */
    size_t n_values;
    kad_day review_by; /* KAD_DAY_NONE: none */
    int line;
};

struct kad_field_def {
    struct kad_str name, label; /* label is the name where none is written */
    enum kad_type type;
    int ref; /* CHOICE: choice, SUBJECT: kind */
    bool is_private, optional, has_range;
    int64_t low, high; /* micro or days, both included */
    int line;
};
struct kad_event_type {
    struct kad_str name, label;
    int kind; /* whose events these are */
    struct kad_field_def *fields;
    size_t n_fields;
    bool derived; /* some attribute, task or guard names it */
    int line;
};

struct kad_attr_item {
    struct kad_trigger after; /* the event that sets it */
    int field;                /* the value is this field of the event; -1: it is `value` */
    struct kad_value value;
};
struct kad_attribute {
    struct kad_str name, label; /* label is the name where none is written */
    enum kad_type type;
    int ref;
    struct kad_attr_item *items; /* tried in this order for each event, newest event first */
    size_t n_items;
    struct kad_value otherwise;   /* before any; unknown when not written */
    const struct kad_expr *expr;  /* `= EXPRESSION`: then no items */
    int param;                    /* `param of KIND` read as an attribute: its index, else -1 */
    bool is_private;              /* made of a private field, wholly or in part */
    int line;
};

enum kad_shape { KAD_KIND_FREE = 0, KAD_KIND_ONE_OF, KAD_KIND_PROGRAMME };
struct kad_kind {
    struct kad_str name, label;
    enum kad_shape shape;
    struct kad_member {
        struct kad_str name, label;
    } *members; /* ONE_OF only */
    size_t n_members;
    int begins_with;      /* the only event that may be the first; -1: any */
    struct kad_attribute *attributes; /* computed ones never before what they need */
    size_t n_attributes;
    int unit_attribute; /* the attribute called `unit`, or -1 */
    int line;
};
#define KAD_PROGRAMME "programme" /* the kind that is always there, and its one subject's key */

struct kad_guard {
    int event;
    bool require; /* else expect: noted, never refused */
    const struct kad_expr *condition;
    struct kad_str message, source;
    int line;
};

/* --- tasks --- */

enum kad_state {
    KAD_S_UPCOMING = 0,
    KAD_S_OPEN,
    KAD_S_OVERDUE,
    KAD_S_DONE,
    KAD_S_MISSED,
    KAD_S_UNTOLD,
    KAD_S_DROPPED,
    KAD_S_WAIVED,
    KAD_S_WITHDRAWN,
    KAD_S__COUNT
};
const char *kad_state_name(enum kad_state s); /* "open": the word of JSON and of the language */
/* What people read: "open", "öppen"; in the running language. */
const char *kad_state_label(enum kad_state s);
int kad_state_of(struct kad_str name);        /* -1 for a stranger */

enum kad_running { KAD_RUNNING_UNSAID = 0, KAD_RUNNING_FOLLOW, KAD_RUNNING_KEEP };

/* `3 months after`, `the same day` (n 0, days), `5 days before ATTRIBUTE` (attribute >= 0). */
struct kad_offset {
    int32_t n;
    enum kad_unit unit;
    int attribute; /* counted from this date of the subject, read at the opening; -1: from the anchor */
};

struct kad_when {
    struct kad_trigger trigger;
    struct kad_offset due;
    int line;
};

struct kad_phase_def {
    struct kad_phase shape;
    int task; /* index in policy->tasks */
    int line;
};

/* `remind 14 days before due`, `escalate to manager 5 working days after due`. */
enum kad_notice_kind { KAD_NOTICE_REMIND = 0, KAD_NOTICE_ESCALATE };
struct kad_notice_def {
    enum kad_notice_kind kind;
    int32_t n;          /* 0 .. KAD_LIMIT_NOTICE_DAYS; an escalation is at least 1 after */
    enum kad_unit unit; /* KAD_U_DAY or KAD_U_WORKING_DAY */
    int role;           /* ESCALATE: index in policy->roles; else -1 */
    int line;
};

enum kad_closes { KAD_CLOSES_DEFAULT = 0, KAD_CLOSES_AFTER_DUE, KAD_CLOSES_NEVER };
enum kad_rule_kind { KAD_RULE_TASK = 0, KAD_RULE_CADENCE, KAD_RULE_DUTY };

struct kad_rule {
    enum kad_rule_kind kind;
    struct kad_str name, label, source, reading;
    int line;
    int subject; /* kind of subject it concerns */
    enum kad_running running; /* its own clause; UNSAID: the policy's */
    struct kad_triggers until;
    /* whose list: the attribute of that name of the subject's kind, else the role so declared */
    int owner_attribute, owner_role; /* at most one >= 0; both -1 when the rule says no `for` */
    enum kad_move move;
    enum kad_closes closes;
    int32_t closes_days;
    struct kad_notice_def *notices; /* in the order written; what they come to: core/notice.h */
    size_t n_notices;

    /* task: the first `when` whose trigger holds decides */
    struct kad_when *whens;
    size_t n_whens;

    /* cadence */
    struct kad_triggers from;
    bool from_every; /* runs go side by side */
    struct kad_phase_def *phases; /* in the order of their first step */
    size_t n_phases;
    struct kad_extension {
        struct kad_trigger trigger;
        int field;   /* the date it names; -1: the cadence has no extension */
        int32_t times; /* a month */
        int task;
        int line;
    } extension;

    /* duty */
    const struct kad_expr *where; /* as of the opening day; NULL: everyone */
    bool by_date;                 /* `no later than DATE`: one instance */
    kad_day date;
    struct kad_cycle cycle;
    bool has_due;                 /* `due N … after`: opens the day after the period, never closes */
    struct kad_offset due;
};

/* A task is what has instances and is done. A `task` or `duty` rule has one, by its own name; a
 * cadence one for each first event of its phases, named CADENCE.EVENT and labelled as the event. */
struct kad_task {
    struct kad_str name, label;
    int rule;
    struct kad_triggers done_by;
};

struct kad_note {
    struct kad_str text;
    int line;
};

struct kad_policy {
    struct kad_arena arena;
    struct kad_str name, label, source;
    struct kad_str text;         /* the whole file as compiled */
    bool swedish;                /* `language sv`: the keywords of the file */
    struct kad_calendar calendar;
    struct kad_str zone;         /* tz database name */
    enum kad_running running;    /* never UNSAID in a policy that checks */
    kad_day review_by;
    int32_t issue_at;            /* minutes after midnight; 360 unless said */

    struct kad_role *roles;             size_t n_roles;
    struct kad_choice *choices;         size_t n_choices;
    struct kad_param *params;           size_t n_params;
    struct kad_kind *kinds;             size_t n_kinds; /* `programme` is always among them */
    struct kad_event_type *events;      size_t n_events;
    uint16_t *event_index;              size_t n_event_index; /* kad_policy_index; NULL: none */
    struct kad_guard *guards;           size_t n_guards; /* in file order */
    struct kad_rule *rules;             size_t n_rules;
    struct kad_task *tasks;             size_t n_tasks;
    struct kad_note *questions;         size_t n_questions;
    struct kad_note *readings;          size_t n_readings;
    struct kad_review {                 /* every `review by`, the policy's own included */
        kad_day by;
        struct kad_str what;
        int line;
    } *reviews;                         size_t n_reviews;

    void *compiled_by; /* the language's own tables (examples), freed with the arena */
};

void kad_policy_free(struct kad_policy *p); /* NULL is fine */

/* Make the index of event names, which every event of every story is looked up in; when all events
 * are in their table. Without it the look-up walks the table. */
void kad_policy_index(struct kad_policy *p);

/* Look-ups by name; -1 when there is none. */
int kad_policy_event(const struct kad_policy *p, struct kad_str name);
int kad_policy_kind(const struct kad_policy *p, struct kad_str name);
int kad_policy_task(const struct kad_policy *p, struct kad_str name);
int kad_policy_role(const struct kad_policy *p, struct kad_str name);
int kad_policy_param(const struct kad_policy *p, struct kad_str name);
int kad_kind_attribute(const struct kad_kind *k, struct kad_str name);
int kad_kind_member(const struct kad_kind *k, struct kad_str name);
int kad_event_field(const struct kad_event_type *e, struct kad_str name);
int kad_choice_value(const struct kad_choice *c, struct kad_str name);

/* The value of a param on a day (and for a member of its kind); unknown before its first. */
struct kad_value kad_param_on(const struct kad_param *p, int member, kad_day day);
/* What people see for a value of this type: the choice's or member's label, else as
 * kad_value_put_pretty. */
void kad_policy_put_value(struct kad_buf *b, const struct kad_policy *p, struct kad_value v,
                          enum kad_type type, int ref);
/* A stored value as this policy sees it: choice and subject indices filled in (-1: not known to
 * it); a value of another type than declared becomes unknown. */
struct kad_value kad_policy_bind(const struct kad_policy *p, struct kad_value stored,
                                 enum kad_type type, int ref);
/* "2021-06-01", "75 %", "37,5", "anna", "ja": a value as a person types it on the command line or
 * in an example, read for this field. Percent without % sign is a fraction when `json`, else per
 * cent needs the sign. On failure the error says what was expected. */
enum kad_err kad_field_read(const struct kad_policy *p, const struct kad_field_def *f,
                            struct kad_str text, struct kad_arena *a, struct kad_value *ret,
                            struct kad_error *reterr) KAD_MUST_CHECK;
/* Does the value (already of the right type) fit: range, choice, member, length? */
enum kad_err kad_field_check(const struct kad_policy *p, const struct kad_field_def *f,
                             struct kad_value v, struct kad_error *reterr) KAD_MUST_CHECK;

/* Compile a policy's text. `name` is what messages call the file. On failure the error holds the
 * first message. The language provides it; core is given it (kad_engine_options). */
typedef enum kad_err (*kad_compile_fn)(struct kad_str text, const char *name,
                                       struct kad_policy **ret, struct kad_error *reterr);

#endif

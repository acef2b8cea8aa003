/* The grammar of the rule language: English and Swedish words are the same tokens (words.def), so it
 * is one grammar. An action is one call into build.c, which makes the tree; what a word out of place
 * is answered with is in syntax.c, what the parser is given is in lex.c.
 *
 * Mistakes are caught at two levels: inside a declaration the rest of the line is dropped and the next
 * clause read, otherwise everything up to the next word at the left margin is. */
%require "3.8"
%define api.prefix {kad_yy}
%define api.pure full
%define api.token.prefix {TOK_}
%define api.value.type union
%define api.location.type {struct kad_span}
%define parse.error custom
%define parse.lac full
%define parse.trace
%locations
%expect 0
%param {struct kad_script *u}

%code requires {
#include "dsl/script.h"
}

%code provides {
int kad_yylex(KAD_YYSTYPE *value, struct kad_span *span, struct kad_script *u);
}

%code {
#include "dsl/build.h"
#include "dsl/syntax.h"

#define YYLLOC_DEFAULT(cur, rhs, n)                                                                \
    do {                                                                                           \
        (cur).from = (n) ? YYRHSLOC(rhs, 1).from : YYRHSLOC(rhs, 0).to;                            \
        (cur).to = YYRHSLOC(rhs, n).to;                                                            \
    } while (0)
#define YYLOCATION_PRINT(out, at) fprintf((out), "%u-%u", (at)->from, (at)->to)

static void kad_yyerror(const struct kad_span *at, struct kad_script *u, const char *text);

/* After a mistake: the word complained of is dropped unless the next clause can begin with it. */
#define RECOVER(unit)                                                                              \
    do {                                                                                           \
        if (kad_syntax_drop(unit))                                                                 \
            yyclearin;                                                                             \
        yyerrok;                                                                                   \
    } while (0)
}

%initial-action { @$ = (struct kad_span){0, 0}; }

/* --- words; their spelling is in words.def --- */
%token POLICY ROLE CHOICE PARAM SUBJECT EVENT AT TASK CADENCE DUTY EXAMPLE LIST MEASURE REPORT
%token LANGUAGE CALENDAR ZONE ISSUE_AT SOURCE READING QUESTION REVIEW_BY RUNNING_NEW RUNNING_OLD CLOSED
%token ONE_OF BEGINS_WITH OF PRIVATE OPTIONAL IS LATEST AFTER BEFORE OTHERWISE WHERE YEARS_SINCE
%token REQUIRE EXPECT
%token T_TEXT T_NUMBER T_DATE T_MONEY T_PERCENT T_PERSON T_YESNO YES NO
%token WHEN DUE SAME_DAY DAYS WORKING_DAYS WEEK WEEKS MONTH MONTHS YEARS MOVED_NEXT MOVED_PREVIOUS
%token DONE_BY FOR UNTIL FROM TO FROM_EVERY CLOSES CLOSES_NEVER DAYS_AFTER_DUE
%token REMIND DAYS_BEFORE_DUE WORKING_DAYS_BEFORE_DUE ESCALATE WORKING_DAYS_AFTER_DUE
%token FROM_MONTH FROM_WEEK ONWARDS EVERY CALENDAR_WEEK ONCE TWICE TIMES A_MONTH A_YEAR EXTENDED_BY
%token FOR_EACH QUARTER HALF_YEAR EXCEPT NO_LATER_THAN
%token JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER
%token AND OR NOT IN AT_LEAST AT_MOST IS_KNOWN IS_UNKNOWN HAS_HAPPENED COUNT_OF
%token S_UPCOMING S_OPEN S_OVERDUE S_DONE S_MISSED S_UNTOLD S_DROPPED S_WAIVED S_WITHDRAWN LATE
%token ON REFUSED NONE_OF RECORDED CORRECTED_TO REMINDED ESCALATED
/* kept for lists, measures and reports */
%token TASKS ORDER_BY FIRST THEN DATE_OF SHOW NEXT SHARE_OF SUM_OF AVERAGE_OF MEDIAN_OF DAYS_FROM
%token DAYS_IN AMONG EXCEPT_WHERE BY PER GOAL ABOUT WITHIN NEVER_BY HIDE_BELOW ONLY_TOTALS

/* --- what is no word --- */
%token <struct kad_ident> NAME TEXT KEY LATER
/* A name that begins a line of a `subject`; words that begin a line and are also names of fields. */
%token <struct kad_ident> LINE_NAME
%token LINE_FROM LINE_UNTIL LINE_SOURCE
%token <struct kad_literal> NUMBER PERCENT MONEY DATE
%token <int32_t> TIME
/* The scanner's own: nothing, read on. */
%token SKIP

%type <struct kad_ident> label softname fieldname opname anyname param_of of_key keyname
%type <struct kad_literal> literal value
%type <struct kad_node *> counts expr cond sum primary where sums
%type <struct kad_clause *> note policy_clause choice_item amounts amount param_clause
%type <struct kad_clause *> subject_clause members items item item_any item_inline field name_field
%type <struct kad_clause *> modifiers at_clause rule_clause triggers names phase_events due phase_range
%type <struct kad_clause *> division cycle months step assigns assign_list assign tail expectation
%type <struct kad_clause *> expected
%type <int32_t> per type state freq freq_opt unit before_due after_due month late outcome
%type <kad_day> due_day

%precedence LOW
%left OR
%left AND
%precedence NOT
%precedence error

%%

file:
    %empty
  | file decl
  | file error { kad_syntax_skip_decl(u); RECOVER(u); }
  ;

decl:
    policy_head policy_clauses %prec LOW
  | ROLE NAME label { kad_open(u, KAD_D_ROLE, @$, $NAME, $label); }
  | choice_head choice_items %prec LOW
  | param_head param_clauses %prec LOW
  | subject_head subject_clauses %prec LOW
  | event_head %prec LOW
  | event_head event_fields %prec LOW
  | event_head event_fields event_notes %prec LOW
  | event_head event_notes %prec LOW
  | at_head at_clauses %prec LOW
  | rule_head rule_clauses %prec LOW
  | cadence_head rule_clauses %prec LOW
  | example_head example_clauses %prec LOW
  ;

label:
    %empty %prec LOW { $$ = kad_no_ident(@$); }
  | TEXT
  ;

/* What a field or a choice's value may be called. */
softname:
    NAME
  | FROM { $$ = kad_soft(u, @$); }
  | TO { $$ = kad_soft(u, @$); }
  | BY { $$ = kad_soft(u, @$); }
  | UNTIL { $$ = kad_soft(u, @$); }
  | AFTER { $$ = kad_soft(u, @$); }
  | BEFORE { $$ = kad_soft(u, @$); }
  | LINE_FROM { $$ = kad_soft(u, @$); }
  | LINE_UNTIL { $$ = kad_soft(u, @$); }
  ;
fieldname:
    softname
  | SOURCE { $$ = kad_soft(u, @$); }
  | LINE_SOURCE { $$ = kad_soft(u, @$); }
  ;
/* In a condition. A word that begins a line is never meant as a name there. */
opname:
    NAME
  | FROM { $$ = kad_soft(u, @$); }
  | TO { $$ = kad_soft(u, @$); }
  | BY { $$ = kad_soft(u, @$); }
  | UNTIL { $$ = kad_soft(u, @$); }
  | AFTER { $$ = kad_soft(u, @$); }
  | BEFORE { $$ = kad_soft(u, @$); }
  | SOURCE { $$ = kad_soft(u, @$); }
  ;
anyname:
    NAME
  | LINE_NAME
  ;

literal:
    NUMBER
  | PERCENT
  | MONEY
  | DATE
  | '-' NUMBER { $$ = kad_negative(@$, $NUMBER); }
  | '-' PERCENT { $$ = kad_negative(@$, $PERCENT); }
  | '-' MONEY { $$ = kad_negative(@$, $MONEY); }
  | YES { $$ = kad_literal_yesno(@$, true); }
  | NO { $$ = kad_literal_yesno(@$, false); }
  | TEXT { $$ = kad_literal_text(@$, $TEXT); }
  ;
value:
    literal
  | softname { $$ = kad_literal_name($softname); }
  ;

source_word: SOURCE | LINE_SOURCE;
until_word: UNTIL | LINE_UNTIL;
from_word: FROM | LINE_FROM;

note:
    source_word TEXT { $$ = kad_text_clause(u, KAD_C_SOURCE, @$, $TEXT); }
  | READING TEXT { $$ = kad_text_clause(u, KAD_C_READING, @$, $TEXT); }
  | QUESTION TEXT { $$ = kad_text_clause(u, KAD_C_QUESTION, @$, $TEXT); }
  | REVIEW_BY DATE { $$ = kad_day_clause(u, KAD_C_REVIEW_BY, @$, $DATE); }
  ;

/* --- policy, choice, param --- */

/* A mistake behind the name: the declaration is there all the same. */
policy_head:
    POLICY NAME label { kad_open(u, KAD_D_POLICY, @$, $NAME, $label); }
  | POLICY NAME error { kad_open(u, KAD_D_POLICY, @NAME, $NAME, kad_no_ident(@NAME)); RECOVER(u); }
  ;
policy_clauses:
    %empty
  | policy_clauses policy_clause { kad_put(u, $2); }
  | policy_clauses error { RECOVER(u); }
  ;
policy_clause:
    LANGUAGE NAME { $$ = kad_name_clause(u, KAD_C_LANGUAGE, @$, $NAME); }
  | CALENDAR NAME { $$ = kad_name_clause(u, KAD_C_CALENDAR, @$, $NAME); }
  | ZONE TEXT { $$ = kad_text_clause(u, KAD_C_ZONE, @$, $TEXT); }
  | ISSUE_AT TIME { $$ = kad_number_clause(u, KAD_C_ISSUE_AT, @$, $TIME); }
  | RUNNING_NEW { $$ = kad_number_clause(u, KAD_C_RUNNING, @$, KAD_RUNNING_FOLLOW); }
  | RUNNING_OLD { $$ = kad_number_clause(u, KAD_C_RUNNING, @$, KAD_RUNNING_KEEP); }
  | CLOSED DATE label { $$ = kad_day_clause(u, KAD_C_CLOSED, @$, $DATE); }
  | note
  ;

choice_head:
    CHOICE NAME label { kad_open(u, KAD_D_CHOICE, @$, $NAME, $label); }
  | CHOICE NAME error { kad_open(u, KAD_D_CHOICE, @NAME, $NAME, kad_no_ident(@NAME)); RECOVER(u); }
  ;
choice_items:
    %empty
  | choice_items choice_item { kad_put(u, $2); }
  | choice_items error { RECOVER(u); }
  ;
choice_item:
    softname label { $$ = kad_labelled(u, KAD_C_VALUE, @$, $softname, $label); }
  | NAME '=' literal { $$ = kad_assign(u, KAD_C_PROP, @$, $NAME, $literal); }
  | note
  ;

param_head:
    PARAM NAME label param_of { kad_open_of(u, KAD_D_PARAM, @$, $NAME, $label, $param_of); }
  | PARAM NAME error { kad_open(u, KAD_D_PARAM, @NAME, $NAME, kad_no_ident(@NAME)); RECOVER(u); }
  | PARAM NAME label error { kad_open(u, KAD_D_PARAM, @NAME, $NAME, $label); RECOVER(u); }
  ;
param_of:
    %empty %prec LOW { $$ = kad_no_ident(@$); }
  | OF NAME { $$ = $NAME; }
  ;
param_clauses:
    %empty
  | param_clauses param_clause { kad_put(u, $2); }
  | param_clauses error { RECOVER(u); }
  ;
param_clause:
    '=' amounts { $$ = kad_dated(@$, $amounts, NULL); }
  | from_word DATE '=' amounts { $$ = kad_dated(@$, $amounts, &$DATE); }
  | note
  ;
amounts:
    amount { $$ = kad_list_of(u, KAD_C_AMOUNT, @$, $amount); }
  | amounts[l] ',' amount { $$ = kad_list_add(u, $l, $amount, true); }
  | amounts[l] NAME literal per
    { $$ = kad_list_add(u, $l, kad_amount(u, @NAME, $NAME, $literal, $per), false); }
  ;
amount:
    literal per { $$ = kad_amount(u, @$, kad_no_ident(@$), $literal, $per); }
  | NAME literal per { $$ = kad_amount(u, @$, $NAME, $literal, $per); }
  ;
per:
    %empty { $$ = KAD_PER_NONE; }
  | A_YEAR { $$ = KAD_PER_YEAR; }
  | A_MONTH { $$ = KAD_PER_MONTH; }
  ;

/* --- subjects and their attributes --- */

subject_head:
    SUBJECT NAME label { kad_open(u, KAD_D_SUBJECT, @$, $NAME, $label); }
  | SUBJECT NAME error { kad_open(u, KAD_D_SUBJECT, @NAME, $NAME, kad_no_ident(@NAME)); RECOVER(u); }
  ;
subject_clauses:
    %empty
  | subject_clauses subject_clause { kad_put(u, $2); }
  | subject_clauses error { RECOVER(u); }
  ;
/* A member and an attribute begin alike; what follows the label tells them apart. */
subject_clause:
    members
  | BEGINS_WITH anyname { $$ = kad_name_clause(u, KAD_C_BEGINS, @$, $anyname); }
  | LINE_NAME label IS items { $$ = kad_attribute(@$, $LINE_NAME, $label, $items); }
  | LINE_NAME label IS LATEST items { $$ = kad_attribute(@$, $LINE_NAME, $label, $items); }
  | LINE_NAME label IS counts
    { $$ = kad_attribute(@$, $LINE_NAME, $label, kad_computed(u, @counts, $counts)); }
  | LINE_NAME label '=' expr
    { $$ = kad_attribute(@$, $LINE_NAME, $label, kad_computed(u, @expr, $expr)); }
  | note
  ;
/* Either begins with `one of`, or goes on with it on a line of its own; a line that was to be an
 * attribute and lacks its `is` looks the same. */
members:
    ONE_OF anyname label
    { $$ = kad_list_of(u, KAD_C_ONE_OF, @$, kad_labelled(u, KAD_C_MEMBER, @$, $anyname, $label)); }
  | LINE_NAME label
    { $$ = kad_list_of(u, KAD_C_MEMBER, @$, kad_labelled(u, KAD_C_MEMBER, @$, $1, $label)); }
  | members[l] NAME label
    { $$ = kad_list_add(u, $l, kad_labelled(u, KAD_C_MEMBER, @NAME, $NAME, $label), true); }
  ;
counts:
    COUNT_OF NAME { $$ = kad_count(u, @$, $NAME, NULL); }
  | counts[a] '-' COUNT_OF NAME
    { $$ = kad_node(u, @$, KAD_N_SUB, $a, kad_count(u, @NAME, $NAME, NULL)); }
  | counts[a] '+' COUNT_OF NAME
    { $$ = kad_node(u, @$, KAD_N_ADD, $a, kad_count(u, @NAME, $NAME, NULL)); }
  ;
items:
    item { $$ = kad_list_of(u, KAD_C_ATTRIBUTE, @$, $item); }
  | items[l] ',' item_any { $$ = kad_list_add(u, $l, $item_any, true); }
  | items[l] item_inline { $$ = kad_list_add(u, $l, $item_inline, false); }
  ;
item_any:
    item
  | LINE_NAME '.' fieldname where { $$ = kad_item_field(u, @$, $LINE_NAME, $fieldname, $where); }
  | LINE_NAME AFTER NAME where
    { $$ = kad_item_value(u, @$, kad_literal_name($LINE_NAME), $NAME, $where); }
  ;
item:
    NAME '.' fieldname where { $$ = kad_item_field(u, @$, $NAME, $fieldname, $where); }
  | value AFTER NAME where { $$ = kad_item_value(u, @$, $value, $NAME, $where); }
  | OTHERWISE value { $$ = kad_item_otherwise(u, @$, $value); }
  ;
/* After a forgotten comma. */
item_inline:
    NAME '.' fieldname where { $$ = kad_item_field(u, @$, $1, $fieldname, $where); }
  | NAME[v] AFTER NAME[e] where
    { $$ = kad_item_value(u, @$, kad_literal_name($v), $e, $where); }
  | YES AFTER NAME where
    { $$ = kad_item_value(u, @$, kad_literal_yesno(@1, true), $NAME, $where); }
  | NO AFTER NAME where
    { $$ = kad_item_value(u, @$, kad_literal_yesno(@1, false), $NAME, $where); }
  | OTHERWISE value { $$ = kad_item_otherwise(u, @$, $value); }
  ;
where:
    %empty { $$ = NULL; }
  | WHERE expr { $$ = $expr; }
  ;

/* --- events --- */

event_head: EVENT NAME[n] label OF NAME[k]
    { kad_open_of(u, KAD_D_EVENT, @$, $n, $label, $k); };
event_fields:
    field { kad_put_field(u, $field, true); }
  | event_fields ',' field { kad_put_field(u, $field, true); }
  | event_fields name_field { kad_put_field(u, $name_field, false); }
  | event_fields error { RECOVER(u); }
  | error { RECOVER(u); }
  ;
event_notes:
    note { kad_put(u, $note); }
  | event_notes note { kad_put(u, $note); }
  | event_notes error { RECOVER(u); }
  ;
field:
    softname label type modifiers { $$ = kad_field(u, @$, $softname, $label, $type, @type, $modifiers); }
  | source_word[w] type modifiers
    { $$ = kad_field(u, @$, kad_soft(u, @w), kad_no_ident(@w), $type, @type, $modifiers); }
  | source_word[w] TEXT type modifiers
    { $$ = kad_field(u, @$, kad_soft(u, @w), $TEXT, $type, @type, $modifiers); }
  ;
name_field:
    NAME label type modifiers { $$ = kad_field(u, @$, $NAME, $label, $type, @type, $modifiers); }
  ;
type:
    T_TEXT { $$ = KAD_T_TEXT; }
  | T_NUMBER { $$ = KAD_T_NUMBER; }
  | T_PERCENT { $$ = KAD_T_PERCENT; }
  | T_MONEY { $$ = KAD_T_MONEY; }
  | T_DATE { $$ = KAD_T_DATE; }
  | T_PERSON { $$ = KAD_T_PERSON; }
  | T_YESNO { $$ = KAD_T_YESNO; }
  | NAME { $$ = KAD_T_NONE; }
  ;
modifiers:
    %empty { $$ = kad_modifiers(u, @$); }
  | modifiers PRIVATE { $$ = kad_modify(u, $1, @PRIVATE, true); }
  | modifiers OPTIONAL { $$ = kad_modify(u, $1, @OPTIONAL, false); }
  | modifiers from_word literal[a] TO literal[b]
    { $$ = kad_range(u, $1, @from_word, @b, $a, $b); }
  ;

/* --- guards --- */

at_head: AT NAME { kad_open(u, KAD_D_AT, @$, $NAME, kad_no_ident(@$)); };
at_clauses:
    %empty
  | at_clauses at_clause { kad_put(u, $2); }
  | at_clauses error { RECOVER(u); }
  ;
at_clause:
    REQUIRE expr OTHERWISE TEXT { $$ = kad_guard(u, @$, true, $expr, $TEXT); }
  | EXPECT expr OTHERWISE TEXT { $$ = kad_guard(u, @$, false, $expr, $TEXT); }
  | note
  ;

/* --- tasks, cadences, duties --- */

rule_head:
    TASK NAME label { kad_open(u, KAD_D_TASK, @$, $NAME, $label); }
  | DUTY NAME label { kad_open(u, KAD_D_DUTY, @$, $NAME, $label); }
  | TASK NAME error { kad_open(u, KAD_D_TASK, @NAME, $NAME, kad_no_ident(@NAME)); RECOVER(u); }
  | DUTY NAME error { kad_open(u, KAD_D_DUTY, @NAME, $NAME, kad_no_ident(@NAME)); RECOVER(u); }
  ;
cadence_name:
    CADENCE NAME label { kad_open(u, KAD_D_CADENCE, @$, $NAME, $label); }
  | CADENCE NAME error { kad_open(u, KAD_D_CADENCE, @NAME, $NAME, kad_no_ident(@NAME)); RECOVER(u); }
  ;
cadence_head:
    cadence_name %prec LOW
  | cadence_name error { RECOVER(u); }
  | cadence_name FROM triggers { kad_put(u, kad_triggers(@triggers, KAD_C_FROM, $triggers)); }
  ;
rule_clauses:
    %empty
  | rule_clauses rule_clause { kad_put(u, $2); }
  | rule_clauses error { RECOVER(u); }
  ;
/* One list for the three: which of them says what is checked by name (rules.c), with a better answer
 * than a word out of place. */
rule_clause:
    WHEN triggers DUE due { $$ = kad_when(@$, $triggers, $due); }
  | WHEN triggers OTHERWISE DUE due { $$ = kad_when(@$, $triggers, $due); }
  | DUE due { $$ = kad_triggers(@$, KAD_C_DUE, $due); }
  | DONE_BY triggers { $$ = kad_triggers(@$, KAD_C_DONE_BY, $triggers); }
  | until_word triggers { $$ = kad_triggers(@$, KAD_C_UNTIL, $triggers); }
  | LINE_FROM triggers { $$ = kad_triggers(@$, KAD_C_FROM, $triggers); }
  | FROM_EVERY triggers { $$ = kad_from_every(@$, $triggers); }
  | FOR NAME { $$ = kad_name_clause(u, KAD_C_FOR, @$, $NAME); }
  | MOVED_NEXT { $$ = kad_number_clause(u, KAD_C_MOVED, @$, KAD_MOVE_NEXT); }
  | MOVED_PREVIOUS { $$ = kad_number_clause(u, KAD_C_MOVED, @$, KAD_MOVE_PREVIOUS); }
  | CLOSES NUMBER DAYS_AFTER_DUE
    { $$ = kad_number_clause(u, KAD_C_CLOSES, @$, kad_whole(u, $NUMBER, 0)); }
  | CLOSES_NEVER { $$ = kad_number_clause(u, KAD_C_CLOSES, @$, -1); }
  | RUNNING_NEW { $$ = kad_number_clause(u, KAD_C_RUNNING, @$, KAD_RUNNING_FOLLOW); }
  | RUNNING_OLD { $$ = kad_number_clause(u, KAD_C_RUNNING, @$, KAD_RUNNING_KEEP); }
  | phase_range phase_events division { $$ = kad_phase(@$, $1, $phase_events, $division); }
  | EXTENDED_BY NAME '.' fieldname anyname freq A_MONTH
    { $$ = kad_extended(u, @$, $NAME, $fieldname, $anyname, $freq); }
  | FOR_EACH NAME where { $$ = kad_for_each(u, @$, $NAME, $where); }
  | EVERY cycle freq_opt { $$ = kad_every(@$, $cycle, $freq_opt); }
  | NO_LATER_THAN DATE { $$ = kad_day_clause(u, KAD_C_BY_DATE, @$, $DATE); }
  | REMIND NUMBER before_due
    { $$ = kad_notice(u, KAD_C_REMIND, @$, kad_no_ident(@$), $NUMBER, $before_due); }
  | ESCALATE NAME NUMBER after_due
    { $$ = kad_notice(u, KAD_C_ESCALATE, @$, $NAME, $NUMBER, $after_due); }
  | note
  ;
triggers:
    names where { $$ = kad_condition($names, $where); }
  ;
names:
    NAME { $$ = kad_names(u, @$, $NAME); }
  | names[l] ',' NAME { $$ = kad_names_add(u, $l, $NAME, true); }
  | names[l] NAME { $$ = kad_names_add(u, $l, $NAME, false); }
  ;
due:
    SAME_DAY { $$ = kad_due(u, @$, NULL, KAD_U_DAY, false, kad_no_ident(@$)); }
  | NUMBER unit AFTER { $$ = kad_due(u, @$, &$NUMBER, $unit, false, kad_no_ident(@$)); }
  | NUMBER unit BEFORE NAME { $$ = kad_due(u, @$, &$NUMBER, $unit, true, $NAME); }
  ;
unit:
    DAYS { $$ = KAD_U_DAY; }
  | WORKING_DAYS { $$ = KAD_U_WORKING_DAY; }
  | WEEK { $$ = KAD_U_WEEK; }
  | WEEKS { $$ = KAD_U_WEEK; }
  | MONTH { $$ = KAD_U_MONTH; }
  | MONTHS { $$ = KAD_U_MONTH; }
  | YEARS { $$ = KAD_U_YEAR; }
  ;
before_due: DAYS_BEFORE_DUE { $$ = KAD_U_DAY; } | WORKING_DAYS_BEFORE_DUE { $$ = KAD_U_WORKING_DAY; };
after_due: DAYS_AFTER_DUE { $$ = KAD_U_DAY; } | WORKING_DAYS_AFTER_DUE { $$ = KAD_U_WORKING_DAY; };
phase_range:
    MONTH NUMBER { $$ = kad_steps(u, @$, KAD_U_MONTH, $NUMBER, &$NUMBER); }
  | MONTHS NUMBER[a] TO NUMBER[b] { $$ = kad_steps(u, @$, KAD_U_MONTH, $a, &$b); }
  | FROM_MONTH NUMBER ONWARDS { $$ = kad_steps(u, @$, KAD_U_MONTH, $NUMBER, NULL); }
  | WEEK NUMBER { $$ = kad_steps(u, @$, KAD_U_WEEK, $NUMBER, &$NUMBER); }
  | WEEKS NUMBER[a] TO NUMBER[b] { $$ = kad_steps(u, @$, KAD_U_WEEK, $a, &$b); }
  | FROM_WEEK NUMBER ONWARDS { $$ = kad_steps(u, @$, KAD_U_WEEK, $NUMBER, NULL); }
  ;
phase_events:
    NAME { $$ = kad_names(u, @$, $NAME); }
  | phase_events[l] OR NAME { $$ = kad_names_add(u, $l, $NAME, true); }
  ;
division:
    EVERY WEEK { $$ = kad_division(u, @$, KAD_EVERY_WEEKS, 1); }
  | EVERY NUMBER WEEKS { $$ = kad_division(u, @$, KAD_EVERY_WEEKS, kad_whole(u, $NUMBER, 1)); }
  | EVERY CALENDAR_WEEK { $$ = kad_division(u, @$, KAD_CALENDAR_WEEK, 1); }
  | freq { $$ = kad_division(u, @$, KAD_TIMES, $freq); }
  | freq A_MONTH { $$ = kad_division(u, @$, KAD_TIMES_MONTH, $freq); }
  ;
freq:
    ONCE { $$ = 1; }
  | TWICE { $$ = 2; }
  | NUMBER TIMES { $$ = kad_whole(u, $NUMBER, 1); }
  ;
freq_opt:
    %empty { $$ = 1; }
  | freq
  ;
cycle:
    MONTH { $$ = kad_cycle(u, @$, KAD_P_MONTH, NULL, false); }
  | MONTH EXCEPT months { $$ = kad_cycle(u, @$, KAD_P_MONTH, $months, true); }
  | months { $$ = kad_cycle(u, @$, KAD_P_MONTH, $months, false); }
  | QUARTER { $$ = kad_cycle(u, @$, KAD_P_QUARTER, NULL, false); }
  | HALF_YEAR { $$ = kad_cycle(u, @$, KAD_P_HALF_YEAR, NULL, false); }
  | YEARS { $$ = kad_cycle(u, @$, KAD_P_YEAR, NULL, false); }
  | NUMBER WEEKS from_word DATE { $$ = kad_cycle_weeks(u, @$, $NUMBER, $DATE); }
  ;
months:
    month { $$ = kad_months(u, @$, $month); }
  | months[l] ',' month { $$ = kad_months_add($l, $month); }
  | months[l] AND month { $$ = kad_months_add($l, $month); }
  ;
month:
    JANUARY { $$ = 1; } | FEBRUARY { $$ = 2; } | MARCH { $$ = 3; } | APRIL { $$ = 4; }
  | MAY { $$ = 5; } | JUNE { $$ = 6; } | JULY { $$ = 7; } | AUGUST { $$ = 8; }
  | SEPTEMBER { $$ = 9; } | OCTOBER { $$ = 10; } | NOVEMBER { $$ = 11; } | DECEMBER { $$ = 12; }
  ;

/* --- conditions and computed values --- */

expr:
    cond %prec LOW
  | NOT expr { $$ = kad_node(u, @$, KAD_N_NOT, $2, NULL); }
  | expr[a] AND expr[b] { $$ = kad_node(u, @$, KAD_N_AND, $a, $b); }
  | expr[a] OR expr[b] { $$ = kad_node(u, @$, KAD_N_OR, $a, $b); }
  ;
cond:
    sum
  | sum[a] IS sum[b] { $$ = kad_node(u, @$, KAD_N_IS, $a, $b); }
  | sum[a] IS NOT sum[b] { $$ = kad_node(u, @$, KAD_N_IS_NOT, $a, $b); }
  | sum IS state { $$ = kad_is_state(u, @$, $sum, $state); }
  | sum[a] AT_LEAST sum[b] { $$ = kad_node(u, @$, KAD_N_AT_LEAST, $a, $b); }
  | sum[a] AT_MOST sum[b] { $$ = kad_node(u, @$, KAD_N_AT_MOST, $a, $b); }
  | sum[a] BEFORE sum[b] { $$ = kad_node(u, @$, KAD_N_BEFORE, $a, $b); }
  | sum[a] AFTER sum[b] { $$ = kad_node(u, @$, KAD_N_AFTER, $a, $b); }
  | sum[x] FROM sum[a] TO sum[b] { $$ = kad_from_to(u, @$, $x, $a, $b); }
  | sum[x] IN '(' sums ')' { $$ = kad_in(@$, $x, $sums); }
  | sum IS_KNOWN { $$ = kad_node(u, @$, KAD_N_KNOWN, $sum, NULL); }
  | sum IS_UNKNOWN { $$ = kad_node(u, @$, KAD_N_UNKNOWN, $sum, NULL); }
  | sum HAS_HAPPENED { $$ = kad_node(u, @$, KAD_N_HAPPENED, $sum, NULL); }
  ;
sums:
    sum { $$ = kad_node_list(u, @$, $sum); }
  | sums[l] ',' sum { $$ = kad_node_list_add(u, $l, $sum, true); }
  | sums[l] opname { $$ = kad_node_list_add(u, $l, kad_name_node(u, @opname, $opname), false); }
  ;
sum:
    primary
  | sum[a] '+' primary { $$ = kad_node(u, @$, KAD_N_ADD, $a, $primary); }
  | sum[a] '-' primary { $$ = kad_node(u, @$, KAD_N_SUB, $a, $primary); }
  ;
primary:
    literal { $$ = kad_literal_node(u, @$, $literal); }
  | opname { $$ = kad_name_node(u, @$, $opname); }
  | opname '.' fieldname { $$ = kad_dotted(u, @$, $opname, $fieldname); }
  | YEARS_SINCE primary[p] { $$ = kad_node(u, @$, KAD_N_YEARS, $p, NULL); }
  | COUNT_OF NAME { $$ = kad_count(u, @$, $NAME, NULL); }
  | COUNT_OF '(' NAME WHERE expr ')' { $$ = kad_count(u, @$, $NAME, $expr); }
  | '(' expr ')' { $$ = kad_bracketed(@$, $expr); }
  ;
state:
    S_UPCOMING { $$ = KAD_S_UPCOMING; }
  | S_OPEN { $$ = KAD_S_OPEN; }
  | S_OVERDUE { $$ = KAD_S_OVERDUE; }
  | S_DONE { $$ = KAD_S_DONE; }
  | S_MISSED { $$ = KAD_S_MISSED; }
  | S_UNTOLD { $$ = KAD_S_UNTOLD; }
  | S_DROPPED { $$ = KAD_S_DROPPED; }
  | S_WAIVED { $$ = KAD_S_WAIVED; }
  | S_WITHDRAWN { $$ = KAD_S_WITHDRAWN; }
  ;

/* --- examples --- */

example_name: EXAMPLE TEXT { kad_open(u, KAD_D_EXAMPLE, @$, kad_no_ident(@$), $TEXT); };
/* From when the policy is in force; only here, as a step may have a field called `from`. */
example_head:
    example_name %prec LOW
  | example_name from_word DATE { kad_put(u, kad_day_clause(u, KAD_C_FROM, @$, $DATE)); }
  | example_name error { RECOVER(u); }
  ;
example_clauses:
    %empty
  | example_clauses step { kad_put(u, $step); }
  | example_clauses expectation { kad_put(u, $expectation); }
  | example_clauses error { RECOVER(u); }
  ;
step:
    DATE NAME of_key assigns tail
    { $$ = kad_step(@$, KAD_STEP_EVENT, $DATE, $NAME, $of_key, $assigns, $tail); }
  | DATE NAME of_key CORRECTED_TO assign_list tail
    { $$ = kad_step(@$, KAD_STEP_CORRECT, $DATE, $NAME, $of_key, $assign_list, $tail); }
  | DATE[d] NAME of_key CORRECTED_TO DATE[to] assigns tail
    { $$ = kad_moved(kad_step(@$, KAD_STEP_CORRECT, $d, $NAME, $of_key, $assigns, $tail), $to); }
  | DATE NAME of_key S_WITHDRAWN tail
    { $$ = kad_step(@$, KAD_STEP_WITHDRAW, $DATE, $NAME, $of_key, NULL, $tail); }
  ;
of_key:
    %empty { $$ = kad_no_ident(@$); }
  | OF keyname { $$ = $keyname; }
  ;
keyname: KEY | TEXT;
assigns:
    %empty { $$ = NULL; }
  | assign_list
  ;
assign_list:
    assign { $$ = kad_list_of(u, KAD_C_STEP, @$, $assign); }
  | assign_list[l] ',' assign { $$ = kad_list_add(u, $l, $assign, true); }
  | assign_list[l] NAME value
    { $$ = kad_list_add(u, $l, kad_assign(u, KAD_C_ASSIGN, @NAME, $NAME, $value), false); }
  ;
assign:
    fieldname value { $$ = kad_assign(u, KAD_C_ASSIGN, @$, $fieldname, $value); }
  ;
tail:
    %empty { $$ = kad_tail(u, @$); }
  | tail[t] RECORDED DATE { $$ = kad_tail_recorded($t, $DATE); }
  | tail[t] REFUSED TEXT { $$ = kad_tail_refused($t, $TEXT); }
  ;
expectation:
    ON DATE EXPECT expected { $$ = kad_expect_on(@$, $expected, &$DATE); }
  | EXPECT expected { $$ = kad_expect_on(@$, $expected, NULL); }
  ;
expected:
    NONE_OF NAME of_key due_day
    { $$ = kad_expect_none(u, @$, $NAME, kad_no_ident(@NAME), $of_key, $due_day); }
  | NONE_OF NAME[a] '.' NAME[b] of_key due_day
    { $$ = kad_expect_none(u, @$, $a, $b, $of_key, $due_day); }
  | NAME of_key due_day outcome
    { $$ = kad_expect_task(u, @$, $NAME, kad_no_ident(@NAME), $of_key, $due_day, $outcome); }
  | NAME[a] '.' NAME[b] of_key due_day outcome
    { $$ = kad_expect_task(u, @$, $a, $b, $of_key, $due_day, $outcome); }
  | NAME of_key DUE DATE IS outcome
    {
        $$ = kad_expect_task(u, @$, $NAME, kad_no_ident(@NAME), $of_key, kad_day_of_literal($DATE),
                             $outcome);
    }
  | NAME[a] '.' NAME[b] of_key DUE DATE IS outcome
    { $$ = kad_expect_task(u, @$, $a, $b, $of_key, kad_day_of_literal($DATE), $outcome); }
  | NAME of_key IS outcome
    { $$ = kad_expect_task(u, @$, $NAME, kad_no_ident(@NAME), $of_key, KAD_DAY_NONE, $outcome); }
  | NAME[a] '.' NAME[b] of_key IS outcome
    { $$ = kad_expect_task(u, @$, $a, $b, $of_key, KAD_DAY_NONE, $outcome); }
  | NAME of_key IS value { $$ = kad_expect_value(u, @$, $NAME, $of_key, &$value, 0); }
  | NAME of_key IS_KNOWN { $$ = kad_expect_value(u, @$, $NAME, $of_key, NULL, 1); }
  | NAME of_key IS_UNKNOWN { $$ = kad_expect_value(u, @$, $NAME, $of_key, NULL, -1); }
  | LATER { $$ = kad_not_yet(u, @$, $LATER); }
  ;
due_day:
    %empty { $$ = KAD_DAY_NONE; }
  | DUE DATE { $$ = kad_day_of_literal($DATE); }
  ;
/* A state, late or not; or whether it has been told of. */
outcome:
    state late { $$ = $late ? $state | KAD_OUTCOME_LATE : $state; }
  | REMINDED { $$ = KAD_OUTCOME_REMINDED; }
  | ESCALATED { $$ = KAD_OUTCOME_ESCALATED; }
  | NOT REMINDED { $$ = KAD_OUTCOME_REMINDED | KAD_OUTCOME_NOT; }
  | NOT ESCALATED { $$ = KAD_OUTCOME_ESCALATED | KAD_OUTCOME_NOT; }
  ;
late: %empty { $$ = 0; } | LATE { $$ = 1; };

%%

/* The token that a symbol of the grammar stands for; -1: none. */
static int token_of(yysymbol_kind_t symbol)
{
    for (int t = 0; t <= YYMAXUTOK; t++)
        if (YYTRANSLATE(t) == symbol)
            return t;
    return -1;
}

static int yyreport_syntax_error(const yypcontext_t *ctx, struct kad_script *u)
{
    yysymbol_kind_t symbols[YYNTOKENS];
    int tokens[YYNTOKENS];
    int n = yypcontext_expected_tokens(ctx, symbols, YYNTOKENS);
    if (n == YYENOMEM)
        return YYENOMEM;
    for (int i = 0; i < n; i++)
        tokens[i] = token_of(symbols[i]);
    kad_syntax_error(u, token_of(yypcontext_token(ctx)), *yypcontext_location(ctx), tokens,
                     (size_t)n);
    return 0;
}

/* Bison's own complaints: only that its stack is full. */
static void kad_yyerror(const struct kad_span *at, struct kad_script *u, const char *text)
{
    (void)text;
    kad_syntax_too_deep(u, *at);
}

void kad_parse(struct kad_script *u)
{
    (void)kad_yyparse(u);
}

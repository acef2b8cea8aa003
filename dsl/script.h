/* One policy text on its way through the compiler: what the scanner, the parser and the checks share.
 * Lives for one call of kad_dsl_compile. */
#ifndef KAD_DSL_SCRIPT_H
#define KAD_DSL_SCRIPT_H

#include "dsl/ast.h"
#include "dsl/diag.h"

enum kad_skip { KAD_SKIP_NONE = 0, KAD_SKIP_LINE, KAD_SKIP_DECL };

struct kad_phrase; /* a word of the language, words.h */

/* A word of the other language that stood where it means something. */
struct kad_foreign {
    struct kad_span span;
    const struct kad_phrase *own;
    bool excused; /* it was a name, or something worse is said of it */
};

/* A token as the parser's wrapper sees it. */
struct kad_token {
    int token;
    struct kad_span span;
    bool first;  /* on its line */
    bool margin; /* first on its line, without a blank before it */
};

struct kad_script {
    struct kad_source src;
    struct kad_diags *diags;
    struct kad_arena *arena; /* the tree */
    bool swedish;

    /* scanner */
    void *scanner;
    uint32_t offset;     /* of the byte behind the last token */
    uint32_t phrase_end; /* where the last word or phrase ends: what lies before is part of it */
    uint32_t bom;        /* bytes of the byte order mark at the beginning: 0 or 3 */
    const struct kad_phrase **phrases; /* hash table of words by their first word */
    size_t n_phrases;                  /* a power of two */
    kad_vec(struct kad_foreign) foreign;

    /* the wrapper around it (lex.c) */
    struct kad_token last, before; /* given last, and the one before that */
    enum kad_skip skip;
    uint32_t skip_end;
    bool knows_decl;             /* some line began a declaration */
    bool prose;                      /* lines at the margin that begin no declaration: said once */
    int decl;                        /* the token that began the declaration we are in; 0: none */
    bool stopped;                    /* a limit is passed: the text ends here */
    int depth;                       /* of open parentheses */
    bool said_indent;                /* that a line of this declaration must be indented */
    bool keep;                       /* remember what the parser is given, for the formatter: */
    kad_vec(struct kad_token) tokens;
    kad_vec(struct kad_span) softs;  /* words of the language that stood there as names */
    kad_vec(struct kad_span) starts; /* of every declaration in the text; `to` is where it ends */

    /* parser */
    uint32_t error_at;        /* of the token last complained of; UINT32_MAX: none */
    bool drop;                /* that token is to be dropped */
    bool recovered;           /* a mistake was passed over since the last clause */
    kad_vec(uint32_t) broken; /* where declarations are that were not read whole */
    kad_decls decls;
    struct kad_decl *open; /* being read */

    /* names that stand in broken declarations count as known: sorted */
    kad_vec(struct kad_str) suspects;
};

/* --- dsl.c --- */
/* Read the text as far as the tree: u->keep may be set, all else is filled in here; it lives in the
 * arena `tree`. False: it is no text that could be read. Mistakes are in *d. */
bool kad_script_read(struct kad_script *u, struct kad_arena *tree, struct kad_str text,
                     const char *name, struct kad_diags *d);

/* --- lex.c --- */
/* Find out the file's language and get ready to scan. The text has been checked to be UTF-8. */
void kad_lex_begin(struct kad_script *u);
void kad_lex_end(struct kad_script *u);
/* Words of the other language that nothing excuses become messages. */
void kad_lex_report_foreign(struct kad_script *u);
void kad_lex_excuse(struct kad_script *u, struct kad_span span);

/* --- scanner.l --- */
union KAD_YYSTYPE;
int kad_scan(union KAD_YYSTYPE *value, struct kad_span *span, void *scanner);
void kad_scan_begin(struct kad_script *u, struct kad_str text);
void kad_scan_end(struct kad_script *u);
/* The next token is the key of a subject, up to a blank or a comma. */
void kad_scan_key(struct kad_script *u);

/* --- parser.y --- */
/* Read the whole text into u->decls; messages go to u->diags. */
void kad_parse(struct kad_script *u);

#endif

/* The messages explained: what each code means, an example that provokes it, and how it is mended.
 * From three tables that are held together when they are compiled and tested: diag.def (the message),
 * help.def (meaning and mend), tests/data/diag (the example, which is also the message's test). */
#ifndef KAD_DSL_HELP_H
#define KAD_DSL_HELP_H

#include "dsl/diag.h"

/* Made by dsl/cases.awk; the last has no text. */
struct kad_case {
    int code;
    const char *text, *said;
};
extern const struct kad_case kad_cases[];
extern const char kad_cases_base[]; /* the policy that most of them stand behind */

struct kad_code {
    int code;
    enum kad_severity severity;
    const char *message;       /* the pattern, "There is no event called `…`."; untranslated */
    const char *meaning;
    const char *mend;
    const struct kad_case *example; /* NULL: nothing that a page could show */
};
/* How many codes there are, and the i-th by its number. */
size_t kad_code_count(void);
struct kad_code kad_code_at(size_t i);
/* The code called "K060", "k60" or "60"; false: there is none. */
bool kad_code_find(const char *code, struct kad_code *ret);

/* One code with all there is to say, for a terminal. */
void kad_code_put(struct kad_buf *b, const struct kad_code *h);
/* The message with `…` for what it fills in. Translated. */
void kad_code_put_message(struct kad_buf *b, const struct kad_code *h);
/* docs/errors.md, whole. */
void kad_code_put_page(struct kad_buf *b);

#endif

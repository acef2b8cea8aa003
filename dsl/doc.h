/* A policy as a page that the board reads: every rule in plain words, in the running language, beside
 * the place in the document that it rests on. Made of the compiled policy and nothing else, so that the
 * page says what the program does. Source: language.md, "What the tools over it must do".
 */
#ifndef KAD_DSL_DOC_H
#define KAD_DSL_DOC_H

#include "core/policy.h"

enum kad_doc_format {
    KAD_DOC_TEXT, /* lines of at most 80 columns, as far as the words allow */
    KAD_DOC_HTML, /* one whole file, without scripts and without anything from elsewhere */
};

/* Appends the page to *ret. Texts of the policy are made harmless: they can neither steer a terminal
 * nor become markup. */
void kad_doc_put(struct kad_buf *ret, const struct kad_policy *p, enum kad_doc_format format);

#endif

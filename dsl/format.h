/* The formatter: one layout for every rule file, and the same file in the other language's words.
 *
 * What the layout depends on is the text's words, its comments and its blank lines between clauses;
 * where the author broke lines does not matter. So formatting twice changes nothing, and a file that
 * was translated there and back is the file as formatted. Names, texts and comments stay as they
 * are; quotes and blanks from a word processor become plain ones.
 * Source: language.md, "What the tools over it must do"; docs/language.md says how it lays out.
 */
#ifndef KAD_DSL_FORMAT_H
#define KAD_DSL_FORMAT_H

#include "dsl/diag.h"

/* The words of the result. AS_IS: those of the file. Of the others, a policy that does not say which
 * language it is in gets a line that does. */
enum kad_format_words { KAD_FORMAT_AS_IS = 0, KAD_FORMAT_ENGLISH, KAD_FORMAT_SWEDISH };

/* Put the text, laid out, into *ret. `name` is what messages call the file; *d must be fresh. A text
 * with mistakes in how it is written is ENO with the messages in *d and an empty sentence (mistakes
 * in what it says do not matter); one whose words cannot be laid out without being read otherwise is
 * ENO with a sentence. What is put has been read again and is word for word the same. */
enum kad_err kad_format(struct kad_str text, const char *name, enum kad_format_words words,
                        struct kad_diags *d, struct kad_buf *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;

#endif

/* The words of the language, both columns of words.def: finding them in the text, and naming them in
 * messages. */
#ifndef KAD_DSL_WORDS_H
#define KAD_DSL_WORDS_H

#include "dsl/script.h"

struct kad_phrase {
    int token;
    bool english, swedish;         /* both where the two languages share it */
    struct kad_str text;           /* words with one blank between them */
    const struct kad_phrase *next; /* of the same place in the hash table */
};

/* Fill u->phrases. */
void kad_words_begin(struct kad_script *u);
/* The longest phrase of either language that begins with the word at `at` (n bytes of it are the
 * word) and stands on one line. NULL: none. Of two with the same text the file's own language wins. */
const struct kad_phrase *kad_words_find(const struct kad_script *u, uint32_t at, size_t n,
                                        uint32_t *ret_end);
/* The phrase of exactly this text, in the file's language; NULL: none. */
const struct kad_phrase *kad_words_exact(const struct kad_script *u, struct kad_str text);
/* How the file's language writes a token; NULL when the token is no word. */
const char *kad_word_of(int token, bool swedish);
/* The same, in its second form where it has one (`day`, `veckor`). */
const char *kad_word_second(int token, bool swedish);
/* The word or phrase of the file's language nearest to what stands at `span`, among the tokens for
 * which `may` holds; *ret_span is how much of the line it would replace. Token 0: none is near. */
int kad_words_near(const struct kad_script *u, struct kad_span span,
                   bool (*may)(const void *ctx, int token), const void *ctx,
                   struct kad_span *ret_span);
/* Is this the token of a word that begins a declaration? */
bool kad_is_decl(int token);
/* May a field or a choice's value be called so, although it is a word of the language? */
bool kad_is_soft(int token);

#endif

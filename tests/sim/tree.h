/* Folders of a test, with all that is in them. What fails ends the program with a sentence. */
#ifndef KAD_TESTS_TREE_H
#define KAD_TESTS_TREE_H

void tree_empty(const char *dir);  /* all in it goes, the folder stays; made when it is not there */
void tree_remove(const char *dir); /* the folder too */
void tree_copy(const char *from, const char *to); /* `to` is emptied first */
/* A new folder in memory if there is such a place, else where $TMPDIR says; the caller frees. */
char *tree_new(const char *name);
_Noreturn void tree_give_up(const char *what, const char *more);

#endif

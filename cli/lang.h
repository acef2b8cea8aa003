/* The language of a program: --lang, else the environment's; what is neither Swedish nor English is
 * Swedish. Call it first of all. */
#ifndef KAD_CLI_LANG_H
#define KAD_CLI_LANG_H

void kad_lang_set(int argc, char **argv);

#endif

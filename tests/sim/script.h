/* The script that the crash and fault tests put the real program through, in a folder of its own:
 * every kind of command that changes a store, its keys or what lies beside it. */
#ifndef KAD_TESTS_SCRIPT_H
#define KAD_TESTS_SCRIPT_H

#include <stdbool.h>

#include "core/buf.h"

#define SCRIPT_KEYS "%s/home/config/keys" /* of a root: in folders that init makes */

enum {
    SHORT = 1,  /* also in the short script */
    PIECES = 2, /* written in several transactions: a part of them may be there */
    UNLIKE = 4, /* done again it is the same record, but with another time, nonce or key in it */
};
struct step {
    const char *words; /* of the command line; %d counts `times`; $NAME: script.c, put_word */
    int times;         /* 0: once */
    int status;
    unsigned flags;
};

/* One command as it will be run. */
struct script_line {
    const struct step *step;
    char *words;
};
struct script {
    char root[200], store[220];  /* root is what the recorder watches */
    char inputs[200];            /* files that commands read */
    const char *program, *build; /* the program; the folder of the libraries */
    struct script_line *lines;
    int n;
};
/* Makes the folders below `dir`, and the files that the commands read. */
void script_init(struct script *s, const char *dir, const char *build, bool in_short);

/* The subjects that the first n lines erase, to a NULL: a static list, until the next call. */
const char *const *script_erased(const struct script *s, int n);

struct run {
    const char *preload; /* NULL: none */
    const char *env[8];  /* NAME=VALUE, to a NULL */
    unsigned seconds;    /* then it is killed */
    int later;           /* seconds; the service begins so much later than its line says */
};
/* Runs the line in the folder `root` (NULL: the script's own); what it says goes into `out` and
 * `err`, which may be NULL. The exit status; 128 and the signal's number, or
 * SCRIPT_CORE and that when a core was dumped. */
#define SCRIPT_CORE 1000
int script_run(const struct script *s, int line, const char *root, const struct run *how,
               struct kad_buf *out, struct kad_buf *err);
/* The same of other words. */
int script_command(const struct script *s, const char *words, const char *root,
                   const struct run *how, struct kad_buf *out, struct kad_buf *err);

#endif

/* The service's configuration: a small text file, `key = value` under [section] lines, one section
 * for each sink. Strict: what is not understood is refused, every mistake with its line and what is
 * accepted there; secrets are read from files of their own that nobody else may read.
 * docs/serve.conf.example shows all of it, docs/operations.md says what it means. */
#ifndef KAD_CLI_SERVE_CONF_H
#define KAD_CLI_SERVE_CONF_H

#include "cli/sinks.h"

/* X(NAME, word in the file). */
#define KAD_SECTION_MAP(X)                                                                         \
    X(STREAM, "jsonl")                                                                             \
    X(SPOOL, "spool") X(CALENDAR, "calendar") X(WEBHOOK, "webhook") X(MAIL, "mail")                \
        X(CHECKPOINT, "checkpoint")
enum kad_section_kind {
#define X(name, word) KAD_SECTION_##name,
    KAD_SECTION_MAP(X)
#undef X
        KAD_SECTION__COUNT
};

/* One section as read; what a kind does not have is empty. */
struct kad_section {
    enum kad_section_kind kind;
    char *name; /* "webhook", "webhook hr": also the cursor's */
    int line;
    /* paths and words as they stand; NULL: not said */
    const char *folder, *url, *ca, *secret, *server, *user, *password, *from, *reply_to, *addresses;
    int64_t most, ahead, keep, timeout;
    int64_t at;       /* minutes after midnight */
    int64_t security; /* enum kad_mail_security */
    int64_t start;    /* 1: a new sink begins at the ledger's first record */
    /* what was read from the files */
    uint8_t *key; /* of the webhook's signature */
    size_t n_key;
    const char *password_text;
    struct kad_recipient {
        struct kad_str person;
        const char *address;
        int line;
    } * recipients;
    size_t n_recipients;
};
struct kad_serve_conf {
    struct kad_arena arena;
    struct kad_section *v;
    size_t n;
};

/* Reads the file and all it names. Each mistake is told ("serve.conf:12: …"), then EINPUT with an empty
 * sentence. Owns: kad_serve_conf_done, also after a failure. */
enum kad_err kad_serve_conf_read(const char *path, void (*tell)(void *ctx, const char *mistake),
                                 void *ctx, struct kad_serve_conf *ret, struct kad_error *reterr)
    KAD_MUST_CHECK;
void kad_serve_conf_done(struct kad_serve_conf *c); /* secrets are wiped */
/* The first section of a kind; NULL when there is none. */
const struct kad_section *kad_serve_conf_find(const struct kad_serve_conf *c,
                                              enum kad_section_kind kind);

#endif

/* The sinks there are; each adds itself to the list with its part of the configuration. */
#ifndef KAD_CLI_SINKS_H
#define KAD_CLI_SINKS_H

#include "cli/sink.h"

struct kad_transfers;

/* One JSON object a line, on a descriptor (stdout). */
enum kad_err kad_sink_add_stream(struct kad_sinks *all, const char *name, int fd, bool from_start,
                                 struct kad_error *reterr) KAD_MUST_CHECK;

/* A folder: one file for each message, SEQ.json (the seq with twenty digits), there whole or not at
 * all; whoever takes them up removes them. With `most` files in it no more are put there: the
 * messages wait in the ledger. */
struct kad_spool_options {
    const char *folder;
    uint64_t most;
    bool from_start;
};
enum kad_err kad_sink_add_spool(struct kad_sinks *all, const char *name,
                                const struct kad_spool_options *o, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* A folder of calendar files, one for each person (cli/ics.h). */
struct kad_calendar_options {
    const char *folder;
    int32_t ahead, keep; /* days: as in cli/ics.h */
};
enum kad_err kad_sink_add_calendar(struct kad_sinks *all, const char *name,
                                   const struct kad_calendar_options *o, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* POST to an address, signed (docs/operations.md says how; Standard Webhooks). */
struct kad_webhook_options {
    const char *url;
    const char *ca;     /* file of certificates to trust instead of the system's; NULL */
    const uint8_t *key; /* of the signature */
    size_t n_key;       /* 0: unsigned */
    uint64_t timeout_s; /* of one request as a whole */
    bool from_start;
};
enum kad_err kad_sink_add_webhook(struct kad_sinks *all, const char *name, struct kad_transfers *t,
                                  const struct kad_webhook_options *o, struct kad_error *reterr)
    KAD_MUST_CHECK;

/* A digest by mail for one person, once a day. The options outlive the sinks. */
enum kad_mail_security { KAD_MAIL_STARTTLS = 0, KAD_MAIL_TLS, KAD_MAIL_NONE };
struct kad_mail_options {
    const char *server; /* HOST or HOST:PORT */
    enum kad_mail_security security;
    const char *ca, *user, *password; /* NULL: none */
    const char *from;                 /* an address */
    const char *reply_to;             /* an address or NULL */
    int32_t at;                       /* minutes after midnight */
    uint64_t timeout_s;
};
enum kad_err kad_sink_add_mail(struct kad_sinks *all, const char *name, struct kad_transfers *t,
                               const struct kad_mail_options *o, struct kad_str person,
                               const char *address, struct kad_error *reterr) KAD_MUST_CHECK;

#endif

#include "cli/sinks.h"

#include <unistd.h>

#include "cli/serve_conf.h"
#include "cli/transfer.h"

/* A slip in a name would be believed: nobody would miss a letter that never came. */
static enum kad_err check_person(struct kad_sinks *all, const char *sink, struct kad_str person,
                                 struct kad_error *reterr)
{
    const struct kad_sink_host *h = kad_sinks_host(all);
    struct kad_snapshot *snap;
    struct kad_arena a;
    struct kad_str *subjects;
    size_t n = 0;
    if (person.n > 5 && memcmp(person.p, "role:", 5) == 0)
        return KAD_OK;
    if (kad_snapshot_take(kad_engine_ledger(h->engine(h->ctx)), &snap, reterr) != KAD_OK)
        return reterr->code;
    kad_arena_init(&a);
    enum kad_err err = kad_snapshot_mentions(snap, person, &a, &subjects, &n, reterr);
    kad_snapshot_release(snap);
    kad_arena_done(&a);
    if (err == KAD_OK && n == 0)
        h->log(h->ctx, kad_str(sink), _("the ledger has not named anybody of this name yet"));
    return err;
}

static enum kad_err add_mail(struct kad_sinks *all, struct kad_transfers *t,
                             const struct kad_section *s, struct kad_error *reterr)
{
    const struct kad_mail_options o = {.server = s->server,
                                       .security = (enum kad_mail_security)s->security,
                                       .ca = s->ca,
                                       .user = s->user,
                                       .password = s->password_text,
                                       .from = s->from,
                                       .reply_to = s->reply_to,
                                       .at = (int32_t)s->at,
                                       .timeout_s = (uint64_t)s->timeout};
    enum kad_err err = KAD_OK;
    for (size_t i = 0; i < s->n_recipients && err == KAD_OK; i++) {
        struct kad_buf name = {0};
        const struct kad_recipient *to = &s->recipients[i];
        /* The section's name too: two servers that write to one person have each their own place. */
        kad_buf_printf(&name, "%s/%.*s", s->name, KAD_STR_FMT(to->person));
        if (name.n > KAD_LIMIT_NAME)
            err = kad_fail(reterr, KAD_EINPUT,
                           _("%s is too long together: choose a shorter name "
                             "for the section."),
                           name.p);
        else
            err = check_person(all, name.p, to->person, reterr);
        if (err == KAD_OK)
            err = kad_sink_add_mail(all, name.p, t, &o, to->person, to->address, reterr);
        kad_buf_done(&name);
    }
    return err;
}

static enum kad_err add_one(struct kad_sinks *all, struct kad_transfers *t,
                            const struct kad_section *s, struct kad_error *reterr)
{
    bool start = s->start != 0;
    switch (s->kind) {
    case KAD_SECTION_STREAM:
        return kad_sink_add_stream(all, s->name, STDOUT_FILENO, start, reterr);
    case KAD_SECTION_SPOOL:
        return kad_sink_add_spool(all, s->name,
                                  &(struct kad_spool_options){.folder = s->folder,
                                                              .most = (uint64_t)s->most,
                                                              .from_start = start},
                                  reterr);
    case KAD_SECTION_CALENDAR:
        return kad_sink_add_calendar(all, s->name,
                                     &(struct kad_calendar_options){.folder = s->folder,
                                                                    .ahead = (int32_t)s->ahead,
                                                                    .keep = (int32_t)s->keep},
                                     reterr);
    case KAD_SECTION_WEBHOOK:
        return kad_sink_add_webhook(all, s->name, t,
                                    &(struct kad_webhook_options){.url = s->url,
                                                                  .ca = s->ca,
                                                                  .key = s->key,
                                                                  .n_key = s->n_key,
                                                                  .timeout_s = (uint64_t)s->timeout,
                                                                  .from_start = start},
                                    reterr);
    case KAD_SECTION_MAIL:
        return add_mail(all, t, s, reterr);
    case KAD_SECTION_CHECKPOINT:
    case KAD_SECTION__COUNT:
        break; /* no sink */
    }
    return KAD_OK;
}

enum kad_err kad_sinks_open(const struct kad_sink_host *host, const struct kad_serve_conf *conf,
                            struct kad_sinks **ret, struct kad_error *reterr)
{
    struct kad_transfers *t;
    enum kad_err err = kad_transfers_new(host->loop, &t, reterr);
    if (err != KAD_OK)
        return err;
    struct kad_sinks *all = kad_sinks_new(host);
    kad_sinks_own(all, t);
    for (size_t i = 0; i < conf->n && err == KAD_OK; i++)
        err = add_one(all, t, &conf->v[i], reterr);
    if (err == KAD_OK)
        *ret = all;
    else
        kad_sinks_close(all);
    return err;
}

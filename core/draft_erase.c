/* The erasure of a subject's private fields, as a record: from it on nobody is shown them. That the key
 * is destroyed is the ledger's doing, once the record is there for good. */
#include "core/engine_priv.h"

static enum kad_err check_draft(struct kad_put *p)
{
    if (p->r.subject.n == 0)
        return kad_fail(p->err, KAD_EINPUT, _("An erasure needs a subject: whose private fields?"));
    if (p->d->n_fields > 0)
        return kad_fail(p->err, KAD_EINPUT, _("%s has no field “%.*s”."),
                        kad_record_type(p->r.kind), KAD_STR_FMT(p->d->fields[0].name));
    return KAD_OK;
}

enum kad_err kad_draft_erased(struct kad_put *p)
{
    struct kad_seen s;
    enum kad_err err = check_draft(p);
    if (!err)
        err = kad_read_notes(p, &p->r.notes, &p->r.n_notes);
    if (!err)
        err = kad_check_on(p, p->r.on);
    if (!err)
        err = kad_seen_info(p, p->r.subject, &s);
    if (err)
        return err;
    if (!s.known)
        return kad_fail(p->err, KAD_ENOTFOUND, _("No record is about “%.*s”."),
                        KAD_STR_FMT(p->r.subject));
    if (s.info.erased)
        return kad_fail(p->err, KAD_ENO, _("The private fields of “%.*s” were erased already."),
                        KAD_STR_FMT(p->r.subject));
    return KAD_OK;
}

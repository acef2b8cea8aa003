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

static enum kad_err put_all(struct kad_batch *b, const struct kad_str *subjects, size_t n,
                            const struct kad_draft *like, uint64_t *ret_seq, bool *ret_already,
                            struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    for (size_t i = 0; i < n && !err; i++) {
        struct kad_draft d = *like;
        struct kad_outcome out;
        struct kad_subject_info info = {0};
        d.subject = subjects[i];
        if (n > 1 && kad_snapshot_subject(b->view, subjects[i], &info, reterr) == KAD_OK &&
            info.erased)
            continue;
        err = kad_batch_put(b, &d, &out, reterr);
        *ret_seq = err ? 0 : out.seq;
        *ret_already = !err && out.already;
    }
    return err;
}

enum kad_err kad_engine_erase(struct kad_engine *e, const struct kad_str *subjects, size_t n,
                              struct kad_str because, struct kad_str id, uint64_t *ret_seq,
                              bool *ret_already, struct kad_error *reterr)
{
    kad_assert(e && subjects && n > 0 && (n == 1 || id.n == 0) && ret_seq && ret_already);
    const struct kad_input note = {.name = KAD_STR("because"), .form = KAD_IN_WORDS, .text = because};
    const struct kad_draft like = {.type = kad_str(kad_record_type(KAD_R_ERASED)),
                                   .id = id,
                                   .on = KAD_DAY_NONE,
                                   .at = KAD_INSTANT_NONE,
                                   .clock = -1,
                                   .notes = &note,
                                   .n_notes = 1};
    struct kad_batch *b = NULL;
    enum kad_err err = kad_batch_begin(e, &(struct kad_batch_options){.erases = true}, &b, reterr);
    if (err)
        return err;
    err = put_all(b, subjects, n, &like, ret_seq, ret_already, reterr);
    if (err) {
        kad_batch_abort(b);
        return err;
    }
    return kad_batch_commit(b, reterr);
}

#include "cli/whole.h"

#include "cli/cli.h"
#include "core/verify.h"
#include "dsl/dsl.h"

static void step(void *ctx, enum kad_part part, uint64_t done, uint64_t of)
{
    struct kad_progress *p = ctx;
    p->what = kad_part_title(part);
    kad_progress_step(p, done, of);
}

enum kad_err kad_copy_whole(const char *dir, struct kad_error *reterr)
{
    struct kad_verify *v = NULL;
    struct kad_progress p;
    kad_progress_init(&p, "");
    struct kad_verify_options o = {.dir = dir,
                                   .compile = kad_dsl_compile_fn,
                                   .still = true,
                                   .progress = p.on ? step : NULL,
                                   .ctx = &p};
    enum kad_err got = kad_verify_run(&o, &v, reterr);
    p.shown = p.on; /* it was shown by the process that looked */
    kad_progress_done(&p);
    if (got == KAD_ENO && v->n_troubles > 1)
        got = kad_fail(reterr, KAD_ESTORE,
                       ngettext_("%s (And %llu more fault.)", "%s (And %llu more faults.)",
                                 (unsigned long)v->n_troubles - 1),
                       v->troubles[0].text, (unsigned long long)v->n_troubles - 1);
    else if (got == KAD_ENO)
        got = kad_fail(reterr, KAD_ESTORE, "%s", v->troubles[0].text);
    kad_verify_free(v);
    return got;
}

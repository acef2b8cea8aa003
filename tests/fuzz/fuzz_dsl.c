/* Policies read from any bytes: compiled or refused, never both; every message has its place; what
 * was compiled runs its examples. */
#include "tests/fuzz/fuzz.h"

#include "core/limits.h"
#include "dsl/dsl.h"

const char kad_fuzz_name[] = "dsl";

static void examples(const struct kad_policy *p)
{
    struct kad_cover c;
    kad_cover_init(&c, p);
    for (size_t i = 0; i < kad_dsl_example_count(p) && i < 3; i++) {
        struct kad_example_result r;
        bool holds = kad_dsl_example_run(p, i, &c, &r);
        kad_assert(holds == (r.n == 0));
        kad_dsl_example_done(&r);
    }
    for (size_t i = 0; i < c.n; i++) {
        struct kad_str gap = kad_cover_gap(&c, i);
        kad_assert(kad_utf8_valid(gap, NULL));
    }
    kad_cover_done(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kad_diags d;
    struct kad_buf b = {0};
    kad_diags_init(&d);
    struct kad_policy *p = kad_dsl_compile((struct kad_str){(const char *)data, size}, "fuzz", &d);
    kad_assert((p == NULL) == (d.n_errors > 0));
    kad_assert(kad_diags_shown(&d) <= KAD_LIMIT_DIAGS);
    for (size_t i = 0; i < d.n; i++)
        kad_assert(d.v[i].line > 0 && d.v[i].column > 0 && d.v[i].message[0] != '\0');
    if (p)
        kad_dsl_review(p, KAD_DAY_MAX, &d);
    kad_diags_put_all(&b, &d);
    kad_assert(kad_utf8_valid((struct kad_str){b.p, b.n}, NULL));
    kad_buf_done(&b);
    kad_diags_done(&d);
    if (p)
        examples(p);
    kad_policy_free(p);
    return 0;
}

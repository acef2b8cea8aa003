/* Policies laid out from any bytes: refused, or a text that lays out as itself, in either language,
 * and comes back from the other as it went. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "dsl/format.h"

const char kad_fuzz_name[] = "format";

static bool lay_out(struct kad_str text, enum kad_format_words words, struct kad_buf *ret)
{
    struct kad_diags d;
    struct kad_error err = {0};
    kad_diags_init(&d);
    enum kad_err got = kad_format(text, "fuzz", words, &d, ret, &err);
    kad_assert(got == KAD_OK || (got == KAD_ENO && (d.n_errors > 0) == (err.text[0] == '\0')));
    kad_assert((got == KAD_OK) || ret->n == 0);
    kad_diags_done(&d);
    return got == KAD_OK;
}

static struct kad_str str_of(const struct kad_buf *b)
{
    return (struct kad_str){kad_buf_str(b), b->n};
}

static void same(const struct kad_buf *a, const struct kad_buf *b)
{
    kad_assert(kad_str_eq(str_of(a), str_of(b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kad_buf once = {0}, twice = {0}, there = {0}, back = {0};
    struct kad_str text = {(const char *)data, size};
    if (lay_out(text, KAD_FORMAT_ENGLISH, &once)) {
        bool again = lay_out(str_of(&once), KAD_FORMAT_AS_IS, &twice);
        kad_assert(again);
        same(&once, &twice);
        /* A name may become a word beside one of the other language. */
        if (lay_out(str_of(&once), KAD_FORMAT_SWEDISH, &there) &&
            lay_out(str_of(&there), KAD_FORMAT_ENGLISH, &back))
            same(&once, &back);
    }
    kad_buf_done(&once);
    kad_buf_done(&twice);
    kad_buf_done(&there);
    kad_buf_done(&back);
    return 0;
}

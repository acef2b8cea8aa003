/* What the tests of the rule language share: compiling a text that must be right. */
#ifndef KAD_TESTS_DSL_H
#define KAD_TESTS_DSL_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "dsl/dsl.h"

/* Without an error, or the test fails and shows all that is said. */
static inline struct kad_policy *compile_n(const char *text, size_t n)
{
    struct kad_diags d;
    struct kad_buf b = {0};
    kad_diags_init(&d);
    struct kad_policy *p = kad_dsl_compile((struct kad_str){text, n}, "policy.rules", &d);
    kad_diags_put_all(&b, &d);
    kad_diags_done(&d);
    if (!p)
        fail_msg("%s", kad_buf_str(&b));
    kad_buf_done(&b);
    return p;
}

static inline struct kad_policy *compile(const char *text)
{
    return compile_n(text, strlen(text));
}

/* A file below tests/data, whole. */
static inline struct kad_buf read_data(const char *name)
{
    char path[4096];
    struct kad_buf b = {0};
    const char *folder = getenv("KAD_DATA");
    snprintf(path, sizeof path, "%s/data/%s", folder ? folder : "tests", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be opened", path);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        kad_buf_put(&b, part, n);
    fclose(f);
    return b;
}

#endif

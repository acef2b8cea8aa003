#include "core/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum kad_err code;
    int status;
    const char *name;
} table[] = {
#define X(name, value, status, text) {KAD_##name, (status), #name},
    KAD_ERR_MAP(X)
#undef X
};

/* The text was cut after n bytes of s: give up the character that was cut in two, if one was. */
static size_t whole_chars(const char *s, size_t n)
{
    size_t start = n;
    while (start > 0 && ((unsigned char)s[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return n;
    unsigned char lead = (unsigned char)s[start - 1];
    size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return n - (start - 1) < need ? start - 1 : n;
}

enum kad_err kad_vfail(struct kad_error *e, enum kad_err code, const char *fmt, va_list ap)
{
    kad_assert(code != KAD_OK);
    kad_assert(fmt);
    if (!e)
        return code;
    /* A function passes on what it was told: the first failure is the cause. */
    if (e->code != KAD_OK)
        return e->code;
    e->code = code;
    int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
    kad_assert(n >= 0);
    if ((size_t)n >= sizeof e->text)
        e->text[whole_chars(e->text, sizeof e->text - 1)] = '\0';
    return code;
}

enum kad_err kad_fail(struct kad_error *e, enum kad_err code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    enum kad_err ret = kad_vfail(e, code, fmt, ap);
    va_end(ap);
    return ret;
}

int kad_err_status(enum kad_err code)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].code == code)
            return table[i].status;
    kad_unreachable();
}

const char *kad_err_name(enum kad_err code)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].code == code)
            return table[i].name;
    kad_unreachable();
}

bool kad_errno_of_machine(int err)
{
    return err == ENOMEM || err == EMFILE || err == ENFILE || err == EIO;
}

void kad_assert_failed(const char *what, const char *file, int line, const char *func)
{
    /* The one place below cli/ that prints: after this the process is gone. */
    fflush(stdout);
    fprintf(stderr, "kadens: internal error: %s (%s:%d, %s)\n", what, file, line, func);
    abort();
}

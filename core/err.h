/* Errors: one code per thing a caller may have to do, and the sentence that says what happened.
 *
 * A function that can fail returns an `enum kad_err` (0 = done, negative = failed) and fills the
 * caller's `struct kad_error` with one sentence for people (already translated) that says what,
 * where and what was expected. Libraries never print and never exit. The codes of errno and of
 * LMDB are mapped where they arise and do not leak.
 */
#ifndef KAD_CORE_ERR_H
#define KAD_CORE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* X(name, value, exit status, text). ORDER err.h: interface.md, "Exit status". */
#define KAD_ERR_MAP(X)                                                                             \
    X(OK, 0, 0, "done")                                                                            \
    X(ENO, -1, 1, "answered no")                                                                   \
    X(EINPUT, -2, 2, "wrong usage or input")                                                       \
    X(ESTORE, -3, 3, "the store cannot be used")                                                   \
    X(ENOTFOUND, -4, 2, "not found")                                                               \
    X(EBUSY, -5, 3, "the store is held by another process")                                        \
    X(EFULL, -6, 3, "the disk is full")                                                            \
    X(EIO, -7, 3, "input or output failed")

enum kad_err {
#define X(name, value, status, text) KAD_##name = (value),
    KAD_ERR_MAP(X)
#undef X
};

/* What went wrong, for people. Zero-initialise it; `text` is empty until something fails.
 * Long texts are cut at a character boundary. */
struct kad_error {
    enum kad_err code;
    char text[2048];
};

#define KAD_MUST_CHECK __attribute__((warn_unused_result))
#define KAD_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Set code and text, and return the code, so that `return kad_fail(e, KAD_EINPUT, _("…"))` reads
 * as one step. `e` may be NULL. The first failure wins: a set error is not overwritten. */
enum kad_err kad_fail(struct kad_error *e, enum kad_err code, const char *fmt, ...)
    KAD_PRINTF(3, 4);
enum kad_err kad_vfail(struct kad_error *e, enum kad_err code, const char *fmt, va_list ap)
    KAD_PRINTF(3, 0);

/* The exit status that belongs to a code: 0, 1, 2 or 3. */
int kad_err_status(enum kad_err code);
/* The code's own name, "ESTORE". */
const char *kad_err_name(enum kad_err code);

/* An errno that says nothing of what was asked for, only that this machine cannot answer just now:
 * no memory, no descriptors, a disk that fails. Then “it is not there” must not be concluded. */
bool kad_errno_of_machine(int err);

/* Assertions stay on in every build: they state what cannot happen. What comes from outside
 * (files, disks, people) is checked with errors instead. */
#define kad_assert(cond)                                                                           \
    ((cond) ? (void)0 : kad_assert_failed(#cond, __FILE__, __LINE__, __func__))
#define kad_unreachable() kad_assert_failed("unreachable", __FILE__, __LINE__, __func__)
_Noreturn void kad_assert_failed(const char *what, const char *file, int line, const char *func);

#endif

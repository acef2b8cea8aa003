/* What every unit test includes first: cmocka with the headers it asks for, and how our types are
 * compared. */
#ifndef KAD_TESTS_UNIT_H
#define KAD_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/text.h"

#define LEN(array) (sizeof(array) / sizeof(array)[0])

#define assert_str_equal(s, expected)                                                              \
    do {                                                                                           \
        struct kad_str got_ = (s);                                                                 \
        const char *want_ = (expected);                                                            \
        assert_int_equal(got_.n, strlen(want_));                                                   \
        assert_memory_equal(got_.n ? got_.p : "", want_, got_.n);                                  \
    } while (0)

/* What the buffer holds; empties it for the next. */
#define assert_buf(b, expected)                                                                    \
    do {                                                                                           \
        assert_string_equal(kad_buf_str(b), (expected));                                           \
        assert_int_equal((b)->n, strlen(expected));                                                \
        kad_buf_reset(b);                                                                          \
    } while (0)

#endif

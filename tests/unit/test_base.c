/* Errors, arenas, buffers and readers. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/err.h"

/* --- errors --- */

static void codes_have_the_exit_status_of_the_contract(void **state)
{
    (void)state;
    assert_int_equal(kad_err_status(KAD_OK), 0);
    assert_int_equal(kad_err_status(KAD_ENO), 1);
    assert_int_equal(kad_err_status(KAD_EINPUT), 2);
    assert_int_equal(kad_err_status(KAD_ENOTFOUND), 2);
    assert_int_equal(kad_err_status(KAD_ESTORE), 3);
    assert_int_equal(kad_err_status(KAD_EBUSY), 3);
    assert_int_equal(kad_err_status(KAD_EFULL), 3);
    assert_int_equal(kad_err_status(KAD_EIO), 3);
    assert_string_equal(kad_err_name(KAD_ESTORE), "ESTORE");
    assert_string_equal(kad_err_name(KAD_OK), "OK");
}

static void fail_sets_code_and_text_and_returns_the_code(void **state)
{
    (void)state;
    struct kad_error e = {0};
    assert_int_equal(kad_fail(&e, KAD_EINPUT, "line %d of %s", 7, "x"), KAD_EINPUT);
    assert_int_equal(e.code, KAD_EINPUT);
    assert_string_equal(e.text, "line 7 of x");
}

static void the_first_failure_is_kept(void **state)
{
    (void)state;
    struct kad_error e = {0};
    kad_fail(&e, KAD_EFULL, "first");
    assert_int_equal(kad_fail(&e, KAD_EIO, "second"), KAD_EFULL);
    assert_int_equal(e.code, KAD_EFULL);
    assert_string_equal(e.text, "first");
}

static void fail_without_a_place_for_the_text_gives_the_code(void **state)
{
    (void)state;
    assert_int_equal(kad_fail(NULL, KAD_EIO, "%s", "unseen"), KAD_EIO);
}

static void long_error_texts_are_cut_between_characters(void **state)
{
    (void)state;
    static const char *const chars[] = {"a", "ö", "€", "😀"};
    const size_t room = sizeof((struct kad_error *)0)->text;
    for (size_t c = 0; c < LEN(chars); c++) {
        /* Shift the text so that the cut falls on each byte of the character. */
        for (size_t shift = 0; shift < 4; shift++) {
            struct kad_buf b = {0};
            for (size_t i = 0; i < shift; i++)
                kad_buf_putc(&b, '.');
            while (b.n < 2 * room)
                kad_buf_puts(&b, chars[c]);
            struct kad_error e = {0};
            kad_fail(&e, KAD_EINPUT, "%s", kad_buf_str(&b));
            size_t n = strlen(e.text);
            assert_true(n <= room - 1 && n > room - 1 - strlen(chars[c]));
            assert_memory_equal(e.text, b.p, n);
            assert_true(kad_utf8_valid(kad_str(e.text), NULL));
            kad_buf_done(&b);
        }
    }
}

static void a_text_that_just_fits_is_whole(void **state)
{
    (void)state;
    struct kad_error e = {0};
    char text[sizeof e.text];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    kad_fail(&e, KAD_EINPUT, "%s", text);
    assert_string_equal(e.text, text);
}

/* Does the function end the process by abort()? */
static void assert_aborts(void (*fn)(void))
{
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        fn();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void break_an_assertion(void)
{
    kad_assert(getpid() == 0);
}

static void ask_for_too_much(void)
{
    struct kad_arena a;
    kad_arena_init(&a);
    kad_arena_alloc(&a, SIZE_MAX / 2);
}

static void broken_assertions_abort(void **state)
{
    (void)state;
    kad_assert(1 + 1 == 2);
    assert_aborts(break_an_assertion);
    assert_aborts(ask_for_too_much);
}

/* --- arenas --- */

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct kad_arena a;
    kad_arena_init(&a);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 600; size++) {
            unsigned char *p = kad_arena_alloc(&a, size);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, size);
        }
        kad_arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    kad_arena_done(&a);
    assert_null(a.head);
}

static void arena_memory_does_not_overlap(void **state)
{
    (void)state;
    enum { N = 500 };
    unsigned char *p[N];
    size_t size[N];
    struct kad_arena a;
    kad_arena_init(&a);
    for (size_t i = 0; i < N; i++) {
        /* Small ones, and now and then one larger than any block so far. */
        size[i] = i % 50 == 49 ? i * 3000 : i % 97 + 1;
        p[i] = kad_arena_alloc(&a, size[i]);
        memset(p[i], (int)(i % 251), size[i]);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(p[i][k], i % 251);
    kad_arena_done(&a);
}

static void arena_counts_what_it_handed_out(void **state)
{
    (void)state;
    struct kad_arena a;
    kad_arena_init(&a);
    kad_arena_alloc(&a, 1);
    size_t first = a.used;
    assert_true(first >= 1 && first <= 64);
    kad_arena_alloc(&a, 100000);
    assert_true(a.used >= first + 100000);
    kad_arena_done(&a);
    assert_int_equal(a.used, 0);
}

static void arena_copies_strings(void **state)
{
    (void)state;
    struct kad_arena a;
    kad_arena_init(&a);
    assert_string_equal(kad_arena_strdup(&a, "vetlanda"), "vetlanda");
    assert_string_equal(kad_arena_strdup(&a, ""), "");
    assert_string_equal(kad_arena_strndup(&a, "vetlanda", 3), "vet");
    assert_string_equal(kad_arena_strndup(&a, NULL, 0), "");
    assert_memory_equal(kad_arena_memdup(&a, "a\0b", 3), "a\0b", 3);
    assert_non_null(kad_arena_memdup(&a, NULL, 0));
    assert_string_equal(kad_arena_printf(&a, "%s-%04d", "C", 42), "C-0042");
    assert_string_equal(kad_arena_printf(&a, "%s", ""), "");
    char *wide = kad_arena_printf(&a, "%20000d", 1);
    assert_int_equal(strlen(wide), 20000);
    kad_arena_done(&a);
}

static void reset_keeps_one_block_for_the_next_round(void **state)
{
    (void)state;
    struct kad_arena a;
    kad_arena_init(&a);
    kad_arena_reset(&a); /* of an empty one does nothing */
    assert_null(a.head);
    for (int i = 0; i < 1000; i++)
        kad_arena_alloc(&a, 1000);
    struct kad_arena_block *kept = a.head;
    kad_arena_reset(&a);
    assert_ptr_equal(a.head, kept);
    kad_arena_alloc(&a, 1000);
    assert_ptr_equal(a.head, kept);
    kad_arena_done(&a);
}

static void vectors_grow_and_keep_their_items(void **state)
{
    (void)state;
    struct kad_arena a;
    kad_arena_init(&a);
    kad_vec(int) v = {0};
    for (int i = 0; i < 10000; i++)
        kad_vec_push(&a, &v, i * 3);
    assert_int_equal(v.n, 10000);
    assert_true(v.cap >= v.n);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(v.v[i], i * 3);
    kad_arena_done(&a);
}

/* --- buffers and readers --- */

static void buffers_are_always_closed_by_a_nul(void **state)
{
    (void)state;
    struct kad_buf b = {0};
    assert_string_equal(kad_buf_str(&b), "");
    kad_buf_put(&b, NULL, 0);
    assert_string_equal(kad_buf_str(&b), "");
    for (int i = 0; i < 1000; i++) {
        kad_buf_putc(&b, (char)('a' + i % 26));
        assert_int_equal(b.n, i + 1);
        assert_int_equal(b.p[b.n], '\0');
    }
    kad_buf_reset(&b);
    assert_string_equal(kad_buf_str(&b), "");
    assert_int_equal(b.n, 0);
    kad_buf_done(&b);
    assert_null(b.p);
}

static void buffers_print_any_length(void **state)
{
    (void)state;
    struct kad_buf b = {0};
    for (int n = 1; n < 300; n++) {
        kad_buf_reset(&b);
        kad_buf_puts(&b, "<");
        kad_buf_printf(&b, "%*d", n, 7);
        kad_buf_puts(&b, ">");
        assert_int_equal(b.n, n + 2);
        assert_int_equal(b.p[n], '7');
        assert_int_equal(b.p[n + 1], '>');
    }
    kad_buf_reset(&b);
    kad_buf_printf(&b, "%s", "");
    assert_buf(&b, "");
    kad_buf_done(&b);
}

static void buffers_hold_nul_bytes(void **state)
{
    (void)state;
    struct kad_buf b = {0};
    kad_buf_put(&b, "a\0b", 3);
    assert_int_equal(b.n, 3);
    assert_memory_equal(b.p, "a\0b", 4);
    kad_buf_done(&b);
}

static void integers_are_big_endian_and_read_back(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,      1,          0x7f,       0x80,      0xff,
                                      0x0102, 0xffff,     0x01020304, UINT32_MAX, 1ull << 63,
                                      0x0102030405060708, UINT64_MAX};
    struct kad_buf b = {0};
    kad_buf_be64(&b, 0x0102030405060708);
    kad_buf_be32(&b, 0x090a0b0c);
    kad_buf_be16(&b, 0x0d0e);
    assert_memory_equal(b.p, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16", 14);
    for (size_t i = 0; i < LEN(values); i++) {
        kad_buf_reset(&b);
        kad_buf_be16(&b, (uint16_t)values[i]);
        kad_buf_be32(&b, (uint32_t)values[i]);
        kad_buf_be64(&b, values[i]);
        kad_buf_putc(&b, (char)values[i]);
        struct kad_rd r = {.p = (const uint8_t *)b.p, .n = b.n};
        assert_int_equal(kad_rd_be16(&r), (uint16_t)values[i]);
        assert_int_equal(kad_rd_be32(&r), (uint32_t)values[i]);
        assert_true(kad_rd_be64(&r) == values[i]);
        assert_int_equal(kad_rd_u8(&r), (uint8_t)values[i]);
        assert_int_equal(r.n, 0);
        assert_int_equal(r.bad, 0);
    }
    kad_buf_done(&b);
}

static void reading_past_the_end_gives_zeroes_and_stays_bad(void **state)
{
    (void)state;
    static const uint8_t data[] = {0xff, 0xff, 0xff};
    struct kad_rd r = {.p = data, .n = sizeof data};
    assert_int_equal(kad_rd_be16(&r), 0xffff);
    assert_int_equal(kad_rd_be32(&r), 0);
    assert_int_equal(r.bad, 1);
    /* One byte is left, but a bad reader gives nothing any more. */
    assert_int_equal(kad_rd_u8(&r), 0);
    assert_null(kad_rd_bytes(&r, 0));
    assert_int_equal(r.bad, 1);
}

static void an_empty_reader_reads_nothing(void **state)
{
    (void)state;
    struct kad_rd r = {0};
    assert_non_null(kad_rd_bytes(&r, 0));
    assert_int_equal(r.bad, 0);
    assert_int_equal(kad_rd_u8(&r), 0);
    assert_int_equal(r.bad, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_the_exit_status_of_the_contract),
        cmocka_unit_test(fail_sets_code_and_text_and_returns_the_code),
        cmocka_unit_test(the_first_failure_is_kept),
        cmocka_unit_test(fail_without_a_place_for_the_text_gives_the_code),
        cmocka_unit_test(long_error_texts_are_cut_between_characters),
        cmocka_unit_test(a_text_that_just_fits_is_whole),
        cmocka_unit_test(broken_assertions_abort),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(arena_memory_does_not_overlap),
        cmocka_unit_test(arena_counts_what_it_handed_out),
        cmocka_unit_test(arena_copies_strings),
        cmocka_unit_test(reset_keeps_one_block_for_the_next_round),
        cmocka_unit_test(vectors_grow_and_keep_their_items),
        cmocka_unit_test(buffers_are_always_closed_by_a_nul),
        cmocka_unit_test(buffers_print_any_length),
        cmocka_unit_test(buffers_hold_nul_bytes),
        cmocka_unit_test(integers_are_big_endian_and_read_back),
        cmocka_unit_test(reading_past_the_end_gives_zeroes_and_stays_bad),
        cmocka_unit_test(an_empty_reader_reads_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

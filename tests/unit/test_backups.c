/* The list of backups, and whole files. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "core/backups.h"
#include "core/files.h"
#include "tests/unit/store.h"

static void add(struct place *p, uint64_t seq, const char *path)
{
    struct kad_backup b = {.at = (kad_instant)seq * 1000000,
                           .last_seq = seq,
                           .last_fence = seq / 2,
                           .path = kad_str(path)};
    ok(p, kad_backups_add(p->root, &b, &p->error));
}

static size_t all(struct place *p, struct kad_backup **ret)
{
    size_t n = 0;
    ok(p, kad_backups_read(p->root, &p->arena, ret, &n, &p->error));
    return n;
}

static void what_was_put_is_read_again(void **state)
{
    static const char *const paths[] = {"/media/usb/kadens/2026", "/a b\nc\\x41/säkert ",
                                        "/\x01\xff"};
    struct place *p = *state;
    struct kad_backup *b;
    assert_int_equal(all(p, &b), 0);
    for (size_t i = 0; i < LEN(paths); i++)
        add(p, 10 + i, paths[i]);
    assert_int_equal(all(p, &b), LEN(paths));
    for (size_t i = 0; i < LEN(paths); i++) {
        assert_str_equal(b[i].path, paths[i]);
        assert_int_equal(b[i].last_seq, 10 + i);
        assert_int_equal(b[i].last_fence, (10 + i) / 2);
        assert_int_equal(b[i].at, (kad_instant)(10 + i) * 1000000);
    }
}

static void a_damaged_line_is_passed_over(void **state)
{
    struct place *p = *state;
    struct kad_backup *b;
    struct kad_buf text = {0};
    add(p, 1, "/one");
    add(p, 2, "/two");
    add(p, 3, "/three");
    const char *path = kad_arena_printf(&p->arena, "%s/backups", p->root);
    assert_int_equal(kad_file_get(path, 100000, &text), 0);
    size_t whole = text.n;
    for (size_t i = 0; i < whole; i++) {
        char was = text.p[i];
        text.p[i] = (char)(was ^ 1);
        assert_int_equal(kad_file_put(path, (struct kad_str){text.p, text.n}, 0600), 0);
        size_t n = all(p, &b);
        assert_true(n == 2 || (n == 1 && was == '\n'));
        text.p[i] = was;
    }
    text.n -= 1; /* cut in its last line */
    assert_int_equal(kad_file_put(path, (struct kad_str){text.p, text.n}, 0600), 0);
    assert_int_equal(all(p, &b), 2);
    kad_buf_done(&text);
}

static void only_the_newest_are_kept(void **state)
{
    struct place *p = *state;
    struct kad_backup *b;
    for (uint64_t i = 1; i <= KAD_BACKUPS_MOST + 3; i++)
        add(p, i, "/x");
    assert_int_equal(all(p, &b), KAD_BACKUPS_MOST);
    assert_int_equal(b[0].last_seq, 4);
    assert_int_equal(b[KAD_BACKUPS_MOST - 1].last_seq, KAD_BACKUPS_MOST + 3);
}

static void files_have_their_rights_whatever_the_umask(void **state)
{
    struct place *p = *state;
    struct stat st;
    mode_t was = umask(0777);
    const char *path = kad_arena_printf(&p->arena, "%s/f", p->root);
    const char *folder = kad_arena_printf(&p->arena, "%s/d", p->root);
    assert_int_equal(kad_file_put(path, KAD_STR("one"), 0600), 0);
    assert_int_equal(kad_file_put(path, KAD_STR("two"), 0600), 0);
    assert_int_equal(kad_folder_new(folder, 0700), 0);
    umask(was);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    struct kad_buf b = {0};
    assert_int_equal(kad_file_get(path, 3, &b), 0);
    assert_buf(&b, "two");
    assert_int_equal(kad_file_get(path, 2, &b), EFBIG);
    assert_int_equal(kad_file_get(folder, 10, &b), EINVAL);
    kad_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(what_was_put_is_read_again),
        PLACE_TEST(a_damaged_line_is_passed_over),
        PLACE_TEST(only_the_newest_are_kept),
        PLACE_TEST(files_have_their_rights_whatever_the_umask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The key folder: whose it is, what lies in it, and what is refused. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>

#include "tests/unit/store.h"

#define ID "0123456789abcdef0123456789abcdef"

static const uint8_t secret[32] = {1, 2, 3, 0xff};

static const char *file_of(struct place *p, const char *name)
{
    return kad_arena_printf(&p->arena, "%s/" ID ".%s", p->keys, name);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static size_t names_in(const char *dir)
{
    size_t n = 0;
    char command[300];
    snprintf(command, sizeof command, "ls -A %s | wc -l", dir);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%zu", &n), 1);
    pclose(f);
    return n;
}

static void a_key_is_read_as_it_was_written_and_is_its_owner_s_alone(void **state)
{
    struct place *p = *state;
    uint8_t got[32];
    mode_t old = umask(0);
    snprintf(p->keys, sizeof p->keys, "%s/deep/er/keys", p->root);
    kad_keys_set_folder(p->keys);
    enum kad_err err = kad_key_write(ID, "sign", secret, sizeof secret, &p->error);
    umask(old);
    assert_int_equal(err, KAD_OK);
    ok(p, kad_key_read(ID, "sign", got, sizeof got, &p->error));
    assert_memory_equal(got, secret, sizeof got);
    assert_int_equal(mode_of(p->keys), 0700);
    assert_int_equal(mode_of(file_of(p, "sign")), 0600);
    assert_int_equal(names_in(p->keys), 1);
    assert_true(kad_key_exists(ID, "sign"));
    assert_false(kad_key_exists(ID, "master"));
}

static void a_new_key_takes_the_old_one_s_place(void **state)
{
    struct place *p = *state;
    uint8_t got[32], other[32] = {9};
    ok(p, kad_key_write(ID, "master", secret, sizeof secret, &p->error));
    ok(p, kad_key_write(ID, "master.new", other, sizeof other, &p->error));
    ok(p, kad_key_read(ID, "master", got, sizeof got, &p->error));
    assert_memory_equal(got, secret, sizeof got);
    ok(p, kad_key_rename(ID, "master.new", "master", &p->error));
    ok(p, kad_key_read(ID, "master", got, sizeof got, &p->error));
    assert_memory_equal(got, other, sizeof got);
    ok(p, kad_key_write(ID, "master", secret, sizeof secret, &p->error));
    ok(p, kad_key_read(ID, "master", got, sizeof got, &p->error));
    assert_memory_equal(got, secret, sizeof got);
    ok(p, kad_key_destroy(ID, "master", &p->error));
    ok(p, kad_key_destroy(ID, "master", &p->error));
    assert_int_equal(names_in(p->keys), 0);
}

static void what_is_missing_loose_or_of_another_is_refused_with_what_to_do(void **state)
{
    struct place *p = *state;
    uint8_t got[32] = {7};
    static const uint8_t zero[32];
    fails(p, kad_key_read(ID, "sign", got, sizeof got, &p->error), KAD_ESTORE, "is not there");
    assert_memory_equal(got, zero, sizeof got);
    ok(p, kad_key_write(ID, "sign", secret, sizeof secret, &p->error));
    assert_int_equal(chmod(file_of(p, "sign"), 0640), 0);
    fails(p, kad_key_read(ID, "sign", got, sizeof got, &p->error), KAD_ESTORE, "chmod 600");
    assert_int_equal(chmod(file_of(p, "sign"), 0600), 0);
    assert_int_equal(chmod(p->keys, 0755), 0);
    fails(p, kad_key_read(ID, "sign", got, sizeof got, &p->error), KAD_ESTORE, "chmod 700");
    fails(p, kad_key_write(ID, "x", secret, sizeof secret, &p->error), KAD_ESTORE, "chmod 700");
    assert_int_equal(chmod(p->keys, 0700), 0);
    fails(p, kad_key_read(ID, "sign", got, 16, &p->error), KAD_ESTORE, "not the key it should be");
    assert_int_equal(symlink(ID ".sign", file_of(p, "link")), 0);
    fails(p, kad_key_read(ID, "link", got, sizeof got, &p->error), KAD_ESTORE, "cannot be read");
    assert_int_equal(rename(file_of(p, "sign"), file_of(p, "master")), 0);
    fails(p, kad_key_read(ID, "master", got, sizeof got, &p->error), KAD_ESTORE, "not the key");
}

static void every_changed_byte_of_a_key_file_is_refused_or_in_its_comment(void **state)
{
    struct place *p = *state;
    uint8_t got[32];
    char text[1200];
    ok(p, kad_key_write(ID, "sign", secret, sizeof secret, &p->error));
    int fd = open(file_of(p, "sign"), O_RDWR);
    ssize_t n = pread(fd, text, sizeof text, 0);
    assert_true(n > 64);
    const char *comment = memchr(text, '#', (size_t)n), *digits = strchr(comment, '\n');
    for (ssize_t i = 0; i < n; i++) {
        char was = text[i], bad = '!';
        assert_int_equal(pwrite(fd, &bad, 1, i), 1);
        p->error = (struct kad_error){0};
        enum kad_err err = kad_key_read(ID, "sign", got, sizeof got, &p->error);
        assert_int_equal(err, text + i > comment && text + i < digits ? KAD_OK : KAD_ESTORE);
        assert_int_equal(pwrite(fd, &was, 1, i), 1);
        assert_int_equal(ftruncate(fd, i), 0);
        fails(p, kad_key_read(ID, "sign", got, sizeof got, &p->error), KAD_ESTORE, "not the key");
        assert_int_equal(pwrite(fd, text, (size_t)n, 0), n);
    }
    assert_int_equal(pwrite(fd, "\n", 1, n), 1);
    fails(p, kad_key_read(ID, "sign", got, sizeof got, &p->error), KAD_ESTORE, "not the key");
    close(fd);
}

static void the_folder_is_the_option_s_then_the_environment_s(void **state)
{
    struct place *p = *state;
    struct kad_buf b = {0};
    static const struct {
        const char *option, *keys, *config, *home, *want;
    } cases[] = {
        {"/o", "/k", "/c", "/h", "/o"},
        {NULL, "/k", "/c", "/h", "/k"},
        {NULL, NULL, "/c", "/h", "/c/kadens"},
        {NULL, "", "c", "/h", "/h/.config/kadens"},
        {"", NULL, NULL, "/h", "/h/.config/kadens"},
    };
    static const char *const names[] = {"KADENS_KEYS", "XDG_CONFIG_HOME", "HOME"};
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *const values[] = {cases[i].keys, cases[i].config, cases[i].home};
        for (size_t k = 0; k < LEN(names); k++)
            if (values[k])
                setenv(names[k], values[k], 1);
            else
                unsetenv(names[k]);
        kad_keys_set_folder(cases[i].option);
        ok(p, kad_keys_folder(&b, &p->error));
        assert_buf(&b, cases[i].want);
    }
    unsetenv("HOME"); /* then it is the password database's */
    kad_keys_set_folder(NULL);
    unsetenv("XDG_CONFIG_HOME");
    ok(p, kad_keys_folder(&b, &p->error));
    assert_non_null(strstr(b.p, "/.config/kadens"));
    kad_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_key_is_read_as_it_was_written_and_is_its_owner_s_alone),
        PLACE_TEST(a_new_key_takes_the_old_one_s_place),
        PLACE_TEST(what_is_missing_loose_or_of_another_is_refused_with_what_to_do),
        PLACE_TEST(every_changed_byte_of_a_key_file_is_refused_or_in_its_comment),
        PLACE_TEST(the_folder_is_the_option_s_then_the_environment_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

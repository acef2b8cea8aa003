/* The service's configuration: what is understood, and what is said of every mistake. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/serve_conf.h"
#include "core/files.h"
#include "tests/unit/store.h"
#include "tests/unit/unit.h"

struct said {
    struct place *p;
    struct kad_buf b;
    struct kad_serve_conf conf;
    enum kad_err err;
};

static void tell(void *ctx, const char *mistake)
{
    struct said *s = ctx;
    kad_buf_printf(&s->b, "%s\n", mistake);
}

static const char *file(struct place *p, const char *name, const char *text, mode_t mode)
{
    const char *path = kad_arena_printf(&p->arena, "%s/%s", p->root, name);
    assert_int_equal(kad_file_put(path, kad_str(text), mode), 0);
    return path;
}

static void read_conf(struct said *s, struct place *p, const char *text)
{
    const char *path = file(p, "serve.conf", text, 0644);
    struct kad_error error = {0};
    *s = (struct said){.p = p};
    s->err = kad_serve_conf_read(path, tell, s, &s->conf, &error);
    assert_string_equal(error.text, "");
}

static void done(struct said *s)
{
    kad_buf_done(&s->b);
    kad_serve_conf_done(&s->conf);
}

#define SECRET "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"

static void a_whole_configuration_is_read(void **state)
{
    struct place *p = *state;
    struct said s;
    const char *secret = file(p, "secret", SECRET, 0600);
    const char *password = file(p, "password", "hem ligt\n", 0600);
    const char *addresses = file(p, "addresses",
                                 "# who\nanna = anna@example.org\nÅsa Öberg = asa@example.org\n"
                                 "role:manager = chef@example.org\n",
                                 0644);
    read_conf(
        &s, p,
        kad_arena_printf(&p->arena,
                         "# what is told\n[jsonl]\n\n[spool]\nfolder = /var/spool/k\nfrom = start\n"
                         "[calendar]\nfolder=/srv/k\nahead = 14\n"
                         "[webhook hr]\nurl = https://example.org/in\nsecret = %s\n"
                         "[webhook]\nurl = http://localhost:8080/\nsecret = %s\ntimeout = 5\n"
                         "[mail]\r\nserver = mail.example.org:587\nuser = k\npassword = %s\n"
                         "sender = k@example.org\naddresses = %s\nat = 07:05\n"
                         "[checkpoint]\nfolder = /srv/c\n",
                         secret, secret, password, addresses));
    if (s.err != KAD_OK)
        fail_msg("%s", kad_buf_str(&s.b));
    assert_int_equal(s.conf.n, 7);
    const struct kad_section *spool = kad_serve_conf_find(&s.conf, KAD_SECTION_SPOOL);
    assert_string_equal(spool->folder, "/var/spool/k");
    assert_int_equal(spool->most, 10000);
    assert_int_equal(spool->start, 1);
    const struct kad_section *hook = kad_serve_conf_find(&s.conf, KAD_SECTION_WEBHOOK);
    assert_string_equal(hook->name, "webhook hr");
    assert_int_equal(hook->n_key, 32);
    assert_memory_equal(hook->key, "0123456789abcdef0123456789abcdef", 32);
    assert_int_equal(hook->timeout, 30);
    const struct kad_section *mail = kad_serve_conf_find(&s.conf, KAD_SECTION_MAIL);
    assert_int_equal(mail->at, 7 * 60 + 5);
    assert_int_equal(mail->security, KAD_MAIL_STARTTLS);
    assert_string_equal(mail->password_text, "hem ligt");
    assert_int_equal(mail->n_recipients, 3);
    assert_str_equal(mail->recipients[1].person, "Åsa Öberg");
    assert_string_equal(mail->recipients[1].address, "asa@example.org");
    assert_int_equal(kad_serve_conf_find(&s.conf, KAD_SECTION_CALENDAR)->ahead, 14);
    assert_int_equal(kad_serve_conf_find(&s.conf, KAD_SECTION_CALENDAR)->keep, 30);
    done(&s);
}

static void each_mistake_is_told_with_its_line_and_what_is_accepted(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"folder = /x\n", ":1: this stands before the first [section]."},
        {"[spol]\nfolder = /x\n", ":1: there is no section [spol]. There are: [jsonl] [spool] "},
        {"[spool\n", "there is no section [spool."},
        {"[webhook HR]\n", "in small letters"},
        {"[jsonl]\nfolder = /x\n", ":2: [jsonl] has no “folder”. It has: from."},
        {"[spool]\n", ":1: [spool] lacks “folder”."},
        {"[spool]\nfolder = x\n", ":2: “folder” is a whole path: it begins with /."},
        {"[spool]\nfolder = /x\nfolder = /y\n", ":3: “folder” is said twice in [spool]."},
        {"[spool]\nfolder = /x\n[spool]\n", ":3: [spool] is there already, on line 1."},
        {"[spool]\nfolder = /x\nmost = 0\n", ":3: “most” is a whole number from 1 to 1000000."},
        {"[spool]\nfolder = /x\nmost = 1e3\n", "“most” is a whole number"},
        {"[spool]\nfolder = /x\nfrom = then\n", ":3: “from” is one of: now, start."},
        {"[spool]\nfolder\n", ":2: a line is KEY = VALUE"},
        {"[spool]\nfolder =\n", ":2: a line is KEY = VALUE"},
        {"[webhook]\nurl = http://example.org/\n", "must begin with https:// unless"},
        {"[webhook]\nurl = http://localhost.example.org/\n", "must begin with https:// unless"},
        {"[webhook]\nurl = https://a:b@example.org/\n", "without a user in it"},
        {"[webhook]\nurl = ftp://example.org/\n", "begins with https://"},
        {"[webhook]\nurl = https://\n", "begins with https://"},
        {"[webhook]\nsecret = /nowhere/at/all\n", ":1: “secret”: /nowhere/at/all cannot be read"},
        {"[mail]\nserver = mail.example.org:99999\n", ":2: “server” is a host"},
        {"[mail]\nserver = smtp://x\n", ":2: “server” is a host"},
        {"[mail]\nserver = a.b\nsecurity = none\n", "only for a mail server on this machine"},
        {"[mail]\nsecurity = ssl\n", "“security” is one of: starttls, tls, none."},
        {"[mail]\nat = 24:00\n", "“at” is a time of day such as 06:30."},
        {"[mail]\nat = 6:30\n", "“at” is a time of day such as 06:30."},
        {"[mail]\nsender = Kadens <k@example.org>\n", "“sender” is a mail address"},
        {"[mail]\nuser = k\n", "“user” and “password” go together."},
        {"[jsonl]\n# \xff\n", ":2: the file is not UTF-8 text"},
        {"[jsonl]\n\n# \xe2\x80\xae\n", ":3: the file is not UTF-8 text, or has signs in it that cannot be seen"},
    };
    struct place *p = *state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct said s;
        read_conf(&s, p, rows[i].text);
        if (s.err != KAD_EINPUT || !strstr(kad_buf_str(&s.b), rows[i].said))
            fail_msg("%s gave:\n%s", rows[i].text, kad_buf_str(&s.b));
        done(&s);
    }
    /* All of them, not only the first. */
    struct said s;
    read_conf(&s, p, "[spool]\nfolder = x\nmost = 0\nwhat = 1\n[nothing]\nbut = this\n");
    size_t n = 0;
    for (const char *c = kad_buf_str(&s.b); *c; c++)
        n += *c == '\n';
    assert_int_equal(n, 4);
    done(&s);
}

static void secrets_must_be_secret_and_whole(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *text;
        mode_t mode;
        const char *said;
    } rows[] = {
        {SECRET, 0644, "must be a file that nobody but its owner may read: chmod 600 "},
        {SECRET, 0640, "must be a file that nobody but its owner may read"},
        {"whsec_c2hvcnQ=\n", 0600, "base64 of 24 to 64 random bytes"},
        {"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", 0600, "must hold whsec_"},
        {"\n", 0600, "is empty"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct said s;
        const char *path = file(p, "secret", rows[i].text, rows[i].mode);
        read_conf(
            &s, p,
            kad_arena_printf(&p->arena, "[webhook]\nurl = https://x.se/\nsecret = %s\n", path));
        if (s.err != KAD_EINPUT || !strstr(kad_buf_str(&s.b), rows[i].said))
            fail_msg("%s gave:\n%s", rows[i].text, kad_buf_str(&s.b));
        assert_null(strstr(kad_buf_str(&s.b), "MDEyMzQ1"));
        done(&s);
    }
}

static void addresses_are_checked_with_their_own_lines(void **state)
{
    struct place *p = *state;
    struct said s;
    const char *path = file(p, "addresses",
                            "anna = anna@example.org\n\nbo: bo@example.org\n"
                            "anna = other@example.org\nx = x@y.z, a@b.se\n",
                            0644);
    read_conf(&s, p,
              kad_arena_printf(&p->arena,
                               "[mail]\nserver = a.se\nsender = k@a.se\naddresses = %s\n", path));
    assert_int_equal(s.err, KAD_EINPUT);
    assert_non_null(strstr(kad_buf_str(&s.b), "/addresses:3: a line of addresses is"));
    assert_non_null(
        strstr(kad_buf_str(&s.b), "/addresses:4: “anna” has an address already, on line 1."));
    assert_non_null(strstr(kad_buf_str(&s.b), "/addresses:5: a line of addresses is"));
    done(&s);
}

/* The example that comes with the program is right but for the files that it names. */
static void the_example_is_understood(void **state)
{
    struct place *p = *state;
    struct kad_buf text = {0};
    struct said s;
    const char *src = getenv("KAD_SRC");
    char *path = kad_path_join(src ? src : ".", "docs/serve.conf.example");
    assert_int_equal(kad_file_get(path, 1 << 16, &text), 0);
    free(path);
    /* All of it is commented out; so is "## " prose. */
    struct kad_buf open = {0};
    for (const char *c = kad_buf_str(&text); *c;) {
        size_t n = strcspn(c, "\n") + 1;
        bool off = c[0] == '#' && c[1] != ' ' && c[1] != '\n' && c[1] != '#';
        kad_buf_put(&open, c + off, n - off);
        c += n;
    }
    read_conf(&s, p, kad_buf_str(&open));
    for (const char *c = kad_buf_str(&s.b); *c; c = strchr(c, '\n') + 1)
        if (!strstr(c, "cannot be read") || strstr(c, "cannot be read") > strchr(c, '\n'))
            fail_msg("%s", c);
    assert_int_equal(s.conf.n, KAD_SECTION__COUNT);
    kad_buf_done(&open);
    kad_buf_done(&text);
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_whole_configuration_is_read),
        PLACE_TEST(each_mistake_is_told_with_its_line_and_what_is_accepted),
        PLACE_TEST(secrets_must_be_secret_and_whole),
        PLACE_TEST(addresses_are_checked_with_their_own_lines),
        PLACE_TEST(the_example_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

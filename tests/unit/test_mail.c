/* The morning's letter: sent to a mail server on this machine and read back by a strict reader of
 * our own. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/folder.h"
#include "cli/mime.h"
#include "cli/morning.h"
#include "cli/serve_conf.h"
#include "cli/transfer.h"
#include "core/files.h"
#include "tests/unit/server.h"
#include "tests/unit/told.h"
#include "tests/unit/unit.h"

struct post {
    struct told t;
    struct server smtp;
    char server[40];
    struct kad_mail_options o;
    struct kad_transfers *transfers;
};

static void add(struct post *p, const char *person, const char *address)
{
    char name[128];
    snprintf(name, sizeof name, "mail/%s", person);
    if (kad_sink_add_mail(p->t.sinks, name, p->transfers, &p->o, kad_str(person), address,
                          &p->t.error) != KAD_OK)
        fail_msg("%s", p->t.error.text);
}

static void new_transfers(struct post *p)
{
    assert_int_equal(kad_transfers_new(p->t.loop, &p->transfers, &p->t.error), KAD_OK);
    kad_sinks_own(p->t.sinks, p->transfers);
}

static void open_post(struct post *p, const char *script, const char *label)
{
    told_open(&p->t, label);
    server_start(&p->smtp, true, script);
    snprintf(p->server, sizeof p->server, "127.0.0.1:%d", p->smtp.port);
    p->o = (struct kad_mail_options){.server = p->server,
                                     .security = KAD_MAIL_NONE,
                                     .user = "kadens",
                                     .password = "hemligt",
                                     .from = "kadens@example.org",
                                     .at = 8 * 60 + 30, /* the ledger's zone is two hours ahead */
                                     .timeout_s = 5};
    new_transfers(p);
}

static void close_post(struct post *p)
{
    told_close(&p->t);
    server_stop(&p->smtp);
}

/* --- the reader --- */

struct letter {
    const char *raw; /* headers and all, lines ended by '\n' */
    struct kad_buf subject, from, to, text, html;
};

static int hex(char c)
{
    const char *digits = "0123456789ABCDEF", *at = strchr(digits, c);
    assert_true(c && at);
    return (int)(at - digits);
}

static void unquote(struct kad_buf *b, const char *s, const char *end)
{
    for (const char *line = s; s < end; s++) {
        if (*s == '\n') {
            assert_true(s - line <= 76);
            line = s + 1;
            kad_buf_putc(b, '\n');
        } else if (*s == '=' && s[1] == '\n') {
            line = s + 2;
            s++;
        } else if (*s == '=') {
            kad_buf_putc(b, (char)(hex(s[1]) * 16 + hex(s[2])));
            s += 2;
        } else {
            assert_true(*s >= 0x20 && *s < 0x7f);
            kad_buf_putc(b, *s);
        }
    }
}

/* Encoded words to UTF-8, blanks between two of them away. */
static void unword(struct kad_buf *b, const char *s)
{
    while (*s) {
        const char *end = strncmp(s, "=?UTF-8?B?", 10) == 0 ? strstr(s, "?=") : NULL;
        if (!end) {
            kad_buf_putc(b, *s++);
            continue;
        }
        unsigned char out[100];
        size_t n;
        assert_true(end + 2 - s <= 75);
        assert_int_equal(sodium_base642bin(out, sizeof out, s + 10, (size_t)(end - s - 10), NULL,
                                           &n, NULL, sodium_base64_VARIANT_ORIGINAL),
                         0);
        kad_buf_put(b, out, n);
        s = end + 2;
        while (*s == ' ' && strncmp(s + strspn(s, " "), "=?", 2) == 0)
            s++;
    }
}

static void one_header(struct kad_buf *b, const char *text, const char *name)
{
    struct kad_buf folded = {0};
    struct kad_buf joined = {0};
    size_t n = strlen(name);
    bool mine = false;
    for (const char *p = text; *p != '\n'; p = strchr(p, '\n') + 1) {
        size_t len = strcspn(p, "\n");
        assert_true(len <= 78);
        for (size_t i = 0; i < len; i++)
            assert_true(p[i] >= 0x20 && p[i] < 0x7f);
        if (*p != ' ') {
            bool again = strncmp(p, name, n) == 0 && p[n] == ':';
            assert_false(again && joined.n); /* each once */
            mine = again;
            if (mine)
                kad_buf_put(&joined, p + n + 1, len - n - 1);
        } else if (mine) {
            kad_buf_put(&joined, p, len);
        }
    }
    unword(&folded, kad_buf_str(&joined) + strspn(kad_buf_str(&joined), " "));
    kad_buf_puts(b, kad_buf_str(&folded));
    kad_buf_done(&folded);
    kad_buf_done(&joined);
}

static void part(struct kad_buf *b, const char *at, const char *boundary, const char *type)
{
    char head[200], mark[100];
    snprintf(head, sizeof head,
             "--%s\nContent-Type: %s; charset=UTF-8\nContent-Transfer-Encoding: "
             "quoted-printable\n\n",
             boundary, type);
    snprintf(mark, sizeof mark, "\n--%s", boundary);
    assert_int_equal(strncmp(at, head, strlen(head)), 0);
    const char *end = strstr(at + strlen(head), mark);
    assert_non_null(end);
    unquote(b, at + strlen(head), end + 1);
    told_is_tame(b->p, b->n, false);
}

static void read_letter(struct letter *l, const struct kad_buf *got)
{
    *l = (struct letter){.raw = strchr(strstr(kad_buf_str(got), "RCPT"), '\n') + 1};
    one_header(&l->subject, l->raw, "Subject");
    one_header(&l->from, l->raw, "From");
    assert_null(strstr(l->raw, "From:\n")); /* some filters take that for an empty one */
    one_header(&l->to, l->raw, "To");
    const char *body = strstr(l->raw, "\n\n") + 2;
    const char *mark = strstr(l->raw, "boundary=\"");
    assert_non_null(mark);
    char boundary[80] = "", next[90];
    sscanf(mark, "boundary=\"%70[^\"]\"", boundary);
    part(&l->text, body, boundary, "text/plain");
    snprintf(next, sizeof next, "\n--%s\n", boundary);
    const char *second = strstr(body + 2, next);
    assert_non_null(second);
    part(&l->html, second + 1, boundary, "text/html");
    snprintf(next, sizeof next, "\n--%s--\n", boundary);
    assert_non_null(strstr(second, next));
}

static void forget(struct letter *l)
{
    struct kad_buf *all[] = {&l->subject, &l->from, &l->to, &l->text, &l->html};
    for (size_t i = 0; i < LEN(all); i++)
        kad_buf_done(all[i]);
}

/* --- what it says --- */

static void the_list_comes_in_the_morning_late_ones_first(void **state)
{
    struct post p;
    struct letter l;
    (void)state;
    open_post(&p, "o", TOLD_LABEL);
    add(&p, "anna", "anna@example.org");
    told_until(&p.t, "2021-06-08T06:29:00Z"); /* 08:29 in Sweden */
    assert_true(told_run(&p.t, 3000));
    assert_int_equal(server_got(&p.smtp), 0);
    told_until(&p.t, "2021-06-08T06:30:00Z");
    assert_true(told_run(&p.t, 3000));
    assert_int_equal(server_got(&p.smtp), 1);
    read_letter(&l, &p.smtp.got[0]);
    assert_string_equal(kad_buf_str(&l.subject), "Tasks Tue 2021-06-08: 1 late");
    assert_string_equal(kad_buf_str(&l.from), "Kadens SE-Höglandet <kadens@example.org>");
    assert_string_equal(kad_buf_str(&l.to), "<anna@example.org>");
    assert_non_null(strstr(l.text.p, "Good morning anna,\n\nTuesday 8 June 2021: 1 late."));
    const char *late = strstr(l.text.p, "Late (1)\n--------\n* Mon 2021-06-07 (");
    const char *week = strstr(l.text.p, "New, for later (1)\n");
    assert_non_null(late);
    assert_non_null(week);
    assert_true(late < week);
    assert_non_null(strstr(l.text.p, TOLD_LABEL "  –  C-1"));
    assert_non_null(strstr(l.html.p, "Late (1)</h2>"));
    assert_null(strstr(l.text.p, "1995"));
    assert_non_null(strstr(kad_buf_str(&p.smtp.got[0]), "MAIL FROM:<kadens@example.org>"));
    assert_non_null(strstr(kad_buf_str(&p.smtp.got[0]), "RCPT TO:<anna@example.org>\n"));
    forget(&l);
    /* Once a day, also after a restart. */
    told_until(&p.t, "2021-06-08T07:30:00Z");
    assert_true(told_run(&p.t, 3000));
    assert_int_equal(server_got(&p.smtp), 1);
    told_restart(&p.t);
    new_transfers(&p);
    add(&p, "anna", "anna@example.org");
    told_until(&p.t, "2021-06-08T08:30:00Z");
    assert_true(told_run(&p.t, 3000));
    assert_int_equal(server_got(&p.smtp), 1);
    assert_int_equal(told_cursor(&p.t, 0).delivered, 1);
    close_post(&p);
}

static void nothing_to_tell_no_letter(void **state)
{
    struct post p;
    (void)state;
    open_post(&p, "o", TOLD_LABEL);
    add(&p, "bo", "bo@example.org");
    told_event(&p.t, "visit", "C-1", "2021-06-02", NULL, NULL);
    told_until(&p.t, "2021-06-03T06:30:00Z");
    assert_true(told_run(&p.t, 3000));
    assert_int_equal(server_got(&p.smtp), 0);
    assert_int_equal(told_cursor(&p.t, 0).delivered, 0);
    close_post(&p);
}

static void what_is_new_and_what_fell_away_since_the_last(void **state)
{
    struct post p;
    struct letter l;
    (void)state;
    open_post(&p, "o", TOLD_LABEL);
    add(&p, "anna", "anna@example.org");
    told_until(&p.t, "2021-06-02T06:30:00Z");
    assert_true(told_run(&p.t, 3000));
    assert_int_equal(server_got(&p.smtp), 1);
    read_letter(&l, &p.smtp.got[0]);
    assert_string_equal(kad_buf_str(&l.subject), "Tasks Wed 2021-06-02: news");
    assert_non_null(strstr(l.text.p, "New, for later (1)\n"));
    forget(&l);
    told_retract(&p.t, 4);
    told_until(&p.t, "2021-06-03T06:30:00Z");
    assert_true(told_run(&p.t, 3000));
    assert_int_equal(server_got(&p.smtp), 2);
    read_letter(&l, &p.smtp.got[1]);
    if (!strstr(l.text.p, "No longer needed (1)"))
        fail_msg("%s", l.text.p);
    forget(&l);
    close_post(&p);
}

/* Nothing in a label, a name or a key becomes a header, a part, or markup. */
static void a_hostile_label_is_text_in_a_letter_too(void **state)
{
    struct post p;
    struct letter l;
    (void)state;
    open_post(&p, "o", NULL);
    told_event(&p.t, "enrollment", "C-1", "2021-06-01", "coach", "<b>=?UTF-8?Q?x?= å");
    add(&p, "<b>=?UTF-8?Q?x?= å", "b@example.org");
    told_until(&p.t, "2021-06-08T06:30:00Z");
    assert_true(told_run(&p.t, 3000));
    assert_int_equal(server_got(&p.smtp), 1);
    read_letter(&l, &p.smtp.got[0]);
    assert_non_null(strstr(l.text.p, told_hostile));
    assert_non_null(strstr(l.text.p, "Good morning <b>=?UTF-8?Q?x?= å,"));
    assert_null(strstr(l.html.p, "<script"));
    assert_null(strstr(l.html.p, "<b>"));
    assert_non_null(strstr(l.html.p, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; åäö"));
    forget(&l);
    close_post(&p);
}

static void headers_cannot_be_broken_out_of(void **state)
{
    static const char nasty[] =
        "a\r\nBcc: x@y.z\r\n\r\n<script>\u202e\001 =?q?= åäö and then some more, "
        "so that it needs three lines at the very least: åäöåäöåäöåäö";
    struct kad_buf b = {0}, words = {0}, whole = {0};
    (void)state;
    const struct kad_letter l = {.from = "a@b.se",
                                 .to = "c@d.se",
                                 .sender = {nasty, sizeof nasty - 1},
                                 .subject = {nasty, sizeof nasty - 1},
                                 .id = KAD_STR("1@2.kadens"),
                                 .date = INT64_C(1622621553000000),
                                 .text =
                                     KAD_STR(".\nFrom x\n--=_x\nåäö \n"
                                             "long long long long long long "
                                             "long long long long long long long long long long\n"),
                                 .html = KAD_STR("<p>x=y</p>")};
    kad_letter_put(&b, &l);
    assert_non_null(strstr(b.p, "Date: Wed, 2 Jun 2021 08:12:33 +0000\r\n"));
    /* Lines end with CR LF; the reader takes them ended by LF. */
    kad_buf_puts(&whole, "RCPT\n");
    for (size_t i = 0; i < b.n; i++) {
        assert_true(b.p[i] != '\n' || b.p[i - 1] == '\r');
        if (b.p[i] != '\r')
            kad_buf_putc(&whole, b.p[i]);
    }
    struct letter got;
    read_letter(&got, &whole);
    kad_text_put_safe(&words, (struct kad_str){nasty, sizeof nasty - 1});
    assert_string_equal(kad_buf_str(&got.subject), kad_buf_str(&words));
    assert_null(strstr(got.raw, "\nBcc"));
    assert_non_null(strstr(got.text.p, ".\nFrom x\n--=_x\nåäö \nlong"));
    forget(&got);
    kad_buf_done(&b);
    kad_buf_done(&words);
    kad_buf_done(&whole);
}

static void only_plain_addresses_are_written_to(void **state)
{
    static const char *const good[] = {"anna@example.org", "a.b+c@x-y.se", "a@b.co"},
                             *const bad[] = {"",         "anna",     "anna@",
                                             "@b.se",    "a b@c.se", "a@b.se\r\nBcc: x@y.z",
                                             "a@b",      "<a@b.se>", "a@b.se,c@d.se",
                                             "å@b.se",   "a@-b.se",  "a..b@c.se",
                                             ".a@b.se",  "a@b..se",  "\"a\"@b.se",
                                             "a@b@c.se", "a@b.se.",  "a;b@c.se"};
    (void)state;
    for (size_t i = 0; i < LEN(good); i++)
        if (!kad_mail_address(kad_str(good[i])))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < LEN(bad); i++)
        if (kad_mail_address(kad_str(bad[i])))
            fail_msg("%s", bad[i]);
}

/* --- servers as they are --- */

static void a_bad_mail_server_delays_nobody_and_the_letter_comes(void **state)
{
    struct post p;
    (void)state;
    open_post(&p, "sco", TOLD_LABEL);
    p.o.timeout_s = 3;
    add(&p, "anna", "anna@example.org");
    const struct kad_spool_options spool = {.folder = p.t.out, .most = 100, .from_start = true};
    assert_int_equal(kad_sink_add_spool(p.t.sinks, "spool", &spool, &p.t.error), KAD_OK);
    told_until(&p.t, "2021-06-08T06:30:00Z");
    size_t all = told_messages(&p.t);
    assert_true(told_wait(&p.t, 1, all, 2900));
    assert_true(told_run(&p.t, 15000));
    assert_int_equal(server_got(&p.smtp), 1);
    assert_int_equal(told_cursor(&p.t, 0).delivered, 1);
    assert_non_null(strstr(kad_buf_str(&p.t.log), "mail/anna: no answer in time"));
    assert_non_null(strstr(kad_buf_str(&p.t.log), "mail/anna: works again"));
    close_post(&p);
}

static void one_address_that_is_wrong_does_not_hold_up_the_others(void **state)
{
    struct post p;
    (void)state;
    open_post(&p, "o", TOLD_LABEL);
    told_event(&p.t, "referral", "C-2", "2021-05-03", "unit", "eksjo");
    told_event(&p.t, "enrollment", "C-2", "2021-05-17", "coach", "bo");
    told_event(&p.t, "employment", "C-2", "2021-06-01", NULL, NULL);
    add(&p, "anna", "nobody@example.org");
    told_until(&p.t, "2021-06-08T06:30:00Z");
    assert_true(told_wait_failure(&p.t, 0, 5000));
    add(&p, "bo", "bo@example.org");
    assert_true(told_wait(&p.t, 1, 1, 5000));
    assert_int_equal(server_got(&p.smtp), 1);
    assert_non_null(strstr(p.smtp.got[0].p, "RCPT TO:<bo@example.org>"));
    struct kad_sink_cursor c = told_cursor(&p.t, 0);
    assert_int_equal(c.failures, 1);
    assert_str_equal(c.error, "the mail server answers 550");
    assert_true(c.retry_at - c.failed_at >= INT64_C(3600000000));
    close_post(&p);
}

static void without_tls_where_tls_is_asked_for_nothing_is_said(void **state)
{
    struct post p;
    (void)state;
    open_post(&p, "o", TOLD_LABEL);
    p.o.security = KAD_MAIL_STARTTLS; /* which the server does not offer */
    add(&p, "anna", "anna@example.org");
    told_until(&p.t, "2021-06-08T06:30:00Z");
    assert_true(told_wait_failure(&p.t, 0, 5000));
    assert_int_equal(server_got(&p.smtp), 0);
    close_post(&p);
}

static void a_mail_server_with_a_certificate_of_its_own_making_gets_nothing(void **state)
{
    struct post p;
    struct tls_server tls;
    (void)state;
    open_post(&p, "o", TOLD_LABEL);
    tls_start(&tls, p.t.root, "localhost");
    snprintf(p.server, sizeof p.server, "localhost:%d", tls.port);
    p.o.security = KAD_MAIL_TLS;
    add(&p, "anna", "anna@example.org");
    told_until(&p.t, "2021-06-08T06:30:00Z");
    assert_true(told_wait_failure(&p.t, 0, 10000));
    if (!strstr(kad_buf_str(&p.t.log), "the server's certificate is not to be trusted"))
        fail_msg("%s", kad_buf_str(&p.t.log));
    close_post(&p);
    tls_stop(&tls);
}

static void mistake(void *ctx, const char *text)
{
    (void)ctx;
    fail_msg("%s", text);
}

/* As the service does it, from the file on. */
static void a_name_that_nobody_has_is_said_at_the_start(void **state)
{
    struct post p;
    struct kad_serve_conf conf;
    struct kad_buf b = {0};
    char path[100], addresses[100];
    (void)state;
    open_post(&p, "o", TOLD_LABEL);
    kad_sinks_close(p.t.sinks);
    snprintf(addresses, sizeof addresses, "%s/addresses", p.t.root);
    snprintf(path, sizeof path, "%s/conf", p.t.root);
    assert_int_equal(
        kad_file_put(addresses, KAD_STR("anna = anna@example.org\nAnna = a@b.se\n"), 0600), 0);
    kad_buf_printf(&b,
                   "[mail]\nserver = %s\nsecurity = none\nsender = k@example.org\n"
                   "addresses = %s\nat = 08:30\n",
                   p.server, addresses);
    assert_int_equal(kad_file_put(path, (struct kad_str){b.p, b.n}, 0600), 0);
    assert_int_equal(kad_serve_conf_read(path, mistake, NULL, &conf, &p.t.error), KAD_OK);
    assert_int_equal(kad_sinks_open(&p.t.host, &conf, &p.t.sinks, &p.t.error), KAD_OK);
    assert_string_equal(kad_buf_str(&p.t.log),
                        "mail/Anna: the ledger has not named anybody of this name yet\n");
    told_until(&p.t, "2021-06-08T06:30:00Z");
    assert_true(told_run(&p.t, 5000));
    assert_int_equal(server_got(&p.smtp), 1);
    kad_buf_done(&b);
    close_post(&p);
    kad_serve_conf_done(&conf);
}

/* Worse than the language and the ledger let through: whatever a message holds, it is shown, not done. */
static void no_sign_of_a_message_does_anything_in_a_letter_or_in_json(void **state)
{
    static const char nasty[] =
        "=1+1\r\nBcc: x@y.z\t\"<img src=x>\"\033[2J\u202e\u2066\xc2\x85\001\\ å";
    const struct kad_message m = {.kind = KAD_R_ISSUED, /* not in the list: only counted as news */
                                  .task = {nasty, sizeof nasty - 1},
                                  .label = {nasty, sizeof nasty - 1},
                                  .subject = {nasty, sizeof nasty - 1},
                                  .owner = {nasty, sizeof nasty - 1},
                                  .to = KAD_STR("role:manager"),
                                  .on = 18000,
                                  .due = 18001};
    struct kad_message escalated = m;
    struct kad_morning d;
    struct kad_buf b = {0};
    (void)state;
    escalated.kind = KAD_R_ESCALATED;
    kad_morning_init(&d, KAD_STR("role:manager"));
    d.day = 18000;
    kad_morning_take(&d, &escalated);
    assert_false(kad_morning_empty(&d));
    kad_morning_put_text(&b, &d);
    told_is_tame(b.p, b.n, false);
    assert_non_null(strstr(b.p, "=1+1\\u{d}\\nBcc: x@y.z"));
    kad_buf_reset(&b);
    kad_morning_put_html(&b, &d);
    told_is_tame(b.p, b.n, false);
    assert_null(strstr(b.p, "<img"));
    kad_buf_reset(&b);
    kad_message_put_json(&b, "id", &m);
    assert_null(strchr(b.p, '\n'));
    told_is_tame(b.p, b.n, false);
    kad_buf_done(&b);
    kad_morning_done(&d);
}

static void after_the_morning_it_waits_for_the_next_and_tells_all(void **state)
{
    struct post p;
    (void)state;
    open_post(&p, "tttto", TOLD_LABEL);
    add(&p, "anna", "anna@example.org");
    told_until(&p.t, "2021-06-08T13:00:00Z"); /* 15:00: nobody wants it now */
    assert_true(told_run(&p.t, 500));
    assert_int_equal(server_got(&p.smtp), 0);
    assert_int_equal(told_cursor(&p.t, 0).failures, 0);
    told_until(&p.t, "2021-06-09T06:30:00Z");
    assert_true(told_run(&p.t, 5000));
    assert_int_equal(server_got(&p.smtp), 1);
    close_post(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_comes_in_the_morning_late_ones_first),
        cmocka_unit_test(nothing_to_tell_no_letter),
        cmocka_unit_test(what_is_new_and_what_fell_away_since_the_last),
        cmocka_unit_test(a_hostile_label_is_text_in_a_letter_too),
        cmocka_unit_test(headers_cannot_be_broken_out_of),
        cmocka_unit_test(only_plain_addresses_are_written_to),
        cmocka_unit_test(a_bad_mail_server_delays_nobody_and_the_letter_comes),
        cmocka_unit_test(one_address_that_is_wrong_does_not_hold_up_the_others),
        cmocka_unit_test(without_tls_where_tls_is_asked_for_nothing_is_said),
        cmocka_unit_test(a_mail_server_with_a_certificate_of_its_own_making_gets_nothing),
        cmocka_unit_test(a_name_that_nobody_has_is_said_at_the_start),
        cmocka_unit_test(no_sign_of_a_message_does_anything_in_a_letter_or_in_json),
        cmocka_unit_test(after_the_morning_it_waits_for_the_next_and_tells_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

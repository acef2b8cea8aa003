/* The webhook against servers as they are: slow, dead, overloaded, broken, endless, with the wrong
 * certificate. Whatever happens there, each message arrives in the end, in order, and nobody else
 * waits. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/folder.h"
#include "cli/transfer.h"
#include "tests/unit/server.h"
#include "tests/unit/told.h"
#include "tests/unit/unit.h"

static const uint8_t key[32] = "0123456789abcdef0123456789abcdef";

struct hook {
    struct told t;
    struct server http;
    char url[80];
};

static void add(struct hook *h, const char *ca, uint64_t timeout_s)
{
    struct kad_transfers *transfers;
    assert_int_equal(kad_transfers_new(h->t.loop, &transfers, &h->t.error), KAD_OK);
    kad_sinks_own(h->t.sinks, transfers);
    const struct kad_webhook_options o = {.url = h->url,
                                          .ca = ca,
                                          .key = key,
                                          .n_key = sizeof key,
                                          .timeout_s = timeout_s,
                                          .from_start = true};
    if (kad_sink_add_webhook(h->t.sinks, "webhook", transfers, &o, &h->t.error) != KAD_OK)
        fail_msg("%s", h->t.error.text);
}

/* A spool beside it, which must not notice anything. */
static void add_spool(struct hook *h)
{
    const struct kad_spool_options o = {.folder = h->t.out, .most = 100, .from_start = true};
    if (kad_sink_add_spool(h->t.sinks, "spool", &o, &h->t.error) != KAD_OK)
        fail_msg("%s", h->t.error.text);
}

static size_t open_hook(struct hook *h, const char *script, uint64_t timeout_s)
{
    told_open(&h->t, NULL);
    server_start(&h->http, false, script);
    snprintf(h->url, sizeof h->url, "http://127.0.0.1:%d/in", h->http.port);
    told_until(&h->t, "2021-06-16T06:00:00Z");
    add(h, NULL, timeout_s);
    add_spool(h);
    return told_messages(&h->t);
}

static void close_hook(struct hook *h)
{
    told_close(&h->t);
    server_stop(&h->http);
}

static uint64_t seq_of(const struct kad_buf *request)
{
    json_t *m = json_loads(strstr(kad_buf_str(request), "\n\n") + 2, 0, NULL);
    assert_non_null(m);
    uint64_t seq = (uint64_t)json_integer_value(json_object_get(m, "seq"));
    json_decref(m);
    return seq;
}

/* As the receiver checks it, from the text of Standard Webhooks. */
static void is_signed(const struct kad_buf *request)
{
    struct kad_buf id = {0}, at = {0}, signature = {0}, text = {0}, idem = {0};
    uint8_t mac[32];
    char base64[64];
    const char *body = strstr(kad_buf_str(request), "\n\n") + 2;
    server_header(&id, request->p, "webhook-id");
    server_header(&at, request->p, "webhook-timestamp");
    server_header(&signature, request->p, "webhook-signature");
    server_header(&idem, request->p, "idempotency-key");
    kad_buf_printf(&text, "%s.%s.%s", kad_buf_str(&id), kad_buf_str(&at), body);
    crypto_auth_hmacsha256(mac, (const uint8_t *)text.p, text.n, key);
    sodium_bin2base64(base64, sizeof base64, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    assert_int_equal(strncmp(kad_buf_str(&signature), "v1,", 3), 0);
    assert_string_equal(kad_buf_str(&signature) + 3, base64);
    assert_true(llabs(atoll(kad_buf_str(&at)) - (long long)time(NULL)) < 60);
    assert_int_equal(strtoull(kad_buf_str(&idem), NULL, 10), seq_of(request));
    struct kad_buf *all[] = {&id, &at, &signature, &text, &idem};
    for (size_t i = 0; i < LEN(all); i++)
        kad_buf_done(all[i]);
}

static void each_message_is_one_signed_request_in_order(void **state)
{
    struct hook h;
    (void)state;
    size_t all = open_hook(&h, "o", 5);
    assert_true(all >= 3);
    assert_true(told_run(&h.t, 5000));
    assert_int_equal(server_got(&h.http), all);
    for (size_t i = 0; i < all; i++) {
        struct kad_buf type = {0};
        const struct kad_buf *r = &h.http.got[i];
        told_is_tame(r->p, r->n, false);
        assert_int_equal(strncmp(r->p, "POST /in HTTP/1.1\n", 18), 0);
        server_header(&type, r->p, "content-type");
        assert_string_equal(kad_buf_str(&type), "application/json");
        is_signed(r);
        assert_true(i == 0 || seq_of(r) > seq_of(&h.http.got[i - 1]));
        kad_buf_done(&type);
    }
    /* What says "script" says so in the body only, as data. */
    assert_non_null(strstr(h.http.got[0].p, "<script>alert"));
    assert_int_equal(told_cursor(&h.t, 0).delivered, all);
    close_hook(&h);
}

static void whatever_the_server_does_each_message_arrives_in_order(void **state)
{
    struct hook h;
    (void)state;
    size_t all = open_hook(&h, "5cxr5cmoh5o", 5);
    assert_true(told_run(&h.t, 20000));
    /* m (broken off) and h (without an end) said 200: taken. Each other failure came again. */
    assert_true(all >= 4);
    assert_int_equal(server_got(&h.http), all + 7);
    uint64_t last = 0;
    for (size_t i = 0; i < server_got(&h.http); i++) {
        uint64_t seq = seq_of(&h.http.got[i]);
        assert_true(seq >= last);
        last = seq;
    }
    assert_int_equal(told_cursor(&h.t, 0).delivered, all);
    assert_int_equal(told_cursor(&h.t, 0).failures, 0);
    assert_non_null(strstr(kad_buf_str(&h.t.log), "webhook: the server answers 500\n"));
    assert_non_null(strstr(kad_buf_str(&h.t.log), "sends us elsewhere"));
    assert_null(strstr(kad_buf_str(&h.t.log), "C-1"));
    close_hook(&h);
}

static void a_slow_server_is_given_up_and_nobody_else_waits(void **state)
{
    struct hook h;
    (void)state;
    size_t all = open_hook(&h, "so", 3);
    assert_true(told_wait(&h.t, 1, all, 2900)); /* the spool, before the time is over */
    assert_int_equal(told_cursor(&h.t, 0).failures, 0);
    assert_int_equal(told_cursor(&h.t, 0).delivered, 0);
    assert_true(told_run(&h.t, 15000));
    assert_int_equal(told_cursor(&h.t, 0).delivered, all);
    assert_non_null(strstr(kad_buf_str(&h.t.log), "webhook: no answer in time"));
    close_hook(&h);
}

static void a_dead_server_is_tried_again_and_again_ever_later(void **state)
{
    struct hook h;
    (void)state;
    told_open(&h.t, TOLD_LABEL);
    server_start(&h.http, false, "o");
    snprintf(h.url, sizeof h.url, "http://127.0.0.1:%d/", h.http.port);
    server_stop(&h.http);
    told_until(&h.t, "2021-06-16T06:00:00Z");
    add(&h, NULL, 5);
    add_spool(&h);
    size_t all = told_messages(&h.t);
    assert_true(told_wait(&h.t, 1, all, 3000));
    assert_false(told_run(&h.t, 700));
    struct kad_sink_cursor c = told_cursor(&h.t, 0);
    assert_true(c.failures >= 2 && c.failures <= 9); /* 10, 20, 40, … ms, or half of it */
    assert_int_equal(c.delivered, 0);
    assert_true(c.retry_at > h.t.now);
    assert_non_null(strstr(c.error.p, "the server cannot be reached"));
    told_close(&h.t);
}

static void it_comes_back_when_the_server_says_so(void **state)
{
    struct hook h;
    (void)state;
    size_t all = open_hook(&h, "4o", 5);
    uint64_t from = kad_loop_ms(h.t.loop);
    assert_true(told_run(&h.t, 10000));
    assert_true(kad_loop_ms(h.t.loop) - from >= 1000);
    assert_int_equal(told_cursor(&h.t, 0).delivered, all);
    close_hook(&h);
}

static void what_the_server_refuses_is_passed_over_and_said(void **state)
{
    struct hook h;
    (void)state;
    size_t all = open_hook(&h, "obo", 5);
    assert_true(told_run(&h.t, 10000));
    assert_int_equal(server_got(&h.http), all);
    assert_int_equal(told_cursor(&h.t, 0).refused, 1);
    assert_int_equal(told_cursor(&h.t, 0).delivered, all - 1);
    assert_non_null(strstr(kad_buf_str(&h.t.log), "the server answers 400; message no. "));
    close_hook(&h);
}

static void a_restart_in_the_middle_loses_nothing(void **state)
{
    struct hook h;
    (void)state;
    size_t all = open_hook(&h, "oso", 60);
    assert_true(told_wait(&h.t, 0, 1, 5000));
    told_run(&h.t, 100); /* the second is under way and gets no answer */
    told_restart(&h.t);
    add(&h, NULL, 5);
    assert_true(told_run(&h.t, 5000));
    assert_int_equal(told_cursor(&h.t, 0).delivered, all);
    assert_int_equal(seq_of(&h.http.got[1]), seq_of(&h.http.got[2]));
    close_hook(&h);
}

static void a_certificate_that_nobody_vouches_for_gets_nothing(void **state)
{
    struct hook h;
    struct tls_server tls;
    (void)state;
    told_open(&h.t, TOLD_LABEL);
    told_until(&h.t, "2021-06-09T06:00:00Z");
    tls_start(&tls, h.t.root, "localhost");
    snprintf(h.url, sizeof h.url, "https://localhost:%d/", tls.port);
    add(&h, NULL, 2);
    assert_true(told_wait_failure(&h.t, 0, 10000));
    assert_non_null(strstr(kad_buf_str(&h.t.log), "the server's certificate is not to be trusted"));
    /* Vouched for, but for another name. */
    told_restart(&h.t);
    kad_buf_reset(&h.t.log);
    snprintf(h.url, sizeof h.url, "https://127.0.0.1:%d/", tls.port);
    add(&h, tls.cert, 2);
    assert_true(told_wait_failure(&h.t, 0, 10000));
    assert_non_null(strstr(kad_buf_str(&h.t.log), "the server's certificate is not to be trusted"));
    /* Vouched for: now it is the answer that is missing. */
    told_restart(&h.t);
    kad_buf_reset(&h.t.log);
    snprintf(h.url, sizeof h.url, "https://localhost:%d/", tls.port);
    add(&h, tls.cert, 1);
    assert_true(told_wait_failure(&h.t, 0, 10000));
    assert_null(strstr(kad_buf_str(&h.t.log), "certificate"));
    told_close(&h.t);
    tls_stop(&tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_one_signed_request_in_order),
        cmocka_unit_test(whatever_the_server_does_each_message_arrives_in_order),
        cmocka_unit_test(a_slow_server_is_given_up_and_nobody_else_waits),
        cmocka_unit_test(a_dead_server_is_tried_again_and_again_ever_later),
        cmocka_unit_test(it_comes_back_when_the_server_says_so),
        cmocka_unit_test(what_the_server_refuses_is_passed_over_and_said),
        cmocka_unit_test(a_restart_in_the_middle_loses_nothing),
        cmocka_unit_test(a_certificate_that_nobody_vouches_for_gets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

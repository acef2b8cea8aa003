/* The webhook: each message is one POST of its JSON, signed as Standard Webhooks has it, in order. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/sinks.h"
#include "cli/transfer.h"

#define RETRY_AFTER_MOST_S 3600
#define MICRO 1000000

struct webhook {
    struct kad_sink *sink;
    struct kad_transfers *transfers;
    struct kad_webhook_options o;
    char *url, *ca;
    uint8_t *key;
    /* the message that is under way */
    CURL *easy;
    struct curl_slist *headers;
    struct kad_buf body;
    uint64_t seq;
};

static void take(struct kad_sink *s, const struct kad_record *r, const struct kad_message *m)
{
    struct webhook *w = kad_sink_state(s);
    (void)r;
    kad_buf_reset(&w->body);
    kad_message_put_json(&w->body, kad_sink_ledger(s), m);
    w->seq = m->seq;
}

/* "v1," and the base64 of HMAC-SHA256 over "ID.TIMESTAMP.BODY". Source: Standard Webhooks 1.0.0,
 * "Signature scheme". */
static void put_signature(struct kad_buf *b, const struct webhook *w, const char *id,
                          const char *timestamp)
{
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(sizeof mac, sodium_base64_VARIANT_ORIGINAL)];
    const char *const parts[] = {id, ".", timestamp, "."};
    crypto_auth_hmacsha256_init(&state, w->key, w->o.n_key);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)parts[i], strlen(parts[i]));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)w->body.p, w->body.n);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(text, sizeof text, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(&state, sizeof state);
    kad_buf_printf(b, "webhook-signature: v1,%s", text);
}

static void add_header(struct webhook *w, struct kad_buf *b)
{
    w->headers = curl_slist_append(w->headers, kad_buf_str(b));
    kad_assert(w->headers);
    kad_buf_reset(b);
}

/* The time of the attempt is the machine's own, not a simulated one: the receiver compares it with
 * its clock. */
static void put_headers(struct webhook *w)
{
    struct kad_buf b = {0};
    char id[64], timestamp[24];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(id, sizeof id, "%s-%llu", kad_sink_ledger(w->sink), (unsigned long long)w->seq);
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)now.tv_sec);
    kad_buf_puts(&b, "Content-Type: application/json");
    add_header(w, &b);
    kad_buf_printf(&b, "Idempotency-Key: %llu", (unsigned long long)w->seq);
    add_header(w, &b);
    kad_buf_printf(&b, "webhook-id: %s", id);
    add_header(w, &b);
    kad_buf_printf(&b, "webhook-timestamp: %s", timestamp);
    add_header(w, &b);
    if (w->o.n_key) {
        put_signature(&b, w, id, timestamp);
        add_header(w, &b);
    }
    kad_buf_puts(&b, "Expect:"); /* no waiting for "100 Continue" */
    add_header(w, &b);
    kad_buf_done(&b);
}

/* These say that this very message will never be taken; of anything else the next try may be better. */
static bool is_refusal(long status)
{
    return status == 400 || status == 413 || status == 415 || status == 422;
}

static void done(void *ctx, CURL *easy, CURLcode code)
{
    struct webhook *w = ctx;
    long status = 0;
    curl_off_t after = 0;
    struct kad_buf why = {0};
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &after);
    w->easy = NULL;
    curl_slist_free_all(w->headers);
    w->headers = NULL;
    if (after < 0 || after > RETRY_AFTER_MOST_S)
        after = after < 0 ? 0 : RETRY_AFTER_MOST_S;
    /* An answer that is too long, or breaks off, has said all that counts with its first line. */
    bool answered = code == CURLE_OK || code == CURLE_WRITE_ERROR || code == CURLE_PARTIAL_FILE ||
                    code == CURLE_RECV_ERROR;
    if (answered && status >= 200 && status < 300) {
        kad_sink_answer(w->sink, KAD_SINK_DELIVERED, 0, NULL);
        return;
    }
    if (answered && status >= 300 && status < 400)
        kad_buf_printf(&why,
                       _("the server answers %ld: it sends us elsewhere, which we do not follow"),
                       status);
    else if (answered && status > 0)
        kad_buf_printf(&why, _("the server answers %ld"), status);
    else
        kad_transfer_why(&why, easy, code);
    bool refused = answered && is_refusal(status);
    if (refused)
        kad_buf_printf(&why, _("; message no. %llu"), (unsigned long long)w->seq);
    kad_sink_answer(w->sink, refused ? KAD_SINK_REFUSED : KAD_SINK_FAILED,
                    refused ? 0 : (uint64_t)after * 1000, kad_buf_str(&why));
    kad_buf_done(&why);
}

static void flush(struct kad_sink *s)
{
    struct webhook *w = kad_sink_state(s);
    w->sink = s;
    w->easy = kad_transfer_new(w->url, w->ca, w->o.timeout_s);
    put_headers(w);
    curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(w->easy, CURLOPT_USERAGENT, "kadens");
    curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, w->headers);
    curl_easy_setopt(w->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)w->body.n);
    curl_easy_setopt(w->easy, CURLOPT_POSTFIELDS, w->body.p);
    kad_transfer_start(w->transfers, w->easy, done, w);
}

static void close_webhook(struct kad_sink *s)
{
    struct webhook *w = kad_sink_state(s);
    if (w->easy)
        kad_transfer_cancel(w->transfers, w->easy);
    curl_slist_free_all(w->headers);
    kad_buf_done(&w->body);
    if (w->key)
        sodium_memzero(w->key, w->o.n_key);
    free(w->key);
    free(w->url);
    free(w->ca);
    free(w);
}

enum kad_err kad_sink_add_webhook(struct kad_sinks *all, const char *name, struct kad_transfers *t,
                                  const struct kad_webhook_options *o, struct kad_error *reterr)
{
    static const struct kad_sink_ops ops = {
        .batch = 1, .take = take, .flush = flush, .close = close_webhook};
    struct webhook *w = kad_xalloc(sizeof *w);
    kad_assert(o->timeout_s > 0);
    w->transfers = t;
    w->o = *o;
    w->url = kad_xstrdup(o->url);
    w->ca = o->ca ? kad_xstrdup(o->ca) : NULL;
    if (o->n_key) {
        w->key = kad_xalloc(o->n_key);
        memcpy(w->key, o->key, o->n_key);
    }
    return kad_sink_add(all, &ops, name, o->from_start, w, reterr);
}

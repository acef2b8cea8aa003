/* The morning's letter to one person, over SMTP. Each has a cursor of their own: what was new since
 * the last letter is told in the next, whatever happened to it in between. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/mime.h"
#include "cli/morning.h"
#include "cli/sinks.h"
#include "cli/transfer.h"
#include "core/clock.h"

#define MORNING_MIN (6 * 60)      /* so long it is tried; then the next day's tells all of it */
#define REFUSED_MS (3600u * 1000) /* until one that was refused for good is tried again */

struct mail {
    struct kad_sink *sink;
    struct kad_transfers *transfers;
    struct kad_mail_options o;
    char *person, *address, *url;
    struct kad_morning digest;
    /* the letter that is under way */
    CURL *easy;
    struct curl_slist *to;
    struct kad_buf letter;
    size_t sent;
};

static int32_t minute_of(kad_instant t)
{
    char text[KAD_INSTANT_TEXT];
    int hour = 0, minute = 0;
    kad_clock_text(t, text);
    sscanf(text, "%d:%d", &hour, &minute);
    return hour * 60 + minute;
}

/* It is morning, today's has not been sent, and everything that was due by then is in the ledger. */
static bool ready(struct kad_sink *s)
{
    const struct mail *m = kad_sink_state(s);
    const struct kad_sink_host *h = kad_sink_host_of(s);
    kad_instant now = h->now(h->ctx), done = h->caught_up(h->ctx);
    kad_day today = kad_clock_day(now);
    int32_t minute = minute_of(now);
    if (kad_sink_cursor_of(s)->day == today || minute < m->o.at || minute >= m->o.at + MORNING_MIN)
        return false;
    return done != KAD_INSTANT_NONE &&
           (kad_clock_day(done) > today ||
            (kad_clock_day(done) == today && minute_of(done) >= m->o.at));
}

static void take(struct kad_sink *s, const struct kad_record *r, const struct kad_message *msg)
{
    struct mail *m = kad_sink_state(s);
    (void)r;
    kad_morning_take(&m->digest, msg);
}

static void finish(struct mail *m, enum kad_sink_result result, uint64_t retry_ms, const char *text)
{
    curl_slist_free_all(m->to);
    m->to = NULL;
    kad_morning_reset(&m->digest);
    kad_buf_reset(&m->letter);
    kad_sink_answer(m->sink, result, retry_ms, text);
}

static size_t read_letter(char *p, size_t size, size_t n, void *ctx)
{
    struct mail *m = ctx;
    size_t left = m->letter.n - m->sent, room = size * n;
    size_t part = left < room ? left : room;
    memcpy(p, m->letter.p + m->sent, part);
    m->sent += part;
    return part;
}

static void done(void *ctx, CURL *easy, CURLcode code)
{
    struct mail *m = ctx;
    long status = 0;
    struct kad_buf why = {0};
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    m->easy = NULL;
    if (code == CURLE_OK) {
        finish(m, KAD_SINK_DELIVERED, 0, "");
        return;
    }
    if (status >= 400 && code != CURLE_LOGIN_DENIED && code != CURLE_OPERATION_TIMEDOUT)
        kad_buf_printf(&why, _("the mail server answers %ld"), status);
    else
        kad_transfer_why(&why, easy, code);
    finish(m, KAD_SINK_FAILED, status >= 500 ? REFUSED_MS : 0, kad_buf_str(&why));
    kad_buf_done(&why);
}

/* The same day's letter has the same id, so that one that comes twice is seen to be one. */
static void put_id(struct kad_buf *b, const struct mail *m)
{
    char day[KAD_DAY_TEXT], text[17];
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const uint8_t *)m->person, strlen(m->person));
    sodium_bin2hex(text, sizeof text, digest, 8);
    kad_buf_printf(b, "%s.%s.%.16s@kadens", kad_day_text(m->digest.day, day), text,
                   kad_sink_ledger(m->sink));
}

static void write_letter(struct mail *m)
{
    const struct kad_sink_host *h = kad_sink_host_of(m->sink);
    struct kad_buf subject = {0}, text = {0}, html = {0}, id = {0}, sender = {0};
    kad_morning_put_subject(&subject, &m->digest);
    kad_morning_put_text(&text, &m->digest);
    kad_morning_put_html(&html, &m->digest);
    put_id(&id, m);
    kad_buf_printf(&sender, "Kadens %.*s", KAD_STR_FMT(m->digest.programme));
    const struct kad_letter l = {.from = m->o.from,
                                 .to = m->address,
                                 .reply_to = m->o.reply_to,
                                 .sender = {sender.p, sender.n},
                                 .subject = {subject.p, subject.n},
                                 .id = {id.p, id.n},
                                 .date = h->now(h->ctx),
                                 .text = {text.p, text.n},
                                 .html = {html.p, html.n}};
    kad_letter_put(&m->letter, &l);
    struct kad_buf *all[] = {&subject, &text, &html, &id, &sender};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        kad_buf_done(all[i]);
}

static void send_letter(struct mail *m)
{
    char *from = NULL, *to = NULL;
    struct kad_arena a;
    kad_arena_init(&a);
    from = kad_arena_printf(&a, "<%s>", m->o.from);
    to = kad_arena_printf(&a, "<%s>", m->address);
    m->sent = 0;
    m->to = curl_slist_append(NULL, to);
    m->easy = kad_transfer_new(m->url, m->o.ca, m->o.timeout_s);
    curl_easy_setopt(m->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(m->easy, CURLOPT_USE_SSL,
                     (long)(m->o.security == KAD_MAIL_STARTTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (m->o.user)
        curl_easy_setopt(m->easy, CURLOPT_USERNAME, m->o.user);
    if (m->o.password)
        curl_easy_setopt(m->easy, CURLOPT_PASSWORD, m->o.password);
    curl_easy_setopt(m->easy, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(m->easy, CURLOPT_MAIL_RCPT, m->to);
    curl_easy_setopt(m->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(m->easy, CURLOPT_READFUNCTION, read_letter);
    curl_easy_setopt(m->easy, CURLOPT_READDATA, m);
    curl_easy_setopt(m->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->letter.n);
    kad_transfer_start(m->transfers, m->easy, done, m);
    kad_arena_done(&a);
}

static void flush(struct kad_sink *s)
{
    struct mail *m = kad_sink_state(s);
    const struct kad_sink_host *h = kad_sink_host_of(s);
    struct kad_error error = {0};
    kad_day day = kad_clock_day(h->now(h->ctx));
    m->sink = s;
    if (kad_morning_gather(&m->digest, h->engine(h->ctx), day, &error) != KAD_OK) {
        finish(m, KAD_SINK_FAILED, 0, error.text);
    } else if (kad_morning_empty(&m->digest)) {
        finish(m, KAD_SINK_DELIVERED, 0, NULL);
    } else {
        write_letter(m);
        send_letter(m);
    }
}

static void close_mail(struct kad_sink *s)
{
    struct mail *m = kad_sink_state(s);
    if (m->easy)
        kad_transfer_cancel(m->transfers, m->easy);
    curl_slist_free_all(m->to);
    kad_morning_done(&m->digest);
    kad_buf_done(&m->letter);
    free(m->person);
    free(m->address);
    free(m->url);
    free(m);
}

enum kad_err kad_sink_add_mail(struct kad_sinks *all, const char *name, struct kad_transfers *t,
                               const struct kad_mail_options *o, struct kad_str person,
                               const char *address, struct kad_error *reterr)
{
    static const struct kad_sink_ops ops = {.batch = SIZE_MAX,
                                            .digest = true,
                                            .ready = ready,
                                            .pending = ready,
                                            .take = take,
                                            .flush = flush,
                                            .close = close_mail};
    struct kad_buf url = {0};
    struct mail *m = kad_xalloc(sizeof *m);
    kad_assert(kad_mail_address(kad_str(address)) && kad_mail_address(kad_str(o->from)));
    m->transfers = t;
    m->o = *o;
    m->person = kad_xalloc(person.n + 1);
    memcpy(m->person, person.p, person.n);
    m->address = kad_xstrdup(address);
    kad_buf_printf(&url, "%s://%s", o->security == KAD_MAIL_TLS ? "smtps" : "smtp", o->server);
    m->url = url.p;
    kad_morning_init(&m->digest, kad_str(m->person));
    return kad_sink_add(all, &ops, name, false, m, reterr);
}

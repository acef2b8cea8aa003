#include "cli/transfer.h"

#include <stdlib.h>

#include "core/text.h"

#define CONNECT_S 15L
#define HOST_CONNECTIONS 2L /* at once to one server */

struct kad_transfers {
    struct kad_loop *loop;
    CURLM *multi;
    struct kad_timer *timer;
    bool freed;
};

/* One that is under way. */
struct transfer {
    kad_transfer_fn done;
    void *ctx;
    size_t answered; /* bytes of the answer */
    char why[CURL_ERROR_SIZE];
};

/* A socket of curl's: it may outlive the transfer that opened it, in curl's store of connections. */
struct socket {
    struct kad_transfers *all;
    curl_socket_t fd;
    struct kad_watch *watch;
};

static struct transfer *transfer_of(CURL *easy)
{
    char *p = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p);
    return (struct transfer *)(void *)p;
}

static void remove_one(struct kad_transfers *t, CURL *easy)
{
    struct transfer *x = transfer_of(easy);
    curl_multi_remove_handle(t->multi, easy);
    curl_easy_cleanup(easy);
    free(x);
}

static void collect(struct kad_transfers *t)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(t->multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURL *easy = m->easy_handle;
        CURLcode code = m->data.result;
        struct transfer *x = transfer_of(easy);
        /* The call may start others, so this one is still curl's until after it. */
        x->done(x->ctx, easy, code);
        remove_one(t, easy);
    }
}

static void on_socket_ready(void *ctx, unsigned what)
{
    struct socket *s = ctx;
    struct kad_transfers *t = s->all;
    int running, events = (what & KAD_WATCH_READ ? CURL_CSELECT_IN : 0) |
                          (what & KAD_WATCH_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(t->multi, s->fd, events, &running);
    collect(t);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *of_socket)
{
    struct kad_transfers *t = ctx;
    struct socket *s = of_socket;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s) {
            kad_watch_free(s->watch);
            free(s);
            curl_multi_assign(t->multi, fd, NULL);
        }
        return 0;
    }
    if (!s) {
        struct kad_error none = {0};
        s = kad_xalloc(sizeof *s);
        s->all = t;
        s->fd = fd;
        if (kad_watch_new(t->loop, fd, on_socket_ready, s, &s->watch, &none) != KAD_OK) {
            free(s);
            return -1;
        }
        curl_multi_assign(t->multi, fd, s);
    }
    kad_watch_for(s->watch, (what & CURL_POLL_IN ? KAD_WATCH_READ : 0u) |
                                (what & CURL_POLL_OUT ? KAD_WATCH_WRITE : 0u));
    return 0;
}

static void on_timer(void *ctx)
{
    struct kad_transfers *t = ctx;
    int running;
    curl_multi_socket_action(t->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(t);
}

static int on_timeout(CURLM *multi, long ms, void *ctx)
{
    struct kad_transfers *t = ctx;
    (void)multi;
    if (t->freed)
        return 0;
    if (ms < 0)
        kad_timer_stop(t->timer);
    else
        kad_timer_start(t->timer, (uint64_t)ms);
    return 0;
}

enum kad_err kad_transfers_new(struct kad_loop *l, struct kad_transfers **ret,
                               struct kad_error *reterr)
{
    static bool begun;
    if (!begun && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return kad_fail(reterr, KAD_EIO, _("The network library cannot be used."));
    begun = true;
    struct kad_transfers *t = kad_xalloc(sizeof *t);
    t->loop = l;
    t->multi = curl_multi_init();
    kad_assert(t->multi);
    t->timer = kad_timer_new(l, on_timer, t);
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
    curl_multi_setopt(t->multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS);
    *ret = t;
    return KAD_OK;
}

void kad_transfers_free(struct kad_transfers *t)
{
    if (!t)
        return;
    t->freed = true;
    curl_multi_cleanup(t->multi);
    kad_timer_free(t->timer);
    free(t);
}

/* The answer's body tells us nothing: it is let pass, up to a point. */
static size_t on_answer(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *x = ctx;
    (void)p;
    x->answered += size * n;
    return x->answered > KAD_TRANSFER_MOST ? CURL_WRITEFUNC_ERROR : size * n;
}

CURL *kad_transfer_new(const char *url, const char *ca, uint64_t timeout_s)
{
    struct transfer *x = kad_xalloc(sizeof *x);
    CURL *easy = curl_easy_init();
    kad_assert(easy && timeout_s > 0);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->why);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ca)
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)timeout_s);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    return easy;
}

void kad_transfer_start(struct kad_transfers *t, CURL *easy, kad_transfer_fn done, void *ctx)
{
    struct transfer *x = transfer_of(easy);
    x->done = done;
    x->ctx = ctx;
    CURLMcode code = curl_multi_add_handle(t->multi, easy);
    kad_assert(code == CURLM_OK);
}

void kad_transfer_cancel(struct kad_transfers *t, CURL *easy)
{
    remove_one(t, easy);
}

void kad_transfer_why(struct kad_buf *b, CURL *easy, CURLcode code)
{
    const struct transfer *x = transfer_of(easy);
    const char *words = code == CURLE_OPERATION_TIMEDOUT     ? _("no answer in time")
                        : code == CURLE_COULDNT_CONNECT      ? _("the server cannot be reached")
                        : code == CURLE_COULDNT_RESOLVE_HOST ? _("there is no such server")
                        : code == CURLE_PEER_FAILED_VERIFICATION
                            ? _("the server's certificate is not to be trusted")
                        : code == CURLE_LOGIN_DENIED ? _("user or password is wrong")
                        : code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
                                code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE
                            ? _("the server broke off")
                            : _("the transfer failed");
    kad_buf_printf(b, "%s (%s)", words, x->why[0] ? x->why : curl_easy_strerror(code));
}

bool kad_host_is_here(const char *host, size_t n)
{
    static const char *const here[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
        size_t m = strlen(here[i]);
        if (n >= m && memcmp(host, here[i], m) == 0 && (n == m || host[m] == ':'))
            return true;
    }
    return false;
}

/* JSON Lines on stdout. Nobody may read there for hours: what cannot be written now waits. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/sinks.h"

struct stream {
    int fd;
    bool socket;
    struct kad_watch *watch; /* NULL: a plain file, which never makes anybody wait */
    struct kad_buf b;
    size_t written;
    struct kad_sink *sink;
};

static void take(struct kad_sink *s, const struct kad_record *r, const struct kad_message *m)
{
    struct stream *st = kad_sink_state(s);
    (void)r;
    kad_message_put_json(&st->b, kad_sink_ledger(s), m);
    kad_buf_putc(&st->b, '\n');
}

static void finish(struct stream *st, enum kad_sink_result result, const char *why)
{
    if (st->watch)
        kad_watch_for(st->watch, 0);
    kad_buf_reset(&st->b);
    st->written = 0;
    kad_sink_answer(st->sink, result, 0, why);
}

/* A part that does not make us wait: a pipe with room has room for PIPE_BUF. The descriptor is left
 * blocking, because it may be shared with others. */
static ssize_t put_some(struct stream *st)
{
    size_t n = st->b.n - st->written;
    const char *p = st->b.p + st->written;
    if (st->socket)
        return send(st->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    return write(st->fd, p, st->watch && n > PIPE_BUF ? PIPE_BUF : n);
}

static void go_on(void *ctx, unsigned what)
{
    struct stream *st = ctx;
    (void)what;
    do {
        ssize_t n = put_some(st);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) {
            /* What of it was read already comes again: at least once. */
            finish(st, KAD_SINK_FAILED, kad_why(errno));
            return;
        }
        st->written += (size_t)n;
    } while (st->written < st->b.n && !st->watch);
    if (st->written == st->b.n)
        finish(st, KAD_SINK_DELIVERED, NULL);
}

static void flush(struct kad_sink *s)
{
    struct stream *st = kad_sink_state(s);
    st->sink = s;
    if (st->watch)
        kad_watch_for(st->watch, KAD_WATCH_WRITE);
    else
        go_on(st, KAD_WATCH_WRITE);
}

static void close_stream(struct kad_sink *s)
{
    struct stream *st = kad_sink_state(s);
    kad_watch_free(st->watch);
    kad_buf_done(&st->b);
    free(st);
}

enum kad_err kad_sink_add_stream(struct kad_sinks *all, const char *name, int fd, bool from_start,
                                 struct kad_error *reterr)
{
    static const struct kad_sink_ops ops = {
        .batch = 500, .take = take, .flush = flush, .close = close_stream};
    struct stream *st = kad_xalloc(sizeof *st);
    struct kad_error none = {0};
    struct stat about;
    st->fd = fd;
    st->socket = fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode);
    /* A reader that has gone is an error to be told, not a signal that ends us. */
    signal(SIGPIPE, SIG_IGN);
    if (kad_watch_new(kad_sinks_loop(all), fd, go_on, st, &st->watch, &none) == KAD_EIO) {
        free(st);
        return kad_fail(reterr, KAD_EIO, "%s", none.text);
    }
    return kad_sink_add(all, &ops, name, from_start, st, reterr);
}

#include "tests/unit/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static void say(int fd, const char *text)
{
    size_t n = strlen(text);
    while (n > 0) {
        ssize_t w = send(fd, text, n, MSG_NOSIGNAL);
        if (w <= 0)
            return;
        text += w;
        n -= (size_t)w;
    }
}

/* The next line, without its end; false: the other side has gone. */
static bool line(int fd, struct kad_buf *b)
{
    char c;
    kad_buf_reset(b);
    while (recv(fd, &c, 1, 0) == 1) {
        if (c == '\n')
            return true;
        if (c != '\r')
            kad_buf_putc(b, c);
    }
    return false;
}

static void keep(struct server *s, struct kad_buf *b)
{
    pthread_mutex_lock(&s->lock);
    if (s->n < SERVER_MOST)
        s->got[s->n++] = *b;
    else
        kad_buf_done(b);
    pthread_mutex_unlock(&s->lock);
    *b = (struct kad_buf){0};
}

static char next(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    char c = *s->script;
    if (s->script[1])
        s->script++;
    pthread_mutex_unlock(&s->lock);
    return c;
}

size_t server_got(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->n;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* --- HTTP --- */

/* One whole request; false: the other side has gone. */
static bool request(int fd, struct kad_buf *b)
{
    struct kad_buf l = {0};
    size_t length = 0;
    bool more;
    while ((more = line(fd, &l)) && l.n > 0) {
        kad_buf_printf(b, "%s\n", kad_buf_str(&l));
        if (strncasecmp(l.p, "Content-Length:", 15) == 0)
            length = (size_t)atol(l.p + 15);
    }
    kad_buf_putc(b, '\n');
    for (char c; more && length > 0; length--) {
        more = recv(fd, &c, 1, 0) == 1;
        if (more)
            kad_buf_putc(b, c);
    }
    kad_buf_done(&l);
    return more;
}

/* False: the connection is to be closed. */
static bool answer(int fd, char how)
{
    char c;
    switch (how) {
    case '5':
        say(fd, "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno");
        return true;
    case '4':
        say(fd, "HTTP/1.1 429 Slow down\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
        return true;
    case 'b':
        say(fd, "HTTP/1.1 400 What\r\nContent-Length: 0\r\n\r\n");
        return true;
    case 'r':
        say(fd, "HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        return true;
    case 's':
        while (recv(fd, &c, 1, 0) > 0)
            ;
        return false;
    case 'm':
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhal");
        return false;
    case 'h':
        say(fd, "HTTP/1.1 200 OK\r\n\r\n");
        for (int i = 0; i < 100000; i++)
            if (send(fd, "0123456789abcdefghijklmnopqrstuvwxyz", 36, MSG_NOSIGNAL) != 36)
                break;
        return false;
    case 'x':
        say(fd, "\001\002 who is there?\r\n\r\n");
        return false;
    case 'c':
        return false;
    default:
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        return true;
    }
}

static void serve_http(struct server *s, int fd)
{
    struct kad_buf b = {0};
    while (request(fd, &b)) {
        keep(s, &b);
        if (!answer(fd, next(s)))
            break;
    }
    kad_buf_done(&b);
}

/* --- SMTP --- */

/* The letter up to the lone dot, dots taken away again. */
static bool letter(int fd, struct kad_buf *all, bool breaks)
{
    struct kad_buf l = {0};
    bool more;
    while ((more = line(fd, &l)) && strcmp(kad_buf_str(&l), ".") != 0) {
        if (breaks) {
            more = false;
            break;
        }
        kad_buf_printf(all, "%s\n", kad_buf_str(&l) + (l.n > 1 && l.p[0] == '.'));
    }
    kad_buf_done(&l);
    return more;
}

static void serve_smtp(struct server *s, int fd)
{
    struct kad_buf l = {0}, all = {0};
    char how = next(s), c;
    if (how == 's')
        while (recv(fd, &c, 1, 0) > 0)
            ;
    say(fd, "220 test ESMTP\r\n");
    while (line(fd, &l)) {
        const char *text = kad_buf_str(&l);
        if (strncasecmp(text, "EHLO", 4) == 0) {
            say(fd, "250-test\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 SIZE 100000\r\n");
        } else if (strncasecmp(text, "AUTH", 4) == 0) {
            kad_buf_printf(&all, "%s\n", text);
            say(fd, strlen(text) > 11 ? "235 yes\r\n" : "334 \r\n");
        } else if (strncasecmp(text, "MAIL", 4) == 0) {
            kad_buf_printf(&all, "%s\n", text);
            say(fd, how == 't' ? "451 busy\r\n" : "250 ok\r\n");
        } else if (strncasecmp(text, "RCPT", 4) == 0) {
            kad_buf_printf(&all, "%s\n", text);
            say(fd, strstr(text, "<nobody@") ? "550 nobody of that name\r\n" : "250 ok\r\n");
        } else if (strncasecmp(text, "DATA", 4) == 0) {
            say(fd, "354 go on\r\n");
            if (!letter(fd, &all, how == 'c'))
                break;
            keep(s, &all);
            say(fd, "250 taken\r\n");
        } else if (strncasecmp(text, "QUIT", 4) == 0) {
            say(fd, "221 bye\r\n");
            break;
        } else {
            say(fd, "235 yes\r\n"); /* what follows AUTH */
        }
    }
    kad_buf_done(&l);
    kad_buf_done(&all);
}

/* --- both --- */

struct connection {
    struct server *s;
    int fd;
};

static void *serve(void *ctx)
{
    struct connection *c = ctx;
    if (c->s->smtp)
        serve_smtp(c->s, c->fd);
    else
        serve_http(c->s, c->fd);
    shutdown(c->fd, SHUT_RDWR);
    free(c);
    return NULL;
}

static void *accept_all(void *ctx)
{
    struct server *s = ctx;
    for (int fd; (fd = accept(s->listens, NULL, NULL)) >= 0;) {
        struct connection *c = malloc(sizeof *c);
        *c = (struct connection){s, fd};
        pthread_mutex_lock(&s->lock);
        bool room = s->n_serves < SERVER_MOST;
        if (room && pthread_create(&s->serves[s->n_serves], NULL, serve, c) == 0)
            s->sockets[s->n_serves++] = fd;
        else
            room = false;
        pthread_mutex_unlock(&s->lock);
        if (!room) {
            close(fd);
            free(c);
        }
    }
    return NULL;
}

static int listen_here(int *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 32), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

void server_start(struct server *s, bool smtp, const char *script)
{
    *s = (struct server){.smtp = smtp, .script = script};
    pthread_mutex_init(&s->lock, NULL);
    s->listens = listen_here(&s->port);
    assert_int_equal(pthread_create(&s->accepts, NULL, accept_all, s), 0);
}

void server_stop(struct server *s)
{
    shutdown(s->listens, SHUT_RDWR);
    pthread_join(s->accepts, NULL);
    close(s->listens);
    for (size_t i = 0; i < s->n_serves; i++) {
        shutdown(s->sockets[i], SHUT_RDWR);
        pthread_join(s->serves[i], NULL);
        close(s->sockets[i]);
    }
    for (size_t i = 0; i < s->n; i++)
        kad_buf_done(&s->got[i]);
    pthread_mutex_destroy(&s->lock);
}

void server_header(struct kad_buf *b, const char *text, const char *name)
{
    size_t n = strlen(name);
    kad_buf_reset(b);
    for (const char *p = text; *p && *p != '\n';) {
        const char *end = strchr(p, '\n');
        bool mine = strncasecmp(p, name, n) == 0 && p[n] == ':';
        if (mine) {
            p += n + 1 + strspn(p + n + 1, " ");
            kad_buf_put(b, p, (size_t)(end - p));
        }
        for (p = end + 1; *p == ' ' || *p == '\t'; p = end + 1) {
            end = strchr(p, '\n');
            if (mine)
                kad_buf_put(b, p, (size_t)(end - p));
        }
    }
}

/* --- TLS --- */

static int run(const char *command, bool wait)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    if (!wait)
        return pid;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool answers(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool there = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return there;
}

void tls_start(struct tls_server *s, const char *folder, const char *host)
{
    char command[700];
    snprintf(s->cert, sizeof s->cert, "%s/cert.pem", folder);
    snprintf(s->key, sizeof s->key, "%s/key.pem", folder);
    snprintf(command, sizeof command,
             "exec openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=%s "
             "-addext subjectAltName=DNS:%s -keyout %s -out %s",
             host, host, s->key, s->cert);
    assert_int_equal(run(command, true), 0);
    int fd = listen_here(&s->port); /* only for a port that is free */
    close(fd);
    snprintf(command, sizeof command,
             "exec openssl s_server -quiet -accept %d -cert %s -key %s -www", s->port, s->cert,
             s->key);
    s->pid = run(command, false);
    const struct timespec pause = {.tv_nsec = 10000000};
    for (int i = 0; i < 500 && !answers(s->port); i++)
        nanosleep(&pause, NULL);
}

void tls_stop(struct tls_server *s)
{
    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
}

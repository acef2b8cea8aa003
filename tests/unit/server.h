/* Small servers on this machine, as good and as bad as the ones out there: each runs on threads of its
 * own, on a port that the system gives, and ends with the test. */
#ifndef KAD_TESTS_SERVER_H
#define KAD_TESTS_SERVER_H

#include <pthread.h>
#include <stdbool.h>

#include "core/buf.h"

/* What it does with each request (HTTP) or connection (SMTP), a letter each, the last for all others.
 * HTTP: o 200 · 5 500 · 4 429, come again in a second · s never answers · c closes without a word ·
 *   m breaks off in the middle of a 200 · h a 200 without an end · r 302 · b 400 · x no HTTP at all
 * SMTP (no TLS, and nobody@… is not known: 550): o takes it · t busy (451) · s never greets · c closes in
 *   the middle of the letter */
enum { SERVER_MOST = 64 };
struct server {
    int port, listens;
    bool smtp;
    const char *script;
    pthread_mutex_t lock;
    struct kad_buf
        got[SERVER_MOST]; /* HTTP: whole requests; SMTP: "MAIL…\nRCPT…\n", then the letter */
    size_t n;
    pthread_t accepts, serves[SERVER_MOST];
    int sockets[SERVER_MOST];
    size_t n_serves;
};
void server_start(struct server *s, bool smtp, const char *script);
void server_stop(struct server *s);
size_t server_got(struct server *s);
/* A header's value in an HTTP request, or of a letter (unfolded); in the buffer. */
void server_header(struct kad_buf *b, const char *text, const char *name);

/* TLS by `openssl s_server` with a certificate made on the spot for this name; it answers nothing. */
struct tls_server {
    int port;
    int pid;
    char cert[128], key[128];
};
void tls_start(struct tls_server *s, const char *folder, const char *host);
void tls_stop(struct tls_server *s);

#endif

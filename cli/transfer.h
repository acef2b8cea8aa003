/* Transfers over the network on the loop: libcurl's many at once, told of by our loop's watches and
 * timers. Nothing here waits. Only cli/transfer.c and the sinks that fill in a transfer know curl. */
#ifndef KAD_CLI_TRANSFER_H
#define KAD_CLI_TRANSFER_H

#include <curl/curl.h>

#include "core/loop.h"

struct kad_transfers;
enum kad_err kad_transfers_new(struct kad_loop *l, struct kad_transfers **ret,
                               struct kad_error *reterr) KAD_MUST_CHECK;
/* Those under way are given up without a word. After the sinks are closed, before the loop is freed. */
void kad_transfers_free(struct kad_transfers *t);

/* A new one, with what all of ours have: nothing from the environment (no proxy, no .netrc), no
 * signals, certificates and their names checked, TLS 1.2 at least, no redirects followed, time limits
 * (seconds) for connecting and for the whole, an answer of at most KAD_TRANSFER_MOST bytes kept out of
 * the way. `ca`: a file of certificates to trust instead of the system's; NULL. */
#define KAD_TRANSFER_MOST 65536
CURL *kad_transfer_new(const char *url, const char *ca, uint64_t timeout_s);
/* Starts it. `done` is called once, from the loop; then it is freed. */
typedef void (*kad_transfer_fn)(void *ctx, CURL *easy, CURLcode code);
void kad_transfer_start(struct kad_transfers *t, CURL *easy, kad_transfer_fn done, void *ctx);
/* Give it up and free it; `done` is not called any more. */
void kad_transfer_cancel(struct kad_transfers *t, CURL *easy);
/* What a failure without an answer means, in our words with curl's behind them. In the buffer. */
void kad_transfer_why(struct kad_buf *b, CURL *easy, CURLcode code);
/* Is it an address of this machine itself, so that nobody can listen in? Takes HOST, HOST:PORT. */
bool kad_host_is_here(const char *host, size_t n);

#endif

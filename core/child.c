#include "core/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/text.h"

/* What a program does about faults is its own; here they only end the child. */
static _Noreturn void be_child(void (*fn)(void *ctx, int fd), void *ctx, int fd)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGPIPE};
    struct rlimit none = {0, 0};
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever asked is gone: nobody waits for the answer */
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    fn(ctx, fd);
    _exit(0);
}

static int gather(int fd, size_t most, struct kad_buf *ret)
{
    char piece[16384];
    size_t from = ret->n;
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        if (ret->n - from + (size_t)n > most)
            return EFBIG;
        kad_buf_put(ret, piece, (size_t)n);
    }
}

/* What damaged pages do; all else comes from outside, or is want of memory. */
static bool is_fault(int sig)
{
    return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL;
}

enum kad_err kad_child_run(void (*fn)(void *ctx, int fd), void *ctx, size_t most,
                           struct kad_buf *ret, struct kad_child_end *ret_end,
                           struct kad_error *reterr)
{
    int ends[2], status = 0;
    kad_assert(fn && ret && ret_end);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return kad_fail(reterr, KAD_EIO, _("No process can be started: %s."), strerror(errno));
    pid_t pid = fork();
    if (pid < 0) {
        int failed = errno;
        close(ends[0]);
        close(ends[1]);
        return kad_fail(reterr, KAD_EIO, _("No process can be started: %s."), strerror(failed));
    }
    if (pid == 0) {
        close(ends[0]);
        be_child(fn, ctx, ends[1]);
    }
    close(ends[1]);
    bool ours = gather(ends[0], most, ret) != 0;
    if (ours)
        kill(pid, SIGKILL);
    close(ends[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    ret_end->done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    ret_end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (ret_end->signal != 0 && !ours && !is_fault(ret_end->signal))
        return kad_fail(reterr, KAD_EIO,
                        _("The process that looked at it was ended before it was done (signal %d), "
                          "perhaps because memory ran out. That says nothing about what it looked "
                          "at: try again."),
                        ret_end->signal);
    return KAD_OK;
}

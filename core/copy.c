#include "core/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/child.h"
#include "core/ledger_priv.h"

#define LOOK_NS 100000000L /* how often the progress is looked at */
#define PIECE ((size_t)1 << 20)

static enum kad_err file_fail(const char *name, int failed, struct kad_error *reterr)
{
    if (failed == ENOSPC || failed == EDQUOT || failed == EFBIG)
        return kad_fail(reterr, KAD_EFULL, _("There is no room for %s: %s."), name,
                        strerror(failed));
    return kad_fail(reterr, KAD_EIO, _("%s cannot be written: %s."), name, strerror(failed));
}

/* --- how far it is: LMDB does not say, but the file grows --- */

struct watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool end;
    int fd;
    uint64_t of;
    kad_progress_fn progress;
    void *ctx;
};

static void *watch_run(void *arg)
{
    struct watch *w = arg;
    struct stat st;
    pthread_mutex_lock(&w->lock);
    while (!w->end) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_NS;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&w->ended, &w->lock, &until);
        if (fstat(w->fd, &st) == 0)
            w->progress(w->ctx, (uint64_t)st.st_size >> 10, w->of >> 10);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Without the thread there is only nothing to see. */
static bool watch_begin(struct watch *w)
{
    return w->progress && pthread_mutex_init(&w->lock, NULL) == 0 &&
           pthread_cond_init(&w->ended, NULL) == 0 &&
           pthread_create(&w->thread, NULL, watch_run, w) == 0;
}

static void watch_end(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    w->end = true;
    pthread_cond_signal(&w->ended);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
}

/* --- the ledger --- */

static int copy(struct kad_ledger *l, int fd, kad_progress_fn progress, void *ctx)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct watch w = {.fd = fd, .progress = progress, .ctx = ctx};
    int rc = KAD_LMDB(mdb_env_info(l->env, &info));
    if (rc == 0)
        rc = KAD_LMDB(mdb_env_stat(l->env, &stat));
    if (rc != 0)
        return rc;
    w.of = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
    bool watched = watch_begin(&w);
    rc = KAD_LMDB(mdb_env_copyfd2(l->env, fd, MDB_CP_COMPACT));
    if (watched)
        watch_end(&w);
    return rc;
}

enum kad_err kad_copy_ledger(struct kad_ledger *l, int fd, const char *name,
                             kad_progress_fn progress, void *ctx, struct kad_error *reterr)
{
    kad_assert(l && fd >= 0 && name);
    /* LMDB begins a reader of its own; ours sees to it before that the map is large enough, and that
     * readers who were killed make room. */
    struct kad_snapshot *s;
    enum kad_err err = kad_snapshot_take(l, &s, reterr);
    if (err != KAD_OK)
        return err;
    kad_snapshot_release(s);
    int rc = copy(l, fd, progress, ctx);
    if (rc < 0)
        return kad_lmdb_fail(l, rc, reterr);
    if (rc == 0 && fsync(fd) != 0)
        rc = errno;
    return rc == 0 ? KAD_OK : file_fail(name, rc, reterr);
}

/* --- a file --- */

static int copy_bytes(int in, int out, uint64_t of, kad_progress_fn progress, void *ctx)
{
    char *piece = kad_xalloc(PIECE);
    uint64_t done = 0;
    int failed = 0;
    while (failed == 0) {
        ssize_t n = read(in, piece, PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            failed = n < 0 ? errno : 0;
            break;
        }
        failed = kad_write_all(out, piece, (size_t)n);
        done += (uint64_t)n;
        if (progress)
            progress(ctx, done >> 10, of >> 10);
    }
    free(piece);
    return failed != 0 ? failed : fsync(out) != 0 ? errno : 0;
}

enum kad_err kad_copy_into(const char *from, int fd, const char *name, kad_progress_fn progress,
                           void *ctx, struct kad_error *reterr)
{
    struct stat st;
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int failed = in < 0 || fstat(in, &st) != 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
    if (failed != 0)
        kad_fail(reterr, KAD_ESTORE, _("%s cannot be read: %s."), from, strerror(failed));
    else
        failed = copy_bytes(in, fd, (uint64_t)st.st_size, progress, ctx);
    if (in >= 0)
        close(in);
    if (reterr->code != KAD_OK)
        return reterr->code;
    return failed == 0 ? KAD_OK : file_fail(name, failed, reterr);
}

enum kad_err kad_copy_file(const char *from, const char *to, unsigned mode,
                           kad_progress_fn progress, void *ctx, struct kad_error *reterr)
{
    int fd;
    int failed = kad_file_new(to, (mode_t)mode, &fd);
    if (failed != 0)
        return file_fail(to, failed, reterr);
    enum kad_err err = kad_copy_into(from, fd, to, progress, ctx, reterr);
    close(fd);
    if (err != KAD_OK)
        unlink(to);
    return err;
}

/* --- whose is it? --- */

struct answer { /* from the child; behind it the sentence, if there is one */
    enum kad_err err;
    struct kad_copy_info info;
};

static enum kad_err peek_here(const char *dir, struct kad_copy_info *ret, struct kad_error *reterr)
{
    struct kad_ledger *l = NULL;
    struct kad_snapshot *s = NULL;
    enum kad_err err = kad_ledger_open_still(dir, &l, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_take(l, &s, reterr);
    if (err == KAD_OK) {
        ret->info = *kad_ledger_info(l);
        err = kad_snapshot_state(s, &ret->state, reterr);
    }
    kad_snapshot_release(s);
    kad_ledger_close(l);
    return err;
}

static void peek_there(void *ctx, int fd)
{
    const char *const *dir = ctx;
    kad_ledger_faults_silent();
    struct answer a = {0};
    struct kad_error e = {0};
    a.err = peek_here(*dir, &a.info, &e);
    if (kad_write_all(fd, &a, sizeof a) != 0 || kad_write_all(fd, e.text, strlen(e.text)) != 0)
        _exit(1);
}

enum kad_err kad_copy_peek(const char *dir, struct kad_copy_info *ret, struct kad_error *reterr)
{
    struct kad_buf got = {0};
    struct kad_child_end end;
    struct answer a = {0};
    kad_assert(dir && ret);
    enum kad_err err =
        kad_child_run(peek_there, &dir, sizeof a + sizeof reterr->text, &got, &end, reterr);
    if (err == KAD_OK && (!end.done || got.n < sizeof a))
        err =
            kad_fail(reterr, KAD_ESTORE, _("%s is damaged: what its file %s says makes no sense."),
                     dir, KAD_DATA_FILE);
    if (err == KAD_OK) {
        memcpy(&a, got.p, sizeof a);
        err = a.err != KAD_OK ? kad_fail(reterr, a.err, "%s", got.p + sizeof a) : KAD_OK;
    }
    if (err == KAD_OK)
        *ret = a.info;
    kad_buf_done(&got);
    return err;
}

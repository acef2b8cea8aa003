/* faults: puts the real program through a script whose every call fails once: for each command and
 * each kind of fault, the first call of its class fails, then the second, … until none is left.
 * After each the program must have ended with a status of 0 to 3 and one message (or, when memory
 * ran out, by its own hand with that sentence); the store is whole and what was acknowledged is in
 * it; the same command once more gives the one right answer.
 *
 *   faults [--seconds S] [--jobs N] [--memory K] [--short] [--line I --kind K --n N]
 *          [--tell]
 *
 * --memory K: only every K-th call for memory fails. Everything of a fault that was not borne can
 * be had again with --line, --kind and --n; --tell prints what the program said each time. */
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"
#include "tests/sim/script.h"
#include "tests/sim/tree.h"
#include "tests/sim/whole.h"

#define TOLD_MOST 20

static const struct kind {
    const char *class, *mode;
    int code;
} kinds[] = {
    {"memory", "", ENOMEM},  {"write", "", EIO},         {"write", "", ENOSPC},
    {"write", "on", ENOSPC}, {"write", "short", ENOSPC}, {"write", "short", EIO},
    {"sync", "", EIO},       {"sync", "on", EIO},        {"open", "", EMFILE},
    {"open", "", EIO},       {"name", "", EIO},          {"name", "on", ENOSPC},
    {"size", "", EIO},       {"map", "", ENOMEM},        {"read", "", EIO},
    {"lock", "", ENOLCK},
};
#define N_KINDS ((int)(sizeof kinds / sizeof *kinds))

struct totals { /* of all workers: shared */
    uint64_t faults[sizeof kinds / sizeof *kinds], borne, refused, aborted, events, bad[4], said;
    bool out_of_time;
};
struct faults {
    struct script script;
    struct whole_log log;
    uint64_t *ends;
    const char *dir;
    time_t until;
    unsigned jobs, worker;
    int line, kind; /* -1: all */
    uint64_t n, memory;
    bool tell;
    struct totals *t;
};

/* --- the script without faults --- */

static void snapshot_path(const struct faults *f, int line, char out[256])
{
    snprintf(out, 256, "%s/before-%d", f->dir, line);
}

static void run_once(struct faults *f)
{
    struct script *s = &f->script;
    f->ends = kad_xalloc((size_t)s->n * sizeof *f->ends);
    for (int i = 0; i < s->n; i++) {
        struct kad_buf said = {0};
        char path[256];
        snapshot_path(f, i, path);
        tree_copy(s->root, path);
        int status = script_run(s, i, NULL, &(struct run){0}, NULL, &said);
        if (status != s->lines[i].step->status)
            tree_give_up(s->lines[i].words, kad_buf_str(&said));
        kad_buf_done(&said);
        f->log = whole_read(s->store);
        f->ends[i] = f->log.n;
    }
}

/* --- one fault --- */

struct attempt {
    const struct faults *f;
    int line, kind;
    uint64_t n;
    char root[200];
    int status;
    struct kad_buf said;
};

__attribute__((format(printf, 3, 4))) static void bad(const struct attempt *a, enum whole_fault k,
                                                      const char *fmt, ...)
{
    char text[800];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct totals *t = a->f->t;
    t->bad[k]++;
    if (t->said++ < TOLD_MOST || a->f->n)
        printf("# %s: --line %d --kind %d --n %llu (%s %s %s): %.40s: %s\n#   status %d: %.500s\n",
               whole_fault_name(k), a->line, a->kind, (unsigned long long)a->n,
               kinds[a->kind].class, kinds[a->kind].mode, strerror(kinds[a->kind].code),
               a->f->script.lines[a->line].words, text, a->status, kad_buf_str(&a->said));
}

static int messages(const struct kad_buf *said)
{
    int n = 0;
    for (const char *p = kad_buf_str(said); (p = strstr(p, "kadens: ")); p++)
        n += p == said->p || p[-1] == '\n';
    return n;
}

static bool ends_with(const struct kad_buf *b, const char *end)
{
    size_t n = strlen(end);
    return b->n >= n && memcmp(b->p + b->n - n, end, n) == 0;
}

/* How it ended, and what it said. */
static bool look_at_end(const struct attempt *a)
{
    static const char no_memory[] = "kadens: out of memory\n";
    int want = a->f->script.lines[a->line].step->status, n = messages(&a->said);
    struct totals *t = a->f->t;
    if (a->status == 128 + SIGABRT && kinds[a->kind].code == ENOMEM &&
        ends_with(&a->said, no_memory)) {
        t->aborted++;
        return true;
    }
    t->borne += a->status == want;
    t->refused += a->status != want;
    if (a->status > 3) {
        bad(a, WHOLE_CORRUPT, "the program was ended");
        return false;
    }
    /* Before the one that says why it failed there may be a word of warning (private fields are shown
     * as sealed; a backup gets no new checkpoint); and a command of two parts says what it has done. */
    int most = a->f->script.lines[a->line].step->flags & UNLIKE ? 4 : 2;
    if (a->status != 0 && (n < 1 || n > most)) {
        bad(a, WHOLE_CORRUPT, "%d messages", n);
        return false;
    }
    return true;
}

static bool is_store(const char *dir)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    return access(path, F_OK) == 0;
}

static bool look_at_store(const struct attempt *a, const char *store, struct whole_want *w)
{
    const struct step *step = a->f->script.lines[a->line].step;
    struct whole_found found = {0};
    bool done = a->status == step->status; /* acknowledged */
    if (!is_store(store)) {
        if (a->line > 0 || done)
            bad(a, WHOLE_LOST, "the store is gone");
        return a->line == 0 && !done;
    }
    w->most = a->f->ends[a->line];
    w->least = done || a->line == 0 ? w->most : a->f->ends[a->line - 1];
    w->pieces = step->flags & PIECES;
    w->unlike = step->flags & UNLIKE ? a->f->ends[a->line - 1] + 1 : 0;
    w->erased = script_erased(&a->f->script, a->line + done);
    if (!done && !w->unlike && strstr(kad_buf_str(&a->said), "othing was written"))
        w->most = w->least;
    whole_check_apart(store, w, &found);
    a->f->t->events += found.events;
    if (found.fault != WHOLE_FINE)
        bad(a, found.fault, "%s", found.why);
    return found.fault == WHOLE_FINE;
}

static void ask_again(struct attempt *a, const char *store, struct whole_want *w)
{
    const struct step *step = a->f->script.lines[a->line].step;
    struct whole_found found = {0};
    struct kad_buf said = {0};
    const struct run how = {.seconds = 20, .later = 600};
    int status = script_run(&a->f->script, a->line, a->root, &how, NULL, &said);
    if (status != step->status && !(a->line == 0 && status == 1))
        bad(a, WHOLE_CORRUPT, "the same again: status %d: %.300s", status, kad_buf_str(&said));
    kad_buf_done(&said);
    w->least = w->most = a->f->ends[a->line];
    w->append = true;
    w->erased = script_erased(&a->f->script, a->line + 1);
    whole_check_apart(store, w, &found);
    a->f->t->events += found.events;
    if (found.fault != WHOLE_FINE)
        bad(a, found.fault, "after the same again: %s", found.why);
}

/* False when there was no such call. */
static bool try_fault(struct attempt *a)
{
    const struct faults *f = a->f;
    char mark[256], env[2][300], library[300], store[256], keys[256], before[256];
    struct kad_buf out = {0};
    const struct kind *k = &kinds[a->kind];
    snprintf(mark, sizeof mark, "%s-mark", a->root);
    snprintf(env[0], sizeof env[0], "KADENS_FAIL=%s:%llu:%d:%s", k->class, (unsigned long long)a->n,
             k->code, k->mode);
    snprintf(env[1], sizeof env[1], "KADENS_FAIL_MARK=%s", mark);
    snprintf(library, sizeof library, "%s/tests/sim/fail.so", f->script.build);
    snprintf(store, sizeof store, "%s/store", a->root);
    snprintf(keys, sizeof keys, SCRIPT_KEYS, a->root);
    snapshot_path(f, a->line, before);
    tree_copy(before, a->root);
    unlink(mark);
    kad_buf_reset(&a->said);
    const struct run how = {.preload = library, .env = {env[0], env[1]}, .seconds = 30};
    a->status = script_run(&f->script, a->line, a->root, &how, &out, &a->said);
    kad_buf_done(&out);
    if (access(mark, F_OK) != 0)
        return false;
    f->t->faults[a->kind]++;
    if (f->tell)
        printf("%s %s %s %llu: %.30s: %d: %s\n", k->class, k->mode, strerror(k->code),
               (unsigned long long)a->n, f->script.lines[a->line].words, a->status,
               kad_buf_str(&a->said));
    struct whole_want w = {.log = &f->log, .keys = keys, .most = f->ends[a->line]};
    if (look_at_end(a) && look_at_store(a, store, &w))
        ask_again(a, store, &w);
    else if (f->n == 0 && !is_store(store) && a->line == 0)
        ask_again(a, store, &w);
    return true;
}

static void try_kind(const struct faults *f, int line, int kind)
{
    struct attempt a = {.f = f, .line = line, .kind = kind, .n = f->n ? f->n : 1};
    uint64_t step = strcmp(kinds[kind].class, "memory") == 0 ? f->memory : 1;
    snprintf(a.root, sizeof a.root, "%s/work-%u", f->dir, f->worker);
    for (; try_fault(&a) && f->n == 0; a.n += step)
        if (time(NULL) >= f->until) {
            f->t->out_of_time = true;
            break;
        }
    kad_buf_done(&a.said);
}

static void work(const struct faults *f)
{
    unsigned i = 0;
    for (int kind = N_KINDS - 1; kind >= 0; kind--)
        for (int line = 0; line < f->script.n; line++)
            if ((f->line < 0 || f->line == line) && (f->kind < 0 || f->kind == kind) &&
                i++ % f->jobs == f->worker)
                try_kind(f, line, kind);
}

/* --- all of it --- */

static uint64_t number(char **argv, int *i)
{
    char *end = NULL;
    const char *text = argv[*i + 1];
    uint64_t n = text ? strtoull(text, &end, 10) : 0;
    if (!text || *end)
        tree_give_up(argv[*i], "a number is needed");
    ++*i;
    return n;
}

static bool read_args(struct faults *f, int argc, char **argv)
{
    uint64_t seconds = 3600;
    bool in_short = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seconds") == 0)
            seconds = number(argv, &i);
        else if (strcmp(argv[i], "--jobs") == 0)
            f->jobs = (unsigned)number(argv, &i);
        else if (strcmp(argv[i], "--memory") == 0)
            f->memory = number(argv, &i);
        else if (strcmp(argv[i], "--line") == 0)
            f->line = (int)number(argv, &i);
        else if (strcmp(argv[i], "--kind") == 0)
            f->kind = (int)number(argv, &i);
        else if (strcmp(argv[i], "--n") == 0)
            f->n = number(argv, &i);
        else if (strcmp(argv[i], "--tell") == 0)
            f->tell = true;
        else if (strcmp(argv[i], "--short") == 0)
            in_short = true;
        else
            tree_give_up(argv[i], "is no option");
    }
    if (f->jobs < 1 || f->jobs > 16 || f->memory < 1)
        tree_give_up("--jobs, --memory", "from 1");
    f->until = time(NULL) + (time_t)seconds;
    return in_short;
}

static int report(const struct faults *f)
{
    const struct totals *t = f->t;
    uint64_t all = 0;
    for (int i = 0; i < N_KINDS; i++) {
        printf("%-6s %-5s %-28s %llu\n", kinds[i].class, kinds[i].mode, strerror(kinds[i].code),
               (unsigned long long)t->faults[i]);
        all += t->faults[i];
    }
    printf("faults %llu in %d commands%s: %llu borne, %llu refused, %llu ended for want of memory\n"
           "acknowledged events checked %llu\nlost %llu\ncorrupt %llu\ndoubled %llu\n",
           (unsigned long long)all, f->script.n, t->out_of_time ? " (time was up)" : "",
           (unsigned long long)t->borne, (unsigned long long)t->refused,
           (unsigned long long)t->aborted, (unsigned long long)t->events,
           (unsigned long long)t->bad[WHOLE_LOST], (unsigned long long)t->bad[WHOLE_CORRUPT],
           (unsigned long long)t->bad[WHOLE_DOUBLED]);
    return t->bad[WHOLE_LOST] || t->bad[WHOLE_CORRUPT] || t->bad[WHOLE_DOUBLED];
}

int main(int argc, char **argv)
{
    struct faults f = {.jobs = 2, .line = -1, .kind = -1, .memory = 1};
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    bool in_short = read_args(&f, argc, argv);
    f.dir = tree_new("faults");
    f.t = mmap(NULL, sizeof *f.t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (f.t == MAP_FAILED)
        tree_give_up("mmap", strerror(errno));
    script_init(&f.script, f.dir, dirname(dirname(dirname(self))), in_short);
    run_once(&f);
    for (f.worker = 0; f.worker < f.jobs; f.worker++) {
        fflush(stdout);
        if (fork() == 0) {
            work(&f);
            fflush(stdout);
            _exit(0);
        }
    }
    int status, failed = 0;
    while (wait(&status) > 0)
        failed |= status;
    if (failed)
        tree_give_up("a worker", "did not end well");
    tree_remove(f.dir);
    return report(&f);
}

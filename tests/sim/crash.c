/* crash: puts the real program through a script under the recorder, and then looks at thousands of
 * disks as the power may have left them at some instant of it (disk.h): each store must open, hold
 * every event that was acknowledged by then, none of another in part, and take one more.
 *
 *   crash [--images N] [--seconds S] [--seed N] [--jobs N] [--point P --variant V] [--no-sync]
 *         [--keep]
 *
 * --no-sync is the same over a disk that ignores syncs; then it must find losses, or it finds none
 * anywhere. An image that fails is named by point, variant and seed, and stays in the folder, as
 * everything does with --keep. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"
#include "tests/sim/disk.h"
#include "tests/sim/script.h"
#include "tests/sim/tree.h"
#include "tests/sim/whole.h"

#define TOLD_MOST 20
#define PROGRAM_EACH 16 /* so many images of one that the program itself is tried upon */

struct crash {
    uint64_t images, seed, point, variant;
    time_t until;
    unsigned jobs;
    bool no_sync, keep, one;
    const char *dir;
    struct script script;
    struct trace trace;
    struct whole_log log;
    uint64_t *ends; /* last seq after each line */
};

struct totals {
    uint64_t images, same, events, programs, faults[4];
};

/* What one image is held against, and what came of it. */
struct task {
    char dir[200];
    struct image *image;
    uint64_t point, variant;
    int line;       /* the last that began */
    bool under_way; /* and has not ended */
    struct whole_want want;
    bool program;
    pid_t pid;
    struct whole_found *found; /* shared */
};

/* --- the trace --- */

static void mark(const char *file, int64_t at)
{
    struct trace_head h = {.magic = TRACE_MAGIC, .op = TRACE_MARK, .at = (uint64_t)at};
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, &h, sizeof h) != (ssize_t)sizeof h)
        tree_give_up(file, strerror(errno));
    close(fd);
}

static uint64_t last_seq(const char *store)
{
    struct whole_found f = {0};
    struct whole_want w = {.most = UINT64_MAX, .pieces = true};
    whole_check_apart(store, &w, &f);
    if (f.fault != WHOLE_FINE)
        tree_give_up(store, f.why);
    return f.last;
}

static void record_script(struct crash *c)
{
    struct script *s = &c->script;
    char file[200], env[2][300], library[300];
    snprintf(file, sizeof file, "%s/trace", c->dir);
    snprintf(env[0], sizeof env[0], "%s=%s", TRACE_ENV_ROOT, s->root);
    snprintf(env[1], sizeof env[1], "%s=%s", TRACE_ENV_FILE, file);
    snprintf(library, sizeof library, "%s/tests/sim/record.so", s->build);
    const struct run how = {.preload = library, .env = {env[0], env[1]}};
    c->ends = kad_xalloc((size_t)s->n * sizeof *c->ends);
    for (int i = 0; i < s->n; i++) {
        struct kad_buf said = {0};
        mark(file, i);
        int status = script_run(s, i, NULL, &how, NULL, &said);
        mark(file, -1 - i);
        if (status != s->lines[i].step->status) {
            fprintf(stderr, "%d: %s: status %d: %s\n", i, s->lines[i].words, status,
                    kad_buf_str(&said));
            exit(2);
        }
        kad_buf_done(&said);
        c->ends[i] = last_seq(s->store);
    }
    c->trace = trace_load(file);
    c->log = whole_read(s->store);
}

/* The recorder saw everything: played to its end, the trace gives the folder as it is. */
static void check_trace(const struct crash *c)
{
    struct disk *d = disk_new(false);
    struct kad_buf differs = {0};
    for (size_t i = 0; i < c->trace.n; i++)
        disk_play(d, &c->trace.v[i]);
    disk_compare(d, c->script.root, &differs);
    if (differs.n)
        tree_give_up("the recorder missed something", differs.p);
    kad_buf_done(&differs);
    disk_free(d);
}

/* --- one image --- */

static bool is_store(const char *dir)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    return access(path, F_OK) == 0;
}

/* Words for the program, in the image; its status must be one of the two. */
static bool program_says(const struct crash *c, struct task *t, const char *words, int line,
                         int status, int or)
{
    struct kad_buf said = {0};
    const struct run how = {.seconds = 30, .later = 600};
    int got = words ? script_command(&c->script, words, t->dir, &how, NULL, &said)
                    : script_run(&c->script, line, t->dir, &how, NULL, &said);
    bool good = got == status || got == or ;
    if (!good) {
        t->found->fault = WHOLE_CORRUPT;
        snprintf(t->found->why, sizeof t->found->why, "kadens %.60s: status %d: %.400s",
                 words ? words : c->script.lines[line].words, got, kad_buf_str(&said));
    }
    kad_buf_done(&said);
    return good;
}

/* What the person does who was not told how it went: the same once more; and then what shows that
 * all is well. */
static void ask_again(const struct crash *c, struct task *t, const char *store)
{
    static const char *const shows[] = {"verify", "checkpoint"};
    const struct step *step = c->script.lines[t->line].step;
    struct whole_want w = t->want;
    bool init = t->line == 0;
    if (init && !program_says(c, t, NULL, 0, 0, 1))
        return;
    if (!init && t->under_way) {
        if (!program_says(c, t, NULL, t->line, step->status, step->status))
            return;
        w.unlike = step->flags & UNLIKE ? w.least + 1 : 0;
    }
    for (size_t i = 0; i < sizeof shows / sizeof *shows; i++)
        if (!program_says(c, t, shows[i], 0, 0, 0))
            return;
    w.append = true;
    w.erased = script_erased(&c->script, t->line + 1);
    if (t->under_way)
        w.least = w.most;
    *t->found = (struct whole_found){.events = t->found->events};
    whole_check(store, &w, t->found);
}

/* Whatever has a backup's name is whole, and what was said to be made is there. */
static void look_at_backups(const struct crash *c, struct task *t)
{
    char dir[400], path[700];
    int made = 0, want = 0;
    for (int i = 0; i < t->line + !t->under_way; i++)
        want += strncmp(c->script.lines[i].words, "backup ", 7) == 0;
    snprintf(dir, sizeof dir, "%s/backups", t->dir);
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && t->found->fault == WHOLE_FINE && (e = readdir(d));) {
        const struct whole_want any = {.log = &c->log, .most = c->log.n, .pieces = true};
        struct whole_found f = {0};
        if (e->d_name[0] != '2')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        whole_check(path, &any, &f);
        made++;
        if (f.fault != WHOLE_FINE) {
            t->found->fault = f.fault;
            snprintf(t->found->why, sizeof t->found->why, "backup: %.500s", f.why);
        }
    }
    if (d)
        closedir(d);
    if (made < want && t->found->fault == WHOLE_FINE) {
        t->found->fault = WHOLE_LOST;
        snprintf(t->found->why, sizeof t->found->why, "%d backups of %d are there", made, want);
    }
}

static void try_image(const struct crash *c, struct task *t)
{
    char store[256], keys[256];
    snprintf(store, sizeof store, "%s/store", t->dir);
    snprintf(keys, sizeof keys, SCRIPT_KEYS, t->dir);
    t->want.keys = keys;
    t->want.erased = script_erased(&c->script, t->line + !t->under_way);
    image_write(t->image, t->dir);
    bool first = t->line == 0 && t->under_way;
    if (!is_store(store)) { /* the making of it was under way: now it is made */
        if (!first) {
            t->found->fault = WHOLE_LOST;
            snprintf(t->found->why, sizeof t->found->why, "the store is gone");
            return;
        }
        ask_again(c, t, store);
        return;
    }
    struct whole_want w = t->want;
    w.append = !t->program;
    look_at_backups(c, t);
    if (t->found->fault == WHOLE_FINE)
        whole_check(store, &w, t->found);
    if (t->found->fault == WHOLE_FINE && t->program)
        ask_again(c, t, store);
}

/* --- many images --- */

struct slots {
    const struct crash *c;
    struct totals *totals;
    unsigned told;
    struct task v[16];
};

static void collect(struct slots *s, struct task *t)
{
    int status;
    if (t->pid == 0)
        return;
    if (waitpid(t->pid, &status, 0) < 0)
        exit(2);
    struct whole_found *f = t->found;
    if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0) {
        f->fault = WHOLE_CORRUPT;
        snprintf(f->why, sizeof f->why, "the store ended its reader: %s",
                 WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit");
    }
    s->totals->images++;
    s->totals->events += f->events;
    s->totals->programs += t->program;
    s->totals->faults[f->fault]++;
    if (f->fault != WHOLE_FINE && (s->told++ < TOLD_MOST || s->c->one) && !s->c->no_sync)
        printf("# %s: point %llu variant %llu seed %llu, command %d%s: %s\n",
               whole_fault_name(f->fault), (unsigned long long)t->point,
               (unsigned long long)t->variant, (unsigned long long)s->c->seed, t->line,
               t->under_way ? " under way" : " done", f->why);
    image_free(t->image);
    t->pid = 0;
}

static void start(struct slots *s, const struct task *what)
{
    static unsigned next;
    struct task *t = &s->v[next++ % s->c->jobs];
    collect(s, t);
    struct whole_found *found = t->found;
    char dir[sizeof t->dir];
    memcpy(dir, t->dir, sizeof dir);
    *t = *what;
    memcpy(t->dir, dir, sizeof dir);
    t->found = found;
    *found = (struct whole_found){0};
    fflush(stdout);
    t->pid = fork();
    if (t->pid == 0) {
        alarm(60);
        try_image(s->c, t);
        _exit(0);
    }
    if (t->pid < 0)
        tree_give_up("fork", strerror(errno));
}

/* Pictures already seen are not looked at again. */
struct hashes {
    uint64_t *v;
    size_t n, size;
};
static bool seen(struct hashes *h, uint64_t hash)
{
    hash += !hash;
    if (h->n * 2 >= h->size) {
        struct hashes bigger = {.size = h->size ? h->size * 2 : 4096};
        bigger.v = kad_xalloc(bigger.size * sizeof *bigger.v);
        for (size_t i = 0; i < h->size; i++)
            if (h->v[i])
                seen(&bigger, h->v[i]);
        free(h->v);
        *h = bigger;
    }
    size_t i = hash & (h->size - 1);
    while (h->v[i] && h->v[i] != hash)
        i = (i + 1) & (h->size - 1);
    bool was = h->v[i] == hash;
    h->n += !was;
    h->v[i] = hash;
    return was;
}

static void try_point(struct slots *s, struct hashes *h, const struct disk *d, struct task *t)
{
    const struct crash *c = s->c;
    uint64_t seed = c->seed * 0x2545f4914f6cdd1d ^ t->point << 24 ^ t->variant;
    t->image = image_new(d, dice(&seed));
    if (seen(h, image_hash(t->image) ^ (uint64_t)t->line)) {
        s->totals->same++;
        image_free(t->image);
        return;
    }
    t->program = dice(&seed) % PROGRAM_EACH == 0;
    start(s, t);
}

/* Once through the trace, with these variants at each point. */
static bool pass(struct slots *s, struct hashes *h, uint64_t variant, uint64_t n_variants)
{
    const struct crash *c = s->c;
    struct disk *d = disk_new(c->no_sync);
    struct task t = {.line = -1};
    bool more = true;
    for (size_t i = 0; i < c->trace.n && more; i++) {
        const struct trace_entry *e = &c->trace.v[i];
        disk_play(d, e);
        if (e->head.op == TRACE_MARK) {
            int64_t at = (int64_t)e->head.at;
            t.under_way = at >= 0;
            t.line = (int)(at >= 0 ? at : -1 - at);
        }
        t.point = i;
        t.want = (struct whole_want){.log = &c->log, .most = c->ends[t.line]};
        t.want.least = !t.under_way ? t.want.most : t.line ? c->ends[t.line - 1] : 0;
        t.want.pieces = c->script.lines[t.line].step->flags & PIECES;
        for (uint64_t k = 0; k < n_variants && more; k++) {
            t.variant = variant + k;
            if (!c->one || (t.point == c->point && t.variant == c->variant))
                try_point(s, h, d, &t);
            more = s->totals->images < c->images && time(NULL) < c->until;
            if (!disk_unsettled(d))
                break;
        }
    }
    disk_free(d);
    return more && !c->one;
}

static void run_images(const struct crash *c, struct totals *totals)
{
    static struct slots s;
    struct hashes h = {0};
    s = (struct slots){.c = c, .totals = totals};
    for (unsigned i = 0; i < c->jobs; i++) {
        snprintf(s.v[i].dir, sizeof s.v[i].dir, "%s/image-%u", c->dir, i);
        s.v[i].found = mmap(NULL, sizeof *s.v[i].found, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (mkdir(s.v[i].dir, 0700) != 0 || s.v[i].found == MAP_FAILED)
            tree_give_up(s.v[i].dir, strerror(errno));
    }
    uint64_t n = c->one ? c->variant + 1 : c->images / (c->trace.n ? c->trace.n : 1) + 1;
    for (uint64_t from = 0; pass(&s, &h, from, n) && from < 1000 * n; from += n)
        ;
    for (unsigned i = 0; i < c->jobs; i++)
        collect(&s, &s.v[i]);
    free(h.v);
}

/* --- the command line --- */

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

static void read_args(struct crash *c, int argc, char **argv)
{
    uint64_t seconds = 3600;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--images") == 0)
            c->images = number(argv, &i);
        else if (strcmp(argv[i], "--seconds") == 0)
            seconds = number(argv, &i);
        else if (strcmp(argv[i], "--seed") == 0)
            c->seed = number(argv, &i);
        else if (strcmp(argv[i], "--jobs") == 0)
            c->jobs = (unsigned)number(argv, &i);
        else if (strcmp(argv[i], "--point") == 0)
            c->point = number(argv, &i), c->one = true;
        else if (strcmp(argv[i], "--variant") == 0)
            c->variant = number(argv, &i), c->one = true;
        else if (strcmp(argv[i], "--no-sync") == 0)
            c->no_sync = true;
        else if (strcmp(argv[i], "--keep") == 0)
            c->keep = true;
        else
            tree_give_up(argv[i], "is no option");
    }
    if (c->jobs < 1 || c->jobs > 16)
        tree_give_up("--jobs", "1 to 16");
    if (c->one)
        c->jobs = 1;
    c->until = time(NULL) + (time_t)seconds;
}

int main(int argc, char **argv)
{
    struct crash c = {.images = 10000, .seed = 1, .jobs = 2};
    struct totals t = {0};
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    read_args(&c, argc, argv);
    c.dir = tree_new("crash");
    script_init(&c.script, c.dir, dirname(dirname(dirname(self))), false);
    record_script(&c);
    check_trace(&c);
    run_images(&c, &t);
    printf("images %llu (no two the same; seed %llu), of %zu changes by %d commands\n"
           "tried with the program as well %llu\n"
           "acknowledged events checked %llu\nlost %llu\ncorrupt %llu\ndoubled %llu\n",
           (unsigned long long)t.images, (unsigned long long)c.seed, c.trace.n, c.script.n,
           (unsigned long long)t.programs, (unsigned long long)t.events,
           (unsigned long long)t.faults[WHOLE_LOST], (unsigned long long)t.faults[WHOLE_CORRUPT],
           (unsigned long long)t.faults[WHOLE_DOUBLED]);
    bool bad = t.faults[WHOLE_LOST] || t.faults[WHOLE_CORRUPT] || t.faults[WHOLE_DOUBLED];
    if (c.keep || (bad && !c.no_sync))
        printf("# it is all in %s\n", c.dir);
    else
        tree_remove(c.dir);
    return bad != c.no_sync;
}

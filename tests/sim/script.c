#include "tests/sim/script.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"

static const struct step steps[] = {
    {"init --programme crash --simulated", 0, 0, SHORT},
    {"rules adopt $RULES --from 2021-01-01 --id adopt-1", 0, 0, SHORT},
    {"record referral C-%d birth_date=1995-05-17 unit=eksjo --on 2021-02-01 --id ref-%d", 5, 0, 0},
    {"record referral D-%d birth_date=1996-06-18 unit=nassjo --on 2021-02-01 --id dref-%d", 1, 0,
     SHORT},
    {"record enrollment C-%d coach=anna --on 2021-02-08 --id enr-%d", 5, 0, 0},
    {"record employment C-%d --on 2021-06-28 --id emp-%d", 3, 0, 0},
    {"record employment D-%d --on 2021-06-28 --id demp-%d", 1, 0, SHORT},
    {"record visit C-1 note=private-%d --on 2021-07-01 --id vis-%d", 6, 0, 0},
    {"record visit D-1 note=private-%d --on 2021-07-01 --id dvis-%d", 1, 0, SHORT},
    {"record visit C-1 --on 2021-07-01 --id vis-1 note=private-1", 0, 0, 0},
    {"serve --once", 0, 0, SHORT | PIECES | UNLIKE},
    {"import $LINES", 0, 0, SHORT},
    {"record visit C-2 remark=$LONG --on 2021-07-01 --id long-%d", 3, 0, 0},
    {"correct 2 birth_date=1994-04-1%d --because slip --id cor-%d", 2, 0, SHORT},
    {"retract 9 --because slip --id ret-1", 0, 0, 0},
    {"waive $TASK --because away --id wai-1", 0, 0, SHORT},
    {"replay --rebuild", 0, 0, SHORT},
    {"import $PARTS --rejects $REJECTS", 0, 1, PIECES},
    {"record discharge C-%d reason=work --on 2021-07-02 --id dis-%d", 3, 0, 0},
    {"rules end crash --from 2031-01-01 --id end-1", 0, 0, 0},
    {"retract last --because slip --id ret-2", 0, 0, SHORT},
    {"checkpoint", 0, 0, SHORT},
    {"checkpoint --new-key --id key-1", 0, 0, SHORT | UNLIKE},
    {"record visit C-3 note=again-%d --on 2021-07-02 --id again-%d", 6, 0, 0},
    {"serve --once", 0, 0, SHORT | PIECES | UNLIKE},
    {"erase C-1 --because asked --yes --id era-1", 0, 0, UNLIKE},
    {"erase D-1 --because asked --yes --id era-2", 0, 0, SHORT | UNLIKE},
    {"backup $ROOT/backups", 0, 0, SHORT},
    {"restore $BACKUP", 0, 0, SHORT},
    {"record visit C-4 note=later-%d --on 2021-07-02 --id later-%d", 2, 0, 0},
    {"erase C-4 --because asked --yes --id era-3", 0, 0, UNLIKE},
    {"record visit C-2 note=last-%d --on 2021-07-02 --id last-%d", 2, 0, 0},
    {"init", 0, 1, SHORT},
};

static void write_input(const struct script *s, const char *name, const struct kad_buf *b)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", s->inputs, name);
    FILE *f = fopen(path, "we");
    if (!f || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0)
        exit(2);
}

static void make_inputs(struct script *s)
{
    struct kad_buf b = {0};
    for (int i = 0; i < 60; i++)
        kad_buf_printf(&b,
                       "{\"type\":\"referral\",\"subject\":\"I-%d\",\"on\":\"2021-04-01\",\"id\":"
                       "\"line-%d\",\"data\":{\"birth_date\":\"1990-01-01\",\"unit\":\"eksjo\"}}\n"
                       "{\"type\":\"enrollment\",\"subject\":\"I-%d\",\"on\":\"2021-04-02\",\"id\":"
                       "\"enrol-%d\",\"data\":{\"coach\":\"coach-%d\"}}\n",
                       i % 40, i, i % 40, i, i % 7);
    write_input(s, "lines", &b);
    kad_buf_reset(&b);
    for (int i = 0; i < 12; i++)
        kad_buf_printf(&b,
                       "{\"type\":\"%s\",\"subject\":\"I-%d\",\"on\":\"2021-04-05\",\"id\":"
                       "\"part-%d\",\"data\":{}}\n",
                       i == 7 ? "nothing" : "visit", i, i);
    write_input(s, "parts", &b);
    kad_buf_done(&b);
}

void script_init(struct script *s, const char *dir, const char *build, bool in_short)
{
    size_t cap = 0;
    *s = (struct script){.build = build};
    snprintf(s->root, sizeof s->root, "%s/world", dir);
    snprintf(s->store, sizeof s->store, "%s/store", s->root);
    snprintf(s->inputs, sizeof s->inputs, "%s/inputs", dir);
    if (mkdir(s->root, 0700) != 0 || mkdir(s->inputs, 0700) != 0) {
        fprintf(stderr, "%s: %s\n", dir, strerror(errno));
        exit(2);
    }
    s->program = getenv("KADENS");
    if (!s->program) {
        struct kad_buf b = {0};
        kad_buf_printf(&b, "%s/kadens", build);
        s->program = b.p;
    }
    make_inputs(s);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int times = steps[i].times ? steps[i].times : 1;
        for (int k = 1; k <= times && (!in_short || (steps[i].flags & SHORT && k == 1)); k++) {
            struct kad_buf b = {0};
            kad_buf_printf(&b, steps[i].words, k, k);
            if ((size_t)s->n == cap)
                s->lines = kad_xrealloc(s->lines, (cap = cap * 2 + 64) * sizeof *s->lines);
            s->lines[s->n++] = (struct script_line){.step = &steps[i], .words = b.p};
        }
    }
}

const char *const *script_erased(const struct script *s, int n)
{
    static char keys[8][32];
    static const char *list[9];
    size_t k = 0;
    for (int i = 0; i < n && k < 8; i++)
        if (sscanf(s->lines[i].words, "erase %31s", keys[k]) == 1) {
            list[k] = keys[k];
            k++;
        }
    list[k] = NULL;
    return list;
}

/* --- running --- */

/* The last task that the list of the store has: nobody did that one. */
static void put_task(const struct script *s, const char *root, struct kad_buf *b)
{
    static const char key[] = "{\"id\":\"";
    struct kad_buf out = {0};
    script_command(s, "tasks --format jsonl --all", root, &(struct run){0}, &out, NULL);
    const char *from = "none\"";
    for (const char *p = kad_buf_str(&out); (p = strstr(p, key));)
        from = p += sizeof key - 1;
    kad_buf_put(b, from, strcspn(from, "\""));
    kad_buf_done(&out);
}

/* The newest backup that was made. */
static void put_backup(const char *root, struct kad_buf *b)
{
    char dir[400], newest[256] = "none";
    snprintf(dir, sizeof dir, "%s/backups", root);
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && (e = readdir(d));)
        if (strstr(e->d_name, "Z-") && (*newest == 'n' || strcmp(e->d_name, newest) > 0))
            snprintf(newest, sizeof newest, "%s", e->d_name);
    if (d)
        closedir(d);
    kad_buf_printf(b, "%s/%s", dir, newest);
}

static void put_word(const struct script *s, const char *root, const char *word, struct kad_buf *b)
{
    const char *dollar = strchr(word, '$');
    const char *src = getenv("KAD_SRC");
    if (!dollar) {
        kad_buf_puts(b, word);
        return;
    }
    kad_buf_put(b, word, (size_t)(dollar - word));
    if (strcmp(dollar, "$RULES") == 0)
        kad_buf_printf(b, "%s/tests/sim/crash.rules", src ? src : ".");
    else if (strcmp(dollar, "$LINES") == 0)
        kad_buf_printf(b, "%s/lines", s->inputs);
    else if (strcmp(dollar, "$PARTS") == 0)
        kad_buf_printf(b, "%s/parts", s->inputs);
    else if (strcmp(dollar, "$REJECTS") == 0)
        kad_buf_printf(b, "%s-rejects", root);
    else if (strcmp(dollar, "$ROOT/backups") == 0)
        kad_buf_printf(b, "%s/backups", root);
    else if (strcmp(dollar, "$BACKUP") == 0)
        put_backup(root, b);
    else if (strcmp(dollar, "$TASK") == 0)
        put_task(s, root, b);
    else if (strcmp(dollar, "$LONG") == 0)
        for (int i = 0; i < 1500; i++)
            kad_buf_puts(b, "long-text-");
    else
        exit(2);
}

static char **words_of(const struct script *s, const char *root, const char *words)
{
    size_t n = 0, cap = 32;
    char **argv = kad_xalloc(cap * sizeof *argv), *copy = kad_xstrdup(words), *rest = copy;
    argv[n++] = kad_xstrdup("kadens");
    for (char *w; (w = strsep(&rest, " ")) && n < cap - 1;) {
        struct kad_buf b = {0};
        put_word(s, root, w, &b);
        argv[n++] = b.p;
    }
    free(copy);
    return argv;
}

static void set_up_child(const char *root, const struct run *how, const int said[2])
{
    char text[512];
    int null = open("/dev/null", O_RDONLY);
    if (dup2(null, 0) < 0 || dup2(said[0], 1) < 0 || dup2(said[1], 2) < 0)
        _exit(99);
    snprintf(text, sizeof text, "%s/store", root);
    setenv("KADENS_STORE", text, 1);
    snprintf(text, sizeof text, SCRIPT_KEYS, root);
    setenv("KADENS_KEYS", text, 1);
    setenv("HOME", root, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    for (const char *const *e = how->env; *e; e++) {
        union { /* putenv takes no const */
            const char *in;
            char *out;
        } p = {.in = *e};
        putenv(p.out);
    }
    struct rlimit core;
    if (getrlimit(RLIMIT_CORE, &core) == 0) { /* none is made, although one might be */
        core.rlim_cur = core.rlim_max;
        setrlimit(RLIMIT_CORE, &core);
    }
    if (how->preload)
        setenv("LD_PRELOAD", how->preload, 1);
    alarm(how->seconds ? how->seconds : 60);
}

static void drain(int fd[2], struct kad_buf *to[2])
{
    struct pollfd p[2] = {{.fd = fd[0], .events = POLLIN}, {.fd = fd[1], .events = POLLIN}};
    while (p[0].fd >= 0 || p[1].fd >= 0) {
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        for (int i = 0; i < 2; i++) {
            char piece[4096];
            if (p[i].fd < 0 || p[i].revents == 0)
                continue;
            ssize_t n = read(p[i].fd, piece, sizeof piece);
            if (n > 0 && to[i])
                kad_buf_put(to[i], piece, (size_t)n);
            if (n <= 0)
                p[i].fd = -1;
        }
    }
    close(fd[0]);
    close(fd[1]);
}

static int run_argv(const struct script *s, char **argv, const char *root, const struct run *how,
                    struct kad_buf *out, struct kad_buf *err)
{
    int o[2], e[2], status;
    if (pipe2(o, O_CLOEXEC) != 0 || pipe2(e, O_CLOEXEC) != 0)
        exit(2);
    pid_t pid = fork();
    if (pid == 0) {
        set_up_child(root, how, (int[]){o[1], e[1]});
        execv(s->program, argv);
        _exit(98);
    }
    close(o[1]);
    close(e[1]);
    drain((int[]){o[0], e[0]}, (struct kad_buf *[]){out, err});
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        exit(2);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    return (WCOREDUMP(status) ? SCRIPT_CORE : 128) + WTERMSIG(status);
}

static void free_words(char **argv)
{
    for (char **w = argv; *w; w++)
        free(*w);
    free(argv);
}

int script_command(const struct script *s, const char *words, const char *root,
                   const struct run *how, struct kad_buf *out, struct kad_buf *err)
{
    if (!root)
        root = s->root;
    char **argv = words_of(s, root, words);
    int status = run_argv(s, argv, root, how, out, err);
    free_words(argv);
    return status;
}

int script_run(const struct script *s, int line, const char *root, const struct run *how,
               struct kad_buf *out, struct kad_buf *err)
{
    char now[40];
    struct kad_buf b = {0};
    time_t at = 1625126400 + (time_t)line * 8 * 3600; /* 2021-07-01 08:00 UTC, 8 hours a command */
    struct tm tm;
    /* The service takes no time from --now; in a simulated ledger it may be told where it begins. */
    bool serves = strncmp(s->lines[line].words, "serve", 5) == 0;
    if (serves)
        at += how->later;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
    kad_buf_printf(&b, "--lang en %s %s %s", serves ? "--clock" : "--now", now,
                   s->lines[line].words);
    int status = script_command(s, b.p, root, how, out, err);
    kad_buf_done(&b);
    return status;
}

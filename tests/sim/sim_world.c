/* One run: what happens to a ledger over some months, at random. */
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/keys.h"
#include "tests/sim/sim.h"
#include "tests/unit/unit.h"

#define MINUTE INT64_C(60000000)
#define ACTIONS 60

const struct sim_subject sim_subjects[SIM_SUBJECTS] = {
    {"C-1", "participant", SKETCH_PARTICIPANT},
    {"C-2", "participant", SKETCH_PARTICIPANT},
    {"C-3", "participant", SKETCH_PARTICIPANT},
    {"C-4", "participant", SKETCH_PARTICIPANT},
    {"aneby", "town", SKETCH_TOWN},
    {"eksjo", "town", SKETCH_TOWN},
    {"tranas", "town", SKETCH_TOWN},
    {KAD_PROGRAMME, KAD_PROGRAMME, SKETCH_PROGRAMME},
};
const int32_t sim_minutes[SIM_MINUTES] = {0, 150, 360, 1439};

void sim_tell(struct sim *s, const char *format, ...)
{
    char text[300], at[KAD_INSTANT_TEXT];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    struct kad_str line =
        kad_str(kad_arena_printf(&s->arena, "%.16s %s", kad_instant_text(s->now, at), text));
    kad_vec_push(&s->arena, &s->story, line);
}

/* --- a process that is killed between two of its writes --- */

static long writes_left = -1; /* -1: for ever */

static void count_write(void)
{
    if (writes_left > 0 && --writes_left == 0)
        _exit(99);
}

/* What LMDB writes with, in place of the C library's. */
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    count_write();
    return syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    count_write();
    return syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    count_write();
    return syscall(SYS_writev, fd, v, n);
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    count_write();
    return syscall(SYS_pwritev, fd, v, n, at, 0);
}

int fdatasync(int fd)
{
    count_write();
    return (int)syscall(SYS_fdatasync, fd);
}

/* --- policies: the "text" is a name, a seed and the seed of a change --- */

static void put_notices(struct dice *d, struct kad_policy *p, struct kad_arena *a)
{
    for (size_t i = 0; i < p->n_rules; i++) {
        size_t n = dice_roll(d, 4);
        p->rules[i].notices = kad_arena_array(a, struct kad_notice_def, n + 1);
        p->rules[i].n_notices = n;
        for (size_t k = 0; k < n; k++) {
            bool escalates = p->n_roles > 0 && dice_chance(d, 50);
            p->rules[i].notices[k] = (struct kad_notice_def){
                .kind = escalates ? KAD_NOTICE_ESCALATE : KAD_NOTICE_REMIND,
                .n = 1 + (int32_t)dice_roll(d, 9),
                .unit = dice_chance(d, 30) ? KAD_U_WORKING_DAY : KAD_U_DAY,
                .role = escalates ? (int)dice_roll(d, (uint32_t)p->n_roles) : -1,
            };
        }
    }
}

static enum kad_err compile(struct kad_str text, const char *name, struct kad_policy **ret,
                            struct kad_error *reterr)
{
    (void)name, (void)reterr;
    const char *called = text.p[0] == 'q' ? "q" : "p"; /* the policy keeps it */
    unsigned seed = 0, change = 0;
    sscanf(text.p + 1, "%u %u", &seed, &change);
    struct dice d = {seed};
    struct sketch s, changed;
    sketch_random(&d, called, called, &s);
    if (change) {
        d.state = change;
        sketch_change(&d, called, &s, &changed);
        s = changed;
    }
    s.guarded = false;
    struct kad_arena a;
    kad_arena_init(&a);
    *ret = sketch_compile(&s, &a);
    (*ret)->text = kad_str_dup(&a, text);
    d.state = seed / 2 + change / 2 * 77;
    put_notices(&d, *ret, &a);
    (*ret)->issue_at = dice_chance(&d, 60) ? 360 : sim_minutes[dice_roll(&d, SIM_MINUTES)];
    (*ret)->arena = a;
    return KAD_OK;
}

/* --- the store --- */

static kad_instant sim_now(void *ctx)
{
    return ((struct sim *)ctx)->now;
}

static int64_t sim_elapsed(void *ctx)
{
    return ((struct sim *)ctx)->elapsed;
}

static void open_scheduler(struct sim *s)
{
    struct kad_scheduler_clock c = {sim_now, sim_elapsed, s, true};
    kad_scheduler_free(s->scheduler);
    s->scheduler = kad_scheduler_new(s->store.e, &c);
}

static void open_all(struct sim *s)
{
    s->store.e = NULL;
    if (kad_engine_open(&s->store.o, &s->store.e, &s->store.err) != KAD_OK)
        fail_msg("%s", s->store.err.text);
    open_scheduler(s);
}

static void close_all(struct sim *s)
{
    kad_scheduler_free(s->scheduler);
    s->scheduler = NULL;
    kad_engine_close(s->store.e);
    s->store.e = NULL;
}

static void make_store(struct sim *s)
{
    struct kad_ledger_info info = {.mode = KAD_LEDGER_PLAIN};
    const char *in = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(s->store.dir, sizeof s->store.dir, "%s/kadens-sim-XXXXXX", in);
    assert_non_null(mkdtemp(s->store.dir));
    snprintf(s->keys, sizeof s->keys, "%s.keys", s->store.dir);
    kad_keys_set_folder(s->keys);
    if (kad_ledger_create(s->store.dir, &info, &s->store.err) != KAD_OK)
        fail_msg("%s", s->store.err.text);
    s->store.o = (struct kad_engine_options){.dir = s->store.dir,
                                             .write = true,
                                             .shared = true,
                                             .wait_ms = 5000,
                                             .compile = compile,
                                             .now = KAD_INSTANT_NONE,
                                             .known = KAD_KNOWN_ALL,
                                             .by = KAD_STR("anna"),
                                             .via = KAD_STR("os:anna")};
    kad_arena_init(&s->store.words);
    open_all(s);
}

/* --- what people do --- */

static kad_day today(const struct sim *s)
{
    return kad_clock_day(s->now);
}

static kad_day happened(struct sim *s)
{
    if (dice_chance(&s->dice, 30))
        return dice_day(&s->dice, today(s) - 50, today(s));
    if (dice_chance(&s->dice, 10))
        return dice_day(&s->dice, today(s), today(s) + 40);
    return today(s);
}

static bool put(struct sim *s, const char *text)
{
    char line[500], at[KAD_INSTANT_TEXT];
    snprintf(line, sizeof line, "%s !at=%s", text, kad_instant_text(s->now, at));
    bool done = toy_try(&s->store, line) == KAD_OK;
    toy_commit(&s->store);
    if (done)
        sim_tell(s, "%d: %s", (int)s->store.out.seq, text);
    return done;
}

static bool is_there(struct sim *s, const char *key)
{
    struct kad_snapshot *v = NULL;
    struct kad_subject_info info;
    struct kad_error ignored = {0};
    assert_int_equal(kad_snapshot_take(kad_engine_ledger(s->store.e), &v, &ignored), KAD_OK);
    bool there = kad_snapshot_subject(v, kad_str(key), &info, &ignored) == KAD_OK;
    kad_snapshot_release(v);
    return there;
}

static void put_event(struct sim *s)
{
    static const int of_participant[] = {EV_VISIT, EV_VISIT,   EV_VISIT,   EV_VISIT,   EV_CALL,
                                         EV_HIRED, EV_HIRED,   EV_START,   EV_FIRED,   EV_MOVED,
                                         EV_CALL,  EV_STOPPED, EV_COACHED, EV_EXTENDED};
    const struct sim_subject *who = &sim_subjects[dice_roll(&s->dice, SIM_SUBJECTS)];
    int which = who->kind == SKETCH_PARTICIPANT ? of_participant[dice_roll(&s->dice, 14)]
                : who->kind == SKETCH_TOWN      ? EV_FILED + dice_chance(&s->dice, 20)
                                                : EV_MEETING;
    if (who->kind == SKETCH_PARTICIPANT && !is_there(s, who->key))
        which = EV_START;
    struct kad_arena a;
    struct kad_buf b = {0};
    struct kad_field *f;
    size_t n;
    char text[KAD_DAY_TEXT];
    kad_day on = happened(s);
    kad_arena_init(&a);
    sketch_fields(&s->dice, which, on, &a, &f, &n);
    kad_buf_printf(&b, "%s %s %s", sketch_event_name(which), who->key, kad_day_text(on, text));
    for (size_t i = 0; i < n; i++) {
        kad_buf_printf(&b, " %.*s=", KAD_STR_FMT(f[i].name));
        if (f[i].value.type == KAD_T_PERCENT)
            kad_buf_printf(&b, "%d%%", (int)(f[i].value.num / 10000));
        else if (f[i].value.type == KAD_T_YESNO)
            kad_buf_puts(&b, f[i].value.num ? "yes" : "no");
        else
            kad_value_put(&b, f[i].value);
    }
    put(s, kad_buf_str(&b));
    kad_buf_done(&b);
    kad_arena_done(&a);
}

static uint64_t last_seq(struct sim *s)
{
    struct kad_snapshot *v = NULL;
    struct kad_ledger_state st = {0};
    assert_int_equal(kad_snapshot_take(kad_engine_ledger(s->store.e), &v, &s->store.err), KAD_OK);
    assert_int_equal(kad_snapshot_state(v, &st, &s->store.err), KAD_OK);
    kad_snapshot_release(v);
    return st.last_seq;
}

static void amend(struct sim *s)
{
    char text[300], on[KAD_DAY_TEXT];
    unsigned seq = 1 + dice_roll(&s->dice, (uint32_t)last_seq(s));
    kad_day_text(dice_day(&s->dice, today(s) - 60, today(s) + 20), on);
    if (dice_chance(&s->dice, 50))
        snprintf(text, sizeof text, "kadens.corrected - - :corrects=%u :because=x :on=%s", seq, on);
    else
        snprintf(text, sizeof text, "kadens.retracted - - :retracts=%u :because=x", seq);
    put(s, text); /* what may not be is refused and leaves no trace */
}

static void waive(struct sim *s)
{
    if (s->tasks.n == 0)
        return;
    const struct sim_task *t = &s->tasks.v[dice_roll(&s->dice, (uint32_t)s->tasks.n)];
    put(s,
        kad_arena_printf(&s->arena, "kadens.waived - - :task=%.*s :because=x", KAD_STR_FMT(t->id)));
}

static void adopt(struct sim *s)
{
    char text[300], on[KAD_DAY_TEXT];
    const char *name = dice_chance(&s->dice, 75) ? "p" : "q";
    kad_day_text(dice_day(&s->dice, today(s) - 60, today(s) + 60), on);
    if (dice_chance(&s->dice, 15))
        snprintf(text, sizeof text, "kadens.ended - %s :name=%s", on, name);
    else
        snprintf(text, sizeof text, "kadens.adopted - %s :text=%s~%u~%u%s", on, name,
                 (unsigned)s->seed, 1 + dice_roll(&s->dice, 1000),
                 dice_chance(&s->dice, 25) ? " :only=eksjo" : "");
    put(s, text);
}

/* --- what the scheduler does, and what becomes of it --- */

static bool step(struct sim *s, size_t records, struct kad_step *ret)
{
    struct kad_budget b = {records, records < 10 ? 1 : INT64_C(1000000000)};
    if (kad_scheduler_step(s->scheduler, KAD_DUE_NEVER, b, ret, &s->store.err) != KAD_OK)
        fail_msg("seed %llu: %s", (unsigned long long)s->seed, s->store.err.text);
    s->commits++;
    return ret->more;
}

static void check_quiet(struct sim *s, const struct kad_step *last)
{
    if (last->waits != KAD_WAIT_NO)
        return;
    sim_check_log(s);
    if (s->why.n == 0 && dice_chance(&s->dice, 60))
        sim_check_now(s);
    s->begun = true;
    s->quiet = s->now;
    s->quiet_seq = last_seq(s);
}

static void run_to_end(struct sim *s)
{
    struct kad_step last = {0};
    size_t records = dice_chance(&s->dice, 50) ? 1 + dice_roll(&s->dice, 3) : 500;
    for (int i = 0; step(s, records, &last); i++)
        if (i > 20000)
            fail_msg("seed %llu: it never ends", (unsigned long long)s->seed);
    check_quiet(s, &last);
}

/* Another process runs it and is killed at one of its writes, this one or a later. */
static void crash(struct sim *s)
{
    int status = 0;
    long writes = 1 + (long)dice_roll(&s->dice, dice_chance(&s->dice, 50) ? 8 : 60);
    bool steps_here = dice_chance(&s->dice, 70);
    close_all(s);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct kad_step last;
        open_all(s);
        writes_left = writes;
        if (!steps_here)
            put_event(s);
        while (step(s, 2, &last))
            continue;
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0));
    s->crashes += WEXITSTATUS(status) == 99;
    sim_tell(s, "crash at write %ld: %s", writes, WEXITSTATUS(status) ? "killed" : "ended before");
    open_all(s);
}

/* Two take turns over one ledger. */
static void run_two(struct sim *s)
{
    struct kad_scheduler_clock c = {sim_now, NULL, s, true};
    struct kad_scheduler *other = kad_scheduler_new(s->store.e, &c);
    struct kad_step a = {.more = true}, b = {.more = true};
    for (int i = 0; i < 5000 && (a.more || b.more); i++) {
        struct kad_scheduler *mine = s->scheduler;
        (void)step(s, 1, &a);
        s->scheduler = other;
        (void)step(s, 1, &b);
        s->scheduler = mine;
    }
    kad_scheduler_free(other);
    sim_tell(s, "two schedulers");
    check_quiet(s, &a);
}

/* The clock is set wrong, and right again. */
static void wrong_clock(struct sim *s)
{
    struct kad_step last;
    run_to_end(s); /* it has seen the right one */
    kad_instant was = s->now;
    uint64_t before = last_seq(s);
    bool ahead = dice_chance(&s->dice, 50);
    s->now += ahead ? (3 + dice_roll(&s->dice, 4000)) * 1440 * MINUTE
                    : -(kad_instant)(1 + dice_roll(&s->dice, 5000)) * 60 * MINUTE;
    (void)step(s, 100, &last);
    if (last.waits == KAD_WAIT_NO && ahead && s->begun)
        kad_buf_puts(&s->why, "a clock that jumped ahead was believed");
    if (last.waits != KAD_WAIT_NO && last_seq(s) != before)
        kad_buf_puts(&s->why, "it wrote while it waited for the clock");
    s->now = was;
    sim_tell(s, "the clock was wrong (%s)", ahead ? "ahead" : "behind");
}

/* --- faults, planted --- */

/* The last kadens.issued once more, as it was or as something that the rules do not say. */
static void plant_record(struct sim *s, struct kad_txn *t)
{
    struct kad_arena a;
    kad_arena_init(&a);
    for (uint64_t seq = last_seq(s); seq > 0; seq--) {
        struct kad_str bytes;
        struct kad_record r;
        struct kad_error ignored = {0};
        assert_int_equal(kad_snapshot_record(kad_txn_view(t), seq, &bytes, &ignored), KAD_OK);
        bytes = kad_str_dup(&a, bytes);
        assert_int_equal(kad_snapshot_decode(kad_txn_view(t), bytes, &a, true, &r, &ignored),
                         KAD_OK);
        if (r.kind != KAD_R_ISSUED)
            continue;
        if (s->fault == SIM_FAULT_WRONG) {
            r.kind = KAD_R_WITHDRAWN;
            r.type = (struct kad_str){0};
        }
        r.at = s->now;
        assert_int_equal(kad_txn_append(t, &r, (struct kad_str){0}, &ignored), KAD_OK);
        break;
    }
    kad_arena_done(&a);
}

static void plant_moments(struct sim *s, struct kad_txn *t)
{
    for (size_t i = 0; i < SIM_SUBJECTS; i++) {
        struct kad_subject_info info;
        struct kad_str key = kad_str(sim_subjects[i].key);
        struct kad_error ignored = {0};
        if (kad_snapshot_subject(kad_txn_view(t), key, &info, &ignored) != KAD_OK ||
            info.next == KAD_DUE_NOW || info.next == KAD_DUE_NEVER)
            continue;
        kad_instant next = s->fault == SIM_FAULT_LOST ? KAD_DUE_NEVER : info.next + 1440 * MINUTE;
        assert_int_equal(kad_txn_set_due(t, key, next, &ignored), KAD_OK);
    }
}

static void plant(struct sim *s)
{
    struct kad_txn *t = NULL;
    if (s->fault == SIM_FAULT_NONE || s->issued < 5 || !dice_chance(&s->dice, 20))
        return;
    assert_int_equal(kad_txn_begin(kad_engine_ledger(s->store.e), &t, &s->store.err), KAD_OK);
    if (s->fault == SIM_FAULT_DOUBLE || s->fault == SIM_FAULT_WRONG)
        plant_record(s, t);
    else
        plant_moments(s, t);
    assert_int_equal(kad_txn_commit(t, &s->store.err), KAD_OK);
}

/* Time passes: minutes, hours, or days without anybody awake. */
static void pass(struct sim *s)
{
    uint32_t how = dice_roll(&s->dice, 100);
    int64_t by = how < 25   ? dice_roll(&s->dice, 90)
                 : how < 60 ? 60 * (int64_t)dice_roll(&s->dice, 40)
                 : how < 90 ? 1440 * (int64_t)(1 + dice_roll(&s->dice, 5))
                            : 1440 * (int64_t)(5 + dice_roll(&s->dice, 45));
    s->now += by * MINUTE + dice_roll(&s->dice, 60000000);
    s->elapsed += by * MINUTE + 60000000;
}

static void act(struct sim *s)
{
    uint32_t what = dice_roll(&s->dice, 100);
    if (what < 38)
        put_event(s);
    else if (what < 47)
        amend(s);
    else if (what < 50)
        waive(s);
    else if (what < 55)
        adopt(s);
    else if (what < 62)
        crash(s);
    else if (what < 65)
        run_two(s);
    else if (what < 68)
        wrong_clock(s);
    else if (what < 71)
        open_scheduler(s);
    else
        run_to_end(s);
}

bool sim_run(uint64_t seed, enum sim_fault fault, struct sim *ret)
{
    struct sim *s = ret;
    *s = (struct sim){.seed = seed, .fault = fault, .dice = {seed * 2654435761u + 977}};
    kad_arena_init(&s->arena);
    for (size_t i = 0; i < SIM_MINUTES; i++)
        s->last_on[i] = KAD_DAY_NONE;
    make_store(s);
    s->now = toy_at("2021-01-20T08:00:00Z") + dice_roll(&s->dice, 1000) * MINUTE * 100;
    put(s, kad_arena_printf(&s->arena, "kadens.adopted - 2020-06-01 :text=p~%u~0", (unsigned)seed));
    for (int i = 0; i < ACTIONS && s->why.n == 0; i++) {
        act(s);
        plant(s);
        if (dice_chance(&s->dice, 60))
            pass(s);
    }
    if (s->why.n == 0)
        run_to_end(s);
    if (s->why.n == 0)
        sim_check_now(s);
    if (s->why.n == 0)
        sim_check_views(s);
    return s->why.n == 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void sim_done(struct sim *s)
{
    close_all(s);
    remove_tree(s->store.dir);
    remove_tree(s->keys);
    kad_buf_done(&s->why);
    kad_arena_done(&s->store.words);
    kad_arena_done(&s->arena);
}

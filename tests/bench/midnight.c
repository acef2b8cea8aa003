/* What a night costs: 10 000 tasks fall overdue in a store of a million open ones; and the same night
 * in a store with nothing else in it. Then ten years of the scheduler over an existing ledger.
 *
 *   midnight FOLDER [SUBJECTS]        subjects with four open tasks each (default 250 000)
 *   midnight FOLDER --years STORE     ten years from the last record of STORE, which is written to
 *   midnight FOLDER --live STORE      the life of STORE once more, with a scheduler awake from the first
 *                                     day, and on to ten years in all
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/clock.h"
#include "core/keys.h"
#include "core/scheduler.h"
#include "dsl/dsl.h"

#define DAY INT64_C(86400000000)
#define DUE 10000 /* of the night */

static const char rules[] = "policy p \"P\"\n"
                            "    language en\n"
                            "    calendar sweden\n"
                            "    running cases follow the new rules\n"
                            "event start \"Start\" of case   coach person\n"
                            "event visit \"Visit\" of case\n"
                            "subject case \"Case\"\n"
                            "    coach is start.coach\n"
                            "task a \"A\"\n    when start due 30 days after\n    done by visit\n    for coach\n"
                            "task b \"B\"\n    when start due 300 days after\n    done by visit\n    for coach\n"
                            "task c \"C\"\n    when start due 310 days after\n    done by visit\n    for coach\n"
                            "task d \"D\"\n    when start due 320 days after\n    done by visit\n    for coach\n";

static struct kad_error error;
static kad_instant now;

static void must(enum kad_err err)
{
    if (err == KAD_OK)
        return;
    fprintf(stderr, "midnight: %s\n", error.text);
    exit(1);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static kad_instant clock_now(void *ctx)
{
    (void)ctx;
    return now;
}

static struct kad_engine *open_engine(const char *dir)
{
    struct kad_engine *e = NULL;
    struct kad_engine_options o = {.dir = dir, .write = true, .shared = true, .wait_ms = 1000,
                                   .compile = kad_dsl_compile_fn, .now = KAD_INSTANT_NONE,
                                   .known = KAD_KNOWN_ALL, .by = KAD_STR("bench"),
                                   .via = KAD_STR("os:bench")};
    must(kad_engine_open(&o, &e, &error));
    return e;
}

static void put(struct kad_batch *b, const char *type, const char *subject, kad_day on,
                struct kad_input *field, struct kad_input *note)
{
    struct kad_outcome out;
    struct kad_draft d = {.type = kad_str(type), .subject = kad_str(subject), .on = on, .at = now,
                          .clock = -1, .fields = field, .n_fields = field != NULL, .notes = note,
                          .n_notes = note != NULL};
    must(kad_batch_put(b, &d, &out, &error));
}

/* `n` subjects: the first DUE of them began on the first day, the others ten days later. */
static void fill(struct kad_engine *e, size_t n, kad_day first)
{
    struct kad_batch *b = NULL;
    struct kad_input text = {KAD_STR("text"), KAD_IN_STRING, KAD_STR(rules), 0};
    must(kad_batch_begin(e, NULL, &b, &error));
    put(b, "kadens.adopted", "", first, NULL, &text);
    for (size_t i = 0; i < n; i++) {
        char key[40], coach[20];
        snprintf(key, sizeof key, "C-%zu", i);
        snprintf(coach, sizeof coach, "coach%zu", i % 500);
        struct kad_input field = {KAD_STR("coach"), KAD_IN_STRING, kad_str(coach), 0};
        put(b, "start", key, i < DUE ? first : first + 10, &field, NULL);
    }
    must(kad_batch_commit(b, &error));
}

static void run(struct kad_scheduler *s, const char *what, struct kad_budget budget)
{
    struct kad_step step = {.more = true};
    size_t subjects = 0, records = 0, steps = 0;
    double from = seconds(), cpu = cpu_seconds(), longest = 0;
    while (step.more) {
        double began = seconds();
        must(kad_scheduler_step(s, KAD_DUE_NEVER, budget, &step, &error));
        double took = seconds() - began;
        longest = took > longest ? took : longest;
        subjects += step.subjects;
        records += step.records;
        steps++;
    }
    double took = seconds() - from;
    printf("%-44s %7.3f s (%.3f of the processor)  %8zu subjects  %8zu records  %6zu transactions, "
           "the longest %.1f ms\n",
           what, took, cpu_seconds() - cpu, subjects, records, steps, longest * 1000);
    fflush(stdout);
}

static void night(const char *folder, size_t n, const char *what)
{
    char dir[300], line[200];
    struct kad_ledger_info info = {.mode = KAD_LEDGER_PLAIN};
    snprintf(dir, sizeof dir, "%s/store%zu", folder, n);
    must(kad_ledger_create(dir, &info, &error));
    struct kad_engine *e = open_engine(dir);
    struct kad_scheduler_clock c = {clock_now, NULL, NULL, true};
    kad_day first = kad_day_of(2021, 3, 1);
    now = kad_clock_at(first + 12, 480);
    double began = seconds();
    fill(e, n, first);
    printf("%zu events of %zu subjects written in %.1f s\n", n, n, seconds() - began);
    struct kad_scheduler *s = kad_scheduler_new(e, &c);
    snprintf(line, sizeof line, "%s: the very first look at all", what);
    run(s, line, (struct kad_budget){20000, INT64_C(2000000000)});
    now = kad_clock_at(first + 31, 360);
    snprintf(line, sizeof line, "%s: the night of %d overdue", what, DUE);
    run(s, line, KAD_BUDGET_DEFAULT);
    now += 60000000;
    run(s, "a step with nothing to do", KAD_BUDGET_DEFAULT);
    kad_scheduler_free(s);
    kad_engine_close(e);
}

static struct kad_ledger_state state_of(struct kad_engine *e)
{
    struct kad_snapshot *v = NULL;
    struct kad_ledger_state st;
    must(kad_snapshot_take(kad_engine_ledger(e), &v, &error));
    must(kad_snapshot_state(v, &st, &error));
    kad_snapshot_release(v);
    return st;
}

static struct {
    size_t records, steps;
} total;

/* On to this instant, from one moment to the next. */
static void go_on(struct kad_scheduler *s, kad_instant end)
{
    struct kad_step step = {.more = true};
    for (;;) {
        must(kad_scheduler_step(s, KAD_DUE_NEVER, KAD_BUDGET_DEFAULT, &step, &error));
        total.records += step.records;
        total.steps++;
        if (step.more)
            continue;
        if (now >= end)
            return;
        now = step.next > now && step.next < now + DAY ? step.next : now + DAY;
        now = now < end ? now : end;
    }
}

/* Ten years in which nobody writes but the scheduler. */
static void years(const char *store)
{
    struct kad_engine *e = open_engine(store);
    struct kad_ledger_state st = state_of(e);
    struct kad_scheduler_clock c = {clock_now, NULL, NULL, true};
    struct kad_scheduler *s = kad_scheduler_new(e, &c);
    double from = seconds(), cpu = cpu_seconds();
    now = st.last_at;
    go_on(s, now + 3653 * DAY);
    printf("ten years over %llu subjects: %.2f s (%.2f of the processor), %zu records, %zu steps\n",
           (unsigned long long)st.subjects, seconds() - from, cpu_seconds() - cpu, total.records,
           total.steps);
    kad_scheduler_free(s);
    kad_engine_close(e);
}

/* A record of the old ledger into the new one, under its new number. Waivers name tasks by old
 * numbers and are left out. */
static bool copy_record(struct kad_snapshot *v, struct kad_engine *e, uint64_t seq, uint64_t *numbers,
                        struct kad_arena *a)
{
    struct kad_str bytes;
    struct kad_record r;
    struct kad_subject_info info = {0};
    struct kad_txn *t = NULL;
    must(kad_snapshot_record(v, seq, &bytes, &error));
    must(kad_snapshot_decode(v, bytes, a, true, &r, &error));
    if (r.kind == KAD_R_WAIVED || (r.ref > 0 && numbers[r.ref] == 0))
        return false;
    if (r.subject.n > 0)
        must(kad_snapshot_subject(v, r.subject, &info, &error));
    r.ref = numbers[r.ref];
    r.policy = numbers[r.policy];
    for (size_t i = 0; i < r.n_deviations; i++)
        r.deviations[i].policy = numbers[r.deviations[i].policy];
    must(kad_txn_begin(kad_engine_ledger(e), &t, &error));
    must(kad_txn_append(t, &r, info.kind, &error));
    must(kad_txn_commit(t, &error));
    numbers[seq] = r.seq;
    return true;
}

static void live(const char *folder, const char *store)
{
    char dir[300];
    struct kad_ledger_info info = {.mode = KAD_LEDGER_PLAIN};
    struct kad_ledger *old = NULL;
    struct kad_snapshot *v = NULL;
    struct kad_arena a;
    size_t copied = 0;
    snprintf(dir, sizeof dir, "%s/live", folder);
    must(kad_ledger_create(dir, &info, &error));
    struct kad_engine *e = open_engine(dir);
    must(kad_ledger_open(store, false, 0, &old, &error));
    must(kad_snapshot_take(old, &v, &error));
    struct kad_ledger_state st;
    must(kad_snapshot_state(v, &st, &error));
    uint64_t *numbers = calloc(st.last_seq + 1, sizeof *numbers);
    struct kad_scheduler_clock c = {clock_now, NULL, NULL, true};
    struct kad_scheduler *s = kad_scheduler_new(e, &c);
    double from = seconds(), cpu = cpu_seconds();
    kad_instant begin = 0;
    kad_arena_init(&a);
    for (uint64_t seq = 1; seq <= st.last_seq; seq++) {
        struct kad_str bytes;
        struct kad_record r;
        kad_arena_reset(&a);
        must(kad_snapshot_record(v, seq, &bytes, &error));
        must(kad_record_decode(bytes, &a, false, &r, &error));
        begin = seq == 1 ? r.at : begin;
        now = seq == 1 ? r.at : now;
        go_on(s, r.at);
        copied += copy_record(v, e, seq, numbers, &a);
    }
    go_on(s, begin + 3653 * DAY);
    printf("ten years of %llu subjects, %zu records of theirs: %.2f s (%.2f of the processor), %zu of the "
           "scheduler's in %zu steps\n",
           (unsigned long long)st.subjects, copied, seconds() - from, cpu_seconds() - cpu,
           total.records, total.steps);
    kad_scheduler_free(s);
    kad_snapshot_release(v);
    kad_ledger_close(old);
    kad_engine_close(e);
    kad_arena_done(&a);
    free(numbers);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    bool named = argc > 3;
    if (named && strcmp(argv[2], "--years") == 0) {
        years(argv[3]);
        return 0;
    }
    if (named && strcmp(argv[2], "--live") == 0) { /* $KADENS_KEYS has the keys of STORE */
        live(argv[1], argv[3]);
        return 0;
    }
    char keys[300];
    snprintf(keys, sizeof keys, "%s/keys", argv[1]);
    kad_keys_set_folder(keys);
    size_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 250000;
    night(argv[1], DUE, "10 000 cases");
    if (n > DUE)
        night(argv[1], n, "all cases");
    return 0;
}

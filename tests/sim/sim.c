/* Runs of the simulator, by seed. Without arguments: as many as `make check` takes.
 *
 *   sim [--seeds N] [--from SEED] [--fault WORD] [--story]
 *
 * A run in which something is wrong prints its seed, what is wrong, and what was done; the same again:
 * sim --from SEED --seeds 1. With --fault every run has that fault planted, and it is an error when
 * too many go unnoticed. Prints TAP. */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/unit.h"

#define SEEDS 200
#define FAULT_SEEDS 12

static const char *const fault_words[SIM_FAULT__COUNT] = {
#define X(NAME, word) word,
    SIM_FAULT_MAP(X)
#undef X
};

static struct {
    uint64_t seeds, from;
    enum sim_fault fault;
    bool story, given;
} options = {.seeds = SEEDS, .from = 1};

static struct {
    uint64_t issued, commits, crashes;
} total;

static void put_story(const struct sim *s)
{
    for (size_t i = 0; i < s->story.n; i++)
        fprintf(stderr, "# %.*s\n", KAD_STR_FMT(s->story.v[i]));
}

/* How many of the runs have something wrong. */
static uint64_t run_all(enum sim_fault fault, uint64_t from, uint64_t n)
{
    uint64_t bad = 0;
    for (uint64_t seed = from; seed < from + n; seed++) {
        static struct sim s;
        bool good = sim_run(seed, fault, &s);
        if ((!good && fault == SIM_FAULT_NONE) || options.story) {
            fprintf(stderr, "# seed %llu: %s\n", (unsigned long long)seed,
                    good ? "whole" : kad_buf_str(&s.why));
            put_story(&s);
        }
        bad += !good;
        total.issued += s.issued;
        total.commits += s.commits;
        total.crashes += s.crashes;
        sim_done(&s);
    }
    return bad;
}

static void whatever_happens_each_is_issued_once_and_on_its_day(void **state)
{
    (void)state;
    uint64_t bad = run_all(SIM_FAULT_NONE, options.from, options.seeds);
    fprintf(stderr, "# %llu runs: %llu issues, %llu transactions, %llu crashes, %llu wrong\n",
            (unsigned long long)options.seeds, (unsigned long long)total.issued,
            (unsigned long long)total.commits, (unsigned long long)total.crashes,
            (unsigned long long)bad);
    assert_int_equal(bad, 0);
    if (options.seeds >= 50)
        assert_true(total.issued > options.seeds && total.crashes > options.seeds);
}

/* The check is worth something: what is wrong is found in most runs. */
static void a_fault_that_is_planted_is_found(void **state)
{
    (void)state;
    for (int fault = 1; fault < SIM_FAULT__COUNT; fault++) {
        uint64_t found = run_all((enum sim_fault)fault, 1, FAULT_SEEDS);
        fprintf(stderr, "# fault %s: found in %llu of %d runs\n", fault_words[fault],
                (unsigned long long)found, FAULT_SEEDS);
        assert_true(found >= FAULT_SEEDS / 4);
    }
}

static void read_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        options.given = true;
        if (strcmp(argv[i], "--story") == 0) {
            options.story = true;
            continue;
        }
        if (strcmp(argv[i], "--seeds") == 0)
            options.seeds = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--from") == 0)
            options.from = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--fault") == 0)
            for (int f = 0; f < SIM_FAULT__COUNT; f++)
                options.fault =
                    strcmp(value, fault_words[f]) == 0 ? (enum sim_fault)f : options.fault;
        else
            fprintf(stderr, "sim: %s?\n", argv[i]), exit(2);
        i++;
    }
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    if (options.fault != SIM_FAULT_NONE) {
        uint64_t found = run_all(options.fault, options.from, options.seeds);
        printf("%llu of %llu found\n", (unsigned long long)found,
               (unsigned long long)options.seeds);
        return found * 2 < options.seeds;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_each_is_issued_once_and_on_its_day),
        cmocka_unit_test(a_fault_that_is_planted_is_found),
    };
    const struct CMUnitTest one[] = {tests[0]};
    return options.given ? cmocka_run_group_tests(one, NULL, NULL)
                         : cmocka_run_group_tests(tests, NULL, NULL);
}

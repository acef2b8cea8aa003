/* Rules that the tests of the fine print share. */
#ifndef KAD_TESTS_FINEPRINT_H
#define KAD_TESTS_FINEPRINT_H

#include "core/clock.h"
#include "dsl/dsl.h"
#include "tests/unit/days.h"
#include "tests/unit/story_text.h"
#include "tests/unit/unit.h"

#define FOLLOW "    running cases follow the new rules\n"
#define KEEP "    running cases keep the old rules\n"
#define HEAD "policy p\n    language en\n"
#define WORDS                                                                                      \
    "role boss\n"                                                                                  \
    "choice reason\n"                                                                              \
    "    work  studies  health\n"                                                                  \
    "event start of client coach person optional, born date optional, to date optional\n"          \
    "event job of client extent percent optional, employer text optional\n"                        \
    "event job_ended of client\n"                                                                  \
    "event visit of client length number optional\n"                                               \
    "event call of client\n"                                                                       \
    "event extended of client to date\n"                                                           \
    "event discharge of client reason reason\n"                                                    \
    "event exited of client\n"                                                                     \
    "event certificate of town ok yes/no optional\n"                                               \
    "event note of client\n"                                                                       \
    "subject town\n"                                                                               \
    "    one of aneby eksjo\n"                                                                     \
    "subject client\n"                                                                             \
    "    coach is start.coach\n"                                                                   \
    "    born is start.born\n"                                                                     \
    "    until_day is start.to\n"                                                                  \
    "    extent is job.extent\n"                                                                   \
    "    employer is job.employer\n"                                                               \
    "    employed is yes after job, no after job_ended, otherwise no\n"                            \
    "    enrolled is yes after start, no after discharge, otherwise no\n"                          \
    "    age = whole years since born\n"

#define AFTERCARE                                                                                  \
    "cadence aftercare\n"                                                                          \
    "    from job\n"                                                                               \
    "    month 1  visit every week\n"                                                              \
    "    month 2  visit 2 times\n"                                                                 \
    "    until job_ended\n"                                                                        \
    "    for coach\n"

#define THREE_TIMES                                                                                \
    "cadence aftercare\n    from job\n    month 1  visit 3 times\n    until job_ended\n"

#define TWICE "cadence aftercare\n    from job\n    month 1  visit 2 times\n    until job_ended\n"

static struct tale t; /* begun anew for each test */

static inline int setup(void **state)
{
    (void)state;
    tale_begin(&t, kad_dsl_compile_fn, "C-1", "client");
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    tale_end(&t);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

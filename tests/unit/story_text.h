/* Stories for tests, written as people tell them, and what is to come of them:
 *
 *   tell(&t, "2021-06-01 employment extent=75% recorded 2021-06-03");   → its seq
 *   tell(&t, "2021-06-08 correct 4 on=2021-06-02 extent=50%");
 *   tell(&t, "2021-06-08 retract 4");
 *   tell(&t, "2021-06-08 waive C-1/follow_up/4");
 *   see(&t, "2021-06-10", "aftercare.visit/4/m1.w1", "2021-06-01 2021-06-07 2021-06-28 open");
 *
 * A record is made on its own day unless it says `recorded DATE`; `seq N` at the end gives it a
 * number of its own choice (the next ones follow it). Values have no blanks; those of an event are
 * read for its fields as the first policy of the tale has them. */
#ifndef KAD_TESTS_STORY_TEXT_H
#define KAD_TESTS_STORY_TEXT_H

#include "core/derive.h"

#define TALE_RECORDS 64
#define TALE_ADOPTIONS 8

struct tale {
    struct kad_arena arena;
    kad_compile_fn compile;
    struct kad_str subject, kind;
    struct kad_record records[TALE_RECORDS];
    size_t n;
    struct kad_adoption adoptions[TALE_ADOPTIONS]; /* by (from, seq) */
    struct kad_policy *policies[TALE_ADOPTIONS];
    size_t n_adoptions, n_policies;
    uint64_t last_seq;
    struct kad_known known; /* everything, unless a test says otherwise */
    kad_day horizon;        /* days that open-ended runs and duties are shown ahead; 0 at first */
};

void tale_begin(struct tale *t, kad_compile_fn compile, const char *subject, const char *kind);
void tale_end(struct tale *t);
/* Adopt a text from a day, recorded that day. `only`: a unit, or NULL. Returns the seq. */
uint64_t adopt(struct tale *t, const char *from, const char *text, const char *only);
uint64_t adopt_late(struct tale *t, const char *from, const char *recorded, const char *text);
void rules_end(struct tale *t, const char *name, const char *from);
uint64_t tell(struct tale *t, const char *line);

/* The instance with this id (without the subject and its slash), as of the day:
 * "OPENS DUE CLOSES STATE", with " late" behind; "-" where it never closes; "none" if it is not
 * there. */
#define see(t, day, id, expected) see_at((t), (day), (id), (expected), __FILE__, __LINE__)
/* All instances of a task by due day: "2021-06-07 open, 2021-06-14 upcoming"; "none". */
#define see_all(t, day, task, expected)                                                            \
    see_all_at((t), (day), (task), (expected), __FILE__, __LINE__)
/* An attribute, by the policy in force on the day: its canonical text, or "unknown". */
#define see_value(t, day, name, expected)                                                          \
    see_value_at((t), (day), (name), (expected), __FILE__, __LINE__)
/* What the guards say of the last event told: their messages joined by ", "; "" when all hold. */
#define see_findings(t, expected) see_findings_at((t), (expected), __FILE__, __LINE__)

void see_at(struct tale *t, const char *day, const char *id, const char *expected, const char *file,
            int line);
void see_all_at(struct tale *t, const char *day, const char *task, const char *expected,
                const char *file, int line);
void see_value_at(struct tale *t, const char *day, const char *name, const char *expected,
                  const char *file, int line);
void see_findings_at(struct tale *t, const char *expected, const char *file, int line);

/* The story as it now stands, derived. Lives in the tale. */
struct kad_derive *tale_derive(struct tale *t);
/* The instance itself; NULL when there is none. Lives in the tale. */
const struct kad_instance *find_instance(struct tale *t, const char *day, const char *id);

#endif

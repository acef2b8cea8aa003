/* Small policies made at random: a sketch that is written down both as rule text and as a compiled
 * policy, built by hand without the language. The vocabulary (kinds, events, attributes) is always
 * the same; the rules differ. */
#ifndef KAD_TESTS_RANDOM_POLICY_H
#define KAD_TESTS_RANDOM_POLICY_H

#include "core/derive.h"

struct dice {
    uint64_t state;
};
uint32_t dice_roll(struct dice *d, uint32_t sides); /* 0 .. sides-1 */
bool dice_chance(struct dice *d, uint32_t percent);
kad_day dice_day(struct dice *d, kad_day from, kad_day to); /* both included */

/* The events of the vocabulary, in the order of the compiled tables. */
enum sketch_event {
    EV_START,
    EV_MOVED,
    EV_HIRED,
    EV_FIRED,
    EV_VISIT,
    EV_CALL,
    EV_EXTENDED,
    EV_STOPPED,
    EV_COACHED,
    EV_FILED,
    EV_AUDIT,
    EV_MEETING,
    EV__COUNT
};
enum { SKETCH_PARTICIPANT, SKETCH_TOWN, SKETCH_PROGRAMME };

struct sketch_trigger {
    int event;
    int condition; /* of random_policy.c's table; 0: always */
};
enum { SKETCH_QUOTA = 20, SKETCH_TASK_DONE = 21 };
struct sketch_triggers {
    struct sketch_trigger v[2];
    size_t n;
};

struct sketch_rule {
    enum kad_rule_kind kind;
    const char *name;
    int subject;
    enum kad_running running;
    struct sketch_triggers until, done_by, from;
    enum kad_move move;
    enum kad_closes closes;
    int32_t closes_days;
    int owner; /* 0 nobody, 1 the attribute coach, 2 the role boss */
    struct {
        struct sketch_trigger trigger;
        struct kad_offset due;
    } whens[2];
    size_t n_whens;
    bool from_every;
    struct {
        struct kad_phase shape;
        int event;
    } phases[3];
    size_t n_phases;
    bool extended;
    int32_t extended_times;
    int condition; /* of a duty */
    bool by_date, has_due;
    kad_day date;
    struct kad_cycle cycle;
    struct kad_offset due;
};

#define SKETCH_RULES 4
struct sketch {
    const char *name; /* of the policy */
    enum kad_running running;
    bool sweden;
    kad_day closed;   /* one local day off, or KAD_DAY_NONE */
    int32_t limit[2]; /* the param `limit`, and from 2021-07-01 */
    bool guarded;
    struct sketch_rule rules[SKETCH_RULES];
    size_t n_rules;
};

/* A new one; rule names begin with `prefix`. */
void sketch_random(struct dice *d, const char *name, const char *prefix, struct sketch *ret);
/* Another version of it: one or two things differ. */
void sketch_change(struct dice *d, const char *prefix, const struct sketch *from,
                   struct sketch *ret);
/* What `T is done` in it is about: the first cadence's first task; false: there is none. */
bool sketch_first_task(const struct sketch *s, const char **ret_rule, int *ret_event);
/* Without the vocabulary, which is the same in all, unless `whole`. */
void sketch_text(const struct sketch *s, bool whole, struct kad_buf *b);
/* In the arena: not to be freed by itself. */
struct kad_policy *sketch_compile(const struct sketch *s, struct kad_arena *a);

const char *sketch_event_name(int event);
/* A field of the event with a random value, or none (*ret_n). */
void sketch_fields(struct dice *d, int event, kad_day on, struct kad_arena *a,
                   struct kad_field **ret, size_t *ret_n);

#endif

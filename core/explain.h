/* Why: the reasons behind a task, a value, an event or a refusal, and why something is not there.
 *
 * An explanation comes from the normal derivation: the same functions decide, and are asked where
 * a decision fell (core/derive_priv.h). Nothing here knows what a window or a condition means. What
 * one fact would change is found by putting that fact into a copy of the story and deriving anew.
 *
 * The answer is a list of steps: facts, days and rules with their places, not sentences. Who shows
 * it makes the sentences from the kind of the step. No private value is ever in a step: of a private
 * attribute only that it is recorded, and by which event; what is computed from it (an age) is told.
 * Source: language.md, "explain".
 */
#ifndef KAD_CORE_EXPLAIN_H
#define KAD_CORE_EXPLAIN_H

#include "core/derive.h"

/* The parts of an explanation, in the order shown. */
enum kad_section {
    KAD_E_ANSWER = 0, /* what was asked, answered */
    KAD_E_WHY,        /* the events, conditions and rules behind it */
    KAD_E_DAYS,       /* the arithmetic */
    KAD_E_STATE,      /* where it stands */
    KAD_E_LIST,       /* whose list */
    KAD_E_DID,        /* what a record did */
    KAD_E_RULES,      /* which version of the policy, and why that one */
    KAD_E_CHANGE,     /* what would change it */
    KAD_E__SECTIONS
};

/* X(NAME, word in JSON, section, what stands in the step besides label and day). A step one deeper
 * than the one before it is a reason for that. ORDER explain.h: the sentences in cli/explain.c. */
#define KAD_STEP_MAP(X)                                                                            \
    X(TASK, "task", ANSWER)                   /* name: id; value: state; day: due; to: as of */    \
    X(TASKS, "tasks", ANSWER)                 /* n: how many of this task there are */             \
    X(OTHER, "other", ANSWER)                 /* name, value: state, day: due */                   \
    X(NO_TASK, "no-task", ANSWER)             /* day: as of */                                     \
    X(NO_SUCH, "no-such", ANSWER)             /* name: there is no instance of this id */          \
    X(VALUE, "value", ANSWER)                 /* value */                                          \
    X(VALUE_PRIVATE, "value-private", ANSWER) /* it is recorded, and not shown */                  \
    X(VALUE_SEALED, "value-sealed", ANSWER)   /* it is recorded, and cannot be read here */        \
    X(VALUE_ERASED, "value-erased", ANSWER)   /* it was recorded, and is gone for good */          \
    X(VALUE_UNKNOWN, "value-unknown", ANSWER)                                                      \
    X(RECORD, "record", ANSWER)               /* seq, value: its fields */                         \
    X(ALLOWED, "allowed", ANSWER)             /* an event that would be recorded */                \
    X(REFUSED, "refused", ANSWER)             /* text: what the rules say to it */                 \
    X(EVENT, "event", WHY)                    /* the event that opened it */                       \
    X(ANCHOR, "anchor", WHY)                  /* the event that it is counted from */              \
    X(PERIOD, "period", WHY)                  /* of the calendar: value, day, to */                \
    X(BY_DATE, "by-date", WHY)                /* day: the date; to: since when the rule asks it */ \
    X(EXTENDED, "extended", WHY)              /* the run goes on; value: until when */             \
    X(HOLDS, "holds", WHY)                    /* text: a condition; value: what it rests on */     \
    X(FAILS, "fails", WHY)                                                                         \
    X(UNDECIDED, "undecided", WHY)            /* something it rests on is not recorded */          \
    X(SET_BY, "set-by", WHY)                  /* label, value, day; text, seq: the event */        \
    X(BEFORE, "before", WHY)                  /* an earlier value, and the event that gave it */   \
    X(OTHERWISE, "otherwise", WHY)            /* value: what the rule says when nothing set it */  \
    X(NEVER_SET, "never-set", WHY)                                                                 \
    X(COMPUTED, "computed", WHY)              /* text: the expression; value */                    \
    X(PARAM, "param", WHY)                    /* value, day: since when */                         \
    X(MUST_BEGIN, "must-begin", WHY)          /* text: the event that has to be the first */       \
    X(LACKS, "lacks", WHY)                    /* text: fields that the event must have */          \
    X(NO_EVENT, "no-event", WHY)              /* text: none of these has happened up to day */     \
    X(ALL_TAKEN, "all-taken", WHY)            /* text: each of these has had its task */           \
    X(AHEAD, "ahead", WHY)                    /* one is recorded for a later day */                \
    X(NOT_OPENED, "not-opened", WHY)          /* the event came; line, policy; reasons follow */   \
    X(NOT_IN_FORCE, "not-in-force", WHY)      /* the event came on a day outside the policy */     \
    X(NOT_CONCERNED, "not-concerned", WHY)    /* the period that opens on day; reasons follow */   \
    X(UNBORN, "unborn", WHY)                  /* the subject is known since `to` */                \
    X(RUN_ENDED, "run-ended", WHY)            /* the run from day was ended by text, to, seq */    \
    X(RUN_OVER, "run-over", WHY)              /* the last of the run from day was due `to` */      \
    X(ELSEWHERE, "elsewhere", WHY)            /* another version governs the run from day on */    \
    X(NO_POLICY, "no-policy", WHY)            /* none with it in force; to: from then; value: units */ \
    X(OTHER_KIND, "other-kind", WHY)          /* text: whose task it is; value: what this is */    \
    X(READING, "reading", WHY)                /* text: how the file reads its document */          \
    X(RULE, "rule", WHY)                      /* text: the line, line, policy, source */           \
    X(OPENS, "opens", DAYS)                                                                        \
    X(PHASE, "phase", DAYS)                   /* phase; day, to */                                 \
    X(WINDOW, "window", DAYS)                 /* n of `of` windows of the phase; day, to */        \
    X(DUE, "due", DAYS)                       /* day: from, offset, n: days more, to: plain, moved */ \
    X(CLIPPED, "clipped", DAYS)               /* n: the day that the month of `to` lacks */        \
    X(CLOSES, "closes", DAYS)                                                                      \
    X(CLOSES_NEVER, "closes-never", DAYS)                                                          \
    X(REMINDED, "reminded", DAYS)             /* day: due, offset, to: the day it is for */        \
    X(REMINDED_OPENS, "reminded-opens", DAYS) /* the same; day: it opens then */                   \
    X(ESCALATED, "escalated", DAYS)           /* the same; value: to whom */                       \
    X(ESCALATED_OPENS, "escalated-opens", DAYS)                                                    \
    X(UPCOMING, "upcoming", STATE)                                                                 \
    X(OPEN, "open", STATE)                    /* text: what does it; day, to */                    \
    X(OVERDUE, "overdue", STATE)              /* text; day: was due; to: closes or none */         \
    X(DONE, "done", STATE)                    /* label, seq, day */                                \
    X(DONE_LATE, "done-late", STATE)          /* and to: was due */                                \
    X(MISSED, "missed", STATE)                /* day: closed; to: was due */                       \
    X(MISSED_ENDED, "missed-ended", STATE)    /* late when label, seq, day ended the run */        \
    X(UNTOLD, "untold", STATE)                /* day: closed; to: recorded; label, seq */          \
    X(DROPPED, "dropped", STATE)              /* label, seq, day: what ended it */                 \
    X(DROPPED_NEW, "dropped-new", STATE)      /* label, seq, day: what began anew */               \
    X(WAIVED, "waived", STATE)                /* day, seq, label: who, text: why */                \
    X(DID_OTHER, "did-other", STATE)          /* label, day, seq did the one due `to` */           \
    X(GIVEN, "given", STATE)                  /* label, day, seq: issued …; value: by no. */ \
    X(OWNER, "owner", LIST)                   /* value: who; label: as what */                     \
    X(OWNER_ROLE, "owner-role", LIST)         /* value */                                          \
    X(OWNER_NONE, "owner-none", LIST)         /* label: what is not recorded */                    \
    X(OWNER_UNSAID, "owner-unsaid", LIST)                                                          \
    X(BEGAN, "began", DID)                    /* n instances of label, due day to `to` */          \
    X(OPENED, "opened", DID)                  /* label, name, day: due, value: its state now */    \
    X(DID, "did", DID)                        /* label, name, day: due */                          \
    X(DID_LATE, "did-late", DID)                                                                   \
    X(ENDED, "ended", DID)                    /* n instances fell away */                          \
    X(SETS, "sets", DID)                      /* label, value; to, seq: until when, if changed */  \
    X(NOTHING, "nothing", DID)                                                                     \
    X(OVERRIDDEN, "overridden", DID)          /* text: why it was recorded all the same */         \
    X(DEVIATED, "deviated", DID)              /* text, line, policy, source */                     \
    X(CORRECTED, "corrected", DID)            /* seq, text: why */                                 \
    X(RETRACTED, "retracted", DID)                                                                 \
    X(ABOUT, "about", DID)                    /* seq, label: the record it is about; text: why */  \
    X(SAYS, "says", DID)                      /* text: what one of the engine's own says */        \
    X(POLICY, "policy", RULES)                /* in force on day */                                \
    X(TAKEN, "taken", RULES)                  /* came into force on day, took the run over */      \
    X(LEFT, "left", RULES)                    /* came into force on day, left the run */           \
    X(DAY_ALONE, "day-alone", CHANGE)         /* day: then it holds or opens by itself */          \
    X(OPENS_NEXT, "opens-next", CHANGE)       /* day, to: due of the next one */                   \
    X(WOULD, "would", CHANGE)                 /* text would hold: event label, value; day, to */   \
    X(WOULD_CORRECT, "would-correct", CHANGE) /* text would hold, had label, seq said value */     \
    X(WOULD_OPEN, "would-open", CHANGE)       /* event label, value; day: opens, to: due */        \
    X(WOULD_ELSE, "would-else", CHANGE)       /* the same, in any case that none before names */   \
    X(WOULD_SET, "would-set", CHANGE)         /* event label, text: its field, sets it */          \
    X(SEVERAL, "several", CHANGE)             /* n conditions fail: each is needed */

enum kad_say {
#define X(name, word, section) KAD_SAY_##name,
    KAD_STEP_MAP(X)
#undef X
        KAD_SAY__COUNT
};
const char *kad_say_word(enum kad_say s);
enum kad_section kad_say_section(enum kad_say s);

struct kad_step {
    enum kad_say say;
    int depth;               /* 0; one more: a reason for the step before */
    kad_day day, to, moved;  /* KAD_DAY_NONE: not said */
    uint64_t seq;            /* of a record; 0 none */
    struct kad_str name;     /* an identifier: task's id, attribute, event type */
    struct kad_str label;    /* what people call it */
    struct kad_str value;    /* for people, in the running language; never a private one */
    struct kad_str text;     /* a condition as written, a reason, a rule's line */
    struct kad_str source;   /* the sentence of the document it rests on */
    const struct kad_adoption *adoption; /* whose rule it is; NULL: none */
    int line;                /* in its text; 0 none */
    int64_t n, of;
    bool counted;            /* DUE: `offset` is set */
    struct kad_offset offset;
    struct kad_phase phase;  /* PHASE; unit KAD_U_DAY when not set */
};
struct kad_explanation {
    struct kad_str subject;
    kad_day day;             /* as of */
    kad_vec(struct kad_step) steps; /* by section */
};

/* All of these take a subject's derivation, whose arena keeps the answer, and a day to ask as of.
 *
 * One instance, by its whole id. False when there is none that opens up to a year ahead. */
bool kad_explain_instance(struct kad_derive *d, kad_day day, struct kad_str id,
                          struct kad_explanation *ret);
/* A task of the subject: the instance that matters most now, and the others in one line each; or, when
 * there is none, why not, and what would change it. `id` (may be empty) is one that is not there.
 * False when no policy known has such a task. `task` may leave the cadence's name out. */
bool kad_explain_task(struct kad_derive *d, kad_day day, struct kad_str task, struct kad_str id,
                      struct kad_explanation *ret);
/* An attribute's value. False when no policy in force on the day has it. */
bool kad_explain_attribute(struct kad_derive *d, kad_day day, struct kad_str attribute,
                           struct kad_explanation *ret);
/* An event of the story by its seq: what it opened, did, ended and set, and its guards. False when
 * it is not (or no longer) in the story. */
bool kad_explain_event(struct kad_derive *d, kad_day day, uint64_t seq, struct kad_explanation *ret);
/* Would this event be refused? It stands in the story already, at `pos`, as if just recorded. Every
 * condition is a step. *ret_refused says the answer. */
void kad_explain_refusal(struct kad_derive *d, size_t pos, bool *ret_refused,
                         struct kad_explanation *ret);
/* A copy of the story with one more fact, last of its day. *ret_pos is its place. */
struct kad_story *kad_story_with(struct kad_arena *a, const struct kad_story *s,
                                 const struct kad_fact *f, size_t *ret_pos);

/* One more step; returned for filling in. */
struct kad_step *kad_step_add(struct kad_explanation *e, struct kad_arena *a, enum kad_say say);
/* In the order of their sections; steps of one section stay as they are. */
void kad_explanation_sort(struct kad_explanation *e);

#endif

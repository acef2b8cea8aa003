/* The demo's story: what happens to made-up participants, municipalities and the programme, from
 * nothing but a number of cases, a seed and the day it is. The same three give the same story.
 * It is written for the shipped policy se_hoglandet and for nothing else. */
#ifndef KAD_CLI_DEMO_H
#define KAD_CLI_DEMO_H

#include "core/engine.h"

/* X(NAME, event type, first field, its form, its value, second field, its form, its value).
 * Values in angles are worked out for each event (demo.c). */
#define KAD_DEMO_MAP(X)                                                                            \
    X(REFERRAL, "referral", NULL, STRING, NULL, NULL, STRING, NULL)                                \
    X(UNMOTIVATED, "referral", NULL, STRING, NULL, NULL, STRING, NULL)                             \
    X(MOTIVATED, "motivation", "motivated", BOOL, "1", NULL, STRING, NULL)                         \
    X(GK_STARTED, "gk_started", NULL, STRING, NULL, NULL, STRING, NULL)                            \
    X(GK_ENDED, "gk_ended", NULL, STRING, NULL, NULL, STRING, NULL)                                \
    X(INCLUDE, "decision", "outcome", STRING, "include", NULL, STRING, NULL)                       \
    X(DECLINE, "decision", "outcome", STRING, "decline", NULL, STRING, NULL)                       \
    X(DEFER, "decision", "outcome", STRING, "defer", NULL, STRING, NULL)                           \
    X(DISAGREE, "decision", "outcome", STRING, "disagree", NULL, STRING, NULL)                     \
    X(MANAGERS, "managers_decision", "outcome", STRING, "include", NULL, STRING, NULL)             \
    X(ENROLL, "enrollment", "coach", STRING, "<coach>", NULL, STRING, NULL)                        \
    X(COACH_CHANGE, "coach_change", "to", STRING, "<next coach>", NULL, STRING, NULL)              \
    X(ENTERED, "register_entered", NULL, STRING, NULL, NULL, STRING, NULL)                         \
    X(EXITED, "register_exited", NULL, STRING, NULL, NULL, STRING, NULL)                           \
    X(INCOME_BEFORE, "income", "source", STRING, "<benefit>", "point", STRING, "before")           \
    X(INCOME_WAGE, "income", "source", STRING, "wage", "point", STRING, "after")                   \
    X(PROFILE, "step_change", "to", STRING, "vocational_profile", NULL, STRING, NULL)              \
    X(FINDING, "step_change", "to", STRING, "job_finding", NULL, STRING, NULL)                     \
    X(ENGAGEMENT, "step_change", "to", STRING, "employer_engagement", NULL, STRING, NULL)          \
    X(SUPPORT, "step_change", "to", STRING, "on_off_job_support", NULL, STRING, NULL)              \
    X(PLACED, "placement_started", "kind", STRING, "<placement>", "setting", STRING,               \
      "open_market")                                                                               \
    X(PLACED_END, "placement_ended", NULL, STRING, NULL, NULL, STRING, NULL)                       \
    X(EMPLOYED, "employment", "employer", STRING, "<employer>", "extent", NUMBER, "<extent>")      \
    X(EMPLOYED_END, "employment_ended", "reason", STRING, "Visstid", NULL, STRING, NULL)           \
    X(STUDIES, "studies_started", NULL, STRING, NULL, NULL, STRING, NULL)                          \
    X(VISIT, "aftercare_visit", "with", STRING, "<with>", NULL, STRING, NULL)                      \
    X(CALL, "aftercare_call", NULL, STRING, NULL, NULL, STRING, NULL)                              \
    X(CLOSING, "closing_talk", NULL, STRING, NULL, NULL, STRING, NULL)                             \
    X(EXTENDED, "aftercare_extended", "until", STRING, "<extended>", "by", STRING, "participant")  \
    X(TO_WORK, "discharge", "reason", STRING, "work", NULL, STRING, NULL)                          \
    X(TO_STUDIES, "discharge", "reason", STRING, "studies", NULL, STRING, NULL)                    \
    X(DISCHARGE, "discharge", "reason", STRING, "<reason>", NULL, STRING, NULL)                    \
    X(MOVED, "discharge", "reason", STRING, "moved", NULL, STRING, NULL)                           \
    X(RE_REFERRAL, "re_referral", "to", STRING, "psychiatry", NULL, STRING, NULL)                  \
    X(SURVEY, "survey_given", NULL, STRING, NULL, NULL, STRING, NULL)                              \
    X(MEETING, "group_meeting", NULL, STRING, NULL, NULL, STRING, NULL)                            \
    X(CERTIFICATE, "certificate", NULL, STRING, NULL, NULL, STRING, NULL)                          \
    X(REQUISITION, "requisition", "amount", NUMBER, "<amount>", NULL, STRING, NULL)                \
    X(REPORT, "coach_report", NULL, STRING, NULL, NULL, STRING, NULL)                              \
    X(FIDELITY, "fidelity", "score", NUMBER, "<score>", NULL, STRING, NULL)                        \
    X(ANSWER, "survey_answer", NULL, STRING, NULL, NULL, STRING, NULL)                             \
    X(SURVEY_REPORT, "survey_report", NULL, STRING, NULL, NULL, STRING, NULL)                      \
    X(NETWORK, "network_meeting", NULL, STRING, NULL, NULL, STRING, NULL)                          \
    X(REFERRERS, "referrer_meeting", NULL, STRING, NULL, NULL, STRING, NULL)

enum kad_demo_what {
#define X(name, type, f1, t1, v1, f2, t2, v2) KAD_D_##name,
    KAD_DEMO_MAP(X)
#undef X
};

/* Whose event: a case from 0, or one of these. */
#define KAD_DEMO_UNIT UINT32_C(0xffffff00) /* + number of the municipality */
#define KAD_DEMO_PROGRAMME UINT32_C(0xffffffff)
#define KAD_DEMO_UNITS 6

struct kad_demo_event {
    kad_instant at;
    kad_day on;
    uint32_t who;
    uint32_t luck;  /* what is left open is chosen by this */
    uint32_t order; /* place in the order of making: settles equal instants */
    uint8_t what;
};
struct kad_demo {
    uint32_t cases, coaches;
    uint64_t seed;
    kad_instant now;
    kad_day today, from; /* the policy is adopted from this day */
    struct kad_demo_event *v;
    size_t n, cap;
};

/* A small generator of random numbers (splitmix64): the same everywhere. */
uint64_t kad_demo_random(uint64_t *state);
/* Its own stream for each thing, so that one case more changes no other. */
uint64_t kad_demo_stream(const struct kad_demo *d, uint32_t who);

/* Who the person of a case is, and whose. */
struct kad_demo_person {
    uint32_t coach;
    unsigned unit; /* 0 .. KAD_DEMO_UNITS-1 */
    kad_day born;
    bool woman;
    unsigned first, last, from;
};
struct kad_demo_person kad_demo_person(const struct kad_demo *d, uint32_t who);
/* Number of the municipality where a coach works. */
unsigned kad_demo_unit_of_coach(uint32_t coach);
unsigned kad_demo_share(unsigned unit); /* its coaches, in per cent of a full-time post */

/* The whole story, in the order it was recorded. Owns: free(d->v). */
void kad_demo_tell(struct kad_demo *d);

#endif

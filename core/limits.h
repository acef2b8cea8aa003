/* Every bound on what comes from outside, in one place, with its reason. */
#ifndef KAD_CORE_LIMITS_H
#define KAD_CORE_LIMITS_H

#define KAD_LIMIT_RULE_BYTES (4u << 20)  /* a policy text: the 2021 policy is 40 kB */
#define KAD_LIMIT_RULE_DECLS 10000       /* declarations in one policy */
#define KAD_LIMIT_NESTING 64             /* parentheses in a condition: the parser's stack */
#define KAD_LIMIT_DIAGS 50               /* messages shown from one run */
#define KAD_LIMIT_JSON_LINE (1u << 20)   /* one line of JSON */
#define KAD_LIMIT_JSON_POLICY (9u << 20) /* one that adopts a policy: its whole text, escaped */
#define KAD_LIMIT_JSON_DEPTH 16
#define KAD_LIMIT_KEY 120                /* bytes of a subject key: LMDB keys end at 511 */
#define KAD_LIMIT_ID 200                 /* bytes of a writer's own id */
#define KAD_LIMIT_NAME 100               /* bytes of a name in a rule file, a --by, a person */
#define KAD_LIMIT_TEXT 65535             /* bytes of one text value */
#define KAD_LIMIT_FIELDS 200             /* fields of one event type */
#define KAD_LIMIT_RECORD (8u << 20)      /* one record: a policy text and some */
#define KAD_LIMIT_STORY_CHUNK 16384      /* a story is rewritten in pieces of this size */
#define KAD_LIMIT_WINDOWS 200000         /* instances of one run or duty up to a horizon */
#define KAD_LIMIT_NOTICES 20             /* reminders and escalations of one rule */
#define KAD_LIMIT_NOTICE_DAYS 366        /* how far from its due day a task is told of */
#define KAD_LIMIT_YEAR_MIN 1800          /* dates accepted from outside */
#define KAD_LIMIT_YEAR_MAX 2999

#endif

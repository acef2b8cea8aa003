/* The morning's letter to somebody: what is late, what is due today and this week, what is new, what
 * was escalated to them, and what fell away since the last one. In the running language. */
#ifndef KAD_CLI_MORNING_H
#define KAD_CLI_MORNING_H

#include "cli/message.h"
#include "cli/rows.h"

#define KAD_MORNING_MOST 200 /* lines in each part; more are counted */
#define KAD_MORNING_DAYS 14  /* what fell away before that is no news, after a long silence */

struct kad_morning_news {
    enum kad_record_kind kind;
    struct kad_str task, label, subject, owner;
    kad_day due, on;
    bool to_them; /* escalated to them, not of theirs */
};
struct kad_morning {
    struct kad_arena arena;
    struct kad_str who; /* a person, or "role:NAME" */
    kad_day day;
    struct kad_str programme;
    struct kad_rows rows; /* what they have to do: open and overdue */
    kad_vec(struct kad_morning_news) news;
    size_t n_more; /* news beyond what is kept */
};
void kad_morning_init(struct kad_morning *d, struct kad_str who);
void kad_morning_reset(struct kad_morning *d); /* for the next day */
void kad_morning_done(struct kad_morning *d);
/* Something was issued; kept if it concerns them. */
void kad_morning_take(struct kad_morning *d, const struct kad_message *m);
/* What they have to do as of the day. */
enum kad_err kad_morning_gather(struct kad_morning *d, struct kad_engine *e, kad_day day,
                                struct kad_error *reterr) KAD_MUST_CHECK;
/* Nothing late, nothing due this week, no news: no letter. */
bool kad_morning_empty(const struct kad_morning *d);
void kad_morning_put_subject(struct kad_buf *b, const struct kad_morning *d);
void kad_morning_put_text(struct kad_buf *b, const struct kad_morning *d);
void kad_morning_put_html(struct kad_buf *b, const struct kad_morning *d);

#endif

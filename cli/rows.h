/* Task instances of many subjects, gathered and put in order: what tasks, show, replay and record
 * print, in every format. */
#ifndef KAD_CLI_ROWS_H
#define KAD_CLI_ROWS_H

#include "cli/cli.h"

struct kad_row {
    struct kad_str subject;
    struct kad_instance i; /* its strings are the arena's; policy and adoption the engine's */
    struct kad_str ref;    /* the shortest end of the id that means only this task of its subject */
};
struct kad_rows {
    struct kad_arena *arena;
    kad_vec(struct kad_row) v;
};

/* A copy of one instance among all of its subject (for its short name; `all` NULL: it gets
 * none). */
void kad_rows_add(struct kad_rows *rows, struct kad_str subject, const struct kad_instance *i,
                  const struct kad_instance *all, size_t n_all);
/* Does the id end so, from one of its slashes on? */
bool kad_id_ends(struct kad_str id, struct kad_str end);
/* By due, then subject, then task, then id. */
void kad_rows_sort(struct kad_rows *rows);
/* All rows as a JSON array, JSON Lines or CSV. */
void kad_rows_put(struct kad_out *o, const struct kad_rows *rows, enum kad_format format);

/* Who has it, for people: a person's name, a role's label, "ingen". */
struct kad_str kad_row_owner(const struct kad_row *row);
/* "Eksjö"; the identifier when no policy labels it. */
struct kad_str kad_unit_label(const struct kad_policy *p, struct kad_str unit);
struct kad_str kad_task_label(const struct kad_instance *i);

/* A table for people under headings (late, today, this week, ...), as of a day. Columns that say
 * the same in each row are left out. */
struct kad_rows_view {
    kad_day today;
    bool no_subject, no_owner;
    size_t most; /* of what is over, in each part; 0: all */
};
void kad_rows_print(struct kad_out *o, struct kad_arena *a, const struct kad_rows *rows,
                    const struct kad_rows_view *view);

#endif

/* replay: derive everything anew from the first record. Without a day the stored views are compared
 * with what the records give; with one, every task of every subject is worked out as of that day. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/csv.h"
#include "cli/json.h"
#include "cli/rows.h"
#include "dsl/dsl.h"

/* --- stored views --- */

struct check {
    struct kad_cli *c;
    struct kad_progress progress;
    size_t told;
};

static void tell_progress(void *ctx, uint64_t done, uint64_t of)
{
    kad_progress_step(&((struct check *)ctx)->progress, done, of);
}

static void tell_difference(void *ctx, const char *what)
{
    struct check *k = ctx;
    struct kad_out *o = &k->c->out;
    if (k->c->format == KAD_F_TEXT) {
        kad_out_puts(o, "  ");
        kad_out_safe(o, kad_str(what));
        kad_out_puts(o, "\n");
    } else {
        kad_out_puts(o, k->told ? "," : "");
        kad_json_str(&o->b, kad_str(what));
    }
    k->told++;
}

static enum kad_err compare(struct kad_cli *c, struct kad_error *reterr)
{
    struct check k = {.c = c};
    uint64_t n = 0;
    bool text = c->format == KAD_F_TEXT;
    kad_progress_init(&k.progress, _("Records read:"));
    if (!text)
        kad_out_puts(&c->out, "{\"differences\":[");
    enum kad_err got = kad_view_check(kad_engine_ledger(c->engine), tell_progress, tell_difference,
                                      &k, &n, reterr);
    kad_progress_done(&k.progress);
    if (got != KAD_OK)
        return got;
    if (!text)
        kad_out_printf(&c->out, "],\"count\":%llu}\n", (unsigned long long)n);
    else if (n == 0)
        kad_out_printf(&c->out, "%s\n",
                       _("Everything agrees: the stored views are what the records "
                         "give."));
    else
        kad_out_printf(&c->out,
                       ngettext_("%llu difference between the stored views and the "
                                 "records. The records count: kadens replay --rebuild\n",
                                 "%llu differences between the stored views and the "
                                 "records. The records count: kadens replay --rebuild\n",
                                 (unsigned long)n),
                       (unsigned long long)n);
    return n ? KAD_ENO : KAD_OK;
}

static enum kad_err rebuild(struct kad_cli *c, struct kad_error *reterr)
{
    struct kad_progress progress;
    kad_progress_init(&progress, _("Records read:"));
    enum kad_err got =
        kad_view_rebuild(kad_engine_ledger(c->engine), kad_progress_step, &progress, reterr);
    kad_progress_done(&progress);
    if (got == KAD_OK)
        kad_out_printf(&c->out, "%s\n", _("The stored views were made anew from the records."));
    return got;
}

/* --- as of a day --- */

struct tally {
    struct kad_str task, label;
    uint64_t instances, done_late, states[KAD_S__COUNT];
};
struct replay {
    struct kad_cli *c;
    kad_day day, until;
    struct kad_policy *policy; /* --policy; NULL: the adopted ones */
    struct kad_adoption adoption;
    struct kad_timeline timeline;
    bool list;
    struct kad_rows rows;
    kad_vec(struct tally) tallies;
    uint64_t subjects, events;
};

static struct tally *tally_of(struct replay *p, const struct kad_instance *i)
{
    for (size_t t = 0; t < p->tallies.n; t++)
        if (kad_str_eq(p->tallies.v[t].task, i->task))
            return &p->tallies.v[t];
    struct tally new = {.task = i->policy->tasks[i->task_index].name, .label = kad_task_label(i)};
    kad_vec_push(&p->c->arena, &p->tallies, new);
    return &p->tallies.v[p->tallies.n - 1];
}

static void take_instances(struct replay *p, struct kad_derive *d, struct kad_str key)
{
    const struct kad_instance *all;
    size_t n = kad_derive_instances(d, p->day, p->until, &all);
    for (size_t i = 0; i < n; i++) {
        if (all[i].opens > p->until)
            continue;
        if (p->list) {
            kad_rows_add(&p->rows, key, &all[i], p->c->format == KAD_F_TEXT ? all : NULL, n);
            continue;
        }
        struct tally *t = tally_of(p, &all[i]);
        t->instances++;
        t->states[all[i].state]++;
        t->done_late += all[i].state == KAD_S_DONE && all[i].late;
    }
}

static enum kad_err take(void *ctx, struct kad_subject *s, struct kad_error *reterr)
{
    struct replay *p = ctx;
    (void)reterr;
    p->subjects++;
    p->events += kad_derive_end_of(s->derive, p->day);
    take_instances(p, s->derive, s->info.key);
    return KAD_OK;
}

/* 1 January of the year of the first event. */
static enum kad_err first_day(struct kad_cli *c, kad_day *ret, struct kad_error *reterr)
{
    enum { PAGE = 512 };
    struct kad_snapshot *s = NULL;
    struct kad_arena a;
    struct kad_subject_info *infos = kad_xalloc(PAGE * sizeof *infos);
    struct kad_str after = {0};
    size_t n = PAGE;
    kad_day first = c->as_of;
    kad_arena_init(&a);
    enum kad_err got = kad_snapshot_take(kad_engine_ledger(c->engine), &s, reterr);
    while (got == KAD_OK && n == PAGE) {
        got = kad_snapshot_subjects(s, after, PAGE, &a, infos, &n, reterr);
        for (size_t i = 0; got == KAD_OK && i < n; i++)
            if (infos[i].first_on != KAD_DAY_NONE && infos[i].first_on < first)
                first = infos[i].first_on;
        if (got == KAD_OK && n == PAGE)
            after = infos[n - 1].key;
    }
    kad_snapshot_release(s);
    kad_arena_done(&a);
    free(infos);
    *ret = kad_day_of(kad_ymd_of(first).year, 1, 1);
    return got;
}

static enum kad_err load_policy(struct replay *p, struct kad_error *reterr)
{
    const char *path = p->c->opt[KAD_O_POLICY];
    struct kad_buf text = {0};
    enum kad_err got = kad_file_read(path, KAD_LIMIT_RULE_BYTES + 1, &text, reterr);
    if (got == KAD_OK) {
        struct kad_str copy = kad_str_dup(&p->c->arena, (struct kad_str){text.p, text.n});
        struct kad_diags diags;
        kad_diags_init(&diags);
        p->policy = kad_dsl_compile(copy, path, &diags);
        kad_buf_reset(&text);
        kad_diags_put_all(&text, &diags);
        fputs(kad_buf_str(&text), stderr);
        kad_diags_done(&diags);
        got = p->policy ? KAD_OK : KAD_ENO;
    }
    kad_buf_done(&text);
    if (got == KAD_OK)
        got = first_day(p->c, &p->adoption.from, reterr);
    if (got != KAD_OK)
        return got;
    p->adoption.name = p->policy->name;
    p->adoption.policy = p->policy;
    p->timeline = (struct kad_timeline){&p->adoption, 1};
    return KAD_OK;
}

/* --- counts --- */

static const enum kad_state counted[] = {KAD_S_OPEN,   KAD_S_OVERDUE, KAD_S_DONE,  KAD_S_MISSED,
                                         KAD_S_UNTOLD, KAD_S_DROPPED, KAD_S_WAIVED};
#define N_COUNTED (sizeof counted / sizeof *counted)

static int tally_cmp(const void *pa, const void *pb)
{
    const struct tally *a = pa, *b = pb;
    return kad_str_cmp(a->task, b->task);
}

static void put_json_counts(struct replay *p)
{
    struct kad_buf *b = &p->c->out.b;
    kad_buf_puts(b, "{\"as_of\":");
    kad_json_day(b, p->day);
    kad_buf_printf(b, ",\"subjects\":%llu,\"events\":%llu,\"tasks\":{",
                   (unsigned long long)p->subjects, (unsigned long long)p->events);
    for (size_t i = 0; i < p->tallies.n; i++) {
        const struct tally *t = &p->tallies.v[i];
        kad_buf_puts(b, i ? "," : "");
        kad_json_str(b, t->task);
        kad_buf_printf(b, ":{\"instances\":%llu", (unsigned long long)t->instances);
        for (size_t s = 0; s < N_COUNTED; s++)
            kad_buf_printf(b, ",\"%s\":%llu", kad_state_name(counted[s]),
                           (unsigned long long)t->states[counted[s]]);
        kad_buf_printf(b, ",\"upcoming\":%llu,\"done_late\":%llu}",
                       (unsigned long long)t->states[KAD_S_UPCOMING],
                       (unsigned long long)t->done_late);
    }
    kad_buf_puts(b, "}}\n");
}

static void put_csv_counts(struct replay *p)
{
    struct kad_buf *b = &p->c->out.b;
    kad_buf_puts(b, "task,instances,open,overdue,done,missed,untold,dropped,waived,done_late\r\n");
    for (size_t i = 0; i < p->tallies.n; i++) {
        const struct tally *t = &p->tallies.v[i];
        kad_csv_cell(b, t->task, true);
        kad_buf_printf(b, ",%llu", (unsigned long long)t->instances);
        for (size_t s = 0; s < N_COUNTED; s++)
            kad_buf_printf(b, ",%llu", (unsigned long long)t->states[counted[s]]);
        kad_buf_printf(b, ",%llu", (unsigned long long)t->done_late);
        kad_csv_end(b);
    }
}

static void cell_count(struct kad_table *t, uint64_t n, bool shown)
{
    struct kad_buf b = {0};
    if (shown)
        kad_put_count(&b, n);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

static void put_text_counts(struct replay *p)
{
    struct kad_out *o = &p->c->out;
    struct kad_buf b = {0};
    struct kad_column columns[3 + N_COUNTED] = {{.title = _("Task"), .gives = true, .wraps = true},
                                                {.title = _("All"), .right = true}};
    for (size_t i = 0; i < N_COUNTED; i++)
        columns[2 + i] = (struct kad_column){.title = kad_state_label(counted[i]), .right = true};
    columns[2 + N_COUNTED] = (struct kad_column){.title = _("done late"), .right = true};
    struct kad_table t;
    kad_table_init(&t, &p->c->arena, columns, sizeof columns / sizeof *columns);
    /* States that nothing is in get no column. */
    struct tally sum = {0};
    for (size_t i = 0; i < p->tallies.n; i++) {
        for (size_t s = 0; s < KAD_S__COUNT; s++)
            sum.states[s] += p->tallies.v[i].states[s];
        sum.done_late += p->tallies.v[i].done_late;
    }
    for (size_t i = 0; i < p->tallies.n; i++) {
        const struct tally *y = &p->tallies.v[i];
        kad_table_row(&t, KAD_PLAIN);
        kad_table_cell(&t, y->label);
        cell_count(&t, y->instances, true);
        for (size_t s = 0; s < N_COUNTED; s++)
            cell_count(&t, y->states[counted[s]], sum.states[counted[s]]);
        cell_count(&t, y->done_late, sum.done_late);
    }
    kad_put_day_long(&b, p->day);
    kad_out_line(o, KAD_BOLD, _("Derived anew as of %s"), kad_buf_str(&b));
    kad_buf_reset(&b);
    kad_put_count(&b, p->subjects);
    kad_out_printf(o, _("Subjects: %s. "), kad_buf_str(&b));
    kad_buf_reset(&b);
    kad_put_count(&b, p->events);
    kad_out_printf(o, _("Events up to that day: %s.\n\n"), kad_buf_str(&b));
    if (p->tallies.n)
        kad_table_print(&t, o, 2);
    else
        kad_out_printf(o, "%s\n", _("No tasks."));
    kad_buf_done(&b);
}

static void put_answer(struct replay *p)
{
    struct kad_cli *c = p->c;
    if (p->list) {
        kad_rows_sort(&p->rows);
        struct kad_rows_view view = {.today = p->day};
        if (c->format == KAD_F_TEXT)
            kad_rows_print(&c->out, &c->arena, &p->rows, &view);
        else
            kad_rows_put(&c->out, &p->rows, c->format);
        return;
    }
    if (p->tallies.n)
        qsort(p->tallies.v, p->tallies.n, sizeof *p->tallies.v, tally_cmp);
    if (c->format == KAD_F_TEXT)
        put_text_counts(p);
    else if (c->format == KAD_F_CSV)
        put_csv_counts(p);
    else
        put_json_counts(p);
}

static enum kad_err replay(struct kad_cli *c, struct kad_error *reterr)
{
    struct replay p = {
        .c = c, .day = c->as_of, .list = c->opt[KAD_O_TASKS] != NULL, .rows.arena = &c->arena};
    struct kad_progress progress;
    kad_progress_init(&progress, _("Subjects read:"));
    struct kad_each each = {.day = p.day, .progress = kad_progress_step, .progress_ctx = &progress};
    enum kad_err got = kad_opt_day(c, KAD_O_UNTIL, &p.until, reterr);
    if (p.until == KAD_DAY_NONE || p.until < p.day)
        p.until = p.day;
    if (got == KAD_OK && c->opt[KAD_O_POLICY])
        got = load_policy(&p, reterr);
    if (p.policy)
        each.timeline = &p.timeline;
    if (got == KAD_OK)
        got = kad_engine_each(c->engine, &each, take, &p, reterr);
    kad_progress_done(&progress);
    if (got == KAD_OK)
        put_answer(&p);
    kad_policy_free(p.policy);
    return got;
}

enum kad_err kad_cmd_replay(struct kad_cli *c, struct kad_error *reterr)
{
    bool day = c->opt[KAD_O_AS_OF] || c->opt[KAD_O_KNOWN_AT] || c->opt[KAD_O_POLICY] ||
               c->opt[KAD_O_TASKS] || c->opt[KAD_O_UNTIL];
    bool makes = c->opt[KAD_O_REBUILD] != NULL;
    if (day && makes)
        return kad_fail(reterr, KAD_EINPUT,
                        _("--rebuild replaces the stored views, which are of all records and no "
                          "day: leave the other options out."));
    if (!day && (c->format == KAD_F_CSV))
        return kad_fail(reterr, KAD_EINPUT,
                        _("--format csv needs a day: kadens replay --as-of DATE --format csv."));
    if (kad_cli_open(c, makes, reterr) != KAD_OK)
        return reterr->code;
    return makes ? rebuild(c, reterr) : day ? replay(c, reterr) : compare(c, reterr);
}

/* A folder of calendar files, one for each person who ever had something to do. A file is made anew
 * from the ledger when a record concerns one of its subjects, and every file once a day (what is due
 * moves with the day) and at the start; it is replaced only when it has become another. */
#include <stdlib.h>

#include "cli/folder.h"
#include "cli/ics.h"
#include "cli/sinks.h"
#include "core/clock.h"

struct name {
    char *p; /* a person */
    bool dirty;
};
struct calendar {
    struct kad_sink *sink;
    struct kad_calendar_options o;
    char *folder;
    struct name *v;
    size_t n, cap, at;
    kad_day day;            /* the day that the files are of; KAD_DAY_NONE: to be made anew */
    struct kad_timer *step; /* one person at a time: others have their turn */
    struct job *job;
};
/* Writing a file, on a thread; outlives the sink. */
struct job {
    char *folder;
    struct kad_buf name, bytes;
    struct kad_error error;
    struct calendar *calendar; /* NULL: the sink has gone */
};

static struct name *name_of(struct calendar *c, struct kad_str who)
{
    for (size_t i = 0; i < c->n; i++)
        if (kad_str_eq(kad_str(c->v[i].p), who))
            return &c->v[i];
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 16;
        c->v = kad_xrealloc(c->v, c->cap * sizeof *c->v);
    }
    c->v[c->n] = (struct name){.p = kad_xalloc(who.n + 1)};
    memcpy(c->v[c->n].p, who.p, who.n);
    return &c->v[c->n++];
}

static void mark(struct calendar *c, struct kad_str who)
{
    bool role = who.n > 5 && memcmp(who.p, "role:", 5) == 0;
    if (who.n && !role)
        name_of(c, who)->dirty = true;
}

static void mark_fields(struct calendar *c, const struct kad_record *r)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        const struct kad_field *f = &r->fields[i];
        if (f->value.type == KAD_T_PERSON && f->value.know == KAD_KNOWN && !f->is_private)
            mark(c, f->value.str);
    }
}

/* Everybody whom a record about the subject has ever named: the new coach and the one before. */
static void mark_subject(struct calendar *c, struct kad_str subject)
{
    const struct kad_sink_host *h = kad_sink_host_of(c->sink);
    struct kad_snapshot *snap;
    struct kad_error none = {0};
    struct kad_arena a;
    struct kad_record *r;
    size_t n = 0;
    kad_arena_init(&a);
    if (kad_snapshot_take(kad_engine_ledger(h->engine(h->ctx)), &snap, &none) == KAD_OK) {
        if (kad_snapshot_story(snap, subject, &a, &r, &n, &none) != KAD_OK)
            c->day = KAD_DAY_NONE;
        for (size_t i = 0; i < n; i++) {
            mark_fields(c, &r[i]);
            mark(c, kad_record_note(&r[i], "for"));
        }
        kad_snapshot_release(snap);
    }
    kad_arena_done(&a);
}

static void take(struct kad_sink *s, const struct kad_record *r, const struct kad_message *m)
{
    struct calendar *c = kad_sink_state(s);
    c->sink = s;
    if (m)
        mark(c, m->owner);
    if (r->subject.n && !kad_message_is(r->kind))
        mark_subject(c, r->subject);
    else if (!r->subject.n)
        c->day = KAD_DAY_NONE; /* a policy came or went */
}

static kad_day today(struct kad_sink *s)
{
    const struct kad_sink_host *h = kad_sink_host_of(s);
    return kad_clock_day(h->now(h->ctx));
}

/* The day has changed, or nothing has been made yet. */
static bool pending(struct kad_sink *s)
{
    struct calendar *c = kad_sink_state(s);
    return c->day != today(s);
}

static enum kad_err mark_everybody(struct calendar *c, struct kad_error *reterr)
{
    const struct kad_sink_host *h = kad_sink_host_of(c->sink);
    struct kad_snapshot *snap;
    struct kad_arena a;
    struct kad_str *persons = NULL;
    size_t n = 0;
    if (kad_snapshot_take(kad_engine_ledger(h->engine(h->ctx)), &snap, reterr) != KAD_OK)
        return reterr->code;
    kad_arena_init(&a);
    enum kad_err err = kad_snapshot_persons(snap, &a, &persons, &n, reterr);
    for (size_t i = 0; i < n; i++)
        mark(c, persons[i]);
    kad_snapshot_release(snap);
    kad_arena_done(&a);
    return err;
}

/* --- writing --- */

static void job_free(struct job *j)
{
    kad_buf_done(&j->name);
    kad_buf_done(&j->bytes);
    free(j->folder);
    free(j);
}

static void work(void *ctx)
{
    struct job *j = ctx;
    struct kad_str bytes = {j->bytes.p, j->bytes.n};
    /* Somebody who is named in events but has never had anything to do gets no file. */
    bool empty = !strstr(kad_buf_str(&j->bytes), "BEGIN:VEVENT");
    if (empty && !kad_folder_has(j->folder, j->name.p))
        return;
    if (kad_folder_put(j->folder, j->name.p, bytes, &j->error) != KAD_OK)
        kad_assert(j->error.code != KAD_OK);
}

static void fail(struct calendar *c, const char *why)
{
    c->day = KAD_DAY_NONE; /* all of it again */
    kad_sink_answer(c->sink, KAD_SINK_FAILED, 0, why);
}

static void written(void *ctx)
{
    struct job *j = ctx;
    struct calendar *c = j->calendar;
    if (c) {
        c->job = NULL;
        if (j->error.code)
            fail(c, j->error.text);
        else
            kad_timer_start(c->step, 0);
    }
    job_free(j);
}

/* The next whose file may have changed. */
static void step(void *ctx)
{
    struct calendar *c = ctx;
    const struct kad_sink_host *h = kad_sink_host_of(c->sink);
    struct kad_error error = {0};
    while (c->at < c->n && !c->v[c->at].dirty)
        c->at++;
    if (c->at == c->n) {
        kad_sink_answer(c->sink, KAD_SINK_DELIVERED, 0, NULL);
        return;
    }
    struct kad_ics_ask q = {
        .who = kad_str(c->v[c->at].p), .day = c->day, .ahead = c->o.ahead, .keep = c->o.keep};
    struct job *j = kad_xalloc(sizeof *j);
    j->folder = kad_xstrdup(c->folder);
    if (kad_ics_put(h->engine(h->ctx), &q, &j->bytes, &error) != KAD_OK) {
        job_free(j);
        fail(c, error.text);
        return;
    }
    kad_file_name(&j->name, q.who, ".ics");
    j->calendar = c;
    c->job = j;
    c->v[c->at++].dirty = false;
    kad_loop_work(h->loop, work, written, j);
}

static void flush(struct kad_sink *s)
{
    struct calendar *c = kad_sink_state(s);
    struct kad_error error = {0};
    kad_day day = today(s);
    c->sink = s;
    c->at = 0;
    if (c->day != day) {
        c->day = day;
        if (mark_everybody(c, &error) != KAD_OK) {
            fail(c, error.text);
            return;
        }
    }
    kad_timer_start(c->step, 0);
}

static void close_calendar(struct kad_sink *s)
{
    struct calendar *c = kad_sink_state(s);
    if (c->job)
        c->job->calendar = NULL; /* frees itself */
    kad_timer_free(c->step);
    for (size_t i = 0; i < c->n; i++)
        free(c->v[i].p);
    free(c->v);
    free(c->folder);
    free(c);
}

enum kad_err kad_sink_add_calendar(struct kad_sinks *all, const char *name,
                                   const struct kad_calendar_options *o, struct kad_error *reterr)
{
    static const struct kad_sink_ops ops = {.batch = 1000,
                                            .records = true,
                                            .pending = pending,
                                            .take = take,
                                            .flush = flush,
                                            .close = close_calendar};
    if (kad_folder_ready(o->folder, reterr) != KAD_OK)
        return reterr->code;
    struct calendar *c = kad_xalloc(sizeof *c);
    c->o = *o;
    c->folder = kad_xstrdup(o->folder);
    c->day = KAD_DAY_NONE;
    c->step = kad_timer_new(kad_sinks_loop(all), step, c);
    return kad_sink_add(all, &ops, name, false, c, reterr);
}

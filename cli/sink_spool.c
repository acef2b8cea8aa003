/* A folder of files, one for each message. Files are written on a thread: a disk may be slow. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/folder.h"
#include "cli/sinks.h"

#define BATCH 200
#define FULL_MS 30000 /* until a full folder is looked at again */

/* What the thread works on outlives the sink. */
struct job {
    char *folder;
    uint64_t most;
    struct kad_folder_file v[BATCH];
    size_t n;
    bool full;
    struct kad_error error;
    struct spool *spool; /* NULL: the sink has gone */
};
struct spool {
    struct kad_sink *sink;
    struct job *job;
    char *folder;
    uint64_t most;
};

static void job_free(struct job *j)
{
    if (!j)
        return;
    for (size_t i = 0; i < j->n; i++)
        kad_buf_done(&j->v[i].bytes);
    free(j->folder);
    free(j);
}

static void take(struct kad_sink *s, const struct kad_record *r, const struct kad_message *m)
{
    struct spool *sp = kad_sink_state(s);
    (void)r;
    if (!sp->job) {
        sp->job = kad_xalloc(sizeof *sp->job);
        sp->job->folder = kad_xstrdup(sp->folder);
        sp->job->most = sp->most;
    }
    size_t i = sp->job->n++;
    snprintf(sp->job->v[i].name, sizeof sp->job->v[i].name, "%020llu.json",
             (unsigned long long)m->seq);
    kad_message_put_json(&sp->job->v[i].bytes, kad_sink_ledger(s), m);
    kad_buf_putc(&sp->job->v[i].bytes, '\n');
}

static void work(void *ctx)
{
    struct job *j = ctx;
    /* A batch may overshoot by less than itself; what matters is that there is an end. */
    j->full = kad_folder_count(j->folder, ".json", j->most) >= j->most;
    if (!j->full && kad_folder_put_all(j->folder, j->v, j->n, &j->error) != KAD_OK)
        kad_assert(j->error.code != KAD_OK);
}

static void done(void *ctx)
{
    struct job *j = ctx;
    struct spool *sp = j->spool;
    if (sp) {
        sp->job = NULL;
        if (j->full)
            kad_sink_answer(sp->sink, KAD_SINK_FAILED, FULL_MS,
                            _("the folder is full: nobody takes the files away"));
        else if (j->error.code)
            kad_sink_answer(sp->sink, KAD_SINK_FAILED, 0, j->error.text);
        else
            kad_sink_answer(sp->sink, KAD_SINK_DELIVERED, 0, NULL);
    }
    job_free(j);
}

static void flush(struct kad_sink *s)
{
    struct spool *sp = kad_sink_state(s);
    sp->sink = s;
    sp->job->spool = sp;
    kad_loop_work(kad_sink_host_of(s)->loop, work, done, sp->job);
}

static void close_spool(struct kad_sink *s)
{
    struct spool *sp = kad_sink_state(s);
    if (sp->job && sp->job->spool)
        sp->job->spool = NULL; /* under way: it frees itself */
    else
        job_free(sp->job);
    free(sp->folder);
    free(sp);
}

enum kad_err kad_sink_add_spool(struct kad_sinks *all, const char *name,
                                const struct kad_spool_options *o, struct kad_error *reterr)
{
    static const struct kad_sink_ops ops = {
        .batch = BATCH, .take = take, .flush = flush, .close = close_spool};
    if (kad_folder_ready(o->folder, reterr) != KAD_OK)
        return reterr->code;
    struct spool *sp = kad_xalloc(sizeof *sp);
    sp->folder = kad_xstrdup(o->folder);
    sp->most = o->most;
    return kad_sink_add(all, &ops, name, o->from_start, sp, reterr);
}

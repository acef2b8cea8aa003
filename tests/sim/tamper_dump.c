/* Everything that any command can read of a ledger, in one long text. */
#include "core/checkpoint.h"
#include "core/proof.h"
#include "core/scheduler.h"
#include "dsl/dsl.h"
#include "tests/sim/tamper.h"

#define DAY_ASKED 18900 /* 2021-09-30 */

struct dumping {
    struct kad_buf *b;
    struct kad_snapshot *s;
    struct kad_arena a;
    struct kad_error error;
};

static void put_str(struct kad_buf *b, struct kad_str s)
{
    kad_buf_printf(b, " %zu:", s.n);
    kad_buf_put(b, s.p ? s.p : "", s.n);
}

static void put_number(struct kad_buf *b, uint64_t n)
{
    kad_buf_printf(b, " %llu", (unsigned long long)n);
}

static void put_error(struct dumping *d, const char *where)
{
    kad_buf_printf(d->b, "\n%s failed: %s\n", where, d->error.text);
    d->error = (struct kad_error){0};
}

static void put_fields(struct kad_buf *b, const struct kad_field *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_str(b, f[i].name);
        kad_buf_printf(b, "=%d/%d/%d/%lld", (int)f[i].value.type, (int)f[i].value.know,
                       f[i].is_private, (long long)f[i].value.num);
        put_str(b, f[i].value.str);
    }
}

static void put_record(struct kad_buf *b, const struct kad_record *r)
{
    kad_buf_printf(b, "\nrecord %d %u %llu %lld %d %llu %llu", (int)r->kind, r->flags,
                   (unsigned long long)r->seq, (long long)r->at, r->on,
                   (unsigned long long)r->policy, (unsigned long long)r->ref);
    put_str(b, r->subject);
    put_str(b, r->type);
    put_str(b, r->id);
    put_str(b, r->by);
    put_str(b, r->via);
    put_str(b, r->kind_name);
    put_fields(b, r->fields, r->n_fields);
    put_fields(b, r->notes, r->n_notes);
    for (size_t i = 0; i < r->n_deviations; i++) {
        put_number(b, r->deviations[i].policy);
        put_number(b, r->deviations[i].line);
        put_str(b, r->deviations[i].message);
        put_str(b, r->deviations[i].source);
    }
}

static void dump_log(struct dumping *d, uint64_t last)
{
    for (uint64_t seq = 1; seq <= last; seq++) {
        struct kad_str bytes;
        struct kad_record r;
        uint64_t first = 0;
        if (kad_snapshot_record(d->s, seq, &bytes, &d->error) != KAD_OK ||
            kad_record_decode(bytes, &d->a, true, &r, &d->error) != KAD_OK) {
            put_error(d, "record");
            continue;
        }
        put_str(d->b, bytes);
        if (r.id.n > 0 && kad_snapshot_id(d->s, r.id, &first, &d->error) != KAD_OK)
            put_error(d, "id");
        put_number(d->b, first);
    }
}

static void dump_subjects(struct dumping *d)
{
    struct kad_subject_info info[512];
    size_t n = 0, n_records = 0;
    if (kad_snapshot_subjects(d->s, (struct kad_str){0}, 512, &d->a, info, &n, &d->error) != KAD_OK)
        put_error(d, "subjects");
    for (size_t i = 0; i < n; i++) {
        struct kad_record *r;
        put_str(d->b, info[i].key);
        put_str(d->b, info[i].kind);
        kad_buf_printf(d->b, " %d %llu %llu %d %d", info[i].first_on,
                       (unsigned long long)info[i].first_seq, (unsigned long long)info[i].records,
                       info[i].amended, info[i].first_person);
        if (kad_snapshot_story(d->s, info[i].key, &d->a, &r, &n_records, &d->error) != KAD_OK) {
            put_error(d, "story");
            continue;
        }
        for (size_t k = 0; k < n_records; k++)
            put_record(d->b, &r[k]);
    }
}

static void dump_indices(struct dumping *d)
{
    struct kad_str *persons, *subjects;
    uint64_t *seqs, all, now;
    size_t n, m;
    struct kad_due due[512];
    if (kad_snapshot_persons(d->s, &d->a, &persons, &n, &d->error) != KAD_OK)
        put_error(d, "persons");
    else
        for (size_t i = 0; i < n; i++) {
            put_str(d->b, persons[i]);
            if (kad_snapshot_mentions(d->s, persons[i], &d->a, &subjects, &m, &d->error) != KAD_OK)
                put_error(d, "mentions");
            else
                for (size_t k = 0; k < m; k++)
                    put_str(d->b, subjects[k]);
        }
    if (kad_snapshot_adopted(d->s, &d->a, &seqs, &n, &d->error) != KAD_OK)
        put_error(d, "adopted");
    else
        for (size_t i = 0; i < n; i++)
            put_number(d->b, seqs[i]);
    if (kad_snapshot_due(d->s, KAD_DUE_NEVER, 512, &d->a, due, &n, &d->error) != KAD_OK)
        put_error(d, "due");
    else
        for (size_t i = 0; i < n; i++) {
            kad_buf_printf(d->b, " due %lld", (long long)due[i].moment);
            put_str(d->b, due[i].subject);
        }
    if (kad_snapshot_due_count(d->s, 10000, &all, &now, &d->error) != KAD_OK)
        put_error(d, "due count");
    else
        kad_buf_printf(d->b, " due %llu %llu", (unsigned long long)all, (unsigned long long)now);
}

static void dump_places(struct dumping *d)
{
    struct kad_progress_mark mark;
    struct kad_cursor *cursors;
    size_t n;
    if (kad_snapshot_mark(d->s, &d->a, &mark, &d->error) != KAD_OK) {
        put_error(d, "mark");
    } else {
        kad_buf_printf(d->b, "\nmark %lld %llu %llu", (long long)mark.reached,
                       (unsigned long long)mark.swept, (unsigned long long)mark.sweeping);
        put_str(d->b, mark.at);
    }
    if (kad_snapshot_cursors(d->s, &d->a, &cursors, &n, &d->error) != KAD_OK)
        put_error(d, "cursors");
    else
        for (size_t i = 0; i < n; i++) {
            put_str(d->b, cursors[i].name);
            put_str(d->b, cursors[i].bytes);
        }
}

/* Every stored node, so every proof that could be made, and the checkpoints. */
static void dump_tree(struct dumping *d, uint64_t last)
{
    uint64_t most = UINT64_MAX;
    for (unsigned level = 0; level < 20 && last >> level > 0; level++)
        for (uint64_t i = 0; i < last >> level; i++) {
            uint8_t hash[KAD_HASH];
            if (kad_snapshot_node(d->s, level, i, hash, &d->error) != KAD_OK)
                put_error(d, "node");
            else
                kad_buf_put(d->b, hash, sizeof hash);
        }
    for (;;) {
        struct kad_str note;
        uint64_t size;
        if (kad_snapshot_note(d->s, most, &d->a, &note, &size, &d->error) != KAD_OK) {
            put_error(d, "checkpoint");
            break;
        }
        if (note.n == 0 || size == 0)
            break;
        put_number(d->b, size);
        put_str(d->b, note);
        most = size - 1;
    }
}

static void put_value(struct dumping *d, struct kad_value v)
{
    kad_buf_printf(d->b, "=%d/%d/%lld", (int)v.type, (int)v.know, (long long)v.num);
    put_str(d->b, v.str);
}

static enum kad_err take_subject(void *ctx, struct kad_subject *s, struct kad_error *reterr)
{
    struct dumping *d = ctx;
    const struct kad_instance *v;
    (void)reterr;
    put_str(d->b, s->info.key);
    size_t n = kad_derive_instances(s->derive, DAY_ASKED, DAY_ASKED + 90, &v);
    for (size_t i = 0; i < n; i++) {
        put_str(d->b, v[i].id);
        put_str(d->b, v[i].owner);
        put_str(d->b, v[i].unit);
        kad_buf_printf(d->b, " %d %d %d %d %d %llu %llu %llu %llu %d %d", v[i].opens, v[i].due,
                       v[i].closes, (int)v[i].state, v[i].late, (unsigned long long)v[i].anchor,
                       (unsigned long long)v[i].done_by, (unsigned long long)v[i].dropped_by,
                       (unsigned long long)v[i].waived_by, v[i].ended, v[i].line);
    }
    const struct kad_policy *p = n > 0 ? v[0].policy : NULL;
    for (size_t k = 0; p && k < p->n_kinds; k++)
        if (kad_str_eq(p->kinds[k].name, s->info.kind))
            for (size_t i = 0; i < p->kinds[k].n_attributes; i++)
                put_value(d,
                          kad_derive_attribute(s->derive, p, (int)i,
                                               kad_derive_end_of(s->derive, DAY_ASKED), DAY_ASKED));
    return KAD_OK;
}

static void dump_engine(struct dumping *d, struct kad_engine *e)
{
    struct kad_each each = {.day = DAY_ASKED};
    struct kad_scheduler_state state;
    const struct kad_timeline *t = kad_engine_timeline(e);
    for (size_t i = 0; i < t->n; i++) {
        put_number(d->b, t->v[i].seq);
        put_str(d->b, t->v[i].name);
        kad_buf_printf(d->b, " %d %lld", t->v[i].from, (long long)t->v[i].at);
    }
    if (kad_engine_each(e, &each, take_subject, d, &d->error) != KAD_OK)
        put_error(d, "each");
    if (kad_scheduler_state(e, kad_engine_now(e), &state, &d->error) != KAD_OK)
        put_error(d, "state");
    else
        kad_buf_printf(d->b, " state %d %lld %lld %llu %llu %d", state.begun,
                       (long long)state.reached, (long long)state.next,
                       (unsigned long long)state.waiting, (unsigned long long)state.subjects,
                       state.sweeping);
}

void tamper_dump(void *dir, struct kad_buf *ret)
{
    struct dumping d = {.b = ret};
    struct kad_engine *e = NULL;
    struct kad_ledger_state state = {0};
    struct kad_engine_options o = {
        .dir = dir, .compile = kad_dsl_compile_fn, .now = KAD_INSTANT_MAX, .known = KAD_KNOWN_ALL};
    kad_arena_init(&d.a);
    if (kad_engine_open(&o, &e, &d.error) != KAD_OK) {
        put_error(&d, "open");
        return;
    }
    struct kad_ledger *l = kad_engine_ledger(e);
    const struct kad_ledger_info *info = kad_ledger_info(l);
    kad_buf_put(ret, info->id, sizeof info->id);
    kad_buf_put(ret, info->key, sizeof info->key);
    put_str(ret, kad_str(info->programme));
    put_number(ret, info->mode);
    if (kad_snapshot_take(l, &d.s, &d.error) != KAD_OK ||
        kad_snapshot_state(d.s, &state, &d.error) != KAD_OK)
        put_error(&d, "snapshot");
    kad_buf_printf(ret, " %llu %lld %llu %d", (unsigned long long)state.last_seq,
                   (long long)state.last_at, (unsigned long long)state.subjects, state.last_on);
    if (d.s) {
        dump_log(&d, state.last_seq);
        dump_subjects(&d);
        dump_indices(&d);
        dump_places(&d);
        dump_tree(&d, state.last_seq);
    }
    kad_snapshot_release(d.s);
    dump_engine(&d, e);
    kad_engine_close(e);
    kad_arena_done(&d.a);
}

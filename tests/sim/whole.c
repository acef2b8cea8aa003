#include "tests/sim/whole.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/engine.h"
#include "core/keys.h"
#include "core/note.h"
#include "dsl/dsl.h"

const char *whole_fault_name(enum whole_fault f)
{
    static const char *const names[] = {"fine", "LOST", "CORRUPT", "DOUBLED"};
    return names[f];
}

__attribute__((format(printf, 3, 4))) static bool found(struct whole_found *ret,
                                                        enum whole_fault fault, const char *fmt,
                                                        ...)
{
    va_list ap;
    va_start(ap, fmt);
    ret->fault = fault;
    vsnprintf(ret->why, sizeof ret->why, fmt, ap);
    va_end(ap);
    return false;
}

struct whole_log whole_read(const char *store)
{
    struct whole_log log = {0};
    struct kad_error e = {0};
    struct kad_ledger *l;
    struct kad_snapshot *s;
    struct kad_ledger_state st;
    struct kad_arena *a = kad_xalloc(sizeof *a); /* kept for good */
    kad_arena_init(a);
    if (kad_ledger_open(store, false, 0, &l, &e) != KAD_OK ||
        kad_snapshot_take(l, &s, &e) != KAD_OK || kad_snapshot_state(s, &st, &e) != KAD_OK) {
        fprintf(stderr, "%s: %s\n", store, e.text);
        exit(2);
    }
    log.v = kad_xalloc((st.last_seq + 1) * sizeof *log.v);
    for (log.n = 0; log.n < st.last_seq; log.n++) {
        struct kad_str r;
        struct kad_record record;
        if (kad_snapshot_record(s, log.n + 1, &r, &e) != KAD_OK ||
            kad_record_decode(r, a, true, &record, &e) != KAD_OK) {
            fprintf(stderr, "%s: %s\n", store, e.text);
            exit(2);
        }
        if (record.kind == KAD_R_ADOPTED && log.adopted == 0)
            log.adopted = log.n + 1;
        log.v[log.n] = kad_str_dup(a, r);
    }
    kad_snapshot_release(s);
    kad_ledger_close(l);
    return log;
}

/* --- the records --- */

/* Ids that are there twice, and tasks issued twice. */
struct seen {
    struct kad_arena *arena;
    kad_vec(struct kad_str) keys;
};

static bool again(struct seen *seen, struct kad_str key)
{
    for (size_t i = 0; i < seen->keys.n; i++)
        if (kad_str_eq(seen->keys.v[i], key))
            return true;
    kad_vec_push(seen->arena, &seen->keys, key);
    return false;
}

static bool look_doubled(struct seen *seen, const struct kad_record *r, struct whole_found *ret)
{
    struct kad_str key = {0};
    if (r->id.n > 0)
        key = kad_str(kad_arena_printf(seen->arena, "id %.*s", KAD_STR_FMT(r->id)));
    else if (r->kind >= KAD_R_ISSUED && r->kind <= KAD_R_ESCALATED) {
        const struct kad_field *issue = kad_fields_find(r->notes, r->n_notes, "issue");
        struct kad_str task = kad_record_note(r, "task"), what = kad_record_note(r, "notice");
        key = kad_str(kad_arena_printf(seen->arena, "%d %.*s %lld %.*s", (int)r->kind,
                                       KAD_STR_FMT(task), issue ? (long long)issue->value.num : 0,
                                       KAD_STR_FMT(what)));
    }
    if (key.n > 0 && again(seen, key))
        return found(ret, WHOLE_DOUBLED, "record %llu is there a second time: %.*s",
                     (unsigned long long)r->seq, KAD_STR_FMT(key));
    return true;
}

/* The same record: byte for byte, or, when the program recorded it again, but for what is sealed, which
 * is sealed with a nonce of its own each time. */
static bool same_record(struct kad_arena *a, struct kad_str x, struct kad_str y)
{
    struct kad_str both[2] = {x, y};
    struct kad_buf open[2] = {{0}};
    struct kad_error e = {0};
    bool good = true;
    if (kad_str_eq(x, y))
        return true;
    for (int i = 0; i < 2 && good; i++) {
        struct kad_record r;
        size_t n = 0;
        good = kad_record_decode(both[i], a, true, &r, &e) == KAD_OK && r.stored.n > 0;
        for (size_t f = 0; good && f < r.n_fields; f++)
            if (!r.fields[f].is_private)
                r.fields[n++] = r.fields[f];
        r.n_fields = n;
        if (good)
            kad_record_encode(&open[i], &r, NULL);
    }
    good = good && open[0].n == open[1].n && memcmp(open[0].p, open[1].p, open[0].n) == 0;
    kad_buf_done(&open[0]);
    kad_buf_done(&open[1]);
    return good;
}

static bool is_erased(const struct whole_want *w, struct kad_str subject)
{
    for (const char *const *e = w->erased; e && *e; e++)
        if (kad_str_eq(subject, kad_str(*e)))
            return true;
    return false;
}

/* Whoever has the keys can read what is private; what was erased nobody can. */
static bool look_unsealed(const struct kad_record *r, const struct whole_want *w,
                          struct whole_found *ret)
{
    for (size_t i = 0; i < r->n_fields && w->keys; i++) {
        const struct kad_field *f = &r->fields[i];
        if (f->is_private && f->value.know == KAD_SEALED)
            return found(ret, WHOLE_LOST, "record %llu: nobody can read its field %.*s",
                         (unsigned long long)r->seq, KAD_STR_FMT(f->name));
        if (f->is_private && is_erased(w, r->subject) && f->value.know != KAD_ERASED)
            return found(ret, WHOLE_CORRUPT, "record %llu: its field %.*s was erased and is there",
                         (unsigned long long)r->seq, KAD_STR_FMT(f->name));
    }
    return true;
}

static bool look_at_records(struct kad_snapshot *s, const struct whole_want *w,
                            struct whole_found *ret)
{
    struct kad_arena a;
    struct seen seen = {.arena = &a};
    struct kad_error e = {0};
    bool good = true;
    kad_arena_init(&a);
    for (uint64_t seq = 1; seq <= ret->last && good; seq++) {
        struct kad_str r;
        struct kad_record record;
        if (kad_snapshot_record(s, seq, &r, &e) != KAD_OK)
            good = found(ret, WHOLE_LOST, "record %llu: %s", (unsigned long long)seq, e.text);
        else if (w->log && (!w->unlike || seq < w->unlike) &&
                 !same_record(&a, r, w->log->v[seq - 1]))
            good = found(ret, WHOLE_CORRUPT, "record %llu is another", (unsigned long long)seq);
        else if (kad_snapshot_decode(s, r, &a, true, &record, &e) != KAD_OK)
            good = found(ret, WHOLE_CORRUPT, "record %llu: %s", (unsigned long long)seq, e.text);
        else
            good = look_doubled(&seen, &record, ret) && look_unsealed(&record, w, ret);
        ret->events += good && seq <= w->least;
    }
    kad_arena_done(&a);
    return good;
}

static bool look_at_views(struct kad_ledger *l, struct whole_found *ret)
{
    struct kad_error e = {0};
    uint64_t n = 0;
    if (kad_view_check(l, NULL, NULL, NULL, &n, &e) != KAD_OK)
        return found(ret, WHOLE_CORRUPT, "the views cannot be checked: %s", e.text);
    return n == 0 ||
           found(ret, WHOLE_CORRUPT, "the views differ in %llu places", (unsigned long long)n);
}

static bool look_at_log(struct kad_ledger *l, const struct whole_want *w, struct whole_found *ret)
{
    struct kad_error e = {0};
    struct kad_snapshot *s;
    struct kad_ledger_state st;
    if (kad_snapshot_take(l, &s, &e) != KAD_OK)
        return found(ret, WHOLE_CORRUPT, "%s", e.text);
    bool good = kad_snapshot_state(s, &st, &e) == KAD_OK || found(ret, WHOLE_CORRUPT, "%s", e.text);
    ret->last = good ? st.last_seq : 0;
    if (good && ret->last < w->least)
        good = found(ret, WHOLE_LOST, "%llu records are there; %llu were said to be",
                     (unsigned long long)ret->last, (unsigned long long)w->least);
    else if (good && ret->last > w->most)
        good = found(ret, WHOLE_DOUBLED, "%llu records are there; at most %llu were written",
                     (unsigned long long)ret->last, (unsigned long long)w->most);
    else if (good && !w->pieces && ret->last != w->least && ret->last != w->most)
        good = found(ret, WHOLE_CORRUPT, "%llu records: a part of those from %llu to %llu",
                     (unsigned long long)ret->last, (unsigned long long)w->least,
                     (unsigned long long)w->most);
    good = good && look_at_records(s, w, ret);
    kad_snapshot_release(s);
    return good && look_at_views(l, ret);
}

/* --- one more --- */

static bool append(struct kad_engine *e, struct whole_found *ret)
{
    struct kad_error error = {0};
    struct kad_batch *b;
    struct kad_outcome out = {0};
    static const struct kad_input fields[] = {
        {.name = KAD_STR("birth_date"), .form = KAD_IN_WORDS, .text = KAD_STR("1995-05-17")},
        {.name = KAD_STR("unit"), .form = KAD_IN_WORDS, .text = KAD_STR("eksjo")},
    };
    struct kad_draft d = {.type = KAD_STR("referral"),
                          .subject = KAD_STR("Z-9"),
                          .id = KAD_STR("after the crash"),
                          .fields = fields,
                          .n_fields = sizeof fields / sizeof *fields,
                          .on = KAD_DAY_NONE,
                          .at = KAD_INSTANT_NONE,
                          .clock = -1};
    if (kad_batch_begin(e, &(struct kad_batch_options){0}, &b, &error) != KAD_OK)
        return found(ret, WHOLE_CORRUPT, "nothing can be written: %s", error.text);
    if (kad_batch_put(b, &d, &out, &error) != KAD_OK) {
        kad_batch_abort(b);
        return found(ret, WHOLE_CORRUPT, "no event can be added: %s", error.text);
    }
    if (out.already)
        found(ret, WHOLE_DOUBLED, "an id that was never given is there");
    if (kad_batch_commit(b, &error) != KAD_OK)
        return found(ret, WHOLE_CORRUPT, "no event can be kept: %s", error.text);
    return ret->fault == WHOLE_FINE;
}

static struct kad_engine *open_engine(const char *store, bool write, struct whole_found *ret)
{
    struct kad_error error = {0};
    struct kad_engine *e = NULL;
    const struct kad_engine_options o = {
        .dir = store,
        .write = write,
        .compile = kad_dsl_compile_fn,
        .now = KAD_INSTANT_NONE,
        .known = KAD_KNOWN_ALL,
        .by = KAD_STR("crash"),
        .via = KAD_STR("os:crash"),
    };
    if (kad_engine_open(&o, &e, &error) != KAD_OK)
        found(ret, WHOLE_CORRUPT, "it cannot be opened: %s", error.text);
    return e;
}

/* A ledger is never there without its key. */
static bool look_at_keys(struct kad_ledger *l, struct whole_found *ret)
{
    struct kad_error e = {0};
    uint8_t key[KAD_PUBLIC_KEY];
    return kad_key_read(kad_ledger_info(l)->id, KAD_KEY_SIGN, key, sizeof key, &e) == KAD_OK ||
           found(ret, WHOLE_LOST, "its key: %s", e.text);
}

void whole_check(const char *store, const struct whole_want *w, struct whole_found *ret)
{
    if (w->keys) /* first of all: opening for writing finishes an erasure that was broken off */
        kad_keys_set_folder(w->keys);
    struct kad_engine *e = open_engine(store, w->append, ret);
    if (!e)
        return;
    bool good = (!w->keys || look_at_keys(kad_engine_ledger(e), ret)) &&
                look_at_log(kad_engine_ledger(e), w, ret);
    bool one_more = good && w->append && w->log && w->log->adopted && ret->last >= w->log->adopted;
    if (one_more)
        good = append(e, ret) && look_at_views(kad_engine_ledger(e), ret);
    kad_engine_close(e);
    if (!one_more || !good || !(e = open_engine(store, false, ret)))
        return;
    struct whole_found later = {0};
    const struct whole_want all = {
        .keys = w->keys, .erased = w->erased, .least = ret->last + 1, .most = ret->last + 1};
    if (!look_at_log(kad_engine_ledger(e), &all, &later))
        found(ret, later.fault, "after one more: %s", later.why);
    kad_engine_close(e);
}

void whole_check_apart(const char *store, const struct whole_want *w, struct whole_found *ret)
{
    int status = 0;
    struct whole_found *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        exit(2);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(30);
        whole_check(store, w, shared);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        exit(2);
    *ret = *shared;
    munmap(shared, sizeof *shared);
    if (WIFSIGNALED(status))
        found(ret, WHOLE_CORRUPT, "the store ended its reader: %s", strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        found(ret, WHOLE_CORRUPT, "its reader ended with %d", WEXITSTATUS(status));
}

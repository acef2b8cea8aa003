/* status: how are the ledger and its service? One page; --check answers with the exit status. */
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/presence.h"
#include "cli/sink.h"
#include "core/checkpoint.h"
#include "core/clock.h"
#include "core/files.h"
#include "core/keys.h"
#include "core/scheduler.h"

#define MINUTE INT64_C(60000000)
#define LATE (15 * MINUTE)  /* something is due for longer than this */
#define SILENT (2 * MINUTE) /* the service gives a sign every ten seconds */
#define UNSIGNED_LONG (8 * 24 * 60 * MINUTE)
#define ROOM_LOW (UINT64_C(512) << 20)

struct status {
    struct kad_cli *c;
    kad_instant now;
    struct kad_ledger_state ledger;
    struct kad_scheduler_state scheduler;
    struct kad_presence service;
    struct kad_sink_cursor *sinks;
    size_t n_sinks;
    uint64_t signed_size;     /* records that the last checkpoint covers; 0: none */
    kad_instant signed_at;    /* of the last record that it covers */
    bool key;                 /* the signing key is here */
    uint64_t room, size;      /* bytes: free on the disk, of the ledger's file */
    struct kad_str notes[16]; /* what needs somebody */
    size_t n_notes;
};

/* --- looking --- */

static enum kad_err look_sinks(struct status *s, struct kad_snapshot *v, struct kad_error *reterr)
{
    struct kad_cursor *rows;
    size_t n;
    enum kad_err err = kad_snapshot_cursors(v, &s->c->arena, &rows, &n, reterr);
    if (err != KAD_OK)
        return err;
    s->sinks = kad_arena_array(&s->c->arena, struct kad_sink_cursor, n + 1);
    for (size_t i = 0; i < n; i++)
        if (kad_sink_cursor_read(rows[i].name, rows[i].bytes, &s->sinks[s->n_sinks]))
            s->n_sinks++;
    return KAD_OK;
}

static enum kad_err look_signed(struct status *s, struct kad_snapshot *v, struct kad_error *reterr)
{
    struct kad_str note, bytes;
    struct kad_record r;
    s->signed_at = KAD_INSTANT_NONE;
    enum kad_err err =
        kad_snapshot_note(v, UINT64_MAX, &s->c->arena, &note, &s->signed_size, reterr);
    if (err == KAD_OK && note.n == 0)
        s->signed_size = 0;
    if (err == KAD_OK && s->signed_size > 0)
        err = kad_snapshot_record(v, s->signed_size, &bytes, reterr);
    if (err == KAD_OK && s->signed_size > 0) {
        err = kad_snapshot_decode(v, bytes, &s->c->arena, false, &r, reterr);
        s->signed_at = err == KAD_OK ? r.at : KAD_INSTANT_NONE;
    }
    return err;
}

static void look_disk(struct status *s)
{
    const char *dir = kad_cli_store(s->c);
    char *path = kad_path_join(dir, "data.mdb");
    struct statvfs fs;
    struct stat st;
    if (statvfs(dir, &fs) == 0)
        s->room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (stat(path, &st) == 0)
        s->size = (uint64_t)st.st_blocks * 512;
    free(path);
}

static enum kad_err look(struct status *s, struct kad_error *reterr)
{
    struct kad_engine *e = s->c->engine;
    struct kad_snapshot *v = NULL;
    const struct kad_ledger_info *info = kad_ledger_info(kad_engine_ledger(e));
    kad_presence_look(kad_cli_store(s->c), &s->service);
    look_disk(s);
    s->key = kad_key_exists(info->id, KAD_KEY_SIGN);
    s->now = kad_engine_now(e);
    bool simulated = info->mode == KAD_LEDGER_SIMULATED;
    if (!simulated && s->c->now == KAD_INSTANT_NONE)
        s->now = kad_clock_now();
    enum kad_err err = kad_scheduler_state(e, s->now, &s->scheduler, reterr);
    if (simulated) { /* where its time stands only its service knows; it has been as far as this */
        s->scheduler.waits = KAD_WAIT_NO;
        if (s->scheduler.reached > s->now)
            s->now = s->scheduler.reached;
    }
    if (err == KAD_OK)
        err = kad_snapshot_take(kad_engine_ledger(e), &v, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_state(v, &s->ledger, reterr);
    if (err == KAD_OK)
        err = look_sinks(s, v, reterr);
    if (err == KAD_OK)
        err = look_signed(s, v, reterr);
    kad_snapshot_release(v);
    return err;
}

/* --- what needs somebody --- */

static void KAD_PRINTF(2, 3) note(struct status *s, const char *fmt, ...)
{
    struct kad_buf b = {0};
    va_list ap;
    if (s->n_notes == sizeof s->notes / sizeof *s->notes)
        return;
    va_start(ap, fmt);
    kad_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    s->notes[s->n_notes++] = kad_str_dup(&s->c->arena, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

static void judge_service(struct status *s)
{
    if (s->scheduler.begun && !s->service.running &&
        !(s->service.once && s->scheduler.lag <= LATE)) /* a timer starts it when it is time */
        note(s, _("The service does not run: nothing is issued and nobody is told. Start it with "
                  "kadens serve."));
    if (s->service.running && s->service.seen != KAD_INSTANT_NONE &&
        kad_clock_now() - s->service.seen > SILENT)
        note(s, _("The service has given no sign for %lld minutes: look at its log."),
             (long long)((kad_clock_now() - s->service.seen) / MINUTE));
    if (s->service.waits[0])
        note(s, strcmp(s->service.waits, "behind") == 0
                    ? _("The service waits because this machine's clock is behind the ledger. Set "
                        "the clock right.")
                    : _("The service waits because this machine's clock jumped ahead. If the clock "
                        "is right, send the service a SIGHUP (systemctl reload)."));
    else if (s->scheduler.waits != KAD_WAIT_NO)
        note(s, _("This machine's clock is behind the ledger's last record. Set it right."));
    if (s->service.running && s->scheduler.lag > LATE)
        note(s, _("What was due %lld minutes ago has not been issued yet."),
             (long long)(s->scheduler.lag / MINUTE));
}

static void judge(struct status *s)
{
    judge_service(s);
    for (size_t i = 0; i < s->n_sinks; i++)
        if (s->sinks[i].failures > 0)
            note(s,
                 ngettext_("%.*s has failed %llu time: %.*s",
                           "%.*s has failed %llu times in a row: %.*s",
                           (unsigned long)s->sinks[i].failures),
                 KAD_STR_FMT(s->sinks[i].name),
                 (unsigned long long)s->sinks[i].failures, KAD_STR_FMT(s->sinks[i].error));
    if (s->room < ROOM_LOW)
        note(s, _("Only %llu MiB are free on the disk. Below 64 MiB nothing is recorded any more."),
             (unsigned long long)(s->room >> 20));
    if (!s->key)
        note(s, _("The key that signs checkpoints is not in the key folder."));
    if (s->ledger.last_seq > s->signed_size && s->scheduler.begun &&
        (s->signed_size == 0 || s->now - s->signed_at > UNSIGNED_LONG))
        note(s,
             s->signed_size == 0
                 ? _("No checkpoint has ever been signed: kadens checkpoint, or [checkpoint] in "
                     "the service's configuration.")
                 : _("What was recorded since %s is under no checkpoint."),
             s->signed_size ? kad_instant_text(s->signed_at, (char[KAD_INSTANT_TEXT]){0}) : "");
}

/* --- the page --- */

static const char *when(struct status *s, kad_instant t)
{
    struct kad_buf b = {0};
    char clock[KAD_INSTANT_TEXT];
    if (t == KAD_INSTANT_NONE)
        return "–";
    kad_put_day(&b, kad_clock_day(t));
    kad_clock_text(t, clock);
    kad_buf_printf(&b, " %s", clock);
    const char *text = kad_arena_strdup(&s->c->arena, b.p);
    kad_buf_done(&b);
    return text;
}

static const char *count(struct status *s, uint64_t n)
{
    struct kad_buf b = {0};
    kad_put_count(&b, n);
    const char *text = kad_arena_strdup(&s->c->arena, kad_buf_str(&b));
    kad_buf_done(&b);
    return text;
}

static void row(struct kad_table *t, const char *what, struct kad_buf *says)
{
    kad_table_row(t, KAD_PLAIN);
    kad_table_cell(t, kad_str(what));
    kad_table_cell(t, (struct kad_str){kad_buf_str(says), says->n});
    kad_buf_reset(says);
}

static void put_service(struct status *s, struct kad_table *t, struct kad_buf *b)
{
    const struct kad_scheduler_state *x = &s->scheduler;
    if (s->service.running)
        kad_buf_printf(b, _("runs since %s (process %ld)"), when(s, s->service.since),
                       s->service.pid);
    else
        kad_buf_puts(b, _("does not run"));
    row(t, _("Service"), b);
    if (!x->begun) {
        kad_buf_puts(b, _("has never run on this ledger"));
    } else {
        kad_buf_printf(b, _("everything up to %s"), when(s, x->reached));
        if (x->lag > 0)
            kad_buf_printf(b, _(", %lld minutes behind"), (long long)(x->lag / MINUTE));
    }
    row(t, _("Issued"), b);
    if (x->next != KAD_DUE_NEVER && x->next != KAD_DUE_NOW)
        kad_buf_puts(b, when(s, x->next));
    else
        kad_buf_puts(b, x->next == KAD_DUE_NOW ? _("now") : "–");
    if (x->waiting > 0)
        kad_buf_printf(b,
                       ngettext_(", %s subject to look at", ", %s subjects to look at",
                                 (unsigned long)x->waiting),
                       count(s, x->waiting));
    row(t, _("Next moment"), b);
}

static void put_rows(struct status *s)
{
    struct kad_column columns[] = {{.style = KAD_DIM}, {.gives = true, .wraps = true}};
    struct kad_table t;
    struct kad_buf b = {0};
    const struct kad_ledger_info *info = kad_ledger_info(kad_engine_ledger(s->c->engine));
    kad_table_init(&t, &s->c->arena, columns, 2);
    kad_buf_printf(&b, "%s (%s)", kad_cli_store(s->c), info->id);
    row(&t, _("Ledger"), &b);
    if (s->ledger.last_seq > 0)
        kad_buf_printf(&b, _("%s, the last of %s"), count(s, s->ledger.last_seq),
                       when(s, s->ledger.last_at));
    else
        kad_buf_puts(&b, "0");
    row(&t, _("Records"), &b);
    put_service(s, &t, &b);
    if (s->signed_size > 0)
        kad_buf_printf(&b, _("over %s records, up to %s; %s recorded since"),
                       count(s, s->signed_size), when(s, s->signed_at),
                       count(s, s->ledger.last_seq - s->signed_size));
    else
        kad_buf_puts(&b, _("none"));
    row(&t, _("Checkpoint"), &b);
    kad_buf_printf(&b, _("%s MiB free; the ledger takes %s MiB"), count(s, s->room >> 20),
                   count(s, (s->size + (1u << 20) - 1) >> 20));
    row(&t, _("Disk"), &b);
    kad_table_print(&t, &s->c->out, 0);
    kad_buf_done(&b);
}

static void put_sinks(struct status *s)
{
    struct kad_column columns[] = {{.title = _("Told to")},
                                   {.title = _("Up to"), .right = true},
                                   {.title = _("Behind"), .right = true},
                                   {.title = _("Told"), .right = true},
                                   {.title = _("Refused"), .right = true},
                                   {.title = _("Last"), .drops = true},
                                   {.title = _("Trouble"), .gives = true, .wraps = true}};
    struct kad_table t;
    if (s->n_sinks == 0)
        return;
    kad_table_init(&t, &s->c->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < s->n_sinks; i++) {
        const struct kad_sink_cursor *x = &s->sinks[i];
        kad_table_row(&t, x->failures ? KAD_LATE : KAD_PLAIN);
        kad_table_cell(&t, x->name);
        kad_table_cell(&t, kad_str(count(s, x->seq)));
        kad_table_cell(
            &t, kad_str(count(s, s->ledger.last_seq > x->seq ? s->ledger.last_seq - x->seq : 0)));
        kad_table_cell(&t, kad_str(count(s, x->delivered)));
        kad_table_cell(&t, kad_str(x->refused ? count(s, x->refused) : ""));
        kad_table_cell(&t, kad_str(when(s, x->at)));
        kad_table_cell(&t, x->error);
    }
    kad_out_puts(&s->c->out, "\n");
    kad_table_print(&t, &s->c->out, 0);
}

static void put_page(struct status *s)
{
    put_rows(s);
    put_sinks(s);
    kad_out_puts(&s->c->out, "\n");
    if (s->n_notes == 0)
        kad_out_line(&s->c->out, KAD_GOOD, "%s", _("All is well."));
    else
        kad_out_line(&s->c->out, KAD_LATE, "%s", _("Needs somebody:"));
    for (size_t i = 0; i < s->n_notes; i++) {
        kad_out_puts(&s->c->out, "- ");
        kad_out_hang(&s->c->out, 2, 0, s->notes[i]);
    }
}

/* --- for programs --- */

static void json_instant(struct kad_buf *b, const char *key, kad_instant t)
{
    char text[KAD_INSTANT_TEXT];
    kad_buf_printf(b, "\"%s\":", key);
    if (t < KAD_INSTANT_MIN || t > KAD_INSTANT_MAX)
        kad_buf_puts(b, "null");
    else
        kad_buf_printf(b, "\"%s\"", kad_instant_text(t, text));
}

static void json_sink(struct status *s, const struct kad_sink_cursor *x)
{
    struct kad_buf *b = &s->c->out.b;
    kad_buf_puts(b, "{\"name\":");
    kad_json_str(b, x->name);
    kad_buf_printf(b, ",\"seq\":%llu,\"delivered\":%llu,\"refused\":%llu,\"failures\":%llu,",
                   (unsigned long long)x->seq, (unsigned long long)x->delivered,
                   (unsigned long long)x->refused, (unsigned long long)x->failures);
    json_instant(b, "at", x->at);
    kad_buf_puts(b, ",");
    json_instant(b, "retry_at", x->retry_at);
    kad_buf_puts(b, ",\"error\":");
    kad_json_str_or_null(b, x->error);
    kad_buf_puts(b, "}");
}

static void put_json(struct status *s)
{
    struct kad_buf *b = &s->c->out.b;
    const struct kad_scheduler_state *x = &s->scheduler;
    kad_buf_puts(b, "{\"store\":");
    kad_json_str(b, kad_str(kad_cli_store(s->c)));
    kad_buf_printf(b, ",\"ledger\":\"%s\",\"records\":%llu,",
                   kad_ledger_info(kad_engine_ledger(s->c->engine))->id,
                   (unsigned long long)s->ledger.last_seq);
    json_instant(b, "last_at", s->ledger.last_at);
    kad_buf_printf(b, ",\"service\":{\"running\":%s,\"pid\":%ld,",
                   s->service.running ? "true" : "false", s->service.pid);
    json_instant(b, "since", s->service.since);
    kad_buf_puts(b, ",");
    json_instant(b, "seen", s->service.seen);
    kad_buf_puts(b, ",\"waits\":");
    kad_json_str_or_null(b, kad_str(s->service.waits));
    kad_buf_printf(b, "},\"scheduler\":{\"begun\":%s,", x->begun ? "true" : "false");
    json_instant(b, "reached", x->reached);
    kad_buf_puts(b, ",");
    json_instant(b, "next", x->next == KAD_DUE_NOW ? s->now : x->next);
    kad_buf_printf(b, ",\"lag_s\":%lld,\"waiting\":%llu,\"sweeping\":%s},\"sinks\":[",
                   (long long)(x->lag / 1000000), (unsigned long long)x->waiting,
                   x->sweeping ? "true" : "false");
    for (size_t i = 0; i < s->n_sinks; i++) {
        kad_buf_puts(b, i ? "," : "");
        json_sink(s, &s->sinks[i]);
    }
    kad_buf_printf(b, "],\"checkpoint\":{\"records\":%llu,", (unsigned long long)s->signed_size);
    json_instant(b, "last_at", s->signed_at);
    kad_buf_printf(b, ",\"key\":%s},\"disk\":{\"free\":%llu,\"ledger\":%llu},\"attention\":[",
                   s->key ? "true" : "false", (unsigned long long)s->room,
                   (unsigned long long)s->size);
    for (size_t i = 0; i < s->n_notes; i++) {
        kad_buf_puts(b, i ? "," : "");
        kad_json_str(b, s->notes[i]);
    }
    kad_buf_puts(b, "]}\n");
}

enum kad_err kad_cmd_status(struct kad_cli *c, struct kad_error *reterr)
{
    struct status s = {.c = c};
    enum kad_err err = look(&s, reterr);
    if (err != KAD_OK)
        return err;
    judge(&s);
    if (c->format == KAD_F_JSON)
        put_json(&s);
    else
        put_page(&s);
    return c->opt[KAD_O_CHECK] && s.n_notes > 0 ? KAD_ENO : KAD_OK;
}

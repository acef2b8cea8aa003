/* verify: is everything whole? The page that an auditor reads: what was checked, what was found and
 * where, what it means and what to do. Everything is done in core/verify.c; here are the words. */
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "core/clock.h"
#include "core/note.h"
#include "core/verify.h"
#include "dsl/dsl.h"

#define AGAINST_MAX (8u << 20) /* some ten thousand checkpoints in one file */

/* --- what became of each part --- */

static const char *const state_words[] = {
    [KAD_CHECK_NOT] = "not_reached", [KAD_CHECK_BEGUN] = "broken_off", [KAD_CHECK_DONE] = "checked",
    [KAD_CHECK_NOTHING] = "nothing", [KAD_CHECK_LOCKED] = "locked",
};

static const char *state_label(const struct kad_verify *v, enum kad_part part)
{
    if (v->troubles_in[part] > 0)
        return _("FAULT");
    switch (v->parts[part]) {
    case KAD_CHECK_DONE:
        return _("whole");
    case KAD_CHECK_NOTHING:
        return _("none");
    case KAD_CHECK_LOCKED:
        return _("locked");
    default:
        return _("not checked");
    }
}

/* Numbers of a sentence, as people write them. */
struct counts {
    struct kad_buf b[4];
    size_t n;
};
static const char *count(struct counts *c, uint64_t n)
{
    struct kad_buf *b = &c->b[c->n++ % 4];
    kad_buf_reset(b);
    kad_put_count(b, n);
    return kad_buf_str(b);
}
static void counts_done(struct counts *c)
{
    for (size_t i = 0; i < 4; i++)
        kad_buf_done(&c->b[i]);
}

static void put_root(struct kad_buf *b, const struct kad_verify *v)
{
    kad_base64_put(b, v->root, sizeof v->root);
}

static void put_vault(struct kad_buf *b, const struct kad_verify *v, struct counts *c)
{
    if (v->parts[KAD_PART_VAULT] == KAD_CHECK_NOTHING) {
        kad_buf_puts(b, _("No record has a private field."));
        return;
    }
    if (v->parts[KAD_PART_VAULT] == KAD_CHECK_LOCKED)
        kad_buf_printf(b,
                       ngettext_("%s keys agree with the erasures. The vault could not be unlocked: "
                                 "the private fields of %s record were not opened; kadens verify "
                                 "--full.",
                                 "%s keys agree with the erasures. The vault could not be unlocked: "
                                 "the private fields of %s records were not opened; kadens verify "
                                 "--full.",
                                 (unsigned long)v->private_left),
                       count(c, v->keys), count(c, v->private_left));
    else
        kad_buf_printf(
            b,
            ngettext_("%s keys agree with the erasures. Opened: the private fields of %s record.",
                      "%s keys agree with the erasures. Opened: the private fields of %s records.",
                      (unsigned long)v->private_opened),
            count(c, v->keys), count(c, v->private_opened));
    if (v->private_erased > 0)
        kad_buf_printf(b,
                       ngettext_(" Erased for good: those of %s record.",
                                 " Erased for good: those of %s records.",
                                 (unsigned long)v->private_erased),
                       count(c, v->private_erased));
}

static void put_issued(struct kad_buf *b, const struct kad_verify *v, struct counts *c)
{
    if (v->parts[KAD_PART_ISSUED] == KAD_CHECK_NOTHING)
        kad_buf_puts(b, _("No task has been issued."));
    else
        kad_buf_printf(b, _("%s notices derived again from what was known when each was issued."),
                       count(c, v->issued));
    if (v->issued_apart > 0)
        kad_buf_printf(b, _(" %s more depend on private fields that cannot be read any more."),
                       count(c, v->issued_apart));
}

/* What was done, in a sentence; nothing for what was not. */
static void put_done(struct kad_buf *b, const struct kad_verify *v, enum kad_part part)
{
    struct counts c = {0};
    bool none = v->parts[part] == KAD_CHECK_NOTHING;
    switch (part) {
    case KAD_PART_PAGES:
        kad_buf_printf(b, _("%s pages of %s bytes: each is in use exactly once, or free."),
                       count(&c, v->pages), count(&c, v->page_size));
        break;
    case KAD_PART_IDENTITY:
        kad_buf_puts(b,
                     _("It follows from what the ledger was made with: name, mode and first key."));
        break;
    case KAD_PART_RECORDS:
        kad_buf_printf(b, _("%s hashed again, header and content, in order and without gaps."),
                       count(&c, v->last_seq));
        break;
    case KAD_PART_TREE:
        kad_buf_puts(b, _("Computed anew from the records; all that is stored of it is the same."));
        break;
    case KAD_PART_CHECKPOINTS:
        if (none)
            kad_buf_puts(b, _("There is none yet: kadens checkpoint makes one."));
        else
            kad_buf_printf(b,
                           _("%s fit the records, rightly signed; the last one covers %s records."),
                           count(&c, v->checkpoints), count(&c, v->checkpoint_size));
        break;
    case KAD_PART_AGAINST:
        if (!none)
            kad_buf_printf(b,
                           _("The ledger contains it: its first %s records are the same as then."),
                           count(&c, v->kept_size));
        break;
    case KAD_PART_VIEWS:
        kad_buf_puts(b, _("Made again from the records; what is stored is the same."));
        break;
    case KAD_PART_VAULT:
        put_vault(b, v, &c);
        break;
    case KAD_PART_ISSUED:
        put_issued(b, v, &c);
        break;
    default:
        break;
    }
    counts_done(&c);
}

/* What it means that something was found in a part, and what to do. */
static const char *meaning(enum kad_part part)
{
    switch (part) {
    case KAD_PART_PAGES:
        return _(
            "The file data.mdb was damaged, as by a disk, or changed by another program. Write "
            "nothing more to it: keep a copy of the folder for whoever looks into it, and "
            "restore the newest backup that is whole (kadens restore).");
    case KAD_PART_IDENTITY:
    case KAD_PART_RECORDS:
    case KAD_PART_TREE:
        return _(
            "What was recorded is not what is there now. Nothing that follows from the records "
            "named is to be relied on. Keep a copy of the folder, find out who could write to "
            "it, and restore the newest backup that is whole (kadens restore).");
    case KAD_PART_CHECKPOINTS:
        return _(
            "A checkpoint says, signed, what the records were when it was made; it does not fit "
            "what is there now. Records were changed or taken away since, or the checkpoint "
            "itself was changed. Hold the ledger against a checkpoint that somebody else kept "
            "(kadens verify --against FILE).");
    case KAD_PART_AGAINST:
        return _("This ledger is not what it was when the checkpoint was given out: records were "
                 "changed or taken away, or an older copy stands in its place. What the checkpoint "
                 "covers has to come from a backup that contains it.");
    case KAD_PART_VIEWS:
        return _(
            "The records themselves are whole; what is stored beside them, to answer faster, is "
            "not what they give. Lists may have been wrong. kadens replay --rebuild makes it "
            "anew; nothing is lost.");
    case KAD_PART_VAULT:
        return _("The vault and the records do not agree: private fields may be lost, or what was "
                 "erased may still be readable. Put back the newest copy of the vault.");
    case KAD_PART_ISSUED:
        return _(
            "What was issued does not follow from the records and rules of its day. Look at each "
            "with kadens explain; if the program was changed since, the version that issued it "
            "tells more.");
    default:
        return "";
    }
}

/* --- for people --- */

static void put_ledger(struct kad_out *o, const struct kad_verify *v)
{
    char first[KAD_INSTANT_TEXT], last[KAD_INSTANT_TEXT];
    struct counts c = {0};
    struct kad_buf root = {0};
    kad_out_printf(o, "  %s ", _("Ledger"));
    kad_out_safe(o, kad_str(v->id));
    if (v->programme[0]) {
        kad_out_puts(o, ", ");
        kad_out_safe(o, kad_str(v->programme));
    }
    kad_out_puts(o, "\n");
    if (v->first_at != KAD_INSTANT_NONE)
        kad_out_printf(o, _("  %s records, made from %.10s to %.10s\n"), count(&c, v->last_seq),
                       kad_instant_text(v->first_at, first), kad_instant_text(v->last_at, last));
    if (v->parts[KAD_PART_TREE] == KAD_CHECK_DONE) {
        put_root(&root, v);
        kad_out_printf(o, _("  Root of the hash tree %s\n"), kad_buf_str(&root));
    }
    kad_out_puts(o, "\n");
    kad_buf_done(&root);
    counts_done(&c);
}

static void put_parts(struct kad_cli *c, const struct kad_verify *v)
{
    struct kad_column columns[] = {
        {.title = _("Checked")}, {.title = ""}, {.gives = true, .wraps = true}};
    struct kad_table t;
    kad_table_init(&t, &c->arena, columns, 3);
    for (int i = 0; i < KAD_PART__COUNT; i++) {
        enum kad_part part = (enum kad_part)i;
        enum kad_checked state = v->parts[part];
        struct kad_buf b = {0};
        if (part == KAD_PART_AGAINST && !c->opt[KAD_O_AGAINST])
            continue;
        if (v->troubles_in[part] > 0)
            kad_buf_printf(&b,
                           ngettext_("%llu fault, told below.", "%llu faults, told below.",
                                     (unsigned long)v->troubles_in[part]),
                           (unsigned long long)v->troubles_in[part]);
        else if (state == KAD_CHECK_NOT || state == KAD_CHECK_BEGUN)
            kad_buf_puts(&b, v->n_troubles > 0 ? _("Because of what is told below.")
                                               : _("Not by this version of the program."));
        else
            put_done(&b, v, part);
        kad_table_row(&t, v->troubles_in[part] > 0 ? KAD_LATE : KAD_PLAIN);
        kad_table_cell(&t, kad_str(kad_part_title(part)));
        kad_table_cell(&t, kad_str(state_label(v, part)));
        kad_table_cell(&t, (struct kad_str){b.p, b.n});
        kad_buf_done(&b);
    }
    kad_table_print(&t, &c->out, 2);
}

/* A file that is no checkpoint of this ledger, or a forged one, says nothing of the records. */
static bool tells_nothing(const struct kad_verify *v, enum kad_part part)
{
    size_t told = v->n_troubles < KAD_TROUBLES_TOLD ? v->n_troubles : KAD_TROUBLES_TOLD;
    for (size_t i = 0; i < told; i++)
        if (v->troubles[i].part == part && v->troubles[i].seq > 0)
            return false;
    return part == KAD_PART_AGAINST;
}

static void put_troubles(struct kad_cli *c, const struct kad_verify *v)
{
    struct kad_out *o = &c->out;
    size_t told = v->n_troubles < KAD_TROUBLES_TOLD ? v->n_troubles : KAD_TROUBLES_TOLD;
    for (int part = 0; part < KAD_PART__COUNT; part++) {
        if (v->troubles_in[part] == 0)
            continue;
        kad_out_puts(o, "\n");
        kad_out_line(o, KAD_BOLD, "%s", kad_part_title((enum kad_part)part));
        uint64_t shown = 0;
        for (size_t i = 0; i < told; i++) {
            const struct kad_trouble *t = &v->troubles[i];
            struct kad_buf b = {0};
            if (t->part != (enum kad_part)part)
                continue;
            shown++;
            kad_buf_puts(&b, t->text);
            if (t->to > t->from) {
                kad_buf_puts(&b, " ");
                kad_buf_printf(&b, _("(bytes %llu to %llu of data.mdb)"),
                               (unsigned long long)t->from, (unsigned long long)t->to - 1);
            }
            kad_out_puts(o, "  - ");
            kad_out_hang(o, 4, 0, (struct kad_str){b.p, b.n});
            kad_buf_done(&b);
        }
        if (shown < v->troubles_in[part]) {
            struct counts n = {0};
            kad_out_printf(o, _("  - and %s more\n"), count(&n, v->troubles_in[part] - shown));
            counts_done(&n);
        }
        struct kad_buf b = {0};
        kad_buf_puts(&b, tells_nothing(v, (enum kad_part)part)
                             ? _("So it says nothing of the records. Look whether it is the right "
                                 "file, and ask for it again where it was kept. If it is what was "
                                 "given out of this ledger, another ledger stands in its place.")
                             : meaning((enum kad_part)part));
        kad_out_wrap(o, 2, 0, (struct kad_str){b.p, b.n});
        kad_buf_done(&b);
    }
}

static void cell(struct kad_table *t, uint64_t n)
{
    struct kad_buf b = {0};
    if (n > 0)
        kad_put_count(&b, n);
    kad_table_cell(t, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
}

/* No fault, but an auditor wants to know of it. */
static void put_years(struct kad_cli *c, const struct kad_verify *v)
{
    struct kad_column columns[] = {
        {.title = _("Year"), .right = true},        {.title = _("Records"), .right = true},
        {.title = _("given clock"), .right = true}, {.title = _("overridden"), .right = true},
        {.title = _("deviates"), .right = true},    {.title = _("corrected"), .right = true},
        {.title = _("taken back"), .right = true},  {.title = _("waived"), .right = true},
        {.title = _("erased"), .right = true},
    };
    struct kad_table t;
    kad_table_init(&t, &c->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < v->n_years; i++) {
        const struct kad_year_count *y = &v->years[i];
        char year[16];
        snprintf(year, sizeof year, "%d", y->year);
        kad_table_row(&t, KAD_PLAIN);
        kad_table_cell(&t, kad_str(year));
        cell(&t, y->records);
        cell(&t, y->given);
        cell(&t, y->overridden);
        cell(&t, y->deviating);
        cell(&t, y->corrected);
        cell(&t, y->retracted);
        cell(&t, y->waived);
        cell(&t, y->erased);
    }
    if (v->n_years == 0)
        return;
    kad_out_puts(&c->out, "\n");
    kad_out_line(&c->out, KAD_BOLD, "%s", _("Worth a look, by year of recording (no faults)"));
    kad_table_print(&t, &c->out, 2);
    kad_out_hint(&c->out, "  %s\n", _("One by one: kadens log --marked"));
}

static void put_text(struct kad_cli *c, const struct kad_verify *v)
{
    struct kad_out *o = &c->out;
    if (v->n_troubles == 0 && kad_verify_complete(v))
        kad_out_line(o, KAD_BOLD, "%s", _("Everything is whole, and nothing was altered."));
    else if (v->n_troubles == 0)
        kad_out_line(o, KAD_BOLD, "%s", _("Nothing was found, but not everything was checked."));
    else
        kad_out_line(o, KAD_BOLD,
                     ngettext_("Not whole: %llu fault was found.",
                               "Not whole: %llu faults were found.", (unsigned long)v->n_troubles),
                     (unsigned long long)v->n_troubles);
    if (v->opened)
        put_ledger(o, v);
    put_parts(c, v);
    put_troubles(c, v);
    put_years(c, v);
    if (v->n_troubles == 0 && !c->opt[KAD_O_AGAINST]) {
        kad_out_puts(o, "\n");
        struct kad_buf b = {0};
        kad_buf_puts(&b,
                     _("Whoever has the signing key could have made all of this anew. A checkpoint "
                       "that somebody else keeps rules that out: kadens verify --against FILE."));
        kad_out_wrap(o, 0, 0, (struct kad_str){b.p, b.n});
        kad_buf_done(&b);
    }
}

/* --- for programs --- */

static void put_instant(struct kad_buf *b, kad_instant at)
{
    char text[KAD_INSTANT_TEXT];
    if (at == KAD_INSTANT_NONE)
        kad_buf_puts(b, "null");
    else
        kad_buf_printf(b, "\"%s\"", kad_instant_text(at, text));
}

static void put_number(struct kad_buf *b, const char *key, uint64_t n)
{
    kad_buf_printf(b, ",\"%s\":%llu", key, (unsigned long long)n);
}

static void put_json_found(struct kad_buf *b, const struct kad_verify *v)
{
    size_t told = v->n_troubles < KAD_TROUBLES_TOLD ? v->n_troubles : KAD_TROUBLES_TOLD;
    put_number(b, "found_count", v->n_troubles);
    kad_buf_puts(b, ",\"found\":[");
    for (size_t i = 0; i < told; i++) {
        const struct kad_trouble *t = &v->troubles[i];
        kad_buf_printf(b, "%s{\"part\":\"%s\",\"seq\":", i ? "," : "", kad_part_words[t->part]);
        kad_json_seq(b, t->seq);
        if (t->to > t->from)
            kad_buf_printf(b, ",\"page\":%llu,\"from\":%llu,\"to\":%llu",
                           (unsigned long long)t->page, (unsigned long long)t->from,
                           (unsigned long long)t->to);
        else
            kad_buf_puts(b, ",\"page\":null,\"from\":null,\"to\":null");
        kad_buf_puts(b, ",\"text\":");
        kad_json_str(b, kad_str(t->text));
        kad_buf_puts(b, "}");
    }
    kad_buf_puts(b, "]");
}

static void put_json_years(struct kad_buf *b, const struct kad_verify *v)
{
    kad_buf_puts(b, ",\"years\":[");
    for (size_t i = 0; i < v->n_years; i++) {
        const struct kad_year_count *y = &v->years[i];
        kad_buf_printf(b, "%s{\"year\":%d", i ? "," : "", y->year);
        put_number(b, "records", y->records);
        put_number(b, "given_clock", y->given);
        put_number(b, "overridden", y->overridden);
        put_number(b, "deviating", y->deviating);
        put_number(b, "corrected", y->corrected);
        put_number(b, "retracted", y->retracted);
        put_number(b, "waived", y->waived);
        put_number(b, "erased", y->erased);
        kad_buf_puts(b, "}");
    }
    kad_buf_puts(b, "]");
}

static void put_json(struct kad_cli *c, const struct kad_verify *v)
{
    static const char *const modes[] = {"plain", "live", "simulated"};
    struct kad_buf *b = &c->out.b;
    kad_buf_printf(b, "{\"whole\":%s,\"ledger\":",
                   v->n_troubles == 0 && kad_verify_complete(v) ? "true" : "false");
    kad_json_str_or_null(b, kad_str(v->id));
    kad_buf_puts(b, ",\"programme\":");
    kad_json_str_or_null(b, kad_str(v->programme));
    kad_buf_printf(b, ",\"mode\":\"%s\"", modes[v->mode]);
    put_number(b, "records", v->last_seq);
    kad_buf_puts(b, ",\"first_at\":");
    put_instant(b, v->first_at);
    kad_buf_puts(b, ",\"last_at\":");
    put_instant(b, v->last_at);
    put_number(b, "bytes", v->bytes);
    kad_buf_puts(b, ",\"root\":");
    if (v->parts[KAD_PART_TREE] == KAD_CHECK_DONE) {
        kad_buf_putc(b, '"');
        put_root(b, v);
        kad_buf_putc(b, '"');
    } else {
        kad_buf_puts(b, "null");
    }
    kad_buf_puts(b, ",\"checked\":[");
    for (int i = 0, n = 0; i < KAD_PART__COUNT; i++) {
        if (i == KAD_PART_AGAINST && !c->opt[KAD_O_AGAINST])
            continue;
        kad_buf_printf(b, "%s{\"part\":\"%s\",\"state\":\"%s\",\"found\":%llu}", n++ ? "," : "",
                       kad_part_words[i], state_words[v->parts[i]],
                       (unsigned long long)v->troubles_in[i]);
    }
    kad_buf_puts(b, "]");
    put_number(b, "pages", v->pages);
    put_number(b, "checkpoints", v->checkpoints);
    put_number(b, "checkpoint_covers", v->checkpoint_size);
    put_number(b, "keys", v->keys);
    put_number(b, "keys_erased", v->keys_erased);
    put_number(b, "private_opened", v->private_opened);
    put_number(b, "private_erased", v->private_erased);
    put_number(b, "private_unopened", v->private_left);
    put_number(b, "issued", v->issued);
    put_number(b, "issued_apart", v->issued_apart);
    put_json_years(b, v);
    put_json_found(b, v);
    kad_buf_puts(b, "}\n");
}

/* --- the command --- */

struct showing {
    struct kad_progress progress;
    int part; /* that it tells of; -1: none yet */
};

static void show(void *ctx, enum kad_part part, uint64_t done, uint64_t of)
{
    struct showing *s = ctx;
    struct kad_buf b = {0};
    if (s->part != (int)part) {
        kad_progress_done(&s->progress);
        kad_progress_init(&s->progress, kad_part_title(part));
        s->part = (int)part;
    }
    kad_progress_step(&s->progress, done, of);
    if (done >= of)
        kad_progress_done(&s->progress);
    kad_buf_done(&b);
}

enum kad_err kad_cmd_verify(struct kad_cli *c, struct kad_error *reterr)
{
    struct showing showing = {.part = -1};
    struct kad_buf kept = {0};
    struct kad_verify *v = NULL;
    enum kad_err got = KAD_OK;
    if (c->opt[KAD_O_AGAINST])
        got = kad_file_read(c->opt[KAD_O_AGAINST], AGAINST_MAX, &kept, reterr);
    if (got == KAD_OK && c->opt[KAD_O_AGAINST] && kept.n == 0)
        got = kad_fail(reterr, KAD_EINPUT, _("%s is empty, and no checkpoint."),
                       c->opt[KAD_O_AGAINST]);
    struct kad_verify_options o = {
        .dir = kad_cli_store(c),
        .compile = kad_dsl_compile_fn,
        .full = c->opt[KAD_O_FULL] != NULL,
        .against = {kept.p, kept.n},
        .progress = isatty(STDERR_FILENO) == 1 ? show : NULL,
        .ctx = &showing,
    };
    if (got == KAD_OK)
        got = kad_verify_run(&o, &v, reterr);
    /* What was found before it could not be read any further is told all the same. */
    if (v && (got == KAD_OK || got == KAD_ENO || v->n_troubles > 0)) {
        if (c->format == KAD_F_TEXT)
            put_text(c, v);
        else
            put_json(c, v);
    }
    kad_verify_free(v);
    kad_buf_done(&kept);
    return got;
}

#include "cli/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/json.h"
#include "core/digest.h"
#include "core/files.h"
#include "core/proof.h"

#define WIDTH 256 /* of a tile: C2SP tlog-tiles */
#define WIDTH_BITS 8

struct bundle {
    struct kad_cli *c;
    struct kad_ledger *ledger;
    char *dir; /* the one being built */
    struct kad_log_keys keys;
    struct kad_checkpoint last;
    struct kad_str note;      /* of the last */
    struct kad_buf sums;      /* SHA256SUMS */
    int lines_fd;             /* records.jsonl, */
    struct kad_buf lines;     /* what of it waits, */
    struct kad_digest digest; /* and what it is so far */
    uint64_t checkpoints, policies;
    struct kad_progress progress;
};

/* --- files in it --- */

static enum kad_err file_fail(const char *name, int failed, struct kad_error *reterr)
{
    return kad_fail(reterr, failed == ENOSPC || failed == EDQUOT ? KAD_EFULL : KAD_EINPUT,
                    _("%s cannot be written: %s."), name, kad_why(failed));
}

/* The folders that a name within the bundle stands in. */
static int make_folders(const char *path, size_t root)
{
    char *copy = kad_xstrdup(path);
    int failed = 0;
    for (char *p = strchr(copy + root + 1, '/'); p && !failed; p = strchr(p + 1, '/')) {
        *p = '\0';
        failed = kad_folder_new(copy, 0755);
        if (failed == EEXIST)
            failed = 0;
        *p = '/';
    }
    free(copy);
    return failed;
}

/* Thousands of files, which are brought to disk together at the end. */
static int write_file(const char *path, struct kad_str bytes)
{
    int fd, failed = kad_file_new(path, 0644, &fd);
    if (failed)
        return failed;
    failed = kad_write_all(fd, bytes.p, bytes.n);
    return close(fd) != 0 && !failed ? errno : failed;
}

static int sync_all(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || syncfs(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return failed;
}

static enum kad_err put(struct bundle *b, const char *name, struct kad_str bytes,
                        struct kad_error *reterr)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof digest + 1];
    char *path = kad_path_join(b->dir, name);
    int failed = make_folders(path, strlen(b->dir));
    if (!failed)
        failed = write_file(path, bytes);
    free(path);
    if (failed)
        return file_fail(name, failed, reterr);
    crypto_hash_sha256(digest, (const uint8_t *)bytes.p, bytes.n);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    kad_buf_printf(&b->sums, "%s  %s\n", hex, name);
    return KAD_OK;
}

/* "tile/0/x001/x234/067.p/17": three digits a piece. */
static void tile_name(char out[120], const char *kind, uint64_t index, unsigned width)
{
    char text[80] = "", piece[16];
    uint64_t rest = index / 1000;
    snprintf(text, sizeof text, "%03u", (unsigned)(index % 1000));
    while (rest > 0) {
        char longer[80];
        snprintf(piece, sizeof piece, "x%03u/", (unsigned)(rest % 1000));
        snprintf(longer, sizeof longer, "%s%.60s", piece, text);
        memcpy(text, longer, sizeof text);
        rest /= 1000;
    }
    if (width == WIDTH)
        snprintf(out, 120, "%s/%s", kind, text);
    else
        snprintf(out, 120, "%s/%s.p/%u", kind, text, width);
}

/* --- records.jsonl: as long as the ledger, so never in memory as a whole --- */

#define LINES "records.jsonl"

static enum kad_err begin_lines(struct bundle *b, struct kad_error *reterr)
{
    char *path = kad_path_join(b->dir, LINES);
    int failed = kad_file_new(path, 0644, &b->lines_fd);
    free(path);
    kad_digest_init(&b->digest);
    return failed ? file_fail(LINES, failed, reterr) : KAD_OK;
}

static enum kad_err put_lines(struct bundle *b, struct kad_error *reterr)
{
    struct kad_str s = {b->lines.p, b->lines.n};
    if (s.n == 0)
        return KAD_OK;
    int failed = kad_write_all(b->lines_fd, s.p, s.n);
    kad_digest_put(&b->digest, s);
    kad_buf_reset(&b->lines);
    return failed ? file_fail(LINES, failed, reterr) : KAD_OK;
}

static enum kad_err end_lines(struct bundle *b, struct kad_error *reterr)
{
    struct kad_str hex = kad_digest_end(&b->digest, &b->c->arena);
    kad_buf_printf(&b->sums, "%.*s  " LINES "\n", KAD_STR_FMT(hex));
    int failed = close(b->lines_fd) != 0 ? errno : 0;
    b->lines_fd = -1;
    return failed ? file_fail(LINES, failed, reterr) : KAD_OK;
}

/* --- the records: entries, payloads, lines, policies --- */

static enum kad_err put_policy(struct bundle *b, const struct kad_record *r,
                               struct kad_error *reterr)
{
    struct kad_str text = kad_record_note(r, "text"), name = kad_record_note(r, "name");
    char file[300];
    if (r->kind != KAD_R_ADOPTED || text.n == 0)
        return KAD_OK;
    for (size_t i = 0; i < name.n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", name.p[i]))
            name.n = i;
    snprintf(file, sizeof file, "policies/%08llu-%.*s.rules", (unsigned long long)r->seq,
             (int)(name.n < 100 ? name.n : 100), name.p ? name.p : "");
    b->policies++;
    return put(b, file, text, reterr);
}

/* One record, which must still be what was hashed when it was recorded. */
static enum kad_err put_record(struct bundle *b, struct kad_snapshot *s, uint64_t seq,
                               struct kad_buf *entries, struct kad_buf *payloads,
                               struct kad_arena *a, struct kad_error *reterr)
{
    struct kad_str bytes, header;
    struct kad_record r;
    uint8_t leaf[KAD_HASH], stored[KAD_HASH];
    enum kad_err err = kad_snapshot_record(s, seq, &bytes, reterr);
    if (err == KAD_OK)
        err = kad_record_decode(bytes, a, true, &r, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_node(s, 0, seq - 1, stored, reterr);
    if (err != KAD_OK)
        return err;
    header = kad_record_header(bytes);
    kad_merkle_leaf(header.p, header.n, leaf);
    if (r.seq != seq || memcmp(leaf, stored, sizeof leaf) != 0 || header.n > UINT16_MAX)
        return kad_fail(
            reterr, KAD_ESTORE,
            _("Record %llu cannot be proved: it has been changed since it was recorded. "
              "“kadens verify” says more."),
            (unsigned long long)seq);
    kad_buf_be16(entries, (uint16_t)header.n);
    kad_buf_put(entries, header.p, header.n);
    kad_buf_be32(payloads, (uint32_t)(bytes.n - header.n));
    kad_buf_put(payloads, bytes.p + header.n, bytes.n - header.n);
    kad_json_record(&b->lines, b->c->engine, &r);
    kad_buf_putc(&b->lines, '\n');
    return put_policy(b, &r, reterr);
}

/* Up to 256 of them, from one snapshot. */
static enum kad_err put_records(struct bundle *b, uint64_t tile, unsigned width,
                                struct kad_error *reterr)
{
    struct kad_buf entries = {0}, payloads = {0};
    struct kad_snapshot *s = NULL;
    struct kad_arena a;
    char name[120];
    kad_arena_init(&a);
    enum kad_err err = kad_snapshot_take(b->ledger, &s, reterr);
    for (unsigned i = 0; i < width && err == KAD_OK; i++) {
        kad_arena_reset(&a);
        err = put_record(b, s, tile * WIDTH + i + 1, &entries, &payloads, &a, reterr);
    }
    kad_snapshot_release(s);
    tile_name(name, "tile/entries", tile, width);
    if (err == KAD_OK)
        err = put(b, name, (struct kad_str){entries.p, entries.n}, reterr);
    tile_name(name, "payload", tile, width);
    if (err == KAD_OK)
        err = put(b, name, (struct kad_str){payloads.p, payloads.n}, reterr);
    if (err == KAD_OK)
        err = put_lines(b, reterr);
    kad_arena_done(&a);
    kad_buf_done(&entries);
    kad_buf_done(&payloads);
    return err;
}

static enum kad_err put_tile(struct bundle *b, unsigned level, uint64_t tile, unsigned width,
                             struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    uint8_t hashes[WIDTH][KAD_HASH];
    char name[120], kind[20];
    enum kad_err err = kad_snapshot_take(b->ledger, &s, reterr);
    for (unsigned i = 0; i < width && err == KAD_OK; i++)
        err = kad_snapshot_node(s, WIDTH_BITS * level, tile * WIDTH + i, hashes[i], reterr);
    kad_snapshot_release(s);
    snprintf(kind, sizeof kind, "tile/%u", level);
    tile_name(name, kind, tile, width);
    struct kad_str bytes = {(const char *)hashes, (size_t)width * KAD_HASH};
    return err == KAD_OK ? put(b, name, bytes, reterr) : err;
}

static enum kad_err put_all_tiles(struct bundle *b, struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    for (unsigned level = 0; b->last.size >> (WIDTH_BITS * level) > 0 && err == KAD_OK; level++) {
        uint64_t n = b->last.size >> (WIDTH_BITS * level);
        for (uint64_t tile = 0; tile * WIDTH < n && err == KAD_OK; tile++) {
            uint64_t left = n - tile * WIDTH;
            unsigned width = left < WIDTH ? (unsigned)left : WIDTH;
            err = put_tile(b, level, tile, width, reterr);
            if (err == KAD_OK && level == 0)
                err = put_records(b, tile, width, reterr);
            if (level == 0)
                kad_progress_step(&b->progress, tile * WIDTH, n);
        }
    }
    return err;
}

/* --- checkpoints, and that each goes on from the one before --- */

static enum kad_err put_step(struct bundle *b, struct kad_snapshot *s, uint64_t from,
                             const struct kad_checkpoint *to, struct kad_str note,
                             struct kad_error *reterr)
{
    struct kad_proof *p = kad_arena_new(&b->c->arena, struct kad_proof);
    char name[80];
    *p = (struct kad_proof){.consistency = true, .from = from, .to = to->size, .checkpoint = note};
    enum kad_err err =
        kad_merkle_consistency(from, to->size, kad_snapshot_merkle, s, &p->hashes, reterr);
    if (err != KAD_OK)
        return err;
    struct kad_buf text = {0};
    kad_proof_write(&text, p);
    snprintf(name, sizeof name, "consistency/%08llu-%08llu", (unsigned long long)from,
             (unsigned long long)to->size);
    err = put(b, name, (struct kad_str){text.p, text.n}, reterr);
    kad_buf_done(&text);
    return err;
}

/* From the newest to the oldest. */
static enum kad_err put_checkpoints(struct bundle *b, struct kad_snapshot *s,
                                    struct kad_error *reterr)
{
    struct kad_checkpoint now = b->last;
    struct kad_str note = b->note;
    enum kad_err err = KAD_OK;
    while (err == KAD_OK && note.n > 0) {
        char name[60];
        struct kad_str older = {0};
        struct kad_checkpoint then;
        uint64_t size = 0;
        snprintf(name, sizeof name, "checkpoints/%08llu", (unsigned long long)now.size);
        err = put(b, name, note, reterr);
        b->checkpoints++;
        if (err == KAD_OK && now.size > 0)
            err = kad_snapshot_note(s, now.size - 1, &b->c->arena, &older, &size, reterr);
        if (err == KAD_OK && older.n > 0) {
            err = kad_checkpoint_read(&b->keys, older, &then, reterr);
            if (err == KAD_OK)
                err = kad_checkpoint_fits(s, &then, reterr);
            if (err == KAD_OK)
                err = put_step(b, s, then.size, &now, note, reterr);
            now = then;
        }
        note = older;
    }
    return err;
}

static enum kad_err put_keys(struct bundle *b, struct kad_error *reterr)
{
    struct kad_buf text = {0};
    for (size_t i = 0; i < b->keys.n && b->keys.v[i].from <= b->last.size; i++) {
        kad_buf_printf(&text, "%llu ", (unsigned long long)b->keys.v[i].from);
        kad_verifier_put(&text, &b->keys.v[i].v);
        kad_buf_putc(&text, '\n');
    }
    enum kad_err err = put(b, "keys", (struct kad_str){text.p, text.n}, reterr);
    kad_buf_done(&text);
    return err;
}

static enum kad_err put_readme(struct bundle *b, struct kad_error *reterr)
{
    struct kad_buf text = {0}, key = {0};
    kad_verifier_put(&key, &b->keys.v[0].v);
    const struct kad_bundle_facts f = {.info = kad_ledger_info(b->ledger),
                                       .last = &b->last,
                                       .first_key = key.p,
                                       .keys = b->keys.n,
                                       .checkpoints = b->checkpoints,
                                       .policies = b->policies};
    kad_bundle_readme(&text, &f);
    enum kad_err err = put(b, "README.txt", (struct kad_str){text.p, text.n}, reterr);
    kad_buf_done(&text);
    kad_buf_done(&key);
    return err;
}

/* --- the whole --- */

static enum kad_err look(struct bundle *b, struct kad_snapshot *s, struct kad_error *reterr)
{
    uint64_t size;
    enum kad_err err = kad_log_keys(b->ledger, s, &b->c->arena, &b->keys, reterr);
    if (err == KAD_OK)
        err = kad_snapshot_note(s, UINT64_MAX, &b->c->arena, &b->note, &size, reterr);
    if (err == KAD_OK && b->note.n == 0)
        return kad_fail(reterr, KAD_ENO,
                        _("Nothing has been signed yet, so there is nothing that could be checked: "
                          "“kadens checkpoint” first."));
    if (err == KAD_OK)
        err = kad_checkpoint_read(&b->keys, b->note, &b->last, reterr);
    return err == KAD_OK ? kad_checkpoint_fits(s, &b->last, reterr) : err;
}

static enum kad_err fill(struct bundle *b, struct kad_error *reterr)
{
    struct kad_snapshot *s = NULL;
    enum kad_err err = kad_snapshot_take(b->ledger, &s, reterr);
    if (err == KAD_OK)
        err = look(b, s, reterr);
    if (err == KAD_OK)
        err = put_checkpoints(b, s, reterr);
    kad_snapshot_release(s);
    if (err == KAD_OK)
        err = put(b, "checkpoint", b->note, reterr);
    if (err == KAD_OK)
        err = put_keys(b, reterr);
    if (err == KAD_OK)
        err = begin_lines(b, reterr);
    if (err == KAD_OK)
        err = put_all_tiles(b, reterr);
    if (err == KAD_OK)
        err = end_lines(b, reterr);
    if (err == KAD_OK)
        err = put_readme(b, reterr);
    if (err != KAD_OK)
        return err;
    char *path = kad_path_join(b->dir, "SHA256SUMS");
    int failed = write_file(path, (struct kad_str){b->sums.p, b->sums.n});
    free(path);
    if (!failed)
        failed = sync_all(b->dir);
    return failed ? file_fail("SHA256SUMS", failed, reterr) : KAD_OK;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* A store holds what the program put there, and a backup of it nothing else. */
static enum kad_err check_place(const char *store, const char *dir, struct kad_error *reterr)
{
    struct stat a, b;
    char *parent = kad_path_parent(dir);
    bool inside = stat(store, &a) == 0 && stat(parent, &b) == 0 && a.st_dev == b.st_dev &&
                  a.st_ino == b.st_ino;
    free(parent);
    if (inside)
        return kad_fail(reterr, KAD_EINPUT,
                        _("The folder %s lies in the store itself. Choose a folder elsewhere, best "
                          "on another disk."),
                        dir);
    return KAD_OK;
}

enum kad_err kad_bundle_export(struct kad_cli *c, const char *dir, struct kad_error *reterr)
{
    struct bundle b = {.c = c, .ledger = kad_engine_ledger(c->engine), .lines_fd = -1};
    struct kad_buf beside = {0};
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    kad_buf_printf(&beside, "%.*s.new-%ld", (int)n, dir, (long)getpid());
    b.dir = beside.p;
    enum kad_err err = check_place(kad_cli_store(c), dir, reterr);
    if (err != KAD_OK) {
        kad_buf_done(&beside);
        return err;
    }
    nftw(b.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS); /* of a process that was killed */
    int failed = kad_folder_new(b.dir, 0755);
    err = failed ? file_fail(dir, failed, reterr) : KAD_OK;
    if (err == KAD_OK) {
        kad_progress_init(&b.progress, _("Written:"));
        err = fill(&b, reterr);
        kad_progress_done(&b.progress);
        /* Onto an absent or empty folder. */
        if (err == KAD_OK && rename(b.dir, dir) != 0)
            err = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                      ? kad_fail(reterr, KAD_EINPUT,
                                 _("%s is there already and is not empty. A bundle is written into "
                                   "a new or empty folder."),
                                 dir)
                      : file_fail(dir, errno, reterr);
        char *parent = kad_path_parent(dir);
        if (err == KAD_OK && (failed = kad_sync_path(parent)) != 0)
            err = file_fail(dir, failed, reterr);
        free(parent);
        if (err != KAD_OK)
            nftw(b.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
    if (err == KAD_OK) {
        kad_out_printf(
            &c->out,
            ngettext_("The bundle is in %s: %llu record, up to the last checkpoint. Its "
                      "README.txt tells how to check it without Kadens.\n",
                      "The bundle is in %s: %llu records, up to the last checkpoint. Its "
                      "README.txt tells how to check them without Kadens.\n",
                      (unsigned long)b.last.size),
            dir, (unsigned long long)b.last.size);
    }
    if (b.lines_fd >= 0)
        close(b.lines_fd);
    kad_buf_done(&b.sums);
    kad_buf_done(&b.lines);
    kad_buf_done(&beside);
    return err;
}

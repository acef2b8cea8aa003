/* Somebody who may write the file, knows its formats, and has the tools: what each step further
 * would still be found by. The last two are only found by what is kept outside. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/files.h"
#include "core/ledger_priv.h"
#include "core/verify.h"
#include "dsl/dsl.h"
#include "tests/sim/tamper.h"

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "tamper: %s: %s\n", what, why);
    exit(2);
}
static void must(int rc, const char *what)
{
    if (rc != 0)
        die(what, mdb_strerror(rc));
}

/* A copy to work on, open for writing behind the program's back. */
struct hand {
    char dir[256];
    struct kad_ledger *l;
    MDB_txn *txn;
};

static void hand_open(struct hand *h, const char *root)
{
    struct kad_error error = {0};
    static const char *const files[] = {"data.mdb", "vault", "writer"};
    snprintf(h->dir, sizeof h->dir, "%s/insider", root);
    kad_folder_remove(h->dir);
    if (mkdir(h->dir, 0700) != 0)
        die(h->dir, "cannot be made");
    for (size_t i = 0; i < 3; i++) {
        struct kad_buf b = {0};
        char from[512];
        snprintf(from, sizeof from, "%s/store/%s", root, files[i]);
        char *to = kad_path_join(h->dir, files[i]);
        if (kad_file_get(from, 64u << 20, &b) == 0 || i == 2)
            if (kad_file_put(to, (struct kad_str){b.p, b.n}, 0600) != 0)
                die(to, "cannot be written");
        kad_buf_done(&b);
        free(to);
    }
    if (kad_ledger_open(h->dir, true, 0, &h->l, &error) != KAD_OK)
        die(h->dir, error.text);
    must(mdb_txn_begin(h->l->env, NULL, 0, &h->txn), "begin");
}

static void hand_close(struct hand *h)
{
    must(mdb_txn_commit(h->txn), "commit");
    kad_ledger_close(h->l);
}

static void replace(struct hand *h, enum kad_table table, MDB_val k, const void *bytes, size_t n)
{
    MDB_val v = kad_val((struct kad_str){bytes, n});
    must(mdb_put(h->txn, h->l->dbi[table], &k, &v, 0), "put");
}

/* Every copy of the old bytes in a table's values becomes the new ones. */
static size_t replace_all(struct hand *h, enum kad_table table, struct kad_str was, const char *is)
{
    MDB_cursor *c;
    MDB_val k, v;
    size_t found = 0;
    must(mdb_cursor_open(h->txn, h->l->dbi[table], &c), "cursor");
    while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0) {
        char *at = memmem(v.mv_data, v.mv_size, was.p, was.n);
        if (!at)
            continue;
        struct kad_buf b = {0};
        kad_buf_put(&b, v.mv_data, v.mv_size);
        memcpy(b.p + (at - (char *)v.mv_data), is, was.n);
        MDB_val put = {.mv_data = b.p, .mv_size = b.n};
        must(mdb_cursor_put(c, &k, &put, MDB_CURRENT), "put");
        kad_buf_done(&b);
        found++;
    }
    mdb_cursor_close(c);
    return found;
}

/* What was said at a visit, said otherwise: in the log and the story, with its digest. */
static void change_word(struct hand *h)
{
    static const char was[] = "at work", is[] = "at home";
    MDB_cursor *c;
    MDB_val k, v;
    must(mdb_cursor_open(h->txn, h->l->dbi[KAD_TAB_LOG], &c), "cursor");
    while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0) {
        char *at = memmem(v.mv_data, v.mv_size, was, sizeof was - 1);
        if (!at)
            continue;
        struct kad_buf old = {0}, new = {0};
        kad_buf_put(&old, v.mv_data, v.mv_size);
        kad_buf_put(&new, v.mv_data, v.mv_size);
        memcpy(new.p + (at - (char *)v.mv_data), is, sizeof is - 1);
        size_t header = kad_record_header((struct kad_str){new.p, new.n}).n;
        crypto_hash_sha256((unsigned char *)new.p + 48, (unsigned char *)new.p + header,
                           new.n - header);
        mdb_cursor_close(c);
        struct kad_str bytes = {old.p, old.n};
        if (replace_all(h, KAD_TAB_LOG, bytes, new.p) != 1 ||
            replace_all(h, KAD_TAB_STORY, bytes, new.p) != 1)
            die("change", "not found");
        kad_buf_done(&old);
        kad_buf_done(&new);
        return;
    }
    die("change", "no such record");
}

static int put_tile(void *ctx, unsigned k, uint64_t index, const uint8_t *hashes, size_t n)
{
    struct hand *h = ctx;
    char name[KAD_TILE_KEY];
    kad_tile_key(name, k, index);
    replace(h, KAD_TAB_TREE, (MDB_val){.mv_data = name, .mv_size = sizeof name}, hashes,
            n * KAD_HASH);
    return 0;
}

static void make_tree(struct hand *h)
{
    struct kad_tiles *tiles = kad_xalloc(sizeof *tiles);
    MDB_cursor *c;
    MDB_val k, v;
    must(mdb_drop(h->txn, h->l->dbi[KAD_TAB_TREE], 0), "drop");
    must(mdb_cursor_open(h->txn, h->l->dbi[KAD_TAB_LOG], &c), "cursor");
    while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0) {
        uint8_t leaf[KAD_HASH];
        struct kad_str header = kad_record_header(kad_of_val(v));
        kad_merkle_leaf(header.p, header.n, leaf);
        kad_tiles_add(tiles, leaf, put_tile, h);
    }
    kad_tiles_rest(tiles, put_tile, h);
    mdb_cursor_close(c);
    free(tiles);
}

/* The last n records are gone, and what follows from them. */
static void cut_tail(struct hand *h, int n)
{
    MDB_cursor *c;
    MDB_val k, v;
    struct kad_error error = {0};
    must(mdb_cursor_open(h->txn, h->l->dbi[KAD_TAB_LOG], &c), "cursor");
    for (; n > 0; n--) {
        must(mdb_cursor_get(c, &k, &v, MDB_LAST), "last");
        must(mdb_cursor_del(c, 0), "delete");
    }
    mdb_cursor_close(c);
    make_tree(h);
    must(mdb_txn_commit(h->txn), "commit");
    if (kad_view_rebuild(h->l, NULL, NULL, &error) != KAD_OK)
        die("rebuild", error.text);
    must(mdb_txn_begin(h->l->env, NULL, 0, &h->txn), "begin");
}

static void drop_checkpoints(struct hand *h)
{
    must(mdb_drop(h->txn, h->l->dbi[KAD_TAB_CHECKPOINT], 0), "drop");
}

/* Verify says so in this part (KAD_PART__COUNT: nothing is found). */
static int expect(const char *what, const struct hand *h, struct kad_str against,
                  enum kad_part part)
{
    struct kad_verify_options o = {
        .dir = h->dir, .compile = kad_dsl_compile_fn, .full = true, .against = against};
    struct kad_verify *v = NULL;
    struct kad_error error = {0};
    enum kad_err err = kad_verify_run(&o, &v, &error);
    bool good =
        part == KAD_PART__COUNT ? err == KAD_OK : err == KAD_ENO && v->troubles_in[part] > 0;
    printf("%s: %s\n", what,
           good ? part == KAD_PART__COUNT ? "not found from within" : v->troubles[0].text
                : "NOT AS EXPECTED");
    for (size_t i = 0; !good && i < v->n_troubles && i < 10; i++)
        printf("  %s: %s\n", kad_part_words[v->troubles[i].part], v->troubles[i].text);
    kad_verify_free(v);
    return !good;
}

int tamper_insider(const char *root)
{
    struct hand h;
    struct kad_buf kept = {0};
    char path[300];
    int failed = 0;
    snprintf(path, sizeof path, "%s/kept", root);
    if (kad_file_get(path, 1u << 20, &kept) != 0)
        die(path, "cannot be read");
    struct kad_str none = {0}, outside = {kept.p, kept.n};

    hand_open(&h, root);
    change_word(&h);
    hand_close(&h);
    failed |= expect("a word changed, with its digest", &h, none, KAD_PART_TREE);

    hand_open(&h, root);
    change_word(&h);
    make_tree(&h);
    hand_close(&h);
    failed |= expect("... and the tree made anew", &h, none, KAD_PART_CHECKPOINTS);

    hand_open(&h, root);
    change_word(&h);
    make_tree(&h);
    drop_checkpoints(&h);
    hand_close(&h);
    failed |= expect("... and the checkpoints taken away", &h, none, KAD_PART__COUNT);
    failed |= expect("... held against the one that was kept", &h, outside, KAD_PART_AGAINST);

    hand_open(&h, root);
    cut_tail(&h, 3);
    hand_close(&h);
    failed |= expect("the last three records cut off", &h, none, KAD_PART_CHECKPOINTS);

    hand_open(&h, root);
    cut_tail(&h, 3);
    drop_checkpoints(&h);
    hand_close(&h);
    failed |= expect("... and the checkpoints taken away", &h, none, KAD_PART__COUNT);
    failed |= expect("... held against the one that was kept", &h, outside, KAD_PART_AGAINST);
    kad_folder_remove(h.dir);
    kad_buf_done(&kept);
    return failed;
}

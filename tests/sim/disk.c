#include "tests/sim/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"
#include "tests/sim/tree.h"

#define SECTOR 512
#define LOCK_FILE "lock.mdb" /* shared memory, never synced and made anew: anything may be in it */

struct change { /* of a file */
    enum trace_op op;
    bool safe; /* by O_DSYNC, though others before it are not */
    uint64_t at;
    struct kad_str data;
};
struct node {
    bool folder;
    struct kad_buf bytes; /* those that are safe */
    kad_vec(struct change) changes;
};
struct entry {
    struct node *in, *to; /* to: NULL when the name is gone */
    struct kad_str name;
};
struct naming { /* one step that changes names */
    size_t n;
    struct entry e[2];
    bool safe;
};
struct disk {
    struct kad_arena arena;
    bool no_sync;
    struct node *root;
    kad_vec(struct entry) names; /* those that are safe */
    kad_vec(struct naming) namings;
    kad_vec(struct node *) nodes;
    struct {
        uint64_t *v; /* inode of nodes.v[i] */
        size_t n, cap;
    } inos;
};

/* --- the trace --- */

struct trace trace_load(const char *path)
{
    struct trace t = {0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        tree_give_up(path, strerror(errno));
    size_t size = (size_t)st.st_size, cap = 0;
    const char *p = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    close(fd);
    if (!p || p == MAP_FAILED)
        tree_give_up(path, "cannot be read");
    for (size_t at = 0; at < size;) {
        struct trace_entry e;
        if (size - at < sizeof e.head)
            tree_give_up(path, "is cut");
        memcpy(&e.head, p + at, sizeof e.head);
        at += sizeof e.head;
        size_t n = e.head.n_path + e.head.n_path2 + e.head.n_data;
        if (e.head.magic != TRACE_MAGIC || size - at < n)
            tree_give_up(path, "is no trace");
        e.path = (struct kad_str){p + at, e.head.n_path};
        e.path2 = (struct kad_str){e.path.p + e.path.n, e.head.n_path2};
        e.data = (struct kad_str){e.path2.p + e.path2.n, e.head.n_data};
        at += n;
        if (t.n == cap)
            t.v = kad_xrealloc(t.v, (cap = cap ? cap * 2 : 1024) * sizeof *t.v);
        t.v[t.n++] = e;
    }
    return t;
}

uint64_t dice(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* --- the disk --- */

static struct node *node_new(struct disk *d, uint64_t ino, bool folder)
{
    struct node *n = kad_arena_new(&d->arena, struct node);
    n->folder = folder;
    kad_vec_push(&d->arena, &d->nodes, n);
    if (d->inos.n == d->inos.cap)
        d->inos.v =
            kad_xrealloc(d->inos.v, (d->inos.cap = d->inos.cap * 2 + 16) * sizeof *d->inos.v);
    d->inos.v[d->inos.n++] = ino;
    return n;
}

struct disk *disk_new(bool no_sync)
{
    struct disk *d = kad_xalloc(sizeof *d);
    kad_arena_init(&d->arena);
    d->no_sync = no_sync;
    d->root = node_new(d, 0, true);
    return d;
}

void disk_free(struct disk *d)
{
    for (size_t i = 0; i < d->nodes.n; i++)
        kad_buf_done(&d->nodes.v[i]->bytes);
    free(d->inos.v);
    kad_arena_done(&d->arena);
    free(d);
}

/* Numbers are given again after a file is gone: the newest has it. */
static struct node *by_ino(struct disk *d, uint64_t ino)
{
    for (size_t i = d->inos.n; i-- > 0;)
        if (d->inos.v[i] == ino)
            return d->nodes.v[i];
    return NULL;
}

static bool is_entry(const struct entry *e, const struct node *in, struct kad_str name)
{
    return e->in == in && kad_str_eq(e->name, name);
}

/* As a running program sees it. */
static struct node *live(const struct disk *d, const struct node *in, struct kad_str name)
{
    for (size_t i = d->namings.n; i-- > 0;)
        for (size_t k = d->namings.v[i].n; k-- > 0;)
            if (is_entry(&d->namings.v[i].e[k], in, name))
                return d->namings.v[i].e[k].to;
    for (size_t i = 0; i < d->names.n; i++)
        if (is_entry(&d->names.v[i], in, name))
            return d->names.v[i].to;
    return NULL;
}

/* The folder of a path; its last name in *ret. */
static struct node *folder_of(const struct disk *d, struct kad_str path, struct kad_str *ret)
{
    struct node *in = d->root;
    for (;;) {
        const char *slash = memchr(path.p, '/', path.n);
        if (!slash) {
            *ret = path;
            return in;
        }
        struct kad_str part = {path.p, (size_t)(slash - path.p)};
        in = live(d, in, part);
        if (!in || !in->folder)
            tree_give_up("a folder was not made under the recorder", path.p);
        path = (struct kad_str){slash + 1, path.n - part.n - 1};
    }
}

static struct entry entry_at(const struct disk *d, struct kad_str path, struct node *to)
{
    struct entry e = {.to = to};
    e.in = folder_of(d, path, &e.name);
    return e;
}

static void set_name(struct disk *d, const struct entry *e)
{
    for (size_t i = 0; i < d->names.n; i++)
        if (is_entry(&d->names.v[i], e->in, e->name)) {
            d->names.v[i].to = e->to;
            return;
        }
    kad_vec_push(&d->arena, &d->names, *e);
}

static void name_step(struct disk *d, struct naming s)
{
    kad_vec_push(&d->arena, &d->namings, s);
}

static bool share_name(const struct naming *a, const struct naming *b)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            if (is_entry(&a->e[i], b->e[k].in, b->e[k].name))
                return true;
    return false;
}

static void sync_names(struct disk *d, const struct node *folder)
{
    for (size_t i = 0; i < d->namings.n; i++) {
        struct naming *s = &d->namings.v[i];
        for (size_t k = 0; k < s->n; k++)
            s->safe |= !folder || s->e[k].in == folder;
    }
    /* What a step stands on is as safe as the step. */
    for (size_t i = d->namings.n; i-- > 0;)
        for (size_t k = 0; k < i && d->namings.v[i].safe; k++)
            d->namings.v[k].safe |= share_name(&d->namings.v[i], &d->namings.v[k]);
    size_t left = 0;
    for (size_t i = 0; i < d->namings.n; i++) {
        struct naming s = d->namings.v[i];
        for (size_t k = 0; k < s.n && s.safe; k++)
            set_name(d, &s.e[k]);
        if (!s.safe)
            d->namings.v[left++] = s;
    }
    d->namings.n = left;
}

static void resize(struct kad_buf *b, uint64_t size)
{
    static const char zero[4096];
    while (b->n < size)
        kad_buf_put(b, zero, size - b->n < sizeof zero ? size - b->n : sizeof zero);
    b->n = size;
}

static void put_at(struct kad_buf *b, uint64_t at, const char *p, size_t n)
{
    if (b->n < at + n)
        resize(b, at + n);
    memcpy(b->p + at, p, n);
}

/* All of it, or of a write the sectors that the dice keep. */
static void apply(struct kad_buf *b, const struct change *c, uint64_t *torn)
{
    if (c->op == TRACE_SIZE || (c->op == TRACE_ALLOCATE && b->n < c->at)) {
        resize(b, c->at);
        return;
    }
    if (c->op == TRACE_ALLOCATE)
        return;
    for (size_t i = 0, n; i < c->data.n; i += n) {
        n = torn ? SECTOR - (c->at + i) % SECTOR : c->data.n;
        n = n < c->data.n - i ? n : c->data.n - i;
        if (!torn || dice(torn) & 1)
            put_at(b, c->at + i, c->data.p + i, n);
    }
}

static void sync_bytes(struct node *n)
{
    for (size_t i = 0; i < n->changes.n; i++)
        apply(&n->bytes, &n->changes.v[i], NULL);
    n->changes.n = 0;
}

static void sync_one(struct disk *d, struct node *n)
{
    if (!n || n->folder)
        sync_names(d, n);
    for (size_t i = 0; i < d->nodes.n; i++)
        if (!n || n == d->nodes.v[i])
            sync_bytes(d->nodes.v[i]);
}

static void change_file(struct disk *d, const struct trace_entry *e)
{
    struct node *n = by_ino(d, e->head.ino);
    if (!n)
        tree_give_up("the trace", "writes to a file that was not made under the recorder");
    struct change c = {.op = e->head.op, .at = e->head.at, .data = e->data};
    c.safe = !d->no_sync && e->head.flags & TRACE_DSYNC;
    kad_vec_push(&d->arena, &n->changes, c);
}

static void change_names(struct disk *d, const struct trace_entry *e)
{
    struct entry a = entry_at(d, e->path, NULL), b = {0};
    struct node *to = live(d, a.in, a.name);
    switch (e->head.op) {
    case TRACE_CREATE:
    case TRACE_MKDIR:
        a.to = node_new(d, e->head.ino, e->head.op == TRACE_MKDIR);
        break;
    case TRACE_REMOVE:
        break;
    default:
        if (!to)
            tree_give_up("a name that is not there was moved", e->path.p);
        b = entry_at(d, e->path2, to);
        if (e->head.op == TRACE_EXCHANGE)
            a.to = live(d, b.in, b.name);
        if (e->head.op == TRACE_LINK)
            a = b;
    }
    if (e->head.op == TRACE_RENAME || e->head.op == TRACE_EXCHANGE)
        name_step(d, (struct naming){.n = 2, .e = {a, b}});
    else
        name_step(d, (struct naming){.n = 1, .e = {a}});
}

void disk_play(struct disk *d, const struct trace_entry *e)
{
    switch ((enum trace_op)e->head.op) {
    case TRACE_WRITE:
    case TRACE_SIZE:
    case TRACE_ALLOCATE:
        change_file(d, e);
        break;
    case TRACE_CREATE:
    case TRACE_MKDIR:
    case TRACE_RENAME:
    case TRACE_EXCHANGE:
    case TRACE_LINK:
    case TRACE_REMOVE:
        change_names(d, e);
        break;
    case TRACE_SYNC: {
        struct node *n = by_ino(d, e->head.ino);
        /* A folder that was there before: the root, all of whose names are in it. */
        if (!d->no_sync)
            sync_one(d, n ? n : d->root);
        break;
    }
    case TRACE_SYNC_ALL:
        if (!d->no_sync)
            sync_one(d, NULL);
        break;
    case TRACE_MARK:
        break;
    }
}

bool disk_unsettled(const struct disk *d)
{
    if (d->namings.n > 0)
        return true;
    for (size_t i = 0; i < d->nodes.n; i++)
        if (d->nodes.v[i]->changes.n > 0)
            return true;
    return false;
}

/* --- images --- */

struct found {
    struct kad_str path;
    bool folder;
    struct kad_buf bytes;
};
struct image {
    struct kad_arena arena;
    kad_vec(struct found) files; /* folders before what is in them */
    uint64_t seed;
};

/* How much of what was on its way arrived, in eighths; and how it is chosen. */
enum { IN_ORDER = 16, TORN = 32 };
static const unsigned fates[] = {
    0, 8, 4, 4 | TORN, 6 | TORN, 2 | TORN, 7, 1, 4 | IN_ORDER, 4 | IN_ORDER | TORN,
};

static bool arrives(unsigned fate, size_t i, size_t reach, uint64_t *seed)
{
    if (fate & IN_ORDER)
        return i < reach;
    return dice(seed) % 8 < (fate & 15);
}

static void bytes_of(struct image *im, const struct node *n, struct kad_buf *ret)
{
    unsigned fate = fates[dice(&im->seed) % (sizeof fates / sizeof *fates)];
    size_t reach = dice(&im->seed) % (n->changes.n + 1);
    kad_buf_put(ret, n->bytes.p, n->bytes.n);
    for (size_t i = 0; i < n->changes.n; i++) {
        const struct change *c = &n->changes.v[i];
        /* Of a row that arrived in order, the one it was in the midst of is torn. */
        bool half = fate & TORN && (fate & IN_ORDER ? i == reach : dice(&im->seed) % 4 == 0);
        if (c->safe)
            apply(ret, c, NULL);
        else if (half)
            apply(ret, c, &im->seed);
        else if (arrives(fate, i, reach, &im->seed))
            apply(ret, c, NULL);
    }
}

static bool is_lock(struct kad_str path)
{
    const size_t n = sizeof LOCK_FILE - 1;
    return path.n >= n && memcmp(path.p + path.n - n, LOCK_FILE, n) == 0;
}

static void lock_bytes(struct image *im, struct kad_buf *b)
{
    uint64_t fate = dice(&im->seed) % 4;
    for (size_t i = 0; i < b->n; i++)
        b->p[i] = fate == 0 ? (char)dice(&im->seed) : fate == 1 ? (char)0xff : 0;
}

typedef kad_vec(struct entry) entries;

static void choose_names(struct image *im, const struct disk *d, entries *ret)
{
    unsigned fate = fates[dice(&im->seed) % (sizeof fates / sizeof *fates)];
    size_t reach = dice(&im->seed) % (d->namings.n + 1);
    for (size_t i = 0; i < d->names.n; i++)
        kad_vec_push(&im->arena, ret, d->names.v[i]);
    for (size_t i = 0; i < d->namings.n; i++) {
        const struct naming *s = &d->namings.v[i];
        if (!arrives(fate, i, reach, &im->seed))
            continue;
        for (size_t k = 0; k < s->n; k++) {
            size_t at = 0;
            while (at < ret->n && !is_entry(&ret->v[at], s->e[k].in, s->e[k].name))
                at++;
            if (at < ret->n)
                ret->v[at] = s->e[k];
            else
                kad_vec_push(&im->arena, ret, s->e[k]);
        }
    }
}

static void walk(struct image *im, const entries *names, const struct node *in, struct kad_str at,
                 int depth)
{
    for (size_t i = 0; i < names->n && depth < 8; i++) {
        const struct entry *e = &names->v[i];
        if (e->in != in || !e->to)
            continue;
        struct found f = {.folder = e->to->folder};
        f.path = kad_str(kad_arena_printf(&im->arena, "%.*s%s%.*s", KAD_STR_FMT(at),
                                          at.n ? "/" : "", KAD_STR_FMT(e->name)));
        if (!f.folder)
            bytes_of(im, e->to, &f.bytes);
        if (is_lock(e->name))
            lock_bytes(im, &f.bytes);
        kad_vec_push(&im->arena, &im->files, f);
        if (f.folder)
            walk(im, names, e->to, f.path, depth + 1);
    }
}

struct image *image_new(const struct disk *d, uint64_t seed)
{
    struct image *im = kad_xalloc(sizeof *im);
    entries names = {0};
    kad_arena_init(&im->arena);
    im->seed = seed;
    choose_names(im, d, &names);
    walk(im, &names, d->root, (struct kad_str){0}, 0);
    return im;
}

static uint64_t hash_more(uint64_t h, const char *p, size_t n)
{
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15;
        h ^= h >> 29;
    }
    for (; n > 0; p++, n--)
        h = (h ^ (uint8_t)*p) * 0x100000001b3;
    return h;
}

uint64_t image_hash(const struct image *im)
{
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < im->files.n; i++) {
        const struct found *f = &im->files.v[i];
        h = hash_more(h, f->path.p, f->path.n);
        if (!is_lock(f->path))
            h = hash_more(h ^ f->bytes.n, f->bytes.p, f->bytes.n);
    }
    return h;
}

void image_write(const struct image *im, const char *dir)
{
    tree_empty(dir);
    for (size_t i = 0; i < im->files.n; i++) {
        const struct found *f = &im->files.v[i];
        char path[4096];
        snprintf(path, sizeof path, "%s/%.*s", dir, KAD_STR_FMT(f->path));
        if (f->folder) {
            if (mkdir(path, 0700) != 0)
                tree_give_up(path, strerror(errno));
            continue;
        }
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || (f->bytes.n && write(fd, f->bytes.p, f->bytes.n) != (ssize_t)f->bytes.n))
            tree_give_up(path, strerror(errno));
        close(fd);
    }
}

void image_free(struct image *im)
{
    for (size_t i = 0; i < im->files.n; i++)
        kad_buf_done(&im->files.v[i].bytes);
    kad_arena_done(&im->arena);
    free(im);
}

/* --- was everything recorded? --- */

static void compare_file(const char *path, struct kad_str rel, const struct node *n,
                         struct kad_buf *ret)
{
    struct kad_buf want = {0}, have = {0};
    char piece[65536];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    kad_buf_put(&want, n->bytes.p, n->bytes.n);
    for (size_t i = 0; i < n->changes.n; i++)
        apply(&want, &n->changes.v[i], NULL);
    while (fd >= 0 && (got = read(fd, piece, sizeof piece)) > 0)
        kad_buf_put(&have, piece, (size_t)got);
    if (fd < 0 || want.n != have.n || (want.n && memcmp(want.p, have.p, want.n) != 0))
        kad_buf_printf(ret, "%.*s is not as it was recorded", KAD_STR_FMT(rel));
    if (fd >= 0)
        close(fd);
    kad_buf_done(&want);
    kad_buf_done(&have);
}

static void compare_folder(const struct disk *d, const char *dir, struct kad_str rel,
                           struct kad_buf *ret)
{
    DIR *f = opendir(dir);
    for (const struct dirent *e; f && ret->n == 0 && (e = readdir(f));) {
        char path[4096], sub[4096];
        struct kad_str name;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        snprintf(sub, sizeof sub, "%.*s%s%s", KAD_STR_FMT(rel), rel.n ? "/" : "", e->d_name);
        const struct node *in = folder_of(d, kad_str(sub), &name);
        const struct node *n = live(d, in, name);
        struct stat st;
        if (!n || lstat(path, &st) != 0 || n->folder != S_ISDIR(st.st_mode))
            kad_buf_printf(ret, "%s is not in the record", sub);
        else if (n->folder)
            compare_folder(d, path, kad_str(sub), ret);
        else if (strcmp(e->d_name, LOCK_FILE) != 0)
            compare_file(path, kad_str(sub), n, ret);
    }
    if (f)
        closedir(f);
}

void disk_compare(const struct disk *d, const char *dir, struct kad_buf *ret)
{
    compare_folder(d, dir, (struct kad_str){0}, ret);
}

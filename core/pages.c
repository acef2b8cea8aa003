/* The meta pages, and the walk over all others. */
#include "core/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define META_AT 16 /* behind a page's header */
#define MDB_FILE_MAGIC 0xbeefc0de
#define NO_PAGE UINT64_MAX
#define MDB_INTEGERKEY_FLAG 0x08
#define MAP_MAX ((uint64_t)1 << 47) /* addresses that a process has */

enum { PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_OVERFLOW = 0x04, PAGE_META = 0x08 };
enum { NODE_BIG = 0x01, NODE_TREE = 0x02 };
enum { PAGE_HEADER = 16, NODE_HEADER = 8, KEY_MAX = 511, DEPTH_MAX = 32, PAGE_MAX = 65536 };

/* The header of a page. lower and upper: where the free space between offsets and nodes begins and
 * ends; of an overflow page, together the number of pages in the chain. */
struct page_head {
    uint64_t number;
    uint16_t pad, flags, lower, upper;
};
_Static_assert(sizeof(struct page_head) == PAGE_HEADER, "MDB_page");

static bool read_at(int fd, void *p, size_t n, uint64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(fd, (char *)p + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* --- the meta pages --- */

static bool record_sane(const struct kad_tree_record *t, uint64_t last_page, bool of_free)
{
    if (t->flags != (of_free ? MDB_INTEGERKEY_FLAG : 0))
        return false;
    if (t->root == NO_PAGE)
        return t->depth == 0 && t->entries == 0 && t->branches + t->leaves + t->overflows == 0;
    return t->root >= 2 && t->root <= last_page && t->depth >= 1 && t->depth <= DEPTH_MAX &&
           t->entries > 0 && t->leaves > 0 && t->leaves <= last_page && t->branches <= last_page &&
           t->overflows <= last_page;
}

static bool meta_sane(const struct kad_meta_page *m, uint64_t page)
{
    return m->magic == MDB_FILE_MAGIC && m->version == 1 && m->address == 0 &&
           m->tree[0].pad == page && m->tree[1].pad == 0 && m->last_page >= 1 &&
           m->last_page < UINT64_MAX / page / 2 && m->map_size % page == 0 &&
           m->map_size >= (m->last_page + 1) * page && m->map_size <= MAP_MAX;
}

static bool roots_sane(const struct kad_meta_page *m)
{
    return record_sane(&m->tree[0], m->last_page, true) &&
           record_sane(&m->tree[1], m->last_page, false);
}

static bool head_sane(int fd, uint64_t number, uint64_t page)
{
    struct page_head head;
    return read_at(fd, &head, sizeof head, number * page) && head.number == number &&
           head.flags == PAGE_META;
}

/* Page 0 begins with its own number, 8 bytes of zero: a file too short to hold more may be ours. */
static bool may_begin_ours(int fd)
{
    char head[8] = {0};
    static const char zero[8];
    return pread(fd, head, sizeof head, 0) >= 0 && memcmp(head, zero, sizeof head) == 0;
}

static enum kad_look damaged(struct kad_pages_head *h, int bad)
{
    h->bad = bad;
    return KAD_LOOK_DAMAGED;
}

enum kad_look kad_pages_look(int fd, uint64_t size, struct kad_pages_head *ret)
{
    struct kad_meta_page *m = ret->meta;
    memset(ret, 0, sizeof *ret);
    if (!read_at(fd, &m[0], sizeof m[0], META_AT) || m[0].magic != MDB_FILE_MAGIC)
        return m[0].magic == MDB_FILE_MAGIC || (size < META_AT + 4 && may_begin_ours(fd))
                   ? KAD_LOOK_CUT
                   : KAD_LOOK_FOREIGN;
    uint64_t page = m[0].tree[0].pad;
    if (m[0].version != 1)
        return KAD_LOOK_OTHER_LMDB;
    if (page < 512 || page > PAGE_MAX || (page & (page - 1)) != 0)
        return damaged(ret, 0);
    ret->page_size = (uint32_t)page;
    if (size < 2 * page)
        return KAD_LOOK_CUT;
    if (!read_at(fd, &m[1], sizeof m[1], page + META_AT))
        return damaged(ret, 1);
    ret->newest = m[1].txn > m[0].txn;
    const struct kad_meta_page *newest = &m[ret->newest];
    for (int i = 0; i < 2; i++)
        if (!head_sane(fd, (uint64_t)i, page) || !meta_sane(&m[i], page))
            return damaged(ret, i);
    /* Not of the older one: a write that failed leaves it with the roots of what was not committed. */
    if (!roots_sane(newest))
        return damaged(ret, ret->newest);
    bool fresh = newest->txn == 0 && newest->last_page == 1;
    if (!fresh &&
        ((newest->txn & 1) != (uint64_t)ret->newest || m[!ret->newest].txn != newest->txn - 1))
        return damaged(ret, -1);
    return size < (newest->last_page + 1) * page ? KAD_LOOK_CUT : KAD_LOOK_GOOD;
}

/* --- the walk --- */

enum { UNSEEN = 0, REACHED, FREE };

struct walk {
    int fd;
    void (*progress)(void *ctx, uint64_t done, uint64_t of);
    void (*fault)(void *ctx, const struct kad_page_fault *f);
    void *ctx;
    struct kad_pages_seen *seen;
    uint32_t page_size;
    uint64_t last_page, txn;
    unsigned char *state; /* of each page */
    uint16_t *node_at;    /* sizes of nodes by half their offset: are they side by side? */
};

/* The tree that is being walked, and what was found in it. */
struct tree {
    struct walk *w;
    struct kad_str name;
    bool free, main;
    struct kad_tree_record stored, found;
    struct kad_buf page[DEPTH_MAX]; /* one for each level */
};

/* What a part of a tree has to lie between. */
struct range {
    struct kad_str low, high; /* high.p NULL: no end */
};

static void tell(struct walk *w, const struct kad_page_fault *f)
{
    w->seen->faults++;
    if (w->fault)
        w->fault(w->ctx, f);
}

static void tell_page(struct tree *t, uint64_t page, uint64_t pages, struct range r,
                      const char *what)
{
    uint64_t size = t->w->page_size;
    struct kad_page_fault f = {.page = page,
                               .from = page * size,
                               .to = (page + pages) * size,
                               .tree = t->name,
                               .low = r.low,
                               .high = r.high,
                               .what = what};
    t->w->seen->broken |= !t->free; /* only writers take pages from its list */
    tell(t->w, &f);
}

static const char *cannot_read(void)
{
    return _("the disk does not give it back");
}
static const char *outside(void)
{
    return _("a reference leads out of the file, or to a page that is in use elsewhere");
}
static const char *bad_header(void)
{
    return _("its first bytes are not those of such a page");
}
static const char *bad_nodes(void)
{
    return _("the entries in it do not fit together");
}
static const char *bad_order(void)
{
    return _("its keys are not in order, or belong elsewhere");
}
static const char *bad_big(void)
{
    return _("a long value in it lies on pages that are not made for it");
}
static const char *bad_counts(void)
{
    return _("the number of its pages or entries, or its depth, is not what was counted");
}
static const char *bad_free(void)
{
    return _("the list of free pages does not fit the pages in use");
}

/* Take pages for this tree, each for the first time. */
static bool claim(struct walk *w, uint64_t page, uint64_t n)
{
    if (page < 2 || page > w->last_page || n > w->last_page - page + 1)
        return false;
    for (uint64_t i = 0; i < n; i++)
        if (w->state[page + i] != UNSEEN)
            return false;
    memset(w->state + page, REACHED, n);
    w->seen->reached += n;
    if (w->progress && w->seen->reached % 4096 < n)
        w->progress(w->ctx, w->seen->reached, w->last_page + 1);
    return true;
}

/* A node of a page, checked to lie within it. */
struct node {
    struct kad_str key, data; /* data: of a leaf, when it lies in the page */
    uint64_t child, size;     /* child: of a branch; of a big value its first page */
    unsigned flags;
    size_t bytes; /* that it takes */
};

static bool node_get(struct tree *t, const struct kad_buf *page, size_t offset, bool leaf,
                     struct node *ret)
{
    const char *p = page->p + offset;
    uint16_t lo, hi, flags, key_size;
    if (offset + NODE_HEADER > page->n)
        return false;
    memcpy(&lo, p, 2);
    memcpy(&hi, p + 2, 2);
    memcpy(&flags, p + 4, 2);
    memcpy(&key_size, p + 6, 2);
    size_t room = page->n - offset - NODE_HEADER;
    if (key_size > KEY_MAX || key_size > room)
        return false;
    *ret = (struct node){.key = {p + NODE_HEADER, key_size}, .bytes = NODE_HEADER + key_size};
    room -= key_size;
    if (!leaf) {
        ret->child = lo | (uint64_t)hi << 16 | (uint64_t)flags << 32;
        return true;
    }
    ret->size = lo | (uint64_t)hi << 16;
    ret->flags = flags;
    size_t here = flags & NODE_BIG ? sizeof ret->child : ret->size;
    if (here > room || (flags & ~(unsigned)(t->main ? NODE_TREE : NODE_BIG)) != 0)
        return false;
    ret->data = (struct kad_str){ret->key.p + key_size, here};
    if (flags & NODE_BIG)
        memcpy(&ret->child, ret->data.p, sizeof ret->child);
    ret->bytes += here;
    return true;
}

static size_t count_nodes(const struct page_head *h)
{
    return (size_t)(h->lower - PAGE_HEADER) / 2;
}

static size_t offset_of(const struct kad_buf *page, size_t i)
{
    uint16_t offset;
    memcpy(&offset, page->p + PAGE_HEADER + 2 * i, 2);
    return offset;
}

/* The nodes lie side by side from `upper` to the end of the page, in whatever order. */
static bool nodes_fit(struct tree *t, const struct kad_buf *page, const struct page_head *h,
                      bool leaf)
{
    uint16_t *at = t->w->node_at;
    size_t n = count_nodes(h), next;
    memset(at, 0, page->n / 2 * sizeof *at);
    for (size_t i = 0; i < n; i++) {
        struct node node;
        size_t offset = offset_of(page, i);
        if (offset < h->upper || offset % 2 != 0 || !node_get(t, page, offset, leaf, &node) ||
            at[offset / 2] != 0)
            return false;
        at[offset / 2] = (uint16_t)((node.bytes + 1) & ~(size_t)1);
    }
    for (next = h->upper; next < page->n && at[next / 2] != 0; n--)
        next += at[next / 2];
    return next == page->n && n == 0;
}

static bool key_cmp_ok(const struct tree *t, struct kad_str a, struct kad_str b)
{
    if (!t->free)
        return kad_str_cmp(a, b) < 0;
    if (a.n != sizeof(uint64_t) || b.n != sizeof(uint64_t))
        return false;
    uint64_t x, y;
    memcpy(&x, a.p, sizeof x);
    memcpy(&y, b.p, sizeof y);
    return x < y;
}

/* Keys grow along the page and lie within the range. The first of a branch says nothing. */
static bool keys_fit(struct tree *t, const struct kad_buf *page, size_t n, bool leaf,
                     struct range r)
{
    struct kad_str before = {0};
    for (size_t i = leaf ? 0 : 1; i < n; i++) {
        struct node node;
        if (!node_get(t, page, offset_of(page, i), leaf, &node) || node.key.n == 0 ||
            (t->free && node.key.n != sizeof(uint64_t)))
            return false;
        if (!before.p && r.low.p && !kad_str_eq(r.low, node.key) && !key_cmp_ok(t, r.low, node.key))
            return false;
        if (before.p && !key_cmp_ok(t, before, node.key))
            return false;
        before = node.key;
    }
    return !before.p || !r.high.p || key_cmp_ok(t, before, r.high);
}

/* The chain of pages of a long value: claimed, and its first page's header read. */
static bool big_fits(struct tree *t, const struct node *node)
{
    struct walk *w = t->w;
    struct page_head h;
    uint32_t pages;
    uint64_t needed = (PAGE_HEADER - 1 + node->size) / w->page_size + 1;
    if (node->child < 2 || node->child > w->last_page ||
        !read_at(w->fd, &h, sizeof h, node->child * w->page_size))
        return false;
    memcpy(&pages, &h.lower, sizeof pages); /* in place of lower and upper */
    if (h.number != node->child || h.flags != PAGE_OVERFLOW || pages < needed ||
        !claim(w, node->child, pages))
        return false;
    t->found.overflows += pages;
    return true;
}

static void walk_tree(struct walk *w, struct kad_str name, const struct kad_tree_record *stored,
                      bool of_free, bool main);

/* The pages of one entry of the free list: a count, then as many numbers, falling. */
static bool free_fits(struct tree *t, const struct node *node)
{
    struct walk *w = t->w;
    struct kad_buf pages = {0};
    uint64_t id, n, before = NO_PAGE;
    bool fits = node->size >= sizeof n && node->size % sizeof n == 0 &&
                node->size / sizeof n <= w->last_page + 2;
    if (!fits || node->key.n != sizeof id)
        return false;
    memcpy(&id, node->key.p, sizeof id);
    if (id == 0 || id > w->txn)
        return false;
    if (node->flags & NODE_BIG) {
        char *copy = kad_xalloc(node->size);
        fits = read_at(w->fd, copy, node->size, node->child * w->page_size + PAGE_HEADER);
        kad_buf_put(&pages, copy, node->size);
        free(copy);
    } else {
        kad_buf_put(&pages, node->data.p, node->size);
    }
    memcpy(&n, pages.p, sizeof n);
    fits = fits && n <= node->size / sizeof n - 1;
    for (uint64_t i = 1; fits && i <= n; i++) {
        uint64_t page;
        memcpy(&page, pages.p + i * sizeof page, sizeof page);
        fits = page >= 2 && page <= w->last_page && page < before && w->state[page] == UNSEEN;
        if (fits)
            w->state[page] = FREE;
        w->seen->free += fits;
        before = page;
    }
    kad_buf_done(&pages);
    return fits;
}

static void walk_entry(struct tree *t, uint64_t page, const struct node *node, struct range r)
{
    t->found.entries++;
    if (node->flags & NODE_BIG && !big_fits(t, node)) {
        tell_page(t, page, 1, r, bad_big());
        return;
    }
    if (t->free && !free_fits(t, node))
        tell_page(t, page, 1, r, bad_free());
    if (!t->main)
        return;
    struct kad_tree_record stored;
    if (!(node->flags & NODE_TREE) || node->size != sizeof stored) {
        tell_page(t, page, 1, r, bad_nodes());
        return;
    }
    memcpy(&stored, node->data.p, sizeof stored);
    walk_tree(t->w, node->key, &stored, false, false);
}

static void walk_page(struct tree *t, uint64_t number, unsigned level, struct range r);

static void walk_children(struct tree *t, uint64_t number, unsigned level, size_t n, struct range r)
{
    const struct kad_buf *page = &t->page[level];
    for (size_t i = 0; i < n; i++) {
        struct node node, next;
        struct range part = r;
        if (!node_get(t, page, offset_of(page, i), false, &node))
            return;
        if (i > 0)
            part.low = node.key;
        if (i + 1 < n && node_get(t, page, offset_of(page, i + 1), false, &next))
            part.high = next.key;
        if (!claim(t->w, node.child, 1))
            tell_page(t, number, 1, part, outside());
        else
            walk_page(t, node.child, level + 1, part);
    }
}

/* A page that has been claimed. */
static void walk_page(struct tree *t, uint64_t number, unsigned level, struct range r)
{
    struct walk *w = t->w;
    struct kad_buf *page = &t->page[level];
    struct page_head h;
    bool leaf = level + 1 == t->stored.depth;
    if (!page->p) {
        page->p = kad_xalloc(w->page_size);
        page->n = page->cap = w->page_size;
    }
    if (!read_at(w->fd, page->p, page->n, number * w->page_size)) {
        tell_page(t, number, 1, r, cannot_read());
        return;
    }
    memcpy(&h, page->p, sizeof h);
    if (h.number != number || h.flags != (leaf ? PAGE_LEAF : PAGE_BRANCH) ||
        h.lower < PAGE_HEADER + 2 || h.lower % 2 != 0 || h.upper < h.lower || h.upper > page->n) {
        tell_page(t, number, 1, r, bad_header());
        return;
    }
    size_t n = count_nodes(&h);
    *(leaf ? &t->found.leaves : &t->found.branches) += 1;
    if (!nodes_fit(t, page, &h, leaf)) {
        tell_page(t, number, 1, r, bad_nodes());
        return;
    }
    if (!keys_fit(t, page, n, leaf, r))
        tell_page(t, number, 1, r, bad_order());
    if (!leaf) {
        walk_children(t, number, level, n, r);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct node node;
        if (node_get(t, page, offset_of(page, i), true, &node))
            walk_entry(t, number, &node, r);
    }
}

static void walk_tree(struct walk *w, struct kad_str name, const struct kad_tree_record *stored,
                      bool of_free, bool main)
{
    struct tree t = {.w = w, .name = name, .free = of_free, .main = main, .stored = *stored};
    struct range all = {{0}, {0}};
    t.found.depth = stored->depth;
    t.found.root = stored->root;
    t.found.flags = stored->flags;
    if (!record_sane(stored, w->last_page, of_free) || (!of_free && stored->pad != 0)) {
        tell_page(&t, 0, 0, all, bad_counts());
        return;
    }
    if (stored->root != NO_PAGE) {
        if (claim(w, stored->root, 1))
            walk_page(&t, stored->root, 0, all);
        else
            tell_page(&t, stored->root, 1, all, outside());
    }
    for (size_t i = 0; i < DEPTH_MAX; i++)
        kad_buf_done(&t.page[i]);
    if (t.found.branches != stored->branches || t.found.leaves != stored->leaves ||
        t.found.overflows != stored->overflows || t.found.entries != stored->entries)
        tell_page(&t, stored->root == NO_PAGE ? 0 : stored->root, stored->root != NO_PAGE, all,
                  bad_counts());
}

/* Pages in nobody's use that nobody may use again. */
static void tell_lost(struct walk *w)
{
    for (uint64_t i = 2, n; i <= w->last_page; i += n) {
        for (n = 1; w->state[i] == UNSEEN && i + n <= w->last_page && w->state[i + n] == UNSEEN;)
            n++;
        if (w->state[i] != UNSEEN)
            continue;
        struct kad_page_fault f = {.page = i,
                                   .from = i * w->page_size,
                                   .to = (i + n) * w->page_size,
                                   .what = _("in nobody's use, and not in the list of free pages")};
        tell(w, &f);
    }
}

/* The last key of the free list: the transaction that wrote it, since each one frees the pages that it
 * replaces. 0: the list is empty, or cannot be read. */
static uint64_t last_freed(struct walk *w, const struct kad_tree_record *stored)
{
    struct kad_buf page = {.p = kad_xalloc(w->page_size), .n = w->page_size};
    struct tree t = {.w = w, .free = true};
    uint64_t number = stored->root, id = 0;
    for (unsigned level = 1; level <= stored->depth && level <= DEPTH_MAX; level++) {
        bool leaf = level == stored->depth;
        struct page_head h;
        struct node node;
        if (number < 2 || number > w->last_page ||
            !read_at(w->fd, page.p, page.n, number * w->page_size))
            break;
        memcpy(&h, page.p, sizeof h);
        if (h.flags != (leaf ? PAGE_LEAF : PAGE_BRANCH) || h.lower < PAGE_HEADER + 2 ||
            h.lower > page.n ||
            !node_get(&t, &page, offset_of(&page, count_nodes(&h) - 1), leaf, &node))
            break;
        number = node.child;
        if (leaf && node.key.n == sizeof id)
            memcpy(&id, node.key.p, sizeof id);
    }
    kad_buf_done(&page);
    return id;
}

/* A meta page whose number was changed would bring back the transaction before the last, whole. */
static void check_metas(struct walk *w, const struct kad_pages_head *h)
{
    for (int i = 0; i < 2; i++) {
        const struct kad_meta_page *m = &h->meta[i];
        if (roots_sane(m) &&
            (m->txn < 2 ? m->tree[0].root == NO_PAGE : last_freed(w, &m->tree[0]) == m->txn))
            continue;
        struct kad_page_fault f = {.page = (uint64_t)i,
                                   .from = (uint64_t)i * w->page_size,
                                   .to = ((uint64_t)i + 1) * w->page_size,
                                   .what =
                                       _("it does not fit the transaction that it says it is of")};
        tell(w, &f);
    }
}

/* The meta pages are not good: which, and how. */
static void tell_head(struct walk *w, const struct kad_pages_head *h, enum kad_look look,
                      uint64_t size)
{
    uint64_t page = h->page_size ? h->page_size : 4096;
    uint64_t end = (h->meta[h->newest].last_page + 1) * page;
    struct kad_page_fault f = {.to = 2 * page, .what = bad_header()};
    if (look == KAD_LOOK_CUT) {
        f = (struct kad_page_fault){.page = size / page,
                                    .from = size,
                                    .to = end > size ? end : size,
                                    .what = _("the end of the file is missing")};
    } else if (look == KAD_LOOK_DAMAGED && h->bad >= 0) {
        f.page = (uint64_t)h->bad;
        f.from = f.page * page;
        f.to = f.from + page;
    } else if (look == KAD_LOOK_DAMAGED) {
        f.what = _("the first two pages are not of two transactions one after the other");
    }
    w->seen->broken = true;
    tell(w, &f);
}

enum kad_err kad_pages_walk(int fd, uint64_t txn,
                            void (*progress)(void *ctx, uint64_t done, uint64_t of),
                            void (*fault)(void *ctx, const struct kad_page_fault *f), void *ctx,
                            struct kad_pages_seen *ret, struct kad_error *reterr)
{
    struct kad_pages_head h;
    struct stat st;
    struct walk w = {.fd = fd, .progress = progress, .fault = fault, .ctx = ctx, .seen = ret};
    memset(ret, 0, sizeof *ret);
    if (fstat(fd, &st) != 0)
        return kad_fail(reterr, KAD_EIO, _("The file %s cannot be read: %s."), "data.mdb",
                        strerror(errno));
    uint64_t size = (uint64_t)st.st_size;
    enum kad_look look = kad_pages_look(fd, size, &h);
    if (look != KAD_LOOK_GOOD) {
        tell_head(&w, &h, look, size);
        return KAD_OK;
    }
    int which = txn == UINT64_MAX ? h.newest : (int)(txn & 1);
    const struct kad_meta_page *m = &h.meta[which];
    if (txn != UINT64_MAX && m->txn != txn)
        return KAD_ENOTFOUND;
    ret->page_size = w.page_size = h.page_size;
    ret->txn = w.txn = m->txn;
    w.last_page = m->last_page;
    ret->pages = m->last_page + 1;
    ret->reached = 2;
    posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    w.state = kad_xalloc(ret->pages);
    w.node_at = kad_xalloc(w.page_size / 2 * sizeof *w.node_at);
    if (txn == UINT64_MAX || which == h.newest)
        check_metas(&w, &h);
    walk_tree(&w, KAD_STR(""), &m->tree[1], false, true);
    walk_tree(&w, KAD_STR(""), &m->tree[0], true, false);
    tell_lost(&w);
    if (progress)
        progress(ctx, ret->pages, ret->pages);
    free(w.node_at);
    free(w.state);
    return KAD_OK;
}

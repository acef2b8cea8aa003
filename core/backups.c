#include "core/backups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/digest.h"
#include "core/files.h"

#define SUM 16 /* hexadecimal digits */
#define FILE_MOST ((size_t)8 << 20)

static void put_sum(struct kad_buf *b, struct kad_arena *a, struct kad_str rest)
{
    struct kad_digest d;
    kad_digest_init(&d);
    kad_digest_put(&d, rest);
    kad_buf_put(b, kad_digest_end(&d, a).p, SUM);
}

static void put_path(struct kad_buf *b, struct kad_str path)
{
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        if (c < 0x20 || c > 0x7e || c == '\\')
            kad_buf_printf(b, "\\x%02x", c);
        else
            kad_buf_putc(b, (char)c);
    }
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool get_path(struct kad_str in, struct kad_arena *a, struct kad_str *ret)
{
    char *out = kad_arena_alloc(a, in.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        out[n] = in.p[i];
        if (in.p[i] == '\\') {
            if (i + 3 >= in.n || in.p[i + 1] != 'x' || hex_of(in.p[i + 2]) < 0 ||
                hex_of(in.p[i + 3]) < 0)
                return false;
            out[n] = (char)(hex_of(in.p[i + 2]) << 4 | hex_of(in.p[i + 3]));
            i += 3;
        }
        n++;
    }
    *ret = (struct kad_str){out, n};
    return n > 0;
}

/* What stands before the next `end`; false when there is none. */
static bool cut(struct kad_str *rest, char end, struct kad_str *ret)
{
    const char *at = rest->n ? memchr(rest->p, end, rest->n) : NULL;
    if (!at)
        return false;
    *ret = (struct kad_str){rest->p, (size_t)(at - rest->p)};
    *rest = (struct kad_str){at + 1, rest->n - ret->n - 1};
    return true;
}

static bool number_of(struct kad_str s, uint64_t *ret)
{
    uint64_t n = 0;
    if (s.n == 0 || s.n > 19)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(s.p[i] - '0');
    }
    *ret = n;
    return true;
}

static bool read_line(struct kad_str line, struct kad_arena *a, struct kad_backup *ret)
{
    struct kad_str sum, at, seq, fence;
    struct kad_buf b = {0};
    if (!cut(&line, ' ', &sum))
        return false;
    put_sum(&b, a, line);
    bool whole = kad_str_eq(sum, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
    return whole && cut(&line, ' ', &at) && kad_instant_parse(at.p, at.n, &ret->at) &&
           cut(&line, ' ', &seq) && number_of(seq, &ret->last_seq) && cut(&line, ' ', &fence) &&
           number_of(fence, &ret->last_fence) && get_path(line, a, &ret->path);
}

enum kad_err kad_backups_read(const char *store, struct kad_arena *a, struct kad_backup **ret,
                              size_t *ret_n, struct kad_error *reterr)
{
    kad_assert(store && a && ret && ret_n);
    struct kad_buf b = {0};
    struct {
        struct kad_backup *v;
        size_t n, cap;
    } all = {0};
    char *path = kad_path_join(store, KAD_BACKUPS_FILE);
    int failed = kad_file_get(path, FILE_MOST, &b);
    free(path);
    enum kad_err err = KAD_OK;
    if (failed && failed != ENOENT)
        err = kad_fail(reterr, KAD_ESTORE,
                       _("The list of backups in the store %s cannot be read: %s."), store,
                       strerror(failed));
    struct kad_str rest = {b.p, err == KAD_OK ? b.n : 0}, line;
    while (cut(&rest, '\n', &line)) {
        struct kad_backup one;
        if (read_line(line, a, &one))
            kad_vec_push(a, &all, one);
    }
    kad_buf_done(&b);
    *ret = all.v;
    *ret_n = all.n;
    return err;
}

static void put_line(struct kad_buf *out, struct kad_arena *a, const struct kad_backup *b)
{
    char at[KAD_INSTANT_TEXT];
    struct kad_buf rest = {0};
    kad_buf_printf(&rest, "%s %llu %llu ", kad_instant_text(b->at, at),
                   (unsigned long long)b->last_seq, (unsigned long long)b->last_fence);
    put_path(&rest, b->path);
    put_sum(out, a, (struct kad_str){rest.p, rest.n});
    kad_buf_printf(out, " %s\n", rest.p);
    kad_buf_done(&rest);
}

enum kad_err kad_backups_add(const char *store, const struct kad_backup *b,
                             struct kad_error *reterr)
{
    struct kad_arena a;
    struct kad_backup *all;
    struct kad_buf out = {0};
    size_t n;
    kad_assert(b && b->path.n > 0);
    kad_arena_init(&a);
    enum kad_err err = kad_backups_read(store, &a, &all, &n, reterr);
    if (err == KAD_OK) {
        for (size_t i = n >= KAD_BACKUPS_MOST ? n - KAD_BACKUPS_MOST + 1 : 0; i < n; i++)
            put_line(&out, &a, &all[i]);
        put_line(&out, &a, b);
        char *path = kad_path_join(store, KAD_BACKUPS_FILE);
        int failed = kad_file_put(path, (struct kad_str){out.p, out.n}, 0600);
        free(path);
        if (failed)
            err = kad_fail(reterr, failed == ENOSPC || failed == EDQUOT ? KAD_EFULL : KAD_ESTORE,
                           _("The list of backups in the store %s cannot be written: %s."), store,
                           strerror(failed));
    }
    kad_buf_done(&out);
    kad_arena_done(&a);
    return err;
}

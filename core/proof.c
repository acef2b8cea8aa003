#include "core/proof.h"

#include <string.h>

#include "core/event.h"

#define INCLUSION "c2sp.org/tlog-proof@v1\n"
#define CONSISTENCY "kadens consistency proof 1\n"

void kad_proof_write(struct kad_buf *b, const struct kad_proof *p)
{
    if (p->consistency) {
        kad_buf_printf(b, CONSISTENCY "from %llu\nto %llu\n", (unsigned long long)p->from,
                       (unsigned long long)p->to);
    } else {
        kad_buf_puts(b, INCLUSION);
        if (p->extra.n > 0) {
            kad_buf_puts(b, "extra ");
            kad_base64_put(b, p->extra.p, p->extra.n);
            kad_buf_putc(b, '\n');
        }
        kad_buf_printf(b, "index %llu\n", (unsigned long long)p->index);
    }
    for (size_t i = 0; i < p->hashes.n; i++) {
        kad_base64_put(b, p->hashes.h[i], KAD_HASH);
        kad_buf_putc(b, '\n');
    }
    kad_buf_putc(b, '\n');
    kad_buf_put(b, p->checkpoint.p, p->checkpoint.n);
}

static bool starts(struct kad_str *s, const char *with)
{
    size_t n = strlen(with);
    if (s->n < n || memcmp(s->p, with, n) != 0)
        return false;
    *s = (struct kad_str){s->p + n, s->n - n};
    return true;
}

/* "index 12" */
static bool number_line(struct kad_str *rest, const char *word, uint64_t *ret)
{
    struct kad_str line;
    return kad_line_next(rest, &line) && starts(&line, word) && kad_decimal_parse(line, ret);
}

static bool read_extra(struct kad_str *rest, struct kad_arena *a, struct kad_str *ret)
{
    struct kad_str line, look = *rest;
    if (!starts(&look, "extra "))
        return true;
    if (!kad_line_next(&look, &line) || line.n < 4)
        return false;
    size_t pad = line.p[line.n - 1] != '=' ? 0 : line.p[line.n - 2] == '=' ? 2 : 1;
    size_t n = line.n / 4 * 3 - pad;
    uint8_t *bytes = kad_arena_alloc(a, n);
    if (n == 0 || !kad_base64_parse(line, bytes, n))
        return false;
    *ret = (struct kad_str){(const char *)bytes, n};
    *rest = look;
    return true;
}

bool kad_proof_parse(struct kad_str text, struct kad_arena *a, struct kad_proof *ret)
{
    struct kad_str line;
    memset(ret, 0, sizeof *ret);
    if (text.n > KAD_PROOF_TEXT_MAX)
        return false;
    ret->consistency = starts(&text, CONSISTENCY);
    if (ret->consistency) {
        if (!number_line(&text, "from ", &ret->from) || !number_line(&text, "to ", &ret->to))
            return false;
    } else if (!starts(&text, INCLUSION) || !read_extra(&text, a, &ret->extra) ||
               !number_line(&text, "index ", &ret->index)) {
        return false;
    }
    while (kad_line_next(&text, &line)) {
        if (line.n == 0) {
            ret->checkpoint = text;
            return text.n > 0;
        }
        if (ret->hashes.n == KAD_PROOF_MAX ||
            !kad_base64_parse(line, ret->hashes.h[ret->hashes.n], KAD_HASH))
            return false;
        ret->hashes.n++;
    }
    return false;
}

bool kad_proof_holds(const struct kad_proof *p, const struct kad_checkpoint *c)
{
    struct kad_arena a;
    struct kad_record r;
    struct kad_error ignored = {0};
    uint8_t leaf[KAD_HASH];
    kad_arena_init(&a);
    bool good = !p->consistency && p->index < UINT64_MAX &&
                kad_record_decode(p->extra, &a, true, &r, &ignored) == KAD_OK &&
                r.seq == p->index + 1;
    kad_arena_done(&a);
    if (!good)
        return false;
    struct kad_str header = kad_record_header(p->extra);
    kad_merkle_leaf(header.p, header.n, leaf);
    return kad_merkle_includes(leaf, p->index, c->size, &p->hashes, c->root);
}

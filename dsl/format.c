#include "dsl/format.h"

#include "core/limits.h"
#include "dsl/format_doc.h"

/* So often may words grow together anew when a line is set. */
#define TRIES 100

/* --- blank lines --- */

static int at_most(int n, int most)
{
    return n < most ? n : most;
}

static bool stands_apart(int decl)
{
    switch (decl) {
    case KAD_D_SUBJECT:
    case KAD_D_TASK:
    case KAD_D_CADENCE:
    case KAD_D_DUTY:
    case KAD_D_EXAMPLE:
        return true;
    default:
        return false;
    }
}

/* Before a declaration: comments that are indented belong to the one before, those at the margin to
 * this one; one blank line between them, two before a headline. */
static void tidy_margin(struct kad_fmt_word *w, bool begins, bool apart)
{
    struct kad_fmt_comment *first = NULL;
    bool margin = begins, blank = w->blanks > 0;
    for (size_t i = 0; i < w->n_comments; i++) {
        struct kad_fmt_comment *c = &w->comments[i];
        margin = margin || c->margin;
        c->margin = margin && c->own;
        c->blanks = at_most(c->blanks, margin ? 2 : 1);
        blank = blank || (margin && c->blanks > 0);
        if (c->margin && !first)
            first = c;
    }
    w->blanks = at_most(w->blanks, 1);
    if (apart && !blank)
        *(first ? &first->blanks : &w->blanks) = 1;
    if (begins)
        *(first ? &first->blanks : &w->blanks) = 0;
}

static void tidy_inside(struct kad_fmt_word *w, bool first)
{
    for (size_t i = 0; i < w->n_comments; i++) {
        w->comments[i].margin = false;
        w->comments[i].blanks = at_most(w->comments[i].blanks, !first);
        first = first && !w->comments[i].own;
    }
    w->blanks = at_most(w->blanks, !first);
}

/* What is said about blank lines is settled before rows are made: they read it. */
static void tidy_blanks(struct kad_fmt_doc *doc)
{
    int before = -1;
    bool head = false;
    for (size_t i = 0; i <= doc->n; i++) {
        struct kad_fmt_word *w = &doc->v[i];
        if (i == doc->n) {
            tidy_margin(w, i == 0, false);
            w->blanks = 0;
        } else if (w->decl >= 0 || i == 0) {
            tidy_margin(w, i == 0, i > 0 && (w->decl != before || stands_apart(w->decl)));
            before = w->decl;
            head = true;
        } else {
            tidy_inside(w, head && w->clause >= 0);
            head = head && w->clause < 0;
        }
    }
}

/* --- reading again --- */

/* One try: lay it out and read that again. True when it is word for word the same; else *ret_at is
 * where it is not. */
static bool lay_out(struct kad_fmt_doc *doc, const char *name, struct kad_buf *b, size_t *ret_at)
{
    struct kad_diags d;
    struct kad_script u = {.keep = true};
    struct kad_arena tree;
    struct kad_fmt_doc again;
    kad_fmt_rows rows = {0};
    kad_diags_init(&d);
    kad_arena_init(&tree);
    kad_buf_reset(b);
    kad_fmt_rows_make(doc, &rows);
    kad_fmt_put(b, doc, &rows);
    bool same = false;
    *ret_at = 0;
    if (kad_script_read(&u, &tree, (struct kad_str){kad_buf_str(b), b->n}, name, &d)) {
        kad_fmt_doc_init(&again, &u, KAD_FORMAT_AS_IS);
        same = kad_fmt_doc_same(doc, &again, ret_at) && d.n_errors == 0 &&
               again.swedish == doc->swedish;
    }
    kad_arena_done(&tree);
    kad_diags_done(&d);
    return same;
}

/* Two words that would be one keyword on one line (`share` before `of`) stand on two. */
static enum kad_err settle(struct kad_fmt_doc *doc, const char *name, struct kad_buf *b,
                           struct kad_error *reterr)
{
    size_t at;
    for (int i = 0; i < TRIES; i++) {
        if (lay_out(doc, name, b, &at))
            return KAD_OK;
        if (at + 1 >= doc->n || doc->v[at + 1].must_break)
            break;
        doc->v[at + 1].must_break = true;
    }
    bool large = b->n > KAD_LIMIT_RULE_BYTES;
    kad_buf_reset(b);
    if (large)
        return kad_fail(reterr, KAD_ENO,
                        _("%s was left as it is: laid out, it would be larger than %u MiB."), name,
                        KAD_LIMIT_RULE_BYTES >> 20);
    if (at >= doc->n)
        return kad_fail(reterr, KAD_ENO,
                        _("%s was left as it is: laid out, it would be read otherwise."), name);
    return kad_fail(
        reterr, KAD_ENO,
        _("%s was left as it is: laid out, `%.*s` would be read otherwise. Give what is "
          "called so another name."),
        name, KAD_STR_FMT(doc->v[at].text));
}

enum kad_err kad_format(struct kad_str text, const char *name, enum kad_format_words words,
                        struct kad_diags *d, struct kad_buf *ret, struct kad_error *reterr)
{
    struct kad_script u = {.keep = true};
    struct kad_arena tree;
    struct kad_fmt_doc doc;
    kad_arena_init(&tree);
    bool read = kad_script_read(&u, &tree, text, name, d) && d->n_errors == 0;
    kad_diags_close(d);
    enum kad_err got = KAD_OK;
    if (read) {
        kad_fmt_doc_init(&doc, &u, words);
        tidy_blanks(&doc);
        got = settle(&doc, name, ret, reterr);
    } else {
        got = kad_fail(reterr, KAD_ENO, "%s", "");
    }
    kad_arena_done(&tree);
    return got;
}

/* kadens-witness: checks checkpoints and proofs of a ledger from outside, with nothing but what was
 * handed out: no store, no network, no keys but a public one. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/lang.h"
#include "cli/witness.h"
#include "core/files.h"
#include "core/proof.h"
#include "core/rekey.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif
#define PROOFS_MAX 100
#define KEYS_MAX (PROOFS_MAX + 1)
#define MEMORY "kadens witness 1\n"

struct witness {
    struct kad_arena arena;
    bool all;
    const char *key, *remember;
    const char *proofs[PROOFS_MAX];
    size_t n_proofs;
    /* The keys that are believed, and the size from which each one signs. */
    struct {
        uint64_t from;
        struct kad_verifier v;
    } keys[KEYS_MAX];
    size_t n_keys;
    struct kad_verifier first; /* the one that trust began with */
    /* What was remembered. */
    bool remembers;
    struct kad_checkpoint old;
    struct kad_str old_note;
};

static enum kad_err refuse(struct kad_error *e, const char *why)
{
    return kad_fail(e, KAD_ENO, "%s", why);
}

/* --- files --- */

static enum kad_err read_file(struct witness *w, const char *path, size_t most, struct kad_str *ret,
                              struct kad_error *e)
{
    struct kad_buf b = {0};
    int failed = kad_file_get(strcmp(path, "-") == 0 ? "/dev/stdin" : path, most, &b);
    if (failed == EINVAL && strcmp(path, "-") == 0) { /* a pipe */
        char piece[16384];
        size_t n;
        failed = 0;
        while ((n = fread(piece, 1, sizeof piece, stdin)) > 0 && b.n <= most)
            kad_buf_put(&b, piece, n);
        if (b.n > most)
            failed = EFBIG;
    }
    if (failed == 0)
        *ret = kad_str_dup(&w->arena, (struct kad_str){b.p, b.n});
    kad_buf_done(&b);
    if (failed == 0)
        return KAD_OK;
    return kad_fail(e, KAD_EINPUT, _("%s cannot be read: %s."), path, strerror(failed));
}

/* --- keys --- */

static enum kad_err take_key(const char *text, struct kad_verifier *ret, struct kad_error *e)
{
    if (kad_verifier_parse(kad_str(text), ret))
        return KAD_OK;
    return kad_fail(e, KAD_EINPUT,
                    _("“%s” is no verifier key: it is one word, kadens/…+…+…, as kadens init shows "
                      "it."),
                    text);
}

static size_t key_at(const struct witness *w, uint64_t size)
{
    size_t i = w->n_keys - 1;
    while (i > 0 && w->keys[i].from > size)
        i--;
    return i;
}

static bool same_key(const struct kad_verifier *a, const struct kad_verifier *b)
{
    return kad_str_eq(a->name, b->name) && memcmp(a->key, b->key, sizeof a->key) == 0;
}

/* "first KEY" */
static bool key_line(struct kad_str *rest, const char *word, struct kad_verifier *ret)
{
    struct kad_str line;
    size_t n = strlen(word);
    return kad_line_next(rest, &line) && line.n > n && memcmp(line.p, word, n) == 0 &&
           kad_verifier_parse((struct kad_str){line.p + n, line.n - n}, ret);
}

/* The checkpoint is this ledger's, and the key of its size signed it. */
static enum kad_err check_note(const struct witness *w, struct kad_str note,
                               struct kad_checkpoint *ret, struct kad_error *e)
{
    struct kad_signed_note n;
    if (!kad_note_parse(note, &n) || !kad_checkpoint_parse(n.text, ret))
        return refuse(e, _("This is no checkpoint, or it has been changed."));
    const struct kad_verifier *v = &w->keys[key_at(w, ret->size)].v;
    if (!kad_str_eq(ret->origin, v->name))
        return kad_fail(e, KAD_ENO, _("The checkpoint is of another ledger: %.*s, not %.*s."),
                        KAD_STR_FMT(ret->origin), KAD_STR_FMT(v->name));
    switch (kad_note_signed(&n, v)) {
    case KAD_SIGNED_BY:
        return KAD_OK;
    case KAD_SIGNED_WRONGLY:
        return refuse(e, _("The signature is false: the checkpoint has been changed or forged."));
    default:
        return refuse(e, _("The checkpoint is signed with another key. If the ledger's key was "
                           "replaced, its record proves that: kadens prove NUMBER, and --proof "
                           "FILE here."));
    }
}

/* --- what is remembered --- */

static enum kad_err recall(struct witness *w, struct kad_error *e)
{
    struct kad_str text, line;
    struct kad_verifier now;
    uint64_t from;
    enum kad_err err = read_file(w, w->remember, 2 * KAD_NOTE_MAX, &text, e);
    if (err != KAD_OK)
        return err;
    struct kad_str rest = text;
    size_t n = strlen(MEMORY);
    bool good = rest.n > n && memcmp(rest.p, MEMORY, n) == 0;
    if (good) {
        rest = (struct kad_str){rest.p + n, rest.n - n};
        good = key_line(&rest, "first ", &w->first) && key_line(&rest, "now ", &now) &&
               kad_line_next(&rest, &line) && line.n > 5 && memcmp(line.p, "from ", 5) == 0 &&
               kad_decimal_parse((struct kad_str){line.p + 5, line.n - 5}, &from) &&
               kad_line_next(&rest, &line) && line.n == 0;
    }
    if (good) {
        w->keys[0].v = now;
        w->n_keys = 1;
        w->old_note = rest;
        struct kad_error why = {0};
        good = check_note(w, rest, &w->old, &why) == KAD_OK && from <= w->old.size;
        w->keys[0].from = from;
    }
    if (!good)
        return kad_fail(e, KAD_EINPUT,
                        _("%s is not what kadens-witness remembered: it has been changed, or is of "
                          "another program."),
                        w->remember);
    w->remembers = true;
    return KAD_OK;
}

static enum kad_err keep(const struct witness *w, struct kad_str note, uint64_t size,
                         struct kad_error *e)
{
    struct kad_buf b = {0};
    size_t now = key_at(w, size);
    kad_buf_puts(&b, MEMORY "first ");
    kad_verifier_put(&b, &w->first);
    kad_buf_puts(&b, "\nnow ");
    kad_verifier_put(&b, &w->keys[now].v);
    kad_buf_printf(&b, "\nfrom %llu\n\n", (unsigned long long)w->keys[now].from);
    kad_buf_put(&b, note.p, note.n);
    int failed = kad_file_put(w->remember, (struct kad_str){b.p, b.n}, 0644);
    kad_buf_done(&b);
    return failed == 0 ? KAD_OK
                       : kad_fail(e, KAD_EINPUT, _("%s cannot be written: %s."), w->remember,
                                  strerror(failed));
}

/* The key that is believed: remembered, or given. */
static enum kad_err begin(struct witness *w, struct kad_error *e)
{
    struct kad_verifier given;
    enum kad_err err = w->key ? take_key(w->key, &given, e) : KAD_OK;
    if (err == KAD_OK && w->remember && access(w->remember, F_OK) == 0)
        err = recall(w, e);
    if (err != KAD_OK)
        return err;
    if (w->remembers) {
        if (w->key && !same_key(&given, &w->first) && !same_key(&given, &w->keys[0].v))
            return kad_fail(e, KAD_ENO, _("%s remembers another key than the one given."),
                            w->remember);
        return KAD_OK;
    }
    if (!w->key)
        return kad_fail(e, KAD_EINPUT,
                        _("Which key is believed? --key KEY says it, the first time; kadens init "
                          "shows it."));
    w->first = given;
    w->keys[0].v = given;
    w->keys[0].from = 0;
    w->n_keys = 1;
    return KAD_OK;
}

/* --- proofs --- */

static enum kad_err read_proof(struct witness *w, const char *path, struct kad_proof **ret,
                               struct kad_error *e)
{
    struct kad_str text;
    *ret = kad_arena_new(&w->arena, struct kad_proof);
    enum kad_err err = read_file(w, path, KAD_PROOF_TEXT_MAX, &text, e);
    if (err == KAD_OK && !kad_proof_parse(text, &w->arena, *ret))
        err = kad_fail(e, KAD_ENO, _("%s is no proof, or it has been changed."), path);
    return err;
}

/* A record that replaces the key we believe in: from its number on the new one signs. */
static enum kad_err follow(struct witness *w, const char *path, const struct kad_proof *p,
                           struct kad_error *e)
{
    struct kad_record r;
    struct kad_error ignored = {0};
    struct kad_verifier new;
    struct kad_checkpoint c;
    const struct kad_verifier *now = &w->keys[w->n_keys - 1].v;
    if (kad_record_decode(p->extra, &w->arena, true, &r, &ignored) == KAD_OK &&
        kad_rekey_follows(&r, now, &new)) {
        kad_assert(w->n_keys < KEYS_MAX);
        w->keys[w->n_keys].from = r.seq;
        w->keys[w->n_keys++].v = new;
        enum kad_err err = check_note(w, p->checkpoint, &c, e);
        if (err == KAD_OK && !kad_proof_holds(p, &c))
            err = kad_fail(e, KAD_ENO, _("%s does not prove what it says."), path);
        if (err == KAD_OK)
            printf(_("The ledger's key was replaced by record %llu, signed with the old one.\n"),
                   (unsigned long long)r.seq);
        return err;
    }
    return kad_fail(e, KAD_ENO, _("%s does not replace the key that is believed."), path);
}

/* All of --proof: changes of keys are followed in their order; the consistency proof is kept. */
static enum kad_err take_proofs(struct witness *w, struct kad_proof **ret_consistency,
                                struct kad_error *e)
{
    enum kad_err err = KAD_OK;
    *ret_consistency = NULL;
    for (size_t i = 0; i < w->n_proofs && err == KAD_OK; i++) {
        struct kad_proof *p;
        err = read_proof(w, w->proofs[i], &p, e);
        if (err == KAD_OK && p->consistency)
            *ret_consistency = p;
        else if (err == KAD_OK)
            err = follow(w, w->proofs[i], p, e);
    }
    return err;
}

/* --- check --- */

static enum kad_err compare(struct witness *w, const struct kad_checkpoint *new,
                            const struct kad_proof *p, struct kad_error *e)
{
    const struct kad_checkpoint *old = &w->old;
    struct kad_checkpoint to;
    if (new->size < old->size)
        return kad_fail(e, KAD_ENO,
                        _("This checkpoint is over %llu records, but one over %llu was seen "
                          "before: it is an old one, or the ledger has been cut."),
                        (unsigned long long)new->size, (unsigned long long)old->size);
    if (new->size == old->size && memcmp(new->root, old->root, KAD_HASH) != 0)
        return kad_fail(e, KAD_ENO,
                        _("TWO LEDGERS: both this checkpoint and the remembered one are signed, "
                          "over the same %llu records, and differ. Keep both: together they prove "
                          "that the ledger has been changed."),
                        (unsigned long long)new->size);
    if (new->size == old->size || old->size == 0)
        return KAD_OK;
    if (!p || p->from != old->size || p->to != new->size)
        return kad_fail(e, KAD_ENO,
                        _("Whether this ledger begins with the %llu records seen before takes a "
                          "proof: kadens prove --from %llu --to FILE, and --proof FILE here."),
                        (unsigned long long)old->size, (unsigned long long)old->size);
    struct kad_error why = {0};
    if (check_note(w, p->checkpoint, &to, &why) != KAD_OK || to.size != new->size ||
        memcmp(to.root, new->root, KAD_HASH) != 0)
        return refuse(e, _("The proof is of another checkpoint than this one."));
    if (!kad_merkle_consistent(old->size, old->root, new->size, new->root, &p->hashes))
        return kad_fail(e, KAD_ENO,
                        _("NOT THE SAME LEDGER: the proof does not show that the %llu records seen "
                          "before are the beginning of these %llu. Ask for another proof; if there "
                          "is none, the ledger has been changed. Keep both checkpoints."),
                        (unsigned long long)old->size, (unsigned long long)new->size);
    return KAD_OK;
}

static enum kad_err check(struct witness *w, const char *path, struct kad_error *e)
{
    struct kad_str text;
    struct kad_checkpoint c;
    struct kad_proof *p;
    enum kad_err err = begin(w, e);
    if (err == KAD_OK)
        err = take_proofs(w, &p, e);
    if (err == KAD_OK)
        err = read_file(w, path, KAD_NOTE_MAX, &text, e);
    if (err == KAD_OK)
        err = check_note(w, text, &c, e);
    if (err == KAD_OK && w->remembers)
        err = compare(w, &c, p, e);
    if (err != KAD_OK)
        return err;
    printf(ngettext_("Good: the checkpoint over %llu record is signed by the ledger's key.\n",
                     "Good: the checkpoint over %llu records is signed by the ledger's key.\n",
                     (unsigned long)c.size),
           (unsigned long long)c.size);
    if (w->remembers && c.size == w->old.size)
        printf(_("It is of the same records as the one remembered.\n"));
    else if (w->remembers)
        printf(ngettext_("It begins with the same %llu record as the one remembered.\n",
                         "It begins with the same %llu records as the one remembered.\n",
                         (unsigned long)w->old.size),
               (unsigned long long)w->old.size);
    else if (!w->remember)
        printf(_("It was compared with no earlier one: --remember FILE keeps it for the next "
                 "time.\n"));
    return w->remember ? keep(w, text, c.size, e) : KAD_OK;
}

/* --- proof --- */

static enum kad_err show(struct witness *w, const char *path, struct kad_error *e)
{
    struct kad_proof *p, *other;
    struct kad_checkpoint c;
    struct kad_record r;
    struct kad_buf b = {0};
    enum kad_err err = begin(w, e);
    if (err == KAD_OK)
        err = take_proofs(w, &other, e);
    if (err == KAD_OK)
        err = read_proof(w, path, &p, e);
    if (err == KAD_OK && p->consistency)
        err = kad_fail(e, KAD_EINPUT,
                       _("%s proves no record, but that one checkpoint begins with another: "
                         "kadens-witness check CHECKPOINT --remember FILE --proof %s"),
                       path, path);
    if (err == KAD_OK)
        err = check_note(w, p->checkpoint, &c, e);
    if (err == KAD_OK && w->remembers && c.size == w->old.size &&
        memcmp(c.root, w->old.root, KAD_HASH) != 0)
        err = compare(w, &c, NULL, e);
    if (err == KAD_OK && !kad_proof_holds(p, &c))
        err = kad_fail(e, KAD_ENO,
                       _("The proof does not hold: the record in %s is not in the ledger that the "
                         "checkpoint was signed over, or one of the two has been changed."),
                       path);
    if (err == KAD_OK)
        err = kad_record_decode(p->extra, &w->arena, true, &r, e);
    if (err != KAD_OK)
        return err;
    printf(_("Good: this is record %llu of the %llu that the checkpoint was signed over.\n"),
           (unsigned long long)r.seq, (unsigned long long)c.size);
    kad_witness_put_record(&b, &r, w->all);
    fputs(kad_buf_str(&b), stdout);
    kad_buf_done(&b);
    return KAD_OK;
}

/* --- the command line --- */

static void help(void)
{
    fputs(
        _("kadens-witness checks a ledger of Kadens from outside, offline.\n\n"
          "  kadens-witness check CHECKPOINT --key KEY [--remember FILE] [--proof FILE]...\n"
          "      Is the checkpoint signed by the ledger's key, and does it go on from the one\n"
          "      remembered? Then it is remembered instead. A step from one to the next takes a\n"
          "      proof: kadens prove --from SIZE.\n"
          "  kadens-witness proof FILE --key KEY [--remember FILE] [--all]\n"
          "      Is the record in this proof (kadens prove NUMBER) in the ledger? Shows it.\n\n"
          "  --key KEY        the key that is believed, as kadens init showed it\n"
          "  --remember FILE  what was seen last; makes --key needed only once\n"
          "  --proof FILE     a proof that is needed; also one of a record that replaced the key\n"
          "  --all            long texts in full\n"
          "  --lang sv|en     language\n\n"
          "Exit status: 0 good, 1 not good, 2 wrong usage or a file that cannot be read.\n"),
        stdout);
}

static enum kad_err run(struct witness *w, int n, char **words, struct kad_error *e)
{
    if (n == 2 && strcmp(words[0], "check") == 0)
        return check(w, words[1], e);
    if (n == 2 && strcmp(words[0], "proof") == 0)
        return show(w, words[1], e);
    return kad_fail(e, KAD_EINPUT,
                    _("Say what is to be checked: kadens-witness check CHECKPOINT, or "
                      "kadens-witness proof FILE; --help says more."));
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"key", required_argument, NULL, 'k'},   {"remember", required_argument, NULL, 'r'},
        {"proof", required_argument, NULL, 'p'}, {"lang", required_argument, NULL, 'l'},
        {"all", no_argument, NULL, 'a'},         {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},     {0},
    };
    struct witness *w = kad_xalloc(sizeof *w);
    struct kad_error e = {0};
    bool only_told = false;
    kad_lang_set(argc, argv);
    kad_arena_init(&w->arena);
    opterr = 0;
    for (int o; e.code == KAD_OK && (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (o == 'k')
            w->key = optarg;
        else if (o == 'r')
            w->remember = optarg;
        else if (o == 'p' && w->n_proofs < PROOFS_MAX)
            w->proofs[w->n_proofs++] = optarg;
        else if (o == 'a')
            w->all = true;
        else if (o == 'h' || o == 'v') {
            if (o == 'h')
                help();
            else
                puts("kadens-witness " PACKAGE_VERSION);
            only_told = true;
        } else if (o != 'l')
            kad_fail(&e, KAD_EINPUT,
                     _("%s is no option here, or lacks its value; --help says more."),
                     argv[optind - 1]);
    }
    if (e.code == KAD_OK && !only_told)
        run(w, argc - optind, argv + optind, &e);
    if (fflush(stdout) != 0 || ferror(stdout))
        kad_fail(&e, KAD_EIO, _("What was found could not be written: %s."), strerror(errno));
    if (e.code != KAD_OK) {
        struct kad_buf safe = {0};
        kad_text_put_safe(&safe, kad_str(e.text));
        fprintf(stderr, "kadens-witness: %s\n", kad_buf_str(&safe));
        kad_buf_done(&safe);
    }
    int status = kad_err_status(e.code);
    kad_arena_done(&w->arena);
    free(w);
    return status;
}

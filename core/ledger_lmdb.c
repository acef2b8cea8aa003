#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/ledger_priv.h"

const char *const kad_table_names[KAD_TAB__COUNT] = {
#define X(NAME, name) [KAD_TAB_##NAME] = (name),
    KAD_TABLE_MAP(X)
#undef X
};

/* --- faults --- */

_Thread_local volatile sig_atomic_t kad_in_lmdb;
static char fault_text[1024];
static size_t fault_text_n;
static bool fault_silent;

void kad_fault_prepare(const char *dir)
{
    struct kad_buf b = {0};
    kad_buf_puts(&b, "kadens: ");
    kad_buf_printf(&b,
                   _("The store %s is damaged: what its file data.mdb says makes no sense. Nothing "
                     "was written. Restore the store from a backup."),
                   dir);
    kad_buf_putc(&b, '\n');
    fault_text_n = b.n < sizeof fault_text ? b.n : sizeof fault_text;
    memcpy(fault_text, b.p, fault_text_n);
    kad_buf_done(&b);
}

void kad_ledger_faults_silent(void)
{
    fault_silent = true;
}

/* Only what may be called in a signal handler. */
static _Noreturn void fault_exit(void)
{
    if (fault_silent) { /* as a fault ends it; an abort would be the program's own, or of its memory */
        signal(SIGBUS, SIG_DFL);
        raise(SIGBUS);
    }
    ssize_t written = write(STDERR_FILENO, fault_text, fault_text_n);
    (void)written;
    _exit(kad_err_status(KAD_ESTORE));
}

void kad_fault_assert(MDB_env *env, const char *what)
{
    (void)env;
    (void)what;
    fault_exit();
}

/* A bus error is always the store's: nothing else is mapped from a file that may shrink. */
static void fault_handler(int sig)
{
    if (kad_in_lmdb || sig == SIGBUS)
        fault_exit();
    signal(sig, SIG_DFL);
    raise(sig);
}

void kad_ledger_catch_faults(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    struct sigaction sa = {.sa_handler = fault_handler, .sa_flags = SA_NODEFER};
    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int rc = sigaction(signals[i], &sa, NULL);
        kad_assert(rc == 0);
    }
}

/* --- failures --- */

enum kad_err kad_lmdb_fail(const struct kad_ledger *l, int rc, struct kad_error *reterr)
{
    kad_assert(rc != 0);
    const char *why = mdb_strerror(rc);
    switch (rc) {
    case ENOSPC:
    case EDQUOT:
    case MDB_MAP_FULL:
        return kad_fail(reterr, KAD_EFULL,
                        _("There is no room left for the store %s; nothing was written. Make room "
                          "on its disk and try again. (%s, %d)"),
                        l->dir, why, rc);
    case MDB_READERS_FULL:
        return kad_fail(reterr, KAD_EBUSY,
                        _("Too many programs read the store %s just now. Try again when some have "
                          "ended. (%s, %d)"),
                        l->dir, why, rc);
    case EACCES:
    case EPERM:
    case EROFS:
        return kad_fail(reterr, KAD_ESTORE,
                        _("The store %s may not be read and written by you, or is on a read-only "
                          "disk. Its files %s and %s must be open to you for both. (%s, %d)"),
                        l->dir, KAD_DATA_FILE, KAD_LOCK_FILE, why, rc);
    case MDB_MAP_RESIZED:
        return kad_fail(reterr, KAD_ESTORE,
                        _("The store %s has grown larger than this program can see. Close the "
                          "program and start it again, without KADENS_MAP. (%s, %d)"),
                        l->dir, why, rc);
    default:
        break;
    }
    if (rc < 0)
        return kad_fail(reterr, KAD_ESTORE,
                        _("The store %s is damaged: its file %s cannot be read in full. Restore "
                          "the store from a backup. (%s, %d)"),
                        l->dir, KAD_DATA_FILE, why, rc);
    return kad_fail(reterr, KAD_EIO, _("The store %s cannot be read or written: %s (%d)."), l->dir,
                    why, rc);
}

enum kad_err kad_ledger_damaged(const struct kad_ledger *l, enum kad_table table,
                                struct kad_error *reterr)
{
    return kad_fail(reterr, KAD_ESTORE,
                    _("The store %s is damaged: there is something in its table “%s” that no "
                      "program of this version wrote. Restore the store from a backup."),
                    l->dir, kad_table_names[table]);
}

enum kad_err kad_lmdb_begin(struct kad_ledger *l, bool write, MDB_txn **ret,
                            struct kad_error *reterr)
{
    unsigned flags = write ? 0 : MDB_RDONLY;
    int rc = KAD_LMDB(mdb_txn_begin(l->env, NULL, flags, ret));
    if (rc == MDB_MAP_RESIZED && atomic_load(&l->users) == 0) {
        rc = KAD_LMDB(mdb_env_set_mapsize(l->env, 0));
        if (rc == 0)
            rc = KAD_LMDB(mdb_txn_begin(l->env, NULL, flags, ret));
    } else if (rc == MDB_READERS_FULL) { /* some may be of processes that were killed */
        int dead;
        KAD_LMDB(mdb_reader_check(l->env, &dead));
        rc = KAD_LMDB(mdb_txn_begin(l->env, NULL, flags, ret));
    }
    if (rc != 0)
        return kad_lmdb_fail(l, rc, reterr);
    atomic_fetch_add(&l->users, 1);
    return KAD_OK;
}

void kad_lmdb_end(struct kad_ledger *l)
{
    int before = atomic_fetch_sub(&l->users, 1);
    kad_assert(before > 0);
}

/* --- what carries its own sum --- */

static void sum_of(struct kad_str name, struct kad_str bytes, uint8_t ret[KAD_SUM])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state st;
    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, (const unsigned char *)name.p, name.n);
    crypto_hash_sha256_update(&st, (const unsigned char *)"", 1);
    crypto_hash_sha256_update(&st, (const unsigned char *)(bytes.p ? bytes.p : ""), bytes.n);
    crypto_hash_sha256_final(&st, hash);
    memcpy(ret, hash, KAD_SUM);
}

void kad_summed_put(struct kad_buf *b, struct kad_str name, struct kad_str bytes)
{
    uint8_t sum[KAD_SUM];
    sum_of(name, bytes, sum);
    kad_buf_put(b, bytes.p ? bytes.p : "", bytes.n);
    kad_buf_put(b, sum, sizeof sum);
}

bool kad_summed_get(struct kad_str name, struct kad_str stored, struct kad_str *ret)
{
    uint8_t sum[KAD_SUM];
    if (stored.n < KAD_SUM)
        return false;
    *ret = (struct kad_str){stored.p, stored.n - KAD_SUM};
    sum_of(name, *ret, sum);
    return memcmp(stored.p + ret->n, sum, KAD_SUM) == 0;
}

/* --- keys --- */

void kad_seq_put(char out[KAD_SEQ_KEY], uint64_t seq)
{
    for (int i = 0; i < KAD_SEQ_KEY; i++)
        out[i] = (char)(uint8_t)(seq >> (8 * (KAD_SEQ_KEY - 1 - i)));
}

uint64_t kad_seq_get(const char *in)
{
    uint64_t seq = 0;
    for (int i = 0; i < KAD_SEQ_KEY; i++)
        seq = seq << 8 | (uint8_t)in[i];
    return seq;
}

size_t kad_story_key(char out[KAD_STORY_KEY], struct kad_str subject, uint64_t seq)
{
    kad_assert(subject.n > 0 && subject.n <= KAD_LIMIT_KEY);
    memcpy(out, subject.p, subject.n);
    out[subject.n] = '\0';
    kad_seq_put(out + subject.n + 1, seq);
    return subject.n + 1 + KAD_SEQ_KEY;
}

size_t kad_pair_key(char out[KAD_PAIR_KEY], struct kad_str person, struct kad_str subject)
{
    kad_assert(person.n <= KAD_LIMIT_NAME && subject.n <= KAD_LIMIT_KEY);
    if (person.n > 0)
        memcpy(out, person.p, person.n);
    out[person.n] = '\0';
    if (subject.n > 0)
        memcpy(out + person.n + 1, subject.p, subject.n);
    return person.n + 1 + subject.n;
}

struct kad_str kad_key_head(struct kad_str key)
{
    const char *end = key.n > 0 ? memchr(key.p, '\0', key.n) : NULL;
    return (struct kad_str){key.p, end ? (size_t)(end - key.p) : 0};
}

/* As an unsigned number that sorts as the moment does. */
#define MOMENT_BIAS (UINT64_C(1) << 63)

size_t kad_due_key(char out[KAD_DUE_KEY], kad_instant moment, struct kad_str subject)
{
    kad_assert(subject.n > 0 && subject.n <= KAD_LIMIT_KEY);
    kad_seq_put(out, (uint64_t)moment ^ MOMENT_BIAS);
    memcpy(out + KAD_SEQ_KEY, subject.p, subject.n);
    return KAD_SEQ_KEY + subject.n;
}

bool kad_due_key_get(struct kad_str key, kad_instant *ret_moment, struct kad_str *ret_subject)
{
    if (key.n <= KAD_SEQ_KEY || key.n > KAD_DUE_KEY)
        return false;
    *ret_moment = (kad_instant)(kad_seq_get(key.p) ^ MOMENT_BIAS);
    *ret_subject = (struct kad_str){key.p + KAD_SEQ_KEY, key.n - KAD_SEQ_KEY};
    return true;
}

/* --- rows of the subject table --- */

#define ROW_FIXED (1 + 4 + 4 + 4 + 8 + 8 + 8 + 8)
enum { ROW_AMENDED = 1, ROW_ERASED = 2 };

void kad_row_put(struct kad_buf *b, const struct kad_subject_row *row)
{
    kad_buf_putc(b, (char)((row->amended ? ROW_AMENDED : 0) | (row->erased ? ROW_ERASED : 0)));
    kad_buf_be32(b, (uint32_t)row->first_on);
    kad_buf_be32(b, (uint32_t)row->last_on);
    kad_buf_be32(b, (uint32_t)row->first_person);
    kad_buf_be64(b, row->first_seq);
    kad_buf_be64(b, row->records);
    kad_buf_be64(b, row->key_number);
    kad_buf_be64(b, (uint64_t)row->next);
    kad_buf_put(b, row->kind.p, row->kind.n);
}

static bool row_day(struct kad_rd *in, kad_day *ret)
{
    *ret = (kad_day)kad_rd_be32(in);
    return *ret == KAD_DAY_NONE || (*ret >= KAD_DAY_MIN && *ret <= KAD_DAY_MAX);
}

bool kad_row_get(struct kad_str bytes, struct kad_subject_row *ret)
{
    struct kad_rd in = {.p = (const uint8_t *)bytes.p, .n = bytes.n};
    uint8_t flags = kad_rd_u8(&in);
    if (bytes.n < ROW_FIXED || flags > (ROW_AMENDED | ROW_ERASED) || !row_day(&in, &ret->first_on) ||
        !row_day(&in, &ret->last_on) || !row_day(&in, &ret->first_person))
        return false;
    ret->amended = (flags & ROW_AMENDED) != 0;
    ret->erased = (flags & ROW_ERASED) != 0;
    ret->first_seq = kad_rd_be64(&in);
    ret->records = kad_rd_be64(&in);
    ret->key_number = kad_rd_be64(&in);
    ret->next = (kad_instant)kad_rd_be64(&in);
    ret->kind = (struct kad_str){bytes.p + ROW_FIXED, bytes.n - ROW_FIXED};
    return kad_utf8_valid(ret->kind, NULL);
}

bool kad_record_adopts(const struct kad_record *r)
{
    return r->kind == KAD_R_ADOPTED || r->kind == KAD_R_ENDED || r->kind == KAD_R_REKEYED ||
           (r->kind == KAD_R_RETRACTED && r->subject.n == 0);
}

bool kad_record_happens(const struct kad_record *r)
{
    return r->kind == KAD_R_EVENT || r->kind == KAD_R_CORRECTED;
}

bool kad_field_mentions(const struct kad_field *f)
{
    return !f->is_private && f->value.type == KAD_T_PERSON && kad_value_known(f->value) &&
           f->value.str.n > 0;
}

static void earliest(kad_day *day, kad_day other)
{
    if (*day == KAD_DAY_NONE || other < *day)
        *day = other;
}

void kad_row_add(struct kad_subject_row *row, const struct kad_record *r)
{
    row->records++;
    /* What the scheduler records changes no rule's answer; it says itself when it looks again. */
    if (r->kind < KAD_R_ISSUED || r->kind > KAD_R_ESCALATED)
        row->next = KAD_DUE_NOW;
    if (row->first_seq == 0) {
        row->first_seq = r->seq;
        row->kind = r->kind_name;
    }
    row->amended |=
        r->kind == KAD_R_CORRECTED || r->kind == KAD_R_RETRACTED || r->kind == KAD_R_WAIVED;
    row->erased |= r->kind == KAD_R_ERASED;
    if (r->key_number > 0)
        row->key_number = r->key_number;
    if (!kad_record_happens(r))
        return;
    earliest(&row->first_on, r->on);
    if (row->last_on == KAD_DAY_NONE || r->on > row->last_on)
        row->last_on = r->on;
    for (size_t i = 0; i < r->n_fields; i++)
        if (kad_field_mentions(&r->fields[i]))
            earliest(&row->first_person, r->on);
}

void kad_state_add(struct kad_ledger_state *st, const struct kad_record *r)
{
    if (r->subject.n > 0 && kad_record_happens(r) &&
        (st->last_on == KAD_DAY_NONE || r->on > st->last_on))
        st->last_on = r->on;
    if (r->key_number > st->last_key)
        st->last_key = r->key_number;
    if (r->kind == KAD_R_ERASED)
        st->last_fence = r->seq;
    st->last_seq = r->seq;
    st->last_at = r->at;
}

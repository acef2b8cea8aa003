/* The vault of a ledger: unlocking it, and the keys in it. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/vault_priv.h"

enum slab_state { SLAB_UNREAD = 0, SLAB_KEY };

struct kad_vault_access kad_vault_asked;

void kad_vault_set_access(const struct kad_vault_access *access)
{
    kad_vault_asked = access ? *access : (struct kad_vault_access){0};
}

void kad_vault_say_nothing(void)
{
    kad_vault_asked.tell = NULL;
}

void kad_vault_tell(const char *sentence)
{
    if (kad_vault_asked.tell)
        kad_vault_asked.tell(kad_vault_asked.ctx, sentence);
}

void *kad_secret_alloc(size_t n)
{
    void *p = sodium_init() >= 0 ? sodium_malloc(n) : NULL; /* it also chooses the fastest ciphers */
    if (!p)
        kad_no_memory();
    memset(p, 0, n);
    return p;
}

/* --- what is wrong --- */

enum kad_err kad_vault_fail(const char *path, enum kad_vault_look look, struct kad_error *reterr)
{
    switch (look) {
    case KAD_VAULT_FOREIGN:
        return kad_fail(reterr, KAD_ESTORE, _("%s is no vault: it is another program's file."), path);
    case KAD_VAULT_VERSION:
        return kad_fail(reterr, KAD_ESTORE,
                        _("The vault %s was written by a later version of the program."), path);
    case KAD_VAULT_CUT:
        return kad_fail(reterr, KAD_ESTORE,
                        _("The vault %s has been cut: its beginning is not all there. Put back a "
                          "copy of it."),
                        path);
    case KAD_VAULT_OTHER_LEDGER:
        return kad_fail(reterr, KAD_ESTORE, _("The vault %s is another ledger's."), path);
    case KAD_VAULT_OTHER_KEY:
        return kad_fail(reterr, KAD_ESTORE,
                        _("The vault %s is locked with another master key than the one in the key "
                          "folder. Put back the key that belongs to it, or the vault that belongs "
                          "to the key."),
                        path);
    default:
        return kad_fail(reterr, KAD_ESTORE,
                        _("The vault %s is damaged: its beginning has been changed since it was "
                          "written. Put back a copy of it."),
                        path);
    }
}

enum kad_err kad_vault_io(const char *path, int error, bool write, struct kad_error *reterr)
{
    if (error == ENOENT && !write)
        return kad_fail(reterr, KAD_ESTORE,
                        _("The vault %s is not there, and with it the keys of the private fields. "
                          "Put back a copy of it."),
                        path);
    if (error == ENOSPC || error == EDQUOT)
        return kad_fail(reterr, KAD_EFULL, _("There is no room on the disk for the vault %s."), path);
    if (write)
        return kad_fail(reterr, error == EIO ? KAD_EIO : KAD_ESTORE,
                        _("The vault %s cannot be written: %s."), path, strerror(error));
    return kad_fail(reterr, KAD_ESTORE, _("The vault %s cannot be read: %s."), path,
                    strerror(error));
}

enum kad_err kad_vault_read(int fd, const char *path, const char *ledger,
                            uint8_t bytes[KAD_VAULT_HEADER], struct kad_vault_header *ret,
                            uint64_t *ret_size, struct kad_error *reterr)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return kad_vault_io(path, errno, false, reterr);
    if (!S_ISREG(st.st_mode))
        return kad_vault_fail(path, KAD_VAULT_FOREIGN, reterr);
    memset(bytes, 0, KAD_VAULT_HEADER);
    ssize_t n = pread(fd, bytes, KAD_VAULT_HEADER, 0);
    if (n < 0)
        return kad_vault_io(path, errno, false, reterr);
    enum kad_vault_look look = kad_vault_header_get(bytes, (size_t)n, ledger, ret);
    *ret_size = (uint64_t)st.st_size;
    return look == KAD_VAULT_GOOD ? KAD_OK : kad_vault_fail(path, look, reterr);
}

/* --- unlocking --- */

void kad_vault_new_salt(struct kad_vault_header *h)
{
    const char *cost = getenv("KADENS_PASSPHRASE_COST");
    bool cheap = cost && strcmp(cost, "test") == 0;
    randombytes_buf(h->salt, sizeof h->salt);
    h->passes = cheap ? crypto_pwhash_OPSLIMIT_MIN : crypto_pwhash_OPSLIMIT_MODERATE;
    h->memory = cheap ? UINT64_C(8) << 20 : crypto_pwhash_MEMLIMIT_MODERATE;
}

enum kad_err kad_vault_ask(enum kad_passphrase_ask ask, struct kad_buf *ret,
                           struct kad_error *reterr)
{
    if (!kad_vault_asked.passphrase)
        return kad_fail(reterr, KAD_ESTORE,
                        _("The vault is locked with a passphrase, and there is nobody to ask for "
                          "it."));
    enum kad_err err = kad_vault_asked.passphrase(kad_vault_asked.ctx, ask, ret, reterr);
    if (err == KAD_OK && ret->n == 0)
        err = kad_fail(reterr, KAD_ESTORE, _("The passphrase is empty."));
    if (err == KAD_OK && ret->n > KAD_LIMIT_PASSPHRASE)
        err = kad_fail(reterr, KAD_ESTORE, _("The passphrase is longer than %d bytes."),
                       KAD_LIMIT_PASSPHRASE);
    return err;
}

void kad_vault_unsay(struct kad_buf *said)
{
    if (said->p)
        sodium_memzero(said->p, said->cap);
    kad_buf_done(said);
}

enum kad_err kad_vault_derive(const struct kad_vault_header *h, const struct kad_buf *said,
                              struct kad_vault_keys *ret, struct kad_error *reterr)
{
    if (crypto_pwhash(ret->master, sizeof ret->master, said->p, said->n, h->salt, h->passes,
                      (size_t)h->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return kad_fail(reterr, KAD_ESTORE,
                        _("There is not enough memory to try the passphrase: %llu MiB are needed."),
                        (unsigned long long)(h->memory >> 20));
    kad_vault_keys_of(ret, ret->master);
    return KAD_OK;
}

#define TRIES 3

static enum kad_err unlock_by_passphrase(struct kad_vault *v, const uint8_t *bytes,
                                         enum kad_vault_look *look, struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    *look = KAD_VAULT_OTHER_KEY;
    for (int i = 0; i < TRIES && err == KAD_OK && *look == KAD_VAULT_OTHER_KEY; i++) {
        struct kad_buf said = {0};
        err = kad_vault_ask(i == 0 ? KAD_ASK_PASSPHRASE : KAD_ASK_AGAIN, &said, reterr);
        if (err == KAD_OK)
            err = kad_vault_derive(&v->header, &said, v->keys, reterr);
        if (err == KAD_OK)
            *look = kad_vault_header_check(bytes, v->keys);
        kad_vault_unsay(&said);
    }
    if (err == KAD_OK && *look == KAD_VAULT_OTHER_KEY)
        return kad_fail(reterr, KAD_ESTORE, _("That is not the passphrase of this vault."));
    return err;
}

/* The key file, or the one that was to take its place when an erasure was broken off. */
static enum kad_err unlock_by_file(struct kad_vault *v, const uint8_t *bytes,
                                   enum kad_vault_look *look, struct kad_error *reterr)
{
    uint8_t master[KAD_VAULT_KEY];
    enum kad_err err = kad_key_read(v->ledger, KAD_KEY_MASTER, master, sizeof master, reterr);
    *look = KAD_VAULT_OTHER_KEY;
    v->by_next = false;
    if (err == KAD_OK) {
        kad_vault_keys_of(v->keys, master);
        *look = kad_vault_header_check(bytes, v->keys);
    }
    if ((err != KAD_OK || *look == KAD_VAULT_OTHER_KEY) &&
        kad_key_exists(v->ledger, KAD_MASTER_NEXT)) {
        struct kad_error ignored = {0};
        if (kad_key_read(v->ledger, KAD_MASTER_NEXT, master, sizeof master, &ignored) == KAD_OK) {
            kad_vault_keys_of(v->keys, master);
            *look = kad_vault_header_check(bytes, v->keys);
            v->by_next = *look == KAD_VAULT_GOOD;
            if (v->by_next)
                err = KAD_OK;
        }
    }
    sodium_memzero(master, sizeof master);
    return err;
}

/* Opens the file and finds the keys, unless v->keys are there already (a new passphrase's). */
static enum kad_err unlock(struct kad_vault *v, struct kad_error *reterr)
{
    struct kad_buf path = {0};
    uint8_t bytes[KAD_VAULT_HEADER];
    uint64_t size = 0;
    struct stat st = {0};
    enum kad_vault_look look = KAD_VAULT_GOOD;
    kad_buf_printf(&path, "%s/%s", v->dir, KAD_VAULT_FILE);
    v->fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    enum kad_err err = v->fd < 0 || fstat(v->fd, &st) != 0
                           ? kad_vault_io(path.p, errno, false, reterr)
                           : kad_vault_read(v->fd, path.p, v->ledger, bytes, &v->header, &size, reterr);
    if (err == KAD_OK && v->keys) {
        look = kad_vault_header_check(bytes, v->keys);
    } else if (err == KAD_OK) {
        v->keys = kad_secret_alloc(sizeof *v->keys);
        err = v->header.kind == KAD_MASTER_FILE ? unlock_by_file(v, bytes, &look, reterr)
                                                : unlock_by_passphrase(v, bytes, &look, reterr);
    }
    if (err == KAD_OK && look != KAD_VAULT_GOOD)
        err = kad_vault_fail(path.p, look, reterr);
    v->dev = st.st_dev;
    v->ino = st.st_ino;
    v->entries = kad_vault_entries(size);
    kad_buf_done(&path);
    return err;
}

enum kad_err kad_vault_open(struct kad_vault *v, struct kad_error *reterr)
{
    if (v->state == KAD_VAULT_OPEN)
        return KAD_OK;
    if (v->state == KAD_VAULT_UNTRIED) {
        struct kad_error why = {0};
        v->state = unlock(v, &why) == KAD_OK ? KAD_VAULT_OPEN : KAD_VAULT_SHUT;
        if (v->state == KAD_VAULT_SHUT) {
            kad_vault_close(v);
            v->state = KAD_VAULT_SHUT;
            v->why = why;
        }
    }
    return v->state == KAD_VAULT_OPEN ? KAD_OK : kad_fail(reterr, v->why.code, "%s", v->why.text);
}

static void forget_keys(struct kad_vault *v)
{
    for (size_t i = 0; i < v->n_slabs; i++)
        if (v->slabs[i])
            sodium_memzero(v->slabs[i], sizeof *v->slabs[i]);
}

void kad_vault_close(struct kad_vault *v)
{
    if (v->fd >= 0)
        close(v->fd);
    v->fd = -1;
    if (v->keys)
        sodium_free(v->keys);
    v->keys = NULL;
    forget_keys(v);
    v->entries = 0;
    v->state = KAD_VAULT_UNTRIED;
}

struct kad_vault *kad_vault_new(const char *dir, const char *ledger)
{
    struct kad_vault *v = kad_xalloc(sizeof *v);
    v->dir = kad_xstrdup(dir);
    memcpy(v->ledger, ledger, sizeof v->ledger);
    pthread_mutex_init(&v->lock, NULL);
    v->fd = -1;
    return v;
}

void kad_vault_free(struct kad_vault *v)
{
    if (!v)
        return;
    kad_vault_close(v);
    for (size_t i = 0; i < v->n_slabs; i++)
        if (v->slabs[i])
            sodium_free(v->slabs[i]);
    free(v->slabs);
    if (v->next)
        sodium_free(v->next);
    if (v->waiting.p)
        sodium_memzero(v->waiting.p, v->waiting.cap);
    kad_buf_done(&v->waiting);
    pthread_mutex_destroy(&v->lock);
    free(v->dir);
    free(v);
}

enum kad_err kad_vault_unlock(struct kad_vault *v, struct kad_error *reterr)
{
    pthread_mutex_lock(&v->lock);
    enum kad_err err = kad_vault_open(v, reterr);
    pthread_mutex_unlock(&v->lock);
    return err;
}

/* --- keys --- */

static struct kad_slab *slab_of(struct kad_vault *v, uint64_t number)
{
    size_t i = (size_t)(number / KAD_SLAB);
    if (i >= v->n_slabs) {
        size_t n = v->n_slabs * 2 > i + 1 ? v->n_slabs * 2 : i + 1;
        v->slabs = kad_xrealloc(v->slabs, n * sizeof(struct kad_slab *));
        memset(v->slabs + v->n_slabs, 0, (n - v->n_slabs) * sizeof(struct kad_slab *));
        v->n_slabs = n;
    }
    if (!v->slabs[i])
        v->slabs[i] = kad_secret_alloc(sizeof *v->slabs[i]);
    return v->slabs[i];
}

bool kad_vault_entry_at(int fd, uint64_t number, uint8_t ret[KAD_VAULT_ENTRY])
{
    if (number == 0 || number > (UINT64_C(1) << 40))
        return false;
    off_t at = KAD_VAULT_HEADER + (off_t)(number - 1) * KAD_VAULT_ENTRY;
    return pread(fd, ret, KAD_VAULT_ENTRY, at) == KAD_VAULT_ENTRY;
}

/* Another process may have written the vault anew since we opened it. Also when that cannot be seen:
 * opening it again says why. */
static bool is_replaced(const struct kad_vault *v)
{
    struct kad_buf path = {0};
    struct stat st;
    kad_buf_printf(&path, "%s/%s", v->dir, KAD_VAULT_FILE);
    bool other = stat(path.p, &st) != 0 || st.st_dev != v->dev || st.st_ino != v->ino;
    kad_buf_done(&path);
    return other;
}

enum kad_err kad_vault_refresh(struct kad_vault *v, struct kad_error *reterr)
{
    struct stat st;
    if (v->state != KAD_VAULT_UNTRIED && (v->state == KAD_VAULT_SHUT || is_replaced(v)))
        kad_vault_close(v); /* SHUT: it may have been mended since */
    enum kad_err err = kad_vault_open(v, reterr);
    if (err == KAD_OK && v->waiting.n == 0 && fstat(v->fd, &st) == 0)
        v->entries = kad_vault_entries((uint64_t)st.st_size);
    return err;
}

static enum kad_vault_entry read_entry(struct kad_vault *v, uint64_t number, struct kad_str subject,
                                       uint8_t ret[KAD_VAULT_KEY])
{
    uint8_t bytes[KAD_VAULT_ENTRY];
    return kad_vault_entry_at(v->fd, number, bytes)
               ? kad_vault_entry_get(bytes, v->keys, v->ledger, number, subject, ret)
               : KAD_ENTRY_DAMAGED;
}

static void tell_once(struct kad_vault *v, const char *why)
{
    if (v->told)
        return;
    struct kad_buf b = {0};
    v->told = true;
    kad_buf_printf(&b, _("Private fields are shown as sealed. %s"), why);
    kad_vault_tell(kad_buf_str(&b));
    kad_buf_done(&b);
}

static enum kad_vault_entry find_key(struct kad_vault *v, uint64_t number, struct kad_str subject,
                                     uint8_t ret[KAD_VAULT_KEY])
{
    struct kad_error why = {0};
    if (kad_vault_open(v, &why) != KAD_OK) {
        tell_once(v, why.text);
        return KAD_ENTRY_DAMAGED;
    }
    size_t slab = (size_t)(number / KAD_SLAB), at = (size_t)(number % KAD_SLAB);
    if (slab < v->n_slabs && v->slabs[slab] && v->slabs[slab]->state[at] == SLAB_KEY) {
        memcpy(ret, v->slabs[slab]->key[at], KAD_VAULT_KEY);
        return KAD_ENTRY_KEY;
    }
    enum kad_vault_entry got = read_entry(v, number, subject, ret);
    if (got != KAD_ENTRY_KEY && v->waiting.n == 0 && is_replaced(v)) {
        kad_vault_close(v);
        if (kad_vault_open(v, &why) == KAD_OK)
            got = read_entry(v, number, subject, ret);
    }
    if (got == KAD_ENTRY_KEY) {
        struct kad_slab *s = slab_of(v, number);
        s->state[at] = SLAB_KEY;
        memcpy(s->key[at], ret, KAD_VAULT_KEY);
    } else if (got == KAD_ENTRY_DAMAGED) {
        kad_fail(&why, KAD_ESTORE,
                 number > v->entries
                     ? _("The vault is older than the ledger: key %llu, of “%.*s”, is not in it. "
                         "Put back the newest copy of the vault.")
                     : _("Key %llu of the vault, of “%.*s”, has been changed since it was written. "
                         "Put back a copy of the vault."),
                 (unsigned long long)number, KAD_STR_FMT(subject));
        tell_once(v, why.text);
    }
    return got;
}

enum kad_vault_entry kad_vault_key(struct kad_vault *v, uint64_t number, struct kad_str subject,
                                   uint8_t ret[KAD_VAULT_KEY])
{
    pthread_mutex_lock(&v->lock);
    enum kad_vault_entry got = subject.n > 0 && subject.n <= KAD_LIMIT_KEY && number > 0
                                   ? find_key(v, number, subject, ret)
                                   : KAD_ENTRY_DAMAGED;
    pthread_mutex_unlock(&v->lock);
    return got;
}

/* --- new keys --- */

static enum kad_err reserve(struct kad_vault *v, struct kad_str subject, uint64_t used,
                            uint64_t *ret, struct kad_error *reterr)
{
    enum kad_err err = v->waiting.n == 0 ? kad_vault_refresh(v, reterr) : KAD_OK;
    if (err != KAD_OK)
        return err;
    uint64_t waiting = v->waiting.n / KAD_VAULT_ENTRY, number = v->entries + waiting + 1;
    if (number <= used)
        return kad_fail(reterr, KAD_ESTORE,
                        _("The vault in %s is older than the ledger: the ledger has used %llu keys, "
                          "and %llu are in it. Put back the newest copy of the vault. If there is "
                          "none, write the ledger out (kadens export) and read it into a new one."),
                        v->dir, (unsigned long long)used, (unsigned long long)(number - 1));
    struct kad_slab *s = slab_of(v, number);
    uint8_t entry[KAD_VAULT_ENTRY], *key = s->key[number % KAD_SLAB];
    randombytes_buf(key, KAD_VAULT_KEY);
    s->state[number % KAD_SLAB] = SLAB_KEY;
    kad_vault_entry_put(entry, v->keys, v->ledger, number, subject, key);
    kad_buf_put(&v->waiting, (const char *)entry, sizeof entry);
    *ret = number;
    return KAD_OK;
}

enum kad_err kad_vault_reserve(struct kad_vault *v, struct kad_str subject, uint64_t used,
                               uint64_t *ret, struct kad_error *reterr)
{
    pthread_mutex_lock(&v->lock);
    enum kad_err err = reserve(v, subject, used, ret, reterr);
    pthread_mutex_unlock(&v->lock);
    return err;
}

/* Behind the whole entries: what is there was broken off. */
static enum kad_err append(struct kad_vault *v, const char *path, struct kad_error *reterr)
{
    off_t at = KAD_VAULT_HEADER + (off_t)v->entries * KAD_VAULT_ENTRY;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return kad_vault_io(path, errno, true, reterr);
    int failed = ftruncate(fd, at) == 0 && lseek(fd, at, SEEK_SET) == at ? 0 : errno;
    if (failed == 0)
        failed = kad_write_all(fd, v->waiting.p, v->waiting.n);
    if (failed == 0 && fdatasync(fd) != 0)
        failed = errno;
    close(fd);
    return failed == 0 ? KAD_OK : kad_vault_io(path, failed, true, reterr);
}

static void drop(struct kad_vault *v)
{
    for (size_t i = v->waiting.n / KAD_VAULT_ENTRY; i > 0; i--) {
        struct kad_slab *s = slab_of(v, v->entries + i);
        size_t at = (size_t)((v->entries + i) % KAD_SLAB);
        s->state[at] = SLAB_UNREAD;
        sodium_memzero(s->key[at], KAD_VAULT_KEY);
    }
    kad_buf_reset(&v->waiting);
}

enum kad_err kad_vault_flush(struct kad_vault *v, struct kad_error *reterr)
{
    enum kad_err err = KAD_OK;
    pthread_mutex_lock(&v->lock);
    if (v->waiting.n > 0) {
        struct kad_buf path = {0};
        kad_buf_printf(&path, "%s/%s", v->dir, KAD_VAULT_FILE);
        err = append(v, path.p, reterr);
        if (err == KAD_OK) {
            v->entries += v->waiting.n / KAD_VAULT_ENTRY;
            kad_buf_reset(&v->waiting);
        } else {
            drop(v);
        }
        kad_buf_done(&path);
    }
    pthread_mutex_unlock(&v->lock);
    return err;
}

void kad_vault_drop(struct kad_vault *v)
{
    pthread_mutex_lock(&v->lock);
    if (v->waiting.n > 0)
        drop(v);
    pthread_mutex_unlock(&v->lock);
}

/* The vault as a whole file: made, written anew under a new master key, looked at and copied. The order
 * of the steps is what makes a broken-off erasure one that can be finished: docs/format.md. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/vault_priv.h"

#define COPY_ENTRIES 512 /* at a time */

/* A file of our own, 0600 whatever the umask. `replaces`: what was there is given up. */
static enum kad_err open_new(const char *path, bool replaces, int *ret, struct kad_error *reterr)
{
    int failed = replaces && unlink(path) != 0 && errno != ENOENT ? errno : 0;
    if (failed == 0)
        failed = kad_file_new(path, 0600, ret);
    return failed == 0 ? KAD_OK : kad_vault_io(path, failed, true, reterr);
}

/* Bytes to an open file. */
static enum kad_err put(int fd, const char *path, const void *p, size_t n, struct kad_error *reterr)
{
    int failed = kad_write_all(fd, p, n);
    return failed == 0 ? KAD_OK : kad_vault_io(path, failed, true, reterr);
}

static enum kad_err sync_file(int fd, const char *path, struct kad_error *reterr)
{
    return fsync(fd) == 0 ? KAD_OK : kad_vault_io(path, errno, true, reterr);
}

/* --- made --- */

/* A new passphrase, another than the one before (NULL: there was none). */
static enum kad_err new_passphrase(struct kad_vault_header *h, const struct kad_vault *was,
                                   struct kad_vault_keys *keys, struct kad_error *reterr)
{
    struct kad_buf said = {0};
    enum kad_err err = kad_vault_ask(KAD_ASK_NEW, &said, reterr);
    if (err == KAD_OK && was) { /* with the old salt: only so can it be seen to be another */
        err = kad_vault_derive(&was->header, &said, keys, reterr);
        if (err == KAD_OK && sodium_memcmp(was->keys->master, keys->master, KAD_VAULT_KEY) == 0)
            err = kad_fail(reterr, KAD_ENO,
                           _("The new passphrase is the old one. Old copies of the vault would "
                             "still open with it: choose another."));
    }
    kad_vault_new_salt(h);
    if (err == KAD_OK)
        err = kad_vault_derive(h, &said, keys, reterr);
    kad_vault_unsay(&said);
    return err;
}

static enum kad_err new_file_key(const char *ledger, const char *name, struct kad_vault_keys *keys,
                                 struct kad_error *reterr)
{
    randombytes_buf(keys->master, sizeof keys->master);
    kad_vault_keys_of(keys, keys->master);
    return kad_key_write(ledger, name, keys->master, sizeof keys->master, reterr);
}

enum kad_err kad_vault_create(const char *dir, const char *ledger, enum kad_master_kind kind,
                              struct kad_error *reterr)
{
    struct kad_vault_header h = {.kind = kind};
    struct kad_vault_keys *keys = kad_secret_alloc(sizeof *keys);
    uint8_t bytes[KAD_VAULT_HEADER];
    memcpy(h.ledger, ledger, sizeof h.ledger);
    enum kad_err err = kind == KAD_MASTER_PASSPHRASE
                           ? new_passphrase(&h, NULL, keys, reterr)
                           : new_file_key(h.ledger, KAD_KEY_MASTER, keys, reterr);
    char *path = kad_path_join(dir, KAD_VAULT_FILE);
    int fd = -1;
    if (err == KAD_OK)
        err = open_new(path, true, &fd, reterr);
    if (err == KAD_OK) {
        kad_vault_header_put(bytes, &h, keys);
        err = put(fd, path, bytes, sizeof bytes, reterr);
    }
    if (err == KAD_OK)
        err = sync_file(fd, path, reterr);
    if (fd >= 0)
        close(fd);
    free(path);
    sodium_free(keys);
    return err;
}

/* --- erasing --- */

enum kad_err kad_vault_fence(struct kad_vault *v, uint64_t *ret, struct kad_error *reterr)
{
    struct kad_vault_peek peek;
    char *path = kad_path_join(v->dir, KAD_VAULT_FILE);
    enum kad_err err = kad_vault_peek(path, &peek, reterr);
    *ret = err == KAD_OK ? peek.header.fence : 0;
    free(path);
    return err;
}

bool kad_vault_is_between(const struct kad_vault *v)
{
    char *path = kad_path_join(v->dir, KAD_VAULT_NEW);
    bool is = access(path, F_OK) == 0 || kad_key_exists(v->ledger, KAD_MASTER_NEXT);
    free(path);
    return is;
}

enum kad_err kad_vault_prepare(struct kad_vault *v, struct kad_error *reterr)
{
    pthread_mutex_lock(&v->lock);
    enum kad_err err = kad_vault_refresh(v, reterr);
    if (err == KAD_OK && v->header.kind == KAD_MASTER_PASSPHRASE && !v->next) {
        struct kad_vault_keys *next = kad_secret_alloc(sizeof *next);
        v->next_header = v->header;
        err = new_passphrase(&v->next_header, v, next, reterr);
        if (err == KAD_OK)
            v->next = next;
        else
            sodium_free(next);
    }
    pthread_mutex_unlock(&v->lock);
    return err;
}

/* One entry under the new master key: as it was, or destroyed. What was destroyed before, or was
 * changed on disk, stays that. */
static void carry(const struct kad_vault *v, const struct kad_vault_keys *next, uint64_t number,
                  struct kad_str subject, uint8_t entry[KAD_VAULT_ENTRY])
{
    uint8_t key[KAD_VAULT_KEY];
    if (subject.n == 0)
        memset(entry, 0, KAD_VAULT_ENTRY);
    else if (kad_vault_entry_get(entry, v->keys, v->ledger, number, subject, key) == KAD_ENTRY_KEY)
        kad_vault_entry_put(entry, next, v->ledger, number, subject, key);
    sodium_memzero(key, sizeof key);
}

static enum kad_err write_entries(const struct kad_vault *v, int fd, const char *path,
                                  const struct kad_vault_keys *next,
                                  struct kad_str (*keep)(void *ctx, uint64_t number), void *ctx,
                                  struct kad_error *reterr)
{
    uint8_t entries[COPY_ENTRIES][KAD_VAULT_ENTRY];
    for (uint64_t done = 0; done < v->entries;) {
        size_t n = 0;
        for (; n < COPY_ENTRIES && done < v->entries; n++) {
            done++;
            if (!kad_vault_entry_at(v->fd, done, entries[n]))
                return kad_vault_fail(path, KAD_VAULT_CUT, reterr);
            carry(v, next, done, keep(ctx, done), entries[n]);
        }
        enum kad_err err = put(fd, path, entries, n * KAD_VAULT_ENTRY, reterr);
        if (err != KAD_OK)
            return err;
    }
    return KAD_OK;
}

/* The whole new file, beside the old one and on disk. */
static enum kad_err write_beside(const struct kad_vault *v, const char *path,
                                 const struct kad_vault_header *h, const struct kad_vault_keys *next,
                                 struct kad_str (*keep)(void *ctx, uint64_t number), void *ctx,
                                 struct kad_error *reterr)
{
    uint8_t bytes[KAD_VAULT_HEADER];
    int fd;
    enum kad_err err = open_new(path, true, &fd, reterr);
    if (err != KAD_OK)
        return err;
    kad_vault_header_put(bytes, h, next);
    err = put(fd, path, bytes, sizeof bytes, reterr);
    if (err == KAD_OK)
        err = write_entries(v, fd, path, next, keep, ctx, reterr);
    if (err == KAD_OK)
        err = sync_file(fd, path, reterr);
    close(fd);
    if (err != KAD_OK)
        unlink(path);
    return err;
}

/* A file that no longer has a name, or is about to lose it: its bytes too, where the disk lets us.
 * The master key that opened it is destroyed in any case, so nobody is told when it does not. */
static void overwrite(int fd)
{
    static const char zeroes[KAD_VAULT_ENTRY * COPY_ENTRIES];
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return;
    for (off_t at = 0; at < st.st_size;) {
        size_t n = sizeof zeroes;
        if ((off_t)n > st.st_size - at)
            n = (size_t)(st.st_size - at);
        ssize_t done = pwrite(fd, zeroes, n, at);
        if (done <= 0)
            return;
        at += done;
    }
    if (fsync(fd) != 0)
        return;
}

/* The new file takes the old one's place. */
static enum kad_err put_in_place(struct kad_vault *v, const char *beside, const char *path,
                                 struct kad_error *reterr)
{
    int old = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    int failed = rename(beside, path) == 0 ? kad_sync_path(v->dir) : errno;
    if (failed == 0)
        overwrite(old);
    if (old >= 0)
        close(old);
    return failed == 0 ? KAD_OK : kad_vault_io(path, failed, true, reterr);
}

/* Which of two master keys is the right one is told by the vault alone: by the one that it opens with. */
static enum kad_err settle(struct kad_vault *v, struct kad_error *reterr)
{
    char *beside = kad_path_join(v->dir, KAD_VAULT_NEW);
    enum kad_err err = kad_vault_refresh(v, reterr);
    if (err == KAD_OK && v->header.kind == KAD_MASTER_FILE &&
        kad_key_exists(v->ledger, KAD_MASTER_NEXT)) {
        /* Destroyed before the other takes its place, so that its bytes are overwritten; broken off
         * here, the vault opens with the one that is left. */
        err = kad_key_destroy(v->ledger, v->by_next ? KAD_KEY_MASTER : KAD_MASTER_NEXT, reterr);
        if (err == KAD_OK && v->by_next)
            err = kad_key_rename(v->ledger, KAD_MASTER_NEXT, KAD_KEY_MASTER, reterr);
        if (err == KAD_OK)
            v->by_next = false;
    }
    if (err == KAD_OK && unlink(beside) != 0 && errno != ENOENT)
        err = kad_vault_io(beside, errno, true, reterr);
    free(beside);
    return err;
}

enum kad_err kad_vault_settle(struct kad_vault *v, struct kad_error *reterr)
{
    pthread_mutex_lock(&v->lock);
    enum kad_err err = settle(v, reterr);
    pthread_mutex_unlock(&v->lock);
    return err;
}

static enum kad_err rewrap(struct kad_vault *v, uint64_t fence, const struct kad_vault_keys *next,
                           struct kad_str (*keep)(void *ctx, uint64_t number), void *ctx,
                           struct kad_error *reterr)
{
    struct kad_vault_header h = v->header;
    char *path = kad_path_join(v->dir, KAD_VAULT_FILE), *beside = kad_path_join(v->dir, KAD_VAULT_NEW);
    if (v->next)
        h = v->next_header;
    h.fence = fence;
    enum kad_err err = write_beside(v, beside, &h, next, keep, ctx, reterr);
    if (err == KAD_OK)
        err = put_in_place(v, beside, path, reterr);
    free(path);
    free(beside);
    return err;
}

enum kad_err kad_vault_rewrap(struct kad_vault *v, uint64_t fence,
                              struct kad_str (*keep)(void *ctx, uint64_t number), void *ctx,
                              struct kad_error *reterr)
{
    enum kad_err err = kad_vault_prepare(v, reterr);
    if (err != KAD_OK)
        return err;
    pthread_mutex_lock(&v->lock);
    kad_assert(v->waiting.n == 0);
    struct kad_vault_keys *next = v->next;
    if (!next) {
        next = kad_secret_alloc(sizeof *next);
        /* One that is left over from before may be the one that locks the vault now. */
        err = settle(v, reterr);
        if (err == KAD_OK)
            err = new_file_key(v->ledger, KAD_MASTER_NEXT, next, reterr);
    }
    if (err == KAD_OK)
        err = rewrap(v, fence, next, keep, ctx, reterr);
    if (err == KAD_OK) {
        /* Opened anew, as whoever comes next does: with what is on disk. */
        kad_vault_close(v);
        if (v->next) {
            v->keys = kad_secret_alloc(sizeof *v->keys);
            *v->keys = *next;
        }
        err = settle(v, reterr);
    }
    sodium_free(next);
    v->next = NULL;
    pthread_mutex_unlock(&v->lock);
    return err;
}

/* --- looked at and copied --- */

static enum kad_err peek(const char *path, int *ret_fd, struct kad_vault_peek *ret,
                         struct kad_error *reterr)
{
    uint8_t bytes[KAD_VAULT_HEADER];
    uint64_t size;
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*ret_fd < 0)
        return kad_vault_io(path, errno, false, reterr);
    enum kad_err err = kad_vault_read(*ret_fd, path, NULL, bytes, &ret->header, &size, reterr);
    ret->entries = err == KAD_OK ? kad_vault_entries(size) : 0;
    if (err != KAD_OK)
        close(*ret_fd);
    return err;
}

enum kad_err kad_vault_peek(const char *path, struct kad_vault_peek *ret, struct kad_error *reterr)
{
    int fd;
    enum kad_err err = peek(path, &fd, ret, reterr);
    if (err == KAD_OK)
        close(fd);
    return err;
}

enum kad_err kad_vault_entry_erased(const char *path, uint64_t number, bool *ret,
                                    struct kad_error *reterr)
{
    struct kad_vault_peek p;
    uint8_t entry[KAD_VAULT_ENTRY];
    int fd;
    enum kad_err err = peek(path, &fd, &p, reterr);
    if (err != KAD_OK)
        return err;
    if (kad_vault_entry_at(fd, number, entry))
        *ret = sodium_is_zero(entry, sizeof entry);
    else
        err = kad_fail(reterr, KAD_ESTORE, _("The vault %s has no key %llu."), path,
                       (unsigned long long)number);
    close(fd);
    return err;
}

static enum kad_err copy(int from, int to, uint64_t n, const char *path, struct kad_error *reterr)
{
    char piece[KAD_VAULT_ENTRY * COPY_ENTRIES];
    for (uint64_t at = 0; at < n;) {
        size_t some = n - at < sizeof piece ? (size_t)(n - at) : sizeof piece;
        ssize_t got = pread(from, piece, some, (off_t)at);
        if (got <= 0)
            return kad_vault_io(path, got < 0 ? errno : EIO, false, reterr);
        enum kad_err err = put(to, path, piece, (size_t)got, reterr);
        if (err != KAD_OK)
            return err;
        at += (uint64_t)got;
    }
    return sync_file(to, path, reterr);
}

enum kad_err kad_vault_copy(const char *dir, const char *path, struct kad_error *reterr)
{
    struct kad_vault_peek p;
    int from, to = -1;
    char *source = kad_path_join(dir, KAD_VAULT_FILE);
    enum kad_err err = peek(source, &from, &p, reterr);
    free(source);
    if (err != KAD_OK)
        return err;
    err = open_new(path, false, &to, reterr);
    if (err == KAD_OK)
        err = copy(from, to, KAD_VAULT_HEADER + p.entries * KAD_VAULT_ENTRY, path, reterr);
    close(from);
    if (to >= 0)
        close(to);
    return err;
}

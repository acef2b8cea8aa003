/* What the vault_*.c files share. */
#ifndef KAD_CORE_VAULT_PRIV_H
#define KAD_CORE_VAULT_PRIV_H

#include <pthread.h>
#include <sys/types.h>

#include "core/files.h"
#include "core/keys.h"
#include "core/vault.h"

#define KAD_VAULT_NEW "vault.new"      /* being written, to take the vault's place */
#define KAD_MASTER_NEXT KAD_KEY_MASTER ".new"

/* Keys that were read, by number: so many together, as locked memory comes in pages. */
#define KAD_SLAB 512
struct kad_slab {
    uint8_t state[KAD_SLAB]; /* enum slab_state */
    uint8_t key[KAD_SLAB][KAD_VAULT_KEY];
};

struct kad_vault {
    char *dir;
    char ledger[KAD_LEDGER_ID + 1];
    pthread_mutex_t lock;
    enum { KAD_VAULT_UNTRIED, KAD_VAULT_OPEN, KAD_VAULT_SHUT } state;
    struct kad_error why; /* it is SHUT */
    bool told;
    int fd; /* OPEN: the file that was read */
    dev_t dev;
    ino_t ino;
    struct kad_vault_header header;
    struct kad_vault_keys *keys; /* locked memory */
    bool by_next;                /* OPEN by the key that has yet to take the master key's place */
    struct kad_vault_keys *next; /* those of a new passphrase, asked for ahead; NULL */
    struct kad_vault_header next_header;
    uint64_t entries;      /* whole ones in the file, when it was last looked at */
    struct kad_buf waiting; /* entries that are not in the file yet */
    struct kad_slab **slabs;
    size_t n_slabs;
};

extern struct kad_vault_access kad_vault_asked;

/* One sentence of what is wrong with the file of this name. */
enum kad_err kad_vault_fail(const char *path, enum kad_vault_look look, struct kad_error *reterr);
/* What errno says of a file of the vault. */
enum kad_err kad_vault_io(const char *path, int error, bool write, struct kad_error *reterr);
/* Reads the header of an open file; *ret_size is the file's. */
enum kad_err kad_vault_read(int fd, const char *path, const char *ledger,
                            uint8_t bytes[KAD_VAULT_HEADER], struct kad_vault_header *ret,
                            uint64_t *ret_size, struct kad_error *reterr);
/* A passphrase, asked for: not empty, not too long. Wipe it with kad_vault_unsay, also on failure. */
enum kad_err kad_vault_ask(enum kad_passphrase_ask ask, struct kad_buf *ret,
                           struct kad_error *reterr);
void kad_vault_unsay(struct kad_buf *said);
/* The keys that follow from it; h says the salt and the cost. *ret is locked memory. */
enum kad_err kad_vault_derive(const struct kad_vault_header *h, const struct kad_buf *said,
                              struct kad_vault_keys *ret, struct kad_error *reterr);
/* A salt and a cost for a new passphrase. */
void kad_vault_new_salt(struct kad_vault_header *h);
void *kad_secret_alloc(size_t n);
/* Unlock; the lock is held. */
enum kad_err kad_vault_open(struct kad_vault *v, struct kad_error *reterr);
/* As it is on disk now: another writer may have added keys, or written it anew. */
enum kad_err kad_vault_refresh(struct kad_vault *v, struct kad_error *reterr);
/* Forget the file and the keys that were read from it. */
void kad_vault_close(struct kad_vault *v);
/* Read entry `number` of the open file; false when there is none. */
bool kad_vault_entry_at(int fd, uint64_t number, uint8_t ret[KAD_VAULT_ENTRY]);

#endif

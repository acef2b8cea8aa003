/* The key folder: small secrets of ledgers, kept outside the stores, so that neither a stolen store
 * nor a backup of one holds them. One file per ledger and purpose, ID.NAME ("sign": the private key
 * that signs checkpoints; "master": the vault's), 0600 in a folder of 0700, as text:
 *
 *   kadens key 1 WORD ID
 *   # one line for the person who finds it
 *   hexadecimal digits
 *
 * Writing is whole or not at all: beside, fsync, rename, fsync of the folder. A file or folder that
 * others may look into is refused, with what to do. Which folder: --keys, else $KADENS_KEYS, else
 * $XDG_CONFIG_HOME/kadens, else .config/kadens in the home folder.
 * Errors, unless said: ESTORE with the path and the remedy; EFULL for a full disk.
 */
#ifndef KAD_CORE_KEYS_H
#define KAD_CORE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

#define KAD_KEY_SIGN "sign"
#define KAD_KEY_MASTER "master"
#define KAD_KEY_BYTES_MAX 128 /* of one secret */

/* --keys; NULL or empty: as the environment says. Once, before threads. */
void kad_keys_set_folder(const char *dir);
/* The folder's path, whether it is there or not. */
enum kad_err kad_keys_folder(struct kad_buf *ret, struct kad_error *reterr) KAD_MUST_CHECK;
/* The file's path. `id` is a ledger's; `name` a word, and behind a point what sets it apart
 * ("master", "master.new"): the file names the word only, so that one may take another's place. */
enum kad_err kad_key_path(const char *id, const char *name, struct kad_buf *ret,
                          struct kad_error *reterr) KAD_MUST_CHECK;

/* Is there such a file? Also when its rights are too wide or it cannot be read. */
bool kad_key_exists(const char *id, const char *name);
/* Exactly n bytes, or ESTORE: missing (the sentence says where it should be), of another ledger, of
 * another length, with rights too wide. On failure *ret is zeroed. The caller wipes it
 * (sodium_memzero). */
enum kad_err kad_key_read(const char *id, const char *name, uint8_t *ret, size_t n,
                          struct kad_error *reterr) KAD_MUST_CHECK;
/* Make it, and the folder if need be; what was there under the name is replaced in one step. */
enum kad_err kad_key_write(const char *id, const char *name, const uint8_t *key, size_t n,
                           struct kad_error *reterr) KAD_MUST_CHECK;
/* The one takes the other's place, in one step, on disk when this returns. */
enum kad_err kad_key_rename(const char *id, const char *from, const char *to,
                            struct kad_error *reterr) KAD_MUST_CHECK;
/* Overwrite and remove, also what an interrupted writing left. Fine when there is none. */
enum kad_err kad_key_destroy(const char *id, const char *name, struct kad_error *reterr)
    KAD_MUST_CHECK;

#endif

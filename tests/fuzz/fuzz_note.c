/* What is handed out and comes back: verifier keys, signed notes, checkpoints and proofs, read from
 * any bytes. What is taken would be written byte for byte the same. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/proof.h"
#include "core/rekey.h"

const char kad_fuzz_name[] = "note";

static void is(struct kad_buf *b, struct kad_str want)
{
    kad_assert(b->n == want.n && memcmp(b->p, want.p, want.n) == 0);
    kad_buf_reset(b);
}

static void note(struct kad_str text, struct kad_buf *b)
{
    static const uint8_t key[KAD_PUBLIC_KEY] = {1};
    struct kad_signed_note n;
    struct kad_checkpoint c;
    struct kad_verifier v;
    if (!kad_note_parse(text, &n))
        return;
    kad_assert(n.n > 0 && n.n <= KAD_NOTE_SIGNATURES);
    kad_buf_put(b, n.text.p, n.text.n);
    kad_buf_putc(b, '\n');
    kad_buf_put(b, n.signatures.p, n.signatures.n);
    is(b, text);
    kad_verifier_init(&v, KAD_STR("PeterNeumann"), key);
    kad_assert(kad_note_signed(&n, &v) != KAD_SIGNED_BY);
    if (!kad_checkpoint_parse(n.text, &c))
        return;
    kad_checkpoint_put(b, &c);
    is(b, n.text);
}

static void proof(struct kad_str text, struct kad_arena *a, struct kad_buf *b)
{
    struct kad_proof *p = kad_arena_new(a, struct kad_proof);
    struct kad_signed_note n;
    struct kad_checkpoint c;
    if (!kad_proof_parse(text, a, p))
        return;
    kad_proof_write(b, p);
    is(b, text);
    if (kad_note_parse(p->checkpoint, &n) && kad_checkpoint_parse(n.text, &c))
        (void)kad_proof_holds(p, &c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kad_str text = {(const char *)data, size};
    struct kad_arena a;
    struct kad_buf b = {0};
    struct kad_verifier v;
    kad_arena_init(&a);
    if (kad_verifier_parse(text, &v)) {
        kad_verifier_put(&b, &v);
        is(&b, text);
    }
    note(text, &b);
    proof(text, &a, &b);
    kad_buf_done(&b);
    kad_arena_done(&a);
    return 0;
}

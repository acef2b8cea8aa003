/* Records read from any bytes: refused, or written as just these bytes again (but for the digest,
 * which is made anew); and instants read from any text. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/story.h"

#define DIGEST_AT 48
#define DIGEST_END 80

const char kad_fuzz_name[] = "event";

static void record(struct kad_str bytes, struct kad_arena *a)
{
    struct kad_record r, again;
    struct kad_story story;
    struct kad_buf b = {0};
    if (kad_record_decode(bytes, a, false, &r, NULL) != KAD_OK)
        return;
    kad_record_encode(&b, &r, NULL);
    kad_assert(b.n == bytes.n && memcmp(b.p, bytes.p, DIGEST_AT) == 0);
    kad_assert(memcmp(b.p + DIGEST_END, bytes.p + DIGEST_END, b.n - DIGEST_END) == 0);
    enum kad_err err = kad_record_decode((struct kad_str){b.p, b.n}, a, true, &again, NULL);
    kad_assert(err == KAD_OK && again.n_fields == r.n_fields && again.n_notes == r.n_notes);
    const struct kad_record twice[] = {r, again};
    kad_story_build(a, r.subject, twice, 2, KAD_KNOWN_ALL, &story);
    kad_buf_done(&b);
}

static void instant(struct kad_str text)
{
    kad_instant t, again = 0;
    char out[KAD_INSTANT_TEXT];
    if (!kad_instant_parse(text.p, text.n, &t))
        return;
    kad_instant_text(t, out);
    if (t >= INT64_C(-5364662400000000)) /* 1800: the first year that is read */
        kad_assert(!kad_instant_parse(out, strlen(out), &again) || again == t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kad_arena a;
    kad_arena_init(&a);
    record((struct kad_str){(const char *)data, size}, &a);
    instant((struct kad_str){(const char *)data, size});
    kad_arena_done(&a);
    return 0;
}

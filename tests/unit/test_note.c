/* Signed notes, checkpoints and verifier keys: the vectors of the Go library that the format comes
 * from (golang.org/x/mod/sumdb/note), and everything that is not quite one refused. */
#include "tests/unit/unit.h"

#include <sodium.h>

#include "core/note.h"

#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
/* Of "PRIVATE+KEY+PeterNeumann+c74f20a3+": the byte 1 and the seed. */
#define PETER_SEED "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define TEXT                                                                                       \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define DASH "\xe2\x80\x94 "
#define PETER_LINE                                                                                 \
    DASH                                                                                           \
        "PeterNeumann "                                                                            \
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJ" \
        "nAM=\n"

static struct kad_verifier peter(void)
{
    struct kad_verifier v;
    assert_true(kad_verifier_parse(KAD_STR(PETER), &v));
    return v;
}

static void the_public_key_is_read_and_written(void **state)
{
    (void)state;
    struct kad_verifier v = peter();
    struct kad_buf b = {0};
    assert_str_equal(v.name, "PeterNeumann");
    assert_int_equal(v.hash, 0xc74f20a3);
    kad_verifier_put(&b, &v);
    assert_buf(&b, PETER);
    kad_buf_done(&b);
}

static void no_part_and_no_changed_byte_of_a_key_is_one(void **state)
{
    (void)state;
    char key[] = PETER;
    size_t n = strlen(key);
    struct kad_verifier v;
    for (size_t i = 0; i <= n; i++)
        for (size_t j = i + 1; j <= n; j++)
            assert_true((i == 0 && j == n) ||
                        !kad_verifier_parse((struct kad_str){key + i, j - i}, &v));
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < 256; c++) {
            char was = key[i];
            key[i] = (char)c;
            if (key[i] != was && kad_verifier_parse(kad_str(key), &v))
                fail_msg("taken as a key: %s", key);
            key[i] = was;
        }
    }
    /* another length, another algorithm, each with its right hash */
    assert_false(kad_verifier_parse(
        KAD_STR("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="), &v));
    assert_false(kad_verifier_parse(
        KAD_STR("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), &v));
}

static void signing_gives_the_public_note_byte_for_byte(void **state)
{
    (void)state;
    uint8_t seed[33], key[KAD_PUBLIC_KEY];
    struct kad_buf b = {0};
    struct kad_verifier v = peter();
    assert_true(kad_base64_parse(KAD_STR(PETER_SEED), seed, sizeof seed));
    kad_public_key(seed + 1, key);
    assert_memory_equal(key, v.key, sizeof key);
    kad_note_sign(&b, KAD_STR(TEXT), KAD_STR("PeterNeumann"), seed + 1);
    assert_buf(&b, TEXT "\n" PETER_LINE);
    kad_buf_done(&b);
}

static void the_specification_s_example_verifies(void **state)
{
    (void)state;
    struct kad_verifier v;
    struct kad_signed_note note;
    assert_true(kad_verifier_parse(
        KAD_STR("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"), &v));
    assert_true(kad_note_parse(
        KAD_STR(
            "This is an example message.\n\n" DASH
            "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3m"
            "FXmRKuwHjG1Yu72IneyaQM=\n"),
        &note));
    assert_int_equal(kad_note_signed(&note, &v), KAD_SIGNED_BY);
}

static void a_note_is_by_whom_it_says(void **state)
{
    (void)state;
    struct kad_verifier v = peter(), enoch;
    struct kad_signed_note note;
    static const char other[] = DASH
        "EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
    assert_true(kad_verifier_parse(
        KAD_STR("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"), &enoch));
    assert_true(kad_note_parse(KAD_STR(TEXT "\n" PETER_LINE), &note));
    assert_str_equal(note.text, TEXT);
    assert_int_equal(note.n, 1);
    assert_int_equal(kad_note_signed(&note, &v), KAD_SIGNED_BY);
    assert_int_equal(kad_note_signed(&note, &enoch), KAD_SIGNED_BY_OTHERS);
    struct kad_buf b = {0};
    kad_buf_printf(&b, TEXT "\n%s%s", other, PETER_LINE);
    assert_true(kad_note_parse((struct kad_str){b.p, b.n}, &note));
    assert_int_equal(note.n, 2);
    assert_int_equal(kad_note_signed(&note, &v), KAD_SIGNED_BY);
    assert_int_equal(kad_note_signed(&note, &enoch), KAD_SIGNED_BY);
    /* a line in somebody's name that is not theirs spoils the note, whatever stands beside it */
    kad_buf_reset(&b);
    kad_buf_puts(&b, "Another text\n\n" PETER_LINE);
    assert_true(kad_note_parse((struct kad_str){b.p, b.n}, &note));
    assert_int_equal(kad_note_signed(&note, &v), KAD_SIGNED_WRONGLY);
    kad_buf_done(&b);
}

static void every_changed_byte_of_a_note_is_refused(void **state)
{
    (void)state;
    char text[] = TEXT "\n" PETER_LINE;
    struct kad_verifier v = peter();
    struct kad_signed_note note;
    size_t n = sizeof text - 1;
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < 256; c++) {
            char was = text[i];
            if ((char)c == was)
                continue;
            text[i] = (char)c;
            assert_true(!kad_note_parse((struct kad_str){text, n}, &note) ||
                        kad_note_signed(&note, &v) != KAD_SIGNED_BY);
            text[i] = was;
        }
        assert_true(!kad_note_parse((struct kad_str){text, i}, &note) ||
                    kad_note_signed(&note, &v) != KAD_SIGNED_BY);
    }
}

static void what_is_no_note_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "Text\n",
        "Text\n\n",
        "Text\n" PETER_LINE,
        "Text\n\nnot a signature\n",
        "Text\n\n" DASH "PeterNeumann\n",
        "Text\n\n" DASH "Peter Neumann x08go/ZJ\n",
        "Text\n\n" DASH "Peter+Neumann x08go/ZJ\n",
        "Text\n\n" DASH "PeterNeumann x08go/ZJ \n",
        "Text\n\n" DASH "PeterNeumann x08goA==\n", /* a hash and nothing */
        "Text\n\n" DASH "PeterNeumann x08go/Z\n",
        "Text\n\n-- PeterNeumann x08go/ZJ\n",
        "Te\x01xt\n\n" PETER_LINE,
        "Te\xff\n\n" PETER_LINE,
    };
    struct kad_signed_note note;
    for (size_t i = 0; i < LEN(bad); i++)
        if (kad_note_parse(kad_str(bad[i]), &note))
            fail_msg("taken as a note: %s", bad[i]);
    /* text without its line feed; too many lines; a note too long */
    assert_false(kad_note_parse(KAD_STR(TEXT "\n" DASH "PeterNeumann x08go/ZJ"), &note));
    struct kad_buf b = {0};
    for (int most = 100; most <= 101; most++) {
        kad_buf_reset(&b);
        kad_buf_puts(&b, "Text\n\n");
        for (int i = 0; i < most; i++)
            kad_buf_puts(&b, DASH "PeterNeumann x08go/ZJ\n");
        assert_int_equal(kad_note_parse((struct kad_str){b.p, b.n}, &note), most == 100);
    }
    kad_buf_reset(&b);
    while (b.n <= KAD_NOTE_MAX)
        kad_buf_puts(&b, "Text\n");
    kad_buf_puts(&b, "\n" PETER_LINE);
    assert_false(kad_note_parse((struct kad_str){b.p, b.n}, &note));
    kad_buf_done(&b);
}

static void checkpoints_have_one_form(void **state)
{
    (void)state;
    static const char good[] = "example.com/behind-the-sofa\n20852163\n"
                               "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    struct kad_checkpoint c;
    struct kad_buf b = {0};
    assert_true(kad_checkpoint_parse(KAD_STR(good), &c));
    assert_int_equal(c.size, 20852163);
    kad_checkpoint_put(&b, &c);
    assert_buf(&b, good);
    kad_buf_done(&b);
    static const char *const bad[] = {
        "",
        "o\n",
        "o\n1\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n18446744073709551616\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", /* a bit too many */
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jx\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
    };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_false(kad_checkpoint_parse(kad_str(bad[i]), &c));
    assert_true(kad_checkpoint_parse(
        KAD_STR("o\n18446744073709551615\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"), &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_key_is_read_and_written),
        cmocka_unit_test(no_part_and_no_changed_byte_of_a_key_is_one),
        cmocka_unit_test(signing_gives_the_public_note_byte_for_byte),
        cmocka_unit_test(the_specification_s_example_verifies),
        cmocka_unit_test(a_note_is_by_whom_it_says),
        cmocka_unit_test(every_changed_byte_of_a_note_is_refused),
        cmocka_unit_test(what_is_no_note_is_refused),
        cmocka_unit_test(checkpoints_have_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

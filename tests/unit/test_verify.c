/* Verifying, where a program cannot be brought to write what is to be found. */
#include "tests/unit/unit.h"

#include <lmdb.h>

#include "core/checkpoint.h"
#include "core/verify.h"
#include "tests/unit/store.h"
#include "tests/unit/toy_policy.h"

static struct kad_verify *verify(struct place *p, kad_compile_fn compile, enum kad_err expected,
                                 struct kad_str against)
{
    struct kad_verify_options o = {
        .dir = p->dir, .compile = compile, .full = true, .against = against};
    struct kad_verify *v = NULL;
    p->error = (struct kad_error){0};
    enum kad_err got = kad_verify_run(&o, &v, &p->error);
    if (got != expected)
        fail_msg("%d (%s), %llu troubles, first: %s", got, p->error.text,
                 (unsigned long long)(v ? v->n_troubles : 0), v ? v->troubles[0].text : "");
    return v;
}

/* The first trouble is in this part and says these words. */
static void first_is(const struct kad_verify *v, enum kad_part part, uint64_t seq,
                     const char *words)
{
    assert_true(v->n_troubles > 0);
    if (v->troubles[0].part != part || v->troubles[0].seq != seq ||
        !strstr(v->troubles[0].text, words))
        fail_msg("%s, %llu: %s", kad_part_words[v->troubles[0].part],
                 (unsigned long long)v->troubles[0].seq, v->troubles[0].text);
}

static void fill(struct place *p, struct kad_ledger *l, int n)
{
    struct kad_txn *t = place_begin(p, l);
    for (int i = 0; i < n; i++) {
        char subject[16];
        snprintf(subject, sizeof subject, "C-%d", i % 37);
        place_append(p, t, subject, 18800 + i % 300, "");
    }
    ok(p, kad_txn_commit(t, &p->error));
}

/* Sizes at and around the borders of what threads take, and of tiles. */
static void every_root_is_the_one_that_was_stored(void **state)
{
    static const int steps[] = {1, 30, 1, 1, 900, 91, 1, 1023, 1, 1, 3000, 27000};
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_buf kept = {0};
    uint64_t size = 0;
    for (size_t i = 0; i < LEN(steps); i++) {
        struct kad_buf note = {0};
        bool new;
        fill(p, l, steps[i]);
        size += (uint64_t)steps[i];
        ok(p, kad_checkpoint_take(l, NULL, NULL, &note, &new, &p->error));
        assert_true(new);
        kad_buf_put(&kept, note.p, note.n);
        kad_buf_done(&note);
    }
    uint8_t root[KAD_HASH];
    struct kad_snapshot *s;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_root(s, size, root, &p->error));
    kad_snapshot_release(s);
    kad_ledger_close(l);
    struct kad_verify *v = verify(p, NULL, KAD_OK, (struct kad_str){kept.p, kept.n});
    assert_true(kad_verify_complete(v));
    assert_memory_equal(v->root, root, sizeof root);
    assert_int_equal(v->last_seq, size);
    assert_int_equal(v->checkpoints, LEN(steps));
    assert_int_equal(v->kept, LEN(steps));
    assert_int_equal(v->kept_size, size);
    kad_verify_free(v);
    kad_buf_done(&kept);
}

static void an_empty_ledger_is_whole(void **state)
{
    struct place *p = *state;
    place_create(p);
    struct kad_verify *v = verify(p, toy_compile, KAD_OK, (struct kad_str){0});
    assert_true(kad_verify_complete(v));
    assert_int_equal(v->last_seq, 0);
    assert_true(v->first_at == KAD_INSTANT_NONE);
    kad_verify_free(v);
}

static void time_that_runs_backwards_is_found(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    fill(p, l, 1025); /* the last record is the first of its stretch */
    kad_ledger_close(l);
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    char key[8] = {0, 0, 0, 0, 0, 0, 4, 1}, bytes[1000];
    MDB_val k = {sizeof key, key}, v;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, p->dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "log", 0, &dbi), 0);
    assert_int_equal(mdb_get(txn, dbi, &k, &v), 0);
    assert_true(v.mv_size <= sizeof bytes);
    memcpy(bytes, v.mv_data, v.mv_size);
    bytes[19]--; /* `at` is the i64 at 16 */
    v.mv_data = bytes;
    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    struct kad_verify *found = verify(p, NULL, KAD_ENO, (struct kad_str){0});
    bool said = false;
    for (size_t i = 0; i < found->n_troubles; i++)
        said |= found->troubles[i].part == KAD_PART_RECORDS && found->troubles[i].seq == 1025 &&
                strstr(found->troubles[i].text, "time runs backwards");
    assert_true(said);
    assert_true(found->troubles_in[KAD_PART_TREE] > 0);
    assert_true(found->troubles_in[KAD_PART_VIEWS] > 0);
    kad_verify_free(found);
}

/* Nobody's rules gave this task: there are none. */
static void an_issued_task_that_does_not_follow_is_found(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    fill(p, l, 3);
    struct kad_txn *t = place_begin(p, l);
    struct kad_record r = event_of("C-1", "", 18850);
    struct kad_field notes[] = {text_field("task", "C-1/call/2"), number_field("issue", 1000000),
                                text_field("name", "call"),       date_field("opens", 18850),
                                date_field("due", 18860),         null_field("closes"),
                                text_field("for", "anna"),        text_field("unit", "")};
    r.kind = KAD_R_ISSUED;
    r.ref = 2;
    r.notes = notes;
    r.n_notes = LEN(notes);
    ok(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error));
    ok(p, kad_txn_commit(t, &p->error));
    kad_ledger_close(l);
    struct kad_verify *v = verify(p, toy_compile, KAD_ENO, (struct kad_str){0});
    first_is(v, KAD_PART_ISSUED, 4, "“task” does not follow from what was known then");
    assert_int_equal(v->n_troubles, 1);
    assert_int_equal(v->issued, 0);
    kad_verify_free(v);
}

static void what_is_no_ledger_is_said_once(void **state)
{
    struct place *p = *state;
    struct kad_verify *v = verify(p, NULL, KAD_ESTORE, (struct kad_str){0});
    assert_non_null(strstr(p->error.text, "There is no store"));
    assert_int_equal(v->n_troubles, 0);
    kad_verify_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(every_root_is_the_one_that_was_stored),
        PLACE_TEST(an_empty_ledger_is_whole),
        PLACE_TEST(time_that_runs_backwards_is_found),
        PLACE_TEST(an_issued_task_that_does_not_follow_is_found),
        PLACE_TEST(what_is_no_ledger_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

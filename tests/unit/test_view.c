/* The views against the records: planted differences are found, and rebuilding mends them. */
#include "tests/unit/unit.h"

#include <lmdb.h>

#include "tests/unit/store.h"

/* A store with everything that has a view. */
static void fill(struct place *p)
{
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = NULL;
    for (int i = 0; i < 400; i++) {
        static const enum kad_record_kind kinds[] = {
            KAD_R_EVENT, KAD_R_EVENT,  KAD_R_EVENT,   KAD_R_CORRECTED, KAD_R_EVENT,
            KAD_R_EVENT, KAD_R_WAIVED, KAD_R_ADOPTED, KAD_R_ISSUED,    KAD_R_RETRACTED,
        };
        enum kad_record_kind kind = kinds[i % (int)LEN(kinds)];
        char subject[16], id[16], coach[16];
        snprintf(subject, sizeof subject, "C-%d", i * 7 % 23);
        snprintf(id, sizeof id, "id-%d", i / 2);
        snprintf(coach, sizeof coach, "coach%d", i % 5);
        struct kad_field f[] = {person_field("coach", coach), text_field("note", "hej")};
        struct kad_record r = event_of(kind == KAD_R_ADOPTED ? "" : subject,
                                       kind == KAD_R_EVENT ? "visit" : "", 1000 - i % 70);
        r.kind = kind;
        r.ref = kind == KAD_R_EVENT ? 0 : 1;
        if (i % 3 == 0)
            r.id = kad_str(id);
        r.fields = f;
        r.n_fields = 2;
        if (!t)
            t = place_begin(p, l);
        ok(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error));
        if (i % 40 == 39) {
            ok(p, kad_txn_commit(t, &p->error));
            t = NULL;
        }
    }
    kad_ledger_close(l);
}

struct told {
    struct kad_buf text;
    uint64_t calls;
    uint64_t progress, of;
};

static void differs(void *ctx, const char *what)
{
    struct told *told = ctx;
    told->calls++;
    kad_buf_printf(&told->text, "%s\n", what);
}

static void progress(void *ctx, uint64_t done, uint64_t of)
{
    struct told *told = ctx;
    assert_true(done <= of && done >= told->progress);
    told->progress = done;
    told->of = of;
}

static uint64_t check(struct place *p, struct told *told)
{
    uint64_t n = 99;
    kad_buf_reset(&told->text);
    told->calls = told->progress = 0;
    struct kad_ledger *l = place_open(p, false);
    ok(p, kad_view_check(l, progress, differs, told, &n, &p->error));
    assert_int_equal(told->progress, told->of);
    kad_ledger_close(l);
    return n;
}

static void rebuild(struct place *p, struct told *told)
{
    told->progress = 0;
    struct kad_ledger *l = place_open(p, true);
    ok(p, kad_view_rebuild(l, progress, told, &p->error));
    assert_int_equal(told->progress, told->of);
    kad_ledger_close(l);
}

/* What lies in the tables, changed behind the ledger's back. Without a value the key goes. */
static void plant(struct place *p, const char *table, struct kad_str key, struct kad_str value)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    union {
        const void *in;
        void *out;
    } k = {.in = key.p}, v = {.in = value.p};
    MDB_val mk = {key.n, k.out}, mv = {value.n, v.out};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, p->dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    assert_int_equal(value.p ? mdb_put(txn, dbi, &mk, &mv, 0) : mdb_del(txn, dbi, &mk, NULL), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

/* The whole of a table, to see whether rebuilding gives the same bytes. */
static void dump(struct place *p, const char *table, struct kad_buf *b)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *c;
    MDB_val k, v;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, p->dir, MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &c), 0);
    while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0) {
        kad_buf_put(b, k.mv_data, k.mv_size);
        kad_buf_put(b, v.mv_data, v.mv_size);
    }
    mdb_cursor_close(c);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

static void an_untouched_store_has_no_differences(void **state)
{
    struct place *p = *state;
    struct told told = {0};
    fill(p);
    assert_int_equal(check(p, &told), 0);
    assert_int_equal(told.calls, 0);
    assert_true(told.of > 400);
    kad_buf_done(&told.text);
}

static void rebuilding_gives_the_same_views(void **state)
{
    struct place *p = *state;
    static const char *const tables[] = {"meta",    "log",     "story",  "id",
                                         "subject", "mention", "adopted"};
    struct told told = {0};
    struct kad_buf before[LEN(tables)] = {0}, after = {0};
    fill(p);
    for (size_t i = 0; i < LEN(tables); i++)
        dump(p, tables[i], &before[i]);
    rebuild(p, &told);
    for (size_t i = 0; i < LEN(tables); i++) {
        kad_buf_reset(&after);
        dump(p, tables[i], &after);
        assert_true(after.n > 0);
        assert_int_equal(after.n, before[i].n);
        assert_memory_equal(after.p, before[i].p, after.n);
        kad_buf_done(&before[i]);
    }
    kad_buf_done(&after);
    kad_buf_done(&told.text);
}

static void planted_differences_are_found_and_mended(void **state)
{
    struct place *p = *state;
    struct told told = {0};
    fill(p);
#define S(literal)                                                                                 \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
    static const struct {
        const char *table;
        struct kad_str key, value;
        const char *told;
    } all[] = {
        {"subject", S("C-1"), {0}, "table subject: what follows from the records is missing"},
        {"subject", S("C-1"), S("nonsense"), "table subject: what is stored for C-1"},
        {"subject", S("C-99"), S("nonsense"), "table subject: there is an entry for C-99"},
        {"story", S("C-2\0\0\0\0\0\0\0\0\5"), S("xxxx"), "table story: what is stored for C-2"},
        {"story", S("C-2\0\0\0\0\0\0\0\0\5"), S("\0\0\0\0"), "table story: what is stored for C-2"},
        {"story", S("nokey"), S("xxxx"), "table story: what is stored for nokey"},
        {"id", S("id-0"), {0}, "table id: what follows from the records is missing for id-0"},
        {"id", S("id-0"), S("12345678"), "table id: there is an entry for id-0"},
        {"id", S("id-0"), S("\0\0\0\0\0\0\0\7"), "table id: there is an entry for id-0"},
        {"id", S("stranger"), S("1"), "table id: there is an entry for stranger"},
        {"mention", S("coach1\0C-7"), {0}, "missing for coach1|C-7"},
        {"mention", S("coach9\0C-7"), S(""), "there is an entry for coach9|C-7"},
        {"mention", S("coach9"), S(""), "there is an entry for coach9"},
        {"adopted", S("\0\0\0\0\0\0\0\10"), {0}, "what follows from the records is missing for 8"},
        {"adopted", S("\0\0\0\0\0\0\0\1"), S(""), "table adopted: there is an entry for 1"},
        {"meta", S("views"), S("\0\0\0\0\0\0\1\217\0\0\3\350"
         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "table meta"},
        {"meta", S("views"), S("\0\0\0\0\0\0\1\220\0\0\3\351"
         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "table meta"},
    };
#undef S
    for (size_t i = 0; i < LEN(all); i++) {
        plant(p, all[i].table, all[i].key, all[i].value);
        assert_true(check(p, &told) > 0);
        if (!strstr(kad_buf_str(&told.text), all[i].told))
            fail_msg("%zu: %s", i, kad_buf_str(&told.text));
        rebuild(p, &told);
        assert_int_equal(check(p, &told), 0);
    }
    kad_buf_done(&told.text);
}

static void a_story_that_is_gone_is_missed_record_by_record(void **state)
{
    struct place *p = *state;
    struct told told = {0};
    fill(p);
    /* every chunk of every story: 21 and more differences, of which 20 are told */
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, p->dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "story", 0, &dbi), 0);
    assert_int_equal(mdb_drop(txn, dbi, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    assert_true(check(p, &told) >= 360);
    assert_int_equal(told.calls, 20);
    rebuild(p, &told);
    assert_int_equal(check(p, &told), 0);
    kad_buf_done(&told.text);
}

static void a_changed_record_is_damage_not_a_difference(void **state)
{
    struct place *p = *state;
    fill(p);
    plant(p, "log", (struct kad_str){"\0\0\0\0\0\0\0\3", 8}, KAD_STR("Kxxx"));
    struct kad_ledger *l = place_open(p, true);
    uint64_t n;
    fails(p, kad_view_check(l, NULL, NULL, NULL, &n, &p->error), KAD_ESTORE, "damaged");
    fails(p, kad_view_rebuild(l, NULL, NULL, &p->error), KAD_ESTORE, "damaged");
    kad_ledger_close(l);
    /* nothing was dropped */
    struct kad_buf b = {0};
    dump(p, "story", &b);
    assert_true(b.n > 0);
    kad_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(an_untouched_store_has_no_differences),
        PLACE_TEST(rebuilding_gives_the_same_views),
        PLACE_TEST(planted_differences_are_found_and_mended),
        PLACE_TEST(a_story_that_is_gone_is_missed_record_by_record),
        PLACE_TEST(a_changed_record_is_damage_not_a_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

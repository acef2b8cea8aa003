/* The ledger's contents: records, stories, ids, subjects, mentions, adoptions, transactions. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "core/story.h"
#include "tests/unit/store.h"

static void an_empty_ledger_says_so(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_snapshot *s;
    struct kad_ledger_state st;
    struct kad_str bytes;
    uint64_t id, *seqs;
    size_t n = 7;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_state(s, &st, &p->error));
    assert_int_equal(st.last_seq, 0);
    assert_true(st.last_at == KAD_INSTANT_NONE && st.last_on == KAD_DAY_NONE);
    assert_int_equal(st.subjects, 0);
    fails(p, kad_snapshot_record(s, 1, &bytes, &p->error), KAD_ENOTFOUND, "no record 1");
    ok(p, kad_snapshot_id(s, KAD_STR("x"), &id, &p->error));
    assert_int_equal(id, 0);
    assert_string_equal(place_seqs(p, s, "C-1"), "");
    ok(p, kad_snapshot_adopted(s, &p->arena, &seqs, &n, &p->error));
    assert_int_equal(n, 0);
    kad_snapshot_release(s);
    kad_ledger_close(l);
    kad_ledger_close(NULL);
    kad_snapshot_release(NULL);
    kad_txn_abort(NULL);
}

static void what_is_committed_is_there_after_opening_again(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    assert_int_equal(place_append(p, t, "C-1", 100, "a"), 1);
    assert_int_equal(place_append(p, t, "C-2", 90, ""), 2);
    assert_int_equal(place_append(p, t, "C-1", 95, "b"), 3);
    ok(p, kad_txn_commit(t, &p->error));
    kad_ledger_close(l);

    l = place_open(p, false);
    assert_string_equal(kad_ledger_info(l)->programme, "SE-Höglandet");
    assert_int_equal(strlen(kad_ledger_info(l)->id), 32);
    struct kad_snapshot *s;
    struct kad_ledger_state st;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_state(s, &st, &p->error));
    assert_int_equal(st.last_seq, 3);
    assert_int_equal(st.last_on, 100);
    assert_int_equal(st.subjects, 2);
    assert_int_equal(st.last_at, 1622621553000000);
    assert_string_equal(place_seqs(p, s, "C-1"), "1 3");
    uint64_t seq;
    ok(p, kad_snapshot_id(s, KAD_STR("b"), &seq, &p->error));
    assert_int_equal(seq, 3);
    struct kad_str bytes;
    struct kad_record r;
    ok(p, kad_snapshot_record(s, 2, &bytes, &p->error));
    ok(p, kad_record_decode(bytes, &p->arena, true, &r, &p->error));
    assert_str_equal(r.subject, "C-2");
    assert_str_equal(r.kind_name, "participant");
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

static void an_abort_leaves_nothing(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    place_append(p, t, "C-1", 100, "a");
    kad_txn_abort(t);
    t = place_begin(p, l);
    assert_int_equal(place_append(p, t, "C-2", 100, "b"), 1);
    ok(p, kad_txn_commit(t, &p->error));
    struct kad_snapshot *s;
    uint64_t seq;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_id(s, KAD_STR("a"), &seq, &p->error));
    assert_int_equal(seq, 0);
    assert_string_equal(place_seqs(p, s, "C-1"), "");
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

static void a_transaction_sees_itself_and_a_snapshot_does_not(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    place_append(p, t, "C-1", 100, "a");
    ok(p, kad_txn_commit(t, &p->error));
    struct kad_snapshot *before;
    ok(p, kad_snapshot_take(l, &before, &p->error));
    t = place_begin(p, l);
    struct kad_snapshot *view = kad_txn_view(t);
    for (int round = 0; round < 3; round++) {
        char id[8];
        snprintf(id, sizeof id, "b%d", round);
        place_append(p, t, "C-1", 101 + round, id);
        uint64_t seq;
        struct kad_subject_info info;
        struct kad_str bytes;
        ok(p, kad_snapshot_id(view, kad_str(id), &seq, &p->error));
        assert_int_equal(seq, 2 + round);
        ok(p, kad_snapshot_record(view, seq, &bytes, &p->error));
        ok(p, kad_snapshot_subject(view, KAD_STR("C-1"), &info, &p->error));
        assert_int_equal(info.records, 2 + round);
        assert_int_equal(info.first_on, 100);
        struct kad_ledger_state st;
        ok(p, kad_snapshot_state(view, &st, &p->error));
        assert_int_equal(st.last_seq, 2 + round);
        assert_int_equal(st.subjects, 1);
        assert_int_equal(st.last_on, 101 + round);
        if (round == 1) { /* a walk puts what waits; nothing else changes by it */
            struct kad_subject_info all[4];
            size_t n;
            ok(p, kad_snapshot_subjects(view, KAD_STR(""), 4, &p->arena, all, &n, &p->error));
            assert_int_equal(n, 1);
            assert_int_equal(all[0].records, 3);
            ok(p, kad_snapshot_record(view, 2, &bytes, &p->error));
        }
    }
    assert_string_equal(place_seqs(p, view, "C-1"), "1 2 3 4");
    assert_string_equal(place_seqs(p, before, "C-1"), "1");
    ok(p, kad_txn_commit(t, &p->error));
    assert_string_equal(place_seqs(p, before, "C-1"), "1");
    kad_snapshot_release(before);
    kad_ledger_close(l);
}

static void a_story_may_be_longer_than_a_chunk(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    static char long_text[20000];
    memset(long_text, 'x', sizeof long_text - 1);
    struct kad_buf want = {0};
    /* Subjects whose names begin alike, small and large records, one and many transactions. */
    static const char *const subjects[] = {"C", "C-", "C-1", "C-10", "C-1\xc3\xb6"};
    struct kad_txn *t = NULL;
    for (unsigned i = 0; i < 600; i++) {
        if (!t)
            t = place_begin(p, l);
        const char *subject = subjects[i % 5];
        struct kad_field f = text_field("note", i % 97 == 0 ? long_text : "kort");
        struct kad_record r = event_of(subject, "visit", (kad_day)i);
        r.fields = &f;
        r.n_fields = 1;
        ok(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error));
        if (strcmp(subject, "C-1") == 0)
            kad_buf_printf(&want, "%s%llu", want.n ? " " : "", (unsigned long long)r.seq);
        if (i < 200 ? i % 7 == 6 : i == 599) {
            assert_string_equal(place_seqs(p, kad_txn_view(t), "C-1"), kad_buf_str(&want));
            ok(p, kad_txn_commit(t, &p->error));
            t = NULL;
        }
    }
    struct kad_snapshot *s;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    assert_string_equal(place_seqs(p, s, "C-1"), kad_buf_str(&want));
    assert_string_equal(place_seqs(p, s, "C-2"), "");
    struct kad_record *records;
    size_t n, all = 0;
    for (size_t i = 0; i < LEN(subjects); i++) {
        ok(p, kad_snapshot_story(s, kad_str(subjects[i]), &p->arena, &records, &n, &p->error));
        all += n;
        for (size_t k = 0; k < n; k++)
            assert_str_equal(records[k].subject, subjects[i]);
    }
    assert_int_equal(all, 600);
    kad_snapshot_release(s);
    uint64_t differences;
    ok(p, kad_view_check(l, NULL, NULL, NULL, &differences, &p->error));
    assert_int_equal(differences, 0);
    kad_buf_done(&want);
    kad_ledger_close(l);
}

/* More than waits in memory at once: put in between, and seen all the same. */
static void a_large_import_is_one_transaction(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    const size_t size = 4u << 20, count = 40;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'y', size);
    text[size] = '\0';
    for (size_t i = 0; i < count; i++) {
        struct kad_field f[] = {text_field("note", text), person_field("coach", "anna")};
        struct kad_record r = event_of(i % 2 ? "C-1" : "C-2", "visit", (kad_day)i);
        char id[8];
        snprintf(id, sizeof id, "i%zu", i);
        r.id = kad_str(id);
        r.fields = f;
        r.n_fields = 2;
        ok(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error));
        uint64_t seq;
        ok(p, kad_snapshot_id(kad_txn_view(t), KAD_STR("i0"), &seq, &p->error));
        assert_int_equal(seq, 1);
    }
    struct kad_subject_info info;
    ok(p, kad_snapshot_subject(kad_txn_view(t), KAD_STR("C-1"), &info, &p->error));
    assert_int_equal(info.records, count / 2);
    ok(p, kad_txn_commit(t, &p->error));
    free(text);
    kad_ledger_close(l);
    l = place_open(p, true);
    uint64_t differences;
    ok(p, kad_view_check(l, NULL, NULL, NULL, &differences, &p->error));
    assert_int_equal(differences, 0);
    kad_ledger_close(l);
}

static void subjects_are_walked_in_the_order_of_bytes(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    static const char *const keys[] = {"b", "a", "ab", "a-1", "ö", "B"};
    static const char *const sorted[] = {"B", "a", "a-1", "ab", "b", "ö"};
    struct kad_txn *t = place_begin(p, l);
    for (size_t i = 0; i < LEN(keys); i++)
        place_append(p, t, keys[i], (kad_day)i, "");
    ok(p, kad_txn_commit(t, &p->error));
    struct kad_snapshot *s;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    for (size_t step = 1; step <= LEN(keys) + 1; step++) {
        struct kad_str after = KAD_STR("");
        size_t seen = 0, n;
        do {
            struct kad_subject_info info[8];
            ok(p, kad_snapshot_subjects(s, after, step, &p->arena, info, &n, &p->error));
            for (size_t i = 0; i < n; i++) {
                assert_str_equal(info[i].key, sorted[seen++]);
                assert_str_equal(info[i].kind, "participant");
                assert_int_equal(info[i].records, 1);
            }
            if (n > 0)
                after = info[n - 1].key;
        } while (n == step);
        assert_int_equal(seen, LEN(keys));
    }
    struct kad_subject_info info;
    size_t n;
    ok(p, kad_snapshot_subjects(s, KAD_STR("aa"), 1, &p->arena, &info, &n, &p->error));
    assert_str_equal(info.key, "ab");
    fails(p, kad_snapshot_subject(s, KAD_STR("c"), &info, &p->error), KAD_ENOTFOUND, "“c”");
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

static void a_subject_s_row_sums_up_its_records(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    struct kad_subject_info info;
    struct kad_record r = event_of("aneby", "", 400);
    r.kind = KAD_R_WAIVED;
    ok(p, kad_txn_append(t, &r, KAD_STR("municipality"), &p->error));
    ok(p, kad_snapshot_subject(kad_txn_view(t), KAD_STR("aneby"), &info, &p->error));
    assert_int_equal(info.first_on, KAD_DAY_NONE);
    assert_true(info.amended);

    place_append(p, t, "C-1", 300, "");
    struct kad_field coach = person_field("coach", "anna");
    struct kad_record e = event_of("C-1", "enrollment", 310);
    e.fields = &coach;
    e.n_fields = 1;
    ok(p, kad_txn_append(t, &e, KAD_STR("participant"), &p->error));
    ok(p, kad_txn_commit(t, &p->error));
    t = place_begin(p, l);
    struct kad_snapshot *view = kad_txn_view(t);
    ok(p, kad_snapshot_subject(view, KAD_STR("C-1"), &info, &p->error));
    assert_false(info.amended);
    assert_int_equal(info.first_on, 300);
    assert_int_equal(info.first_person, 310);
    assert_int_equal(info.first_seq, 2);
    assert_int_equal(info.records, 2);
    struct kad_record c = event_of("C-1", "", 290);
    c.kind = KAD_R_CORRECTED;
    c.ref = 3;
    c.fields = &coach;
    c.n_fields = 1;
    ok(p, kad_txn_append(t, &c, KAD_STR("other"), &p->error));
    ok(p, kad_snapshot_subject(view, KAD_STR("C-1"), &info, &p->error));
    assert_true(info.amended);
    assert_int_equal(info.first_on, 290);
    assert_int_equal(info.first_person, 290);
    assert_str_equal(info.kind, "participant");
    kad_txn_abort(t);
    kad_ledger_close(l);
}

static void assert_mentions(struct place *p, struct kad_snapshot *s, const char *who,
                            const char *want)
{
    struct kad_str *subjects;
    size_t n;
    struct kad_buf b = {0};
    ok(p, kad_snapshot_mentions(s, kad_str(who), &p->arena, &subjects, &n, &p->error));
    for (size_t i = 0; i < n; i++)
        kad_buf_printf(&b, "%s%.*s", i ? " " : "", KAD_STR_FMT(subjects[i]));
    assert_buf(&b, want);
    kad_buf_done(&b);
}

static void every_person_ever_named_is_found(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    static const char *const who[][2] = {
        {"C-2", "anna"}, {"C-1", "anna"}, {"C-1", "bo"}, {"C-1", "anna"}, {"C-3", "ann"},
    };
    for (size_t i = 0; i < LEN(who); i++) {
        struct kad_field f[] = {person_field("coach", who[i][1]), person_field("secret", "eva")};
        f[1].is_private = true;
        struct kad_record r = event_of(who[i][0], "enrollment", 10);
        r.fields = f;
        r.n_fields = 2;
        ok(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error));
        assert_mentions(p, kad_txn_view(t), i < 2 ? "bo" : "anna", i < 2 ? "" : "C-1 C-2");
    }
    ok(p, kad_txn_commit(t, &p->error));
    struct kad_snapshot *s;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    assert_mentions(p, s, "anna", "C-1 C-2");
    assert_mentions(p, s, "ann", "C-3");
    assert_mentions(p, s, "bo", "C-1");
    assert_mentions(p, s, "eva", ""); /* a private value is in no index */
    assert_mentions(p, s, "", "");
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

static void what_changes_the_policy_in_force_is_found(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    static const struct {
        enum kad_record_kind kind;
        const char *subject;
    } all[] = {
        {KAD_R_ADOPTED, ""}, {KAD_R_EVENT, "C-1"},  {KAD_R_RETRACTED, "C-1"},
        {KAD_R_ENDED, ""},   {KAD_R_WAIVED, "C-1"}, {KAD_R_RETRACTED, ""},
    };
    for (size_t i = 0; i < LEN(all); i++) {
        struct kad_record r =
            event_of(all[i].subject, all[i].kind == KAD_R_EVENT ? "visit" : "", 1);
        r.kind = all[i].kind;
        ok(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error));
    }
    uint64_t *seqs;
    size_t n;
    ok(p, kad_snapshot_adopted(kad_txn_view(t), &p->arena, &seqs, &n, &p->error));
    assert_int_equal(n, 3);
    assert_true(seqs[0] == 1 && seqs[1] == 4 && seqs[2] == 6);
    assert_string_equal(place_seqs(p, kad_txn_view(t), "C-1"), "2 3 5");
    ok(p, kad_txn_commit(t, &p->error));
    kad_ledger_close(l);
}

static void an_id_keeps_the_first_that_had_it(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    uint64_t seq;
    place_append(p, t, "C-1", 1, "x");
    place_append(p, t, "C-1", 1, "x");
    ok(p, kad_txn_commit(t, &p->error));
    t = place_begin(p, l);
    place_append(p, t, "C-1", 1, "x");
    place_append(p, t, "C-1", 1, "y");
    ok(p, kad_txn_commit(t, &p->error));
    struct kad_snapshot *s;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_id(s, KAD_STR("x"), &seq, &p->error));
    assert_int_equal(seq, 1);
    ok(p, kad_snapshot_id(s, KAD_STR("y"), &seq, &p->error));
    assert_int_equal(seq, 4);
    ok(p, kad_snapshot_id(s, KAD_STR(""), &seq, &p->error));
    assert_int_equal(seq, 0);
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    static char longer[KAD_LIMIT_RECORD + 1];
    memset(longer, 'z', sizeof longer - 1);
    struct kad_str too_long = {longer, KAD_LIMIT_ID + 1};
    for (int i = 0; i < 6; i++) {
        struct kad_txn *t = place_begin(p, l);
        place_append(p, t, "C-1", 1, "");
        struct kad_record r = event_of("C-1", "visit", 1);
        struct kad_field f = i == 4 ? person_field("coach", "x") : text_field("note", longer);
        if (i == 4)
            f.value.str = (struct kad_str){longer, KAD_LIMIT_NAME + 1};
        if (i == 0)
            r.subject = (struct kad_str){longer, KAD_LIMIT_KEY + 1};
        else if (i == 1)
            r.id = too_long;
        else if (i == 2)
            r.by = too_long;
        else if (i == 3)
            r.at--;
        r.fields = &f;
        r.n_fields = i >= 4;
        fails(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error), KAD_EINPUT, "may");
        kad_txn_abort(t);
    }
    kad_ledger_close(l);
}

static void the_longest_keys_fit(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    static char x[KAD_LIMIT_ID + 1];
    memset(x, 'x', KAD_LIMIT_ID);
    struct kad_record r = event_of("", "visit", 1);
    struct kad_field f = person_field("coach", "");
    f.value.str = (struct kad_str){x, KAD_LIMIT_NAME};
    r.subject = (struct kad_str){x, KAD_LIMIT_KEY};
    r.id = (struct kad_str){x, KAD_LIMIT_ID};
    r.fields = &f;
    r.n_fields = 1;
    ok(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error));
    ok(p, kad_txn_commit(t, &p->error));
    uint64_t differences;
    ok(p, kad_view_check(l, NULL, NULL, NULL, &differences, &p->error));
    assert_int_equal(differences, 0);
    kad_ledger_close(l);
}

/* A story from the store is the one that its records tell. */
static void a_story_is_built_from_what_is_stored(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_txn *t = place_begin(p, l);
    place_append(p, t, "C-1", 20, "");
    place_append(p, t, "C-1", 10, "");
    struct kad_field on = date_field("on", 5);
    struct kad_record c = event_of("C-1", "", 5);
    c.kind = KAD_R_CORRECTED;
    c.ref = 1;
    c.notes = &on;
    c.n_notes = 1;
    ok(p, kad_txn_append(t, &c, KAD_STR("participant"), &p->error));
    ok(p, kad_txn_commit(t, &p->error));
    struct kad_snapshot *s;
    struct kad_record *records;
    struct kad_story story;
    size_t n;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_story(s, KAD_STR("C-1"), &p->arena, &records, &n, &p->error));
    kad_story_build(&p->arena, KAD_STR("C-1"), records, n, KAD_KNOWN_ALL, &story);
    assert_int_equal(story.n_facts, 2);
    assert_int_equal(story.facts[0].seq, 1);
    assert_int_equal(story.facts[0].on, 5);
    assert_int_equal(story.facts[0].last, 3);
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

/* Killed at any moment, a writer leaves whole transactions, and each one that it said was done. */
static void a_killed_writer_leaves_whole_transactions(void **state)
{
    struct place *p = *state;
    place_create(p);
    uint64_t before = 0;
    for (int round = 0; round < 6; round++) {
        int said[2];
        assert_int_equal(pipe(said), 0);
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            struct kad_ledger *l = place_open(p, true);
            for (int i = 0;; i++) {
                struct kad_txn *t = place_begin(p, l);
                for (int k = 0; k < 3; k++)
                    place_append(p, t, k == 1 ? "C-1" : "C-2", i, "");
                ok(p, kad_txn_commit(t, &p->error));
                if (write(said[1], "x", 1) != 1)
                    _exit(1);
            }
        }
        assert_int_equal(close(said[1]), 0);
        char c;
        uint64_t done = 0;
        for (int i = 0; i < 3 + round * 7; i++)
            done += read(said[0], &c, 1) == 1;
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        while (read(said[0], &c, 1) == 1)
            done++;
        assert_int_equal(close(said[0]), 0);

        struct kad_ledger *l = place_open(p, true);
        struct kad_snapshot *s;
        struct kad_ledger_state st;
        uint64_t differences;
        ok(p, kad_snapshot_take(l, &s, &p->error));
        ok(p, kad_snapshot_state(s, &st, &p->error));
        kad_snapshot_release(s);
        assert_int_equal(st.last_seq % 3, 0);
        assert_true(st.last_seq >= before + 3 * done && st.last_seq <= before + 3 * done + 3);
        before = st.last_seq;
        ok(p, kad_view_check(l, NULL, NULL, NULL, &differences, &p->error));
        assert_int_equal(differences, 0);
        kad_ledger_close(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(an_empty_ledger_says_so),
        PLACE_TEST(what_is_committed_is_there_after_opening_again),
        PLACE_TEST(an_abort_leaves_nothing),
        PLACE_TEST(a_transaction_sees_itself_and_a_snapshot_does_not),
        PLACE_TEST(a_story_may_be_longer_than_a_chunk),
        PLACE_TEST(a_large_import_is_one_transaction),
        PLACE_TEST(subjects_are_walked_in_the_order_of_bytes),
        PLACE_TEST(a_subject_s_row_sums_up_its_records),
        PLACE_TEST(every_person_ever_named_is_found),
        PLACE_TEST(what_changes_the_policy_in_force_is_found),
        PLACE_TEST(an_id_keeps_the_first_that_had_it),
        PLACE_TEST(what_does_not_fit_is_refused),
        PLACE_TEST(the_longest_keys_fit),
        PLACE_TEST(a_story_is_built_from_what_is_stored),
        PLACE_TEST(a_killed_writer_leaves_whole_transactions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

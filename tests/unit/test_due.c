/* What comes next for each subject, the scheduler's mark, cursors of readers, and the lock that is
 * taken for each transaction. */
#include "tests/unit/store.h"

#include <fcntl.h>
#include <sys/wait.h>

/* "now C-1, 500 C-2": all that has come by then. */
static const char *due(struct place *p, struct kad_ledger *l, kad_instant until)
{
    struct kad_snapshot *s = NULL;
    struct kad_due v[20];
    size_t n = 0;
    char *text = kad_arena_strdup(&p->arena, "");
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_due(s, until, 20, &p->arena, v, &n, &p->error));
    for (size_t i = 0; i < n; i++) {
        const char *when = "now";
        if (v[i].moment != KAD_DUE_NOW)
            when = kad_arena_printf(&p->arena, "%lld", (long long)v[i].moment);
        text = kad_arena_printf(&p->arena, "%s%s%s %.*s", text, i ? ", " : "", when,
                                KAD_STR_FMT(v[i].subject));
    }
    kad_snapshot_release(s);
    return text;
}

static void set(struct place *p, struct kad_ledger *l, const char *subject, kad_instant moment)
{
    struct kad_txn *t = place_begin(p, l);
    ok(p, kad_txn_set_due(t, kad_str(subject), moment, &p->error));
    ok(p, kad_txn_commit(t, &p->error));
}

static void two_subjects(struct place *p, struct kad_ledger *l)
{
    struct kad_txn *t = place_begin(p, l);
    place_append(p, t, "C-1", 100, "a");
    place_append(p, t, "C-2", 100, "b");
    ok(p, kad_txn_commit(t, &p->error));
}

static uint64_t differences(struct place *p, struct kad_ledger *l)
{
    uint64_t n = 0;
    ok(p, kad_view_check(l, NULL, NULL, NULL, &n, &p->error));
    return n;
}

static void what_is_written_to_is_looked_at_at_once(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    two_subjects(p, l);
    assert_string_equal(due(p, l, KAD_DUE_NEVER), "now C-1, now C-2");
    set(p, l, "C-1", 700);
    set(p, l, "C-2", -500);
    assert_string_equal(due(p, l, KAD_DUE_NEVER), "-500 C-2, 700 C-1");
    assert_string_equal(due(p, l, 699), "-500 C-2");
    assert_int_equal(differences(p, l), 0);
    struct kad_txn *t = place_begin(p, l);
    place_append(p, t, "C-1", 101, "c");
    ok(p, kad_txn_commit(t, &p->error));
    assert_string_equal(due(p, l, KAD_DUE_NEVER), "now C-1, -500 C-2");
    set(p, l, "C-1", KAD_DUE_NEVER);
    assert_string_equal(due(p, l, KAD_DUE_NEVER), "-500 C-2");
    assert_int_equal(differences(p, l), 0);
    kad_ledger_close(l);
}

static void what_the_scheduler_records_marks_nobody(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    two_subjects(p, l);
    set(p, l, "C-1", 700);
    struct kad_txn *t = place_begin(p, l);
    struct kad_record r = event_of("C-1", "", 101);
    r.kind = KAD_R_OVERDUE;
    r.type = (struct kad_str){0};
    ok(p, kad_txn_append(t, &r, KAD_STR("participant"), &p->error));
    ok(p, kad_txn_commit(t, &p->error));
    assert_string_equal(due(p, l, KAD_DUE_NEVER), "now C-2, 700 C-1");
    kad_ledger_close(l);
}

static void a_transaction_sees_what_it_set_once_it_is_put(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    two_subjects(p, l);
    struct kad_txn *t = place_begin(p, l);
    struct kad_due v[4];
    size_t n = 0;
    ok(p, kad_txn_set_due(t, KAD_STR("C-1"), 40, &p->error));
    ok(p, kad_txn_flush_due(t, &p->error));
    ok(p, kad_snapshot_due(kad_txn_view(t), 100, 4, &p->arena, v, &n, &p->error));
    assert_int_equal(n, 2);
    assert_int_equal(v[1].moment, 40);
    kad_txn_abort(t);
    assert_string_equal(due(p, l, KAD_DUE_NEVER), "now C-1, now C-2");
    kad_ledger_close(l);
}

static void a_rebuild_marks_everybody_and_keeps_what_is_no_view(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    two_subjects(p, l);
    set(p, l, "C-1", 700);
    struct kad_progress_mark m = {.reached = 99, .swept = 1, .sweeping = 2, .at = KAD_STR("C-1")};
    struct kad_txn *t = place_begin(p, l);
    ok(p, kad_txn_set_mark(t, &m, &p->error));
    ok(p, kad_txn_set_cursor(t, KAD_STR("mail"), KAD_STR("two"), &p->error));
    ok(p, kad_txn_commit(t, &p->error));
    ok(p, kad_view_rebuild(l, NULL, NULL, &p->error));
    assert_string_equal(due(p, l, KAD_DUE_NEVER), "now C-1, now C-2");
    assert_int_equal(differences(p, l), 0);
    struct kad_snapshot *s = NULL;
    struct kad_progress_mark got;
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_mark(s, &p->arena, &got, &p->error));
    assert_int_equal(got.reached, 99);
    assert_int_equal(got.swept, 1);
    assert_int_equal(got.sweeping, 2);
    assert_true(kad_str_eq(got.at, KAD_STR("C-1")));
    struct kad_str bytes;
    ok(p, kad_snapshot_cursor(s, KAD_STR("mail"), &p->arena, &bytes, &p->error));
    assert_true(kad_str_eq(bytes, KAD_STR("two")));
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

static void a_cursor_remembers_where_a_reader_stands(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    struct kad_snapshot *s = NULL;
    struct kad_cursor *all;
    struct kad_str bytes;
    size_t n = 0;
    struct kad_txn *t = place_begin(p, l);
    ok(p, kad_txn_set_cursor(t, KAD_STR("webhook"), KAD_STR("seven"), &p->error));
    ok(p, kad_txn_set_cursor(t, KAD_STR("ics"), KAD_STR("nine"), &p->error));
    ok(p, kad_txn_commit(t, &p->error));
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_cursors(s, &p->arena, &all, &n, &p->error));
    assert_int_equal(n, 2);
    assert_true(kad_str_eq(all[0].name, KAD_STR("ics")));
    assert_true(kad_str_eq(all[0].bytes, KAD_STR("nine")));
    assert_true(kad_str_eq(all[1].bytes, KAD_STR("seven")));
    ok(p, kad_snapshot_cursor(s, KAD_STR("new"), &p->arena, &bytes, &p->error));
    assert_int_equal(bytes.n, 0);
    kad_snapshot_release(s);
    t = place_begin(p, l);
    ok(p, kad_txn_set_cursor(t, KAD_STR("ics"), KAD_STR(""), &p->error));
    ok(p, kad_txn_commit(t, &p->error));
    ok(p, kad_snapshot_take(l, &s, &p->error));
    ok(p, kad_snapshot_cursors(s, &p->arena, &all, &n, &p->error));
    assert_int_equal(n, 1);
    kad_snapshot_release(s);
    kad_ledger_close(l);
}

/* Can somebody else have the writer's lock now? */
static bool is_free(const struct place *p)
{
    char path[300];
    snprintf(path, sizeof path, "%s/writer", p->dir);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool got = fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0;
    if (fd >= 0)
        close(fd);
    return got;
}

static void a_shared_ledger_is_locked_while_it_writes_only(void **state)
{
    struct place *p = *state;
    struct kad_ledger *l = place_new(p);
    assert_false(is_free(p));
    kad_ledger_share(l, 0);
    assert_true(is_free(p));
    struct kad_txn *t = place_begin(p, l);
    assert_false(is_free(p));
    place_append(p, t, "C-1", 100, "a");
    ok(p, kad_txn_commit(t, &p->error));
    assert_true(is_free(p));
    t = place_begin(p, l);
    kad_txn_abort(t);
    assert_true(is_free(p));

    /* Another program holds it: this one says so and can try again. */
    char path[300];
    snprintf(path, sizeof path, "%s/writer", p->dir);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
    fails(p, kad_txn_begin(l, &t, &p->error), KAD_EBUSY, "writing to the store");
    close(fd);
    t = place_begin(p, l);
    place_append(p, t, "C-1", 101, "b");
    ok(p, kad_txn_commit(t, &p->error));
    kad_ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(what_is_written_to_is_looked_at_at_once),
        PLACE_TEST(what_the_scheduler_records_marks_nobody),
        PLACE_TEST(a_transaction_sees_what_it_set_once_it_is_put),
        PLACE_TEST(a_rebuild_marks_everybody_and_keeps_what_is_no_view),
        PLACE_TEST(a_cursor_remembers_where_a_reader_stands),
        PLACE_TEST(a_shared_ledger_is_locked_while_it_writes_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

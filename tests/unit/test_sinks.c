/* What is issued reaches a stream and a folder: in order, at least once, and nobody waits for
 * anybody. */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/folder.h"
#include "core/files.h"
#include "tests/unit/told.h"
#include "tests/unit/unit.h"

static void add_spool(struct told *t, uint64_t most, bool from_start)
{
    const struct kad_spool_options o = {.folder = t->out, .most = most, .from_start = from_start};
    if (kad_sink_add_spool(t->sinks, "spool", &o, &t->error) != KAD_OK)
        fail_msg("%s", t->error.text);
}

static void add_stream(struct told *t, int fd, bool from_start)
{
    if (kad_sink_add_stream(t->sinks, "jsonl", fd, from_start, &t->error) != KAD_OK)
        fail_msg("%s", t->error.text);
}

static size_t files(struct told *t)
{
    return (size_t)kad_folder_count(t->out, ".json", 10000);
}

/* Everything that can be read from the pipe now. */
static struct kad_buf drain(int fd)
{
    struct kad_buf b = {0};
    char part[4096];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (ssize_t n; (n = read(fd, part, sizeof part)) > 0;)
        kad_buf_put(&b, part, (size_t)n);
    return b;
}

/* The lines are JSON, their seqs rise; how many. */
static size_t lines_in_order(const struct kad_buf *b)
{
    uint64_t last = 0;
    size_t n = 0;
    for (const char *p = kad_buf_str(b); *p; n++) {
        const char *end = strchr(p, '\n');
        assert_non_null(end);
        json_t *line = json_loadb(p, (size_t)(end - p), 0, NULL);
        assert_non_null(line);
        uint64_t seq = (uint64_t)json_integer_value(json_object_get(line, "seq"));
        assert_true(seq > last);
        last = seq;
        json_decref(line);
        p = end + 1;
    }
    return n;
}

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void a_message_says_what_and_whose_and_when_and_nothing_private(void **state)
{
    struct told t;
    (void)state;
    told_open(&t, NULL);
    add_spool(&t, 100, false);
    told_until(&t, "2021-06-02T06:00:00Z");
    assert_true(told_run(&t, 3000));
    assert_int_equal(files(&t), 1);
    DIR *d = opendir(t.out);
    char name[300] = "";
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.')
            snprintf(name, sizeof name, "%s", e->d_name);
    closedir(d);
    assert_int_equal(strlen(name), 25);
    struct kad_buf b = told_file(&t, name);
    told_is_tame(b.p, b.n, false);
    json_t *m = json_loadb(b.p, b.n, 0, NULL);
    assert_non_null(m);
    assert_string_equal(text_of(m, "type"), "kadens.issued");
    assert_string_equal(text_of(m, "subject"), "C-1");
    assert_string_equal(text_of(m, "name"), "aftercare.visit");
    assert_string_equal(text_of(m, "label"), told_hostile);
    assert_string_equal(text_of(m, "for"), "anna");
    assert_string_equal(text_of(m, "unit"), "eksjo");
    assert_string_equal(text_of(m, "due"), "2021-06-07");
    assert_string_equal(text_of(m, "policy"), "told@2021-01-01");
    assert_string_equal(text_of(m, "source"), "8.2 Aftercare");
    assert_int_equal(json_integer_value(json_object_get(m, "issue")), 1);
    assert_int_equal(atoll(name), json_integer_value(json_object_get(m, "seq")));
    assert_null(strstr(b.p, "1995"));
    struct stat st;
    char path[400];
    snprintf(path, sizeof path, "%s/%s", t.out, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    json_decref(m);
    kad_buf_done(&b);
    told_close(&t);
}

static void a_sink_begins_where_it_stood_and_a_new_one_at_the_end(void **state)
{
    struct told t;
    (void)state;
    told_open(&t, TOLD_LABEL);
    told_until(&t, "2021-06-16T06:00:00Z");
    size_t before = told_messages(&t);
    assert_true(before >= 3);
    add_spool(&t, 100, false);
    assert_true(told_run(&t, 3000));
    assert_int_equal(files(&t), 0);
    told_until(&t, "2021-06-30T06:00:00Z");
    assert_true(told_run(&t, 3000));
    size_t after = told_messages(&t);
    assert_int_equal(files(&t), after - before);
    assert_int_equal(told_cursor(&t, 0).delivered, after - before);
    told_restart(&t);
    add_spool(&t, 100, true);
    assert_int_equal(told_cursor(&t, 0).delivered, after - before);
    assert_true(told_run(&t, 3000));
    assert_int_equal(files(&t),
                     after - before); /* it had a place: from the start is for new ones */
    told_restart(&t);
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    add_stream(&t, pipe_fds[1], true);
    assert_true(told_run(&t, 3000));
    struct kad_buf b = drain(pipe_fds[0]);
    told_is_tame(b.p, b.n, false);
    assert_int_equal(lines_in_order(&b), after);
    kad_buf_done(&b);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    told_close(&t);
}

static void a_folder_that_nobody_empties_holds_up_only_itself(void **state)
{
    struct told t;
    int pipe_fds[2];
    (void)state;
    told_open(&t, TOLD_LABEL);
    assert_int_equal(pipe(pipe_fds), 0);
    add_spool(&t, 2, true);
    add_stream(&t, pipe_fds[1], true);
    told_until(&t, "2021-06-09T06:00:00Z");
    size_t first = told_messages(&t);
    assert_true(first >= 2);
    assert_true(told_run(&t, 3000));
    assert_int_equal(files(&t), first); /* a batch is put whole */
    told_until(&t, "2021-06-30T06:00:00Z");
    size_t all = told_messages(&t);
    assert_true(all > first);
    assert_true(told_wait(&t, 1, all, 3000));
    assert_false(told_run(&t, 100));
    assert_int_equal(files(&t), first);
    assert_int_equal(told_cursor(&t, 0).failures, 1);
    assert_non_null(strstr(kad_buf_str(&t.log), "spool: the folder is full"));
    struct kad_buf b = drain(pipe_fds[0]);
    assert_int_equal(lines_in_order(&b), all);
    kad_buf_done(&b);
    /* Somebody takes them away, and the service starts again. */
    told_restart(&t);
    char *gone = kad_path_join(t.root, "gone");
    assert_int_equal(rename(t.out, gone), 0);
    free(gone);
    add_spool(&t, 100, false);
    assert_true(told_run(&t, 3000));
    assert_int_equal(files(&t), all - first);
    assert_int_equal(told_cursor(&t, 0).failures, 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    told_close(&t);
}

static void a_reader_that_does_not_read_holds_up_only_the_stream(void **state)
{
    struct told t;
    int pipe_fds[2];
    (void)state;
    told_open(&t, TOLD_LABEL);
    assert_int_equal(pipe(pipe_fds), 0);
    /* A pipe of one page, filled. */
    assert_true(fcntl(pipe_fds[1], F_SETPIPE_SZ, 4096) > 0);
    char fill[4096];
    memset(fill, 'x', sizeof fill);
    assert_int_equal(write(pipe_fds[1], fill, sizeof fill), (ssize_t)sizeof fill);
    add_stream(&t, pipe_fds[1], true);
    add_spool(&t, 100, true);
    told_until(&t, "2021-06-30T06:00:00Z");
    size_t all = told_messages(&t);
    assert_true(told_wait(&t, 1, all, 3000));
    assert_int_equal(told_cursor(&t, 0).delivered, 0);
    /* It reads again: everything comes, after what was in the pipe. */
    struct kad_buf whole = {0};
    for (int i = 0; i < 100 && told_cursor(&t, 0).delivered < all; i++) {
        struct kad_buf b = drain(pipe_fds[0]);
        kad_buf_put(&whole, b.p, b.n);
        kad_buf_done(&b);
        told_wait(&t, 0, all, 20);
    }
    struct kad_buf b = drain(pipe_fds[0]);
    kad_buf_put(&whole, b.p, b.n);
    kad_buf_done(&b);
    assert_true(whole.n > sizeof fill);
    memmove(whole.p, whole.p + sizeof fill, whole.n - sizeof fill + 1);
    whole.n -= sizeof fill;
    assert_int_equal(lines_in_order(&whole), all);
    kad_buf_done(&whole);
    /* It goes away for good: that is said, and tried again; the others go on. */
    close(pipe_fds[0]);
    told_event(&t, "ended", "C-1", "2021-06-30", NULL, NULL);
    told_until(&t, "2021-07-02T06:00:00Z");
    told_run(&t, 200);
    if (told_messages(&t) > all)
        assert_true(told_cursor(&t, 0).failures > 0);
    close(pipe_fds[1]);
    told_close(&t);
}

/* Delivers, fails and refuses as it is told, one message at a time. */
struct scripted {
    const char *script; /* 'd', 'f', 'r' for each try; the last again and again */
    uint64_t seqs[64];
    size_t n;
};
static void scripted_take(struct kad_sink *s, const struct kad_record *r,
                          const struct kad_message *m)
{
    struct scripted *x = kad_sink_state(s);
    (void)r;
    assert_true(x->n < LEN(x->seqs));
    x->seqs[x->n++] = m->seq;
}
static void scripted_flush(struct kad_sink *s)
{
    struct scripted *x = kad_sink_state(s);
    char c = *x->script;
    if (x->script[1])
        x->script++;
    if (c == 'f')
        kad_sink_answer(s, KAD_SINK_FAILED, 0, "broken\033[31m");
    else
        kad_sink_answer(s, c == 'r' ? KAD_SINK_REFUSED : KAD_SINK_DELIVERED, 0,
                        c == 'r' ? "unwanted" : NULL);
}
static void scripted_close(struct kad_sink *s)
{
    (void)s;
}

static void what_fails_comes_again_in_its_place_and_what_is_refused_is_passed(void **state)
{
    static const struct kad_sink_ops ops = {
        .batch = 1, .take = scripted_take, .flush = scripted_flush, .close = scripted_close};
    struct told t;
    struct scripted x = {.script = "dffdrfd"};
    (void)state;
    told_open(&t, TOLD_LABEL);
    if (kad_sink_add(t.sinks, &ops, "scripted", true, &x, &t.error) != KAD_OK)
        fail_msg("%s", t.error.text);
    told_until(&t, "2021-06-30T06:00:00Z");
    size_t all = told_messages(&t);
    assert_true(all >= 4);
    assert_true(told_run(&t, 5000));
    assert_int_equal(x.n, all + 3);
    assert_int_equal(x.seqs[1], x.seqs[2]);
    assert_int_equal(x.seqs[2], x.seqs[3]);
    assert_true(x.seqs[4] > x.seqs[3]);
    assert_true(x.seqs[5] > x.seqs[4]);
    assert_int_equal(x.seqs[5], x.seqs[6]);
    struct kad_sink_cursor c = told_cursor(&t, 0);
    assert_int_equal(c.delivered, all - 1);
    assert_int_equal(c.refused, 1);
    assert_int_equal(c.failures, 0);
    /* Said once for each trouble, not for each try; nothing in it that a terminal would do. */
    assert_string_equal(kad_buf_str(&t.log), "scripted: broken\\u{1b}[31m\nscripted: works again\n"
                                             "scripted: unwanted\nscripted: broken\\u{1b}[31m\n"
                                             "scripted: works again\n");
    told_close(&t);
}

static void many_messages_are_told_with_few_writes_of_cursors(void **state)
{
    struct told t;
    (void)state;
    told_open(&t, TOLD_LABEL);
    add_spool(&t, 100000, true);
    for (int i = 2; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof key, "C-%d", i);
        told_event(&t, "referral", key, "2021-05-03", "unit", "eksjo");
        told_event(&t, "employment", key, "2021-06-01", NULL, NULL);
    }
    told_until(&t, "2021-06-09T06:00:00Z");
    size_t all = told_messages(&t);
    assert_true(all > 300);
    assert_true(told_run(&t, 20000));
    assert_int_equal(files(&t), all);
    assert_true(t.saves <= 12);
    told_close(&t);
}

static void a_row_is_read_as_it_was_put_and_damage_is_seen(void **state)
{
    struct kad_buf b = {0};
    const struct kad_sink_cursor c = {.seq = 7,
                                      .delivered = 5,
                                      .refused = 1,
                                      .failures = 2,
                                      .day = 18000,
                                      .at = -5,
                                      .failed_at = KAD_INSTANT_NONE,
                                      .retry_at = 99,
                                      .error = KAD_STR("gåt")};
    struct kad_sink_cursor got;
    (void)state;
    kad_sink_cursor_put(&b, &c);
    assert_true(kad_sink_cursor_read(KAD_STR("x"), (struct kad_str){b.p, b.n}, &got));
    assert_int_equal(got.seq, 7);
    assert_int_equal(got.day, 18000);
    assert_int_equal(got.at, -5);
    assert_true(got.failed_at == KAD_INSTANT_NONE);
    assert_str_equal(got.error, "gåt");
    for (size_t n = 0; n < b.n; n++)
        assert_false(kad_sink_cursor_read(KAD_STR("x"), (struct kad_str){b.p, n}, &got));
    b.p[0] = 9;
    assert_false(kad_sink_cursor_read(KAD_STR("x"), (struct kad_str){b.p, b.n}, &got));
    kad_buf_done(&b);
}

static void file_names_are_safe_for_any_name_and_never_the_same(void **state)
{
    static const struct {
        const char *name, *file;
    } rows[] = {
        {"anna", "anna.ics"},
        {"Åsa Öberg", "Åsa%20Öberg.ics"},
        {"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.ics"},
        {".", "%2E.ics"},
        {"-rf", "-rf.ics"},
        {"a\nb", "a%0Ab.ics"},
        {"a\u202eb", "a%E2%80%AEb.ics"},
        {"%2E", "%252E.ics"},
        {"anna@eksjo.se", "anna@eksjo.se.ics"},
    };
    struct kad_buf b = {0};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        kad_file_name(&b, kad_str(rows[i].name), ".ics");
        assert_buf(&b, rows[i].file);
    }
    char a[101], c[101];
    memset(a, '/', 100);
    memset(c, '/', 100);
    a[100] = c[100] = '\0';
    c[99] = ';';
    struct kad_buf other = {0};
    kad_file_name(&b, kad_str(a), ".ics");
    kad_file_name(&other, kad_str(c), ".ics");
    assert_true(b.n < 200 && other.n < 200);
    assert_string_not_equal(b.p, other.p);
    kad_buf_done(&b);
    kad_buf_done(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_says_what_and_whose_and_when_and_nothing_private),
        cmocka_unit_test(a_sink_begins_where_it_stood_and_a_new_one_at_the_end),
        cmocka_unit_test(a_folder_that_nobody_empties_holds_up_only_itself),
        cmocka_unit_test(a_reader_that_does_not_read_holds_up_only_the_stream),
        cmocka_unit_test(what_fails_comes_again_in_its_place_and_what_is_refused_is_passed),
        cmocka_unit_test(many_messages_are_told_with_few_writes_of_cursors),
        cmocka_unit_test(a_row_is_read_as_it_was_put_and_damage_is_seen),
        cmocka_unit_test(file_names_are_safe_for_any_name_and_never_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

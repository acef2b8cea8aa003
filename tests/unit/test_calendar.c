/* Calendar files: read back by a reader that knows RFC 5545 and nothing of the library that wrote
 * them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/folder.h"
#include "cli/ics.h"
#include "core/clock.h"
#include "core/files.h"
#include "tests/unit/told.h"
#include "tests/unit/unit.h"

/* --- the reader --- */

struct entry {
    struct kad_buf uid, summary, description, status, start, end, stamp;
    unsigned long sequence;
};
struct calendar {
    struct kad_buf bytes, name;
    struct entry v[64];
    size_t n;
};

/* TEXT: \\ \; \, \n and nothing else behind a backslash; no bare comma or semicolon. */
static void unescape(struct kad_buf *b, const char *s)
{
    kad_buf_reset(b);
    for (; *s; s++) {
        if (*s != '\\') {
            assert_true(*s != ',' && *s != ';');
            kad_buf_putc(b, *s);
            continue;
        }
        s++;
        assert_non_null(strchr("\\;,nN", *s));
        assert_true(*s != '\0');
        kad_buf_putc(b, *s == 'n' || *s == 'N' ? '\n' : *s);
    }
}

static void property(struct calendar *c, const char *line, int *depth)
{
    struct entry *e = c->n ? &c->v[c->n - 1] : NULL;
    size_t n = strcspn(line, ":;");
    const char *value = strchr(line, ':');
    assert_non_null(value);
    value++;
    struct kad_str name = {line, n};
    if (kad_str_eq(name, KAD_STR("BEGIN"))) {
        assert_string_equal(value, *depth ? "VEVENT" : "VCALENDAR");
        assert_true(++*depth <= 2);
        if (*depth == 2) {
            assert_true(c->n < LEN(c->v));
            c->v[c->n++] = (struct entry){0};
        }
        return;
    }
    if (kad_str_eq(name, KAD_STR("END"))) {
        assert_string_equal(value, *depth == 2 ? "VEVENT" : "VCALENDAR");
        --*depth;
        return;
    }
    assert_true(*depth > 0);
    if (kad_str_eq(name, KAD_STR("X-WR-CALNAME")))
        kad_buf_puts(&c->name, value);
    if (*depth < 2)
        return;
    struct {
        const char *name;
        struct kad_buf *to;
        bool text;
    } known[] = {{"UID", &e->uid, true},
                 {"SUMMARY", &e->summary, true},
                 {"DESCRIPTION", &e->description, true},
                 {"STATUS", &e->status, false},
                 {"DTSTART", &e->start, false},
                 {"DTEND", &e->end, false},
                 {"DTSTAMP", &e->stamp, false}};
    for (size_t i = 0; i < LEN(known); i++)
        if (kad_str_eq(name, kad_str(known[i].name))) {
            assert_int_equal(known[i].to->n, 0); /* each once */
            if (known[i].text)
                unescape(known[i].to, value);
            else
                kad_buf_puts(known[i].to, value);
        }
    if (kad_str_eq(name, KAD_STR("DTSTART")))
        assert_int_equal(strncmp(line, "DTSTART;VALUE=DATE:", 19), 0);
    if (kad_str_eq(name, KAD_STR("SEQUENCE")))
        e->sequence = strtoul(value, NULL, 10);
}

/* Takes the bytes. Lines of at most 75 bytes, ended by CR LF; folded ones put together. */
static void read_calendar(struct calendar *c, struct kad_buf bytes)
{
    struct kad_buf line = {0};
    int depth = 0;
    *c = (struct calendar){.bytes = bytes};
    told_is_tame(kad_buf_str(&bytes), bytes.n, true);
    for (const char *p = kad_buf_str(&bytes); *p;) {
        const char *end = strstr(p, "\r\n");
        assert_non_null(end);
        assert_true(end - p <= 75);
        assert_true(end > p);
        bool folded = *p == ' ' || *p == '\t';
        if (!folded && line.n) {
            property(c, line.p, &depth);
            kad_buf_reset(&line);
        }
        kad_buf_put(&line, p + folded, (size_t)(end - p) - folded);
        /* A character is never cut by a fold. */
        assert_true(kad_utf8_valid((struct kad_str){p, (size_t)(end - p)}, NULL));
        p = end + 2;
    }
    property(c, kad_buf_str(&line), &depth);
    assert_int_equal(depth, 0);
    kad_buf_done(&line);
    for (size_t i = 0; i < c->n; i++) {
        assert_true(c->v[i].uid.n > 0 && c->v[i].stamp.n == 16 && c->v[i].start.n == 8);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(c->v[i].uid.p, c->v[k].uid.p);
    }
}

static void forget(struct calendar *c)
{
    for (size_t i = 0; i < c->n; i++) {
        struct entry *e = &c->v[i];
        struct kad_buf *all[] = {&e->uid,   &e->summary, &e->description, &e->status,
                                 &e->start, &e->end,     &e->stamp};
        for (size_t k = 0; k < LEN(all); k++)
            kad_buf_done(all[k]);
    }
    kad_buf_done(&c->name);
    kad_buf_done(&c->bytes);
}

static struct entry *on(struct calendar *c, const char *day)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(kad_buf_str(&c->v[i].start), day) == 0)
            return &c->v[i];
    fail_msg("nothing on %s in:\n%s", day, kad_buf_str(&c->bytes));
    return NULL;
}

/* --- the sink --- */

static void add(struct told *t)
{
    const struct kad_calendar_options o = {.folder = t->out, .ahead = 31, .keep = 30};
    if (kad_sink_add_calendar(t->sinks, "calendar", &o, &t->error) != KAD_OK)
        fail_msg("%s", t->error.text);
}

/* The file, which must be what the ledger alone gives. */
static void file_of(struct told *t, struct calendar *c, const char *who)
{
    struct kad_buf name = {0}, pure = {0};
    kad_file_name(&name, kad_str(who), ".ics");
    struct kad_buf file = told_file(t, name.p);
    const struct kad_ics_ask q = {
        .who = kad_str(who), .day = kad_clock_day(t->now), .ahead = 31, .keep = 30};
    if (kad_ics_put(t->e, &q, &pure, &t->error) != KAD_OK)
        fail_msg("%s", t->error.text);
    assert_string_equal(kad_buf_str(&file), kad_buf_str(&pure));
    kad_buf_done(&pure);
    kad_buf_done(&name);
    read_calendar(c, file);
}

static void a_task_lies_on_the_day_it_is_due_with_its_window_told(void **state)
{
    struct told t;
    struct calendar c;
    (void)state;
    told_open(&t, TOLD_LABEL);
    add(&t);
    told_until(&t, "2021-06-02T06:00:00Z");
    assert_true(told_run(&t, 5000));
    file_of(&t, &c, "anna");
    assert_true(c.n >= 3);
    assert_string_equal(kad_buf_str(&c.name), "Tasks for anna");
    struct entry *e = on(&c, "20210607");
    assert_string_equal(kad_buf_str(&e->summary), TOLD_LABEL " – C-1");
    assert_string_equal(kad_buf_str(&e->end), "20210608");
    assert_string_equal(kad_buf_str(&e->status), "CONFIRMED");
    assert_non_null(strstr(e->description.p, "Due: Mon 2021-06-07\n"));
    assert_non_null(strstr(e->description.p, "Unit: Eksjö\n"));
    assert_non_null(strstr(e->description.p, "Source: 8.2 Aftercare\n"));
    assert_null(strstr(e->description.p, "1995"));
    assert_int_equal(kad_folder_count(t.out, ".ics", 10), 1);
    struct stat st;
    char path[100];
    snprintf(path, sizeof path, "%s/anna.ics", t.out);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    forget(&c);
    told_close(&t);
}

static void what_changes_has_a_higher_sequence_and_the_same_uid(void **state)
{
    struct told t;
    struct calendar before, after;
    (void)state;
    told_open(&t, TOLD_LABEL);
    add(&t);
    told_until(&t, "2021-06-02T06:00:00Z");
    assert_true(told_run(&t, 5000));
    file_of(&t, &before, "anna");
    t.now += INT64_C(3600000000);
    told_event(&t, "visit", "C-1", "2021-06-02", NULL, NULL);
    assert_true(told_run(&t, 5000));
    file_of(&t, &after, "anna");
    struct entry *was = on(&before, "20210607"), *is = on(&after, "20210607");
    assert_string_equal(kad_buf_str(&is->summary), "✓ " TOLD_LABEL " – C-1");
    assert_string_equal(kad_buf_str(&is->uid), kad_buf_str(&was->uid));
    assert_true(is->sequence > was->sequence);
    assert_true(strcmp(is->stamp.p, was->stamp.p) > 0);
    assert_non_null(strstr(is->description.p, "Done: Wed 2021-06-02\n"));
    /* Nothing happens: not a byte changes, the file is left alone. */
    struct stat st, later;
    char path[100];
    snprintf(path, sizeof path, "%s/anna.ics", t.out);
    assert_int_equal(stat(path, &st), 0);
    told_restart(&t);
    add(&t);
    assert_true(told_run(&t, 5000));
    assert_int_equal(stat(path, &later), 0);
    assert_int_equal(st.st_ino, later.st_ino);
    forget(&before);
    forget(&after);
    told_close(&t);
}

static void late_ones_say_so_and_the_file_follows_the_day(void **state)
{
    struct told t;
    struct calendar c;
    (void)state;
    told_open(&t, TOLD_LABEL);
    add(&t);
    told_until(&t, "2021-06-09T06:00:00Z");
    assert_true(told_run(&t, 5000));
    file_of(&t, &c, "anna");
    assert_int_equal(strncmp(on(&c, "20210607")->summary.p, "Late: ", 6), 0);
    forget(&c);
    told_until(&t, "2021-09-01T06:00:00Z"); /* all of it is over for long */
    assert_true(told_run(&t, 5000));
    file_of(&t, &c, "anna");
    assert_int_equal(c.n, 0);
    forget(&c);
    told_close(&t);
}

static void another_coach_another_file_and_the_first_one_is_told(void **state)
{
    struct told t;
    struct calendar anna, bo, before;
    (void)state;
    told_open(&t, TOLD_LABEL);
    add(&t);
    told_until(&t, "2021-06-02T06:00:00Z");
    assert_true(told_run(&t, 5000));
    file_of(&t, &before, "anna");
    t.now += INT64_C(3600000000);
    told_event(&t, "enrollment", "C-1", "2021-06-02", "coach", "Bo /../ Ek");
    told_until(&t, "2021-06-03T06:00:00Z");
    assert_true(told_run(&t, 5000));
    file_of(&t, &anna, "anna");
    file_of(&t, &bo, "Bo /../ Ek");
    struct entry *was = on(&before, "20210607"), *gone = on(&anna, "20210607");
    assert_string_equal(kad_buf_str(&gone->status), "CANCELLED");
    assert_string_equal(kad_buf_str(&gone->uid), kad_buf_str(&was->uid));
    assert_true(gone->sequence > was->sequence);
    assert_int_equal(strncmp(gone->summary.p, "Cancelled: ", 11), 0);
    assert_string_equal(kad_buf_str(&on(&bo, "20210607")->status), "CONFIRMED");
    assert_int_equal(kad_folder_count(t.out, ".ics", 10), 2);
    forget(&anna);
    forget(&bo);
    forget(&before);
    told_close(&t);
}

static void what_falls_away_is_cancelled_and_goes_after_a_while(void **state)
{
    struct told t;
    struct calendar c;
    (void)state;
    told_open(&t, TOLD_LABEL);
    add(&t);
    told_until(&t, "2021-06-02T06:00:00Z");
    assert_true(told_run(&t, 5000));
    told_event(&t, "ended", "C-1", "2021-06-02", NULL, NULL);
    told_until(&t, "2021-06-03T06:00:00Z");
    assert_true(told_run(&t, 5000));
    file_of(&t, &c, "anna");
    assert_true(c.n >= 1);
    for (size_t i = 0; i < c.n; i++)
        assert_string_equal(kad_buf_str(&c.v[i].status), "CANCELLED");
    forget(&c);
    told_until(&t, "2021-08-01T06:00:00Z");
    assert_true(told_run(&t, 5000));
    file_of(&t, &c, "anna");
    assert_int_equal(c.n, 0);
    forget(&c);
    told_close(&t);
}

static void a_hostile_label_is_text_and_nothing_else(void **state)
{
    struct told t;
    struct calendar c;
    struct kad_buf want = {0};
    (void)state;
    told_open(&t, NULL);
    told_event(&t, "enrollment", "C-1", "2021-06-01", "coach", "x\"; BEGIN:VEVENT, å");
    add(&t);
    told_until(&t, "2021-06-02T06:00:00Z");
    assert_true(told_run(&t, 5000));
    file_of(&t, &c, "x\"; BEGIN:VEVENT, å");
    assert_true(c.n >= 1);
    kad_buf_printf(&want, "%s – C-1", told_hostile);
    assert_string_equal(kad_buf_str(&on(&c, "20210607")->summary), kad_buf_str(&want));
    kad_buf_done(&want);
    forget(&c);
    told_close(&t);
}

static void a_file_that_was_lost_is_made_again_from_the_ledger(void **state)
{
    struct told t;
    struct calendar c;
    char path[120];
    (void)state;
    told_open(&t, TOLD_LABEL);
    add(&t);
    told_until(&t, "2021-06-02T06:00:00Z");
    assert_true(told_run(&t, 5000));
    snprintf(path, sizeof path, "%s/anna.ics", t.out);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/bo.ics.new-4711", t.out);
    assert_int_equal(kad_file_put(path, KAD_STR("half a"), 0600), 0);
    told_restart(&t);
    add(&t);
    assert_true(told_run(&t, 5000));
    file_of(&t, &c, "anna");
    assert_true(c.n >= 3);
    assert_int_not_equal(access(path, F_OK), 0); /* what a crash left is gone */
    forget(&c);
    told_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_lies_on_the_day_it_is_due_with_its_window_told),
        cmocka_unit_test(what_changes_has_a_higher_sequence_and_the_same_uid),
        cmocka_unit_test(late_ones_say_so_and_the_file_follows_the_day),
        cmocka_unit_test(another_coach_another_file_and_the_first_one_is_told),
        cmocka_unit_test(what_falls_away_is_cancelled_and_goes_after_a_while),
        cmocka_unit_test(a_hostile_label_is_text_and_nothing_else),
        cmocka_unit_test(a_file_that_was_lost_is_made_again_from_the_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The calendar proof against the calendar itself, asked day by day. */
#include "dsl/prove.h"

#include "tests/unit/dsl.h"

static const char head[] = "policy p\n calendar sweden\n running cases keep the old rules\n"
                           " closed 2021-05-14\n"
                           "subject k\n birth is start.birth\nevent start of k birth date\n"
                           "event visit of k\nevent call of k\n";

static struct kad_policy *with(const char *rules)
{
    char text[4000];
    snprintf(text, sizeof text, "%s%s", head, rules);
    return compile(text);
}

static void assert_spread(const struct kad_spread *s, int32_t least, int32_t most)
{
    assert_true(s->set);
    assert_int_equal(s->least, least);
    assert_int_equal(s->most, most);
}

/* What the row says of a phase, by asking kad_phase_window for every start day. */
static void assert_phase(const struct kad_proof *proof, const struct kad_policy *p,
                         const struct kad_proof_row *row)
{
    const struct kad_rule *r = &p->rules[row->rule];
    struct kad_spread windows = {.set = false}, length = {.set = false};
    uint64_t dues = 0, off = 0, other = 0;
    int32_t farthest = 0;
    for (kad_day a = proof->first; a <= proof->last; a++) {
        int32_t n = kad_phase_count(a, row->phase), i = 0;
        struct kad_window w;
        for (; i < KAD_PROOF_WINDOWS && kad_phase_window(a, row->phase, i, &w); i++) {
            int32_t days = w.due - w.opens + 1;
            kad_day to = kad_move_day(&p->calendar, w.due, r->move);
            length.least = !length.set || days < length.least ? days : length.least;
            length.most = !length.set || days > length.most ? days : length.most;
            length.set = true;
            dues++;
            off += !kad_is_working_day(&p->calendar, w.due);
            farthest = abs(to - w.due) > farthest ? abs(to - w.due) : farthest;
            other += kad_ymd_of(to).month != kad_ymd_of(w.due).month;
        }
        assert_true(i == n || i == KAD_PROOF_WINDOWS);
        windows.least = !windows.set || n < windows.least ? n : windows.least;
        windows.most = !windows.set || n > windows.most ? n : windows.most;
        windows.set = true;
    }
    assert_spread(&row->windows, windows.least, windows.most);
    assert_spread(&row->length, length.least, length.most);
    assert_int_equal(kad_phase_count(row->windows.least_on, row->phase), windows.least);
    assert_int_equal(kad_phase_count(row->windows.most_on, row->phase), windows.most);
    assert_int_equal(row->dues, dues);
    assert_int_equal(row->off, off);
    assert_int_equal(row->farthest, farthest);
    assert_int_equal(row->other_month, other);
}

static void phases_are_as_the_calendar_gives_them(void **state)
{
    (void)state;
    struct kad_policy *p = with("cadence c\n from start\n"
                                " month 1 visit every week\n"
                                " month 2 visit every calendar week\n"
                                " months 3 to 5 visit 2 times a month\n"
                                " months 6 to 12 visit 5 times\n"
                                " moved to next working day\n"
                                "cadence d\n from start\n"
                                " week 1 visit once\n"
                                " weeks 2 to 9 visit every 2 weeks\n"
                                " weeks 10 to 11 visit every calendar week\n"
                                " moved to previous working day\n");
    struct kad_proof proof;
    kad_prove(p, &proof);
    assert_int_equal(proof.n, 7);
    assert_int_equal(proof.last - proof.first + 1, KAD_PROOF_DAYS);
    for (size_t i = 0; i < proof.n; i++)
        assert_phase(&proof, p, &proof.v[i]);
    kad_proof_done(&proof);
    kad_policy_free(p);
}

static void a_month_has_four_weeks_and_four_or_five_mondays(void **state)
{
    (void)state;
    struct kad_policy *p = with("cadence c\n from start\n"
                                " month 1 visit every week\n month 2 visit every calendar week\n"
                                " from month 3 onwards visit once a month\n");
    struct kad_proof proof;
    kad_prove(p, &proof);
    assert_spread(&proof.v[0].windows, 4, 4);
    assert_spread(&proof.v[0].length, 7, 10);
    assert_spread(&proof.v[1].windows, 4, 5);
    assert_false(proof.v[2].windows.set);
    assert_true(proof.v[2].endless);
    /* Every 29th of January but in leap years, every 30th and 31st, and the 31st before a month of 30. */
    assert_int_equal(proof.v[0].clipped, (400 - 97) + 400 + 400 + 4 * 400);
    assert_int_equal(proof.v[0].clipped_on, kad_day_of(2021, 1, 29));
    assert_int_equal(proof.v[0].clipped_to, kad_day_of(2021, 2, 28));
    assert_int_equal(proof.v[0].clipped_months, 1);
    /* In time every day that some month lacks meets it. */
    uint32_t late = 0;
    for (kad_day a = proof.first; a <= proof.last; a++)
        late += kad_ymd_of(a).day > 28;
    assert_int_equal(proof.v[2].clipped, late);
    kad_proof_done(&proof);
    kad_policy_free(p);
}

static void due_days_of_tasks(void **state)
{
    (void)state;
    struct kad_policy *p = with("task t\n when start due 3 months after\n"
                                " moved to next working day\n done by visit\n"
                                "task u\n when start due 10 working days after\n done by visit\n"
                                "task v\n when start due 5 days before birth\n done by visit\n"
                                "task w\n when start due 1 year after\n done by visit\n");
    struct kad_proof proof;
    kad_prove(p, &proof);
    uint64_t off = 0;
    int32_t farthest = 0, least = 100, most = 0;
    for (kad_day a = proof.first; a <= proof.last; a++) {
        kad_day due = kad_add_months(a, 3), to = kad_move_day(&p->calendar, due, KAD_MOVE_NEXT);
        off += due != to;
        farthest = to - due > farthest ? to - due : farthest;
        int32_t far = kad_add_working_days(&p->calendar, a, 10) - a;
        least = far < least ? far : least;
        most = far > most ? far : most;
    }
    assert_int_equal(proof.v[0].off, off);
    assert_int_equal(proof.v[0].farthest, farthest);
    assert_int_equal(proof.v[0].farthest_to - proof.v[0].farthest_due, farthest);
    assert_true(kad_ymd_of(proof.v[0].other_due).month != kad_ymd_of(proof.v[0].other_to).month);
    assert_spread(&proof.v[1].length, least, most);
    assert_int_equal(proof.v[1].off, 0);
    assert_int_equal(kad_add_working_days(&p->calendar, proof.v[1].length.most_on, 10) -
                         proof.v[1].length.most_on,
                     most);
    assert_int_equal(proof.v[2].dues, KAD_PROOF_DAYS);
    assert_int_equal(proof.v[3].clipped, 97);
    assert_int_equal(proof.v[3].clipped_on, kad_day_of(2024, 2, 29));
    kad_proof_done(&proof);
    kad_policy_free(p);
}

static void due_days_of_duties(void **state)
{
    (void)state;
    struct kad_policy *p = with("duty a for each k\n every half-year\n due 1 month after\n"
                                " done by visit\n"
                                "duty b for each k\n every month except july\n"
                                " moved to previous working day\n done by visit\n"
                                "duty c for each k\n no later than 2021-05-14\n"
                                " moved to next working day\n done by visit\n"
                                "duty d for each k\n every 2 weeks from 2026-01-05\n"
                                " done by visit\n");
    struct kad_proof proof;
    kad_prove(p, &proof);
    assert_int_equal(proof.v[0].dues, 800);
    assert_int_equal(proof.v[0].off_due, kad_day_of(2021, 7, 31));
    assert_int_equal(proof.v[1].dues, 400 * 11);
    assert_spread(&proof.v[1].length, 28, 31);
    assert_int_equal(proof.v[1].other_month, 0);
    assert_int_equal(proof.v[2].off, 1);
    assert_int_equal(proof.v[2].farthest_to, kad_day_of(2021, 5, 17));
    assert_int_equal(proof.v[3].off, proof.v[3].dues);
    kad_proof_done(&proof);
    kad_policy_free(p);
}

static void without_a_calendar_every_day_works(void **state)
{
    (void)state;
    struct kad_policy *p = compile("policy p\n running cases keep the old rules\nsubject k\n"
                                   "event start of k\nevent visit of k\n"
                                   "cadence c\n from start\n month 1 visit every calendar week\n"
                                   " weeks 1 to 9999 start every week\n");
    struct kad_proof proof;
    kad_prove(p, &proof);
    assert_int_equal(proof.v[0].dues, 0);
    assert_spread(&proof.v[0].windows, 4, 5);
    assert_spread(&proof.v[1].windows, 9999, 9999);
    assert_spread(&proof.v[1].length, 7, 7);
    kad_proof_done(&proof);
    kad_policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_are_as_the_calendar_gives_them),
        cmocka_unit_test(a_month_has_four_weeks_and_four_or_five_mondays),
        cmocka_unit_test(due_days_of_tasks),
        cmocka_unit_test(due_days_of_duties),
        cmocka_unit_test(without_a_calendar_every_day_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

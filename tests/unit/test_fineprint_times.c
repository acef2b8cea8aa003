/* The fine print of the rule language, second part: what was recorded when, corrections, waivers,
 * kinds and zones; and the vectors of the language on the real derivation. */
#include <stdio.h>

#include "tests/unit/fineprint.h"
#include "tests/unit/toy_store.h"

#define WEEKLY                                                                                     \
    "cadence weekly\n    from job\n    weeks 1 to 2  visit every week\n    until job_ended\n"

/* --- untold --- */

static void untold_the_opening_event_was_first_recorded_after_the_day_it_closed(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "task look\n    when job due 7 days after\n"
                            "    closes 3 days after due\n    done by visit\n",
          NULL);
    tell(&t, "2021-03-01 job recorded 2021-03-12"); /* closes on the 11th */
    tell(&t, "2021-03-02 job recorded 2021-03-12"); /* closes on the 12th */
    see(&t, "2021-03-20", "look/2", "2021-03-01 2021-03-08 2021-03-11 untold");
    see(&t, "2021-03-20", "look/3", "2021-03-02 2021-03-09 2021-03-12 missed");
}

static void untold_a_later_correction_of_the_opening_event_makes_nothing_untold(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "task look\n    when job due 7 days after\n"
                            "    closes 3 days after due\n    done by visit\n",
          NULL);
    tell(&t, "2021-03-01 job");
    tell(&t, "2021-05-01 correct 2 extent=50%");
    see(&t, "2021-05-02", "look/2", "2021-03-01 2021-03-08 2021-03-11 missed");
}

static void untold_where_until_closed_an_overdue_one_that_is_the_day(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "task look\n    when job due 7 days after\n    done by visit\n"
                            "    until job_ended\n",
          NULL);
    tell(&t, "2021-03-01 job recorded 2021-03-16");
    tell(&t, "2021-03-02 job recorded 2021-03-15");
    tell(&t, "2021-03-15 job_ended");
    see(&t, "2021-03-20", "look/2", "2021-03-01 2021-03-08 - untold");
    see(&t, "2021-03-20", "look/3", "2021-03-02 2021-03-09 - missed");
    assert_day(find_instance(&t, "2021-03-20", "look/2")->ended, "2021-03-15");
}

static void untold_is_about_the_civil_day_in_the_ledgers_zone(void **state)
{
    (void)state;
    struct kad_error err = {0};
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "task look\n    when job due the same day\n"
                            "    closes 0 days after due\n    done by visit\n",
          NULL);
    tell(&t, "2021-06-01 job");
    t.records[0].at += INT64_C(11) * 3600 * 1000000 + INT64_C(1800000000); /* 23:30 UTC */
    see(&t, "2021-06-05", "look/2", "2021-06-01 2021-06-01 2021-06-01 missed");
    assert_int_equal(kad_clock_set_zone("Europe/Stockholm", &err), KAD_OK); /* 01:30 on the 2nd */
    see(&t, "2021-06-05", "look/2", "2021-06-01 2021-06-01 2021-06-01 untold");
    assert_int_equal(kad_clock_set_zone("UTC", &err), KAD_OK);
}

static void duties_are_never_untold(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "duty survey for each client where enrolled\n    every month\n"
                            "    done by visit\n",
          NULL);
    tell(&t, "2021-01-20 start recorded 2021-05-02");
    see(&t, "2021-05-02", "survey/2021-03", "2021-03-01 2021-03-31 2021-03-31 missed");
}

static void a_later_adoption_makes_nothing_untold(void **state)
{
    (void)state;
    adopt_late(&t, "2021-01-01", "2021-06-01", HEAD FOLLOW WORDS WEEKLY);
    tell(&t, "2021-03-01 job");
    see_all(&t, "2021-06-02", "weekly.visit", "2021-03-07 missed, 2021-03-14 missed");
}

/* --- corrections --- */

static void a_corrected_event_keeps_its_first_seq_its_id_and_its_anchor(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    tell(&t, "2021-03-01 job"); /* seq 2 */
    see(&t, "2021-03-10", "aftercare.visit/2/m1.w1", "2021-03-01 2021-03-07 2021-03-31 overdue");
    tell(&t, "2021-03-10 correct 2 on=2021-03-08");
    see(&t, "2021-03-10", "aftercare.visit/2/m1.w1", "2021-03-08 2021-03-14 2021-04-07 open");
    assert_int_equal(find_instance(&t, "2021-03-10", "aftercare.visit/2/m1.w1")->anchor, 2);
}

static void a_corrected_event_keeps_its_place_among_its_days_events(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS, NULL);
    tell(&t, "2021-03-01 job extent=50%");          /* seq 2 */
    tell(&t, "2021-03-02 job extent=75%");          /* seq 3 */
    tell(&t, "2021-03-05 correct 2 on=2021-03-02"); /* still before 3 */
    see_value(&t, "2021-03-05", "extent", "0.75");
}

static void correct_changes_the_fields_given_and_keeps_the_others(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS, NULL);
    tell(&t, "2021-03-01 job extent=50% employer=Ica");
    tell(&t, "2021-03-05 correct 2 extent=60%");
    see_value(&t, "2021-03-05", "extent", "0.6");
    see_value(&t, "2021-03-05", "employer", "Ica");
    tell(&t, "2021-03-06 correct 2 employer=null");
    see_value(&t, "2021-03-06", "employer", "unknown");
    see_value(&t, "2021-03-06", "extent", "0.6");
}

static void corrections_are_not_guarded_and_deviations_they_cause_are_reported(void **state)
{
    (void)state;
    static const char rules[] =
        HEAD FOLLOW WORDS "at job\n    require enrolled otherwise \"Not enrolled\"\n";
    struct toy_store s;
    toy_open(&s, KAD_LEDGER_PLAIN, "2021-06-01T12:00:00Z");
    s.o.compile = kad_dsl_compile_fn;
    toy_reopen(&s);
    struct kad_input text = {KAD_STR("text"), KAD_IN_STRING, kad_str(rules), 0};
    struct kad_draft d = {.type = KAD_STR("kadens.adopted"),
                          .on = day("2021-01-01"),
                          .at = KAD_INSTANT_NONE,
                          .clock = -1,
                          .notes = &text,
                          .n_notes = 1};
    assert_int_equal(toy_draft(&s, &d), KAD_OK);
    toy_put(&s, "start C-1 2021-02-01"); /* seq 2 */
    toy_put(&s, "job C-1 2021-02-10");   /* seq 3 */
    toy_refuse(&s, "job C-1 2021-01-31", KAD_ENO, "Not enrolled");
    /* Put right, the job stands before the start: recorded all the same. */
    toy_put(&s, "kadens.corrected - - :corrects=3 :because=slip :on=2021-01-31");
    toy_put(&s, "kadens.corrected - - :corrects=3 :because=slip :on=2021-02-10");
    /* The start moved behind the job: the job deviates now, and that is said. */
    toy_put(&s, "kadens.corrected - - :corrects=2 :because=slip :on=2021-03-01");
    assert_int_equal(s.out.n_later, 1);
    assert_int_equal(s.out.later[0].seq, 3);
    assert_str_equal(s.out.later[0].finding.guard->message, "Not enrolled");
    toy_close(&s);
}

/* --- waivers --- */

static void waive_takes_what_is_open_overdue_upcoming_or_missed_from_its_own_day_on(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    tell(&t, "2021-03-01 job"); /* seq 2 */
    tell(&t, "2021-03-16 waive C-1/aftercare.visit/2/m1.w1");
    tell(&t, "2021-03-16 waive C-1/aftercare.visit/2/m1.w3");
    tell(&t, "2021-03-16 waive C-1/aftercare.visit/2/m2.2of2");
    see(&t, "2021-03-15", "aftercare.visit/2/m1.w1", "2021-03-01 2021-03-07 2021-03-31 overdue");
    see(&t, "2021-03-16", "aftercare.visit/2/m1.w1", "2021-03-01 2021-03-07 2021-03-31 waived");
    see(&t, "2021-03-16", "aftercare.visit/2/m1.w3", "2021-03-15 2021-03-21 2021-03-31 waived");
    see(&t, "2021-03-16", "aftercare.visit/2/m2.2of2", "2021-04-16 2021-04-30 2021-04-30 waived");
    tell(&t, "2021-05-10 waive C-1/aftercare.visit/2/m1.w2");
    see(&t, "2021-05-09", "aftercare.visit/2/m1.w2", "2021-03-08 2021-03-14 2021-03-31 missed");
    see(&t, "2021-05-10", "aftercare.visit/2/m1.w2", "2021-03-08 2021-03-14 2021-03-31 waived");
    tell(&t, "2021-05-11 retract 6"); /* undoes the last */
    see(&t, "2021-05-12", "aftercare.visit/2/m1.w2", "2021-03-08 2021-03-14 2021-03-31 missed");
}

static void waive_does_not_take_what_is_done_dropped_or_untold(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "task look\n    when job due 7 days after\n"
                            "    closes 3 days after due\n    done by visit\n    until discharge\n",
          NULL);
    tell(&t, "2021-03-01 job"); /* seq 2 */
    tell(&t, "2021-03-02 visit");
    tell(&t, "2021-03-03 waive C-1/look/2");
    see(&t, "2021-03-03", "look/2", "2021-03-01 2021-03-08 2021-03-11 done");
    tell(&t, "2021-03-04 job"); /* seq 5 */
    tell(&t, "2021-03-05 discharge reason=work");
    tell(&t, "2021-03-06 waive C-1/look/5");
    see(&t, "2021-03-06", "look/5", "2021-03-04 2021-03-11 2021-03-14 dropped");
    tell(&t, "2021-03-10 job recorded 2021-04-10"); /* seq 8 */
    tell(&t, "2021-04-12 waive C-1/look/8");
    see(&t, "2021-04-12", "look/8", "2021-03-10 2021-03-17 2021-03-20 untold");
}

/* --- two times --- */

static void known_at_is_inclusive(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    tell(&t, "2021-03-01 job"); /* seq 2 */
    tell(&t, "2021-03-02 visit");
    t.known.seq = 3;
    see(&t, "2021-03-05", "aftercare.visit/2/m1.w1", "2021-03-01 2021-03-07 2021-03-31 done");
    t.known.seq = 2;
    see(&t, "2021-03-05", "aftercare.visit/2/m1.w1", "2021-03-01 2021-03-07 2021-03-31 open");
    t.known = (struct kad_known){UINT64_MAX, t.records[1].at};
    see(&t, "2021-03-05", "aftercare.visit/2/m1.w1", "2021-03-01 2021-03-07 2021-03-31 done");
    t.known.at--;
    see(&t, "2021-03-05", "aftercare.visit/2/m1.w1", "2021-03-01 2021-03-07 2021-03-31 open");
}

static void adoptions_count_by_when_they_were_recorded(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS THREE_TIMES, NULL);
    tell(&t, "2021-03-01 job"); /* seq 2 */
    adopt_late(&t, "2021-02-01", "2021-05-01", HEAD FOLLOW WORDS TWICE);
    see_all(&t, "2021-03-01", "aftercare.visit", "2021-03-15 open, 2021-03-31 upcoming");
    t.known.seq = 2;
    see_all(&t, "2021-03-01", "aftercare.visit",
            "2021-03-10 open, 2021-03-20 upcoming, 2021-03-31 upcoming");
}

/* --- the rest --- */

static void a_subject_of_a_kind_with_one_of_has_itself_as_unit(void **state)
{
    (void)state;
    t.subject = KAD_STR("eksjo");
    t.kind = KAD_STR("town");
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "duty certificate for each town\n    every month\n"
                            "    done by certificate\n    for boss\n",
          NULL);
    const struct kad_instance *i = find_instance(&t, "2021-02-01", "certificate/2021-02");
    assert_str_equal(i->unit, "eksjo");
    assert_str_equal(i->owner, "role:boss");
    /* So a policy for aneby alone does not reach it, one for eksjo does. */
    adopt(&t, "2021-03-01", HEAD FOLLOW WORDS, "aneby");
    see(&t, "2021-03-01", "certificate/2021-03", "2021-03-01 2021-03-31 2021-03-31 open");
    adopt(&t, "2021-04-01", HEAD FOLLOW WORDS, "eksjo");
    see(&t, "2021-04-01", "certificate/2021-04", "none");
}

static void born_29_february_the_year_is_full_on_28_february_where_there_is_no_29th(void **state)
{
    (void)state;
    adopt(&t, "2020-01-01", HEAD FOLLOW WORDS, NULL);
    tell(&t, "2021-01-01 start born=2004-02-29");
    see_value(&t, "2022-02-27", "age", "17");
    see_value(&t, "2022-02-28", "age", "18");
    see_value(&t, "2024-02-28", "age", "19");
    see_value(&t, "2024-02-29", "age", "20");
}

static void holidays_are_those_of_the_law_of_their_year(void **state)
{
    (void)state;
    adopt(&t, "2000-01-01",
          "policy p\n    language en\n    calendar sweden\n" FOLLOW WORDS
          "task look\n    when job due the same day\n    moved to next working day\n"
          "    done by visit\n",
          NULL);
    tell(&t, "2003-06-06 job"); /* a Friday, no holiday yet */
    tell(&t, "2004-05-31 job"); /* the last Whit Monday off */
    tell(&t, "2005-05-16 job"); /* Whit Monday */
    tell(&t, "2005-06-06 job"); /* a Monday, the first National Day off */
    see_all(&t, "2005-07-01", "look",
            "2003-06-06 overdue, 2004-06-01 overdue, 2005-05-16 overdue, 2005-06-07 overdue");
}

static void the_zone_is_the_calendars_unless_zone_says_otherwise(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", "policy p\n    language en\n    calendar sweden\n" FOLLOW WORDS, NULL);
    adopt(&t, "2021-02-01",
          "policy p\n    language en\n    calendar sweden\n    zone \"Europe/Helsinki\"\n" FOLLOW
              WORDS,
          NULL);
    assert_str_equal(t.policies[0]->zone, "Europe/Stockholm");
    assert_str_equal(t.policies[1]->zone, "Europe/Helsinki");
}

static enum kad_err compiles(const char *text)
{
    struct kad_policy *p = NULL;
    struct kad_error err = {0};
    enum kad_err e = kad_dsl_compile_fn(kad_str(text), "test.rules", &p, &err);
    kad_policy_free(p);
    return e;
}

static void overlapping_phases_are_an_error_only_for_the_same_event(void **state)
{
    (void)state;
    assert_int_equal(compiles(HEAD FOLLOW WORDS "cadence c\n    from job\n"
                                                "    months 1 to 3  visit once a month\n"
                                                "    months 2 to 4  call once a month\n"),
                     KAD_OK);
    assert_int_not_equal(compiles(HEAD FOLLOW WORDS "cadence c\n    from job\n"
                                                    "    months 1 to 3  visit once a month\n"
                                                    "    months 2 to 4  visit once a month\n"),
                         KAD_OK);
}

static void an_event_that_nothing_names_is_stored_not_derived(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS AFTERCARE, NULL);
    const struct kad_policy *p = t.policies[0];
    assert_false(p->events[kad_policy_event(p, KAD_STR("note"))].derived);
    assert_true(p->events[kad_policy_event(p, KAD_STR("visit"))].derived);
    tell(&t, "2021-03-01 job");
    tell(&t, "2021-03-02 note");
    see(&t, "2021-03-05", "aftercare.visit/2/m1.w1", "2021-03-01 2021-03-07 2021-03-31 open");
}

static void after_erasure_re_derivation_uses_unknown(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01", HEAD FOLLOW WORDS, NULL);
    tell(&t, "2021-01-05 start born=1990-01-01 coach=anna");
    tell(&t, "2021-02-05 start born=erased coach=bo");
    see_value(&t, "2021-01-10", "born", "1990-01-01");
    see_value(&t, "2021-02-10", "born", "unknown");
    see_value(&t, "2021-02-10", "age", "unknown");
    see_value(&t, "2021-02-10", "coach", "bo");
}

/* --- guards (a correction is not guarded: see test_engine_amend) --- */

static void a_guard_sees_the_story_just_before_the_event(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          HEAD FOLLOW WORDS "at job\n    require enrolled otherwise \"Not enrolled\"\n"
                            "    require not employed otherwise \"Has one\"\n"
                            "    expect age at least 18 otherwise \"Young\"\n",
          NULL);
    tell(&t, "2021-03-01 job");
    see_findings(&t, "Not enrolled, Young");
    tell(&t, "2021-02-01 start born=1990-01-01");
    tell(&t, "2021-02-15 job");
    see_findings(&t, "");
    tell(&t, "2021-03-02 job");
    see_findings(&t, "Has one");
}

/* --- vectors --- */

static void vectors_three_months_plain_then_next_working_day(void **state)
{
    (void)state;
    static const char *const v[][3] = {
        {"2020-11-30", "2021-02-28", "2021-03-01"}, {"2021-02-13", "2021-05-13", "2021-05-14"},
        {"2021-03-25", "2021-06-25", "2021-06-28"}, {"2021-09-24", "2021-12-24", "2021-12-27"},
        {"2022-01-15", "2022-04-15", "2022-04-19"}, {"2023-03-06", "2023-06-06", "2023-06-07"},
        {"2023-09-30", "2023-12-30", "2024-01-02"}, {"2023-11-29", "2024-02-29", "2024-02-29"},
        {"2023-11-30", "2024-02-29", "2024-02-29"}, {"2024-11-30", "2025-02-28", "2025-02-28"},
    };
    adopt(&t, "2020-01-01",
          "policy p\n    language en\n    calendar sweden\n" FOLLOW WORDS
          "task plain\n    when discharge due 3 months after\n    done by exited\n"
          "task moved\n    when discharge due 3 months after\n    moved to next working day\n"
          "    done by exited\n",
          NULL);
    for (size_t i = 0; i < LEN(v); i++) {
        char line[80], id[40];
        snprintf(line, sizeof line, "%s discharge reason=work", v[i][0]);
        uint64_t seq = tell(&t, line);
        snprintf(id, sizeof id, "plain/%d", (int)seq);
        assert_day(find_instance(&t, v[i][0], id)->due, v[i][1]);
        snprintf(id, sizeof id, "moved/%d", (int)seq);
        assert_day(find_instance(&t, v[i][0], id)->due, v[i][2]);
    }
}

static void vectors_anchored(void **state)
{
    (void)state;
    adopt(&t, "2026-01-01",
          HEAD FOLLOW WORDS "task a\n    when job due 1 month after\n    done by visit\n"
                            "task b\n    when job due 2 months after\n    done by visit\n"
                            "task c\n    when job due 3 months after\n    done by visit\n"
                            "task d\n    when job due 4 months after\n    done by visit\n"
                            "task e\n    when job due 5 months after\n    done by visit\n"
                            "task f\n    when job due 6 months after\n    done by visit\n",
          NULL);
    static const char *const due[] = {"2026-02-28", "2026-03-31", "2026-04-30",
                                      "2026-05-31", "2026-06-30", "2026-07-31"};
    tell(&t, "2026-01-31 job"); /* seq 2 */
    tell(&t, "2026-08-31 job"); /* seq 3 */
    for (int i = 0; i < 6; i++) {
        char id[8];
        snprintf(id, sizeof id, "%c/2", 'a' + i);
        assert_day(find_instance(&t, "2026-01-31", id)->due, due[i]);
    }
    assert_day(find_instance(&t, "2026-08-31", "f/3")->due, "2027-02-28");
}

static void vectors_aftercare_from_2021_03_01_and_register_exit_side_by_side(void **state)
{
    (void)state;
    adopt(&t, "2021-01-01",
          "policy p\n    language en\n    calendar sweden\n" FOLLOW WORDS
          "event closing_talk of client\n"
          "cadence aftercare\n"
          "    from job\n"
          "    month 1        visit every week\n"
          "    month 2        visit 2 times\n"
          "    month 3        visit once\n"
          "    months 4 to 5  call once a month\n"
          "    month 6        closing_talk once\n"
          "    until job_ended\n"
          "task register_exit\n"
          "    when discharge where reason in (work, studies)  due 3 months after\n"
          "    when discharge otherwise  due the same day\n"
          "    moved to next working day\n"
          "    done by exited\n",
          NULL);
    tell(&t, "2021-03-01 job");
    tell(&t, "2021-03-01 discharge reason=work");
    see_all(&t, "2021-03-01", "aftercare.visit",
            "2021-03-07 open, 2021-03-14 upcoming, 2021-03-21 upcoming, 2021-03-31 upcoming, "
            "2021-04-15 upcoming, 2021-04-30 upcoming, 2021-05-31 upcoming");
    see_all(&t, "2021-03-01", "aftercare.call", "2021-06-30 upcoming, 2021-07-31 upcoming");
    see_all(&t, "2021-03-01", "aftercare.closing_talk", "2021-08-31 upcoming");
    see_all(&t, "2021-03-01", "register_exit", "2021-06-01 open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(untold_the_opening_event_was_first_recorded_after_the_day_it_closed),
        TEST(untold_a_later_correction_of_the_opening_event_makes_nothing_untold),
        TEST(untold_where_until_closed_an_overdue_one_that_is_the_day),
        TEST(untold_is_about_the_civil_day_in_the_ledgers_zone),
        TEST(duties_are_never_untold),
        TEST(a_later_adoption_makes_nothing_untold),
        TEST(a_corrected_event_keeps_its_first_seq_its_id_and_its_anchor),
        TEST(a_corrected_event_keeps_its_place_among_its_days_events),
        TEST(correct_changes_the_fields_given_and_keeps_the_others),
        TEST(corrections_are_not_guarded_and_deviations_they_cause_are_reported),
        TEST(waive_takes_what_is_open_overdue_upcoming_or_missed_from_its_own_day_on),
        TEST(waive_does_not_take_what_is_done_dropped_or_untold),
        TEST(known_at_is_inclusive),
        TEST(adoptions_count_by_when_they_were_recorded),
        TEST(a_subject_of_a_kind_with_one_of_has_itself_as_unit),
        TEST(born_29_february_the_year_is_full_on_28_february_where_there_is_no_29th),
        TEST(holidays_are_those_of_the_law_of_their_year),
        TEST(the_zone_is_the_calendars_unless_zone_says_otherwise),
        TEST(overlapping_phases_are_an_error_only_for_the_same_event),
        TEST(an_event_that_nothing_names_is_stored_not_derived),
        TEST(after_erasure_re_derivation_uses_unknown),
        TEST(a_guard_sees_the_story_just_before_the_event),
        TEST(vectors_three_months_plain_then_next_working_day),
        TEST(vectors_anchored),
        TEST(vectors_aftercare_from_2021_03_01_and_register_exit_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

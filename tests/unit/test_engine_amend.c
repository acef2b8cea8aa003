/* Corrections, retractions and waivers: identity kept, nothing refused that has happened, and each
 * refusal in its words. */
#include <string.h>

#include "tests/unit/toy_store.h"
#include "tests/unit/unit.h"

/* 1 adoption, 2 referral of C-1 on 05-03, 3 enrollment on 05-17, 4 employment on 05-20, 5 referral
 * of C-2. */
static int setup(void **state)
{
    static struct toy_store s;
    toy_open(&s, KAD_LEDGER_PLAIN, "2021-06-01T08:00:00Z");
    toy_adopt(&s);
    toy_put(&s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes");
    toy_put(&s, "enrollment C-1 2021-05-17 coach=anna");
    toy_put(&s, "employment C-1 2021-05-20 employer=Ica extent=75~%");
    toy_put(&s, "referral C-2 2021-05-04 birth_date=1990-01-01 unit=nassjo motivated=no");
    toy_commit(&s);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    toy_close(*state);
    return 0;
}

/* The subject as it stands after what the batch wrote. */
static struct kad_subject subject(struct toy_store *s, const char *key)
{
    struct kad_subject ret;
    toy_commit(s);
    s->err = (struct kad_error){0};
    assert_int_equal(kad_engine_subject(s->e, kad_str(key), &s->words, &ret, &s->err), KAD_OK);
    return ret;
}

static const struct kad_fact *fact(const struct kad_subject *s, uint64_t seq)
{
    for (size_t i = 0; i < s->story.n_facts; i++)
        if (s->story.facts[i].seq == seq)
            return &s->story.facts[i];
    return NULL;
}

static struct kad_value field(const struct kad_fact *f, const char *name)
{
    const struct kad_field *v = kad_fields_find(f->fields, f->n_fields, name);
    return v ? v->value : (struct kad_value){0};
}

/* --- corrections --- */

static void a_correction_changes_what_is_given_and_keeps_the_rest(void **state)
{
    struct toy_store *s = *state;
    assert_int_equal(toy_put(s, "kadens.corrected - - :corrects=4 :because=Misread extent=50~%"),
                     6);
    const struct kad_record *r = s->out.record;
    assert_int_equal(r->kind, KAD_R_CORRECTED);
    assert_int_equal(r->ref, 4);
    assert_int_equal(r->on, toy_day("2021-05-20"));
    assert_int_equal(r->policy, 1);
    assert_str_equal(r->subject, "C-1");
    assert_int_equal(r->n_fields, 1);
    assert_int_equal(r->n_notes, 1);
    assert_str_equal(kad_record_note(r, "because"), "Misread");
    struct kad_subject c = subject(s, "C-1");
    const struct kad_fact *f = fact(&c, 4);
    assert_non_null(f);
    assert_int_equal(f->last, 6);
    assert_int_equal(field(f, "extent").num, 500000);
    assert_str_equal(field(f, "employer").str, "Ica");
}

static void a_correction_moves_the_day(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.corrected - - :corrects=4 :because=Wrong~day :on=2021-05-21");
    assert_int_equal(s->out.record->on, toy_day("2021-05-21"));
    assert_int_equal(kad_fields_find(s->out.record->notes, 2, "on")->value.num,
                     toy_day("2021-05-21"));
    /* The draft's own day says the same. */
    toy_put(s, "kadens.corrected C-1 2021-05-22 :corrects=4 :because=Wrong~again");
    struct kad_subject c = subject(s, "C-1");
    assert_int_equal(fact(&c, 4)->on, toy_day("2021-05-22"));
    toy_refuse(s, "kadens.corrected - 2021-05-25 :corrects=4 :because=x :on=2021-05-26", KAD_EINPUT,
               "names two days");
    toy_refuse(s, "kadens.corrected - - :corrects=4 :because=x :on=2023-05-26", KAD_EINPUT,
               "more than a year ahead");
    toy_refuse(s, "kadens.corrected - - :corrects=4 :because=x :on=2020-12-31", KAD_ENO,
               "No policy is in force");
    toy_refuse(s, "kadens.corrected - - :corrects=4 :because=x :on=soon", KAD_EINPUT,
               "takes a date");
}

static void a_correction_takes_an_optional_field_away(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.corrected - - :corrects=4 :because=x employer=null");
    assert_true(s->out.record->fields[0].is_private);
    struct kad_subject c = subject(s, "C-1");
    assert_int_equal(field(fact(&c, 4), "employer").know, KAD_UNKNOWN);
    toy_refuse(s, "kadens.corrected - - :corrects=4 :because=x employer=null", KAD_EINPUT,
               "changes nothing");
    toy_refuse(s, "kadens.corrected - - :corrects=2 :because=x unit=null", KAD_EINPUT,
               "referral must have unit: it cannot be taken away.");
}

static void a_correction_of_a_correction_is_one_of_its_event(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.corrected - - :corrects=4 :because=x extent=50~%");
    toy_put(s, "kadens.corrected - - :corrects=6 :because=x employer=Coop");
    assert_int_equal(s->out.record->ref, 4);
    struct kad_subject c = subject(s, "C-1");
    assert_int_equal(fact(&c, 4)->last, 7);
    assert_int_equal(field(fact(&c, 4), "extent").num, 500000);
    assert_str_equal(field(fact(&c, 4), "employer").str, "Coop");
    /* Taking one back takes back just what it changed. */
    toy_put(s, "kadens.retracted - - :retracts=6 :because=x");
    c = subject(s, "C-1");
    assert_int_equal(field(fact(&c, 4), "extent").num, 750000);
    assert_str_equal(field(fact(&c, 4), "employer").str, "Coop");
}

static void corrections_that_cannot_be_are_refused(void **state)
{
    struct toy_store *s = *state;
    static const struct {
        const char *line, *words;
    } bad[] = {
        {"kadens.corrected - - :corrects=4 :because=x extent=75~%",
         "The correction changes nothing: record 4 says all that already."},
        {"kadens.corrected - - :corrects=4 :because=x :on=2021-05-20", "changes nothing"},
        {"kadens.corrected - - :corrects=4 :because=x", "changes nothing"},
        {"kadens.corrected - - :corrects=4 extent=50~%", "The reason is missing"},
        {"kadens.corrected - - :corrects=4 :because=~ extent=50~%", "The reason is missing"},
        {"kadens.corrected - - :because=x extent=50~%", "“corrects” is missing."},
        {"kadens.corrected - - :corrects=four :because=x extent=50~%", "the number of a record"},
        {"kadens.corrected - - :corrects=99 :because=x extent=50~%",
         "There is no record 99: the last one is 5."},
        {"kadens.corrected - - :corrects=1 :because=x extent=50~%",
         "Record 1 is kadens.adopted: only events can be corrected."},
        {"kadens.corrected C-2 - :corrects=4 :because=x extent=50~%",
         "Record 4 is about “C-1”, not about “C-2”."},
        {"kadens.corrected - - :corrects=4 :because=x extend=50~%", "Did you mean extent?"},
        {"kadens.corrected - - :corrects=4 :because=x extent=lots", "extent cannot be"},
        {"kadens.corrected - - :corrects=4 :becaus=x extent=50~%", "does not know “becaus”"},
        {"kadens.corrected - - :corrects=4 :because=x :because=y extent=50~%", "given twice"},
        {"kadens.corrected - - :corrects=4 :because=x extent=50~% !override=y", "not guarded"},
    };
    for (size_t i = 0; i < LEN(bad); i++)
        toy_refuse(s, bad[i].line, KAD_EINPUT, bad[i].words);
    toy_put(s, "kadens.retracted - - :retracts=4 :because=x");
    toy_refuse(s, "kadens.corrected - - :corrects=4 :because=x extent=50~%", KAD_EINPUT,
               "Record 4 was retracted already, by record 6.");
}

static void a_correction_may_not_make_a_ghost(void **state)
{
    struct toy_store *s = *state;
    toy_refuse(s, "kadens.corrected - - :corrects=2 :because=x :on=2021-05-18", KAD_EINPUT,
               "“C-1” would then begin with enrollment, but it must begin with referral.");
    toy_refuse(s, "kadens.corrected - - :corrects=4 :because=x :on=2021-05-01", KAD_EINPUT,
               "would then begin with employment");
    toy_put(s, "kadens.corrected - - :corrects=2 :because=x :on=2021-05-17");
}

static void a_correction_is_not_guarded_but_tells_what_it_makes_of_events(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.corrected - - :corrects=2 :because=x motivated=no");
    assert_int_equal(s->out.n_later, 1);
    assert_int_equal(s->out.later[0].seq, 3);
    assert_str_equal(s->out.later[0].finding.guard->message, "Enrolled once motivated");
    assert_int_equal(s->out.record->n_deviations, 0);
    /* The corrected event itself is asked too: the enrollment moves before the motivation. */
    toy_put(s, "motivation C-1 2021-05-10 motivated=yes");
    assert_int_equal(s->out.n_later, 0);
    toy_put(s, "kadens.corrected - - :corrects=3 :because=x :on=2021-05-09");
    assert_int_equal(s->out.n_later, 1);
    assert_int_equal(s->out.later[0].seq, 3);
}

/* --- retractions --- */

static void a_retraction_takes_back_what_was_recorded(void **state)
{
    struct toy_store *s = *state;
    assert_int_equal(toy_put(s, "kadens.retracted - - :retracts=4 :because=Wrong~case"), 6);
    const struct kad_record *r = s->out.record;
    assert_int_equal(r->ref, 4);
    assert_int_equal(r->on, toy_day("2021-06-01"));
    assert_str_equal(r->subject, "C-1");
    assert_int_equal(r->policy, 0);
    struct kad_subject c = subject(s, "C-1");
    assert_null(fact(&c, 4));
    assert_int_equal(c.story.n_facts, 2);
}

static void a_retraction_tells_what_it_makes_of_later_events(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "step C-1 2021-05-18 score=30");
    assert_int_equal(s->out.n_findings, 0);
    toy_put(s, "kadens.retracted - - :retracts=3 :because=x");
    assert_int_equal(s->out.n_later, 1);
    assert_int_equal(s->out.later[0].seq, 6);
    assert_str_equal(s->out.later[0].finding.guard->message, "A step without enrollment");
}

static void retractions_that_cannot_be_are_refused(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.corrected - - :corrects=4 :because=x extent=50~%"); /* 6 */
    toy_put(s, "kadens.retracted - - :retracts=4 :because=x");             /* 7 */
    static const struct {
        const char *line, *words;
    } bad[] = {
        {"kadens.retracted - - :retracts=4 :because=x",
         "Record 4 was retracted already, by record 7."},
        {"kadens.retracted - - :retracts=6 :because=x",
         "Record 4 was retracted already, by record 7."},
        {"kadens.retracted - - :retracts=7 :because=x",
         "Record 7 is a retraction, and those stand: record what it took back anew."},
        {"kadens.retracted - - :retracts=8 :because=x", "There is no record 8"},
        {"kadens.retracted - - :retracts=3", "The reason is missing"},
        {"kadens.retracted C-2 - :retracts=3 :because=x", "Record 3 is about “C-1”"},
        {"kadens.retracted C-1 - :retracts=1 :because=x", "Record 1 is about the rules"},
        {"kadens.retracted - - :retracts=3 :because=x extent=50~%", "has no field “extent”"},
        {"kadens.retracted - - :retracts=2 :because=x",
         "would then begin with enrollment, but it must begin with referral."},
    };
    for (size_t i = 0; i < LEN(bad); i++)
        toy_refuse(s, bad[i].line, KAD_EINPUT, bad[i].words);
    /* From the last to the first everything can be taken back, and begun anew. */
    toy_put(s, "kadens.retracted - - :retracts=3 :because=x");
    toy_put(s, "kadens.retracted - - :retracts=2 :because=x");
    struct kad_subject c = subject(s, "C-1");
    assert_int_equal(c.story.n_facts, 0);
    toy_refuse(s, "visit C-1 2021-05-20", KAD_EINPUT, "There is no participant “C-1” yet");
    toy_put(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes");
}

/* --- waivers --- */

static enum kad_state state_of(struct toy_store *s, const char *key, const char *id)
{
    struct kad_subject c = subject(s, key);
    const struct kad_instance *v;
    kad_day day = toy_day("2021-06-01");
    size_t n = kad_derive_instances(c.derive, day, kad_add_years(day, 1), &v);
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(v[i].id, kad_str(id)))
            return v[i].state;
    fail_msg("no task %s", id);
    return KAD_S__COUNT;
}

static void a_task_is_waived_and_the_waiver_retracted(void **state)
{
    struct toy_store *s = *state;
    assert_int_equal(state_of(s, "C-1", "C-1/follow_up/3"), KAD_S_OVERDUE);
    toy_put(s, "kadens.waived - - :task=C-1/follow_up/3 :because=Moved~away");
    const struct kad_record *r = s->out.record;
    assert_str_equal(r->subject, "C-1");
    assert_int_equal(r->policy, 1);
    assert_int_equal(r->on, toy_day("2021-06-01"));
    assert_str_equal(kad_record_note(r, "task"), "C-1/follow_up/3");
    assert_int_equal(state_of(s, "C-1", "C-1/follow_up/3"), KAD_S_WAIVED);
    toy_refuse(s, "kadens.waived - - :task=C-1/follow_up/3 :because=x", KAD_ENO,
               "cannot be waived: it is waived, by record 6.");
    toy_put(s, "kadens.retracted - - :retracts=6 :because=x");
    assert_int_equal(state_of(s, "C-1", "C-1/follow_up/3"), KAD_S_OVERDUE);
    toy_put(s, "kadens.waived C-1 - :task=C-1/follow_up/3 :because=x");
}

static void a_duty_of_a_member_without_records_is_waived(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.waived - - :task=eksjo/certificate/2021-H1 :because=x");
    assert_str_equal(s->out.kind, "municipality");
    assert_int_equal(state_of(s, "eksjo", "eksjo/certificate/2021-H1"), KAD_S_WAIVED);
    /* Also one that lies years ahead. */
    toy_put(s, "kadens.waived - - :task=nassjo/certificate/2035-H2 :because=x");
}

static void waivers_that_cannot_be_are_refused(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "visit C-1 2021-05-25"); /* 6: does follow_up */
    toy_put(s, "discharge C-2 2021-05-26 reason=work");
    static const struct {
        const char *line, *words;
        enum kad_err code;
    } bad[] = {
        {"kadens.waived - - :task=C-1/follow_up/3 :because=x", "it is done, by record 6.", KAD_ENO},
        {"kadens.waived - - :task=C-1/welcome/2 :because=x", "it is untold.", KAD_ENO},
        {"kadens.waived - - :task=C-1/follow_up/9 :because=x", "“C-1” has no task", KAD_ENO},
        {"kadens.waived - - :task=C-9/follow_up/3 :because=x", "no subject “C-9”", KAD_ENO},
        {"kadens.waived - - :task=follow_up :because=x", "is no task's id", KAD_EINPUT},
        {"kadens.waived C-2 - :task=C-1/follow_up/3 :because=x", "is not one of", KAD_EINPUT},
        {"kadens.waived - - :task=C-1/follow_up/3", "The reason is missing", KAD_EINPUT},
        {"kadens.waived - - :because=x", "“task” is missing", KAD_EINPUT},
    };
    for (size_t i = 0; i < LEN(bad); i++)
        toy_refuse(s, bad[i].line, bad[i].code, bad[i].words);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_correction_changes_what_is_given_and_keeps_the_rest),
        TEST(a_correction_moves_the_day),
        TEST(a_correction_takes_an_optional_field_away),
        TEST(a_correction_of_a_correction_is_one_of_its_event),
        TEST(corrections_that_cannot_be_are_refused),
        TEST(a_correction_may_not_make_a_ghost),
        TEST(a_correction_is_not_guarded_but_tells_what_it_makes_of_events),
        TEST(a_retraction_takes_back_what_was_recorded),
        TEST(a_retraction_tells_what_it_makes_of_later_events),
        TEST(retractions_that_cannot_be_are_refused),
        TEST(a_task_is_waived_and_the_waiver_retracted),
        TEST(a_duty_of_a_member_without_records_is_waived),
        TEST(waivers_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("engine: amending", tests, NULL, NULL);
}

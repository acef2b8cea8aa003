/* Adopting and ending policies, and which one decides for whom on which day. */
#include <string.h>

#include "core/clock.h"
#include "tests/unit/toy_store.h"
#include "tests/unit/unit.h"

static int setup(void **state)
{
    static struct toy_store s;
    toy_open(&s, KAD_LEDGER_PLAIN, "2021-06-01T08:00:00Z");
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    toy_close(*state);
    return 0;
}

/* SHA-256 of "toy". */
static const char toy_digest[] = "0f53133ce57ca8e8937bb4b1c15a33ef9594704e1c11abd58e598bb8362f7385";

static void an_adoption_keeps_text_fingerprint_and_decision(void **state)
{
    struct toy_store *s = *state;
    assert_int_equal(toy_put(s, "kadens.adopted - 2021-01-01 :decision=KS~§~12 :text=toy"), 1);
    const struct kad_record *r = s->out.record;
    static const char *const order[] = {"name", "text", "digest", "decision"};
    assert_int_equal(r->kind, KAD_R_ADOPTED);
    assert_int_equal(r->on, toy_day("2021-01-01"));
    assert_int_equal(r->subject.n, 0);
    assert_int_equal(r->n_notes, LEN(order));
    for (size_t i = 0; i < LEN(order); i++)
        assert_str_equal(r->notes[i].name, order[i]);
    assert_str_equal(kad_record_note(r, "name"), "toy");
    assert_str_equal(kad_record_note(r, "decision"), "KS § 12");
    assert_str_equal(kad_record_note(r, "digest"), toy_digest);
    toy_commit(s);
    const struct kad_timeline *t = kad_engine_timeline(s->e);
    assert_int_equal(t->n, 1);
    assert_int_equal(t->v[0].seq, 1);
    struct kad_buf b = {0};
    kad_engine_put_policy(s->e, 1, &b);
    assert_buf(&b, "toy@2021-01-01");
    kad_engine_put_policy(s->e, 0, &b);
    assert_buf(&b, "");
    kad_buf_done(&b);
    assert_null(kad_engine_adoption(s->e, 2));
}

static void texts_that_may_not_be_adopted_are_refused(void **state)
{
    struct toy_store *s = *state;
    static const struct {
        const char *line;
        enum kad_err code;
        const char *words;
    } bad[] = {
        {"kadens.adopted - 2021-01-01 :text=broken", KAD_ENO,
         "The policy's text has errors. policy:1:1: this is broken"},
        {"kadens.adopted - 2021-01-01", KAD_EINPUT, "“text” is missing"},
        {"kadens.adopted - 2021-01-01 :text=toy :name=tyo", KAD_EINPUT,
         "is called toy in its text"},
        {"kadens.adopted - 2021-01-01 :text=toy :digest=00", KAD_EINPUT, "fingerprint"},
        {"kadens.adopted C-1 2021-01-01 :text=toy", KAD_EINPUT, "kadens.adopted has no subject."},
        {"kadens.adopted - 2021-01-01 :text=toy x=1", KAD_EINPUT, "has no field “x”"},
        {"kadens.adopted - 2021-01-01 :text=toy :only=eksjø", KAD_EINPUT,
         "toy has no unit “eksjø”. Did you mean eksjo?"},
        {"kadens.adopted - 2021-01-01 :text=toy :only=eksjo|stockholm", KAD_EINPUT,
         "no unit “stockholm”."},
        {"kadens.adopted - 2021-01-01 :text=toy~question=Who?", KAD_ENO,
         "toy leaves 1 question open that was not accepted: “Who?” (line 200)."},
        {"kadens.adopted - 2021-01-01 :text=toy~question=Who?~question=Why?", KAD_ENO,
         "toy leaves 2 questions open that were not accepted, the first: “Who?”"},
        {"kadens.adopted - 2021-01-01 :text=toy~question=Who?~question=Why? :accepted=Who?",
         KAD_ENO, "toy leaves 1 question open that was not accepted: “Why?” (line 201)."},
    };
    for (size_t i = 0; i < LEN(bad); i++)
        toy_refuse(s, bad[i].line, bad[i].code, bad[i].words);
    assert_int_equal(toy_put(s, "kadens.adopted - 2021-01-01 :text=toy~question=Who?~question=Why? "
                                ":accepted=Why?|Who?"),
                     1);
    assert_str_equal(kad_record_note(s->out.record, "accepted"), "Who?\nWhy?");
}

static void one_ledger_has_one_zone(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.adopted - 2021-01-01 :text=toy~zone=Europe/Helsinki");
    assert_int_equal(kad_clock_day(toy_at("2021-06-01T21:30:00Z")), toy_day("2021-06-02"));
    toy_refuse(s, "kadens.adopted - 2022-01-01 :text=toy", KAD_ENO,
               "toy has the time zone Europe/Stockholm, but toy, adopted before, has "
               "Europe/Helsinki. One ledger has one time zone.");
    /* Once it is taken back, another may come. */
    toy_put(s, "kadens.retracted - - :retracts=1 :because=x");
    assert_int_equal(kad_clock_day(toy_at("2021-06-01T21:30:00Z")), toy_day("2021-06-01"));
    toy_put(s, "kadens.adopted - 2022-01-01 :text=toy");
    /* What was not committed never was. */
    toy_put(s, "kadens.retracted - - :retracts=3 :because=x");
    toy_put(s, "kadens.adopted - 2022-01-01 :text=toy~zone=Europe/Helsinki");
    toy_abort(s);
    assert_int_equal(kad_engine_timeline(s->e)->n, 0);
    assert_int_equal(kad_clock_day(toy_at("2021-06-01T21:30:00Z")), toy_day("2021-06-01"));
}

static void a_field_keeps_its_type(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_refuse(s, "kadens.adopted - 2022-01-01 :text=toy~extent=number", KAD_ENO,
               "The field extent of employment is percent in the policy toy, adopted before, and "
               "number here");
    toy_refuse(s, "kadens.adopted - 2022-01-01 :text=toy2~extent=number", KAD_ENO,
               "The field extent of employment");
    toy_refuse(s, "kadens.adopted - 2022-01-01 :text=toy~free=visit", KAD_ENO,
               "visit is an event of participant in the policy toy");
}

static void policies_side_by_side_say_the_same_and_share_no_task(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "kadens.adopted - 2021-01-01 :text=talks~only=meeting~task=talk");
    toy_refuse(s, "kadens.adopted - 2021-01-01 :text=other~only=meeting~task=welcome", KAD_ENO,
               "cannot be in force side by side: both have a task welcome.");
    toy_refuse(s, "kadens.adopted - 2021-01-01 :text=other~member=aneby", KAD_ENO,
               "toy and other cannot be in force side by side: both declare municipality, and not "
               "in the same way.");
    /* One after the other they may. */
    toy_put(s, "kadens.ended - 2021-03-01 :name=toy");
    toy_put(s, "kadens.adopted - 2021-03-01 :text=other~member=aneby");
    toy_refuse(s, "kadens.adopted - 2021-02-28 :text=third~member=aneby", KAD_ENO,
               "and third cannot");
    toy_put(s, "meeting programme 2021-02-01");
    assert_int_equal(s->out.record->policy, 2); /* talks comes before toy by name */
}

static void policies_for_different_units_do_not_meet(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.adopted - 2021-01-01 :text=toy :only=unit=eksjo");
    toy_refuse(s, "kadens.adopted - 2021-01-01 :text=other :only=eksjo|nassjo", KAD_ENO,
               "both have a task");
    toy_put(s, "kadens.adopted - 2021-01-01 :text=other :only=nassjo");
    assert_str_equal(kad_record_note(s->out.record, "only"), "nassjo");
    toy_put(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes");
    assert_int_equal(s->out.record->policy, 1);
    toy_put(s, "referral C-2 2021-05-03 birth_date=1995-05-17 unit=nassjo motivated=yes");
    assert_int_equal(s->out.record->policy, 2);
    toy_put(s, "visit C-2 2021-05-03");
    assert_int_equal(s->out.record->policy, 2);
    toy_put(s, "certificate nassjo 2021-05-03");
    assert_int_equal(s->out.record->policy, 2);
    /* The programme follows every adoption. */
    toy_put(s, "meeting programme 2021-05-03");
}

static void a_unit_without_a_policy_has_none(void **state)
{
    struct toy_store *s = *state;
    toy_put(s, "kadens.adopted - 2021-01-01 :text=toy :only=eksjo");
    toy_refuse(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=nassjo motivated=yes",
               KAD_ENO, "No policy is in force for “C-1” on 2021-05-03.");
    toy_refuse(s, "certificate nassjo 2021-05-03", KAD_ENO, "No policy is in force for “nassjo”");
    toy_refuse(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo", KAD_EINPUT,
               "referral lacks a field that it must have: motivated.");
}

static void a_members_name_may_not_be_somebodys_key(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "referral aneby 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes");
    toy_refuse(s, "kadens.adopted - 2022-01-01 :text=toy~member=aneby", KAD_ENO,
               "toy names “aneby” as a municipality, but that is the key of a participant.");
}

static void a_member_is_one_from_the_version_that_names_it(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "kadens.adopted - 2021-05-01 :text=toy~member=aneby");
    toy_put(s, "certificate aneby 2021-05-01");
    toy_refuse(s, "certificate aneby 2021-04-30", KAD_EINPUT, "none is called “aneby”");
    toy_refuse(s, "referral aneby 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes",
               KAD_EINPUT, "“aneby” is a municipality");
}

static void the_policy_in_force_on_the_events_day_decides(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "kadens.adopted - 2021-05-01 :text=toy~no=guards");
    toy_put(s, "referral C-1 2021-04-01 birth_date=1995-05-17 unit=eksjo motivated=no");
    toy_refuse(s, "enrollment C-1 2021-04-30 coach=anna", KAD_ENO, "Enrolled once motivated");
    toy_put(s, "enrollment C-1 2021-05-01 coach=anna");
    assert_int_equal(s->out.record->policy, 2);
    /* Of equal days the one recorded later. */
    toy_put(s, "kadens.adopted - 2021-05-01 :text=toy");
    toy_put(s, "meeting programme 2021-05-01");
    assert_int_equal(s->out.record->policy, 5);
}

static void ends_are_of_what_is_adopted(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_refuse(s, "kadens.ended - 2021-05-01 :name=toj", KAD_EINPUT,
               "No policy “toj” is adopted. Did you mean toy?");
    toy_refuse(s, "kadens.ended - 2021-05-01 :name=elsewhere", KAD_EINPUT, "is adopted.");
    toy_refuse(s, "kadens.ended - 2020-05-01 :name=toy", KAD_EINPUT,
               "toy is in force from 2021-01-01, so it cannot end on 2020-05-01 already.");
    toy_put(s, "kadens.ended - 2021-05-01 :name=toy");
    assert_int_equal(s->out.record->n_notes, 1);
    /* An end can be taken back. */
    toy_refuse(s, "meeting programme 2021-05-01", KAD_ENO, "No policy is in force");
    toy_put(s, "kadens.retracted - - :retracts=2 :because=x");
    toy_put(s, "meeting programme 2021-05-01");
    toy_refuse(s, "kadens.retracted - - :retracts=2 :because=x", KAD_EINPUT,
               "Record 2 was retracted already, by record 3.");
}

static void known_at_knows_only_what_was_adopted_by_then(void **state)
{
    struct toy_store *s = *state;
    toy_adopt(s);
    toy_put(s, "kadens.adopted - 2021-05-01 :text=toy~no=guards");
    toy_put(s, "kadens.retracted - - :retracts=1 :because=x");
    toy_commit(s);
    static const struct {
        uint64_t seq;
        size_t n;
    } cases[] = {{0, 0}, {1, 1}, {2, 2}, {3, 1}, {99, 1}};
    for (size_t i = 0; i < LEN(cases); i++) {
        s->o.known.seq = cases[i].seq;
        toy_reopen(s);
        assert_int_equal(kad_engine_timeline(s->e)->n, cases[i].n);
        /* Whatever is known, an adoption can be named. */
        assert_non_null(kad_engine_adoption(s->e, 1));
        assert_non_null(kad_engine_adoption(s->e, 1)->policy);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_adoption_keeps_text_fingerprint_and_decision),
        TEST(texts_that_may_not_be_adopted_are_refused),
        TEST(one_ledger_has_one_zone),
        TEST(a_field_keeps_its_type),
        TEST(policies_side_by_side_say_the_same_and_share_no_task),
        TEST(policies_for_different_units_do_not_meet),
        TEST(a_unit_without_a_policy_has_none),
        TEST(a_members_name_may_not_be_somebodys_key),
        TEST(a_member_is_one_from_the_version_that_names_it),
        TEST(the_policy_in_force_on_the_events_day_decides),
        TEST(ends_are_of_what_is_adopted),
        TEST(known_at_knows_only_what_was_adopted_by_then),
    };
    return cmocka_run_group_tests_name("engine: policies", tests, NULL, NULL);
}

/* The engine under real rule text: the policies as boards write them, adopted and followed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "dsl/dsl.h"
#include "tests/unit/toy_store.h"
#include "tests/unit/unit.h"

static int setup(void **state)
{
    static struct toy_store s;
    toy_open(&s, KAD_LEDGER_PLAIN, "2022-06-01T08:00:00Z");
    s.o.compile = kad_dsl_compile_fn;
    toy_reopen(&s);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    toy_close(*state);
    return 0;
}

/* A file of the source tree. */
static struct kad_str text_of(struct toy_store *s, const char *path)
{
    const char *root = getenv("KAD_SRC");
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root ? root : ".", path);
    FILE *f = fopen(full, "rb");
    assert_non_null(f);
    char *p = kad_arena_alloc(&s->words, KAD_LIMIT_RULE_BYTES);
    size_t n = fread(p, 1, KAD_LIMIT_RULE_BYTES, f);
    assert_true(n > 0 && n < KAD_LIMIT_RULE_BYTES);
    fclose(f);
    return (struct kad_str){p, n};
}

/* The text with the first `from` in it replaced. */
static struct kad_str changed(struct toy_store *s, struct kad_str text, const char *from,
                              const char *to)
{
    const char *at = memmem(text.p, text.n, from, strlen(from));
    assert_non_null(at);
    char *all =
        kad_arena_printf(&s->words, "%.*s%s%.*s", (int)(at - text.p), text.p, to,
                         (int)(text.n - (size_t)(at - text.p) - strlen(from)), at + strlen(from));
    return kad_str(all);
}

static enum kad_err adopt(struct toy_store *s, struct kad_str text, const char *from)
{
    struct kad_input note = {.name = KAD_STR("text"), .form = KAD_IN_STRING, .text = text};
    struct kad_draft d = {.type = KAD_STR("kadens.adopted"),
                          .on = toy_day(from),
                          .at = KAD_INSTANT_NONE,
                          .notes = &note,
                          .n_notes = 1,
                          .clock = -1};
    return toy_draft(s, &d);
}

static void must_adopt(struct toy_store *s, struct kad_str text, const char *from)
{
    if (adopt(s, text, from) != KAD_OK)
        fail_msg("%s", s->err.text);
}

static void refuse_to_adopt(struct toy_store *s, struct kad_str text, const char *from,
                            const char *words)
{
    assert_int_equal(adopt(s, text, from), KAD_ENO);
    if (!strstr(s->err.text, words))
        fail_msg("“%s” is not in: %s", words, s->err.text);
}

static void the_policy_of_2021_guards_its_events(void **state)
{
    struct toy_store *s = *state;
    must_adopt(s, text_of(s, "rules/se-hoglandet-2021.rules"), "2021-01-01");
    toy_put(s, "referral C-1 2021-05-03 birth_date=2004-05-17 unit=eksjo motivated=yes");
    toy_refuse(
        s, "enrollment C-1 2021-05-17 coach=anna", KAD_ENO,
        "enrollment of “C-1” is refused: Deltagaren ska vara 18–64 år. (3.0 Målgrupp; line ");
    assert_non_null(strstr(s->err.text, " of se_hoglandet.) Found: "));
    assert_null(strstr(s->err.text, "2004"));
    toy_put(s, "enrollment C-1 2022-05-17 coach=anna");
    toy_put(s, "referral C-2 2021-05-03 birth_date=1990-05-17 unit=tranas motivated=no");
    toy_put(s, "gk_started C-2 2021-05-04");
    toy_put(s, "decision C-2 2021-05-05 outcome=decline");
    assert_int_equal(toy_try(s, "enrollment C-2 2021-05-17 coach=bo"), KAD_ENO);
    assert_int_equal(s->out.n_findings, 3);
    assert_non_null(strstr(s->err.text, "Skrivs in när motivation finns."));
    assert_non_null(strstr(s->err.text, "Gruppen har inte beslutat om inkludering."));
    toy_refuse(s, "requisition eksjo 2021-07-10 amount=100", KAD_ENO,
               "Intyget för perioden saknas");
    toy_put(s,
            "certificate eksjo 2021-07-10 per_description=yes beyond_ordinary=no share_worked=yes");
    toy_put(s, "requisition eksjo 2021-07-10 amount=465~000~SEK");
}

static const struct kad_instance *task(struct toy_store *s, const char *key, const char *id,
                                       const char *day)
{
    struct kad_subject subject;
    const struct kad_instance *v;
    toy_commit(s);
    assert_int_equal(kad_engine_subject(s->e, kad_str(key), &s->words, &subject, &s->err), KAD_OK);
    size_t n = kad_derive_instances(subject.derive, toy_day(day), toy_day(day) + 366, &v);
    for (size_t i = 0; i < n; i++)
        if (kad_str_eq(v[i].id, kad_str(id)))
            return &v[i];
    fail_msg("no task %s", id);
    return NULL;
}

static void a_tasks_id_outlives_corrections_and_versions(void **state)
{
    struct toy_store *s = *state;
    static const char id[] = "C-1/aftercare.aftercare_visit/4/m1.w2";
    struct kad_str text = text_of(s, "rules/se-hoglandet-2021.rules");
    must_adopt(s, text, "2021-01-01");
    toy_put(s, "referral C-1 2021-05-03 birth_date=1995-05-17 unit=eksjo motivated=yes");
    toy_put(s, "enrollment C-1 2021-05-17 coach=anna");
    toy_put(s, "employment C-1 2021-06-01 extent=75~%");
    const struct kad_instance *i = task(s, "C-1", id, "2021-06-10");
    assert_int_equal(i->due, toy_day("2021-06-14"));
    assert_int_equal(i->state, KAD_S_OPEN);
    assert_str_equal(i->owner, "anna");
    assert_str_equal(i->unit, "eksjo");
    toy_put(s, "kadens.corrected - - :corrects=4 :because=Misread :on=2021-06-02");
    assert_int_equal(task(s, "C-1", id, "2021-06-10")->due, toy_day("2021-06-15"));
    must_adopt(s, changed(s, text, "\"Anställning\"", "\"Jobb\""), "2021-06-05");
    i = task(s, "C-1", id, "2021-06-10");
    assert_int_equal(i->due, toy_day("2021-06-15"));
    assert_int_equal(i->adoption->seq, 6);
    toy_put(s,
            "kadens.waived - 2021-06-12 :task=C-1/aftercare.aftercare_visit/4/m1.w2 :because=Away");
    assert_int_equal(task(s, "C-1", id, "2021-06-13")->state, KAD_S_WAIVED);
    assert_int_equal(task(s, "C-1", id, "2021-06-11")->state, KAD_S_OPEN);
}

static void a_changed_policy_must_agree_with_what_is_recorded(void **state)
{
    struct toy_store *s = *state;
    struct kad_str text = text_of(s, "rules/se-hoglandet-2021.rules");
    must_adopt(s, text, "2021-01-01");
    refuse_to_adopt(s, changed(s, text, "event gk_ended", "evnt gk_ended"), "2022-01-01",
                    "The policy's text has errors. ");
    refuse_to_adopt(
        s, text_of(s, "tests/rules/road-fines.rules"), "2022-01-01",
        "road_fines has the time zone Europe/Rome, but se_hoglandet, adopted before, has "
        "Europe/Stockholm.");
    refuse_to_adopt(s, changed(s, text, "policy se_hoglandet", "policy another"), "2022-01-01",
                    "se_hoglandet and another cannot be in force side by side: both have a task ");
    /* In its place it may stand. */
    toy_put(s, "kadens.ended - 2022-01-01 :name=se_hoglandet");
    must_adopt(s, changed(s, text, "policy se_hoglandet", "policy another"), "2022-01-01");
}

static const char mini[] = "policy mini \"Mini\"\n"
                           "    language en\n"
                           "    calendar sweden\n"
                           "    running cases follow the new rules\n"
                           "event talk \"Talk\" of programme   hours number optional\n";

static void a_field_keeps_the_type_it_was_recorded_with(void **state)
{
    struct toy_store *s = *state;
    must_adopt(s, KAD_STR(mini), "2021-01-01");
    toy_put(s, "talk programme 2021-02-01 hours=1,5");
    struct kad_str money = changed(s, KAD_STR(mini), "number", "money");
    refuse_to_adopt(
        s, money, "2022-01-01",
        "The field hours of talk is number in the policy mini, adopted before, and money "
        "here (line 5).");
    refuse_to_adopt(s, changed(s, money, "policy mini", "policy maxi"), "2022-01-01",
                    "The field hours of talk");
    /* What both declare in the same way does not stand between them. */
    must_adopt(s, changed(s, KAD_STR(mini), "policy mini", "policy maxi"), "2021-01-01");
    toy_put(s, "talk programme 2021-02-02");
    assert_int_equal(s->out.record->policy, 3);
    refuse_to_adopt(s, changed(s, KAD_STR(mini), "optional", ""), "2022-01-01",
                    "maxi and mini cannot be in force side by side: both declare talk, and not in "
                    "the same way.");
}

static void the_books_of_an_older_system_are_recorded_then(void **state)
{
    struct toy_store *s = *state;
    s->batch_options.recorded_then = true;
    must_adopt(s, text_of(s, "tests/rules/road-fines.rules"), "2000-01-01");
    toy_put(s, "create_fine A1 2006-07-24 amount=35 article=157 points=0 vehicle=A");
    assert_true(s->out.record->at == toy_at("2006-07-24T21:59:59.999999Z"));
    toy_put(s, "send_fine A1 2006-12-05 expense=11,5");
    assert_true(s->out.record->at == toy_at("2006-12-05T22:59:59.999999Z"));
    const struct kad_instance *i = task(s, "A1", "A1/send_fine/2", "2007-01-01");
    assert_int_equal(i->state, KAD_S_DONE);
    assert_int_equal(i->due, toy_day("2006-10-22"));
    assert_true(i->late);
    s->batch_options.recorded_then = false;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_policy_of_2021_guards_its_events),
        TEST(a_tasks_id_outlives_corrections_and_versions),
        TEST(a_changed_policy_must_agree_with_what_is_recorded),
        TEST(a_field_keeps_the_type_it_was_recorded_with),
        TEST(the_books_of_an_older_system_are_recorded_then),
    };
    return cmocka_run_group_tests_name("engine: real rules", tests, NULL, NULL);
}

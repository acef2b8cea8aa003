/* Histories made at random, refused drafts among them: the views agree with the records, and the
 * records carried into an empty store, as an export does it, are the same to the byte. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/toy_store.h"
#include "tests/unit/unit.h"

#define HISTORIES 12
#define DRAFTS 150

static uint64_t dice_state;

static unsigned roll(unsigned sides)
{
    dice_state = dice_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(dice_state >> 33) % sides;
}

static const char *day(char out[KAD_DAY_TEXT])
{
    return kad_day_text(toy_day("2021-01-01") + (kad_day)roll(200), out);
}

static void event_line(char *line, size_t n)
{
    static const char *const reasons[] = {"work", "studies", "health"};
    char on[KAD_DAY_TEXT];
    unsigned key = roll(6);
    day(on);
    switch (roll(9)) {
    case 0:
        snprintf(line, n, "referral C-%u %s birth_date=1995-05-17 unit=%s motivated=%s", key, on,
                 roll(2) ? "eksjo" : "nassjo", roll(2) ? "yes" : "no");
        return;
    case 1:
        snprintf(line, n, "enrollment C-%u %s coach=%s%s", key, on, roll(2) ? "anna" : "bo",
                 roll(2) ? " !override=So~it~was" : "");
        return;
    case 2:
        snprintf(line, n, "motivation C-%u %s motivated=%s !id=m-%u", key, on,
                 roll(2) ? "yes" : "no", roll(20));
        return;
    case 3:
        snprintf(line, n, "step C-%u %s score=%u,5", key, on, 20 + roll(100));
        return;
    case 4:
        snprintf(line, n, "employment C-%u %s employer=Ica~&~co extent=%u~%%", key, on, roll(100));
        return;
    case 5:
        snprintf(line, n, "discharge C-%u %s reason=%s", key, on, reasons[roll(3)]);
        return;
    case 6:
        snprintf(line, n, "requisition %s %s amount=%u,25~kr", roll(2) ? "eksjo" : "aneby", on,
                 roll(100000));
        return;
    case 7:
        snprintf(line, n, "meeting programme %s%s", on, roll(2) ? " note=All~were~there" : "");
        return;
    default:
        snprintf(line, n, "visit C-%u %s !by=%s", key, on, roll(2) ? "cilla" : "dan");
    }
}

static void amending_line(char *line, size_t n, uint64_t last)
{
    char on[KAD_DAY_TEXT];
    unsigned seq = 1 + roll((unsigned)last + 1);
    day(on);
    switch (roll(5)) {
    case 0:
        snprintf(line, n, "kadens.corrected - - :corrects=%u :because=Misread :on=%s", seq, on);
        return;
    case 1:
        snprintf(line, n, "kadens.corrected - - :corrects=%u :because=Misread %s", seq,
                 roll(2)   ? "employer=null"
                 : roll(2) ? "motivated=no"
                           : "extent=50~%");
        return;
    case 2:
        snprintf(line, n, "kadens.retracted - - :retracts=%u :because=Wrong~case", seq);
        return;
    case 3:
        snprintf(line, n, "kadens.waived - - :task=C-%u/follow_up/%u :because=Moved", roll(6), seq);
        return;
    default:
        snprintf(line, n, "kadens.waived - %s :task=eksjo/certificate/2021-H%u :because=None", on,
                 1 + roll(2));
    }
}

static void policy_line(char *line, size_t n)
{
    char on[KAD_DAY_TEXT];
    day(on);
    switch (roll(5)) {
    case 0:
        snprintf(line, n, "kadens.adopted - %s :text=toy~member=aneby~question=Who? :accepted=Who?",
                 on);
        return;
    case 1:
        snprintf(line, n, "kadens.adopted - %s :text=toy~no=guards :only=eksjo :decision=KS~12",
                 on);
        return;
    case 2:
        snprintf(line, n, "kadens.ended - %s :name=toy", on);
        return;
    case 3:
        snprintf(line, n, "kadens.adopted - %s :text=talks~only=meeting~task=talk !id=talks", on);
        return;
    default:
        snprintf(line, n, "kadens.adopted - %s :text=toy", on);
    }
}

static void make_history(struct toy_store *s)
{
    char line[400];
    toy_adopt(s);
    for (unsigned i = 0; i < DRAFTS; i++) {
        uint64_t last = s->out.seq;
        unsigned what = roll(20);
        if (what == 0)
            policy_line(line, sizeof line);
        else if (what < 6)
            amending_line(line, sizeof line, last);
        else
            event_line(line, sizeof line);
        enum kad_err err = toy_try(s, line);
        if (err != KAD_OK) {
            s->out.seq = last;
            if (err != KAD_ENO && err != KAD_EINPUT)
                fail_msg("%s: %s %s", line, kad_err_name(err), s->err.text);
        }
        if (roll(10) == 0)
            toy_commit(s);
        if (roll(30) == 0) {
            toy_commit(s);
            toy_reopen(s);
        }
    }
    toy_commit(s);
}

/* --- as an export and an import do it --- */

static struct kad_input input_of(const struct kad_field *f)
{
    struct kad_input in = {.name = f->name, .text = f->value.str, .num = f->value.num};
    switch (f->value.know == KAD_KNOWN ? f->value.type : KAD_T_NONE) {
    case KAD_T_NONE:
        in.form = KAD_IN_NULL;
        return in;
    case KAD_T_NUMBER:
    case KAD_T_PERCENT:
    case KAD_T_MONEY:
        in.form = KAD_IN_NUMBER;
        return in;
    case KAD_T_YESNO:
        in.form = KAD_IN_BOOL;
        return in;
    case KAD_T_LIST:
        in.form = KAD_IN_LIST;
        return in;
    default:
        in.form = KAD_IN_STRING;
        return in;
    }
}

static void inputs_of(struct kad_arena *a, const struct kad_field *f, size_t n,
                      struct kad_input **ret, size_t *ret_n)
{
    *ret = kad_arena_array(a, struct kad_input, n + 1);
    *ret_n = n;
    for (size_t i = 0; i < n; i++) {
        struct kad_input *in = &(*ret)[i];
        *in = input_of(&f[i]);
        if (f[i].value.know == KAD_KNOWN && f[i].value.type == KAD_T_DATE) {
            char *text = kad_arena_alloc(a, KAD_DAY_TEXT);
            in->text = kad_str(kad_day_text((kad_day)f[i].value.num, text));
        }
    }
}

static struct kad_draft draft_of(struct kad_arena *a, const struct kad_record *r)
{
    struct kad_input *fields, *notes;
    struct kad_draft d = {.type = r->type,
                          .subject = r->subject,
                          .id = r->id,
                          .by = r->by,
                          .via = r->via,
                          .on = r->on,
                          .at = r->at,
                          .seq = r->seq,
                          .clock = (r->flags & KAD_RF_GIVEN) != 0};
    inputs_of(a, r->fields, r->n_fields, &fields, &d.n_fields);
    d.fields = fields;
    if (r->kind == KAD_R_EVENT) {
        if (r->flags & KAD_RF_OVERRIDE)
            d.override = kad_record_note(r, "because");
        return d;
    }
    inputs_of(a, r->notes, r->n_notes, &notes, &d.n_notes);
    d.notes = notes;
    if (r->kind == KAD_R_CORRECTED || r->kind == KAD_R_RETRACTED)
        notes[d.n_notes++] = (struct kad_input){
            .name = r->kind == KAD_R_CORRECTED ? KAD_STR("corrects") : KAD_STR("retracts"),
            .form = KAD_IN_NUMBER,
            .num = (int64_t)r->ref * KAD_MICRO};
    return d;
}

static struct kad_str bytes_of(struct kad_snapshot *snap, uint64_t seq)
{
    struct kad_str bytes = {0};
    struct kad_error err = {0};
    assert_int_equal(kad_snapshot_record(snap, seq, &bytes, &err), KAD_OK);
    return bytes;
}

static void carry(struct toy_store *from, struct toy_store *to, bool twice)
{
    struct kad_snapshot *a = NULL;
    struct kad_ledger_state state;
    assert_int_equal(kad_snapshot_take(kad_engine_ledger(from->e), &a, &from->err), KAD_OK);
    assert_int_equal(kad_snapshot_state(a, &state, &from->err), KAD_OK);
    assert_true(state.last_seq > DRAFTS / 10);
    for (uint64_t seq = 1; seq <= state.last_seq; seq++) {
        struct kad_record r;
        assert_int_equal(
            kad_snapshot_decode(a, bytes_of(a, seq), &to->words, true, &r, &to->err), KAD_OK);
        struct kad_draft d = draft_of(&to->words, &r);
        if (toy_draft(to, &d) != KAD_OK)
            fail_msg("record %llu, %.*s: %s", (unsigned long long)seq, KAD_STR_FMT(r.type),
                     to->err.text);
        assert_int_equal(to->out.already, twice);
    }
    toy_commit(to);
    kad_snapshot_release(a);
}

/* Its bytes as if all ledgers sealed with one key and one nonce: what else is there must agree. */
static void put_unsealed(struct toy_store *s, struct kad_snapshot *snap, uint64_t seq,
                         struct kad_buf *ret)
{
    static const uint8_t key[KAD_SEAL_KEY] = {1}, nonce[KAD_SEAL_NONCE] = {2};
    static const struct kad_seal seal = {1, key, nonce};
    struct kad_record r;
    assert_int_equal(
        kad_snapshot_decode(snap, bytes_of(snap, seq), &s->words, true, &r, &s->err), KAD_OK);
    kad_buf_reset(ret);
    kad_record_encode(ret, &r, &seal);
}

static void assert_same(struct toy_store *from, struct toy_store *to)
{
    struct kad_snapshot *a = NULL, *b = NULL;
    struct kad_ledger_state x, y;
    assert_int_equal(kad_snapshot_take(kad_engine_ledger(from->e), &a, &from->err), KAD_OK);
    assert_int_equal(kad_snapshot_take(kad_engine_ledger(to->e), &b, &to->err), KAD_OK);
    assert_int_equal(kad_snapshot_state(a, &x, &from->err), KAD_OK);
    assert_int_equal(kad_snapshot_state(b, &y, &to->err), KAD_OK);
    assert_int_equal(x.last_seq, y.last_seq);
    assert_int_equal(x.subjects, y.subjects);
    struct kad_buf p = {0}, q = {0};
    for (uint64_t seq = 1; seq <= x.last_seq; seq++) {
        put_unsealed(from, a, seq, &p);
        put_unsealed(to, b, seq, &q);
        if (p.n != q.n || memcmp(p.p, q.p, p.n) != 0)
            fail_msg("record %llu differs", (unsigned long long)seq);
    }
    kad_buf_done(&p);
    kad_buf_done(&q);
    kad_snapshot_release(a);
    kad_snapshot_release(b);
}

static void assert_views_agree(struct toy_store *s)
{
    uint64_t n = 0;
    s->err = (struct kad_error){0};
    assert_int_equal(kad_view_check(kad_engine_ledger(s->e), NULL, NULL, NULL, &n, &s->err),
                     KAD_OK);
    assert_int_equal(n, 0);
}

static void what_is_carried_over_is_the_same_to_the_byte(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct toy_store from, to;
        dice_state = seed;
        toy_open(&from, KAD_LEDGER_PLAIN, seed % 2 ? NULL : "2021-06-01T08:00:00Z");
        make_history(&from);
        toy_open(&to, KAD_LEDGER_PLAIN, NULL);
        carry(&from, &to, false);
        assert_same(&from, &to);
        carry(&from, &to, true);
        assert_same(&from, &to);
        assert_views_agree(&from);
        assert_views_agree(&to);
        toy_close(&to);
        toy_close(&from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_carried_over_is_the_same_to_the_byte),
    };
    return cmocka_run_group_tests_name("engine: carrying a ledger over", tests, NULL, NULL);
}

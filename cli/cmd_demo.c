/* demo: a realistic store made from nothing. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/demo.h"
#include "cli/program.h"
#include "core/clock.h"
#include "core/keys.h"
#include "rules/shipped.h"

#define CASES_DEFAULT 60
#define CASES_MOST 1000000
#define POLICY "se-hoglandet-2021"
#define FIRST_KEY 1001
#define TRY_WIDTH 48 /* columns of a command to try */

/* The forms of the table. */
#define FORM_STRING KAD_IN_STRING
#define FORM_NUMBER KAD_IN_NUMBER
#define FORM_BOOL KAD_IN_BOOL
static const struct what {
    const char *type;
    struct what_field {
        const char *name;
        enum kad_input_form form;
        const char *value;
    } fields[2];
} whats[] = {
#define X(name, type, f1, t1, v1, f2, t2, v2)                                                      \
    [KAD_D_##name] = {type, {{f1, FORM_##t1, v1}, {f2, FORM_##t2, v2}}},
    KAD_DEMO_MAP(X)
#undef X
};

static const char *const units[KAD_DEMO_UNITS] = {"aneby",  "eksjo",  "nassjo",
                                                  "savsjo", "tranas", "vetlanda"};
static const char *const managers[KAD_DEMO_UNITS] = {"kerstin", "ulf",    "helena",
                                                     "jan",     "annika", "peter"};
static const char *const coaches[10] = {"anna", "lars", "maria",  "johan", "karin",
                                        "erik", "elin", "anders", "eva",   "mikael"};
static const char *const women[16] = {"Alice", "Maja",  "Elsa",     "Astrid", "Ebba",   "Saga",
                                      "Amina", "Lena",  "Birgitta", "Sara",   "Linnea", "Noor",
                                      "Ida",   "Signe", "Hanna",    "Petra"};
static const char *const men[16] = {"Oscar", "Hugo",  "Nils", "Ali",    "Viktor", "Emil",
                                    "Göran", "Sven",  "Liam", "Hassan", "Bo",     "Axel",
                                    "Jonas", "Tomas", "Åke",  "Filip"};
static const char *const surnames[16] = {
    "Andersson", "Berg",      "Carlsson", "Dahl", "Ek",      "Forsberg", "Gran",    "Holm",
    "Ismail",    "Johansson", "Karlsson", "Lind", "Nyström", "Öberg",    "Sjögren", "Wallin"};
static const char *const referrers[5] = {"employment_service", "social_insurance", "psychiatry",
                                         "municipality", "self"};
static const char *const benefits[4] = {"sickness_benefit", "activity_compensation",
                                        "social_assistance", "activity_support"};
static const char *const placements[3] = {"study_visit", "job_tasting", "work_trial"};
static const char *const employers[8] = {"Sågen i Eksjö",   "Kommunens kök",    "Lagret i Nässjö",
                                         "Möbelverkstaden", "Hemtjänsten",      "Bageriet",
                                         "Plåtslageriet",   "Trädgårdsmästaren"};
static const char *const contacts[3] = {"participant", "employer", "both"};
static const char *const reasons[6] = {"motivation",    "relapse",    "health",
                                       "other_support", "own_choice", "health"};
static const char *const answers[6] = {"seldom", "sometimes", "often", "often", "mostly", "always"};
static const char *const degrees[5] = {"little", "partly", "much", "very_much", "fully"};

struct demo {
    struct kad_cli *c;
    struct kad_demo d;
    struct kad_ledger_info info;
    struct kad_batch *batch;
    struct kad_arena arena; /* of the draft */
    struct kad_input in[16];
    size_t n_in;
};

/* --- one event --- */

static struct kad_str coach_name(struct kad_arena *a, uint32_t coach)
{
    const char *name = coaches[coach % 10];
    if (coach < 10)
        return kad_str(name);
    return kad_str(kad_arena_printf(a, "%s%u", name, (unsigned)(coach / 10 + 1)));
}

static void give(struct demo *m, const char *name, enum kad_input_form form, struct kad_str text,
                 int64_t num)
{
    kad_assert(m->n_in < sizeof m->in / sizeof *m->in);
    m->in[m->n_in++] =
        (struct kad_input){.name = kad_str(name), .form = form, .text = text, .num = num};
}

static void give_text(struct demo *m, const char *name, const char *text)
{
    give(m, name, KAD_IN_STRING, kad_str(text), 0);
}

static void give_day(struct demo *m, const char *name, kad_day day)
{
    char text[KAD_DAY_TEXT];
    give_text(m, name, kad_arena_strdup(&m->arena, kad_day_text(day, text)));
}

static void give_referral(struct demo *m, const struct kad_demo_person *p, bool motivated)
{
    give_day(m, "birth_date", p->born);
    give_text(m, "gender", p->woman ? "woman" : "man");
    give_text(m, "from", referrers[p->from]);
    give_text(m, "unit", units[p->unit]);
    give(m, "motivated", KAD_IN_BOOL, KAD_STR(""), motivated);
    give_text(m, "name",
              kad_arena_printf(&m->arena, "%s %s", p->woman ? women[p->first] : men[p->first],
                               surnames[p->last]));
}

static void give_answer(struct demo *m, uint32_t luck)
{
    static const char *const names[] = {"q1", "q2", "q3", "q4", "q5", "q6", "q7"};
    uint64_t state = luck;
    give_text(m, "unit", units[kad_demo_random(&state) % KAD_DEMO_UNITS]);
    give_text(m, "gender", kad_demo_random(&state) % 2 ? "woman" : "man");
    for (size_t i = 0; i < 7; i++)
        if (kad_demo_random(&state) % 12)
            give_text(m, names[i],
                      i < 4 ? answers[kad_demo_random(&state) % 6]
                            : degrees[kad_demo_random(&state) % 5]);
}

/* A field whose value is worked out: what stands in angles in the table. */
static void give_open(struct demo *m, const struct what_field *f, const struct kad_demo_event *ev,
                      const struct kad_demo_person *p)
{
    uint32_t luck = ev->luck;
    const char *v = f->value;
    int64_t num = 0;
    struct kad_str text = {0};
    if (strcmp(v, "<coach>") == 0)
        text = coach_name(&m->arena, p->coach);
    else if (strcmp(v, "<next coach>") == 0)
        text = coach_name(&m->arena, p->coach ^ 1);
    else if (strcmp(v, "<benefit>") == 0)
        text = kad_str(benefits[luck % 4]);
    else if (strcmp(v, "<placement>") == 0)
        text = kad_str(placements[luck % 3]);
    else if (strcmp(v, "<employer>") == 0)
        text = kad_str(employers[luck % 8]);
    else if (strcmp(v, "<extent>") == 0)
        num = KAD_MICRO * (1 + (int64_t)(luck % 4)) / 4;
    else if (strcmp(v, "<with>") == 0)
        text = kad_str(contacts[luck % 3]);
    else if (strcmp(v, "<reason>") == 0)
        text = kad_str(reasons[luck % 6]);
    else if (strcmp(v, "<score>") == 0)
        num = KAD_MICRO * (70 + (int64_t)(luck % 45));
    else if (strcmp(v, "<amount>") == 0)
        num = (int64_t)465000 * KAD_MICRO / 200 * kad_demo_share(ev->who - KAD_DEMO_UNIT);
    else if (strcmp(v, "<extended>") == 0) {
        give_day(m, f->name, kad_add_months(ev->on, 3));
        return;
    } else
        kad_unreachable();
    give(m, f->name, f->form, text, num);
}

static void make_draft(struct demo *m, const struct kad_demo_event *ev, struct kad_draft *d)
{
    const struct what *w = &whats[ev->what];
    struct kad_demo_person p = {0};
    bool unit = ev->who >= KAD_DEMO_UNIT && ev->who < KAD_DEMO_UNIT + KAD_DEMO_UNITS;
    m->n_in = 0;
    *d = (struct kad_draft){.type = kad_str(w->type), .on = ev->on, .at = ev->at, .clock = -1};
    if (unit) {
        d->subject = kad_str(units[ev->who - KAD_DEMO_UNIT]);
        d->by = kad_str(managers[ev->who - KAD_DEMO_UNIT]);
    } else if (ev->who == KAD_DEMO_PROGRAMME) {
        d->subject = KAD_STR(KAD_PROGRAMME);
        d->by = KAD_STR("gunilla");
    } else {
        p = kad_demo_person(&m->d, ev->who);
        d->subject =
            kad_str(kad_arena_printf(&m->arena, "C-%lu", (unsigned long)ev->who + FIRST_KEY));
        d->by = coach_name(&m->arena, p.coach);
    }
    if (ev->what == KAD_D_REFERRAL || ev->what == KAD_D_UNMOTIVATED)
        give_referral(m, &p, ev->what == KAD_D_REFERRAL);
    if (ev->what == KAD_D_ANSWER)
        give_answer(m, ev->luck);
    if (ev->what == KAD_D_CERTIFICATE) {
        give(m, "per_description", KAD_IN_BOOL, KAD_STR(""), 1);
        give(m, "beyond_ordinary", KAD_IN_BOOL, KAD_STR(""), 1);
        give(m, "share_worked", KAD_IN_BOOL, KAD_STR(""), ev->luck % 12 != 0);
    }
    for (size_t i = 0; i < 2 && w->fields[i].name; i++)
        if (w->fields[i].value[0] == '<')
            give_open(m, &w->fields[i], ev, &p);
        else
            give(m, w->fields[i].name, w->fields[i].form, kad_str(w->fields[i].value),
                 w->fields[i].value[0] == '1');
    d->fields = m->in;
    d->n_fields = m->n_in;
}

/* --- the store --- */

static enum kad_err adopt(struct demo *m, struct kad_error *reterr)
{
    const struct kad_shipped *policy = kad_shipped;
    while (policy->name && strcmp(policy->name, POLICY) != 0)
        policy++;
    kad_assert(policy->name);
    struct kad_input notes[] = {
        {.name = KAD_STR("text"), .form = KAD_IN_STRING, .text = {policy->text, policy->size}},
        {.name = KAD_STR("decision"),
         .form = KAD_IN_STRING,
         .text = KAD_STR("Styrelsen, november 2020")},
    };
    struct kad_draft d = {.type = KAD_STR("kadens.adopted"),
                          .by = KAD_STR("gunilla"),
                          .on = m->d.from,
                          .clock = -1,
                          .notes = notes,
                          .n_notes = 2,
                          .at = kad_clock_day_end(m->d.from - 30)};
    struct kad_outcome out;
    return kad_batch_put(m->batch, &d, &out, reterr);
}

static enum kad_err put_events(struct demo *m, struct kad_error *reterr)
{
    struct kad_progress progress;
    enum kad_err got = KAD_OK;
    kad_progress_init(&progress, _("Events:"));
    for (size_t i = 0; got == KAD_OK && i < m->d.n; i++) {
        struct kad_draft d;
        struct kad_outcome out = {0};
        kad_arena_reset(&m->arena);
        make_draft(m, &m->d.v[i], &d);
        got = kad_batch_put(m->batch, &d, &out, reterr);
        kad_progress_step(&progress, i, m->d.n);
    }
    kad_progress_done(&progress);
    return got;
}

static enum kad_err fill(struct demo *m, struct kad_error *reterr)
{
    struct kad_batch_options o = {0};
    m->d.now = kad_engine_now(m->c->engine);
    m->d.today = kad_engine_today(m->c->engine);
    /* In force from 2021, or for a demo of an earlier time since before it begins. */
    kad_day start = kad_day_of(kad_ymd_of(m->d.today - 800).year, 1, 1);
    kad_day in_force = kad_day_of(2021, 1, 1);
    m->d.from = start < in_force ? start : in_force;
    if (kad_batch_begin(m->c->engine, &o, &m->batch, reterr) != KAD_OK)
        return reterr->code;
    enum kad_err got = adopt(m, reterr);
    if (got == KAD_OK) {
        kad_demo_tell(&m->d);
        got = put_events(m, reterr);
    }
    if (got != KAD_OK) {
        kad_batch_abort(m->batch);
        return got;
    }
    return kad_batch_commit(m->batch, reterr);
}

static void put_next_steps(struct demo *m)
{
    struct kad_out *o = &m->c->out;
    const char *store = kad_cli_store(m->c);
    struct kad_buf b = {0};
    kad_put_count(&b, m->d.cases);
    kad_out_printf(o, _("A made-up programme of %s participants is in %s.\n"), kad_buf_str(&b),
                   store);
    kad_buf_reset(&b);
    kad_put_count(&b, m->d.n);
    kad_out_printf(o,
                   _("%s events, ten municipal coaches or more, policy %s in force. Nobody in it "
                     "exists.\n\n"),
                   kad_buf_str(&b), POLICY);
    kad_buf_done(&b);
    kad_cli_put_keys(m->c, &m->info);
    kad_out_puts(o, "\n");
    kad_out_line(o, KAD_BOLD, "%s", _("Try:"));
    static const char *const tries[][2] = {
        {"kadens tasks --for anna", N_("one coach's list today")},
        {"kadens show C-1001", N_("one participant: where things stand, tasks, story")},
        {"kadens record aftercare_visit C-1001 with=both",
         N_("a visit, and what it does to the list")},
        {"kadens tasks --for -", N_("what nobody has")},
        {"kadens log --subject C-1001", N_("what was recorded about one, when and by whom")},
    };
    /* Beside each other where there is room for all, else one below the other. */
    size_t n = sizeof tries / sizeof *tries;
    bool fits = true;
    struct kad_buf line = {0};
    for (size_t i = 0; i < n; i++) {
        kad_buf_reset(&line);
        kad_program_put(&line, kad_str(tries[i][0]));
        size_t width = kad_utf8_width(kad_str(_(tries[i][1])));
        fits = fits && 2 + TRY_WIDTH + 2 + width <= (o->width ? o->width : 80) &&
               kad_utf8_width((struct kad_str){line.p, line.n}) <= TRY_WIDTH;
    }
    for (size_t i = 0; i < n; i++) {
        kad_buf_reset(&line);
        kad_program_put(&line, kad_str(tries[i][0]));
        kad_out_puts(o, "  ");
        kad_text_put_padded(&o->b, (struct kad_str){line.p, line.n}, fits ? TRY_WIDTH : 0, false);
        kad_out_puts(o, fits ? "  " : "\n      ");
        kad_out_printf(o, "%s\n", _(tries[i][1]));
    }
    kad_buf_done(&line);
}

/* Made beside and renamed when it is whole: an interrupted demo leaves no half store. */
static enum kad_err make_beside(struct demo *m, const char *beside, struct kad_error *reterr)
{
    snprintf(m->info.programme, sizeof m->info.programme, "Demo");
    const char *store = m->c->opt[KAD_O_STORE];
    m->c->opt[KAD_O_STORE] = beside;
    enum kad_err got = kad_ledger_create(beside, &m->info, reterr);
    if (got == KAD_OK)
        got = kad_cli_open(m->c, true, reterr);
    m->c->opt[KAD_O_STORE] = store;
    if (got == KAD_OK)
        got = fill(m, reterr);
    kad_engine_close(m->c->engine);
    m->c->engine = NULL;
    return got;
}

static void remove_store(const char *dir, const struct kad_ledger_info *info)
{
    if (info->id[0] && kad_key_destroy(info->id, KAD_KEY_SIGN, NULL) != KAD_OK)
        errno = 0; /* a key without a ledger harms nobody */
    static const char *const files[] = {"data.mdb", "lock.mdb", "writer"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s/%s", dir, files[i]) < (int)sizeof path)
            unlink(path);
    }
    rmdir(dir);
}

/* Is there a folder with something in it, or a file? Then the ledger says what is wrong with it. */
static bool is_taken(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d)
        return errno != ENOENT;
    size_t n = 0;
    while (n < 3 && readdir(d))
        n++;
    closedir(d);
    return n > 2; /* . and .. */
}

enum kad_err kad_cmd_demo(struct kad_cli *c, struct kad_error *reterr)
{
    uint64_t cases = CASES_DEFAULT, seed = 1;
    struct kad_ledger_info info = {.mode = KAD_LEDGER_PLAIN};
    struct demo m = {.c = c};
    const char *store = kad_cli_store(c);
    if (kad_opt_number(c, KAD_O_CASES, 1, CASES_MOST, &cases, reterr) != KAD_OK ||
        kad_opt_number(c, KAD_O_SEED, 0, UINT64_MAX / 16, &seed, reterr) != KAD_OK)
        return reterr->code;
    if (is_taken(store))
        return kad_ledger_create(store, &info, reterr);
    size_t n = strlen(store);
    while (n > 1 && store[n - 1] == '/')
        n--;
    const char *beside =
        kad_arena_printf(&c->arena, "%.*s.demo-%ld", (int)n, store, (long)getpid());
    m.d.cases = (uint32_t)cases;
    m.d.seed = seed;
    kad_arena_init(&m.arena);
    enum kad_err got = make_beside(&m, beside, reterr);
    if (got == KAD_OK && rename(beside, store) != 0)
        got = kad_fail(reterr, KAD_ESTORE, _("%s cannot be written: %s."), store, kad_why(errno));
    if (got == KAD_OK)
        put_next_steps(&m);
    else
        remove_store(beside, &m.info);
    kad_arena_done(&m.arena);
    free(m.d.v);
    return got;
}

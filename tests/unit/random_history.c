/* See random_history.h. */
#include "tests/unit/random_history.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/plain.h"

#define DAY INT64_C(86400000000)

static const char *const kinds[] = {"participant", "town", KAD_PROGRAMME};
static const char *const keys[] = {"C-1", "aneby", KAD_PROGRAMME};

/* --- policies --- */

static void adopt(struct dice *d, struct history *h, const char *name, kad_day today)
{
    struct kad_adoption *a = &h->adoptions[h->n_adoptions];
    struct sketch *s = &h->sketches[h->n_adoptions];
    const struct sketch *before = NULL;
    for (size_t i = 0; i < h->n_adoptions; i++) {
        if (h->adoptions[i].policy && kad_str_eq(h->adoptions[i].name, kad_str(name)))
            before = &h->sketches[i];
    }
    *a = (struct kad_adoption){.seq = ++h->last_seq, .at = today * DAY, .name = kad_str(name)};
    a->from = dice_day(d, today - (before ? 40 : 90), today + (before ? 60 : 10));
    if (before && dice_chance(d, 12)) {
        h->n_adoptions++;
        return; /* `rules end` */
    }
    if (before)
        sketch_change(d, name, before, s);
    else
        sketch_random(d, name, name, s);
    a->policy = sketch_compile(s, &h->arena);
    if (before && dice_chance(d, 25)) {
        static struct kad_str units[] = {{"aneby", 5}, {"eksjo", 5}, {"tranas", 6}};
        a->units = units + dice_roll(d, 2);
        a->n_units = 1 + dice_roll(d, 2);
    }
    h->n_adoptions++;
}

static int by_name(const void *x, const void *y)
{
    const struct kad_adoption *a = x, *b = y;
    int c = kad_str_cmp(a->name, b->name);
    if (c)
        return c;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->seq < b->seq ? -1 : 1;
}

struct kad_timeline history_timeline(const struct history *h, struct kad_known known,
                                     struct kad_arena *a)
{
    struct kad_adoption *v = kad_arena_array(a, struct kad_adoption, h->n_adoptions + 1);
    size_t n = 0;
    for (size_t i = 0; i < h->n_adoptions; i++) {
        if (h->adoptions[i].seq <= known.seq && h->adoptions[i].at <= known.at)
            v[n++] = h->adoptions[i];
    }
    qsort(v, n, sizeof *v, by_name);
    return (struct kad_timeline){v, n};
}

/* --- records --- */

static int random_event(struct dice *d, int kind)
{
    static const int participant[] = {EV_VISIT, EV_VISIT, EV_VISIT,    EV_VISIT,   EV_VISIT,
                                      EV_CALL,  EV_CALL,  EV_HIRED,    EV_HIRED,   EV_START,
                                      EV_FIRED, EV_MOVED, EV_EXTENDED, EV_STOPPED, EV_COACHED};
    if (kind == SKETCH_PARTICIPANT)
        return participant[dice_roll(d, 15)];
    if (kind == SKETCH_TOWN)
        return dice_chance(d, 80) ? EV_FILED : EV_AUDIT;
    return EV_MEETING;
}

static struct kad_record *put(struct history *h, enum kad_record_kind kind, kad_day today)
{
    struct kad_record *r = &h->records[h->n_records++];
    *r = (struct kad_record){.kind = kind,
                             .seq = ++h->last_seq,
                             .at = today * DAY + DAY / 2,
                             .on = today,
                             .subject = h->subject};
    return r;
}

static kad_day happened(struct dice *d, kad_day today)
{
    if (dice_chance(d, 30))
        return dice_day(d, today - 50, today);
    if (dice_chance(d, 8))
        return dice_day(d, today, today + 40);
    return today;
}

static void put_event(struct dice *d, struct history *h, int which, kad_day today)
{
    struct kad_record *r = put(h, KAD_R_EVENT, today);
    r->on = happened(d, today);
    r->type = kad_str(sketch_event_name(which));
    sketch_fields(d, which, r->on, &h->arena, &r->fields, &r->n_fields);
    if (r->n_fields && dice_chance(d, 5)) {
        enum kad_know know = dice_chance(d, 50) ? KAD_SEALED : KAD_ERASED;
        r->fields[r->n_fields - 1].value = (struct kad_value){KAD_T_NONE, know, 0, {0}};
    }
}

/* One of the records of that kind (or of any, -1) that was made before; NULL when there is none. */
static struct kad_record *earlier(struct dice *d, struct history *h, int kind)
{
    for (int tries = 0; tries < 10 && h->n_records; tries++) {
        struct kad_record *r = &h->records[dice_roll(d, (uint32_t)h->n_records)];
        if (kind < 0 ? r->kind != KAD_R_RETRACTED : (int)r->kind == kind)
            return r;
    }
    return NULL;
}

static int event_named(struct kad_str name)
{
    for (int i = 0; i < EV__COUNT; i++) {
        if (kad_str_eq(kad_str(sketch_event_name(i)), name))
            return i;
    }
    return 0;
}

static void put_correction(struct dice *d, struct history *h, kad_day today)
{
    const struct kad_record *of = earlier(d, h, KAD_R_EVENT);
    if (!of)
        return;
    struct kad_record *r = put(h, KAD_R_CORRECTED, today);
    r->ref = of->seq;
    r->on = of->on;
    r->notes = kad_arena_array(&h->arena, struct kad_field, 1);
    r->n_notes = 1;
    r->notes[0] = (struct kad_field){.name = KAD_STR("on")};
    if (dice_chance(d, 60)) {
        r->on = dice_day(d, of->on - 30, of->on + 30);
        r->notes[0].value = kad_value_date(r->on);
    }
    if (dice_chance(d, 50)) {
        sketch_fields(d, event_named(of->type), r->on, &h->arena, &r->fields, &r->n_fields);
        if (r->n_fields > 1)
            r->n_fields = 1 + dice_roll(d, 2);
    } else if (of->n_fields && dice_chance(d, 40)) {
        r->fields = kad_arena_new(&h->arena, struct kad_field);
        r->n_fields = 1;
        *r->fields = (struct kad_field){.name = of->fields[of->n_fields - 1].name};
    }
}

static void put_retraction(struct dice *d, struct history *h, kad_day today)
{
    const struct kad_record *of = earlier(d, h, -1);
    if (!of)
        return;
    uint64_t seq = of->seq;
    put(h, KAD_R_RETRACTED, today)->ref = seq;
}

static void put_waiver(struct dice *d, struct history *h, kad_day today)
{
    struct kad_timeline t = history_timeline(h, KAD_KNOWN_ALL, &h->arena);
    struct kad_story story;
    plain_story(&h->arena, h->subject, h->records, h->n_records, KAD_KNOWN_ALL, &story);
    struct kad_instance *v;
    size_t n = plain_instances(plain_new(&h->arena, &t, &story, h->kind), today, today + 60, &v);
    if (n == 0)
        return;
    struct kad_record *r = put(h, KAD_R_WAIVED, today);
    r->on = dice_chance(d, 80) ? today : happened(d, today);
    r->notes = kad_arena_array(&h->arena, struct kad_field, 1);
    r->n_notes = 1;
    r->notes[0] = (struct kad_field){
        KAD_STR("task"), {KAD_T_TEXT, KAD_KNOWN, 0, v[dice_roll(d, (uint32_t)n)].id}, false};
}

void history_random(uint64_t seed, int kind, struct history *ret)
{
    struct dice d = {seed * 2654435761u + 12345};
    for (int i = 0; i < 8; i++)
        (void)dice_roll(&d, 2);
    *ret = (struct history){.subject = kad_str(keys[kind]), .kind = kad_str(kinds[kind])};
    kad_arena_init(&ret->arena);
    ret->sketches = kad_arena_array(&ret->arena, struct sketch, HISTORY_MOST + 2);
    ret->adoptions = kad_arena_array(&ret->arena, struct kad_adoption, HISTORY_MOST + 2);
    ret->records = kad_arena_array(&ret->arena, struct kad_record, HISTORY_MOST + 2);
    kad_day today = HISTORY_BEGINS;
    adopt(&d, ret, "p", today);
    if (dice_chance(&d, 25))
        adopt(&d, ret, "q", today);
    if (kind == SKETCH_PARTICIPANT)
        put_event(&d, ret, EV_START, today);
    uint32_t steps = 2 + dice_roll(&d, HISTORY_MOST - 4);
    for (uint32_t i = 0; i < steps; i++) {
        today += (kad_day)dice_roll(&d, dice_chance(&d, 20) ? 60 : 12);
        uint32_t what = dice_roll(&d, 100);
        if (what < 70)
            put_event(&d, ret, random_event(&d, kind), today);
        else if (what < 78)
            put_correction(&d, ret, today);
        else if (what < 84)
            put_retraction(&d, ret, today);
        else if (what < 91)
            put_waiver(&d, ret, today);
        else
            adopt(&d, ret, dice_chance(&d, 15) ? "q" : "p", today);
    }
    ret->last_day = today;
}

void history_done(struct history *h)
{
    kad_arena_done(&h->arena);
}

/* --- for people who look for a fault --- */

static void put_fields(struct kad_buf *b, const struct kad_field *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        kad_buf_printf(b, " %.*s=", KAD_STR_FMT(f[i].name));
        if (f[i].value.type == KAD_T_NONE)
            kad_buf_puts(b, f[i].value.know == KAD_UNKNOWN ? "null" : "sealed");
        else
            kad_value_put(b, f[i].value);
    }
}

static void put_record(struct kad_buf *b, const struct kad_record *r)
{
    char on[KAD_DAY_TEXT], at[KAD_DAY_TEXT];
    kad_day_text(r->on, on);
    kad_day_text((kad_day)(r->at / DAY), at);
    kad_buf_printf(b, "  %2d: %s %.*s", (int)r->seq, on, KAD_STR_FMT(r->type));
    if (r->kind != KAD_R_EVENT)
        kad_buf_printf(b, "%s %d", kad_record_type(r->kind), (int)r->ref);
    put_fields(b, r->fields, r->n_fields);
    put_fields(b, r->notes, r->n_notes);
    if (strcmp(on, at) != 0)
        kad_buf_printf(b, " recorded %s", at);
    kad_buf_puts(b, "\n");
}

void history_text(const struct history *h, struct kad_buf *b)
{
    char day[KAD_DAY_TEXT];
    for (size_t i = 0; i < h->n_adoptions; i++) {
        const struct kad_adoption *a = &h->adoptions[i];
        kad_buf_printf(b, "== %d: %.*s from %s recorded ", (int)a->seq, KAD_STR_FMT(a->name),
                       kad_day_text(a->from, day));
        kad_buf_puts(b, kad_day_text((kad_day)(a->at / DAY), day));
        for (size_t k = 0; k < a->n_units; k++)
            kad_buf_printf(b, " %s %.*s", k ? "and" : "only", KAD_STR_FMT(a->units[k]));
        kad_buf_puts(b, a->policy ? "\n" : " ended\n");
        if (a->policy)
            sketch_text(&h->sketches[i], false, b);
    }
    kad_buf_printf(b, "== %.*s\n", KAD_STR_FMT(h->subject));
    for (size_t i = 0; i < h->n_records; i++)
        put_record(b, &h->records[i]);
}

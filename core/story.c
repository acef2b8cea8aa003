#include "core/story.h"

#include <stdlib.h>
#include <string.h>

struct work {
    struct kad_arena *a;
    const struct kad_record *records;
    size_t n;
    struct kad_known known;
    const uint64_t *retracted; /* sorted seqs */
    size_t n_retracted;
    struct kad_story *story;
};

static bool is_known(const struct work *w, const struct kad_record *r)
{
    return r->seq <= w->known.seq && r->at <= w->known.at;
}

static int cmp_seq(const void *pa, const void *pb)
{
    uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
    return (a > b) - (a < b);
}

static bool stands(const struct work *w, const struct kad_record *r)
{
    return is_known(w, r) && (w->n_retracted == 0 || !bsearch(&r->seq, w->retracted, w->n_retracted,
                                                              sizeof r->seq, cmp_seq));
}

/* What has been taken back, and how many events and waivers there may be. */
static void count(struct work *w, size_t *ret_events, size_t *ret_waivers, size_t *ret_corrections)
{
    uint64_t *retracted = NULL;
    size_t room = 0, events = 0, waivers = 0, corrections = 0;
    for (size_t i = 0; i < w->n; i++)
        room += w->records[i].kind == KAD_R_RETRACTED;
    if (room > 0)
        retracted = kad_arena_array(w->a, uint64_t, room);
    for (size_t i = 0; i < w->n; i++) {
        const struct kad_record *r = &w->records[i];
        if (!is_known(w, r))
            continue;
        events += r->kind == KAD_R_EVENT;
        waivers += r->kind == KAD_R_WAIVED;
        corrections += r->kind == KAD_R_CORRECTED;
        if (r->kind == KAD_R_RETRACTED)
            retracted[w->n_retracted++] = r->ref;
    }
    if (w->n_retracted > 1)
        qsort(retracted, w->n_retracted, sizeof *retracted, cmp_seq);
    w->retracted = retracted;
    *ret_events = events;
    *ret_waivers = waivers;
    *ret_corrections = corrections;
}

static void add_fact(struct kad_story *s, const struct kad_record *r)
{
    s->facts[s->n_facts++] = (struct kad_fact){
        .seq = r->seq,
        .last = r->seq,
        .at = r->at,
        .on = r->on,
        .type = r->type,
        .fields = r->fields,
        .n_fields = r->n_fields,
    };
}

static void add_waiver(struct kad_story *s, const struct kad_record *r)
{
    s->waivers[s->n_waivers++] = (struct kad_waiver){
        .seq = r->seq,
        .on = r->on,
        .task = kad_record_note(r, "task"),
        .by = r->by,
        .because = kad_record_note(r, "because"),
    };
}

/* While corrections are applied the facts still stand by seq. */
static struct kad_fact *fact_by_seq(struct kad_story *s, uint64_t seq)
{
    size_t low = 0, high = s->n_facts;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->facts[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->n_facts && s->facts[low].seq == seq ? &s->facts[low] : NULL;
}

/* The fields given take the place of those of the same name; what is new comes behind, and what is
 * given as null goes. */
static void replace_fields(struct kad_arena *a, struct kad_fact *f, const struct kad_record *r)
{
    if (r->n_fields == 0)
        return;
    struct kad_field *merged = kad_arena_array(a, struct kad_field, f->n_fields + r->n_fields);
    size_t n = f->n_fields;
    if (n > 0)
        memcpy(merged, f->fields, n * sizeof *merged);
    for (size_t i = 0; i < r->n_fields; i++) {
        size_t at = 0;
        while (at < n && !kad_str_eq(merged[at].name, r->fields[i].name))
            at++;
        if (r->fields[i].value.know != KAD_UNKNOWN) {
            merged[at] = r->fields[i];
            n += at == n;
        } else if (at < n) {
            n--;
            memmove(merged + at, merged + at + 1, (n - at) * sizeof *merged);
        }
    }
    f->fields = merged;
    f->n_fields = n;
}

static void correct(struct work *w, const struct kad_record *r)
{
    struct kad_fact *f = fact_by_seq(w->story, r->ref);
    if (!f)
        return; /* of an event that has been taken back */
    const struct kad_field *on = kad_fields_find(r->notes, r->n_notes, "on");
    if (on && kad_value_known(on->value) && on->value.type == KAD_T_DATE)
        f->on = (kad_day)on->value.num;
    replace_fields(w->a, f, r);
    f->last = r->seq;
}

static int cmp_fact(const void *pa, const void *pb)
{
    const struct kad_fact *a = pa, *b = pb;
    if (a->on != b->on)
        return a->on < b->on ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

void kad_story_build(struct kad_arena *a, struct kad_str subject, const struct kad_record *records,
                     size_t n, struct kad_known known, struct kad_story *ret)
{
    kad_assert(a && ret && (records || n == 0));
    *ret = (struct kad_story){.subject = subject};
    struct work w = {.a = a, .records = records, .n = n, .known = known, .story = ret};
    size_t events, waivers, corrections;
    count(&w, &events, &waivers, &corrections);
    if (events > 0)
        ret->facts = kad_arena_array(a, struct kad_fact, events);
    if (waivers > 0)
        ret->waivers = kad_arena_array(a, struct kad_waiver, waivers);
    for (size_t i = 0; i < n; i++) {
        const struct kad_record *r = &records[i];
        if (r->kind == KAD_R_EVENT && stands(&w, r))
            add_fact(ret, r);
        else if (r->kind == KAD_R_WAIVED && stands(&w, r))
            add_waiver(ret, r);
    }
    for (size_t i = 0; corrections > 0 && i < n; i++)
        if (records[i].kind == KAD_R_CORRECTED && stands(&w, &records[i]))
            correct(&w, &records[i]);
    /* Most stories are told in the order they were recorded. */
    for (size_t i = 1; i < ret->n_facts; i++) {
        if (cmp_fact(&ret->facts[i - 1], &ret->facts[i]) > 0) {
            qsort(ret->facts, ret->n_facts, sizeof *ret->facts, cmp_fact);
            break;
        }
    }
}

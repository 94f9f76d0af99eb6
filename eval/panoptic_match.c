/* Counting pairs of ids, and matching. See panoptic_match.h. */
#include "eval/panoptic_match.h"

#include "base/mem.h"
#include "base/rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG         SB_MEM_TAG(SB_MEM_DATA, 0)
#define FIRST_SLOTS 256
#define ID_BITS     24
#define ID_MASK     (((uint64_t)1 << ID_BITS) - 1)
#define MAX_NAMED   10 /* ids in a message */
#define NONE        SIZE_MAX

void sb_id_pairs_clear(struct sb_id_pairs *pairs)
{
    if (pairs->slots)
        memset(pairs->slots, 0, pairs->slot_count * sizeof(*pairs->slots));
    pairs->count = 0;
}

void sb_id_pairs_release(struct sb_id_pairs *pairs)
{
    sb_free(pairs->slots);
    sb_free(pairs->sorted);
    memset(pairs, 0, sizeof(*pairs));
}

static struct sb_id_pair *find_slot(const struct sb_id_pairs *pairs, uint64_t key)
{
    size_t slot = (size_t)sb_rng_mix(key) & (pairs->slot_count - 1);
    while (pairs->slots[slot].pixels && pairs->slots[slot].key != key)
        slot = (slot + 1) & (pairs->slot_count - 1);
    return &pairs->slots[slot];
}

/* At most half of the slots are taken. */
static int grow_slots(struct sb_id_pairs *pairs, struct sb_error *err)
{
    if (pairs->slot_count > 2 * pairs->count)
        return 0;
    struct sb_id_pair *const old = pairs->slots;
    const size_t old_count = pairs->slot_count;
    const size_t count = old_count ? 2 * old_count : FIRST_SLOTS;
    struct sb_id_pair *const fresh = sb_calloc(count, sizeof(*fresh), TAG);
    if (!fresh)
        return sb_error_nomem(err, "pairs of segments", count * sizeof(*fresh));
    pairs->slots = fresh;
    pairs->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].pixels)
            *find_slot(pairs, old[i].key) = old[i];
    }
    sb_free(old);
    return 0;
}

static int add_run(struct sb_id_pairs *pairs, uint64_t key, uint64_t pixels, struct sb_error *err)
{
    const int rc = grow_slots(pairs, err);
    if (rc)
        return rc;
    struct sb_id_pair *const pair = find_slot(pairs, key);
    pairs->count += pair->pixels == 0;
    pair->key = key;
    pair->pixels += pixels;
    return 0;
}

static uint64_t id_at(const uint8_t *rgb)
{
    return rgb[0] | (uint64_t)rgb[1] << 8 | (uint64_t)rgb[2] << 16;
}

int sb_id_pairs_add_row(struct sb_id_pairs *pairs, const uint8_t *truth, const uint8_t *predicted,
                        size_t width, struct sb_error *err)
{
    int rc = 0;
    for (size_t x = 0, start = 0; rc == 0 && x < width; start = x) {
        const uint8_t *const t = truth + 3 * start, *const p = predicted + 3 * start;
        for (x++;
             x < width && memcmp(truth + 3 * x, t, 3) == 0 && memcmp(predicted + 3 * x, p, 3) == 0;
             x++)
            continue;
        rc = add_run(pairs, id_at(t) << ID_BITS | id_at(p), x - start, err);
    }
    return rc;
}

static int by_key(const void *a, const void *b)
{
    const struct sb_id_pair *const x = a, *const y = b;
    return (x->key > y->key) - (x->key < y->key);
}

int sb_id_pairs_sort(struct sb_id_pairs *pairs, struct sb_error *err)
{
    size_t n = 0;
    if (sb_grow(&pairs->sorted, &pairs->sorted_capacity, pairs->count, sizeof(*pairs->sorted), TAG))
        return sb_error_nomem(err, "pairs of segments", pairs->count * sizeof(*pairs->sorted));
    for (size_t i = 0; i < pairs->slot_count; i++) {
        if (pairs->slots[i].pixels)
            pairs->sorted[n++] = pairs->slots[i];
    }
    if (n > 1)
        qsort(pairs->sorted, n, sizeof(*pairs->sorted), by_key);
    return 0;
}

void sb_panoptic_scratch_release(struct sb_panoptic_scratch *scratch)
{
    sb_id_pairs_release(&scratch->pairs);
    sb_free(scratch->area);
    sb_free(scratch->void_area);
    sb_free(scratch->crowd_area);
    sb_free(scratch->truth_hit);
    sb_free(scratch->predicted_hit);
    sb_free(scratch->hits);
    memset(scratch, 0, sizeof(*scratch));
}

/* The two annotations of an image. */
struct image {
    const struct sb_panoptic_segment *truths, *predictions; /* by id */
    size_t truth_count, prediction_count;
    struct sb_panoptic_scratch *w;
    struct sb_panoptic_tally *tallies;
};

/* Index of the segment with this id, or NONE. */
static size_t find_segment(const struct sb_panoptic_segment *segments, size_t count, uint64_t id)
{
    size_t lo = 0, hi = count;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (segments[mid].id < (int64_t)id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < count && segments[lo].id == (int64_t)id ? lo : NONE;
}

static int reserve(const struct image *m, struct sb_error *err)
{
    struct sb_panoptic_scratch *const w = m->w;
    const size_t n = m->prediction_count;
    if (sb_grow(&w->area, &w->area_capacity, n, sizeof(*w->area), TAG) ||
        sb_grow(&w->void_area, &w->void_capacity, n, sizeof(*w->void_area), TAG) ||
        sb_grow(&w->crowd_area, &w->crowd_capacity, n, sizeof(*w->crowd_area), TAG) ||
        sb_grow(&w->predicted_hit, &w->predicted_capacity, n, sizeof(bool), TAG) ||
        sb_grow(&w->truth_hit, &w->truth_capacity, m->truth_count, sizeof(bool), TAG))
        return sb_error_nomem(err, "segments of an image", n);
    if (n > 0) {
        memset(w->area, 0, n * sizeof(*w->area));
        memset(w->void_area, 0, n * sizeof(*w->void_area));
        memset(w->crowd_area, 0, n * sizeof(*w->crowd_area));
        memset(w->predicted_hit, 0, n * sizeof(bool));
    }
    if (m->truth_count > 0)
        memset(w->truth_hit, 0, m->truth_count * sizeof(bool));
    return 0;
}

/* The first few different ids, for a message. */
struct id_list {
    int64_t ids[MAX_NAMED];
    size_t named;
    bool more;
};

static void list_id(struct id_list *list, int64_t id)
{
    for (size_t i = 0; i < list->named; i++) {
        if (list->ids[i] == id)
            return;
    }
    if (list->named < MAX_NAMED)
        list->ids[list->named++] = id;
    else
        list->more = true;
}

/* SB_EFORMAT that names them, if there are any. */
static int refuse_ids(const struct id_list *list, const char *what, struct sb_error *err)
{
    char text[MAX_NAMED * 24] = "";
    size_t n = 0;
    if (list->named == 0)
        return 0;
    for (size_t i = 0; i < list->named; i++)
        n +=
            (size_t)snprintf(text + n, sizeof(text) - n, "%s%" PRId64, i ? ", " : "", list->ids[i]);
    return sb_error_set(err, SB_EFORMAT, "%s: %s%s", what, text, list->more ? ", ..." : "");
}

/* Areas of the predicted segments; every id of the PNG must be in the list, or void. */
static int measure_predictions(const struct image *m, struct sb_error *err)
{
    const struct sb_id_pairs *const pairs = &m->w->pairs;
    struct id_list unlisted = {.named = 0};
    for (size_t i = 0; i < pairs->count; i++) {
        const struct sb_id_pair *const pair = &pairs->sorted[i];
        const uint64_t id = pair->key & ID_MASK;
        const size_t p = find_segment(m->predictions, m->prediction_count, id);
        if (p != NONE) {
            m->w->area[p] += pair->pixels;
            m->w->void_area[p] += pair->key >> ID_BITS == 0 ? pair->pixels : 0;
        } else if (id != 0) {
            list_id(&unlisted, (int64_t)id);
        }
    }
    return refuse_ids(&unlisted, "segment ids in the PNG that segments_info does not have", err);
}

/* Every segment of the list must be in the PNG and have a known category. */
static int check_predictions(const struct image *m, struct sb_error *err)
{
    struct id_list absent = {.named = 0}, unknown = {.named = 0};
    for (size_t p = 0; p < m->prediction_count; p++) {
        if (m->w->area[p] == 0)
            list_id(&absent, m->predictions[p].id);
        else if (m->predictions[p].category < 0)
            list_id(&unknown, m->predictions[p].id);
    }
    const int rc =
        refuse_ids(&absent, "segment ids of segments_info that the PNG does not have", err);
    return rc ? rc
              : refuse_ids(&unknown, "segments with a category that the ground truth does not have",
                           err);
}

static int match_pair(const struct image *m, const struct sb_id_pair *pair, struct sb_error *err)
{
    struct sb_panoptic_scratch *const w = m->w;
    const size_t t = find_segment(m->truths, m->truth_count, pair->key >> ID_BITS);
    const size_t p = find_segment(m->predictions, m->prediction_count, pair->key & ID_MASK);
    if (t == NONE || p == NONE || m->truths[t].crowd ||
        m->truths[t].category != m->predictions[p].category)
        return 0;
    const double shared = (double)pair->pixels;
    const double either = (double)w->area[p] + m->truths[t].area - shared - (double)w->void_area[p];
    const double iou = shared / either;
    if (!(iou > 0.5))
        return 0;
    if (sb_grow(&w->hits, &w->hit_capacity, w->hit_count + 1, sizeof(*w->hits), TAG))
        return sb_error_nomem(err, "matches", w->hit_count * sizeof(*w->hits));
    w->hits[w->hit_count++] = (struct sb_panoptic_hit){m->truths[t].category, iou};
    m->tallies[m->truths[t].category].tp++;
    w->truth_hit[t] = w->predicted_hit[p] = true;
    return 0;
}

/* The crowd that forgives a category: the last of the list; NONE without any. */
static size_t find_crowd(const struct image *m, int32_t category)
{
    size_t crowd = NONE;
    for (size_t t = 0; t < m->truth_count; t++) {
        const struct sb_panoptic_segment *const s = &m->truths[t];
        if (s->crowd && s->category == category &&
            (crowd == NONE || s->place > m->truths[crowd].place))
            crowd = t;
    }
    return crowd;
}

/* Pixels of predictions on the crowd of their category. */
static void measure_crowds(const struct image *m)
{
    const struct sb_id_pairs *const pairs = &m->w->pairs;
    for (size_t i = 0; i < pairs->count; i++) {
        const size_t t = find_segment(m->truths, m->truth_count, pairs->sorted[i].key >> ID_BITS);
        if (t == NONE || !m->truths[t].crowd)
            continue;
        const size_t p =
            find_segment(m->predictions, m->prediction_count, pairs->sorted[i].key & ID_MASK);
        if (p != NONE && m->predictions[p].category == m->truths[t].category &&
            find_crowd(m, m->truths[t].category) == t)
            m->w->crowd_area[p] += pairs->sorted[i].pixels;
    }
}

static void count_misses(const struct image *m)
{
    const struct sb_panoptic_scratch *const w = m->w;
    for (size_t t = 0; t < m->truth_count; t++) {
        if (!w->truth_hit[t] && !m->truths[t].crowd && m->truths[t].category >= 0)
            m->tallies[m->truths[t].category].fn++;
    }
    for (size_t p = 0; p < m->prediction_count; p++) {
        const double forgiven = (double)(w->void_area[p] + w->crowd_area[p]);
        if (!w->predicted_hit[p] && !(forgiven / (double)w->area[p] > 0.5))
            m->tallies[m->predictions[p].category].fp++;
    }
}

int sb_panoptic_match(const struct sb_panoptic_set *truth, size_t truth_image,
                      const struct sb_panoptic_set *predicted, size_t predicted_image,
                      struct sb_panoptic_scratch *scratch, struct sb_panoptic_tally *tallies,
                      struct sb_error *err)
{
    const struct sb_panoptic_image *const t = &truth->images[truth_image];
    const struct sb_panoptic_image *const p = &predicted->images[predicted_image];
    const struct image m = {t->count ? truth->segments + t->first : NULL,
                            p->count ? predicted->segments + p->first : NULL,
                            t->count,
                            p->count,
                            scratch,
                            tallies};
    int rc = reserve(&m, err);
    if (rc == 0)
        rc = measure_predictions(&m, err);
    if (rc == 0)
        rc = check_predictions(&m, err);
    for (size_t i = 0; rc == 0 && i < scratch->pairs.count; i++)
        rc = match_pair(&m, &scratch->pairs.sorted[i], err);
    if (rc)
        return rc;
    measure_crowds(&m);
    count_misses(&m);
    return 0;
}

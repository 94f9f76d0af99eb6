/*
 * Greedy matching. All thresholds are handled at once: a candidate reaches a set of thresholds,
 * loses those at which it is taken, and gets what better candidates left over. See match.h.
 */
#include "eval/match.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/coco_gt.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_match_scratch_release(struct sb_match_scratch *scratch)
{
    sb_free(scratch->candidates);
    sb_free(scratch->reached);
    sb_free(scratch->taken);
    memset(scratch, 0, sizeof(*scratch));
}

uint32_t sb_areas_inside(const struct sb_coco_params *params, double area)
{
    uint32_t bits = 0;
    const bool open = params->rules[SB_RULE_AREA_BOUNDS] == SB_BOUNDS_HALF_OPEN;
    for (size_t a = 0; a < params->area_count; a++) {
        const double hi = params->areas[a].hi;
        const bool outside = area < params->areas[a].lo || area > hi || (open && area == hi);
        bits |= (uint32_t)!outside << a;
    }
    return bits;
}

/* What a threshold asks for at least; a perfect match is within reach of 1. */
static double bar_of(double threshold)
{
    return threshold < 1 - 1e-10 ? threshold : 1 - 1e-10;
}

static void find_shared_bounds(struct sb_match_rules *rules)
{
    const struct sb_coco_params *const p = rules->params;
    for (size_t a = 0; a < p->area_count; a++) {
        bool shared = false;
        for (size_t b = 0; b < p->area_count; b++)
            shared = shared || (a != b && p->areas[a].hi == p->areas[b].lo);
        if (shared)
            rules->shared_bounds[rules->shared_count++] = p->areas[a].hi;
    }
}

void sb_match_rules_init(struct sb_match_rules *rules, const struct sb_coco_params *params)
{
    memset(rules, 0, sizeof(*rules));
    rules->params = params;
    rules->lowest = INFINITY;
    rules->ascending = true;
    for (size_t t = 0; t < params->iou_count; t++) {
        const double bar = bar_of(params->iou_thresholds[t]);
        rules->bars[t] = bar;
        rules->lowest = bar < rules->lowest ? bar : rules->lowest;
        rules->ascending = rules->ascending && (t == 0 || rules->bars[t - 1] <= bar);
    }
    rules->first_of_equals = params->rules[SB_RULE_TIE] == SB_TIE_FIRST;
    find_shared_bounds(rules);
}

struct matcher {
    const struct sb_match_rules *rules;
    const struct sb_coco_params *params;
    const struct sb_match_group *group;
    struct sb_match_scratch *scratch;
    size_t candidates; /* of the current detection */
    size_t words;
};

static uint32_t *taken_by(const struct matcher *m, size_t area, uint32_t gt)
{
    return m->scratch->taken + (area * m->group->gt_count + gt) * m->words;
}

/* Objects that reach some threshold, the most similar first, of equal ones the last first (or the
 * first, by the rule). False when the row has a NaN, which has no place in an order. */
static bool find_candidates(struct matcher *m, const double *row, double bar)
{
    struct sb_candidate *const out = m->scratch->candidates;
    const bool first = m->rules->first_of_equals;
    size_t n = 0;
    for (size_t j = 0; j < m->group->gt_count; j++) {
        const double v = row[j];
        if (isnan(v))
            return false;
        if (v < bar)
            continue;
        size_t at = n++;
        for (; at > 0 && (out[at - 1].similarity < v || (!first && out[at - 1].similarity == v));
             at--)
            out[at] = out[at - 1];
        out[at].similarity = v;
        out[at].gt = (uint32_t)j;
    }
    m->candidates = n;
    m->scratch->ties += n > 1 && out[0].similarity == out[1].similarity;
    return true;
}

static void find_reached(const struct matcher *m)
{
    uint32_t *reached = m->scratch->reached;
    memset(reached, 0, m->candidates * m->words * sizeof(*reached));
    for (size_t c = 0; c < m->candidates; c++, reached += m->words) {
        const double v = m->scratch->candidates[c].similarity;
        for (size_t t = 0; t < m->params->iou_count; t++)
            reached[t / 32] |= (uint32_t) !(v < m->rules->bars[t]) << (t % 32);
    }
}

/* One word of thresholds for one area range. Objects that the range ignores come last. */
static void match_word(const struct matcher *m, size_t area, size_t word, uint32_t *hits,
                       uint32_t *ignored)
{
    const struct sb_match_group *const g = m->group;
    uint32_t open = UINT32_MAX; /* thresholds without a match yet */
    *hits = *ignored = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t c = 0; c < m->candidates; c++) {
            const uint32_t gt = m->scratch->candidates[c].gt;
            if ((g->gt_ignored[gt] >> area & 1) != (uint32_t)pass)
                continue;
            uint32_t *const taken = &taken_by(m, area, gt)[word];
            uint32_t won = m->scratch->reached[c * m->words + word] & open;
            if (!(g->gt_flags[gt] & SB_ANN_CROWD)) /* a crowd can be matched again and again */
                won &= ~*taken;
            *taken |= won;
            open &= ~won;
            if (pass == 1)
                *ignored |= won;
            else if (!(g->gt_flags[gt] & SB_ANN_ZERO_ID)) /* id 0 reads as unmatched */
                *hits |= won;
        }
    }
}

/* The definition, for similarities with NaN among them: nothing compares as less than a NaN, so
 * once one was taken for the best, any object that follows replaces it. Returns the object or -1.
 */
static int64_t scan_objects(const struct matcher *m, const double *row, size_t area, size_t t,
                            bool ignored)
{
    const struct sb_match_group *const g = m->group;
    double best = m->rules->bars[t];
    int64_t winner = -1;
    for (uint32_t j = 0; j < g->gt_count; j++) {
        const bool free_again = g->gt_flags[j] & SB_ANN_CROWD;
        if (m->rules->first_of_equals && winner >= 0 && row[j] == best)
            continue;
        if ((g->gt_ignored[j] >> area & 1) != ignored || row[j] < best ||
            ((taken_by(m, area, j)[t / 32] >> (t % 32) & 1) && !free_again))
            continue;
        best = row[j];
        winner = j;
    }
    return winner;
}

static void match_by_definition(const struct matcher *m, const double *row, size_t area,
                                uint32_t *hits, uint32_t *ignored)
{
    memset(hits, 0, m->words * sizeof(*hits));
    memset(ignored, 0, m->words * sizeof(*ignored));
    for (size_t t = 0; t < m->params->iou_count; t++) {
        const uint32_t bit = (uint32_t)1 << (t % 32);
        int64_t gt = scan_objects(m, row, area, t, false);
        const bool regular = gt >= 0;
        if (!regular)
            gt = scan_objects(m, row, area, t, true);
        if (gt < 0)
            continue;
        taken_by(m, area, (uint32_t)gt)[t / 32] |= bit;
        if (!regular)
            ignored[t / 32] |= bit;
        else if (!(m->group->gt_flags[gt] & SB_ANN_ZERO_ID))
            hits[t / 32] |= bit;
    }
}

static int reserve(struct matcher *m, struct sb_error *err)
{
    struct sb_match_scratch *const s = m->scratch;
    const size_t objects = m->group->gt_count;
    size_t taken;
    if (!sb_mul_size(m->params->area_count * m->words, objects, &taken) ||
        sb_grow(&s->taken, &s->taken_capacity, taken, sizeof(uint32_t), TAG) ||
        sb_grow(&s->reached, &s->reached_capacity, objects * m->words, sizeof(uint32_t), TAG) ||
        sb_grow(&s->candidates, &s->candidates_capacity, objects, sizeof(*s->candidates), TAG))
        return sb_error_nomem(err, "matching", objects);
    memset(s->taken, 0, taken * sizeof(uint32_t));
    return 0;
}

int sb_match_group(const struct sb_match_rules *rules, const struct sb_match_group *group,
                   const double *similarity, uint32_t *info, uint32_t *records,
                   struct sb_match_scratch *scratch, struct sb_error *err)
{
    const struct sb_coco_params *const params = rules->params;
    struct matcher m = {rules, params, group, scratch, 0, sb_match_words(params)};
    const int rc = reserve(&m, err);
    if (rc)
        return rc;
    for (size_t d = 0; d < group->dt_count; d++) {
        const double *const row = similarity + d * group->gt_count;
        const bool ordered = find_candidates(&m, row, rules->lowest);
        if (ordered && m.candidates == 0)
            continue;
        info[d] |= SB_MATCH_RECORD;
        if (ordered)
            find_reached(&m);
        uint32_t *record = records + d * sb_match_record_words(params);
        for (size_t a = 0; a < params->area_count; a++, record += 2 * m.words) {
            if (!ordered)
                match_by_definition(&m, row, a, record, record + m.words);
            for (size_t w = 0; ordered && w < m.words; w++)
                match_word(&m, a, w, &record[w], &record[m.words + w]);
        }
    }
    return 0;
}

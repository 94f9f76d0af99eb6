/* Greedy matching. See match.h. */
#include "eval/match.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/coco_gt.h"

#include <math.h>
#include <string.h>

#define TAG    SB_MEM_TAG(SB_MEM_DATA, 0)
#define NOBODY UINT32_MAX

void sb_match_scratch_release(struct sb_match_scratch *scratch)
{
    sb_free(scratch->candidates);
    sb_free(scratch->taken);
    memset(scratch, 0, sizeof(*scratch));
}

uint32_t sb_areas_inside(const struct sb_coco_params *params, double area)
{
    uint32_t bits = 0;
    for (size_t a = 0; a < params->area_count; a++) {
        const bool outside = area < params->areas[a].lo || area > params->areas[a].hi;
        bits |= (uint32_t)!outside << a;
    }
    return bits;
}

/* What a threshold asks for at least; a perfect match is within reach of 1. */
static double bar_of(double threshold)
{
    return threshold < 1 - 1e-10 ? threshold : 1 - 1e-10;
}

static double lowest_bar(const struct sb_coco_params *params)
{
    double lowest = bar_of(params->iou_thresholds[0]);
    for (size_t t = 1; t < params->iou_count; t++) {
        const double bar = bar_of(params->iou_thresholds[t]);
        lowest = bar < lowest ? bar : lowest;
    }
    return lowest;
}

struct matcher {
    const struct sb_coco_params *params;
    const struct sb_match_group *group;
    const struct sb_candidate *candidates; /* of the current detection */
    size_t candidate_count;
    uint32_t *taken;
    size_t words;
};

/* The best candidate at a threshold among those that the area range ignores, or does not: later
 * ones win ties, taken ones are out unless they are crowds. *best starts at the bar. NOBODY if
 * none. */
static uint32_t best_of(const struct matcher *m, size_t area, size_t t, bool ignored, double best)
{
    const struct sb_match_group *const g = m->group;
    const uint32_t *const taken = m->taken + area * g->gt_count * m->words + t / 32;
    uint32_t winner = NOBODY;
    for (size_t i = 0; i < m->candidate_count; i++) {
        const struct sb_candidate *const c = &m->candidates[i];
        if ((g->gt_ignored[c->gt] >> area & 1) != ignored)
            continue;
        if ((taken[c->gt * m->words] >> (t % 32) & 1) && !(g->gt_flags[c->gt] & SB_ANN_CROWD))
            continue;
        if (c->similarity < best)
            continue;
        best = c->similarity;
        winner = c->gt;
    }
    return winner;
}

/* Matches the current detection for one area range: sets the bits of hits and of ignored. */
static void match_area(const struct matcher *m, size_t area, uint32_t *hits, uint32_t *ignored)
{
    const struct sb_match_group *const g = m->group;
    memset(hits, 0, m->words * sizeof(*hits));
    memset(ignored, 0, m->words * sizeof(*ignored));
    for (size_t t = 0; t < m->params->iou_count; t++) {
        const double bar = bar_of(m->params->iou_thresholds[t]);
        const uint32_t bit = (uint32_t)1 << (t % 32);
        uint32_t gt = best_of(m, area, t, false, bar);
        const bool regular = gt != NOBODY;
        if (!regular)
            gt = best_of(m, area, t, true, bar);
        if (gt == NOBODY)
            continue;
        m->taken[(area * g->gt_count + gt) * m->words + t / 32] |= bit;
        if (!regular)
            ignored[t / 32] |= bit;
        else if (!(g->gt_flags[gt] & SB_ANN_ZERO_ID)) /* id 0 reads as unmatched */
            hits[t / 32] |= bit;
    }
}

/* Objects that detection d can match at some threshold, in file order. Nothing compares as less
 * than a NaN, so once one was taken for the best any other object follows: then all are candidates.
 */
static size_t find_candidates(const struct sb_match_group *group, size_t d, double bar,
                              struct sb_candidate *out)
{
    const double *const row = group->similarity + d * group->gt_count;
    size_t n = 0;
    for (size_t j = 0; j < group->gt_count; j++) {
        if (row[j] != row[j] && bar > -INFINITY)
            return find_candidates(group, d, -INFINITY, out);
        if (row[j] < bar)
            continue;
        out[n].similarity = row[j];
        out[n++].gt = (uint32_t)j;
    }
    return n;
}

int sb_match_group(const struct sb_coco_params *params, const struct sb_match_group *group,
                   uint32_t *info, uint32_t *records, struct sb_match_scratch *scratch,
                   struct sb_error *err)
{
    const size_t words = sb_match_words(params);
    size_t taken;
    if (!sb_mul_size(params->area_count * words, group->gt_count, &taken) ||
        sb_grow(&scratch->taken, &scratch->taken_capacity, taken, sizeof(uint32_t), TAG) ||
        sb_grow(&scratch->candidates, &scratch->candidates_capacity, group->gt_count,
                sizeof(*scratch->candidates), TAG))
        return sb_error_nomem(err, "matching", group->gt_count);
    memset(scratch->taken, 0, taken * sizeof(uint32_t));
    const double bar = lowest_bar(params);
    struct matcher m = {params, group, scratch->candidates, 0, scratch->taken, words};
    for (size_t d = 0; d < group->dt_count; d++) {
        m.candidate_count = find_candidates(group, d, bar, scratch->candidates);
        if (m.candidate_count == 0)
            continue;
        info[d] |= SB_MATCH_RECORD;
        uint32_t *record = records + d * sb_match_record_words(params);
        for (size_t a = 0; a < params->area_count; a++, record += 2 * words)
            match_area(&m, a, record, record + words);
    }
    return 0;
}

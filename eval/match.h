/*
 * Greedy matching of one image and class: detections in order of score each take the best object
 * still free, for every area range and IoU threshold at once (cocodataset/cocoapi
 * PythonAPI/pycocotools cocoeval.py, evaluateImg).
 *
 * Outcomes are bits over thresholds, kept only for detections that some object is similar enough
 * to; the others are misses everywhere, and ignored where their area is out of range.
 */
#ifndef SB_EVAL_MATCH_H
#define SB_EVAL_MATCH_H

#include "base/error.h"
#include "eval/coco_params.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_MATCH_RECORD 0x80000000u /* info bit: the detection has a record */

/* Words of 32 thresholds. */
static inline size_t sb_match_words(const struct sb_coco_params *params)
{
    return (params->iou_count + 31) / 32;
}

/* Words of a record: per area range the thresholds with a hit, then those where it is ignored. */
static inline size_t sb_match_record_words(const struct sb_coco_params *params)
{
    return params->area_count * 2 * sb_match_words(params);
}

/* An object similar enough to a detection. */
struct sb_candidate {
    double similarity;
    uint32_t gt;
};

/* One image and class. The objects' columns have gt_count entries. */
struct sb_match_group {
    size_t dt_count, gt_count;
    const uint8_t *gt_flags;    /* SB_ANN_... */
    const uint32_t *gt_ignored; /* bit per area range: ignored there */
};

/* Memory of one thread; zero it. */
struct sb_match_scratch {
    int64_t ties; /* detections that had a choice between equally similar objects, so far */
    struct sb_candidate *candidates; /* of the current detection, best first */
    size_t candidates_capacity;
    uint32_t *reached; /* (candidate, word) thresholds that a candidate is similar enough for */
    size_t reached_capacity;
    uint32_t *taken; /* (area, gt, word) thresholds at which an object is taken */
    size_t taken_capacity;
};

void sb_match_scratch_release(struct sb_match_scratch *scratch);

/* Bit per area range: set where lo <= area <= hi, or < hi by the rule (NaN counts as inside, as
 * there). */
uint32_t sb_areas_inside(const struct sb_coco_params *params, double area);

/* Thresholds as matching uses them. */
struct sb_match_rules {
    const struct sb_coco_params *params;
    double bars[SB_EVAL_MAX_IOUS];           /* similarity that a threshold asks for at least */
    double lowest;                           /* of bars */
    double shared_bounds[SB_EVAL_MAX_AREAS]; /* where one area range ends and another begins */
    size_t shared_count;
    bool first_of_equals; /* of equally similar objects the first wins, else the last */
    bool ascending;       /* bars are in order */
};

/* Whether the area is a bound that two ranges share. */
static inline bool sb_is_shared_bound(const struct sb_match_rules *rules, double area)
{
    for (size_t i = 0; i < rules->shared_count; i++) {
        if (rules->shared_bounds[i] == area)
            return true;
    }
    return false;
}

/* params must outlive rules. */
void sb_match_rules_init(struct sb_match_rules *rules, const struct sb_coco_params *params);

/* info[d] comes with the area bits of detection d and gets SB_MATCH_RECORD where records[d] was
 * written. similarity is (dt_count, gt_count); records is (dt_count, sb_match_record_words()). */
int sb_match_group(const struct sb_match_rules *rules, const struct sb_match_group *group,
                   const double *similarity, uint32_t *info, uint32_t *records,
                   struct sb_match_scratch *scratch, struct sb_error *err);

#endif

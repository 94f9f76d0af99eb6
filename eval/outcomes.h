/*
 * What became of every detection: hit, miss or ignored, at every threshold and area range, as COCO
 * evaluation matches them (match.h). The AP of any choice of images can be made from this.
 */
#ifndef SB_EVAL_OUTCOMES_H
#define SB_EVAL_OUTCOMES_H

#include "base/bump_arena.h"
#include "base/pool.h"
#include "eval/coco_dt.h"
#include "eval/coco_gt.h"
#include "eval/match.h"

/* One class. */
struct sb_class_outcomes {
    struct sb_arena arena; /* the arrays below */
    /* detections within the largest limit, best score first; ties by image, then file order */
    size_t dt_count;
    uint32_t *dt_rows;
    int32_t *dt_images;
    double *dt_scores;
    uint32_t *dt_info; /* area bits and SB_MATCH_RECORD (match.h) */
    uint32_t *records; /* (dt_count, sb_match_record_words()) where SB_MATCH_RECORD is set */
    /* objects, by image */
    size_t gt_count;
    int32_t *gt_images;
    uint32_t *gt_ignored; /* bit per area range: does not count there */
};

struct sb_outcomes {
    struct sb_coco_params params;
    size_t images, classes;
    struct sb_class_outcomes *items; /* (classes) */
};

int sb_outcomes_collect(struct sb_outcomes *out, const struct sb_coco_gt *gt,
                        const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                        struct sb_pool *pool, struct sb_error *err);
void sb_outcomes_release(struct sb_outcomes *out);

/* What detection i of a class is at threshold t in area range a. */
enum sb_outcome { SB_OUTCOME_MISS, SB_OUTCOME_HIT, SB_OUTCOME_IGNORED };
enum sb_outcome sb_outcome_at(const struct sb_outcomes *out, size_t k, size_t i, size_t a,
                              size_t t);
/* Objects of a class that count in area range a. */
int64_t sb_outcome_objects(const struct sb_outcomes *out, size_t k, size_t a);
/* The index of the IoU threshold 0.5, or of the first. */
size_t sb_outcome_half(const struct sb_coco_params *params);

#endif

/* What judging errors (tide.c) and measuring them (tide_ap.c) share. */
#ifndef SB_EVAL_TIDE_INTERNAL_H
#define SB_EVAL_TIDE_INTERNAL_H

#include "eval/tide.h"

/* Fills ap and the deltas from pairs and counts. */
int sb_tide_measure(struct sb_tide *tide, const struct sb_image_index *index,
                    const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                    const struct sb_coco_params *params, struct sb_error *err);

/* True for an object that counts, that no detection has and no error lies on. */
static inline bool sb_tide_is_miss(const struct sb_tide *tide, const struct sb_coco_gt *gt,
                                   size_t object)
{
    return gt->image[object] >= 0 && gt->category[object] >= 0 &&
           !(gt->flags[object] & SB_ANN_IGNORE) && tide->pairs.by[object] == SB_NO_ROW &&
           tide->pairs.fixed_by[object] == SB_NO_ROW;
}

static inline int32_t sb_class_of(const struct sb_coco_params *params, int32_t category)
{
    return params->use_cats ? category : 0;
}

#endif

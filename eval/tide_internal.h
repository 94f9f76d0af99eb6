/* What judging errors (tide.c) and measuring them (tide_ap.c) share. */
#ifndef SB_EVAL_TIDE_INTERNAL_H
#define SB_EVAL_TIDE_INTERNAL_H

#include "eval/tide.h"

/* Fills ap and the deltas from pairs and counts. */
int sb_tide_measure(struct sb_tide *tide, const struct sb_image_index *index,
                    const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                    const struct sb_coco_params *params, struct sb_error *err);

static inline int32_t sb_class_of(const struct sb_coco_params *params, int32_t category)
{
    return params->use_cats ? category : 0;
}

#endif

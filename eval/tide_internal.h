/* What judging errors (tide.c) and measuring them (tide_ap.c) share. */
#ifndef SB_EVAL_TIDE_INTERNAL_H
#define SB_EVAL_TIDE_INTERNAL_H

#include "eval/tide.h"

/* Data sets as they are and as they were without some errors. */
enum sb_tide_world_number {
    SB_TIDE_AS_IT_IS,
    SB_TIDE_FIXED, /* errors of kind 0; those of the others follow */
    SB_TIDE_WRONG_LAST = SB_TIDE_FIXED + SB_TIDE_KINDS,
    SB_TIDE_NOTHING_MISSED,
    SB_TIDE_WORLDS
};

/* The detections of a world, best first: of class k those from start[k] on. */
struct sb_tide_world {
    size_t *start; /* (classes + 1); owned */
    /* Image, then SB_TIDE_TIED where it has the score and the image of the one before and their
     * order is that of the image's detections, then SB_TIDE_HIT_BIT; owned. */
    uint32_t *items;
};
#define SB_TIDE_TIED        2U
#define SB_TIDE_HIT_BIT     1U
#define SB_TIDE_IMAGE_SHIFT 2

/* Fills ap and the deltas from pairs and counts, and the lists behind them. */
int sb_tide_measure(struct sb_tide *tide, const struct sb_image_index *index,
                    const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                    const struct sb_coco_params *params,
                    struct sb_tide_world worlds[SB_TIDE_WORLDS], struct sb_error *err);

/* Fills the samples from the lists. */
int sb_tide_resample(struct sb_tide *tide, const struct sb_tide_world worlds[SB_TIDE_WORLDS],
                     const struct sb_coco_gt *gt, const struct sb_coco_params *params,
                     uint64_t seed, struct sb_pool *pool, struct sb_error *err);

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

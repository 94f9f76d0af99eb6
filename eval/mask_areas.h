/* Areas of many segmentations, read where they stand in a file. */
#ifndef SB_EVAL_MASK_AREAS_H
#define SB_EVAL_MASK_AREAS_H

#include "base/file.h"
#include "base/pool.h"
#include "eval/coco_gt.h"

struct sb_mask_column {
    const struct sb_map *map;
    const char *path; /* for messages */
    size_t count;
    const uint64_t *shape_at;   /* offsets in map; UINT64_MAX: the box is the mask */
    const uint64_t *shape_from; /* offsets in the file, for messages; NULL where map is the file */
    double (*box)[4]; /* x, y, w, h; NULL where every row has a shape. Rows where x is NaN get the
                         mask's box */
    const int32_t *image; /* ranks; rows with -1 are left alone */
};

/* Sets area[i] to the mask's area where it is NaN, or everywhere with all. */
int sb_mask_areas(const struct sb_mask_column *masks, const struct sb_coco_gt *gt,
                  const struct sb_coco_params *params, bool all, double *area, struct sb_pool *pool,
                  struct sb_error *err);

#endif

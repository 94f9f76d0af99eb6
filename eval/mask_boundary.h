/*
 * The boundary of a mask (Cheng et al., Boundary IoU, CVPR 2021, as boundary-iou-api makes it): the
 * pixels within d of the mask's outside, the outside of the image included, where d is the dilation
 * ratio times the image's diagonal, rounded half to even, at least 1, and distances are those of a
 * square (max of rows and columns).
 */
#ifndef SB_EVAL_MASK_BOUNDARY_H
#define SB_EVAL_MASK_BOUNDARY_H

#include "datasets/rle.h"

#include <stddef.h>
#include <stdint.h>

/* Memory kept between calls; zero it, one per thread. */
struct sb_boundary_scratch {
    uint64_t *mask, *eroded, *prefix; /* a bit per pixel, columns one after the other */
    size_t mask_capacity, eroded_capacity, prefix_capacity;
};

void sb_boundary_scratch_release(struct sb_boundary_scratch *scratch);

/* Pixels from the outside that belong to the boundary. */
uint32_t sb_boundary_width(uint32_t h, uint32_t w, double dilation_ratio);
/* Overwrites *boundary, without runs of length 0 but the first. */
int sb_mask_boundary(const struct sb_rle *mask, double dilation_ratio, struct sb_rle *boundary,
                     struct sb_boundary_scratch *scratch, struct sb_error *err);

#endif

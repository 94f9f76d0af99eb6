/* Intersection over union of run-length masks, as pycocotools' rleIou. */
#ifndef SB_EVAL_MASK_IOU_H
#define SB_EVAL_MASK_IOU_H

#include "datasets/rle.h"
#include "eval/box_iou.h"

#include <stdbool.h>
#include <stdint.h>

/* A mask with what every comparison asks for. Zero it; sb_mask_update() after each change of rle.
 */
struct sb_mask {
    struct sb_rle rle;
    struct sb_corners corners; /* of the box around it */
    uint32_t area;
    bool regular; /* no run but the first is 0 */
};

void sb_mask_update(struct sb_mask *mask);
void sb_mask_release(struct sb_mask *mask);

/* 0 when the boxes do not meet, -1 when the images' sizes differ. For a crowd the union is the area
 * of dt. Where both masks have runs of length 0 in the same place pycocotools stops counting there;
 * so does this unless exact, and adds to *cut_short where that makes a difference. */
double sb_mask_iou(const struct sb_mask *dt, const struct sb_mask *gt, bool crowd, bool exact,
                   int64_t *cut_short);

#endif

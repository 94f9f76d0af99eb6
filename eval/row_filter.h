/*
 * Which objects and detections take part in an evaluation, and where a detection ranks in its
 * image. Most metrics take all of them; a subset of the images, areas of 0, limits of detections
 * over all classes of an image and LVIS's federated annotation leave some out.
 */
#ifndef SB_EVAL_ROW_FILTER_H
#define SB_EVAL_ROW_FILTER_H

#include "eval/class_lists.h"
#include "eval/coco_dt.h"
#include "eval/coco_gt.h"

struct sb_row_filter {
    const int32_t *gt_image, *dt_image; /* per row the image's rank, -1 = takes no part */
    uint32_t
        *dt_rank; /* per detection: better ones in its image; NULL where limits are per class */
    int32_t *own_gt_image, *own_dt_image; /* copies, where rows are left out; else NULL */
    struct sb_notes notes;
};

/* chosen: a flag per image rank, NULL = all. gt and dt must outlive the filter. */
int sb_row_filter_build(struct sb_row_filter *filter, const struct sb_coco_gt *gt,
                        const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                        const uint8_t *chosen, struct sb_error *err);
/* The classes of an evaluation: objects and detections that take part, by category, or all as one.
 */
int sb_filtered_lists_build(struct sb_class_lists *gts, struct sb_class_lists *dts,
                            const struct sb_row_filter *filter, const struct sb_coco_gt *gt,
                            const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                            struct sb_error *err);
void sb_row_filter_release(struct sb_row_filter *filter);

#endif

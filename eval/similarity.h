/*
 * Similarity of the detections and objects of one image and class: IoU of boxes, masks or their
 * boundaries, or object keypoint similarity. One interface, so that matching does not know what it
 * compares.
 */
#ifndef SB_EVAL_SIMILARITY_H
#define SB_EVAL_SIMILARITY_H

#include "eval/box_iou.h"
#include "eval/coco_dt.h"
#include "eval/coco_gt.h"
#include "eval/coco_mask.h"
#include "eval/mask_boundary.h"
#include "eval/mask_iou.h"
#include "eval/match.h"
#include "eval/row_filter.h"

/* What to compare, in matching order. */
struct sb_sim_group {
    int32_t image; /* rank */
    size_t dt_count, gt_count;
    const uint32_t *dts, *gts;           /* rows of the detections and of the ground truth */
    const uint8_t *gt_flags;             /* SB_ANN_... */
    const double (*dt_boxes)[4];         /* x, y, w, h; only for SB_IOU_BBOX, */
    const struct sb_corners *gt_corners; /* as these */
};

/* Memory of one thread; zero it. */
struct sb_sim_scratch {
    double *values; /* (dt_count, gt_count): the result */
    size_t values_capacity;
    struct sb_mask *masks;      /* of the group's detections, then objects */
    size_t mask_count;          /* made so far; their memory is reused */
    struct sb_mask *boundaries; /* of the masks, once something is similar to them */
    bool *has_boundary;
    struct sb_mask_scratch mask;
    struct sb_boundary_scratch boundary;
    int64_t cut_short; /* pairs of masks with runs of length 0 where counting stopped too early */
};

struct sb_similarity {
    const struct sb_coco_gt *gt;
    const struct sb_coco_dt *dt;
    const struct sb_coco_params *params;
    const struct sb_row_filter *rows;
    struct sb_match_rules
        rules; /* nobody asks how far a value is below rules.lowest: it may be 0 */
};

/* Fills scratch->values. */
int sb_similarity_fill(const struct sb_similarity *sim, const struct sb_sim_group *group,
                       struct sb_sim_scratch *scratch, struct sb_error *err);
/* Masks of single rows, where the data has them (shape_at). */
int sb_detection_mask(const struct sb_coco_gt *gt, const struct sb_coco_dt *dt, uint32_t row,
                      struct sb_mask *mask, struct sb_mask_scratch *scratch, struct sb_error *err);
int sb_object_mask(const struct sb_coco_gt *gt, uint32_t row, struct sb_mask *mask,
                   struct sb_mask_scratch *scratch, struct sb_error *err);
void sb_sim_scratch_release(struct sb_sim_scratch *scratch);

#endif

/*
 * Segmentations of COCO files as masks: a list of polygons, a run-length code with a list of
 * counts, or with compressed counts. Read straight from the text where the value stands.
 */
#ifndef SB_EVAL_COCO_MASK_H
#define SB_EVAL_COCO_MASK_H

#include "base/json_scan.h"
#include "datasets/rle_scan.h"
#include "eval/coco_params.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory for reading masks, kept between calls, and the rules for odd ones; zero it, one per
 * thread.
 */
struct sb_mask_scratch {
    bool takes_short;       /* polygons of fewer than three points are empty, not errors */
    int64_t short_polygons; /* of these met so far */
    struct sb_rle_scratch rle;
    struct sb_rle part, checked;
    struct sb_rle_code code;
    double *points; /* of a polygon */
    size_t points_capacity;
};

/* The rules of the evaluation; memory is left alone. */
void sb_mask_scratch_init(struct sb_mask_scratch *scratch, const struct sb_coco_params *params);
void sb_mask_scratch_release(struct sb_mask_scratch *scratch);

/* Reads the segmentation at s->pos of an image of h x w pixels. As in pycocotools a run-length code
 * has its own size, and the first polygon must have more than 4 numbers. */
int sb_coco_mask_scan(struct sb_scan *s, uint32_t h, uint32_t w, struct sb_rle *mask,
                      struct sb_mask_scratch *scratch);
/* Only compressed run-length codes, as results must be. */
int sb_coco_mask_scan_result(struct sb_scan *s, struct sb_rle *mask,
                             struct sb_mask_scratch *scratch);
/* Passes over a segmentation and refuses what the functions above would refuse, without making the
 * mask, so that the size of the image is not needed yet. */
int sb_coco_mask_check(struct sb_scan *s, struct sb_mask_scratch *scratch);
/* The rectangle x, y, w, h as a polygon, for results without a mask. */
int sb_coco_mask_from_box(const double box[4], uint32_t h, uint32_t w, struct sb_rle *mask,
                          struct sb_mask_scratch *scratch, struct sb_error *err);

#endif

/*
 * Images one by one, all classes together: the best detections of an image and how similar each is
 * to each of its objects, whatever their classes. Diagnosis looks at errors this way; AP itself is
 * computed class by class (class_eval.h).
 */
#ifndef SB_EVAL_IMAGE_PASS_H
#define SB_EVAL_IMAGE_PASS_H

#include "base/pool.h"
#include "eval/class_lists.h"
#include "eval/coco_dt.h"
#include "eval/coco_gt.h"
#include "eval/coco_params.h"

#include <stddef.h>
#include <stdint.h>

#define SB_IMAGE_DETECTIONS 100 /* of an image; the others are not looked at */

/* Rows of each image: objects in file order, detections best score first (ties in file order), at
 * most SB_IMAGE_DETECTIONS. Rows without a known image or category are left out. */
struct sb_image_index {
    size_t images;
    struct sb_class_lists gts, dts; /* one list per image */
    size_t *dt_count;               /* (images) detections within the limit */
};

int sb_image_index_build(struct sb_image_index *index, const struct sb_coco_gt *gt,
                         const struct sb_coco_dt *dt, struct sb_error *err);
void sb_image_index_release(struct sb_image_index *index);

/* One image. */
struct sb_image_view {
    int32_t image; /* rank */
    size_t dt_count, gt_count;
    const uint32_t *dts, *gts; /* rows in the order of the index */
    /* (dt_count, gt_count); of ignored objects the share of the detection's own area */
    const double *similarity;
};

/* May run for several images at once: it writes only what belongs to its image. */
typedef void (*sb_image_fn)(void *ctx, const struct sb_image_view *view);

/* Calls fn for every image. pool may be NULL. */
int sb_image_pass(const struct sb_image_index *index, const struct sb_coco_gt *gt,
                  const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                  struct sb_pool *pool, sb_image_fn fn, void *ctx, struct sb_error *err);

#endif

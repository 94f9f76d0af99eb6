/*
 * RetinaNet's head outputs to detections: sigmoid scores without class 0, anchors decoded and
 * clipped to the output size, top 5000 per class, NMS per class, 100 per image (limits from the
 * model).
 *
 *     struct sb_retinanet r;
 *     int rc = sb_retinanet_init(&r, model, 0.0, &err);
 *     size_t n = sb_retinanet_detect(&r, levels, dets);           // dets: max_detections
 *     sb_retinanet_release(&r);
 *
 * One image at a time, one thread per struct. Nothing is allocated per image.
 */
#ifndef SB_DETECT_RETINANET_H
#define SB_DETECT_RETINANET_H

#include "base/error.h"
#include "detect/anchors.h"
#include "detect/class_nms.h"

/* Head outputs of one level, planar: class_logits (per_cell * num_classes, rows, columns) with
 * channel anchor * num_classes + class, box_deltas (per_cell * 4, rows, columns) with anchor * 4 +
 * coordinate. */
struct sb_head_level {
    const float *class_logits;
    const float *box_deltas;
};

struct sb_retinanet {
    struct sb_anchors anchors;
    struct sb_class_nms nms;
    int num_classes;
    int image_h, image_w; /* boxes are clipped to [0, size - 1] */
    struct sb_box *boxes; /* decoded, one per anchor, owned */
};

/* soft_sigma 0 = hard NMS, the default of the published models. */
int sb_retinanet_init(struct sb_retinanet *r, const struct sb_model *model, double soft_sigma,
                      struct sb_error *err);
void sb_retinanet_release(struct sb_retinanet *r);

/* levels[level] for min_level .. max_level. out: room for max_detections; the first ones, as many
 * as returned, are valid, best first, with boxes in pixels of the network input. */
size_t sb_retinanet_detect(struct sb_retinanet *r,
                           const struct sb_head_level levels[SB_LEVEL_COUNT],
                           struct sb_scored_box *out);

/* The official filler of rows count .. max_detections - 1: score -1, class 1, and the box of class
 * 1's best candidate. After sb_retinanet_detect() with the same levels. */
void sb_retinanet_fill(const struct sb_retinanet *r,
                       const struct sb_head_level levels[SB_LEVEL_COUNT], struct sb_scored_box *out,
                       size_t count);

#endif

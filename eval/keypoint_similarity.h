/* Object keypoint similarity (cocodataset/cocoapi cocoeval.py, computeOks). */
#ifndef SB_EVAL_KEYPOINT_SIMILARITY_H
#define SB_EVAL_KEYPOINT_SIMILARITY_H

#include "eval/coco_params.h"

/* Mean over the labelled keypoints of exp(-d^2 / (2 s)^2 / area / 2). gt: (K, 3) x, y, visibility;
 * dt: (K, 2) x, y; box of the object x, y, w, h. Without a labelled keypoint distances are those to
 * the box grown by its size on every side. */
double sb_keypoint_similarity(const double *dt, const double *gt, const double box[4], double area,
                              const struct sb_coco_params *params);

#endif

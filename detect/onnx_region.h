/*
 * Region ops of two-stage models in standard ONNX operators, for models/onnx_export.h: the rules of
 * detect/maskrcnn.h and engine/kernels/roi_align.c step by step, with their ties and thresholds.
 * RoIAlign is spelt by Gather, because ONNX's own operator treats small boxes and borders
 * differently.
 *
 * What the standard leaves open, and ONNX Runtime does as we do: NonMaxSuppression lists the boxes
 * of a class in the order of keeping. Scores that are not numbers, which the engine drops, have no
 * defined place in TopK.
 */
#ifndef SB_DETECT_ONNX_REGION_H
#define SB_DETECT_ONNX_REGION_H

#include "models/onnx_export.h"

/* A sb_onnx_region_fn. Soft NMS is SB_EUNSUPPORTED. Outputs: roi_boxes, roi_scores;
 * detection_boxes, detection_scores, detection_classes, num_detections; as engine/outputs.h. */
int sb_onnx_region(struct sb_onnx *onnx, const struct sb_graph *graph, const struct sb_node *node,
                   const char *const *inputs, const char **value, struct sb_error *err);

#endif

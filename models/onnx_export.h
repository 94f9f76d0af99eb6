/*
 * A model as an ONNX file: standard operators of opset 17, batch 1, weights under their slots'
 * names (so the file is also a weight file). Batch norms are written as such; folding them is the
 * runtime's business.
 *
 * The input is node 0's, named as it is ("input"). Outputs have the names of the files that
 * `spinebench forward` writes, and their shapes, except that maps are (1, C, H, W) unless
 * options.nhwc asks for the files' (1, H, W, C); the input follows.
 *
 * Proposals, RoIAlign and detections of two-stage models are spelt by detect/onnx_region.h, handed
 * in as a callback as the engine does with their kernels.
 */
#ifndef SB_MODELS_ONNX_EXPORT_H
#define SB_MODELS_ONNX_EXPORT_H

#include "base/error.h"
#include "models/model.h"
#include "models/onnx_writer.h"
#include "models/weights.h"

#include <stdbool.h>

/* Adds what a PROPOSALS, ROI_ALIGN or DETECTIONS node does; inputs[i] is the value of its i-th
 * input: maps (1, C, H, W), matrices and rows (R, columns). *value is its result, and where
 * node->output is set the row arrays are declared as outputs of the model. */
typedef int (*sb_onnx_region_fn)(struct sb_onnx *onnx, const struct sb_graph *graph,
                                 const struct sb_node *node, const char *const *inputs,
                                 const char **value, struct sb_error *err);

struct sb_onnx_options {
    bool nhwc;                /* input and maps as (1, H, W, C); default false */
    sb_onnx_region_fn region; /* NULL: two-stage models are SB_EUNSUPPORTED */
};

/* What would make an export fail, before weights are loaded: a batch other than 1 and more than
 * SB_ONNX_MAX_BYTES of weights are SB_EUNSUPPORTED. */
int sb_onnx_export_check(const struct sb_model *model, struct sb_error *err);
int sb_onnx_export(const struct sb_model *model, const struct sb_weights *weights,
                   const struct sb_onnx_options *options, const char *path, struct sb_error *err);

#endif

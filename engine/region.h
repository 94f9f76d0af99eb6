/*
 * Region ops: proposals and final detections of two-stage detectors run inside a forward pass, but
 * anchors, box coding and non-maximum suppression belong to detect/. The caller of sb_plan_new()
 * hands them in as a pair of callbacks (sb_plan_options.region); a graph that needs one that is
 * missing cannot be planned.
 */
#ifndef SB_ENGINE_REGION_H
#define SB_ENGINE_REGION_H

#include "base/error.h"
#include "base/pool.h"
#include "models/graph.h"

#include <stddef.h>

/* One call. Tensors are (N, C, H, W) float32, dense; inputs and output as graph.h says for the op.
 */
struct sb_region_call {
    const struct sb_region_params *params;
    const struct sb_shape *input_shapes;
    int num_inputs;
    struct sb_shape output_shape;
    /* data: NULL while the workspace is being sized */
    const float *const *inputs;
    float *output;
    void *workspace; /* 64-byte aligned, as many bytes as workspace_bytes() said */
    struct sb_pool *pool;
};

struct sb_region_op {
    /* Bytes of scratch that run() needs, from params and shapes; NULL means none. */
    size_t (*workspace_bytes)(const struct sb_region_call *call);
    /* Writes every row of the output. Must not allocate. */
    int (*run)(const struct sb_region_call *call, struct sb_error *err);
};

struct sb_region_ops {
    struct sb_region_op proposals;  /* SB_OP_PROPOSALS */
    struct sb_region_op detections; /* SB_OP_DETECTIONS */
};

#endif

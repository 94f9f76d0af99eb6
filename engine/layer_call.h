/*
 * One layer run by one kernel, without a plan: what kernel tests check and `spinebench kernels`
 * times, so that both make the same calls. All arrays lie between guards; channel padding of
 * blocked inputs holds junk, as it may in a plan.
 *
 *     struct sb_layer_call call;
 *     int rc = sb_layer_call_init(&call, &layer, kernel, &options, &err);  // SB_EUNSUPPORTED: not
 *     sb_layer_call_run(&call, &err);                                      // this kernel's layer
 *     sb_layer_call_output(&call, values);
 *     const char *broken = sb_layer_call_broken(&call);    // NULL: nothing was overwritten
 *     sb_layer_call_release(&call);
 */
#ifndef SB_ENGINE_LAYER_CALL_H
#define SB_ENGINE_LAYER_CALL_H

#include "base/error.h"
#include "base/pool.h"
#include "engine/kernels/kernels.h"
#include "engine/steps.h"
#include "models/graph.h"
#include "models/weights.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A layer: one op and what is fused behind it. Fields that an op does not have are 0. */
struct sb_layer {
    enum sb_op op; /* any but inputs, PROPOSALS, DETECTIONS and SELECT */
    struct sb_shape in;
    int64_t cout;            /* CONV, DECONV, FC; ROI_ALIGN: boxes per image */
    struct sb_window window; /* CONV, DWCONV, DECONV, MAXPOOL; ROI_ALIGN: kernel_h bins per side of
                                levels 3 (in) and 4 (half of it) */
    int64_t out_h, out_w;    /* RESIZE */
    enum sb_act act;         /* ACT: which; others: the end of the epilogue */
    bool affine, residual;   /* parts of the epilogue, where the op takes them */
    bool gate;               /* MUL by (N, C, 1, 1) instead of an array of the same shape */
};

struct sb_layer_options {
    enum sb_cpu cpu;
    int threads;
    uint64_t seed;       /* of weights and inputs */
    bool separate_scale; /* as where steps share weights: the scale is not packed into the kernel */
};

struct sb_guarded {
    char *block; /* owned */
    void *data;  /* between two guards, 64-byte aligned */
    size_t bytes;
};

#define SB_LAYER_INPUTS 3

struct sb_layer_call {
    struct sb_graph *graph; /* the layer; inputs and residual are its input nodes */
    struct sb_weights weights;
    float *plain[SB_LAYER_INPUTS + 1]; /* values of the graph's i-th input node, (N, C, H, W) */
    int num_plain;
    int output; /* node whose value the kernel makes */
    /* what the kernel gets */
    struct sb_steps steps;
    struct sb_kernel_call call;
    struct sb_pool *pool;
    struct sb_shape in_shapes[SB_LAYER_INPUTS];
    enum sb_layout in_layouts[SB_LAYER_INPUTS];
    const float *inputs[SB_LAYER_INPUTS];
    struct sb_guarded arrays[SB_LAYER_INPUTS + 6]; /* operands first */
    uint64_t operand_digest;
    size_t num_arrays, num_operands;
};

int sb_layer_call_init(struct sb_layer_call *out, const struct sb_layer *layer,
                       const struct sb_kernel *kernel, const struct sb_layer_options *options,
                       struct sb_error *err);
void sb_layer_call_release(struct sb_layer_call *call);
int sb_layer_call_run(struct sb_layer_call *call, struct sb_error *err);
/* The output as (N, C, H, W): sb_shape_count(call->call.out) values. */
void sb_layer_call_output(const struct sb_layer_call *call, float *values);
/* What was written to and must not be ("a guard", "an operand"); NULL if nothing. */
const char *sb_layer_call_broken(const struct sb_layer_call *call);

/* Multiply-adds of the layer, 0 for ops without; bytes of its operands, weights and output. */
int64_t sb_layer_macs(const struct sb_layer_call *call);
size_t sb_layer_bytes(const struct sb_layer_call *call);

#endif

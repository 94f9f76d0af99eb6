/*
 * The kernel table: what can run a step. For every step the plan takes the first kernel of the
 * engine's table whose op matches and whose supports() and pays() say yes, asks it for the size of
 * packed weights and workspace, packs once, and calls run() in every forward pass.
 *
 * Adding a kernel: kernels/NAME.c with its functions and one `const struct sb_kernel`, declared
 * below and listed in kernel_table.c before the ones it beats; tests/engine/test_NAME.c against the
 * naive reference. run() must not allocate, and its result must not depend on the number of
 * threads: cut work into jobs by the shape alone.
 *
 * Tensors are float32 in the layouts that the kernel states (steps.h). Outputs never overlap
 * inputs, except as `inplace` allows.
 */
#ifndef SB_ENGINE_KERNELS_KERNELS_H
#define SB_ENGINE_KERNELS_KERNELS_H

#include "base/error.h"
#include "base/pool.h"
#include "engine/plan.h"
#include "engine/region.h"
#include "engine/steps.h"

#include <stdbool.h>
#include <stddef.h>

struct sb_simd;

/* What a kernel may write over, element by element. */
enum { SB_INPLACE_INPUTS = 1, SB_INPLACE_RESIDUAL = 2 };

struct sb_kernel_call {
    /* Geometry: all that supports(), packed_bytes() and workspace_bytes() may read. */
    const struct sb_step *step; /* op, parameters, activation */
    const struct sb_shape *in;  /* shape of every input */
    const enum sb_layout
        *in_layouts; /* how each is made; at run time it is the kernel's in_layout */
    int num_inputs;
    struct sb_shape out;
    size_t slot_pixels;                 /* output pixels of all steps that share the weight slot */
    bool low_memory;                    /* sb_plan_options.low_memory */
    int threads;                        /* workers that may call at the same time */
    const struct sb_simd *simd;         /* inner loops for this CPU, see simd.h */
    const struct sb_region_ops *region; /* NULL where the caller gave none */
    /* The step that runs together with this one: same kernel, same input, or, where the kernel
     * streams, the depthwise convolution that reads this one; NULL: none. The first of such a chain
     * is run, and its workspace is for all. */
    const struct sb_kernel_call *next;
    /* The step that runs this one's kernel, with the same packed weights, on another map: it runs
     * together with this one, as do those that are `next` to both, which have the same link; NULL:
     * none. Maps may have other sizes, scales and shifts, not other numbers of channels. */
    const struct sb_kernel_call *next_map;
    /* Data. */
    const float *const *inputs;
    const float *residual; /* shape of out unless residual_shape says otherwise, or NULL */
    /* Of a residual that is smaller, which a nearest resize enlarges; all 0 for the output's. */
    struct sb_shape residual_shape;
    const float *scale; /* out.c values, or NULL where 1 or multiplied into the kernel */
    const float *shift; /* out.c values, or NULL where 0 */
    const void *packed;
    void *workspace;
    float *output;
    struct sb_pool *pool;
};

struct sb_kernel {
    const char *name;
    enum sb_op op;
    enum sb_layout in_layout;  /* of every input */
    enum sb_layout out_layout; /* of the output and the residual */
    unsigned inplace;          /* SB_INPLACE_*: operands the output may lie on */
    bool joins;                /* runs a chain of calls, see sb_kernel_call.next */
    bool joins_maps;           /* and chains of maps, see sb_kernel_call.next_map */
    /* Runs this kernel's step together with a depthwise convolution, its only reader, whose call is
     * `next`, and with the global mean of that one's result, where another follows. The value
     * between the first two is never in memory. Packed weights are the same. NULL: none */
    const struct sb_kernel *streams;
    bool enlarges; /* may add a smaller residual, see sb_kernel_call.residual_shape */
    /* May have a gate (N, C, 1, 1) as second input: factors of the channels of the first. */
    bool gates;
    bool blas; /* run() calls sb_gemm(), so sb_gemm_setup() must come before */
    /* False where this kernel cannot run the step; NULL = it runs every step of its op. */
    bool (*supports)(const struct sb_kernel_call *call);
    /* The cost model: false where a later kernel of the table is expected to be better; NULL =
     * never. */
    bool (*pays)(const struct sb_kernel_call *call);
    /* Bytes of packed weights; NULL = the op has none. */
    size_t (*packed_bytes)(const struct sb_kernel_call *call);
    /* Packs `kernel` (layout of graph.h), each output channel times scale[c] (NULL = 1). The packed
     * form depends on the kernel's shape alone: steps that share a weight slot share it. */
    void (*pack)(const struct sb_kernel_call *call, const float *kernel, const double *scale,
                 void *packed);
    /* Bytes of scratch for all threads together; NULL = none. */
    size_t (*workspace_bytes)(const struct sb_kernel_call *call);
    int (*run)(const struct sb_kernel_call *call, struct sb_error *err);
};

/* The kernel of the engine called `name` where it supports the step, else the first that supports
 * it and pays; NULL when there is none. name may be NULL. */
const struct sb_kernel *sb_kernel_choose(enum sb_engine engine, const struct sb_kernel_call *call,
                                         const char *name);
/* The engine's kernels in order of preference, up to a NULL. */
const struct sb_kernel *const *sb_kernel_table(enum sb_engine engine);

extern const struct sb_kernel sb_kernel_act;
extern const struct sb_kernel sb_kernel_add;
extern const struct sb_kernel sb_kernel_affine;
extern const struct sb_kernel sb_kernel_conv_1x1_openblas;
extern const struct sb_kernel sb_kernel_conv_im2col_openblas;
extern const struct sb_kernel sb_kernel_deconv_openblas;
extern const struct sb_kernel sb_kernel_detections;
extern const struct sb_kernel sb_kernel_dwconv;
extern const struct sb_kernel sb_kernel_fc_openblas;
extern const struct sb_kernel sb_kernel_global_avg;
extern const struct sb_kernel sb_kernel_global_max;
extern const struct sb_kernel sb_kernel_maxpool;
extern const struct sb_kernel sb_kernel_mul;
extern const struct sb_kernel sb_kernel_proposals;
extern const struct sb_kernel sb_kernel_resize;
extern const struct sb_kernel sb_kernel_roi_align;
extern const struct sb_kernel sb_kernel_scale;
extern const struct sb_kernel sb_kernel_select;
extern const struct sb_kernel sb_kernel_softmax;

/* In no table: what steps of conv_1x1_native become where they stream (kernel.streams). */
extern const struct sb_kernel sb_kernel_conv_1x1_dwconv_native;

/* Copies between layouts; in no table, put in where they are needed (choose.h). */
extern const struct sb_kernel sb_kernel_to_blocked;
extern const struct sb_kernel sb_kernel_to_plain;

extern const struct sb_kernel sb_kernel_act_native;
extern const struct sb_kernel sb_kernel_add_native;
extern const struct sb_kernel sb_kernel_affine_native;
#if defined(__x86_64__)
extern const struct sb_kernel sb_kernel_conv_1x1_bf16;
#endif
extern const struct sb_kernel sb_kernel_conv_1x1_native;
extern const struct sb_kernel sb_kernel_conv_native;
extern const struct sb_kernel sb_kernel_conv_stem_native;
extern const struct sb_kernel sb_kernel_conv_taps_native;
extern const struct sb_kernel sb_kernel_deconv_native;
extern const struct sb_kernel sb_kernel_dwconv_native;
extern const struct sb_kernel sb_kernel_fc_native;
extern const struct sb_kernel sb_kernel_global_avg_native;
extern const struct sb_kernel sb_kernel_global_max_native;
extern const struct sb_kernel sb_kernel_maxpool_native;
extern const struct sb_kernel sb_kernel_mul_native;
extern const struct sb_kernel sb_kernel_resize_native;
extern const struct sb_kernel sb_kernel_roi_align_native;
extern const struct sb_kernel sb_kernel_scale_native;
extern const struct sb_kernel sb_kernel_winograd_native;

#endif

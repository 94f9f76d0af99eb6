/* What a plan is made of; for plan.c and plan_build.c only. */
#ifndef SB_ENGINE_PLAN_INTERNAL_H
#define SB_ENGINE_PLAN_INTERNAL_H

#include "engine/kernels/kernels.h"
#include "engine/plan.h"
#include "engine/steps.h"

/* A step with its kernel, ready to run. */
struct sb_planned_step {
    struct sb_kernel_call call;
    struct sb_shape *in_shapes; /* call.in, owned */
    const float **inputs;       /* call.inputs, owned */
    bool fold_scale;            /* the scale is multiplied into the packed kernel */
    size_t item;                /* its packed kernel, where the step has a weight slot */
    size_t channel_offset;      /* of scale and shift, in the channel arena of its level */
    size_t weight_bytes;        /* packed kernel, unless counted before, scale and shift */
    size_t workspace_bytes;
};

struct sb_plan {
    const struct sb_graph *graph;
    struct sb_plan_options options;
    struct sb_pool *pool;
    struct sb_steps steps;
    struct sb_planned_step *planned; /* one per step */
    float *
        *data; /* per value: in the arena, or the caller's memory; NULL: there is none any more */
    char *arena;
    struct sb_packed *packed; /* options.packed, or own_packed */
    struct sb_packed *own_packed;
    char *channels[SB_LEVEL_COUNT]; /* scales and shifts by level */
    void *workspace;                /* shared by all steps */
    int *outputs;                   /* values that are outputs, in graph order */
    size_t num_outputs;
    struct sb_plan_memory memory;
};

/* Fills a plan whose graph, options and pool are set. On failure the plan may be half built. */
int sb_plan_build(struct sb_plan *plan, const struct sb_weights *weights, struct sb_error *err);

/* Points every step at plan->data. */
void sb_plan_connect(struct sb_plan *plan);

#endif

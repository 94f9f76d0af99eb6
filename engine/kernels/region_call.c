/* Kernels that hand a region op to the caller's callbacks. See region.h. */
#include "engine/region.h"

#include "engine/kernels/kernels.h"

static const struct sb_region_op *region_op(const struct sb_kernel_call *call)
{
    if (!call->region)
        return NULL;
    return call->step->op == SB_OP_PROPOSALS ? &call->region->proposals : &call->region->detections;
}

static bool supports(const struct sb_kernel_call *call)
{
    return region_op(call) && region_op(call)->run;
}

static struct sb_region_call region_call(const struct sb_kernel_call *call)
{
    return (struct sb_region_call){
        .params = &call->step->node->u.region,
        .input_shapes = call->in,
        .num_inputs = call->num_inputs,
        .output_shape = call->out,
        .inputs = call->inputs,
        .output = call->output,
        .workspace = call->workspace,
        .pool = call->pool,
    };
}

static size_t workspace_bytes(const struct sb_kernel_call *call)
{
    const struct sb_region_call region = region_call(call);
    return region_op(call)->workspace_bytes ? region_op(call)->workspace_bytes(&region) : 0;
}

static int run(const struct sb_kernel_call *call, struct sb_error *err)
{
    const struct sb_region_call region = region_call(call);
    return region_op(call)->run(&region, err);
}

const struct sb_kernel sb_kernel_proposals = {
    .name = "proposals",
    .op = SB_OP_PROPOSALS,
    .supports = supports,
    .workspace_bytes = workspace_bytes,
    .run = run,
};
const struct sb_kernel sb_kernel_detections = {
    .name = "detections",
    .op = SB_OP_DETECTIONS,
    .supports = supports,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

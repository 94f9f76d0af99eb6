/*
 * Compiles a graph: steps, passes, kernels, memory, weights, in this order. Everything that a
 * forward pass touches is allocated here. See plan.h.
 */
#include "base/mem.h"
#include "base/size.h"
#include "engine/arena.h"
#include "engine/choose.h"
#include "engine/kernels/gemm.h"
#include "engine/kernels/simd.h"
#include "engine/passes.h"
#include "engine/plan_internal.h"

#include <string.h>

#define DATA_TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static int plan_step(struct sb_plan *plan, size_t index, struct sb_error *err)
{
    const struct sb_step *step = &plan->steps.items[index];
    struct sb_planned_step *planned = &plan->planned[index];
    const size_t n = (size_t)step->num_inputs;
    planned->in_shapes = sb_calloc(n, sizeof(*planned->in_shapes), DATA_TAG);
    planned->inputs = sb_calloc(n, sizeof(*planned->inputs), DATA_TAG);
    if (!planned->in_shapes || !planned->inputs)
        return sb_error_nomem(err, "a step", n * sizeof(*planned->in_shapes));
    for (size_t k = 0; k < n; k++)
        planned->in_shapes[k] = plan->steps.values[step->inputs[k]].shape;
    planned->call = (struct sb_kernel_call){
        .step = step,
        .in = planned->in_shapes,
        .num_inputs = step->num_inputs,
        .out = plan->steps.values[step->value].shape,
        .threads = plan->options.threads,
        .simd = sb_simd(plan->options.cpu),
        .region = plan->options.region,
        .inputs = planned->inputs,
        .pool = plan->pool,
    };
    return 0;
}

static int plan_steps(struct sb_plan *plan, struct sb_error *err)
{
    int rc = sb_choose_kernels(&plan->steps, &plan->options, err);
    if (rc == 0)
        rc = sb_run_passes(&plan->steps, plan->options.passes, true, err);
    if (rc)
        return rc;
    plan->planned = sb_calloc(plan->steps.count, sizeof(*plan->planned), DATA_TAG);
    if (!plan->planned)
        return sb_error_nomem(err, "the plan", plan->steps.count * sizeof(*plan->planned));
    for (size_t i = 0; rc == 0 && i < plan->steps.count; i++) {
        rc = plan_step(plan, i, err);
        if (plan->steps.items[i].follows)
            plan->planned[i - 1].call.next = &plan->planned[i].call;
    }
    return rc;
}

static int place_values(struct sb_plan *plan, struct sb_error *err)
{
    plan->offsets = sb_calloc(plan->steps.num_values, sizeof(*plan->offsets), DATA_TAG);
    if (!plan->offsets)
        return sb_error_nomem(err, "the memory plan", plan->steps.num_values);
    const int rc = sb_arena_plan(&plan->steps, plan->options.reuse_memory, plan->offsets,
                                 &plan->memory.arena_bytes, &plan->memory.live_peak_bytes, err);
    if (rc != 0)
        return rc;
    plan->arena = sb_malloc(plan->memory.arena_bytes, SB_MEM_TAG(SB_MEM_ACTIVATION, 0));
    return plan->arena ? 0 : sb_error_nomem(err, "the activation arena", plan->memory.arena_bytes);
}

static float *value_data(const struct sb_plan *plan, int value)
{
    return value == SB_NO_VALUE ? NULL : (float *)(plan->arena + plan->offsets[value]);
}

/* Points every step at its operands. A plan that runs before its input is filled must not read
 * garbage, which would make timings depend on it: inputs start as zeros. */
static void connect_values(struct sb_plan *plan)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct sb_step *step = &plan->steps.items[i];
        struct sb_planned_step *planned = &plan->planned[i];
        for (int k = 0; k < step->num_inputs; k++)
            planned->inputs[k] = value_data(plan, step->inputs[k]);
        planned->call.residual = value_data(plan, step->residual);
        planned->call.output = value_data(plan, step->value);
    }
    for (size_t v = 0; v < plan->graph->num_nodes; v++) {
        if (plan->graph->nodes[v].op == SB_OP_INPUT)
            memset(plan->arena + plan->offsets[v], 0, sb_value_bytes(&plan->steps.values[v]));
    }
}

/* The first step before `index` with the same weight slot and kernel; -1 if none. */
static int find_shared(const struct sb_plan *plan, size_t index)
{
    const struct sb_step *step = &plan->steps.items[index];
    for (size_t i = 0; i < index; i++) {
        if (plan->steps.items[i].kernel_slot == step->kernel_slot &&
            plan->steps.items[i].kernel == step->kernel)
            return (int)i;
    }
    return -1;
}

/* A kernel that several steps use keeps one copy, and their scales stay in the epilogue. */
static int slot_users(const struct sb_plan *plan, int slot)
{
    int users = 0;
    for (size_t i = 0; i < plan->steps.count; i++)
        users += plan->steps.items[i].kernel_slot == slot;
    return users;
}

static size_t channel_bytes(const struct sb_planned_step *planned)
{
    return sb_align_size((size_t)planned->call.out.c * sizeof(float), 64);
}

static void size_step_weights(struct sb_plan *plan, size_t index)
{
    const struct sb_step *step = &plan->steps.items[index];
    struct sb_planned_step *planned = &plan->planned[index];
    planned->shares = -1;
    if (step->kernel_slot >= 0) {
        const int users = slot_users(plan, step->kernel_slot);
        planned->fold_scale = users == 1 && step->scale;
        planned->shares = users > 1 ? find_shared(plan, index) : -1;
        if (planned->shares < 0)
            planned->packed_bytes = sb_align_size(step->kernel->packed_bytes(&planned->call), 64);
    }
    planned->weight_bytes = planned->packed_bytes;
    if (step->scale && !planned->fold_scale)
        planned->weight_bytes += channel_bytes(planned);
    if (step->shift)
        planned->weight_bytes += channel_bytes(planned);
}

static float *pack_channels(const double *values, size_t channels, char **place, size_t bytes)
{
    float *out = (float *)*place;
    memset(out, 0, bytes); /* blocked kernels read whole blocks */
    for (size_t c = 0; c < channels; c++)
        out[c] = (float)values[c];
    *place += bytes;
    return out;
}

/* Gives a step the places of its weights. */
static void place_weights(struct sb_plan *plan, size_t index)
{
    const struct sb_step *step = &plan->steps.items[index];
    struct sb_planned_step *planned = &plan->planned[index];
    const size_t channels = (size_t)planned->call.out.c;
    char *place = plan->weights[plan->steps.values[step->value].level] + planned->weight_offset;
    if (planned->shares >= 0)
        planned->call.packed = plan->planned[planned->shares].call.packed;
    else if (step->kernel_slot >= 0)
        planned->call.packed = place;
    place += planned->packed_bytes;
    if (step->scale && !planned->fold_scale)
        planned->call.scale = pack_channels(step->scale, channels, &place, channel_bytes(planned));
    if (step->shift)
        planned->call.shift = pack_channels(step->shift, channels, &place, channel_bytes(planned));
}

struct packing {
    struct sb_plan *plan;
    const struct sb_weights *weights;
};

static void pack_job(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct packing *packing = ctx;
    struct sb_plan *plan = packing->plan;
    const struct sb_step *step = &plan->steps.items[index];
    struct sb_planned_step *planned = &plan->planned[index];
    if (step->kernel_slot < 0 || planned->shares >= 0)
        return;
    char *place = plan->weights[plan->steps.values[step->value].level] + planned->weight_offset;
    step->kernel->pack(&planned->call, packing->weights->slots[step->kernel_slot],
                       planned->fold_scale ? step->scale : NULL, place);
}

static int pack_weights(struct sb_plan *plan, const struct sb_weights *weights,
                        struct sb_error *err)
{
    struct sb_plan_memory *memory = &plan->memory;
    for (size_t i = 0; i < plan->steps.count; i++) {
        const enum sb_level level = plan->steps.values[plan->steps.items[i].value].level;
        size_step_weights(plan, i);
        plan->planned[i].weight_offset = memory->weight_bytes[level];
        memory->weight_bytes[level] += plan->planned[i].weight_bytes;
        memory->weight_total_bytes += plan->planned[i].weight_bytes;
    }
    if (plan->options.sizes_only)
        return 0;
    for (unsigned level = 0; level < SB_LEVEL_COUNT; level++) {
        const size_t bytes = memory->weight_bytes[level];
        plan->weights[level] = bytes ? sb_malloc(bytes, SB_MEM_TAG(SB_MEM_WEIGHTS, level)) : NULL;
        if (bytes && !plan->weights[level])
            return sb_error_nomem(err, "packed weights", bytes);
    }
    for (size_t i = 0; i < plan->steps.count; i++)
        place_weights(plan, i);
    struct packing packing = {plan, weights};
    sb_pool_run(plan->pool, plan->steps.count, pack_job, &packing);
    return 0;
}

static int make_workspace(struct sb_plan *plan, struct sb_error *err)
{
    struct sb_plan_memory *memory = &plan->memory;
    for (size_t i = 0; i < plan->steps.count; i++) {
        struct sb_planned_step *planned = &plan->planned[i];
        const struct sb_kernel *kernel = plan->steps.items[i].kernel;
        if (!kernel->workspace_bytes || plan->steps.items[i].follows)
            continue;
        const size_t bytes = kernel->workspace_bytes(&planned->call);
        const enum sb_level level = plan->steps.values[plan->steps.items[i].value].level;
        planned->workspace_bytes = bytes;
        if (bytes > memory->workspace_bytes[level])
            memory->workspace_bytes[level] = bytes;
        if (bytes > memory->workspace_total_bytes)
            memory->workspace_total_bytes = bytes;
    }
    plan->workspace = sb_malloc(memory->workspace_total_bytes, SB_MEM_TAG(SB_MEM_WORKSPACE, 0));
    if (!plan->workspace)
        return sb_error_nomem(err, "kernel workspace", memory->workspace_total_bytes);
    for (size_t i = 0; i < plan->steps.count; i++)
        plan->planned[i].call.workspace = plan->workspace;
    return 0;
}

static void count_activations(struct sb_plan *plan)
{
    for (size_t v = 0; v < plan->steps.num_values; v++) {
        const struct sb_value *value = &plan->steps.values[v];
        if (plan->offsets[v] == SB_NO_OFFSET)
            continue;
        plan->memory.activation_bytes[value->level] += sb_value_bytes(value);
        plan->memory.activation_total_bytes += sb_value_bytes(value);
    }
}

/* The value that is this node's output, in plain layout. */
static int output_value(const struct sb_steps *steps, const struct sb_node *node)
{
    if (!node->output)
        return SB_NO_VALUE;
    for (size_t v = 0; v < steps->num_values; v++) {
        if (steps->values[v].output && steps->values[v].node == node)
            return (int)v;
    }
    return SB_NO_VALUE;
}

static int list_outputs(struct sb_plan *plan, struct sb_error *err)
{
    plan->outputs = sb_calloc(plan->graph->num_nodes, sizeof(*plan->outputs), DATA_TAG);
    if (!plan->outputs)
        return sb_error_nomem(err, "the outputs", plan->graph->num_nodes * sizeof(*plan->outputs));
    for (size_t node = 0; node < plan->graph->num_nodes; node++) {
        const int value = output_value(&plan->steps, &plan->graph->nodes[node]);
        if (value != SB_NO_VALUE)
            plan->outputs[plan->num_outputs++] = value;
    }
    return 0;
}

int sb_plan_build(struct sb_plan *plan, const struct sb_weights *weights, struct sb_error *err)
{
    int rc = sb_gemm_setup(err);
    if (rc)
        return rc;
    if (plan->options.cpu > sb_cpu_detect())
        return sb_error_set(err, SB_EUNSUPPORTED, "this CPU has no %s",
                            sb_cpu_name(plan->options.cpu));
    rc = sb_steps_init(&plan->steps, plan->graph, weights, err);
    if (rc == 0)
        rc = sb_run_passes(&plan->steps, plan->options.passes, false, err);
    if (rc == 0)
        rc = plan_steps(plan, err);
    if (rc == 0)
        rc = place_values(plan, err);
    if (rc == 0)
        rc = pack_weights(plan, weights, err);
    if (rc == 0)
        rc = make_workspace(plan, err);
    if (rc == 0)
        rc = list_outputs(plan, err);
    if (rc != 0)
        return rc;
    connect_values(plan);
    count_activations(plan);
    return 0;
}

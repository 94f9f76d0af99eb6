/*
 * Compiles a graph: steps, passes, kernels, memory, weights, in this order. Everything that a
 * forward pass touches is allocated here. See plan.h.
 */
#include "base/hash.h"
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

/* Bytes that a thread zeroes at a time: a huge page and no more, so that threads take turns. */
#define ZEROED_BYTES ((size_t)2 << 20)

/* The shape of a residual that must be enlarged; all 0 where there is none. */
static struct sb_shape smaller_residual(const struct sb_steps *steps, const struct sb_step *step)
{
    const struct sb_shape none = {0}, out = steps->values[step->value].shape;
    if (step->residual == SB_NO_VALUE)
        return none;
    const struct sb_shape shape = steps->values[step->residual].shape;
    return shape.h == out.h && shape.w == out.w ? none : shape;
}

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
        .residual_shape = smaller_residual(&plan->steps, step),
        .threads = plan->options.threads,
        .simd = sb_simd(plan->options.cpu),
        .region = plan->options.region,
        .inputs = planned->inputs,
        .pool = plan->pool,
    };
    return 0;
}

/* Links a step that follows to those that it runs together with. */
static void join_calls(struct sb_plan *plan, size_t index)
{
    const struct sb_step *items = plan->steps.items;
    const size_t first = sb_steps_group_start(&plan->steps, index);
    for (size_t i = index; items[index].kernel_slot >= 0 && i-- > first;) {
        if (items[i].kernel_slot == items[index].kernel_slot) {
            plan->planned[i].call.next_map = &plan->planned[index].call;
            break;
        }
    }
    const bool starts_map =
        items[index].kernel_slot >= 0 && items[index].kernel_slot == items[first].kernel_slot;
    if (!starts_map)
        plan->planned[index - 1].call.next = &plan->planned[index].call;
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
        if (plan->steps.items[i].kernel->blas)
            rc = sb_gemm_setup(err);
        if (rc == 0)
            rc = plan_step(plan, i, err);
        if (plan->steps.items[i].follows)
            join_calls(plan, i);
    }
    return rc;
}

struct zeroing {
    char *start;
    size_t bytes;
};

static void zero_job(void *ctx, size_t index, int worker)
{
    const struct zeroing *z = ctx;
    const size_t begin = index * ZEROED_BYTES, rest = z->bytes - begin;
    (void)worker;
    memset(z->start + begin, 0, rest < ZEROED_BYTES ? rest : ZEROED_BYTES);
}

/*
 * The system gives memory when it is first written. All of it is written here, so that no pass
 * waits for memory or fails for lack of it, and a plan takes what it says from the start. Every
 * thread writes its share: on a machine with several memory nodes the arena is spread over them.
 * Inputs start as zeros: a plan that runs before they are filled must not read garbage, which would
 * make timings depend on it.
 */
static void zero_memory(const struct sb_plan *plan, void *start, size_t bytes)
{
    struct zeroing z = {start, bytes};
    if (!plan->options.sizes_only)
        sb_pool_run(plan->pool, (bytes + ZEROED_BYTES - 1) / ZEROED_BYTES, zero_job, &z);
}

static int allocate_arena(struct sb_plan *plan, const size_t *offsets, struct sb_error *err)
{
    plan->arena = sb_malloc(plan->memory.arena_bytes, SB_MEM_TAG(SB_MEM_ACTIVATION, 0));
    if (!plan->arena)
        return sb_error_nomem(err, "the activation arena", plan->memory.arena_bytes);
    zero_memory(plan, plan->arena, plan->memory.arena_bytes);
    for (size_t v = 0; v < plan->steps.num_values; v++) {
        if (offsets[v] != SB_NO_OFFSET)
            plan->data[v] = (float *)(plan->arena + offsets[v]);
    }
    return 0;
}

static int place_values(struct sb_plan *plan, struct sb_error *err)
{
    const size_t n = plan->steps.num_values;
    size_t *const offsets = sb_calloc(n, sizeof(*offsets), DATA_TAG);
    plan->data = sb_calloc(n, sizeof(*plan->data), DATA_TAG);
    int rc = offsets && plan->data ? 0 : sb_error_nomem(err, "the memory plan", n);
    if (rc == 0)
        rc = sb_arena_plan(&plan->steps, plan->options.reuse_memory, offsets,
                           &plan->memory.arena_bytes, &plan->memory.live_peak_bytes, err);
    if (rc == 0)
        rc = allocate_arena(plan, offsets, err);
    sb_free(offsets);
    return rc;
}

static float *value_data(const struct sb_plan *plan, int value)
{
    return value == SB_NO_VALUE ? NULL : plan->data[value];
}

void sb_plan_connect(struct sb_plan *plan)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct sb_step *step = &plan->steps.items[i];
        struct sb_planned_step *planned = &plan->planned[i];
        for (int k = 0; k < step->num_inputs; k++)
            planned->inputs[k] = value_data(plan, step->inputs[k]);
        planned->call.residual = value_data(plan, step->residual);
        planned->call.output = value_data(plan, step->value);
    }
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

static enum sb_level level_of(const struct sb_plan *plan, size_t index)
{
    return plan->steps.values[plan->steps.items[index].value].level;
}

/* Finds or makes the place of a step's packed kernel, and counts it once in this plan. */
static int find_packed(struct sb_plan *plan, size_t index, unsigned user, struct sb_error *err)
{
    const struct sb_step *step = &plan->steps.items[index];
    struct sb_planned_step *planned = &plan->planned[index];
    struct sb_packed_item like = {
        .slot = step->kernel_slot,
        .kernel = step->kernel,
        .simd = planned->call.simd,
        .level = level_of(plan, index),
        .bytes = sb_align_size(step->kernel->packed_bytes(&planned->call), 64),
    };
    planned->fold_scale = step->scale && slot_users(plan, step->kernel_slot) == 1;
    if (planned->fold_scale)
        like.scale = 1 | sb_fnv1a(SB_FNV_START, step->scale,
                                  (size_t)planned->call.out.c * sizeof(*step->scale));
    const int rc = sb_packed_find(plan->packed, &like, &planned->item, err);
    if (rc)
        return rc;
    struct sb_packed_item *item = sb_packed_item(plan->packed, planned->item);
    planned->weight_bytes = item->user == user ? 0 : item->bytes;
    item->user = user;
    return 0;
}

/* Sizes of all weights; channels[level] becomes the size of a level's channel arena. */
static int size_weights(struct sb_plan *plan, size_t channels[SB_LEVEL_COUNT], struct sb_error *err)
{
    struct sb_plan_memory *memory = &plan->memory;
    const unsigned user = sb_packed_next_user(plan->packed);
    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct sb_step *step = &plan->steps.items[i];
        struct sb_planned_step *planned = &plan->planned[i];
        const enum sb_level level = level_of(plan, i);
        const int rc = step->kernel_slot >= 0 ? find_packed(plan, i, user, err) : 0;
        if (rc)
            return rc;
        size_t bytes = step->scale && !planned->fold_scale ? channel_bytes(planned) : 0;
        if (step->shift)
            bytes += channel_bytes(planned);
        planned->channel_offset = channels[level];
        channels[level] += bytes;
        planned->weight_bytes += bytes;
        memory->weight_bytes[level] += planned->weight_bytes;
        memory->weight_total_bytes += planned->weight_bytes;
    }
    return 0;
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

/* Gives a step its weights. */
static void place_weights(struct sb_plan *plan, size_t index)
{
    const struct sb_step *step = &plan->steps.items[index];
    struct sb_planned_step *planned = &plan->planned[index];
    const size_t count = (size_t)planned->call.out.c, bytes = channel_bytes(planned);
    if (step->kernel_slot >= 0)
        planned->call.packed = sb_packed_item(plan->packed, planned->item)->data;
    char *place = plan->channels[level_of(plan, index)] + planned->channel_offset;
    if (step->scale && !planned->fold_scale)
        planned->call.scale = pack_channels(step->scale, count, &place, bytes);
    if (step->shift)
        planned->call.shift = pack_channels(step->shift, count, &place, bytes);
}

struct packing {
    struct sb_plan *plan;
    const struct sb_weights *weights;
};

/* True for the first step of the plan that uses a kernel which nobody has packed. */
static bool packs(const struct sb_plan *plan, size_t index)
{
    const struct sb_step *step = &plan->steps.items[index];
    const size_t item = plan->planned[index].item;
    if (step->kernel_slot < 0 || !sb_packed_item(plan->packed, item)->fresh)
        return false;
    for (size_t i = 0; i < index; i++) {
        if (plan->steps.items[i].kernel_slot >= 0 && plan->planned[i].item == item)
            return false;
    }
    return true;
}

static void pack_job(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct packing *packing = ctx;
    const struct sb_plan *plan = packing->plan;
    const struct sb_step *step = &plan->steps.items[index];
    const struct sb_planned_step *planned = &plan->planned[index];
    if (packs(plan, index))
        step->kernel->pack(&planned->call, packing->weights->slots[step->kernel_slot],
                           planned->fold_scale ? step->scale : NULL,
                           sb_packed_item(plan->packed, planned->item)->data);
}

static int allocate_weights(struct sb_plan *plan, const size_t channels[SB_LEVEL_COUNT],
                            struct sb_error *err)
{
    for (unsigned level = 0; level < SB_LEVEL_COUNT; level++) {
        if (channels[level] == 0)
            continue;
        plan->channels[level] = sb_malloc(channels[level], SB_MEM_TAG(SB_MEM_WEIGHTS, level));
        if (!plan->channels[level])
            return sb_error_nomem(err, "scales and shifts", channels[level]);
    }
    return sb_packed_allocate(plan->packed, err);
}

static int fill_packed(struct sb_plan *plan, const struct sb_weights *weights, struct sb_error *err)
{
    size_t channels[SB_LEVEL_COUNT] = {0};
    int rc = size_weights(plan, channels, err);
    if (rc || plan->options.sizes_only)
        return rc;
    rc = allocate_weights(plan, channels, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < plan->steps.count; i++)
        place_weights(plan, i);
    struct packing packing = {plan, weights};
    if (sb_packed_is_filled_here(plan->packed))
        sb_pool_run(plan->pool, plan->steps.count, pack_job, &packing);
    sb_packed_done(plan->packed);
    return 0;
}

static int pack_weights(struct sb_plan *plan, const struct sb_weights *weights,
                        struct sb_error *err)
{
    if (!plan->options.packed)
        plan->own_packed = sb_packed_new(NULL, err);
    plan->packed = plan->options.packed ? plan->options.packed : plan->own_packed;
    if (!plan->packed)
        return SB_ENOMEM;
    int rc = sb_packed_join(plan->packed, plan->graph, weights, err);
    if (rc == 0)
        rc = fill_packed(plan, weights, err);
    sb_packed_drop_fresh(plan->packed);
    return rc;
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
    zero_memory(plan, plan->workspace, memory->workspace_total_bytes);
    for (size_t i = 0; i < plan->steps.count; i++)
        plan->planned[i].call.workspace = plan->workspace;
    return 0;
}

static void count_activations(struct sb_plan *plan)
{
    for (size_t v = 0; v < plan->steps.num_values; v++) {
        const struct sb_value *value = &plan->steps.values[v];
        if (!plan->data[v])
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
    if (plan->options.cpu > sb_cpu_detect())
        return sb_error_set(err, SB_EUNSUPPORTED, "this CPU has no %s",
                            sb_cpu_name(plan->options.cpu));
    if (plan->options.engine == SB_ENGINE_NATIVE_BF16 &&
        (!sb_cpu_has_bf16() || plan->options.cpu != SB_CPU_AVX512))
        return sb_error_set(err, SB_EUNSUPPORTED,
                            "engine native-bf16 needs a CPU with AVX512-BF16");
    int rc = sb_steps_init(&plan->steps, plan->graph, weights, err);
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
    sb_plan_connect(plan);
    count_activations(plan);
    return 0;
}

/* Plans: life cycle, forward pass and queries. Compilation is in plan_build.c. See plan.h. */
#include "engine/plan.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/arena.h"
#include "engine/plan_internal.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum sb_engine sb_engine_default(void)
{
    return sb_cpu_detect() >= SB_CPU_AVX2 ? SB_ENGINE_NATIVE : SB_ENGINE_OPENBLAS;
}

const char *sb_engine_name(enum sb_engine engine)
{
    static const char *const names[] = {"openblas", "native", "native-bf16"};
    return names[engine];
}

const char *sb_engine_label(enum sb_engine engine, enum sb_cpu cpu, bool low_memory)
{
    static const char *const native[SB_CPU_COUNT][2] = {
        {"native-portable", "native-portable-low-memory"},
        {"native-avx2", "native-avx2-low-memory"},
        {"native-avx512", "native-avx512-low-memory"},
    };
    if (engine != SB_ENGINE_NATIVE)
        return sb_engine_name(engine);
    if (cpu == sb_cpu_detect())
        return low_memory ? "native-low-memory" : "native";
    return native[cpu][low_memory];
}

int sb_engine_parse(const char *name, enum sb_engine *out, struct sb_error *err)
{
    for (int e = SB_ENGINE_OPENBLAS; e <= SB_ENGINE_NATIVE_BF16; e++) {
        if (strcmp(name, sb_engine_name((enum sb_engine)e)) == 0) {
            *out = (enum sb_engine)e;
            return 0;
        }
    }
    return sb_error_set(err, SB_EINVAL,
                        "unknown engine '%s', expected openblas, native or native-bf16", name);
}

void sb_plan_options_defaults(struct sb_plan_options *options)
{
    *options = (struct sb_plan_options){
        .engine = sb_engine_default(),
        .threads = sb_cpu_count(),
        .cpu = sb_cpu_detect(),
        .passes = SB_ALL_PASSES,
        .reuse_memory = true,
    };
}

struct sb_plan *sb_plan_new(const struct sb_graph *graph, const struct sb_weights *weights,
                            const struct sb_plan_options *options, struct sb_error *err)
{
    struct sb_plan *plan = sb_calloc(1, sizeof(*plan), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!plan) {
        sb_error_nomem(err, "a plan", sizeof(*plan));
        return NULL;
    }
    plan->graph = graph;
    plan->options = *options;
    plan->pool = sb_pool_new(options->threads, err);
    if (!plan->pool || sb_plan_build(plan, weights, err) != 0)
        sb_plan_free(&plan);
    return plan;
}

void sb_plan_free(struct sb_plan **plan_ptr)
{
    struct sb_plan *plan = *plan_ptr;
    if (!plan)
        return;
    for (size_t i = 0; plan->planned && i < plan->steps.count; i++) {
        sb_free(plan->planned[i].in_shapes);
        sb_free(plan->planned[i].inputs);
    }
    for (int level = 0; level < SB_LEVEL_COUNT; level++)
        sb_free(plan->channels[level]);
    sb_packed_free(&plan->own_packed);
    sb_free(plan->planned);
    sb_free(plan->data);
    sb_free(plan->arena);
    sb_free(plan->workspace);
    sb_free(plan->outputs);
    sb_steps_release(&plan->steps);
    sb_pool_free(&plan->pool);
    sb_free(plan);
    *plan_ptr = NULL;
}

/* The value of the i-th input, SB_NO_VALUE when there are fewer. */
static int input_value(const struct sb_plan *plan, int index)
{
    for (size_t i = 0; i < plan->graph->num_nodes; i++) {
        if (plan->graph->nodes[i].op == SB_OP_INPUT && index-- == 0)
            return (int)i;
    }
    return SB_NO_VALUE;
}

static int output_value(const struct sb_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->num_outputs; i++) {
        if (strcmp(plan->steps.values[plan->outputs[i]].node->output, name) == 0)
            return plan->outputs[i];
    }
    return SB_NO_VALUE;
}

float *sb_plan_input(struct sb_plan *plan, int index, struct sb_shape *shape)
{
    const int value = input_value(plan, index);
    if (value == SB_NO_VALUE)
        return NULL;
    if (shape)
        *shape = plan->graph->nodes[value].shape;
    return plan->data[value];
}

static void bind(struct sb_plan *plan, int value, float *data)
{
    assert(value != SB_NO_VALUE && (uintptr_t)data % 64 == 0);
    plan->data[value] = data;
    sb_plan_connect(plan);
}

void sb_plan_bind_input(struct sb_plan *plan, int index, float *data)
{
    bind(plan, input_value(plan, index), data);
}

void sb_plan_bind_output(struct sb_plan *plan, const char *name, float *data)
{
    bind(plan, output_value(plan, name), data);
}

/* What steps that run together did for step `index`. They did the same for each output channel, but
 * on maps that may differ where the kernel was one. */
static int64_t share_of(const struct sb_plan *plan, size_t first, size_t index)
{
    const struct sb_shape out = plan->planned[index].call.out;
    return plan->planned[first].call.next_map ? out.c * out.h * out.w : out.c;
}

/* The time of steps [first, end), which ran together. */
static void divide_time(const struct sb_plan *plan, size_t first, size_t end, int64_t ns,
                        int64_t *step_ns)
{
    int64_t all = 0;
    for (size_t i = first; i < end; i++)
        all += share_of(plan, first, i);
    for (size_t i = first; i < end; i++) {
        const int64_t own = share_of(plan, first, i);
        step_ns[i] = (int64_t)((double)ns * (double)own / (double)all);
        ns -= step_ns[i];
        all -= own;
    }
}

int sb_plan_run(struct sb_plan *plan, const struct sb_run_options *options, struct sb_error *err)
{
    if (plan->options.sizes_only)
        return sb_error_set(err, SB_EINVAL, "a plan for sizes only cannot run");
    int64_t *step_ns = options ? options->step_ns : NULL;
    int64_t before = step_ns ? sb_now_ns() : 0;
    for (size_t i = 0, end; i < plan->steps.count; i = end) {
        const struct sb_planned_step *step = &plan->planned[i];
        const int rc = step->call.step->kernel->run(&step->call, err);
        if (rc != 0)
            return rc;
        end = sb_steps_group_end(&plan->steps, i);
        if (step_ns) {
            const int64_t now = sb_now_ns();
            divide_time(plan, i, end, now - before, step_ns);
            before = now;
        }
    }
    return 0;
}

void sb_plan_on_every_thread(struct sb_plan *plan, sb_job_fn fn, void *ctx)
{
    sb_pool_run_everywhere(plan->pool, fn, ctx);
}

int sb_plan_threads(const struct sb_plan *plan)
{
    return sb_pool_threads(plan->pool);
}

const float *sb_plan_output(const struct sb_plan *plan, const char *name, struct sb_shape *shape)
{
    const int value = output_value(plan, name);
    if (value == SB_NO_VALUE)
        return NULL;
    if (shape)
        *shape = plan->steps.values[value].shape;
    return plan->data[value];
}

size_t sb_plan_num_outputs(const struct sb_plan *plan)
{
    return plan->num_outputs;
}

const char *sb_plan_output_name(const struct sb_plan *plan, size_t index)
{
    return plan->steps.values[plan->outputs[index]].node->output;
}

size_t sb_plan_num_steps(const struct sb_plan *plan)
{
    return plan->steps.count;
}

void sb_plan_step_info(const struct sb_plan *plan, size_t index, struct sb_step_info *out)
{
    const struct sb_step *step = &plan->steps.items[index];
    const struct sb_planned_step *planned = &plan->planned[index];
    const struct sb_value *value = &plan->steps.values[step->value];
    *out = (struct sb_step_info){
        .path = value->node->path,
        .block = value->node->block,
        .kernel = step->kernel->name,
        .op = step->op,
        .follows = step->follows,
        .level = value->level,
        .shape = value->shape,
        .weight_bytes = planned->weight_bytes,
        .output_bytes = sb_value_bytes(value),
        .workspace_bytes = planned->workspace_bytes,
    };
}

void sb_plan_memory(const struct sb_plan *plan, struct sb_plan_memory *out)
{
    *out = plan->memory;
}

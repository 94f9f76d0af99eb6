/* Kernels, layouts and the copies between layouts. See choose.h. */
#include "engine/choose.h"

#include "base/mem.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/simd.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static int no_kernel(const struct sb_step *step, enum sb_engine engine, struct sb_error *err)
{
    sb_error_set(err, SB_EUNSUPPORTED, "no kernel of the %s engine runs '%s' (%s)",
                 sb_engine_name(engine), step->node->path, sb_op_name(step->op));
    if (step->op == SB_OP_PROPOSALS || step->op == SB_OP_DETECTIONS)
        return sb_error_hint(err, "region ops are given by the caller, in sb_plan_options.region");
    return SB_EUNSUPPORTED;
}

/* Shapes and layouts of a step's inputs, with room for those of any step. */
struct inputs {
    struct sb_shape *shapes;
    enum sb_layout *layouts;
};

/* Output pixels of all steps with this weight slot; 0 for none. */
static size_t slot_pixels(const struct sb_steps *steps, int slot)
{
    size_t pixels = 0;
    for (size_t i = 0; slot >= 0 && i < steps->count; i++) {
        const struct sb_shape out = steps->values[steps->items[i].value].shape;
        if (steps->items[i].kernel_slot == slot)
            pixels += (size_t)(out.n * out.h * out.w);
    }
    return pixels;
}

static int choose_one(struct sb_steps *steps, size_t index, const struct sb_plan_options *options,
                      const struct inputs *in, struct sb_error *err)
{
    struct sb_step *step = &steps->items[index];
    for (int k = 0; k < step->num_inputs; k++) {
        in->shapes[k] = steps->values[step->inputs[k]].shape;
        in->layouts[k] = steps->values[step->inputs[k]].layout;
    }
    const struct sb_kernel_call call = {
        .step = step,
        .in = in->shapes,
        .in_layouts = in->layouts,
        .num_inputs = step->num_inputs,
        .out = steps->values[step->value].shape,
        .slot_pixels = slot_pixels(steps, step->kernel_slot),
        .low_memory = options->low_memory,
        .threads = options->threads,
        .simd = sb_simd(options->cpu),
        .region = options->region,
    };
    const char *wanted = sb_choices_find(options->choices, steps->values[step->value].node->path);
    step->kernel = sb_kernel_choose(options->engine, &call, wanted);
    if (!step->kernel)
        return no_kernel(step, options->engine, err);
    steps->values[step->value].layout = step->kernel->out_layout;
    return 0;
}

static int choose_all(struct sb_steps *steps, const struct sb_plan_options *options,
                      struct sb_error *err)
{
    int most = 1;
    for (size_t i = 0; i < steps->count; i++)
        most = steps->items[i].num_inputs > most ? steps->items[i].num_inputs : most;
    const struct inputs in = {sb_calloc((size_t)most, sizeof(*in.shapes), TAG),
                              sb_calloc((size_t)most, sizeof(*in.layouts), TAG)};
    int rc = in.shapes && in.layouts ? 0 : sb_error_nomem(err, "kernel choice", (size_t)most);
    for (size_t i = 0; rc == 0 && i < steps->count; i++)
        rc = choose_one(steps, i, options, &in, err);
    sb_free(in.shapes);
    sb_free(in.layouts);
    return rc;
}

/* The list being rewritten with copies. Every value has at most one copy, in the other layout. */
struct rewrite {
    struct sb_steps *steps;
    struct sb_step *items; /* the new list */
    size_t count;
    int *copy_of; /* value -> its copy, or SB_NO_VALUE */
    struct sb_error *err;
};

/* Appends a step that copies `value` into the other layout; *copy is the new value. */
static int add_copy(struct rewrite *r, int value, int *copy)
{
    struct sb_steps *steps = r->steps;
    const struct sb_value *from = &steps->values[value];
    const bool blocked = from->layout == SB_LAYOUT_BLOCKED;
    int *inputs = sb_malloc(sizeof(*inputs), TAG);
    if (!inputs)
        return sb_error_nomem(r->err, "a step", sizeof(*inputs));
    *inputs = value;
    *copy = (int)steps->num_values++;
    steps->values[*copy] = *from;
    steps->values[*copy].output = false;
    steps->values[*copy].layout = blocked ? SB_LAYOUT_PLAIN : SB_LAYOUT_BLOCKED;
    r->copy_of[value] = *copy;
    r->items[r->count++] = (struct sb_step){
        .op = from->node->op,
        .reorder = true,
        .kernel = blocked ? &sb_kernel_to_plain : &sb_kernel_to_blocked,
        .node = from->node,
        .value = *copy,
        .inputs = inputs,
        .num_inputs = 1,
        .kernel_slot = -1,
        .residual = SB_NO_VALUE,
        .overwrites = SB_NO_VALUE,
    };
    return 0;
}

/* Makes *value refer to a value in `layout`. */
static int need_layout(struct rewrite *r, int *value, enum sb_layout layout)
{
    if (*value == SB_NO_VALUE || r->steps->values[*value].layout == layout)
        return 0;
    const int copy = r->copy_of[*value];
    return copy != SB_NO_VALUE ? (*value = copy, 0) : add_copy(r, *value, value);
}

static int move_step(struct rewrite *r, struct sb_step *step)
{
    int rc = need_layout(r, &step->residual, step->kernel->out_layout);
    for (int k = 0; rc == 0 && k < step->num_inputs; k++)
        rc = need_layout(r, &step->inputs[k], step->kernel->in_layout);
    if (rc)
        return rc;
    r->items[r->count++] = *step;
    memset(step, 0, sizeof(*step)); /* its arrays have moved */
    struct sb_value *value = &r->steps->values[r->items[r->count - 1].value];
    if (!value->output || value->layout == SB_LAYOUT_PLAIN)
        return 0;
    value->output = false;
    int copy;
    rc = add_copy(r, r->items[r->count - 1].value, &copy);
    if (rc == 0)
        r->steps->values[copy].output = true;
    return rc;
}

static int insert_copies(struct sb_steps *steps, struct sb_error *err)
{
    const size_t values = steps->num_values, count = steps->count;
    void *grown = sb_realloc(steps->values, 2 * values, sizeof(*steps->values), TAG);
    if (!grown)
        return sb_error_nomem(err, "the values", 2 * values * sizeof(*steps->values));
    steps->values = grown;
    struct rewrite r = {.steps = steps, .err = err};
    r.items = sb_calloc(count + values, sizeof(*r.items), TAG);
    r.copy_of = sb_calloc(values, sizeof(*r.copy_of), TAG);
    int rc = r.items && r.copy_of ? 0 : sb_error_nomem(err, "the step list", count + values);
    for (size_t v = 0; rc == 0 && v < values; v++)
        r.copy_of[v] = SB_NO_VALUE;
    size_t moved = 0;
    while (rc == 0 && moved < count)
        rc = move_step(&r, &steps->items[moved++]);
    sb_free(r.copy_of);
    if (rc) { /* steps that have not moved are still in the old list */
        for (size_t i = 0; i < r.count; i++)
            sb_step_release(&r.items[i]);
        sb_free(r.items);
        return rc;
    }
    sb_free(steps->items);
    steps->items = r.items;
    steps->count = r.count;
    sb_steps_link(steps);
    return 0;
}

int sb_choose_kernels(struct sb_steps *steps, const struct sb_plan_options *options,
                      struct sb_error *err)
{
    const int rc = choose_all(steps, options, err);
    return rc ? rc : insert_copies(steps, err);
}

/* The step list: from nodes to steps, and the links that passes follow. See steps.h. */
#include "engine/steps.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

unsigned sb_op_epilogue(enum sb_op op)
{
    switch (op) {
    case SB_OP_CONV:
    case SB_OP_DWCONV:
    case SB_OP_DECONV:
    case SB_OP_FC:
    case SB_OP_BATCHNORM:
        return SB_EPILOGUE_AFFINE | SB_EPILOGUE_RESIDUAL | SB_EPILOGUE_ACT;
    case SB_OP_RESIZE:
        return SB_EPILOGUE_RESIDUAL | SB_EPILOGUE_ACT;
    case SB_OP_ADD:
        return SB_EPILOGUE_ACT;
    default:
        return 0;
    }
}

static double *new_channels(int64_t channels, struct sb_error *err)
{
    double *p = sb_calloc((size_t)channels, sizeof(*p), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!p)
        sb_error_nomem(err, "a channel vector", (size_t)channels * sizeof(*p));
    return p;
}

/* scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale. */
static int init_batchnorm(struct sb_step *step, const struct sb_steps *steps, struct sb_error *err)
{
    const struct sb_node *node = step->node;
    const int64_t channels = node->shape.c;
    step->scale = new_channels(channels, err);
    step->shift = new_channels(channels, err);
    if (!step->scale || !step->shift)
        return SB_ENOMEM;
    const float *gamma = steps->weights->slots[node->slots[0]];
    const float *beta = steps->weights->slots[node->slots[1]];
    const float *mean = steps->weights->slots[node->slots[2]];
    const float *variance = steps->weights->slots[node->slots[3]];
    for (int64_t c = 0; c < channels; c++) {
        const double v = (double)variance[c] + node->u.batchnorm.epsilon;
        if (!(v > 0))
            return sb_error_set(
                err, SB_EFORMAT, "'%s': variance %g of channel %lld is not positive",
                steps->graph->slots[node->slots[3]].name, (double)variance[c], (long long)c);
        step->scale[c] = (double)gamma[c] / sqrt(v);
        step->shift[c] = (double)beta[c] - (double)mean[c] * step->scale[c];
    }
    return 0;
}

static int init_bias(struct sb_step *step, const struct sb_steps *steps, struct sb_error *err)
{
    const int64_t channels = step->node->shape.c;
    step->shift = new_channels(channels, err);
    if (!step->shift)
        return SB_ENOMEM;
    const float *bias = steps->weights->slots[step->node->slots[1]];
    for (int64_t c = 0; c < channels; c++)
        step->shift[c] = (double)bias[c];
    return 0;
}

static int init_step(struct sb_step *step, const struct sb_steps *steps, int node_index,
                     struct sb_error *err)
{
    const struct sb_node *node = &steps->graph->nodes[node_index];
    step->op = node->op;
    step->node = node;
    step->value = node_index;
    step->residual = SB_NO_VALUE;
    step->overwrites = SB_NO_VALUE;
    step->kernel_slot = -1;
    step->num_inputs = node->num_inputs;
    step->inputs =
        sb_calloc((size_t)node->num_inputs, sizeof(*step->inputs), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!step->inputs)
        return sb_error_nomem(err, "a step", (size_t)node->num_inputs * sizeof(*step->inputs));
    memcpy(step->inputs, node->inputs, (size_t)node->num_inputs * sizeof(*step->inputs));
    if (node->op == SB_OP_BATCHNORM)
        return init_batchnorm(step, steps, err);
    if (node->num_slots > 0)
        step->kernel_slot = node->slots[0];
    return node->num_slots > 1 ? init_bias(step, steps, err) : 0;
}

/* Elements of a value: with every channel padding, alignment and factor below, sizes in bytes still
 * fit in size_t. */
#define MAX_ELEMENTS (SIZE_MAX / 4096)

static int add_value(struct sb_steps *steps, const struct sb_node *node, struct sb_error *err)
{
    steps->values[steps->num_values++] = (struct sb_value){
        .shape = node->shape, .level = node->level, .output = node->output != NULL, .node = node};
    if (sb_shape_count(node->shape) <= MAX_ELEMENTS)
        return 0;
    sb_error_nomem(err, "an activation", SIZE_MAX);
    return sb_error_hint(err, "'%s' is too large", node->path);
}

int sb_steps_init(struct sb_steps *steps, const struct sb_graph *graph,
                  const struct sb_weights *weights, struct sb_error *err)
{
    memset(steps, 0, sizeof(*steps));
    steps->graph = graph;
    steps->weights = weights;
    if (weights->num_slots != graph->num_slots)
        return sb_error_set(err, SB_EINVAL, "weights with %zu arrays for a graph with %zu",
                            weights->num_slots, graph->num_slots);
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    steps->values = sb_calloc(graph->num_nodes, sizeof(*steps->values), tag);
    steps->items = sb_calloc(graph->num_nodes, sizeof(*steps->items), tag);
    int rc = 0;
    if (!steps->values || !steps->items)
        rc = sb_error_nomem(err, "the step list", graph->num_nodes * sizeof(*steps->items));
    for (size_t i = 0; rc == 0 && i < graph->num_nodes; i++) {
        const struct sb_node *node = &graph->nodes[i];
        rc = add_value(steps, node, err);
        if (rc == 0 && node->op != SB_OP_INPUT)
            rc = init_step(&steps->items[steps->count++], steps, (int)i, err);
    }
    if (rc != 0) {
        sb_steps_release(steps);
        return rc;
    }
    sb_steps_link(steps);
    return 0;
}

void sb_step_release(struct sb_step *step)
{
    sb_free(step->inputs);
    sb_free(step->scale);
    sb_free(step->shift);
}

void sb_steps_release(struct sb_steps *steps)
{
    for (size_t i = 0; steps->items && i < steps->count; i++)
        sb_step_release(&steps->items[i]);
    sb_free(steps->items);
    sb_free(steps->values);
    memset(steps, 0, sizeof(*steps));
}

static void link_step(struct sb_steps *steps, size_t index)
{
    const struct sb_step *step = &steps->items[index];
    steps->values[step->value].producer = (int)index;
    for (int k = 0; k < step->num_inputs; k++)
        steps->values[step->inputs[k]].uses++;
    if (step->residual != SB_NO_VALUE)
        steps->values[step->residual].uses++;
}

void sb_steps_link(struct sb_steps *steps)
{
    for (size_t i = 0; i < steps->num_values; i++) {
        steps->values[i].producer = -1;
        steps->values[i].uses = 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < steps->count; i++) {
        if (steps->items[i].dead)
            sb_step_release(&steps->items[i]);
        else
            steps->items[kept++] = steps->items[i];
    }
    steps->count = kept;
    for (size_t i = 0; i < kept; i++)
        link_step(steps, i);
}

size_t sb_layout_count(struct sb_shape shape, enum sb_layout layout)
{
    if (layout == SB_LAYOUT_BLOCKED)
        shape.c = (shape.c + SB_BLOCK - 1) / SB_BLOCK * SB_BLOCK;
    return sb_shape_count(shape);
}

size_t sb_value_count(const struct sb_value *value)
{
    return sb_layout_count(value->shape, value->layout);
}

bool sb_value_is_private(const struct sb_value *value)
{
    return value->uses == 1 && !value->output;
}

struct sb_step *sb_steps_producer(const struct sb_steps *steps, int value)
{
    const int index = steps->values[value].producer;
    return index < 0 ? NULL : &steps->items[index];
}

int sb_steps_add_value(struct sb_steps *steps, const struct sb_value *value, struct sb_error *err)
{
    const struct sb_value copy = *value;
    struct sb_value *grown = sb_realloc(steps->values, steps->num_values + 1, sizeof(*grown),
                                        SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!grown)
        return sb_error_nomem(err, "the values", (steps->num_values + 1) * sizeof(*grown));
    steps->values = grown;
    grown[steps->num_values] = copy;
    return (int)steps->num_values++;
}

size_t sb_steps_group_start(const struct sb_steps *steps, size_t index)
{
    while (steps->items[index].follows)
        index--;
    return index;
}

size_t sb_steps_group_end(const struct sb_steps *steps, size_t index)
{
    do
        index++;
    while (index < steps->count && steps->items[index].follows);
    return index;
}

size_t sb_steps_reader(const struct sb_steps *steps, size_t index)
{
    for (size_t i = index + 1; i < steps->count; i++) {
        if (steps->items[i].inputs[0] == steps->items[index].value)
            return i;
    }
    return 0;
}

void sb_steps_follow(struct sb_steps *steps, size_t from, size_t to)
{
    struct sb_step moved = steps->items[from];
    moved.follows = true;
    memmove(&steps->items[to + 1], &steps->items[to], (from - to) * sizeof(moved));
    steps->items[to] = moved;
    sb_steps_link(steps);
}

void sb_steps_absorb(struct sb_steps *steps, struct sb_step *producer, struct sb_step *step)
{
    producer->value = step->value;
    steps->values[step->value].producer = (int)(producer - steps->items);
    step->dead = true;
}

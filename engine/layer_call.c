/* A graph of one layer becomes one step, whose kernel call is filled by hand. See layer_call.h. */
#include "engine/layer_call.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/size.h"
#include "engine/kernels/gemm.h"
#include "engine/kernels/simd.h"
#include "engine/passes.h"

#include <string.h>

#define TAG         SB_MEM_TAG(SB_MEM_DATA, 0)
#define GUARD_BYTES ((size_t)256)
#define GUARD_FILL  0x5b

/* ---- the graph ---- */

static int add_input(struct sb_layer_call *c, const char *name, struct sb_shape shape,
                     struct sb_error *err)
{
    c->num_plain++;
    return sb_graph_input(c->graph, name, shape, err);
}

/* Two levels and rows of boxes around them. */
static int add_roi_align(struct sb_layer_call *c, const struct sb_layer *l, int x,
                         struct sb_error *err)
{
    const struct sb_shape half = {l->in.n, l->in.c, (l->in.h + 1) / 2, (l->in.w + 1) / 2};
    const struct sb_shape rows = {l->in.n * l->cout, 5, 1, 1};
    const struct sb_region_params params = {
        .min_level = 3, .max_level = 4, .roi_size = l->window.kernel_h};
    const struct sb_shape out = {rows.n, l->in.c, params.roi_size, params.roi_size};
    int inputs[3] = {x, -1, -1};
    inputs[1] = add_input(c, "half", half, err);
    inputs[2] = add_input(c, "boxes", rows, err);
    return sb_graph_region(c->graph, SB_OP_ROI_ALIGN, inputs, 3, "op", out, &params, err);
}

static int add_op(struct sb_layer_call *c, const struct sb_layer *l, int x, struct sb_error *err)
{
    struct sb_graph *g = c->graph;
    const struct sb_shape gate = {l->in.n, l->in.c, 1, 1};
    int pair[2] = {x, -1};
    switch (l->op) {
    case SB_OP_CONV:
        return sb_graph_conv(g, x, "op", NULL, l->cout, l->window, false, err);
    case SB_OP_DWCONV:
        return sb_graph_dwconv(g, x, "op", NULL, l->window, false, err);
    case SB_OP_DECONV:
        return sb_graph_deconv(g, x, "op", NULL, l->cout, l->window, false, err);
    case SB_OP_FC:
        return sb_graph_fc(g, x, "op", NULL, l->cout, false, err);
    case SB_OP_BATCHNORM:
        return sb_graph_batchnorm(g, x, "op", NULL, 1e-3, err);
    case SB_OP_ACT:
        return sb_graph_act(g, x, "op", l->act, err);
    case SB_OP_ADD:
        pair[1] = add_input(c, "y", l->in, err);
        return sb_graph_add(g, pair, 2, "op", err);
    case SB_OP_MUL:
        return sb_graph_mul(g, x, add_input(c, "y", l->gate ? gate : l->in, err), "op", err);
    case SB_OP_SCALE:
        return sb_graph_scale(g, x, "op", 0.2, err);
    case SB_OP_MAXPOOL:
        return sb_graph_maxpool(g, x, "op", l->window, err);
    case SB_OP_GLOBAL_AVG:
    case SB_OP_GLOBAL_MAX:
    case SB_OP_SOFTMAX:
        return sb_graph_unary(g, l->op, x, "op", err);
    case SB_OP_RESIZE:
        return sb_graph_resize(g, x, "op", l->out_h, l->out_w, err);
    case SB_OP_ROI_ALIGN:
        return add_roi_align(c, l, x, err);
    default:
        return sb_error_set(err, SB_EUNSUPPORTED, "%s is no layer of its own", sb_op_name(l->op));
    }
}

static int build_graph(struct sb_layer_call *c, const struct sb_layer *l, struct sb_error *err)
{
    const unsigned epilogue = sb_op_epilogue(l->op);
    c->graph = sb_graph_new("layer", err);
    SB_CHECK(c->graph, SB_ENOMEM);
    int y = add_op(c, l, add_input(c, "x", l->in, err), err);
    if (l->affine && l->op != SB_OP_BATCHNORM && (epilogue & SB_EPILOGUE_AFFINE))
        y = sb_graph_batchnorm(c->graph, y, "bn", NULL, 1e-3, err);
    if (y >= 0 && l->residual && (epilogue & SB_EPILOGUE_RESIDUAL)) {
        const int pair[2] = {y, add_input(c, "residual", c->graph->nodes[y].shape, err)};
        y = sb_graph_add(c->graph, pair, 2, "add", err);
    }
    if (l->op != SB_OP_ACT && l->act != SB_ACT_NONE && (epilogue & SB_EPILOGUE_ACT))
        y = sb_graph_act(c->graph, y, "act", l->act, err);
    c->output = y;
    return sb_graph_output(c->graph, y, "y", err);
}

/* Seeded kernels; vectors that move, scale and flip the channels by 0.5 to 1.5. */
static int draw_weights(struct sb_layer_call *c, struct sb_rng *rng, struct sb_error *err)
{
    const int rc = sb_weights_seeded(&c->weights, c->graph, sb_rng_u64(rng) >> 1, err);
    for (size_t i = 0; rc == 0 && i < c->graph->num_slots; i++) {
        const struct sb_slot *slot = &c->graph->slots[i];
        for (size_t k = 0; slot->kind != SB_SLOT_KERNEL && k < sb_slot_count(slot); k++) {
            const float value = (float)sb_rng_below(rng, 1000) / 1000;
            const bool flip = slot->kind != SB_SLOT_VARIANCE && sb_rng_below(rng, 2) == 0;
            c->weights.slots[i][k] = flip ? -0.5f - value : 0.5f + value;
        }
    }
    return rc;
}

/* Boxes: corners in and around an image of 8 pixels per pixel of level 3, in any order. */
static void place_boxes(struct sb_layer_call *c, int node, float *values)
{
    const struct sb_shape map = c->graph->nodes[0].shape;
    const float side = 8.0f * (float)(map.h > map.w ? map.h : map.w);
    const size_t count = sb_shape_count(c->graph->nodes[node].shape);
    for (size_t i = 0; i < count; i++)
        values[i] = (0.5f + 0.5f * values[i]) * side;
}

static int draw_inputs(struct sb_layer_call *c, struct sb_rng *rng, struct sb_error *err)
{
    for (int i = 0, node = 0; i < c->num_plain; node++) {
        if (c->graph->nodes[node].op != SB_OP_INPUT)
            continue;
        const size_t count = sb_shape_count(c->graph->nodes[node].shape);
        c->plain[i] = sb_calloc(count, sizeof(float), TAG);
        if (!c->plain[i])
            return sb_error_nomem(err, "a layer's input", count * sizeof(float));
        for (size_t k = 0; k < count; k++)
            c->plain[i][k] = (float)sb_rng_normal(rng);
        if (strcmp(c->graph->nodes[node].path, "boxes") == 0)
            place_boxes(c, node, c->plain[i]);
        i++;
    }
    return 0;
}

/* ---- arrays between guards ---- */

static void *take(struct sb_layer_call *c, size_t bytes, struct sb_error *err)
{
    struct sb_guarded *a = &c->arrays[c->num_arrays];
    a->block = sb_malloc(bytes + 2 * GUARD_BYTES, TAG);
    if (!a->block) {
        sb_error_nomem(err, "a layer", bytes);
        return NULL;
    }
    memset(a->block, GUARD_FILL, bytes + 2 * GUARD_BYTES); /* as floats: large and finite */
    a->data = a->block + GUARD_BYTES;
    a->bytes = bytes;
    c->num_arrays++;
    return a->data;
}

static bool guards_hold(const struct sb_guarded *a)
{
    for (size_t i = 0; i < GUARD_BYTES; i++)
        if (a->block[i] != GUARD_FILL || a->block[GUARD_BYTES + a->bytes + i] != GUARD_FILL)
            return false;
    return true;
}

/* Where element (n, c, pixel) of a tensor lies. */
static size_t element(struct sb_shape s, enum sb_layout layout, int64_t n, int64_t c, int64_t pixel)
{
    const int64_t pixels = s.h * s.w, blocks = (s.c + SB_BLOCK - 1) / SB_BLOCK;
    if (layout == SB_LAYOUT_PLAIN)
        return (size_t)((n * s.c + c) * pixels + pixel);
    return (size_t)(((n * blocks + c / SB_BLOCK) * pixels + pixel) * SB_BLOCK + c % SB_BLOCK);
}

static void copy_tensor(float *out, enum sb_layout to, const float *in, enum sb_layout from,
                        struct sb_shape s)
{
    for (int64_t n = 0; n < s.n; n++)
        for (int64_t c = 0; c < s.c; c++)
            for (int64_t i = 0; i < s.h * s.w; i++)
                out[element(s, to, n, c, i)] = in[element(s, from, n, c, i)];
}

/* The values of input node `value` in a layout. */
static const float *take_operand(struct sb_layer_call *c, int value, enum sb_layout layout,
                                 struct sb_error *err)
{
    const struct sb_shape shape = c->steps.values[value].shape;
    float *data = take(c, sb_layout_count(shape, layout) * sizeof(*data), err);
    int index = 0;
    for (int i = 0; i < value; i++)
        index += c->graph->nodes[i].op == SB_OP_INPUT;
    if (data)
        copy_tensor(data, layout, c->plain[index], SB_LAYOUT_PLAIN, shape);
    return data;
}

static const float *take_channels(struct sb_layer_call *c, const double *values,
                                  struct sb_error *err)
{
    const size_t channels = (size_t)c->call.out.c, bytes = sb_align_size(channels * 4, 64);
    float *out = take(c, bytes, err);
    if (!out)
        return NULL;
    memset(out, 0, bytes); /* blocked kernels read whole blocks */
    for (size_t i = 0; i < channels; i++)
        out[i] = (float)values[i];
    return out;
}

/* ---- the call ---- */

static int make_step(struct sb_layer_call *c, const struct sb_kernel *kernel, struct sb_error *err)
{
    const unsigned fusing =
        1u << SB_PASS_FOLD_BATCHNORM | 1u << SB_PASS_FUSE_RESIDUAL | 1u << SB_PASS_FUSE_ACTIVATION;
    int rc = sb_steps_init(&c->steps, c->graph, &c->weights, err);
    if (rc == 0)
        rc = sb_run_passes(&c->steps, fusing, false, err);
    if (rc)
        return rc;
    struct sb_step *step = &c->steps.items[0];
    if (c->steps.count != 1 || step->op != kernel->op || step->num_inputs > SB_LAYER_INPUTS)
        return sb_error_set(err, SB_EUNSUPPORTED, "%s: not one step of this op", kernel->name);
    step->kernel = kernel;
    for (int i = 0; i < step->num_inputs; i++) {
        c->in_shapes[i] = c->steps.values[step->inputs[i]].shape;
        c->in_layouts[i] = kernel->in_layout;
    }
    c->call.step = step;
    c->call.in = c->in_shapes;
    c->call.in_layouts = c->in_layouts;
    c->call.num_inputs = step->num_inputs;
    c->call.out = c->steps.values[step->value].shape;
    if (kernel->supports && !kernel->supports(&c->call))
        return sb_error_set(err, SB_EUNSUPPORTED, "%s does not run this layer", kernel->name);
    return 0;
}

static int take_operands(struct sb_layer_call *c, const struct sb_kernel *kernel,
                         struct sb_error *err)
{
    const struct sb_step *step = c->call.step;
    uint64_t digest = SB_FNV_START;
    for (int i = 0; i < step->num_inputs; i++) {
        c->inputs[i] = take_operand(c, step->inputs[i], kernel->in_layout, err);
        SB_CHECK(c->inputs[i], SB_ENOMEM);
    }
    if (step->residual != SB_NO_VALUE) {
        c->call.residual = take_operand(c, step->residual, kernel->out_layout, err);
        SB_CHECK(c->call.residual, SB_ENOMEM);
    }
    c->call.inputs = c->inputs;
    c->num_operands = c->num_arrays;
    for (size_t i = 0; i < c->num_operands; i++)
        digest = sb_fnv1a(digest, c->arrays[i].data, c->arrays[i].bytes);
    c->operand_digest = digest;
    return 0;
}

static int take_weights(struct sb_layer_call *c, const struct sb_kernel *kernel,
                        bool separate_scale, struct sb_error *err)
{
    const struct sb_step *step = c->call.step;
    const bool packs = step->kernel_slot >= 0;
    const bool separate = step->scale && (separate_scale || !packs);
    if (packs) {
        void *packed = take(c, sb_align_size(kernel->packed_bytes(&c->call), 64), err);
        SB_CHECK(packed, SB_ENOMEM);
        kernel->pack(&c->call, c->weights.slots[step->kernel_slot], separate ? NULL : step->scale,
                     packed);
        c->call.packed = packed;
    }
    if (separate) {
        c->call.scale = take_channels(c, step->scale, err);
        SB_CHECK(c->call.scale, SB_ENOMEM);
    }
    if (step->shift) {
        c->call.shift = take_channels(c, step->shift, err);
        SB_CHECK(c->call.shift, SB_ENOMEM);
    }
    return 0;
}

static int init_call(struct sb_layer_call *c, const struct sb_layer *layer,
                     const struct sb_kernel *kernel, const struct sb_layer_options *options,
                     struct sb_error *err)
{
    struct sb_rng rng = sb_rng_seed(options->seed);
    int rc = kernel->blas ? sb_gemm_setup(err) : 0;
    if (rc == 0)
        rc = build_graph(c, layer, err);
    if (rc == 0)
        rc = draw_weights(c, &rng, err);
    if (rc == 0)
        rc = draw_inputs(c, &rng, err);
    if (rc)
        return rc;
    c->pool = sb_pool_new(options->threads, err);
    SB_CHECK(c->pool, err ? err->code : SB_ENOMEM);
    c->call.threads = options->threads;
    c->call.simd = sb_simd(options->cpu);
    c->call.pool = c->pool;
    rc = make_step(c, kernel, err);
    if (rc == 0)
        rc = take_operands(c, kernel, err);
    if (rc == 0)
        rc = take_weights(c, kernel, options->separate_scale, err);
    if (rc)
        return rc;
    const size_t scratch = kernel->workspace_bytes ? kernel->workspace_bytes(&c->call) : 0;
    c->call.workspace = take(c, scratch, err);
    SB_CHECK(c->call.workspace, SB_ENOMEM);
    c->call.output = take(c, sb_layout_count(c->call.out, kernel->out_layout) * 4, err);
    return c->call.output ? 0 : SB_ENOMEM;
}

int sb_layer_call_init(struct sb_layer_call *out, const struct sb_layer *layer,
                       const struct sb_kernel *kernel, const struct sb_layer_options *options,
                       struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    if (kernel->in_layout > SB_LAYOUT_BLOCKED || kernel->out_layout > SB_LAYOUT_BLOCKED)
        return sb_error_set(err, SB_EUNSUPPORTED, "%s: float32 layouts only", kernel->name);
    const int rc = init_call(out, layer, kernel, options, err);
    if (rc)
        sb_layer_call_release(out);
    return rc;
}

void sb_layer_call_release(struct sb_layer_call *call)
{
    for (size_t i = 0; i < call->num_arrays; i++)
        sb_free(call->arrays[i].block);
    for (int i = 0; i < SB_LAYER_INPUTS + 1; i++)
        sb_free(call->plain[i]);
    if (call->steps.items)
        sb_steps_release(&call->steps);
    sb_weights_release(&call->weights);
    sb_graph_free(&call->graph);
    sb_pool_free(&call->pool);
    memset(call, 0, sizeof(*call));
}

int sb_layer_call_run(struct sb_layer_call *call, struct sb_error *err)
{
    return call->call.step->kernel->run(&call->call, err);
}

void sb_layer_call_output(const struct sb_layer_call *call, float *values)
{
    copy_tensor(values, SB_LAYOUT_PLAIN, call->call.output, call->call.step->kernel->out_layout,
                call->call.out);
}

const char *sb_layer_call_broken(const struct sb_layer_call *call)
{
    uint64_t digest = SB_FNV_START;
    for (size_t i = 0; i < call->num_arrays; i++)
        if (!guards_hold(&call->arrays[i]))
            return "a guard";
    for (size_t i = 0; i < call->num_operands; i++)
        digest = sb_fnv1a(digest, call->arrays[i].data, call->arrays[i].bytes);
    return digest == call->operand_digest ? NULL : "an operand";
}

int64_t sb_layer_macs(const struct sb_layer_call *call)
{
    const struct sb_step *step = call->call.step;
    const struct sb_shape in = call->in_shapes[0], out = call->call.out;
    const struct sb_window *w = &step->node->u.window;
    const int64_t taps = (int64_t)w->kernel_h * w->kernel_w;
    const int64_t pixels = out.n * out.h * out.w;
    switch (step->op) {
    case SB_OP_CONV:
        return pixels * out.c * in.c * taps;
    case SB_OP_DWCONV:
        return pixels * out.c * taps;
    case SB_OP_DECONV:
        return in.n * in.h * in.w * in.c * out.c * taps;
    case SB_OP_FC:
        return out.n * out.c * in.c * in.h * in.w;
    default:
        return 0;
    }
}

size_t sb_layer_bytes(const struct sb_layer_call *call)
{
    size_t bytes = 4 * sb_shape_count(call->call.out);
    for (int i = 0; i < call->num_plain; i++)
        bytes += 4 * sb_shape_count(call->graph->nodes[i].shape);
    const int slot = call->call.step->kernel_slot;
    return bytes + (slot >= 0 ? 4 * sb_slot_count(&call->graph->slots[slot]) : 0);
}

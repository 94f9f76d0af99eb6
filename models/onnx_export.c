/* Graph nodes to ONNX nodes, one function per kind of op. See onnx_export.h. */
#include "models/onnx_export.h"

#include "base/mem.h"
#include "base/size.h"
#include "models/blocks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a node became. */
struct value {
    const char *name;
    bool matrix; /* (N, C) instead of (N, C, 1, 1) */
};

struct exporter {
    const struct sb_model *model;
    const struct sb_graph *graph;
    const struct sb_weights *weights;
    const struct sb_onnx_options *options;
    struct sb_onnx *onnx;
    struct value *values;       /* per node */
    const char **slots;         /* per slot, NULL while not written */
    const struct sb_node *node; /* the one being written */
    struct sb_error *err;
};

/* ---- operands ---- */

static struct sb_shape input_shape(const struct exporter *e, int i)
{
    return e->graph->nodes[e->node->inputs[i]].shape;
}

static const char *input(const struct exporter *e, int i)
{
    return e->values[e->node->inputs[i]].name;
}

/* The i-th input with four dimensions. */
static const char *input_map(const struct exporter *e, int i)
{
    if (!e->values[e->node->inputs[i]].matrix)
        return input(e, i);
    const struct sb_shape s = input_shape(e, i);
    const int64_t dims[4] = {s.n, s.c, s.h, s.w};
    return sb_onnx_op2(e->onnx, "Reshape", input(e, i), sb_onnx_i64s(e->onnx, 4, dims));
}

/* The i-th weight slot of the node; shared ones are written once. */
static const char *slot(const struct exporter *e, int i)
{
    const int index = e->node->slots[i];
    const struct sb_slot *s = &e->graph->slots[index];
    if (!e->slots[index])
        e->slots[index] =
            sb_onnx_weights(e->onnx, s->name, s->ndim, s->shape, e->weights->slots[index]);
    return e->slots[index];
}

/* ---- ops ---- */

static void set_window(const struct exporter *e)
{
    const struct sb_window *w = &e->node->u.window;
    const int64_t kernel[2] = {w->kernel_h, w->kernel_w}, stride[2] = {w->stride_h, w->stride_w};
    const int64_t pads[4] = {w->pad_top, w->pad_left, w->pad_bottom, w->pad_right};
    sb_onnx_attr_ints(e->onnx, "kernel_shape", 2, kernel);
    sb_onnx_attr_ints(e->onnx, "strides", 2, stride);
    sb_onnx_attr_ints(e->onnx, "pads", 4, pads);
}

/* Conv, depthwise and transposed. */
static void write_conv(const struct exporter *e, const char *op_type, int64_t groups)
{
    const char *inputs[3] = {input_map(e, 0), slot(e, 0), NULL};
    if (e->node->num_slots > 1)
        inputs[2] = slot(e, 1);
    sb_onnx_op(e->onnx, op_type, inputs, e->node->num_slots > 1 ? 3 : 2);
    set_window(e);
    if (groups > 1)
        sb_onnx_attr_int(e->onnx, "group", groups);
}

static void write_fc(const struct exporter *e)
{
    const char *inputs[3] = {input(e, 0), NULL, NULL};
    if (!e->values[e->node->inputs[0]].matrix)
        inputs[0] = sb_onnx_op1(e->onnx, "Flatten", inputs[0]);
    for (int i = 0; i < e->node->num_slots; i++)
        inputs[1 + i] = slot(e, i);
    sb_onnx_op(e->onnx, "Gemm", inputs, 1 + e->node->num_slots);
    sb_onnx_attr_int(e->onnx, "transB", 1);
}

static void write_batchnorm(const struct exporter *e)
{
    const char *const inputs[5] = {input(e, 0), slot(e, 0), slot(e, 1), slot(e, 2), slot(e, 3)};
    sb_onnx_op(e->onnx, "BatchNormalization", inputs, 5);
    sb_onnx_attr_float(e->onnx, "epsilon", (float)e->node->u.batchnorm.epsilon);
}

static int write_act(const struct exporter *e)
{
    const char *x = input(e, 0);
    switch (e->node->u.act.kind) {
    case SB_ACT_NONE:
        sb_onnx_op1(e->onnx, "Identity", x);
        return 0;
    case SB_ACT_RELU:
        sb_onnx_op1(e->onnx, "Relu", x);
        return 0;
    case SB_ACT_SIGMOID:
        sb_onnx_op1(e->onnx, "Sigmoid", x);
        return 0;
    case SB_ACT_SWISH:
        sb_onnx_op2(e->onnx, "Mul", x, sb_onnx_op1(e->onnx, "Sigmoid", x));
        return 0;
    }
    return sb_error_set(e->err, SB_EUNSUPPORTED, "%s: unknown activation %d", e->node->path,
                        (int)e->node->u.act.kind);
}

static void write_add(const struct exporter *e)
{
    const char *sum = input_map(e, 0);
    for (int i = 1; i < e->node->num_inputs; i++)
        sum = sb_onnx_op2(e->onnx, "Add", sum, input_map(e, i));
}

/*
 * True when every runtime that computes source indices in float32, as dst / scale or dst *
 * (1 / scale), gets floor(dst * in / out) for this size.
 */
static bool resize_is_exact(int64_t in, int64_t out)
{
    const float scale = (float)out / (float)in, inverse = 1.0f / scale;
    const float ratio = (float)in / (float)out;
    for (int64_t dst = 0; dst < out; dst++) {
        const int64_t source = dst * in / out;
        if ((int64_t)floorf((float)dst / scale) != source ||
            (int64_t)floorf((float)dst * inverse) != source ||
            (int64_t)floorf((float)dst * ratio) != source)
            return false;
    }
    return true;
}

/* Source rows or columns by their numbers. */
static const char *gather_axis(const struct exporter *e, const char *x, int axis, int64_t in,
                               int64_t out)
{
    int64_t *const index = sb_calloc((size_t)out, sizeof(*index), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!index)
        return NULL;
    for (int64_t dst = 0; dst < out; dst++)
        index[dst] = dst * in / out;
    const char *y = sb_onnx_op2(e->onnx, "Gather", x, sb_onnx_i64s(e->onnx, (size_t)out, index));
    sb_onnx_attr_int(e->onnx, "axis", axis);
    sb_free(index);
    return y;
}

static int write_resize(const struct exporter *e)
{
    const struct sb_shape in = input_shape(e, 0), out = e->node->shape;
    if (resize_is_exact(in.h, out.h) && resize_is_exact(in.w, out.w)) {
        const int64_t sizes[4] = {out.n, out.c, out.h, out.w};
        const char *const inputs[4] = {input_map(e, 0), "", "", sb_onnx_i64s(e->onnx, 4, sizes)};
        sb_onnx_op(e->onnx, "Resize", inputs, 4);
        sb_onnx_attr_text(e->onnx, "mode", "nearest");
        sb_onnx_attr_text(e->onnx, "coordinate_transformation_mode", "asymmetric");
        sb_onnx_attr_text(e->onnx, "nearest_mode", "floor");
        return 0;
    }
    const char *rows = gather_axis(e, input_map(e, 0), 2, in.h, out.h);
    if (rows && gather_axis(e, rows, 3, in.w, out.w))
        return 0;
    return sb_error_nomem(e->err, "the indices of a resize", (size_t)(out.h + out.w));
}

/* Row r of the maps (R * C, H, W) of class rows[r][5], limited to the channels that there are. */
static int write_select(const struct exporter *e)
{
    struct sb_onnx *const o = e->onnx;
    const struct sb_shape in = input_shape(e, 0);
    int64_t *const first = sb_calloc((size_t)in.n, sizeof(*first), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!first)
        return sb_error_nomem(e->err, "the indices of a selection", (size_t)in.n);
    for (int64_t r = 0; r < in.n; r++)
        first[r] = r * in.c;
    const int64_t planes[3] = {in.n * in.c, in.h, in.w}, out[4] = {in.n, 1, in.h, in.w};
    const char *maps = sb_onnx_op2(o, "Reshape", input_map(e, 0), sb_onnx_i64s(o, 3, planes));
    const char *classes = sb_onnx_op2(o, "Gather", input(e, 1), sb_onnx_i64(o, 5));
    sb_onnx_attr_int(o, "axis", 1);
    classes =
        sb_onnx_op3(o, "Clip", classes, sb_onnx_f32(o, 0.0f), sb_onnx_f32(o, (float)(in.c - 1)));
    classes = sb_onnx_op1(o, "Cast", classes);
    sb_onnx_attr_int(o, "to", SB_ONNX_I64);
    const char *index = sb_onnx_op2(o, "Add", classes, sb_onnx_i64s(o, (size_t)in.n, first));
    sb_onnx_op2(o, "Reshape", sb_onnx_op2(o, "Gather", maps, index), sb_onnx_i64s(o, 4, out));
    sb_free(first);
    return 0;
}

static int write_region(const struct exporter *e, const char **value)
{
    const char *inputs[2 * (SB_MAX_LEVEL + 1)];
    if (!e->options->region)
        return sb_error_set(e->err, SB_EUNSUPPORTED, "%s: nothing here spells %s in ONNX",
                            e->node->path, sb_op_name(e->node->op));
    for (int i = 0; i < e->node->num_inputs; i++)
        inputs[i] = input(e, i);
    return e->options->region(e->onnx, e->graph, e->node, inputs, value, e->err);
}

/* Adds the nodes of all ops but inputs and region ops; the last one makes the node's value. */
static int write_op(const struct exporter *e)
{
    switch (e->node->op) {
    case SB_OP_CONV:
        write_conv(e, "Conv", 1);
        return 0;
    case SB_OP_DWCONV:
        write_conv(e, "Conv", e->node->shape.c);
        return 0;
    case SB_OP_DECONV:
        write_conv(e, "ConvTranspose", 1);
        return 0;
    case SB_OP_FC:
        write_fc(e);
        return 0;
    case SB_OP_BATCHNORM:
        write_batchnorm(e);
        return 0;
    case SB_OP_ACT:
        return write_act(e);
    case SB_OP_ADD:
        write_add(e);
        return 0;
    case SB_OP_MUL:
        sb_onnx_op2(e->onnx, "Mul", input_map(e, 0), input_map(e, 1));
        return 0;
    case SB_OP_SCALE:
        sb_onnx_op2(e->onnx, "Mul", input(e, 0),
                    sb_onnx_f32(e->onnx, (float)e->node->u.scale.factor));
        return 0;
    case SB_OP_MAXPOOL:
        sb_onnx_op1(e->onnx, "MaxPool", input_map(e, 0));
        set_window(e);
        return 0;
    case SB_OP_GLOBAL_AVG:
        sb_onnx_op1(e->onnx, "GlobalAveragePool", input_map(e, 0));
        return 0;
    case SB_OP_GLOBAL_MAX:
        sb_onnx_op1(e->onnx, "GlobalMaxPool", input_map(e, 0));
        return 0;
    case SB_OP_RESIZE:
        return write_resize(e);
    case SB_OP_SOFTMAX:
        sb_onnx_op1(e->onnx, "Softmax", input(e, 0));
        sb_onnx_attr_int(e->onnx, "axis", 1);
        return 0;
    case SB_OP_SELECT:
        return write_select(e);
    case SB_OP_INPUT:
    case SB_OP_PROPOSALS:
    case SB_OP_ROI_ALIGN:
    case SB_OP_DETECTIONS:
    case SB_OP_COUNT:
        break;
    }
    return sb_error_set(e->err, SB_EUNSUPPORTED, "%s: nothing here spells %s in ONNX",
                        e->node->path, sb_op_name(e->node->op));
}

/* ---- inputs, outputs ---- */

static const char *transpose(const struct exporter *e, const char *x, bool to_nhwc)
{
    static const int64_t orders[2][4] = {{0, 3, 1, 2}, {0, 2, 3, 1}};
    const char *y = sb_onnx_op1(e->onnx, "Transpose", x);
    sb_onnx_attr_ints(e->onnx, "perm", 4, orders[to_nhwc]);
    return y;
}

static const char *write_input(const struct exporter *e)
{
    const struct sb_shape s = e->node->shape;
    const int64_t nchw[4] = {s.n, s.c, s.h, s.w}, nhwc[4] = {s.n, s.h, s.w, s.c};
    const char *x = sb_onnx_input(e->onnx, e->node->path, 4, e->options->nhwc ? nhwc : nchw);
    return e->options->nhwc ? transpose(e, x, false) : x;
}

/* Dimensions of an output of `rows` rows per image; as engine/outputs.h has them for files. */
static int output_dims(const struct exporter *e, bool matrix, int64_t dims[5])
{
    const struct sb_shape s = e->node->shape;
    int n = 0;
    dims[n++] = 1;
    if (s.n > 1)
        dims[n++] = s.n;
    if (!matrix && !e->options->nhwc && !(s.n > 1 && s.c == 1))
        dims[n++] = s.c;
    if (!matrix) {
        dims[n++] = s.h;
        dims[n++] = s.w;
    }
    if (matrix || (e->options->nhwc && !(s.n > 1 && s.c == 1)))
        dims[n++] = s.c;
    return n;
}

/* Makes the last node's value x an output of the model under its name; returns what later nodes
 * read. */
static const char *write_output(const struct exporter *e, const char *x, bool matrix)
{
    int64_t dims[5];
    const int ndim = output_dims(e, matrix, dims);
    const bool moved = e->options->nhwc && !matrix, rows = e->node->shape.n > 1;
    const char *y = moved ? transpose(e, x, true) : x;
    if (rows)
        sb_onnx_op2(e->onnx, "Reshape", y, sb_onnx_i64s(e->onnx, (size_t)ndim, dims));
    y = sb_onnx_name(e->onnx, e->node->output);
    sb_onnx_output(e->onnx, y, SB_ONNX_F32, ndim, dims);
    return moved || rows ? x : y;
}

/* ---- the graph ---- */

/* Whether the node's value has two dimensions. */
static bool is_matrix(const struct exporter *e)
{
    switch (e->node->op) {
    case SB_OP_FC:
        return true;
    case SB_OP_BATCHNORM:
    case SB_OP_ACT:
    case SB_OP_SCALE:
    case SB_OP_SOFTMAX:
        return e->values[e->node->inputs[0]].matrix;
    default:
        return false;
    }
}

static int write_node(struct exporter *e, size_t index)
{
    e->node = &e->graph->nodes[index];
    struct value *value = &e->values[index];
    sb_onnx_scope(e->onnx, e->node->path);
    if (e->node->op == SB_OP_INPUT) {
        value->name = write_input(e);
        return 0;
    }
    if (e->node->op == SB_OP_PROPOSALS || e->node->op == SB_OP_DETECTIONS ||
        e->node->op == SB_OP_ROI_ALIGN)
        return write_region(e, &value->name);
    const int rc = write_op(e);
    if (rc)
        return rc;
    value->matrix = is_matrix(e);
    value->name = sb_onnx_name(e->onnx, e->node->path);
    if (e->node->output)
        value->name = write_output(e, value->name, value->matrix);
    return 0;
}

static void describe(const struct exporter *e)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "%s at %dx%d. Input: normalised RGB, %s. Weights: %s, digest %016llx", e->model->name,
             e->model->padded_h, e->model->padded_w,
             e->options->nhwc ? "(1, height, width, 3)" : "(1, 3, height, width)",
             e->weights->source, (unsigned long long)e->weights->digest);
    sb_onnx_describe(e->onnx, text);
}

static int write_graph(struct exporter *e, const char *path)
{
    int rc = 0;
    if (!e->onnx || !e->values || !e->slots)
        return sb_error_nomem(e->err, "an ONNX model", e->graph->num_nodes * sizeof(*e->values));
    describe(e);
    for (size_t i = 0; i < e->graph->num_nodes && rc == 0; i++)
        rc = write_node(e, i);
    return rc ? rc : sb_onnx_write(e->onnx, path, e->err);
}

int sb_onnx_export_check(const struct sb_model *model, struct sb_error *err)
{
    size_t bytes = 0;
    if (model->batch != 1)
        return sb_error_set(err, SB_EUNSUPPORTED, "%s: batch %d, an export has 1", model->name,
                            model->batch);
    for (size_t i = 0; i < model->graph->num_slots; i++)
        if (!sb_add_size(bytes, 4 * sb_slot_count(&model->graph->slots[i]), &bytes))
            bytes = SIZE_MAX;
    if (bytes <= SB_ONNX_MAX_BYTES)
        return 0;
    sb_error_set(err, SB_EUNSUPPORTED,
                 "%s: %zu bytes of weights, but an ONNX file holds at most %d", model->name, bytes,
                 SB_ONNX_MAX_BYTES);
    return sb_error_hint(err, "`spinebench weights` writes them as .safetensors, of any size");
}

int sb_onnx_export(const struct sb_model *model, const struct sb_weights *weights,
                   const struct sb_onnx_options *options, const char *path, struct sb_error *err)
{
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    const struct sb_graph *const graph = model->graph;
    int rc = sb_onnx_export_check(model, err);
    if (rc)
        return rc;
    struct exporter e = {.model = model,
                         .graph = graph,
                         .weights = weights,
                         .options = options,
                         .onnx = sb_onnx_new(model->name),
                         .values = sb_calloc(graph->num_nodes, sizeof(*e.values), tag),
                         .slots = sb_calloc(graph->num_slots + 1, sizeof(*e.slots), tag),
                         .err = err};
    rc = write_graph(&e, path);
    sb_free(e.values);
    sb_free(e.slots);
    sb_onnx_free(&e.onnx);
    return rc;
}

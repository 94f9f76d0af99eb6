/*
 * Shape inference: one function per kind of op. Dimensions are below 2^31, so sums and products of
 * two of them fit in int64_t. See graph_shape.h.
 */
#include "models/graph_shape.h"

#include "base/size.h"

#include <inttypes.h>

#define MAX_DIM INT32_MAX

static const struct sb_shape *input_shape(const struct sb_graph *g, const struct sb_node *n, int i)
{
    return &g->nodes[n->inputs[i]].shape;
}

static int mismatch(const struct sb_node *n, const char *what, struct sb_shape a, struct sb_shape b,
                    struct sb_error *err)
{
    char ta[SB_SHAPE_TEXT], tb[SB_SHAPE_TEXT];
    return sb_error_set(err, SB_EINVAL, "%s: %s %s: shapes %s and %s do not match", n->path,
                        sb_op_name(n->op), what, sb_shape_text(a, ta), sb_shape_text(b, tb));
}

int sb_shape_check(struct sb_shape shape, const char *path, struct sb_error *err)
{
    char text[SB_SHAPE_TEXT];
    const int64_t dims[4] = {shape.n, shape.c, shape.h, shape.w};
    size_t bytes = sizeof(float);
    for (int i = 0; i < 4; i++) {
        if (dims[i] < 1 || dims[i] > MAX_DIM)
            return sb_error_set(err, SB_EINVAL, "%s: shape %s: dimensions must be 1 to %d", path,
                                sb_shape_text(shape, text), MAX_DIM);
        if (!sb_mul_size(bytes, (size_t)dims[i], &bytes))
            return sb_error_set(err, SB_EINVAL, "%s: shape %s is too large", path,
                                sb_shape_text(shape, text));
    }
    return 0;
}

static bool window_ok(const struct sb_window *w)
{
    return w->kernel_h >= 1 && w->kernel_w >= 1 && w->stride_h >= 1 && w->stride_w >= 1 &&
           w->pad_top >= 0 && w->pad_left >= 0 && w->pad_bottom >= 0 && w->pad_right >= 0;
}

/* Conv, depthwise conv and max pool: H and W of the output; C is set by the caller. */
static int infer_window(const struct sb_graph *g, const struct sb_node *n, struct sb_shape *out,
                        struct sb_error *err)
{
    const struct sb_shape *in = input_shape(g, n, 0);
    const struct sb_window *w = &n->u.window;
    char text[SB_SHAPE_TEXT];
    if (!window_ok(w))
        return sb_error_set(err, SB_EINVAL,
                            "%s: kernel and stride must be at least 1, padding at least 0",
                            n->path);
    const int64_t room_h = in->h + w->pad_top + w->pad_bottom - w->kernel_h;
    const int64_t room_w = in->w + w->pad_left + w->pad_right - w->kernel_w;
    if (room_h < 0 || room_w < 0)
        return sb_error_set(err, SB_EINVAL, "%s: a %dx%d window does not fit into %s", n->path,
                            w->kernel_h, w->kernel_w, sb_shape_text(*in, text));
    out->h = room_h / w->stride_h + 1;
    out->w = room_w / w->stride_w + 1;
    return 0;
}

static int infer_deconv(const struct sb_graph *g, const struct sb_node *n, struct sb_shape *out,
                        struct sb_error *err)
{
    const struct sb_shape *in = input_shape(g, n, 0);
    const struct sb_window *w = &n->u.window;
    if (!window_ok(w))
        return sb_error_set(err, SB_EINVAL,
                            "%s: kernel and stride must be at least 1, padding at least 0",
                            n->path);
    out->h = (in->h - 1) * w->stride_h + w->kernel_h - w->pad_top - w->pad_bottom;
    out->w = (in->w - 1) * w->stride_w + w->kernel_w - w->pad_left - w->pad_right;
    return 0;
}

/* The kernel slot must take `cin` channels; out->c is what it puts out. */
static int channels_of_kernel(const struct sb_graph *g, const struct sb_node *n, int in_axis,
                              int64_t cin, struct sb_shape *out, struct sb_error *err)
{
    const struct sb_slot *kernel = &g->slots[n->slots[0]];
    char text[SB_SHAPE_TEXT];
    if (kernel->shape[in_axis] != cin)
        return sb_error_set(err, SB_EINVAL,
                            "%s: kernel (%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64
                            ") does not fit input %s",
                            n->path, kernel->shape[0], kernel->shape[1], kernel->shape[2],
                            kernel->shape[3], sb_shape_text(*input_shape(g, n, 0), text));
    out->c = kernel->shape[1 - in_axis];
    return 0;
}

static int infer_add(const struct sb_graph *g, const struct sb_node *n, struct sb_error *err)
{
    const struct sb_shape *first = input_shape(g, n, 0);
    if (n->num_inputs < 2)
        return sb_error_set(err, SB_EINVAL, "%s: add needs at least two inputs", n->path);
    for (int i = 1; i < n->num_inputs; i++) {
        if (!sb_shape_equal(*first, *input_shape(g, n, i)))
            return mismatch(n, "of inputs", *first, *input_shape(g, n, i), err);
    }
    return 0;
}

static int infer_mul(const struct sb_graph *g, const struct sb_node *n, struct sb_error *err)
{
    const struct sb_shape x = *input_shape(g, n, 0), y = *input_shape(g, n, 1);
    const bool gate = x.n == y.n && x.c == y.c && y.h == 1 && y.w == 1;
    return gate || sb_shape_equal(x, y) ? 0 : mismatch(n, "by a gate", x, y, err);
}

/* Shape of a region op's output: what the caller says, where only the first two dimensions vary. */
static int want_shape(const struct sb_node *n, struct sb_shape want, struct sb_error *err)
{
    return sb_shape_equal(n->shape, want) ? 0 : mismatch(n, "output", n->shape, want, err);
}

static int count_inputs(const struct sb_node *n, int want, struct sb_error *err)
{
    if (n->num_inputs == want)
        return 0;
    return sb_error_set(err, SB_EINVAL, "%s: %s takes %d inputs, got %d", n->path,
                        sb_op_name(n->op), want, n->num_inputs);
}

static int infer_proposals(const struct sb_graph *g, const struct sb_node *n, struct sb_error *err)
{
    const struct sb_region_params *p = &n->u.region;
    const int levels = p->max_level - p->min_level + 1;
    const int rc = count_inputs(n, 2 * levels, err);
    if (rc)
        return rc;
    const struct sb_shape first = *input_shape(g, n, 0);
    for (int i = 0; i < levels; i++) {
        const struct sb_shape s = *input_shape(g, n, i), d = *input_shape(g, n, levels + i);
        const bool same = s.n == first.n && s.c == first.c && d.n == s.n && d.h == s.h &&
                          d.w == s.w && d.c == 4 * s.c;
        if (!same)
            return mismatch(n, "of scores and deltas", s, d, err);
    }
    const struct sb_shape want = {first.n * p->post_nms_top_k, 5, 1, 1};
    return want_shape(n, want, err);
}

static int infer_roi_align(const struct sb_graph *g, const struct sb_node *n, struct sb_error *err)
{
    const struct sb_region_params *p = &n->u.region;
    const int levels = p->max_level - p->min_level + 1;
    const int rc = count_inputs(n, levels + 1, err);
    if (rc)
        return rc;
    const struct sb_shape first = *input_shape(g, n, 0), rows = *input_shape(g, n, levels);
    for (int i = 1; i < levels; i++) {
        const struct sb_shape f = *input_shape(g, n, i);
        if (f.n != first.n || f.c != first.c)
            return mismatch(n, "of features", first, f, err);
    }
    if (rows.c < 5 || rows.c > 6 || rows.h != 1 || rows.w != 1 || rows.n % first.n != 0)
        return mismatch(n, "of features and rows", first, rows, err);
    const struct sb_shape want = {rows.n, first.c, p->roi_size, p->roi_size};
    return want_shape(n, want, err);
}

static int infer_detections(const struct sb_graph *g, const struct sb_node *n, struct sb_error *err)
{
    const int rc = count_inputs(n, 3, err);
    if (rc)
        return rc;
    const struct sb_shape scores = *input_shape(g, n, 0), deltas = *input_shape(g, n, 1);
    const struct sb_shape rows = *input_shape(g, n, 2);
    const struct sb_shape want_deltas = {scores.n, 4 * scores.c, 1, 1};
    const struct sb_shape want_rows = {scores.n, 5, 1, 1};
    if (scores.h != 1 || scores.w != 1 || !sb_shape_equal(deltas, want_deltas))
        return mismatch(n, "of scores and deltas", scores, deltas, err);
    if (!sb_shape_equal(rows, want_rows))
        return mismatch(n, "of scores and proposals", scores, rows, err);
    const int top = n->u.region.post_nms_top_k;
    const int64_t images = n->shape.n / top;
    if (images < 1 || scores.n % images != 0)
        return mismatch(n, "of proposals and output", rows, n->shape, err);
    const struct sb_shape want = {images * top, 6, 1, 1};
    return want_shape(n, want, err);
}

static int infer_select(const struct sb_graph *g, const struct sb_node *n, struct sb_shape *out,
                        struct sb_error *err)
{
    const struct sb_shape x = *input_shape(g, n, 0), rows = *input_shape(g, n, 1);
    const struct sb_shape want = {x.n, 6, 1, 1};
    if (!sb_shape_equal(rows, want))
        return mismatch(n, "by rows", x, rows, err);
    out->c = 1;
    return 0;
}

static int check_region(const struct sb_node *n, struct sb_error *err)
{
    const struct sb_region_params *p = &n->u.region;
    const bool rows = n->op == SB_OP_ROI_ALIGN ? p->roi_size >= 1
                                               : p->post_nms_top_k >= 1 && p->pre_nms_top_k >= 1;
    const bool levels = n->op == SB_OP_DETECTIONS ||
                        (p->min_level >= 1 && p->min_level <= p->max_level && p->max_level < 16);
    if (rows && levels && p->num_ratios >= 0 && p->num_ratios <= 8)
        return 0;
    return sb_error_set(err, SB_EINVAL, "%s: %s parameters are out of range", n->path,
                        sb_op_name(n->op));
}

/* The region ops; *out is node->shape once it agrees with the inputs. */
static int infer_region(const struct sb_graph *g, const struct sb_node *n, struct sb_shape *out,
                        struct sb_error *err)
{
    const int rc = check_region(n, err);
    if (rc)
        return rc;
    *out = n->shape;
    if (n->op == SB_OP_PROPOSALS)
        return infer_proposals(g, n, err);
    return n->op == SB_OP_ROI_ALIGN ? infer_roi_align(g, n, err) : infer_detections(g, n, err);
}

static int infer_op(const struct sb_graph *g, const struct sb_node *n, struct sb_shape *out,
                    struct sb_error *err)
{
    int rc;
    switch (n->op) {
    case SB_OP_INPUT:
        *out = n->shape;
        return 0;
    case SB_OP_CONV:
        rc = channels_of_kernel(g, n, 1, out->c, out, err);
        return rc ? rc : infer_window(g, n, out, err);
    case SB_OP_DECONV:
        rc = channels_of_kernel(g, n, 0, out->c, out, err);
        return rc ? rc : infer_deconv(g, n, out, err);
    case SB_OP_FC:
        rc = channels_of_kernel(g, n, 1, out->c * out->h * out->w, out, err);
        out->h = out->w = 1;
        return rc;
    case SB_OP_DWCONV:
    case SB_OP_MAXPOOL:
        return infer_window(g, n, out, err);
    case SB_OP_BATCHNORM:
    case SB_OP_ACT:
    case SB_OP_SCALE:
    case SB_OP_SOFTMAX:
        return 0;
    case SB_OP_ADD:
        return infer_add(g, n, err);
    case SB_OP_MUL:
        return infer_mul(g, n, err);
    case SB_OP_GLOBAL_AVG:
    case SB_OP_GLOBAL_MAX:
        out->h = out->w = 1;
        return 0;
    case SB_OP_RESIZE:
        out->h = n->shape.h;
        out->w = n->shape.w;
        return 0;
    case SB_OP_PROPOSALS:
    case SB_OP_ROI_ALIGN:
    case SB_OP_DETECTIONS:
        return infer_region(g, n, out, err);
    case SB_OP_SELECT:
        return infer_select(g, n, out, err);
    case SB_OP_COUNT:
        break;
    }
    return sb_error_set(err, SB_EUNSUPPORTED, "%s: unknown op %d", n->path, (int)n->op);
}

int sb_graph_infer(const struct sb_graph *graph, const struct sb_node *node, struct sb_shape *out,
                   struct sb_error *err)
{
    struct sb_shape shape = node->shape;
    if (node->num_inputs > 0)
        shape = *input_shape(graph, node, 0);
    const int rc = infer_op(graph, node, &shape, err);
    if (rc)
        return rc;
    *out = shape;
    return sb_shape_check(shape, node->path, err);
}

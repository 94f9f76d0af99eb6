/* Proposals, RoIAlign and detections in ONNX. Comments give the shape of what a line makes; R rows,
 * K candidates, S kept by NMS. See onnx_region.h. */
#include "detect/onnx_region.h"

#include "base/mem.h"
#include "detect/anchors.h"
#include "detect/boxcode.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* One region op being written. */
struct writer {
    struct sb_onnx *o;
    const struct sb_graph *graph;
    const struct sb_node *node;
    const struct sb_region_params *params;
    const char *const *inputs;
};

/* Boxes and their scores. */
struct scored {
    const char *boxes;  /* (S, 4) */
    const char *scores; /* (S) */
};

static struct sb_shape shape_of(const struct writer *w, int i)
{
    return w->graph->nodes[w->node->inputs[i]].shape;
}

/* ---- operators with attributes ---- */

static const char *gather(const struct writer *w, const char *x, const char *index, int axis)
{
    const char *y = sb_onnx_op2(w->o, "Gather", x, index);
    sb_onnx_attr_int(w->o, "axis", axis);
    return y;
}

static const char *reshape(const struct writer *w, const char *x, size_t ndim, const int64_t *dims)
{
    return sb_onnx_op2(w->o, "Reshape", x, sb_onnx_i64s(w->o, ndim, dims));
}

static const char *unsqueeze(const struct writer *w, const char *x, int64_t axis)
{
    return sb_onnx_op2(w->o, "Unsqueeze", x, sb_onnx_i64s(w->o, 1, &axis));
}

static const char *transpose(const struct writer *w, const char *x, size_t ndim,
                             const int64_t *order)
{
    const char *y = sb_onnx_op1(w->o, "Transpose", x);
    sb_onnx_attr_ints(w->o, "perm", ndim, order);
    return y;
}

static const char *concat(const struct writer *w, const char *const *inputs, int count, int axis)
{
    const char *y = sb_onnx_op(w->o, "Concat", inputs, count);
    sb_onnx_attr_int(w->o, "axis", axis);
    return y;
}

static const char *cast(const struct writer *w, const char *x, enum sb_onnx_type type)
{
    const char *y = sb_onnx_op1(w->o, "Cast", x);
    sb_onnx_attr_int(w->o, "to", type);
    return y;
}

/* Entries [from, to) along an axis. */
static const char *slice(const struct writer *w, const char *x, int64_t axis, int64_t from,
                         int64_t to)
{
    const char *const inputs[4] = {x, sb_onnx_i64s(w->o, 1, &from), sb_onnx_i64s(w->o, 1, &to),
                                   sb_onnx_i64s(w->o, 1, &axis)};
    return sb_onnx_op(w->o, "Slice", inputs, 4);
}

/* The k largest along the last axis, equal ones in order of their index; *index gets these. */
static const char *top_k(const struct writer *w, const char *x, int64_t k, const char **index)
{
    const char *values = sb_onnx_op2(w->o, "TopK", x, sb_onnx_i64s(w->o, 1, &k));
    *index = sb_onnx_second(w->o);
    return values;
}

/* (S, 3): class, 0, box. boxes (B, K, 4), scores (B, K), B classes or 1. */
static const char *nms(const struct writer *w, const char *boxes, const char *scores, int64_t most,
                       double iou_threshold, float score_threshold)
{
    /* the operator suppresses above its threshold, the reference at it */
    const float just_below = nextafterf((float)iou_threshold, -1.0f);
    const char *const inputs[5] = {boxes, unsqueeze(w, scores, 1), sb_onnx_i64s(w->o, 1, &most),
                                   sb_onnx_f32s(w->o, 1, &just_below),
                                   sb_onnx_f32s(w->o, 1, &score_threshold)};
    return sb_onnx_op(w->o, "NonMaxSuppression", inputs, 5);
}

/* ---- boxes ---- */

/*
 * detect/boxcode.c: deltas (.., K, 4) on boxes (K, 4), clipped to the image -> (.., K, 4).
 */
static const char *decode(const struct writer *w, const char *deltas, const char *boxes,
                          const double weights[4])
{
    struct sb_onnx *const o = w->o;
    const float divisors[4] = {(float)weights[0], (float)weights[1], (float)weights[2],
                               (float)weights[3]};
    const float limits[2] = {(float)(w->params->image_h - 1), (float)(w->params->image_w - 1)};
    const char *one = sb_onnx_f32(o, 1.0f), *half = sb_onnx_f32(o, 0.5f), *corners[2];
    deltas = sb_onnx_op2(o, "Div", deltas, sb_onnx_f32s(o, 4, divisors));
    const char *shift = slice(w, deltas, -1, 0, 2), *log_size = slice(w, deltas, -1, 2, 4);
    const char *low = slice(w, boxes, -1, 0, 2), *high = slice(w, boxes, -1, 2, 4);
    const char *size = sb_onnx_op2(o, "Add", sb_onnx_op2(o, "Sub", high, low), one);
    const char *centre = sb_onnx_op2(o, "Add", low, sb_onnx_op2(o, "Mul", half, size));
    log_size = sb_onnx_op2(o, "Min", log_size, sb_onnx_f32(o, SB_BOX_MAX_LOG_SIZE));
    const char *new_size = sb_onnx_op2(o, "Mul", sb_onnx_op1(o, "Exp", log_size), size);
    const char *middle = sb_onnx_op2(o, "Add", sb_onnx_op2(o, "Mul", shift, size), centre);
    corners[0] = sb_onnx_op2(o, "Sub", middle, sb_onnx_op2(o, "Mul", half, new_size));
    corners[1] = sb_onnx_op2(o, "Sub", sb_onnx_op2(o, "Add", corners[0], new_size), one);
    const char *limit = sb_onnx_f32s(o, 2, limits), *zero = sb_onnx_f32(o, 0.0f);
    for (int i = 0; i < 2; i++)
        corners[i] = sb_onnx_op2(o, "Max", sb_onnx_op2(o, "Min", corners[i], limit), zero);
    return concat(w, corners, 2, -1);
}

/* ---- proposals ---- */

/* Anchors of a level (H * W * A, 4), cell by cell. NULL when out of memory. */
static const char *write_anchors(const struct writer *w, int level, struct sb_shape map)
{
    const struct sb_region_params *p = w->params;
    struct sb_anchor_config c = {.min_level = p->min_level,
                                 .max_level = p->max_level,
                                 .num_scales = p->anchor_scales,
                                 .num_ratios = p->num_ratios,
                                 .anchor_size = p->anchor_size};
    memcpy(c.aspect_ratios, p->aspect_ratios, sizeof(c.aspect_ratios));
    const int64_t per_cell = map.c, dims[2] = {map.h * map.w * per_cell, 4};
    struct sb_box *const cell = sb_calloc((size_t)per_cell, sizeof(*cell), TAG);
    struct sb_box *const boxes = sb_calloc((size_t)dims[0], sizeof(*boxes), TAG);
    const char *anchors = NULL;
    if (cell && boxes) {
        sb_anchor_cell(&c, level, cell);
        for (int64_t i = 0; i < dims[0]; i++)
            boxes[i] = sb_anchor_at(cell[i % per_cell], level, (int)(i / per_cell / map.w),
                                    (int)(i / per_cell % map.w));
        anchors = sb_onnx_constant(w->o, SB_ONNX_F32, 2, dims, boxes);
    }
    sb_free(cell);
    sb_free(boxes);
    return anchors;
}

/* The engine's sigmoid, whose rounding decides ties: 1 / (1 + exp(-x)). */
static const char *sigmoid(const struct writer *w, const char *x)
{
    const char *one = sb_onnx_f32(w->o, 1.0f);
    const char *power = sb_onnx_op1(w->o, "Exp", sb_onnx_op1(w->o, "Neg", x));
    return sb_onnx_op2(w->o, "Div", one, sb_onnx_op2(w->o, "Add", one, power));
}

/* Map (1, A * each, H, W) as rows (H * W * A, each), or (H * W * A) for each = 1. */
static const char *map_rows(const struct writer *w, const char *map, int64_t each)
{
    static const int64_t order[4] = {0, 2, 3, 1};
    const int64_t dims[2] = {-1, each};
    return reshape(w, transpose(w, map, 4, order), each > 1 ? 2 : 1, dims);
}

/* Scores (K) with -1 where all coordinates of the box (K, 4), none negative, are 0. */
static const char *without_nothing(const struct writer *w, const char *scores, const char *boxes)
{
    static const int64_t axis = 1;
    const char *largest = sb_onnx_op1(w->o, "ReduceMax", boxes);
    sb_onnx_attr_ints(w->o, "axes", 1, &axis);
    sb_onnx_attr_int(w->o, "keepdims", 0);
    const char *nothing = sb_onnx_op2(w->o, "Equal", largest, sb_onnx_f32(w->o, 0.0f));
    return sb_onnx_op3(w->o, "Where", nothing, sb_onnx_f32(w->o, -1.0f), scores);
}

/* NMS of proposals measures reversed boxes as empty, the operator by their sorted corners. */
static const char *without_reversed(const struct writer *w, const char *boxes)
{
    const char *low = slice(w, boxes, 1, 0, 2);
    const char *const corners[2] = {low, sb_onnx_op2(w->o, "Max", low, slice(w, boxes, 1, 2, 4))};
    return concat(w, corners, 2, 1);
}

static int propose_level(const struct writer *w, int i, struct scored *out)
{
    static const double weights[4] = {1, 1, 1, 1};
    const struct sb_region_params *p = w->params;
    const int levels = p->max_level - p->min_level + 1;
    const struct sb_shape map = shape_of(w, i);
    const int64_t count = map.h * map.w * map.c;
    const char *anchors = write_anchors(w, p->min_level + i, map), *index;
    SB_CHECK(anchors, SB_ENOMEM);
    const char *scores = top_k(w, map_rows(w, sigmoid(w, w->inputs[i]), 1),
                               count < p->pre_nms_top_k ? count : p->pre_nms_top_k, &index);
    const char *deltas = gather(w, map_rows(w, w->inputs[levels + i], 4), index, 0);
    const char *boxes = decode(w, deltas, gather(w, anchors, index, 0), weights);
    scores = unsqueeze(w, without_nothing(w, scores, boxes), 0);
    const char *kept = nms(w, unsqueeze(w, without_reversed(w, boxes), 0), scores,
                           p->post_nms_top_k, p->nms_threshold, -0.5f);
    kept = gather(w, kept, sb_onnx_i64(w->o, 2), 1);
    out->boxes = gather(w, boxes, kept, 0);
    out->scores = gather(w, gather(w, scores, sb_onnx_i64(w->o, 0), 0), kept, 0);
    return 0;
}

/* Declares an array of the rows' columns as output (1, R, columns), or (1, R) for one. */
static void output_columns(const struct writer *w, const char *rows, const char *name, int64_t from,
                           int64_t to, enum sb_onnx_type type)
{
    const int64_t dims[3] = {1, w->node->shape.n, to - from};
    const int ndim = to - from > 1 ? 3 : 2;
    const char *columns = slice(w, rows, 1, from, to);
    if (type != SB_ONNX_F32)
        columns = cast(w, columns, type);
    reshape(w, columns, (size_t)ndim, dims);
    sb_onnx_output(w->o, sb_onnx_name(w->o, name), type, ndim, dims);
}

/* The best `most` rows (most, C) of rows (S, C) by their scores (S). */
static const char *best_rows(const struct writer *w, const char *rows, const char *scores,
                             int64_t most)
{
    const char *index;
    top_k(w, scores, most, &index);
    return gather(w, rows, index, 0);
}

/* count rows of (C) values each: (count, C). */
static const char *repeat_row(const struct writer *w, const char *row, int64_t count,
                              int64_t columns)
{
    const int64_t dims[2] = {count, columns};
    return sb_onnx_op2(w->o, "Expand", row, sb_onnx_i64s(w->o, 2, dims));
}

/* Rows (R, 5): box, score; those past the valid count are zeros and score -1. */
static int write_proposals(const struct writer *w, const char **value)
{
    const struct sb_region_params *p = w->params;
    const int levels = p->max_level - p->min_level + 1;
    const char *rows[SB_LEVEL_COUNT + 1];
    const float none[5] = {0, 0, 0, 0, -1};
    SB_CHECK(levels <= SB_LEVEL_COUNT, SB_EINVAL);
    for (int i = 0; i < levels; i++) {
        struct scored s;
        const int rc = propose_level(w, i, &s);
        SB_CHECK(rc == 0, rc);
        const char *const columns[2] = {s.boxes, unsqueeze(w, s.scores, 1)};
        rows[i] = concat(w, columns, 2, 1);
    }
    rows[levels] = repeat_row(w, sb_onnx_f32s(w->o, 5, none), p->post_nms_top_k, 5);
    const char *all = concat(w, rows, levels + 1, 0);
    *value = best_rows(w, all, gather(w, all, sb_onnx_i64(w->o, 4), 1), p->post_nms_top_k);
    if (w->node->output) {
        output_columns(w, *value, "roi_boxes", 0, 4, SB_ONNX_F32);
        output_columns(w, *value, "roi_scores", 4, 5, SB_ONNX_F32);
    }
    return 0;
}

/* ---- RoIAlign ---- */

/* Index of each box's level, 0 for min_level (R): how many of the levels' smallest areas it has. */
static const char *roi_levels(const struct writer *w, const char *boxes)
{
    static const int64_t axis = 1;
    const struct sb_region_params *p = w->params;
    const int64_t above = p->max_level - p->min_level;
    double areas[SB_LEVEL_COUNT];
    for (int i = 0; i < above; i++)
        areas[i] = pow(224 * pow(2, p->min_level + 1 + i - 4), 2);
    const char *exact = cast(w, boxes, SB_ONNX_F64);
    const char *sides =
        sb_onnx_op2(w->o, "Sub", slice(w, exact, 1, 2, 4), slice(w, exact, 1, 0, 2));
    const char *area = sb_onnx_op2(w->o, "Mul", slice(w, sides, 1, 0, 1), slice(w, sides, 1, 1, 2));
    const char *least = sb_onnx_constant(w->o, SB_ONNX_F64, 1, &above, areas);
    const char *reached = cast(w, sb_onnx_op2(w->o, "GreaterOrEqual", area, least), SB_ONNX_I64);
    const char *level = sb_onnx_op2(w->o, "ReduceSum", reached, sb_onnx_i64s(w->o, 1, &axis));
    sb_onnx_attr_int(w->o, "keepdims", 0);
    return level;
}

/* Samples along one axis: (R, k) indices and weights. */
struct samples {
    const char *low, *high; /* int64 */
    const char *weight;     /* of high */
};

/* Limited to [0, last] (R, 1) and made whole. */
static const char *clip_index(const struct writer *w, const char *x, const char *last)
{
    const char *below = sb_onnx_op2(w->o, "Min", x, last);
    return cast(w, sb_onnx_op2(w->o, "Max", below, sb_onnx_f32(w->o, 0.0f)), SB_ONNX_I64);
}

/* axis 0: y, 1: x; stride and last (R, 1). */
static struct samples place_samples(const struct writer *w, const char *boxes, int axis,
                                    const char *stride, const char *last)
{
    struct sb_onnx *const o = w->o;
    const int bins = w->params->roi_size;
    float middles[64];
    for (int i = 0; i < bins; i++)
        middles[i] = (float)i + 0.5f;
    const char *from = slice(w, boxes, 1, axis, axis + 1);
    const char *size = sb_onnx_op2(o, "Sub", slice(w, boxes, 1, axis + 2, axis + 3), from);
    const char *offset = sb_onnx_op2(o, "Mul", size, sb_onnx_f32s(o, (size_t)bins, middles));
    offset = sb_onnx_op2(o, "Div", offset, sb_onnx_f32(o, (float)bins));
    const char *pos = sb_onnx_op2(o, "Div", sb_onnx_op2(o, "Add", from, offset), stride);
    const char *low = sb_onnx_op1(o, "Floor", pos);
    const char *high = sb_onnx_op2(o, "Add", low, sb_onnx_f32(o, 1.0f));
    const struct samples s = {clip_index(w, low, last), clip_index(w, high, last),
                              sb_onnx_op2(o, "Sub", pos, low)};
    return s;
}

/* All levels' pixels as rows (P, C). */
static const char *pixel_rows(const struct writer *w, int levels)
{
    const char *rows[SB_LEVEL_COUNT];
    for (int i = 0; i < levels; i++)
        rows[i] = map_rows(w, w->inputs[i], shape_of(w, i).c);
    return concat(w, rows, levels, 0);
}

/* a + (b - a) * t as the engine rounds it: a * (1 - t) + b * t. */
static const char *blend(const struct writer *w, const char *a, const char *b, const char *t)
{
    const char *rest = sb_onnx_op2(w->o, "Sub", sb_onnx_f32(w->o, 1.0f), t);
    return sb_onnx_op2(w->o, "Add", sb_onnx_op2(w->o, "Mul", a, rest),
                       sb_onnx_op2(w->o, "Mul", b, t));
}

/* What the boxes' levels are like: (R, 1) each. */
struct roi_maps {
    const char *stride, *last_y, *last_x; /* float32 */
    const char *first, *width;            /* int64: row of the level's first pixel */
};

static struct roi_maps look_up_levels(const struct writer *w, const char *level, int levels)
{
    float stride[SB_LEVEL_COUNT], last_y[SB_LEVEL_COUNT], last_x[SB_LEVEL_COUNT];
    int64_t first[SB_LEVEL_COUNT], width[SB_LEVEL_COUNT], pixels = 0;
    for (int i = 0; i < levels; i++) {
        const struct sb_shape map = shape_of(w, i);
        stride[i] = (float)((int64_t)1 << (w->params->min_level + i));
        last_y[i] = (float)(map.h - 1);
        last_x[i] = (float)(map.w - 1);
        first[i] = pixels;
        width[i] = map.w;
        pixels += map.h * map.w;
    }
    const size_t n = (size_t)levels;
    const struct roi_maps maps = {
        unsqueeze(w, gather(w, sb_onnx_f32s(w->o, n, stride), level, 0), 1),
        unsqueeze(w, gather(w, sb_onnx_f32s(w->o, n, last_y), level, 0), 1),
        unsqueeze(w, gather(w, sb_onnx_f32s(w->o, n, last_x), level, 0), 1),
        unsqueeze(w, gather(w, sb_onnx_i64s(w->o, n, first), level, 0), 1),
        unsqueeze(w, gather(w, sb_onnx_i64s(w->o, n, width), level, 0), 1),
    };
    return maps;
}

/* Pixels (R, k, k, C) at rows y (R, k) and columns x (R, k). */
static const char *sample(const struct writer *w, const char *pixels, const struct roi_maps *maps,
                          const char *y, const char *x)
{
    const char *row =
        sb_onnx_op2(w->o, "Add", sb_onnx_op2(w->o, "Mul", y, maps->width), maps->first);
    const char *index = sb_onnx_op2(w->o, "Add", unsqueeze(w, row, 2), unsqueeze(w, x, 1));
    return gather(w, pixels, index, 0);
}

/* (R, C, k, k) */
static int write_roi_align(const struct writer *w, const char **value)
{
    static const int64_t order[4] = {0, 3, 1, 2};
    const int levels = w->params->max_level - w->params->min_level + 1;
    SB_CHECK(levels <= SB_LEVEL_COUNT && w->params->roi_size <= 64, SB_EUNSUPPORTED);
    const char *boxes = slice(w, w->inputs[levels], 1, 0, 4);
    const char *pixels = pixel_rows(w, levels);
    const struct roi_maps maps = look_up_levels(w, roi_levels(w, boxes), levels);
    const struct samples y = place_samples(w, boxes, 0, maps.stride, maps.last_y);
    const struct samples x = place_samples(w, boxes, 1, maps.stride, maps.last_x);
    const char *wx = unsqueeze(w, unsqueeze(w, x.weight, 1), 3); /* (R, 1, k, 1) */
    const char *wy = unsqueeze(w, unsqueeze(w, y.weight, 2), 3); /* (R, k, 1, 1) */
    const char *top = blend(w, sample(w, pixels, &maps, y.low, x.low),
                            sample(w, pixels, &maps, y.low, x.high), wx);
    const char *bottom = blend(w, sample(w, pixels, &maps, y.high, x.low),
                               sample(w, pixels, &maps, y.high, x.high), wx);
    *value = transpose(w, blend(w, top, bottom, wy), 4, order);
    return 0;
}

/* ---- detections ---- */

/* Per class but the background, B of them: boxes (B, R, 4), scores (B, R). */
struct classes {
    const char *boxes, *scores;
    int64_t rows; /* R */
};

/* Scores of rows whose proposal is none are below every threshold. valid: (R). */
static struct classes split_classes(const struct writer *w, const char *valid)
{
    static const int64_t swap[3] = {1, 0, 2};
    const struct sb_shape shape = shape_of(w, 0);
    const int64_t dims[3] = {shape.n, shape.c, 4};
    const char *scores = transpose(w, slice(w, w->inputs[0], 1, 1, shape.c), 2, swap);
    const char *deltas = slice(w, reshape(w, w->inputs[1], 3, dims), 1, 1, shape.c);
    const struct classes c = {
        decode(w, transpose(w, deltas, 3, swap), slice(w, w->inputs[2], 1, 0, 4),
               w->params->box_weights),
        sb_onnx_op3(w->o, "Where", valid, scores, sb_onnx_f32(w->o, -FLT_MAX)), shape.n};
    return c;
}

/* The best of every class, where their number is limited. */
static struct classes limit_rows(const struct writer *w, struct classes c)
{
    const int64_t most = w->params->pre_nms_top_k;
    if (most >= c.rows)
        return c;
    const int64_t dims[3] = {shape_of(w, 0).c - 1, most, 4};
    const char *index;
    c.scores = top_k(w, c.scores, most, &index);
    index = sb_onnx_op2(w->o, "Expand", unsqueeze(w, index, 2), sb_onnx_i64s(w->o, 3, dims));
    c.boxes = sb_onnx_op2(w->o, "GatherElements", c.boxes, index);
    sb_onnx_attr_int(w->o, "axis", 1);
    c.rows = most;
    return c;
}

/* The row (6) behind the detections: score -1, class 1, the box of that class's best candidate, or
 * zeros where no proposal is valid. */
static const char *filler_row(const struct writer *w, const struct classes *c, const char *valid)
{
    static const float tail[2] = {-1, 1};
    const char *first = sb_onnx_i64(w->o, 0);
    const char *best = sb_onnx_op1(w->o, "ArgMax", gather(w, c->scores, first, 0));
    sb_onnx_attr_int(w->o, "axis", 0);
    sb_onnx_attr_int(w->o, "keepdims", 0);
    const char *box = gather(w, gather(w, c->boxes, first, 0), best, 0);
    box = sb_onnx_op3(w->o, "Where", gather(w, valid, best, 0), box, sb_onnx_f32(w->o, 0.0f));
    const char *const columns[2] = {box, sb_onnx_f32s(w->o, 2, tail)};
    return concat(w, columns, 2, 0);
}

/* (S, 6) */
static const char *kept_rows(const struct writer *w, const struct classes *c, const char *kept)
{
    static const int64_t class_and_box[2] = {0, 2};
    const char *at = gather(w, kept, sb_onnx_i64s(w->o, 2, class_and_box), 1);
    const char *class_id = cast(w, slice(w, kept, 1, 0, 1), SB_ONNX_F32);
    const char *const columns[3] = {sb_onnx_op2(w->o, "GatherND", c->boxes, at),
                                    unsqueeze(w, sb_onnx_op2(w->o, "GatherND", c->scores, at), 1),
                                    sb_onnx_op2(w->o, "Add", class_id, sb_onnx_f32(w->o, 1.0f))};
    return concat(w, columns, 3, 1);
}

static void output_detections(const struct writer *w, const char *rows)
{
    static const int64_t axis = 0, one = 1;
    output_columns(w, rows, "detection_boxes", 0, 4, SB_ONNX_F32);
    output_columns(w, rows, "detection_scores", 4, 5, SB_ONNX_F32);
    output_columns(w, rows, "detection_classes", 5, 6, SB_ONNX_I32);
    const char *scores = slice(w, rows, 1, 4, 5);
    const char *valid = sb_onnx_op2(w->o, "GreaterOrEqual", scores, sb_onnx_f32(w->o, 0.0f));
    const char *count =
        sb_onnx_op2(w->o, "ReduceSum", cast(w, valid, SB_ONNX_I32), sb_onnx_i64s(w->o, 1, &axis));
    sb_onnx_attr_int(w->o, "keepdims", 0);
    (void)count;
    sb_onnx_output(w->o, sb_onnx_name(w->o, "num_detections"), SB_ONNX_I32, 1, &one);
}

/* Rows (D, 6): box, score, class. */
static int write_detections(const struct writer *w, const char **value, struct sb_error *err)
{
    const struct sb_region_params *p = w->params;
    if (p->soft_nms_sigma > 0)
        return sb_error_set(err, SB_EUNSUPPORTED, "%s: ONNX has no soft NMS", w->node->path);
    const char *valid =
        sb_onnx_op2(w->o, "GreaterOrEqual", gather(w, w->inputs[2], sb_onnx_i64(w->o, 4), 1),
                    sb_onnx_f32(w->o, 0.0f));
    const struct classes all = split_classes(w, valid), c = limit_rows(w, all);
    const char *kept =
        nms(w, c.boxes, c.scores, p->post_nms_top_k, p->nms_threshold, (float)p->score_threshold);
    const char *const rows[2] = {kept_rows(w, &c, kept),
                                 repeat_row(w, filler_row(w, &all, valid), p->post_nms_top_k, 6)};
    const char *joined = concat(w, rows, 2, 0);
    *value = best_rows(w, joined, gather(w, joined, sb_onnx_i64(w->o, 4), 1), p->post_nms_top_k);
    if (w->node->output)
        output_detections(w, *value);
    return 0;
}

int sb_onnx_region(struct sb_onnx *onnx, const struct sb_graph *graph, const struct sb_node *node,
                   const char *const *inputs, const char **value, struct sb_error *err)
{
    const struct writer w = {onnx, graph, node, &node->u.region, inputs};
    int rc;
    switch (node->op) {
    case SB_OP_PROPOSALS:
        rc = write_proposals(&w, value);
        break;
    case SB_OP_ROI_ALIGN:
        rc = write_roi_align(&w, value);
        break;
    case SB_OP_DETECTIONS:
        return write_detections(&w, value, err);
    default:
        return sb_error_set(err, SB_EINTERNAL, "%s is no region op", sb_op_name(node->op));
    }
    if (rc == SB_ENOMEM)
        return sb_error_nomem(err, "the anchors of an ONNX model", 0);
    return rc ? sb_error_set(err, rc, "%s: too many levels or bins", node->path) : 0;
}

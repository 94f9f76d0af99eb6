/*
 * Convolution units, windows and the small helpers of the block library. Residual and MBConv blocks
 * are in blocks_residual.c, cross-scale resampling in blocks_resample.c. See blocks.h.
 */
#include "models/blocks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sb_path sb_pathf(const char *fmt, ...)
{
    struct sb_path path;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(path.text, sizeof(path.text), fmt, ap);
    va_end(ap);
    return path;
}

enum sb_level sb_level_of(int level)
{
    return level >= SB_MIN_LEVEL && level <= SB_MAX_LEVEL
               ? (enum sb_level)(SB_LEVEL_1 + level - SB_MIN_LEVEL)
               : SB_LEVEL_NONE;
}

int64_t sb_level_side(int64_t size, int level)
{
    const int64_t stride = (int64_t)1 << level;
    return (size + stride - 1) / stride;
}

/* SAME padding of one axis: total so that ceil(size / stride) windows fit. */
static int same_total(int64_t size, int kernel, int stride)
{
    const int64_t windows = (size + stride - 1) / stride;
    const int64_t total = (windows - 1) * stride + kernel - size;
    return total > 0 ? (int)total : 0;
}

static struct sb_window padded_window(int kernel, int stride, int total_h, int total_w)
{
    const struct sb_window w = {.kernel_h = kernel,
                                .kernel_w = kernel,
                                .stride_h = stride,
                                .stride_w = stride,
                                .pad_top = total_h / 2,
                                .pad_left = total_w / 2,
                                .pad_bottom = total_h - total_h / 2,
                                .pad_right = total_w - total_w / 2};
    return w;
}

struct sb_window sb_window_same(struct sb_shape in, int kernel, int stride)
{
    return padded_window(kernel, stride, same_total(in.h, kernel, stride),
                         same_total(in.w, kernel, stride));
}

struct sb_window sb_window_fixed(struct sb_shape in, int kernel, int stride)
{
    return stride == 1 ? sb_window_same(in, kernel, 1)
                       : padded_window(kernel, stride, kernel - 1, kernel - 1);
}

/* BN and activation behind x, as the flags say. */
static int finish_unit(const struct sb_builder *b, int x, const char *path, const char *bn,
                       unsigned flags)
{
    if (flags & SB_UNIT_BN)
        x = sb_graph_batchnorm(b->graph, x, sb_pathf("%s/bn", path).text,
                               sb_pathf("%s/bn", bn ? bn : path).text, b->epsilon, b->err);
    return flags & SB_UNIT_ACT ? sb_activate(b, x, sb_pathf("%s/act", path).text) : x;
}

int sb_unit_shared(const struct sb_builder *b, int x, const char *path, const char *weights,
                   const char *bn, struct sb_unit unit)
{
    SB_CHECK(x >= 0, x);
    const struct sb_shape in = b->graph->nodes[x].shape;
    const bool bias = unit.flags & SB_UNIT_BIAS;
    const bool depthwise = unit.flags & SB_UNIT_DEPTHWISE;
    const char *layer = depthwise ? "dwconv" : "conv";
    const struct sb_window window = unit.flags & SB_UNIT_SAME
                                        ? sb_window_same(in, unit.kernel, unit.stride)
                                        : sb_window_fixed(in, unit.kernel, unit.stride);
    const struct sb_path node = sb_pathf("%s/%s", path, layer);
    const struct sb_path slot = sb_pathf("%s/%s", weights ? weights : path, layer);
    if (depthwise)
        x = sb_graph_dwconv(b->graph, x, node.text, slot.text, window, bias, b->err);
    else
        x = sb_graph_conv(b->graph, x, node.text, slot.text, unit.filters, window, bias, b->err);
    return finish_unit(b, x, path, bn, unit.flags);
}

int sb_unit_add(const struct sb_builder *b, int x, const char *path, struct sb_unit unit)
{
    return sb_unit_shared(b, x, path, NULL, NULL, unit);
}

int sb_separable_shared(const struct sb_builder *b, int x, const char *path, const char *weights,
                        const char *bn, int64_t filters, unsigned flags)
{
    const struct sb_unit depthwise = {0, 3, 1, SB_UNIT_DEPTHWISE};
    const struct sb_unit pointwise = {filters, 1, 1, SB_UNIT_BIAS};
    const char *base = weights ? weights : path;
    const enum sb_init init = b->graph->init;
    x = sb_unit_shared(b, x, sb_pathf("%s/depthwise", path).text,
                       sb_pathf("%s/depthwise", base).text, NULL, depthwise);
    sb_graph_set_init(b->graph, SB_INIT_GLOROT); /* the library's default for both parts */
    x = sb_unit_shared(b, x, sb_pathf("%s/pointwise", path).text,
                       sb_pathf("%s/pointwise", base).text, NULL, pointwise);
    sb_graph_set_init(b->graph, init);
    return finish_unit(b, x, path, bn, flags);
}

int sb_resize_to(const struct sb_builder *b, int x, int64_t height, int64_t width, const char *path)
{
    SB_CHECK(x >= 0, x);
    const struct sb_shape in = b->graph->nodes[x].shape;
    if (in.h == height && in.w == width)
        return x;
    if (height % in.h == 0 && width % in.w == 0 && height / in.h == width / in.w)
        return sb_graph_repeat(b->graph, x, path, height / in.h, b->err);
    return sb_graph_resize(b->graph, x, path, height, width, b->err);
}

int sb_sum(const struct sb_builder *b, const int *nodes, int count, const char *path)
{
    return count == 1 ? nodes[0] : sb_graph_add(b->graph, nodes, count, path, b->err);
}

int sb_maxpool_same(const struct sb_builder *b, int x, int kernel, int stride, const char *path)
{
    SB_CHECK(x >= 0, x);
    const struct sb_window window = sb_window_same(b->graph->nodes[x].shape, kernel, stride);
    return sb_graph_maxpool(b->graph, x, path, window, b->err);
}

int sb_activate(const struct sb_builder *b, int x, const char *path)
{
    return sb_graph_act(b->graph, x, path, b->act, b->err);
}

int sb_begin_block(const struct sb_builder *b, const char *block, enum sb_level level)
{
    return sb_graph_set_block(b->graph, block, level, b->err);
}

int sb_pyramid_outputs(const struct sb_builder *b, const struct sb_pyramid *p, const char *prefix)
{
    for (int level = p->min_level; level <= p->max_level; level++) {
        const int rc = sb_graph_output(b->graph, p->nodes[level],
                                       sb_pathf("%s%d", prefix, level).text, b->err);
        SB_CHECK(rc == 0, rc);
    }
    return 0;
}

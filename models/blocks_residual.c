/* Residual, bottleneck and MBConv blocks. See blocks.h. */
#include "models/blocks.h"

const char *sb_block_type_name(enum sb_block_type type)
{
    switch (type) {
    case SB_BLOCK_BOTTLENECK:
        return "bottleneck";
    case SB_BLOCK_RESIDUAL:
        return "residual";
    case SB_BLOCK_MBCONV:
        return "mbconv";
    }
    return "unknown";
}

int64_t sb_block_channels(enum sb_block_type type, int64_t filters)
{
    return type == SB_BLOCK_BOTTLENECK ? 4 * filters : filters;
}

static int conv_of(const struct sb_builder *b, int x, const char *path, int index, int64_t filters,
                   int kernel, int stride, bool act)
{
    const struct sb_unit unit = {filters, kernel, stride, SB_UNIT_BN | (act ? SB_UNIT_ACT : 0u)};
    return sb_unit_add(b, x, sb_pathf("%s/conv%d", path, index).text, unit);
}

/* Bottleneck: 1x1, 3x3 with the stride, 1x1 to 4 * filters. Residual: 3x3 with the stride, 3x3. The
 * last one without activation. */
static int main_path(const struct sb_builder *b, int x, const char *path,
                     const struct sb_block *block)
{
    const int64_t filters = block->filters;
    if (block->type == SB_BLOCK_RESIDUAL) {
        x = conv_of(b, x, path, 0, filters, 3, block->stride, true);
        return conv_of(b, x, path, 1, filters, 3, 1, false);
    }
    x = conv_of(b, x, path, 0, filters, 1, 1, true);
    x = conv_of(b, x, path, 1, filters, 3, block->stride, true);
    return conv_of(b, x, path, 2, 4 * filters, 1, 1, false);
}

/* The shortcut comes first: checkpoints number convolutions in order of creation. */
static int residual_once(const struct sb_builder *b, int x, const char *path,
                         const struct sb_block *block)
{
    SB_CHECK(x >= 0, x);
    const int64_t channels = sb_block_channels(block->type, block->filters);
    const bool project =
        block->project || block->stride != 1 || b->graph->nodes[x].shape.c != channels;
    int sum[2] = {x, x};
    if (project) {
        const struct sb_unit unit = {channels, 1, block->stride, SB_UNIT_BN};
        sum[1] = sb_unit_add(b, x, sb_pathf("%s/shortcut", path).text, unit);
    }
    sum[0] = main_path(b, x, path, block);
    x = sb_graph_add(b->graph, sum, 2, sb_pathf("%s/add", path).text, b->err);
    return sb_activate(b, x, sb_pathf("%s/act", path).text);
}

/* Squeeze-excite: x times a gate per channel. The squeezed width follows from the block's input. */
static int squeeze_excite(const struct sb_builder *b, int x, const char *path, int64_t squeezed)
{
    SB_CHECK(x >= 0, x);
    struct sb_graph *g = b->graph;
    const struct sb_unit reduce = {squeezed, 1, 1, SB_UNIT_BIAS};
    const struct sb_unit expand = {g->nodes[x].shape.c, 1, 1, SB_UNIT_BIAS};
    int gate = sb_graph_unary(g, SB_OP_GLOBAL_AVG, x, sb_pathf("%s/se_mean", path).text, b->err);
    gate = sb_unit_add(b, gate, sb_pathf("%s/se_reduce", path).text, reduce);
    gate = sb_graph_act(g, gate, sb_pathf("%s/se_reduce/act", path).text, SB_ACT_SWISH, b->err);
    gate = sb_unit_add(b, gate, sb_pathf("%s/se_expand", path).text, expand);
    gate = sb_graph_act(g, gate, sb_pathf("%s/se_expand/act", path).text, SB_ACT_SIGMOID, b->err);
    return sb_graph_mul(g, x, gate, sb_pathf("%s/se_gate", path).text, b->err);
}

/* 1x1 expansion, 3x3 depthwise, squeeze-excite, 1x1 projection; no activation at the end. */
static int mbconv_once(const struct sb_builder *b, int x, const char *path,
                       const struct sb_block *block)
{
    SB_CHECK(x >= 0, x);
    const int64_t cin = b->graph->nodes[x].shape.c;
    const unsigned both = SB_UNIT_BN | SB_UNIT_ACT;
    const struct sb_unit expand = {cin * block->expand_ratio, 1, 1, both};
    const struct sb_unit depthwise = {0, 3, block->stride, both | SB_UNIT_DEPTHWISE};
    const struct sb_unit project = {block->filters, 1, 1, SB_UNIT_BN};
    int y = sb_unit_add(b, x, sb_pathf("%s/expand", path).text, expand);
    y = sb_unit_add(b, y, sb_pathf("%s/depthwise", path).text, depthwise);
    if (block->se_ratio > 0.0) {
        const int64_t squeezed = (int64_t)(block->se_ratio * (double)cin);
        y = squeeze_excite(b, y, path, squeezed < 1 ? 1 : squeezed);
    }
    y = sb_unit_add(b, y, sb_pathf("%s/project", path).text, project);
    if (block->stride != 1 || cin != block->filters)
        return y;
    const int sum[2] = {y, x};
    return sb_graph_add(b->graph, sum, 2, sb_pathf("%s/add", path).text, b->err);
}

int sb_block_once(const struct sb_builder *b, int x, const char *path, const struct sb_block *block)
{
    return block->type == SB_BLOCK_MBCONV ? mbconv_once(b, x, path, block)
                                          : residual_once(b, x, path, block);
}

int sb_block_group(const struct sb_builder *b, int x, const char *path,
                   const struct sb_block *block)
{
    struct sb_block once = *block;
    for (int r = 0; r < block->repeats; r++) {
        x = sb_block_once(b, x, sb_pathf("%s/repeat%d", path, r).text, &once);
        once.stride = 1;
        once.project = false;
    }
    return x;
}

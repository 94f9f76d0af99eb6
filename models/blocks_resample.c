/*
 * Cross-scale connections of scale-permuted networks. Sizes are ceil(image / 2^level), so ratios
 * need not be whole numbers; what pools and strides leave over is closed by a nearest resize, as in
 * the published code (nearest_upsampling and spatial resampling of tensorflow/tpu's SpineNet).
 */
#include "models/blocks.h"

/* Larger and smaller side relations are judged on the longer side of the map; both sides have the
 * same ratio whenever the image is a multiple of the coarsest stride. */
struct ratio {
    int64_t from, to;
};

static struct ratio ratio_of(const struct sb_builder *b, int x, struct sb_target to)
{
    const struct sb_shape in = b->graph->nodes[x].shape;
    const struct ratio r = {in.w >= in.h ? in.w : in.h, in.w >= in.h ? to.width : to.height};
    return r;
}

static int last_unit(const struct sb_builder *b, int x, struct sb_target to, const char *path)
{
    const struct sb_unit unit = {to.channels, 1, 1, SB_UNIT_BN};
    return sb_unit_add(b, x, path, unit);
}

/* 3x3 stride 2, then a pool for what is left of the ratio. `conv` counts the convolutions. */
static int shrink(const struct sb_builder *b, int x, struct sb_source from, struct sb_target to,
                  int64_t filters, const char *path)
{
    const struct sb_unit unit = {filters, 3, 2, SB_UNIT_BN | SB_UNIT_ACT};
    const struct ratio r = ratio_of(b, x, to);
    b->graph->level = sb_level_of(from.level + 1);
    x = sb_unit_add(b, x, sb_pathf("%s/conv1", path).text, unit);
    if (r.from <= 2 * r.to)
        return x;
    b->graph->level = sb_level_of(to.level);
    const int kernel = r.from <= 4 * r.to ? 3 : 5;
    const int stride = r.from % r.to == 0 ? (int)(r.from / r.to / 2) : 2;
    return sb_maxpool_same(b, x, kernel, stride, sb_pathf("%s/pool", path).text);
}

int sb_resample(const struct sb_builder *b, struct sb_source from, struct sb_target to,
                double alpha, const char *path)
{
    SB_CHECK(from.node >= 0, from.node);
    const int64_t filters = (int64_t)(alpha * (double)from.filters);
    const struct sb_unit first = {filters, 1, 1, SB_UNIT_BN | SB_UNIT_ACT};
    const struct ratio r = ratio_of(b, from.node, to);
    const bool larger = r.from > r.to;
    b->graph->level = sb_level_of(from.level);
    int x = sb_unit_add(b, from.node, sb_pathf("%s/conv0", path).text, first);
    SB_CHECK(x >= 0, x);
    if (larger)
        x = shrink(b, x, from, to, filters, path);
    b->graph->level = sb_level_of(to.level);
    x = sb_resize_to(b, x, to.height, to.width, sb_pathf("%s/resize", path).text);
    return last_unit(b, x, to, sb_pathf("%s/conv%d", path, larger ? 2 : 1).text);
}

int sb_resample_separable(const struct sb_builder *b, struct sb_source from, struct sb_target to,
                          const char *path)
{
    int x = from.node;
    const struct sb_unit down = {0, 3, 2, SB_UNIT_DEPTHWISE | SB_UNIT_BN | SB_UNIT_ACT};
    for (int k = 0; x >= 0; k++) {
        const struct ratio r = ratio_of(b, x, to);
        if (r.from <= r.to)
            break;
        b->graph->level = sb_level_of(from.level + k + 1);
        x = sb_unit_add(b, x, sb_pathf("%s/down%d", path, k).text, down);
    }
    b->graph->level = sb_level_of(to.level);
    x = sb_resize_to(b, x, to.height, to.width, sb_pathf("%s/resize", path).text);
    return last_unit(b, x, to, sb_pathf("%s/project", path).text);
}

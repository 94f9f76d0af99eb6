/*
 * Feature pyramid network as the published detectors use it: lateral 1x1 and top-down nearest
 * upsampling on the backbone's levels, a 3x3 on each; higher levels by 3x3 stride 2, the first from
 * the last 3x3's result, the next from ReLU of the one before; BN without activation last, after
 * the higher levels were derived. All convolutions have a bias.
 */
#include "models/family.h"

#define TOP_STAGE 5 /* C5 is the backbone's highest map */

static int begin_level(const struct sb_builder *b, int level)
{
    return sb_begin_block(b, sb_pathf("neck/p%d", level).text, sb_level_of(level));
}

/* Laterals of all levels, ascending, as checkpoints number them; then top-down sums. */
static int build_top_down(const struct sb_builder *b, const struct sb_pyramid *in, int64_t filters,
                          int min_level, int maps[])
{
    const struct sb_unit lateral = {filters, 1, 1, SB_UNIT_BIAS};
    for (int level = min_level; level <= TOP_STAGE; level++) {
        const int rc = begin_level(b, level);
        SB_CHECK(rc == 0, rc);
        maps[level] =
            sb_unit_add(b, in->nodes[level], sb_pathf("neck/p%d/lateral", level).text, lateral);
        SB_CHECK(maps[level] >= 0, maps[level]);
    }
    for (int level = TOP_STAGE - 1; level >= min_level; level--) {
        const struct sb_shape here = b->graph->nodes[maps[level]].shape;
        const int rc = begin_level(b, level);
        SB_CHECK(rc == 0, rc);
        const int up = sb_resize_to(b, maps[level + 1], here.h, here.w,
                                    sb_pathf("neck/p%d/upsample", level).text);
        const int sum[2] = {up, maps[level]};
        maps[level] = sb_sum(b, sum, 2, sb_pathf("neck/p%d/add", level).text);
        SB_CHECK(maps[level] >= 0, maps[level]);
    }
    return 0;
}

/* 3x3 on the backbone's levels, then the levels above it. */
static int build_convs(const struct sb_builder *b, int64_t filters, int min_level, int max_level,
                       int maps[])
{
    const struct sb_unit post = {filters, 3, 1, SB_UNIT_BIAS};
    const struct sb_unit down = {filters, 3, 2, SB_UNIT_BIAS | SB_UNIT_SAME};
    for (int level = min_level; level <= max_level; level++) {
        const int rc = begin_level(b, level);
        SB_CHECK(rc == 0, rc);
        if (level <= TOP_STAGE) {
            maps[level] = sb_unit_add(b, maps[level], sb_pathf("neck/p%d/post", level).text, post);
        } else {
            int x = maps[level - 1];
            if (level > TOP_STAGE + 1)
                x = sb_graph_act(b->graph, x, sb_pathf("neck/p%d/act", level).text, SB_ACT_RELU,
                                 b->err);
            maps[level] = sb_unit_add(b, x, sb_pathf("neck/p%d/down", level).text, down);
        }
        SB_CHECK(maps[level] >= 0, maps[level]);
    }
    return 0;
}

int sb_build_fpn(const struct sb_builder *b, const struct sb_neck_spec *spec,
                 const struct sb_pyramid *in, int min_level, int max_level, struct sb_pyramid *out)
{
    int maps[SB_MAX_LEVEL + 1];
    out->min_level = min_level;
    out->max_level = max_level;
    sb_graph_set_init(b->graph, SB_INIT_GLOROT);
    int rc = build_top_down(b, in, spec->filters, min_level, maps);
    if (rc == 0)
        rc = build_convs(b, spec->filters, min_level, max_level, maps);
    sb_graph_set_init(b->graph, SB_INIT_NORMAL);
    for (int level = min_level; level <= max_level && rc == 0; level++) {
        const struct sb_path bn = sb_pathf("neck/p%d/bn", level);
        rc = begin_level(b, level);
        SB_CHECK(rc == 0, rc);
        out->nodes[level] =
            sb_graph_batchnorm(b->graph, maps[level], bn.text, NULL, b->epsilon, b->err);
        rc = out->nodes[level] < 0 ? out->nodes[level] : 0;
    }
    return rc;
}

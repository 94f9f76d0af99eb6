/*
 * ResNet v1.5 (He et al., arXiv:1512.03385; the stride stands on the bottleneck's 3x3): stem, then
 * four stages C2..C5. The first block of every stage has a projection shortcut, also where the
 * identity would fit, as the published code has it.
 */
#include "models/family.h"

static int build_stem(const struct sb_builder *b, const struct sb_resnet_spec *spec, int image)
{
    const struct sb_unit unit = {spec->stem_filters, 7, 2, SB_UNIT_BN | SB_UNIT_ACT};
    const int rc = sb_begin_block(b, "backbone/stem", SB_LEVEL_STEM);
    SB_CHECK(rc == 0, rc);
    const int x = sb_unit_add(b, image, "backbone/stem/conv0", unit);
    return sb_maxpool_same(b, x, 3, 2, "backbone/stem/pool");
}

static int build_stage(const struct sb_builder *b, const struct sb_resnet_spec *spec, int level,
                       int x)
{
    struct sb_block block = {.type = spec->type,
                             .filters = spec->filters[level - 2],
                             .stride = level == 2 ? 1 : 2,
                             .project = true};
    for (int i = 0; i < spec->repeats[level - 2]; i++) {
        const struct sb_path path = sb_pathf("backbone/stage%d/block%d", level, i);
        const int rc = sb_begin_block(b, path.text, sb_level_of(level));
        SB_CHECK(rc == 0, rc);
        x = sb_block_once(b, x, path.text, &block);
        block.stride = 1;
        block.project = false;
    }
    return x;
}

int sb_build_resnet(const struct sb_builder *b, const struct sb_backbone_spec *spec, int image,
                    struct sb_pyramid *out)
{
    int x = build_stem(b, &spec->u.resnet, image);
    out->min_level = 2;
    out->max_level = 5;
    for (int level = 2; level <= 5; level++) {
        x = build_stage(b, &spec->u.resnet, level, x);
        SB_CHECK(x >= 0, x);
        out->nodes[level] = x;
    }
    return 0;
}

/*
 * Scale-permuted backbones: SpineNet and its MBConv form. A stem in sequence, then blocks that each
 * merge resampled parents of any level, then one endpoint per output level. Paper,
 * section 3; published code: tensorflow/tpu models/official/detection, spinenet.py and
 * spinenet_mbconv.py.
 */
#include "models/family.h"

struct network {
    const struct sb_builder *b;
    const struct sb_permuted_spec *spec;
    bool mbconv;
    double alpha;
    struct sb_shape image;
    int nodes[SB_SPEC_MAX_BLOCKS]; /* output of each block, -1 where it is not built */
};

/* 7x7 stride 2, BN, activation, 3x3 stride 2 max pool; MBConv: 3x3 stride 2, BN, activation. */
static int build_stem_conv(const struct network *net, int image)
{
    const struct sb_builder *b = net->b;
    const struct sb_unit unit = {net->spec->stem_filters, net->mbconv ? 3 : 7, 2,
                                 SB_UNIT_BN | SB_UNIT_ACT};
    const int rc = sb_begin_block(b, "backbone/stem", SB_LEVEL_STEM);
    SB_CHECK(rc == 0, rc);
    const int x = sb_unit_add(b, image, "backbone/stem/conv0", unit);
    return net->mbconv ? x : sb_maxpool_same(b, x, 3, 2, "backbone/stem/pool");
}

static struct sb_block block_of(const struct network *net, int index, int stride)
{
    const struct sb_permuted_block *spec = &net->spec->blocks[index];
    const struct sb_block block = {.type = spec->type,
                                   .filters = spec->filters,
                                   .stride = stride,
                                   .repeats = net->spec->block_repeats,
                                   .project = index == 0,
                                   .expand_ratio = net->spec->expand_ratio,
                                   .se_ratio = net->spec->se_ratio};
    return block;
}

/* Stem blocks in sequence; a step up in level is a stride of 2. The first block always projects. */
static int build_stem_blocks(struct network *net, int x)
{
    int level = net->mbconv ? 1 : 2;
    for (int i = 0; i < net->spec->num_stem && x >= 0; i++) {
        const struct sb_path path = sb_pathf("backbone/block%d", i);
        const int next = net->spec->blocks[i].level;
        const struct sb_block block = block_of(net, i, next > level ? 2 : 1);
        if (!net->spec->blocks[i].used)
            continue;
        const int rc = sb_begin_block(net->b, path.text, sb_level_of(next));
        SB_CHECK(rc == 0, rc);
        x = sb_block_group(net->b, x, path.text, &block);
        net->nodes[i] = x;
        level = next;
    }
    return x < 0 ? x : 0;
}

/* The merged and activated input of block `index`: parents, then implicit edges. */
static int build_merge(struct network *net, int index, const char *path)
{
    const struct sb_builder *b = net->b;
    const struct sb_permuted_block *block = &net->spec->blocks[index];
    int terms[SB_SPEC_MAX_PARENTS + SB_SPEC_MAX_IMPLICIT];
    int count = 0;
    const struct sb_target to = {.level = block->level,
                                 .height = sb_level_side(net->image.h, block->level),
                                 .width = sb_level_side(net->image.w, block->level),
                                 .channels = sb_block_channels(block->type, block->filters)};
    for (int k = 0; k < block->num_parents; k++) {
        const struct sb_permuted_block *parent = &net->spec->blocks[block->parents[k]];
        const struct sb_source from = {net->nodes[block->parents[k]], parent->level,
                                       parent->filters};
        const struct sb_path sub = sb_pathf("%s/parent%d", path, k);
        const int x = net->mbconv ? sb_resample_separable(b, from, to, sub.text)
                                  : sb_resample(b, from, to, net->alpha, sub.text);
        SB_CHECK(x >= 0, x);
        terms[count++] = x;
    }
    for (int k = 0; k < block->num_implicit; k++)
        terms[count++] = net->nodes[block->implicit[k]];
    const int sum = sb_sum(b, terms, count, sb_pathf("%s/merge", path).text);
    return sb_activate(b, sum, sb_pathf("%s/merge/act", path).text);
}

static int build_permuted_blocks(struct network *net)
{
    for (int i = net->spec->num_stem; i < net->spec->num_blocks; i++) {
        const struct sb_path path = sb_pathf("backbone/block%d", i);
        const struct sb_block block = block_of(net, i, 1);
        if (!net->spec->blocks[i].used)
            continue;
        const int rc = sb_begin_block(net->b, path.text, sb_level_of(net->spec->blocks[i].level));
        SB_CHECK(rc == 0, rc);
        const int x = build_merge(net, i, path.text);
        net->nodes[i] = sb_block_group(net->b, x, path.text, &block);
        SB_CHECK(net->nodes[i] >= 0, net->nodes[i]);
    }
    return 0;
}

/* 1x1 to the endpoint width, BN, activation, levels ascending as checkpoints number them. */
static int build_endpoints(const struct network *net, struct sb_pyramid *out)
{
    const struct sb_unit unit = {net->spec->endpoint_filters, 1, 1, SB_UNIT_BN | SB_UNIT_ACT};
    for (int level = out->min_level; level <= out->max_level; level++) {
        int x = -1;
        for (int i = 0; i < net->spec->num_blocks; i++) {
            if (net->spec->blocks[i].output && net->spec->blocks[i].level == level)
                x = net->nodes[i];
        }
        const struct sb_path path = sb_pathf("backbone/p%d", level);
        const int rc = sb_begin_block(net->b, path.text, sb_level_of(level));
        SB_CHECK(rc == 0, rc);
        x = sb_unit_add(net->b, x, sb_pathf("%s/endpoint", path.text).text, unit);
        SB_CHECK(x >= 0, x);
        out->nodes[level] = x;
    }
    return 0;
}

int sb_build_permuted(const struct sb_builder *b, const struct sb_backbone_spec *spec, int image,
                      struct sb_pyramid *out)
{
    struct network net = {.b = b,
                          .spec = &spec->u.permuted,
                          .mbconv = spec->family == SB_FAMILY_SPINENET_MBCONV,
                          .alpha = spec->u.permuted.resample_alpha,
                          .image = b->graph->nodes[image].shape};
    for (int i = 0; i < SB_SPEC_MAX_BLOCKS; i++)
        net.nodes[i] = SB_EINTERNAL;
    out->min_level = spec->min_level;
    out->max_level = spec->max_level;
    const int stem = build_stem_conv(&net, image);
    int rc = build_stem_blocks(&net, stem);
    if (rc == 0)
        rc = build_permuted_blocks(&net);
    return rc ? rc : build_endpoints(&net, out);
}

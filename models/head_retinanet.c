/*
 * RetinaNet's head: a class and a box tower, the same weights on every level but batch norm per
 * level and convolution; predictors of 9 anchors' classes and deltas per cell. The mobile networks
 * use separable convolutions throughout.
 */
#include "models/family.h"

#include <string.h>

struct tower {
    const struct sb_builder *b;
    const struct sb_tower_spec *spec;
    const char *name; /* "class", "box" */
    int64_t channels; /* of the predictor */
};

static int tower_conv(const struct tower *t, int x, int level, int index)
{
    const struct sb_path path = sb_pathf("head/%s/p%d/conv%d", t->name, level, index);
    const struct sb_path shared = sb_pathf("head/%s/conv%d", t->name, index);
    const struct sb_path bn = sb_pathf("%s/p%d", shared.text, level);
    const struct sb_unit unit = {t->spec->filters, 3, 1, SB_UNIT_BIAS | SB_UNIT_BN | SB_UNIT_ACT};
    return t->spec->separable ? sb_separable_shared(t->b, x, path.text, shared.text, bn.text,
                                                    unit.filters, unit.flags)
                              : sb_unit_shared(t->b, x, path.text, shared.text, bn.text, unit);
}

static int tower_predict(const struct tower *t, int x, int level)
{
    const struct sb_path path = sb_pathf("head/%s/p%d/predict", t->name, level);
    const struct sb_path shared = sb_pathf("head/%s/predict", t->name);
    const struct sb_unit unit = {t->channels, 3, 1, SB_UNIT_BIAS};
    return t->spec->separable
               ? sb_separable_shared(t->b, x, path.text, shared.text, NULL, t->channels, 0)
               : sb_unit_shared(t->b, x, path.text, shared.text, NULL, unit);
}

/* One tower on one level, an output of its own. */
static int tower_level(const struct tower *t, int x, int level)
{
    const int rc =
        sb_begin_block(t->b, sb_pathf("head/%s/p%d", t->name, level).text, sb_level_of(level));
    SB_CHECK(rc == 0, rc);
    for (int i = 0; i < t->spec->convs; i++)
        x = tower_conv(t, x, level, i);
    x = tower_predict(t, x, level);
    SB_CHECK(x >= 0, x);
    return sb_graph_output(t->b->graph, x, sb_pathf("%s_p%d", t->name, level).text, t->b->err);
}

int sb_build_retinanet_head(const struct sb_builder *b, const struct sb_model_spec *spec,
                            const struct sb_pyramid *in)
{
    const int64_t anchors = (int64_t)spec->anchor.num_scales * spec->anchor.num_ratios;
    const struct tower towers[2] = {
        {b, &spec->head, "class", anchors * spec->num_classes},
        {b, &spec->head, "box", anchors * 4},
    };
    for (int t = 0; t < 2; t++) {
        for (int level = in->min_level; level <= in->max_level; level++) {
            const int rc = tower_level(&towers[t], in->nodes[level], level);
            SB_CHECK(rc == 0, rc);
        }
    }
    return 0;
}

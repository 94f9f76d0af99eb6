/*
 * Classification head (paper, table 6): the mean over all levels of the pyramid, each resized
 * to the finest by steps of one level, or the top map alone; then global average and a linear
 * layer.
 */
#include "models/family.h"

/* Highest level down to the lowest: resize to the next, add. Then divide by the number of levels.
 */
static int mean_over_levels(const struct sb_builder *b, const struct sb_pyramid *in)
{
    int x = in->nodes[in->max_level];
    for (int level = in->max_level - 1; level >= in->min_level && x >= 0; level--) {
        const struct sb_shape here = b->graph->nodes[in->nodes[level]].shape;
        const struct sb_shape above = b->graph->nodes[x].shape;
        if (above.h != here.h || above.w != here.w) /* the published code uses a resize op here */
            x = sb_graph_resize(b->graph, x, sb_pathf("classifier/p%d/resize", level).text, here.h,
                                here.w, b->err);
        const int sum[2] = {x, in->nodes[level]};
        x = sb_graph_add(b->graph, sum, 2, sb_pathf("classifier/p%d/add", level).text, b->err);
    }
    const double count = in->max_level - in->min_level + 1;
    return sb_graph_scale(b->graph, x, "classifier/mean", 1.0 / count, b->err);
}

int sb_build_classifier(const struct sb_builder *b, const struct sb_model_spec *spec,
                        const struct sb_pyramid *in)
{
    const int rc = sb_begin_block(b, "classifier", SB_LEVEL_HEAD);
    SB_CHECK(rc == 0, rc);
    int x = spec->aggregate_all && in->min_level < in->max_level ? mean_over_levels(b, in)
                                                                 : in->nodes[in->max_level];
    x = sb_graph_unary(b->graph, SB_OP_GLOBAL_AVG, x, "classifier/pool", b->err);
    x = sb_graph_fc(b->graph, x, "classifier/fc", NULL, spec->num_classes, true, b->err);
    return sb_graph_output(b->graph, x, "logits", b->err);
}

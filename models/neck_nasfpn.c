/*
 * NAS-FPN (Ghiasi et al., arXiv:1904.07392): the backbone's maps are projected to one width, then a
 * cell of merging nodes is repeated; its output nodes are the next cell's inputs. A node resizes
 * two earlier ones to its level (max pool down, nearest up), merges them by sum or by global
 * attention, and goes through ReLU, a 3x3 convolution with bias and BN. Output nodes also add every
 * earlier node of their level that nothing reads.
 */
#include "models/family.h"

#define TOP_STAGE 5

/* State of one cell: what each node is, and whether something reads it. */
struct cell {
    const struct sb_builder *b;
    const struct sb_neck_spec *spec;
    int index;
    int maps[SB_SPEC_MAX_NODES];
    bool read[SB_SPEC_MAX_NODES];
};

/* Projections of the backbone's levels; the levels above by 2x2 max pools. */
static int build_inputs(const struct sb_builder *b, const struct sb_neck_spec *spec,
                        const struct sb_pyramid *in, struct sb_pyramid *maps)
{
    const struct sb_unit lateral = {spec->filters, 1, 1, SB_UNIT_BIAS | SB_UNIT_BN};
    for (int level = maps->min_level; level <= maps->max_level; level++) {
        const struct sb_path path = sb_pathf("neck/p%d", level);
        const int rc = sb_begin_block(b, path.text, sb_level_of(level));
        SB_CHECK(rc == 0, rc);
        maps->nodes[level] =
            level <= TOP_STAGE
                ? sb_unit_add(b, in->nodes[level], sb_pathf("%s/lateral", path.text).text, lateral)
                : sb_maxpool_same(b, maps->nodes[level - 1], 2, 2,
                                  sb_pathf("%s/pool", path.text).text);
        SB_CHECK(maps->nodes[level] >= 0, maps->nodes[level]);
    }
    return 0;
}

/* An earlier node at the level of node `index`. */
static int resized_input(const struct cell *c, int index, int input, const char *path)
{
    const int from = c->spec->nodes[input].level, to = c->spec->nodes[index].level;
    const int x = c->maps[input];
    if (from < to)
        return sb_maxpool_same(c->b, x, 1 << (to - from), 1 << (to - from),
                               sb_pathf("%s/pool%d", path, input).text);
    if (from == to)
        return x;
    const struct sb_shape in = c->b->graph->nodes[x].shape;
    const int64_t factor = (int64_t)1 << (from - to);
    return sb_resize_to(c->b, x, in.h * factor, in.w * factor,
                        sb_pathf("%s/upsample%d", path, input).text);
}

/* high + low * sigmoid(largest value of each channel of high). */
static int attend(const struct sb_builder *b, int high, int low, const char *path)
{
    struct sb_graph *g = b->graph;
    int gate =
        sb_graph_unary(g, SB_OP_GLOBAL_MAX, high, sb_pathf("%s/attention/max", path).text, b->err);
    gate = sb_graph_act(g, gate, sb_pathf("%s/attention/act", path).text, SB_ACT_SIGMOID, b->err);
    low = sb_graph_mul(g, low, gate, sb_pathf("%s/attention/gate", path).text, b->err);
    const int sum[2] = {high, low};
    return sb_graph_add(g, sum, 2, sb_pathf("%s/attention/add", path).text, b->err);
}

/* Both inputs merged; output nodes take in what nothing reads. */
static int merge_node(struct cell *c, int index, const char *path)
{
    const struct sb_cell_node *node = &c->spec->nodes[index];
    const int a = resized_input(c, index, node->inputs[0], path);
    const int z = resized_input(c, index, node->inputs[1], path);
    int terms[SB_SPEC_MAX_NODES];
    int count = 0;
    if (node->attention) {
        const bool first =
            c->spec->nodes[node->inputs[0]].level > c->spec->nodes[node->inputs[1]].level;
        terms[count++] = attend(c->b, first ? a : z, first ? z : a, path);
    } else {
        terms[count++] = a;
        terms[count++] = z;
    }
    c->read[node->inputs[0]] = c->read[node->inputs[1]] = true;
    for (int i = 0; i < index && node->output; i++) {
        if (c->read[i] || c->spec->nodes[i].level != node->level)
            continue;
        terms[count++] = c->maps[i];
        c->read[i] = true;
    }
    return sb_sum(c->b, terms, count, sb_pathf("%s/merge", path).text);
}

static int build_node(struct cell *c, int index)
{
    const struct sb_path path = sb_pathf("neck/cell%d/node%d", c->index, index);
    const struct sb_unit conv = {c->spec->filters, 3, 1, SB_UNIT_BIAS | SB_UNIT_BN};
    const int rc = sb_begin_block(c->b, path.text, sb_level_of(c->spec->nodes[index].level));
    SB_CHECK(rc == 0, rc);
    int x = merge_node(c, index, path.text);
    x = sb_graph_act(c->b->graph, x, sb_pathf("%s/merge/act", path.text).text, SB_ACT_RELU,
                     c->b->err);
    c->maps[index] = sb_unit_add(c->b, x, path.text, conv);
    return c->maps[index] < 0 ? c->maps[index] : 0;
}

/* Replaces the pyramid's maps by the outputs of one cell. */
static int build_cell(const struct sb_builder *b, const struct sb_neck_spec *spec, int index,
                      struct sb_pyramid *maps)
{
    struct cell c = {.b = b, .spec = spec, .index = index};
    const int inputs = maps->max_level - maps->min_level + 1;
    for (int i = 0; i < inputs; i++)
        c.maps[i] = maps->nodes[maps->min_level + i];
    for (int i = inputs; i < spec->num_nodes; i++) {
        const int rc = build_node(&c, i);
        SB_CHECK(rc == 0, rc);
    }
    for (int i = inputs; i < spec->num_nodes; i++) {
        if (spec->nodes[i].output)
            maps->nodes[spec->nodes[i].level] = c.maps[i];
    }
    return 0;
}

int sb_build_nasfpn(const struct sb_builder *b, const struct sb_neck_spec *spec,
                    const struct sb_pyramid *in, int min_level, int max_level,
                    struct sb_pyramid *out)
{
    out->min_level = min_level;
    out->max_level = max_level;
    sb_graph_set_init(b->graph, SB_INIT_GLOROT);
    int rc = build_inputs(b, spec, in, out);
    for (int i = 0; i < spec->repeats && rc == 0; i++)
        rc = build_cell(b, spec, i, out);
    sb_graph_set_init(b->graph, SB_INIT_NORMAL);
    return rc;
}

/*
 * Mask R-CNN (He et al., arXiv:1703.06870, on levels 3-7 as the paper's detectors) in one graph:
 * region proposals, box head over the proposals, final detections, mask head over these. Every step
 * between the convolutions is a region op; their rules are in detect/. Rows of all images of a
 * batch follow each other.
 */
#include "models/family.h"

#include <string.h>

struct head {
    const struct sb_builder *b;
    const struct sb_model_spec *spec;
    const struct sb_pyramid *in;
    struct sb_region_params region; /* levels, image size and anchors; the rest per op */
    int64_t images;
};

/* ---- region proposal network: weights shared by the levels, batch norm per level ---- */

static int rpn_level(const struct head *h, int level, int *scores, int *deltas)
{
    const struct sb_tower_spec *spec = &h->spec->maskrcnn.rpn;
    const struct sb_path path = sb_pathf("rpn/p%d", level);
    const struct sb_unit conv = {spec->filters, 3, 1, SB_UNIT_BIAS | SB_UNIT_BN | SB_UNIT_ACT};
    const int64_t anchors = (int64_t)h->spec->anchor.num_scales * h->spec->anchor.num_ratios;
    const struct sb_unit score = {anchors, 1, 1, SB_UNIT_BIAS},
                         box = {4 * anchors, 1, 1, SB_UNIT_BIAS};
    const int rc = sb_begin_block(h->b, path.text, sb_level_of(level));
    SB_CHECK(rc == 0, rc);
    int x = h->in->nodes[level];
    for (int i = 0; i < spec->convs; i++)
        x = sb_unit_shared(h->b, x, sb_pathf("%s/conv%d", path.text, i).text,
                           sb_pathf("rpn/conv%d", i).text,
                           sb_pathf("rpn/conv%d/p%d", i, level).text, conv);
    *scores =
        sb_unit_shared(h->b, x, sb_pathf("%s/score", path.text).text, "rpn/score", NULL, score);
    *deltas = sb_unit_shared(h->b, x, sb_pathf("%s/box", path.text).text, "rpn/box", NULL, box);
    return *deltas < 0 ? *deltas : 0;
}

/* All levels, then the PROPOSALS node; returns it. */
static int build_rpn(const struct head *h)
{
    const struct sb_maskrcnn_spec *m = &h->spec->maskrcnn;
    const int levels = h->in->max_level - h->in->min_level + 1;
    struct sb_graph *g = h->b->graph;
    int inputs[2 * (SB_MAX_LEVEL + 1)];
    int rc = 0;
    for (int i = 0; i < levels && rc == 0; i++) {
        const int level = h->in->min_level + i;
        rc = rpn_level(h, level, &inputs[i], &inputs[levels + i]);
        if (rc == 0)
            rc = sb_graph_output(g, inputs[i], sb_pathf("rpn_score_p%d", level).text, h->b->err);
        if (rc == 0)
            rc = sb_graph_output(g, inputs[levels + i], sb_pathf("rpn_box_p%d", level).text,
                                 h->b->err);
    }
    SB_CHECK(rc == 0, rc);
    struct sb_region_params p = h->region;
    p.pre_nms_top_k = m->proposals.pre_nms_top_k;
    p.post_nms_top_k = m->proposals.post_nms_top_k;
    p.nms_threshold = m->proposals.nms_threshold;
    for (int i = 0; i < 4; i++)
        p.box_weights[i] = 1.0;
    const struct sb_shape shape = {h->images * p.post_nms_top_k, 5, 1, 1};
    rc = sb_begin_block(h->b, "proposals", SB_LEVEL_HEAD);
    SB_CHECK(rc == 0, rc);
    const int rois =
        sb_graph_region(g, SB_OP_PROPOSALS, inputs, 2 * levels, "proposals", shape, &p, h->b->err);
    rc = sb_graph_output(g, rois, "rois", h->b->err);
    return rc ? rc : rois;
}

/* ---- heads over regions ---- */

static int roi_align(const struct head *h, int rows, int size, const char *path)
{
    const int levels = h->in->max_level - h->in->min_level + 1;
    const struct sb_node *nodes = h->b->graph->nodes;
    int inputs[SB_MAX_LEVEL + 2];
    struct sb_region_params p = h->region;
    SB_CHECK(rows >= 0, rows);
    for (int i = 0; i < levels; i++)
        inputs[i] = h->in->nodes[h->in->min_level + i];
    inputs[levels] = rows;
    p.roi_size = size;
    const struct sb_shape shape = {nodes[rows].shape.n, nodes[inputs[0]].shape.c, size, size};
    return sb_graph_region(h->b->graph, SB_OP_ROI_ALIGN, inputs, levels + 1, path, shape, &p,
                           h->b->err);
}

static int tower(const struct sb_builder *b, const struct sb_tower_spec *spec, int x,
                 const char *path)
{
    const struct sb_unit conv = {spec->filters, 3, 1, SB_UNIT_BIAS | SB_UNIT_BN | SB_UNIT_ACT};
    for (int i = 0; i < spec->convs; i++)
        x = sb_unit_add(b, x, sb_pathf("%s/conv%d", path, i).text, conv);
    return x;
}

/* Fully connected with bias, BN, activation. */
static int fc_unit(const struct sb_builder *b, int64_t filters, int x, const char *path)
{
    x = sb_graph_fc(b->graph, x, sb_pathf("%s/fc", path).text, NULL, filters, true, b->err);
    x = sb_graph_batchnorm(b->graph, x, sb_pathf("%s/bn", path).text, NULL, b->epsilon, b->err);
    return sb_activate(b, x, sb_pathf("%s/act", path).text);
}

/* Softmax, decoding, NMS: one node of final detections. */
static int build_detections(const struct head *h, int logits, int deltas, int rois)
{
    const struct sb_postprocess_config *post = &h->spec->postprocess;
    struct sb_region_params p = h->region;
    int rc = sb_begin_block(h->b, "detections", SB_LEVEL_HEAD);
    SB_CHECK(rc == 0, rc);
    const int scores =
        sb_graph_unary(h->b->graph, SB_OP_SOFTMAX, logits, "detections/softmax", h->b->err);
    p.pre_nms_top_k = post->pre_nms_top_k;
    p.post_nms_top_k = post->max_detections;
    p.nms_threshold = post->nms_threshold;
    p.score_threshold = post->score_threshold;
    memcpy(p.box_weights, h->spec->maskrcnn.box_weights, sizeof(p.box_weights));
    const int inputs[3] = {scores, deltas, rois};
    const struct sb_shape shape = {h->images * p.post_nms_top_k, 6, 1, 1};
    const int rows = sb_graph_region(h->b->graph, SB_OP_DETECTIONS, inputs, 3, "detections", shape,
                                     &p, h->b->err);
    rc = sb_graph_output(h->b->graph, rows, "detections", h->b->err);
    return rc ? rc : rows;
}

/* Box head over the proposals; returns the detections. */
static int build_box_head(const struct head *h, int rois)
{
    const struct sb_builder *b = h->b;
    const struct sb_maskrcnn_spec *m = &h->spec->maskrcnn;
    const int64_t classes = h->spec->num_classes;
    int rc = sb_begin_block(b, "box_head", SB_LEVEL_HEAD);
    SB_CHECK(rc == 0, rc);
    int x = roi_align(h, rois, m->box_roi_size, "box_head/roi_align");
    x = tower(b, &m->box, x, "box_head");
    sb_graph_set_init(b->graph, SB_INIT_GLOROT);
    for (int i = 0; i < m->box.fcs; i++)
        x = fc_unit(b, m->box.fc_dims, x, sb_pathf("box_head/fc%d", i).text);
    sb_graph_set_init(b->graph, SB_INIT_NORMAL);
    const int logits = sb_graph_fc(b->graph, x, "box_head/class/fc", NULL, classes, true, b->err);
    const int deltas = sb_graph_fc(b->graph, x, "box_head/box/fc", NULL, 4 * classes, true, b->err);
    rc = sb_graph_output(b->graph, logits, "box_head_class_logits", b->err);
    if (rc == 0)
        rc = sb_graph_output(b->graph, deltas, "box_head_box_deltas", b->err);
    return rc ? rc : build_detections(h, logits, deltas, rois);
}

/* Mask head over the detections: probabilities of each one's own class. */
static int build_mask_head(const struct head *h, int rows)
{
    const struct sb_builder *b = h->b;
    const struct sb_maskrcnn_spec *m = &h->spec->maskrcnn;
    const struct sb_window twice = {2, 2, 2, 2, 0, 0, 0, 0};
    const struct sb_unit logits = {h->spec->num_classes, 1, 1, SB_UNIT_BIAS};
    const int rc = sb_begin_block(b, "mask_head", SB_LEVEL_HEAD);
    SB_CHECK(rc == 0, rc);
    int x = roi_align(h, rows, m->mask_roi_size, "mask_head/roi_align");
    x = tower(b, &m->mask, x, "mask_head");
    x = sb_graph_deconv(b->graph, x, "mask_head/up/deconv", NULL, m->mask.filters, twice, true,
                        b->err);
    x = sb_graph_batchnorm(b->graph, x, "mask_head/up/bn", NULL, b->epsilon, b->err);
    x = sb_activate(b, x, "mask_head/up/act");
    x = sb_unit_add(b, x, "mask_head/logits", logits);
    x = sb_graph_select(b->graph, x, rows, "mask_head/select", b->err);
    x = sb_graph_act(b->graph, x, "mask_head/probability", SB_ACT_SIGMOID, b->err);
    return sb_graph_output(b->graph, x, "detection_masks", b->err);
}

int sb_build_maskrcnn_head(const struct sb_builder *b, const struct sb_model_spec *spec,
                           const struct sb_pyramid *in, int image_h, int image_w)
{
    struct head h = {.b = b,
                     .spec = spec,
                     .in = in,
                     .images = b->graph->nodes[in->nodes[in->min_level]].shape.n};
    h.region = (struct sb_region_params){.min_level = in->min_level,
                                         .max_level = in->max_level,
                                         .image_h = image_h,
                                         .image_w = image_w,
                                         .anchor_scales = spec->anchor.num_scales,
                                         .num_ratios = spec->anchor.num_ratios,
                                         .anchor_size = spec->anchor.anchor_size};
    memcpy(h.region.aspect_ratios, spec->anchor.aspect_ratios, sizeof(h.region.aspect_ratios));
    const int rois = build_rpn(&h);
    SB_CHECK(rois >= 0, rois);
    const int rows = build_box_head(&h, rois);
    SB_CHECK(rows >= 0, rows);
    return build_mask_head(&h, rows);
}

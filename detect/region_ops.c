/* Region ops of the engine in terms of detect/maskrcnn.h; images of a batch one after the other.
 * See region_ops.h. */
#include "detect/region_ops.h"

#include "detect/anchors.h"
#include "detect/maskrcnn.h"
#include "detect/scratch.h"

#include <string.h>

_Static_assert(sizeof(struct sb_proposal) == 5 * sizeof(float), "a row of the proposals tensor");

#define MAX_LEVELS SB_LEVEL_COUNT

static struct sb_proposal_config proposal_config(const struct sb_region_call *call)
{
    const struct sb_region_params *p = call->params;
    struct sb_proposal_config c;
    memset(&c, 0, sizeof(c));
    c.anchor.min_level = p->min_level;
    c.anchor.max_level = p->max_level;
    c.anchor.num_scales = p->anchor_scales;
    c.anchor.num_ratios = p->num_ratios;
    c.anchor.anchor_size = p->anchor_size;
    memcpy(c.anchor.aspect_ratios, p->aspect_ratios, sizeof(c.anchor.aspect_ratios));
    c.image_h = p->image_h;
    c.image_w = p->image_w;
    c.pre_nms_top_k = (size_t)p->pre_nms_top_k;
    c.post_nms_top_k = (size_t)p->post_nms_top_k;
    c.nms_threshold = (float)p->nms_threshold;
    return c;
}

/* Level maps of image n; data pointers stay NULL while the workspace is being sized. */
static void rpn_levels(const struct sb_region_call *call, size_t n,
                       struct sb_rpn_level levels[MAX_LEVELS])
{
    const int count = call->num_inputs / 2;
    for (int i = 0; i < count && i < MAX_LEVELS; i++) {
        const struct sb_shape s = call->input_shapes[i];
        const size_t values = (size_t)(s.c * s.h * s.w);
        levels[i] = (struct sb_rpn_level){NULL, NULL, (int)s.h, (int)s.w};
        if (!call->inputs)
            continue;
        levels[i].scores = call->inputs[i] + n * values;
        levels[i].deltas = call->inputs[count + i] + n * values * 4;
    }
}

/* The graph has checked shapes among themselves; this is what it cannot know. */
static int check_proposals(const struct sb_region_call *call, const struct sb_proposal_config *c,
                           struct sb_error *err)
{
    const int rc = sb_anchor_config_check(&c->anchor, err);
    if (rc)
        return rc;
    const int64_t anchors = (int64_t)c->anchor.num_scales * c->anchor.num_ratios;
    if (call->input_shapes[0].c != anchors)
        return sb_error_set(err, SB_EINVAL,
                            "proposals: %lld scores per cell, expected %lld anchors",
                            (long long)call->input_shapes[0].c, (long long)anchors);
    return 0;
}

static size_t proposals_bytes(const struct sb_region_call *call)
{
    struct sb_rpn_level levels[MAX_LEVELS];
    const struct sb_proposal_config c = proposal_config(call);
    if (check_proposals(call, &c, NULL))
        return 0; /* run() says why */
    rpn_levels(call, 0, levels);
    return sb_proposals_bytes(&c, levels);
}

static int run_proposals(const struct sb_region_call *call, struct sb_error *err)
{
    struct sb_rpn_level levels[MAX_LEVELS];
    const struct sb_proposal_config c = proposal_config(call);
    const int rc = check_proposals(call, &c, err);
    if (rc)
        return rc;
    const size_t images = (size_t)call->input_shapes[0].n;
    struct sb_proposal *const out = (struct sb_proposal *)(void *)call->output;
    for (size_t n = 0; n < images; n++) {
        rpn_levels(call, n, levels);
        sb_proposals(&c, levels, call->workspace, out + n * c.post_nms_top_k);
    }
    return 0;
}

/* Images of a DETECTIONS call: the output has post_nms_top_k rows each. */
static size_t image_count(const struct sb_region_call *call)
{
    return (size_t)call->output_shape.n / (size_t)call->params->post_nms_top_k;
}

static struct sb_box_head_config box_head_config(const struct sb_region_call *call)
{
    const struct sb_region_params *p = call->params;
    struct sb_box_head_config c;
    memset(&c, 0, sizeof(c));
    c.limits.post.pre_nms_top_k = p->pre_nms_top_k;
    c.limits.post.max_detections = p->post_nms_top_k;
    c.limits.post.nms_threshold = p->nms_threshold;
    c.limits.post.score_threshold = p->score_threshold;
    c.limits.soft_sigma = p->soft_nms_sigma;
    c.limits.num_classes = (int)call->input_shapes[0].c;
    c.limits.max_rows = (size_t)call->input_shapes[0].n / image_count(call);
    c.image_h = p->image_h;
    c.image_w = p->image_w;
    memcpy(c.box_weights, p->box_weights, sizeof(c.box_weights));
    return c;
}

/* Detections of one image, then their rows. */
struct detection_work {
    void *box_head;
    struct sb_scored_box *rows;
};

static void lay_out(struct detection_work *w, const struct sb_box_head_config *c,
                    struct sb_scratch *s)
{
    w->box_head = sb_scratch_take(s, sb_box_head_bytes(c), 1);
    w->rows = sb_scratch_take(s, (size_t)c->limits.post.max_detections, sizeof(*w->rows));
}

static size_t detections_bytes(const struct sb_region_call *call)
{
    const struct sb_box_head_config c = box_head_config(call);
    struct detection_work w;
    struct sb_scratch s = {NULL, 0};
    if (sb_class_nms_check(&c.limits, NULL))
        return 0; /* run() says why */
    lay_out(&w, &c, &s);
    return s.used;
}

static void write_rows(const struct sb_scored_box *rows, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++, out += 6) {
        memcpy(out, &rows[i].box, sizeof(rows[i].box));
        out[4] = rows[i].score;
        out[5] = (float)rows[i].class_id;
    }
}

static int run_detections(const struct sb_region_call *call, struct sb_error *err)
{
    const struct sb_box_head_config c = box_head_config(call);
    const int rc = sb_class_nms_check(&c.limits, err);
    if (rc)
        return rc;
    struct detection_work w;
    struct sb_scratch s = {call->workspace, 0};
    lay_out(&w, &c, &s);
    const size_t rows = c.limits.max_rows, classes = (size_t)c.limits.num_classes;
    const size_t top = (size_t)c.limits.post.max_detections;
    const struct sb_proposal *const proposals =
        (const struct sb_proposal *)(const void *)call->inputs[2];
    for (size_t n = 0; n < image_count(call); n++) {
        sb_box_head_detect(&c, call->inputs[0] + n * rows * classes,
                           call->inputs[1] + n * rows * classes * 4, proposals + n * rows,
                           w.box_head, w.rows);
        write_rows(w.rows, top, call->output + n * top * 6);
    }
    return 0;
}

const struct sb_region_ops sb_detect_region_ops = {
    .proposals = {proposals_bytes, run_proposals},
    .detections = {detections_bytes, run_detections},
};

/* Proposals and second-stage detections. See maskrcnn.h. */
#include "detect/maskrcnn.h"

#include "detect/anchors.h"
#include "detect/boxcode.h"
#include "detect/scratch.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The arrays of one sb_proposals() call. */
struct proposal_work {
    struct sb_box *cell;             /* anchors of a cell */
    struct sb_candidate *candidates; /* of the largest level */
    struct sb_box *boxes;            /* decoded best candidates of a level */
    struct sb_candidate *kept;       /* by NMS, of a level */
    void *nms;
    struct sb_box *all_boxes; /* kept, of all levels */
    struct sb_candidate *all;
    size_t num_all;
};

static struct sb_nms_options nms_options(const struct sb_proposal_config *c)
{
    const struct sb_nms_options options = {.iou_threshold = c->nms_threshold,
                                           .score_threshold = -INFINITY,
                                           .max_output = c->post_nms_top_k,
                                           .soft_sigma = 0.0f,
                                           .sort_corners = false};
    return options;
}

static int num_levels(const struct sb_proposal_config *c)
{
    return c->anchor.max_level - c->anchor.min_level + 1;
}

static size_t per_cell(const struct sb_proposal_config *c)
{
    return (size_t)c->anchor.num_scales * (size_t)c->anchor.num_ratios;
}

static size_t num_anchors(const struct sb_proposal_config *c, const struct sb_rpn_level *level)
{
    return (size_t)level->rows * (size_t)level->columns * per_cell(c);
}

static void lay_out(struct proposal_work *w, const struct sb_proposal_config *c,
                    const struct sb_rpn_level *levels, struct sb_scratch *s)
{
    size_t most = 0, total = 0;
    for (int i = 0; i < num_levels(c); i++) {
        const size_t n = num_anchors(c, &levels[i]);
        most = n > most ? n : most;
        total += smaller(smaller(n, c->pre_nms_top_k), c->post_nms_top_k);
    }
    const size_t top = smaller(most, c->pre_nms_top_k);
    const struct sb_nms_options options = nms_options(c);
    memset(w, 0, sizeof(*w));
    w->cell = sb_scratch_take(s, per_cell(c), sizeof(*w->cell));
    w->candidates = sb_scratch_take(s, most, sizeof(*w->candidates));
    w->boxes = sb_scratch_take(s, top, sizeof(*w->boxes));
    w->kept = sb_scratch_take(s, smaller(top, c->post_nms_top_k), sizeof(*w->kept));
    w->nms = sb_scratch_take(s, sb_nms_bytes(top, &options), 1);
    w->all_boxes = sb_scratch_take(s, total, sizeof(*w->all_boxes));
    w->all = sb_scratch_take(s, total, sizeof(*w->all));
}

size_t sb_proposals_bytes(const struct sb_proposal_config *config,
                          const struct sb_rpn_level *levels)
{
    struct proposal_work w;
    struct sb_scratch s = {NULL, 0};
    lay_out(&w, config, levels, &s);
    return s.used;
}

/* The candidates of a level with their scores, in row order; scores that are no numbers are left
 * out. */
static size_t score_level(const struct sb_rpn_level *level, size_t anchors,
                          struct sb_candidate *out)
{
    const size_t cells = (size_t)level->rows * (size_t)level->columns;
    size_t n = 0;
    for (size_t k = 0; k < anchors; k++) {
        for (size_t cell = 0; cell < cells; cell++) {
            const float score = 1.0f / (1.0f + expf(-level->scores[k * cells + cell]));
            if (!isnan(score))
                out[n++] = (struct sb_candidate){score, (int32_t)(cell * anchors + k)};
        }
    }
    return n;
}

/* The box of anchor number `index` of a level. */
static struct sb_box decode_at(const struct sb_proposal_config *c, int number,
                               const struct sb_rpn_level *level, const struct sb_box *offsets,
                               size_t index)
{
    const size_t cells = (size_t)level->rows * (size_t)level->columns;
    const size_t anchors = per_cell(c);
    assert(anchors > 0);
    const size_t k = index % anchors, cell = index / anchors;
    const float *const d = level->deltas + k * 4 * cells + cell;
    const struct sb_box_delta delta = {d[0], d[cells], d[2 * cells], d[3 * cells]};
    const struct sb_box anchor =
        sb_anchor_at(offsets[k], number, (int)(cell / (size_t)level->columns),
                     (int)(cell % (size_t)level->columns));
    return sb_box_clip(sb_box_decode(delta, anchor, NULL), c->image_h, c->image_w);
}

static bool is_nothing(struct sb_box b)
{
    return b.ymin == 0.0f && b.xmin == 0.0f && b.ymax == 0.0f && b.xmax == 0.0f;
}

/* Appends the proposals of one level to w->all. */
static void propose_level(const struct sb_proposal_config *c, int number,
                          const struct sb_rpn_level *level, struct proposal_work *w)
{
    const struct sb_nms_options options = nms_options(c);
    sb_anchor_cell(&c->anchor, number, w->cell);
    size_t n = score_level(level, per_cell(c), w->candidates);
    n = sb_top_k(w->candidates, n, c->pre_nms_top_k);
    size_t valid = 0;
    for (size_t i = 0; i < n; i++) {
        const struct sb_candidate from = w->candidates[i];
        w->boxes[valid] = decode_at(c, number, level, w->cell, (size_t)from.index);
        if (!is_nothing(w->boxes[valid])) {
            w->candidates[valid] = (struct sb_candidate){from.score, (int32_t)valid};
            valid++;
        }
    }
    const size_t kept = sb_nms(w->boxes, w->candidates, valid, &options, w->nms, w->kept);
    for (size_t i = 0; i < kept; i++) {
        w->all_boxes[w->num_all] = w->boxes[w->kept[i].index];
        w->all[w->num_all] = (struct sb_candidate){w->kept[i].score, (int32_t)w->num_all};
        w->num_all++;
    }
}

size_t sb_proposals(const struct sb_proposal_config *config, const struct sb_rpn_level *levels,
                    void *workspace, struct sb_proposal *out)
{
    struct proposal_work w;
    struct sb_scratch s = {workspace, 0};
    lay_out(&w, config, levels, &s);
    for (int i = 0; i < num_levels(config); i++)
        propose_level(config, config->anchor.min_level + i, &levels[i], &w);
    const size_t count = sb_top_k(w.all, w.num_all, config->post_nms_top_k);
    for (size_t i = 0; i < config->post_nms_top_k; i++) {
        const struct sb_proposal none = {{0, 0, 0, 0}, -1.0f};
        out[i] =
            i < count ? (struct sb_proposal){w.all_boxes[w.all[i].index], w.all[i].score} : none;
    }
    return count;
}

/* The arrays of one sb_box_head_detect() call. */
struct box_head_work {
    struct sb_box *boxes; /* of the current class, per row; only those of candidates are set */
    void *nms;
};

static void lay_out_box_head(struct box_head_work *w, const struct sb_box_head_config *c,
                             struct sb_scratch *s)
{
    w->boxes = sb_scratch_take(s, c->limits.max_rows, sizeof(*w->boxes));
    w->nms = sb_scratch_take(s, sb_class_nms_bytes(&c->limits), 1);
}

size_t sb_box_head_bytes(const struct sb_box_head_config *config)
{
    struct box_head_work w;
    struct sb_scratch s = {NULL, 0};
    lay_out_box_head(&w, config, &s);
    return s.used;
}

/* Box of a row for a class: its deltas against its proposal. */
static struct sb_box class_box(const struct sb_box_head_config *c, const float *deltas,
                               const struct sb_proposal *proposals, size_t row, int class_id)
{
    const size_t at = (row * (size_t)c->limits.num_classes + (size_t)class_id) * 4;
    struct sb_box_delta delta;
    memcpy(&delta, deltas + at, sizeof(delta));
    return sb_box_clip(sb_box_decode(delta, proposals[row].box, c->box_weights), c->image_h,
                       c->image_w);
}

static float score_of(const struct sb_box_head_config *c, const float *scores, size_t row,
                      int class_id)
{
    return scores[row * (size_t)c->limits.num_classes + (size_t)class_id];
}

static void fill(const struct sb_box_head_config *c, const float *scores, const float *deltas,
                 const struct sb_proposal *proposals, struct sb_scored_box *out, size_t count)
{
    struct sb_scored_box filler = {{0, 0, 0, 0}, -1.0f, 1};
    float best = -INFINITY;
    for (size_t row = 0; row < c->limits.max_rows; row++) {
        if (proposals[row].score < 0.0f || !(score_of(c, scores, row, 1) > best))
            continue;
        best = score_of(c, scores, row, 1);
        filler.box = class_box(c, deltas, proposals, row, 1);
    }
    for (size_t i = count; i < (size_t)c->limits.post.max_detections; i++)
        out[i] = filler;
}

size_t sb_box_head_detect(const struct sb_box_head_config *config, const float *scores,
                          const float *deltas, const struct sb_proposal *proposals, void *workspace,
                          struct sb_scored_box *out)
{
    struct box_head_work w;
    struct sb_class_nms nms;
    struct sb_scratch s = {workspace, 0};
    lay_out_box_head(&w, config, &s);
    sb_class_nms_init_in(&nms, &config->limits, w.nms);
    for (int class_id = 1; class_id < config->limits.num_classes; class_id++) {
        for (size_t row = 0; row < config->limits.max_rows; row++) {
            const float score = score_of(config, scores, row, class_id);
            if (proposals[row].score < 0.0f || !(score > nms.options.score_threshold))
                continue;
            w.boxes[row] = class_box(config, deltas, proposals, row, class_id);
            sb_class_nms_candidate(&nms, score, row);
        }
        sb_class_nms_end_class(&nms, class_id, w.boxes);
    }
    const size_t count = sb_class_nms_finish(&nms, out);
    fill(config, scores, deltas, proposals, out, count);
    return count;
}

/*
 * RetinaNet post-processing. Logits are planar, so the candidates of a class are found by walking
 * over its planes; a logit far below the threshold's is skipped before its sigmoid is computed. See
 * retinanet.h.
 */
#include "detect/retinanet.h"

#include "base/mem.h"
#include "detect/boxcode.h"

#include <math.h>
#include <string.h>

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

int sb_retinanet_init(struct sb_retinanet *r, const struct sb_model *model, double soft_sigma,
                      struct sb_error *err)
{
    memset(r, 0, sizeof(*r));
    r->num_classes = model->num_classes;
    r->image_h = model->image_h;
    r->image_w = model->image_w;
    int rc = sb_anchors_init(&r->anchors, &model->anchor, model->padded_h, model->padded_w, err);
    const struct sb_class_nms_limits limits = {model->postprocess, soft_sigma, model->num_classes,
                                               r->anchors.count};
    if (rc == 0)
        rc = sb_class_nms_init(&r->nms, &limits, err);
    if (rc == 0) {
        r->boxes = sb_calloc(r->anchors.count, sizeof(*r->boxes), SB_MEM_TAG(SB_MEM_DATA, 0));
        if (!r->boxes)
            rc = sb_error_nomem(err, "decoded boxes", r->anchors.count * sizeof(*r->boxes));
    }
    if (rc)
        sb_retinanet_release(r);
    return rc;
}

void sb_retinanet_release(struct sb_retinanet *r)
{
    sb_anchors_release(&r->anchors);
    sb_class_nms_release(&r->nms);
    sb_free(r->boxes);
    memset(r, 0, sizeof(*r));
}

/* Decodes the boxes of a level from planes of deltas. */
static void decode_level(struct sb_retinanet *r, int level, const float *deltas)
{
    const struct sb_anchors *const a = &r->anchors;
    const size_t cells = (size_t)a->rows[level] * (size_t)a->columns[level];
    for (int k = 0; k < a->per_cell; k++) {
        const float *const d = deltas + (size_t)k * 4 * cells;
        for (size_t cell = 0; cell < cells; cell++) {
            const size_t row = a->start[level] + cell * (size_t)a->per_cell + (size_t)k;
            const struct sb_box_delta delta = {d[cell], d[cells + cell], d[2 * cells + cell],
                                               d[3 * cells + cell]};
            r->boxes[row] =
                sb_box_clip(sb_box_decode(delta, a->boxes[row], NULL), r->image_h, r->image_w);
        }
    }
}

/* Logits of a class at one level and anchor: a plane of cells. */
static const float *class_plane(const struct sb_retinanet *r, const struct sb_head_level *level,
                                size_t cells, int anchor, int class_id)
{
    return level->class_logits + (size_t)(anchor * r->num_classes + class_id) * cells;
}

/* A logit at or below this has a score too low for the current class, with a margin for rounding
 * that holds up to scores of 0.999; from there on everything is looked at. */
static float skip_below(const struct sb_class_nms *nms)
{
    const float threshold = nms->options.score_threshold;
    const float score = nms->least_score > threshold ? nms->least_score : threshold;
    if (score <= 0.0f)
        return -INFINITY;
    const float capped = score < 0.999f ? score : 0.999f;
    return logf(capped / (1.0f - capped)) - 0.01f;
}

static void collect_level(struct sb_retinanet *r, int level, const struct sb_head_level *heads,
                          int class_id)
{
    const struct sb_anchors *const a = &r->anchors;
    const size_t cells = (size_t)a->rows[level] * (size_t)a->columns[level];
    for (int k = 0; k < a->per_cell; k++) {
        const float floor = skip_below(&r->nms);
        const float *const logits = class_plane(r, heads, cells, k, class_id);
        for (size_t cell = 0; cell < cells; cell++) {
            if (!(logits[cell] > floor))
                continue;
            const size_t row = a->start[level] + cell * (size_t)a->per_cell + (size_t)k;
            sb_class_nms_candidate(&r->nms, sigmoid(logits[cell]), row);
        }
    }
}

size_t sb_retinanet_detect(struct sb_retinanet *r,
                           const struct sb_head_level levels[SB_LEVEL_COUNT],
                           struct sb_scored_box *out)
{
    const int first = r->anchors.min_level, last = r->anchors.max_level;
    sb_class_nms_start(&r->nms);
    for (int level = first; level <= last; level++)
        decode_level(r, level, levels[level].box_deltas);
    for (int class_id = 1; class_id < r->num_classes; class_id++) {
        for (int level = first; level <= last; level++)
            collect_level(r, level, &levels[level], class_id);
        sb_class_nms_end_class(&r->nms, class_id, r->boxes);
    }
    return sb_class_nms_finish(&r->nms, out);
}

/* Row of the best score of class 1, the first among equals. */
static size_t best_of_class_one(const struct sb_retinanet *r, const struct sb_head_level *levels)
{
    const struct sb_anchors *const a = &r->anchors;
    struct sb_candidate best = {-1.0f, 0};
    for (int level = a->min_level; level <= a->max_level; level++) {
        const size_t cells = (size_t)a->rows[level] * (size_t)a->columns[level];
        for (size_t cell = 0; cell < cells; cell++) {
            for (int k = 0; k < a->per_cell; k++) {
                const float score = sigmoid(class_plane(r, &levels[level], cells, k, 1)[cell]);
                if (score > best.score)
                    best = (struct sb_candidate){
                        score, (int32_t)(a->start[level] + cell * (size_t)a->per_cell + (size_t)k)};
            }
        }
    }
    return (size_t)best.index;
}

void sb_retinanet_fill(const struct sb_retinanet *r,
                       const struct sb_head_level levels[SB_LEVEL_COUNT], struct sb_scored_box *out,
                       size_t count)
{
    if (count >= r->nms.options.max_output)
        return;
    const struct sb_box box = r->boxes[best_of_class_one(r, levels)];
    for (size_t i = count; i < r->nms.options.max_output; i++)
        out[i] = (struct sb_scored_box){box, -1.0f, 1};
}

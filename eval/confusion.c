/* Counting confusions. See confusion.h. */
#include "eval/confusion.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/tide_internal.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

struct pairing {
    struct sb_confusion *out;
    const struct sb_tide_pairs *pairs;
    const struct sb_coco_gt *gt;
    const struct sb_coco_dt *dt;
    const struct sb_coco_params *params;
    const double *thresholds;
};

static bool is_object(const struct pairing *p, uint32_t row)
{
    return !(p->gt->flags[row] & SB_ANN_IGNORE);
}

/* Detections that count, and what they have of their own class. */
static void keep_own(const struct pairing *p, const struct sb_image_view *v)
{
    for (size_t i = 0; i < v->dt_count; i++) {
        const uint32_t row = v->dts[i];
        const int32_t k = sb_class_of(p->params, p->dt->category[row]);
        p->out->counted[row] = p->dt->score[row] >= p->thresholds[k] && !p->pairs->spared[row];
        if (!p->out->counted[row] || p->pairs->kind[row] != SB_TIDE_RIGHT)
            continue;
        p->out->on[row] = p->pairs->on[row];
        p->out->by[p->pairs->on[row]] = row;
    }
}

static void pair_image(void *ctx, const struct sb_image_view *v)
{
    const struct pairing *const p = ctx;
    keep_own(p, v);
    for (size_t i = 0; i < v->dt_count; i++) {
        const uint32_t row = v->dts[i];
        double best = SB_TIDE_HIT;
        uint32_t object = SB_NO_ROW;
        if (!p->out->counted[row] || p->out->on[row] != SB_NO_ROW)
            continue;
        for (size_t j = 0; j < v->gt_count; j++) {
            const double s = v->similarity[i * v->gt_count + j];
            const uint32_t gt_row = v->gts[j];
            if (is_object(p, gt_row) && p->out->by[gt_row] == SB_NO_ROW &&
                p->gt->category[gt_row] != p->dt->category[row] &&
                (s > best || (s >= best && object == SB_NO_ROW))) {
                best = s;
                object = gt_row;
            }
        }
        if (object == SB_NO_ROW || !p->params->use_cats)
            continue;
        p->out->on[row] = object;
        p->out->by[object] = row;
    }
}

static void count(const struct pairing *p)
{
    struct sb_confusion *const out = p->out;
    const size_t side = out->classes + 1;
    for (size_t i = 0; i < p->dt->count; i++) {
        if (!out->counted[i])
            continue;
        const uint32_t object = out->on[i];
        const size_t truth = object == SB_NO_ROW
                                 ? out->classes
                                 : (size_t)sb_class_of(p->params, p->gt->category[object]);
        out->cells[truth * side + (size_t)sb_class_of(p->params, p->dt->category[i])]++;
    }
    for (size_t j = 0; j < p->gt->count; j++) {
        if (p->gt->image[j] >= 0 && p->gt->category[j] >= 0 && is_object(p, (uint32_t)j) &&
            out->by[j] == SB_NO_ROW)
            out->cells[(size_t)sb_class_of(p->params, p->gt->category[j]) * side + out->classes]++;
    }
}

static int make(struct sb_confusion *out, size_t dts, size_t gts, struct sb_error *err)
{
    size_t cells;
    if (!sb_mul_size(out->classes + 1, out->classes + 1, &cells))
        return sb_error_nomem(err, "a confusion matrix", SIZE_MAX);
    out->cells = sb_calloc(cells, sizeof(*out->cells), TAG);
    out->counted = sb_calloc(dts, sizeof(*out->counted), TAG);
    out->on = sb_malloc(dts * sizeof(*out->on), TAG);
    out->by = sb_malloc(gts * sizeof(*out->by), TAG);
    if (!out->cells || !out->counted || !out->on || !out->by)
        return sb_error_nomem(err, "a confusion matrix", cells * sizeof(*out->cells));
    for (size_t i = 0; i < dts; i++)
        out->on[i] = SB_NO_ROW;
    for (size_t j = 0; j < gts; j++)
        out->by[j] = SB_NO_ROW;
    return 0;
}

int sb_confusion_count(struct sb_confusion *out, const struct sb_tide *tide,
                       const struct sb_image_index *index, const struct sb_coco_gt *gt,
                       const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                       const double *thresholds, struct sb_pool *pool, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    out->classes = tide->classes;
    struct pairing p = {out, &tide->pairs, gt, dt, params, thresholds};
    int rc = make(out, dt->count, gt->count, err);
    if (rc == 0)
        rc = sb_image_pass(index, gt, dt, params, pool, pair_image, &p, err);
    if (rc == 0)
        count(&p);
    else
        sb_confusion_release(out);
    return rc;
}

void sb_confusion_release(struct sb_confusion *c)
{
    sb_free(c->cells);
    sb_free(c->counted);
    sb_free(c->on);
    sb_free(c->by);
    memset(c, 0, sizeof(*c));
}

/* Statistics per class. See coco_categories.h. */
#include "eval/coco_categories.h"

#include <string.h>

size_t sb_category_limit(const struct sb_coco_params *params)
{
    const int32_t limit = sb_stat_limit(params, SB_STAT_THIRD, 0);
    size_t m = 0;
    while (m + 1 < params->max_det_count && params->max_dets[m] != limit)
        m++;
    return m;
}

/* Mean over `count` values of a class, all of which are -1 where it has no object. */
static double mean_of(const double *values, size_t count, enum sb_numpy_order order)
{
    return *values > -1 ? sb_numpy_mean(values, count, order) : -1;
}

/* AP at one threshold, or -1 where the evaluation does not have it. */
static double ap_at(const struct sb_coco_params *p, const double *precision, double iou,
                    enum sb_numpy_order order)
{
    for (size_t t = 0; t < p->iou_count; t++) {
        if (p->iou_thresholds[t] == iou)
            return mean_of(precision + t * p->recall_count, p->recall_count, order);
    }
    return -1;
}

void sb_category_stats(const struct sb_coco_eval *eval, size_t k, enum sb_numpy_order order,
                       struct sb_category_stats *out)
{
    const struct sb_coco_params *const p = &eval->params;
    const size_t points = p->iou_count * p->recall_count;
    const size_t limit = sb_category_limit(p), overall = sb_stat_overall_area(p);
    memset(out, 0, sizeof(*out));
    out->objects = eval->objects[overall * eval->classes + k];
    out->detections = eval->detections[k];
    for (size_t a = 0; a < p->area_count; a++) {
        const size_t plane = sb_eval_plane(p, a, limit);
        out->ap_by_area[a] = mean_of(eval->precision[plane] + k * points, points, order);
        out->ar_by_area[a] = mean_of(eval->recall[plane] + k * p->iou_count, p->iou_count, order);
    }
    const double *const precision = eval->precision[sb_eval_plane(p, overall, limit)] + k * points;
    out->ap = out->ap_by_area[overall];
    out->ap50 = ap_at(p, precision, .5, order);
    out->ap75 = ap_at(p, precision, .75, order);
    out->ar = out->ar_by_area[overall];
}

/* All parts of a diagnosis. See diagnosis.h. */
#include "eval/diagnosis.h"

#include "base/mem.h"
#include "eval/numpy_mean.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Points and calibration, per class and over all. */
static int judge_scores(struct sb_diagnosis *d, const struct sb_outcomes *outcomes,
                        struct sb_error *err)
{
    d->points = sb_calloc(d->classes, sizeof(*d->points), TAG);
    d->calibration = sb_calloc(d->classes, sizeof(*d->calibration), TAG);
    if (!d->points || !d->calibration)
        return sb_error_nomem(err, "thresholds", d->classes);
    int rc = sb_operating_point_find(outcomes, SB_ALL_CLASSES, &d->point, err);
    for (size_t k = 0; k < d->classes && rc == 0; k++) {
        rc = sb_operating_point_find(outcomes, k, &d->points[k], err);
        sb_calibration_measure(outcomes, k, &d->calibration[k]);
    }
    sb_calibration_measure(outcomes, SB_ALL_CLASSES, &d->overall);
    return rc;
}

/* A class without a threshold of its own has the common one. */
static int find_confusions(struct sb_diagnosis *d, const struct sb_coco_gt *gt,
                           const struct sb_coco_dt *dt, struct sb_pool *pool, struct sb_error *err)
{
    double *const thresholds = sb_malloc(d->classes * sizeof(*thresholds), TAG);
    if (!thresholds)
        return sb_error_nomem(err, "thresholds", d->classes);
    for (size_t k = 0; k < d->classes; k++)
        thresholds[k] = isnan(d->points[k].score) ? d->point.score : d->points[k].score;
    const int rc = sb_confusion_count(&d->confusion, &d->tide, &d->index, gt, dt, &d->params,
                                      thresholds, pool, err);
    sb_free(thresholds);
    return rc;
}

int sb_diagnose(struct sb_diagnosis *out, const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                const struct sb_coco_params *params, const struct sb_diagnosis_options *options,
                struct sb_pool *pool, struct sb_error *err)
{
    struct sb_outcomes outcomes;
    memset(out, 0, sizeof(*out));
    out->params = *params;
    out->images = gt->images.count;
    int rc = sb_outcomes_collect(&outcomes, gt, dt, params, pool, err);
    if (rc)
        return rc;
    out->classes = outcomes.classes;
    rc = judge_scores(out, &outcomes, err);
    if (rc == 0)
        rc = sb_bootstrap_run(&out->bootstrap, &outcomes, options->resamples, options->seed, pool,
                              err);
    sb_outcomes_release(&outcomes);
    if (rc == 0)
        rc = sb_coco_evaluate(&out->eval, gt, dt, params, SB_EVAL_STATS, pool, err);
    if (rc == 0)
        rc = sb_image_index_build(&out->index, gt, dt, err);
    if (rc == 0)
        rc = sb_tide_evaluate(&out->tide, &out->index, gt, dt, &out->params, pool, err);
    if (rc == 0)
        rc = find_confusions(out, gt, dt, pool, err);
    if (rc)
        sb_diagnosis_release(out);
    return rc;
}

void sb_diagnosis_release(struct sb_diagnosis *d)
{
    sb_coco_eval_release(&d->eval);
    sb_bootstrap_release(&d->bootstrap);
    sb_image_index_release(&d->index);
    sb_tide_release(&d->tide);
    sb_confusion_release(&d->confusion);
    sb_free(d->points);
    sb_free(d->calibration);
    memset(d, 0, sizeof(*d));
}

/* Limits beyond the third have no precision (coco_eval.c). */
static size_t shown_limit(const struct sb_coco_params *p)
{
    return p->max_det_count < 3 ? p->max_det_count - 1 : 2;
}

/* Index of a threshold; iou_count when there is none. */
static size_t find_threshold(const struct sb_coco_params *p, double iou)
{
    size_t t = 0;
    while (t < p->iou_count && p->iou_thresholds[t] != iou)
        t++;
    return t;
}

double sb_class_precision(const struct sb_coco_eval *eval, size_t k, size_t a, double iou)
{
    const struct sb_coco_params *const p = &eval->params;
    const size_t points = p->recall_count;
    const double *const plane =
        eval->precision[sb_eval_plane(p, a, shown_limit(p))] + k * p->iou_count * points;
    const size_t t = iou == 0 ? 0 : find_threshold(p, iou);
    if (t == p->iou_count || !(*plane > -1))
        return NAN;
    return sb_numpy_mean(plane + t * points, iou == 0 ? p->iou_count * points : points,
                         SB_NUMPY_WHOLE);
}

double sb_class_recall(const struct sb_coco_eval *eval, size_t k)
{
    const struct sb_coco_params *const p = &eval->params;
    const double *const plane =
        eval->recall[sb_eval_plane(p, 0, shown_limit(p))] + k * p->iou_count;
    return *plane > -1 ? sb_numpy_mean(plane, p->iou_count, SB_NUMPY_WHOLE) : NAN;
}

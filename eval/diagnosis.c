/* All parts of a diagnosis. See diagnosis.h. */
#include "eval/diagnosis.h"

#include "base/mem.h"

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
        rc = sb_tide_evaluate(&out->tide, &out->index, gt, dt, &out->params, options->resamples,
                              options->seed, pool, err);
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

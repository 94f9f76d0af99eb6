/* A diagnosis as JSON. See diagnosis.h. */
#include "eval/diagnosis.h"

#include <math.h>

static void estimate(struct sb_jw *w, const char *key, const struct sb_estimate *e)
{
    sb_jw_object(w, key);
    sb_jw_double(w, "value", e->value);
    sb_jw_double(w, "low", e->low);
    sb_jw_double(w, "high", e->high);
    sb_jw_end(w);
}

static int bootstrap_json(const struct sb_diagnosis *d, struct sb_jw *w, struct sb_error *err)
{
    int rc = 0;
    sb_jw_object(w, "bootstrap");
    sb_jw_uint(w, "resamples", d->bootstrap.resamples);
    sb_jw_uint(w, "seed", d->bootstrap.seed);
    sb_jw_uint(w, "images", d->images);
    for (size_t i = 0; i < d->bootstrap.stats && rc == 0; i++) {
        struct sb_estimate e;
        char name[32];
        rc = sb_bootstrap_interval(&d->bootstrap, i, &e, err);
        if (rc == 0)
            estimate(w, sb_bootstrap_name(&d->params, i, name), &e);
    }
    sb_jw_end(w);
    return rc;
}

static int difference_json(const struct sb_diagnosis *d, const struct sb_diagnosis *base,
                           struct sb_jw *w, struct sb_error *err)
{
    int rc = 0;
    sb_jw_object(w, "difference");
    for (size_t i = 0; i < d->bootstrap.stats && rc == 0; i++) {
        struct sb_estimate e;
        double not_above;
        char name[32];
        rc = sb_bootstrap_difference(&base->bootstrap, &d->bootstrap, i, &e, &not_above, err);
        if (rc)
            break;
        sb_jw_object(w, sb_bootstrap_name(&d->params, i, name));
        sb_jw_double(w, "value", e.value);
        sb_jw_double(w, "low", e.low);
        sb_jw_double(w, "high", e.high);
        sb_jw_double(w, "share_not_above", not_above);
        sb_jw_end(w);
    }
    sb_jw_end(w);
    return rc;
}

/* "small": {"dAP": {...}, "counts": {...}}, ... */
static void tide_sizes_json(const struct sb_tide *t, const struct sb_coco_params *params,
                            struct sb_jw *w)
{
    sb_jw_object(w, "by_size");
    for (size_t a = 1; a < params->area_count; a++) {
        sb_jw_object(w, params->areas[a].name);
        sb_jw_object(w, "dAP");
        for (int e = 0; e < SB_TIDE_KINDS; e++)
            sb_jw_double(w, sb_tide_name((enum sb_tide_kind)e), t->size_delta_ap[a][e]);
        sb_jw_end(w);
        sb_jw_object(w, "counts");
        for (int e = 0; e < SB_TIDE_KINDS; e++)
            sb_jw_int(w, sb_tide_name((enum sb_tide_kind)e), t->size_counts[a][e]);
        sb_jw_end(w);
        sb_jw_end(w);
    }
    sb_jw_end(w);
}

/* "Cls": {"value": ..., "low": ..., "high": ...}, ... */
static int tide_intervals_json(const struct sb_tide *t, struct sb_jw *w, struct sb_error *err)
{
    int rc = 0;
    sb_jw_object(w, "intervals");
    for (size_t gain = 0; gain < SB_TIDE_GAINS && rc == 0; gain++) {
        struct sb_estimate e;
        rc = sb_tide_interval(t, gain, &e, err);
        if (rc == 0)
            estimate(w,
                     gain < SB_TIDE_KINDS         ? sb_tide_name((enum sb_tide_kind)gain)
                     : gain == SB_TIDE_GAIN_WRONG ? "FalsePos"
                                                  : "FalseNeg",
                     &e);
    }
    sb_jw_end(w);
    return rc;
}

static int tide_json(const struct sb_tide *t, const struct sb_coco_params *params, struct sb_jw *w,
                     struct sb_error *err)
{
    sb_jw_object(w, "tide");
    sb_jw_double(w, "AP50", t->ap);
    sb_jw_object(w, "dAP");
    for (int e = 0; e < SB_TIDE_KINDS; e++)
        sb_jw_double(w, sb_tide_name((enum sb_tide_kind)e), t->delta_ap[e]);
    sb_jw_double(w, "FalsePos", t->delta_false_positive);
    sb_jw_double(w, "FalseNeg", t->delta_false_negative);
    sb_jw_end(w);
    sb_jw_object(w, "counts");
    for (int e = 0; e < SB_TIDE_KINDS; e++)
        sb_jw_int(w, sb_tide_name((enum sb_tide_kind)e), t->counts[e]);
    sb_jw_end(w);
    const int rc = tide_intervals_json(t, w, err);
    tide_sizes_json(t, params, w);
    sb_jw_end(w);
    return rc;
}

static void point_json(const struct sb_operating_point *p, struct sb_jw *w, const char *key)
{
    sb_jw_object(w, key);
    sb_jw_double(w, "score", p->score);
    sb_jw_double(w, "f1", isnan(p->score) ? NAN : p->f1);
    sb_jw_double(w, "precision", isnan(p->score) ? NAN : p->precision);
    sb_jw_double(w, "recall", isnan(p->score) ? NAN : p->recall);
    sb_jw_int(w, "hits", p->hits);
    sb_jw_int(w, "detections", p->detections);
    sb_jw_int(w, "objects", p->objects);
    sb_jw_end(w);
}

static void calibration_json(const struct sb_calibration *c, struct sb_jw *w)
{
    sb_jw_object(w, "calibration");
    sb_jw_double(w, "ECE", c->ece);
    sb_jw_double(w, "MCE", c->mce);
    sb_jw_array(w, "bins");
    for (size_t b = 0; b < SB_CALIBRATION_BINS; b++) {
        const double n = (double)c->count[b];
        sb_jw_object(w, NULL);
        sb_jw_double(w, "from", (double)b / SB_CALIBRATION_BINS);
        sb_jw_int(w, "detections", c->count[b]);
        sb_jw_double(w, "mean_score", c->count[b] ? c->score_sum[b] / n : NAN);
        sb_jw_double(w, "share_of_hits", c->count[b] ? (double)c->hits[b] / n : NAN);
        sb_jw_end(w);
    }
    sb_jw_end(w);
    sb_jw_end(w);
}

static void name_json(const struct sb_diagnosis *d, const struct sb_coco_gt *gt, size_t k,
                      struct sb_jw *w, const char *key)
{
    if (k == d->classes || !d->params.use_cats)
        sb_jw_null(w, key);
    else
        sb_jw_string(w, key, gt->category_names[k]);
}

static int class_json(const struct sb_diagnosis *d, const struct sb_coco_gt *gt, size_t k,
                      struct sb_jw *w, struct sb_error *err)
{
    struct sb_estimate ap;
    const int rc = sb_bootstrap_class_interval(&d->bootstrap, k, &ap, err);
    if (rc)
        return rc;
    sb_jw_object(w, NULL);
    name_json(d, gt, k, w, "name");
    sb_jw_int(w, "objects", d->eval.objects[k]);
    sb_jw_int(w, "detections", d->eval.detections[k]);
    estimate(w, "AP", &ap);
    sb_jw_double(w, "ECE", d->calibration[k].ece);
    point_json(&d->points[k], w, "best_f1");
    sb_jw_object(w, "errors");
    for (int e = 0; e < SB_TIDE_KINDS; e++)
        sb_jw_int(w, sb_tide_name((enum sb_tide_kind)e), d->tide.class_counts[k][e]);
    sb_jw_end(w);
    sb_jw_object(w, "dAP");
    for (int e = 0; e < SB_TIDE_KINDS; e++)
        sb_jw_double(w, sb_tide_name((enum sb_tide_kind)e), d->tide.class_delta_ap[k][e]);
    sb_jw_end(w);
    sb_jw_end(w);
    return 0;
}

static void confusion_json(const struct sb_diagnosis *d, const struct sb_coco_gt *gt,
                           struct sb_jw *w)
{
    const size_t side = d->classes + 1;
    sb_jw_array(w, "confusion");
    for (size_t cell = 0; cell < side * side; cell++) {
        if (d->confusion.cells[cell] == 0)
            continue;
        sb_jw_object(w, NULL);
        name_json(d, gt, cell / side, w, "truth");
        name_json(d, gt, cell % side, w, "predicted");
        sb_jw_int(w, "count", d->confusion.cells[cell]);
        sb_jw_end(w);
    }
    sb_jw_end(w);
}

int sb_diagnosis_json(const struct sb_diagnosis *d, const struct sb_diagnosis *base,
                      const struct sb_coco_gt *gt, struct sb_jw *w, const char *key,
                      struct sb_error *err)
{
    sb_jw_object(w, key);
    int rc = bootstrap_json(d, w, err);
    if (rc == 0 && base)
        rc = difference_json(d, base, w, err);
    if (rc == 0)
        rc = tide_json(&d->tide, &d->params, w, err);
    point_json(&d->point, w, "best_f1");
    calibration_json(&d->overall, w);
    sb_jw_array(w, "classes");
    for (size_t k = 0; k < d->classes && rc == 0; k++)
        rc = class_json(d, gt, k, w, err);
    sb_jw_end(w);
    confusion_json(d, gt, w);
    sb_jw_end(w);
    return rc;
}

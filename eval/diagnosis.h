/*
 * Everything that explains an AP: errors by kind, thresholds, calibration, confusions, and how sure
 * the numbers are. One call over data that is loaded already:
 *
 *     struct sb_diagnosis d;
 *     const struct sb_diagnosis_options o = {.resamples = 1000, .seed = 1};
 *     rc = sb_diagnose(&d, &gt, &dt, &params, &o, pool, &err);
 *     sb_diagnosis_json(&d, NULL, &gt, &writer, "diagnosis");
 *     sb_diagnosis_release(&d);
 */
#ifndef SB_EVAL_DIAGNOSIS_H
#define SB_EVAL_DIAGNOSIS_H

#include "base/json.h"
#include "eval/bootstrap.h"
#include "eval/coco_eval.h"
#include "eval/confusion.h"
#include "eval/operating_point.h"
#include "eval/tide.h"

struct sb_diagnosis_options {
    size_t resamples;
    uint64_t seed;
};

struct sb_diagnosis {
    struct sb_coco_params params;
    size_t images, classes;
    struct sb_coco_eval eval;
    struct sb_bootstrap bootstrap;
    struct sb_image_index index;
    struct sb_tide tide;
    struct sb_confusion confusion;      /* at the points of the classes */
    struct sb_operating_point *points;  /* (classes) */
    struct sb_calibration *calibration; /* (classes) */
    struct sb_operating_point point;    /* one threshold for all classes */
    struct sb_calibration overall;
};

int sb_diagnose(struct sb_diagnosis *out, const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                const struct sb_coco_params *params, const struct sb_diagnosis_options *options,
                struct sb_pool *pool, struct sb_error *err);
void sb_diagnosis_release(struct sb_diagnosis *d);

/* One object; base, if not NULL, is what differences are taken from. */
int sb_diagnosis_json(const struct sb_diagnosis *d, const struct sb_diagnosis *base,
                      const struct sb_coco_gt *gt, struct sb_jw *w, const char *key,
                      struct sb_error *err);

#endif

/*
 * Choosing a score threshold, and trusting scores. Both look at detections as COCO matches them at
 * IoU 0.5, objects of all sizes; ignored detections do not count.
 */
#ifndef SB_EVAL_OPERATING_POINT_H
#define SB_EVAL_OPERATING_POINT_H

#include "eval/outcomes.h"

/* The threshold with the highest F1 = 2 hits / (detections + objects): detections whose score is at
 * least `score` are kept. Of equal F1 the highest threshold. */
struct sb_operating_point {
    double score; /* NaN when no detection is a hit */
    double f1, precision, recall;
    int64_t hits, detections, objects; /* at the threshold; all objects */
};

#define SB_ALL_CLASSES SIZE_MAX /* one threshold for all */

int sb_operating_point_find(const struct sb_outcomes *outcomes, size_t class,
                            struct sb_operating_point *out, struct sb_error *err);

#define SB_CALIBRATION_BINS 10

/* Scores as promises: bin b holds the scores in [b, b + 1) / SB_CALIBRATION_BINS, the last one 1,
 * too; scores outside of 0..1 go to the end bins. */
struct sb_calibration {
    int64_t count[SB_CALIBRATION_BINS], hits[SB_CALIBRATION_BINS];
    double score_sum[SB_CALIBRATION_BINS];
    int64_t total;
    /* Expected and maximum calibration error (Guo et al., "On Calibration of Modern Neural
     * Networks", ICML 2017): mean, weighted by count, and maximum over bins of |mean score - share
     * of hits|. NaN without detections. */
    double ece, mce;
};

void sb_calibration_measure(const struct sb_outcomes *outcomes, size_t class,
                            struct sb_calibration *out);

#endif

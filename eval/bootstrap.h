/*
 * How sure an AP is: bootstrap over images (Efron 1979). A resample draws as many images as there
 * are, with replacement; its AP is what COCO evaluation gives for a data set in which an image
 * drawn n times stands n times, copies next to each other. Intervals are percentiles of the
 * resamples, moved so that their mean is the value: copies and categories that are not drawn lift
 * the resamples as a whole.
 *
 *     rc = sb_bootstrap_run(&bootstrap, &outcomes, 1000, 1, pool, &err);
 *     struct sb_estimate ap = sb_bootstrap_interval(&bootstrap, SB_BOOT_AP);
 *
 * The images drawn depend on the seed and the number of images alone, so resample r of two runs on
 * the same ground truth has the same images, and differences are paired.
 */
#ifndef SB_EVAL_BOOTSTRAP_H
#define SB_EVAL_BOOTSTRAP_H

#include "base/pool.h"
#include "eval/outcomes.h"

#include <stdint.h>

/* Statistics: AP over all thresholds, at 0.5, at 0.75, then AP of area range 1, 2, ... */
enum { SB_BOOT_AP, SB_BOOT_AP50, SB_BOOT_AP75, SB_BOOT_AREAS };
#define SB_BOOT_MAX_STATS (SB_BOOT_AREAS + SB_EVAL_MAX_AREAS)

/* Curves of precision over recall, means over the classes that have objects: at 0.5, at 0.75, over
 * all thresholds. */
enum { SB_BOOT_CURVE50, SB_BOOT_CURVE75, SB_BOOT_CURVE_ALL, SB_BOOT_CURVES };

struct sb_estimate {
    double value;     /* of the images as they are; NaN without objects */
    double low, high; /* 95 %; NaN when no resample has a value */
};

struct sb_bootstrap {
    size_t resamples, stats, classes, images;
    uint64_t seed;
    double value[SB_BOOT_MAX_STATS]; /* of the images as they are */
    double *class_value;             /* (classes) AP */
    double *samples;                 /* (stats, resamples); NaN without objects */
    double *class_samples;           /* (classes, resamples) AP */
    size_t points;                   /* of recall */
    double *curve_value;             /* (SB_BOOT_CURVES, points); NaN without objects */
    double *curve_samples;           /* (SB_BOOT_CURVES, points, resamples) */
};

/* "AP", "AP50", "AP75", "APsmall", ...; valid as long as params. */
const char *sb_bootstrap_name(const struct sb_coco_params *params, size_t stat, char name[32]);

int sb_bootstrap_run(struct sb_bootstrap *out, const struct sb_outcomes *outcomes, size_t resamples,
                     uint64_t seed, struct sb_pool *pool, struct sb_error *err);
void sb_bootstrap_release(struct sb_bootstrap *b);

/* How often each of `images` images is drawn in resample r. */
void sb_bootstrap_draw(uint64_t seed, size_t r, size_t images, uint32_t *times);

/* Fill *out; SB_ENOMEM only. */
int sb_bootstrap_interval(const struct sb_bootstrap *b, size_t stat, struct sb_estimate *out,
                          struct sb_error *err);
int sb_bootstrap_class_interval(const struct sb_bootstrap *b, size_t class, struct sb_estimate *out,
                                struct sb_error *err);
/* Precision at recall point r of a curve. */
int sb_bootstrap_curve_interval(const struct sb_bootstrap *b, size_t curve, size_t r,
                                struct sb_estimate *out, struct sb_error *err);
/* Fills low and high of *out, whose value is set, with percentiles of the samples, moved so that
 * their mean is the value; NaN samples do not count. */
int sb_bootstrap_samples_interval(const double *samples, size_t count, struct sb_estimate *out,
                                  struct sb_error *err);
/* head - base, over the resamples in which both have a value; *not_above gets the share of those
 * in which head is not better. Both must be of the same images, seed and resamples. */
int sb_bootstrap_difference(const struct sb_bootstrap *base, const struct sb_bootstrap *head,
                            size_t stat, struct sb_estimate *out, double *not_above,
                            struct sb_error *err);

/* The p-quantile of ascending values by linear interpolation, as numpy.percentile; count >= 1. */
double sb_percentile_sorted(const double *sorted, size_t count, double p);

#endif

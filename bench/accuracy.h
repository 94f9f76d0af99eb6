/*
 * Accuracy of a detector on a COCO data set, as records beside its costs and times: detection with
 * the official preprocessing and post-processing, then the COCO metrics.
 */
#ifndef SB_BENCH_ACCURACY_H
#define SB_BENCH_ACCURACY_H

#include "base/error.h"
#include "base/progress.h"
#include "bench/measure.h"
#include "bench/measure_records.h"

struct sb_accuracy_set {
    const char *annotations; /* COCO ground truth */
    const char *images;      /* folder of its images */
};

/* Evaluates what `options` measures (its batch and engine do not matter). The records' cell has no
 * threads and engine: accuracy holds for all of them. SB_EINVAL when the model detects nothing. */
int sb_measure_accuracy(const struct sb_measure_options *options, const struct sb_accuracy_set *set,
                        const char *run, struct sb_progress *progress, sb_record_fn emit, void *ctx,
                        struct sb_error *err);

#endif

/*
 * Accuracy as records beside costs and times: of a detector on a COCO data set, by detection with
 * the official preprocessing and post-processing and the COCO metrics; of a classifier on a list of
 * labelled images, top-1 and top-5.
 */
#ifndef SB_BENCH_ACCURACY_H
#define SB_BENCH_ACCURACY_H

#include "base/error.h"
#include "base/progress.h"
#include "bench/measure.h"
#include "bench/measure_records.h"

struct sb_accuracy_set {
    const char *annotations; /* COCO ground truth; of classifiers a list (datasets/label_list.h) */
    const char *images;      /* folder of its images */
    int first_class;         /* of classifiers: class of label 0; -1: as the model's spec says */
};

/* Evaluates what `options` measures (its batch and engine do not matter). The records' cell has no
 * threads and engine: accuracy holds for all of them. SB_EINVAL for a bare backbone. */
int sb_measure_accuracy(const struct sb_measure_options *options, const struct sb_accuracy_set *set,
                        const char *run, struct sb_progress *progress, sb_record_fn emit, void *ctx,
                        struct sb_error *err);

/* Digest of the pictures of a set (sb_image_list_content_digest()), as 16 hex digits; `labels`:
 * annotations is a list of labelled images. */
int sb_accuracy_images_digest(const struct sb_accuracy_set *set, bool labels, char digest[24],
                              struct sb_error *err);

#endif

/* Accuracy as records: COCO statistics (AP, AP50, AP75, APS, APM, APL), top-1 and top-5. */
#ifndef SB_BENCH_ACCURACY_RECORDS_H
#define SB_BENCH_ACCURACY_RECORDS_H

#include "bench/measure_records.h"
#include "eval/coco_files.h"
#include "eval/topk_accuracy.h"

/* What the statistics are of. Strings are borrowed. */
struct sb_accuracy_source {
    const char *run; /* id of the run record */
    struct sb_cell cell;
    const char *dataset;
    int64_t images;
    const char *note; /* "untrained weights", or NULL */
    /* As in struct sb_accuracy_record; where they are NULL, why. */
    const char *weights, *weights_digest, *data_digest, *images_digest;
    const char *why_no_weights, *why_no_data, *why_no_images;
};

/* An accuracy record about the source, without a value yet. */
void sb_accuracy_record_init(struct sb_record *r, const struct sb_accuracy_source *source,
                             const char *metric);

/* Of one training run, or of several of the same model: then each statistic's mean with its
 * interval (sb_mean_interval()). Statistics without objects (-1) become null with the reason. */
int sb_accuracy_records(const struct sb_coco_result *results, size_t runs,
                        const struct sb_accuracy_source *source, sb_record_fn emit, void *ctx,
                        struct sb_error *err);

/* Shares of all images, with Wilson intervals. */
int sb_topk_records(const struct sb_topk *topk, const struct sb_accuracy_source *source,
                    sb_record_fn emit, void *ctx, struct sb_error *err);

#endif

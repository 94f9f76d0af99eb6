/* COCO statistics as accuracy records: AP, AP50, AP75, APs, APm, APl. */
#ifndef SB_BENCH_ACCURACY_RECORDS_H
#define SB_BENCH_ACCURACY_RECORDS_H

#include "bench/measure_records.h"
#include "eval/coco_files.h"

/* What the statistics are of. Strings are borrowed. */
struct sb_accuracy_source {
    const char *run; /* id of the run record */
    struct sb_cell cell;
    const char *dataset;
    int64_t images;
    const char *note; /* "untrained weights", or NULL */
};

/* Statistics without objects (-1) become null with the reason. */
int sb_accuracy_records(const struct sb_coco_result *result,
                        const struct sb_accuracy_source *source, sb_record_fn emit, void *ctx,
                        struct sb_error *err);

#endif

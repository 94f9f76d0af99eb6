/*
 * A diagnosis of detections as records: AP and its kin with intervals (kind `accuracy`), one record
 * per category, per kind of error, per curve and per pair of classes that was confused.
 */
#ifndef SB_BENCH_DIAGNOSIS_RECORDS_H
#define SB_BENCH_DIAGNOSIS_RECORDS_H

#include "bench/accuracy_records.h"
#include "eval/diagnosis.h"

/* base, if not NULL, is the diagnosis that differences are taken from, base_name says of what. */
int sb_diagnosis_records(const struct sb_diagnosis *d, const struct sb_diagnosis *base,
                         const char *base_name, const struct sb_coco_gt *gt,
                         const struct sb_accuracy_source *source, sb_record_fn emit, void *ctx,
                         struct sb_error *err);

#endif

/* Tables of a diagnosis of detections: each fills an initialised table from records of kind
 * `category`, `error`, `curve` and `confusion`; sb_view_table() finishes it. */
#ifndef SB_REPORTS_DIAGNOSIS_TABLES_H
#define SB_REPORTS_DIAGNOSIS_TABLES_H

#include "base/error.h"
#include "bench/record.h"
#include "reports/table.h"

/* AP of each category, with interval, by IoU and size. */
int sb_categories_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
/* The threshold with the best F1 of each category, and its calibration. */
int sb_thresholds_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
/* Kinds of errors and what they cost. */
int sb_errors_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
/* How often each category has each kind of error. */
int sb_category_errors_table(struct sb_table *t, const struct sb_records *records,
                             struct sb_error *err);
/* Scores against the share of right detections. */
int sb_calibration_table(struct sb_table *t, const struct sb_records *records,
                         struct sb_error *err);
/* The most frequent confusions. */
int sb_confusions_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
/* The matrix, a column per category, of each model; of more than SB_MATRIX_CATEGORIES categories
 * those that are confused most, and the others together. */
int sb_confusion_matrix(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
#define SB_MATRIX_CATEGORIES 24

/* What records of one of these kinds are about, model by data set: "a, b on val.json, n = 100
 * images; c on test.json". The number of images is that of the accuracy beside the diagnosis. */
void sb_diagnosis_subjects(const struct sb_records *records, enum sb_record_kind kind,
                           struct sb_str *out);

#endif

/*
 * The paper's tables filled from records: computed costs from cost records, accuracy and latency
 * from what was measured. Printed values stay apart (paper.h).
 */
#ifndef SB_REPORTS_PAPER_RECORDS_H
#define SB_REPORTS_PAPER_RECORDS_H

#include "base/error.h"
#include "bench/record.h"
#include "reports/paper.h"
#include "reports/table.h"

#include <stdbool.h>

/* Loads the tables that are part of this program. */
int sb_paper_open(struct sb_paper *paper, struct sb_error *err);

/* Sets the measured values of a table's cells: medians of one image end to end over all records,
 * the last accuracy record of the model, size and metric on the images of the column. Cells borrow
 * texts from the records. */
int sb_paper_measure(const struct sb_paper_table *table, const struct sb_records *records,
                     struct sb_error *err);
/* Sets the computed FLOPs and parameters where records have the costs of the model and size. */
void sb_paper_costs(const struct sb_paper_table *table, const struct sb_records *records);

/* True when a record is about a model of the table. */
bool sb_paper_has_records(const struct sb_paper_table *table, const struct sb_records *records);

/* The table "2" or "zoo-retinanet" beside what the records know; built, not finished. Texts are
 * copied. On failure nothing needs to be released. */
int sb_paper_view(struct sb_table *t, const struct sb_paper *paper, const char *id,
                  const struct sb_records *records, struct sb_error *err);

#endif

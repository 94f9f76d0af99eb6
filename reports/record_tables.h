/*
 * Tables that show records one by one: runs, verdicts, accuracies. Each fills an initialised table;
 * sb_view_table() finishes it.
 */
#ifndef SB_REPORTS_RECORD_TABLES_H
#define SB_REPORTS_RECORD_TABLES_H

#include "base/error.h"
#include "bench/record.h"
#include "reports/table.h"

#include <stdbool.h>

/* When, what, on which machine in which state. */
int sb_runs_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
/* Of comparisons and gates. */
int sb_verdicts_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
/* True for those of a gate, which come from interleaved rounds; those of a comparison do not. */
bool sb_verdicts_have_rounds(const struct sb_records *records);
/* What the ratios and intervals of these records' verdicts are. */
const char *sb_verdicts_note(const struct sb_records *records);
/* Peak memory of every phase of every cell beside what was planned for it. */
int sb_memory_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
/* Every metric of every model and data set. */
int sb_accuracy_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
/* The levels of every series of a history. */
int sb_history_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err);

#endif

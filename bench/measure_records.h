/*
 * A measurement as records: costs (whole, per level, per op, per step), times (end to end and per
 * step), memory (per phase and per level) and the output check. A failed check blanks the times of
 * its cell: their samples are null with the reason.
 */
#ifndef SB_BENCH_MEASURE_RECORDS_H
#define SB_BENCH_MEASURE_RECORDS_H

#include "base/error.h"
#include "bench/environment.h"
#include "bench/measure.h"
#include "bench/record.h"

/* Memory records about the whole of a measurement: load, build, forward, total. */
#define SB_MEASURE_PHASES 4

/* Receives each record; its strings are valid during the call only. A negative result stops. */
typedef int (*sb_record_fn)(void *ctx, const struct sb_record *record, struct sb_error *err);

/* The table row of a configuration; borrows the model's name. */
struct sb_cell sb_cell_of(const struct sb_model *model, const struct sb_measure_options *options);

int sb_measurement_records(const struct sb_measurement *m, const char *run, sb_record_fn emit,
                           void *ctx, struct sb_error *err);

/* What was measured of the machine into an end-to-end time record. */
void sb_peak_into_record(const struct sb_peak *peak, struct sb_record *time);

/* Costs alone, for models that are not run. threads and engine of the cell are null. */
int sb_cost_records(const struct sb_model *model, const struct sb_costs *costs, const char *run,
                    const struct sb_cell *cell, sb_record_fn emit, void *ctx, struct sb_error *err);

/* A run's identity: id from time and process, start time in UTC. */
struct sb_run_identity {
    char id[40];      /* "20260101T120000-1f3a9c" */
    char started[24]; /* "2026-01-01T12:00:00Z" */
};
void sb_run_identity_new(struct sb_run_identity *identity);
/* The run record; strings are borrowed from all arguments. */
void sb_run_record_fill(struct sb_record *run, const struct sb_run_identity *identity,
                        const struct sb_environment *env, const char *command);

#endif

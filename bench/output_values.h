/*
 * An output tensor in few numbers, to be committed beside the code: how many values it has, their
 * mean and standard deviation, and a few of them. Weights and inputs come from seeds that give the
 * same bits everywhere (models/weights.h, sb_fill_inputs()), so the numbers depend on the network
 * alone, up to rounding: float32 sums in another order, with other instructions or by Winograd's
 * method, stay within SB_OUTPUT_TOLERANCE; a wrong tap, weight or border does not.
 */
#ifndef SB_BENCH_OUTPUT_VALUES_H
#define SB_BENCH_OUTPUT_VALUES_H

#include "base/error.h"
#include "bench/record.h"
#include "engine/plan.h"
#include "models/graph.h"

#include <stddef.h>
#include <stdint.h>

#define SB_OUTPUT_SAMPLES 8

/* Largest error of sb_output_error() that passes. */
#define SB_OUTPUT_TOLERANCE 1e-3

struct sb_output_values {
    const char *name; /* borrowed from the graph */
    int64_t count;
    double mean, deviation;
    double samples[SB_OUTPUT_SAMPLES];
};

/* Of count >= 1 values; sample i comes from the i-th eighth of them, at a place that is spread like
 * chance, but the same for each count. */
void sb_output_values_of(struct sb_output_values *out, const char *name, const float *values,
                         size_t count);

/* Every output of a plan that was run, but those behind a selection (bench/output_check.h): *out
 * is an array of *num, for sb_free(). */
int sb_output_values_of_plan(struct sb_output_values **out, size_t *num, const struct sb_plan *plan,
                             const struct sb_graph *graph, struct sb_error *err);

/* How many sb_output_values_of_plan() gives for plans of this graph. */
int sb_count_output_values(const struct sb_graph *graph, size_t *count, struct sb_error *err);

/* The largest difference of mean, deviation and samples, as a share of the deviation of `want` (or
 * of a hundredth of its mean, where values hardly deviate); infinite when the two are not of the
 * same shape, or not finite. */
double sb_output_error(const struct sb_output_record *want, const struct sb_output_record *got);

#endif

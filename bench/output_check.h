/*
 * Is what was timed also right? The outputs of a plan are compared with those of a reference plan
 * that shares as little as possible with it: the reference engine, one thread, no folding, no
 * fusion. Outputs behind a selection (proposals, final detections) are left out: a difference in
 * the last bit may choose another box, which says nothing about the kernels.
 */
#ifndef SB_BENCH_OUTPUT_CHECK_H
#define SB_BENCH_OUTPUT_CHECK_H

#include "base/error.h"
#include "engine/plan.h"
#include "models/graph.h"
#include "models/weights.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest normalised mean squared error that passes: float32 sums in another order give 1e-13,
 * Winograd kernels 1e-10, a wrong tap 1e-3 and more. */
#define SB_CHECK_TOLERANCE 1e-7
/* The same for bfloat16, which rounds every value to 8 bits; it loses accuracy, and the check says
 * how much. */
#define SB_CHECK_TOLERANCE_BF16 1e-3
double sb_check_tolerance(enum sb_engine engine);

#define SB_CHECK_REFERENCE "openblas engine, 1 thread, no folding, no fusion"

struct sb_output_check {
    bool passed;
    size_t compared, left_out; /* outputs */
    double nmse;               /* of the worst output: sum (a - b)^2 / sum b^2 */
    double max_error;          /* of the worst output: max |a - b| / standard deviation of b */
    const char *output;        /* the worst output, borrowed from the graph */
    uint64_t digest;           /* sb_fnv1a over all outputs of the timed plan */
};

/* Runs the reference plan on the inputs that `plan` holds (its outputs must be from a run on
 * them). 0 even when the check fails; only trouble on the way is an error. */
int sb_check_outputs(struct sb_output_check *out, struct sb_plan *plan,
                     const struct sb_graph *graph, const struct sb_weights *weights,
                     const struct sb_plan_options *options, struct sb_error *err);

/* after[i], one per node: true when node i depends on a selection. */
void sb_mark_selections(const struct sb_graph *graph, bool *after);

/* Compares one array: a of the plan under test, b of the reference. NaN anywhere gives infinity. */
void sb_compare_arrays(const float *a, const float *b, size_t count, double *nmse,
                       double *max_error);

#endif

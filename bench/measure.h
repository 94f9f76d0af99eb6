/*
 * Measures one cell: a model at one size, batch, thread count and engine. In order: costs, weights,
 * plan, first pass (each with its peak memory), warm-up, end-to-end times, times per step, output
 * check. Everything raw stays in the result; bench/measure_records.h turns it into records.
 */
#ifndef SB_BENCH_MEASURE_H
#define SB_BENCH_MEASURE_H

#include "base/error.h"
#include "base/progress.h"
#include "bench/conventions.h"
#include "bench/costs.h"
#include "bench/latency.h"
#include "bench/output_check.h"
#include "bench/output_values.h"
#include "bench/peak.h"
#include "engine/plan.h"
#include "models/model.h"
#include "models/weights.h"

#include <stddef.h>
#include <stdint.h>

struct sb_measure_options {
    const char *model; /* zoo name or path of a spec */
    int size;          /* 0 = the model's own */
    int batch;
    int threads;
    enum sb_engine engine;
    enum sb_cpu cpu;     /* instruction sets of the native engine; default: what the CPU has */
    bool low_memory;     /* see struct sb_plan_options */
    const char *tuning;  /* file of kernel choices, see tuning.h; NULL: none */
    const char *weights; /* file; NULL: seeded */
    bool use_ema;        /* its moving averages */
    uint64_t seed;       /* of the weights without a file, and of the input */
    struct sb_time_options time;
    bool check; /* compare outputs with the reference plan */
};
/* Seed 1, 2 warm-up runs, at least 7 and at most 200 runs within 5 s, 7 step passes (6
 * have an interval), check. */
void sb_measure_options_defaults(struct sb_measure_options *options);

/* The weights and the plan options that these options ask for. */
int sb_measure_weights(struct sb_weights *out, const struct sb_measure_options *options,
                       const struct sb_graph *graph, struct sb_error *err);
void sb_measure_plan_options(const struct sb_measure_options *options, struct sb_plan_options *out);

/*
 * Memory of a phase, above its start: what was planned and the peak. "load" takes the weights as
 * the file has them, "build" everything a plan needs, also the arena that passes work in; "forward"
 * takes nothing. "total" is what stays while passes run, from the start of "build".
 */
struct sb_phase_memory {
    int64_t arena_bytes, weight_bytes, workspace_bytes; /* planned; 0 = none in this phase */
    int64_t other_bytes;    /* lists, tables and scratch: what else the allocator gave; while a
                               weight file is read, its mapped arrays */
    int64_t measured_bytes; /* peak resident; SB_NO_INT when hidden */
};
int64_t sb_phase_planned_bytes(const struct sb_phase_memory *phase);

struct sb_measurement {
    struct sb_measure_options options;
    struct sb_model *model;
    struct sb_profile profile;
    struct sb_costs costs;
    struct sb_plan *plan; /* kept for its steps' names and memory */
    struct sb_phase_memory load, build, forward, total;
    uint64_t weights_digest; /* of struct sb_weights */
    int64_t steal_ticks;     /* while the samples were taken; SB_NO_INT when hidden */
    struct sb_samples samples;
    struct sb_peak peak; /* of the machine with these threads, set by who measures it; 0: unknown */
    struct sb_cost *step_costs; /* one per step of the plan */
    bool checked;
    struct sb_output_check check;
    struct sb_output_values *outputs; /* num_outputs of them, when checked; owned */
    size_t num_outputs;
};

/* progress may be NULL. On failure nothing needs to be released. */
int sb_measure(struct sb_measurement *out, const struct sb_measure_options *options,
               struct sb_progress *progress, struct sb_error *err);
void sb_measurement_release(struct sb_measurement *m);

/* The same for a graph that is already built (tests, user networks); takes ownership of model. */
int sb_measure_model(struct sb_measurement *out, struct sb_model *model,
                     const struct sb_measure_options *options, struct sb_progress *progress,
                     struct sb_error *err);

#endif

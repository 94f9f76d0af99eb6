/*
 * Timing a plan end to end and per step. The two never share a run: a pass that reads the clock
 * between steps gives no end-to-end sample. They alternate, one of each until there are enough step
 * passes, so that drift of the machine hits both alike and their ratio can be taken pair by pair.
 */
#ifndef SB_BENCH_LATENCY_H
#define SB_BENCH_LATENCY_H

#include "base/error.h"
#include "base/progress.h"
#include "engine/plan.h"

#include <stddef.h>
#include <stdint.h>

/* When to stop taking samples: at max_runs; or when min_runs are done and max_ns have passed. */
struct sb_stop_rule {
    size_t min_runs; /* >= 1 */
    size_t max_runs; /* >= min_runs */
    int64_t max_ns;  /* time for all samples of a cell, step passes included */
};

struct sb_samples {
    size_t count, capacity;
    int64_t *ns; /* end to end, in the order they were taken; owned */
    size_t num_steps, step_passes;
    int64_t *step_ns; /* [step_passes][num_steps]; owned; pass i follows end-to-end run i */
};
void sb_samples_release(struct sb_samples *samples);

/* Runs the plan `warmup` times untimed, then timed until the rule is met and step_passes passes are
 * done. Memory for all samples is taken before the first run. progress may be NULL. */
int sb_time_plan(struct sb_plan *plan, size_t warmup, const struct sb_stop_rule *rule,
                 size_t step_passes, struct sb_progress *progress, struct sb_samples *out,
                 struct sb_error *err);

/* Nanoseconds of all steps of a pass, or of those of one level (SB_LEVEL_COUNT: all). */
int64_t sb_step_pass_ns(const struct sb_samples *samples, const struct sb_plan *plan, size_t pass,
                        enum sb_level level);

/* Every input of the plan from a seed: normal(0, 1) values, like normalised pixels. */
void sb_fill_inputs(struct sb_plan *plan, uint64_t seed);

#endif

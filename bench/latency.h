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

/* When to stop taking samples: at max_runs; or when min_runs are done and either max_ns have
 * passed or the median is known well enough. */
struct sb_stop_rule {
    size_t min_runs;  /* >= 1 */
    size_t max_runs;  /* >= min_runs */
    int64_t max_ns;   /* time for all samples of a cell, step passes included */
    double precision; /* half width of the median's 95 % interval / median; 0: not looked at */
};

enum sb_scenario {
    SB_SCENARIO_STREAM,  /* one input after the other, caches as the last run left them */
    SB_SCENARIO_COLD,    /* caches are emptied before each run: weights come from memory */
    SB_SCENARIO_OFFLINE, /* throughput: batches back to back, each copied into the plan's input */
};
/* "stream", "cold", "offline" */
const char *sb_scenario_name(enum sb_scenario scenario);
int sb_scenario_parse(const char *name, enum sb_scenario *out, struct sb_error *err);

struct sb_time_options {
    size_t warmup; /* untimed runs before */
    struct sb_stop_rule stop;
    size_t step_passes;
    enum sb_scenario scenario;
    int64_t cache_bytes; /* of the largest cache, for COLD; <= 0: 64 MiB */
};

struct sb_samples {
    size_t count, capacity;
    int64_t *ns; /* end to end, in the order they were taken; owned */
    size_t num_steps, step_passes;
    int64_t *step_ns; /* [step_passes][num_steps]; owned; pass i follows end-to-end run i */
};
void sb_samples_release(struct sb_samples *samples);

/* Memory for all samples is taken before the first run. progress may be NULL. */
int sb_time_plan(struct sb_plan *plan, const struct sb_time_options *options,
                 struct sb_progress *progress, struct sb_samples *out, struct sb_error *err);

/* Every input of the plan from a seed: normal(0, 1) values, like normalised pixels. */
void sb_fill_inputs(struct sb_plan *plan, uint64_t seed);

#endif

/*
 * Tuning: which kernel is fastest for each step of a network on this machine, by measurement. Every
 * kernel of a layer runs wherever it can, in plans of their own and in turns; a step gets another
 * kernel than the cost model's where that one is faster by more than the noise.
 *
 * Choices are kept in a file that belongs to one network (by its name and a digest of its layers)
 * at one size, one CPU and thread count:
 *     {"schema": "spinebench-tuning", "version": 1, "cpu": "...", "network": "...",
 *      "measured": 73, "model_ms": 301.2, "tuned_ms": 295.8,
 *      "choices": {"backbone/block3/...": "conv_native", ...}}
 */
#ifndef SB_BENCH_TUNING_H
#define SB_BENCH_TUNING_H

#include "base/error.h"
#include "base/progress.h"
#include "base/str.h"
#include "engine/choices.h"
#include "engine/plan.h"
#include "models/model.h"
#include "models/weights.h"

#include <stddef.h>

struct sb_tuning {
    struct sb_choices choices; /* steps that differ from the cost model; owned */
    size_t measured;           /* steps for which there was a choice; 0: not in the file */
    double model_ms, tuned_ms; /* sum over those steps; likewise */
};

/*
 * Reads the choices of `path`; where there is no such file, measures and writes it. SB_EINVAL, with
 * what differs, for a file of another CPU or network; SB_EFORMAT for one that is none or names
 * layers or kernels that there are not. A place that cannot be written is refused before anything
 * is measured. options: engine, cpu, threads; its choices are not looked at.
 */
int sb_tuning_open(struct sb_tuning *out, const char *path, const struct sb_model *model,
                   const struct sb_weights *weights, const struct sb_plan_options *options,
                   struct sb_progress *progress, struct sb_error *err);
void sb_tuning_release(struct sb_tuning *tuning);

/* "FILE: 5 layers with another kernel than the cost model's; 73 measured, 295.8 ms instead of
 * 301.2" with a newline, of the file that sb_tuning_open() read or wrote. */
int sb_tuning_describe(const char *path, struct sb_str *out, struct sb_error *err);

#endif

/* Times of a measurement summed up: end to end, per level, and whether the parts make the whole. */
#ifndef SB_BENCH_MEASURE_SUMMARY_H
#define SB_BENCH_MEASURE_SUMMARY_H

#include "base/error.h"
#include "bench/measure.h"
#include "bench/statistics.h"

struct sb_level_summary {
    size_t steps;
    int64_t macs;
    struct sb_summary ns; /* over step passes: the sum of the level's steps in each */
};

struct sb_measurement_summary {
    struct sb_summary ns; /* end to end */
    struct sb_level_summary level[SB_LEVEL_COUNT];
    struct sb_summary steps_ns; /* over step passes: the sum of all steps */
    /* Median of (sum of all steps) / (the end-to-end run just before): 1 when the parts make the
     * whole; the excess is what clock reads and cold caches between steps cost. 0 without passes.
     */
    double reconciliation;
};

int sb_measurement_summarize(const struct sb_measurement *m, struct sb_measurement_summary *out,
                             struct sb_error *err);

#endif

/* One timed pass as a trace for chrome://tracing and ui.perfetto.dev (Trace Event Format, JSON). */
#ifndef SB_BENCH_TRACE_H
#define SB_BENCH_TRACE_H

#include "base/error.h"
#include "bench/measure.h"

/* Writes the pass with the shortest sum of steps: a row of steps with kernel, shape, MACs and rate,
 * below it rows of blocks and levels. SB_EINVAL when the measurement has no step passes. */
int sb_trace_write(const struct sb_measurement *m, const char *path, struct sb_error *err);

#endif

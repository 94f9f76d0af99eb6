/*
 * Two sets of records against each other, cell by cell: latency, memory, costs, accuracy. Each
 * comparison becomes a verdict record with the ratio head / base.
 *
 * Latency: ratio of medians. Its interval joins the intervals of both medians, each at the level
 * that makes the joint coverage 95 % (Bonferroni), so it is wide rather than wrong. With six or
 * more fresh processes on both sides the samples are the processes' medians, because runs of one
 * process are not independent. With fewer, but several, on a side there is no interval and the
 * verdict is UNRESOLVED; so it is with fewer than seven samples on a side, which cannot give that
 * level. The geometric mean is over the cells with a ratio; it has an interval where all of them
 * have one. Records that were measured one after the other also differ by what the
 * machine did meanwhile; only `gate` takes that out.
 *
 * Verdicts: REGRESSED or IMPROVED when the interval excludes 1 and the ratio exceeds the smallest
 * effect; SAME when the interval lies within it; UNRESOLVED otherwise. Counted values (costs,
 * planned memory) have no interval: any difference is a verdict. The measured peak is what the
 * kernel counted, once per cell: it has no interval, and a difference counts from the smallest
 * effect on. A cell that only one side has is ONLY BASE or ONLY HEAD. An output check that failed
 * is FAILED, whichever side it is on, and its cell has no verdict of latency: times of wrong
 * outputs compare nothing.
 */
#ifndef SB_BENCH_COMPARE_H
#define SB_BENCH_COMPARE_H

#include "base/error.h"
#include "bench/measure_records.h"
#include "bench/record.h"

#include <stdbool.h>

struct sb_compare_options {
    double min_effect;       /* default 0.02 */
    bool ignore_engine;      /* cells match when they differ in the engine alone */
    const char *run;         /* id for the verdict records */
    const char *base, *head; /* names for them */
};
void sb_compare_options_defaults(struct sb_compare_options *options);

struct sb_compare_summary {
    size_t cells; /* in both */
    size_t regressed, improved, same, unresolved, unmatched;
    size_t other_data; /* accuracies of data sets that share a name only: not compared */
    size_t failed;     /* output checks */
};

int sb_compare_records(const struct sb_records *base, const struct sb_records *head,
                       const struct sb_compare_options *options, sb_record_fn emit, void *ctx,
                       struct sb_compare_summary *summary, struct sb_error *err);

/* Notes that a verdict without a cell is over all of them. */
void sb_verdict_over_cells(struct sb_record *verdict);

#endif

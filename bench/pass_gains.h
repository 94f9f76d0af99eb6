/*
 * What each pass of the engine gains: a model is planned with all passes and with all but one, and
 * the two plans run in turns, so that drift of the machine hits both alike. A pass that makes room
 * for another is credited with what both lose without it; gains do not add up.
 */
#ifndef SB_BENCH_PASS_GAINS_H
#define SB_BENCH_PASS_GAINS_H

#include "base/error.h"
#include "bench/measure.h"
#include "bench/statistics.h"
#include "engine/plan.h"

/* A plan without one pass (or without any) beside the plan with all. */
struct sb_pass_gain {
    const char *pass;           /* its name; "all of them" for the plan without any */
    const char *text;           /* what it does */
    struct sb_summary saved_ns; /* time without it minus time with it, round by round */
    size_t steps;               /* without it */
    size_t arena_bytes, weight_bytes;
};

struct sb_pass_gains {
    size_t steps, arena_bytes, weight_bytes; /* of the plan with all passes */
    struct sb_summary ns;                    /* over the rounds of all pairs */
    struct sb_pass_gain gain[SB_PASS_COUNT + 1];
};

/* Uses model, size, batch, threads, engine, weights and seed of `options`; `rounds` (1..) runs of
 * each plan of a pair. progress may be NULL. */
int sb_measure_passes(struct sb_pass_gains *out, const struct sb_measure_options *options,
                      size_t rounds, struct sb_progress *progress, struct sb_error *err);

#endif

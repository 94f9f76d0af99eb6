/*
 * The gate: is one build of this program slower than another? Two binaries are timed in fresh
 * processes, interleaved pair by pair in random order on one CPU, so that drift of the machine hits
 * both; control pairs of the base against itself show whether the machine can tell at all. What a
 * look at the pairs leaves open gets as many again, until it is resolved or the time is over: a
 * noisy machine costs time before it costs the answer. Before anything is timed, what can be
 * told for sure is: costs and planned memory equal a committed file, outputs are those of another
 * one up to rounding, and those of the reference engine.
 *
 *     struct sb_gate_options o; sb_gate_options_defaults(&o);
 *     o.base = "old/spinebench"; o.head = "build/spinebench";
 *     struct sb_gate_result result;
 *     int rc = sb_gate_run(&o, &result, &err);       // 0 even for a regression
 *     ... result.outcome, result.cells[i].judged.verdict ...
 *     sb_gate_result_release(&result);
 */
#ifndef SB_BENCH_GATE_H
#define SB_BENCH_GATE_H

#include "base/error.h"
#include "base/str.h"
#include "bench/gate_rule.h"
#include "bench/measure_records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_GATE_MAX_CELLS 64

struct sb_gate_point {
    const char *model;
    int size; /* 0: the model's own */
};

struct sb_gate_options {
    const char *base, *head; /* programs; base may be NULL with deterministic_only */
    struct sb_gate_point points[SB_GATE_MAX_CELLS];
    size_t num_points;
    int threads;              /* of each process; default 1 */
    const char *engine;       /* NULL: each program's default */
    size_t rounds;            /* pairs per cell; 0, the default: 21, above 10 cells 31 */
    struct sb_gate_rule rule; /* defaults: delta 2 %, alpha 1 % */
    int64_t run_ns;           /* each process times at least this long, default 0.2 s, but see: */
    /* How long all timing together may take; default 240 s, 0: as long as it takes. Calibration
     * forecasts the whole; where that is longer, each process times less than run_ns, down to a
     * tenth of it, because the number of pairs decides what the sign test can tell. Unresolved
     * cells get more pairs as long as the limit allows. What starting the processes takes cannot
     * be shortened: so many cells that a tenth is too much exceed the limit. */
    int64_t limit_ns;
    int cpu;             /* pinned to this CPU; -1: the last usable one, with threads == 1 */
    uint64_t seed;       /* of the order of runs */
    const char *costs;   /* committed exact costs (bench/exact_costs.h); NULL: not compared */
    const char *outputs; /* committed outputs, records of that kind; NULL: not compared */
    bool deterministic_only;
    bool wait_for_quiet; /* default: wait up to 60 s until less than half of the CPUs are busy, and
                            give up as too noisy; false: the control pairs alone tell */
    bool quiet;          /* no progress */
};
void sb_gate_options_defaults(struct sb_gate_options *options);

enum sb_gate_outcome {
    SB_GATE_PASSED,    /* no regression                                        -> exit 0 */
    SB_GATE_FAILED,    /* a regression, or a deterministic check failed        -> exit 1 */
    SB_GATE_TOO_NOISY, /* the machine cannot tell, or a cell stays unresolved  -> exit 3 */
};

struct sb_gate_cell_result {
    char model[96];
    int size;                   /* pixels, as padded */
    int64_t repeats;            /* timed runs per process */
    double *d;                  /* ln(head / base) of each pair, judged.count of them; owned */
    double *base_ns, *head_ns;  /* medians of each pair's processes; within d's memory */
    size_t room;                /* pairs that fit */
    struct sb_gate_cell judged; /* the verdict; its d is that above */
    bool checked, check_passed; /* output check of head */
    double nmse;
    char digest[2][24]; /* of base's and head's outputs, 16 hex digits; "" unknown */
};

struct sb_gate_result {
    enum sb_gate_outcome outcome;
    size_t num_cells;
    struct sb_gate_cell_result cells[SB_GATE_MAX_CELLS];
    size_t rounds;   /* of cells that were resolved at the first look */
    double *control; /* ln(second / first) of control pairs; owned */
    size_t num_control, cap_control;
    struct sb_gate_control checked_control;
    bool control_repeated; /* the first control pairs differed; these are later ones */
    int64_t steal_ticks;   /* during the timing; SB_NO_INT: hidden */
    size_t cost_differences;
    struct sb_str cost_diff; /* lines of the exact costs that differ */
    size_t num_outputs;      /* compared with committed values */
    size_t output_differences;
    double output_error;       /* the largest (bench/output_values.h) */
    struct sb_str output_diff; /* one line per output that differs */
    struct sb_str why;         /* one line per reason for the outcome */
    int cpu;                   /* that all processes ran on; -1: not pinned */
};

/* Errors are trouble with programs and files; verdicts are in the result. */
int sb_gate_run(const struct sb_gate_options *options, struct sb_gate_result *result,
                struct sb_error *err);
void sb_gate_result_release(struct sb_gate_result *result);

/* Writes the outputs of options->points, as `head` computes them with the reference engine, to a
 * file for options->outputs. */
int sb_gate_write_outputs(const struct sb_gate_options *options, const char *path,
                          struct sb_error *err);

/* The verdicts as records. */
int sb_gate_records(const struct sb_gate_result *result, const struct sb_gate_options *options,
                    const char *run, sb_record_fn emit, void *ctx, struct sb_error *err);
/* Every pair as CSV: model, size, round, base_ns, head_ns. */
void sb_gate_pairs_csv(const struct sb_gate_result *result, struct sb_str *out);

#endif

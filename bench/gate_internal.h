/* A gate under way; for gate*.c only. */
#ifndef SB_BENCH_GATE_INTERNAL_H
#define SB_BENCH_GATE_INTERNAL_H

#include "base/progress.h"
#include "base/rng.h"
#include "bench/gate.h"

struct gate {
    const struct sb_gate_options *options;
    struct sb_gate_result *result;
    struct sb_rng rng;
    struct sb_progress progress;
    size_t runs_done;
    int64_t started_ns;   /* of the timing */
    double pair_ns;       /* that one pair of processes takes, over all cells */
    char dir[256];        /* scratch folder */
    char file[280];       /* scratch file of one run */
    char part[280];       /* the same while it is written */
    char complaints[280]; /* what its program printed on stderr */
};

/* Reason for the outcome; a failure outweighs noise, noise outweighs passing. */
void sb_gate_reason(struct gate *g, enum sb_gate_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A scratch folder with one file in it, for the time of a gate. */
int sb_gate_open_scratch(struct gate *g, struct sb_error *err);
void sb_gate_close_scratch(struct gate *g);

/* Times one fresh process of a program: the median of its runs, in nanoseconds. */
int sb_gate_time(struct gate *g, const char *program, size_t point, int64_t repeats,
                 double *median_ns, struct sb_error *err);
/* What the output check of one run says. */
struct gate_check {
    bool passed;
    double nmse;
    char digest[24];
};
/* Finds it among the run's records. */
int sb_gate_read_check(const struct sb_records *records, struct gate_check *out,
                       struct sb_error *err);
/* Runs a program for it. */
int sb_gate_check_output(struct gate *g, const char *program, size_t point, struct gate_check *out,
                         struct sb_error *err);
/* The check of head's outputs into the cell. */
void sb_gate_note_check(struct sb_gate_cell_result *cell, const struct gate_check *check);
/* Appends the records of one checked run of a program; engine may be NULL. */
int sb_gate_run_once(struct gate *g, const char *program, const struct sb_gate_point *point,
                     const char *engine, struct sb_records *records, struct sb_error *err);
/* Compares the outputs of head with options->outputs. Cells of the gate that are run for it have
 * their output check noted, too. */
int sb_gate_compare_outputs(struct gate *g, struct sb_error *err);
/* Output of `PROGRAM cost --all --exact`. */
int sb_gate_exact_costs(struct gate *g, const char *program, struct sb_str *out,
                        struct sb_error *err);

/* Times all cells in interleaved rounds and judges them; what is found is in the result. */
int sb_gate_time_cells(struct gate *g, struct sb_error *err);

/* Share of all CPUs' time that was not idle over a second; NaN when /proc does not tell. */
double sb_gate_busy_share(void);

#endif

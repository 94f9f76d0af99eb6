/*
 * A benchmark session: cells (model x size x batch x threads x engine) measured one after the other
 * into records, in this process or in fresh ones, written line by line so that a killed session can
 * be resumed. Everything a table needs is in the records afterwards.
 *
 *     struct sb_session_options o; sb_session_options_defaults(&o);
 *     o.cells = cells; o.num_cells = n; o.output = "run.jsonl";
 *     int rc = sb_session_run(&o, &records, &err);
 *
 * Resuming: PATH.part holds the whole lines of a session that did not end. The cells that it holds
 * must be the first of those asked for; its last cell may be incomplete and is measured again, as
 * are a cell that lacks lines and those behind it. The file that results is the one of an
 * uninterrupted session, up to measured values.
 */
#ifndef SB_BENCH_SESSION_H
#define SB_BENCH_SESSION_H

#include "base/error.h"
#include "bench/accuracy.h"
#include "bench/environment.h"
#include "bench/measure.h"
#include "bench/record.h"

#include <stdbool.h>
#include <stddef.h>

struct sb_session_cell {
    const char *model; /* zoo name or path of a spec */
    int size;          /* 0: the model's own */
    int batch;
    int threads;
    enum sb_engine engine;
    const char *weights; /* its own file; NULL: that of the session's `measure` */
};

struct sb_session_options {
    struct sb_measure_options measure; /* its model, size, batch, threads, engine come from cells,
                                         and weights where a cell has its own */
    const struct sb_session_cell *cells;
    size_t num_cells;
    const char *output; /* file of records; NULL: none */
    bool resume;        /* continue output's .part, or read output when it is complete */
    int processes;      /* fresh processes per cell; 1: measure in this one */
    bool probe;         /* noise probe and machine peak (default) */
    const struct sb_accuracy_set *accuracy; /* evaluated once per model and size; NULL: not */
    const char *command;                    /* for the run record */
    const char *weights_text;               /* for the run record: "seed 1", file name */
    bool quiet;                             /* no progress */
    const char *trace; /* file for a trace of one pass of the last cell; NULL: none */
};
void sb_session_options_defaults(struct sb_session_options *options);

/* What a session is about, besides its records. */
struct sb_session_result {
    size_t failed_checks;
    double noise; /* NaN without probe */
    size_t resumed_cells;
    const char *redone;  /* what a kept cell lacked, so that it and those behind it are measured
                            again; NULL: nothing */
    int64_t redone_line; /* where that cell began in the file */
};

/* Checks every cell before the first is measured. Fills records, which are empty at first, with
 * what is kept when resuming, too. A failed output check is no error here. */
int sb_session_run(const struct sb_session_options *options, const struct sb_environment *env,
                   struct sb_records *records, struct sb_session_result *result,
                   struct sb_error *err);

/* Median of (sum of the steps of pass i) / (end-to-end run i) over all passes of a cell: 1 when the
 * parts make the whole. NaN when the records hold no such pair. */
double sb_reconcile(const struct sb_records *records, const struct sb_cell *cell);

#endif

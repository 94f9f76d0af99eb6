/*
 * History: what runs of many commits measured, per type of machine, and where it moved.
 *
 * A history is a folder with one file per machine type, DIR/MACHINE.jsonl, of ordinary records:
 * of every run added, those about whole models. Files only grow; adding is one locked write. The
 * order of adding is the order of time, so runs are added as commits are made.
 *
 * A series is one metric of one cell on one machine type: latency divided by the time of the
 * reference kernel in the same session (bench/reference.h), peak memory, or accuracy on one data
 * set; latencies with different BLAS builds are series of their own, because the reference kernel
 * is a part of it. Levels are fitted to the logarithms (bench/change_points.h). A step counts when
 * both neighbouring segments have at least SB_HISTORY_LEAST points and it is larger than `delta`.
 *
 *     sb_history_add("history", &records, false, &added, &err);
 *     struct sb_history h;
 *     int rc = sb_history_load(&h, "history", &options, &err);
 *     ... h.series[i].segments[k].level ...
 *     sb_history_release(&h);
 */
#ifndef SB_BENCH_HISTORY_H
#define SB_BENCH_HISTORY_H

#include "base/error.h"
#include "base/str.h"
#include "bench/measure_records.h"
#include "bench/record.h"

#include <stdbool.h>
#include <stddef.h>

/* Points that a segment needs on each side of a step that counts. */
#define SB_HISTORY_LEAST 4

struct sb_history_added {
    size_t runs;  /* appended */
    size_t known; /* were there before, by their ids */
};

/* Appends the runs in `records`, all or none. SB_EINVAL for a run that history can make nothing of:
 * without commit, from a changed working tree unless `dirty` is true, or with latencies but without
 * the reference kernel. */
int sb_history_add(const char *dir, const struct sb_records *records, bool dirty,
                   struct sb_history_added *added, struct sb_error *err);

struct sb_history_options {
    const char *model; /* only this one; NULL: all */
    size_t last;       /* newest points per series; 0: all. The fit takes time ~ points squared */
    double delta;      /* smallest change that counts: 0.02 */
};
void sb_history_options_defaults(struct sb_history_options *options);

struct sb_history_point {
    const struct sb_record *run;
    double value;     /* latency / reference kernel; bytes; 0..1 */
    double low, high; /* its 95 % interval; NaN where none is known */
};

struct sb_history_segment {
    size_t first, count; /* points */
    double level;        /* in the unit of values */
    double change;       /* level / the one before - 1; NaN for the first segment */
    bool counts;         /* the step at its beginning does */
};

struct sb_history_series {
    struct sb_cell cell;        /* threads and engine are missing where the metric knows none */
    const char *metric;         /* "latency", "peak memory", "AP", "top-1" */
    const char *machine, *blas; /* blas NULL but for latency */
    const char *dataset, *data_digest, *images_digest; /* of accuracies; else NULL */
    bool higher_is_better;
    size_t count, capacity;
    struct sb_history_point *points; /* owned */
    double noise;                    /* mean absolute deviation around the levels, as a ratio */
    size_t num_segments;
    struct sb_history_segment *segments; /* owned */
};

struct sb_history {
    struct sb_records records; /* what series borrow from */
    struct sb_history_series *series;
    size_t count, capacity;
};

/* Reads every machine's file and fits. A bad line is an error with file and line. */
int sb_history_load(struct sb_history *h, const char *dir, const struct sb_history_options *options,
                    struct sb_error *err);
void sb_history_release(struct sb_history *h);

/* True for a step that counts and is a change for the worse. */
bool sb_history_is_worse(const struct sb_history_series *series, size_t segment);
/* "latency of MODEL at 640, batch 1, 2 threads, native rose by 5.2 % between abc1234 and def5678
 * (...)": one line about the step at the beginning of a segment, without newline. */
void sb_history_step_text(const struct sb_history_series *series, size_t segment,
                          struct sb_str *out);

/* The next record, from *index on, of an output check that failed and that no later run of the same
 * machine has passed; moves *index behind it. NULL when there is none. */
const struct sb_record *sb_history_next_failed(const struct sb_history *h, size_t *index);

/* Every point with its level as a record, so that reports can show them. */
int sb_history_records(const struct sb_history *h, sb_record_fn emit, void *ctx,
                       struct sb_error *err);

#endif

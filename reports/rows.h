/*
 * Rows: what the records say about one subject, gathered from records of all kinds. A subject is a
 * whole model in one configuration, or one level, op, block or node of it. Tables and plots are
 * made of rows and never look at single records.
 *
 *     struct sb_report_rows rows;
 *     int rc = sb_report_rows_collect(&rows, &records, SB_ROWS_LEVEL, &err);
 *     ... rows.items[i].time.median, rows.items[i].cost.macs ...
 *     sb_report_rows_release(&rows);
 *
 * Rows are keyed by the cell (model, size, batch, threads, engine), the part and the setup: runs of
 * the same commit, build, BLAS and machine type pool their samples, others stay apart. Static costs
 * hold for every engine and number of threads, so they join all rows of their model and size.
 *
 * What records say about a level (op, block) directly is taken as it is; else it is the sum over
 * its nodes. Sums of times are made per repetition, and their median and interval are taken then:
 * the sum of medians is not the median of sums.
 *
 * Runs of one process are alike. A row of six or more processes has the median of their medians and
 * its interval; a row of two to five has the median of all runs and no interval.
 */
#ifndef SB_REPORTS_ROWS_H
#define SB_REPORTS_ROWS_H

#include "base/error.h"
#include "base/str.h"
#include "bench/record.h"
#include "bench/statistics.h"

#include <stdbool.h>
#include <stddef.h>

enum sb_rows_by {
    SB_ROWS_MODEL,
    SB_ROWS_LEVEL,
    SB_ROWS_OP,
    SB_ROWS_BLOCK,
    SB_ROWS_NODE,
    SB_ROWS_BYS
};
/* "model", "level", "op", "block", "node" */
const char *sb_rows_by_name(enum sb_rows_by by);

struct sb_row {
    struct sb_cell cell;            /* threads and engine are missing where only costs are known */
    struct sb_part part;            /* whole model: all NULL */
    const struct sb_record *run;    /* the first run that it comes from; NULL if none is recorded */
    size_t setup;                   /* rows with the same number have the same setup */
    struct sb_cost_record cost;     /* missing values as in records */
    struct sb_memory_record memory; /* planned, and for whole models the measured peak */
    const struct sb_record *memory_record; /* one that it comes from; NULL for sums */
    const struct sb_record *check;         /* the worst of its output checks; NULL without */
    const struct sb_record *timed;         /* the first time record; NULL when not timed */
    struct sb_summary time;                /* nanoseconds; count 0 when not timed */
    double *samples;                       /* time.count of them, ascending; owned by the rows */
    size_t processes;                      /* fresh processes that the samples come from */
    double time_share;  /* of the sum of medians over the parts of a cell; or NaN */
    double macs_share;  /* of the sum over the parts of a cell; or NaN */
    int64_t step_bytes; /* read, written and of parameters by the steps of this part of a model;
                           SB_NO_INT where steps are not recorded */
    bool has_cost, has_memory;
    bool fused; /* an op or node without time, because it runs as part of other steps */
};

struct sb_report_rows {
    enum sb_rows_by by;
    const struct sb_records *records;
    size_t count, capacity;
    struct sb_row *items; /* owned; cells in order of appearance, levels from stem to head */
    size_t num_setups;
};

/* Rows borrow strings from records, which must outlive them. */
int sb_report_rows_collect(struct sb_report_rows *rows, const struct sb_records *records,
                           enum sb_rows_by by, struct sb_error *err);
void sb_report_rows_release(struct sb_report_rows *rows);

/* "L3", "conv", the node's path; the model for the whole. */
const char *sb_row_label(const struct sb_report_rows *rows, const struct sb_row *row);
/* Why the row's time must not be shown: not measured, the record's reason, or a failed output
 * check; NULL when it may be shown. */
const char *sb_row_time_why(const struct sb_row *row);
/* The accuracy record of the row's model and size with this metric (the row's engine or none) on
 * this data set (NULL: any): that of the row's own runs, or the one that all other runs agree on.
 * NULL where there is none, or where weights, data or values differ (sb_accuracy_unlike()), which
 * would set one model's accuracy beside another's time. *why: the reason why there is no value. */
const struct sb_record *sb_row_accuracy(const struct sb_report_rows *rows, const struct sb_row *row,
                                        const char *metric, const char *dataset, const char **why);
/* What must be known about the AP or top-1 of record `index` ("AP on val: untrained weights."),
 * with the models that it holds for where others have another note on the same data. False, and
 * text empty, where nothing needs to be said or a record before it said it. */
bool sb_accuracy_note(const struct sb_records *records, size_t index, struct sb_str *text);
/* What a reader of the row's accuracy (AP, else top-1) must know: that it is of other weights,
 * another commit or another machine than the times ("accuracy of weights F (digest) at commit C,
 * times of weights ..."), or that the row has none because several are unlike. Replaces *text, by
 * "" where accuracy and times belong together. */
void sb_row_accuracy_remark(const struct sb_report_rows *rows, const struct sb_row *row,
                            struct sb_str *text);
/* The end-to-end record of the row's cell that knows the machine's peak, or NULL. */
const struct sb_time_record *sb_row_peak(const struct sb_report_rows *rows,
                                         const struct sb_row *row);
/* Bytes read, written and of parameters, each once, by the steps that the row is about; of a whole
 * model by its nodes, as if none were fused. SB_NO_INT where that is not recorded. */
int64_t sb_row_moved_bytes(const struct sb_row *row);
/* Planned memory: arena + weights + workspace + lists and tables, as far as known; SB_NO_INT when
 * nothing is. */
int64_t sb_row_planned_bytes(const struct sb_row *row);
/* True when rows a and b are about the same cell and setup. */
bool sb_rows_same_cell(const struct sb_row *a, const struct sb_row *b);

#endif

/*
 * Rows: what the records say about one subject, gathered from records of all kinds. A subject is a
 * whole model in one configuration, or one level, op, block or node of it. Tables and plots are
 * made of rows and never look at single records.
 *
 *     struct sb_rows rows;
 *     int rc = sb_rows_collect(&rows, &records, SB_ROWS_LEVEL, &err);
 *     ... rows.items[i].time.median, rows.items[i].cost.macs ...
 *     sb_rows_release(&rows);
 *
 * Rows are keyed by the cell (model, size, batch, threads, engine), the part and the setup: runs of
 * the same commit, build, BLAS and machine type pool their samples, others stay apart. Static costs
 * hold for every engine and number of threads, so they join all rows of their model and size.
 *
 * What records say about a level (op, block) directly is taken as it is; else it is the sum over
 * its nodes. Sums of times are made per repetition, and their median and interval are taken then:
 * the sum of medians is not the median of sums.
 */
#ifndef SB_REPORTS_ROWS_H
#define SB_REPORTS_ROWS_H

#include "base/error.h"
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
    struct sb_cell cell;
    struct sb_part part;         /* whole model: all NULL */
    const struct sb_record *run; /* the first run that it comes from; NULL if no record names it */
    size_t setup;                /* rows with the same number have the same setup */
    struct sb_cost_record cost;  /* missing values as in records */
    bool has_cost;
    struct sb_memory_record memory; /* by field: the first record that knows it */
    struct sb_summary time;         /* nanoseconds; count 0 when not timed */
    const char *time_pass;          /* "end_to_end", "per_op"; NULL when not timed */
    const char *kernel;             /* of a node's step; NULL if unknown or several */
    size_t processes;               /* fresh processes that the samples come from */
    double *samples;                /* time.count of them, ascending; owned by the rows */
    double time_share;              /* of all parts' medians in this cell; NaN if unknown */
    const struct sb_record *check;  /* the worst; NULL when there is none */
    const struct sb_record *first;  /* the first record about it, for whys */
    size_t order;                   /* position in the network: of its first node's record */
};

struct sb_rows {
    enum sb_rows_by by;
    size_t count, capacity;
    struct sb_row *items; /* owned; in order of first appearance */
    size_t num_setups;
};

/* Rows borrow strings from records. */
int sb_rows_collect(struct sb_rows *rows, const struct sb_records *records, enum sb_rows_by by,
                    struct sb_error *err);
void sb_rows_release(struct sb_rows *rows);

/* "L3", "conv", the node's path; the model for the whole. */
const char *sb_row_label(const struct sb_rows *rows, const struct sb_row *row);
/* Why the row has no time: "not measured", the record's why, or that its output check failed. */
const char *sb_row_time_why(const struct sb_row *row);

#endif

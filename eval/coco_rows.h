/* Rows that the parallel readers of ground truth and results collect per part of a file. */
#ifndef SB_EVAL_COCO_ROWS_H
#define SB_EVAL_COCO_ROWS_H

#include "base/error.h"
#include "base/json_scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing array of fixed-size rows and a growing array of numbers beside it. */
struct sb_rows {
    size_t count, capacity;
    void *data;
    size_t number_count, number_capacity;
    double *numbers; /* keypoints of the rows */
};

/* Appends a zeroed row of `bytes` bytes; NULL and err when out of memory. */
void *sb_rows_add(struct sb_rows *rows, size_t bytes, struct sb_error *err);
/* Appends `count` numbers from the array at s->pos, which must have exactly as many. */
int sb_rows_read_numbers(struct sb_rows *rows, struct sb_scan *s, size_t count);
void sb_rows_clear(struct sb_rows *rows);
void sb_rows_release(struct sb_rows *rows);

/* Rows to make room for: `need` now, or more when done of total bytes of text gave so many. */
size_t sb_rows_estimate(size_t need, size_t done, size_t total);
/* *column gets room for `count` values of `bytes` bytes; keeps its content. NULL stays NULL when
 * wanted is false. */
int sb_column_grow(void *column_ptr, bool wanted, size_t count, size_t bytes, struct sb_error *err);

/* An error in a value of a file that stands in memory now: the one of row i is at at[i] there, and
 * was at from[i] of the file. The error's offset becomes the file's; from NULL: it is that already.
 * Returns the error's code. */
int sb_moved_error(struct sb_error *err, const uint64_t *at, const uint64_t *from, size_t i);

#endif

/*
 * Run-length masks of the COCO format. Runs alternate background, foreground, background, ... down
 * the columns of an h x w mask (pixel (row y, column x) is number x*h + y); the first run may be 0.
 *
 * Results equal pycocotools 2.0.11 bit for bit, polygon rounding included. Unlike there, every
 * input is checked: a mask's runs always sum to h*w, and h*w is below 2^32.
 *
 *     struct sb_rle mask = {0};
 *     rc = sb_rle_from_text(&mask, 480, 640, "PX^h0...", n, &err);
 *     area = sb_rle_area(&mask);
 *     sb_rle_release(&mask);
 */
#ifndef SB_DATASETS_RLE_H
#define SB_DATASETS_RLE_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_rle {
    uint32_t h, w;   /* rows, columns */
    size_t count;    /* runs */
    size_t capacity; /* of runs */
    uint32_t *runs;  /* pixels per run, owned; kept for reuse when the mask is overwritten */
};

/* Where a polygon's outline crosses the middle of a column: the first pixel behind it. */
struct sb_crossing {
    uint32_t column, pixel;
};

/* Memory for making masks, kept between calls; zero it, one per thread. */
struct sb_rle_scratch {
    struct sb_crossing *crossings;
    uint32_t *sorted, *columns;
    size_t crossings_capacity, sorted_capacity, columns_capacity;
    struct sb_rle part, merged;
};

void sb_rle_release(struct sb_rle *rle);
void sb_rle_scratch_release(struct sb_rle_scratch *scratch);

/* The functions below overwrite *rle, whose memory is reused; on error its content is undefined. */

/* From a compressed counts string. SB_EFORMAT for a byte outside '0'..'o', a string that ends
 * inside a number, a run below 0 or beyond the mask, or runs that do not sum to h*w. */
int sb_rle_from_text(struct sb_rle *rle, uint32_t h, uint32_t w, const char *text, size_t length,
                     struct sb_error *err);
/* From the runs of an uncompressed mask; the same checks. */
int sb_rle_from_runs(struct sb_rle *rle, uint32_t h, uint32_t w, const uint32_t *runs, size_t count,
                     struct sb_error *err);
/* From bytes, row by row, `stride` bytes per row; not 0 is foreground. */
int sb_rle_from_mask(struct sb_rle *rle, uint32_t h, uint32_t w, const uint8_t *mask, size_t stride,
                     struct sb_error *err);
/* SB_EFORMAT for coordinates of a polygon beyond +-1e8, which are not numbers included. */
int sb_rle_check_polygon(const double *xy, size_t points, struct sb_error *err);
/* From one polygon, xy[2*points] in pixels; the same check. */
int sb_rle_from_polygon(struct sb_rle *rle, uint32_t h, uint32_t w, const double *xy, size_t points,
                        struct sb_rle_scratch *scratch, struct sb_error *err);
/* Adds (union) or intersects other into *rle. SB_EFORMAT when the sizes differ. */
int sb_rle_merge(struct sb_rle *rle, const struct sb_rle *other, bool intersect,
                 struct sb_rle_scratch *scratch, struct sb_error *err);
int sb_rle_copy(struct sb_rle *rle, const struct sb_rle *other, struct sb_error *err);

/* Appends the compressed counts string. */
void sb_rle_to_text(const struct sb_rle *rle, struct sb_str *out);
/* 1 for foreground, 0 for background, row by row; h rows of w bytes every stride bytes. */
void sb_rle_to_mask(const struct sb_rle *rle, uint8_t *mask, size_t stride);

/* Foreground pixels. */
uint32_t sb_rle_area(const struct sb_rle *rle);
/* x, y, width, height of the foreground; all 0 without foreground runs. (With foreground runs of
 * length 0 only, pycocotools' box: x = w, y = h, sizes modulo 2^32.) */
void sb_rle_box(const struct sb_rle *rle, double box[4]);

#endif

/*
 * A PNG row by row, for pictures whose pixels are numbers (segment ids) and that are looked at
 * once: no memory for the whole image (but for interlaced files). Only pictures with red, green and
 * blue: a palette or grey has no such numbers. Alpha is dropped, of 16 bits the high byte is kept.
 *
 *     struct sb_png_rows *rows;
 *     int rc = sb_png_rows_open(&rows, data, size, &err);
 *     for (int y = 0; rc == 0 && y < height; y++)
 *         rc = sb_png_rows_next(rows, &row);              // (width, 3) bytes, red first
 *     sb_png_rows_close(&rows);
 */
#ifndef SB_DATASETS_PNG_ROWS_H
#define SB_DATASETS_PNG_ROWS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct sb_png_rows;

/* data and err must outlive the reader: sb_png_rows_next() fills the same err. The limits of
 * sb_image_options_defaults() hold. */
int sb_png_rows_open(struct sb_png_rows **rows, const void *data, size_t size,
                     struct sb_error *err);
void sb_png_rows_size(const struct sb_png_rows *rows, int *width, int *height);
/* *row is valid until the next call. */
int sb_png_rows_next(struct sb_png_rows *rows, const uint8_t **row);
void sb_png_rows_close(struct sb_png_rows **rows);

#endif

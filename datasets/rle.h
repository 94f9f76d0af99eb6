/*
 * Run-length encoded masks as COCO stores them: pixels in column-major order (down the first
 * column, then the next), runs of 0 and 1 in turn, the first one of zeros and possibly empty. Also
 * the compressed text form of results files: each run as its difference to the run two before it
 * (from the fourth on), in groups of five bits, low first, 0x20 = more follows, + 48
 * (cocodataset/cocoapi common/maskApi.c, rleToString; the same text bit for bit).
 *
 *     struct sb_rle rle;
 *     int rc = sb_rle_encode(mask, h, w, &rle, &err);     // mask: (w, h) bytes, column-major
 *     sb_rle_append_text(&rle, &text);
 *     sb_rle_release(&rle);
 */
#ifndef SB_DATASETS_RLE_H
#define SB_DATASETS_RLE_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct sb_rle {
    uint32_t h, w;    /* of the image, pixels; h * w < 2^32 */
    size_t count;     /* runs */
    uint32_t *counts; /* count lengths whose sum is h * w; owned */
};

/* From bytes in column-major order, mask[x * h + y]: 0 is background, everything else foreground.
 */
int sb_rle_encode(const uint8_t *mask, uint32_t h, uint32_t w, struct sb_rle *out,
                  struct sb_error *err);
/* To bytes 0 and 1 in column-major order, h * w of them. */
void sb_rle_decode(const struct sb_rle *rle, uint8_t *mask);

/* Appends the compressed text; failure shows in text->failed. */
void sb_rle_append_text(const struct sb_rle *rle, struct sb_str *text);
/* Reads the compressed text. SB_EFORMAT, with the position in the text, when it holds other
 * characters, ends inside a number, gives a negative run, or its runs do not add up to h * w. */
int sb_rle_parse_text(const char *text, size_t length, uint32_t h, uint32_t w, struct sb_rle *out,
                      struct sb_error *err);

/* Foreground pixels. */
uint64_t sb_rle_area(const struct sb_rle *rle);

void sb_rle_release(struct sb_rle *rle);

#endif

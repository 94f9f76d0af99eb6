/*
 * Run-length codes where they stand in COCO files: {"size": [h, w], "counts": TEXT or LIST}.
 *
 *     struct sb_rle_code code = {0};
 *     rc = sb_rle_scan(&scan, &code);
 *     if (rc == 0)
 *         rc = sb_rle_from_code(&mask, &code, &err);
 *     sb_rle_code_release(&code);
 */
#ifndef SB_DATASETS_RLE_SCAN_H
#define SB_DATASETS_RLE_SCAN_H

#include "base/json_scan.h"
#include "base/str.h"
#include "datasets/rle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is read; zero it before the first use, its memory is kept between calls. */
struct sb_rle_code {
    uint32_t h, w;
    bool compressed;       /* counts are text, else runs */
    const char *counts_at; /* where they stand in the scanned text */
    struct sb_str text;
    uint32_t *runs; /* owned */
    size_t run_count, runs_capacity;
};

/* Reads the code at s->pos. SB_EFORMAT for what is no such object; whether the counts make a mask
 * is not looked at. */
int sb_rle_scan(struct sb_scan *s, struct sb_rle_code *code);
/* The mask that it means; errors as sb_rle_from_text() and sb_rle_from_runs(). */
int sb_rle_from_code(struct sb_rle *rle, const struct sb_rle_code *code, struct sb_error *err);
void sb_rle_code_release(struct sb_rle_code *code);

#endif

/*
 * Detections as columns: what detect/ writes, eval/ and reports/ read, and the COCO results format
 * on disk ([{"image_id", "category_id", "bbox": [x, y, w, h], "score", ...}, ...]).
 */
#ifndef SB_DATASETS_DETECTIONS_H
#define SB_DATASETS_DETECTIONS_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* Optional mask: a compressed COCO RLE string for an image of h x w. */
struct sb_rle_text {
    int32_t h, w;
    char *counts; /* NUL-terminated, owned by the detections; NULL = no mask */
};

struct sb_detections {
    size_t count, capacity;
    int64_t *image_id;
    int64_t *category_id;
    double (*box)[4]; /* x, y, w, h in pixels of the original image */
    double *score;
    struct sb_rle_text *mask; /* NULL when no detection has one */
};

void sb_detections_init(struct sb_detections *dets);
void sb_detections_release(struct sb_detections *dets);
/* Appends one; mask may be NULL, else its counts string is copied. 0 or SB_ENOMEM. */
int sb_detections_add(struct sb_detections *dets, int64_t image_id, int64_t category_id,
                      const double box[4], double score, const struct sb_rle_text *mask);
/* Removes all rows, keeps the memory. */
void sb_detections_clear(struct sb_detections *dets);

/* Appends row i as one JSON object on one line without a newline; numbers as the shortest decimals
 * that read back to the same float32. SB_EINVAL when a number is not finite; out of memory shows in
 * line->failed. */
int sb_detections_append_json(const struct sb_detections *dets, size_t i, struct sb_str *line,
                              struct sb_error *err);
/* Writes the COCO results format, one detection per line as sb_detections_append_json() gives it.
 * Written to a temporary name and renamed. */
int sb_detections_write(const struct sb_detections *dets, const char *path, struct sb_error *err);

#endif

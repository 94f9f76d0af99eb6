/*
 * Images with their objects and detections side by side: on the left what is there, found or
 * missed, on the right what was detected, rightly or falsely, at the best threshold of each class
 * (confusion.h). And which images are the worst.
 */
#ifndef SB_EVAL_PICTURES_H
#define SB_EVAL_PICTURES_H

#include "datasets/image.h"
#include "eval/diagnosis.h"

struct sb_image_score {
    int32_t image;                /* rank in the ground truth */
    int64_t found, missed, wrong; /* objects, objects, detections */
};

/* Scores of the images that have an object or a counted detection, the worst first: by F1 = 2 found
 * / (2 found + missed + wrong), then by errors, then by id. *scores is owned: sb_free(). */
int sb_score_images(const struct sb_diagnosis *d, const struct sb_coco_gt *gt,
                    const struct sb_coco_dt *dt, struct sb_image_score **scores, size_t *count,
                    struct sb_error *err);

/* Draws image `score->image`, whose pixels are `pixels`: two panels of at most `side` pixels each
 * way, a line of text above, which starts with `name`. pixels is drawn on and has no use after it.
 */
int sb_picture_make(const struct sb_diagnosis *d, const struct sb_coco_gt *gt,
                    const struct sb_coco_dt *dt, const struct sb_image_score *score,
                    const char *name, struct sb_image *pixels, int side, struct sb_image *out,
                    struct sb_error *err);

#endif

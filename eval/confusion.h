/*
 * Which classes are taken for which, at one score threshold per class.
 *
 * Of an image's best detections those count whose score reaches the threshold of their class. A
 * detection keeps the object of its class that matching gave it (tide.h); then, best first, the
 * others take the most similar object of any other class that is still free, from similarity 0.5
 * on. What remains are false detections and missed objects. Detections on ignored regions count
 * neither way.
 */
#ifndef SB_EVAL_CONFUSION_H
#define SB_EVAL_CONFUSION_H

#include "eval/tide.h"

struct sb_confusion {
    size_t classes;
    /* (classes + 1, classes + 1): objects of class [row] found as class [column]. The last row
     * counts detections on nothing, the last column objects that nothing found. */
    int64_t *cells;
    /* By row of the detections: counted at all, and the object it has (SB_NO_ROW: on nothing); of
     * the ground truth: the detection that has it. */
    uint8_t *counted;
    uint32_t *on, *by;
};

/* thresholds: (tide->classes); NaN counts no detection of the class. */
int sb_confusion_count(struct sb_confusion *out, const struct sb_tide *tide,
                       const struct sb_image_index *index, const struct sb_coco_gt *gt,
                       const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                       const double *thresholds, struct sb_pool *pool, struct sb_error *err);
void sb_confusion_release(struct sb_confusion *confusion);

#endif

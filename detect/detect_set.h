/* A model over the images of a COCO annotation file, in one call. */
#ifndef SB_DETECT_DETECT_SET_H
#define SB_DETECT_DETECT_SET_H

#include "base/progress.h"
#include "detect/pipeline.h"
#include "models/model.h"
#include "models/weights.h"

struct sb_detect_set {
    struct sb_model *model; /* of batch 1; its graph is adjusted, see sb_detector_new() */
    const struct sb_weights *weights;
    const char *annotations; /* file that lists the images and categories */
    const char *images;      /* folder of the images */
    const char *results;     /* COCO results file to write */
    double score_threshold;  /* kept at score > this; negative: the model's own */
    size_t max_images;       /* only the first; 0: all */
    const char *draw_dir;    /* as sb_detect_job's */
    double draw_threshold;
    int threads;
    struct sb_progress *progress; /* may be NULL */
};

int sb_detect_set_run(const struct sb_detect_set *set, struct sb_pipeline_summary *summary,
                      struct sb_error *err);

#endif

/* A detector over a list of images: the steps of detect/pipeline.h, and drawings on request. */
#ifndef SB_DETECT_DETECT_RUN_H
#define SB_DETECT_DETECT_RUN_H

#include "detect/class_map.h"
#include "detect/detector.h"
#include "detect/pipeline.h"

struct sb_detect_job {
    struct sb_detector *detector; /* with keep_image when draw_dir is given */
    const struct sb_class_map *classes;
    const char *draw_dir;  /* NAME.png per image go there; created with the first; or NULL */
    double draw_threshold; /* drawn at score >= this */
};

/* Writes COCO results. Errors as sb_pipeline_run(); SB_EINVAL before anything is written when a
 * drawing would replace its image or another drawing. */
int sb_detect_run(const struct sb_detect_job *job, const struct sb_pipeline_options *options,
                  struct sb_pipeline_summary *summary, struct sb_error *err);

#endif

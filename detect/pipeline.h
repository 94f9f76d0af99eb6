/*
 * Detection over a list of images: decoding and resizing, the network, and post-processing overlap
 * (base/stages.h), memory does not grow with the number of images, and the results file depends on
 * the list, the model and the settings alone: not on threads, timing, or how often the run was
 * killed and resumed.
 *
 * An image that cannot be read stops the run after everything before it is written; with
 * skip_broken it is reported and left out.
 */
#ifndef SB_DETECT_PIPELINE_H
#define SB_DETECT_PIPELINE_H

#include "base/error.h"
#include "base/progress.h"
#include "datasets/image_list.h"
#include "detect/class_map.h"
#include "detect/detector.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_detect_job {
    struct sb_detector *detector; /* with keep_image when draw_dir is given */
    const struct sb_image_list *list;
    const struct sb_class_map *classes;
    const char *results;   /* file to write */
    const char *settings;  /* one line of JSON: what a resumed run must have in common */
    const char *draw_dir;  /* existing folder for NAME.png per image, or NULL */
    double draw_threshold; /* drawn at score >= this */
    bool resume;           /* go on with the journal of a run that was stopped */
    bool skip_broken;
    int loaders;                  /* threads that decode, >= 1 */
    struct sb_progress *progress; /* started by the caller with list->count; may be NULL */
    /* A skipped image, in order; err has the file. May be NULL. Called on another thread. */
    void (*on_broken)(void *ctx, const struct sb_error *err);
    void *ctx;
};

struct sb_detect_summary {
    size_t images;  /* in the results file, broken ones not counted */
    size_t resumed; /* of these, taken from the journal */
    size_t broken;  /* skipped */
    size_t detections;
    int64_t elapsed_ns; /* of this run */
};

/*
 * On an error, what is complete has been written to `results` (nothing when that is no image), the
 * journal is kept, err's hint says how to go on, and *summary counts what was written.
 */
int sb_detect_run(const struct sb_detect_job *job, struct sb_detect_summary *summary,
                  struct sb_error *err);

#endif

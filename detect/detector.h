/*
 * A detector: a model compiled for this machine, with the official preprocessing before it and the
 * official post-processing behind it. The three steps may run on three threads, each on another
 * item:
 *
 *     struct sb_detector *d = sb_detector_new(model, &weights, &options, &err);
 *     struct sb_detector_input in; struct sb_detector_output out;       // sb_detector_*_init()
 *     sb_detector_load(d, "photo.jpg", &in, &err);       // decode, resize:     any thread
 *     sb_detector_run(d, &in, &out, &err);               // the network:        one thread
 *     sb_detector_finish(d, &out, 139, map, &dets, &err) // boxes, NMS, masks:  one thread
 *
 * Results are in pixels of the original image.
 */
#ifndef SB_DETECT_DETECTOR_H
#define SB_DETECT_DETECTOR_H

#include "base/error.h"
#include "datasets/detections.h"
#include "datasets/preprocess.h"
#include "detect/class_map.h"
#include "engine/plan.h"
#include "models/model.h"

#include <stdbool.h>

struct sb_detector_options {
    struct sb_plan_options plan; /* engine, threads; region is set by the detector */
    double score_threshold;      /* kept at score > this; negative: the model's own (default) */
    double soft_sigma;           /* > 0: soft NMS; default 0: hard, as published */
    bool apply_exif;             /* turn photos upright; default false, as published */
    bool keep_image;             /* inputs keep the decoded image, for drawing; default false */
};
void sb_detector_options_defaults(struct sb_detector_options *options);

/* A decoded and resized image. */
struct sb_detector_input {
    float *pixels;             /* (3, padded_h, padded_w), owned */
    struct sb_image_info info; /* how it was scaled */
    struct sb_image image;     /* 8-bit original, with keep_image; else empty */
    int height, width;         /* of the original, pixels */
};

/* What the network made of it: it writes its outputs here. */
struct sb_detector_output {
    float *values; /* owned, aligned to 64 bytes */
    struct sb_image_info info;
    int height, width;
};

struct sb_detector;

/*
 * The model's graph is adjusted to the options and must outlive the detector, and weights may be
 * released afterwards. SB_EINVAL for a model that detects nothing or a batch other than 1. NULL on
 * failure.
 */
struct sb_detector *sb_detector_new(struct sb_model *model, const struct sb_weights *weights,
                                    const struct sb_detector_options *options,
                                    struct sb_error *err);
void sb_detector_free(struct sb_detector **detector);
/* Detections per image at most. */
size_t sb_detector_max_detections(const struct sb_detector *detector);

int sb_detector_input_init(const struct sb_detector *detector, struct sb_detector_input *input,
                           struct sb_error *err);
void sb_detector_input_release(struct sb_detector_input *input);
int sb_detector_output_init(const struct sb_detector *detector, struct sb_detector_output *output,
                            struct sb_error *err);
void sb_detector_output_release(struct sb_detector_output *output);

int sb_detector_load(const struct sb_detector *detector, const char *path,
                     struct sb_detector_input *input, struct sb_error *err);
/* The same from an image in memory, of which a copy is kept with keep_image. */
int sb_detector_load_image(const struct sb_detector *detector, const struct sb_image *image,
                           struct sb_detector_input *input, struct sb_error *err);
int sb_detector_run(struct sb_detector *detector, const struct sb_detector_input *input,
                    struct sb_detector_output *output, struct sb_error *err);
/* Appends the detections of one image, best first. */
int sb_detector_finish(struct sb_detector *detector, const struct sb_detector_output *output,
                       int64_t image_id, const struct sb_class_map *classes,
                       struct sb_detections *dets, struct sb_error *err);

#endif

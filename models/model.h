/*
 * A model: a spec from models/zoo/ (or a user's file) built at one input size. The graph is what
 * runs; the rest is what its user must know: input size, classes, anchors, post-processing.
 *
 *     struct sb_model *m = sb_model_open("retinanet-spinenet-49", NULL, &err);
 *     printf("%zu nodes at %dx%d\n", m->graph->num_nodes, m->image_h, m->image_w);
 *     sb_model_free(&m);
 */
#ifndef SB_MODELS_MODEL_H
#define SB_MODELS_MODEL_H

#include "base/error.h"
#include "models/graph.h"

#include <stdbool.h>
#include <stddef.h>

enum sb_task {
    SB_TASK_RETINANET, /* outputs feature_p*, class_p*, box_p* */
    SB_TASK_MASKRCNN,  /* outputs feature_p*, rpn_score_p*, rpn_box_p*, rois (box, score),
                          box_head_class_logits, box_head_box_deltas, detections (box, score,
                          class), detection_masks */
    SB_TASK_CLASSIFY,  /* outputs feature_p* (of a pyramid), logits */
    SB_TASK_BACKBONE   /* outputs feature_p*, or backbone_c2.. of a ResNet */
};

struct sb_anchor_config {
    int min_level, max_level; /* one anchor grid per level, ascending */
    int num_scales;           /* scales 2^(i / num_scales) */
    int num_ratios;
    double aspect_ratios[8]; /* w / h */
    double anchor_size;      /* side = anchor_size * 2^level * scale */
};

/* Post-processing of a detector (architecture: RetinaNet top 5000 per class, NMS 0.5, 100 per
 * image). */
struct sb_postprocess_config {
    int pre_nms_top_k;      /* per class */
    int max_detections;     /* per class and per image */
    double nms_threshold;   /* suppressed at IoU >= this */
    double score_threshold; /* kept at score > this */
};

struct sb_model_spec;

struct sb_model {
    char name[96];   /* the spec's "name" */
    bool in_zoo;     /* opened by a name of the zoo: not a user's file, whatever its name */
    char family[32]; /* "spinenet", "resnet", "spinenet_mbconv": chooses the name map */
    enum sb_task task;
    int batch;
    int image_h, image_w; /* output_size: what images are scaled into */
    int padded_h,
        padded_w;        /* network input: multiple of 2^max_level (classification: image size) */
    int num_classes;     /* background (class 0) included */
    int first_class;     /* of classifiers: the class of label 0; those below are background */
    bool sync_batchnorm; /* spec key "sync_batchnorm" (default: true but for classification): the
                            published graph computes batch norm un-fused, which profilers count */
    struct sb_anchor_config anchor;           /* RetinaNet and RPN */
    struct sb_postprocess_config postprocess; /* detectors */
    char description[512];                    /* of the spec; "" if none */
    struct sb_graph *graph;                   /* owned */
    struct sb_model_spec *spec;               /* what it was built from (model_spec.h), owned */
};

struct sb_model_options {
    int size;           /* square input size; 0 = the spec's default */
    int batch;          /* default 1 */
    bool inner_outputs; /* also backbone_c3.., roi_features_7, roi_features_14; costs memory */
};

/* name_or_path: a zoo name, or a file that ends in .json. options may be NULL. NULL on failure. */
struct sb_model *sb_model_open(const char *name_or_path, const struct sb_model_options *options,
                               struct sb_error *err);
void sb_model_free(struct sb_model **model);

/* What the spec calls a class; NULL where it names none, and for the background. */
const char *sb_model_class_name(const struct sb_model *model, int class_id);

/* Zoo names in display order; NULL after the last. */
const char *sb_zoo_name(size_t index);

#endif

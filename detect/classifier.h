/*
 * A classification model with the official preprocessing before it (centre crop) and softmax and
 * ranking behind it, over a list of images (detect/pipeline.h). Predictions are JSON Lines:
 *
 *     {"id":1,"image":"a/b.jpg","label":7291,"classes":[7291,12,...],"scores":[0.93,0.02,...]}
 *
 * best first, ties to the lower class; without "label" where the list has none. Scores are the
 * shortest decimals that read back to the same float32.
 */
#ifndef SB_DETECT_CLASSIFIER_H
#define SB_DETECT_CLASSIFIER_H

#include "base/error.h"
#include "datasets/label_list.h"
#include "detect/pipeline.h"
#include "engine/plan.h"
#include "models/model.h"

#include <stdbool.h>

struct sb_classify_options {
    struct sb_plan_options plan;
    int top;         /* classes per image, >= 1; default 5 */
    int first_class; /* class of the model that is label 0; lower ones are never predicted. Default
                        -1: as the model's spec says, 1 where it has a background class */
    bool apply_exif; /* turn photos upright; default false, as published */
};
void sb_classify_options_defaults(struct sb_classify_options *options);

/* The last label that can be predicted: images with a higher one count as wrong. first_class: as in
 * the options. */
int64_t sb_classify_last_label(const struct sb_model *model, int first_class);

struct sb_classify_summary {
    struct sb_pipeline_summary run;
    /* of the images of this run that have a label */
    size_t labelled, top1, top5;
};

/* Classifies options->list, whose items are those of `labels` in order. Errors as
 * sb_pipeline_run(), and SB_EINVAL for a model that does not classify. The model must outlive the
 * call. */
int sb_classify_run(const struct sb_model *model, const struct sb_weights *weights,
                    const struct sb_classify_options *classify, const struct sb_label_list *labels,
                    const struct sb_pipeline_options *options, struct sb_classify_summary *summary,
                    struct sb_error *err);

#endif

/*
 * Top-k accuracy of classification: an image counts as right at k when its label is among the first
 * k predicted classes. With 95 % Wilson score intervals (E. B. Wilson, "Probable inference, the law
 * of succession, and statistical inference", 1927), over all images, per class and per
 * super-category (that of the list's JSON, or the folder above the class folder, as in
 * iNaturalist's paths).
 *
 * Predictions are JSON Lines with "image" and "classes", best first, as `spinebench classify`
 * writes them, or CSV lines IMAGE,CLASS,CLASS,..., fields quoted or not, with or without a line of
 * column names. Labelled images without a prediction count as wrong.
 */
#ifndef SB_EVAL_TOPK_ACCURACY_H
#define SB_EVAL_TOPK_ACCURACY_H

#include "datasets/label_list.h"

#include <stddef.h>
#include <stdint.h>

/* How many images of a group there are, and how many have the label first and among the first five.
 */
struct sb_topk_group {
    char *name; /* class or super-category; owned */
    int64_t images, top1, top5;
};

struct sb_topk {
    struct sb_topk_group all;
    size_t class_count, super_count;
    struct sb_topk_group *classes; /* ascending by class, owned */
    struct sb_topk_group *supers;  /* by name, owned; none where the paths have no such folder */
    int64_t unlabelled;            /* images of the list without a label: not evaluated */
    int64_t missing;               /* labelled images without a prediction */
    int64_t last_class;            /* the highest class of all predictions; -1 without any */
    int64_t above; /* predicted images with a label above it: of another list of classes? */
};

/* Evaluates the predictions in path. SB_EFORMAT with line and byte for lines that are no
 * prediction, images that the list does not have (named) and images predicted twice. */
int sb_topk_evaluate(struct sb_topk *topk, const struct sb_label_list *labels, const char *path,
                     struct sb_error *err);
void sb_topk_release(struct sb_topk *topk);

/* The interval of the share hits / count at 95 %; [0, 1] for count 0. */
void sb_wilson_interval(int64_t hits, int64_t count, double *lo, double *hi);

#endif

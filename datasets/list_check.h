/*
 * Looks through a list of labelled images (label_list.h) and its files for what would spoil an
 * evaluation, and counts images per class.
 */
#ifndef SB_DATASETS_LIST_CHECK_H
#define SB_DATASETS_LIST_CHECK_H

#include "datasets/coco_check.h"
#include "datasets/label_list.h"

struct sb_list_class {
    int64_t label;
    size_t images;
};

struct sb_list_stats {
    size_t findings[SB_FINDINGS];
    size_t images, labelled;
    size_t num_classes;
    struct sb_list_class *classes; /* ascending by label, those with images alone; owned */
    struct sb_spread class_sizes;  /* images per class */
};

/* files false leaves the image files out; pool may be NULL. Findings are no error. */
int sb_list_check(const struct sb_label_list *list, bool files, struct sb_pool *pool,
                  sb_finding_fn found, void *ctx, struct sb_list_stats *out, struct sb_error *err);
void sb_list_stats_release(struct sb_list_stats *stats);

#endif

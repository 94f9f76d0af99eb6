/* The images and categories of an annotation file. A part of the reader of ground truth, not for
 * users: see coco_gt.h. */
#ifndef SB_EVAL_COCO_GT_LISTS_H
#define SB_EVAL_COCO_GT_LISTS_H

#include "base/json_array.h"
#include "eval/coco_gt.h"
#include "eval/coco_rows.h"

struct sb_image_row {
    int64_t id;
    int32_t height, width;
    double crowding;
    uint64_t negative_at, not_exhaustive_at; /* offsets of the lists in the file, or in `lists` */
};

struct sb_category_row {
    int64_t id;
    char *name; /* owned; NULL = none */
    uint8_t frequency;
};

/* What the parts of the reader share; ctx of the array readers. */
struct sb_gt_loader {
    struct sb_coco_gt *gt;
    const struct sb_coco_params *params;
    struct sb_pool *pool;
    struct sb_rows images, categories; /* as read, in file order */
    struct sb_map lists;               /* of categories per image, from all ranks */
    size_t capacity;                   /* of the annotation columns */
    int64_t *id, *image_id, *category_id;
    const char *annotations; /* where the array of them starts in the text */
};

extern const struct sb_array_reader sb_gt_images, sb_gt_categories;

/* Forgets the rows that were read. */
void sb_gt_lists_discard(struct sb_gt_loader *l);
/* From rows to gt's maps and columns, once the whole file is read; categories first. */
int sb_gt_finish_categories(struct sb_gt_loader *l, struct sb_error *err);
int sb_gt_finish_images(struct sb_gt_loader *l, struct sb_error *err);
void sb_gt_lists_release(struct sb_gt_loader *l);

#endif

/*
 * Annotation ids that occur more than once. pycocotools keeps annotations in a dictionary by id:
 * every annotation with a repeated id is replaced by the last one with that id, which so counts
 * several times, under its own image and category, in the place of each.
 */
#ifndef SB_EVAL_DUPLICATE_IDS_H
#define SB_EVAL_DUPLICATE_IDS_H

#include "eval/coco_gt.h"

/* *repeats = annotations whose id a later one has, too. ids is (gt->count), of gt's annotations. If
 * there are any, rewrites the columns of gt to what pycocotools evaluates. */
int sb_resolve_duplicates(struct sb_coco_gt *gt, const int64_t *ids,
                          const struct sb_coco_params *params, size_t *repeats,
                          struct sb_error *err);

/* *repeats = ids that occur again later. */
int sb_count_repeats(const int64_t *ids, size_t count, size_t *repeats, struct sb_error *err);

#endif

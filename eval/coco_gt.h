/*
 * COCO ground truth as columns, read from an annotation file in one pass. Images and categories are
 * known by their rank among the sorted distinct ids; annotations stay in file order, which decides
 * ties. What the chosen similarity does not need is validated and skipped.
 */
#ifndef SB_EVAL_COCO_GT_H
#define SB_EVAL_COCO_GT_H

#include "base/file.h"
#include "base/pool.h"
#include "eval/category_sets.h"
#include "eval/coco_params.h"
#include "eval/eval_ranks.h"
#include "eval/unknown_ids.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of an annotation. */
enum {
    SB_ANN_CROWD = 1,  /* iscrowd, as an integer, is not 0: IoU over the detection's area */
    SB_ANN_IGNORE = 2, /* neither hit nor miss: iscrowd is not 0 (keypoints: or none labelled) */
    SB_ANN_ZERO_ID = 4 /* its id is one the tool takes for "unmatched": 0 for pycocotools */
};

struct sb_coco_gt {
    struct sb_map
        map;          /* the file, while masks are read from it; of several ranks the masks alone */
    const char *path; /* for messages, borrowed; NULL when filled from memory */
    struct sb_id_pool ids;
    struct sb_id_map images;
    int32_t *height, *width; /* per image rank; 0 when the file does not say */
    uint8_t *image_chosen;   /* per image rank, 0 = takes no part; NULL = all do */
    uint8_t *image_group;    /* CrowdPose: per image rank, index into sb_crowding_names; or NULL */
    struct sb_category_sets negative, not_exhaustive; /* LVIS: per image */
    struct sb_id_map categories;                      /* the chosen ones */
    struct sb_id_map unchosen_categories;             /* of the file */
    uint32_t *category_times; /* per category rank: how often the file lists it, which counts where
                                 all categories are one; NULL = once */
    char **category_names;    /* per category rank, owned; "" when the file has none */
    uint8_t *category_group;  /* LVIS: per category rank, index into sb_frequency_names; or NULL */

    size_t count;          /* annotations, in file order */
    int32_t *image;        /* rank, -1 = not in images, or not chosen */
    int32_t *listed_image; /* rank of the image that an annotation stands under: another one where
                              duplicate_ids.h replaced it; NULL without repeated ids */
    int32_t *category;     /* rank, -1 = not in categories: not evaluated */
    double (*box)[4];      /* x, y, w, h; NULL unless needed */
    double *area;          /* square pixels, as the rule says */
    uint8_t *flags;        /* SB_ANN_... */
    uint64_t *shape_at;    /* offset of the segmentation in map; NULL unless masks are needed */
    uint64_t *shape_from;  /* its offset in the file, where map is not the file; else NULL */
    double *keypoints;     /* (count, keypoint_count, 3) x, y, visibility; NULL unless needed */
    struct sb_notes notes; /* what rules met in the file */
    struct sb_unknown_names unknown_images, unknown_categories; /* of annotations left out */
};

/* False for rank -1, too. */
static inline bool sb_is_chosen_image(const struct sb_coco_gt *gt, int32_t image)
{
    return image >= 0 && (!gt->image_chosen || gt->image_chosen[image]);
}

/* The id of an annotation is one that the rule takes for "unmatched". */
bool sb_is_unmatched_id(struct sb_coco_gt *gt, const struct sb_coco_params *params, int64_t id);

/*
 * How often categories are listed: pycocotools, with all categories as one, goes through its list
 * of ids and so meets the rows of one that stands there twice twice. A choice of categories, and
 * LVIS, have each of them once. Each of the `count` rows, `stride` bytes apart, starts with an id
 * (int64) of gt->categories.
 */
int sb_gt_count_listings(struct sb_coco_gt *gt, const struct sb_coco_params *params,
                         const void *rows, size_t stride, size_t count, struct sb_error *err);

/* Reads path. Only what params->iou_type needs is kept. */
int sb_coco_gt_load(struct sb_coco_gt *gt, const char *path, const struct sb_coco_params *params,
                    struct sb_pool *pool, struct sb_error *err);
/* The same over ranks: annotations are those of this rank's images, all else is whole. Deals out
 * the images. Errors are those of one process, on every rank. Collective; team NULL is one process.
 */
int sb_coco_gt_load_ranks(struct sb_coco_gt *gt, const char *path,
                          const struct sb_coco_params *params, struct sb_eval_ranks *team,
                          struct sb_pool *pool, struct sb_error *err);
/* The same from a text that is mapped already, which every rank has; ownership moves to gt, on
 * failure too. path: for messages. */
int sb_coco_gt_read(struct sb_coco_gt *gt, const struct sb_map *map, const char *path,
                    const struct sb_coco_params *params, struct sb_eval_ranks *team,
                    struct sb_pool *pool, struct sb_error *err);
void sb_coco_gt_release(struct sb_coco_gt *gt);

#endif

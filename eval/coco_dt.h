/*
 * COCO results as columns: detections in file order, which decides ties between equal scores.
 * Images and categories are ranks of the ground truth the results belong to.
 */
#ifndef SB_EVAL_COCO_DT_H
#define SB_EVAL_COCO_DT_H

#include "base/file.h"
#include "base/pool.h"
#include "eval/coco_gt.h"
#include "eval/coco_params.h"

#include <stddef.h>
#include <stdint.h>

/* What the first result carries decides how all are read, as in pycocotools' loadRes(). */
enum sb_dt_kind {
    SB_DT_BOX,      /* area = w * h of the box, whatever is evaluated */
    SB_DT_MASK,     /* compressed RLE: area and box of the mask */
    SB_DT_KEYPOINTS /* area and box of all keypoints */
};

struct sb_coco_dt {
    struct sb_map map; /* the file, while masks are read from it */
    const char *path;  /* for messages, borrowed; NULL when filled from memory */
    enum sb_dt_kind kind;
    size_t count;
    int32_t *image;        /* rank in the ground truth; -1 = takes no part */
    int32_t *category;     /* rank; -1 = unknown there, or not chosen: takes no part */
    double *score;         /* NaN ranks last */
    double (*box)[4];      /* x, y, w, h */
    double *area;          /* square pixels; NULL when it is w * h of the box */
    uint64_t *shape_at;    /* offset of the segmentation in map, UINT64_MAX = none (the box is the
                              mask); NULL unless masks are needed */
    uint64_t *shape_from;  /* its offset in the file, where map is not the file; else NULL */
    double *keypoints;     /* (count, keypoint_count, 2) x, y; NULL unless needed */
    struct sb_notes notes; /* what rules met in the file */
    struct sb_unknown_names unknown_images, unknown_categories; /* that the ground truth lacks */
};

/* Reads path. Detections of images that gt does not have are an error, unless the rules say
 * otherwise, that names up to ten of them. */
int sb_coco_dt_load(struct sb_coco_dt *dt, const char *path, struct sb_coco_gt *gt,
                    const struct sb_coco_params *params, struct sb_pool *pool,
                    struct sb_error *err);
/* The same over ranks: detections are those of this rank's images. Errors are those of one process,
 * on every rank. Collective; team NULL is one process. */
int sb_coco_dt_load_ranks(struct sb_coco_dt *dt, const char *path, struct sb_coco_gt *gt,
                          const struct sb_coco_params *params, struct sb_eval_ranks *team,
                          struct sb_pool *pool, struct sb_error *err);
/* The same from a text that is mapped already, which every rank has; ownership moves to dt, on
 * failure too. path: for messages. */
int sb_coco_dt_read(struct sb_coco_dt *dt, const struct sb_map *map, const char *path,
                    struct sb_coco_gt *gt, const struct sb_coco_params *params,
                    struct sb_eval_ranks *team, struct sb_pool *pool, struct sb_error *err);
void sb_coco_dt_release(struct sb_coco_dt *dt);

#endif

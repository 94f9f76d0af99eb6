/*
 * What the files behind include/spinebench/eval.h share. The public header says what everything
 * means; here are the handles and the ways in and out: structs of a caller who may know an older or
 * newer header, and errors.
 */
#ifndef SB_EVAL_LIBRARY_H
#define SB_EVAL_LIBRARY_H

#include "base/pool.h"
#include "eval/coco_dt.h"
#include "eval/coco_gt.h"
#include "eval/numpy_mean.h"

#include <spinebench/eval.h>

struct spinebench_truth {
    struct sb_coco_params params;
    struct sb_coco_gt gt;
    enum sb_numpy_order order;
    bool arrays; /* are kept */
    int threads;
    char *path; /* of the annotation file, owned; NULL from memory */
};

/* Copies a caller's struct of `size` bytes (its first member) into *own of own_size bytes, zeros
 * where the caller's is shorter. SB_EINVAL when NULL, or when it sets members that only a newer
 * library has. */
int sb_library_take(void *own, size_t own_size, const void *given, const char *what,
                    struct sb_error *err);
/* Copies *own into the caller's struct as far as it reaches; false when NULL or without size. */
bool sb_library_give(void *given, const void *own, size_t own_size);

/* Hands an error over; returns its status. error may be NULL. */
int sb_library_error(struct spinebench_error *error, const struct sb_error *err);

/* Parameters of an evaluation from checked options. */
int sb_library_params(const struct spinebench_options *options, struct sb_coco_params *params,
                      struct sb_error *err);

/*
 * Masks of `count` rows as one text, so that they are read as those of a file are: shape_at[i] is
 * where mask i starts. image[i] is its image's rank (below 0: the mask is not read). areas gets
 * the foreground pixels, unless NULL. `what` names the rows in messages: "objects", "detections".
 */
struct sb_library_masks {
    const char *const *texts;
    size_t count;
    const int32_t *image;
    const struct sb_coco_gt *gt; /* sizes of images */
    const char *what;
};
int sb_library_masks_load(const struct sb_library_masks *masks, struct sb_map *map,
                          uint64_t *shape_at, double *areas, struct sb_error *err);

/* SB_EINVAL that names the array where it is NULL and count entries are needed. */
int sb_library_need(const void *array, size_t count, const char *name, struct sb_error *err);
/* SB_EINVAL that names the entry for ids that are too low (SB_ID_LOWEST). */
int sb_library_check_ids(const int64_t *ids, size_t count, const char *name, struct sb_error *err);
/* A column of count values of `bytes` bytes, a copy of `from`, or zeros when that is NULL. NULL and
 * err when out of memory. */
void *sb_library_column(const void *from, size_t count, size_t bytes, struct sb_error *err);
/* Images and categories of objects, with what the protocol has of them. */
int sb_library_lists(struct spinebench_truth *truth, const struct spinebench_objects *objects,
                     struct sb_error *err);
/* Detections from arrays; release with sb_coco_dt_release(). */
int sb_library_detections(struct sb_coco_dt *dt, const struct spinebench_truth *truth,
                          const struct spinebench_detections *detections, struct sb_error *err);

#endif

/*
 * Panoptic annotations in COCO's format, ground truth or prediction: for every image a PNG whose
 * pixels are segment ids (red + 256 * green + 65536 * blue) and a list of its segments.
 *
 * As in panopticapi a list is a dictionary by id: of segments with one id the last counts, in the
 * place of the first.
 */
#ifndef SB_EVAL_PANOPTIC_SET_H
#define SB_EVAL_PANOPTIC_SET_H

#include "base/file.h"
#include "base/pool.h"
#include "eval/id_map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_panoptic_segment {
    int64_t id;
    int64_t category_id;
    int32_t category; /* index in the ground truth's categories, -1 = unknown there */
    bool crowd;       /* iscrowd equals 1; ground truth only */
    double area;      /* pixels, as the file says; ground truth only */
    size_t place;     /* in the image's list */
};

/* Annotation of an image. */
struct sb_panoptic_image {
    int64_t image_id;
    size_t name_at;      /* file name, in names */
    size_t first, count; /* segments, in ascending order of ids */
};

struct sb_panoptic_category {
    int64_t id;
    char *name;   /* owned; "" when the file has none */
    bool isthing; /* isthing equals 1 */
};

struct sb_panoptic_set {
    const char *path;       /* for messages, borrowed */
    struct sb_id_pool *ids; /* of the ground truth */
    size_t image_count, image_capacity;
    struct sb_panoptic_image *images; /* in file order */
    size_t segment_count, segment_capacity;
    struct sb_panoptic_segment *segments;
    struct sb_str names; /* file names, each ended by NUL */
    /* of the ground truth alone */
    struct sb_id_pool own_ids;
    struct sb_id_map category_ranks;
    size_t category_count;
    struct sb_panoptic_category *categories; /* in file order: sums depend on it */
    int32_t *category_of_rank;               /* index in categories of a rank */
    size_t unknown_categories;               /* segments of categories that are not listed */
};

int sb_panoptic_load_truth(struct sb_panoptic_set *set, const char *path, struct sb_pool *pool,
                           struct sb_error *err);
/* A prediction for `truth`, which must outlive it; its own categories are not read. */
int sb_panoptic_load_prediction(struct sb_panoptic_set *set, const char *path,
                                struct sb_panoptic_set *truth, struct sb_pool *pool,
                                struct sb_error *err);
/* The same from a text that is mapped already and stays the caller's. path: for messages. pool NULL
 * = this thread alone. */
int sb_panoptic_read_truth(struct sb_panoptic_set *set, const struct sb_map *map, const char *path,
                           struct sb_pool *pool, struct sb_error *err);
int sb_panoptic_read_prediction(struct sb_panoptic_set *set, const struct sb_map *map,
                                const char *path, struct sb_panoptic_set *truth,
                                struct sb_pool *pool, struct sb_error *err);
void sb_panoptic_set_release(struct sb_panoptic_set *set);

static inline const char *sb_panoptic_file(const struct sb_panoptic_set *set, size_t image)
{
    return set->names.data + set->images[image].name_at;
}

#endif
